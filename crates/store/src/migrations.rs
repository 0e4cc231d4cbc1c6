//! How the tables came to be: each owner file lists its migrations, and the store remembers which it has taken.
//!
//! Always true: a migration that has run is never edited (its SHA-256 is remembered and compared at every open), all missing
//! ones run in one transaction, and a store that has seen a migration which this program does not know is refused whole.

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use crate::params;
use crate::tx::{StoreError, Tx};

/// One step. `sql` holds statements separated by semicolons, with a comment on every column.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// The owner file's name.
    pub owner: &'static str,
    /// From 1 within the owner, without gaps.
    pub number: u32,
    /// What it does, a few words.
    pub name: &'static str,
    pub sql: &'static str,
}

const OWN_TABLE: &str = "
create table if not exists migrations (
    owner      text not null,   -- owner file in crates/store/src
    number     bigint not null, -- from 1 within the owner
    name       text not null,   -- what it did, a few words
    sha256     bytea not null,  -- of its SQL text; a changed text is refused
    applied_at text not null,   -- instant of this machine's clock
    primary key (owner, number)
);";

/// Brings the tables to what `owners` say, or says why not and changes nothing.
pub(crate) fn apply(connection: &Connection, owners: &[&[Migration]]) -> Result<(), StoreError> {
    let engine = |e: rusqlite::Error| StoreError::from_sqlite(&e);
    connection.execute_batch("begin immediate").map_err(engine)?;
    let applied = apply_inside(connection, owners);
    match applied {
        Ok(()) => connection.execute_batch("commit").map_err(engine),
        Err(why) => {
            connection.execute_batch("rollback").map_err(engine)?;
            Err(why)
        }
    }
}

fn apply_inside(connection: &Connection, owners: &[&[Migration]]) -> Result<(), StoreError> {
    connection
        .execute_batch(OWN_TABLE)
        .map_err(|e| StoreError::from_sqlite(&e))?;
    let mut tx = Tx::on(connection);
    let known = || owners.iter().flat_map(|list| list.iter());
    for row in tx.query("select owner, number, name, sha256 from migrations", params![])? {
        let (owner, number, name) = (row.text("owner")?, row.int("number")?, row.text("name")?);
        match known().find(|m| m.owner == owner && i64::from(m.number) == number) {
            None => {
                return Err(StoreError::NotOpened(format!(
                    "the store was written by a newer version of samverk (it has the migration {owner} {number}, \
                     \"{name}\", which this version does not know); start that version, or restore a copy from before it"
                )));
            }
            Some(migration) if row.bytes("sha256")? != Sha256::digest(migration.sql).as_slice() => {
                return Err(StoreError::NotOpened(format!(
                    "the migration {owner} {number}, \"{name}\", has another text than when it ran in this store; a \
                     migration that has run is never edited: take its old text back and add a new one"
                )));
            }
            Some(_) => {}
        }
    }
    for migration in known() {
        let taken = tx.query_optional(
            "select 1 as one from migrations where owner = $1 and number = $2",
            params![migration.owner, migration.number],
        )?;
        if taken.is_some() {
            continue;
        }
        connection.execute_batch(migration.sql).map_err(|e| {
            StoreError::NotOpened(format!(
                "the migration {} {}, \"{}\", failed: {e}",
                migration.owner, migration.number, migration.name
            ))
        })?;
        tx.execute(
            "insert into migrations (owner, number, name, sha256, applied_at) values ($1, $2, $3, $4, $5)",
            params![
                migration.owner,
                migration.number,
                migration.name,
                Sha256::digest(migration.sql).to_vec(),
                jiff::Timestamp::now(),
            ],
        )?;
    }
    Ok(())
}
