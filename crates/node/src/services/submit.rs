//! Submission: what the person's fresh login approved becomes applications, in one transaction with the receipt.
//!
//! Always true: what is submitted has the hash that the login was bound to, and every other signature's too; received is the instant of the durable, signed
//! receipt (TF 2 kap. 9 §), with its legal day in Sweden kept apart (FL 22 §); the draft is gone when the submission is
//! there, and not before; each application is handed over for delivery in the same transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::civil::Date;
use samverk_domain::case::assisted::Entered;
use samverk_domain::case::messages::{Applicant, Application, Origin, SentFact, Signature};
use samverk_domain::events::Kind;
use samverk_domain::fact::{Known, Name, Value};
use samverk_domain::pack::AfterEvent;
use samverk_domain::terms::{BodyId, MessageKind, Side, Subject};
use samverk_store::submissions::{self, Delivery, StepRow, Submission};
use samverk_store::{StoreError, Tx, drafts};
use serde::{Deserialize, Serialize};

use super::draft::{Draft, Principal};
use super::prepare::{InTheWay, Prepared};
use super::vault::{self, NotKept, Open, Owner};
use crate::ctx::Ctx;
use crate::effects::log::{Happened, Matter, note};
use crate::exchange::export::{self, NoEvidence};
use crate::exchange::{self, Outgoing};
use crate::library::Known as KnownPack;
use crate::login::BoundLogin;
use crate::node::Node;
use crate::trust::sign_statement;

/// The JWS type of a receipt.
pub const TYP_RECEIPT: &str = "samverk-receipt+jwt";

/// What the person keeps of a submission, closed under the submission's key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    pub draft: Draft,
    /// Step → the facts that were sent, without proofs.
    pub sent: BTreeMap<Name, Vec<SentFact>>,
    /// What others signed, each once.
    #[serde(default)]
    pub signatures: Vec<Signature>,
    /// Where an official entered it from paper: how it came, and whose official.
    #[serde(default)]
    pub entered: Option<Entered>,
}

/// A signature and the steps that it covers.
pub struct Covering {
    pub signature: Signature,
    pub steps: BTreeSet<Name>,
}

/// What is submitted, by whom it was approved, and what others have signed.
pub struct Sending<'a> {
    pub draft: &'a Draft,
    /// The draft's revision when it was approved.
    pub revision: u64,
    pub files: BTreeMap<String, Vec<u8>>,
    pub bound: &'a BoundLogin,
    pub signed: Vec<Covering>,
}

/// The receipt's payload: signed by the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub submission: String,
    pub host: BodyId,
    pub service: Name,
    pub version: u32,
    pub received_at: Timestamp,
    pub received_day: Date,
    pub answers_sha256: String,
    pub steps: BTreeMap<Name, BodyId>,
}

