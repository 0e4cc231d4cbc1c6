//! Examples: what a document itself says must come out, tried.
//!
//! Always true here: an example states what registers hold, what is out of order and what people answer; the document
//! says what follows from each. An example that cannot be tried is a finding, never passed over; the one exception is
//! whether the company register lets a person act, which no document says, and which is tried where signing is.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::evaluate::Evaluator;
use super::graph::{Graph, Id, Node, names_in};
use super::state::Compared;
use super::{Days, Evaluation, Setting, StepResult, Verdict, questions, signers};
use crate::fact::{Cause, Facts, Known, Name, Value};
use crate::finding::{Finding, Span};
use crate::pack::{
    CellResult, Control, Derived, Example, Expected, GivenState, NoRecord, Pack, Row, Rule, RuleKind, Source, Step,
    WhenDown,
};
use crate::words::ids::PersonId;

/// The special step that says whether the person may submit.
pub const SUBMISSION: &str = "inskickning";

/// What is known in an example, and the parameters that it sets.
pub fn facts(pack: &Pack, example: &Example) -> (Facts, Setting) {
    let (mut facts, mut setting) = (Facts::default(), Setting::default());
    // Examples are tried on the document's first day, unless they say another.
    setting.days = Days {
        application: *pack.meta.valid_from,
        decision: *pack.meta.valid_from,
    };
    let mut decided = None;
    for given in &example.given {
        let name = &given.fact.it;
        if let (day, GivenState::Value(Value::Date(date))) = (name.as_str(), &given.state.it) {
            match day {
                Example::APPLICATION_DAY => setting.days.application = *date,
                Example::DECISION_DAY => decided = Some(*date),
                _ => {}
            }
        }
        if is_day(name) {
            continue;
        }
        if pack.list(name).is_some() {
            // `ägare | inga`
            facts.lists.entry(name.clone()).or_default();
            continue;
        }
        let source = pack.fact(name).map(|fact| &fact.source.it);
        let known = known(source, &given.state.it);
        match (given.item, pack.list_of_column(name)) {
            (Some(item), Some(list)) => {
                let items = facts.lists.entry(list.name.it.clone()).or_default();
                let item = (item as usize).min(list.max as usize);
                if items.len() <= item {
                    items.resize_with(item + 1, Default::default);
                }
                items[item].insert(name.clone(), known);
            }
            _ if pack.parameter(name).is_some() => {
                if let Known::Value(value) = known {
                    setting.parameters.insert(name.clone(), vec![(None, value)]);
                }
            }
            _ => facts.set(name.clone(), known),
        }
    }
    // Nothing is decided before it is applied for.
    setting.days.decision = decided.unwrap_or(setting.days.decision.max(setting.days.application));
    (facts, setting)
}

/// Whether a row sets a day of the case.
fn is_day(name: &Name) -> bool {
    matches!(name.as_str(), Example::APPLICATION_DAY | Example::DECISION_DAY)
}

fn known(source: Option<&Source>, state: &GivenState) -> Known<Value> {
    let register = match source {
        Some(Source::Register(register)) => Some(register),
        _ => None,
    };
    match state {
        GivenState::Value(value) => Known::Value(value.clone()),
        GivenState::NoRecord => match register.map(|register| &register.no_record) {
            Some(NoRecord::Value(value)) => Known::Value(value.clone()),
            Some(NoRecord::NotApplicable) => Known::NotApplicable,
            Some(NoRecord::Missing) | None => Known::Missing(Cause::Failed),
        },
        GivenState::Down(answer) | GivenState::Revoked(answer) => match (answer, register) {
            (Some(answer), Some(register)) if register.when_down == WhenDown::Ask => Known::Value(answer.clone()),
            _ => Known::Missing(Cause::Failed),
        },
        GivenState::Disputed { .. } => Known::Missing(Cause::Disputed),
        GivenState::Unanswered => Known::UNANSWERED,
    }
}

/// Tries one example: a finding (S7xx) for each row that does not come out as it says.
pub fn run(pack: &Pack, example: &Example) -> Vec<Finding> {
    run_with(&Rc::new(Graph::new(pack)), example)
}

