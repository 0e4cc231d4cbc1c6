//! The mailbox, the letter, and the person's own view of a case at the body.
//!
//! Always true: another person's letter, case or document is not found (404), whoever asks; opening a letter the first time
//! is recorded in the transaction that shows it; the party sees all of the case's documents but drafts (FL 10 §).

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use samverk_domain::case::messages::Origin;
use samverk_domain::terms::BodyId;
use samverk_store::{StoreError, cases, diary, documents, letters};

use super::letter::{Letter, Part};
use super::why;
use crate::cases::file::{Open, Stopped, Summary, applicant, body_config, open_box, owner_mark};
use crate::cases::{act, reception};
use crate::ctx::{Basis, Ctx, Ground};
use crate::login::{Person, Session};
use crate::node::Node;
use crate::services::signing_pages::{self, PostRow};
use crate::trust::evidence;
use crate::web::layout::{Shape, day, instant};
use crate::web::parts::{Banner, BannerKind, Column, Markup, Sentence, Stamp, Table, Why};
use crate::web::texts::{Texts, escape};
use crate::web::{Failure, Page, Visit, show};

pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route("/post", get(mailbox))
        .route("/post/{id}", get(read_letter))
        .route("/post/{id}/bevis/{exchange}", get(letter_evidence))
        .route("/arenden", get(own_cases))
        .route("/arenden/{id}", get(own_case))
        .route("/arenden/{id}/handling/{document}", get(own_document))
}

impl From<Stopped> for Failure {
    fn from(why: Stopped) -> Self {
        match why {
            Stopped::NoCase => Self::NotFound,
            Stopped::Stale => Self::Stale,
            Stopped::NotAllowed(_) | Stopped::Input(_) => Self::BadRequest,
            Stopped::Later(why) => Self::later(why),
            Stopped::Store(why) => Self::ours(why),
            Stopped::Ours(why) => Self::ours(why),
        }
    }
}

fn own_mark(node: &Node, session: &Session) -> String {
    owner_mark(node, session.person.number.digits())
}

fn ctx(person: &Person, visit: &Visit, body: &BodyId, purpose: &str) -> Ctx {
    Ctx {
        who: person.actor(),
        body: body.clone(),
        ground: Ground {
            basis: Basis::OwnRequest,
            purpose: purpose.to_owned(),
        },
        at: visit.at,
        trace: visit.trace.clone(),
    }
}

#[derive(Template)]
#[template(path = "post.html")]
struct Mailbox {
    page: Page,
    table: Option<Table>,
}

async fn mailbox(State(node): State<Arc<Node>>, visit: Visit, person: Person) -> Result<Response, Failure> {
    let lang = visit.lang;
    let (own, mark) = (Arc::clone(&node), own_mark(&node, &person.0));
    let found: Result<Vec<(letters::Letter, Letter)>, Stopped> = node
        .store
        .read("post.list", move |tx| {
            letters::of_owner(tx, &mark)?
                .into_iter()
                .map(|row| {
                    let letter = open_letter(&own, &row)?;
                    Ok((row, letter))
                })
                .collect()
        })
        .await;
    let mut all = signing_pages::post(&node, lang, &person.0.person.number).await?;
    all.extend(found?.into_iter().map(|(row, letter)| PostRow {
        link: format!("/post/{}", row.id),
        heading: letter.heading,
        from: format!("{}, {}", letter.stamp.body, letter.stamp.diary_number),
        sent_at: row.sent_at,
        opened: match row.opened_at {
            Some(at) => instant(lang, at),
            None => Texts::get(lang, "post.unopened").to_string(),
        },
    }));
    all.sort_by_key(|row| std::cmp::Reverse(row.sent_at));
    let rows: Vec<Vec<Markup>> = all
        .into_iter()
        .map(|row| {
            vec![
                Markup::trusted(format!(
                    "<a href=\"{}\">{}</a>",
                    escape(&row.link),
                    escape(&row.heading)
                )),
                Markup::text(row.from),
                Markup::text(instant(lang, row.sent_at)),
                Markup::text(row.opened),
            ]
        })
        .collect();
    let column = |heading: String, labelled| Column {
        heading,
        labelled,
        ..Column::default()
    };
    let table = (!rows.is_empty()).then(|| Table {
        caption: Texts::get(lang, "post.heading").to_string(),
        caption_hidden: true,
        columns: vec![
            column(Texts::get(lang, "post.letter").to_string(), false),
            column(Texts::get(lang, "post.from").to_string(), false),
            column(Texts::get(lang, "post.sent").to_string(), true),
            column(Texts::get(lang, "post.opened").to_string(), true),
        ],
        rows,
    });
    let title = Texts::get(lang, "post.heading");
    show(&Mailbox {
        page: Page::new(&node, &visit, title).back("/").shape(Shape::Wide),
        table,
    })
}

