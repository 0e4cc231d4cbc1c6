//! The sealed log: per body, an append-only Merkle log after RFC 6962 (§2.1), so that nobody, its keeper included, can change
//! or remove what was exchanged without it being seen.
//!
//! A leaf's data is SHA-256(salt ‖ canonical JSON of the record); its hash is SHA-256(0x00 ‖ data), a node's is
//! SHA-256(0x01 ‖ left ‖ right). The hash of every *complete* subtree is kept by (level, index): the subtree at `level` covers
//! the 2^level leaves from `index · 2^level`. Roots and proofs therefore take O(log n) reads ([`hash_at`]); `samverk-wire`
//! makes and checks the proofs.
//!
//! Always true: places are 0, 1, 2 … without gaps; rows are added and never changed or removed (there is no function for it);
//! a record holds hashes and times and no personal data.
//!
//! What an attacker gains who can write here: nothing that stays unseen. A changed or removed leaf no longer fits the
//! checkpoints that were signed and sent to others; they can stop the log from growing, which is seen too.

use jiff::Timestamp;
use samverk_domain::terms::BodyId;
use sha2::{Digest as _, Sha256};

use crate::migrations::Migration;
use crate::params;
use crate::tx::{StoreError, Tx};

pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "sealed_log",
    number: 1,
    name: "leaves, subtree hashes and checkpoints",
    sql: "
create table log_leaves (
    body        text not null,   -- whose log; never changes
    place       bigint not null, -- from 0 without gaps; never changes
    salt        bytea not null,  -- random, hides the record in its hash; never changes
    record      text not null,   -- canonical JSON: hashes and times; never changes
    exchange    text not null,   -- id of the exchange that the record is about; never changes
    hash        bytea not null,  -- the leaf's hash; never changes
    primary key (body, place)
);
create index log_leaves_by_exchange on log_leaves (body, exchange);
create table log_subtrees (
    body  text not null,   -- whose log; never changes
    level bigint not null, -- from 1; covers 2^level leaves; never changes
    place bigint not null, -- which of that level, from 0; never changes
    hash  bytea not null,  -- of the complete subtree; never changes
    primary key (body, level, place)
);
create table log_checkpoints (
    body      text not null,   -- whose log; never changes
    size      bigint not null, -- leaves that the checkpoint covers; never changes
    root      bytea not null,  -- root hash at that size; never changes
    note      text not null,   -- the signed note (C2SP); witnesses' signatures may be added
    signed_at text not null,   -- instant; never changes
    primary key (body, size)
);
",
}];

pub type Hash = [u8; 32];

/// One leaf as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    pub index: u64,
    pub salt: Vec<u8>,
    /// Canonical JSON.
    pub record: String,
    pub exchange: String,
    pub hash: Hash,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub size: u64,
    pub root: Hash,
    pub note: String,
    pub signed_at: Timestamp,
}

/// SHA-256(salt ‖ canonical JSON): what the leaf's hash is made of.
pub fn leaf_data(salt: &[u8], record: &str) -> Hash {
    Sha256::new().chain_update(salt).chain_update(record).finalize().into()
}

/// RFC 6962 §2.1, hash of a leaf.
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// RFC 6962 §2.1, hash of a node.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update([1])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// Adds a leaf; gives its index. `record` is canonical JSON (RFC 8785) without personal data, `salt` 16 random bytes.
pub fn append(tx: &mut Tx, body: &BodyId, exchange: &str, salt: &[u8], record: &str) -> Result<u64, StoreError> {
    let index = size(tx, body)?;
    let mut hash = leaf_hash(&leaf_data(salt, record));
    tx.execute(
        "insert into log_leaves (body, place, salt, record, exchange, hash) values ($1, $2, $3, $4, $5, $6)",
        params![body, column(index)?, salt, record, exchange, hash],
    )?;
    // Each set low bit of the index means that the new leaf completes one more subtree.
    let (mut level, mut place) = (0_u8, index);
    while place % 2 == 1 {
        hash = node_hash(&hash_at(tx, body, level, place - 1)?, &hash);
        (level, place) = (level + 1, place / 2);
        tx.execute(
            "insert into log_subtrees (body, level, place, hash) values ($1, $2, $3, $4)",
            params![body, i64::from(level), column(place)?, hash],
        )?;
    }
    Ok(index)
}

/// Number of leaves.
pub fn size(tx: &mut Tx, body: &BodyId) -> Result<u64, StoreError> {
    tx.query_one(
        "select coalesce(max(place) + 1, 0) as size from log_leaves where body = $1",
        params![body],
    )?
    .count("size")
}

