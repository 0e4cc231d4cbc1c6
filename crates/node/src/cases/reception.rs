//! Messages in: applications, completions, answers in hearings, opinions.
//!
//! Always true: a message is handled in the transaction of the inbox, once; the service document is pinned by version and
//! SHA-256 to what the body has adopted; a register's value is believed only by the register's own signed answer, about the
//! right subject, and refused with the whole message otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::civil::Date;
use samverk_domain::case::Case;
use samverk_domain::case::act::Act;
use samverk_domain::case::decision::regime_of;
use samverk_domain::case::documents::DocumentKind;
use samverk_domain::case::messages::{
    Application, Completion, DecisionCopy, HearingAnswer, Opinion, Origin, SentFact, may_be_none,
};
use samverk_domain::case::procedure::{Initiator, Opening, Party, PartyKind};
use samverk_domain::fact::{Known, Name, Slot, Value};
use samverk_domain::pack::{Pack, Source};
use samverk_domain::rules::{self, Days, Setting};
use samverk_domain::terms::{BodyId, Evidence, Message, MessageKind, Refused};
use samverk_domain::words::ids::PersonId;
use samverk_domain::words::time::{Moment, legal_day};
use samverk_store::cases::{Kind, Row, Stands};
use samverk_store::{Tx, cases, diary};

use super::act::{Words, act, enter, finish, keep_paper};
use super::file::{
    CaseFile, Held, Open, Stopped, applicant, authority, body_config, body_in_federation, given, owner_mark,
};
use super::{newer, papers, proceed};
use crate::ctx::Ctx;
use crate::exchange::Handler;
use crate::exchange::message::NotTaken;
use crate::node::Node;
use crate::post::letter::{self, Plain, own};
use crate::services::{inbound, signing};
use crate::trust::evidence::{self, What};

/// Facts in one application: fifty owners with all their columns fit many times.
pub const FACTS_MAX: usize = 2_000;
/// The host's clock may be this much before ours.
const CLOCKS_MAY_DIFFER: SignedDuration = SignedDuration::from_mins(5);

/// What this capability takes in.
pub const APPLICATION: Handler = Handler {
    kind: MessageKind::Application,
    subjects: inbound::application_subjects,
    receive: |ctx, tx, node, message| told(take_application(ctx, tx, node, message)),
    delivered: inbound::application_delivered,
};
pub const COMPLETION: Handler = handler(MessageKind::Completion, |ctx, tx, node, message| {
    told(take_completion(ctx, tx, node, message))
});
pub const HEARING_ANSWER: Handler = handler(MessageKind::HearingAnswer, |ctx, tx, node, message| {
    told(take_hearing_answer(ctx, tx, node, message))
});
pub const OPINION: Handler = handler(MessageKind::Opinion, |ctx, tx, node, message| {
    told(take_opinion(ctx, tx, node, message))
});
pub const DECISION_COPY: Handler = handler(MessageKind::DecisionCopy, |ctx, tx, node, message| {
    told(take_copy(ctx, tx, node, message))
});

type Receive = fn(&Ctx, &mut Tx, &Node, &Message) -> Result<(), NotTaken>;

const fn handler(kind: MessageKind, receive: Receive) -> Handler {
    Handler {
        kind,
        // The case's own reference is named, not the person; insight shows the application that it belongs to.
        subjects: |_| vec![],
        receive,
        delivered: |_, _, _, _, _| Ok(()),
    }
}

/// Why a message was not taken, for the one who sent it.
enum No {
    Refused(Refused),
    Stopped(Stopped),
}

impl From<Stopped> for No {
    fn from(why: Stopped) -> Self {
        Self::Stopped(why)
    }
}

impl From<samverk_store::StoreError> for No {
    fn from(why: samverk_store::StoreError) -> Self {
        Self::Stopped(Stopped::Store(why))
    }
}

impl From<Refused> for No {
    fn from(why: Refused) -> Self {
        Self::Refused(why)
    }
}

fn told(taken: Result<(), No>) -> Result<(), NotTaken> {
    taken.map_err(|why| match why {
        No::Refused(refused) => NotTaken::Refused(refused),
        No::Stopped(Stopped::Store(why)) => NotTaken::Store(why),
        // What the procedure does not allow is not for the sender to repeat.
        No::Stopped(Stopped::NotAllowed(why)) => {
            tracing::info!(%why, "a message was refused by the procedure");
            NotTaken::Refused(Refused::Contents)
        }
        No::Stopped(Stopped::NoCase) => NotTaken::Refused(Refused::Contents),
        No::Stopped(why) => NotTaken::Ours(why.to_string()),
    })
}

