//! One thing done in a case, with all that follows: the diary, documents, letters, messages, days to watch, counts.
//!
//! Always true: what follows from an act lies in the transaction of the act; the procedure decides whether it may be done,
//! permissions who may do it (tested where the request comes in, before this); the host is told once per transaction.

use samverk_domain::case::act::{Act, Communication, DocumentOf, Effect, Job, Names};
use samverk_domain::case::del::{ControlMessage, Service, Simplified};
use samverk_domain::case::documents::DocumentKind;
use samverk_domain::case::messages::{
    CompletionRequest, DecisionCopy, Hearing, LetterNotice, Referral as ReferralMessage, SentFact, Status,
};
use samverk_domain::case::{self as procedure, State};
use samverk_domain::events::Kind;
use samverk_domain::pack::{Pack, Source, Type};
use samverk_domain::terms::{BodyId, MessageKind, Subject};
use samverk_domain::words::time::{Moment, start_of};
use samverk_store::{Tx, diary, documents, jobs, letters};
use serde::{Deserialize, Serialize};

use super::file::{Open, Stopped, applicant, close, json};
use super::papers;
use crate::ctx::{Actor, Ctx};
use crate::effects::log::{Happened, Matter, note};
use crate::exchange::{self, Outgoing, message::NotSent};
use crate::node::Node;
use crate::post::letter::Letter;

/// The job that looks at a case when a day begins.
pub const WATCH: &str = "cases.watch";

/// What the one who acts says beside the act itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    /// Goes into the paper.
    pub text: &'a str,
    /// Signs the paper.
    pub by: Option<&'a str>,
    /// A receipt is drawn up but makes no letter of its own: the decision follows in the same transaction.
    pub quiet: bool,
    /// The legal day of what came on paper, where FL 22 § makes it an earlier one than today.
    pub day: Option<jiff::civil::Date>,
    /// Time in use on the page from which it was done.
    pub active_ms: Option<i64>,
}

/// A day to watch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watched {
    pub case: String,
    pub job: Watch,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watch {
    Procedure(Job),
    /// Simplified service is done two weeks after sending (delgivningslagen 26 §).
    Simplified(Simplified),
}

/// Does one thing.
pub fn act(ctx: &Ctx, tx: &mut Tx, node: &Node, open: &mut Open, act: &Act, words: &Words<'_>) -> Result<(), Stopped> {
    let now = open.moment(ctx);
    let when = Moment {
        day: words.day.map_or(now.day, |day| day.min(now.day)),
        ..now
    };
    let (next, effects) = procedure::apply(&open.file.case, act, when)?;
    open.file.case = next;
    let (way, who, what) = entry(node, open.pack(), act);
    enter(ctx, tx, open, way, &who, &what)?;
    let mut made: Vec<(DocumentOf, String, Letter)> = Vec::new();
    for effect in effects {
        match effect {
            Effect::PushStatus { .. } => open.tell_host = true,
            Effect::SendReceipt { .. } => {
                if !words.quiet
                    && let Some((_, id, letter)) = made.iter().find(|(document, ..)| *document == DocumentOf::Receipt)
                {
                    send_letter(ctx, tx, node, open, &DocumentOf::Receipt, id, letter)?;
                    // A letter on paper has told nobody before it has been posted.
                    if open.file.application.entered.is_none() {
                        open.file.told_of_simplified_service = Some(when.day);
                    }
                }
            }
            // The last days follow from the case itself ([`super::todo`]).
            Effect::SetDeadline { .. } | Effect::ClearDeadline { .. } => {}
            Effect::MakeDocument { kind, document } => {
                let letter = papers::paper(ctx, node, open, &document, act, words.text, words.by)?;
                let id = keep_document(ctx, tx, node, open, kind, &document, &letter)?;
                made.push((document, id, letter));
            }
            Effect::SendToParty { document, .. } => {
                if let Some((_, id, letter)) = made.iter().find(|(made, ..)| *made == document) {
                    send_letter(ctx, tx, node, open, &document, id, letter)?;
                }
                ask_through_host(ctx, tx, node, open, act, words)?;
            }
            Effect::SendToBody { to, document } => {
                if document == DocumentOf::Referral {
                    send_referral(ctx, tx, node, open, act, &to)?;
                }
            }
            // By hand: a court has no node here. The diary and the documents say that it is to be sent.
            Effect::SendToInstance { .. } => {}
            Effect::Schedule { job, on } => watch(tx, open, Watch::Procedure(job), on)?,
            Effect::Count { event } => count(ctx, tx, node, open, event, words.active_ms)?,
        }
    }
    if let Act::Notify { .. } = act {
        copies(ctx, tx, node, open)?;
        // Delgivningslagen 24 §: of what is sent on paper a control message must follow; an official notes both.
        if let Some(told) = open.file.told_of_simplified_service
            && open.file.application.entered.is_none()
        {
            let simplified = Simplified {
                told: Some(told),
                sent: when.day,
                control: ControlMessage::NotNeededSentElectronically,
            };
            let on = simplified.served_on().map_err(samverk_domain::case::NotAllowed::from)?;
            watch(tx, open, Watch::Simplified(simplified), on)?;
        }
    }
    if matches!(ctx.who, Actor::Staff { .. }) {
        count(ctx, tx, node, open, Kind::HandlingSession, words.active_ms)?;
    }
    Ok(())
}

