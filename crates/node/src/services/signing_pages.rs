//! Pages for those who sign together: what is to be sent, who has signed, signing, declining, taking back, and the letters.
//!
//! Always true: who is not in a sealing gets 404, whether it exists or not; what is another person's is masked for all but the
//! applicant, and the page says so; what is signed has the checksum that the page shows; a form carries the session's token.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use samverk_domain::case::messages::SentFact;
use samverk_domain::fact::{Attachment, Known, Name, Value};
use samverk_domain::pack::Pack;
use samverk_domain::words::ids::PersonId;
use samverk_store::signings::Stand;

use super::draft::Draft;
use super::pages::{AnswerGroup, Sheet, body_name, context, go, group, hash_bytes, label, obstacles, title};
use super::prepare::Prepared;
use super::signing::{self, After, LetterKind, NoSigners, REASON_CHARACTERS_MAX, Read, Seen, Standing, Wanted};
use super::submit::reference;
use super::vault::NotKept;
use crate::clock::legal_day;
use crate::login::{self, Message, Person};
use crate::node::Node;
use crate::web::form::Fields;
use crate::web::layout::instant;
use crate::web::parts::Icon;
use crate::web::texts::{Lang, Text, Texts};
use crate::web::{Failure, Page, Shape, Visit, show, show_as};

pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route("/underskrift/{id}", get(sealed))
        .route("/underskrift/{id}/skriv-under", get(signed).post(sign))
        .route("/underskrift/{id}/avsta", get(ask_decline).post(decline))
        .route("/underskrift/{id}/ta-tillbaka", get(ask_take_back).post(take_back))
        .route("/underskrift/{id}/bilaga/{sha256}", get(attachment))
}

async fn look(node: &Arc<Node>, visit: &Visit, person: &Person, id: &str) -> Result<Seen, Failure> {
    let ctx = context(node, visit, person, "");
    signing::look(&ctx, node, &person.0.person.number, id).await
}

// ---- Who --------------------------------------------------------------------------------------------------------------

/// A person as those in a sealing call them before they have logged in: by their place in the answers, never by number.
pub(super) fn who(pack: &Pack, lang: Lang, draft: &Draft, wanted: &Wanted, number: &PersonId) -> String {
    let place = match signing::place(pack, draft, number) {
        Some((_, slot)) => match slot.item {
            Some(item) => format!("{} {}", group(pack, lang, slot.fact.prefix()), item + 1),
            None => label(pack, lang, &slot.fact),
        },
        None => {
            let mut others = wanted.people.iter();
            let before = others.position(|person| person == number).unwrap_or(0);
            let named = wanted.people[..before].iter();
            let at = named
                .filter(|person| signing::place(pack, draft, person).is_none())
                .count();
            Texts::get(lang, "signing.signatory").with("n", at + 1).to_string()
        }
    };
    let names: Vec<Name> = wanted
        .needed
        .iter()
        .filter(|needed| needed.people().contains(number))
        .filter_map(|needed| needed.signature.clone())
        .collect();
    match what(pack, lang, &names) {
        signs if signs.is_empty() => place,
        signs => format!("{place}: {signs}"),
    }
}

/// ` för Nordin & Öberg Restauranger AB`; nothing when the applicant acts for themselves.
pub(super) fn for_whom(lang: Lang, company: &str) -> String {
    match company.is_empty() {
        true => String::new(),
        false => Texts::get(lang, "signing.for").with("company", company).to_string(),
    }
}

/// What a person signs, in the document's own words.
fn what(pack: &Pack, lang: Lang, signatures: &[Name]) -> String {
    let names = signatures.iter().map(|name| {
        let text = pack.text(lang.code(), &format!("underskrift.{name}"));
        text.unwrap_or(name.as_str()).to_owned()
    });
    names.collect::<Vec<_>>().join(", ")
}

/// Why nobody can be asked to sign, with the page where it is dealt with.
pub(super) fn no_signers(pack: &Pack, lang: Lang, draft: &str, why: &NoSigners) -> (String, String) {
    let t = |k| Texts::get(lang, k);
    match why {
        NoSigners::Unknown(facts) => {
            let link = facts.first().map(|fact| match pack.list_of_column(fact) {
                Some(list) => crate::web::encoded(list.name.it.as_str()),
                None => crate::web::encoded(fact.as_str()),
            });
            let names: Vec<String> = facts.iter().map(|fact| label(pack, lang, fact)).collect();
            (
                t("signing.unknown").with("facts", names.join(", ")).to_string(),
                format!("/utkast/{draft}/fraga/{}", link.unwrap_or_default()),
            )
        }
        NoSigners::NoRule => (t("signing.no_rule").to_string(), format!("/utkast/{draft}")),
        NoSigners::TooMany => (t("signing.too_many").to_string(), format!("/utkast/{draft}")),
    }
}

