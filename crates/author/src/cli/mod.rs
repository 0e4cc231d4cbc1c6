//! The author's commands, one file each. Help is English, what is said about a service is Swedish.
//!
//! Exit codes are the same everywhere: 0 done, 1 done and something is wrong in what was looked at, 2 could not be done.

use std::process::ExitCode;

pub mod ask;
pub mod blankett;
pub mod check;
pub mod explain;
pub mod export;
pub mod figures;
pub mod fmt;
pub mod forms;
pub mod import;
pub mod lsp;
pub mod new;
pub mod paper;
pub mod scenario;
pub mod test;

/// Written flat into the binary's own list of commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Check(check::Args),
    Explain(explain::Args),
    Ask(ask::Args),
    New(new::Args),
    Fmt(fmt::Args),
    Test(test::Args),
    Figures(figures::Args),
    Export(export::Args),
    Import(import::Args),
    Forms(forms::Args),
    Lsp(lsp::Args),
    Paper(paper::Args),
    Blankett(blankett::Args),
}

/// Runs one command. `read_federation` reads and verifies a federation's statement, which needs keys that this crate has not.
pub fn run(command: &Command, read_federation: &check::ReadFederation<'_>) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(args) => check::run(args, read_federation),
        Command::Explain(args) => explain::run(args),
        Command::Ask(args) => ask::run(args),
        Command::New(args) => new::run(args),
        Command::Fmt(args) => fmt::run(args),
        Command::Test(args) => test::run(args),
        Command::Figures(args) => figures::run(args),
        Command::Export(args) => export::run(args),
        Command::Import(args) => import::run(args),
        Command::Forms(args) => forms::run(args),
        Command::Lsp(args) => lsp::run(args),
        Command::Paper(args) => paper::run(args),
        Command::Blankett(args) => blankett::run(args),
    }
}

/// Says why a command could not be done, on standard error. A reader who has seen enough is no fault (`samverk check … | head`).
pub fn ended(done: anyhow::Result<ExitCode>) -> ExitCode {
    done.unwrap_or_else(|why| {
        let is_closed = |cause: &std::io::Error| cause.kind() == std::io::ErrorKind::BrokenPipe;
        if why.downcast_ref::<std::io::Error>().is_some_and(is_closed) {
            return ExitCode::SUCCESS;
        }
        eprintln!("samverk: {why:#}");
        ExitCode::from(2)
    })
}

/// Writes to standard output.
pub fn print(text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
