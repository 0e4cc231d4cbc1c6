//! The only place that knows SQL: tables, transactions, the sealed log.
//!
//! [`Store`] is one database. All writes go through [`Store::run`], all reads through [`Store::read`]; both hand a [`Tx`] to
//! plain functions in the owner files. Each table has one owner file, which holds its `MIGRATIONS`, its SQL and, in its head,
//! what an attacker who can write to the table gains. To add a table: write the owner file, add it to [`OWNERS`].
//!
//! # The rule for SQL texts
//! Every text runs unchanged on SQLite and on PostgreSQL, so that PostgreSQL is a second engine behind [`Tx`] and no rewrite:
//! - lower case; placeholders `$1`, `$2`, … (one may occur several times); never a value pasted into the text (`&'static str`);
//! - column types `text`, `bigint`, `bytea` only. Identifiers are UUIDv7 as text, instants RFC 3339 in UTC with microseconds
//!   (they sort as text), civil days `yyyy-mm-dd`, yes/no is 0 or 1, JSON is text that only Rust reads;
//! - `insert … on conflict (…) do update|do nothing`, `returning`, common table expressions and window functions are fine;
//! - no `insert or replace`, `rowid`, `autoincrement`, `glob`, `strftime`, `json_*`, `ifnull`, `last_insert_rowid`;
//!   `coalesce`, `cast(sum(x) as bigint)` and `cast(count(*) as bigint)` instead; every `limit` has an `order by`;
//! - `like` differs in case sensitivity: search on a folded column.
//!
//! Reading order: [`engine`] (the store, the writer, the readers), [`tx`] (transaction, rows, values), [`migrations`], then the
//! owner files.

pub mod engine;
pub mod migrations;
pub mod tx;

pub mod jobs;

pub mod inbox;

pub mod sealed_log;

pub mod exchanges;

pub mod terms;

pub mod events;

pub mod drafts;

pub mod submissions;

pub mod signings;

pub mod registers;

pub mod sessions;

pub mod cases;

pub mod diary;

pub mod documents;

pub mod assisted;
pub mod letters;

pub mod versions;

pub use engine::{Counters, Store};
pub use tx::{Row, StoreError, ToValue, Tx, Value};

/// Every owner of tables, in the order in which their migrations run (a table stands after those that it refers to).
pub const OWNERS: &[&[migrations::Migration]] = &[
    jobs::MIGRATIONS,
    inbox::MIGRATIONS,
    sealed_log::MIGRATIONS,
    exchanges::MIGRATIONS,
    terms::MIGRATIONS,
    events::MIGRATIONS,
    drafts::MIGRATIONS,
    submissions::MIGRATIONS,
    signings::MIGRATIONS,
    registers::MIGRATIONS,
    sessions::MIGRATIONS,
    cases::MIGRATIONS,
    diary::MIGRATIONS,
    documents::MIGRATIONS,
    letters::MIGRATIONS,
    assisted::MIGRATIONS,
    versions::MIGRATIONS,
];
