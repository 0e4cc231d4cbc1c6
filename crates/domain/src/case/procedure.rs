//! The case: what has happened in it, where it stands, and what may happen next.
//!
//! Always true here: a case changes only through [`apply`], which is a function of the case, the act and the moment; what
//! is refused has not happened. The state is computed from what has happened and never set. Decided means registered,
//! complete and with grounds; a time limit is extended at most once; the time for appeal starts when the party got the
//! decision. Under laglighetsprövning FL 10–12, 16–20 and 23–49 §§ do not apply (FL 2 §).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::act::{
    Act, ActKind, AppealResult, ChangeGround, Communication, CompletionAsked, CompletionForm, DeadlineOf,
    DismissedBecause, DisposalDecision, DocumentOf, Effect, HandedIn, Job, LateBut, Names, Role,
};
use super::deadlines::{self, Deadline, LEGALITY_REVIEW_WEEKS};
use super::decision::{Authority, DecidedBy, Decision, HearingDuty, Importance, Official, may_decide};
use super::del::{Service, served_on};
use super::documents::{DocumentKind, SecrecyMark};
use super::jav::{Declaration, Ruling, Standing, standing};
use super::not_allowed::NotAllowed;
use crate::events;
use crate::fact::Name;
use crate::pack::{Appeal, Frist, Length, OutcomeKind, Regime, Required, Start, Unit};
use crate::terms::BodyId;
use crate::words::time::{Moment, legal_day};

/// More acts than this in one case are a fault or an attack.
pub const ENTRIES_MAX: usize = 10_000;
/// The longest act, as JSON.
pub const ACT_BYTES_MAX: usize = 64 * 1024;

/// A party in this case: a name that means something only in the case (`sökande`), never an identity number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartyId(pub String);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    pub id: PartyId,
    pub kind: PartyKind,
}

/// FL 44 §: for a party that represents the public, the time for appeal counts from the day of the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyKind {
    Private,
    Public,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initiator {
    /// An application or notification: FL 12 § applies.
    Individual,
    /// The body's own initiative.
    Authority,
}

/// What a case starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    pub authority: Authority,
    /// How the step's outcomes are appealed; until a decision says, this decides which provisions apply.
    pub regime: Regime,
    pub initiator: Initiator,
    /// The instant at which the body could reach it, and its legal day (TF 2:9, FL 22 §).
    pub received: Moment,
    pub time_limit: Option<Frist>,
    pub parties: Vec<Party>,
}

/// One act, when it happened. The list is the case's running record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub act: Act,
    pub when: Moment,
}

/// Where a case stands, for people and for the reception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Received,
    Registered,
    CompletionAsked,
    CompletionAnswered,
    /// Complete, being examined.
    Examined,
    OnReferral,
    Communicated,
    Drafted,
    Decided,
    Dismissed,
    Notified,
    Served,
    Appealed,
    AppealForwarded,
    LegalForce,
    Withdrawn,
    HandedOver,
    Closed,
    Archived,
    Disposed,
}

impl State {
    pub const ALL: [Self; 20] = [
        Self::Received,
        Self::Registered,
        Self::CompletionAsked,
        Self::CompletionAnswered,
        Self::Examined,
        Self::OnReferral,
        Self::Communicated,
        Self::Drafted,
        Self::Decided,
        Self::Dismissed,
        Self::Notified,
        Self::Served,
        Self::Appealed,
        Self::AppealForwarded,
        Self::LegalForce,
        Self::Withdrawn,
        Self::HandedOver,
        Self::Closed,
        Self::Archived,
        Self::Disposed,
    ];

    /// The stable name in messages, tables and addresses: the same as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Registered => "registered",
            Self::CompletionAsked => "completion_asked",
            Self::CompletionAnswered => "completion_answered",
            Self::Examined => "examined",
            Self::OnReferral => "on_referral",
            Self::Communicated => "communicated",
            Self::Drafted => "drafted",
            Self::Decided => "decided",
            Self::Dismissed => "dismissed",
            Self::Notified => "notified",
            Self::Served => "served",
            Self::Appealed => "appealed",
            Self::AppealForwarded => "appeal_forwarded",
            Self::LegalForce => "legal_force",
            Self::Withdrawn => "withdrawn",
            Self::HandedOver => "handed_over",
            Self::Closed => "closed",
            Self::Archived => "archived",
            Self::Disposed => "disposed",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// What a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Received => "Inkommen",
            Self::Registered => "Registrerad",
            Self::CompletionAsked => "Väntar på komplettering",
            Self::CompletionAnswered => "Kompletterad",
            Self::Examined => "Under utredning",
            Self::OnReferral => "På remiss",
            Self::Communicated => "Väntar på yttrande från parten",
            Self::Drafted => "Förslag till beslut finns",
            Self::Decided => "Beslutad",
            Self::Dismissed => "Avvisad",
            Self::Notified => "Underrättad om beslutet",
            Self::Served => "Delgiven",
            Self::Appealed => "Överklagad",
            Self::AppealForwarded => "Överlämnad till högre instans",
            Self::LegalForce => "Laga kraft",
            Self::Withdrawn => "Återkallad",
            Self::HandedOver => "Överlämnad till annan myndighet",
            Self::Closed => "Avslutad",
            Self::Archived => "Arkiverad",
            Self::Disposed => "Gallrad",
        }
    }
}

/// A request for completion and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletionRequest {
    pub asked: CompletionAsked,
    pub at: Moment,
    pub answered: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    pub to: BodyId,
    pub fact: Name,
    pub question: String,
    pub answer_by: Date,
    pub required: Required,
    pub at: Moment,
    pub overdue: Option<Moment>,
    pub answered: Option<(String, Moment)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hearing {
    pub party: PartyId,
    pub how: Communication,
    pub at: Moment,
    pub answered: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    pub by: Official,
    pub fact: Name,
    pub answer: bool,
    pub reasons: String,
    pub at: Moment,
}

/// FL 12 §: the one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRequest {
    pub party: PartyId,
    pub at: Moment,
    pub decide_by: Date,
    pub refused: Option<Moment>,
    /// FL 49 §: the higher instance's order.
    pub ordered: Option<Date>,
}

/// A decision that has been taken, with what happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    pub decision: Decision,
    pub at: Moment,
    /// An avvisning.
    pub dismissal: bool,
    pub notified: BTreeMap<PartyId, (Names, Moment)>,
    /// The day on which each party got it, and how.
    pub served: BTreeMap<PartyId, (Date, Service)>,
    /// KL 13:5: the day the adjusted minutes were announced.
    pub announced: Option<Date>,
    pub corrections: Vec<(String, Moment)>,
    pub legal_force: Option<Date>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppealCase {
    pub party: PartyId,
    pub handed_in: HandedIn,
    /// The day counts.
    pub received: Moment,
    pub timeliness: Option<Timeliness>,
    pub forwarded: Option<(String, Moment)>,
    pub ended: Option<(AppealResult, Moment)>,
}

/// FL 45 §.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timeliness {
    InTime,
    LateBut(LateBut),
    /// Dismissed by the body.
    Late,
}

impl AppealCase {
    /// Neither dismissed nor decided.
    fn is_open(&self) -> bool {
        self.ended.is_none() && self.timeliness != Some(Timeliness::Late)
    }
}

/// The case ended without a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    Withdrawn,
    HandedOver { to: BodyId },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    Archived,
    Disposed(DisposalDecision),
}

/// A case. Made by [`Case::open`], changed only by [`apply`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    opening: Opening,
    entries: Vec<Entry>,
    diary_number: Option<String>,
    completion_requests: Vec<CompletionRequest>,
    complete: Option<Moment>,
    referrals: Vec<Referral>,
    hearings: Vec<Hearing>,
    assessments: Vec<Assessment>,
    declarations: Vec<Declaration>,
    impartial: Vec<(Official, Moment)>,
    deadline: Option<Deadline>,
    extended: Option<Moment>,
    request: Option<DecisionRequest>,
    draft: Option<(String, Moment)>,
    decided: Option<Decided>,
    /// Decisions that were changed here or annulled above, oldest first.
    earlier: Vec<Decided>,
    appeals: Vec<AppealCase>,
    ended: Option<Ended>,
    closed: Option<Moment>,
    kept: Option<Kept>,
    secrecy: Vec<(String, SecrecyMark)>,
}

impl Case {
    /// A case that has come in and has no diary number yet. A time limit counted from receipt runs at once.
    pub fn open(opening: Opening) -> Result<Self, NotAllowed> {
        let deadline = match &opening.time_limit {
            Some(limit) => deadlines::decide_by(limit, opening.received.day, None)?,
            None => None,
        };
        Ok(Self {
            opening,
            entries: vec![],
            diary_number: None,
            completion_requests: vec![],
            complete: None,
            referrals: vec![],
            hearings: vec![],
            assessments: vec![],
            declarations: vec![],
            impartial: vec![],
            deadline,
            extended: None,
            request: None,
            draft: None,
            decided: None,
            earlier: vec![],
            appeals: vec![],
            ended: None,
            closed: None,
            kept: None,
            secrecy: vec![],
        })
    }

    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Everything that has happened, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn diary_number(&self) -> Option<&str> {
        self.diary_number.as_deref()
    }

    pub fn completion_requests(&self) -> &[CompletionRequest] {
        &self.completion_requests
    }

    /// When it became complete.
    pub fn complete(&self) -> Option<Moment> {
        self.complete
    }

    pub fn referrals(&self) -> &[Referral] {
        &self.referrals
    }

    pub fn hearings(&self) -> &[Hearing] {
        &self.hearings
    }

    pub fn assessments(&self) -> &[Assessment] {
        &self.assessments
    }

    pub fn declarations(&self) -> &[Declaration] {
        &self.declarations
    }

    /// Who has stated that there is no ground for disqualification, and when.
    pub fn impartial(&self) -> &[(Official, Moment)] {
        &self.impartial
    }

    /// The last day to decide by the service's time limit, if one runs.
    pub fn decide_by(&self) -> Option<Date> {
        self.deadline.map(|deadline| deadline.last_day)
    }

    /// The first day on which the person may begin although nothing has been decided.
    pub fn may_start(&self) -> Option<Date> {
        let limit = self.opening.time_limit.as_ref()?;
        let complete = self.complete.map(|moment| moment.day);
        deadlines::may_start(limit, self.opening.received.day, complete).ok()?
    }

    pub fn extended(&self) -> Option<Moment> {
        self.extended
    }

    pub fn request(&self) -> Option<&DecisionRequest> {
        self.request.as_ref()
    }

    /// The outcome that is proposed.
    pub fn draft(&self) -> Option<&str> {
        self.draft.as_ref().map(|(outcome, _)| outcome.as_str())
    }

    pub fn decided(&self) -> Option<&Decided> {
        self.decided.as_ref()
    }

    pub fn earlier_decisions(&self) -> &[Decided] {
        &self.earlier
    }

    pub fn appeals(&self) -> &[AppealCase] {
        &self.appeals
    }

    pub fn secrecy(&self) -> &[(String, SecrecyMark)] {
        &self.secrecy
    }

    /// Which provisions apply: the decision's own regime once there is one.
    pub fn regime(&self) -> Regime {
        self.decided
            .as_ref()
            .and_then(|decided| decided.decision.regime())
            .unwrap_or(self.opening.regime)
    }

    /// The last day on which the party's appeal is in time. `None`: the time has not started, or there is none.
    pub fn appeal_until(&self, party: &PartyId) -> Option<Date> {
        let decided = self.decided.as_ref()?;
        let Appeal::To {
            regime, within, from, ..
        } = &decided.decision.appeal
        else {
            return None;
        };
        if *regime == Regime::LegalityReview {
            return deadlines::appeal_until(decided.announced?, LEGALITY_REVIEW).ok();
        }
        let counted_from = match (from, self.party(party)?.kind) {
            // FL 44 § second paragraph: a public party's time counts from the decision.
            (Start::Decision, _) | (_, PartyKind::Public) => decided.at.day,
            _ => decided.served.get(party)?.0,
        };
        deadlines::appeal_until(counted_from, *within).ok()
    }

    pub fn state(&self) -> State {
        match self.kept {
            Some(Kept::Disposed(_)) => return State::Disposed,
            Some(Kept::Archived) => return State::Archived,
            None if self.closed.is_some() => return State::Closed,
            None => {}
        }
        match self.ended {
            Some(Ended::Withdrawn) => return State::Withdrawn,
            Some(Ended::HandedOver { .. }) => return State::HandedOver,
            None => {}
        }
        match &self.decided {
            Some(decided) => self.state_after(decided),
            None => self.state_before(),
        }
    }

    fn state_before(&self) -> State {
        if self.diary_number.is_none() {
            State::Received
        } else if self
            .completion_requests
            .iter()
            .any(|request| request.answered.is_none())
            && self.complete.is_none()
        {
            State::CompletionAsked
        } else if self.referrals.iter().any(|referral| referral.answered.is_none()) {
            State::OnReferral
        } else if self.hearings.iter().any(Hearing::waits) {
            State::Communicated
        } else if self.draft.is_some() {
            State::Drafted
        } else if self.complete.is_some() {
            State::Examined
        } else if self.completion_requests.is_empty() {
            State::Registered
        } else {
            State::CompletionAnswered
        }
    }

