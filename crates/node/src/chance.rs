//! The node's randomness: identifiers, nonces, keys' seeds, session ids.
//!
//! From the operating system, or in tests from a seed so that a run can be repeated. A seeded source is never chosen by
//! configuration, only by the one who builds the node in code.

use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SecureRandom as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use uuid::Uuid;

#[derive(Clone, Debug, Default)]
pub enum Chance {
    #[default]
    System,
    /// SHA-256 of seed and counter. Repeatable, hence for tests only.
    Seeded(Arc<Mutex<(u64, u64)>>),
}

impl Chance {
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new((seed, 0))))
    }

    pub fn fill(&self, bytes: &mut [u8]) {
        match self {
            Self::System => aws_lc_rs::rand::SystemRandom::new()
                .fill(bytes)
                .expect("the operating system's random source does not fail after start"),
            Self::Seeded(state) => {
                let mut state = state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                for chunk in bytes.chunks_mut(32) {
                    let mut block = [0_u8; 16];
                    block[..8].copy_from_slice(&state.0.to_be_bytes());
                    block[8..].copy_from_slice(&state.1.to_be_bytes());
                    state.1 += 1;
                    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &block);
                    chunk.copy_from_slice(&hash.as_ref()[..chunk.len()]);
                }
            }
        }
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// 256 bits as base64url: session ids, nonces, verifiers.
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// A UUIDv7 (RFC 9562 §5.7): sorts in order of time.
    pub fn id(&self, at: Timestamp) -> Uuid {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes::<10>()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_chance_and_the_system_does_not() {
        assert_eq!(Chance::seeded(7).token(), Chance::seeded(7).token());
        assert_ne!(Chance::seeded(7).token(), Chance::seeded(8).token());
        assert_ne!(Chance::System.token(), Chance::System.token());
    }

    #[test]
    fn ids_are_version_7_and_sort_in_order_of_time() {
        let (early, late) = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.002Z");
        let chance = Chance::seeded(1);
        let (a, b) = (chance.id(early.parse().unwrap()), chance.id(late.parse().unwrap()));
        assert_eq!(a.get_version_num(), 7);
        assert!(a < b);
    }
}
