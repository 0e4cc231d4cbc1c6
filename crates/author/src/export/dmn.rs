//! DMN 1.5 of a service: every rule as a decision table, what it rests on, and the three states.
//!
//! Each rule becomes three decisions. `<namn>_tabell` is the table as the document has it, row for row, with the hit policy
//! of the document (`unik` = UNIQUE, `första` = FIRST, `samla` = RULE ORDER). `<namn>_lägen` says of each row whether it
//! holds, does not, or may still. `<namn>` is the result: the table's where nothing is missing, else what every row that may
//! still hold gives. A step has two: whether it is needed, and its outcome. Always true: where all is known, the table alone
//! gives the result; where something is missing, no engine decides anything by it. Not here: fees that a body sets, letters,
//! deadlines, who decides. See `docs/exports.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::civil::Date;
use samverk_domain::fact::{Name, Value};
use samverk_domain::pack::{
    CaseDay, CellResult, Column, Comparison, Expr, Fact, Operand, OutcomeKind, Pack, Policy, Required, Row, Rule,
    RuleKind, Source, Step, Test, Transition, Type, Validity,
};

use super::feel::{self, Function, Inexpressible, NOT_APPLICABLE, Names, States, Uses, Writer};
use super::xml::{Xml, id};

/// DMN 1.5.
pub const NAMESPACE: &str = "https://www.omg.org/spec/DMN/20230324/MODEL/";
const DMNDI: &str = "https://www.omg.org/spec/DMN/20230324/DMNDI/";
const DC: &str = "http://www.omg.org/spec/DMN/20180521/DC/";
const DI: &str = "http://www.omg.org/spec/DMN/20180521/DI/";
/// How a row that a person must look at stands in a table.
pub const CASE_WORKER: &str = "handläggare";

/// A service as a decision model.
#[derive(Debug)]
pub struct Model {
    pub xml: String,
    /// The model's name and namespace, by which an engine finds it.
    pub name: String,
    pub namespace: String,
    pub tables: Vec<ExportedTable>,
    pub names: Names,
    /// Steps: the decision whether it is needed, and its outcome.
    pub steps: BTreeMap<Name, (String, String)>,
    /// A fact that another step's outcome gives: the input for what the body has decided.
    pub decided: BTreeMap<Name, String>,
    /// Of each decision, what it rests on directly: other decisions and input data.
    pub requires: BTreeMap<String, BTreeSet<String>>,
    /// What could not be said, each with the rule or step.
    pub left_out: Vec<(Name, Inexpressible)>,
}

/// Where a rule went.
#[derive(Clone, Debug)]
pub struct ExportedTable {
    pub rule: Name,
    pub kind: RuleKind,
    /// The decision that is the table.
    pub table: String,
    /// The decision that is its result in all three states.
    pub value: String,
}

struct Decision {
    variable: String,
    label: String,
    description: String,
    requires: BTreeSet<String>,
    functions: BTreeSet<Function>,
    type_ref: String,
    logic: Logic,
}

enum Logic {
    Literal(String),
    Table(Table),
}

struct Table {
    policy: &'static str,
    inputs: Vec<Input>,
    result: Output,
    rules: Vec<TableRow>,
}

struct Input {
    label: String,
    expression: String,
    type_ref: String,
    values: Option<String>,
}

struct Output {
    label: String,
    type_ref: String,
}

struct TableRow {
    entries: Vec<String>,
    result: String,
    row: String,
    because: String,
    law: String,
}

struct InputData {
    variable: String,
    label: String,
    description: String,
    type_ref: String,
}

struct Export<'p> {
    pack: &'p Pack,
    not_applicable: BTreeSet<Name>,
    names: Names,
    /// Decisions that a variable is the result of, in the order in which they are written.
    decisions: Vec<Decision>,
    tables: Vec<ExportedTable>,
    steps: BTreeMap<Name, (String, String)>,
    decided: BTreeMap<Name, String>,
    left_out: Vec<(Name, Inexpressible)>,
}

/// Writes the whole service.
pub fn export(pack: &Pack) -> Model {
    let mut names = Names::of(pack);
    let steps = pack
        .steps
        .iter()
        .map(|step| {
            let of = |what: &str, names: &mut Names| names.take(&format!("steg.{}.{what}", step.name.it));
            let needed = of("behövs", &mut names);
            (step.name.it.clone(), (needed, of("utfall", &mut names)))
        })
        .collect();
    let mut export = Export {
        pack,
        not_applicable: feel::can_be_not_applicable(pack),
        names,
        decisions: Vec::new(),
        tables: Vec::new(),
        steps,
        decided: BTreeMap::new(),
        left_out: Vec::new(),
    };
    for rule in pack.rules.iter().filter(|rule| rule.kind == RuleKind::Fact) {
        if let Err(why) = export.fact_rule(rule) {
            export.left_out.push((rule.name.it.clone(), why));
        }
    }
    for step in &pack.steps {
        if let Err(why) = export.step(step) {
            export.left_out.push((step.name.it.clone(), why));
        }
    }
    for fact in &pack.facts {
        if let Source::Step(step) = &fact.source.it {
            export.outcome_of(fact, step);
        }
    }
    let xml = export.write();
    let requires = export.decisions.iter();
    let requires = requires.map(|decision| (decision.variable.clone(), decision.requires.clone()));
    Model {
        requires: requires.collect(),
        xml,
        name: pack.meta.slug.to_string(),
        namespace: namespace(pack),
        tables: export.tables,
        names: export.names,
        steps: export.steps,
        decided: export.decided,
        left_out: export.left_out,
    }
}

