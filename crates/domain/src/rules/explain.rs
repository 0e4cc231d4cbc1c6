//! *Varför?*: a result with all that it rests on, down to who said it.
//!
//! Always true here: every part is as the document says it, row sentences and lagrum included, and nothing is told that
//! did not count. A tree is cut at [`EXPLANATION_PARTS_MAX`] parts and [`EXPLANATION_DEPTH_MAX`] levels.

use super::evaluate::Evaluator;
use super::graph::{Id, Node, cells, names_in, names_in_test};
use super::state::Compared;
use super::{Explanation, How, Setting};
use crate::fact::{Facts, Known, Name, Value};
use crate::finding::Spanned;
use crate::pack::{
    CellResult, Comparison, Conversion, Expr, Fact, List, Operator, Pack, ParameterDefault, Policy, Row, Rule, SetBy,
    Source, Step, Test, Type,
};

/// Levels of an explanation; rules upon rules upon rules deeper than this tell nobody anything.
pub const EXPLANATION_DEPTH_MAX: usize = 40;
/// Parts of one explanation.
pub const EXPLANATION_PARTS_MAX: usize = 2_000;

/// Explains a fact or a step's outcome.
pub fn explain(pack: &Pack, facts: &Facts, setting: &Setting, of: &Name) -> Option<Explanation> {
    Explainer::new(pack, facts, setting, None).name(of)
}

/// The same at the body that has got an application for `step`: see [`super::evaluate_applied`].
pub fn explain_applied(pack: &Pack, facts: &Facts, setting: &Setting, step: &Name, of: &Name) -> Option<Explanation> {
    Explainer::new(pack, facts, setting, Some(step)).name(of)
}

/// Whether a condition that stands outside rules and steps holds: where a letter says something, a delegate's power ends.
pub fn condition(pack: &Pack, facts: &Facts, setting: &Setting, applied: Option<&Name>, of: &Expr) -> Known<bool> {
    Evaluator::new(pack, facts, setting, applied).condition(of, None, 0)
}

/// Explains such a condition to those who read about `step`.
pub fn explain_condition(
    pack: &Pack,
    facts: &Facts,
    setting: &Setting,
    step: &Name,
    of: &Spanned<Expr>,
) -> Explanation {
    let mut explainer = Explainer::new(pack, facts, setting, Some(step));
    let answer = explainer.evaluator.condition(&of.it, None, 0);
    let result = match answer {
        Known::Value(true) => "ja",
        Known::Value(false) => "nej",
        Known::NotApplicable => "ej aktuellt",
        Known::Missing(_) => "saknas",
    };
    let text = explainer.written(of);
    let mut part = explainer.part(step, result.to_owned(), How::Condition { text });
    let graph = explainer.evaluator.graph.clone();
    let mut ids: Vec<Id> = Vec::new();
    let mut mention = |name: &Name| ids.extend(graph.fact(name).filter(|id| !ids.contains(id)));
    match answer {
        Known::Value(answer) => explainer.evaluator.decisive(&of.it, answer, 0, &mut mention),
        _ => names_in(&of.it, &mut mention),
    }
    part.because = explainer.facts(ids, 1);
    part
}

struct Explainer<'a> {
    evaluator: Evaluator<'a>,
    setting: &'a Setting,
    applied: Option<&'a Name>,
    parts: usize,
}

impl<'a> Explainer<'a> {
    fn new(pack: &'a Pack, facts: &'a Facts, setting: &'a Setting, applied: Option<&'a Name>) -> Self {
        Self {
            evaluator: Evaluator::new(pack, facts, setting, applied),
            setting,
            applied,
            parts: 0,
        }
    }

    fn name(&mut self, of: &Name) -> Option<Explanation> {
        if let Some(id) = self.evaluator.graph.fact(of) {
            return self.fact(id, 0);
        }
        let step = self.evaluator.graph.pack.step(of)?;
        self.step(step, 0)
    }

    fn part(&mut self, of: &Name, result: String, how: How) -> Explanation {
        self.parts += 1;
        Explanation {
            of: of.clone(),
            result,
            how,
            because: Vec::new(),
        }
    }

