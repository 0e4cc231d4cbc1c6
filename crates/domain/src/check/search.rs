//! Tries all cases: the classes of everything that a table or a condition rests on, one fact after another.
//!
//! A branch is left as soon as what is asked of it is certain: by the fifth law of the three states a result that is not S
//! never changes when an S becomes known, so a partial case stands for all its completions. That keeps the search small
//! and its examples short: they name only the facts that matter. It is exhaustive; where it would take longer than
//! [`TRIES_MAX`] it says so ([`Outcome::TooMany`]) and never samples in silence.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use rust_decimal::Decimal;

use super::uses::{self, By, Kind, Use};
use crate::fact::{Cause, Facts, Known, Name, Value};
use crate::pack::{Expr, List, Operator, Pack, ParameterDefault, RuleKind, SetBy, Test};
use crate::rules::{Classes, Probe, Setting};

/// Cases tried for one question. A table that people can read stays far below; see S309.
pub const TRIES_MAX: u32 = 20_000;
/// Different kinds of items that are tried in a list.
const ITEM_KINDS_MAX: usize = 64;
/// Items with different properties in one tried list.
const WITNESSES_MAX: usize = 3;

/// A case, as far as it has been decided.
#[derive(Clone, Debug, Default)]
pub struct Case {
    pub facts: Facts,
    pub setting: Setting,
}

/// What a visitor says of a partial case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This is what was looked for.
    Found,
    /// No completion is of interest.
    Cut,
    /// It depends on what is not decided yet.
    Open,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A case as words: `gas.inne = 3, gas.ute = 0`.
    Found(String),
    None,
    /// The limit was reached before an answer.
    TooMany,
}

/// Something that varies, with a representative of each of its classes.
#[derive(Debug)]
enum Variable {
    Fact(Name, Vec<Known<Value>>),
    Parameter(Name, Vec<Value>),
    List(Name, Vec<Vec<BTreeMap<Name, Known<Value>>>>),
}

impl Variable {
    /// The classes of both.
    fn with(self, other: Self) -> Self {
        fn joined<T: PartialEq>(mut one: Vec<T>, other: Vec<T>) -> Vec<T> {
            for class in other {
                if !one.contains(&class) {
                    one.push(class);
                }
            }
            one
        }
        match (self, other) {
            (Self::Fact(name, one), Self::Fact(_, other)) => Self::Fact(name, joined(one, other)),
            (Self::Parameter(name, one), Self::Parameter(_, other)) => Self::Parameter(name, joined(one, other)),
            (Self::List(name, one), Self::List(_, other)) => Self::List(name, joined(one, other)),
            // A name of another kind in the other document: its parts are compared as written before anything is tried.
            (one, _) => one,
        }
    }

    fn name(&self) -> &Name {
        match self {
            Self::Fact(name, _) | Self::Parameter(name, _) | Self::List(name, _) => name,
        }
    }
}

/// The document made ready for trying: parameters that bodies set vary like facts.
pub struct Search<'p> {
    pub pack: &'p Pack,
    pub probe: Probe<'p>,
    pub uses: Vec<Use>,
    classes: Classes,
    roots: BTreeMap<Name, BTreeSet<Decimal>>,
    /// Names in a calculation with more names than its boundaries can be sought in.
    unproved: BTreeSet<Name>,
}

/// The document without the defaults of what bodies may set otherwise.
pub fn loosened(pack: &Pack) -> Pack {
    let mut pack = pack.clone();
    for parameter in &mut pack.parameters {
        if parameter.set_by.it != SetBy::Law {
            parameter.default.it = ParameterDefault::None;
        }
    }
    pack
}

impl<'p> Search<'p> {
    /// `pack` is [`loosened`].
    pub fn new(pack: &'p Pack) -> Self {
        let classes = Classes::new(pack, &Self::setting(pack));
        let mut search = Self {
            pack,
            probe: Probe::new(pack),
            uses: uses::all(pack),
            classes,
            roots: BTreeMap::new(),
            unproved: BTreeSet::new(),
        };
        search.find_roots();
        search
    }

