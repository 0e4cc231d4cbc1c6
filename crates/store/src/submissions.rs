//! What people have submitted through this node, per step: where it is, and what the body has said since.
//!
//! Always true: a submission and all its steps come into being in one transaction and are never changed in substance; only a
//! step's state moves. `owner` is a keyed hash. Contents and applications are closed boxes. A status from a body is taken
//! once and never backwards in time.
//!
//! An attacker who can write here can hide or falsify a status that the person sees at the host; the case itself, the
//! decision and the receipt are signed and lie with the bodies and the person.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::migrations::Migration;
use crate::params;
use crate::tx::{Row, StoreError, Tx};

pub const MIGRATIONS: &[Migration] = &[
    Migration {
    owner: "submissions",
    number: 1,
    name: "submissions, their steps, files and notices",
    sql: "
create table submissions (
    id             text not null primary key, -- random, base64url; stands in the person's addresses and as matter
    owner          text not null,             -- keyed hash of the person's number
    pack           text not null,             -- slug of the service
    version        bigint not null,           -- of the service document
    received_at    text not null,             -- instant of the durable receipt; never changes
    received_day   text not null,             -- its legal day in Sweden (FL 22 paragraph); never changes
    answers_sha256 text not null,             -- what the fresh login was bound to; never changes
    contents       bytea not null,            -- summary for the person, closed under a key of the submission
    receipt        text not null              -- compact JWS by the host; never changes
);
create index submissions_of_owner on submissions (owner, received_at);
create table submission_steps (
    submission     text not null references submissions (id), -- whose
    step           text not null,   -- the step's name in the document
    body           text not null,   -- the responsible body
    state          text not null,   -- waiting | sending | delivered | closed | refused
    waits_for      text,            -- event and step that it waits for: 'granted bolag'
    closed_because text,            -- why it never will be sent, in words
    message        text not null,   -- id of the application's message; the same at every try
    application    bytea,           -- closed application; null once the body has confirmed it
    diary_number   text,            -- the body's
    case_state     text,            -- last status from the body
    outcome        text,            -- when decided
    automatic      bigint,          -- 1 when decided by an automatic function
    decide_by      text,            -- last day of the time limit
    page           text,            -- the person's page at the body
    letter         text,            -- the latest letter's address at the body
    status_at      text,            -- instant of the last status
    primary key (submission, step)
);
create table submission_files (
    submission text not null references submissions (id), -- whose
    sha256     text not null,       -- of the file's bytes, hex
    contents   bytea not null,      -- closed under the submission's key
    primary key (submission, sha256)
);
create table submission_notices (
    id         text not null primary key, -- the body's message id: taken once
    submission text not null references submissions (id), -- whose
    step       text not null,       -- which step
    kind       text not null,       -- completion_request | hearing
    contents   bytea not null,      -- what was asked, closed under the submission's key
    answer_by  text not null,       -- last day
    at         text not null,       -- instant it came
    answered_at text                -- instant the person answered
);
create index submission_notices_of on submission_notices (submission, at);",
    },
    Migration {
        owner: "submissions",
        number: 2,
        name: "when the latest letter was sent",
        sql: "
alter table submission_steps add column letter_sent_at text; -- instant of the latest letter, so that an earlier one that comes later does not take its place
",
    },
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    pub id: String,
    pub owner: String,
    pub pack: String,
    pub version: u32,
    pub received_at: Timestamp,
    pub received_day: Date,
    pub answers_sha256: String,
    pub contents: Vec<u8>,
    pub receipt: String,
}

/// Where the application of one step is, seen from the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// For an event of another step.
    Waiting,
    /// Under way to the body; tried until it is confirmed.
    Sending,
    Delivered,
    /// What it waited for can no longer happen.
    Closed,
    /// The body refused the message; somebody must look.
    Refused,
}

