//! What may be done in a case, by whom, and what the node has to do then.
//!
//! Always true here: [`ActKind`] lists every act once, with its Swedish label and who may do it. An act carries only what the
//! law asks for; texts, letters and files are kept by the node and named here by what they are.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::decision::{DecidedBy, Decision, Official};
use super::del::Service;
use super::documents::{DocumentKind, SecrecyMark};
use super::jav::{Circumstance, Ruling};
use super::procedure::{PartyId, State};
use crate::events;
use crate::fact::Name;
use crate::pack::Required;
use crate::terms::BodyId;
use crate::words::law::Lagrum;

/// One thing done in a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// OSL 5:1: at once.
    Register {
        diary_number: String,
    },
    AskForCompletion(CompletionAsked),
    CompletionReceived {
        facts: Vec<Name>,
    },
    /// The application holds what is needed; time limits counted from completeness start.
    FindComplete,
    /// Avvisning: the matter is not examined. It is a decision, and is notified and appealed as one.
    Dismiss {
        because: DismissedBecause,
        decision: Box<Decision>,
    },
    SendReferral(ReferralSent),
    /// `referral` is its place in the case's list, from 0.
    OpinionReceived {
        referral: usize,
        answer: String,
    },
    ReferralOverdue {
        referral: usize,
    },
    /// FL 25 §.
    Communicate {
        party: PartyId,
        how: Communication,
    },
    PartyAnswered {
        party: PartyId,
    },
    /// A case worker's assessment of one fact, with the reasons that go into the decision.
    Assess {
        by: Official,
        fact: Name,
        answer: bool,
        reasons: String,
    },
    DeclareDisqualification {
        official: Official,
        circumstance: Circumstance,
    },
    /// An official has looked and knows of no ground for disqualification.
    StateImpartial {
        official: Official,
    },
    DecideDisqualification {
        official: Official,
        ruling: Ruling,
        by: DecidedBy,
    },
    /// FL 11 §.
    TellOfDelay {
        reasons: String,
    },
    Extend {
        reasons: String,
        by: DecidedBy,
    },
    /// FL 12 §: in writing, once.
    RequestDecision {
        party: PartyId,
    },
    RefuseRequest {
        reasons: String,
        by: DecidedBy,
    },
    /// FL 49 §: after an appeal of the refusal.
    OrderToDecide {
        decide_by: Date,
    },
    Withdraw {
        party: PartyId,
    },
    HandOver {
        to: BodyId,
        reasons: String,
    },
    Draft {
        by: Official,
        outcome: String,
    },
    Decide(Box<Decision>),
    /// FL 33 §.
    Notify {
        party: PartyId,
        names: Names,
    },
    Serve {
        party: PartyId,
        service: Service,
    },
    /// KL 8 kap.: the adjusted minutes are announced on the notice board. Only under laglighetsprövning.
    AnnounceMinutes,
    /// FL 36 §: an obvious slip.
    Correct {
        by: Official,
        what: String,
    },
    /// FL 37–39 §§.
    Change {
        ground: ChangeGround,
        decision: Box<Decision>,
    },
    /// A dismissal is lifted (FL 37–38 §§): the matter is examined after all.
    TakeUpAgain {
        reasons: String,
        by: DecidedBy,
    },
    AppealReceived {
        party: PartyId,
        at: HandedIn,
    },
    /// FL 45 §. `appeal` is its place in the case's list, from 0.
    TestTimeliness {
        appeal: usize,
        exception: Option<LateBut>,
    },
    /// FL 46 §.
    ForwardAppeal {
        appeal: usize,
        to: String,
    },
    AppealEnded {
        appeal: usize,
        result: AppealResult,
    },
    GainLegalForce,
    Close,
    Archive,
    Dispose(DisposalDecision),
    /// OSL 5:5, on one of the case's documents.
    MarkSecret {
        document: String,
        mark: SecrecyMark,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletionAsked {
    pub facts: Vec<Name>,
    pub answer_by: Date,
    pub form: CompletionForm,
}

/// FL 20 §: first help, then an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompletionForm {
    Friendly,
    /// A föreläggande with its stated effect: the application may otherwise not be examined.
    Order {
        effect: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DismissedBecause {
    /// Not completed in spite of an order (FL 20 §).
    Incomplete,
    /// Something else that hinders examination: wrong body and not fit to hand over, no right to apply.
    Hindered { reasons: String, law: Lagrum },
}

/// FL 26 §: a question and a last day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralSent {
    pub to: BodyId,
    /// The fact whose value is the opinion.
    pub fact: Name,
    pub question: String,
    pub answer_by: Date,
    pub required: Required,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Communication {
    /// All material of importance, and a set day.
    Ask {
        answer_by: Date,
    },
    LeftOut {
        because: LeftOutBecause,
        reasons: String,
    },
}

/// FL 25 § second paragraph, and its first: obviously unnecessary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOutBecause {
    ObviouslyUnnecessary,
    Employment,
    HarderToExecute,
    EssentialInterestAtOnce,
}

/// FL 33 § last paragraph: the names of those who decided may be left out of a written notice if they may be exposed to
/// threat, harassment or other serious harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Names {
    Given,
    Withheld { reasons: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeGround {
    /// 37 § first paragraph: wrong because of new circumstances or for another reason.
    Wrong,
    /// 37 § second paragraph, against a favourable decision.
    Reservation,
    PressingSafety,
    MisleadingInformation,
    /// 38 §: obviously wrong in something essential; quick, simple and to nobody's harm.
    ObviouslyWrong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandedIn {
    ToThisBody,
    /// It reached the higher instance first; its day of receipt there counts (FL 45 §).
    ToHigherInstance,
}

/// FL 45 §: why a late appeal is not dismissed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LateBut {
    /// The body's information about how to appeal was wrong.
    WrongInformation,
    /// It reached the higher instance within the time.
    ReachedHigherInstanceInTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppealResult {
    Stands,
    Changed,
    /// Annulled and sent back: the body decides anew.
    Returned,
    Withdrawn,
}

/// Arkivlagen 10 §: disposal only under a named decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalDecision {
    pub decided_by: String,
    pub decided_on: Date,
    pub paragraph: String,
}

/// Who does something. What a role may do at all; who has the role is the node's list of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Party,
    CaseWorker,
    /// A delegate, the nämnd's meeting or an agency's official.
    Decider,
    /// The automatic decision function.
    Function,
    Archivist,
    /// A body that was asked, or the higher instance.
    OtherBody,
    /// What happens by itself when a message comes or a day has passed.
    Node,
}

macro_rules! acts {
    ($($(#[$doc:meta])* $kind:ident $label:literal by $($role:ident)+;)*) => {
        /// Every kind of act.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ActKind { $($(#[$doc])* $kind,)* }

        impl ActKind {
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// What the button says.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$kind => $label,)* }
            }

            pub const fn roles(self) -> &'static [Role] {
                match self { $(Self::$kind => &[$(Role::$role),+],)* }
            }
        }

        impl Act {
            pub const fn kind(&self) -> ActKind {
                match self { $(Self::$kind { .. } => ActKind::$kind,)* }
            }
        }
    };
}

acts! {
    Register "Registrera" by Node CaseWorker;
    AskForCompletion "Begär komplettering" by CaseWorker;
    CompletionReceived "Komplettera" by Party Node;
    FindComplete "Anteckna att ansökan är komplett" by CaseWorker Function Node;
    Dismiss "Avvisa" by Decider Function;
    SendReferral "Skicka på remiss" by CaseWorker Node;
    OpinionReceived "Lämna yttrande" by OtherBody Node;
    ReferralOverdue "Anteckna att remissvaret är försenat" by Node CaseWorker;
    Communicate "Kommunicera med parten" by CaseWorker;
    PartyAnswered "Yttra dig" by Party Node;
    Assess "Bedöm" by CaseWorker;
    DeclareDisqualification "Anmäl jäv" by CaseWorker Decider Party;
    StateImpartial "Uppge att ingen grund för jäv finns" by CaseWorker Decider;
    DecideDisqualification "Avgör frågan om jäv" by Decider;
    TellOfDelay "Meddela att det drar ut på tiden" by CaseWorker;
    Extend "Förläng tidsfristen" by Decider CaseWorker;
    RequestDecision "Begär att ärendet avgörs" by Party;
    RefuseRequest "Avslå begäran om att ärendet avgörs" by Decider;
    OrderToDecide "Anteckna att högre instans har förelagt oss att avgöra ärendet" by OtherBody CaseWorker;
    Withdraw "Återkalla" by Party;
    HandOver "Lämna över till en annan myndighet" by CaseWorker;
    Draft "Gör ett utkast till beslut" by CaseWorker Function;
    Decide "Besluta" by Decider Function;
    Notify "Underrätta om beslutet" by Node CaseWorker;
    Serve "Anteckna att parten har fått del av beslutet" by Node CaseWorker Party;
    AnnounceMinutes "Tillkännage det justerade protokollet" by CaseWorker;
    Correct "Rätta" by CaseWorker Decider;
    Change "Ändra beslutet" by Decider;
    TakeUpAgain "Ta upp ärendet igen" by Decider;
    AppealReceived "Överklaga" by Party Node CaseWorker;
    TestTimeliness "Pröva om överklagandet kom i rätt tid" by CaseWorker Decider;
    ForwardAppeal "Överlämna överklagandet" by CaseWorker;
    AppealEnded "Anteckna vad högre instans har beslutat" by OtherBody CaseWorker;
    GainLegalForce "Anteckna laga kraft" by Node CaseWorker;
    Close "Avsluta" by CaseWorker Node;
    Archive "Arkivera" by Archivist;
    Dispose "Gallra" by Archivist;
    MarkSecret "Sekretessmarkera" by CaseWorker Archivist;
}

/// What follows from an act, for the node to do in the same transaction or as jobs of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Tell the reception where the case stands.
    PushStatus {
        state: State,
    },
    /// Tjänstelagen 8 §: the time limit, what follows if it is not kept, how to get review.
    SendReceipt {
        decide_by: Option<Date>,
        may_start: Option<Date>,
    },
    /// Show and watch this last day. It replaces an earlier one of the same kind.
    SetDeadline {
        of: DeadlineOf,
        last_day: Date,
    },
    ClearDeadline {
        of: DeadlineOf,
    },
    MakeDocument {
        kind: DocumentKind,
        document: DocumentOf,
    },
    SendToParty {
        party: PartyId,
        document: DocumentOf,
    },
    SendToBody {
        to: BodyId,
        document: DocumentOf,
    },
    /// To a higher instance, by its name.
    SendToInstance {
        to: String,
        document: DocumentOf,
    },
    /// Run the job when this day begins. It may run twice.
    Schedule {
        job: Job,
        on: Date,
    },
    Count {
        event: events::Kind,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineOf {
    Decision,
    Completion,
    Referral { referral: usize },
    Hearing { party: PartyId },
    RequestedDecision,
    Appeal { party: PartyId },
    LegalityReview,
}

/// What a document is; its text is made by the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentOf {
    Receipt,
    CompletionRequest,
    CompletionOrder,
    Referral,
    Material,
    DelayNotice,
    ExtensionNotice,
    RequestRefusal,
    DisqualificationRuling,
    WriteOff,
    HandOver,
    DraftDecision,
    Decision,
    Correction,
    TakenUpAgain,
    Minutes,
    AppealDismissal,
    AppealFile,
}

/// What is to be looked at on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    CompletionDue,
    ReferralDue {
        referral: usize,
    },
    HearingDue {
        party: PartyId,
    },
    DecisionDue,
    /// FL 12 §: from this day a party may ask for a decision.
    RequestOpens,
    RequestDue,
    MayStart,
    LegalForce,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_has_a_label_and_someone_who_may_do_it() {
        for kind in ActKind::ALL {
            assert!(!kind.label().is_empty() && !kind.roles().is_empty());
        }
        let mut labels: Vec<_> = ActKind::ALL.iter().map(|kind| kind.label()).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), ActKind::ALL.len());
    }
}
