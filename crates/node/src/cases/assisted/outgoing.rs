//! Letters on paper, and how the party got them: who applied on paper has no mailbox that they open.
//!
//! Always true: a letter of such a case is printed and posted, and the day is noted once, in the diary; the time for appeal
//! starts only when an official has noted how the party was served: by a receipt, or two weeks after a decision that was
//! followed by a control message (delgivningslagen 2010:1932, 16–18 and 22–26 §§).

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use jiff::civil::Date;
use samverk_domain::case::State as CaseState;
use samverk_domain::case::act::Act;
use samverk_domain::case::del::{ControlMessage, Service, Simplified};
use samverk_store::letters::{self, Letter as Row};
use samverk_store::{StoreError, diary};

use crate::cases::act::{Watch, Words, act, enter, finish, watch};
use crate::cases::file::{Open, Stopped, applicant, body_config, open_box};
use crate::ctx::{Basis, Ctx, Ground};
use crate::login::permissions::Permission;
use crate::login::{Desk, Staff};
use crate::node::Node;
use crate::post::letter::{Letter, law_in_full};
use crate::services::field::{self, Typed};
use crate::web::form::Fields;
use crate::web::parts::Markup;
use crate::web::texts::Texts;
use crate::web::{Failure, Page, Visit, show_as};

pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route("/handlaggning/brev", get(to_post))
        .route("/handlaggning/brev/{id}", post(posted))
        .route("/handlaggning/{case}/delgivning", get(ask_service).post(serve))
}

/// How many letters wait to be posted where the visitor may do it.
pub async fn waiting(node: &Arc<Node>, staff: &Staff) -> Result<usize, Failure> {
    Ok(rows(node, staff).await?.len())
}

async fn rows(node: &Arc<Node>, staff: &Staff) -> Result<Vec<Row>, Failure> {
    let bodies = staff.bodies(Permission::Register);
    let found: Result<Vec<Row>, StoreError> = node
        .store
        .read("assisted.to_post", move |tx| {
            let mut all = Vec::new();
            for body in &bodies {
                all.extend(letters::to_post(tx, body)?);
            }
            Ok(all)
        })
        .await;
    Ok(found?)
}

struct LetterLine {
    id: String,
    heading: String,
    to: String,
    number: String,
    drawn_up: String,
    document: String,
}

#[derive(Template)]
#[template(path = "assisted/letters.html")]
struct LettersPage {
    page: Page,
    letters: Vec<LetterLine>,
    today: Date,
    error: Option<String>,
}

async fn to_post(State(node): State<Arc<Node>>, visit: Visit, staff: Staff) -> Result<Response, Failure> {
    letters_page(&node, &visit, &staff, None).await
}

async fn letters_page(
    node: &Arc<Node>,
    visit: &Visit,
    staff: &Staff,
    error: Option<String>,
) -> Result<Response, Failure> {
    let bodies = staff.bodies(Permission::Register);
    let first = bodies.first().ok_or(Failure::Forbidden)?;
    let page = Page::new(node, visit, Texts::get(visit.lang, "letters.heading"))
        .of(body_config(node, first)?)
        .back("/handlaggning")
        .margin(Texts::get(visit.lang, "letters.margin"))
        .mistakes(error.is_some())
        .desk();
    let mut lines = Vec::new();
    for row in rows(node, staff).await? {
        let letter: Letter = open_box(
            node,
            &row.body,
            &row.case_id,
            &format!("letter/{}", row.id),
            &row.contents,
        )?;
        lines.push(LetterLine {
            heading: letter.heading,
            to: letter.to.join(", "),
            number: letter.stamp.diary_number,
            drawn_up: page.instant(row.sent_at),
            document: format!("/handlaggning/{}/handling/{}", row.case_id, row.document),
            id: row.id,
        });
    }
    let status = if error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    show_as(
        status,
        &LettersPage {
            letters: lines,
            today: visit.at.day,
            error,
            page,
        },
    )
}

