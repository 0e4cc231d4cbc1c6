//! Work that happens after a transaction: the table of kinds and the loop that works on what is due.
//!
//! A capability puts a job in the outbox (`samverk_store::jobs::enqueue`) in the same transaction as its reason, and adds its
//! kind to [`KINDS`]. Always true: a job may be done twice (the process may die between effect and end), so every kind is
//! idempotent; one that fails is tried again after a growing pause; one that is given up stays in the table for an operator.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use samverk_store::StoreError;
use samverk_store::jobs::{self as outbox, Job};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::cases::{act, newer, proceed};
use crate::exchange::{contracts, message};
use crate::node::Node;
use crate::services::signing;

/// Jobs under way at once. Most wait for a peer, and a peer that hangs must not hold up the others.
pub const AT_ONCE_MAX: usize = 16;
/// A worker that has not ended within this is thought dead. Longer than any request's timeout with its transactions.
pub const LEASE: SignedDuration = SignedDuration::from_secs(120);
/// Even if nobody wakes the loop it looks this often: another process may have queued something.
pub const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// How often what is out of date is removed.
pub const HOUSEKEEPING: SignedDuration = SignedDuration::from_mins(10);
/// Done jobs are kept this long, so that the same job queued again is still known.
pub const KEEP_DONE: SignedDuration = SignedDuration::from_hours(24 * 90);

/// One kind of job.
pub struct Kind {
    /// As in the table's column `kind`.
    pub name: &'static str,
    pub attempts_max: u32,
    /// Pause after the first failure; it doubles up to `pause_max`.
    pub pause_first: SignedDuration,
    pub pause_max: SignedDuration,
    pub run: fn(Arc<Node>, Job) -> Doing,
}

/// What a kind's function gives: `|node, job| Box::pin(post::deliver(node, job))`.
pub type Doing = Pin<Box<dyn Future<Output = Result<(), NotDone>> + Send>>;

/// Why a job is not done. The text is read by operators: no personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// Try again after the kind's pause.
    #[error("{0}")]
    Later(String),
    /// Trying again is useless.
    #[error("{0}")]
    Never(String),
}

impl From<StoreError> for NotDone {
    fn from(why: StoreError) -> Self {
        Self::Later(why.to_string())
    }
}

/// Every kind of job in the node.
pub static KINDS: &[Kind] = &[
    Kind {
        name: message::DELIVER,
        // Two weeks: a body's node may be down over a holiday.
        attempts_max: 20_160,
        pause_first: SignedDuration::from_secs(1),
        pause_max: SignedDuration::from_mins(1),
        run: |node, job| Box::pin(message::deliver(node, job)),
    },
    Kind {
        name: contracts::TELL_END,
        attempts_max: 20_160,
        pause_first: SignedDuration::from_secs(1),
        pause_max: SignedDuration::from_mins(1),
        run: |node, job| Box::pin(contracts::tell_end(node, job)),
    },
    Kind {
        name: proceed::PROCEED,
        // A register may be out of function over a holiday.
        attempts_max: 5_000,
        pause_first: SignedDuration::from_secs(2),
        pause_max: SignedDuration::from_mins(5),
        run: |node, job| Box::pin(proceed::proceed(node, job)),
    },
    Kind {
        name: newer::COUNT_ANEW,
        attempts_max: 500,
        pause_first: SignedDuration::from_secs(2),
        pause_max: SignedDuration::from_mins(10),
        run: |node, job| Box::pin(newer::count_anew(node, job)),
    },
    Kind {
        name: act::WATCH,
        attempts_max: 500,
        pause_first: SignedDuration::from_secs(10),
        pause_max: SignedDuration::from_hours(1),
        run: |node, job| Box::pin(proceed::watch(node, job)),
    },
];

/// Works until `stopped` says so, then lets what is under way finish.
pub fn start(node: &Arc<Node>, stopped: &watch::Receiver<bool>) -> JoinHandle<()> {
    let node = Arc::clone(node);
    let stopped = stopped.clone();
    tokio::spawn(async move { work(node, KINDS, stopped).await })
}

