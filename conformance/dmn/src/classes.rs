//! The classes of a table, and cases that try each.
//!
//! A class is all inputs that no row tells apart: each row says the same of them (it matches, it does not, or that is open
//! because something is missing), and so does what else the result rests on (whether the step is needed, whether an opinion
//! has come, what is calculated with). Always true: the classes are found from what each row is as a function of the choices
//! behind it ([`crate::diagram`]), so all that occur are found and none that does not. Rows that share no input are told
//! apart independently: the classes of the table are then every combination of the groups' classes, and where these are too
//! many for one by one, [`Cases`] says so and tries each group's every class, and every thing that a group can add to the
//! result together with every thing that the rest can add.

use std::collections::{BTreeMap, BTreeSet};

use samverk_author::export::dmn;
use samverk_domain::fact::{Known, Name, Value};
use samverk_domain::pack::{CellResult, Expr, Policy, Required, Rule, RuleKind, Source};
use samverk_domain::rules::evaluate;

use crate::diagram::{Diagrams, Part, Path, TooMuch};
use crate::{Choice, Judge, Leaf, Subject, facts_of};

/// Classes with nothing missing that are tried one by one.
const WHOLE_MAX: usize = 20_000;
/// Classes with something missing that are tried one by one.
const CLASSES_MAX: usize = 20_000;
/// Classes of one group of rows.
const GROUP_MAX: usize = 50_000;
/// What a group's rest can add to the result.
const RESTS_MAX: usize = 5_000;

/// What a name is in a case, told apart as far as the document does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum State {
    Missing,
    NotApplicable,
    Value(Value),
    /// The choice of a list or a day.
    Choice(usize),
}

impl From<&Known<Value>> for State {
    fn from(known: &Known<Value>) -> Self {
        match known {
            Known::Missing(_) => Self::Missing,
            Known::NotApplicable => Self::NotApplicable,
            Known::Value(value) => Self::Value(value.clone()),
        }
    }
}

fn yes_no(known: &Known<bool>) -> State {
    match known {
        Known::Missing(_) => State::Missing,
        Known::Value(true) => State::Value(Value::YesNo(true)),
        // A row that is not applicable does not match.
        Known::Value(false) | Known::NotApplicable => State::Value(Value::YesNo(false)),
    }
}

/// What is to be tried of a table.
#[derive(Default)]
pub struct Cases {
    /// Which choice each leaf has.
    pub cases: Vec<Vec<usize>>,
    /// How many classes there are with nothing missing, and in all.
    pub whole: u128,
    pub classes: u128,
    /// How it was done where the classes were not tried one by one.
    pub by_groups: Option<String>,
    /// What could not be tried: the judge must say no.
    pub untried: Vec<String>,
    /// Each row's state in some of the cases, to hold the diagrams by.
    expected: BTreeMap<Vec<usize>, Vec<State>>,
    /// How the rows stand together.
    stands: BTreeSet<Vec<State>>,
}

struct Builder<'j, 'p> {
    judge: &'j Judge<'p>,
    leaves: &'j [Leaf],
    choices: &'j [Vec<Choice>],
    diagrams: Diagrams,
    states: Vec<State>,
    facts: BTreeMap<Name, Part>,
}

type Built<T> = Result<T, String>;

impl<'j, 'p> Builder<'j, 'p> {
    fn state(&mut self, state: State) -> usize {
        match self.states.iter().position(|known| *known == state) {
            Some(known) => known,
            None => {
                self.states.push(state);
                self.states.len() - 1
            }
        }
    }

    fn case(&self, path: &Path) -> Vec<usize> {
        let ways = path.iter().zip(self.choices);
        ways.map(|(own, choices)| own.unwrap_or_else(|| self.judge.silent(choices)))
            .collect()
    }

    /// What a variable of the case is for each of its choices.
    fn leaf(&mut self, at: usize, of: impl Fn(usize, &Choice) -> State) -> Part {
        let choices = self.choices;
        let ends = choices[at]
            .iter()
            .enumerate()
            .map(|(number, choice)| {
                let state = self.state(of(number, choice));
                self.diagrams.end(state)
            })
            .collect();
        self.diagrams.branch(at, ends)
    }