/// The same of all the document's examples, in order.
pub fn run_all(pack: &Pack) -> Vec<Finding> {
    let graph = Rc::new(Graph::new(pack));
    let examples = pack.examples.iter();
    examples.flat_map(|example| run_with(&graph, example)).collect()
}

fn run_with(graph: &Rc<Graph<'_>>, example: &Example) -> Vec<Finding> {
    let pack = graph.pack;
    let (facts, setting) = facts(pack, example);
    let evaluator = Evaluator::of_nodes(graph.clone(), &graph.order, &facts, &setting, None);
    let evaluation = evaluator.evaluation();
    let mut findings = controls(pack.controls.iter(), example, &questions::broken(&evaluator));
    findings.extend(nobody_else_signs(pack, example, &facts, &setting));
    for expected in &example.expected {
        let step = &expected.step.it;
        if step.as_str() == SUBMISSION {
            continue;
        }
        // A step that the document does not have is the reader's to find (S033).
        if let Some(result) = evaluation.steps.get(step) {
            findings.extend(compare(pack, example, expected, result, &evaluation));
        }
    }
    let derived = example.derived.iter();
    findings.extend(derived.filter_map(|derived| otherwise(&evaluator, example, derived)));
    findings
}

/// What a rule gives otherwise than the example says.
fn otherwise(evaluator: &Evaluator<'_>, example: &Example, derived: &Derived) -> Option<Finding> {
    let id = evaluator.graph.fact(&derived.fact.it)?;
    let rule = evaluator.graph.pack.rule(&derived.fact.it)?;
    let (fact, title) = (&derived.fact.it, &example.title.it);
    let gave = evaluator.row(id);
    let is_given = match &derived.value.it {
        Some(value) => *evaluator.state(id) == Known::Value(Compared::from(value)),
        None => *evaluator.state(id) == Known::NotApplicable,
    };
    let in_words = |value: Known<&Value>| match value {
        Known::Value(value) => value.to_string(),
        Known::NotApplicable => String::from("ej aktuellt"),
        Known::Missing(cause) => format!("saknas ({})", cause_text(cause)),
    };
    let expected = in_words(derived.value.it.as_ref().map_or(Known::NotApplicable, Known::Value));
    let named = derived.row.as_ref();
    let finding = if !is_given {
        let value = evaluator.value(id);
        let actual = in_words(value.as_ref());
        Finding::error(
            "S701",
            derived.value.span,
            format!("I exemplet ”{title}” ska {fact} bli {expected}, men det blir {actual}."),
        )
        .label(format!("blir {actual}"))
        .suggest("Rätta exemplet, eller den rad som ger fel värde.")
    } else {
        let named = named.filter(|named| gave.is_none_or(|row| row.id.it != named.it))?;
        let row = gave.map_or("ingen viss rad", |row| row.id.as_str());
        Finding::error(
            "S702",
            named.span,
            format!(
                "I exemplet ”{title}” ska {fact} bli {expected} på grund av {}, men det är {row} som gäller.",
                named.it
            ),
        )
        .label(format!("raden är {row}"))
        .suggest("Ange raden som gav värdet, eller rätta den rad som inte ska gälla.")
    };
    let place = |finding: Finding, row: &Row| match () {
        () if gave.is_some_and(|gave| gave.id.it == row.id.it) => finding.related(row.id.span, "raden gäller"),
        () if named.is_some_and(|named| named.it == row.id.it) => {
            finding.related(row.id.span, "raden som exemplet väntar sig")
        }
        () => finding,
    };
    Some(rule.rows.iter().fold(finding, place).related(rule.name.span, "regeln"))
}

