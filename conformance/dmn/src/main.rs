//! Lets an independent engine evaluate every exported decision model and compares it with ours, class by class.
//!
//! Each input's domain is split where the document looks ([`samverk_domain::rules::Classes`]); *saknas* is added to each,
//! *ej aktuellt* is among the classes where it can occur. Compared in each case: the result in all three states, how every
//! single row stands, and where nothing is missing which rows the table itself gives. A table whose cases are more than
//! [`CASES_MAX`] is judged row by row and by pairs of rows instead, which it says: a row rests on its own cells alone.
//!
//! `samverk-conformance-dmn FOLDER…` prints a line for each table. Exit code: 0 all agree, 1 something differs.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value as Theirs;
use dsntk_feel::{FeelScope, Name as FeelName};
use dsntk_model_evaluator::ModelEvaluator;
use jiff::civil::Date;
use samverk_author::export::dmn::{self, ExportedTable, Model};
use samverk_author::export::feel::{self, NOT_APPLICABLE};
use samverk_author::folder;
use samverk_domain::fact::{Facts, Known, Name, Value};
use samverk_domain::pack::{self, CaseDay, Expr, List, Pack, ParameterDefault, Policy, RuleKind, SetBy};
use samverk_domain::rules::{Classes, Days, Probe, Scope, Setting, evaluate};

/// Cases of one table tried as a whole.
const CASES_MAX: usize = 20_000;
/// Cases of one pair of rows.
const CASES_OF_A_PAIR_MAX: usize = 500;
/// Different kinds of items of a list that are tried together in pairs; more are tried alone.
const KINDS_IN_PAIRS_MAX: usize = 6;
/// Differences that are shown for one table.
const SHOWN_MAX: usize = 3;

fn main() -> anyhow::Result<ExitCode> {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    anyhow::ensure!(!folders.is_empty(), "name the folders of the services to judge");
    let mut total = Tally::default();
    for path in &folders {
        let (pack, found) = pack::parse::pack(folder::read(path.as_ref())?);
        let pack = pack.with_context(|| format!("{path} cannot be read: {found:?}"))?;
        let pack = loosened(pack);
        println!("{} (version {})", *pack.meta.slug, *pack.meta.version);
        let tally = Judge::new(&pack)?.judge();
        total.add(&tally);
    }
    println!(
        "\n{} tables and conditions, {} cases, {} comparisons: {} agree ({})",
        total.tables,
        total.cases,
        total.compared,
        total.compared - total.different,
        if total.different == 0 && total.unsaid == 0 { "100 %" } else { "NOT ALL" },
    );
    Ok(ExitCode::from(u8::from(total.different + total.unsaid > 0)))
}

#[derive(Default)]
struct Tally {
    tables: usize,
    cases: usize,
    compared: usize,
    different: usize,
    /// Rules that the model leaves out.
    unsaid: usize,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.tables += other.tables;
        self.cases += other.cases;
        self.compared += other.compared;
        self.different += other.different;
        self.unsaid += other.unsaid;
    }
}

/// The document without the defaults of what bodies may set otherwise: those vary like facts.
fn loosened(mut pack: Pack) -> Pack {
    for parameter in &mut pack.parameters {
        if parameter.set_by.it != SetBy::Law {
            parameter.default.it = ParameterDefault::None;
        }
    }
    pack
}

/// What varies in a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Leaf {
    Fact(Name),
    Parameter(Name),
    List(Name),
    Day(CaseDay),
}

/// What a leaf is in one case: for us, and for the engine.
#[derive(Clone)]
struct Choice {
    ours: Given,
    theirs: Option<Theirs>,
    text: String,
    is_missing: bool,
}

#[derive(Clone)]
enum Given {
    Fact(Known<Value>),
    Parameter(Option<Value>),
    List(Option<Vec<BTreeMap<Name, Known<Value>>>>),
    Day(Date),
}

struct Judge<'p> {
    pack: &'p Pack,
    model: Model,
    engine: Arc<ModelEvaluator>,
    classes: Classes,
    setting: Setting,
    probe: Probe<'p>,
    /// Variable of the model → what it is here.
    leaves: BTreeMap<String, Leaf>,
    /// Columns of lists that some rule looks at.
    columns: BTreeSet<Name>,
    /// What each rule's rows rest on, by the decision that is its result.
    scopes: BTreeMap<String, Scope>,
}

