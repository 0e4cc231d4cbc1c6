//! What a letter names is there in every case in which it is sent (S440).
//!
//! A fact of the step's Underlag is asked or fetched whenever the step is needed. Another one is known only where it decides
//! something: here all cases are tried in which the outcome is certain without it. Always true: the case that is shown is one
//! in which the letter is sent and the place in it is empty. Not looked at: facts behind a fee, list columns that a rule of
//! the step reads, and what follows `{annars}` where the condition itself waits for the fact.

use std::collections::BTreeSet;

use super::search::{Outcome as Answer, Question, Search, Verdict};
use super::tables::{self, Table};
use super::uses::{self, By, Kind, LETTER_WORDS, Use};
use crate::fact::{Known, Name};
use crate::finding::{Finding, Spanned};
use crate::pack::{
    Block, CellResult, Expr, Letter, OutcomeKind, Pack, Piece, Policy, Required, Rule, RuleKind, Source, Step,
};

/// A fact's place in a letter.
struct Place<'p> {
    fact: &'p Spanned<Name>,
    /// It is shown only where this holds; or, after `{annars}`, where it does not.
    shown: Option<(&'p Expr, bool)>,
}

pub fn check(search: &Search<'_>, found: &mut Vec<Finding>) {
    let pack = search.pack;
    for letter in pack.letters.values() {
        let mut told: BTreeSet<&Name> = BTreeSet::new();
        let outcomes = pack.outcomes.iter().filter(|outcome| outcome.letter.it == letter.name);
        for outcome in outcomes {
            let Some(step) = pack.step(&outcome.step.it) else {
                continue;
            };
            let grants = outcome.kind.it == OutcomeKind::Favourable;
            for place in places(letter) {
                let name = &place.fact.it;
                if told.contains(name) || LETTER_WORDS.contains(&name.as_str()) {
                    continue;
                }
                let Some(lacking) = lacking(pack, step, name, grants) else {
                    continue;
                };
                let finding = match tried(search, step, &outcome.name.it, &place, lacking) {
                    Ok(None) => continue,
                    Ok(Some(example)) => finding(letter, step, place.fact, lacking).example(example),
                    Err(question) => tables::too_many(search, &question, place.fact.span, "Uppgiften i brevet", name),
                };
                told.insert(name);
                found.push(finding);
            }
        }
    }
}

fn places(letter: &Letter) -> Vec<Place<'_>> {
    fn facts<'p>(blocks: &'p [Block], shown: Option<(&'p Expr, bool)>, places: &mut Vec<Place<'p>>) {
        for block in blocks {
            match block {
                Block::Paragraph(pieces) => places.extend(in_pieces(&pieces.it, shown)),
                Block::If(conditional) => {
                    let condition = &conditional.condition.it;
                    facts(&conditional.shown, Some((condition, true)), places);
                    facts(&conditional.otherwise, Some((condition, false)), places);
                }
                _ => {}
            }
        }
    }
    fn in_pieces<'p>(pieces: &'p [Piece], shown: Option<(&'p Expr, bool)>) -> impl Iterator<Item = Place<'p>> {
        pieces.iter().filter_map(move |piece| match piece {
            Piece::Placeholder(fact) => Some(Place { fact, shown }),
            Piece::Text(_) => None,
        })
    }
    let mut places: Vec<Place<'_>> = in_pieces(&letter.heading.it, None).collect();
    facts(&letter.blocks, None, &mut places);
    places
}

/// How a fact could be lacking in a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lacking {
    /// Nobody was asked.
    Unknown,
    /// The rule that gives it says *ej aktuellt*.
    NotApplicable,
}

/// How it could, or nothing where it cannot, or where it is not looked at.
fn lacking(pack: &Pack, step: &Step, name: &Name, grants: bool) -> Option<Lacking> {
    if pack.rule(name).is_some() {
        let is_column = pack.list_of_column(name).is_some();
        return (!is_column).then_some(Lacking::NotApplicable);
    }
    let fact = pack.fact(name)?;
    let comes_always = match &fact.source.it {
        Source::Login | Source::Represented | Source::Parameter | Source::Rule | Source::Step(_) => true,
        Source::Referral(referral) => match referral.required {
            Required::Always => true,
            Required::ForGrant => grants,
            Required::Optional => false,
        },
        Source::Applicant | Source::Register(_) | Source::CaseWorker => false,
    };
    if comes_always || step.has_in_underlag(name) {
        return None;
    }
    let list = pack.list_of_column(name);
    if list.is_some_and(|list| step.has_in_underlag(&list.name.it)) {
        return None;
    }
    let of_fee = uses::through_rules(pack, |by| *by == By::Fee(step.name.it.clone()));
    let is_read_of_list = list.is_some() && uses::read_by_step(pack, &step.name.it).contains(name);
    (!of_fee.contains(name) && !is_read_of_list).then_some(Lacking::Unknown)
}