#[derive(Debug, thiserror::Error)]
pub enum NotSubmitted {
    /// Something is still in the way; the page shows what.
    #[error("the draft is not ready")]
    NotReady(Vec<InTheWay>),
    /// The answers are not those that were approved.
    #[error("the answers were changed after they were shown")]
    Changed,
    #[error("the approval was made by somebody else")]
    OtherPerson,
    /// Somebody else signed, declined or took it back at the same time: look again.
    #[error("somebody else signed, declined or took it back meanwhile")]
    Overtaken,
    #[error(transparent)]
    NotKept(#[from] NotKept),
    #[error(transparent)]
    Evidence(#[from] NoEvidence),
    #[error("the message to a body could not be queued: {0}")]
    NotSent(#[from] exchange::message::NotSent),
    #[error("this node's host has no keys")]
    NoKeys,
    #[error("something cannot be written: {0}")]
    Unwritable(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One step on its way, put together before the transaction.
struct Leaving {
    row: StepRow,
    outgoing: Outgoing,
    waits: bool,
}

/// A hash as messages and the store have it.
pub fn hash_text(hash: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(hash)
}

/// Whether the applicant has approved exactly this, and nothing is in the way.
pub fn approved(draft: &Draft, prepared: &Prepared<'_>, bound: &BoundLogin) -> Result<(), NotSubmitted> {
    if bound.person.number.digits() != draft.person {
        return Err(NotSubmitted::OtherPerson);
    }
    if hash_text(&bound.hash) != prepared.sha256 {
        return Err(NotSubmitted::Changed);
    }
    let in_the_way = prepared.in_the_way(draft);
    if !in_the_way.is_empty() {
        return Err(NotSubmitted::NotReady(in_the_way));
    }
    Ok(())
}

/// Submits what needs no other signature than the applicant's. Gives the submission's id, which is the draft's.
pub async fn submit(
    ctx: &Ctx,
    node: &Arc<Node>,
    known: &Arc<KnownPack>,
    open: &Open,
    prepared: &Prepared<'_>,
    bound: &BoundLogin,
) -> Result<String, NotSubmitted> {
    let sending = Sending {
        draft: &open.draft,
        revision: open.revision,
        files: files(ctx, node, open).await?,
        bound,
        signed: Vec::new(),
    };
    send(ctx, node, known, sending, prepared, |_| Ok(())).await
}

/// Submits what has been approved and signed; `settle` is done in the same transaction, and its refusal is everybody's.
pub async fn send(
    ctx: &Ctx,
    node: &Arc<Node>,
    known: &Arc<KnownPack>,
    sending: Sending<'_>,
    prepared: &Prepared<'_>,
    settle: impl Fn(&mut Tx) -> Result<(), NotSubmitted> + Send + 'static,
) -> Result<String, NotSubmitted> {
    let Sending {
        draft,
        revision,
        files,
        bound,
        signed,
    } = sending;
    approved(draft, prepared, bound)?;
    let keys = node.keys.get(&ctx.body).ok_or(NotSubmitted::NoKeys)?;
    let mut leaving = Vec::new();
    let mut kept = Kept {
        draft: draft.clone(),
        sent: BTreeMap::new(),
        signatures: signed.iter().map(|covering| covering.signature.clone()).collect(),
        entered: None,
    };
    let mut receipt = Receipt {
        submission: draft.id.clone(),
        host: ctx.body.clone(),
        service: draft.pack.clone(),
        version: draft.version,
        received_at: exchange::microseconds(ctx.at.instant),
        received_day: ctx.at.day,
        answers_sha256: prepared.sha256.clone(),
        steps: BTreeMap::new(),
    };
    for part in prepared.parts.iter().filter(|part| part.needed.value() == Some(&true)) {
        let Ok(body) = part.body.as_ref() else { continue };
        let step = part.step.name.it.clone();
        receipt.steps.insert(step.clone(), body.id.clone());
        kept.sent.insert(step.clone(), part.facts.clone());
        let mut facts = part.facts.clone();
        for fact in &mut facts {
            if let Origin::Register { exchange, proof, .. } = &mut fact.origin {
                *proof = Some(Box::new(
                    export::evidence(node, &ctx.body, Side::Consumer, exchange).await?,
                ));
            }
        }
        let application = Application {
            submission: draft.id.clone(),
            step: step.clone(),
            pack: draft.pack.clone(),
            version: draft.version,
            pack_sha256: known.sha256.clone(),
            host: ctx.body.clone(),
            applicant: applicant(draft),
            language: draft.language.clone(),
            files: own_files(&facts, &files),
            facts,
            none_of: part.none_of.clone(),
            received_at: receipt.received_at,
            received_day: receipt.received_day,
            answers_sha256: prepared.sha256.clone(),
            signed_by_login: bound.id_token.clone(),
            signatures: signed
                .iter()
                .filter(|covering| covering.steps.contains(&step))
                .map(|covering| covering.signature.clone())
                .collect(),
            entered: None,
        };
        let subjects = subjects(&application);
        let payload = serde_json::to_value(&application).map_err(|why| NotSubmitted::Unwritable(why.to_string()))?;
        let message = node.chance.id(ctx.at.instant).to_string();
        let waits = part.after.is_some_and(|after| {
            let needed = prepared
                .parts
                .iter()
                .any(|other| other.step.name.it == after.step && other.needed.value() == Some(&true));
            // Everything is submitted now, so that event has happened.
            needed && after.event != AfterEvent::Submitted
        });
        let closed =
            submission_key(node, &draft.id).close(message.as_bytes(), payload.to_string().as_bytes(), &node.chance);
        leaving.push(Leaving {
            row: StepRow {
                submission: draft.id.clone(),
                step: step.to_string(),
                body: body.id.to_string(),
                delivery: if waits { Delivery::Waiting } else { Delivery::Sending },
                waits_for: part
                    .after
                    .filter(|_| waits)
                    .map(|after| format!("{:?} {}", after.event, after.step)),
                closed_because: None,
                message: message.clone(),
                application: Some(closed),
                diary_number: None,
                case_state: None,
                outcome: None,
                automatic: false,
                decide_by: None,
                page: None,
                letter: None,
                status_at: None,
            },
            outgoing: Outgoing {
                id: message,
                kind: MessageKind::Application,
                to: body.id.clone(),
                matter: draft.id.clone(),
                payload,
                subjects,
                by: "Ansökan på sökandens begäran".to_owned(),
            },
            waits,
        });
    }
    let signed = sign_statement(keys.signing(), TYP_RECEIPT, &receipt)
        .map_err(|why| NotSubmitted::Unwritable(why.to_string()))?;
    let contents = serde_json::to_vec(&kept).map_err(|why| NotSubmitted::Unwritable(why.to_string()))?;
    let row = Submission {
        id: draft.id.clone(),
        owner: Owner::of(&node.secret, &bound.person).mark,
        pack: draft.pack.to_string(),
        version: draft.version,
        received_at: receipt.received_at,
        received_day: receipt.received_day,
        answers_sha256: prepared.sha256.clone(),
        contents: submission_key(node, &draft.id).close(draft.id.as_bytes(), &contents, &node.chance),
        receipt: signed,
    };
    let closed_files: Vec<(String, Vec<u8>)> = files
        .iter()
        .map(|(sha256, bytes)| {
            let closed = submission_key(node, &draft.id).close(sha256.as_bytes(), bytes, &node.chance);
            (sha256.clone(), closed)
        })
        .collect();
    let matter = Matter::of(ctx, node, draft.pack.as_str(), draft.version, &draft.id);
    let id = draft.id.clone();
    let (ctx, own) = (ctx.clone(), Arc::clone(node));
    node.store
        .run("services.submit", move |tx| {
            let still = drafts::of(tx, &row.owner, &row.id, ctx.at.instant)?;
            if still.is_none_or(|draft| draft.revision != revision) {
                return Err(NotSubmitted::Changed);
            }
            settle(tx)?;
            submissions::keep(tx, &row)?;
            for (sha256, bytes) in &closed_files {
                submissions::keep_file(tx, &row.id, sha256, bytes)?;
            }
            for step in &leaving {
                submissions::keep_step(tx, &step.row)?;
                if !step.waits {
                    exchange::send(&ctx, tx, &own, &step.outgoing)?;
                }
            }
            drafts::remove(tx, &row.owner, &row.id)?;
            note(&ctx, tx, &own, &matter, &Happened::once(Kind::Submitted))?;
            Ok(())
        })
        .await?;
    Ok(id)
}

/// Opens what the host keeps of a submission.
pub fn submission_key(node: &Node, id: &str) -> crate::seal::Key {
    node.secret.key("submission", id.as_bytes())
}

/// What the person sees of their own submission.
pub fn kept(node: &Node, row: &Submission) -> Result<Kept, NotKept> {
    let plain = submission_key(node, &row.id).open(row.id.as_bytes(), &row.contents)?;
    Ok(serde_json::from_slice(&plain)?)
}

/// A short reference to say on the telephone. It opens nothing.
pub fn reference(id: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, id.as_bytes());
    let hex: String = hash.as_ref().iter().take(4).map(|byte| format!("{byte:02X}")).collect();
    format!("{}-{}", &hex[..4], &hex[4..])
}

/// Who applies, and for whom.
pub(crate) fn applicant(draft: &Draft) -> Applicant {
    let (represents, represents_name) = match &draft.principal {
        Principal::Oneself => (None, None),
        Principal::Company { orgnr, name, .. } => (Some(orgnr.clone()), Some(name.clone())),
    };
    Applicant {
        person: draft.person.clone(),
        person_name: draft.person_name.clone(),
        represents,
        represents_name,
    }
}

/// Whom a message about this submission concerns, for insight.
pub fn subjects_of(draft: &Draft) -> Vec<Subject> {
    let mut subjects = vec![Subject::PersonNr(draft.person.clone())];
    if let Principal::Company { orgnr, .. } = &draft.principal {
        subjects.push(Subject::OrgNr(orgnr.clone()));
    }
    subjects
}

/// Whom an application concerns, for insight: those who signed it too.
pub fn subjects(application: &Application) -> Vec<Subject> {
    let mut subjects = vec![Subject::PersonNr(application.applicant.person.clone())];
    subjects.extend(application.applicant.represents.clone().map(Subject::OrgNr));
    for signature in &application.signatures {
        let subject = Subject::PersonNr(signature.person.clone());
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    subjects
}

/// The attachments that a draft's answers name.
pub async fn files(ctx: &Ctx, node: &Arc<Node>, open: &Open) -> Result<BTreeMap<String, Vec<u8>>, NotSubmitted> {
    let wanted = open.draft.files();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let owner_person = crate::ctx::PersonRef::of_digits(&open.draft.person, &open.draft.person_name)
        .ok_or(NotSubmitted::NotKept(NotKept::Broken))?;
    let (ctx, own, id) = (ctx.clone(), Arc::clone(node), open.draft.id.clone());
    node.store
        .read("services.files", move |tx| {
            let owner = Owner::of(&own.secret, &owner_person);
            let open = vault::open(&ctx, tx, &owner, &id)?.ok_or(NotSubmitted::Changed)?;
            let mut out = BTreeMap::new();
            for sha256 in &wanted {
                if let Some(bytes) = vault::file(tx, &open, sha256)? {
                    out.insert(sha256.clone(), bytes);
                }
            }
            Ok(out)
        })
        .await
}

/// The files that these facts name, by SHA-256: base64url of their bytes, as a message carries them.
pub fn own_files(facts: &[SentFact], files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for fact in facts {
        if let Known::Value(Value::Attachment(file)) = &fact.known
            && let Some(bytes) = files.get(&file.sha256)
        {
            out.insert(file.sha256.clone(), URL_SAFE_NO_PAD.encode(bytes));
        }
    }
    out
}
