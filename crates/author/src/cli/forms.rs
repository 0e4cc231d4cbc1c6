//! `samverk forms`: today's forms beside the one journey.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use samverk_domain::finding::FileId;

use super::check::is_wrong;
use crate::findings::{self, Format, Source};
use crate::{folder, forms};

/// Lay today's forms beside a service: what answers each asking, or why it is still asked
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk forms packs/starta-restaurang

Reads blanketter.md in the service's folder: the forms of today, each with its source, and what they ask for.
Each asking is answered by a register, by the login, by one answer of the person, or by nobody any more.
Exit code: 0 done, 1 blanketter.md has an error, 2 something could not be read.")]
pub struct Args {
    /// The service's folder (the one with tjanst.md)
    path: PathBuf,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let pack = super::scenario::service(&args.path)?;
    let path = args.path.display().to_string();
    let path = path.strip_suffix("tjanst.md").unwrap_or(&path).to_owned();
    let file = folder::beside(&args.path, forms::FILE)?
        .with_context(|| format!("{path} has no {}; docs/language.md says what stands in it", forms::FILE))?;
    let (read, found) = forms::read(&pack, &file, FileId(0));
    if !found.is_empty() {
        let source = Source {
            folder: &path,
            files: std::slice::from_ref(&file),
        };
        eprint!("{}", findings::text(&found, &source, std::io::stderr().is_terminal()));
    }
    if is_wrong(&found) {
        return Ok(ExitCode::from(1));
    }
    let beside = forms::beside(&pack, &read);
    super::print(&match args.format {
        Format::Text => forms::in_words(&pack, &beside),
        Format::Json => format!("{:#}\n", serde_json::to_value(&beside)?),
    })?;
    Ok(ExitCode::SUCCESS)
}
