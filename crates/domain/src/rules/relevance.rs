//! Relevance: which facts may still change something, and which of them each step's body gets.
//!
//! Always true here: a missing fact is relevant exactly when two completions of what is missing that differ only in it
//! change a goal: whether a step is needed, its outcome (of a rule that collects: any of its grounds), its fee, its
//! Underlag. Of what is answered enough is kept to settle every goal, and nothing more: from the last question to the
//! first, an answer that changes nothing beside the others is dropped. So of two answers that each would do, the one
//! asked first stays.
//! What a step's body is sent is checked by evaluating it: the body comes to the same result as the host.

use std::collections::{BTreeMap, BTreeSet};

use super::classes::Classes;
use super::diagram::{Diagrams, End, Ref, TooMuch};
use super::evaluate::{Blame, Evaluator, applied_step};
use super::graph::{Id, Node, names_in, walk};
use super::state::Compared;
use super::{Relevance, Setting, StepResult};
use crate::fact::{Facts, Known, Name};
use crate::pack::{Area, CellResult, Expr, Pack, Required, Rule, Source, Step, Type};

pub fn relevance(pack: &Pack, facts: &Facts, setting: &Setting) -> Relevance {
    of_evaluated(&Evaluator::new(pack, facts, setting, None), facts, setting, true)
}

/// The same where the facts are evaluated already. Whoever only asks and fetches leaves out what is sent.
pub(super) fn of_evaluated(evaluator: &Evaluator<'_>, facts: &Facts, setting: &Setting, with_sent: bool) -> Relevance {
    let classes = Classes::of_graph(&evaluator.graph, setting, Some(facts));
    let mut goals = Goals::new(evaluator, &classes);
    let mut relevance = Relevance::default();
    for step in &evaluator.graph.pack.steps {
        let Some(basis) = goals.step(step) else { continue };
        if with_sent {
            let sent = goals.sent(step, basis, facts, setting);
            relevance.sent.insert(step.name.it.clone(), sent);
        }
    }
    let (mut relevant, mut now) = (goals.relevant, goals.now);
    with_subjects(evaluator, &mut relevant);
    with_subjects(evaluator, &mut now);
    relevance.approximate = goals.approximate;
    relevance.facts = names(evaluator, &relevant);
    relevance.now = names(evaluator, &now);
    relevance
}

/// What a needed step's body is sent rests on these.
struct Basis<'a> {
    rule: Option<&'a Rule>,
    /// Leaves that are always sent.
    always: Vec<Id>,
    /// What is calculated for its fee and Underlag.
    values: Vec<Id>,
}

struct Goals<'d, 'a> {
    evaluator: &'d Evaluator<'a>,
    diagrams: Diagrams<'d, 'a>,
    /// By variable.
    known: Vec<Option<usize>>,
    /// Leaf → the variables that it is part of.
    variables_of: BTreeMap<Id, Vec<usize>>,
    /// By node.
    relevant: Vec<bool>,
    /// By node: for whether a step is needed, or for a step that is.
    now: Vec<bool>,
    approximate: bool,
}

impl<'d, 'a> Goals<'d, 'a> {
    fn new(evaluator: &'d Evaluator<'a>, classes: &'d Classes) -> Self {
        Self {
            diagrams: Diagrams::new(evaluator, classes),
            known: Vec::new(),
            variables_of: BTreeMap::new(),
            relevant: vec![false; evaluator.graph.nodes.len()],
            now: vec![false; evaluator.graph.nodes.len()],
            approximate: false,
            evaluator,
        }
    }