fn namespace(pack: &Pack) -> String {
    format!("urn:samverk:{}:{}", *pack.meta.slug, *pack.meta.version)
}

impl<'p> Export<'p> {
    fn writer(&self, states: States) -> Writer<'_> {
        Writer::new(self.pack, &self.names, &self.not_applicable, states)
    }

    /// The variables that stand behind what an expression uses.
    fn requires(&self, uses: &Uses) -> BTreeSet<String> {
        let facts = uses.facts.iter().filter_map(|fact| self.names.fact(fact));
        let lists = uses.lists.iter().filter_map(|list| self.names.list(list));
        let days = uses.days.iter().map(|day| feel::day(*day));
        facts.chain(lists).chain(days).map(str::to_owned).collect()
    }

    fn literal(&mut self, variable: &str, label: String, type_ref: &str, text: String, needs: Needs) {
        self.decisions.push(Decision {
            variable: variable.to_owned(),
            label,
            description: String::new(),
            requires: needs.variables,
            functions: needs.functions,
            type_ref: type_ref.to_owned(),
            logic: Logic::Literal(text),
        });
    }

    fn fact_rule(&mut self, rule: &'p Rule) -> Result<(), Inexpressible> {
        let name = &rule.name.it;
        let variable = self.names.fact(name).map(str::to_owned).ok_or(Inexpressible {
            what: format!("Regel: {name}"),
        })?;
        let table = self.table(rule, &variable)?;
        let states = self.row_states(rule, &variable, &[])?;
        let mut functions = BTreeSet::new();
        let value = chosen(rule, &table, &states, &mut functions);
        let type_ref = self.pack.fact(name).map_or("Any", |fact| feel_type(&fact.ty.it));
        let needs = Needs {
            functions,
            ..Needs::of([table.clone(), states])
        };
        self.literal(
            &variable,
            name.to_string(),
            any_if(self.not_applicable.contains(name), type_ref),
            value,
            needs,
        );
        self.tables.push(ExportedTable {
            rule: name.clone(),
            kind: rule.kind,
            table,
            value: variable,
        });
        Ok(())
    }

    fn step(&mut self, step: &'p Step) -> Result<(), Inexpressible> {
        let name = &step.name.it;
        let Some((needed, outcome)) = self.steps.get(name).cloned() else {
            return Ok(());
        };
        let mut writer = self.writer(States::All);
        let text = writer.condition(&step.needed_when.it)?;
        let uses = writer.uses;
        let needs = Needs {
            variables: self.requires(&uses),
            functions: uses.functions,
        };
        self.literal(
            &needed,
            format!("{name}: behövs när {}", step.needed_when.it),
            "Any",
            text,
            needs,
        );

        let opinions = opinions(self.pack, step);
        let mut needs = Needs::of([needed.clone()]);
        let inner = match self.pack.outcome_rule(name) {
            Some(rule) => {
                let table = self.table(rule, &outcome)?;
                let grants: Vec<Name> = opinions
                    .iter()
                    .filter(|(_, required)| *required == Required::ForGrant)
                    .map(|(name, _)| name.clone())
                    .collect();
                let states = self.row_states(rule, &outcome, &grants)?;
                needs.variables.extend([table.clone(), states.clone()]);
                let inner = match &rule.policy.it {
                    Policy::Collect { otherwise } => self.collected(step, &table, &states, otherwise),
                    Policy::Unique | Policy::First => chosen(rule, &table, &states, &mut needs.functions),
                };
                self.tables.push(ExportedTable {
                    rule: name.clone(),
                    kind: rule.kind,
                    table,
                    value: outcome.clone(),
                });
                inner
            }
            // Nothing to choose: a step with one outcome has that one.
            None => {
                let mut outcomes = self.pack.outcomes_of(name);
                match (outcomes.next(), outcomes.next()) {
                    (Some(only), None) => feel::string(&only.name.it),
                    _ => String::from("null"),
                }
            }
        };
        let inner = self.after_opinions(step, &opinions, inner, &mut needs);
        let text = if step.needed_when.it == Expr::Always {
            inner
        } else {
            format!("if {needed} = false then \"{NOT_APPLICABLE}\" else if {needed} = true then ({inner}) else null")
        };
        self.literal(&outcome, format!("{name}: utfall"), "Any", text, needs);
        Ok(())
    }

    /// While an opinion that is required has not come no outcome is certain; while one that is required for granting has
    /// not come, no favourable one.
    fn after_opinions(&self, step: &Step, opinions: &[(Name, Required)], inner: String, needs: &mut Needs) -> String {
        let favourable: Vec<String> = self
            .pack
            .outcomes_of(&step.name.it)
            .filter(|outcome| outcome.kind.it == OutcomeKind::Favourable)
            .map(|outcome| feel::string(&outcome.name.it))
            .collect();
        let mut waits = Vec::new();
        for (name, required) in opinions {
            let Some(variable) = self.names.fact(name) else {
                continue;
            };
            let wait = match required {
                Required::Always => format!("{variable} = null"),
                Required::ForGrant => format!(
                    "({variable} = null and list contains([{}], utfall))",
                    favourable.join(", ")
                ),
                Required::Optional => continue,
            };
            needs.variables.insert(variable.to_owned());
            waits.push(wait);
        }
        if waits.is_empty() {
            return inner;
        }
        format!(
            "{{utfall: {inner}, svar: if utfall = null or utfall = \"{NOT_APPLICABLE}\" then utfall else if {} then null else utfall}}.svar",
            waits.join(" or ")
        )
    }

    /// `samla`: of the outcomes of the rows that hold, the one listed first under `## Utfall`. What is open holds nothing
    /// back only where the outcome is burdensome and nothing but an opinion that is needed for granting is waited for
    /// (alkohollagen 8 kap. 11 §).
    fn collected(&self, step: &Step, table: &str, states: &str, otherwise: &str) -> String {
        let outcomes: Vec<_> = self.pack.outcomes_of(&step.name.it).collect();
        let mut winner = String::new();
        for outcome in &outcomes {
            let word = feel::string(&outcome.name.it);
            let _ = write!(winner, "if list contains(säkra, {word}) then {word} else ");
        }
        winner.push_str("null");
        let burdensome: Vec<String> = outcomes
            .iter()
            .filter(|outcome| outcome.kind.it == OutcomeKind::Burdensome)
            .map(|outcome| feel::string(&outcome.name.it))
            .collect();
        let mut rank = String::new();
        for (at, outcome) in outcomes.iter().enumerate() {
            let _ = write!(rank, "if vinner = {} then {at} else ", feel::string(&outcome.name.it));
        }
        rank.push_str("null");
        let otherwise = feel::string(otherwise);
        format!(
            "{{öppna: {states}[läge = null], \
             säkra: if count(öppna) = 0 then (if {table} = null then [] else for rad in {table} return (rad.resultat)) \
             else (for rad in {states}[läge = true] return (rad.ger)), \
             vinner: {winner}, vinnarens_rang: {rank}, \
             svar: if count(öppna) = 0 then (if vinner = null then {otherwise} else vinner) \
             else if list contains([{}], vinner) and count(öppna[väntar_bara_på_yttrande]) = count(öppna) \
             and count(öppna[rang >= vinnarens_rang]) = count(öppna) then vinner else null}}.svar",
            burdensome.join(", ")
        )
    }

    /// The table as the document has it.
    fn table(&mut self, rule: &'p Rule, variable: &str) -> Result<String, Inexpressible> {
        let mut writer = self.writer(States::Complete);
        let mut inputs: Vec<Input> = Vec::new();
        let mut entries: Vec<Vec<String>> = vec![Vec::new(); rule.rows.len()];
        let mut add = |input: Input, column: Vec<String>| {
            inputs.push(input);
            for (row, entry) in entries.iter_mut().zip(column) {
                row.push(entry);
            }
        };
        let columns: Vec<&Column> = rule
            .columns
            .iter()
            .map(|column| &column.it)
            .filter(|column| matches!(column, Column::Input(_) | Column::When))
            .collect();
        for (at, column) in columns.into_iter().enumerate() {
            // Cells that S-FEEL has no words for become conditions of their own, one column for each.
            let mut conditions: Vec<(String, String, Vec<usize>)> = Vec::new();
            let mut cells = vec![String::from("-"); rule.rows.len()];
            for (row, cell) in rule
                .rows
                .iter()
                .enumerate()
                .filter_map(|(at_row, row)| Some((at_row, row.tests.get(at)?)))
            {
                let name = match column {
                    Column::Input(name) => Some(name),
                    _ => None,
                };
                if let Some(text) = name.and_then(|name| simple_test(&cell.it, writer.can_be_not_applicable(name))) {
                    cells[row] = text;
                    continue;
                }
                if let (Some(_), Test::Compare(how, Operand::Fact(limit))) = (name, &cell.it)
                    && let Some(sign) = order_sign(*how)
                {
                    cells[row] = format!("{sign} {}", writer.fact(limit)?);
                    continue;
                }
                let expr = match name {
                    Some(name) => feel::as_condition(name, &cell.it),
                    None => match &cell.it {
                        Test::Condition(expr) => expr.clone(),
                        Test::Any => Expr::Always,
                        other => {
                            return Err(Inexpressible {
                                what: other.to_string(),
                            });
                        }
                    },
                };
                if expr == Expr::Always {
                    continue;
                }
                let text = writer.test(&expr)?;
                match conditions.iter_mut().find(|(known, ..)| *known == text) {
                    Some((.., rows)) => rows.push(row),
                    None => conditions.push((text, expr.to_string(), vec![row])),
                }
            }
            if let Column::Input(name) = column
                && (cells.iter().any(|cell| cell != "-") || conditions.is_empty())
            {
                let expression = writer.fact(name)?;
                let ty = self.type_of(name);
                let e = self.not_applicable.contains(name);
                let values = match ty {
                    Some(Type::Choice(words)) if !e => Some(
                        words
                            .iter()
                            .map(|word| feel::string(word))
                            .collect::<Vec<_>>()
                            .join(", "),
                    ),
                    _ => None,
                };
                let input = Input {
                    label: name.to_string(),
                    expression,
                    type_ref: any_if(e, ty.map_or("Any", feel_type)).to_owned(),
                    values,
                };
                add(input, cells);
            }
            for (expression, label, rows) in conditions {
                let cells = (0..rule.rows.len())
                    .map(|row| if rows.contains(&row) { "true" } else { "-" }.to_owned())
                    .collect();
                let input = Input {
                    label,
                    expression,
                    type_ref: String::from("boolean"),
                    values: None,
                };
                add(input, cells);
            }
        }
        if rule.rows.iter().any(|row| row.valid.is_some()) {
            let expression = law_of(&mut writer, rule)?;
            for (row, entries) in rule.rows.iter().zip(&mut entries) {
                let valid = row.valid.as_ref().map(|valid| valid.it).unwrap_or_default();
                entries.push(match (valid.from, valid.to) {
                    (None, None) => String::from("-"),
                    (Some(from), None) => format!(">= date(\"{from}\")"),
                    (None, Some(to)) => format!("<= date(\"{to}\")"),
                    (Some(from), Some(to)) => format!("[date(\"{from}\")..date(\"{to}\")]"),
                });
            }
            inputs.push(Input {
                label: String::from("gäller"),
                expression,
                type_ref: String::from("date"),
                values: None,
            });
        }
        if inputs.is_empty() {
            // A table must ask something; this one always holds.
            inputs.push(Input {
                label: String::from("alltid"),
                expression: String::from("true"),
                type_ref: String::from("boolean"),
                values: None,
            });
            entries.iter_mut().for_each(|row| row.push(String::from("-")));
        }
        let heading = match rule.kind {
            RuleKind::Fact => "Regel",
            RuleKind::Outcome => "Utfallsregel",
        };
        let label = match rule.kind {
            RuleKind::Fact => format!("→ {}", rule.name.it),
            RuleKind::Outcome => String::from("→ utfall"),
        };
        let rows: Vec<TableRow> = rule
            .rows
            .iter()
            .zip(entries)
            .map(|(row, entries)| {
                Ok(TableRow {
                    entries,
                    result: result(&mut writer, &row.result.it)?,
                    row: feel::string(row.id.as_str()),
                    because: feel::string(row.because.as_ref().map_or("", |because| because.as_str())),
                    law: feel::string(row.law.as_ref().map_or("", |law| law.as_str())),
                })
            })
            .collect::<Result<_, Inexpressible>>()?;
        let uses = writer.uses;
        let plain = rule
            .rows
            .iter()
            .all(|row| matches!(&row.result.it, CellResult::Value(_)));
        let type_ref = match rule.kind {
            RuleKind::Outcome => "string",
            RuleKind::Fact if plain => self.type_of(&rule.name.it).map_or("Any", feel_type),
            RuleKind::Fact => "Any",
        };
        let own = self.names.take(&format!("{variable}_tabell"));
        self.decisions.push(Decision {
            variable: own.clone(),
            label: format!("{heading}: {} ({})", rule.name.it, rule.policy.it),
            description: format!("Räknas vid {}.", rule.counted_at),
            requires: self.requires(&uses),
            functions: uses.functions,
            type_ref: String::from("Any"),
            logic: Logic::Table(Table {
                policy: match rule.policy.it {
                    Policy::Unique => "UNIQUE",
                    Policy::First => "FIRST",
                    Policy::Collect { .. } => "RULE ORDER",
                },
                inputs,
                result: Output {
                    label,
                    type_ref: type_ref.to_owned(),
                },
                rules: rows,
            }),
        });
        Ok(own)
    }

    /// Of each row whether it holds, does not, or may still (`null`), and what it gives.
    fn row_states(&mut self, rule: &'p Rule, variable: &str, grants: &[Name]) -> Result<String, Inexpressible> {
        let mut writer = self.writer(States::All);
        let mut rows = Vec::new();
        for row in &rule.rows {
            let conditions = conditions(rule, row);
            let mut parts = Vec::new();
            for condition in &conditions {
                parts.push(writer.test(condition)?);
            }
            let holds = if parts.is_empty() {
                String::from("true")
            } else {
                parts
                    .iter()
                    .map(|part| {
                        if parts.len() > 1 {
                            format!("({part})")
                        } else {
                            part.clone()
                        }
                    })
                    .collect::<Vec<_>>()
                    .join(" and ")
            };
            let gives = match &row.result.it {
                CellResult::CaseWorker => String::from("null"),
                other => result(&mut writer, other)?,
            };
            let mut text = format!("{{rad: {}, läge: {holds}, ger: {gives}", feel::string(row.id.as_str()));
            if let Policy::Collect { .. } = rule.policy.it {
                let mut outcomes = self.pack.outcomes_of(&rule.name.it);
                let rank = match &row.result.it {
                    CellResult::Value(value) => {
                        let word = value.to_string();
                        outcomes.position(|outcome| outcome.name.it == word)
                    }
                    _ => None,
                };
                // What gives no outcome never goes before one.
                let rank = rank.unwrap_or(self.pack.outcomes.len());
                let mut only = Vec::new();
                for condition in &conditions {
                    only.push(waits_only_for(&mut writer, condition, grants)?);
                }
                // A row without conditions is never open.
                let only = if only.is_empty() {
                    String::from("false")
                } else {
                    only.join(" and ")
                };
                let _ = write!(text, ", rang: {rank}, väntar_bara_på_yttrande: {only}");
            }
            text.push('}');
            rows.push(text);
        }
        let uses = writer.uses;
        let own = self.names.take(&format!("{variable}_lägen"));
        let needs = Needs {
            variables: self.requires(&uses),
            functions: uses.functions,
        };
        let label = format!("{}: radernas lägen", rule.name.it);
        self.literal(&own, label, "Any", format!("[\n  {}\n]", rows.join(",\n  ")), needs);
        Ok(own)
    }

    /// A fact whose source is another step: what the body has decided goes before what the rules expect.
    fn outcome_of(&mut self, fact: &'p Fact, step: &Name) {
        let (Some(variable), Some((_, outcome))) = (
            self.names.fact(&fact.name.it).map(str::to_owned),
            self.steps.get(step).cloned(),
        ) else {
            return;
        };
        let decided = self.names.take(&format!("{variable}_beslutat"));
        let text = format!("if {decided} = null then {outcome} else {decided}");
        let label = fact.name.it.to_string();
        self.decided.insert(fact.name.it.clone(), decided.clone());
        self.literal(&variable, label, "Any", text, Needs::of([decided, outcome]));
    }

    fn type_of(&self, name: &Name) -> Option<&'p Type> {
        let fact = self.pack.fact(name).map(|fact| &fact.ty.it);
        fact.or_else(|| match &self.pack.parameter(name)?.ty.it {
            samverk_domain::pack::ParameterType::Value(ty) => Some(ty),
            samverk_domain::pack::ParameterType::Delegation => None,
        })
    }

    /// Everything that is no decision and that a decision needs.
    fn inputs(&self) -> Vec<InputData> {
        let is_decision = |variable: &str| self.decisions.iter().any(|decision| decision.variable == variable);
        let needed: BTreeSet<&str> = self
            .decisions
            .iter()
            .flat_map(|decision| &decision.requires)
            .map(String::as_str)
            .filter(|variable| !is_decision(variable))
            .collect();
        let mut inputs = Vec::new();
        let mut add = |variable: &str, label: String, description: String, type_ref: &str| {
            if needed.contains(variable) {
                inputs.push(InputData {
                    variable: variable.to_owned(),
                    label,
                    description,
                    type_ref: type_ref.to_owned(),
                });
            }
        };
        let facts = self
            .pack
            .facts
            .iter()
            .filter(|fact| fact.source.it != Source::Parameter);
        for fact in facts {
            let name = &fact.name.it;
            let e = self.not_applicable.contains(name);
            if let Some(variable) = self.names.fact(name) {
                let question = fact.question.as_ref().map_or("", |question| question.as_str());
                let description = format!("{} ({}). {question}", fact.ty.it, fact.source.it);
                add(
                    variable,
                    name.to_string(),
                    description.trim().to_owned(),
                    any_if(e, feel_type(&fact.ty.it)),
                );
            }
            if let Some(decided) = self.decided.get(name) {
                let description = String::from("Vad organet har beslutat; går före vad reglerna ger.");
                add(decided, format!("{name}: beslutat"), description, "Any");
            }
        }
        for day in [CaseDay::Application, CaseDay::Decision].map(feel::day) {
            add(day, day.to_owned(), String::from("En av ärendets dagar."), "date");
        }
        for list in &self.pack.lists {
            if let Some(variable) = self.names.list(&list.name.it) {
                let columns: Vec<&str> = list.columns.iter().map(|column| column.name.as_str()).collect();
                let description = format!("{}–{} poster: {}", list.min, list.max, columns.join(", "));
                add(variable, list.name.to_string(), description, "Any");
            }
        }
        for parameter in &self.pack.parameters {
            let name = &parameter.name.it;
            if let Some(variable) = self.names.fact(name) {
                let description = format!(
                    "Parameter, {}. Sätts av {}. Standard: {}.",
                    parameter.ty.it, parameter.set_by.it, parameter.default.it
                );
                add(
                    variable,
                    name.to_string(),
                    description,
                    self.type_of(name).map_or("Any", feel_type),
                );
            }
        }
        inputs
    }

    fn write(&self) -> String {
        let inputs = self.inputs();
        let slug = self.pack.meta.slug.as_str();
        let mut xml = Xml::new();
        xml.open(
            "definitions",
            &[
                ("xmlns", NAMESPACE),
                ("xmlns:dmndi", DMNDI),
                ("xmlns:dc", DC),
                ("xmlns:di", DI),
                ("id", &id("tjänst", slug)),
                ("name", slug),
                ("namespace", &namespace(self.pack)),
                ("exporter", "Samverk"),
                ("exporterVersion", env!("CARGO_PKG_VERSION")),
            ],
        );
        xml.text(
            "description",
            &[],
            &format!("{}. {}", *self.pack.title, *self.pack.intro),
        );
        for input in &inputs {
            let own = id("uppgift", &input.variable);
            xml.open("inputData", &[("id", &own), ("name", &input.variable)]);
            xml.text("description", &[], &input.description);
            // Some engines take no label on the element itself.
            xml.empty(
                "variable",
                &[
                    ("label", &input.label),
                    ("name", &input.variable),
                    ("typeRef", &input.type_ref),
                ],
            );
            xml.close();
        }
        for decision in &self.decisions {
            self.write_decision(&mut xml, decision);
        }
        let used: BTreeSet<Function> = self
            .decisions
            .iter()
            .flat_map(|decision| decision.functions.iter().copied())
            .collect();
        for function in &used {
            write_function(&mut xml, *function);
        }
        self.write_diagram(&mut xml, &inputs, &used);
        xml.finish()
    }

    fn element_of(&self, variable: &str) -> (&'static str, String) {
        if self.decisions.iter().any(|decision| decision.variable == variable) {
            ("requiredDecision", id("beslut", variable))
        } else {
            ("requiredInput", id("uppgift", variable))
        }
    }

    fn write_decision(&self, xml: &mut Xml, decision: &Decision) {
        let own = id("beslut", &decision.variable);
        xml.open("decision", &[("id", &own), ("name", &decision.variable)]);
        if !decision.description.is_empty() {
            xml.text("description", &[], &decision.description);
        }
        xml.empty(
            "variable",
            &[
                ("label", &decision.label),
                ("name", &decision.variable),
                ("typeRef", &decision.type_ref),
            ],
        );
        for required in &decision.requires {
            let (element, target) = self.element_of(required);
            xml.open("informationRequirement", &[("id", &id(&own, required))]);
            xml.empty(element, &[("href", &format!("#{target}"))]);
            xml.close();
        }
        for function in &decision.functions {
            xml.open("knowledgeRequirement", &[("id", &id(&own, function.name()))]);
            xml.empty(
                "requiredKnowledge",
                &[("href", &format!("#{}", id("kunskap", function.name())))],
            );
            xml.close();
        }
        match &decision.logic {
            Logic::Literal(text) => {
                xml.open("literalExpression", &[]);
                xml.text("text", &[], text);
                xml.close();
            }
            Logic::Table(table) => write_table(xml, &own, table),
        }
        xml.close();
    }

    /// The requirements graph in layers: what is said from outside lowest, the outcomes at the top.
    fn write_diagram(&self, xml: &mut Xml, inputs: &[InputData], functions: &BTreeSet<Function>) {
        const WIDTH: usize = 200;
        const HEIGHT: usize = 60;
        const GAP: usize = 40;
        const LAYER: usize = 160;
        let mut layer: BTreeMap<&str, usize> = inputs.iter().map(|input| (input.variable.as_str(), 0)).collect();
        // What goes in circles is the checker's to say; here it only must end.
        for _ in 0..=self.decisions.len() {
            let mut changed = false;
            for decision in &self.decisions {
                let below = decision
                    .requires
                    .iter()
                    .filter_map(|required| layer.get(required.as_str()))
                    .max();
                let own = below.map_or(1, |below| below + 1).min(self.decisions.len());
                changed |= layer.insert(&decision.variable, own) != Some(own);
            }
            if !changed {
                break;
            }
        }
        let top = layer.values().copied().max().unwrap_or(0);
        let mut filled: BTreeMap<usize, usize> = BTreeMap::new();
        let mut places: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        let mut shapes: Vec<(String, &str, &str)> = inputs
            .iter()
            .map(|input| {
                (
                    id("uppgift", &input.variable),
                    input.variable.as_str(),
                    input.label.as_str(),
                )
            })
            .collect();
        shapes.extend(self.decisions.iter().map(|decision| {
            (
                id("beslut", &decision.variable),
                decision.variable.as_str(),
                decision.label.as_str(),
            )
        }));
        xml.open("dmndi:DMNDI", &[]);
        xml.open("dmndi:DMNDiagram", &[("id", "diagram"), ("name", "Beslutskrav")]);
        let mut shape = |xml: &mut Xml, element: &str, label: &str, level: usize| {
            let column = filled.entry(level).or_default();
            let (x, y) = (GAP + *column * (WIDTH + GAP), GAP + (top + 1 - level) * LAYER);
            *column += 1;
            xml.open(
                "dmndi:DMNShape",
                &[("id", &id("form", element)), ("dmnElementRef", element)],
            );
            let [x_text, y_text, w, h] = [x, y, WIDTH, HEIGHT].map(|number| number.to_string());
            xml.empty(
                "dc:Bounds",
                &[("x", &x_text), ("y", &y_text), ("width", &w), ("height", &h)],
            );
            xml.open("dmndi:DMNLabel", &[]);
            xml.text("dmndi:Text", &[], label);
            xml.close();
            xml.close();
            places.insert(element.to_owned(), (x, y));
        };
        for (element, variable, label) in &shapes {
            shape(xml, element, label, layer.get(variable).copied().unwrap_or(0));
        }
        for function in functions {
            shape(xml, &id("kunskap", function.name()), function.name(), top + 1);
        }
        for decision in &self.decisions {
            let own = id("beslut", &decision.variable);
            let required = decision
                .requires
                .iter()
                .map(|required| (id(&own, required), self.element_of(required).1));
            let known = decision
                .functions
                .iter()
                .map(|function| (id(&own, function.name()), id("kunskap", function.name())));
            for (requirement, from) in required.chain(known) {
                let (Some(start), Some(end)) = (places.get(&from), places.get(&own)) else {
                    continue;
                };
                xml.open(
                    "dmndi:DMNEdge",
                    &[("id", &id("kant", &requirement)), ("dmnElementRef", &requirement)],
                );
                // From the nearer side of the one to the nearer side of the other.
                let above = start.1 < end.1;
                for (place, bottom) in [(start, above), (end, !above)] {
                    let y = place.1 + if bottom { HEIGHT } else { 0 };
                    let [x, y] = [place.0 + WIDTH / 2, y].map(|number| number.to_string());
                    xml.empty("di:waypoint", &[("x", &x), ("y", &y)]);
                }
                xml.close();
            }
        }
        xml.close();
        xml.close();
    }
}