impl Delivery {
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Closed => "closed",
            Self::Refused => "refused",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        [
            Self::Waiting,
            Self::Sending,
            Self::Delivered,
            Self::Closed,
            Self::Refused,
        ]
        .into_iter()
        .find(|delivery| delivery.word() == word)
        .ok_or_else(|| StoreError::Column {
            column: "state".to_owned(),
            why: "not a state of delivery".to_owned(),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRow {
    pub submission: String,
    pub step: String,
    pub body: String,
    pub delivery: Delivery,
    pub waits_for: Option<String>,
    pub closed_because: Option<String>,
    pub message: String,
    pub application: Option<Vec<u8>>,
    pub diary_number: Option<String>,
    pub case_state: Option<String>,
    pub outcome: Option<String>,
    pub automatic: bool,
    pub decide_by: Option<Date>,
    pub page: Option<String>,
    pub letter: Option<String>,
    pub status_at: Option<Timestamp>,
}

/// What a body says of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRow<'a> {
    pub diary_number: &'a str,
    pub case_state: &'a str,
    pub outcome: Option<&'a str>,
    pub automatic: bool,
    pub decide_by: Option<Date>,
    pub page: &'a str,
    pub at: Timestamp,
}

/// Something that the person is asked to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub id: String,
    pub submission: String,
    pub step: String,
    pub kind: String,
    pub contents: Vec<u8>,
    pub answer_by: Date,
    pub at: Timestamp,
    pub answered_at: Option<Timestamp>,
}

fn submission(row: &Row) -> Result<Submission, StoreError> {
    Ok(Submission {
        id: row.text("id")?,
        owner: row.text("owner")?,
        pack: row.text("pack")?,
        version: u32::try_from(row.int("version")?).unwrap_or(0),
        received_at: row.instant("received_at")?,
        received_day: row.date("received_day")?,
        answers_sha256: row.text("answers_sha256")?,
        contents: row.bytes("contents")?,
        receipt: row.text("receipt")?,
    })
}

fn step(row: &Row) -> Result<StepRow, StoreError> {
    Ok(StepRow {
        submission: row.text("submission")?,
        step: row.text("step")?,
        body: row.text("body")?,
        delivery: Delivery::parse(&row.text("state")?)?,
        waits_for: row.maybe_text("waits_for")?,
        closed_because: row.maybe_text("closed_because")?,
        message: row.text("message")?,
        application: row.maybe_bytes("application")?,
        diary_number: row.maybe_text("diary_number")?,
        case_state: row.maybe_text("case_state")?,
        outcome: row.maybe_text("outcome")?,
        automatic: row.maybe_int("automatic")? == Some(1),
        decide_by: row.maybe_date("decide_by")?,
        page: row.maybe_text("page")?,
        letter: row.maybe_text("letter")?,
        status_at: row.maybe_instant("status_at")?,
    })
}

fn notice(row: &Row) -> Result<Notice, StoreError> {
    Ok(Notice {
        id: row.text("id")?,
        submission: row.text("submission")?,
        step: row.text("step")?,
        kind: row.text("kind")?,
        contents: row.bytes("contents")?,
        answer_by: row.date("answer_by")?,
        at: row.instant("at")?,
        answered_at: row.maybe_instant("answered_at")?,
    })
}

/// Keeps a submission. Its steps follow in the same transaction.
pub fn keep(tx: &mut Tx, it: &Submission) -> Result<(), StoreError> {
    tx.execute(
        "insert into submissions
             (id, owner, pack, version, received_at, received_day, answers_sha256, contents, receipt)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            it.id,
            it.owner,
            it.pack,
            i64::from(it.version),
            it.received_at,
            it.received_day,
            it.answers_sha256,
            it.contents,
            it.receipt
        ],
    )?;
    Ok(())
}

pub fn keep_step(tx: &mut Tx, it: &StepRow) -> Result<(), StoreError> {
    tx.execute(
        "insert into submission_steps (submission, step, body, state, waits_for, closed_because, message, application)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            it.submission,
            it.step,
            it.body,
            it.delivery.word(),
            it.waits_for,
            it.closed_because,
            it.message,
            it.application
        ],
    )?;
    Ok(())
}

pub fn keep_file(tx: &mut Tx, of: &str, sha256: &str, contents: &[u8]) -> Result<(), StoreError> {
    tx.execute(
        "insert into submission_files (submission, sha256, contents) values ($1, $2, $3)
         on conflict (submission, sha256) do nothing",
        params![of, sha256, contents],
    )?;
    Ok(())
}

pub fn file(tx: &mut Tx, of: &str, sha256: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx.query_optional(
        "select contents from submission_files where submission = $1 and sha256 = $2",
        params![of, sha256],
    )?;
    row.map(|row| row.bytes("contents")).transpose()
}

/// The person's own submission. Another's is not found.
pub fn of(tx: &mut Tx, owner: &str, id: &str) -> Result<Option<Submission>, StoreError> {
    let row = tx.query_optional(
        "select id, owner, pack, version, received_at, received_day, answers_sha256, contents, receipt
         from submissions where id = $1 and owner = $2",
        params![id, owner],
    )?;
    row.as_ref().map(submission).transpose()
}

