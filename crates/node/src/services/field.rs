//! One fact as a field of a form, and a form's words as a value: the border between what a person typed and the engine.
//!
//! Always true: what comes out is a value of the fact's type, or a sentence that says what to do; nothing of what was typed
//! is lost when something is wrong.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use jiff::civil::Date;
use rust_decimal::Decimal;
use samverk_domain::fact::{Slot, Value};
use samverk_domain::pack::{Fact, Pack, Type};
use samverk_domain::words::amount;
use samverk_domain::words::letters::capital;

use super::draft::key;
use crate::web::parts::Markup;
use crate::web::texts::{Lang, Texts};
use crate::web::{Failure, layout};

/// What was typed, by field name.
pub type Typed = BTreeMap<String, String>;

/// How the field looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Radios(Vec<(String, String)>),
    Line {
        unit: String,
        class: &'static str,
        numeric: bool,
    },
    Area,
    DayMonthYear([String; 3]),
    /// Any number of the options, or the last one: none of them. Each has a field of its own: name, words, ticked.
    Boxes(Vec<(String, String, bool)>),
    /// The first and the last day: each with its part of the field names, its label, and day, month and year.
    Days([(&'static str, String, [String; 3]); 2]),
    File {
        accept: String,
    },
}

#[derive(Template, Clone, Debug)]
#[template(path = "parts/field.html")]
pub struct Field {
    pub name: String,
    pub label: String,
    pub hint: String,
    pub error: Option<String>,
    pub value: String,
    pub kind: Kind,
    /// The label is the page's heading.
    pub is_heading: bool,
    pub caption: String,
    pub words: [String; 4],
}

impl Field {
    /// Where a link in the error summary leads.
    pub fn anchor(&self) -> String {
        match &self.kind {
            Kind::Radios(options) => self.option_id(options.first().map_or("", |(value, _)| value)),
            Kind::DayMonthYear(_) => format!("{}-dag", self.id()),
            Kind::Boxes(options) => options.first().map_or_else(|| self.id(), |(name, ..)| id_of(name)),
            Kind::Days(_) => format!("{}-fran-dag", self.id()),
            _ => self.id(),
        }
    }

    /// One radio's id.
    pub fn option_id(&self, option: &str) -> String {
        format!("{}-{}", self.id(), option.replace(' ', "-"))
    }

    /// Field names hold dots and brackets; ids in a page do not.
    pub fn id(&self) -> String {
        id_of(&self.name)
    }

    /// The id of a box.
    pub fn box_id(&self, name: &str) -> String {
        id_of(name)
    }

    pub fn described_by(&self) -> String {
        let id = self.id();
        let mut ids = Vec::new();
        if !self.hint.is_empty() {
            ids.push(format!("{id}-h"));
        }
        if self.error.is_some() {
            ids.push(format!("{id}-e"));
        }
        ids.join(" ")
    }

    /// The hint, where `*words*` are stressed.
    pub fn hint_marked(&self) -> Markup {
        Markup::trusted(samverk_author::paper::marked(&self.hint))
    }

    pub fn show(&self) -> Result<Markup, Failure> {
        Ok(Markup::trusted(self.render().map_err(Failure::ours)?))
    }
}

fn id_of(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_alphanumeric() { c } else { '-' })
        .collect()
}

/// The field of the nth box of several choices.
pub fn box_name(name: &str, nth: usize) -> String {
    format!("{name}-val{nth}")
}

/// The field of the box for none of several choices.
pub fn none_name(name: &str) -> String {
    format!("{name}-inga")
}

/// The parts of a period's field names: first and last day.
pub const PERIOD_ENDS: [&str; 2] = ["fran", "till"];

/// The field for one slot, with what is there already.
pub fn field(pack: &Pack, lang: Lang, fact: &Fact, slot: &Slot, value: Option<&Value>, typed: Option<&Typed>) -> Field {
    let name = key(slot);
    let label = pack
        .text(lang.code(), &format!("fråga.{}", slot.fact))
        .or_else(|| pack.text(lang.code(), &format!("namn.{}", slot.fact)))
        .unwrap_or(slot.fact.as_str())
        .to_owned();
    let t = |k| Texts::get(lang, k).to_string();
    let mut hint = pack
        .text(lang.code(), &format!("hjälp.{}", slot.fact))
        .unwrap_or_default()
        .to_owned();
    let before = typed.and_then(|typed| typed.get(&name)).cloned();
    let shown = before.unwrap_or_else(|| value.map(raw).unwrap_or_default());
    let line = |unit: &str, class, numeric| Kind::Line {
        unit: unit.to_owned(),
        class,
        numeric,
    };
    let kind = match &fact.ty.it {
        Type::YesNo | Type::Assessment => Kind::Radios(vec![
            ("ja".to_owned(), t("field.yes")),
            ("nej".to_owned(), t("field.no")),
        ]),
        Type::Choice(words) => Kind::Radios(
            words
                .iter()
                .map(|word| (word.clone(), choice(pack, lang, slot, word)))
                .collect(),
        ),
        Type::Number { unit, .. } => line(&unit_in(lang, unit.as_deref().unwrap_or_default()), "input--4", true),
        Type::Kronor { .. } => line(&t("field.kronor"), "input--8", true),
        Type::Text { characters_max } if *characters_max > 200 => Kind::Area,
        Type::Text { .. } => line("", "", false),
        Type::Several(words) => {
            let ticked = |field: &str, chosen: bool| typed.map_or(chosen, |typed| typed.contains_key(field));
            let chosen = |word: &String| matches!(value, Some(Value::Set(chosen)) if chosen.contains(word));
            let none = matches!(value, Some(Value::Set(chosen)) if chosen.is_empty());
            let boxes = words.iter().enumerate().map(|(nth, word)| {
                let field = box_name(&name, nth);
                let ticked = ticked(&field, chosen(word));
                (field, choice(pack, lang, slot, word), ticked)
            });
            let none = (
                none_name(&name),
                t("field.none_of_these"),
                ticked(&none_name(&name), none),
            );
            Kind::Boxes(boxes.chain([none]).collect())
        }
        Type::Clock { .. } => line("", "input--4", true),
        Type::Period => {
            let (first, last) = match value {
                Some(Value::Period { from, to }) => (Some(*from), Some(*to)),
                _ => (None, None),
            };
            let [from, to] = PERIOD_ENDS;
            Kind::Days([
                (
                    from,
                    t("field.first_day"),
                    day_parts(typed, &format!("{name}-{from}"), first),
                ),
                (to, t("field.last_day"), day_parts(typed, &format!("{name}-{to}"), last)),
            ])
        }
        Type::Date => Kind::DayMonthYear(day_parts(
            typed,
            &name,
            match value {
                Some(Value::Date(date)) => Some(*date),
                _ => None,
            },
        )),
        Type::OrgNr => line("", "input--12", true),
        Type::PersonNr => line("", "input--12", true),
        Type::Property => line("", "", false),
        Type::Municipality => line("", "input--4", true),
        Type::Attachment { formats, bytes_max, .. } => {
            let limits = Texts::get(lang, "field.file_limits")
                .with("formats", formats.join(", "))
                .with("mb", bytes_max / 1_000_000);
            hint = format!("{hint} {limits}").trim().to_owned();
            Kind::File {
                accept: formats
                    .iter()
                    .map(|format| format!(".{format}"))
                    .collect::<Vec<_>>()
                    .join(","),
            }
        }
    };
    if hint.is_empty() {
        hint = match &fact.ty.it {
            Type::Date | Type::Period => t("field.date_hint"),
            Type::Clock { .. } => t("field.clock_hint"),
            Type::Several(_) => t("field.several_hint"),
            Type::OrgNr => t("field.orgnr_hint"),
            Type::PersonNr => t("field.pnr_hint"),
            Type::Property => t("field.property_hint"),
            Type::Municipality => t("field.municipality_hint"),
            _ => String::new(),
        };
    }
    Field {
        value: shown,
        name,
        label,
        hint,
        error: None,
        kind,
        is_heading: false,
        caption: String::new(),
        words: [t("field.error"), t("field.day"), t("field.month"), t("field.year")],
    }
}

/// Day, month and year as they were typed, else of the day that is there.
pub(crate) fn day_parts(typed: Option<&Typed>, name: &str, day: Option<Date>) -> [String; 3] {
    let part = |word: &str, number: Option<i64>| {
        let own = typed.and_then(|typed| typed.get(&format!("{name}-{word}"))).cloned();
        own.unwrap_or_else(|| number.map(|number| number.to_string()).unwrap_or_default())
    };
    [
        part("dag", day.map(|day| i64::from(day.day()))),
        part("manad", day.map(|day| i64::from(day.month()))),
        part("ar", day.map(|day| i64::from(day.year()))),
    ]
}

/// The day that was typed in three fields.
pub(crate) fn typed_day(typed: &Typed, name: &str) -> Option<Date> {
    let part = |word: &str| {
        typed
            .get(&format!("{name}-{word}"))
            .and_then(|text| text.trim().parse::<i16>().ok())
    };
    let (day, month, year) = (part("dag")?, part("manad")?, part("ar")?);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// What was typed as a value of the type, or a sentence that says what to do.
pub fn read(lang: Lang, ty: &Type, name: &str, typed: &Typed) -> Result<Value, String> {
    let t = |k| Texts::get(lang, k);
    let own = typed.get(name).map(|text| text.trim()).unwrap_or_default();
    let wrong = match ty {
        Type::YesNo | Type::Assessment | Type::Choice(_) => t("field.wrong_choice"),
        Type::Number {
            min,
            max,
            decimals,
            unit,
        } => {
            let k = if *decimals == 0 {
                "field.wrong_whole"
            } else {
                "field.wrong_number"
            };
            t(k).with("min", amount::swedish(*min))
                .with("max", amount::swedish(*max))
                .with("unit", unit_in(lang, unit.as_deref().unwrap_or_default()))
        }
        Type::Kronor { min, max } => t("field.wrong_kronor")
            .with("min", amount::swedish(*min))
            .with("max", amount::swedish(*max)),
        Type::Text { characters_max } => t("field.wrong_text").with("max", characters_max),
        Type::Date => t("field.wrong_date"),
        Type::Several(_) => t("field.wrong_several"),
        Type::Clock { from, to } => t("field.wrong_clock")
            .with("min", Value::Clock(*from))
            .with("max", Value::Clock(*to)),
        Type::Period => t("field.wrong_period"),
        Type::OrgNr => t("field.wrong_orgnr"),
        Type::PersonNr => t("field.wrong_pnr"),
        Type::Property => t("field.wrong_property"),
        Type::Municipality => t("field.wrong_municipality"),
        Type::Attachment { .. } => t("field.wrong_file"),
    };
    let wrong = || wrong.to_string();
    match ty {
        Type::Date => typed_day(typed, name).map(Value::Date).ok_or_else(wrong),
        Type::Period => {
            let ends = PERIOD_ENDS.map(|end| typed_day(typed, &format!("{name}-{end}")));
            match ends {
                [Some(from), Some(to)] if from <= to => Ok(Value::Period { from, to }),
                _ => Err(wrong()),
            }
        }
        Type::Several(words) => {
            let chosen: BTreeSet<String> = (0..)
                .zip(words)
                .filter(|(nth, _)| typed.contains_key(&box_name(name, *nth)))
                .map(|(_, word)| word.clone())
                .collect();
            // None is an answer; nothing at all is not, nor both.
            match typed.contains_key(&none_name(name)) {
                none if none == chosen.is_empty() => Ok(Value::Set(chosen)),
                _ => Err(wrong()),
            }
        }
        Type::Attachment { .. } => Err(wrong()),
        // A new line is a new line on every system.
        Type::Text { .. } => ty.value(&own.replace("\r\n", "\n")).map_err(|_| wrong()),
        _ => ty.value(own).map_err(|_| wrong()),
    }
}

/// A value as a field holds it.
fn raw(value: &Value) -> String {
    match value {
        Value::Number(number) => number.normalize().to_string().replace('.', ","),
        Value::Attachment(file) => file.file_name.clone(),
        Value::Assessment { answer, .. } => if *answer { "ja" } else { "nej" }.to_owned(),
        Value::PersonNr(digits) if digits.len() == 12 => format!("{}-{}", &digits[..8], &digits[8..]),
        other => other.to_string(),
    }
}

fn choice(pack: &Pack, lang: Lang, slot: &Slot, word: &str) -> String {
    let text = pack
        .text(lang.code(), &format!("val.{}.{word}", slot.fact))
        .unwrap_or(word);
    capital(text)
}

pub fn unit_in(lang: Lang, unit: &str) -> String {
    match (lang, unit) {
        (Lang::En, "liter") => "litres".to_owned(),
        (Lang::En, "år") => "years".to_owned(),
        (Lang::En, "dagar") => "days".to_owned(),
        (_, unit) => unit.to_owned(),
    }
}

/// A value as a person reads it.
pub fn shown(pack: &Pack, lang: Lang, fact: &Fact, value: &Value) -> String {
    let t = |k| Texts::get(lang, k);
    match (value, &fact.ty.it) {
        (Value::YesNo(yes), _) => t(if *yes { "field.yes" } else { "field.no" }).to_string(),
        (Value::Choice(code), Type::Municipality) => {
            let name = samverk_domain::words::codes::Municipality::parse(code).map(|m| m.name().to_owned());
            name.unwrap_or_else(|_| code.clone())
        }
        (Value::Choice(word), _) => choice(pack, lang, &Slot::of(fact.name.it.clone()), word),
        (Value::Number(number), Type::Kronor { .. }) => kronor(lang, *number),
        (Value::Number(number), Type::Number { unit: Some(unit), .. }) => {
            format!("{} {}", amount::swedish(*number), unit_in(lang, unit))
        }
        (Value::Number(number), _) => amount::swedish(*number),
        (Value::Set(words), _) if words.is_empty() => t("field.none_of_these").to_string(),
        (Value::Set(words), Type::Several(all)) => {
            let slot = Slot::of(fact.name.it.clone());
            let chosen = all.iter().filter(|word| words.contains(*word));
            let shown: Vec<String> = chosen.map(|word| choice(pack, lang, &slot, word)).collect();
            shown.join(", ")
        }
        (Value::Period { from, to }, _) => format!("{} – {}", layout::day(lang, *from), layout::day(lang, *to)),
        (Value::Date(date), _) => layout::day(lang, *date),
        (Value::PersonNr(_), _) => raw(value),
        (Value::Attachment(file), _) => {
            let kb = file.bytes.div_ceil(1000).max(1);
            format!("{}, {kb} kB", file.file_name)
        }
        (other, _) => other.to_string(),
    }
}

/// `1 240 kronor`
pub fn kronor(lang: Lang, amount: Decimal) -> String {
    Texts::get(lang, "field.amount")
        .with("amount", amount::swedish(amount))
        .to_string()
}

/// The format by the file's first bytes; the name that it came with proves nothing.
pub fn sniff(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'%', b'P', b'D', b'F', b'-', ..] => Some("pdf"),
        [0xFF, 0xD8, 0xFF, ..] => Some("jpg"),
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some("png"),
        _ => None,
    }
}

