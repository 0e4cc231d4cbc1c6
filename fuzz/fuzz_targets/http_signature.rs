//! HTTP signatures (RFC 9421) and digests (RFC 9530): any headers, and a signed message with some bytes of a header
//! replaced, which must not be accepted.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use samverk_wire::digest;
use samverk_wire::http_signature::{
    Component, Message, Parameters, Required, SIGNATURE, SIGNATURE_INPUT, Start, sign, unverified_keyid, verify,
};
use samverk_wire::key::{Algorithm, SecretKey};

const NOW: i64 = 1_780_000_000;
const START: Start<'_> = Start::Request {
    method: "POST",
    target_uri: "https://skatteregistret.example/utbyte/skatteregistret/fraga",
};

static KEY: LazyLock<SecretKey> = LazyLock::new(|| {
    SecretKey::from_secret_bytes(Algorithm::Ed25519, [7; 32]).expect("32 bytes of 7 are a secret key")
});

fn accepted(headers: &[(String, String)], covered: &[Component]) -> bool {
    let message = Message {
        start: START,
        headers,
        request: None,
    };
    let required = Required {
        label: "sig1",
        covered,
        tag: "samverk",
        now: NOW,
    };
    verify(&message, &required, |_| Some(KEY.public())).is_ok()
}

fuzz_target!(|data: (u8, u16, u8, &str, &str)| {
    let (which, at, long, text, other) = data;
    let _ = digest::check(text, other.as_bytes());
    let covered = [Component::Method, Component::TargetUri, Component::field("content-digest")];
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let free = [
        header(SIGNATURE_INPUT, text),
        header(SIGNATURE, other),
        header("content-digest", other),
    ];
    let _ = unverified_keyid(&free, "sig1");
    assert!(!accepted(&free, &covered), "accepted what nobody signed");
    let anywhere = [Component::Path, Component::Authority, Component::field("content-digest")];
    let request = Message {
        start: Start::Request {
            method: "POST",
            target_uri: text,
        },
        headers: &free,
        request: None,
    };
    let response = Message {
        start: Start::Response { status: at },
        request: Some(&free),
        ..request
    };
    for message in [request, response] {
        let required = Required {
            label: "sig1",
            covered: &anywhere,
            tag: "samverk",
            now: NOW,
        };
        assert!(verify(&message, &required, |_| Some(KEY.public())).is_err());
    }

    let digest = header("content-digest", &digest::content_digest(b"{}"));
    let parameters = Parameters {
        created: NOW,
        nonce: "0123456789abcdef".to_owned(),
        keyid: format!("miljonamnden#{}", KEY.public().kid()),
        tag: "samverk".to_owned(),
    };
    let unsigned = [digest.clone()];
    let message = Message {
        start: START,
        headers: &unsigned,
        request: None,
    };
    let made = sign(&KEY, "sig1", &message, &covered, &parameters).expect("a plain message can be signed");
    let signed = [
        header(SIGNATURE_INPUT, &made.signature_input),
        header(SIGNATURE, &made.signature),
        digest,
    ];
    assert!(accepted(&signed, &covered), "what was signed holds");
    let mut changed = signed.clone();
    let value = &mut changed[usize::from(which) % signed.len()].1;
    let start = usize::from(at) % value.len();
    let end = (start + usize::from(long)).min(value.len());
    value.replace_range(start..end, text);
    // Space around a header's value is not part of it (RFC 9110 §5.5).
    let same = changed.iter().zip(&signed).all(|(new, old)| new.1.trim() == old.1.trim());
    assert!(same || !accepted(&changed, &covered), "a changed message was accepted");
});
