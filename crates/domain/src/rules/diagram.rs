//! Decision diagrams: a result as a function of the classes of the facts behind it, over all completions at once.
//!
//! Always true here: variables come in one fixed order, equal parts are one node, and a node's branches differ. So two
//! results are the same function exactly when they are the same node, and a result depends on a variable exactly when
//! the variable is in it. That makes the fifth law exact without trying completions one by one: the memo does it.
//! What is calculated from facts (`gas.inne + gas.ute > 60`, `summa(…)`, `någon(…)`) is a variable of its own; two such
//! over the same facts count as independent, which can only make more facts relevant.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::classes::{Classes, fold};
use super::evaluate::{EXPRESSION_DEPTH_MAX, Evaluator, Force, outcome_word};
use super::explain::expression_text;
use super::graph::{Id, Node, cells, names_in, walk};
use super::state::{self, Compared, State};
use crate::fact::{Known, Name};
use crate::pack::{CellResult, Comparison, Expr, Operand, Operator, Policy, Row, Rule, Step, Test, Transition};

/// Steps of work for one result. A document that needs more gets the structural answer instead, and it is said.
pub const WORK_MAX: usize = 200_000;
/// Remembered parts of all results together: about 100 MB.
const MEMO_MAX: usize = 1_000_000;
/// Facts and calculations in one document's diagrams: the depth of recursion here.
pub const VARIABLES_MAX: usize = 1_000;

/// More work than [`WORK_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMuch;

/// A node, or an end when the highest bit is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ref(u32);

const END: u32 = 1 << 31;

/// By what the diagrams number themselves: nobody outside chooses the keys, so mixing them lightly will do.
type Quick<K, V> = HashMap<K, V, BuildHasherDefault<Mix>>;

#[derive(Default)]
struct Mix(u64);

