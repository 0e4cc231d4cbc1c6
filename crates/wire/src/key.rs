//! Signing keys: Ed25519 (RFC 8032) and ECDSA on P-256 with SHA-256 (FIPS 186-5). Nothing else, so nothing to downgrade to.
//!
//! Always true here: a secret key is never shown by `Debug`; a public key has its RFC 7638 thumbprint as its name. Randomness
//! for new keys is the caller's, so that tests are repeatable.

use std::fmt;

use aws_lc_rs::agreement;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    ParsedPublicKey, UnparsedPublicKey,
};

use crate::jwk;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    Ed25519,
    P256,
}

impl Algorithm {
    /// `alg` of JOSE: RFC 8037, RFC 7518.
    pub fn jose(self) -> &'static str {
        match self {
            Self::Ed25519 => "EdDSA",
            Self::P256 => "ES256",
        }
    }

    /// `alg` of HTTP message signatures: RFC 9421 §6.2.2.
    pub fn http(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::P256 => "ecdsa-p256-sha256",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the bytes are not a key of this algorithm")]
    NotAKey,
    #[error("no usable key came from the random numbers given")]
    BadRandomness,
    #[error("the signature does not hold")]
    WrongSignature,
    #[error("signing failed inside the cryptographic library")]
    SigningFailed,
}

/// A public key. Its `kid` is always its RFC 7638 thumbprint.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    algorithm: Algorithm,
    /// Ed25519: 32 bytes. P-256: 65 bytes, uncompressed point.
    bytes: Vec<u8>,
    kid: String,
}

impl PublicKey {
    /// Ed25519: 32 bytes. P-256: the uncompressed point, 65 bytes; it must lie on the curve.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let parsed = match algorithm {
            Algorithm::Ed25519 if bytes.len() == 32 => ParsedPublicKey::new(&ED25519, bytes),
            Algorithm::P256 if bytes.len() == 65 && bytes[0] == 4 => {
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes)
            }
            _ => return Err(KeyError::NotAKey),
        };
        parsed.map_err(|_| KeyError::NotAKey)?;
        Ok(Self {
            algorithm,
            bytes: bytes.to_vec(),
            kid: jwk::thumbprint(algorithm, bytes),
        })
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Checks a 64-byte signature.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        let checked = match self.algorithm {
            Algorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, &self.bytes).verify(message, signature),
            Algorithm::P256 => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.bytes).verify(message, signature),
        };
        checked.map_err(|_| KeyError::WrongSignature)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.kid)
    }
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

/// A signing key.
pub struct SecretKey {
    pair: Pair,
    /// Ed25519: the seed. P-256: the private scalar.
    secret: [u8; 32],
    public: PublicKey,
}

impl SecretKey {
    /// A new key out of the caller's random numbers: `fill` fills the whole slice with fresh ones each time.
    pub fn generate(algorithm: Algorithm, mut fill: impl FnMut(&mut [u8])) -> Result<Self, KeyError> {
        // One in 2^32 random numbers is no scalar of P-256; eight such in a row means that they are not random.
        const TRIES: usize = 8;
        for _ in 0..TRIES {
            let mut secret = [0; 32];
            fill(&mut secret);
            if let Ok(key) = Self::from_secret_bytes(algorithm, secret) {
                return Ok(key);
            }
        }
        Err(KeyError::BadRandomness)
    }

    /// Ed25519: the RFC 8032 seed. P-256: the private scalar, big-endian.
    pub fn from_secret_bytes(algorithm: Algorithm, secret: [u8; 32]) -> Result<Self, KeyError> {
        let (pair, public) = match algorithm {
            Algorithm::Ed25519 => {
                let pair = Ed25519KeyPair::from_seed_unchecked(&secret).map_err(|_| KeyError::NotAKey)?;
                let public = pair.public_key().as_ref().to_vec();
                (Pair::Ed25519(pair), public)
            }
            Algorithm::P256 => {
                let public = agreement::PrivateKey::from_private_key(&agreement::ECDH_P256, &secret)
                    .map_err(|_| KeyError::NotAKey)?
                    .compute_public_key()
                    .map_err(|_| KeyError::NotAKey)?;
                let pair = EcdsaKeyPair::from_private_key_and_public_key(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    &secret,
                    public.as_ref(),
                )
                .map_err(|_| KeyError::NotAKey)?;
                (Pair::P256(pair), public.as_ref().to_vec())
            }
        };
        Ok(Self {
            pair,
            secret,
            public: PublicKey::from_bytes(algorithm, &public)?,
        })
    }

    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(crate) fn secret_bytes(&self) -> &[u8; 32] {
        &self.secret
    }

    /// 64 bytes: Ed25519's R ‖ S, or ECDSA's r ‖ s.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Ed25519(pair) => pair.try_sign(message).map(|s| s.as_ref().to_vec()),
            Pair::P256(pair) => pair.sign(&SystemRandom::new(), message).map(|s| s.as_ref().to_vec()),
        }
        .map_err(|_| KeyError::SigningFailed)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public.kid)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn test_key(algorithm: Algorithm, number: u8) -> SecretKey {
        SecretKey::from_secret_bytes(algorithm, [number; 32]).unwrap()
    }

    #[test]
    fn signs_as_rfc_8032_test_1() {
        let seed = crate::base64::array_from_url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = SecretKey::from_secret_bytes(Algorithm::Ed25519, seed).unwrap();
        assert_eq!(
            crate::base64::url(key.public().as_bytes()),
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        );
        let signature = key.sign(b"").unwrap();
        assert_eq!(signature[..4], [0xe5, 0x56, 0x43, 0x00]);
        assert_eq!(key.public().verify(b"", &signature), Ok(()));
    }

    #[test]
    fn either_algorithm_refuses_another_text_key_or_signature() {
        for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
            let key = test_key(algorithm, 1);
            let signature = key.sign(b"text").unwrap();
            assert_eq!(signature.len(), 64);
            assert_eq!(key.public().verify(b"text", &signature), Ok(()));
            assert_eq!(key.public().verify(b"texT", &signature), Err(KeyError::WrongSignature));
            assert!(test_key(algorithm, 2).public().verify(b"text", &signature).is_err());
            for i in 0..signature.len() {
                let mut changed = signature.clone();
                changed[i] ^= 1;
                assert!(key.public().verify(b"text", &changed).is_err(), "byte {i}");
            }
            assert!(key.public().verify(b"text", &signature[..63]).is_err());
        }
    }

    #[test]
    fn refuses_what_is_no_key() {
        assert!(SecretKey::from_secret_bytes(Algorithm::P256, [0; 32]).is_err());
        assert!(SecretKey::from_secret_bytes(Algorithm::P256, [0xff; 32]).is_err());
        assert!(
            PublicKey::from_bytes(Algorithm::P256, &[4; 65]).is_err(),
            "not on the curve"
        );
        assert!(PublicKey::from_bytes(Algorithm::Ed25519, &[1; 31]).is_err());
        assert!(PublicKey::from_bytes(Algorithm::P256, &[]).is_err());
        let stuck = SecretKey::generate(Algorithm::P256, |bytes| bytes.fill(0));
        assert_eq!(stuck.err(), Some(KeyError::BadRandomness));
    }

    #[test]
    fn a_secret_is_never_shown() {
        let key = test_key(Algorithm::Ed25519, 7);
        assert_eq!(format!("{key:?}"), format!("SecretKey(of {})", key.public().kid()));
    }
}
