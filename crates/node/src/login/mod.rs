//! Who is at the keyboard: login with e-legitimation, sessions, permissions.
//!
//! Always true: nobody is let in below level of assurance 3; a session's id is new at every login; what a page needs is asked
//! for by an extractor ([`Person`], [`Staff`]), so a page that forgets to ask does not compile into one that shows a case;
//! staff log in as everybody else and are known by the configuration, body by body.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use samverk_domain::terms::BodyId;
use serde::{Deserialize, Serialize};

use crate::config::Role;
use crate::ctx::{Actor, PersonRef};
use crate::node::Node;
use crate::web::form::Fields;
use crate::web::{Failure, Page, Texts, Visit, show};

pub mod oidc;
pub mod permissions;
pub mod sessions;

pub use oidc::Message;
use oidc::{Attempt, NotIdentified};
pub use permissions::Permission;
use permissions::{NotPermitted, role_for};
pub use sessions::take_bound;

/// Somebody who has logged in. Kept encrypted in the store; the browser has only its random id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// The cookie. Not among the contents, never logged.
    #[serde(skip)]
    id: Secret,
    pub person: PersonRef,
    pub logged_in_at: Timestamp,
    /// In every form of this session ([`crate::web::form`]).
    pub form_token: String,
    /// The company that the person acts for, when one was chosen (`/foretrad`).
    pub acting_for: Option<ActingFor>,
    /// A fresh login that approved something; taken out when it is used ([`take_bound`]).
    bound: Option<BoundLogin>,
    /// The person's highest role on this node, if any: how the header names them. From the configuration, not kept.
    #[serde(skip)]
    pub staff: Option<Role>,
}

/// Text that `Debug` does not show.
type Secret = secret::Secret;

mod secret {
    /// Text that `Debug` does not show.
    #[derive(Clone, Default, PartialEq, Eq)]
    pub struct Secret(pub String);

    impl std::fmt::Debug for Secret {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("…")
        }
    }

    impl std::ops::Deref for Secret {
        type Target = str;
        fn deref(&self) -> &str {
            &self.0
        }
    }

    impl From<String> for Secret {
        fn from(text: String) -> Self {
            Self(text)
        }
    }
}

/// A principal that the company register lets the person act for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActingFor {
    /// 10 digits.
    pub number: String,
    pub name: String,
    /// Who signs for it, as the register said when it was chosen.
    #[serde(default)]
    pub signing: Option<String>,
    /// The person signs only with others: then what concerns the company alone is not shown to them.
    #[serde(default)]
    pub together: bool,
}

/// Identity numbers are not for logs.
impl std::fmt::Debug for ActingFor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ActingFor(…)")
    }
}

/// A fresh login by which a person approved exactly one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundLogin {
    pub person: PersonRef,
    /// SHA-256 of what was approved; the ID token's nonce ends with it (base64url, after a dot).
    pub hash: [u8; 32],
    /// Compact JWS by the provider: the evidence.
    pub id_token: String,
    pub at: Timestamp,
}

/// Why a login came to nothing, as the person is told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginFault {
    Cancelled,
    /// Another attempt, another browser, or too slow.
    NotBegunHere,
    Refused,
    TooWeak,
    NoPerson,
    /// The approval was made with somebody else's e-legitimation.
    OtherPerson,
}

pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route("/logga-in", get(log_in))
        .route("/oidc/tillbaka", get(back))
        .route("/logga-ut", get(ask_to_log_out).post(log_out))
}

/// The session that the request's cookie opens, if there is one and its time is not out.
pub async fn session_of(node: &Node, headers: &HeaderMap) -> Result<Option<Session>, Failure> {
    sessions::open(node, headers).await
}

/// Chooses whom the person acts for, or nobody.
pub async fn act_for(node: &Node, session: &Session, company: Option<ActingFor>) -> Result<(), Failure> {
    let mut session = session.clone();
    session.acting_for = company;
    sessions::keep(node, &session).await
}

/// Sends the person to a fresh login that approves `sha256`; the provider shows the message. Afterwards the browser comes to
/// `then` (a path on this node), where [`take_bound`] hands over the [`BoundLogin`].
pub async fn bind(
    node: &Node,
    visit: &Visit,
    sha256: [u8; 32],
    message: &Message,
    then: &str,
) -> Result<Response, Failure> {
    if visit.session.is_none() {
        return Err(Failure::LoginNeeded { back: own_path(then) });
    }
    start(node, visit, &own_path(then), Some((sha256, message))).await
}

fn attempt_cookie(node: &Node) -> String {
    format!("{}-forsok", sessions::cookie_name(node))
}