/// A part of a document that has been changed.
#[derive(Clone, Copy, Debug)]
pub enum Part<'n> {
    Rule(RuleKind, &'n Name),
    NeededWhen(&'n Name),
    Control(&'n Name),
}

/// A document in which one part has been changed. Before, every example came out as it says; so only what rests on the part
/// is tried again.
pub struct Changed<'p> {
    graph: Rc<Graph<'p>>,
    /// By node.
    touched: Vec<bool>,
    /// The controls that may come out otherwise.
    controls: Vec<&'p Control>,
}

impl<'p> Changed<'p> {
    /// `pack` is the document as it is after the change.
    pub fn new(pack: &'p Pack, part: Part<'_>) -> Self {
        let graph = Rc::new(Graph::new(pack));
        let mut touched = vec![false; graph.nodes.len()];
        let from = match part {
            Part::Rule(RuleKind::Fact, name) => graph.fact(name),
            Part::Rule(RuleKind::Outcome, step) => graph.outcome(step),
            Part::NeededWhen(step) => graph.needed(step),
            Part::Control(_) => None,
        };
        if let Some(from) = from {
            touched[from] = true;
        }
        for &id in &graph.order {
            touched[id] |= graph.rests_on[id].iter().any(|input| touched[*input]);
        }
        let reads_it = |control: &&Control| {
            let mut found = matches!(part, Part::Control(id) if control.id.it == *id);
            names_in(&control.condition.it, &mut |name| {
                found |= graph.fact(name).is_some_and(|id| touched[id]);
            });
            found
        };
        Self {
            controls: pack.controls.iter().filter(reads_it).collect(),
            graph,
            touched,
        }
    }

    /// Whether the example still comes out as it says. `facts` and `setting` are its own ([`facts`]).
    pub fn comes_out(&self, example: &Example, facts: &Facts, setting: &Setting) -> bool {
        let graph = &self.graph;
        let steps: Vec<(&Expected, &Step, Id)> = example
            .expected
            .iter()
            .filter_map(|expected| {
                let needed = graph.needed(&expected.step.it)?;
                let Node::Needed(step) = graph.nodes[needed] else {
                    return None;
                };
                (self.touched[needed] || self.touched[needed + 1]).then_some((expected, step, needed))
            })
            .collect();
        let derived = example.derived.iter().filter_map(|derived| {
            let id = graph.fact(&derived.fact.it).filter(|id| self.touched[*id])?;
            Some((derived, id))
        });
        let derived: Vec<(&Derived, Id)> = derived.collect();
        let mut goals: Vec<Id> = steps.iter().flat_map(|(.., needed)| [*needed, needed + 1]).collect();
        goals.extend(derived.iter().map(|(_, id)| *id));
        for control in &self.controls {
            names_in(&control.condition.it, &mut |name| goals.extend(graph.fact(name)));
        }
        let behind = graph.behind(goals, |_| false);
        // Opinions hold back outcomes that do not read them.
        let is_computed = |id: &Id| behind[*id] || matches!(graph.nodes[*id], Node::Leaf(_));
        let nodes: Vec<Id> = graph.order.iter().copied().filter(is_computed).collect();
        let evaluator = Evaluator::of_nodes(graph.clone(), &nodes, facts, setting, None);
        let broken = questions::broken_of(&evaluator, self.controls.iter().copied());
        controls(self.controls.iter().copied(), example, &broken).is_empty()
            && steps.iter().all(|(expected, step, needed)| {
                let result = evaluator.step_result(step, *needed);
                difference(graph.pack, example, expected, &result).is_none()
            })
            && derived
                .iter()
                .all(|(derived, _)| otherwise(&evaluator, example, derived).is_none())
            && nobody_else_signs(graph.pack, example, facts, setting).is_none()
    }
}

/// A control that is broken stops the person, so an example of what follows must keep them all, or say which one stops:
/// `| inskickning | stoppas | k2 |`. Another reason in words is about who may act.
fn controls<'p>(controls: impl Iterator<Item = &'p Control>, example: &Example, broken: &[Name]) -> Vec<Finding> {
    let submission = example
        .expected
        .iter()
        .find(|expected| expected.step.it.as_str() == SUBMISSION && expected.outcome.it != Expected::ALL_SIGN);
    let title = &example.title.it;
    let mut findings = Vec::new();
    for control in controls {
        let is_broken = broken.contains(&control.id.it);
        let is_named = submission.is_some_and(|expected| {
            let mut words = expected.grounds_text.split([',', ' ']);
            words.any(|word| word == control.id.it.as_str())
        });
        let found = match (is_broken, is_named, submission) {
            (true, false, None) => Finding::error(
                "S701",
                example.title.span,
                format!(
                    "I exemplet ”{title}” kan ansökan inte skickas in: kontrollen {} håller inte.",
                    control.id.it
                ),
            )
            .label(format!("stoppas av {}", control.id.it))
            .suggest(format!(
                "Rätta uppgifterna eller kontrollen, eller skriv raden `| {SUBMISSION} | stoppas | {} |`.",
                control.id.it
            )),
            (false, true, Some(expected)) => Finding::error(
                "S701",
                expected.outcome.span,
                format!(
                    "I exemplet ”{title}” ska kontrollen {} stoppa ansökan, men den håller.",
                    control.id.it
                ),
            )
            .label("stoppas inte")
            .suggest("Rätta exemplet, eller kontrollen."),
            _ => continue,
        };
        findings.push(found.related(control.condition.span, "kontrollen"));
    }
    findings
}

