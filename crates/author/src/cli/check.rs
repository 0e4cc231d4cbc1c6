//! `samverk check`: proves a service before anyone is exposed to it.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use samverk_domain::check::{self, Joined};
use samverk_domain::finding::{FileId, Finding, Severity, SourceFile};
use samverk_domain::pack::{self, Pack};
use samverk_domain::terms::{Adoption, Federation, Offer};

use crate::against::{self, Comparison};
use crate::findings::{self, Format, Places, Source};
use crate::report::{self, Examples};
use crate::{folder, forms, plain};

/// Check a service like a program, before anyone is exposed to it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk check packs/starta-restaurang
  samverk check packs/starta-restaurang --federation federation.jws
  samverk check packs/starta-restaurang --against ../forra/starta-restaurang
  samverk check packs/starta-restaurang --scenarier --texter
  samverk check packs/starta-restaurang --format json

Proved: every fact has one source, is used and rests on its grounds; nothing goes in circles;
tables are complete and unambiguous; every decision has what the law asks of it; every text is
there in every language; the examples come out as they say. With a federation: every body
resolves, every register answers, every responsible body has adopted its step.
Findings are in Swedish, with a stable code (docs/findings.md), and end with figures.
Exit code: 0 no error, 1 at least one error, 2 something could not be read.")]
pub struct Args {
    /// The service's folder (the one with tjanst.md)
    path: PathBuf,
    /// The federation's signed statement; also proves that every body and register of the service is there
    #[arg(long, value_name = "FILE")]
    federation: Option<PathBuf>,
    /// The anchor's key that you know (thumbprint or JWK); without it the statement's own key is taken at its word
    #[arg(long, value_name = "KEY", requires = "federation")]
    anchor: Option<String>,
    /// An earlier version of the service (its folder): also shows what changes, for whom, and what happens to cases under way
    #[arg(long, value_name = "FOLDER")]
    against: Option<PathBuf>,
    /// Cases under way of the earlier version, as `samverk case export` writes them
    #[arg(long, value_name = "FILE", requires = "against")]
    cases: Option<PathBuf>,
    /// Show each Swedish text with its number of words, its longest sentence and its LIX
    #[arg(long)]
    texter: bool,
    /// Show every place that a finding names, also beyond the first three of a kind
    #[arg(long)]
    alla: bool,
    /// Show what each example asks, fetches, and would have been asked on today's forms (blanketter.md)
    #[arg(long)]
    scenarier: bool,
    /// How to write the findings
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub fn run(args: &Args, read_federation: &ReadFederation<'_>) -> anyhow::Result<ExitCode> {
    let mut files: Vec<SourceFile> = folder::read(&args.path)?;
    let todays = folder::beside(&args.path, forms::FILE)?;
    let joined = args
        .federation
        .as_deref()
        .map(|file| read_federation(file, args.anchor.as_deref()))
        .transpose()?;

    let started = Instant::now();
    let (pack, mut found) = pack::parse::pack(files.clone());
    let readable = pack.filter(|_| !is_wrong(&found));
    if let Some(pack) = &readable {
        let joined = joined.as_ref().map(|published| Joined {
            federation: &published.federation,
            offers: &published.offers,
            adoptions: &published.adoptions,
        });
        found.extend(check::check(pack, joined));
    }
    let todays = match (&readable, todays) {
        (Some(pack), Some(file)) => {
            // Its place is after the service's own files.
            let id = FileId(u16::try_from(files.len()).unwrap_or(u16::MAX));
            let (forms, wrong) = forms::read(pack, &file, id);
            files.push(file);
            let is_read = !is_wrong(&wrong);
            found.extend(wrong);
            is_read.then_some(forms)
        }
        _ => None,
    };
    found.sort_by_key(|finding| (finding.severity, finding.span));
    let comparison = match (&readable, &args.against) {
        (Some(new), Some(old)) => Some(comparison(old, new, args.cases.as_deref(), joined.as_ref())?),
        _ => None,
    };
    let report = readable.as_ref().map(|pack| check::report(pack, &found));
    let texts = readable.as_ref().map_or_else(Vec::new, plain::texts);
    let elapsed_ms = started.elapsed().as_millis();

    let folder = args.path.display().to_string();
    let source = Source {
        folder: folder.strip_suffix("tjanst.md").unwrap_or(&folder),
        files: &files,
    };
    let mut out = String::new();
    match args.format {
        Format::Text => {
            let places = if args.alla { Places::All } else { Places::First };
            let styled = std::io::stdout().is_terminal();
            out.push_str(&findings::text_with(&found, &source, styled, places));
            match &report {
                Some(report) => {
                    let examples = if args.scenarier {
                        Examples::Each
                    } else {
                        Examples::InShort
                    };
                    let _ = write!(out, "{}", report::in_words(report, todays.as_ref(), examples));
                    if args.texter {
                        let _ = writeln!(out, "{}", plain::in_words(&texts));
                    } else {
                        let _ = writeln!(out, "{}", plain::in_short(&texts));
                    }
                }
                None => out.push_str("Resten prövas när felen ovan är rättade.\n\n"),
            }
            if let Some(comparison) = &comparison {
                let _ = writeln!(out, "{}", against::in_words(comparison));
            }
            let _ = writeln!(out, "{folder}: {} ({elapsed_ms} ms)", findings::tally(&found));
        }
        Format::Json => {
            let whole = serde_json::json!({
                "findings": findings::json(&found, &source),
                "report": report.as_ref().map(|report| report::as_json(report, todays.as_ref())),
                "texts": texts,
                "against": comparison,
                "elapsed_ms": elapsed_ms,
            });
            let _ = writeln!(out, "{whole:#}");
        }
    }
    super::print(&out)?;
    Ok(ExitCode::from(u8::from(is_wrong(&found))))
}

/// More cases than this are compared in several files.
const CASES_MAX: usize = 100_000;

fn comparison(
    old: &Path,
    new: &Pack,
    cases: Option<&Path>,
    joined: Option<&PublishedTerms>,
) -> anyhow::Result<Comparison> {
    let before = super::scenario::service(old)?;
    anyhow::ensure!(
        before.meta.slug.it == new.meta.slug.it,
        "{} is the service {}, and not an earlier version of {}",
        old.display(),
        *before.meta.slug,
        *new.meta.slug
    );
    let cases: Vec<against::Case> = match cases {
        None => Vec::new(),
        Some(file) => serde_json::from_str(&folder::read_one(file)?.text)
            .map_err(|why| anyhow::anyhow!("{} is not a list of cases: {why}", file.display()))?,
    };
    anyhow::ensure!(cases.len() <= CASES_MAX, "more than {CASES_MAX} cases; split the file");
    let joined = joined.map(|published| Joined {
        federation: &published.federation,
        offers: &published.offers,
        adoptions: &published.adoptions,
    });
    Ok(against::compare(&before, new, &cases, joined))
}

/// Warnings and notes do not stop anyone.
pub fn is_wrong(found: &[Finding]) -> bool {
    found.iter().any(|finding| finding.severity == Severity::Error)
}

/// A federation with what its bodies have published, signatures checked.
#[derive(Debug)]
pub struct PublishedTerms {
    pub federation: Federation,
    pub offers: Vec<Offer>,
    pub adoptions: Vec<Adoption>,
}

/// Reads a federation's statement from a file and verifies it, with the anchor's key if the caller knows it.
pub type ReadFederation<'r> = dyn Fn(&Path, Option<&str>) -> anyhow::Result<PublishedTerms> + 'r;
