//! Units that are known and converted: volumes, masses, lengths, areas, times, shares and kronor.
//!
//! Always true here: a factor is exact, so a converted number is the same quantity. Months and years have no number of
//! days and are a dimension of their own. A unit that is not listed is a word like any other (`sittplatser`).

use rust_decimal::Decimal;

/// Numbers of the same dimension can be converted into each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    Volume,
    Mass,
    Length,
    Area,
    Time,
    /// Months and years.
    Calendar,
    Share,
    Money,
}

/// Unit, dimension, how many of the dimension's smallest unit it is.
const KNOWN: [(&str, Dimension, i64); 30] = [
    ("ml", Dimension::Volume, 1),
    ("cl", Dimension::Volume, 10),
    ("dl", Dimension::Volume, 100),
    ("liter", Dimension::Volume, 1_000),
    ("l", Dimension::Volume, 1_000),
    ("m³", Dimension::Volume, 1_000_000),
    ("kubikmeter", Dimension::Volume, 1_000_000),
    ("g", Dimension::Mass, 1),
    ("gram", Dimension::Mass, 1),
    ("kg", Dimension::Mass, 1_000),
    ("ton", Dimension::Mass, 1_000_000),
    ("mm", Dimension::Length, 1),
    ("cm", Dimension::Length, 10),
    ("m", Dimension::Length, 1_000),
    ("meter", Dimension::Length, 1_000),
    ("km", Dimension::Length, 1_000_000),
    ("m²", Dimension::Area, 1),
    ("kvadratmeter", Dimension::Area, 1),
    ("minuter", Dimension::Time, 1),
    ("timmar", Dimension::Time, 60),
    ("dagar", Dimension::Time, 1_440),
    ("dag", Dimension::Time, 1_440),
    ("veckor", Dimension::Time, 10_080),
    ("månader", Dimension::Calendar, 1),
    ("år", Dimension::Calendar, 12),
    ("%", Dimension::Share, 1),
    ("procent", Dimension::Share, 1),
    ("kr", Dimension::Money, 1),
    ("kronor", Dimension::Money, 1),
    ("tkr", Dimension::Money, 1_000),
];

/// A known unit's dimension, and how many of the dimension's smallest unit it is.
pub fn known(unit: &str) -> Option<(Dimension, Decimal)> {
    let unit = unit.trim().to_lowercase();
    KNOWN
        .iter()
        .find(|(name, ..)| *name == unit)
        .map(|(_, dimension, size)| (*dimension, Decimal::from(*size)))
}

/// What a number in one unit is multiplied by to be in the other; `None` when the dimensions differ or there is no exact
/// factor (minutes to hours: there the other way is taken).
pub fn factor(from: &str, to: &str) -> Option<Decimal> {
    let ((one, size), (other, wanted)) = (known(from)?, known(to)?);
    let factor = size.checked_div(wanted)?;
    (one == other && factor.checked_mul(wanted) == Some(size) && factor.scale() <= 12).then(|| factor.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_converted_exactly_or_not_at_all() {
        assert_eq!(factor("liter", "ml"), Some(Decimal::from(1_000)));
        assert_eq!(factor("ml", "liter"), Some(Decimal::new(1, 3)));
        assert_eq!(factor("timmar", "minuter"), Some(Decimal::from(60)));
        assert_eq!(factor("minuter", "timmar"), None);
        assert_eq!(factor("år", "månader"), Some(Decimal::from(12)));
        assert_eq!(factor("månader", "dagar"), None);
        assert_eq!(factor("liter", "kg"), None);
        assert_eq!(factor("sittplatser", "sittplatser"), None);
    }
}
