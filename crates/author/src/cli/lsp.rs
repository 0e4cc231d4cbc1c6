//! `samverk lsp`: what an editor starts.

use std::process::ExitCode;

/// Serve an editor: findings while writing, explanations, completion, rename (Language Server Protocol)
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Editors start this themselves; how is in docs/editors.md. It speaks on standard input and output.
Exit code: 0 when the editor has said goodbye, 2 if the output could not be written.")]
pub struct Args {
    /// Accepted because some editors add it; standard input and output is all there is
    #[arg(long, hide = true)]
    stdio: bool,
}

pub fn run(_: &Args) -> anyhow::Result<ExitCode> {
    crate::lsp::stdio()?;
    Ok(ExitCode::SUCCESS)
}
