//! The commands of `samverk`, one file each. Help is English, what is said about a service is Swedish.
//!
//! Exit codes are the same everywhere: 0 done, 1 done and something is wrong in what was looked at, 2 could not be done.

use std::process::ExitCode;

pub mod check;
pub mod findings;

/// One binary that a public body runs as its node.
#[derive(Debug, clap::Parser)]
#[command(name = "samverk", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Check(check::Args),
}

/// Runs one command. Whatever stopped it is said on standard error.
pub fn run(cli: Cli) -> ExitCode {
    let done = match cli.command {
        Command::Check(args) => check::run(&args),
    };
    done.unwrap_or_else(|why| {
        eprintln!("samverk: {why:#}");
        ExitCode::from(2)
    })
}