    fn too_much(&self, depth: usize) -> bool {
        depth > EXPLANATION_DEPTH_MAX || self.parts >= EXPLANATION_PARTS_MAX
    }

    fn facts(&mut self, ids: Vec<Id>, depth: usize) -> Vec<Explanation> {
        ids.into_iter().filter_map(|id| self.fact(id, depth)).collect()
    }

    fn fact(&mut self, id: Id, depth: usize) -> Option<Explanation> {
        if self.too_much(depth) {
            return None;
        }
        let node = self.evaluator.graph.nodes[id];
        let name = node.name();
        let known = self.evaluator.value(id);
        let result = self.result(name, &known);
        if self.evaluator.graph.circular[id] {
            return Some(self.missing(name, &known));
        }
        Some(match node {
            Node::Leaf(fact) => self.leaf(fact, &known, result),
            Node::Column(fact, _) => self.column(fact),
            Node::Parameter(parameter) => match known {
                Known::Missing(_) => self.missing(name, &known),
                _ => {
                    let is_set = self.setting.parameters.contains_key(name);
                    let source = match (&parameter.default.it, is_set) {
                        (ParameterDefault::Dated(_), false) => String::from("dokumentet"),
                        _ => format!("satt av {}", set_by(parameter.set_by.it)),
                    };
                    let source = match &parameter.source {
                        Some(law) => format!("{source}; {}", law.it),
                        None => source,
                    };
                    self.part(name, result, How::Source { source })
                }
            },
            Node::ItemRule(rule, _, list) => self.item_rule(id, rule, list, depth),
            Node::Dangling(_) => self.missing(name, &known),
            Node::OutcomeOf(fact, step) => {
                if self.evaluator.told_value(name).is_some() {
                    return Some(self.leaf(fact, &known, result));
                }
                let source = How::Source {
                    source: format!("steget {step}"),
                };
                let mut part = match known {
                    Known::Missing(cause) => self.part(name, result, How::Missing { cause }),
                    _ => self.part(name, result, source),
                };
                if let Some(step) = self.evaluator.graph.pack.step(step) {
                    part.because.extend(self.step(step, depth + 1));
                }
                part
            }
            Node::Rule(rule) => match self.evaluator.row(id) {
                Some(row) => self.row(name, result, rule, row, depth),
                None if known.is_missing() => {
                    let mut part = self.missing(name, &known);
                    let open = self.rows_that_may(rule);
                    part.because = self.inputs_of(rule, &open, depth);
                    part.because.retain(|input| matches!(input.how, How::Missing { .. }));
                    part
                }
                None => {
                    let may = self.rows_that_may(rule);
                    let mut part = self.part(
                        name,
                        result.clone(),
                        How::Rows {
                            rule: rule.name.it.clone(),
                        },
                    );
                    for row in may {
                        if !self.too_much(depth + 1) {
                            part.because.push(self.row(name, result.clone(), rule, row, depth + 1));
                        }
                    }
                    part
                }
            },
            Node::Needed(_) | Node::Outcome(_) => return None,
        })
    }

    fn leaf(&mut self, fact: &Fact, known: &Known<Value>, result: String) -> Explanation {
        match known {
            Known::Missing(_) => self.missing(&fact.name.it, known),
            _ => {
                let source = source_text(&fact.source.it);
                self.part(&fact.name.it, result, How::Source { source })
            }
        }
    }

    /// A column in all items, as they come.
    fn column(&mut self, fact: &'a Fact) -> Explanation {
        let name = &fact.name.it;
        let list = self.evaluator.graph.pack.list_of_column(name);
        let items = list.and_then(|list| self.evaluator.items(&list.name.it));
        let Some(items) = items else {
            return self.missing(name, &Known::UNANSWERED);
        };
        let mut results = Vec::new();
        let mut gravest = None;
        for item in items {
            let known = item.get(name).cloned().unwrap_or(Known::UNANSWERED);
            if let Known::Missing(cause) = known {
                gravest = gravest.max(Some(cause));
            }
            results.push(self.result(name, &known));
        }
        let how = match gravest {
            Some(cause) => How::Missing { cause },
            None => How::Source {
                source: source_text(&fact.source.it),
            },
        };
        self.part(name, results.join("; "), how)
    }

