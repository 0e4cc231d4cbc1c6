//! Municipality and county codes with their names.
//!
//! Always true here: a code that exists is one of the 290 municipalities or 21 counties, or one of the two made-up
//! municipalities of the demo, which say that they are made up. Source: `data/SOURCE.md`.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

static MUNICIPALITIES: LazyLock<Vec<(&'static str, &'static str)>> =
    LazyLock::new(|| rows(include_str!("../../data/kommuner.csv")));
static COUNTIES: LazyLock<Vec<(&'static str, &'static str)>> =
    LazyLock::new(|| rows(include_str!("../../data/lan.csv")));
/// Made up for the demo and for tests; no real code begins with 00.
const MADE_UP: [(&str, &str); 2] = [("0001", "Exempelkommun A"), ("0002", "Exempelkommun B")];

/// The first two columns of each row after the heading, in order of code.
fn rows(csv: &'static str) -> Vec<(&'static str, &'static str)> {
    csv.lines()
        .skip(1)
        .filter_map(|line| {
            let mut cells = line.split(',');
            Some((cells.next()?, cells.next()?))
        })
        .collect()
}

/// Whether a code is Statistics Sweden's or the demo's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reality {
    Real,
    MadeUp,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotACode {
    #[error("En kommunkod är fyra siffror, till exempel 0180.")]
    MunicipalityForm,
    #[error("Det finns ingen kommun med den koden. Kontrollera koden mot SCB:s lista.")]
    NoMunicipality,
    #[error("En länskod är två siffror, till exempel 01.")]
    CountyForm,
    #[error("Det finns inget län med den koden. Kontrollera koden mot SCB:s lista.")]
    NoCounty,
}

/// A municipality, by its four digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Municipality {
    code: &'static str,
    name: &'static str,
}

impl Municipality {
    pub fn parse(code: &str) -> Result<Self, NotACode> {
        let code = code.trim();
        if code.len() != 4 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotACode::MunicipalityForm);
        }
        Self::made_up()
            .chain(Self::all())
            .find(|municipality| municipality.code == code)
            .ok_or(NotACode::NoMunicipality)
    }

    /// The 290 real ones in order of code.
    pub fn all() -> impl Iterator<Item = Self> {
        MUNICIPALITIES.iter().map(|(code, name)| Self { code, name })
    }

    /// The demo's.
    pub fn made_up() -> impl Iterator<Item = Self> {
        MADE_UP.into_iter().map(|(code, name)| Self { code, name })
    }

    /// Four digits.
    pub fn code(self) -> &'static str {
        self.code
    }

    pub fn name(self) -> &'static str {
        self.name
    }

    pub fn reality(self) -> Reality {
        if self.code.starts_with("00") {
            Reality::MadeUp
        } else {
            Reality::Real
        }
    }

    /// The county; a made-up municipality lies in none.
    pub fn county(self) -> Option<County> {
        County::parse(&self.code[..2]).ok()
    }
}

/// A county, by its two digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct County {
    code: &'static str,
    name: &'static str,
}

impl County {
    pub fn parse(code: &str) -> Result<Self, NotACode> {
        let code = code.trim();
        if code.len() != 2 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotACode::CountyForm);
        }
        Self::all().find(|county| county.code == code).ok_or(NotACode::NoCounty)
    }

    /// The 21 in order of code.
    pub fn all() -> impl Iterator<Item = Self> {
        COUNTIES.iter().map(|(code, name)| Self { code, name })
    }

    /// Two digits.
    pub fn code(self) -> &'static str {
        self.code
    }

    /// With `län`: `Stockholms län`.
    pub fn name(self) -> &'static str {
        self.name
    }
}

macro_rules! code {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({} {})", stringify!($name), self.code, self.name)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name)
            }
        }
        impl TryFrom<String> for $name {
            type Error = NotACode;
            fn try_from(code: String) -> Result<Self, NotACode> {
                Self::parse(&code)
            }
        }
        impl From<$name> for String {
            fn from(it: $name) -> String {
                it.code.to_owned()
            }
        }
    )*};
}
code!(Municipality, County);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_290_municipalities_in_21_counties() {
        assert_eq!(Municipality::all().count(), 290);
        assert_eq!(County::all().count(), 21);
        for municipality in Municipality::all() {
            assert_eq!(municipality.reality(), Reality::Real);
            assert!(municipality.county().is_some(), "{municipality:?}");
            assert_eq!(Municipality::parse(municipality.code()), Ok(municipality));
        }
        assert_eq!(Municipality::parse("0180").unwrap().name(), "Stockholm");
        assert_eq!(
            Municipality::parse("2584").unwrap().county().unwrap().name(),
            "Norrbottens län"
        );
    }

    #[test]
    fn the_demos_municipalities_say_that_they_are_made_up() {
        let a = Municipality::parse("0001").unwrap();
        assert_eq!(
            (a.name(), a.reality(), a.county()),
            ("Exempelkommun A", Reality::MadeUp, None)
        );
        assert_eq!(Municipality::parse("0002").unwrap().name(), "Exempelkommun B");
    }

    #[test]
    fn refuses_with_the_reason() {
        assert_eq!(Municipality::parse("180"), Err(NotACode::MunicipalityForm));
        assert_eq!(Municipality::parse("01å"), Err(NotACode::MunicipalityForm));
        assert_eq!(Municipality::parse("9999"), Err(NotACode::NoMunicipality));
        assert_eq!(County::parse("02"), Err(NotACode::NoCounty));
        assert_eq!(County::parse("x"), Err(NotACode::CountyForm));
    }
}
