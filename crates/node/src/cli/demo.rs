//! `samverk demo`: a whole federation on this machine, and one matter through it.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::demo::{self, Options};

/// Run a made-up federation on this machine and play a matter through it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Every node is a process of its own, with its own folder, store, keys and address on 127.0.0.1. The journey is played
through the nodes' ordinary web pages, as a person and the case workers would. Then the nodes stay up until ctrl-c.
All people, companies and bodies are invented. Scenario files: docs/scenarios.md.
Exit code: 0 the journey ended as the scenario says, 1 it ended otherwise, 2 it could not be played.")]
pub struct Args {
    /// Stop after the journey
    #[arg(long)]
    once: bool,
    /// The applicant and what happens: docs/scenarios.md
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Play a service of your own (the folder with tjanst.md): its roles are given to made-up bodies, and its first example
    /// is played unless a scenario is named
    #[arg(long, value_name = "FOLDER")]
    pack: Option<PathBuf>,
    /// Change the law in sixty seconds: the kitchen requirement of alkohollagen 8 kap. 15 §, repealed 2026-06-01, step by
    /// step: edit, check --against, publish, adopt, the next applicant, the case under way
    #[arg(long, conflicts_with_all = ["scenario", "pack"])]
    lagandring: bool,
    /// Keep the nodes' folders here and go on with them at the next start; without it they are removed at the end
    #[arg(long)]
    dir: Option<PathBuf>,
    /// The first port to try
    #[arg(long, value_name = "PORT")]
    port_base: Option<u16>,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    if args.lagandring {
        return super::on_runtime(demo::law_change::run(args.dir.as_deref(), args.port_base));
    }
    let options = Options {
        once: args.once,
        scenario: args.scenario,
        pack: args.pack,
        dir: args.dir,
        port_base: args.port_base,
    };
    super::on_runtime(demo::run(options))
}