// ---- The page ---------------------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "services/signing.html")]
struct SigningPage {
    page: Page,
    id: String,
    /// The applicant's page of what was submitted.
    matter: String,
    service: String,
    lead: Text,
    is_applicant: bool,
    /// Something has to be said before everything else: it is sent, or it cannot be signed.
    says: Option<Says>,
    /// The person may sign now.
    may_sign: bool,
    /// Nothing was noted at the last try.
    not_noted: bool,
    has_signed: bool,
    may_take_back: bool,
    people: Vec<PersonLine>,
    groups: Vec<AnswerGroup>,
    hides: bool,
    fees: Vec<(String, String)>,
    sum: String,
    last_day: String,
    sha256: String,
}

struct Says {
    is_good: bool,
    text: String,
    also: Vec<String>,
}

struct PersonLine {
    name: String,
    note: String,
    stand: Stand,
}

async fn sealed(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let seen = look(&node, &visit, &person, &id).await?;
    page_of(&node, &visit, &seen, false)
}

fn page_of(node: &Node, visit: &Visit, seen: &Seen, not_noted: bool) -> Result<Response, Failure> {
    let (pack, lang) = (seen.pack(), visit.lang);
    let t = |k| Texts::get(lang, k);
    let prepared = seen.prepared()?;
    let standing = seen.standing(&prepared);
    let own = seen.own().map_or(Stand::Waiting, |own| own.stand);
    let may_sign = standing == Standing::Waits && own == Stand::Waiting;
    let is_applicant = seen.is_applicant();
    let heading = match (&standing, is_applicant) {
        (Standing::Sent(_), _) => "signing.sent_heading",
        (_, true) => "signing.waits_heading",
        (_, false) => "signing.sign_heading",
    };
    let page = Page::new(node, visit, t(heading))
        .margin(t("signing.margin"))
        .back("/mina");
    let key = match (is_applicant, matches!(standing, Standing::Sent(_))) {
        (_, true) => "signing.lead_sent",
        (true, false) => "signing.lead_applicant",
        (false, false) => "signing.lead",
    };
    let lead = t(key)
        .with("service", title(pack, lang))
        .with("for", for_whom(lang, &signing::about_whom(&seen.draft)))
        .with("by", &seen.draft.person_name);
    let sheet = Sheet {
        pack,
        draft: &seen.draft,
        view: &seen.view,
        prepared: &prepared,
        page: &page,
    };
    let link = |sent: &SentFact, _: bool| match &sent.known {
        Known::Value(Value::Attachment(file)) if seen.shows(sent) => {
            format!("/underskrift/{}/bilaga/{}", seen.row.id, file.sha256)
        }
        _ => String::new(),
    };
    let groups = sheet.groups(|sent| seen.shows(sent), link, |_| String::new())?;
    let hides = prepared
        .parts
        .iter()
        .flat_map(|part| &part.facts)
        .any(|sent| !seen.shows(sent));
    let (fees, sum) = sheet.fees();
    let last_day = page.day(legal_day(seen.row.expires_at));
    show(&SigningPage {
        id: seen.row.id.clone(),
        matter: match (is_applicant, &standing) {
            (true, Standing::Sent(_)) => format!("/mina/{}", seen.draft.id),
            _ => String::new(),
        },
        service: title(pack, lang),
        lead,
        is_applicant,
        says: says(&page, pack, seen, &standing),
        may_sign,
        not_noted: not_noted && own == Stand::Waiting,
        has_signed: !is_applicant && own == Stand::Signed,
        may_take_back: is_applicant && !matches!(standing, Standing::Sent(_)),
        people: lines(&page, seen, &prepared),
        groups,
        hides,
        fees,
        sum,
        last_day,
        sha256: seen.row.answers_sha256.chars().take(16).collect(),
        page,
    })
}

