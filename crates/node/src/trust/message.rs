//! Signed questions, answers and messages between bodies: exactly the bytes of [`SignedHttp`].
//!
//! A request covers its method, target, body's digest, contract, purpose, matter and sender; a response covers its status,
//! digest, sender and the request's signature, so that an answer answers one question only (RFC 9421 §2.4). Always true here:
//! a [`SignedHttp`] that verified holds the covered headers and the signature's own, in one order, and nothing else: no byte
//! of it is without protection. The signature is checked with a key that the federation names for the body in
//! [`header::BODY`].

use jiff::Timestamp;
use samverk_domain::terms::{BodyId, SignedHttp, header};
use samverk_wire::http_signature::{
    self as signature, Component, Message, Parameters, Required, SignatureError, Start,
};
use samverk_wire::{base64, digest};

use super::federation::Statement;
use super::keys::BodyKeys;

const LABEL: &str = "sig1";
const TAG: &str = "samverk";
const CONTENT_DIGEST: &str = "content-digest";
/// The largest body that is signed or read. Applications carry proofs of every register fact; files travel by themselves.
pub const BODY_BYTES_MAX: usize = 16 << 20;
/// Headers of a received message that are looked at.
const HEADERS_MAX: usize = 100;

/// Headers of a request, in the order that they have in [`SignedHttp`].
pub const REQUEST_HEADERS: [&str; 7] = [
    CONTENT_DIGEST,
    header::CONTRACT,
    header::PURPOSE,
    header::MATTER,
    header::BODY,
    signature::SIGNATURE_INPUT,
    signature::SIGNATURE,
];

/// Headers of a response, in the order that they have in [`SignedHttp`].
pub const RESPONSE_HEADERS: [&str; 4] = [
    CONTENT_DIGEST,
    header::BODY,
    signature::SIGNATURE_INPUT,
    signature::SIGNATURE,
];

/// Why a message is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBelieved {
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error("the message has other headers than those that are signed: {0}")]
    Headers(String),
    #[error("the message is addressed to another endpoint")]
    Target,
    #[error("the message's body is not the signed one")]
    Body,
    #[error("the message says it is from {said}, but is signed by {signer}")]
    Signer { said: String, signer: String },
    #[error("a header's text is not in the form that we write")]
    HeaderText,
}

/// What a request's headers say beside its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    pub contract_hash: String,
    pub purpose: String,
    /// A reference; never an identity number.
    pub matter: String,
}

/// Fresh for each signature.
#[derive(Clone, Debug)]
pub struct Fresh {
    pub now: Timestamp,
    /// At least 16 plain characters.
    pub nonce: String,
}

/// Signs a POST to `target_uri`.
pub fn sign_request(
    keys: &BodyKeys,
    target_uri: &str,
    citation: &Citation,
    body: &[u8],
    fresh: &Fresh,
) -> Result<SignedHttp, SignatureError> {
    let http = SignedHttp {
        method: "POST".to_owned(),
        target_uri: target_uri.to_owned(),
        status: None,
        headers: vec![
            (CONTENT_DIGEST.to_owned(), digest::content_digest(body)),
            (header::CONTRACT.to_owned(), citation.contract_hash.clone()),
            (header::PURPOSE.to_owned(), header_text(&citation.purpose)),
            (header::MATTER.to_owned(), header_text(&citation.matter)),
            (header::BODY.to_owned(), keys.body().to_string()),
        ],
        body: base64::url(body),
    };
    sign(http, keys, &request_covers(), None, fresh)
}

/// Signs the response to a request.
pub fn sign_response(
    keys: &BodyKeys,
    request: &SignedHttp,
    status: u16,
    body: &[u8],
    fresh: &Fresh,
) -> Result<SignedHttp, SignatureError> {
    let http = SignedHttp {
        method: request.method.clone(),
        target_uri: request.target_uri.clone(),
        status: Some(status),
        headers: vec![
            (CONTENT_DIGEST.to_owned(), digest::content_digest(body)),
            (header::BODY.to_owned(), keys.body().to_string()),
        ],
        body: base64::url(body),
    };
    sign(http, keys, &response_covers(), Some(request), fresh)
}

fn sign(
    mut http: SignedHttp,
    keys: &BodyKeys,
    covered: &[Component],
    request: Option<&SignedHttp>,
    fresh: &Fresh,
) -> Result<SignedHttp, SignatureError> {
    let parameters = Parameters {
        created: fresh.now.as_second(),
        nonce: fresh.nonce.clone(),
        keyid: keys.keyid(),
        tag: TAG.to_owned(),
    };
    let signed = signature::sign(keys.signing(), LABEL, &message(&http, request), covered, &parameters)?;
    http.headers
        .push((signature::SIGNATURE_INPUT.to_owned(), signed.signature_input));
    http.headers.push((signature::SIGNATURE.to_owned(), signed.signature));
    Ok(http)
}

