//! Whether a value fits a type.

use rust_decimal::Decimal;

use crate::fact::Value;
use crate::pack::Type;

/// Whether the value is one of the type's. Texts and identity numbers were parsed when they were read; here only what the
/// type itself limits is looked at.
pub fn fits(value: &Value, ty: &Type) -> bool {
    match (value, ty) {
        (Value::YesNo(_), Type::YesNo | Type::Assessment)
        | (Value::Assessment { .. }, Type::Assessment)
        | (Value::Date(_), Type::Date)
        | (Value::Period { .. }, Type::Period)
        | (Value::OrgNr(_), Type::OrgNr)
        // A sole trader's number is a personnummer.
        | (Value::PersonNr(_), Type::PersonNr | Type::OrgNr)
        | (Value::Property(_) | Value::Text(_), Type::Property)
        | (Value::Choice(_), Type::Municipality) => true,
        (Value::Choice(word) | Value::Text(word), Type::Choice(words)) => words.contains(word),
        (Value::Set(chosen), Type::Several(words)) => chosen.iter().all(|word| words.contains(word)),
        (Value::Clock(minutes), Type::Clock { from, to }) => from <= minutes && minutes <= to,
        (Value::Number(number), Type::Number { .. } | Type::Kronor { .. }) => within(*number, ty),
        (Value::Text(text), Type::Text { characters_max }) => text.chars().count() <= *characters_max as usize,
        (Value::Attachment(file), Type::Attachment { formats, bytes_max, .. }) => {
            formats.contains(&file.format) && file.bytes <= *bytes_max
        }
        _ => false,
    }
}

/// The ends of a number's type, and its smallest difference.
pub fn range(ty: &Type) -> Option<(Decimal, Decimal, Decimal)> {
    match ty {
        Type::Number { min, max, decimals, .. } => Some((*min, *max, Decimal::new(1, *decimals))),
        Type::Kronor { min, max } => Some((*min, *max, Decimal::ONE)),
        _ => None,
    }
}

fn within(number: Decimal, ty: &Type) -> bool {
    range(ty).is_some_and(|(min, max, _)| min <= number && number <= max)
}
