//! Who is at the keyboard: login with e-legitimation, sessions, permissions.

use axum::http::HeaderMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::Role;
use crate::ctx::PersonRef;
use crate::node::Node;
use crate::web::{Failure, Visit};

/// Somebody who has logged in. Kept encrypted in the store; the browser has only its random id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// The row's name in the store: SHA-256 of the cookie, base64url. Not the cookie.
    #[serde(skip)]
    pub row: String,
    pub person: PersonRef,
    pub logged_in_at: Timestamp,
    /// In every form of this session ([`crate::web::form`]).
    pub form_token: String,
    /// The company that the person acts for, when one was chosen (`/foretrad`).
    pub acting_for: Option<ActingFor>,
    /// Set when the person has a role in a body of this node: how the header names them.
    pub staff: Option<Role>,
}

/// A principal that the company register lets the person act for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActingFor {
    /// 10 digits.
    pub number: String,
    pub name: String,
}

/// The session that the request's cookie opens, if there is one and its time is not out.
pub async fn session_of(_node: &Node, _headers: &HeaderMap, _visit: &Visit) -> Result<Option<Session>, Failure> {
    Ok(None)
}
