//! Types and values: `tal 0–5000 liter`, `ja`, `59 200`, `4 månader`, `2010:1622 8 kap. 12 §`.
//!
//! [`Type::value`] is the one reading of a value by its type; documents, examples and registers' answers use it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use rust_decimal::Decimal;
use unicode_normalization::UnicodeNormalization as _;

use super::source::{Reader, Slice, closing_quote, fold, list, shown};
use crate::fact::{Attachment, NONE_CHOSEN, Value};
use crate::finding::Spanned;
use crate::pack::{Length, Start, Type, Unit};
use crate::words::amount;
use crate::words::codes::Municipality;
use crate::words::ids::{Business, PersonId};
use crate::words::law::Lagrum;

/// More choices than a person can oversee on one page.
pub const CHOICES_MAX: usize = 100;
/// Longer texts are attachments.
pub const TEXT_CHARACTERS_MAX: u32 = 20_000;
/// What a person can send over an ordinary connection, and a node keep in memory.
pub const ATTACHMENT_MEGABYTES_MAX: u64 = 100;
/// What the nodes can receive and show.
pub const FORMATS: [&str; 3] = ["pdf", "jpg", "png"];
/// Lengths of time beyond this are slips.
pub const LENGTH_MAX: u32 = 1_000;

/// Why a text is not a value of a type. Never repeats the text: it may be an identity number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NotAValue {
    /// One Swedish sentence that says what is expected.
    pub message: String,
    /// The allowed words, where the type lists them.
    pub words: Vec<String>,
}

impl NotAValue {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            words: Vec::new(),
        }
    }

    fn one_of(words: &[&str]) -> Self {
        Self {
            message: format!("Här ska stå {}.", list(words)),
            words: words.iter().map(|w| (*w).to_owned()).collect(),
        }
    }
}

impl Type {
    /// Reads a value as a document writes it. Ranges and lengths are checked.
    ///
    /// An [`Type::Assessment`] is written `nej; skälen`. An attachment is written by its file name and stands for an empty
    /// file of that name.
    pub fn value(&self, text: &str) -> Result<Value, NotAValue> {
        let text = text.trim();
        match self {
            Self::Assessment => {
                let Some((answer, reasons)) = text.split_once(';') else {
                    return Err(NotAValue::new(
                        "En bedömning skrivs med sina skäl: nej; skulderna är stora.",
                    ));
                };
                let reasons = reasons.trim().to_owned();
                if reasons.is_empty() {
                    return Err(NotAValue::new("Bedömningens skäl saknas efter semikolonet."));
                }
                Ok(Value::Assessment {
                    answer: yes_no(answer)?,
                    reasons,
                })
            }
            Self::Text { characters_max } => {
                let text = unquoted(text);
                if text.is_empty() {
                    return Err(NotAValue::new("Texten saknas."));
                }
                if text.chars().count() > *characters_max as usize {
                    return Err(NotAValue::new(format!("Texten får ha högst {characters_max} tecken.")));
                }
                Ok(Value::Text(text.nfc().collect()))
            }
            Self::Property => {
                let text = unquoted(text);
                if text.is_empty() || text.chars().count() > 100 {
                    return Err(NotAValue::new(
                        "Skriv en fastighetsbeteckning, till exempel EXEMPELSTAD TALLEN 4.",
                    ));
                }
                Ok(Value::Property(text.nfc().collect()))
            }
            Self::OrgNr => match Business::parse(text) {
                Ok(number) => Ok(Value::OrgNr(number.digits().to_owned())),
                Err(why) => Err(NotAValue::new(why.to_string())),
            },
            Self::PersonNr => match PersonId::parse(text) {
                Ok(number) => Ok(Value::PersonNr(number.digits().to_owned())),
                Err(why) => Err(NotAValue::new(why.to_string())),
            },
            Self::Attachment { formats, .. } => {
                let format = text
                    .rsplit_once('.')
                    .map(|(_, format)| fold(format))
                    .unwrap_or_default();
                if !formats.contains(&format) {
                    let formats: Vec<&str> = formats.iter().map(String::as_str).collect();
                    return Err(NotAValue::new(format!(
                        "Skriv ett filnamn som slutar på .{}.",
                        formats.join(", .")
                    )));
                }
                Ok(Value::Attachment(Attachment {
                    file_name: text.to_owned(),
                    format,
                    bytes: 0,
                    sha256: EMPTY_SHA256.to_owned(),
                }))
            }
            Self::Number { min, max, decimals, .. } => {
                let value = self.constant(text)?;
                if let Value::Number(number) = value {
                    if number < *min || number > *max {
                        return Err(NotAValue::new(format!(
                            "Talet ska ligga mellan {} och {}.",
                            amount::swedish(*min),
                            amount::swedish(*max)
                        )));
                    }
                    if number.normalize().scale() > *decimals {
                        return Err(NotAValue::new(match decimals {
                            0 => "Här ska stå ett helt tal.".to_owned(),
                            n => format!("Talet får ha högst {n} decimaler."),
                        }));
                    }
                }
                Ok(value)
            }
            Self::Kronor { min, max } => {
                let value = self.constant(text)?;
                if let Value::Number(number) = value {
                    if number < *min || number > *max {
                        return Err(NotAValue::new(format!(
                            "Beloppet ska ligga mellan {} och {} kr.",
                            amount::swedish(*min),
                            amount::swedish(*max)
                        )));
                    }
                    if number.normalize().scale() > 2 {
                        return Err(NotAValue::new("Ett belopp har högst två decimaler."));
                    }
                }
                Ok(value)
            }
            Self::Clock { from, to } => {
                let value = self.constant(text)?;
                if !matches!(value, Value::Clock(minutes) if (*from..=*to).contains(&minutes)) {
                    return Err(NotAValue::new(format!(
                        "Klockslaget ska ligga mellan {} och {}.",
                        Value::Clock(*from),
                        Value::Clock(*to)
                    )));
                }
                Ok(value)
            }
            _ => self.constant(text),
        }
    }

