//! Contracts in use: found for a question, made within a published offer, ended by either party.
//!
//! Always true: a contract from the store is verified again before it counts; the provider signs only within an offer of its
//! own that the federation publishes; an ended contract is never signed again; an end counts from the moment it is known.

use std::collections::BTreeSet;

use samverk_domain::fact::Name;
use samverk_domain::terms::{BodyId, Contract, MessageKind, Offer, Offered, Revocation, SignedContract};
use samverk_store::jobs::Job;
use samverk_store::{StoreError, Tx, jobs, terms};
use serde::{Deserialize, Serialize};

use super::microseconds;
use crate::ctx::Ctx;
use crate::jobs::NotDone;
use crate::node::Node;
use crate::trust::contract::{self, Acceptance, NoContract, VerifiedContract};
use crate::trust::current::NoFederation;
use crate::trust::federation::{FederationView, Statement, endpoint};

/// A contract with its offer and three signatures is a few kilobytes.
pub const CONTRACT_BYTES_MAX: usize = 256 << 10;
/// The job that tells the other party that a contract has ended.
pub const TELL_END: &str = "exchange.tell_end";

/// Why there is no contract to stand on.
#[derive(Debug, thiserror::Error)]
pub enum NoTerms {
    /// Nothing that fits was ever agreed, or its time is out. Make one ([`agree`]).
    #[error("{consumer} has no contract with {provider} that covers this")]
    Nothing { consumer: BodyId, provider: BodyId },
    /// There was one, and a party has ended it.
    #[error("the contract was ended by {} on {}: {}", .0.by, .0.at, .0.reason)]
    Revoked(Revocation),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What must be covered.
#[derive(Clone, Debug)]
pub enum Need<'a> {
    Field {
        register: &'a Name,
        field: &'a Name,
        mode: samverk_domain::terms::Mode,
    },
    Message(MessageKind),
}

impl Need<'_> {
    fn register(&self) -> Option<&Name> {
        match self {
            Self::Field { register, .. } => Some(register),
            Self::Message(_) => None,
        }
    }

    fn covered_by(&self, contract: &Contract) -> bool {
        match (self, &contract.offer.what) {
            (
                Self::Field { register, field, mode },
                Offered::Register {
                    register: kept, modes, ..
                },
            ) => *register == kept && contract.fields.contains(*field) && modes.contains(mode),
            (Self::Message(kind), Offered::Reception { messages }) => messages.contains(kind),
            _ => false,
        }
    }
}

/// Finds a contract of the context's body with the provider, for the context's purpose, that covers the need and holds now.
pub fn find(
    ctx: &Ctx,
    tx: &mut Tx,
    federation: &Statement,
    provider: &BodyId,
    need: &Need<'_>,
) -> Result<VerifiedContract, NoTerms> {
    let now = ctx.at.instant;
    let fits = |contract: &Contract| contract.purpose == ctx.ground.purpose && need.covered_by(contract);
    for signed in terms::contracts_between(tx, &ctx.body, provider, need.register(), now)? {
        if !fits(&signed.contract) {
            continue;
        }
        match contract::verify(signed, federation) {
            Ok(contract) => return Ok(contract),
            Err(why) => tracing::warn!(%why, "a contract in the store does not hold and is not used"),
        }
    }
    for signed in terms::contracts_of(tx, &ctx.body)? {
        if signed.contract.offer.provider == *provider
            && fits(&signed.contract)
            && let Some(end) = terms::revocation(tx, &signed.hash)?
        {
            return Err(NoTerms::Revoked(end));
        }
    }
    Err(NoTerms::Nothing {
        consumer: ctx.body.clone(),
        provider: provider.clone(),
    })
}

/// What a consumer wants to agree on.
#[derive(Clone, Debug)]
pub struct Wish {
    pub provider: BodyId,
    pub what: Wanted,
    /// Pack slug.
    pub purpose: String,
    /// Lagrum.
    pub processing_ground: String,
}

#[derive(Clone, Debug)]
pub enum Wanted {
    Fields { register: Name, fields: BTreeSet<Name> },
    Reception(BTreeSet<MessageKind>),
}

