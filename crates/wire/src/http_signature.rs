//! RFC 9421, HTTP Message Signatures, for requests and for responses that are bound to their request.
//!
//! The caller names the covered components; a signature that covers fewer, more, or others is refused, as is any message with
//! more than the one signature asked for. Always true here: `Signature-Input` is accepted only in the exact form that
//! it is signed in, and a covered header stands exactly once in the message, so nothing unsigned can be mistaken for signed.
//! Whether a nonce was seen before is the caller's to check: it needs memory.
//!
//! Header names are lower case everywhere in this file.

use std::fmt;

use crate::base64;
use crate::key::{PublicKey, SecretKey};
use crate::verified::Verified;

pub const SIGNATURE: &str = "signature";
pub const SIGNATURE_INPUT: &str = "signature-input";

/// Longer header values are refused.
pub const VALUE_BYTES_MAX: usize = 4096;
/// Messages with more headers are refused.
pub const HEADERS_MAX: usize = 100;
/// How far the signer's clock may be from ours, seconds, either way.
pub const SKEW_MAX_S: i64 = 300;
const NONCE_BYTES: std::ops::RangeInclusive<usize> = 16..=128;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("the message is not signed: {0} is missing")]
    Missing(String),
    #[error("the header {0} stands more than once")]
    Repeated(String),
    #[error("the message cannot be signed or read as RFC 9421 asks: {0}")]
    Malformed(String),
    #[error("the signature does not cover exactly the parts that it must")]
    Coverage,
    #[error("the signature's parameters must be created, nonce, alg, keyid and tag")]
    Parameters,
    #[error("the signature was made for another purpose (tag)")]
    Tag,
    #[error("the signature is older or newer than {SKEW_MAX_S} seconds; check the clocks")]
    Created,
    #[error("the signer's key is not known")]
    UnknownKey,
    #[error("the signature's algorithm is not that of the key")]
    Algorithm,
    #[error("the signature does not hold for this message")]
    WrongSignature,
}

/// One covered part of a message (RFC 9421 §2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Component {
    /// `"@method"`
    Method,
    /// `"@target-uri"`
    TargetUri,
    /// `"@authority"`
    Authority,
    /// `"@path"`
    Path,
    /// `"@status"`
    Status,
    /// A header field by its lower-case name.
    Field(String),
    /// `"signature";req;key="…"`: the signature with this label on the request that is answered.
    RequestSignature(String),
}

impl Component {
    pub fn field(name: &str) -> Self {
        Self::Field(name.to_owned())
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method => f.write_str("\"@method\""),
            Self::TargetUri => f.write_str("\"@target-uri\""),
            Self::Authority => f.write_str("\"@authority\""),
            Self::Path => f.write_str("\"@path\""),
            Self::Status => f.write_str("\"@status\""),
            Self::Field(name) => write!(f, "\"{name}\""),
            Self::RequestSignature(label) => write!(f, "\"signature\";req;key=\"{label}\""),
        }
    }
}

/// A message as far as signatures can see it.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub start: Start<'a>,
    pub headers: &'a [(String, String)],
    /// What a response answers.
    pub request: Option<&'a [(String, String)]>,
}

#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// The target URI is absolute, as the receiver knows its own address; never taken from what the sender claims.
    Request {
        method: &'a str,
        target_uri: &'a str,
    },
    Response {
        status: u16,
    },
}

/// The parameters of a signature (RFC 9421 §2.3). All are required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Unix time, seconds.
    pub created: i64,
    /// 16–128 visible ASCII characters, fresh for each signature.
    pub nonce: String,
    pub keyid: String,
    pub tag: String,
}

/// The two headers to add to the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureHeaders {
    pub signature_input: String,
    pub signature: String,
}

