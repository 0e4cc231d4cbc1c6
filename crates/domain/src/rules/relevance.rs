//! Relevance: which facts may still change something, and which of them each step's body gets.
//!
//! Always true here: a missing fact is relevant exactly when two completions of what is missing that differ only in it
//! change a goal: whether a step is needed, its outcome (of a rule that collects: any of its grounds), its fee, its
//! Underlag. Of what is answered enough is kept to settle every goal, and nothing more: from the last question to the
//! first, an answer that changes nothing beside the others is dropped. So of two answers that each would do, the one
//! asked first stays.
//! What a step's body is sent is checked by evaluating it: the body comes to the same result as the host.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::classes::Classes;
use super::diagram::{Diagrams, End, NO, Quick, Ref, TooMuch};
use super::evaluate::{Blame, Evaluator, applied_step};
use super::graph::{Graph, Id, Node, names_in, walk};
use super::state::Compared;
use super::{Relevance, Setting, StepResult};
use crate::fact::{Facts, Known, Name};
use crate::pack::{Area, CellResult, Expr, Pack, Required, Source, Step, Type};

pub fn relevance(pack: &Pack, facts: &Facts, setting: &Setting) -> Relevance {
    let evaluator = Evaluator::new(pack, facts, setting, None);
    let mut prepared = Prepared::new(evaluator.graph.clone());
    of_evaluated(&evaluator, &mut prepared, facts, setting, true)
}

/// The same where the facts are evaluated already. Whoever only asks and fetches leaves out what is sent.
pub(super) fn of_evaluated<'a, 'p: 'a>(
    evaluator: &Evaluator<'a>,
    prepared: &mut Prepared<'p>,
    facts: &'a Facts,
    setting: &'a Setting,
    with_sent: bool,
) -> Relevance {
    let ground = prepared.ground(facts, setting);
    let mut look = Look::new(evaluator, &mut ground.diagrams, &mut ground.seen, facts);
    let mut relevance = Relevance::default();
    for goals in &ground.steps {
        if look.step(goals) && with_sent {
            let sent = look.sent(goals, facts, setting);
            relevance.sent.insert(goals.step.name.it.clone(), sent);
        }
    }
    let (mut relevant, mut now) = (look.relevant, look.now);
    with_subjects(evaluator, &mut relevant);
    with_subjects(evaluator, &mut now);
    relevance.approximate = look.approximate;
    relevance.facts = names(evaluator, &relevant);
    relevance.now = names(evaluator, &now);
    relevance
}

/// Settings and known values that diagrams are kept for at a time.
const GROUNDS_MAX: usize = 32;
/// Ways for a goal to stand that are remembered at a time.
const SEEN_MAX: usize = 50_000;

/// One document's diagrams, made once for all cases that have them in common, and what was seen in them.
pub(super) struct Prepared<'p> {
    graph: Rc<Graph<'p>>,
    grounds: Vec<OfSetting<'p>>,
}

/// What is kept for one setting: its classes, and by known values the diagrams.
type OfSetting<'p> = (Setting, Classes, Vec<(Facts, Ground<'p>)>);

impl<'p> Prepared<'p> {
    pub fn new(graph: Rc<Graph<'p>>) -> Self {
        Self {
            graph,
            grounds: Vec::new(),
        }
    }

    fn ground(&mut self, facts: &Facts, setting: &Setting) -> &mut Ground<'p> {
        let of_setting = self.grounds.iter().position(|(known, ..)| known == setting);
        let of_setting = of_setting.unwrap_or_else(|| {
            if self.grounds.len() == GROUNDS_MAX {
                self.grounds.clear();
            }
            let classes = Classes::of_graph(&self.graph, setting, None);
            self.grounds.push((setting.clone(), classes, Vec::new()));
            self.grounds.len() - 1
        });
        let (setting, classes, grounds) = &mut self.grounds[of_setting];
        let met = classes.met(&self.graph, facts);
        let at = grounds.iter().position(|(known, _)| *known == met);
        let at = at.unwrap_or_else(|| {
            if grounds.len() == GROUNDS_MAX {
                grounds.clear();
            }
            let ground = Ground::new(&self.graph, setting, &met);
            grounds.push((met, ground));
            grounds.len() - 1
        });
        &mut grounds[at].1
    }
}

/// The diagrams of all goals.
struct Ground<'p> {
    diagrams: Diagrams<'p>,
    steps: Vec<Goals<'p>>,
    seen: Seen,
}