fn open_letter(node: &Node, row: &letters::Letter) -> Result<Letter, Stopped> {
    open_box(
        node,
        &row.body,
        &row.case_id,
        &format!("letter/{}", row.id),
        &row.contents,
    )
}

/// A part of a letter as the page shows it.
enum Shown {
    Heading(String),
    Sentence(Box<Sentence>),
    Appeal(Vec<String>),
}

#[derive(Template)]
#[template(path = "letter.html")]
struct LetterPage {
    page: Page,
    letter: Letter,
    stamp: Stamp,
    english: Option<Banner>,
    appeal_banner: Option<Banner>,
    parts: Vec<Shown>,
    appeal_until: Option<String>,
    opened_on: Option<String>,
    case_address: String,
    has_why: bool,
}

impl LetterPage {
    fn of(
        page: Page,
        open: &Open,
        letter: Letter,
        checked: &std::collections::BTreeMap<String, why::Checked>,
        base: &str,
    ) -> Self {
        let lang = page.lang;
        let mut parts = Vec::new();
        let mut has_why = false;
        for (at, part) in letter.parts.iter().enumerate() {
            match part {
                Part::Heading(text) => parts.push(Shown::Heading(text.clone())),
                Part::Break => {}
                Part::Appeal => {
                    parts.extend(letter.appeal.iter().map(|appeal| Shown::Appeal(appeal.lines.clone())));
                }
                Part::Sentence(sentence) => {
                    let why = sentence.why.as_ref().map(|why| Why {
                        lang,
                        about: format!(" {}", about(&sentence.text, at)),
                        body: why::thread(open, why, checked, base),
                        open: false,
                    });
                    has_why |= why.is_some();
                    parts.push(Shown::Sentence(Box::new(Sentence {
                        words: sentence.text.clone(),
                        why,
                    })));
                }
            }
        }
        let served = open
            .file
            .case
            .decided()
            .and_then(|decided| decided.served.get(&applicant()))
            .map(|(day, _)| *day);
        let appeal_until = letter.appeal.as_ref().and(open.file.case.appeal_until(&applicant()));
        let appeal_banner = letter.appeal.as_ref().map(|appeal| Banner {
            kind: BannerKind::Info,
            heading: String::new(),
            body: Markup::trusted(format!(
                "<p><strong>Beslutet kan överklagas inom {}</strong> från den dag då den som det gäller fick del av det.</p>",
                escape(&appeal.within)
            )),
        });
        Self {
            stamp: Stamp {
                head: letter.stamp.body.clone(),
                rows: vec![
                    (letter.stamp.what.clone(), letter.stamp.when.clone()),
                    ("Diarienummer".to_owned(), letter.stamp.diary_number.clone()),
                ],
            },
            english: letter.in_english.as_ref().map(|text| Banner {
                kind: BannerKind::Info,
                heading: String::new(),
                body: Markup::trusted(format!("<p lang=\"en\">{}</p>", escape(text))),
            }),
            appeal_banner,
            parts,
            appeal_until: appeal_until.map(|last| day(lang, last)),
            opened_on: served.map(|on| day(lang, on)),
            case_address: format!("/arenden/{}", open.row.id),
            has_why,
            letter,
            page,
        }
    }
}

