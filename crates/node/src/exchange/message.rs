//! Messages between bodies: applications, referrals, status, letters' notices. Sent at least once, handled once.
//!
//! A capability hands a message over in its own transaction ([`send`]); a job signs and delivers it until the receiver's signed
//! receipt is here. The receiver handles it in the transaction that remembers it, and answers the same receipt every time.
//! Which capability handles which kind stands in [`HANDLERS`].
//!
//! Always true: a message without a contract for its kind is not even queued; both sides hold the other's signature on what
//! was handed over; the receipt is signed after the commit that holds the message.

use std::sync::Arc;

use jiff::Timestamp;
use samverk_domain::terms::{BodyId, Message, MessageKind, Receipt, Refused, Side, SignedHttp, Subject};
use samverk_store::exchanges::{self, Begun, Ended, State};
use samverk_store::inbox::{self, Arrival};
use samverk_store::jobs::{self, Job};
use samverk_store::{StoreError, Tx, terms};
use samverk_wire::{base64, digest, jcs};
use serde::{Deserialize, Serialize};

use super::contents::{ExchangeKey, Place, subject_mark};
use super::contracts::{self, Need, NoTerms};
use super::log::{self, Said};
use super::microseconds;
use super::transport::{self, NoResponse};
use crate::cases::{reception, referrals};
use crate::ctx::{Actor, Basis, Ctx, Ground, TraceId};
use crate::jobs::NotDone;
use crate::node::Node;
use crate::services::inbound;
use crate::trust::contract::{self, VerifiedContract};
use crate::trust::current::NoFederation;
use crate::trust::evidence::{check_message, check_receipt};
use crate::trust::federation::endpoint;
use crate::trust::message::{self, Citation, Fresh, VerifiedRequest, signature_sha256};
use crate::trust::read_payload;

/// The job that delivers a message.
pub const DELIVER: &str = "exchange.deliver";
const RECEIPT_BYTES_MAX: usize = 16 << 10;

/// How a capability takes messages of one kind. All functions bear being called in a transaction that is rolled back.
#[derive(Clone, Copy)]
pub struct Handler {
    pub kind: MessageKind,
    /// Whom it is about, for insight.
    pub subjects: fn(&Message) -> Vec<Subject>,
    /// Takes it in, once. The context's body is the receiver, its actor the sender.
    pub receive: fn(&Ctx, &mut Tx, &Node, &Message) -> Result<(), NotTaken>,
    /// At the sender: the receiver's receipt is here.
    pub delivered: fn(&Ctx, &mut Tx, &Node, &Message, &Receipt) -> Result<(), StoreError>,
}

/// Every kind of message that this node takes or sends, one each. A capability adds its own here.
pub static HANDLERS: &[Handler] = &[
    inbound::STATUS,
    inbound::COMPLETION_REQUEST,
    inbound::HEARING,
    inbound::LETTER_NOTICE,
    reception::APPLICATION,
    reception::COMPLETION,
    reception::HEARING_ANSWER,
    reception::OPINION,
    reception::DECISION_COPY,
    referrals::REFERRAL,
];

fn handler(handlers: &'static [Handler], kind: MessageKind) -> Option<&'static Handler> {
    handlers.iter().find(|handler| handler.kind == kind)
}

/// Why a message is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// Sending it again is useless. Told to the sender, signed.
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Our fault; the sender tries again.
    #[error("{0}")]
    Ours(String),
}

