//! `samverk register`: takes base registers from files into the node's store.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use samverk_domain::fact::Name;
use samverk_domain::terms::BodyId;
use samverk_store::Store;

use crate::config::Config;
use crate::registers::import::{self, Order, Report};

/// Take base registers from files into the node's store
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Import(ImportArgs),
}

/// Import a CSV file; rows that are not understood are set aside with line and reason
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk register import bolag.csv --dir /var/lib/samverk --register bolag
  samverk register import grannar.csv --dir . --register grannar --body exempelkommun-a.miljonamnden

The header names the columns: ämne (whom the row is about), the register's fields, and, where wanted, gäller_från, producent
and skydd. A register that is not one of the base registers says its types there: ämne (orgnr),namn (text),skuld (kr).
The same file again changes nothing; an interrupted import goes on where it stopped. The node may be running.
Exit code: 0 every row was taken, 1 rows were set aside in FILE.avvisade.csv, 2 it could not be done.")]
struct ImportArgs {
    /// The file: CSV in UTF-8, one row a line
    file: PathBuf,
    /// The node's folder
    #[arg(long)]
    dir: PathBuf,
    /// The register's name, as services name it: bolag, skatt, indrivning, folkbokföring, fastighet
    #[arg(long)]
    register: String,
    /// The body that keeps the register; may be left out when the node has one body only
    #[arg(long)]
    body: Option<String>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Import(args) => import(args),
    }
}

fn import(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let register = Name::parse(&args.register).context("--register")?;
    let config = Config::read(&args.dir)?;
    let body = keeper(&config, args.body.as_deref())?;
    let store = Store::open(&args.dir.join("node.sqlite"))?;
    let order = Order {
        body,
        register,
        file: args.file.clone(),
        now: jiff::Timestamp::now(),
    };
    let started = Instant::now();
    let bar = progress_bar();
    let report = import::import(&store, &order, &mut |read, all| {
        bar.set_length(all);
        bar.set_position(read);
    });
    bar.finish_and_clear();
    let report = report?;
    print!("{}", text(&order, &report, started.elapsed().as_millis()));
    Ok(ExitCode::from(u8::from(report.set_aside > 0)))
}

/// The body that was named, or the node's only one.
fn keeper(config: &Config, named: Option<&str>) -> anyhow::Result<BodyId> {
    let known = || {
        let ids: Vec<&str> = config.bodies.iter().map(|body| body.id.as_str()).collect();
        ids.join(", ")
    };
    match (named, config.bodies.as_slice()) {
        (Some(named), _) => {
            let named = BodyId::parse(named).context("--body")?;
            if config.body(&named).is_none() {
                bail!("{named} is not on this node; its bodies are {}", known());
            }
            Ok(named)
        }
        (None, [only]) => Ok(only.id.clone()),
        (None, _) => bail!("say with --body which body keeps the register: {}", known()),
    }
}

/// Drawn on standard error, and only for a person.
fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} · {eta} kvar")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}

fn text(order: &Order, report: &Report, elapsed_ms: u128) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    let file = order.file.display();
    if let Some(line) = report.continued_after {
        let _ = writeln!(
            out,
            "{file}: fortsatte efter rad {line}, där en tidigare import avbröts."
        );
    }
    for (line, why) in &report.shown {
        let _ = writeln!(out, "{file}:{line}: {why}");
    }
    let more = report.set_aside.saturating_sub(report.shown.len() as u64);
    if more > 0 {
        let _ = writeln!(out, "… och {more} till.");
    }
    let _ = writeln!(
        out,
        "{file} → {} hos {}: {} rader, {} nya, {} ändrade, {} oförändrade, {} avvisade ({elapsed_ms} ms)",
        order.register, order.body, report.rows, report.added, report.changed, report.unchanged, report.set_aside
    );
    if let Some(aside) = &report.set_aside_file {
        let _ = writeln!(
            out,
            "De avvisade raderna står med rad och skäl i {}. Rätta dem där och importera den filen.",
            aside.display()
        );
    }
    out
}