/// Signs a message under a label.
pub fn sign(
    key: &SecretKey,
    label: &str,
    message: &Message<'_>,
    covered: &[Component],
    parameters: &Parameters,
) -> Result<SignatureHeaders, SignatureError> {
    if !NONCE_BYTES.contains(&parameters.nonce.len()) {
        return Err(SignatureError::Parameters);
    }
    for text in [&parameters.nonce, &parameters.keyid, &parameters.tag] {
        if !text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
            return Err(SignatureError::Malformed(
                "a parameter holds other than plain characters".to_owned(),
            ));
        }
    }
    let list = covered.iter().map(Component::to_string).collect::<Vec<_>>().join(" ");
    let parameters = format!(
        "({list});created={};nonce=\"{}\";alg=\"{}\";keyid=\"{}\";tag=\"{}\"",
        parameters.created,
        parameters.nonce,
        key.algorithm().http(),
        parameters.keyid,
        parameters.tag
    );
    let base = base(message, covered, &parameters)?;
    let signature = key.sign(base.as_bytes()).map_err(|_| SignatureError::WrongSignature)?;
    Ok(SignatureHeaders {
        signature_input: format!("{label}={parameters}"),
        signature: format!("{label}=:{}:", base64::standard(&signature)),
    })
}

/// What a signature must be to be accepted.
#[derive(Clone, Copy, Debug)]
pub struct Required<'a> {
    pub label: &'a str,
    /// Exactly these, in this order.
    pub covered: &'a [Component],
    pub tag: &'a str,
    /// Unix time, seconds.
    pub now: i64,
}

/// Checks the one signature that stands on a message. `key_of` looks a `keyid` up.
pub fn verify<'k>(
    message: &Message<'_>,
    required: &Required<'_>,
    key_of: impl FnOnce(&str) -> Option<&'k PublicKey>,
) -> Result<Verified<Parameters>, SignatureError> {
    let input = sole_member(message.headers, SIGNATURE_INPUT, required.label)?;
    let said = read_input(input)?;
    if said.covered.len() != required.covered.len()
        || !said
            .covered
            .iter()
            .zip(required.covered)
            .all(|(said, must)| *said == must.to_string())
    {
        return Err(SignatureError::Coverage);
    }
    if said.parameters.tag != required.tag {
        return Err(SignatureError::Tag);
    }
    if said.parameters.created.abs_diff(required.now) > SKEW_MAX_S.unsigned_abs() {
        return Err(SignatureError::Created);
    }
    let key = key_of(&said.parameters.keyid).ok_or(SignatureError::UnknownKey)?;
    if said.alg != key.algorithm().http() {
        return Err(SignatureError::Algorithm);
    }
    let signature = signature_bytes(sole_member(message.headers, SIGNATURE, required.label)?)?;
    let base = base(message, required.covered, input)?;
    key.verify(base.as_bytes(), &signature)
        .map_err(|_| SignatureError::WrongSignature)?;
    Ok(Verified::new(said.parameters, key.kid().to_owned()))
}

/// The `keyid` that a message says it is signed with, before anything was checked. Only for finding out whose key to fetch.
pub fn unverified_keyid(headers: &[(String, String)], label: &str) -> Result<String, SignatureError> {
    Ok(read_input(sole_member(headers, SIGNATURE_INPUT, label)?)?
        .parameters
        .keyid)
}

struct Input {
    covered: Vec<String>,
    alg: String,
    parameters: Parameters,
}