/// What is compared: a rule's table, or a step's condition.
enum Subject<'m> {
    Table(&'m ExportedTable),
    Needed(Name, String),
}

impl<'p> Judge<'p> {
    fn new(pack: &'p Pack) -> anyhow::Result<Self> {
        let model = dmn::export(pack);
        let definitions =
            dsntk_model::parse(&model.xml).map_err(|why| anyhow::anyhow!("the engine cannot read the model: {why}"))?;
        let engine =
            ModelEvaluator::new(&[definitions]).map_err(|why| anyhow::anyhow!("the engine refuses the model: {why}"))?;
        let setting = Setting {
            days: Days {
                application: pack.meta.valid_from.it,
                decision: pack.meta.valid_from.it,
            },
            ..Setting::default()
        };
        let mut leaves = BTreeMap::new();
        for fact in &pack.facts {
            let name = &fact.name.it;
            if let Some(decided) = model.decided.get(name) {
                leaves.insert(decided.clone(), Leaf::Fact(name.clone()));
            } else if let Some(variable) = model.names.fact(name) {
                leaves.insert(variable.to_owned(), Leaf::Fact(name.clone()));
            }
        }
        for parameter in &pack.parameters {
            if let Some(variable) = model.names.fact(&parameter.name.it) {
                leaves.insert(variable.to_owned(), Leaf::Parameter(parameter.name.it.clone()));
            }
        }
        for list in &pack.lists {
            if let Some(variable) = model.names.list(&list.name.it) {
                leaves.insert(variable.to_owned(), Leaf::List(list.name.it.clone()));
            }
        }
        for day in [CaseDay::Application, CaseDay::Decision] {
            leaves.insert(feel::day(day).to_owned(), Leaf::Day(day));
        }
        let mut columns = BTreeSet::new();
        for rule in &pack.rules {
            for row in &rule.rows {
                columns.extend(dmn::row_uses(pack, rule, row).columns);
            }
        }
        for step in &pack.steps {
            columns.extend(dmn::uses(pack, &[step.needed_when.it.clone()]).columns);
        }
        let probe = Probe::new(pack);
        let mut scopes = BTreeMap::new();
        for table in &model.tables {
            let rules = pack.rules.iter().filter(|rule| rule.kind == table.kind && rule.name.it == table.rule);
            let rows = rules.flat_map(|rule| rule.rows.iter().map(move |row| (rule, row)));
            let names: BTreeSet<Name> = rows.flat_map(|(rule, row)| dmn::row_uses(pack, rule, row).facts).collect();
            scopes.insert(table.value.clone(), probe.scope(&names));
        }
        Ok(Self {
            pack,
            engine,
            scopes,
            classes: Classes::new(pack, &setting),
            setting,
            probe,
            leaves,
            columns,
            model,
        })
    }

    fn judge(&self) -> Tally {
        let mut total = Tally::default();
        for (name, why) in &self.model.left_out {
            println!("  {name}: left out, {why}");
            total.unsaid += 1;
        }
        let conditions = self.pack.steps.iter().filter(|step| step.needed_when.it != Expr::Always);
        let conditions = conditions.filter_map(|step| {
            let (needed, _) = self.model.steps.get(&step.name.it)?;
            Some(Subject::Needed(step.name.it.clone(), needed.clone()))
        });
        let subjects = self.model.tables.iter().map(Subject::Table).chain(conditions);
        for subject in subjects {
            let tally = self.judge_one(&subject);
            total.add(&tally);
        }
        total
    }

