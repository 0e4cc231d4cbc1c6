//! The commands of `samverk`, one file each. Help is English, what is said about a service is Swedish.
//!
//! Exit codes are the same everywhere: 0 done, 1 done and something is wrong in what was looked at, 2 could not be done.

use std::process::ExitCode;

use samverk_author::cli as author;
pub use samverk_author::cli::print;

pub mod adopt;
pub mod case;
pub mod demo;
pub mod effects;
pub mod exchange;
pub mod federation;
pub mod preview;
pub mod publish;
pub mod register;
pub mod serve;
pub mod test_eid;
pub mod verify;

/// One binary that a public body runs as its node.
#[derive(Debug, clap::Parser)]
#[command(name = "samverk", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Case(case::Args),
    #[command(flatten)]
    Author(author::Command),
    Preview(preview::Args),
    Demo(demo::Args),
    Serve(serve::Args),
    TestEid(test_eid::Args),
    Effects(effects::Args),
    Exchange(exchange::Args),
    Federation(federation::Args),
    Publish(publish::Args),
    Adopt(adopt::Args),
    Verify(verify::Args),
    Register(register::Args),
}

/// Runs one command. Whatever stopped it is said on standard error.
pub fn run(cli: Cli) -> ExitCode {
    let done = match cli.command {
        Command::Case(args) => case::run(&args),
        Command::Author(command) => author::run(&command, &federation::published_terms),
        Command::Preview(args) => preview::run(&args),
        Command::Demo(args) => demo::run(args),
        Command::Serve(args) => serve::run(&args),
        Command::TestEid(args) => test_eid::run(&args),
        Command::Effects(args) => effects::run(&args),
        Command::Exchange(args) => exchange::run(&args),
        Command::Federation(args) => federation::run(&args),
        Command::Publish(args) => publish::run(&args),
        Command::Adopt(args) => adopt::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Register(args) => register::run(&args),
    };
    author::ended(done)
}

/// The operator's log, as text on standard error. `RUST_LOG` decides how much.
pub fn log_to_stderr() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // A second call in one process (tests) keeps the first log.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .try_init();
}

/// Runs an async command to its end.
pub fn on_runtime<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(command)
}
