//! Cases at the bodies of this node: where each stands, what is to be done and by when. What a case holds is a closed box.
//!
//! Always true: a case belongs to one body and its contents open only with that body's own content key; an application (host,
//! submission, step) or a referral (asker, its diary number, fact) gives one case however often it comes; a save from an
//! older reading is refused. The columns that can be read hold no personal data: `owner` and `represents` are keyed hashes.
//!
//! An attacker who can write here can hide a case from the queue, change its last day as the queue shows it, or put an older
//! box back; they can neither read nor make a box. What has been sent from the case lies signed with those who got it.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::migrations::Migration;
use crate::params;
use crate::tx::{Row as Found, StoreError, Tx};
use samverk_domain::terms::BodyId;

/// One page of a queue.
pub const QUEUE_MAX: u32 = 100;

pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "cases",
    number: 1,
    name: "cases",
    sql: "
create table cases (
    id           text not null primary key, -- random, base64url; stands in addresses; never changes
    body         text not null,   -- the deciding or asked body; never changes
    kind         text not null,   -- application | referral; never changes
    diary_number text not null,   -- within the body; never changes
    pack         text not null,   -- slug of the service document; never changes
    version      bigint not null, -- of the document; never changes
    step         text not null,   -- the step, or the fact that a referral asks about; never changes
    sender       text not null,   -- host of the application, or the asking body; never changes
    reference    text not null,   -- submission, or the asker's diary number; never changes
    owner        text not null,   -- keyed hash of the applicant's number, '' for a referral; never changes
    state        text not null,   -- the procedure's state
    todo         text not null,   -- what is to be done now: a key of cases::todo
    waits        text not null,   -- staff | party | referral | register | meeting | nobody
    due          text,            -- the last day of what is to be done
    received_at  text not null,   -- instant; never changes
    changed_at   text not null,   -- instant of the last save
    revision     bigint not null, -- counts saves
    summary      bytea not null,  -- what the queue shows, closed under the body's content key
    contents     bytea not null   -- the case, closed under the body's content key
);
create unique index cases_by_diary_number on cases (body, diary_number);
create unique index cases_by_origin on cases (body, kind, sender, reference, step);
create index cases_in_queue on cases (body, waits, due);
create index cases_of_owner on cases (owner, received_at);
",
}];

/// A case as it lies in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub id: String,
    pub body: BodyId,
    pub kind: Kind,
    pub diary_number: String,
    pub pack: String,
    pub version: u32,
    pub step: String,
    pub sender: BodyId,
    pub reference: String,
    pub owner: String,
    pub stands: Stands,
    pub received_at: Timestamp,
    pub changed_at: Timestamp,
    pub revision: u64,
    pub summary: Vec<u8>,
    pub contents: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Application,
    Referral,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Referral => "referral",
        }
    }
}

/// Where a case stands, as far as the queue must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stands {
    pub state: String,
    pub todo: String,
    pub waits: String,
    pub due: Option<Date>,
}

/// A line of a queue, without the case's contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub id: String,
    pub body: BodyId,
    pub diary_number: String,
    pub kind: Kind,
    pub stands: Stands,
    pub summary: Vec<u8>,
}

fn kind(row: &Found) -> Result<Kind, StoreError> {
    match row.text("kind")?.as_str() {
        "application" => Ok(Kind::Application),
        "referral" => Ok(Kind::Referral),
        _ => Err(StoreError::Column {
            column: "kind".to_owned(),
            why: "not a kind of case".to_owned(),
        }),
    }
}

fn stands(row: &Found) -> Result<Stands, StoreError> {
    Ok(Stands {
        state: row.text("state")?,
        todo: row.text("todo")?,
        waits: row.text("waits")?,
        due: row.maybe_date("due")?,
    })
}

fn read(row: &Found) -> Result<Row, StoreError> {
    Ok(Row {
        id: row.text("id")?,
        body: row.body("body")?,
        kind: kind(row)?,
        diary_number: row.text("diary_number")?,
        pack: row.text("pack")?,
        version: u32::try_from(row.int("version")?).unwrap_or(0),
        step: row.text("step")?,
        sender: row.body("sender")?,
        reference: row.text("reference")?,
        owner: row.text("owner")?,
        stands: stands(row)?,
        received_at: row.instant("received_at")?,
        changed_at: row.instant("changed_at")?,
        revision: row.count("revision")?,
        summary: row.bytes("summary")?,
        contents: row.bytes("contents")?,
    })
}

