//! Days as Swedish law counts them: public holidays, working days, time limits, the legal day of an instant.
//!
//! Always true here: nothing knows what day it is; a day that calendars cannot reach is refused, never wrapped. Sources:
//! lag (1989:253) om allmänna helgdagar, lag (1930:173) om beräkning av lagstadgad tid.

use std::fmt;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

/// The longest time limit that can be counted: a hundred years in days. Longer ones are slips.
pub const LENGTH_MAX: u32 = 36_525;

static STOCKHOLM: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZone::get("Europe/Stockholm").expect("the time zone table is compiled in (feature tzdb-bundle-always)")
});

/// A day that cannot be counted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("Tiden är för lång för att räknas. Ange högst hundra år.")]
pub struct TooFar;

/// The Swedish civil date at an instant: the legal day.
pub fn legal_day(instant: Timestamp) -> Date {
    STOCKHOLM.to_datetime(instant).date()
}

/// The instant at which the legal day begins; jobs for a day are scheduled at it.
pub fn start_of(day: Date) -> Result<Timestamp, TooFar> {
    let start = day.to_zoned(STOCKHOLM.clone()).map_err(|_| TooFar)?;
    Ok(start.timestamp())
}

/// A public holiday by its Swedish name (lag 1989:253 1 §), other than an ordinary Sunday. Easter Day and Whit Sunday are
/// named. Before 2005 Whit Monday was one and the national day was not; before 1990 the act did not apply.
pub fn public_holiday(day: Date) -> Option<&'static str> {
    let fixed = match (day.month(), day.day()) {
        (1, 1) => Some("nyårsdagen"),
        (1, 6) => Some("trettondedag jul"),
        (5, 1) => Some("första maj"),
        (6, 6) if day.year() >= 2005 => Some("nationaldagen"),
        (12, 25) => Some("juldagen"),
        (12, 26) => Some("annandag jul"),
        (6, 20..=26) if day.weekday() == Weekday::Saturday => Some("midsommardagen"),
        (10, 31) | (11, 1..=6) if day.weekday() == Weekday::Saturday => Some("alla helgons dag"),
        _ => None,
    };
    let moving = easter_day(day.year())
        .and_then(|easter| day.since(easter).ok())
        .and_then(|since| match since.get_days() {
            -2 => Some("långfredagen"),
            0 => Some("påskdagen"),
            1 => Some("annandag påsk"),
            39 => Some("Kristi himmelsfärdsdag"),
            49 => Some("pingstdagen"),
            50 if day.year() < 2005 => Some("annandag pingst"),
            _ => None,
        });
    // Kristi himmelsfärdsdag may fall on the first of May; the moving name says more.
    moving.or(fixed)
}

/// Why an action that is due on the day may wait until the next working day (lag 1930:173 2 §): Sunday, another public
/// holiday, Saturday, Midsummer Eve, Christmas Eve, New Year's Eve. `None` on a working day.
pub fn free_day(day: Date) -> Option<&'static str> {
    public_holiday(day).or_else(|| match (day.month(), day.day(), day.weekday()) {
        (6, 19..=25, Weekday::Friday) => Some("midsommarafton"),
        (12, 24, _) => Some("julafton"),
        (12, 31, _) => Some("nyårsafton"),
        (_, _, Weekday::Saturday) => Some("lördag"),
        (_, _, Weekday::Sunday) => Some("söndag"),
        _ => None,
    })
}

pub fn is_working_day(day: Date) -> bool {
    free_day(day).is_none()
}

/// The day itself if it is a working day, else the next one: the last day of a time limit (lag 1930:173 2 §).
pub fn moved_to_working_day(day: Date) -> Result<Date, TooFar> {
    let mut day = day;
    while !is_working_day(day) {
        day = day.tomorrow().map_err(|_| TooFar)?;
    }
    Ok(day)
}

