//! The author's commands alone, for those who work on them: built in seconds, without a node.
//! `cargo run -q -p samverk-author --example forfattare -- check packs/starta-restaurang`

use std::process::ExitCode;

use clap::Parser as _;
use samverk_author::cli;

#[derive(Debug, clap::Parser)]
struct Cli {
    #[command(subcommand)]
    command: cli::Command,
}

fn main() -> ExitCode {
    let without_keys: &cli::check::ReadFederation<'_> =
        &|_, _| anyhow::bail!("a federation's statement is read by `samverk check`, which has the keys");
    cli::ended(cli::run(&Cli::parse().command, without_keys))
}