    fn position(&self, leaf: &Leaf) -> Option<usize> {
        self.leaves.iter().position(|own| own == leaf)
    }

    /// A function of what an expression or a rule reads; `of` says what it is in a case.
    fn compose(&mut self, inputs: &[Part], of: &dyn Fn(&Judge<'p>, &[(&Leaf, &Choice)]) -> State) -> Built<Part> {
        let (judge, leaves, choices) = (self.judge, self.leaves, self.choices);
        let mut states = std::mem::take(&mut self.states);
        let composed = self.diagrams.compose(inputs, &mut |path| {
            let case: Vec<(&Leaf, &Choice)> = leaves
                .iter()
                .zip(choices)
                .zip(path)
                .map(|((leaf, own), at)| (leaf, &own[at.unwrap_or_else(|| judge.silent(own))]))
                .collect();
            let state = of(judge, &case);
            match states.iter().position(|known| *known == state) {
                Some(known) => known,
                None => {
                    states.push(state);
                    states.len() - 1
                }
            }
        });
        self.states = states;
        composed.map_err(|TooMuch| String::from("a rule behind it has too many cases"))
    }

    /// The functions that an expression reads directly.
    fn inputs(&mut self, uses: &samverk_author::export::feel::Uses) -> Built<Vec<Part>> {
        let mut parts = Vec::new();
        for fact in &uses.facts {
            parts.push(self.fact(fact)?);
        }
        for list in &uses.lists {
            if let Some(at) = self.position(&Leaf::List(list.clone())) {
                if let Some(why) = self.judge.unproven.get(list) {
                    return Err(why.clone());
                }
                parts.push(self.leaf(at, |number, choice| match choice.is_missing {
                    true => State::Missing,
                    false => State::Choice(number),
                }));
            }
        }
        for day in &uses.days {
            if let Some(at) = self.position(&Leaf::Day(*day)) {
                parts.push(self.leaf(at, |number, _| State::Choice(number)));
            }
        }
        Ok(parts)
    }

    fn inputs_of_rule(&mut self, rule: &Rule) -> Built<Vec<Part>> {
        let mut uses = samverk_author::export::feel::Uses::default();
        for row in &rule.rows {
            uses.add(dmn::row_uses(self.judge.pack, rule, row));
            if let CellResult::Calculated(expr) = &row.result.it {
                uses.add(dmn::uses(self.judge.pack, std::slice::from_ref(expr)));
            }
        }
        self.inputs(&uses)
    }

    fn fact(&mut self, name: &Name) -> Built<Part> {
        if let Some(known) = self.facts.get(name) {
            return Ok(*known);
        }
        let pack = self.judge.pack;
        let step = pack.fact(name).and_then(|fact| match &fact.source.it {
            Source::Step(step) => Some(step),
            _ => None,
        });
        let leaf = self.position(&Leaf::Fact(name.clone()));
        let leaf = leaf.or_else(|| self.position(&Leaf::Parameter(name.clone())));
        let part = if let Some(at) = leaf {
            let own = self.leaf(at, |_, choice| State::from(&choice.state()));
            match step {
                // What the body has decided goes before what its rules give.
                Some(step) => {
                    let foretold = self.outcome(step)?;
                    let name = name.clone();
                    self.compose(&[own, foretold], &|judge, case| (&judge.value_of(&name, case)).into())?
                }
                None => own,
            }
        } else if let Some(rule) = pack.rule(name) {
            let inputs = self.inputs_of_rule(rule)?;
            let own = name.clone();
            self.compose(&inputs, &|judge, case| (&judge.value_of(&own, case)).into())?
        } else {
            let own = name.clone();
            self.compose(&[], &|judge, case| (&judge.value_of(&own, case)).into())?
        };
        self.facts.insert(name.clone(), part);
        Ok(part)
    }

    fn needed(&mut self, step: &Name) -> Built<Part> {
        let pack = self.judge.pack;
        let needed = pack.step(step).map_or(Expr::Always, |step| step.needed_when.it.clone());
        let inputs = self.inputs(&dmn::uses(pack, &[needed]))?;
        let own = step.clone();
        self.compose(&inputs, &|judge, case| {
            let (facts, setting) = facts_of(judge, case);
            let evaluation = evaluate(judge.pack, &facts, &setting);
            evaluation
                .steps
                .get(&own)
                .map_or(State::Missing, |step| yes_no(&step.needed))
        })
    }

    fn outcome(&mut self, step: &Name) -> Built<Part> {
        let pack = self.judge.pack;
        let mut inputs = vec![self.needed(step)?];
        if let Some(rule) = pack.outcome_rule(step) {
            inputs.extend(self.inputs_of_rule(rule)?);
        }
        if let Some(step) = pack.step(step) {
            for (opinion, _) in dmn::opinions(pack, step) {
                inputs.push(self.fact(&opinion)?);
            }
        }
        let own = step.clone();
        self.compose(&inputs, &|judge, case| {
            let (facts, setting) = facts_of(judge, case);
            let evaluation = evaluate(judge.pack, &facts, &setting);
            let outcome = evaluation
                .steps
                .get(&own)
                .map(|step| step.outcome.clone().map(Value::Choice));
            outcome.as_ref().map_or(State::Missing, Into::into)
        })
    }
}

/// The parts of a condition that `och`, `eller` and `inte` join.
fn parts_of(expr: &Expr) -> Vec<Expr> {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().flat_map(parts_of).collect(),
        Expr::Not(part) => parts_of(part),
        other => vec![other.clone()],
    }
}