    /// What a decision rests on in the end.
    fn behind<'v>(&self, from: impl IntoIterator<Item = &'v str>) -> Vec<Leaf> {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut found = BTreeSet::new();
        let mut open: Vec<&str> = Vec::new();
        let from: Vec<&str> = from.into_iter().collect();
        for start in &from {
            match (self.model.requires.get(*start), self.leaves.get(*start)) {
                (Some(required), _) => open.extend(required.iter().map(String::as_str)),
                (None, Some(leaf)) => {
                    found.insert(leaf.clone());
                }
                (None, None) => {}
            }
        }
        while let Some(variable) = open.pop() {
            if !seen.insert(variable) {
                continue;
            }
            match (self.model.requires.get(variable), self.leaves.get(variable)) {
                (Some(required), _) => open.extend(required.iter().map(String::as_str)),
                (None, Some(leaf)) => {
                    found.insert(leaf.clone());
                }
                (None, None) => {}
            }
        }
        found.into_iter().collect()
    }

    fn judge_one(&self, subject: &Subject<'_>) -> Tally {
        let (label, decision) = match subject {
            Subject::Table(table) if table.kind == RuleKind::Fact => (format!("Regel: {}", table.rule), table.value.as_str()),
            Subject::Table(table) => (format!("Utfallsregel: {}", table.rule), table.value.as_str()),
            Subject::Needed(step, needed) => (format!("Behövs när: {step}"), needed.as_str()),
        };
        let leaves = self.behind([decision]);
        let choices: Vec<Vec<Choice>> = leaves.iter().map(|leaf| self.choices(leaf)).collect();
        let mut tally = Tally {
            tables: 1,
            ..Tally::default()
        };
        let mut shown = 0;
        let mut try_case = |case: &[(&Leaf, &Choice)], tally: &mut Tally| {
            tally.cases += 1;
            for different in self.compare(subject, decision, case, tally) {
                tally.different += 1;
                shown += 1;
                if shown <= SHOWN_MAX {
                    let given: Vec<String> = case
                        .iter()
                        .filter(|(_, choice)| !choice.is_missing)
                        .map(|(leaf, choice)| format!("{leaf:?} = {}", choice.text))
                        .collect();
                    println!("    DIFFERS {different}\n      with {}", given.join(", "));
                }
            }
        };
        let all: usize = product(&choices);
        let how = if all <= CASES_MAX {
            each(&leaves, &choices, &mut |case| try_case(case, &mut tally));
            format!("every case of {} inputs", leaves.len())
        } else {
            let rows = self.row_leaves(subject, &leaves);
            let mut left_out = 0;
            let mut groups: Vec<(Vec<usize>, bool)> = rows.iter().map(|row| (row.clone(), true)).collect();
            for (at, first) in rows.iter().enumerate() {
                for second in &rows[at + 1..] {
                    let both: BTreeSet<usize> = first.iter().chain(second).copied().collect();
                    groups.push((both.into_iter().collect(), false));
                }
            }
            // The rest is in turn missing, and as the first class has it.
            for rest_missing in [true, false] {
                for (group, with_missing) in &groups {
                    let varied: Vec<Vec<Choice>> = choices
                        .iter()
                        .enumerate()
                        .map(|(at, own)| match (group.contains(&at), *with_missing || rest_missing) {
                            (true, true) => own.clone(),
                            (true, false) => own.iter().filter(|choice| !choice.is_missing).cloned().collect(),
                            (false, _) => own.iter().filter(|choice| choice.is_missing == rest_missing).take(1).cloned().collect(),
                        })
                        .collect();
                    let most = if *with_missing { CASES_MAX } else { CASES_OF_A_PAIR_MAX };
                    if product(&varied) > most {
                        left_out += 1;
                        continue;
                    }
                    each(&leaves, &varied, &mut |case| try_case(case, &mut tally));
                }
            }
            let said = if left_out > 0 { format!(", {left_out} groups too large") } else { String::new() };
            format!("{} rows and pairs of rows; all would be {all}{said}", groups.len())
        };
        println!(
            "  {label:44} {:>8} cases  {:>8} comparisons  {}  ({how})",
            tally.cases,
            tally.compared,
            if tally.different == 0 { String::from("agree") } else { format!("{} DIFFER", tally.different) },
        );
        tally
    }

    /// Which leaves each row rests on, and the step's condition.
    fn row_leaves(&self, subject: &Subject<'_>, leaves: &[Leaf]) -> Vec<Vec<usize>> {
        let Subject::Table(table) = subject else { return Vec::new() };
        let rules = self.pack.rules.iter();
        let Some(rule) = rules.clone().find(|rule| rule.kind == table.kind && rule.name.it == table.rule) else {
            return Vec::new();
        };
        let position = |leaf: &Leaf| leaves.iter().position(|own| own == leaf);
        let condition: Vec<Leaf> = match self.model.steps.get(&table.rule) {
            Some((needed, _)) if table.kind == RuleKind::Outcome => self.behind([needed.as_str()]),
            _ => Vec::new(),
        };
        rule.rows
            .iter()
            .map(|row| {
                let uses = dmn::row_uses(self.pack, rule, row);
                let facts = uses.facts.iter().filter_map(|fact| self.model.names.fact(fact));
                let lists = uses.lists.iter().filter_map(|list| self.model.names.list(list));
                let own = self.behind(facts.chain(lists));
                let all: BTreeSet<usize> = own.iter().chain(&condition).filter_map(position).collect();
                all.into_iter().collect()
            })
            .collect()
    }

    fn choices(&self, leaf: &Leaf) -> Vec<Choice> {
        match leaf {
            Leaf::Fact(name) => {
                let mut choices: Vec<Choice> = self
                    .classes
                    .of(name)
                    .iter()
                    .map(|known| Choice {
                        theirs: Some(literal(&in_feel(known))),
                        text: in_feel(known),
                        ours: Given::Fact(known.clone()),
                        is_missing: false,
                    })
                    .collect();
                choices.push(missing(Given::Fact(Known::UNANSWERED)));
                choices
            }
            Leaf::Parameter(name) => {
                let known = self.classes.of(name);
                let mut choices: Vec<Choice> = known
                    .iter()
                    .map(|known| Choice {
                        theirs: Some(literal(&in_feel(known))),
                        text: in_feel(known),
                        ours: Given::Parameter(known.value().cloned()),
                        is_missing: false,
                    })
                    .collect();
                // What the law sets is never missing.
                if self.pack.parameter(name).is_some_and(|own| own.set_by.it != SetBy::Law) {
                    choices.push(missing(Given::Parameter(None)));
                }
                choices
            }
            Leaf::List(name) => self.pack.list(name).map_or(Vec::new(), |list| self.lists(list)),
            Leaf::Day(_) => self
                .days()
                .into_iter()
                .map(|day| Choice {
                    theirs: Some(literal(&format!("date(\"{day}\")"))),
                    text: day.to_string(),
                    ours: Given::Day(day),
                    is_missing: false,
                })
                .collect(),
        }
    }

    /// The days between which the law changes, each with the day before and the day after.
    fn days(&self) -> BTreeSet<Date> {
        let rows = self.pack.rules.iter().flat_map(|rule| &rule.rows);
        let valid = rows.filter_map(|row| row.valid.as_ref()).flat_map(|valid| [valid.it.from, valid.it.to]);
        let mut days: BTreeSet<Date> = valid
            .flatten()
            .flat_map(|day| [day.yesterday().unwrap_or(day), day, day.tomorrow().unwrap_or(day)])
            .collect();
        days.insert(self.pack.meta.valid_from.it);
        days
    }

    /// None, each kind of item alone, and if the kinds are few each pair of them.
    fn lists(&self, list: &List) -> Vec<Choice> {
        let mut kinds: Vec<Vec<(Name, Known<Value>)>> = vec![Vec::new()];
        for column in list.columns.iter().filter(|column| self.columns.contains(&column.name.it)) {
            let name = &column.name.it;
            let mut states = self.classes.of(name).to_vec();
            states.push(Known::UNANSWERED);
            kinds = kinds
                .into_iter()
                .flat_map(|kind| {
                    states.iter().map(move |state| {
                        let mut kind = kind.clone();
                        kind.push((name.clone(), state.clone()));
                        kind
                    })
                })
                .collect();
        }
        let mut lists: Vec<Vec<usize>> = vec![Vec::new()];
        lists.extend((0..kinds.len()).map(|kind| vec![kind]));
        if kinds.len() <= KINDS_IN_PAIRS_MAX {
            for first in 0..kinds.len() {
                lists.extend((first..kinds.len()).map(|second| vec![first, second]));
            }
        }
        let mut choices: Vec<Choice> = lists
            .into_iter()
            .map(|items| {
                let items: Vec<&Vec<(Name, Known<Value>)>> = items.into_iter().map(|kind| &kinds[kind]).collect();
                let texts: Vec<String> = items
                    .iter()
                    .map(|item| {
                        let entries = item.iter();
                        let entries = entries.map(|(name, state)| format!("{}: {}", feel::column(name), in_feel(state)));
                        format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
                    })
                    .collect();
                let text = format!("[{}]", texts.join(", "));
                Choice {
                    theirs: Some(literal(&text)),
                    text,
                    ours: Given::List(Some(items.into_iter().map(|item| item.iter().cloned().collect()).collect())),
                    is_missing: false,
                }
            })
            .collect();
        choices.push(missing(Given::List(None)));
        choices
    }

    /// What differs, in words.
    fn compare(&self, subject: &Subject<'_>, decision: &str, case: &[(&Leaf, &Choice)], tally: &mut Tally) -> Vec<String> {
        let (mut facts, mut setting) = (Facts::default(), self.setting.clone());
        let mut input = FeelContext::default();
        for (leaf, choice) in case {
            match (leaf, &choice.ours) {
                (Leaf::Fact(name), Given::Fact(known)) => facts.set(name.clone(), known.clone()),
                (Leaf::Parameter(name), Given::Parameter(Some(value))) => {
                    setting.parameters.insert(name.clone(), vec![(None, value.clone())]);
                }
                (Leaf::List(name), Given::List(Some(items))) => {
                    facts.lists.insert(name.clone(), items.clone());
                }
                (Leaf::Day(CaseDay::Application), Given::Day(day)) => setting.days.application = *day,
                (Leaf::Day(CaseDay::Decision), Given::Day(day)) => setting.days.decision = *day,
                _ => {}
            }
            let variable = self.leaves.iter().find(|(_, own)| own == leaf).map(|(variable, _)| variable);
            if let (Some(variable), Some(theirs)) = (variable, &choice.theirs) {
                input.set_entry(&FeelName::from(variable), theirs.clone());
            }
        }
        let ask = |decision: &str| {
            self.engine
                .evaluate_invocable(&self.model.namespace, &self.model.name, decision, &input)
        };
        let evaluation = evaluate(self.pack, &facts, &setting);
        let mut different = Vec::new();
        let mut check = |what: &str, ours: &Known<Value>, theirs: &Theirs| {
            tally.compared += 1;
            if !same(ours, theirs) {
                different.push(format!("{what}: ours {ours:?}, theirs {theirs}"));
            }
        };
        let table = match subject {
            Subject::Needed(step, _) => {
                if let Some(result) = evaluation.steps.get(step) {
                    check(decision, &result.needed.clone().map(Value::YesNo), &ask(decision));
                }
                return different;
            }
            Subject::Table(table) => table,
        };
        let ours = match table.kind {
            RuleKind::Fact => evaluation.values.get(&table.rule).cloned(),
            RuleKind::Outcome => evaluation.steps.get(&table.rule).map(|step| step.outcome.clone().map(Value::Choice)),
        };
        let ours = ours.unwrap_or(Known::UNANSWERED);
        check(decision, &ours, &ask(decision));

        let rules = self.pack.rules.iter();
        let Some(rule) = rules.clone().find(|rule| rule.kind == table.kind && rule.name.it == table.rule) else {
            return different;
        };
        let Some(scope) = self.scopes.get(decision) else { return different };
        let rows = self.probe.rows(scope, rule, &facts, &setting);
        let states = ask(&format!("{decision}_lägen"));
        for (at, (row, ours)) in rule.rows.iter().zip(&rows).enumerate() {
            let theirs = entry(item(&states, at), "läge");
            let ours = match ours {
                Known::NotApplicable => Known::Value(Value::YesNo(false)),
                other => other.clone().map(Value::YesNo),
            };
            check(&format!("row {}", row.id.it), &ours, &theirs);
        }
        if rows.iter().any(Known::is_missing) {
            return different;
        }
        // Nothing is missing: the table alone must give the rows.
        let holding = rule.rows.iter().zip(&rows).filter(|(_, state)| **state == Known::Value(true));
        let mut holding: Vec<String> = holding.map(|(row, _)| row.id.it.to_string()).collect();
        let given = ask(&table.table);
        let given: Vec<String> = match (&rule.policy.it, &given) {
            (Policy::Collect { .. }, Theirs::List(_)) => (0..).map_while(|at| match entry(item(&given, at), "rad") {
                Theirs::String(row) => Some(row),
                _ => None,
            }).collect(),
            (_, one) => match entry(Some(one), "rad") {
                Theirs::String(row) => vec![row],
                _ => Vec::new(),
            },
        };
        match rule.policy.it {
            Policy::First => holding.truncate(1),
            // Rows that overlap are the checker's to report; here the table has no answer.
            Policy::Unique if holding.len() > 1 => return different,
            _ => {}
        }
        tally.compared += 1;
        if holding != given {
            different.push(format!("{}: ours {holding:?}, theirs {given:?}", table.table));
        }
        different
    }
}