/// What a decision rests on.
#[derive(Default)]
struct Needs {
    variables: BTreeSet<String>,
    functions: BTreeSet<Function>,
}

impl Needs {
    fn of<const N: usize>(variables: [String; N]) -> Self {
        Self {
            variables: variables.into(),
            functions: BTreeSet::new(),
        }
    }
}

/// `unik` and `första`: the table's result, or while something is missing what every row that may still hold gives.
fn chosen(rule: &Rule, table: &str, states: &str, functions: &mut BTreeSet<Function>) -> String {
    let of_table = if rule.rows.iter().any(|row| row.result.it == CellResult::CaseWorker) {
        format!("(if ({table}.resultat) = \"{CASE_WORKER}\" then null else ({table}.resultat))")
    } else {
        format!("({table}.resultat)")
    };
    let reached = match rule.policy.it {
        Policy::First => {
            functions.insert(Function::Reached);
            format!("{}({states})", Function::Reached.name())
        }
        _ => states.to_owned(),
    };
    functions.insert(Function::Shared);
    format!(
        "if count({states}[läge = null]) = 0 then {of_table} else {}({reached})",
        Function::Shared.name()
    )
}

/// A row's cells as conditions; those that match all are left out.
pub fn conditions(rule: &Rule, row: &Row) -> Vec<Expr> {
    let columns = rule.columns.iter().filter_map(|column| match &column.it {
        Column::Input(name) => Some(Some(name)),
        Column::When => Some(None),
        _ => None,
    });
    columns
        .zip(&row.tests)
        .filter_map(|(column, test)| match (column, &test.it) {
            (Some(name), test) => Some(feel::as_condition(name, test)),
            (None, Test::Condition(expr)) => Some(expr.clone()),
            (None, _) => None,
        })
        .chain(valid(rule, row))
        .filter(|expr| *expr != Expr::Always)
        .collect()
}