    /// Reads a constant that a fact of this type is compared with. As [`Type::value`], but an assessment is compared with
    /// `ja` or `nej`, and a number may lie outside the range.
    pub fn constant(&self, text: &str) -> Result<Value, NotAValue> {
        let text = text.trim();
        match self {
            Self::YesNo | Self::Assessment => Ok(Value::YesNo(yes_no(text)?)),
            Self::Choice(words) => {
                let wanted = fold(unquoted(text));
                match words.iter().find(|word| fold(word) == wanted) {
                    Some(word) => Ok(Value::Choice(word.clone())),
                    None => Err(NotAValue::one_of(&words.iter().map(String::as_str).collect::<Vec<_>>())),
                }
            }
            Self::Number { unit, .. } => number_with(text, unit.as_deref()).map(Value::Number),
            Self::Kronor { .. } => number_with(text, Some("kr")).map(Value::Number),
            Self::Several(words) => several(words, text),
            Self::Clock { from, .. } => clock(text)
                .map(|minutes| {
                    Value::Clock(if minutes < *from {
                        minutes + DAY_MINUTES
                    } else {
                        minutes
                    })
                })
                .ok_or_else(|| NotAValue::new("Skriv ett klockslag, till exempel 01:00.")),
            Self::Period => period(text),
            Self::Date => date(text)
                .map(Value::Date)
                .ok_or_else(|| NotAValue::new("Skriv en dag som finns, till exempel 2026-06-01.")),
            Self::Municipality => match Municipality::parse(text) {
                Ok(municipality) => Ok(Value::Choice(municipality.code().to_owned())),
                Err(why) => Err(NotAValue::new(why.to_string())),
            },
            Self::Text { .. } | Self::Property | Self::OrgNr | Self::PersonNr | Self::Attachment { .. } => {
                self.value(text)
            }
        }
    }
}

/// Minutes of a day.
const DAY_MINUTES: u16 = 1_440;

