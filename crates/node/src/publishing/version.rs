//! One version of a service document, signed by its publisher and verified by anyone.
//!
//! Always true: [`VerifiedVersion`] is made only from a text whose signature is by a key that the federation vouches for as
//! the publisher's, whose hash is that of its files, and whose files read as the name and number that it says.

use std::collections::BTreeMap;

use jiff::Timestamp;
use samverk_domain::finding::SourceFile;
use samverk_domain::pack;
use samverk_domain::terms::{BodyId, PackVersion, SignedVersion};
use samverk_store::versions::Kept;
use samverk_wire::jws::JwsError;
use samverk_wire::{base64, jcs};

use crate::library::{Known, source_files};
use crate::trust::federation::Statement;
use crate::trust::keys::BodyKeys;
use crate::trust::{read_statement, sign_statement};

pub const TYP_PACK: &str = "samverk-pack+jwt";
/// All files of a version together. The largest service so far is 80 kB.
pub const VERSION_BYTES_MAX: usize = 4 << 20;

/// Why a version is not believed.
#[derive(Debug, thiserror::Error)]
pub enum NotBelieved {
    #[error("it is not a signed version of a service document: {0}")]
    Malformed(String),
    #[error("it is larger than {VERSION_BYTES_MAX} bytes")]
    TooLarge,
    #[error("its signature is not by {0}: {1}")]
    Signature(BodyId, JwsError),
    #[error("its hash is {said}, but its files give {found}")]
    Hash { said: String, found: String },
    #[error("it says {said}, but its files are {found}")]
    Name { said: String, found: String },
    #[error("its files are not a service document: {0}")]
    Faulty(String),
}

/// Signs a document as its publisher. The instant is cut to whole seconds.
pub fn sign(
    files: &[SourceFile],
    (slug, number): (samverk_domain::fact::Name, u32),
    publisher: &BodyKeys,
    now: Timestamp,
) -> Result<SignedVersion, JwsError> {
    let version = PackVersion {
        publisher: publisher.body().clone(),
        pack: slug,
        version: number,
        sha256: pack::sha256(files.iter().map(|file| (file.path.as_str(), file.text.as_str()))),
        published_at: Timestamp::from_second(now.as_second()).unwrap_or(now),
        files: files
            .iter()
            .map(|file| (file.path.clone(), file.text.clone()))
            .collect(),
    };
    let whole = sign_statement(publisher.signing(), TYP_PACK, &version)?;
    // RFC 7515 appendix F: the payload stands beside the signature, readable.
    let (head, rest) = whole.split_once('.').ok_or(JwsError::Malformed)?;
    let (_, signature) = rest.split_once('.').ok_or(JwsError::Malformed)?;
    Ok(SignedVersion {
        signature: format!("{head}..{signature}"),
        version,
    })
}

/// A version that was verified.
#[derive(Debug)]
pub struct VerifiedVersion {
    signed: SignedVersion,
    known: Known,
}

impl VerifiedVersion {
    /// Reads and verifies a version as it is served or lies in a file.
    pub fn read(json: &[u8], federation: &Statement) -> Result<Self, NotBelieved> {
        if json.len() > 2 * VERSION_BYTES_MAX {
            return Err(NotBelieved::TooLarge);
        }
        // One form only: two readers cannot read two documents, and no byte can change in silence. A file may end with a line.
        let value = jcs::parse(json.trim_ascii_end()).map_err(|why| NotBelieved::Malformed(why.to_string()))?;
        let signed = serde_json::from_value(value).map_err(|why| NotBelieved::Malformed(why.to_string()))?;
        Self::verify(signed, federation)
    }

