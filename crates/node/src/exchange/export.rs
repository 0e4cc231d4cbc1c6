//! Evidence of one exchange: put together from the store, checked, and handed out as one file that anyone can check offline.
//!
//! Always true: what is handed out holds (`trust::evidence::build` checks it); nothing can be handed out of an exchange whose
//! key was destroyed.

use std::sync::Arc;

use samverk_domain::terms::{BodyId, Evidence, Side};
use samverk_store::exchanges::{self, State};
use samverk_store::{StoreError, terms};

use super::contents::{ExchangeKey, Place, Signed};
use super::log;
use crate::node::Node;
use crate::trust::contract::{self, NoContract};
use crate::trust::current::NoFederation;
use crate::trust::evidence::{self, Invalid, LogPlace};
use crate::trust::federation::{Statement, Untrusted};

/// Why there is no evidence.
#[derive(Debug, thiserror::Error)]
pub enum NoEvidence {
    #[error("there is no such exchange at {0}")]
    Unknown(BodyId),
    #[error("the exchange has no answer, so there is nothing to show")]
    Unanswered,
    #[error("the exchange's contents were disposed of; the sealed log still holds its record")]
    Disposed,
    #[error("the exchange does not open; was keys/node.secret replaced?")]
    Broken,
    #[error("the federation's statement of that time is not kept here")]
    NoStatement,
    #[error(transparent)]
    Federation(#[from] NoFederation),
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    #[error(transparent)]
    Contract(#[from] NoContract),
    #[error("the evidence does not hold, which should not happen: {0}")]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Store(#[from] StoreError),
}

struct Kept {
    signed: Signed,
    contract: samverk_domain::terms::SignedContract,
    place: LogPlace,
    statement: Option<String>,
}

/// Evidence of an exchange that a body of this node took part in.
pub async fn evidence(node: &Arc<Node>, body: &BodyId, side: Side, id: &str) -> Result<Evidence, NoEvidence> {
    let kept = match kept(node, body, side, id).await? {
        Some(kept) => kept,
        // No signed head covers the record yet: sign one.
        None => {
            let (own, of) = (Arc::clone(node), body.clone());
            let signed: Result<_, StoreError> = node
                .store
                .run("exchange.sign_head", move |tx| {
                    log::head(tx, &own, &of, own.clock.now())
                })
                .await;
            signed?;
            kept(node, body, side, id).await?.ok_or(NoEvidence::Unanswered)?
        }
    };
    let at = kept.place.record.at;
    let anchor = node.federation.anchor()?;
    let statement = match &kept.statement {
        Some(jws) => Statement::verify(jws, anchor, at)?,
        None => {
            let view = node.federation.view(node.clock.now())?;
            if view.federation().issued_at > at {
                return Err(NoEvidence::NoStatement);
            }
            view.statement().clone()
        }
    };
    let contract = contract::verify(kept.contract, &statement)?;
    Ok(evidence::build(
        &kept.signed.request,
        &kept.signed.response,
        &contract,
        &statement,
        kept.place,
    )?)
}

/// All that the store holds of it. `None`: no head covers the record yet.
async fn kept(node: &Arc<Node>, body: &BodyId, side: Side, id: &str) -> Result<Option<Kept>, NoEvidence> {
    let (node, body, id) = (Arc::clone(node), body.clone(), id.to_owned());
    Arc::clone(&node)
        .store
        .read("exchange.evidence", move |tx| {
            let exchange =
                exchanges::exchange(tx, &body, side, &id)?.ok_or_else(|| NoEvidence::Unknown(body.clone()))?;
            if exchange.disposed_at.is_some() {
                return Err(NoEvidence::Disposed);
            }
            let (State::Answered, Some(index)) = (exchange.state, exchange.log_index) else {
                return Err(NoEvidence::Unanswered);
            };
            let Some(place) = log::place(tx, &body, index)? else {
                return Ok(None);
            };
            let sealed = exchanges::sealed(tx, &body, side, &id)?.ok_or(NoEvidence::Disposed)?;
            let box_of = Place {
                body: &body,
                side,
                id: &id,
            };
            let key = ExchangeKey::unwrap(&node, box_of, &sealed).map_err(|_| NoEvidence::Broken)?;
            let signed = key.open_signed(box_of, &sealed).map_err(|_| NoEvidence::Broken)?;
            let contract = terms::contract(tx, &exchange.contract_hash)?.ok_or(NoEvidence::Broken)?;
            let statement = terms::statement_at(tx, place.record.at)?;
            Ok(Some(Kept {
                signed,
                contract,
                place,
                statement,
            }))
        })
        .await
}