    /// A column that a rule gives: every item's value, each below with its row.
    fn item_rule(&mut self, id: Id, rule: &'a Rule, list: &'a List, depth: usize) -> Explanation {
        let name = &rule.name.it;
        let values = self.evaluator.values_of_items(id);
        if self.evaluator.items(&list.name.it).is_none() {
            return self.missing(name, &Known::UNANSWERED);
        }
        let results: Vec<String> = values.iter().map(|known| self.result(name, known)).collect();
        let how = How::Rows { rule: name.clone() };
        let mut part = self.part(name, results.join("; "), how);
        for (at, result) in results.into_iter().enumerate() {
            if self.too_much(depth + 1) {
                break;
            }
            let Some(row) = self.evaluator.row_of_item(id, at) else {
                continue;
            };
            let mut own = self.part(name, result, row_how(rule, row));
            let mut ids = Vec::new();
            let graph = self.evaluator.graph.clone();
            let item = self.evaluator.item(list, at);
            for (column, test) in cells(rule, row) {
                if *test == Test::Any {
                    continue;
                }
                let mut mention = |name: &Name| ids.extend(graph.fact(name));
                column.into_iter().for_each(&mut mention);
                names_in_test(test, &mut mention);
            }
            ids.dedup();
            for id in ids {
                let node = graph.nodes[id];
                match (node, &item) {
                    (Node::Column(fact, of), Some(item)) if of.name.it == list.name.it => {
                        let known = item.known(&fact.name.it);
                        let result = self.result(&fact.name.it, &known);
                        let leaf = self.leaf(fact, &known, result);
                        own.because.push(leaf);
                    }
                    _ => own.because.extend(self.fact(id, depth + 2)),
                }
            }
            part.because.push(own);
        }
        part
    }

    fn missing(&mut self, name: &Name, known: &Known<Value>) -> Explanation {
        let cause = match known {
            Known::Missing(cause) => *cause,
            _ => super::state::FAILED,
        };
        self.part(name, String::from("saknas"), How::Missing { cause })
    }

    fn row(&mut self, of: &Name, result: String, rule: &'a Rule, row: &'a Row, depth: usize) -> Explanation {
        let mut part = self.part(of, result, row_how(rule, row));
        // Of rows in turn those before it count too: they do not match.
        let before = match rule.policy.it {
            Policy::First => rule
                .rows
                .iter()
                .take_while(|other| !std::ptr::eq(*other, row))
                .collect(),
            Policy::Unique | Policy::Collect { .. } => Vec::new(),
        };
        let rows: Vec<&Row> = before.into_iter().chain([row]).collect();
        part.because = self.inputs_of(rule, &rows, depth);
        part
    }

