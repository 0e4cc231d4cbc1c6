//! What the body does by itself: fetches what it is to fetch, finds the application complete, decides when the law lets a
//! function decide, and watches the days.
//!
//! Always true: questions are asked outside any transaction and each has an id of its own that is kept first, so that a
//! repeated job asks the same question; nothing is decided by a function unless the rules give one outcome, nobody disputes
//! a value, the outcome says *automatiskt*, and the body has recorded the delegation (KL 6 kap. 37–38 §§).

use std::sync::Arc;

use samverk_domain::case::act::{Act, Job as DueJob, Names};
use samverk_domain::case::decision::{DecidedBy, Decision, Ground, TakesEffect};
use samverk_domain::case::del::Service;
use samverk_domain::case::messages::{Origin, SentFact};
use samverk_domain::case::{NotAllowed, State};
use samverk_domain::fact::{Cause, Facts, Known, Name, Slot, Value};
use samverk_domain::pack::{Decider, Fact, NoRecord, Outcome, OutcomeKind, Pack, RegisterSource, Source, WhenDown};
use samverk_domain::rules::{self, Fired, Verdict};
use samverk_domain::terms::{BodyId, FieldAnswer, Mode, Subject};
use samverk_store::Tx;
use samverk_store::jobs::{self, Job};
use serde::{Deserialize, Serialize};

use super::act::{Watch, Watched, Words, act, finish, notify};
use super::file::{Examined, Open, Stopped, applicant};
use crate::clock::Moment;
use crate::ctx::{Actor, Basis, Ctx, Ground as CtxGround, TraceId};
use crate::exchange::{self, Answered, NotAnswered, Question};
use crate::jobs::NotDone;
use crate::node::Node;
use crate::services::draft::key as slot_key;

/// The job that takes a case as far as it goes by itself.
pub const PROCEED: &str = "cases.proceed";
/// Questions to registers in one case; a list of fifty owners with three facts each fits.
const QUESTIONS_MAX: usize = 400;

#[derive(Serialize, Deserialize)]
struct Due {
    case: String,
}

/// Puts the job in the outbox: once for each change of the case.
pub fn enqueue(ctx: &Ctx, tx: &mut Tx, open: &Open) -> Result<(), Stopped> {
    let payload = serde_json::to_string(&Due {
        case: open.row.id.clone(),
    })
    .map_err(|why| Stopped::Ours(why.to_string()))?;
    let key = format!("{}/{}", open.row.id, open.row.revision);
    jobs::enqueue(tx, PROCEED, &key, &payload, ctx.at.instant)?;
    Ok(())
}

/// The node acting for one of its bodies.
pub fn system(node: &Node, body: &BodyId, purpose: &str) -> Ctx {
    Ctx {
        who: Actor::System,
        body: body.clone(),
        ground: CtxGround {
            basis: Basis::Operation,
            purpose: purpose.to_owned(),
        },
        at: Moment::at(node.clock.now()),
        trace: TraceId::new(&node.chance),
    }
}

/// One fact to fetch.
#[derive(Clone, Debug)]
struct Wanted {
    slot: Slot,
    source: RegisterSource,
    subject: Subject,
    id: String,
    /// The person has asked for it themselves, logged in: a contract on their request may be used.
    on_request: bool,
}

