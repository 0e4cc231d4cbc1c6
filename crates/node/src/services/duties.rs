//! What a person must do after the decisions: the duties of a service whose event has happened, in the page's language.
//!
//! Always true here: a duty is shown from the day its event is known to the host, and never before; after a refusal nothing is
//! owed that a grant would have brought.

use jiff::civil::Date;
use samverk_domain::pack::{Due, DueFrom, Duty, Length, Pack, Start, Unit};
use samverk_domain::words::time::month_name;
use samverk_store::submissions::StepRow;

use super::inbound::{Happened, happened};
use crate::web::texts::{Lang, Texts};

/// One duty as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutyLine {
    pub text: String,
    /// `Senast 2 månader från händelsen`; empty when it is owed all the time.
    pub when: String,
    /// `Till: Socialnämnden`; empty when nobody receives it.
    pub to: String,
    /// The lagrum in full, or empty.
    pub law: String,
}

/// The duties that have begun.
pub fn lines(pack: &Pack, lang: Lang, steps: &[StepRow]) -> Vec<DutyLine> {
    let begun = pack.duties.iter().filter(|duty| {
        let first = steps.iter().find(|row| row.step == duty.after.it.step.as_str());
        first.is_some_and(|row| matches!(happened(pack, duty.after.it.event, row), Happened::Yes))
    });
    begun.map(|duty| line(pack, lang, duty)).collect()
}

fn line(pack: &Pack, lang: Lang, duty: &Duty) -> DutyLine {
    let text = |key: String, otherwise: &str| pack.text(lang.code(), &key).unwrap_or(otherwise).to_owned();
    let to = duty.to.as_ref().map(|role| {
        let name = text(format!("roll.{}", role.it), role.it.as_str());
        Texts::get(lang, "duty.to").with("name", name).to_string()
    });
    DutyLine {
        text: text(format!("skyldighet.{}", duty.id.it), &duty.text.it),
        when: when(lang, &duty.due.it),
        to: to.unwrap_or_default(),
        law: duty.law.as_ref().map(|law| law.it.in_full()).unwrap_or_default(),
    }
}

/// When a duty is to be done, in the language.
pub fn when(lang: Lang, due: &Due) -> String {
    let t = |k| Texts::get(lang, k);
    match due {
        Due::Within(length, from) => {
            let from = match from {
                DueFrom::Event => "duty.event",
                DueFrom::Start(Start::Received) => "duty.received",
                DueFrom::Start(Start::Complete) => "duty.complete",
                DueFrom::Start(Start::Served) => "duty.served",
                DueFrom::Start(Start::Decision) => "duty.decision",
            };
            t("duty.within")
                .with("length", self::length(lang, *length))
                .with("from", t(from))
                .to_string()
        }
        Due::Yearly { month, day } => t("duty.yearly").with("day", yearly(lang, *month, *day)).to_string(),
        Due::Before => t("duty.before").to_string(),
        Due::AtOnce => t("duty.at_once").to_string(),
        Due::Always => String::new(),
    }
}

/// `1 mars`, `1 March`
fn yearly(lang: Lang, month: i8, day: i8) -> String {
    match lang {
        Lang::Sv => format!("{day} {}", month_name(month)),
        // The reader has seen to it that every year has the day.
        Lang::En => {
            Date::new(2027, month, day).map_or_else(|_| String::new(), |date| date.strftime("%-d %B").to_string())
        }
    }
}

/// A start of a time limit, as a key of the texts.
pub fn start(start: Start) -> &'static str {
    match start {
        Start::Received => "frist.received",
        Start::Complete => "frist.complete",
        Start::Served => "frist.served",
        Start::Decision => "frist.decision",
    }
}

/// `4 månader`, `4 months`
pub fn length(lang: Lang, length: Length) -> String {
    if lang == Lang::Sv {
        return length.to_string();
    }
    let unit = match length.unit {
        Unit::Days => "frist.days",
        Unit::WorkingDays => "frist.working_days",
        Unit::Weeks => "frist.weeks",
        Unit::Months => "frist.months",
    };
    Texts::get(lang, unit).with("n", length.number).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_duty_is_said_in_both_languages() {
        let months = Length {
            number: 2,
            unit: Unit::Months,
        };
        for (due, sv, en) in [
            (
                Due::Within(months, DueFrom::Event),
                "Senast 2 månader från händelsen.",
                "Within 2 months from the event.",
            ),
            (
                Due::Within(months, DueFrom::Start(Start::Served)),
                "Senast 2 månader från den dag du fick del av beslutet.",
                "Within 2 months from the day you were served the decision.",
            ),
            (
                Due::Yearly { month: 3, day: 1 },
                "Senast den 1 mars varje år.",
                "By 1 March every year.",
            ),
            (Due::AtOnce, "Genast.", "At once."),
            (Due::Always, "", ""),
        ] {
            assert_eq!((when(Lang::Sv, &due).as_str(), when(Lang::En, &due).as_str()), (sv, en));
        }
    }
}
