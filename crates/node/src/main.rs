//! The one binary. Everything is in the library; this only reads the command line and hands back the exit code.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    samverk::cli::run(samverk::cli::Cli::parse())
}
