//! Pages for the person: a service's start page, whom to act for, the draft's questions and facts, check, receipt, matters.
//!
//! Always true: another person's draft or submission is not found (404); every page of a draft says that nothing has been
//! sent; every form carries the session's token; a question that is not to be asked leads to the one that is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Path, Query, Request, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use samverk_domain::case::messages::SentFact;
use samverk_domain::events::Kind as EventKind;
use samverk_domain::fact::{Attachment, Known, Name, Slot, Value};
use samverk_domain::pack::{Fact, Frist, Length, Pack, Source, Start, Type};
use samverk_domain::rules::{Days, Question};
use samverk_domain::terms::{Adoption, BodyId};
use samverk_domain::words::letters::capital;
use samverk_store::signings::Stand;
use samverk_store::submissions::{self, Delivery, StepRow};

use super::draft::{Draft, Fetched, Principal, Said, key};
use super::duties::DutyLine;
use super::field::{self, Field, Typed, shown};
use super::prepare::{InTheWay, NoBody, Part, Prepared, prepare, setting};
use super::submit::{self, NotSubmitted, reference};
use super::vault::{self, Beginning, NotKept, Open, Owner};
use super::{duties, fetch, represent, signing, signing_pages};
use crate::ctx::{Basis, Ctx, Ground, PersonRef};
use crate::effects::log::{Happened, Matter, note};
use crate::library::Known as KnownPack;
use crate::login::{self, Message, Person};
use crate::node::Node;
use crate::publishing;
use crate::trust::federation::FederationView;
use crate::web::form::{Fields, UPLOAD_BYTES_MAX, Upload};
use crate::web::layout;
use crate::web::parts::{Icon, Markup};
use crate::web::texts::{Lang, Texts};
use crate::web::{Failure, Page, Shape, Visit, show, show_as};

pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route("/tjanster/{slug}", get(service))
        .route("/tjanster/{slug}/borja", get(begin))
        .route("/foretrad", get(choose).post(chosen))
        .route("/utkast/{id}", get(tasks))
        .route("/utkast/{id}/nasta", get(next))
        .route(
            "/utkast/{id}/fraga/{fact}",
            get(question)
                .post(answer)
                .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX)),
        )
        .route("/utkast/{id}/lista/{list}/ta-bort", post(remove_item))
        .route("/utkast/{id}/uppgifter", get(facts).post(looked_at))
        .route("/utkast/{id}/kontrollera", get(check))
        .route("/utkast/{id}/skicka", get(sent).post(send))
        .route("/utkast/{id}/ta-bort", get(ask_remove).post(remove))
        .route("/inskickat/{id}", get(receipt))
        .route("/inskickat/{id}/kvitto.jws", get(receipt_file))
        .route("/mina", get(mine))
        .route("/mina/{id}", get(matter))
        .route("/mina/{id}/svara/{notice}", get(reply).post(replied))
}

// ---- What every page of a draft needs -------------------------------------------------------------------------------

/// A person's draft with everything around it.
struct Desk {
    ctx: Ctx,
    known: Arc<KnownPack>,
    view: Arc<FederationView>,
    adoptions: Vec<Adoption>,
    open: Open,
}

impl Desk {
    fn pack(&self) -> &Pack {
        &self.known.pack
    }

    fn days(&self) -> Days {
        Days {
            application: self.ctx.at.day,
            decision: self.ctx.at.day,
        }
    }

    fn prepared(&self) -> Result<Prepared<'_>, Failure> {
        prepare(
            self.pack(),
            &self.open.draft,
            self.view.federation(),
            &self.adoptions,
            self.days(),
        )
        .map_err(Failure::ours)
    }

    fn matter(&self, node: &Node) -> Matter {
        let draft = &self.open.draft;
        Matter::of(&self.ctx, node, draft.pack.as_str(), draft.version, &draft.id)
    }
}

impl From<NotKept> for Failure {
    fn from(why: NotKept) -> Self {
        match why {
            NotKept::TooMany => Self::Stale,
            NotKept::TooLarge => Self::TooLarge,
            NotKept::Stale => Self::Stale,
            NotKept::Store(_) | NotKept::Broken => Self::ours(why),
        }
    }
}

/// The person's own request in their own matter, at the node's host.
pub(super) fn context(node: &Node, visit: &Visit, person: &Person, purpose: &str) -> Ctx {
    Ctx {
        who: person.actor(),
        body: node.config.host().id.clone(),
        ground: Ground {
            basis: Basis::OwnRequest,
            purpose: purpose.to_owned(),
        },
        at: visit.at,
        trace: visit.trace.clone(),
    }
}

fn view(node: &Node) -> Result<Arc<FederationView>, Failure> {
    node.federation.view(node.clock.now()).map_err(Failure::later)
}

async fn desk(node: &Arc<Node>, visit: &Visit, person: &Person, id: &str) -> Result<Desk, Failure> {
    let ctx = context(node, visit, person, "");
    let (own, who, id) = (Arc::clone(node), person.0.person.clone(), id.to_owned());
    let inner = ctx.clone();
    let (open, sealed) = node
        .store
        .read("services.open", move |tx| {
            let Some(open) = vault::open(&inner, tx, &Owner::of(&own.secret, &who), &id)? else {
                return Ok(None);
            };
            let sealed = samverk_store::signings::of_draft(tx, &open.draft.id)?;
            Ok::<_, NotKept>(Some((open, sealed)))
        })
        .await?
        .ok_or(Failure::NotFound)?;
    // While others sign it has one page: who has signed, and where it is taken back.
    if let Some(signing) = sealed {
        return Err(Failure::Elsewhere {
            to: format!("/underskrift/{signing}"),
        });
    }
    let known = node
        .library
        .version(&open.draft.pack, open.draft.version)
        .ok_or_else(|| Failure::ours("a draft is of a version of its service that is not here any more"))?;
    let mut ctx = ctx;
    ctx.ground.purpose = open.draft.pack.to_string();
    let view = view(node)?;
    Ok(Desk {
        adoptions: publishing::adoptions_that_count(&view, &known),
        ctx,
        known,
        view,
        open,
    })
}

/// Saves the draft with the events that belong to the change.
async fn save(node: &Arc<Node>, desk: Desk, happened: Vec<Happened>) -> Result<(), Failure> {
    let matter = desk.matter(node);
    let own = Arc::clone(node);
    let done: Result<(), NotKept> = node
        .store
        .run("services.save", move |tx| {
            vault::save(&desk.ctx, tx, &own.chance, &desk.open)?;
            for one in &happened {
                note(&desk.ctx, tx, &own, &matter, one)?;
            }
            Ok(())
        })
        .await;
    done.map_err(Failure::from)
}

pub(super) fn go(to: impl AsRef<str>) -> Response {
    Redirect::to(to.as_ref()).into_response()
}

pub(crate) fn group(pack: &Pack, lang: Lang, prefix: &str) -> String {
    pack.text(lang.code(), &format!("grupp.{prefix}"))
        .unwrap_or(prefix)
        .to_owned()
}

pub(crate) fn step_name(pack: &Pack, lang: Lang, step: &Name) -> String {
    pack.text(lang.code(), &format!("steg.{step}"))
        .unwrap_or(step.as_str())
        .to_owned()
}

pub(crate) fn label(pack: &Pack, lang: Lang, fact: &Name) -> String {
    let own = pack.text(lang.code(), &format!("namn.{fact}"));
    own.or_else(|| pack.text(lang.code(), &format!("fråga.{fact}")))
        .unwrap_or(fact.as_str())
        .to_owned()
}

pub(crate) fn title(pack: &Pack, lang: Lang) -> String {
    pack.text(lang.code(), "tjänst.titel")
        .unwrap_or(pack.title.it.as_str())
        .to_owned()
}

fn register_name(pack: &Pack, lang: Lang, register: &Name) -> String {
    pack.text(lang.code(), &format!("register.{register}"))
        .unwrap_or(register.as_str())
        .to_owned()
}

pub(crate) fn fact_of<'a>(pack: &'a Pack, name: &Name) -> Result<&'a Fact, Failure> {
    pack.fact(name).ok_or(Failure::NotFound)
}

// ---- A service's start page ------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "services/service.html")]
struct ServicePage {
    page: Page,
    slug: String,
    intro: String,
    known: Vec<(String, String)>,
    at_hand: Vec<String>,
    steps: Vec<StepLine>,
    not_adopted: Vec<String>,
    /// Today's forms are known.
    has_forms: bool,
    /// `Version 2, som gäller från 1 juni 2026.`
    version: String,
}

struct StepLine {
    name: String,
    body: String,
    deadline: String,
}

async fn service(State(node): State<Arc<Node>>, visit: Visit, Path(slug): Path<String>) -> Result<Response, Failure> {
    let known = offered(&node, &visit, &slug)?;
    let (pack, lang) = (&known.pack, visit.lang);
    let view = view(&node)?;
    let mut have = BTreeMap::new();
    let mut at_hand = Vec::new();
    for fact in &pack.facts {
        match &fact.source.it {
            Source::Register(register) => {
                let keeper = view.federation().keeper(&register.register);
                let keeper = keeper.map_or_else(
                    || register_name(pack, lang, &register.register),
                    |body| body_name(lang, &body.name, &body.name_en),
                );
                have.entry(register.register.clone())
                    .or_insert_with(|| (keeper, Vec::new()))
                    .1
                    .push(label(pack, lang, &fact.name.it));
            }
            Source::Applicant if matches!(fact.ty.it, Type::Attachment { .. }) => {
                at_hand.push(label(pack, lang, &fact.name.it))
            }
            _ => {}
        }
    }
    let mut not_adopted = Vec::new();
    let steps = pack.steps.iter().map(|step| {
        let task = pack
            .role(&step.role.it)
            .map(|role| role.task.it.clone())
            .unwrap_or_default();
        let bodies: Vec<_> = view
            .federation()
            .bodies
            .iter()
            .filter(|body| body.tasks.iter().any(|t| t.task == task))
            .collect();
        for body in &bodies {
            let adopted = publishing::adoption_that_counts(&view, &body.id, &known)
                .is_some_and(|adoption| adoption.steps.contains(&step.name.it));
            if !adopted {
                not_adopted.push(format!(
                    "{}, {}",
                    body_name(lang, &body.name, &body.name_en),
                    body.part_of
                ));
            }
        }
        let mut names: Vec<String> = bodies
            .iter()
            .map(|body| body_name(lang, &body.name, &body.name_en))
            .collect();
        names.sort();
        names.dedup();
        StepLine {
            name: step_name(pack, lang, &step.name.it),
            body: names.join(", "),
            deadline: step
                .deadline
                .as_ref()
                .map(|d| deadline(lang, &d.it))
                .unwrap_or_default(),
        }
    });
    let steps = steps.collect();
    let page = Page::new(&node, &visit, title(pack, lang)).margin(Texts::get(lang, "service.margin"));
    show(&ServicePage {
        intro: pack
            .text(lang.code(), "tjänst.ingress")
            .unwrap_or(pack.intro.it.as_str())
            .to_owned(),
        known: have
            .into_values()
            .map(|(keeper, facts)| (enumerated(&facts), keeper))
            .collect(),
        at_hand,
        steps,
        not_adopted,
        has_forms: super::paper::beside(&node.library, pack).is_some(),
        version: Texts::get(lang, "service.version_text")
            .with("version", pack.meta.version.it)
            .with("from", layout::day(lang, pack.meta.valid_from.it))
            .to_string(),
        slug,
        page,
    })
}

