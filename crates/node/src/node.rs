//! One running node: what it holds, how it starts and how it stops.
//!
//! Everything that differs between a test and a public body's machine room is a field here: clock, chance, outgoing HTTP,
//! store. Capabilities take `&Node` (or `Arc<Node>` in page handlers) and a [`crate::ctx::Ctx`]; there are no globals.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use samverk_domain::fact::Name;
use samverk_domain::terms::BodyId;
use samverk_store::{Store, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::{BadConfig, Config};
use crate::exchange::Rates;
use crate::library::{self, Library, NotServed};
use crate::seal::Secret;
use crate::trust::current::{self, Current};
use crate::trust::federation::Untrusted;
use crate::trust::keys::{BodyKeys, KeyFileError};

/// A peer that does not take the connection within this is treated as down.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A whole request to a peer. A register answers within milliseconds; after this it is out of function.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long requests under way may take when the node is told to stop.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(10);

pub struct Node {
    pub dir: PathBuf,
    pub config: Config,
    pub clock: Clock,
    pub chance: Chance,
    pub store: Store,
    /// The services, by slug and version.
    pub library: Library,
    /// Sessions and drafts are closed with keys derived from it.
    pub secret: Secret,
    /// What is known of the e-legitimation provider.
    pub eid: crate::login::oidc::Provider,
    /// Each body's own keys, also a guest's.
    pub keys: BTreeMap<BodyId, BodyKeys>,
    /// Each body's own content key: its cases open with it and with no other, the host's least of all.
    pub contents: BTreeMap<BodyId, Secret>,
    /// Who is in the federation now.
    pub federation: Current,
    /// Body, service and version for which cases under way have been looked at again since the start.
    pub counted_anew: tokio::sync::Mutex<BTreeSet<(BodyId, Name, u32)>>,
    /// Held while the anchor puts an adoption in the federation's statement.
    pub publishing: tokio::sync::Mutex<()>,
    /// Questions counted, so that contracts' rates hold.
    pub rates: Rates,
    /// Outgoing HTTP: timeouts, no redirects, no proxy from the environment.
    pub http: reqwest::Client,
}

/// Why a node does not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    #[error(transparent)]
    Config(#[from] BadConfig),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Packs(#[from] NotServed),
    #[error("{path}: {why}; see that the folder is there and belongs to you")]
    Folder { path: PathBuf, why: std::io::Error },
    #[error(
        "{address} cannot be listened on: {why}; is another node running there, or is the address not this machine's?"
    )]
    Address { address: SocketAddr, why: std::io::Error },
    #[error("{0}; restore the file from a copy, or move it away to make a new key")]
    Key(#[from] KeyFileError),
    #[error("node.toml, federation.anchor_key: {0}")]
    Anchor(Untrusted),
    #[error("the outgoing HTTP client could not be made: {0}")]
    Http(#[from] reqwest::Error),
}

/// What a test replaces.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    pub clock: Clock,
    pub chance: Chance,
}

impl Node {
    /// Opens the node in `dir` without serving anything: for commands and tests.
    pub fn open(dir: &Path, config: Config, surroundings: Surroundings) -> Result<Arc<Self>, NotStarted> {
        let folder = |why| NotStarted::Folder {
            path: dir.to_owned(),
            why,
        };
        std::fs::create_dir_all(dir).map_err(folder)?;
        let secret = Secret::open(dir, &surroundings.chance).map_err(folder)?;
        let (mut keys, mut contents) = (BTreeMap::new(), BTreeMap::new());
        for body in &config.bodies {
            let own = BodyKeys::load_or_generate(dir, &body.id, |bytes| surroundings.chance.fill(bytes))?;
            keys.insert(body.id.clone(), own);
            let own = Secret::of_body(dir, &body.id, &surroundings.chance).map_err(folder)?;
            contents.insert(body.id.clone(), own);
        }
        let federation = Current::open(dir, &config, surroundings.clock.now()).map_err(NotStarted::Anchor)?;
        let store = Store::open(&dir.join("node.sqlite"))?;
        let library = Library::open_with(&config.packs_dir, &store)?;
        Ok(Arc::new(Self {
            dir: dir.to_owned(),
            store,
            library,
            secret,
            eid: crate::login::oidc::Provider::default(),
            keys,
            contents,
            federation,
            counted_anew: tokio::sync::Mutex::default(),
            publishing: tokio::sync::Mutex::default(),
            rates: Rates::default(),
            http: outgoing()?,
            clock: surroundings.clock,
            chance: surroundings.chance,
            config,
        }))
    }

    /// Reads `{dir}/node.toml`, opens the node and serves it.
    pub async fn start(dir: &Path) -> Result<Running, NotStarted> {
        let config = Config::read(dir)?;
        let node = Self::open(dir, config, Surroundings::default())?;
        node.serve().await
    }