    fn state_after(&self, decided: &Decided) -> State {
        if self
            .appeals
            .iter()
            .any(|appeal| appeal.is_open() && appeal.forwarded.is_some())
        {
            State::AppealForwarded
        } else if self.appeals.iter().any(AppealCase::is_open) {
            State::Appealed
        } else if decided.legal_force.is_some() {
            State::LegalForce
        } else if self.everyone(|party| decided.served.contains_key(party)) {
            State::Served
        } else if !decided.notified.is_empty() {
            State::Notified
        } else if decided.dismissal {
            State::Dismissed
        } else {
            State::Decided
        }
    }

    fn party(&self, id: &PartyId) -> Option<&Party> {
        self.opening.parties.iter().find(|party| party.id == *id)
    }

    fn known_party(&self, id: &PartyId) -> Result<(), NotAllowed> {
        self.party(id).map(|_| ()).ok_or(NotAllowed::UnknownParty)
    }

    /// True of every party; never of a case without parties.
    fn everyone(&self, holds: impl Fn(&PartyId) -> bool) -> bool {
        !self.opening.parties.is_empty() && self.opening.parties.iter().all(|party| holds(&party.id))
    }

    fn free_to_act(&self, official: &Official) -> Result<(), NotAllowed> {
        match standing(&self.declarations, official) {
            Standing::Free => Ok(()),
            Standing::Open => Err(NotAllowed::DisqualificationOpen),
            Standing::Disqualified => Err(NotAllowed::Disqualified),
        }
    }

    fn administrative(&self, what: &'static str) -> Result<(), NotAllowed> {
        match self.regime() {
            Regime::Administrative => Ok(()),
            Regime::LegalityReview => Err(NotAllowed::SwitchedOff { what }),
        }
    }
}

impl Hearing {
    fn waits(&self) -> bool {
        matches!(self.how, Communication::Ask { .. }) && self.answered.is_none()
    }
}

const LEGALITY_REVIEW: Length = Length {
    number: LEGALITY_REVIEW_WEEKS,
    unit: Unit::Weeks,
};

/// The kinds of act that are open to a role now. What an act says may still be refused by [`apply`].
pub fn allowed(case: &Case, role: Role, when: Moment) -> Vec<ActKind> {
    ActKind::ALL
        .iter()
        .copied()
        .filter(|kind| kind.roles().contains(&role) && may(case, *kind, when).is_ok())
        .collect()
}

/// Whether the case is in such a state that this kind of act can be done at all.
pub fn may(case: &Case, kind: ActKind, when: Moment) -> Result<(), NotAllowed> {
    use ActKind as K;
    match &case.kept {
        Some(Kept::Disposed(_)) => return Err(NotAllowed::Disposed),
        Some(Kept::Archived) if kind != K::Dispose => return Err(NotAllowed::Archived),
        _ => {}
    }
    if case.closed.is_some() {
        // A decision may be corrected or changed, and a late appeal tested, also after the case was closed.
        let after = [
            K::Correct,
            K::Change,
            K::AppealReceived,
            K::TestTimeliness,
            K::Archive,
            K::Dispose,
            K::MarkSecret,
            K::Communicate,
            K::PartyAnswered,
            K::TakeUpAgain,
        ];
        if !after.contains(&kind) {
            return Err(NotAllowed::Closed);
        }
    }
    match (kind, &case.diary_number) {
        (K::Register, Some(_)) => return Err(NotAllowed::AlreadyRegistered),
        (K::Register, None) => return Ok(()),
        (_, None) => return Err(NotAllowed::NotRegistered),
        (_, Some(_)) => {}
    }
    let not_ended = || match &case.ended {
        Some(Ended::Withdrawn) => Err(NotAllowed::Withdrawn),
        Some(Ended::HandedOver { .. }) => Err(NotAllowed::HandedOver),
        None => Ok(()),
    };
    let undecided = || match not_ended() {
        Ok(()) if case.decided.is_some() => Err(NotAllowed::AlreadyDecided),
        other => other,
    };
    let decided = || case.decided.as_ref().ok_or(NotAllowed::NotDecided);
    match kind {
        K::Register | K::MarkSecret => Ok(()),
        K::CompletionReceived
        | K::Assess
        | K::DeclareDisqualification
        | K::Withdraw
        | K::HandOver
        | K::SendReferral
        | K::StateImpartial
        | K::Dismiss => undecided(),
        // Also after a decision: a party is heard before it is changed to their harm.
        K::Communicate => not_ended(),
        K::TellOfDelay => {
            undecided()?;
            case.administrative("Skyldigheten att underrätta om dröjsmål (11 §)")
        }
        K::AskForCompletion | K::FindComplete => {
            undecided()?;
            match case.complete {
                Some(_) => Err(NotAllowed::AlreadyComplete),
                None => Ok(()),
            }
        }
        K::OpinionReceived => {
            undecided()?;
            match case.referrals.iter().any(|referral| referral.answered.is_none()) {
                true => Ok(()),
                false => Err(NotAllowed::NoReferral),
            }
        }
        K::ReferralOverdue => {
            undecided()?;
            let waiting = case
                .referrals
                .iter()
                .filter(|referral| referral.answered.is_none() && referral.overdue.is_none());
            match waiting.map(|referral| referral.answer_by).min() {
                None => Err(NotAllowed::NoReferral),
                Some(last_day) if last_day >= when.day => Err(NotAllowed::NotYetDue { last_day }),
                Some(_) => Ok(()),
            }
        }
        K::PartyAnswered => {
            not_ended()?;
            match case.hearings.iter().any(Hearing::waits) {
                true => Ok(()),
                false => Err(NotAllowed::NoHearing),
            }
        }
        K::DecideDisqualification => {
            undecided()?;
            match case.declarations.iter().any(|declaration| declaration.ruling.is_none()) {
                true => Ok(()),
                false => Err(NotAllowed::NoDisqualification),
            }
        }
        K::Extend => {
            undecided()?;
            let deadline = case.deadline.ok_or(NotAllowed::NoTimeLimit)?;
            if case.extended.is_some() {
                return Err(NotAllowed::AlreadyExtended);
            }
            if case
                .opening
                .time_limit
                .as_ref()
                .is_none_or(|limit| limit.extension.is_none())
            {
                return Err(NotAllowed::NotExtendable);
            }
            match deadline.last_day {
                last_day if when.day > last_day => Err(NotAllowed::TimeLimitPassed { last_day }),
                _ => Ok(()),
            }
        }
        K::RequestDecision => {
            undecided()?;
            case.administrative("Rätten att begära att ärendet avgörs (12 §)")?;
            if case.opening.initiator != Initiator::Individual {
                return Err(NotAllowed::NotStartedByIndividual);
            }
            if case.request.is_some() {
                return Err(NotAllowed::AlreadyRequested);
            }
            let ends = deadlines::six_months_end(case.opening.received.day)?;
            match when.day > ends {
                true => Ok(()),
                false => Err(NotAllowed::SixMonthsNotPassed { ends }),
            }
        }
        K::RefuseRequest => {
            undecided()?;
            match &case.request {
                Some(request) if request.refused.is_none() => Ok(()),
                _ => Err(NotAllowed::NoRequest),
            }
        }
        K::OrderToDecide => {
            undecided()?;
            match &case.request {
                Some(request) if request.refused.is_some() && request.ordered.is_none() => Ok(()),
                _ => Err(NotAllowed::RequestNotRefused),
            }
        }
        K::Draft | K::Decide => {
            undecided()?;
            if case.complete.is_none() {
                return Err(NotAllowed::NotComplete);
            }
            let missing = |referral: &&Referral| referral.answered.is_none() && referral.required == Required::Always;
            match case.referrals.iter().find(missing) {
                Some(_) if kind == K::Decide => Err(NotAllowed::OpinionMissing),
                _ => Ok(()),
            }
        }
        K::Notify => decided().map(|_| ()),
        K::Serve => match decided()?.notified.is_empty() {
            true => Err(NotAllowed::NotNotified),
            false => Ok(()),
        },
        K::AnnounceMinutes => match (decided()?, case.regime()) {
            (_, Regime::Administrative) => Err(NotAllowed::NotAnnounced),
            (decided, Regime::LegalityReview) if decided.announced.is_none() => Ok(()),
            _ => Err(NotAllowed::AlreadyAnnounced),
        },
        K::Correct => {
            decided()?;
            case.administrative("Rättelse (36 §)")
        }
        K::Change | K::TakeUpAgain => {
            match (kind, decided()?.dismissal) {
                (K::Change, true) => return Err(NotAllowed::DismissalIsLifted),
                (K::TakeUpAgain, false) => return Err(NotAllowed::NotDismissed),
                _ => {}
            }
            case.administrative("Ändring av beslut (37–39 §§)")?;
            // FL 39 §: not once the file has been handed over.
            match case
                .appeals
                .iter()
                .any(|appeal| appeal.is_open() && appeal.forwarded.is_some())
            {
                true => Err(NotAllowed::FileHandedOver),
                false => Ok(()),
            }
        }
        K::AppealReceived => decided().map(|_| ()),
        K::TestTimeliness => {
            decided()?;
            case.administrative("Myndighetens prövning av om överklagandet kom i rätt tid (45 §)")?;
            match case
                .appeals
                .iter()
                .any(|appeal| appeal.timeliness.is_none() && appeal.is_open())
            {
                true => Ok(()),
                false => Err(NotAllowed::NoAppeal),
            }
        }
        K::ForwardAppeal => {
            decided()?;
            case.administrative("Överlämnande av överklagandet (46 §)")?;
            let mut open = case
                .appeals
                .iter()
                .filter(|appeal| appeal.is_open() && appeal.forwarded.is_none());
            match open.clone().next() {
                None => Err(NotAllowed::NoAppeal),
                Some(_) if open.any(|appeal| appeal.timeliness.is_some()) => Ok(()),
                Some(_) => Err(NotAllowed::TimelinessNotTested),
            }
        }
        K::AppealEnded => {
            decided()?;
            let mut open = case.appeals.iter().filter(|appeal| appeal.is_open());
            match open.clone().next() {
                None => Err(NotAllowed::NoAppeal),
                Some(_) if case.regime() == Regime::LegalityReview => Ok(()),
                Some(_) if open.any(|appeal| appeal.forwarded.is_some()) => Ok(()),
                Some(_) => Err(NotAllowed::NotForwarded),
            }
        }
        K::GainLegalForce => legal_force_may_come(case, decided()?, when),
        K::Close => {
            if case.appeals.iter().any(AppealCase::is_open) {
                return Err(NotAllowed::AppealOpen);
            }
            let finished = match (&case.ended, &case.decided) {
                (Some(_), _) => true,
                (None, None) => false,
                (None, Some(decided)) => {
                    decided.legal_force.is_some()
                        || (matches!(decided.decision.appeal, Appeal::No { .. })
                            && case.everyone(|party| decided.notified.contains_key(party)))
                }
            };
            if finished { Ok(()) } else { Err(NotAllowed::NotFinished) }
        }
        K::Archive | K::Dispose => match case.closed {
            Some(_) => Ok(()),
            None => Err(NotAllowed::NotClosed),
        },
    }
}

/// Laga kraft: the time for appeal has passed for everyone, and no appeal is open (FL 35 and 44 §§, KL 13:5).
fn legal_force_may_come(case: &Case, decided: &Decided, when: Moment) -> Result<(), NotAllowed> {
    if decided.legal_force.is_some() {
        return Err(NotAllowed::AlreadyFinal);
    }
    if case.appeals.iter().any(AppealCase::is_open) {
        return Err(NotAllowed::AppealOpen);
    }
    let last_day = match (&decided.decision.appeal, case.regime()) {
        (Appeal::No { .. }, _) => {
            return match case.everyone(|party| decided.notified.contains_key(party)) {
                true => Ok(()),
                false => Err(NotAllowed::NotNotified),
            };
        }
        (_, Regime::LegalityReview) => {
            let announced = decided.announced.ok_or(NotAllowed::NotAnnouncedYet)?;
            Some(deadlines::appeal_until(announced, LEGALITY_REVIEW)?)
        }
        (_, Regime::Administrative) => {
            let days = case.opening.parties.iter().map(|party| case.appeal_until(&party.id));
            days.collect::<Option<Vec<Date>>>()
                .ok_or(NotAllowed::NotServed)?
                .into_iter()
                .max()
        }
    };
    match last_day {
        None => Err(NotAllowed::NotServed),
        Some(last_day) if when.day <= last_day => Err(NotAllowed::AppealTimeRuns { last_day }),
        Some(_) => Ok(()),
    }
}

