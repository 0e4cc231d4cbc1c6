//! What was asked and answered, sealed: each exchange under a key of its own, which is wrapped under its body's.
//!
//! Always true: destroying the wrapped key destroys the contents, while the sealed log still holds; a box moved to another
//! exchange, side or body does not open; a subject stands in the store only as a keyed mark, so that insight can be looked up
//! by one who knows the number and not listed by one who reads the table.

use samverk_domain::terms::{BodyId, Side, SignedHttp, Subject};
use samverk_store::exchanges::Sealed;
use samverk_wire::base64;
use serde::{Deserialize, Serialize};

use crate::node::Node;
use crate::registers::subject_key;
use crate::seal::{Key, NotOpened};

/// Which exchange a box belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub body: &'a BodyId,
    pub side: Side,
    pub id: &'a str,
}

impl Place<'_> {
    fn about(&self, part: &str) -> Vec<u8> {
        let side = match self.side {
            Side::Provider => "provider",
            Side::Consumer => "consumer",
        };
        format!("{}/{side}/{}/{part}", self.body, self.id).into_bytes()
    }

    fn body_key(&self, node: &Node) -> Key {
        node.secret.key("exchanges-of", self.body.as_str().as_bytes())
    }
}

/// Both signed messages, as they were.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Signed {
    pub request: SignedHttp,
    pub response: SignedHttp,
}

/// A new exchange's key.
pub struct ExchangeKey {
    key: Key,
    pub wrapped: Vec<u8>,
}

impl ExchangeKey {
    pub fn new(node: &Node, place: Place<'_>) -> Self {
        let key = node.chance.bytes::<32>();
        Self {
            wrapped: place.body_key(node).close(&place.about("key"), &key, &node.chance),
            key: Key::of(key),
        }
    }

    pub fn unwrap(node: &Node, place: Place<'_>, sealed: &Sealed) -> Result<Self, NotOpened> {
        let key = place.body_key(node).open(&place.about("key"), &sealed.wrapped_key)?;
        Ok(Self {
            key: Key::of(key.try_into().map_err(|_| NotOpened)?),
            wrapped: sealed.wrapped_key.clone(),
        })
    }

    /// Closes the request's body: the question or message itself.
    pub fn close_request(&self, node: &Node, place: Place<'_>, body: &[u8]) -> Vec<u8> {
        self.key.close(&place.about("request"), body, &node.chance)
    }

    pub fn open_request(&self, place: Place<'_>, sealed: &Sealed) -> Result<Vec<u8>, NotOpened> {
        self.key.open(&place.about("request"), &sealed.request)
    }

    /// Closes both signed messages.
    pub fn close_signed(&self, node: &Node, place: Place<'_>, request: &SignedHttp, response: &SignedHttp) -> Vec<u8> {
        let both = Signed {
            request: request.clone(),
            response: response.clone(),
        };
        let bytes = serde_json::to_vec(&both).expect("texts and numbers are always JSON");
        self.key.close(&place.about("response"), &bytes, &node.chance)
    }

    pub fn open_signed(&self, place: Place<'_>, sealed: &Sealed) -> Result<Signed, NotOpened> {
        let closed = sealed.response.as_ref().ok_or(NotOpened)?;
        let bytes = self.key.open(&place.about("response"), closed)?;
        serde_json::from_slice(&bytes).map_err(|_| NotOpened)
    }
}

/// The mark under which a body finds a subject's exchanges. A number that is no number has none.
pub fn subject_mark(node: &Node, body: &BodyId, subject: &Subject) -> Option<[u8; 32]> {
    let subject = subject_key(subject)?;
    let mark = node.secret.mark(
        &format!("insight/{body}"),
        format!("{}:{}", subject.kind, subject.number).as_bytes(),
    );
    base64::array_from_url(&mark).ok()
}