/// Puts what came over the network into the form that is verified and kept. `headers` are all the message's headers; those
/// that are not signed are left out here and never looked at.
pub fn received<'a>(
    start: Received<'_>,
    headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    body: &[u8],
) -> Result<SignedHttp, NotBelieved> {
    let (method, target_uri, status, names) = match start {
        Received::Request { method, target_uri } => (method, target_uri, None, REQUEST_HEADERS.as_slice()),
        Received::Response { request, status } => (
            request.method.as_str(),
            request.target_uri.as_str(),
            Some(status),
            RESPONSE_HEADERS.as_slice(),
        ),
    };
    let headers: Vec<(&str, &[u8])> = headers.into_iter().take(HEADERS_MAX).collect();
    let mut kept = vec![];
    for wanted in names {
        let mut all = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let (_, value) = all
            .next()
            .ok_or_else(|| SignatureError::Missing((*wanted).to_owned()))?;
        if all.next().is_some() {
            return Err(SignatureError::Repeated((*wanted).to_owned()).into());
        }
        let value = std::str::from_utf8(value).map_err(|_| NotBelieved::HeaderText)?;
        kept.push(((*wanted).to_owned(), value.to_owned()));
    }
    Ok(SignedHttp {
        method: method.to_owned(),
        target_uri: target_uri.to_owned(),
        status,
        headers: kept,
        body: base64::url(body),
    })
}

/// The first line of what came, as far as it counts.
#[derive(Clone, Copy, Debug)]
pub enum Received<'a> {
    /// The target as the receiver knows its own address.
    Request {
        method: &'a str,
        target_uri: &'a str,
    },
    Response {
        request: &'a SignedHttp,
        status: u16,
    },
}

/// A request by a body of the federation. Whether the body may ask this is decided by contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRequest {
    http: SignedHttp,
    signer: BodyId,
    citation: Citation,
    created: i64,
    body: Vec<u8>,
}

/// A response by the body that was asked, to the very request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedResponse {
    http: SignedHttp,
    signer: BodyId,
    status: u16,
    created: i64,
    body: Vec<u8>,
}

macro_rules! verified {
    ($name:ident) => {
        impl $name {
            /// The bytes that were signed, for the log and for evidence.
            pub fn http(&self) -> &SignedHttp {
                &self.http
            }

            /// The body that signed.
            pub fn signer(&self) -> &BodyId {
                &self.signer
            }

            /// When the signature says it was made, Unix time in seconds.
            pub fn created(&self) -> i64 {
                self.created
            }

            pub fn body(&self) -> &[u8] {
                &self.body
            }
        }
    };
}
verified!(VerifiedRequest);
verified!(VerifiedResponse);

impl VerifiedRequest {
    pub fn citation(&self) -> &Citation {
        &self.citation
    }
}

impl VerifiedResponse {
    pub fn status(&self) -> u16 {
        self.status
    }
}

/// Verifies a request that should be addressed to `target_uri`.
pub fn verify_request(
    http: SignedHttp,
    target_uri: &str,
    federation: &Statement,
    now: Timestamp,
) -> Result<VerifiedRequest, NotBelieved> {
    if http.target_uri != target_uri || http.method != "POST" || http.status.is_some() {
        return Err(NotBelieved::Target);
    }
    check_names(&http, &REQUEST_HEADERS)?;
    let believed = check(&http, None, &request_covers(), federation, now)?;
    let citation = Citation {
        contract_hash: value(&http, header::CONTRACT).to_owned(),
        purpose: read_header_text(value(&http, header::PURPOSE))?,
        matter: read_header_text(value(&http, header::MATTER))?,
    };
    Ok(VerifiedRequest {
        signer: believed.signer,
        created: believed.created,
        body: believed.body,
        citation,
        http,
    })
}

/// Verifies a response to our own `request`, which must be signed by `expected`.
pub fn verify_response(
    http: SignedHttp,
    request: &SignedHttp,
    expected: &BodyId,
    federation: &Statement,
    now: Timestamp,
) -> Result<VerifiedResponse, NotBelieved> {
    if http.target_uri != request.target_uri || http.method != request.method {
        return Err(NotBelieved::Target);
    }
    let status = http.status.ok_or(NotBelieved::Target)?;
    check_names(&http, &RESPONSE_HEADERS)?;
    let believed = check(&http, Some(request), &response_covers(), federation, now)?;
    if believed.signer != *expected {
        return Err(NotBelieved::Signer {
            said: expected.to_string(),
            signer: believed.signer.to_string(),
        });
    }
    Ok(VerifiedResponse {
        signer: believed.signer,
        created: believed.created,
        body: believed.body,
        status,
        http,
    })
}