/// `vin, starköl`, or `inga`.
fn several(words: &[String], text: &str) -> Result<Value, NotAValue> {
    let mut chosen = BTreeSet::new();
    if fold(text) == NONE_CHOSEN {
        return Ok(Value::Set(chosen));
    }
    for part in text.split(',') {
        let wanted = fold(unquoted(part.trim()));
        match words.iter().find(|word| fold(word) == wanted) {
            Some(word) => chosen.insert(word.clone()),
            None => {
                let mut why = NotAValue::one_of(&words.iter().map(String::as_str).collect::<Vec<_>>());
                why.message = format!(
                    "{} Flera skrivs med kommatecken; {NONE_CHOSEN} är ingen av dem.",
                    why.message
                );
                return Err(why);
            }
        };
    }
    Ok(Value::Set(chosen))
}

/// `01:00`, also `01.00`: minutes since midnight.
pub(super) fn clock(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once([':', '.'])?;
    let part = |digits: &str, most: usize| {
        let fits = (1..=most).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (part(hours, 2)?, part(minutes, 2).filter(|_| minutes.len() == 2)?);
    (hours < 24 && minutes < 60).then(|| hours * 60 + minutes)
}

/// `2026-05-01 – 2026-09-30`
fn period(text: &str) -> Result<Value, NotAValue> {
    let ends = text
        .split_once('–')
        .or_else(|| text.split_once(" - "))
        .and_then(|(from, to)| Some((date(from)?, date(to)?)));
    match ends {
        Some((from, to)) if from <= to => Ok(Value::Period { from, to }),
        Some(_) => Err(NotAValue::new("Periodens första dag är senare än den sista.")),
        None => Err(NotAValue::new(
            "Skriv första och sista dagen med tankstreck mellan, till exempel 2026-05-01 – 2026-09-30.",
        )),
    }
}

/// SHA-256 of no bytes (FIPS 180-4).
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn yes_no(text: &str) -> Result<bool, NotAValue> {
    match fold(text).as_str() {
        "ja" => Ok(true),
        "nej" => Ok(false),
        _ => Err(NotAValue::one_of(&["ja", "nej"])),
    }
}

fn unquoted(text: &str) -> &str {
    let inner = text.chars().next().and_then(|open| {
        let end = closing_quote(open)?;
        text.strip_prefix(open)?
            .strip_suffix(end)
            .filter(|inner| !inner.contains(end))
    });
    inner.unwrap_or(text).trim()
}

/// `1 250,5`, or with the unit behind.
fn number_with(text: &str, unit: Option<&str>) -> Result<Decimal, NotAValue> {
    let end = number_end(text);
    let rest = text[end..].trim();
    let Some(number) = number(&text[..end]) else {
        return Err(NotAValue::new("Här ska stå ett tal, till exempel 1 250,5."));
    };
    match unit {
        _ if rest.is_empty() => Ok(number),
        Some(unit) if fold(unit) == fold(rest) => Ok(number),
        Some(unit) => Err(NotAValue::new(format!("Talet anges i {unit} eller utan enhet."))),
        None => Err(NotAValue::new("Talet har ingen enhet.")),
    }
}

/// A number as documents write it: `1 250,5`, `-3`. A decimal point is refused.
pub(super) fn number(text: &str) -> Option<Decimal> {
    if text.contains('.') {
        return None;
    }
    amount::parse(text).ok()
}

/// Where the number that the text begins with ends; 0 if it begins with none. Spaces of any width part groups of three.
pub(super) fn number_end(text: &str) -> usize {
    let bytes: Vec<(usize, char)> = text.char_indices().collect();
    let at = |i: usize| bytes.get(i).map(|(_, c)| *c);
    let digit = |i: usize| at(i).is_some_and(|c| c.is_ascii_digit());
    let mut i = usize::from(matches!(at(0), Some('-' | '−')));
    if !digit(i) {
        return 0;
    }
    let mut run = 0;
    loop {
        if digit(i) {
            run += 1;
            i += 1;
        } else if run <= 3
            && matches!(at(i), Some(' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'))
            && digit(i + 1)
            && digit(i + 2)
            && digit(i + 3)
            && !digit(i + 4)
        {
            i += 4;
            run = 3;
        } else {
            break;
        }
    }
    if at(i) == Some(',') && digit(i + 1) {
        i += 1;
        while digit(i) {
            i += 1;
        }
    }
    bytes.get(i).map_or(text.len(), |(at, _)| *at)
}

/// `2026-06-01`.
pub(super) fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, b)| {
            if at == 4 || at == 7 {
                b == b'-'
            } else {
                b.is_ascii_digit()
            }
        });
    if !shape {
        return None;
    }
    text.parse().ok()
}

