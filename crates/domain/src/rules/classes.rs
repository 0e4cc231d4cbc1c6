//! Classes: each fact's domain split where the document looks, with representatives of every part.
//!
//! Two values of one class are told apart by no cell, condition, control or parameter of the document, so whoever wants to
//! try all cases (the checker for gaps, overlaps and unreachable steps; relevance) tries the representatives only:
//!
//! ```ignore
//! let classes = Classes::new(pack, &setting);
//! for state in classes.of(&gas_inne) { … }            // 0, 2, 3, … each a `Known<Value>`; E where it can occur
//! let same = classes.class_of(&gas_inne, &value);     // the index of the class that a value belongs to
//! ```
//!
//! - Boundaries come from cells, `när` conditions, *Behövs när*, controls and all dated values of parameters. `> 2` on
//!   `tal 0–5000` gives below 2, 2, above 2: both sides and the point itself.
//! - Facts that are compared with each other (`gas.inne > gräns.inne`) share their boundaries, and each part holds as many
//!   representatives as there are facts compared, so that every order between them occurs.
//! - A fact of source `regel` has the results that its rows give, one of source `steg` the other step's outcomes, a
//!   parameter that is set its value. E occurs for a register fact with `ingen post = ej aktuellt`, where a row gives it,
//!   and for the outcome of a step that is not always needed. S is never among them: add it yourself if you try missing.
//! - Of several choices (`flera av`) the words that the document names are tried in every combination, with as many others as
//!   it counts.
//! - What is calculated (`gas.inne + gas.ute > 60`, `summa(…)`) has no exact classes of its inputs. Its constants are
//!   boundaries of each input, which finds the usual faults but proves nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::Setting;
use super::evaluate::{EXPRESSION_DEPTH_MAX, parameter_value};
use super::graph::{Graph, Node, cells, names_in, walk};
use super::state::{self, Compared};
use crate::fact::{Attachment, Facts, Known, Name, Value};
use crate::pack::{
    CellResult, Expr, NoRecord, Operand, Pack, Parameter, ParameterDefault, ParameterType, Source, Test, Type,
};

/// Representatives of every class of every fact, list column and parameter.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    of: BTreeMap<Name, Partition>,
    /// What is compared with other facts: a known value of it is a boundary for them.
    compared: BTreeSet<Name>,
}

#[derive(Clone, Debug, Default)]
struct Partition {
    representatives: Vec<Known<Value>>,
    boundaries: BTreeSet<Value>,
    subsets: Subsets,
}

impl Classes {
    pub fn new(pack: &Pack, setting: &Setting) -> Self {
        Self::of_graph(&Graph::new(pack), setting, None)
    }

    /// A representative of each class, in order; empty for a name that the document does not define, and for a
    /// delegation.
    pub fn of(&self, fact: &Name) -> &[Known<Value>] {
        self.of.get(fact).map_or(&[], |partition| &partition.representatives)
    }

    /// Which of [`Self::of`] a value is as good as. `None` when it is outside the fact's type.
    pub fn class_of(&self, fact: &Name, value: &Known<Value>) -> Option<usize> {
        let partition = self.of.get(fact)?;
        let exactly = partition
            .representatives
            .iter()
            .position(|representative| representative == value);
        exactly.or_else(|| {
            let Known::Value(value) = value else { return None };
            if let Value::Set(words) = value {
                let kind = partition.subsets.kind(words);
                return partition.representatives.iter().position(|representative| {
                    matches!(representative, Known::Value(Value::Set(other)) if partition.subsets.kind(other) == kind)
                });
            }
            let place = partition.place(value);
            partition.representatives.iter().position(|representative| {
                matches!(representative, Known::Value(other) if same_kind(value, other) && partition.place(other) == place)
            })
        })
    }

    /// Several choices with more named words than are tried in every combination.
    pub fn is_cut(&self, fact: &Name) -> bool {
        self.of
            .get(fact)
            .is_some_and(|partition| partition.subsets.named.len() > NAMED_WORDS_MAX)
    }