fn read<T: serde::de::DeserializeOwned>(message: &Message) -> Result<T, No> {
    serde_json::from_value(message.payload.clone()).map_err(|_| Refused::Contents.into())
}

fn take_application(ctx: &Ctx, tx: &mut Tx, node: &Node, message: &Message) -> Result<(), No> {
    let application: Application = read(message)?;
    if application.host != message.from
        || application.pack.as_str() != message.purpose
        || application.facts.len() > FACTS_MAX
        || !are_bound(&application)
        || application.received_at > ctx.at.instant + CLOCKS_MAY_DIFFER
        || application.received_day > legal_day(application.received_at)
    {
        return Err(Refused::Contents.into());
    }
    let (submission, step) = (application.submission.clone(), application.step.clone());
    // The same step of the same submission under another message is still one case.
    if cases::by_origin(
        tx,
        &ctx.body,
        Kind::Application,
        &message.from,
        &submission,
        step.as_str(),
    )?
    .is_some()
    {
        return Ok(());
    }
    let known = node
        .library
        .version(&application.pack, application.version)
        .filter(|known| known.sha256 == application.pack_sha256)
        .ok_or(Refused::NotAdopted)?;
    let adoption = super::file::adoption(node, &ctx.body, &known).map_err(|_| Refused::NotAdopted)?;
    // TF 2 kap. 9 §: a receipt at the host is receipt here only because this body has said so. Its own is its own.
    let is_reception = message.from == ctx.body || adoption.receptions.contains(&message.from);
    if !adoption.steps.contains(&step) || !is_reception {
        return Err(Refused::NotAdopted.into());
    }
    let may_say = match &application.entered {
        None => MaySay::Person,
        // FL 22 §: the day follows from how the paper arrived; the host cannot choose another.
        Some(entered)
            if entered.body == message.from
                && application.signed_by_login.is_empty()
                && application.signatures.is_empty()
                && entered.at <= ctx.at.instant + CLOCKS_MAY_DIFFER
                && entered.received() == Ok(application.received_day)
                && entered.arrived_by() == Ok(application.received_at) =>
        {
            MaySay::Official
        }
        Some(_) => return Err(Refused::Contents.into()),
    };
    let listed = known.pack.step(&step).ok_or(Refused::Contents)?;
    if !may_be_none(&known.pack, &application.none_of, &application.facts) {
        return Err(Refused::Contents.into());
    }
    let as_facts = application.as_facts();
    for fact in &application.facts {
        check(node, &known.pack, &as_facts, fact, (&message.from, &ctx.body), may_say)?;
    }
    if may_say == MaySay::Person {
        // Without its rules of signing this body cannot judge a company's; those named in the answers it can.
        let mut setting = Setting {
            days: Days {
                application: application.received_day,
                decision: ctx.at.day,
            },
            ..Setting::default()
        };
        adoption.apply(&mut setting);
        let people = application.signatures.iter().map(|signature| signature.person.as_str());
        let people = people.chain([application.applicant.person.as_str()]);
        let signed = people.filter_map(|person| PersonId::parse(person).ok()).collect();
        if !rules::unsigned(&known.pack, &as_facts, &setting, &step, &signed).is_empty() {
            return Err(Refused::Contents.into());
        }
    }
    let config = body_config(node, &ctx.body)?;
    let received = Moment {
        instant: application.received_at,
        day: application.received_day,
    };
    let case = Case::open(Opening {
        authority: authority(config),
        regime: regime_of(known.pack.outcomes_of(&step)),
        initiator: Initiator::Individual,
        received,
        time_limit: listed.deadline.as_ref().map(|limit| limit.it.clone()),
        parties: vec![Party {
            id: applicant(),
            kind: PartyKind::Private,
        }],
    })
    .map_err(Stopped::from)?;
    let diary_number = number(tx, node, &ctx.body, received.day.year())?;
    let row = Row {
        id: node.chance.token(),
        body: ctx.body.clone(),
        kind: Kind::Application,
        diary_number: diary_number.clone(),
        pack: application.pack.to_string(),
        version: application.version,
        step: step.to_string(),
        sender: message.from.clone(),
        reference: submission,
        owner: owner_mark(node, &application.applicant.person),
        stands: Stands {
            state: case.state().name().to_owned(),
            todo: String::new(),
            waits: String::new(),
            due: None,
        },
        received_at: received.instant,
        changed_at: ctx.at.instant,
        revision: 1,
        summary: vec![],
        contents: vec![],
    };
    let mut application = application;
    let files = std::mem::take(&mut application.files);
    let facts = std::mem::take(&mut application.facts)
        .into_iter()
        .map(|sent| Held { sent, settled: None })
        .collect();
    let mut open = Open {
        row,
        file: CaseFile {
            application,
            facts,
            case,
            asks: BTreeMap::new(),
            unanswered: BTreeMap::new(),
            opinions: BTreeMap::new(),
            answers: vec![],
            proposal: None,
            counted_with: None,
            law_changes: vec![],
            told_of_simplified_service: None,
            posted: BTreeMap::new(),
        },
        began: Arc::clone(&known),
        known,
        tell_host: true,
    };
    crate::library::pin(tx, &open.known, ctx.at.instant)?;
    open.refresh(ctx, node)?;
    cases::insert(tx, &open.row)?;
    act(
        ctx,
        tx,
        node,
        &mut open,
        &Act::Register { diary_number },
        &Words::default(),
    )?;
    let paper = papers::application(node, &open)?;
    keep_paper(
        ctx,
        tx,
        node,
        &open,
        DocumentKind::Received,
        "application",
        "Ansökan eller anmälan",
        true,
        &paper,
    )?;
    keep_files(ctx, tx, node, &open, &files)?;
    if let Some(entered) = &open.file.application.entered {
        let what = format!(
            "Införd ur {} av {}, inkommen {}",
            entered.channel.source(),
            entered.by,
            received.day
        );
        let whose =
            body_in_federation(node, &entered.body).map_or_else(|_| entered.body.to_string(), |b| letter::organ(&b));
        enter(ctx, tx, &open, diary::Way::Own, &whose, &what)?;
    }
    finish(ctx, tx, node, &mut open)?;
    proceed::enqueue(ctx, tx, &open)?;
    newer::enqueue_for(ctx, tx, node, &open)?;
    Ok(())
}

