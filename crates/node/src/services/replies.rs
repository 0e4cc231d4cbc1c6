//! The person's answers to what a body asks in a case: completions of exactly the facts asked for, and hearings (FL 25 §).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::civil::Date;
use samverk_domain::case::messages::{Completion, CompletionRequest, Hearing, HearingAnswer, Origin, SentFact};
use samverk_domain::events::Kind;
use samverk_domain::fact::{Known, Name, Slot, Value};
use samverk_domain::pack::Source;
use samverk_domain::terms::{BodyId, MessageKind};
use samverk_store::submissions::{self, Notice, Submission};

use super::draft::Draft;
use super::submit::{Kept, kept, subjects_of, submission_key};
use crate::ctx::Ctx;
use crate::effects::log::{Happened, Matter, note};
use crate::exchange::message::NotSent;
use crate::exchange::{self, Outgoing};
use crate::library::Known as KnownPack;
use crate::node::Node;
use crate::web::Failure;

/// What a body asks of the person.
pub struct Asked {
    pub notice: String,
    pub submission: String,
    pub step: Name,
    pub body: BodyId,
    pub words: String,
    pub answer_by: Date,
    pub order: bool,
    /// Facts to be answered anew; empty for a hearing.
    pub slots: Vec<Slot>,
    /// Those of the lists that may be answered with none: optional, and without items.
    pub may_be_none: BTreeSet<Name>,
    pub known: Arc<KnownPack>,
    /// As it was submitted.
    pub draft: Draft,
    /// The body that entered it from paper, which then is where the answer goes from.
    host: Option<BodyId>,
    hearing: bool,
}

impl Asked {
    pub fn is_hearing(&self) -> bool {
        self.hearing
    }
}

/// Opens a notice in its person's session.
pub async fn asked(node: &Arc<Node>, submission: &Submission, notice: &str) -> Result<Asked, Failure> {
    let (id, wanted) = (submission.id.clone(), notice.to_owned());
    let found = node
        .store
        .read("services.notice", move |tx| {
            let notice = submissions::notices(tx, &id)?
                .into_iter()
                .find(|notice| notice.id == wanted);
            let Some(notice) = notice else { return Ok(None) };
            let step = submissions::step_of(tx, &id, &notice.step)?;
            Ok::<_, samverk_store::StoreError>(step.map(|step| (notice, step)))
        })
        .await?;
    let (notice, step) = found.ok_or(Failure::NotFound)?;
    if notice.answered_at.is_some() {
        return Err(Failure::Stale);
    }
    let slug = Name::parse(&submission.pack).map_err(Failure::ours)?;
    let known = node.library.version(&slug, submission.version);
    let known = known.ok_or_else(|| Failure::ours("the service's version is not here any more"))?;
    let Kept { draft, entered, .. } = kept(node, submission)?;
    let plain = submission_key(node, &submission.id)
        .open(notice.id.as_bytes(), &notice.contents)
        .map_err(Failure::ours)?;
    let hearing = notice.kind == "hearing";
    let (words, order, facts) = read(&notice, &plain)?;
    let pack = &known.pack;
    let own = |name: &Name| pack.fact(name).is_some_and(|fact| fact.source.it == Source::Applicant);
    let mut slots = Vec::new();
    let mut may_be_none = BTreeSet::new();
    for name in facts.iter().filter(|name| own(name)) {
        match pack.list_of_column(name) {
            Some(list) => {
                let there = draft.items.get(&list.name.it).copied().unwrap_or(0);
                if there == 0 && list.min == 0 {
                    may_be_none.insert(list.name.it.clone());
                }
                // A list that was left out as a whole has room for as many as it must have, and at least for one.
                let count = there.max(list.min).max(1).min(list.max);
                slots.extend((0..count).map(|item| Slot {
                    fact: name.clone(),
                    item: Some(item),
                }));
            }
            None => slots.push(Slot::of(name.clone())),
        }
    }
    Ok(Asked {
        notice: notice.id.clone(),
        submission: submission.id.clone(),
        step: Name::parse(&notice.step).map_err(Failure::ours)?,
        body: BodyId::parse(&step.body).map_err(Failure::ours)?,
        answer_by: notice.answer_by,
        words,
        order,
        slots,
        may_be_none,
        known,
        draft,
        host: entered.map(|entered| entered.body),
        hearing,
    })
}

fn read(notice: &Notice, plain: &[u8]) -> Result<(String, bool, Vec<Name>), Failure> {
    if notice.kind == "hearing" {
        let hearing: Hearing = serde_json::from_slice(plain).map_err(Failure::ours)?;
        return Ok((hearing.words, false, Vec::new()));
    }
    let request: CompletionRequest = serde_json::from_slice(plain).map_err(Failure::ours)?;
    Ok((request.words, request.order, request.facts))
}

/// Sends the answer: once, in the transaction that marks the notice as answered.
pub async fn send(
    ctx: &Ctx,
    node: &Arc<Node>,
    asked: &Asked,
    values: Vec<(Slot, Value)>,
    none_of: BTreeSet<Name>,
    files: BTreeMap<String, Vec<u8>>,
    words: String,
) -> Result<(), Failure> {
    let mut ctx = ctx.clone();
    if let Some(host) = &asked.host {
        ctx.body = host.clone();
    }
    let received_at = exchange::microseconds(ctx.at.instant);
    let (kind, payload) = if asked.hearing {
        let answer = HearingAnswer {
            submission: asked.submission.clone(),
            step: asked.step.clone(),
            words,
            received_at,
        };
        (MessageKind::HearingAnswer, serde_json::to_value(answer))
    } else {
        let facts = values.into_iter().map(|(slot, value)| SentFact {
            slot,
            known: Known::Value(value),
            origin: Origin::Applicant,
            disputed: None,
        });
        let completion = Completion {
            submission: asked.submission.clone(),
            step: asked.step.clone(),
            facts: facts.collect(),
            none_of,
            files: files
                .into_iter()
                .map(|(sha256, bytes)| (sha256, URL_SAFE_NO_PAD.encode(bytes)))
                .collect(),
            received_at,
        };
        (MessageKind::Completion, serde_json::to_value(completion))
    };
    let outgoing = Outgoing {
        // One answer to one notice: sent again, it is the same message.
        id: node.chance.id(ctx.at.instant).to_string(),
        kind,
        to: asked.body.clone(),
        matter: asked.submission.clone(),
        payload: payload.map_err(Failure::ours)?,
        subjects: subjects_of(&asked.draft),
        by: "Svar från sökanden".to_owned(),
    };
    let draft = &asked.draft;
    let matter = Matter::of(&ctx, node, draft.pack.as_str(), draft.version, &asked.submission);
    let (own, notice) = (Arc::clone(node), asked.notice.clone());
    let done: Result<bool, NotSent> = node
        .store
        .run("services.reply", move |tx| {
            if !submissions::answered(tx, &notice, ctx.at.instant)? {
                return Ok(false);
            }
            exchange::send(&ctx, tx, &own, &outgoing)?;
            note(&ctx, tx, &own, &matter, &Happened::once(Kind::Completed))?;
            Ok(true)
        })
        .await;
    match done {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Stale),
        Err(why) => Err(Failure::ours(why)),
    }
}
