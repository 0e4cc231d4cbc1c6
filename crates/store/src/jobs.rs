//! Jobs: what must happen after a commit, kept in the same transaction as the reason for it (outbox).
//!
//! Always true: a job is one row by kind and key, so enqueuing it twice is enqueuing it once; it is worked on by one worker at
//! a time under a lease, and may be worked on again if the lease runs out, so every job must bear being done twice; a job ends
//! as `done` or, after its attempts, as `failed` with the reason, never in silence. A finished job keeps no payload.
//!
//! What an attacker gains who can write here: they can delay, drop or repeat what the node was to send, and change an unsent
//! payload before the node signs it; what other bodies have taken and signed for, they cannot undo.

use jiff::{SignedDuration, Timestamp};

use crate::migrations::Migration;
use crate::params;
use crate::tx::{Row, StoreError, Tx};

pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "jobs",
    number: 1,
    name: "jobs with lease and outcome",
    sql: "
create table jobs (
    kind       text not null,   -- what is to be done: 'send_message'; never changes
    key        text not null,   -- which one: an id without identity numbers; never changes
    payload    text not null,   -- JSON that the worker reads; emptied when the job has ended
    state      text not null,   -- open, done, failed
    due_at     text not null,   -- instant from which it may be claimed; the lease's end while somebody works on it
    leased     bigint not null, -- 1 while somebody works on it
    attempts   bigint not null, -- claims so far; also tells an old lease from a new one
    last_error text,            -- why the last attempt did not succeed
    ended_at   text,            -- instant when it became done or failed
    primary key (kind, key)
);
create index jobs_by_due on jobs (state, due_at);
",
}];

/// A claimed job. Hand it back to [`done`], [`retry`] or [`fail`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub kind: String,
    pub key: String,
    pub payload: String,
    /// This attempt's number, from 1.
    pub attempt: u32,
}

/// A job that was given up, for those who operate the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedJob {
    pub kind: String,
    pub key: String,
    pub attempts: u32,
    pub why: String,
    pub failed_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    New,
    /// A job with this kind and key was there already, perhaps done; it was left as it is.
    Already,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retried {
    Again,
    /// All attempts are used; the job is `failed`.
    GivenUp,
    /// The lease ran out and another has the job now, or it has ended; nothing was changed.
    NotYours,
}

/// Puts a job in the outbox. The store wakes the one who waits in [`crate::Store::job_enqueued`] after the commit.
pub fn enqueue(tx: &mut Tx, kind: &str, key: &str, payload: &str, due: Timestamp) -> Result<Enqueued, StoreError> {
    let new = tx.execute(
        "insert into jobs (kind, key, payload, state, due_at, leased, attempts) values ($1, $2, $3, 'open', $4, 0, 0)
         on conflict (kind, key) do nothing",
        params![kind, key, payload, due],
    )?;
    if new == 0 {
        return Ok(Enqueued::Already);
    }
    tx.note_job_enqueued();
    Ok(Enqueued::New)
}

/// Takes at most `max` due jobs, the longest due first. Until `now + lease` nobody else gets them.
pub fn claim(tx: &mut Tx, now: Timestamp, lease: SignedDuration, max: u32) -> Result<Vec<Job>, StoreError> {
    // `state` and `due_at` are tested again outside: on PostgreSQL another process may have taken the row meanwhile.
    let mut rows = tx.query(
        "update jobs set leased = 1, due_at = $2, attempts = attempts + 1
         where state = 'open' and due_at <= $1 and (kind, key) in (
             select kind, key from jobs where state = 'open' and due_at <= $1 order by due_at, kind, key limit $3)
         returning kind, key, payload, attempts",
        params![now, now + lease, max],
    )?;
    // `returning` promises no order.
    rows.sort_by_cached_key(|row| (row.text("kind").ok(), row.text("key").ok()));
    rows.iter().map(job).collect()
}

/// The job succeeded. `false`: it was no longer this worker's.
pub fn done(tx: &mut Tx, job: &Job, now: Timestamp) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update jobs set state = 'done', leased = 0, payload = '', last_error = null, ended_at = $4
         where kind = $1 and key = $2 and attempts = $3 and state = 'open' and leased = 1",
        params![job.kind, job.key, job.attempt, now],
    )?;
    Ok(changed == 1)
}