/// Reads `(…);created=…;nonce="…";…`, which must be written in the form of RFC 9421 §2.3 to the byte: it is signed so.
fn read_input(input: &str) -> Result<Input, SignatureError> {
    let list: sfv::List = sfv::Parser::new(input)
        .parse()
        .map_err(|_| SignatureError::Malformed("Signature-Input".to_owned()))?;
    let [sfv::ListEntry::InnerList(list)] = list.as_slice() else {
        return Err(SignatureError::Malformed("Signature-Input".to_owned()));
    };
    let mut covered = vec![];
    let mut written = String::from("(");
    for (i, item) in list.items.iter().enumerate() {
        let name = item.bare_item.as_string().ok_or(SignatureError::Coverage)?;
        let mut one = format!("\"{}\"", name.as_str());
        for (key, value) in &item.params {
            match (value.as_boolean(), value.as_string()) {
                (Some(true), _) => one.push_str(&format!(";{}", key.as_str())),
                (_, Some(text)) => one.push_str(&format!(";{}=\"{}\"", key.as_str(), text.as_str())),
                _ => return Err(SignatureError::Coverage),
            }
        }
        if i > 0 {
            written.push(' ');
        }
        written.push_str(&one);
        covered.push(one);
    }
    written.push(')');
    let (mut created, mut nonce, mut alg, mut keyid, mut tag) = (None, None, None, None, None);
    for (key, value) in &list.params {
        let text = || value.as_string().map(|text| text.as_str().to_owned());
        match key.as_str() {
            "created" => {
                let seconds = value.as_integer().ok_or(SignatureError::Parameters)?;
                written.push_str(&format!(";created={}", i64::from(seconds)));
                created = Some(i64::from(seconds));
                continue;
            }
            "nonce" => nonce = text(),
            "alg" => alg = text(),
            "keyid" => keyid = text(),
            "tag" => tag = text(),
            _ => return Err(SignatureError::Parameters),
        }
        let text = text().ok_or(SignatureError::Parameters)?;
        written.push_str(&format!(";{}=\"{text}\"", key.as_str()));
    }
    if written != input {
        return Err(SignatureError::Malformed(
            "Signature-Input is not in the form that is signed".to_owned(),
        ));
    }
    match (created, nonce, alg, keyid, tag) {
        (Some(created), Some(nonce), Some(alg), Some(keyid), Some(tag)) if NONCE_BYTES.contains(&nonce.len()) => {
            Ok(Input {
                covered,
                alg,
                parameters: Parameters {
                    created,
                    nonce,
                    keyid,
                    tag,
                },
            })
        }
        _ => Err(SignatureError::Parameters),
    }
}

/// `:base64:` in its one form.
fn signature_bytes(member: &str) -> Result<Vec<u8>, SignatureError> {
    member
        .strip_prefix(':')
        .and_then(|rest| rest.strip_suffix(':'))
        .and_then(|text| base64::from_standard(text).ok())
        .ok_or_else(|| SignatureError::Malformed("Signature".to_owned()))
}

/// The value of the only member of a dictionary header, which must have this label.
fn sole_member<'a>(headers: &'a [(String, String)], name: &str, label: &str) -> Result<&'a str, SignatureError> {
    let value = sole_header(headers, name)?;
    value
        .strip_prefix(label)
        .and_then(|rest| rest.strip_prefix('='))
        .ok_or_else(|| SignatureError::Malformed(format!("{name} must have the one member {label}")))
}

fn sole_header<'a>(headers: &'a [(String, String)], name: &str) -> Result<&'a str, SignatureError> {
    if headers.len() > HEADERS_MAX {
        return Err(SignatureError::Malformed("too many headers".to_owned()));
    }
    let mut all = headers.iter().filter(|(n, _)| n == name);
    let (_, value) = all.next().ok_or_else(|| SignatureError::Missing(name.to_owned()))?;
    if all.next().is_some() {
        return Err(SignatureError::Repeated(name.to_owned()));
    }
    // RFC 9421 §2.1: values are trimmed and folded; we refuse what would have to be changed.
    let plain = value.bytes().all(|b| matches!(b, 0x20..=0x7e)) && value.trim() == value;
    if !plain || value.len() > VALUE_BYTES_MAX {
        return Err(SignatureError::Malformed(format!(
            "the header {name} is too long or not plain ASCII"
        )));
    }
    Ok(value)
}

/// The signature base, RFC 9421 §2.5.
fn base(message: &Message<'_>, covered: &[Component], parameters: &str) -> Result<String, SignatureError> {
    let mut base = String::new();
    for (i, component) in covered.iter().enumerate() {
        if covered[..i].contains(component) {
            return Err(SignatureError::Coverage);
        }
        base.push_str(&format!("{component}: {}\n", value(message, component)?));
    }
    base.push_str(&format!("\"@signature-params\": {parameters}"));
    Ok(base)
}

