//! One request as a page sees it: language, session, trace. Made once, before anything else, by [`super::around`].

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header;
use axum::http::request::Parts;

use super::error::Failure;
use super::texts::Lang;
use crate::clock::Moment;
use crate::ctx::TraceId;
use crate::login::Session;

/// The cookie that remembers the language. It says nothing about the person.
pub const LANG_COOKIE: &str = "samverk-sprak";
/// Longer cookie headers than this are not ours.
pub const COOKIES_BYTES_MAX: usize = 16 * 1024;

#[derive(Clone, Debug)]
pub struct Visit {
    pub lang: Lang,
    pub at: Moment,
    pub trace: TraceId,
    /// Somebody who has logged in here.
    pub session: Option<Session>,
    /// `/utkast/…`, without the query.
    pub path: String,
    pub query: String,
}

impl Visit {
    /// The same page in another language.
    pub fn in_language(&self, lang: Lang) -> String {
        let mut out = format!("{}?", self.path);
        for pair in self
            .query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("lang="))
        {
            out.push_str(pair);
            out.push('&');
        }
        out.push_str("lang=");
        out.push_str(lang.code());
        out
    }
}

/// `?lang=`, then the cookie, then `Accept-Language`, then Swedish.
pub fn language(query: &str, headers: &HeaderMap) -> Lang {
    let asked = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("lang="))
        .and_then(Lang::parse);
    asked
        .or_else(|| cookie(headers, LANG_COOKIE).and_then(|code| Lang::parse(&code)))
        .or_else(|| {
            headers
                .get(header::ACCEPT_LANGUAGE)?
                .to_str()
                .ok()
                .and_then(Lang::accepted)
        })
        .unwrap_or_default()
}

/// The value of a cookie by its exact name.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .filter(|value| value.len() <= COOKIES_BYTES_MAX)
        .flat_map(|value| value.split(';'))
        .find_map(|pair| {
            let (key, value) = pair.trim().split_once('=')?;
            (key == name).then(|| value.to_owned())
        })
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Failure::ours("a page was reached without a visit"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_asked_for_then_remembered_then_accepted_then_swedish() {
        let mut headers = HeaderMap::new();
        assert_eq!(language("", &headers), Lang::Sv);
        headers.insert(header::ACCEPT_LANGUAGE, "en-US,en;q=0.9".parse().unwrap());
        assert_eq!(language("", &headers), Lang::En);
        headers.insert(header::COOKIE, "a=b; samverk-sprak=sv".parse().unwrap());
        assert_eq!(language("", &headers), Lang::Sv);
        assert_eq!(language("x=1&lang=en", &headers), Lang::En);
        assert_eq!(language("lang=de", &headers), Lang::Sv);
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "xsamverk=1; samverk=2".parse().unwrap());
        assert_eq!(cookie(&headers, "samverk").as_deref(), Some("2"));
        assert_eq!(cookie(&headers, "amverk"), None);
    }
}