/// Column `gäller`. Within a transition a row counts that counted before it where the applicant has chosen the older law;
/// while nothing is chosen yet, what the two laws say differently is open.
fn valid(rule: &Rule, row: &Row) -> Option<Expr> {
    let valid = row.valid.as_ref()?;
    let today = feel::valid_on(CaseDay::from(rule.counted_at), &valid.it);
    let Some(transition) = rule.transition.as_ref().map(|transition| &transition.it) else {
        return Some(today);
    };
    if today == Expr::Always {
        return None;
    }
    let older = Test::Compare(
        Comparison::Equal,
        Operand::Constant(Value::Choice(Transition::OLDER.to_owned())),
    );
    let window = Validity {
        from: Some(transition.from),
        to: Some(transition.to),
    };
    let chosen = Expr::And(vec![
        feel::valid_on(CaseDay::Application, &window),
        feel::as_condition(&transition.choice, &older),
    ]);
    Some(if valid.it.holds_on(day_before(transition)) {
        Expr::Or(vec![today, chosen])
    } else {
        Expr::And(vec![today, Expr::Not(Box::new(chosen))])
    })
}

/// The day whose law counts, where all is known: what the column `gäller` is asked on.
fn law_of(writer: &mut Writer<'_>, rule: &Rule) -> Result<String, Inexpressible> {
    let counted = CaseDay::from(rule.counted_at);
    writer.uses.days.insert(counted);
    let day = feel::day(counted);
    let Some(transition) = rule.transition.as_ref().map(|transition| &transition.it) else {
        return Ok(day.to_owned());
    };
    writer.uses.days.insert(CaseDay::Application);
    let applied = feel::day(CaseDay::Application);
    let choice = writer.fact(&transition.choice)?;
    Ok(format!(
        "if {applied} >= date(\"{}\") and {applied} <= date(\"{}\") and {choice} = {} then date(\"{}\") else {day}",
        transition.from,
        transition.to,
        feel::string(Transition::OLDER),
        day_before(transition),
    ))
}

