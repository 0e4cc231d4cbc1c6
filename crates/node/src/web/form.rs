//! Forms that come back: size, form token, then the fields.
//!
//! Two guards against forged posts, each enough by itself: the browser's word on where the form was (Origin and Fetch
//! Metadata, a layer in [`super::app`]), and the session's own token in a hidden field `tecken` ([`super::layout::Page::token`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{Method, header};

use super::error::Failure;
use super::visit::Visit;
use crate::node::Node;

/// A form without files. A page's longest text field is 10,000 characters.
pub const FORM_BYTES_MAX: usize = 256 * 1024;
/// A form with files: one attachment of 20 MB with its fields.
pub const UPLOAD_BYTES_MAX: usize = 21 * 1024 * 1024;
/// Fields in one form.
pub const FIELDS_MAX: usize = 500;
/// The hidden field with the session's token.
pub const TOKEN_FIELD: &str = "tecken";

/// The fields of a posted form in order, when their names are not known beforehand. The token was right and is taken out.
#[derive(Debug)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// The first field of that name, trimmed.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.trim())
    }

    /// All fields of that name: ticked boxes.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

impl FromRequest<Arc<Node>> for Fields {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &Arc<Node>) -> Result<Self, Failure> {
        let visit = visit(&request)?;
        let is_form = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
        if request.method() != Method::POST || !is_form {
            return Err(Failure::BadRequest);
        }
        let bytes = axum::body::to_bytes(request.into_body(), FORM_BYTES_MAX)
            .await
            .map_err(|_| Failure::TooLarge)?;
        let mut pairs = parse_pairs(&bytes)?;
        let token = pairs
            .iter()
            .position(|(key, _)| key == TOKEN_FIELD)
            .map(|at| pairs.remove(at).1);
        check_token(&visit, token.as_deref())?;
        Ok(Self(pairs))
    }
}

/// A posted form with files. The token was right.
#[derive(Debug)]
pub struct Upload {
    pub fields: BTreeMap<String, String>,
    pub files: BTreeMap<String, File>,
}

/// A file as it came: name and bytes are the sender's word, nothing more.
#[derive(Debug)]
pub struct File {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl FromRequest<Arc<Node>> for Upload {
    type Rejection = Failure;

    /// The route must raise its body limit: `.layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX))`.
    async fn from_request(request: Request, node: &Arc<Node>) -> Result<Self, Failure> {
        let visit = visit(&request)?;
        let mut multipart = Multipart::from_request(request, node)
            .await
            .map_err(|_| Failure::BadRequest)?;
        let mut upload = Self {
            fields: BTreeMap::new(),
            files: BTreeMap::new(),
        };
        let mut seen = 0;
        while let Some(field) = multipart.next_field().await.map_err(|why| of_multipart(&why))? {
            seen += 1;
            if seen > FIELDS_MAX {
                return Err(Failure::TooLarge);
            }
            let name = field.name().unwrap_or_default().to_owned();
            match field.file_name().map(str::to_owned) {
                Some(file_name) => {
                    let bytes = field.bytes().await.map_err(|why| of_multipart(&why))?.to_vec();
                    // A file field that was left empty has neither name nor bytes.
                    if !(file_name.is_empty() && bytes.is_empty()) {
                        upload.files.insert(name, File { name: file_name, bytes });
                    }
                }
                None => {
                    let text = field.text().await.map_err(|why| of_multipart(&why))?;
                    upload.fields.insert(name, text);
                }
            }
        }
        let token = upload.fields.remove(TOKEN_FIELD);
        check_token(&visit, token.as_deref())?;
        Ok(upload)
    }
}

fn of_multipart(why: &axum::extract::multipart::MultipartError) -> Failure {
    Failure::of_status(why.status())
}

fn visit(request: &Request) -> Result<Visit, Failure> {
    request
        .extensions()
        .get::<Visit>()
        .cloned()
        .ok_or_else(|| Failure::ours("a form was posted without a visit"))
}

/// Without a session there is no token: the browser's own word (the csrf layer) is the guard then.
fn check_token(visit: &Visit, token: Option<&str>) -> Result<(), Failure> {
    let Some(session) = &visit.session else { return Ok(()) };
    let given = token.unwrap_or_default();
    let same = aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), session.form_token.as_bytes());
    same.map_err(|_| Failure::Forged)
}

/// The pairs of a form or a query, decoded.
pub fn parse_pairs(bytes: &[u8]) -> Result<Vec<(String, String)>, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|_| Failure::BadRequest)?;
    let mut pairs = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        if pairs.len() == FIELDS_MAX {
            return Err(Failure::TooLarge);
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push((decoded(key)?, decoded(value)?));
    }
    Ok(pairs)
}

fn decoded(text: &str) -> Result<String, Failure> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
                match (digit(bytes.next()), digit(bytes.next())) {
                    (Some(high), Some(low)) => out.push((high * 16 + low) as u8),
                    _ => return Err(Failure::BadRequest),
                }
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).map_err(|_| Failure::BadRequest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_bad_escapes_refused() {
        assert_eq!(
            parse_pairs("a=1+2&b=%C3%A5&a=&c".as_bytes()).unwrap(),
            [("a", "1 2"), ("b", "å"), ("a", ""), ("c", "")].map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
        for bad in ["a=%", "a=%4", "a=%zz", "a=%ff", "%C3=1"] {
            assert_eq!(parse_pairs(bad.as_bytes()), Err(Failure::BadRequest), "{bad}");
        }
    }

    #[test]
    fn too_many_fields_are_refused() {
        let many = "a=1&".repeat(FIELDS_MAX + 1);
        assert_eq!(parse_pairs(many.as_bytes()), Err(Failure::TooLarge));
    }
}