/// `Företagets namn, företagsform`: labels begin with a capital letter, words within a sentence do not.
fn enumerated(labels: &[String]) -> String {
    let mut out = String::new();
    for label in labels {
        let mut letters = label.chars();
        match letters.next() {
            Some(first) if !out.is_empty() => {
                out.push_str(", ");
                out.extend(first.to_lowercase());
                out.push_str(letters.as_str());
            }
            _ => out.push_str(label),
        }
    }
    out
}

/// A step's time limit in the page's language.
fn deadline(lang: Lang, frist: &Frist) -> String {
    let t = |k| Texts::get(lang, k);
    let length = |length: &Length| duties::length(lang, *length);
    let start = |start: &Start| t(duties::start(*start));
    let mut parts = Vec::new();
    if let Some((within, from)) = &frist.decide_within {
        parts.push(
            t("frist.within")
                .with("length", length(within))
                .with("from", start(from))
                .to_string(),
        );
    }
    if let Some(longer) = &frist.extension {
        parts.push(t("frist.extension").with("length", length(longer)).to_string());
    }
    if let Some((wait, from)) = &frist.may_start {
        parts.push(
            t("frist.may_start")
                .with("length", length(wait))
                .with("from", start(from))
                .to_string(),
        );
    }
    parts.join(", ")
}

pub(crate) fn body_name(lang: Lang, sv: &str, en: &str) -> String {
    match lang {
        Lang::En if !en.is_empty() => en.to_owned(),
        _ => sv.to_owned(),
    }
}

/// The newest version of a service that may be started here.
pub(super) fn offered(node: &Node, visit: &Visit, slug: &str) -> Result<Arc<KnownPack>, Failure> {
    let slug = Name::parse(slug).map_err(|_| Failure::NotFound)?;
    let may = node
        .config
        .portal
        .as_ref()
        .is_some_and(|portal| portal.packs.contains(&slug));
    let known = publishing::running(node, &slug, visit.at.day).filter(|_| may);
    known.ok_or(Failure::NotFound)
}

// ---- Whom to act for -------------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "services/choose.html")]
struct ChoosePage {
    page: Page,
    slug: String,
    field: Markup,
    summary: Option<(String, String)>,
    stopped: Option<(String, String)>,
    /// The person may go on for themselves: the service is not one that a company applies for.
    may_be_oneself: bool,
}

#[derive(serde::Deserialize)]
struct For {
    #[serde(default)]
    tjanst: String,
}

fn choose_page(
    node: &Node,
    visit: &Visit,
    slug: String,
    typed: Option<&Typed>,
    error: Option<String>,
    stopped: Option<(String, String)>,
) -> Result<Response, Failure> {
    let t = |k| Texts::get(visit.lang, k).to_string();
    let mut input = Field {
        name: "orgnr".to_owned(),
        label: t("choose.orgnr"),
        hint: t("choose.hint"),
        error: None,
        value: typed.and_then(|typed| typed.get("orgnr")).cloned().unwrap_or_default(),
        kind: field::Kind::Line {
            unit: String::new(),
            class: "input--12",
            numeric: true,
        },
        is_heading: false,
        caption: String::new(),
        words: [t("field.error"), t("field.day"), t("field.month"), t("field.year")],
    };
    let summary = error.as_ref().map(|error| ("orgnr".to_owned(), error.clone()));
    input.error = error;
    let wrong = summary.is_some() || stopped.is_some();
    let page = Page::new(node, visit, t("choose.heading"))
        .margin(t("choose.margin"))
        .mistakes(wrong);
    let service = Name::parse(&slug).ok();
    let service = service.and_then(|slug| publishing::running(node, &slug, visit.at.day));
    let page = ChoosePage {
        may_be_oneself: !service.is_some_and(|known| needs_company(&known)),
        field: input.show()?,
        page,
        slug,
        summary,
        stopped,
    };
    show_as(
        if wrong {
            http::StatusCode::UNPROCESSABLE_ENTITY
        } else {
            http::StatusCode::OK
        },
        &page,
    )
}

async fn choose(
    State(node): State<Arc<Node>>,
    visit: Visit,
    _: Person,
    Query(to): Query<For>,
) -> Result<Response, Failure> {
    choose_page(&node, &visit, to.tjanst, None, None, None)
}

async fn chosen(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    form: Fields,
) -> Result<Response, Failure> {
    let t = |k| Texts::get(visit.lang, k).to_string();
    let slug = form.one("tjanst").unwrap_or_default().to_owned();
    let onward = match slug.as_str() {
        "" => "/mina".to_owned(),
        slug => format!("/tjanster/{slug}/borja"),
    };
    if form.one("sjalv").is_some() {
        login::act_for(&node, &person.0, None).await?;
        return Ok(go(onward));
    }
    let typed: Typed = form.0.iter().cloned().collect();
    let ctx = context(&node, &visit, &person, &slug);
    let number = samverk_domain::words::ids::Organisationsnummer::parse(form.one("orgnr").unwrap_or_default());
    let Ok(number) = number else {
        return choose_page(&node, &visit, slug, Some(&typed), Some(t("field.wrong_orgnr")), None);
    };
    match represent::may_act(&ctx, &node, &person.0.person, number.digits()).await {
        Ok(company) => {
            let company = login::ActingFor {
                number: number.digits().to_owned(),
                name: company.name,
                signing: Some(company.signing),
                together: company.together,
            };
            login::act_for(&node, &person.0, Some(company)).await?;
            Ok(go(onward))
        }
        Err(why) => {
            if let Some(known) = Name::parse(&slug)
                .ok()
                .and_then(|slug| publishing::running(&node, &slug, visit.at.day))
            {
                let matter = Matter::of(
                    &ctx,
                    &node,
                    &slug,
                    known.pack.meta.version.it,
                    person.0.form_token.as_str(),
                );
                let (own, inner) = (Arc::clone(&node), ctx.clone());
                node.store
                    .run("services.stopped", move |tx| {
                        note(&inner, tx, &own, &matter, &Happened::once(EventKind::Abandoned))
                    })
                    .await?;
            }
            let (heading, next) = why.words(visit.lang);
            choose_page(&node, &visit, slug, Some(&typed), None, Some((heading, next)))
        }
    }
}

/// Whether the service is applied for by a company.
pub(crate) fn needs_company(known: &KnownPack) -> bool {
    let mut facts = known.pack.facts.iter();
    facts.any(|fact| fact.source.it == Source::Represented && fact.ty.it == Type::OrgNr)
}

async fn begin(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let known = offered(&node, &visit, &slug)?;
    let needs_company = needs_company(&known);
    // A service that asks of no company is the person's own matter, whomever they acted for just before.
    let principal = match person.0.acting_for.as_ref().filter(|_| needs_company) {
        Some(company) => Principal::Company {
            orgnr: company.number.clone(),
            name: company.name.clone(),
            signing: company.signing.clone(),
        },
        None if needs_company => return Ok(go(format!("/foretrad?tjanst={slug}"))),
        None => Principal::Oneself,
    };
    let ctx = context(&node, &visit, &person, &slug);
    let beginning = Beginning {
        pack: known.pack.meta.slug.it.clone(),
        version: known.pack.meta.version.it,
        person: person.0.person.clone(),
        principal,
        language: visit.lang.code().to_owned(),
    };
    let own = Arc::clone(&node);
    let id = node
        .store
        .run("services.begin", move |tx| {
            crate::library::pin(tx, &known, ctx.at.instant)?;
            let id = vault::begin(&ctx, tx, &own.secret, &own.chance, &beginning)?;
            let matter = Matter::of(&ctx, &own, beginning.pack.as_str(), beginning.version, &id);
            note(&ctx, tx, &own, &matter, &Happened::once(EventKind::Started))?;
            Ok::<_, NotKept>(id)
        })
        .await?;
    Ok(go(format!("/utkast/{id}/nasta")))
}

// ---- The way through the questions -----------------------------------------------------------------------------------

/// Fetches what registers know by now, then leads on: facts to look at, the next question, or the task list.
async fn next(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let mut desk = desk(&node, &visit, &person, &id).await?;
    refresh(&node, &mut desk).await?;
    let to = onward(&desk)?;
    Ok(go(to))
}

/// Asks the registers what has become relevant; saves when something came.
async fn refresh(node: &Arc<Node>, desk: &mut Desk) -> Result<(), Failure> {
    let setting = setting(
        &desk.known.pack,
        &desk.open.draft,
        desk.view.federation(),
        &desk.adoptions,
        desk.days(),
    );
    let known = Arc::clone(&desk.known);
    let came = fetch::fetch(&desk.ctx, node, &known.pack, &mut desk.open.draft, &setting).await;
    if came.is_empty() {
        return Ok(());
    }
    let mut happened = Vec::new();
    for one in &came {
        let keeper = desk.view.federation().keeper(&one.register).map(|body| body.id.clone());
        let mut add = |kind| {
            let event = Happened::once(kind).about(&one.slot);
            happened.push(match &keeper {
                Some(keeper) => event.from(keeper),
                None => event,
            });
        };
        add(EventKind::RegisterQuery);
        match &one.said {
            Said::Value { .. } | Said::NoRecord { .. } => {
                add(EventKind::FieldPrefilled);
            }
            Said::Down { .. } => add(EventKind::RegisterFailed),
            Said::NoContract { .. } => add(EventKind::ReusedAnswerRefused),
        }
    }
    let revision = desk.open.revision;
    let matter = desk.matter(node);
    let (own, ctx) = (Arc::clone(node), desk.ctx.clone());
    let draft = desk.open.draft.clone();
    let (who, id) = (person_of(&draft)?, draft.id.clone());
    let saved: Result<(), NotKept> = node
        .store
        .run("services.fetched", move |tx| {
            let mut open = vault::open(&ctx, tx, &Owner::of(&own.secret, &who), &id)?.ok_or(NotKept::Stale)?;
            if open.revision != revision {
                return Err(NotKept::Stale);
            }
            open.draft = draft.clone();
            vault::save(&ctx, tx, &own.chance, &open)?;
            for one in &happened {
                note(&ctx, tx, &own, &matter, one)?;
            }
            Ok(())
        })
        .await;
    saved?;
    desk.open.revision += 1;
    Ok(())
}

fn person_of(draft: &Draft) -> Result<PersonRef, Failure> {
    PersonRef::of_digits(&draft.person, &draft.person_name).ok_or_else(|| Failure::ours("a draft without a person"))
}

/// Where the person goes now.
fn onward(desk: &Desk) -> Result<String, Failure> {
    let id = &desk.open.draft.id;
    if !desk.open.draft.unseen_registers().is_empty() {
        return Ok(format!("/utkast/{id}/uppgifter"));
    }
    let prepared = desk.prepared()?;
    Ok(match prepared.questions.first() {
        Some(Question::Fact(name) | Question::List(name)) => {
            format!("/utkast/{id}/fraga/{}", crate::web::encoded(name.as_str()))
        }
        None => format!("/utkast/{id}"),
    })
}

#[derive(Template)]
#[template(path = "services/question.html")]
struct QuestionPage {
    page: Page,
    draft: DraftNote,
    action: String,
    heading: Option<(String, String)>,
    fields: Vec<Markup>,
    errors: Vec<(String, String)>,
    upload: bool,
    hidden_item: Option<u32>,
    why: String,
    receivers: Vec<String>,
    law: String,
    instead: Option<String>,
    has_file: Option<String>,
    none: Option<NoneOf>,
}