/// A value of a type, or a finding with the nearest allowed word.
pub(super) fn value(reader: &mut Reader, code: &'static str, ty: &Type, at: Slice<'_>) -> Option<Value> {
    ty.value(at.text).map_err(|why| report(reader, code, at, &why)).ok()
}

/// A constant of a type, or a finding with the nearest allowed word.
pub(super) fn constant(reader: &mut Reader, code: &'static str, ty: &Type, at: Slice<'_>) -> Option<Value> {
    ty.constant(at.text).map_err(|why| report(reader, code, at, &why)).ok()
}

fn report(reader: &mut Reader, code: &'static str, at: Slice<'_>, why: &NotAValue) {
    if why.words.is_empty() {
        // The text is not repeated: it may be an identity number.
        reader.error(code, at, why.message.clone(), "fel värde", "");
        return;
    }
    let suggestion = match reader.nearest(at.text, why.words.iter().map(String::as_str)) {
        Some(word) => format!("Menade du {word}?"),
        None => why.message.clone(),
    };
    let is_number = at.text.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let (message, label) = match is_number {
        true => (format!("{} är ett tal, inte ett av orden.", shown(at)), "ett tal"),
        false => (format!("{} finns inte bland valen.", shown(at)), "okänt ord"),
    };
    reader.error(code, at, message, label, suggestion);
}

pub(super) fn lagrum(reader: &mut Reader, at: Slice<'_>) -> Option<Spanned<Lagrum>> {
    match Lagrum::parse(at.text) {
        Ok(law) => Some(at.with(law)),
        Err(why) => {
            reader.error(
                "S044",
                at,
                format!("{} går inte att läsa som lagrum.", shown(at)),
                "inget lagrum",
                why.to_string(),
            );
            None
        }
    }
}

/// The column `Typ`.
pub(super) fn ty(reader: &mut Reader, at: Slice<'_>) -> Option<Type> {
    let (first, rest) = at.first_word();
    match first.fold().as_str() {
        "tal" => return number_type(reader, at, rest),
        "kr" => {
            let (min, max, _, after) = range(reader, at, rest, "kr 0–50 000")?;
            if !after.is_empty() {
                reader.error(
                    "S041",
                    after,
                    "Efter beloppen står ingenting.",
                    "hör inte hit",
                    "Skriv till exempel kr 0–50 000.",
                );
                return None;
            }
            return Some(Type::Kronor { min, max });
        }
        "text" => return text_type(reader, at, rest),
        "flera" => return several_type(reader, at, rest),
        "klockslag" => return clock_type(reader, at, rest),
        "bilaga" => return attachment_type(reader, at, rest),
        _ => {}
    }
    match at.fold().as_str() {
        "ja/nej" | "ja / nej" => return Some(Type::YesNo),
        "ja/nej + motivering" | "ja / nej + motivering" => return Some(Type::Assessment),
        "datum" => return Some(Type::Date),
        "period" => return Some(Type::Period),
        "orgnr" => return Some(Type::OrgNr),
        "personnummer" => return Some(Type::PersonNr),
        "fastighet" => return Some(Type::Property),
        "kommunkod" => return Some(Type::Municipality),
        _ => {}
    }
    if at.text.contains('/') {
        return choice(reader, at);
    }
    let known = [
        "ja/nej",
        "ja/nej + motivering",
        "tal",
        "kr",
        "text",
        "flera av",
        "klockslag",
        "datum",
        "period",
        "orgnr",
        "personnummer",
        "fastighet",
        "kommunkod",
        "bilaga",
    ];
    let suggestion = match reader
        .nearest(at.text, known)
        .or_else(|| reader.nearest(first.text, known))
    {
        Some(word) => format!("Menade du {word}?"),
        None => format!(
            "Här kan stå {}, eller ord med snedstreck mellan: inne / ute.",
            list(&known)
        ),
    };
    reader.error(
        "S040",
        at,
        format!("Typen {} finns inte.", shown(at)),
        "okänd typ",
        suggestion,
    );
    None
}

