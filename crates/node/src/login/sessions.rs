//! Sessions: what the browser has is a random id, what the store has opens only with it.
//!
//! Always true: the id is 256 random bits, new at every login; the store has its SHA-256; contents are sealed under a key of
//! the node's secret and the id. The cookie is HttpOnly, SameSite=Lax, for the whole host and only it, and Secure on https.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use samverk_store::StoreError;
use samverk_store::sessions as rows;

use super::{BoundLogin, Session};
use crate::node::Node;
use crate::seal::Key;
use crate::web::Failure;
use crate::web::visit::cookie;

/// A session that is not used ends after this.
pub const IDLE: SignedDuration = SignedDuration::from_mins(30);
/// A session ends after this whatever happens: a working day.
pub const WHOLE: SignedDuration = SignedDuration::from_hours(8);
/// Use is noted at most this often, so that reading pages does not write.
const NOTE_USE: SignedDuration = SignedDuration::from_mins(1);
/// The id's length as base64url.
const ID_CHARACTERS: usize = 43;

/// Browsers keep cookies by host and not by port, so the node's name is part of it; `__Host-` binds it to https and this host.
pub fn cookie_name(node: &Node) -> String {
    let prefix = if node.config.is_https() { "__Host-" } else { "" };
    format!("{prefix}samverk-{}", node.config.name)
}

fn row_name(id: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, id.as_bytes());
    URL_SAFE_NO_PAD.encode(hash)
}

fn key(node: &Node, id: &str) -> Key {
    node.secret.key("session", id.as_bytes())
}

fn id_in(node: &Node, headers: &HeaderMap) -> Option<String> {
    cookie(headers, &cookie_name(node)).filter(|id| id.len() == ID_CHARACTERS)
}

/// Opens the session that the cookie names, if it has not ended.
pub async fn open(node: &Node, headers: &HeaderMap) -> Result<Option<Session>, Failure> {
    let Some(id) = id_in(node, headers) else {
        return Ok(None);
    };
    let (name, now) = (row_name(&id), node.clock.now());
    let wanted = name.clone();
    let found: Option<rows::Row> = node
        .store
        .read("sessions.find", move |tx| rows::find(tx, &wanted, now))
        .await
        .map_err(|why: StoreError| Failure::ours(why))?;
    let Some(row) = found else { return Ok(None) };
    let Ok(plain) = key(node, &id).open(name.as_bytes(), &row.contents) else {
        // Another node's secret, or somebody has written in the table.
        tracing::warn!("a session did not open; it is not used");
        return Ok(None);
    };
    let Ok(mut session) = serde_json::from_slice::<Session>(&plain) else {
        tracing::info!("a session from another version was not used");
        return Ok(None);
    };
    session.id = id.into();
    session.staff = node
        .config
        .roles_of(&session.person.number)
        .into_values()
        .flatten()
        .max_by_key(|role| role.rank());
    let idle_until = now + IDLE;
    if idle_until.duration_since(row.idle_until) > NOTE_USE {
        let used: Result<(), StoreError> = node
            .store
            .run("sessions.used", move |tx| rows::used(tx, &name, idle_until))
            .await;
        if let Err(why) = used {
            tracing::warn!(%why, "could not note that a session was used");
        }
    }
    Ok(Some(session))
}

/// Keeps a new session under a new id, which is put in `session.id`.
pub async fn begin(node: &Node, session: &mut Session) -> Result<(), Failure> {
    session.id = node.chance.token().into();
    let name = row_name(&session.id);
    let now = node.clock.now();
    let row = rows::Row {
        contents: sealed(node, session)?,
        created_at: now,
        idle_until: now + IDLE,
        ends_at: now + WHOLE,
    };
    node.store
        .run("sessions.insert", move |tx| rows::insert(tx, &name, &row))
        .await
        .map_err(|why: StoreError| Failure::ours(why))
}

/// Keeps what was changed in the session.
pub async fn keep(node: &Node, session: &Session) -> Result<(), Failure> {
    let name = row_name(&session.id);
    let contents = sealed(node, session)?;
    let kept: bool = node
        .store
        .run("sessions.change", move |tx| rows::change(tx, &name, &contents))
        .await
        .map_err(|why: StoreError| Failure::ours(why))?;
    if kept {
        Ok(())
    } else {
        Err(Failure::LoginNeeded { back: "/".to_owned() })
    }
}

fn sealed(node: &Node, session: &Session) -> Result<Vec<u8>, Failure> {
    let plain = serde_json::to_vec(session).map_err(Failure::ours)?;
    let name = row_name(&session.id);
    Ok(key(node, &session.id).close(name.as_bytes(), &plain, &node.chance))
}

/// Ends the session with this id, if there is one.
pub async fn end(node: &Node, id: &str) -> Result<(), Failure> {
    let name = row_name(id);
    node.store
        .run("sessions.end", move |tx| rows::end(tx, &name))
        .await
        .map_err(|why: StoreError| Failure::ours(why))
}

/// Takes the login that was bound to exactly this hash out of the session: it can be used once.
pub async fn take_bound(node: &Node, session: &Session, hash: &[u8; 32]) -> Result<Option<BoundLogin>, Failure> {
    let mut session = session.clone();
    match session.bound.take() {
        Some(bound) if bound.hash == *hash && bound.person == session.person => {
            keep(node, &session).await?;
            Ok(Some(bound))
        }
        _ => Ok(None),
    }
}

/// `Set-Cookie` for a value; an empty one removes the cookie.
pub fn set_cookie(node: &Node, name: &str, value: &str, max_age_s: Option<i64>) -> Result<HeaderValue, Failure> {
    let secure = if node.config.is_https() { "; Secure" } else { "" };
    let age = match (value, max_age_s) {
        ("", _) => "; Max-Age=0".to_owned(),
        (_, Some(seconds)) => format!("; Max-Age={seconds}"),
        // Without an age the browser forgets it when it is closed.
        (_, None) => String::new(),
    };
    HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}"))
        .map_err(Failure::ours)
}

/// The session's cookie on a response.
pub fn put(node: &Node, headers: &mut HeaderMap, session: &Session) -> Result<(), Failure> {
    headers.append(
        header::SET_COOKIE,
        set_cookie(node, &cookie_name(node), &session.id, None)?,
    );
    Ok(())
}

/// Removes the session's cookie.
pub fn remove(node: &Node, headers: &mut HeaderMap) -> Result<(), Failure> {
    headers.append(header::SET_COOKIE, set_cookie(node, &cookie_name(node), "", None)?);
    Ok(())
}