/// A few words of the sentence, so that a screen reader tells one *Varför?* from another.
fn about(text: &str, at: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().take(6).collect();
    format!("{} ({})", words.join(" "), at + 1)
}

async fn read_letter(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (own, mark, who, at) = (
        Arc::clone(&node),
        own_mark(&node, &person.0),
        person.clone(),
        visit.clone(),
    );
    let about_signing = id.clone();
    let found: Result<(letters::Letter, Open), Stopped> = node
        .store
        .run("post.open", move |tx| {
            let row = letters::of(tx, &mark, &id)?.ok_or(Stopped::NoCase)?;
            let mut open = Open::read(tx, &own, &row.case_id)?.ok_or(Stopped::NoCase)?;
            if letters::opened(tx, &row.id, at.at.instant)? && row.name == "decision" {
                let ctx = ctx(&who, &at, &row.body, &open.row.pack);
                act::opened(&ctx, tx, &own, &mut open)?;
                act::finish(&ctx, tx, &own, &mut open)?;
            }
            Ok((row, open))
        })
        .await;
    let (row, open) = match found {
        // A letter about something to sign belongs to no case.
        Err(Stopped::NoCase) => return signing_pages::letter_page(&node, &visit, &person, &about_signing).await,
        found => found?,
    };
    let letter = open_letter(&node, &row)?;
    let checked = why::check(&node, &open, &letter).await;
    let page = Page::new(&node, &visit, letter.heading.clone())
        .of(body_config(&node, &row.body)?)
        .back("/post")
        .shape(Shape::Sheet);
    let about = Texts::get(visit.lang, "post.margin");
    let base = format!("/post/{}", row.id);
    show(&LetterPage::of(page.margin(about), &open, letter, &checked, &base))
}

async fn letter_evidence(
    State(node): State<Arc<Node>>,
    person: Person,
    Path((id, exchange)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (own, mark) = (Arc::clone(&node), own_mark(&node, &person.0));
    let found: Result<Open, Stopped> = node
        .store
        .read("post.evidence", move |tx| {
            let row = letters::of(tx, &mark, &id)?.ok_or(Stopped::NoCase)?;
            Open::read(tx, &own, &row.case_id)?.ok_or(Stopped::NoCase)
        })
        .await;
    evidence_file(&node, &found?, &exchange).await
}

/// The evidence of one of the case's register answers, as a file that `samverk verify` takes.
pub async fn evidence_file(node: &Arc<Node>, open: &Open, exchange: &str) -> Result<Response, Failure> {
    let held = open
        .file
        .facts
        .iter()
        .find(|held| matches!(&held.sent.origin, Origin::Register { exchange: id, .. } if id == exchange))
        .ok_or(Failure::NotFound)?;
    let proof = why::evidence_of(node, open, held).await.map_err(Failure::later)?;
    let bytes = evidence::to_file(&proof).map_err(Failure::ours)?;
    let name = format!("attachment; filename=\"bevis-{exchange}.json\"");
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&name).map_err(|_| Failure::NotFound)?,
    );
    Ok(response)
}

