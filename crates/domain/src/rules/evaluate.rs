//! Evaluation: from what is known to the values of rules, the needed steps, their outcomes with grounds, and fees.
//!
//! Always true here: it ends for every document, also one that names nothing or goes in circles (such a fact is missing,
//! cause failed); each node is computed once, after what it rests on; nothing depends on the order in which facts were
//! given; a result that is not S never changes when an S becomes known, as long as the tables are complete. When a
//! step may begin (`Efter`) is the case's matter, not decided here.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::graph::{Graph, Id, Node, cells};
use super::state::{self, Compared, FAILED, State};
use super::{Days, Evaluation, Fired, Setting, StepResult};
use crate::fact::{Cause, Facts, Known, Name, Value};
use crate::pack::{
    CaseDay, CellResult, Comparison, CountedAt, Expr, Fact, List, NoRecord, Operand, OutcomeKind, Pack, Parameter,
    ParameterDefault, Policy, Required, Row, Rule, Source, Step, Test, Transition, Type,
};

/// Parts within parts of one condition. What is deeper is missing, cause failed; nobody writes so by hand.
pub const EXPRESSION_DEPTH_MAX: usize = 64;

/// The result cell of a row that a person must look at.
pub(super) const CASE_WORKER: &str = "handläggare";

/// What [`evaluate_applied`] gives the step alone, from a graph that is there already: only what it rests on is computed.
pub(super) fn applied_step<'a>(
    graph: &Rc<Graph<'a>>,
    facts: &'a Facts,
    setting: &'a Setting,
    step: &'a Step,
) -> Option<StepResult> {
    let (needed, outcome) = (graph.needed(&step.name.it)?, graph.outcome(&step.name.it)?);
    let fee = step.fee.as_ref().and_then(|fee| graph.fact(&fee.it));
    let behind = graph.behind([needed, outcome].into_iter().chain(fee), |_| false);
    // Opinions hold back outcomes that do not read them.
    let is_computed = |id: &Id| behind[*id] || matches!(graph.nodes[*id], Node::Leaf(_));
    let nodes: Vec<Id> = graph.order.iter().copied().filter(is_computed).collect();
    let evaluator = Evaluator::of_nodes(graph.clone(), &nodes, facts, setting, Some(&step.name.it));
    Some(evaluator.step_result(step, needed))
}

/// Computes all that follows.
pub fn evaluate(pack: &Pack, facts: &Facts, setting: &Setting) -> Evaluation {
    Evaluator::new(pack, facts, setting, None).evaluation()
}

/// The same at the body that has got an application for `step`: that the step is needed is no longer a question, since
/// it was applied for, and the facts behind *Behövs när* are not sent to it.
pub fn evaluate_applied(pack: &Pack, facts: &Facts, setting: &Setting, step: &Name) -> Evaluation {
    Evaluator::new(pack, facts, setting, Some(step)).evaluation()
}

/// The value of a parameter on the day that counts for it: what the adopting body has set, else the document's default.
/// `räknas vid händelse` is counted at the decision, where the event is looked at.
pub(super) fn parameter_value<'a>(parameter: &'a Parameter, setting: &'a Setting) -> Option<&'a Value> {
    let day = match parameter.counted_at {
        CountedAt::Application => setting.days.application,
        CountedAt::Decision | CountedAt::Event => setting.days.decision,
    };
    let set = setting
        .parameters
        .get(&parameter.name.it)
        .and_then(|dated| valid_on(dated, day));
    set.or_else(|| match &parameter.default.it {
        ParameterDefault::Dated(dated) => valid_on(dated, day),
        ParameterDefault::None | ParameterDefault::CaseWorker => None,
    })
}

/// The latest value that has begun.
fn valid_on(dated: &[(Option<Date>, Value)], day: Date) -> Option<&Value> {
    dated
        .iter()
        .filter(|(from, _)| from.is_none_or(|from| from <= day))
        .max_by_key(|(from, _)| *from)
        .map(|(_, value)| value)
}

fn transition<'p>(rule: &'p Rule, days: &Days) -> Option<(&'p Transition, Date)> {
    let transition = &rule.transition.as_ref()?.it;
    let within = transition.from <= days.application && days.application <= transition.to;
    within.then(|| (transition, transition.from.yesterday().unwrap_or(transition.from)))
}

/// How a row's days stand: certainly in force or not, or in force exactly when the applicant chose the older law (yes)
/// or the newer (no).
pub(super) fn force<'p>(rule: &'p Rule, row: &Row, days: &Days) -> Force<'p> {
    let Some(valid) = &row.valid else {
        return Force::Always(true);
    };
    let today = valid.holds_on(days.of(rule.counted_at.into()));
    match transition(rule, days) {
        Some((transition, before)) if valid.holds_on(before) != today => Force::Chosen {
            choice: &transition.choice,
            older: !today,
        },
        _ => Force::Always(today),
    }
}

/// What the rows of a rule gave.
#[derive(Debug)]
pub(super) struct Given<'a, R> {
    pub result: Known<R>,
    /// The row that certainly gave it.
    pub row: Option<&'a Row>,
}

/// What is known of a step's outcome.
#[derive(Debug)]
pub(super) struct OutcomeState<'a> {
    pub outcome: Known<&'a str>,
    /// Rows that certainly hold.
    pub holds: Vec<&'a Row>,
    pub grounds: Vec<&'a Row>,
    pub needs_case_worker: bool,
}

/// What is known of a sum.
#[derive(Debug)]
pub(super) struct Sum {
    /// The least and the greatest that it can become; none where the column's type has no bounds.
    pub bounds: Option<(Decimal, Decimal)>,
    /// Why it is not known yet.
    pub missing: Option<Cause>,
}

/// The condition that a sum's items are chosen by, where it stands, and how deep.
pub(super) type Filter<'i, 'a> = Option<(&'a Expr, Option<&'i Item<'i, 'a>>, usize)>;

/// When a row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Force<'a> {
    /// Certain: yes or no.
    Always(bool),
    /// As the applicant chooses in a transition: with the older law, or with the newer.
    Chosen { choice: &'a Name, older: bool },
}

/// The item of a list that a condition is asked of; `None` is an item that nobody has described yet.
#[derive(Clone, Copy)]
pub(super) struct Item<'i, 'a> {
    list: &'a Name,
    /// Its place in the list.
    at: Option<usize>,
    columns: Option<&'a BTreeMap<Name, Known<Value>>>,
    outer: Option<&'i Item<'i, 'a>>,
}

impl Item<'_, '_> {
    /// What is known of the item in a column that is no rule's.
    pub fn known(&self, column: &Name) -> Known<Value> {
        let known = self.columns.and_then(|columns| columns.get(column));
        known.cloned().unwrap_or(Known::UNANSWERED)
    }
}

pub(super) struct Evaluator<'a> {
    pub graph: Rc<Graph<'a>>,
    facts: &'a Facts,
    setting: &'a Setting,
    applied: Option<&'a Name>,
    /// By node.
    states: Vec<State<'a>>,
    /// By node: the value as it was stored or written, where there is one.
    stored: Vec<Option<&'a Value>>,
    /// By node: the row that gave a rule's value.
    rows: Vec<Option<&'a Row>>,
    outcomes: BTreeMap<Id, OutcomeState<'a>>,
    /// What rules give a list's items.
    of_items: BTreeMap<Id, OfItems<'a>>,
}

