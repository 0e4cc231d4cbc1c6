//! What a service's examples try: which rows of which tables, and which limits from both sides.
//!
//! Always true: what is said here is what the engine did with the example, so a row counts as tried only when it certainly held.

use std::collections::BTreeSet;

use jiff::civil::Date;
use rust_decimal::Decimal;
use samverk_domain::check::play::Truth;
use samverk_domain::fact::{Name, Value};
use samverk_domain::finding::{Span, Spanned};
use samverk_domain::pack::{Comparison, Example, Expected, Expr, List, Operand, Pack, Policy, Rule, RuleKind, Test};
use samverk_domain::rules::look::{self, Look};
use samverk_domain::rules::{self, Evaluation, Fired};

/// One example, tried.
pub struct Tried<'p> {
    pub example: &'p Example,
    pub steps: Vec<Step<'p>>,
    /// What is wrong with the example as a whole, in words: a control that is broken and not named.
    pub wrong: Vec<String>,
    /// Rows that certainly held, of every table.
    pub fired: BTreeSet<Fired>,
    truth: Truth,
    evaluation: Evaluation,
}

impl Tried<'_> {
    pub fn is_right(&self) -> bool {
        self.wrong.is_empty() && self.steps.iter().all(|step| step.wrong.is_none())
    }
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
        .map(|expected| step(pack, expected, &evaluation));
    let mut steps: Vec<Step<'p>> = steps.collect();
    let mut wrong = Vec::new();
    // Rows about what a rule gives stand among those about steps.
    let of_rules = example.derived.iter().flat_map(|derived| {
        let row = derived.row.as_ref().map(|row| row.span);
        std::iter::once(derived.value.span).chain(row)
    });
    let of_rules: Vec<Span> = of_rules.collect();
    for finding in rules::example::run(pack, example) {
        // A finding in a row stands behind the row's beginning and before the next one's.
        let of_row = |step: &&mut Step<'_>| {
            let start = step.expected.step.span;
            start.file == finding.span.file && start.start <= finding.span.start
        };
        match steps
            .iter_mut()
            .rfind(of_row)
            .filter(|_| !of_rules.contains(&finding.span))
        {
            Some(step) => step.wrong = step.wrong.take().or(Some(finding.message)),
            None => wrong.push(finding.message),
        }
    }
    Tried {
        example,
        steps,
        wrong,
        fired: Look::new(pack, &truth.facts, &truth.setting).fired(),
        truth,
        evaluation,
    }
}