async fn start(
    node: &Node,
    visit: &Visit,
    back: &str,
    binds: Option<([u8; 32], &Message)>,
) -> Result<Response, Failure> {
    let eid = node.config.eid.as_ref().ok_or(Failure::NotFound)?;
    let (address, attempt) = oidc::begin(node, eid, visit.lang, back, binds)
        .await
        .map_err(|why| failure(&why))?;
    let plain = serde_json::to_vec(&attempt).map_err(Failure::ours)?;
    let closed = node.secret.key("login attempt", b"").close(b"", &plain, &node.chance);
    let mut response = Redirect::to(&address).into_response();
    response.headers_mut().append(
        header::SET_COOKIE,
        sessions::set_cookie(
            node,
            &attempt_cookie(node),
            &URL_SAFE_NO_PAD.encode(closed),
            Some(oidc::ATTEMPT_MAX.as_secs()),
        )?,
    );
    Ok(response)
}

#[derive(Deserialize)]
struct To {
    till: Option<String>,
}

/// `/logga-in?till=/mina`
async fn log_in(State(node): State<Arc<Node>>, visit: Visit, Query(to): Query<To>) -> Result<Response, Failure> {
    start(&node, &visit, &own_path(to.till.as_deref().unwrap_or("/")), None).await
}

/// A path on this node and nowhere else: an address from outside never sends a person away.
fn own_path(to: &str) -> String {
    let fits = to.starts_with('/')
        && !to.starts_with("//")
        && to.len() <= 2_000
        && to.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\');
    if fits { to.to_owned() } else { "/".to_owned() }
}

