//! Exchanges: what was asked and answered, sealed, with what the person concerned may see of it (insyn).
//!
//! Request and response are encrypted by the caller under a key of their own; the key, wrapped by the body's, is a row that
//! can be destroyed under a disposal decision, and then the contents are gone while the sealed log still holds. Whom an
//! exchange is about is kept as an HMAC of the subject under the body's index key, so that insight can be looked up by one
//! who knows the number, and not listed by one who reads the table.
//!
//! Always true: an exchange is one row by body, side and id; its request never changes; it ends once (answered, refused or
//! failed); a destroyed key is overwritten in the file (`secure_delete`), and in the write-ahead log by the next checkpoint.
//!
//! What an attacker gains who can write here: they can hide an exchange from a person's insight page or show a false one; the
//! sealed log does not show it, and comparing the two finds it. The contents they can only destroy.

use jiff::Timestamp;
use jiff::civil::Date;
use samverk_domain::terms::{BodyId, Side};

use crate::migrations::Migration;
use crate::params;
use crate::tx::{Row, StoreError, Tx};

pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "exchanges",
    number: 1,
    name: "exchanges, their keys and subjects",
    sql: "
create table exchanges (
    body               text not null, -- the body of ours that took part; never changes
    side               text not null, -- provider or consumer; never changes
    id                 text not null, -- the ask's or the message's id; never changes
    peer               text not null, -- the other body; never changes
    contract_hash      text not null, -- base64url; never changes
    what               text not null, -- register, or kind of message; never changes
    fields             text not null, -- JSON list of the fields asked for; never changes
    purpose            text not null, -- pack slug; never changes
    ground             text not null, -- lagrum of the reading; never changes
    matter             text not null, -- reference of the matter, no identity number; never changes
    asked_by           text not null, -- function or person that asked, for insight; never changes
    state              text not null, -- begun, answered, refused, failed
    request_signature  bytea,         -- SHA-256 of the request's Signature value
    response_signature bytea,         -- SHA-256 of the response's Signature value
    request            bytea,         -- encrypted; null after disposal
    response           bytea,         -- encrypted; null before the answer and after disposal
    log_index          bigint,        -- place in the body's sealed log
    begun_at           text not null, -- instant; never changes
    ended_at           text,          -- instant
    hidden_until       text,          -- day until which the person does not see it, with a reason
    hidden_why         text,          -- lagrum and words for hiding it
    disposed_at        text,          -- instant when the key was destroyed
    disposed_under     text,          -- the disposal decision
    primary key (body, side, id)
);
create index exchanges_by_time on exchanges (body, begun_at);
create table exchange_keys (
    body        text not null,  -- as in exchanges; never changes
    side        text not null,  -- as in exchanges; never changes
    exchange    text not null,  -- as in exchanges; never changes
    wrapped_key bytea not null, -- the exchange's key under the body's key; the row is deleted to destroy it
    primary key (body, side, exchange),
    foreign key (body, side, exchange) references exchanges (body, side, id)
);
create table exchange_subjects (
    body         text not null,  -- as in exchanges; never changes
    subject_hmac bytea not null, -- HMAC-SHA-256 of the subject under the body's index key; never changes
    side         text not null,  -- as in exchanges; never changes
    exchange     text not null,  -- as in exchanges; never changes
    primary key (body, subject_hmac, side, exchange),
    foreign key (body, side, exchange) references exchanges (body, side, id)
);
",
}];

/// What is known when an exchange begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    pub body: BodyId,
    pub side: Side,
    pub id: String,
    pub peer: BodyId,
    pub contract_hash: String,
    /// Register, or kind of message.
    pub what: String,
    pub fields: Vec<String>,
    pub purpose: String,
    /// Lagrum.
    pub ground: String,
    pub matter: String,
    pub asked_by: String,
    pub request_signature_sha256: Option<[u8; 32]>,
    /// Encrypted under `key`.
    pub request: Vec<u8>,
    /// The exchange's key, wrapped by the body's.
    pub wrapped_key: Vec<u8>,
    /// HMAC of each subject that it is about.
    pub subjects: Vec<[u8; 32]>,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Begun,
    Answered,
    Refused,
    Failed,
}