/// The job.
pub async fn proceed(node: Arc<Node>, job: Job) -> Result<(), NotDone> {
    let due: Due = serde_json::from_str(&job.payload).map_err(|why| NotDone::Never(why.to_string()))?;
    let (wanted, body, purpose) = match prepared(&node, &due.case).await {
        Ok(Some(prepared)) => prepared,
        Ok(None) => return Ok(()),
        Err(why) => return ended(why),
    };
    let mut asking = tokio::task::JoinSet::new();
    for one in wanted {
        let (node, ctx) = (Arc::clone(&node), system(&node, &body, &purpose));
        asking.spawn(async move {
            let answer = fetch(&node, &ctx, &one).await;
            (one, answer)
        });
    }
    let mut answers = Vec::new();
    while let Some(done) = asking.join_next().await {
        answers.push(done.map_err(|why| NotDone::Later(why.to_string()))?);
    }
    let waits = answers.iter().find_map(|(one, answer)| match answer {
        Err(why) if is_passing(why) && one.source.when_down == WhenDown::Wait => Some(why.to_string()),
        _ => None,
    });
    let own = Arc::clone(&node);
    let taken: Result<(), Stopped> = node
        .store
        .run("cases.proceed", move |tx| {
            let ctx = system(&own, &body, &purpose);
            let Some(mut open) = Open::read(tx, &own, &due.case)? else {
                return Ok(());
            };
            if !is_open(&open) {
                return Ok(());
            }
            for (one, answer) in &answers {
                take(&ctx, tx, &own, &mut open, one, answer)?;
            }
            advance(&ctx, tx, &own, &mut open)?;
            finish(&ctx, tx, &own, &mut open)
        })
        .await;
    match (taken, waits) {
        (Ok(()), Some(why)) => Err(NotDone::Later(why)),
        (Ok(()), None) => Ok(()),
        (Err(why), _) => ended(why),
    }
}

fn ended(why: Stopped) -> Result<(), NotDone> {
    match why {
        Stopped::NoCase => Ok(()),
        Stopped::NotAllowed(why) => Err(NotDone::Never(why.to_string())),
        Stopped::Input(why) => Err(NotDone::Never(why)),
        why => Err(NotDone::Later(why.to_string())),
    }
}

/// Whether anything can still be decided in it.
pub fn is_open(open: &Open) -> bool {
    !matches!(
        open.file.case.state(),
        State::Withdrawn | State::HandedOver | State::Closed | State::Archived | State::Disposed
    ) && open.file.case.decided().is_none()
}

/// Whether asking again may help.
fn is_passing(why: &NotAnswered) -> bool {
    matches!(
        why,
        NotAnswered::Down { .. } | NotAnswered::NotBelieved { .. } | NotAnswered::Federation(_) | NotAnswered::Store(_)
    )
}

type Prepared = (Vec<Wanted>, BodyId, String);

/// What is to be fetched, with the ids of the questions kept.
async fn prepared(node: &Arc<Node>, case: &str) -> Result<Option<Prepared>, Stopped> {
    let (own, case) = (Arc::clone(node), case.to_owned());
    node.store
        .run("cases.prepare", move |tx| {
            let Some(mut open) = Open::read(tx, &own, &case)? else {
                return Ok(None);
            };
            if !is_open(&open) {
                return Ok(None);
            }
            let ctx = system(&own, &open.row.body, &open.row.pack);
            let examined = open.examine(&own, ctx.at.day)?;
            let mut wanted = to_fetch(&open, &examined);
            wanted.truncate(QUESTIONS_MAX);
            let mut is_new = false;
            for one in &mut wanted {
                let key = slot_key(&one.slot);
                let asks = &mut open.file.asks;
                if !asks.contains_key(&key) {
                    asks.insert(key.clone(), own.chance.id(ctx.at.instant).to_string());
                    is_new = true;
                }
                one.id = asks.get(&key).cloned().unwrap_or_default();
            }
            if is_new {
                finish(&ctx, tx, &own, &mut open)?;
            }
            Ok(Some((wanted, open.row.body.clone(), open.row.pack.clone())))
        })
        .await
}