/// What a rule gives each item of a list.
#[derive(Debug, Default)]
struct OfItems<'a> {
    each: Vec<Decided<'a>>,
    /// An item that nobody has described yet.
    undescribed: Option<Decided<'a>>,
}

/// What a rule gives: its state, the value as it is written in the row, the row.
#[derive(Clone, Debug)]
struct Decided<'a> {
    state: State<'a>,
    stored: Option<&'a Value>,
    row: Option<&'a Row>,
}

impl Decided<'_> {
    fn value(&self) -> Known<Value> {
        full(&self.state, self.stored)
    }
}

/// A state as a value, with what was stored of it.
fn full(state: &State<'_>, stored: Option<&Value>) -> Known<Value> {
    match (state, stored) {
        (Known::Value(_), Some(value)) => Known::Value(value.clone()),
        (Known::Value(Compared::Word(word)), None) => Known::Value(Value::Choice((*word).to_owned())),
        (Known::Value(Compared::YesNo(answer)), None) => Known::Value(Value::YesNo(*answer)),
        (Known::Value(Compared::Number(number)), None) => Known::Value(Value::Number(*number)),
        (Known::Value(Compared::Date(date)), None) => Known::Value(Value::Date(*date)),
        (Known::Value(Compared::Clock(minutes)), None) => Known::Value(Value::Clock(*minutes)),
        (Known::Value(Compared::Period(from, to)), None) => Known::Value(Value::Period { from: *from, to: *to }),
        (Known::Value(Compared::Set(words)), None) => Known::Value(Value::Set((*words).clone())),
        (Known::Value(Compared::File), None) => Known::Missing(FAILED),
        (Known::NotApplicable, _) => Known::NotApplicable,
        (Known::Missing(cause), _) => Known::Missing(*cause),
    }
}

impl<'a> Evaluator<'a> {
    pub fn new(pack: &'a Pack, facts: &'a Facts, setting: &'a Setting, applied: Option<&'a Name>) -> Self {
        let graph = Rc::new(Graph::new(pack));
        let order = graph.order.clone();
        Self::of_nodes(graph, &order, facts, setting, applied)
    }

    /// Computes only these nodes, each after what it rests on; the others are missing.
    pub fn of_nodes(
        graph: Rc<Graph<'a>>,
        nodes: &[Id],
        facts: &'a Facts,
        setting: &'a Setting,
        applied: Option<&'a Name>,
    ) -> Self {
        let n = graph.nodes.len();
        let mut evaluator = Self {
            graph,
            facts,
            setting,
            applied,
            states: vec![Known::Missing(FAILED); n],
            stored: vec![None; n],
            rows: vec![None; n],
            outcomes: BTreeMap::new(),
            of_items: BTreeMap::new(),
        };
        for id in nodes {
            evaluator.compute(*id);
        }
        evaluator
    }

