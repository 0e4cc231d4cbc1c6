//! Signed versions of service documents, as they are served or lie in a file: any bytes, true ones with some bytes replaced,
//! and any text signed by a true publisher. Only what was signed whole is believed, and what is believed is what was signed.
#![no_main]

use std::sync::LazyLock;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use samverk::publishing::version::{VerifiedVersion, canonical, sign};
use samverk::trust::federation::{Anchor, Statement};
use samverk::trust::keys::BodyKeys;
use samverk_domain::fact::Name;
use samverk_domain::finding::SourceFile;
use samverk_domain::terms::BodyId;
use samverk_wire::key::Algorithm;
use samverk_wire::{jwk, jws};

const MAIN: &str = include_str!("../../crates/node/tests/data/utgivning/tjanst.md");

static AT: LazyLock<Timestamp> = LazyLock::new(|| "2026-06-15T10:00:00Z".parse().expect("an instant"));
static KEYS: LazyLock<BodyKeys> = LazyLock::new(|| {
    let mut next = 7_u8;
    BodyKeys::generate(&PUBLISHER.1, Algorithm::Ed25519, |bytes| {
        for byte in bytes {
            next = next.wrapping_mul(31).wrapping_add(7);
            *byte = next;
        }
    })
    .expect("keys can be made of any bytes")
});
/// The statement in the true piece of evidence; its anchor publishes, with our own key.
static PUBLISHER: LazyLock<(serde_json::Value, BodyId)> = LazyLock::new(|| {
    let evidence: serde_json::Value =
        serde_json::from_slice(include_bytes!("../seeds/terms/evidence.json")).expect("the seed is JSON");
    let compact = evidence["federation"].as_str().expect("evidence holds the statement");
    let said = jws::Unverified::parse(compact).expect("the statement is a JWS");
    let payload: serde_json::Value = serde_json::from_slice(said.unverified_payload()).expect("the statement is JSON");
    let anchor = BodyId::parse(payload["anchor"].as_str().expect("an anchor")).expect("a body's id");
    (payload, anchor)
});
static FEDERATION: LazyLock<Statement> = LazyLock::new(|| {
    let (mut payload, anchor) = PUBLISHER.clone();
    let key = KEYS.signing();
    for body in payload["bodies"].as_array_mut().expect("the statement has bodies") {
        if body["id"] == anchor.as_str() {
            body["keys"] = serde_json::json!([jwk::write(key.public())]);
        }
    }
    let bytes = samverk_wire::jcs::canonical(&payload).expect("a statement is canonical JSON");
    let signed = jws::sign(key, "samverk-federation+jwt", &bytes).expect("a statement can be signed");
    Statement::verify(&signed, &Anchor::Key(key.public().clone()), *AT).expect("the statement holds")
});

fn signed(text: &str) -> Vec<u8> {
    let files = [SourceFile {
        path: String::from("tjanst.md"),
        text: text.to_owned(),
    }];
    let name = Name::parse("vattenprov").expect("a name");
    let signed = sign(&files, (name, 1), &KEYS, *AT).expect("a version can be signed");
    canonical(&signed).expect("a version is canonical JSON")
}

static TRUE: LazyLock<Vec<u8>> = LazyLock::new(|| signed(MAIN));

fuzz_target!(|data: (u8, u16, u8, &[u8])| {
    let (way, at, long, bytes) = data;
    match way % 3 {
        0 => assert!(VerifiedVersion::read(bytes, &FEDERATION).is_err(), "believed what nobody signed"),
        1 => {
            let start = usize::from(at) % TRUE.len();
            let end = (start + usize::from(long)).min(TRUE.len());
            let changed = [&TRUE[..start], bytes, &TRUE[end..]].concat();
            let believed = VerifiedVersion::read(&changed, &FEDERATION).is_ok();
            assert_eq!(
                believed,
                changed.trim_ascii_end() == TRUE.as_slice(),
                "a changed version was believed, or the true one was not"
            );
        }
        _ => {
            // A publisher may sign anything; what it says must be what its files are.
            let Ok(text) = std::str::from_utf8(bytes) else { return };
            let start = usize::from(at) % MAIN.len();
            let end = (start + usize::from(long)).min(MAIN.len());
            let (Some(before), Some(after)) = (MAIN.get(..start), MAIN.get(end..)) else { return };
            let text = format!("{before}{text}{after}");
            let json = signed(&text);
            if let Ok(version) = VerifiedVersion::read(&json, &FEDERATION) {
                let meta = &version.known().pack.meta;
                assert_eq!((meta.slug.it.as_str(), meta.version.it), ("vattenprov", 1));
                assert_eq!(canonical(version.signed()).expect("a version is canonical JSON"), json);
            }
        }
    }
});
