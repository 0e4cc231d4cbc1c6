//! Compact JWS: any text, and a valid one with some bytes replaced, which must not be accepted.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use samverk_wire::jws;
use samverk_wire::key::{Algorithm, SecretKey};

const TYP: &str = "samverk+test";

static KEYS: LazyLock<[SecretKey; 2]> = LazyLock::new(|| {
    [Algorithm::Ed25519, Algorithm::P256]
        .map(|algorithm| SecretKey::from_secret_bytes(algorithm, [7; 32]).expect("32 bytes of 7 are a secret key"))
});

fuzz_target!(|data: (u16, u8, &str, &[u8])| {
    let (at, long, text, payload) = data;
    if let Ok(unverified) = jws::Unverified::parse(text) {
        let _ = (unverified.kid(), unverified.unverified_payload());
        assert!(jws::verify(text, TYP, KEYS.iter().map(SecretKey::public)).is_err(), "accepted what nobody signed");
    }
    for key in KEYS.iter() {
        let signed = jws::sign(key, TYP, payload).expect("a short payload can be signed");
        let read = jws::verify(&signed, TYP, [key.public()]).expect("what was signed holds");
        assert_eq!(read.into_inner(), payload);
        let start = usize::from(at) % signed.len();
        let end = (start + usize::from(long)).min(signed.len());
        let changed = format!("{}{text}{}", &signed[..start], &signed[end..]);
        assert!(
            changed == signed || jws::verify(&changed, TYP, [key.public()]).is_err(),
            "a changed JWS was accepted"
        );
    }
});