/// Saves the case and tells the host where it stands.
pub fn finish(ctx: &Ctx, tx: &mut Tx, node: &Node, open: &mut Open) -> Result<(), Stopped> {
    open.save(ctx, tx, node)?;
    if std::mem::take(&mut open.tell_host) {
        let case = &open.file.case;
        let decided = case.decided();
        let status = Status {
            submission: open.file.application.submission.clone(),
            step: open.step_name().clone(),
            diary_number: open.diary_number().to_owned(),
            state: case.state().name().to_owned(),
            at: open.moment(ctx).instant,
            outcome: decided.map(|decided| decided.decision.outcome.clone()),
            automatic: decided.is_some_and(|decided| decided.decision.by.is_automatic()),
            decide_by: case.decide_by(),
            page: node.address(&format!("/arenden/{}", open.row.id)),
        };
        let host = open.file.application.host.clone();
        send(ctx, tx, node, open, MessageKind::Status, &host, &status)?;
    }
    Ok(())
}

/// Queues a message from the case. Without a contract it is noted and the case goes on: its own state does not hang on the
/// other's; a referral is the exception ([`send_referral`]).
fn send(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    open: &Open,
    kind: MessageKind,
    to: &BodyId,
    payload: &impl Serialize,
) -> Result<(), Stopped> {
    match try_send(ctx, tx, node, open, kind, to, payload) {
        Err(NotSent::NoTerms(why)) => {
            tracing::warn!(%to, %why, "a message from a case was not sent");
            Ok(())
        }
        Err(NotSent::NoReceiver(_)) => {
            tracing::warn!(%to, "a message from a case was not sent: the receiver is not in the federation");
            Ok(())
        }
        Err(NotSent::Store(why)) => Err(why.into()),
        Err(NotSent::Federation(why)) => Err(Stopped::Later(why.to_string())),
        Err(why) => Err(Stopped::Ours(why.to_string())),
        Ok(()) => Ok(()),
    }
}

fn try_send(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    open: &Open,
    kind: MessageKind,
    to: &BodyId,
    payload: &impl Serialize,
) -> Result<(), NotSent> {
    let payload = serde_json::to_value(payload).map_err(|why| NotSent::Unwritable(why.to_string()))?;
    let outgoing = Outgoing {
        id: node.chance.id(ctx.at.instant).to_string(),
        kind,
        to: to.clone(),
        matter: open.diary_number().to_owned(),
        payload,
        subjects: subjects(open),
        by: format!("Handläggning: {}", open.step_name()),
    };
    exchange::send(ctx, tx, node, &outgoing)
}

/// Whom a case is about, for insight.
pub fn subjects(open: &Open) -> Vec<Subject> {
    let applicant = &open.file.application.applicant;
    let mut subjects = vec![Subject::PersonNr(applicant.person.clone())];
    subjects.extend(applicant.represents.clone().map(Subject::OrgNr));
    subjects
}

/// A line in the diary.
pub fn enter(ctx: &Ctx, tx: &mut Tx, open: &Open, way: diary::Way, who: &str, what: &str) -> Result<(), Stopped> {
    let when = open.moment(ctx);
    diary::enter(
        tx,
        &diary::NewEntry {
            case_id: &open.row.id,
            body: &open.row.body,
            at: when.instant,
            day: when.day,
            way,
            who,
            what,
        },
    )?;
    Ok(())
}

