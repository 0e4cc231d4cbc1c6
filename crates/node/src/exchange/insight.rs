//! Insight (insyn): who read what about me, when, why and on which law, out of the exchanges themselves, so that none is left
//! out. The words are those of Estonia's findUsage, version 3 (Andmejälgija).
//!
//! Always true: only one who knows the number finds anything (the index holds keyed marks); an exchange is hidden only with a
//! reason and a day, and shows by itself when the day has come; what is shown names functions and bodies.

use jiff::Timestamp;
use jiff::civil::Date;
use samverk_domain::terms::{BodyId, Side, Subject};
use samverk_store::exchanges::{self, Exchange, State};
use samverk_store::{StoreError, Tx};
use serde::Serialize;

use super::contents::subject_mark;
use crate::ctx::Ctx;
use crate::node::Node;
use crate::trust::federation::Statement;

/// What kind of use it was, as findUsage names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UsageType {
    /// This body asked another, or sent it a message.
    DataRequest,
    /// This body answered another, or took its message.
    DataResponse,
}

/// A body as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Organisation {
    pub id: BodyId,
    pub name: String,
    pub part_of: String,
}

/// One use of data about the subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// The same at both bodies: ties their records together.
    pub query_id: String,
    #[serde(rename = "type")]
    pub usage_type: UsageType,
    pub timestamp: Timestamp,
    /// Who asked or sent, and who answered or took it.
    pub initiator: Organisation,
    pub receiver: Organisation,
    /// The function or person that asked, at the asking side.
    pub initiated_by: String,
    /// Pack slug; its title is the pack's.
    pub purpose: String,
    /// Lagrum, as this body reads it.
    pub legal_basis: String,
    /// Register, or kind of message.
    pub what: String,
    pub fields: Vec<String>,
    pub matter: String,
    /// Whether it came to an answer.
    pub answered: bool,
    /// Place in this body's sealed log; evidence can be had for it.
    pub log_index: Option<u64>,
    /// Set when it was hidden until a day that has come: why.
    pub was_hidden: Option<String>,
}

/// Uses of data about the subject at one body of this node, newest first, before an instant (for the next page).
pub fn about(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    federation: Option<&Statement>,
    body: &BodyId,
    subject: &Subject,
    before: Timestamp,
) -> Result<Vec<Usage>, StoreError> {
    let Some(mark) = subject_mark(node, body, subject) else {
        return Ok(vec![]);
    };
    let usages = exchanges::about(tx, body, &mark, before)?
        .into_iter()
        .filter(|exchange| !is_hidden(exchange, ctx.at.day))
        .map(|exchange| usage(exchange, node, federation))
        .collect();
    Ok(usages)
}

/// As [`about`], at every body of this node.
pub fn about_everywhere(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    federation: Option<&Statement>,
    subject: &Subject,
    before: Timestamp,
) -> Result<Vec<Usage>, StoreError> {
    let mut all = vec![];
    for body in &node.config.bodies {
        all.extend(about(ctx, tx, node, federation, &body.id, subject, before)?);
    }
    all.sort_by(|a, b| (b.timestamp, &b.query_id).cmp(&(a.timestamp, &a.query_id)));
    all.truncate(exchanges::PAGE_MAX as usize);
    Ok(all)
}

fn is_hidden(exchange: &Exchange, today: Date) -> bool {
    exchange.hidden_until.is_some_and(|until| today < until)
}

fn usage(exchange: Exchange, node: &Node, federation: Option<&Statement>) -> Usage {
    let name = |id: &BodyId| organisation(id, node, federation);
    let (usage_type, initiator, receiver) = match exchange.side {
        Side::Consumer => (UsageType::DataRequest, name(&exchange.body), name(&exchange.peer)),
        Side::Provider => (UsageType::DataResponse, name(&exchange.peer), name(&exchange.body)),
    };
    Usage {
        query_id: exchange.id,
        usage_type,
        timestamp: exchange.begun_at,
        initiator,
        receiver,
        initiated_by: exchange.asked_by,
        purpose: exchange.purpose,
        legal_basis: exchange.ground,
        what: exchange.what,
        fields: exchange.fields,
        matter: exchange.matter,
        answered: exchange.state == State::Answered,
        log_index: exchange.log_index,
        was_hidden: exchange.hidden_why,
    }
}

fn organisation(id: &BodyId, node: &Node, federation: Option<&Statement>) -> Organisation {
    if let Some(body) = federation.and_then(|federation| federation.body(id)) {
        return Organisation {
            id: id.clone(),
            name: body.name.clone(),
            part_of: body.part_of.clone(),
        };
    }
    let own = node.config.body(id);
    Organisation {
        id: id.clone(),
        name: own.map_or_else(|| id.to_string(), |body| body.name.clone()),
        part_of: own.map_or_else(String::new, |body| body.part_of.clone()),
    }
}
