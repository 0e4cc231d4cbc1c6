//! The case worker's pages: the queue, the case with the one thing to do now, and the acts.
//!
//! Always true: who has no role in a body does not learn that its cases exist (404); a role without the permission is told
//! so (403); what the law does not allow is told on the page with its reason, and what was written is still there.

use std::fmt::Write as _;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::civil::Date;
use samverk_domain::case::NotAllowed;
use samverk_domain::case::act::Communication;
use samverk_domain::case::assisted::Entered;
use samverk_domain::case::decision::Authority;
use samverk_domain::case::messages::Origin;
use samverk_domain::case::procedure::may;
use samverk_domain::fact::{Known, Name, Value};
use samverk_domain::pack::{Decider, OutcomeKind, Source};
use samverk_domain::rules::Verdict;
use samverk_domain::terms::BodyId;
use samverk_domain::words::time::{add_days, add_weeks};
use samverk_store::{StoreError, cases, diary, documents};
use serde::Deserialize;

use super::desk::{self, Doing};
use super::file::{Examined, Held, Open, Stopped, Summary, body_config, open_box};
use super::todo::{self, Todo, Waits};
use super::{assisted, papers, proceed, referrals};
use crate::ctx::{Basis, Ctx, Ground};
use crate::login::permissions::Permission;
use crate::login::{Desk, Staff};
use crate::node::Node;
use crate::post::letter::{self, outcome_text, step_text};
use crate::post::pages::{evidence_file, kind_label, show_paper};
use crate::post::why::evidence_address;
use crate::services::draft::key as slot_key;
use crate::web::form::Fields;
use crate::web::layout::{Shape, day, instant};
use crate::web::parts::{Check, CheckState, Checks, Column, Deadline, Icon, Markup, Stamp, Table};
use crate::web::texts::{Lang, escape};
use crate::web::{Failure, Page, Visit, show, show_as};

pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route("/handlaggning", get(queue))
        .route("/handlaggning/{case}", get(case))
        .route("/handlaggning/{case}/gor/{doing}", get(ask).post(done))
        .route("/handlaggning/{case}/yttrande", post(opinion))
        .route("/handlaggning/{case}/handling/{document}", get(document))
        .route("/handlaggning/{case}/bevis/{exchange}", get(case_evidence))
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    ko: String,
}

struct Tab {
    address: String,
    label: String,
    current: bool,
}

struct Section {
    body: String,
    heading: String,
    tabs: Vec<Tab>,
    table: Option<Table>,
}

#[derive(Template)]
#[template(path = "queue.html")]
struct Queue {
    page: Page,
    sections: Vec<Section>,
    may_enter: bool,
    /// Letters on paper that wait to be posted.
    to_post: usize,
}

fn waits_label(waits: Waits) -> &'static str {
    match waits {
        Waits::Staff => "Väntar på oss",
        Waits::Party => "Väntar på part",
        Waits::Referral => "Väntar på remiss",
        Waits::Register => "Väntar på register",
        Waits::Meeting => "Nämndens möte",
        Waits::Nobody => "Avgjorda",
    }
}

/// `10 nov`
fn short(day: Date) -> String {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mars", "april", "maj", "juni", "juli", "aug", "sep", "okt", "nov", "dec",
    ];
    let month = usize::from(day.month().unsigned_abs().saturating_sub(1)).min(11);
    format!("{} {}", day.day(), MONTHS[month])
}

/// `i dag`, `i morgon`, `12 dagar kvar`, `3 dagar för sent`
fn left(today: Date, last: Date) -> String {
    let days = today.until(last).map_or(0, |span| span.get_days());
    match days {
        0 => "i dag".to_owned(),
        1 => "i morgon".to_owned(),
        -1 => "en dag för sent".to_owned(),
        days if days < 0 => format!("{} dagar för sent", -days),
        days => format!("{days} dagar kvar"),
    }
}

fn due_tag(today: Date, last: Date) -> Markup {
    let days = today.until(last).map_or(0, |span| span.get_days());
    let class = match days {
        ..=1 => "tag tag--stop",
        2..=7 => "tag tag--wait",
        _ => "nowrap",
    };
    Markup::trusted(format!(
        "<span class=\"{class}\">{}</span><br><span class=\"subtle\">{}</span>",
        short(last),
        left(today, last)
    ))
}

async fn queue(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let bodies = staff.bodies(Permission::SeeQueue);
    if bodies.is_empty() {
        return Err(Failure::Forbidden);
    }
    let waits = Waits::ALL
        .into_iter()
        .find(|waits| waits.word() == wanted.ko)
        .unwrap_or(Waits::Staff);
    type Lines = Vec<(BodyId, Vec<(String, u64)>, Vec<(cases::Line, Summary)>)>;
    let own = Arc::clone(&node);
    let found: Result<Lines, Stopped> = node
        .store
        .read("cases.queue", move |tx| {
            let mut all = Vec::new();
            for body in bodies {
                let counts = cases::waiting(tx, &body)?;
                let lines = cases::queue(tx, &body, waits.word())?
                    .into_iter()
                    .map(|line| {
                        let summary = open_box(&own, &line.body, &line.id, "summary", &line.summary)?;
                        Ok((line, summary))
                    })
                    .collect::<Result<Vec<_>, Stopped>>()?;
                all.push((body, counts, lines));
            }
            Ok(all)
        })
        .await;
    let today = visit.at.day;
    let mut sections = Vec::new();
    let mut face = None;
    for (body, counts, lines) in found? {
        let config = body_config(&node, &body)?;
        face.get_or_insert_with(|| config.clone());
        let count = |waits: Waits| {
            counts
                .iter()
                .find(|(word, _)| word == waits.word())
                .map_or(0, |(_, count)| *count)
        };
        let tabs = Waits::ALL
            .into_iter()
            .map(|other| Tab {
                address: format!("/handlaggning?ko={}", other.word()),
                label: format!("{} ({})", waits_label(other), count(other)),
                current: other == waits,
            })
            .collect();
        let heading = match (waits, count(Waits::Staff)) {
            (Waits::Staff, 0) => "Inget ärende väntar på er".to_owned(),
            (Waits::Staff, 1) => "Ett ärende väntar på er".to_owned(),
            (Waits::Staff, several) => format!("{several} ärenden väntar på er"),
            _ => waits_label(waits).to_owned(),
        };
        let rows: Vec<Vec<Markup>> = lines
            .into_iter()
            .map(|(line, summary)| {
                vec![
                    Markup::trusted(format!(
                        "<a href=\"/handlaggning/{}\"><span class=\"nowrap\">{}</span></a>",
                        escape(&line.id),
                        escape(&line.diary_number)
                    )),
                    Markup::trusted(format!(
                        "{}<br><span class=\"subtle\">{}</span>",
                        escape(&summary.party),
                        escape(&summary.step)
                    )),
                    Markup::trusted(format!(
                        "{}<br><span class=\"subtle\">{}</span>",
                        escape(&summary.todo),
                        escape(&summary.because)
                    )),
                    line.stands
                        .due
                        .map_or_else(|| Markup::text("ingen frist"), |last| due_tag(today, last)),
                ]
            })
            .collect();
        let column = |heading: &str, labelled| Column {
            heading: heading.to_owned(),
            labelled,
            ..Column::default()
        };
        let table = (!rows.is_empty()).then(|| Table {
            caption: format!("Ärenden hos {}", config.name),
            caption_hidden: true,
            columns: vec![
                column("Diarienummer", false),
                column("Part och steg", false),
                column("Gör det här", false),
                column("Senast", true),
            ],
            rows,
        });
        sections.push(Section {
            body: config.name.clone(),
            heading,
            tabs,
            table,
        });
    }
    let mut page = Page::new(&node, &visit, "Kö").shape(Shape::Wide).desk();
    if let Some(face) = &face {
        page = page.of(face);
    }
    show(&Queue {
        may_enter: !staff.bodies(Permission::EnterForOther).is_empty(),
        to_post: assisted::outgoing::waiting(&node, &staff).await?,
        page,
        sections,
    })
}