async fn work(node: Arc<Node>, kinds: &'static [Kind], mut stopped: watch::Receiver<bool>) {
    let now = node.clock.now();
    let recovered: Result<usize, StoreError> = node.store.run("jobs.recover", move |tx| outbox::recover(tx, now)).await;
    match recovered {
        Ok(0) => {}
        Ok(jobs) => tracing::info!(jobs, "took up jobs that were under way when the node last stopped"),
        Err(why) => tracing::error!(%why, "could not take up jobs from before"),
    }
    let mut under_way: JoinSet<()> = JoinSet::new();
    let mut housekeeping_at = node.clock.now();
    while !*stopped.borrow() {
        if node.clock.now() >= housekeeping_at {
            housekeeping_at = node.clock.now() + HOUSEKEEPING;
            keep_house(&node).await;
        }
        while under_way.try_join_next().is_some() {}
        let room = AT_ONCE_MAX.saturating_sub(under_way.len());
        let claimed = if room == 0 {
            Vec::new()
        } else {
            claim(&node, room).await
        };
        let some = !claimed.is_empty();
        for job in claimed {
            under_way.spawn(one(Arc::clone(&node), kinds, job));
        }
        if some {
            continue;
        }
        let next = next_due(&node).await;
        let wake = async {
            match next {
                Some(due) => node.clock.until(due.min(housekeeping_at)).await,
                None => node.clock.until(housekeeping_at).await,
            }
        };
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => {}
            () = node.store.job_enqueued() => {}
            // With all hands busy a due job does not wake us; an ended one does.
            () = wake, if room > 0 => {}
            _ = under_way.join_next(), if !under_way.is_empty() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
    while under_way.join_next().await.is_some() {}
}

async fn claim(node: &Node, room: usize) -> Vec<Job> {
    let now = node.clock.now();
    let max = u32::try_from(room).unwrap_or(1);
    // A look costs a read; only what is due costs a write.
    match next_due(node).await {
        Some(due) if due <= now => {}
        _ => return Vec::new(),
    }
    let claimed: Result<Vec<Job>, StoreError> = node
        .store
        .run("jobs.claim", move |tx| outbox::claim(tx, now, LEASE, max))
        .await;
    claimed.unwrap_or_else(|why| {
        tracing::error!(%why, "could not claim jobs");
        Vec::new()
    })
}

async fn next_due(node: &Node) -> Option<jiff::Timestamp> {
    node.store
        .read("jobs.next_due", outbox::next_due)
        .await
        .unwrap_or_else(|why: StoreError| {
            tracing::error!(%why, "could not look for jobs");
            None
        })
}

async fn one(node: Arc<Node>, kinds: &'static [Kind], job: Job) {
    let kind = kinds.iter().find(|kind| kind.name == job.kind);
    let result = match kind {
        Some(kind) => {
            // A panic in a job is that job's failure, not the node's.
            let doing = tokio::spawn((kind.run)(Arc::clone(&node), job.clone()));
            doing
                .await
                .unwrap_or_else(|_| Err(NotDone::Later("the job panicked".to_owned())))
        }
        None => Err(NotDone::Never("this version knows no such job".to_owned())),
    };
    let now = node.clock.now();
    let spread = u16::from_be_bytes(node.chance.bytes::<2>());
    let ended: Result<(), StoreError> = match (result, kind) {
        (Ok(()), _) => {
            let job = job.clone();
            node.store
                .run("jobs.done", move |tx| outbox::done(tx, &job, now).map(drop))
                .await
        }
        (Err(NotDone::Later(why)), Some(kind)) => {
            let pause = outbox::backoff(job.attempt, kind.pause_first, kind.pause_max, spread);
            let attempts_max = kind.attempts_max;
            tracing::warn!(
                job.kind,
                job.attempt,
                pause_ms = u64::try_from(pause.as_millis()).unwrap_or(0),
                why,
                "a job is tried again later"
            );
            let job = job.clone();
            node.store
                .run("jobs.retry", move |tx| {
                    outbox::retry(tx, &job, now, now + pause, attempts_max, &why).map(drop)
                })
                .await
        }
        (Err(NotDone::Never(why) | NotDone::Later(why)), _) => {
            tracing::error!(job.kind, job.key, why, "a job was given up");
            let job = job.clone();
            node.store
                .run("jobs.fail", move |tx| outbox::fail(tx, &job, now, &why).map(drop))
                .await
        }
    };
    if let Err(why) = ended {
        // The lease runs out and the job is done again.
        tracing::error!(job.kind, %why, "could not note how a job ended");
    }
}

async fn keep_house(node: &Arc<Node>) {
    let now = node.clock.now();
    let own = Arc::clone(node);
    let kept: Result<(), StoreError> = node
        .store
        .run("jobs.keep_house", move |tx| {
            outbox::forget_done(tx, now - KEEP_DONE)?;
            samverk_store::sessions::forget(tx, now)?;
            signing::expire(tx, &own, now)?;
            Ok(())
        })
        .await;
    if let Err(why) = kept {
        tracing::error!(%why, "could not remove what is out of date");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::clock::Clock;
    use crate::node::tests::a_node_with_clock;

    static TRIES: AtomicU32 = AtomicU32::new(0);

    static TEST_KINDS: &[Kind] = &[
        Kind {
            name: "third_time",
            attempts_max: 5,
            pause_first: SignedDuration::from_mins(1),
            pause_max: SignedDuration::from_hours(1),
            run: |_, _| {
                Box::pin(async {
                    match TRIES.fetch_add(1, Ordering::SeqCst) {
                        0 => Err(NotDone::Later("a peer is down".to_owned())),
                        1 => panic!("a fault of ours"),
                        _ => Ok(()),
                    }
                })
            },
        },
        Kind {
            name: "useless",
            attempts_max: 5,
            pause_first: SignedDuration::from_mins(1),
            pause_max: SignedDuration::from_hours(1),
            run: |_, _| Box::pin(async { Err(NotDone::Never("the peer refused it".to_owned())) }),
        },
    ];

    async fn open_jobs(node: &Node) -> u64 {
        node.store
            .read("test", outbox::open)
            .await
            .map_err(|e: StoreError| e)
            .unwrap()
    }

    async fn enqueue(node: &Node, jobs: &'static [&'static str]) {
        let now = node.clock.now();
        node.store
            .run("test", move |tx| -> Result<(), StoreError> {
                for kind in jobs {
                    outbox::enqueue(tx, kind, "a", "{}", now)?;
                }
                Ok(())
            })
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_job_is_tried_until_it_is_done_and_a_useless_one_is_given_up() {
        let (clock, hand) = Clock::settable("2026-11-18T08:00:00Z".parse().unwrap());
        let (_dir, node) = a_node_with_clock(clock);
        let (stop, stopped) = watch::channel(false);
        let loop_ = tokio::spawn(work(Arc::clone(&node), TEST_KINDS, stopped));
        enqueue(&node, &["useless", "unknown"]).await;
        while open_jobs(&node).await > 0 {
            tokio::task::yield_now().await;
        }
        enqueue(&node, &["third_time"]).await;
        while open_jobs(&node).await > 0 {
            // While the job is under way its lease ends a whole lease from now, for the clock stands still; the clock is
            // moved only to the end of a pause, which is shorter. So no lease runs out however slow the machine is.
            if let Some(due) = next_due(&node).await
                && due < node.clock.now() + LEASE
            {
                hand.set(due);
            }
            tokio::task::yield_now().await;
        }
        assert_eq!(TRIES.load(Ordering::SeqCst), 3);
        let failed = node
            .store
            .read("test", |tx| outbox::failed(tx, 10))
            .await
            .map_err(|e: StoreError| e)
            .unwrap();
        let mut given_up: Vec<&str> = failed.iter().map(|job| job.kind.as_str()).collect();
        given_up.sort_unstable();
        assert_eq!(given_up, ["unknown", "useless"]);
        stop.send_replace(true);
        loop_.await.unwrap();
    }
}
