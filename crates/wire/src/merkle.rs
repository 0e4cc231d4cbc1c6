//! Append-only Merkle trees as RFC 6962 §2.1 defines them, over hashes that somebody else stores.
//!
//! A stored node is the root of a complete subtree, named by level and index: (0, i) is leaf i, (l, i) covers the leaves
//! `i·2^l .. (i+1)·2^l`. [`append`] says which nodes a new leaf completes; the other functions read nodes through a closure, at
//! most a few hundred for any tree. Always true here: a stored node never changes; a proof has exactly one accepted form (RFC
//! 9162 §2.1.3.2, §2.1.4.2). Deliberately absent: what a leaf means.

use crate::digest::sha256_of_parts;

pub type Hash = [u8; 32];

/// A proof is never longer than two hashes for each level of a tree of 2^63 leaves.
pub const PROOF_HASHES_MAX: usize = 128;
/// Above this, sizes and indices could overflow.
pub const LEAVES_MAX: u64 = 1 << 62;

/// One stored node: the root of the complete subtree over the leaves `index·2^level .. (index+1)·2^level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    pub level: u8,
    pub index: u64,
}

/// Why a proof cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoProof<E> {
    #[error("the tree has no such leaf or size")]
    OutOfRange,
    #[error("a stored node could not be read: {0}")]
    Unreadable(E),
}

/// Why a proof is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    #[error("the leaf or size lies outside the tree")]
    OutOfRange,
    #[error("the proof has another number of hashes than this place in a tree of this size needs")]
    WrongLength,
    #[error("the proof does not lead to the root")]
    WrongRoot,
}

/// RFC 6962 §2.1: the hash of a leaf.
pub fn leaf_hash(data: &[u8]) -> Hash {
    sha256_of_parts(&[&[0], data])
}

/// RFC 6962 §2.1: the hash of an inner node.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256_of_parts(&[&[1], left, right])
}

/// RFC 6962 §2.1: the root of the empty tree.
pub fn empty_root() -> Hash {
    crate::digest::sha256(b"")
}

/// The nodes to store when a leaf is added to a tree of `size` leaves: the leaf and every subtree that it completes.
pub fn append<E>(
    size: u64,
    leaf: Hash,
    mut read: impl FnMut(Place) -> Result<Hash, E>,
) -> Result<Vec<(Place, Hash)>, NoProof<E>> {
    if size >= LEAVES_MAX {
        return Err(NoProof::OutOfRange);
    }
    let mut place = Place { level: 0, index: size };
    let mut hash = leaf;
    let mut new = vec![(place, hash)];
    while place.index % 2 == 1 {
        let left = read(Place {
            level: place.level,
            index: place.index - 1,
        })
        .map_err(NoProof::Unreadable)?;
        hash = node_hash(&left, &hash);
        place = Place {
            level: place.level + 1,
            index: place.index / 2,
        };
        new.push((place, hash));
    }
    Ok(new)
}

/// The root of the first `size` leaves.
pub fn root<E>(size: u64, mut read: impl FnMut(Place) -> Result<Hash, E>) -> Result<Hash, NoProof<E>> {
    match size {
        0 => Ok(empty_root()),
        _ if size > LEAVES_MAX => Err(NoProof::OutOfRange),
        _ => range(0, size, &mut read).map_err(NoProof::Unreadable),
    }
}

