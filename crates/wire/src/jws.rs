//! JWS in compact form (RFC 7515), signed with EdDSA or ES256.
//!
//! Always true here: the header holds exactly `alg`, `kid` and `typ`; `none`, the HMAC algorithms and header fields that bring
//! their own key (`jwk`, `jku`, `x5c`) are refused before any cryptography (RFC 8725 §3). The key decides the algorithm, never
//! the header.

use serde::{Deserialize, Serialize};

use crate::base64;
use crate::key::{Algorithm, KeyError, PublicKey, SecretKey};
use crate::verified::Verified;

/// The largest that we sign is the federation's statement: a few kilobytes for each body.
pub const BYTES_MAX: usize = 8 << 20;
const HEADER_BYTES_MAX: usize = 1024;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    #[error("this is not a compact JWS")]
    Malformed,
    #[error("the JWS is larger than {BYTES_MAX} bytes")]
    TooLarge,
    #[error("the JWS's header must hold exactly alg (EdDSA or ES256), kid and typ")]
    Header,
    #[error("the JWS is of type {0}, not {1}")]
    Typ(String, String),
    #[error("the JWS names another key or algorithm than the one it is checked with")]
    AnotherKey,
    #[error("the JWS's payload is not the expected JSON: {0}")]
    Payload(String),
    #[error(transparent)]
    Key(#[from] KeyError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

/// Signs a payload.
pub fn sign(key: &SecretKey, typ: &str, payload: &[u8]) -> Result<String, JwsError> {
    let header = Header {
        alg: key.algorithm().jose().to_owned(),
        kid: key.public().kid().to_owned(),
        typ: typ.to_owned(),
    };
    let header = serde_json::to_vec(&header).map_err(|_| JwsError::Header)?;
    let mut compact = format!("{}.{}", base64::url(&header), base64::url(payload));
    let signature = key.sign(compact.as_bytes())?;
    compact.push('.');
    compact.push_str(&base64::url(&signature));
    if compact.len() > BYTES_MAX {
        return Err(JwsError::TooLarge);
    }
    Ok(compact)
}

/// A JWS that has been taken apart and not yet believed.
#[derive(Debug)]
pub struct Unverified<'a> {
    algorithm: Algorithm,
    kid: String,
    typ: String,
    signed: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    pub fn parse(compact: &'a str) -> Result<Self, JwsError> {
        if compact.len() > BYTES_MAX {
            return Err(JwsError::TooLarge);
        }
        let (signed, signature) = compact.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        if header.len() > HEADER_BYTES_MAX {
            return Err(JwsError::Header);
        }
        let decode = |part| base64::from_url(part).map_err(|_| JwsError::Malformed);
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| JwsError::Header)?;
        let algorithm = match header.alg.as_str() {
            "EdDSA" => Algorithm::Ed25519,
            "ES256" => Algorithm::P256,
            _ => return Err(JwsError::Header),
        };
        Ok(Self {
            algorithm,
            kid: header.kid,
            typ: header.typ,
            signed,
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    /// The key that is said to have signed.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What is said, before anything was checked. Only for finding out whose key to check with.
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Checks type, key and signature.
    pub fn verify(self, typ: &str, key: &PublicKey) -> Result<Verified<Vec<u8>>, JwsError> {
        if self.typ != typ {
            return Err(JwsError::Typ(self.typ, typ.to_owned()));
        }
        if self.kid != key.kid() || self.algorithm != key.algorithm() {
            return Err(JwsError::AnotherKey);
        }
        key.verify(self.signed.as_bytes(), &self.signature)?;
        Ok(Verified::new(self.payload, self.kid))
    }
}

/// Parses and verifies with one of several keys: the one that the header names.
pub fn verify<'k>(
    compact: &str,
    typ: &str,
    keys: impl IntoIterator<Item = &'k PublicKey>,
) -> Result<Verified<Vec<u8>>, JwsError> {
    let unverified = Unverified::parse(compact)?;
    let key = keys
        .into_iter()
        .find(|key| key.kid() == unverified.kid)
        .ok_or(JwsError::AnotherKey)?;
    unverified.verify(typ, key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::key::tests::test_key;

    const TYP: &str = "example+jwt";

    #[test]
    fn what_was_signed_is_read_by_the_right_key_and_type_only() {
        for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
            let key = test_key(algorithm, 1);
            let other = test_key(algorithm, 2);
            let jws = sign(&key, TYP, b"{\"a\":1}").unwrap();
            let verified = verify(&jws, TYP, [other.public(), key.public()]).unwrap();
            assert_eq!(&**verified, b"{\"a\":1}");
            assert_eq!(verified.kid(), key.public().kid());
            assert_eq!(verify(&jws, TYP, [other.public()]), Err(JwsError::AnotherKey));
            assert!(matches!(
                verify(&jws, "other+jwt", [key.public()]),
                Err(JwsError::Typ(..))
            ));
        }
    }

    #[test]
    fn verifies_the_signature_of_rfc_8037_appendix_a_4() {
        // The RFC's example has no kid and typ, so our profile refuses it; its signature holds with our keys.
        let jws = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(Unverified::parse(jws).err(), Some(JwsError::Header));
        let jwk =
            serde_json::json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let (signed, signature) = jws.rsplit_once('.').unwrap();
        let key = crate::jwk::read(&jwk).unwrap();
        assert_eq!(
            key.verify(signed.as_bytes(), &base64::from_url(signature).unwrap()),
            Ok(())
        );
    }

    #[test]
    fn refuses_weak_algorithms_and_headers_that_bring_a_key() {
        let forged = |header: &str| {
            format!(
                "{}.{}.{}",
                base64::url(header.as_bytes()),
                base64::url(b"{}"),
                base64::url(&[0; 64])
            )
        };
        for header in [
            r#"{"alg":"none","kid":"k","typ":"example+jwt"}"#,
            r#"{"alg":"HS256","kid":"k","typ":"example+jwt"}"#,
            r#"{"alg":"RS256","kid":"k","typ":"example+jwt"}"#,
            r#"{"alg":"EdDSA","typ":"example+jwt"}"#,
            r#"{"alg":"EdDSA","kid":"k"}"#,
            r#"{"alg":"EdDSA","alg":"ES256","kid":"k","typ":"example+jwt"}"#,
            r#"{"alg":"EdDSA","kid":"k","typ":"example+jwt","crit":["b64"],"b64":false}"#,
            r#"{"alg":"EdDSA","kid":"k","typ":"example+jwt","jku":"https://example.com"}"#,
        ] {
            assert_eq!(
                Unverified::parse(&forged(header)).err(),
                Some(JwsError::Header),
                "{header}"
            );
        }
        let key = test_key(Algorithm::Ed25519, 1);
        let swapped = forged(&format!(
            r#"{{"alg":"ES256","kid":"{}","typ":"example+jwt"}}"#,
            key.public().kid()
        ));
        assert_eq!(verify(&swapped, TYP, [key.public()]), Err(JwsError::AnotherKey));
    }

    #[test]
    fn no_byte_can_be_changed() {
        let key = test_key(Algorithm::P256, 1);
        let jws = sign(&key, TYP, b"{\"a\":1}").unwrap().into_bytes();
        for i in 0..jws.len() {
            for change in [1u8, 2, 0x20] {
                let mut changed = jws.clone();
                changed[i] ^= change;
                if let Ok(changed) = String::from_utf8(changed) {
                    assert!(verify(&changed, TYP, [key.public()]).is_err(), "byte {i} ^ {change}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[A-Za-z0-9_.=-]{0,80}", any in any::<String>()) {
            let _ = Unverified::parse(&text);
            let _ = Unverified::parse(&any);
        }
    }
}
