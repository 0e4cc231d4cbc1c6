//! Lets an independent engine evaluate every exported decision model and compares it with ours, class by class.
//!
//! Each input's domain is split where the document looks ([`samverk_domain::rules::Classes`], [`lists`]); *saknas* is added to
//! each, *ej aktuellt* is among the classes where it can occur. Of a table with at most [`COMBINATIONS_MAX`] combinations of
//! these every one is judged, and the classes of the table ([`classes`]) are held by them; of a larger one every class, and
//! every choice of every cell. Compared in each case: the result in all three states, how every single row stands, and where
//! nothing is missing which rows the table itself gives.
//!
//! `samverk-conformance-dmn FOLDER…` prints a line for each table. Exit code: 0 all was tried and agrees, 1 not.

mod classes;
mod diagram;
mod lists;

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
use samverk_domain::pack::{self, CaseDay, Expr, Pack, ParameterDefault, Policy, Rule, RuleKind, SetBy};
use samverk_domain::rules::{Classes, Days, Probe, Scope, Setting, evaluate};

/// A table with so many combinations of its inputs is judged on each.
const COMBINATIONS_MAX: u128 = 20_000;
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
        "\n{} tables and conditions, {} classes, {} judged cases, {} comparisons: {} disagree, {} untried, {} left out ({})",
        total.tables,
        total.classes,
        total.cases,
        total.compared,
        total.different,
        total.untried,
        total.unsaid,
        if total.is_good() { "100 % agree" } else { "NOT ALL" },
    );
    Ok(ExitCode::from(u8::from(!total.is_good())))
}

#[derive(Default)]
struct Tally {
    tables: usize,
    classes: u128,
    cases: usize,
    compared: usize,
    different: usize,
    /// Tables of which something was not tried.
    untried: usize,
    /// Rules that the model leaves out.
    unsaid: usize,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.tables += other.tables;
        self.classes = self.classes.saturating_add(other.classes);
        self.cases += other.cases;
        self.compared += other.compared;
        self.different += other.different;
        self.untried += other.untried;
        self.unsaid += other.unsaid;
    }

    /// Everything was tried, and nothing differs.
    fn is_good(&self) -> bool {
        self.different + self.untried + self.unsaid == 0 && self.cases > 0
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
    /// Nothing in it is missing.
    is_whole: bool,
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
    /// The lists that are tried, and why those of some list are not all that differ.
    lists: BTreeMap<Name, Vec<Choice>>,
    unproven: BTreeMap<Name, String>,
    /// What each rule's rows rest on, by the decision that is its result.
    scopes: BTreeMap<String, Scope>,
}

/// What is compared: a rule's table, or a step's condition.
enum Subject<'m> {
    Table(&'m ExportedTable),
    Needed(Name, String),
}

impl Choice {
    /// What it is alone, for what reads nothing else.
    fn state(&self) -> Known<Value> {
        match &self.ours {
            Given::Fact(known) => known.clone(),
            Given::Parameter(Some(value)) => Known::Value(value.clone()),
            _ => Known::UNANSWERED,
        }
    }
}

impl<'p> Judge<'p> {
    fn new(pack: &'p Pack) -> anyhow::Result<Self> {
        Self::of(pack, dmn::export(pack))
    }

    fn of(pack: &'p Pack, model: Model) -> anyhow::Result<Self> {
        let definitions =
            dsntk_model::parse(&model.xml).map_err(|why| anyhow::anyhow!("the engine cannot read the model: {why}"))?;
        let engine = ModelEvaluator::new(&[definitions])
            .map_err(|why| anyhow::anyhow!("the engine refuses the model: {why}"))?;
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
        let probe = Probe::new(pack);
        let mut scopes = BTreeMap::new();
        for table in &model.tables {
            let rules = pack
                .rules
                .iter()
                .filter(|rule| rule.kind == table.kind && rule.name.it == table.rule);
            let rows = rules.flat_map(|rule| rule.rows.iter().map(move |row| (rule, row)));
            let names: BTreeSet<Name> = rows
                .flat_map(|(rule, row)| dmn::row_uses(pack, rule, row).facts)
                .collect();
            scopes.insert(table.value.clone(), probe.scope(&names));
        }
        let classes = Classes::new(pack, &setting);
        let (mut lists, mut unproven) = (BTreeMap::new(), BTreeMap::new());
        for list in &pack.lists {
            let found = lists::of(pack, list, &classes, &probe, &setting);
            lists.insert(
                list.name.it.clone(),
                found
                    .lists
                    .into_iter()
                    .map(list_choice)
                    .chain([missing(Given::List(None))])
                    .collect(),
            );
            if let Some(why) = found.unproven {
                unproven.insert(list.name.it.clone(), why);
            }
        }
        Ok(Self {
            pack,
            engine,
            scopes,
            classes,
            setting,
            probe,
            leaves,
            lists,
            unproven,
            model,
        })
    }

