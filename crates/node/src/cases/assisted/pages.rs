//! Pages on which an official enters what came on paper: which service, how it came, the questions, check, done.
//!
//! Always true: the permission is asked for in the entry's own body on every page, and an entry of another body is not found;
//! the questions are the service document's own in its own order, with the same fields and checks as the applicant's; every
//! question can be left open; nothing is sent and no case exists until the last page has been posted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use jiff::civil::Date;
use samverk_domain::case::assisted::{Arrival, ByHand, Channel, Entered, NotEntered};
use samverk_domain::events::Kind as EventKind;
use samverk_domain::fact::{Attachment, Known, Name, Slot, Value};
use samverk_domain::pack::{Pack, Source, Type, WhenDown};
use samverk_domain::rules::Days;
use samverk_domain::terms::{Adoption, BodyId};
use samverk_domain::words::ids::{Organisationsnummer, PersonId};
use samverk_domain::words::letters::capital;
use samverk_domain::words::signing::Signing as Rule;
use samverk_store::assisted as table;
use serde::Deserialize;

use super::enter::{self, Going, NotDone, Signing};
use super::entry::{self, Entry, Opened};
use super::registers;
use crate::cases::file::{Open, Stopped, body_config};
use crate::ctx::{Basis, Ctx, Ground};
use crate::effects::log::{Happened, Matter, note};
use crate::library::Known as KnownPack;
use crate::login::permissions::Permission;
use crate::login::{Desk, Staff};
use crate::node::Node;
use crate::publishing;
use crate::services::draft::{Draft, Principal, Said, key};
use crate::services::field::{self, Field, Typed, shown};
use crate::services::pages::{
    NONE, NoneOf, attachment, body_name, fact_of, group, label, needs_company, slots, step_name, title,
};
use crate::services::prepare::{Prepared, prepare, setting};
use crate::trust::federation::FederationView;
use crate::web::form::{Fields, File, UPLOAD_BYTES_MAX, Upload};
use crate::web::layout::Shape;
use crate::web::parts::{Icon, Markup};
use crate::web::texts::{Lang, Texts, escape};
use crate::web::{Failure, Page, Visit, encoded, show, show_as};

/// A scan of a filled-in form, as large as any attachment.
const PAPER_BYTES_MAX: u64 = 20_000_000;
const PAPER_FORMATS: [&str; 3] = ["pdf", "jpg", "png"];
/// Names of people and companies.
const NAME_CHARACTERS_MAX: usize = 200;

pub fn routes() -> Router<Arc<Node>> {
    let upload = || DefaultBodyLimit::max(UPLOAD_BYTES_MAX);
    Router::new()
        .route("/handlaggning/papper", get(start))
        .route("/handlaggning/papper/ny", get(ask_paper).post(begin).layer(upload()))
        .route("/handlaggning/papper/{id}", get(overview))
        .route("/handlaggning/papper/{id}/nasta", get(next))
        .route(
            "/handlaggning/papper/{id}/fraga/{fact}",
            get(question).post(answer).layer(upload()),
        )
        .route("/handlaggning/papper/{id}/lista/{list}/ta-bort", post(remove_item))
        .route("/handlaggning/papper/{id}/kontrollera", get(check).post(finish))
        .route("/handlaggning/papper/{id}/ta-bort", post(remove))
}

fn go(to: impl AsRef<str>) -> Response {
    Redirect::to(to.as_ref()).into_response()
}

fn view(node: &Node) -> Result<Arc<FederationView>, Failure> {
    node.federation.view(node.clock.now()).map_err(Failure::later)
}

pub(super) fn ctx(desk: &Desk, visit: &Visit, purpose: &Name) -> Ctx {
    Ctx {
        who: desk.actor(),
        body: desk.body.clone(),
        ground: Ground {
            basis: Basis::Operation,
            purpose: purpose.to_string(),
        },
        at: visit.at,
        trace: visit.trace.clone(),
    }
}

/// The official, by name and role: never a number.
pub(super) fn by(desk: &Desk) -> String {
    format!("{}, {}", desk.person.name, desk.role.word())
}

/// Every service that runs here and has a step of the body's, with the body's own steps.
fn services(node: &Node, view: &FederationView, visit: &Visit, body: &BodyId) -> Vec<(Arc<KnownPack>, BTreeSet<Name>)> {
    let slugs = node.library.slugs();
    let running = slugs
        .iter()
        .filter_map(|slug| publishing::running(node, slug, visit.at.day));
    running
        .filter_map(|known| {
            let adoption = publishing::adoption_that_counts(view, body, &known)?;
            let steps: BTreeSet<Name> = adoption.steps.iter().cloned().collect();
            (!steps.is_empty()).then_some((known, steps))
        })
        .collect()
}

// ---- What has begun, and which service ---------------------------------------------------------------------------------

struct BodyLine {
    name: String,
    services: Vec<(String, String)>,
    begun: Vec<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "assisted/start.html")]
struct StartPage {
    page: Page,
    bodies: Vec<BodyLine>,
}

async fn start(State(node): State<Arc<Node>>, visit: Visit, staff: Staff) -> Result<Response, Failure> {
    let bodies = staff.bodies(Permission::EnterForOther);
    let first = bodies.first().ok_or(Failure::Forbidden)?.clone();
    let view = view(&node)?;
    let (own, wanted) = (Arc::clone(&node), bodies.clone());
    let begun: Result<Vec<Vec<Opened>>, Stopped> = node
        .store
        .read("assisted.list", move |tx| {
            wanted.iter().map(|body| entry::all(tx, &own, body)).collect()
        })
        .await;
    let page = Page::new(&node, &visit, Texts::get(visit.lang, "assisted.heading"))
        .of(body_config(&node, &first)?)
        .back("/handlaggning")
        .margin(Texts::get(visit.lang, "assisted.margin"))
        .desk();
    let mut lines = Vec::new();
    for (body, begun) in bodies.iter().zip(begun?) {
        let services = services(&node, &view, &visit, body).into_iter().map(|(known, _)| {
            let slug = &known.pack.meta.slug.it;
            let to = format!(
                "/handlaggning/papper/ny?organ={}&tjanst={}",
                encoded(body.as_str()),
                encoded(slug.as_str())
            );
            (title(&known.pack, visit.lang), to)
        });
        let services = services.collect();
        let begun = begun
            .iter()
            .map(|it| {
                let draft = &it.entry.draft;
                let known = node.library.version(&draft.pack, draft.version);
                let service = known.map_or_else(|| draft.pack.to_string(), |known| title(&known.pack, visit.lang));
                (
                    format!("/handlaggning/papper/{}", draft.id),
                    format!("{}, {service}", draft.principal_name()),
                    page.day(it.entry.entered.arrived),
                )
            })
            .collect();
        lines.push(BodyLine {
            name: body_config(&node, body)?.name.clone(),
            services,
            begun,
        });
    }
    show(&StartPage { page, bodies: lines })
}

