//! Effects: counted from events and from nothing else.
//!
//! Always true: no figure comes from anywhere but the event log and the service document that says what its facts are; what
//! anybody may see is suppressed and rounded first; staff see the events of their own bodies only. Reading order: [`log`] (how
//! the other capabilities say that something happened), [`summary`] (figures from events), [`public`] (what of them anybody
//! may see), [`gather`] (events from the store), [`pages`].

use jiff::Timestamp;
use jiff::civil::Date;
use samverk_domain::terms::BodyId;
use samverk_store::{StoreError, Tx, events};

use crate::clock::stockholm;
use crate::library::Library;

pub mod log;
pub mod pages;
pub mod public;
pub mod summary;

use summary::{Documents, Summary};

/// Events that one summary is counted from. More need a shorter period.
pub const EVENTS_MAX: u32 = 500_000;

/// Why a service's figures could not be counted.
#[derive(Debug, thiserror::Error)]
pub enum NotCounted {
    #[error("{service} has more than {EVENTS_MAX} events in the period; choose a shorter one")]
    TooMany { service: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Counts a service's events at this node. `bodies`: only of what these did; `None`: all of the node's.
pub fn gather(
    tx: &mut Tx,
    library: &Library,
    node: &str,
    service: &str,
    (from, to): (Timestamp, Timestamp),
    bodies: Option<&[BodyId]>,
) -> Result<Summary, NotCounted> {
    let mut events = events::of_service(tx, service, from, to, EVENTS_MAX + 1)?;
    if events.len() > EVENTS_MAX as usize {
        return Err(NotCounted::TooMany {
            service: service.to_owned(),
        });
    }
    if let Some(bodies) = bodies {
        events.retain(|event| bodies.contains(&event.body));
    }
    let known = library.all();
    let versions = known.iter().map(|known| &known.pack);
    let documents = Documents::of(versions.filter(|pack| pack.meta.slug.it.as_str() == service));
    Ok(summary::summary(node, service, (from, to), &events, &documents))
}

/// The twelve months up to and with a day.
pub fn year_to(day: Date) -> (Timestamp, Timestamp) {
    let first = day.saturating_sub(jiff::Span::new().years(1));
    let after = day.saturating_add(jiff::Span::new().days(1));
    (begin_of(first), begin_of(after))
}

/// When a day begins in Sweden.
pub fn begin_of(day: Date) -> Timestamp {
    day.to_zoned(stockholm())
        .map_or(Timestamp::MIN, |begin| begin.timestamp())
}
