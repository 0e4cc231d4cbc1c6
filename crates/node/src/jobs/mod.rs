//! Work that happens after a transaction: the worker loop and the table of kinds.
//!
//! A capability queues a job in the same transaction as the thing that makes it necessary, and then calls [`Wake::wake`].
//! Always true: a job may run twice (the process may die between its effect and its end), so every kind is idempotent; a job
//! that fails is tried again after a growing pause, and after the last try it stays in the table for an operator.

use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::node::Node;

/// Rings when there may be something to do.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// Call after a transaction that queued a job.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// Starts the workers; they end when `stopped` says so.
pub fn start(_node: &Arc<Node>, stopped: &watch::Receiver<bool>) -> JoinHandle<()> {
    let mut stopped = stopped.clone();
    tokio::spawn(async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    })
}
