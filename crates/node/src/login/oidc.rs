//! OpenID Connect relying party: code flow with PKCE, state and nonce, after the Swedish OpenID Connect profile.
//!
//! The provider is found by discovery; its token is checked by the `openidconnect` crate: signature, issuer, audience, times,
//! nonce, and the level of assurance, which must be 3. What is under way is sealed in a cookie, so an attempt that nobody
//! finishes leaves nothing behind, and a callback that our own browser did not begin is refused.
//!
//! A login may be *bound*: its nonce ends with the SHA-256 of what is approved, and the provider shows the person what that is
//! (`https://id.oidc.se/param/userMessage`). The ID token is then the evidence that this person approved this.
//!
//! The client is public and proves itself with PKCE (RFC 7636): the node has no secret with the provider that could leak.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthenticationContextClass, AuthorizationCode, Client, ClientId, CsrfToken,
    EmptyExtraTokenFields, IdTokenFields, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse, StandardTokenResponse, TokenResponse as _,
};
use samverk_domain::words::ids::PersonId;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::config::Eid;
use crate::ctx::PersonRef;
use crate::node::Node;
use crate::web::Lang;

/// Swedish level of assurance 3 (Sweden Connect identifiers): the lowest that we accept.
pub const LOA3: &str = "http://id.elegnamnden.se/loa/1.0/loa3";
pub const PERSONNUMMER: &str = "https://id.oidc.se/claim/personalIdentityNumber";
pub const SAMORDNINGSNUMMER: &str = "https://id.oidc.se/claim/coordinationNumber";
pub const SCOPE_INFO: &str = "https://id.oidc.se/scope/naturalPersonInfo";
pub const SCOPE_NUMBER: &str = "https://id.oidc.se/scope/naturalPersonNumber";
pub const USER_MESSAGE: &str = "https://id.oidc.se/param/userMessage";

/// How long a person may take at the provider.
pub const ATTEMPT_MAX: SignedDuration = SignedDuration::from_mins(10);
/// Clocks differ between machines.
pub const SKEW: SignedDuration = SignedDuration::from_secs(60);
/// How long the provider's metadata and keys are kept. An unknown key fetches them anew before that.
pub const METADATA_KEPT: SignedDuration = SignedDuration::from_mins(10);
/// Discovery documents, key sets and token responses are a few kilobytes.
pub const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// What the provider is asked to show. BankID's own limit is 1,500 characters before encoding.
pub const MESSAGE_CHARACTERS_MAX: usize = 1_500;

/// The Swedish claims that we ask for.
#[derive(Clone, Serialize, Deserialize)]
pub struct Swedish {
    #[serde(rename = "https://id.oidc.se/claim/personalIdentityNumber")]
    personnummer: Option<String>,
    #[serde(rename = "https://id.oidc.se/claim/coordinationNumber")]
    samordningsnummer: Option<String>,
}

impl std::fmt::Debug for Swedish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Swedish(…)")
    }
}

impl AdditionalClaims for Swedish {}

type Tokens = StandardTokenResponse<
    IdTokenFields<
        Swedish,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// The library's client with the Swedish claims; the last six say which endpoints are known.
type RelyingParty<A, T, U> = Client<
    Swedish,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    A,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    T,
    U,
>;
type Discovered =
    RelyingParty<openidconnect::EndpointSet, openidconnect::EndpointMaybeSet, openidconnect::EndpointMaybeSet>;

/// The provider's metadata and keys, kept for [`METADATA_KEPT`].
#[derive(Default)]
pub struct Provider(Mutex<Option<(Timestamp, Arc<CoreProviderMetadata>)>>);

/// A login under way. Sealed in a cookie; never seen by the browser's owner.
#[derive(Clone, Serialize, Deserialize)]
pub struct Attempt {
    pub state: String,
    pub nonce: String,
    verifier: String,
    pub started_at: Timestamp,
    /// Where the person was going.
    pub back: String,
    /// What is approved by this login, and in whose session (its name in the store, not its id).
    pub binds: Option<[u8; 32]>,
}

/// A login that holds.
#[derive(Clone, Debug)]
pub struct Identified {
    pub person: PersonRef,
    pub id_token: String,
}

/// Why nobody was let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotIdentified {
    /// The provider does not answer, or not as a provider does. Try later.
    #[error("the e-legitimation provider is out of function: {0}")]
    Provider(String),
    /// The person said no, or the provider did.
    #[error("the login was cancelled")]
    Cancelled,
    /// The token does not hold. The reason is for the operator.
    #[error("the provider's token was refused: {0}")]
    Refused(String),
    #[error("the e-legitimation is below level of assurance 3")]
    TooWeak,
    /// A foreign e-legitimation without a Swedish number, or a broken number.
    #[error("the token names no Swedish person")]
    NoPerson,
}

