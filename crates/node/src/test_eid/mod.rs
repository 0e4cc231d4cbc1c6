//! `samverk test-eid`: a small OpenID provider that stands in for an e-legitimation in tests and demonstrations.
//!
//! Our own code, while the nodes' side is a library: two independent readings of the specifications meet in every test. It is
//! strict: code flow only, PKCE S256 required, exact redirect address, codes single-use and valid for a minute, every login
//! asks anew. Clients are public and prove themselves with PKCE. It never claims to be real: people are Skatteverket's test
//! numbers, every page says *Testlegitimation*, and plain http is served on the loopback interface only.
//!
//! ```toml
//! # {dir}/test-eid.toml
//! issuer = "http://127.0.0.1:7199"
//! listen = "127.0.0.1:7199"
//! [[clients]]
//! id = "foretagsporten"
//! name = "Företagsporten"
//! redirect_uri = "http://127.0.0.1:7100/oidc/tillbaka"
//! ```

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::extract::{DefaultBodyLimit, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use samverk_domain::terms::BodyId;
use samverk_domain::words::ids::PersonId;
use samverk_wire::{jwk, jws};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::login::oidc::{LOA3, PERSONNUMMER, SAMORDNINGSNUMMER, SCOPE_INFO, SCOPE_NUMBER, USER_MESSAGE};
use crate::trust::keys::BodyKeys;
use crate::web::form::parse_pairs;
use crate::web::layout::{Face, Mark, Who};
use crate::web::{Failure, Lang, Page, Shape, Texts, assets, content_security_policy, encoded, origin};

pub mod people;

/// A code that is not used within this is worth nothing (RFC 6749 §4.1.2 allows ten minutes).
pub const CODE_MAX: SignedDuration = SignedDuration::from_secs(60);
/// How long an ID token holds.
pub const TOKEN_MAX: SignedDuration = SignedDuration::from_mins(5);
/// Codes that wait to be used.
pub const CODES_MAX: usize = 10_000;
/// Requests with their messages; longer is no request of ours.
pub const REQUEST_BYTES_MAX: usize = 16 * 1024;
/// Below level 3: so that a test sees it refused.
pub const LOA2: &str = "http://id.elegnamnden.se/loa/1.0/loa2";

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EidConfig {
    pub issuer: String,
    pub listen: SocketAddr,
    /// Without any, every client whose redirect address is on this machine is taken.
    #[serde(default)]
    pub clients: Vec<Registered>,
}

/// A relying party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registered {
    pub id: String,
    pub name: String,
    pub redirect_uri: String,
}

#[derive(Debug, thiserror::Error)]
pub enum EidNotStarted {
    #[error("{path}: {why}")]
    Config { path: PathBuf, why: String },
    #[error(transparent)]
    Keys(#[from] crate::trust::keys::KeyFileError),
    #[error("a test e-legitimation is served on this machine only; listen on 127.0.0.1")]
    NotLoopback,
    #[error("{address} cannot be listened on: {why}")]
    Address { address: SocketAddr, why: std::io::Error },
}

impl EidConfig {
    /// Reads `{dir}/test-eid.toml`.
    pub fn read(dir: &Path) -> Result<Self, EidNotStarted> {
        let path = dir.join("test-eid.toml");
        let bad = |why: String| EidNotStarted::Config {
            path: path.clone(),
            why,
        };
        let text = std::fs::read_to_string(&path).map_err(|why| bad(why.to_string()))?;
        toml::from_str(&text).map_err(|why| bad(why.to_string()))
    }

    /// On a port of this machine, for whichever client asks.
    pub fn on_port(port: u16) -> Self {
        Self {
            issuer: format!("http://127.0.0.1:{port}"),
            listen: SocketAddr::from(([127, 0, 0, 1], port)),
            clients: Vec::new(),
        }
    }
}

/// The provider.
pub struct TestEid {
    config: EidConfig,
    keys: BodyKeys,
    /// For pairwise subjects: says nothing outside this provider.
    salt: [u8; 16],
    clock: Clock,
    chance: Chance,
    codes: Mutex<HashMap<String, Grant>>,
    /// Spoils claims before they are signed, for tests of the relying party.
    #[cfg(test)]
    pub spoil: Mutex<Option<fn(&mut Value)>>,
}

/// What a code stands for.
struct Grant {
    client_id: String,
    redirect_uri: String,
    challenge: String,
    nonce: String,
    scope: String,
    person: PersonId,
    name: String,
    acr: &'static str,
    at: Timestamp,
}

impl TestEid {
    pub fn new(config: EidConfig, keys: BodyKeys, clock: Clock, chance: Chance) -> Result<Arc<Self>, EidNotStarted> {
        if !config.listen.ip().is_loopback() {
            return Err(EidNotStarted::NotLoopback);
        }
        Ok(Arc::new(Self {
            config,
            keys,
            salt: chance.bytes(),
            clock,
            chance,
            codes: Mutex::new(HashMap::new()),
            #[cfg(test)]
            spoil: Mutex::new(None),
        }))
    }

