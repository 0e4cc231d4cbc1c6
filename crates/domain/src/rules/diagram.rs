//! Decision diagrams: a result as a function of the classes of the facts behind it, over all completions at once.
//!
//! Always true here: variables come in one fixed order, equal parts are one node, and a node's branches differ. So two
//! results are the same function exactly when they are the same node, and a result depends on a variable exactly when
//! the variable is in it. That makes the fifth law exact without trying completions one by one: the memo does it.
//! What is calculated from facts (`gas.inne + gas.ute > 60`, `summa(…)`, `någon(…)`) is a variable of its own; two such
//! over the same facts count as independent, which can only make more facts relevant. Diagrams are made once for a document
//! and a setting: what is known in one case only says which branches are taken ([`Diagrams::known`]).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::Setting;
use super::classes::{Classes, fold};
use super::evaluate::{EXPRESSION_DEPTH_MAX, Evaluator, Force, force, outcome_word, parameter_value};
use super::explain::expression_text;
use super::graph::{Graph, Id, Node, cells, names_in, walk};
use super::state::{self, Compared, State};
use crate::fact::{Facts, Known, Name};
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
pub(super) type Quick<K, V> = HashMap<K, V, BuildHasherDefault<Mix>>;

#[derive(Default)]
pub(super) struct Mix(u64);

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

/// Where a function ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum End {
    Value(Held),
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

/// A value as rules compare it, kept by the diagrams themselves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Held {
    YesNo(bool),
    Number(Decimal),
    Date(Date),
    Clock(u16),
    Period(Date, Date),
    Set(BTreeSet<String>),
    Word(Box<str>),
    File,
}

impl From<Compared<'_>> for Held {
    fn from(value: Compared<'_>) -> Self {
        match value {
            Compared::YesNo(yes) => Self::YesNo(yes),
            Compared::Number(number) => Self::Number(number),
            Compared::Date(date) => Self::Date(date),
            Compared::Clock(minutes) => Self::Clock(minutes),
            Compared::Period(from, to) => Self::Period(from, to),
            Compared::Set(words) => Self::Set(words.clone()),
            Compared::Word(word) => Self::Word(word.into()),
            Compared::File => Self::File,
        }
    }
}

impl Held {
    fn compared(&self) -> Compared<'_> {
        match self {
            Self::YesNo(yes) => Compared::YesNo(*yes),
            Self::Number(number) => Compared::Number(*number),
            Self::Date(date) => Compared::Date(*date),
            Self::Clock(minutes) => Compared::Clock(*minutes),
            Self::Period(from, to) => Compared::Period(*from, *to),
            Self::Set(words) => Compared::Set(words),
            Self::Word(word) => Compared::Word(word),
            Self::File => Compared::File,
        }
    }
}

const YES: End = End::Value(Held::YesNo(true));
pub(super) const NO: End = End::Value(Held::YesNo(false));

impl End {
    fn of(value: Compared<'_>) -> Self {
        Self::Value(value.into())
    }

    fn word(word: &str) -> Self {
        Self::of(Compared::Word(word))
    }

    fn state(&self) -> State<'_> {
        match self {
            Self::Value(value) => Known::Value(value.compared()),
            Self::NotApplicable => Known::NotApplicable,
            Self::Missing | Self::CaseWorker | Self::NoRow | Self::Row(_) | Self::Calculated(..) => {
                Known::Missing(state::FAILED)
            }
        }
    }

    fn of_state(state: State<'_>) -> Self {
        match state {
            Known::Value(value) => Self::of(value),
            Known::NotApplicable => Self::NotApplicable,
            Known::Missing(_) => Self::Missing,
        }
    }

    fn of_condition(condition: Known<bool>) -> Self {
        Self::of_state(condition.map(Compared::YesNo))
    }

    fn condition(&self) -> Known<bool> {
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
pub(super) struct Variable<'p> {
    /// By branch.
    ends: Box<[Ref]>,
    /// The leaves behind it: one for a fact, several for a calculation.
    pub leaves: Vec<Id>,
    said: Said<'p>,
}

