//! `samverk blankett`: the service as a form on paper.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use samverk_domain::fact::Name;

use crate::blankett;

/// Write a service as a paper form: an HTML document that stands alone and prints on A4
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk blankett packs/starta-restaurang --out starta-restaurang.html
  samverk blankett packs/starta-restaurang --step gasol

The form asks for what the service would ask the person for, each thing once, with what is fetched from
registers and what must be signed. Open it in a browser and print it; each page's foot says the version.
Exit code: 0 written, 2 it could not be written.")]
pub struct Args {
    /// The service's folder (the one with tjanst.md)
    path: PathBuf,
    /// Only this step
    #[arg(long, value_name = "STEP")]
    step: Option<String>,
    /// Where to write it; without it to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let pack = super::scenario::service(&args.path)?;
    let name = |text: &String| Name::parse(text).with_context(|| format!("{text} is not a name"));
    let step = args.step.as_ref().map(name).transpose()?;
    let form = blankett::write(&pack, step.as_ref())?;
    match &args.out {
        Some(path) => {
            std::fs::write(path, &form.html).with_context(|| path.display().to_string())?;
            eprintln!("samverk: wrote {}", path.display());
        }
        None => super::print(&form.html)?,
    }
    Ok(ExitCode::SUCCESS)
}
