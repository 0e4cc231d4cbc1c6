//! `samverk export`: a service in the notations of others.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::export::{self, Format};

/// Write a service as DMN, BPMN, JSON Schema or CPSV-AP, for other tools
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk export packs/starta-restaurang --format dmn > restaurang.dmn
  samverk export packs/starta-restaurang --format bpmn > restaurang.bpmn
  samverk export packs/starta-restaurang --format json-schema --out ut
  samverk export packs/starta-restaurang --format cpsv-ap --out ut

Without --out a single file is written to standard output. What a notation cannot say is listed on
standard error, in Swedish; docs/exports.md says what each holds.
Exit code: 0 all is said, 1 something could not be said, 2 something could not be read or written.")]
pub struct Args {
    /// The service's folder (the one with tjanst.md)
    path: PathBuf,
    /// In which notation
    #[arg(long, value_enum)]
    format: Format,
    /// Folder to write the files to; made if it is not there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let pack = super::scenario::service(&args.path)?;
    let exported = export::export(&pack, args.format);
    match (&args.out, exported.files.as_slice()) {
        (Some(folder), files) => {
            for file in files {
                let path = folder.join(&file.name);
                let parent = path.parent().unwrap_or(folder);
                std::fs::create_dir_all(parent).with_context(|| format!("{} could not be made", parent.display()))?;
                std::fs::write(&path, &file.text)
                    .with_context(|| format!("{} could not be written", path.display()))?;
                super::print(&format!("{}\n", path.display()))?;
            }
        }
        (None, [file]) => super::print(&file.text)?,
        (None, files) => anyhow::bail!(
            "this notation gives {} files; name a folder for them with --out",
            files.len()
        ),
    }
    for missing in &exported.left_out {
        eprintln!("samverk: {missing}");
    }
    Ok(ExitCode::from(u8::from(!exported.left_out.is_empty())))
}
