//! The way to another body: one signed POST and its answer, with limits.
//!
//! Always true: nothing but the signed headers and the body leaves; an answer larger than its limit is cut off and is no
//! answer; a redirect is not followed (it would leave the address that was signed).

use samverk_domain::terms::{Refused, SignedHttp};
use samverk_wire::base64;

use crate::node::Node;
use crate::trust::federation::FederationView;
use crate::trust::message::{self, NotBelieved, Received, VerifiedResponse};
use samverk_domain::terms::BodyId;

/// Why there is no believed answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoResponse {
    /// Try again later.
    #[error("{0} does not answer: {1}")]
    Down(BodyId, String),
    /// It said no, and signed it.
    #[error("{0} refused: {1}")]
    Refused(BodyId, Refused),
    /// What came is not signed by the body, or does not belong to our request.
    #[error("what came from {0} is not believed: {1}")]
    NotBelieved(BodyId, NotBelieved),
}

/// Sends a signed request to a body and verifies its answer.
pub async fn send(
    node: &Node,
    federation: &FederationView,
    to: &BodyId,
    request: &SignedHttp,
    answer_bytes_max: usize,
) -> Result<VerifiedResponse, NoResponse> {
    let down = |why: String| NoResponse::Down(to.clone(), why);
    // Signed a moment ago by ourselves.
    let body = base64::from_url(&request.body).map_err(|why| down(why.to_string()))?;
    let mut post = node
        .http
        .post(&request.target_uri)
        .header("content-type", "application/json")
        .body(body);
    for (name, value) in &request.headers {
        post = post.header(name, value);
    }
    let mut response = post.send().await.map_err(|why| down(words(&why)))?;
    let status = response.status().as_u16();
    let mut bytes = vec![];
    while let Some(chunk) = response.chunk().await.map_err(|why| down(words(&why)))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > answer_bytes_max {
            return Err(down("its answer is too large".to_owned()));
        }
    }
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()));
    let believed = message::received(Received::Response { request, status }, headers, &bytes)
        .and_then(|http| message::verify_response(http, request, to, federation, node.clock.now()));
    match believed {
        Ok(response) if response.status() == 200 => Ok(response),
        Ok(response) => Err(match serde_json::from_slice(response.body()) {
            Ok(refused) => NoResponse::Refused(to.clone(), refused),
            Err(_) => down(format!("status {status}")),
        }),
        // A proxy's or an overloaded node's own page is not an answer by the body.
        Err(_) if status >= 500 => Err(down(format!("status {status}"))),
        Err(why) => Err(NoResponse::NotBelieved(to.clone(), why)),
    }
}

/// What went wrong on the way, without the address (the operator's log has the body's id).
fn words(why: &reqwest::Error) -> String {
    if why.is_timeout() {
        "it took too long".to_owned()
    } else if why.is_connect() {
        "no connection".to_owned()
    } else {
        "the connection broke".to_owned()
    }
}