/// The case's row, if the visitor has a role in its body.
async fn row(node: &Arc<Node>, staff: &Staff, id: &str, permission: Permission) -> Result<(cases::Row, Desk), Failure> {
    let id = id.to_owned();
    let found: Result<Option<cases::Row>, StoreError> =
        node.store.read("cases.row", move |tx| cases::by_id(tx, &id)).await;
    let row = found?.ok_or(Failure::NotFound)?;
    let desk = staff.may(permission, &row.body)?;
    Ok((row, desk))
}

fn ctx(desk: &Desk, visit: &Visit, row: &cases::Row) -> Ctx {
    Ctx {
        who: desk.actor(),
        body: row.body.clone(),
        ground: Ground {
            basis: Basis::Operation,
            purpose: row.pack.clone(),
        },
        at: visit.at,
        trace: visit.trace.clone(),
    }
}

struct Choice {
    address: String,
    label: &'static str,
}

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage {
    page: Page,
    party: String,
    step: String,
    about: String,
    state: String,
    stamp: Stamp,
    todo: Todo,
    form: Markup,
    checks: Checks,
    rows: Markup,
    facts: Markup,
    documents: Table,
    diary: Table,
    entered: Markup,
    deadlines: Vec<Deadline>,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "case_act.html")]
struct ActPage {
    page: Page,
    heading: &'static str,
    about: String,
    error: Option<String>,
    form: Markup,
}

#[derive(Template)]
#[template(path = "referral_matter.html")]
struct ReferralPage {
    page: Page,
    stamp: Stamp,
    asker: String,
    matter: referrals::Matter,
    facts: Vec<(String, String)>,
    may_answer: bool,
    error: Option<String>,
    answer_by: String,
    answered: Option<String>,
    action: String,
}

async fn case(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (row, _) = row(&node, &staff, &id, Permission::OpenCase).await?;
    if row.kind == cases::Kind::Referral {
        return referral_page(&node, &visit, &staff, row, None);
    }
    type Lists = (Vec<documents::Document>, Vec<diary::Entry>);
    let case_id = row.id.clone();
    let lists: Result<Lists, StoreError> = node
        .store
        .read("cases.lists", move |tx| {
            Ok((documents::of_case(tx, &case_id)?, diary::of_case(tx, &case_id)?))
        })
        .await;
    let (papers, entries) = lists?;
    let open = Open::of(&node, row)?;
    let today = visit.at.day;
    let examined = open.examine(&node, today)?;
    let todo = todo::todo(&open, &examined, today);
    let may_do = |doing: Doing| {
        staff.may(doing.permission(), &open.row.body).is_ok()
            && may(&open.file.case, doing.kind(), moment(&visit)).is_ok()
    };
    let now = doing_for(&todo);
    let page = Page::new(
        &node,
        &visit,
        format!("{} {}", open.diary_number(), open.file.party_name()),
    )
    .of(body_config(&node, &open.row.body)?)
    .back("/handlaggning")
    .shape(Shape::Case)
    .margin("Frister och åtgärder")
    .desk();
    let form = match now.filter(|doing| may_do(*doing)) {
        Some(doing) => form(&node, &visit, &page, &open, &examined, doing, None),
        None => match now {
            Some(doing) => Markup::trusted(format!(
                "<p>{} görs av någon med den rollen.</p>",
                escape(doing_label(doing, &open))
            )),
            None => Markup::default(),
        },
    };
    let choices = Doing::ALL
        .into_iter()
        .filter(|doing| Some(*doing) != now && may_do(*doing) && fits(*doing, &open, &examined))
        .map(|doing| Choice {
            address: format!("/handlaggning/{}/gor/{}", open.row.id, doing.slug()),
            label: doing_label(doing, &open),
        })
        .chain(
            assisted::incoming::choices(&staff, &open)
                .into_iter()
                .map(|(address, label)| Choice { address, label }),
        )
        .collect();
    let column = |heading: &str, labelled| Column {
        heading: heading.to_owned(),
        labelled,
        ..Column::default()
    };
    let documents = Table {
        caption: "Handlingar".to_owned(),
        caption_hidden: true,
        columns: vec![column("Handling", false), column("Slag", false), column("Dag", true)],
        rows: papers
            .iter()
            .map(|paper| {
                vec![
                    Markup::trusted(format!(
                        "<a href=\"/handlaggning/{}/handling/{}\">{}</a>",
                        escape(&open.row.id),
                        escape(&paper.id),
                        escape(&paper.title)
                    )),
                    Markup::text(kind_label(&paper.kind)),
                    Markup::text(day(visit.lang, paper.day)),
                ]
            })
            .collect(),
    };
    let diary = Table {
        caption: "Diariet".to_owned(),
        caption_hidden: true,
        columns: vec![
            column("När", false),
            column("Vad", false),
            column("Från eller till", true),
        ],
        rows: entries
            .iter()
            .map(|entry| {
                vec![
                    Markup::text(instant(Lang::Sv, entry.at)),
                    Markup::text(&entry.what),
                    Markup::text(&entry.who),
                ]
            })
            .collect(),
    };
    let case = &open.file.case;
    let received = case.opening().received.day.to_string();
    let complete = case
        .complete()
        .map_or_else(|| "inte än".to_owned(), |when| when.day.to_string());
    show(&CasePage {
        party: open.file.party_name().to_owned(),
        step: step_text(open.pack(), "sv", open.step_name()),
        about: about(&open),
        state: case.state().label().to_owned(),
        stamp: Stamp {
            head: open.diary_number().to_owned(),
            rows: vec![("Inkom".to_owned(), received), ("Komplett".to_owned(), complete)],
        },
        todo,
        form,
        checks: checks(&open),
        rows: rule_rows(&open, &examined),
        facts: facts(&open),
        documents,
        diary,
        entered: assisted::pages::panel(&open),
        deadlines: deadlines(&open, today),
        choices,
        page,
    })
}

