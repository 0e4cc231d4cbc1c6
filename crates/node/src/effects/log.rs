//! Writing events: what happened, counted where it happened, in the transaction in which it happened.
//!
//! Always true: no person and no matter's number stands in an event; a matter has a pseudonym under a key of this node and
//! year, so that its events can be put together here and nowhere else.

use jiff::Timestamp;
use jiff::civil::Date;
use samverk_domain::events::Kind;
use samverk_domain::fact::{Name, Slot};
use samverk_domain::terms::BodyId;
use samverk_store::events::{self, Event};
use samverk_store::{StoreError, Tx};
use uuid::Uuid;

use crate::clock::stockholm;
use crate::ctx::Ctx;
use crate::node::Node;

/// Time in one sitting beyond this is not work: somebody left the page open.
pub const ACTIVE_MS_MAX: i64 = 15 * 60 * 1000;

/// The matter that events belong to.
#[derive(Clone, Debug)]
pub struct Matter {
    pub service: String,
    pub version: u32,
    pub pseudonym: String,
}

impl Matter {
    /// `reference`: the draft's, submission's or case's own id on this node. The key is that of the year in which the id was
    /// made, so that a matter that goes on over New Year stays one.
    pub fn of(ctx: &Ctx, node: &Node, service: &str, version: u32, reference: &str) -> Self {
        let year = made(reference).map_or_else(|| ctx.at.day.year(), |day| day.year());
        Self {
            service: service.to_owned(),
            version,
            pseudonym: node.secret.mark(&format!("matter-{year}"), reference.as_bytes()),
        }
    }
}

/// The day that a UUIDv7 was made (RFC 9562 §5.7).
fn made(reference: &str) -> Option<Date> {
    let (seconds, nanoseconds) = Uuid::parse_str(reference).ok()?.get_timestamp()?.to_unix();
    let at = Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanoseconds).ok()?).ok()?;
    Some(at.to_zoned(stockholm()).date())
}

/// What happened, besides who, where and when.
#[derive(Clone, Debug)]
pub struct Happened {
    pub kind: Kind,
    /// The fact or step that it is about; never a value.
    pub about: Option<String>,
    /// The body that a fact came from, or that did not answer.
    pub source: Option<BodyId>,
    pub count: u32,
    pub active_ms: Option<i64>,
    /// `web`, `assisted`, `paper`, `machine`.
    pub channel: &'static str,
}

impl Happened {
    pub fn once(kind: Kind) -> Self {
        Self::times(kind, 1)
    }

    pub fn times(kind: Kind, count: u32) -> Self {
        Self {
            kind,
            about: None,
            source: None,
            count,
            active_ms: None,
            channel: "web",
        }
    }

    /// An official did it for the person, from a paper or in a conversation.
    #[must_use]
    pub fn assisted(mut self) -> Self {
        self.channel = "assisted";
        self
    }

    /// About a fact: `gas.inne`, or `ägare.pnr[2]` in the list's third item.
    #[must_use]
    pub fn about(mut self, slot: &Slot) -> Self {
        self.about = Some(match slot.item {
            None => slot.fact.to_string(),
            Some(item) => format!("{}[{item}]", slot.fact),
        });
        self
    }

    /// About a step.
    #[must_use]
    pub fn in_step(mut self, step: &Name) -> Self {
        self.about = Some(step.to_string());
        self
    }

    #[must_use]
    pub fn from(mut self, source: &BodyId) -> Self {
        self.source = Some(source.clone());
        self
    }

    #[must_use]
    pub fn active_ms(mut self, active_ms: i64) -> Self {
        self.active_ms = Some(active_ms.clamp(0, ACTIVE_MS_MAX));
        self
    }
}

/// Adds one event to the log.
pub fn note(ctx: &Ctx, tx: &mut Tx, node: &Node, matter: &Matter, happened: &Happened) -> Result<(), StoreError> {
    let event = Event {
        id: node.chance.id(ctx.at.instant).to_string(),
        at: ctx.at.instant,
        node: node.config.name.clone(),
        body: ctx.body.clone(),
        service: matter.service.clone(),
        version: matter.version,
        case_pseudonym: matter.pseudonym.clone(),
        kind: happened.kind,
        about: happened.about.clone(),
        source_body: happened.source.clone(),
        channel: happened.channel.to_owned(),
        count: happened.count,
        active_ms: happened.active_ms,
    };
    events::append(tx, &event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::ctx::{Actor, Basis, Ground, TraceId};
    use crate::node::tests::a_node_with_clock;

    /// One of Skatteverket's test numbers.
    const AMINA: &str = "198404272380";

    #[tokio::test]
    async fn no_event_holds_a_person_number() {
        let (_dir, node) = a_node_with_clock(Clock::System);
        let ctx = Ctx {
            who: Actor::System,
            body: node.config.host().id.clone(),
            ground: Ground {
                basis: Basis::OwnRequest,
                purpose: AMINA.to_owned(),
            },
            at: node.clock.moment(),
            trace: TraceId::new(&node.chance),
        };
        let matter = Matter::of(&ctx, &node, "starta-restaurang", 1, AMINA);
        let about = Slot {
            fact: Name::parse("ägare.pnr").unwrap(),
            item: Some(1),
        };
        let own = std::sync::Arc::clone(&node);
        let pseudonym = matter.pseudonym.clone();
        let written: Result<Vec<Event>, StoreError> = node
            .store
            .run("test", move |tx| {
                note(
                    &ctx,
                    tx,
                    &own,
                    &matter,
                    &Happened::once(Kind::FieldEntered).about(&about),
                )?;
                events::of_case(tx, &pseudonym)
            })
            .await;
        let written = written.unwrap();
        assert_eq!(written[0].about.as_deref(), Some("ägare.pnr[1]"));
        let all = format!("{written:?}");
        for number in [AMINA, &AMINA[2..], &AMINA[..8]] {
            assert!(!all.contains(number), "{all}");
        }
    }

    #[test]
    fn a_matter_keeps_the_year_in_which_it_was_made() {
        // Milliseconds of 2025-12-31T23:30:00Z, that is 2026 in Sweden.
        let made_at = made("019b76bf-30c0-7000-8000-000000000000").unwrap();
        assert_eq!(made_at.year(), 2026);
        assert_eq!(made("not an id"), None);
    }
}
