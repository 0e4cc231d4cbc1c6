//! What is left of an entry for ever: a statement signed by the body, a record in its sealed log, a line in the person's insight.
//!
//! Always true: the three are written in the transaction in which the entry becomes cases; the record holds hashes and times
//! and no personal data; since nothing has left the body, the record's other side is the body itself and it cites no contract.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use samverk_domain::case::assisted::{Arrival, Channel, Entered};
use samverk_domain::fact::Name;
use samverk_domain::terms::{BodyId, LogRecord, Side, Subject};
use samverk_domain::words::letters::capital;
use samverk_store::exchanges::{self, Begun, Ended, State};
use samverk_store::{StoreError, Tx, sealed_log};
use samverk_wire::{base64, digest, jcs};
use serde::{Deserialize, Serialize};

use crate::ctx::Ctx;
use crate::exchange::contents::{ExchangeKey, Place, subject_mark};
use crate::exchange::microseconds;
use crate::node::Node;
use crate::trust::evidence::SALT_BYTES;

/// The JWS type of the statement.
pub const TYP_ENTERED: &str = "samverk-entered+jwt";
/// What insight calls it, in the place of a register or a kind of message.
pub const WHAT: &str = "entry";
/// The ground of the processing: a task of public interest (lagen 2018:218).
const GROUND: &str = "2018:218 2 kap. 2 §";

/// What the body states of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    pub submission: String,
    pub body: BodyId,
    pub service: Name,
    pub version: u32,
    pub channel: Channel,
    pub arrival: Arrival,
    pub arrived: Date,
    pub received_day: Date,
    pub entered_at: Timestamp,
    /// Name and role of the official.
    pub entered_by: String,
    pub paper_sha256: Option<String>,
    pub answers_sha256: String,
    pub steps: BTreeMap<Name, BodyId>,
}

/// Writes the record and the line. `statement` is the compact JWS.
pub fn keep(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    entered: &Entered,
    matter: &str,
    subjects: &[Subject],
    statement: &str,
) -> Result<(), StoreError> {
    let now = microseconds(ctx.at.instant);
    let id = node.chance.id(ctx.at.instant).to_string();
    let sha256 = digest::sha256(statement.as_bytes());
    let record = LogRecord {
        exchange: id.clone(),
        side: Side::Consumer,
        body: ctx.body.clone(),
        peer: ctx.body.clone(),
        contract_hash: String::new(),
        request_signature_sha256: base64::url(&sha256),
        response_signature_sha256: base64::url(&sha256),
        at: now,
    };
    let canonical = jcs::canonical_of(&record).expect("a record holds texts only");
    let canonical = String::from_utf8(canonical).expect("JSON is UTF-8");
    let salt = node.chance.bytes::<SALT_BYTES>();
    let log_index = sealed_log::append(tx, &ctx.body, &id, &salt, &canonical)?;
    let place = Place {
        body: &ctx.body,
        side: Side::Consumer,
        id: &id,
    };
    let key = ExchangeKey::new(node, place);
    exchanges::begin(
        tx,
        &Begun {
            body: ctx.body.clone(),
            side: Side::Consumer,
            id: id.clone(),
            peer: ctx.body.clone(),
            contract_hash: String::new(),
            what: WHAT.to_owned(),
            fields: vec![],
            purpose: ctx.ground.purpose.clone(),
            ground: GROUND.to_owned(),
            matter: matter.to_owned(),
            asked_by: format!("{}, inkommen {}", capital(&entered.provenance()), entered.arrived),
            request_signature_sha256: Some(sha256),
            request: key.close_request(node, place, statement.as_bytes()),
            wrapped_key: key.wrapped.clone(),
            subjects: subjects
                .iter()
                .filter_map(|subject| subject_mark(node, &ctx.body, subject))
                .collect(),
            at: now,
        },
    )?;
    exchanges::end(
        tx,
        &ctx.body,
        Side::Consumer,
        &id,
        &Ended {
            state: State::Answered,
            response_signature_sha256: Some(sha256),
            response: None,
            log_index: Some(log_index),
            at: now,
        },
    )?;
    Ok(())
}
