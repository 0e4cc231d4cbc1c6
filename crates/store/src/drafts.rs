//! Drafts that people are filling in, and the files that they have attached. Closed; nothing here can be read without the
//! person's own session.
//!
//! Always true: `owner` is a keyed hash of the person, never a number; contents, files and the draft's key are closed
//! boxes that the node opens only in that person's session; a draft has a last day from the start. There is deliberately no
//! query by anything but owner and id: nobody can count or search what is in drafts (TF 2 kap. 13 §).
//!
//! An attacker who can write here can delete drafts or put an older one back; they can neither read nor make one.

use jiff::Timestamp;

use crate::migrations::Migration;
use crate::params;
use crate::tx::{Row, StoreError, Tx};

pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "drafts",
    number: 1,
    name: "drafts and their files",
    sql: "
create table drafts (
    id          text not null primary key, -- random, 256 bits, base64url; stands in the person's addresses
    owner       text not null,             -- keyed hash of the person's number
    pack        text not null,             -- slug of the service
    wrapped_key bytea not null,            -- the draft's key, closed under a key made of the node's secret and the person
    contents    bytea not null,            -- the draft, closed under its key
    revision    bigint not null,           -- counts saves; a save from an older page is refused
    started_at  text not null,             -- instant
    saved_at    text not null,             -- instant
    expires_at  text not null              -- instant; removed after it
);
create index drafts_of_owner on drafts (owner, saved_at);
create index drafts_by_end on drafts (expires_at);
create table draft_files (
    draft    text not null references drafts (id) on delete cascade, -- whose
    sha256   text not null,             -- of the file's bytes, hex
    contents bytea not null,            -- the bytes, closed under the draft's key
    primary key (draft, sha256)
);",
}];

/// A draft as it lies in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub id: String,
    pub owner: String,
    pub pack: String,
    pub wrapped_key: Vec<u8>,
    pub contents: Vec<u8>,
    pub revision: u64,
    pub started_at: Timestamp,
    pub saved_at: Timestamp,
    pub expires_at: Timestamp,
}

fn closed(row: &Row) -> Result<Closed, StoreError> {
    Ok(Closed {
        id: row.text("id")?,
        owner: row.text("owner")?,
        pack: row.text("pack")?,
        wrapped_key: row.bytes("wrapped_key")?,
        contents: row.bytes("contents")?,
        revision: row.count("revision")?,
        started_at: row.instant("started_at")?,
        saved_at: row.instant("saved_at")?,
        expires_at: row.instant("expires_at")?,
    })
}

/// Keeps a new draft.
pub fn begin(tx: &mut Tx, draft: &Closed) -> Result<(), StoreError> {
    tx.execute(
        "insert into drafts (id, owner, pack, wrapped_key, contents, revision, started_at, saved_at, expires_at)
         values ($1, $2, $3, $4, $5, 1, $6, $6, $7)",
        params![
            draft.id,
            draft.owner,
            draft.pack,
            draft.wrapped_key,
            draft.contents,
            draft.started_at,
            draft.expires_at
        ],
    )?;
    Ok(())
}

/// Saves over revision `of`. `false`: it was saved meanwhile or is gone; read it again.
pub fn save(tx: &mut Tx, id: &str, of: u64, contents: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    let of = i64::try_from(of).unwrap_or(i64::MAX);
    let changed = tx.execute(
        "update drafts set contents = $1, revision = revision + 1, saved_at = $2 where id = $3 and revision = $4",
        params![contents, now, id, of],
    )?;
    Ok(changed == 1)
}

/// The person's own draft. Another's is not found.
pub fn of(tx: &mut Tx, owner: &str, id: &str, now: Timestamp) -> Result<Option<Closed>, StoreError> {
    let row = tx.query_optional(
        "select id, owner, pack, wrapped_key, contents, revision, started_at, saved_at, expires_at
         from drafts where id = $1 and owner = $2 and expires_at > $3",
        params![id, owner, now],
    )?;
    row.as_ref().map(closed).transpose()
}

/// The person's drafts, last saved first, at most 50.
pub fn all_of(tx: &mut Tx, owner: &str, now: Timestamp) -> Result<Vec<Closed>, StoreError> {
    let rows = tx.query(
        "select id, owner, pack, wrapped_key, contents, revision, started_at, saved_at, expires_at
         from drafts where owner = $1 and expires_at > $2 order by saved_at desc limit 50",
        params![owner, now],
    )?;
    rows.iter().map(closed).collect()
}

/// Removes a draft with its files: the person's wish, or because it was submitted.
pub fn remove(tx: &mut Tx, owner: &str, id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute("delete from drafts where id = $1 and owner = $2", params![id, owner])? == 1)
}

