//! Whom we trust, on which terms, and how anyone can check afterwards what was exchanged.
//!
//! In reading order: our bodies' [`keys`], who is in the [`federation`], our copy of it ([`current`]), what two bodies have agreed ([`contract`]), signed
//! questions, answers and messages ([`message`]), and one exchange as a file that is checked offline ([`evidence`]). Everything
//! but [`current`] is a function of its arguments: no clock, network or store. Always true: a type whose name begins with `Verified`, and
//! [`federation::Statement`], can only be made by checking signatures; deny is the default.

pub mod contract;
pub mod current;
pub mod evidence;
pub mod federation;
pub mod keys;
pub mod message;

use samverk_wire::jws::JwsError;
use samverk_wire::key::{PublicKey, SecretKey};
use samverk_wire::verified::Verified;
use samverk_wire::{base64, jcs, jws};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Signs a value's canonical JSON (RFC 8785) as a compact JWS of the given type.
pub(crate) fn sign_statement<T: Serialize>(key: &SecretKey, typ: &str, it: &T) -> Result<String, JwsError> {
    let payload = jcs::canonical_of(it).map_err(|e| JwsError::Payload(e.to_string()))?;
    jws::sign(key, typ, &payload)
}

/// Reads a value out of a compact JWS that one of the keys has signed. The payload must be canonical, so that what was signed
/// and what is read are the same to the byte.
pub(crate) fn read_statement<'k, T: DeserializeOwned>(
    compact: &str,
    typ: &str,
    keys: impl IntoIterator<Item = &'k PublicKey>,
) -> Result<Verified<T>, JwsError> {
    jws::verify(compact, typ, keys)?.read(|payload| read_payload(&payload))
}

pub(crate) fn read_payload<T: DeserializeOwned>(payload: &[u8]) -> Result<T, JwsError> {
    let value = jcs::parse(payload).map_err(|e| JwsError::Payload(e.to_string()))?;
    serde_json::from_value(value).map_err(|e| JwsError::Payload(e.to_string()))
}

/// SHA-256 of the canonical JSON, base64url: how contracts and offers are cited.
pub fn hash<T: Serialize>(it: &T) -> Result<String, JwsError> {
    let hash = jcs::hash_of(it).map_err(|e| JwsError::Payload(e.to_string()))?;
    Ok(base64::url(&hash))
}
