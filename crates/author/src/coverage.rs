//! What a service's examples try: which rows of which tables, and which limits from both sides.
//!
//! Always true: what is said here is what the engine did with the example, so a row counts as tried only when it certainly held.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rust_decimal::Decimal;
use samverk_domain::check::play::Truth;
use samverk_domain::fact::{Facts, Known, Name, Value};
use samverk_domain::finding::Span;
use samverk_domain::pack::{
    Comparison, Example, Expected, Expr, Operand, Operator, Pack, Policy, Rule, RuleKind, Test,
};
use samverk_domain::rules::{self, Evaluation, Fired, Verdict};

/// One example, tried.
pub struct Tried<'p> {
    pub example: &'p Example,
    pub steps: Vec<Step<'p>>,
    /// Rows that certainly held, of every table.
    pub fired: BTreeSet<Fired>,
    facts: Facts,
    evaluation: Evaluation,
}

/// A row of the example's second table.
pub struct Step<'p> {
    pub expected: &'p Expected,
    /// Outcome and grounds as the engine gives them.
    pub outcome: String,
    pub grounds: Vec<Name>,
    pub waits_for: Vec<Name>,
    /// What is wrong, in words; absent when it came out as expected.
    pub wrong: Option<String>,
    /// About who may sign, which is tried where signing is.
    pub is_elsewhere: bool,
}

pub fn tried<'p>(pack: &Pack, example: &'p Example) -> Tried<'p> {
    let truth = Truth::of(pack, example);
    let evaluation = rules::evaluate(pack, &truth.facts, &truth.setting);
    let steps = example
        .expected
        .iter()
        .map(|expected| step(pack, example, expected, &evaluation));
    Tried {
        example,
        steps: steps.collect(),
        fired: fired(&evaluation),
        facts: truth.facts,
        evaluation,
    }
}

fn step<'p>(pack: &Pack, example: &Example, expected: &'p Expected, evaluation: &Evaluation) -> Step<'p> {
    let of_this_row = Example {
        expected: vec![expected.clone()],
        ..example.clone()
    };
    let found = rules::example::run(pack, &of_this_row);
    let name = &expected.step.it;
    let result = evaluation.steps.get(name);
    let verdict = result.map(|result| result.verdict(pack, name));
    let grounds = match (verdict, result) {
        (Some(Verdict::NotNeeded), Some(result)) => result.needed_because.clone(),
        (Some(Verdict::CaseWorker), Some(result)) => {
            let must_look = result.holds.iter().filter(|(_, word)| word == "handläggare");
            must_look.map(|(fired, _)| fired.clone()).collect()
        }
        (Some(Verdict::Outcome(_)), Some(result)) => result.grounds.clone(),
        _ => Vec::new(),
    };
    Step {
        expected,
        outcome: crate::cli::explain::verdict(pack, name, evaluation),
        grounds: grounds.into_iter().map(|fired| fired.row).collect(),
        waits_for: result
            .into_iter()
            .flat_map(|result| result.waits_for.keys().cloned())
            .collect(),
        wrong: found.into_iter().map(|finding| finding.message).next(),
        is_elsewhere: name.as_str() == rules::example::SUBMISSION,
    }
}

/// Rows that certainly hold.
pub fn fired(evaluation: &Evaluation) -> BTreeSet<Fired> {
    let of_facts = evaluation.fired.iter().map(|(rule, row)| Fired {
        rule: rule.clone(),
        row: row.clone(),
    });
    let of_steps = evaluation
        .steps
        .values()
        .flat_map(|step| step.holds.iter().map(|(fired, _)| fired.clone()));
    of_facts.chain(of_steps).collect()
}

/// A table and what the examples leave in it.
pub struct Table<'p> {
    pub rule: &'p Rule,
    /// Row → the numbers of the examples in which it holds, in the order of the table.
    pub rows: Vec<(&'p Name, Vec<usize>)>,
    /// `annars`: the examples that end there. Only of tables that collect.
    pub otherwise: Option<Vec<usize>>,
}

