//! Insight for people: who has read about me, here, and the evidence of each reading.
//!
//! Always true: only the person, or one who may act for the company, sees its readings; evidence is handed out only of an
//! exchange that is about them; nothing here is counted or kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use jiff::Timestamp;
use samverk_domain::fact::Name;
use samverk_domain::terms::{BodyId, Side, Subject};
use samverk_domain::words::law::Lagrum;
use samverk_domain::words::letters::capital;
use samverk_store::StoreError;

use super::export;
use super::insight::{self, Usage, UsageType};
use crate::cases::assisted::record;
use crate::ctx::{Basis, Ctx, Ground};
use crate::login::Person;
use crate::node::Node;
use crate::trust::evidence;
use crate::web::parts::Icon;
use crate::web::texts::{Lang, Texts};
use crate::web::{Failure, Page, Visit, show};

pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route("/insyn", get(readings))
        .route("/insyn.csv", get(csv))
        .route("/insyn/bevis/{side}/{body}/{id}", get(proof))
}

#[derive(Template)]
#[template(path = "insight.html")]
struct InsightPage {
    page: Page,
    months: Vec<(String, Vec<Reading>)>,
    readings: usize,
    organisations: usize,
    company: Option<String>,
}

/// Readings that belong together: the same two bodies, the same reason, the same minute.
struct Reading {
    when: String,
    who: String,
    sent: bool,
    fields: String,
    at: String,
    why: String,
    law: String,
    answered: bool,
    by: String,
    proofs: Vec<(String, String)>,
    was_hidden: Option<String>,
    /// An official entered it: the body's signed statement.
    statement: Option<String>,
}

fn context(node: &Node, visit: &Visit, person: &Person) -> Ctx {
    Ctx {
        who: person.actor(),
        body: node.config.host().id.clone(),
        ground: Ground {
            basis: Basis::OwnRequest,
            purpose: "insyn".to_owned(),
        },
        at: visit.at,
        trace: visit.trace.clone(),
    }
}

/// Everything that this node's bodies have read, sent or disclosed about the person and the company they act for.
async fn own(node: &Arc<Node>, visit: &Visit, person: &Person) -> Result<Vec<Usage>, Failure> {
    let ctx = context(node, visit, person);
    let mut subjects = vec![Subject::PersonNr(person.0.person.number.digits().to_owned())];
    subjects.extend(
        person
            .0
            .acting_for
            .as_ref()
            .filter(|company| !company.together)
            .map(|company| Subject::OrgNr(company.number.clone())),
    );
    let view = node.federation.view(node.clock.now()).ok();
    let inner = Arc::clone(node);
    let found: Result<Vec<Usage>, StoreError> = node
        .store
        .read("exchange.insight", move |tx| {
            let statement = view.as_ref().map(|view| view.statement());
            let mut all: BTreeMap<(String, String), Usage> = BTreeMap::new();
            for subject in &subjects {
                for usage in insight::about_everywhere(&ctx, tx, &inner, statement, subject, Timestamp::MAX)? {
                    all.insert((usage.query_id.clone(), format!("{:?}", usage.usage_type)), usage);
                }
            }
            let mut all: Vec<Usage> = all.into_values().collect();
            all.sort_by(|a, b| (b.timestamp, &b.query_id).cmp(&(a.timestamp, &a.query_id)));
            Ok(all)
        })
        .await;
    Ok(found?)
}

async fn readings(State(node): State<Arc<Node>>, visit: Visit, person: Person) -> Result<Response, Failure> {
    let usages = own(&node, &visit, &person).await?;
    let page = Page::new(&node, &visit, Texts::get(visit.lang, "insight.heading"))
        .margin(Texts::get(visit.lang, "insight.margin"));
    let organisations: std::collections::BTreeSet<&BodyId> = usages.iter().map(|usage| &usage.initiator.id).collect();
    let organisations = organisations.len();
    let count = usages.len();
    let mut months: Vec<(String, Vec<Reading>)> = Vec::new();
    let mut last: Option<(String, String)> = None;
    for usage in &usages {
        let zoned = usage.timestamp.to_zoned(crate::clock::stockholm());
        let month = month(visit.lang, zoned.month(), zoned.year());
        let together = format!(
            "{}|{}|{}|{}|{}|{}",
            usage.initiator.id,
            usage.receiver.id,
            usage.what,
            usage.legal_basis,
            usage.answered,
            zoned.strftime("%Y-%m-%d %H:%M")
        );
        let fields = fields(&node, visit.lang, usage);
        let is_entry = usage.what == record::WHAT;
        let proof = (usage.answered && !is_entry).then(|| (proof_link(usage), fields.clone()));
        if let (Some((known, last_month)), Some((_, readings))) = (&last, months.last_mut())
            && *known == together
            && *last_month == month
            && let Some(reading) = readings.last_mut()
        {
            if !reading.fields.contains(&fields) {
                reading.fields = format!("{}, {fields}", reading.fields);
            }
            reading.proofs.extend(proof);
            continue;
        }
        let reading = Reading {
            when: page.instant(usage.timestamp),
            who: named(&usage.initiator.name, &usage.initiator.part_of),
            sent: usage.fields.is_empty(),
            statement: is_entry.then(|| format!("/inskickat/{}/kvitto.jws", usage.matter)),
            at: named(&usage.receiver.name, &usage.receiver.part_of),
            why: purpose(&node, visit.lang, &usage.purpose),
            law: Lagrum::parse(&usage.legal_basis).map_or_else(|_| usage.legal_basis.clone(), |law| law.in_full()),
            answered: usage.answered,
            by: usage.initiated_by.clone(),
            proofs: proof.into_iter().collect(),
            was_hidden: usage.was_hidden.clone(),
            fields,
        };
        match months.last_mut() {
            Some((known, readings)) if *known == month => readings.push(reading),
            _ => months.push((month.clone(), vec![reading])),
        }
        last = Some((together, month));
    }
    show(&InsightPage {
        months,
        readings: count,
        organisations,
        company: person
            .0
            .acting_for
            .as_ref()
            .filter(|company| !company.together)
            .map(|company| company.name.clone()),
        page,
    })
}

