//! `samverk demo --lagandring`: change the law in sixty seconds, on a real change.
//!
//! The kitchen requirement of alkohollagen 8 kap. 15 § was repealed on 2026-06-01 (2026:511). A small service stands as it was
//! before. Somebody without a kitchen has applied; the row goes; the next applicant meets the new law, and the case under way
//! is decided by it, because its table is counted at the decision.
//!
//! Always true: the nodes are processes of their own, and everything is done as anybody would: the applicants through the
//! pages, the publisher and the bodies with the same functions as their commands; nothing is put into a running node from here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use samverk_author::{against, folder};
use samverk_domain::finding::{Severity, SourceFile};
use samverk_domain::pack::{Pack, parse};
use samverk_domain::terms::BodyId;
use samverk_store::Store;

use super::player::{Applied, Person, Player};
use super::processes::Processes;
use super::scenario::Scenario;
use super::world::{self, Changes, EID, Laying, World};
use super::{Folder, Progress};
use crate::chance::Chance;
use crate::cli::adopt;
use crate::clock::Clock;
use crate::config::Config;
use crate::library::source_files;
use crate::publishing::publish;
use crate::trust::keys::BodyKeys;

/// The service as it stood before the change.
const OLDER: [(&str, &str); 6] = [
    ("brev/avslag.md", include_str!("../../demo/lagandring/brev/avslag.md")),
    ("brev/bifall.md", include_str!("../../demo/lagandring/brev/bifall.md")),
    ("exempel.md", include_str!("../../demo/lagandring/exempel.md")),
    ("texter.en.md", include_str!("../../demo/lagandring/texter.en.md")),
    ("texter.sv.md", include_str!("../../demo/lagandring/texter.sv.md")),
    ("tjanst.md", include_str!("../../demo/lagandring/tjanst.md")),
];
/// The nodes that take part.
const NODES: [&str; 7] = [
    EID,
    "ankaret",
    "foretagsporten",
    "bolagsregistret",
    "fastighetsregistret",
    "exempelkommun-a",
    "exempelkommun-b",
];
/// Both municipalities' boards, each with the decision that it adopts by.
const BOARDS: [(&str, &str); 2] = [
    ("exempelkommun-a.socialnamnden", "Socialnämnden, 2026-06-02, § 71"),
    ("exempelkommun-b.socialnamnden", "Socialnämnden, 2026-06-03, § 58"),
];
const LETTER: &str = "Reglerna har ändrats medan ert ärende pågår";
/// How long anything is waited for.
const WAIT_MAX: Duration = Duration::from_secs(90);
const LOOK_AGAIN: Duration = Duration::from_millis(250);

fn older_files() -> Vec<SourceFile> {
    let files = OLDER
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    source_files(&files.collect())
}

/// The change: the question and the row about the kitchen go, with their texts; the number and the first day are new.
fn amended(files: &[SourceFile]) -> Vec<SourceFile> {
    let amended = files.iter().map(|file| {
        let kept = file.text.lines().filter(|line| !is_gone(line));
        let text: String = kept.flat_map(|line| [line, "\n"]).collect();
        SourceFile {
            path: file.path.clone(),
            text: text
                .replace("version: 1\n", "version: 2\n")
                .replace("gäller: 2026-01-01 –", "gäller: 2026-06-01 –")
                .replace("| avslag | a1 |", "| bifall | – |"),
        }
    });
    amended.collect()
}

fn is_gone(line: &str) -> bool {
    line.contains("lokal.kök") || line.contains("rad.serveringstillstånd.a1")
}

fn read(files: Vec<SourceFile>) -> anyhow::Result<Pack> {
    let (pack, found) = parse::pack(files);
    if let Some(wrong) = found.iter().find(|finding| finding.severity == Severity::Error) {
        bail!("{} {}", wrong.code, wrong.message);
    }
    pack.context("the demonstration's service could not be read")
}

/// The clock of the sixty seconds. It starts with the edit.
struct Watch(Instant);

impl Watch {
    fn say(&self, what: &str) {
        let s = self.0.elapsed().as_secs();
        println!("\n{:>2}:{:02}  {what}", s / 60, s % 60);
    }
}

