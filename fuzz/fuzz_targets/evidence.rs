//! Exported exchanges, as `samverk verify FILE` reads them: any bytes, and one true file with some bytes replaced, which
//! must not be accepted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samverk::trust::evidence::verify_file;
use samverk::trust::federation::Anchor;

/// A file that holds, from made-up bodies with made-up keys.
const TRUE: &[u8] = include_bytes!("../seeds/terms/evidence.json");
/// The thumbprint of its anchor's key.
const ANCHOR: &str = include_str!("../seeds/anchor.txt");

fuzz_target!(|data: (u16, u8, bool, &[u8])| {
    let (at, long, free, bytes) = data;
    if free {
        assert!(verify_file(bytes, None).is_err(), "accepted what nobody signed");
        return;
    }
    let anchor = Anchor::parse(ANCHOR).expect("the seed's anchor is a thumbprint");
    let start = usize::from(at) % TRUE.len();
    let end = (start + usize::from(long)).min(TRUE.len());
    let changed = [&TRUE[..start], bytes, &TRUE[end..]].concat();
    let accepted = verify_file(&changed, Some(&anchor)).is_ok();
    assert_eq!(accepted, changed == TRUE, "a changed file was accepted, or the true one was not");
});
