//! `samverk effects`: what a node's services have led to, counted from its own event log. The node may be running.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use jiff::Timestamp;
use jiff::civil::Date;
use samverk_store::{Store, events};

use crate::clock::Clock;
use crate::config::Config;
use crate::effects::pages::{duration, how, name, part, why_not};
use crate::effects::summary::{Summary, Unit};
use crate::effects::{NotCounted, begin_of, gather, year_to};
use crate::library::Library;
use crate::web::Lang;

/// What the node's services have led to, counted from its own event log
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk effects --dir /var/lib/samverk
  samverk effects --dir . --service starta-restaurang --from 2026-01-01 --to 2026-12-31 --json

The figures are not suppressed: they are for whoever runs the node. What anybody may see is at /effekter/SERVICE.
Exit code: 0 counted, 2 it could not be done.")]
pub struct Args {
    /// The node's folder
    #[arg(long)]
    dir: PathBuf,
    /// One service; without it all that have events
    #[arg(long)]
    service: Option<String>,
    /// The first day; without it twelve months before the last
    #[arg(long)]
    from: Option<Date>,
    /// The last day; without it today
    #[arg(long)]
    to: Option<Date>,
    /// One JSON list on standard output
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.dir)?;
    let file = args.dir.join("node.sqlite");
    if !file.is_file() {
        bail!("{} is not there: has the node been started?", file.display());
    }
    let store = Store::open(&file)?;
    let library = Library::open_with(&config.packs_dir, &store)?;
    let period = period(args)?;
    let summaries = store.read_blocking("effects.command", |tx| -> Result<Vec<Summary>, NotCounted> {
        let services = match &args.service {
            Some(service) => vec![service.clone()],
            None => events::services(tx)?,
        };
        let each = services.iter();
        each.map(|service| gather(tx, &library, &config.name, service, period, None))
            .collect()
    })?;
    let text = if args.json {
        format!("{}\n", serde_json::to_string_pretty(&summaries)?)
    } else {
        summaries.iter().map(text).collect()
    };
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn period(args: &Args) -> anyhow::Result<(Timestamp, Timestamp)> {
    let last = args.to.unwrap_or_else(|| Clock::System.moment().day);
    let (from, to) = year_to(last);
    let from = args.from.map_or(from, begin_of);
    if from >= to {
        bail!("--from must not be after --to");
    }
    Ok((from, to))
}

fn text(summary: &Summary) -> String {
    let mut out = format!(
        "{} hos {}: {} ärenden, {} händelser\n",
        summary.service, summary.node, summary.cases, summary.events
    );
    let shown = |unit, value| match unit {
        Unit::MedianSeconds => duration(Lang::Sv, value),
        Unit::Count | Unit::MedianCount => value.to_string(),
    };
    for figure in &summary.figures {
        let value = shown(figure.unit, figure.value);
        let _ = writeln!(out, "  {value:>10}  {}", name(Lang::Sv, figure.effect));
        for row in &figure.rows {
            let value = shown(figure.unit, row.value);
            let _ = writeln!(out, "  {:>10}    {value:>10}  {}", "", part(Lang::Sv, &row.key));
        }
        let _ = writeln!(out, "  {:>10}    {}", "", how(Lang::Sv, figure.effect));
    }
    for (effect, why) in &summary.not_shown {
        let _ = writeln!(
            out,
            "  {:>10}  {}: {}",
            "–",
            name(Lang::Sv, *effect),
            why_not(Lang::Sv, *why)
        );
    }
    out
}
