//! From a draft to what would be submitted: which bodies get which facts, what is still in the way, and the hash that the
//! person's fresh login is bound to.
//!
//! Pure. The same function makes the page *Kontrollera* and the submission, so a person signs exactly what was shown.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_decimal::Decimal;
use samverk_domain::case::messages::{Origin, SentFact};
use samverk_domain::fact::{Known, Name, Value};
use samverk_domain::pack::{After, Area, Fact, Pack, Source, Step, Type};
use samverk_domain::rules::{self, Evaluation, Question, Setting};
use samverk_domain::terms::{Adoption, Body, Federation, NotResponsible};
use samverk_wire::jcs::NotCanonical;
use serde_json::json;

use super::draft::Draft;

/// One step as it stands for this draft.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    pub step: &'a Step,
    pub needed: Known<bool>,
    /// The responsible body, or why there is none yet.
    pub body: Result<&'a Body, NoBody>,
    pub fee: Known<Decimal>,
    pub after: Option<&'a After>,
    /// What the body gets; empty until the step is known to be needed.
    pub facts: Vec<SentFact>,
    /// The lists that it gets as answered with none.
    pub none_of: BTreeSet<Name>,
}

/// Why a step has no body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoBody {
    /// The municipality is not known yet.
    PlaceUnknown,
    /// The federation has none, or several.
    Federation(NotResponsible),
    /// The body has not adopted this version: paper is the way.
    NotAdopted(String),
}

/// Everything about to be submitted.
pub struct Prepared<'a> {
    pub evaluation: Evaluation,
    pub setting: Setting,
    pub parts: Vec<Part<'a>>,
    pub questions: Vec<Question>,
    pub broken: Vec<Name>,
    /// SHA-256 of the canonical JSON of what each body gets, base64url.
    pub sha256: String,
}

/// What keeps a draft from being submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InTheWay {
    Questions(usize),
    /// Registers whose values nobody has looked at.
    Unseen(Vec<Name>),
    Controls(Vec<Name>),
    /// A step is needed and no body can take it here.
    NoBody(Name, NoBody),
    /// Nothing is needed: there is nothing to submit.
    Nothing,
}

/// The setting that counts for this draft: what the bodies that would get its steps have adopted.
pub fn setting(
    pack: &Pack,
    draft: &Draft,
    federation: &Federation,
    adoptions: &[Adoption],
    days: rules::Days,
) -> Setting {
    let mut setting = Setting {
        days,
        ..Setting::default()
    };
    let facts = draft.facts(pack);
    for step in &pack.steps {
        let Ok(body) = body_of(pack, step, &facts, federation) else {
            continue;
        };
        if let Some(adoption) = adopted(pack, step, body, adoptions) {
            adoption.apply(&mut setting);
        }
    }
    setting
}

fn adopted<'a>(pack: &Pack, step: &Step, body: &Body, adoptions: &'a [Adoption]) -> Option<&'a Adoption> {
    adoptions.iter().find(|adoption| {
        adoption.body == body.id
            && adoption.pack == pack.meta.slug.it
            && adoption.version == pack.meta.version.it
            && adoption.steps.contains(&step.name.it)
    })
}

/// The body with the role's task in the role's area. The place comes from the property register's code, not from a map.
fn body_of<'a>(
    pack: &Pack,
    step: &Step,
    facts: &samverk_domain::fact::Facts,
    federation: &'a Federation,
) -> Result<&'a Body, NoBody> {
    let Some(role) = pack.role(&step.role.it) else {
        return Err(NoBody::Federation(NotResponsible::Nobody));
    };
    let municipality = match &role.area.it {
        Area::Country => None,
        Area::MunicipalityOf(property) => {
            let code = municipality_fact(pack, property).map(|fact| facts.of(&fact.name.it));
            match code.as_ref().and_then(Known::value) {
                Some(Value::Choice(code)) => Some(code.clone()),
                _ => return Err(NoBody::PlaceUnknown),
            }
        }
    };
    federation
        .responsible(&role.task.it, municipality.as_deref())
        .map_err(NoBody::Federation)
}

/// The register fact that says in which municipality a property lies.
pub fn municipality_fact<'a>(pack: &'a Pack, property: &Name) -> Option<&'a Fact> {
    pack.facts.iter().find(|fact| {
        fact.ty.it == Type::Municipality
            && matches!(&fact.source.it, Source::Register(register) if register.subject == *property)
    })
}

