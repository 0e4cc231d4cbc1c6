//! JSON Web Keys (RFC 7517, 7518 §6.2, 8037) for the two algorithms of [`crate::key`], and their RFC 7638 thumbprints.
//!
//! Always true here: a `kid` that is given is the thumbprint; a private key is refused where a public one is expected.
//! Members that we do not know (`use`, `x5c`) are not read.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base64;
use crate::key::{Algorithm, PublicKey, SecretKey};

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAJwk {
    #[error("the value is not a JWK of kty OKP with Ed25519 or kty EC with P-256")]
    Unsupported,
    #[error("the JWK's coordinates are not a valid key")]
    BadKey,
    #[error("the JWK's kid is not its RFC 7638 thumbprint")]
    WrongKid,
    #[error("the JWK's alg does not fit its key")]
    WrongAlg,
    #[error("a private key stands where a public key is expected")]
    Private,
    #[error("a public key stands where a private key is expected")]
    Public,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: Option<String>,
    d: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
}

impl Jwk {
    fn read(value: &Value) -> Result<Self, NotAJwk> {
        Jwk::deserialize(value).map_err(|_| NotAJwk::Unsupported)
    }

    fn public(&self) -> Result<PublicKey, NotAJwk> {
        let x: [u8; 32] = base64::array_from_url(&self.x).map_err(|_| NotAJwk::BadKey)?;
        let key = match (self.kty.as_str(), self.crv.as_str(), &self.y) {
            ("OKP", "Ed25519", None) => PublicKey::from_bytes(Algorithm::Ed25519, &x),
            ("EC", "P-256", Some(y)) => {
                let y: [u8; 32] = base64::array_from_url(y).map_err(|_| NotAJwk::BadKey)?;
                PublicKey::from_bytes(Algorithm::P256, &[&[4], x.as_slice(), y.as_slice()].concat())
            }
            _ => return Err(NotAJwk::Unsupported),
        }
        .map_err(|_| NotAJwk::BadKey)?;
        if self.kid.as_ref().is_some_and(|kid| kid != key.kid()) {
            return Err(NotAJwk::WrongKid);
        }
        if self.alg.as_ref().is_some_and(|alg| alg != key.algorithm().jose()) {
            return Err(NotAJwk::WrongAlg);
        }
        Ok(key)
    }
}

/// A public key, with `kid` and `alg`.
pub fn write(key: &PublicKey) -> Value {
    let bytes = key.as_bytes();
    let alg = key.algorithm().jose();
    match key.algorithm() {
        Algorithm::Ed25519 => {
            json!({ "kty": "OKP", "crv": "Ed25519", "x": base64::url(bytes), "kid": key.kid(), "alg": alg })
        }
        Algorithm::P256 => json!({
            "kty": "EC", "crv": "P-256", "x": base64::url(&bytes[1..33]), "y": base64::url(&bytes[33..]),
            "kid": key.kid(), "alg": alg,
        }),
    }
}

pub fn read(value: &Value) -> Result<PublicKey, NotAJwk> {
    let jwk = Jwk::read(value)?;
    if jwk.d.is_some() {
        return Err(NotAJwk::Private);
    }
    jwk.public()
}

/// A private key as a JWK with `d`. The caller keeps it secret.
pub fn write_secret(key: &SecretKey) -> Value {
    let mut jwk = write(key.public());
    jwk["d"] = Value::String(base64::url(key.secret_bytes()));
    jwk
}

pub fn read_secret(value: &Value) -> Result<SecretKey, NotAJwk> {
    let jwk = Jwk::read(value)?;
    let public = jwk.public()?;
    let secret = base64::array_from_url(jwk.d.as_deref().ok_or(NotAJwk::Public)?).map_err(|_| NotAJwk::BadKey)?;
    let key = SecretKey::from_secret_bytes(public.algorithm(), secret).map_err(|_| NotAJwk::BadKey)?;
    // A file whose halves do not belong together would sign what nobody can verify.
    if *key.public() != public {
        return Err(NotAJwk::BadKey);
    }
    Ok(key)
}

/// RFC 7638: SHA-256 of the required members in lexicographic order, base64url.
pub(crate) fn thumbprint(algorithm: Algorithm, bytes: &[u8]) -> String {
    let members = match algorithm {
        Algorithm::Ed25519 => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64::url(bytes)),
        Algorithm::P256 => format!(
            r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
            base64::url(&bytes[1..33]),
            base64::url(&bytes[33..])
        ),
    };
    base64::url(&crate::digest::sha256(members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::tests::test_key;

    #[test]
    fn names_a_key_as_rfc_8037_appendix_a_3_does() {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        assert_eq!(read(&jwk).unwrap().kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn keys_survive_being_written_and_read() {
        for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
            let key = test_key(algorithm, 3);
            assert_eq!(read(&write(key.public())).as_ref(), Ok(key.public()));
            assert_eq!(read_secret(&write_secret(&key)).unwrap().public(), key.public());
        }
    }

    #[test]
    fn refuses_a_key_that_says_two_things() {
        let key = test_key(Algorithm::P256, 3);
        let jwk = write_secret(&key);
        assert_eq!(read(&jwk), Err(NotAJwk::Private));
        assert_eq!(read_secret(&write(key.public())).err(), Some(NotAJwk::Public));
        let with = |member: &str, value: Value| {
            let mut changed = jwk.clone();
            changed[member] = value;
            read_secret(&changed).err()
        };
        assert_eq!(with("kid", json!("other")), Some(NotAJwk::WrongKid));
        assert_eq!(with("alg", json!("EdDSA")), Some(NotAJwk::WrongAlg));
        assert_eq!(with("crv", json!("P-384")), Some(NotAJwk::Unsupported));
        assert_eq!(with("kty", json!("oct")), Some(NotAJwk::Unsupported));
        assert_eq!(with("x", json!("AA")), Some(NotAJwk::BadKey));
        assert_eq!(with("d", json!(base64::url(&[9; 32]))), Some(NotAJwk::BadKey));
        assert_eq!(read(&json!("text")), Err(NotAJwk::Unsupported));
    }
}