/// The nearest working day before the day (FL 22 § second paragraph: post found on a day came the working day before).
pub fn working_day_before(day: Date) -> Result<Date, TooFar> {
    let mut day = day.yesterday().map_err(|_| TooFar)?;
    while !is_working_day(day) {
        day = day.yesterday().map_err(|_| TooFar)?;
    }
    Ok(day)
}

/// The day itself is not counted.
pub fn add_days(day: Date, days: u32) -> Result<Date, TooFar> {
    add(day, days, |n| n.days())
}

/// Ends on the day with the same name (lag 1930:173 1 §).
pub fn add_weeks(day: Date, weeks: u32) -> Result<Date, TooFar> {
    add(day, weeks, |n| n.weeks())
}

/// Ends on the day with the same number, or on the month's last day if it has none (lag 1930:173 1 §).
pub fn add_months(day: Date, months: u32) -> Result<Date, TooFar> {
    add(day, months, |n| n.months())
}

/// Counts working days only; the day itself is not counted.
pub fn add_working_days(day: Date, days: u32) -> Result<Date, TooFar> {
    if days > LENGTH_MAX {
        return Err(TooFar);
    }
    let mut day = day;
    for _ in 0..days {
        day = moved_to_working_day(day.tomorrow().map_err(|_| TooFar)?)?;
    }
    Ok(day)
}

/// The day so long before: the mirror of [`add_days`].
pub fn subtract_days(day: Date, days: u32) -> Result<Date, TooFar> {
    subtract(day, days, |n| n.days())
}

pub fn subtract_weeks(day: Date, weeks: u32) -> Result<Date, TooFar> {
    subtract(day, weeks, |n| n.weeks())
}

/// The day with the same number, or the month's last day if it has none.
pub fn subtract_months(day: Date, months: u32) -> Result<Date, TooFar> {
    subtract(day, months, |n| n.months())
}

/// Counts working days only, backwards; the day itself is not counted.
pub fn subtract_working_days(day: Date, days: u32) -> Result<Date, TooFar> {
    if days > LENGTH_MAX {
        return Err(TooFar);
    }
    let mut day = day;
    for _ in 0..days {
        day = working_day_before(day)?;
    }
    Ok(day)
}

/// The working days after `from` up to and with `to`; negative when `to` comes first. Counted within the years 1950–2150.
pub fn working_days_between(from: Date, to: Date) -> Option<i64> {
    let before = |day: Date| {
        let at = usize::try_from(day.since(FIRST_COUNTED).ok()?.get_days()).ok()?;
        WORKING_DAYS.get(at).copied().map(i64::from)
    };
    Some(before(to)? - before(from)?)
}

const FIRST_COUNTED: Date = Date::constant(1950, 1, 1);

/// By days since [`FIRST_COUNTED`]: how many working days there have been, the day itself counted.
static WORKING_DAYS: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut so_far = 0;
    let days = FIRST_COUNTED.series(1.day()).take_while(|day| day.year() <= 2150);
    days.map(|day| {
        so_far += u32::from(is_working_day(day));
        so_far
    })
    .collect()
});

/// Whole years from the birth date to the day; 0 before birth. Who was born on 29 February has the birthday on the 28th in
/// other years, as the last day of the month stands in for a missing one (lag 1930:173 1 §).
pub fn age_on(born: Date, day: Date) -> u16 {
    let years = day.year() - born.year();
    let reached = born
        .checked_add(i32::from(years).years())
        .is_ok_and(|birthday| birthday <= day);
    u16::try_from(if reached { years } else { years - 1 }).unwrap_or(0)
}

fn subtract(day: Date, number: u32, unit: impl Fn(i64) -> Span) -> Result<Date, TooFar> {
    if number > LENGTH_MAX {
        return Err(TooFar);
    }
    day.checked_sub(unit(i64::from(number))).map_err(|_| TooFar)
}

fn add(day: Date, number: u32, unit: impl Fn(i64) -> Span) -> Result<Date, TooFar> {
    if number > LENGTH_MAX {
        return Err(TooFar);
    }
    day.checked_add(unit(i64::from(number))).map_err(|_| TooFar)
}

