//! The service document: one folder that a board can adopt, a lawyer can read and the engine runs.
//!
//! `docs/language.md` is the specification. [`model`] is what was understood, [`parse`] how it is read.

pub mod model;
pub mod parse;

pub use model::*;
