//! What staff do in a case, each act with its permission, from the words of a form.
//!
//! Always true: the permission is asked for in the case's own body before anything is read of the case; what the law does
//! not allow is told with its reason and nothing has happened; a decision by delegate names the delegation.

use jiff::civil::Date;
use samverk_domain::case::act::{
    Act, Communication, CompletionAsked, CompletionForm, LateBut, LeftOutBecause, Names, ReferralSent,
};
use samverk_domain::case::decision::{DecidedBy, Decision, Ground, Official, TakesEffect};
use samverk_domain::case::jav::Circumstance;
use samverk_domain::case::messages::Origin;
use samverk_domain::fact::{Name, Slot, Value};
use samverk_domain::pack::{Area, Decider, Source};
use samverk_domain::rules::{Delegation, Verdict};
use samverk_domain::terms::BodyId;
use samverk_domain::words::law::Lagrum;
use samverk_domain::words::time::add_weeks;
use samverk_store::Tx;

use super::act::{Words, act, enter, finish, notify};
use super::file::{Examined, Open, Proposal, Settled, Stopped, applicant, body_in_federation, given};
use super::{proceed, todo};
use crate::ctx::Ctx;
use crate::login::permissions::Permission;
use crate::node::Node;
use crate::post::letter::organ;
use crate::services::draft::key as slot_key;
use crate::web::form::Fields;

/// Longer texts do not fit a letter.
const TEXT_MAX: usize = 10_000;

/// Something that staff can do from a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    Assess,
    Settle,
    AskForCompletion,
    FindComplete,
    Refer,
    Remind,
    Communicate,
    LeaveOut,
    Extend,
    TellOfDelay,
    Propose,
    Decide,
    Board,
    Notify,
    Impartial,
    Disqualified,
    HandOver,
    TestAppeal,
    ForwardAppeal,
    Close,
}

impl Doing {
    pub const ALL: [Self; 20] = [
        Self::Assess,
        Self::Settle,
        Self::AskForCompletion,
        Self::FindComplete,
        Self::Refer,
        Self::Remind,
        Self::Communicate,
        Self::LeaveOut,
        Self::Extend,
        Self::TellOfDelay,
        Self::Propose,
        Self::Decide,
        Self::Board,
        Self::Notify,
        Self::Impartial,
        Self::Disqualified,
        Self::HandOver,
        Self::TestAppeal,
        Self::ForwardAppeal,
        Self::Close,
    ];