// ---- How it came, and from whom -----------------------------------------------------------------------------------------

#[derive(Deserialize)]
struct Chosen {
    #[serde(default)]
    organ: String,
    #[serde(default)]
    tjanst: String,
}

/// A service at a body, where the visitor may enter.
struct Service {
    desk: Desk,
    known: Arc<KnownPack>,
    own: BTreeSet<Name>,
}

fn chosen(node: &Node, visit: &Visit, staff: &Staff, organ: &str, slug: &str) -> Result<Service, Failure> {
    let body = BodyId::parse(organ).map_err(|_| Failure::NotFound)?;
    let desk = staff.may(Permission::EnterForOther, &body)?;
    let slug = Name::parse(slug).map_err(|_| Failure::NotFound)?;
    let (known, own) = services(node, &*view(node)?, visit, &body)
        .into_iter()
        .find(|(known, _)| known.pack.meta.slug.it == slug)
        .ok_or(Failure::NotFound)?;
    Ok(Service { desk, known, own })
}

#[derive(Template)]
#[template(path = "assisted/paper.html")]
struct PaperPage {
    page: Page,
    service: String,
    organ: String,
    slug: String,
    fields: Vec<Markup>,
    errors: Vec<(String, String)>,
}

/// The word of each way of arriving in the form.
const ARRIVALS: [(&str, &str); 4] = [
    ("natt", "assisted.reached"),
    ("post", "assisted.post"),
    ("post-inte-fore", "assisted.post_not_before"),
    ("brevlada", "assisted.letter_box"),
];

fn step_box(nth: usize) -> String {
    format!("steg-{nth}")
}

/// A field of a form that no service document has.
pub(super) fn input(
    lang: Lang,
    (name, words, hint): (&str, &'static str, &'static str),
    kind: field::Kind,
    typed: Option<&Typed>,
    errors: &BTreeMap<String, String>,
) -> Field {
    let t = |k| Texts::get(lang, k).to_string();
    Field {
        name: name.to_owned(),
        label: t(words),
        hint: if hint.is_empty() { String::new() } else { t(hint) },
        error: errors.get(name).cloned(),
        value: typed.and_then(|typed| typed.get(name)).cloned().unwrap_or_default(),
        kind,
        is_heading: false,
        caption: String::new(),
        words: [t("field.error"), t("field.day"), t("field.month"), t("field.year")],
    }
}

/// How something came: channel, day, way, and the scanned paper.
pub(super) fn arrival_fields(lang: Lang, typed: Option<&Typed>, errors: &BTreeMap<String, String>) -> Vec<Field> {
    let t = |k| Texts::get(lang, k).to_string();
    let line = |class| field::Kind::Line {
        unit: String::new(),
        class,
        numeric: false,
    };
    let channels = Channel::ALL.map(|channel| {
        let words = match channel {
            Channel::Paper => "assisted.by_paper",
            Channel::Visit => "assisted.by_visit",
            Channel::Telephone => "assisted.by_telephone",
        };
        (channel.word().to_owned(), t(words))
    });
    let arrivals = ARRIVALS.map(|(word, words)| (word.to_owned(), t(words)));
    let day = field::Kind::DayMonthYear(field::day_parts(typed, "dag", None));
    vec![
        input(
            lang,
            ("kanal", "assisted.channel", ""),
            field::Kind::Radios(channels.into()),
            typed,
            errors,
        ),
        input(
            lang,
            ("dag", "assisted.arrived", "assisted.arrived_hint"),
            day,
            typed,
            errors,
        ),
        input(
            lang,
            ("hur", "assisted.how", "assisted.how_hint"),
            field::Kind::Radios(arrivals.into()),
            typed,
            errors,
        ),
        input(
            lang,
            ("skal", "assisted.why_not_before", "assisted.why_not_before_hint"),
            line(""),
            typed,
            errors,
        ),
        input(
            lang,
            ("papper", "assisted.scan", "assisted.scan_hint"),
            field::Kind::File {
                accept: PAPER_FORMATS.map(|format| format!(".{format}")).join(","),
            },
            typed,
            errors,
        ),
    ]
}

fn paper_page(
    node: &Node,
    visit: &Visit,
    service: &Service,
    typed: Option<&Typed>,
    errors: &BTreeMap<String, String>,
) -> Result<Response, Failure> {
    let lang = visit.lang;
    let t = |k| Texts::get(lang, k).to_string();
    let pack = &service.known.pack;
    let line = |class| field::Kind::Line {
        unit: String::new(),
        class,
        numeric: false,
    };
    let only_one = service.own.len() == 1;
    let boxes = pack.steps.iter().enumerate().map(|(nth, step)| {
        let name = &step.name.it;
        let is_own = service.own.contains(name);
        let words = if is_own {
            format!("{} ({})", step_name(pack, lang, name), t("assisted.yours"))
        } else {
            step_name(pack, lang, name)
        };
        let ticked = typed.map_or(is_own && only_one, |typed| typed.contains_key(&step_box(nth)));
        (step_box(nth), words, ticked)
    });
    let mut all = arrival_fields(lang, typed, errors);
    all.extend([
        input(
            lang,
            ("pnr", "assisted.person", "field.pnr_hint"),
            line("input--12"),
            typed,
            errors,
        ),
        input(lang, ("namn", "assisted.name", ""), line(""), typed, errors),
        input(
            lang,
            ("adress", "assisted.address", "assisted.address_hint"),
            line(""),
            typed,
            errors,
        ),
    ]);
    if needs_company(&service.known) {
        all.push(input(
            lang,
            ("orgnr", "choose.orgnr", "field.orgnr_hint"),
            line("input--12"),
            typed,
            errors,
        ));
        all.push(input(
            lang,
            ("foretag", "assisted.company", ""),
            line(""),
            typed,
            errors,
        ));
    }
    all.push(input(
        lang,
        ("steg", "assisted.steps", "assisted.steps_hint"),
        field::Kind::Boxes(boxes.collect()),
        typed,
        errors,
    ));
    let summary: Vec<(String, String)> = all
        .iter()
        .filter_map(|input| Some((input.anchor(), input.error.clone()?)))
        .collect();
    let status = if summary.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = Page::new(node, visit, t("assisted.paper_heading"))
        .of(body_config(node, &service.desk.body)?)
        .back("/handlaggning/papper")
        .margin(t("assisted.margin"))
        .mistakes(!summary.is_empty())
        .desk();
    show_as(
        status,
        &PaperPage {
            service: title(pack, lang),
            organ: service.desk.body.to_string(),
            slug: pack.meta.slug.it.to_string(),
            fields: all.iter().map(Field::show).collect::<Result<_, _>>()?,
            errors: summary,
            page,
        },
    )
}