    /// Nothing set; the days on which the document begins to apply.
    fn setting(pack: &Pack) -> Setting {
        let day = pack.meta.valid_from.it;
        let mut setting = Setting::default();
        setting.days.application = day;
        setting.days.decision = day;
        setting
    }

    /// What the uses lead to, through rules: the facts, parameters and lists that are not computed, in order of first use.
    pub fn leaves<'u>(&self, from: impl IntoIterator<Item = &'u Use>) -> Vec<Name> {
        let mut seen: BTreeSet<(bool, Name)> = BTreeSet::new();
        let mut leaves: Vec<Name> = Vec::new();
        let mut todo: Vec<(Kind, Name)> = from.into_iter().map(|it| (it.kind, it.name.clone())).collect();
        todo.reverse();
        while let Some((kind, name)) = todo.pop() {
            if !seen.insert((kind == Kind::List, name.clone())) {
                continue;
            }
            if kind == Kind::Fact && self.pack.rule(&name).is_some() {
                let behind = self
                    .uses
                    .iter()
                    .filter(|it| it.by == By::Rule(RuleKind::Fact, name.clone()));
                let mut behind: Vec<_> = behind.map(|it| (it.kind, it.name.clone())).collect();
                behind.reverse();
                todo.extend(behind);
                continue;
            }
            let leaf = match self.pack.list_of_column(&name) {
                Some(list) if kind == Kind::Fact => list.name.it.clone(),
                _ => name,
            };
            if !leaves.contains(&leaf) {
                leaves.push(leaf);
            }
        }
        leaves
    }

    /// Looks for a case. `leaves`: what may vary, most telling first.
    pub fn find(&self, leaves: &[Name], mut visit: impl FnMut(&Case) -> Verdict) -> Outcome {
        let variables: Vec<Variable> = leaves.iter().filter_map(|leaf| self.variable(leaf)).collect();
        let mut case = Case {
            facts: Facts::default(),
            setting: Self::setting(self.pack),
        };
        let mut tries = TRIES_MAX;
        match self.branch(&variables, &mut case, &mut tries, &mut visit) {
            ControlFlow::Break(Stop::Found) => Outcome::Found(in_words(&case)),
            ControlFlow::Break(Stop::TooMany) => Outcome::TooMany,
            ControlFlow::Continue(()) => Outcome::None,
        }
    }

    /// How many cases there are of these, if none is left early.
    pub fn cases(&self, leaves: &[Name]) -> u128 {
        let sizes = leaves
            .iter()
            .filter_map(|leaf| self.variable(leaf))
            .map(|variable| match variable {
                Variable::Fact(_, classes) => classes.len(),
                Variable::Parameter(_, values) => values.len(),
                Variable::List(_, lists) => lists.len(),
            });
        sizes.fold(1, |all, size| all.saturating_mul(size.max(1) as u128))
    }

    /// The same over the classes of two documents together, and with each fact also missing while others are known. A
    /// visitor that says `Open` sees every case.
    pub fn find_in_both(
        &self,
        other: &Search<'_>,
        leaves: &[Name],
        tries: u32,
        mut visit: impl FnMut(&Case) -> Verdict,
    ) -> Outcome {
        let variables = leaves
            .iter()
            .filter_map(|leaf| match (self.variable(leaf), other.variable(leaf)) {
                (Some(one), Some(other)) => Some(one.with(other)),
                (one, other) => one.or(other),
            });
        let variables: Vec<Variable> = variables
            .map(|variable| match variable {
                Variable::Fact(name, mut classes) => {
                    classes.push(Known::Missing(Cause::Failed));
                    Variable::Fact(name, classes)
                }
                other => other,
            })
            .collect();
        let mut case = Case {
            facts: Facts::default(),
            setting: Self::setting(self.pack),
        };
        let mut tries = tries;
        match self.branch(&variables, &mut case, &mut tries, &mut visit) {
            ControlFlow::Break(Stop::Found) => Outcome::Found(in_words(&case)),
            ControlFlow::Break(Stop::TooMany) => Outcome::TooMany,
            ControlFlow::Continue(()) => Outcome::None,
        }
    }

    fn branch(
        &self,
        variables: &[Variable],
        case: &mut Case,
        tries: &mut u32,
        visit: &mut impl FnMut(&Case) -> Verdict,
    ) -> ControlFlow<Stop> {
        *tries = match tries.checked_sub(1) {
            Some(left) => left,
            None => return ControlFlow::Break(Stop::TooMany),
        };
        match visit(case) {
            Verdict::Found => return ControlFlow::Break(Stop::Found),
            Verdict::Cut => return ControlFlow::Continue(()),
            Verdict::Open => {}
        }
        let Some((variable, rest)) = variables.split_first() else {
            return ControlFlow::Continue(());
        };
        let name = variable.name();
        match variable {
            Variable::Fact(_, classes) => {
                for class in classes {
                    case.facts.known.insert(name.clone(), class.clone());
                    self.branch(rest, case, tries, visit)?;
                }
                case.facts.known.remove(name);
            }
            Variable::Parameter(_, classes) => {
                for class in classes {
                    case.setting
                        .parameters
                        .insert(name.clone(), vec![(None, class.clone())]);
                    self.branch(rest, case, tries, visit)?;
                }
                case.setting.parameters.remove(name);
            }
            Variable::List(_, classes) => {
                for class in classes {
                    case.facts.lists.insert(name.clone(), class.clone());
                    self.branch(rest, case, tries, visit)?;
                }
                case.facts.lists.remove(name);
            }
        }
        ControlFlow::Continue(())
    }

    fn variable(&self, leaf: &Name) -> Option<Variable> {
        if self.pack.list(leaf).is_some() {
            return Some(Variable::List(leaf.clone(), self.lists(leaf)));
        }
        if let Some(parameter) = self.pack.parameter(leaf) {
            let values: Vec<Value> = match &parameter.default.it {
                // What the law has set varies only in time.
                ParameterDefault::Dated(dated) => dated.iter().map(|(_, value)| value.clone()).collect(),
                _ => self
                    .classes
                    .of(leaf)
                    .iter()
                    .filter_map(|known| known.value().cloned())
                    .collect(),
            };
            return Some(Variable::Parameter(leaf.clone(), values));
        }
        let fact = self.pack.fact(leaf)?;
        let mut classes = self.classes.of(leaf).to_vec();
        self.add_roots(leaf, &fact.ty.it, &mut classes);
        Some(Variable::Fact(leaf.clone(), classes))
    }

    /// The numbers at which a calculation changes its answer, and their neighbours.
    fn add_roots(&self, name: &Name, ty: &crate::pack::Type, classes: &mut Vec<Known<Value>>) {
        let (Some(roots), Some((min, max, step))) = (self.roots.get(name), super::types::range(ty)) else {
            return;
        };
        for root in roots {
            let Some(on_grid) = root.checked_div(step).and_then(|n| n.floor().checked_mul(step)) else {
                continue;
            };
            for number in [on_grid.checked_sub(step), Some(on_grid), on_grid.checked_add(step)]
                .into_iter()
                .flatten()
            {
                let state = Known::Value(Value::Number(number));
                if min <= number && number <= max && !classes.contains(&state) {
                    classes.push(state);
                }
            }
        }
        classes.sort();
    }

    /// Lists that together show every combination of what is asked of their items, and of their number.
    fn lists(&self, name: &Name) -> Vec<Vec<BTreeMap<Name, Known<Value>>>> {
        let Some(list) = self.pack.list(name) else {
            return Vec::new();
        };
        let mut items: Vec<BTreeMap<Name, Known<Value>>> = vec![BTreeMap::new()];
        for (column, classes) in self.asked_columns(list) {
            let wider = items.iter().flat_map(|item| {
                classes.iter().map(|class| {
                    let mut item = item.clone();
                    item.insert(column.clone(), class.clone());
                    item
                })
            });
            // [`Self::is_unproved`] says it when this cuts.
            items = wider.take(ITEM_KINDS_MAX).collect();
        }
        let (min, max) = (list.min as usize, list.max as usize);
        let witnesses = self.questions_of(name).clamp(1, WITNESSES_MAX).min(max);
        let mut lists: Vec<Vec<usize>> = vec![Vec::new()];
        let mut all = Vec::new();
        for _ in 0..witnesses {
            let mut longer = Vec::new();
            for list in &lists {
                for kind in list.last().copied().unwrap_or(0)..items.len() {
                    let mut list = list.clone();
                    list.push(kind);
                    longer.push(list);
                }
            }
            all.append(&mut lists);
            lists = longer;
        }
        all.append(&mut lists);
        let mut sizes: Vec<usize> = self
            .roots
            .get(name)
            .into_iter()
            .flatten()
            .filter_map(|root| {
                usize::try_from(root.floor().mantissa())
                    .ok()
                    .filter(|_| root.floor().scale() == 0)
            })
            .flat_map(|root| [root.saturating_sub(1), root, root + 1])
            .collect();
        sizes.push(min);
        let mut result: Vec<Vec<BTreeMap<Name, Known<Value>>>> = Vec::new();
        for kinds in all {
            for size in &sizes {
                let mut list = kinds.clone();
                if let Some(first) = list.first().copied() {
                    while list.len() < *size {
                        list.push(first);
                    }
                }
                if list.len() < min || list.len() > max {
                    continue;
                }
                let list: Vec<_> = list.into_iter().map(|kind| items[kind].clone()).collect();
                if !result.contains(&list) {
                    result.push(list);
                }
            }
        }
        result
    }

    /// The columns that something looks at, with their classes. One that only lies in an Underlag is told apart by nothing.
    fn asked_columns<'l>(&'l self, list: &'l List) -> impl Iterator<Item = (&'l Name, Vec<Known<Value>>)> {
        list.columns.iter().filter_map(|column| {
            let name = &column.name.it;
            let is_asked = self
                .uses
                .iter()
                .any(|it| it.name == *name && matches!(it.by, By::Control | By::NeededWhen(_) | By::Rule(..)));
            is_asked.then(|| {
                let mut classes = self.classes.of(name).to_vec();
                self.add_roots(name, &column.ty.it, &mut classes);
                (name, classes)
            })
        })
    }

    /// How many different things are asked of a list's items: each may need an item of its own to show.
    fn questions_of(&self, list: &Name) -> usize {
        let mut asked: Vec<&Expr> = Vec::new();
        for condition in conditions(self.pack) {
            parts(condition, &mut |part| {
                if let Expr::Any(of, _) | Expr::All(of, _) = part
                    && of.it == *list
                    && !asked.contains(&part)
                {
                    asked.push(part);
                }
            });
        }
        asked.len()
    }

    /// Why a fact or a list is not tried in every way that the document looks at it, if it is not.
    pub fn is_unproved(&self, leaf: &Name) -> Option<&'static str> {
        let kinds = self.pack.list(leaf).map_or(1, |list| {
            let columns = self.asked_columns(list);
            columns.fold(1usize, |n, (_, classes)| n.saturating_mul(classes.len()))
        });
        if self.questions_of(leaf) > WITNESSES_MAX || kinds > ITEM_KINDS_MAX {
            return Some("frågas om sina rader på fler sätt än som kan räknas igenom");
        }
        let own =
            |name: &Name| name == leaf || self.pack.list_of_column(name).is_some_and(|list| list.name.it == *leaf);
        self.unproved
            .iter()
            .any(own)
            .then_some("står i en beräkning med fler tal än som kan räknas igenom")
    }

    // ---- calculations ----

    /// Where a comparison with a calculation changes its answer: for each name in it, with the others at their classes.
    fn find_roots(&mut self) {
        let mut comparisons: Vec<(&Expr, &Expr)> = Vec::new();
        for condition in conditions(self.pack) {
            parts(condition, &mut |part| {
                if let Expr::Compare(_, left, right) = part {
                    let is_plain = |expr: &Expr| matches!(expr, Expr::Fact(_) | Expr::Constant(_));
                    if !(is_plain(left) && is_plain(right)) {
                        comparisons.push((left, right));
                    }
                }
            });
        }
        let mut calculations: Vec<(&Expr, &Expr, Vec<Name>)> = Vec::new();
        for (left, right) in comparisons {
            let mut names: Vec<Name> = Vec::new();
            terms(left, &mut names);
            terms(right, &mut names);
            // A boundary may need the others at their ends.
            for name in &names {
                if let Some((min, max, _)) = super::graph::type_of(self.pack, name).and_then(super::types::range) {
                    self.roots.entry(name.clone()).or_default().extend([min, max]);
                }
            }
            calculations.push((left, right, names));
        }
        let ends = self.roots.clone();
        for (left, right, names) in calculations {
            for name in &names {
                let others: Vec<(&Name, Vec<Decimal>)> = names
                    .iter()
                    .filter(|other| *other != name)
                    .map(|other| (other, self.numbers(other, &ends)))
                    .collect();
                let combinations = others
                    .iter()
                    .fold(1usize, |n, (_, values)| n.saturating_mul(values.len().max(1)));
                let is_cut = others.iter().any(|(_, values)| values.len() > COMBINED_MAX);
                if is_cut || combinations > COMBINATIONS_MAX {
                    self.unproved.insert(name.clone());
                    continue;
                }
                let mut found = BTreeSet::new();
                combine(&others, &mut BTreeMap::new(), &mut |at| {
                    let difference = |value: Decimal| {
                        let mut at = at.clone();
                        at.insert(name, value);
                        number(left, &at)?.checked_sub(number(right, &at)?)
                    };
                    // Linear in each name alone: the root follows from two points.
                    if let (Some(zero), Some(one)) = (difference(Decimal::ZERO), difference(Decimal::ONE))
                        && let Some(slope) = one.checked_sub(zero)
                        && let Some(root) = (-zero).checked_div(slope)
                    {
                        found.insert(root);
                    }
                });
                self.roots.entry(name.clone()).or_default().extend(found);
            }
        }
    }

    /// The numbers that a name takes while another's root is sought.
    fn numbers(&self, name: &Name, ends: &BTreeMap<Name, BTreeSet<Decimal>>) -> Vec<Decimal> {
        let of = |value: &Value| match value {
            Value::Number(number) => Some(*number),
            _ => None,
        };
        let mut numbers: Vec<Decimal> = match self.pack.parameter(name).map(|parameter| &parameter.default.it) {
            Some(ParameterDefault::Dated(dated)) => dated.iter().filter_map(|(_, value)| of(value)).collect(),
            _ => self
                .classes
                .of(name)
                .iter()
                .filter_map(|known| known.value().and_then(of))
                .collect(),
        };
        for end in ends.get(name).into_iter().flatten() {
            if !numbers.contains(end) {
                numbers.insert(0, *end);
            }
        }
        numbers
    }
}