/// Register facts that the step needs or its rules wait for, and that nobody has said yet.
fn to_fetch(open: &Open, examined: &Examined) -> Vec<Wanted> {
    let pack = open.pack();
    let mut names: Vec<Name> = open.step().map(|step| pack.underlag(step)).unwrap_or_default();
    names.extend(
        examined
            .result
            .waits_for
            .keys()
            .filter(|name| !names.contains(name))
            .cloned()
            .collect::<Vec<_>>(),
    );
    let mut wanted = Vec::new();
    for name in names {
        let Some(fact) = pack.fact(&name) else { continue };
        let Source::Register(source) = &fact.source.it else {
            continue;
        };
        let slots = match pack.list_of_column(&name) {
            None => vec![Slot::of(name)],
            Some(list) => {
                let items = examined.facts.lists.get(&list.name.it).map_or(0, Vec::len);
                (0..u32::try_from(items).unwrap_or(0))
                    .map(|item| Slot {
                        fact: name.clone(),
                        item: Some(item),
                    })
                    .collect()
            }
        };
        for slot in slots {
            let is_known = open
                .file
                .held(&slot)
                .is_some_and(|held| held.sent.disputed.is_some() || !matches!(held.sent.known, Known::Missing(_)));
            if is_known {
                continue;
            }
            if let Some(subject) = subject_of(pack, &examined.facts, source, &slot) {
                wanted.push(Wanted {
                    slot,
                    source: source.clone(),
                    subject,
                    id: String::new(),
                    on_request: open.file.application.entered.is_none(),
                });
            }
        }
    }
    wanted
}

/// Whom a register fact is about.
pub fn subject_of(pack: &Pack, facts: &Facts, source: &RegisterSource, slot: &Slot) -> Option<Subject> {
    let value = match (pack.list_of_column(&source.subject), slot.item) {
        (Some(list), Some(item)) => {
            let items = facts.lists.get(&list.name.it)?;
            items
                .get(usize::try_from(item).ok()?)?
                .get(&source.subject)?
                .value()?
                .clone()
        }
        _ => facts.known.get(&source.subject)?.value()?.clone(),
    };
    match value {
        Value::OrgNr(number) => Some(Subject::OrgNr(number)),
        Value::PersonNr(number) => Some(Subject::PersonNr(number)),
        Value::Property(designation) => Some(Subject::Property(designation)),
        _ => None,
    }
}

/// Asks body to body; where only the person's own request is agreed on, as that: they have sent it in. Of an application that
/// an official has entered nobody has seen and approved anything, so there the body's own contract is the only way.
async fn fetch(node: &Arc<Node>, ctx: &Ctx, one: &Wanted) -> Result<Answered, NotAnswered> {
    let question = |mode| Question {
        id: one.id.clone(),
        register: one.source.register.clone(),
        field: one.source.field.clone(),
        subject: one.subject.clone(),
        mode,
        matter: one.id.clone(),
        by: format!("Handläggning av {}, automatiskt", ctx.ground.purpose),
    };
    match exchange::ask(ctx, node, &question(Mode::Direct)).await {
        Err(NotAnswered::NoContract(_))
            if one.on_request && one.source.mode == samverk_domain::pack::Mode::ViaApplicant =>
        {
            exchange::ask(ctx, node, &question(Mode::ViaApplicant)).await
        }
        other => other,
    }
}

/// A register's answer as the fact's value; `None`: it said nothing that can be used.
pub fn value_of(fact: &Fact, source: &RegisterSource, said: &FieldAnswer) -> Option<Known<Value>> {
    match said {
        FieldAnswer::Value { value, .. } => fact.ty.it.value(value).ok().map(Known::Value),
        FieldAnswer::NoRecord => Some(match &source.no_record {
            NoRecord::Value(value) => Known::Value(value.clone()),
            NoRecord::NotApplicable => Known::NotApplicable,
            NoRecord::Missing => Known::Missing(Cause::Failed),
        }),
        FieldAnswer::Error { .. } => None,
    }
}