fn missing(ours: Given) -> Choice {
    Choice {
        ours,
        theirs: None,
        text: String::from("null"),
        is_missing: true,
    }
}

fn product(choices: &[Vec<Choice>]) -> usize {
    choices.iter().fold(1_usize, |all, own| all.saturating_mul(own.len()))
}

/// Every combination.
fn each<'c>(leaves: &'c [Leaf], choices: &'c [Vec<Choice>], visit: &mut impl FnMut(&[(&'c Leaf, &'c Choice)])) {
    let mut at = vec![0; choices.len()];
    if choices.iter().any(Vec::is_empty) {
        return;
    }
    loop {
        let case: Vec<(&Leaf, &Choice)> =
            leaves.iter().zip(choices).zip(&at).map(|((leaf, own), at)| (leaf, &own[*at])).collect();
        visit(&case);
        let Some(next) = (0..at.len()).rev().find(|place| at[*place] + 1 < choices[*place].len()) else {
            return;
        };
        at[next] += 1;
        at[next + 1..].fill(0);
    }
}

fn in_feel(known: &Known<Value>) -> String {
    match known {
        Known::Value(value) => feel::constant(value).unwrap_or_else(|_| String::from("\"fil\"")),
        Known::NotApplicable => feel::string(NOT_APPLICABLE),
        Known::Missing(_) => String::from("null"),
    }
}