/// An act as the diary enters it: which way, who, briefly what. No personal data.
fn entry(node: &Node, pack: &Pack, act: &Act) -> (diary::Way, String, String) {
    use diary::Way::{In, Out, Own};
    let party = || "Sökanden".to_owned();
    let us = || "Egen".to_owned();
    let body = |id: &BodyId| {
        super::file::body_in_federation(node, id)
            .map_or_else(|_| id.to_string(), |body| crate::post::letter::organ(&body))
    };
    let label = act.kind().label().to_owned();
    match act {
        Act::Register { .. } => (In, party(), "Ansökan eller anmälan".to_owned()),
        Act::AskForCompletion(_) => (Out, party(), "Begäran om komplettering".to_owned()),
        Act::CompletionReceived { .. } => (In, party(), "Komplettering".to_owned()),
        Act::FindComplete => (Own, us(), "Ansökan är komplett".to_owned()),
        Act::Dismiss { .. } => (Own, us(), "Beslut om avvisning".to_owned()),
        Act::SendReferral(sent) => (Out, body(&sent.to), "Remiss".to_owned()),
        Act::OpinionReceived { .. } => (In, "Remissinstansen".to_owned(), "Yttrande".to_owned()),
        Act::ReferralOverdue { .. } => (Out, "Remissinstansen".to_owned(), "Påminnelse om remiss".to_owned()),
        Act::Communicate {
            how: Communication::Ask { .. },
            ..
        } => (Out, party(), "Underlag för yttrande".to_owned()),
        Act::Communicate { .. } => (Own, us(), "Kommunikation utelämnad, med skäl".to_owned()),
        Act::PartyAnswered { .. } => (In, party(), "Yttrande".to_owned()),
        Act::Assess { fact, .. } => {
            let name = pack.text("sv", &format!("namn.{fact}"));
            (Own, us(), format!("Bedömning: {}", name.unwrap_or(fact.as_str())))
        }
        Act::Draft { .. } => (Own, us(), "Utkast till beslut".to_owned()),
        Act::Decide(decision) => (Own, us(), format!("Beslut: {}", decision.outcome)),
        Act::Notify { .. } => (Out, party(), "Underrättelse om beslutet".to_owned()),
        Act::Serve { .. } => (In, party(), "Delgivning".to_owned()),
        Act::Extend { .. } => (Out, party(), "Beslut om förlängd tidsfrist".to_owned()),
        Act::TellOfDelay { .. } => (Out, party(), "Underrättelse om dröjsmål".to_owned()),
        Act::Withdraw { .. } => (In, party(), "Återkallelse".to_owned()),
        Act::RequestDecision { .. } => (In, party(), "Begäran om att ärendet avgörs".to_owned()),
        Act::HandOver { to, .. } => (Out, body(to), "Överlämnande".to_owned()),
        Act::AppealReceived { .. } => (In, party(), "Överklagande".to_owned()),
        Act::ForwardAppeal { to, .. } => (Out, to.clone(), "Överlämnat överklagande".to_owned()),
        _ => (Own, us(), label),
    }
}

fn kind_word(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Draft => "draft",
        DocumentKind::Received => "received",
        DocumentKind::DrawnUp => "drawn_up",
        DocumentKind::Dispatched => "dispatched",
    }
}

/// Keeps a paper among the case's documents; gives its id.
pub fn keep_document(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    open: &Open,
    kind: DocumentKind,
    document: &DocumentOf,
    letter: &Letter,
) -> Result<String, Stopped> {
    keep_paper(
        ctx,
        tx,
        node,
        open,
        kind,
        papers::name(document),
        papers::title(document),
        papers::for_party(document),
        letter,
    )
}

/// As [`keep_document`], for what the procedure has no word for.
#[expect(
    clippy::too_many_arguments,
    reason = "one row of the table, named where it is called"
)]
pub fn keep_paper(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    open: &Open,
    kind: DocumentKind,
    name: &str,
    title: &str,
    party: bool,
    letter: &Letter,
) -> Result<String, Stopped> {
    let id = node.chance.token();
    let when = open.moment(ctx);
    let contents = close(
        node,
        &open.row.body,
        &open.row.id,
        &format!("document/{id}"),
        &json(letter)?,
    )?;
    documents::keep(
        tx,
        &documents::Document {
            id: id.clone(),
            case_id: open.row.id.clone(),
            kind: kind_word(kind).to_owned(),
            name: name.to_owned(),
            title: title.to_owned(),
            party,
            at: when.instant,
            day: when.day,
            contents,
        },
    )?;
    Ok(id)
}

/// Puts a letter in the person's mailbox here and tells the host.
fn send_letter(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    open: &Open,
    document: &DocumentOf,
    document_id: &str,
    letter: &Letter,
) -> Result<(), Stopped> {
    post(ctx, tx, node, open, papers::name(document), document_id, letter)
}