/// An optional list without items, which can be answered with none.
pub(crate) struct NoneOf {
    /// *Inga revisorer*.
    pub words: String,
    /// It has been.
    pub is_chosen: bool,
    /// Where the person goes on.
    pub next: String,
}

impl NoneOf {
    /// What the page of an item of this list offers; nothing where the list must have items or has some.
    pub fn of(pack: &Pack, lang: Lang, draft: &Draft, list: &Name, next: String) -> Option<Self> {
        let listed = pack.list(list).filter(|listed| listed.min == 0)?;
        let has_items = draft.items.get(list).is_some_and(|count| *count > 0);
        (!has_items).then(|| Self {
            words: none_words(pack, lang, list),
            is_chosen: draft.is_none(listed),
            next,
        })
    }
}

/// *Inga revisorer*, by the list's own name where the document has one.
pub(crate) fn none_words(pack: &Pack, lang: Lang, list: &Name) -> String {
    let Some(name) = pack.text(lang.code(), &format!("namn.{list}")) else {
        return Texts::get(lang, "list.none_at_all").to_string();
    };
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_lowercase().to_string());
    let name = format!("{}{}", first.unwrap_or_default(), letters.as_str());
    Texts::get(lang, "list.none").with("list", name).to_string()
}

/// The button that says that there are none.
pub(crate) const NONE: &str = "inga";

/// Said in the margin of every page of a draft.
struct DraftNote {
    id: String,
    saved: String,
    expires: String,
}

impl DraftNote {
    fn of(page: &Page, open: &Open) -> Self {
        Self {
            id: open.draft.id.clone(),
            saved: page.instant(open.saved_at),
            expires: page.day(crate::clock::legal_day(open.expires_at)),
        }
    }
}

#[derive(Template)]
#[template(path = "services/list.html")]
struct ListPage {
    page: Page,
    draft: DraftNote,
    list: String,
    heading: String,
    caption: String,
    columns: Vec<String>,
    items: Vec<Vec<String>>,
    may_add: bool,
    next_item: usize,
}

#[derive(serde::Deserialize)]
struct Item {
    post: Option<u32>,
}

async fn question(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path((id, name)): Path<(String, String)>,
    Query(item): Query<Item>,
) -> Result<Response, Failure> {
    let desk = desk(&node, &visit, &person, &id).await?;
    let name = Name::parse(&name).map_err(|_| Failure::NotFound)?;
    if let Some(list) = desk.pack().list(&name) {
        let count = desk.open.draft.items.get(&name).copied().unwrap_or(0);
        if count > 0 && item.post.is_none() {
            return list_page(&node, &visit, &desk, list);
        }
        let at = item.post.unwrap_or(0);
        if at > count || at >= list.max {
            return Err(Failure::NotFound);
        }
        return question_page(&node, &visit, &desk, &name, Some(at), None, &BTreeMap::new());
    }
    if !may_answer(&desk, &name) {
        return Ok(go(format!("/utkast/{id}/nasta")));
    }
    question_page(&node, &visit, &desk, &name, None, None, &BTreeMap::new())
}

/// Whether the person is to answer this: an own fact, or a register's that failed.
fn may_answer(desk: &Desk, name: &Name) -> bool {
    match desk
        .pack()
        .facts
        .iter()
        .find(|fact| fact.name.it == *name)
        .map(|fact| &fact.source.it)
    {
        Some(Source::Applicant) => true,
        Some(Source::Register(register)) => {
            let failed = matches!(
                desk.open.draft.fetched.get(name.as_str()).map(|f| &f.said),
                Some(Said::Down { .. } | Said::NoContract { .. })
            );
            failed && register.when_down == samverk_domain::pack::WhenDown::Ask
        }
        _ => false,
    }
}

pub(crate) fn slots(pack: &Pack, name: &Name, item: Option<u32>) -> Vec<Slot> {
    match (pack.list(name), item) {
        (Some(list), Some(_)) => {
            let own = list
                .columns
                .iter()
                .filter(|column| column.source.it == Source::Applicant);
            own.map(|column| Slot {
                fact: column.name.it.clone(),
                item,
            })
            .collect()
        }
        _ => vec![Slot::of(name.clone())],
    }
}

fn question_page(
    node: &Node,
    visit: &Visit,
    desk: &Desk,
    name: &Name,
    item: Option<u32>,
    typed: Option<&Typed>,
    errors: &BTreeMap<String, String>,
) -> Result<Response, Failure> {
    let (pack, lang) = (desk.pack(), visit.lang);
    let t = |k| Texts::get(lang, k);
    let mut fields = Vec::new();
    let mut summary = Vec::new();
    let mut upload = false;
    let mut has_file = None;
    let single = item.is_none();
    let caption = group(pack, lang, name.prefix());
    for slot in slots(pack, name, item) {
        let fact = fact_of(pack, &slot.fact)?;
        let value = desk.open.draft.answers.get(&key(&slot)).map(|answered| &answered.value);
        if let Some(Value::Attachment(_)) = value {
            has_file = value.map(|value| shown(pack, lang, fact, value));
        }
        let mut input = field::field(pack, lang, fact, &slot, value, typed);
        input.is_heading = single;
        input.caption.clone_from(&caption);
        input.error = errors.get(&input.name).cloned();
        if let Some(error) = &input.error {
            summary.push((input.anchor(), error.clone()));
        }
        upload |= matches!(input.kind, field::Kind::File { .. });
        fields.push(input.show()?);
    }
    let heading = (!single).then(|| {
        let own = pack.text(lang.code(), &format!("fråga.{name}")).map(str::to_owned);
        (caption.clone(), own.unwrap_or_else(|| caption.clone()))
    });
    let first = slots(pack, name, item).first().cloned().ok_or(Failure::NotFound)?;
    let fact = fact_of(pack, &first.fact)?;
    let title = match &heading {
        Some((_, heading)) => heading.clone(),
        None => pack
            .text(lang.code(), &format!("fråga.{name}"))
            .unwrap_or(name.as_str())
            .to_owned(),
    };
    let prepared = desk.prepared()?;
    let (why, receivers) = why(pack, lang, &prepared, &first.fact);
    let instead = match desk
        .open
        .draft
        .fetched
        .get(&key(&first))
        .map(|f| (&f.register, &f.said))
    {
        Some((register, Said::Down { .. })) => Some(
            t("question.instead_down")
                .with("register", register_name(pack, lang, register))
                .to_string(),
        ),
        Some((register, Said::NoContract { why })) => {
            let text = t("question.instead_no_contract").with("register", register_name(pack, lang, register));
            Some(text.with("why", why).to_string())
        }
        _ => None,
    };
    let status = if summary.is_empty() {
        http::StatusCode::OK
    } else {
        http::StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = Page::new(node, visit, title)
        .mistakes(!summary.is_empty())
        .margin(t("question.margin"))
        .back(format!("/utkast/{}", desk.open.draft.id));
    show_as(
        status,
        &QuestionPage {
            draft: DraftNote::of(&page, &desk.open),
            action: format!(
                "/utkast/{}/fraga/{}",
                desk.open.draft.id,
                crate::web::encoded(name.as_str())
            ),
            heading,
            fields,
            errors: summary,
            upload,
            hidden_item: item,
            why,
            receivers,
            law: fact.processing.as_ref().map(|law| law.it.in_full()).unwrap_or_default(),
            instead,
            has_file,
            none: item.and_then(|_| {
                let next = format!("/utkast/{}/nasta", desk.open.draft.id);
                NoneOf::of(pack, lang, &desk.open.draft, name, next)
            }),
            page,
        },
    )
}

/// Why a fact is asked, and who gets the answer.
fn why(pack: &Pack, lang: Lang, prepared: &Prepared, fact: &Name) -> (String, Vec<String>) {
    let t = |k| Texts::get(lang, k);
    let mut steps = Vec::new();
    let mut receivers = Vec::new();
    for part in prepared.parts.iter().filter(|part| part.needed.value() != Some(&false)) {
        let underlag = pack.underlag(part.step);
        if underlag.contains(fact) {
            steps.push(step_name(pack, lang, &part.step.name.it));
            if let Ok(body) = &part.body {
                receivers.push(format!(
                    "{}, {}",
                    body_name(lang, &body.name, &body.name_en),
                    body.part_of
                ));
            }
        }
    }
    receivers.dedup();
    let text = if steps.is_empty() {
        t("question.why_decides").to_string()
    } else {
        t("question.why_steps").with("steps", steps.join(", ")).to_string()
    };
    (text, receivers)
}

fn list_page(node: &Node, visit: &Visit, desk: &Desk, list: &samverk_domain::pack::List) -> Result<Response, Failure> {
    let (pack, lang) = (desk.pack(), visit.lang);
    let name = &list.name.it;
    let count = desk.open.draft.items.get(name).copied().unwrap_or(0);
    let own: Vec<&Fact> = list
        .columns
        .iter()
        .filter(|column| column.source.it == Source::Applicant)
        .collect();
    let items = (0..count).map(|item| {
        own.iter()
            .map(|column| {
                let slot = Slot {
                    fact: column.name.it.clone(),
                    item: Some(item),
                };
                let value = desk.open.draft.answers.get(&key(&slot)).map(|answered| &answered.value);
                value.map_or_else(|| "–".to_owned(), |value| shown(pack, lang, column, value))
            })
            .collect()
    });
    let items: Vec<Vec<String>> = items.collect();
    let heading = pack.text(lang.code(), &format!("fråga.{name}")).map(str::to_owned);
    let caption = group(pack, lang, name.as_str());
    let heading = heading.unwrap_or_else(|| caption.clone());
    let page = Page::new(node, visit, heading.clone())
        .margin(Texts::get(lang, "question.margin"))
        .back(format!("/utkast/{}", desk.open.draft.id));
    show(&ListPage {
        draft: DraftNote::of(&page, &desk.open),
        list: name.to_string(),
        heading,
        caption,
        columns: own.iter().map(|column| label(pack, lang, &column.name.it)).collect(),
        may_add: count < list.max,
        next_item: items.len(),
        items,
        page,
    })
}

async fn answer(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Failure> {
    let multipart = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("multipart/form-data"));
    let (typed, mut files): (Typed, BTreeMap<String, crate::web::form::File>) = if multipart {
        let upload = Upload::from_request(request, &node).await?;
        (upload.fields, upload.files)
    } else {
        (
            Fields::from_request(request, &node).await?.0.into_iter().collect(),
            BTreeMap::new(),
        )
    };
    let mut desk = desk(&node, &visit, &person, &id).await?;
    let name = Name::parse(&name).map_err(|_| Failure::NotFound)?;
    let known = Arc::clone(&desk.known);
    if let Some(list) = known.pack.list(&name).filter(|_| typed.contains_key(NONE)) {
        if !desk.open.draft.answer_none(list) {
            return Err(Failure::BadRequest);
        }
        save(&node, desk, Vec::new()).await?;
        return Ok(go(format!("/utkast/{id}/nasta")));
    }
    let list = known.pack.list(&name).map(|list| list.max);
    let item = match list {
        Some(max) => {
            let count = desk.open.draft.items.get(&name).copied().unwrap_or(0);
            let item: u32 = typed.get("post").and_then(|text| text.parse().ok()).unwrap_or(0);
            if item > count || item >= max {
                return Err(Failure::BadRequest);
            }
            Some(item)
        }
        None if may_answer(&desk, &name) => None,
        None => return Ok(go(format!("/utkast/{id}/nasta"))),
    };
    let mut errors = BTreeMap::new();
    let mut values = Vec::new();
    let mut kept_files = Vec::new();
    for slot in slots(&known.pack, &name, item) {
        let fact = fact_of(&known.pack, &slot.fact)?;
        let field_name = key(&slot);
        let read = match &fact.ty.it {
            Type::Attachment { formats, bytes_max, .. } => match files.remove(&field_name) {
                Some(file) => attachment(visit.lang, formats, *bytes_max, file).map(|(value, bytes)| {
                    kept_files.push((value.sha256.clone(), bytes));
                    Value::Attachment(value)
                }),
                // The one that is there already stays.
                None => match desk.open.draft.answers.get(&field_name) {
                    Some(answered) => Ok(answered.value.clone()),
                    None => Err(Texts::get(visit.lang, "field.wrong_file").to_string()),
                },
            },
            ty => field::read(visit.lang, ty, &field_name, &typed),
        };
        match read {
            Ok(value) => values.push((slot, value)),
            Err(why) => drop(errors.insert(field_name, why)),
        }
    }
    if !errors.is_empty() {
        return question_page(&node, &visit, &desk, &name, item, Some(&typed), &errors);
    }
    let mut happened = Vec::new();
    let draft = &mut desk.open.draft;
    if let Some(item) = item {
        let count = draft.items.get(&name).copied().unwrap_or(0);
        draft.set_items(&known.pack, &name, count.max(item + 1));
    }
    for (slot, value) in values {
        let attachment = matches!(value, Value::Attachment(_));
        let before = draft.answers.get(&key(&slot)).map(|answered| answered.value.clone());
        let first = before.is_none();
        let about = slot.clone();
        draft.answer(&known.pack, slot, value).map_err(Failure::ours)?;
        if first {
            let kind = if attachment {
                EventKind::AttachmentUploaded
            } else {
                EventKind::FieldEntered
            };
            happened.push(Happened::once(kind).about(&about));
        }
    }
    if !kept_files.is_empty() {
        keep_files(&node, &desk, kept_files).await?;
    }
    save(&node, desk, happened).await?;
    let list_again = list.is_some();
    let to = if list_again {
        format!("/utkast/{id}/fraga/{}", crate::web::encoded(name.as_str()))
    } else {
        format!("/utkast/{id}/nasta")
    };
    Ok(go(to))
}

/// A file that may be kept: of an allowed format by its own bytes, and not too large.
pub(crate) fn attachment(
    lang: Lang,
    formats: &[String],
    bytes_max: u64,
    file: crate::web::form::File,
) -> Result<(Attachment, Vec<u8>), String> {
    let bytes = file.bytes.len() as u64;
    if bytes > bytes_max {
        let text = Texts::get(lang, "field.file_too_large").with("mb", bytes_max / 1_000_000);
        return Err(text.to_string());
    }
    let format = field::sniff(&file.bytes).filter(|format| formats.iter().any(|allowed| allowed == format));
    let Some(format) = format else {
        return Err(Texts::get(lang, "field.file_format")
            .with("formats", formats.join(", "))
            .to_string());
    };
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &file.bytes);
    let sha256 = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let it = Attachment {
        file_name: field::file_name(&file.name, format),
        format: format.to_owned(),
        bytes,
        sha256,
    };
    Ok((it, file.bytes))
}

