//! The page of effects, and the same figures for machines: `/effekter/{slug}`, `.json`, `.csv`; staff: `/egna.json`.
//!
//! Always true: what is public went through [`public::published`]; unsuppressed figures go to staff, of their own bodies;
//! a chart has its table beside it and a figure says how it was counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use jiff::{SignedDuration, Timestamp};
use samverk_domain::fact::Name;
use samverk_domain::pack::Pack;
use samverk_domain::terms::BodyId;

use super::public::{self, CASES_MIN, Published, PublishedFigure, ROUNDED_TO, word};
use super::summary::{By, Effect, NotShown, REGISTER_FAILED, REUSED_ANSWER_REFUSED, Summary, UNKNOWN, Unit};
use super::{NotCounted, gather, year_to};
use crate::clock::stockholm;
use crate::login::{Permission, Staff};
use crate::node::Node;
use crate::web::parts::{Banner, BannerKind, Column, Knot, KnotState, Markup, Table, Thread, Why};
use crate::web::texts::escape;
use crate::web::{Failure, Lang, Page, Texts, Visit, show};

/// Public figures are counted anew at most this often: whoever reloads the page does not work the store.
const KEPT: SignedDuration = SignedDuration::from_secs(10);

/// What was published last, by service.
type Kept = Arc<Mutex<BTreeMap<String, (Timestamp, Arc<Published>)>>>;

pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route("/effekter/{page}", get(everybody))
        .route("/effekter/{slug}/egna.json", get(own))
        .layer(Extension(Kept::default()))
}

impl From<NotCounted> for Failure {
    fn from(why: NotCounted) -> Self {
        match why {
            NotCounted::TooMany { .. } => Self::later(why),
            NotCounted::Store(why) => why.into(),
        }
    }
}

async fn count(node: &Arc<Node>, visit: &Visit, slug: &Name, bodies: Option<Vec<BodyId>>) -> Result<Summary, Failure> {
    let (own, slug, period) = (Arc::clone(node), slug.to_string(), year_to(visit.at.day));
    let counted: Result<Summary, NotCounted> = node
        .store
        .read("effects.count", move |tx| {
            gather(tx, &own.library, &own.config.name, &slug, period, bodies.as_deref())
        })
        .await;
    Ok(counted?)
}

/// The service that an address names, if this node knows it.
fn service(node: &Node, visit: &Visit, slug: &str) -> Result<(Name, Arc<crate::library::Known>), Failure> {
    let slug = Name::parse(slug).map_err(|_| Failure::NotFound)?;
    let known = node.library.newest(&slug, visit.at.day).ok_or(Failure::NotFound)?;
    Ok((slug, known))
}

/// `/effekter/starta-restaurang`, with `.json` or `.csv` for machines.
async fn everybody(
    State(node): State<Arc<Node>>,
    Extension(kept): Extension<Kept>,
    visit: Visit,
    Path(asked): Path<String>,
) -> Result<Response, Failure> {
    // A service's name has no dot.
    let (slug, form) = asked.split_once('.').unwrap_or((&asked, ""));
    let (slug, known) = service(&node, &visit, slug)?;
    let published = latest(&node, &kept, &visit, &slug).await?;
    match form {
        "" => show(&effects_page(&node, &visit, &known.pack, &published)?),
        "json" => Ok(axum::Json(&*published).into_response()),
        "csv" => {
            let file = format!(
                "attachment; filename=\"effekter-{}.csv\"",
                crate::web::encoded(slug.as_str())
            );
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
                (header::CONTENT_DISPOSITION, file),
            ];
            Ok((headers, public::csv(&published).map_err(Failure::ours)?).into_response())
        }
        _ => Err(Failure::NotFound),
    }
}

async fn latest(node: &Arc<Node>, kept: &Kept, visit: &Visit, slug: &Name) -> Result<Arc<Published>, Failure> {
    let now = visit.at.instant;
    let last = {
        let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(slug.as_str()).cloned()
    };
    if let Some((at, published)) = last
        && now.duration_since(at).abs() < KEPT
    {
        return Ok(published);
    }
    let published = Arc::new(public::published(&count(node, visit, slug, None).await?));
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.insert(slug.to_string(), (now, Arc::clone(&published)));
    Ok(published)
}

/// Unsuppressed, for staff: of the bodies in which they have a role.
async fn own(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let (slug, _) = service(&node, &visit, &slug)?;
    let bodies = staff.bodies(Permission::SeeEffects);
    let summary = count(&node, &visit, &slug, Some(bodies)).await?;
    Ok(axum::Json(summary).into_response())
}