fn says(page: &Page, pack: &Pack, seen: &Seen, standing: &Standing) -> Option<Says> {
    let t = |k| Texts::get(page.lang, k);
    let stop = |key| {
        Some(Says {
            is_good: false,
            text: t(key).to_string(),
            also: Vec::new(),
        })
    };
    match standing {
        Standing::Sent(at) => Some(Says {
            is_good: true,
            text: t("signing.is_sent")
                .with("at", page.instant(*at))
                .with("number", reference(&seen.draft.id))
                .to_string(),
            also: Vec::new(),
        }),
        Standing::Waits => None,
        Standing::Declined => stop("signing.cannot_declined"),
        Standing::Changed => stop("signing.cannot_changed"),
        Standing::InTheWay(in_the_way) => Some(Says {
            is_good: false,
            text: t("signing.cannot_now").to_string(),
            also: in_the_way
                .iter()
                .flat_map(|one| obstacles(pack, page.lang, "", one))
                .map(|one| one.text)
                .collect(),
        }),
    }
}

fn lines(page: &Page, seen: &Seen, prepared: &Prepared<'_>) -> Vec<PersonLine> {
    let (pack, lang) = (seen.pack(), page.lang);
    let t = |k| Texts::get(lang, k);
    // After it was sent, who was asked is what counts.
    let wanted = seen
        .wanted(prepared)
        .or_else(|| signing::wanted(pack, &seen.draft, prepared).ok().flatten());
    let lines = seen.people.iter().map(|one| {
        let place = match (&wanted, one.is_applicant) {
            (_, true) => t("signing.applicant").to_string(),
            (Some(wanted), false) => who(pack, lang, &seen.draft, wanted, &one.number),
            (None, false) => t("signing.signer").to_string(),
        };
        let is_me = one.number == seen.me;
        let name = match (one.name(), is_me) {
            (Some(name), true) => t("signing.you_named").with("name", name).to_string(),
            (None, true) => t("signing.you").to_string(),
            (Some(name), false) => name.to_owned(),
            (None, false) => String::new(),
        };
        let name = match name.is_empty() {
            true => place,
            false => format!("{name}, {place}"),
        };
        let mut note = one.at.map(|at| page.instant(at)).unwrap_or_default();
        // The reason is for the applicant; that somebody declines concerns them all.
        if let Some((_, reason)) = one.declined.as_ref().filter(|_| seen.is_applicant() || is_me) {
            note = t("signing.because").with("at", note).with("reason", reason).to_string();
        }
        PersonLine {
            name,
            note,
            stand: one.stand,
        }
    });
    lines.collect()
}

/// An attachment that is to be sent: downloaded, never shown inside our pages.
async fn attachment(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path((id, sha256)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let seen = look(&node, &visit, &person, &id).await?;
    let found: Option<Attachment> = {
        let prepared = seen.prepared()?;
        let mut facts = prepared.parts.iter().flat_map(|part| &part.facts);
        facts.find_map(|sent| match &sent.known {
            Known::Value(Value::Attachment(file)) if file.sha256 == sha256 && seen.shows(sent) => Some(file.clone()),
            _ => None,
        })
    };
    let file = found.ok_or(Failure::NotFound)?;
    let bytes = signing::file(&node, &seen, &file.sha256).await?;
    let kind = match file.format.as_str() {
        "pdf" => "application/pdf",
        "jpg" => "image/jpeg",
        "png" => "image/png",
        _ => "application/octet-stream",
    };
    let short: String = sha256.chars().take(8).collect();
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"bilaga-{short}.{}\"", file.format),
        ),
    ];
    Ok((headers, bytes).into_response())
}

// ---- Signing ----------------------------------------------------------------------------------------------------------

/// To the fresh login that is bound to exactly what was shown.
async fn sign(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
    _: Fields,
) -> Result<Response, Failure> {
    let seen = look(&node, &visit, &person, &id).await?;
    let prepared = seen.prepared()?;
    let waits = seen.own().is_some_and(|own| own.stand == Stand::Waiting);
    if !waits || seen.standing(&prepared) != Standing::Waits {
        return page_of(&node, &visit, &seen, true);
    }
    let sheet = Sheet {
        pack: seen.pack(),
        draft: &seen.draft,
        view: &seen.view,
        prepared: &prepared,
        page: &Page::new(&node, &visit, ""),
    };
    let message = Message {
        sv: sheet.approval(Lang::Sv, "signing.approve"),
        en: sheet.approval(Lang::En, "signing.approve"),
    };
    login::bind(
        &node,
        &visit,
        hash_bytes(&seen.row.answers_sha256)?,
        &message,
        &format!("/underskrift/{id}/skriv-under"),
    )
    .await
}