async fn keep_files(node: &Arc<Node>, desk: &Desk, files: Vec<(String, Vec<u8>)>) -> Result<(), Failure> {
    let (own, ctx, who, id) = (
        Arc::clone(node),
        desk.ctx.clone(),
        person_of(&desk.open.draft)?,
        desk.open.draft.id.clone(),
    );
    let kept: Result<(), NotKept> = node
        .store
        .run("services.file", move |tx| {
            let open = vault::open(&ctx, tx, &Owner::of(&own.secret, &who), &id)?.ok_or(NotKept::Stale)?;
            for (sha256, bytes) in &files {
                vault::keep_file(tx, &own.chance, &open, sha256, bytes)?;
            }
            Ok(())
        })
        .await;
    kept.map_err(Failure::from)
}

async fn remove_item(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path((id, list)): Path<(String, String)>,
    form: Fields,
) -> Result<Response, Failure> {
    let mut desk = desk(&node, &visit, &person, &id).await?;
    let list = Name::parse(&list).map_err(|_| Failure::NotFound)?;
    let item: u32 = form
        .one("post")
        .and_then(|text| text.parse().ok())
        .ok_or(Failure::BadRequest)?;
    let known = Arc::clone(&desk.known);
    desk.open.draft.remove_item(&known.pack, &list, item);
    save(&node, desk, Vec::new()).await?;
    Ok(go(format!("/utkast/{id}/fraga/{}", crate::web::encoded(list.as_str()))))
}

// ---- What registers say ----------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "services/facts.html")]
struct FactsPage {
    page: Page,
    draft: DraftNote,
    cards: Vec<Card>,
    errors: Vec<(String, String)>,
    receivers: Vec<(String, String)>,
}

struct Card {
    register: String,
    id: String,
    name: String,
    rows: Vec<CardRow>,
    fetched: String,
    down: Option<String>,
    agrees: Option<bool>,
    error: Option<String>,
}

struct CardRow {
    key: String,
    label: String,
    value: String,
    says: String,
}

async fn facts(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let mut desk = desk(&node, &visit, &person, &id).await?;
    refresh(&node, &mut desk).await?;
    facts_page(&node, &visit, &desk, &BTreeMap::new())
}

fn facts_page(node: &Node, visit: &Visit, desk: &Desk, errors: &BTreeMap<String, String>) -> Result<Response, Failure> {
    let (pack, lang) = (desk.pack(), visit.lang);
    let t = |k| Texts::get(lang, k);
    let page = Page::new(node, visit, t("facts.heading"))
        .mistakes(!errors.is_empty())
        .margin(t("facts.margin"))
        .back(format!("/utkast/{}", desk.open.draft.id));
    let draft = &desk.open.draft;
    let mut by_register: BTreeMap<&Name, Vec<&Fetched>> = BTreeMap::new();
    let order = |slot: &Slot| pack.facts.iter().position(|fact| fact.name.it == slot.fact);
    for fetched in draft.fetched.values() {
        by_register.entry(&fetched.register).or_default().push(fetched);
    }
    let unseen = draft.unseen_registers();
    let mut cards = Vec::new();
    for (register, mut fetched) in by_register {
        fetched.sort_by_key(|f| (order(&f.slot), f.slot.item));
        let keeper = desk.view.federation().keeper(register);
        let name = keeper.map_or_else(
            || register_name(pack, lang, register),
            |body| body_name(lang, &body.name, &body.name_en),
        );
        let mut rows = Vec::new();
        let mut down = None;
        let mut latest: Option<Timestamp> = None;
        for one in fetched {
            let fact = fact_of(pack, &one.slot.fact)?;
            let value = match &one.said {
                Said::Value { value, .. } => shown(pack, lang, fact, value),
                Said::NoRecord { .. } => t("facts.no_record").to_string(),
                Said::Down { .. } => {
                    down = Some(t("facts.down").to_string());
                    continue;
                }
                Said::NoContract { why } => {
                    down = Some(t("facts.no_contract").with("why", why).to_string());
                    continue;
                }
            };
            latest = latest.max(Some(one.at));
            rows.push(CardRow {
                key: key(&one.slot),
                label: label(pack, lang, &one.slot.fact),
                value,
                says: draft.disputes.get(&key(&one.slot)).cloned().unwrap_or_default(),
            });
        }
        let disputed = rows.iter().any(|row| !row.says.is_empty());
        let seen = rows.iter().all(|row| draft.approved.contains(&row.key));
        // On the way through the questions only what is new is shown; from the task list, everything.
        if seen && !unseen.is_empty() && down.is_none() {
            continue;
        }
        cards.push(Card {
            agrees: seen.then_some(!disputed),
            id: register
                .as_str()
                .chars()
                .map(|c| if c.is_alphanumeric() { c } else { '-' })
                .collect(),
            register: register.to_string(),
            fetched: latest.map(|at| page.instant(at)).unwrap_or_default(),
            error: errors.get(register.as_str()).cloned(),
            name,
            rows,
            down,
        });
    }
    let summary: Vec<(String, String)> = cards
        .iter()
        .filter_map(|card| {
            card.error
                .clone()
                .map(|error| (format!("stammer-{}-ja", card.id), error))
        })
        .collect();
    let prepared = desk.prepared()?;
    let mut receivers = Vec::new();
    for part in prepared.parts.iter().filter(|part| part.needed.value() == Some(&true)) {
        if let Ok(body) = &part.body {
            receivers.push((
                step_name(pack, lang, &part.step.name.it),
                body_name(lang, &body.name, &body.name_en),
            ));
        }
    }
    let status = if summary.is_empty() {
        http::StatusCode::OK
    } else {
        http::StatusCode::UNPROCESSABLE_ENTITY
    };
    show_as(
        status,
        &FactsPage {
            draft: DraftNote::of(&page, &desk.open),
            cards,
            errors: summary,
            receivers,
            page,
        },
    )
}

/// Longer objections belong in a letter to the register.
const DISPUTE_CHARACTERS_MAX: usize = 2_000;

