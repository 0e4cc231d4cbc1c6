//! Identifiers, amounts, time and law: words that mean the same everywhere.

pub mod amount;
pub mod law;