/// Removes drafts whose last day has passed; says how many of each service, for the event `abandoned`.
pub fn remove_expired(tx: &mut Tx, now: Timestamp) -> Result<Vec<(String, u64)>, StoreError> {
    let rows = tx.query("delete from drafts where expires_at <= $1 returning pack", params![now])?;
    let mut counted: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    for row in &rows {
        *counted.entry(row.text("pack")?).or_default() += 1;
    }
    Ok(counted.into_iter().collect())
}

/// Keeps a file's closed bytes; the same file twice is kept once.
pub fn keep_file(tx: &mut Tx, draft: &str, sha256: &str, contents: &[u8]) -> Result<(), StoreError> {
    tx.execute(
        "insert into draft_files (draft, sha256, contents) values ($1, $2, $3) on conflict (draft, sha256) do nothing",
        params![draft, sha256, contents],
    )?;
    Ok(())
}

/// A file's closed bytes.
pub fn file(tx: &mut Tx, draft: &str, sha256: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx.query_optional(
        "select contents from draft_files where draft = $1 and sha256 = $2",
        params![draft, sha256],
    )?;
    row.map(|row| row.bytes("contents")).transpose()
}

/// The draft's files that no answer points at any more are removed.
pub fn keep_only_files(tx: &mut Tx, draft: &str, wanted: &[String]) -> Result<(), StoreError> {
    let rows = tx.query("select sha256 from draft_files where draft = $1", params![draft])?;
    for row in rows {
        let sha256 = row.text("sha256")?;
        if !wanted.contains(&sha256) {
            tx.execute(
                "delete from draft_files where draft = $1 and sha256 = $2",
                params![draft, sha256],
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    fn world() -> (tempfile::TempDir, Store, Timestamp) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("node.sqlite")).unwrap();
        (dir, store, "2026-07-01T10:00:00Z".parse().unwrap())
    }

    fn draft(now: Timestamp) -> Closed {
        Closed {
            id: "d1".to_owned(),
            owner: "me".to_owned(),
            pack: "starta-restaurang".to_owned(),
            wrapped_key: vec![1],
            contents: vec![2],
            revision: 1,
            started_at: now,
            saved_at: now,
            expires_at: "2026-09-01T00:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_draft_is_found_only_by_its_owner_and_only_until_its_last_day() {
        let (_dir, store, now) = world();
        store.run_blocking("test", move |tx| begin(tx, &draft(now))).unwrap();
        let found = |owner: &'static str, at: &str| {
            let at: Timestamp = at.parse().unwrap();
            store
                .read_blocking("test", move |tx| of(tx, owner, "d1", at))
                .unwrap()
                .is_some()
        };
        assert!(found("me", "2026-07-02T00:00:00Z"));
        assert!(!found("another", "2026-07-02T00:00:00Z"));
        assert!(!found("me", "2026-09-02T00:00:00Z"));
        let removed = store
            .run_blocking("test", move |tx| {
                remove_expired(tx, "2026-09-02T00:00:00Z".parse().unwrap())
            })
            .unwrap();
        assert_eq!(removed, [("starta-restaurang".to_owned(), 1)]);
    }

    #[test]
    fn a_save_from_an_older_page_is_refused_and_nothing_is_lost() {
        let (_dir, store, now) = world();
        let saves = store
            .run_blocking("test", move |tx| {
                begin(tx, &draft(now))?;
                Ok::<_, StoreError>((save(tx, "d1", 1, b"new", now)?, save(tx, "d1", 1, b"old", now)?))
            })
            .unwrap();
        assert_eq!(saves, (true, false));
        let kept = store
            .read_blocking("test", move |tx| of(tx, "me", "d1", now))
            .unwrap()
            .unwrap();
        assert_eq!((kept.contents.as_slice(), kept.revision), (&b"new"[..], 2));
    }

    #[test]
    fn removing_a_draft_removes_its_files() {
        let (_dir, store, now) = world();
        let left = store
            .run_blocking("test", move |tx| {
                begin(tx, &draft(now))?;
                keep_file(tx, "d1", "aa", b"bytes")?;
                keep_file(tx, "d1", "bb", b"bytes")?;
                keep_only_files(tx, "d1", &["aa".to_owned()])?;
                let unwanted = file(tx, "d1", "bb")?;
                remove(tx, "me", "d1")?;
                Ok::<_, StoreError>((unwanted, file(tx, "d1", "aa")?))
            })
            .unwrap();
        assert_eq!(left, (None, None));
    }
}