    fn judge(&self) -> Tally {
        let mut total = Tally::default();
        for (name, why) in &self.model.left_out {
            println!("  {name}: left out, {why}");
            total.unsaid += 1;
        }
        let conditions = self
            .pack
            .steps
            .iter()
            .filter(|step| step.needed_when.it != Expr::Always);
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
            Subject::Table(table) if table.kind == RuleKind::Fact => {
                (format!("Regel: {}", table.rule), table.value.as_str())
            }
            Subject::Table(table) => (format!("Utfallsregel: {}", table.rule), table.value.as_str()),
            Subject::Needed(step, needed) => (format!("Behövs när: {step}"), needed.as_str()),
        };
        let leaves = self.behind([decision]);
        let choices: Vec<Vec<Choice>> = leaves.iter().map(|leaf| self.choices(leaf)).collect();
        let combinations = choices
            .iter()
            .fold(1_u128, |all, own| all.saturating_mul(own.len() as u128));
        let mut cases = classes::cases(self, subject, &leaves, &choices);
        let mut tally = Tally {
            tables: 1,
            classes: cases.classes,
            ..Tally::default()
        };
        let is_every = combinations <= COMBINATIONS_MAX;
        let tried = if is_every {
            every(&choices)
        } else {
            std::mem::take(&mut cases.cases)
        };
        let mut shown = 0;
        for numbers in &tried {
            let case: Vec<(&Leaf, &Choice)> = leaves
                .iter()
                .zip(&choices)
                .zip(numbers)
                .map(|((leaf, own), at)| (leaf, &own[*at]))
                .collect();
            tally.cases += 1;
            let mut different = self.compare(subject, decision, &case, &mut tally);
            if let Subject::Table(table) = subject
                && let Some(rule) = self
                    .pack
                    .rules
                    .iter()
                    .find(|rule| rule.kind == table.kind && rule.name.it == table.rule)
            {
                let rows = self.rows(&table.value, rule, &case);
                if !cases.is_as_expected(numbers, &rows) || (is_every && !cases.knows(&rows)) {
                    different.push(format!("the classes are wrong: the rows stand {rows:?}"));
                }
            }
            for different in different {
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
        }
        // What was tried in every combination needs no classes.
        let untried = if is_every && leaves.iter().all(|leaf| !self.is_unproven(leaf)) {
            Vec::new()
        } else {
            cases.untried.clone()
        };
        tally.untried = usize::from(!untried.is_empty() || tried.is_empty());
        println!(
            "  {label:44} {combinations:>12} combinations {:>8} classes ({} whole) {:>6} judged {:>3} disagree  {}",
            tally.classes,
            if cases.whole > 0 {
                cases.whole.to_string()
            } else {
                String::from("among these")
            },
            tally.cases,
            tally.different,
            if is_every {
                String::from("every combination")
            } else {
                cases.by_groups.clone().unwrap_or_else(|| String::from("every class"))
            },
        );
        for why in untried {
            println!("    UNTRIED {why}");
        }
        tally
    }

    fn is_unproven(&self, leaf: &Leaf) -> bool {
        matches!(leaf, Leaf::List(list) if self.unproven.contains_key(list))
    }

    /// How our own rows stand.
    fn rows(&self, decision: &str, rule: &Rule, case: &[(&Leaf, &Choice)]) -> Vec<Known<bool>> {
        let (facts, setting) = facts_of(self, case);
        self.scopes
            .get(decision)
            .map_or_else(Vec::new, |scope| self.probe.rows(scope, rule, &facts, &setting))
    }

