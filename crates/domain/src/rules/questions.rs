//! What to ask the person, what to fetch from registers, and what the person must put right before going on.
//!
//! Always true here: nothing that is known is asked, nothing irrelevant is asked, and what a register holds is asked
//! only when the register could not answer and the document says so (`ur funktion = fråga`). What matters only to a step
//! that may turn out not to be needed waits for the questions that settle it: nobody is asked for a lease, and no debts are
//! looked up, before it is known that alcohol is to be served (2018:218 2 kap. 2 §: what the matter needs).

use std::collections::BTreeSet;

use super::evaluate::Evaluator;
use super::relevance::Prepared;
use super::{Question, Setting, relevance};
use crate::fact::{Cause, Facts, Known, Name, Slot, Value};
use crate::pack::{Control, Fact, List, Pack, Source, WhenDown};

/// What the applicant is to be asked now, in document order, of facts with source `sökanden`, and register facts that
/// failed with `ur funktion = fråga`. Grouped by prefix, groups in order of first appearance; what matters now stands before
/// what may come to matter.
pub fn questions(pack: &Pack, facts: &Facts, setting: &Setting) -> Vec<Question> {
    let relevance = relevance(pack, facts, setting);
    let mut now = asked(pack, facts, &relevance.now);
    let all = asked(pack, facts, &relevance.facts);
    let later: Vec<Question> = all.into_iter().filter(|question| !now.contains(question)).collect();
    now.extend(later);
    now
}

fn asked(pack: &Pack, facts: &Facts, relevant: &BTreeSet<Name>) -> Vec<Question> {
    let mut groups: Vec<(&str, Vec<Question>)> = Vec::new();
    for fact in &pack.facts {
        let name = &fact.name.it;
        let at = group(name.prefix(), &mut groups);
        if relevant.contains(name) && is_asked(fact, facts.known.get(name)) {
            groups[at].1.push(Question::Fact(name.clone()));
        }
    }
    for list in &pack.lists {
        let name = &list.name.it;
        let at = group(name.as_str(), &mut groups);
        let columns: Vec<&Fact> = list
            .columns
            .iter()
            .filter(|column| relevant.contains(&column.name.it))
            .collect();
        if list_is_asked(list, &columns, facts) {
            groups[at].1.push(Question::List(name.clone()));
        }
    }
    groups.into_iter().flat_map(|(_, questions)| questions).collect()
}

/// The place of a prefix's group, a new one last.
fn group<'p>(prefix: &'p str, groups: &mut Vec<(&'p str, Vec<Question>)>) -> usize {
    let known = groups.iter().position(|(other, _)| *other == prefix);
    known.unwrap_or_else(|| {
        groups.push((prefix, Vec::new()));
        groups.len() - 1
    })
}

fn is_asked(fact: &Fact, known: Option<&Known<Value>>) -> bool {
    match (&fact.source.it, known) {
        (Source::Applicant, None | Some(Known::Missing(_))) => true,
        (Source::Register(register), Some(Known::Missing(Cause::Failed))) => register.when_down == WhenDown::Ask,
        _ => false,
    }
}

/// A list is one question while it is too short, or while something relevant in it is unanswered.
fn list_is_asked(list: &List, relevant: &[&Fact], facts: &Facts) -> bool {
    if relevant.is_empty() {
        return false;
    }
    match facts.lists.get(&list.name.it) {
        None => list.columns.iter().any(|column| column.source.it == Source::Applicant),
        Some(items) => {
            items.len() < list.min as usize
                || items.iter().any(|item| {
                    relevant
                        .iter()
                        .any(|column| is_asked(column, item.get(&column.name.it)))
                })
        }
    }
}

/// Register facts that are relevant and not yet asked for, whose subject is known: what to fetch now. What is on its way,
/// failed or disputed is not among them; who tries a register again sets its facts back to unanswered first.
///
/// What may only come to matter is left alone for as long as there is something else to ask or to fetch.
pub fn to_fetch(pack: &Pack, facts: &Facts, setting: &Setting) -> Vec<Slot> {
    to_fetch_and_ask(pack, facts, setting).0
}

/// What to fetch and what to ask now, from one look at what is relevant. What may only come to matter is among them only
/// when nothing matters now.
pub fn to_fetch_and_ask(pack: &Pack, facts: &Facts, setting: &Setting) -> (Vec<Slot>, Vec<Question>) {
    let evaluator = Evaluator::new(pack, facts, setting, None);
    let mut prepared = Prepared::new(evaluator.graph.clone());
    next(&evaluator, &mut prepared, facts, setting)
}

/// The same where the facts are evaluated already.
pub(super) fn next<'a, 'p: 'a>(
    evaluator: &Evaluator<'a>,
    prepared: &mut Prepared<'p>,
    facts: &'a Facts,
    setting: &'a Setting,
) -> (Vec<Slot>, Vec<Question>) {
    let pack = evaluator.graph.pack;
    let relevance = relevance::of_evaluated(evaluator, prepared, facts, setting, false);
    let of = |relevant| (unfetched(evaluator, facts, relevant), asked(pack, facts, relevant));
    let now = of(&relevance.now);
    if now.0.is_empty() && now.1.is_empty() {
        return of(&relevance.facts);
    }
    now
}

fn unfetched(evaluator: &Evaluator<'_>, facts: &Facts, relevant: &BTreeSet<Name>) -> Vec<Slot> {
    let pack = evaluator.graph.pack;
    let unasked = |known: Option<&Known<Value>>| matches!(known, None | Some(Known::Missing(Cause::Unanswered)));
    let subject_is_known = |name: &Name| {
        let subject = evaluator.graph.fact(name);
        subject.is_some_and(|id| matches!(evaluator.state(id), Known::Value(_)))
    };
    let mut slots = Vec::new();
    for fact in &pack.facts {
        let name = &fact.name.it;
        if let Source::Register(register) = &fact.source.it
            && relevant.contains(name)
            && unasked(facts.known.get(name))
            && subject_is_known(&register.subject)
        {
            slots.push(Slot::of(name.clone()));
        }
    }
    for list in &pack.lists {
        let items = facts.lists.get(&list.name.it).map_or(&[][..], Vec::as_slice);
        for (at, item) in (0..).zip(items) {
            for column in &list.columns {
                let name = &column.name.it;
                if let Source::Register(register) = &column.source.it
                    && relevant.contains(name)
                    && unasked(item.get(name))
                {
                    let subject = item.get(&register.subject);
                    let in_list = list.columns.iter().any(|other| other.name.it == register.subject);
                    if matches!(subject, Some(Known::Value(_))) || (!in_list && subject_is_known(&register.subject)) {
                        slots.push(Slot {
                            fact: name.clone(),
                            item: Some(at),
                        });
                    }
                }
            }
        }
    }
    slots
}

/// Controls that are *nej*.
pub fn broken_controls(pack: &Pack, facts: &Facts, setting: &Setting) -> Vec<Name> {
    broken(&Evaluator::new(pack, facts, setting, None))
}

/// The same where the facts are evaluated already.
pub(super) fn broken(evaluator: &Evaluator<'_>) -> Vec<Name> {
    broken_of(evaluator, evaluator.graph.pack.controls.iter())
}

/// The same of some controls.
pub(super) fn broken_of<'a>(evaluator: &Evaluator<'a>, controls: impl Iterator<Item = &'a Control>) -> Vec<Name> {
    controls
        .filter(|control| evaluator.condition(&control.condition.it, None, 0) == Known::Value(false))
        .map(|control| control.id.it.clone())
        .collect()
}