fn moment(visit: &Visit) -> samverk_domain::words::time::Moment {
    samverk_domain::words::time::Moment {
        instant: visit.at.instant,
        day: visit.at.day,
    }
}

fn about(open: &Open) -> String {
    let applicant = &open.file.application.applicant;
    let facts = open.file.facts();
    let place = Name::parse("lokal.adress")
        .ok()
        .and_then(|name| facts.of(&name).value().map(ToString::to_string));
    let number = applicant
        .represents
        .as_ref()
        .map(|number| Value::OrgNr(number.clone()).to_string());
    [number, Some(applicant.person_name.clone()), place]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

/// The form for what is to be done now.
fn doing_for(todo: &Todo) -> Option<Doing> {
    Some(match todo.key {
        "dispute" => Doing::Settle,
        "incomplete" | "completion_overdue" => Doing::AskForCompletion,
        "find_complete" => Doing::FindComplete,
        "refer" => Doing::Refer,
        "referral_overdue" => Doing::Remind,
        "assess" => Doing::Assess,
        "communicate" => Doing::Communicate,
        "propose" => Doing::Propose,
        "decide" => Doing::Decide,
        "board" => Doing::Board,
        "notify" => Doing::Notify,
        "appeal" => Doing::TestAppeal,
        _ => return None,
    })
}

/// Whether the case is a private performer's, who agrees or acknowledges and takes no decision.
fn is_private(open: &Open) -> bool {
    open.step().is_ok_and(|step| open.pack().is_private(step))
}

fn doing_label(doing: Doing, open: &Open) -> &'static str {
    match doing {
        Doing::Propose if is_private(open) => "Gör ett utkast till svar",
        Doing::Decide if is_private(open) => "Lämna svaret",
        _ => doing.label(),
    }
}

/// Acts that the procedure allows but that have nothing to act on.
fn fits(doing: Doing, open: &Open, examined: &Examined) -> bool {
    let case = &open.file.case;
    match doing {
        Doing::Settle => open.file.open_disputes().next().is_some(),
        Doing::Assess => !assessments(open, examined).is_empty(),
        Doing::Refer => !todo::unsent_referrals(open, examined).is_empty(),
        Doing::Decide => {
            desk::outcome_now(open, examined).is_some_and(|outcome| !is_for_board(open, examined, &outcome))
        }
        Doing::Board => !is_private(open) && desk::outcome_now(open, examined).is_some(),
        Doing::Notify => case.decided().is_some_and(|decided| decided.notified.is_empty()),
        _ => true,
    }
}

fn is_for_board(open: &Open, examined: &Examined, outcome: &str) -> bool {
    open.pack()
        .outcomes_of(open.step_name())
        .any(|listed| listed.name.it == outcome && proceed::is_for_board(open, examined, listed))
}

/// The assessments that the step can rest on.
fn assessments(open: &Open, examined: &Examined) -> Vec<Name> {
    let waiting = todo::waiting_for(open, examined, |source| *source == Source::CaseWorker);
    if !waiting.is_empty() {
        return waiting;
    }
    open.file
        .facts
        .iter()
        .filter(|held| matches!(held.sent.known, Known::Value(Value::Assessment { .. })))
        .map(|held| held.sent.slot.fact.clone())
        .collect()
}

fn label(open: &Open, name: &Name) -> String {
    let text = open.pack().text("sv", &format!("namn.{name}"));
    text.map_or_else(|| name.to_string(), str::to_owned)
}

/// `Är sökanden lämplig? Ja`, `Gasol inomhus: 12 liter`
fn answered(label: &str, value: &str) -> String {
    match (label.ends_with('?'), value) {
        (true, "ja") => format!("{label} Ja"),
        (true, "nej") => format!("{label} Nej"),
        _ => format!("{label}: {value}"),
    }
}

fn law_of(open: &Open, name: &Name) -> String {
    let fact = open.pack().fact(name);
    fact.and_then(|fact| fact.processing.as_ref().or(fact.disclosure.as_ref()))
        .map_or_else(String::new, |law| law.it.in_full())
}

fn deadlines(open: &Open, today: Date) -> Vec<Deadline> {
    let case = &open.file.case;
    let mut all = Vec::new();
    let mut add = |what: &str, last: Date, counted: &str| {
        all.push(Deadline {
            what: what.to_owned(),
            day: last,
            shown: short(last),
            counted: counted.to_owned(),
            left: left(today, last),
        });
    };
    if case.decided().is_none() {
        if let Some(last) = case.decide_by() {
            add("Beslut senast", last, "enligt tjänstens frist");
        }
        for asked in case
            .completion_requests()
            .iter()
            .filter(|asked| asked.answered.is_none())
        {
            add("Komplettering senast", asked.asked.answer_by, "20 § förvaltningslagen");
        }
        for referral in case.referrals().iter().filter(|referral| referral.answered.is_none()) {
            add("Remissvar senast", referral.answer_by, "26 § förvaltningslagen");
        }
        for hearing in case.hearings().iter().filter(|hearing| hearing.answered.is_none()) {
            if let Communication::Ask { answer_by } = hearing.how {
                add("Yttrande senast", answer_by, "25 § förvaltningslagen");
            }
        }
        if let Some(request) = case.request() {
            add("Begäran om avgörande", request.decide_by, "12 § förvaltningslagen");
        }
    }
    if let Some(last) = case.appeal_until(&super::file::applicant()) {
        add("Överklagande senast", last, "från delgivningen");
    }
    all
}

