//! The private keys of the bodies that this node runs: one file for each body, `{dir}/keys/<body>.json`.
//!
//! A file is a private JWK Set (RFC 7517 §5). The first key signs messages and terms; the sealed log's checkpoints are signed
//! with the first Ed25519 key, for signed notes know no other algorithm. Always true here: a file that others than its owner
//! can read is refused; a key file is never overwritten.

use std::fs;
use std::path::{Path, PathBuf};

use samverk_domain::terms::BodyId;
use samverk_wire::jwk;
use samverk_wire::key::{Algorithm, SecretKey};
use serde_json::{Value, json};

use crate::seal::write_private;

/// A key file is a few hundred bytes.
const FILE_BYTES_MAX: u64 = 64 << 10;
const KEYS_MAX: usize = 10;

#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("{0}: {1}")]
    Io(PathBuf, std::io::Error),
    #[error("{0} can be read by others than its owner; run: chmod 600 {0}")]
    Readable(PathBuf),
    #[error("{0} is not a private JWK Set: {1}")]
    Malformed(PathBuf, String),
    #[error("no key could be made: {0}")]
    NoKey(#[from] samverk_wire::key::KeyError),
}

/// The keys of one body.
#[derive(Debug)]
pub struct BodyKeys {
    body: BodyId,
    /// Never empty; the first signs messages and terms, and at least one is Ed25519.
    keys: Vec<SecretKey>,
}

impl BodyKeys {
    /// New keys: one of the algorithm, and an Ed25519 key for the log if that is another. `fill` gives fresh random bytes.
    pub fn generate(
        body: &BodyId,
        algorithm: Algorithm,
        mut fill: impl FnMut(&mut [u8]),
    ) -> Result<Self, KeyFileError> {
        let mut keys = vec![SecretKey::generate(algorithm, &mut fill)?];
        if algorithm != Algorithm::Ed25519 {
            keys.push(SecretKey::generate(Algorithm::Ed25519, &mut fill)?);
        }
        Ok(Self {
            body: body.clone(),
            keys,
        })
    }

    /// `{dir}/keys/<body>.json`
    pub fn path(dir: &Path, body: &BodyId) -> PathBuf {
        dir.join("keys").join(format!("{body}.json"))
    }

    /// Writes a new file with mode 0600. An existing one is an error.
    pub fn save(&self, dir: &Path) -> Result<(), KeyFileError> {
        let path = Self::path(dir, &self.body);
        let io = |e| KeyFileError::Io(path.clone(), e);
        fs::create_dir_all(dir.join("keys")).map_err(io)?;
        let keys: Vec<Value> = self.keys.iter().map(jwk::write_secret).collect();
        let text = format!("{:#}\n", json!({ "keys": keys }));
        write_private(&path, text.as_bytes()).map_err(io)
    }

    pub fn load(dir: &Path, body: &BodyId) -> Result<Self, KeyFileError> {
        let path = Self::path(dir, body);
        let io = |e| KeyFileError::Io(path.clone(), e);
        let bad = |why: &str| KeyFileError::Malformed(path.clone(), why.to_owned());
        let meta = fs::metadata(&path).map_err(io)?;
        #[cfg(unix)]
        if std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o077 != 0 {
            return Err(KeyFileError::Readable(path));
        }
        if meta.len() > FILE_BYTES_MAX {
            return Err(bad("it is too large"));
        }
        let text = fs::read_to_string(&path).map_err(io)?;
        // serde_json's errors can quote what they read, so only the place is passed on.
        let set: Value = serde_json::from_str(&text).map_err(|e| bad(&format!("line {}", e.line())))?;
        let list = set["keys"].as_array().ok_or_else(|| bad("it has no list named keys"))?;
        if list.is_empty() || list.len() > KEYS_MAX {
            return Err(bad("it holds no key or too many"));
        }
        let keys = list
            .iter()
            .map(|key| jwk::read_secret(key).map_err(|e| bad(&e.to_string())))
            .collect::<Result<Vec<_>, _>>()?;
        if !keys.iter().any(|key| key.algorithm() == Algorithm::Ed25519) {
            return Err(bad("it holds no Ed25519 key for the sealed log"));
        }
        Ok(Self {
            body: body.clone(),
            keys,
        })
    }