    pub fn state(&self, id: Id) -> &State<'a> {
        &self.states[id]
    }

    /// The row that gave a rule's value.
    pub fn row(&self, id: Id) -> Option<&'a Row> {
        self.rows[id]
    }

    pub fn outcome(&self, step: &Name) -> Option<&OutcomeState<'a>> {
        self.outcomes.get(&self.graph.outcome(step)?)
    }

    /// What was said of a fact, unless it is missing.
    pub fn told_value(&self, fact: &Name) -> Option<State<'a>> {
        let told = state::state(self.facts.known.get(fact)?);
        (!told.is_missing()).then_some(told)
    }

    /// Whether somebody outside the rules says it: a fact, a list's column, a parameter that is not set.
    pub fn is_leaf(&self, id: Id) -> bool {
        match self.graph.nodes[id] {
            Node::Leaf(_) | Node::Column(..) => true,
            Node::Parameter(_) => self.stored[id].is_none(),
            _ => false,
        }
    }

    /// Whether a leaf is answered: of a column, in every item.
    pub fn is_known(&self, id: Id) -> bool {
        match self.graph.nodes[id] {
            Node::Column(column, list) => self.items(&list.name.it).is_some_and(|items| {
                let mut items = items.iter();
                items.all(|item| item.get(&column.name.it).is_some_and(|known| !known.is_missing()))
            }),
            _ => !self.states[id].is_missing(),
        }
    }

    /// The full value of a fact that is not a list's column.
    pub fn value(&self, id: Id) -> Known<Value> {
        full(&self.states[id], self.stored[id])
    }

    /// What a rule gives every item of its list; nothing when the list is not answered.
    pub fn values_of_items(&self, id: Id) -> Vec<Known<Value>> {
        let found = self.of_items.get(&id);
        found.map_or(Vec::new(), |found| found.each.iter().map(Decided::value).collect())
    }

    /// The row that gave an item its value.
    pub fn row_of_item(&self, id: Id, item: usize) -> Option<&'a Row> {
        self.of_items.get(&id)?.each.get(item)?.row
    }

    pub fn evaluation(&self) -> Evaluation {
        let mut evaluation = Evaluation::default();
        for (id, node) in self.graph.nodes.iter().enumerate() {
            match node {
                Node::Leaf(_) | Node::OutcomeOf(..) | Node::Parameter(_) | Node::Dangling(_) => {}
                Node::Rule(rule) => {
                    if let Some(row) = self.rows[id] {
                        evaluation.fired.insert(rule.name.it.clone(), row.id.it.clone());
                    }
                }
                Node::Needed(step) => {
                    evaluation
                        .steps
                        .insert(step.name.it.clone(), self.step_result(step, id));
                    continue;
                }
                Node::ItemRule(rule, ..) => {
                    evaluation.items.insert(rule.name.it.clone(), self.values_of_items(id));
                    continue;
                }
                Node::Column(..) | Node::Outcome(_) => continue,
            }
            evaluation.values.insert(node.name().clone(), self.value(id));
        }
        evaluation
    }

    fn compute(&mut self, id: Id) {
        if self.graph.circular[id] {
            // A step in a circle still says that it has no outcome.
            if let Node::Outcome(_) = self.graph.nodes[id] {
                self.outcomes.insert(id, OutcomeState::missing(FAILED));
            }
            return;
        }
        self.states[id] = match self.graph.nodes[id] {
            Node::Leaf(fact) => self.told(id, fact),
            Node::Column(..) | Node::Dangling(_) => Known::Missing(FAILED),
            Node::Parameter(parameter) => {
                self.stored[id] = parameter_value(parameter, self.setting);
                self.stored[id].map_or(Known::Missing(FAILED), |value| Known::Value(value.into()))
            }
            Node::Rule(rule) => {
                let decided = self.decide_fact(rule, None);
                self.rows[id] = decided.row;
                self.stored[id] = decided.stored;
                decided.state
            }
            Node::ItemRule(rule, _, list) => {
                let of = |at: Option<usize>, columns| {
                    let item = Item {
                        list: &list.name.it,
                        at,
                        columns,
                        outer: None,
                    };
                    self.decide_fact(rule, Some(&item))
                };
                let items = self.items(&list.name.it).map_or(&[][..], Vec::as_slice);
                let found = OfItems {
                    each: (0..).zip(items).map(|(at, item)| of(Some(at), Some(item))).collect(),
                    undescribed: Some(of(None, None)),
                };
                self.of_items.insert(id, found);
                Known::Missing(FAILED)
            }
            // What the body has decided goes before what the rules expect.
            Node::OutcomeOf(fact, step) => match self.told(id, fact) {
                Known::Missing(_) => self
                    .graph
                    .outcome(step)
                    .map_or(Known::Missing(FAILED), |outcome| self.states[outcome].clone()),
                told => told,
            },
            Node::Needed(step) if self.applied == Some(&step.name.it) => Known::Value(Compared::YesNo(true)),
            Node::Needed(step) => self.condition(&step.needed_when.it, None, 0).map(Compared::YesNo),
            Node::Outcome(step) => {
                let outcome = self.decide_outcome(step);
                let state = outcome.outcome.as_ref().map(|word| Compared::Word(word));
                self.outcomes.insert(id, outcome);
                state
            }
        };
    }

    fn told(&mut self, id: Id, fact: &'a Fact) -> State<'a> {
        let Some(known) = self.facts.known.get(&fact.name.it) else {
            return Known::UNANSWERED;
        };
        self.stored[id] = known.value();
        state::state(known)
    }

    // ---- rules ----

    pub fn day(&self, day: CaseDay) -> Date {
        self.setting.days.of(day)
    }

    /// Whether a row counts on the day that its table is counted at. Within a transition it may be the applicant's choice.
    fn in_force(&self, rule: &'a Rule, row: &Row) -> Known<bool> {
        let Some(valid) = &row.valid else {
            return Known::Value(true);
        };
        let today = valid.holds_on(self.day(rule.counted_at.into()));
        let Some((transition, before)) = self.transition(rule) else {
            return Known::Value(today);
        };
        let then = valid.holds_on(before);
        match self.named(&transition.choice, None) {
            Known::Value(Compared::Word(Transition::OLDER)) => Known::Value(then),
            Known::Missing(cause) if then != today => Known::Missing(cause),
            _ => Known::Value(today),
        }
    }

    /// The transition that an application made on its day may choose, and the day whose law it may choose.
    pub fn transition(&self, rule: &'a Rule) -> Option<(&'a Transition, Date)> {
        transition(rule, &self.setting.days)
    }

    /// Whether a row matches; a row with a missing input may match. E is matched only by `ej aktuellt` and `–`.
    pub fn matches(&self, rule: &'a Rule, row: &'a Row) -> Known<bool> {
        self.item_matches(rule, row, None)
    }

    /// The same of a rule that gives each item of a list a value.
    pub fn item_matches(&self, rule: &'a Rule, row: &'a Row, item: Option<&Item<'_, 'a>>) -> Known<bool> {
        state::all(
            cells(rule, row)
                .map(|(column, test)| self.cell_matches(column, test, item))
                .chain([self.in_force(rule, row)]),
        )
    }

    /// How the rows of an item rule stand for each item; nothing when the list has none, one undescribed item when it is
    /// not answered.
    pub fn rows_of_items(&self, rule: &'a Rule, list: &'a List) -> Vec<Vec<Known<bool>>> {
        let of = |at: Option<usize>, columns| {
            let item = Item {
                list: &list.name.it,
                at,
                columns,
                outer: None,
            };
            let rows = rule.rows.iter();
            rows.map(|row| self.item_matches(rule, row, Some(&item))).collect()
        };
        match self.items(&list.name.it) {
            None => vec![of(None, None)],
            Some(items) => (0..).zip(items).map(|(at, item)| of(Some(at), Some(item))).collect(),
        }
    }

    /// An item as the explanations meet it.
    pub fn item(&self, list: &'a List, at: usize) -> Option<Item<'a, 'a>> {
        Some(Item {
            list: &list.name.it,
            at: Some(at),
            columns: Some(self.items(&list.name.it)?.get(at)?),
            outer: None,
        })
    }

    pub fn cell_matches(&self, column: Option<&Name>, test: &'a Test, item: Option<&Item<'_, 'a>>) -> Known<bool> {
        let fact = || column.map_or(Known::Missing(FAILED), |name| self.named(name, item));
        let equals = |operand| state::compare(Comparison::Equal, &fact(), &self.operand(operand, item));
        let matches = match test {
            Test::Any => Known::Value(true),
            Test::NotApplicable => match fact() {
                Known::NotApplicable => Known::Value(true),
                Known::Value(_) => Known::Value(false),
                Known::Missing(cause) => Known::Missing(cause),
            },
            Test::Compare(how, operand) => state::compare(*how, &fact(), &self.operand(operand, item)),
            Test::Between(low, high) => {
                let end = |how, end: &Decimal| state::compare(how, &fact(), &Known::Value(Compared::Number(*end)));
                state::all([end(Comparison::GreaterOrEqual, low), end(Comparison::LessOrEqual, high)])
            }
            Test::Within(low, high) => {
                let end = |how, end: &'a Value| state::compare(how, &fact(), &Known::Value(end.into()));
                state::all([end(Comparison::GreaterOrEqual, low), end(Comparison::LessOrEqual, high)])
            }
            Test::Has(word) => state::has(&fact(), word),
            Test::Lacks(word) => state::not(state::has(&fact(), word)),
            Test::OneOf(operands) => state::any(operands.iter().map(equals)),
            Test::NotOneOf(operands) => state::not(state::any(operands.iter().map(equals))),
            Test::Condition(expr) => self.condition(expr, item, 0),
        };
        match matches {
            Known::NotApplicable => Known::Value(false),
            known => known,
        }
    }

    fn operand(&self, operand: &'a Operand, item: Option<&Item<'_, 'a>>) -> State<'a> {
        match operand {
            Operand::Constant(value) => Known::Value(value.into()),
            Operand::Fact(name) => self.named(name, item),
        }
    }

    /// The value that a rule gives, itself or for an item.
    fn decide_fact(&self, rule: &'a Rule, item: Option<&Item<'_, 'a>>) -> Decided<'a> {
        let ty = || self.graph.pack.fact(&rule.name.it).map(|fact| &fact.ty.it);
        // Equal results of different rows are one: a value is compared as it was stored.
        let given = self.decide(rule, item, |row| match &row.result.it {
            CellResult::Value(value) => (Known::Value(Compared::from(value)), Some(value)),
            CellResult::Calculated(expr) => (rounded(self.expression(expr, item, 0), ty()), None),
            CellResult::NotApplicable => (Known::NotApplicable, None),
            CellResult::CaseWorker => (Known::Missing(FAILED), None),
        });
        match given.result {
            Known::Value((state, stored)) => Decided {
                state,
                stored,
                row: given.row,
            },
            Known::NotApplicable => Decided {
                state: Known::NotApplicable,
                stored: None,
                row: given.row,
            },
            Known::Missing(cause) => Decided {
                state: Known::Missing(cause),
                stored: None,
                row: given.row,
            },
        }
    }

    /// `unik` and `första`: the result that every row that may still match shares, else S. A gap is S.
    fn decide<R: PartialEq>(
        &self,
        rule: &'a Rule,
        item: Option<&Item<'_, 'a>>,
        result: impl Fn(&'a Row) -> R,
    ) -> Given<'a, R> {
        let first = match rule.policy.it {
            Policy::First => true,
            Policy::Unique => false,
            // Only outcomes are collected.
            Policy::Collect { .. } => return Given::nothing(FAILED),
        };
        let mut shared: Option<R> = None;
        let (mut certain, mut open, mut conflict) = (None, None::<Cause>, false);
        for row in &rule.rows {
            match self.item_matches(rule, row, item) {
                Known::Value(true) => certain = certain.or(Some(row)),
                Known::Missing(cause) => open = open.max(Some(cause)),
                Known::Value(false) | Known::NotApplicable => continue,
            }
            let result = result(row);
            conflict |= shared.as_ref().is_some_and(|shared| *shared != result);
            shared.get_or_insert(result);
            if first && certain.is_some() {
                break;
            }
        }
        match shared {
            Some(shared) if !conflict => Given {
                result: Known::Value(shared),
                // Of rows in turn the certain one gave it only if none before it may still match.
                row: certain.filter(|_| !first || open.is_none()),
            },
            _ => Given::nothing(open.unwrap_or(FAILED)),
        }
    }

    // ---- outcomes ----

    fn decide_outcome(&self, step: &'a Step) -> OutcomeState<'a> {
        let needed = self.graph.needed(&step.name.it).map(|id| &self.states[id]);
        match needed {
            Some(Known::Value(Compared::YesNo(false))) => return OutcomeState::not_applicable(),
            Some(Known::Value(Compared::YesNo(true)) | Known::Missing(_)) => {}
            // A condition that is *ej aktuellt* decides nothing; the checker reports it.
            _ => return OutcomeState::missing(FAILED),
        }
        let mut found = self.outcome_if_needed(step);
        if let Some(Known::Missing(cause)) = needed {
            found.outcome = Known::Missing(*cause);
            found.grounds.clear();
        }
        found
    }

    fn outcome_if_needed(&self, step: &'a Step) -> OutcomeState<'a> {
        let Some(rule) = self.graph.outcome_rule(&step.name.it) else {
            // Nothing to choose: a step with one outcome has that one.
            let mut outcomes = self.graph.pack.outcomes_of(&step.name.it);
            let mut found = OutcomeState::missing(FAILED);
            if let (Some(only), None) = (outcomes.next(), outcomes.next()) {
                found.outcome = Known::Value(&only.name.it);
            }
            return self.wait_for_opinions(step, found);
        };
        let found = match &rule.policy.it {
            Policy::Collect { otherwise } => self.collect(step, rule, otherwise),
            Policy::Unique | Policy::First => self.choose(rule),
        };
        self.wait_for_opinions(step, found)
    }

    fn choose(&self, rule: &'a Rule) -> OutcomeState<'a> {
        let (mut needs_case_worker, mut open) = (false, false);
        let mut holds = Vec::new();
        for row in &rule.rows {
            let matches = self.matches(rule, row);
            if matches == Known::Value(false) {
                continue;
            }
            needs_case_worker |= row.result.it == CellResult::CaseWorker;
            let first = rule.policy.it == Policy::First;
            if matches == Known::Value(true) {
                // Of rows in turn one holds only if none before it may.
                if !(first && open) {
                    holds.push(row);
                }
                if first {
                    break;
                }
            }
            open |= matches.is_missing();
        }
        let given = self.decide(rule, None, |row| match outcome_word(row) {
            Some(word) => Known::Value(word),
            None if row.result.it == CellResult::NotApplicable => Known::NotApplicable,
            // A person must look, and has not.
            None => Known::Missing(Cause::Pending),
        });
        OutcomeState {
            outcome: flatten(given.result),
            holds,
            grounds: given.row.into_iter().collect(),
            needs_case_worker,
        }
    }

    fn collect(&self, step: &'a Step, rule: &'a Rule, otherwise: &'a str) -> OutcomeState<'a> {
        let rank = |word: &str| {
            let mut outcomes = self.graph.pack.outcomes_of(&step.name.it);
            outcomes
                .position(|outcome| outcome.name.it == word)
                .unwrap_or(usize::MAX)
        };
        let mut holds = Vec::new();
        let mut open: Vec<(&'a Row, Cause)> = Vec::new();
        for row in &rule.rows {
            match self.matches(rule, row) {
                Known::Value(true) => holds.push(row),
                Known::Missing(cause) => open.push((row, cause)),
                Known::Value(false) | Known::NotApplicable => {}
            }
        }
        let winner = holds
            .iter()
            .copied()
            .filter_map(outcome_word)
            .min_by_key(|word| rank(word));
        let needs_case_worker = holds
            .iter()
            .chain(open.iter().map(|(row, _)| row))
            .any(|row| row.result.it == CellResult::CaseWorker);
        let cause = open.iter().map(|(_, cause)| *cause).max();
        // Alkohollagen 8 kap. 11 §: without the opinion nothing may be granted, but it may be refused. So rows that
        // only wait for such an opinion do not hold back a burdensome outcome that they cannot change.
        let refused = winner.is_some_and(|winner| {
            self.kind(step, winner) == Some(OutcomeKind::Burdensome)
                && open.iter().all(|(row, _)| {
                    outcome_word(row).is_none_or(|word| rank(word) >= rank(winner))
                        && self.waits_only_to_grant(rule, row)
                })
        });
        let outcome = match cause {
            Some(cause) if !refused => Known::Missing(cause),
            _ => Known::Value(winner.unwrap_or(otherwise)),
        };
        let grounds = match (&outcome, winner) {
            (Known::Value(_), Some(winner)) => holds
                .iter()
                .copied()
                .filter(|row| outcome_word(row) == Some(winner))
                .collect(),
            _ => Vec::new(),
        };
        OutcomeState {
            outcome,
            holds,
            grounds,
            needs_case_worker,
        }
    }

    fn kind(&self, step: &Step, outcome: &str) -> Option<OutcomeKind> {
        let mut outcomes = self.graph.pack.outcomes_of(&step.name.it);
        outcomes
            .find(|listed| listed.name.it == outcome)
            .map(|listed| listed.kind.it)
    }

    /// While an opinion that is required has not come, no outcome is certain; while one that is required for granting
    /// has not come, no favourable one.
    fn wait_for_opinions(&self, step: &'a Step, mut found: OutcomeState<'a>) -> OutcomeState<'a> {
        let Some(outcome) = found.outcome.value() else {
            return found;
        };
        let favourable = self.kind(step, outcome) == Some(OutcomeKind::Favourable);
        let waits_for = self.graph.opinions(&step.name.it).iter().filter_map(|(id, required)| {
            match (&self.states[*id], required) {
                (Known::Missing(cause), Required::Always) => Some(*cause),
                (Known::Missing(cause), Required::ForGrant) if favourable => Some(*cause),
                _ => None,
            }
        });
        if let Some(cause) = waits_for.max() {
            found.outcome = Known::Missing(cause);
            found.grounds.clear();
        }
        found
    }

    fn waits_only_to_grant(&self, rule: &'a Rule, row: &'a Row) -> bool {
        let mut blame = Blame::new(self);
        blame.row(rule, row);
        let waits_for = blame.finish();
        waits_for.keys().all(|name| {
            let fact = self.graph.fact(name).map(|id| self.graph.nodes[id]);
            matches!(fact, Some(Node::Leaf(fact)) if matches!(&fact.source.it, Source::Referral(r) if r.required == Required::ForGrant))
        })
    }

    /// `id`: the step's `Needed` node.
    pub fn step_result(&self, step: &'a Step, id: Id) -> StepResult {
        let name = &step.name.it;
        let needed = state::condition(self.states[id].clone());
        let mut needed_because = Vec::new();
        if let Some(answer) = needed.value() {
            self.because(&step.needed_when.it, *answer, &mut needed_because);
        }
        let fired = |row: &&Row| Fired {
            rule: name.clone(),
            row: row.id.it.clone(),
        };
        let missing = OutcomeState::missing(FAILED);
        let found = self.outcomes.get(&(id + 1)).unwrap_or(&missing);
        let mut blame = Blame::new(self);
        blame.node(id);
        blame.node(id + 1);
        StepResult {
            outcome: found.outcome.clone().map(str::to_owned),
            holds: found
                .holds
                .iter()
                .map(|row| (fired(row), result_text(&row.result.it)))
                .collect(),
            grounds: found.grounds.iter().map(fired).collect(),
            needs_case_worker: found.needs_case_worker,
            fee: self.fee(step, &needed),
            waits_for: blame.finish(),
            needed,
            needed_because,
        }
    }

    /// E when the step is not needed, and when it has no fee at all.
    fn fee(&self, step: &Step, needed: &Known<bool>) -> Known<Decimal> {
        let Some(fee) = &step.fee else {
            return Known::NotApplicable;
        };
        match needed {
            Known::Value(true) => {}
            Known::Value(false) => return Known::NotApplicable,
            Known::NotApplicable => return Known::Missing(FAILED),
            Known::Missing(cause) => return Known::Missing(*cause),
        }
        match self.named(&fee.it, None) {
            Known::Value(Compared::Number(kronor)) => Known::Value(kronor),
            Known::Value(_) => Known::Missing(FAILED),
            Known::NotApplicable => Known::NotApplicable,
            Known::Missing(cause) => Known::Missing(cause),
        }
    }

    /// The rows behind a condition's answer: of the parts that gave it.
    fn because(&self, expr: &'a Expr, answer: bool, rows: &mut Vec<Fired>) {
        self.decisive(expr, answer, 0, &mut |name| {
            let Some(id) = self.graph.fact(name) else { return };
            if let (Node::Rule(rule), Some(row)) = (self.graph.nodes[id], self.rows[id]) {
                let fired = Fired {
                    rule: rule.name.it.clone(),
                    row: row.id.it.clone(),
                };
                if !rows.contains(&fired) {
                    rows.push(fired);
                }
            }
        });
    }

    /// The names in the parts of a condition that gave its answer.
    pub fn decisive(&self, expr: &'a Expr, answer: bool, depth: usize, mention: &mut dyn FnMut(&'a Name)) {
        if depth > EXPRESSION_DEPTH_MAX {
            return;
        }
        match expr {
            Expr::And(parts) | Expr::Or(parts) => {
                for part in parts {
                    if self.condition(part, None, depth) == Known::Value(answer) {
                        self.decisive(part, answer, depth + 1, mention);
                    }
                }
            }
            Expr::Not(part) => self.decisive(part, !answer, depth + 1, mention),
            _ => super::graph::names_in(expr, &mut |name| mention(name)),
        }
    }

    // ---- bounds ----

    /// A comparison whose answer the bounds of what is missing already give.
    pub fn decided_by_bounds(&self, expr: &'a Expr) -> Option<bool> {
        let Expr::Compare(how, left, right) = expr else {
            return None;
        };
        let (left, right) = (self.bounds(left, 0)?, self.bounds(right, 0)?);
        let answers = [(left.0, right.1), (left.1, right.0)]
            .map(|(left, right)| state::compare_values(*how, Compared::Number(left), Compared::Number(right)));
        let apart = left.1 < right.0 || right.1 < left.0;
        match how {
            Comparison::Equal if apart => Some(false),
            Comparison::NotEqual if apart => Some(true),
            Comparison::Equal | Comparison::NotEqual => None,
            _ if answers[0] == answers[1] => answers[0],
            _ => None,
        }
    }

    /// The least and the greatest that a calculation can become.
    fn bounds(&self, expr: &'a Expr, depth: usize) -> Option<(Decimal, Decimal)> {
        match expr {
            _ if depth > EXPRESSION_DEPTH_MAX => None,
            Expr::Constant(value) => match Compared::from(&value.it) {
                Compared::Number(number) => Some((number, number)),
                _ => None,
            },
            Expr::Fact(name) => {
                let id = self.graph.fact(&name.it)?;
                match (&self.states[id], self.graph.nodes[id]) {
                    (Known::Value(Compared::Number(number)), _) => Some((*number, *number)),
                    (Known::Missing(_), Node::Leaf(fact)) if !can_be_not_applicable(fact) => value_bounds(fact),
                    _ => None,
                }
            }
            Expr::Arithmetic(how, left, right) => {
                let (left, right) = (self.bounds(left, depth + 1)?, self.bounds(right, depth + 1)?);
                let mut ends = Vec::with_capacity(4);
                for left in [left.0, left.1] {
                    for right in [right.0, right.1] {
                        let [left, right] = [left, right].map(|end| Known::Value(Compared::Number(end)));
                        let Known::Value(Compared::Number(end)) = state::calculate(*how, &left, &right) else {
                            return None;
                        };
                        ends.push(end);
                    }
                }
                Some((ends.iter().min().copied()?, ends.iter().max().copied()?))
            }
            Expr::Count(list) => {
                let listed = self.graph.pack.list(&list.it)?;
                Some(match self.items(&list.it) {
                    Some(items) => (Decimal::from(items.len()), Decimal::from(items.len())),
                    None => (Decimal::from(listed.min), Decimal::from(listed.max)),
                })
            }
            Expr::Sum(column) => self.sum_bounds(&column.it, None)?.bounds,
            Expr::CountWhere(list, part) => self.count_bounds(&list.it, part, None, depth + 1)?.bounds,
            Expr::SumWhere(column, part) => self.sum_bounds(&column.it, Some((part, None, depth + 1)))?.bounds,
            Expr::InUnit(number, conversion) => {
                let (least, most) = self.bounds(number, depth + 1)?;
                Some((
                    least.checked_mul(conversion.factor)?,
                    most.checked_mul(conversion.factor)?,
                ))
            }
            _ => None,
        }
    }

    // ---- conditions ----

    /// The state of a name where it stands: a column of the item at hand, or a fact.
    fn named(&self, name: &Name, item: Option<&Item<'_, 'a>>) -> State<'a> {
        let Some(id) = self.graph.fact(name) else {
            return Known::Missing(FAILED);
        };
        if let Node::Column(_, list) | Node::ItemRule(_, _, list) = self.graph.nodes[id] {
            let mut at = item;
            while let Some(item) = at {
                if *item.list == list.name.it {
                    return self.column_state(id, item.at, item.columns);
                }
                at = item.outer;
            }
        }
        self.states[id].clone()
    }

    /// What an item has in a column, or what a rule gives it there.
    fn column_state(&self, id: Id, at: Option<usize>, columns: Option<&'a BTreeMap<Name, Known<Value>>>) -> State<'a> {
        if let Node::ItemRule(..) = self.graph.nodes[id] {
            let found = self.of_items.get(&id).and_then(|found| match at {
                Some(at) => found.each.get(at),
                None => found.undescribed.as_ref(),
            });
            return found.map_or(Known::Missing(FAILED), |found| found.state.clone());
        }
        let known = columns.and_then(|columns| columns.get(self.graph.nodes[id].name()));
        known.map_or(Known::UNANSWERED, state::state)
    }

    pub fn condition(&self, expr: &'a Expr, item: Option<&Item<'_, 'a>>, depth: usize) -> Known<bool> {
        state::condition(self.expression(expr, item, depth))
    }

    /// What an expression comes to, as a value.
    pub fn value_of(&self, expr: &'a Expr, item: Option<&Item<'_, 'a>>) -> Known<Value> {
        full(&self.expression(expr, item, 0), None)
    }

    pub fn expression(&self, expr: &'a Expr, item: Option<&Item<'_, 'a>>, depth: usize) -> State<'a> {
        if depth > EXPRESSION_DEPTH_MAX {
            return Known::Missing(FAILED);
        }
        let depth = depth + 1;
        let condition = |part| self.condition(part, item, depth);
        let yes_no = |known: Known<bool>| known.map(Compared::YesNo);
        match expr {
            Expr::Always => Known::Value(Compared::YesNo(true)),
            Expr::Fact(name) => self.named(&name.it, item),
            Expr::Constant(value) => Known::Value((&value.it).into()),
            Expr::Compare(how, left, right) => yes_no(state::compare(
                *how,
                &self.expression(left, item, depth),
                &self.expression(right, item, depth),
            )),
            Expr::IsNotApplicable(name) => match self.named(&name.it, item) {
                Known::Missing(cause) => Known::Missing(cause),
                known => Known::Value(Compared::YesNo(known == Known::NotApplicable)),
            },
            Expr::And(parts) => yes_no(state::all(parts.iter().map(condition))),
            Expr::Or(parts) => yes_no(state::any(parts.iter().map(condition))),
            Expr::Not(part) => yes_no(state::not(condition(part))),
            Expr::Arithmetic(how, left, right) => state::calculate(
                *how,
                &self.expression(left, item, depth),
                &self.expression(right, item, depth),
            ),
            Expr::Count(list) => self.count(&list.it),
            Expr::Sum(column) => self.sum(&column.it, None),
            Expr::CountWhere(list, part) => self.certain(self.count_bounds(&list.it, part, item, depth)),
            Expr::SumWhere(column, part) => self.sum(&column.it, Some((part, item, depth))),
            Expr::Size(name) => state::size(&self.named(&name.it, item)),
            Expr::Has(name, word) => yes_no(state::has(&self.named(&name.it, item), &word.it)),
            Expr::Day(day) => Known::Value(Compared::Date(self.day(*day))),
            Expr::Shift(how, day, by) => state::shift(*how, &self.expression(day, item, depth), *by),
            Expr::Apart(kind, from, to) => state::apart(
                *kind,
                &self.expression(from, item, depth),
                &self.expression(to, item, depth),
            ),
            Expr::Age(of, on) => state::age(&self.expression(of, item, depth), self.day(*on)),
            Expr::PartOf(part, period) => state::part_of(*part, &self.expression(period, item, depth)),
            Expr::InUnit(number, conversion) => {
                state::in_unit(&self.expression(number, item, depth), conversion.factor)
            }
            Expr::Any(list, part) => yes_no(self.over(&list.it, part, item, depth, true)),
            Expr::All(list, part) => yes_no(self.over(&list.it, part, item, depth, false)),
        }
    }

    pub fn items(&self, list: &Name) -> Option<&'a Vec<BTreeMap<Name, Known<Value>>>> {
        self.facts.lists.get(list)
    }

    fn count(&self, list: &Name) -> State<'a> {
        let number = |n: usize| Known::Value(Compared::Number(Decimal::from(n)));
        match (self.items(list), self.graph.pack.list(list)) {
            (_, None) => Known::Missing(FAILED),
            (Some(items), _) => number(items.len()),
            (None, Some(list)) if list.min == list.max => number(list.min as usize),
            (None, Some(_)) => Known::UNANSWERED,
        }
    }

    /// A sum is known when every completion gives the same: then the least is also the greatest.
    fn sum(&self, column: &Name, of: Filter<'_, 'a>) -> State<'a> {
        self.certain(self.sum_bounds(column, of))
    }

    fn certain(&self, sum: Option<Sum>) -> State<'a> {
        match sum {
            Some(Sum {
                bounds: Some((least, greatest)),
                ..
            }) if least == greatest => Known::Value(Compared::Number(least)),
            Some(Sum {
                missing: Some(cause), ..
            }) => Known::Missing(cause),
            _ => Known::Missing(FAILED),
        }
    }

    /// What is known of a column's sum, of all items or of those that a condition holds for; `None` when it is not a column.
    pub fn sum_bounds(&self, column: &Name, of: Filter<'_, 'a>) -> Option<Sum> {
        let id = self.graph.fact(column)?;
        let (Node::Column(fact, list) | Node::ItemRule(_, fact, list)) = self.graph.nodes[id] else {
            return None;
        };
        let one = self.column_bounds(id, fact);
        let holds = |at, columns| match of {
            None => Known::Value(true),
            Some((part, outer, depth)) => {
                let item = Item {
                    list: &list.name.it,
                    at,
                    columns,
                    outer,
                };
                self.condition(part, Some(&item), depth)
            }
        };
        let or_nothing = |bounds: Option<(Decimal, Decimal)>| {
            bounds.map(|(least, most)| (least.min(Decimal::ZERO), most.max(Decimal::ZERO)))
        };
        let Some(items) = self.items(&list.name.it) else {
            let one = match holds(None, None) {
                Known::Value(true) => one,
                Known::Missing(_) => or_nothing(one),
                Known::Value(false) | Known::NotApplicable => Some((Decimal::ZERO, Decimal::ZERO)),
            };
            let bounds = one.and_then(|one| times(one, list));
            return Some(Sum {
                bounds,
                missing: Some(Cause::Unanswered),
            });
        };
        let (mut bounds, mut missing) = (Some((Decimal::ZERO, Decimal::ZERO)), None);
        for (at, item) in (0..).zip(items) {
            let holds = holds(Some(at), Some(item));
            let part = match (&holds, self.column_state(id, Some(at), Some(item))) {
                (Known::Value(false) | Known::NotApplicable, _) | (_, Known::NotApplicable) => {
                    Some((Decimal::ZERO, Decimal::ZERO))
                }
                (_, Known::Value(Compared::Number(number))) => Some((number, number)),
                (_, Known::Value(_)) => {
                    missing = missing.max(Some(FAILED));
                    None
                }
                (_, Known::Missing(cause)) => {
                    missing = missing.max(Some(cause));
                    one
                }
            };
            let part = match holds {
                Known::Missing(cause) => {
                    missing = missing.max(Some(cause));
                    or_nothing(part)
                }
                _ => part,
            };
            bounds = bounds
                .zip(part)
                .and_then(|(sum, part)| Some((sum.0.checked_add(part.0)?, sum.1.checked_add(part.1)?)));
        }
        Some(Sum { bounds, missing })
    }

    /// How many items a condition holds for, at least and at most. Items where it is E are not among them.
    fn count_bounds(&self, list: &Name, part: &'a Expr, outer: Option<&Item<'_, 'a>>, depth: usize) -> Option<Sum> {
        let list = self.graph.pack.list(list)?;
        let holds = |at, columns| {
            let item = Item {
                list: &list.name.it,
                at,
                columns,
                outer,
            };
            self.condition(part, Some(&item), depth)
        };
        let (mut least, mut most, mut missing) = (0u32, 0u32, None);
        match self.items(&list.name.it) {
            None => match holds(None, None) {
                Known::Value(false) | Known::NotApplicable => {}
                Known::Value(true) => (least, most, missing) = (list.min, list.max, Some(Cause::Unanswered)),
                Known::Missing(cause) => (most, missing) = (list.max, Some(cause)),
            },
            Some(items) => {
                for (at, item) in (0..).zip(items) {
                    match holds(Some(at), Some(item)) {
                        Known::Value(true) => (least, most) = (least + 1, most + 1),
                        Known::Value(false) | Known::NotApplicable => {}
                        Known::Missing(cause) => (most, missing) = (most + 1, missing.max(Some(cause))),
                    }
                }
            }
        }
        Some(Sum {
            bounds: Some((Decimal::from(least), Decimal::from(most))),
            missing,
        })
    }

    /// The least and greatest that one item adds to a column's sum.
    fn column_bounds(&self, id: Id, fact: &Fact) -> Option<(Decimal, Decimal)> {
        let (min, max) = value_bounds(fact)?;
        let rows = match self.graph.nodes[id] {
            Node::ItemRule(rule, ..) => rule.rows.as_slice(),
            _ => &[],
        };
        // What is calculated may go beyond the type.
        if rows
            .iter()
            .any(|row| matches!(row.result.it, CellResult::Calculated(_)))
        {
            return None;
        }
        let gives_nothing = rows.iter().any(|row| row.result.it == CellResult::NotApplicable);
        Some(if gives_nothing {
            (min.min(Decimal::ZERO), max.max(Decimal::ZERO))
        } else {
            (min, max)
        })
    }

    /// `någon` (decisive: yes) and `alla` (decisive: no). Items where the condition is E are skipped.
    fn over(
        &self,
        list: &'a Name,
        part: &'a Expr,
        outer: Option<&Item<'_, 'a>>,
        depth: usize,
        decisive: bool,
    ) -> Known<bool> {
        let Some(list) = self.graph.pack.list(list) else {
            return Known::Missing(FAILED);
        };
        let of = |at, columns| {
            let item = Item {
                list: &list.name.it,
                at,
                columns,
                outer,
            };
            self.condition(part, Some(&item), depth)
        };
        let Some(items) = self.items(&list.name.it) else {
            // Nobody has described the list: the answer is certain only if no list at all could give another.
            return match of(None, None) {
                Known::Missing(cause) => Known::Missing(cause),
                Known::Value(answer) if answer == decisive && list.max > 0 => match list.min {
                    0 => Known::UNANSWERED,
                    _ => Known::Value(decisive),
                },
                Known::Value(_) | Known::NotApplicable => Known::Value(!decisive),
            };
        };
        let answers = (0..).zip(items).map(|(at, item)| of(Some(at), Some(item)));
        match if decisive {
            state::any(answers)
        } else {
            state::all(answers)
        } {
            Known::NotApplicable => Known::Value(!decisive),
            known => known,
        }
    }
}

impl<R> Given<'_, R> {
    fn nothing(cause: Cause) -> Self {
        Self {
            result: Known::Missing(cause),
            row: None,
        }
    }
}

impl OutcomeState<'_> {
    fn missing(cause: Cause) -> Self {
        Self {
            outcome: Known::Missing(cause),
            ..Self::not_applicable()
        }
    }

    fn not_applicable() -> Self {
        Self {
            outcome: Known::NotApplicable,
            holds: Vec::new(),
            grounds: Vec::new(),
            needs_case_worker: false,
        }
    }
}