    /// Of what is known the part that the classes themselves depend on: values that others are compared with, values outside
    /// every class, and what other steps' outcomes are told to be. `self` is without facts.
    pub(super) fn met(&self, graph: &Graph<'_>, facts: &Facts) -> Facts {
        let is_met = |name: &Name, known: &Known<Value>| {
            !known.is_missing()
                && graph.fact(name).is_some_and(|id| {
                    self.compared.contains(name)
                        || matches!(graph.nodes[id], Node::OutcomeOf(..))
                        || self.class_of(name, known).is_none()
                })
        };
        let met = facts.known.iter().filter(|(name, known)| is_met(name, known));
        Facts {
            known: met.map(|(name, known)| (name.clone(), known.clone())).collect(),
            ..Facts::default()
        }
    }

    /// With `facts`: what is known is a representative where the class alone would not do.
    pub(super) fn of_graph(graph: &Graph<'_>, setting: &Setting, facts: Option<&Facts>) -> Self {
        let mut boundaries = Boundaries::of(graph, setting);
        if let Some(facts) = facts {
            boundaries.see_known(graph, facts);
        }
        let mut classes = Self::default();
        for (id, node) in graph.nodes.iter().enumerate() {
            let (part, compared) = boundaries.part(id);
            if compared > 1 {
                classes.compared.insert(node.name().clone());
            }
            let representatives = match node {
                Node::Leaf(fact) | Node::Column(fact, _) => {
                    let mut states = representatives(&fact.ty.it, part, compared);
                    if let Source::Register(register) = &fact.source.it
                        && register.no_record == NoRecord::NotApplicable
                    {
                        states.push(Known::NotApplicable);
                    }
                    states
                }
                Node::Parameter(parameter) => match (parameter_value(parameter, setting), &parameter.ty.it) {
                    (Some(value), _) => vec![Known::Value(value.clone())],
                    (None, ParameterType::Value(ty)) => representatives(ty, part, compared),
                    (None, ParameterType::Delegation) => Vec::new(),
                },
                Node::Rule(rule) | Node::ItemRule(rule, ..) => {
                    let mut states = Vec::new();
                    for row in &rule.rows {
                        let state = match &row.result.it {
                            CellResult::Value(value) => Known::Value(value.clone()),
                            CellResult::NotApplicable => Known::NotApplicable,
                            // What is calculated has no classes of its own: it varies with what it is calculated from.
                            CellResult::Calculated(_) | CellResult::CaseWorker => continue,
                        };
                        if !states.contains(&state) {
                            states.push(state);
                        }
                    }
                    states
                }
                Node::OutcomeOf(_, step) => {
                    let mut states: Vec<_> = graph
                        .pack
                        .outcomes_of(step)
                        .map(|outcome| Known::Value(Value::Choice(outcome.name.it.clone())))
                        .collect();
                    let always = graph
                        .pack
                        .step(step)
                        .is_some_and(|step| step.needed_when.it == Expr::Always);
                    if !always && !states.is_empty() {
                        states.push(Known::NotApplicable);
                    }
                    states
                }
                Node::Dangling(_) | Node::Needed(_) | Node::Outcome(_) => continue,
            };
            let words = match node {
                Node::Leaf(fact) | Node::Column(fact, _) => match &fact.ty.it {
                    Type::Several(words) => words.as_slice(),
                    _ => &[],
                },
                _ => &[],
            };
            let partition = Partition {
                representatives,
                boundaries: part.clone(),
                subsets: Subsets::of(words, part),
            };
            classes.of.insert(node.name().clone(), partition);
        }
        if let Some(facts) = facts {
            for (name, known) in &facts.known {
                if !known.is_missing()
                    && classes.class_of(name, known).is_none()
                    && let Some(partition) = classes.of.get_mut(name)
                {
                    partition.representatives.push(known.clone());
                }
            }
        }
        classes
    }
}

impl Partition {
    /// Where a value lies among the boundaries: words that none names lie together.
    fn place(&self, value: &Value) -> (usize, bool) {
        let on = self.boundaries.contains(value);
        match value {
            Value::Number(_) | Value::Date(_) | Value::Clock(_) => (self.boundaries.range(..value).count(), on),
            Value::YesNo(yes) | Value::Assessment { answer: yes, .. } => (usize::from(*yes), true),
            // Of a period only its parts are looked at, and they are calculated.
            Value::Attachment(_) | Value::Period { .. } => (0, false),
            _ if on => (self.boundaries.range(..value).count(), true),
            _ => (usize::MAX, false),
        }
    }
}

fn same_kind(one: &Value, other: &Value) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

// ---- boundaries ----

