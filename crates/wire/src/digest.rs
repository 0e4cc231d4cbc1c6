//! SHA-256, and RFC 9530 `Content-Digest`: the digest of a message's body as a header field.

use aws_lc_rs::digest;

/// Longer fields are refused: ours is 54 characters, a sender with several algorithms needs a few hundred.
pub const FIELD_BYTES_MAX: usize = 1024;

/// SHA-256 (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// SHA-256 of several parts in a row.
pub fn sha256_of_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongDigest {
    #[error("Content-Digest is not a structured field dictionary (RFC 9530)")]
    Malformed,
    #[error("Content-Digest has no sha-256 digest")]
    Missing,
    #[error("the body is not the one that Content-Digest names")]
    AnotherBody,
}

/// The value of `Content-Digest` for a body: `sha-256=:…:`.
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", crate::base64::standard(&sha256(body)))
}

/// Checks the field against the body. Digests by other algorithms beside sha-256 are not looked at.
pub fn check(field: &str, body: &[u8]) -> Result<(), WrongDigest> {
    if field.len() > FIELD_BYTES_MAX {
        return Err(WrongDigest::Malformed);
    }
    let dictionary: sfv::Dictionary = sfv::Parser::new(field).parse().map_err(|_| WrongDigest::Malformed)?;
    let Some(sfv::ListEntry::Item(item)) = dictionary.get("sha-256") else {
        return Err(WrongDigest::Missing);
    };
    let said = item.bare_item.as_byte_sequence().ok_or(WrongDigest::Malformed)?;
    if said == sha256(body) {
        Ok(())
    } else {
        Err(WrongDigest::AnotherBody)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn agrees_with_rfc_9530_appendix_d() {
        let body = br#"{"hello": "world"}"#;
        let rfc = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
        assert_eq!(content_digest(body), rfc);
        assert_eq!(check(rfc, body), Ok(()));
        assert_eq!(check(rfc, br#"{"hello": "World"}"#), Err(WrongDigest::AnotherBody));
    }

    #[test]
    fn wants_sha_256_and_nothing_weaker() {
        assert_eq!(check("md5=:AAAA:", b""), Err(WrongDigest::Missing));
        assert_eq!(check("sha-256=token", b""), Err(WrongDigest::Malformed));
        assert_eq!(check("sha-256=:*:", b""), Err(WrongDigest::Malformed));
        assert_eq!(check("", b""), Err(WrongDigest::Missing));
    }

    #[test]
    fn parts_in_a_row_are_one_text() {
        assert_eq!(sha256_of_parts(&[b"a", b"", b"bc"]), sha256(b"abc"));
    }

    proptest! {
        #[test]
        fn never_panics(field in any::<String>(), body in proptest::collection::vec(any::<u8>(), 0..20)) {
            let _ = check(&field, &body);
            prop_assert_eq!(check(&content_digest(&body), &body), Ok(()));
        }
    }
}
