//! The node's own secret, and what is closed with keys derived from it: sessions, login attempts, drafts.
//!
//! AES-256-GCM with a fresh random nonce; a key is derived for one use by HKDF-SHA-256 with a label, so that what is closed
//! for one use never opens in another. The context (`about`) is authenticated: a box moved to another row does not open.
//! Who can write to the database but cannot read `keys/node.secret` can make nothing that opens.

use std::fmt;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf;

use crate::chance::Chance;

/// 32 random bytes in `{dir}/keys/node.secret`, mode 0600, made at the first start.
pub struct Secret([u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// Reads the secret, or makes it if the node starts for the first time.
    pub fn open(dir: &Path, chance: &Chance) -> std::io::Result<Self> {
        Self::in_file(dir, "node.secret", chance)
    }

    /// A body's own content key, `{dir}/keys/<body>.secret`: what is closed with it opens for no other body on the node.
    pub fn of_body(dir: &Path, body: &samverk_domain::terms::BodyId, chance: &Chance) -> std::io::Result<Self> {
        Self::in_file(dir, &format!("{body}.secret"), chance)
    }

    fn in_file(dir: &Path, name: &str, chance: &Chance) -> std::io::Result<Self> {
        let keys = dir.join("keys");
        std::fs::create_dir_all(&keys)?;
        let path = keys.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => {
                let bytes = <[u8; 32]>::try_from(bytes)
                    .map_err(|_| std::io::Error::other(format!("{} is not 32 bytes", path.display())))?;
                Ok(Self(bytes))
            }
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                let bytes = chance.bytes::<32>();
                write_private(&path, &bytes)?;
                Ok(Self(bytes))
            }
            Err(why) => Err(why),
        }
    }

    /// A keyed hash of something that must not stand in the store (an identity number), for one use. base64url.
    pub fn mark(&self, label: &str, about: &[u8]) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.key(label, about).0)
    }

    /// The key for one use (`label`) about one thing (`about`: a session's id, a draft's id).
    pub fn key(&self, label: &str, about: &[u8]) -> Key {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, label.as_bytes());
        let mut bytes = [0_u8; 32];
        salt.extract(&self.0)
            .expand(&[about], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut bytes))
            .expect("HKDF gives up to 255 hashes, and 32 bytes is one");
        Key(bytes)
    }
}

/// Writes a file that only the node's own user can read. It must not exist.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A key for [`Key::close`] and [`Key::open`].
pub struct Key([u8; 32]);

/// What was given did not open: another key, another context, or changed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what was sealed does not open with this key")]
pub struct NotOpened;

impl Key {
    pub fn of(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn aead(&self) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.0).expect("a key of 32 bytes is what AES-256 takes"))
    }

    /// Nonce, then ciphertext with tag.
    pub fn close(&self, about: &[u8], plain: &[u8], chance: &Chance) -> Vec<u8> {
        let nonce = chance.bytes::<NONCE_LEN>();
        let mut sealed = plain.to_vec();
        self.aead()
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about), &mut sealed)
            .expect("AES-GCM closes anything shorter than 64 GB");
        let mut out = nonce.to_vec();
        out.append(&mut sealed);
        out
    }

    pub fn open(&self, about: &[u8], closed: &[u8]) -> Result<Vec<u8>, NotOpened> {
        let (nonce, sealed) = closed.split_at_checked(NONCE_LEN).ok_or(NotOpened)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| NotOpened)?;
        let mut bytes = sealed.to_vec();
        let plain = self
            .aead()
            .open_in_place(nonce, Aad::from(about), &mut bytes)
            .map_err(|_| NotOpened)?
            .len();
        bytes.truncate(plain);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_with_the_same_use_thing_and_context() {
        let dir = tempfile::tempdir().unwrap();
        let chance = Chance::seeded(1);
        let secret = Secret::open(dir.path(), &chance).unwrap();
        let closed = secret.key("session", b"a").close(b"row 1", b"hello", &chance);
        assert_eq!(secret.key("session", b"a").open(b"row 1", &closed).unwrap(), b"hello");
        assert_eq!(secret.key("draft", b"a").open(b"row 1", &closed), Err(NotOpened));
        assert_eq!(secret.key("session", b"b").open(b"row 1", &closed), Err(NotOpened));
        assert_eq!(secret.key("session", b"a").open(b"row 2", &closed), Err(NotOpened));
        for at in 0..closed.len() {
            let mut changed = closed.clone();
            changed[at] ^= 1;
            assert_eq!(secret.key("session", b"a").open(b"row 1", &changed), Err(NotOpened));
        }
        assert_eq!(secret.key("session", b"a").open(b"row 1", &closed[..5]), Err(NotOpened));
    }

    #[test]
    fn the_secret_is_made_once_and_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let first = Secret::open(dir.path(), &Chance::System).unwrap();
        let second = Secret::open(dir.path(), &Chance::System).unwrap();
        assert_eq!(first.0, second.0);
        let mode = std::fs::metadata(dir.path().join("keys/node.secret"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
