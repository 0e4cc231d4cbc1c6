//! Submissions that are sealed and wait for others to sign: what is to be sent, who signs it, and the letters about it.
//!
//! Always true: people stand here as keyed hashes, never numbers; what is to be sent, signatures and reasons are closed boxes
//! under a key of the sealing, which is kept once for each person, closed under a key that only that person's session can
//! make; a person signs or declines once; what is sent or taken back is not signed any more; a sealing has a last day from
//! the start. There is deliberately no query by anything but person, draft and id.
//!
//! An attacker who can write here can hide a letter, remove a sealing or a signature (then it is waited for again) or put an
//! older one back; they can neither read what is to be sent nor make a signature, which is an ID token by the provider.

use jiff::Timestamp;

use crate::migrations::Migration;
use crate::params;
use crate::tx::{Row, StoreError, Tx};

pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "signings",
    number: 1,
    name: "sealed submissions, who signs them, letters about them",
    sql: "
create table signings (
    id             text not null primary key, -- random, 256 bits, base64url; stands in the signers' addresses
    draft          text not null unique,   -- the draft that is sealed: it is not changed meanwhile
    pack           text not null,          -- slug of the service; never changes
    version        bigint not null,        -- of the service document; never changes
    answers_sha256 text not null,          -- what every signature is bound to; never changes
    contents       bytea not null,         -- what is to be sent, closed under the sealing's key; never changes
    revision       bigint not null,        -- counts what people have done; who looked at an older one looks again
    sealed_at      text not null,          -- instant; never changes
    expires_at     text not null,          -- instant, as the draft's; removed after it; never changes
    sent_at        text                    -- instant when it was submitted; null while it waits
);
create index signings_by_end on signings (expires_at);
create table signing_people (
    signing      text not null references signings (id) on delete cascade, -- which
    signer       text not null,            -- keyed hash of the person's number
    is_applicant bigint not null,          -- 1 for the one who sealed it
    wrapped_key  bytea not null,           -- the sealing's key, closed under a key made of the node's secret and the person
    state        text not null,            -- waiting | signed | declined
    at           text,                     -- instant of the signature or the refusal
    contents     bytea,                    -- the bound login, or the reason; closed under the sealing's key
    primary key (signing, signer)
);
create index signing_people_of on signing_people (signer);
create table signing_files (
    signing  text not null references signings (id) on delete cascade, -- whose
    sha256   text not null,                -- of the file's bytes, hex
    contents bytea not null,               -- the bytes, closed under the sealing's key
    primary key (signing, sha256)
);
create table signing_letters (
    id        text not null primary key,   -- random, base64url; stands in the address
    signer    text not null,               -- keyed hash of the receiver's number; never changes
    signing   text not null,               -- what it is about; may be gone; never changes
    kind      text not null,               -- asked | declined | taken_back | sent | expired; never changes
    pack      text not null,               -- slug of the service; never changes
    version   bigint not null,             -- of the service document; never changes
    sent_at   text not null,               -- instant; never changes
    opened_at text,                        -- instant of the first opening
    contents  bytea                        -- closed under a key of the receiver; null when the node itself tells; never changes
);
create index signing_letters_of on signing_letters (signer, sent_at);
",
}];

/// A sealing as it lies in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    pub id: String,
    pub draft: String,
    pub pack: String,
    pub version: u32,
    pub answers_sha256: String,
    pub contents: Vec<u8>,
    pub revision: u64,
    pub sealed_at: Timestamp,
    pub expires_at: Timestamp,
    pub sent_at: Option<Timestamp>,
}

/// What a person has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stand {
    Waiting,
    Signed,
    Declined,
}

impl Stand {
    fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Signed => "signed",
            Self::Declined => "declined",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        [Self::Waiting, Self::Signed, Self::Declined]
            .into_iter()
            .find(|stand| stand.word() == word)
            .ok_or_else(|| StoreError::Column {
                column: "state".to_owned(),
                why: "not a state of a signer".to_owned(),
            })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    pub signing: String,
    pub signer: String,
    pub is_applicant: bool,
    pub wrapped_key: Vec<u8>,
    pub stand: Stand,
    pub at: Option<Timestamp>,
    pub contents: Option<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub id: String,
    pub signer: String,
    pub signing: String,
    pub kind: String,
    pub pack: String,
    pub version: u32,
    pub sent_at: Timestamp,
    pub opened_at: Option<Timestamp>,
    pub contents: Option<Vec<u8>>,
}