async fn ask_paper(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Query(to): Query<Chosen>,
) -> Result<Response, Failure> {
    let service = chosen(&node, &visit, &staff, &to.organ, &to.tjanst)?;
    paper_page(&node, &visit, &service, None, &BTreeMap::new())
}

/// Reads the fields of [`arrival_fields`]; what is wrong is said at its field.
pub(super) fn arrived(
    lang: Lang,
    typed: &Typed,
    errors: &mut BTreeMap<String, String>,
) -> Option<(Channel, Date, Arrival)> {
    let said = |name: &str| typed.get(name).map(|text| text.trim()).unwrap_or_default();
    let channel = Channel::parse(said("kanal"));
    let day = field::typed_day(typed, "dag");
    let arrival = match said("hur") {
        "natt" => Some(Arrival::Reached),
        "post" => Some(Arrival::Post),
        "post-inte-fore" => Some(Arrival::PostNotBefore {
            reasons: said("skal").to_owned(),
        }),
        "brevlada" => Some(Arrival::LetterBox),
        _ => None,
    };
    let missing = [
        ("kanal", "field.wrong_choice", channel.is_none()),
        ("dag", "field.wrong_date", day.is_none()),
        ("hur", "field.wrong_choice", arrival.is_none()),
    ];
    for (name, words, is_missing) in missing {
        if is_missing {
            errors.insert(name.to_owned(), Texts::get(lang, words).to_string());
        }
    }
    Some((channel?, day?, arrival?))
}

/// The scanned paper: required of paper, welcome otherwise.
pub(super) fn scan(
    lang: Lang,
    files: &mut BTreeMap<String, File>,
    typed: &Typed,
    errors: &mut BTreeMap<String, String>,
) -> Option<(Attachment, Vec<u8>)> {
    let said = match files.remove("papper") {
        Some(file) => attachment(lang, &PAPER_FORMATS.map(str::to_owned), PAPER_BYTES_MAX, file).map(Some),
        None if typed
            .get("kanal")
            .is_some_and(|channel| channel == Channel::Paper.word()) =>
        {
            Err(Texts::get(lang, "assisted.no_scan").to_string())
        }
        None => Ok(None),
    };
    said.unwrap_or_else(|why| {
        errors.insert("papper".to_owned(), why);
        None
    })
}

/// Says at the right field what does not hold together.
pub(super) fn told(why: &NotEntered, errors: &mut BTreeMap<String, String>) {
    let field = match why {
        NotEntered::Later | NotEntered::TooOld => "dag",
        NotEntered::NotByPost => "hur",
        NotEntered::NoReasons => "skal",
        NotEntered::Address => "adress",
        NotEntered::TooManySignatures => "steg",
    };
    errors.insert(field.to_owned(), why.to_string());
}

async fn begin(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    request: Request,
) -> Result<Response, Failure> {
    let Upload {
        fields: typed,
        mut files,
    } = Upload::from_request(request, &node).await?;
    let said = |name: &str| typed.get(name).map(|text| text.trim()).unwrap_or_default();
    let service = chosen(&node, &visit, &staff, said("organ"), said("tjanst"))?;
    let t = |k| Texts::get(visit.lang, k).to_string();
    let pack = &service.known.pack;
    let mut errors = BTreeMap::new();
    let mut wrong = |name: &str, words: String| drop(errors.insert(name.to_owned(), words));

    let person = PersonId::parse(said("pnr")).ok();
    if person.is_none() {
        wrong("pnr", t("assisted.no_person"));
    }
    let is_name = |text: &str| !text.is_empty() && text.chars().count() <= NAME_CHARACTERS_MAX;
    if !is_name(said("namn")) {
        wrong("namn", t("assisted.no_name"));
    }
    let principal = if needs_company(&service.known) {
        let number = Organisationsnummer::parse(said("orgnr")).ok();
        if number.is_none() {
            wrong("orgnr", t("field.wrong_orgnr"));
        }
        if !is_name(said("foretag")) {
            wrong("foretag", t("assisted.no_company_name"));
        }
        number.map(|number| Principal::Company {
            orgnr: number.digits().to_owned(),
            name: said("foretag").to_owned(),
            signing: None,
        })
    } else {
        Some(Principal::Oneself)
    };
    let steps: BTreeSet<Name> = pack
        .steps
        .iter()
        .enumerate()
        .filter(|(nth, _)| typed.contains_key(&step_box(*nth)))
        .map(|(_, step)| step.name.it.clone())
        .collect();
    if steps.is_disjoint(&service.own) {
        wrong("steg", t("assisted.no_own_step"));
    }
    let how = arrived(visit.lang, &typed, &mut errors);
    let paper = scan(visit.lang, &mut files, &typed, &mut errors);
    let mut entered = None;
    if let Some((channel, arrived, arrival)) = how {
        let it = Entered {
            body: service.desk.body.clone(),
            by: by(&service.desk),
            at: crate::exchange::microseconds(visit.at.instant),
            channel,
            arrival,
            arrived,
            address: said("adress").to_owned(),
            paper_sha256: paper.as_ref().map(|(paper, _)| paper.sha256.clone()),
            left_open: vec![],
            signatures: vec![],
        };
        match it.received() {
            Ok(_) => entered = Some(it),
            Err(why) => told(&why, &mut errors),
        }
    }
    let (Some(entered), Some(person), Some(principal), true) = (entered, person, principal, errors.is_empty()) else {
        return paper_page(&node, &visit, &service, Some(&typed), &errors);
    };
    let entry = Entry {
        draft: Draft {
            id: node.chance.token(),
            pack: pack.meta.slug.it.clone(),
            version: pack.meta.version.it,
            person: person.digits().to_owned(),
            person_name: said("namn").to_owned(),
            principal,
            language: Lang::Sv.code().to_owned(),
            started_at: visit.at.instant,
            answers: BTreeMap::new(),
            items: BTreeMap::new(),
            fetched: BTreeMap::new(),
            approved: BTreeSet::new(),
            disputes: BTreeMap::new(),
        },
        entered,
        steps,
        paper: paper.as_ref().map(|(paper, _)| paper.clone()),
        left_open: BTreeSet::new(),
    };
    let ctx = ctx(&service.desk, &visit, &pack.meta.slug.it);
    let mut entry = entry;
    let rule = registers::signing(&ctx, &node, &entry).await;
    if let Principal::Company { signing, .. } = &mut entry.draft.principal {
        *signing = rule;
    }
    let id = entry.draft.id.clone();
    let own = Arc::clone(&node);
    let known = Arc::clone(&service.known);
    let begun: Result<(), Stopped> = node
        .store
        .run("assisted.begin", move |tx| {
            crate::library::pin(tx, &known, ctx.at.instant)?;
            entry::begin(&ctx, tx, &own, &entry)?;
            if let Some((paper, bytes)) = &paper {
                entry::keep_file(tx, &own, &ctx.body, &entry.draft.id, &paper.sha256, bytes)?;
            }
            let draft = &entry.draft;
            let matter = Matter::of(&ctx, &own, draft.pack.as_str(), draft.version, &draft.id);
            note(&ctx, tx, &own, &matter, &Happened::once(EventKind::Started).assisted())?;
            Ok(())
        })
        .await;
    match begun {
        Ok(()) => Ok(go(format!("/handlaggning/papper/{id}/nasta"))),
        Err(Stopped::Input(why)) => {
            let errors = BTreeMap::from([("kanal".to_owned(), why)]);
            paper_page(&node, &visit, &service, Some(&typed), &errors)
        }
        Err(why) => Err(why.into()),
    }
}

