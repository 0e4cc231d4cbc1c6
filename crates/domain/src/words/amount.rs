//! Exact decimals and kronor, read and written as in Swedish.
//!
//! Always true here: no binary floats; what is read is exactly what was written, and a text with two possible meanings is
//! refused rather than guessed.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Enough for any public budget in kronor; a longer text is a slip or an attack.
pub const INTEGER_DIGITS_MAX: usize = 15;
/// Enough for rates and shares.
pub const DECIMALS_MAX: usize = 6;
/// Longer texts are refused before they are read.
const CHARACTERS_MAX: usize = 40;
/// U+00A0: a number is never broken across lines.
const NO_BREAK_SPACE: char = '\u{a0}';

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAmount {
    #[error("Skriv ett tal, till exempel 1 250,50.")]
    Form,
    #[error("Skriv tusental i grupper om tre siffror, till exempel 12 500.")]
    Groups,
    #[error("Punkten kan betyda både tusental och decimaler. Skriv 1 250 eller 1,25.")]
    AmbiguousPoint,
    #[error("Talet är för stort. Högst {INTEGER_DIGITS_MAX} siffror före kommatecknet går att ange.")]
    TooLarge,
    #[error("Talet har för många decimaler. Högst {0} går att ange.")]
    TooManyDecimals(usize),
}

/// Reads `1 250,50`, `1250.5`, `−3`. Thousands are parted by spaces of any width in groups of three, or not at all; the
/// decimal sign is a comma or a point. `1.250` is refused: it could be a thousand or one and a quarter.
pub fn parse(text: &str) -> Result<Decimal, NotAnAmount> {
    let text = text.trim();
    if text.chars().count() > CHARACTERS_MAX {
        return Err(NotAnAmount::TooLarge);
    }
    let (negative, unsigned) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, decimals, sign) = match unsigned.find([',', '.']) {
        Some(at) => (
            &unsigned[..at],
            Some(&unsigned[at + 1..]),
            unsigned[at..].chars().next(),
        ),
        None => (unsigned, None, None),
    };
    let groups: Vec<&str> = whole.split([' ', NO_BREAK_SPACE, '\u{202f}', '\u{2009}']).collect();
    if groups.iter().any(|group| !group.bytes().all(|b| b.is_ascii_digit())) || groups[0].is_empty() {
        return Err(NotAnAmount::Form);
    }
    if groups.len() > 1 && (groups[0].len() > 3 || groups[1..].iter().any(|group| group.len() != 3)) {
        return Err(NotAnAmount::Groups);
    }
    let digits = groups.concat();
    if digits.len() > INTEGER_DIGITS_MAX {
        return Err(NotAnAmount::TooLarge);
    }
    let decimals = match decimals {
        None => "",
        Some(decimals) if decimals.is_empty() || !decimals.bytes().all(|b| b.is_ascii_digit()) => {
            return Err(NotAnAmount::Form);
        }
        Some(decimals) if decimals.len() > DECIMALS_MAX => return Err(NotAnAmount::TooManyDecimals(DECIMALS_MAX)),
        Some(decimals) => decimals,
    };
    if sign == Some('.') && decimals.len() == 3 && groups.len() == 1 && digits.len() <= 3 && !digits.starts_with('0') {
        return Err(NotAnAmount::AmbiguousPoint);
    }
    let mantissa: i128 = format!("{digits}{decimals}")
        .parse()
        .map_err(|_| NotAnAmount::TooLarge)?;
    let scale = u32::try_from(decimals.len()).map_err(|_| NotAnAmount::TooManyDecimals(DECIMALS_MAX))?;
    let number = Decimal::try_from_i128_with_scale(mantissa, scale).map_err(|_| NotAnAmount::TooLarge)?;
    Ok(if negative && !number.is_zero() { -number } else { number })
}

/// `1 250,5`: groups of three with a no-break space (U+00A0), decimal comma, a true minus sign; zeros at the end fall away.
pub fn swedish(number: Decimal) -> String {
    write(&number.normalize().to_string())
}

/// A plain decimal text made Swedish.
fn write(plain: &str) -> String {
    let (negative, unsigned) = match plain.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, plain),
    };
    let (whole, decimals) = match unsigned.split_once('.') {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (unsigned, None),
    };
    let mut text = String::new();
    if negative {
        text.push('−');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(NO_BREAK_SPACE);
        }
        text.push(digit);
    }
    if let Some(decimals) = decimals {
        text.push(',');
        text.push_str(decimals);
    }
    text
}

/// An amount of Swedish kronor with at most two decimals. Serialised as a plain decimal text: `"1250.50"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Decimal", into = "Decimal")]
pub struct Kronor(Decimal);

impl Kronor {
    pub const ZERO: Self = Self(Decimal::ZERO);
    const DECIMALS_MAX: u32 = 2;

