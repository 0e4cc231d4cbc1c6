//! Who must sign what is sent.
//!
//! Always true here: a signature that may be needed is needed (only a condition that is certainly false, or not applicable,
//! takes it away), and one whose people are not all known is never fulfilled.

use std::collections::BTreeSet;

use super::evaluate::Evaluator;
use super::{Setting, Verdict, evaluate};
use crate::fact::{Facts, Known, Name, Value};
use crate::pack::{Pack, Signature, SignedBy, Source, Type};
use crate::words::ids::PersonId;
use crate::words::signing::Signing;

/// One signature that is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// The row under `## Underskrifter`; `None` where the document has no such section.
    pub signature: Option<Name>,
    /// The steps whose applications it covers.
    pub steps: Vec<Name>,
    pub who: Who,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Who {
    /// Every one of these.
    Everyone(BTreeSet<PersonId>),
    /// As many as sign for the company together.
    Signatories(Signing),
    /// Not known yet: these facts are missing, or the register holds no rule of signing (then none is named).
    Unknown(Vec<Name>),
}

/// Identity numbers are not for logs.
impl std::fmt::Debug for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Everyone(people) => write!(f, "Everyone({})", people.len()),
            Self::Signatories(signing) => signing.fmt(f),
            Self::Unknown(names) => write!(f, "Unknown({names:?})"),
        }
    }
}

impl Needed {
    /// Whether these people's signatures are enough.
    pub fn signed_by(&self, people: &BTreeSet<PersonId>) -> bool {
        match &self.who {
            Who::Everyone(all) => all.is_subset(people),
            Who::Signatories(signing) => signing.signed_by(people),
            Who::Unknown(_) => false,
        }
    }

    /// Everyone whose signature can count.
    pub fn people(&self) -> BTreeSet<&PersonId> {
        match &self.who {
            Who::Everyone(all) => all.iter().collect(),
            Who::Signatories(signing) => signing.people(),
            Who::Unknown(_) => BTreeSet::new(),
        }
    }
}

/// The signatures that what is sent now needs: all of them must be [signed](Needed::signed_by). `signing` is the represented
/// company's firmateckning; `None` when nobody is represented, or the register has no rule.
pub fn signers(pack: &Pack, facts: &Facts, setting: &Setting, signing: Option<&Signing>) -> Vec<Needed> {
    let evaluation = evaluate(pack, facts, setting);
    let sent = |step: &Name| {
        let result = evaluation.steps.get(step);
        result.is_some_and(|result| !matches!(result.verdict(pack, step), Verdict::NotNeeded))
    };
    let all: Vec<&Name> = pack
        .steps
        .iter()
        .map(|step| &step.name.it)
        .filter(|step| sent(step))
        .collect();
    let owned = |steps: &[&Name]| steps.iter().map(|step| (*step).clone()).collect::<Vec<_>>();
    if pack.signatures.is_empty() {
        let represents = represented(pack, facts);
        let who = if represents {
            by_signatories(signing)
        } else {
            applicant(pack, facts)
        };
        return vec![Needed {
            signature: None,
            steps: owned(&all),
            who,
        }];
    }
    let evaluator = Evaluator::new(pack, facts, setting, None);
    let mut needed = Vec::new();
    for signature in &pack.signatures {
        let not_now = signature.when.as_ref().is_some_and(|when| {
            matches!(
                evaluator.condition(&when.it, None, 0),
                Known::Value(false) | Known::NotApplicable
            )
        });
        let covered: Vec<&Name> = match signature.steps.is_empty() {
            true => all.clone(),
            false => signature
                .steps
                .iter()
                .map(|step| &step.it)
                .filter(|step| sent(step))
                .collect(),
        };
        if not_now || covered.is_empty() {
            continue;
        }
        needed.push(Needed {
            signature: Some(signature.id.it.clone()),
            steps: owned(&covered),
            who: who(pack, facts, signature, signing),
        });
    }
    needed
}

/// The signatures under `step` that are certainly missing when these people have signed, judged by facts that need not be
/// all there: a condition that is open, people who are not all known and a company's own rule of signing tell nothing.
pub fn unsigned(pack: &Pack, facts: &Facts, setting: &Setting, step: &Name, signed: &BTreeSet<PersonId>) -> Vec<Name> {
    let evaluator = Evaluator::new(pack, facts, setting, None);
    let lacks = |signature: &&Signature| {
        let is_of_step = signature.steps.is_empty() || signature.steps.iter().any(|it| it.it == *step);
        let certain = signature
            .when
            .as_ref()
            .is_none_or(|when| evaluator.condition(&when.it, None, 0) == Known::Value(true));
        is_of_step
            && certain
            && matches!(who(pack, facts, signature, None), Who::Everyone(all) if !all.is_subset(signed))
    };
    let found = pack.signatures.iter().filter(lacks);
    found.map(|signature| signature.id.it.clone()).collect()
}

fn who(pack: &Pack, facts: &Facts, signature: &Signature, signing: Option<&Signing>) -> Who {
    match &signature.by.it {
        SignedBy::Applicant => applicant(pack, facts),
        SignedBy::Signatories => by_signatories(signing),
        SignedBy::Person(fact) => match facts.known.get(fact).and_then(person) {
            Some(person) => Who::Everyone(BTreeSet::from([person])),
            None => Who::Unknown(vec![fact.clone()]),
        },
        SignedBy::Everyone(column) => {
            let list = pack.list_of_column(column);
            // A list that may be empty and is said to be has nobody who signs; one that may not is not filled in yet.
            let items = list
                .and_then(|list| facts.lists.get(&list.name.it))
                .filter(|items| !items.is_empty() || list.is_some_and(|list| list.min == 0));
            let people: Option<BTreeSet<PersonId>> =
                items.and_then(|items| items.iter().map(|item| item.get(column).and_then(person)).collect());
            people.map_or_else(|| Who::Unknown(vec![column.clone()]), Who::Everyone)
        }
    }
}

fn by_signatories(signing: Option<&Signing>) -> Who {
    signing.map_or_else(|| Who::Unknown(Vec::new()), |signing| Who::Signatories(signing.clone()))
}

fn represented(pack: &Pack, facts: &Facts) -> bool {
    pack.facts.iter().any(|fact| {
        fact.source.it == Source::Represented
            && fact.ty.it == Type::OrgNr
            && facts
                .known
                .get(&fact.name.it)
                .is_some_and(|known| known.value().is_some())
    })
}

/// The person who is logged in.
fn applicant(pack: &Pack, facts: &Facts) -> Who {
    let own = pack
        .facts
        .iter()
        .find(|fact| fact.source.it == Source::Login && fact.ty.it == Type::PersonNr);
    let found = own.and_then(|fact| facts.known.get(&fact.name.it)).and_then(person);
    match found {
        Some(person) => Who::Everyone(BTreeSet::from([person])),
        None => Who::Unknown(own.map(|fact| fact.name.it.clone()).into_iter().collect()),
    }
}

fn person(known: &Known<Value>) -> Option<PersonId> {
    match known {
        Known::Value(Value::PersonNr(number)) => PersonId::parse(number).ok(),
        _ => None,
    }
}