    /// From a folder (configuration and key) or, without one, on a port with a key of the moment.
    pub fn open(dir: Option<&Path>, port: u16) -> Result<Arc<Self>, EidNotStarted> {
        let chance = Chance::System;
        let body = body();
        let (config, keys) = match dir {
            Some(dir) => (
                EidConfig::read(dir)?,
                BodyKeys::load_or_generate(dir, &body, |bytes| chance.fill(bytes))?,
            ),
            None => {
                let algorithm = samverk_wire::key::Algorithm::Ed25519;
                let keys = BodyKeys::generate(&body, algorithm, |bytes| chance.fill(bytes))?;
                (EidConfig::on_port(port), keys)
            }
        };
        Self::new(config, keys, Clock::System, chance)
    }

    /// Serves until `stopped` says so. Gives the address.
    pub async fn serve(
        self: Arc<Self>,
        mut stopped: watch::Receiver<bool>,
    ) -> Result<(SocketAddr, tokio::task::JoinHandle<()>), EidNotStarted> {
        let address = self.config.listen;
        let unlistened = |why| EidNotStarted::Address { address, why };
        let listener = tokio::net::TcpListener::bind(address).await.map_err(unlistened)?;
        let address = listener.local_addr().map_err(unlistened)?;
        let app = self.app();
        let task = tokio::spawn(async move {
            let stop = async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            if let Err(why) = axum::serve(listener, app).with_graceful_shutdown(stop).await {
                tracing::error!(%why, "the test e-legitimation stopped");
            }
        });
        Ok((address, task))
    }

    pub fn app(self: Arc<Self>) -> Router {
        Router::new()
            .route("/", get(about))
            .route("/halsa", get(|| async { "ok" }))
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(key_set))
            .route("/authorize", get(authorize).post(decide))
            .route("/token", post(token))
            .route("/stil/{name}", get(assets::sheet))
            .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
            .with_state(self)
    }

    fn client(&self, id: &str, redirect_uri: &str) -> Option<Registered> {
        if self.config.clients.is_empty() {
            let uri: http::Uri = redirect_uri.parse().ok()?;
            let here = matches!(uri.host(), Some("127.0.0.1" | "localhost" | "[::1]"));
            return (here && !id.is_empty()).then(|| Registered {
                id: id.to_owned(),
                name: id.to_owned(),
                redirect_uri: redirect_uri.to_owned(),
            });
        }
        let fits = |client: &&Registered| client.id == id && client.redirect_uri == redirect_uri;
        self.config.clients.iter().find(fits).cloned()
    }

    /// The ID token (OpenID Connect Core §2) with the Swedish claims.
    fn id_token(&self, grant: &Grant, access_token: &str) -> Result<String, Failure> {
        let now = self.clock.now().as_second();
        let hash = |bytes: &[u8]| aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
        let subject = [&self.salt, grant.client_id.as_bytes(), grant.person.digits().as_bytes()].concat();
        let claim = match grant.person {
            PersonId::Personnummer(_) => PERSONNUMMER,
            PersonId::Samordningsnummer(_) => SAMORDNINGSNUMMER,
        };
        // Core §3.1.3.6: the left half of the hash that the signature's algorithm uses; Ed25519 uses SHA-512.
        let whole = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, access_token.as_bytes());
        let at_hash = URL_SAFE_NO_PAD.encode(&whole.as_ref()[..32]);
        let (given, family) = grant.name.split_once(' ').unwrap_or((&grant.name, ""));
        #[allow(unused_mut, reason = "tests spoil it")]
        let mut claims = json!({
            "iss": self.config.issuer,
            "sub": URL_SAFE_NO_PAD.encode(hash(&subject)),
            "aud": [grant.client_id],
            "iat": now,
            "exp": now + TOKEN_MAX.as_secs(),
            "auth_time": grant.at.as_second(),
            "nonce": grant.nonce,
            "acr": grant.acr,
            "amr": ["test"],
            "at_hash": at_hash,
            "name": grant.name,
            "given_name": given,
            "family_name": family,
            claim: grant.person.digits(),
        });
        #[cfg(test)]
        if let Some(spoil) = *self.spoil.lock().unwrap_or_else(PoisonError::into_inner) {
            spoil(&mut claims);
        }
        jws::sign(self.keys.signing(), "JWT", claims.to_string().as_bytes()).map_err(Failure::ours)
    }
}