fn flatten<R>(result: Known<Known<R>>) -> Known<R> {
    match result {
        Known::Value(inner) => inner,
        Known::NotApplicable => Known::NotApplicable,
        Known::Missing(cause) => Known::Missing(cause),
    }
}

/// A number as its type holds it: kronor with at most two decimals, others with those of the type.
fn rounded<'a>(state: State<'a>, ty: Option<&Type>) -> State<'a> {
    let decimals = match ty {
        Some(Type::Kronor { .. }) => 2,
        Some(Type::Number { decimals, .. }) => *decimals,
        _ => return state,
    };
    state.map(|value| match value {
        Compared::Number(number) => Compared::Number(
            number.round_dp_with_strategy(decimals, rust_decimal::RoundingStrategy::MidpointAwayFromZero),
        ),
        other => other,
    })
}

/// The outcome that a row gives, if it gives one.
pub(super) fn outcome_word(row: &Row) -> Option<&str> {
    match &row.result.it {
        CellResult::Value(value) => match Compared::from(value) {
            Compared::Word(word) => Some(word),
            _ => None,
        },
        CellResult::Calculated(_) | CellResult::NotApplicable | CellResult::CaseWorker => None,
    }
}

/// A result cell as it is written.
pub(super) fn result_text(result: &CellResult) -> String {
    match result {
        CellResult::Value(value) => value.to_string(),
        CellResult::Calculated(expr) => format!("= {expr}"),
        CellResult::NotApplicable => "ej aktuellt".to_owned(),
        CellResult::CaseWorker => CASE_WORKER.to_owned(),
    }
}

