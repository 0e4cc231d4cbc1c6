//! From a time limit in a service document to days in the calendar.
//!
//! Always true here: a time limit ends on the day that the act's words give; a last day that is free moves to the next
//! working day (lag 1930:173 2 §); a waiting time for the person ("start tidigast") never moves, because nothing has to be
//! done on its last day. An extension is counted from the first limit's own end, not from the moved day.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::pack::{Frist, Length, Start, Unit};
use crate::words::time::{TooFar, add_days, add_months, add_weeks, add_working_days, moved_to_working_day};

/// FL 12 §: the months after which a party may ask for a decision, and the weeks in which the body then decides.
pub const REQUEST_AFTER_MONTHS: u32 = 6;
pub const REQUEST_DECIDED_WITHIN_WEEKS: u32 = 4;
/// KL 13 kap. 5 §: the weeks from the announcement of the adjusted minutes on the notice board.
pub const LEGALITY_REVIEW_WEEKS: u32 = 3;

/// A time limit that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// Where the words of the act end; an extension is added to this.
    pub ends: Date,
    /// The same day, or the next working day.
    pub last_day: Date,
}

impl Deadline {
    fn ending(ends: Date) -> Result<Self, TooFar> {
        Ok(Self {
            ends,
            last_day: moved_to_working_day(ends)?,
        })
    }

    /// `length` counted from `from`, that day not included.
    pub fn after(from: Date, length: Length) -> Result<Self, TooFar> {
        Self::ending(end_of(from, length)?)
    }

    /// Lengthened once, from its own end.
    pub fn extended(self, by: Length) -> Result<Self, TooFar> {
        Self::ending(end_of(self.ends, by)?)
    }
}

/// The day on which a length that is counted from a day ends. The first day is not included.
pub fn end_of(from: Date, length: Length) -> Result<Date, TooFar> {
    match length.unit {
        Unit::Days => add_days(from, length.number),
        Unit::WorkingDays => add_working_days(from, length.number),
        Unit::Weeks => add_weeks(from, length.number),
        Unit::Months => add_months(from, length.number),
    }
}

/// When the case must be decided: known once its start event has happened. `None`: no limit, or it has not started.
pub fn decide_by(limit: &Frist, received: Date, complete: Option<Date>) -> Result<Option<Deadline>, TooFar> {
    let Some((length, start)) = limit.decide_within else {
        return Ok(None);
    };
    started(start, received, complete)
        .map(|from| Deadline::after(from, length))
        .transpose()
}

/// The first day on which the person may begin although nothing has been decided.
pub fn may_start(limit: &Frist, received: Date, complete: Option<Date>) -> Result<Option<Date>, TooFar> {
    let Some((length, start)) = limit.may_start else {
        return Ok(None);
    };
    started(start, received, complete)
        .map(|from| end_of(from, length))
        .transpose()
}

/// Before a decision only two things can have happened.
fn started(start: Start, received: Date, complete: Option<Date>) -> Option<Date> {
    match start {
        Start::Received => Some(received),
        Start::Complete => complete,
        Start::Served | Start::Decision => None,
    }
}

/// The last day on which an appeal is in time, counted from the day the party got the decision (FL 44 §).
pub fn appeal_until(counted_from: Date, within: Length) -> Result<Date, TooFar> {
    Ok(Deadline::after(counted_from, within)?.last_day)
}

/// FL 12 §: the last day of the six months; from the day after it a party may ask for a decision.
pub fn six_months_end(received: Date) -> Result<Date, TooFar> {
    add_months(received, REQUEST_AFTER_MONTHS)
}

/// FL 12 §: the last day to decide, or to refuse the request.
pub fn request_decided_by(requested: Date) -> Result<Date, TooFar> {
    moved_to_working_day(add_weeks(requested, REQUEST_DECIDED_WITHIN_WEEKS)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const fn months(number: u32) -> Length {
        Length {
            number,
            unit: Unit::Months,
        }
    }

    const ALCOHOL: Frist = Frist {
        decide_within: Some((months(4), Start::Complete)),
        extension: Some(months(4)),
        may_start: None,
    };

    #[test]
    fn the_alcohol_limit_starts_at_completeness_and_ends_on_a_working_day() {
        assert_eq!(decide_by(&ALCOHOL, date(2026, 8, 3), None), Ok(None));
        let deadline = decide_by(&ALCOHOL, date(2026, 8, 3), Some(date(2026, 8, 24)))
            .unwrap()
            .unwrap();
        assert_eq!(deadline.ends, date(2026, 12, 24));
        assert_eq!(deadline.last_day, date(2026, 12, 28));
    }

    #[test]
    fn an_extension_is_counted_from_the_limits_own_end() {
        let deadline = decide_by(&ALCOHOL, date(2026, 8, 3), Some(date(2026, 8, 24)))
            .unwrap()
            .unwrap();
        let extended = deadline.extended(months(4)).unwrap();
        assert_eq!(
            (extended.ends, extended.last_day),
            (date(2027, 4, 24), date(2027, 4, 26))
        );
    }

    #[test]
    fn a_waiting_time_for_the_person_does_not_move() {
        let food = Frist {
            decide_within: None,
            extension: None,
            may_start: Some((
                Length {
                    number: 14,
                    unit: Unit::Days,
                },
                Start::Received,
            )),
        };
        assert_eq!(may_start(&food, date(2026, 11, 7), None), Ok(Some(date(2026, 11, 21))));
        assert_eq!(decide_by(&food, date(2026, 11, 7), Some(date(2026, 11, 8))), Ok(None));
    }

    #[test]
    fn appeals_and_requests_follow_the_administrative_procedure_act() {
        let weeks = Length {
            number: 3,
            unit: Unit::Weeks,
        };
        assert_eq!(appeal_until(date(2026, 11, 19), weeks), Ok(date(2026, 12, 10)));
        assert_eq!(appeal_until(date(2026, 12, 3), weeks), Ok(date(2026, 12, 28)));
        assert_eq!(six_months_end(date(2026, 8, 31)), Ok(date(2027, 2, 28)));
        assert_eq!(request_decided_by(date(2026, 11, 27)), Ok(date(2026, 12, 28)));
    }
}
