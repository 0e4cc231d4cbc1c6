//! `samverk paper`: the draft decision by which a nämnd adopts a service.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use samverk_domain::check;
use samverk_domain::fact::Name;

use crate::paper::{self, Order};

/// Write the draft decision by which a nämnd adopts a service, for its agenda
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk paper packs/starta-restaurang --body \"Miljönämnden i Exempelkommun A\" --role livsmedel \\
      --set taxa.livsmedel=\"1 240\" --out miljonamnden.html
  samverk paper packs/parkeringstillstand --body \"Tekniska nämnden\"

The paper says what is decided, which decisions are delegated and to whom, which parameters are set,
what the nämnd takes in and does, the basis for the data protection impact assessment, and what the
checker has proved. What only the body knows is left as a line to fill in.
Exit code: 0 written, 2 it could not be written.")]
pub struct Args {
    /// The service's folder (the one with tjanst.md)
    path: PathBuf,
    /// Who decides, as it stands on the agenda
    #[arg(long, value_name = "NAME")]
    body: String,
    /// A role that the body has in the service; may be given several times, without it all of them
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,
    /// A proposed parameter, or to whom a delegation goes: NAME=VALUE; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Who takes in applications for the body
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Where to write it; without it to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let pack = super::scenario::service(&args.path)?;
    let name = |text: &str| Name::parse(text).with_context(|| format!("{text} is not a name"));
    let mut values = BTreeMap::new();
    for set in &args.set {
        let (parameter, value) = set
            .split_once('=')
            .with_context(|| format!("{set}: write NAME=VALUE"))?;
        values.insert(name(parameter)?, value.trim().to_owned());
    }
    let order = Order {
        body: args.body.clone(),
        roles: args.role.iter().map(|role| name(role)).collect::<Result<_, _>>()?,
        values,
        host: args.host.clone(),
    };
    let html = paper::write(&pack, &check::check(&pack, None), &order)?;
    match &args.out {
        Some(path) => {
            std::fs::write(path, &html).with_context(|| path.display().to_string())?;
            eprintln!("samverk: wrote {}", path.display());
        }
        None => super::print(&html)?,
    }
    Ok(ExitCode::SUCCESS)
}