/// Does one thing in a case: the case afterwards and what the node has to do, or what stands in the way.
pub fn apply(case: &Case, act: &Act, when: Moment) -> Result<(Case, Vec<Effect>), NotAllowed> {
    if case.entries.len() >= ENTRIES_MAX || serde_json::to_string(act).map_or(true, |text| text.len() > ACT_BYTES_MAX) {
        return Err(NotAllowed::TooLarge);
    }
    let before = case
        .entries
        .last()
        .map_or(case.opening.received.instant, |entry| entry.when.instant);
    if when.instant < before {
        return Err(NotAllowed::Backwards);
    }
    // FL 22 § second paragraph may make the legal day an earlier one, nothing a later.
    if when.day > legal_day(when.instant) {
        return Err(NotAllowed::DayAfterInstant);
    }
    may(case, act.kind(), when)?;
    let mut next = case.clone();
    let mut effects = next.change(act, when)?;
    next.entries.push(Entry { act: act.clone(), when });
    let state = next.state();
    if state != case.state() || next.decide_by() != case.decide_by() {
        effects.push(Effect::PushStatus { state });
    }
    Ok((next, effects))
}

impl Case {
    /// The act's own conditions and its consequences; what the state forbids has been tested by [`may`].
    fn change(&mut self, act: &Act, when: Moment) -> Result<Vec<Effect>, NotAllowed> {
        match act {
            Act::Register { diary_number } => {
                let number = written(diary_number).map_err(|_| NotAllowed::DiaryNumberMissing)?;
                self.diary_number = Some(number);
                let mut effects = vec![Effect::Count {
                    event: events::Kind::StepOpened,
                }];
                effects.extend(self.decision_deadline());
                if self.regime() == Regime::Administrative && self.opening.initiator == Initiator::Individual {
                    let ends = deadlines::six_months_end(self.opening.received.day)?;
                    effects.push(Effect::Schedule {
                        job: Job::RequestOpens,
                        on: day_after(ends)?,
                    });
                }
                if let Some(on) = self.may_start() {
                    effects.push(Effect::Schedule { job: Job::MayStart, on });
                }
                Ok(effects)
            }
            Act::AskForCompletion(asked) => self.ask_for_completion(asked, when),
            Act::CompletionReceived { .. } => {
                for request in self
                    .completion_requests
                    .iter_mut()
                    .filter(|request| request.answered.is_none())
                {
                    request.answered = Some(when);
                }
                Ok(vec![
                    Effect::ClearDeadline {
                        of: DeadlineOf::Completion,
                    },
                    Effect::Count {
                        event: events::Kind::Completed,
                    },
                ])
            }
            Act::FindComplete => self.find_complete(when),
            Act::Dismiss { because, decision } => self.dismiss(because, decision, when),
            Act::SendReferral(sent) => {
                let question = written(&sent.question)?;
                not_passed(sent.answer_by, when)?;
                self.referrals.push(Referral {
                    to: sent.to.clone(),
                    fact: sent.fact.clone(),
                    question,
                    answer_by: sent.answer_by,
                    required: sent.required,
                    at: when,
                    overdue: None,
                    answered: None,
                });
                let referral = self.referrals.len() - 1;
                Ok(vec![
                    make(DocumentKind::Dispatched, DocumentOf::Referral),
                    Effect::SendToBody {
                        to: sent.to.clone(),
                        document: DocumentOf::Referral,
                    },
                    Effect::SetDeadline {
                        of: DeadlineOf::Referral { referral },
                        last_day: sent.answer_by,
                    },
                    Effect::Schedule {
                        job: Job::ReferralDue { referral },
                        on: day_after(sent.answer_by)?,
                    },
                ])
            }
            Act::OpinionReceived { referral, answer } => {
                let at = *referral;
                let answer = written(answer)?;
                let referral = self
                    .referrals
                    .get_mut(at)
                    .filter(|referral| referral.answered.is_none());
                referral.ok_or(NotAllowed::NoReferral)?.answered = Some((answer, when));
                Ok(vec![Effect::ClearDeadline {
                    of: DeadlineOf::Referral { referral: at },
                }])
            }
            Act::ReferralOverdue { referral } => {
                let referral = self
                    .referrals
                    .get_mut(*referral)
                    .filter(|referral| referral.answered.is_none() && referral.overdue.is_none())
                    .ok_or(NotAllowed::NoReferral)?;
                if when.day <= referral.answer_by {
                    return Err(NotAllowed::NotYetDue {
                        last_day: referral.answer_by,
                    });
                }
                // Alkohollagen 8:11: silence is not consent; the referral stays open.
                referral.overdue = Some(when);
                let to = referral.to.clone();
                Ok(vec![Effect::SendToBody {
                    to,
                    document: DocumentOf::Referral,
                }])
            }
            Act::Communicate { party, how } => self.communicate(party, how, when),
            Act::PartyAnswered { party } => {
                self.known_party(party)?;
                let mut waiting = self
                    .hearings
                    .iter_mut()
                    .filter(|hearing| hearing.party == *party && hearing.waits())
                    .peekable();
                if waiting.peek().is_none() {
                    return Err(NotAllowed::NoHearing);
                }
                waiting.for_each(|hearing| hearing.answered = Some(when));
                Ok(vec![Effect::ClearDeadline {
                    of: DeadlineOf::Hearing { party: party.clone() },
                }])
            }
            Act::Assess {
                by,
                fact,
                answer,
                reasons,
            } => {
                self.free_to_act(by)?;
                self.assessments.push(Assessment {
                    by: by.clone(),
                    fact: fact.clone(),
                    answer: *answer,
                    reasons: written(reasons)?,
                    at: when,
                });
                Ok(vec![])
            }
            Act::DeclareDisqualification { official, circumstance } => {
                self.declarations.push(Declaration {
                    official: official.clone(),
                    circumstance: *circumstance,
                    declared: when,
                    ruling: None,
                });
                Ok(vec![])
            }
            Act::StateImpartial { official } => {
                self.free_to_act(official)?;
                self.impartial.push((official.clone(), when));
                Ok(vec![])
            }
            Act::DecideDisqualification { official, ruling, by } => self.rule_on(official, *ruling, by, when),
            Act::TellOfDelay { reasons } => {
                written(reasons)?;
                Ok(self.tell_parties(DocumentOf::DelayNotice))
            }
            Act::Extend { reasons, by } => self.extend(reasons, by, when),
            Act::RequestDecision { party } => {
                self.known_party(party)?;
                let decide_by = deadlines::request_decided_by(when.day)?;
                self.request = Some(DecisionRequest {
                    party: party.clone(),
                    at: when,
                    decide_by,
                    refused: None,
                    ordered: None,
                });
                Ok(vec![
                    Effect::SetDeadline {
                        of: DeadlineOf::RequestedDecision,
                        last_day: decide_by,
                    },
                    Effect::Schedule {
                        job: Job::RequestDue,
                        on: decide_by,
                    },
                ])
            }
            Act::RefuseRequest { reasons, by } => {
                written(reasons)?;
                // Appealable to the same instance as the matter (FL 12 § second paragraph).
                let appeal = Appeal::To {
                    regime: Regime::Administrative,
                    instance: String::new(),
                    within: Length {
                        number: 3,
                        unit: Unit::Weeks,
                    },
                    from: Start::Served,
                };
                self.decider_may(by, OutcomeKind::Burdensome, Importance::Ordinary, &appeal, when)?;
                let request = self.request.as_mut().ok_or(NotAllowed::NoRequest)?;
                request.refused = Some(when);
                let party = request.party.clone();
                Ok(vec![
                    Effect::ClearDeadline {
                        of: DeadlineOf::RequestedDecision,
                    },
                    make(DocumentKind::Dispatched, DocumentOf::RequestRefusal),
                    Effect::SendToParty {
                        party,
                        document: DocumentOf::RequestRefusal,
                    },
                ])
            }
            Act::OrderToDecide { decide_by } => {
                not_passed(*decide_by, when)?;
                let request = self.request.as_mut().ok_or(NotAllowed::RequestNotRefused)?;
                request.ordered = Some(*decide_by);
                Ok(vec![
                    Effect::SetDeadline {
                        of: DeadlineOf::RequestedDecision,
                        last_day: *decide_by,
                    },
                    Effect::Schedule {
                        job: Job::RequestDue,
                        on: *decide_by,
                    },
                ])
            }
            Act::Withdraw { party } => {
                self.known_party(party)?;
                self.ended = Some(Ended::Withdrawn);
                let mut effects = self.stop_clocks();
                effects.push(make(DocumentKind::Dispatched, DocumentOf::WriteOff));
                effects.extend(self.to_parties(DocumentOf::WriteOff));
                Ok(effects)
            }
            Act::HandOver { to, reasons } => {
                written(reasons)?;
                self.ended = Some(Ended::HandedOver { to: to.clone() });
                let mut effects = self.stop_clocks();
                effects.push(Effect::SendToBody {
                    to: to.clone(),
                    document: DocumentOf::HandOver,
                });
                effects.extend(self.tell_parties(DocumentOf::HandOver));
                Ok(effects)
            }
            Act::Draft { by, outcome } => {
                self.free_to_act(by)?;
                self.draft = Some((written(outcome)?, when));
                Ok(vec![make(DocumentKind::Draft, DocumentOf::DraftDecision)])
            }
            Act::Decide(decision) => self.decide(decision, None, when),
            Act::Notify { party, names } => {
                self.known_party(party)?;
                if let Names::Withheld { reasons } = names {
                    written(reasons).map_err(|_| NotAllowed::NamesWithheldWithoutReason)?;
                }
                let decided = self.decided.as_mut().ok_or(NotAllowed::NotDecided)?;
                // The first notice counts; a second one is a copy.
                decided
                    .notified
                    .entry(party.clone())
                    .or_insert_with(|| (names.clone(), when));
                Ok(vec![
                    make(DocumentKind::Dispatched, DocumentOf::Decision),
                    Effect::SendToParty {
                        party: party.clone(),
                        document: DocumentOf::Decision,
                    },
                ])
            }
            Act::Serve { party, service } => self.serve(party, service, when),
            Act::AnnounceMinutes => {
                self.decided.as_mut().ok_or(NotAllowed::NotDecided)?.announced = Some(when.day);
                let last_day = deadlines::appeal_until(when.day, LEGALITY_REVIEW)?;
                Ok(vec![
                    make(DocumentKind::DrawnUp, DocumentOf::Minutes),
                    Effect::SetDeadline {
                        of: DeadlineOf::LegalityReview,
                        last_day,
                    },
                    Effect::Schedule {
                        job: Job::LegalForce,
                        on: day_after(last_day)?,
                    },
                ])
            }
            Act::Correct { by, what } => {
                self.free_to_act(by)?;
                let what = written(what)?;
                let decided = self.decided.as_mut().ok_or(NotAllowed::NotDecided)?;
                decided.corrections.push((what, when));
                Ok(self.tell_parties(DocumentOf::Correction))
            }
            Act::Change { ground, decision } => self.change_decision(*ground, decision, when),
            Act::TakeUpAgain { reasons, by } => {
                written(reasons)?;
                let decided = self.decided.take().ok_or(NotAllowed::NotDecided)?;
                let decision = &decided.decision;
                self.decider_may(by, decision.kind, decision.importance, &decision.appeal, when)?;
                self.earlier.push(decided);
                self.closed = None;
                // Nothing is left for a higher instance to test.
                for appeal in self.appeals.iter_mut().filter(|appeal| appeal.is_open()) {
                    appeal.ended = Some((AppealResult::Changed, when));
                }
                let mut effects = self.tell_parties(DocumentOf::TakenUpAgain);
                effects.extend(self.decision_deadline());
                Ok(effects)
            }
            Act::AppealReceived { party, at } => {
                self.known_party(party)?;
                // A closed case is open again until the appeal has been dealt with.
                self.closed = None;
                self.appeals.push(AppealCase {
                    party: party.clone(),
                    handed_in: *at,
                    received: when,
                    timeliness: None,
                    forwarded: None,
                    ended: None,
                });
                Ok(vec![])
            }
            Act::TestTimeliness { appeal, exception } => self.test_timeliness(*appeal, *exception),
            Act::ForwardAppeal { appeal, to } => {
                let to = written(to)?;
                let appeal = self.open_appeal(*appeal)?;
                if appeal.timeliness.is_none() {
                    return Err(NotAllowed::TimelinessNotTested);
                }
                appeal.forwarded = Some((to.clone(), when));
                Ok(vec![Effect::SendToInstance {
                    to,
                    document: DocumentOf::AppealFile,
                }])
            }
            Act::AppealEnded { appeal, result } => self.end_appeal(*appeal, *result, when),
            Act::GainLegalForce => {
                self.decided.as_mut().ok_or(NotAllowed::NotDecided)?.legal_force = Some(when.day);
                Ok(vec![])
            }
            Act::Close => {
                self.closed = Some(when);
                Ok(vec![Effect::Count {
                    event: events::Kind::StepClosed,
                }])
            }
            Act::Archive => {
                self.kept = Some(Kept::Archived);
                Ok(vec![])
            }
            Act::Dispose(decision) => {
                let named = !decision.decided_by.trim().is_empty() && !decision.paragraph.trim().is_empty();
                if !named || decision.decided_on > when.day {
                    return Err(NotAllowed::DisposalNotDecided);
                }
                self.kept = Some(Kept::Disposed(decision.clone()));
                Ok(vec![])
            }
            Act::MarkSecret { document, mark } => {
                let document = written(document)?;
                written(&mark.by).map_err(|_| NotAllowed::DeciderNotNamed)?;
                self.secrecy.push((document, mark.clone()));
                Ok(vec![])
            }
        }
    }