// ---- Words -----------------------------------------------------------------------------------------------------------

/// What an effect is called.
pub fn name(lang: Lang, effect: Effect) -> String {
    let key = match effect {
        Effect::QuestionsAsked => "effects.name_questions_asked",
        Effect::QuestionsPerApplication => "effects.name_questions_per_application",
        Effect::FactsFetched => "effects.name_facts_fetched",
        Effect::AskedDespiteRegister => "effects.name_asked_despite_register",
        Effect::AskedTwice => "effects.name_asked_twice",
        Effect::FactsDisputed => "effects.name_facts_disputed",
        Effect::AttachmentsUploaded => "effects.name_attachments_uploaded",
        Effect::CertificatesHeld => "effects.name_certificates_held",
        Effect::Submissions => "effects.name_submissions",
        Effect::DecidedAutomatically => "effects.name_decided_automatically",
        Effect::DecidedByPeople => "effects.name_decided_by_people",
        Effect::TimeToDecision => "effects.name_time_to_decision",
        Effect::CompletionRequests => "effects.name_completion_requests",
        Effect::DraftsRemoved => "effects.name_drafts_removed",
    };
    Texts::get(lang, key).into()
}

/// How an effect is counted, and what the figure does not say.
pub fn how(lang: Lang, effect: Effect) -> String {
    let key = match effect {
        Effect::QuestionsAsked => "effects.how_questions_asked",
        Effect::QuestionsPerApplication => "effects.how_questions_per_application",
        Effect::FactsFetched => "effects.how_facts_fetched",
        Effect::AskedDespiteRegister => "effects.how_asked_despite_register",
        Effect::AskedTwice => "effects.how_asked_twice",
        Effect::FactsDisputed => "effects.how_facts_disputed",
        Effect::AttachmentsUploaded => "effects.how_attachments_uploaded",
        Effect::CertificatesHeld => "effects.how_certificates_held",
        Effect::Submissions => "effects.how_submissions",
        Effect::DecidedAutomatically => "effects.how_decided_automatically",
        Effect::DecidedByPeople => "effects.how_decided_by_people",
        Effect::TimeToDecision => "effects.how_time_to_decision",
        Effect::CompletionRequests => "effects.how_completion_requests",
        Effect::DraftsRemoved => "effects.how_drafts_removed",
    };
    Texts::get(lang, key).into()
}

/// Why an effect has no figure.
pub fn why_not(lang: Lang, why: NotShown) -> String {
    let key = match why {
        NotShown::NothingRecorded => "effects.nothing_recorded",
        NotShown::NotTraceable => "effects.not_traceable",
    };
    Texts::get(lang, key).into()
}

/// A row's key in words, where it is one of ours; else itself.
pub fn part(lang: Lang, key: &str) -> String {
    let text = match key {
        REGISTER_FAILED => "effects.register_failed",
        REUSED_ANSWER_REFUSED => "effects.reused_answer_refused",
        UNKNOWN => "effects.unknown",
        _ => return key.to_owned(),
    };
    Texts::get(lang, text).into()
}

/// `3 min`, `17 tim`, `34 dygn`; rounded down.
pub fn duration(lang: Lang, seconds: u64) -> String {
    let (key, number) = match seconds {
        0..60 => ("effects.seconds", seconds),
        60..3_600 => ("effects.minutes", seconds / 60),
        3_600..172_800 => ("effects.hours", seconds / 3_600),
        _ => ("effects.days", seconds / 86_400),
    };
    Texts::get(lang, key).with("number", digits(lang, number)).into()
}

/// `1 284`, `1,284`.
fn digits(lang: Lang, number: u64) -> String {
    let plain = number.to_string();
    let mut out = String::new();
    for (at, digit) in plain.chars().enumerate() {
        if at > 0 && (plain.len() - at).is_multiple_of(3) {
            out.push(match lang {
                Lang::Sv => '\u{a0}',
                Lang::En => ',',
            });
        }
        out.push(digit);
    }
    out
}

// ---- The page --------------------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "effects.html")]
struct EffectsPage {
    page: Page,
    slug: String,
    period: String,
    lead: String,
    few: Option<Banner>,
    headline: Vec<(String, String)>,
    charts: Vec<Chart>,
    lines: Vec<Line>,
    not_shown: Vec<(String, String)>,
}

/// One effect.
struct Line {
    figure: String,
    name: String,
    table: Option<Table>,
    why: Why,
}

struct Chart {
    effect: Effect,
    id: &'static str,
    heading: String,
    table: Table,
    svg: Markup,
}

