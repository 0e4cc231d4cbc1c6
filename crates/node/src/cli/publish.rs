//! `samverk publish`: gives out a version of a service, signed by its publisher. The node may be running.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use samverk_author::folder;
use samverk_domain::terms::BodyId;
use samverk_store::Store;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::publishing::fetch::address;
use crate::publishing::publish;
use crate::trust::keys::BodyKeys;

/// Give out a version of a service: checked, signed by its publisher, never changed again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  samverk publish packs/starta-restaurang --dir /var/lib/samverk --body foretagsporten

The document must be without errors (samverk check), and its utgivare must be the body. A number stands for one
content for ever: to change anything, raise version in tjanst.md. Publishing the same content again changes nothing.")]
pub struct Args {
    /// The service's folder (the one with tjanst.md)
    path: PathBuf,
    /// The publisher's node's folder
    #[arg(long)]
    dir: PathBuf,
    /// The body that gives it out; may be left out when the node has one body only
    #[arg(long)]
    body: Option<String>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let files = folder::read(&args.path)?;
    let config = Config::read(&args.dir)?;
    let id = match &args.body {
        Some(text) => BodyId::parse(text).context("--body")?,
        None if config.bodies.len() == 1 => config.bodies[0].id.clone(),
        None => bail!("this node has several bodies; say which with --body"),
    };
    let Some(body) = config.body(&id) else {
        bail!("{id} is not a body of this node");
    };
    let keys = BodyKeys::load_or_generate(&args.dir, &id, |bytes| Chance::System.fill(bytes))?;
    let store = Store::open(&args.dir.join("node.sqlite"))?;
    let published = publish::publish(&store, &files, body, &keys, Clock::System.now())?;
    let version = &published.signed.version;
    let given = match published.again {
        true => "var redan utgiven, med samma innehåll",
        false => "är utgiven",
    };
    let before = match published.before {
        Some(before) => format!("Version {before} finns kvar för dem som är mitt i den.\n"),
        None => String::new(),
    };
    super::print(&format!(
        "{} version {} {given}.\nInnehållets hash: {}\nAdress: {}\n{before}Organ antar den med: samverk adopt {} {} --from {} …\n",
        version.pack,
        version.version,
        version.sha256,
        address(&config.base_url, &version.pack, version.version),
        version.pack,
        version.version,
        version.publisher,
    ))?;
    Ok(ExitCode::SUCCESS)
}