/// The job did not succeed: it is due again at `due` (see [`backoff`]), or given up when it has had `attempts_max` attempts.
/// `why` is read by operators: no identity numbers.
pub fn retry(
    tx: &mut Tx,
    job: &Job,
    now: Timestamp,
    due: Timestamp,
    attempts_max: u32,
    why: &str,
) -> Result<Retried, StoreError> {
    if job.attempt >= attempts_max {
        return Ok(if fail(tx, job, now, why)? {
            Retried::GivenUp
        } else {
            Retried::NotYours
        });
    }
    let changed = tx.execute(
        "update jobs set leased = 0, due_at = $4, last_error = $5
         where kind = $1 and key = $2 and attempts = $3 and state = 'open' and leased = 1",
        params![job.kind, job.key, job.attempt, due, why],
    )?;
    Ok(if changed == 1 {
        Retried::Again
    } else {
        Retried::NotYours
    })
}

/// Trying again is useless. `false`: it was no longer this worker's.
pub fn fail(tx: &mut Tx, job: &Job, now: Timestamp, why: &str) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update jobs set state = 'failed', leased = 0, last_error = $5, ended_at = $4
         where kind = $1 and key = $2 and attempts = $3 and state = 'open' and leased = 1",
        params![job.kind, job.key, job.attempt, now, why],
    )?;
    Ok(changed == 1)
}

/// When the next open job is due (or the next lease ends).
pub fn next_due(tx: &mut Tx) -> Result<Option<Timestamp>, StoreError> {
    tx.query_one("select min(due_at) as due_at from jobs where state = 'open'", params![])?
        .maybe_instant("due_at")
}

/// Call when the only process that works on the store's jobs starts: whoever held a lease is gone. Gives how many.
pub fn recover(tx: &mut Tx, now: Timestamp) -> Result<usize, StoreError> {
    tx.execute(
        "update jobs set leased = 0, due_at = $1 where state = 'open' and leased = 1",
        params![now],
    )
}

/// What was given up, newest first.
pub fn failed(tx: &mut Tx, max: u32) -> Result<Vec<FailedJob>, StoreError> {
    tx.query(
        "select kind, key, attempts, last_error, ended_at from jobs where state = 'failed'
         order by ended_at desc, kind, key limit $1",
        params![max],
    )?
    .iter()
    .map(|row| {
        Ok(FailedJob {
            kind: row.text("kind")?,
            key: row.text("key")?,
            attempts: attempts(row)?,
            why: row.maybe_text("last_error")?.unwrap_or_default(),
            failed_at: row.instant("ended_at")?,
        })
    })
    .collect()
}

/// An operator lets a failed job start over. `false`: there is no such failed job.
pub fn start_over(tx: &mut Tx, kind: &str, key: &str, due: Timestamp) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update jobs set state = 'open', due_at = $3, attempts = 0, ended_at = null
         where kind = $1 and key = $2 and state = 'failed'",
        params![kind, key, due],
    )?;
    if changed == 1 {
        tx.note_job_enqueued();
    }
    Ok(changed == 1)
}

/// Open jobs, for health and for tests that wait until all is done.
pub fn open(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.query_one("select count(*) as open from jobs where state = 'open'", params![])?
        .count("open")
}

/// Forgets jobs done before the instant; until then their keys are refused as doubles. Gives how many.
pub fn forget_done(tx: &mut Tx, before: Timestamp) -> Result<usize, StoreError> {
    tx.execute(
        "delete from jobs where state = 'done' and ended_at < $1",
        params![before],
    )
}

/// Wait before attempt `attempt + 1`: doubles from `first` up to `longest`, then spread over its upper half by `chance`
/// (0–65535, drawn by the caller), so that many jobs do not come back at once.
pub fn backoff(attempt: u32, first: SignedDuration, longest: SignedDuration, chance: u16) -> SignedDuration {
    let doublings = attempt.saturating_sub(1).min(30);
    let whole = first.saturating_mul(1 << doublings).min(longest);
    let half = whole / 2;
    half + half.saturating_mul(i32::from(chance)) / i32::from(u16::MAX)
}

fn job(row: &Row) -> Result<Job, StoreError> {
    Ok(Job {
        kind: row.text("kind")?,
        key: row.text("key")?,
        payload: row.text("payload")?,
        attempt: attempts(row)?,
    })
}

fn attempts(row: &Row) -> Result<u32, StoreError> {
    u32::try_from(row.int("attempts")?).map_err(|_| StoreError::column("attempts", "is out of range"))
}