fn ctx(desk: &Desk, visit: &Visit, purpose: &str) -> Ctx {
    Ctx {
        who: desk.actor(),
        body: desk.body.clone(),
        ground: Ground {
            basis: Basis::Operation,
            purpose: purpose.to_owned(),
        },
        at: visit.at,
        trace: visit.trace.clone(),
    }
}

/// A day between two others, as a form has it.
fn day_in(text: Option<&str>, first: Date, last: Date) -> Result<Date, Stopped> {
    let day: Date = text
        .unwrap_or_default()
        .parse()
        .map_err(|_| Stopped::Input("Skriv dagen som år-månad-dag, till exempel 2026-12-01.".to_owned()))?;
    if day < first || day > last {
        return Err(Stopped::Input(format!("Dagen ska ligga mellan {first} och {last}.")));
    }
    Ok(day)
}

async fn posted(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Failure> {
    let wanted = id.clone();
    let found: Result<Option<Row>, StoreError> = node
        .store
        .read("assisted.letter", move |tx| letters::by_id(tx, &wanted))
        .await;
    let row = found?
        .filter(|row| row.way == letters::Way::Paper)
        .ok_or(Failure::NotFound)?;
    let desk = staff.may(Permission::Register, &row.body)?;
    let (own, visited) = (Arc::clone(&node), visit.clone());
    let done: Result<(), Stopped> = node
        .store
        .run("assisted.posted", move |tx| {
            let mut open = Open::read(tx, &own, &row.case_id)?.ok_or(Stopped::NoCase)?;
            let ctx = ctx(&desk, &visited, &open.row.pack);
            let on = day_in(form.one("dag"), crate::clock::legal_day(row.sent_at), ctx.at.day)?;
            if !letters::posted(tx, &row.id, on)? {
                return Err(Stopped::Stale);
            }
            // A party that is told of simplified service has been told when the letter left.
            if row.name == "receipt" {
                open.file.told_of_simplified_service = Some(on);
            }
            open.file.posted.insert(row.name.clone(), on);
            let what = format!("Brev postat {on} av {}, {}", desk.person.name, desk.role.word());
            enter(&ctx, tx, &open, diary::Way::Out, "Sökanden", &what)?;
            finish(&ctx, tx, &own, &mut open)
        })
        .await;
    match done {
        Ok(()) => Ok(Redirect::to("/handlaggning/brev").into_response()),
        Err(Stopped::Input(why)) => letters_page(&node, &visit, &staff, Some(why)).await,
        Err(why) => Err(why.into()),
    }
}

// ---- Service -------------------------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "assisted/service.html")]
struct ServicePage {
    page: Page,
    about: String,
    action: String,
    posted: String,
    /// The party has been told that simplified service may be used.
    told: Option<String>,
    fields: Vec<Markup>,
    error: Option<String>,
}

/// Whether the case waits for how its party was served on paper.
pub fn waits_for_service(open: &Open) -> Option<Date> {
    let waits = open.file.application.entered.is_some() && open.file.case.state() == CaseState::Notified;
    open.file.posted.get("decision").copied().filter(|_| waits)
}

async fn case(node: &Arc<Node>, staff: &Staff, id: &str) -> Result<(Open, Desk, Date), Failure> {
    let (own, id) = (Arc::clone(node), id.to_owned());
    let found: Result<Option<Open>, Stopped> = node
        .store
        .read("assisted.case", move |tx| Open::read(tx, &own, &id))
        .await;
    let open = found?.ok_or(Failure::NotFound)?;
    let desk = staff.may(Permission::Register, &open.row.body)?;
    let posted = waits_for_service(&open).ok_or(Failure::NotFound)?;
    Ok((open, desk, posted))
}

async fn ask_service(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (open, _, posted) = case(&node, &staff, &id).await?;
    service_page(&node, &visit, &open, posted, None, None)
}

fn service_page(
    node: &Node,
    visit: &Visit,
    open: &Open,
    posted: Date,
    typed: Option<&Typed>,
    error: Option<String>,
) -> Result<Response, Failure> {
    let page = Page::new(node, visit, Texts::get(visit.lang, "letters.service"))
        .of(body_config(node, &open.row.body)?)
        .back(format!("/handlaggning/{}", open.row.id))
        .margin(Texts::get(visit.lang, "letters.margin"))
        .mistakes(error.is_some())
        .desk();
    let ways = [("kvitto", "letters.by_receipt"), ("kontroll", "letters.by_control")];
    let ways = ways.map(|(word, words)| (word.to_owned(), page.t(words).to_string()));
    let none = std::collections::BTreeMap::new();
    let fields = [
        super::pages::input(
            visit.lang,
            ("satt", "letters.how", ""),
            field::Kind::Radios(ways.into()),
            typed,
            &none,
        ),
        super::pages::input(
            visit.lang,
            ("dag", "letters.day", "letters.day_hint"),
            field::Kind::DayMonthYear(field::day_parts(typed, "dag", None)),
            typed,
            &none,
        ),
    ];
    let status = if error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    show_as(
        status,
        &ServicePage {
            about: format!("{}, {}", open.diary_number(), open.file.party_name()),
            action: format!("/handlaggning/{}/delgivning", open.row.id),
            posted: page.day(posted),
            told: open.file.told_of_simplified_service.map(|told| page.day(told)),
            fields: fields.iter().map(field::Field::show).collect::<Result<_, _>>()?,
            error,
            page,
        },
    )
}

async fn serve(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Failure> {
    let (open, desk, posted) = case(&node, &staff, &id).await?;
    let typed: Typed = form.0.iter().cloned().collect();
    let (own, visited, fields) = (Arc::clone(&node), visit.clone(), typed.clone());
    let case_id = open.row.id.clone();
    let done: Result<(), Stopped> = node
        .store
        .run("assisted.serve", move |tx| {
            let mut open = Open::read(tx, &own, &case_id)?.ok_or(Stopped::NoCase)?;
            let ctx = ctx(&desk, &visited, &open.row.pack);
            let day = field::typed_day(&fields, "dag")
                .filter(|day| *day >= posted && *day <= ctx.at.day)
                .ok_or_else(|| Stopped::Input(format!("Dagen ska ligga mellan {posted} och {}.", ctx.at.day)))?;
            match fields.get("satt").map(String::as_str) {
                Some("kvitto") => {
                    let service = Service::Ordinary {
                        received: day,
                        receipt: format!(
                            "Delgivningskvitto, antecknat av {}, {}",
                            desk.person.name,
                            desk.role.word()
                        ),
                    };
                    let served = Act::Serve {
                        party: applicant(),
                        service,
                    };
                    act(&ctx, tx, &own, &mut open, &served, &Words::default())?;
                }
                Some("kontroll") => {
                    let simplified = Simplified {
                        told: open.file.told_of_simplified_service,
                        sent: posted,
                        control: ControlMessage::Sent(day),
                    };
                    if simplified.told.is_none_or(|told| told > posted) {
                        return Err(samverk_domain::case::NotAllowed::SimplifiedServiceNotTold.into());
                    }
                    if day <= posted {
                        return Err(samverk_domain::case::NotAllowed::ControlMessageTooEarly.into());
                    }
                    let on = simplified.served_on().map_err(samverk_domain::case::NotAllowed::from)?;
                    watch(tx, &open, Watch::Simplified(simplified), on)?;
                    let what = format!("Kontrollmeddelande postat {day}, delgiven {on} om inget annat visas");
                    enter(&ctx, tx, &open, diary::Way::Out, "Sökanden", &what)?;
                }
                _ => return Err(Stopped::Input("Välj hur beslutet har delgetts.".to_owned())),
            }
            finish(&ctx, tx, &own, &mut open)
        })
        .await;
    let why = match done {
        Ok(()) => return Ok(Redirect::to(&format!("/handlaggning/{}", open.row.id)).into_response()),
        Err(Stopped::Input(why)) => why,
        Err(Stopped::NotAllowed(why)) => match why.law() {
            Some(law) => format!("{why} ({})", law_in_full(law)),
            None => why.to_string(),
        },
        Err(why) => return Err(why.into()),
    };
    service_page(&node, &visit, &open, posted, Some(&typed), Some(why))
}
