//! The three states and their algebra: a value, *ej aktuellt* (E) and *saknas* (S).
//!
//! Always true here: an operation whose result is not S gives the same result whatever an S among its operands turns out
//! to be. Of several missing operands the gravest cause is told (disputed, failed, pending, unanswered), so that the
//! result does not depend on their order.

use std::collections::BTreeSet;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::fact::{Cause, Known, Value};
use crate::pack::{Comparison, DayKind, Length, Operator, PeriodPart, Unit};
use crate::words::time;

/// A value as rules compare it: a view of [`Value`], or something calculated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Compared<'a> {
    YesNo(bool),
    Number(Decimal),
    Date(Date),
    /// Minutes, as [`Value::Clock`].
    Clock(u16),
    Period(Date, Date),
    /// Several of a choice's words.
    Set(&'a BTreeSet<String>),
    /// Words of a choice, texts, identity numbers, properties: equal or not, never more or less.
    Word(&'a str),
    /// A file that was handed in: present, and compared with nothing.
    File,
}

pub(super) type State<'a> = Known<Compared<'a>>;

/// Something is wrong in the document (a name that nothing defines, a circle, values of different kinds): the checker
/// reports it, and here it is missing, so that it never decides against anyone.
pub(super) const FAILED: Cause = Cause::Failed;

impl<'a> From<&'a Value> for Compared<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::YesNo(yes) | Value::Assessment { answer: yes, .. } => Self::YesNo(*yes),
            Value::Number(number) => Self::Number(*number),
            Value::Date(date) => Self::Date(*date),
            Value::Clock(minutes) => Self::Clock(*minutes),
            Value::Period { from, to } => Self::Period(*from, *to),
            Value::Set(words) => Self::Set(words),
            Value::Choice(word)
            | Value::Text(word)
            | Value::OrgNr(word)
            | Value::PersonNr(word)
            | Value::Property(word) => Self::Word(word),
            Value::Attachment(_) => Self::File,
        }
    }
}

/// The state of a stored value.
pub(super) fn state(known: &Known<Value>) -> State<'_> {
    known.as_ref().map(Compared::from)
}

/// `och`: strongest of nej > S > ja > E.
pub(super) fn all(operands: impl IntoIterator<Item = Known<bool>>) -> Known<bool> {
    strongest(operands, false)
}

/// `eller`: ja > S > nej > E.
pub(super) fn any(operands: impl IntoIterator<Item = Known<bool>>) -> Known<bool> {
    strongest(operands, true)
}

/// The `decisive` answer, else S, else the other answer, else E.
fn strongest(operands: impl IntoIterator<Item = Known<bool>>, decisive: bool) -> Known<bool> {
    let mut missing: Option<Cause> = None;
    let mut answered = false;
    for operand in operands {
        match operand {
            Known::Value(answer) if answer == decisive => return Known::Value(decisive),
            Known::Value(_) => answered = true,
            Known::Missing(cause) => missing = missing.max(Some(cause)),
            Known::NotApplicable => {}
        }
    }
    match (missing, answered) {
        (Some(cause), _) => Known::Missing(cause),
        (None, true) => Known::Value(!decisive),
        (None, false) => Known::NotApplicable,
    }
}

/// `inte` leaves S and E.
pub(super) fn not(operand: Known<bool>) -> Known<bool> {
    operand.map(|answer| !answer)
}

/// Comparison with E is E, else with S is S. Values of different kinds cannot be compared: that is S.
pub(super) fn compare(how: Comparison, left: &State<'_>, right: &State<'_>) -> Known<bool> {
    both(left, right, |left, right| compare_values(how, left, right))
}

/// Arithmetic with E is E, else with S is S. What is no number, or too large a number, is S.
pub(super) fn calculate<'a>(how: Operator, left: &State<'a>, right: &State<'a>) -> State<'a> {
    both(left, right, |left, right| {
        let (Compared::Number(left), Compared::Number(right)) = (left, right) else {
            return None;
        };
        match how {
            Operator::Plus => left.checked_add(right),
            Operator::Minus => left.checked_sub(right),
            Operator::Times => left.checked_mul(right),
            Operator::Divide => left.checked_div(right),
        }
        .map(Compared::Number)
    })
}

/// A function of one value: E and S stay, what it has no meaning for is S.
pub(super) fn of_one<'a>(
    operand: &State<'a>,
    of: impl FnOnce(Compared<'a>) -> Option<Compared<'static>>,
) -> State<'static> {
    match operand {
        Known::NotApplicable => Known::NotApplicable,
        Known::Missing(cause) => Known::Missing(*cause),
        Known::Value(value) => of(*value).map_or(Known::Missing(FAILED), Known::Value),
    }
}