/// A case in which the letter is sent without the fact. The error: too many, of these.
fn tried(
    search: &Search<'_>,
    step: &Step,
    outcome: &str,
    place: &Place<'_>,
    lacking: Lacking,
) -> Result<Option<String>, Box<Question>> {
    let name = &place.fact.it;
    let is_not_applicable = Expr::IsNotApplicable(place.fact.clone());
    let mut own: Vec<Use> = Vec::new();
    uses::expr(&step.needed_when.it, &By::NeededWhen(step.name.it.clone()), &mut own);
    if let Some((condition, _)) = place.shown {
        uses::expr(condition, &By::Control, &mut own);
    }
    if lacking == Lacking::NotApplicable {
        own.push(Use {
            name: name.clone(),
            kind: Kind::Fact,
            span: place.fact.span,
            by: By::Control,
        });
    }
    let rule = search
        .pack
        .rules
        .iter()
        .find(|rule| rule.kind == RuleKind::Outcome && rule.name.it == step.name.it);
    let mut question = rule.map_or_else(Question::default, |rule| Table::new(search, rule).question(&[], true));
    question.add(search.question_of(&step.needed_when.it, &By::NeededWhen(step.name.it.clone())));
    if let Some((condition, _)) = place.shown {
        question.add(search.question_of(condition, &By::Control));
    }
    if lacking == Lacking::NotApplicable {
        question.add(search.question_of(&is_not_applicable, &By::Control));
    }
    if lacking == Lacking::Unknown {
        question.leaves.retain(|leaf| leaf != name);
    }
    let by_rule = By::Rule(RuleKind::Outcome, step.name.it.clone());
    let of_rule = search.uses.iter().filter(|it| it.by == by_rule);
    let scope = search.probe.scope(of_rule.chain(&own).map(|it| &it.name));
    let answer = search.find(&question, |case| {
        let holds = |condition: &Expr| search.probe.condition(&scope, condition, &case.facts, &case.setting);
        let mut verdicts = vec![wanted(holds(&step.needed_when.it), true)];
        verdicts.extend(
            place
                .shown
                .map(|(condition, is_shown)| wanted(holds(condition), is_shown)),
        );
        if lacking == Lacking::NotApplicable {
            verdicts.push(wanted(holds(&is_not_applicable), true));
        }
        if verdicts.contains(&Verdict::Cut) {
            return Verdict::Cut;
        }
        verdicts.extend(rule.map(|rule| {
            let rows = search.probe.rows(&scope, rule, &case.facts, &case.setting);
            given(rule, outcome, &rows)
        }));
        match () {
            () if verdicts.contains(&Verdict::Cut) => Verdict::Cut,
            () if verdicts.contains(&Verdict::Open) => Verdict::Open,
            () => Verdict::Found,
        }
    });
    match answer {
        Answer::TooMany => Err(Box::new(question)),
        Answer::Found(example) => Ok(Some(example)),
        Answer::None => Ok(None),
    }
}

/// Whether a condition comes out as it must.
fn wanted(holds: Known<bool>, wanted: bool) -> Verdict {
    match holds {
        Known::Value(holds) if holds == wanted => Verdict::Found,
        Known::NotApplicable if !wanted => Verdict::Found,
        Known::Missing(_) => Verdict::Open,
        _ => Verdict::Cut,
    }
}

/// Whether these rows certainly lead to the outcome. Where a person must look, they may.
fn given(rule: &Rule, outcome: &str, rows: &[Known<bool>]) -> Verdict {
    let gives = |row: usize| match &rule.rows[row].result.it {
        CellResult::CaseWorker => true,
        CellResult::Value(value) => value.to_string() == outcome,
        _ => false,
    };
    let fails = |row: &Known<bool>| matches!(row, Known::Value(false) | Known::NotApplicable);
    let mut is_open = false;
    let mut held: Vec<usize> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        match row {
            Known::Value(true) => held.push(at),
            row if fails(row) => continue,
            _ => is_open = true,
        }
        if rule.policy.it == Policy::First && !held.is_empty() {
            break;
        }
    }
    match &rule.policy.it {
        _ if is_open => Verdict::Open,
        Policy::Collect { otherwise } if held.is_empty() => match otherwise == outcome {
            true => Verdict::Found,
            false => Verdict::Cut,
        },
        // Of several outcomes the strongest counts; where all that hold give this one it is certain.
        _ if !held.is_empty() && held.iter().all(|row| gives(*row)) => Verdict::Found,
        _ => Verdict::Cut,
    }
}

fn finding(letter: &Letter, step: &Step, fact: &Spanned<Name>, lacking: Lacking) -> Finding {
    let (name, step) = (&fact.it, &step.name.it);
    match lacking {
        Lacking::Unknown => Finding::warning(
            "S440",
            fact.span,
            format!("Brevet {} nämner `{name}`, som steget {step} inte alltid får.", letter.name),
        )
        .label("skrivs ”uppgift saknas” i exemplet")
        .suggest(format!(
            "Lägg `{name}` i stegets Underlag om alla ska svara på den. Sätt annars stycket mellan `{{om …}}` och `{{slut}}`, med ett villkor som läser `{name}`."
        )),
        Lacking::NotApplicable => Finding::warning(
            "S440",
            fact.span,
            format!("Brevet {} nämner `{name}`, som kan vara ej aktuellt.", letter.name),
        )
        .label("ej aktuellt i exemplet")
        .suggest(format!(
            "Sätt stycket mellan `{{om …}}` och `{{slut}}`, med ett villkor som bara håller när `{name}` har ett värde."
        )),
    }
}
