//! Evidence files and statements of a federation: any bytes are rejected with a reason, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samverk::trust::evidence;
use samverk::trust::federation::{Anchor, Statement};

fuzz_target!(|data: &[u8]| {
    assert!(evidence::verify_file(data, None).is_err());
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Anchor::parse(text);
        let anchor = Anchor::Thumbprint("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k".to_owned());
        let now = "2026-06-15T10:00:00Z".parse().expect("an instant");
        assert!(Statement::verify(text, &anchor, now).is_err());
    }
});