/// `har`: whether the word is among the chosen.
pub(super) fn has(set: &State<'_>, word: &str) -> Known<bool> {
    condition(of_one(set, |set| match set {
        Compared::Set(words) => Some(Compared::YesNo(words.contains(word))),
        _ => None,
    }))
}

/// `antal` of several choices.
pub(super) fn size(set: &State<'_>) -> State<'static> {
    of_one(set, |set| match set {
        Compared::Set(words) => Some(Compared::Number(Decimal::from(words.len()))),
        _ => None,
    })
}

/// `dag + 14 dagar`
pub(super) fn shift(how: Operator, day: &State<'_>, by: Length) -> State<'static> {
    of_one(day, |day| match day {
        Compared::Date(day) => shifted(how, day, by).map(Compared::Date),
        _ => None,
    })
}

/// `dag + 14 dagar` of a day; `None` beyond the calendar.
pub fn shifted(how: Operator, day: Date, by: Length) -> Option<Date> {
    let n = by.number;
    match (how, by.unit) {
        (Operator::Plus, Unit::Days) => time::add_days(day, n),
        (Operator::Plus, Unit::WorkingDays) => time::add_working_days(day, n),
        (Operator::Plus, Unit::Weeks) => time::add_weeks(day, n),
        (Operator::Plus, Unit::Months) => time::add_months(day, n),
        (Operator::Minus, Unit::Days) => time::subtract_days(day, n),
        (Operator::Minus, Unit::WorkingDays) => time::subtract_working_days(day, n),
        (Operator::Minus, Unit::Weeks) => time::subtract_weeks(day, n),
        (Operator::Minus, Unit::Months) => time::subtract_months(day, n),
        (Operator::Times | Operator::Divide, _) => return None,
    }
    .ok()
}

/// `dagar(a, b)`, `arbetsdagar(a, b)`
pub(super) fn apart(kind: DayKind, from: &State<'_>, to: &State<'_>) -> State<'static> {
    let number = both(from, to, |from, to| match (from, to) {
        (Compared::Date(from), Compared::Date(to)) => days_apart(kind, from, to),
        _ => None,
    });
    number.map(Compared::Number)
}

/// `dagar(a, b)`, `arbetsdagar(a, b)` of two days.
pub fn days_apart(kind: DayKind, from: Date, to: Date) -> Option<Decimal> {
    let days = match kind {
        DayKind::Days => i64::from(to.since(from).ok()?.get_days()),
        DayKind::WorkingDays => time::working_days_between(from, to)?,
    };
    Some(Decimal::from(days))
}

/// `ålder(…)` of a date of birth, or of a person's number. A number without a date of birth has no age.
pub(super) fn age(of: &State<'_>, on: Date) -> State<'static> {
    of_one(of, |of| {
        let born = match of {
            Compared::Date(born) => born,
            Compared::Word(digits) => born(digits)?,
            _ => return None,
        };
        Some(Compared::Number(Decimal::from(time::age_on(born, on))))
    })
}

/// The date in a person's number; a samordningsnummer has sixty added to the day.
fn born(digits: &str) -> Option<Date> {
    let part = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i16>().ok();
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let day = if day > 60 { day - 60 } else { day };
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// `början(p)`, `slut(p)`, `dagar(p)`
pub(super) fn part_of(part: PeriodPart, period: &State<'_>) -> State<'static> {
    of_one(period, |period| match (period, part) {
        (Compared::Period(from, _), PeriodPart::Start) => Some(Compared::Date(from)),
        (Compared::Period(_, to), PeriodPart::End) => Some(Compared::Date(to)),
        (Compared::Period(from, to), PeriodPart::Days) => {
            days_apart(DayKind::Days, from, to).map(|days| Compared::Number(days + Decimal::ONE))
        }
        _ => None,
    })
}

/// A number in another unit.
pub(super) fn in_unit(number: &State<'_>, factor: Decimal) -> State<'static> {
    of_one(number, |number| match number {
        Compared::Number(number) => number.checked_mul(factor).map(Compared::Number),
        _ => None,
    })
}

/// A state as a condition: only yes and no are one.
pub(super) fn condition(state: State<'_>) -> Known<bool> {
    match state {
        Known::Value(Compared::YesNo(answer)) => Known::Value(answer),
        Known::Value(_) => Known::Missing(FAILED),
        Known::NotApplicable => Known::NotApplicable,
        Known::Missing(cause) => Known::Missing(cause),
    }
}

pub(super) fn compare_values(how: Comparison, left: Compared<'_>, right: Compared<'_>) -> Option<bool> {
    use std::cmp::Ordering;
    let order = match (left, right) {
        (Compared::Number(left), Compared::Number(right)) => left.cmp(&right),
        (Compared::Date(left), Compared::Date(right)) => left.cmp(&right),
        (Compared::Clock(left), Compared::Clock(right)) => left.cmp(&right),
        (Compared::YesNo(left), Compared::YesNo(right)) => return same(how, left == right),
        (Compared::Set(left), Compared::Set(right)) => return same(how, left == right),
        (Compared::Period(a, b), Compared::Period(c, d)) => return same(how, (a, b) == (c, d)),
        (Compared::Word(left), Compared::Word(right)) => return same(how, left == right),
        _ => return None,
    };
    Some(match how {
        Comparison::Equal => order == Ordering::Equal,
        Comparison::NotEqual => order != Ordering::Equal,
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::GreaterOrEqual => order != Ordering::Less,
    })
}

/// What has no order is only equal or not.
fn same(how: Comparison, equal: bool) -> Option<bool> {
    match how {
        Comparison::Equal => Some(equal),
        Comparison::NotEqual => Some(!equal),
        _ => None,
    }
}

fn both<'a, T>(
    left: &State<'a>,
    right: &State<'a>,
    of: impl FnOnce(Compared<'a>, Compared<'a>) -> Option<T>,
) -> Known<T> {
    match (left, right) {
        (Known::NotApplicable, _) | (_, Known::NotApplicable) => Known::NotApplicable,
        (Known::Missing(left), Known::Missing(right)) => Known::Missing(*left.max(right)),
        (Known::Missing(cause), _) | (_, Known::Missing(cause)) => Known::Missing(*cause),
        (Known::Value(left), Known::Value(right)) => of(*left, *right).map_or(Known::Missing(FAILED), Known::Value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JA: Known<bool> = Known::Value(true);
    const NEJ: Known<bool> = Known::Value(false);
    const E: Known<bool> = Known::NotApplicable;
    const S: Known<bool> = Known::UNANSWERED;

    #[test]
    fn och_takes_the_strongest_of_nej_missing_ja_not_applicable() {
        let order = [NEJ, S, JA, E];
        for (i, left) in order.iter().enumerate() {
            for (j, right) in order.iter().enumerate() {
                assert_eq!(
                    all([left.clone(), right.clone()]),
                    order[i.min(j)],
                    "{left:?} och {right:?}"
                );
            }
        }
    }

    #[test]
    fn eller_takes_the_strongest_of_ja_missing_nej_not_applicable() {
        let order = [JA, S, NEJ, E];
        for (i, left) in order.iter().enumerate() {
            for (j, right) in order.iter().enumerate() {
                assert_eq!(
                    any([left.clone(), right.clone()]),
                    order[i.min(j)],
                    "{left:?} eller {right:?}"
                );
            }
        }
    }

    #[test]
    fn inte_leaves_missing_and_not_applicable() {
        assert_eq!([JA, NEJ, S, E].map(not), [NEJ, JA, S, E]);
    }

    #[test]
    fn comparison_and_arithmetic_with_not_applicable_are_not_applicable_and_else_with_missing_missing() {
        let two = Known::Value(Compared::Number(Decimal::TWO));
        let (e, s): (State, State) = (Known::NotApplicable, Known::UNANSWERED);
        for (left, right, expected) in [
            (&two, &e, E),
            (&e, &two, E),
            (&e, &s, E),
            (&s, &e, E),
            (&e, &e, E),
            (&two, &s, S),
            (&s, &two, S),
            (&s, &s, S),
            (&two, &two, JA),
        ] {
            assert_eq!(compare(Comparison::Equal, left, right), expected);
            let sum = calculate(Operator::Plus, left, right);
            assert_eq!(sum.map(|_| true), expected);
        }
    }

    #[test]
    fn the_gravest_cause_is_told_in_any_order() {
        let pending = Known::Missing(Cause::Pending);
        let disputed = Known::Missing(Cause::Disputed);
        assert_eq!(all([pending.clone(), disputed.clone(), JA]), disputed);
        assert_eq!(all([disputed.clone(), JA, pending]), disputed);
    }

    #[test]
    fn values_of_different_kinds_are_never_compared() {
        let word = Known::Value(Compared::Word("ja"));
        let yes = Known::Value(Compared::YesNo(true));
        assert_eq!(compare(Comparison::Equal, &word, &yes), Known::Missing(Cause::Failed));
        assert_eq!(compare(Comparison::Less, &yes, &yes), Known::Missing(Cause::Failed));
        assert_eq!(condition(word), Known::Missing(Cause::Failed));
    }

    #[test]
    fn an_assessment_is_compared_by_its_answer() {
        let assessment = Value::Assessment {
            answer: false,
            reasons: "skulderna är stora".into(),
        };
        let no = Value::YesNo(false);
        let answer = compare_values(Comparison::Equal, Compared::from(&assessment), Compared::from(&no));
        assert_eq!(answer, Some(true));
    }
}
