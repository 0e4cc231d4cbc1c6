//! Events: what happened, for the effects (DESIGN: "computed from events and nothing else").
//!
//! Always true: rows are added and never changed; no personal data, no organisation number, no diary number: a case is a
//! pseudonym under a key that the node changes each year. The same id again is the same event.
//!
//! What an attacker gains who can write here: false figures on the page of effects. Nobody's rights depend on them.

use jiff::Timestamp;
use samverk_domain::events::Kind;
use samverk_domain::terms::BodyId;

use crate::migrations::Migration;
use crate::params;
use crate::tx::{Row, StoreError, Tx};

pub const MIGRATIONS: &[Migration] = &[
    Migration {
        owner: "events",
        number: 1,
        name: "event log",
        sql: "
create table events (
    id             text not null primary key, -- UUIDv7; never changes
    at             text not null,             -- instant; never changes
    node           text not null,             -- the node that saw it; never changes
    body           text not null,             -- the body that acted; never changes
    service        text not null,             -- pack slug; never changes
    version        bigint not null,           -- of the pack; never changes
    case_pseudonym text not null,             -- one matter, under the node's key of the year; never changes
    kind           text not null,             -- as in samverk_domain::events; never changes
    source_body    text,                      -- the body that the fact came from; never changes
    channel        text not null,             -- web, assisted, paper, machine; never changes
    count          bigint not null,           -- how many at once: fields, attachments; never changes
    active_ms      bigint                     -- time in use, where it is measured; never changes
);
create index events_by_service on events (service, at);
",
    },
    Migration {
        owner: "events",
        number: 2,
        name: "which fact or step an event is about",
        sql: "
alter table events add column about text; -- fact (ägare.pnr[2]) or step, as the service document writes it; never changes
",
    },
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// UUIDv7.
    pub id: String,
    pub at: Timestamp,
    pub node: String,
    pub body: BodyId,
    /// Pack slug.
    pub service: String,
    pub version: u32,
    pub case_pseudonym: String,
    pub kind: Kind,
    /// The fact (`gas.inne`, `ägare.pnr[2]`) or step (`gasol`) that it is about, as the service document writes it: never a
    /// value.
    pub about: Option<String>,
    pub source_body: Option<BodyId>,
    /// `web`, `assisted`, `paper`, `machine`.
    pub channel: String,
    pub count: u32,
    pub active_ms: Option<i64>,
}

/// Adds an event. The same id again changes nothing.
pub fn append(tx: &mut Tx, event: &Event) -> Result<(), StoreError> {
    tx.execute(
        "insert into events (id, at, node, body, service, version, case_pseudonym, kind, source_body, channel, count, active_ms,
             about)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict (id) do nothing",
        params![
            event.id,
            event.at,
            event.node,
            event.body,
            event.service,
            event.version,
            event.case_pseudonym,
            kind_text(event.kind),
            event.source_body,
            event.channel,
            event.count,
            event.active_ms,
            event.about,
        ],
    )
    .map(drop)
}

/// Events of one kind taken together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    pub service: String,
    pub body: BodyId,
    pub kind: Kind,
    pub source_body: Option<BodyId>,
    pub channel: String,
    pub events: u64,
    /// Sum of `count`.
    pub count: u64,
    /// Different matters.
    pub cases: u64,
    /// Sum of the measured time.
    pub active_ms: i64,
    /// Events with measured time: the coverage of `active_ms`.
    pub measured: u64,
}

/// Totals by service, body, kind, source and channel, from `from` and before `to`; one service or all (`None`).
pub fn totals(tx: &mut Tx, service: Option<&str>, from: Timestamp, to: Timestamp) -> Result<Vec<Total>, StoreError> {
    tx.query(
        "select service, body, kind, source_body, channel, cast(count(*) as bigint) as events,
             cast(sum(count) as bigint) as count, cast(count(distinct case_pseudonym) as bigint) as cases,
             cast(coalesce(sum(active_ms), 0) as bigint) as active_ms, cast(count(active_ms) as bigint) as measured
         from events where at >= $2 and at < $3 and (service = $1 or $1 = '')
         group by service, body, kind, source_body, channel
         order by service, body, kind, coalesce(source_body, ''), channel",
        params![service.unwrap_or(""), from, to],
    )?
    .iter()
    .map(|row| {
        Ok(Total {
            service: row.text("service")?,
            body: row.body("body")?,
            kind: kind(row)?,
            source_body: row.maybe_body("source_body")?,
            channel: row.text("channel")?,
            events: row.count("events")?,
            count: row.count("count")?,
            cases: row.count("cases")?,
            active_ms: row.int("active_ms")?,
            measured: row.count("measured")?,
        })
    })
    .collect()
}

/// All events of one matter, first to last.
pub fn of_case(tx: &mut Tx, case_pseudonym: &str) -> Result<Vec<Event>, StoreError> {
    tx.query(
        "select id, at, node, body, service, version, case_pseudonym, kind, source_body, channel, count, active_ms,
             about
         from events where case_pseudonym = $1 order by at, id",
        params![case_pseudonym],
    )?
    .iter()
    .map(read)
    .collect()
}

/// The services that have events, in order.
pub fn services(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let rows = tx.query("select distinct service from events order by service", params![])?;
    rows.iter().map(|row| row.text("service")).collect()
}

/// Events of a service in order of time, from `from` and before `to`, at most `max`: for intervals and distributions.
pub fn of_service(
    tx: &mut Tx,
    service: &str,
    from: Timestamp,
    to: Timestamp,
    max: u32,
) -> Result<Vec<Event>, StoreError> {
    tx.query(
        "select id, at, node, body, service, version, case_pseudonym, kind, source_body, channel, count, active_ms,
             about
         from events where service = $1 and at >= $2 and at < $3 order by at, id limit $4",
        params![service, from, to, max],
    )?
    .iter()
    .map(read)
    .collect()
}

fn read(row: &Row) -> Result<Event, StoreError> {
    let number =
        |column: &str| u32::try_from(row.int(column)?).map_err(|_| StoreError::column(column, "is out of range"));
    Ok(Event {
        id: row.text("id")?,
        at: row.instant("at")?,
        node: row.text("node")?,
        body: row.body("body")?,
        service: row.text("service")?,
        version: number("version")?,
        case_pseudonym: row.text("case_pseudonym")?,
        kind: kind(row)?,
        about: row.maybe_text("about")?,
        source_body: row.maybe_body("source_body")?,
        channel: row.text("channel")?,
        count: number("count")?,
        active_ms: row.maybe_int("active_ms")?,
    })
}

/// The kind's stable name in files.
fn kind_text(kind: Kind) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(name)) => name,
        other => unreachable!("a kind of event is written as one word: {other:?}"),
    }
}

fn kind(row: &Row) -> Result<Kind, StoreError> {
    serde_json::from_value(serde_json::Value::String(row.text("kind")?))
        .map_err(|_| StoreError::column("kind", "is unknown to this version"))
}
