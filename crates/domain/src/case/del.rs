//! Delgivning: on which day a party got the decision.
//!
//! Always true here: the appeal time starts at this day and at no other (FL 44 §). Mere delivery to a mailbox is not
//! service; opening the letter there, a receipt, or simplified service two weeks after sending is (delgivningslagen
//! 2010:1932, 16–18 and 22–26 §§).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::NotAllowed;
use crate::words::time::{Moment, TooFar, add_days, add_weeks};

/// Delgivningslagen 26 §.
pub const SIMPLIFIED_AFTER_WEEKS: u32 = 2;

/// How a party got a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "snake_case")]
pub enum Service {
    /// The party opened the letter in the body's own mailbox page, logged in.
    OpenedLetter { opened: Moment },
    /// Ordinary service (16–18 §§): sent or handed over, and confirmed as received on the day.
    Ordinary { received: Date, receipt: String },
    /// Simplified service (22–26 §§).
    Simplified(Simplified),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simplified {
    /// The day on which the party was told that simplified service may be used, on the receipt page for instance.
    pub told: Option<Date>,
    pub sent: Date,
    pub control: ControlMessage,
}

/// 24 §: a control message is sent at the earliest the next working day, unless the document was sent electronically.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlMessage {
    NotNeededSentElectronically,
    Sent(Date),
}

impl Simplified {
    /// The day on which the party is held to have been served: two weeks after sending.
    pub fn served_on(&self) -> Result<Date, TooFar> {
        add_weeks(self.sent, SIMPLIFIED_AFTER_WEEKS)
    }
}

/// The day on which the party got the document, if the way holds on `today`. `sent_earliest` is the day the notice left.
pub fn served_on(service: &Service, sent_earliest: Date, today: Date) -> Result<Date, NotAllowed> {
    let day = match service {
        Service::OpenedLetter { opened } => opened.day,
        Service::Ordinary { received, receipt } => {
            if receipt.trim().is_empty() {
                return Err(NotAllowed::ReceiptMissing);
            }
            *received
        }
        Service::Simplified(simplified) => {
            if simplified.told.is_none_or(|told| told > simplified.sent) {
                return Err(NotAllowed::SimplifiedServiceNotTold);
            }
            if simplified.sent < sent_earliest {
                return Err(NotAllowed::ServedBeforeNotice);
            }
            if let ControlMessage::Sent(control) = simplified.control
                && control < add_days(simplified.sent, 1)?
            {
                return Err(NotAllowed::ControlMessageTooEarly);
            }
            simplified.served_on()?
        }
    };
    if day > today {
        return Err(NotAllowed::NotYetServed { day });
    }
    if day < sent_earliest {
        return Err(NotAllowed::ServedBeforeNotice);
    }
    Ok(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const SENT: Date = date(2026, 11, 19);

    fn simplified() -> Simplified {
        Simplified {
            told: Some(date(2026, 8, 24)),
            sent: SENT,
            control: ControlMessage::NotNeededSentElectronically,
        }
    }

    #[test]
    fn simplified_service_is_done_two_weeks_after_sending() {
        let service = Service::Simplified(simplified());
        let day = date(2026, 12, 3);
        assert_eq!(
            served_on(&service, SENT, date(2026, 12, 2)),
            Err(NotAllowed::NotYetServed { day })
        );
        assert_eq!(served_on(&service, SENT, day), Ok(day));
    }

    #[test]
    fn simplified_service_needs_that_the_party_was_told_and_a_control_message_by_post() {
        let later = date(2027, 1, 1);
        let untold = Service::Simplified(Simplified {
            told: None,
            ..simplified()
        });
        assert_eq!(
            served_on(&untold, SENT, later),
            Err(NotAllowed::SimplifiedServiceNotTold)
        );
        let same_day = Service::Simplified(Simplified {
            control: ControlMessage::Sent(SENT),
            ..simplified()
        });
        assert_eq!(
            served_on(&same_day, SENT, later),
            Err(NotAllowed::ControlMessageTooEarly)
        );
        let next_day = Service::Simplified(Simplified {
            control: ControlMessage::Sent(date(2026, 11, 20)),
            ..simplified()
        });
        assert_eq!(served_on(&next_day, SENT, later), Ok(date(2026, 12, 3)));
    }

    #[test]
    fn ordinary_service_needs_a_receipt() {
        let with = |receipt: &str| Service::Ordinary {
            received: date(2026, 11, 25),
            receipt: receipt.to_owned(),
        };
        assert_eq!(
            served_on(&with(" "), SENT, date(2026, 12, 1)),
            Err(NotAllowed::ReceiptMissing)
        );
        assert_eq!(
            served_on(&with("delgivningskvitto"), SENT, date(2026, 12, 1)),
            Ok(date(2026, 11, 25))
        );
        assert_eq!(
            served_on(&with("kvitto"), date(2026, 11, 26), date(2026, 12, 1)),
            Err(NotAllowed::ServedBeforeNotice)
        );
    }
}
