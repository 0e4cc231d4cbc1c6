//! Which base registers there are, what each says about whom, and how a value of each type is written.
//!
//! One list ([`REGISTERS`]). A register that is not in it is imported with its types in the file's own header. A value is
//! stored in one form only: identity numbers as digits, amounts without grouping and with decimal comma, days as ISO 8601.

use jiff::civil::Date;
use samverk_domain::pack::Type as Written;
use samverk_domain::words::amount;
use samverk_domain::words::codes::Municipality;
use samverk_domain::words::ids::{Business, PersonId};
use samverk_domain::words::signing::Signing;
use samverk_domain::words::time::legal_day;
use samverk_store::registers::SubjectKey;
use unicode_normalization::UnicodeNormalization as _;

/// How a column's values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Text,
    YesNo,
    /// Kronor, with at most öre.
    Kronor,
    Number,
    Date,
    /// `23:00`
    Clock,
    /// First and last day.
    Period,
    /// Several of a choice's words, parted by commas, or `inga`.
    Several,
    /// One of SCB's municipality codes, or of those made up for demonstrations.
    Municipality,
    OrgNr,
    /// Personnummer or samordningsnummer.
    Person,
    /// Several persons, parted by commas.
    People,
    Property,
    /// Who may sign for a company: see [`Signing`].
    Signing,
}

/// Every type by the word for it in a header: `skuld (kr)`.
pub const TYPES: &[(&str, Type)] = &[
    ("text", Type::Text),
    ("ja/nej", Type::YesNo),
    ("kr", Type::Kronor),
    ("tal", Type::Number),
    ("datum", Type::Date),
    ("klockslag", Type::Clock),
    ("period", Type::Period),
    ("flera", Type::Several),
    ("kommunkod", Type::Municipality),
    ("orgnr", Type::OrgNr),
    ("personnummer", Type::Person),
    ("flera personnummer", Type::People),
    ("fastighet", Type::Property),
    ("firmateckning", Type::Signing),
];

/// Whom a register's rows may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Organisations, and sole traders by their personnummer.
    Business,
    Person,
    Property,
}

/// The word for the subject in a header: `ämne (orgnr)`.
pub const ABOUT: &[(&str, About)] = &[
    ("orgnr", About::Business),
    ("personnummer", About::Person),
    ("fastighet", About::Property),
];

pub struct Register {
    pub name: &'static str,
    pub about: About,
    pub fields: &'static [(&'static str, Type)],
}

/// The base registers that services' documents name.
pub const REGISTERS: &[Register] = &[
    Register {
        name: "bolag",
        about: About::Business,
        fields: &[
            ("namn", Type::Text),
            ("form", Type::Text),
            ("säte", Type::Text),
            ("adress", Type::Text),
            ("status", Type::Text),
            ("firmateckning", Type::Signing),
            ("firmateckningstext", Type::Text),
            ("styrelse", Type::People),
        ],
    },
    Register {
        name: "skatt",
        about: About::Business,
        fields: &[
            ("f-skatt", Type::YesNo),
            ("moms", Type::YesNo),
            ("arbetsgivare", Type::YesNo),
        ],
    },
    Register {
        name: "indrivning",
        about: About::Business,
        fields: &[("skuld", Type::Kronor)],
    },
    Register {
        name: "folkbokföring",
        about: About::Person,
        fields: &[
            ("namn", Type::Text),
            ("adress", Type::Text),
            ("kommunkod", Type::Municipality),
            ("fyllt-20", Type::YesNo),
        ],
    },
    Register {
        name: "fastighet",
        about: About::Property,
        fields: &[("kommunkod", Type::Municipality), ("adress", Type::Text)],
    },
];

/// Longer texts are documents, not values of a register.
pub const TEXT_CHARACTERS_MAX: usize = 2_000;
/// People in one cell: the largest boards have some dozens.
pub const PEOPLE_MAX: usize = 200;