/// SHA-256 of the Signature header's value: how the sealed log names a message.
pub fn signature_sha256(http: &SignedHttp) -> [u8; 32] {
    digest::sha256(value(http, signature::SIGNATURE).as_bytes())
}

/// Whom a request says it is from, before anything was checked. Only for finding out whose statement to look for.
pub fn unverified_sender(http: &SignedHttp) -> Option<BodyId> {
    BodyId::parse(value(http, header::BODY)).ok()
}

struct Believed {
    signer: BodyId,
    created: i64,
    body: Vec<u8>,
}

fn check(
    http: &SignedHttp,
    request: Option<&SignedHttp>,
    covered: &[Component],
    federation: &Statement,
    now: Timestamp,
) -> Result<Believed, NotBelieved> {
    let required = Required {
        label: LABEL,
        covered,
        tag: TAG,
        now: now.as_second(),
    };
    let mut signer = None;
    let verified = signature::verify(&message(http, request), &required, |keyid| {
        let (body, key) = federation.key(keyid)?;
        signer = Some(body.clone());
        Some(key)
    })?;
    let signer = signer.ok_or(SignatureError::UnknownKey)?;
    let said = value(http, header::BODY);
    if said != signer.as_str() {
        return Err(NotBelieved::Signer {
            said: said.to_owned(),
            signer: signer.to_string(),
        });
    }
    let body = base64::from_url(&http.body).map_err(|_| NotBelieved::Body)?;
    if body.len() > BODY_BYTES_MAX {
        return Err(NotBelieved::Body);
    }
    // Ours is the only digest: one form for one body.
    if value(http, CONTENT_DIGEST) != digest::content_digest(&body) {
        return Err(NotBelieved::Body);
    }
    Ok(Believed {
        signer,
        created: verified.created,
        body,
    })
}

fn check_names(http: &SignedHttp, names: &[&str]) -> Result<(), NotBelieved> {
    let fits =
        http.headers.len() == names.len() && http.headers.iter().zip(names).all(|((name, _), must)| name == must);
    if fits {
        Ok(())
    } else {
        Err(NotBelieved::Headers(names.join(", ")))
    }
}

fn request_covers() -> Vec<Component> {
    let mut covered = vec![Component::Method, Component::TargetUri];
    covered.extend(REQUEST_HEADERS[..5].iter().map(|name| Component::field(name)));
    covered
}

fn response_covers() -> Vec<Component> {
    vec![
        Component::Status,
        Component::field(CONTENT_DIGEST),
        Component::field(header::BODY),
        Component::RequestSignature(LABEL.to_owned()),
    ]
}

fn message<'a>(http: &'a SignedHttp, request: Option<&'a SignedHttp>) -> Message<'a> {
    Message {
        start: match http.status {
            None => Start::Request {
                method: &http.method,
                target_uri: &http.target_uri,
            },
            Some(status) => Start::Response { status },
        },
        headers: &http.headers,
        request: request.map(|request| request.headers.as_slice()),
    }
}

fn value<'a>(http: &'a SignedHttp, name: &str) -> &'a str {
    http.headers
        .iter()
        .find(|(n, _)| n == name)
        .map_or("", |(_, value)| value.as_str())
}

