//! The web layer: the application put together, and what holds for every request.
//!
//! Always true: a request has a trace id, a size limit and a time limit; a page has a language and the security headers;
//! an error has a page that says what to do; the log has the route's pattern and never the address, a name or a number.
//! Reading order: [`app`] and [`around`], [`visit`], [`layout`], [`parts`], [`form`], [`error`], [`texts`], [`assets`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::timeout::TimeoutLayer;
use tracing::Instrument as _;

use crate::ctx::TraceId;
use crate::node::Node;

pub mod assets;
pub mod error;
pub mod form;
pub mod layout;
pub mod pages;
pub mod parts;
pub mod texts;
pub mod visit;

pub use error::Failure;
pub use layout::{Page, Shape, show, show_as};
pub use texts::{Lang, Texts};
pub use visit::Visit;

/// A request that has not been answered within this is given up; nobody waits longer for a page.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Any request body, unless the route says otherwise (uploads do).
pub const BODY_BYTES_MAX: usize = form::FORM_BYTES_MAX;

/// Addresses that machines call. They get no page and no session.
const MACHINE_PATHS: [&str; 4] = ["/utbyte/", "/federation", "/halsa", "/stil/"];

/// The whole node as one service: every capability's router, and around them what holds for all.
pub fn app(node: Arc<Node>) -> Router {
    let capabilities = Router::new()
        .merge(crate::login::routes())
        .merge(crate::exchange::http::routes())
        .merge(crate::exchange::pages::routes())
        .merge(crate::services::pages::routes())
        .merge(crate::services::paper::routes())
        .merge(crate::services::signing_pages::routes())
        .merge(crate::cases::pages::routes())
        .merge(crate::cases::assisted::pages::routes())
        .merge(crate::cases::assisted::incoming::routes())
        .merge(crate::cases::assisted::outgoing::routes())
        .merge(crate::post::routes())
        .merge(crate::effects::pages::routes())
        .merge(crate::publishing::http::routes())
        .merge(crate::publishing::pages::routes())
        .merge(crate::cases::rule_page::routes());
    app_with(node, capabilities)
}

/// [`app`] with other capabilities than ours.
pub fn app_with(node: Arc<Node>, capabilities: Router<Arc<Node>>) -> Router {
    let trusted = CsrfLayer::new();
    let csrf = trusted
        .clone()
        .add_trusted_origin(&node.config.base_url)
        // `Config` has parsed base_url as an address without path; if the layer disagrees, only same-host posts are trusted.
        .unwrap_or(trusted);
    Router::new()
        .merge(pages::routes())
        .merge(capabilities)
        .route("/stil/{name}", get(assets::sheet))
        .fallback(|| async { Failure::NotFound })
        .method_not_allowed_fallback(|| async { Failure::NotFound })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(csrf)
        .layer(CatchPanicLayer::custom(|panic: Box<dyn std::any::Any + Send>| {
            let why = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            Failure::ours(format!("a page panicked: {why}")).into_response()
        }))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            REQUEST_TIMEOUT,
        ))
        .layer(middleware::from_fn_with_state(Arc::clone(&node), around))
        .with_state(node)
}

/// What happens around every request: trace, language, session; then the error's page, the headers and one line of log.
pub async fn around(State(node): State<Arc<Node>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let trace = TraceId::new(&node.chance);
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let is_machine = MACHINE_PATHS.iter().any(|path| request.uri().path().starts_with(path));
    let span = tracing::info_span!("request", node = node.config.name, trace = %trace);

    async move {
        let mut visit = visit::Visit {
            lang: visit::language(request.uri().query().unwrap_or_default(), request.headers()),
            at: node.clock.moment(),
            trace: trace.clone(),
            session: None,
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
        };
        let mut failed = None;
        if !is_machine {
            match crate::login::session_of(&node, request.headers()).await {
                Ok(session) => visit.session = session,
                Err(why) => failed = Some(why),
            }
        }
        request.extensions_mut().insert(visit.clone());
        let mut response = match failed {
            Some(failure) => failure.into_response(),
            None => next.run(request).await,
        };
        if !is_machine {
            response = explain(&node, &visit, response);
        }
        security_headers(&node, response.headers_mut(), is_machine);
        remember_language(&node, &visit, response.headers_mut());
        let status = response.status().as_u16();
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if !matches!(route.as_str(), "/halsa" | "/stil/{name}") {
            tracing::info!(%method, route, status, duration_ms, "answered");
        }
        response
    }
    .instrument(span)
    .await
}

/// Gives a failure, or an error that a layer answered without words, its page.
fn explain(node: &Node, visit: &Visit, response: Response) -> Response {
    let status = response.status();
    let failure = match response.extensions().get::<Failure>() {
        Some(failure) => failure.clone(),
        None if status.is_client_error() || status.is_server_error() => {
            let has_page = response
                .headers()
                .get(header::CONTENT_TYPE)
                .and_then(|value| value.to_str().ok())
                .is_some_and(|value| value.starts_with("text/html"));
            if has_page {
                return response;
            }
            Failure::of_status(status)
        }
        None => return response,
    };
    match &failure {
        Failure::Ours { operator } => tracing::error!(why = operator, "our fault"),
        Failure::TryLater { operator } => tracing::warn!(why = operator, "cannot answer now"),
        Failure::LoginNeeded { .. } | Failure::Elsewhere { .. } => return response,
        _ => {}
    }
    pages::failure(node, visit, &failure)
}