/// In the year's order.
pub const MONTHS: [&str; 12] = [
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
];

/// `mars`; empty for what is no month.
pub fn month_name(month: i8) -> &'static str {
    let at = usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at));
    at.copied().unwrap_or_default()
}

/// `3 november 2026`
pub fn swedish_date(day: Date) -> String {
    format!("{} {} {}", day.day(), month_name(day.month()), day.year())
}

/// `den 3 november 2026`, inside a sentence.
pub fn swedish_date_in_sentence(day: Date) -> String {
    format!("den {}", swedish_date(day))
}

/// Swedish clock time at an instant: `14.05`.
pub fn swedish_time(instant: Timestamp) -> String {
    let local = STOCKHOLM.to_datetime(instant);
    format!("{:02}.{:02}", local.hour(), local.minute())
}

/// Gregorian Easter Day (Meeus, Jones and Butcher).
fn easter_day(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    )
    .ok()
}

/// A value that has changed over time: which one is in force follows from the day. In order of time; only the first may
/// lack a date (in force from the beginning); no two begin on the same day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(Option<Date>, T)>", into = "Vec<(Option<Date>, T)>")]
#[serde(bound(serialize = "T: Clone + Serialize", deserialize = "T: Deserialize<'de>"))]
pub struct Dated<T>(Vec<(Option<Date>, T)>);

/// Why values cannot be told apart in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NotDated {
    #[error("Minst ett värde behövs.")]
    Empty,
    #[error("Två värden börjar gälla samma dag. Ange olika dagar.")]
    SameDay,
}

impl<T> Dated<T> {
    /// One value, always.
    pub fn always(value: T) -> Self {
        Self(vec![(None, value)])
    }

    /// Values in any order.
    pub fn new(mut values: Vec<(Option<Date>, T)>) -> Result<Self, NotDated> {
        if values.is_empty() {
            return Err(NotDated::Empty);
        }
        values.sort_by_key(|(from, _)| *from);
        if values.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(NotDated::SameDay);
        }
        Ok(Self(values))
    }

    /// The value in force on that day; `None` before the first.
    pub fn on(&self, day: Date) -> Option<&T> {
        in_force(&self.0, day)
    }

    /// All values with the day they begin, in order of time.
    pub fn all(&self) -> &[(Option<Date>, T)] {
        &self.0
    }
}

/// The value in force on a day among values in order of time.
pub fn in_force<T>(values: &[(Option<Date>, T)], day: Date) -> Option<&T> {
    values
        .iter()
        .rev()
        .find(|(from, _)| from.is_none_or(|from| from <= day))
        .map(|(_, value)| value)
}

impl<T> TryFrom<Vec<(Option<Date>, T)>> for Dated<T> {
    type Error = NotDated;
    fn try_from(values: Vec<(Option<Date>, T)>) -> Result<Self, NotDated> {
        Self::new(values)
    }
}

impl<T> From<Dated<T>> for Vec<(Option<Date>, T)> {
    fn from(dated: Dated<T>) -> Self {
        dated.0
    }
}

/// An instant with its legal day, kept apart because the day may be an earlier one (FL 22 § second paragraph: post).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    pub instant: Timestamp,
    pub day: Date,
}

impl Moment {
    /// The instant with its Swedish civil date.
    pub fn at(instant: Timestamp) -> Self {
        Self {
            instant,
            day: legal_day(instant),
        }
    }

    /// The start of a day.
    pub fn start_of(day: Date) -> Result<Self, TooFar> {
        Ok(Self {
            instant: start_of(day)?,
            day,
        })
    }
}

