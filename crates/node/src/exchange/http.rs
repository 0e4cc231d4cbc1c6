//! The doors for other bodies: `/utbyte/{body}/…` and `/federation`.
//!
//! Always true: what is said about anyone is said only to one whose signature and contract were verified; a refusal is signed
//! too, as far as there is a signature to answer; a fault of ours says nothing about what we hold.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use samverk_domain::terms::{BodyId, Refused, SignedContract, SignedHttp};
use samverk_domain::words::law::Lagrum;
use samverk_store::{StoreError, terms};
use samverk_wire::http_signature::SignatureError;
use samverk_wire::{base64, jcs};
use serde::Deserialize;
use serde_json::json;

use super::answer::{self, Contracted, NotGiven};
use super::contracts::{self, CONTRACT_BYTES_MAX, NotAgreed};
use super::log;
use super::message::{self, Addressed, HANDLERS, Handler, NotTaken};
use super::microseconds;
use crate::clock::Moment;
use crate::ctx::{Actor, Basis, Ctx, Ground, TraceId};
use crate::node::Node;
use crate::trust::contract::{self, VerifiedContract};
use crate::trust::current;
use crate::trust::federation::FederationView;
use crate::trust::message::{
    BODY_BYTES_MAX, Fresh, NotBelieved, Received, VerifiedRequest, received, sign_response, verify_request,
};

/// A question is one field about one subject.
const ASK_BYTES_MAX: usize = 64 << 10;

pub fn routes() -> Router<Arc<Node>> {
    routes_with(HANDLERS)
}

pub(super) fn routes_with(handlers: &'static [Handler]) -> Router<Arc<Node>> {
    Router::new()
        .route(
            "/utbyte/{body}/fraga",
            post(question).layer(DefaultBodyLimit::max(ASK_BYTES_MAX)),
        )
        .route(
            "/utbyte/{body}/meddelande",
            post(move |node, body, headers, bytes| incoming(handlers, node, body, headers, bytes))
                .layer(DefaultBodyLimit::max(BODY_BYTES_MAX)),
        )
        .route(
            "/utbyte/{body}/avtal",
            post(agreement).layer(DefaultBodyLimit::max(CONTRACT_BYTES_MAX)),
        )
        .route("/utbyte/{body}/aterkallelse", post(ended))
        .route("/utbyte/{body}/logg/checkpoint", get(checkpoint))
        .route("/utbyte/{body}/logg/consistency", get(consistency))
        .route("/federation", get(federation))
}