// ---- What every page of an entry needs ----------------------------------------------------------------------------------

struct Work {
    ctx: Ctx,
    desk: Desk,
    known: Arc<KnownPack>,
    view: Arc<FederationView>,
    adoptions: Vec<Adoption>,
    opened: Opened,
}

impl Work {
    fn pack(&self) -> &Pack {
        &self.known.pack
    }

    fn draft(&self) -> &Draft {
        &self.opened.entry.draft
    }

    fn days(&self) -> Days {
        let entered = &self.opened.entry.entered;
        Days {
            application: entered.arrival.received(entered.arrived).unwrap_or(entered.arrived),
            decision: self.ctx.at.day,
        }
    }

    fn prepared(&self) -> Result<Prepared<'_>, Failure> {
        prepare(
            self.pack(),
            self.draft(),
            self.view.federation(),
            &self.adoptions,
            self.days(),
        )
        .map_err(Failure::ours)
    }

    /// The steps that this body has adopted.
    fn own_steps(&self) -> BTreeSet<Name> {
        let own = self.adoptions.iter().find(|adoption| adoption.body == self.ctx.body);
        own.map(|own| own.steps.iter().cloned().collect()).unwrap_or_default()
    }

    fn page(&self, node: &Node, visit: &Visit, title: impl Into<String>) -> Result<Page, Failure> {
        Ok(Page::new(node, visit, title)
            .of(body_config(node, &self.desk.body)?)
            .margin(Texts::get(visit.lang, "assisted.margin"))
            .desk())
    }

    fn address(&self) -> String {
        format!("/handlaggning/papper/{}", self.draft().id)
    }

    /// `Införs av Nils Forsberg, registrator`, and on which day it came in.
    fn stamp(&self, page: &Page) -> PaperNote {
        let entered = &self.opened.entry.entered;
        PaperNote {
            id: self.draft().id.clone(),
            who: self.draft().principal_name(),
            channel: entered.channel.word(),
            received: page.day(self.days().application),
            rule: entered.arrival.rule(),
            by: entered.by.clone(),
        }
    }
}

/// Shown in the margin of every page of an entry.
struct PaperNote {
    id: String,
    who: String,
    channel: &'static str,
    received: String,
    rule: &'static str,
    by: String,
}

async fn work(node: &Arc<Node>, visit: &Visit, staff: &Staff, id: &str) -> Result<Work, Failure> {
    let opened = entry::find(node, id).await?.ok_or(Failure::NotFound)?;
    let desk = staff.may(Permission::EnterForOther, &opened.body)?;
    let draft = &opened.entry.draft;
    let known = node
        .library
        .version(&draft.pack, draft.version)
        .ok_or_else(|| Failure::ours("an entry is of a version of its service that is not here any more"))?;
    let view = view(node)?;
    Ok(Work {
        ctx: ctx(&desk, visit, &draft.pack),
        adoptions: publishing::adoptions_that_count(&view, &known),
        desk,
        known,
        view,
        opened,
    })
}

async fn save(node: &Arc<Node>, work: Work, happened: Vec<Happened>) -> Result<(), Failure> {
    let draft = work.draft();
    let matter = Matter::of(&work.ctx, node, draft.pack.as_str(), draft.version, &draft.id);
    let own = Arc::clone(node);
    let saved: Result<(), Stopped> = node
        .store
        .run("assisted.save", move |tx| {
            entry::save(&work.ctx, tx, &own, &work.opened)?;
            for one in &happened {
                note(&work.ctx, tx, &own, &matter, one)?;
            }
            Ok(())
        })
        .await;
    Ok(saved?)
}

async fn next(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let mut work = work(&node, &visit, &staff, &id).await?;
    let setting = setting(
        &work.known.pack,
        work.draft(),
        work.view.federation(),
        &work.adoptions,
        work.days(),
    );
    let own = work.own_steps();
    let reads = work.opened.entry.reads(work.pack(), |step| own.contains(step));
    let before = work.draft().fetched.len();
    let known = Arc::clone(&work.known);
    let happened = registers::read(&work.ctx, &node, &known.pack, &mut work.opened.entry, &reads, &setting).await;
    let to = onward(&work)?;
    if work.draft().fetched.len() != before {
        save(&node, work, happened).await?;
    }
    Ok(go(to))
}

/// The first question that the paper may answer, else the overview.
fn onward(work: &Work) -> Result<String, Failure> {
    let prepared = work.prepared()?;
    let questions = work.opened.entry.questions(work.pack(), &prepared.questions);
    let first = questions.iter().find(|(_, left_open)| !left_open);
    Ok(match first {
        Some((name, _)) => format!("{}/fraga/{}", work.address(), encoded(name.as_str())),
        None => format!("{}/kontrollera", work.address()),
    })
}

// ---- The task list -------------------------------------------------------------------------------------------------------

struct GroupLine {
    name: String,
    link: String,
    left: usize,
    note: String,
}

#[derive(Template)]
#[template(path = "assisted/overview.html")]
struct OverviewPage {
    page: Page,
    note: PaperNote,
    heading: String,
    caption: String,
    groups: Vec<GroupLine>,
    steps: Vec<StepLine>,
}

struct StepLine {
    name: String,
    text: String,
    by_hand: bool,
}