/// The least and greatest that one value of a fact adds to a sum; what is *ej aktuellt* adds nothing.
pub(super) fn value_bounds(fact: &Fact) -> Option<(Decimal, Decimal)> {
    let (min, max) = match &fact.ty.it {
        Type::Number { min, max, .. } | Type::Kronor { min, max } => (*min, *max),
        _ => return None,
    };
    let skipped =
        matches!(&fact.source.it, Source::Register(register) if register.no_record == NoRecord::NotApplicable);
    Some(if skipped {
        (min.min(Decimal::ZERO), max.max(Decimal::ZERO))
    } else {
        (min, max)
    })
}

/// `ingen post = ej aktuellt`
fn can_be_not_applicable(fact: &Fact) -> bool {
    matches!(&fact.source.it, Source::Register(register) if register.no_record == NoRecord::NotApplicable)
}

fn times((low, high): (Decimal, Decimal), list: &List) -> Option<(Decimal, Decimal)> {
    let (few, many) = (Decimal::from(list.min), Decimal::from(list.max));
    let least = low.checked_mul(if low < Decimal::ZERO { many } else { few })?;
    let greatest = high.checked_mul(if high > Decimal::ZERO { many } else { few })?;
    Some((least, greatest))
}

/// Collects the missing facts that keep a result open: follows only what is S itself.
pub(super) struct Blame<'e, 'a> {
    evaluator: &'e Evaluator<'a>,
    seen: Vec<bool>,
    open: Vec<Id>,
    found: BTreeMap<Name, Cause>,
}