/// Why a request gets no answer.
enum NotServed {
    /// Signed, if there is a signature to answer.
    Refused(Refused),
    NotHere,
    Malformed(&'static str),
    /// Try again later: we have no federation to believe anyone by.
    NotNow(String),
    Ours(String),
}

impl From<StoreError> for NotServed {
    fn from(why: StoreError) -> Self {
        Self::Ours(why.to_string())
    }
}

impl IntoResponse for NotServed {
    fn into_response(self) -> Response {
        let (status, words) = match self {
            Self::Refused(refused) => return (status_of(&refused), Json(refused)).into_response(),
            Self::NotHere => (StatusCode::NOT_FOUND, "this node does not run that body".to_owned()),
            Self::Malformed(why) => (StatusCode::BAD_REQUEST, why.to_owned()),
            Self::NotNow(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
            Self::Ours(why) => {
                tracing::error!(why, "an exchange failed through our fault");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "our fault; try again later".to_owned(),
                )
            }
        };
        (status, Json(json!({ "error": words }))).into_response()
    }
}

fn status_of(refused: &Refused) -> StatusCode {
    match refused {
        Refused::Signature => StatusCode::UNAUTHORIZED,
        Refused::Rate => StatusCode::TOO_MANY_REQUESTS,
        Refused::Replay => StatusCode::CONFLICT,
        Refused::Contents => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::FORBIDDEN,
    }
}

async fn question(
    State(node): State<Arc<Node>>,
    Path(body): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, NotServed> {
    let door = Door::open(&node, &body, "fraga", &headers, &bytes)?;
    let answered = answered(&node, &door).await;
    door.close(&node, answered)
}

async fn answered(node: &Arc<Node>, door: &Door) -> Result<SignedHttp, NotServed> {
    let (request, contract) = door.believe(node).await?;
    let per_minute = contract.contract().offer.rate_per_minute;
    if !node.rates.allow(contract.hash(), per_minute, door.at.instant) {
        return Err(NotServed::Refused(Refused::Rate));
    }
    let ctx = door.ctx(node, &contract, &request)?;
    let question = Contracted::check(request, contract, &door.body, door.at.instant).map_err(NotServed::Refused)?;
    let own = Arc::clone(node);
    node.store
        .run("exchange.answer", move |tx| answer::answer(&ctx, tx, &own, &question))
        .await
        .map_err(|why| match why {
            NotGiven::Refused(refused) => NotServed::Refused(refused),
            NotGiven::Store(why) => why.into(),
            NotGiven::Ours(why) => NotServed::Ours(why),
        })
}

async fn incoming(
    handlers: &'static [Handler],
    State(node): State<Arc<Node>>,
    Path(body): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, NotServed> {
    let door = Door::open(&node, &body, "meddelande", &headers, &bytes)?;
    let taken = taken(handlers, &node, &door).await;
    door.close(&node, taken)
}

async fn taken(handlers: &'static [Handler], node: &Arc<Node>, door: &Door) -> Result<SignedHttp, NotServed> {
    let (request, contract) = door.believe(node).await?;
    let ctx = door.ctx(node, &contract, &request)?;
    let addressed = Addressed::check(request, contract, &door.body, door.at.instant).map_err(NotServed::Refused)?;
    let own = Arc::clone(node);
    node.store
        .run("exchange.receive", move |tx| {
            message::receive(&ctx, tx, &own, handlers, &addressed)
        })
        .await
        .map_err(|why| match why {
            NotTaken::Refused(refused) => NotServed::Refused(refused),
            NotTaken::Store(why) => why.into(),
            NotTaken::Ours(why) => NotServed::Ours(why),
        })
}

/// One signed request at one door of one body.
struct Door {
    body: BodyId,
    target: String,
    at: Moment,
    federation: Arc<FederationView>,
    http: SignedHttp,
}

impl Door {
    fn open(node: &Node, body: &str, door: &str, headers: &HeaderMap, bytes: &[u8]) -> Result<Self, NotServed> {
        let body = own_body(node, body)?;
        let at = Moment::at(microseconds(node.clock.now()));
        let federation = view(node, at)?;
        let target = node.address(&format!("/utbyte/{body}/{door}"));
        let start = Received::Request {
            method: "POST",
            target_uri: &target,
        };
        let all = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let http = received(start, all, bytes).map_err(|_| NotServed::Refused(Refused::Signature))?;
        Ok(Self {
            body,
            target,
            at,
            federation,
            http,
        })
    }

    /// Verifies the signature, finds the contract that the request cites, and verifies it.
    async fn believe(&self, node: &Node) -> Result<(VerifiedRequest, VerifiedContract), NotServed> {
        let request =
            verify_request(self.http.clone(), &self.target, &self.federation, self.at.instant).map_err(|why| {
                tracing::warn!(body = %self.body, %why, "a request is not believed");
                NotServed::Refused(match why {
                    NotBelieved::Signature(SignatureError::Created) => Refused::Replay,
                    _ => Refused::Signature,
                })
            })?;
        let hash = request.citation().contract_hash.clone();
        let signed: Option<SignedContract> = node
            .store
            .read("exchange.contract", move |tx| terms::contract(tx, &hash))
            .await
            .map_err(|why: StoreError| why)?;
        let signed = signed.ok_or(NotServed::Refused(Refused::NoContract))?;
        let contract = contract::verify(signed, &self.federation).map_err(|why| {
            tracing::warn!(body = %self.body, %why, "a contract does not hold");
            NotServed::Refused(Refused::NoContract)
        })?;
        Ok((request, contract))
    }

    fn ctx(&self, node: &Node, contract: &VerifiedContract, request: &VerifiedRequest) -> Result<Ctx, NotServed> {
        // A verified contract's grounds were parsed when it was checked against its offer.
        let ground = Lagrum::parse(&contract.contract().offer.disclosure_ground)
            .map_err(|_| NotServed::Refused(Refused::WrongContract))?;
        Ok(Ctx {
            who: Actor::Body(request.signer().clone()),
            body: self.body.clone(),
            ground: Ground {
                basis: Basis::Law(ground),
                purpose: contract.contract().purpose.clone(),
            },
            at: self.at,
            trace: TraceId::new(&node.chance),
        })
    }

    /// Makes the HTTP response, and signs a refusal.
    fn close(&self, node: &Node, done: Result<SignedHttp, NotServed>) -> Result<Response, NotServed> {
        let signed = match done {
            Ok(signed) => signed,
            Err(NotServed::Refused(refused)) => {
                tracing::info!(body = %self.body, %refused, "refused");
                let fresh = Fresh {
                    now: self.at.instant,
                    nonce: node.chance.token(),
                };
                let words = jcs::canonical_of(&refused).map_err(|why| NotServed::Ours(why.to_string()))?;
                let keys = node.keys.get(&self.body).ok_or(NotServed::NotHere)?;
                match sign_response(keys, &self.http, status_of(&refused).as_u16(), &words, &fresh) {
                    Ok(signed) => signed,
                    // Without a well-formed signature on the request there is none to answer.
                    Err(_) => return Err(NotServed::Refused(refused)),
                }
            }
            Err(why) => return Err(why),
        };
        let body = base64::from_url(&signed.body).map_err(|why| NotServed::Ours(why.to_string()))?;
        let mut response = Response::builder()
            .status(signed.status.unwrap_or(200))
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in &signed.headers {
            response = response.header(name, value);
        }
        response
            .body(axum::body::Body::from(body))
            .map_err(|why| NotServed::Ours(why.to_string()))
    }
}

/// A consumer's half of a contract within an offer that the body publishes; answered with the whole. The signatures are in it.
async fn agreement(
    State(node): State<Arc<Node>>,
    Path(body): Path<String>,
    Json(half): Json<SignedContract>,
) -> Result<Json<SignedContract>, NotServed> {
    let body = own_body(&node, &body)?;
    let at = Moment::at(microseconds(node.clock.now()));
    let federation = view(&node, at)?;
    let ctx = Ctx {
        who: Actor::Body(half.contract.consumer.clone()),
        body,
        ground: Ground {
            basis: Basis::Operation,
            purpose: half.contract.purpose.clone(),
        },
        at,
        trace: TraceId::new(&node.chance),
    };
    let own = Arc::clone(&node);
    let whole = node
        .store
        .run("exchange.countersign", move |tx| {
            contracts::countersign(&ctx, tx, &own, &federation, half.clone())
        })
        .await
        .map_err(not_agreed)?;
    Ok(Json(whole.signed().clone()))
}

/// The other party's signed end of a contract (compact JWS).
async fn ended(State(node): State<Arc<Node>>, Path(body): Path<String>, jws: String) -> Result<StatusCode, NotServed> {
    own_body(&node, &body)?;
    let federation = view(&node, Moment::at(node.clock.now()))?;
    node.store
        .run("exchange.take_end", move |tx| {
            contracts::take_end(tx, &federation, &jws)
        })
        .await
        .map_err(not_agreed)?;
    Ok(StatusCode::NO_CONTENT)
}

fn not_agreed(why: NotAgreed) -> NotServed {
    match why {
        NotAgreed::Store(why) => why.into(),
        NotAgreed::NotOurs(_) => NotServed::NotHere,
        NotAgreed::Ended(_) => NotServed::Refused(Refused::Revoked),
        why => {
            tracing::info!(%why, "nothing was agreed");
            NotServed::Refused(Refused::NoContract)
        }
    }
}

/// The signed head of the body's sealed log (C2SP checkpoint).
async fn checkpoint(State(node): State<Arc<Node>>, Path(body): Path<String>) -> Result<Response, NotServed> {
    let body = own_body(&node, &body)?;
    let own = Arc::clone(&node);
    let head: Result<_, StoreError> = node
        .store
        .run("exchange.sign_head", move |tx| {
            log::head(tx, &own, &body, own.clock.now())
        })
        .await;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], head?.note).into_response())
}