/// An exchange without its contents: what insight shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub body: BodyId,
    pub side: Side,
    pub id: String,
    pub peer: BodyId,
    pub contract_hash: String,
    pub what: String,
    pub fields: Vec<String>,
    pub purpose: String,
    pub ground: String,
    pub matter: String,
    pub asked_by: String,
    pub state: State,
    pub request_signature_sha256: Option<[u8; 32]>,
    pub response_signature_sha256: Option<[u8; 32]>,
    pub log_index: Option<u64>,
    pub begun_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub hidden_until: Option<Date>,
    pub hidden_why: Option<String>,
    pub disposed_at: Option<Timestamp>,
}

/// The encrypted contents with their wrapped key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub wrapped_key: Vec<u8>,
    pub request: Vec<u8>,
    pub response: Option<Vec<u8>>,
}

/// How an exchange ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Anything but [`State::Begun`].
    pub state: State,
    pub response_signature_sha256: Option<[u8; 32]>,
    /// Encrypted under the exchange's key.
    pub response: Option<Vec<u8>>,
    /// Its leaf in the body's sealed log.
    pub log_index: Option<u64>,
    pub at: Timestamp,
}

/// Most exchanges that one page of insight shows.
pub const PAGE_MAX: u32 = 200;

/// Keeps the beginning of an exchange. The same one again is [`StoreError::Constraint`].
pub fn begin(tx: &mut Tx, begun: &Begun) -> Result<(), StoreError> {
    let side = side_text(begun.side);
    tx.execute(
        "insert into exchanges (body, side, id, peer, contract_hash, what, fields, purpose, ground, matter, asked_by, state,
             request_signature, request, begun_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'begun', $12, $13, $14)",
        params![
            begun.body,
            side,
            begun.id,
            begun.peer,
            begun.contract_hash,
            begun.what,
            serde_json::Value::from(begun.fields.clone()).to_string(),
            begun.purpose,
            begun.ground,
            begun.matter,
            begun.asked_by,
            begun.request_signature_sha256,
            begun.request,
            begun.at,
        ],
    )?;
    tx.execute(
        "insert into exchange_keys (body, side, exchange, wrapped_key) values ($1, $2, $3, $4)",
        params![begun.body, side, begun.id, begun.wrapped_key],
    )?;
    for subject in &begun.subjects {
        tx.execute(
            "insert into exchange_subjects (body, subject_hmac, side, exchange) values ($1, $2, $3, $4)
             on conflict (body, subject_hmac, side, exchange) do nothing",
            params![begun.body, subject, side, begun.id],
        )?;
    }
    Ok(())
}

/// Keeps how it ended. `false`: it had ended before, and stays as it is.
pub fn end(tx: &mut Tx, body: &BodyId, side: Side, id: &str, ended: &Ended) -> Result<bool, StoreError> {
    let log_index = ended
        .log_index
        .map(i64::try_from)
        .transpose()
        .map_err(|_| StoreError::column("log_index", "is larger than a log can be"))?;
    let changed = tx.execute(
        "update exchanges set state = $4, response_signature = $5, response = $6, log_index = $7, ended_at = $8
         where body = $1 and side = $2 and id = $3 and state = 'begun'",
        params![
            body,
            side_text(side),
            id,
            state_text(ended.state),
            ended.response_signature_sha256,
            ended.response,
            log_index,
            ended.at,
        ],
    )?;
    Ok(changed == 1)
}

pub fn exchange(tx: &mut Tx, body: &BodyId, side: Side, id: &str) -> Result<Option<Exchange>, StoreError> {
    tx.query_optional(
        "select body, side, id, peer, contract_hash, what, fields, purpose, ground, matter, asked_by, state,
             request_signature, response_signature, log_index, begun_at, ended_at, hidden_until, hidden_why, disposed_at
         from exchanges where body = $1 and side = $2 and id = $3",
        params![body, side_text(side), id],
    )?
    .map(|row| read(&row))
    .transpose()
}

/// All readings of and messages about one subject at one body, newest first, at most [`PAGE_MAX`], begun before `before`.
/// What is hidden is included: the caller shows what may be shown on the day.
pub fn about(
    tx: &mut Tx,
    body: &BodyId,
    subject_hmac: &[u8; 32],
    before: Timestamp,
) -> Result<Vec<Exchange>, StoreError> {
    tx.query(
        "select e.body, e.side, e.id, e.peer, e.contract_hash, e.what, e.fields, e.purpose, e.ground, e.matter, e.asked_by,
             e.state, e.request_signature, e.response_signature, e.log_index, e.begun_at, e.ended_at, e.hidden_until,
             e.hidden_why, e.disposed_at
         from exchange_subjects s join exchanges e on e.body = s.body and e.side = s.side and e.id = s.exchange
         where s.body = $1 and s.subject_hmac = $2 and e.begun_at < $3
         order by e.begun_at desc, e.id desc limit $4",
        params![body, subject_hmac, before, PAGE_MAX],
    )?
    .iter()
    .map(read)
    .collect()
}