    /// FL 20 §: first help, then an order that says what happens otherwise.
    fn ask_for_completion(&mut self, asked: &CompletionAsked, when: Moment) -> Result<Vec<Effect>, NotAllowed> {
        if asked.facts.is_empty() {
            return Err(NotAllowed::NothingAskedFor);
        }
        not_passed(asked.answer_by, when)?;
        let document = match &asked.form {
            CompletionForm::Friendly => DocumentOf::CompletionRequest,
            CompletionForm::Order { effect } => {
                self.administrative("Föreläggande att komplettera (20 §)")?;
                if self.completion_requests.is_empty() {
                    return Err(NotAllowed::FriendlyRequestFirst);
                }
                written(effect).map_err(|_| NotAllowed::OrderWithoutEffect)?;
                DocumentOf::CompletionOrder
            }
        };
        self.completion_requests.push(CompletionRequest {
            asked: asked.clone(),
            at: when,
            answered: None,
        });
        let mut effects = self.tell_parties(document);
        effects.extend([
            Effect::SetDeadline {
                of: DeadlineOf::Completion,
                last_day: asked.answer_by,
            },
            Effect::Schedule {
                job: Job::CompletionDue,
                on: day_after(asked.answer_by)?,
            },
            Effect::Count {
                event: events::Kind::CompletionRequested,
            },
        ]);
        Ok(effects)
    }

    /// Tjänstelagen 8 §: a receipt when the application is complete; the time limit starts.
    fn find_complete(&mut self, when: Moment) -> Result<Vec<Effect>, NotAllowed> {
        let known_before = self.may_start().is_some();
        // What was completed last decides the day; with nothing completed it was complete when it came.
        let completions = self
            .entries
            .iter()
            .filter(|entry| entry.act.kind() == ActKind::CompletionReceived);
        let since = completions
            .map(|entry| entry.when)
            .next_back()
            .unwrap_or(self.opening.received);
        self.complete = Some(Moment {
            instant: when.instant,
            day: since.day,
        });
        if let Some(limit) = &self.opening.time_limit
            && self.deadline.is_none()
        {
            self.deadline = deadlines::decide_by(limit, self.opening.received.day, Some(since.day))?;
        }
        let may_start = self.may_start();
        let mut effects = vec![
            make(DocumentKind::Dispatched, DocumentOf::Receipt),
            Effect::SendReceipt {
                decide_by: self.decide_by(),
                may_start,
            },
            Effect::ClearDeadline {
                of: DeadlineOf::Completion,
            },
        ];
        effects.extend(self.decision_deadline());
        if let Some(on) = may_start.filter(|_| !known_before) {
            effects.push(Effect::Schedule { job: Job::MayStart, on });
        }
        Ok(effects)
    }

    fn dismiss(
        &mut self,
        because: &DismissedBecause,
        decision: &Decision,
        when: Moment,
    ) -> Result<Vec<Effect>, NotAllowed> {
        match because {
            DismissedBecause::Incomplete => {
                if self.complete.is_some() {
                    return Err(NotAllowed::AlreadyComplete);
                }
                let order = self
                    .completion_requests
                    .iter()
                    .rfind(|request| matches!(request.asked.form, CompletionForm::Order { .. }))
                    .ok_or(NotAllowed::NoOrder)?;
                if order.answered.is_some() {
                    return Err(NotAllowed::OrderAnswered);
                }
                let last_day = order.asked.answer_by;
                if when.day <= last_day {
                    return Err(NotAllowed::NotYetDue { last_day });
                }
            }
            DismissedBecause::Hindered { reasons, .. } => {
                written(reasons)?;
            }
        }
        self.take(decision, Dismissal::Yes, when)
    }

    /// FL 25 §: all material of importance and a set day, or a ground for leaving it out.
    fn communicate(&mut self, party: &PartyId, how: &Communication, when: Moment) -> Result<Vec<Effect>, NotAllowed> {
        self.known_party(party)?;
        let effects = match how {
            Communication::Ask { answer_by } => {
                not_passed(*answer_by, when)?;
                vec![
                    make(DocumentKind::Dispatched, DocumentOf::Material),
                    Effect::SendToParty {
                        party: party.clone(),
                        document: DocumentOf::Material,
                    },
                    Effect::SetDeadline {
                        of: DeadlineOf::Hearing { party: party.clone() },
                        last_day: *answer_by,
                    },
                    Effect::Schedule {
                        job: Job::HearingDue { party: party.clone() },
                        on: day_after(*answer_by)?,
                    },
                ]
            }
            Communication::LeftOut { reasons, .. } => {
                self.administrative("Kommunikation med parten (25 §)")?;
                written(reasons)?;
                vec![]
            }
        };
        self.hearings.push(Hearing {
            party: party.clone(),
            how: how.clone(),
            at: when,
            answered: None,
        });
        Ok(effects)
    }

    /// KL 6:28–32 and 7:4 in a municipality, FL 16–18 §§ elsewhere.
    fn rule_on(
        &mut self,
        official: &Official,
        ruling: Ruling,
        by: &DecidedBy,
        when: Moment,
    ) -> Result<Vec<Effect>, NotAllowed> {
        if by.officials().contains(official) {
            return Err(NotAllowed::OwnDisqualification);
        }
        if self.opening.authority == Authority::Municipal && !matches!(by, DecidedBy::Board { .. }) {
            return Err(NotAllowed::BoardDecidesDisqualification);
        }
        // Appealed only together with the decision in the case (KL 6:32, FL 18 §).
        let appeal = Appeal::No {
            reason: "prövas bara tillsammans med beslutet i ärendet".to_owned(),
        };
        may_decide(
            self.opening.authority,
            by,
            OutcomeKind::Burdensome,
            Importance::Ordinary,
            &appeal,
            when.day,
        )?;
        let declaration = self
            .declarations
            .iter_mut()
            .find(|declaration| declaration.official == *official && declaration.ruling.is_none())
            .ok_or(NotAllowed::NoDisqualification)?;
        declaration.ruling = Some((ruling, when));
        Ok(vec![make(DocumentKind::DrawnUp, DocumentOf::DisqualificationRuling)])
    }

    /// Once, with reasons told before the first time ends; not appealable, so never automatic in a municipality.
    fn extend(&mut self, reasons: &str, by: &DecidedBy, when: Moment) -> Result<Vec<Effect>, NotAllowed> {
        written(reasons)?;
        let appeal = Appeal::No {
            reason: "förlängning av tidsfristen".to_owned(),
        };
        match self.decider_may(by, OutcomeKind::Burdensome, Importance::Ordinary, &appeal, when) {
            Err(NotAllowed::AutomaticNotAppealable) => return Err(NotAllowed::AutomaticExtension),
            other => other?,
        }
        let length = self
            .opening
            .time_limit
            .as_ref()
            .and_then(|limit| limit.extension)
            .ok_or(NotAllowed::NotExtendable)?;
        let deadline = self.deadline.ok_or(NotAllowed::NoTimeLimit)?;
        self.deadline = Some(deadline.extended(length)?);
        self.extended = Some(when);
        let mut effects = self.tell_parties(DocumentOf::ExtensionNotice);
        effects.extend(self.decision_deadline());
        Ok(effects)
    }

    /// `heard_since`: an earlier hearing than this does not count.
    fn decide(
        &mut self,
        decision: &Decision,
        heard_since: Option<Moment>,
        when: Moment,
    ) -> Result<Vec<Effect>, NotAllowed> {
        let granted = decision.kind.is_granted();
        let unanswered = |referral: &Referral| referral.answered.is_none() && referral.required == Required::ForGrant;
        if granted && self.referrals.iter().any(unanswered) {
            return Err(NotAllowed::OpinionMissingForGrant);
        }
        // FL 25 §, which does not apply under laglighetsprövning.
        let administrative = decision.regime().unwrap_or(self.opening.regime) == Regime::Administrative;
        let required = decision.hearing == HearingDuty::Required || decision.kind == OutcomeKind::Burdensome;
        if administrative && required {
            for party in &self.opening.parties {
                self.has_been_heard(&party.id, heard_since, when)?;
            }
        }
        self.take(decision, Dismissal::No, when)
    }

    fn has_been_heard(&self, party: &PartyId, since: Option<Moment>, when: Moment) -> Result<(), NotAllowed> {
        let hearing = self
            .hearings
            .iter()
            .rfind(|hearing| hearing.party == *party && since.is_none_or(|since| hearing.at >= since))
            .ok_or(NotAllowed::NotHeard)?;
        match hearing.how {
            Communication::Ask { answer_by } if hearing.answered.is_none() && when.day <= answer_by => {
                Err(NotAllowed::HearingOpen { answer_by })
            }
            _ => Ok(()),
        }
    }

    fn decider_may(
        &self,
        by: &DecidedBy,
        kind: OutcomeKind,
        importance: Importance,
        appeal: &Appeal,
        when: Moment,
    ) -> Result<(), NotAllowed> {
        may_decide(self.opening.authority, by, kind, importance, appeal, when.day)?;
        by.officials()
            .iter()
            .try_for_each(|official| self.free_to_act(official))
    }

    /// Every decision passes here: who decides, jäv, grounds.
    fn take(&mut self, decision: &Decision, dismissal: Dismissal, when: Moment) -> Result<Vec<Effect>, NotAllowed> {
        self.decider_may(&decision.by, decision.kind, decision.importance, &decision.appeal, when)?;
        if !decision.states_grounds() {
            return Err(NotAllowed::GroundsMissing);
        }
        written(&decision.outcome)?;
        let automatic = decision.by.is_automatic();
        self.decided = Some(Decided {
            decision: decision.clone(),
            at: when,
            dismissal: dismissal == Dismissal::Yes,
            notified: BTreeMap::new(),
            served: BTreeMap::new(),
            announced: None,
            corrections: vec![],
            legal_force: None,
        });
        let mut effects = self.stop_clocks();
        effects.push(make(DocumentKind::DrawnUp, DocumentOf::Decision));
        effects.push(Effect::Count {
            event: if automatic {
                events::Kind::DecidedAutomatic
            } else {
                events::Kind::DecidedManual
            },
        });
        Ok(effects)
    }

    fn serve(&mut self, party: &PartyId, service: &Service, when: Moment) -> Result<Vec<Effect>, NotAllowed> {
        self.known_party(party)?;
        let decided = self.decided.as_mut().ok_or(NotAllowed::NotDecided)?;
        let (_, notified) = decided.notified.get(party).ok_or(NotAllowed::NotNotified)?;
        if decided.served.contains_key(party) {
            return Err(NotAllowed::AlreadyServed);
        }
        let day = served_on(service, notified.day, when.day)?;
        decided.served.insert(party.clone(), (day, service.clone()));
        let Some(last_day) = self.appeal_until(party) else {
            return Ok(vec![]);
        };
        Ok(vec![
            Effect::SetDeadline {
                of: DeadlineOf::Appeal { party: party.clone() },
                last_day,
            },
            Effect::Schedule {
                job: Job::LegalForce,
                on: day_after(last_day)?,
            },
        ])
    }

    /// FL 37–39 §§. The new decision is notified and appealed as one of its own; an open appeal covers it (46 §).
    fn change_decision(
        &mut self,
        ground: ChangeGround,
        decision: &Decision,
        when: Moment,
    ) -> Result<Vec<Effect>, NotAllowed> {
        let old = self.decided.as_ref().ok_or(NotAllowed::NotDecided)?;
        // 39 §: after an appeal only as in 38 §.
        if self.appeals.iter().any(AppealCase::is_open) && ground != ChangeGround::ObviouslyWrong {
            return Err(NotAllowed::ChangeAfterAppeal);
        }
        let favourable = old.decision.kind.is_granted();
        let to_harm = decision.kind == OutcomeKind::Burdensome;
        match ground {
            ChangeGround::Wrong if favourable && to_harm => return Err(NotAllowed::FavourableDecision),
            // 38 §: to nobody's harm.
            ChangeGround::ObviouslyWrong if to_harm => return Err(NotAllowed::FavourableDecision),
            _ => {}
        }
        // A change that harms is a burdensome decision of its own: the party is heard after the old one (25 §).
        let old = old.clone();
        let mut effects = self.decide(decision, Some(old.at), when)?;
        self.earlier.push(old);
        self.closed = None;
        effects.extend(self.opening.parties.iter().map(|party| Effect::ClearDeadline {
            of: DeadlineOf::Appeal {
                party: party.id.clone(),
            },
        }));
        Ok(effects)
    }

    fn open_appeal(&mut self, at: usize) -> Result<&mut AppealCase, NotAllowed> {
        self.appeals
            .get_mut(at)
            .filter(|appeal| appeal.is_open() && appeal.forwarded.is_none())
            .ok_or(NotAllowed::NoAppeal)
    }

