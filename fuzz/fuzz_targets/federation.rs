//! The federation's statement: any text as a JWS, and statements that a key of ours signed with some bytes replaced.
#![no_main]

use std::sync::LazyLock;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use samverk::trust::federation::{Anchor, FederationView, Statement};
use samverk_domain::terms::BodyId;
use samverk_wire::key::{Algorithm, SecretKey};
use samverk_wire::{jwk, jws};

/// The statement in the true piece of evidence, as its anchor signed it.
static PAYLOAD: LazyLock<String> = LazyLock::new(|| {
    let evidence: serde_json::Value =
        serde_json::from_slice(include_bytes!("../seeds/terms/evidence.json")).expect("the seed is JSON");
    let compact = evidence["federation"].as_str().expect("evidence holds the statement");
    let said = jws::Unverified::parse(compact).expect("the statement is a JWS");
    let mut payload: serde_json::Value = serde_json::from_slice(said.unverified_payload()).expect("the statement is JSON");
    // Our own key takes the place of the anchor's.
    let anchor = payload["anchor"].clone();
    for body in payload["bodies"].as_array_mut().expect("the statement has bodies") {
        if body["id"] == anchor {
            body["keys"] = serde_json::json!([jwk::write(KEY.public())]);
        }
    }
    samverk_wire::jcs::canonical(&payload)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .expect("a statement is canonical JSON")
});
static KEY: LazyLock<SecretKey> = LazyLock::new(|| {
    SecretKey::from_secret_bytes(Algorithm::Ed25519, [7; 32]).expect("32 bytes of 7 are a secret key")
});
static AT: LazyLock<Timestamp> = LazyLock::new(|| "2026-06-15T10:00:00Z".parse().expect("an instant"));

fuzz_target!(|data: (u16, u8, &str)| {
    let (at, long, text) = data;
    let pinned = Anchor::Key(KEY.public().clone());
    assert!(Statement::verify(text, &pinned, *AT).is_err(), "accepted what nobody signed");
    let _ = Anchor::parse(text);
    let start = usize::from(at) % PAYLOAD.len();
    let end = (start + usize::from(long)).min(PAYLOAD.len());
    let (Some(before), Some(after)) = (PAYLOAD.get(..start), PAYLOAD.get(end..)) else {
        return;
    };
    let signed = jws::sign(&KEY, "samverk-federation+jwt", format!("{before}{text}{after}").as_bytes());
    let signed = signed.expect("a statement can be signed");
    if let Ok(view) = FederationView::verify(&signed, &pinned, *AT) {
        assert_eq!(view.jws(), signed);
        for body in &view.federation().bodies {
            assert!(view.body(&body.id).is_some());
            let _ = view.keys_of(&body.id).len();
            assert_eq!(BodyId::parse(body.id.as_str()), Ok(body.id.clone()));
        }
    }
});