/// The engine's own reading of a literal.
fn literal(text: &str) -> Theirs {
    let scope = FeelScope::default();
    let context = dsntk_feel_evaluator::evaluate_context(&scope, &format!("{{v: {text}}}"));
    let value = context.ok().and_then(|context| context.get_entry(&FeelName::from("v")).cloned());
    value.unwrap_or(Theirs::Null(None))
}

fn item(list: &Theirs, at: usize) -> Option<&Theirs> {
    match list {
        Theirs::List(items) => items.iter().nth(at),
        _ => None,
    }
}

fn entry(context: Option<&Theirs>, name: &str) -> Theirs {
    match context {
        Some(Theirs::Context(context)) => context.get_entry(&FeelName::from(name)).cloned().unwrap_or(Theirs::Null(None)),
        _ => Theirs::Null(None),
    }
}

/// Whether a state of ours is a value of theirs.
fn same(ours: &Known<Value>, theirs: &Theirs) -> bool {
    match (ours, theirs) {
        (Known::Missing(_), Theirs::Null(_)) => true,
        (Known::Missing(_), _) => false,
        (known, theirs) => match (literal(&in_feel(known)), theirs) {
            (Theirs::Boolean(ours), Theirs::Boolean(theirs)) => ours == *theirs,
            (Theirs::String(ours), Theirs::String(theirs)) => ours == *theirs,
            (Theirs::Number(ours), Theirs::Number(theirs)) => ours == *theirs,
            (Theirs::Date(ours), Theirs::Date(theirs)) => ours == *theirs,
            _ => false,
        },
    }
}
