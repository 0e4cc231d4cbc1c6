//! The public addresses of versions: the signed document itself, the list of versions, and the anchor's door for adoptions.
//!
//! Always true: what is served was signed by its publisher and is the same for everyone, for ever; an adoption is published
//! only when its own body has signed it.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use samverk_domain::fact::Name;

use super::adopt::{self, ADOPTION_BYTES_MAX, NotPublic};
use super::version;
use crate::library;
use crate::node::Node;
use crate::web::Failure;

/// A published version never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route("/tjanster/{slug}/versioner/{version}", get(one))
        .route(
            "/federation/antagande",
            post(adoption).layer(DefaultBodyLimit::max(ADOPTION_BYTES_MAX)),
        )
}

/// `GET /tjanster/{slug}/versioner/{n}`: the version as its publisher signed it.
async fn one(State(node): State<Arc<Node>>, Path((slug, number)): Path<(String, u32)>) -> Result<Response, Failure> {
    let slug = Name::parse(&slug).map_err(|_| Failure::NotFound)?;
    let known = match node.library.version(&slug, number) {
        Some(known) if known.signed.is_some() => known,
        // It may have been given out a moment ago, by a command.
        _ => {
            library::refresh(&node).await?;
            node.library.version(&slug, number).ok_or(Failure::NotFound)?
        }
    };
    let signed = known.signed.as_ref().ok_or(Failure::NotFound)?;
    let tag = format!("\"{}\"", known.sha256);
    let bytes = version::canonical(signed).map_err(Failure::ours)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CACHE_CONTROL, FOR_EVER.to_owned()),
        (header::ETAG, tag),
    ];
    Ok((headers, bytes).into_response())
}

/// `POST /federation/antagande` at the anchor: a body's signed adoption (compact JWS) is published in the statement.
async fn adoption(State(node): State<Arc<Node>>, jws: String) -> Response {
    let (status, words) = match adopt::publish_in_federation(&node, jws.trim()).await {
        Ok(()) => return StatusCode::NO_CONTENT.into_response(),
        Err(why @ NotPublic::NotTheAnchor) => (StatusCode::NOT_FOUND, why.to_string()),
        Err(why @ (NotPublic::Refused(_) | NotPublic::Older)) => (StatusCode::UNPROCESSABLE_ENTITY, why.to_string()),
        Err(why) => {
            tracing::error!(%why, "an adoption was not published");
            (StatusCode::SERVICE_UNAVAILABLE, "try again later".to_owned())
        }
    };
    (status, Json(serde_json::json!({ "error": words }))).into_response()
}
