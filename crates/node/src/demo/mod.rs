//! `samverk demo`: one made-up federation on one machine, and a journey through it by its ordinary web pages.
//!
//! Always true: the nodes are what a body runs, each its own process with its own folder, store, keys and address; the journey
//! uses the public pages only, as a browser without JavaScript would; the summary is counted from the nodes' own event logs.
//! Reading order: [`data`] (what is made up), [`agreements`] and [`world`] (the federation in a folder), [`processes`] (the
//! nodes as child processes), [`scenario`] (who applies for what), [`browser`], [`player`] and [`staff`] (the journey),
//! [`report`] (what it came to); [`law_change`] is a journey of its own.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::ProgressBar;
use jiff::Timestamp;
use samverk_author::folder;
use samverk_domain::finding::Severity;
use samverk_domain::pack::{Pack, parse};

use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Role;

pub mod agreements;
pub mod browser;
pub mod data;
pub mod law_change;
pub mod player;
pub mod processes;
pub mod report;
pub mod scenario;
pub mod staff;
pub mod world;

use data::StaffData;
use player::{Applied, Person, Player};
use processes::Processes;
use report::Figures;
use scenario::Scenario;
use world::{Laying, World};

/// The portal's port, and the first of the others.
pub const PORT_BASE: u16 = 7100;
/// How often the terminal's line moves.
const TICK: Duration = Duration::from_millis(120);

/// What the command line says.
#[derive(Debug)]
pub struct Options {
    pub once: bool,
    pub scenario: Option<PathBuf>,
    /// The folder of a service that is not in the binary, or takes the place of one that is.
    pub pack: Option<PathBuf>,
    pub dir: Option<PathBuf>,
    pub port_base: Option<u16>,
}

/// Lays out the world, starts its nodes, plays the journey and, unless `once`, stays up until it is asked to stop.
pub async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let data = data::federation()?;
    let mut packs = world::embedded_packs()?;
    let own = options.pack.as_deref().map(read_pack).transpose()?;
    if let Some(own) = &own {
        packs.retain(|pack| pack.meta.slug.it != own.meta.slug.it);
        packs.push(own.clone());
    }
    let (pack, scenario) = choose(&packs, own.as_ref(), options.scenario.as_deref())?;
    let (changes, not_running) = scenario.changes(&pack, &data);

    let folder = Folder::choose(options.dir.as_deref())?;
    let places = world::places(folder.path(), options.port_base)?;
    let busy: Vec<String> = places.busy.iter().map(|busy| busy.port().to_string()).collect();
    if !busy.is_empty() {
        println!("Upptagna portar: {}. Andra används i stället.", busy.join(", "));
    }
    let order = Laying {
        packs,
        dir: folder.path().to_owned(),
        addresses: places.addresses,
        now: Clock::System.now(),
        chance: Chance::System,
        changes,
    };
    let began = order.now;
    let world = Arc::new(tokio::task::spawn_blocking(move || World::lay(&order)).await??);
    if world.resumed {
        println!("Fortsätter med det som finns i {}.", folder.path().display());
    }
    for what in &world.made_up {
        println!("{what}");
    }
    let executable = std::env::current_exe().context("this program's own path")?;
    let mut processes = Processes::new(executable, reqwest::Client::builder().no_proxy().build()?);
    let player = Player {
        world: &world,
        pack: &pack,
        scenario: &scenario,
    };
    let played = tokio::select! {
        played = journey(&player, &mut processes, &not_running, began) => played,
        () = crate::node::asked_to_stop() => Err(anyhow::anyhow!("stopped before the journey was over")),
    };
    if let Ok(differences) = &played {
        for difference in differences {
            eprintln!("samverk demo: {difference}");
        }
        if !options.once {
            println!("{}", guide(&player));
            crate::node::asked_to_stop().await;
        }
    }
    processes.stop_all().await;
    Ok(ExitCode::from(u8::from(!played?.is_empty())))
}

/// Reads an author's own service. One with errors is not served to anybody, not even here.
fn read_pack(path: &Path) -> anyhow::Result<Pack> {
    let (pack, mut found) = parse::pack(folder::read(path)?);
    if let Some(pack) = &pack {
        found.extend(samverk_domain::check::check(pack, None));
    }
    let errors = found
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    match pack {
        Some(pack) if errors == 0 => Ok(pack),
        _ => anyhow::bail!(
            "{} has {errors} errors; `samverk check {}` shows them",
            path.display(),
            path.display()
        ),
    }
}

