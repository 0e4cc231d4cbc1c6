//! Tries many cases of a few rules: the document's graph is made once, and only what is asked for is computed.
//!
//! Always true here: the answers are those of [`super::evaluate`]. Another step's outcome (source `steg`) is what the
//! case says, and missing if it says nothing: what is behind it is not followed.

use std::rc::Rc;

use super::evaluate::Evaluator;
use super::graph::{Graph, Id, Node};
use super::relevance::Prepared;
use super::{Evaluation, Question, Setting, questions};
use crate::fact::{Facts, Known, Name, Slot, Value};
use crate::pack::{Expr, List, Pack, Rule};

pub struct Probe<'p> {
    graph: Rc<Graph<'p>>,
}

/// What must be computed for some question, in order.
#[derive(Clone, Debug)]
pub struct Scope {
    nodes: Vec<Id>,
}

impl<'p> Probe<'p> {
    pub fn new(pack: &'p Pack) -> Self {
        Self {
            graph: Rc::new(Graph::new(pack)),
        }
    }

    /// All that these names rest on.
    pub fn scope<'n>(&self, names: impl IntoIterator<Item = &'n Name>) -> Scope {
        let from = names.into_iter().filter_map(|name| self.graph.fact(name));
        let behind = self.graph.behind(from, |node| matches!(node, Node::OutcomeOf(..)));
        Scope {
            nodes: self.graph.order.iter().copied().filter(|id| behind[*id]).collect(),
        }
    }

    /// Everything that follows from a case: [`super::evaluate`].
    pub fn evaluation(&self, facts: &Facts, setting: &Setting) -> Evaluation {
        Evaluator::of_nodes(self.graph.clone(), &self.graph.order, facts, setting, None).evaluation()
    }

    /// How each row of the rule stands: certainly matches, certainly not, or may still.
    pub fn rows(&self, scope: &Scope, rule: &Rule, facts: &Facts, setting: &Setting) -> Vec<Known<bool>> {
        let evaluator = Evaluator::of_nodes(self.graph.clone(), &scope.nodes, facts, setting, None);
        rule.rows.iter().map(|row| evaluator.matches(rule, row)).collect()
    }

    /// The same for each item of a list, of a rule that gives them values; one item that nobody has described when the list
    /// is not answered.
    pub fn item_rows(
        &self,
        scope: &Scope,
        rule: &'p Rule,
        list: &'p List,
        facts: &Facts,
        setting: &Setting,
    ) -> Vec<Vec<Known<bool>>> {
        Evaluator::of_nodes(self.graph.clone(), &scope.nodes, facts, setting, None).rows_of_items(rule, list)
    }

    /// What a calculation comes to.
    pub fn value(&self, scope: &Scope, expr: &Expr, facts: &Facts, setting: &Setting) -> Known<Value> {
        Evaluator::of_nodes(self.graph.clone(), &scope.nodes, facts, setting, None).value_of(expr, None)
    }

    /// What a condition or a calculation comes to for each item of a list.
    pub fn of_items(
        &self,
        scope: &Scope,
        list: &Name,
        expr: &Expr,
        facts: &Facts,
        setting: &Setting,
    ) -> Vec<Known<Value>> {
        let Some(list) = self.graph.pack.list(list) else {
            return Vec::new();
        };
        let evaluator = Evaluator::of_nodes(self.graph.clone(), &scope.nodes, facts, setting, None);
        let items = facts.lists.get(&list.name.it).map_or(0, Vec::len);
        (0..items)
            .map(|at| evaluator.value_of(expr, evaluator.item(list, at).as_ref()))
            .collect()
    }

    /// The state of a condition.
    pub fn condition(&self, scope: &Scope, condition: &Expr, facts: &Facts, setting: &Setting) -> Known<bool> {
        Evaluator::of_nodes(self.graph.clone(), &scope.nodes, facts, setting, None).condition(condition, None, 0)
    }
}

/// Asks for many cases what to fetch and what to ask: what they have in common is made once.
pub struct Asking<'p> {
    graph: Rc<Graph<'p>>,
    prepared: Prepared<'p>,
}

impl<'p> Asking<'p> {
    pub fn new(pack: &'p Pack) -> Self {
        let graph = Rc::new(Graph::new(pack));
        Self {
            prepared: Prepared::new(graph.clone()),
            graph,
        }
    }

    /// What to fetch and what to ask now: [`super::to_fetch_and_ask`].
    pub fn to_fetch_and_ask(&mut self, facts: &Facts, setting: &Setting) -> (Vec<Slot>, Vec<Question>) {
        let evaluator = Evaluator::of_nodes(self.graph.clone(), &self.graph.order, facts, setting, None);
        questions::next(&evaluator, &mut self.prepared, facts, setting)
    }
}