fn signing(row: &Row) -> Result<Signing, StoreError> {
    Ok(Signing {
        id: row.text("id")?,
        draft: row.text("draft")?,
        pack: row.text("pack")?,
        version: u32::try_from(row.int("version")?).unwrap_or(0),
        answers_sha256: row.text("answers_sha256")?,
        contents: row.bytes("contents")?,
        revision: row.count("revision")?,
        sealed_at: row.instant("sealed_at")?,
        expires_at: row.instant("expires_at")?,
        sent_at: row.maybe_instant("sent_at")?,
    })
}

fn signer(row: &Row) -> Result<Signer, StoreError> {
    Ok(Signer {
        signing: row.text("signing")?,
        signer: row.text("signer")?,
        is_applicant: row.int("is_applicant")? == 1,
        wrapped_key: row.bytes("wrapped_key")?,
        stand: Stand::parse(&row.text("state")?)?,
        at: row.maybe_instant("at")?,
        contents: row.maybe_bytes("contents")?,
    })
}

fn letter(row: &Row) -> Result<Letter, StoreError> {
    Ok(Letter {
        id: row.text("id")?,
        signer: row.text("signer")?,
        signing: row.text("signing")?,
        kind: row.text("kind")?,
        pack: row.text("pack")?,
        version: u32::try_from(row.int("version")?).unwrap_or(0),
        sent_at: row.instant("sent_at")?,
        opened_at: row.maybe_instant("opened_at")?,
        contents: row.maybe_bytes("contents")?,
    })
}

/// Keeps a sealing; its people and files follow in the same transaction. `false`: the draft is sealed already.
pub fn seal(tx: &mut Tx, it: &Signing) -> Result<bool, StoreError> {
    let kept = tx.execute(
        "insert into signings (id, draft, pack, version, answers_sha256, contents, revision, sealed_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, 1, $7, $8) on conflict (draft) do nothing",
        params![
            it.id,
            it.draft,
            it.pack,
            i64::from(it.version),
            it.answers_sha256,
            it.contents,
            it.sealed_at,
            it.expires_at
        ],
    )?;
    Ok(kept == 1)
}

pub fn add(tx: &mut Tx, it: &Signer) -> Result<(), StoreError> {
    tx.execute(
        "insert into signing_people (signing, signer, is_applicant, wrapped_key, state, at, contents)
         values ($1, $2, $3, $4, $5, $6, $7)",
        params![
            it.signing,
            it.signer,
            i64::from(it.is_applicant),
            it.wrapped_key,
            it.stand.word(),
            it.at,
            it.contents
        ],
    )?;
    Ok(())
}

pub fn keep_file(tx: &mut Tx, of: &str, sha256: &str, contents: &[u8]) -> Result<(), StoreError> {
    tx.execute(
        "insert into signing_files (signing, sha256, contents) values ($1, $2, $3)
         on conflict (signing, sha256) do nothing",
        params![of, sha256, contents],
    )?;
    Ok(())
}

pub fn files(tx: &mut Tx, of: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let rows = tx.query(
        "select sha256, contents from signing_files where signing = $1 order by sha256",
        params![of],
    )?;
    rows.iter()
        .map(|row| Ok((row.text("sha256")?, row.bytes("contents")?)))
        .collect()
}

/// A sealing that the person is to sign, has signed or has made. Another's is not found.
pub fn of(tx: &mut Tx, signer: &str, id: &str, now: Timestamp) -> Result<Option<Signing>, StoreError> {
    let row = tx.query_optional(
        "select s.id, s.draft, s.pack, s.version, s.answers_sha256, s.contents, s.revision, s.sealed_at, s.expires_at, s.sent_at
         from signings s join signing_people p on p.signing = s.id
         where s.id = $1 and p.signer = $2 and s.expires_at > $3",
        params![id, signer, now],
    )?;
    row.as_ref().map(signing).transpose()
}

/// All that the person is among, the newest first, at most 100.
pub fn all_of(tx: &mut Tx, signer: &str, now: Timestamp) -> Result<Vec<Signing>, StoreError> {
    let rows = tx.query(
        "select s.id, s.draft, s.pack, s.version, s.answers_sha256, s.contents, s.revision, s.sealed_at, s.expires_at, s.sent_at
         from signings s join signing_people p on p.signing = s.id
         where p.signer = $1 and s.expires_at > $2 order by s.sealed_at desc limit 100",
        params![signer, now],
    )?;
    rows.iter().map(signing).collect()
}

/// The sealing of a draft that waits for signatures: the draft is not changed while there is one.
pub fn of_draft(tx: &mut Tx, draft: &str) -> Result<Option<String>, StoreError> {
    let row = tx.query_optional(
        "select id from signings where draft = $1 and sent_at is null",
        params![draft],
    )?;
    row.map(|row| row.text("id")).transpose()
}

