//! Identity numbers of people and organisations.
//!
//! Always true here: a number that exists has passed every rule that can be tested without a register (form, date, serial,
//! check digit); its canonical form is 12 digits for a person and 10 for an organisation. `Debug` and `Display` never show
//! the number: whoever needs it says so with `digits()` or `written()`. Serialised as its canonical digits.
//!
//! Rules: Skatteverket's brochures SKV 704 (personnummer), SKV 707 (samordningsnummer), SKV 709 (organisationsnummer).

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Longer texts are no identity number in any form; they are refused before anything else is looked at.
pub const CHARACTERS_MAX: usize = 20;

/// Why a text is not the number that was asked for. No variant carries the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NotANumber {
    #[error("Skriv numret med 12 siffror, till exempel ÅÅÅÅMMDD-NNNN.")]
    PersonForm,
    #[error("Skriv organisationsnumret med 10 siffror, till exempel NNNNNN-NNNN.")]
    OrganisationForm,
    #[error("Skriv födelseåret med fyra siffror. Tio siffror räcker inte för att veta vilket århundrade det gäller.")]
    Century,
    #[error("Numret innehåller ett datum som inte finns. Kontrollera år, månad och dag.")]
    Date,
    #[error("Numret innehåller ett födelsedatum som ännu inte har inträffat.")]
    Future,
    #[error("Födelsenumret kan inte vara 000.")]
    Serial,
    #[error("Den sista siffran stämmer inte med de andra. Kontrollera att numret är rätt skrivet.")]
    CheckDigit,
    #[error(
        "Det här är ett interimsnummer. Det används bara inom vissa register; ange personnummer eller samordningsnummer."
    )]
    Interim,
    #[error("Det här är ett samordningsnummer, inte ett personnummer.")]
    Coordination,
    #[error("Det här är ett personnummer, inte ett samordningsnummer.")]
    Ordinary,
    #[error("Det här är ett organisationsnummer, inte ett nummer för en person.")]
    Organisation,
    #[error(
        "Det här är ett nummer för en person, inte för en organisation. En enskild firma har innehavarens personnummer."
    )]
    Person,
}

/// A personnummer: a person in the population register.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Personnummer(PersonDigits);

/// A samordningsnummer: a person who is not, or not yet, in the population register. The day of birth stands with 60 added.
/// The official test numbers hold months 00 and days 60, and days that their month does not have: the birth date of such a
/// number is not known.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Samordningsnummer(PersonDigits);

/// A person, by whichever number they have. A samordningsnummer is replaced by a personnummer when the person is
/// registered, so the same person may have been known under both.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PersonId {
    Personnummer(Personnummer),
    Samordningsnummer(Samordningsnummer),
}

/// An organisation's number: 10 digits, the third at least 2, so that it is never mistaken for a date.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Organisationsnummer([u8; 10]);

/// Whoever does business: an organisation, or a sole trader, whose organisation number *is* their personnummer and is
/// treated as one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Business {
    Organisation(Organisationsnummer),
    SoleTrader(PersonId),
}

impl Personnummer {
    /// `ÅÅÅÅMMDDNNNN`, `ÅÅÅÅMMDD-NNNN` or `ÅÅÅÅMMDD+NNNN`.
    pub fn parse(text: &str) -> Result<Self, NotANumber> {
        PersonId::parse(text)?.into_personnummer()
    }

    /// Also `ÅÅMMDD-NNNN` and `ÅÅMMDD+NNNN`, read as on that day.
    pub fn parse_on(text: &str, day: Date) -> Result<Self, NotANumber> {
        PersonId::parse_on(text, day)?.into_personnummer()
    }

    /// 12 digits. The number itself: never into an address, a log or an error text.
    pub fn digits(&self) -> &str {
        self.0.as_str()
    }

    pub fn birth_date(&self) -> Date {
        self.0.date().expect("a personnummer is made only when its date exists")
    }
}

impl Samordningsnummer {
    /// As [`Personnummer::parse`], with the day of birth + 60.
    pub fn parse(text: &str) -> Result<Self, NotANumber> {
        PersonId::parse(text)?.into_samordningsnummer()
    }

    pub fn parse_on(text: &str, day: Date) -> Result<Self, NotANumber> {
        PersonId::parse_on(text, day)?.into_samordningsnummer()
    }