fn effects_page(node: &Node, visit: &Visit, pack: &Pack, published: &Published) -> Result<EffectsPage, Failure> {
    let lang = visit.lang;
    let t = |key| Texts::get(lang, key);
    let title = pack.text(lang.code(), "tjänst.titel").unwrap_or(pack.title.it.as_str());
    let mut page = Page::new(node, visit, t("effects.heading").with("service", title)).margin(t("effects.margin"));
    if node.config.portal.is_some() {
        page = page.back(format!("/tjanster/{}", published.service));
    }
    let names = names(node, lang, pack);
    let few = published.suppresses().then(|| Banner {
        kind: BannerKind::Info,
        heading: t("effects.few").into(),
        body: Markup::trusted(format!(
            "<p>{}</p>",
            escape(
                &t("effects.few_text")
                    .with("min", CASES_MIN)
                    .with("step", ROUNDED_TO)
                    .to_string()
            )
        )),
    });
    let headline = [
        Effect::QuestionsPerApplication,
        Effect::CertificatesHeld,
        Effect::TimeToDecision,
        Effect::DecidedAutomatically,
    ];
    let headline = headline.iter().filter_map(|effect| {
        let figure = published.figure(*effect)?;
        Some((shown(lang, figure.unit, figure.value?), name(lang, *effect)))
    });
    let charts = charts(lang, published, &names);
    let lines = published.figures.iter().map(|figure| {
        let has_chart = charts.iter().any(|chart| chart.effect == figure.effect);
        line(lang, figure, &names, has_chart)
    });
    let lines = lines.collect();
    let last = published.to - SignedDuration::from_secs(1);
    let day = |at: Timestamp| page.day(at.to_zoned(stockholm()).date());
    Ok(EffectsPage {
        slug: published.service.clone(),
        period: format!("{} – {}", day(published.from), day(last)),
        lead: match published.cases {
            Some(cases) => t("effects.lead").with("cases", digits(lang, cases)).into(),
            None => t("effects.lead_few").with("min", CASES_MIN).into(),
        },
        few,
        headline: headline.take(3).collect(),
        charts,
        lines,
        not_shown: published
            .not_shown
            .iter()
            .map(|(effect, why)| (name(lang, *effect), why_not(lang, *why)))
            .collect(),
        page,
    })
}

/// Names of bodies and steps.
fn names(node: &Node, lang: Lang, pack: &Pack) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    if let Ok(view) = node.federation.view(node.clock.now()) {
        for body in &view.federation().bodies {
            let own = match lang {
                Lang::En if !body.name_en.is_empty() => &body.name_en,
                _ => &body.name,
            };
            names.insert(body.id.to_string(), own.clone());
        }
    }
    for step in &pack.steps {
        let step = &step.name.it;
        if let Some(text) = pack.text(lang.code(), &format!("steg.{step}")) {
            names.insert(step.to_string(), text.to_owned());
        }
    }
    names
}

fn row_name(lang: Lang, names: &BTreeMap<String, String>, key: &str) -> String {
    names.get(key).cloned().unwrap_or_else(|| part(lang, key))
}

fn shown(lang: Lang, unit: Unit, value: u64) -> String {
    match unit {
        Unit::MedianSeconds => duration(lang, value),
        Unit::Count | Unit::MedianCount => digits(lang, value),
    }
}

fn shown_or_few(lang: Lang, unit: Unit, value: Option<u64>) -> String {
    match value {
        Some(value) => shown(lang, unit, value),
        None => Texts::get(lang, "effects.suppressed").into(),
    }
}

/// `has_chart`: its table stands beside the chart.
fn line(lang: Lang, figure: &PublishedFigure, names: &BTreeMap<String, String>, has_chart: bool) -> Line {
    let name = name(lang, figure.effect);
    let kinds = figure
        .counted_from
        .iter()
        .map(|kind| format!("<code>{}</code>", escape(&word(kind))));
    let knot = |label, body| Knot {
        state: KnotState::Plain,
        label: Texts::get(lang, label).into(),
        when: String::new(),
        body,
    };
    let knots = vec![
        knot(
            "effects.counted_from",
            Markup::trusted(format!("<p>{}</p>", kinds.collect::<Vec<_>>().join(", "))),
        ),
        knot(
            "effects.counted_how",
            Markup::trusted(format!("<p>{}</p>", escape(&how(lang, figure.effect)))),
        ),
    ];
    Line {
        figure: shown_or_few(lang, figure.unit, figure.value),
        table: (!figure.rows.is_empty() && !has_chart).then(|| table(lang, &name, figure, names)),
        why: Why {
            lang,
            about: format!(" {name}"),
            body: Markup::trusted(Thread { knots, small: true }.to_string()),
            open: false,
        },
        name,
    }
}