/// `| inskickning | alla skriver under | |` says that others than the applicant must sign. Who signs for a company stands in
/// the register, not in the example, so there only the document's own signatures are tried.
fn nobody_else_signs(pack: &Pack, example: &Example, facts: &Facts, setting: &Setting) -> Option<Finding> {
    let expected = example
        .expected
        .iter()
        .find(|expected| expected.step.it.as_str() == SUBMISSION && expected.outcome.it == Expected::ALL_SIGN)?;
    let applicant = pack.facts.iter().filter(|fact| fact.source.it == Source::Login);
    let applicant: BTreeSet<PersonId> = applicant
        .filter_map(|fact| match facts.known.get(&fact.name.it)?.value()? {
            Value::PersonNr(number) => PersonId::parse(number).ok(),
            _ => None,
        })
        .collect();
    let needed = signers(pack, facts, setting, None);
    let alone = needed.iter().all(|needed| needed.signed_by(&applicant));
    alone.then(|| {
        Finding::error(
            "S701",
            expected.outcome.span,
            format!(
                "I exemplet ”{}” ska flera skriva under, men sökandens underskrift räcker.",
                example.title.it
            ),
        )
        .label("ingen annan skriver under")
        .suggest("Rätta exemplet, eller tabellen under Underskrifter.")
    })
}

fn compare(
    pack: &Pack,
    example: &Example,
    expected: &Expected,
    result: &StepResult,
    evaluation: &Evaluation,
) -> Option<Finding> {
    let mut finding = difference(pack, example, expected, result)?;
    finding.related = behind(pack, expected, result, evaluation);
    Some(finding)
}

/// What an outcome rests on, with the rows that were expected: one of these is wrong, or the example is.
fn behind(pack: &Pack, expected: &Expected, result: &StepResult, evaluation: &Evaluation) -> Vec<(Span, String)> {
    let step = &expected.step.it;
    let mut places: Vec<(Span, String)> = Vec::new();
    let mut add = |span: Span, label: &str| {
        if !places.iter().any(|(there, _)| *there == span) {
            places.push((span, label.to_owned()));
        }
    };
    let row = |rule: &Rule, id: &Name| rule.rows.iter().find(|row| row.id.it == *id).map(|row| row.id.span);
    let outcome_rule = pack.outcome_rule(step);
    for ground in &expected.grounds {
        let mut rules = outcome_rule.into_iter().chain(&pack.rules);
        if let Some(span) = rules.find_map(|rule| row(rule, &ground.it)) {
            add(span, "raden som exemplet väntar sig");
        }
    }
    let mut read: Vec<&Rule> = outcome_rule.into_iter().collect();
    for (fired, _) in &result.holds {
        if let Some(span) = outcome_rule.and_then(|rule| row(rule, &fired.row)) {
            add(span, "raden gäller");
        }
    }
    for name in crate::check::read_by_step(pack, step) {
        if let Some(rule) = pack.rule(&name) {
            read.push(rule);
            if let Some(span) = evaluation.fired.get(&name).and_then(|id| row(rule, id)) {
                add(span, "raden gäller");
            }
        }
    }
    if let Some(of) = pack.step(step) {
        add(of.needed_when.span, "så avgörs om steget behövs");
    }
    for rule in read {
        add(rule.name.span, "en regel som utfallet vilar på");
    }
    places
}

