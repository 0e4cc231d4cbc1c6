//! Fields of a posted form or a query: any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samverk::web::form::{FIELDS_MAX, parse_pairs};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(pairs) = parse_pairs(bytes) {
        assert!(pairs.len() <= FIELDS_MAX);
        let read: usize = pairs.iter().map(|(key, value)| key.len() + value.len()).sum();
        assert!(read <= bytes.len(), "decoding never makes a form longer");
    }
});
