//! `cargo xtask bench check`: how long `samverk check` takes for one service: reading, proving, and the figures at the end,
//! for which every example is played. Proving takes one core; the examples are played on all there are.

use std::path::Path;
use std::time::{Duration, Instant};

use samverk_domain::finding::SourceFile;
use samverk_domain::{check, pack};

const TIMES: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/starta-restaurang");
    let mut files = Vec::new();
    for under in ["", "brev"] {
        for entry in std::fs::read_dir(folder.join(under))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                files.push(SourceFile {
                    path: path.strip_prefix(&folder)?.display().to_string(),
                    text: std::fs::read_to_string(&path)?,
                });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let bytes: usize = files.iter().map(|file| file.text.len()).sum();

    let (mut reading, mut proving, mut counting, mut all) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut found, mut examples) = (0, 0);
    for _ in 0..TIMES {
        let started = Instant::now();
        let (read, findings) = pack::parse::pack(files.clone());
        let read = read.ok_or("packs/starta-restaurang cannot be read; run samverk check on it")?;
        reading.push(started.elapsed());
        let began = Instant::now();
        let proved = check::check(&read, None);
        found = findings.len() + proved.len();
        proving.push(began.elapsed());
        let began = Instant::now();
        examples = check::report(&read, &proved).examples.len();
        counting.push(began.elapsed());
        all.push(started.elapsed());
    }
    println!(
        "packs/starta-restaurang: {} files, {bytes} bytes, {examples} examples, {found} findings",
        files.len()
    );
    println!(
        "checked in {} ms: read {} ms, prove {} ms, figures {} ms (medians of {TIMES})",
        median(all).as_millis(),
        median(reading).as_millis(),
        median(proving).as_millis(),
        median(counting).as_millis()
    );
    Ok(())
}

fn median(mut of: Vec<Duration>) -> Duration {
    of.sort();
    of[of.len() / 2]
}