    /// In the address.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Assess => "bedom",
            Self::Settle => "tvist",
            Self::AskForCompletion => "komplettering",
            Self::FindComplete => "komplett",
            Self::Refer => "remiss",
            Self::Remind => "paminn",
            Self::Communicate => "kommunicera",
            Self::LeaveOut => "utelamna",
            Self::Extend => "forlang",
            Self::TellOfDelay => "drojsmal",
            Self::Propose => "utkast",
            Self::Decide => "besluta",
            Self::Board => "namnd",
            Self::Notify => "underratta",
            Self::Impartial => "ojavig",
            Self::Disqualified => "jav",
            Self::HandOver => "overlamna",
            Self::TestAppeal => "overklagande",
            Self::ForwardAppeal => "vidare",
            Self::Close => "avsluta",
        }
    }

    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|doing| doing.slug() == slug)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Assess => "Spara bedömningen",
            Self::Settle => "Ta ställning till uppgiften",
            Self::AskForCompletion => "Begär komplettering",
            Self::FindComplete => "Anteckna att ansökan är komplett",
            Self::Refer => "Skicka på remiss",
            Self::Remind => "Påminn om remissen",
            Self::Communicate => "Kommunicera med parten",
            Self::LeaveOut => "Anteckna skälet att inte kommunicera",
            Self::Extend => "Förläng tidsfristen",
            Self::TellOfDelay => "Meddela att det drar ut på tiden",
            Self::Propose => "Gör ett utkast till beslut",
            Self::Decide => "Besluta",
            Self::Board => "Anteckna nämndens beslut",
            Self::Notify => "Underrätta parten",
            Self::Impartial => "Uppge att ingen grund för jäv finns",
            Self::Disqualified => "Anmäl jäv",
            Self::HandOver => "Lämna över",
            Self::TestAppeal => "Pröva om överklagandet kom i rätt tid",
            Self::ForwardAppeal => "Överlämna överklagandet",
            Self::Close => "Avsluta ärendet",
        }
    }

    pub const fn permission(self) -> Permission {
        match self {
            Self::Assess | Self::Settle => Permission::Assess,
            Self::AskForCompletion | Self::FindComplete => Permission::AskForCompletion,
            Self::Refer | Self::Remind => Permission::Refer,
            Self::Communicate | Self::LeaveOut => Permission::Hear,
            Self::Extend | Self::TellOfDelay => Permission::Extend,
            Self::Propose => Permission::Draft,
            Self::Decide => Permission::DecideAsDelegate,
            Self::Board => Permission::RecordBoardDecision,
            Self::Notify | Self::Close => Permission::Register,
            Self::Impartial | Self::Disqualified => Permission::TakeOn,
            Self::HandOver => Permission::HandOver,
            Self::TestAppeal | Self::ForwardAppeal => Permission::ForwardAppeal,
        }
    }

    /// The procedure's kind of act, by which the page knows whether it is open now.
    pub const fn kind(self) -> samverk_domain::case::ActKind {
        use samverk_domain::case::ActKind as K;
        match self {
            Self::Assess | Self::Settle => K::Assess,
            Self::AskForCompletion => K::AskForCompletion,
            Self::FindComplete => K::FindComplete,
            Self::Refer => K::SendReferral,
            Self::Remind => K::ReferralOverdue,
            Self::Communicate | Self::LeaveOut => K::Communicate,
            Self::Extend => K::Extend,
            Self::TellOfDelay => K::TellOfDelay,
            Self::Propose => K::Draft,
            Self::Decide | Self::Board => K::Decide,
            Self::Notify => K::Notify,
            Self::Impartial => K::StateImpartial,
            Self::Disqualified => K::DeclareDisqualification,
            Self::HandOver => K::HandOver,
            Self::TestAppeal => K::TestTimeliness,
            Self::ForwardAppeal => K::ForwardAppeal,
            Self::Close => K::Close,
        }
    }
}

fn text<'f>(fields: &'f Fields, name: &str, what: &str) -> Result<&'f str, Stopped> {
    match fields.one(name) {
        None | Some("") => Err(Stopped::Input(what.to_owned())),
        Some(text) if text.chars().count() > TEXT_MAX => {
            Err(Stopped::Input(format!("Korta texten till högst {TEXT_MAX} tecken.")))
        }
        Some(text) => Ok(text),
    }
}

fn day(fields: &Fields, name: &str) -> Result<Date, Stopped> {
    let wrong = || Stopped::Input("Skriv dagen som år-månad-dag, till exempel 2026-12-01.".to_owned());
    text(fields, name, "Ange dagen.")?.parse().map_err(|_| wrong())
}

fn name(text: &str) -> Result<Name, Stopped> {
    Name::parse(text).map_err(|_| Stopped::Input("Uppgiften finns inte i tjänsten.".to_owned()))
}