fn body() -> BodyId {
    BodyId::parse("test-eid").expect("test-eid is a body's id")
}

async fn discovery(State(eid): State<Arc<TestEid>>) -> Response {
    let at = |path: &str| format!("{}{path}", eid.config.issuer);
    Json(json!({
        "issuer": eid.config.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/jwks"),
        "scopes_supported": ["openid", SCOPE_INFO, SCOPE_NUMBER],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": [LOA3],
        "claims_supported": ["sub", "name", "given_name", "family_name", "acr", "auth_time", PERSONNUMMER, SAMORDNINGSNUMMER],
        "ui_locales_supported": ["sv", "en"],
        "prompt_values_supported": ["login"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
        "https://id.oidc.se/disco/userMessageSupported": true,
    }))
    .into_response()
}

async fn key_set(State(eid): State<Arc<TestEid>>) -> Response {
    let mut key = jwk::write(eid.keys.signing().public());
    key["use"] = json!("sig");
    key["alg"] = json!("EdDSA");
    key["kid"] = json!(eid.keys.signing().public().kid());
    Json(json!({ "keys": [key] })).into_response()
}

/// An authorization request that may be shown to a person.
struct Asked {
    client: Registered,
    state: String,
    nonce: String,
    challenge: String,
    scope: String,
    message: Option<(String, String)>,
}

/// Why a request is not shown.
enum NotAsked {
    /// Nobody to send the browser back to: unknown client or address.
    Here,
    /// The client is told (RFC 6749 §4.1.2.1).
    Back {
        redirect_uri: String,
        state: String,
        error: &'static str,
        why: &'static str,
    },
}

fn read(eid: &TestEid, query: &str) -> Result<Asked, NotAsked> {
    if query.len() > REQUEST_BYTES_MAX {
        return Err(NotAsked::Here);
    }
    let pairs = parse_pairs(query.as_bytes()).map_err(|_| NotAsked::Here)?;
    // RFC 6749 §3.1: parameters must not be included more than once.
    let one = |name: &str| {
        let mut values = pairs
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (Some(value), None) => value,
            _ => "",
        }
    };
    let client = eid
        .client(one("client_id"), one("redirect_uri"))
        .ok_or(NotAsked::Here)?;
    let state = one("state").to_owned();
    let back = |error, why| NotAsked::Back {
        redirect_uri: client.redirect_uri.clone(),
        state: state.clone(),
        error,
        why,
    };
    if !one("request").is_empty() || !one("request_uri").is_empty() {
        return Err(back("request_not_supported", "request objects are not taken"));
    }
    if one("response_type") != "code" {
        return Err(back("unsupported_response_type", "only response_type=code"));
    }
    if !one("scope").split(' ').any(|scope| scope == "openid") {
        return Err(back("invalid_scope", "scope must hold openid"));
    }
    if one("code_challenge_method") != "S256" || one("code_challenge").len() != 43 {
        return Err(back("invalid_request", "PKCE with S256 is required"));
    }
    if state.is_empty() || one("nonce").is_empty() {
        return Err(back("invalid_request", "state and nonce are required"));
    }
    if one("prompt") == "none" {
        return Err(back("login_required", "a person is always asked"));
    }
    let wanted = one("acr_values");
    if !wanted.is_empty() && !wanted.split(' ').any(|acr| acr == LOA3) {
        return Err(back("access_denied", "only level of assurance 3"));
    }
    let message = match one(USER_MESSAGE) {
        "" => None,
        object => {
            Some(read_message(object).ok_or_else(|| back("invalid_request", "the user message is not readable"))?)
        }
    };
    Ok(Asked {
        message,
        nonce: one("nonce").to_owned(),
        challenge: one("code_challenge").to_owned(),
        scope: one("scope").to_owned(),
        state,
        client,
    })
}

/// Swedish and English text of a user message.
fn read_message(object: &str) -> Option<(String, String)> {
    let object: Value = serde_json::from_str(object).ok()?;
    let mime = object.get("mime_type").and_then(Value::as_str).unwrap_or("text/plain");
    if !mime.starts_with("text/plain") {
        return None;
    }
    let text = |key: &str| -> Option<String> {
        let bytes = STANDARD.decode(object.get(key)?.as_str()?).ok()?;
        String::from_utf8(bytes).ok()
    };
    let plain = text("message");
    let sv = text("message#sv").or_else(|| plain.clone());
    let en = text("message#en").or(plain);
    match (sv, en) {
        (Some(sv), Some(en)) => Some((sv, en)),
        (Some(one), None) | (None, Some(one)) => Some((one.clone(), one)),
        (None, None) => None,
    }
}