#[derive(Deserialize)]
struct Sizes {
    from: u64,
    to: u64,
}

/// That the log of `from` records is the beginning of the log of `to`: hashes in base64, as RFC 6962 §4.4 gives them.
async fn consistency(
    State(node): State<Arc<Node>>,
    Path(body): Path<String>,
    Query(sizes): Query<Sizes>,
) -> Result<Response, NotServed> {
    let body = own_body(&node, &body)?;
    let proof: Result<_, StoreError> = node
        .store
        .read("exchange.consistency", move |tx| {
            log::consistency(tx, &body, sizes.from, sizes.to)
        })
        .await;
    let proof = proof?.ok_or(NotServed::Malformed("the log never had that many records"))?;
    let hashes: Vec<String> = proof.iter().map(|hash| base64::standard(hash)).collect();
    Ok(Json(json!({ "consistency": hashes })).into_response())
}

/// The federation's statement that this node uses; at the anchor, the one that counts.
async fn federation(State(node): State<Arc<Node>>, headers: HeaderMap) -> Result<Response, NotServed> {
    let view = view(&node, node.clock.moment())?;
    let tag = current::tag(view.jws());
    let unchanged = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|held| held.as_bytes() == tag.as_bytes());
    if unchanged {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let headers = [
        (header::CONTENT_TYPE, "application/jwt".to_owned()),
        (header::ETAG, tag),
    ];
    Ok((headers, view.jws().to_owned()).into_response())
}

fn own_body(node: &Node, body: &str) -> Result<BodyId, NotServed> {
    BodyId::parse(body)
        .ok()
        .filter(|body| node.keys.contains_key(body))
        .ok_or(NotServed::NotHere)
}

fn view(node: &Node, at: Moment) -> Result<Arc<FederationView>, NotServed> {
    node.federation
        .view(at.instant)
        .map_err(|why| NotServed::NotNow(why.to_string()))
}
