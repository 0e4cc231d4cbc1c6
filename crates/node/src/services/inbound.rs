//! What bodies say to the host about a submission: taken once, in one transaction, never backwards.
//!
//! Always true: only the body that a step was sent to can say something about that step; what it asks of the person is kept
//! closed and shown to that person only.

use samverk_domain::case::messages::{Application, CompletionRequest, Hearing, LetterNotice, Status};
use samverk_domain::fact::Name;
use samverk_domain::pack::AfterEvent;
use samverk_domain::terms::{Message, MessageKind, Receipt, Refused, Subject};
use samverk_store::submissions::{self, Delivery, Notice, StatusRow, StepRow};
use samverk_store::{StoreError, Tx};
use serde::de::DeserializeOwned;

use super::submit::{subjects, submission_key};
use crate::ctx::Ctx;
use crate::exchange::message::{Handler, NotTaken};
use crate::exchange::{self, Outgoing};
use crate::node::Node;

/// What the host takes from bodies. `delivered` is what a body does when the host has it: nothing more.
pub const STATUS: Handler = taken(MessageKind::Status, status);
pub const COMPLETION_REQUEST: Handler = taken(MessageKind::CompletionRequest, completion_request);
pub const HEARING: Handler = taken(MessageKind::Hearing, hearing);
pub const LETTER_NOTICE: Handler = taken(MessageKind::LetterNotice, letter_notice);

const fn taken(kind: MessageKind, receive: fn(&Ctx, &mut Tx, &Node, &Message) -> Result<(), NotTaken>) -> Handler {
    Handler {
        kind,
        // The person's own submission is named, not the person; insight shows the application that it belongs to.
        subjects: |_| Vec::new(),
        receive,
        delivered: |_, _, _, _, _| Ok(()),
    }
}

fn payload<T: DeserializeOwned>(message: &Message) -> Result<T, NotTaken> {
    serde_json::from_value(message.payload.clone()).map_err(|_| Refused::Contents.into())
}

/// The step, if the sender is the body that it was sent to.
fn own_step(tx: &mut Tx, message: &Message, submission: &str, step: &Name) -> Result<StepRow, NotTaken> {
    let row = submissions::step_of(tx, submission, step.as_str())?;
    row.filter(|row| row.body == message.from.as_str())
        .ok_or_else(|| Refused::WrongContract.into())
}

/// The body has our application: our copy of it goes.
pub fn application_delivered(_: &Ctx, tx: &mut Tx, _: &Node, message: &Message, _: &Receipt) -> Result<(), StoreError> {
    if let Ok(application) = serde_json::from_value::<Application>(message.payload.clone()) {
        submissions::delivered(tx, &application.submission, application.step.as_str())?;
    }
    Ok(())
}

/// Whom an application is about.
pub fn application_subjects(message: &Message) -> Vec<Subject> {
    let Ok(application) = serde_json::from_value::<Application>(message.payload.clone()) else {
        return Vec::new();
    };
    subjects(&application)
}

/// `status`
pub fn status(ctx: &Ctx, tx: &mut Tx, node: &Node, message: &Message) -> Result<(), NotTaken> {
    let status: Status = payload(message)?;
    own_step(tx, message, &status.submission, &status.step)?;
    let row = StatusRow {
        diary_number: &status.diary_number,
        case_state: &status.state,
        outcome: status.outcome.as_deref(),
        automatic: status.automatic,
        decide_by: status.decide_by,
        page: &status.page,
        at: status.at,
    };
    submissions::status(tx, &status.submission, status.step.as_str(), &row)?;
    release(ctx, tx, node, &status.submission)
}

/// Sends the steps whose event has happened, and closes those whose event no longer can.
fn release(ctx: &Ctx, tx: &mut Tx, node: &Node, submission: &str) -> Result<(), NotTaken> {
    let Some(row) = submissions::by_id(tx, submission)? else {
        return Ok(());
    };
    let slug = Name::parse(&row.pack).map_err(|why| NotTaken::Ours(why.to_string()))?;
    let Some(known) = node.library.version(&slug, row.version) else {
        return Err(NotTaken::Ours(format!(
            "version {} of {slug} is not here any more",
            row.version
        )));
    };
    let steps = submissions::steps(tx, submission)?;
    for waiting in steps.iter().filter(|step| step.delivery == Delivery::Waiting) {
        let step = known
            .pack
            .steps
            .iter()
            .find(|step| step.name.it.as_str() == waiting.step);
        let Some(after) = step.and_then(|step| step.after.as_ref()) else {
            continue;
        };
        let Some(first) = steps.iter().find(|step| step.step == after.it.step.as_str()) else {
            continue;
        };
        match happened(&known.pack, after.it.event, first) {
            Happened::Yes => {
                submissions::released(tx, submission, &waiting.step)?;
                send_kept(ctx, tx, node, &row, waiting)?;
            }
            Happened::NoMore(why) => {
                submissions::closed(tx, submission, &waiting.step, &why)?;
            }
            Happened::NotYet => {}
        }
    }
    Ok(())
}

