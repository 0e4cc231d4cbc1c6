//! The service document: one folder that a board can adopt, a lawyer can read and the engine runs.
//!
//! `docs/language.md` is the specification. [`model`] is what was understood, [`parse`] how it is read, [`write`] its
//! parts in the document's own notation, [`texts`] the texts by key.

pub mod model;
pub mod parse;
pub mod texts;
pub mod write;

pub use model::*;

impl Pack {
    /// SHA-256 of the files in order of path (path, NUL, length in bytes as decimal digits, NUL, text), hex: what a body
    /// adopts ([`crate::terms::Adoption::pack_sha256`]).
    pub fn sha256(&self) -> String {
        use sha2::{Digest as _, Sha256};
        let mut files: Vec<_> = self.files.iter().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut hash = Sha256::new();
        for file in files {
            hash.update(file.path.as_bytes());
            hash.update([0]);
            hash.update(file.text.len().to_string().as_bytes());
            hash.update([0]);
            hash.update(file.text.as_bytes());
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