/// As [`send_letter`], for what the procedure has no word for.
pub fn post(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    open: &Open,
    name: &str,
    document_id: &str,
    letter: &Letter,
) -> Result<(), Stopped> {
    let id = node.chance.token();
    let when = open.moment(ctx);
    letters::send(
        tx,
        &letters::Letter {
            id: id.clone(),
            case_id: open.row.id.clone(),
            body: open.row.body.clone(),
            owner: open.row.owner.clone(),
            document: document_id.to_owned(),
            name: name.to_owned(),
            sent_at: when.instant,
            opened_at: None,
            way: match open.file.application.entered {
                None => letters::Way::Mailbox,
                Some(_) => letters::Way::Paper,
            },
            posted_on: None,
            contents: close(
                node,
                &open.row.body,
                &open.row.id,
                &format!("letter/{id}"),
                &json(letter)?,
            )?,
        },
    )?;
    count(ctx, tx, node, open, Kind::PostDelivered, None)?;
    let notice = LetterNotice {
        submission: open.file.application.submission.clone(),
        step: open.step_name().clone(),
        diary_number: open.diary_number().to_owned(),
        heading: letter.heading.clone(),
        sent_at: when.instant,
        page: node.address(&format!("/post/{id}")),
    };
    let host = open.file.application.host.clone();
    send(ctx, tx, node, open, MessageKind::LetterNotice, &host, &notice)
}

/// What the party is asked is also asked where they applied from.
fn ask_through_host(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    open: &Open,
    act: &Act,
    words: &Words<'_>,
) -> Result<(), Stopped> {
    let application = &open.file.application;
    let host = application.host.clone();
    match act {
        Act::AskForCompletion(asked) => {
            let request = CompletionRequest {
                submission: application.submission.clone(),
                step: application.step.clone(),
                diary_number: open.diary_number().to_owned(),
                facts: asked.facts.clone(),
                words: words.text.to_owned(),
                answer_by: asked.answer_by,
                order: matches!(asked.form, samverk_domain::case::act::CompletionForm::Order { .. }),
            };
            send(ctx, tx, node, open, MessageKind::CompletionRequest, &host, &request)
        }
        Act::Communicate {
            how: Communication::Ask { answer_by },
            ..
        } => {
            let hearing = Hearing {
                submission: application.submission.clone(),
                step: application.step.clone(),
                diary_number: open.diary_number().to_owned(),
                words: words.text.to_owned(),
                answer_by: *answer_by,
            };
            send(ctx, tx, node, open, MessageKind::Hearing, &host, &hearing)
        }
        _ => Ok(()),
    }
}

/// The referral with the step's facts, without what body-to-body registers have said of third persons.
fn send_referral(ctx: &Ctx, tx: &mut Tx, node: &Node, open: &Open, act: &Act, to: &BodyId) -> Result<(), Stopped> {
    let case = &open.file.case;
    let referral = match act {
        Act::SendReferral(sent) => case.referrals().iter().rfind(|referral| referral.fact == sent.fact),
        Act::ReferralOverdue { referral } => case.referrals().get(*referral),
        _ => None,
    }
    .ok_or_else(|| Stopped::Ours("a referral was to be sent that the case does not hold".to_owned()))?;
    let choices = match open.pack().fact(&referral.fact).map(|fact| &fact.ty.it) {
        Some(Type::Choice(words)) => words.clone(),
        _ => vec!["ja".to_owned(), "nej".to_owned()],
    };
    let facts: Vec<SentFact> = open
        .file
        .facts
        .iter()
        .filter(|held| {
            let source = open.pack().fact(&held.sent.slot.fact).map(|fact| &fact.source.it);
            match source {
                Some(Source::Register(register)) => register.mode != samverk_domain::pack::Mode::Direct,
                Some(Source::CaseWorker) => false,
                _ => true,
            }
        })
        .map(|held| held.sent.clone())
        .collect();
    let message = ReferralMessage {
        diary_number: open.diary_number().to_owned(),
        step: open.step_name().clone(),
        pack: open.file.application.pack.clone(),
        fact: referral.fact.clone(),
        choices,
        question: referral.question.clone(),
        answer_by: referral.answer_by,
        facts,
    };
    match try_send(ctx, tx, node, open, MessageKind::Referral, to, &message) {
        Ok(()) => Ok(()),
        Err(NotSent::NoTerms(_) | NotSent::NoReceiver(_)) => Err(Stopped::Input(format!(
            "Remissen kan inte skickas: det finns inget avtal med {to} om remisser. Be förvaltningens avtalsansvariga \
             ordna ett, eller skicka remissen med post."
        ))),
        Err(NotSent::Store(why)) => Err(why.into()),
        Err(why) => Err(Stopped::Later(why.to_string())),
    }
}