/// A file's name without path, control characters or more than 100 characters.
pub fn file_name(name: &str, format: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control()).take(100).collect();
    if clean.trim().is_empty() {
        format!("bilaga.{format}")
    } else {
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn several_choices_are_boxes_and_none_must_be_said() {
        let ty = Type::Several(vec!["vin".to_owned(), "starköl".to_owned()]);
        let of = |pairs| read(Lang::Sv, &ty, "x", &typed(pairs));
        let set = |words: &[&str]| Ok(Value::Set(words.iter().map(|word| (*word).to_owned()).collect()));
        assert_eq!(
            of(&[("x-val0", "vin"), ("x-val1", "starköl")]),
            set(&["vin", "starköl"])
        );
        assert_eq!(of(&[("x-inga", "inga")]), set(&[]));
        assert!(of(&[]).is_err() && of(&[("x-val0", "vin"), ("x-inga", "inga")]).is_err());
    }

    #[test]
    fn a_clock_time_and_a_period_are_read_and_wrong_ones_explained() {
        let night = Type::Clock { from: 660, to: 1_740 };
        let at = |text| read(Lang::Sv, &night, "x", &typed(&[("x", text)]));
        assert_eq!(at("01:00"), Ok(Value::Clock(1_500)));
        assert_eq!(at("23.30"), Ok(Value::Clock(1_410)));
        assert!(at("06:00").is_err_and(|why| why.contains("11:00") && why.contains("05:00")));
        let period = |last_day| {
            let fields = [
                ("x-fran-dag", "1"),
                ("x-fran-manad", "5"),
                ("x-fran-ar", "2026"),
                ("x-till-dag", last_day),
                ("x-till-manad", "5"),
                ("x-till-ar", "2026"),
            ];
            read(Lang::Sv, &Type::Period, "x", &typed(&fields))
        };
        assert_eq!(
            period("30"),
            Ok(Value::Period {
                from: Date::constant(2026, 5, 1),
                to: Date::constant(2026, 5, 30)
            })
        );
        assert!(period("0").is_err() && period("").is_err());
    }

    #[test]
    fn a_number_with_words_says_what_to_write() {
        let ty = Type::Number {
            min: Decimal::ZERO,
            max: Decimal::from(5000),
            decimals: 0,
            unit: Some("liter".to_owned()),
        };
        let read = |text| read(Lang::Sv, &ty, "gas.inne", &typed(&[("gas.inne", text)]));
        assert_eq!(read(" 12 "), Ok(Value::Number(Decimal::from(12))));
        assert!(read("tolv").unwrap_err().contains("liter"));
        assert!(read("5001").is_err());
        assert!(read("").is_err());
    }

    #[test]
    fn a_date_that_does_not_exist_is_not_taken() {
        let of = |day| {
            read(
                Lang::Sv,
                &Type::Date,
                "d",
                &typed(&[("d-dag", day), ("d-manad", "11"), ("d-ar", "2026")]),
            )
        };
        assert_eq!(of("30"), Ok(Value::Date(Date::constant(2026, 11, 30))));
        assert!(of("31").is_err());
        assert!(of("300").is_err());
    }

    #[test]
    fn a_file_is_what_its_bytes_say() {
        assert_eq!(sniff(b"%PDF-1.7 ..."), Some("pdf"));
        assert_eq!(sniff(b"MZ\x90"), None);
        assert_eq!(file_name("C:\\hemligt\\ritning.pdf", "pdf"), "ritning.pdf");
        assert_eq!(file_name("", "pdf"), "bilaga.pdf");
    }
}