    /// Listens on the configured address (port 0 takes a free one) until [`Running::stop`].
    pub async fn serve(self: Arc<Self>) -> Result<Running, NotStarted> {
        let address = self.config.listen;
        let not_listening = |why| NotStarted::Address { address, why };
        let listener = tokio::net::TcpListener::bind(address).await.map_err(not_listening)?;
        self.serve_on(listener).map_err(not_listening)
    }

    /// As [`Node::serve`], on a listener that already has its port.
    pub fn serve_on(self: Arc<Self>, listener: tokio::net::TcpListener) -> std::io::Result<Running> {
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let app = crate::web::app(Arc::clone(&self));
        let mut asked_to_stop = stopped.clone();
        let server = tokio::spawn(async move {
            axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
                .with_graceful_shutdown(async move {
                    // A closed channel means that the handle was dropped: stop then too.
                    let _ = asked_to_stop.wait_for(|stop| *stop).await;
                })
                .await
        });
        let workers = crate::jobs::start(&self, &stopped);
        tokio::spawn(library::keep_fresh(Arc::clone(&self), stopped.clone()));
        tokio::spawn(current::keep_fresh(Arc::clone(&self), stopped));
        tracing::info!(node = self.config.name, %address, "the node is running");
        Ok(Running {
            node: self,
            address,
            stop,
            server,
            workers,
        })
    }

    /// `{base_url}{path}`.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.config.base_url)
    }
}

fn outgoing() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        // A redirect would leave the address that was signed and trusted.
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("samverk/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// A node that serves. Dropping it also asks the node to stop, but does not wait.
pub struct Running {
    pub node: Arc<Node>,
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<std::io::Result<()>>,
    workers: JoinHandle<()>,
}

impl Running {
    /// Takes no more requests, lets those under way and the current jobs finish, for [`STOP_TIMEOUT`] at most.
    pub async fn stop(self) {
        let Self {
            stop, server, workers, ..
        } = self;
        stop.send_replace(true);
        let (server_abort, workers_abort) = (server.abort_handle(), workers.abort_handle());
        let both = async {
            let _ = server.await;
            let _ = workers.await;
        };
        if tokio::time::timeout(STOP_TIMEOUT, both).await.is_err() {
            tracing::warn!(
                "requests or jobs were still under way when the node stopped; jobs are taken up at the next start"
            );
            server_abort.abort();
            workers_abort.abort();
        }
    }
}

/// Returns when the process is asked to stop (ctrl-c, SIGTERM).
pub async fn asked_to_stop() {
    let ctrl_c = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = ctrl_c => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => {
                let _ = ctrl_c.await;
            }
        }
    }
    #[cfg(not(unix))]
    {
        let _ = ctrl_c.await;
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A small node for tests: one agency, one guest with staff.
    pub const CONFIG: &str = r#"
        name = "test"
        base_url = "http://127.0.0.1:7100"
        listen = "127.0.0.1:0"
        made_up = true
        [[bodies]]
        id = "exempelkommun-b.miljonamnden"
        name = "Miljönämnden"
        name_en = "The Environmental Committee"
        part_of = "Exempelkommun B"
        kind = "municipal_board"
        theme = "exempelkommun-b"
        telephone = "0000-12 34 56"
        [[bodies]]
        id = "raddningsforbundet"
        name = "Räddningsförbundet Exempelbygden"
        name_en = "Exempelbygden Fire and Rescue Association"
        kind = "municipal_association"
        theme = "raddningsforbundet"
        guest = true
    "#;

    pub fn a_node_with_clock(clock: Clock) -> (tempfile::TempDir, Arc<Node>) {
        a_node(CONFIG, clock)
    }

    pub fn a_node(config: &str, clock: Clock) -> (tempfile::TempDir, Arc<Node>) {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::parse(config, dir.path()).unwrap();
        let surroundings = Surroundings {
            clock,
            chance: Chance::seeded(1),
        };
        let node = Node::open(dir.path(), config, surroundings).unwrap();
        (dir, node)
    }

    #[test]
    fn a_second_start_has_the_same_keys() {
        let (dir, node) = a_node_with_clock(Clock::System);
        let id = node.config.host().id.clone();
        let first = node.keys[&id].keyid();
        let again = Node::open(dir.path(), node.config.clone(), Surroundings::default()).unwrap();
        assert_eq!(again.keys[&id].keyid(), first);
    }

    #[tokio::test]
    async fn a_started_node_answers_and_stops() {
        let (_dir, node) = a_node_with_clock(Clock::System);
        let running = Arc::clone(&node).serve().await.unwrap();
        let address = format!("http://{}/halsa", running.address);
        let answer = node.http.get(&address).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let body: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(body["store"], "answers");
        running.stop().await;
        assert!(node.http.get(&address).send().await.is_err());
    }
}
