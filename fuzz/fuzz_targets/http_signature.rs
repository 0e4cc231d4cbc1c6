//! Signed HTTP messages (RFC 9421) and digests (RFC 9530): no header made of chance is believed, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samverk_wire::digest;
use samverk_wire::http_signature::{Component, Message, Required, Start, unverified_keyid, verify};
use samverk_wire::key::{Algorithm, SecretKey};

fuzz_target!(|data: (&str, &str, &str, u16)| {
    let (input, signature, other, status) = data;
    let key = SecretKey::from_secret_bytes(Algorithm::Ed25519, [7; 32]).expect("any 32 bytes are an Ed25519 seed");
    let headers = vec![
        ("signature-input".to_owned(), input.to_owned()),
        ("signature".to_owned(), signature.to_owned()),
        ("content-digest".to_owned(), other.to_owned()),
    ];
    let covered = [
        Component::Path,
        Component::Authority,
        Component::field("content-digest"),
    ];
    let required = Required {
        label: "sig1",
        covered: &covered,
        tag: "example",
        now: 0,
    };
    let request = Message {
        start: Start::Request {
            method: "POST",
            target_uri: other,
        },
        headers: &headers,
        request: None,
    };
    let response = Message {
        start: Start::Response { status },
        request: Some(&headers),
        ..request
    };
    for message in [request, response] {
        assert!(verify(&message, &required, |_| Some(key.public())).is_err());
    }
    let _ = unverified_keyid(&headers, "sig1");
    let _ = digest::check(other, input.as_bytes());
});
