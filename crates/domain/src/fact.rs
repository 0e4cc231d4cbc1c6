//! Facts: their names, their values, and the three states in which a fact can be known.
//!
//! Always true here: a value is typed and parsed; *saknas* carries its cause; *ej aktuellt* is never a synonym of *saknas*.
//! A fact's value never changes by becoming irrelevant: relevance is computed elsewhere ([`crate::rules`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The dotted Swedish name of a fact, NFC and lower case: `gas.inne`, `lokal.fastighet`. Steps have names without a dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(String);

/// Why a text is not a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAName {
    #[error("a name is missing")]
    Empty,
    #[error("a name holds only a–z, å, ä, ö, é, ü, digits, hyphens and dots between parts; `{0}` is not allowed")]
    Character(char),
    #[error("a name's parts are separated by single dots")]
    EmptyPart,
    #[error("a name is at most {} characters", Name::CHARACTERS_MAX)]
    TooLong,
}

impl Name {
    /// Longer names do not fit a table column that a person is to read.
    pub const CHARACTERS_MAX: usize = 80;

    /// Parses a name; upper case is folded and the text is brought to NFC.
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        use unicode_normalization::UnicodeNormalization as _;
        let name: String = text.trim().nfc().flat_map(char::to_lowercase).collect();
        if name.is_empty() {
            return Err(NotAName::Empty);
        }
        if name.chars().count() > Self::CHARACTERS_MAX {
            return Err(NotAName::TooLong);
        }
        if let Some(bad) = name
            .chars()
            .find(|c| !matches!(c, 'a'..='z' | 'å' | 'ä' | 'ö' | 'é' | 'ü' | '0'..='9' | '-' | '.'))
        {
            return Err(NotAName::Character(bad));
        }
        if name.split('.').any(str::is_empty) {
            return Err(NotAName::EmptyPart);
        }
        Ok(Self(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first dot: facts with the same prefix are asked together.
    pub fn prefix(&self) -> &str {
        self.0.split('.').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where one value stands: a fact, or one column of one item of a list (`ägare[2].andel`, counted from 0 here).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slot {
    pub fact: Name,
    pub item: Option<u32>,
}

impl Slot {
    pub fn of(fact: Name) -> Self {
        Self { fact, item: None }
    }
}

/// A typed value. Identity numbers are canonical: personnummer and samordningsnummer 12 digits, organisationsnummer 10.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "typ", content = "värde", rename_all = "kebab-case")]
pub enum Value {
    /// ja / nej.
    YesNo(bool),
    /// One of the words that the type lists; also a municipality code and an outcome's name.
    Choice(String),
    /// Several of the words that the type lists, or none (`inga`).
    Set(BTreeSet<String>),
    /// A number in the type's own unit, or kronor.
    Number(Decimal),
    /// Free text.
    Text(String),
    Date(jiff::civil::Date),
    /// Minutes since midnight; from 1440 where the type's range has passed midnight (`01:00` of `11:00–05:00` is 1500), so
    /// that times are in order.
    Clock(u16),
    /// Both days are in it.
    Period {
        from: jiff::civil::Date,
        to: jiff::civil::Date,
    },
    /// 10 digits.
    OrgNr(String),
    /// 12 digits.
    PersonNr(String),
    /// A property designation as the property register writes it: `EXEMPELSTAD TALLEN 4`.
    Property(String),
    /// A file that was handed in.
    Attachment(Attachment),
    /// A case worker's answer with the reasons for it.
    Assessment {
        answer: bool,
        reasons: String,
    },
}

/// A file by its content; the bytes are kept by the node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attachment {
    pub file_name: String,
    /// `pdf`, `jpg`, `png`.
    pub format: String,
    pub bytes: u64,
    /// SHA-256, hex.
    pub sha256: String,
}

/// What is known of a fact.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Known<V> {
    Value(V),
    /// *ej aktuellt* (E): the question has no meaning here, and a rule or a register said so.
    NotApplicable,
    /// *saknas* (S): nobody has said, with the cause.
    Missing(Cause),
}

/// Why a fact is missing. None of these ever decides against anyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Not answered yet.
    Unanswered,
    /// Asked of a register or a body that has not answered yet.
    Pending,
    /// The register could not answer, or its answer did not hold.
    Failed,
    /// The person says that the value is wrong.
    Disputed,
}

impl<V> Known<V> {
    pub const UNANSWERED: Self = Self::Missing(Cause::Unanswered);