    /// What a fact, a rule's result or a parameter is in a case.
    fn value_of(&self, name: &Name, case: &[(&Leaf, &Choice)]) -> Known<Value> {
        let (facts, setting) = facts_of(self, case);
        let evaluation = evaluate(self.pack, &facts, &setting);
        evaluation.values.get(name).cloned().unwrap_or(Known::UNANSWERED)
    }

    /// The choice of a leaf that nobody has said anything of.
    fn silent(&self, choices: &[Choice]) -> usize {
        choices.iter().position(|choice| choice.is_missing).unwrap_or(0)
    }

    fn choices(&self, leaf: &Leaf) -> Vec<Choice> {
        match leaf {
            Leaf::Fact(name) => {
                // What another step has not decided yet is not missing: its rules say what to expect.
                let is_outcome = self.model.decided.contains_key(name);
                let mut choices: Vec<Choice> = self
                    .classes
                    .of(name)
                    .iter()
                    .map(|known| Choice {
                        theirs: Some(literal(&in_feel(known))),
                        text: in_feel(known),
                        ours: Given::Fact(known.clone()),
                        is_missing: false,
                        is_whole: true,
                    })
                    .collect();
                choices.push(Choice {
                    is_whole: is_outcome,
                    ..missing(Given::Fact(Known::UNANSWERED))
                });
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
                        is_whole: true,
                    })
                    .collect();
                // What the law sets is never missing.
                if self.pack.parameter(name).is_some_and(|own| own.set_by.it != SetBy::Law) {
                    choices.push(missing(Given::Parameter(None)));
                }
                choices
            }
            Leaf::List(name) => self.lists.get(name).cloned().unwrap_or_default(),
            Leaf::Day(_) => self
                .days()
                .into_iter()
                .map(|day| Choice {
                    theirs: Some(literal(&format!("date(\"{day}\")"))),
                    text: day.to_string(),
                    ours: Given::Day(day),
                    is_missing: false,
                    is_whole: true,
                })
                .collect(),
        }
    }

    /// The days between which the law changes, each with the day before and the day after.
    fn days(&self) -> BTreeSet<Date> {
        let rows = self.pack.rules.iter().flat_map(|rule| &rule.rows);
        let valid = rows
            .filter_map(|row| row.valid.as_ref())
            .flat_map(|valid| [valid.it.from, valid.it.to]);
        let transitions = self.pack.rules.iter().filter_map(|rule| rule.transition.as_ref());
        let windows = transitions.flat_map(|transition| [transition.it.from, transition.it.to]);
        let mut days: BTreeSet<Date> = valid
            .flatten()
            .chain(windows)
            .flat_map(|day| [day.yesterday().unwrap_or(day), day, day.tomorrow().unwrap_or(day)])
            .collect();
        days.insert(self.pack.meta.valid_from.it);
        days
    }

    /// What differs, in words.
    fn compare(
        &self,
        subject: &Subject<'_>,
        decision: &str,
        case: &[(&Leaf, &Choice)],
        tally: &mut Tally,
    ) -> Vec<String> {
        let (facts, setting) = facts_of(self, case);
        let mut input = FeelContext::default();
        for (leaf, choice) in case {
            let variable = self
                .leaves
                .iter()
                .find(|(_, own)| own == leaf)
                .map(|(variable, _)| variable);
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
            RuleKind::Outcome => evaluation
                .steps
                .get(&table.rule)
                .map(|step| step.outcome.clone().map(Value::Choice)),
        };
        let ours = ours.unwrap_or(Known::UNANSWERED);
        check(decision, &ours, &ask(decision));

        let rules = self.pack.rules.iter();
        let Some(rule) = rules
            .clone()
            .find(|rule| rule.kind == table.kind && rule.name.it == table.rule)
        else {
            return different;
        };
        let Some(scope) = self.scopes.get(decision) else {
            return different;
        };
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
        let holding = rule
            .rows
            .iter()
            .zip(&rows)
            .filter(|(_, state)| **state == Known::Value(true));
        let mut holding: Vec<String> = holding.map(|(row, _)| row.id.it.to_string()).collect();
        let given = ask(&table.table);
        let given: Vec<String> = match (&rule.policy.it, &given) {
            (Policy::Collect { .. }, Theirs::List(_)) => (0..)
                .map_while(|at| match entry(item(&given, at), "rad") {
                    Theirs::String(row) => Some(row),
                    _ => None,
                })
                .collect(),
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

/// A case as our own rules take it.
fn facts_of(judge: &Judge<'_>, case: &[(&Leaf, &Choice)]) -> (Facts, Setting) {
    let (mut facts, mut setting) = (Facts::default(), judge.setting.clone());
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
    }
    (facts, setting)
}

fn missing(ours: Given) -> Choice {
    Choice {
        ours,
        theirs: None,
        text: String::from("null"),
        is_missing: true,
        is_whole: false,
    }
}

fn list_choice(items: Vec<lists::Item>) -> Choice {
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
        is_missing: false,
        is_whole: items
            .iter()
            .flat_map(|item| item.values())
            .all(|state| !state.is_missing()),
        ours: Given::List(Some(items)),
    }
}