/// No script, no style but ours, nothing from elsewhere, never inside another page.
fn security_headers(node: &Node, headers: &mut HeaderMap, is_machine: bool) {
    let mut set = |name: HeaderName, value: HeaderValue| {
        headers.entry(name).or_insert(value);
    };
    set(
        header::CONTENT_SECURITY_POLICY,
        content_security_policy(node.config.eid.as_ref().map(|eid| eid.issuer.as_str())),
    );
    set(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    set(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    set(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    set(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    set(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), browsing-topics=()"),
    );
    if node.config.is_https() {
        set(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=63072000"),
        );
    }
    if !is_machine {
        // Pages hold personal data: no cache on the way, none left behind after logout.
        set(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// A form may lead to us, and on to the e-legitimation: browsers apply `form-action` to redirects too.
pub fn content_security_policy(form_goes_to: Option<&str>) -> HeaderValue {
    let origin = form_goes_to
        .and_then(origin)
        .map(|origin| format!(" {origin}"))
        .unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{origin}; frame-ancestors 'none'; \
         base-uri 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// `https://host:port` of an address.
pub fn origin(address: &str) -> Option<String> {
    let uri: http::Uri = address.parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
}

fn remember_language(node: &Node, visit: &Visit, headers: &mut HeaderMap) {
    if visit.query.split('&').any(|pair| pair.starts_with("lang=")) {
        let secure = if node.config.is_https() { "; Secure" } else { "" };
        let cookie = format!(
            "{}={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly{secure}",
            visit::LANG_COOKIE,
            visit.lang.code()
        );
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            headers.append(header::SET_COOKIE, value);
        }
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986 §2.3).
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tower::ServiceExt as _;

    use super::*;
    use crate::clock::Clock;
    use crate::node::tests::a_node_with_clock;

    async fn asked(request: axum::http::request::Builder, body: &str) -> (StatusCode, HeaderMap, String) {
        let (_dir, node) = a_node_with_clock(Clock::System);
        let response = app(node)
            .oneshot(request.body(Body::from(body.to_owned())).unwrap())
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    fn get(path: &str) -> axum::http::request::Builder {
        Request::get(path)
    }

    #[tokio::test]
    async fn the_start_page_says_who_is_here_in_the_asked_language() {
        let (status, headers, page) = asked(get("/"), "").await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("<html lang=\"sv\" data-theme=\"exempelkommun-b\">"));
        assert!(page.contains("Räddningsförbundet Exempelbygden"));
        assert!(page.contains("Exempelkommun B, miljönämnden, ansvarar"));
        assert!(page.contains("påhittade"));
        assert_eq!(headers["cache-control"], "no-store");
        let (_, headers, page) = asked(get("/?lang=en"), "").await;
        assert!(page.contains("<html lang=\"en\""));
        assert!(page.contains("The Environmental Committee"));
        assert!(
            headers["set-cookie"]
                .to_str()
                .unwrap()
                .starts_with("samverk-sprak=en; Path=/")
        );
    }

    #[tokio::test]
    async fn every_page_has_the_security_headers_and_runs_no_script() {
        for path in ["/", "/tillganglighet", "/personuppgifter", "/finns-inte"] {
            let (_, headers, page) = asked(get(path), "").await;
            assert_eq!(
                headers["content-security-policy"],
                "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; \
                 base-uri 'none'"
            );
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert_eq!(headers["referrer-policy"], "same-origin");
            assert!(
                !page.contains("<script") && !page.contains(" style=") && !page.contains(" onclick"),
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn a_missing_page_says_what_to_do_next_and_has_a_trace() {
        let (status, _, page) = asked(get("/finns-inte/%3Cb%3E?x=%3Ci%3E"), "").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(page.contains("Sidan finns inte") && page.contains("href=\"/mina\"") && page.contains("<code>"));
        assert!(!page.contains("<b>"), "what was asked for does not come back unescaped");
    }

    #[tokio::test]
    async fn a_post_from_another_site_is_refused() {
        let request = Request::post("/")
            .header("host", "a.example")
            .header("sec-fetch-site", "cross-site");
        let (status, _, page) = asked(request, "a=b").await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(page.contains("Formuläret togs inte emot"));
        let request = Request::post("/")
            .header("host", "a.example")
            .header("origin", "https://b.example");
        assert_eq!(asked(request, "a=b").await.0, StatusCode::FORBIDDEN);
    }

    #[tokio::test]
    async fn a_stylesheet_may_be_kept_for_ever() {
        let path = &assets::SHEETS[0].path;
        let (status, headers, css) = asked(get(path), "").await;
        assert_eq!(status, StatusCode::OK);
        assert!(headers["cache-control"].to_str().unwrap().contains("immutable"));
        assert!(css.contains(":root"));
        assert_eq!(asked(get("/stil/../node.toml"), "").await.0, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn health_is_for_machines() {
        let (status, headers, body) = asked(get("/halsa"), "").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers["content-type"], "application/json");
        assert!(body.contains("\"store\":\"answers\""));
    }

    #[test]
    fn encoded_text_is_safe_in_an_address() {
        assert_eq!(encoded("/utkast/å b?c=d"), "%2Futkast%2F%C3%A5%20b%3Fc%3Dd");
    }
}