async fn overview(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let work = work(&node, &visit, &staff, &id).await?;
    let (pack, lang) = (work.pack(), visit.lang);
    let t = |k| Texts::get(lang, k);
    let prepared = work.prepared()?;
    let mut groups: Vec<(String, GroupLine)> = Vec::new();
    let questions = work.opened.entry.questions(pack, &prepared.questions);
    let answered = pack
        .facts
        .iter()
        .map(|fact| &fact.name.it)
        .filter(|name| work.draft().answers.contains_key(name.as_str()))
        .chain(
            pack.lists
                .iter()
                .map(|list| &list.name.it)
                .filter(|name| work.draft().items.contains_key(name)),
        )
        .map(|name| (name.clone(), 'k'));
    let asked = questions
        .into_iter()
        .map(|(name, left_open)| (name, if left_open { 'o' } else { 'f' }));
    let mut counts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for (name, kind) in answered.chain(asked) {
        let prefix = name.prefix().to_owned();
        let count = counts.entry(prefix.clone()).or_default();
        count[match kind {
            'k' => 0,
            'o' => 1,
            _ => 2,
        }] += 1;
        let link = format!("{}/fraga/{}", work.address(), encoded(name.as_str()));
        match groups.iter_mut().find(|(known, _)| *known == prefix) {
            Some((_, line)) if kind == 'f' && line.left == 0 => {
                line.link = link;
                line.left = 1;
            }
            Some(_) => {}
            None => groups.push((
                prefix.clone(),
                GroupLine {
                    name: group(pack, lang, &prefix),
                    link,
                    left: usize::from(kind == 'f'),
                    note: String::new(),
                },
            )),
        }
    }
    let mut left = 0;
    for (prefix, line) in &mut groups {
        let [done, open, to_ask] = counts.get(prefix).copied().unwrap_or_default();
        line.left = to_ask;
        left += to_ask;
        line.note = t("assisted.group_note")
            .with("done", done)
            .with("open", open)
            .with("left", to_ask)
            .to_string();
    }
    let heading = match left {
        0 => t("assisted.all_read").to_string(),
        n => t("assisted.left").with("n", n).to_string(),
    };
    let page = work.page(&node, &visit, heading.clone())?.back("/handlaggning/papper");
    show(&OverviewPage {
        note: work.stamp(&page),
        heading,
        caption: title(pack, lang),
        groups: groups.into_iter().map(|(_, line)| line).collect(),
        steps: steps(&node, &work, &prepared, lang).await?,
        page,
    })
}

/// Where each step goes, in words.
async fn steps(node: &Arc<Node>, work: &Work, prepared: &Prepared<'_>, lang: Lang) -> Result<Vec<StepLine>, Failure> {
    let t = |k| Texts::get(lang, k);
    let pack = work.pack();
    let lines = plan(node, work, prepared).await?.into_iter().map(|(step, going)| {
        let part = prepared.parts.iter().find(|part| part.step.name.it == step.name.it);
        let not_needed = part.is_some_and(|part| part.needed.value() == Some(&false));
        let (text, by_hand) = match going {
            Going::Here => (t("assisted.goes_here").to_string(), false),
            Going::To(body) => (
                t("assisted.goes_to")
                    .with("body", body_name(lang, &body.name, &body.name_en))
                    .to_string(),
                false,
            ),
            Going::ByHand { whose, why } if whose.is_empty() => {
                (t("assisted.by_hand_unknown").with("why", why).to_string(), true)
            }
            Going::ByHand { whose, why } => (
                t("assisted.by_hand").with("body", whose).with("why", why).to_string(),
                true,
            ),
        };
        let text = if not_needed {
            format!("{text} {}", t("assisted.not_needed"))
        } else {
            text
        };
        StepLine {
            name: step_name(pack, lang, &step.name.it),
            text,
            by_hand,
        }
    });
    Ok(lines.collect())
}

/// Where each step goes. Contracts are looked up outside the pack's borrow, so the steps are found again by name.
async fn plan<'p>(
    node: &Arc<Node>,
    work: &Work,
    prepared: &'p Prepared<'p>,
) -> Result<Vec<(&'p samverk_domain::pack::Step, Going)>, Failure> {
    let wanted: Vec<BodyId> = prepared
        .parts
        .iter()
        .filter_map(|part| part.body.as_ref().ok())
        .map(|body| body.id.clone())
        .collect();
    let (ctx, view) = (work.ctx.clone(), Arc::clone(&work.view));
    let agreed: Result<BTreeSet<BodyId>, Stopped> = node
        .store
        .read("assisted.agreed", move |tx| enter::agreed(&ctx, tx, &view, &wanted))
        .await;
    Ok(enter::plan(
        &work.ctx.body,
        &agreed?,
        prepared,
        &work.adoptions,
        &work.opened.entry,
    ))
}

// ---- Questions -----------------------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "assisted/question.html")]
struct QuestionPage {
    page: Page,
    note: PaperNote,
    action: String,
    heading: Option<(String, String)>,
    fields: Vec<Markup>,
    errors: Vec<(String, String)>,
    upload: bool,
    hidden_item: Option<u32>,
    instead: Option<String>,
    has_file: Option<String>,
    law: String,
    none: Option<NoneOf>,
}

#[derive(Template)]
#[template(path = "assisted/list.html")]
struct ListPage {
    page: Page,
    note: PaperNote,
    address: String,
    list: String,
    heading: String,
    caption: String,
    columns: Vec<String>,
    items: Vec<Vec<String>>,
    may_add: bool,
    next_item: usize,
}

#[derive(Deserialize)]
struct Item {
    post: Option<u32>,
}

/// Whether the paper is to answer this: an own fact, or a register's that the body could not read.
fn may_answer(work: &Work, name: &Name) -> bool {
    let fact = work.pack().facts.iter().find(|fact| fact.name.it == *name);
    match fact.map(|fact| &fact.source.it) {
        Some(Source::Applicant) => true,
        Some(Source::Register(register)) => {
            let said = work.draft().fetched.get(name.as_str()).map(|fetched| &fetched.said);
            register.when_down == WhenDown::Ask && matches!(said, Some(Said::Down { .. } | Said::NoContract { .. }))
        }
        _ => false,
    }
}

async fn question(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path((id, name)): Path<(String, String)>,
    Query(item): Query<Item>,
) -> Result<Response, Failure> {
    let work = work(&node, &visit, &staff, &id).await?;
    let name = Name::parse(&name).map_err(|_| Failure::NotFound)?;
    if let Some(list) = work.pack().list(&name) {
        let count = work.draft().items.get(&name).copied().unwrap_or(0);
        if count > 0 && item.post.is_none() {
            return list_page(&node, &visit, &work, list);
        }
        let at = item.post.unwrap_or(0);
        if at > count || at >= list.max {
            return Err(Failure::NotFound);
        }
        return question_page(&node, &visit, &work, &name, Some(at), None, &BTreeMap::new());
    }
    if !may_answer(&work, &name) {
        return Ok(go(format!("{}/nasta", work.address())));
    }
    question_page(&node, &visit, &work, &name, None, None, &BTreeMap::new())
}

