//! `samverk check`: proves a service before anyone is exposed to it.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use samverk_domain::finding::{Finding, Severity, SourceFile};
use samverk_domain::{check, pack};

use super::findings::{self, Format, Source};
use crate::packs;

/// Check a service like a program, before anyone is exposed to it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk check packs/starta-restaurang
  samverk check packs/starta-restaurang --format json

Findings are in Swedish, with a stable code (docs/findings.md).
Exit code: 0 no error, 1 at least one error, 2 the folder could not be read.")]
pub struct Args {
    /// The service's folder (the one with tjanst.md)
    path: PathBuf,
    /// How to write the findings
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let files: Vec<SourceFile> = packs::read(&args.path)?;
    let (pack, mut found) = pack::parse::pack(files.clone());
    let readable = !found.iter().any(|finding| finding.severity == Severity::Error);
    if let Some(pack) = pack.as_ref().filter(|_| readable) {
        found.extend(check::check(pack, None));
    }
    found.sort_by_key(|finding| (finding.severity, finding.span));
    let elapsed_ms = started.elapsed().as_millis();

    let folder = args.path.display().to_string();
    let source = Source {
        folder: folder.strip_suffix("tjanst.md").unwrap_or(&folder),
        files: &files,
    };
    match args.format {
        Format::Text => {
            print!("{}", findings::text(&found, &source, std::io::stdout().is_terminal()));
            println!("{folder}: {} ({elapsed_ms} ms)", findings::tally(&found));
        }
        Format::Json => {
            let whole = serde_json::json!({
                "findings": findings::json(&found, &source),
                "elapsed_ms": elapsed_ms,
            });
            println!("{whole:#}");
        }
    }
    Ok(exit_code(&found))
}

/// 1 when there is an error; warnings and notes do not stop anyone.
pub fn exit_code(found: &[Finding]) -> ExitCode {
    let wrong = found.iter().any(|finding| finding.severity == Severity::Error);
    ExitCode::from(u8::from(wrong))
}
