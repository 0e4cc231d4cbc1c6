//! Whether the examples hold the rules in place (S706): every row is shown by one, and no boundary, cell or condition can be
//! changed a little without an example that comes out otherwise.
//!
//! Always true here: what is reported changes the service's meaning in the case that is shown; a change that no case notices
//! ([`super::same`]), that a table's own proofs notice (a gap, an overlap) or that an example notices is not reported. Only
//! looked at in a document without errors: before that the examples prove nothing.

use rust_decimal::Decimal;

use super::same::{CASES_MAX, Pair};
use super::search::{self, Outcome as Answer, Search};
use super::tables::{self, Table};
use super::uses::{self, By};
use crate::fact::{Facts, Known, Name, Value};
use crate::finding::{Finding, Severity, Span, Spanned};
use crate::pack::{CellResult, Comparison, Example, Expr, Operand, Pack, Policy, Row, Rule, RuleKind, Test};
use crate::rules::example::{self, Changed};
use crate::rules::{self, Probe, Setting};

/// `search` is over the loosened document.
pub fn check(pack: &Pack, search: &Search<'_>, found: &mut Vec<Finding>) {
    if pack.examples.is_empty() || found.iter().any(|finding| finding.severity == Severity::Error) {
        return;
    }
    let probe = Probe::new(pack);
    let examples = pack.examples.iter();
    let tried: Vec<Tried<'_>> = examples.map(|example| Tried::new(pack, &probe, example)).collect();
    let mut trial = pack.clone();
    for at in 0..pack.rules.len() {
        rule(pack, search, &probe, &tried, &mut trial, at, found);
    }
    conditions(pack, search, &probe, &tried, &mut trial, found);
}

/// An example with what it says.
struct Tried<'p> {
    example: &'p Example,
    facts: Facts,
    setting: Setting,
    evaluation: rules::Evaluation,
}

impl<'p> Tried<'p> {
    fn new(pack: &Pack, probe: &Probe<'_>, example: &'p Example) -> Self {
        let (facts, setting) = example::facts(pack, example);
        let evaluation = probe.evaluation(&facts, &setting);
        Self {
            example,
            facts,
            setting,
            evaluation,
        }
    }

    /// Whether the example comes out otherwise in a changed document.
    fn notices(&self, changed: &Changed<'_>) -> bool {
        !changed.comes_out(self.example, &self.facts, &self.setting)
    }

    /// Whether the example must come out otherwise, seen without running it: it names the row, which no longer certainly
    /// holds; or it does not, and the row is one more ground. Where this says no, the example is run.
    fn must_notice(&self, rule: &Rule, row: &Row, holds: bool) -> bool {
        let mut expected = self.example.expected.iter();
        let Some(expected) = expected.find(|it| rule.kind == RuleKind::Outcome && it.step.it == rule.name.it) else {
            return false;
        };
        if matches!(expected.outcome.it.as_str(), "behövs inte" | "väntar") {
            return false;
        }
        let is_named = expected.grounds.iter().any(|ground| ground.it == row.id.it);
        let collects = matches!(rule.policy.it, Policy::Collect { .. });
        match holds {
            false => is_named,
            true => collects && !is_named && gives(row, &expected.outcome.it),
        }
    }

    fn shows(&self, rule: &Rule, row: &Name) -> bool {
        match rule.kind {
            RuleKind::Fact => self.evaluation.fired.get(&rule.name.it) == Some(row),
            RuleKind::Outcome => {
                let step = self.evaluation.steps.get(&rule.name.it);
                step.is_some_and(|step| step.holds.iter().any(|(fired, _)| fired.row == *row))
            }
        }
    }
}

/// Whether a result cell gives the outcome.
fn gives(row: &Row, outcome: &str) -> bool {
    matches!(&row.result.it, CellResult::Value(value) if value.to_string() == outcome)
}

/// One cell with another test.
struct Change {
    row: usize,
    cell: usize,
    to: Test,
}