fn value(message: &Message<'_>, component: &Component) -> Result<String, SignatureError> {
    let value = match (component, message.start) {
        (Component::Method, Start::Request { method, .. }) => method.to_owned(),
        (Component::TargetUri, Start::Request { target_uri, .. }) => target_uri.to_owned(),
        (Component::Authority, Start::Request { target_uri, .. }) => authority_and_path(target_uri)?.0,
        (Component::Path, Start::Request { target_uri, .. }) => authority_and_path(target_uri)?.1,
        (Component::Status, Start::Response { status }) => status.to_string(),
        (Component::Field(name), _) => sole_header(message.headers, name)?.to_owned(),
        (Component::RequestSignature(label), Start::Response { .. }) => {
            let request = message.request.ok_or(SignatureError::Coverage)?;
            let member = sole_member(request, SIGNATURE, label)?;
            signature_bytes(member)?;
            member.to_owned()
        }
        _ => return Err(SignatureError::Coverage),
    };
    if value.len() > VALUE_BYTES_MAX || !value.bytes().all(|b| matches!(b, 0x20..=0x7e)) {
        return Err(SignatureError::Malformed(format!(
            "{component} is too long or not plain ASCII"
        )));
    }
    Ok(value)
}

/// RFC 9421 §2.2.3 and §2.2.6, for http and https.
fn authority_and_path(target_uri: &str) -> Result<(String, String), SignatureError> {
    let bad = || SignatureError::Malformed("the target URI is not an absolute http or https address".to_owned());
    let (rest, default_port) = match (target_uri.strip_prefix("https://"), target_uri.strip_prefix("http://")) {
        (Some(rest), _) => (rest, ":443"),
        (_, Some(rest)) => (rest, ":80"),
        _ => return Err(bad()),
    };
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if authority.is_empty() || authority.contains('@') {
        return Err(bad());
    }
    let authority = authority.to_ascii_lowercase();
    let authority = authority.strip_suffix(default_port).unwrap_or(&authority).to_owned();
    let path = path.split(['?', '#']).next().unwrap_or("");
    Ok((
        authority,
        if path.is_empty() {
            "/".to_owned()
        } else {
            path.to_owned()
        },
    ))
}

#[cfg(test)]
mod tests {
    use httpsig::prelude::message_component::{HttpMessageComponent, HttpMessageComponentId};
    use httpsig::prelude::{
        AlgorithmName, HttpSignatureBase, HttpSignatureHeaders, HttpSignatureParams, PublicKey as TheirPublic,
        SecretKey as TheirSecret,
    };
    use proptest::prelude::*;

    use super::*;
    use crate::key::Algorithm;
    use crate::key::tests::test_key;

    const NOW: i64 = 1_800_000_000;
    const LABEL: &str = "sig1";
    const TAG: &str = "example";
    const KEYID: &str = "body.example#key";

    fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    fn parameters() -> Parameters {
        Parameters {
            created: NOW,
            nonce: "0123456789abcdef".to_owned(),
            keyid: KEYID.to_owned(),
            tag: TAG.to_owned(),
        }
    }

    fn covered() -> Vec<Component> {
        vec![
            Component::Method,
            Component::TargetUri,
            Component::field("content-digest"),
            Component::field("x-purpose"),
        ]
    }

    fn response_covered() -> Vec<Component> {
        vec![
            Component::Status,
            Component::field("content-digest"),
            Component::RequestSignature(LABEL.to_owned()),
        ]
    }

    const URI: &str = "https://body.example/utbyte/fraga";

    fn signed_request(key: &SecretKey) -> Vec<(String, String)> {
        let mut headers = headers(&[("content-digest", "sha-256=:AAAA:"), ("x-purpose", "restaurant")]);
        let signature = sign(key, LABEL, &request(URI, &headers), &covered(), &parameters()).unwrap();
        add(&mut headers, signature);
        headers
    }

    fn signed_response(key: &SecretKey, request: &[(String, String)]) -> Vec<(String, String)> {
        let mut headers = headers(&[("content-digest", "sha-256=:BBBB:")]);
        let signature = sign(
            key,
            LABEL,
            &response(200, &headers, request),
            &response_covered(),
            &parameters(),
        )
        .unwrap();
        add(&mut headers, signature);
        headers
    }

    fn add(headers: &mut Vec<(String, String)>, signature: SignatureHeaders) {
        headers.push((SIGNATURE_INPUT.to_owned(), signature.signature_input));
        headers.push((SIGNATURE.to_owned(), signature.signature));
    }

