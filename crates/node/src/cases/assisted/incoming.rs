//! What comes on paper in a case under way: a completion, a missing signature, the party's words in a hearing.
//!
//! Always true: a completion opens exactly what was asked for and what is answered is read with the same fields as the
//! applicant's; the day of receipt follows from how the paper arrived (FL 22 §), and the time limit counts from it; who entered
//! it stands at each answer and in the diary.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use samverk_domain::case::act::Act;
use samverk_domain::case::assisted::{Channel, Entered};
use samverk_domain::case::documents::DocumentKind;
use samverk_domain::case::messages::{Completion, Origin, SentFact};
use samverk_domain::fact::{Known, Name, Slot, Value};
use samverk_domain::pack::{Source, Type};
use samverk_store::{diary, submissions};

use super::enter::keep_paper as keep_scan;
use super::outgoing::waits_for_service;
use super::pages::{arrival_fields, arrived, by, ctx, input, scan};
use crate::cases::act::{Words, act, enter, finish, keep_paper};
use crate::cases::file::{Open, Stopped, applicant, body_config};
use crate::cases::{proceed, reception};
use crate::login::permissions::Permission;
use crate::login::{Desk, Staff};
use crate::node::Node;
use crate::services::draft::key;
use crate::services::field::{self, Field, Typed};
use crate::services::pages::{attachment, fact_of, is_of_any, none_boxes, ticked_nones};
use crate::web::form::{UPLOAD_BYTES_MAX, Upload};
use crate::web::parts::Markup;
use crate::web::texts::Texts;
use crate::web::{Failure, Page, Visit, show_as};

/// Longer words are attachments.
const WORDS_CHARACTERS_MAX: usize = 10_000;

pub fn routes() -> Router<Arc<Node>> {
    Router::new().route(
        "/handlaggning/{case}/inkommet",
        get(ask).post(take).layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX)),
    )
}

/// What the case's page offers: addresses and words.
pub fn choices(staff: &Staff, open: &Open) -> Vec<(String, &'static str)> {
    let mut choices = Vec::new();
    let waits = is_asked(open) || is_heard(open) || open.lacks_signatures();
    if waits && staff.may(Permission::EnterForOther, &open.row.body).is_ok() {
        choices.push((
            format!("/handlaggning/{}/inkommet", open.row.id),
            "Registrera svar på papper",
        ));
    }
    if waits_for_service(open).is_some() && staff.may(Permission::Register, &open.row.body).is_ok() {
        choices.push((
            format!("/handlaggning/{}/delgivning", open.row.id),
            "Anteckna delgivningen",
        ));
    }
    choices
}

fn is_asked(open: &Open) -> bool {
    let mut requests = open.file.case.completion_requests().iter();
    requests.any(|request| request.answered.is_none())
}

fn is_heard(open: &Open) -> bool {
    let mut hearings = open.file.case.hearings().iter();
    hearings.any(|hearing| {
        hearing.answered.is_none() && matches!(hearing.how, samverk_domain::case::act::Communication::Ask { .. })
    })
}

/// The slots that were asked for and that the applicant answers.
fn slots(open: &Open) -> Vec<Slot> {
    let pack = open.pack();
    let facts = open.file.facts();
    let requests = open.file.case.completion_requests().iter();
    let asked: Vec<&Name> = requests
        .filter(|request| request.answered.is_none())
        .flat_map(|request| &request.asked.facts)
        .collect();
    let mut slots = Vec::new();
    for name in asked {
        let own = |name: &Name| pack.fact(name).is_some_and(|fact| fact.source.it == Source::Applicant);
        if !own(name) {
            continue;
        }
        match pack.list_of_column(name) {
            Some(list) => {
                let there = facts.lists.get(&list.name.it).map_or(0, Vec::len);
                let there = u32::try_from(there).unwrap_or(u32::MAX);
                // Where the list was left out as a whole there is room for what it must have, and at least for one.
                slots.extend((0..there.max(list.min).max(1).min(list.max)).map(|item| Slot {
                    fact: name.clone(),
                    item: Some(item),
                }));
            }
            None => slots.push(Slot::of(name.clone())),
        }
    }
    slots
}

/// Those of the lists asked for that may be answered with none: optional, and without items.
fn may_be_none(open: &Open, slots: &[Slot]) -> BTreeSet<Name> {
    let facts = open.file.facts();
    let lists = slots.iter().filter_map(|slot| open.pack().list_of_column(&slot.fact));
    let lists = lists.filter(|list| list.min == 0 && facts.lists.get(&list.name.it).is_none_or(Vec::is_empty));
    lists.map(|list| list.name.it.clone()).collect()
}

#[derive(Template)]
#[template(path = "assisted/incoming.html")]
struct IncomingPage {
    page: Page,
    about: String,
    action: String,
    arrival: Vec<Markup>,
    fields: Vec<Markup>,
    /// A box for each list that may be answered with none: name, words, ticked.
    nones: Vec<(String, String, bool)>,
    signatures: Vec<(String, String, bool)>,
    words: Option<Markup>,
    errors: Vec<(String, String)>,
}