fn question_page(
    node: &Node,
    visit: &Visit,
    work: &Work,
    name: &Name,
    item: Option<u32>,
    typed: Option<&Typed>,
    errors: &BTreeMap<String, String>,
) -> Result<Response, Failure> {
    let (pack, lang) = (work.pack(), visit.lang);
    let t = |k| Texts::get(lang, k);
    let single = item.is_none();
    let caption = group(pack, lang, name.prefix());
    let (mut fields, mut summary, mut upload, mut has_file) = (Vec::new(), Vec::new(), false, None);
    let all = slots(pack, name, item);
    let first = all.first().cloned().ok_or(Failure::NotFound)?;
    for slot in &all {
        let fact = fact_of(pack, &slot.fact)?;
        let value = work.draft().answers.get(&key(slot)).map(|answered| &answered.value);
        if let Some(value @ Value::Attachment(_)) = value {
            has_file = Some(shown(pack, lang, fact, value));
        }
        let mut input = field::field(pack, lang, fact, slot, value, typed);
        input.is_heading = single;
        input.caption.clone_from(&caption);
        input.error = errors.get(&input.name).cloned();
        if let Some(error) = &input.error {
            summary.push((input.anchor(), error.clone()));
        }
        upload |= matches!(input.kind, field::Kind::File { .. });
        fields.push(input.show()?);
    }
    let own = pack.text(lang.code(), &format!("fråga.{name}")).map(str::to_owned);
    let heading = own.unwrap_or_else(|| if single { name.to_string() } else { caption.clone() });
    let fact = fact_of(pack, &first.fact)?;
    let register = work
        .draft()
        .fetched
        .get(&key(&first))
        .map(|fetched| (&fetched.register, &fetched.said));
    let instead = match register {
        Some((register, Said::Down { .. })) => Some(t("assisted.instead_down").with("register", register).to_string()),
        Some((register, Said::NoContract { .. })) => {
            Some(t("assisted.instead_no_contract").with("register", register).to_string())
        }
        _ => None,
    };
    let status = if summary.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = work
        .page(node, visit, heading.clone())?
        .mistakes(!summary.is_empty())
        .back(work.address());
    show_as(
        status,
        &QuestionPage {
            note: work.stamp(&page),
            action: format!("{}/fraga/{}", work.address(), encoded(name.as_str())),
            heading: (!single).then(|| (caption.clone(), heading)),
            fields,
            errors: summary,
            upload,
            hidden_item: item,
            instead,
            has_file,
            none: item.and_then(|_| NoneOf::of(pack, lang, work.draft(), name, format!("{}/nasta", work.address()))),
            law: fact.processing.as_ref().map(|law| law.it.in_full()).unwrap_or_default(),
            page,
        },
    )
}

fn list_page(node: &Node, visit: &Visit, work: &Work, list: &samverk_domain::pack::List) -> Result<Response, Failure> {
    let (pack, lang) = (work.pack(), visit.lang);
    let name = &list.name.it;
    let count = work.draft().items.get(name).copied().unwrap_or(0);
    let own: Vec<_> = list
        .columns
        .iter()
        .filter(|column| column.source.it == Source::Applicant)
        .collect();
    let items = (0..count).map(|item| {
        let cells = own.iter().map(|column| {
            let slot = Slot {
                fact: column.name.it.clone(),
                item: Some(item),
            };
            let value = work.draft().answers.get(&key(&slot)).map(|answered| &answered.value);
            value.map_or_else(|| "–".to_owned(), |value| shown(pack, lang, column, value))
        });
        cells.collect()
    });
    let items: Vec<Vec<String>> = items.collect();
    let caption = group(pack, lang, name.as_str());
    let heading = pack.text(lang.code(), &format!("fråga.{name}")).map(str::to_owned);
    let heading = heading.unwrap_or_else(|| caption.clone());
    let page = work.page(node, visit, heading.clone())?.back(work.address());
    show(&ListPage {
        note: work.stamp(&page),
        address: work.address(),
        list: encoded(name.as_str()),
        heading,
        caption,
        columns: own.iter().map(|column| label(pack, lang, &column.name.it)).collect(),
        may_add: count < list.max,
        next_item: items.len(),
        items,
        page,
    })
}

/// A posted form, with or without files.
async fn posted(node: &Arc<Node>, request: Request) -> Result<(Typed, BTreeMap<String, File>), Failure> {
    let is_multipart = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("multipart/form-data"));
    if is_multipart {
        let upload = Upload::from_request(request, node).await?;
        return Ok((upload.fields, upload.files));
    }
    let fields = Fields::from_request(request, node).await?;
    Ok((fields.0.into_iter().collect(), BTreeMap::new()))
}

/// The button that says that the paper has no answer.
const OPEN: &str = "oppen";

