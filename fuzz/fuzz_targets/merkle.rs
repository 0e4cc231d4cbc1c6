//! Proofs of the sealed log (RFC 6962): any numbers and hashes; true proofs hold, and do not for another leaf or place.
#![no_main]

use std::collections::BTreeMap;
use std::convert::Infallible;

use libfuzzer_sys::fuzz_target;
use samverk_wire::merkle;

fuzz_target!(|data: (u64, u64, [u8; 32], [u8; 32], Vec<[u8; 32]>)| {
    let (one, two, leaf, root, proof) = data;
    let _ = merkle::check_inclusion(one, two, &leaf, &proof, &root);
    let _ = merkle::check_consistency(one, &leaf, two, &root, &proof);

    let size = two % 40 + 1;
    let (index, old) = (one % size, one % size + 1);
    let mut nodes = BTreeMap::new();
    let leaf_of = |i: u64| merkle::leaf_hash(&i.to_be_bytes());
    for i in 0..size {
        let new = merkle::append(i, leaf_of(i), |p| Ok::<_, Infallible>(nodes[&p])).expect("the log before it is whole");
        nodes.extend(new);
    }
    let read = |p| Ok::<_, Infallible>(nodes[&p]);
    let head = |size| merkle::root(size, read).expect("the log is whole");
    let inclusion = merkle::inclusion(index, size, read).expect("the leaf is in the log");
    assert_eq!(merkle::check_inclusion(index, size, &leaf_of(index), &inclusion, &head(size)), Ok(()));
    assert!(merkle::check_inclusion(index, size, &leaf, &inclusion, &head(size)).is_err());
    assert!(merkle::check_inclusion(index, size, &leaf_of(index), &proof, &head(size)).is_err() || proof == inclusion);
    let consistency = merkle::consistency(old, size, read).expect("the older log is part of it");
    assert_eq!(merkle::check_consistency(old, &head(old), size, &head(size), &consistency), Ok(()));
});