    fn request<'a>(target_uri: &'a str, headers: &'a [(String, String)]) -> Message<'a> {
        Message {
            start: Start::Request {
                method: "POST",
                target_uri,
            },
            headers,
            request: None,
        }
    }

    fn response<'a>(status: u16, headers: &'a [(String, String)], request: &'a [(String, String)]) -> Message<'a> {
        Message {
            start: Start::Response { status },
            headers,
            request: Some(request),
        }
    }

    fn check(
        message: &Message<'_>,
        covered: &[Component],
        key: &SecretKey,
    ) -> Result<Verified<Parameters>, SignatureError> {
        let required = Required {
            label: LABEL,
            covered,
            tag: TAG,
            now: NOW,
        };
        verify(message, &required, |keyid| (keyid == KEYID).then_some(key.public()))
    }

    /// RFC 9421 Appendix B.2.6: Ed25519 is deterministic, so we must write the very same signature.
    #[test]
    fn signs_the_request_of_rfc_9421_appendix_b_2_6() {
        let seed = base64::array_from_url("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU").unwrap();
        let key = SecretKey::from_secret_bytes(Algorithm::Ed25519, seed).unwrap();
        let headers = headers(&[
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ]);
        let covered = [
            Component::field("date"),
            Component::Method,
            Component::Path,
            Component::Authority,
            Component::field("content-type"),
            Component::field("content-length"),
        ];
        let parameters = r#"("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#;
        let base = base(
            &request("https://EXAMPLE.com/foo?param=Value&Pet=dog", &headers),
            &covered,
            parameters,
        )
        .unwrap();
        assert_eq!(
            base64::standard(&key.sign(base.as_bytes()).unwrap()),
            "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
        );
    }

    /// RFC 9421 Appendix B.2.4: a response signed with ECDSA P-256.
    #[test]
    fn verifies_the_response_of_rfc_9421_appendix_b_2_4() {
        let key = crate::jwk::read(&serde_json::json!({
            "kty": "EC", "crv": "P-256",
            "x": "qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA", "y": "Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0",
        }))
        .unwrap();
        let headers = headers(&[
            ("content-type", "application/json"),
            (
                "content-digest",
                "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
            ),
            ("content-length", "23"),
        ]);
        let covered = [
            Component::Status,
            Component::field("content-type"),
            Component::field("content-digest"),
            Component::field("content-length"),
        ];
        let parameters = r#"("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256""#;
        let base = base(&response(200, &headers, &[]), &covered, parameters).unwrap();
        let signature = signature_bytes(
            ":wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==:",
        )
        .unwrap();
        assert_eq!(key.verify(base.as_bytes(), &signature), Ok(()));
    }

