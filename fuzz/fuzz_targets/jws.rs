//! Compact JWS and JWK: nothing that was not signed verifies, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samverk_wire::key::{Algorithm, SecretKey};
use samverk_wire::{jwk, jws};

fuzz_target!(|data: &str| {
    let key = SecretKey::from_secret_bytes(Algorithm::Ed25519, [7; 32]).expect("any 32 bytes are an Ed25519 seed");
    assert!(jws::verify(data, "example+jwt", [key.public()]).is_err());
    if let Ok(value) = serde_json::from_str(data) {
        if let Ok(public) = jwk::read(&value) {
            assert_eq!(jwk::read(&jwk::write(&public)), Ok(public));
        }
        let _ = jwk::read_secret(&value);
    }
});