impl Mix {
    fn add(&mut self, part: u64) {
        self.0 = (self.0.rotate_left(5) ^ part).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut part = [0; 8];
            part[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(part));
        }
    }

    fn write_u32(&mut self, part: u32) {
        self.add(u64::from(part));
    }

    fn write_u64(&mut self, part: u64) {
        self.add(part);
    }

    fn write_usize(&mut self, part: usize) {
        self.add(part as u64);
    }

    fn finish(&self) -> u64 {
        // The table looks at the highest and the lowest bits.
        self.0.rotate_left(26)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum End<'d> {
    Value(Compared<'d>),
    NotApplicable,
    /// Missing though every leaf is known: a gap, a conflict, a fault in the document.
    Missing,
    /// A person must look.
    CaseWorker,
    /// No row so far.
    NoRow,
    /// Which row gave the result.
    Row(usize),
    /// What a row of a rule's node calculates.
    Calculated(Id, usize),
}

const YES: End<'static> = End::Value(Compared::YesNo(true));
const NO: End<'static> = End::Value(Compared::YesNo(false));

impl<'d> End<'d> {
    fn state(self) -> State<'d> {
        match self {
            Self::Value(value) => Known::Value(value),
            Self::NotApplicable => Known::NotApplicable,
            Self::Missing | Self::CaseWorker | Self::NoRow | Self::Row(_) | Self::Calculated(..) => {
                Known::Missing(state::FAILED)
            }
        }
    }

    fn of_state(state: State<'d>) -> Self {
        match state {
            Known::Value(value) => Self::Value(value),
            Known::NotApplicable => Self::NotApplicable,
            Known::Missing(_) => Self::Missing,
        }
    }

    fn of_condition(condition: Known<bool>) -> Self {
        Self::of_state(condition.map(Compared::YesNo))
    }

    fn condition(self) -> Known<bool> {
        state::condition(self.state())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Op {
    Compare(Comparison),
    Calculate(Operator),
    And,
    Or,
    Not,
    IsNotApplicable,
    /// (several, word)
    Has,
    Size,
    /// E is no match.
    Cell,
    /// (matches, the row's result, what the rows after it give)
    First,
    Unique,
    Collect,
    /// (matches, result): an open row leaves everything open.
    Complete,
    /// Whether a step is needed: a condition that is *ej aktuellt* decides as little as one that is missing.
    Decides,
    /// (needed, result if needed)
    When,
    /// No row, and what a person must look at, are missing for whoever reads the result.
    Told,
    /// No row is missing.
    Close,
}

/// What varies: a fact by its classes, or a calculation by its answer.
#[derive(Debug)]
pub(super) struct Variable<'d> {
    ends: Vec<End<'d>>,
    /// The leaves behind it: one for a fact, several for a calculation.
    pub leaves: Vec<Id>,
    pub calculated: bool,
    /// The branch that is known.
    pub known: Option<usize>,
}

pub(super) struct Diagrams<'d, 'a> {
    evaluator: &'d Evaluator<'a>,
    classes: &'d Classes,
    pub variables: Vec<Variable<'d>>,
    leaf_variable: HashMap<Id, usize>,
    calculation_variable: HashMap<String, usize>,
    nodes: Vec<(usize, Box<[Ref]>)>,
    unique: Quick<(usize, Box<[Ref]>), Ref>,
    ends: Vec<End<'d>>,
    end_refs: HashMap<End<'d>, Ref>,
    memo: Quick<(Op, [Ref; 3]), Ref>,
    of: Vec<Result<Ref, TooMuch>>,
    work: usize,
}

impl<'d, 'a> Diagrams<'d, 'a> {
    /// The diagrams of all facts and of when steps are needed.
    pub fn new(evaluator: &'d Evaluator<'a>, classes: &'d Classes) -> Self {
        let graph = &evaluator.graph;
        let mut diagrams = Self {
            evaluator,
            classes,
            variables: Vec::new(),
            leaf_variable: HashMap::new(),
            calculation_variable: HashMap::new(),
            nodes: Vec::new(),
            unique: Quick::default(),
            ends: Vec::new(),
            end_refs: HashMap::new(),
            memo: Quick::default(),
            of: vec![Err(TooMuch); graph.nodes.len()],
            work: 0,
        };
        let mut outcome_is_read = vec![false; graph.nodes.len()];
        for node in &graph.nodes {
            if let Node::OutcomeOf(_, step) = node
                && let Some(id) = graph.outcome(step)
            {
                outcome_is_read[id] = true;
            }
        }
        for &id in &graph.order {
            if matches!(graph.nodes[id], Node::Outcome(_)) && !outcome_is_read[id] {
                continue;
            }
            diagrams.work = 0;
            diagrams.of[id] = diagrams.node(id);
        }
        diagrams
    }

    pub fn of(&self, id: Id) -> Result<Ref, TooMuch> {
        self.of[id]
    }

    /// `result` where the step is needed, else E.
    pub fn when_needed(&mut self, step: &Step, result: Ref) -> Result<Ref, TooMuch> {
        self.work = 0;
        let needed = match self.evaluator.graph.needed(&step.name.it) {
            Some(id) => self.of[id]?,
            None => self.end(End::Missing),
        };
        self.apply(Op::When, &[needed, result])
    }

    /// What an outcome rule gives a needed step, as functions that must all be known: of a rule that collects, each
    /// row, since every ground counts; of another, the result.
    pub fn outcome_parts(&mut self, rule: &'a Rule) -> Vec<Result<Ref, TooMuch>> {
        if let Policy::Collect { .. } = rule.policy.it {
            return rule
                .rows
                .iter()
                .map(|row| self.fresh(|it| it.matches(rule, row)))
                .collect();
        }
        let result = self.fresh(|it| {
            let chosen = it.choose(rule, |_, row| match &row.result.it {
                CellResult::Value(value) => End::Value(value.into()),
                CellResult::NotApplicable => End::NotApplicable,
                CellResult::CaseWorker => End::CaseWorker,
                CellResult::Calculated(_) => End::Missing,
            })?;
            it.apply(Op::Close, &[chosen])
        });
        vec![result]
    }

    /// The same by row: which row it was, and not only what it said.
    pub fn outcome_rows(&mut self, rule: &'a Rule) -> Vec<Result<Ref, TooMuch>> {
        if let Policy::Collect { .. } = rule.policy.it {
            return self.outcome_parts(rule);
        }
        vec![self.fresh(|it| {
            let chosen = it.choose(rule, |at, _| End::Row(at))?;
            it.apply(Op::Close, &[chosen])
        })]
    }

    fn fresh(&mut self, of: impl FnOnce(&mut Self) -> Result<Ref, TooMuch>) -> Result<Ref, TooMuch> {
        self.work = 0;
        of(self)
    }

    /// What is left of a function when the variables with a branch in `known` have taken it.
    pub fn restrict(&mut self, function: Ref, known: &[Option<usize>]) -> Ref {
        let mut memo = Quick::default();
        self.restrict_part(function, known, &mut memo)
    }

    fn restrict_part(&mut self, at: Ref, known: &[Option<usize>], memo: &mut Quick<Ref, Ref>) -> Ref {
        if at.0 & END != 0 {
            return at;
        }
        if let Some(&done) = memo.get(&at) {
            return done;
        }
        let (variable, branches) = self.nodes[at.0 as usize].clone();
        let done = match known[variable] {
            Some(branch) => self.restrict_part(branches[branch], known, memo),
            None => {
                let branches = branches
                    .iter()
                    .map(|branch| self.restrict_part(*branch, known, memo))
                    .collect();
                self.make(variable, branches)
            }
        };
        memo.insert(at, done);
        done
    }

    /// Marks the variables that a function depends on.
    pub fn support(&self, function: Ref) -> Vec<bool> {
        let mut support = vec![false; self.variables.len()];
        self.visit(function, |variable| support[variable] = true, |_| {});
        support
    }

    /// The ends that some completion reaches.
    pub fn ends(&self, function: Ref) -> Vec<End<'d>> {
        let mut ends = Vec::new();
        self.visit(function, |_| {}, |end| ends.push(end));
        ends
    }

    fn visit(&self, function: Ref, mut variable: impl FnMut(usize), mut end: impl FnMut(End<'d>)) {
        let (mut seen, mut open) = (std::collections::HashSet::new(), vec![function]);
        while let Some(at) = open.pop() {
            if !seen.insert(at) {
                continue;
            }
            if at.0 & END != 0 {
                end(self.ends[(at.0 ^ END) as usize]);
            } else {
                let (index, branches) = &self.nodes[at.0 as usize];
                variable(*index);
                open.extend(branches.iter());
            }
        }
    }

    // ---- building ----

    fn node(&mut self, id: Id) -> Result<Ref, TooMuch> {
        let graph = &self.evaluator.graph;
        if graph.circular[id] {
            return Ok(self.end(End::Missing));
        }
        match graph.nodes[id] {
            Node::Leaf(_) => self.leaf(id),
            Node::Parameter(_) => match self.evaluator.state(id).clone() {
                Known::Value(value) => Ok(self.end(End::Value(value))),
                _ => self.leaf(id),
            },
            Node::Column(..) | Node::ItemRule(..) | Node::Dangling(_) => Ok(self.end(End::Missing)),
            Node::Rule(rule) => {
                let chosen = self.choose(rule, |at, row| match &row.result.it {
                    CellResult::Value(value) => End::Value(value.into()),
                    CellResult::Calculated(_) => End::Calculated(id, at),
                    CellResult::NotApplicable => End::NotApplicable,
                    CellResult::CaseWorker => End::Missing,
                })?;
                self.apply(Op::Told, &[chosen])
            }
            Node::OutcomeOf(fact, step) => {
                if let Some(told) = self.evaluator.told_value(&fact.name.it) {
                    return Ok(self.end(End::of_state(told)));
                }
                match graph.outcome(step) {
                    Some(outcome) => self.of[outcome],
                    None => Ok(self.end(End::Missing)),
                }
            }
            Node::Needed(step) => {
                let whether = self.condition(&step.needed_when.it, 0)?;
                self.apply(Op::Decides, &[whether])
            }
            Node::Outcome(step) => self.outcome(step),
        }
    }

    fn outcome(&mut self, step: &'a Step) -> Result<Ref, TooMuch> {
        let pack = self.evaluator.graph.pack;
        let result = match self.evaluator.graph.outcome_rule(&step.name.it) {
            None => {
                let mut outcomes = pack.outcomes_of(&step.name.it);
                match (outcomes.next(), outcomes.next()) {
                    (Some(only), None) => self.end(End::Value(Compared::Word(&only.name.it))),
                    _ => self.end(End::Missing),
                }
            }
            Some(rule) => match &rule.policy.it {
                Policy::Collect { otherwise } => self.collect(step, rule, otherwise)?,
                Policy::First | Policy::Unique => self.choose(rule, |_, row| match &row.result.it {
                    CellResult::Value(value) => End::Value(value.into()),
                    CellResult::NotApplicable => End::NotApplicable,
                    CellResult::Calculated(_) | CellResult::CaseWorker => End::Missing,
                })?,
            },
        };
        let result = self.apply(Op::Told, &[result])?;
        let needed = match self.evaluator.graph.needed(&step.name.it) {
            Some(id) => self.of[id]?,
            None => self.end(End::Missing),
        };
        self.apply(Op::When, &[needed, result])
    }

    fn collect(&mut self, step: &Step, rule: &'a Rule, otherwise: &'a str) -> Result<Ref, TooMuch> {
        let pack = self.evaluator.graph.pack;
        let rank = |word: &str| {
            let mut outcomes = pack.outcomes_of(&step.name.it);
            outcomes
                .position(|outcome| outcome.name.it == word)
                .unwrap_or(usize::MAX)
        };
        let mut matches = Vec::with_capacity(rule.rows.len());
        for row in &rule.rows {
            matches.push((self.matches(rule, row)?, outcome_word(row)));
        }
        let mut given: Vec<(Ref, &str)> = matches.iter().filter_map(|(m, word)| Some((*m, (*word)?))).collect();
        given.sort_by_key(|(_, word)| std::cmp::Reverse(rank(word)));
        let mut so_far = self.end(End::Value(Compared::Word(otherwise)));
        for (matches, word) in given {
            let result = self.end(End::Value(Compared::Word(word)));
            so_far = self.apply(Op::Collect, &[matches, result, so_far])?;
        }
        for (matches, _) in matches {
            so_far = self.apply(Op::Complete, &[matches, so_far])?;
        }
        Ok(so_far)
    }

    fn choose(&mut self, rule: &'a Rule, result: impl Fn(usize, &'a Row) -> End<'d>) -> Result<Ref, TooMuch> {
        let op = match rule.policy.it {
            Policy::First => Op::First,
            Policy::Unique => Op::Unique,
            Policy::Collect { .. } => return Ok(self.end(End::Missing)),
        };
        let mut so_far = self.end(End::NoRow);
        for (at, row) in rule.rows.iter().enumerate().rev() {
            let matches = self.matches(rule, row)?;
            let result = self.end(result(at, row));
            so_far = self.apply(op, &[matches, result, so_far])?;
        }
        Ok(so_far)
    }

    fn matches(&mut self, rule: &'a Rule, row: &'a Row) -> Result<Ref, TooMuch> {
        let mut all = match self.evaluator.force(rule, row) {
            Force::Always(counts) => self.end(End::Value(Compared::YesNo(counts))),
            Force::Chosen { choice, older } => {
                let choice = self.named(choice)?;
                let word = self.end(End::Value(Compared::Word(Transition::OLDER)));
                let how = if older { Comparison::Equal } else { Comparison::NotEqual };
                self.apply(Op::Compare(how), &[choice, word])?
            }
        };
        for (column, test) in cells(rule, row) {
            let cell = self.cell(column, test)?;
            all = self.apply(Op::And, &[all, cell])?;
        }
        Ok(all)
    }

    fn cell(&mut self, column: Option<&'a Name>, test: &'a Test) -> Result<Ref, TooMuch> {
        if let (Some(name), false) = (
            column,
            matches!(test, Test::Any | Test::NotApplicable | Test::Condition(_)),
        ) && self.reads_a_calculation(name, test)
        {
            let matches = self.calculated_cell(name, test)?;
            return self.apply(Op::Cell, &[matches]);
        }
        let fact = match column {
            Some(name) => self.named(name)?,
            None => self.end(End::Missing),
        };
        let equals = |it: &mut Self, operands: &'a [Operand]| {
            let mut any = it.end(End::NotApplicable);
            for operand in operands {
                let operand = it.operand(operand)?;
                let equal = it.apply(Op::Compare(Comparison::Equal), &[fact, operand])?;
                any = it.apply(Op::Or, &[any, equal])?;
            }
            Ok(any)
        };
        let matches = match test {
            Test::Any => return Ok(self.end(YES)),
            Test::NotApplicable => self.apply(Op::IsNotApplicable, &[fact])?,
            Test::Compare(how, operand) => {
                let operand = self.operand(operand)?;
                self.apply(Op::Compare(*how), &[fact, operand])?
            }
            Test::Between(low, high) => {
                let low = self.end(End::Value(Compared::Number(*low)));
                let high = self.end(End::Value(Compared::Number(*high)));
                let low = self.apply(Op::Compare(Comparison::GreaterOrEqual), &[fact, low])?;
                let high = self.apply(Op::Compare(Comparison::LessOrEqual), &[fact, high])?;
                self.apply(Op::And, &[low, high])?
            }
            Test::Within(low, high) => {
                let low = self.end(End::Value(low.into()));
                let high = self.end(End::Value(high.into()));
                let low = self.apply(Op::Compare(Comparison::GreaterOrEqual), &[fact, low])?;
                let high = self.apply(Op::Compare(Comparison::LessOrEqual), &[fact, high])?;
                self.apply(Op::And, &[low, high])?
            }
            Test::Has(word) | Test::Lacks(word) => {
                let word = self.end(End::Value(Compared::Word(word)));
                let has = self.apply(Op::Has, &[fact, word])?;
                match test {
                    Test::Lacks(_) => self.apply(Op::Not, &[has])?,
                    _ => has,
                }
            }
            Test::OneOf(operands) => equals(self, operands)?,
            Test::NotOneOf(operands) => {
                let any = equals(self, operands)?;
                self.apply(Op::Not, &[any])?
            }
            Test::Condition(expr) => self.condition(expr, 0)?,
        };
        self.apply(Op::Cell, &[matches])
    }

    fn operand(&mut self, operand: &'a Operand) -> Result<Ref, TooMuch> {
        match operand {
            Operand::Constant(value) => Ok(self.end(End::Value(value.into()))),
            Operand::Fact(name) => self.named(name),
        }
    }

    fn named(&mut self, name: &Name) -> Result<Ref, TooMuch> {
        match self.evaluator.graph.fact(name) {
            Some(id) => self.of[id],
            None => Ok(self.end(End::Missing)),
        }
    }

    fn condition(&mut self, expr: &'a Expr, depth: usize) -> Result<Ref, TooMuch> {
        let whole = self.expression(expr, depth)?;
        // Makes a condition of it: what is not yes or no is missing.
        self.apply(Op::And, &[whole, whole])
    }

    fn expression(&mut self, expr: &'a Expr, depth: usize) -> Result<Ref, TooMuch> {
        if depth > EXPRESSION_DEPTH_MAX {
            return Ok(self.end(End::Missing));
        }
        let depth = depth + 1;
        match expr {
            Expr::Always => Ok(self.end(YES)),
            Expr::Fact(name) => self.named(&name.it),
            Expr::Constant(value) => Ok(self.end(End::Value((&value.it).into()))),
            Expr::Compare(how, left, right) => match (self.side(left), self.side(right)) {
                (Side::Whole, Side::Whole | Side::Constant(_))
                | (Side::Constant(_), Side::Whole | Side::Constant(_))
                | (Side::Finite, Side::Finite | Side::Constant(_))
                | (Side::Constant(_), Side::Finite)
                | (Side::Size, Side::Constant(_))
                | (Side::Constant(_), Side::Size) => {
                    let left = self.side_function(left, depth)?;
                    let right = self.side_function(right, depth)?;
                    self.apply(Op::Compare(*how), &[left, right])
                }
                _ => self.calculation(expr, depth),
            },
            Expr::IsNotApplicable(name) => {
                let fact = self.named(&name.it)?;
                self.apply(Op::IsNotApplicable, &[fact])
            }
            Expr::And(parts) | Expr::Or(parts) => {
                let op = if matches!(expr, Expr::And(_)) { Op::And } else { Op::Or };
                let mut all = self.end(End::NotApplicable);
                for part in parts {
                    let part = self.condition(part, depth)?;
                    all = self.apply(op, &[all, part])?;
                }
                Ok(all)
            }
            Expr::Not(part) => {
                let part = self.condition(part, depth)?;
                self.apply(Op::Not, &[part])
            }
            Expr::Arithmetic(how, left, right) => {
                let left = self.expression(left, depth)?;
                let right = self.expression(right, depth)?;
                self.apply(Op::Calculate(*how), &[left, right])
            }
            Expr::Any(..) | Expr::All(..) => self.calculation(expr, depth),
            Expr::Has(name, word) => {
                let set = self.named(&name.it)?;
                let word = self.end(End::Value(Compared::Word(&word.it)));
                self.apply(Op::Has, &[set, word])
            }
            Expr::Size(name) => {
                let set = self.named(&name.it)?;
                self.apply(Op::Size, &[set])
            }
            Expr::Day(day) => Ok(self.end(End::Value(Compared::Date(self.evaluator.day(*day))))),
            // Only what they are compared with says something.
            Expr::Count(_)
            | Expr::Sum(_)
            | Expr::CountWhere(..)
            | Expr::SumWhere(..)
            | Expr::Shift(..)
            | Expr::Apart(..)
            | Expr::Age(..)
            | Expr::PartOf(..)
            | Expr::InUnit(..) => Ok(self.end(End::Missing)),
        }
    }

    fn side(&self, expr: &'a Expr) -> Side {
        let graph = &self.evaluator.graph;
        if let Some(number) = fold(expr, &|name| self.constant(name), 0) {
            return Side::Constant(number);
        }
        match expr {
            Expr::Fact(name) if self.is_calculated(&name.it) => Side::Calculated,
            Expr::Fact(_) | Expr::Constant(_) => Side::Whole,
            Expr::Size(_) => Side::Size,
            Expr::Arithmetic(..) => {
                let mut finite = true;
                walk(expr, &mut |part| {
                    finite &= match part {
                        Expr::Arithmetic(..) | Expr::Constant(_) => true,
                        Expr::Fact(name) if self.is_calculated(&name.it) => false,
                        Expr::Fact(name) => match graph.fact(&name.it).map(|id| (id, graph.nodes[id])) {
                            Some((_, Node::Leaf(_) | Node::Column(..))) => false,
                            Some((id, Node::Parameter(_))) => !self.evaluator.state(id).is_missing(),
                            _ => true,
                        },
                        _ => false,
                    }
                });
                if finite { Side::Finite } else { Side::Calculated }
            }
            _ => Side::Calculated,
        }
    }

    /// A rule that calculates: its results have no classes.
    fn is_calculated(&self, name: &Name) -> bool {
        let graph = &self.evaluator.graph;
        graph.fact(name).is_some_and(|id| match graph.nodes[id] {
            Node::Rule(rule) => rule
                .rows
                .iter()
                .any(|row| matches!(row.result.it, CellResult::Calculated(_))),
            _ => false,
        })
    }

    fn reads_a_calculation(&self, column: &'a Name, test: &'a Test) -> bool {
        let mut found = self.is_calculated(column);
        super::graph::names_in_test(test, &mut |name| found |= self.is_calculated(name));
        found
    }

    /// A cell under the heading of a fact that a rule calculates: a variable of its own.
    fn calculated_cell(&mut self, column: &'a Name, test: &'a Test) -> Result<Ref, TooMuch> {
        let graph = &self.evaluator.graph;
        let mut inputs: Vec<Id> = graph.fact(column).into_iter().collect();
        super::graph::names_in_test(test, &mut |name| inputs.extend(graph.fact(name)));
        let state = self.evaluator.cell_matches(Some(column), test, None);
        self.calculated(format!("{column} {test}"), inputs, state, true)
    }

    fn side_function(&mut self, expr: &'a Expr, depth: usize) -> Result<Ref, TooMuch> {
        match self.side(expr) {
            Side::Constant(number) => Ok(self.end(End::Value(Compared::Number(number)))),
            _ => self.expression(expr, depth),
        }
    }

    fn constant(&self, name: &Name) -> Option<rust_decimal::Decimal> {
        let graph = &self.evaluator.graph;
        let id = graph.fact(name)?;
        match (graph.nodes[id], self.evaluator.state(id)) {
            (Node::Parameter(_), Known::Value(Compared::Number(number))) => Some(*number),
            _ => None,
        }
    }

    /// The variable of a fact, or of a parameter that nobody has set.
    fn leaf(&mut self, id: Id) -> Result<Ref, TooMuch> {
        let graph = &self.evaluator.graph;
        let name = graph.nodes[id].name();
        let classes = self.classes;
        let representatives = classes.of(name);
        if representatives.is_empty() {
            return Ok(self.end(End::Missing));
        }
        let ends: Vec<End> = representatives
            .iter()
            .map(|known| End::of_state(state::state(known)))
            .collect();
        let known = match self.evaluator.state(id) {
            Known::Missing(_) => None,
            _ => classes.class_of(name, &self.evaluator.value(id)),
        };
        let variable = self.variable(Variable {
            ends,
            leaves: vec![id],
            calculated: false,
            known,
        })?;
        self.leaf_variable.insert(id, variable);
        self.spread(variable)
    }

    /// The variable of a calculation over facts or lists.
    fn calculation(&mut self, expr: &'a Expr, depth: usize) -> Result<Ref, TooMuch> {
        let key = expression_text(expr);
        if let Some(&variable) = self.calculation_variable.get(&key) {
            return self.spread(variable);
        }
        let graph = &self.evaluator.graph;
        let mut inputs: Vec<Id> = Vec::new();
        names_in(expr, &mut |name| inputs.extend(graph.fact(name)));
        walk(expr, &mut |part| {
            // A list is answered through its columns.
            if let Expr::Count(list) | Expr::CountWhere(list, _) = part {
                let list = graph.pack.list(&list.it);
                inputs.extend(list.and_then(|list| graph.fact(&list.columns.first()?.name.it)));
            }
        });
        let state = match self.evaluator.condition(expr, None, depth) {
            Known::Missing(cause) => self
                .evaluator
                .decided_by_bounds(expr)
                .map_or(Known::Missing(cause), Known::Value),
            known => known,
        };
        let has_an_answer = matches!(expr, Expr::Any(..) | Expr::All(..));
        self.calculated(key, inputs, state, has_an_answer)
    }

    /// The variable of what is calculated from these inputs. `has_an_answer`: it is never E.
    fn calculated(
        &mut self,
        key: String,
        inputs: Vec<Id>,
        state: Known<bool>,
        has_an_answer: bool,
    ) -> Result<Ref, TooMuch> {
        if let Some(&variable) = self.calculation_variable.get(&key) {
            return self.spread(variable);
        }
        let graph = &self.evaluator.graph;
        let behind = graph.behind(inputs, |_| false);
        let leaves: Vec<Id> = (0..graph.nodes.len())
            .filter(|id| behind[*id] && self.evaluator.is_leaf(*id))
            .collect();
        let gives_nothing = |rule: &Rule| rule.rows.iter().any(|row| row.result.it == CellResult::NotApplicable);
        let not_applicable = (0..graph.nodes.len())
            .filter(|id| behind[*id])
            .any(|id| match graph.nodes[id] {
                Node::Rule(rule) | Node::ItemRule(rule, ..) => gives_nothing(rule),
                node => self.classes.of(node.name()).contains(&Known::NotApplicable),
            })
            && !has_an_answer;
        let mut ends = vec![YES, NO];
        if not_applicable {
            ends.push(End::NotApplicable);
        }
        let state = End::of_condition(state);
        let known = ends.iter().position(|end| *end == state);
        let variable = self.variable(Variable {
            ends,
            leaves,
            calculated: true,
            known,
        })?;
        self.calculation_variable.insert(key, variable);
        self.spread(variable)
    }

    fn variable(&mut self, variable: Variable<'d>) -> Result<usize, TooMuch> {
        if self.variables.len() == VARIABLES_MAX {
            return Err(TooMuch);
        }
        self.variables.push(variable);
        Ok(self.variables.len() - 1)
    }

    fn spread(&mut self, variable: usize) -> Result<Ref, TooMuch> {
        let ends = self.variables[variable].ends.clone();
        let branches = ends.into_iter().map(|end| self.end(end)).collect();
        Ok(self.make(variable, branches))
    }

    fn end(&mut self, end: End<'d>) -> Ref {
        if let Some(&known) = self.end_refs.get(&end) {
            return known;
        }
        let new = Ref(END | self.ends.len() as u32);
        self.ends.push(end);
        self.end_refs.insert(end, new);
        new
    }

    fn make(&mut self, variable: usize, branches: Box<[Ref]>) -> Ref {
        if branches.iter().all(|branch| *branch == branches[0]) {
            return branches[0];
        }
        let key = (variable, branches);
        if let Some(&known) = self.unique.get(&key) {
            return known;
        }
        let new = Ref(self.nodes.len() as u32);
        self.nodes.push(key.clone());
        self.unique.insert(key, new);
        new
    }

    fn end_of(&self, at: Ref) -> Option<End<'d>> {
        (at.0 & END != 0).then(|| self.ends[(at.0 ^ END) as usize])
    }

    fn apply(&mut self, op: Op, operands: &[Ref]) -> Result<Ref, TooMuch> {
        let mut padded = [Ref(u32::MAX); 3];
        padded[..operands.len()].copy_from_slice(operands);
        self.apply_padded(op, padded, operands.len())
    }

    fn apply_padded(&mut self, op: Op, operands: [Ref; 3], arity: usize) -> Result<Ref, TooMuch> {
        if let Some(known) = self.shortcut(op, &operands) {
            return Ok(known);
        }
        if let Some(&known) = self.memo.get(&(op, operands)) {
            return Ok(known);
        }
        self.work += 1;
        if self.work > WORK_MAX || self.memo.len() >= MEMO_MAX {
            return Err(TooMuch);
        }
        let first = operands[..arity]
            .iter()
            .filter(|at| at.0 & END == 0)
            .map(|at| self.nodes[at.0 as usize].0)
            .min();
        let result = match first {
            None => {
                let mut ends = [End::Missing; 3];
                for (end, at) in ends.iter_mut().zip(&operands[..arity]) {
                    *end = self.end_of(*at).unwrap_or(End::Missing);
                }
                let end = finish(op, ends);
                self.end(end)
            }
            Some(variable) => {
                let mut branches = Vec::with_capacity(self.variables[variable].ends.len());
                for branch in 0..self.variables[variable].ends.len() {
                    let mut inner = operands;
                    for at in &mut inner[..arity] {
                        if at.0 & END == 0 {
                            let (own, branches) = &self.nodes[at.0 as usize];
                            if *own == variable {
                                *at = branches[branch];
                            }
                        }
                    }
                    branches.push(self.apply_padded(op, inner, arity)?);
                }
                self.make(variable, branches.into())
            }
        };
        self.memo.insert((op, operands), result);
        Ok(result)
    }

    /// Answers that need no look at all operands.
    fn shortcut(&mut self, op: Op, operands: &[Ref; 3]) -> Option<Ref> {
        let end = |at: usize| self.end_of(operands[at]);
        match op {
            Op::And if end(0) == Some(NO) || end(1) == Some(NO) => Some(self.end(NO)),
            Op::Or if end(0) == Some(YES) || end(1) == Some(YES) => Some(self.end(YES)),
            Op::First | Op::Collect => match end(0)? {
                YES => Some(operands[1]),
                NO => Some(operands[2]),
                _ => None,
            },
            Op::Unique => match end(0)? {
                NO => Some(operands[2]),
                _ => None,
            },
            Op::Complete => match end(0)? {
                End::Value(_) | End::NotApplicable => Some(operands[1]),
                _ => None,
            },
            Op::When => match end(0)? {
                YES => Some(operands[1]),
                NO => Some(self.end(End::NotApplicable)),
                _ => None,
            },
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Side {
    Constant(rust_decimal::Decimal),
    /// A fact, or a word.
    Whole,
    /// How many of several choices: exact beside a constant.
    Size,
    /// Calculated from results of rules only.
    Finite,
    /// Calculated from facts that have no exact classes for it.
    Calculated,
}

/// An operation on ends: the same algebra as evaluation.
fn finish<'d>(op: Op, [a, b, c]: [End<'d>; 3]) -> End<'d> {
    match op {
        Op::Compare(how) => End::of_condition(state::compare(how, &a.state(), &b.state())),
        Op::Calculate(how) => End::of_state(state::calculate(how, &a.state(), &b.state())),
        Op::And => End::of_condition(state::all([a.condition(), b.condition()])),
        Op::Or => End::of_condition(state::any([a.condition(), b.condition()])),
        Op::Not => End::of_condition(state::not(a.condition())),
        Op::IsNotApplicable if matches!(a, End::Calculated(..)) => NO,
        Op::Has => match b {
            End::Value(Compared::Word(word)) => End::of_condition(state::has(&a.state(), word)),
            _ => End::Missing,
        },
        Op::Size => match state::size(&a.state()) {
            Known::Value(Compared::Number(number)) => End::Value(Compared::Number(number)),
            Known::NotApplicable => End::NotApplicable,
            _ => End::Missing,
        },
        Op::IsNotApplicable => match a.state() {
            Known::Missing(_) => End::Missing,
            known => End::Value(Compared::YesNo(known == Known::NotApplicable)),
        },
        Op::Cell => match a {
            End::NotApplicable => NO,
            other => other,
        },
        Op::First | Op::Unique => match a.condition() {
            Known::Value(false) | Known::NotApplicable => c,
            Known::Value(true) if op == Op::First => b,
            _ if c == End::NoRow || c == b => b,
            _ => End::Missing,
        },
        Op::Collect => match a.condition() {
            Known::Value(true) => b,
            Known::Value(false) | Known::NotApplicable => c,
            Known::Missing(_) => End::Missing,
        },
        Op::Complete => match a.condition() {
            Known::Missing(_) => End::Missing,
            _ => b,
        },
        Op::Decides => match a {
            End::NotApplicable => End::Missing,
            other => other,
        },
        Op::When => match a.condition() {
            Known::Value(true) => b,
            Known::Value(false) => End::NotApplicable,
            _ => End::Missing,
        },
        Op::Told => match a {
            End::NoRow | End::CaseWorker => End::Missing,
            other => other,
        },
        Op::Close => match a {
            End::NoRow => End::Missing,
            other => other,
        },
    }
}