impl<'e, 'a> Blame<'e, 'a> {
    pub fn new(evaluator: &'e Evaluator<'a>) -> Self {
        Self {
            evaluator,
            seen: vec![false; evaluator.graph.nodes.len()],
            open: Vec::new(),
            found: BTreeMap::new(),
        }
    }

    pub fn node(&mut self, id: Id) {
        if self.evaluator.states[id].is_missing() && !std::mem::replace(&mut self.seen[id], true) {
            self.open.push(id);
        }
    }

    pub fn row(&mut self, rule: &'a Rule, row: &'a Row) {
        self.row_of(rule, row, None);
    }

    fn row_of(&mut self, rule: &'a Rule, row: &'a Row, item: Option<&Item<'_, 'a>>) {
        for (column, test) in cells(rule, row) {
            if !self.evaluator.cell_matches(column, test, item).is_missing() {
                continue;
            }
            if let Some(name) = column {
                self.name(name, item);
            }
            match test {
                Test::Condition(expr) => self.expression(expr, item, 0),
                test => super::graph::names_in_test(test, &mut |name| self.name(name, item)),
            }
        }
        if let Some(transition) = &rule.transition
            && self.evaluator.in_force(rule, row).is_missing()
        {
            self.name(&transition.it.choice, None);
        }
    }