impl<'p> Ground<'p> {
    fn new(graph: &Rc<Graph<'p>>, setting: &Setting, met: &Facts) -> Self {
        let mut diagrams = Diagrams::new(graph.clone(), setting.clone(), met.clone());
        let steps = graph.pack.steps.iter();
        Self {
            steps: steps.filter_map(|step| Goals::new(step, &mut diagrams)).collect(),
            diagrams,
            seen: Seen::default(),
        }
    }
}

/// A function that must be known, if it is not too large.
type Goal = Result<Ref, TooMuch>;

/// What of a step must be known.
struct Goals<'p> {
    step: &'p Step,
    needed: Id,
    whether: Goal,
    /// Its outcome, fee and Underlag where it is needed, each with where it stands in the graph.
    parts: Vec<(Goal, Vec<Id>)>,
    /// Leaves that are always sent.
    always: Vec<Id>,
    /// Leaves that nothing of it is known without: its Underlag, opinions that are required, what finds the body.
    bare: Vec<Id>,
    /// What its body is sent rests on these: which rows give the outcome, and what is calculated.
    sent: Vec<Goal>,
    inputs: Vec<Id>,
}

impl<'p> Goals<'p> {
    fn new(step: &'p Step, diagrams: &mut Diagrams<'p>) -> Option<Self> {
        let graph = diagrams.graph.clone();
        let (needed, outcome) = (graph.needed(&step.name.it)?, graph.outcome(&step.name.it)?);
        let rule = graph.outcome_rule(&step.name.it);
        let fee = step.fee.as_ref().and_then(|fee| graph.fact(&fee.it));
        let underlag = graph.pack.underlag(step);
        let underlag: Vec<Id> = underlag.iter().filter_map(|name| graph.fact(name)).collect();
        let (mut always, derived): (Vec<Id>, Vec<Id>) = underlag.into_iter().partition(|id| diagrams.is_leaf(*id));
        // What a rule gives each item has no one value: everything behind it is sent.
        let (of_items, derived): (Vec<Id>, Vec<Id>) = derived
            .into_iter()
            .partition(|id| matches!(graph.nodes[*id], Node::ItemRule(..)));
        let values: Vec<Id> = fee.into_iter().chain(derived).collect();
        let behind_items = graph.behind(of_items, |_| false);
        always.extend((0..graph.nodes.len()).filter(|id| behind_items[*id] && diagrams.is_leaf(*id)));
        // The fee is the fact's own value, whatever class it is in.
        always.extend(fee.filter(|id| diagrams.is_leaf(*id)));

        let mut parts: Vec<(Goal, Vec<Id>)> = Vec::new();
        for part in rule.map_or(Vec::new(), |rule| diagrams.outcome_parts(rule)) {
            parts.push((part.and_then(|part| diagrams.when_needed(step, part)), vec![outcome]));
        }
        for id in &values {
            let part = diagrams.of(*id).and_then(|part| diagrams.when_needed(step, part));
            parts.push((part, vec![*id, needed]));
        }

        let mut bare = always.clone();
        // An opinion that is required holds back the outcome whether or not a row reads it.
        let opinions = graph.opinions(&step.name.it).iter();
        bare.extend(
            opinions
                .filter(|(_, required)| *required != Required::Optional)
                .map(|(id, _)| *id),
        );
        bare.extend(place(step, diagrams));

        let mut sent = rule.map_or(Vec::new(), |rule| diagrams.outcome_rows(rule));
        sent.extend(values.iter().map(|id| diagrams.of(*id)));
        let inputs = rule.map_or(Vec::new(), |rule| graph.rule_inputs(rule));
        Some(Self {
            step,
            needed,
            whether: diagrams.of(needed),
            parts,
            always,
            bare,
            sent,
            inputs: inputs.into_iter().chain(values).collect(),
        })
    }
}

/// The responsible body is found through a property and its municipality.
fn place(step: &Step, diagrams: &Diagrams<'_>) -> Vec<Id> {
    let graph = &diagrams.graph;
    let Some(role) = graph.pack.role(&step.role.it) else {
        return Vec::new();
    };
    let Area::MunicipalityOf(property) = &role.area.it else {
        return Vec::new();
    };
    let own = graph.fact(property).filter(|id| diagrams.is_leaf(*id));
    let nodes = graph.nodes.iter().enumerate();
    let municipalities = nodes.filter_map(|(id, node)| match node {
        Node::Leaf(fact) if fact.ty.it == Type::Municipality => {
            let of_it = matches!(&fact.source.it, Source::Register(register) if register.subject == *property);
            of_it.then_some(id)
        }
        _ => None,
    });
    own.into_iter().chain(municipalities).collect()
}

