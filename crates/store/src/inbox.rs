//! Inbox: every message from another body is handled once, however often it arrives.
//!
//! Always true: a message id belongs to one receiver and one content (SHA-256); the same id with the same content is answered
//! with the receipt of the first time; the same id with other content is a conflict and is never handled. The row is written
//! in the transaction that handles the message, so handled and remembered are the same thing.
//!
//! What an attacker gains who can write here: by deleting rows they can have a message handled twice; by adding rows they can
//! have one ignored, and then its sender holds no receipt signed by us. Receipts are signed elsewhere.

use jiff::Timestamp;
use samverk_domain::terms::BodyId;

use crate::migrations::Migration;
use crate::params;
use crate::tx::{StoreError, Tx};

pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "inbox",
    number: 1,
    name: "messages received",
    sql: "
create table inbox (
    receiver    text not null,  -- body that the message is for; never changes
    message_id  text not null,  -- the sender's id of it; never changes
    sha256      bytea not null, -- of the message's body as it arrived; never changes
    received_at text not null,  -- instant of the first arrival; never changes
    receipt     text,           -- what was answered, to be answered again
    primary key (receiver, message_id)
);
create index inbox_by_time on inbox (received_at);
",
}];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Handle it now, in this transaction, and [`keep_receipt`].
    First,
    /// Handled before. Answer this; `None` if the first handling kept no receipt.
    Again { receipt: Option<String> },
    /// The id was used for another content. Refuse.
    Conflict,
}

/// Says whether the message is new to the receiver, and remembers it if so.
pub fn first_time(
    tx: &mut Tx,
    receiver: &BodyId,
    message_id: &str,
    sha256: &[u8; 32],
    now: Timestamp,
) -> Result<Arrival, StoreError> {
    let new = tx.execute(
        "insert into inbox (receiver, message_id, sha256, received_at) values ($1, $2, $3, $4)
         on conflict (receiver, message_id) do nothing",
        params![receiver, message_id, sha256, now],
    )?;
    if new == 1 {
        return Ok(Arrival::First);
    }
    let row = tx.query_one(
        "select sha256, receipt from inbox where receiver = $1 and message_id = $2",
        params![receiver, message_id],
    )?;
    if row.bytes32("sha256")? != *sha256 {
        return Ok(Arrival::Conflict);
    }
    Ok(Arrival::Again {
        receipt: row.maybe_text("receipt")?,
    })
}

/// Keeps what the sender was answered. The first receipt stands.
pub fn keep_receipt(tx: &mut Tx, receiver: &BodyId, message_id: &str, receipt: &str) -> Result<(), StoreError> {
    match tx.execute(
        "update inbox set receipt = coalesce(receipt, $3) where receiver = $1 and message_id = $2",
        params![receiver, message_id, receipt],
    )? {
        1 => Ok(()),
        other => Err(StoreError::NotOne(other)),
    }
}

/// Forgets messages received before the instant. Older ones must be refused by their age, or they are handled again.
pub fn forget(tx: &mut Tx, before: Timestamp) -> Result<usize, StoreError> {
    tx.execute("delete from inbox where received_at < $1", params![before])
}