    /// FL 45 §: in time, late with an exception, or late and dismissed.
    fn test_timeliness(&mut self, at: usize, exception: Option<LateBut>) -> Result<Vec<Effect>, NotAllowed> {
        let appeal = self.open_appeal(at)?.clone();
        if appeal.timeliness.is_some() {
            return Err(NotAllowed::NoAppeal);
        }
        let last_day = self.appeal_until(&appeal.party);
        // A party that has not got the decision is never late: the time has not begun.
        let late = last_day.is_some_and(|last_day| appeal.received.day > last_day);
        let timeliness = match (late, appeal.handed_in, exception) {
            (false, _, _) => Timeliness::InTime,
            (true, _, Some(exception)) => Timeliness::LateBut(exception),
            (true, _, None) => Timeliness::Late,
        };
        self.open_appeal(at)?.timeliness = Some(timeliness);
        if timeliness != Timeliness::Late
            && let Some(decided) = &mut self.decided
        {
            decided.legal_force = None;
        }
        Ok(match timeliness {
            Timeliness::Late => vec![
                make(DocumentKind::Dispatched, DocumentOf::AppealDismissal),
                Effect::SendToParty {
                    party: appeal.party,
                    document: DocumentOf::AppealDismissal,
                },
            ],
            Timeliness::InTime | Timeliness::LateBut(_) => vec![],
        })
    }

    fn end_appeal(&mut self, at: usize, result: AppealResult, when: Moment) -> Result<Vec<Effect>, NotAllowed> {
        let legality_review = self.regime() == Regime::LegalityReview;
        let appeal = self
            .appeals
            .get_mut(at)
            .filter(|appeal| appeal.is_open())
            .ok_or(NotAllowed::NoAppeal)?;
        if appeal.forwarded.is_none() && !legality_review {
            return Err(NotAllowed::NotForwarded);
        }
        appeal.ended = Some((result, when));
        if result != AppealResult::Returned {
            return Ok(vec![]);
        }
        // The decision is gone and the body decides anew; appeals of the annulled decision have nothing left to test.
        self.earlier.extend(self.decided.take());
        self.draft = None;
        for appeal in self.appeals.iter_mut().filter(|appeal| appeal.is_open()) {
            appeal.ended = Some((result, when));
        }
        Ok(vec![])
    }

    fn decision_deadline(&self) -> Vec<Effect> {
        let Some(last_day) = self.decide_by() else {
            return vec![];
        };
        vec![
            Effect::SetDeadline {
                of: DeadlineOf::Decision,
                last_day,
            },
            Effect::Schedule {
                job: Job::DecisionDue,
                on: last_day,
            },
        ]
    }

    fn stop_clocks(&self) -> Vec<Effect> {
        let mut effects = vec![Effect::ClearDeadline {
            of: DeadlineOf::Decision,
        }];
        if self.request.is_some() {
            effects.push(Effect::ClearDeadline {
                of: DeadlineOf::RequestedDecision,
            });
        }
        effects
    }

    fn to_parties(&self, document: DocumentOf) -> Vec<Effect> {
        self.opening
            .parties
            .iter()
            .map(|party| Effect::SendToParty {
                party: party.id.clone(),
                document: document.clone(),
            })
            .collect()
    }