/// What was seen of goals, by the goal and how what it reads stands.
#[derive(Default)]
struct Seen {
    reads: Quick<Ref, Rc<Reads>>,
    found: Quick<(Ref, Box<[u32]>), Rc<Found>>,
}

/// What a goal can depend on.
struct Reads {
    variables: Vec<usize>,
    /// In order.
    leaves: Vec<Id>,
}

/// The leaves that matter for one goal.
struct Found {
    leaves: Vec<Id>,
    approximate: bool,
    /// It is *nej* whatever else becomes known.
    is_no: bool,
}

/// One case.
struct Look<'l, 'a, 'p> {
    evaluator: &'l Evaluator<'a>,
    diagrams: &'l mut Diagrams<'p>,
    seen: &'l mut Seen,
    /// By variable: the branch that is taken.
    branches: Vec<Option<usize>>,
    /// By node: whether a leaf is answered.
    answered: Vec<bool>,
    /// By node.
    relevant: Vec<bool>,
    /// By node: for whether a step is needed, or for a step that is.
    now: Vec<bool>,
    approximate: bool,
}

impl<'l, 'a, 'p: 'a> Look<'l, 'a, 'p> {
    fn new(evaluator: &'l Evaluator<'a>, diagrams: &'l mut Diagrams<'p>, seen: &'l mut Seen, facts: &Facts) -> Self {
        let n = evaluator.graph.nodes.len();
        Self {
            branches: diagrams.known(evaluator, facts),
            answered: (0..n)
                .map(|id| evaluator.is_leaf(id) && evaluator.is_known(id))
                .collect(),
            relevant: vec![false; n],
            now: vec![false; n],
            approximate: false,
            evaluator,
            diagrams,
            seen,
        }
    }

    /// Marks what matters for a step. Whether it is needed.
    fn step(&mut self, goals: &Goals<'p>) -> bool {
        let is_needed = *self.evaluator.state(goals.needed) == Known::Value(Compared::YesNo(true));
        let whether = self.goal(goals.whether, &[goals.needed]);
        self.add(&whether, true);
        if whether.is_no {
            return false;
        }
        for (part, structure) in &goals.parts {
            let found = self.goal(*part, structure);
            self.add(&found, is_needed);
        }
        for id in &goals.bare {
            self.matters(*id, is_needed);
        }
        is_needed
    }

    /// What a needed step's body is sent.
    fn sent(&mut self, goals: &Goals<'p>, facts: &'a Facts, setting: &'a Setting) -> BTreeSet<Name> {
        let graph = self.evaluator.graph.clone();
        let mut sent = vec![false; graph.nodes.len()];
        for id in &goals.always {
            sent[*id] = true;
        }
        let behind = graph.behind(goals.inputs.iter().copied(), |node| matches!(node, Node::OutcomeOf(..)));
        for part in &goals.sent {
            let found = self.goal(*part, &goals.inputs);
            for id in found.leaves.iter().filter(|id| behind[**id]) {
                sent[*id] = true;
            }
        }
        self.settle(goals.step, facts, setting, sent, &behind)
    }

    /// The body must come to the host's result from what it is sent; else it gets every input of its rules.
    fn settle(
        &self,
        step: &Step,
        facts: &Facts,
        setting: &Setting,
        mut sent: Vec<bool>,
        behind: &[bool],
    ) -> BTreeSet<Name> {
        let graph = &self.evaluator.graph;
        for (id, node) in graph.nodes.iter().enumerate() {
            // Another step's outcome goes as such, not as the facts behind it.
            sent[id] |= behind[id] && matches!(node, Node::OutcomeOf(..));
        }
        with_subjects(self.evaluator, &mut sent);
        let all: BTreeSet<Name> = self.host_names(&sent);
        let host = applied_step(graph, facts, setting, step);
        let with = |names: &BTreeSet<Name>| {
            let mut given = Facts::default();
            for (name, known) in &facts.known {
                let own = graph.fact(name).is_some_and(|id| self.comes_from_the_body(id));
                if own || names.contains(name) {
                    given.set(name.clone(), known.clone());
                }
            }
            for name in names {
                if let Some(id) = graph.fact(name)
                    && matches!(graph.nodes[id], Node::OutcomeOf(..))
                {
                    given.set(name.clone(), self.evaluator.value(id));
                }
            }
            for (list, items) in &facts.lists {
                let columns = |item: &BTreeMap<Name, Known<_>>| {
                    let mut item = item.clone();
                    item.retain(|column, _| names.contains(column));
                    item
                };
                let is_sent = graph
                    .pack
                    .list(list)
                    .is_some_and(|list| list.columns.iter().any(|column| names.contains(&column.name.it)));
                if is_sent {
                    given.lists.insert(list.clone(), items.iter().map(columns).collect());
                }
            }
            applied_step(graph, &given, setting, step)
        };
        let same = |one: Option<&StepResult>, other: Option<&StepResult>| match (one, other) {
            (Some(one), Some(other)) => {
                // Why something is missing may be told otherwise.
                one.outcome.value() == other.outcome.value()
                    && one.outcome.is_missing() == other.outcome.is_missing()
                    && one.holds == other.holds
                    && one.grounds == other.grounds
                    && one.fee.value() == other.fee.value()
                    && one.fee.is_missing() == other.fee.is_missing()
                    && one.needs_case_worker == other.needs_case_worker
            }
            _ => false,
        };
        if same(host.as_ref(), with(&all).as_ref()) {
            return all;
        }
        for (id, behind) in behind.iter().enumerate() {
            sent[id] |= *behind && self.evaluator.is_leaf(id);
        }
        with_subjects(self.evaluator, &mut sent);
        self.host_names(&sent)
    }

    /// Assessments and opinions arise at the body and are not sent to it; parameters are its own.
    fn host_names(&self, sent: &[bool]) -> BTreeSet<Name> {
        let graph = &self.evaluator.graph;
        let nodes = graph.nodes.iter().enumerate();
        nodes
            .filter(|(id, node)| sent[*id] && !matches!(node, Node::Parameter(_)) && !self.comes_from_the_body(*id))
            .map(|(_, node)| node.name().clone())
            .collect()
    }

    fn comes_from_the_body(&self, id: Id) -> bool {
        match self.evaluator.graph.nodes[id] {
            Node::Leaf(fact) => matches!(fact.source.it, Source::CaseWorker | Source::Referral(_)),
            _ => false,
        }
    }

    fn matters(&mut self, id: Id, now: bool) {
        self.relevant[id] = true;
        self.now[id] |= now;
    }

    fn add(&mut self, found: &Found, now: bool) {
        self.approximate |= found.approximate;
        for id in &found.leaves {
            self.matters(*id, now);
        }
    }

    /// The leaves that matter for one goal. `structure`: where the goal stands in the graph.
    fn goal(&mut self, function: Goal, structure: &[Id]) -> Rc<Found> {
        let Ok(function) = function else {
            return Rc::new(self.goal_by_structure(structure));
        };
        let reads = self.reads(function);
        // Each variable's branch, then which leaves are answered.
        let branches = reads
            .variables
            .iter()
            .map(|at| self.branches[*at].map_or(0, |branch| branch as u32 + 1));
        let answered = reads.leaves.chunks(32).map(|leaves| {
            let bits = leaves.iter().enumerate();
            bits.fold(0, |bits, (at, leaf)| bits | u32::from(self.answered[*leaf]) << at)
        });
        let key = (function, branches.chain(answered).collect());
        if let Some(found) = self.seen.found.get(&key) {
            return found.clone();
        }
        let found = Rc::new(self.look_at(function, &reads));
        if self.seen.found.len() == SEEN_MAX {
            self.seen.found.clear();
        }
        self.seen.found.insert(key, found.clone());
        found
    }

    fn reads(&mut self, function: Ref) -> Rc<Reads> {
        if let Some(reads) = self.seen.reads.get(&function) {
            return reads.clone();
        }
        let variables = self.diagrams.support(function);
        let leaves = variables.iter().flat_map(|at| &self.diagrams.variables[*at].leaves);
        let leaves: BTreeSet<Id> = leaves.copied().collect();
        let reads = Rc::new(Reads {
            variables,
            leaves: leaves.into_iter().collect(),
        });
        self.seen.reads.insert(function, reads.clone());
        reads
    }

    /// The same, with the diagram.
    fn look_at(&mut self, function: Ref, reads: &Reads) -> Found {
        let mark = self.diagrams.mark();
        let mut known = self.branches.clone();
        let left = self.diagrams.restrict(function, &known);
        let is_no = self.diagrams.ends(left) == [&NO];
        let mut found = BTreeSet::new();
        let mut times = BTreeMap::<Id, (usize, bool)>::new();
        for at in self.diagrams.support(left) {
            let variable = &self.diagrams.variables[at];
            for leaf in &variable.leaves {
                if !self.answered[*leaf] {
                    found.insert(*leaf);
                }
                let times = times.entry(*leaf).or_default();
                times.0 += 1;
                times.1 |= variable.is_calculated();
            }
        }
        let mut approximate = times.values().any(|(times, calculated)| *times > 1 && *calculated);

        // Answers, the last first: what changes nothing beside the others is dropped.
        for leaf in reads.leaves.iter().rev().filter(|leaf| self.answered[**leaf]) {
            let variables = &self.diagrams.variables;
            let is_own = |at: &usize| variables[*at].leaves.contains(leaf);
            let own: Vec<usize> = reads.variables.iter().copied().filter(is_own).collect();
            let before: Vec<Option<usize>> = own.iter().map(|at| known[*at].take()).collect();
            let left = self.diagrams.restrict(function, &known);
            let open = self.diagrams.support(left);
            if own.iter().any(|at| open.contains(at)) {
                found.insert(*leaf);
                for (at, before) in own.iter().zip(before) {
                    known[*at] = before;
                }
            }
        }
        // Where a row calculates the result, what it calculates from matters with every value it has.
        let left = self.diagrams.restrict(function, &known);
        let calculated = self.diagrams.ends(left).into_iter().filter_map(|end| match end {
            End::Calculated(rule, row) => Some((*rule, *row)),
            _ => None,
        });
        for (rule, row) in calculated.collect::<Vec<_>>() {
            let (leaves, through_rules) = self.behind_result(rule, row);
            found.extend(leaves);
            // Through other rules more may be marked than matters.
            approximate |= through_rules;
        }
        self.diagrams.forget(mark);
        Found {
            leaves: found.into_iter().collect(),
            approximate,
            is_no,
        }
    }

    /// The leaves behind what a row of a rule calculates, and whether other rules stand between.
    fn behind_result(&self, rule: Id, row: usize) -> (Vec<Id>, bool) {
        let graph = &self.evaluator.graph;
        let mut inputs: Vec<Id> = Vec::new();
        if let Node::Rule(rule) = graph.nodes[rule]
            && let Some(CellResult::Calculated(expr)) = rule.rows.get(row).map(|row| &row.result.it)
        {
            names_in(expr, &mut |name| inputs.extend(graph.fact(name)));
            walk(expr, &mut |part| {
                if let Expr::Count(list) | Expr::CountWhere(list, _) = part {
                    let list = graph.pack.list(&list.it);
                    inputs.extend(list.and_then(|list| graph.fact(&list.columns.first()?.name.it)));
                }
            });
        }
        let through_rules = inputs.iter().any(|id| matches!(graph.nodes[*id], Node::Rule(_)));
        let behind = graph.behind(inputs, |_| false);
        let leaves = (0..behind.len()).filter(|id| behind[*id] && self.evaluator.is_leaf(*id));
        (leaves.collect(), through_rules)
    }

    /// Sound when the diagram is too large: whatever keeps the goal open, and every answer behind it.
    fn goal_by_structure(&self, structure: &[Id]) -> Found {
        let graph = &self.evaluator.graph;
        let mut blame = Blame::new(self.evaluator);
        for id in structure {
            blame.node(*id);
        }
        let waits_for = blame.finish();
        let behind = graph.behind(structure.iter().copied(), |_| false);
        let matters = |id: &Id| {
            self.evaluator.is_leaf(*id)
                && (waits_for.contains_key(graph.nodes[*id].name()) || (behind[*id] && self.answered[*id]))
        };
        let is_no = |id: &Id| *self.evaluator.state(*id) == Known::Value(Compared::YesNo(false));
        Found {
            leaves: (0..graph.nodes.len()).filter(matters).collect(),
            approximate: true,
            is_no: structure.iter().all(is_no),
        }
    }
}

/// Whom or what a relevant register fact is about is relevant too.
fn with_subjects(evaluator: &Evaluator<'_>, relevant: &mut [bool]) {
    let graph = &evaluator.graph;
    let mut open: Vec<Id> = (0..relevant.len()).filter(|id| relevant[*id]).collect();
    while let Some(id) = open.pop() {
        let (Node::Leaf(fact) | Node::Column(fact, _)) = graph.nodes[id] else {
            continue;
        };
        if let Source::Register(register) = &fact.source.it
            && let Some(subject) = graph.fact(&register.subject)
            && evaluator.is_leaf(subject)
            && !std::mem::replace(&mut relevant[subject], true)
        {
            open.push(subject);
        }
    }
}

fn names(evaluator: &Evaluator<'_>, relevant: &[bool]) -> BTreeSet<Name> {
    let nodes = evaluator.graph.nodes.iter().zip(relevant);
    nodes
        .filter(|(node, relevant)| **relevant && matches!(node, Node::Leaf(_) | Node::Column(..)))
        .map(|(node, _)| node.name().clone())
        .collect()
}
