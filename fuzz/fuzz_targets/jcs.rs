//! Canonical JSON (RFC 8785): any bytes, and any JSON written canonically.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samverk_wire::jcs;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = jcs::parse(bytes) {
        assert_eq!(jcs::canonical(&value).as_deref(), Ok(bytes), "accepted in another form than its one");
    }
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes)
        && let Ok(canonical) = jcs::canonical(&value)
    {
        assert_eq!(jcs::parse(&canonical), Ok(value), "its own canonical form is not accepted");
    }
});
