//! `cargo xtask test`: prepares what the tests need, then runs everything and ends with one summary line.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::{root, sh, target_dir};

/// axe-core, the accessibility checker that the browser tests inject. A tool of the tests, not of the product.
const AXE: &str = "axe-core@4.14.1";

/// A program that the tests start, the Debian package that has it, and what for.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("chromium", "chromium", "browser tests"),
    ("chromedriver", "chromium-driver", "browser tests"),
    ("nvim", "neovim", "drives the language server as an editor does"),
    ("npm", "npm", "brings axe-core, the accessibility checker"),
];

pub fn run(arguments: &[String]) -> anyhow::Result<()> {
    prepare()?;
    let filter = arguments.first().map(String::as_str);
    if filter.is_none() {
        step("format");
        sh("cargo", &["fmt", "--all", "--", "--check"])?;
        step("tidy");
        crate::tidy::run()?;
        step("clippy");
        sh(
            "cargo",
            &[
                "clippy",
                "--quiet",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ],
        )?;
    }
    step("tests");
    sh("cargo", &["build", "--quiet", "--package", "samverk", "--bins"])?;
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"]);
    cargo.args(filter);
    cargo
        .env("SAMVERK_AXE", axe_path())
        .env("SAMVERK_BROWSER", "required")
        .env("SAMVERK_EDITOR", "required");
    let counted = counted(cargo)?;
    println!(
        "\ntests: {} passed, {} failed, {} skipped",
        counted.passed, counted.failed, counted.skipped
    );
    anyhow::ensure!(
        counted.succeeded && counted.failed == 0,
        "some tests failed; their output is above"
    );
    anyhow::ensure!(counted.passed > 0, "no test was run");
    Ok(())
}

fn step(what: &str) {
    println!("== {what}");
}

fn axe_path() -> std::path::PathBuf {
    target_dir().join("tools").join("axe.min.js")
}

/// Sees that every program and file that the tests need is there, or says exactly what is missing.
fn prepare() -> anyhow::Result<()> {
    let missing: Vec<_> = PROGRAMS.iter().filter(|(program, ..)| !on_path(program)).collect();
    if !missing.is_empty() {
        let packages: Vec<&str> = missing.iter().map(|(_, package, _)| *package).collect();
        let list = packages.join(" ");
        if !is_root() {
            for (program, package, what) in &missing {
                eprintln!("missing: {program} ({what}); Debian package {package}");
            }
            anyhow::bail!("install them first: sudo apt-get install -y {list}");
        }
        step(&format!("installing {list}"));
        apt(&["update", "-q"])?;
        let mut install = vec!["install", "-y", "-q", "--no-install-recommends"];
        install.extend(&packages);
        apt(&install)?;
    }
    if !axe_path().exists() {
        step("axe-core");
        let tools = target_dir().join("tools");
        std::fs::create_dir_all(&tools)?;
        let output = Command::new("npm")
            .args(["pack", "--silent", AXE])
            .current_dir(&tools)
            .output()
            .context("npm could not be started")?;
        anyhow::ensure!(
            output.status.success(),
            "npm pack {AXE} failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let archive = String::from_utf8(output.stdout)?.trim().to_owned();
        let unpacked = Command::new("tar")
            .args(["xzf", &archive, "--strip-components=1", "package/axe.min.js"])
            .current_dir(&tools)
            .status()?;
        anyhow::ensure!(
            unpacked.success() && axe_path().exists(),
            "{archive} holds no axe.min.js"
        );
    }
    Ok(())
}

fn apt(arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(Stdio::null())
        .status()
        .context("apt-get could not be started; the tests know how to install on Debian only")?;
    anyhow::ensure!(status.success(), "apt-get {} failed", arguments.join(" "));
    Ok(())
}

fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

fn is_root() -> bool {
    let status = std::fs::read_to_string(Path::new("/proc/self/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

#[derive(Default)]
struct Counted {
    passed: u32,
    failed: u32,
    skipped: u32,
    succeeded: bool,
}

/// Runs cargo test, lets its output through, and adds up the summaries of its binaries.
fn counted(mut cargo: Command) -> anyhow::Result<Counted> {
    let mut child = cargo
        .current_dir(root())
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo could not be started")?;
    let mut counted = Counted::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            if let Some(summary) = line.strip_prefix("test result: ") {
                counted.passed += number_before(summary, " passed");
                counted.failed += number_before(summary, " failed");
                counted.skipped += number_before(summary, " ignored");
            }
        }
    }
    counted.succeeded = child.wait()?.success();
    Ok(counted)
}

fn number_before(text: &str, word: &str) -> u32 {
    text.find(word)
        .and_then(|at| text[..at].rsplit(' ').next())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::number_before;

    #[test]
    fn reads_the_numbers_of_a_summary() {
        let summary = "ok. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s";
        assert_eq!(
            (number_before(summary, " passed"), number_before(summary, " failed")),
            (12, 3)
        );
    }
}