    pub fn value(&self) -> Option<&V> {
        match self {
            Self::Value(v) => Some(v),
            _ => None,
        }
    }

    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing(_))
    }

    pub fn as_ref(&self) -> Known<&V> {
        match self {
            Self::Value(v) => Known::Value(v),
            Self::NotApplicable => Known::NotApplicable,
            Self::Missing(cause) => Known::Missing(*cause),
        }
    }

    pub fn map<W>(self, f: impl FnOnce(V) -> W) -> Known<W> {
        match self {
            Self::Value(v) => Known::Value(f(v)),
            Self::NotApplicable => Known::NotApplicable,
            Self::Missing(cause) => Known::Missing(cause),
        }
    }
}

/// All that is known in one matter. A slot that is absent is [`Known::UNANSWERED`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub known: BTreeMap<Name, Known<Value>>,
    /// List name → its items in order; an absent list is unanswered, an empty one is answered with none.
    pub lists: BTreeMap<Name, Vec<BTreeMap<Name, Known<Value>>>>,
}

impl Facts {
    pub fn of(&self, fact: &Name) -> Known<Value> {
        self.known.get(fact).cloned().unwrap_or(Known::UNANSWERED)
    }

    pub fn set(&mut self, fact: Name, value: Known<Value>) {
        self.known.insert(fact, value);
    }

    /// The value as a letter's sentence holds it, without its unit; of a list's column every item's: `vin, starköl och cider`.
    /// `None` when nothing is known, or not of every item.
    pub fn in_a_sentence(&self, fact: &Name) -> Option<String> {
        if let Some(known) = self.known.get(fact) {
            return known.value().map(in_a_sentence);
        }
        let list = self.lists.iter().find(|(list, _)| list.as_str() == fact.prefix());
        let values: Option<Vec<String>> = list?
            .1
            .iter()
            .map(|item| item.get(fact)?.value().map(in_a_sentence))
            .collect();
        listed(&values?)
    }
}

fn in_a_sentence(value: &Value) -> String {
    match value {
        Value::Set(words) => listed(&words.iter().cloned().collect::<Vec<_>>()).unwrap_or_else(|| value.to_string()),
        _ => value.to_string(),
    }
}

/// `vin, starköl och cider`; nothing for none.
pub fn listed(values: &[String]) -> Option<String> {
    match values.split_last() {
        None => None,
        Some((only, [])) => Some(only.clone()),
        Some((last, before)) => Some(format!("{} och {last}", before.join(", "))),
    }
}

/// The empty choice of several, as documents and answers write it.
pub const NONE_CHOSEN: &str = "inga";

impl fmt::Display for Value {
    /// As a Swedish reader sees it, without the unit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::YesNo(true) => f.write_str("ja"),
            Self::YesNo(false) => f.write_str("nej"),
            Self::Choice(word) | Self::Text(word) | Self::Property(word) => f.write_str(word),
            Self::Set(words) if words.is_empty() => f.write_str(NONE_CHOSEN),
            Self::Set(words) => f.write_str(&words.iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
            Self::Number(n) => f.write_str(&crate::words::amount::swedish(*n)),
            Self::Clock(minutes) => write!(f, "{:02}:{:02}", minutes / 60 % 24, minutes % 60),
            Self::Period { from, to } => write!(f, "{from} – {to}"),
            Self::Date(date) => write!(f, "{date}"),
            Self::OrgNr(digits) if digits.len() == 10 => write!(f, "{}-{}", &digits[..6], &digits[6..]),
            Self::OrgNr(digits) | Self::PersonNr(digits) => f.write_str(digits),
            Self::Attachment(file) => f.write_str(&file.file_name),
            Self::Assessment { answer, .. } => f.write_str(if *answer { "ja" } else { "nej" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lists_column_is_one_phrase_and_is_not_said_when_an_item_lacks_it() {
        let kind = Name::parse("dryck.slag").unwrap();
        let item = |word: &str| BTreeMap::from([(kind.clone(), Known::Value(Value::Choice(word.to_owned())))]);
        let mut facts = Facts::default();
        assert_eq!(facts.in_a_sentence(&kind), None);
        let list = Name::parse("dryck").unwrap();
        facts.lists.insert(list.clone(), vec![item("vin")]);
        assert_eq!(facts.in_a_sentence(&kind).as_deref(), Some("vin"));
        facts
            .lists
            .insert(list.clone(), vec![item("vin"), item("starköl"), item("spritdrycker")]);
        assert_eq!(
            facts.in_a_sentence(&kind).as_deref(),
            Some("vin, starköl och spritdrycker")
        );
        facts.lists.insert(list, vec![item("vin"), BTreeMap::new()]);
        assert_eq!(facts.in_a_sentence(&kind), None);
    }
}