fn rule(
    pack: &Pack,
    search: &Search<'_>,
    probe: &Probe<'_>,
    tried: &[Tried<'_>],
    trial: &mut Pack,
    at: usize,
    found: &mut Vec<Finding>,
) {
    let rule = &pack.rules[at];
    let table = Table::new(search, &search.pack.rules[at]);
    let mut changes: Vec<Change> = Vec::new();
    for (number, row) in rule.rows.iter().enumerate() {
        if !tried.iter().any(|tried| tried.shows(rule, &row.id.it)) {
            let mut finding = Finding::warning(
                "S706",
                row.id.span,
                format!("Inget exempel visar raden {} i {}.", row.id.it, rule.name.it),
            )
            .label("gäller inte i något exempel")
            .related(rule.name.span, "regeln")
            .suggest("Skriv ett exempel i exempel.md där raden gäller.");
            if let Answer::Found(case) = table.alive(number) {
                finding = finding.example(case);
            }
            found.push(finding);
            continue;
        }
        for (cell, test) in row.tests.iter().enumerate() {
            let changed = tests(&test.it).into_iter();
            changes.extend(changed.map(|to| Change { row: number, cell, to }));
        }
    }
    // How the row stands in each example, as it is and with each change: most changes show in the row itself.
    let mut variants = rule.clone();
    variants.rows = changes
        .iter()
        .map(|change| {
            let mut row = rule.rows[change.row].clone();
            row.tests[change.cell].it = change.to.clone();
            row
        })
        .collect();
    let scope = probe.scope(
        search
            .uses
            .iter()
            .filter(|it| it.by == By::Rule(rule.kind, rule.name.it.clone()))
            .map(|it| &it.name),
    );
    // Nothing where the row stands as before, else whether it now certainly holds.
    let differs: Vec<Vec<Option<bool>>> = tried
        .iter()
        .map(|tried| {
            let states = |rule: &Rule| probe.rows(&scope, rule, &tried.facts, &tried.setting);
            let own = states(rule);
            let changed = states(&variants);
            let pairs = changes.iter().zip(&changed);
            pairs
                .map(|(change, state)| (own[change.row] != *state).then_some(*state == Known::Value(true)))
                .collect()
        })
        .collect();
    results(rule, search, tried, trial, at, found);
    let mut told: Vec<(usize, usize)> = Vec::new();
    for (number, change) in changes.iter().enumerate() {
        if told.contains(&(change.row, change.cell)) {
            continue;
        }
        let cell = &mut trial.rules[at].rows[change.row].tests[change.cell].it;
        let was = std::mem::replace(cell, change.to.clone());
        let row = &rule.rows[change.row];
        let differing = || {
            let pairs = tried.iter().zip(&differs);
            pairs.filter_map(|(tried, differs)| Some((tried, differs[number]?)))
        };
        let noticed = differing().any(|(tried, holds)| tried.must_notice(rule, row, holds)) || {
            let changed = Changed::new(trial, example::Part::Rule(rule.kind, &rule.name.it));
            differing().any(|(tried, _)| tried.notices(&changed))
        };
        if !noticed && let Some(case) = unnoticed(search, trial, at) {
            told.push((change.row, change.cell));
            found.push(finding(
                Some(rule),
                row.tests[change.cell].span,
                &was.to_string(),
                &change.to.to_string(),
                case,
            ));
        }
        trial.rules[at].rows[change.row].tests[change.cell].it = was;
    }
}

/// What a rule's rows give, each changed into what another row gives.
fn results(
    rule: &Rule,
    search: &Search<'_>,
    tried: &[Tried<'_>],
    trial: &mut Pack,
    at: usize,
    found: &mut Vec<Finding>,
) {
    // An outcome that an example shows is one that it expects.
    if rule.kind != RuleKind::Fact {
        return;
    }
    for (number, row) in rule.rows.iter().enumerate() {
        let showing = || tried.iter().filter(|tried| tried.shows(rule, &row.id.it));
        let mut others = rule.rows.iter().map(|other| &other.result.it);
        let Some(to) = others
            .find(|to| **to != row.result.it)
            .filter(|_| showing().next().is_some())
        else {
            continue;
        };
        trial.rules[at].rows[number].result.it = to.clone();
        let changed = Changed::new(trial, example::Part::Rule(rule.kind, &rule.name.it));
        let is_noticed = showing().any(|tried| tried.notices(&changed));
        if !is_noticed && let Some(case) = unnoticed(search, trial, at) {
            let was = example::result(&row.result.it);
            found.push(finding(Some(rule), row.result.span, &was, &example::result(to), case));
        }
        trial.rules[at].rows[number].result.it = row.result.it.clone();
    }
}

/// The case in which a changed rule means something else, unless its own proofs say that it is wrong.
fn unnoticed(search: &Search<'_>, trial: &Pack, at: usize) -> Option<Option<String>> {
    let loosened = search::loosened(trial);
    let other = Search::new(&loosened);
    let rule = &loosened.rules[at];
    let pair = Pair {
        one: search,
        other: &other,
        at: std::cell::RefCell::default(),
    };
    let case = match pair.rules(&search.pack.rules[at], rule) {
        Answer::None => return None,
        Answer::Found(case) => Some(case),
        Answer::TooMany => None,
    };
    let mut proofs = Vec::new();
    tables::check_rule(&other, rule, &mut proofs);
    let is_read = |pack: &Pack| {
        let mut names: Vec<Name> = uses::all(pack).into_iter().map(|it| it.name).collect();
        names.sort();
        names.dedup();
        names
    };
    // What nothing reads any longer is reported as that.
    (proofs.is_empty() && is_read(search.pack) == is_read(trial)).then_some(case)
}

fn finding(of: Option<&Rule>, span: Span, was: &str, to: &str, case: Option<String>) -> Finding {
    let changed = match to {
        "–" => format!("`{was}` tas bort"),
        _ => format!("`{was}` blir `{to}`"),
    };
    let finding = match case {
        Some(case) => Finding::warning("S706", span, format!("Inget exempel märker om {changed}."))
            .label("hålls inte på plats av något exempel")
            .example(case)
            .suggest("Skriv ett exempel i exempel.md med fallet i exemplet ovan och det utfall som du menar."),
        None => Finding::warning(
            "S309",
            span,
            format!(
                "Inget exempel märker om {changed}, och om det betyder något är inte bevisat: fallen är fler än de {CASES_MAX} som prövas."
            ),
        )
        .label("hålls inte på plats av något exempel")
        .example(format!("de första {CASES_MAX} fallen är prövade utan skillnad, resten inte alls"))
        .suggest("Skriv ett exempel där det gör skillnad, eller lägg en del av villkoren i egna regler."),
    };
    match of {
        Some(rule) => finding.related(rule.name.span, "regeln"),
        None => finding,
    }
}

/// Conditions of steps and controls.
fn conditions(
    pack: &Pack,
    search: &Search<'_>,
    probe: &Probe<'_>,
    tried: &[Tried<'_>],
    trial: &mut Pack,
    found: &mut Vec<Finding>,
) {
    let steps = (0..pack.steps.len()).map(Place::Step);
    let controls = (0..pack.controls.len()).map(Place::Control);
    for place in steps.chain(controls) {
        let condition = place.of(pack);
        let mut own = Vec::new();
        uses::expr(&condition.it, &By::Control, &mut own);
        let scope = probe.scope(own.iter().map(|it| &it.name));
        for to in exprs(&condition.it) {
            let differs = |tried: &&Tried<'_>| {
                let answer = |expr: &Expr| probe.condition(&scope, expr, &tried.facts, &tried.setting);
                answer(&condition.it) != answer(&to)
            };
            place.of_mut(trial).it = to.clone();
            let mut differing = tried.iter().filter(differs);
            let changed = Changed::new(trial, place.part(pack));
            let noticed = differing.any(|tried| tried.notices(&changed));
            if !noticed && let Some(case) = other_answer(search, trial, &condition.it, &to) {
                found.push(finding(
                    None,
                    condition.span,
                    &condition.it.to_string(),
                    &to.to_string(),
                    case,
                ));
                break;
            }
        }
        place.of_mut(trial).it = condition.it.clone();
    }
}

/// Where a condition stands.
#[derive(Clone, Copy)]
enum Place {
    Step(usize),
    Control(usize),
}

impl Place {
    fn of(self, pack: &Pack) -> &Spanned<Expr> {
        match self {
            Self::Step(at) => &pack.steps[at].needed_when,
            Self::Control(at) => &pack.controls[at].condition,
        }
    }

    fn part(self, pack: &Pack) -> example::Part<'_> {
        match self {
            Self::Step(at) => example::Part::NeededWhen(&pack.steps[at].name.it),
            Self::Control(at) => example::Part::Control(&pack.controls[at].id.it),
        }
    }

    fn of_mut(self, pack: &mut Pack) -> &mut Spanned<Expr> {
        match self {
            Self::Step(at) => &mut pack.steps[at].needed_when,
            Self::Control(at) => &mut pack.controls[at].condition,
        }
    }
}

fn other_answer(search: &Search<'_>, trial: &Pack, one: &Expr, to: &Expr) -> Option<Option<String>> {
    let loosened = search::loosened(trial);
    let other = Search::new(&loosened);
    let pair = Pair {
        one: search,
        other: &other,
        at: std::cell::RefCell::default(),
    };
    match pair.conditions(one, to) {
        Answer::None => None,
        Answer::Found(case) => Some(Some(case)),
        Answer::TooMany => Some(None),
    }
}

// ---- small changes ----

/// A cell's test, changed a little in every way.
fn tests(test: &Test) -> Vec<Test> {
    let mut all = Vec::new();
    match test {
        Test::Any => return all,
        Test::Compare(how, Operand::Constant(value)) => {
            all.extend(
                shifted(value)
                    .into_iter()
                    .map(|value| Test::Compare(*how, Operand::Constant(value))),
            );
            all.extend(turned(*how).map(|how| Test::Compare(how, Operand::Constant(value.clone()))));
        }
        Test::Compare(how, operand) => all.extend(turned(*how).map(|how| Test::Compare(how, operand.clone()))),
        Test::Between(low, high) => {
            for by in [Decimal::ONE, -Decimal::ONE] {
                all.push(Test::Between(*low + by, *high));
                all.push(Test::Between(*low, *high + by));
            }
        }
        Test::OneOf(words) if words.len() > 1 => {
            all.extend((0..words.len()).map(|at| Test::OneOf(without(words, at))));
        }
        Test::NotOneOf(words) if words.len() > 1 => {
            all.extend((0..words.len()).map(|at| Test::NotOneOf(without(words, at))));
        }
        Test::Condition(condition) => all.extend(exprs(condition).into_iter().map(Test::Condition)),
        _ => {}
    }
    all.push(Test::Any);
    all
}

fn without<T: Clone>(all: &[T], at: usize) -> Vec<T> {
    let mut rest = all.to_vec();
    rest.remove(at);
    rest
}

/// `>` and `≥` for each other.
fn turned(how: Comparison) -> Option<Comparison> {
    match how {
        Comparison::Less => Some(Comparison::LessOrEqual),
        Comparison::LessOrEqual => Some(Comparison::Less),
        Comparison::Greater => Some(Comparison::GreaterOrEqual),
        Comparison::GreaterOrEqual => Some(Comparison::Greater),
        Comparison::Equal | Comparison::NotEqual => None,
    }
}

/// The number one step up and down in its own decimals, the day before and after.
fn shifted(value: &Value) -> Vec<Value> {
    match value {
        Value::Number(number) => {
            let step = Decimal::new(1, number.scale());
            [number.checked_add(step), number.checked_sub(step)]
                .into_iter()
                .flatten()
                .map(Value::Number)
                .collect()
        }
        Value::Date(day) => [day.tomorrow(), day.yesterday()]
            .into_iter()
            .flatten()
            .map(Value::Date)
            .collect(),
        _ => Vec::new(),
    }
}

/// A condition, changed a little at every place: a part dropped, `och` for `eller`, a boundary moved, the whole denied.
fn exprs(expr: &Expr) -> Vec<Expr> {
    let mut all = inner(expr);
    if !matches!(expr, Expr::Always) {
        all.push(Expr::Not(Box::new(expr.clone())));
    }
    all
}

fn inner(expr: &Expr) -> Vec<Expr> {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => {
            let make = |parts: Vec<Expr>| match expr {
                Expr::And(_) => Expr::And(parts),
                _ => Expr::Or(parts),
            };
            let mut all: Vec<Expr> = Vec::new();
            for at in 0..parts.len() {
                let mut rest = without(parts, at);
                all.extend(match rest.len() {
                    0 => None,
                    1 => rest.pop(),
                    _ => Some(make(rest)),
                });
                for to in inner(&parts[at]) {
                    let mut changed = parts.clone();
                    changed[at] = to;
                    all.push(make(changed));
                }
            }
            all.push(match expr {
                Expr::And(_) => Expr::Or(parts.clone()),
                _ => Expr::And(parts.clone()),
            });
            all
        }
        Expr::Not(part) => inner(part).into_iter().map(|to| Expr::Not(Box::new(to))).collect(),
        Expr::Any(list, part) => inner(part)
            .into_iter()
            .map(|to| Expr::Any(list.clone(), Box::new(to)))
            .collect(),
        Expr::All(list, part) => inner(part)
            .into_iter()
            .map(|to| Expr::All(list.clone(), Box::new(to)))
            .collect(),
        Expr::Compare(how, left, right) => {
            let mut all: Vec<Expr> = Vec::new();
            all.extend(turned(*how).map(|how| Expr::Compare(how, left.clone(), right.clone())));
            for to in constants(left) {
                all.push(Expr::Compare(*how, Box::new(to), right.clone()));
            }
            for to in constants(right) {
                all.push(Expr::Compare(*how, left.clone(), Box::new(to)));
            }
            all
        }
        _ => Vec::new(),
    }
}

/// A calculation with one of its constants or filters changed.
fn constants(expr: &Expr) -> Vec<Expr> {
    match expr {
        Expr::Constant(value) => shifted(&value.it)
            .into_iter()
            .map(|it| {
                let mut to = value.clone();
                to.it = it;
                Expr::Constant(to)
            })
            .collect(),
        Expr::CountWhere(list, part) => inner(part)
            .into_iter()
            .map(|to| Expr::CountWhere(list.clone(), Box::new(to)))
            .collect(),
        Expr::SumWhere(column, part) => inner(part)
            .into_iter()
            .map(|to| Expr::SumWhere(column.clone(), Box::new(to)))
            .collect(),
        Expr::Arithmetic(how, left, right) => {
            let lefts = constants(left).into_iter();
            let rights = constants(right).into_iter();
            lefts
                .map(|to| Expr::Arithmetic(*how, Box::new(to), right.clone()))
                .chain(rights.map(|to| Expr::Arithmetic(*how, left.clone(), Box::new(to))))
                .collect()
        }
        _ => Vec::new(),
    }
}