pub fn prepare<'a>(
    pack: &'a Pack,
    draft: &Draft,
    federation: &'a Federation,
    adoptions: &[Adoption],
    days: rules::Days,
) -> Result<Prepared<'a>, NotCanonical> {
    let setting = setting(pack, draft, federation, adoptions, days);
    let facts = draft.facts(pack);
    let evaluation = rules::evaluate(pack, &facts, &setting);
    let relevance = rules::relevance(pack, &facts, &setting);
    let mut parts = Vec::new();
    for step in &pack.steps {
        let result = evaluation.steps.get(&step.name.it);
        let needed = result.map_or(Known::UNANSWERED, |result| result.needed.clone());
        let body = body_of(pack, step, &facts, federation).and_then(|body| {
            adopted(pack, step, body, adoptions)
                .map(|_| body)
                .ok_or_else(|| NoBody::NotAdopted(body.name.clone()))
        });
        let wanted = relevance
            .sent
            .get(&step.name.it)
            .filter(|_| needed.value() == Some(&true));
        parts.push(Part {
            fee: result.map_or(Known::UNANSWERED, |result| result.fee.clone()),
            facts: wanted.map(|names| draft.sent(pack, names)).unwrap_or_default(),
            none_of: wanted.map(|names| draft.none_of(pack, names)).unwrap_or_default(),
            after: step.after.as_ref().map(|after| &after.it),
            step,
            needed,
            body,
        });
    }
    let sha256 = fingerprint(draft, &parts)?;
    Ok(Prepared {
        questions: draft.questions(pack, &setting),
        broken: rules::broken_controls(pack, &facts, &setting),
        evaluation,
        setting,
        parts,
        sha256,
    })
}

impl Prepared<'_> {
    /// Everything that is in the way, in the order in which the person can deal with it.
    pub fn in_the_way(&self, draft: &Draft) -> Vec<InTheWay> {
        let mut out = Vec::new();
        if !self.questions.is_empty() {
            out.push(InTheWay::Questions(self.questions.len()));
        }
        let unseen = draft.unseen_registers();
        if !unseen.is_empty() {
            out.push(InTheWay::Unseen(unseen));
        }
        if !self.broken.is_empty() {
            out.push(InTheWay::Controls(self.broken.clone()));
        }
        let needed = || self.parts.iter().filter(|part| part.needed.value() == Some(&true));
        for part in needed() {
            if let Err(why) = &part.body {
                out.push(InTheWay::NoBody(part.step.name.it.clone(), why.clone()));
            }
        }
        if needed().next().is_none() && self.questions.is_empty() {
            out.push(InTheWay::Nothing);
        }
        out
    }
}

/// SHA-256 over canonical JSON of what each body gets. A register's answer stands in it by its exchange, which is signed.
fn fingerprint(draft: &Draft, parts: &[Part]) -> Result<String, NotCanonical> {
    let mut steps = BTreeMap::new();
    for part in parts.iter().filter(|part| part.needed.value() == Some(&true)) {
        let facts: Vec<_> = part.facts.iter().map(|fact| without_proof(fact.clone())).collect();
        let body = part.body.as_ref().map(|body| body.id.as_str()).unwrap_or_default();
        steps.insert(part.step.name.as_str().to_owned(), gets(body, &facts, &part.none_of));
    }
    let whole = json!({ "draft": draft.id, "service": draft.pack, "version": draft.version, "steps": steps });
    samverk_wire::jcs::hash_of(&whole).map(|hash| URL_SAFE_NO_PAD.encode(hash))
}

/// What one body gets, as it is hashed: that a list was answered with none stands in it.
pub(crate) fn gets(body: &str, facts: &[SentFact], none_of: &BTreeSet<Name>) -> serde_json::Value {
    match none_of.is_empty() {
        true => json!({ "body": body, "facts": facts }),
        false => json!({ "body": body, "facts": facts, "none_of": none_of }),
    }
}

fn without_proof(mut fact: SentFact) -> SentFact {
    if let Origin::Register { proof, .. } = &mut fact.origin {
        *proof = None;
    }
    fact
}