    /// The facts behind how these rows stand, each once: of a row that matches all its cells, of one that does not
    /// those that say so, of one that may those that are open.
    fn inputs_of(&mut self, rule: &'a Rule, rows: &[&'a Row], depth: usize) -> Vec<Explanation> {
        let mut ids = Vec::new();
        let graph = self.evaluator.graph.clone();
        let mut mention = |name: &Name| {
            if let Some(id) = graph.fact(name)
                && !ids.contains(&id)
            {
                ids.push(id);
            }
        };
        for row in rows {
            let whole = self.evaluator.matches(rule, row);
            for (column, test) in cells(rule, row) {
                let cell = self.evaluator.cell_matches(column, test, None);
                let counts = whole == cell || (whole.is_missing() && cell.is_missing());
                match (test, &cell) {
                    (Test::Any, _) => {}
                    _ if !counts => {}
                    (Test::Condition(expr), Known::Value(answer)) => {
                        self.evaluator.decisive(expr, *answer, 0, &mut mention);
                    }
                    _ => {
                        column.into_iter().for_each(&mut mention);
                        names_in_test(test, &mut mention);
                    }
                }
            }
        }
        // A result that is calculated rests on what it is calculated from.
        for row in rows {
            let counts = !matches!(
                self.evaluator.matches(rule, row),
                Known::Value(false) | Known::NotApplicable
            );
            if let (CellResult::Calculated(expr), true) = (&row.result.it, counts) {
                let mut calculated = Vec::new();
                names_in(expr, &mut |name| calculated.extend(graph.fact(name)));
                for id in calculated {
                    if !ids.contains(&id) {
                        ids.push(id);
                    }
                }
            }
        }
        if let Some((transition, _)) = self.evaluator.transition(rule)
            && let Some(choice) = graph.fact(&transition.choice)
            && !ids.contains(&choice)
        {
            ids.push(choice);
        }
        self.facts(ids, depth + 1)
    }

    fn rows_that_may(&self, rule: &'a Rule) -> Vec<&'a Row> {
        let mut rows = Vec::new();
        for row in &rule.rows {
            match self.evaluator.matches(rule, row) {
                Known::Value(false) | Known::NotApplicable => {}
                Known::Missing(_) => rows.push(row),
                Known::Value(true) => {
                    rows.push(row);
                    if rule.policy.it == Policy::First {
                        break;
                    }
                }
            }
        }
        rows
    }

    fn step(&mut self, step: &'a Step, depth: usize) -> Option<Explanation> {
        if self.too_much(depth) {
            return None;
        }
        let name = &step.name.it;
        let graph = self.evaluator.graph.clone();
        let needed_id = graph.needed(name)?;
        let needed = self.evaluator.state(needed_id).clone();
        let found = self.evaluator.outcome(name)?;
        let (outcome, grounds, holds) = (found.outcome.clone(), found.grounds.clone(), found.holds.clone());
        let rule = graph.outcome_rule(name);
        let mut part = match (&needed, &outcome) {
            (Known::Value(Compared::YesNo(false)), _) => return Some(self.needed(step, "behövs inte", depth)),
            (Known::Value(Compared::YesNo(true)), Known::Value(word)) => {
                let result = self.outcome_text(step, word);
                match (rule, grounds.as_slice()) {
                    (Some(rule), [only]) => self.row(name, result, rule, only, depth),
                    (Some(rule), []) => {
                        // Every input counts when no row holds.
                        let how = How::Otherwise { rule: name.clone() };
                        let mut part = self.part(name, result, how);
                        let rows: Vec<&Row> = rule.rows.iter().collect();
                        part.because = self.inputs_of(rule, &rows, depth);
                        part
                    }
                    (Some(rule), several) => {
                        let mut part = self.part(name, result.clone(), How::Rows { rule: name.clone() });
                        for row in several {
                            if !self.too_much(depth + 1) {
                                part.because.push(self.row(name, result.clone(), rule, row, depth + 1));
                            }
                        }
                        part
                    }
                    (None, _) => {
                        let source = String::from("stegets enda utfall");
                        self.part(name, result, How::Source { source })
                    }
                }
            }
            _ => {
                let must_look = holds.iter().find(|row| super::evaluate::outcome_word(row).is_none());
                let waits_for = self.waits_for(needed_id);
                match (rule, must_look) {
                    (Some(rule), Some(row)) if waits_for.is_empty() => {
                        self.row(name, super::evaluate::CASE_WORKER.to_owned(), rule, row, depth)
                    }
                    _ => {
                        let cause = match outcome {
                            Known::Missing(cause) => cause,
                            _ => super::state::FAILED,
                        };
                        let mut part = self.part(name, String::from("väntar"), How::Missing { cause });
                        for (name, cause) in waits_for {
                            let child = match graph.fact(&name).map(|id| graph.nodes[id]) {
                                Some(Node::Column(fact, _)) => self.column(fact),
                                _ => self.missing(&name, &Known::Missing(cause)),
                            };
                            part.because.push(child);
                        }
                        return Some(part);
                    }
                }
            }
        };
        if step.needed_when.it != Expr::Always && self.applied != Some(name) && !self.too_much(depth + 1) {
            part.because.push(self.needed(step, "behövs", depth + 1));
        }
        Some(part)
    }

    fn waits_for(&self, needed: Id) -> std::collections::BTreeMap<Name, crate::fact::Cause> {
        let mut blame = super::evaluate::Blame::new(&self.evaluator);
        blame.node(needed);
        blame.node(needed + 1);
        blame.finish()
    }

    fn needed(&mut self, step: &'a Step, result: &str, depth: usize) -> Explanation {
        let text = self.written(&step.needed_when);
        let mut part = self.part(&step.name.it, result.to_owned(), How::Condition { text });
        let mut ids: Vec<Id> = Vec::new();
        let graph = self.evaluator.graph.clone();
        let mut mention = |name: &Name| ids.extend(graph.fact(name).filter(|id| !ids.contains(id)));
        let needed = graph.needed(&step.name.it).map(|id| self.evaluator.state(id));
        match needed {
            Some(Known::Value(Compared::YesNo(answer))) => {
                self.evaluator.decisive(&step.needed_when.it, *answer, 0, &mut mention);
            }
            _ => names_in(&step.needed_when.it, &mut mention),
        }
        part.because = self.facts(ids, depth + 1);
        part
    }

    /// A condition as it stands in the document.
    fn written(&self, expr: &Spanned<Expr>) -> String {
        let files = &self.evaluator.graph.pack.files;
        let text = files.get(usize::from(expr.span.file.0)).and_then(|file| {
            let text = file.text.get(expr.span.start as usize..expr.span.end as usize)?;
            (!text.trim().is_empty()).then(|| text.trim().to_owned())
        });
        text.unwrap_or_else(|| expression_text(&expr.it))
    }

    fn outcome_text(&self, step: &Step, word: &str) -> String {
        let key = format!("utfall.{}.{word}", step.name.it);
        self.evaluator.graph.pack.text("sv", &key).unwrap_or(word).to_owned()
    }

    /// A fact's state as a Swedish reader sees it, with its unit.
    fn result(&self, name: &Name, known: &Known<Value>) -> String {
        let value = match known {
            Known::Missing(_) => return String::from("saknas"),
            Known::NotApplicable => return String::from("ej aktuellt"),
            Known::Value(value) => value,
        };
        let pack = self.evaluator.graph.pack;
        let ty = pack.fact(name).map(|fact| &fact.ty.it);
        match (value, ty) {
            (Value::Choice(word), _) => {
                let key = format!("val.{name}.{word}");
                pack.text("sv", &key).unwrap_or(word).to_owned()
            }
            (Value::Set(words), _) if !words.is_empty() => {
                let shown = words.iter().map(|word| {
                    let key = format!("val.{name}.{word}");
                    pack.text("sv", &key).unwrap_or(word).to_owned()
                });
                crate::fact::listed(&shown.collect::<Vec<_>>()).unwrap_or_default()
            }
            (Value::Number(_), Some(Type::Kronor { .. })) => format!("{value} kr"),
            (Value::Number(_), Some(Type::Number { unit: Some(unit), .. })) => format!("{value} {unit}"),
            (Value::Assessment { reasons, .. }, _) if !reasons.is_empty() => format!("{value} ({reasons})"),
            _ => value.to_string(),
        }
    }
}