/// What speaks for and against: assessments, opinions, hearing, jäv.
fn checks(open: &Open) -> Checks {
    let mut checks = Vec::new();
    let case = &open.file.case;
    for held in &open.file.facts {
        let name = &held.sent.slot.fact;
        if let (Known::Value(Value::Assessment { answer, reasons }), Origin::CaseWorker { by, at }) =
            (&held.sent.known, &held.sent.origin)
        {
            checks.push(Check {
                state: if *answer { CheckState::Yes } else { CheckState::No },
                title: answered(&label(open, name), if *answer { "ja" } else { "nej" }),
                body: Markup::trusted(format!(
                    "<p class=\"flush\">{}</p><p class=\"flush subtle\">{}, {}</p>",
                    escape(reasons),
                    escape(by),
                    instant(Lang::Sv, *at)
                )),
            });
        }
    }
    for (at, referral) in case.referrals().iter().enumerate() {
        let (state, title, body) = match &referral.answered {
            Some((answer, when)) => (
                CheckState::Yes,
                format!("{}: {answer}", referral.to),
                format!(
                    "<p class=\"flush\">Remissvar {}. {}</p>",
                    day(Lang::Sv, when.day),
                    escape(open.file.opinions.get(&at).map_or("", String::as_str))
                ),
            ),
            None => (
                CheckState::Open,
                format!("Remiss till {}", referral.to),
                format!(
                    "<p class=\"flush\">Svar senast {}.</p>",
                    day(Lang::Sv, referral.answer_by)
                ),
            ),
        };
        checks.push(Check {
            state,
            title,
            body: Markup::trusted(body),
        });
    }
    for hearing in case.hearings() {
        let (state, body) = match (&hearing.how, hearing.answered) {
            (Communication::LeftOut { reasons, .. }, _) => (CheckState::Yes, format!("Utelämnat: {reasons}")),
            (Communication::Ask { .. }, Some(when)) => (CheckState::Yes, format!("Svar {}", day(Lang::Sv, when.day))),
            (Communication::Ask { answer_by }, None) => (
                CheckState::Open,
                format!("Kan yttra sig till och med {}", day(Lang::Sv, *answer_by)),
            ),
        };
        let said: String = open
            .file
            .answers
            .iter()
            .filter(|(when, _)| when.instant >= hearing.at.instant)
            .map(|(_, words)| format!("<p>{}</p>", escape(words)))
            .collect();
        checks.push(Check {
            state,
            title: "Parten har fått yttra sig".to_owned(),
            body: Markup::trusted(format!(
                "<p class=\"flush\">{}. 25 § förvaltningslagen.</p>{said}",
                escape(&body)
            )),
        });
    }
    for (official, when) in case.impartial() {
        checks.push(Check {
            state: CheckState::Yes,
            title: "Jäv: ingen grund för jäv".to_owned(),
            body: Markup::text(format!("Uppgivet av {} {}.", official.0, day(Lang::Sv, when.day))),
        });
    }
    Checks { lang: Lang::Sv, checks }
}

/// The outcome rule's rows that hold or may hold, each with its *därför att*.
fn rule_rows(open: &Open, examined: &Examined) -> Markup {
    let mut html = String::new();
    let Some(table) = open.pack().outcome_rule(open.step_name()) else {
        return Markup::default();
    };
    for (fired, result) in &examined.result.holds {
        let Some(row) = table.rows.iter().find(|row| row.id.it == fired.row) else {
            continue;
        };
        let because = row.because.as_ref().map_or("", |because| because.it.as_str());
        let law = row.law.as_ref().map_or_else(String::new, |law| law.it.in_full());
        let _ = write!(
            html,
            "<li><strong><a href=\"/tjanster/{}/regler/{}#{}\">{}</a> ger {}</strong>: {} <span class=\"subtle\">{}</span></li>",
            crate::web::encoded(open.row.pack.as_str()),
            crate::web::encoded(fired.rule.as_str()),
            crate::web::encoded(fired.row.as_str()),
            escape(fired.row.as_str()),
            escape(&outcome_text(open.pack(), open.step_name(), result)),
            escape(because),
            escape(&law)
        );
    }
    let list = if html.is_empty() {
        String::new()
    } else {
        format!("<ul>{html}</ul>")
    };
    let verdict = match examined.result.verdict(open.pack(), open.step_name()) {
        Verdict::Outcome(outcome) => format!(
            "Reglerna ger nu: <strong>{}</strong>.",
            escape(&outcome_text(open.pack(), open.step_name(), outcome))
        ),
        Verdict::CaseWorker => "Reglerna lämnar utfallet till en handläggare.".to_owned(),
        Verdict::Waiting => {
            let waits = examined.result.waits_for.keys();
            let waits: String = waits
                .map(|name| format!("<li>{}</li>", escape(&label(open, name))))
                .collect();
            return Markup::trusted(format!("<p>Reglerna väntar på svar:</p><ul>{waits}</ul>{list}"));
        }
        Verdict::NotNeeded => "Steget behövs inte.".to_owned(),
    };
    Markup::trusted(format!("<p>{verdict}</p>{list}"))
}

/// Every fact with who said it and when; a register's with the link to its signed answer.
fn facts(open: &Open) -> Markup {
    let base = format!("/handlaggning/{}", open.row.id);
    let mut html = String::new();
    for held in &open.file.facts {
        if matches!(held.sent.known, Known::Value(Value::Assessment { .. })) {
            continue;
        }
        let _ = write!(html, "{}", fact_line(open, held, &base));
    }
    let application = &open.file.application;
    for list in &application.none_of {
        let who = application
            .entered
            .as_ref()
            .map_or_else(|| "Sökanden".to_owned(), Entered::provenance);
        let _ = write!(
            html,
            "<li><span class=\"checks__mark is-yes\">{}<span class=\"hidden-visually\">Finns: </span></span><p \
             class=\"checks__title\">{}: inga</p><div class=\"checks__body\"><p class=\"flush\">{}</p></div></li>",
            Icon::Check,
            escape(&label(open, list)),
            escape(&who)
        );
    }
    Markup::trusted(format!("<ul class=\"checks\">{html}</ul>"))
}