/// What the provider is asked to show: in both languages, since it knows which one it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub sv: String,
    pub en: String,
}

/// Begins a login: the address to send the browser to, and the attempt to seal in its cookie.
pub async fn begin(
    node: &Node,
    eid: &Eid,
    lang: Lang,
    back: &str,
    binds: Option<([u8; 32], &Message)>,
) -> Result<(String, Attempt), NotIdentified> {
    let party = party(node, eid, Fresh::MayBeKept).await?;
    let verifier = PkceCodeVerifier::new(node.chance.token());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    let random = node.chance.token();
    let nonce = match binds {
        Some((hash, _)) => format!("{random}.{}", URL_SAFE_NO_PAD.encode(hash)),
        None => random,
    };
    let attempt = Attempt {
        state: node.chance.token(),
        nonce,
        verifier: verifier.secret().clone(),
        started_at: node.clock.now(),
        back: back.to_owned(),
        binds: binds.map(|(hash, _)| hash),
    };
    let (state, nonce) = (attempt.state.clone(), attempt.nonce.clone());
    let mut request = party
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || CsrfToken::new(state),
            move || Nonce::new(nonce),
        )
        .add_scope(Scope::new(SCOPE_INFO.to_owned()))
        .add_scope(Scope::new(SCOPE_NUMBER.to_owned()))
        .add_auth_context_value(AuthenticationContextClass::new(LOA3.to_owned()))
        // A public body never takes over a login that was made for somebody else.
        .add_prompt(CoreAuthPrompt::Login)
        .set_max_age(std::time::Duration::ZERO)
        .add_extra_param("ui_locales", lang.code())
        .set_pkce_challenge(challenge);
    if let Some((_, message)) = binds {
        request = request.add_extra_param(USER_MESSAGE, user_message(message));
    }
    Ok((request.url().0.to_string(), attempt))
}

/// OIDC Sweden, request parameter extensions 2.1: a JSON object with the base64 of each language's text.
fn user_message(message: &Message) -> String {
    let cut = |text: &str| STANDARD.encode(text.chars().take(MESSAGE_CHARACTERS_MAX).collect::<String>());
    serde_json::json!({
        "message#sv": cut(&message.sv),
        "message#en": cut(&message.en),
        "mime_type": "text/plain",
    })
    .to_string()
}

/// Ends a login: exchanges the code and checks the token.
pub async fn end(node: &Node, eid: &Eid, attempt: &Attempt, code: &str) -> Result<Identified, NotIdentified> {
    match end_once(node, eid, attempt, code, Fresh::MayBeKept).await {
        // The provider may have changed its keys since we fetched them. The code is used up, so only the check is repeated.
        Err((NotIdentified::Refused(_), Some(tokens))) => {
            let party = party(node, eid, Fresh::Now).await?;
            check(node, &party, attempt, &tokens)
        }
        Err((why, _)) => Err(why),
        Ok(identified) => Ok(identified),
    }
}

async fn end_once(
    node: &Node,
    eid: &Eid,
    attempt: &Attempt,
    code: &str,
    fresh: Fresh,
) -> Result<Identified, (NotIdentified, Option<Tokens>)> {
    let party = party(node, eid, fresh).await.map_err(|why| (why, None))?;
    let http = http(node);
    let tokens = party
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .map_err(|why| (NotIdentified::Provider(why.to_string()), None))?
        .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()))
        .request_async(&http)
        .await
        .map_err(|why| {
            use openidconnect::RequestTokenError as E;
            let why = match why {
                E::ServerResponse(answer) => {
                    NotIdentified::Refused(format!("the token endpoint said {}", answer.error()))
                }
                E::Request(why) => NotIdentified::Provider(why.to_string()),
                // The parser's words may quote the answer, which holds personal data.
                E::Parse(..) => NotIdentified::Provider("its token response could not be read".to_owned()),
                E::Other(why) => NotIdentified::Provider(why),
            };
            (why, None)
        })?;
    check(node, &party, attempt, &tokens).map_err(|why| (why, Some(tokens)))
}

