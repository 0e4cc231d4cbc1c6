//! `cargo xtask bench faults`: every operator's faults in every service of `packs/`, one at a time, and what is found.
//!
//! `-v` also shows every fault that is missed or found elsewhere; a word shows only the operators with that word. Exit code 1
//! when something is missed or found on the wrong line, or when an unchanged service gives an alarm.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use samverk_author::faults::{self, Tally, Verdict};
use samverk_author::folder;

const TIMES: usize = 5;
/// A service is checked while its writer waits.
const CHECKED_IN_MS: u128 = 1_000;

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_told = arguments.iter().any(|argument| argument == "-v");
    let only = arguments.iter().find(|argument| !argument.starts_with('-'));

    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&packs)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.join("tjanst.md").is_file())
        .collect();
    folders.sort();

    let mut all: Vec<faults::Judged> = Vec::new();
    let mut is_wrong = false;
    for folder in &folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files = folder::read(folder)?;
        let mut took = Vec::new();
        for _ in 0..TIMES {
            let (started, worked) = (Instant::now(), worked());
            let _ = faults::examine(&files);
            // What others do on the machine meanwhile is not the checker's time.
            let own = worked.zip(self::worked()).map(|(before, after)| after - before);
            took.push(own.unwrap_or_else(|| started.elapsed()));
        }
        took.sort();
        let checked = took[TIMES / 2].as_millis();
        let operators: Vec<&faults::operators::Operator> = faults::all()
            .iter()
            .filter(|operator| only.is_none_or(|only| operator.name.contains(only.as_str())))
            .collect();
        let trial = faults::trial(&files, &operators)?;
        println!(
            "{name}: checked in {checked} ms (median of {TIMES}), {} faults in {:.1} s, {} false alarms",
            trial.judged.len(),
            trial.took.as_secs_f64(),
            trial.alarms.len()
        );
        is_wrong |= checked >= CHECKED_IN_MS || !trial.alarms.is_empty();
        for alarm in &trial.alarms {
            println!("  false alarm: {alarm}");
        }
        for one in trial.judged.iter().filter(|_| is_told) {
            let place = format!("{}:{} {} ({})", one.at.0, one.at.1, one.what, one.operator);
            match &one.verdict {
                Verdict::Missed { why } => println!("  missed: {place}\n    {why}"),
                Verdict::Elsewhere { said } => println!("  elsewhere: {place}\n    {}", said.join("\n    ")),
                Verdict::Found { .. } | Verdict::Equivalent => {}
            }
        }
        all.extend(trial.judged);
    }

    println!(
        "\n{:58} {:>6} {:>6} {:>6} {:>6} {:>6}  codes",
        "operator", "seeded", "found", "right", "equiv.", "missed"
    );
    let by = faults::tally(&all);
    let mut codes: BTreeMap<&str, std::collections::BTreeSet<&str>> = BTreeMap::new();
    for one in &all {
        if let Verdict::Found { codes: said } = &one.verdict {
            codes.entry(one.operator).or_default().extend(said);
        }
    }
    let mut sum = Tally::default();
    for one in &all {
        sum.add(&one.verdict);
    }
    let line = |name: &str, it: &Tally, codes: String| {
        println!(
            "{name:58} {:>6} {:>6} {:>6} {:>6} {:>6}  {codes}",
            it.sown, it.found, it.right, it.equivalent, it.missed
        );
    };
    for operator in faults::all() {
        if let Some(it) = by.get(operator.name) {
            let said: Vec<&str> = codes.get(operator.name).into_iter().flatten().copied().collect();
            line(operator.name, it, said.join(" "));
        }
    }
    line("all", &sum, String::new());
    is_wrong |= sum.missed > 0 || sum.right + sum.equivalent < sum.sown;
    Ok(ExitCode::from(u8::from(is_wrong)))
}

/// How long this thread has had a core (proc(5), `schedstat`: nanoseconds); nothing where the system does not say.
fn worked() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = told.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}
