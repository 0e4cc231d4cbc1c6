//! Benchmarks: each prints its figure and what it was measured on. Never a timed test.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::{sh, target_dir};

/// What a benchmark runs.
enum Bench {
    /// The example of a package, built for release.
    Example(&'static str, &'static str),
    Here(fn() -> anyhow::Result<()>),
}

/// Name, what it measures, and how.
const BENCHES: &[(&str, &str, Bench)] = &[
    (
        "store",
        "durable writes a second, one by one and in shared commits",
        Bench::Example("samverk-store", "bench_store"),
    ),
    (
        "log",
        "growth of the sealed log, and what roots and proofs cost to read",
        Bench::Example("samverk-store", "bench_log"),
    ),
    (
        "check",
        "time to read and prove packs/starta-restaurang",
        Bench::Example("samverk-domain", "bench_check"),
    ),
    (
        "faults",
        "faults sown in every service of packs/: found, on the right line, proved equivalent, missed; false alarms; time",
        Bench::Example("samverk-author", "bench_faults"),
    ),
    (
        "idle",
        "memory of an idle node with one body, and its time from start to first answer",
        Bench::Here(idle),
    ),
];

pub fn run(arguments: &[String]) -> anyhow::Result<()> {
    let Some(name) = arguments.first() else {
        for (name, what, _) in BENCHES {
            println!("{name:12} {what}");
        }
        return Ok(());
    };
    match BENCHES.iter().find(|(known, ..)| known == name) {
        Some((.., Bench::Example(package, example))) => {
            let package = ["run", "--release", "--quiet", "--package", package];
            sh("cargo", &[&package[..], &["--example", example]].concat())
        }
        Some((.., Bench::Here(run))) => run(),
        None => anyhow::bail!("there is no benchmark `{name}`; `cargo xtask bench` lists them"),
    }
}

/// How long an idle node is left alone before its memory is read.
const SETTLE: Duration = Duration::from_secs(5);
const STARTS: usize = 5;

/// A node as a body runs it first: one body, no federation yet, the restaurant's document in its library.
const NODE: &str = r#"
name = "bench"
base_url = "http://127.0.0.1:1"
listen = "127.0.0.1:0"
packs = "packs"
made_up = true
[[bodies]]
id = "exempelkommun-a.miljonamnden"
name = "Miljönämnden"
name_en = "The Environmental Committee"
part_of = "Exempelkommun A"
kind = "municipal_board"
"#;

fn idle() -> anyhow::Result<()> {
    sh(
        "cargo",
        &[
            "build",
            "--release",
            "--quiet",
            "--package",
            "samverk",
            "--bin",
            "samverk",
        ],
    )?;
    let dir = target_dir().join("bench-idle");
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    copy(&crate::root().join("packs"), &dir.join("packs"))?;
    std::fs::write(dir.join("node.toml"), NODE)?;
    let mut took = Vec::new();
    let mut kilobytes = 0;
    for start in 0..STARTS {
        let started = Instant::now();
        let mut node = Started(
            Command::new(target_dir().join("release").join("samverk"))
                .args(["serve", "--dir"])
                .arg(&dir)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .context("the node could not be started")?,
        );
        answered(&mut node.0)?;
        took.push(started.elapsed());
        if start == STARTS - 1 {
            std::thread::sleep(SETTLE);
            kilobytes = resident(node.0.id())?;
        }
    }
    took.sort();
    println!(
        "cold start: {:.2} s from start of the process to the first answer (median of {STARTS})",
        took[STARTS / 2].as_secs_f64()
    );
    println!(
        "idle memory: {:.0} MB resident, {} s after start",
        f64::from(kilobytes) / 1024.0,
        SETTLE.as_secs()
    );
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}

/// A process that is ended when it is no longer looked at.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for the line with the node's address, and for its answer to `/halsa`.
fn answered(node: &mut Child) -> anyhow::Result<()> {
    let out = node.stdout.take().context("the node's output is not ours")?;
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line)?;
    let address = line
        .trim()
        .strip_prefix("http://")
        .context("the node ended before it listened; run samverk serve yourself to see why")?;
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "GET /halsa HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200"), "the node answered: {answer}");
    Ok(())
}

/// `VmRSS` in kilobytes.
fn resident(process: u32) -> anyhow::Result<u32> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))
        .context("memory is read from /proc, which only Linux has")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|n| n.parse().ok()).context("/proc says no VmRSS")
}

fn copy(from: &std::path::Path, to: &std::path::Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
