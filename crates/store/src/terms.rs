//! Terms: the federation's statements, offers, contracts, revocations and adoptions that the node has seen signed.
//!
//! Each is kept as the signed text itself, found by the hash of its canonical JSON. The columns beside the text are for finding
//! it and decide nothing: whoever uses a row verifies the signatures in the text (`node::trust`).
//!
//! Always true: the text of an offer, revocation or adoption never changes; a contract may gain signatures but keeps its hash;
//! nothing is removed, for exchanges cite it.
//!
//! What an attacker gains who can write here: no right that was not signed, since signatures are verified on use. They can
//! remove a revocation; the federation's own publication of it is then what stops the contract.

use jiff::Timestamp;
use samverk_domain::fact::Name;
use samverk_domain::terms::{Adoption, BodyId, Offer, Offered, Revocation, SignedContract};
use sha2::{Digest as _, Sha256};

use crate::migrations::Migration;
use crate::params;
use crate::tx::{Row, StoreError, Tx};

pub const MIGRATIONS: &[Migration] = &[
    Migration {
    owner: "terms",
    number: 1,
    name: "offers, contracts, revocations and adoptions",
    sql: "
create table offers (
    hash       text not null primary key, -- SHA-256 of the offer's canonical JSON, base64url; never changes
    provider   text not null,             -- body that offers; never changes
    id         text not null,             -- the provider's id of it; never changes
    valid_from text not null,             -- instant; never changes
    valid_to   text not null,             -- instant; never changes
    signed     text not null,             -- compact JWS by the provider; never changes
    kept_at    text not null              -- instant when we got it; never changes
);
create table contracts (
    hash       text not null primary key, -- SHA-256 of the contract's canonical JSON, base64url; never changes
    offer_hash text not null,             -- of the offer that it lies within; never changes
    provider   text not null,             -- body that discloses or receives; never changes
    consumer   text not null,             -- body that asks or sends; never changes
    register   text,                      -- register asked; null for a reception; never changes
    purpose    text not null,             -- pack slug; never changes
    valid_from text not null,             -- instant; never changes
    valid_to   text not null,             -- instant; never changes
    signed     text not null,             -- JSON of the contract with its signatures, which may be added to
    kept_at    text not null              -- instant when we got it first; never changes
);
create index contracts_by_consumer on contracts (consumer, provider);
create index contracts_by_provider on contracts (provider);
create table revocations (
    contract_hash text not null, -- the contract that ended; never changes
    revoked_by    text not null, -- the party that ended it; never changes
    revoked_at    text not null, -- instant from which it has ended; never changes
    reason        text not null, -- in words; never changes
    signed        text not null, -- compact JWS by that party; never changes
    primary key (contract_hash, revoked_by)
);
create table adoptions (
    body        text not null,   -- body that adopts for its own steps; never changes
    pack        text not null,   -- slug; never changes
    version     bigint not null, -- of the pack; never changes
    pack_sha256 text not null,   -- of the document's files, hex; never changes
    signed      text not null,   -- compact JWS by the body; never changes
    kept_at     text not null,   -- instant when we got it; never changes
    number      bigint not null, -- from 1 for the body and pack; the highest counts; never changes
    primary key (body, pack, number)
);
",
},
    Migration {
        owner: "terms",
        number: 2,
        name: "the federation's statements",
        sql: "
create table federation_statements (
    sha256     bytea not null primary key, -- of the signed text; never changes
    issued_at  text not null,              -- instant; never changes
    expires_at text not null,              -- instant; never changes
    signed     text not null               -- compact JWS by the anchor, for evidence of what was exchanged under it; never changes
);
",
    },
];

/// An adoption as it was signed. `signed` is a compact JWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAdoption {
    pub body: BodyId,
    pub pack: Name,
    pub version: u32,
    pub pack_sha256: String,
    pub signed: String,
}

