//! A body's sealed log: records in, signed heads and proofs out.
//!
//! Always true: a record holds hashes and times and no personal data; it is written in the transaction that discloses or uses;
//! a head is signed over what the store holds, and two heads of one size never differ (the store refuses the second).

use jiff::Timestamp;
use samverk_domain::terms::{BodyId, LogRecord, Side, SignedHttp};
use samverk_store::sealed_log::{self, Checkpoint};
use samverk_store::{StoreError, Tx};
use samverk_wire::merkle::{self, NoProof, Place};
use samverk_wire::{base64, jcs, note};

use super::microseconds;
use crate::node::Node;
use crate::trust::evidence::{LogPlace, SALT_BYTES};
use crate::trust::message::signature_sha256;

/// Where a body's log is read: its checkpoints' origin.
pub fn origin(node: &Node, body: &BodyId) -> String {
    node.address(&format!("/utbyte/{body}/logg"))
}

/// What there is to say of one exchange in the log.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    pub exchange: &'a str,
    pub side: Side,
    pub body: &'a BodyId,
    pub peer: &'a BodyId,
    pub contract_hash: &'a str,
    pub request: &'a SignedHttp,
    pub response: &'a SignedHttp,
    pub at: Timestamp,
}

/// Writes the record; gives its place.
pub fn seal(tx: &mut Tx, node: &Node, said: &Said<'_>) -> Result<u64, StoreError> {
    let record = LogRecord {
        exchange: said.exchange.to_owned(),
        side: said.side,
        body: said.body.clone(),
        peer: said.peer.clone(),
        contract_hash: said.contract_hash.to_owned(),
        request_signature_sha256: base64::url(&signature_sha256(said.request)),
        response_signature_sha256: base64::url(&signature_sha256(said.response)),
        at: microseconds(said.at),
    };
    let canonical = jcs::canonical_of(&record).expect("a record holds texts only");
    let canonical = String::from_utf8(canonical).expect("JSON is UTF-8");
    let salt = node.chance.bytes::<SALT_BYTES>();
    sealed_log::append(tx, said.body, said.exchange, &salt, &canonical)
}

/// The signed head over all that the log holds now; a new one if it has grown.
pub fn head(tx: &mut Tx, node: &Node, body: &BodyId, now: Timestamp) -> Result<Checkpoint, StoreError> {
    let size = sealed_log::size(tx, body)?;
    if let Some(newest) = sealed_log::checkpoint(tx, body)?
        && newest.size == size
    {
        return Ok(newest);
    }
    let keys = node
        .keys
        .get(body)
        .ok_or_else(|| StoreError::Engine(format!("{body} has no keys on this node")))?;
    let root = sealed_log::root(tx, body, size)?;
    let head = note::Checkpoint {
        origin: origin(node, body),
        size,
        root,
    };
    let checkpoint = Checkpoint {
        size,
        root,
        note: head
            .sign(keys.log())
            .map_err(|why| StoreError::Engine(format!("the log's head cannot be signed: {why}")))?,
        signed_at: now,
    };
    sealed_log::keep_checkpoint(tx, body, &checkpoint)?;
    Ok(checkpoint)
}

/// A record's place under the first head that covers it. `None`: no head covers it yet, or there is no such record.
pub fn place(tx: &mut Tx, body: &BodyId, index: u64) -> Result<Option<LogPlace>, StoreError> {
    let (Some(leaf), Some(head)) = (
        sealed_log::leaf(tx, body, index)?,
        sealed_log::checkpoint_over(tx, body, index)?,
    ) else {
        return Ok(None);
    };
    let damaged = |what: &str| StoreError::Engine(format!("the sealed log of {body} is damaged: {what}"));
    let record = jcs::parse(leaf.record.as_bytes())
        .ok()
        .and_then(|value| serde_json::from_value(value).ok())
        .ok_or_else(|| damaged("a record cannot be read"))?;
    Ok(Some(LogPlace {
        record,
        salt: leaf.salt.try_into().map_err(|_| damaged("a salt has another length"))?,
        leaf_index: index,
        inclusion: merkle::inclusion(index, head.size, |place| read(tx, body, place)).map_err(unproven)?,
        checkpoint: head.note,
    }))
}

/// That the log of `old` records is the beginning of the log of `new`. `None`: it never had so many.
pub fn consistency(tx: &mut Tx, body: &BodyId, old: u64, new: u64) -> Result<Option<Vec<merkle::Hash>>, StoreError> {
    if old > new || new > sealed_log::size(tx, body)? {
        return Ok(None);
    }
    merkle::consistency(old, new, |place| read(tx, body, place))
        .map(Some)
        .map_err(unproven)
}

fn read(tx: &mut Tx, body: &BodyId, place: Place) -> Result<merkle::Hash, StoreError> {
    sealed_log::hash_at(tx, body, place.level, place.index)
}

fn unproven(why: NoProof<StoreError>) -> StoreError {
    match why {
        NoProof::Unreadable(why) => why,
        NoProof::OutOfRange => StoreError::Engine("a place outside the sealed log was asked for".to_owned()),
    }
}