    /// 12 digits.
    pub fn digits(&self) -> &str {
        self.0.as_str()
    }

    /// `None` when the number holds a month or a day that is not known.
    pub fn birth_date(&self) -> Option<Date> {
        self.0.date()
    }
}

impl PersonId {
    /// Either number in a form that names the century: 12 digits, with or without `-` or `+` before the last four.
    pub fn parse(text: &str) -> Result<Self, NotANumber> {
        let (birth, serial, _) = split_person(text)?;
        if birth.len() != 8 {
            return Err(NotANumber::Century);
        }
        let digits: Vec<u8> = birth.iter().chain(&serial).copied().collect();
        Self::of_digits(&digits)
    }

    /// Also the form with six digits for the birth date: `-` before the last four until the year in which the person turns
    /// 100, `+` from then on (SKV 704). Ten digits with no sign are refused: they do not say which century is meant.
    /// A birth date after the day is refused in every form.
    pub fn parse_on(text: &str, day: Date) -> Result<Self, NotANumber> {
        let (birth, serial, sign) = split_person(text)?;
        let person = if birth.len() == 8 {
            Self::of_digits(&birth.iter().chain(&serial).copied().collect::<Vec<u8>>())?
        } else {
            let in_century = i16::from((birth[0] - b'0') * 10 + (birth[1] - b'0'));
            let latest = match sign {
                Some('-') => day.year(),
                Some('+') => day.year() - 100,
                _ => return Err(NotANumber::Century),
            };
            let year = latest - (latest - in_century).rem_euclid(100);
            let digits: Vec<u8> = format!("{:02}", year.div_euclid(100))
                .bytes()
                .chain(birth.iter().copied())
                .chain(serial.iter().copied())
                .collect();
            Self::of_digits(&digits)?
        };
        if person.inner().number(0..4) > day.year() || person.birth_date().is_some_and(|born| born > day) {
            return Err(NotANumber::Future);
        }
        Ok(person)
    }

    fn of_digits(digits: &[u8]) -> Result<Self, NotANumber> {
        let digits = PersonDigits::check(digits)?;
        Ok(if digits.is_coordination() {
            Self::Samordningsnummer(Samordningsnummer(digits))
        } else {
            Self::Personnummer(Personnummer(digits))
        })
    }

    /// 12 digits.
    pub fn digits(&self) -> &str {
        self.inner().as_str()
    }

    /// `ÅÅÅÅMMDD-NNNN`, for the person's own page and the body's case.
    pub fn written(&self) -> String {
        let digits = self.digits();
        format!("{}-{}", &digits[..8], &digits[8..])
    }

    /// `None` when a samordningsnummer holds a month or a day that is not known.
    pub fn birth_date(&self) -> Option<Date> {
        self.inner().date()
    }

    /// Whole years on that day; 0 before birth; `None` when the birth date is not known. Who was born on 29 February has the birthday on the 28th in other years,
    /// as the last day of the month stands in for a missing one (lag 1930:173 1 §).
    pub fn age_on(&self, day: Date) -> Option<u16> {
        let born = self.birth_date()?;
        Some(super::time::age_on(born, day))
    }

    fn inner(&self) -> &PersonDigits {
        match self {
            Self::Personnummer(number) => &number.0,
            Self::Samordningsnummer(number) => &number.0,
        }
    }

    fn into_personnummer(self) -> Result<Personnummer, NotANumber> {
        match self {
            Self::Personnummer(number) => Ok(number),
            Self::Samordningsnummer(_) => Err(NotANumber::Coordination),
        }
    }

    fn into_samordningsnummer(self) -> Result<Samordningsnummer, NotANumber> {
        match self {
            Self::Personnummer(_) => Err(NotANumber::Ordinary),
            Self::Samordningsnummer(number) => Ok(number),
        }
    }
}

