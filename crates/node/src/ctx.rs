//! Who asks, on which ground, when: the value that comes first in every use case.
//!
//! There is no default. A context is made where a request, a message or a job comes in, and handed down unchanged.

use std::fmt;

use samverk_domain::terms::BodyId;
use samverk_domain::words::ids::PersonId;
use samverk_domain::words::law::Lagrum;

use crate::chance::Chance;
use crate::clock::Moment;
use crate::config::Role;

#[derive(Clone, Debug)]
pub struct Ctx {
    pub who: Actor,
    /// The body in whose name it is done, or that is asked.
    pub body: BodyId,
    pub ground: Ground,
    pub at: Moment,
    pub trace: TraceId,
}

/// Who does something. Names and numbers are for the log of the matter, never for the operator's log: `Debug` hides them.
#[derive(Clone, PartialEq, Eq)]
pub enum Actor {
    Person(PersonRef),
    Staff {
        person: PersonRef,
        body: BodyId,
        role: Role,
    },
    /// Another body, known by its verified signature.
    Body(BodyId),
    /// The node itself: jobs, automatic decisions.
    System,
}

/// A person as the e-legitimation told us.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PersonRef {
    pub number: PersonId,
    pub name: String,
}

impl PersonRef {
    /// From 12 digits; nothing if they are no personnummer or samordningsnummer.
    pub fn of_digits(digits: &str, name: &str) -> Option<Self> {
        let number = PersonId::parse(digits).ok()?;
        Some(Self {
            number,
            name: name.to_owned(),
        })
    }
}

impl fmt::Debug for PersonRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonRef(…)")
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(_) => f.write_str("Person(…)"),
            Self::Staff { body, role, .. } => write!(f, "Staff({body}, {role})"),
            Self::Body(body) => write!(f, "Body({body})"),
            Self::System => f.write_str("System"),
        }
    }
}

/// Why it may be done: the legal basis, and the purpose (a pack's slug, or what the node does by itself).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    pub basis: Basis,
    pub purpose: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The person asked for it in their own matter.
    OwnRequest,
    Law(Lagrum),
    /// Running the node: no personal data is used for anything else.
    Operation,
}

/// Follows one request through logs and nodes; shown on error pages. 32 hex digits, random, says nothing about anyone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TraceId(String);

impl TraceId {
    pub fn new(chance: &Chance) -> Self {
        Self(chance.bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