    fn tell_parties(&self, document: DocumentOf) -> Vec<Effect> {
        let mut effects = vec![make(DocumentKind::Dispatched, document.clone())];
        effects.extend(self.to_parties(document));
        effects
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dismissal {
    Yes,
    No,
}

fn make(kind: DocumentKind, document: DocumentOf) -> Effect {
    Effect::MakeDocument { kind, document }
}

/// A text that says something.
fn written(text: &str) -> Result<String, NotAllowed> {
    match text.trim() {
        "" => Err(NotAllowed::ReasonsMissing),
        text => Ok(text.to_owned()),
    }
}

/// A set day lies after today: on the day itself there would be no time.
fn not_passed(day: Date, when: Moment) -> Result<(), NotAllowed> {
    if day > when.day {
        Ok(())
    } else {
        Err(NotAllowed::DayPassed)
    }
}

fn day_after(day: Date) -> Result<Date, NotAllowed> {
    Ok(crate::words::time::add_days(day, 1)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::act::{DismissedBecause, LeftOutBecause, ReferralSent};
    use crate::case::decision::{Ground, TakesEffect};
    use crate::case::del::{ControlMessage, Simplified};
    use crate::case::jav::Circumstance;
    use crate::rules::Delegation;
    use crate::words::law::Lagrum;
    use jiff::civil::date;
    use proptest::prelude::*;

    /// An alcohol licence in a municipality: four months from complete, once four more.
    fn opening() -> Opening {
        let months = |number| Length {
            number,
            unit: Unit::Months,
        };
        Opening {
            authority: Authority::Municipal,
            regime: Regime::Administrative,
            initiator: Initiator::Individual,
            received: on(2026, 8, 24),
            time_limit: Some(Frist {
                decide_within: Some((months(4), Start::Complete)),
                extension: Some(months(4)),
                may_start: None,
            }),
            parties: vec![Party {
                id: applicant(),
                kind: PartyKind::Private,
            }],
        }
    }

    fn on(year: i16, month: i8, day: i8) -> Moment {
        Moment::start_of(date(year, month, day)).unwrap()
    }

    fn applicant() -> PartyId {
        PartyId("sökande".to_owned())
    }

    fn worker() -> Official {
        Official("handläggare 1".to_owned())
    }

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn delegation() -> Delegation {
        Delegation {
            decided_by: "Socialnämnden i Exempelkommun A".to_owned(),
            decided_on: date(2026, 3, 10),
            paragraph: "§ 27".to_owned(),
            scope: "registrering".to_owned(),
            to: "beslutsfunktionen".to_owned(),
        }
    }

    fn board(meeting: Date) -> DecidedBy {
        DecidedBy::Board {
            meeting,
            paragraph: "§ 142".to_owned(),
            took_part: vec![Official("ordförande".to_owned())],
        }
    }

    fn function() -> DecidedBy {
        DecidedBy::Function {
            name: "registrering".to_owned(),
            version: "starta-restaurang 1".to_owned(),
            delegation: delegation(),
        }
    }

    fn appeal(regime: Regime) -> Appeal {
        Appeal::To {
            regime,
            instance: "förvaltningsrätten".to_owned(),
            within: Length {
                number: 3,
                unit: Unit::Weeks,
            },
            from: Start::Served,
        }
    }

    fn decision(kind: OutcomeKind) -> Decision {
        Decision {
            outcome: "utfall".to_owned(),
            kind,
            grounds: vec![Ground {
                rule: name("serveringstillstånd"),
                row: Some(name("a2")),
                because: "Skulderna är stora.".to_owned(),
                law: Some(Lagrum::parse("2010:1622 8 kap. 12 §").unwrap()),
            }],
            by: board(date(2026, 9, 1)),
            importance: Importance::Ordinary,
            hearing: HearingDuty::NotRequired,
            appeal: appeal(Regime::Administrative),
            effect: TakesEffect::WhenFinal,
            letter: "beslut".to_owned(),
        }
    }

    fn refusal() -> Decision {
        decision(OutcomeKind::Burdensome)
    }

    fn register() -> Act {
        Act::Register {
            diary_number: "SN 2026-0457".to_owned(),
        }
    }

    fn ask(form: CompletionForm, answer_by: Date) -> Act {
        Act::AskForCompletion(CompletionAsked {
            facts: vec![name("lokal.ritning")],
            answer_by,
            form,
        })
    }

    fn order() -> CompletionForm {
        CompletionForm::Order {
            effect: "Ansökan kan annars avvisas.".to_owned(),
        }
    }

    fn refer(required: Required, answer_by: Date) -> Act {
        Act::SendReferral(ReferralSent {
            to: BodyId::parse("polisdistriktet").unwrap(),
            fact: name("polis.yttrande"),
            question: "Finns något att erinra?".to_owned(),
            answer_by,
            required,
        })
    }

    fn hear(answer_by: Date) -> Act {
        Act::Communicate {
            party: applicant(),
            how: Communication::Ask { answer_by },
        }
    }

    fn notify() -> Act {
        Act::Notify {
            party: applicant(),
            names: Names::Given,
        }
    }

    fn open_letter(opened: Moment) -> Act {
        Act::Serve {
            party: applicant(),
            service: Service::OpenedLetter { opened },
        }
    }

    fn extend(by: DecidedBy) -> Act {
        Act::Extend {
            reasons: "Utredningen kräver det.".to_owned(),
            by,
        }
    }

    fn appeal_now() -> Act {
        Act::AppealReceived {
            party: applicant(),
            at: HandedIn::ToThisBody,
        }
    }

    fn after(case: &Case, acts: &[(Act, Moment)]) -> Case {
        acts.iter().fold(case.clone(), |case, (act, when)| {
            apply(&case, act, *when)
                .unwrap_or_else(|why| panic!("{act:?}: {why}"))
                .0
        })
    }

    fn refused(case: &Case, act: &Act, when: Moment) -> NotAllowed {
        apply(case, act, when)
            .err()
            .unwrap_or_else(|| panic!("{act:?} was allowed"))
    }

    fn received() -> Case {
        Case::open(opening()).unwrap()
    }

    fn registered() -> Case {
        after(&received(), &[(register(), on(2026, 8, 24))])
    }

    fn complete() -> Case {
        after(&registered(), &[(Act::FindComplete, on(2026, 8, 25))])
    }

    fn decided() -> Case {
        after(
            &complete(),
            &[
                (hear(date(2026, 9, 10)), on(2026, 8, 26)),
                (Act::PartyAnswered { party: applicant() }, on(2026, 9, 5)),
                (Act::Decide(Box::new(refusal())), on(2026, 11, 18)),
            ],
        )
    }

    fn served() -> Case {
        after(
            &decided(),
            &[
                (notify(), on(2026, 11, 18)),
                (open_letter(on(2026, 11, 19)), on(2026, 11, 19)),
            ],
        )
    }

    #[test]
    fn a_case_goes_from_received_to_archived_in_the_order_of_the_law() {
        let mut case = received();
        assert_eq!(case.state(), State::Received);
        let police = "ingen erinran".to_owned();
        for (act, when, state) in [
            (register(), on(2026, 8, 24), State::Registered),
            (
                ask(CompletionForm::Friendly, date(2026, 9, 4)),
                on(2026, 8, 25),
                State::CompletionAsked,
            ),
            (
                Act::CompletionReceived { facts: vec![] },
                on(2026, 9, 1),
                State::CompletionAnswered,
            ),
            (Act::FindComplete, on(2026, 9, 2), State::Examined),
            (
                refer(Required::ForGrant, date(2026, 10, 14)),
                on(2026, 9, 2),
                State::OnReferral,
            ),
            (
                Act::OpinionReceived {
                    referral: 0,
                    answer: police,
                },
                on(2026, 9, 14),
                State::Examined,
            ),
            (hear(date(2026, 9, 30)), on(2026, 9, 15), State::Communicated),
            (
                Act::PartyAnswered { party: applicant() },
                on(2026, 9, 25),
                State::Examined,
            ),
            (
                Act::Draft {
                    by: worker(),
                    outcome: "avslag".to_owned(),
                },
                on(2026, 10, 1),
                State::Drafted,
            ),
            (Act::Decide(Box::new(refusal())), on(2026, 11, 18), State::Decided),
            (notify(), on(2026, 11, 18), State::Notified),
            (open_letter(on(2026, 11, 19)), on(2026, 11, 19), State::Served),
            (Act::GainLegalForce, on(2026, 12, 11), State::LegalForce),
            (Act::Close, on(2026, 12, 11), State::Closed),
            (Act::Archive, on(2027, 1, 11), State::Archived),
        ] {
            case = after(&case, &[(act, when)]);
            assert_eq!(case.state(), state);
        }
        let disposal = DisposalDecision {
            decided_by: "Socialnämnden".to_owned(),
            decided_on: date(2026, 3, 10),
            paragraph: String::new(),
        };
        assert_eq!(
            refused(&case, &Act::Dispose(disposal.clone()), on(2037, 1, 1)),
            NotAllowed::DisposalNotDecided
        );
        let named = DisposalDecision {
            paragraph: "§ 30".to_owned(),
            ..disposal
        };
        assert_eq!(
            after(&case, &[(Act::Dispose(named), on(2037, 1, 1))]).state(),
            State::Disposed
        );
    }

    #[test]
    fn nothing_happens_before_registration_and_a_number_is_given_once() {
        assert_eq!(
            refused(&received(), &Act::FindComplete, on(2026, 8, 24)),
            NotAllowed::NotRegistered
        );
        assert_eq!(
            refused(&registered(), &register(), on(2026, 8, 24)),
            NotAllowed::AlreadyRegistered
        );
        let nameless = Act::Register {
            diary_number: " ".to_owned(),
        };
        assert_eq!(
            refused(&received(), &nameless, on(2026, 8, 24)),
            NotAllowed::DiaryNumberMissing
        );
    }

    #[test]
    fn completeness_gives_a_receipt_and_starts_the_time_limit() {
        let (case, effects) = apply(&registered(), &Act::FindComplete, on(2026, 8, 26)).unwrap();
        assert_eq!(case.complete().map(|moment| moment.day), Some(date(2026, 8, 24)));
        assert_eq!(case.decide_by(), Some(date(2026, 12, 28)));
        assert!(effects.contains(&Effect::SendReceipt {
            decide_by: Some(date(2026, 12, 28)),
            may_start: None
        }));
        assert!(effects.contains(&Effect::PushStatus { state: State::Examined }));
        assert_eq!(
            refused(&case, &Act::FindComplete, on(2026, 8, 27)),
            NotAllowed::AlreadyComplete
        );
    }

    #[test]
    fn what_was_completed_last_decides_the_day_of_completeness() {
        let case = after(
            &registered(),
            &[
                (ask(CompletionForm::Friendly, date(2026, 9, 4)), on(2026, 8, 25)),
                (
                    Act::CompletionReceived {
                        facts: vec![name("lokal.ritning")],
                    },
                    on(2026, 9, 1),
                ),
                (Act::FindComplete, on(2026, 9, 3)),
            ],
        );
        assert_eq!(case.decide_by(), Some(date(2027, 1, 4)));
    }

    #[test]
    fn an_incomplete_application_is_dismissed_only_after_help_order_and_the_orders_day() {
        let dismiss = Act::Dismiss {
            because: DismissedBecause::Incomplete,
            decision: Box::new(refusal()),
        };
        let friendly = ask(CompletionForm::Friendly, date(2026, 9, 4));
        let case = registered();
        assert_eq!(
            refused(&case, &ask(order(), date(2026, 9, 4)), on(2026, 8, 25)),
            NotAllowed::FriendlyRequestFirst
        );
        let case = after(&case, &[(friendly, on(2026, 8, 25))]);
        assert_eq!(refused(&case, &dismiss, on(2026, 9, 7)), NotAllowed::NoOrder);
        let empty = CompletionForm::Order { effect: String::new() };
        assert_eq!(
            refused(&case, &ask(empty, date(2026, 9, 20)), on(2026, 9, 7)),
            NotAllowed::OrderWithoutEffect
        );
        let case = after(&case, &[(ask(order(), date(2026, 9, 18)), on(2026, 9, 7))]);
        let last_day = date(2026, 9, 18);
        assert_eq!(
            refused(&case, &dismiss, on(2026, 9, 18)),
            NotAllowed::NotYetDue { last_day }
        );
        assert_eq!(
            after(&case, &[(dismiss.clone(), on(2026, 9, 19))]).state(),
            State::Dismissed
        );
        let answered = after(&case, &[(Act::CompletionReceived { facts: vec![] }, on(2026, 9, 10))]);
        assert_eq!(refused(&answered, &dismiss, on(2026, 9, 19)), NotAllowed::OrderAnswered);
    }

    #[test]
    fn an_opinion_that_is_needed_for_a_grant_hinders_only_the_grant() {
        let grant = Act::Decide(Box::new(decision(OutcomeKind::Favourable)));
        let answer_by = date(2026, 10, 5);
        let case = after(&complete(), &[(refer(Required::ForGrant, answer_by), on(2026, 8, 26))]);
        assert_eq!(
            refused(&case, &grant, on(2026, 10, 6)),
            NotAllowed::OpinionMissingForGrant
        );
        let overdue = Act::ReferralOverdue { referral: 0 };
        assert_eq!(
            refused(&case, &overdue, on(2026, 10, 5)),
            NotAllowed::NotYetDue { last_day: answer_by }
        );
        let silent = after(&case, &[(overdue, on(2026, 10, 6))]);
        assert_eq!(
            refused(&silent, &grant, on(2026, 10, 7)),
            NotAllowed::OpinionMissingForGrant
        );
        let heard = after(&silent, &[(hear(date(2026, 10, 20)), on(2026, 10, 7))]);
        assert_eq!(
            after(&heard, &[(Act::Decide(Box::new(refusal())), on(2026, 10, 21))]).state(),
            State::Decided
        );
        let always = after(&complete(), &[(refer(Required::Always, answer_by), on(2026, 8, 26))]);
        assert_eq!(
            refused(&always, &Act::Decide(Box::new(refusal())), on(2026, 10, 7)),
            NotAllowed::OpinionMissing
        );
    }

    #[test]
    fn a_party_is_heard_before_a_burdensome_decision() {
        let refuse = Act::Decide(Box::new(refusal()));
        assert_eq!(refused(&complete(), &refuse, on(2026, 9, 15)), NotAllowed::NotHeard);
        let asked = after(&complete(), &[(hear(date(2026, 9, 10)), on(2026, 8, 26))]);
        let answer_by = date(2026, 9, 10);
        assert_eq!(
            refused(&asked, &refuse, on(2026, 9, 10)),
            NotAllowed::HearingOpen { answer_by }
        );
        assert!(apply(&asked, &refuse, on(2026, 9, 11)).is_ok());
        let left_out = Act::Communicate {
            party: applicant(),
            how: Communication::LeftOut {
                because: LeftOutBecause::ObviouslyUnnecessary,
                reasons: "Allt kommer från sökanden.".to_owned(),
            },
        };
        let case = after(&complete(), &[(left_out, on(2026, 8, 26))]);
        assert!(apply(&case, &refuse, on(2026, 9, 11)).is_ok());
    }

    #[test]
    fn a_decision_states_grounds_with_a_provision() {
        let mut without = decision(OutcomeKind::Favourable);
        without.grounds.clear();
        assert_eq!(
            refused(&complete(), &Act::Decide(Box::new(without)), on(2026, 9, 15)),
            NotAllowed::GroundsMissing
        );
        let mut lawless = decision(OutcomeKind::Favourable);
        lawless.grounds[0].law = None;
        assert_eq!(
            refused(&complete(), &Act::Decide(Box::new(lawless)), on(2026, 9, 15)),
            NotAllowed::GroundsMissing
        );
        let grant = Act::Decide(Box::new(decision(OutcomeKind::Favourable)));
        assert_eq!(refused(&registered(), &grant, on(2026, 9, 15)), NotAllowed::NotComplete);
        assert_eq!(
            refused(&decided(), &grant, on(2026, 11, 20)),
            NotAllowed::AlreadyDecided
        );
    }

    #[test]
    fn who_may_decide_follows_from_delegation_appeal_and_importance() {
        let day = on(2026, 9, 15);
        let base = decision(OutcomeKind::Registration);
        let automatic = Decision {
            by: function(),
            ..base.clone()
        };
        let with = |decision: Decision| {
            apply(&complete(), &Act::Decide(Box::new(decision)), day).map(|(case, _)| case.state())
        };
        assert_eq!(with(automatic.clone()), Ok(State::Decided));
        let review = Decision {
            appeal: appeal(Regime::LegalityReview),
            ..automatic.clone()
        };
        assert_eq!(with(review), Err(NotAllowed::AutomaticLegalityReview));
        let final_at_once = Decision {
            appeal: Appeal::No {
                reason: "lag".to_owned(),
            },
            ..automatic.clone()
        };
        assert_eq!(with(final_at_once), Err(NotAllowed::AutomaticNotAppealable));
        let principle = Decision {
            importance: Importance::OfPrinciple,
            ..automatic.clone()
        };
        assert_eq!(with(principle), Err(NotAllowed::OfPrinciple));
        let unrecorded = DecidedBy::Delegate {
            official: worker(),
            delegation: Delegation {
                paragraph: String::new(),
                ..delegation()
            },
        };
        assert_eq!(
            with(Decision {
                by: unrecorded,
                ..base.clone()
            }),
            Err(NotAllowed::DelegationNotRecorded)
        );
        let later = DecidedBy::Delegate {
            official: worker(),
            delegation: Delegation {
                decided_on: date(2026, 10, 1),
                ..delegation()
            },
        };
        assert_eq!(
            with(Decision {
                by: later,
                ..base.clone()
            }),
            Err(NotAllowed::DelegationNotInForce)
        );
        let agency = DecidedBy::Agency { official: worker() };
        assert_eq!(
            with(Decision {
                by: agency.clone(),
                ..base.clone()
            }),
            Err(NotAllowed::NotAnAgency)
        );
        assert_eq!(
            with(Decision {
                by: board(date(2026, 9, 16)),
                ..base.clone()
            }),
            Err(NotAllowed::MeetingNotHeld)
        );
        assert_eq!(
            with(Decision {
                by: DecidedBy::Nobody,
                ..base.clone()
            }),
            Err(NotAllowed::NobodyDecides)
        );
        let noted = Decision {
            by: DecidedBy::Nobody,
            kind: OutcomeKind::Acknowledgement,
            appeal: Appeal::No {
                reason: "inget beslut fattas".to_owned(),
            },
            ..base.clone()
        };
        assert_eq!(with(noted), Ok(State::Decided));

        let state = after(
            &Case::open(Opening {
                authority: Authority::State,
                ..opening()
            })
            .unwrap(),
            &[(register(), on(2026, 8, 24)), (Act::FindComplete, on(2026, 8, 24))],
        );
        let decide = |by| apply(&state, &Act::Decide(Box::new(Decision { by, ..base.clone() })), day).map(|_| ());
        assert_eq!(decide(agency), Ok(()));
        assert_eq!(decide(board(date(2026, 9, 1))), Err(NotAllowed::NoBoard));
    }

    #[test]
    fn a_time_limit_is_extended_once_with_reasons_before_it_ends() {
        let silent = Act::Extend {
            reasons: String::new(),
            by: board(date(2026, 9, 1)),
        };
        assert_eq!(
            refused(&complete(), &silent, on(2026, 12, 1)),
            NotAllowed::ReasonsMissing
        );
        assert_eq!(
            refused(&complete(), &extend(function()), on(2026, 12, 1)),
            NotAllowed::AutomaticExtension
        );
        let last_day = date(2026, 12, 28);
        let by_board = extend(board(date(2026, 9, 1)));
        assert_eq!(
            refused(&complete(), &by_board, on(2026, 12, 29)),
            NotAllowed::TimeLimitPassed { last_day }
        );
        let (case, effects) = apply(&complete(), &by_board, on(2026, 12, 28)).unwrap();
        assert_eq!(case.decide_by(), Some(date(2027, 4, 26)));
        assert!(effects.contains(&Effect::SendToParty {
            party: applicant(),
            document: DocumentOf::ExtensionNotice
        }));
        assert_eq!(refused(&case, &by_board, on(2027, 1, 2)), NotAllowed::AlreadyExtended);
        let unlimited = Case::open(Opening {
            time_limit: None,
            ..opening()
        })
        .unwrap();
        let unlimited = after(&unlimited, &[(register(), on(2026, 8, 24))]);
        assert_eq!(refused(&unlimited, &by_board, on(2026, 9, 1)), NotAllowed::NoTimeLimit);
    }

    #[test]
    fn after_six_months_the_party_may_ask_once_for_a_decision() {
        let request = Act::RequestDecision { party: applicant() };
        let ends = date(2027, 2, 24);
        assert_eq!(
            refused(&registered(), &request, on(2027, 2, 24)),
            NotAllowed::SixMonthsNotPassed { ends }
        );
        let case = after(&registered(), &[(request.clone(), on(2027, 2, 25))]);
        assert_eq!(case.request().map(|request| request.decide_by), Some(date(2027, 3, 25)));
        assert_eq!(refused(&case, &request, on(2027, 2, 26)), NotAllowed::AlreadyRequested);
        let refuse = Act::RefuseRequest {
            reasons: "Utredningen pågår.".to_owned(),
            by: board(date(2027, 3, 1)),
        };
        let order = Act::OrderToDecide {
            decide_by: date(2027, 5, 1),
        };
        assert_eq!(refused(&case, &order, on(2027, 3, 2)), NotAllowed::RequestNotRefused);
        let case = after(&case, &[(refuse.clone(), on(2027, 3, 2)), (order, on(2027, 4, 1))]);
        assert_eq!(refused(&case, &refuse, on(2027, 4, 2)), NotAllowed::NoRequest);
        assert_eq!(refused(&case, &request, on(2027, 9, 2)), NotAllowed::AlreadyRequested);
        let own = Case::open(Opening {
            initiator: Initiator::Authority,
            ..opening()
        })
        .unwrap();
        let own = after(&own, &[(register(), on(2026, 8, 24))]);
        assert_eq!(
            refused(&own, &request, on(2027, 9, 2)),
            NotAllowed::NotStartedByIndividual
        );
    }

    #[test]
    fn under_legality_review_the_administrative_rules_are_off_and_time_runs_from_the_notice_board() {
        let case = Case::open(Opening {
            regime: Regime::LegalityReview,
            ..opening()
        })
        .unwrap();
        let case = after(
            &case,
            &[(register(), on(2026, 8, 24)), (Act::FindComplete, on(2026, 8, 24))],
        );
        let request = Act::RequestDecision { party: applicant() };
        assert!(matches!(
            refused(&case, &request, on(2027, 9, 1)),
            NotAllowed::SwitchedOff { .. }
        ));
        // No hearing is demanded: FL 25 § does not apply.
        let unheard = Decision {
            appeal: appeal(Regime::LegalityReview),
            ..refusal()
        };
        let case = after(
            &case,
            &[
                (Act::Decide(Box::new(unheard)), on(2027, 9, 1)),
                (notify(), on(2027, 9, 1)),
            ],
        );
        let correct = Act::Correct {
            by: worker(),
            what: "ett skrivfel".to_owned(),
        };
        assert!(matches!(
            refused(&case, &correct, on(2027, 9, 1)),
            NotAllowed::SwitchedOff { .. }
        ));
        assert_eq!(
            refused(&case, &Act::GainLegalForce, on(2027, 12, 1)),
            NotAllowed::NotAnnouncedYet
        );
        let case = after(&case, &[(Act::AnnounceMinutes, on(2027, 9, 6))]);
        assert_eq!(case.appeal_until(&applicant()), Some(date(2027, 9, 27)));
        let last_day = date(2027, 9, 27);
        assert_eq!(
            refused(&case, &Act::GainLegalForce, on(2027, 9, 27)),
            NotAllowed::AppealTimeRuns { last_day }
        );
        assert_eq!(
            after(&case, &[(Act::GainLegalForce, on(2027, 9, 28))]).state(),
            State::LegalForce
        );
        assert_eq!(
            refused(&decided(), &Act::AnnounceMinutes, on(2026, 11, 19)),
            NotAllowed::NotAnnounced
        );
    }

    #[test]
    fn a_disqualified_official_takes_no_part_and_never_rules_on_themselves() {
        let declare = Act::DeclareDisqualification {
            official: worker(),
            circumstance: Circumstance::OwnOrCloseMatter,
        };
        let assess = Act::Assess {
            by: worker(),
            fact: name("bedömning.lämplig"),
            answer: false,
            reasons: "Skulderna är stora.".to_owned(),
        };
        let open = after(&complete(), &[(declare, on(2026, 8, 26))]);
        assert_eq!(
            refused(&open, &assess, on(2026, 8, 27)),
            NotAllowed::DisqualificationOpen
        );
        let rule = |ruling, by| Act::DecideDisqualification {
            official: worker(),
            ruling,
            by,
        };
        let delegate = DecidedBy::Delegate {
            official: Official("chef".to_owned()),
            delegation: delegation(),
        };
        assert_eq!(
            refused(&open, &rule(Ruling::Disqualified, delegate), on(2026, 8, 27)),
            NotAllowed::BoardDecidesDisqualification
        );
        let themselves = DecidedBy::Board {
            meeting: date(2026, 8, 27),
            paragraph: "§ 1".to_owned(),
            took_part: vec![worker()],
        };
        assert_eq!(
            refused(&open, &rule(Ruling::NotDisqualified, themselves), on(2026, 8, 27)),
            NotAllowed::OwnDisqualification
        );
        let by = board(date(2026, 8, 27));
        let out = after(&open, &[(rule(Ruling::Disqualified, by.clone()), on(2026, 8, 27))]);
        assert_eq!(refused(&out, &assess, on(2026, 8, 28)), NotAllowed::Disqualified);
        assert_eq!(
            refused(&out, &Act::StateImpartial { official: worker() }, on(2026, 8, 28)),
            NotAllowed::Disqualified
        );
        let free = after(&open, &[(rule(Ruling::Disregarded, by), on(2026, 8, 27))]);
        assert!(apply(&free, &assess, on(2026, 8, 28)).is_ok());
        let takes_part = Decision {
            by: DecidedBy::Board {
                meeting: date(2026, 9, 1),
                paragraph: "§ 2".to_owned(),
                took_part: vec![worker()],
            },
            ..decision(OutcomeKind::Favourable)
        };
        assert_eq!(
            refused(&out, &Act::Decide(Box::new(takes_part)), on(2026, 9, 2)),
            NotAllowed::Disqualified
        );
    }

    #[test]
    fn a_withdrawn_or_handed_over_case_goes_no_further_than_to_be_closed() {
        let withdrawn = after(&complete(), &[(Act::Withdraw { party: applicant() }, on(2026, 9, 1))]);
        assert_eq!(withdrawn.state(), State::Withdrawn);
        let grant = Act::Decide(Box::new(decision(OutcomeKind::Favourable)));
        assert_eq!(refused(&withdrawn, &grant, on(2026, 9, 15)), NotAllowed::Withdrawn);
        assert_eq!(
            after(&withdrawn, &[(Act::Close, on(2026, 9, 1))]).state(),
            State::Closed
        );
        let to = BodyId::parse("exempelkommun-b.socialnamnden").unwrap();
        let hand_over = Act::HandOver {
            to: to.clone(),
            reasons: "Lokalen ligger i den kommunen.".to_owned(),
        };
        let (case, effects) = apply(&registered(), &hand_over, on(2026, 9, 1)).unwrap();
        assert_eq!(case.state(), State::HandedOver);
        assert!(effects.contains(&Effect::SendToBody {
            to,
            document: DocumentOf::HandOver
        }));
        assert_eq!(
            refused(&case, &Act::FindComplete, on(2026, 9, 2)),
            NotAllowed::HandedOver
        );
        let stranger = Act::Withdraw {
            party: PartyId("någon".to_owned()),
        };
        assert_eq!(
            refused(&complete(), &stranger, on(2026, 9, 1)),
            NotAllowed::UnknownParty
        );
        assert_eq!(
            refused(&decided(), &Act::Withdraw { party: applicant() }, on(2026, 12, 1)),
            NotAllowed::AlreadyDecided
        );
    }

    #[test]
    fn the_time_for_appeal_starts_when_the_party_got_the_decision() {
        let case = decided();
        assert_eq!(case.appeal_until(&applicant()), None);
        assert_eq!(
            refused(&case, &open_letter(on(2026, 11, 19)), on(2026, 11, 19)),
            NotAllowed::NotNotified
        );
        assert_eq!(served().appeal_until(&applicant()), Some(date(2026, 12, 10)));
        assert_eq!(
            refused(&served(), &open_letter(on(2026, 11, 20)), on(2026, 11, 20)),
            NotAllowed::AlreadyServed
        );
        let notified = after(&case, &[(notify(), on(2026, 11, 18))]);
        assert_eq!(
            refused(&notified, &Act::GainLegalForce, on(2027, 11, 18)),
            NotAllowed::NotServed
        );
        let simplified = Act::Serve {
            party: applicant(),
            service: Service::Simplified(Simplified {
                told: Some(date(2026, 8, 24)),
                sent: date(2026, 11, 18),
                control: ControlMessage::NotNeededSentElectronically,
            }),
        };
        let case = after(&notified, &[(simplified, on(2026, 12, 3))]);
        assert_eq!(case.appeal_until(&applicant()), Some(date(2026, 12, 23)));
        let public = Opening {
            parties: vec![Party {
                id: applicant(),
                kind: PartyKind::Public,
            }],
            ..opening()
        };
        let public = after(
            &Case::open(public).unwrap(),
            &[
                (register(), on(2026, 8, 24)),
                (Act::FindComplete, on(2026, 8, 24)),
                (
                    Act::Decide(Box::new(decision(OutcomeKind::Favourable))),
                    on(2026, 11, 18),
                ),
            ],
        );
        assert_eq!(public.appeal_until(&applicant()), Some(date(2026, 12, 9)));
    }

    #[test]
    fn an_appeal_in_time_is_forwarded_and_a_late_one_dismissed_unless_the_law_excuses_it() {
        let forward = Act::ForwardAppeal {
            appeal: 0,
            to: "förvaltningsrätten".to_owned(),
        };
        let test = |exception| Act::TestTimeliness { appeal: 0, exception };
        let in_time = after(&served(), &[(appeal_now(), on(2026, 12, 10))]);
        assert_eq!(in_time.state(), State::Appealed);
        assert_eq!(
            refused(&in_time, &forward, on(2026, 12, 10)),
            NotAllowed::TimelinessNotTested
        );
        let forwarded = after(
            &in_time,
            &[(test(None), on(2026, 12, 11)), (forward.clone(), on(2026, 12, 14))],
        );
        assert_eq!(forwarded.state(), State::AppealForwarded);
        assert_eq!(
            refused(&forwarded, &Act::GainLegalForce, on(2027, 3, 1)),
            NotAllowed::AppealOpen
        );

        let late = after(&served(), &[(appeal_now(), on(2026, 12, 11))]);
        let dismissed = after(&late, &[(test(None), on(2026, 12, 11))]);
        assert_eq!(dismissed.appeals()[0].timeliness, Some(Timeliness::Late));
        assert_eq!(refused(&dismissed, &forward, on(2026, 12, 12)), NotAllowed::NoAppeal);
        assert_eq!(
            after(&dismissed, &[(Act::GainLegalForce, on(2026, 12, 12))]).state(),
            State::LegalForce
        );
        let excused = after(&late, &[(test(Some(LateBut::WrongInformation)), on(2026, 12, 11))]);
        assert_eq!(
            after(&excused, &[(forward, on(2026, 12, 14))]).state(),
            State::AppealForwarded
        );
    }

    #[test]
    fn the_higher_instance_may_let_it_stand_or_send_it_back() {
        let forwarded = after(
            &served(),
            &[
                (appeal_now(), on(2026, 12, 1)),
                (
                    Act::TestTimeliness {
                        appeal: 0,
                        exception: None,
                    },
                    on(2026, 12, 2),
                ),
                (
                    Act::ForwardAppeal {
                        appeal: 0,
                        to: "förvaltningsrätten".to_owned(),
                    },
                    on(2026, 12, 2),
                ),
            ],
        );
        let end = |result| Act::AppealEnded { appeal: 0, result };
        let stands = after(
            &forwarded,
            &[
                (end(AppealResult::Stands), on(2027, 3, 1)),
                (Act::GainLegalForce, on(2027, 3, 23)),
            ],
        );
        assert_eq!(stands.state(), State::LegalForce);
        let returned = after(&forwarded, &[(end(AppealResult::Returned), on(2027, 3, 1))]);
        assert_eq!(returned.state(), State::Examined);
        assert_eq!(returned.earlier_decisions().len(), 1);
        let again = after(
            &returned,
            &[(
                Act::Decide(Box::new(decision(OutcomeKind::Favourable))),
                on(2027, 3, 10),
            )],
        );
        assert_eq!(again.state(), State::Decided);
    }

    #[test]
    fn a_decision_is_corrected_and_changed_within_36_to_39() {
        let correct = Act::Correct {
            by: worker(),
            what: "gatunumret".to_owned(),
        };
        let corrected = after(&served(), &[(correct, on(2026, 11, 20))]);
        assert_eq!(corrected.decided().map(|decided| decided.corrections.len()), Some(1));

        let change = |ground, kind| Act::Change {
            ground,
            decision: Box::new(decision(kind)),
        };
        let granted = after(
            &served(),
            &[(change(ChangeGround::Wrong, OutcomeKind::Favourable), on(2026, 11, 23))],
        );
        assert_eq!(granted.state(), State::Decided);
        assert_eq!(granted.appeal_until(&applicant()), None);
        let harm = |ground| change(ground, OutcomeKind::Burdensome);
        assert_eq!(
            refused(&granted, &harm(ChangeGround::Wrong), on(2026, 11, 24)),
            NotAllowed::FavourableDecision
        );
        assert_eq!(
            refused(&granted, &harm(ChangeGround::MisleadingInformation), on(2026, 11, 24)),
            NotAllowed::NotHeard
        );
        let heard = after(&granted, &[(hear(date(2026, 12, 8)), on(2026, 11, 24))]);
        assert!(apply(&heard, &harm(ChangeGround::MisleadingInformation), on(2026, 12, 9)).is_ok());

        let appealed = after(&served(), &[(appeal_now(), on(2026, 12, 1))]);
        let better = |ground| change(ground, OutcomeKind::Favourable);
        assert_eq!(
            refused(&appealed, &better(ChangeGround::Wrong), on(2026, 12, 2)),
            NotAllowed::ChangeAfterAppeal
        );
        assert!(apply(&appealed, &better(ChangeGround::ObviouslyWrong), on(2026, 12, 2)).is_ok());
        let forwarded = after(
            &appealed,
            &[
                (
                    Act::TestTimeliness {
                        appeal: 0,
                        exception: None,
                    },
                    on(2026, 12, 2),
                ),
                (
                    Act::ForwardAppeal {
                        appeal: 0,
                        to: "förvaltningsrätten".to_owned(),
                    },
                    on(2026, 12, 2),
                ),
            ],
        );
        let after_file = refused(&forwarded, &better(ChangeGround::ObviouslyWrong), on(2026, 12, 3));
        assert_eq!(after_file, NotAllowed::FileHandedOver);
    }

    #[test]
    fn a_wrong_dismissal_is_lifted_and_the_case_taken_up_again() {
        let dismissed = after(
            &registered(),
            &[(
                Act::Dismiss {
                    because: DismissedBecause::Hindered {
                        reasons: "Sökanden saknar fullmakt.".to_owned(),
                        law: Lagrum::parse("2017:900 15 §").unwrap(),
                    },
                    decision: Box::new(refusal()),
                },
                on(2026, 9, 1),
            )],
        );
        let again = Act::TakeUpAgain {
            reasons: "Fullmakten fanns.".to_owned(),
            by: board(date(2026, 9, 1)),
        };
        let change = Act::Change {
            ground: ChangeGround::Wrong,
            decision: Box::new(decision(OutcomeKind::Favourable)),
        };
        assert_eq!(
            refused(&dismissed, &change, on(2026, 9, 3)),
            NotAllowed::DismissalIsLifted
        );
        assert_eq!(refused(&served(), &again, on(2026, 11, 20)), NotAllowed::NotDismissed);
        let case = after(&dismissed, &[(again, on(2026, 9, 3))]);
        assert_eq!(case.state(), State::Registered);
        assert_eq!(case.earlier_decisions().len(), 1);
    }

    #[test]
    fn the_waiting_time_of_a_food_business_is_scheduled_once() {
        let days = Length {
            number: 14,
            unit: Unit::Days,
        };
        let food = Frist {
            decide_within: None,
            extension: None,
            may_start: Some((days, Start::Received)),
        };
        let case = Case::open(Opening {
            time_limit: Some(food),
            ..opening()
        })
        .unwrap();
        let may_start = Effect::Schedule {
            job: Job::MayStart,
            on: date(2026, 9, 7),
        };
        let (case, first) = apply(&case, &register(), on(2026, 8, 24)).unwrap();
        let (case, second) = apply(&case, &Act::FindComplete, on(2026, 8, 24)).unwrap();
        assert!(first.contains(&may_start) && !second.contains(&may_start));
        assert_eq!((case.decide_by(), case.may_start()), (None, Some(date(2026, 9, 7))));
    }

    #[test]
    fn a_late_appeal_opens_a_closed_case_until_it_is_dealt_with() {
        let closed = after(
            &served(),
            &[(Act::GainLegalForce, on(2026, 12, 11)), (Act::Close, on(2026, 12, 11))],
        );
        assert_eq!(refused(&closed, &notify(), on(2026, 12, 12)), NotAllowed::Closed);
        let appealed = after(&closed, &[(appeal_now(), on(2027, 1, 11))]);
        assert_eq!(appealed.state(), State::Appealed);
        let test = Act::TestTimeliness {
            appeal: 0,
            exception: None,
        };
        let dismissed = after(&appealed, &[(test, on(2027, 1, 12)), (Act::Close, on(2027, 1, 12))]);
        assert_eq!(dismissed.state(), State::Closed);
    }

    #[test]
    fn time_does_not_run_backwards_and_a_day_is_never_later_than_its_instant() {
        assert_eq!(
            refused(&complete(), &hear(date(2026, 9, 9)), on(2026, 8, 24)),
            NotAllowed::Backwards
        );
        let ahead = Moment {
            day: date(2026, 8, 27),
            ..on(2026, 8, 26)
        };
        assert_eq!(
            refused(&complete(), &hear(date(2026, 9, 9)), ahead),
            NotAllowed::DayAfterInstant
        );
        let post = Moment {
            day: date(2026, 8, 28),
            ..on(2026, 8, 31)
        };
        let case = after(&complete(), &[(Act::Withdraw { party: applicant() }, post)]);
        assert_eq!(
            case.entries().last().map(|entry| entry.when.day),
            Some(date(2026, 8, 28))
        );
        let endless = Act::TellOfDelay {
            reasons: "x".repeat(ACT_BYTES_MAX),
        };
        assert_eq!(refused(&complete(), &endless, on(2026, 9, 1)), NotAllowed::TooLarge);
    }

    #[test]
    fn pages_are_told_what_each_role_may_do_now() {
        let now = on(2026, 9, 1);
        assert_eq!(allowed(&received(), Role::CaseWorker, now), [ActKind::Register]);
        assert_eq!(allowed(&received(), Role::Party, now), []);
        let party = allowed(&complete(), Role::Party, now);
        assert_eq!(
            party,
            [
                ActKind::CompletionReceived,
                ActKind::DeclareDisqualification,
                ActKind::Withdraw
            ]
        );
        assert!(allowed(&complete(), Role::Decider, now).contains(&ActKind::Decide));
        assert!(!allowed(&registered(), Role::Decider, now).contains(&ActKind::Decide));
        assert!(allowed(&served(), Role::Party, on(2026, 11, 20)).contains(&ActKind::AppealReceived));
    }

    #[test]
    fn states_keep_their_names_and_provisions_can_be_looked_up() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
            assert_eq!(State::parse(state.name()), Some(state));
            assert!(!state.label().is_empty());
        }
        for authority in [Authority::Municipal, Authority::State, Authority::Private] {
            assert!(Lagrum::parse(crate::case::jav::law(authority)).is_ok());
        }
        for (why, law) in [
            (NotAllowed::NotRegistered, Some("2009:400 5 kap. 1 §")),
            (NotAllowed::NotHeard, Some("2017:900 25 §")),
            (NotAllowed::Backwards, None),
        ] {
            assert_eq!(why.law(), law);
        }
    }

    fn any_act() -> impl Strategy<Value = (u8, u8, u8)> {
        (0u8..ActKind::ALL.len() as u8, any::<u8>(), 1u8..90)
    }

    /// An act of the kind, with contents picked by the number.
    fn some_act(kind: ActKind, pick: u8, when: Moment) -> Act {
        let later = when
            .day
            .checked_add(jiff::Span::new().days(i64::from(pick % 40)))
            .unwrap();
        let by = match pick % 4 {
            0 => board(when.day),
            1 => function(),
            2 => DecidedBy::Delegate {
                official: worker(),
                delegation: delegation(),
            },
            _ => DecidedBy::Agency { official: worker() },
        };
        let kinds = [
            OutcomeKind::Registration,
            OutcomeKind::Favourable,
            OutcomeKind::Burdensome,
        ];
        let mut some_decision = Decision {
            by: by.clone(),
            ..decision(kinds[usize::from(pick) % 3])
        };
        if pick.is_multiple_of(7) {
            some_decision.grounds.clear();
        }
        if pick.is_multiple_of(11) {
            some_decision.appeal = appeal(Regime::LegalityReview);
        }
        let party = if pick.is_multiple_of(9) {
            PartyId("annan".to_owned())
        } else {
            applicant()
        };
        let reasons = if pick.is_multiple_of(8) {
            String::new()
        } else {
            "skäl".to_owned()
        };
        let at = usize::from(pick % 3);
        match kind {
            ActKind::Register => register(),
            ActKind::AskForCompletion => ask(
                if pick.is_multiple_of(2) {
                    CompletionForm::Friendly
                } else {
                    order()
                },
                later,
            ),
            ActKind::CompletionReceived => Act::CompletionReceived { facts: vec![] },
            ActKind::FindComplete => Act::FindComplete,
            ActKind::Dismiss => Act::Dismiss {
                because: DismissedBecause::Incomplete,
                decision: Box::new(some_decision),
            },
            ActKind::SendReferral if !pick.is_multiple_of(4) => Act::OpinionReceived {
                referral: at,
                answer: reasons,
            },
            ActKind::SendReferral => refer(
                [Required::ForGrant, Required::Always, Required::Optional][usize::from(pick % 3)],
                later,
            ),
            ActKind::OpinionReceived => Act::OpinionReceived {
                referral: at,
                answer: reasons,
            },
            ActKind::ReferralOverdue => Act::ReferralOverdue { referral: at },
            ActKind::Communicate => hear(later),
            ActKind::PartyAnswered => Act::PartyAnswered { party },
            ActKind::Assess => Act::Assess {
                by: worker(),
                fact: name("bedömning.lämplig"),
                answer: true,
                reasons,
            },
            ActKind::DeclareDisqualification => Act::DeclareDisqualification {
                official: worker(),
                circumstance: Circumstance::Other,
            },
            ActKind::StateImpartial => Act::StateImpartial { official: worker() },
            ActKind::DecideDisqualification => Act::DecideDisqualification {
                official: worker(),
                ruling: Ruling::NotDisqualified,
                by,
            },
            ActKind::TellOfDelay => Act::TellOfDelay { reasons },
            ActKind::Extend => Act::Extend { reasons, by },
            ActKind::RequestDecision => Act::RequestDecision { party },
            ActKind::RefuseRequest => Act::RefuseRequest { reasons, by },
            ActKind::OrderToDecide => Act::OrderToDecide { decide_by: later },
            ActKind::Withdraw if pick.is_multiple_of(50) => Act::Withdraw { party },
            ActKind::HandOver if pick.is_multiple_of(50) => Act::HandOver {
                to: BodyId::parse("polisdistriktet").unwrap(),
                reasons,
            },
            // Ends that come too often would leave nothing else to try.
            ActKind::Withdraw | ActKind::HandOver => Act::FindComplete,
            ActKind::Draft => Act::Draft {
                by: worker(),
                outcome: reasons,
            },
            ActKind::Decide => Act::Decide(Box::new(some_decision)),
            ActKind::Notify => Act::Notify {
                party,
                names: Names::Given,
            },
            ActKind::Serve => Act::Serve {
                party,
                service: Service::OpenedLetter { opened: when },
            },
            ActKind::AnnounceMinutes => Act::AnnounceMinutes,
            ActKind::Correct => Act::Correct {
                by: worker(),
                what: reasons,
            },
            ActKind::TakeUpAgain => Act::TakeUpAgain { reasons, by },
            ActKind::Change => Act::Change {
                ground: ChangeGround::Wrong,
                decision: Box::new(some_decision),
            },
            ActKind::AppealReceived => Act::AppealReceived {
                party,
                at: HandedIn::ToThisBody,
            },
            ActKind::TestTimeliness => Act::TestTimeliness {
                appeal: at,
                exception: None,
            },
            ActKind::ForwardAppeal => Act::ForwardAppeal {
                appeal: at,
                to: reasons,
            },
            ActKind::AppealEnded => Act::AppealEnded {
                appeal: at,
                result: [AppealResult::Stands, AppealResult::Returned][usize::from(pick % 2)],
            },
            ActKind::GainLegalForce => Act::GainLegalForce,
            ActKind::Close => Act::Close,
            ActKind::Archive | ActKind::Dispose if !pick.is_multiple_of(16) => Act::AppealEnded {
                appeal: at,
                result: AppealResult::Stands,
            },
            ActKind::Archive => Act::Archive,
            ActKind::Dispose => Act::Dispose(DisposalDecision {
                decided_by: reasons,
                decided_on: when.day,
                paragraph: "§ 1".to_owned(),
            }),
            ActKind::MarkSecret => Act::MarkSecret {
                document: "handling 1".to_owned(),
                mark: SecrecyMark {
                    law: Lagrum::parse("2009:400 21 kap. 3 §").unwrap(),
                    on: when.day,
                    by: reasons,
                    part: None,
                },
            },
        }
    }

    proptest! {
        #[test]
        fn no_sequence_of_acts_breaks_what_is_always_true(picks in proptest::collection::vec(any_act(), 0..120)) {
            let mut case = received();
            let mut day = opening().received.day;
            let mut extensions = 0;
            for (kind, pick, days) in picks {
                day = day.checked_add(jiff::Span::new().days(i64::from(days % 12))).unwrap();
                let when = Moment::start_of(day).unwrap();
                // A third of the picks are drawn from what may be done, so that cases get far.
                let open: Vec<ActKind> = ActKind::ALL.iter().copied().filter(|kind| may(&case, *kind, when).is_ok()).collect();
                let kind = if pick % 3 > 0 && !open.is_empty() {
                    open[usize::from(kind) % open.len()]
                } else {
                    ActKind::ALL[usize::from(kind)]
                };
                let act = some_act(kind, pick, when);
                match apply(&case, &act, when) {
                    Ok((next, effects)) => {
                        prop_assert!(may(&case, act.kind(), when).is_ok());
                        prop_assert_eq!(next.entries().len(), case.entries().len() + 1);
                        let pushed = effects.iter().any(|effect| *effect == Effect::PushStatus { state: next.state() });
                        prop_assert!(pushed || next.state() == case.state());
                        extensions += usize::from(act.kind() == ActKind::Extend);
                        case = next;
                    }
                    Err(why) => {
                        let sentence = why.to_string();
                        prop_assert!(sentence.ends_with('.'), "{}", sentence);
                        prop_assert!(why.law().is_none_or(|law| Lagrum::parse(law).is_ok()), "{:?}", why);
                    }
                }
                prop_assert!(extensions <= 1);
                if let Some(decided) = case.decided() {
                    prop_assert!(case.diary_number().is_some());
                    prop_assert!(decided.decision.states_grounds());
                    prop_assert!(decided.dismissal || case.complete().is_some());
                    if case.regime() == Regime::Administrative {
                        let got = decided.served.get(&applicant()).map(|(day, _)| *day);
                        let three = Length { number: 3, unit: Unit::Weeks };
                        let until = got.map(|got| deadlines::appeal_until(got, three).unwrap());
                        prop_assert_eq!(case.appeal_until(&applicant()), until);
                        if decided.legal_force.is_some() {
                            prop_assert!(until.is_some());
                        }
                    }
                } else {
                    prop_assert_eq!(case.appeal_until(&applicant()), None);
                }
            }
            let text = serde_json::to_string(&case).unwrap();
            prop_assert_eq!(serde_json::from_str::<Case>(&text).unwrap(), case);
        }
    }
}