/// Why a message is not queued.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    #[error(transparent)]
    NoTerms(#[from] NoTerms),
    #[error("{0} is not in the federation")]
    NoReceiver(BodyId),
    #[error(transparent)]
    Federation(#[from] NoFederation),
    #[error("the message cannot be written: {0}")]
    Unwritable(String),
    /// The sender is the receiver, and does not take it.
    #[error("the body does not take its own message: {0}")]
    AtHome(NotTaken),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A message to be sent by the context's body for the context's purpose.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// UUIDv7; the same id is sent once.
    pub id: String,
    pub kind: MessageKind,
    pub to: BodyId,
    /// Reference of the matter at the sender; never an identity number.
    pub matter: String,
    pub payload: serde_json::Value,
    /// Whom it is about, for insight.
    pub subjects: Vec<Subject>,
    /// Which function sends it, for insight.
    pub by: String,
}

#[derive(Serialize, Deserialize)]
struct Due {
    body: BodyId,
    id: String,
}

/// Hands a message over for delivery, in the transaction of whatever it follows from.
pub fn send(ctx: &Ctx, tx: &mut Tx, node: &Node, outgoing: &Outgoing) -> Result<(), NotSent> {
    let now = microseconds(ctx.at.instant);
    if outgoing.to == ctx.body {
        return at_home(ctx, tx, node, outgoing);
    }
    if exchanges::exchange(tx, &ctx.body, Side::Consumer, &outgoing.id)?.is_some() {
        return Ok(());
    }
    let federation = node.federation.view(now)?;
    if federation.body(&outgoing.to).is_none() {
        return Err(NotSent::NoReceiver(outgoing.to.clone()));
    }
    let contract = contracts::find(ctx, tx, &federation, &outgoing.to, &Need::Message(outgoing.kind))?;
    let sent = Message {
        id: outgoing.id.clone(),
        kind: outgoing.kind,
        from: ctx.body.clone(),
        to: outgoing.to.clone(),
        contract_hash: contract.hash().to_owned(),
        purpose: ctx.ground.purpose.clone(),
        matter: outgoing.matter.clone(),
        sent_at: now,
        payload: outgoing.payload.clone(),
    };
    let bytes = jcs::canonical_of(&sent).map_err(|why| NotSent::Unwritable(why.to_string()))?;
    if bytes.len() > message::BODY_BYTES_MAX {
        return Err(NotSent::Unwritable(format!(
            "it is larger than {} bytes",
            message::BODY_BYTES_MAX
        )));
    }
    let beginning = Beginning {
        side: Side::Consumer,
        message: &sent,
        bytes: &bytes,
        contract: &contract,
        subjects: &outgoing.subjects,
        by: &outgoing.by,
    };
    beginning.keep(tx, node)?;
    let due = Due {
        body: ctx.body.clone(),
        id: sent.id.clone(),
    };
    let payload = serde_json::to_string(&due).expect("texts are always JSON");
    jobs::enqueue(tx, DELIVER, &format!("{}/{}", due.body, due.id), &payload, now)?;
    Ok(())
}

/// A body that is its own reception: nothing leaves it, so there is neither contract nor exchange, and what the message says is
/// taken in by the same function as another's, in the transaction of whatever it follows from.
fn at_home(ctx: &Ctx, tx: &mut Tx, node: &Node, outgoing: &Outgoing) -> Result<(), NotSent> {
    let now = microseconds(ctx.at.instant);
    let Some(handler) = handler(HANDLERS, outgoing.kind) else {
        return Ok(());
    };
    let message = Message {
        id: outgoing.id.clone(),
        kind: outgoing.kind,
        from: ctx.body.clone(),
        to: ctx.body.clone(),
        contract_hash: String::new(),
        purpose: ctx.ground.purpose.clone(),
        matter: outgoing.matter.clone(),
        sent_at: now,
        payload: outgoing.payload.clone(),
    };
    let own = Ctx {
        who: Actor::Body(ctx.body.clone()),
        ..ctx.clone()
    };
    (handler.receive)(&own, tx, node, &message).map_err(|why| match why {
        NotTaken::Store(why) => NotSent::Store(why),
        why => NotSent::AtHome(why),
    })?;
    let receipt = Receipt {
        message_id: message.id.clone(),
        by: ctx.body.clone(),
        received_at: now,
        message_sha256: String::new(),
    };
    (handler.delivered)(&own, tx, node, &message, &receipt)?;
    Ok(())
}

/// The job: delivers one message and keeps the receipt.
pub async fn deliver(node: Arc<Node>, job: Job) -> Result<(), NotDone> {
    deliver_with(HANDLERS, node, job).await
}

pub(super) async fn deliver_with(handlers: &'static [Handler], node: Arc<Node>, job: Job) -> Result<(), NotDone> {
    let later = |why: &dyn std::fmt::Display| NotDone::Later(why.to_string());
    let never = |why: &dyn std::fmt::Display| NotDone::Never(why.to_string());
    let due: Due = serde_json::from_str(&job.payload).map_err(|why| never(&why))?;
    let now = microseconds(node.clock.now());
    let federation = node.federation.view(now).map_err(|why| later(&why))?;
    let keys = node
        .keys
        .get(&due.body)
        .ok_or_else(|| never(&"the sender is not a body of this node"))?;

    let Some((bytes, contract)) = waiting(&node, &due).await? else {
        return Ok(());
    };
    let sent: Message = read_payload(&bytes).map_err(|why| never(&why))?;
    let contract = contract::verify(contract, &federation).map_err(|why| never(&why))?;
    let to = federation
        .body(&sent.to)
        .ok_or_else(|| later(&format!("{} is not in the federation now", sent.to)))?;
    let citation = Citation {
        contract_hash: sent.contract_hash.clone(),
        purpose: sent.purpose.clone(),
        matter: sent.matter.clone(),
    };
    let fresh = Fresh {
        now,
        nonce: node.chance.token(),
    };
    let target = format!("{}/meddelande", endpoint(to));
    let request = message::sign_request(keys, &target, &citation, &bytes, &fresh).map_err(|why| never(&why))?;
    let response = match transport::send(&node, &federation, &sent.to, &request, RECEIPT_BYTES_MAX).await {
        Ok(response) => response,
        // What was said no to for now is asked again; the rest is for a person to look at.
        Err(NoResponse::Refused(
            _,
            why @ (Refused::Rate | Refused::NotValidNow | Refused::NoContract | Refused::NotAdopted),
        )) => {
            return Err(later(&format!("{} refused: {why}", sent.to)));
        }
        Err(why @ NoResponse::Refused(..)) => {
            refused(&node, &due, now).await?;
            return Err(never(&why));
        }
        Err(why) => return Err(later(&why)),
    };
    let receipt: Receipt = read_payload(response.body()).map_err(|why| later(&why))?;
    check_receipt(&sent, &receipt, &bytes).map_err(|why| later(&why))?;

    let ctx = Ctx {
        who: Actor::System,
        body: due.body.clone(),
        ground: Ground {
            basis: Basis::Operation,
            purpose: sent.purpose.clone(),
        },
        at: crate::clock::Moment::at(now),
        trace: TraceId::new(&node.chance),
    };
    let own = Arc::clone(&node);
    node.store
        .run("exchange.delivered", move |tx| {
            let handed = Handed {
                side: Side::Consumer,
                message: &sent,
                contract: &contract,
                request: &request,
                response: response.http(),
                at: now,
            };
            if handed.end(tx, &own)?
                && let Some(handler) = handler(handlers, sent.kind)
            {
                (handler.delivered)(&ctx, tx, &own, &sent, &receipt)?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .map_err(NotDone::from)
}

/// The message that still waits, with its contract.
async fn waiting(
    node: &Arc<Node>,
    due: &Due,
) -> Result<Option<(Vec<u8>, samverk_domain::terms::SignedContract)>, NotDone> {
    let (own, body, id) = (Arc::clone(node), due.body.clone(), due.id.clone());
    node.store
        .read("exchange.waiting", move |tx| {
            let waits =
                exchanges::exchange(tx, &body, Side::Consumer, &id)?.filter(|exchange| exchange.state == State::Begun);
            let (Some(exchange), Some(sealed)) = (waits, exchanges::sealed(tx, &body, Side::Consumer, &id)?) else {
                return Ok(None);
            };
            let place = Place {
                body: &body,
                side: Side::Consumer,
                id: &id,
            };
            let broken = || NotDone::Never("the message does not open; was keys/node.secret replaced?".to_owned());
            let key = ExchangeKey::unwrap(&own, place, &sealed).map_err(|_| broken())?;
            let bytes = key.open_request(place, &sealed).map_err(|_| broken())?;
            let contract = terms::contract(tx, &exchange.contract_hash)?
                .ok_or_else(|| NotDone::Never("the message's contract is gone".to_owned()))?;
            Ok(Some((bytes, contract)))
        })
        .await
}

async fn refused(node: &Node, due: &Due, now: Timestamp) -> Result<(), NotDone> {
    let (body, id) = (due.body.clone(), due.id.clone());
    let ended = Ended {
        state: State::Refused,
        response_signature_sha256: None,
        response: None,
        log_index: None,
        at: now,
    };
    let done: Result<bool, StoreError> = node
        .store
        .run("exchange.refused", move |tx| {
            exchanges::end(tx, &body, Side::Consumer, &id, &ended)
        })
        .await;
    done?;
    Ok(())
}

/// A signed message that stands on a contract of its signer. Only [`Addressed::check`] makes one.
#[derive(Debug)]
pub struct Addressed {
    request: VerifiedRequest,
    message: Message,
    contract: VerifiedContract,
}

impl Addressed {
    pub fn check(
        request: VerifiedRequest,
        contract: VerifiedContract,
        receiver: &BodyId,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let message: Message = read_payload(request.body()).map_err(|_| Refused::Contents)?;
        if message.to != *receiver || request.citation().contract_hash != contract.hash() {
            return Err(Refused::WrongContract);
        }
        if request.citation().purpose != message.purpose {
            return Err(Refused::Purpose);
        }
        check_message(&message, &request, &contract)?;
        if !contract.holds_at(now) {
            return Err(Refused::NotValidNow);
        }
        Ok(Self {
            request,
            message,
            contract,
        })
    }

    pub fn contract(&self) -> &VerifiedContract {
        &self.contract
    }
}

/// Takes a message in, or says again what was said the first time. Gives the signed receipt.
pub fn receive(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    handlers: &'static [Handler],
    addressed: &Addressed,
) -> Result<SignedHttp, NotTaken> {
    let now = ctx.at.instant;
    let (message, contract) = (&addressed.message, &addressed.contract);
    let keys = node
        .keys
        .get(&ctx.body)
        .ok_or_else(|| NotTaken::Ours(format!("{} has no keys on this node", ctx.body)))?;
    let bytes = addressed.request.body();
    let sha256 = digest::sha256(bytes);
    let arrival = inbox::first_time(tx, &ctx.body, &message.id, &sha256, now)?;
    let receipt = match &arrival {
        Arrival::Conflict => return Err(Refused::Replay.into()),
        Arrival::Again { receipt } => receipt
            .clone()
            .ok_or_else(|| NotTaken::Ours("a message was taken in without receipt".to_owned()))?,
        Arrival::First => {
            // An ended contract takes nothing new; a receipt that was given is given again.
            if let Some(end) = terms::revocation(tx, contract.hash())?
                && end.at <= now
            {
                return Err(Refused::Revoked.into());
            }
            let receipt = Receipt {
                message_id: message.id.clone(),
                by: ctx.body.clone(),
                received_at: now,
                message_sha256: base64::url(&sha256),
            };
            let receipt = jcs::canonical_of(&receipt).map_err(|why| NotTaken::Ours(why.to_string()))?;
            String::from_utf8(receipt).map_err(|why| NotTaken::Ours(why.to_string()))?
        }
    };
    let fresh = Fresh {
        now,
        nonce: node.chance.token(),
    };
    let request = addressed.request.http();
    let response = message::sign_response(keys, request, 200, receipt.as_bytes(), &fresh)
        .map_err(|why| NotTaken::Ours(why.to_string()))?;
    let handed = Handed {
        side: Side::Provider,
        message,
        contract,
        request,
        response: &response,
        at: now,
    };
    if arrival == Arrival::First {
        let handler = handler(handlers, message.kind)
            .ok_or_else(|| NotTaken::Ours(format!("this node does not handle {:?}", message.kind)))?;
        (handler.receive)(ctx, tx, node, message)?;
        inbox::keep_receipt(tx, &ctx.body, &message.id, &receipt)?;
        let beginning = Beginning {
            side: Side::Provider,
            message,
            bytes,
            contract,
            subjects: &(handler.subjects)(message),
            by: "",
        };
        beginning.keep(tx, node)?;
        handed.end(tx, node)?;
    } else {
        // Signed anew for the new request, hence a record of its own.
        handed.seal(tx, node)?;
    }
    Ok(response)
}

/// What is known when a message begins its way, on either side.
struct Beginning<'a> {
    side: Side,
    message: &'a Message,
    bytes: &'a [u8],
    contract: &'a VerifiedContract,
    subjects: &'a [Subject],
    by: &'a str,
}

impl Beginning<'_> {
    /// Keeps it, with the message encrypted.
    fn keep(&self, tx: &mut Tx, node: &Node) -> Result<(), StoreError> {
        let (message, contract) = (self.message, self.contract.contract());
        let (body, peer) = sides(self.side, self.contract);
        let place = Place {
            body,
            side: self.side,
            id: &message.id,
        };
        let key = ExchangeKey::new(node, place);
        let ground = match self.side {
            Side::Provider => &contract.offer.disclosure_ground,
            Side::Consumer => &contract.processing_ground,
        };
        let mark = |subject| subject_mark(node, body, subject);
        exchanges::begin(
            tx,
            &Begun {
                body: body.clone(),
                side: self.side,
                id: message.id.clone(),
                peer: peer.clone(),
                contract_hash: self.contract.hash().to_owned(),
                what: kind_text(message.kind),
                fields: vec![],
                purpose: message.purpose.clone(),
                ground: ground.clone(),
                matter: message.matter.clone(),
                asked_by: self.by.to_owned(),
                request_signature_sha256: None,
                request: key.close_request(node, place, self.bytes),
                wrapped_key: key.wrapped.clone(),
                subjects: self.subjects.iter().filter_map(mark).collect(),
                at: message.sent_at,
            },
        )
    }
}

/// A message that was handed over: both sides' signatures are here.
struct Handed<'a> {
    side: Side,
    message: &'a Message,
    contract: &'a VerifiedContract,
    request: &'a SignedHttp,
    response: &'a SignedHttp,
    at: Timestamp,
}

impl Handed<'_> {
    /// Seals the record and keeps both signed messages. `false`: it had ended before.
    fn end(&self, tx: &mut Tx, node: &Node) -> Result<bool, StoreError> {
        let (body, _) = sides(self.side, self.contract);
        let id = &self.message.id;
        let place = Place {
            body,
            side: self.side,
            id,
        };
        let open = exchanges::exchange(tx, body, self.side, id)?.is_some_and(|e| e.state == State::Begun);
        let (true, Some(sealed)) = (open, exchanges::sealed(tx, body, self.side, id)?) else {
            return Ok(false);
        };
        let key = ExchangeKey::unwrap(node, place, &sealed)
            .map_err(|why| StoreError::Engine(format!("{why}; was keys/node.secret replaced?")))?;
        let log_index = self.seal(tx, node)?;
        let ended = Ended {
            state: State::Answered,
            response_signature_sha256: Some(signature_sha256(self.response)),
            response: Some(key.close_signed(node, place, self.request, self.response)),
            log_index: Some(log_index),
            at: self.at,
        };
        exchanges::end(tx, body, self.side, id, &ended)
    }

    fn seal(&self, tx: &mut Tx, node: &Node) -> Result<u64, StoreError> {
        let (body, peer) = sides(self.side, self.contract);
        log::seal(
            tx,
            node,
            &Said {
                exchange: &self.message.id,
                side: self.side,
                body,
                peer,
                contract_hash: self.contract.hash(),
                request: self.request,
                response: self.response,
                at: self.at,
            },
        )
    }
}

fn sides(side: Side, contract: &VerifiedContract) -> (&BodyId, &BodyId) {
    match side {
        Side::Provider => (contract.provider(), contract.consumer()),
        Side::Consumer => (contract.consumer(), contract.provider()),
    }
}

/// The kind's name in JSON: `completion_request`.
pub fn kind_text(kind: MessageKind) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(text)) => text,
        _ => format!("{kind:?}"),
    }
}