    /// What was found, once everything behind has been followed.
    pub fn finish(mut self) -> BTreeMap<Name, Cause> {
        while let Some(id) = self.open.pop() {
            self.follow(id);
        }
        self.found
    }

    fn follow(&mut self, id: Id) {
        let Known::Missing(cause) = self.evaluator.states[id] else {
            return;
        };
        let graph = &self.evaluator.graph;
        if graph.circular[id] {
            return self.insert(graph.nodes[id].name(), FAILED);
        }
        match graph.nodes[id] {
            Node::Leaf(_) | Node::Column(..) | Node::Parameter(_) | Node::Dangling(_) => {
                self.insert(graph.nodes[id].name(), cause);
            }
            Node::Rule(rule) => self.rule(rule, None),
            Node::ItemRule(rule, _, list) => self.items(rule, list),
            Node::OutcomeOf(fact, step) => match graph.outcome(step) {
                Some(outcome) => {
                    // What a person must look at in the other step is waited for as such.
                    let found = self.evaluator.outcomes.get(&outcome);
                    if found.is_some_and(|found| found.needs_case_worker && found.outcome.is_missing()) {
                        self.insert(&fact.name.it, cause);
                    }
                    self.node(outcome);
                }
                None => self.insert(&fact.name.it, FAILED),
            },
            Node::Needed(step) => self.expression(&step.needed_when.it, None, 0),
            Node::Outcome(step) => {
                if let Some(needed) = graph.needed(&step.name.it) {
                    self.node(needed);
                }
                if let Some(rule) = graph.outcome_rule(&step.name.it) {
                    self.rule(rule, None);
                }
                for (opinion, required) in self.evaluator.graph.opinions(&step.name.it) {
                    if *required != Required::Optional {
                        self.node(*opinion);
                    }
                }
            }
        }
    }