#[derive(Template)]
#[template(path = "test_eid.html")]
struct Ask {
    page: Page,
    action: String,
    client: String,
    message: Option<String>,
    people: &'static [people::Known],
    number: String,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "test_eid_about.html")]
struct About {
    page: Page,
    wrong_request: bool,
}

/// A page of the provider: its own face, nobody logged in.
fn page(lang: Lang, title: String, other_language: String) -> Page {
    Page {
        lang,
        title,
        face: Face {
            name: "Testlegitimation".to_owned(),
            name_lang: Lang::Sv,
            unit_lang: lang,
            unit: Texts::get(lang, "test_eid.unit").to_string(),
            theme: "test-eid".to_owned(),
            mark: Mark::Agency,
            telephone: String::new(),
        },
        who: Who::Nobody,
        trace: String::new(),
        other_language,
        form_token: String::new(),
        back: None,
        margin: None,
        shape: Shape::Columns,
        desk: false,
        made_up: true,
        can_act_for_others: false,
    }
}

/// `lang` in the query, then the client's `ui_locales`, then the browser's wish.
fn language(query: &str, headers: &HeaderMap) -> Lang {
    let named = |name: &str| {
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
            .and_then(Lang::parse)
    };
    named("lang")
        .or_else(|| named("ui_locales"))
        .unwrap_or_else(|| crate::web::visit::language(query, headers))
}

fn in_language(query: &str, lang: Lang) -> String {
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("lang="))
        .collect();
    format!("?{}&lang={}", kept.join("&"), lang.code())
}