/// Keeps a statement of the federation as it was signed. Again changes nothing.
pub fn keep_statement(
    tx: &mut Tx,
    signed: &str,
    issued_at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let sha256: [u8; 32] = Sha256::digest(signed).into();
    tx.execute(
        "insert into federation_statements (sha256, issued_at, expires_at, signed) values ($1, $2, $3, $4)
         on conflict (sha256) do nothing",
        params![sha256, issued_at, expires_at, signed],
    )
    .map(drop)
}

/// The newest statement that held at the instant, as compact JWS.
pub fn statement_at(tx: &mut Tx, at: Timestamp) -> Result<Option<String>, StoreError> {
    tx.query_optional(
        "select signed from federation_statements where issued_at <= $1 and expires_at > $1
         order by issued_at desc, sha256 limit 1",
        params![at],
    )?
    .map(|row| row.text("signed"))
    .transpose()
}

/// Keeps an offer with its compact JWS. Again changes nothing.
pub fn keep_offer(tx: &mut Tx, hash: &str, offer: &Offer, signed: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "insert into offers (hash, provider, id, valid_from, valid_to, signed, kept_at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (hash) do nothing",
        params![hash, offer.provider, offer.id, offer.valid_from, offer.valid_to, signed, now],
    )
    .map(drop)
}

/// The offer's compact JWS.
pub fn offer(tx: &mut Tx, hash: &str) -> Result<Option<String>, StoreError> {
    tx.query_optional("select signed from offers where hash = $1", params![hash])?
        .map(|row| row.text("signed"))
        .transpose()
}

/// A provider's offers that hold at the instant, as compact JWS, newest first.
pub fn offers(tx: &mut Tx, provider: &BodyId, at: Timestamp) -> Result<Vec<String>, StoreError> {
    tx.query(
        "select signed from offers where provider = $1 and valid_from <= $2 and valid_to >= $2 order by kept_at desc, hash",
        params![provider, at],
    )?
    .iter()
    .map(|row| row.text("signed"))
    .collect()
}

/// Keeps a contract, or adds the signatures that it has gained. The caller has verified hash and signatures.
pub fn keep_contract(tx: &mut Tx, signed: &SignedContract, now: Timestamp) -> Result<(), StoreError> {
    let contract = &signed.contract;
    let mut whole = signed.clone();
    if let Some(before) = self::contract(tx, &signed.hash)? {
        for (party, signature) in before.signatures {
            whole.signatures.entry(party).or_insert(signature);
        }
    }
    let register = match &contract.offer.what {
        Offered::Register { register, .. } => Some(register.clone()),
        Offered::Reception { .. } => None,
    };
    tx.execute(
        "insert into contracts (hash, offer_hash, provider, consumer, register, purpose, valid_from, valid_to, signed, kept_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (hash) do update set signed = excluded.signed",
        params![
            signed.hash,
            contract.offer_hash,
            contract.offer.provider,
            contract.consumer,
            register,
            contract.purpose,
            contract.valid_from,
            contract.valid_to,
            json(&whole)?,
            now,
        ],
    )
    .map(drop)
}

pub fn contract(tx: &mut Tx, hash: &str) -> Result<Option<SignedContract>, StoreError> {
    tx.query_optional("select signed from contracts where hash = $1", params![hash])?
        .map(|row| row.json("signed"))
        .transpose()
}

/// Every contract that the body is a party to, newest first, revoked and past ones too.
pub fn contracts_of(tx: &mut Tx, body: &BodyId) -> Result<Vec<SignedContract>, StoreError> {
    tx.query(
        "select signed from contracts where provider = $1 or consumer = $1 order by kept_at desc, hash",
        params![body],
    )?
    .iter()
    .map(|row| row.json("signed"))
    .collect()
}