/// `flera av vin / starköl / spritdrycker`
fn several_type(reader: &mut Reader, at: Slice<'_>, rest: Slice<'_>) -> Option<Type> {
    let Some(words) = rest.strip("av").filter(|words| !words.is_empty()) else {
        reader.error(
            "S041",
            at,
            "Vad som kan väljas saknas.",
            "val saknas",
            "Skriv till exempel flera av vin / starköl / spritdrycker.",
        );
        return None;
    };
    match choice(reader, words)? {
        Type::Choice(words) if words.iter().any(|word| fold(word) == NONE_CHOSEN) => {
            reader.error(
                "S041",
                at,
                format!("{NONE_CHOSEN} är ett av språkets egna ord."),
                "upptaget",
                "Ta bort det: att inget väljs går alltid.",
            );
            None
        }
        Type::Choice(words) => Some(Type::Several(words)),
        _ => None,
    }
}

/// `klockslag`, `klockslag 11:00–05:00`
fn clock_type(reader: &mut Reader, at: Slice<'_>, rest: Slice<'_>) -> Option<Type> {
    if rest.is_empty() {
        return Some(Type::Clock {
            from: 0,
            to: DAY_MINUTES - 1,
        });
    }
    let ends = rest
        .split_once("–")
        .and_then(|(from, to)| Some((clock(from.text)?, clock(to.text)?)));
    match ends {
        Some((from, to)) if from != to => Some(Type::Clock {
            from,
            to: if to < from { to + DAY_MINUTES } else { to },
        }),
        _ => {
            reader.error(
                "S045",
                if rest.is_empty() { at } else { rest },
                format!("{} är inget intervall av klockslag.", shown(rest)),
                "inget intervall",
                "Skriv första och sista klockslaget med tankstreck mellan, till exempel klockslag 11:00–05:00.",
            );
            None
        }
    }
}

fn choice(reader: &mut Reader, at: Slice<'_>) -> Option<Type> {
    let mut words: Vec<String> = Vec::new();
    for part in at.split('/') {
        let word: String = part.prose().split_whitespace().collect::<Vec<_>>().join(" ");
        if word.is_empty() {
            reader.error(
                "S041",
                at,
                "Ett av orden saknas.",
                "tomt vid snedstrecket",
                "Skriv ett ord på var sida om snedstrecket: inne / ute.",
            );
            return None;
        }
        if let Some(c) = word
            .chars()
            .find(|c| matches!(c, ',' | ';' | '.' | '"' | '«' | '»' | '”' | '|'))
        {
            reader.error(
                "S041",
                part,
                format!("Ett val kan inte innehålla {c}."),
                "otillåtet tecken",
                "Skriv valet med bokstäver, siffror, bindestreck och mellanslag.",
            );
            return None;
        }
        if words.iter().any(|other| fold(other) == fold(&word)) {
            reader.error(
                "S032",
                part,
                format!("{} står två gånger bland valen.", shown(part)),
                "andra gången",
                "Ta bort det ena.",
            );
            continue;
        }
        if matches!(fold(&word).as_str(), "ej aktuellt" | "saknas" | "alltid") {
            reader.error(
                "S041",
                part,
                format!("{} är ett av språkets egna ord.", shown(part)),
                "upptaget",
                "Välj ett annat ord.",
            );
            return None;
        }
        words.push(word);
    }
    if words.len() > CHOICES_MAX {
        reader.error(
            "S025",
            at,
            format!("Ett val har högst {CHOICES_MAX} ord."),
            format!("{} ord", words.len()),
            "Dela upp frågan.",
        );
        return None;
    }
    Some(Type::Choice(words))
}

fn number_type(reader: &mut Reader, at: Slice<'_>, rest: Slice<'_>) -> Option<Type> {
    let (min, max, decimals, unit) = range(reader, at, rest, "tal 0–5000 liter")?;
    if unit.text.chars().count() > 30 || unit.text.contains([',', ';', '–']) {
        reader.error(
            "S041",
            unit,
            "Enheten går inte att läsa.",
            "ingen enhet",
            "Skriv enheten med ett ord, till exempel liter.",
        );
        return None;
    }
    Some(Type::Number {
        min,
        max,
        decimals,
        unit: (!unit.is_empty()).then(|| unit.prose()),
    })
}

