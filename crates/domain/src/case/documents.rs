//! Documents in a case: what kind each is, and from when it is a public document (allmän handling).
//!
//! Always true here: being public follows from events, never from a setting (tryckfrihetsförordningen 2 kap.). A secrecy
//! mark is a reminder and decides nothing: each request is tried anew (OSL 5 kap. 5 §).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::words::law::Lagrum;
use crate::words::time::{TooFar, working_day_before};

/// The four types of the diary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// utkast
    Draft,
    /// inkommen
    Received,
    /// upprättad
    DrawnUp,
    /// expedierad
    Dispatched,
}

impl DocumentKind {
    pub const ALL: [Self; 4] = [Self::Draft, Self::Received, Self::DrawnUp, Self::Dispatched];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Draft => "utkast",
            Self::Received => "inkommen",
            Self::DrawnUp => "upprättad",
            Self::Dispatched => "expedierad",
        }
    }
}

/// What a document that the body itself has made is; TF 2:10 and 2:12 tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    Ordinary,
    /// Diaries, registers and other lists that are kept running: when ready for entries.
    RunningRegister,
    /// Decisions and minutes with what belongs to them: when announced, sent or adjusted.
    DecisionOrMinutes,
    /// A memo only for the preparation of the case, which adds no facts.
    Memo,
    /// A note that adds facts to the case (FL 27 §).
    FactNote,
}

/// On whose account the body has the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holding {
    Own,
    /// Only technical processing or storage for another (TF 2:13), also backups.
    StorageForAnother,
    /// Handed in only to be forwarded as a message (TF 2:14).
    Forwarding,
}

/// The days that decide. A day that has not come is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The body could reach it with its own means, or it arrived (TF 2:9).
    pub received: Option<Date>,
    /// Sent out of the body.
    pub dispatched: Option<Date>,
    /// Adjusted or otherwise completed; for decisions also announced; for registers ready for entries.
    pub completed: Option<Date>,
    /// The case that it belongs to was finished.
    pub case_finished: Option<Date>,
    /// Taken care of for the archive.
    pub archived: Option<Date>,
}

/// OSL 5 kap. 5 §: the provision, the day and who marked it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecrecyMark {
    pub law: Lagrum,
    pub on: Date,
    pub by: String,
    /// The part of the document that the mark concerns; the whole when absent.
    pub part: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub title: String,
    pub content: Content,
    pub holding: Holding,
    pub days: Days,
    pub secrecy: Vec<SecrecyMark>,
}

/// Whether a document is a public one on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Publicity {
    Public { since: Date },
    NotPublic(NotPublic),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotPublic {
    /// Not sent, not finished, the case not ended (TF 2:10).
    NotDrawnUp,
    /// A memo that has not been taken care of for the archive (TF 2:12).
    Memo,
    /// Stored for another (TF 2:13).
    StorageForAnother,
    /// A message on its way (TF 2:14).
    Forwarding,
}

impl NotPublic {
    pub const fn law(self) -> &'static str {
        match self {
            Self::NotDrawnUp => "1949:105 2 kap. 10 §",
            Self::Memo => "1949:105 2 kap. 12 §",
            Self::StorageForAnother => "1949:105 2 kap. 13 §",
            Self::Forwarding => "1949:105 2 kap. 14 §",
        }
    }
}

impl Document {
    pub fn kind(&self, day: Date) -> DocumentKind {
        let happened = |on: Option<Date>| on.is_some_and(|on| on <= day);
        if happened(self.days.received) {
            DocumentKind::Received
        } else if happened(self.days.dispatched) {
            DocumentKind::Dispatched
        } else if matches!(self.publicity(day), Publicity::Public { .. }) {
            DocumentKind::DrawnUp
        } else {
            DocumentKind::Draft
        }
    }

    pub fn publicity(&self, day: Date) -> Publicity {
        let days = &self.days;
        match self.holding {
            Holding::StorageForAnother => return Publicity::NotPublic(NotPublic::StorageForAnother),
            Holding::Forwarding => return Publicity::NotPublic(NotPublic::Forwarding),
            Holding::Own => {}
        }
        let events: &[Option<Date>] = match self.content {
            _ if days.received.is_some() => &[days.received],
            // TF 2:10 first paragraph; a fact note is drawn up when its case is finished.
            Content::Ordinary | Content::FactNote => {
                &[days.dispatched, days.completed, days.case_finished, days.archived]
            }
            // TF 2:10 second paragraph: not the case's end but its own announcement, sending or adjustment.
            Content::DecisionOrMinutes => &[days.dispatched, days.completed],
            Content::RunningRegister => &[days.completed],
            Content::Memo => &[days.dispatched, days.archived],
        };
        match events.iter().flatten().filter(|on| **on <= day).min() {
            Some(since) => Publicity::Public { since: *since },
            None if self.content == Content::Memo => Publicity::NotPublic(NotPublic::Memo),
            None => Publicity::NotPublic(NotPublic::NotDrawnUp),
        }
    }
}

