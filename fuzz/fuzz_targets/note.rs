//! Signed notes, checkpoints and Merkle proofs: one form each, nothing unsigned is believed, nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samverk_wire::key::{Algorithm, SecretKey};
use samverk_wire::merkle;
use samverk_wire::note::{Checkpoint, SignedNote};

fuzz_target!(|data: (&str, u64, u64, Vec<[u8; 32]>)| {
    let (text, index, size, hashes) = data;
    let key = SecretKey::from_secret_bytes(Algorithm::Ed25519, [7; 32]).expect("any 32 bytes are an Ed25519 seed");
    if let Ok(note) = SignedNote::parse(text) {
        assert!(note.signed_by("example", key.public()).is_err());
    }
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.text(), text);
    }
    assert!(merkle::check_inclusion(index, size, &[1; 32], &hashes, &[2; 32]).is_err());
    let _ = merkle::check_consistency(index, &[1; 32], size, &[2; 32], &hashes);
});