fn line(row: &Found) -> Result<Line, StoreError> {
    Ok(Line {
        id: row.text("id")?,
        body: row.body("body")?,
        diary_number: row.text("diary_number")?,
        kind: kind(row)?,
        stands: stands(row)?,
        summary: row.bytes("summary")?,
    })
}

/// Keeps a new case. A second one of the same origin breaks the table's rule.
pub fn insert(tx: &mut Tx, it: &Row) -> Result<(), StoreError> {
    tx.execute(
        "insert into cases (id, body, kind, diary_number, pack, version, step, sender, reference, owner, state, todo, waits,
             due, received_at, changed_at, revision, summary, contents)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1, $17, $18)",
        params![
            it.id,
            it.body,
            it.kind.word(),
            it.diary_number,
            it.pack,
            it.version,
            it.step,
            it.sender,
            it.reference,
            it.owner,
            it.stands.state,
            it.stands.todo,
            it.stands.waits,
            it.stands.due,
            it.received_at,
            it.changed_at,
            it.summary,
            it.contents
        ],
    )?;
    Ok(())
}

/// Saves what has changed. `false`: somebody saved since it was read.
pub fn save(tx: &mut Tx, it: &Row) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update cases set state = $3, todo = $4, waits = $5, due = $6, changed_at = $7, revision = revision + 1,
             summary = $8, contents = $9
         where id = $1 and revision = $2",
        params![
            it.id,
            i64::try_from(it.revision).unwrap_or(i64::MAX),
            it.stands.state,
            it.stands.todo,
            it.stands.waits,
            it.stands.due,
            it.changed_at,
            it.summary,
            it.contents
        ],
    )?;
    Ok(changed == 1)
}

pub fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Row>, StoreError> {
    let row = tx.query_optional("select * from cases where id = $1", params![id])?;
    row.as_ref().map(read).transpose()
}

/// The case that an application or a referral gave.
pub fn by_origin(
    tx: &mut Tx,
    body: &BodyId,
    kind: Kind,
    sender: &BodyId,
    reference: &str,
    step: &str,
) -> Result<Option<Row>, StoreError> {
    let row = tx.query_optional(
        "select * from cases where body = $1 and kind = $2 and sender = $3 and reference = $4 and step = $5",
        params![body, kind.word(), sender, reference, step],
    )?;
    row.as_ref().map(read).transpose()
}

pub fn by_diary_number(tx: &mut Tx, body: &BodyId, diary_number: &str) -> Result<Option<Row>, StoreError> {
    let row = tx.query_optional(
        "select * from cases where body = $1 and diary_number = $2",
        params![body, diary_number],
    )?;
    row.as_ref().map(read).transpose()
}

/// A body's cases that wait for somebody, what is due first at the top, at most [`QUEUE_MAX`].
pub fn queue(tx: &mut Tx, body: &BodyId, waits: &str) -> Result<Vec<Line>, StoreError> {
    tx.query(
        "select id, body, diary_number, kind, state, todo, waits, due, summary from cases
         where body = $1 and waits = $2 order by coalesce(due, '9999-12-31'), received_at, id limit $3",
        params![body, waits, QUEUE_MAX],
    )?
    .iter()
    .map(line)
    .collect()
}

/// How many of a body's cases wait, by for whom.
pub fn waiting(tx: &mut Tx, body: &BodyId) -> Result<Vec<(String, u64)>, StoreError> {
    tx.query(
        "select waits, count(*) as cases from cases where body = $1 group by waits order by waits",
        params![body],
    )?
    .iter()
    .map(|row| Ok((row.text("waits")?, row.count("cases")?)))
    .collect()
}

/// A body's applications of a service in versions before the one given, that nothing has been decided in and that are not
/// ended, oldest first.
pub fn under_way_before(tx: &mut Tx, body: &BodyId, pack: &str, version: u32) -> Result<Vec<String>, StoreError> {
    tx.query(
        "select id from cases
         where body = $1 and pack = $2 and version < $3 and kind = 'application'
             and state in ('received', 'registered', 'completion_asked', 'completion_answered', 'examined', 'on_referral',
                           'communicated', 'drafted')
         order by received_at, id",
        params![body, pack, version],
    )?
    .iter()
    .map(|row| row.text("id"))
    .collect()
}

/// The person's cases here, newest first, at most 200.
pub fn of_owner(tx: &mut Tx, owner: &str) -> Result<Vec<Line>, StoreError> {
    tx.query(
        "select id, body, diary_number, kind, state, todo, waits, due, summary from cases
         where owner = $1 and owner <> '' order by received_at desc, id limit 200",
        params![owner],
    )?
    .iter()
    .map(line)
    .collect()
}