/// Alkohollagen 9 kap. 7 §, among others: copies of the decision, each entered with its receiver.
fn copies(ctx: &Ctx, tx: &mut Tx, node: &Node, open: &Open) -> Result<(), Stopped> {
    let Some(decided) = open.file.case.decided() else {
        return Ok(());
    };
    let decision = &decided.decision;
    let listed = open
        .pack()
        .outcomes_of(open.step_name())
        .find(|listed| listed.name.it == decision.outcome);
    let Some(listed) = listed.filter(|_| !decided.dismissal) else {
        return Ok(());
    };
    let view = node
        .federation
        .view(ctx.at.instant)
        .map_err(|why| Stopped::Later(why.to_string()))?;
    for receiver in &listed.copies_to {
        let name = receiver.it.to_lowercase();
        let body = view
            .federation()
            .bodies
            .iter()
            .find(|body| body.name.to_lowercase() == name || body.id.as_str() == name);
        let sent = match body {
            Some(body) => {
                let copy = DecisionCopy {
                    diary_number: open.diary_number().to_owned(),
                    step: open.step_name().clone(),
                    outcome: decision.outcome.clone(),
                    decided_at: decided.at.instant,
                    text: decision
                        .grounds
                        .iter()
                        .map(|ground| ground.because.as_str())
                        .collect::<Vec<_>>()
                        .join(" "),
                };
                match try_send(ctx, tx, node, open, MessageKind::DecisionCopy, &body.id, &copy) {
                    Ok(()) => true,
                    Err(NotSent::NoTerms(_)) => false,
                    Err(NotSent::Store(why)) => return Err(why.into()),
                    Err(why) => return Err(Stopped::Later(why.to_string())),
                }
            }
            None => false,
        };
        let what = if sent {
            "Kopia av beslutet"
        } else {
            "Kopia av beslutet, att skicka för hand"
        };
        enter(ctx, tx, open, diary::Way::Out, &receiver.it, what)?;
    }
    Ok(())
}

/// Has a day watched.
pub fn watch(tx: &mut Tx, open: &Open, job: Watch, on: jiff::civil::Date) -> Result<(), Stopped> {
    let word = serde_json::to_string(&job).map_err(|why| Stopped::Ours(why.to_string()))?;
    let due = start_of(on).map_err(samverk_domain::case::NotAllowed::from)?;
    let payload = serde_json::to_string(&Watched {
        case: open.row.id.clone(),
        job,
    })
    .map_err(|why| Stopped::Ours(why.to_string()))?;
    jobs::enqueue(tx, WATCH, &format!("{}/{word}/{on}", open.row.id), &payload, due)?;
    Ok(())
}

/// One event. The matter stands in it as a pseudonym under the node's key of the year.
pub fn count(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    open: &Open,
    kind: Kind,
    active_ms: Option<i64>,
) -> Result<(), Stopped> {
    let matter = Matter::of(ctx, node, &open.row.pack, open.row.version, &open.row.id);
    let mut happened = Happened::once(kind).in_step(&open.file.application.step);
    if let Some(ms) = active_ms {
        happened = happened.active_ms(ms);
    }
    note(ctx, tx, node, &matter, &happened)?;
    Ok(())
}

/// Tells every party of the decision.
pub fn notify(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    open: &mut Open,
    names: &Names,
    words: &Words<'_>,
) -> Result<(), Stopped> {
    let told = Act::Notify {
        party: applicant(),
        names: names.clone(),
    };
    act(ctx, tx, node, open, &told, words)?;
    // A note that nothing can be appealed of is finished when it has been sent.
    if open
        .file
        .case
        .decided()
        .is_some_and(|decided| decided.decision.regime().is_none())
    {
        let gained = procedure::procedure::may(
            &open.file.case,
            samverk_domain::case::ActKind::GainLegalForce,
            open.moment(ctx),
        );
        if gained.is_ok() {
            act(ctx, tx, node, open, &Act::GainLegalForce, &Words::default())?;
        }
    }
    Ok(())
}

/// The party has opened the letter with the decision: that day counts (FL 44 §).
pub fn opened(ctx: &Ctx, tx: &mut Tx, node: &Node, open: &mut Open) -> Result<(), Stopped> {
    let waits = matches!(
        open.file.case.state(),
        State::Notified | State::Appealed | State::AppealForwarded
    );
    let served = open
        .file
        .case
        .decided()
        .is_some_and(|decided| decided.served.contains_key(&applicant()));
    if !waits || served {
        return Ok(());
    }
    let moment: Moment = open.moment(ctx);
    let serve = Act::Serve {
        party: applicant(),
        service: Service::OpenedLetter { opened: moment },
    };
    act(ctx, tx, node, open, &serve, &Words::default())
}