    fn rule(&mut self, rule: &'a Rule, item: Option<&Item<'_, 'a>>) {
        for row in &rule.rows {
            let matches = self.evaluator.item_matches(rule, row, item);
            match matches {
                Known::Missing(_) => self.row_of(rule, row, item),
                Known::Value(false) | Known::NotApplicable => continue,
                Known::Value(true) => {}
            }
            if let CellResult::Calculated(expr) = &row.result.it {
                self.expression(expr, item, 0);
            }
            if matches == Known::Value(true) && rule.policy.it == Policy::First {
                return;
            }
        }
    }

    /// A rule that gives each item a value: what keeps it open in some item.
    fn items(&mut self, rule: &'a Rule, list: &'a List) {
        let items = self.evaluator.items(&list.name.it);
        let mut of = |at, columns| {
            let item = Item {
                list: &list.name.it,
                at,
                columns,
                outer: None,
            };
            self.rule(rule, Some(&item));
        };
        match items {
            None => of(None, None),
            Some(items) => (0..).zip(items).for_each(|(at, item)| of(Some(at), Some(item))),
        }
    }

    fn insert(&mut self, name: &Name, cause: Cause) {
        let gravest = self.found.entry(name.clone()).or_insert(cause);
        *gravest = cause.max(*gravest);
    }

    fn name(&mut self, name: &Name, item: Option<&Item<'_, 'a>>) {
        let Known::Missing(cause) = self.evaluator.named(name, item) else {
            return;
        };
        match self.evaluator.graph.fact(name) {
            Some(id) if !matches!(self.evaluator.graph.nodes[id], Node::Column(..)) => self.node(id),
            _ => self.insert(name, cause),
        }
    }

    fn expression(&mut self, expr: &'a Expr, item: Option<&Item<'_, 'a>>, depth: usize) {
        if depth > EXPRESSION_DEPTH_MAX || !self.evaluator.expression(expr, item, depth).is_missing() {
            return;
        }
        let depth = depth + 1;
        match expr {
            Expr::Always | Expr::Constant(_) | Expr::Day(_) => {}
            Expr::Fact(name) | Expr::IsNotApplicable(name) | Expr::Size(name) | Expr::Has(name, _) => {
                self.name(&name.it, item);
            }
            Expr::And(parts) | Expr::Or(parts) => {
                for part in parts {
                    self.expression(part, item, depth);
                }
            }
            Expr::Not(part)
            | Expr::Shift(_, part, _)
            | Expr::Age(part, _)
            | Expr::PartOf(_, part)
            | Expr::InUnit(part, _) => self.expression(part, item, depth),
            Expr::Compare(_, left, right) | Expr::Arithmetic(_, left, right) | Expr::Apart(_, left, right) => {
                self.expression(left, item, depth);
                self.expression(right, item, depth);
            }
            // A list is answered through its columns.
            Expr::Count(list) => match self
                .evaluator
                .graph
                .pack
                .list(&list.it)
                .and_then(|list| list.columns.first())
            {
                Some(column) => self.insert(&column.name.it, Cause::Unanswered),
                None => self.insert(&list.it, FAILED),
            },
            Expr::Sum(column) => {
                let cause = match self.evaluator.sum_bounds(&column.it, None) {
                    Some(Sum {
                        missing: Some(cause), ..
                    }) => cause,
                    _ => FAILED,
                };
                self.column(&column.it, cause);
            }
            Expr::SumWhere(column, part) => {
                let cause = match self.evaluator.sum_bounds(&column.it, Some((part, item, depth))) {
                    Some(Sum {
                        missing: Some(cause), ..
                    }) => cause,
                    _ => FAILED,
                };
                self.column(&column.it, cause);
                if let Some(list) = self.evaluator.graph.pack.list_of_column(&column.it) {
                    self.inside(list, part, item, depth);
                }
            }
            Expr::Any(name, part) | Expr::All(name, part) | Expr::CountWhere(name, part) => {
                let Some(list) = self.evaluator.graph.pack.list(&name.it) else {
                    return self.insert(&name.it, FAILED);
                };
                self.inside(list, part, item, depth);
            }
        }
    }

    /// A sum's column: what is missing of it, or what the rule behind it waits for.
    fn column(&mut self, column: &Name, cause: Cause) {
        match self.evaluator.graph.fact(column) {
            Some(id) if matches!(self.evaluator.graph.nodes[id], Node::ItemRule(..)) => self.node(id),
            _ => self.insert(column, cause),
        }
    }

    /// A condition on a list's items.
    fn inside(&mut self, list: &'a List, part: &'a Expr, outer: Option<&Item<'_, 'a>>, depth: usize) {
        let items = self.evaluator.items(&list.name.it);
        let mut of = |at, columns| {
            let item = Item {
                list: &list.name.it,
                at,
                columns,
                outer,
            };
            self.expression(part, Some(&item), depth);
        };
        match items {
            None => of(None, None),
            Some(items) => (0..).zip(items).for_each(|(at, item)| of(Some(at), Some(item))),
        }
    }
}
