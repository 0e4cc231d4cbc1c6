//! Applications that officials are entering from paper, until they have become cases.
//!
//! Always true: an entry belongs to one body and is found only with it; contents and files are closed under the body's own
//! content key; a save from an older reading is refused. A paper has come in whether it has been entered or not, so nothing
//! here is removed by itself: only by becoming a case, or by an official.
//!
//! An attacker who can write here can delete an entry or put an older one back, so that it must be entered anew from the
//! paper; they can neither read nor make one.

use jiff::Timestamp;
use samverk_domain::terms::BodyId;

use crate::migrations::Migration;
use crate::params;
use crate::tx::{Row, StoreError, Tx};

/// Entries under way in one body that are listed.
pub const LISTED_MAX: i64 = 200;

pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "assisted",
    number: 1,
    name: "applications that officials are entering",
    sql: "
create table assisted_entries (
    id       text not null primary key, -- random, base64url; stands in the officials' addresses; never changes
    body     text not null,   -- whose; never changes
    contents bytea not null,  -- closed under the body's content key
    revision bigint not null, -- counts saves; a save from an older reading is refused
    begun_at text not null,   -- instant; never changes
    saved_at text not null    -- instant
);
create index assisted_entries_of_body on assisted_entries (body, begun_at);
create table assisted_files (
    entry    text not null references assisted_entries (id) on delete cascade, -- whose
    sha256   text not null,  -- of the file's bytes, hex
    contents bytea not null, -- closed under the body's content key
    primary key (entry, sha256)
);",
}];

/// An entry as it lies in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub id: String,
    pub body: BodyId,
    pub contents: Vec<u8>,
    pub revision: u64,
    pub begun_at: Timestamp,
    pub saved_at: Timestamp,
}

fn closed(row: &Row) -> Result<Closed, StoreError> {
    Ok(Closed {
        id: row.text("id")?,
        body: row.body("body")?,
        contents: row.bytes("contents")?,
        revision: row.count("revision")?,
        begun_at: row.instant("begun_at")?,
        saved_at: row.instant("saved_at")?,
    })
}

/// Keeps a new entry.
pub fn begin(tx: &mut Tx, it: &Closed) -> Result<(), StoreError> {
    tx.execute(
        "insert into assisted_entries (id, body, contents, revision, begun_at, saved_at) values ($1, $2, $3, 1, $4, $4)",
        params![it.id, it.body, it.contents, it.begun_at],
    )?;
    Ok(())
}

/// Saves over revision `of`. `false`: it was saved meanwhile or is gone; read it again.
pub fn save(tx: &mut Tx, id: &str, of: u64, contents: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    let of = i64::try_from(of).unwrap_or(i64::MAX);
    let changed = tx.execute(
        "update assisted_entries set contents = $1, revision = revision + 1, saved_at = $2 where id = $3 and revision = $4",
        params![contents, now, id, of],
    )?;
    Ok(changed == 1)
}

/// By id: whoever asks must then be found to have a role in its body.
pub fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Closed>, StoreError> {
    let row = tx.query_optional(
        "select id, body, contents, revision, begun_at, saved_at from assisted_entries where id = $1",
        params![id],
    )?;
    row.as_ref().map(closed).transpose()
}

/// The body's entries, oldest first.
pub fn of_body(tx: &mut Tx, body: &BodyId) -> Result<Vec<Closed>, StoreError> {
    let rows = tx.query(
        "select id, body, contents, revision, begun_at, saved_at from assisted_entries
         where body = $1 order by begun_at limit $2",
        params![body, LISTED_MAX],
    )?;
    rows.iter().map(closed).collect()
}

/// Removes an entry with its files, if nobody has saved it since `of`.
pub fn remove(tx: &mut Tx, id: &str, of: u64) -> Result<bool, StoreError> {
    let of = i64::try_from(of).unwrap_or(i64::MAX);
    let removed = tx.execute(
        "delete from assisted_entries where id = $1 and revision = $2",
        params![id, of],
    )?;
    Ok(removed == 1)
}

/// Keeps a file's closed bytes; the same file twice is kept once.
pub fn keep_file(tx: &mut Tx, entry: &str, sha256: &str, contents: &[u8]) -> Result<(), StoreError> {
    tx.execute(
        "insert into assisted_files (entry, sha256, contents) values ($1, $2, $3) on conflict (entry, sha256) do nothing",
        params![entry, sha256, contents],
    )?;
    Ok(())
}

/// A file's closed bytes.
pub fn file(tx: &mut Tx, entry: &str, sha256: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx.query_optional(
        "select contents from assisted_files where entry = $1 and sha256 = $2",
        params![entry, sha256],
    )?;
    row.map(|row| row.bytes("contents")).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[test]
    fn an_entry_is_saved_once_from_each_reading_and_goes_with_its_files() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("node.sqlite")).unwrap();
        let now: Timestamp = "2026-11-18T10:00:00Z".parse().unwrap();
        let body = BodyId::parse("exempelkommun-a.miljonamnden").unwrap();
        let other = BodyId::parse("exempelkommun-a.socialnamnden").unwrap();
        let entry = Closed {
            id: "e1".to_owned(),
            body: body.clone(),
            contents: vec![1],
            revision: 1,
            begun_at: now,
            saved_at: now,
        };
        let (listed, not_theirs, saves, kept, removed, left) = store
            .run_blocking("test", move |tx| {
                begin(tx, &entry)?;
                keep_file(tx, "e1", "aa", b"bytes")?;
                let listed = of_body(tx, &body)?.len();
                let not_theirs = of_body(tx, &other)?.len();
                let saves = (save(tx, "e1", 1, b"new", now)?, save(tx, "e1", 1, b"old", now)?);
                let kept = by_id(tx, "e1")?.map(|entry| entry.contents);
                let removed = (remove(tx, "e1", 1)?, remove(tx, "e1", 2)?);
                Ok::<_, StoreError>((listed, not_theirs, saves, kept, removed, file(tx, "e1", "aa")?))
            })
            .unwrap();
        assert_eq!((listed, not_theirs), (1, 0));
        assert_eq!(saves, (true, false));
        assert_eq!(kept, Some(b"new".to_vec()));
        assert_eq!((removed, left), ((false, true), None));
    }
}