/// Everybody in a sealing, the applicant first, the others in an order that says nothing.
pub fn people(tx: &mut Tx, of: &str) -> Result<Vec<Signer>, StoreError> {
    let rows = tx.query(
        "select signing, signer, is_applicant, wrapped_key, state, at, contents
         from signing_people where signing = $1 order by is_applicant desc, signer",
        params![of],
    )?;
    rows.iter().map(signer).collect()
}

/// Notes that a person has signed or declined. `false`: they had done so before, or it does not wait any more, or somebody
/// did something since revision `seen`: look again.
pub fn done(
    tx: &mut Tx,
    of: &str,
    seen: u64,
    signer: &str,
    stand: Stand,
    contents: &[u8],
    at: Timestamp,
) -> Result<bool, StoreError> {
    let seen = i64::try_from(seen).unwrap_or(i64::MAX);
    let changed = tx.execute(
        "update signing_people set state = $3, at = $4, contents = $5
         where signing = $1 and signer = $2 and state = 'waiting'
           and exists (select 1 from signings
                       where id = $1 and revision = $6 and sent_at is null and expires_at > $4)",
        params![of, signer, stand.word(), at, contents, seen],
    )?;
    if changed == 1 {
        tx.execute("update signings set revision = revision + 1 where id = $1", params![of])?;
    }
    Ok(changed == 1)
}

/// It has been submitted. `false`: it had been before.
pub fn sent(tx: &mut Tx, id: &str, at: Timestamp) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update signings set sent_at = $2 where id = $1 and sent_at is null",
        params![id, at],
    )?;
    Ok(changed == 1)
}

/// Takes a sealing that waits away, with keys, signatures and files. `false`: there is none, or it is sent.
pub fn remove(tx: &mut Tx, id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute("delete from signings where id = $1 and sent_at is null", params![id])? == 1)
}

/// Removes those whose last day has passed. Gives those that still waited, with everybody's mark.
pub fn remove_expired(tx: &mut Tx, now: Timestamp) -> Result<Vec<(Signing, Vec<String>)>, StoreError> {
    let rows = tx.query(
        "select id, draft, pack, version, answers_sha256, contents, revision, sealed_at, expires_at, sent_at
         from signings where expires_at <= $1 order by expires_at limit 200",
        params![now],
    )?;
    let mut waited = Vec::new();
    for row in &rows {
        let it = signing(row)?;
        if it.sent_at.is_none() {
            let marks = people(tx, &it.id)?.into_iter().map(|person| person.signer).collect();
            waited.push((it.clone(), marks));
        }
        tx.execute("delete from signings where id = $1", params![it.id])?;
    }
    Ok(waited)
}

pub fn write(tx: &mut Tx, it: &Letter) -> Result<(), StoreError> {
    tx.execute(
        "insert into signing_letters (id, signer, signing, kind, pack, version, sent_at, contents)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            it.id,
            it.signer,
            it.signing,
            it.kind,
            it.pack,
            i64::from(it.version),
            it.sent_at,
            it.contents
        ],
    )?;
    Ok(())
}

/// The person's letters, newest first, at most 200.
pub fn letters(tx: &mut Tx, signer: &str) -> Result<Vec<Letter>, StoreError> {
    let rows = tx.query(
        "select id, signer, signing, kind, pack, version, sent_at, opened_at, contents from signing_letters
         where signer = $1 order by sent_at desc, id desc limit 200",
        params![signer],
    )?;
    rows.iter().map(letter).collect()
}

/// The person's own letter. Another's is not found.
pub fn letter_of(tx: &mut Tx, signer: &str, id: &str) -> Result<Option<Letter>, StoreError> {
    let row = tx.query_optional(
        "select id, signer, signing, kind, pack, version, sent_at, opened_at, contents from signing_letters
         where id = $1 and signer = $2",
        params![id, signer],
    )?;
    row.as_ref().map(letter).transpose()
}

