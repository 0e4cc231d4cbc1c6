//! The provider's side of a question: is it within a contract, has it been asked before, what does the register say, and log
//! before a byte of it leaves.
//!
//! Always true: an answer is made only out of a [`Contracted`] question, and only of its fields, so a field that the contract
//! does not name has no way out; reading, record and messages are one transaction, and the answer leaves after its commit;
//! the same id asked again is answered with what was said the first time, and with other contents it is refused.

use std::collections::BTreeMap;

use jiff::Timestamp;
use samverk_domain::fact::Name;
use samverk_domain::terms::{Answer, Ask, BodyId, FieldAnswer, Refused, Side, SignedHttp, ask_within};
use samverk_store::exchanges;
use samverk_store::{StoreError, Tx, terms};
use samverk_wire::{base64, jcs};

use super::ask::Whole;
use super::contents::{ExchangeKey, Place};
use super::log::{self, Said};
use crate::ctx::Ctx;
use crate::node::Node;
use crate::registers;
use crate::trust::contract::VerifiedContract;
use crate::trust::evidence::near;
use crate::trust::message::{self, Fresh, VerifiedRequest};
use crate::trust::read_payload;

/// Why nothing is disclosed.
#[derive(Debug, thiserror::Error)]
pub enum NotGiven {
    /// Told to the asker, signed.
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Our fault.
    #[error("{0}")]
    Ours(String),
}

/// A signed question that lies within a contract of its signer. Only [`Contracted::check`] makes one.
#[derive(Debug)]
pub struct Contracted {
    request: VerifiedRequest,
    ask: Ask,
    contract: VerifiedContract,
}

impl Contracted {
    /// Everything that can be decided without the store: who asks whom, under which contract, for which fields and purpose.
    pub fn check(
        request: VerifiedRequest,
        contract: VerifiedContract,
        provider: &BodyId,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let ask: Ask = read_payload(request.body()).map_err(|_| Refused::Contents)?;
        let citation = request.citation();
        if ask.consumer != *request.signer() || ask.matter != citation.matter || ask.purpose != citation.purpose {
            return Err(Refused::Signature);
        }
        if contract.provider() != provider
            || ask.contract_hash != contract.hash()
            || citation.contract_hash != contract.hash()
        {
            return Err(Refused::WrongContract);
        }
        if !contract.holds_at(now) {
            return Err(Refused::NotValidNow);
        }
        if !near(ask.asked_at, request.created()) {
            return Err(Refused::Replay);
        }
        ask_within(contract.contract(), &ask)?;
        Ok(Self { request, ask, contract })
    }

    pub fn contract(&self) -> &VerifiedContract {
        &self.contract
    }

    /// What the register says of exactly the fields asked for.
    fn read(&self, tx: &mut Tx, at: Timestamp) -> Result<BTreeMap<Name, FieldAnswer>, StoreError> {
        let mut said = registers::answer(
            tx,
            self.contract.provider(),
            &self.ask.register,
            &self.ask.subject,
            &self.ask.fields,
            at,
        )?;
        said.retain(|field, _| self.ask.fields.contains(field));
        Ok(said)
    }
}

/// Answers. The context's body is the provider.
pub fn answer(ctx: &Ctx, tx: &mut Tx, node: &Node, question: &Contracted) -> Result<SignedHttp, NotGiven> {
    let now = ctx.at.instant;
    let (ask, contract) = (&question.ask, &question.contract);
    let keys = node
        .keys
        .get(&ctx.body)
        .ok_or_else(|| NotGiven::Ours(format!("{} has no keys on this node", ctx.body)))?;
    if let Some(end) = terms::revocation(tx, contract.hash())?
        && end.at <= now
    {
        return Err(Refused::Revoked.into());
    }
    let before = said_before(ctx, tx, node, ask)?;
    let is_new = before.is_none();
    let answer = Answer {
        id: ask.id.clone(),
        provider: ctx.body.clone(),
        contract_hash: contract.hash().to_owned(),
        answered_at: now,
        fields: match before {
            Some(fields) => fields,
            None => question.read(tx, now)?,
        },
    };
    let fresh = Fresh {
        now,
        nonce: node.chance.token(),
    };
    let body = jcs::canonical_of(&answer).map_err(|why| NotGiven::Ours(why.to_string()))?;
    let request = question.request.http();
    let response =
        message::sign_response(keys, request, 200, &body, &fresh).map_err(|why| NotGiven::Ours(why.to_string()))?;
    if is_new {
        let whole = Whole {
            body: &ctx.body,
            side: Side::Provider,
            peer: question.request.signer(),
            ground: &contract.contract().offer.disclosure_ground,
            asked: ask,
            request,
            response: &response,
            at: now,
        };
        whole.keep(tx, node)?;
    } else {
        // Signed anew for the new request, hence a record of its own.
        log::seal(
            tx,
            node,
            &Said {
                exchange: &ask.id,
                side: Side::Provider,
                body: &ctx.body,
                peer: question.request.signer(),
                contract_hash: contract.hash(),
                request,
                response: &response,
                at: now,
            },
        )?;
    }
    Ok(response)
}

/// What this id was answered before. The same id with another question is refused: it would be a question without a record.
fn said_before(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    ask: &Ask,
) -> Result<Option<BTreeMap<Name, FieldAnswer>>, NotGiven> {
    let Some(exchange) = exchanges::exchange(tx, &ctx.body, Side::Provider, &ask.id)? else {
        return Ok(None);
    };
    if exchange.peer != ask.consumer {
        return Err(Refused::Replay.into());
    }
    // What was disposed of cannot be said again.
    let sealed = exchanges::sealed(tx, &ctx.body, Side::Provider, &ask.id)?.ok_or(Refused::Replay)?;
    let broken = || NotGiven::Ours("an exchange in the store does not open; was keys/node.secret replaced?".to_owned());
    let place = Place {
        body: &ctx.body,
        side: Side::Provider,
        id: &ask.id,
    };
    let key = ExchangeKey::unwrap(node, place, &sealed).map_err(|_| broken())?;
    let first = key.open_request(place, &sealed).map_err(|_| broken())?;
    let first: Ask = read_payload(&first).map_err(|_| broken())?;
    let same = Ask {
        asked_at: first.asked_at,
        ..ask.clone()
    };
    if first != same {
        return Err(Refused::Replay.into());
    }
    let signed = key.open_signed(place, &sealed).map_err(|_| broken())?;
    let bytes = base64::from_url(&signed.response.body).map_err(|_| broken())?;
    let answer: Answer = read_payload(&bytes).map_err(|_| broken())?;
    Ok(Some(answer.fields))
}
