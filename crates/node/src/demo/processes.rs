//! The world's nodes as child processes of this same executable.
//!
//! Always true: a child's standard input is a pipe that only this process holds, and a child that finds it closed stops; so no
//! node outlives the demonstration, however that ends. A child's log is `{dir}/{node}/node.log`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use super::world::{EID, World};

/// A node that does not answer within this has failed: a cold start is well below a second.
pub const HEALTHY_WITHIN: Duration = Duration::from_secs(30);
/// How long a node may take to let go of what is under way.
pub const STOPPED_WITHIN: Duration = Duration::from_secs(12);
const ASK_AGAIN: Duration = Duration::from_millis(50);
/// Lines of a node's log that are shown when it does not start.
const LOG_LINES_SHOWN: usize = 12;

#[derive(Debug, thiserror::Error)]
pub enum NotRunning {
    #[error("{node} could not be started: {why}")]
    Start { node: String, why: std::io::Error },
    #[error("{node} ended before it answered; its log, {log}, ends with:\n{tail}")]
    Ended { node: String, log: PathBuf, tail: String },
    #[error("{node} has not answered within {} s; its log, {log}, ends with:\n{tail}", HEALTHY_WITHIN.as_secs())]
    Silent { node: String, log: PathBuf, tail: String },
}

/// The children. Dropping it kills those that still run.
#[derive(Debug)]
pub struct Processes {
    executable: PathBuf,
    children: BTreeMap<String, Child>,
    http: reqwest::Client,
}

impl Processes {
    /// Children of `executable`; for `demo` that is this program itself.
    pub fn new(executable: PathBuf, http: reqwest::Client) -> Self {
        Self {
            executable,
            children: BTreeMap::new(),
            http,
        }
    }

    pub fn is_running(&self, node: &str) -> bool {
        self.children.contains_key(node)
    }

    /// Starts a node, without waiting for it.
    pub fn start(&mut self, world: &World, node: &str) -> Result<(), NotRunning> {
        let start = |why| NotRunning::Start {
            node: node.to_owned(),
            why,
        };
        let dir = world.node_dir(node);
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log_of(&dir))
            .map_err(start)?;
        let command = if node == EID { "test-eid" } else { "serve" };
        let child = Command::new(&self.executable)
            .arg(command)
            .arg("--dir")
            .arg(&dir)
            .arg("--until-stdin-closes")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(start)?;
        self.children.insert(node.to_owned(), child);
        Ok(())
    }

    /// Waits until the node answers.
    pub async fn until_healthy(&mut self, world: &World, node: &str) -> Result<(), NotRunning> {
        let log = log_of(&world.node_dir(node));
        let address = format!("{}/halsa", world.url(node));
        let began = Instant::now();
        loop {
            let asked = self.http.get(&address).timeout(Duration::from_secs(2)).send().await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            let ended = match self.children.get_mut(node) {
                Some(child) => !matches!(child.try_wait(), Ok(None)),
                None => true,
            };
            let node = node.to_owned();
            if ended {
                let tail = tail(&log);
                return Err(NotRunning::Ended { node, log, tail });
            }
            if began.elapsed() > HEALTHY_WITHIN {
                let tail = tail(&log);
                return Err(NotRunning::Silent { node, log, tail });
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// Starts these nodes and waits until all of them answer.
    pub async fn start_all<'n>(
        &mut self,
        world: &World,
        nodes: impl IntoIterator<Item = &'n str>,
        heard: &mut dyn FnMut(&str),
    ) -> Result<(), NotRunning> {
        let nodes: Vec<&str> = nodes.into_iter().collect();
        for node in &nodes {
            self.start(world, node)?;
        }
        for node in nodes {
            self.until_healthy(world, node).await?;
            heard(node);
        }
        Ok(())
    }

    /// Asks a node to stop and waits for it; after [`STOPPED_WITHIN`] it is killed.
    pub async fn stop(&mut self, node: &str) {
        if let Some(mut child) = self.children.remove(node) {
            drop(child.stdin.take());
            if tokio::time::timeout(STOPPED_WITHIN, child.wait()).await.is_err() {
                let _ = child.kill().await;
            }
        }
    }

    /// Ends a node at once, as a power cut would.
    pub async fn kill(&mut self, node: &str) {
        if let Some(mut child) = self.children.remove(node) {
            let _ = child.kill().await;
        }
    }

    /// Asks all to stop and waits for them.
    pub async fn stop_all(&mut self) {
        for child in self.children.values_mut() {
            drop(child.stdin.take());
        }
        let nodes: Vec<String> = self.children.keys().cloned().collect();
        for node in nodes {
            self.stop(&node).await;
        }
    }
}

fn log_of(dir: &Path) -> PathBuf {
    dir.join("node.log")
}

fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
}