/// What a class gives to the result: together with what the others give it is all that the result rests on.
type Marks = BTreeSet<(usize, usize)>;

struct Group {
    functions: Vec<usize>,
    classes: Vec<(Vec<usize>, Path, Marks)>,
}

/// Everything of a table that must be tried, with cases that try it.
pub fn cases(judge: &Judge<'_>, subject: &Subject<'_>, leaves: &[Leaf], choices: &[Vec<Choice>]) -> Cases {
    let mut builder = Builder {
        judge,
        leaves,
        choices,
        diagrams: Diagrams::new(leaves.len()),
        states: Vec::new(),
        facts: BTreeMap::new(),
    };
    builder.cases(subject).unwrap_or_else(|why| Cases {
        untried: vec![why],
        ..Cases::default()
    })
}

impl<'j, 'p> Builder<'j, 'p> {
    fn cases(&mut self, subject: &Subject<'_>) -> Built<Cases> {
        let pack = self.judge.pack;
        let rule = match subject {
            Subject::Table(table) => pack
                .rules
                .iter()
                .find(|rule| rule.kind == table.kind && rule.name.it == table.rule),
            Subject::Needed(..) => None,
        };
        // The rows first, then what else the result rests on; of each row also what it reads directly.
        let mut functions: Vec<Part> = Vec::new();
        let mut direct: Vec<Vec<Part>> = Vec::new();
        let mut extras: Vec<Part> = Vec::new();
        match (subject, rule) {
            (Subject::Table(table), Some(rule)) => {
                let opinions = match pack.step(&rule.name.it).filter(|_| rule.kind == RuleKind::Outcome) {
                    Some(step) => dmn::opinions(pack, step),
                    None => Vec::new(),
                };
                let is_needed_for_granting = |name: &Name| {
                    opinions
                        .iter()
                        .any(|(own, required)| own == name && *required == Required::ForGrant)
                };
                for (at, row) in rule.rows.iter().enumerate() {
                    let uses = dmn::row_uses(pack, rule, row);
                    let inputs = self.inputs(&uses)?;
                    let value = table.value.clone();
                    functions.push(self.compose(&inputs, &|judge, case| {
                        let rows = judge.rows(&value, rule, case);
                        rows.get(at).map_or(State::Missing, yes_no)
                    })?);
                    // Whether nothing but an opinion keeps a row open rests on its parts, not on its state alone.
                    if uses.facts.iter().any(is_needed_for_granting) {
                        extras.extend(inputs.iter().copied());
                    }
                    direct.push(inputs);
                    if let CellResult::Calculated(expr) = &row.result.it {
                        let inputs = self.inputs(&dmn::uses(pack, std::slice::from_ref(expr)))?;
                        extras.extend(inputs);
                    }
                }
                if rule.kind == RuleKind::Outcome {
                    extras.push(self.needed(&rule.name.it)?);
                    for (name, _) in &opinions {
                        let opinion = self.fact(name)?;
                        let own = name.clone();
                        extras.push(self.compose(&[opinion], &|judge, case| {
                            State::Value(Value::YesNo(judge.value_of(&own, case).is_missing()))
                        })?);
                    }
                }
            }
            (Subject::Needed(step, _), _) => {
                let needed = pack.step(step).map_or(Expr::Always, |step| step.needed_when.it.clone());
                for part in parts_of(&needed) {
                    let uses = dmn::uses(pack, std::slice::from_ref(&part));
                    let inputs = self.inputs(&uses)?;
                    let mut names = uses.facts.clone();
                    names.extend(uses.columns.iter().cloned());
                    let scope = self.judge.probe.scope(&names);
                    functions.push(self.compose(&inputs, &|judge, case| {
                        let (facts, setting) = facts_of(judge, case);
                        let state = judge.probe.condition(&scope, &part, &facts, &setting);
                        match state {
                            Known::NotApplicable => State::NotApplicable,
                            other => yes_no(&other),
                        }
                    })?);
                    direct.push(inputs);
                }
            }
            (Subject::Table(_), None) => return Err(String::from("the document has no such rule")),
        }
        let rows = functions.len();
        extras.sort_unstable();
        extras.dedup();
        functions.extend(extras);

        let mut cases = Cases::default();
        let mut found: BTreeSet<Vec<usize>> = BTreeSet::new();
        let choices = self.choices;
        let is_whole = |variable: usize, choice: usize| choices[variable][choice].is_whole;
        let whole = self.diagrams.together(&functions, WHOLE_MAX, &is_whole);
        let every = self.diagrams.together(&functions, CLASSES_MAX, &|_, _| true);
        for (classes, is_of_whole) in [(&whole, true), (&every, false)] {
            let Ok(classes) = classes else { continue };
            for (ends, path) in classes {
                let case = if is_of_whole {
                    self.whole_case(path)
                } else {
                    self.case(path)
                };
                if rule.is_some() {
                    let states: Vec<State> = ends[..rows].iter().map(|end| self.states[*end].clone()).collect();
                    cases.stands.insert(states.clone());
                    cases.expected.insert(case.clone(), states);
                }
                found.insert(case);
            }
            let number = classes.len() as u128;
            if is_of_whole {
                cases.whole = number;
            } else {
                cases.classes = number;
            }
        }
        if whole.is_err() || every.is_err() {
            match self.groups(&functions, rows, rule) {
                Ok(groups) => self.by_groups(&groups, whole.is_err(), &mut cases, &mut found),
                Err(why) => cases.untried.push(why),
            }
        }
        // Every choice of everything behind every row, and everything that a row reads directly, where the row shows it best.
        let wanted: Vec<usize> = [
            State::Value(Value::YesNo(true)),
            State::Missing,
            State::NotApplicable,
            State::Value(Value::YesNo(false)),
        ]
        .into_iter()
        .map(|state| self.state(state))
        .collect();
        for (row, direct) in functions[..rows].to_vec().into_iter().zip(&direct) {
            for variable in self.diagrams.support(row) {
                for choice in 0..self.choices[variable].len() {
                    let mut chosen = vec![None; self.leaves.len()];
                    chosen[variable] = Some(choice);
                    if let Some(way) = self.diagrams.way(row, &chosen, &wanted) {
                        found.insert(self.whole_case(&way));
                    }
                }
            }
            for input in direct {
                for result in self.diagrams.results(*input) {
                    let nothing = vec![None; self.leaves.len()];
                    let there = self.diagrams.way(*input, &nothing, &[result]);
                    if let Some(way) = there.and_then(|there| self.diagrams.way(row, &there, &wanted)) {
                        found.insert(self.whole_case(&way));
                    }
                }
            }
        }
        cases.cases = found.into_iter().collect();
        Ok(cases)
    }

