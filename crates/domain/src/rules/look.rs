//! Looks into one case for the author's tools: which rows held, and what any calculation comes to.
//!
//! Always true here: what is seen is what [`super::evaluate`] computed with, also for each item of a list.

use std::collections::BTreeSet;

use super::evaluate::Evaluator;
use super::graph::{self, Node};
use super::{Fired, Setting};
use crate::fact::{Facts, Known, Value};
use crate::pack::{Comparison, Expr, List, Pack};

pub struct Look<'a> {
    evaluator: Evaluator<'a>,
}

impl<'a> Look<'a> {
    pub fn new(pack: &'a Pack, facts: &'a Facts, setting: &'a Setting) -> Self {
        Self {
            evaluator: Evaluator::new(pack, facts, setting, None),
        }
    }

    /// The rows that certainly held, of every table; of a rule that gives a list's items values, those of any item.
    pub fn fired(&self) -> BTreeSet<Fired> {
        let evaluation = self.evaluator.evaluation();
        let of_facts = evaluation.fired.into_iter().map(|(rule, row)| Fired { rule, row });
        let of_steps = evaluation.steps.into_values().flat_map(|step| step.holds);
        let mut fired: BTreeSet<Fired> = of_facts.chain(of_steps.map(|(fired, _)| fired)).collect();
        for (id, node) in self.evaluator.graph.nodes.iter().enumerate() {
            if let Node::ItemRule(rule, ..) = node {
                let items = self.evaluator.values_of_items(id).len();
                let rows = (0..items).filter_map(|item| self.evaluator.row_of_item(id, item));
                fired.extend(rows.map(|row| Fired {
                    rule: rule.name.it.clone(),
                    row: row.id.it.clone(),
                }));
            }
        }
        fired
    }

    /// What an expression comes to in the case, or for one item of a list.
    pub fn value(&self, expr: &'a Expr, item: Option<(&'a List, usize)>) -> Known<Value> {
        let item = item.and_then(|(list, at)| self.evaluator.item(list, at));
        self.evaluator.value_of(expr, item.as_ref())
    }
}

/// Every comparison inside an expression, in its order.
pub fn comparisons<'e>(expr: &'e Expr, mut visit: impl FnMut(Comparison, &'e Expr, &'e Expr)) {
    graph::walk(expr, &mut |part| {
        if let Expr::Compare(how, left, right) = part {
            visit(*how, left, right);
        }
    });
}