async fn answer(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Failure> {
    let (typed, mut files) = posted(&node, request).await?;
    let mut work = work(&node, &visit, &staff, &id).await?;
    let name = Name::parse(&name).map_err(|_| Failure::NotFound)?;
    let known = Arc::clone(&work.known);
    let pack = &known.pack;
    let address = work.address();
    let is_open = typed.contains_key(OPEN);
    let count = work.draft().items.get(&name).copied().unwrap_or(0);
    if let Some(list) = pack.list(&name).filter(|_| typed.contains_key(NONE)) {
        let entry = &mut work.opened.entry;
        if !entry.draft.answer_none(list) {
            return Err(Failure::BadRequest);
        }
        entry.left_open.remove(&name);
        save(&node, work, Vec::new()).await?;
        return Ok(go(format!("{address}/nasta")));
    }
    let item = match pack.list(&name) {
        // The whole list is left as it is.
        Some(_) if is_open && !typed.contains_key("post") => None,
        Some(list) => {
            let item: u32 = typed.get("post").and_then(|text| text.parse().ok()).unwrap_or(0);
            if item > count || item >= list.max {
                return Err(Failure::BadRequest);
            }
            Some(item)
        }
        None if may_answer(&work, &name) => None,
        None => return Ok(go(format!("{address}/nasta"))),
    };
    let is_list = pack.list(&name).is_some();
    let mut errors = BTreeMap::new();
    let mut values = Vec::new();
    let mut kept = Vec::new();
    let asked = if is_list && item.is_none() {
        vec![]
    } else {
        slots(pack, &name, item)
    };
    let all = asked.len();
    for slot in asked {
        let fact = fact_of(pack, &slot.fact)?;
        let field_name = key(&slot);
        let read = match &fact.ty.it {
            Type::Attachment { formats, bytes_max, .. } => match files.remove(&field_name) {
                Some(file) => attachment(visit.lang, formats, *bytes_max, file).map(|(value, bytes)| {
                    kept.push((value.sha256.clone(), bytes));
                    Value::Attachment(value)
                }),
                None => match work.draft().answers.get(&field_name) {
                    Some(answered) => Ok(answered.value.clone()),
                    None => Err(Texts::get(visit.lang, "field.wrong_file").to_string()),
                },
            },
            ty => field::read(visit.lang, ty, &field_name, &typed),
        };
        // A field that was left empty is no mistake when the question is left open.
        let is_empty = !typed
            .iter()
            .any(|(name, text)| name.starts_with(&field_name) && !text.trim().is_empty());
        match read {
            // Left open as a whole: what was there before is taken back.
            _ if is_open && item.is_none() => {}
            Ok(value) => values.push((slot, value)),
            Err(_) if is_open && is_empty => {}
            Err(why) => drop(errors.insert(field_name, why)),
        }
    }
    if !errors.is_empty() {
        return question_page(&node, &visit, &work, &name, item, Some(&typed), &errors);
    }
    let entry = &mut work.opened.entry;
    let is_whole = !is_open || (item.is_some() && values.len() == all);
    if is_whole {
        entry.left_open.remove(&name);
    } else {
        entry.left_open.insert(name.clone());
    }
    if is_open && !is_list {
        entry.draft.answers.remove(name.as_str());
    }
    if is_open && is_list {
        entry.draft.forget_none(&name);
    }
    if let Some(item) = item
        && (!values.is_empty() || !is_open)
    {
        entry.draft.set_items(pack, &name, count.max(item + 1));
    }
    let mut happened = Vec::new();
    for (slot, value) in values {
        let about = slot.clone();
        let is_first = !entry.draft.answers.contains_key(&key(&slot));
        entry.draft.answer(pack, slot, value).map_err(Failure::ours)?;
        if is_first {
            happened.push(Happened::once(EventKind::FieldEntered).about(&about).assisted());
        }
    }
    if !kept.is_empty() {
        let (own, body, id) = (Arc::clone(&node), work.ctx.body.clone(), work.draft().id.clone());
        let done: Result<(), Stopped> = node
            .store
            .run("assisted.file", move |tx| {
                for (sha256, bytes) in &kept {
                    entry::keep_file(tx, &own, &body, &id, sha256, bytes)?;
                }
                Ok(())
            })
            .await;
        done?;
    }
    save(&node, work, happened).await?;
    Ok(go(match (is_list, is_open) {
        (true, false) => format!("{address}/fraga/{}", encoded(name.as_str())),
        _ => format!("{address}/nasta"),
    }))
}

async fn remove_item(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path((id, list)): Path<(String, String)>,
    form: Fields,
) -> Result<Response, Failure> {
    let mut work = work(&node, &visit, &staff, &id).await?;
    let list = Name::parse(&list).map_err(|_| Failure::NotFound)?;
    let item: u32 = form
        .one("post")
        .and_then(|text| text.parse().ok())
        .ok_or(Failure::BadRequest)?;
    let known = Arc::clone(&work.known);
    work.opened.entry.draft.remove_item(&known.pack, &list, item);
    let to = format!("{}/fraga/{}", work.address(), encoded(list.as_str()));
    save(&node, work, Vec::new()).await?;
    Ok(go(to))
}

/// Away with the entry; the paper itself must then be registered in another way.
async fn remove(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
    _: Fields,
) -> Result<Response, Failure> {
    let work = work(&node, &visit, &staff, &id).await?;
    let revision = work.opened.revision;
    let removed: Result<bool, Stopped> = node
        .store
        .run("assisted.remove", move |tx| Ok(table::remove(tx, &id, revision)?))
        .await;
    match removed? {
        true => Ok(go("/handlaggning/papper")),
        false => Err(Failure::Stale),
    }
}

// ---- Check and enter -----------------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "assisted/check.html")]
struct CheckPage {
    page: Page,
    note: PaperNote,
    address: String,
    caption: String,
    error: Option<String>,
    groups: Vec<(String, Vec<AnswerLine>)>,
    left_open: Vec<(String, String)>,
    left: usize,
    broken: Vec<String>,
    steps: Vec<StepLine>,
    has_own: bool,
    signatures: Vec<SignatureLine>,
}

struct AnswerLine {
    label: String,
    value: String,
    from: String,
    link: String,
}

struct SignatureLine {
    name: String,
    words: String,
    ticked: bool,
}

async fn check(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let work = work(&node, &visit, &staff, &id).await?;
    check_page(&node, &visit, &work, &BTreeSet::new(), None).await
}

fn signings(work: &Work, prepared: &Prepared<'_>) -> Vec<Signing> {
    let entry = &work.opened.entry;
    let rule = match &entry.draft.principal {
        Principal::Company { signing, .. } => signing.as_deref().and_then(|rule| Rule::parse(rule).ok()),
        Principal::Oneself => None,
    };
    enter::signatures(work.pack(), prepared, entry, rule.as_ref())
}

/// The box of one signature: its place among all.
fn signature_box(nth: usize) -> String {
    format!("underskrift-{nth}")
}

fn signature_words(work: &Work, line: &ByHand) -> String {
    match &line.person {
        Some(person) if *person == work.draft().person => format!("{}: {}", line.what, work.draft().person_name),
        Some(person) => format!("{}: {}", line.what, Value::PersonNr(person.clone())),
        None => line.what.clone(),
    }
}

async fn check_page(
    node: &Arc<Node>,
    visit: &Visit,
    work: &Work,
    ticked: &BTreeSet<String>,
    error: Option<String>,
) -> Result<Response, Failure> {
    let (pack, lang) = (work.pack(), visit.lang);
    let t = |k| Texts::get(lang, k);
    let prepared = work.prepared()?;
    let entry = &work.opened.entry;
    let reads = entry.reads(pack, |step| entry.steps.contains(step));
    let page = work
        .page(node, visit, t("assisted.check_heading"))?
        .back(work.address())
        .shape(Shape::Case)
        .mistakes(error.is_some());
    let mut groups: Vec<(String, Vec<AnswerLine>)> = Vec::new();
    let mut add = |prefix: &str, line: AnswerLine| {
        let name = group(pack, lang, prefix);
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, lines)) => lines.push(line),
            None => groups.push((name, vec![line])),
        }
    };
    let facts = entry.draft.facts(pack);
    let mut all: Vec<(Slot, &Known<Value>)> = pack
        .facts
        .iter()
        .filter_map(|fact| Some((Slot::of(fact.name.it.clone()), facts.known.get(&fact.name.it)?)))
        .collect();
    for list in &pack.lists {
        for (item, row) in (0..).zip(facts.lists.get(&list.name.it).into_iter().flatten()) {
            all.extend(list.columns.iter().filter_map(|column| {
                let slot = Slot {
                    fact: column.name.it.clone(),
                    item: Some(item),
                };
                Some((slot, row.get(&column.name.it)?))
            }));
        }
    }
    for (slot, known) in all {
        let Known::Value(value) = known else { continue };
        if !reads.contains(&slot.fact) {
            continue;
        }
        let fact = fact_of(pack, &slot.fact)?;
        let fetched = entry
            .draft
            .fetched
            .get(&key(&slot))
            .filter(|fetched| matches!(fetched.said, Said::Value { .. } | Said::NoRecord { .. }));
        let from = match fetched {
            Some(fetched) => {
                let keeper = work.view.federation().keeper(&fetched.register);
                let name = keeper.map_or_else(
                    || fetched.register.to_string(),
                    |body| body_name(lang, &body.name, &body.name_en),
                );
                format!("{name}, {}", page.instant(fetched.at))
            }
            None => entry.entered.provenance(),
        };
        let link = match (&fact.source.it, slot.item, fetched) {
            (Source::Login | Source::Represented, ..) | (_, _, Some(_)) => String::new(),
            (_, Some(item), None) => format!("{}/fraga/{}?post={item}", work.address(), encoded(slot.fact.prefix())),
            (_, None, None) => format!("{}/fraga/{}", work.address(), encoded(slot.fact.as_str())),
        };
        let number = slot.item.map(|item| format!(" {}", item + 1)).unwrap_or_default();
        add(
            slot.fact.prefix(),
            AnswerLine {
                label: format!("{}{number}", label(pack, lang, &slot.fact)),
                value: shown(pack, lang, fact, value),
                from,
                link,
            },
        );
    }
    let nones = pack
        .lists
        .iter()
        .filter(|list| entry.draft.is_none(list) && list.columns.iter().any(|column| reads.contains(&column.name.it)));
    for list in nones {
        let name = &list.name.it;
        add(
            name.as_str(),
            AnswerLine {
                label: label(pack, lang, name),
                value: t("list.none_at_all").to_string(),
                from: entry.entered.provenance(),
                link: format!("{}/fraga/{}", work.address(), encoded(name.as_str())),
            },
        );
    }
    let questions = entry.questions(pack, &prepared.questions);
    let left = questions.iter().filter(|(_, left_open)| !left_open).count();
    let left_open = questions.iter().map(|(name, _)| {
        (
            label(pack, lang, name),
            format!("{}/fraga/{}", work.address(), encoded(name.as_str())),
        )
    });
    let broken = prepared.broken.iter().map(|control| {
        pack.text(lang.code(), &format!("kontroll.{control}"))
            .unwrap_or(control.as_str())
            .to_owned()
    });
    let steps = steps(node, work, &prepared, lang).await?;
    let plan = plan(node, work, &prepared).await?;
    let signatures = signings(work, &prepared)
        .iter()
        .flat_map(|signing| &signing.lines)
        .enumerate()
        .map(|(nth, line)| SignatureLine {
            name: signature_box(nth),
            words: signature_words(work, line),
            ticked: ticked.contains(&signature_box(nth)),
        })
        .collect();
    let status = if error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    show_as(
        status,
        &CheckPage {
            note: work.stamp(&page),
            address: work.address(),
            caption: title(pack, lang),
            error,
            left_open: left_open.collect(),
            left,
            broken: broken.collect(),
            has_own: plan.iter().any(|(_, going)| matches!(going, Going::Here)),
            groups,
            steps,
            signatures,
            page,
        },
    )
}