    /// With what is said nothing of chosen so that nothing is missing.
    fn whole_case(&self, path: &Path) -> Vec<usize> {
        let ways = path.iter().zip(self.choices);
        ways.map(|(own, choices)| own.unwrap_or_else(|| choices.iter().position(|choice| choice.is_whole).unwrap_or(0)))
            .collect()
    }

    /// Functions that share no variable, with the classes of each group.
    fn groups(&self, functions: &[Part], rows: usize, rule: Option<&Rule>) -> Built<Vec<Group>> {
        let support: Vec<Vec<usize>> = functions
            .iter()
            .map(|function| self.diagrams.support(*function))
            .collect();
        let mut group: Vec<usize> = (0..functions.len()).collect();
        for first in 0..functions.len() {
            for second in first + 1..functions.len() {
                if support[first].iter().any(|variable| support[second].contains(variable)) {
                    let (own, other) = (group[first], group[second]);
                    group
                        .iter_mut()
                        .filter(|number| **number == other)
                        .for_each(|number| *number = own);
                }
            }
        }
        let numbers: BTreeSet<usize> = group.iter().copied().collect();
        let mut groups = Vec::new();
        for number in numbers {
            let members: Vec<usize> = (0..functions.len()).filter(|at| group[*at] == number).collect();
            let parts: Vec<Part> = members.iter().map(|at| functions[*at]).collect();
            let classes = self.diagrams.together(&parts, GROUP_MAX, &|_, _| true);
            let classes = classes
                .map_err(|TooMuch| format!("a group of {} rows has more than {GROUP_MAX} classes", members.len()))?;
            let classes = classes
                .into_iter()
                .map(|(ends, path)| {
                    let marks = self.marks(&members, &ends, rows, rule);
                    (ends, path, marks)
                })
                .collect();
            groups.push(Group {
                functions: members,
                classes,
            });
        }
        Ok(groups)
    }