#[derive(Deserialize)]
struct Callback {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// `/oidc/tillbaka`: the provider sends the browser here.
async fn back(
    State(node): State<Arc<Node>>,
    visit: Visit,
    headers: HeaderMap,
    Query(callback): Query<Callback>,
) -> Result<Response, Failure> {
    let eid = node.config.eid.as_ref().ok_or(Failure::NotFound)?;
    let attempt = attempt_in(&node, &headers).ok_or(Failure::Login(LoginFault::NotBegunHere))?;
    let same_state = aws_lc_rs::constant_time::verify_slices_are_equal(
        attempt.state.as_bytes(),
        callback.state.unwrap_or_default().as_bytes(),
    );
    if same_state.is_err() || node.clock.now() > attempt.started_at + oidc::ATTEMPT_MAX {
        return Err(Failure::Login(LoginFault::NotBegunHere));
    }
    // RFC 9207: an answer says whose it is.
    if callback.iss.is_some_and(|iss| iss != eid.issuer) {
        return Err(Failure::Login(LoginFault::Refused));
    }
    let finished = match (callback.error, callback.code) {
        (Some(_), _) => Err(NotIdentified::Cancelled),
        (None, Some(code)) => oidc::end(&node, eid, &attempt, &code).await,
        (None, None) => Err(NotIdentified::Refused("the callback has no code".to_owned())),
    };
    let identified = match finished {
        Ok(identified) => identified,
        Err(why) => {
            tracing::info!(%why, binds = attempt.binds.is_some(), "a login came to nothing");
            let mut response = failure(&why).into_response();
            forget_attempt(&node, response.headers_mut())?;
            return Ok(response);
        }
    };
    let now = node.clock.now();
    let before = visit.session;
    let mut session = match (attempt.binds, before.clone()) {
        (Some(hash), Some(mut session)) if session.person.number == identified.person.number => {
            session.bound = Some(BoundLogin {
                person: session.person.clone(),
                hash,
                id_token: identified.id_token,
                at: now,
            });
            session
        }
        (Some(_), Some(_)) => return Err(Failure::Login(LoginFault::OtherPerson)),
        // The session ended meanwhile, so nobody knows any more what was to be approved.
        (Some(_), None) => return Err(Failure::Login(LoginFault::NotBegunHere)),
        (None, _) => Session {
            id: Secret::default(),
            person: identified.person,
            logged_in_at: now,
            form_token: node.chance.token(),
            acting_for: None,
            bound: None,
            staff: None,
        },
    };
    // A new id at every login: an id that somebody planted or saw before is worth nothing (session fixation).
    if let Some(before) = before {
        sessions::end(&node, &before.id).await?;
    }
    sessions::begin(&node, &mut session).await?;
    tracing::info!(binds = attempt.binds.is_some(), "somebody logged in");
    let mut response = Redirect::to(&attempt.back).into_response();
    sessions::put(&node, response.headers_mut(), &session)?;
    forget_attempt(&node, response.headers_mut())?;
    Ok(response)
}

fn attempt_in(node: &Node, headers: &HeaderMap) -> Option<Attempt> {
    let value = crate::web::visit::cookie(headers, &attempt_cookie(node))?;
    let closed = URL_SAFE_NO_PAD.decode(value).ok()?;
    let plain = node.secret.key("login attempt", b"").open(b"", &closed).ok()?;
    serde_json::from_slice(&plain).ok()
}

fn forget_attempt(node: &Node, headers: &mut HeaderMap) -> Result<(), Failure> {
    headers.append(
        header::SET_COOKIE,
        sessions::set_cookie(node, &attempt_cookie(node), "", None)?,
    );
    Ok(())
}

fn failure(why: &NotIdentified) -> Failure {
    match why {
        NotIdentified::Provider(why) => Failure::later(format!("the e-legitimation provider: {why}")),
        NotIdentified::Cancelled => Failure::Login(LoginFault::Cancelled),
        NotIdentified::Refused(_) => Failure::Login(LoginFault::Refused),
        NotIdentified::TooWeak => Failure::Login(LoginFault::TooWeak),
        NotIdentified::NoPerson => Failure::Login(LoginFault::NoPerson),
    }
}

#[derive(Template)]
#[template(path = "log_out.html")]
struct LogOut {
    page: Page,
}

/// `/logga-ut`, opened as a page: a link does not log anyone out.
async fn ask_to_log_out(State(node): State<Arc<Node>>, visit: Visit) -> Result<Response, Failure> {
    if visit.session.is_none() {
        return Ok(Redirect::to("/").into_response());
    }
    let title = Texts::get(visit.lang, "login.log_out_heading");
    show(&LogOut {
        page: Page::new(&node, &visit, title),
    })
}

async fn log_out(State(node): State<Arc<Node>>, visit: Visit, _: Fields) -> Result<Response, Failure> {
    if let Some(session) = &visit.session {
        sessions::end(&node, &session.id).await?;
    }
    let mut response = Redirect::to("/").into_response();
    sessions::remove(&node, response.headers_mut())?;
    Ok(response)
}

/// Extractor: somebody is logged in. Otherwise the browser is sent to the login, and then back.
#[derive(Clone, Debug)]
pub struct Person(pub Session);

impl Person {
    pub fn actor(&self) -> Actor {
        Actor::Person(self.0.person.clone())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let visit = Visit::from_request_parts(parts, state).await?;
        visit.session.map(Self).ok_or_else(|| {
            // A form cannot be posted again after the login; its page can be opened.
            let back = match (&parts.method, parts.uri.path_and_query()) {
                (&Method::GET, Some(path)) => own_path(path.as_str()),
                _ => "/".to_owned(),
            };
            Failure::LoginNeeded { back }
        })
    }
}

/// Extractor: somebody who has a role in at least one body here. What they may do is asked body by body: [`Staff::may`].
#[derive(Clone, Debug)]
pub struct Staff {
    pub session: Session,
    pub roles: BTreeMap<BodyId, BTreeSet<Role>>,
}

/// Staff who may do what was asked, in one body.
#[derive(Clone, Debug)]
pub struct Desk {
    pub person: PersonRef,
    pub body: BodyId,
    pub role: Role,
}

impl Desk {
    pub fn actor(&self) -> Actor {
        Actor::Staff {
            person: self.person.clone(),
            body: self.body.clone(),
            role: self.role,
        }
    }
}

impl Staff {
    /// The desk from which this may be done in the body. No role there: 404, its cases do not exist for this person; a role
    /// without the permission: 403.
    pub fn may(&self, permission: Permission, body: &BodyId) -> Result<Desk, Failure> {
        match self.role_in(permission, body) {
            Ok(role) => Ok(Desk {
                person: self.session.person.clone(),
                body: body.clone(),
                role,
            }),
            Err(NotPermitted::NotInBody(_)) => Err(Failure::NotFound),
            Err(NotPermitted::NotInRole) => Err(Failure::Forbidden),
        }
    }

    fn role_in(&self, permission: Permission, body: &BodyId) -> Result<Role, NotPermitted> {
        let roles = self
            .roles
            .get(body)
            .ok_or_else(|| NotPermitted::NotInBody(body.clone()))?;
        role_for(permission, roles.iter().copied()).ok_or(NotPermitted::NotInRole)
    }

    /// Bodies in which this may be done.
    pub fn bodies(&self, permission: Permission) -> Vec<BodyId> {
        let may = |body: &&BodyId| self.role_in(permission, body).is_ok();
        self.roles.keys().filter(may).cloned().collect()
    }
}

impl FromRequestParts<Arc<Node>> for Staff {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, node: &Arc<Node>) -> Result<Self, Failure> {
        let Person(session) = Person::from_request_parts(parts, node).await?;
        let roles = node.config.roles_of(&session.person.number);
        if roles.is_empty() {
            return Err(Failure::Forbidden);
        }
        Ok(Self { session, roles })
    }
}

#[cfg(test)]
mod tests;