async fn finish(
    State(node): State<Arc<Node>>,
    visit: Visit,
    staff: Staff,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Failure> {
    let work = work(&node, &visit, &staff, &id).await?;
    let ticked: BTreeSet<String> = form.0.iter().map(|(name, _)| name.clone()).collect();
    let prepared = work.prepared()?;
    let plan = plan(&node, &work, &prepared).await?;
    let mut nth = 0;
    let mut signatures = Vec::new();
    for signing in signings(&work, &prepared) {
        let first = nth;
        nth += signing.lines.len();
        let is_ticked = |line: &ByHand| {
            let at = signing.lines.iter().position(|other| other == line).unwrap_or(0);
            ticked.contains(&signature_box(first + at))
        };
        signatures.extend(signing.ticked(is_ticked));
    }
    let entry = &work.opened.entry;
    let questions = entry.questions(work.pack(), &prepared.questions);
    let entered = Entered {
        by: by(&work.desk),
        at: crate::exchange::microseconds(visit.at.instant),
        left_open: questions.into_iter().map(|(name, _)| name).collect(),
        signatures,
        ..entry.entered.clone()
    };
    // What is entered is what was opened now; a save meanwhile is found in the transaction.
    let opened = entry::find(&node, &id).await?.ok_or(Failure::Stale)?;
    if opened.revision != work.opened.revision {
        return Err(Failure::Stale);
    }
    match enter::enter(&work.ctx, &node, &work.known, opened, &prepared, &plan, entered).await {
        Ok(case) => Ok(go(format!("/handlaggning/{case}"))),
        Err(NotDone::Stopped(Stopped::Input(why))) => check_page(&node, &visit, &work, &ticked, Some(why)).await,
        Err(NotDone::Stopped(why)) => Err(why.into()),
        Err(NotDone::Sent(why)) => Err(Failure::ours(why)),
    }
}

// ---- On the case's page ---------------------------------------------------------------------------------------------------

/// Who entered the case, from which paper, and what the paper lacks. Nothing for a case that came from a session.
pub fn panel(open: &Open) -> Markup {
    let Some(entered) = &open.file.application.entered else {
        return Markup::default();
    };
    let mut html = format!(
        "<h2>Hur ansökan kom in</h2><p>{}, {}. Inkommen {}. {}</p>",
        escape(&capital(&format!(
            "{}, införd av {}",
            entered.channel.source(),
            entered.by
        ))),
        escape(&crate::web::layout::instant(Lang::Sv, entered.at)),
        escape(&crate::web::layout::day(Lang::Sv, open.file.application.received_day)),
        escape(entered.arrival.rule())
    );
    if let Arrival::PostNotBefore { reasons } = &entered.arrival {
        html.push_str(&format!("<p>Skäl: {}</p>", escape(reasons)));
    }
    if !entered.left_open.is_empty() {
        let names: String = entered
            .left_open
            .iter()
            .map(|name| format!("<li>{}</li>", escape(&label(open.pack(), Lang::Sv, name))))
            .collect();
        html.push_str(&format!(
            "<p>Frågor som lämnades öppna när ansökan infördes:</p><ul>{names}</ul>"
        ));
    }
    let unsigned: String = entered
        .unsigned()
        .map(|line| {
            let person = line
                .person
                .as_ref()
                .map_or_else(String::new, |person| format!(", {}", Value::PersonNr(person.clone())));
            format!("<li>{}{}</li>", escape(&line.what), escape(&person))
        })
        .collect();
    if !unsigned.is_empty() {
        html.push_str(&format!(
            "<p><strong>Underskrift saknas på pappret.</strong> Begär den som komplettering (20 § förvaltningslagen):</p><ul>{unsigned}</ul>"
        ));
    }
    Markup::trusted(html)
}