impl Organisationsnummer {
    /// `NNNNNNNNNN`, `NNNNNN-NNNN`, or 12 digits that begin with 16.
    pub fn parse(text: &str) -> Result<Self, NotANumber> {
        let text = text.trim();
        if text.len() > CHARACTERS_MAX {
            return Err(NotANumber::OrganisationForm);
        }
        let digits: Vec<u8> = match text.as_bytes() {
            [head @ .., b'-', a, b, c, d] => head.iter().chain([a, b, c, d]).copied().collect(),
            all => all.to_vec(),
        };
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(NotANumber::OrganisationForm);
        }
        let ten: [u8; 10] = match digits.len() {
            10 => digits.try_into().map_err(|_| NotANumber::OrganisationForm)?,
            12 if digits.starts_with(b"16") => digits[2..].try_into().map_err(|_| NotANumber::OrganisationForm)?,
            12 => {
                return Err(match PersonDigits::check(&digits) {
                    Ok(_) => NotANumber::Person,
                    Err(_) => NotANumber::OrganisationForm,
                });
            }
            _ => return Err(NotANumber::OrganisationForm),
        };
        // SKV 709: the third digit is at least 2; with 0 or 1 it is a month, and the number a person's.
        if ten[2] < b'2' {
            return Err(NotANumber::Person);
        }
        if !mod_10_holds(&ten) {
            return Err(NotANumber::CheckDigit);
        }
        Ok(Self(ten))
    }

    /// 10 digits.
    pub fn digits(&self) -> &str {
        ascii(&self.0)
    }

    /// `NNNNNN-NNNN`.
    pub fn written(&self) -> String {
        let digits = self.digits();
        format!("{}-{}", &digits[..6], &digits[6..])
    }
}

impl Business {
    /// An organisation number, or a person's number that names the century.
    pub fn parse(text: &str) -> Result<Self, NotANumber> {
        match Organisationsnummer::parse(text) {
            Ok(number) => Ok(Self::Organisation(number)),
            Err(NotANumber::Person) => PersonId::parse(text).map(Self::SoleTrader),
            Err(why) => Err(why),
        }
    }

    /// 10 digits for an organisation, 12 for a sole trader.
    pub fn digits(&self) -> &str {
        match self {
            Self::Organisation(number) => number.digits(),
            Self::SoleTrader(person) => person.digits(),
        }
    }

    /// With a hyphen before the last four.
    pub fn written(&self) -> String {
        match self {
            Self::Organisation(number) => number.written(),
            Self::SoleTrader(person) => person.written(),
        }
    }
}

/// 12 ASCII digits that are a valid person's number of either kind.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct PersonDigits([u8; 12]);

impl PersonDigits {
    fn check(digits: &[u8]) -> Result<Self, NotANumber> {
        let digits: [u8; 12] = digits.try_into().map_err(|_| NotANumber::PersonForm)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(NotANumber::PersonForm);
        }
        let checked = Self(digits);
        if digits.starts_with(b"16") {
            return Err(NotANumber::Organisation);
        }
        if digits[4] >= b'2' {
            return Err(if mod_10_holds(&digits[2..]) {
                NotANumber::Organisation
            } else {
                NotANumber::Date
            });
        }
        // Personal numbers came in 1947; nobody alive then was born before 1800, and 2100 is beyond every use.
        if !(b"18".as_slice()..=b"20".as_slice()).contains(&&digits[..2]) {
            return Err(NotANumber::Date);
        }
        let exists = if checked.is_coordination() {
            (0..=12).contains(&checked.number(4..6)) && (60..=91).contains(&checked.number(6..8))
        } else {
            checked.date().is_some()
        };
        if !exists {
            return Err(NotANumber::Date);
        }
        if &digits[8..11] == b"000" {
            return Err(NotANumber::Serial);
        }
        if !mod_10_holds(&digits[2..]) {
            return Err(NotANumber::CheckDigit);
        }
        Ok(checked)
    }

    fn as_str(&self) -> &str {
        ascii(&self.0)
    }

    fn number(&self, range: std::ops::Range<usize>) -> i16 {
        self.0[range]
            .iter()
            .fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0'))
    }

    fn is_coordination(&self) -> bool {
        self.number(6..8) >= 60
    }

    fn date(&self) -> Option<Date> {
        let day = self.number(6..8);
        let day = if day >= 60 { day - 60 } else { day };
        Date::new(
            self.number(0..4),
            i8::try_from(self.number(4..6)).ok()?,
            i8::try_from(day).ok()?,
        )
        .ok()
    }
}

