//! The entry becomes applications: a case at once at the body itself, a message to every other body that takes it.
//!
//! Always true: everything happens in one transaction with the signed statement, the record in the sealed log and the removal
//! of the entry; the day of receipt is the one that follows from how the paper arrived (FL 22 §); a step goes to another body
//! only on a contract and only if that body has named this one as its reception (TF 2 kap. 9 §), otherwise the official is told
//! to show the person the way (FL 6 and 8 §§).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use samverk_domain::case::assisted::{ByHand, Entered};
use samverk_domain::case::messages::{Application, Origin, SentFact};
use samverk_domain::events::Kind;
use samverk_domain::fact::Name;
use samverk_domain::pack::{AfterEvent, Pack, Step};
use samverk_domain::rules::{self, Needed, Who};
use samverk_domain::terms::{Adoption, Body, BodyId, MessageKind, Side};
use samverk_domain::words::ids::PersonId;
use samverk_domain::words::signing::Signing as Rule;
use samverk_store::submissions::{self, Delivery, StepRow, Submission};
use samverk_store::{Tx, assisted as table, cases, documents};
use serde_json::json;

use super::entry::{self, Entry, Opened};
use super::record::{self, Statement, TYP_ENTERED};
use crate::cases::file::{Stopped, close, json as boxed};
use crate::cases::reception::{Attached, FILE};
use crate::ctx::{Ctx, PersonRef};
use crate::effects::log::{Happened, Matter, note};
use crate::exchange::contracts::{self, Need, NoTerms};
use crate::exchange::message::NotSent;
use crate::exchange::{self, Outgoing, export};
use crate::library::Known as KnownPack;
use crate::node::Node;
use crate::services::prepare::{NoBody, Prepared, gets};
use crate::services::submit::{self, Kept, submission_key};
use crate::services::vault::Owner;
use crate::trust::federation::FederationView;
use crate::trust::sign_statement;

/// Where one step goes.
#[derive(Clone, Debug)]
pub enum Going {
    /// Here: a case at once.
    Here,
    /// To another body, as a message.
    To(Box<Body>),
    /// It cannot be sent on: whose it is, if that is known, and why.
    ByHand { whose: String, why: String },
}

/// Those of the bodies that this one has a contract with to send applications to.
pub fn agreed(ctx: &Ctx, tx: &mut Tx, view: &FederationView, bodies: &[BodyId]) -> Result<BTreeSet<BodyId>, Stopped> {
    let mut found = BTreeSet::new();
    for body in bodies.iter().filter(|body| **body != ctx.body) {
        match contracts::find(ctx, tx, view, body, &Need::Message(MessageKind::Application)) {
            Ok(_) => drop(found.insert(body.clone())),
            Err(NoTerms::Store(why)) => return Err(why.into()),
            Err(_) => {}
        }
    }
    Ok(found)
}

/// Where each of the entry's steps goes, in the document's order.
pub fn plan<'p>(
    own: &BodyId,
    agreed: &BTreeSet<BodyId>,
    prepared: &'p Prepared<'p>,
    adoptions: &[Adoption],
    entry: &Entry,
) -> Vec<(&'p Step, Going)> {
    let adoption_of = |body: &BodyId| adoptions.iter().find(|adoption| adoption.body == *body);
    let by_hand = |whose: &str, why: &str| Going::ByHand {
        whose: whose.to_owned(),
        why: why.to_owned(),
    };
    let chosen = prepared
        .parts
        .iter()
        .filter(|part| entry.steps.contains(&part.step.name.it));
    let going = chosen.map(|part| {
        let step = &part.step.name.it;
        let going = match &part.body {
            Ok(body) if body.id == *own => Going::Here,
            Ok(body) if !agreed.contains(&body.id) => {
                by_hand(&body.name, "det finns inget avtal om ansökningar mellan er")
            }
            Ok(body) if !adoption_of(&body.id).is_some_and(|adoption| adoption.receptions.contains(own)) => {
                by_hand(&body.name, "mottagaren har inte utsett er till sin mottagning")
            }
            Ok(body) => Going::To(Box::new((*body).clone())),
            // The paper came here, and this body has adopted the step: until the place is known it is its own.
            Err(NoBody::PlaceUnknown) if adoption_of(own).is_some_and(|adoption| adoption.steps.contains(step)) => {
                Going::Here
            }
            Err(NoBody::PlaceUnknown) => by_hand("", "pappret säger inte i vilken kommun"),
            Err(NoBody::NotAdopted(name)) => by_hand(name, "mottagaren tar inte emot tjänsten digitalt"),
            Err(NoBody::Federation(_)) => by_hand("", "ingen i federationen har uppdraget"),
        };
        (part.step, going)
    });
    going.collect()
}

