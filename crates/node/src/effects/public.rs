//! Figures as anybody may see them: small cells suppressed, what is left rounded.
//!
//! Always true: a number counted from one to four matters is not shown; where it could be had by subtraction, another number
//! is suppressed with it; counts are rounded to five. A nought is shown only where at least five matters could have been
//! counted. There is one period for everybody: two that overlap could be subtracted.

use std::collections::BTreeMap;

use jiff::Timestamp;
use samverk_domain::events::Kind;
use serde::Serialize;

use super::summary::{By, Effect, Figure, NotShown, Row, Summary, Unit};

/// Fewer matters than this could point at somebody.
pub const CASES_MIN: u64 = 5;
/// Counts are multiples of this.
pub const ROUNDED_TO: u64 = 5;

/// A summary with nothing in it that could point at anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    pub node: String,
    pub service: String,
    pub from: Timestamp,
    /// Before this.
    pub to: Timestamp,
    /// `None`: fewer than [`CASES_MIN`].
    pub cases: Option<u64>,
    pub figures: Vec<PublishedFigure>,
    pub not_shown: BTreeMap<Effect, NotShown>,
    pub cases_min: u64,
    pub rounded_to: u64,
}

impl Published {
    /// Some number is suppressed.
    pub fn suppresses(&self) -> bool {
        self.cases.is_none()
            || self
                .figures
                .iter()
                .any(|figure| figure.value.is_none() || figure.rows.iter().any(|row| row.value.is_none()))
    }