fn day_before(transition: &Transition) -> Date {
    transition.from.yesterday().unwrap_or(transition.from)
}

/// Whether nothing but opinions that are needed for granting keeps a condition open.
fn waits_only_for(writer: &mut Writer<'_>, expr: &Expr, grants: &[Name]) -> Result<String, Inexpressible> {
    let known = |writer: &mut Writer<'_>| Ok(format!("not(({}) = null)", writer.condition(expr)?));
    if !mentions(expr, grants) {
        return known(writer);
    }
    let parts: Vec<&Expr> = match expr {
        Expr::Fact(_) | Expr::IsNotApplicable(_) => return Ok(String::from("true")),
        Expr::And(parts) | Expr::Or(parts) => parts.iter().collect(),
        Expr::Not(part) => vec![part],
        Expr::Compare(_, left, right) | Expr::Arithmetic(_, left, right) => vec![left, right],
        _ => return known(writer),
    };
    let mut texts = Vec::new();
    for part in parts {
        match part {
            Expr::Constant(_) | Expr::Always => {}
            part => texts.push(waits_only_for(writer, part, grants)?),
        }
    }
    let texts: Vec<String> = texts.into_iter().filter(|text| text != "true").collect();
    if texts.is_empty() {
        return Ok(String::from("true"));
    }
    Ok(format!("({} or ({}))", known(writer)?, texts.join(" and ")))
}