/// Plays the change. Gives exit code 0 if everything came out as the law says.
pub async fn run(dir: Option<&Path>, port_base: Option<u16>) -> anyhow::Result<ExitCode> {
    let folder = Folder::choose(dir)?;
    let older = read(older_files())?;
    let places = world::places(folder.path(), port_base)?;
    let mut packs = world::embedded_packs()?;
    packs.push(older.clone());
    let order = Laying {
        packs,
        dir: folder.path().to_owned(),
        addresses: places.addresses,
        now: Clock::System.now(),
        chance: Chance::System,
        changes: Changes::default(),
    };
    let world = tokio::task::spawn_blocking(move || World::lay(&order)).await??;
    if world.resumed {
        bail!("{} holds a world already; choose a new folder", folder.path().display());
    }
    let executable = std::env::current_exe().context("this program's own path")?;
    let mut processes = Processes::new(executable, reqwest::Client::builder().no_proxy().build()?);
    let played = tokio::select! {
        played = play(&world, &older, folder.path(), &mut processes) => played,
        () = crate::node::asked_to_stop() => Err(anyhow::anyhow!("stopped before it was over")),
    };
    processes.stop_all().await;
    played.map(|()| ExitCode::SUCCESS)
}

async fn play(world: &World, older: &Pack, dir: &Path, processes: &mut Processes) -> anyhow::Result<()> {
    println!("Startar {} noder …", NODES.len());
    processes.start_all(world, NODES, &mut |_| {}).await?;
    let slug = older.meta.slug.it.clone();

    println!(
        "Före ändringen: {} version 1, med kökskravet i 8 kap. 15 § alkohollagen.",
        older.title.it
    );
    let scenario = Scenario::of(older, older.examples.first().context("an example")?)?;
    let player = Player {
        world,
        pack: older,
        scenario: &scenario,
    };
    let mut person = Person::new(&scenario.person)?;
    let first = apply(&player, &mut person).await?;
    let submission = first
        .submission
        .clone()
        .context("the first application was not submitted")?;
    let reached = player
        .until(&mut person, &submission, |steps| {
            steps.values().all(|step| !step.diary_number.is_empty())
        })
        .await?;
    let number = reached
        .values()
        .next()
        .map(|step| step.diary_number.clone())
        .unwrap_or_default();
    println!(
        "Ett vinställe utan kök har ansökt ({} frågor, en om kök). Ärendet {number} väntar hos Socialnämnden; reglerna ger avslag.",
        first.asked.len()
    );

    let watch = Watch(Instant::now());
    let newer_files = amended(&older.files);
    let place = dir.join("lagandring").join(slug.as_str());
    write(&place, &newer_files)?;
    watch.say("Lagen ändras. I tjanst.md:");
    for (old, new) in changed_lines(older, &newer_files) {
        if let Some(old) = old {
            println!("      - {old}");
        }
        if let Some(new) = new {
            println!("      + {new}");
        }
    }

    watch.say("samverk check --against: vad ändringen betyder");
    let newer = read(folder::read(&place)?)?;
    let (_, found) = publish::checked(&newer.files);
    let errors = found
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let compared = against::compare(older, &newer, &[], None);
    for line in against::in_words(&compared).lines() {
        println!("      {line}");
    }
    println!("      {errors} fel");

    watch.say("samverk publish: utgivaren ger ut version 2");
    let publisher = world.publisher(older);
    let node = world.node_of(&publisher).context("the publisher's node")?;
    let given = give_out(&world.node_dir(&node.name), &publisher, &place).await?;
    println!("      {given}");

    for (body, decision) in BOARDS {
        let body = BodyId::parse(body)?;
        let node = world.node_of(&body).context("the board's node")?;
        watch.say(&format!("samverk adopt: {body}"));
        let args = adopt::Args {
            slug: slug.to_string(),
            version: 2,
            dir: world.node_dir(&node.name),
            body: Some(body.to_string()),
            from: Some(publisher.to_string()),
            steps: vec![],
            set: vec![],
            delegations: vec![],
            receptions: vec![],
            decision: decision.to_owned(),
            yes: true,
            brief: true,
        };
        if adopt::adopt(&args).await? != ExitCode::SUCCESS {
            bail!("{body} could not adopt the new version");
        }
    }

    until_started_in(world, older, 2).await?;
    let scenario = Scenario::of(&newer, newer.examples.first().context("an example")?)?;
    let next = Player {
        world,
        pack: &newer,
        scenario: &scenario,
    };
    let mut second = Person::new(&scenario.person)?;
    let applied = apply(&next, &mut second).await?;
    let asked: BTreeSet<&str> = applied.asked.iter().map(|asked| asked.fact.as_str()).collect();
    if asked.contains("lokal.kök") {
        bail!("the next applicant was asked about a kitchen");
    }
    watch.say(&format!(
        "Nästa sökande möter version 2: {} frågor, ingen om kök.",
        applied.asked.len()
    ));

    let told = letter(world, &mut person, "exempelkommun-a").await?;
    watch.say(&format!(
        "Ärendet {number}, som började i version 1, följer lagen vid beslutet. Den sökande har fått brev:"
    ));
    println!("      {LETTER}");
    for sentence in &told {
        println!("      {sentence}");
    }
    if !told.iter().any(|sentence| sentence.contains("ger nu bifall")) {
        bail!("the case under way does not follow the newer law: {told:?}");
    }
    watch.say("Klart.");
    Ok(())
}

