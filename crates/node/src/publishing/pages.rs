//! The catalogue: which bodies use which version of which service, and what they have set. Learn from each other.
//!
//! Always true: everybody may read it, no login; it holds what bodies have signed and published in the federation and nothing
//! of any case; what does not count is not shown as if it did.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use jiff::civil::Date;
use samverk_domain::fact::{Name, Value};
use samverk_domain::pack::Type;
use samverk_domain::rules::Delegation;
use samverk_domain::terms::BodyId;
use serde::Serialize;

use super::{adoption_that_counts, fetch, running};
use crate::node::Node;
use crate::services::{field, paper};
use crate::web::layout::{self, Shape};
use crate::web::texts::{Lang, Texts};
use crate::web::{Failure, Page, Visit, encoded, show};

pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route("/tjanster", get(all))
        .route("/tjanster.json", get(all_json))
        .route("/tjanster/{slug}/versioner", get(one))
        .route("/tjanster/{slug}/versioner.json", get(one_json))
}

/// A service as the federation uses it.
#[derive(Clone, Debug, Serialize)]
pub struct Service {
    pub pack: Name,
    pub title: String,
    /// The version in which people start it here; absent where they cannot.
    pub started_here_in: Option<u32>,
    /// Newest first.
    pub versions: Vec<Version>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Version {
    pub version: u32,
    /// Hex.
    pub sha256: String,
    pub publisher: BodyId,
    pub publisher_name: String,
    /// What this node knows of the document; absent when it does not have it.
    pub valid_from: Option<Date>,
    pub valid_to: Option<Date>,
    pub published_at: Option<Timestamp>,
    /// Where the signed document is.
    pub address: String,
    pub adoptions: Vec<Adopted>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Adopted {
    pub body: BodyId,
    pub name: String,
    pub part_of: String,
    pub decided: String,
    pub adopted_at: Timestamp,
    pub steps: Vec<Name>,
    pub parameters: Vec<Set>,
    pub delegations: BTreeMap<Name, Delegation>,
    pub receptions: BTreeSet<BodyId>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Set {
    pub parameter: Name,
    pub label: String,
    pub values: Vec<Dated>,
    pub decision: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Dated {
    pub from: Option<Date>,
    pub value: String,
    /// With its unit, in the reader's language.
    pub shown: String,
}

/// What the federation's adoptions and this node's own versions say, by service.
pub fn catalogue(node: &Node, day: Date, lang: Lang) -> Vec<Service> {
    let view = node.federation.view(node.clock.now()).ok();
    let mut services: BTreeMap<Name, BTreeMap<u32, Version>> = BTreeMap::new();
    for known in node.library.all() {
        let meta = &known.pack.meta;
        // A document that nobody has given out or adopted is nobody's yet.
        let Some(signed) = &known.signed else { continue };
        let publisher = &signed.version.publisher;
        let version = Version {
            version: meta.version.it,
            sha256: known.sha256.clone(),
            publisher: publisher.clone(),
            publisher_name: String::new(),
            valid_from: Some(meta.valid_from.it),
            valid_to: meta.valid_to.as_ref().map(|to| to.it),
            published_at: Some(signed.version.published_at),
            address: String::new(),
            adoptions: vec![],
        };
        services
            .entry(meta.slug.it.clone())
            .or_default()
            .insert(meta.version.it, version);
    }
    for published in view.iter().flat_map(|view| view.adoptions()) {
        let it = &published.it;
        let version = services
            .entry(it.pack.clone())
            .or_default()
            .entry(it.version)
            .or_insert_with(|| Version {
                version: it.version,
                sha256: it.pack_sha256.clone(),
                publisher: it.publisher.clone(),
                publisher_name: String::new(),
                valid_from: None,
                valid_to: None,
                published_at: None,
                address: String::new(),
                adoptions: vec![],
            });
        let known = node.library.version(&it.pack, it.version);
        let counts = match (&known, &view) {
            (Some(known), Some(view)) => adoption_that_counts(view, &it.body, known).is_some(),
            _ => true,
        };
        if !counts || version.sha256 != it.pack_sha256 {
            continue;
        }
        if version.valid_from.is_none()
            && let Some(known) = &known
        {
            version.valid_from = Some(known.pack.meta.valid_from.it);
            version.valid_to = known.pack.meta.valid_to.as_ref().map(|to| to.it);
        }
        let body = view.as_ref().and_then(|view| view.body(&it.body).cloned());
        let label = |name: &Name| {
            let text = known
                .as_ref()
                .and_then(|known| known.pack.text(lang.code(), &format!("namn.{name}")));
            text.map_or_else(|| name.to_string(), str::to_owned)
        };
        version.adoptions.push(Adopted {
            body: it.body.clone(),
            name: body.as_ref().map_or_else(
                || it.body.to_string(),
                |body| match lang {
                    Lang::En if !body.name_en.is_empty() => body.name_en.clone(),
                    _ => body.name.clone(),
                },
            ),
            part_of: body.map(|body| body.part_of).unwrap_or_default(),
            decided: it.decided.clone(),
            adopted_at: it.adopted_at,
            steps: it.steps.clone(),
            parameters: it
                .parameters
                .iter()
                .map(|(name, values)| Set {
                    parameter: name.clone(),
                    label: label(name),
                    values: values
                        .iter()
                        .map(|(from, value)| Dated {
                            from: *from,
                            value: value.to_string(),
                            shown: in_unit(lang, known.as_ref().and_then(|known| known.pack.type_of(name)), value),
                        })
                        .collect(),
                    decision: it.parameter_decisions.get(name).cloned(),
                })
                .collect(),
            delegations: it.delegations.clone(),
            receptions: it.receptions.clone(),
        });
    }
    let portal = node.config.portal.as_ref();
    let mut all = Vec::new();
    for (pack, versions) in services {
        let newest = node.library.versions(&pack).pop();
        let title = newest.as_ref().map_or_else(
            || pack.to_string(),
            |known| {
                let text = known.pack.text(lang.code(), "tjänst.titel");
                text.unwrap_or(known.pack.title.it.as_str()).to_owned()
            },
        );
        let here = portal.filter(|portal| portal.packs.contains(&pack));
        let started = here.and_then(|_| running(node, &pack, day));
        let mut versions: Vec<Version> = versions.into_values().rev().collect();
        for version in &mut versions {
            let publisher = view.as_ref().and_then(|view| view.body(&version.publisher));
            version.publisher_name = publisher.map_or_else(|| version.publisher.to_string(), |body| body.name.clone());
            if let Some(publisher) = publisher {
                version.address = fetch::address(&publisher.node, &pack, version.version);
            }
        }
        all.push(Service {
            started_here_in: started.map(|known| known.pack.meta.version.it),
            pack,
            title,
            versions,
        });
    }
    all
}

/// The services in a row: each with its versions and where they lead.
#[derive(Template)]
#[template(path = "catalogue.html")]
struct CataloguePage {
    page: Page,
    services: Vec<Entry>,
}

struct Entry {
    slug: String,
    title: String,
    /// The title is in another language than the page.
    title_lang: Lang,
    intro: String,
    is_started_here: bool,
    has_forms: bool,
    /// `Version 2. Gäller från 1 juni 2026. Utgiven av Företagsporten. Antagen av 10 organ.`
    versions: Vec<String>,
}

impl Entry {
    fn of(node: &Node, lang: Lang, service: &Service) -> Self {
        let newest = node.library.versions(&service.pack).pop();
        let text = |key| newest.as_ref().and_then(|known| known.pack.text(lang.code(), key));
        Self {
            slug: encoded(service.pack.as_str()),
            title: service.title.clone(),
            title_lang: if text("tjänst.titel").is_some() {
                lang
            } else {
                Lang::Sv
            },
            intro: text("tjänst.ingress").unwrap_or_default().to_owned(),
            is_started_here: service.started_here_in.is_some(),
            has_forms: newest.is_some_and(|known| paper::beside(&node.library, &known.pack).is_some()),
            versions: service
                .versions
                .iter()
                .map(|version| {
                    let title = Texts::get(lang, "catalogue.version").with("version", version.version);
                    let adopted = match version.adoptions.len() {
                        0 => Texts::get(lang, "catalogue.nobody"),
                        1 => Texts::get(lang, "catalogue.one_body"),
                        some => Texts::get(lang, "catalogue.bodies").with("n", some),
                    };
                    format!("{title}. {} {adopted}", version.facts(lang))
                })
                .collect(),
        }
    }
}

impl Version {
    /// `Gäller från 1 juni 2026. Utgiven av Företagsporten.`
    fn facts(&self, lang: Lang) -> String {
        let t = |k| Texts::get(lang, k);
        let mut all = Vec::new();
        match (self.valid_from, self.valid_to) {
            (Some(from), Some(to)) => {
                let valid = t("catalogue.valid_to").with("from", layout::day(lang, from));
                all.push(valid.with("to", layout::day(lang, to)).to_string());
            }
            (Some(from), None) => all.push(t("catalogue.valid").with("from", layout::day(lang, from)).to_string()),
            (None, _) => {}
        }
        all.push(t("catalogue.publisher").with("name", &self.publisher_name).to_string());
        all.join(" ")
    }
}

async fn all(State(node): State<Arc<Node>>, visit: Visit) -> Result<Response, Failure> {
    let services = catalogue(&node, visit.at.day, visit.lang);
    show(&CataloguePage {
        page: Page::new(&node, &visit, Texts::get(visit.lang, "catalogue.heading"))
            .back("/")
            .margin(Texts::get(visit.lang, "catalogue.margin")),
        services: services
            .iter()
            .map(|service| Entry::of(&node, visit.lang, service))
            .collect(),
    })
}

async fn all_json(State(node): State<Arc<Node>>, visit: Visit) -> Response {
    let services = catalogue(&node, visit.at.day, visit.lang);
    Json(serde_json::json!({ "services": services })).into_response()
}

fn found(node: &Node, visit: &Visit, slug: &str) -> Result<Service, Failure> {
    let mut services = catalogue(node, visit.at.day, visit.lang);
    services.retain(|service| service.pack.as_str() == slug);
    services.pop().ok_or(Failure::NotFound)
}

/// One service: who uses which version of it, and what they have set.
#[derive(Template)]
#[template(path = "catalogue_service.html")]
struct ServicePage {
    page: Page,
    service: Entry,
    started_here_in: Option<u32>,
    versions: Vec<VersionRows>,
}

struct VersionRows {
    version: u32,
    facts: String,
    /// Where the signed document is; empty when it is not known to be given out.
    address: String,
    rows: Vec<BodyRow>,
}

struct BodyRow {
    name: String,
    decided: String,
    steps: Vec<String>,
    set: Vec<String>,
    delegated: Vec<String>,
}

impl VersionRows {
    fn of(node: &Node, lang: Lang, slug: &Name, version: &Version) -> Self {
        let known = node.library.version(slug, version.version);
        let step = |step: &Name| {
            let text = known
                .as_ref()
                .and_then(|known| known.pack.text(lang.code(), &format!("steg.{step}")));
            text.map_or_else(|| step.to_string(), str::to_owned)
        };
        let rows = version.adoptions.iter().map(|adopted| BodyRow {
            name: match adopted.part_of.as_str() {
                "" => adopted.name.clone(),
                whole => format!("{}, {whole}", adopted.name),
            },
            decided: unbroken(&adopted.decided),
            steps: adopted.steps.iter().map(step).collect(),
            set: adopted.parameters.iter().map(|set| set.in_words(lang)).collect(),
            delegated: adopted
                .delegations
                .values()
                .map(|it| {
                    let day = layout::day(Lang::Sv, it.decided_on);
                    unbroken(&format!(
                        "{}: {} ({}, {day}, {})",
                        it.scope, it.to, it.decided_by, it.paragraph
                    ))
                })
                .collect(),
        });
        Self {
            version: version.version,
            facts: version.facts(lang),
            address: match version.published_at {
                Some(_) => version.address.clone(),
                None => String::new(),
            },
            rows: rows.collect(),
        }
    }
}

/// A paragraph's sign stays with its number.
fn unbroken(text: &str) -> String {
    text.replace("§ ", "§\u{a0}")
}

impl Set {
    /// `Avgift för bygglov: 8 700 kronor från 1 juni 2026`
    fn in_words(&self, lang: Lang) -> String {
        let values = self.values.iter().map(|it| match it.from {
            Some(from) => Texts::get(lang, "catalogue.from")
                .with("value", &it.shown)
                .with("day", layout::day(lang, from))
                .to_string(),
            None => it.shown.clone(),
        });
        let decision = self.decision.as_ref().map(|decision| format!(" ({decision})"));
        format!(
            "{}: {}{}",
            self.label,
            values.collect::<Vec<_>>().join("; "),
            decision.unwrap_or_default()
        )
    }
}

/// A parameter's value with its unit.
fn in_unit(lang: Lang, ty: Option<&Type>, value: &Value) -> String {
    match (ty, value) {
        (Some(Type::Kronor { .. }), Value::Number(number)) => field::kronor(lang, *number),
        (Some(Type::Number { unit: Some(unit), .. }), Value::Number(_)) => {
            format!("{value} {}", field::unit_in(lang, unit))
        }
        _ => value.to_string(),
    }
}

async fn one(State(node): State<Arc<Node>>, visit: Visit, Path(slug): Path<String>) -> Result<Response, Failure> {
    let service = found(&node, &visit, &slug)?;
    let heading = Texts::get(visit.lang, "catalogue.service").with("service", &service.title);
    show(&ServicePage {
        page: Page::new(&node, &visit, heading).back("/tjanster").shape(Shape::Wide),
        started_here_in: service.started_here_in,
        versions: service
            .versions
            .iter()
            .map(|version| VersionRows::of(&node, visit.lang, &service.pack, version))
            .collect(),
        service: Entry::of(&node, visit.lang, &service),
    })
}

async fn one_json(State(node): State<Arc<Node>>, visit: Visit, Path(slug): Path<String>) -> Result<Response, Failure> {
    Ok(Json(found(&node, &visit, &slug)?).into_response())
}
