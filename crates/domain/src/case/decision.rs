//! Decisions: what one holds, who may take it, and how it may be appealed.
//!
//! Always true here: who may decide follows from the authority's kind, the recorded delegation and whether and how the
//! outcome is appealed (kommunallagen 6 kap. 37–38 §§, förvaltningslagen 28 §); never from who happens to be logged in.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::NotAllowed;
use crate::fact::Name;
use crate::pack::{Appeal, Outcome, OutcomeKind, Regime};
use crate::rules::Delegation;
use crate::terms::BodyKind;
use crate::words::law::Lagrum;

/// Which acts govern the body's own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// A nämnd or a kommunalförbund: kommunallagen on delegation and jäv.
    Municipal,
    /// A state agency: förvaltningslagen alone.
    State,
    /// A private performer: it agrees or acknowledges, and takes no decision over anybody (regeringsformen 12 kap. 4 §).
    Private,
}

impl From<BodyKind> for Authority {
    fn from(kind: BodyKind) -> Self {
        match kind {
            BodyKind::MunicipalBoard | BodyKind::MunicipalAssociation => Self::Municipal,
            BodyKind::Agency => Self::State,
            BodyKind::Private => Self::Private,
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
    /// Somebody of a private performer's own staff, who agrees or acknowledges.
    Performer {
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
            Self::Delegate { official, .. } | Self::Agency { official } | Self::Performer { official } => {
                std::slice::from_ref(official)
            }
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
    /// A decision with an outcome of the service document: its kind, hearing, appeal and letter are the document's.
    pub fn of(outcome: &Outcome, grounds: Vec<Ground>, by: DecidedBy, effect: TakesEffect) -> Self {
        Self {
            outcome: outcome.name.it.clone(),
            kind: outcome.kind.it,
            grounds,
            by,
            importance: Importance::Ordinary,
            hearing: match outcome.heard_for.it {
                Some(_) => HearingDuty::Required,
                None => HearingDuty::NotRequired,
            },
            appeal: outcome.appeal.it.clone(),
            effect,
            letter: outcome.letter.it.clone(),
        }
    }

    /// The regime under which it is appealed, if it is.
    pub fn regime(&self) -> Option<Regime> {
        match self.appeal {
            Appeal::To { regime, .. } => Some(regime),
            Appeal::No { .. } => None,
        }
    }

    /// At least one ground, each with its sentence, at least one with its provision (FL 5 and 32 §§). What a private
    /// performer agrees to rests on no provision.
    pub fn states_grounds(&self) -> bool {
        if matches!(self.by, DecidedBy::Performer { .. }) {
            return true;
        }
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
    if authority == Authority::Private && !matches!(by, DecidedBy::Performer { .. } | DecidedBy::Nobody) {
        return Err(NotAllowed::PrivateDecides);
    }
    match by {
        DecidedBy::Performer { .. } if authority != Authority::Private => Err(NotAllowed::NotAPerformer),
        DecidedBy::Performer { .. } if kind.is_decision() || matches!(appeal, Appeal::To { .. }) => {
            Err(NotAllowed::PrivateDecides)
        }
        DecidedBy::Performer { official } if official.0.trim().is_empty() => Err(NotAllowed::DeciderNotNamed),
        DecidedBy::Performer { .. } => Ok(()),
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

/// The regime of a step's outcomes, for the time before a decision: laglighetsprövning only if every outcome that can be
/// appealed is appealed so.
pub fn regime_of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Regime {
    let mut regimes = outcomes.into_iter().filter_map(|outcome| match outcome.appeal.it {
        Appeal::To { regime, .. } => Some(regime),
        Appeal::No { .. } => None,
    });
    match regimes.next() {
        Some(Regime::LegalityReview) if regimes.all(|regime| regime == Regime::LegalityReview) => {
            Regime::LegalityReview
        }
        _ => Regime::Administrative,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{FileId, Span, Spanned};
    use crate::pack::{Decider, Length, Start, Unit};

    fn at<T>(it: T) -> Spanned<T> {
        let span = Span {
            file: FileId(0),
            start: 0,
            end: 0,
        };
        Spanned { it, span }
    }

    fn outcome(heard_for: Option<Length>, regime: Regime) -> Outcome {
        let weeks = Length {
            number: 3,
            unit: Unit::Weeks,
        };
        Outcome {
            step: at(Name::parse("serveringstillstånd").unwrap()),
            name: at("avslag".to_owned()),
            kind: at(OutcomeKind::Burdensome),
            decider: at(Decider::Board),
            heard_for: at(heard_for),
            letter: at("avslag-alkohol".to_owned()),
            appeal: at(Appeal::To {
                regime,
                instance: "förvaltningsrätten".to_owned(),
                within: weeks,
                from: Start::Served,
            }),
            copies_to: vec![],
            span: at(()).span,
        }
    }

    #[test]
    fn a_decision_takes_kind_hearing_appeal_and_letter_from_the_document() {
        let days = Length {
            number: 14,
            unit: Unit::Days,
        };
        let heard = outcome(Some(days), Regime::Administrative);
        let decision = Decision::of(&heard, vec![], DecidedBy::Nobody, TakesEffect::WhenFinal);
        assert_eq!(
            (decision.outcome.as_str(), decision.letter.as_str()),
            ("avslag", "avslag-alkohol")
        );
        assert_eq!(
            (decision.kind, decision.hearing),
            (OutcomeKind::Burdensome, HearingDuty::Required)
        );
        assert_eq!(decision.regime(), Some(Regime::Administrative));
        let unheard = outcome(None, Regime::Administrative);
        let decision = Decision::of(&unheard, vec![], DecidedBy::Nobody, TakesEffect::WhenFinal);
        assert_eq!(decision.hearing, HearingDuty::NotRequired);
    }

    #[test]
    fn a_step_with_any_outcome_under_the_administrative_act_is_handled_under_it() {
        let [a, b] = [Regime::Administrative, Regime::LegalityReview].map(|regime| outcome(None, regime));
        assert_eq!(regime_of([&a, &b]), Regime::Administrative);
        assert_eq!(regime_of([&b, &a]), Regime::Administrative);
        assert_eq!(regime_of([&b]), Regime::LegalityReview);
        assert_eq!(regime_of([]), Regime::Administrative);
    }
}
