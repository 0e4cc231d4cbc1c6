//! Keys as others give them: any JSON as a public or a private JWK, and any bytes as a key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samverk_wire::jwk;
use samverk_wire::key::{Algorithm, PublicKey};

fuzz_target!(|bytes: &[u8]| {
    for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
        if let Ok(key) = PublicKey::from_bytes(algorithm, bytes) {
            assert_eq!(jwk::read(&jwk::write(&key)).as_ref(), Ok(&key));
            assert!(key.verify(b"message", bytes).is_err());
        }
    }
    let Ok(value) = serde_json::from_slice(bytes) else {
        return;
    };
    if let Ok(key) = jwk::read(&value) {
        assert!(value.get("d").is_none_or(serde_json::Value::is_null), "a private key passed as a public one");
        assert_eq!(jwk::read(&jwk::write(&key)), Ok(key));
    }
    if let Ok(secret) = jwk::read_secret(&value) {
        let signature = secret.sign(b"message").expect("a key that was read signs");
        assert_eq!(secret.public().verify(b"message", &signature), Ok(()));
    }
});