/// Birth digits (8 or 6), the last four, and the sign before them if there is one.
type PersonParts = (Vec<u8>, Vec<u8>, Option<char>);

fn split_person(text: &str) -> Result<PersonParts, NotANumber> {
    let text = text.trim();
    if text.len() > CHARACTERS_MAX || !text.is_ascii() {
        return Err(NotANumber::PersonForm);
    }
    let bytes = text.as_bytes();
    let Some(at) = bytes.len().checked_sub(4) else {
        return Err(NotANumber::PersonForm);
    };
    let (head, serial) = bytes.split_at(at);
    let (birth, sign) = match head {
        [birth @ .., b'-'] => (birth, Some('-')),
        [birth @ .., b'+'] => (birth, Some('+')),
        birth => (birth, None),
    };
    if !matches!(birth.len(), 6 | 8) || !birth.iter().all(u8::is_ascii_digit) {
        return Err(NotANumber::PersonForm);
    }
    // SKV 704 and the registers that use them: an interim number has one of these letters where the serial begins.
    if b"TRSUWXJKLMN".contains(&serial[0].to_ascii_uppercase()) && serial[1..].iter().all(u8::is_ascii_digit) {
        return Err(NotANumber::Interim);
    }
    if !serial.iter().all(u8::is_ascii_digit) {
        return Err(NotANumber::PersonForm);
    }
    Ok((birth.to_vec(), serial.to_vec(), sign))
}

/// The check digit over ten digits: every second doubled from the left, digit sums added, the whole a multiple of ten.
fn mod_10_holds(ten: &[u8]) -> bool {
    let sum: u32 = ten
        .iter()
        .enumerate()
        .map(|(at, digit)| {
            let product = u32::from(digit - b'0') * if at % 2 == 0 { 2 } else { 1 };
            product / 10 + product % 10
        })
        .sum();
    ten.len() == 10 && sum.is_multiple_of(10)
}

fn ascii(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).expect("only ASCII digits are ever stored")
}