/// Whether an event of a step has happened.
pub(super) enum Happened {
    Yes,
    NotYet,
    NoMore(String),
}

pub(super) fn happened(pack: &samverk_domain::pack::Pack, event: AfterEvent, first: &StepRow) -> Happened {
    if first.delivery == Delivery::Closed {
        return Happened::NoMore(format!("steget {} blev aldrig prövat", first.step));
    }
    let state = first.case_state.as_deref().unwrap_or_default();
    if matches!(state, "withdrawn" | "dismissed") {
        return Happened::NoMore(format!("steget {} avslutades utan beslut i sak", first.step));
    }
    let Some(outcome) = first.outcome.as_deref() else {
        return Happened::NotYet;
    };
    let granted = pack
        .outcomes
        .iter()
        .any(|o| o.step.it.as_str() == first.step && o.name.it == outcome && o.kind.it.is_granted());
    match event {
        AfterEvent::Submitted | AfterEvent::Decided => Happened::Yes,
        AfterEvent::Granted if !granted => Happened::NoMore(format!("steget {} fick utfallet {outcome}", first.step)),
        AfterEvent::Granted => Happened::Yes,
        AfterEvent::Final if state == "legal_force" => Happened::Yes,
        AfterEvent::Final => Happened::NotYet,
    }
}

/// Sends an application that was kept closed while it waited.
fn send_kept(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    row: &samverk_store::submissions::Submission,
    waiting: &StepRow,
) -> Result<(), NotTaken> {
    let ours = |why: &dyn std::fmt::Display| NotTaken::Ours(why.to_string());
    let Some(closed) = &waiting.application else {
        return Ok(());
    };
    let plain = submission_key(node, &row.id)
        .open(waiting.message.as_bytes(), closed)
        .map_err(|why| ours(&why))?;
    let application: Application = serde_json::from_slice(&plain).map_err(|why| ours(&why))?;
    let to = samverk_domain::terms::BodyId::parse(&waiting.body).map_err(|why| ours(&why))?;
    let outgoing = Outgoing {
        id: waiting.message.clone(),
        kind: MessageKind::Application,
        to,
        matter: row.id.clone(),
        subjects: subjects(&application),
        payload: serde_json::from_slice(&plain).map_err(|why| ours(&why))?,
        by: "Ansökan på sökandens begäran".to_owned(),
    };
    exchange::send(ctx, tx, node, &outgoing).map_err(|why| ours(&why))
}

/// `completion_request`
pub fn completion_request(ctx: &Ctx, tx: &mut Tx, node: &Node, message: &Message) -> Result<(), NotTaken> {
    let request: CompletionRequest = payload(message)?;
    own_step(tx, message, &request.submission, &request.step)?;
    keep_notice(
        ctx,
        tx,
        node,
        message,
        &request.submission,
        &request.step,
        "completion_request",
        request.answer_by,
    )
}

/// `hearing`
pub fn hearing(ctx: &Ctx, tx: &mut Tx, node: &Node, message: &Message) -> Result<(), NotTaken> {
    let hearing: Hearing = payload(message)?;
    own_step(tx, message, &hearing.submission, &hearing.step)?;
    keep_notice(
        ctx,
        tx,
        node,
        message,
        &hearing.submission,
        &hearing.step,
        "hearing",
        hearing.answer_by,
    )
}

#[expect(clippy::too_many_arguments, reason = "one row, written in one place")]
fn keep_notice(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    message: &Message,
    submission: &str,
    step: &Name,
    kind: &str,
    answer_by: jiff::civil::Date,
) -> Result<(), NotTaken> {
    let plain = message.payload.to_string();
    let notice = Notice {
        id: message.id.clone(),
        submission: submission.to_owned(),
        step: step.to_string(),
        kind: kind.to_owned(),
        contents: submission_key(node, submission).close(message.id.as_bytes(), plain.as_bytes(), &node.chance),
        answer_by,
        at: ctx.at.instant,
        answered_at: None,
    };
    submissions::keep_notice(tx, &notice)?;
    Ok(())
}

/// `letter_notice`
pub fn letter_notice(_: &Ctx, tx: &mut Tx, _: &Node, message: &Message) -> Result<(), NotTaken> {
    let notice: LetterNotice = payload(message)?;
    own_step(tx, message, &notice.submission, &notice.step)?;
    submissions::letter(
        tx,
        &notice.submission,
        notice.step.as_str(),
        &notice.page,
        notice.sent_at,
    )?;
    Ok(())
}