/// Contracts between the two that hold at the instant and are not revoked, newest first; for a register, or for reception
/// (`None`).
pub fn contracts_between(
    tx: &mut Tx,
    consumer: &BodyId,
    provider: &BodyId,
    register: Option<&Name>,
    at: Timestamp,
) -> Result<Vec<SignedContract>, StoreError> {
    tx.query(
        "select signed from contracts
         where consumer = $1 and provider = $2 and coalesce(register, '') = $3 and valid_from <= $4 and valid_to >= $4
             and not exists (select 1 from revocations where contract_hash = hash and revoked_at <= $4)
         order by kept_at desc, hash",
        params![consumer, provider, register.map_or("", Name::as_str), at],
    )?
    .iter()
    .map(|row| row.json("signed"))
    .collect()
}

/// Keeps a revocation with its compact JWS. A party's first one stands.
pub fn keep_revocation(tx: &mut Tx, revocation: &Revocation, signed: &str) -> Result<(), StoreError> {
    tx.execute(
        "insert into revocations (contract_hash, revoked_by, revoked_at, reason, signed) values ($1, $2, $3, $4, $5)
         on conflict (contract_hash, revoked_by) do nothing",
        params![
            revocation.contract_hash,
            revocation.by,
            revocation.at,
            revocation.reason,
            signed
        ],
    )
    .map(drop)
}

/// The earliest revocation of the contract, if either party has ended it.
pub fn revocation(tx: &mut Tx, contract_hash: &str) -> Result<Option<Revocation>, StoreError> {
    tx.query_optional(
        "select contract_hash, revoked_by, revoked_at, reason from revocations where contract_hash = $1
         order by revoked_at, revoked_by limit 1",
        params![contract_hash],
    )?
    .map(|row| {
        Ok(Revocation {
            contract_hash: row.text("contract_hash")?,
            by: row.body("revoked_by")?,
            at: row.instant("revoked_at")?,
            reason: row.text("reason")?,
        })
    })
    .transpose()
}

/// Keeps an adoption with its compact JWS; it counts from now on. The same one again changes nothing.
pub fn keep_adoption(tx: &mut Tx, adoption: &Adoption, signed: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "insert into adoptions (body, pack, version, pack_sha256, signed, kept_at, number)
         select $1, $2, cast($3 as bigint), $4, $5, $6, coalesce(max(number), 0) + 1 from adoptions where body = $1 and pack = $2
         having not exists (select 1 from adoptions where body = $1 and pack = $2 and signed = $5)",
        params![
            adoption.body,
            adoption.pack,
            adoption.version,
            adoption.pack_sha256,
            signed,
            now
        ],
    )
    .map(drop)
}

/// The adoption of the pack that counts for the body.
pub fn adoption(tx: &mut Tx, body: &BodyId, pack: &Name) -> Result<Option<KeptAdoption>, StoreError> {
    tx.query_optional(
        "select body, pack, version, pack_sha256, signed from adoptions where body = $1 and pack = $2
         order by number desc limit 1",
        params![body, pack],
    )?
    .map(|row| kept_adoption(&row))
    .transpose()
}

/// For each body that has adopted the pack, the adoption that counts.
pub fn adoptions_of(tx: &mut Tx, pack: &Name) -> Result<Vec<KeptAdoption>, StoreError> {
    tx.query(
        "select body, pack, version, pack_sha256, signed from adoptions a
         where pack = $1 and number = (select max(number) from adoptions b where b.body = a.body and b.pack = a.pack)
         order by body",
        params![pack],
    )?
    .iter()
    .map(kept_adoption)
    .collect()
}

fn kept_adoption(row: &Row) -> Result<KeptAdoption, StoreError> {
    Ok(KeptAdoption {
        body: row.body("body")?,
        pack: row.name("pack")?,
        version: u32::try_from(row.int("version")?).map_err(|_| StoreError::column("version", "is out of range"))?,
        pack_sha256: row.text("pack_sha256")?,
        signed: row.text("signed")?,
    })
}

fn json<T: serde::Serialize>(it: &T) -> Result<String, StoreError> {
    serde_json::to_string(it).map_err(|e| StoreError::Engine(format!("a value cannot be written as JSON: {e}")))
}
