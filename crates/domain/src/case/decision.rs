//! Decisions: what one holds, who may take it, and how it may be appealed.
//!
//! Always true here: who may decide follows from the authority's kind, the recorded delegation and whether and how the
//! outcome is appealed (kommunallagen 6 kap. 37–38 §§, förvaltningslagen 28 §); never from who happens to be logged in.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::NotAllowed;
use crate::fact::Name;
use crate::pack::{Appeal, OutcomeKind, Regime};
use crate::rules::Delegation;
use crate::terms::BodyKind;
use crate::words::law::Lagrum;

/// Which acts govern the body's own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// A nämnd or a kommunalförbund: kommunallagen on delegation and jäv.
    Municipal,
    /// A state agency, or a private performer of a public task: förvaltningslagen alone.
    State,
}

impl From<BodyKind> for Authority {
    fn from(kind: BodyKind) -> Self {
        match kind {
            BodyKind::MunicipalBoard | BodyKind::MunicipalAssociation => Self::Municipal,
            BodyKind::Agency | BodyKind::Private => Self::State,
        }
    }
}

/// A person who acts for the body, by post or staff id; never an identity number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Official(pub String);

/// Who decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum DecidedBy {
    /// A named function version under a recorded delegation or, in a state agency, its own order.
    Function {
        name: String,
        version: String,
        delegation: Delegation,
    },
    Delegate {
        official: Official,
        delegation: Delegation,
    },
    /// A meeting of the nämnd, with the paragraph of its minutes and who took part.
    Board {
        meeting: Date,
        paragraph: String,
        took_part: Vec<Official>,
    },
    /// An official of a state agency, by its own order.
    Agency {
        official: Official,
    },
    /// `kvittens`: a notification is noted and nothing is decided.
    Nobody,
}

impl DecidedBy {
    pub fn is_automatic(&self) -> bool {
        matches!(self, Self::Function { .. } | Self::Nobody)
    }

    /// Everyone who took part: none of them may be disqualified.
    pub fn officials(&self) -> &[Official] {
        match self {
            Self::Function { .. } | Self::Nobody => &[],
            Self::Delegate { official, .. } | Self::Agency { official } => std::slice::from_ref(official),
            Self::Board { took_part, .. } => took_part,
        }
    }
}

/// Kommunallagen 6 kap. 38 §: what is of principle or otherwise of greater importance is the whole nämnd's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Importance {
    #[default]
    Ordinary,
    OfPrinciple,
}

/// Whether the service says that the party is heard first. A burdensome outcome under förvaltningslagen always demands it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HearingDuty {
    Required,
    NotRequired,
}

/// FL 35 §: when it may be enforced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakesEffect {
    WhenFinal,
    /// At once, by this provision.
    AtOnce(Lagrum),
}

/// One row that holds, as the letter states it: the sentence and the provision are FL 32 §'s two required parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    pub rule: Name,
    pub row: Option<Name>,
    pub because: String,
    pub law: Option<Lagrum>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The outcome's name in the service document.
    pub outcome: String,
    pub kind: OutcomeKind,
    pub grounds: Vec<Ground>,
    pub by: DecidedBy,
    pub importance: Importance,
    pub hearing: HearingDuty,
    pub appeal: Appeal,
    pub effect: TakesEffect,
    /// The letter's name under `brev/`.
    pub letter: String,
}

impl Decision {
    /// The regime under which it is appealed, if it is.
    pub fn regime(&self) -> Option<Regime> {
        match self.appeal {
            Appeal::To { regime, .. } => Some(regime),
            Appeal::No { .. } => None,
        }
    }

    /// At least one ground, each with its sentence, at least one with its provision (FL 5 and 32 §§).
    pub fn states_grounds(&self) -> bool {
        self.grounds.iter().all(|ground| !ground.because.trim().is_empty())
            && self.grounds.iter().any(|ground| ground.law.is_some())
    }
}

/// Tests who decides. `appeal` is how *this* decision is appealed: an extension or a refused request has its own.
pub fn may_decide(
    authority: Authority,
    by: &DecidedBy,
    kind: OutcomeKind,
    importance: Importance,
    appeal: &Appeal,
    day: Date,
) -> Result<(), NotAllowed> {
    let recorded = |delegation: &Delegation| {
        let complete = ![
            &delegation.decided_by,
            &delegation.paragraph,
            &delegation.scope,
            &delegation.to,
        ]
        .iter()
        .any(|text| text.trim().is_empty());
        match complete {
            false => Err(NotAllowed::DelegationNotRecorded),
            true if delegation.decided_on > day => Err(NotAllowed::DelegationNotInForce),
            true => Ok(()),
        }
    };
    match by {
        DecidedBy::Nobody if kind == OutcomeKind::Acknowledgement && matches!(appeal, Appeal::No { .. }) => Ok(()),
        DecidedBy::Nobody => Err(NotAllowed::NobodyDecides),
        DecidedBy::Function {
            name,
            version,
            delegation,
        } => {
            if name.trim().is_empty() || version.trim().is_empty() {
                return Err(NotAllowed::FunctionNotNamed);
            }
            recorded(delegation)?;
            if importance == Importance::OfPrinciple {
                return Err(NotAllowed::OfPrinciple);
            }
            // KL 6:38 second paragraph: never what is appealed by 13 kap. or may not be appealed at all.
            match (authority, appeal) {
                (
                    Authority::Municipal,
                    Appeal::To {
                        regime: Regime::LegalityReview,
                        ..
                    },
                ) => Err(NotAllowed::AutomaticLegalityReview),
                (Authority::Municipal, Appeal::No { .. }) => Err(NotAllowed::AutomaticNotAppealable),
                _ => Ok(()),
            }
        }
        DecidedBy::Delegate { official, delegation } => {
            recorded(delegation)?;
            if official.0.trim().is_empty() {
                return Err(NotAllowed::DeciderNotNamed);
            }
            if importance == Importance::OfPrinciple {
                return Err(NotAllowed::OfPrinciple);
            }
            Ok(())
        }
        DecidedBy::Board { meeting, paragraph, .. } => {
            if authority == Authority::State {
                return Err(NotAllowed::NoBoard);
            }
            if paragraph.trim().is_empty() {
                return Err(NotAllowed::MinutesMissing);
            }
            if *meeting > day {
                return Err(NotAllowed::MeetingNotHeld);
            }
            Ok(())
        }
        DecidedBy::Agency { official } => {
            if authority == Authority::Municipal {
                return Err(NotAllowed::NotAnAgency);
            }
            if official.0.trim().is_empty() {
                return Err(NotAllowed::DeciderNotNamed);
            }
            Ok(())
        }
    }
}