fn row_how(rule: &Rule, row: &Row) -> How {
    How::Row {
        rule: rule.name.it.clone(),
        row: row.id.it.clone(),
        because: row.because.as_ref().map(|because| because.it.clone()),
        law: row.law.as_ref().map(|law| law.as_str().to_owned()),
    }
}

fn set_by(who: SetBy) -> &'static str {
    match who {
        SetBy::Law => "lag",
        SetBy::Council => "fullmäktige",
        SetBy::Board => "nämnden",
        SetBy::Agency => "myndigheten",
    }
}

fn source_text(source: &Source) -> String {
    match source {
        Source::Login => String::from("inloggning"),
        Source::Represented => String::from("företräds"),
        Source::Applicant => String::from("sökanden"),
        Source::Register(register) => format!("register {}", register.register),
        Source::CaseWorker => String::from("handläggare"),
        Source::Referral(referral) => format!("remiss {}", referral.role),
        Source::Step(step) => format!("steget {step}"),
        Source::Rule => String::from("regel"),
        Source::Parameter => String::from("parameter"),
    }
}

/// A condition written anew, as the language writes it.
pub fn expression_text(expr: &Expr) -> String {
    write_expression(expr, 0, 0)
}

/// `outer`: how tightly what stands around it binds: 0 nothing, 1 `eller`, 2 `och`, 3 `inte`, 4 comparison, 5 `+ -`, 6 `*`.
fn write_expression(expr: &Expr, outer: usize, depth: usize) -> String {
    if depth > super::EXPRESSION_DEPTH_MAX {
        return String::from("…");
    }
    let inner = |part: &Expr, outer| write_expression(part, outer, depth + 1);
    let (binds, text) = match expr {
        Expr::Always => (9, String::from("alltid")),
        Expr::Fact(name) => (9, name.it.to_string()),
        Expr::Constant(value) => (9, constant_text(&value.it)),
        Expr::Compare(how, left, right) => {
            let sign = match how {
                Comparison::Equal => "=",
                Comparison::NotEqual => "≠",
                Comparison::Less => "<",
                Comparison::LessOrEqual => "≤",
                Comparison::Greater => ">",
                Comparison::GreaterOrEqual => "≥",
            };
            (4, format!("{} {sign} {}", inner(left, 5), inner(right, 5)))
        }
        Expr::IsNotApplicable(name) => (4, format!("{} är ej aktuellt", name.it)),
        Expr::And(parts) => (
            2,
            parts
                .iter()
                .map(|part| inner(part, 3))
                .collect::<Vec<_>>()
                .join(" och "),
        ),
        Expr::Or(parts) => (
            1,
            parts
                .iter()
                .map(|part| inner(part, 2))
                .collect::<Vec<_>>()
                .join(" eller "),
        ),
        Expr::Not(part) => (3, format!("inte {}", inner(part, 4))),
        Expr::Arithmetic(how, left, right) => {
            let (binds, sign) = match how {
                Operator::Plus => (5, "+"),
                Operator::Minus => (5, "-"),
                Operator::Times => (6, "*"),
                Operator::Divide => (6, "/"),
            };
            (
                binds,
                format!("{} {sign} {}", inner(left, binds), inner(right, binds + 1)),
            )
        }
        Expr::Count(list) => (9, format!("antal({})", list.it)),
        Expr::Sum(column) => (9, format!("summa({})", column.it)),
        Expr::Any(list, part) => (9, format!("någon({}: {})", list.it, inner(part, 0))),
        Expr::All(list, part) => (9, format!("alla({}: {})", list.it, inner(part, 0))),
        Expr::CountWhere(list, part) => (9, format!("antal({}: {})", list.it, inner(part, 0))),
        Expr::SumWhere(column, part) => (9, format!("summa({}: {})", column.it, inner(part, 0))),
        Expr::Size(name) => (9, format!("antal({})", name.it)),
        Expr::Has(name, word) => {
            let word = constant_text(&Value::Choice(word.it.clone()));
            (4, format!("{} har {word}", name.it))
        }
        Expr::Day(day) => (9, day.to_string()),
        Expr::Shift(how, day, by) => (5, format!("{} {how} {by}", inner(day, 5))),
        Expr::Apart(kind, from, to) => (9, format!("{kind}({}, {})", inner(from, 0), inner(to, 0))),
        Expr::Age(of, _) => (9, format!("ålder({})", inner(of, 0))),
        Expr::PartOf(part, period) => (9, format!("{part}({})", inner(period, 0))),
        Expr::InUnit(of, Conversion { written: None, .. }) => return write_expression(of, outer, depth + 1),
        Expr::InUnit(
            of,
            Conversion {
                written: Some(unit), ..
            },
        ) => (9, format!("{} {unit}", inner(of, 9))),
    };
    if binds < outer { format!("({text})") } else { text }
}

fn constant_text(value: &Value) -> String {
    let text = value.to_string();
    match value {
        Value::Choice(_) | Value::Text(_) | Value::Property(_) if text.contains(' ') => format!("«{text}»"),
        _ => text,
    }
}
