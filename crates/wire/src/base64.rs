//! The two base64 alphabets that the standards use, both strict: one text for one sequence of bytes (no missing or extra
//! padding, no stray bits, no white space), so that nobody can change a text without changing what it says.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not base64 in its only permitted form")]
pub struct NotBase64;

/// base64url without padding (RFC 7515 §2).
pub fn url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn from_url(text: &str) -> Result<Vec<u8>, NotBase64> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64)
}

/// Exactly `N` bytes in base64url without padding.
pub fn array_from_url<const N: usize>(text: &str) -> Result<[u8; N], NotBase64> {
    from_url(text)?.try_into().map_err(|_| NotBase64)
}

/// Padded base64 (RFC 4648 §4), as in structured fields and signed notes.
pub fn standard(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub fn from_standard(text: &str) -> Result<Vec<u8>, NotBase64> {
    STANDARD.decode(text).map_err(|_| NotBase64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_for_one_sequence_of_bytes() {
        assert_eq!(url(b"a"), "YQ");
        assert_eq!(from_url("YQ"), Ok(b"a".to_vec()));
        assert_eq!(from_url("YR"), Err(NotBase64), "stray bits");
        assert_eq!(from_url("YQ=="), Err(NotBase64), "padding");
        assert_eq!(from_standard("YQ"), Err(NotBase64), "no padding");
        assert_eq!(from_standard("YR=="), Err(NotBase64), "stray bits");
        assert_eq!(from_standard("YQ=="), Ok(b"a".to_vec()));
        assert_eq!(from_url(" YQ"), Err(NotBase64));
    }
}
