//! Formats of the standards: parse, check, write. Pure; knows none of our words.
//!
//! In reading order: what was [`verified`], keys ([`key`], [`jwk`]), canonical JSON ([`jcs`]), signed JSON ([`jws`]), digests of
//! bodies ([`digest`]), signed HTTP messages ([`http_signature`]), append-only logs ([`merkle`]) and their signed heads
//! ([`note`]). Always true here: bad input is an error, never a panic; every parser has a named limit; what has been verified
//! has another type than what has not.

pub mod base64;
pub mod digest;
pub mod http_signature;
pub mod jcs;
pub mod jwk;
pub mod jws;
pub mod key;
pub mod merkle;
pub mod note;
pub mod verified;