    /// Marks what matters for a step; if it is needed, what its body is sent rests on what is given back.
    fn step(&mut self, step: &'a Step) -> Option<Basis<'a>> {
        let graph = &self.evaluator.graph;
        let (Some(needed), Some(outcome)) = (graph.needed(&step.name.it), graph.outcome(&step.name.it)) else {
            return None;
        };
        let whether = self.diagrams.of(needed);
        let found = self.goal(whether, [needed]);
        self.add(&found, true);
        let is_needed = *self.evaluator.state(needed) == Known::Value(Compared::YesNo(true));
        if !self.may_be_needed(whether, needed) {
            return None;
        }

        let rule = graph.outcome_rule(&step.name.it);
        let fee = step.fee.as_ref().and_then(|fee| graph.fact(&fee.it));
        let underlag: Vec<Id> = graph
            .pack
            .underlag(step)
            .iter()
            .filter_map(|name| graph.fact(name))
            .collect();
        let derived = underlag.iter().copied().filter(|id| !self.evaluator.is_leaf(*id));
        // What a rule gives each item has no one value: everything behind it is sent.
        let (of_items, derived): (Vec<Id>, Vec<Id>) =
            derived.partition(|id| matches!(graph.nodes[*id], Node::ItemRule(..)));
        let values: Vec<Id> = fee.into_iter().chain(derived).collect();
        let behind_items = graph.behind(of_items, |_| false);

        // What the step's outcome, fee and Underlag rest on where it is needed.
        for part in rule.map_or(Vec::new(), |rule| self.diagrams.outcome_parts(rule)) {
            let part = part.and_then(|part| self.diagrams.when_needed(step, part));
            let found = self.goal(part, [outcome]);
            self.add(&found, is_needed);
        }
        for id in &values {
            let part = self
                .diagrams
                .of(*id)
                .and_then(|part| self.diagrams.when_needed(step, part));
            let found = self.goal(part, [*id, needed]);
            self.add(&found, is_needed);
        }
        let mut always: Vec<Id> = underlag
            .iter()
            .copied()
            .filter(|id| self.evaluator.is_leaf(*id))
            .collect();
        always.extend((0..graph.nodes.len()).filter(|id| behind_items[*id] && self.evaluator.is_leaf(*id)));
        // The fee is the fact's own value, whatever class it is in.
        always.extend(fee.filter(|id| self.evaluator.is_leaf(*id)));
        for id in &always {
            self.matters(*id, is_needed);
        }
        // An opinion that is required holds back the outcome whether or not a row reads it.
        for (opinion, required) in graph.opinions(&step.name.it) {
            if *required != Required::Optional {
                self.matters(*opinion, is_needed);
            }
        }
        self.place(step, is_needed);

        is_needed.then_some(Basis { rule, always, values })
    }

    /// What a needed step's body is sent.
    fn sent(&mut self, step: &'a Step, basis: Basis<'a>, facts: &Facts, setting: &Setting) -> BTreeSet<Name> {
        let Basis { rule, always, values } = basis;
        let graph = &self.evaluator.graph;
        let mut sent = vec![false; graph.nodes.len()];
        for id in always {
            sent[id] = true;
        }
        let inputs = rule.map_or(Vec::new(), |rule| graph.rule_inputs(rule));
        let inputs: Vec<Id> = inputs.into_iter().chain(values.iter().copied()).collect();
        let behind = graph.behind(inputs.iter().copied(), |node| matches!(node, Node::OutcomeOf(..)));
        let parts = rule.map_or(Vec::new(), |rule| self.diagrams.outcome_rows(rule));
        let values = values.iter().map(|id| self.diagrams.of(*id)).collect::<Vec<_>>();
        for part in parts.into_iter().chain(values) {
            let found = self.goal(part, inputs.iter().copied());
            for (id, found) in found.iter().enumerate() {
                sent[id] |= *found && behind[id];
            }
        }
        self.settle(step, facts, setting, sent, &behind)
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

    fn may_be_needed(&mut self, whether: Result<Ref, TooMuch>, needed: Id) -> bool {
        match whether {
            Ok(function) => {
                self.look();
                let left = self.diagrams.restrict(function, &self.known);
                let ends = self.diagrams.ends(left);
                ends.iter().any(|end| *end != End::Value(Compared::YesNo(false)))
            }
            Err(TooMuch) => *self.evaluator.state(needed) != Known::Value(Compared::YesNo(false)),
        }
    }

    /// The responsible body is found through a property and its municipality.
    fn place(&mut self, step: &Step, is_needed: bool) {
        let graph = &self.evaluator.graph;
        let Some(role) = graph.pack.role(&step.role.it) else {
            return;
        };
        let Area::MunicipalityOf(property) = &role.area.it else {
            return;
        };
        if let Some(id) = graph.fact(property)
            && self.evaluator.is_leaf(id)
        {
            self.matters(id, is_needed);
        }
        for (id, node) in graph.nodes.iter().enumerate() {
            if let Node::Leaf(fact) = node
                && fact.ty.it == Type::Municipality
                && matches!(&fact.source.it, Source::Register(register) if register.subject == *property)
            {
                self.matters(id, is_needed);
            }
        }
    }

    fn matters(&mut self, id: Id, now: bool) {
        self.relevant[id] = true;
        self.now[id] |= now;
    }

    fn add(&mut self, found: &[bool], now: bool) {
        for (id, found) in found.iter().enumerate() {
            if *found {
                self.matters(id, now);
            }
        }
    }

    /// Takes account of the variables that have come since last.
    fn look(&mut self) {
        for at in self.known.len()..self.diagrams.variables.len() {
            let variable = &self.diagrams.variables[at];
            self.known.push(variable.known);
            for leaf in &variable.leaves {
                self.variables_of.entry(*leaf).or_default().push(at);
            }
        }
    }

    /// The leaves that matter for one goal, by node. `structure`: where the goal stands in the graph.
    fn goal(&mut self, function: Result<Ref, TooMuch>, structure: impl IntoIterator<Item = Id>) -> Vec<bool> {
        let mut found = vec![false; self.evaluator.graph.nodes.len()];
        let Ok(function) = function else {
            self.approximate = true;
            return self.goal_by_structure(structure);
        };
        self.look();
        let mentioned = self.diagrams.support(function);
        let mut known = self.known.clone();
        let left = self.diagrams.restrict(function, &known);
        let open = self.diagrams.support(left);
        let mut times = BTreeMap::<Id, (usize, bool)>::new();
        for (at, variable) in self.diagrams.variables.iter().enumerate() {
            if open[at] {
                for leaf in &variable.leaves {
                    found[*leaf] |= !self.evaluator.is_known(*leaf);
                    let times = times.entry(*leaf).or_default();
                    times.0 += 1;
                    times.1 |= variable.calculated;
                }
            }
        }
        self.approximate |= times.values().any(|(times, calculated)| *times > 1 && *calculated);

        // Answers, the last first: what changes nothing beside the others is dropped.
        let answered: BTreeSet<Id> = (self.diagrams.variables.iter().zip(&mentioned))
            .filter(|(_, mentioned)| **mentioned)
            .flat_map(|(variable, _)| variable.leaves.iter().copied())
            .filter(|leaf| self.evaluator.is_known(*leaf))
            .collect();
        for leaf in answered.into_iter().rev() {
            let own = &self.variables_of[&leaf];
            let before: Vec<Option<usize>> = own.iter().map(|at| known[*at].take()).collect();
            let left = self.diagrams.restrict(function, &known);
            let open = self.diagrams.support(left);
            if own.iter().any(|at| open[*at]) {
                found[leaf] = true;
                for (at, before) in own.iter().zip(before) {
                    known[*at] = before;
                }
            }
        }
        // Where a row calculates the result, what it calculates from matters with every value it has.
        let left = self.diagrams.restrict(function, &known);
        for end in self.diagrams.ends(left) {
            if let End::Calculated(rule, row) = end {
                for (leaf, behind) in self.behind_result(rule, row).into_iter().enumerate() {
                    found[leaf] |= behind;
                }
            }
        }
        found
    }

    /// The leaves behind what a row of a rule calculates.
    fn behind_result(&mut self, rule: Id, row: usize) -> Vec<bool> {
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
        // Through other rules more may be marked than matters.
        self.approximate |= inputs.iter().any(|id| matches!(graph.nodes[*id], Node::Rule(_)));
        let mut behind = graph.behind(inputs, |_| false);
        for (id, behind) in behind.iter_mut().enumerate() {
            *behind &= self.evaluator.is_leaf(id);
        }
        behind
    }

    /// Sound when the diagram is too large: whatever keeps the goal open, and every answer behind it.
    fn goal_by_structure(&self, structure: impl IntoIterator<Item = Id>) -> Vec<bool> {
        let graph = &self.evaluator.graph;
        let from: Vec<Id> = structure.into_iter().collect();
        let mut blame = Blame::new(self.evaluator);
        for id in &from {
            blame.node(*id);
        }
        let waits_for = blame.finish();
        let behind = graph.behind(from, |_| false);
        (0..graph.nodes.len())
            .map(|id| {
                self.evaluator.is_leaf(id)
                    && (waits_for.contains_key(graph.nodes[id].name()) || (behind[id] && self.evaluator.is_known(id)))
            })
            .collect()
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