/// Signatures that belong together: one row of the document's *Underskrifter*.
pub struct Signing {
    needed: Needed,
    /// None of them ticked.
    pub lines: Vec<ByHand>,
}

/// Whose signatures the paper needs. `rule`: the company's firmateckning, where the body could read it.
pub fn signatures(pack: &Pack, prepared: &Prepared<'_>, entry: &Entry, rule: Option<&Rule>) -> Vec<Signing> {
    let facts = entry.draft.facts(pack);
    let mut all = Vec::new();
    for needed in rules::signers(pack, &facts, &prepared.setting, rule) {
        // What nobody knows yet to be needed covers no step; the paper applies for it all the same.
        if !needed.steps.is_empty() && !needed.steps.iter().any(|step| entry.steps.contains(step)) {
            continue;
        }
        let what = match &needed.signature {
            Some(id) => pack
                .text("sv", &format!("underskrift.{id}"))
                .unwrap_or(id.as_str())
                .to_owned(),
            None => "Den som ansöker".to_owned(),
        };
        let line = |what: &str, person: Option<&PersonId>| ByHand {
            what: what.to_owned(),
            person: person.map(|person| person.digits().to_owned()),
            signed: false,
        };
        let people = needed.people();
        let lines = match (&needed.who, &needed.signature) {
            (Who::Unknown(_), Some(_)) => vec![line(&format!("{what}: alla som ska skriva under"), None)],
            (Who::Unknown(_), None) => vec![line("Den eller de som får teckna firman", None)],
            _ => people.iter().map(|person| line(&what, Some(person))).collect(),
        };
        all.push(Signing { needed, lines });
    }
    all
}

impl Signing {
    /// As ticked: of those who may sign, where as many as are needed have, the others are not missing.
    pub fn ticked(&self, is_ticked: impl Fn(&ByHand) -> bool) -> Vec<ByHand> {
        let lines: Vec<ByHand> = self
            .lines
            .iter()
            .map(|line| ByHand {
                signed: is_ticked(line),
                ..line.clone()
            })
            .collect();
        let signed: BTreeSet<PersonId> = lines
            .iter()
            .filter(|line| line.signed)
            .filter_map(|line| PersonId::parse(line.person.as_deref()?).ok())
            .collect();
        let is_enough = self.needed.signed_by(&signed);
        lines.into_iter().filter(|line| line.signed || !is_enough).collect()
    }
}