/// Back from the fresh login: notes the signature; with the last one it is submitted.
async fn signed(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let seen = look(&node, &visit, &person, &id).await?;
    let hash = hash_bytes(&seen.row.answers_sha256)?;
    let Some(bound) = login::take_bound(&node, &person.0, &hash).await? else {
        return page_of(&node, &visit, &seen, true);
    };
    match signing::sign(&seen.ctx, &node, &id, &bound).await? {
        After::Waits | After::Sent => Ok(go(format!("/underskrift/{id}"))),
        After::Not => page_of(&node, &visit, &look(&node, &visit, &person, &id).await?, true),
    }
}

#[derive(Template)]
#[template(path = "services/decline.html")]
struct DeclinePage {
    page: Page,
    id: String,
    service: String,
    whom: String,
    typed: String,
    error: Option<String>,
}

fn decline_page(
    node: &Node,
    visit: &Visit,
    seen: &Seen,
    typed: &str,
    error: Option<String>,
) -> Result<Response, Failure> {
    let page = Page::new(node, visit, Texts::get(visit.lang, "signing.decline_heading"))
        .back(format!("/underskrift/{}", seen.row.id))
        .mistakes(error.is_some());
    let status = match error {
        Some(_) => http::StatusCode::UNPROCESSABLE_ENTITY,
        None => http::StatusCode::OK,
    };
    show_as(
        status,
        &DeclinePage {
            id: seen.row.id.clone(),
            service: title(seen.pack(), visit.lang),
            whom: for_whom(visit.lang, &signing::about_whom(&seen.draft)),
            typed: typed.to_owned(),
            error,
            page,
        },
    )
}

/// One who waits to sign; everybody else is led to the page that says how it stands.
async fn waiting(node: &Arc<Node>, visit: &Visit, person: &Person, id: &str) -> Result<Seen, Failure> {
    let seen = look(node, visit, person, id).await?;
    let waits = seen.own().is_some_and(|own| own.stand == Stand::Waiting) && seen.row.sent_at.is_none();
    waits.then_some(seen).ok_or(Failure::Elsewhere {
        to: format!("/underskrift/{id}"),
    })
}

async fn ask_decline(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let seen = waiting(&node, &visit, &person, &id).await?;
    decline_page(&node, &visit, &seen, "", None)
}

