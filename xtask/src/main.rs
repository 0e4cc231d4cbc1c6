//! The project's own commands. `cargo xtask help` lists them.

use std::process::ExitCode;

mod bench;
mod conformance;
mod fuzz;
mod test;
mod tidy;

const HELP: &str = "\
cargo xtask COMMAND

  test [FILTER]     everything that must be green: format, tidy, clippy, every test (browser, crash and journeys too).
                    Installs what the tests need from Debian's packages when run as root; else says what is missing.
                    With FILTER only the tests whose names contain it, without format, tidy and clippy.
  tidy              keeps what STYLE asks: arrows between crates, chapter heads, reasons for dependencies, links, words
  bench NAME        prints a figure; `cargo xtask bench` lists the names
  conformance NAME  lets others judge our exports; `cargo xtask conformance` lists the judges
  fuzz NAME [S]     runs one fuzz target for S seconds (60)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let done = match arguments.first().map(String::as_str) {
        Some("test") => test::run(rest),
        Some("tidy") => tidy::run(),
        Some("bench") => bench::run(rest),
        Some("conformance") => conformance::run(rest),
        Some("fuzz") => fuzz::run(rest),
        Some("help" | "--help" | "-h") | None => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Some(other) => Err(anyhow::anyhow!("there is no command `{other}`\n\n{HELP}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why:#}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's root: where this package's parent is.
fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(Default::default, std::path::Path::to_path_buf)
}

/// Where cargo builds, with `CARGO_TARGET_DIR` respected.
fn target_dir() -> std::path::PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), std::path::PathBuf::from)
}

/// Runs a program in the root and fails with its name when it fails.
fn sh(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let status = std::process::Command::new(program)
        .args(arguments)
        .current_dir(root())
        .status()
        .map_err(|why| anyhow::anyhow!("could not start {program}: {why}"))?;
    anyhow::ensure!(
        status.success(),
        "`{program} {}` failed ({status})",
        arguments.join(" ")
    );
    Ok(())
}