fn mentions(expr: &Expr, names: &[Name]) -> bool {
    match expr {
        Expr::Fact(name) | Expr::IsNotApplicable(name) => names.contains(&name.it),
        Expr::And(parts) | Expr::Or(parts) => parts.iter().any(|part| mentions(part, names)),
        Expr::Not(part) => mentions(part, names),
        Expr::Compare(_, left, right) | Expr::Arithmetic(_, left, right) => {
            mentions(left, names) || mentions(right, names)
        }
        _ => false,
    }
}

/// The opinions that a step asks for: in its Underlag, or behind its outcome rule.
pub fn opinions(pack: &Pack, step: &Step) -> Vec<(Name, Required)> {
    let mut behind: BTreeSet<Name> = BTreeSet::new();
    let mut open: Vec<Name> = Vec::new();
    if let Some(rule) = pack.outcome_rule(&step.name.it) {
        open.extend(rule_names(pack, rule));
    }
    while let Some(name) = open.pop() {
        if behind.insert(name.clone())
            && let Some(rule) = pack.rule(&name)
        {
            open.extend(rule_names(pack, rule));
        }
    }
    behind.extend(pack.underlag(step));
    pack.facts
        .iter()
        .filter(|fact| behind.contains(&fact.name.it))
        .filter_map(|fact| match &fact.source.it {
            Source::Referral(referral) => Some((fact.name.it.clone(), referral.required)),
            _ => None,
        })
        .collect()
}