/// The constants that each fact meets; facts that are compared with each other meet the same.
struct Boundaries<'g, 'p> {
    graph: &'g Graph<'p>,
    /// By node: the node that stands for all that it is compared with.
    leader: Vec<usize>,
    /// By leader.
    constants: HashMap<usize, BTreeSet<Value>>,
    /// By leader: how many of them may vary.
    varying: HashMap<usize, usize>,
    none: BTreeSet<Value>,
    setting: &'g Setting,
}

impl<'g, 'p> Boundaries<'g, 'p> {
    fn of(graph: &'g Graph<'p>, setting: &'g Setting) -> Self {
        let mut boundaries = Self {
            graph,
            leader: (0..graph.nodes.len()).collect(),
            constants: HashMap::new(),
            varying: HashMap::new(),
            none: BTreeSet::new(),
            setting,
        };
        let pack = graph.pack;
        let mut constants: Vec<(&Name, Value)> = Vec::new();
        for rule in &pack.rules {
            for row in &rule.rows {
                for (column, test) in cells(rule, row) {
                    boundaries.see_test(column, test, &mut constants);
                }
            }
        }
        for step in &pack.steps {
            boundaries.see(&step.needed_when.it, &mut constants);
        }
        for control in &pack.controls {
            boundaries.see(&control.condition.it, &mut constants);
        }
        for parameter in &pack.parameters {
            for value in dated_values(parameter, setting) {
                constants.push((&parameter.name.it, value.clone()));
            }
        }
        for rule in &pack.rules {
            for row in &rule.rows {
                if let CellResult::Value(value) = &row.result.it {
                    constants.push((&rule.name.it, value.clone()));
                }
            }
        }
        for (name, value) in constants {
            if let Some(id) = graph.fact(name) {
                let leader = boundaries.leader_of(id);
                boundaries.constants.entry(leader).or_default().insert(value);
            }
        }
        for (id, node) in graph.nodes.iter().enumerate() {
            let varies = match node {
                Node::Leaf(_) | Node::Column(..) => true,
                Node::Parameter(parameter) => parameter_value(parameter, setting).is_none(),
                _ => false,
            };
            if varies {
                *boundaries.varying.entry(boundaries.leader_of(id)).or_default() += 1;
            }
        }
        boundaries
    }

    /// The boundaries of a node, and how many representatives a part needs.
    fn part(&self, id: usize) -> (&BTreeSet<Value>, usize) {
        let leader = self.leader_of(id);
        let varying = self.varying.get(&leader).copied().unwrap_or(1).clamp(1, COMPARED_MAX);
        (self.constants.get(&leader).unwrap_or(&self.none), varying)
    }

    /// A known value is a boundary for what it is compared with.
    fn see_known(&mut self, graph: &Graph<'_>, facts: &Facts) {
        for (name, known) in &facts.known {
            if let (Some(id), Known::Value(value)) = (graph.fact(name), known) {
                let leader = self.leader_of(id);
                if self.varying.get(&leader).is_some_and(|varying| *varying > 1) {
                    self.constants.entry(leader).or_default().insert(value.clone());
                }
            }
        }
    }

    fn leader_of(&self, id: usize) -> usize {
        let mut at = id;
        while self.leader[at] != at {
            at = self.leader[at];
        }
        at
    }

    fn compared(&mut self, one: &Name, other: &Name) {
        if let (Some(one), Some(other)) = (self.graph.fact(one), self.graph.fact(other)) {
            let (one, other) = (self.leader_of(one), self.leader_of(other));
            self.leader[other.max(one)] = one.min(other);
        }
    }

    fn fold(&self, expr: &Expr) -> Option<Decimal> {
        let parameter = |name: &Name| match self.graph.nodes[self.graph.fact(name)?] {
            Node::Parameter(parameter) => match Compared::from(parameter_value(parameter, self.setting)?) {
                Compared::Number(number) => Some(number),
                _ => None,
            },
            _ => None,
        };
        fold(expr, &parameter, 0)
    }

