//! A service on paper: the form to fill in with a pen, and today's forms beside the one journey.
//!
//! Always true here: both pages are cut from the version that is started here, and name nobody; the paper form is the author's
//! own document with its own style and nothing else; an asking of today stands crossed out only when the service says what
//! answers it.

use std::sync::Arc;

use askama::Template;
use aws_lc_rs::digest;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samverk_author::{blankett, forms};
use samverk_domain::finding::{FileId, Severity};
use samverk_domain::pack::Pack;
use samverk_domain::words::letters::capital;

use super::pages::{offered, title};
use crate::library::Library;
use crate::node::Node;
use crate::web::layout::Shape;
use crate::web::{Failure, Page, Visit, encoded, show};

pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route("/tjanster/{slug}/blankett", get(form))
        .route("/tjanster/{slug}/blanketter", get(todays))
}

async fn form(State(node): State<Arc<Node>>, visit: Visit, Path(slug): Path<String>) -> Result<Response, Failure> {
    let known = offered(&node, &visit, &slug)?;
    let to = |path: &str, text: &str| blankett::Way {
        address: format!("/tjanster/{}{path}", encoded(&slug)),
        text: text.to_owned(),
    };
    // The form is in Swedish whatever the language of the page that led to it.
    let mut ways = vec![to("", "Gör det på webben i stället")];
    if beside(&node.library, &known.pack).is_some() {
        ways.push(to("/blanketter", "Dagens blanketter bredvid den här"));
    }
    ways.push(to("/versioner", "Vilka som har antagit tjänsten"));
    let form = blankett::write_with(&known.pack, None, &ways).map_err(Failure::ours)?;
    // The one style element of the document, by its hash (CSP level 3 §6.7.3.3); nothing else is loaded.
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, form.style.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    );
    let policy = HeaderValue::from_str(&policy).map_err(Failure::ours)?;
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(form.html)).into_response())
}

#[derive(Template)]
#[template(path = "services/forms.html")]
struct FormsPage {
    page: Page,
    slug: String,
    beside: forms::Beside,
    rows: Vec<Line>,
}

struct Line {
    what: String,
    times: u32,
    asked_in: String,
    answers: Vec<String>,
    still_asked: bool,
}

/// Today's forms beside the service, when its folder holds them and they fit the version.
pub fn beside(library: &Library, pack: &Pack) -> Option<forms::Beside> {
    let file = library.forms(&pack.meta.slug.it)?;
    let (read, found) = forms::read(pack, &file, FileId(0));
    let is_wrong = found.iter().any(|finding| finding.severity == Severity::Error);
    (!is_wrong && !read.forms.is_empty()).then(|| forms::beside(pack, &read))
}

async fn todays(State(node): State<Arc<Node>>, visit: Visit, Path(slug): Path<String>) -> Result<Response, Failure> {
    let known = offered(&node, &visit, &slug)?;
    let pack = &known.pack;
    let beside = beside(&node.library, pack).ok_or(Failure::NotFound)?;
    let rows = beside.rows.iter().map(|row| Line {
        what: row.what.clone(),
        times: row.times,
        asked_in: row
            .asked_in
            .iter()
            .map(|(form, times)| match times {
                1 => form.clone(),
                times => format!("{form} ×{times}"),
            })
            .collect::<Vec<_>>()
            .join(", "),
        answers: forms::said(pack, &row.answers)
            .iter()
            .map(|said| capital(said))
            .collect(),
        still_asked: row.still_asked,
    });
    show(&FormsPage {
        page: Page::new(&node, &visit, title(pack, visit.lang))
            .back(format!("/tjanster/{}", encoded(&slug)))
            .shape(Shape::Wide),
        rows: rows.collect(),
        beside,
        slug: encoded(&slug),
    })
}
