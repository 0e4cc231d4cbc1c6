//! The service document: one folder that a board can adopt, a lawyer can read and the engine runs.
//!
//! `docs/language.md` is the specification. [`model`] is what was understood, [`parse`] how it is read, [`write`] its
//! parts in the document's own notation, [`texts`] the texts by key, `shown` values in its words, [`carried`] the document that a case
//! under way is decided by.

pub mod carried;
pub mod model;
pub mod parse;
mod shown;
pub mod texts;
pub mod write;

pub use carried::{Carried, carried, carried_setting};
pub use model::*;

impl Pack {
    /// SHA-256 of the canonical JSON (RFC 8785) of the files, path → text, hex: what a body adopts
    /// ([`crate::terms::Adoption::pack_sha256`]) and what a publisher signs ([`crate::terms::PackVersion`]).
    pub fn sha256(&self) -> String {
        sha256(self.files.iter().map(|file| (file.path.as_str(), file.text.as_str())))
    }
}

/// [`Pack::sha256`] of files that are not parsed yet.
pub fn sha256<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    use sha2::{Digest as _, Sha256};
    let mut files: Vec<_> = files.into_iter().collect();
    // RFC 8785 §3.2.3: by UTF-16 code units.
    files.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    let mut hash = Sha256::new();
    for (at, (path, text)) in files.into_iter().enumerate() {
        hash.update(if at == 0 { "{" } else { "," });
        // A JSON string as serde_json writes it is RFC 8785's: \b \t \n \f \r, \" and \\, other controls as \u00xx in lower case.
        hash.update(serde_json::Value::from(path).to_string());
        hash.update(":");
        hash.update(serde_json::Value::from(text).to_string());
    }
    hash.update("}");
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