async fn case(node: &Arc<Node>, staff: &Staff, id: &str) -> Result<(Open, Desk), Failure> {
    let (own, id) = (Arc::clone(node), id.to_owned());
    let found: Result<Option<Open>, Stopped> = node
        .store
        .read("assisted.case", move |tx| Open::read(tx, &own, &id))
        .await;
    let open = found?.ok_or(Failure::NotFound)?;
    let desk = staff.may(Permission::EnterForOther, &open.row.body)?;
    Ok((open, desk))
}

fn signature_box(nth: usize) -> String {
    format!("underskrift-{nth}")
}

async fn ask(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (open, _) = case(&node, &staff, &id).await?;
    page(&node, &visit, &open, None, &BTreeMap::new())
}

fn page(
    node: &Node,
    visit: &Visit,
    open: &Open,
    typed: Option<&Typed>,
    errors: &BTreeMap<String, String>,
) -> Result<Response, Failure> {
    let lang = visit.lang;
    let mut summary = Vec::new();
    let mut shown = |inputs: Vec<Field>| -> Result<Vec<Markup>, Failure> {
        inputs
            .iter()
            .map(|input| {
                summary.extend(input.error.clone().map(|error| (input.anchor(), error)));
                input.show()
            })
            .collect()
    };
    let arrival = shown(arrival_fields(lang, typed, errors))?;
    let mut fields = Vec::new();
    for slot in slots(open) {
        let fact = fact_of(open.pack(), &slot.fact)?;
        let value = open.file.held(&slot).and_then(|held| held.sent.known.value().cloned());
        let mut input = field::field(open.pack(), lang, fact, &slot, value.as_ref(), typed);
        input.error = errors.get(&input.name).cloned();
        fields.push(input);
    }
    let fields = shown(fields)?;
    let words = match is_heard(open) {
        true => shown(vec![input(
            lang,
            ("ord", "incoming.words", "incoming.words_hint"),
            field::Kind::Area,
            typed,
            errors,
        )])?
        .pop(),
        false => None,
    };
    let signatures = open
        .file
        .application
        .entered
        .iter()
        .flat_map(|entered| &entered.signatures);
    let signatures = signatures
        .enumerate()
        .filter(|(_, line)| !line.signed)
        .map(|(nth, line)| {
            let person = line.person.as_ref();
            let person = person.map_or_else(String::new, |person| format!(": {}", Value::PersonNr(person.clone())));
            let ticked = typed.is_some_and(|typed| typed.contains_key(&signature_box(nth)));
            (signature_box(nth), format!("{}{person}", line.what), ticked)
        })
        .collect();
    let status = if summary.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = Page::new(node, visit, Texts::get(lang, "incoming.heading"))
        .of(body_config(node, &open.row.body)?)
        .back(format!("/handlaggning/{}", open.row.id))
        .margin(Texts::get(lang, "assisted.margin"))
        .mistakes(!summary.is_empty())
        .desk();
    show_as(
        status,
        &IncomingPage {
            about: format!("{}, {}", open.diary_number(), open.file.party_name()),
            action: format!("/handlaggning/{}/inkommet", open.row.id),
            arrival,
            fields,
            nones: none_boxes(open.pack(), lang, &may_be_none(open, &slots(open)), typed),
            signatures,
            words,
            errors: summary,
            page,
        },
    )
}