/// For messages from bodies, which name the submission but not the person.
pub fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Submission>, StoreError> {
    let row = tx.query_optional(
        "select id, owner, pack, version, received_at, received_day, answers_sha256, contents, receipt
         from submissions where id = $1",
        params![id],
    )?;
    row.as_ref().map(submission).transpose()
}

/// The person's submissions, newest first, at most 200.
pub fn all_of(tx: &mut Tx, owner: &str) -> Result<Vec<Submission>, StoreError> {
    let rows = tx.query(
        "select id, owner, pack, version, received_at, received_day, answers_sha256, contents, receipt
         from submissions where owner = $1 order by received_at desc limit 200",
        params![owner],
    )?;
    rows.iter().map(submission).collect()
}

pub fn steps(tx: &mut Tx, of: &str) -> Result<Vec<StepRow>, StoreError> {
    let rows = tx.query(
        "select submission, step, body, state, waits_for, closed_because, message, application, diary_number, case_state,
                outcome, automatic, decide_by, page, letter, status_at
         from submission_steps where submission = $1 order by step",
        params![of],
    )?;
    rows.iter().map(step).collect()
}

/// A step by name.
pub fn step_of(tx: &mut Tx, of: &str, name: &str) -> Result<Option<StepRow>, StoreError> {
    Ok(steps(tx, of)?.into_iter().find(|row| row.step == name))
}

/// The body has confirmed the application: the host's copy goes.
pub fn delivered(tx: &mut Tx, of: &str, name: &str) -> Result<(), StoreError> {
    tx.execute(
        "update submission_steps set state = 'delivered', application = null
         where submission = $1 and step = $2 and state = 'sending'",
        params![of, name],
    )?;
    Ok(())
}

/// The body refused the message for good.
pub fn refused(tx: &mut Tx, of: &str, name: &str, why: &str) -> Result<(), StoreError> {
    tx.execute(
        "update submission_steps set state = 'refused', closed_because = $3
         where submission = $1 and step = $2 and state = 'sending'",
        params![of, name, why],
    )?;
    Ok(())
}

/// What it waited for happened. `false`: it did not wait.
pub fn released(tx: &mut Tx, of: &str, name: &str) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update submission_steps set state = 'sending' where submission = $1 and step = $2 and state = 'waiting'",
        params![of, name],
    )?;
    Ok(changed == 1)
}

/// What it waited for can no longer happen.
pub fn closed(tx: &mut Tx, of: &str, name: &str, because: &str) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update submission_steps set state = 'closed', closed_because = $3, application = null
         where submission = $1 and step = $2 and state = 'waiting'",
        params![of, name, because],
    )?;
    Ok(changed == 1)
}

/// Takes a status unless a later one is there already. `false`: nothing changed.
pub fn status(tx: &mut Tx, of: &str, name: &str, it: &StatusRow) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update submission_steps
         set diary_number = $3, case_state = $4, outcome = $5, automatic = $6, decide_by = $7, page = $8, status_at = $9
         where submission = $1 and step = $2 and (status_at is null or status_at <= $9)",
        params![
            of,
            name,
            it.diary_number,
            it.case_state,
            it.outcome,
            i64::from(it.automatic),
            it.decide_by,
            it.page,
            it.at
        ],
    )?;
    Ok(changed == 1)
}

/// Notes where the latest letter about a step is read. One that was sent earlier, but comes later, changes nothing.
pub fn letter(tx: &mut Tx, of: &str, name: &str, page: &str, sent_at: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "update submission_steps set letter = $3, letter_sent_at = $4
         where submission = $1 and step = $2 and (letter_sent_at is null or letter_sent_at <= $4)",
        params![of, name, page, sent_at],
    )?;
    Ok(())
}

/// Keeps what a body asks of the person; the same message twice is kept once.
pub fn keep_notice(tx: &mut Tx, it: &Notice) -> Result<bool, StoreError> {
    let new = tx.execute(
        "insert into submission_notices (id, submission, step, kind, contents, answer_by, at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing",
        params![it.id, it.submission, it.step, it.kind, it.contents, it.answer_by, it.at],
    )?;
    Ok(new == 1)
}

pub fn notices(tx: &mut Tx, of: &str) -> Result<Vec<Notice>, StoreError> {
    let rows = tx.query(
        "select id, submission, step, kind, contents, answer_by, at, answered_at
         from submission_notices where submission = $1 order by at",
        params![of],
    )?;
    rows.iter().map(notice).collect()
}

/// `false`: it was answered before.
pub fn answered(tx: &mut Tx, id: &str, at: Timestamp) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update submission_notices set answered_at = $2 where id = $1 and answered_at is null",
        params![id, at],
    )?;
    Ok(changed == 1)
}
