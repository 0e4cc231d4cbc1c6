//! Benchmarks: each prints its figure and what it was measured on. Never a timed test.

use crate::sh;

/// Name, what it measures, and the cargo arguments that run it.
const BENCHES: &[(&str, &str, &[&str])] = &[
    (
        "store",
        "durable writes a second, one by one and in shared commits",
        &[
            "run",
            "--release",
            "--quiet",
            "--package",
            "samverk-store",
            "--example",
            "bench_store",
        ],
    ),
    (
        "log",
        "growth of the sealed log, and what roots and proofs cost to read",
        &[
            "run",
            "--release",
            "--quiet",
            "--package",
            "samverk-store",
            "--example",
            "bench_log",
        ],
    ),
];

pub fn run(arguments: &[String]) -> anyhow::Result<()> {
    let Some(name) = arguments.first() else {
        for (name, what, _) in BENCHES {
            println!("{name:12} {what}");
        }
        return Ok(());
    };
    let Some((_, _, cargo)) = BENCHES.iter().find(|(known, ..)| known == name) else {
        anyhow::bail!("there is no benchmark `{name}`; `cargo xtask bench` lists them");
    };
    sh("cargo", cargo)
}