/// Values of one name that are tried while another's boundary is sought.
const COMBINED_MAX: usize = 8;
/// Combinations of the others' values that are tried for one name. A calculation with more names is not proved.
const COMBINATIONS_MAX: usize = 4_096;

enum Stop {
    Found,
    TooMany,
}

/// Every condition of the document.
fn conditions(pack: &Pack) -> impl Iterator<Item = &Expr> {
    let cells = pack.rules.iter().flat_map(|rule| &rule.rows).flat_map(|row| &row.tests);
    pack.steps
        .iter()
        .map(|step| &step.needed_when.it)
        .chain(pack.controls.iter().map(|control| &control.condition.it))
        .chain(cells.filter_map(|cell| match &cell.it {
            Test::Condition(condition) => Some(condition),
            _ => None,
        }))
}

/// Visits a condition and all its parts.
fn parts<'e>(condition: &'e Expr, visit: &mut impl FnMut(&'e Expr)) {
    visit(condition);
    match condition {
        Expr::Compare(_, left, right) | Expr::Arithmetic(_, left, right) => {
            parts(left, visit);
            parts(right, visit);
        }
        Expr::And(all) | Expr::Or(all) => all.iter().for_each(|part| parts(part, visit)),
        Expr::Not(inner) | Expr::Any(_, inner) | Expr::All(_, inner) => parts(inner, visit),
        _ => {}
    }
}