    /// Of rows that are collected, the result rests on which outcomes are certain and which are open, not on which row it
    /// was; of others, on each row that matches or is open.
    fn marks(&self, members: &[usize], ends: &[usize], rows: usize, rule: Option<&Rule>) -> Marks {
        let mut marks = Marks::new();
        for (&function, &end) in members.iter().zip(ends) {
            let state = &self.states[end];
            let is_row = function < rows;
            if is_row && *state == State::Value(Value::YesNo(false)) && rule.is_some() {
                continue;
            }
            match rule {
                Some(rule) if is_row && matches!(rule.policy.it, Policy::Collect { .. }) => {
                    let result = rule.rows[function].result.it.to_string();
                    let first = rule.rows.iter().position(|row| row.result.it.to_string() == result);
                    marks.insert((first.unwrap_or(function), end));
                }
                _ => {
                    marks.insert((rows + function, end));
                }
            }
        }
        marks
    }

    /// Every class of each group with nothing else missing and with all else missing, and every thing that a group adds
    /// beside every thing that the rest can.
    fn by_groups(&self, groups: &[Group], also_whole: bool, cases: &mut Cases, found: &mut BTreeSet<Vec<usize>>) {
        let product = groups
            .iter()
            .fold(1_u128, |all, group| all.saturating_mul(group.classes.len() as u128));
        cases.classes = product;
        if also_whole {
            cases.whole = 0;
        }
        let missing = self.states.iter().position(|state| *state == State::Missing);
        let is_missing = |end: &usize| Some(*end) == missing;
        let count = |ends: &[usize]| ends.iter().filter(|end| is_missing(end)).count();
        let merge = |paths: &[&Path]| -> Path {
            let mut all: Path = vec![None; self.leaves.len()];
            for path in paths {
                for (own, way) in all.iter_mut().zip(path.iter()) {
                    *own = own.or(*way);
                }
            }
            all
        };
        let quietest = |group: &Group| {
            group
                .classes
                .iter()
                .min_by_key(|(ends, _, marks)| (count(ends), marks.len()))
                .map(|(_, path, _)| path.clone())
                .unwrap_or_default()
        };
        let most_open = |group: &Group| {
            group
                .classes
                .iter()
                .max_by_key(|(ends, _, _)| count(ends))
                .map(|(_, path, _)| path.clone())
                .unwrap_or_default()
        };
        let quiet: Vec<Path> = groups.iter().map(quietest).collect();
        let open: Vec<Path> = groups.iter().map(most_open).collect();
        let mut pairs = 0_usize;
        for (at, group) in groups.iter().enumerate() {
            let others = |paths: &[Path]| -> Path {
                let others: Vec<&Path> = paths
                    .iter()
                    .enumerate()
                    .filter(|(own, _)| *own != at)
                    .map(|(_, path)| path)
                    .collect();
                merge(&others)
            };
            let (quiet, open) = (others(&quiet), others(&open));
            for (_, path, _) in &group.classes {
                found.insert(self.whole_case(&merge(&[path, &quiet])));
                found.insert(self.case(&merge(&[path, &open])));
            }
            // Everything that the others can add together, each with one way to it.
            let mut rests: BTreeMap<Marks, Path> = BTreeMap::from([(Marks::new(), vec![None; self.leaves.len()])]);
            for (_, other) in groups.iter().enumerate().filter(|(own, _)| *own != at) {
                let mut added: BTreeMap<&Marks, &Path> = BTreeMap::new();
                for (_, path, marks) in &other.classes {
                    added.entry(marks).or_insert(path);
                }
                let mut next: BTreeMap<Marks, Path> = BTreeMap::new();
                for (marks, path) in &rests {
                    for (more, way) in &added {
                        let all: Marks = marks.union(more).copied().collect();
                        next.entry(all).or_insert_with(|| merge(&[path, way]));
                    }
                }
                rests = next;
                if rests.len() > RESTS_MAX {
                    cases
                        .untried
                        .push(format!("the rows beside a group can add more than {RESTS_MAX} things"));
                    return;
                }
            }
            let mut own: BTreeMap<&Marks, &Path> = BTreeMap::new();
            for (_, path, marks) in &group.classes {
                own.entry(marks).or_insert(path);
            }
            for path in own.values() {
                for rest in rests.values() {
                    found.insert(self.case(&merge(&[path, rest])));
                    pairs += 1;
                }
            }
        }
        let sizes: Vec<String> = groups.iter().map(|group| group.classes.len().to_string()).collect();
        let rows: usize = groups.iter().map(|group| group.functions.len()).sum();
        cases.by_groups = Some(format!(
            "{rows} rows and conditions in {} groups that share no input, with {} classes; {pairs} ways to add to the result",
            groups.len(),
            sizes.join(" · "),
        ));
    }
}

impl Cases {
    /// Whether our own rows stand in a case as the diagrams say. What a case is not a class's for is not looked at.
    pub fn is_as_expected(&self, case: &[usize], rows: &[Known<bool>]) -> bool {
        self.expected
            .get(case)
            .is_none_or(|expected| expected.iter().eq(rows.iter().map(yes_no).collect::<Vec<_>>().iter()))
    }

    /// Whether rows that stand like this are a class that was found.
    pub fn knows(&self, rows: &[Known<bool>]) -> bool {
        let rows: Vec<State> = rows.iter().map(yes_no).collect();
        self.by_groups.is_some() || !self.untried.is_empty() || self.stands.contains(&rows)
    }
}
