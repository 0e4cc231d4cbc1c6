//! A value as a Swedish reader sees it in the words of its document: choices by their texts, days in words, numbers with their unit.

use super::{Pack, ParameterType, Type};
use crate::fact::{Name, Value, listed};
use crate::words::codes::Municipality;
use crate::words::time::swedish_date;

impl Pack {
    /// The type of a fact, a list's column or a parameter that has a value.
    pub fn type_of(&self, name: &Name) -> Option<&Type> {
        let own = self.fact(name).map(|fact| &fact.ty.it);
        own.or_else(|| match &self.parameter(name)?.ty.it {
            ParameterType::Value(ty) => Some(ty),
            ParameterType::Delegation => None,
        })
    }

    /// `Slutet sällskap`, `1 240 kronor`, `3 november 2026`. `with_unit`: numbers say what they count.
    pub fn shown(&self, name: &Name, value: &Value, with_unit: bool) -> String {
        let word = |word: &String| {
            let text = self.text("sv", &format!("val.{name}.{word}"));
            text.unwrap_or(word).to_owned()
        };
        match (value, self.type_of(name)) {
            (Value::Choice(code), Some(Type::Municipality)) => {
                Municipality::parse(code).map_or_else(|_| code.clone(), |municipality| municipality.name().to_owned())
            }
            (Value::Choice(chosen), _) => word(chosen),
            (Value::Number(_), Some(Type::Kronor { .. })) if with_unit => format!("{value} kronor"),
            (Value::Number(_), Some(Type::Number { unit: Some(unit), .. })) if with_unit => format!("{value} {unit}"),
            (Value::Set(words), Some(Type::Several(all))) if !words.is_empty() => {
                let chosen = all.iter().filter(|word| words.contains(*word));
                listed(&chosen.map(word).collect::<Vec<_>>()).unwrap_or_default()
            }
            (Value::Period { from, to }, _) => format!("{} – {}", swedish_date(*from), swedish_date(*to)),
            (Value::Date(day), _) => swedish_date(*day),
            _ => value.to_string(),
        }
    }
}