/// `0–5000` and what follows: both ends, decimals as written, the rest.
pub(super) fn range<'a>(
    reader: &mut Reader,
    at: Slice<'a>,
    text: Slice<'a>,
    example: &str,
) -> Option<(Decimal, Decimal, u32, Slice<'a>)> {
    let suggestion = format!("Skriv minsta och största med tankstreck mellan, till exempel {example}.");
    if text.is_empty() {
        reader.error("S041", at, "Minsta och största saknas.", "gränser saknas", suggestion);
        return None;
    }
    let first = text.range(0, number_end(text.text));
    let after = text.from(first.text.len()).trim();
    let Some(behind) = after.text.strip_prefix('–').map(|_| after.from('–'.len_utf8()).trim()) else {
        reader.error(
            "S045",
            text,
            format!("{} är inget intervall.", shown(text)),
            "inget intervall",
            suggestion,
        );
        return None;
    };
    let second = behind.range(0, number_end(behind.text));
    let rest = behind.from(second.text.len());
    let (Some(min), Some(max)) = (number(first.text), number(second.text)) else {
        reader.error(
            "S045",
            text,
            format!("{} är inget intervall.", shown(text)),
            "inget intervall",
            suggestion,
        );
        return None;
    };
    if !rest.is_empty()
        && !rest
            .text
            .starts_with(|c: char| c.is_whitespace() || c == '%' || c == '°')
    {
        reader.error(
            "S045",
            text,
            format!("{} är inget intervall.", shown(text)),
            "inget intervall",
            suggestion,
        );
        return None;
    }
    if min > max {
        reader.error(
            "S045",
            text,
            "Det minsta talet är större än det största.",
            "omvänd ordning",
            "Skriv det minsta först.",
        );
        return None;
    }
    Some((min, max, min.scale().max(max.scale()), rest.trim()))
}

/// `≤ 500`
fn at_most<'a>(at: Slice<'a>) -> Option<Slice<'a>> {
    at.text
        .strip_prefix('≤')
        .map(|_| at.from('≤'.len_utf8()).trim())
        .or_else(|| at.text.strip_prefix("<=").map(|_| at.from(2).trim()))
}

fn text_type(reader: &mut Reader, at: Slice<'_>, rest: Slice<'_>) -> Option<Type> {
    let number = at_most(rest)
        .and_then(|n| amount::parse(n.text).ok())
        .and_then(|n| u32::try_from(n).ok());
    match number {
        Some(characters_max) if (1..=TEXT_CHARACTERS_MAX).contains(&characters_max) => {
            Some(Type::Text { characters_max })
        }
        Some(_) => {
            reader.error(
                "S025",
                rest,
                format!("En text har högst {TEXT_CHARACTERS_MAX} tecken."),
                "för lång",
                "Sänk gränsen, eller begär en bilaga.",
            );
            None
        }
        None => {
            reader.error(
                "S041",
                at,
                "Textens största längd saknas.",
                "längd saknas",
                "Skriv till exempel text ≤ 500.",
            );
            None
        }
    }
}

/// `pdf, jpg; ≤ 20 MB; visar planlösning`
fn attachment_type(reader: &mut Reader, at: Slice<'_>, rest: Slice<'_>) -> Option<Type> {
    let example = "Skriv till exempel bilaga pdf, jpg; ≤ 20 MB; visar planlösning.";
    let [formats_part, size, shows] = rest.split(';')[..] else {
        reader.error(
            "S041",
            at,
            "En bilaga har tre delar: format, storlek och vad den visar.",
            "ofullständig",
            example,
        );
        return None;
    };
    let mut formats = Vec::new();
    for part in formats_part.split(',') {
        let format = part.fold();
        if FORMATS.contains(&format.as_str()) && !formats.contains(&format) {
            formats.push(format);
        } else {
            let suggestion = match format.as_str() {
                "jpeg" => "Menade du jpg?".to_owned(),
                _ => format!("Här kan stå {}, vart och ett en gång.", list(&FORMATS)),
            };
            reader.error(
                "S041",
                part,
                format!("Formatet {} går inte här.", shown(part)),
                "okänt format",
                suggestion,
            );
            return None;
        }
    }
    let megabytes = at_most(size).and_then(|size| {
        let (number, unit) = size.first_word();
        (unit.fold() == "mb").then(|| number.text.parse::<u64>().ok()).flatten()
    });
    let Some(megabytes) = megabytes.filter(|n| (1..=ATTACHMENT_MEGABYTES_MAX).contains(n)) else {
        reader.error(
            "S041",
            size,
            format!("Storleken ska vara 1–{ATTACHMENT_MEGABYTES_MAX} MB."),
            "fel storlek",
            example,
        );
        return None;
    };
    let Some(shows) = shows.strip("visar").filter(|shows| !shows.is_empty()) else {
        reader.error("S041", shows, "Vad bilagan visar saknas.", "visar … saknas", example);
        return None;
    };
    Some(Type::Attachment {
        formats,
        bytes_max: megabytes * 1_000_000,
        shows: shows.prose(),
    })
}

