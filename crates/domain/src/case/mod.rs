//! The law's procedure as a state machine, and what bodies send each other about a case.
//!
//! Reading order: [`act`] (what may be done in a case, and what follows for the node), [`procedure`] (the case itself:
//! `apply` and `allowed`), [`not_allowed`] (what stands in the way, with its provision), then the parts of the law:
//! [`deadlines`], [`decision`], [`del`], [`jav`], [`documents`]. [`messages`] are the payloads of [`crate::terms::Message`];
//! [`assisted`] is what one carries that an official has entered from paper.
//!
//! No service invents statuses: [`procedure::State`] is computed from what has happened.

pub mod act;
pub mod procedure;

pub mod not_allowed;

pub mod deadlines;
pub mod decision;
pub mod del;
pub mod documents;
pub mod jav;

pub mod assisted;
pub mod messages;

pub use act::{Act, ActKind, Effect, Role};
pub use not_allowed::NotAllowed;
pub use procedure::{Case, State, allowed, apply};