impl fmt::Display for Moment {
    /// `3 november 2026 kl. 14.05`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kl. {}", swedish_date(self.day), swedish_time(self.instant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn knows_the_holidays_of_2026_and_no_others() {
        let days: Vec<(Date, &str)> = (0..365)
            .map(|n| add_days(date(2026, 1, 1), n).unwrap())
            .filter_map(|day| public_holiday(day).map(|name| (day, name)))
            .collect();
        assert_eq!(
            days,
            [
                (date(2026, 1, 1), "nyårsdagen"),
                (date(2026, 1, 6), "trettondedag jul"),
                (date(2026, 4, 3), "långfredagen"),
                (date(2026, 4, 5), "påskdagen"),
                (date(2026, 4, 6), "annandag påsk"),
                (date(2026, 5, 1), "första maj"),
                (date(2026, 5, 14), "Kristi himmelsfärdsdag"),
                (date(2026, 5, 24), "pingstdagen"),
                (date(2026, 6, 6), "nationaldagen"),
                (date(2026, 6, 20), "midsommardagen"),
                (date(2026, 10, 31), "alla helgons dag"),
                (date(2026, 12, 25), "juldagen"),
                (date(2026, 12, 26), "annandag jul"),
            ]
        );
    }

    #[test]
    fn easter_falls_where_the_almanac_says() {
        for (year, month, day) in [
            (1990, 4, 15),
            (2000, 4, 23),
            (2008, 3, 23),
            (2011, 4, 24),
            (2016, 3, 27),
            (2024, 3, 31),
            (2025, 4, 20),
            (2027, 3, 28),
            (2028, 4, 16),
            (2035, 3, 25),
            (2038, 4, 25),
        ] {
            assert_eq!(easter_day(year), Some(date(year, month, day)));
        }
    }

    #[test]
    fn the_eves_count_as_free_days_and_ordinary_mondays_do_not() {
        for (day, why) in [
            (date(2026, 6, 19), Some("midsommarafton")),
            (date(2026, 12, 24), Some("julafton")),
            (date(2026, 12, 31), Some("nyårsafton")),
            (date(2026, 11, 21), Some("lördag")),
            (date(2026, 11, 22), Some("söndag")),
            (date(2026, 4, 2), None),
            (date(2026, 5, 25), None),
            (date(2004, 5, 31), Some("annandag pingst")),
            (date(2004, 6, 7), None),
        ] {
            assert_eq!(free_day(day), why, "{day}");
        }
    }

    #[test]
    fn a_time_limit_that_ends_on_a_free_day_ends_on_the_next_working_day() {
        assert_eq!(moved_to_working_day(date(2026, 4, 3)), Ok(date(2026, 4, 7)));
        assert_eq!(moved_to_working_day(date(2026, 12, 24)), Ok(date(2026, 12, 28)));
        assert_eq!(moved_to_working_day(date(2026, 12, 31)), Ok(date(2027, 1, 4)));
        assert_eq!(moved_to_working_day(date(2026, 11, 23)), Ok(date(2026, 11, 23)));
        assert_eq!(working_day_before(date(2026, 4, 7)), Ok(date(2026, 4, 2)));
    }

    #[test]
    fn months_end_on_the_same_number_or_the_months_last_day() {
        assert_eq!(add_months(date(2026, 10, 31), 4), Ok(date(2027, 2, 28)));
        assert_eq!(add_months(date(2027, 10, 31), 4), Ok(date(2028, 2, 29)));
        assert_eq!(add_months(date(2026, 11, 3), 4), Ok(date(2027, 3, 3)));
        assert_eq!(add_weeks(date(2026, 11, 3), 3), Ok(date(2026, 11, 24)));
        assert_eq!(add_working_days(date(2026, 12, 22), 3), Ok(date(2026, 12, 29)));
        assert_eq!(add_days(date(2026, 1, 1), LENGTH_MAX + 1), Err(TooFar));
        assert_eq!(add_months(date(9999, 12, 1), 2), Err(TooFar));
    }

    #[test]
    fn lengths_are_subtracted_and_working_days_counted_as_they_are_added() {
        assert_eq!(subtract_months(date(2026, 3, 31), 1), Ok(date(2026, 2, 28)));
        assert_eq!(subtract_working_days(date(2026, 12, 29), 3), Ok(date(2026, 12, 22)));
        assert_eq!(working_days_between(date(2026, 12, 22), date(2026, 12, 29)), Some(3));
        assert_eq!(working_days_between(date(2026, 12, 29), date(2026, 12, 22)), Some(-3));
        assert_eq!(working_days_between(date(2026, 1, 1), date(3000, 1, 1)), None);
        assert_eq!(age_on(date(2008, 2, 29), date(2026, 2, 28)), 18);
        assert_eq!(age_on(date(2008, 3, 1), date(2026, 2, 28)), 17);
        assert_eq!(age_on(date(2027, 1, 1), date(2026, 2, 28)), 0);
    }

    #[test]
    fn the_legal_day_is_the_day_in_stockholm() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(legal_day(at("2026-11-03T22:59:59Z")), date(2026, 11, 3));
        assert_eq!(legal_day(at("2026-11-03T23:00:00Z")), date(2026, 11, 4));
        assert_eq!(legal_day(at("2026-07-01T22:00:00Z")), date(2026, 7, 2));
        assert_eq!(start_of(date(2026, 7, 2)), Ok(at("2026-07-01T22:00:00Z")));
        assert_eq!(
            Moment::at(at("2026-11-03T13:05:00Z")).to_string(),
            "3 november 2026 kl. 14.05"
        );
    }

    #[test]
    fn dates_are_written_in_swedish() {
        assert_eq!(swedish_date_in_sentence(date(2026, 11, 3)), "den 3 november 2026");
        assert_eq!(swedish_date(date(2026, 5, 31)), "31 maj 2026");
    }

    #[test]
    fn the_value_in_force_follows_from_the_day() {
        let base = Dated::new(vec![(Some(date(2026, 1, 1)), 59_200), (Some(date(2025, 1, 1)), 58_800)]).unwrap();
        assert_eq!(base.on(date(2024, 12, 31)), None);
        assert_eq!(base.on(date(2025, 12, 31)), Some(&58_800));
        assert_eq!(base.on(date(2026, 1, 1)), Some(&59_200));
        assert_eq!(Dated::always(1).on(date(1900, 1, 1)), Some(&1));
        assert_eq!(Dated::<u8>::new(vec![]), Err(NotDated::Empty));
        assert_eq!(Dated::new(vec![(None, 1), (None, 2)]), Err(NotDated::SameDay));
        let json = serde_json::to_string(&base).unwrap();
        assert_eq!(serde_json::from_str::<Dated<i32>>(&json).unwrap(), base);
    }

    fn any_day() -> impl Strategy<Value = Date> {
        (0u32..70_000).prop_map(|n| {
            let start = date(1990, 1, 1);
            start.checked_add(i64::from(n).days()).unwrap()
        })
    }

    proptest! {
        #[test]
        fn a_working_day_is_at_most_six_days_away(day in any_day()) {
            let moved = moved_to_working_day(day).unwrap();
            prop_assert!(is_working_day(moved));
            prop_assert!((0..=6).contains(&moved.since(day).unwrap().get_days()));
            prop_assert!(working_day_before(moved).unwrap() < moved);
        }

        #[test]
        fn working_days_add_up(day in any_day(), a in 0u32..40, b in 0u32..40) {
            let once = add_working_days(day, a + b).unwrap();
            let twice = add_working_days(add_working_days(day, a).unwrap(), b).unwrap();
            prop_assert_eq!(once, twice);
        }

        #[test]
        fn longer_time_limits_never_end_earlier(day in any_day(), n in 0u32..400) {
            prop_assert!(add_months(day, n).unwrap() <= add_months(day, n + 1).unwrap());
            prop_assert!(add_days(day, n).unwrap() < add_days(day, n + 1).unwrap());
        }

        #[test]
        fn a_day_starts_on_itself(day in any_day()) {
            prop_assert_eq!(legal_day(start_of(day).unwrap()), day);
        }
    }
}