pub fn tables<'p>(pack: &'p Pack, tried: &[Tried<'_>]) -> Vec<Table<'p>> {
    let of_rule = |rule: &'p Rule| {
        let name = &rule.name.it;
        let rows = rule.rows.iter().map(|row| {
            let wanted = Fired {
                rule: name.clone(),
                row: row.id.it.clone(),
            };
            let examples = tried
                .iter()
                .enumerate()
                .filter(|(_, tried)| tried.fired.contains(&wanted));
            (&row.id.it, examples.map(|(at, _)| at).collect())
        });
        let otherwise = match (&rule.policy.it, rule.kind) {
            (Policy::Collect { otherwise }, RuleKind::Outcome) => {
                let ends_there = |tried: &Tried<'_>| {
                    let result = tried.evaluation.steps.get(name);
                    result.is_some_and(|it| it.outcome.value() == Some(otherwise) && it.grounds.is_empty())
                };
                let examples = tried.iter().enumerate().filter(|(_, tried)| ends_there(tried));
                Some(examples.map(|(at, _)| at).collect())
            }
            _ => None,
        };
        Table {
            rule,
            rows: rows.collect(),
            otherwise,
        }
    };
    pack.rules.iter().map(of_rule).collect()
}

/// A limit somewhere in the document: a value at which something changes.
pub struct Limit {
    /// What is compared, and with what, as written.
    pub left: String,
    pub right: String,
    /// Whether the limit itself belongs below (`≤ 2` and `> 2`) or above (`< 2` and `≥ 2`).
    pub belongs_below: bool,
    pub at: Span,
    /// The value nearest below with its example's number, and the nearest above.
    pub below: Option<(String, usize)>,
    pub above: Option<(String, usize)>,
}

impl Limit {
    /// `gas.inne ≤ 2`, `gas.inne > 2`
    pub fn sides(&self) -> (String, String) {
        let (below, above) = if self.belongs_below { ("≤", ">") } else { ("<", "≥") };
        let side = |sign: &str| format!("{} {sign} {}", self.left, self.right);
        (side(below), side(above))
    }
}

/// Every limit of the document in its order, with the nearest examples.
pub fn limits(pack: &Pack, tried: &[Tried<'_>]) -> Vec<Limit> {
    let mut found: Vec<(Expr, Expr, bool, Span)> = Vec::new();
    for control in &pack.controls {
        compared(&control.condition.it, control.condition.span, &mut found);
    }
    for step in &pack.steps {
        compared(&step.needed_when.it, step.needed_when.span, &mut found);
    }
    for rule in &pack.rules {
        let inputs: Vec<Option<&Name>> = rule
            .columns
            .iter()
            .filter_map(|column| match &column.it {
                samverk_domain::pack::Column::Input(name) => Some(Some(name)),
                samverk_domain::pack::Column::When => Some(None),
                _ => None,
            })
            .collect();
        for row in &rule.rows {
            for (test, input) in row.tests.iter().zip(&inputs) {
                in_cell(&test.it, *input, test.span, &mut found);
            }
        }
    }
    let mut limits: BTreeMap<(String, String, bool), Limit> = BTreeMap::new();
    let mut order = Vec::new();
    for (left, right, belongs_below, at) in found {
        let key = (left.to_string(), right.to_string(), belongs_below);
        if limits.contains_key(&key) {
            continue;
        }
        let mut limit = Limit {
            left: key.0.clone(),
            right: key.1.clone(),
            belongs_below,
            at,
            below: None,
            above: None,
        };
        let (mut nearest_below, mut nearest_above): (Option<Measure>, Option<Measure>) = (None, None);
        for (number, tried) in tried.iter().enumerate() {
            for scope in scopes(pack, tried, &left, &right) {
                let (Some(value), Some(bound)) = (measure(&left, &scope), measure(&right, &scope)) else {
                    continue;
                };
                let is_below = value < bound || (belongs_below && value == bound);
                let (nearest, side) = match is_below {
                    true => (&mut nearest_below, &mut limit.below),
                    false => (&mut nearest_above, &mut limit.above),
                };
                if nearest
                    .as_ref()
                    .is_none_or(|so_far| (value > *so_far) == is_below && value != *so_far)
                {
                    *side = Some((value.to_string(), number));
                    *nearest = Some(value);
                }
            }
        }
        order.push(key.clone());
        limits.insert(key, limit);
    }
    order.iter().filter_map(|key| limits.remove(key)).collect()
}

fn in_cell(test: &Test, input: Option<&Name>, at: Span, found: &mut Vec<(Expr, Expr, bool, Span)>) {
    let fact = |name: &Name| {
        Expr::Fact(samverk_domain::finding::Spanned {
            it: name.clone(),
            span: at,
        })
    };
    let constant = |value: &Value| {
        Expr::Constant(samverk_domain::finding::Spanned {
            it: value.clone(),
            span: at,
        })
    };
    match (test, input) {
        (Test::Condition(condition), _) => compared(condition, at, found),
        (Test::Compare(comparison, operand), Some(input)) => {
            if let Some(belongs_below) = belongs_below(*comparison) {
                let right = match operand {
                    Operand::Constant(value) => constant(value),
                    Operand::Fact(name) => fact(name),
                };
                found.push((fact(input), right, belongs_below, at));
            }
        }
        (Test::Between(min, max), Some(input)) => {
            found.push((fact(input), constant(&Value::Number(*min)), false, at));
            found.push((fact(input), constant(&Value::Number(*max)), true, at));
        }
        _ => {}
    }
}

fn compared(condition: &Expr, at: Span, found: &mut Vec<(Expr, Expr, bool, Span)>) {
    match condition {
        Expr::Compare(comparison, left, right) => {
            if let Some(belongs_below) = belongs_below(*comparison) {
                found.push(((**left).clone(), (**right).clone(), belongs_below, at));
            }
        }
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| compared(part, at, found)),
        Expr::Not(inner) | Expr::Any(_, inner) | Expr::All(_, inner) => compared(inner, at, found),
        _ => {}
    }
}