/// Whether the others' signatures are each of one person and bound to these answers: the ID token's nonce ends with their
/// hash. That the provider signed the token is the host's word, as it is for the applicant's own; the token is evidence.
fn are_bound(application: &Application) -> bool {
    let mut people = BTreeSet::from([application.applicant.person.as_str()]);
    let end = format!(".{}", application.answers_sha256);
    application.signatures.len() <= signing::PEOPLE_MAX
        && application.signatures.iter().all(|signature| {
            let claims = signature.signed_by_login.split('.').nth(1).unwrap_or_default();
            let claims = samverk_wire::base64::from_url(claims).unwrap_or_default();
            let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap_or_default();
            let nonce = claims.get("nonce").and_then(serde_json::Value::as_str);
            people.insert(&signature.person) && nonce.is_some_and(|nonce| nonce.ends_with(&end))
        })
}

/// `MN 2026-0001`: the body's next number of the year.
pub fn number(tx: &mut Tx, node: &Node, body: &BodyId, year: i16) -> Result<String, Stopped> {
    let config = body_config(node, body)?;
    let prefix = if config.diary_prefix.is_empty() {
        let letters: String = config.name.chars().filter(|c| c.is_uppercase()).take(2).collect();
        if letters.is_empty() { "D".to_owned() } else { letters }
    } else {
        config.diary_prefix.clone()
    };
    let taken = diary::next_number(tx, body, year)?;
    Ok(format!("{prefix} {year}-{taken:04}"))
}

/// Whose word the facts may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MaySay {
    /// The person, who has logged in.
    Person,
    /// An official, from a paper: nothing may come from a login.
    Official,
    /// A completion of what was entered: on paper again, or by the person, logged in.
    Either,
}