/// Puts what a register said in the case (FL 27 §: noted with when and by whom).
fn take(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    open: &mut Open,
    one: &Wanted,
    answer: &Result<Answered, NotAnswered>,
) -> Result<(), Stopped> {
    use samverk_domain::events::Kind;
    let key = slot_key(&one.slot);
    let Some(fact) = open.pack().fact(&one.slot.fact).cloned() else {
        return Ok(());
    };
    let answered = match answer {
        Ok(answered) => answered,
        Err(why) => {
            open.file.unanswered.insert(key, why.to_string());
            set_missing(open, one);
            return super::act::count(ctx, tx, node, open, Kind::RegisterFailed, None);
        }
    };
    super::act::count(ctx, tx, node, open, Kind::RegisterQuery, None)?;
    let recorded_at = match &answered.said {
        FieldAnswer::Value { recorded_at, .. } => Some(*recorded_at),
        _ => None,
    };
    let Some(known) = value_of(&fact, &one.source, &answered.said) else {
        let why = match &answered.said {
            FieldAnswer::Error { code } => format!("registret svarade: {code:?}"),
            _ => "svaret gick inte att läsa som uppgiftens typ".to_owned(),
        };
        open.file.unanswered.insert(key, why);
        set_missing(open, one);
        return Ok(());
    };
    open.file.unanswered.remove(&key);
    open.file.set(SentFact {
        slot: one.slot.clone(),
        known,
        origin: Origin::Register {
            producer: answered.provider.clone(),
            register: one.source.register.clone(),
            field: one.source.field.clone(),
            answered_at: answered.answered_at,
            recorded_at,
            exchange: answered.exchange.clone(),
            // Our own exchange: its evidence is in our own log, and is put together when somebody asks for it.
            proof: None,
        },
        disputed: None,
    });
    Ok(())
}

fn set_missing(open: &mut Open, one: &Wanted) {
    let is_there = open.file.held(&one.slot).is_some();
    if !is_there {
        open.file.set(SentFact {
            slot: one.slot.clone(),
            known: Known::Missing(Cause::Failed),
            origin: Origin::ApplicantInstead {
                register: one.source.register.clone(),
                why: "registret har inte svarat".to_owned(),
            },
            disputed: None,
        });
    }
}

/// Takes the case as far as it goes without a human.
pub fn advance(ctx: &Ctx, tx: &mut Tx, node: &Node, open: &mut Open) -> Result<(), Stopped> {
    if !is_open(open) {
        return Ok(());
    }
    let examined = open.examine(node, ctx.at.day)?;
    let decision = automatic(open, &examined);
    if open.file.case.complete().is_none() && open.incomplete(&examined).is_empty() && !open.lacks_signatures() {
        let words = Words {
            quiet: decision.is_some(),
            ..Words::default()
        };
        act(ctx, tx, node, open, &Act::FindComplete, &words)?;
    }
    let Some(decision) = decision.filter(|_| open.file.case.complete().is_some()) else {
        return Ok(());
    };
    match act(ctx, tx, node, open, &Act::Decide(Box::new(decision)), &Words::default()) {
        Ok(()) => notify(ctx, tx, node, open, &Names::Given, &Words::default()),
        // The law says no to the function: a person decides.
        Err(Stopped::NotAllowed(why)) => {
            tracing::info!(%why, "a case was left to a person");
            Ok(())
        }
        Err(why) => Err(why),
    }
}

/// Whether the whole nämnd decides on this outcome: the document says so, or the case lies outside the delegation
/// (`delegat enligt … när …, annars nämnd`). A delegation reaches no further than where its condition is certainly true.
pub fn is_for_board(open: &Open, examined: &Examined, listed: &Outcome) -> bool {
    match &listed.decider.it {
        Decider::Board => true,
        Decider::Delegate { when: Some(when), .. } => {
            let step = Some(open.step_name());
            let holds = rules::condition(open.pack(), &examined.facts, &examined.setting, step, when);
            holds != Known::Value(true)
        }
        _ => false,
    }
}

