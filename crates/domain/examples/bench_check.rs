//! `cargo xtask bench check`: how long reading and proving one service takes, one core.

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

    let (mut reading, mut proving, mut found) = (Vec::new(), Vec::new(), 0);
    for _ in 0..TIMES {
        let started = Instant::now();
        let (read, findings) = pack::parse::pack(files.clone());
        let read = read.ok_or("packs/starta-restaurang cannot be read; run samverk check on it")?;
        reading.push(started.elapsed());
        let started = Instant::now();
        found = findings.len() + check::check(&read, None).len();
        proving.push(started.elapsed());
    }
    println!(
        "packs/starta-restaurang: {} files, {bytes} bytes, {found} findings",
        files.len()
    );
    println!(
        "read {} ms, prove {} ms (median of {TIMES}, one core)",
        median(reading).as_millis(),
        median(proving).as_millis()
    );
    Ok(())
}

fn median(mut of: Vec<Duration>) -> Duration {
    of.sort();
    of[of.len() / 2]
}
