//! RFC 8785, the JSON Canonicalization Scheme: one value, one sequence of bytes.
//!
//! Always true here: numbers are integers that every JSON reader represents exactly; other numbers are refused, for amounts
//! travel as text. Deliberately absent: the number formatting of ECMAScript for fractions.

use serde::Serialize;
use serde_json::Value;

use crate::digest::sha256;

/// Larger integers are not exact in every JSON reader (RFC 7493 §2.2).
pub const INTEGER_MAX: u64 = (1 << 53) - 1;
/// Deeper values are refused; nothing that we sign nests half as deep.
pub const DEPTH_MAX: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCanonical {
    #[error("the number {0} is not an integer within ±(2^53 − 1); write it as text")]
    Number(String),
    #[error("the value nests deeper than {DEPTH_MAX} levels")]
    TooDeep,
    #[error("this is not a JSON value: {0}")]
    NotJson(String),
    #[error("the JSON is not in the canonical form of RFC 8785")]
    AnotherForm,
}

/// The canonical bytes of a value.
pub fn canonical(value: &Value) -> Result<Vec<u8>, NotCanonical> {
    let mut out = Vec::new();
    write(value, DEPTH_MAX, &mut out)?;
    Ok(out)
}

/// The canonical bytes of anything that serialises to JSON.
pub fn canonical_of<T: Serialize + ?Sized>(it: &T) -> Result<Vec<u8>, NotCanonical> {
    canonical(&serde_json::to_value(it).map_err(|e| NotCanonical::NotJson(e.to_string()))?)
}

/// SHA-256 of the canonical bytes.
pub fn hash_of<T: Serialize + ?Sized>(it: &T) -> Result<[u8; 32], NotCanonical> {
    Ok(sha256(&canonical_of(it)?))
}

/// Reads JSON that must already be in its canonical form, so that no byte of it can be changed without changing the value.
/// This refuses duplicate keys too: they do not survive being written again.
pub fn parse(bytes: &[u8]) -> Result<Value, NotCanonical> {
    let value: Value = serde_json::from_slice(bytes).map_err(|e| NotCanonical::NotJson(e.to_string()))?;
    if canonical(&value)? == bytes {
        Ok(value)
    } else {
        Err(NotCanonical::AnotherForm)
    }
}

fn write(value: &Value, depth_left: usize, out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    let depth_left = depth_left.checked_sub(1).ok_or(NotCanonical::TooDeep)?;
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => {
            let magnitude = number.as_i64().map(i64::unsigned_abs).or_else(|| number.as_u64());
            match magnitude {
                Some(magnitude) if magnitude <= INTEGER_MAX => out.extend_from_slice(number.to_string().as_bytes()),
                _ => return Err(NotCanonical::Number(number.to_string())),
            }
        }
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(item, depth_left, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // RFC 8785 §3.2.3: by UTF-16 code units, which differs from UTF-8 order above U+FFFF.
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push(b'{');
            for (i, (key, value)) in members.into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_text(key, out);
                out.push(b':');
                write(value, depth_left, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// RFC 8785 §3.2.2.2.
fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x09 => out.extend_from_slice(b"\\t"),
            0x0a => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            0x0d => out.extend_from_slice(b"\\r"),
            0x00..=0x1f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sorts_keys_as_rfc_8785_section_3_2_3_shows() {
        let value: Value = serde_json::from_str(
            r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
               "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#,
        )
        .unwrap();
        let text = String::from_utf8(canonical(&value).unwrap()).unwrap();
        let order =
            ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"].map(|word| text.find(word).unwrap());
        assert!(order.is_sorted(), "{text}");
    }

    #[test]
    fn writes_text_and_literals_as_rfc_8785_section_3_2_2_shows() {
        let value: Value = serde_json::from_str(
            r#"{ "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [ null, true, false ], "n": [0, -5, 9007199254740991] }"#,
        )
        .unwrap();
        assert_eq!(
            String::from_utf8(canonical(&value).unwrap()).unwrap(),
            r#"{"literals":[null,true,false],"n":[0,-5,9007199254740991],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
        );
    }

    #[test]
    fn refuses_numbers_that_readers_may_round() {
        for number in [
            "0.1",
            "1.0",
            "1e3",
            "9007199254740992",
            "-9007199254740992",
            "18446744073709551615",
            "-0",
        ] {
            let value: Value = serde_json::from_str(number).unwrap();
            assert!(matches!(canonical(&value), Err(NotCanonical::Number(_))), "{number}");
        }
    }

    #[test]
    fn refuses_what_nests_too_deep() {
        let mut value = Value::Null;
        for _ in 0..DEPTH_MAX {
            value = Value::Array(vec![value]);
        }
        assert_eq!(canonical(&value), Err(NotCanonical::TooDeep));
    }

    #[test]
    fn reads_only_the_canonical_form() {
        assert_eq!(parse(br#"{"a":1,"b":2}"#).unwrap(), serde_json::json!({"a": 1, "b": 2}));
        for other in [
            r#"{"b":2,"a":1}"#,
            r#"{"a": 1,"b":2}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":"\u0041"}"#,
        ] {
            assert_eq!(parse(other.as_bytes()), Err(NotCanonical::AnotherForm), "{other}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            (-(INTEGER_MAX as i64)..=INTEGER_MAX as i64).prop_map(Value::from),
            any::<String>().prop_map(Value::String),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                proptest::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn agrees_with_an_independent_implementation(value in any_value()) {
            let ours = canonical(&value).unwrap();
            prop_assert_eq!(&ours, &serde_json_canonicalizer::to_vec(&value).unwrap());
            prop_assert_eq!(parse(&ours).unwrap(), value);
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }
    }
}