    fn see_test<'e>(&mut self, column: Option<&'e Name>, test: &'e Test, constants: &mut Vec<(&'e Name, Value)>) {
        let mut meet = |column: &'e Name, operand: &'e Operand| match operand {
            Operand::Constant(value) => constants.push((column, value.clone())),
            Operand::Fact(name) => self.compared(column, name),
        };
        match (column, test) {
            (Some(column), Test::Has(word) | Test::Lacks(word)) => {
                constants.push((column, Value::Choice(word.clone())))
            }
            (Some(column), Test::Within(low, high)) => {
                constants.push((column, low.clone()));
                constants.push((column, high.clone()));
            }
            (Some(column), Test::Compare(_, operand)) => meet(column, operand),
            (Some(column), Test::OneOf(operands) | Test::NotOneOf(operands)) => {
                for operand in operands {
                    meet(column, operand);
                }
            }
            (Some(column), Test::Between(low, high)) => {
                constants.push((column, Value::Number(*low)));
                constants.push((column, Value::Number(*high)));
            }
            (_, Test::Condition(expr)) => self.see(expr, constants),
            _ => {}
        }
    }

    fn see<'e>(&mut self, expr: &'e Expr, constants: &mut Vec<(&'e Name, Value)>) {
        walk(expr, &mut |part| {
            if let Expr::Has(name, word) = part {
                constants.push((&name.it, Value::Choice(word.it.clone())));
            }
            let Expr::Compare(_, left, right) = part else { return };
            match (&**left, &**right) {
                (Expr::Size(name), other) | (other, Expr::Size(name)) if self.fold(other).is_some() => {
                    constants.extend(self.fold(other).map(|number| (&name.it, Value::Number(number))));
                }
                (Expr::Fact(one), Expr::Fact(other)) => self.compared(&one.it, &other.it),
                (Expr::Fact(name), Expr::Constant(value)) | (Expr::Constant(value), Expr::Fact(name)) => {
                    constants.push((&name.it, value.it.clone()));
                }
                (Expr::Fact(name), other) | (other, Expr::Fact(name)) if self.fold(other).is_some() => {
                    constants.extend(self.fold(other).map(|number| (&name.it, Value::Number(number))));
                }
                _ => {
                    let mut values = Vec::new();
                    walk(part, &mut |inner| {
                        if let Expr::Constant(value) = inner {
                            values.push(&value.it);
                        }
                    });
                    names_in(part, &mut |name| {
                        constants.extend(values.iter().map(|value| (name, (*value).clone())));
                    });
                }
            }
        });
    }
}

/// The number that constants and parameters that are set come to: `4 * lag.prisbasbelopp`.
pub(super) fn fold(expr: &Expr, parameter: &impl Fn(&Name) -> Option<Decimal>, depth: usize) -> Option<Decimal> {
    match expr {
        _ if depth > EXPRESSION_DEPTH_MAX => None,
        Expr::Constant(value) => match Compared::from(&value.it) {
            Compared::Number(number) => Some(number),
            _ => None,
        },
        Expr::Fact(name) => parameter(&name.it),
        Expr::InUnit(number, conversion) => fold(number, parameter, depth + 1)?.checked_mul(conversion.factor),
        Expr::Arithmetic(how, left, right) => {
            let left = Known::Value(Compared::Number(fold(left, parameter, depth + 1)?));
            let right = Known::Value(Compared::Number(fold(right, parameter, depth + 1)?));
            match state::calculate(*how, &left, &right) {
                Known::Value(Compared::Number(number)) => Some(number),
                _ => None,
            }
        }
        _ => None,
    }
}

/// More facts in one comparison than this get no more representatives.
const COMPARED_MAX: usize = 4;

fn dated_values<'a>(parameter: &'a Parameter, setting: &'a Setting) -> impl Iterator<Item = &'a Value> {
    let set = setting
        .parameters
        .get(&parameter.name.it)
        .map_or(&[][..], Vec::as_slice);
    let default = match &parameter.default.it {
        ParameterDefault::Dated(dated) => dated.as_slice(),
        ParameterDefault::None | ParameterDefault::CaseWorker => &[],
    };
    set.iter().chain(default).map(|(_, value)| value)
}

// ---- representatives ----

/// Skatteverket's official test numbers (Testpersonnummer, published as open data).
const TEST_NUMBERS: [&str; COMPARED_MAX + 1] = [
    "190506249804",
    "190506259811",
    "190506269802",
    "190506279819",
    "190506289800",
];
/// Made-up organisation numbers with valid check digits.
const MADE_UP_COMPANIES: [&str; COMPARED_MAX + 1] =
    ["5599000006", "5599000014", "5599000022", "5599000030", "5599000048"];