async fn take(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    let Upload {
        fields: typed,
        mut files,
    } = Upload::from_request(request, &node).await?;
    let (open, desk) = case(&node, &staff, &id).await?;
    let mut errors = BTreeMap::new();
    let paper = scan(visit.lang, &mut files, &typed, &mut errors);
    let how = arrived(visit.lang, &typed, &mut errors);
    let mut values = Vec::new();
    let mut sent_files = BTreeMap::new();
    let asked = slots(&open);
    let none_of = ticked_nones(&may_be_none(&open, &asked), &typed);
    for slot in asked.into_iter().filter(|slot| !is_of_any(&none_of, slot)) {
        let fact = fact_of(open.pack(), &slot.fact)?;
        let name = key(&slot);
        let is_empty = !typed
            .iter()
            .any(|(field, text)| field.starts_with(&name) && !text.trim().is_empty());
        let read = match &fact.ty.it {
            Type::Attachment { formats, bytes_max, .. } => match files.remove(&name) {
                Some(file) => attachment(visit.lang, formats, *bytes_max, file).map(|(value, bytes)| {
                    sent_files.insert(value.sha256.clone(), URL_SAFE_NO_PAD.encode(bytes));
                    Value::Attachment(value)
                }),
                None => continue,
            },
            // What this paper does not answer either is asked for again.
            _ if is_empty => continue,
            ty => field::read(visit.lang, ty, &name, &typed),
        };
        match read {
            Ok(value) => values.push((slot, value)),
            Err(why) => drop(errors.insert(name, why)),
        }
    }
    let words = typed.get("ord").map(|text| text.trim().to_owned()).unwrap_or_default();
    if words.chars().count() > WORDS_CHARACTERS_MAX {
        errors.insert(
            "ord".to_owned(),
            Texts::get(visit.lang, "reply.say_something").to_string(),
        );
    }
    let signed: Vec<usize> = (0..samverk_domain::case::assisted::SIGNATURES_MAX)
        .filter(|nth| typed.contains_key(&signature_box(*nth)))
        .collect();
    if errors.is_empty() && values.is_empty() && none_of.is_empty() && words.is_empty() && signed.is_empty() {
        errors.insert(
            "kanal".to_owned(),
            Texts::get(visit.lang, "incoming.nothing").to_string(),
        );
    }
    let mut entered = None;
    if let Some((channel, arrived, arrival)) = how {
        let it = Entered {
            body: open.row.body.clone(),
            by: by(&desk),
            at: crate::exchange::microseconds(visit.at.instant),
            channel,
            arrival,
            arrived,
            // Where letters go is not changed by this.
            address: "–".to_owned(),
            paper_sha256: paper.as_ref().map(|(paper, _)| paper.sha256.clone()),
            left_open: vec![],
            signatures: vec![],
        };
        match it.received() {
            // FL 22 §: before the case itself nothing can have come in to it.
            Ok(day) if day < open.file.application.received_day => {
                errors.insert("dag".to_owned(), Texts::get(visit.lang, "incoming.before").to_string());
            }
            Ok(day) => entered = Some((it, day)),
            Err(why) => super::pages::told(&why, &mut errors),
        }
    }
    let (Some((entered, day)), true) = (entered, errors.is_empty()) else {
        return page(&node, &visit, &open, Some(&typed), &errors);
    };
    let own = Arc::clone(&node);
    let slug = open.file.application.pack.clone();
    let ctx = ctx(&desk, &visit, &slug);
    let case_id = open.row.id.clone();
    let done: Result<(), Stopped> = node
        .store
        .run("assisted.incoming", move |tx| {
            let mut open = Open::read(tx, &own, &case_id)?.ok_or(Stopped::NoCase)?;
            if let Some((paper, bytes)) = &paper {
                keep_scan(&ctx, tx, &own, &open.row, "Svar på papper, inläst", paper, bytes)?;
            }
            let what = format!("{}, inkommen {day}, införd av {}", heading(entered.channel), entered.by);
            enter(&ctx, tx, &open, diary::Way::Own, "Egen", &what)?;
            if let Some(first) = open.file.application.entered.as_mut() {
                for nth in &signed {
                    if let Some(line) = first.signatures.get_mut(*nth) {
                        line.signed = true;
                    }
                }
            }
            if !words.is_empty() {
                let answered = Act::PartyAnswered { party: applicant() };
                let on = Words {
                    day: Some(day),
                    ..Words::default()
                };
                act(&ctx, tx, &own, &mut open, &answered, &on)?;
                let when = open.moment(&ctx);
                open.file.answers.push((when, words.clone()));
                let paper = reception::words_paper(&ctx, &own, &open, "Partens yttrande", &words)?;
                keep_paper(
                    &ctx,
                    tx,
                    &own,
                    &open,
                    DocumentKind::Received,
                    "hearing_answer",
                    "Yttrande från parten",
                    true,
                    &paper,
                )?;
            }
            let application = &open.file.application;
            let (submission, step) = (application.submission.clone(), application.step.clone());
            if is_asked(&open) && (!values.is_empty() || !none_of.is_empty() || !signed.is_empty()) {
                for notice in submissions::notices(tx, &submission)? {
                    if notice.step == step.as_str()
                        && notice.kind == "completion_request"
                        && notice.answered_at.is_none()
                    {
                        submissions::answered(tx, &notice.id, ctx.at.instant)?;
                    }
                }
                let facts = values.iter().map(|(slot, value)| SentFact {
                    slot: slot.clone(),
                    known: Known::Value(value.clone()),
                    origin: Origin::Entered {
                        by: entered.by.clone(),
                        at: entered.at,
                        channel: entered.channel,
                        instead_of: None,
                    },
                    disputed: None,
                });
                let completion = Completion {
                    submission,
                    step,
                    facts: facts.collect(),
                    none_of: none_of.clone(),
                    files: sent_files.clone(),
                    received_at: entered.at,
                };
                return reception::complete_on_paper(&ctx, tx, &own, open, completion, day);
            }
            finish(&ctx, tx, &own, &mut open)?;
            proceed::enqueue(&ctx, tx, &open)
        })
        .await;
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/handlaggning/{}", open.row.id)).into_response()),
        Err(Stopped::Input(why)) => {
            let errors = BTreeMap::from([("kanal".to_owned(), why)]);
            page(&node, &visit, &open, Some(&typed), &errors)
        }
        Err(Stopped::NotAllowed(why)) => {
            let errors = BTreeMap::from([("kanal".to_owned(), why.to_string())]);
            page(&node, &visit, &open, Some(&typed), &errors)
        }
        Err(why) => Err(why.into()),
    }
}

fn heading(channel: Channel) -> &'static str {
    match channel {
        Channel::Paper => "Svar på papper",
        Channel::Visit => "Svar vid besök",
        Channel::Telephone => "Svar per telefon",
    }
}
