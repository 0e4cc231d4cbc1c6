//! Signed notes and checkpoints: the signed head of an append-only log (C2SP signed-note v1, tlog-checkpoint v1).
//!
//! A checkpoint is three lines of text (origin, number of leaves, root hash in base64), an empty line and one signature line
//! for each signer: `— <name> <base64 of 4 bytes of key id and the signature>`. We sign with Ed25519 (signature type 0x01)
//! under the log's origin as key name. Signatures by names or keys that we do not know are skipped, as the format asks (they
//! are where witnesses will stand), unless the caller asks for the one form [`SignedNote::sole_signature_by`].

use crate::base64;
use crate::digest::sha256_of_parts;
use crate::key::{Algorithm, PublicKey, SecretKey};
use crate::merkle::Hash;
use crate::verified::Verified;

/// Far above a checkpoint with many witnesses.
pub const NOTE_BYTES_MAX: usize = 64 << 10;
/// The format asks readers to bound this and to accept at least 16.
pub const SIGNATURES_MAX: usize = 64;

/// Ed25519 over the note's text, C2SP signed-note "Signature types".
const TYPE_ED25519: u8 = 0x01;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("this is not a signed note: {0}")]
    Malformed(&'static str),
    #[error("the note is larger than {NOTE_BYTES_MAX} bytes or has more than {SIGNATURES_MAX} signatures")]
    TooLarge,
    #[error("a key's name is not empty and holds neither spaces nor plus signs")]
    Name,
    #[error("a note is signed with an Ed25519 key")]
    Algorithm,
    #[error("the note carries no signature by the key asked for")]
    NotSigned,
    #[error("the note carries other signatures than the one asked for")]
    OtherSignatures,
    #[error("the signature on the note does not hold")]
    WrongSignature,
    #[error("the note's text is not a checkpoint: {0}")]
    NotACheckpoint(&'static str),
}

/// The head of a log at one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed. Extension lines are not written and not accepted.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, base64::standard(&self.root))
    }

    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.split('\n');
        let mut next = |what| lines.next().ok_or(NoteError::NotACheckpoint(what));
        let origin = next("no origin")?;
        let size = next("no size")?;
        let root = next("no root")?;
        if !next("no final newline")?.is_empty() || lines.next().is_some() {
            return Err(NoteError::NotACheckpoint("extension lines"));
        }
        if origin.is_empty() {
            return Err(NoteError::NotACheckpoint("no origin"));
        }
        let checkpoint = Self {
            origin: origin.to_owned(),
            size: size
                .parse()
                .map_err(|_| NoteError::NotACheckpoint("the size is no number"))?,
            root: base64::from_standard(root)
                .ok()
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or(NoteError::NotACheckpoint("the root is not 32 bytes of base64"))?,
        };
        // `+7` and `007` are numbers, but not the one form of them.
        if checkpoint.text() != text {
            return Err(NoteError::NotACheckpoint("not in its one form"));
        }
        Ok(checkpoint)
    }

    /// The signed note, under the origin as key name.
    pub fn sign(&self, key: &SecretKey) -> Result<String, NoteError> {
        sign(&self.text(), &self.origin, key)
    }
}

/// Signs a text, which ends with a newline.
pub fn sign(text: &str, name: &str, key: &SecretKey) -> Result<String, NoteError> {
    check_name(name)?;
    check_text(text)?;
    if key.algorithm() != Algorithm::Ed25519 {
        return Err(NoteError::Algorithm);
    }
    let signature = key.sign(text.as_bytes()).map_err(|_| NoteError::Algorithm)?;
    let id = key_id(name, key.public());
    Ok(format!(
        "{text}\n— {name} {}\n",
        base64::standard(&[&id[..], &signature].concat())
    ))
}

/// A note taken apart and not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote<'a> {
    text: &'a str,
    signatures: Vec<Line<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line<'a> {
    name: &'a str,
    key_id: [u8; 4],
    signature: Vec<u8>,
}

impl<'a> SignedNote<'a> {
    pub fn parse(note: &'a str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLarge);
        }
        let split = note
            .rfind("\n\n")
            .ok_or(NoteError::Malformed("no empty line before the signatures"))?;
        let (text, lines) = (&note[..=split], &note[split + 2..]);
        check_text(text)?;
        let lines = lines
            .strip_suffix('\n')
            .ok_or(NoteError::Malformed("no final newline"))?;
        let mut signatures = vec![];
        for line in lines.split('\n') {
            if signatures.len() == SIGNATURES_MAX {
                return Err(NoteError::TooLarge);
            }
            let rest = line
                .strip_prefix("— ")
                .ok_or(NoteError::Malformed("a signature line begins with — and a space"))?;
            let (name, encoded) = rest
                .split_once(' ')
                .ok_or(NoteError::Malformed("a signature line has a name and base64"))?;
            check_name(name)?;
            let bytes = base64::from_standard(encoded).map_err(|_| NoteError::Malformed("a signature is base64"))?;
            let (key_id, signature) = bytes
                .split_first_chunk::<4>()
                .ok_or(NoteError::Malformed("a signature is too short"))?;
            if signature.is_empty() {
                return Err(NoteError::Malformed("a signature is too short"));
            }
            signatures.push(Line {
                name,
                key_id: *key_id,
                signature: signature.to_vec(),
            });
        }
        Ok(Self { text, signatures })
    }

    /// What is said, before anything was checked. Only for finding out whose key to check with.
    pub fn unverified_text(&self) -> &'a str {
        self.text
    }

    /// The text, if this key signed it under this name. Signatures by others are skipped.
    pub fn signed_by(&self, name: &str, key: &PublicKey) -> Result<Verified<String>, NoteError> {
        if key.algorithm() != Algorithm::Ed25519 {
            return Err(NoteError::Algorithm);
        }
        let id = key_id(name, key);
        let mut ours = self
            .signatures
            .iter()
            .filter(|line| line.name == name && line.key_id == id);
        let (Some(line), None) = (ours.next(), ours.next()) else {
            return Err(NoteError::NotSigned);
        };
        key.verify(self.text.as_bytes(), &line.signature)
            .map_err(|_| NoteError::WrongSignature)?;
        Ok(Verified::new(self.text.to_owned(), key.kid().to_owned()))
    }

    /// As [`Self::signed_by`], and nothing else stands on the note: so that no byte of it is without meaning.
    pub fn sole_signature_by(&self, name: &str, key: &PublicKey) -> Result<Verified<String>, NoteError> {
        if self.signatures.len() != 1 {
            return Err(NoteError::OtherSignatures);
        }
        self.signed_by(name, key)
    }
}

