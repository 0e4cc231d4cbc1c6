//! `samverk figures`: services in figures, beside each other.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use samverk_domain::pack;

use crate::figures::{self, Figures};
use crate::folder;

/// Show how large services are, what they ask and what their examples try
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk figures packs/*
  samverk figures packs/starta-restaurang

For each service: bytes and lines of tjanst.md; examples; what is asked and what registers give in
the example that asks most; how many rows of the tables hold in some example; how much is marked
as uncertain.
Exit code: 0 done, 1 a row holds in no example, 2 not readable.")]
pub struct Args {
    /// The services' folders (those with tjanst.md)
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut all = Vec::new();
    // `packs/*` names a README too.
    for path in args.paths.iter().filter(|path| !path.is_file()) {
        let files = folder::read(path)?;
        let (pack, _) = pack::parse::pack(files.clone());
        let pack = pack.with_context(|| format!("{0} is not understood; run samverk check {0}", path.display()))?;
        all.push(Figures::of(&pack, &files));
    }
    super::print(&figures::in_words(&all))?;
    let is_untried = all.iter().any(|it| !it.untried.is_empty());
    Ok(ExitCode::from(u8::from(is_untried)))
}
