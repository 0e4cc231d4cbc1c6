//! Samverk's words and the decisions made with them.
//!
//! Pure: no async, no files, no network, no database, no clock and no randomness. Whatever depends on the day takes the
//! day as a value. Reading order: [`words`] (identifiers, amounts, time, law), [`fact`] (values and the three states),
//! [`finding`] (what is wrong in a document, and where), [`pack`] (the service document), [`rules`] (what follows from
//! facts), [`check`] (what is proved before publishing), [`case`] (the law's procedure), [`terms`] (federation, offers,
//! contracts, adoption, messages between bodies), [`events`] (what happened, for the effects).

pub mod words;

pub mod fact;
pub mod finding;
pub mod pack;
pub mod rules;

pub mod check;

pub mod case;
pub mod events;
pub mod terms;