/// Why nothing was agreed.
#[derive(Debug, thiserror::Error)]
pub enum NotAgreed {
    #[error("{0} publishes no offer that covers this")]
    NoOffer(BodyId),
    #[error("{0} is not a body of this node")]
    NotOurs(BodyId),
    #[error(transparent)]
    Federation(#[from] NoFederation),
    #[error(transparent)]
    Contract(#[from] NoContract),
    #[error("{0} did not sign: {1}")]
    NotSigned(BodyId, String),
    #[error("the contract was ended by {} on {}: {}", .0.by, .0.at, .0.reason)]
    Ended(Revocation),
    #[error("there is no such contract here")]
    Unknown,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a contract for the context's body within an offer that the provider publishes, and has the provider sign it.
pub async fn agree(ctx: &Ctx, node: &Node, wish: &Wish) -> Result<VerifiedContract, NotAgreed> {
    let now = microseconds(ctx.at.instant);
    let federation = node.federation.view(now)?;
    let consumer = node
        .keys
        .get(&ctx.body)
        .ok_or_else(|| NotAgreed::NotOurs(ctx.body.clone()))?;
    let no_offer = || NotAgreed::NoOffer(wish.provider.clone());
    let offer = federation
        .offers_by(&wish.provider)
        .map(|(_, published)| &published.it)
        .filter(|offer| covers(offer, wish) && offer.valid_from <= now && now < offer.valid_to)
        .max_by_key(|offer| offer.valid_to)
        .ok_or_else(no_offer)?;
    let acceptance = Acceptance {
        id: node.chance.id(now).to_string(),
        fields: match &wish.what {
            Wanted::Fields { fields, .. } => fields.clone(),
            Wanted::Reception(_) => BTreeSet::new(),
        },
        purpose: wish.purpose.clone(),
        processing_ground: wish.processing_ground.clone(),
        valid_from: now,
        valid_to: offer.valid_to,
        on_behalf_of: None,
    };
    let half = contract::accept(offer, acceptance, consumer)?;
    let provider = federation.body(&wish.provider).ok_or_else(no_offer)?;
    let whole = send_half(node, &format!("{}/avtal", endpoint(provider)), &half)
        .await
        .map_err(|why| NotAgreed::NotSigned(wish.provider.clone(), why))?;
    if whole.contract != half.contract {
        return Err(NotAgreed::NotSigned(
            wish.provider.clone(),
            "it signed something else".to_owned(),
        ));
    }
    let whole = contract::verify(whole, &federation)?;
    let kept = whole.signed().clone();
    let result: Result<(), StoreError> = node
        .store
        .run("exchange.keep_contract", move |tx| terms::keep_contract(tx, &kept, now))
        .await;
    result?;
    Ok(whole)
}

fn covers(offer: &Offer, wish: &Wish) -> bool {
    let purpose = offer.purposes.iter().any(|p| p == "*" || *p == wish.purpose);
    purpose
        && match (&offer.what, &wish.what) {
            (
                Offered::Register { register, fields, .. },
                Wanted::Fields {
                    register: wanted,
                    fields: some,
                },
            ) => register == wanted && some.is_subset(fields),
            (Offered::Reception { messages }, Wanted::Reception(some)) => some.is_subset(messages),
            _ => false,
        }
}

async fn send_half(node: &Node, address: &str, half: &SignedContract) -> Result<SignedContract, String> {
    let mut response = node
        .http
        .post(address)
        .json(half)
        .send()
        .await
        .map_err(|_| "no answer".to_owned())?;
    let status = response.status();
    let mut bytes = vec![];
    while let Some(chunk) = response.chunk().await.map_err(|_| "no answer".to_owned())? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > CONTRACT_BYTES_MAX {
            return Err("its answer is too large".to_owned());
        }
    }
    if !status.is_success() {
        return Err(format!("status {status}"));
    }
    serde_json::from_slice(&bytes).map_err(|_| "its answer is no contract".to_owned())
}

/// The provider's half: signs a contract that lies within an offer which this body publishes.
pub fn countersign(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    federation: &FederationView,
    half: SignedContract,
) -> Result<VerifiedContract, NotAgreed> {
    let provider = node
        .keys
        .get(&ctx.body)
        .ok_or_else(|| NotAgreed::NotOurs(ctx.body.clone()))?;
    let published = federation
        .offer(&half.contract.offer_hash)
        .filter(|published| published.it.provider == ctx.body)
        .ok_or_else(|| NotAgreed::NoOffer(ctx.body.clone()))?;
    if let Some(end) = terms::revocation(tx, &half.hash)? {
        return Err(NotAgreed::Ended(end));
    }
    let whole = contract::countersign(half, &published.jws, provider, federation)?;
    terms::keep_offer(
        tx,
        &whole.contract().offer_hash,
        &published.it,
        &published.jws,
        ctx.at.instant,
    )?;
    terms::keep_contract(tx, whole.signed(), ctx.at.instant)?;
    Ok(whole)
}

/// What the job [`TELL_END`] reads.
#[derive(Serialize, Deserialize)]
struct Tell {
    to: BodyId,
    revocation: String,
}

/// Ends a contract as the context's body. It counts here at once; the other party is told by a job.
pub fn end(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    federation: &Statement,
    hash: &str,
    reason: &str,
) -> Result<Revocation, NotAgreed> {
    let keys = node
        .keys
        .get(&ctx.body)
        .ok_or_else(|| NotAgreed::NotOurs(ctx.body.clone()))?;
    let signed = terms::contract(tx, hash)?.ok_or(NotAgreed::Unknown)?;
    let contract = contract::verify(signed, federation)?;
    let (revocation, jws) = contract::revoke(&contract, keys, microseconds(ctx.at.instant), reason)?;
    terms::keep_revocation(tx, &revocation, &jws)?;
    let to = if *contract.provider() == ctx.body {
        contract.consumer()
    } else {
        contract.provider()
    };
    let tell = Tell {
        to: to.clone(),
        revocation: jws,
    };
    let payload = serde_json::to_string(&tell).expect("texts are always JSON");
    jobs::enqueue(tx, TELL_END, &format!("{hash}/{}", ctx.body), &payload, ctx.at.instant)?;
    Ok(revocation)
}

/// The job: tells the other party.
pub async fn tell_end(node: std::sync::Arc<Node>, job: Job) -> Result<(), NotDone> {
    let tell: Tell = serde_json::from_str(&job.payload).map_err(|why| NotDone::Never(why.to_string()))?;
    let federation = node
        .federation
        .view(node.clock.now())
        .map_err(|why| NotDone::Later(why.to_string()))?;
    let to = federation
        .body(&tell.to)
        .ok_or_else(|| NotDone::Never(format!("{} is no longer in the federation", tell.to)))?;
    let sent = node
        .http
        .post(format!("{}/aterkallelse", endpoint(to)))
        .body(tell.revocation)
        .send()
        .await;
    match sent {
        Ok(response) if response.status().is_success() => Ok(()),
        Ok(response) if response.status().is_client_error() => Err(NotDone::Never(format!(
            "{} does not take the end of the contract: {}",
            tell.to,
            response.status()
        ))),
        Ok(response) => Err(NotDone::Later(format!("{}: status {}", tell.to, response.status()))),
        Err(_) => Err(NotDone::Later(format!("{} does not answer", tell.to))),
    }
}

/// Takes note of an end that the other party has signed.
pub fn take_end(tx: &mut Tx, federation: &Statement, compact: &str) -> Result<(), NotAgreed> {
    let said: Revocation = samverk_wire::jws::Unverified::parse(compact)
        .ok()
        .and_then(|jws| serde_json::from_slice(jws.unverified_payload()).ok())
        .ok_or(NoContract::Revocation)?;
    let signed = terms::contract(tx, &said.contract_hash)?.ok_or(NotAgreed::Unknown)?;
    let contract = contract::verify(signed, federation)?;
    let revocation = contract::verify_revocation(compact, &contract, federation)?;
    terms::keep_revocation(tx, &revocation, compact)?;
    Ok(())
}