/// Every combination.
fn every(choices: &[Vec<Choice>]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for own in choices {
        all = all
            .into_iter()
            .flat_map(|case: Vec<usize>| (0..own.len()).map(move |at| [case.as_slice(), &[at]].concat()))
            .collect();
    }
    all
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
    let value = context
        .ok()
        .and_then(|context| context.get_entry(&FeelName::from("v")).cloned());
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
        Some(Theirs::Context(context)) => context
            .get_entry(&FeelName::from(name))
            .cloned()
            .unwrap_or(Theirs::Null(None)),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test's helper functions stop the test

    use super::*;

    fn read(folder: &str) -> Pack {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(folder);
        loosened(pack::parse::pack(folder::read(&folder).unwrap()).0.unwrap())
    }

    #[test]
    fn an_engine_agrees_on_dated_rows_and_transitions() {
        let pack = read("crates/author/tests/data/overgang");
        let tally = Judge::new(&pack).unwrap().judge();
        assert!(tally.is_good());
        assert!(tally.cases > 1_000);
    }

    #[test]
    fn a_model_that_says_something_else_is_found() {
        let pack = read("crates/author/tests/data/overgang");
        let faults = [
            ("gas_volym &gt; 2000", "gas_volym &gt;= 2000"),
            ("val_regler = \"äldre\"", "val_regler = \"nya\""),
            ("&lt;= date(\"2026-05-31\")", "&lt;= date(\"2026-05-30\")"),
            ("then date(\"2026-05-31\")", "then date(\"2026-06-01\")"),
            ("yta_ute &gt; 100", "yta_ute &gt; 101"),
            ("\"f1\"", "\"f2\""),
        ];
        for (right, wrong) in faults {
            let mut model = dmn::export(&pack);
            assert!(model.xml.contains(right), "{right}");
            model.xml = model.xml.replace(right, wrong);
            let tally = Judge::of(&pack, model).unwrap().judge();
            assert!(tally.different > 0, "{right} → {wrong}");
        }
    }

    /// Its classes are too many for one by one, so what its groups add together must show.
    #[test]
    fn what_the_largest_table_says_otherwise_is_found() {
        let pack = read("packs/starta-restaurang");
        let faults = [
            ("väntar_bara_på_yttrande: true", "väntar_bara_på_yttrande: false"),
            ("ger: \"avslag\"", "ger: \"bifall\""),
            (
                "servering_sluttid &gt; serveringstid_slut",
                "servering_sluttid &gt;= serveringstid_slut",
            ),
            ("\"oregistrerat\"", "\"konkurs\""),
        ];
        for (right, wrong) in faults {
            let mut model = dmn::export(&pack);
            assert!(model.xml.contains(right), "{right}");
            model.xml = model.xml.replace(right, wrong);
            let judge = Judge::of(&pack, model).unwrap();
            let mut tables = judge
                .model
                .tables
                .iter()
                .filter(|table| table.kind == RuleKind::Outcome);
            let table = tables
                .find(|table| table.rule.as_str() == "serveringstillstånd")
                .unwrap();
            let tally = judge.judge_one(&Subject::Table(table));
            assert!(tally.different > 0, "{right} → {wrong}");
        }
    }
}