fn named(name: &str, part_of: &str) -> String {
    if part_of.is_empty() {
        name.to_owned()
    } else {
        format!("{name}, {part_of}")
    }
}

fn month(lang: Lang, month: i8, year: i16) -> String {
    let first = jiff::civil::Date::new(year, month, 1).unwrap_or_default();
    let day = crate::web::layout::day(lang, first);
    let text = day.split_once(' ').map_or(day.as_str(), |(_, rest)| rest);
    capital(text)
}

/// The facts' names as the service has them, else the register's own.
fn fields(node: &Node, lang: Lang, usage: &Usage) -> String {
    if usage.fields.is_empty() {
        return Texts::get(lang, message(&usage.what)).to_string();
    }
    let slug = Name::parse(&usage.purpose).ok();
    let pack = slug.and_then(|slug| node.library.versions(&slug).pop());
    let names = usage.fields.iter().map(|field| {
        let fact = pack.as_ref().and_then(|known| {
            let all = known
                .pack
                .facts
                .iter()
                .chain(known.pack.lists.iter().flat_map(|list| &list.columns));
            let mut all = all.filter_map(|fact| match &fact.source.it {
                samverk_domain::pack::Source::Register(source) => Some((fact, source)),
                _ => None,
            });
            let found =
                all.find(|(_, source)| source.register.as_str() == usage.what && source.field.as_str() == field);
            let (fact, _) = found?;
            known.pack.text(lang.code(), &format!("namn.{}", fact.name.it))
        });
        fact.map_or_else(|| field.clone(), str::to_owned)
    });
    names.collect::<Vec<_>>().join(", ")
}

/// The text key of a kind of message.
fn message(kind: &str) -> &'static str {
    match kind {
        record::WHAT => "insight.entry",
        "application" => "insight.application",
        "status" => "insight.status",
        "completion_request" | "completion" => "insight.completion",
        "hearing" | "hearing_answer" => "insight.hearing",
        "referral" => "insight.referral",
        "opinion" => "insight.opinion",
        "letter_notice" | "letter_opened" => "insight.letter",
        "decision_copy" => "insight.decision_copy",
        _ => "insight.other",
    }
}

fn purpose(node: &Node, lang: Lang, purpose: &str) -> String {
    let slug = Name::parse(purpose).ok();
    let known = slug.and_then(|slug| node.library.versions(&slug).pop());
    known
        .as_ref()
        .and_then(|known| known.pack.text(lang.code(), "tjänst.titel"))
        .unwrap_or(purpose)
        .to_owned()
}

fn proof_link(usage: &Usage) -> String {
    let (side, body) = match usage.usage_type {
        UsageType::DataRequest => ("fragade", &usage.initiator.id),
        UsageType::DataResponse => ("svarade", &usage.receiver.id),
    };
    format!("/insyn/bevis/{side}/{body}/{}", usage.query_id)
}

/// One exchange as a file that anyone can check with `samverk verify`.
async fn proof(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path((side, body, id)): Path<(String, String, String)>,
) -> Result<Response, Failure> {
    let body = BodyId::parse(&body).map_err(|_| Failure::NotFound)?;
    let side = match side.as_str() {
        "fragade" => Side::Consumer,
        "svarade" => Side::Provider,
        _ => return Err(Failure::NotFound),
    };
    let usages = own(&node, &visit, &person).await?;
    let theirs = usages.iter().any(|usage| {
        let same_side = matches!(
            (usage.usage_type, side),
            (UsageType::DataRequest, Side::Consumer) | (UsageType::DataResponse, Side::Provider)
        );
        let here = if side == Side::Consumer {
            &usage.initiator.id
        } else {
            &usage.receiver.id
        };
        usage.query_id == id && same_side && *here == body
    });
    // An entry is no exchange: its statement is the receipt.
    let is_entry = |usage: &Usage| usage.query_id == id && usage.what == record::WHAT;
    if !theirs || usages.iter().any(is_entry) {
        return Err(Failure::NotFound);
    }
    let it = export::evidence(&node, &body, side, &id).await.map_err(Failure::ours)?;
    let bytes = evidence::to_file(&it).map_err(Failure::ours)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"bevis-{id}.json\""),
        ),
    ];
    Ok((headers, bytes).into_response())
}

async fn csv(State(node): State<Arc<Node>>, visit: Visit, person: Person) -> Result<Response, Failure> {
    let usages = own(&node, &visit, &person).await?;
    let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut out = String::from(
        "queryId,type,timestamp,initiator,receiver,initiatedBy,purpose,legalBasis,what,fields,matter,answered\n",
    );
    for usage in &usages {
        let kind = match usage.usage_type {
            UsageType::DataRequest => "DATA_REQUEST",
            UsageType::DataResponse => "DATA_RESPONSE",
        };
        let cells = [
            usage.query_id.as_str(),
            kind,
            &usage.timestamp.to_string(),
            &usage.initiator.name,
            &usage.receiver.name,
            &usage.initiated_by,
            &usage.purpose,
            &usage.legal_basis,
            &usage.what,
            &usage.fields.join(" "),
            &usage.matter,
            if usage.answered { "true" } else { "false" },
        ]
        .map(cell);
        out.push_str(&cells.join(","));
        out.push('\n');
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"insyn.csv\""),
    ];
    Ok((headers, out).into_response())
}