fn fact_line(open: &Open, held: &Held, base: &str) -> String {
    let name = &held.sent.slot.fact;
    let item = held
        .sent
        .slot
        .item
        .map_or_else(String::new, |item| format!(" {}", item + 1));
    let value = match &held.sent.known {
        Known::Value(value) => open.pack().shown(name, value, true),
        Known::NotApplicable => "ej aktuellt".to_owned(),
        Known::Missing(_) => "saknas".to_owned(),
    };
    let who = match &held.sent.origin {
        Origin::Applicant => "Sökanden".to_owned(),
        Origin::Login => "E-legitimationen".to_owned(),
        Origin::Represented => "Företrädaren".to_owned(),
        Origin::Register {
            producer,
            answered_at,
            exchange,
            ..
        } => format!(
            "{}, {}. <span class=\"seal\">{} Undertecknat svar</span> <a href=\"{}\" download>Hämta beviset</a>",
            escape(producer.as_str()),
            instant(Lang::Sv, *answered_at),
            Icon::Seal,
            evidence_address(base, exchange)
        ),
        Origin::ApplicantInstead { register, why } => {
            format!(
                "Sökanden, i stället för registret {}: {}",
                escape(register.as_str()),
                escape(why)
            )
        }
        Origin::Entered {
            by,
            at,
            channel,
            instead_of,
        } => {
            let instead = instead_of.as_ref().map_or_else(String::new, |register| {
                format!(", i stället för registret {}", escape(register.as_str()))
            });
            format!(
                "Ur {}, införd av {}, {}{instead}",
                channel.source(),
                escape(by),
                instant(Lang::Sv, *at)
            )
        }
        Origin::CaseWorker { by, at } => format!("{}, {}", escape(by), instant(Lang::Sv, *at)),
        Origin::Opinion { body, at, .. } => format!("{}, {}", escape(body.as_str()), instant(Lang::Sv, *at)),
        Origin::Step { body, at, .. } => format!("{}, {}", escape(body.as_str()), instant(Lang::Sv, *at)),
    };
    let dispute = match (&held.sent.disputed, &held.settled) {
        (Some(says), None) => format!("<p class=\"flush\"><strong>Sökanden: {}</strong></p>", escape(says)),
        (_, Some(settled)) => format!(
            "<p class=\"flush\">Prövad av {}: {}</p>",
            escape(&settled.by),
            escape(&settled.reasons)
        ),
        (None, None) => String::new(),
    };
    let mark = match (&held.sent.disputed, &held.settled, held.sent.known.is_missing()) {
        (Some(_), None, _) => ("is-no", Icon::Cross.to_string(), "Bestrids: "),
        (_, _, true) => ("is-open", String::new(), "Saknas: "),
        _ => ("is-yes", Icon::Check.to_string(), "Finns: "),
    };
    format!(
        "<li><span class=\"checks__mark {}\">{}<span class=\"hidden-visually\">{}</span></span><p \
         class=\"checks__title\">{}{item}: {}</p><div class=\"checks__body\"><p class=\"flush\">{who}</p>{dispute}</div></li>",
        mark.0,
        mark.1,
        mark.2,
        escape(&label(open, name)),
        escape(&value)
    )
}

// ---- forms ----

/// What was written, when a form is shown again.
fn kept(fields: Option<&Fields>, name: &str, default: &str) -> String {
    escape(fields.and_then(|fields| fields.one(name)).unwrap_or(default))
}

fn area(html: &mut String, fields: Option<&Fields>, name: &str, words: &str, hint: &str, default: &str) {
    let hint_id = if hint.is_empty() {
        String::new()
    } else {
        format!(" aria-describedby=\"{name}-hint\"")
    };
    let _ = write!(
        html,
        "<div class=\"field\"><label class=\"label\" for=\"{name}\">{}</label>",
        escape(words)
    );
    if !hint.is_empty() {
        let _ = write!(html, "<p class=\"hint\" id=\"{name}-hint\">{}</p>", escape(hint));
    }
    let _ = write!(
        html,
        "<textarea id=\"{name}\" name=\"{name}\" rows=\"4\"{hint_id}>{}</textarea></div>",
        kept(fields, name, default)
    );
}

fn line(html: &mut String, fields: Option<&Fields>, name: &str, words: &str, default: &str) {
    let _ = write!(
        html,
        "<div class=\"field\"><label class=\"label\" for=\"{name}\">{}</label><input class=\"input\" id=\"{name}\" \
         name=\"{name}\" value=\"{}\"></div>",
        escape(words),
        kept(fields, name, default)
    );
}

fn date(html: &mut String, fields: Option<&Fields>, name: &str, words: &str, default: Option<Date>) {
    let default = default.map_or_else(String::new, |day| day.to_string());
    let _ = write!(
        html,
        "<div class=\"field\"><label class=\"label\" for=\"{name}\">{}</label><p class=\"hint\" \
         id=\"{name}-hint\">År-månad-dag, till exempel 2026-12-01</p><input class=\"input\" id=\"{name}\" name=\"{name}\" \
         value=\"{}\" aria-describedby=\"{name}-hint\"></div>",
        escape(words),
        kept(fields, name, &default)
    );
}

fn radios(
    html: &mut String,
    fields: Option<&Fields>,
    name: &str,
    words: &str,
    choices: &[(&str, &str)],
    default: &str,
) {
    let chosen = fields.and_then(|fields| fields.one(name)).unwrap_or(default);
    let _ = write!(
        html,
        "<fieldset class=\"field\"><legend class=\"label\">{}</legend>",
        escape(words)
    );
    for (at, (value, text)) in choices.iter().enumerate() {
        let checked = if *value == chosen { " checked" } else { "" };
        let _ = write!(
            html,
            "<div class=\"choice\"><input type=\"radio\" name=\"{name}\" id=\"{name}-{at}\" value=\"{}\"{checked}><label \
             for=\"{name}-{at}\">{}</label></div>",
            escape(value),
            escape(text)
        );
    }
    html.push_str("</fieldset>");
}

fn delegation(html: &mut String, fields: Option<&Fields>) {
    date(html, fields, "delegation-dag", "Delegationsbeslutets dag", None);
    line(html, fields, "delegation-paragraf", "Delegationsbeslutets paragraf", "");
}

/// A body as a reader knows it.
fn body_name(node: &Node, id: &BodyId) -> String {
    super::file::body_in_federation(node, id).map_or_else(|_| id.to_string(), |body| letter::organ(&body))
}