fn table(lang: Lang, caption: &str, figure: &PublishedFigure, names: &BTreeMap<String, String>) -> Table {
    let column = |key, numeric| Column {
        heading: Texts::get(lang, key).into(),
        numeric,
        labelled: numeric,
    };
    let first = match figure.by {
        Some(By::Body) => "effects.by_body",
        Some(By::Reason) => "effects.by_reason",
        Some(By::Step) | None => "effects.by_step",
    };
    let value = match figure.unit {
        Unit::Count => "effects.number",
        Unit::MedianCount | Unit::MedianSeconds => "effects.median",
    };
    let rows = figure.rows.iter().map(|row| {
        vec![
            Markup::text(row_name(lang, names, &row.key)),
            Markup::text(shown_or_few(lang, figure.unit, row.value)),
            Markup::text(shown_or_few(lang, Unit::Count, row.cases)),
        ]
    });
    Table {
        caption: caption.to_owned(),
        caption_hidden: true,
        columns: vec![column(first, false), column(value, true), column("effects.cases", true)],
        rows: rows.collect(),
    }
}

/// Charts of what has at least one bar to draw.
fn charts(lang: Lang, published: &Published, names: &BTreeMap<String, String>) -> Vec<Chart> {
    let chart = |effect, id, heading| {
        let figure = published.figure(effect)?;
        let bars: Vec<(String, u64)> = figure
            .rows
            .iter()
            .filter_map(|row| Some((row_name(lang, names, &row.key), row.value?)))
            .collect();
        let heading: String = Texts::get(lang, heading).into();
        (!bars.is_empty()).then(|| Chart {
            effect,
            id,
            svg: bar_chart(lang, id, &heading, figure.unit, &bars),
            table: table(lang, &heading, figure, names),
            heading,
        })
    };
    [
        chart(Effect::TimeToDecision, "tid", "effects.chart_time"),
        chart(Effect::FactsFetched, "kalla", "effects.chart_sources"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Horizontal bars from nought, each under its name; the table beside holds every value.
fn bar_chart(lang: Lang, id: &str, heading: &str, unit: Unit, bars: &[(String, u64)]) -> Markup {
    use std::fmt::Write as _;
    const WIDTH: u64 = 480;
    const BAR_MAX: u64 = 390;
    const ROW: usize = 52;
    let most = bars.iter().map(|(_, value)| *value).max().unwrap_or(0).max(1);
    let height = bars.len() * ROW + 4;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title>\
         <desc id=\"{id}-d\">{}</desc>",
        escape(heading),
        escape(&Texts::get(lang, "effects.chart_described").to_string()),
    );
    for (at, (name, value)) in bars.iter().enumerate() {
        let top = at * ROW;
        let long = (value.saturating_mul(BAR_MAX) / most).max(2);
        let _ = write!(
            svg,
            "<text x=\"0\" y=\"{}\" font-size=\"14\">{}</text><rect class=\"bar\" x=\"0\" y=\"{}\" width=\"{long}\" \
             height=\"20\"/><text x=\"{}\" y=\"{}\" font-size=\"14\" font-weight=\"700\">{}</text>",
            top + 16,
            escape(name),
            top + 24,
            long + 8,
            top + 39,
            escape(&shown(lang, unit, *value)),
        );
    }
    let _ = write!(
        svg,
        "<line class=\"axis\" x1=\"0\" y1=\"20\" x2=\"0\" y2=\"{height}\"/></svg>"
    );
    Markup::trusted(svg)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use samverk_domain::events::Kind;
    use samverk_store::events::{self, Event};
    use tower::ServiceExt as _;

    use super::super::summary::tests::event;
    use super::*;
    use crate::clock::Clock;
    use crate::node::tests::{CONFIG, a_node};

    /// A node with the services of this repository, where `cases` matters each had two facts fetched and were decided.
    async fn used(cases: i64) -> (tempfile::TempDir, Arc<Node>) {
        let packs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs");
        let config = CONFIG.replacen("made_up", &format!("packs = \"{packs}\"\nmade_up"), 1);
        let (dir, node) = a_node(&config, Clock::System);
        let now = node.clock.now();
        let mut happened = Vec::new();
        for case in 0..cases {
            let id = format!("m{case}");
            happened.push(event(0, &id, Kind::StepOpened, "livsmedel", ""));
            happened.push(event(
                1,
                &id,
                Kind::FieldPrefilled,
                "företag.f-skatt",
                "skatteregistret",
            ));
            happened.push(event(2, &id, Kind::FieldPrefilled, "företag.moms", "skatteregistret"));
            happened.push(event(9, &id, Kind::DecidedAutomatic, "livsmedel", ""));
        }
        let happened: Vec<Event> = happened
            .into_iter()
            .enumerate()
            .map(|(at, event)| Event {
                at: now + SignedDuration::from_secs(i64::try_from(at).unwrap() - 3_000),
                ..event
            })
            .collect();
        let written: Result<(), samverk_store::StoreError> = node
            .store
            .run("test", move |tx| {
                happened.iter().try_for_each(|event| events::append(tx, event))
            })
            .await;
        written.unwrap();
        (dir, node)
    }

    async fn asked(node: &Arc<Node>, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = crate::web::app(Arc::clone(node)).oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn the_page_shows_figures_with_table_chart_and_how_they_are_counted() {
        let (_dir, node) = used(20).await;
        let (status, page) = asked(&node, "/effekter/starta-restaurang").await;
        assert_eq!(status, StatusCode::OK);
        for part in [
            "<h1>Effekter: ",
            "ungefär 20 ärenden",
            "<svg viewBox",
            "aria-labelledby=\"kalla-t kalla-d\"",
            "<td role=\"cell\" class=\"num\" data-label=\"Antal:\">40</td>",
            "Varför?",
            "<code>field_prefilled</code>",
            "href=\"/effekter/starta-restaurang.csv\"",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        assert!(!page.contains("Några siffror visas inte"));
        let (_, page) = asked(&node, "/effekter/starta-restaurang?lang=en").await;
        assert!(page.contains("<h1>Effects: ") && page.contains("about 20 cases"));
    }

    #[tokio::test]
    async fn few_cases_are_suppressed_on_the_page_and_for_machines_and_it_is_said() {
        let (_dir, node) = used(3).await;
        let (_, page) = asked(&node, "/effekter/starta-restaurang").await;
        assert!(
            page.contains("Några siffror visas inte") && page.contains("få ärenden"),
            "{page}"
        );
        assert!(page.contains("Färre än 5 ärenden") && !page.contains("<rect"));
        let (_, json) = asked(&node, "/effekter/starta-restaurang.json").await;
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(json["cases"].is_null());
        for figure in json["figures"].as_array().unwrap() {
            assert!(figure["value"].is_null(), "{figure}");
        }
        let (_, csv) = asked(&node, "/effekter/starta-restaurang.csv").await;
        assert!(csv.contains(",facts_fetched,,,count,,yes"), "{csv}");
    }

    #[tokio::test]
    async fn every_id_on_the_page_stands_once_and_every_chart_is_named() {
        let (_dir, node) = used(20).await;
        let (_, page) = asked(&node, "/effekter/starta-restaurang").await;
        let html = scraper::Html::parse_document(&page);
        let all = |selector| scraper::Selector::parse(selector).unwrap();
        let mut ids: Vec<&str> = html.select(&all("[id]")).filter_map(|e| e.attr("id")).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        for svg in html.select(&all("figure svg")) {
            for id in svg.attr("aria-labelledby").unwrap().split(' ') {
                assert!(ids.contains(&id), "{id}");
            }
        }
        let named: Vec<_> = html
            .select(&all("[role=region]"))
            .filter_map(|e| e.attr("aria-label"))
            .collect();
        let mut once = named.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), named.len(), "two regions have the same name: {named:?}");
    }

    #[tokio::test]
    async fn unsuppressed_figures_need_a_login_and_an_unknown_service_is_not_found() {
        let (_dir, node) = used(3).await;
        let (status, body) = asked(&node, "/effekter/starta-restaurang/egna.json").await;
        assert!(status.is_redirection(), "{status}");
        assert!(!body.contains("facts_fetched"));
        for path in [
            "/effekter/finns-inte",
            "/effekter/starta-restaurang.xml",
            "/effekter/%00",
        ] {
            assert_eq!(asked(&node, path).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn numbers_are_grouped_as_the_language_writes_them() {
        assert_eq!(digits(Lang::Sv, 1_284), "1\u{a0}284");
        assert_eq!(digits(Lang::En, 1_234_567), "1,234,567");
        assert_eq!(digits(Lang::Sv, 999), "999");
        assert_eq!(duration(Lang::Sv, 172_800), "2 dygn");
    }
}