/// Why the entry does not become cases.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    #[error(transparent)]
    Stopped(#[from] Stopped),
    #[error(transparent)]
    Sent(#[from] NotSent),
}

impl From<samverk_store::StoreError> for NotDone {
    fn from(why: samverk_store::StoreError) -> Self {
        Self::Stopped(Stopped::Store(why))
    }
}

fn ours(why: impl std::fmt::Display) -> NotDone {
    NotDone::Stopped(Stopped::Ours(why.to_string()))
}

/// What one step's body gets.
struct Sent {
    to: BodyId,
    facts: Vec<SentFact>,
    none_of: BTreeSet<Name>,
}

/// One step on its way.
struct Leaving {
    row: StepRow,
    outgoing: Outgoing,
    waits: bool,
}

/// Enters it. Gives the id of the first case that it became here.
#[expect(
    clippy::too_many_lines,
    reason = "one application after the other, then one transaction"
)]
pub async fn enter(
    ctx: &Ctx,
    node: &Arc<Node>,
    known: &Arc<KnownPack>,
    opened: Opened,
    prepared: &Prepared<'_>,
    plan: &[(&Step, Going)],
    entered: Entered,
) -> Result<String, NotDone> {
    let entry = &opened.entry;
    let draft = &entry.draft;
    let pack = &known.pack;
    let received_day = entered.received().map_err(|why| Stopped::Input(why.to_string()))?;
    let received_at = entered.arrived_by().map_err(|why| Stopped::Input(why.to_string()))?;
    if !plan.iter().any(|(_, going)| matches!(going, Going::Here)) {
        return Err(Stopped::Input(
            "Inget av stegen är ert. Lämna handlingen vidare till den som ska ha den.".to_owned(),
        )
        .into());
    }
    let keys = node
        .keys
        .get(&ctx.body)
        .ok_or_else(|| ours(format!("{} has no keys on this node", ctx.body)))?;
    let owner =
        PersonRef::of_digits(&draft.person, &draft.person_name).ok_or_else(|| ours("an entry without a person"))?;
    let files = files(node, &opened).await?;

    let mut sent: BTreeMap<Name, Sent> = BTreeMap::new();
    for (step, going) in plan {
        let to = match going {
            Going::Here => ctx.body.clone(),
            Going::To(body) => body.id.clone(),
            Going::ByHand { .. } => continue,
        };
        let part = prepared.parts.iter().find(|part| part.step.name.it == step.name.it);
        let (facts, none_of) = match part {
            Some(part) if part.needed.value() == Some(&true) => (part.facts.clone(), part.none_of.clone()),
            // It is applied for although the answers do not say that it is needed: its Underlag goes.
            _ => {
                let underlag = pack.underlag(step).into_iter().collect();
                (draft.sent(pack, &underlag), draft.none_of(pack, &underlag))
            }
        };
        let facts = facts.into_iter().map(|fact| from_paper(fact, &entered)).collect();
        sent.insert(step.name.it.clone(), Sent { to, facts, none_of });
    }
    let fingerprint = fingerprint(draft, &sent)?;
    let statement = Statement {
        submission: draft.id.clone(),
        body: ctx.body.clone(),
        service: draft.pack.clone(),
        version: draft.version,
        channel: entered.channel,
        arrival: entered.arrival.clone(),
        arrived: entered.arrived,
        received_day,
        entered_at: entered.at,
        entered_by: entered.by.clone(),
        paper_sha256: entered.paper_sha256.clone(),
        answers_sha256: fingerprint.clone(),
        steps: sent.iter().map(|(step, of)| (step.clone(), of.to.clone())).collect(),
    };
    let signed = sign_statement(keys.signing(), TYP_ENTERED, &statement).map_err(ours)?;

    let key = submission_key(node, &draft.id);
    let mut leaving = Vec::new();
    for (step, Sent { to, facts, none_of }) in &sent {
        let mut facts = facts.clone();
        for fact in &mut facts {
            // To another the register's answer goes with its proof; here it is our own exchange.
            if let Origin::Register { exchange, proof, .. } = &mut fact.origin
                && *to != ctx.body
            {
                let found = export::evidence(node, &ctx.body, Side::Consumer, exchange).await;
                *proof = Some(Box::new(found.map_err(ours)?));
            }
        }
        let application = Application {
            submission: draft.id.clone(),
            step: step.clone(),
            pack: draft.pack.clone(),
            version: draft.version,
            pack_sha256: known.sha256.clone(),
            host: ctx.body.clone(),
            applicant: submit::applicant(draft),
            language: draft.language.clone(),
            files: submit::own_files(&facts, &files),
            facts,
            none_of: none_of.clone(),
            received_at,
            received_day,
            answers_sha256: fingerprint.clone(),
            signed_by_login: String::new(),
            signatures: vec![],
            entered: Some(entered.clone()),
        };
        let payload = serde_json::to_value(&application).map_err(ours)?;
        let message = node.chance.id(ctx.at.instant).to_string();
        // The body's own paper has come in and is registered at once (OSL 5 kap. 1 §), whatever it waits for.
        let after = pack.step(step).and_then(|listed| listed.after.as_ref());
        let waits = *to != ctx.body
            && after.is_some_and(|after| sent.contains_key(&after.it.step) && after.it.event != AfterEvent::Submitted);
        leaving.push(Leaving {
            row: StepRow {
                submission: draft.id.clone(),
                step: step.to_string(),
                body: to.to_string(),
                delivery: if waits { Delivery::Waiting } else { Delivery::Sending },
                waits_for: after
                    .filter(|_| waits)
                    .map(|after| format!("{:?} {}", after.it.event, after.it.step)),
                closed_because: None,
                message: message.clone(),
                application: Some(key.close(message.as_bytes(), payload.to_string().as_bytes(), &node.chance)),
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
                to: to.clone(),
                matter: draft.id.clone(),
                payload,
                subjects: submit::subjects_of(draft),
                by: format!("Ansökan {}", entered.provenance()),
            },
            waits,
        });
    }
    let kept = Kept {
        draft: draft.clone(),
        sent: sent.into_iter().map(|(step, of)| (step, of.facts)).collect(),
        signatures: vec![],
        entered: Some(entered.clone()),
    };
    let contents = serde_json::to_vec(&kept).map_err(ours)?;
    let row = Submission {
        id: draft.id.clone(),
        owner: Owner::of(&node.secret, &owner).mark,
        pack: draft.pack.to_string(),
        version: draft.version,
        received_at,
        received_day,
        answers_sha256: fingerprint,
        contents: key.close(draft.id.as_bytes(), &contents, &node.chance),
        receipt: signed,
    };
    let closed_files: Vec<(String, Vec<u8>)> = files
        .iter()
        .filter(|(sha256, _)| entered.paper_sha256.as_ref() != Some(*sha256))
        .map(|(sha256, bytes)| (sha256.clone(), key.close(sha256.as_bytes(), bytes, &node.chance)))
        .collect();
    let paper = entry.paper.clone().and_then(|paper| {
        let bytes = files.get(&paper.sha256)?.clone();
        Some((paper, bytes))
    });
    let subjects = submit::subjects_of(draft);
    let matter = Matter::of(ctx, node, draft.pack.as_str(), draft.version, &draft.id);
    let (ctx, own, id, revision) = (ctx.clone(), Arc::clone(node), draft.id.clone(), opened.revision);
    let known = Arc::clone(known);
    node.store
        .run("assisted.enter", move |tx| {
            if !table::remove(tx, &id, revision)? {
                return Err(NotDone::Stopped(Stopped::Stale));
            }
            crate::library::pin(tx, &known, ctx.at.instant)?;
            submissions::keep(tx, &row)?;
            for (sha256, bytes) in &closed_files {
                submissions::keep_file(tx, &row.id, sha256, bytes)?;
            }
            record::keep(&ctx, tx, &own, &entered, &row.id, &subjects, &row.receipt)?;
            for step in &leaving {
                submissions::keep_step(tx, &step.row)?;
            }
            for step in leaving.iter().filter(|step| !step.waits) {
                exchange::send(&ctx, tx, &own, &step.outgoing)?;
            }
            note(&ctx, tx, &own, &matter, &Happened::once(Kind::Submitted).assisted())?;
            let mut first = None;
            for step in leaving.iter().filter(|step| step.outgoing.to == ctx.body) {
                let case = cases::by_origin(
                    tx,
                    &ctx.body,
                    cases::Kind::Application,
                    &ctx.body,
                    &row.id,
                    &step.row.step,
                )?;
                let Some(case) = case else { continue };
                if let Some((paper, bytes)) = &paper {
                    keep_paper(&ctx, tx, &own, &case, "Pappersansökan, inläst", paper, bytes)?;
                }
                first.get_or_insert(case.id);
            }
            first.ok_or_else(|| ours("an entry became no case"))
        })
        .await
}