/// `4 månader`, `1 vecka`
pub(super) fn length(reader: &mut Reader, at: Slice<'_>) -> Option<Length> {
    let (number, unit) = at.first_word();
    let parsed = number.text.parse::<u32>().ok().filter(|n| (1..=LENGTH_MAX).contains(n));
    let Some(n) = parsed else {
        reader.error(
            "S047",
            at,
            format!("{} är ingen tidslängd.", shown(at)),
            "ingen tidslängd",
            format!("Skriv ett helt tal 1–{LENGTH_MAX} och en enhet, till exempel 3 veckor."),
        );
        return None;
    };
    let one = n == 1;
    let unit = match unit.fold().as_str() {
        "dagar" if !one => Unit::Days,
        "dag" if one => Unit::Days,
        "arbetsdagar" if !one => Unit::WorkingDays,
        "arbetsdag" if one => Unit::WorkingDays,
        "veckor" if !one => Unit::Weeks,
        "vecka" if one => Unit::Weeks,
        "månader" if !one => Unit::Months,
        "månad" if one => Unit::Months,
        _ => {
            let units = if one {
                ["dag", "arbetsdag", "vecka", "månad"]
            } else {
                ["dagar", "arbetsdagar", "veckor", "månader"]
            };
            let at = if unit.is_empty() { at } else { unit };
            reader.unknown("S047", at, "Tidens enhet går inte att läsa.", "okänd enhet", units);
            return None;
        }
    };
    Some(Length { number: n, unit })
}

/// `4 månader från komplett`
pub(super) fn length_from(reader: &mut Reader, at: Slice<'_>) -> Option<(Length, Start)> {
    let words: Vec<Slice<'_>> = split_words(at);
    let Some(from) = words.iter().position(|word| word.is("från")) else {
        reader.error(
            "S047",
            at,
            "Tiden säger inte från vad den räknas.",
            "från … saknas",
            "Skriv till exempel 4 månader från komplett.",
        );
        return None;
    };
    let word = words[from];
    let before = (word.span().start - at.span().start) as usize;
    let length = length(reader, at.range(0, before).trim())?;
    let start = at.from(before + word.text.len()).trim();
    let start = match start.fold().as_str() {
        "inkommet" => Start::Received,
        "komplett" => Start::Complete,
        "del" => Start::Served,
        "beslut" => Start::Decision,
        _ => {
            let at = if start.is_empty() { word } else { start };
            reader.unknown(
                "S048",
                at,
                "Tiden kan inte räknas från det.",
                "okänd början",
                ["inkommet", "komplett", "del", "beslut"],
            );
            return None;
        }
    };
    Some((length, start))
}

