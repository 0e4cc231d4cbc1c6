//! Letters in the mailbox of the person at the body's own node.
//!
//! Always true: a letter belongs to one person (a keyed hash) and one case; its contents open only with the body's own
//! content key; the instant of the first opening and the day of posting never change, because the time for appeal is counted
//! from them.
//!
//! An attacker who can write here can hide a letter or say that it was opened on another day; the case's own record of
//! service lies in its closed box and does not change with it.

use jiff::Timestamp;
use jiff::civil::Date;
use samverk_domain::terms::BodyId;

use crate::migrations::Migration;
use crate::params;
use crate::tx::{Row, StoreError, Tx};

pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "letters",
    number: 1,
    name: "letters",
    sql: "
create table letters (
    id        text not null primary key, -- random, base64url; stands in the address; never changes
    case_id   text not null,   -- the case; never changes
    body      text not null,   -- the sender; never changes
    owner     text not null,   -- keyed hash of the receiver's number; never changes
    document  text not null,   -- the same letter among the case's documents; never changes
    name      text not null,   -- what it is: decision, receipt, …; never changes
    sent_at   text not null,   -- instant; never changes
    opened_at text,            -- instant of the first opening; never changes once set
    contents  bytea not null   -- closed under the body's content key; never changes
);
create index letters_of_owner on letters (owner, sent_at);
create index letters_of_case on letters (case_id, sent_at);
",
},
Migration {
    owner: "letters",
    number: 2,
    name: "letters that are posted",
    sql: "
alter table letters add column way text not null default 'mailbox'; -- mailbox, or paper: to be printed and posted; never changes
alter table letters add column posted_on text; -- day on which an official says it was posted; never changes once set
create index letters_to_post on letters (body, way, posted_on);
",
}];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub id: String,
    pub case_id: String,
    pub body: BodyId,
    pub owner: String,
    pub document: String,
    pub name: String,
    pub sent_at: Timestamp,
    pub opened_at: Option<Timestamp>,
    pub contents: Vec<u8>,
    pub way: Way,
    pub posted_on: Option<Date>,
}

/// How a letter reaches its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// It lies in the mailbox here.
    Mailbox,
    /// Who applied on paper gets paper: it is printed and posted. It lies in the mailbox too, for who logs in.
    Paper,
}

impl Way {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mailbox => "mailbox",
            Self::Paper => "paper",
        }
    }
}

fn read(row: &Row) -> Result<Letter, StoreError> {
    Ok(Letter {
        id: row.text("id")?,
        case_id: row.text("case_id")?,
        body: row.body("body")?,
        owner: row.text("owner")?,
        document: row.text("document")?,
        name: row.text("name")?,
        sent_at: row.instant("sent_at")?,
        opened_at: row.maybe_instant("opened_at")?,
        contents: row.bytes("contents")?,
        way: match row.text("way")?.as_str() {
            "paper" => Way::Paper,
            _ => Way::Mailbox,
        },
        posted_on: row.maybe_date("posted_on")?,
    })
}

pub fn send(tx: &mut Tx, it: &Letter) -> Result<(), StoreError> {
    tx.execute(
        "insert into letters (id, case_id, body, owner, document, name, sent_at, contents, way)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            it.id,
            it.case_id,
            it.body,
            it.owner,
            it.document,
            it.name,
            it.sent_at,
            it.contents,
            it.way.word()
        ],
    )?;
    Ok(())
}

/// The person's letters, newest first, at most 200.
pub fn of_owner(tx: &mut Tx, owner: &str) -> Result<Vec<Letter>, StoreError> {
    tx.query(
        "select id, case_id, body, owner, document, name, sent_at, opened_at, contents, way, posted_on from letters
         where owner = $1 order by sent_at desc, id desc limit 200",
        params![owner],
    )?
    .iter()
    .map(read)
    .collect()
}

pub fn of_case(tx: &mut Tx, case_id: &str) -> Result<Vec<Letter>, StoreError> {
    tx.query(
        "select id, case_id, body, owner, document, name, sent_at, opened_at, contents, way, posted_on from letters
         where case_id = $1 order by sent_at, id",
        params![case_id],
    )?
    .iter()
    .map(read)
    .collect()
}

/// The person's own letter. Another's is not found.
pub fn of(tx: &mut Tx, owner: &str, id: &str) -> Result<Option<Letter>, StoreError> {
    let row = tx.query_optional(
        "select id, case_id, body, owner, document, name, sent_at, opened_at, contents, way, posted_on from letters
         where id = $1 and owner = $2",
        params![id, owner],
    )?;
    row.as_ref().map(read).transpose()
}

/// The body's letters that are to be printed and posted, oldest first, at most 200.
pub fn to_post(tx: &mut Tx, body: &BodyId) -> Result<Vec<Letter>, StoreError> {
    tx.query(
        "select id, case_id, body, owner, document, name, sent_at, opened_at, contents, way, posted_on from letters
         where body = $1 and way = 'paper' and posted_on is null order by sent_at, id limit 200",
        params![body],
    )?
    .iter()
    .map(read)
    .collect()
}

/// By id: whoever asks must then be found to have a role in its body.
pub fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Letter>, StoreError> {
    let row = tx.query_optional(
        "select id, case_id, body, owner, document, name, sent_at, opened_at, contents, way, posted_on from letters
         where id = $1",
        params![id],
    )?;
    row.as_ref().map(read).transpose()
}

/// Notes that it was posted. `false`: it was noted before, or is no paper.
pub fn posted(tx: &mut Tx, id: &str, on: Date) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update letters set posted_on = $2 where id = $1 and way = 'paper' and posted_on is null",
        params![id, on],
    )?;
    Ok(changed == 1)
}

/// Notes the first opening. `false`: it was opened before.
pub fn opened(tx: &mut Tx, id: &str, at: Timestamp) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update letters set opened_at = $2 where id = $1 and opened_at is null",
        params![id, at],
    )?;
    Ok(changed == 1)
}