    #[test]
    fn what_was_signed_verifies_with_either_algorithm() {
        for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
            let key = test_key(algorithm, 1);
            let asked = signed_request(&key);
            let verified = check(&request(URI, &asked), &covered(), &key).unwrap();
            assert_eq!(*verified, parameters());
            assert_eq!(verified.kid(), key.public().kid());
            let answered = signed_response(&key, &asked);
            check(&response(200, &answered, &asked), &response_covered(), &key).unwrap();
        }
    }

    #[test]
    fn a_changed_message_is_refused() {
        let key = test_key(Algorithm::Ed25519, 1);
        let signed = signed_request(&key);
        let wrong = Some(SignatureError::WrongSignature);
        let other_uri = request("https://body.example/utbyte/annan", &signed);
        assert_eq!(check(&other_uri, &covered(), &key).err(), wrong);
        let mut changed = signed.clone();
        changed[1].1 = "other".to_owned();
        assert_eq!(check(&request(URI, &changed), &covered(), &key).err(), wrong);
        let mut missing = signed.clone();
        missing.remove(1);
        assert_eq!(
            check(&request(URI, &missing), &covered(), &key).err(),
            Some(SignatureError::Missing("x-purpose".to_owned()))
        );
        let mut twice = signed.clone();
        twice.push(("x-purpose".to_owned(), "restaurant".to_owned()));
        assert_eq!(
            check(&request(URI, &twice), &covered(), &key).err(),
            Some(SignatureError::Repeated("x-purpose".to_owned()))
        );
        let another = test_key(Algorithm::Ed25519, 2);
        assert_eq!(check(&request(URI, &signed), &covered(), &another).err(), wrong);
        assert_eq!(
            check(&request(URI, &signed), &covered(), &test_key(Algorithm::P256, 1)).err(),
            Some(SignatureError::Algorithm)
        );
    }

    #[test]
    fn a_response_to_another_request_is_refused() {
        let key = test_key(Algorithm::Ed25519, 1);
        let asked = signed_request(&key);
        let answered = signed_response(&key, &asked);
        let other_asked = {
            let mut headers = headers(&[("content-digest", "sha-256=:CCCC:"), ("x-purpose", "restaurant")]);
            let signature = sign(&key, LABEL, &request(URI, &headers), &covered(), &parameters()).unwrap();
            add(&mut headers, signature);
            headers
        };
        let wrong = Some(SignatureError::WrongSignature);
        assert_eq!(
            check(&response(200, &answered, &other_asked), &response_covered(), &key).err(),
            wrong
        );
        assert_eq!(
            check(&response(500, &answered, &asked), &response_covered(), &key).err(),
            wrong
        );
    }

    #[test]
    fn a_signature_that_covers_less_or_more_is_refused() {
        let key = test_key(Algorithm::Ed25519, 1);
        for change in [
            covered()[..3].to_vec(),
            [covered(), vec![Component::Path]].concat(),
            covered().into_iter().rev().collect(),
        ] {
            let mut headers = headers(&[("content-digest", "sha-256=:AAAA:"), ("x-purpose", "restaurant")]);
            let signature = sign(&key, LABEL, &request(URI, &headers), &change, &parameters()).unwrap();
            add(&mut headers, signature);
            assert_eq!(
                check(&request(URI, &headers), &covered(), &key).err(),
                Some(SignatureError::Coverage)
            );
        }
    }

    #[test]
    fn an_old_new_or_foreign_signature_is_refused() {
        let key = test_key(Algorithm::Ed25519, 1);
        let signed = signed_request(&key);
        let at = |now, tag, keyid: &str| {
            let covered = covered();
            let required = Required {
                label: LABEL,
                covered: &covered,
                tag,
                now,
            };
            verify(&request(URI, &signed), &required, |said| {
                (said == keyid).then_some(key.public())
            })
            .err()
        };
        assert_eq!(at(NOW + 300, TAG, KEYID), None);
        assert_eq!(at(NOW - 300, TAG, KEYID), None);
        assert_eq!(at(NOW + 301, TAG, KEYID), Some(SignatureError::Created));
        assert_eq!(at(NOW - 301, TAG, KEYID), Some(SignatureError::Created));
        assert_eq!(at(i64::MIN, TAG, KEYID), Some(SignatureError::Created));
        assert_eq!(at(NOW, "other", KEYID), Some(SignatureError::Tag));
        assert_eq!(at(NOW, TAG, "other"), Some(SignatureError::UnknownKey));
    }

    #[test]
    fn no_byte_of_the_signature_headers_can_be_changed() {
        let key = test_key(Algorithm::P256, 1);
        let signed = signed_request(&key);
        for header in [2, 3] {
            for i in 0..signed[header].1.len() {
                for change in [1u8, 2, 4, 0x20] {
                    let mut changed = signed.clone();
                    let mut bytes = changed[header].1.clone().into_bytes();
                    bytes[i] ^= change;
                    let Ok(text) = String::from_utf8(bytes) else { continue };
                    changed[header].1 = text;
                    assert!(
                        check(&request(URI, &changed), &covered(), &key).is_err(),
                        "header {header} byte {i}"
                    );
                }
            }
            for (from, to) in [
                ("sig1=", "sig1= "),
                ("sig1=", "a=1, sig1="),
                (";created=", "; created="),
                (":", "::"),
            ] {
                let mut changed = signed.clone();
                changed[header].1 = changed[header].1.replacen(from, to, 1);
                if changed != signed {
                    assert!(check(&request(URI, &changed), &covered(), &key).is_err(), "{to}");
                }
            }
        }
    }

    fn their_lines(message: &Message<'_>, covered: &[Component]) -> Vec<HttpMessageComponent> {
        covered
            .iter()
            .map(|c| {
                let line = format!("{c}: {}", value(message, c).unwrap());
                HttpMessageComponent::try_from(line.as_str()).unwrap()
            })
            .collect()
    }

    #[test]
    fn an_independent_implementation_verifies_what_we_sign() {
        for (algorithm, theirs) in [
            (Algorithm::Ed25519, AlgorithmName::Ed25519),
            (Algorithm::P256, AlgorithmName::EcdsaP256Sha256),
        ] {
            let key = test_key(algorithm, 1);
            let public = TheirPublic::from_bytes(&theirs, key.public().as_bytes()).unwrap();
            let asked = signed_request(&key);
            let answered = signed_response(&key, &asked);
            for (message, covered) in [
                (request(URI, &asked), covered()),
                (response(200, &answered, &asked), response_covered()),
            ] {
                let of = |name| sole_header(message.headers, name).unwrap();
                let map = HttpSignatureHeaders::try_parse(of(SIGNATURE), of(SIGNATURE_INPUT)).unwrap();
                let headers = map.get(LABEL).unwrap();
                let base =
                    HttpSignatureBase::try_new(&their_lines(&message, &covered), headers.signature_params()).unwrap();
                base.verify_signature_headers(&public, headers).unwrap();
            }
        }
    }

    #[test]
    fn we_verify_what_an_independent_implementation_signs() {
        for (algorithm, theirs) in [
            (Algorithm::Ed25519, AlgorithmName::Ed25519),
            (Algorithm::P256, AlgorithmName::EcdsaP256Sha256),
        ] {
            let key = test_key(algorithm, 1);
            let secret = TheirSecret::from_bytes(&theirs, key.secret_bytes()).unwrap();
            let sign_theirs = |message: &Message<'_>, covered: &[Component]| {
                let ids: Vec<_> = covered
                    .iter()
                    .map(|c| HttpMessageComponentId::try_from(c.to_string().as_str()).unwrap())
                    .collect();
                let mut params = HttpSignatureParams::try_new(&ids).unwrap();
                params
                    .set_created(NOW as u64)
                    .set_nonce(&parameters().nonce)
                    .set_alg(&theirs)
                    .set_keyid(KEYID)
                    .set_tag(TAG);
                let base = HttpSignatureBase::try_new(&their_lines(message, covered), &params).unwrap();
                let headers = base.build_signature_headers(&secret, Some(LABEL)).unwrap();
                SignatureHeaders {
                    signature_input: headers.signature_input_header_value(),
                    signature: headers.signature_header_value(),
                }
            };
            let mut asked = headers(&[("content-digest", "sha-256=:AAAA:"), ("x-purpose", "restaurant")]);
            let signature = sign_theirs(&request(URI, &asked), &covered());
            add(&mut asked, signature);
            check(&request(URI, &asked), &covered(), &key).unwrap();
            let mut answered = headers(&[("content-digest", "sha-256=:BBBB:")]);
            let signature = sign_theirs(&response(200, &answered, &asked), &response_covered());
            add(&mut answered, signature);
            check(&response(200, &answered, &asked), &response_covered(), &key).unwrap();
        }
    }

    proptest! {
        #[test]
        fn never_panics(input in "sig1=[()\"@a-z;=0-9: ]{0,80}", signature in "(sig1=)?[:A-Za-z=]{0,20}", any in any::<String>(), uri in any::<String>()) {
            let key = test_key(Algorithm::Ed25519, 1);
            for input in [input, any] {
                let headers = headers(&[(SIGNATURE_INPUT, &input), (SIGNATURE, &signature)]);
                let _ = unverified_keyid(&headers, LABEL);
                let _ = check(&request(&uri, &headers), &covered(), &key);
                let _ = check(&response(200, &headers, &headers), &response_covered(), &key);
            }
            let _ = authority_and_path(&uri);
        }
    }
}