/// Does it, with all that follows, and saves the case. `by` is the one who acts, by name and post.
#[expect(clippy::too_many_lines, reason = "one arm for each thing that can be done")]
pub fn perform(
    ctx: &Ctx,
    tx: &mut Tx,
    node: &Node,
    open: &mut Open,
    doing: Doing,
    fields: &Fields,
    by: &str,
) -> Result<(), Stopped> {
    let active_ms = fields
        .one("oppnad")
        .and_then(|opened| opened.parse::<i64>().ok())
        .map(|opened| ctx.at.instant.as_millisecond().saturating_sub(opened));
    let official = Official(by.to_owned());
    let said = |text| Words {
        text,
        by: Some(by),
        quiet: false,
        day: None,
        active_ms,
    };
    let examined = open.examine(node, ctx.at.day)?;
    match doing {
        Doing::Assess => {
            for fact in fields.all("uppgift").map(str::to_owned).collect::<Vec<_>>() {
                let fact = name(&fact)?;
                let is_assessment = open
                    .pack()
                    .fact(&fact)
                    .is_some_and(|fact| fact.source.it == Source::CaseWorker);
                if !is_assessment {
                    return Err(Stopped::Input("Uppgiften är ingen bedömning.".to_owned()));
                }
                // On a page with several assessments those that are left empty wait.
                let answer = match fields.one(&format!("svar-{fact}")) {
                    Some("ja") => true,
                    Some("nej") => false,
                    _ => continue,
                };
                let reasons = text(
                    fields,
                    &format!("skal-{fact}"),
                    "Skriv skälen, som de ska stå i beslutet.",
                )?
                .to_owned();
                let assess = Act::Assess {
                    by: official.clone(),
                    fact: fact.clone(),
                    answer,
                    reasons: reasons.clone(),
                };
                act(ctx, tx, node, open, &assess, &said(""))?;
                open.file.set(given(
                    Slot::of(fact),
                    Value::Assessment { answer, reasons },
                    Origin::CaseWorker {
                        by: by.to_owned(),
                        at: ctx.at.instant,
                    },
                ));
            }
        }
        Doing::Settle => {
            let key = text(fields, "uppgift", "Välj uppgiften.")?.to_owned();
            let reasons = text(fields, "skal", "Skriv skälen.")?.to_owned();
            let held = open
                .file
                .held_by_key(&key)
                .filter(|held| held.sent.disputed.is_some())
                .cloned()
                .ok_or_else(|| Stopped::Input("Ingen säger att den uppgiften är fel.".to_owned()))?;
            let fact = open
                .pack()
                .fact(&held.sent.slot.fact)
                .ok_or_else(|| Stopped::Ours("a held fact is not in the document".to_owned()))?;
            let when = open.moment(ctx);
            let settled = Settled {
                by: by.to_owned(),
                at: when,
                reasons,
            };
            let other = fields.one("varde").unwrap_or_default();
            if !other.is_empty() && held.sent.known.value().is_none_or(|value| value.to_string() != other) {
                let value = fact.ty.it.value(other).map_err(|why| Stopped::Input(why.to_string()))?;
                open.file.set(given(
                    held.sent.slot.clone(),
                    value,
                    Origin::CaseWorker {
                        by: by.to_owned(),
                        at: ctx.at.instant,
                    },
                ));
            }
            if let Some(there) = open
                .file
                .facts
                .iter_mut()
                .find(|there| slot_key(&there.sent.slot) == key)
            {
                there.settled = Some(settled);
            }
            let what = format!("Ställningstagande till uppgift: {}", held.sent.slot.fact);
            enter(ctx, tx, open, samverk_store::diary::Way::Own, "Egen", &what)?;
        }
        Doing::AskForCompletion => {
            let facts: Vec<Name> = fields.all("uppgift").map(name).collect::<Result<_, _>>()?;
            let words = text(fields, "text", "Skriv vad sökanden behöver göra.")?;
            let form = match fields.one("form") {
                Some("forelaggande") => CompletionForm::Order {
                    effect: text(fields, "foljd", "Skriv vad som händer om bristen inte avhjälps.")?.to_owned(),
                },
                _ => CompletionForm::Friendly,
            };
            let asked = Act::AskForCompletion(CompletionAsked {
                facts,
                answer_by: day(fields, "senast")?,
                form,
            });
            act(ctx, tx, node, open, &asked, &said(words))?;
        }
        Doing::FindComplete => act(ctx, tx, node, open, &Act::FindComplete, &said(""))?,
        Doing::Refer => {
            let fact = name(text(fields, "uppgift", "Välj vad remissen gäller.")?)?;
            let sent = referral(node, open, &examined, &fact)?;
            let sent = Act::SendReferral(ReferralSent {
                question: text(fields, "fraga", "Skriv frågan.")?.to_owned(),
                answer_by: day(fields, "senast")?,
                ..sent
            });
            act(ctx, tx, node, open, &sent, &said(""))?;
        }
        Doing::Remind => {
            let at = open
                .file
                .case
                .referrals()
                .iter()
                .position(|referral| referral.answered.is_none() && referral.overdue.is_none())
                .ok_or(samverk_domain::case::NotAllowed::NoReferral)?;
            act(ctx, tx, node, open, &Act::ReferralOverdue { referral: at }, &said(""))?;
        }
        Doing::Communicate => {
            let words = text(fields, "text", "Skriv vad parten ska få yttra sig över.")?;
            let how = Communication::Ask {
                answer_by: day(fields, "senast")?,
            };
            let communicate = Act::Communicate {
                party: applicant(),
                how,
            };
            act(ctx, tx, node, open, &communicate, &said(words))?;
        }
        Doing::LeaveOut => {
            let because = match fields.one("grund") {
                Some("uppenbart") => LeftOutBecause::ObviouslyUnnecessary,
                Some("svarare") => LeftOutBecause::HarderToExecute,
                Some("omedelbart") => LeftOutBecause::EssentialInterestAtOnce,
                _ => return Err(Stopped::Input("Välj en grund i 25 § förvaltningslagen.".to_owned())),
            };
            let reasons = text(fields, "skal", "Skriv skälen.")?.to_owned();
            let communicate = Act::Communicate {
                party: applicant(),
                how: Communication::LeftOut { because, reasons },
            };
            act(ctx, tx, node, open, &communicate, &said(""))?;
        }
        Doing::Extend => {
            let reasons = text(fields, "skal", "Skriv skälen.")?;
            let extend = Act::Extend {
                reasons: reasons.to_owned(),
                by: as_delegate(node, open, fields, by, None)?,
            };
            act(ctx, tx, node, open, &extend, &said(reasons))?;
        }
        Doing::TellOfDelay => {
            let reasons = text(fields, "skal", "Skriv skälen.")?;
            let tell = Act::TellOfDelay {
                reasons: reasons.to_owned(),
            };
            act(ctx, tx, node, open, &tell, &said(reasons))?;
        }
        Doing::Propose => {
            let outcome = text(fields, "utfall", "Välj ett utfall.")?.to_owned();
            if open
                .pack()
                .outcomes_of(open.step_name())
                .all(|listed| listed.name.it != outcome)
            {
                return Err(Stopped::Input("Välj ett utfall som finns i tjänsten.".to_owned()));
            }
            let mut grounds = match examined.result.verdict(open.pack(), open.step_name()) {
                Verdict::Outcome(ruled) if ruled == outcome => proceed::grounds(open, &examined.result.grounds),
                Verdict::Outcome(_) => {
                    return Err(Stopped::Input(
                        "Reglerna ger ett annat utfall. Ändra i så fall en bedömning.".to_owned(),
                    ));
                }
                _ => vec![],
            };
            if let Some(reasons) = fields.one("skal").filter(|reasons| !reasons.is_empty()) {
                let law = match fields.one("lagrum").filter(|law| !law.is_empty()) {
                    Some(law) => Some(Lagrum::parse(law).map_err(|why| Stopped::Input(why.to_string()))?),
                    None => open.step()?.law.as_ref().map(|law| law.it.clone()),
                };
                grounds.push(Ground {
                    rule: open.step_name().clone(),
                    row: None,
                    because: reasons.to_owned(),
                    law,
                });
            }
            if grounds.is_empty() {
                return Err(Stopped::Input("Skriv skälen, som de ska stå i beslutet.".to_owned()));
            }
            open.file.proposal = Some(Proposal {
                outcome: outcome.clone(),
                grounds,
                by: by.to_owned(),
            });
            act(ctx, tx, node, open, &Act::Draft { by: official, outcome }, &said(""))?;
        }
        Doing::Decide | Doing::Board => {
            let decision = decision(ctx, node, open, &examined, doing, fields, by)?;
            act(ctx, tx, node, open, &Act::Decide(Box::new(decision)), &said(""))?;
            notify(ctx, tx, node, open, &names(fields), &said(""))?;
        }
        Doing::Notify => notify(ctx, tx, node, open, &names(fields), &said(""))?,
        Doing::Impartial => act(ctx, tx, node, open, &Act::StateImpartial { official }, &said(""))?,
        Doing::Disqualified => {
            let circumstance = match fields.one("omstandighet") {
                Some("egen") => Circumstance::OwnOrCloseMatter,
                Some("foretradare") => Circumstance::Representative,
                Some("ombud") => Circumstance::ActedForParty,
                Some("instans") => Circumstance::EarlierInstanceOrSupervision,
                Some("annat") => Circumstance::Other,
                _ => return Err(Stopped::Input("Välj en omständighet.".to_owned())),
            };
            let declare = Act::DeclareDisqualification { official, circumstance };
            act(ctx, tx, node, open, &declare, &said(""))?;
        }
        Doing::HandOver => {
            let to = BodyId::parse(text(fields, "till", "Ange till vem.")?)
                .map_err(|_| Stopped::Input("Ange myndighetens beteckning i federationen.".to_owned()))?;
            body_in_federation(node, &to)
                .map_err(|_| Stopped::Input("Den myndigheten finns inte i federationen.".to_owned()))?;
            let reasons = text(fields, "skal", "Skriv skälen.")?.to_owned();
            act(ctx, tx, node, open, &Act::HandOver { to, reasons }, &said(""))?;
        }
        Doing::TestAppeal => {
            let exception = match fields.one("undantag") {
                Some("fel") => Some(LateBut::WrongInformation),
                Some("instans") => Some(LateBut::ReachedHigherInstanceInTime),
                _ => None,
            };
            let appeal = open_appeal(open)?;
            act(
                ctx,
                tx,
                node,
                open,
                &Act::TestTimeliness { appeal, exception },
                &said(""),
            )?;
        }
        Doing::ForwardAppeal => {
            let appeal = open_appeal(open)?;
            let to = text(fields, "till", "Ange den högre instansen.")?.to_owned();
            act(ctx, tx, node, open, &Act::ForwardAppeal { appeal, to }, &said(""))?;
        }
        Doing::Close => act(ctx, tx, node, open, &Act::Close, &said(""))?,
    }
    if matches!(doing, Doing::Settle | Doing::FindComplete | Doing::Assess) {
        proceed::advance(ctx, tx, node, open)?;
    }
    open.tell_host = true;
    finish(ctx, tx, node, open)
}

