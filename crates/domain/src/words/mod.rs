//! Identifiers, codes, amounts, time, law and firmateckning: words that mean the same everywhere.
//!
//! Always true here: a value that exists is a valid one, because parsing is the only way to it; a refusal says in a
//! Swedish sentence what to write instead, and never repeats an identity number.

pub mod amount;
pub mod codes;
pub mod ids;
pub mod law;
pub mod letters;
pub mod signing;
pub mod time;
pub mod units;
