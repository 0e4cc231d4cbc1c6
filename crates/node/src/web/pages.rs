//! The node's own pages: start, accessibility, personal data, language, health, and what is said when something went wrong.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::layout::{Page, Shape, show, show_as};
use super::texts::{Lang, Text, Texts};
use super::{Failure, Visit};
use crate::config::BodyConfig;
use crate::login::LoginFault;
use crate::node::Node;

pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route("/", get(start))
        .route("/halsa", get(health))
        .route("/tillganglighet", get(accessibility))
        .route("/personuppgifter", get(personal_data))
        .route("/sprak", get(language))
}

/// A service that people may start here.
struct Service {
    slug: String,
    title: String,
    intro: String,
}

/// One body on this node, as the start page names it.
struct BodyLine {
    name: String,
    part_of: String,
    theme: String,
    is_guest: bool,
}

impl BodyLine {
    fn of(body: &BodyConfig, lang: Lang) -> Self {
        Self {
            name: match lang {
                Lang::Sv => body.name.clone(),
                Lang::En => body.name_en.clone(),
            },
            part_of: body.part_of.clone(),
            theme: if body.theme.is_empty() {
                "neutral".to_owned()
            } else {
                body.theme.clone()
            },
            is_guest: body.guest,
        }
    }
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start {
    page: Page,
    is_portal: bool,
    services: Vec<Service>,
    bodies: Vec<BodyLine>,
    can_log_in: bool,
}

/// `/`: who we are, and the ways on.
async fn start(State(node): State<Arc<Node>>, visit: Visit) -> Result<Response, Failure> {
    let page = Page::new(&node, &visit, "").shape(Shape::Columns);
    let title = page.face.name.clone();
    let page = Page { title, ..page };
    let page = page.clone().margin(page.t("start.margin"));
    show(&Start {
        is_portal: node.config.portal.is_some(),
        services: services(&node, &visit),
        bodies: node
            .config
            .bodies
            .iter()
            .map(|body| BodyLine::of(body, visit.lang))
            .collect(),
        can_log_in: node.config.eid.is_some(),
        page,
    })
}

/// The portal's services in the page's language: those with a version that holds today.
fn services(node: &Node, visit: &Visit) -> Vec<Service> {
    let slugs = node.config.portal.iter().flat_map(|portal| &portal.packs);
    slugs
        .filter_map(|slug| {
            let known = crate::publishing::running(node, slug, visit.at.day)?;
            let text = |key| known.pack.text(visit.lang.code(), key).unwrap_or_default().to_owned();
            Some(Service {
                slug: slug.to_string(),
                title: text("tjänst.titel"),
                intro: text("tjänst.ingress"),
            })
        })
        .collect()
}

/// `/halsa`: for a supervisor and other nodes. Answers from the store, so that a stuck store is seen.
async fn health(State(node): State<Arc<Node>>) -> Response {
    let reads = node
        .store
        .read("health", |tx| {
            tx.query_one("select 1 as one", samverk_store::params![]).map(drop)
        })
        .await;
    let status = match reads {
        Ok(()) => axum::http::StatusCode::OK,
        Err(why) => {
            tracing::error!(%why, "the store does not answer");
            axum::http::StatusCode::SERVICE_UNAVAILABLE
        }
    };
    let body = serde_json::json!({
        "node": node.config.name,
        "version": env!("CARGO_PKG_VERSION"),
        "store": if status.is_success() { "answers" } else { "does not answer" },
        "at": node.clock.now().to_string(),
    });
    (status, [(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
}

#[derive(Template)]
#[template(path = "accessibility.html")]
struct Accessibility {
    page: Page,
}

async fn accessibility(State(node): State<Arc<Node>>, visit: Visit) -> Result<Response, Failure> {
    let title = Texts::get(visit.lang, "accessibility.heading");
    let page = Page::new(&node, &visit, title).back("/");
    show(&Accessibility { page })
}

#[derive(Template)]
#[template(path = "personal_data.html")]
struct PersonalData {
    page: Page,
    bodies: Vec<BodyLine>,
}

async fn personal_data(State(node): State<Arc<Node>>, visit: Visit) -> Result<Response, Failure> {
    let title = Texts::get(visit.lang, "personal_data.heading");
    show(&PersonalData {
        page: Page::new(&node, &visit, title).back("/"),
        bodies: node
            .config
            .bodies
            .iter()
            .map(|body| BodyLine::of(body, visit.lang))
            .collect(),
    })
}

/// `/sprak?lang=en`: remembers the language ([`super::around`] sets the cookie) and goes to the start page.
async fn language() -> Response {
    axum::response::Redirect::to("/").into_response()
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    page: Page,
    heading: Text,
    what: Text,
    next: Text,
    telephone: String,
}

/// The page of a failure, with its status.
pub fn failure(node: &Node, visit: &Visit, failure: &Failure) -> Response {
    let t = |key| Texts::get(visit.lang, key);
    let (heading, what, next) = match failure {
        Failure::NotFound => (
            t("failure.not_found.heading"),
            t("failure.not_found.what"),
            t("failure.not_found.next"),
        ),
        Failure::Forbidden => (
            t("failure.forbidden.heading"),
            t("failure.forbidden.what"),
            t("failure.forbidden.next"),
        ),
        Failure::Forged => (
            t("failure.forged.heading"),
            t("failure.forged.what"),
            t("failure.forged.next"),
        ),
        Failure::BadRequest | Failure::LoginNeeded { .. } | Failure::Elsewhere { .. } => (
            t("failure.bad_request.heading"),
            t("failure.bad_request.what"),
            t("failure.bad_request.next"),
        ),
        Failure::Stale => (
            t("failure.stale.heading"),
            t("failure.stale.what"),
            t("failure.stale.next"),
        ),
        Failure::TooLarge => (
            t("failure.too_large.heading"),
            t("failure.too_large.what"),
            t("failure.too_large.next"),
        ),
        Failure::TryLater { .. } => (
            t("failure.later.heading"),
            t("failure.later.what"),
            t("failure.later.next"),
        ),
        Failure::Login(LoginFault::Cancelled) => (
            t("login.cancelled.heading"),
            t("login.cancelled.what"),
            t("login.cancelled.next"),
        ),
        Failure::Login(LoginFault::NotBegunHere) => (
            t("login.not_begun_here.heading"),
            t("login.not_begun_here.what"),
            t("login.not_begun_here.next"),
        ),
        Failure::Login(LoginFault::Refused) => (
            t("login.refused.heading"),
            t("login.refused.what"),
            t("login.refused.next"),
        ),
        Failure::Login(LoginFault::TooWeak) => (
            t("login.too_weak.heading"),
            t("login.too_weak.what"),
            t("login.too_weak.next"),
        ),
        Failure::Login(LoginFault::NoPerson) => (
            t("login.no_person.heading"),
            t("login.no_person.what"),
            t("login.no_person.next"),
        ),
        Failure::Login(LoginFault::OtherPerson) => (
            t("login.other_person.heading"),
            t("login.other_person.what"),
            t("login.other_person.next"),
        ),
        Failure::Ours { .. } => (
            t("failure.ours.heading"),
            t("failure.ours.what"),
            t("failure.ours.next"),
        ),
    };
    let page = Page::new(node, visit, heading.to_string());
    let telephone = page.face.telephone.clone();
    let shown = show_as(
        failure.status(),
        &FailurePage {
            page,
            heading,
            what,
            next,
            telephone,
        },
    );
    // Rendering into a string does not fail; if it does, the bare status is still true.
    shown.unwrap_or_else(|_| failure.status().into_response())
}