    /// Reads a number, also with `kr` after it.
    pub fn parse(text: &str) -> Result<Self, NotAnAmount> {
        let text = text.trim();
        Self::try_from(parse(text.strip_suffix("kr").unwrap_or(text))?)
    }

    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// `None` when the sum is larger than can be written.
    pub fn plus(self, other: Self) -> Option<Self> {
        Self::try_from(self.0.checked_add(other.0)?).ok()
    }

    pub fn minus(self, other: Self) -> Option<Self> {
        Self::try_from(self.0.checked_sub(other.0)?).ok()
    }

    pub fn times(self, count: u32) -> Option<Self> {
        Self::try_from(self.0.checked_mul(Decimal::from(count))?).ok()
    }
}

impl TryFrom<Decimal> for Kronor {
    type Error = NotAnAmount;
    fn try_from(number: Decimal) -> Result<Self, NotAnAmount> {
        let number = number.normalize();
        if number.scale() > Self::DECIMALS_MAX {
            return Err(NotAnAmount::TooManyDecimals(2));
        }
        if number.abs().trunc().to_string().len() > INTEGER_DIGITS_MAX {
            return Err(NotAnAmount::TooLarge);
        }
        Ok(Self(number))
    }
}

impl From<Kronor> for Decimal {
    fn from(kronor: Kronor) -> Decimal {
        kronor.0
    }
}

impl fmt::Display for Kronor {
    /// `59 200 kr`, `1 250,50 kr`: whole kronor without decimals, else two.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = if self.0.is_integer() {
            self.0.to_string()
        } else {
            format!("{:.2}", self.0)
        };
        write!(f, "{}{NO_BREAK_SPACE}kr", write(&plain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn reads_swedish_numbers() {
        for (text, number) in [
            ("0", "0"),
            ("007", "7"),
            ("1250,50", "1250.50"),
            ("1 250,50", "1250.50"),
            ("1\u{a0}250\u{a0}000", "1250000"),
            ("1\u{202f}250", "1250"),
            ("1250.5", "1250.5"),
            ("1 250.500", "1250.500"),
            ("0.125", "0.125"),
            ("−3", "-3"),
            ("-3,5", "-3.5"),
            ("-0", "0"),
            (" 42 ", "42"),
            ("999 999 999 999 999,999999", "999999999999999.999999"),
        ] {
            assert_eq!(parse(text), Ok(decimal(number)), "{text}");
        }
    }

    #[test]
    fn refuses_with_the_reason() {
        for (text, why) in [
            ("", NotAnAmount::Form),
            ("-", NotAnAmount::Form),
            ("tolv", NotAnAmount::Form),
            ("1,2,3", NotAnAmount::Form),
            (",5", NotAnAmount::Form),
            ("5,", NotAnAmount::Form),
            ("1e9", NotAnAmount::Form),
            ("--1", NotAnAmount::Form),
            ("1 2", NotAnAmount::Groups),
            ("1250 000", NotAnAmount::Groups),
            ("1  250", NotAnAmount::Groups),
            ("1.250", NotAnAmount::AmbiguousPoint),
            ("1000000000000000", NotAnAmount::TooLarge),
            ("1,0000001", NotAnAmount::TooManyDecimals(6)),
        ] {
            assert_eq!(parse(text), Err(why), "{text}");
        }
        assert_eq!(parse(&"9".repeat(1000)), Err(NotAnAmount::TooLarge));
    }

    #[test]
    fn writes_swedish_numbers() {
        for (number, text) in [
            ("0", "0"),
            ("-0.0", "0"),
            ("999", "999"),
            ("1250.50", "1\u{a0}250,5"),
            ("-1250000", "−1\u{a0}250\u{a0}000"),
        ] {
            assert_eq!(swedish(decimal(number)), text);
        }
    }

    #[test]
    fn kronor_are_whole_or_have_two_decimals() {
        assert_eq!(Kronor::parse("59 200 kr").unwrap().to_string(), "59\u{a0}200\u{a0}kr");
        assert_eq!(Kronor::parse("1250,5").unwrap().to_string(), "1\u{a0}250,50\u{a0}kr");
        assert_eq!(Kronor::parse("1,005"), Err(NotAnAmount::TooManyDecimals(2)));
        let largest = Kronor::parse("999999999999999").unwrap();
        assert_eq!(largest.plus(Kronor::parse("1").unwrap()), None);
        assert_eq!(largest.times(u32::MAX), None);
        assert_eq!(Kronor::parse("3").unwrap().times(4), Kronor::parse("12").ok());
        assert_eq!(largest.minus(largest), Some(Kronor::ZERO));
        assert_eq!(
            serde_json::to_string(&Kronor::parse("1250,50").unwrap()).unwrap(),
            "\"1250.5\""
        );
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_the_same_number(mantissa in -999_999_999_999_999i64..=999_999_999_999_999, scale in 0u32..=6) {
            let number = Decimal::new(mantissa, scale);
            prop_assert_eq!(parse(&swedish(number)), Ok(number.normalize()));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9 .,−-]{0,50}|\\PC{0,50}") {
            let _ = (parse(&text), Kronor::parse(&text));
        }
    }
}