async fn own_cases(State(node): State<Arc<Node>>, visit: Visit, person: Person) -> Result<Response, Failure> {
    let lang = visit.lang;
    let (own, mark) = (Arc::clone(&node), own_mark(&node, &person.0));
    let found: Result<Vec<(cases::Line, Summary)>, Stopped> = node
        .store
        .read("post.cases", move |tx| {
            cases::of_owner(tx, &mark)?
                .into_iter()
                .map(|line| {
                    let summary = open_box(&own, &line.body, &line.id, "summary", &line.summary)?;
                    Ok((line, summary))
                })
                .collect()
        })
        .await;
    let rows: Vec<Vec<Markup>> = found?
        .into_iter()
        .map(|(line, summary)| {
            let state = samverk_domain::case::State::parse(&line.stands.state).map_or("", |state| state.label());
            vec![
                Markup::trusted(format!(
                    "<a href=\"/arenden/{}\"><span class=\"nowrap\">{}</span></a>",
                    escape(&line.id),
                    escape(&line.diary_number)
                )),
                Markup::text(summary.step),
                Markup::text(state),
            ]
        })
        .collect();
    let column = |key: &'static str| Column {
        heading: Texts::get(lang, key).to_string(),
        ..Column::default()
    };
    let columns = vec![
        column("own_case.diary_number"),
        column("own_case.matter"),
        column("own_case.state"),
    ];
    let table = (!rows.is_empty()).then(|| Table {
        caption: Texts::get(lang, "own_case.heading").to_string(),
        caption_hidden: true,
        columns,
        rows,
    });
    let title = Texts::get(lang, "own_case.heading");
    show(&OwnCases {
        page: Page::new(&node, &visit, title).back("/").shape(Shape::Wide),
        table,
    })
}

#[derive(Template)]
#[template(path = "own_cases.html")]
struct OwnCases {
    page: Page,
    table: Option<Table>,
}

#[derive(Template)]
#[template(path = "own_case.html")]
struct OwnCase {
    page: Page,
    step: String,
    party: String,
    state: String,
    stamp: Stamp,
    decide_by: Option<String>,
    may_start: Option<String>,
    letters: Vec<(String, String, String)>,
    documents: Table,
    diary: Table,
}

/// The person's own case, or not found.
async fn own(node: &Arc<Node>, person: &Person, id: &str) -> Result<Open, Failure> {
    let (own, id, mark) = (Arc::clone(node), id.to_owned(), own_mark(node, &person.0));
    let found: Result<Open, Stopped> = node
        .store
        .read("post.case", move |tx| {
            Open::read(tx, &own, &id)?
                .filter(|open| open.row.owner == mark)
                .ok_or(Stopped::NoCase)
        })
        .await;
    Ok(found?)
}

async fn own_case(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let open = own(&node, &person, &id).await?;
    let lang = visit.lang;
    let case_id = id.clone();
    type All = (Vec<documents::Document>, Vec<diary::Entry>, Vec<letters::Letter>);
    let all: Result<All, StoreError> = node
        .store
        .read("post.case_documents", move |tx| {
            Ok((
                documents::of_case(tx, &case_id)?,
                diary::of_case(tx, &case_id)?,
                letters::of_case(tx, &case_id)?,
            ))
        })
        .await;
    let (papers, entries, posted) = all?;
    let column = |key: &'static str, labelled| Column {
        heading: Texts::get(lang, key).to_string(),
        labelled,
        ..Column::default()
    };
    let documents = Table {
        caption: Texts::get(lang, "own_case.documents").to_string(),
        caption_hidden: true,
        columns: vec![
            column("own_case.document", false),
            column("own_case.kind", false),
            column("own_case.day", true),
        ],
        rows: papers
            .iter()
            .filter(|paper| paper.party && paper.kind != "draft")
            .map(|paper| {
                vec![
                    Markup::trusted(format!(
                        "<a href=\"/arenden/{id}/handling/{}\">{}</a>",
                        escape(&paper.id),
                        escape(&paper.title)
                    )),
                    Markup::text(kind_label(&paper.kind)),
                    Markup::text(day(lang, paper.day)),
                ]
            })
            .collect(),
    };
    let diary = Table {
        caption: Texts::get(lang, "own_case.diary").to_string(),
        caption_hidden: true,
        columns: vec![
            column("own_case.day", false),
            column("own_case.what", false),
            column("own_case.who", true),
        ],
        rows: entries
            .iter()
            .map(|entry| {
                vec![
                    Markup::text(day(lang, entry.day)),
                    Markup::text(&entry.what),
                    Markup::text(&entry.who),
                ]
            })
            .collect(),
    };
    let mut letters = Vec::new();
    for row in &posted {
        let letter = open_letter(&node, row)?;
        letters.push((format!("/post/{}", row.id), letter.heading, instant(lang, row.sent_at)));
    }
    let case = &open.file.case;
    let step = super::letter::step_text(open.pack(), lang.code(), open.step_name());
    let page = Page::new(&node, &visit, step.clone())
        .of(body_config(&node, &open.row.body)?)
        .back("/arenden")
        .shape(Shape::Case)
        .margin(Texts::get(lang, "own_case.margin"));
    show(&OwnCase {
        step,
        party: open.file.party_name().to_owned(),
        state: case.state().label().to_owned(),
        stamp: Stamp {
            head: open.diary_number().to_owned(),
            rows: vec![(
                Texts::get(lang, "own_case.received").to_string(),
                case.opening().received.day.to_string(),
            )],
        },
        decide_by: case.decide_by().map(|last| day(lang, last)),
        may_start: case.may_start().map(|first| day(lang, first)),
        letters,
        documents,
        diary,
        page,
    })
}

