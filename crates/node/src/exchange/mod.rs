//! Exchange: questions and messages between bodies, on terms that both have signed, in logs that neither can rewrite.
//!
//! Always true: nothing leaves and nothing is believed without a contract that both parties have signed, that holds now and
//! that nobody has ended; the provider logs before it discloses, in the same transaction as it reads; the consumer logs
//! before it uses; only fields that the contract names have a place in an answer; a question or message may come twice and
//! is handled once; no identity number stands in an address, a header or the operator's log.
//!
//! Reading order: [`contracts`] (finding, making, ending them), [`mod@ask`] and [`mod@answer`] (questions to registers),
//! [`message`] (everything else), [`http`] (the doors), [`transport`] (the way there), [`log`] and [`contents`] (what is
//! kept), [`insight`] with its [`pages`] (who read about me) and [`export`] (evidence of one exchange).

pub mod answer;
pub mod ask;
pub mod contents;
pub mod contracts;
pub mod export;
pub mod http;
pub mod insight;
pub mod log;
pub mod message;
pub mod pages;
pub mod transport;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

pub use ask::{Answered, NotAnswered, Question, ask};
pub use message::{Handler, Outgoing, send};

/// Questions counted by contract and minute, so that a contract's rate holds. Counted in memory: a restart begins anew.
#[derive(Debug, Default)]
pub struct Rates(Mutex<HashMap<String, (i64, u32)>>);

impl Rates {
    /// Old counts are cleared away when there are more than this.
    const CONTRACTS_MAX: usize = 10_000;

    /// Counts one question; `false` if it is one too many in this minute.
    pub fn allow(&self, contract_hash: &str, per_minute: u32, now: Timestamp) -> bool {
        let minute = now.as_second().div_euclid(60);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= Self::CONTRACTS_MAX {
            counts.retain(|_, (then, _)| *then == minute);
        }
        let (then, count) = counts.entry(contract_hash.to_owned()).or_insert((minute, 0));
        if *then != minute {
            (*then, *count) = (minute, 0);
        }
        *count = count.saturating_add(1);
        *count <= per_minute
    }
}

/// Instants are kept in microseconds: what is signed and what is stored are the same.
pub(crate) fn microseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests;