/// Notes the first opening. `false`: it was opened before.
pub fn opened(tx: &mut Tx, id: &str, at: Timestamp) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update signing_letters set opened_at = $2 where id = $1 and opened_at is null",
        params![id, at],
    )?;
    Ok(changed == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn now() -> Timestamp {
        at("2026-07-01T10:00:00Z")
    }

    /// Sealed by `me`, who has signed; `b` and `c` are waited for.
    fn world() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("node.sqlite")).unwrap();
        store.run_blocking("test", begin).unwrap();
        (dir, store)
    }

    fn begin(tx: &mut Tx) -> Result<bool, StoreError> {
        let sealed = seal(
            tx,
            &Signing {
                id: "s1".to_owned(),
                draft: "d1".to_owned(),
                pack: "bilda-aktiebolag".to_owned(),
                version: 1,
                answers_sha256: "h".to_owned(),
                contents: vec![1],
                revision: 1,
                sealed_at: now(),
                expires_at: at("2026-09-01T00:00:00Z"),
                sent_at: None,
            },
        )?;
        if sealed {
            for (mark, stand) in [("me", Stand::Signed), ("b", Stand::Waiting), ("c", Stand::Waiting)] {
                let person = Signer {
                    signing: "s1".to_owned(),
                    signer: mark.to_owned(),
                    is_applicant: mark == "me",
                    wrapped_key: vec![2],
                    stand,
                    at: (stand == Stand::Signed).then(now),
                    contents: None,
                };
                add(tx, &person)?;
            }
            keep_file(tx, "s1", "aa", b"bytes")?;
        }
        Ok(sealed)
    }

    #[test]
    fn a_sealing_is_found_only_by_those_in_it_and_only_until_its_last_day() {
        let (_dir, store) = world();
        let found = |who: &'static str, day: &str| {
            let day = at(day);
            store
                .read_blocking("test", move |tx| of(tx, who, "s1", day))
                .unwrap()
                .is_some()
        };
        assert!(found("me", "2026-07-02T00:00:00Z") && found("b", "2026-07-02T00:00:00Z"));
        assert!(!found("stranger", "2026-07-02T00:00:00Z"));
        assert!(!found("b", "2026-09-02T00:00:00Z"));
    }

    #[test]
    fn a_draft_is_sealed_once_and_free_again_when_the_sealing_is_taken_away_with_all_that_hangs_on_it() {
        let (_dir, store) = world();
        assert!(!store.run_blocking("test", begin).unwrap());
        let (free, left) = store
            .run_blocking("test", |tx| {
                assert!(remove(tx, "s1")?);
                let left = people(tx, "s1")?.len() + files(tx, "s1")?.len();
                Ok::<_, StoreError>((of_draft(tx, "d1")?.is_none(), left))
            })
            .unwrap();
        assert!(free);
        assert_eq!(left, 0);
    }

    #[test]
    fn nobody_signs_twice_nor_on_what_they_have_not_seen_nor_after_it_was_sent() {
        let (_dir, store) = world();
        let tries = store
            .run_blocking("test", |tx| {
                let mut sign = |seen, who| done(tx, "s1", seen, who, Stand::Signed, b"token", now());
                let first = sign(1, "b")?;
                let (again, old, other) = (sign(2, "b")?, sign(1, "c")?, sign(2, "stranger")?);
                Ok::<_, StoreError>((first, again, old, other))
            })
            .unwrap();
        assert_eq!(tries, (true, false, false, false));
        let late = store
            .run_blocking("test", |tx| {
                let seen = of(tx, "c", "s1", now())?.map_or(0, |it| it.revision);
                assert!(sent(tx, "s1", now())? && !sent(tx, "s1", now())?);
                Ok::<_, StoreError>((
                    done(tx, "s1", seen, "c", Stand::Signed, b"token", now())?,
                    remove(tx, "s1")?,
                ))
            })
            .unwrap();
        assert_eq!(late, (false, false), "what is sent is neither signed nor taken back");
    }

    #[test]
    fn when_the_last_day_has_passed_it_is_removed_and_everybody_who_was_in_it_is_known() {
        let (_dir, store) = world();
        let waited = store
            .run_blocking("test", |tx| remove_expired(tx, at("2026-09-01T00:00:00Z")))
            .unwrap();
        assert_eq!(waited.len(), 1);
        assert_eq!(waited[0].1, ["me", "b", "c"]);
        let left = store.read_blocking("test", |tx| people(tx, "s1")).unwrap();
        assert!(left.is_empty());
    }

    #[test]
    fn a_letter_about_a_sealing_is_found_by_its_receiver_only_and_opened_once() {
        let (_dir, store) = world();
        let it = Letter {
            id: "l1".to_owned(),
            signer: "b".to_owned(),
            signing: "s1".to_owned(),
            kind: "asked".to_owned(),
            pack: "bilda-aktiebolag".to_owned(),
            version: 1,
            sent_at: now(),
            opened_at: None,
            contents: Some(vec![3]),
        };
        let found = store
            .run_blocking("test", move |tx| {
                write(tx, &it)?;
                let found = (letter_of(tx, "b", "l1")?.is_some(), letter_of(tx, "c", "l1")?.is_some());
                assert!(opened(tx, "l1", now())? && !opened(tx, "l1", now())?);
                assert_eq!(letters(tx, "b")?.len(), 1);
                Ok::<_, StoreError>(found)
            })
            .unwrap();
        assert_eq!(found, (true, false));
    }
}