/// The form of one act. Facts' names are their slots, so that a form says what it is about.
fn form(
    node: &Node,
    visit: &Visit,
    page: &Page,
    open: &Open,
    examined: &Examined,
    doing: Doing,
    fields: Option<&Fields>,
) -> Markup {
    let mut html = String::new();
    let today = visit.at.day;
    let weeks = |weeks| add_weeks(today, weeks).ok();
    match doing {
        Doing::Assess => {
            for name in assessments(open, examined) {
                let held = open.file.facts.iter().find(|held| held.sent.slot.fact == name);
                let (answer, reasons) = match held.map(|held| &held.sent.known) {
                    Some(Known::Value(Value::Assessment { answer, reasons })) => {
                        (if *answer { "ja" } else { "nej" }, reasons.as_str())
                    }
                    _ => ("", ""),
                };
                let _ = write!(
                    html,
                    "<input type=\"hidden\" name=\"uppgift\" value=\"{}\">",
                    escape(name.as_str())
                );
                let question = open.pack().text("sv", &format!("fråga.{name}")).map(str::to_owned);
                let words = question.unwrap_or_else(|| label(open, &name));
                let choices = [("ja", "Ja"), ("nej", "Nej")];
                radios(&mut html, fields, &format!("svar-{name}"), &words, &choices, answer);
                let hint = law_of(open, &name);
                area(
                    &mut html,
                    fields,
                    &format!("skal-{name}"),
                    "Skäl, som de ska stå i beslutet",
                    &hint,
                    reasons,
                );
            }
        }
        Doing::Settle => {
            let disputed: Vec<&Held> = open.file.open_disputes().collect();
            let keys: Vec<(String, String)> = disputed
                .iter()
                .map(|held| {
                    let says = held.sent.disputed.as_deref().unwrap_or_default();
                    let value = held.sent.known.value().map(ToString::to_string).unwrap_or_default();
                    let words = format!(
                        "{}: registret säger {value}. Sökanden säger: {says}",
                        label(open, &held.sent.slot.fact)
                    );
                    (slot_key(&held.sent.slot), words)
                })
                .collect();
            let choices: Vec<(&str, &str)> = keys.iter().map(|(key, words)| (key.as_str(), words.as_str())).collect();
            let first = choices.first().map_or("", |(key, _)| *key);
            radios(&mut html, fields, "uppgift", "Uppgiften", &choices, first);
            line(
                &mut html,
                fields,
                "varde",
                "Värdet som ärendet ska bygga på (lämna tomt om registrets gäller)",
                "",
            );
            area(&mut html, fields, "skal", "Skäl", "Så som de ska stå i ärendet", "");
        }
        Doing::AskForCompletion => {
            let missing = open.incomplete(examined);
            let step_facts = open.step().map(|step| open.pack().underlag(step)).unwrap_or_default();
            html.push_str("<fieldset class=\"field\"><legend class=\"label\">Uppgifter som öppnas</legend>");
            for (at, name) in step_facts.iter().enumerate() {
                let is_theirs = open
                    .pack()
                    .fact(name)
                    .is_some_and(|fact| fact.source.it == Source::Applicant);
                if !is_theirs {
                    continue;
                }
                let checked = if missing.contains(name) { " checked" } else { "" };
                let _ = write!(
                    html,
                    "<div class=\"choice\"><input type=\"checkbox\" name=\"uppgift\" id=\"u-{at}\" \
                     value=\"{}\"{checked}><label for=\"u-{at}\">{}</label></div>",
                    escape(name.as_str()),
                    escape(&label(open, name))
                );
            }
            html.push_str("</fieldset>");
            area(
                &mut html,
                fields,
                "text",
                "Vad ni behöver",
                "Skriv så att det går att göra rätt",
                "",
            );
            date(&mut html, fields, "senast", "Svara senast", weeks(2));
            let forms = [
                ("vanlig", "En vanlig begäran"),
                ("forelaggande", "Ett föreläggande, efter en vanlig begäran"),
            ];
            radios(&mut html, fields, "form", "Form", &forms, "vanlig");
            area(
                &mut html,
                fields,
                "foljd",
                "Om det är ett föreläggande: vad som annars händer",
                "20 § andra stycket förvaltningslagen",
                &format!(
                    "Om {} inte kompletterar kan ansökan komma att avvisas, det vill säga att den inte prövas.",
                    papers::you(open).you()
                ),
            );
        }
        Doing::Refer => {
            let names = todo::unsent_referrals(open, examined);
            let choices: Vec<(String, String)> =
                names.iter().map(|name| (name.to_string(), label(open, name))).collect();
            let choices: Vec<(&str, &str)> = choices.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            let first = choices.first().map_or("", |(name, _)| *name);
            radios(&mut html, fields, "uppgift", "Remissen gäller", &choices, first);
            if let Some(sent) = names
                .first()
                .and_then(|name| desk::referral(node, open, examined, name).ok())
            {
                let _ = write!(html, "<p>Skickas till {}.</p>", escape(&body_name(node, &sent.to)));
                area(
                    &mut html,
                    fields,
                    "fraga",
                    "Fråga",
                    "26 § förvaltningslagen",
                    &sent.question,
                );
                date(&mut html, fields, "senast", "Svara senast", Some(sent.answer_by));
            } else {
                area(&mut html, fields, "fraga", "Fråga", "26 § förvaltningslagen", "");
                date(&mut html, fields, "senast", "Svara senast", weeks(6));
            }
        }
        Doing::Communicate => {
            let heard = desk::outcome_now(open, examined).and_then(|outcome| {
                open.pack()
                    .outcomes_of(open.step_name())
                    .find(|listed| listed.name.it == outcome)
                    .and_then(|listed| listed.heard_for.it)
            });
            let last = heard
                .and_then(|length| samverk_domain::case::deadlines::end_of(today, length).ok())
                .or_else(|| add_days(today, 14).ok());
            area(
                &mut html,
                fields,
                "text",
                "Det som parten ska få yttra sig över",
                "25 § förvaltningslagen: allt material av betydelse",
                &material(open, examined),
            );
            date(&mut html, fields, "senast", "Yttra sig senast", last);
        }
        Doing::LeaveOut => {
            let grounds = [
                ("uppenbart", "Uppenbart obehövligt"),
                ("svarare", "Det skulle bli avsevärt svårare att genomföra beslutet"),
                (
                    "omedelbart",
                    "Ett väsentligt intresse kräver att beslutet meddelas omedelbart",
                ),
            ];
            radios(
                &mut html,
                fields,
                "grund",
                "Grund i 25 § förvaltningslagen",
                &grounds,
                "",
            );
            area(&mut html, fields, "skal", "Skäl", "", "");
        }
        Doing::Extend => {
            area(
                &mut html,
                fields,
                "skal",
                "Skäl, som parten får veta",
                "Före fristens slut, en gång",
                "",
            );
            delegation(&mut html, fields);
        }
        Doing::TellOfDelay => area(
            &mut html,
            fields,
            "skal",
            "Varför det drar ut på tiden",
            "11 § förvaltningslagen",
            "",
        ),
        Doing::Propose => {
            let ruled = match examined.result.verdict(open.pack(), open.step_name()) {
                Verdict::Outcome(outcome) => Some(outcome.to_owned()),
                _ => None,
            };
            let outcomes: Vec<(String, String)> = open
                .pack()
                .outcomes_of(open.step_name())
                .filter(|listed| ruled.as_ref().is_none_or(|ruled| listed.name.it == *ruled))
                .map(|listed| {
                    (
                        listed.name.it.clone(),
                        outcome_text(open.pack(), open.step_name(), &listed.name.it),
                    )
                })
                .collect();
            let choices: Vec<(&str, &str)> = outcomes.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            radios(
                &mut html,
                fields,
                "utfall",
                "Utfall",
                &choices,
                ruled.as_deref().unwrap_or_default(),
            );
            let hint = "Utöver meningarna i de rader som håller";
            area(&mut html, fields, "skal", "Skäl, som de ska stå i beslutet", hint, "");
            line(&mut html, fields, "lagrum", "Lagrum (tomt: stegets eget)", "");
        }
        Doing::Decide | Doing::Board => {
            if let Some(outcome) = desk::outcome_now(open, examined) {
                let _ = write!(
                    html,
                    "<p>Utfall: <strong>{}</strong>.</p>",
                    escape(&outcome_text(open.pack(), open.step_name(), &outcome))
                );
                html.push_str("<ul>");
                let grounds = match &open.file.proposal {
                    Some(proposal) if proposal.outcome == outcome => proposal.grounds.clone(),
                    _ => proceed::grounds(open, &examined.result.grounds),
                };
                for ground in grounds {
                    let law = ground.law.map_or_else(String::new, |law| law.in_full());
                    let _ = write!(
                        html,
                        "<li>{} <span class=\"subtle\">{}</span></li>",
                        escape(&ground.because),
                        escape(&law)
                    );
                }
                html.push_str("</ul>");
                let listed = open
                    .pack()
                    .outcomes_of(open.step_name())
                    .find(|listed| listed.name.it == outcome);
                let is_state = open.file.case.opening().authority == Authority::State;
                let recorded = match listed.map(|listed| &listed.decider.it) {
                    // A state agency decides by its own order and names no delegation.
                    _ if is_state => true,
                    Some(Decider::Delegate { delegation, .. } | Decider::Automatic { delegation }) => {
                        examined.setting.delegations.contains_key(delegation)
                    }
                    _ => true,
                };
                if doing == Doing::Decide && !recorded {
                    delegation(&mut html, fields);
                }
                if listed.is_some_and(|listed| listed.kind.it == OutcomeKind::Burdensome) {
                    html.push_str("<p>Beslutet går parten emot. Parten ska ha fått yttra sig.</p>");
                }
            }
            if doing == Doing::Board {
                date(&mut html, fields, "sammantrade", "Sammanträdets dag", Some(today));
                line(
                    &mut html,
                    fields,
                    "paragraf",
                    "Paragraf i protokollet, till exempel § 142",
                    "",
                );
            }
            withheld(&mut html, fields);
        }
        Doing::Notify => withheld(&mut html, fields),
        Doing::Disqualified => {
            let circumstances = [
                ("egen", "Min egen eller en närståendes sak"),
                (
                    "foretradare",
                    "Jag eller en närstående företräder någon som saken gäller",
                ),
                ("ombud", "Jag har varit ombud i saken"),
                ("instans", "Jag har deltagit i tidigare instans eller utövar tillsyn"),
                ("annat", "Något annat kan rubba förtroendet"),
            ];
            radios(&mut html, fields, "omstandighet", "Omständighet", &circumstances, "");
        }
        Doing::HandOver => {
            line(&mut html, fields, "till", "Till vem (beteckning i federationen)", "");
            area(&mut html, fields, "skal", "Skäl", "", "");
        }
        Doing::TestAppeal => {
            let exceptions = [
                ("inget", "Inget undantag"),
                ("fel", "Vår upplysning om överklagande var fel"),
                ("instans", "Det kom in till den högre instansen i tid"),
            ];
            radios(
                &mut html,
                fields,
                "undantag",
                "45 § förvaltningslagen",
                &exceptions,
                "inget",
            );
        }
        Doing::ForwardAppeal => {
            let instance = open
                .file
                .case
                .decided()
                .and_then(|decided| match &decided.decision.appeal {
                    samverk_domain::pack::Appeal::To { instance, .. } => Some(instance.clone()),
                    samverk_domain::pack::Appeal::No { .. } => None,
                });
            line(
                &mut html,
                fields,
                "till",
                "Den högre instansen",
                instance.as_deref().unwrap_or_default(),
            );
        }
        Doing::FindComplete | Doing::Remind | Doing::Impartial | Doing::Close => {}
    }
    Markup::trusted(format!(
        "<form method=\"post\" action=\"/handlaggning/{}/gor/{}\">{}<input type=\"hidden\" name=\"oppnad\" value=\"{}\">{html}<div \
         class=\"actions\"><button class=\"button\" type=\"submit\">{}</button></div></form>",
        escape(&open.row.id),
        doing.slug(),
        page.token(),
        visit.at.instant.as_millisecond(),
        escape(doing_label(doing, open))
    ))
}

