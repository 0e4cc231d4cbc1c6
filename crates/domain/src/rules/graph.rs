//! The document as a graph: what each name stands for, what it rests on, and an order in which everything can be computed.
//!
//! Always true here: a name resolves to at most one node; the order puts a node after all that it rests on, except
//! inside a circle, whose members are marked. Nothing here recurses, so no document can exhaust the stack.

use std::collections::HashMap;

use crate::fact::Name;
use crate::pack::{
    CellResult, Column, Expr, Fact, List, Operand, Pack, Parameter, Required, Row, Rule, RuleKind, Source, Step, Test,
};

pub(super) type Id = usize;

#[derive(Clone, Copy, Debug)]
pub(super) enum Node<'p> {
    /// Somebody says it: the person, a register, a case worker, a body that is asked for its opinion.
    Leaf(&'p Fact),
    /// A column of a list; it has a value only inside an item.
    Column(&'p Fact, &'p List),
    Parameter(&'p Parameter),
    Rule(&'p Rule),
    /// A rule whose fact is a list's column: one value per item.
    ItemRule(&'p Rule, &'p Fact, &'p List),
    /// Source `steg`: another step's outcome.
    OutcomeOf(&'p Fact, &'p Name),
    /// Source `regel` or `parameter`, but there is none.
    Dangling(&'p Name),
    Needed(&'p Step),
    Outcome(&'p Step),
}

impl<'p> Node<'p> {
    pub fn name(&self) -> &'p Name {
        match self {
            Self::Leaf(fact) | Self::Column(fact, _) | Self::ItemRule(_, fact, _) | Self::OutcomeOf(fact, _) => {
                &fact.name.it
            }
            Self::Parameter(parameter) => &parameter.name.it,
            Self::Rule(rule) => &rule.name.it,
            Self::Dangling(name) => name,
            Self::Needed(step) | Self::Outcome(step) => &step.name.it,
        }
    }
}

#[derive(Debug)]
pub(super) struct Graph<'p> {
    pub pack: &'p Pack,
    /// In document order: facts, list columns, rules and parameters without a row of their own, steps.
    pub nodes: Vec<Node<'p>>,
    /// What a node rests on, in the order of mention, without repetition.
    pub rests_on: Vec<Vec<Id>>,
    /// Every node once, each after what it rests on.
    pub order: Vec<Id>,
    /// Member of a circle: it has no value.
    pub circular: Vec<bool>,
    facts: HashMap<&'p Name, Id>,
    /// Step → its `Needed` node; its `Outcome` is the next.
    steps: HashMap<&'p Name, Id>,
    outcome_rules: HashMap<&'p Name, &'p Rule>,
    /// By a step's `Outcome` node: the opinions that the step asks for.
    opinions: HashMap<Id, Vec<(Id, Required)>>,
}

impl<'p> Graph<'p> {
    pub fn new(pack: &'p Pack) -> Self {
        let rules: HashMap<&Name, &Rule> =
            by_name(pack.rules.iter().filter(|r| r.kind == RuleKind::Fact), |r| &r.name.it);
        let parameters: HashMap<&Name, &Parameter> = by_name(pack.parameters.iter(), |p| &p.name.it);
        let mut graph = Self {
            pack,
            nodes: Vec::new(),
            rests_on: Vec::new(),
            order: Vec::new(),
            circular: Vec::new(),
            facts: HashMap::new(),
            steps: HashMap::new(),
            outcome_rules: by_name(pack.rules.iter().filter(|r| r.kind == RuleKind::Outcome), |r| {
                &r.name.it
            }),
            opinions: HashMap::new(),
        };
        for fact in &pack.facts {
            let name = &fact.name.it;
            graph.define(match &fact.source.it {
                Source::Rule => rules.get(name).map_or(Node::Dangling(name), |rule| Node::Rule(rule)),
                Source::Parameter => parameters
                    .get(name)
                    .map_or(Node::Dangling(name), |parameter| Node::Parameter(parameter)),
                Source::Step(step) => Node::OutcomeOf(fact, step),
                _ => Node::Leaf(fact),
            });
        }
        for list in &pack.lists {
            for column in &list.columns {
                let name = &column.name.it;
                graph.define(match (&column.source.it, rules.get(name)) {
                    (Source::Rule, Some(rule)) => Node::ItemRule(rule, column, list),
                    (Source::Rule, None) => Node::Dangling(name),
                    _ => Node::Column(column, list),
                });
            }
        }
        for rule in pack.rules.iter().filter(|rule| rule.kind == RuleKind::Fact) {
            graph.define(Node::Rule(rule));
        }
        for parameter in &pack.parameters {
            graph.define(Node::Parameter(parameter));
        }
        for step in &pack.steps {
            let id = graph.nodes.len();
            if *graph.steps.entry(&step.name.it).or_insert(id) == id {
                graph.nodes.push(Node::Needed(step));
                graph.nodes.push(Node::Outcome(step));
            }
        }
        graph.rests_on = graph.nodes.iter().map(|node| graph.inputs(*node)).collect();
        graph.put_in_order();
        graph.opinions = graph.find_opinions();
        graph
    }

    /// The node of a fact, column, rule or parameter.
    pub fn fact(&self, name: &Name) -> Option<Id> {
        self.facts.get(name).copied()
    }

    pub fn needed(&self, step: &Name) -> Option<Id> {
        self.steps.get(step).copied()
    }

    pub fn outcome(&self, step: &Name) -> Option<Id> {
        self.steps.get(step).map(|needed| needed + 1)
    }

    pub fn outcome_rule(&self, step: &Name) -> Option<&'p Rule> {
        self.outcome_rules.get(step).copied()
    }

    /// The opinions that a step asks for: in its Underlag, or behind its outcome rule.
    pub fn opinions(&self, step: &Name) -> &[(Id, Required)] {
        let found = self.outcome(step).and_then(|outcome| self.opinions.get(&outcome));
        found.map_or(&[], Vec::as_slice)
    }

    fn find_opinions(&self) -> HashMap<Id, Vec<(Id, Required)>> {
        let nodes = self.nodes.iter().enumerate();
        let all: Vec<(Id, Required, &Name)> = nodes
            .filter_map(|(id, node)| match node {
                Node::Leaf(fact) => match &fact.source.it {
                    Source::Referral(referral) => Some((id, referral.required, &fact.name.it)),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        let mut opinions = HashMap::new();
        if all.is_empty() {
            return opinions;
        }
        for (id, node) in self.nodes.iter().enumerate() {
            let Node::Outcome(step) = node else { continue };
            // Of what the outcome rests on, all but whether the step is needed.
            let needed = self.needed(&step.name.it);
            let inputs = self.rests_on[id].iter().copied().filter(|input| Some(*input) != needed);
            let behind = self.behind(inputs, |node| matches!(node, Node::OutcomeOf(..)));
            let own = all
                .iter()
                .filter(|(id, _, name)| behind[*id] || step.has_in_underlag(name));
            opinions.insert(id, own.map(|(id, required, _)| (*id, *required)).collect());
        }
        opinions
    }

    /// Everything that the nodes rest on, themselves included, marked by id. `stop` keeps a node but not what is behind it.
    pub fn behind(&self, from: impl IntoIterator<Item = Id>, stop: impl Fn(&Node<'p>) -> bool) -> Vec<bool> {
        let mut marked = vec![false; self.nodes.len()];
        let mut open: Vec<Id> = from.into_iter().collect();
        while let Some(id) = open.pop() {
            if !std::mem::replace(&mut marked[id], true) && !stop(&self.nodes[id]) {
                open.extend(&self.rests_on[id]);
            }
        }
        marked
    }

    /// The nodes that a rule's cells mention.
    pub fn rule_inputs(&self, rule: &'p Rule) -> Vec<Id> {
        let mut ids = Vec::new();
        let mut mention = |name: &Name| {
            if let Some(id) = self.fact(name)
                && !ids.contains(&id)
            {
                ids.push(id);
            }
        };
        for column in &rule.columns {
            if let Column::Input(name) = &column.it {
                mention(name);
            }
        }
        if let Some(transition) = &rule.transition {
            mention(&transition.choice);
        }
        for row in &rule.rows {
            for (_, test) in cells(rule, row) {
                names_in_test(test, &mut mention);
            }
            if let CellResult::Calculated(expr) = &row.result.it {
                names_in(expr, &mut mention);
            }
        }
        ids
    }

    fn define(&mut self, node: Node<'p>) {
        let id = self.nodes.len();
        if *self.facts.entry(node.name()).or_insert(id) == id {
            self.nodes.push(node);
        }
    }

    fn inputs(&self, node: Node<'p>) -> Vec<Id> {
        match node {
            Node::Leaf(_) | Node::Column(..) | Node::Parameter(_) | Node::Dangling(_) => Vec::new(),
            Node::Rule(rule) | Node::ItemRule(rule, ..) => self.rule_inputs(rule),
            Node::OutcomeOf(_, step) => self.outcome(step).into_iter().collect(),
            Node::Needed(step) => {
                let mut ids = Vec::new();
                names_in(&step.needed_when.it, &mut |name| {
                    if let Some(id) = self.fact(name)
                        && !ids.contains(&id)
                    {
                        ids.push(id);
                    }
                });
                ids
            }
            Node::Outcome(step) => {
                let mut ids = self
                    .outcome_rule(&step.name.it)
                    .map_or(Vec::new(), |rule| self.rule_inputs(rule));
                ids.extend(self.needed(&step.name.it));
                ids
            }
        }
    }

    /// Tarjan's strongly connected components, with a stack of our own: they come out with what they rest on first.
    fn put_in_order(&mut self) {
        const UNSEEN: usize = usize::MAX;
        let n = self.nodes.len();
        let (mut index, mut low, mut on_path) = (vec![UNSEEN; n], vec![0; n], vec![false; n]);
        let mut path: Vec<Id> = Vec::new();
        let mut next_index = 0;
        self.circular = vec![false; n];
        for root in 0..n {
            if index[root] != UNSEEN {
                continue;
            }
            let mut calls: Vec<(Id, usize)> = vec![(root, 0)];
            while let Some(&mut (id, ref mut at)) = calls.last_mut() {
                if *at == 0 {
                    index[id] = next_index;
                    low[id] = next_index;
                    next_index += 1;
                    path.push(id);
                    on_path[id] = true;
                }
                if let Some(&input) = self.rests_on[id].get(*at) {
                    *at += 1;
                    if index[input] == UNSEEN {
                        calls.push((input, 0));
                    } else if on_path[input] {
                        low[id] = low[id].min(index[input]);
                    }
                    continue;
                }
                calls.pop();
                if let Some(&(caller, _)) = calls.last() {
                    low[caller] = low[caller].min(low[id]);
                }
                if low[id] == index[id] {
                    let start = path.iter().rposition(|on| *on == id).unwrap_or(0);
                    let component = path.split_off(start);
                    let circle = component.len() > 1 || self.rests_on[id].contains(&id);
                    for member in component {
                        on_path[member] = false;
                        self.circular[member] = circle;
                        self.order.push(member);
                    }
                }
            }
        }
    }
}

fn by_name<'p, T>(items: impl Iterator<Item = &'p T>, name: impl Fn(&'p T) -> &'p Name) -> HashMap<&'p Name, &'p T> {
    let mut map = HashMap::new();
    for item in items {
        map.entry(name(item)).or_insert(item);
    }
    map
}

/// A row's tests, each with the fact that heads its column, or none in a `när` column.
pub(super) fn cells<'p>(rule: &'p Rule, row: &'p Row) -> impl Iterator<Item = (Option<&'p Name>, &'p Test)> {
    rule.columns
        .iter()
        .filter_map(|column| match &column.it {
            Column::Input(name) => Some(Some(name)),
            Column::When => Some(None),
            _ => None,
        })
        .zip(row.tests.iter().map(|test| &test.it))
}

/// Visits every part of an expression, the whole first.
pub(super) fn walk<'e>(expr: &'e Expr, visit: &mut impl FnMut(&'e Expr)) {
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        visit(expr);
        match expr {
            Expr::Always
            | Expr::Fact(_)
            | Expr::Constant(_)
            | Expr::IsNotApplicable(_)
            | Expr::Count(_)
            | Expr::Sum(_)
            | Expr::Size(_)
            | Expr::Has(..)
            | Expr::Day(_) => {}
            Expr::And(parts) | Expr::Or(parts) => open.extend(parts.iter().rev()),
            Expr::Not(part)
            | Expr::Any(_, part)
            | Expr::All(_, part)
            | Expr::CountWhere(_, part)
            | Expr::SumWhere(_, part)
            | Expr::Shift(_, part, _)
            | Expr::Age(part, _)
            | Expr::PartOf(_, part)
            | Expr::InUnit(part, _) => open.push(part),
            Expr::Compare(_, left, right) | Expr::Arithmetic(_, left, right) | Expr::Apart(_, left, right) => {
                open.extend([&**right, &**left]);
            }
        }
    }
}

/// The facts, columns and parameters that an expression mentions. Names of lists are not among them.
pub(super) fn names_in<'e>(expr: &'e Expr, mention: &mut impl FnMut(&'e Name)) {
    walk(expr, &mut |part| match part {
        Expr::Fact(name)
        | Expr::IsNotApplicable(name)
        | Expr::Sum(name)
        | Expr::SumWhere(name, _)
        | Expr::Size(name)
        | Expr::Has(name, _) => mention(&name.it),
        _ => {}
    });
}

/// The same of one cell, without the fact that heads its column.
pub(super) fn names_in_test<'e>(test: &'e Test, mention: &mut impl FnMut(&'e Name)) {
    match test {
        Test::Any | Test::NotApplicable | Test::Between(..) | Test::Within(..) | Test::Has(_) | Test::Lacks(_) => {}
        Test::Compare(_, Operand::Fact(name)) => mention(name),
        Test::Compare(_, Operand::Constant(_)) => {}
        Test::OneOf(operands) | Test::NotOneOf(operands) => {
            for operand in operands {
                if let Operand::Fact(name) = operand {
                    mention(name);
                }
            }
        }
        Test::Condition(expr) => names_in(expr, mention),
    }
}