/// The encrypted contents; `None` when there is no such exchange or its key was destroyed.
pub fn sealed(tx: &mut Tx, body: &BodyId, side: Side, id: &str) -> Result<Option<Sealed>, StoreError> {
    tx.query_optional(
        "select k.wrapped_key, e.request, e.response
         from exchanges e join exchange_keys k on k.body = e.body and k.side = e.side and k.exchange = e.id
         where e.body = $1 and e.side = $2 and e.id = $3",
        params![body, side_text(side), id],
    )?
    .map(|row| {
        Ok(Sealed {
            wrapped_key: row.bytes("wrapped_key")?,
            request: row.bytes("request")?,
            response: row.maybe_bytes("response")?,
        })
    })
    .transpose()
}

/// Hides an exchange from insight until a day, with the lagrum and words for it.
pub fn hide(tx: &mut Tx, body: &BodyId, side: Side, id: &str, until: Date, why: &str) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update exchanges set hidden_until = $4, hidden_why = $5 where body = $1 and side = $2 and id = $3",
        params![body, side_text(side), id, until, why],
    )?;
    Ok(changed == 1)
}

/// Destroys the key and the contents under a named disposal decision (gallringsbeslut). `false`: there was no key.
pub fn dispose(
    tx: &mut Tx,
    body: &BodyId,
    side: Side,
    id: &str,
    decision: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let destroyed = tx.execute(
        "delete from exchange_keys where body = $1 and side = $2 and exchange = $3",
        params![body, side_text(side), id],
    )?;
    tx.execute(
        "update exchanges set request = null, response = null, disposed_at = $4, disposed_under = $5
         where body = $1 and side = $2 and id = $3 and disposed_at is null",
        params![body, side_text(side), id, now, decision],
    )?;
    Ok(destroyed == 1)
}

/// Ids of exchanges under way since before the instant: what a restart must finish or give up.
pub fn unfinished(tx: &mut Tx, body: &BodyId, side: Side, before: Timestamp) -> Result<Vec<String>, StoreError> {
    tx.query(
        "select id from exchanges where body = $1 and side = $2 and state = 'begun' and begun_at < $3
         order by begun_at, id limit $4",
        params![body, side_text(side), before, PAGE_MAX],
    )?
    .iter()
    .map(|row| row.text("id"))
    .collect()
}

fn side_text(side: Side) -> &'static str {
    match side {
        Side::Provider => "provider",
        Side::Consumer => "consumer",
    }
}

fn state_text(state: State) -> &'static str {
    match state {
        State::Begun => "begun",
        State::Answered => "answered",
        State::Refused => "refused",
        State::Failed => "failed",
    }
}

fn read(row: &Row) -> Result<Exchange, StoreError> {
    let hash = |column: &str| row.maybe_bytes(column)?.map(|_| row.bytes32(column)).transpose();
    Ok(Exchange {
        body: row.body("body")?,
        side: match row.text("side")?.as_str() {
            "provider" => Side::Provider,
            "consumer" => Side::Consumer,
            _ => return Err(StoreError::column("side", "is unknown")),
        },
        id: row.text("id")?,
        peer: row.body("peer")?,
        contract_hash: row.text("contract_hash")?,
        what: row.text("what")?,
        fields: row.json("fields")?,
        purpose: row.text("purpose")?,
        ground: row.text("ground")?,
        matter: row.text("matter")?,
        asked_by: row.text("asked_by")?,
        state: match row.text("state")?.as_str() {
            "begun" => State::Begun,
            "answered" => State::Answered,
            "refused" => State::Refused,
            "failed" => State::Failed,
            _ => return Err(StoreError::column("state", "is unknown")),
        },
        request_signature_sha256: hash("request_signature")?,
        response_signature_sha256: hash("response_signature")?,
        log_index: row
            .maybe_int("log_index")?
            .map(|_| row.count("log_index"))
            .transpose()?,
        begun_at: row.instant("begun_at")?,
        ended_at: row.maybe_instant("ended_at")?,
        hidden_until: row.maybe_date("hidden_until")?,
        hidden_why: row.maybe_text("hidden_why")?,
        disposed_at: row.maybe_instant("disposed_at")?,
    })
}