fn difference(pack: &Pack, example: &Example, expected: &Expected, result: &StepResult) -> Option<Finding> {
    let step = &expected.step.it;
    let verdict = result.verdict(pack, step);
    let outcome = match verdict {
        Verdict::NotNeeded => "behövs inte",
        Verdict::Waiting => "väntar",
        Verdict::CaseWorker => super::evaluate::CASE_WORKER,
        Verdict::Outcome(outcome) => outcome,
    };
    let title = &example.title.it;
    let waits_for = || {
        let waits_for = result
            .waits_for
            .iter()
            .map(|(name, cause)| format!("{name} ({})", cause_text(*cause)));
        waits_for.collect::<Vec<_>>().join(", ")
    };
    if outcome != expected.outcome.it {
        let message = format!(
            "I exemplet ”{title}” ska {step} bli {}, men det blir {outcome}.",
            expected.outcome.it
        );
        let mut finding = Finding::error("S701", expected.outcome.span, message).label(format!("blir {outcome}"));
        finding.example = match verdict {
            Verdict::Waiting => Some(format!("saknas: {}", waits_for())),
            _ => Some(format!("rader som gäller: {}", listed(&rows(result, verdict)))),
        };
        return Some(finding.suggest("Rätta exemplet, eller den rad som ger fel utfall."));
    }
    let named: BTreeSet<Name> = expected.grounds.iter().map(|ground| ground.it.clone()).collect();
    if verdict == Verdict::Waiting {
        let wrong = named.iter().find(|name| !result.waits_for.contains_key(name))?;
        let message = format!("I exemplet ”{title}” ska {step} vänta på {wrong}, men det gör det inte.");
        let finding = Finding::error("S702", expected.span(), message)
            .label("väntar inte på detta")
            .suggest("Nämn det som saknas, eller rätta den rad som inte ska vänta på det.");
        return Some(finding.example(format!("saknas: {}", waits_for())));
    }
    let actual = rows(result, verdict);
    if named == actual {
        return None;
    }
    let message = format!(
        "I exemplet ”{title}” ska {step} bli {outcome} på grund av {}, men det är {} som gäller.",
        listed(&named),
        listed(&actual)
    );
    let finding = Finding::error("S702", expected.span(), message).label(format!("grunden är {}", listed(&actual)));
    Some(finding.suggest("Ange alla rader som gav utfallet, eller rätta den rad som inte ska gälla."))
}

/// What a row gives, as it is written.
pub fn result(cell: &CellResult) -> String {
    super::evaluate::result_text(cell)
}

/// The rows behind a verdict: what an example's *Grund* must name.
pub fn rows(result: &StepResult, verdict: Verdict<'_>) -> BTreeSet<Name> {
    let row = |fired: &super::Fired| fired.row.clone();
    match verdict {
        Verdict::NotNeeded => result.needed_because.iter().map(row).collect(),
        Verdict::Waiting => BTreeSet::new(),
        Verdict::CaseWorker => {
            let must_look = result
                .holds
                .iter()
                .filter(|(_, result)| result == super::evaluate::CASE_WORKER);
            must_look.map(|(fired, _)| row(fired)).collect()
        }
        // What a person must take a stand on is part of what the example shows.
        Verdict::Outcome(_) => {
            let must_look = result
                .holds
                .iter()
                .filter(|(_, result)| result == super::evaluate::CASE_WORKER)
                .map(|(fired, _)| fired);
            result.grounds.iter().chain(must_look).map(row).collect()
        }
    }
}

fn listed(rows: &BTreeSet<Name>) -> String {
    match rows.len() {
        0 => String::from("ingen rad"),
        _ => rows.iter().map(Name::as_str).collect::<Vec<_>>().join(", "),
    }
}

fn cause_text(cause: Cause) -> &'static str {
    match cause {
        Cause::Unanswered => "obesvarad",
        Cause::Pending => "hämtas",
        Cause::Failed => "fel",
        Cause::Disputed => "bestrids",
    }
}

impl Expected {
    /// Where its grounds stand, or the outcome when it names none.
    fn span(&self) -> crate::finding::Span {
        match (self.grounds.first(), self.grounds.last()) {
            (Some(first), Some(last)) => crate::finding::Span {
                end: last.span.end,
                ..first.span
            },
            _ => self.outcome.span,
        }
    }
}