/// The names in a calculation. A sum goes by its column (a list of one), a count by its list.
fn terms(expr: &Expr, names: &mut Vec<Name>) {
    parts(expr, &mut |part| {
        if let Expr::Fact(name) | Expr::Sum(name) | Expr::Count(name) = part
            && !names.contains(&name.it)
        {
            names.push(name.it.clone());
        }
    });
}

fn combine<'n>(
    others: &[(&'n Name, Vec<Decimal>)],
    at: &mut BTreeMap<&'n Name, Decimal>,
    each: &mut impl FnMut(&BTreeMap<&'n Name, Decimal>),
) {
    let Some(((name, values), rest)) = others.split_first() else {
        each(at);
        return;
    };
    for value in values {
        at.insert(name, *value);
        combine(rest, at, each);
    }
    at.remove(name);
}

fn number(expr: &Expr, at: &BTreeMap<&Name, Decimal>) -> Option<Decimal> {
    match expr {
        Expr::Fact(name) | Expr::Sum(name) | Expr::Count(name) => at.get(&name.it).copied(),
        Expr::Constant(value) => match &value.it {
            Value::Number(number) => Some(*number),
            _ => None,
        },
        Expr::Arithmetic(how, left, right) => {
            let (left, right) = (number(left, at)?, number(right, at)?);
            match how {
                Operator::Plus => left.checked_add(right),
                Operator::Minus => left.checked_sub(right),
                Operator::Times => left.checked_mul(right),
                Operator::Divide => left.checked_div(right),
            }
        }
        _ => None,
    }
}

// ---- examples ----

/// `gas.inne = 3, lokal.typ = "liten lokal"`
fn in_words(case: &Case) -> String {
    let mut words: Vec<String> = Vec::new();
    for (name, known) in &case.facts.known {
        words.push(format!("{name} = {}", state(known)));
    }
    for (list, items) in &case.facts.lists {
        if items.is_empty() {
            words.push(format!("antal({list}) = 0"));
        }
        for (at, item) in items.iter().enumerate() {
            for (column, known) in item {
                let column = column.as_str().strip_prefix(list.as_str()).unwrap_or(column.as_str());
                words.push(format!("{list}[{}]{column} = {}", at + 1, state(known)));
            }
        }
    }
    for (name, values) in &case.setting.parameters {
        if let Some((_, value)) = values.first() {
            words.push(format!("{name} = {value}"));
        }
    }
    if words.is_empty() {
        return "vilka uppgifter som helst".to_owned();
    }
    words.join(", ")
}

fn state(known: &Known<Value>) -> String {
    match known {
        Known::Value(value) => {
            let text = value.to_string();
            if text.contains(' ') && matches!(value, Value::Choice(_) | Value::Text(_)) {
                format!("\"{text}\"")
            } else {
                text
            }
        }
        Known::NotApplicable => "ej aktuellt".to_owned(),
        Known::Missing(_) => "saknas".to_owned(),
    }
}
