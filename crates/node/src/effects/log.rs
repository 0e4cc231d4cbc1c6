//! Writing events: what happened, counted where it happened, in the transaction in which it happened.
//!
//! Always true: no person and no matter's number stands in an event; a matter has a pseudonym under a key of this node and
//! year, so that its events can be put together here and nowhere else.

use samverk_domain::events::Kind;
use samverk_domain::terms::BodyId;
use samverk_store::events::{self, Event};
use samverk_store::{StoreError, Tx};

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
    /// `reference`: the draft's, submission's or case's own id on this node.
    pub fn of(ctx: &Ctx, node: &Node, service: &str, version: u32, reference: &str) -> Self {
        let year = ctx.at.day.year();
        Self {
            service: service.to_owned(),
            version,
            pseudonym: node.secret.mark(&format!("matter-{year}"), reference.as_bytes()),
        }
    }
}

/// What happened, besides who, where and when.
#[derive(Clone, Debug)]
pub struct Happened {
    pub kind: Kind,
    /// The body that a fact came from, or that did not answer.
    pub source: Option<BodyId>,
    pub count: u32,
    pub active_ms: Option<i64>,
}

impl Happened {
    pub fn once(kind: Kind) -> Self {
        Self::times(kind, 1)
    }

    pub fn times(kind: Kind, count: u32) -> Self {
        Self {
            kind,
            source: None,
            count,
            active_ms: None,
        }
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
        source_body: happened.source.clone(),
        channel: "web".to_owned(),
        count: happened.count,
        active_ms: happened.active_ms,
    };
    events::append(tx, &event)
}