/// C2SP signed-note: the first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key).
fn key_id(name: &str, key: &PublicKey) -> [u8; 4] {
    let hash = sha256_of_parts(&[name.as_bytes(), b"\n", &[TYPE_ED25519], key.as_bytes()]);
    [hash[0], hash[1], hash[2], hash[3]]
}

fn check_name(name: &str) -> Result<(), NoteError> {
    if name.is_empty() || name.contains(|c: char| c == '+' || c.is_whitespace() || c.is_control()) {
        return Err(NoteError::Name);
    }
    Ok(())
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') || text.len() < 2 {
        return Err(NoteError::Malformed("the text ends with a newline"));
    }
    if text.bytes().any(|b| b < 0x20 && b != b'\n') {
        return Err(NoteError::Malformed("the text holds control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::key::tests::test_key;

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            origin: "http://127.0.0.1:7100/utbyte/example/logg".to_owned(),
            size: 1234,
            root: [9; 32],
        }
    }

    /// The example of Go's golang.org/x/mod/sumdb/note, the origin of the format.
    #[test]
    fn verifies_the_note_of_the_reference_implementation() {
        let note = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        let key = base64::from_standard("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
        let key = PublicKey::from_bytes(Algorithm::Ed25519, &key[1..]).unwrap();
        let note = SignedNote::parse(note).unwrap();
        let text = note.sole_signature_by("PeterNeumann", &key).unwrap();
        assert!(text.starts_with("If you think") && text.ends_with("is.\n"));
        assert_eq!(key_id("PeterNeumann", &key), [0xc7, 0x4f, 0x20, 0xa3]);
    }

    #[test]
    fn a_checkpoint_survives_being_signed_and_read() {
        let key = test_key(Algorithm::Ed25519, 1);
        let signed = checkpoint().sign(&key).unwrap();
        let note = SignedNote::parse(&signed).unwrap();
        let text = note.sole_signature_by(&checkpoint().origin, key.public()).unwrap();
        assert_eq!(Checkpoint::parse(&text).unwrap(), checkpoint());
    }

    #[test]
    fn only_the_named_key_under_the_named_origin_counts() {
        let key = test_key(Algorithm::Ed25519, 1);
        let other = test_key(Algorithm::Ed25519, 2);
        let signed = checkpoint().sign(&key).unwrap();
        let note = SignedNote::parse(&signed).unwrap();
        assert_eq!(
            note.signed_by(&checkpoint().origin, other.public()),
            Err(NoteError::NotSigned)
        );
        assert_eq!(note.signed_by("other", key.public()), Err(NoteError::NotSigned));
        let witnessed = format!("{signed}— witness.example {}\n", base64::standard(&[1; 68]));
        let note = SignedNote::parse(&witnessed).unwrap();
        assert!(note.signed_by(&checkpoint().origin, key.public()).is_ok());
        assert_eq!(
            note.sole_signature_by(&checkpoint().origin, key.public()),
            Err(NoteError::OtherSignatures)
        );
        assert_eq!(
            checkpoint().sign(&test_key(Algorithm::P256, 1)),
            Err(NoteError::Algorithm)
        );
    }

    #[test]
    fn no_byte_can_be_changed() {
        let key = test_key(Algorithm::Ed25519, 1);
        let signed = checkpoint().sign(&key).unwrap().into_bytes();
        for i in 0..signed.len() {
            for bit in 0..8 {
                let mut changed = signed.clone();
                changed[i] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(changed) else {
                    continue;
                };
                let holds = SignedNote::parse(&changed)
                    .and_then(|note| note.sole_signature_by(&checkpoint().origin, key.public()));
                assert!(holds.is_err(), "byte {i} bit {bit}");
            }
        }
    }

    #[test]
    fn a_checkpoint_has_one_form() {
        let text = checkpoint().text();
        for other in [
            text.replace("1234", "01234"),
            text.replace("1234", "+1234"),
            text.replace("1234", "-1"),
            text.replace("1234", "99999999999999999999"),
            format!("{text}extension\n"),
            text.trim_end().to_owned(),
            String::new(),
        ] {
            assert!(
                matches!(Checkpoint::parse(&other), Err(NoteError::NotACheckpoint(_))),
                "{other}"
            );
        }
    }

    proptest! {
        #[test]
        fn never_panics(any in any::<String>(), near in "([a-z0-9+/=— \n]|\n\n— ){0,60}") {
            for text in [any, near] {
                let _ = SignedNote::parse(&text);
                let _ = Checkpoint::parse(&text);
            }
        }
    }
}
