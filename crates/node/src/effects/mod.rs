//! Effects: counted from events and from nothing else.
//!
//! [`log`] is how the other capabilities say that something happened.

pub mod log;