fn open_appeal(open: &Open) -> Result<usize, Stopped> {
    open.file
        .case
        .appeals()
        .iter()
        .position(|appeal| appeal.ended.is_none() && appeal.forwarded.is_none())
        .ok_or_else(|| samverk_domain::case::NotAllowed::NoAppeal.into())
}

fn names(fields: &Fields) -> Names {
    match fields.one("utan-namn").filter(|reasons| !reasons.is_empty()) {
        Some(reasons) => Names::Withheld {
            reasons: reasons.to_owned(),
        },
        None => Names::Given,
    }
}

/// A referral as the document describes it, to the body that has the task there.
pub fn referral(node: &Node, open: &Open, examined: &Examined, fact: &Name) -> Result<ReferralSent, Stopped> {
    let Some(Source::Referral(listed)) = open.pack().fact(fact).map(|fact| &fact.source.it) else {
        return Err(Stopped::Input("Tjänsten har ingen sådan remiss.".to_owned()));
    };
    let role = open
        .pack()
        .role(&listed.role)
        .ok_or_else(|| Stopped::Ours("a referral's role is not in the document".to_owned()))?;
    let municipality = match &role.area.it {
        Area::Country => None,
        Area::MunicipalityOf(property) => {
            let fact = crate::services::prepare::municipality_fact(open.pack(), property);
            fact.and_then(|fact| examined.facts.of(&fact.name.it).value().map(ToString::to_string))
        }
    };
    let view = node
        .federation
        .view(node.clock.now())
        .map_err(|why| Stopped::Later(why.to_string()))?;
    let to = view
        .federation()
        .responsible(&role.task.it, municipality.as_deref())
        .map_err(|why| Stopped::Input(format!("Ingen i federationen kan svara på remissen: {why}")))?;
    let answer_by = add_weeks(node.clock.today(), listed.weeks).map_err(samverk_domain::case::NotAllowed::from)?;
    Ok(ReferralSent {
        to: to.id.clone(),
        fact: fact.clone(),
        question: format!(
            "Har ni något att erinra mot ansökan? Yttra er över sökandens lämplighet och det serveringsställe eller den \
             plats som ansökan gäller ({}).",
            open.step_name()
        ),
        answer_by,
        required: listed.required,
    })
}