/// The Swedish word of a document's kind.
pub fn kind_label(kind: &str) -> &'static str {
    match kind {
        "draft" => "utkast",
        "received" => "inkommen",
        "dispatched" => "expedierad",
        _ => "upprättad",
    }
}

async fn own_document(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path((id, document)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let open = own(&node, &person, &id).await?;
    let found: Result<Option<documents::Document>, StoreError> = node
        .store
        .read("post.document", move |tx| documents::by_id(tx, &document))
        .await;
    let paper = found?
        .filter(|paper| paper.case_id == open.row.id && paper.party && paper.kind != "draft")
        .ok_or(Failure::NotFound)?;
    show_paper(&node, &visit, &open, &paper, &format!("/arenden/{id}"), false).await
}

/// An attachment, downloaded and never shown inside our pages: what is in it is the sender's.
fn attachment(attached: &reception::Attached, id: &str) -> Result<Response, Failure> {
    let bytes = samverk_wire::base64::from_url(&attached.bytes).map_err(Failure::ours)?;
    let (kind, ending) = match attached.format.as_str() {
        "pdf" => ("application/pdf", "pdf"),
        "jpg" => ("image/jpeg", "jpg"),
        "png" => ("image/png", "png"),
        _ => ("application/octet-stream", "bin"),
    };
    let name = format!("attachment; filename=\"bilaga-{}.{ending}\"", &id[..id.len().min(8)]);
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&name).map_err(Failure::ours)?,
    );
    Ok(response)
}

/// A paper of a case as a sheet.
pub async fn show_paper(
    node: &Arc<Node>,
    visit: &Visit,
    open: &Open,
    paper: &documents::Document,
    back: &str,
    desk: bool,
) -> Result<Response, Failure> {
    let part = format!("document/{}", paper.id);
    if paper.name == reception::FILE {
        let attached: reception::Attached = open_box(node, &open.row.body, &open.row.id, &part, &paper.contents)?;
        return attachment(&attached, &paper.id);
    }
    let letter: Letter = open_box(node, &open.row.body, &open.row.id, &part, &paper.contents)?;
    let checked = why::check(node, open, &letter).await;
    let mut page = Page::new(node, visit, letter.heading.clone())
        .of(body_config(node, &open.row.body)?)
        .back(back)
        .shape(Shape::Sheet)
        .margin(Texts::get(visit.lang, "post.margin"));
    page.desk = desk;
    let mut shown = LetterPage::of(page, open, letter, &checked, back);
    back.clone_into(&mut shown.case_address);
    show(&shown)
}
