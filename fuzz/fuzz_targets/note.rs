//! Signed notes and checkpoints (C2SP): any text, and a signed checkpoint with some bytes replaced, which must not be accepted.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use samverk_wire::key::{Algorithm, SecretKey};
use samverk_wire::note::{Checkpoint, SignedNote};

const ORIGIN: &str = "https://skatteregistret.example/utbyte/skatteregistret/logg";

static KEY: LazyLock<SecretKey> = LazyLock::new(|| {
    SecretKey::from_secret_bytes(Algorithm::Ed25519, [7; 32]).expect("32 bytes of 7 are a secret key")
});
static SIGNED: LazyLock<String> = LazyLock::new(|| {
    let checkpoint = Checkpoint {
        origin: ORIGIN.to_owned(),
        size: 13,
        root: [5; 32],
    };
    checkpoint.sign(&KEY).expect("a checkpoint can be signed with Ed25519")
});

fuzz_target!(|data: (u16, u8, &str)| {
    let (at, long, text) = data;
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.text(), text);
    }
    if let Ok(note) = SignedNote::parse(text) {
        let _ = (note.unverified_text(), note.signed_by(ORIGIN, KEY.public()));
    }
    let start = usize::from(at) % SIGNED.len();
    let end = (start + usize::from(long)).min(SIGNED.len());
    let (Some(before), Some(after)) = (SIGNED.get(..start), SIGNED.get(end..)) else {
        return;
    };
    let changed = format!("{before}{text}{after}");
    let accepted = SignedNote::parse(&changed).is_ok_and(|note| note.sole_signature_by(ORIGIN, KEY.public()).is_ok());
    assert_eq!(accepted, changed == *SIGNED, "a changed checkpoint was accepted");
});
