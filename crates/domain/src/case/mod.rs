//! The law's procedure as a state machine, and what bodies send each other about a case.
//!
//! See DESIGN "Running a service". [`messages`] are the payloads of [`crate::terms::Message`].

pub mod messages;