/// Believes one fact, or refuses: its type, and for a register fact the register's signed answer about the right subject.
fn check(
    node: &Node,
    pack: &Pack,
    facts: &samverk_domain::fact::Facts,
    sent: &SentFact,
    (host, own): (&BodyId, &BodyId),
    may_say: MaySay,
) -> Result<(), Refused> {
    let fact = pack.fact(&sent.slot.fact).ok_or(Refused::Contents)?;
    let proof = match (&fact.source.it, &sent.origin) {
        // Our own exchange: its evidence is in our own log.
        (Source::Register(_), Origin::Register { proof: None, .. }) if host == own => return Ok(()),
        (Source::Register(_), Origin::Register { proof, .. }) => proof.as_deref().ok_or(Refused::Contents)?,
        (Source::Applicant | Source::Login | Source::Represented | Source::Register(_), Origin::Entered { .. })
            if may_say != MaySay::Person =>
        {
            return Ok(());
        }
        // The person answered instead, or nobody has: it is shown as that.
        (Source::Register(_), Origin::ApplicantInstead { .. })
        | (Source::Applicant, Origin::Applicant)
        | (Source::Login, Origin::Login)
        | (Source::Represented, Origin::Represented)
            if may_say != MaySay::Official =>
        {
            return Ok(());
        }
        (Source::Step(_), Origin::Step { .. }) => return Ok(()),
        _ => return Err(Refused::Contents),
    };
    let Source::Register(source) = &fact.source.it else {
        return Err(Refused::Contents);
    };
    let told = evidence_about(node, proof).map_err(|_| Refused::Contents)?;
    let Origin::Register {
        producer,
        register,
        field,
        exchange,
        ..
    } = &sent.origin
    else {
        return Err(Refused::Contents);
    };
    let subject = proceed::subject_of(pack, facts, source, &sent.slot);
    let is_right = told.answer.provider == *producer
        && told.ask.consumer == *host
        && told.ask.id == *exchange
        && told.ask.register == *register
        && *register == source.register
        && *field == source.field
        && subject.is_some_and(|subject| subject == told.ask.subject);
    let said = told.answer.fields.get(field).ok_or(Refused::Contents)?;
    match proceed::value_of(fact, source, said) {
        Some(known) if is_right && known == sent.known => Ok(()),
        _ => Err(Refused::Contents),
    }
}

/// A register's question and answer, proved.
pub struct Told {
    pub ask: samverk_domain::terms::Ask,
    pub answer: samverk_domain::terms::Answer,
    pub report: evidence::Report,
}

/// Verifies evidence of a question with this node's own anchor.
pub fn evidence_about(node: &Node, proof: &Evidence) -> Result<Told, String> {
    let anchor = node.federation.anchor().map_err(|why| why.to_string())?;
    let report = evidence::verify(proof, Some(anchor)).map_err(|why| why.to_string())?;
    match &report.what {
        What::Question(ask, answer) => Ok(Told {
            ask: ask.clone(),
            answer: answer.clone(),
            report,
        }),
        _ => Err("it is evidence of a message, not of an answer".to_owned()),
    }
}

fn opened(node: &Node, row: Option<Row>) -> Result<Open, No> {
    let row = row.ok_or(Refused::Contents)?;
    Ok(Open::of(node, row)?)
}

fn take_completion(ctx: &Ctx, tx: &mut Tx, node: &Node, message: &Message) -> Result<(), No> {
    let completion: Completion = read(message)?;
    if completion.facts.len() > FACTS_MAX {
        return Err(Refused::Contents.into());
    }
    let row = cases::by_origin(
        tx,
        &ctx.body,
        Kind::Application,
        &message.from,
        &completion.submission,
        completion.step.as_str(),
    )?;
    let open = opened(node, row)?;
    complete(ctx, tx, node, open, completion, &message.from, None)
}

/// A completion that an official has entered from a paper, in the body's own case; the day is that on which it came in.
pub fn complete_on_paper(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    open: Open,
    completion: Completion,
    day: Date,
) -> Result<(), Stopped> {
    let own = ctx.body.clone();
    complete(ctx, tx, node, open, completion, &own, Some(day)).map_err(|why| match why {
        No::Stopped(why) => why,
        No::Refused(_) => Stopped::Input("Kompletteringen rör uppgifter som inte har begärts in.".to_owned()),
    })
}