fn html(status: StatusCode, template: &impl Template, form_goes_to: Option<&str>) -> Response {
    let Ok(html) = template.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = (status, axum::response::Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, content_security_policy(form_goes_to));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

async fn about(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default();
    let lang = language(&query, &headers);
    let page = page(lang, "Testlegitimation".to_owned(), in_language(&query, lang.other()));
    html(
        StatusCode::OK,
        &About {
            page,
            wrong_request: false,
        },
        None,
    )
}

/// The page where a test person approves or aborts.
async fn authorize(State(eid): State<Arc<TestEid>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default();
    let lang = language(&query, &headers);
    match read(&eid, &query) {
        Ok(asked) => ask(lang, &query, &asked, StatusCode::OK, String::new(), None),
        Err(why) => not_asked(&eid, lang, &query, why),
    }
}

fn ask(lang: Lang, query: &str, asked: &Asked, status: StatusCode, number: String, error: Option<String>) -> Response {
    let heading = match asked.message {
        Some(_) => Texts::get(lang, "test_eid.approve_heading"),
        None => Texts::get(lang, "test_eid.log_in_heading"),
    };
    let message = asked.message.as_ref().map(|(sv, en)| match lang {
        Lang::Sv => sv.clone(),
        Lang::En => en.clone(),
    });
    html(
        status,
        &Ask {
            page: page(lang, heading.to_string(), in_language(query, lang.other())),
            action: format!("/authorize?{query}"),
            client: asked.client.name.clone(),
            message,
            people: &people::KNOWN,
            number,
            error,
        },
        origin(&asked.client.redirect_uri).as_deref(),
    )
}

fn not_asked(eid: &TestEid, lang: Lang, query: &str, why: NotAsked) -> Response {
    match why {
        NotAsked::Here => {
            let page = page(lang, "Testlegitimation".to_owned(), in_language(query, lang.other()));
            html(
                StatusCode::BAD_REQUEST,
                &About {
                    page,
                    wrong_request: true,
                },
                None,
            )
        }
        NotAsked::Back {
            redirect_uri,
            state,
            error,
            why,
        } => send_back(
            eid,
            &redirect_uri,
            &[("error", error), ("error_description", why), ("state", &state)],
        ),
    }
}

fn send_back(eid: &TestEid, redirect_uri: &str, parameters: &[(&str, &str)]) -> Response {
    let mut to = redirect_uri.to_owned();
    to.push(if redirect_uri.contains('?') { '&' } else { '?' });
    for (name, value) in parameters {
        to.push_str(&format!("{name}={}&", encoded(value)));
    }
    // RFC 9207.
    to.push_str(&format!("iss={}", encoded(&eid.config.issuer)));
    let mut response = Redirect::to(&to).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The person's answer. Fields: `person` (chosen), `nummer` (typed, goes first), `niva` (3 or 2), `val` (godkann or avbryt).
async fn decide(State(eid): State<Arc<TestEid>>, RawQuery(query): RawQuery, request: Request) -> Response {
    let query = query.unwrap_or_default();
    let lang = language(&query, request.headers());
    let asked = match read(&eid, &query) {
        Ok(asked) => asked,
        Err(why) => return not_asked(&eid, lang, &query, why),
    };
    let bytes = axum::body::to_bytes(request.into_body(), REQUEST_BYTES_MAX)
        .await
        .unwrap_or_default();
    let pairs = parse_pairs(&bytes).unwrap_or_default();
    let one = |name: &str| {
        let found = pairs.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.trim())
    };
    if one("val") != "godkann" {
        return send_back(
            &eid,
            &asked.client.redirect_uri,
            &[("error", "access_denied"), ("state", &asked.state)],
        );
    }
    let typed = if one("nummer").is_empty() {
        one("person")
    } else {
        one("nummer")
    };
    let wrong = |key: &'static str| {
        let why = Texts::get(lang, key).to_string();
        ask(
            lang,
            &query,
            &asked,
            StatusCode::UNPROCESSABLE_ENTITY,
            one("nummer").to_owned(),
            Some(why),
        )
    };
    let Ok(person) = PersonId::parse(typed) else {
        return wrong(if typed.is_empty() {
            "test_eid.nobody_chosen"
        } else {
            "test_eid.not_a_number"
        });
    };
    if !people::is_test_number(&person) {
        return wrong("test_eid.not_a_test_number");
    }
    let grant = Grant {
        client_id: asked.client.id.clone(),
        redirect_uri: asked.client.redirect_uri.clone(),
        challenge: asked.challenge.clone(),
        nonce: asked.nonce.clone(),
        scope: asked.scope.clone(),
        name: people::name_of(&person),
        person,
        acr: if one("niva") == "2" { LOA2 } else { LOA3 },
        at: eid.clock.now(),
    };
    let code = eid.chance.token();
    {
        let mut codes = eid.codes.lock().unwrap_or_else(PoisonError::into_inner);
        let now = eid.clock.now();
        codes.retain(|_, grant| now < grant.at + CODE_MAX);
        if codes.len() >= CODES_MAX {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        codes.insert(code.clone(), grant);
    }
    send_back(
        &eid,
        &asked.client.redirect_uri,
        &[("code", &code), ("state", &asked.state)],
    )
}

/// The token endpoint (RFC 6749 §4.1.3 with RFC 7636 §4.5).
async fn token(State(eid): State<Arc<TestEid>>, request: Request) -> Response {
    let Ok(bytes) = axum::body::to_bytes(request.into_body(), REQUEST_BYTES_MAX).await else {
        return refuse("invalid_request");
    };
    let Ok(pairs) = parse_pairs(&bytes) else {
        return refuse("invalid_request");
    };
    let one = |name: &str| {
        let found = pairs.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    if one("grant_type") != "authorization_code" {
        return refuse("unsupported_grant_type");
    }
    // Taken out whatever comes next: a code is used once, also when it is used wrongly.
    let grant = {
        let mut codes = eid.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.remove(one("code"))
    };
    let Some(grant) = grant else {
        return refuse("invalid_grant");
    };
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, one("code_verifier").as_bytes());
    let proves = aws_lc_rs::constant_time::verify_slices_are_equal(
        URL_SAFE_NO_PAD.encode(hash).as_bytes(),
        grant.challenge.as_bytes(),
    );
    if proves.is_err()
        || one("client_id") != grant.client_id
        || one("redirect_uri") != grant.redirect_uri
        || eid.clock.now() >= grant.at + CODE_MAX
    {
        return refuse("invalid_grant");
    }
    let access_token = eid.chance.token();
    match eid.id_token(&grant, &access_token) {
        Ok(id_token) => (
            [(header::CACHE_CONTROL, "no-store")],
            Json(json!({
                "access_token": access_token,
                "token_type": "Bearer",
                "expires_in": 60,
                "scope": grant.scope,
                "id_token": id_token,
            })),
        )
            .into_response(),
        Err(why) => {
            tracing::error!(?why, "an ID token could not be signed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn refuse(error: &'static str) -> Response {
    (
        StatusCode::BAD_REQUEST,
        [(header::CACHE_CONTROL, "no-store")],
        Json(json!({ "error": error })),
    )
        .into_response()
}