/// RFC 6962 §2.1.1: that leaf `index` stands in the tree of `size` leaves. From the leaf's sibling upwards.
pub fn inclusion<E>(
    index: u64,
    size: u64,
    mut read: impl FnMut(Place) -> Result<Hash, E>,
) -> Result<Vec<Hash>, NoProof<E>> {
    if index >= size || size > LEAVES_MAX {
        return Err(NoProof::OutOfRange);
    }
    let mut proof = vec![];
    let (mut low, mut high) = (0, size);
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            proof.push(range(middle, high, &mut read).map_err(NoProof::Unreadable)?);
            high = middle;
        } else {
            proof.push(range(low, middle, &mut read).map_err(NoProof::Unreadable)?);
            low = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// RFC 6962 §2.1.2: that the tree of `old` leaves is the beginning of the tree of `new` leaves.
pub fn consistency<E>(
    old: u64,
    new: u64,
    mut read: impl FnMut(Place) -> Result<Hash, E>,
) -> Result<Vec<Hash>, NoProof<E>> {
    if old > new || new > LEAVES_MAX {
        return Err(NoProof::OutOfRange);
    }
    if old == 0 || old == new {
        return Ok(vec![]);
    }
    let mut proof = vec![];
    let (mut low, mut high) = (0, new);
    // SUBPROOF(m, D[n], b) without recursion: narrow down to the subtree that ends exactly at `old`.
    while high != old {
        let middle = low + split(high - low);
        if old <= middle {
            proof.push(range(middle, high, &mut read).map_err(NoProof::Unreadable)?);
            high = middle;
        } else {
            proof.push(range(low, middle, &mut read).map_err(NoProof::Unreadable)?);
            low = middle;
        }
    }
    if low != 0 {
        proof.push(range(low, high, &mut read).map_err(NoProof::Unreadable)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that `leaf` stands at `index` in the tree with `size` leaves and this root (RFC 9162 §2.1.3.2).
pub fn check_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> Result<(), Unproven> {
    if index >= size || size > LEAVES_MAX {
        return Err(Unproven::OutOfRange);
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(Unproven::WrongLength);
        }
        if node % 2 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node % 2 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        Err(Unproven::WrongLength)
    } else if hash == *root {
        Ok(())
    } else {
        Err(Unproven::WrongRoot)
    }
}

/// Checks that the tree (`old`, `old_root`) is the beginning of the tree (`new`, `new_root`) (RFC 9162 §2.1.4.2).
pub fn check_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> Result<(), Unproven> {
    if old > new || new > LEAVES_MAX {
        return Err(Unproven::OutOfRange);
    }
    if old == new || old == 0 {
        if !proof.is_empty() {
            return Err(Unproven::WrongLength);
        }
        let holds = if old == new {
            old_root == new_root
        } else {
            *old_root == empty_root()
        };
        return if holds { Ok(()) } else { Err(Unproven::WrongRoot) };
    }
    let (mut node, mut last) = (old - 1, new - 1);
    while node % 2 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let mut rest = proof.iter();
    // A complete old tree is itself the first hash, and then the proof leaves it out.
    let first = if old.is_power_of_two() {
        old_root
    } else {
        rest.next().ok_or(Unproven::WrongLength)?
    };
    let (mut of_old, mut of_new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(Unproven::WrongLength);
        }
        if node % 2 == 1 || node == last {
            of_old = node_hash(sibling, &of_old);
            of_new = node_hash(sibling, &of_new);
            while node % 2 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            of_new = node_hash(&of_new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        Err(Unproven::WrongLength)
    } else if of_old == *old_root && of_new == *new_root {
        Ok(())
    } else {
        Err(Unproven::WrongRoot)
    }
}

/// The largest power of two smaller than `n`; `n` is at least 2.
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// RFC 6962's MTH over the leaves `low..high`, where `low` is a place at which RFC 6962 splits.
fn range<E>(low: u64, high: u64, read: &mut impl FnMut(Place) -> Result<Hash, E>) -> Result<Hash, E> {
    let width = high - low;
    if width.is_power_of_two() {
        let level = width.trailing_zeros();
        return read(Place {
            // A width below 2^63 has its only bit at most at place 62.
            level: level as u8,
            index: low >> level,
        });
    }
    let middle = low + split(width);
    let left = range(low, middle, read)?;
    Ok(node_hash(&left, &range(middle, high, read)?))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use proptest::prelude::*;

    use super::*;

    #[derive(Default)]
    pub(crate) struct Tree {
        pub(crate) size: u64,
        nodes: BTreeMap<Place, Hash>,
    }

    impl Tree {
        pub(crate) fn of(leaves: &[Vec<u8>]) -> Self {
            let mut tree = Self::default();
            for leaf in leaves {
                let new = append(tree.size, leaf_hash(leaf), |place| tree.read(place)).unwrap();
                for (place, hash) in new {
                    assert_eq!(tree.nodes.insert(place, hash), None, "a stored node never changes");
                }
                tree.size += 1;
            }
            tree
        }

        pub(crate) fn read(&self, place: Place) -> Result<Hash, Infallible> {
            Ok(self.nodes[&place])
        }
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
            .collect()
    }

    /// The eight inputs and roots of Certificate Transparency's reference tests (merkle_tree_test.cc).
    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let leaves = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ]
        .map(hex);
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let tree = Tree::of(&leaves);
        for (i, expected) in roots.iter().enumerate() {
            assert_eq!(root(i as u64 + 1, |p| tree.read(p)).unwrap().to_vec(), hex(expected));
        }
        assert_eq!(
            empty_root().to_vec(),
            hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        );
        // PATH(5, D[8]) of the same tests.
        let path = inclusion(5, 8, |p| tree.read(p)).unwrap();
        assert_eq!(
            path[0].to_vec(),
            hex("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b")
        );
        assert_eq!(path.len(), 3);
        // PROOF(6, D[8]).
        let proof = consistency(6, 8, |p| tree.read(p)).unwrap();
        assert_eq!(proof.len(), 3);
        assert_eq!(
            proof[0].to_vec(),
            hex("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a")
        );
    }

    #[test]
    fn a_place_outside_the_tree_has_no_proof() {
        let tree = Tree::of(&[vec![1], vec![2]]);
        assert_eq!(inclusion(2, 2, |p| tree.read(p)), Err(NoProof::OutOfRange));
        assert_eq!(consistency(3, 2, |p| tree.read(p)), Err(NoProof::OutOfRange));
        assert_eq!(
            check_inclusion(2, 2, &[0; 32], &[], &[0; 32]),
            Err(Unproven::OutOfRange)
        );
        assert_eq!(
            check_consistency(3, &[0; 32], 2, &[0; 32], &[]),
            Err(Unproven::OutOfRange)
        );
        assert_eq!(
            check_inclusion(u64::MAX - 1, u64::MAX, &[0; 32], &[], &[0; 32]),
            Err(Unproven::OutOfRange)
        );
    }

    fn leaves() -> impl Strategy<Value = Vec<Vec<u8>>> {
        proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..8), 1..70)
    }

    proptest! {
        #[test]
        fn agrees_with_an_independent_implementation(leaves in leaves(), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
            let tree = Tree::of(&leaves);
            let mut oracle = MemoryBackedTree::<sha2_oracle::Sha256, Vec<u8>>::new();
            leaves.iter().for_each(|leaf| oracle.push(leaf.clone()));
            let root_now = root(tree.size, |p| tree.read(p)).unwrap();
            let their_root = oracle.root();
            prop_assert_eq!(&root_now[..], &their_root.as_bytes()[..]);

            let index = a.index(leaves.len());
            let path = inclusion(index as u64, tree.size, |p| tree.read(p)).unwrap();
            let theirs = oracle.prove_inclusion(index);
            prop_assert_eq!(path.concat(), theirs.as_bytes());
            prop_assert_eq!(check_inclusion(index as u64, tree.size, &leaf_hash(&leaves[index]), &path, &root_now), Ok(()));

            let old = b.index(leaves.len()) as u64 + 1;
            let old_root = root(old, |p| tree.read(p)).unwrap();
            let proof = consistency(old, tree.size, |p| tree.read(p)).unwrap();
            if old < tree.size {
                let theirs = oracle.prove_consistency((tree.size - old) as usize);
                prop_assert_eq!(proof.concat(), theirs.as_bytes());
            }
            prop_assert_eq!(check_consistency(old, &old_root, tree.size, &root_now, &proof), Ok(()));
            prop_assert_eq!(check_consistency(0, &empty_root(), tree.size, &root_now, &[]), Ok(()));
        }

        #[test]
        fn a_proof_has_one_form_and_one_meaning(
            leaves in leaves(), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(), byte in any::<prop::sample::Index>(), bit in 0u8..8,
        ) {
            let tree = Tree::of(&leaves);
            let size = tree.size;
            let root_now = root(size, |p| tree.read(p)).unwrap();
            let index = a.index(leaves.len()) as u64;
            let leaf = leaf_hash(&leaves[index as usize]);
            let path = inclusion(index, size, |p| tree.read(p)).unwrap();
            let holds = |index, size, leaf: &Hash, path: &[Hash]| check_inclusion(index, size, leaf, path, &root_now).is_ok();

            let mut longer = path.clone();
            longer.push([0; 32]);
            prop_assert!(!holds(index, size, &leaf, &longer));
            if !path.is_empty() {
                prop_assert!(!holds(index, size, &leaf, &path[1..]));
                let mut changed = path.clone();
                let at = byte.index(path.len() * 32);
                changed[at / 32][at % 32] ^= 1 << bit;
                prop_assert!(!holds(index, size, &leaf, &changed));
            }
            let mut another = leaf;
            another[byte.index(32)] ^= 1 << bit;
            prop_assert!(!holds(index, size, &another, &path));

            let old = b.index(leaves.len()) as u64 + 1;
            let old_root = root(old, |p| tree.read(p)).unwrap();
            let proof = consistency(old, size, |p| tree.read(p)).unwrap();
            let mut longer = proof.clone();
            longer.push([0; 32]);
            prop_assert!(check_consistency(old, &old_root, size, &root_now, &longer).is_err());
            if !proof.is_empty() {
                prop_assert!(check_consistency(old, &old_root, size, &root_now, &proof[1..]).is_err());
                let mut changed = proof.clone();
                let at = byte.index(proof.len() * 32);
                changed[at / 32][at % 32] ^= 1 << bit;
                prop_assert!(check_consistency(old, &old_root, size, &root_now, &changed).is_err());
            }
        }

        #[test]
        fn never_panics(index in any::<u64>(), size in any::<u64>(), hashes in proptest::collection::vec(any::<Hash>(), 0..70)) {
            let _ = check_inclusion(index, size, &[0; 32], &hashes, &[1; 32]);
            let _ = check_consistency(index, &[0; 32], size, &[1; 32], &hashes);
        }
    }
}