pub(super) fn split_words(at: Slice<'_>) -> Vec<Slice<'_>> {
    let mut words = Vec::new();
    let mut rest = at;
    loop {
        let (word, after) = rest.first_word();
        if word.is_empty() {
            return words;
        }
        words.push(word);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::FileId;

    fn read(text: &str) -> Result<Type, &'static str> {
        let mut reader = Reader::default();
        ty(&mut reader, Slice::of(FileId(0), text)).ok_or_else(|| reader.findings[0].code)
    }

    #[test]
    fn a_number_ends_where_its_last_digit_ends() {
        for (text, end) in [
            ("1 250,50 kr", 8),
            ("59 200 från", 6),
            ("5 2", 1),
            ("2,", 1),
            ("-3 x", 2),
            ("x", 0),
            ("", 0),
            ("1234 567", 4),
            ("1 2345", 1),
        ] {
            assert_eq!(number_end(text), end, "{text}");
        }
    }

    #[test]
    fn types_are_read_and_bad_ones_refused() {
        assert!(matches!(read("tal 0–5000 liter"), Ok(Type::Number { decimals: 0, .. })));
        assert!(matches!(read("tal 0,0–100,0 %"), Ok(Type::Number { decimals: 1, .. })));
        assert!(matches!(read("kr 0–50 000"), Ok(Type::Kronor { .. })));
        assert_eq!(
            read("allmänheten / slutet sällskap"),
            Ok(Type::Choice(vec!["allmänheten".into(), "slutet sällskap".into()]))
        );
        assert!(matches!(
            read("bilaga pdf, jpg; ≤ 20 MB; visar planlösning"),
            Ok(Type::Attachment {
                bytes_max: 20_000_000,
                ..
            })
        ));
        for (text, code) in [
            ("taal 0–5", "S040"),
            ("", "S040"),
            ("tal", "S041"),
            ("tal 0-5", "S045"),
            ("tal 5–0", "S045"),
            ("kr", "S041"),
            ("text", "S041"),
            ("text ≤ 0", "S025"),
            ("bilaga docx; ≤ 2 MB; visar x", "S041"),
            ("bilaga pdf; ≤ 2000 MB; visar x", "S041"),
            ("inne / ", "S041"),
            ("flera vin / öl", "S041"),
            ("flera av vin / inga", "S041"),
            ("klockslag 11–05", "S045"),
            ("klockslag 11:00-05:00", "S045"),
        ] {
            assert_eq!(read(text), Err(code), "{text}");
        }
    }

    #[test]
    fn a_value_is_read_by_its_type() {
        let litres = read("tal 0–5000 liter").expect("a type");
        assert_eq!(litres.value("1 250 liter"), Ok(Value::Number(1250.into())));
        assert!(litres.value("6000").is_err() && litres.value("2,5").is_err() && litres.value("2 kg").is_err());
        assert_eq!(litres.constant("6000"), Ok(Value::Number(6000.into())));
        let several = read("flera av vin / starköl").expect("a type");
        let set = |words: &[&str]| Value::Set(words.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(several.value("starköl, Vin"), Ok(set(&["vin", "starköl"])));
        assert_eq!(several.value("inga"), Ok(set(&[])));
        assert!(several.value("sprit").is_err() && several.value("").is_err());
        let night = read("klockslag 11:00–05:00").expect("a type");
        assert_eq!(night.value("01:00"), Ok(Value::Clock(1_500)));
        assert_eq!(night.value("23.30"), Ok(Value::Clock(1_410)));
        assert!(night.value("06:00").is_err() && night.value("24:00").is_err() && night.value("1:5").is_err());
        assert!(night.value("23:00").expect("a time") < night.value("01:00").expect("a time"));
        assert_eq!(night.to_string(), "klockslag 11:00–05:00");
        let period = read("period").expect("a type");
        assert_eq!(
            period
                .value("2026-05-01 – 2026-09-30")
                .map(|it| it.to_string())
                .as_deref(),
            Ok("2026-05-01 – 2026-09-30")
        );
        assert!(period.value("2026-09-30 – 2026-05-01").is_err() && period.value("2026-05-01").is_err());
        assert_eq!(Type::Assessment.constant("nej"), Ok(Value::YesNo(false)));
        assert!(Type::Assessment.value("nej").is_err());
        assert!(matches!(
            Type::Assessment.value("nej; stora skulder"),
            Ok(Value::Assessment { answer: false, .. })
        ));
        assert_eq!(Type::OrgNr.value("559900-0006"), Ok(Value::OrgNr("5599000006".into())));
        let why = Type::PersonNr
            .value("19900101-1234")
            .expect_err("wrong check digit")
            .to_string();
        assert!(!why.contains("1990"), "the number is not repeated: {why}");
    }
}