/// The outcome that can be decided now: what the rules give, or the proposal where a person must look.
pub fn outcome_now(open: &Open, examined: &Examined) -> Option<String> {
    match examined.result.verdict(open.pack(), open.step_name()) {
        Verdict::Outcome(outcome) => Some(outcome.to_owned()),
        Verdict::CaseWorker => open.file.proposal.as_ref().map(|proposal| proposal.outcome.clone()),
        Verdict::NotNeeded | Verdict::Waiting => None,
    }
}

fn decision(
    ctx: &Ctx,
    node: &Node,
    open: &Open,
    examined: &Examined,
    doing: Doing,
    fields: &Fields,
    by: &str,
) -> Result<Decision, Stopped> {
    let outcome = outcome_now(open, examined).ok_or_else(|| {
        let remains = todo::todo(open, examined, ctx.at.day);
        Stopped::Input(format!(
            "Ärendet kan inte avgöras än. {}: {}.",
            remains.what, remains.because
        ))
    })?;
    let listed = open
        .pack()
        .outcomes_of(open.step_name())
        .find(|listed| listed.name.it == outcome)
        .ok_or_else(|| Stopped::Ours("the outcome is not in the document".to_owned()))?;
    let decided_by = match (&listed.decider.it, doing) {
        (_, Doing::Board) => DecidedBy::Board {
            meeting: day(fields, "sammantrade")?,
            paragraph: text(fields, "paragraf", "Ange paragrafen i protokollet.")?.to_owned(),
            took_part: vec![],
        },
        (Decider::Board, _) => {
            return Err(Stopped::Input(
                "Nämnden beslutar. Nämndsekreteraren antecknar beslutet med dag och paragraf.".to_owned(),
            ));
        }
        (Decider::Agency, _) => DecidedBy::Agency {
            official: Official(by.to_owned()),
        },
        (Decider::Performer, _) => DecidedBy::Performer {
            official: Official(by.to_owned()),
        },
        (Decider::Delegate { .. }, _) if proceed::is_for_board(open, examined, listed) => {
            return Err(Stopped::Input(
                "Ärendet ligger utanför delegationen, så nämnden beslutar. Nämndsekreteraren antecknar beslutet med dag \
                 och paragraf."
                    .to_owned(),
            ));
        }
        (Decider::Delegate { delegation, .. } | Decider::Automatic { delegation }, _) => {
            as_delegate(node, open, fields, by, examined.setting.delegations.get(delegation))?
        }
        (Decider::Nobody, _) => DecidedBy::Nobody,
    };
    let grounds = match &open.file.proposal {
        Some(proposal) if proposal.outcome == outcome => proposal.grounds.clone(),
        _ => proceed::grounds(open, &examined.result.grounds),
    };
    Ok(Decision::of(listed, grounds, decided_by, TakesEffect::WhenFinal))
}

/// A delegate, with the delegation that is recorded for the service or, where it is a function's or none, the one that the
/// delegate states.
fn as_delegate(
    node: &Node,
    open: &Open,
    fields: &Fields,
    by: &str,
    recorded: Option<&Delegation>,
) -> Result<DecidedBy, Stopped> {
    let body = body_in_federation(node, &open.row.body)?;
    let official = Official(by.to_owned());
    if samverk_domain::case::decision::Authority::from(body.kind) == samverk_domain::case::decision::Authority::State {
        return Ok(DecidedBy::Agency { official });
    }
    let delegation = match recorded {
        Some(recorded) => recorded.clone(),
        None => Delegation {
            decided_by: organ(&body),
            decided_on: day(fields, "delegation-dag")?,
            paragraph: text(fields, "delegation-paragraf", "Ange paragrafen i delegationsbeslutet.")?.to_owned(),
            scope: open.step_name().to_string(),
            to: by.to_owned(),
        },
    };
    Ok(DecidedBy::Delegate { official, delegation })
}