fn representatives(ty: &Type, boundaries: &BTreeSet<Value>, compared: usize) -> Vec<Known<Value>> {
    let values = match ty {
        Type::YesNo => vec![Value::YesNo(true), Value::YesNo(false)],
        Type::Assessment => [true, false]
            .map(|answer| Value::Assessment {
                answer,
                reasons: String::from("exempel"),
            })
            .into(),
        Type::Choice(words) => words.iter().cloned().map(Value::Choice).collect(),
        Type::Number { min, max, decimals, .. } => numbers(*min, *max, *decimals, boundaries, compared),
        Type::Kronor { min, max } => numbers(*min, *max, 0, boundaries, compared),
        Type::Date => dates(boundaries, compared),
        Type::Several(words) => Subsets::of(words, boundaries)
            .representatives(words)
            .into_iter()
            .map(Value::Set)
            .collect(),
        Type::Clock { from, to } => clocks(*from, *to, boundaries, compared),
        Type::Period => {
            let (from, to) = (Date::constant(2026, 5, 1), Date::constant(2026, 9, 30));
            vec![Value::Period { from, to }, Value::Period { from, to: from }]
        }
        Type::Text { .. } => words(boundaries, compared, |n| Value::Text(format!("exempel {n}"))),
        Type::Property => words(boundaries, compared, |n| {
            Value::Property(format!("EXEMPELSTAD TALLEN {n}"))
        }),
        Type::Municipality => words(boundaries, compared, |n| Value::Choice(format!("{n:04}"))),
        Type::OrgNr => words(boundaries, compared, |n| made_up(&MADE_UP_COMPANIES, n, Value::OrgNr)),
        Type::PersonNr => words(boundaries, compared, |n| made_up(&TEST_NUMBERS, n, Value::PersonNr)),
        Type::Attachment { formats, .. } => vec![Value::Attachment(Attachment {
            file_name: String::from("exempel"),
            format: formats.first().cloned().unwrap_or_default(),
            bytes: 1,
            sha256: "0".repeat(64),
        })],
    };
    values.into_iter().map(Known::Value).collect()
}

/// How the document tells choices of several words apart: by the words that it names, and by how many they are.
#[derive(Clone, Debug, Default)]
struct Subsets {
    named: BTreeSet<String>,
    /// How many of the words that nobody names make a difference.
    others: usize,
}

/// Words of one choice that are tried in every combination. With more each is tried alone and left out alone.
pub const NAMED_WORDS_MAX: usize = 6;

impl Subsets {
    fn of(words: &[String], boundaries: &BTreeSet<Value>) -> Self {
        let mut named = BTreeSet::new();
        let mut others = 0;
        for boundary in boundaries {
            match boundary {
                Value::Choice(word) if words.contains(word) => {
                    named.insert(word.clone());
                }
                // Whether it is empty.
                Value::Set(_) => others = others.max(1),
                Value::Number(number) => {
                    let number = usize::try_from(number.trunc().mantissa()).unwrap_or(0);
                    others = others.max(number.saturating_add(1));
                }
                _ => {}
            }
        }
        let others = others.min(words.len() - named.len());
        Self { named, others }
    }

    /// Two choices of the same kind are told apart by nothing.
    fn kind(&self, words: &BTreeSet<String>) -> (BTreeSet<String>, usize) {
        let named: BTreeSet<String> = words.intersection(&self.named).cloned().collect();
        let others = (words.len() - named.len()).min(self.others);
        (named, others)
    }

    fn representatives(&self, words: &[String]) -> Vec<BTreeSet<String>> {
        let named: Vec<&String> = words.iter().filter(|word| self.named.contains(*word)).collect();
        let rest: Vec<&String> = words.iter().filter(|word| !self.named.contains(*word)).collect();
        let mut subsets: Vec<BTreeSet<String>> = Vec::new();
        if named.len() <= NAMED_WORDS_MAX {
            for bits in 0u32..1 << named.len() {
                let chosen = named.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
                subsets.push(chosen.map(|(_, word)| (*word).clone()).collect());
            }
        } else {
            let all: BTreeSet<String> = named.iter().map(|word| (*word).clone()).collect();
            subsets.push(BTreeSet::new());
            for word in &named {
                subsets.push(BTreeSet::from([(*word).clone()]));
                let mut others = all.clone();
                others.remove(*word);
                subsets.push(others);
            }
            subsets.push(all);
        }
        let mut result = Vec::new();
        for others in 0..=self.others {
            for subset in &subsets {
                let mut subset = subset.clone();
                subset.extend(rest.iter().take(others).map(|word| (*word).clone()));
                result.push(subset);
            }
        }
        result
    }
}