impl Type {
    pub fn parse(word: &str) -> Option<Self> {
        TYPES.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind)
    }

    pub fn word(self) -> &'static str {
        TYPES
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("text", |(word, _)| word)
    }

    /// The cell in the one form in which it is stored, or a Swedish sentence that says what should stand there. The sentence
    /// never repeats the cell.
    pub fn canonical(self, cell: &str, today: Date) -> Result<String, String> {
        let cell: String = cell.trim().nfc().collect();
        if cell.chars().any(char::is_control) {
            return Err("Cellen innehåller tecken som inte går att skriva ut.".to_owned());
        }
        match self {
            Self::Text if cell.chars().count() > TEXT_CHARACTERS_MAX => {
                Err(format!("Texten får ha högst {TEXT_CHARACTERS_MAX} tecken."))
            }
            Self::Text => Ok(cell),
            Self::YesNo => match cell.to_lowercase().as_str() {
                yes_no @ ("ja" | "nej") => Ok(yes_no.to_owned()),
                _ => Err("Skriv ja eller nej.".to_owned()),
            },
            Self::Kronor => match amount::Kronor::parse(&cell) {
                Ok(kronor) => Ok(kronor.decimal().normalize().to_string().replace('.', ",")),
                Err(why) => Err(why.to_string()),
            },
            Self::Number => match amount::parse(&cell) {
                Ok(number) => Ok(number.normalize().to_string().replace('.', ",")),
                Err(why) => Err(why.to_string()),
            },
            Self::Date => match cell.parse::<Date>() {
                Ok(day) => Ok(day.to_string()),
                Err(_) => Err("Skriv dagen som ÅÅÅÅ-MM-DD.".to_owned()),
            },
            Self::Clock => canonical_by(&Written::Clock { from: 0, to: 1_439 }, &cell),
            Self::Period => canonical_by(&Written::Period, &cell),
            Self::Several => {
                let mut words: Vec<String> = cell.split(',').map(|word| word.trim().to_lowercase()).collect();
                words.sort();
                words.dedup();
                match words.iter().any(String::is_empty) {
                    true => Err("Skriv orden med kommatecken mellan, eller inga.".to_owned()),
                    false => Ok(words.join(", ")),
                }
            }
            Self::Municipality => match Municipality::parse(&cell) {
                Ok(municipality) => Ok(municipality.code().to_owned()),
                Err(why) => Err(why.to_string()),
            },
            Self::OrgNr => match Business::parse(&cell) {
                Ok(business) => Ok(business.digits().to_owned()),
                Err(why) => Err(why.to_string()),
            },
            Self::Person => match PersonId::parse_on(&cell, today) {
                Ok(person) => Ok(person.digits().to_owned()),
                Err(why) => Err(why.to_string()),
            },
            Self::People => {
                let people: Vec<String> = cell
                    .split(',')
                    .map(|one| Self::Person.canonical(one, today))
                    .collect::<Result<_, _>>()?;
                if people.len() > PEOPLE_MAX {
                    return Err(format!("Högst {PEOPLE_MAX} personer kan stå i en cell."));
                }
                Ok(people.join(", "))
            }
            Self::Property => designation(&cell)
                .ok_or_else(|| "Skriv en fastighetsbeteckning, till exempel EXEMPELSTAD TALLEN 4.".to_owned()),
            Self::Signing => match Signing::parse(&cell) {
                Ok(signing) => Ok(signing.to_string()),
                Err(why) => Err(why.to_string()),
            },
        }
    }
}

/// A cell that documents write the same way.
fn canonical_by(ty: &Written, cell: &str) -> Result<String, String> {
    ty.value(cell).map(|value| value.to_string()).map_err(|why| why.message)
}

impl About {
    pub fn word(self) -> &'static str {
        ABOUT
            .iter()
            .find(|(_, about)| *about == self)
            .map_or("orgnr", |(word, _)| word)
    }

    /// The cell as the subject of a row, or a Swedish sentence.
    pub fn subject(self, cell: &str, today: Date) -> Result<SubjectKey, String> {
        if cell.trim().is_empty() {
            return Err("Raden säger inte vem eller vad den gäller.".to_owned());
        }
        match self {
            Self::Business => Business::parse(cell)
                .map(super::business_key)
                .map_err(|why| why.to_string()),
            Self::Person => match PersonId::parse_on(cell, today) {
                Ok(person) => Ok(SubjectKey {
                    kind: "personnr",
                    number: person.digits().to_owned(),
                }),
                Err(why) => Err(why.to_string()),
            },
            Self::Property => Type::Property.canonical(cell, today).map(|number| SubjectKey {
                kind: "property",
                number,
            }),
        }
    }
}