fn step<'p>(pack: &Pack, expected: &'p Expected, evaluation: &Evaluation) -> Step<'p> {
    let name = &expected.step.it;
    let result = evaluation.steps.get(name);
    let grounds = result.map(|result| rules::example::rows(result, result.verdict(pack, name)));
    Step {
        expected,
        outcome: crate::cli::explain::verdict(pack, name, evaluation),
        grounds: grounds.into_iter().flatten().collect(),
        waits_for: result
            .into_iter()
            .flat_map(|result| result.waits_for.keys().cloned())
            .collect(),
        wrong: None,
        is_elsewhere: name.as_str() == rules::example::SUBMISSION,
    }
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
    /// An example whose value is the limit itself: only that one tells `<` from `≤`.
    pub exactly: Option<usize>,
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
    let mut limits: Vec<Limit> = Vec::new();
    let mut seen = BTreeSet::new();
    found.retain(|(left, right, belongs_below, _)| seen.insert((left.to_string(), right.to_string(), *belongs_below)));
    let looks: Vec<Look<'_>> = tried
        .iter()
        .map(|tried| Look::new(pack, &tried.truth.facts, &tried.truth.setting))
        .collect();
    for (left, right, belongs_below, at) in &found {
        let mut limit = Limit {
            left: left.to_string(),
            right: right.to_string(),
            belongs_below: *belongs_below,
            at: *at,
            below: None,
            above: None,
            exactly: None,
        };
        let (mut nearest_below, mut nearest_above): (Option<Measure>, Option<Measure>) = (None, None);
        let list = [left, right].into_iter().find_map(|side| compared_column(pack, side));
        for (number, (tried, look)) in tried.iter().zip(&looks).enumerate() {
            let items = match list {
                Some(list) => tried.truth.facts.lists.get(&list.name.it).map_or(0, Vec::len),
                None => 1,
            };
            for item in 0..items {
                let item = list.map(|list| (list, item));
                let measured = |side| look.value(side, item).value().and_then(Measure::of);
                let (Some(value), Some(bound)) = (measured(left), measured(right)) else {
                    continue;
                };
                if value == bound {
                    limit.exactly = limit.exactly.or(Some(number));
                }
                let is_below = value < bound || (*belongs_below && value == bound);
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
        limits.push(limit);
    }
    limits
}

fn in_cell(test: &Test, input: Option<&Name>, at: Span, found: &mut Vec<(Expr, Expr, bool, Span)>) {
    let fact = |name: &Name| {
        Expr::Fact(Spanned {
            it: name.clone(),
            span: at,
        })
    };
    let constant = |value: Value| Expr::Constant(Spanned { it: value, span: at });
    let mut between = |input: &Name, min: Value, max: Value| {
        found.push((fact(input), constant(min), false, at));
        found.push((fact(input), constant(max), true, at));
    };
    match (test, input) {
        (Test::Condition(condition), _) => compared(condition, at, found),
        (Test::Compare(comparison, operand), Some(input)) => {
            if let Some(belongs_below) = belongs_below(*comparison) {
                let right = match operand {
                    Operand::Constant(value) => constant(value.clone()),
                    Operand::Fact(name) => fact(name),
                };
                found.push((fact(input), right, belongs_below, at));
            }
        }
        (Test::Between(min, max), Some(input)) => between(input, Value::Number(*min), Value::Number(*max)),
        (Test::Within(min, max), Some(input)) => between(input, min.clone(), max.clone()),
        _ => {}
    }
}

fn compared(condition: &Expr, at: Span, found: &mut Vec<(Expr, Expr, bool, Span)>) {
    look::comparisons(condition, |comparison, left, right| {
        if let Some(belongs_below) = belongs_below(comparison) {
            found.push((left.clone(), right.clone(), belongs_below, at));
        }
    });
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
    Clock(u16),
}

impl Measure {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Some(Self::Number(*number)),
            Value::Date(day) => Some(Self::Day(*day)),
            Value::Clock(minutes) => Some(Self::Clock(*minutes)),
            _ => None,
        }
    }
}

impl std::fmt::Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => f.write_str(&samverk_domain::words::amount::swedish(*number)),
            Self::Day(day) => day.fmt(f),
            Self::Clock(minutes) => Value::Clock(*minutes).fmt(f),
        }
    }
}

/// The list whose column stands there by itself, not summed or counted: each item is a try of its own.
fn compared_column<'p>(pack: &'p Pack, expr: &Expr) -> Option<&'p List> {
    match expr {
        Expr::Fact(name) => pack.list_of_column(&name.it).or_else(|| {
            // A rule may give a list's items a value without a row of its own in the list.
            let list = Name::parse(name.it.prefix()).ok()?;
            pack.list(&list)
        }),
        Expr::Arithmetic(_, left, right) | Expr::Apart(_, left, right) => {
            compared_column(pack, left).or_else(|| compared_column(pack, right))
        }
        Expr::Shift(_, of, _) | Expr::Age(of, _) | Expr::PartOf(_, of) | Expr::InUnit(of, _) => {
            compared_column(pack, of)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_days_and_clock_times_are_tried_too() {
        let (pack, _) = samverk_domain::pack::parse::pack(crate::testing::with_everything());
        let pack = pack.unwrap();
        let tried: Vec<Tried<'_>> = pack
            .examples
            .iter()
            .map(|example| super::tried(&pack, example))
            .collect();
        let tables = tables(&pack, &tried);
        let of_items = tables
            .iter()
            .find(|table| table.rule.name.as_str() == "stiftare.stor")
            .unwrap();
        assert!(of_items.rows.iter().all(|(_, examples)| examples.len() == 1));
        let limits = limits(&pack, &tried);
        let side = |left: &str| {
            let limit = limits
                .iter()
                .find(|limit| limit.left == left)
                .unwrap_or_else(|| panic!("no {left}"));
            let value =
                |side: &Option<(String, usize)>| side.as_ref().map_or("-".to_owned(), |(value, _)| value.clone());
            (value(&limit.below), value(&limit.above))
        };
        assert_eq!(side("stiftare.andel"), ("40".to_owned(), "60".to_owned()));
        assert_eq!(side("servering.sluttid"), ("-".to_owned(), "02:00".to_owned()));
        assert_eq!(
            side("verksamhet.start + 14 dagar"),
            ("-".to_owned(), "2026-09-03".to_owned())
        );
    }
}