/// Clock times as numbers of minutes.
fn clocks(from: u16, to: u16, boundaries: &BTreeSet<Value>, compared: usize) -> Vec<Value> {
    let minutes: BTreeSet<Value> = boundaries
        .iter()
        .filter_map(|value| match value {
            Value::Clock(minutes) => Some(Value::Number(Decimal::from(*minutes))),
            _ => None,
        })
        .collect();
    let all = numbers(Decimal::from(from), Decimal::from(to), 0, &minutes, compared);
    let clock = |value: Value| match value {
        Value::Number(number) => u16::try_from(number).ok().map(Value::Clock),
        _ => None,
    };
    all.into_iter().filter_map(clock).collect()
}

fn made_up(numbers: &[&str], n: usize, value: impl Fn(String) -> Value) -> Value {
    value(numbers[n.saturating_sub(1) % numbers.len()].to_owned())
}

/// The words that are named, and as many others as are compared.
fn words(boundaries: &BTreeSet<Value>, compared: usize, other: impl Fn(usize) -> Value) -> Vec<Value> {
    let kind = other(1);
    let mut words: Vec<Value> = boundaries
        .iter()
        .filter(|value| same_kind(value, &kind))
        .cloned()
        .collect();
    let named = words.len();
    for n in 1.. {
        if words.len() - named >= compared || n > named + TEST_NUMBERS.len() {
            break;
        }
        let other = other(n);
        if !words.contains(&other) {
            words.push(other);
        }
    }
    words
}

fn numbers(min: Decimal, max: Decimal, decimals: u32, boundaries: &BTreeSet<Value>, compared: usize) -> Vec<Value> {
    let step = Decimal::new(1, decimals.min(Decimal::MAX_SCALE));
    let points: Vec<Decimal> = boundaries
        .iter()
        .filter_map(|value| match Compared::from(value) {
            Compared::Number(number) if (min..=max).contains(&number) => Some(number),
            _ => None,
        })
        .collect();
    let mut values = Vec::new();
    // The next number of the type's own fineness, from `low` on or above it.
    let next = |low: Decimal, included: bool| {
        let on_grid = low.checked_div(step)?.floor().checked_mul(step)?;
        if on_grid > low || (included && on_grid == low) {
            Some(on_grid)
        } else {
            on_grid.checked_add(step)
        }
    };
    let mut between = |low: Decimal, included: bool, high: Option<Decimal>| {
        let mut at = next(low, included);
        for _ in 0..compared {
            match at {
                Some(number) if number <= max && high.is_none_or(|high| number < high) => {
                    values.push(Value::Number(number));
                    at = number.checked_add(step);
                }
                _ => break,
            }
        }
        if let Some(high) = high {
            values.push(Value::Number(high));
        }
    };
    let mut low = (min, true);
    for point in points {
        between(low.0, low.1, Some(point));
        low = (point, false);
    }
    between(low.0, low.1, None);
    values.retain(|value| matches!(value, Value::Number(number) if number.checked_rem(step) == Some(Decimal::ZERO)));
    values
}

fn dates(boundaries: &BTreeSet<Value>, compared: usize) -> Vec<Value> {
    let points: Vec<Date> = boundaries
        .iter()
        .filter_map(|value| match value {
            Value::Date(date) => Some(*date),
            _ => None,
        })
        .collect();
    let Some(first) = points.first() else {
        let mut days = vec![Date::constant(2026, 1, 1)];
        days.resize_with(compared, || Date::constant(2026, 1, 2));
        for at in 1..days.len() {
            days[at] = days[at - 1].tomorrow().unwrap_or(Date::MAX);
        }
        return days.into_iter().map(Value::Date).collect();
    };
    let mut days = BTreeSet::from_iter(points.iter().copied());
    let mut before = *first;
    for _ in 0..compared {
        before = before.yesterday().unwrap_or(Date::MIN);
        days.insert(before);
    }
    for point in points {
        let mut after = point;
        for _ in 0..compared {
            after = after.tomorrow().unwrap_or(Date::MAX);
            days.insert(after);
        }
    }
    days.into_iter().map(Value::Date).collect()
}