fn belongs_below(comparison: Comparison) -> Option<bool> {
    match comparison {
        Comparison::LessOrEqual | Comparison::Greater => Some(true),
        Comparison::Less | Comparison::GreaterOrEqual => Some(false),
        Comparison::Equal | Comparison::NotEqual => None,
    }
}

/// What can be nearer or farther.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Measure {
    Number(Decimal),
    Day(Date),
}

impl std::fmt::Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => f.write_str(&samverk_domain::words::amount::swedish(*number)),
            Self::Day(day) => day.fmt(f),
        }
    }
}

/// Where names have values: the case, or one item of a list in it.
struct Scope<'t> {
    tried: &'t Tried<'t>,
    item: Option<&'t BTreeMap<Name, Known<Value>>>,
}

/// One for the case, or one for each item where a list's column is compared.
fn scopes<'t>(pack: &Pack, tried: &'t Tried<'t>, left: &Expr, right: &Expr) -> Vec<Scope<'t>> {
    let list = [left, right].into_iter().find_map(|side| compared_column(pack, side));
    match list {
        Some(list) => {
            let items = tried.facts.lists.get(list).into_iter().flatten();
            items
                .map(|item| Scope {
                    tried,
                    item: Some(item),
                })
                .collect()
        }
        None => vec![Scope { tried, item: None }],
    }
}

/// The list whose column stands there by itself, not summed or counted.
fn compared_column<'p>(pack: &'p Pack, expr: &Expr) -> Option<&'p Name> {
    match expr {
        Expr::Fact(name) => pack.list_of_column(&name.it).map(|list| &list.name.it),
        Expr::Arithmetic(_, left, right) => compared_column(pack, left).or_else(|| compared_column(pack, right)),
        _ => None,
    }
}

fn measure(expr: &Expr, scope: &Scope<'_>) -> Option<Measure> {
    let of_value = |value: &Value| match value {
        Value::Number(number) => Some(Measure::Number(*number)),
        Value::Date(day) => Some(Measure::Day(*day)),
        _ => None,
    };
    let number = |expr: &Expr| match measure(expr, scope) {
        Some(Measure::Number(number)) => Some(number),
        _ => None,
    };
    match expr {
        Expr::Fact(name) => {
            let of_item = scope.item.and_then(|item| item.get(&name.it));
            of_value(
                of_item
                    .or_else(|| scope.tried.evaluation.values.get(&name.it))?
                    .value()?,
            )
        }
        Expr::Constant(value) => of_value(&value.it),
        Expr::Arithmetic(operator, left, right) => {
            let (left, right) = (number(left)?, number(right)?);
            let result = match operator {
                Operator::Plus => left.checked_add(right),
                Operator::Minus => left.checked_sub(right),
                Operator::Times => left.checked_mul(right),
                Operator::Divide => left.checked_div(right),
            };
            result.map(Measure::Number)
        }
        Expr::Count(list) => {
            let items = scope.tried.facts.lists.get(&list.it)?;
            Some(Measure::Number(Decimal::from(items.len())))
        }
        Expr::Sum(column) => {
            let lists = &scope.tried.facts.lists;
            let (_, items) = lists.iter().find(|(list, _)| list.as_str() == column.it.prefix())?;
            let sum = items
                .iter()
                .try_fold(Decimal::ZERO, |sum, item| match item.get(&column.it)?.value()? {
                    Value::Number(number) => sum.checked_add(*number),
                    _ => None,
                });
            sum.map(Measure::Number)
        }
        _ => None,
    }
}