/// Hash of the complete subtree over the 2^`level` leaves from `index` · 2^`level`. [`StoreError::NotOne`] if it is not
/// complete yet.
pub fn hash_at(tx: &mut Tx, body: &BodyId, level: u8, index: u64) -> Result<Hash, StoreError> {
    let row = match level {
        0 => tx.query_one(
            "select hash from log_leaves where body = $1 and place = $2",
            params![body, column(index)?],
        )?,
        _ => tx.query_one(
            "select hash from log_subtrees where body = $1 and level = $2 and place = $3",
            params![body, i64::from(level), column(index)?],
        )?,
    };
    row.bytes32("hash")
}

/// Root over the first `size` leaves, now or as it once was; of none it is SHA-256 of nothing (RFC 6962 §2.1).
pub fn root(tx: &mut Tx, body: &BodyId, size: u64) -> Result<Hash, StoreError> {
    let mut root: Option<Hash> = None;
    // The set bits of the size, lowest first, are the complete subtrees from right to left.
    for level in (0..u64::BITS as u8).filter(|level| size >> level & 1 == 1) {
        let left = hash_at(tx, body, level, (size >> level) - 1)?;
        root = Some(match root {
            None => left,
            Some(right) => node_hash(&left, &right),
        });
    }
    Ok(root.unwrap_or_else(|| Sha256::digest([]).into()))
}

pub fn leaf(tx: &mut Tx, body: &BodyId, index: u64) -> Result<Option<Leaf>, StoreError> {
    tx.query_optional(
        "select place, salt, record, exchange, hash from log_leaves where body = $1 and place = $2",
        params![body, column(index)?],
    )?
    .map(|row| read_leaf(&row))
    .transpose()
}

/// The leaves about one exchange, first to last: normally one.
pub fn leaves_about(tx: &mut Tx, body: &BodyId, exchange: &str) -> Result<Vec<Leaf>, StoreError> {
    tx.query(
        "select place, salt, record, exchange, hash from log_leaves where body = $1 and exchange = $2 order by place",
        params![body, exchange],
    )?
    .iter()
    .map(read_leaf)
    .collect()
}

/// Keeps a signed checkpoint. One with the same size is replaced only if its root is the same (a witness has signed too);
/// another root is [`StoreError::Constraint`], for it would be a second history.
pub fn keep_checkpoint(tx: &mut Tx, body: &BodyId, checkpoint: &Checkpoint) -> Result<(), StoreError> {
    let kept = tx.execute(
        "insert into log_checkpoints (body, size, root, note, signed_at) values ($1, $2, $3, $4, $5)
         on conflict (body, size) do update set note = excluded.note where log_checkpoints.root = excluded.root",
        params![
            body,
            column(checkpoint.size)?,
            checkpoint.root,
            checkpoint.note,
            checkpoint.signed_at
        ],
    )?;
    match kept {
        1 => Ok(()),
        _ => Err(StoreError::Constraint(
            "a checkpoint with this size and another root was signed before".to_owned(),
        )),
    }
}

/// The newest checkpoint.
pub fn checkpoint(tx: &mut Tx, body: &BodyId) -> Result<Option<Checkpoint>, StoreError> {
    tx.query_optional(
        "select size, root, note, signed_at from log_checkpoints where body = $1 order by size desc limit 1",
        params![body],
    )?
    .map(|row| read_checkpoint(&row))
    .transpose()
}

/// The first checkpoint that covers the leaf.
pub fn checkpoint_over(tx: &mut Tx, body: &BodyId, index: u64) -> Result<Option<Checkpoint>, StoreError> {
    tx.query_optional(
        "select size, root, note, signed_at from log_checkpoints where body = $1 and size > $2 order by size limit 1",
        params![body, column(index)?],
    )?
    .map(|row| read_checkpoint(&row))
    .transpose()
}

fn column(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::column("place", "is larger than a log can be"))
}

fn read_leaf(row: &crate::Row) -> Result<Leaf, StoreError> {
    Ok(Leaf {
        index: row.count("place")?,
        salt: row.bytes("salt")?,
        record: row.text("record")?,
        exchange: row.text("exchange")?,
        hash: row.bytes32("hash")?,
    })
}

fn read_checkpoint(row: &crate::Row) -> Result<Checkpoint, StoreError> {
    Ok(Checkpoint {
        size: row.count("size")?,
        root: row.bytes32("root")?,
        note: row.text("note")?,
        signed_at: row.instant("signed_at")?,
    })
}