/// The same for every number: masked texts, and canonical digits as its serialised form.
macro_rules! number {
    ($($name:ident: $mask:literal),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(", $mask, ")"))
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($mask)
            }
        }
        impl TryFrom<String> for $name {
            type Error = NotANumber;
            fn try_from(text: String) -> Result<Self, NotANumber> {
                Self::parse(&text)
            }
        }
        impl std::str::FromStr for $name {
            type Err = NotANumber;
            fn from_str(text: &str) -> Result<Self, NotANumber> {
                Self::parse(text)
            }
        }
        impl From<$name> for String {
            fn from(number: $name) -> String {
                number.digits().to_owned()
            }
        }
    )*};
}
number!(
    Personnummer: "••••••••-••••",
    Samordningsnummer: "••••••••-••••",
    PersonId: "••••••••-••••",
    Organisationsnummer: "••••••-••••",
    Business: "••••••-••••"
);

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;
    use serde_json::Value as Json;

    fn data(file: &str) -> Json {
        let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn strings(json: &Json) -> Vec<&str> {
        json.as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect()
    }

    const DAY: Date = date(2023, 11, 14);

    #[test]
    fn accepts_skatteverkets_test_numbers_and_tells_the_two_kinds_apart() {
        for number in strings(&data("testpersonnummer.json")) {
            let read = Personnummer::parse(number).unwrap();
            assert_eq!(read.digits(), number);
            assert_eq!(Samordningsnummer::parse(number), Err(NotANumber::Ordinary));
        }
        for number in strings(&data("testsamordningsnummer.json")) {
            let read = Samordningsnummer::parse(number).unwrap();
            assert_eq!(read.digits(), number);
            assert!(read.birth_date().is_none_or(|born| born.year() >= 1914));
            assert_eq!(Personnummer::parse(number), Err(NotANumber::Coordination));
        }
    }

    #[test]
    fn accepts_the_whole_official_lists_when_they_are_at_hand() {
        let root = format!("{}/../../../shared/standards/identifiers", env!("CARGO_MANIFEST_DIR"));
        let read = |file: &str| std::fs::read_to_string(format!("{root}/{file}"));
        let (Ok(people), Ok(coordinated)) = (
            read("skatteverket-testpersonnummer.json"),
            read("skatteverket-testsamordningsnummer.json"),
        ) else {
            println!("skipped: no conformance data");
            return;
        };
        let people: Vec<String> = serde_json::from_str(&people).unwrap();
        let coordinated: Vec<String> = serde_json::from_str(&coordinated).unwrap();
        assert!(people.iter().all(|n| Personnummer::parse(n).is_ok()));
        assert!(coordinated.iter().all(|n| Samordningsnummer::parse(n).is_ok()));
        assert!(people.len() > 41_000 && coordinated.len() > 2_200);
    }

    #[test]
    fn agrees_with_the_public_vectors_in_every_form_that_names_the_century() {
        for vector in data("personnummer-vectors.json").as_array().unwrap() {
            let valid = vector["valid"].as_bool().unwrap();
            for form in ["long_format", "separated_long", "separated_format"] {
                let text = vector[form].as_str().unwrap();
                assert_eq!(PersonId::parse_on(text, DAY).is_ok(), valid, "{form} of a vector");
            }
            if valid {
                let long = PersonId::parse(vector["long_format"].as_str().unwrap()).unwrap();
                assert_eq!(
                    PersonId::parse_on(vector["separated_format"].as_str().unwrap(), DAY),
                    Ok(long.clone())
                );
                assert_eq!(matches!(long, PersonId::Samordningsnummer(_)), vector["type"] == "con");
                let short = vector["short_format"].as_str().unwrap();
                assert_eq!(PersonId::parse_on(short, DAY), Err(NotANumber::Century));
            }
        }
        for kind in ["ssn", "con"] {
            let structured = data("personnummer-vectors-structured.json");
            for text in strings(&structured[kind]["string"]["invalid"]) {
                assert!(PersonId::parse_on(text, DAY).is_err());
            }
            for text in strings(&structured[kind]["string"]["valid"]) {
                let outcome = PersonId::parse_on(text, DAY);
                assert!(outcome.is_ok() || (text.len() == 10 && outcome == Err(NotANumber::Century)));
            }
        }
    }

    #[test]
    fn refuses_interim_numbers_and_says_that_they_are() {
        for vector in data("personnummer-interim.json").as_array().unwrap() {
            if vector["valid"] == true {
                for form in ["long_format", "separated_long"] {
                    assert_eq!(
                        PersonId::parse(vector[form].as_str().unwrap()),
                        Err(NotANumber::Interim)
                    );
                }
            } else {
                assert!(PersonId::parse(vector["long_format"].as_str().unwrap()).is_err());
            }
        }
    }

    #[test]
    fn an_organisation_number_is_never_a_person() {
        for vector in data("organisationsnummer-edge.json").as_array().unwrap() {
            let text = vector["separated_format"].as_str().unwrap();
            let number = Organisationsnummer::parse(text).unwrap();
            assert_eq!(number.digits(), vector["short_format"].as_str().unwrap());
            assert_eq!(number.written(), text);
            assert!(PersonId::parse_on(text, DAY).is_err());
            assert_eq!(
                PersonId::parse(&format!("16{}", number.digits())),
                Err(NotANumber::Organisation)
            );
        }
    }

    #[test]
    fn refuses_with_the_reason() {
        let person = [
            ("", NotANumber::PersonForm),
            ("abc", NotANumber::PersonForm),
            ("1990", NotANumber::PersonForm),
            ("å90010199802", NotANumber::PersonForm),
            ("19890230-1234", NotANumber::Date),
            ("189013019802", NotANumber::Date),
            ("170001010008", NotANumber::Date),
            ("201509160006", NotANumber::Serial),
            ("197004289895", NotANumber::CheckDigit),
            ("165599000006", NotANumber::Organisation),
        ];
        for (text, why) in person {
            assert_eq!(PersonId::parse(text), Err(why), "{text}");
        }
        let organisation = [
            ("", NotANumber::OrganisationForm),
            ("559900", NotANumber::OrganisationForm),
            ("559900-00061", NotANumber::OrganisationForm),
            ("559900-0007", NotANumber::CheckDigit),
            ("090527-1474", NotANumber::Person),
            ("190905271474", NotANumber::Person),
        ];
        for (text, why) in organisation {
            assert_eq!(Organisationsnummer::parse(text), Err(why), "{text}");
        }
        assert_eq!(
            Organisationsnummer::parse("165599000006").unwrap().written(),
            "559900-0006"
        );
    }

    #[test]
    fn the_plus_begins_in_the_year_the_person_turns_a_hundred() {
        let number = "190905271474";
        assert_eq!(
            PersonId::parse_on("090527-1474", date(2008, 12, 31)).unwrap().digits(),
            number
        );
        assert_eq!(
            PersonId::parse_on("090527+1474", date(2009, 1, 1)).unwrap().digits(),
            number
        );
        assert_ne!(
            PersonId::parse_on("090527+1474", date(2008, 12, 31)).map(String::from),
            Ok(number.to_owned())
        );
        assert_eq!(
            PersonId::parse_on("090527-1474", date(2009, 1, 1)),
            Err(NotANumber::Future)
        );
        assert_eq!(
            PersonId::parse_on("202107919967", date(2021, 7, 30)),
            Err(NotANumber::Future)
        );
    }

    #[test]
    fn a_sole_trader_is_a_person() {
        assert!(matches!(Business::parse("559900-0006"), Ok(Business::Organisation(_))));
        assert!(matches!(Business::parse("19090527-1474"), Ok(Business::SoleTrader(_))));
        assert_eq!(Business::parse("090527-1474"), Err(NotANumber::Century));
    }

    #[test]
    fn age_is_counted_in_whole_years() {
        let person = PersonId::parse("200002292399").unwrap();
        assert_eq!(person.age_on(date(2020, 2, 28)), Some(19));
        assert_eq!(person.age_on(date(2020, 2, 29)), Some(20));
        assert_eq!(person.age_on(date(2021, 2, 27)), Some(20));
        assert_eq!(person.age_on(date(2021, 2, 28)), Some(21));
        assert_eq!(person.age_on(date(1999, 1, 1)), Some(0));
        let birth_date_unknown = PersonId::parse("191500722390").unwrap();
        assert_eq!(birth_date_unknown.age_on(date(2020, 1, 1)), None);
    }

    #[test]
    fn no_text_about_a_number_shows_it() {
        let person = PersonId::parse("190905271474").unwrap();
        let company = Business::parse("559900-0006").unwrap();
        for text in [format!("{person} {person:?}"), format!("{company} {company:?}")] {
            assert!(!text.contains(|c: char| c.is_ascii_digit()), "{text}");
        }
        let json = serde_json::to_string(&person).unwrap();
        assert_eq!(json, "\"190905271474\"");
        assert_eq!(serde_json::from_str::<PersonId>(&json).unwrap(), person);
        let refused = serde_json::from_str::<PersonId>("\"190905271475\"")
            .unwrap_err()
            .to_string();
        assert!(!refused.contains("1475"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,30}") {
            let _ = (PersonId::parse(&text), PersonId::parse_on(&text, DAY), Business::parse(&text));
        }

        #[test]
        fn any_digits_are_read_or_refused(text in "[0-9T]{6,12}[-+]?[0-9TX]{4}") {
            if let Ok(person) = PersonId::parse_on(&text, DAY) {
                prop_assert_eq!(PersonId::parse(person.digits()), Ok(person.clone()));
                prop_assert_eq!(PersonId::parse(&person.written()), Ok(person));
            }
        }

        #[test]
        fn a_single_changed_digit_is_always_noticed(at in 2usize..12, change in 1u8..10) {
            let mut digits = *b"195704289999";
            digits[at] = (digits[at] - b'0' + change) % 10 + b'0';
            prop_assert!(PersonId::parse(std::str::from_utf8(&digits).unwrap()).is_err());
        }

        #[test]
        fn the_short_form_means_the_same_person(at in 0usize..200, year in 2023i16..2080) {
            let all = data("testpersonnummer.json");
            let long = strings(&all)[at];
            let person = PersonId::parse(long).unwrap();
            if year - person.birth_date().unwrap().year() < 200 {
                let sign = if year - person.birth_date().unwrap().year() >= 100 { '+' } else { '-' };
                let short = format!("{}{sign}{}", &long[2..8], &long[8..]);
                prop_assert_eq!(PersonId::parse_on(&short, date(year, 12, 31)), Ok(person));
            }
        }
    }
}
