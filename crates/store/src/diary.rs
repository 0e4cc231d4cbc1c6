//! The diary (OSL 5 kap. 1–2 §§): numbers without gaps per body and year, and what has come in, been drawn up and sent.
//!
//! Always true: a number is taken in the transaction that opens its case, so one that is not used is not taken; an entry is
//! never changed or removed. `who` and `what` are the public part (5 kap. 2 §): they hold no name of a private person.
//!
//! An attacker who can write here can add false entries or remove true ones; numbers then show a gap or stand twice.

use jiff::Timestamp;
use jiff::civil::Date;
use samverk_domain::terms::BodyId;

use crate::migrations::Migration;
use crate::params;
use crate::tx::{StoreError, Tx};

pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "diary",
    number: 1,
    name: "number series and entries",
    sql: "
create table diary_series (
    body  text not null,   -- whose diary
    year  bigint not null, -- of the legal day of receipt
    taken bigint not null, -- the highest number taken
    primary key (body, year)
);
create table diary_entries (
    case_id text not null,   -- the case; never changes
    number  bigint not null, -- from 1 within the case, without gaps; never changes
    body    text not null,   -- whose diary; never changes
    at      text not null,   -- instant; never changes
    day     text not null,   -- its legal day; never changes
    way     text not null,   -- in | own | out; never changes
    who     text not null,   -- sender or receiver, a body or a role; never changes
    what    text not null,   -- briefly, public; never changes
    primary key (case_id, number)
);
create index diary_entries_by_day on diary_entries (body, day);
",
}];

/// Which way something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    In,
    Own,
    Out,
}

impl Way {
    pub fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Own => "own",
            Self::Out => "out",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub case_id: String,
    pub number: u64,
    pub body: BodyId,
    pub at: Timestamp,
    pub day: Date,
    pub way: Way,
    pub who: String,
    pub what: String,
}

/// Takes the body's next number of the year.
pub fn next_number(tx: &mut Tx, body: &BodyId, year: i16) -> Result<u64, StoreError> {
    tx.query_one(
        "insert into diary_series (body, year, taken) values ($1, $2, 1)
         on conflict (body, year) do update set taken = diary_series.taken + 1 returning taken",
        params![body, i64::from(year)],
    )?
    .count("taken")
}

/// What is to be entered.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    pub case_id: &'a str,
    pub body: &'a BodyId,
    pub at: Timestamp,
    pub day: Date,
    pub way: Way,
    pub who: &'a str,
    pub what: &'a str,
}

pub fn enter(tx: &mut Tx, entry: &NewEntry<'_>) -> Result<(), StoreError> {
    tx.execute(
        "insert into diary_entries (case_id, number, body, at, day, way, who, what)
         select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, $7 from diary_entries where case_id = $1",
        params![
            entry.case_id,
            entry.body,
            entry.at,
            entry.day,
            entry.way.word(),
            entry.who,
            entry.what
        ],
    )?;
    Ok(())
}

/// A case's entries, first to last.
pub fn of_case(tx: &mut Tx, case_id: &str) -> Result<Vec<Entry>, StoreError> {
    tx.query(
        "select case_id, number, body, at, day, way, who, what from diary_entries where case_id = $1 order by number",
        params![case_id],
    )?
    .iter()
    .map(|row| {
        Ok(Entry {
            case_id: row.text("case_id")?,
            number: row.count("number")?,
            body: row.body("body")?,
            at: row.instant("at")?,
            day: row.date("day")?,
            way: match row.text("way")?.as_str() {
                "in" => Way::In,
                "out" => Way::Out,
                _ => Way::Own,
            },
            who: row.text("who")?,
            what: row.text("what")?,
        })
    })
    .collect()
}