/// The scanned paper among the case's documents, of the day it came in.
pub(super) fn keep_paper(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    case: &cases::Row,
    title: &str,
    paper: &samverk_domain::fact::Attachment,
    bytes: &[u8],
) -> Result<(), Stopped> {
    let id = node.chance.token();
    let attached = Attached {
        format: paper.format.clone(),
        bytes: URL_SAFE_NO_PAD.encode(bytes),
    };
    let contents = close(
        node,
        &case.body,
        &case.id,
        &format!("document/{id}"),
        &boxed(&attached)?,
    )?;
    documents::keep(
        tx,
        &documents::Document {
            id,
            case_id: case.id.clone(),
            kind: "received".to_owned(),
            name: FILE.to_owned(),
            title: title.to_owned(),
            party: true,
            at: ctx.at.instant,
            day: ctx.at.day,
            contents,
        },
    )?;
    Ok(())
}

/// What would be the person's own word from a session is here the paper's, as the official has read it.
fn from_paper(mut fact: SentFact, entered: &Entered) -> SentFact {
    let instead_of = match &fact.origin {
        Origin::Applicant | Origin::Login | Origin::Represented => None,
        Origin::ApplicantInstead { register, .. } => Some(register.clone()),
        _ => return fact,
    };
    fact.origin = Origin::Entered {
        by: entered.by.clone(),
        at: entered.at,
        channel: entered.channel,
        instead_of,
    };
    fact
}

/// SHA-256 over canonical JSON of what each body gets.
fn fingerprint(draft: &crate::services::draft::Draft, sent: &BTreeMap<Name, Sent>) -> Result<String, NotDone> {
    let steps: BTreeMap<&str, _> = sent
        .iter()
        .map(|(step, of)| (step.as_str(), gets(of.to.as_str(), &of.facts, &of.none_of)))
        .collect();
    let whole = json!({ "draft": draft.id, "service": draft.pack, "version": draft.version, "steps": steps });
    let hash = samverk_wire::jcs::hash_of(&whole).map_err(ours)?;
    Ok(URL_SAFE_NO_PAD.encode(hash))
}

async fn files(node: &Arc<Node>, opened: &Opened) -> Result<BTreeMap<String, Vec<u8>>, NotDone> {
    let wanted = opened.entry.files();
    let (own, id) = (Arc::clone(node), opened.entry.draft.id.clone());
    node.store
        .read("assisted.files", move |tx| {
            let it = entry::read(tx, &own, &id)?.ok_or(Stopped::Stale)?;
            let mut out = BTreeMap::new();
            for sha256 in &wanted {
                if let Some(bytes) = entry::file(tx, &own, &it, sha256)? {
                    out.insert(sha256.clone(), bytes);
                }
            }
            Ok(out)
        })
        .await
}
