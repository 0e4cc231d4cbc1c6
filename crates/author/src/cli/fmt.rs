//! `samverk fmt`: one way to write a service down, so that a comparison shows changes and nothing else.

use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use samverk_domain::finding::Severity;

use crate::findings::{self, Source};
use crate::folder;
use crate::format::{self, NotFormatted};

/// Align a service's tables and put its sections and texts in order
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk fmt packs/starta-restaurang
  samverk fmt packs/* --check

Columns are aligned up to the first that holds sentences; sections come in the order of docs/language.md,
texts in the order of the document. Nothing else changes: the result is read again and must mean the
same. A service that cannot be read is left as it is, with what is wrong in it.
Exit code: 0 done, 1 a service has errors or, with --check, is not formatted, 2 could not be read or written.")]
pub struct Args {
    /// The services' folders (the ones with tjanst.md)
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change nothing; list the files that would change
    #[arg(long)]
    check: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut out = String::new();
    let mut is_wrong = false;
    // `packs/*` names a README too.
    let is_other = |path: &Path| path.is_file() && path.file_name().is_none_or(|name| name != "tjanst.md");
    for path in args.paths.iter().filter(|path| !is_other(path)) {
        let files = folder::read(path)?;
        let folder = match path.file_name() {
            Some(name) if name == "tjanst.md" => path.parent().unwrap_or(Path::new("")),
            _ => path.as_path(),
        };
        let formatted = match format::service(&files) {
            Ok(formatted) => formatted,
            Err(NotFormatted::Unreadable(mut found)) => {
                found.retain(|finding| finding.severity == Severity::Error);
                let shown = folder.display().to_string();
                let source = Source {
                    folder: &shown,
                    files: &files,
                };
                eprint!("{}", findings::text(&found, &source, std::io::stderr().is_terminal()));
                eprintln!("{shown}: rätta felen ovan först; inget är ändrat");
                is_wrong = true;
                continue;
            }
            Err(ours @ NotFormatted::Meaning(_)) => return Err(ours.into()),
        };
        for (before, after) in files.iter().zip(&formatted) {
            if before == after {
                continue;
            }
            let file = folder.join(&after.path);
            if args.check {
                is_wrong = true;
            } else {
                replace(&file, &after.text).with_context(|| file.display().to_string())?;
            }
            out.push_str(&format!("{}\n", file.display()));
        }
    }
    super::print(&out)?;
    Ok(ExitCode::from(u8::from(is_wrong)))
}

/// Writes the file beside the old one and puts it in its place, so that there is always a whole one.
pub fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    // A link is followed, so that it stays one.
    let file = fs::canonicalize(file)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let beside = file.with_file_name(format!(".{name}.{}.ny", std::process::id()));
    let written = (|| {
        let mut new = fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
        new.write_all(text.as_bytes())?;
        new.set_permissions(fs::metadata(&file)?.permissions())?;
        new.sync_all()?;
        fs::rename(&beside, &file)
    })();
    if written.is_err() {
        // Whatever stopped it is what the caller needs to know.
        let _ = fs::remove_file(&beside);
    }
    written
}
