//! Documents of cases: typed (utkast, inkommen, upprättad, expedierad), their text or file closed.
//!
//! Always true: contents open only with the body's own content key; a document that has come in or been sent is never
//! changed; a draft is replaced by a newer draft of the same name.
//!
//! An attacker who can write here can remove a document or put an older box back; they can neither read nor make one, and
//! the diary still says that it was there.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::migrations::Migration;
use crate::params;
use crate::tx::{Row, StoreError, Tx};

pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "documents",
    number: 1,
    name: "documents of cases",
    sql: "
create table documents (
    id       text not null primary key, -- random, base64url; stands in addresses; never changes
    case_id  text not null,   -- the case; never changes
    kind     text not null,   -- draft | received | drawn_up | dispatched
    name     text not null,   -- what it is: a key of cases::papers; never changes
    title    text not null,   -- for a reader, without personal data
    party    bigint not null, -- 1 if the party may see it (FL 10 paragraph)
    at       text not null,   -- instant; never changes
    day      text not null,   -- its legal day; never changes
    contents bytea not null   -- closed under the body's content key
);
create index documents_of_case on documents (case_id, at);
",
}];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub id: String,
    pub case_id: String,
    pub kind: String,
    pub name: String,
    pub title: String,
    pub party: bool,
    pub at: Timestamp,
    pub day: Date,
    pub contents: Vec<u8>,
}

fn read(row: &Row) -> Result<Document, StoreError> {
    Ok(Document {
        id: row.text("id")?,
        case_id: row.text("case_id")?,
        kind: row.text("kind")?,
        name: row.text("name")?,
        title: row.text("title")?,
        party: row.flag("party")?,
        at: row.instant("at")?,
        day: row.date("day")?,
        contents: row.bytes("contents")?,
    })
}

pub fn keep(tx: &mut Tx, it: &Document) -> Result<(), StoreError> {
    if it.kind == "draft" {
        tx.execute(
            "delete from documents where case_id = $1 and kind = 'draft' and name = $2",
            params![it.case_id, it.name],
        )?;
    }
    tx.execute(
        "insert into documents (id, case_id, kind, name, title, party, at, day, contents)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            it.id,
            it.case_id,
            it.kind,
            it.name,
            it.title,
            it.party,
            it.at,
            it.day,
            it.contents
        ],
    )?;
    Ok(())
}

/// A case's documents, oldest first.
pub fn of_case(tx: &mut Tx, case_id: &str) -> Result<Vec<Document>, StoreError> {
    tx.query(
        "select id, case_id, kind, name, title, party, at, day, contents from documents where case_id = $1 order by at, id",
        params![case_id],
    )?
    .iter()
    .map(read)
    .collect()
}

pub fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Document>, StoreError> {
    let row = tx.query_optional(
        "select id, case_id, kind, name, title, party, at, day, contents from documents where id = $1",
        params![id],
    )?;
    row.as_ref().map(read).transpose()
}