/// The facts that a rule's cells mention.
fn rule_names(pack: &Pack, rule: &Rule) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    for row in &rule.rows {
        names.extend(row_uses(pack, rule, row).facts);
    }
    names
}

/// What a row's cells mention.
pub fn row_uses(pack: &Pack, rule: &Rule, row: &Row) -> Uses {
    uses(pack, &conditions(rule, row))
}

/// What conditions mention.
pub fn uses(pack: &Pack, conditions: &[Expr]) -> Uses {
    let names = Names::of(pack);
    let not_applicable = BTreeSet::new();
    let mut writer = Writer::new(pack, &names, &not_applicable, States::Complete);
    for condition in conditions {
        // What cannot be said is reported where the table is written.
        let _ = writer.test(condition);
    }
    writer.uses
}

/// A cell in S-FEEL, or nothing where it needs an expression.
fn simple_test(test: &Test, can_be_not_applicable: bool) -> Option<String> {
    let constants = |operands: &[Operand]| -> Option<Vec<String>> {
        operands
            .iter()
            .map(|operand| match operand {
                Operand::Constant(value) => feel::constant(value).ok(),
                Operand::Fact(_) => None,
            })
            .collect()
    };
    let none_of = |mut words: Vec<String>| {
        if can_be_not_applicable {
            words.push(format!("\"{NOT_APPLICABLE}\""));
        }
        format!("not({})", words.join(", "))
    };
    match test {
        Test::Any => Some(String::from("-")),
        Test::NotApplicable => Some(format!("\"{NOT_APPLICABLE}\"")),
        Test::Compare(Comparison::Equal, Operand::Constant(value)) => feel::constant(value).ok(),
        Test::Compare(Comparison::NotEqual, Operand::Constant(value)) => {
            feel::constant(value).ok().map(|word| none_of(vec![word]))
        }
        Test::Compare(how, Operand::Constant(value)) => {
            Some(format!("{} {}", order_sign(*how)?, feel::constant(value).ok()?))
        }
        Test::Between(low, high) => {
            let [low, high] = [low, high].map(|number| number.normalize().to_string());
            Some(format!("[{low}..{high}]"))
        }
        Test::OneOf(operands) => constants(operands).map(|words| words.join(", ")),
        Test::NotOneOf(operands) => constants(operands).map(none_of),
        _ => None,
    }
}