fn withheld(html: &mut String, fields: Option<&Fields>) {
    line(
        html,
        fields,
        "utan-namn",
        "Skäl att utelämna namnen på dem som beslutat (33 § tredje stycket förvaltningslagen), annars tomt",
        "",
    );
}

/// What the rules rest on now, as a beginning of the words to the party.
fn material(open: &Open, examined: &Examined) -> String {
    let mut lines = Vec::new();
    for ground in proceed::grounds(open, &examined.result.grounds) {
        lines.push(ground.because);
    }
    for held in &open.file.facts {
        if let Known::Value(Value::Assessment { reasons, .. }) = &held.sent.known {
            lines.push(format!("{}: {reasons}.", label(open, &held.sent.slot.fact)));
        }
    }
    for (at, words) in &open.file.opinions {
        if let Some(referral) = open.file.case.referrals().get(*at) {
            lines.push(format!("Yttrande från {}: {words}", referral.to));
        }
    }
    lines.join("\n")
}

async fn ask(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path((id, doing)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let doing = Doing::parse(&doing).ok_or(Failure::NotFound)?;
    let (row, _) = row(&node, &staff, &id, doing.permission()).await?;
    if row.kind != cases::Kind::Application {
        return Err(Failure::NotFound);
    }
    let open = Open::of(&node, row)?;
    let examined = open.examine(&node, visit.at.day)?;
    act_page(&node, &visit, &open, &examined, doing, None, None)
}

fn act_page(
    node: &Node,
    visit: &Visit,
    open: &Open,
    examined: &Examined,
    doing: Doing,
    fields: Option<&Fields>,
    error: Option<String>,
) -> Result<Response, Failure> {
    let page = Page::new(node, visit, format!("{}: {}", doing.label(), open.diary_number()))
        .of(body_config(node, &open.row.body)?)
        .back(format!("/handlaggning/{}", open.row.id))
        .shape(Shape::Case)
        .desk();
    let status = match error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    show_as(
        status,
        &ActPage {
            heading: doing.label(),
            about: format!("{}, {}", open.diary_number(), open.file.party_name()),
            error,
            form: form(node, visit, &page, open, examined, doing, fields),
            page,
        },
    )
}

/// The one who acts, by name and post: never a number.
fn by(node: &Node, desk: &Desk) -> String {
    let kind = node
        .config
        .bodies
        .iter()
        .find(|body| body.id == desk.body)
        .map(|body| body.kind);
    let post = kind.map_or(desk.role.word(), |kind| desk.role.word_in(kind));
    format!("{}, {post}", desk.person.name)
}

/// Words for the one who tried, or a failure of ours.
fn told(why: Stopped) -> Result<String, Failure> {
    match why {
        Stopped::Input(words) => Ok(words),
        Stopped::NotAllowed(why) => Ok(not_allowed(&why)),
        why => Err(why.into()),
    }
}

fn not_allowed(why: &NotAllowed) -> String {
    match why.law() {
        Some(law) => format!("{why} ({})", letter::law_in_full(law)),
        None => why.to_string(),
    }
}

async fn done(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path((id, doing)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Failure> {
    let doing = Doing::parse(&doing).ok_or(Failure::NotFound)?;
    let (row, desk) = row(&node, &staff, &id, doing.permission()).await?;
    if row.kind != cases::Kind::Application {
        return Err(Failure::NotFound);
    }
    let ctx = ctx(&desk, &visit, &row);
    let (own, fields) = (Arc::clone(&node), Arc::new(fields));
    let posted = Arc::clone(&fields);
    let performed: Result<(), Stopped> = node
        .store
        .run("cases.act", move |tx| {
            let mut open = Open::read(tx, &own, &id)?.ok_or(Stopped::NoCase)?;
            desk::perform(&ctx, tx, &own, &mut open, doing, &posted, &by(&own, &desk))
        })
        .await;
    match performed {
        Ok(()) => Ok(Redirect::to(&format!("/handlaggning/{}", row.id)).into_response()),
        Err(why) => {
            let words = told(why)?;
            let open = Open::of(&node, row)?;
            let examined = open.examine(&node, visit.at.day)?;
            act_page(&node, &visit, &open, &examined, doing, Some(&fields), Some(words))
        }
    }
}

async fn document(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path((id, document)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (row, _) = row(&node, &staff, &id, Permission::OpenCase).await?;
    let found: Result<Option<documents::Document>, StoreError> = node
        .store
        .read("cases.document", move |tx| documents::by_id(tx, &document))
        .await;
    let paper = found?
        .filter(|paper| paper.case_id == row.id)
        .ok_or(Failure::NotFound)?;
    let open = Open::of(&node, row)?;
    show_paper(&node, &visit, &open, &paper, &format!("/handlaggning/{id}"), true).await
}

async fn case_evidence(
    State(node): State<Arc<Node>>,
    staff: Staff,
    Path((id, exchange)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (row, _) = row(&node, &staff, &id, Permission::OpenCase).await?;
    let open = Open::of(&node, row)?;
    evidence_file(&node, &open, &exchange).await
}

// ---- a referral's matter ----

fn referral_page(
    node: &Node,
    visit: &Visit,
    staff: &Staff,
    row: cases::Row,
    error: Option<String>,
) -> Result<Response, Failure> {
    let open = referrals::Open::of(node, row)?;
    let asked = &open.matter.asked;
    let pack = node.library.versions(&asked.pack).pop();
    let facts = asked
        .facts
        .iter()
        .map(|sent| {
            let name = &sent.slot.fact;
            let text = pack
                .as_ref()
                .and_then(|known| known.pack.text("sv", &format!("namn.{name}")));
            let value = match &sent.known {
                Known::Value(value) => match &pack {
                    Some(known) => known.pack.shown(name, value, true),
                    None => value.to_string(),
                },
                Known::NotApplicable => "ej aktuellt".to_owned(),
                Known::Missing(_) => "saknas".to_owned(),
            };
            (text.unwrap_or(name.as_str()).to_owned(), value)
        })
        .collect();
    let asker = super::file::body_in_federation(node, &open.row.sender)
        .map_or_else(|_| open.row.sender.to_string(), |body| letter::organ(&body));
    let page = Page::new(node, visit, format!("Remiss {}", open.row.diary_number))
        .of(body_config(node, &open.row.body)?)
        .back("/handlaggning")
        .shape(Shape::Case)
        .margin("Frist")
        .desk();
    let status = match error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    show_as(
        status,
        &ReferralPage {
            stamp: Stamp {
                head: open.row.diary_number.clone(),
                rows: vec![("Frågan i".to_owned(), asked.diary_number.clone())],
            },
            asker,
            facts,
            may_answer: open.matter.answered.is_none() && staff.may(Permission::GiveOpinion, &open.row.body).is_ok(),
            error,
            answer_by: day(Lang::Sv, asked.answer_by),
            answered: open.matter.answered.as_ref().map(|given| instant(Lang::Sv, given.at)),
            action: format!("/handlaggning/{}/yttrande", open.row.id),
            matter: open.matter,
            page,
        },
    )
}

async fn opinion(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let (row, desk) = row(&node, &staff, &id, Permission::GiveOpinion).await?;
    if row.kind != cases::Kind::Referral {
        return Err(Failure::NotFound);
    }
    let ctx = ctx(&desk, &visit, &row);
    let own = Arc::clone(&node);
    let given: Result<(), Stopped> = node
        .store
        .run("cases.opinion", move |tx| {
            let row = cases::by_id(tx, &id)?.ok_or(Stopped::NoCase)?;
            let mut open = referrals::Open::of(&own, row)?;
            let answer = fields.one("svar").unwrap_or_default();
            let words = fields.one("text").unwrap_or_default();
            referrals::answer(&ctx, tx, &own, &mut open, answer, words, &by(&own, &desk))
        })
        .await;
    match given {
        Ok(()) => Ok(Redirect::to(&format!("/handlaggning/{}", row.id)).into_response()),
        Err(why) => referral_page(&node, &visit, &staff, row, Some(told(why)?)),
    }
}
