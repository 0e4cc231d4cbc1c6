//! Nodes as child processes of the test: the same executable that a body runs.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use samverk::chance::Chance;
use samverk::clock::Clock;
use samverk::demo::processes::Processes;
use samverk::demo::world::{self, Changes, Laying, World};

/// A cold start is well below a second; a busy machine may need more.
const HEALTHY_WITHIN: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// A child process that ends with its owner.
pub struct Process(Child);

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .unwrap_or_else(|why| panic!("{command:?}: {why}"));
        Self(child)
    }

    /// kill -9: no warning, no time to tidy.
    pub fn kill(mut self) {
        self.end();
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    fn end(&mut self) {
        // Ended already is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// `samverk COMMAND --dir DIR`, with its log in the folder.
pub fn samverk(command: &str, dir: &Path) -> Process {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(dir.join("node.log"))
        .unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_samverk"));
    program
        .arg(command)
        .arg("--dir")
        .arg(dir)
        .stdout(Stdio::null())
        .stderr(log);
    Process::start(&mut program)
}

/// Waits until a node answers; its log is shown when it does not.
pub async fn until_healthy(base: &str, dir: &Path) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let began = Instant::now();
    loop {
        let asked = http
            .get(format!("{base}/halsa"))
            .timeout(Duration::from_secs(2))
            .send()
            .await;
        if asked.is_ok_and(|answer| answer.status().is_success()) {
            return;
        }
        if began.elapsed() > HEALTHY_WITHIN {
            let log = std::fs::read_to_string(dir.join("node.log")).unwrap_or_default();
            panic!("{base} does not answer; its log:\n{log}");
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// An address of this machine where nobody listens, below the ports that outgoing connections are given (from 32768 on
/// Linux), and given once in this process: nobody takes it before the child process that it is for.
pub fn free_address() -> std::net::SocketAddr {
    static GIVEN: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    loop {
        let step = GIVEN.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let port = 20_000 + (std::process::id() * 41 + step) % 12_000;
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap()));
        if std::net::TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// The demonstration's federation, each node its own process.
pub struct Federation {
    pub world: World,
    pub processes: Processes,
    _dir: tempfile::TempDir,
}

impl Federation {
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let names = world::names().unwrap();
        let addresses = names.iter().cloned().map(|name| (name, free_address())).collect();
        let laying = Laying {
            packs: world::embedded_packs().unwrap(),
            dir: dir.path().to_owned(),
            addresses,
            now: Clock::System.now(),
            chance: Chance::System,
            changes: Changes::default(),
        };
        // Laying opens stores, which waits for their threads.
        let world = tokio::task::spawn_blocking(move || World::lay(&laying))
            .await
            .unwrap()
            .unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut processes = Processes::new(env!("CARGO_BIN_EXE_samverk").into(), http);
        processes
            .start_all(&world, names.iter().map(String::as_str), &mut |_| {})
            .await
            .unwrap();
        Self {
            world,
            processes,
            _dir: dir,
        }
    }

    /// The node where people apply.
    pub fn portal(&self) -> String {
        let pack = &self.world.packs[0].meta.slug.it;
        self.world.portal(pack).unwrap().name.clone()
    }

    /// `http://127.0.0.1:7100/tjanster/starta-restaurang`
    pub fn service(&self) -> String {
        let pack = &self.world.packs[0].meta.slug.it;
        format!("{}/tjanster/{pack}", self.world.url(&self.portal()))
    }
}