async fn looked_at(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Failure> {
    let mut desk = desk(&node, &visit, &person, &id).await?;
    let t = |k| Texts::get(visit.lang, k).to_string();
    let registers: BTreeSet<Name> = desk
        .open
        .draft
        .fetched
        .values()
        .filter(|f| matches!(f.said, Said::Value { .. } | Said::NoRecord { .. }))
        .map(|f| f.register.clone())
        .collect();
    let mut errors = BTreeMap::new();
    let mut happened = Vec::new();
    for register in registers {
        let slots: Vec<String> = desk
            .open
            .draft
            .fetched
            .iter()
            .filter(|(_, f)| f.register == register && matches!(f.said, Said::Value { .. } | Said::NoRecord { .. }))
            .map(|(key, _)| key.clone())
            .collect();
        let draft = &mut desk.open.draft;
        match form.one(&format!("stammer.{register}")) {
            Some("ja") => {
                for slot in slots {
                    draft.disputes.remove(&slot);
                    draft.approved.insert(slot);
                }
            }
            Some("nej") => {
                let mut said = false;
                for slot in &slots {
                    let words = form.one(&format!("fel.{slot}")).unwrap_or_default();
                    if words.chars().count() > DISPUTE_CHARACTERS_MAX {
                        errors.insert(register.to_string(), t("facts.too_long"));
                    } else if words.is_empty() {
                        draft.disputes.remove(slot);
                    } else {
                        said = true;
                        if draft.disputes.insert(slot.clone(), words.to_owned()).is_none() {
                            let mut event = Happened::once(EventKind::FieldDisputed);
                            if let Some(fetched) = draft.fetched.get(slot) {
                                event = event.about(&fetched.slot);
                                if let Said::Value { producer, .. } | Said::NoRecord { producer, .. } = &fetched.said {
                                    event = event.from(producer);
                                }
                            }
                            happened.push(event);
                        }
                    }
                }
                if said {
                    draft.approved.extend(slots);
                } else {
                    errors
                        .entry(register.to_string())
                        .or_insert_with(|| t("facts.say_what"));
                }
            }
            // A register whose values were all seen before had no card on the page.
            _ if slots.iter().all(|slot| draft.approved.contains(slot)) => {}
            _ => drop(errors.insert(register.to_string(), t("facts.choose"))),
        }
    }
    if !errors.is_empty() {
        return facts_page(&node, &visit, &desk, &errors);
    }
    save(&node, desk, happened).await?;
    Ok(go(format!("/utkast/{id}/nasta")))
}

// ---- The task list ---------------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "services/tasks.html")]
struct TasksPage {
    page: Page,
    draft: DraftNote,
    service: String,
    heading: String,
    next: Option<(String, String)>,
    groups: Vec<GroupLine>,
    bodies: Vec<BodyLine>,
    fees: String,
    ready: bool,
    may_continue: bool,
}

struct GroupLine {
    name: String,
    link: String,
    state: TaskState,
    note: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TaskState {
    Done,
    Begun,
    NotBegun,
}

struct BodyLine {
    name: String,
    part_of: String,
    theme: String,
    steps: Vec<PartLine>,
}

struct PartLine {
    name: String,
    state: PartState,
    note: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PartState {
    Ready,
    MoreAnswers,
    NotNeeded,
    Unknown,
    Paper,
}

async fn tasks(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let desk = desk(&node, &visit, &person, &id).await?;
    let (pack, lang) = (desk.pack(), visit.lang);
    let t = |k| Texts::get(lang, k);
    let prepared = desk.prepared()?;
    let draft = &desk.open.draft;
    let groups = groups(&desk, &prepared, lang);
    let left = groups.iter().filter(|group| group.state != TaskState::Done).count();
    let in_the_way = prepared.in_the_way(draft);
    let ready = in_the_way.is_empty();
    let heading = match left {
        0 if ready => t("tasks.ready").to_string(),
        0 => t("tasks.almost").to_string(),
        1 => t("tasks.one_left").to_string(),
        n => t("tasks.left").with("n", n).to_string(),
    };
    let next = (!ready)
        .then(|| onward(&desk))
        .transpose()?
        .filter(|to| *to != format!("/utkast/{id}"));
    let next = next.map(|to| (to, t("tasks.go_on").to_string()));
    let bodies = bodies(pack, lang, &prepared);
    let fees: rust_decimal::Decimal = prepared.parts.iter().filter_map(|part| part.fee.value()).sum();
    let page = Page::new(&node, &visit, heading.clone()).margin(t("tasks.margin"));
    show(&TasksPage {
        draft: DraftNote::of(&page, &desk.open),
        service: title(pack, lang),
        heading,
        next,
        groups,
        bodies,
        fees: field::kronor(lang, fees),
        may_continue: left == 0,
        ready,
        page,
    })
}

/// The person's own questions, and the registers', group by group.
fn groups(desk: &Desk, prepared: &Prepared, lang: Lang) -> Vec<GroupLine> {
    let (pack, draft) = (desk.pack(), &desk.open.draft);
    let t = |k| Texts::get(lang, k);
    let mut order: Vec<String> = Vec::new();
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    let mut answered: BTreeMap<String, usize> = BTreeMap::new();
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    let own_facts = pack
        .facts
        .iter()
        .filter(|fact| draft.answers.contains_key(fact.name.it.as_str()));
    let own_lists = pack.lists.iter().filter(|list| draft.items.contains_key(&list.name.it));
    let done = own_facts
        .map(|fact| &fact.name.it)
        .chain(own_lists.map(|list| &list.name.it));
    let done: Vec<(&Name, bool)> = done.map(|name| (name, true)).collect();
    let left = prepared.questions.iter().map(|question| {
        let (Question::Fact(name) | Question::List(name)) = question;
        (name, false)
    });
    for (name, is_done) in done.into_iter().chain(left) {
        let prefix = name.prefix().to_owned();
        if !order.contains(&prefix) {
            order.push(prefix.clone());
        }
        let count = if is_done { &mut answered } else { &mut asked }
            .entry(prefix.clone())
            .or_default();
        *count += 1;
        // The link leads to the first question that is left, else to the first answer.
        if (!is_done && *count == 1) || !first.contains_key(&prefix) {
            first.insert(prefix, name.to_string());
        }
    }
    let mut lines = Vec::new();
    if !draft.fetched.is_empty() {
        let values = draft
            .fetched
            .values()
            .filter(|f| matches!(f.said, Said::Value { .. } | Said::NoRecord { .. }))
            .count();
        let unseen = !draft.unseen_registers().is_empty();
        lines.push(GroupLine {
            name: t("tasks.registers").to_string(),
            link: format!("/utkast/{}/uppgifter", draft.id),
            state: if unseen { TaskState::NotBegun } else { TaskState::Done },
            note: t("tasks.registers_note")
                .with("n", values)
                .with("disputed", draft.disputes.len())
                .to_string(),
        });
    }
    for prefix in order {
        let (left, done) = (
            asked.get(&prefix).copied().unwrap_or(0),
            answered.get(&prefix).copied().unwrap_or(0),
        );
        let state = match (left, done) {
            (0, _) => TaskState::Done,
            (_, 0) => TaskState::NotBegun,
            _ => TaskState::Begun,
        };
        let link = first
            .get(&prefix)
            .map(|name| format!("/utkast/{}/fraga/{}", draft.id, crate::web::encoded(name)));
        lines.push(GroupLine {
            name: group(pack, lang, &prefix),
            link: link.unwrap_or_default(),
            note: t("tasks.group_note").with("done", done).with("left", left).to_string(),
            state,
        });
    }
    lines
}

/// Each responsible body with its steps.
fn bodies(pack: &Pack, lang: Lang, prepared: &Prepared) -> Vec<BodyLine> {
    let t = |k| Texts::get(lang, k);
    let mut lines: Vec<(String, BodyLine)> = Vec::new();
    for part in &prepared.parts {
        let (id, name, part_of, theme) = match &part.body {
            Ok(body) => (
                body.id.to_string(),
                body_name(lang, &body.name, &body.name_en),
                body.part_of.clone(),
                body.theme.clone(),
            ),
            Err(_) => {
                let role = pack
                    .text(lang.code(), &format!("roll.{}", part.step.role.it))
                    .unwrap_or(part.step.role.it.as_str());
                (
                    format!("?{}", part.step.role.it),
                    capital(role),
                    String::new(),
                    String::new(),
                )
            }
        };
        let at = match lines.iter().position(|(known, _)| *known == id) {
            Some(at) => at,
            None => {
                lines.push((
                    id,
                    BodyLine {
                        name,
                        part_of,
                        theme: if theme.is_empty() { "neutral".to_owned() } else { theme },
                        steps: Vec::new(),
                    },
                ));
                lines.len() - 1
            }
        };
        let (state, note) = part_state(pack, lang, prepared, part, &t);
        lines[at].1.steps.push(PartLine {
            name: step_name(pack, lang, &part.step.name.it),
            state,
            note,
        });
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

fn part_state(
    pack: &Pack,
    lang: Lang,
    prepared: &Prepared,
    part: &Part,
    t: &dyn Fn(&'static str) -> crate::web::texts::Text,
) -> (PartState, String) {
    let rows = |step: &Name| {
        let because = prepared
            .evaluation
            .steps
            .get(step)
            .map(|result| result.needed_because.as_slice())
            .unwrap_or_default();
        let texts = because
            .iter()
            .filter_map(|fired| pack.text(lang.code(), &format!("rad.{}.{}", fired.rule, fired.row)));
        texts.map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    let mut notes = Vec::new();
    let because = rows(&part.step.name.it);
    if !because.is_empty() {
        notes.push(because);
    }
    let state = match (&part.needed, &part.body) {
        (Known::Value(false), _) => return (PartState::NotNeeded, notes.join(" ")),
        (Known::Value(true), Err(NoBody::NotAdopted(_))) => {
            notes.push(t("tasks.paper").to_string());
            PartState::Paper
        }
        (Known::Value(true), Ok(_)) => {
            let open = prepared.questions.iter().any(|question| {
                let (Question::Fact(name) | Question::List(name)) = question;
                let underlag = pack.underlag(part.step);
                underlag
                    .iter()
                    .any(|fact| fact == name || fact.prefix() == name.as_str())
            });
            if open { PartState::MoreAnswers } else { PartState::Ready }
        }
        _ => PartState::Unknown,
    };
    let automatic = pack.outcomes_of(&part.step.name.it).all(|outcome| {
        matches!(outcome.decider.it, samverk_domain::pack::Decider::Automatic { ref delegation } if prepared.setting.delegations.contains_key(delegation))
    });
    if automatic && state != PartState::Paper {
        notes.push(t("tasks.automatic").to_string());
    } else if let Some(deadline) = &part.step.deadline {
        notes.push(
            t("tasks.deadline")
                .with("deadline", self::deadline(lang, &deadline.it))
                .to_string(),
        );
    }
    if let Known::Value(fee) = &part.fee {
        notes.push(t("tasks.fee").with("fee", field::kronor(lang, *fee)).to_string());
    }
    (state, notes.join(" "))
}

// ---- Check and send --------------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "services/check.html")]
struct CheckPage {
    page: Page,
    draft: DraftNote,
    bodies: usize,
    groups: Vec<AnswerGroup>,
    fees: Vec<(String, String)>,
    sum: String,
    in_the_way: Vec<Obstacle>,
    /// Those who sign after the applicant, before it is sent.
    others: Vec<String>,
    sha256: String,
    changed: bool,
}

/// What is in the way, in words, with the page where it is dealt with.
pub(super) struct Obstacle {
    pub text: String,
    pub link: String,
    /// The control that is not kept.
    pub control: Option<Name>,
}

pub(super) struct AnswerGroup {
    pub name: String,
    pub to: String,
    pub rows: Vec<AnswerRow>,
}

pub(super) struct AnswerRow {
    pub label: String,
    pub value: String,
    pub from: String,
    pub link: String,
}

async fn check(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let mut desk = desk(&node, &visit, &person, &id).await?;
    // What failed before is asked once more, so that the person need not answer for a register that is back.
    if desk
        .open
        .draft
        .fetched
        .values()
        .any(|f| matches!(f.said, Said::Down { .. }))
        && desk.open.draft.answers.is_empty()
    {
        fetch::forget_failures(&mut desk.open.draft);
        refresh(&node, &mut desk).await?;
    }
    check_page(&node, &visit, &desk, false)
}

fn check_page(node: &Node, visit: &Visit, desk: &Desk, changed: bool) -> Result<Response, Failure> {
    let (pack, lang) = (desk.pack(), visit.lang);
    let t = |k| Texts::get(lang, k);
    let prepared = desk.prepared()?;
    let page = Page::new(node, visit, t("check.heading"))
        .margin(t("check.margin"))
        .back(format!("/utkast/{}", desk.open.draft.id));
    let id = &desk.open.draft.id;
    let link = |sent: &SentFact, is_fetched: bool| match (
        pack.fact(&sent.slot.fact).map(|fact| &fact.source.it),
        sent.slot.item,
    ) {
        (Some(Source::Login | Source::Represented), _) => String::new(),
        (Some(Source::Register(_)), _) if is_fetched => format!("/utkast/{id}/uppgifter"),
        (_, Some(item)) => format!(
            "/utkast/{id}/fraga/{}?post={item}",
            crate::web::encoded(sent.slot.fact.prefix())
        ),
        _ => format!("/utkast/{id}/fraga/{}", crate::web::encoded(sent.slot.fact.as_str())),
    };
    let sheet = Sheet {
        pack,
        draft: &desk.open.draft,
        view: &desk.view,
        prepared: &prepared,
        page: &page,
    };
    let list_link = |list: &Name| format!("/utkast/{id}/fraga/{}", crate::web::encoded(list.as_str()));
    let groups = sheet.groups(|_| true, link, list_link)?;
    let (fees, sum) = sheet.fees();
    let mut in_the_way: Vec<Obstacle> = prepared
        .in_the_way(&desk.open.draft)
        .into_iter()
        .flat_map(|one| obstacles(pack, lang, id, &one))
        .collect();
    let others = match signing::wanted(pack, &desk.open.draft, &prepared) {
        Ok(None) => Vec::new(),
        Ok(Some(wanted)) => wanted
            .people
            .iter()
            .map(|person| signing_pages::who(pack, lang, &desk.open.draft, &wanted, person))
            .collect(),
        // What is not answered yet says it by itself.
        Err(_) if !in_the_way.is_empty() => Vec::new(),
        Err(why) => {
            let (text, link) = signing_pages::no_signers(pack, lang, id, &why);
            in_the_way.push(Obstacle {
                text,
                link,
                control: None,
            });
            Vec::new()
        }
    };
    show(&CheckPage {
        draft: DraftNote::of(&page, &desk.open),
        bodies: sheet.bodies(),
        groups,
        fees,
        sum,
        in_the_way,
        others,
        sha256: prepared.sha256.chars().take(16).collect(),
        changed,
        page,
    })
}

/// What would be sent, as those who approve it read it.
pub(super) struct Sheet<'a> {
    pub pack: &'a Pack,
    pub draft: &'a Draft,
    pub view: &'a FederationView,
    pub prepared: &'a Prepared<'a>,
    pub page: &'a Page,
}

impl Sheet<'_> {
    /// Group by group: each answer, where it comes from and who gets it. What is not `shown` is said to be there.
    pub(super) fn groups(
        &self,
        is_shown: impl Fn(&SentFact) -> bool,
        link: impl Fn(&SentFact, bool) -> String,
        list_link: impl Fn(&Name) -> String,
    ) -> Result<Vec<AnswerGroup>, Failure> {
        let (pack, lang, prepared, page) = (self.pack, self.page.lang, self.prepared, self.page);
        let t = |k| Texts::get(lang, k);
        let mut who: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut rows: BTreeMap<String, AnswerRow> = BTreeMap::new();
        let mut order: Vec<String> = Vec::new();
        for part in prepared.parts.iter().filter(|part| part.needed.value() == Some(&true)) {
            let Ok(body) = &part.body else { continue };
            for sent in &part.facts {
                let fact = fact_of(pack, &sent.slot.fact)?;
                let slot_key = key(&sent.slot);
                who.entry(sent.slot.fact.prefix().to_owned())
                    .or_default()
                    .insert(body_name(lang, &body.name, &body.name_en));
                let from = match self.draft.fetched.get(&slot_key) {
                    Some(fetched) if matches!(fetched.said, Said::Value { .. } | Said::NoRecord { .. }) => {
                        let keeper = self.view.federation().keeper(&fetched.register);
                        let name = keeper.map_or_else(
                            || fetched.register.to_string(),
                            |body| body_name(lang, &body.name, &body.name_en),
                        );
                        let disputed = if sent.disputed.is_some() {
                            format!(" {}", t("check.disputed"))
                        } else {
                            String::new()
                        };
                        format!("{name}, {}.{disputed}", page.instant(fetched.at))
                    }
                    _ => String::new(),
                };
                let number = sent.slot.item.map(|item| format!(" {}", item + 1)).unwrap_or_default();
                let value = match &sent.known {
                    _ if !is_shown(sent) => t("signing.hidden").to_string(),
                    Known::Value(value) => shown(pack, lang, fact, value),
                    Known::NotApplicable => t("check.not_applicable").to_string(),
                    Known::Missing(_) => t("check.missing").to_string(),
                };
                if !rows.contains_key(&slot_key) {
                    order.push(slot_key.clone());
                }
                rows.insert(
                    slot_key,
                    AnswerRow {
                        label: format!("{}{number}", label(pack, lang, &sent.slot.fact)),
                        value,
                        link: link(sent, !from.is_empty()),
                        from,
                    },
                );
            }
            for list in &part.none_of {
                who.entry(list.to_string())
                    .or_default()
                    .insert(body_name(lang, &body.name, &body.name_en));
                let row = AnswerRow {
                    label: label(pack, lang, list),
                    value: t("list.none_at_all").to_string(),
                    from: String::new(),
                    link: list_link(list),
                };
                if rows.insert(list.to_string(), row).is_none() {
                    order.push(list.to_string());
                }
            }
        }
        let place = |slot_key: &String| {
            let name = slot_key.split('[').next().unwrap_or_default();
            let all = pack
                .facts
                .iter()
                .chain(pack.lists.iter().flat_map(|list| &list.columns));
            all.enumerate()
                .find(|(_, fact)| fact.name.it.as_str() == name || fact.name.it.prefix() == name)
                .map(|(at, _)| at)
        };
        order.sort_by_key(place);
        let mut groups: Vec<(String, AnswerGroup)> = Vec::new();
        for slot_key in order {
            let prefix = slot_key.split('.').next().unwrap_or_default().to_owned();
            let Some(row) = rows.remove(&slot_key) else { continue };
            match groups.iter_mut().find(|(known, _)| *known == prefix) {
                Some((_, group)) => group.rows.push(row),
                None => {
                    let to = who
                        .get(&prefix)
                        .map(|bodies| bodies.iter().cloned().collect::<Vec<_>>().join(", "))
                        .unwrap_or_default();
                    let name = group(pack, lang, &prefix);
                    groups.push((
                        prefix,
                        AnswerGroup {
                            name,
                            to,
                            rows: vec![row],
                        },
                    ));
                }
            }
        }
        Ok(groups.into_iter().map(|(_, group)| group).collect())
    }

    /// Those who get a part.
    pub(super) fn bodies(&self) -> usize {
        let needed = self
            .prepared
            .parts
            .iter()
            .filter(|part| part.needed.value() == Some(&true));
        let bodies: BTreeSet<&BodyId> = needed
            .filter_map(|part| part.body.as_ref().ok().map(|body| &body.id))
            .collect();
        bodies.len()
    }

    /// Each step's fee, and the sum.
    pub(super) fn fees(&self) -> (Vec<(String, String)>, String) {
        let charged = self
            .prepared
            .parts
            .iter()
            .filter_map(|part| Some((part, *part.fee.value()?)));
        let fees: Vec<(String, String)> = charged
            .clone()
            .map(|(part, fee)| {
                (
                    step_name(self.pack, self.page.lang, &part.step.name.it),
                    samverk_domain::words::amount::swedish(fee),
                )
            })
            .collect();
        let sum: rust_decimal::Decimal = charged.map(|(_, fee)| fee).sum();
        (fees, samverk_domain::words::amount::swedish(sum))
    }

    /// What the provider shows to the one who approves.
    pub(super) fn approval(&self, lang: Lang, key: &'static str) -> String {
        let needed = self
            .prepared
            .parts
            .iter()
            .filter(|part| part.needed.value() == Some(&true));
        let bodies: BTreeSet<String> = needed
            .filter_map(|part| {
                part.body
                    .as_ref()
                    .ok()
                    .map(|body| body_name(lang, &body.name, &body.name_en))
            })
            .collect();
        Texts::get(lang, key)
            .with("service", title(self.pack, lang))
            .with("company", self.draft.principal_name())
            .with("for", signing_pages::for_whom(lang, &signing::about_whom(self.draft)))
            .with("bodies", bodies.into_iter().collect::<Vec<_>>().join(", "))
            .with("code", self.prepared.sha256.chars().take(16).collect::<String>())
            .to_string()
    }
}

pub(super) fn obstacles(pack: &Pack, lang: Lang, id: &str, one: &InTheWay) -> Vec<Obstacle> {
    let t = |k| Texts::get(lang, k);
    let one_obstacle = |text: String, link: String| {
        vec![Obstacle {
            text,
            link,
            control: None,
        }]
    };
    match one {
        InTheWay::Questions(n) => one_obstacle(
            t("check.questions").with("n", n).to_string(),
            format!("/utkast/{id}/nasta"),
        ),
        InTheWay::Unseen(_) => one_obstacle(t("check.unseen").to_string(), format!("/utkast/{id}/uppgifter")),
        InTheWay::Controls(ids) => ids
            .iter()
            .map(|control| {
                let text = pack
                    .text(lang.code(), &format!("kontroll.{control}"))
                    .unwrap_or(control.as_str());
                Obstacle {
                    text: text.to_owned(),
                    link: control_link(pack, id, control),
                    control: Some(control.clone()),
                }
            })
            .collect(),
        InTheWay::NoBody(step, NoBody::NotAdopted(body)) => {
            let text = t("check.not_adopted")
                .with("step", step_name(pack, lang, step))
                .with("body", body);
            one_obstacle(text.to_string(), format!("/utkast/{id}"))
        }
        InTheWay::NoBody(step, _) => one_obstacle(
            t("check.no_body").with("step", step_name(pack, lang, step)).to_string(),
            format!("/utkast/{id}"),
        ),
        InTheWay::Nothing => one_obstacle(t("check.nothing").to_string(), format!("/utkast/{id}")),
    }
}

/// The first of the person's own facts that a control speaks of.
fn control_link(pack: &Pack, id: &str, control: &Name) -> String {
    let text = pack
        .controls
        .iter()
        .find(|c| c.id.it == *control)
        .map(|c| c.condition.it.to_string())
        .unwrap_or_default();
    let own = pack
        .lists
        .iter()
        .find(|list| text.contains(&format!("{}.", list.name.it)))
        .map(|list| list.name.it.to_string());
    let own = own.or_else(|| {
        let asked = pack.facts.iter().filter(|fact| fact.source.it == Source::Applicant);
        asked
            .map(|fact| fact.name.it.to_string())
            .find(|name| text.contains(name.as_str()))
    });
    own.map_or_else(
        || format!("/utkast/{id}/uppgifter"),
        |name| format!("/utkast/{id}/fraga/{}", crate::web::encoded(&name)),
    )
}

pub(super) fn hash_bytes(sha256: &str) -> Result<[u8; 32], Failure> {
    let bytes = URL_SAFE_NO_PAD.decode(sha256).map_err(Failure::ours)?;
    bytes.try_into().map_err(|_| Failure::ours("a hash of another length"))
}

/// To the fresh login that approves exactly what was shown.
async fn send(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
    _: Fields,
) -> Result<Response, Failure> {
    let desk = desk(&node, &visit, &person, &id).await?;
    let prepared = desk.prepared()?;
    if !prepared.in_the_way(&desk.open.draft).is_empty() {
        return check_page(&node, &visit, &desk, false);
    }
    let Ok(wanted) = signing::wanted(desk.pack(), &desk.open.draft, &prepared) else {
        return check_page(&node, &visit, &desk, false);
    };
    if let Some(wanted) = &wanted
        && let Some(instead) = signatories_changed(&node, &visit, &desk, &person, wanted).await?
    {
        return Ok(instead);
    }
    let sheet = Sheet {
        pack: desk.pack(),
        draft: &desk.open.draft,
        view: &desk.view,
        prepared: &prepared,
        page: &Page::new(&node, &visit, ""),
    };
    let key = match wanted {
        None => "check.approve",
        Some(_) => "signing.approve_first",
    };
    let message = Message {
        sv: sheet.approval(Lang::Sv, key),
        en: sheet.approval(Lang::En, key),
    };
    login::bind(
        &node,
        &visit,
        hash_bytes(&prepared.sha256)?,
        &message,
        &format!("/utkast/{id}/skicka"),
    )
    .await
}

/// Who signs for a company is asked again before others are asked to sign. If the register says something else now, the draft
/// gets the new rule and the person looks at the page again; who may not act any more is told why.
async fn signatories_changed(
    node: &Arc<Node>,
    visit: &Visit,
    desk: &Desk,
    person: &Person,
    wanted: &signing::Wanted,
) -> Result<Option<Response>, Failure> {
    let by_company = wanted
        .needed
        .iter()
        .any(|needed| matches!(needed.who, samverk_domain::rules::Who::Signatories(_)));
    let draft = &desk.open.draft;
    let Principal::Company { orgnr, name, signing } = &draft.principal else {
        return Ok(None);
    };
    if !by_company {
        return Ok(None);
    }
    let company = match represent::may_act(&desk.ctx, node, &person.0.person, orgnr).await {
        Ok(company) if signing.as_ref() == Some(&company.signing) => return Ok(None),
        Ok(company) => company,
        Err(why) => {
            let stopped = Some(why.words(visit.lang));
            return choose_page(node, visit, draft.pack.to_string(), None, None, stopped).map(Some);
        }
    };
    let principal = Principal::Company {
        orgnr: orgnr.clone(),
        name: name.clone(),
        signing: Some(company.signing),
    };
    let (own, ctx, who, id) = (
        Arc::clone(node),
        desk.ctx.clone(),
        person.0.person.clone(),
        draft.id.clone(),
    );
    let saved: Result<(), NotKept> = node
        .store
        .run("services.signatories", move |tx| {
            let mut open = vault::open(&ctx, tx, &Owner::of(&own.secret, &who), &id)?.ok_or(NotKept::Stale)?;
            open.draft.principal = principal.clone();
            vault::save(&ctx, tx, &own.chance, &open)
        })
        .await;
    saved?;
    Ok(Some(go(format!("/utkast/{}/kontrollera", draft.id))))
}

/// Back from the fresh login: submits what it approved, or seals it for the others who must sign.
async fn sent(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let desk = match desk(&node, &visit, &person, &id).await {
        Ok(desk) => desk,
        // The page was loaded again after it was submitted.
        Err(Failure::NotFound) => return Ok(go(format!("/inskickat/{id}"))),
        Err(why) => return Err(why),
    };
    let prepared = desk.prepared()?;
    let hash = hash_bytes(&prepared.sha256)?;
    let Some(bound) = login::take_bound(&node, &person.0, &hash).await? else {
        return check_page(&node, &visit, &desk, true);
    };
    let Desk { ctx, known, open, .. } = &desk;
    let done = match signing::wanted(&known.pack, &open.draft, &prepared) {
        Ok(None) => submit::submit(ctx, &node, known, open, &prepared, &bound)
            .await
            .map(|id| format!("/inskickat/{id}")),
        Ok(Some(wanted)) => signing::seal(ctx, &node, open, &prepared, &wanted, &bound)
            .await
            .map(|id| format!("/underskrift/{id}")),
        Err(_) => return check_page(&node, &visit, &desk, false),
    };
    match done {
        Ok(to) => Ok(go(to)),
        Err(NotSubmitted::Changed | NotSubmitted::NotReady(_) | NotSubmitted::OtherPerson) => {
            check_page(&node, &visit, &desk, true)
        }
        Err(why) => Err(Failure::ours(why)),
    }
}

#[derive(Template)]
#[template(path = "services/remove.html")]
struct RemovePage {
    page: Page,
    id: String,
}

async fn ask_remove(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    desk(&node, &visit, &person, &id).await?;
    let page = Page::new(&node, &visit, Texts::get(visit.lang, "remove.heading")).back(format!("/utkast/{id}"));
    show(&RemovePage { page, id })
}

async fn remove(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
    _: Fields,
) -> Result<Response, Failure> {
    let desk = desk(&node, &visit, &person, &id).await?;
    let matter = desk.matter(&node);
    let (own, who) = (Arc::clone(&node), person.0.person.clone());
    let done: Result<(), samverk_store::StoreError> = node
        .store
        .run("services.remove", move |tx| {
            samverk_store::drafts::remove(tx, &Owner::of(&own.secret, &who).mark, &desk.open.draft.id)?;
            note(&desk.ctx, tx, &own, &matter, &Happened::once(EventKind::Abandoned))
        })
        .await;
    done?;
    Ok(go("/mina"))
}

// ---- After submission ------------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "services/receipt.html")]
struct ReceiptPage {
    /// An official entered it: when it came in, and who.
    entered: Option<String>,
    page: Page,
    id: String,
    /// Those who signed beside the applicant.
    signed_by: Vec<(String, String)>,
    host: String,
    reference: String,
    received: String,
    service: String,
    steps: Vec<StatusLine>,
    bodies: usize,
    fresh: bool,
    notices: Vec<NoticeLine>,
    duties: Vec<DutyLine>,
}

struct StatusLine {
    knot: &'static str,
    heading: String,
    text: String,
    diary: String,
    link: Option<(String, String)>,
}

struct NoticeLine {
    text: String,
    link: String,
}

struct Matters {
    submission: submissions::Submission,
    steps: Vec<StepRow>,
    notices: Vec<submissions::Notice>,
}

async fn own_matter(node: &Arc<Node>, person: &Person, id: &str) -> Result<Matters, Failure> {
    let (own, who, id) = (Arc::clone(node), person.0.person.clone(), id.to_owned());
    let found = node
        .store
        .read("services.matter", move |tx| {
            let Some(submission) = submissions::of(tx, &Owner::of(&own.secret, &who).mark, &id)? else {
                return Ok(None);
            };
            Ok::<_, samverk_store::StoreError>(Some(Matters {
                steps: submissions::steps(tx, &id)?,
                notices: submissions::notices(tx, &id)?,
                submission,
            }))
        })
        .await?;
    found.ok_or(Failure::NotFound)
}

fn pack_of(node: &Node, submission: &submissions::Submission) -> Result<Arc<KnownPack>, Failure> {
    let slug = Name::parse(&submission.pack).map_err(Failure::ours)?;
    node.library
        .version(&slug, submission.version)
        .ok_or_else(|| Failure::ours("the service's version is not here any more"))
}

async fn receipt(
    node: State<Arc<Node>>,
    visit: Visit,
    person: Person,
    path: Path<String>,
) -> Result<Response, Failure> {
    matter_page(&node, &visit, &person, &path, true).await
}

async fn matter(node: State<Arc<Node>>, visit: Visit, person: Person, path: Path<String>) -> Result<Response, Failure> {
    matter_page(&node, &visit, &person, &path, false).await
}

async fn matter_page(
    node: &Arc<Node>,
    visit: &Visit,
    person: &Person,
    id: &str,
    fresh: bool,
) -> Result<Response, Failure> {
    let matters = own_matter(node, person, id).await?;
    let known = pack_of(node, &matters.submission)?;
    let (pack, lang) = (&known.pack, visit.lang);
    let t = |k| Texts::get(lang, k);
    let view = view(node).ok();
    let heading = if fresh {
        t("receipt.heading").to_string()
    } else {
        title(pack, lang)
    };
    let page = Page::new(node, visit, heading)
        .shape(Shape::Sheet)
        .margin(t("receipt.margin"));
    let page = if fresh { page } else { page.back("/mina") };
    let mut steps: Vec<&StepRow> = matters.steps.iter().collect();
    steps.sort_by_key(|row| pack.steps.iter().position(|step| step.name.it.as_str() == row.step));
    let lines = steps
        .iter()
        .map(|row| status_line(pack, lang, &page, view.as_deref(), row))
        .collect();
    let notices = matters
        .notices
        .iter()
        .filter(|notice| notice.answered_at.is_none())
        .map(|notice| {
            let step = Name::parse(&notice.step)
                .map(|step| step_name(pack, lang, &step))
                .unwrap_or_default();
            let k = if notice.kind == "hearing" {
                "receipt.hearing"
            } else {
                "receipt.completion"
            };
            NoticeLine {
                text: t(k)
                    .with("step", step)
                    .with("day", page.day(notice.answer_by))
                    .to_string(),
                link: format!("/mina/{id}/svara/{}", notice.id),
            }
        })
        .collect();
    let bodies: BTreeSet<&String> = matters.steps.iter().map(|row| &row.body).collect();
    let kept = submit::kept(node, &matters.submission)?;
    let signed = kept.signatures.iter();
    let signed_by = signed
        .map(|signature| (signature.person_name.clone(), page.instant(signature.at)))
        .collect();
    let entered = kept.entered.as_ref().map(|entered| {
        let text = t("receipt.entered").with("day", page.day(matters.submission.received_day));
        text.with("by", &entered.by).to_string()
    });
    show(&ReceiptPage {
        entered,
        id: id.to_owned(),
        signed_by,
        host: page.face.name.clone(),
        reference: reference(id),
        received: page.instant(matters.submission.received_at),
        service: title(pack, lang),
        steps: lines,
        bodies: bodies.len(),
        fresh,
        notices,
        duties: duties::lines(pack, lang, &matters.steps),
        page,
    })
}

fn status_line(pack: &Pack, lang: Lang, page: &Page, view: Option<&FederationView>, row: &StepRow) -> StatusLine {
    let t = |k| Texts::get(lang, k);
    let step = Name::parse(&row.step)
        .map(|step| step_name(pack, lang, &step))
        .unwrap_or_default();
    let body = BodyId::parse(&row.body).ok();
    let name = body
        .as_ref()
        .and_then(|id| view?.body(id).map(|body| body_name(lang, &body.name, &body.name_en)))
        .unwrap_or_else(|| row.body.clone());
    let (knot, text) = match (row.delivery, row.case_state.as_deref(), row.outcome.as_deref()) {
        (Delivery::Waiting, ..) => ("is-later", t("status.waiting").to_string()),
        (Delivery::Closed, ..) => (
            "is-done",
            t("status.closed")
                .with("why", row.closed_because.clone().unwrap_or_default())
                .to_string(),
        ),
        (Delivery::Refused, ..) => ("is-now", t("status.refused").to_string()),
        (Delivery::Sending, None, _) => ("is-now", t("status.sending").with("body", &name).to_string()),
        (_, _, Some(outcome)) => {
            let outcome = pack
                .text(lang.code(), &format!("utfall.{}.{outcome}", row.step))
                .unwrap_or(outcome)
                .to_owned();
            let k = if answered_by_performer(pack, row) {
                "status.answered"
            } else if row.automatic {
                "status.decided_automatic"
            } else {
                "status.decided"
            };
            ("is-done", t(k).with("outcome", outcome).to_string())
        }
        (_, Some("withdrawn"), _) => ("is-done", t("status.withdrawn").to_string()),
        (_, Some("dismissed"), _) => ("is-done", t("status.dismissed").to_string()),
        (_, Some("completion_asked"), _) => ("is-now", t("status.completion_asked").to_string()),
        (_, Some(_), _) => {
            let by = row
                .decide_by
                .map(|day| t("status.decide_by").with("day", page.day(day)).to_string());
            (
                "is-now",
                format!("{} {}", t("status.examined"), by.unwrap_or_default())
                    .trim()
                    .to_owned(),
            )
        }
        (Delivery::Delivered, None, _) => ("is-now", t("status.received").with("body", &name).to_string()),
    };
    let link = match (&row.letter, &row.page) {
        (Some(letter), _) if row.outcome.is_some() && !answered_by_performer(pack, row) => {
            Some((t("status.read_decision").to_string(), letter.clone()))
        }
        (Some(letter), _) => Some((t("status.read_letter").to_string(), letter.clone())),
        (None, Some(page)) => Some((t("status.open_case").with("body", &name).to_string(), page.clone())),
        _ => None,
    };
    StatusLine {
        knot,
        heading: format!("{step}, {name}"),
        text,
        diary: row.diary_number.clone().unwrap_or_default(),
        // An address from a body must be a web address; nothing else becomes a link.
        link: link.filter(|(_, to)| to.starts_with("http://") || to.starts_with("https://")),
    }
}

/// A private performer answers; it decides nothing.
fn answered_by_performer(pack: &Pack, row: &StepRow) -> bool {
    pack.steps
        .iter()
        .any(|step| step.name.it.as_str() == row.step && pack.is_private(step))
}

/// The signed receipt itself.
async fn receipt_file(
    State(node): State<Arc<Node>>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let matters = own_matter(&node, &person, &id).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/jose".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"kvitto-{}.jws\"", reference(&id)),
        ),
    ];
    Ok((headers, matters.submission.receipt).into_response())
}

#[derive(Template)]
#[template(path = "services/mine.html")]
struct MinePage {
    page: Page,
    drafts: Vec<DraftLine>,
    /// What the person is asked to sign.
    to_sign: Vec<SignLine>,
    matters: Vec<MatterLine>,
    services: Vec<(String, String)>,
}

struct DraftLine {
    id: String,
    title: String,
    company: String,
    saved: String,
    /// Sealed: its page, how many have signed, and of how many.
    sealed: Option<(String, usize, usize)>,
}

struct SignLine {
    id: String,
    title: String,
    company: String,
    by: String,
    last_day: String,
    stand: Stand,
}

struct MatterLine {
    id: String,
    title: String,
    company: String,
    reference: String,
    received: String,
    decided: usize,
    steps: usize,
    asks: bool,
}

async fn mine(State(node): State<Arc<Node>>, visit: Visit, person: Person) -> Result<Response, Failure> {
    let ctx = context(&node, &visit, &person, "");
    let (own, who) = (Arc::clone(&node), person.0.person.clone());
    let (drafts, matters, sealed) = node
        .store
        .read("services.mine", move |tx| {
            let owner = Owner::of(&own.secret, &who);
            let drafts = vault::all(&ctx, tx, &owner)?;
            let sealed = signing::mine(tx, &own, &who.number, ctx.at.instant)?;
            let mut matters = Vec::new();
            for submission in submissions::all_of(tx, &owner.mark)? {
                matters.push(Matters {
                    steps: submissions::steps(tx, &submission.id)?,
                    notices: submissions::notices(tx, &submission.id)?,
                    submission,
                });
            }
            Ok::<_, NotKept>((drafts, matters, sealed))
        })
        .await?;
    let lang = visit.lang;
    let page = Page::new(&node, &visit, Texts::get(lang, "mine.heading"));
    let titled = |slug: &Name, version: u32| {
        node.library
            .version(slug, version)
            .map_or_else(|| slug.to_string(), |known| title(&known.pack, lang))
    };
    let drafts = drafts
        .iter()
        .map(|open| DraftLine {
            id: open.draft.id.clone(),
            title: titled(&open.draft.pack, open.draft.version),
            company: open.draft.principal_name(),
            saved: page.instant(open.saved_at),
            sealed: sealed
                .iter()
                .find(|line| line.draft == open.draft.id && !line.is_sent)
                .map(|line| (line.id.clone(), line.signed, line.people)),
        })
        .collect();
    let asked = sealed.iter().filter(|line| !line.is_applicant && !line.is_sent);
    let to_sign = asked
        .map(|line| SignLine {
            id: line.id.clone(),
            title: titled(&line.pack, line.version),
            company: line.company.clone(),
            by: line.by.clone(),
            last_day: page.day(line.last_day),
            stand: line.stand,
        })
        .collect();
    let mut lines = Vec::new();
    for matters in &matters {
        let kept = submit::kept(&node, &matters.submission)?;
        lines.push(MatterLine {
            id: matters.submission.id.clone(),
            title: titled(&kept.draft.pack, kept.draft.version),
            company: kept.draft.principal_name(),
            reference: reference(&matters.submission.id),
            received: page.instant(matters.submission.received_at),
            decided: matters.steps.iter().filter(|row| row.outcome.is_some()).count(),
            steps: matters.steps.len(),
            asks: matters.notices.iter().any(|notice| notice.answered_at.is_none()),
        });
    }
    let portal = node.config.portal.iter().flat_map(|portal| portal.packs.iter());
    let services = portal
        .filter_map(|slug| publishing::running(&node, slug, visit.at.day))
        .map(|known| (known.pack.meta.slug.it.to_string(), title(&known.pack, lang)))
        .collect();
    show(&MinePage {
        page,
        drafts,
        to_sign,
        matters: lines,
        services,
    })
}

// ---- Answering what a body asks --------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "services/reply.html")]
struct ReplyPage {
    page: Page,
    action: String,
    caption: String,
    words: String,
    answer_by: String,
    order: bool,
    fields: Vec<Markup>,
    /// A box for each list that may be answered with none: name, words, ticked.
    nones: Vec<(String, String, bool)>,
    errors: Vec<(String, String)>,
    hearing: bool,
    typed_words: String,
    words_error: Option<String>,
}

/// Longer answers are attachments.
const WORDS_CHARACTERS_MAX: usize = 10_000;

/// A box for each of these lists, that there are none.
pub(crate) fn none_boxes(
    pack: &Pack,
    lang: Lang,
    lists: &BTreeSet<Name>,
    typed: Option<&Typed>,
) -> Vec<(String, String, bool)> {
    let boxes = lists.iter().map(|list| {
        let name = field::none_name(list.as_str());
        let ticked = typed.is_some_and(|typed| typed.contains_key(&name));
        (name, none_words(pack, lang, list), ticked)
    });
    boxes.collect()
}

/// Those of the lists whose box was ticked.
pub(crate) fn ticked_nones(lists: &BTreeSet<Name>, typed: &Typed) -> BTreeSet<Name> {
    let is_ticked = |list: &&Name| typed.contains_key(&field::none_name(list.as_str()));
    lists.iter().filter(is_ticked).cloned().collect()
}

/// Whether the slot is of one of the lists.
pub(crate) fn is_of_any(lists: &BTreeSet<Name>, slot: &Slot) -> bool {
    slot.item.is_some() && lists.iter().any(|list| list.as_str() == slot.fact.prefix())
}

async fn reply(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path((id, notice)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let asked = super::replies::asked(&node, &own_matter(&node, &person, &id).await?.submission, &notice).await?;
    reply_page(&node, &visit, &id, &notice, &asked, None, &BTreeMap::new())
}

fn reply_page(
    node: &Node,
    visit: &Visit,
    id: &str,
    notice: &str,
    asked: &super::replies::Asked,
    typed: Option<&Typed>,
    errors: &BTreeMap<String, String>,
) -> Result<Response, Failure> {
    let lang = visit.lang;
    let pack = &asked.known.pack;
    let t = |k| Texts::get(lang, k);
    let k = if asked.is_hearing() {
        "reply.hearing"
    } else {
        "reply.completion"
    };
    let page = Page::new(node, visit, t(k))
        .back(format!("/mina/{id}"))
        .mistakes(!errors.is_empty());
    let mut fields = Vec::new();
    let mut summary = Vec::new();
    for slot in &asked.slots {
        let fact = fact_of(pack, &slot.fact)?;
        let value = asked.draft.answers.get(&key(slot)).map(|answered| &answered.value);
        let mut input = field::field(pack, lang, fact, slot, value, typed);
        input.error = errors.get(&input.name).cloned();
        if let Some(error) = &input.error {
            summary.push((input.anchor(), error.clone()));
        }
        fields.push(input.show()?);
    }
    if let Some(error) = errors.get("ord") {
        summary.push(("ord".to_owned(), error.clone()));
    }
    let status = if summary.is_empty() {
        http::StatusCode::OK
    } else {
        http::StatusCode::UNPROCESSABLE_ENTITY
    };
    let asks = ReplyPage {
        action: format!("/mina/{id}/svara/{notice}"),
        caption: step_name(pack, lang, &asked.step),
        words: asked.words.clone(),
        answer_by: page.day(asked.answer_by),
        order: asked.order,
        fields,
        nones: none_boxes(pack, lang, &asked.may_be_none, typed),
        errors: summary,
        hearing: asked.is_hearing(),
        typed_words: typed.and_then(|typed| typed.get("ord")).cloned().unwrap_or_default(),
        words_error: errors.get("ord").cloned(),
        page,
    };
    show_as(status, &asks)
}

async fn replied(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path((id, notice)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Failure> {
    let upload = Upload::from_request(request, &node).await?;
    let (typed, mut files) = (upload.fields, upload.files);
    let matters = own_matter(&node, &person, &id).await?;
    let asked = super::replies::asked(&node, &matters.submission, &notice).await?;
    let mut errors = BTreeMap::new();
    let mut values = Vec::new();
    let mut sent_files = BTreeMap::new();
    let none_of = ticked_nones(&asked.may_be_none, &typed);
    let slots = asked.slots.iter().filter(|slot| !is_of_any(&none_of, slot));
    for slot in slots {
        let fact = fact_of(&asked.known.pack, &slot.fact)?;
        let name = key(slot);
        let read = match &fact.ty.it {
            Type::Attachment { formats, bytes_max, .. } => match files.remove(&name) {
                Some(file) => attachment(visit.lang, formats, *bytes_max, file).map(|(value, bytes)| {
                    sent_files.insert(value.sha256.clone(), bytes);
                    Value::Attachment(value)
                }),
                None => Err(Texts::get(visit.lang, "field.wrong_file").to_string()),
            },
            ty => field::read(visit.lang, ty, &name, &typed),
        };
        match read {
            Ok(value) => values.push((slot.clone(), value)),
            Err(why) => drop(errors.insert(name, why)),
        }
    }
    let words = typed.get("ord").map(|text| text.trim().to_owned()).unwrap_or_default();
    if asked.is_hearing() && (words.is_empty() || words.chars().count() > WORDS_CHARACTERS_MAX) {
        errors.insert(
            "ord".to_owned(),
            Texts::get(visit.lang, "reply.say_something").to_string(),
        );
    }
    if !errors.is_empty() {
        return reply_page(&node, &visit, &id, &notice, &asked, Some(&typed), &errors);
    }
    let ctx = context(&node, &visit, &person, &matters.submission.pack);
    super::replies::send(&ctx, &node, &asked, values, none_of, sent_files, words).await?;
    Ok(go(format!("/mina/{id}")))
}