    pub fn figure(&self, effect: Effect) -> Option<&PublishedFigure> {
        self.figures.iter().find(|figure| figure.effect == effect)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublishedFigure {
    pub effect: Effect,
    pub unit: Unit,
    /// `null`: suppressed, because there are few cases.
    pub value: Option<u64>,
    pub cases: Option<u64>,
    pub by: Option<By>,
    pub rows: Vec<PublishedRow>,
    pub counted_from: &'static [Kind],
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublishedRow {
    pub key: String,
    pub value: Option<u64>,
    pub cases: Option<u64>,
}

/// Suppresses and rounds.
pub fn published(summary: &Summary) -> Published {
    Published {
        node: summary.node.clone(),
        service: summary.service.clone(),
        from: summary.from,
        to: summary.to,
        cases: (summary.cases >= CASES_MIN).then(|| rounded(summary.cases)),
        figures: summary.figures.iter().map(figure).collect(),
        not_shown: summary.not_shown.clone(),
        cases_min: CASES_MIN,
        rounded_to: ROUNDED_TO,
    }
}

fn figure(figure: &Figure) -> PublishedFigure {
    let may = |cases: u64, value: u64| cases >= CASES_MIN || (cases == 0 && value == 0 && figure.of_cases >= CASES_MIN);
    let mut total = may(figure.cases, figure.value);
    let mut shown: Vec<bool> = figure.rows.iter().map(|row| may(row.cases, row.value)).collect();
    if figure.unit == Unit::Count && shown.contains(&false) {
        // The total less the rest is what is hidden: hide the smallest of the rest too, or the total.
        let rest = figure.rows.iter().enumerate().filter(|(at, _)| shown[*at]);
        match rest.min_by_key(|(_, row)| row.value).map(|(at, _)| at) {
            Some(at) => shown[at] = false,
            None => total = false,
        }
    }
    let number = |value| match figure.unit {
        Unit::Count => rounded(value),
        Unit::MedianCount => value,
        Unit::MedianSeconds => coarse(value),
    };
    let row = |(row, shown): (&Row, bool)| PublishedRow {
        key: row.key.clone(),
        value: shown.then(|| number(row.value)),
        cases: shown.then(|| rounded(row.cases)),
    };
    PublishedFigure {
        effect: figure.effect,
        unit: figure.unit,
        value: total.then(|| number(figure.value)),
        cases: total.then(|| rounded(figure.cases)),
        by: figure.by,
        rows: figure.rows.iter().zip(shown).map(row).collect(),
        counted_from: figure.counted_from,
    }
}

/// To the nearest multiple of [`ROUNDED_TO`].
fn rounded(value: u64) -> u64 {
    (value + ROUNDED_TO / 2) / ROUNDED_TO * ROUNDED_TO
}

/// Whole minutes below an hour, whole hours below two days, then whole days: upwards, so that it is never nought.
fn coarse(seconds: u64) -> u64 {
    let step = match seconds {
        0..3_600 => 60,
        3_600..172_800 => 3_600,
        _ => 86_400,
    };
    seconds.max(1).div_ceil(step) * step
}

/// One line a number; a suppressed one is empty, and says so in its own column.
pub fn csv(published: &Published) -> Result<String, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record([
        "node",
        "service",
        "from",
        "to",
        "effect",
        "part",
        "value",
        "unit",
        "cases",
        "suppressed",
    ])?;
    for figure in &published.figures {
        let all = (String::new(), figure.value, figure.cases);
        let rows = figure.rows.iter().map(|row| (row.key.clone(), row.value, row.cases));
        for (part, value, cases) in std::iter::once(all).chain(rows) {
            let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
            let suppressed = if value.is_none() { "yes" } else { "no" };
            out.write_record([
                published.node.as_str(),
                published.service.as_str(),
                &published.from.to_string(),
                &published.to.to_string(),
                &word(figure.effect),
                &part,
                &number(value),
                &word(figure.unit),
                &number(cases),
                suppressed,
            ])?;
        }
    }
    let bytes = out.into_inner().map_err(|why| why.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The stable name in files.
pub fn word(named: impl Serialize) -> String {
    match serde_json::to_value(named) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::{counted, event};
    use super::*;

    /// `cases` matters that each had a fact from `source`.
    fn fetched(of: &[(&str, i64)]) -> Published {
        let mut events = Vec::new();
        for (source, cases) in of {
            for case in 0..*cases {
                events.push(event(
                    case,
                    &format!("{source}{case}"),
                    Kind::FieldPrefilled,
                    "a.b",
                    source,
                ));
            }
        }
        published(&counted(&events))
    }

    fn cells(published: &Published) -> (Option<u64>, Vec<Option<u64>>) {
        let figure = published.figure(Effect::FactsFetched).unwrap();
        (figure.value, figure.rows.iter().map(|row| row.value).collect())
    }

    #[test]
    fn fewer_than_five_cases_are_never_shown() {
        for cases in 1..5 {
            let published = fetched(&[("skatteregistret", cases)]);
            assert_eq!(cells(&published), (None, vec![None]));
            assert_eq!(published.cases, None);
            assert!(published.suppresses());
            let json = serde_json::to_value(&published.figures).unwrap();
            for figure in json.as_array().unwrap() {
                assert!(figure["value"].is_null() && figure["cases"].is_null(), "{figure}");
            }
        }
    }

    #[test]
    fn a_nought_is_shown_only_among_five_cases() {
        let value = |published: &Published| published.figure(Effect::CertificatesHeld).unwrap().value;
        assert_eq!(value(&fetched(&[("skatteregistret", 4)])), None);
        assert_eq!(value(&fetched(&[("skatteregistret", 5)])), Some(0));
    }

    #[test]
    fn what_is_left_is_rounded_to_five() {
        let published = fetched(&[("bolagsregistret", 12), ("skatteregistret", 13)]);
        assert_eq!(cells(&published), (Some(25), vec![Some(10), Some(15)]));
        assert!(!published.suppresses());
    }

    #[test]
    fn a_suppressed_cell_cannot_be_had_by_subtraction() {
        let few = fetched(&[("bolagsregistret", 20), ("indrivning", 2), ("skatteregistret", 9)]);
        assert_eq!(cells(&few), (Some(30), vec![Some(20), None, None]));
        let all_few = fetched(&[("indrivning", 3), ("skatteregistret", 3)]);
        assert_eq!(cells(&all_few), (None, vec![None, None]));
    }

    #[test]
    fn times_are_whole_minutes_hours_or_days() {
        assert_eq!(coarse(0), 60);
        assert_eq!(coarse(61), 120);
        assert_eq!(coarse(3_601), 7_200);
        assert_eq!(coarse(172_801), 259_200);
    }

    #[test]
    fn the_table_says_which_cells_are_suppressed() {
        let csv = csv(&fetched(&[("skatteregistret", 2)])).unwrap();
        assert!(csv.starts_with("node,service,from,to,effect,part,value,unit,cases,suppressed\n"));
        assert!(csv.contains(",facts_fetched,skatteregistret,,count,,yes\n"));
    }
}
