//! Service documents: each version that the node has published, adopted, or has drafts or cases in.
//!
//! Always true: a slug and a number stand for one content for ever; a row is never removed, so that a case can always be
//! explained by the document that it was started in. A version that was first met unsigned, in the packs folder, may get its
//! publisher's signature later, if the content is the same.
//!
//! What an attacker gains who can write here: another text under a version number. Its hash is then not the one that bodies
//! have adopted and that cases carry, so nothing is decided by it; the service stops.

use std::collections::BTreeMap;

use jiff::Timestamp;
use samverk_domain::fact::Name;
use samverk_domain::terms::{PackVersion, SignedVersion};

use crate::migrations::Migration;
use crate::params;
use crate::tx::{Row, StoreError, Tx};

pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "versions",
    number: 1,
    name: "versions of service documents",
    sql: "
create table pack_versions (
    pack         text not null,   -- slug; never changes
    version      bigint not null, -- the document's number; never changes
    sha256       text not null,   -- of the canonical JSON of the files, hex; never changes
    files        text not null,   -- JSON: path to text; never changes
    publisher    text,            -- body that gave it out; null while unsigned; never changes once set
    published_at text,            -- instant; null while unsigned; never changes once set
    signature    text,            -- compact JWS with detached payload; null while unsigned; never changes once set
    kept_at      text not null,   -- instant when the node got it; never changes
    number       bigint not null, -- grows with every change of the table: what a running node has not read yet
    primary key (pack, version)
);
create index pack_versions_by_number on pack_versions (number);
",
}];

/// A version as the node has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub pack: Name,
    pub version: u32,
    /// Hex.
    pub sha256: String,
    /// Path → text.
    pub files: BTreeMap<String, String>,
    /// As it was given out; `None` for one that was only read from the packs folder.
    pub signed: Option<SignedVersion>,
}

/// What became of a version that was to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeping {
    New,
    /// It was here, with the same content.
    Same,
    /// Another content stands under the number: nothing was changed.
    Another {
        sha256: String,
    },
}

/// Keeps a version. The caller has verified that hash and signature belong to the files.
pub fn keep(tx: &mut Tx, it: &Kept, now: Timestamp) -> Result<Keeping, StoreError> {
    let publisher = it.signed.as_ref().map(|signed| signed.version.publisher.to_string());
    let published_at = it.signed.as_ref().map(|signed| signed.version.published_at);
    let signature = it.signed.as_ref().map(|signed| signed.signature.clone());
    let before = self::of(tx, &it.pack, it.version)?;
    match before {
        Some(before) if before.sha256 != it.sha256 => Ok(Keeping::Another { sha256: before.sha256 }),
        Some(before) if before.signed.is_some() || it.signed.is_none() => Ok(Keeping::Same),
        Some(_) => {
            tx.execute(
                "update pack_versions set publisher = $3, published_at = $4, signature = $5,
                     number = (select coalesce(max(number), 0) + 1 from pack_versions)
                 where pack = $1 and version = $2 and signature is null",
                params![it.pack, it.version, publisher, published_at, signature],
            )?;
            Ok(Keeping::Same)
        }
        None => {
            let files = serde_json::to_string(&it.files)
                .map_err(|e| StoreError::Engine(format!("a document cannot be written as JSON: {e}")))?;
            tx.execute(
                "insert into pack_versions (pack, version, sha256, files, publisher, published_at, signature, kept_at, number)
                 select $1, cast($2 as bigint), $3, $4, $5, $6, $7, $8, coalesce(max(number), 0) + 1 from pack_versions",
                params![
                    it.pack,
                    it.version,
                    it.sha256,
                    files,
                    publisher,
                    published_at,
                    signature,
                    now
                ],
            )?;
            Ok(Keeping::New)
        }
    }
}

pub fn of(tx: &mut Tx, pack: &Name, version: u32) -> Result<Option<Kept>, StoreError> {
    tx.query_optional(
        "select pack, version, sha256, files, publisher, published_at, signature from pack_versions
         where pack = $1 and version = $2",
        params![pack, version],
    )?
    .map(|row| kept(&row))
    .transpose()
}

/// Every version of the service, oldest first.
pub fn of_pack(tx: &mut Tx, pack: &Name) -> Result<Vec<Kept>, StoreError> {
    tx.query(
        "select pack, version, sha256, files, publisher, published_at, signature from pack_versions
         where pack = $1 order by version",
        params![pack],
    )?
    .iter()
    .map(kept)
    .collect()
}

/// What has changed after `number`, and the number up to which that is.
pub fn since(tx: &mut Tx, number: i64) -> Result<(Vec<Kept>, i64), StoreError> {
    let rows = tx.query(
        "select pack, version, sha256, files, publisher, published_at, signature, number from pack_versions
         where number > $1 order by number",
        params![number],
    )?;
    let last = rows.last().map_or(Ok(number), |row| row.int("number"))?;
    Ok((rows.iter().map(kept).collect::<Result<_, _>>()?, last))
}

fn kept(row: &Row) -> Result<Kept, StoreError> {
    let pack = row.name("pack")?;
    let version = u32::try_from(row.int("version")?).map_err(|_| StoreError::column("version", "is out of range"))?;
    let sha256 = row.text("sha256")?;
    let files: BTreeMap<String, String> = row.json("files")?;
    let signed = match (
        row.maybe_body("publisher")?,
        row.maybe_instant("published_at")?,
        row.maybe_text("signature")?,
    ) {
        (Some(publisher), Some(published_at), Some(signature)) => Some(SignedVersion {
            version: PackVersion {
                publisher,
                pack: pack.clone(),
                version,
                sha256: sha256.clone(),
                published_at,
                files: files.clone(),
            },
            signature,
        }),
        _ => None,
    };
    Ok(Kept {
        pack,
        version,
        sha256,
        files,
        signed,
    })
}
