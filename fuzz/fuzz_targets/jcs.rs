//! Canonical JSON: what is accepted as canonical is exactly what would be written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samverk_wire::jcs;

fuzz_target!(|data: &[u8]| {
    if let Ok(value) = jcs::parse(data) {
        assert_eq!(jcs::canonical(&value).as_deref(), Ok(data));
    }
    if let Ok(value) = serde_json::from_slice(data)
        && let Ok(bytes) = jcs::canonical(&value)
    {
        assert_eq!(jcs::parse(&bytes), Ok(value));
    }
});