/// The decision that a function may take now, if there is one.
pub fn automatic(open: &Open, examined: &Examined) -> Option<Decision> {
    if open.file.open_disputes().next().is_some()
        || !open.file.case.declarations().is_empty()
        || open.lacks_signatures()
    {
        return None;
    }
    let Verdict::Outcome(outcome) = examined.result.verdict(open.pack(), open.step_name()) else {
        return None;
    };
    let listed = open
        .pack()
        .outcomes_of(open.step_name())
        .find(|listed| listed.name.it == outcome)?;
    let by = match &listed.decider.it {
        Decider::Automatic { delegation } if listed.kind.it != OutcomeKind::Burdensome => DecidedBy::Function {
            name: format!("samverk, {}", open.step_name()),
            version: format!("{} version {}", open.pack().meta.slug.it, open.pack().meta.version.it),
            delegation: examined.setting.delegations.get(delegation)?.clone(),
        },
        Decider::Nobody if listed.kind.it == OutcomeKind::Acknowledgement => DecidedBy::Nobody,
        _ => return None,
    };
    Some(Decision::of(
        listed,
        grounds(open, &examined.result.grounds),
        by,
        TakesEffect::WhenFinal,
    ))
}

/// The rows that gave an outcome, as a decision states them; where no row did, the step's own lagrum.
pub fn grounds(open: &Open, fired: &[Fired]) -> Vec<Ground> {
    let found = fired.iter().filter_map(|fired| {
        let table = open.pack().outcome_rule(&fired.rule)?;
        let row = table.rows.iter().find(|row| row.id.it == fired.row)?;
        Some(Ground {
            rule: fired.rule.clone(),
            row: Some(fired.row.clone()),
            because: row
                .because
                .as_ref()
                .map(|because| because.it.clone())
                .unwrap_or_default(),
            law: row.law.as_ref().map(|law| law.it.clone()),
        })
    });
    let found: Vec<Ground> = found.filter(|ground| !ground.because.is_empty()).collect();
    if !found.is_empty() {
        return found;
    }
    vec![Ground {
        rule: open.step_name().clone(),
        row: None,
        because: "Ingen av de grunder som hindrar föreligger.".to_owned(),
        law: open
            .step()
            .ok()
            .and_then(|step| step.law.as_ref())
            .map(|law| law.it.clone()),
    }]
}

/// The job that looks at a case when a day begins.
pub async fn watch(node: Arc<Node>, job: Job) -> Result<(), NotDone> {
    let watched: Watched = serde_json::from_str(&job.payload).map_err(|why| NotDone::Never(why.to_string()))?;
    let own = Arc::clone(&node);
    let looked: Result<(), Stopped> = node
        .store
        .run("cases.watch", move |tx| {
            let Some(mut open) = Open::read(tx, &own, &watched.case)? else {
                return Ok(());
            };
            let ctx = system(&own, &open.row.body, &open.row.pack);
            let due = match watched.job {
                Watch::Procedure(DueJob::ReferralDue { referral }) => Some(Act::ReferralOverdue { referral }),
                Watch::Procedure(DueJob::LegalForce) => Some(Act::GainLegalForce),
                Watch::Simplified(simplified) => Some(Act::Serve {
                    party: applicant(),
                    service: Service::Simplified(simplified),
                }),
                // The queue says what is due.
                Watch::Procedure(_) => None,
            };
            if let Some(due) = due {
                match act(&ctx, tx, &own, &mut open, &due, &Words::default()) {
                    Ok(()) | Err(Stopped::NotAllowed(_)) => {}
                    Err(why) => return Err(why),
                }
            }
            finish(&ctx, tx, &own, &mut open)
        })
        .await;
    match looked {
        Ok(()) => Ok(()),
        Err(Stopped::NotAllowed(NotAllowed::Closed)) => Ok(()),
        Err(why) => ended(why),
    }
}

impl From<Stopped> for NotDone {
    fn from(why: Stopped) -> Self {
        match ended(why) {
            Err(why) => why,
            Ok(()) => Self::Never("nothing to do".to_owned()),
        }
    }
}
