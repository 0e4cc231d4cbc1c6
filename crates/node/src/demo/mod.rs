//! `samverk demo`: one made-up federation on one machine, and a journey through it by its ordinary web pages.
//!
//! Always true: the nodes are what a body runs, each its own process with its own folder, store, keys and address; the journey
//! uses the public pages only, as a browser without JavaScript would; the summary is counted from the nodes' own event logs.
//! Reading order: [`data`] (what is made up), [`agreements`] and [`world`] (the federation in a folder), [`processes`] (the
//! nodes as child processes).

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;

use crate::chance::Chance;
use crate::clock::Clock;

pub mod agreements;
pub mod browser;
pub mod data;
pub mod player;
pub mod processes;
pub mod report;
pub mod scenario;
pub mod staff;
pub mod world;

use player::{Applied, Person, Player};
use processes::Processes;
use report::Figures;
use scenario::Scenario;
use world::{Laying, World};

/// The portal's port, and the first of the others.
pub const PORT_BASE: u16 = 7100;

/// What the command line says.
#[derive(Debug)]
pub struct Options {
    pub once: bool,
    pub scenario: Option<PathBuf>,
    pub dir: Option<PathBuf>,
    pub port_base: Option<u16>,
}

/// Lays out the world, starts its nodes, plays the journey and, unless `once`, stays up until it is asked to stop.
pub async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let folder = Folder::choose(options.dir.as_deref())?;
    let places = world::places(folder.path(), options.port_base)?;
    for busy in &places.busy {
        println!("Port {} är upptagen; en annan används.", busy.port());
    }
    let data = data::federation()?;
    let packs = world::embedded_packs()?;
    let pack = packs.first().context("a service")?;
    let (path, text) = match &options.scenario {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
            (path.display().to_string(), text)
        }
        None => (
            data::FIRST_SCENARIO.path.to_owned(),
            data::FIRST_SCENARIO.text.to_owned(),
        ),
    };
    let scenario = Scenario::read(pack, &path, &text)?;
    let (changes, not_running) = scenario.changes(pack, &data);
    let order = Laying {
        dir: folder.path().to_owned(),
        addresses: places.addresses,
        now: Clock::System.now(),
        chance: Chance::System,
        changes,
    };
    let began = order.now;
    let world = Arc::new(tokio::task::spawn_blocking(move || World::lay(&order)).await??);
    let executable = std::env::current_exe().context("this program's own path")?;
    let mut processes = Processes::new(executable, reqwest::Client::builder().no_proxy().build()?);
    let names = world::names()?;
    let done = async {
        processes
            .start_all(
                &world,
                names
                    .iter()
                    .map(String::as_str)
                    .filter(|node| !not_running.contains(*node)),
                &mut |node| println!("{node}"),
            )
            .await?;
        let player = Player {
            world: &world,
            pack,
            scenario: &scenario,
        };
        let mut tell = |line: &str| println!("  {line}");
        let mut person = Person::new(&scenario.person)?;
        let mut applied = Applied::default();
        player.apply(&mut person, &mut applied, &mut tell).await?;
        let played = report::play(&player, &mut person, applied, &mut tell).await?;
        let events = {
            let (slug, world) = (pack.meta.slug.it.clone(), Arc::clone(&world));
            tokio::task::spawn_blocking(move || report::read_events(&world, &slug, began)).await??
        };
        println!("{}", report::summary(&player, &played, &Figures::of(pack, &events)));
        let differences = report::differences(pack, &scenario, &played);
        for difference in &differences {
            eprintln!("samverk demo: {difference}");
        }
        if !options.once {
            crate::node::asked_to_stop().await;
        }
        anyhow::Ok(ExitCode::from(u8::from(!differences.is_empty())))
    };
    let done = done.await;
    processes.stop_all().await;
    done
}

/// Where the nodes' folders are.
enum Folder {
    Kept(PathBuf),
    /// Removed at the end.
    Temporary(PathBuf),
}

impl Folder {
    fn choose(dir: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(dir) = dir {
            std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
            return Ok(Self::Kept(std::path::absolute(dir)?));
        }
        let random: String = Chance::System
            .bytes::<8>()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let path = std::env::temp_dir().join(format!("samverk-demo-{random}"));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).with_context(|| path.display().to_string())?;
        Ok(Self::Temporary(path))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) | Self::Temporary(path) => path,
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Self::Temporary(path) = self
            && let Err(why) = std::fs::remove_dir_all(&*path)
        {
            eprintln!("{} could not be removed: {why}", path.display());
        }
    }
}