fn complete(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    mut open: Open,
    completion: Completion,
    from: &BodyId,
    day: Option<Date>,
) -> Result<(), No> {
    let may_say = match &open.file.application.entered {
        Some(_) => MaySay::Either,
        // What was sent from a session may be completed on paper to the body itself.
        None if *from == ctx.body => MaySay::Either,
        None => MaySay::Person,
    };
    let asked: Vec<_> = open
        .file
        .case
        .completion_requests()
        .iter()
        .filter(|request| request.answered.is_none())
        .flat_map(|request| request.asked.facts.clone())
        .collect();
    let pack = &open.known.pack;
    // A list that has items already is not answered with none, nor one that gets items now.
    let there = open.file.facts.iter().map(|held| &held.sent);
    let is_of = |list: &Name, name: &Name| name == list || name.prefix() == list.as_str();
    let is_asked = |list: &Name| asked.iter().any(|name| is_of(list, name));
    if !may_be_none(pack, &completion.none_of, there.chain(&completion.facts))
        || !completion.none_of.iter().all(is_asked)
    {
        return Err(Refused::Contents.into());
    }
    let mut facts = open.file.facts();
    for sent in &completion.facts {
        if let Known::Value(value) = &sent.known
            && sent.slot.item.is_none()
        {
            facts.set(sent.slot.fact.clone(), Known::Value(value.clone()));
        }
    }
    for sent in &completion.facts {
        // A completion opens exactly what was asked for; a list by its own name or its column's.
        let list = Name::parse(sent.slot.fact.prefix()).ok();
        let was_asked = asked.contains(&sent.slot.fact) || list.is_some_and(|list| asked.contains(&list));
        if !was_asked {
            return Err(Refused::Contents.into());
        }
        check(node, &open.known.pack, &facts, sent, (from, &ctx.body), may_say)?;
    }
    let mut names: Vec<Name> = completion.facts.iter().map(|sent| sent.slot.fact.clone()).collect();
    let is_none = |name: &Name| completion.none_of.iter().any(|list| is_of(list, name));
    names.extend(asked.into_iter().filter(is_none));
    for sent in completion.facts {
        open.file.set(sent);
    }
    open.file.application.none_of.extend(completion.none_of);
    keep_files(ctx, tx, node, &open, &completion.files)?;
    act(
        ctx,
        tx,
        node,
        &mut open,
        &Act::CompletionReceived { facts: names },
        &Words {
            day,
            ..Words::default()
        },
    )?;
    let paper = papers::application(node, &open)?;
    keep_paper(
        ctx,
        tx,
        node,
        &open,
        DocumentKind::Received,
        "completion",
        "Komplettering",
        true,
        &paper,
    )?;
    finish(ctx, tx, node, &mut open)?;
    proceed::enqueue(ctx, tx, &open)?;
    Ok(())
}

/// Attachments among the case's documents: those that a fact names by its hash, and no others.
fn keep_files(ctx: &Ctx, tx: &mut Tx, node: &Node, open: &Open, files: &BTreeMap<String, String>) -> Result<(), No> {
    for (sha256, encoded) in files {
        let named = open.file.facts.iter().find_map(|held| match &held.sent.known {
            Known::Value(Value::Attachment(file)) if file.sha256 == *sha256 => Some((&held.sent.slot.fact, file)),
            _ => None,
        });
        let (fact, file) = named.ok_or(Refused::Contents)?;
        let bytes = samverk_wire::base64::from_url(encoded).map_err(|_| Refused::Contents)?;
        let is_it: String = samverk_wire::digest::sha256(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if is_it != *sha256 {
            return Err(Refused::Contents.into());
        }
        let id = node.chance.token();
        let when = open.moment(ctx);
        let attached = Attached {
            format: file.format.clone(),
            bytes: encoded.clone(),
        };
        let part = format!("document/{id}");
        let contents = super::file::close(
            node,
            &open.row.body,
            &open.row.id,
            &part,
            &super::file::json(&attached)?,
        )?;
        let title = open.pack().text("sv", &format!("namn.{fact}")).unwrap_or(fact.as_str());
        samverk_store::documents::keep(
            tx,
            &samverk_store::documents::Document {
                id,
                case_id: open.row.id.clone(),
                kind: "received".to_owned(),
                name: FILE.to_owned(),
                title: format!("Bilaga: {title}"),
                party: true,
                at: when.instant,
                day: when.day,
                contents,
            },
        )?;
    }
    Ok(())
}

/// The name of an attachment among a case's documents.
pub const FILE: &str = "file";

/// An attachment as it is kept.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Attached {
    /// `pdf`, `jpg`, `png`.
    pub format: String,
    /// base64url.
    pub bytes: String,
}