async fn apply(player: &Player<'_>, person: &mut Person) -> anyhow::Result<Applied> {
    let progress = Progress::new();
    let mut applied = Applied::default();
    // The journey itself is not the point here: one line that moves, and nothing elsewhere.
    player
        .apply(person, &mut applied, &mut |line| {
            if !progress.0.is_hidden() {
                progress.tell(line);
            }
        })
        .await?;
    progress.clear();
    if let Some(why) = &applied.stopped {
        bail!("the applicant was stopped: {why}");
    }
    Ok(applied)
}

fn write(place: &Path, files: &[SourceFile]) -> anyhow::Result<()> {
    for file in files {
        let path = place.join(&file.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        std::fs::write(&path, &file.text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Lines of `tjanst.md` that are gone or otherwise.
fn changed_lines(older: &Pack, newer: &[SourceFile]) -> Vec<(Option<String>, Option<String>)> {
    let text = |files: &[SourceFile]| -> Vec<String> {
        let document = files.iter().find(|file| file.path == "tjanst.md");
        document.map_or_else(Vec::new, |file| file.text.lines().map(str::to_owned).collect())
    };
    let (old, new) = (text(&older.files), text(newer));
    let mut changed = Vec::new();
    let mut at = new.iter().peekable();
    for line in &old {
        if at.peek() == Some(&line) {
            at.next();
        } else if is_gone(line) {
            changed.push((Some(line.clone()), None));
        } else {
            changed.push((Some(line.clone()), at.next().cloned()));
        }
    }
    changed
}

/// As `samverk publish`.
async fn give_out(dir: &Path, publisher: &BodyId, place: &Path) -> anyhow::Result<String> {
    let (dir, publisher, place): (PathBuf, BodyId, PathBuf) = (dir.to_owned(), publisher.clone(), place.to_owned());
    tokio::task::spawn_blocking(move || {
        let config = Config::read(&dir)?;
        let body = config.body(&publisher).context("the publisher's own node")?;
        let keys = BodyKeys::load(&dir, &publisher)?;
        let store = Store::open(&dir.join("node.sqlite"))?;
        let published = publish::publish(&store, &folder::read(&place)?, body, &keys, Clock::System.now())?;
        let version = &published.signed.version;
        Ok(format!(
            "{} version {}, hash {}",
            version.pack, version.version, version.sha256
        ))
    })
    .await?
}

/// Waits until the portal starts people in the version.
async fn until_started_in(world: &World, pack: &Pack, version: u32) -> anyhow::Result<()> {
    let slug = &pack.meta.slug.it;
    let portal = world.portal(slug).context("a portal")?;
    let address = format!("{}/tjanster/{slug}/versioner.json", world.url(&portal.name));
    let http = reqwest::Client::builder().no_proxy().build()?;
    let began = Instant::now();
    loop {
        let said = http.get(&address).send().await?.error_for_status()?;
        let said: serde_json::Value = said.json().await?;
        if said["started_here_in"] == version {
            return Ok(());
        }
        if began.elapsed() > WAIT_MAX {
            bail!("{address} does not start people in version {version}: {said}");
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Waits for the letter about the changed rules and reads it.
async fn letter(world: &World, person: &mut Person, node: &str) -> anyhow::Result<Vec<String>> {
    let began = Instant::now();
    loop {
        let post = person.open(world, &format!("{}/post", world.url(node))).await?;
        let links = post.links("main");
        let found = links
            .into_iter()
            .find(|(href, text)| text.contains(LETTER) && href.contains("/post/"));
        if let Some((href, _)) = found {
            let page = person.follow(world, &post, &href).await?;
            let said: Vec<String> = page.texts("main article .sentence > p");
            let said = said.into_iter().filter(|text| !text.trim().is_empty());
            return Ok(said.collect());
        }
        if began.elapsed() > WAIT_MAX {
            bail!("no letter about the changed rules has come");
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