    /// Loads the body's keys, or makes and saves new ones if it has none.
    pub fn load_or_generate(dir: &Path, body: &BodyId, fill: impl FnMut(&mut [u8])) -> Result<Self, KeyFileError> {
        if !Self::path(dir, body).exists() {
            Self::generate(body, Algorithm::Ed25519, fill)?.save(dir)?;
        }
        Self::load(dir, body)
    }

    pub fn body(&self) -> &BodyId {
        &self.body
    }

    /// Signs messages, offers, contracts, adoptions.
    pub fn signing(&self) -> &SecretKey {
        &self.keys[0]
    }

    /// Signs the sealed log's checkpoints.
    pub fn log(&self) -> &SecretKey {
        self.keys
            .iter()
            .find(|key| key.algorithm() == Algorithm::Ed25519)
            .unwrap_or(&self.keys[0])
    }

    /// `<body>#<kid>` of the signing key: the `keyid` of HTTP signatures.
    pub fn keyid(&self) -> String {
        format!("{}#{}", self.body, self.signing().public().kid())
    }

    /// The public keys as the federation states them ([`samverk_domain::terms::Body::keys`]).
    pub fn public_jwks(&self) -> Vec<Value> {
        self.keys.iter().map(|key| jwk::write(key.public())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> BodyId {
        BodyId::parse("exempelkommun-a.miljonamnden").unwrap()
    }

    fn fill(bytes: &mut [u8]) {
        bytes.fill(7);
    }

    #[test]
    fn keys_survive_being_saved_and_loaded() {
        let dir = tempfile::tempdir().unwrap();
        for (algorithm, count) in [(Algorithm::Ed25519, 1), (Algorithm::P256, 2)] {
            let body = BodyId::parse(&format!("body-{count}")).unwrap();
            let keys = BodyKeys::generate(&body, algorithm, fill).unwrap();
            keys.save(dir.path()).unwrap();
            let loaded = BodyKeys::load(dir.path(), &body).unwrap();
            assert_eq!(loaded.keyid(), keys.keyid());
            assert_eq!(loaded.public_jwks().len(), count);
            assert_eq!(loaded.log().algorithm(), Algorithm::Ed25519);
            assert_eq!(loaded.signing().algorithm(), algorithm);
        }
    }

    #[test]
    fn a_key_file_is_private_and_never_overwritten() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let keys = BodyKeys::load_or_generate(dir.path(), &body(), fill).unwrap();
        let path = BodyKeys::path(dir.path(), &body());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(keys.save(dir.path()), Err(KeyFileError::Io(..))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            BodyKeys::load(dir.path(), &body()),
            Err(KeyFileError::Readable(_))
        ));
    }

    #[test]
    fn a_broken_key_file_says_what_is_wrong_and_nothing_of_what_it_holds() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        BodyKeys::load_or_generate(dir.path(), &body(), fill).unwrap();
        let path = BodyKeys::path(dir.path(), &body());
        for text in [
            "",
            "{\"keys\":[]}",
            "{\"keys\":[{\"kty\":\"oct\",\"k\":\"hemlig\"}]}",
            "\"hemlig\" x",
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let why = BodyKeys::load(dir.path(), &body()).unwrap_err().to_string();
            assert!(why.contains("JWK Set") && !why.contains("hemlig"), "{why}");
        }
        assert!(matches!(
            BodyKeys::load(dir.path(), &BodyId::parse("other").unwrap()),
            Err(KeyFileError::Io(..))
        ));
    }
}