fn order_sign(how: Comparison) -> Option<&'static str> {
    match how {
        Comparison::Less => Some("<"),
        Comparison::LessOrEqual => Some("<="),
        Comparison::Greater => Some(">"),
        Comparison::GreaterOrEqual => Some(">="),
        Comparison::Equal | Comparison::NotEqual => None,
    }
}

fn result(writer: &mut Writer<'_>, result: &CellResult) -> Result<String, Inexpressible> {
    match result {
        CellResult::Value(Value::Assessment { .. } | Value::Attachment(_)) => Err(Inexpressible {
            what: String::from("resultat"),
        }),
        CellResult::Value(value) => feel::constant(value),
        CellResult::NotApplicable => Ok(format!("\"{NOT_APPLICABLE}\"")),
        CellResult::CaseWorker => Ok(format!("\"{CASE_WORKER}\"")),
        CellResult::Calculated(expr) => writer.calculation(expr),
    }
}

/// The FEEL type of a fact's values.
pub fn feel_type(ty: &Type) -> &'static str {
    match ty {
        Type::YesNo | Type::Assessment => "boolean",
        // Minutes since midnight; what is after midnight in a range that passes it goes on from 1440.
        Type::Number { .. } | Type::Kronor { .. } | Type::Clock { .. } => "number",
        Type::Date => "date",
        Type::Choice(_) | Type::Text { .. } | Type::OrgNr | Type::PersonNr | Type::Property | Type::Municipality => {
            "string"
        }
        _ => "Any",
    }
}

fn any_if(e: bool, type_ref: &str) -> &str {
    if e { "Any" } else { type_ref }
}

fn write_table(xml: &mut Xml, owner: &str, table: &Table) {
    xml.open(
        "decisionTable",
        &[
            ("id", &id(owner, "tabell")),
            ("hitPolicy", table.policy),
            ("outputLabel", &table.result.label),
        ],
    );
    for (at, input) in table.inputs.iter().enumerate() {
        xml.open(
            "input",
            &[("id", &id(owner, &format!("in{}", at + 1))), ("label", &input.label)],
        );
        xml.open("inputExpression", &[("typeRef", &input.type_ref)]);
        xml.text("text", &[], &input.expression);
        xml.close();
        if let Some(values) = &input.values {
            xml.open("inputValues", &[]);
            xml.text("text", &[], values);
            xml.close();
        }
        xml.close();
    }
    let outputs = [
        ("resultat", table.result.label.as_str(), table.result.type_ref.as_str()),
        ("rad", "id", "string"),
        ("därför_att", "→ därför att", "string"),
        ("lagrum", "→ lagrum", "string"),
    ];
    for (name, label, type_ref) in outputs {
        xml.empty(
            "output",
            &[
                ("id", &id(owner, name)),
                ("label", label),
                ("name", name),
                ("typeRef", type_ref),
            ],
        );
    }
    for (at, row) in table.rules.iter().enumerate() {
        xml.open("rule", &[("id", &id(owner, &format!("rad{}", at + 1)))]);
        for entry in &row.entries {
            xml.open("inputEntry", &[]);
            xml.text("text", &[], entry);
            xml.close();
        }
        for entry in [&row.result, &row.row, &row.because, &row.law] {
            xml.open("outputEntry", &[]);
            xml.text("text", &[], entry);
            xml.close();
        }
        xml.close();
    }
    xml.close();
}

fn write_function(xml: &mut Xml, function: Function) {
    let name = function.name();
    xml.open(
        "businessKnowledgeModel",
        &[("id", &id("kunskap", name)), ("name", name)],
    );
    xml.text("description", &[], function.says());
    xml.empty("variable", &[("name", name)]);
    xml.open("encapsulatedLogic", &[]);
    for parameter in function.parameters() {
        xml.empty("formalParameter", &[("name", parameter), ("typeRef", "Any")]);
    }
    xml.open("literalExpression", &[]);
    xml.text("text", &[], function.body());
    xml.close();
    xml.close();
    xml.close();
}