/// Header values are plain ASCII; what is not (and %) is percent-encoded UTF-8.
fn header_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if byte != b'%' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn read_header_text(value: &str) -> Result<String, NotBelieved> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'%' => {
                let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
                match (digit(rest.next()), digit(rest.next())) {
                    (Some(high), Some(low)) => (high * 16 + low) as u8,
                    _ => return Err(NotBelieved::HeaderText),
                }
            }
            _ => byte,
        });
    }
    let text = String::from_utf8(out).map_err(|_| NotBelieved::HeaderText)?;
    if header_text(&text) == value {
        Ok(text)
    } else {
        Err(NotBelieved::HeaderText)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trust::federation::tests::{World, at, id, now, world};

    pub(crate) const TARGET: &str = "https://skatteregistret.example/utbyte/skatteregistret/fraga";

    pub(crate) fn fresh(at: Timestamp) -> Fresh {
        Fresh {
            now: at,
            nonce: "0123456789abcdefghij".to_owned(),
        }
    }

    fn citation() -> Citation {
        Citation {
            contract_hash: "h".to_owned(),
            purpose: "öppna-café".to_owned(),
            matter: "018f0000/livsmedel 100 %".to_owned(),
        }
    }

    fn asked(world: &World, body: &[u8]) -> SignedHttp {
        sign_request(&world.consumer, TARGET, &citation(), body, &fresh(now())).unwrap()
    }

    #[test]
    fn a_question_and_its_answer_are_believed() {
        let world = world();
        let view = world.view();
        let request = asked(&world, b"{}");
        let verified = verify_request(request.clone(), TARGET, &view, now()).unwrap();
        assert_eq!(verified.signer(), &id("miljonamnden"));
        assert_eq!(verified.citation(), &citation());
        assert_eq!(verified.body(), b"{}");
        let response = sign_response(&world.provider, &request, 200, b"[]", &fresh(now())).unwrap();
        let verified = verify_response(response, &request, &id("skatteregistret"), &view, now()).unwrap();
        assert_eq!((verified.status(), verified.body()), (200, b"[]".as_slice()));
    }

    #[test]
    fn what_came_over_the_network_keeps_only_what_is_signed() {
        let world = world();
        let request = asked(&world, b"{}");
        let mut all: Vec<(&str, &[u8])> = vec![("Host", b"x"), ("user-agent", b"y")];
        all.extend(request.headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes())));
        let start = Received::Request {
            method: "POST",
            target_uri: TARGET,
        };
        assert_eq!(received(start, all.iter().copied(), b"{}"), Ok(request.clone()));
        let mut twice = all.clone();
        twice.push((header::PURPOSE, b"z"));
        assert!(matches!(
            received(start, twice.iter().copied(), b"{}"),
            Err(NotBelieved::Signature(SignatureError::Repeated(_)))
        ));
        all.pop();
        assert!(matches!(
            received(start, all.iter().copied(), b"{}"),
            Err(NotBelieved::Signature(SignatureError::Missing(_)))
        ));
    }

    #[test]
    fn a_request_to_another_endpoint_or_with_another_body_is_refused() {
        let world = world();
        let view = world.view();
        let request = asked(&world, b"{}");
        let elsewhere = "https://skatteregistret.example/utbyte/skatteregistret/meddelande";
        assert_eq!(
            verify_request(request.clone(), elsewhere, &view, now()),
            Err(NotBelieved::Target)
        );
        let mut moved = request.clone();
        moved.target_uri = elsewhere.to_owned();
        assert_eq!(
            verify_request(moved, elsewhere, &view, now()),
            Err(SignatureError::WrongSignature.into())
        );
        let mut changed = request.clone();
        changed.body = base64::url(b"[]");
        assert_eq!(verify_request(changed, TARGET, &view, now()), Err(NotBelieved::Body));
        let late = at("2026-06-15T10:05:01Z");
        assert_eq!(
            verify_request(request, TARGET, &view, late),
            Err(SignatureError::Created.into())
        );
    }

    #[test]
    fn nobody_can_speak_in_anothers_name() {
        let world = world();
        let view = world.view();
        // The consumer claims to be the anchor in the header, and signs with its own key.
        let mut request = asked(&world, b"{}");
        request.headers.truncate(5);
        request.headers[4].1 = "ankaret".to_owned();
        let lie = sign(request, &world.consumer, &request_covers(), None, &fresh(now())).unwrap();
        assert!(matches!(
            verify_request(lie, TARGET, &view, now()),
            Err(NotBelieved::Signer { .. })
        ));
        // The answer is signed by another body than the one that was asked.
        let request = asked(&world, b"{}");
        let response = sign_response(&world.anchor, &request, 200, b"[]", &fresh(now())).unwrap();
        assert!(matches!(
            verify_response(response, &request, &id("skatteregistret"), &view, now()),
            Err(NotBelieved::Signer { .. })
        ));
        // A key that is not in the federation.
        let stranger = crate::trust::federation::tests::keys("miljonamnden", 77);
        let request = sign_request(&stranger, TARGET, &citation(), b"{}", &fresh(now())).unwrap();
        assert_eq!(
            verify_request(request, TARGET, &view, now()),
            Err(SignatureError::UnknownKey.into())
        );
    }

    #[test]
    fn an_answer_answers_one_question_only() {
        let world = world();
        let view = world.view();
        let (one, other) = (asked(&world, b"{\"id\":1}"), asked(&world, b"{\"id\":2}"));
        let response = sign_response(&world.provider, &one, 200, b"[]", &fresh(now())).unwrap();
        assert_eq!(
            verify_response(response, &other, &id("skatteregistret"), &view, now()),
            Err(SignatureError::WrongSignature.into())
        );
    }

    proptest! {
        #[test]
        fn header_texts_survive_and_have_one_form(text in any::<String>(), value in "[a-z%0-9A-F]{0,12}") {
            prop_assert_eq!(read_header_text(&header_text(&text)), Ok(text));
            if let Ok(read) = read_header_text(&value) {
                prop_assert_eq!(header_text(&read), value);
            }
        }
    }
}