/// A property's designation as the property register writes it: capitals, single spaces, NFC; the last part is a unit
/// (`TALLEN 4`, `TALLEN 1:14`). `None` if it cannot be one.
pub fn designation(text: &str) -> Option<String> {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| word.nfc().flat_map(char::to_uppercase).collect())
        .collect();
    let whole = words.join(" ");
    let unit = words.last()?;
    let fits = words.len() >= 2
        && whole.chars().count() <= 100
        && unit.split(':').count() <= 2
        && unit
            .split(':')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
        && whole
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ' ' | ':' | '-' | '\'' | '.'));
    fits.then_some(whole)
}

/// The legal day on which numbers are judged (a birth date cannot lie after it).
pub fn today(now: jiff::Timestamp) -> Date {
    legal_day(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(kind: Type, cell: &str) -> Result<String, String> {
        kind.canonical(cell, jiff::civil::date(2026, 3, 2))
    }

    #[test]
    fn a_value_is_stored_in_one_form_however_it_is_written() {
        for (kind, cell, stored) in [
            (Type::Kronor, "184 200", "184200"),
            (Type::Kronor, "184200,50", "184200,5"),
            (Type::YesNo, " JA ", "ja"),
            (Type::OrgNr, "559900-0006", "5599000006"),
            (Type::Person, "19840427-2380", "198404272380"),
            (Type::People, "198404272380,19690220-9292", "198404272380, 196902209292"),
            (Type::Municipality, "0180", "0180"),
            (Type::Municipality, "0001", "0001"),
            (Type::Date, "2026-03-01", "2026-03-01"),
            (Type::Clock, "23.30", "23:30"),
            (Type::Period, "2026-05-01 – 2026-09-30", "2026-05-01 – 2026-09-30"),
            (Type::Several, "Vin, starköl", "starköl, vin"),
            (Type::Property, "Exempelstad  Tallen 4", "EXEMPELSTAD TALLEN 4"),
            (Type::Signing, "Ensam: 19840427-2380", "ensam: 198404272380"),
            (Type::Text, "Cafe\u{301}", "Café"),
        ] {
            assert_eq!(canonical(kind, cell).as_deref(), Ok(stored), "{kind:?}");
        }
    }

    #[test]
    fn a_wrong_value_is_refused_without_being_repeated() {
        for (kind, cell) in [
            (Type::Kronor, "mycket"),
            (Type::Kronor, "1,234"),
            (Type::YesNo, "kanske"),
            (Type::OrgNr, "559900-0007"),
            (Type::Person, "19840427-2381"),
            (Type::Person, "20990101-2380"),
            (Type::People, "198404272380,"),
            (Type::Municipality, "9999"),
            (Type::Date, "2026-02-30"),
            (Type::Clock, "24:00"),
            (Type::Period, "2026-09-30 – 2026-05-01"),
            (Type::Several, "vin,,öl"),
            (Type::Property, "BAGAREN"),
            (Type::Property, "EXEMPELSTAD BAGAREN"),
            (Type::Signing, "fritt: 198404272380"),
            (Type::Text, "a\u{7}b"),
        ] {
            let why = canonical(kind, cell).unwrap_err();
            assert!(!why.contains(cell), "{kind:?}: {why}");
        }
    }

    #[test]
    fn every_type_and_every_kind_of_subject_has_its_word() {
        for (word, kind) in TYPES {
            assert_eq!(Type::parse(word), Some(*kind));
            assert_eq!(kind.word(), *word);
        }
        for (word, about) in ABOUT {
            assert_eq!(about.word(), *word);
        }
    }
}