/// What says which branch of a variable is taken.
#[derive(Clone, Copy, Debug)]
enum Said<'p> {
    Leaf(Id),
    /// A condition, and how deep it stands.
    Condition(&'p Expr, usize),
    /// A cell under the heading of a fact.
    Cell(&'p Name, &'p Test),
}

impl Variable<'_> {
    pub fn is_calculated(&self) -> bool {
        !matches!(self.said, Said::Leaf(_))
    }
}

pub(super) struct Diagrams<'p> {
    pub graph: Rc<Graph<'p>>,
    setting: Setting,
    classes: Classes,
    /// Another step's outcome, where it has been told.
    told: Facts,
    pub variables: Vec<Variable<'p>>,
    calculation_variable: HashMap<String, usize>,
    nodes: Vec<(usize, Box<[Ref]>)>,
    unique: Quick<(usize, Box<[Ref]>), Ref>,
    ends: Vec<End>,
    end_refs: HashMap<End, Ref>,
    memo: Quick<(Op, [Ref; 3]), Ref>,
    of: Vec<Result<Ref, TooMuch>>,
    work: usize,
}

impl<'p> Diagrams<'p> {
    /// The diagrams of all facts and of when steps are needed. `met`: see [`Classes::met`].
    pub fn new(graph: Rc<Graph<'p>>, setting: Setting, met: Facts) -> Self {
        let classes = Classes::of_graph(&graph, &setting, Some(&met));
        let n = graph.nodes.len();
        let mut diagrams = Self {
            graph: graph.clone(),
            setting,
            classes,
            told: met,
            variables: Vec::new(),
            calculation_variable: HashMap::new(),
            nodes: Vec::new(),
            unique: Quick::default(),
            ends: Vec::new(),
            end_refs: HashMap::new(),
            memo: Quick::default(),
            of: vec![Err(TooMuch); n],
            work: 0,
        };
        let mut outcome_is_read = vec![false; n];
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

    /// By variable: the branch that is taken by what is known.
    pub fn known<'a>(&self, evaluator: &Evaluator<'a>, facts: &Facts) -> Vec<Option<usize>>
    where
        'p: 'a,
    {
        let answer = |variable: &Variable<'p>, answer: Known<bool>| {
            let answer = End::of_condition(answer);
            let mut ends = variable.ends.iter();
            ends.position(|end| self.end_of(*end) == Some(&answer))
        };
        let branch = |variable: &Variable<'p>| match variable.said {
            Said::Leaf(id) => {
                let name = self.graph.nodes[id].name();
                let known = facts.known.get(name).filter(|known| !known.is_missing())?;
                self.classes.class_of(name, known)
            }
            Said::Condition(expr, depth) => {
                let state = match evaluator.condition(expr, None, depth) {
                    Known::Missing(cause) => evaluator
                        .decided_by_bounds(expr)
                        .map_or(Known::Missing(cause), Known::Value),
                    known => known,
                };
                answer(variable, state)
            }
            Said::Cell(column, test) => answer(variable, evaluator.cell_matches(Some(column), test, None)),
        };
        self.variables.iter().map(branch).collect()
    }

    /// `result` where the step is needed, else E.
    pub fn when_needed(&mut self, step: &Step, result: Ref) -> Result<Ref, TooMuch> {
        self.work = 0;
        let needed = match self.graph.needed(&step.name.it) {
            Some(id) => self.of[id]?,
            None => self.end(End::Missing),
        };
        self.apply(Op::When, &[needed, result])
    }

    /// What an outcome rule gives a needed step, as functions that must all be known: of a rule that collects, each
    /// row, since every ground counts; of another, the result.
    pub fn outcome_parts(&mut self, rule: &'p Rule) -> Vec<Result<Ref, TooMuch>> {
        if let Policy::Collect { .. } = rule.policy.it {
            return rule
                .rows
                .iter()
                .map(|row| self.fresh(|it| it.matches(rule, row)))
                .collect();
        }
        let result = self.fresh(|it| {
            let chosen = it.choose(rule, |_, row| match &row.result.it {
                CellResult::Value(value) => End::of(value.into()),
                CellResult::NotApplicable => End::NotApplicable,
                CellResult::CaseWorker => End::CaseWorker,
                CellResult::Calculated(_) => End::Missing,
            })?;
            it.apply(Op::Close, &[chosen])
        });
        vec![result]
    }

    /// The same by row: which row it was, and not only what it said.
    pub fn outcome_rows(&mut self, rule: &'p Rule) -> Vec<Result<Ref, TooMuch>> {
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

    /// The variables that a function depends on, in order.
    pub fn support(&self, function: Ref) -> Vec<usize> {
        let mut support = Vec::new();
        self.visit(function, |at| support.push(at), |_| {});
        support.sort_unstable();
        support.dedup();
        support
    }

    /// The ends that some completion reaches.
    pub fn ends(&self, function: Ref) -> Vec<&End> {
        let mut ends = Vec::new();
        self.visit(function, |_| {}, |end| ends.push(end));
        ends
    }

    fn visit<'s>(&'s self, function: Ref, mut variable: impl FnMut(usize), mut end: impl FnMut(&'s End)) {
        let (mut seen, mut open) = (HashSet::<Ref, BuildHasherDefault<Mix>>::default(), vec![function]);
        while let Some(at) = open.pop() {
            if !seen.insert(at) {
                continue;
            }
            match self.end_of(at) {
                Some(known) => end(known),
                None => {
                    let (index, branches) = &self.nodes[at.0 as usize];
                    variable(*index);
                    open.extend(branches.iter());
                }
            }
        }
    }

    /// How many parts there are, to [`Self::forget`] those that come after.
    pub fn mark(&self) -> usize {
        self.nodes.len()
    }

    /// Forgets what was made of restrictions only, so that looking at many cases takes no more room than looking at one.
    pub fn forget(&mut self, mark: usize) {
        for node in self.nodes.drain(mark..) {
            self.unique.remove(&node);
        }
    }

    // ---- building ----

    fn node(&mut self, id: Id) -> Result<Ref, TooMuch> {
        let graph = self.graph.clone();
        if graph.circular[id] {
            return Ok(self.end(End::Missing));
        }
        match graph.nodes[id] {
            Node::Leaf(_) => self.leaf(id),
            Node::Parameter(parameter) => match parameter_value(parameter, &self.setting) {
                Some(value) => {
                    let end = End::of(value.into());
                    Ok(self.end(end))
                }
                None => self.leaf(id),
            },
            Node::Column(..) | Node::ItemRule(..) | Node::Dangling(_) => Ok(self.end(End::Missing)),
            Node::Rule(rule) => {
                let chosen = self.choose(rule, |at, row| match &row.result.it {
                    CellResult::Value(value) => End::of(value.into()),
                    CellResult::Calculated(_) => End::Calculated(id, at),
                    CellResult::NotApplicable => End::NotApplicable,
                    CellResult::CaseWorker => End::Missing,
                })?;
                self.apply(Op::Told, &[chosen])
            }
            Node::OutcomeOf(fact, step) => {
                // What the body has decided goes before what the rules expect.
                if let Some(told) = self.told.known.get(&fact.name.it) {
                    let end = End::of_state(state::state(told));
                    return Ok(self.end(end));
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

    fn outcome(&mut self, step: &'p Step) -> Result<Ref, TooMuch> {
        let pack = self.graph.pack;
        let result = match self.graph.outcome_rule(&step.name.it) {
            None => {
                let mut outcomes = pack.outcomes_of(&step.name.it);
                match (outcomes.next(), outcomes.next()) {
                    (Some(only), None) => self.end(End::word(&only.name.it)),
                    _ => self.end(End::Missing),
                }
            }
            Some(rule) => match &rule.policy.it {
                Policy::Collect { otherwise } => self.collect(step, rule, otherwise)?,
                Policy::First | Policy::Unique => self.choose(rule, |_, row| match &row.result.it {
                    CellResult::Value(value) => End::of(value.into()),
                    CellResult::NotApplicable => End::NotApplicable,
                    CellResult::Calculated(_) | CellResult::CaseWorker => End::Missing,
                })?,
            },
        };
        let result = self.apply(Op::Told, &[result])?;
        let needed = match self.graph.needed(&step.name.it) {
            Some(id) => self.of[id]?,
            None => self.end(End::Missing),
        };
        self.apply(Op::When, &[needed, result])
    }

    fn collect(&mut self, step: &Step, rule: &'p Rule, otherwise: &'p str) -> Result<Ref, TooMuch> {
        let pack = self.graph.pack;
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
        let mut so_far = self.end(End::word(otherwise));
        for (matches, word) in given {
            let result = self.end(End::word(word));
            so_far = self.apply(Op::Collect, &[matches, result, so_far])?;
        }
        for (matches, _) in matches {
            so_far = self.apply(Op::Complete, &[matches, so_far])?;
        }
        Ok(so_far)
    }

    fn choose(&mut self, rule: &'p Rule, result: impl Fn(usize, &'p Row) -> End) -> Result<Ref, TooMuch> {
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

    fn matches(&mut self, rule: &'p Rule, row: &'p Row) -> Result<Ref, TooMuch> {
        let mut all = match force(rule, row, &self.setting.days) {
            Force::Always(counts) => self.end(End::of(Compared::YesNo(counts))),
            Force::Chosen { choice, older } => {
                let choice = self.named(choice)?;
                let word = self.end(End::word(Transition::OLDER));
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

    fn cell(&mut self, column: Option<&'p Name>, test: &'p Test) -> Result<Ref, TooMuch> {
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
        let equals = |it: &mut Self, operands: &'p [Operand]| {
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
                let low = self.end(End::of(Compared::Number(*low)));
                let high = self.end(End::of(Compared::Number(*high)));
                let low = self.apply(Op::Compare(Comparison::GreaterOrEqual), &[fact, low])?;
                let high = self.apply(Op::Compare(Comparison::LessOrEqual), &[fact, high])?;
                self.apply(Op::And, &[low, high])?
            }
            Test::Within(low, high) => {
                let low = self.end(End::of(low.into()));
                let high = self.end(End::of(high.into()));
                let low = self.apply(Op::Compare(Comparison::GreaterOrEqual), &[fact, low])?;
                let high = self.apply(Op::Compare(Comparison::LessOrEqual), &[fact, high])?;
                self.apply(Op::And, &[low, high])?
            }
            Test::Has(word) | Test::Lacks(word) => {
                let word = self.end(End::word(word));
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

    fn operand(&mut self, operand: &'p Operand) -> Result<Ref, TooMuch> {
        match operand {
            Operand::Constant(value) => Ok(self.end(End::of(value.into()))),
            Operand::Fact(name) => self.named(name),
        }
    }

    fn named(&mut self, name: &Name) -> Result<Ref, TooMuch> {
        match self.graph.fact(name) {
            Some(id) => self.of[id],
            None => Ok(self.end(End::Missing)),
        }
    }

    fn condition(&mut self, expr: &'p Expr, depth: usize) -> Result<Ref, TooMuch> {
        let whole = self.expression(expr, depth)?;
        // Makes a condition of it: what is not yes or no is missing.
        self.apply(Op::And, &[whole, whole])
    }

    fn expression(&mut self, expr: &'p Expr, depth: usize) -> Result<Ref, TooMuch> {
        if depth > EXPRESSION_DEPTH_MAX {
            return Ok(self.end(End::Missing));
        }
        let depth = depth + 1;
        match expr {
            Expr::Always => Ok(self.end(YES)),
            Expr::Fact(name) => self.named(&name.it),
            Expr::Constant(value) => Ok(self.end(End::of((&value.it).into()))),
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
                let word = self.end(End::word(&word.it));
                self.apply(Op::Has, &[set, word])
            }
            Expr::Size(name) => {
                let set = self.named(&name.it)?;
                self.apply(Op::Size, &[set])
            }
            Expr::Day(day) => {
                let day = self.setting.days.of(*day);
                Ok(self.end(End::of(Compared::Date(day))))
            }
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

    fn side(&self, expr: &'p Expr) -> Side {
        let graph = &self.graph;
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
                            Some((_, Node::Parameter(parameter))) => {
                                parameter_value(parameter, &self.setting).is_some()
                            }
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
        let graph = &self.graph;
        graph.fact(name).is_some_and(|id| match graph.nodes[id] {
            Node::Rule(rule) => rule
                .rows
                .iter()
                .any(|row| matches!(row.result.it, CellResult::Calculated(_))),
            _ => false,
        })
    }

    fn reads_a_calculation(&self, column: &'p Name, test: &'p Test) -> bool {
        let mut found = self.is_calculated(column);
        super::graph::names_in_test(test, &mut |name| found |= self.is_calculated(name));
        found
    }

    /// A cell under the heading of a fact that a rule calculates: a variable of its own.
    fn calculated_cell(&mut self, column: &'p Name, test: &'p Test) -> Result<Ref, TooMuch> {
        let graph = &self.graph;
        let mut inputs: Vec<Id> = graph.fact(column).into_iter().collect();
        super::graph::names_in_test(test, &mut |name| inputs.extend(graph.fact(name)));
        self.calculated(format!("{column} {test}"), inputs, Said::Cell(column, test), true)
    }

    fn side_function(&mut self, expr: &'p Expr, depth: usize) -> Result<Ref, TooMuch> {
        match self.side(expr) {
            Side::Constant(number) => Ok(self.end(End::of(Compared::Number(number)))),
            _ => self.expression(expr, depth),
        }
    }

    fn constant(&self, name: &Name) -> Option<Decimal> {
        let Node::Parameter(parameter) = self.graph.nodes[self.graph.fact(name)?] else {
            return None;
        };
        match parameter_value(parameter, &self.setting)?.into() {
            Compared::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Whether somebody outside the rules says it.
    pub fn is_leaf(&self, id: Id) -> bool {
        match self.graph.nodes[id] {
            Node::Leaf(_) | Node::Column(..) => true,
            Node::Parameter(parameter) => parameter_value(parameter, &self.setting).is_none(),
            _ => false,
        }
    }

    /// The variable of a fact, or of a parameter that nobody has set.
    fn leaf(&mut self, id: Id) -> Result<Ref, TooMuch> {
        let representatives = self.classes.of(self.graph.nodes[id].name());
        if representatives.is_empty() {
            return Ok(self.end(End::Missing));
        }
        let ends: Vec<End> = representatives
            .iter()
            .map(|known| End::of_state(state::state(known)))
            .collect();
        let variable = self.variable(ends, vec![id], Said::Leaf(id))?;
        Ok(self.spread(variable))
    }

    /// The variable of a calculation over facts or lists.
    fn calculation(&mut self, expr: &'p Expr, depth: usize) -> Result<Ref, TooMuch> {
        let key = expression_text(expr);
        if let Some(&variable) = self.calculation_variable.get(&key) {
            return Ok(self.spread(variable));
        }
        let graph = &self.graph;
        let mut inputs: Vec<Id> = Vec::new();
        names_in(expr, &mut |name| inputs.extend(graph.fact(name)));
        walk(expr, &mut |part| {
            // A list is answered through its columns.
            if let Expr::Count(list) | Expr::CountWhere(list, _) = part {
                let list = graph.pack.list(&list.it);
                inputs.extend(list.and_then(|list| graph.fact(&list.columns.first()?.name.it)));
            }
        });
        let has_an_answer = matches!(expr, Expr::Any(..) | Expr::All(..));
        self.calculated(key, inputs, Said::Condition(expr, depth), has_an_answer)
    }

    /// The variable of what is calculated from these inputs. `has_an_answer`: it is never E.
    fn calculated(
        &mut self,
        key: String,
        inputs: Vec<Id>,
        said: Said<'p>,
        has_an_answer: bool,
    ) -> Result<Ref, TooMuch> {
        if let Some(&variable) = self.calculation_variable.get(&key) {
            return Ok(self.spread(variable));
        }
        let graph = &self.graph;
        let behind = graph.behind(inputs, |_| false);
        let leaves: Vec<Id> = (0..graph.nodes.len())
            .filter(|id| behind[*id] && self.is_leaf(*id))
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
        let variable = self.variable(ends, leaves, said)?;
        self.calculation_variable.insert(key, variable);
        Ok(self.spread(variable))
    }

    fn variable(&mut self, ends: Vec<End>, leaves: Vec<Id>, said: Said<'p>) -> Result<usize, TooMuch> {
        if self.variables.len() == VARIABLES_MAX {
            return Err(TooMuch);
        }
        let ends = ends.into_iter().map(|end| self.end(end)).collect();
        self.variables.push(Variable { ends, leaves, said });
        Ok(self.variables.len() - 1)
    }

    fn spread(&mut self, variable: usize) -> Ref {
        let ends = self.variables[variable].ends.clone();
        self.make(variable, ends)
    }

    fn end(&mut self, end: End) -> Ref {
        if let Some(&known) = self.end_refs.get(&end) {
            return known;
        }
        let new = Ref(END | self.ends.len() as u32);
        self.ends.push(end.clone());
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

    fn end_of(&self, at: Ref) -> Option<&End> {
        (at.0 & END != 0).then(|| &self.ends[(at.0 ^ END) as usize])
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
                let mut ends = [&End::Missing; 3];
                for (end, at) in ends.iter_mut().zip(&operands[..arity]) {
                    *end = self.end_of(*at).unwrap_or(&End::Missing);
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
        let answer = |at: usize| match self.end_of(operands[at]) {
            Some(End::Value(Held::YesNo(answer))) => Some(*answer),
            _ => None,
        };
        match op {
            Op::And if answer(0) == Some(false) || answer(1) == Some(false) => Some(self.end(NO)),
            Op::Or if answer(0) == Some(true) || answer(1) == Some(true) => Some(self.end(YES)),
            Op::First | Op::Collect => answer(0).map(|holds| operands[if holds { 1 } else { 2 }]),
            Op::Unique => (!answer(0)?).then_some(operands[2]),
            Op::Complete => match end(0)? {
                End::Value(_) | End::NotApplicable => Some(operands[1]),
                _ => None,
            },
            Op::When => match answer(0)? {
                true => Some(operands[1]),
                false => Some(self.end(End::NotApplicable)),
            },
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Side {
    Constant(Decimal),
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
fn finish(op: Op, [a, b, c]: [&End; 3]) -> End {
    match op {
        Op::Compare(how) => End::of_condition(state::compare(how, &a.state(), &b.state())),
        Op::Calculate(how) => End::of_state(state::calculate(how, &a.state(), &b.state())),
        Op::And => End::of_condition(state::all([a.condition(), b.condition()])),
        Op::Or => End::of_condition(state::any([a.condition(), b.condition()])),
        Op::Not => End::of_condition(state::not(a.condition())),
        Op::IsNotApplicable if matches!(a, End::Calculated(..)) => NO,
        Op::Has => match b {
            End::Value(Held::Word(word)) => End::of_condition(state::has(&a.state(), word)),
            _ => End::Missing,
        },
        Op::Size => match state::size(&a.state()) {
            Known::Value(Compared::Number(number)) => End::of(Compared::Number(number)),
            Known::NotApplicable => End::NotApplicable,
            _ => End::Missing,
        },
        Op::IsNotApplicable => match a.state() {
            Known::Missing(_) => End::Missing,
            known => End::of(Compared::YesNo(known == Known::NotApplicable)),
        },
        Op::Cell => match a {
            End::NotApplicable => NO,
            other => other.clone(),
        },
        Op::First | Op::Unique => match a.condition() {
            Known::Value(false) | Known::NotApplicable => c.clone(),
            Known::Value(true) if op == Op::First => b.clone(),
            _ if *c == End::NoRow || c == b => b.clone(),
            _ => End::Missing,
        },
        Op::Collect => match a.condition() {
            Known::Value(true) => b.clone(),
            Known::Value(false) | Known::NotApplicable => c.clone(),
            Known::Missing(_) => End::Missing,
        },
        Op::Complete => match a.condition() {
            Known::Missing(_) => End::Missing,
            _ => b.clone(),
        },
        Op::Decides => match a {
            End::NotApplicable => End::Missing,
            other => other.clone(),
        },
        Op::When => match a.condition() {
            Known::Value(true) => b.clone(),
            Known::Value(false) => End::NotApplicable,
            _ => End::Missing,
        },
        Op::Told => match a {
            End::NoRow | End::CaseWorker => End::Missing,
            other => other.clone(),
        },
        Op::Close => match a {
            End::NoRow => End::Missing,
            other => other.clone(),
        },
    }
}