fn check(node: &Node, party: &Discovered, attempt: &Attempt, tokens: &Tokens) -> Result<Identified, NotIdentified> {
    let refused = |why: &dyn std::fmt::Display| NotIdentified::Refused(why.to_string());
    let id_token = tokens.id_token().ok_or_else(|| refused(&"there is no ID token"))?;
    let now = node.clock.now();
    let started = attempt.started_at;
    let verifier = party
        .id_token_verifier()
        // Signed with a key that only the provider has; never with a shared secret, never `none`.
        .set_allowed_algs([
            CoreJwsSigningAlgorithm::EdDsa,
            CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            CoreJwsSigningAlgorithm::RsaSsaPssSha256,
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        ])
        .set_time_fn(move || std::time::SystemTime::from(now).into())
        .set_issue_time_verifier_fn(move |issued| {
            let issued = instant(issued.timestamp());
            if issued > now + SKEW {
                Err("it is issued in the future".to_owned())
            } else if issued < started - SKEW {
                Err("it is older than the attempt".to_owned())
            } else {
                Ok(())
            }
        })
        .set_auth_time_verifier_fn(move |authenticated| match authenticated {
            // prompt=login and max_age=0 were asked for: an older login is not this person approving this.
            Some(at) if instant(at.timestamp()) >= started - SKEW => Ok(()),
            Some(_) => Err("the person was authenticated before the attempt".to_owned()),
            None => Err("it does not say when the person was authenticated".to_owned()),
        });
    let claims = id_token
        .claims(&verifier, &Nonce::new(attempt.nonce.clone()))
        .map_err(|why| refused(&why))?;
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = id_token.signing_alg().map_err(|why| refused(&why))?;
        let key = id_token.signing_key(&verifier).map_err(|why| refused(&why))?;
        let is = AccessTokenHash::from_token(tokens.access_token(), algorithm, key).map_err(|why| refused(&why))?;
        if is != *expected {
            return Err(refused(&"the access token is another one's"));
        }
    }
    match claims.auth_context_ref() {
        Some(level) if level.as_str() == LOA3 => {}
        _ => return Err(NotIdentified::TooWeak),
    }
    let numbers = claims.additional_claims();
    let number = match (&numbers.personnummer, &numbers.samordningsnummer) {
        (Some(number), None) | (None, Some(number)) => PersonId::parse(number).map_err(|_| NotIdentified::NoPerson)?,
        // Both or neither is no person that we know.
        _ => return Err(NotIdentified::NoPerson),
    };
    let name = claims
        .name()
        .and_then(|name| name.get(None))
        .map(|name| name.as_str().trim().to_owned())
        .filter(|name| !name.is_empty() && name.chars().count() <= 200)
        .ok_or(NotIdentified::NoPerson)?;
    Ok(Identified {
        person: PersonRef { number, name },
        id_token: id_token.to_string(),
    })
}

fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MIN)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fresh {
    MayBeKept,
    Now,
}

async fn party(node: &Node, eid: &Eid, fresh: Fresh) -> Result<Discovered, NotIdentified> {
    let out = |why: &dyn std::fmt::Display| NotIdentified::Provider(why.to_string());
    let now = node.clock.now();
    let metadata = {
        let mut kept = node.eid.0.lock().await;
        match &*kept {
            Some((at, metadata)) if fresh == Fresh::MayBeKept && now.duration_since(*at) < METADATA_KEPT => {
                Arc::clone(metadata)
            }
            _ => {
                let issuer = IssuerUrl::new(eid.issuer.clone()).map_err(|why| out(&why))?;
                let http = http(node);
                let metadata = CoreProviderMetadata::discover_async(issuer, &http)
                    .await
                    .map_err(|why| out(&why))?;
                let metadata = Arc::new(metadata);
                *kept = Some((now, Arc::clone(&metadata)));
                metadata
            }
        }
    };
    let redirect = RedirectUrl::new(node.address("/oidc/tillbaka")).map_err(|why| out(&why))?;
    let client = ClientId::new(eid.client_id.clone());
    Ok(Client::from_provider_metadata((*metadata).clone(), client, None).set_redirect_uri(redirect))
}

/// Why the provider could not be reached.
#[derive(Debug, thiserror::Error)]
enum NotFetched {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("its answer is larger than {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
    #[error("{0}")]
    Response(#[from] http::Error),
}

type Fetching = std::pin::Pin<Box<dyn Future<Output = Result<http::Response<Vec<u8>>, NotFetched>> + Send>>;

/// The node's own client, as the library takes one.
fn http(node: &Node) -> impl Fn(http::Request<Vec<u8>>) -> Fetching + Send + Sync + 'static {
    let client = node.http.clone();
    move |request| Box::pin(fetch(client.clone(), request))
}

async fn fetch(
    client: reqwest::Client,
    request: http::Request<Vec<u8>>,
) -> Result<http::Response<Vec<u8>>, NotFetched> {
    let (parts, body) = request.into_parts();
    let mut answer = client
        .request(parts.method, parts.uri.to_string())
        .headers(parts.headers)
        .body(body)
        .send()
        .await?;
    let mut response = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(NotFetched::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(response.body(bytes)?)
}