async fn decline(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Failure> {
    let seen = waiting(&node, &visit, &person, &id).await?;
    let reason = form.one("skal").unwrap_or_default();
    if reason.is_empty() || reason.chars().count() > REASON_CHARACTERS_MAX {
        let error = Texts::get(visit.lang, "signing.say_why").to_string();
        return decline_page(&node, &visit, &seen, reason, Some(error));
    }
    signing::decline(&seen.ctx, &node, &seen, &person.0.person.name, reason).await?;
    Ok(go(format!("/underskrift/{id}")))
}

#[derive(Template)]
#[template(path = "services/take_back.html")]
struct TakeBackPage {
    page: Page,
    id: String,
}

/// The applicant, while it is not sent.
async fn own(node: &Arc<Node>, visit: &Visit, person: &Person, id: &str) -> Result<Seen, Failure> {
    let seen = look(node, visit, person, id).await?;
    if !seen.is_applicant() {
        return Err(Failure::NotFound);
    }
    match seen.row.sent_at {
        None => Ok(seen),
        Some(_) => Err(Failure::Elsewhere {
            to: format!("/underskrift/{id}"),
        }),
    }
}

async fn ask_take_back(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    own(&node, &visit, &person, &id).await?;
    let page = Page::new(&node, &visit, Texts::get(visit.lang, "signing.take_back")).back(format!("/underskrift/{id}"));
    show(&TakeBackPage { page, id })
}

async fn take_back(
    State(node): State<Arc<Node>>,
    visit: Visit,
    person: Person,
    Path(id): Path<String>,
    _: Fields,
) -> Result<Response, Failure> {
    let seen = own(&node, &visit, &person, &id).await?;
    Ok(match signing::take_back(&node, &seen).await? {
        Some(draft) => go(format!("/utkast/{draft}")),
        None => go(format!("/underskrift/{id}")),
    })
}

// ---- Letters ----------------------------------------------------------------------------------------------------------

/// A letter about a sealing as a row of the mailbox: address, heading, sender, sent, opened.
pub struct PostRow {
    pub link: String,
    pub heading: String,
    pub from: String,
    pub sent_at: jiff::Timestamp,
    pub opened: String,
}

fn service_of(node: &Node, lang: Lang, read: &Read) -> String {
    let slug = Name::parse(&read.row.pack).ok();
    let known = slug.and_then(|slug| node.library.version(&slug, read.row.version));
    known.map_or_else(|| read.row.pack.clone(), |known| title(&known.pack, lang))
}

fn heading(lang: Lang, kind: LetterKind) -> Text {
    let key = match kind {
        LetterKind::Asked => "signing_letter.asked",
        LetterKind::Declined => "signing_letter.declined",
        LetterKind::TakenBack => "signing_letter.taken_back",
        LetterKind::Sent => "signing_letter.sent",
        LetterKind::Expired => "signing_letter.expired",
    };
    Texts::get(lang, key)
}

/// The person's letters about sealings, for the mailbox.
pub async fn post(node: &Arc<Node>, lang: Lang, me: &PersonId) -> Result<Vec<PostRow>, Failure> {
    let (own, number) = (Arc::clone(node), me.clone());
    let letters: Result<Vec<Read>, NotKept> = node
        .store
        .read("signing.letters", move |tx| signing::letters(tx, &own, &number))
        .await;
    let host = node.config.host();
    let rows = letters?.into_iter().map(|read| PostRow {
        link: format!("/post/{}", read.row.id),
        heading: heading(lang, read.kind)
            .with("service", service_of(node, lang, &read))
            .to_string(),
        from: body_name(lang, &host.name, &host.name_en),
        sent_at: read.row.sent_at,
        opened: match read.row.opened_at {
            Some(at) => instant(lang, at),
            None => Texts::get(lang, "post.unopened").to_string(),
        },
    });
    Ok(rows.collect())
}

#[derive(Template)]
#[template(path = "services/signing_letter.html")]
struct LetterPage {
    page: Page,
    host: String,
    sent: String,
    paragraphs: Vec<String>,
    reason: String,
    link: Option<(String, String)>,
}

/// A letter about a sealing; another's, and what is no such letter, is not found.
pub async fn letter_page(node: &Arc<Node>, visit: &Visit, person: &Person, id: &str) -> Result<Response, Failure> {
    let (own, number, id, now) = (
        Arc::clone(node),
        person.0.person.number.clone(),
        id.to_owned(),
        visit.at.instant,
    );
    let found: Result<Option<(Read, bool)>, NotKept> = node
        .store
        .run("signing.letter", move |tx| {
            let Some(read) = signing::open_letter(tx, &own, &number, &id, now)? else {
                return Ok(None);
            };
            let mark = signing::Hand::of(&own.secret, &number).mark;
            let is_there = samverk_store::signings::of(tx, &mark, &read.row.signing, now)?.is_some();
            Ok(Some((read, is_there)))
        })
        .await;
    let (read, is_there) = found?.ok_or(Failure::NotFound)?;
    let lang = visit.lang;
    let t = |k| Texts::get(lang, k);
    let service = service_of(node, lang, &read);
    let page = Page::new(node, visit, heading(lang, read.kind).with("service", &service))
        .back("/post")
        .shape(Shape::Sheet);
    let filled = |key| {
        t(key)
            .with("service", &service)
            .with("for", for_whom(lang, &read.told.about))
            .with("by", &read.told.by)
            .with("words", &read.told.words)
            .with("day", read.told.last_day.map(|day| page.day(day)).unwrap_or_default())
            .to_string()
    };
    let (paragraphs, reason) = match read.kind {
        LetterKind::Asked => (
            vec![
                filled("signing_letter.asked_text"),
                filled("signing_letter.asked_how"),
                filled("signing_letter.asked_until"),
            ],
            String::new(),
        ),
        LetterKind::Declined => (
            vec![
                filled("signing_letter.declined_text"),
                filled("signing_letter.declined_next"),
            ],
            read.told.words.clone(),
        ),
        LetterKind::TakenBack => (vec![filled("signing_letter.taken_back_text")], String::new()),
        LetterKind::Sent => (vec![filled("signing_letter.sent_text")], String::new()),
        LetterKind::Expired => (vec![filled("signing_letter.expired_text")], String::new()),
    };
    let link = is_there.then(|| {
        let key = match read.kind {
            LetterKind::Asked => "signing_letter.read_and_sign",
            _ => "signing_letter.see",
        };
        (format!("/underskrift/{}", read.row.signing), t(key).to_string())
    });
    let host = node.config.host();
    show(&LetterPage {
        host: body_name(lang, &host.name, &host.name_en),
        sent: page.instant(read.row.sent_at),
        paragraphs,
        reason,
        link,
        page,
    })
}