/// Words of one paper that came in.
pub(super) fn words_paper(
    ctx: &Ctx,
    node: &Node,
    open: &Open,
    heading: &str,
    words: &str,
) -> Result<letter::Letter, Stopped> {
    let body = body_in_federation(node, &open.row.body)?;
    Ok(letter::plain(Plain {
        body: &body,
        to: vec![],
        heading: heading.to_owned(),
        sentences: words.lines().filter(|line| !line.trim().is_empty()).map(own).collect(),
        diary_number: open.diary_number(),
        sent: ctx.at.day,
        signed_by: None,
    }))
}

fn take_hearing_answer(ctx: &Ctx, tx: &mut Tx, node: &Node, message: &Message) -> Result<(), No> {
    let answer: HearingAnswer = read(message)?;
    let row = cases::by_origin(
        tx,
        &ctx.body,
        Kind::Application,
        &message.from,
        &answer.submission,
        answer.step.as_str(),
    )?;
    let mut open = opened(node, row)?;
    act(
        ctx,
        tx,
        node,
        &mut open,
        &Act::PartyAnswered { party: applicant() },
        &Words::default(),
    )?;
    let when = open.moment(ctx);
    open.file.answers.push((when, answer.words.clone()));
    let paper = words_paper(ctx, node, &open, "Partens yttrande", &answer.words)?;
    keep_paper(
        ctx,
        tx,
        node,
        &open,
        DocumentKind::Received,
        "hearing_answer",
        "Yttrande från parten",
        true,
        &paper,
    )?;
    finish(ctx, tx, node, &mut open)?;
    proceed::enqueue(ctx, tx, &open)?;
    Ok(())
}

fn take_opinion(ctx: &Ctx, tx: &mut Tx, node: &Node, message: &Message) -> Result<(), No> {
    let opinion: Opinion = read(message)?;
    let row = cases::by_diary_number(tx, &ctx.body, &opinion.diary_number)?;
    let mut open = opened(node, row)?;
    let at = open
        .file
        .case
        .referrals()
        .iter()
        .position(|referral| {
            referral.fact == opinion.fact && referral.to == message.from && referral.answered.is_none()
        })
        .ok_or(Refused::Contents)?;
    let fact = open.pack().fact(&opinion.fact).ok_or(Refused::Contents)?;
    let value: Value = fact.ty.it.value(&opinion.answer).map_err(|_| Refused::Contents)?;
    let answered = Act::OpinionReceived {
        referral: at,
        answer: opinion.answer.clone(),
    };
    act(ctx, tx, node, &mut open, &answered, &Words::default())?;
    let paper = words_paper(
        ctx,
        node,
        &open,
        "Yttrande",
        &format!("Svar: {}.\n{}", opinion.answer, opinion.words),
    )?;
    let document = keep_paper(
        ctx,
        tx,
        node,
        &open,
        DocumentKind::Received,
        "opinion",
        "Yttrande från remissinstansen",
        true,
        &paper,
    )?;
    open.file.set(given(
        Slot::of(opinion.fact.clone()),
        value,
        Origin::Opinion {
            body: message.from.clone(),
            at: opinion.at,
            document,
        },
    ));
    open.file.opinions.insert(at, opinion.words.clone());
    finish(ctx, tx, node, &mut open)?;
    proceed::enqueue(ctx, tx, &open)?;
    Ok(())
}

/// A copy of another body's decision is registered; its contents lie with the message.
fn take_copy(ctx: &Ctx, tx: &mut Tx, node: &Node, message: &Message) -> Result<(), No> {
    let copy: DecisionCopy = read(message)?;
    let number = number(tx, node, &ctx.body, ctx.at.day.year())?;
    let sender =
        body_in_federation(node, &message.from).map_or_else(|_| message.from.to_string(), |b| letter::organ(&b));
    diary::enter(
        tx,
        &diary::NewEntry {
            case_id: &message.id,
            body: &ctx.body,
            at: ctx.at.instant,
            day: ctx.at.day,
            way: diary::Way::In,
            who: &sender,
            what: &format!("{number}: kopia av beslut i {}", copy.diary_number),
        },
    )?;
    Ok(())
}
