//! `samverk import`: decision tables of others as sections of a service document.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::folder;
use crate::import::dmn;

/// Read decision tables of others as sections of a service document
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk import dmn beslut.dmn > utkast.md

DMN 1.1 to 1.5. The sections go to standard output; types are guessed and stand under ## Uppgifter,
for you to complete with sources and grounds. What was not understood is listed on standard error,
in Swedish, with the element's id; such a row is left out.
Exit code: 0 all was understood, 1 something was not, 2 the file could not be read.")]
pub struct Args {
    /// From which notation
    #[arg(value_enum)]
    from: From,
    /// The file
    file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum From {
    /// Decision tables: DMN
    Dmn,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let file = folder::read_one(&args.file)?;
    let imported = match args.from {
        From::Dmn => dmn::import(&file.text)?,
    };
    super::print(&imported.text)?;
    for missing in &imported.not_understood {
        eprintln!("samverk: {}: {}.", missing.element, missing.why);
    }
    Ok(ExitCode::from(u8::from(!imported.not_understood.is_empty())))
}