/// Which service is played, and how. A scenario is of the first service that has all that it names; without a scenario an
/// author's own service is played as its first example says.
fn choose(packs: &[Pack], own: Option<&Pack>, scenario: Option<&Path>) -> anyhow::Result<(Pack, Scenario)> {
    let Some(path) = scenario else {
        if let Some(own) = own {
            let example = own
                .examples
                .first()
                .with_context(|| format!("{} has no example to play; write one in exempel.md", *own.meta.slug))?;
            return Ok((own.clone(), Scenario::of(own, example)?));
        }
        let first = packs.first().context("a service")?;
        let file = data::FIRST_SCENARIO;
        return Ok((first.clone(), Scenario::read(first, file.path, file.text)?));
    };
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let path = path.display().to_string();
    let candidates: Vec<&Pack> = own.map_or_else(|| packs.iter().collect(), |own| vec![own]);
    let mut why = None;
    for pack in candidates {
        match Scenario::read(pack, &path, &text) {
            Ok(scenario) => return Ok((pack.clone(), scenario)),
            Err(own) => why = why.or(Some(own)),
        }
    }
    Err(why.map_or_else(|| anyhow::anyhow!("there is no service to play"), Into::into))
}

/// Starts the nodes and plays the scenario; gives how it ended otherwise than expected.
async fn journey(
    player: &Player<'_>,
    processes: &mut Processes,
    not_running: &BTreeSet<String>,
    began: Timestamp,
) -> anyhow::Result<Vec<String>> {
    let Player { world, pack, scenario } = player;
    let progress = Progress::new();
    let names = world::names()?;
    println!("Startar {} noder …", names.len() - not_running.len());
    let running = names
        .iter()
        .map(String::as_str)
        .filter(|node| !not_running.contains(*node));
    processes
        .start_all(world, running, &mut |node| progress.tell(&format!("{node} svarar")))
        .await?;
    for node in not_running {
        println!("{node} är ur funktion, som scenariot säger.");
    }
    println!("Spelar: {}", scenario.title);
    let mut person = Person::new(&scenario.person)?;
    let mut applied = Applied::default();
    let mut tell = |line: &str| progress.tell(line);
    player.apply(&mut person, &mut applied, &mut tell).await?;
    let played = report::play(player, &mut person, applied, &mut tell).await?;
    progress.clear();
    let events = {
        let (slug, world) = (pack.meta.slug.it.clone(), world.dir.clone());
        let nodes = player.world.nodes.clone();
        tokio::task::spawn_blocking(move || report::read_events(&world, &nodes, &slug, began)).await??
    };
    println!("\n{}", report::summary(player, &played, &Figures::of(pack, &events)));
    let differences = report::differences(pack, scenario, &played);
    if differences.is_empty() {
        println!("Allt slutade som scenariot säger.");
    }
    Ok(differences)
}

/// What the person sees while it runs: one line that changes in a terminal, lines elsewhere.
struct Progress(ProgressBar);

impl Progress {
    fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    fn tell(&self, line: &str) {
        if self.0.is_hidden() {
            println!("  {line}");
        } else {
            self.0.set_message(line.to_owned());
        }
    }

    fn clear(&self) {
        self.0.finish_and_clear();
    }
}

/// Addresses, whom to log in as, and where to look first.
fn guide(player: &Player<'_>) -> String {
    use std::fmt::Write as _;
    let world = player.world;
    let mut out = String::from("Noderna är uppe. Stäng med ctrl-c.\n\n");
    let mut line = |text: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{text}");
    };
    let portal = world
        .portal(&player.pack.meta.slug.it)
        .map(|node| world.url(&node.name));
    let portal = portal.unwrap_or_default();
    line("Börja här".to_owned());
    line(format!(
        "  {portal}/mina   den sökandes ärenden, logga in som {}",
        player.scenario.person
    ));
    line(format!("  {portal}/insyn   vem som har läst om personen"));
    line(format!(
        "  {portal}/tjanster/{}   börja en egen ansökan",
        player.pack.meta.slug.it
    ));
    line(String::new());
    line("Handläggare, med nummer för inloggning".to_owned());
    let in_cases = |row: &&StaffData| !row.has_role(Role::Operator);
    for row in world.staff.iter().filter(in_cases) {
        let Some(node) = world.node_of(&row.organ) else {
            continue;
        };
        let body = world.federation.body(&row.organ);
        let body = body.map_or_else(
            || row.organ.to_string(),
            |body| format!("{}, {}", body.name, body.part_of),
        );
        line(format!(
            "  {}/handlaggning   {} {}, {} ({body})",
            world.url(&node.name),
            row.pnr,
            row.namn,
            row.titel.to_lowercase()
        ));
    }
    line(String::new());
    line("Alla noder".to_owned());
    for name in world.addresses.keys() {
        line(format!("  {}   {name}", world.url(name)));
    }
    line(format!("\nLoggar och data: {}", world.dir.display()));
    out
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