/// How something came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Arrival {
    /// It could be reached on that day; no rule moves it.
    Electronic { day: Date },
    /// Post that was found on that day is held to have come the working day before, unless that is unlikely.
    Post { found: Date, likely: Likely },
    /// In the letter box at the day's first emptying: the same rule.
    LetterBox { emptied: Date, likely: Likely },
}

/// Whether it is likely that it came the working day before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likely {
    Likely,
    Unlikely,
}

/// The legal day of receipt (FL 22 §).
pub fn received_day(arrival: Arrival) -> Result<Date, TooFar> {
    match arrival {
        Arrival::Electronic { day } => Ok(day),
        Arrival::Post { found: day, likely } | Arrival::LetterBox { emptied: day, likely } => match likely {
            Likely::Likely => working_day_before(day),
            Likely::Unlikely => Ok(day),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const DAY: Date = date(2026, 11, 18);

    fn document(content: Content, days: Days) -> Document {
        Document {
            title: "Handling".to_owned(),
            content,
            holding: Holding::Own,
            days,
            secrecy: vec![],
        }
    }

    #[test]
    fn what_has_come_in_is_public_from_that_day() {
        let come = document(
            Content::Ordinary,
            Days {
                received: Some(DAY),
                ..Days::default()
            },
        );
        assert_eq!(come.publicity(DAY), Publicity::Public { since: DAY });
        assert_eq!(come.kind(DAY), DocumentKind::Received);
    }

    #[test]
    fn a_draft_becomes_public_when_sent_or_when_the_case_is_finished() {
        let draft = document(Content::Ordinary, Days::default());
        assert_eq!(draft.publicity(DAY), Publicity::NotPublic(NotPublic::NotDrawnUp));
        assert_eq!(draft.kind(DAY), DocumentKind::Draft);
        let sent = document(
            Content::Ordinary,
            Days {
                dispatched: Some(DAY),
                ..Days::default()
            },
        );
        assert_eq!(sent.kind(DAY), DocumentKind::Dispatched);
        assert_eq!(sent.kind(date(2026, 11, 17)), DocumentKind::Draft);
        let finished = document(
            Content::FactNote,
            Days {
                case_finished: Some(DAY),
                ..Days::default()
            },
        );
        assert_eq!(finished.kind(DAY), DocumentKind::DrawnUp);
    }

    #[test]
    fn a_memo_is_public_only_when_archived_or_sent_and_a_decision_not_by_the_cases_end_alone() {
        let ended = Days {
            case_finished: Some(DAY),
            ..Days::default()
        };
        assert_eq!(
            document(Content::Memo, ended).publicity(DAY),
            Publicity::NotPublic(NotPublic::Memo)
        );
        let archived = Days {
            archived: Some(DAY),
            ..ended
        };
        assert_eq!(
            document(Content::Memo, archived).publicity(DAY),
            Publicity::Public { since: DAY }
        );
        assert_eq!(
            document(Content::DecisionOrMinutes, ended).publicity(DAY),
            Publicity::NotPublic(NotPublic::NotDrawnUp)
        );
    }

    #[test]
    fn what_is_stored_for_another_or_is_on_its_way_is_not_public_here() {
        for (holding, why) in [
            (Holding::StorageForAnother, NotPublic::StorageForAnother),
            (Holding::Forwarding, NotPublic::Forwarding),
        ] {
            let come = Document {
                holding,
                ..document(
                    Content::Ordinary,
                    Days {
                        received: Some(DAY),
                        ..Days::default()
                    },
                )
            };
            assert_eq!(come.publicity(DAY), Publicity::NotPublic(why));
            assert!(Lagrum::parse(why.law()).is_ok());
        }
    }

    #[test]
    fn post_is_held_to_have_come_the_working_day_before() {
        let monday = date(2026, 11, 23);
        let post = |likely| received_day(Arrival::Post { found: monday, likely });
        assert_eq!(post(Likely::Likely), Ok(date(2026, 11, 20)));
        assert_eq!(post(Likely::Unlikely), Ok(monday));
        assert_eq!(
            received_day(Arrival::Electronic {
                day: date(2026, 11, 22)
            }),
            Ok(date(2026, 11, 22))
        );
    }
}