    pub fn verify(signed: SignedVersion, federation: &Statement) -> Result<Self, NotBelieved> {
        let version = &signed.version;
        if size(&version.files) > VERSION_BYTES_MAX {
            return Err(NotBelieved::TooLarge);
        }
        let of_publisher = |why| NotBelieved::Signature(version.publisher.clone(), why);
        let (head, signature) = signed
            .signature
            .split_once("..")
            .ok_or_else(|| of_publisher(JwsError::Malformed))?;
        let payload = jcs::canonical_of(version).map_err(|why| NotBelieved::Malformed(why.to_string()))?;
        let whole = format!("{head}.{}.{signature}", base64::url(&payload));
        let read = read_statement::<PackVersion>(&whole, TYP_PACK, federation.keys_of(&version.publisher));
        if read.map_err(of_publisher)?.into_inner() != *version {
            return Err(of_publisher(JwsError::Malformed));
        }
        let known = Known::of(source_files(&version.files), Some(signed.clone())).map_err(NotBelieved::Faulty)?;
        if known.sha256 != version.sha256 {
            return Err(NotBelieved::Hash {
                said: version.sha256.clone(),
                found: known.sha256,
            });
        }
        let meta = &known.pack.meta;
        if meta.slug.it != version.pack || meta.version.it != version.version {
            return Err(NotBelieved::Name {
                said: format!("{} {}", version.pack, version.version),
                found: format!("{} {}", meta.slug.it, meta.version.it),
            });
        }
        Ok(Self { signed, known })
    }

    pub fn signed(&self) -> &SignedVersion {
        &self.signed
    }

    pub fn known(&self) -> &Known {
        &self.known
    }

    pub fn into_known(self) -> Known {
        self.known
    }

    pub fn kept(&self) -> Kept {
        self.known.kept()
    }
}

/// The bytes in which a version is served and kept in files: canonical JSON.
pub fn canonical(signed: &SignedVersion) -> Result<Vec<u8>, NotBelieved> {
    jcs::canonical_of(signed).map_err(|why| NotBelieved::Malformed(why.to_string()))
}

pub fn size(files: &BTreeMap<String, String>) -> usize {
    files.iter().map(|(path, text)| path.len() + text.len()).sum()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::trust::federation::tests::{World, now, world};

    pub const SMALL: &str = include_str!("../../tests/data/utgivning/tjanst.md");

    pub fn files(text: &str) -> Vec<SourceFile> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/utgivning");
        let mut files = samverk_author::folder::read(std::path::Path::new(folder)).unwrap();
        for file in &mut files {
            if file.path == "tjanst.md" {
                text.clone_into(&mut file.text);
            }
        }
        files
    }

    pub fn signed(world: &World) -> SignedVersion {
        let slug = samverk_domain::fact::Name::parse("vattenprov").unwrap();
        sign(&files(SMALL), (slug, 1), &world.provider, now()).unwrap()
    }

    #[test]
    fn a_signed_version_is_believed_and_its_hash_is_that_of_its_canonical_json() {
        let world = world();
        let signed = signed(&world);
        let verified = VerifiedVersion::verify(signed.clone(), &world.view()).unwrap();
        assert_eq!(verified.known().pack.meta.slug.it.as_str(), "vattenprov");
        let hash = jcs::hash_of(&signed.version.files).unwrap();
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(signed.version.sha256, hex);
        let json = canonical(&signed).unwrap();
        assert!(VerifiedVersion::read(&json, &world.view()).is_ok());
    }

    #[test]
    fn a_changed_byte_anywhere_is_noticed() {
        let world = world();
        let view = world.view();
        let json = canonical(&signed(&world)).unwrap();
        // One byte in every stretch of the file, and every byte of what is not the document.
        let step = 97;
        let ends = json.len() - 400..json.len();
        for at in (0..json.len()).step_by(step).chain(ends) {
            let mut changed = json.clone();
            changed[at] ^= 1;
            assert!(
                VerifiedVersion::read(&changed, &view).is_err(),
                "byte {at} was changed and nobody noticed"
            );
        }
    }

    #[test]
    fn another_bodys_signature_or_a_stranger_as_publisher_is_refused() {
        let world = world();
        let slug = samverk_domain::fact::Name::parse("vattenprov").unwrap();
        let mut by_another = sign(&files(SMALL), (slug.clone(), 1), &world.consumer, now()).unwrap();
        by_another.version.publisher = world.provider.body().clone();
        assert!(matches!(
            VerifiedVersion::verify(by_another, &world.view()),
            Err(NotBelieved::Signature(..))
        ));
        // A publisher may sign nonsense; it is not believed either.
        let wrong_number = sign(&files(SMALL), (slug, 2), &world.provider, now()).unwrap();
        assert!(matches!(
            VerifiedVersion::verify(wrong_number, &world.view()),
            Err(NotBelieved::Name { .. })
        ));
    }
}
