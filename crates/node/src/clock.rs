//! The node's clock: what time it is, and waiting until a time.
//!
//! Nothing else in the node asks the operating system for the time of day. A settable clock stands still until it is moved,
//! and wakes whoever waits for the time it has reached, so that a journey over months is tested without sleeping.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// An instant with the legal day in Sweden that it falls on (Europe/Stockholm). Received, decided and notified are both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    pub instant: Timestamp,
    pub day: Date,
}

impl Moment {
    pub fn at(instant: Timestamp) -> Self {
        Self {
            instant,
            day: legal_day(instant),
        }
    }
}

/// The civil date in Sweden. Statutory periods are counted in these days, never in UTC's.
pub fn legal_day(instant: Timestamp) -> Date {
    instant.to_zoned(stockholm()).date()
}

/// Sweden's time zone.
pub fn stockholm() -> jiff::tz::TimeZone {
    // The table is compiled into the binary (jiff's `tzdb-bundle-always`), so the name is always found.
    jiff::tz::TimeZone::get("Europe/Stockholm").unwrap_or(jiff::tz::TimeZone::UTC)
}

/// `2026-11-18T07:31:00.000000Z`: how instants are stored. Sorts as text in order of time.
pub fn stored(instant: Timestamp) -> String {
    format!("{instant:.6}")
}

#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    /// Stands still until it is set. All clones show the same time.
    Settable(Settable),
}

#[derive(Clone, Debug)]
pub struct Settable(Arc<watch::Sender<Timestamp>>);

impl Clock {
    /// A clock that shows `start` until it is moved.
    pub fn settable(start: Timestamp) -> (Self, Settable) {
        let hand = Settable(Arc::new(watch::Sender::new(start)));
        (Self::Settable(hand.clone()), hand)
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Settable(hand) => *hand.0.borrow(),
        }
    }

    pub fn moment(&self) -> Moment {
        Moment::at(self.now())
    }

    /// Today's legal day.
    pub fn today(&self) -> Date {
        legal_day(self.now())
    }

    /// Returns when the clock shows `at` or later.
    pub async fn until(&self, at: Timestamp) {
        match self {
            Self::System => {
                let left = at.duration_since(Timestamp::now());
                if let Ok(left) = Duration::try_from(left) {
                    tokio::time::sleep(left).await;
                }
            }
            Self::Settable(hand) => {
                let mut seen = hand.0.subscribe();
                // The sender lives as long as `self`; a closed channel would only end the wait.
                let _ = seen.wait_for(|now| *now >= at).await;
            }
        }
    }
}

impl Settable {
    /// Moves the hand. Time does not go backwards: an earlier instant is ignored.
    pub fn set(&self, to: Timestamp) {
        self.0.send_if_modified(|now| {
            let moves = to > *now;
            if moves {
                *now = to;
            }
            moves
        });
    }

    pub fn advance(&self, by: SignedDuration) {
        let now = *self.0.borrow();
        if let Ok(to) = now.checked_add(by) {
            self.set(to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_legal_day_is_swedens_and_not_utcs() {
        assert_eq!(legal_day(at("2026-06-30T22:30:00Z")).to_string(), "2026-07-01");
        assert_eq!(legal_day(at("2026-12-31T22:59:59Z")).to_string(), "2026-12-31");
    }

    #[test]
    fn stored_instants_sort_as_text() {
        assert_eq!(stored(at("2026-11-18T07:31:00Z")), "2026-11-18T07:31:00.000000Z");
        assert!(stored(at("2026-11-18T07:31:00.000001Z")) > stored(at("2026-11-18T07:31:00Z")));
    }

    #[tokio::test]
    async fn a_settable_clock_wakes_those_who_wait_and_never_goes_back() {
        let (clock, hand) = Clock::settable(at("2026-01-01T00:00:00Z"));
        let waiter = tokio::spawn({
            let clock = clock.clone();
            async move { clock.until(at("2026-03-01T00:00:00Z")).await }
        });
        hand.advance(SignedDuration::from_hours(24 * 90));
        waiter.await.unwrap();
        hand.set(at("2020-01-01T00:00:00Z"));
        assert!(clock.now() > at("2026-03-01T00:00:00Z"));
    }
}
