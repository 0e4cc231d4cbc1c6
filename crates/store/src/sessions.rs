//! Sessions of people who have logged in.
//!
//! Always true: the row's name is the SHA-256 of the random id that only the browser has, and the contents are encrypted with a
//! key that needs both that id and the node's secret; so the table alone says neither who is logged in nor lets anyone in.
//! A session ends when it has been idle too long, at its absolute end, or at logout, whichever comes first.
//!
//! What an attacker gains who can write here: they can log people out. They cannot make a session, read one, or give one
//! person's session another's contents (the contents are bound to the row's name).

use jiff::Timestamp;

use crate::migrations::Migration;
use crate::params;
use crate::tx::{StoreError, Tx};

pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "sessions",
    number: 1,
    name: "sessions",
    sql: "
create table sessions (
    id_sha256  text not null primary key, -- SHA-256 of the browser's random id, base64url; never changes
    contents   bytea not null,            -- encrypted under a key that the id is part of
    created_at text not null,             -- instant of the login; never changes
    idle_until text not null,             -- instant when it ends unless it is used; moves on with use
    ends_at    text not null              -- instant when it ends whatever happens; never changes
);
create index sessions_by_idle on sessions (idle_until);
",
}];

/// A session that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub contents: Vec<u8>,
    pub created_at: Timestamp,
    pub idle_until: Timestamp,
    pub ends_at: Timestamp,
}

pub fn insert(tx: &mut Tx, id_sha256: &str, row: &Row) -> Result<(), StoreError> {
    tx.execute(
        "insert into sessions (id_sha256, contents, created_at, idle_until, ends_at) values ($1, $2, $3, $4, $5)",
        params![id_sha256, row.contents, row.created_at, row.idle_until, row.ends_at],
    )
    .map(drop)
}

/// The session, unless it has ended.
pub fn find(tx: &mut Tx, id_sha256: &str, now: Timestamp) -> Result<Option<Row>, StoreError> {
    let row = tx.query_optional(
        "select contents, created_at, idle_until, ends_at from sessions
         where id_sha256 = $1 and idle_until > $2 and ends_at > $2",
        params![id_sha256, now],
    )?;
    row.map(|row| {
        Ok(Row {
            contents: row.bytes("contents")?,
            created_at: row.instant("created_at")?,
            idle_until: row.instant("idle_until")?,
            ends_at: row.instant("ends_at")?,
        })
    })
    .transpose()
}

/// The session was used: it lives on until `idle_until`. Never shortens it.
pub fn used(tx: &mut Tx, id_sha256: &str, idle_until: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "update sessions set idle_until = $2 where id_sha256 = $1 and idle_until < $2",
        params![id_sha256, idle_until],
    )
    .map(drop)
}

/// Replaces the contents. `false`: the session has ended meanwhile.
pub fn change(tx: &mut Tx, id_sha256: &str, contents: &[u8]) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update sessions set contents = $2 where id_sha256 = $1",
        params![id_sha256, contents],
    )?;
    Ok(changed == 1)
}

/// Logout.
pub fn end(tx: &mut Tx, id_sha256: &str) -> Result<(), StoreError> {
    tx.execute("delete from sessions where id_sha256 = $1", params![id_sha256])
        .map(drop)
}

/// Removes those that have ended. Gives how many.
pub fn forget(tx: &mut Tx, now: Timestamp) -> Result<usize, StoreError> {
    tx.execute(
        "delete from sessions where idle_until <= $1 or ends_at <= $1",
        params![now],
    )
}
