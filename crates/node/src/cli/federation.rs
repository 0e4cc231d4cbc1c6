//! `samverk federation`: what an anchor signs, and what a body hands in to it. Works offline, on the keys in a node's folder.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use jiff::{SignedDuration, Timestamp};
use samverk_author::cli::check::PublishedTerms;
use samverk_author::folder;
use samverk_domain::terms::{BodyId, Federation, Offer};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::chance::Chance;
use crate::config::Config;
use crate::trust::federation::{Anchor, FederationView};
use crate::trust::keys::BodyKeys;
use crate::trust::{contract, federation};

/// Larger files are not what these commands read.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Sign the federation's statement as its anchor, or a body's offer to it
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Keys(Keys),
    Offer(Signing),
    Sign(Statement),
}

/// Print the public keys of the node's bodies (made at the first use), to hand in to the anchor
#[derive(Debug, clap::Args)]
struct Keys {
    /// The node's folder
    #[arg(long)]
    dir: PathBuf,
}

/// Sign an offer as its provider and print it (a line for the statement's `offers`)
#[derive(Debug, clap::Args)]
struct Signing {
    /// The offer as JSON
    file: PathBuf,
    /// The node's folder
    #[arg(long)]
    dir: PathBuf,
}

/// Sign the federation's statement as its anchor and print it (GET /federation of the anchor's node serves it)
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example, on the anchor's node (its node.toml says [federation] file = \"published.jws\"):
  samverk federation sign federation.json --dir . > new.jws && mv new.jws published.jws

issued_at and expires_at in the file are replaced: now, and now plus --days.")]
struct Statement {
    /// The statement as JSON: name, anchor, bodies with their keys, offers, adoptions
    file: PathBuf,
    /// The node's folder
    #[arg(long)]
    dir: PathBuf,
    /// How long it holds without the anchor
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=90))]
    days: u16,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let text = match &args.command {
        Command::Keys(args) => keys(&args.dir)?,
        Command::Offer(args) => offer(args)?,
        Command::Sign(args) => sign(args, Timestamp::now())?,
    };
    println!("{text}");
    Ok(ExitCode::SUCCESS)
}

fn keys(dir: &Path) -> anyhow::Result<String> {
    let config = Config::read(dir)?;
    let bodies = config
        .bodies
        .iter()
        .map(|body| {
            let keys = BodyKeys::load_or_generate(dir, &body.id, |bytes| Chance::System.fill(bytes))?;
            Ok(json!({ "id": body.id, "node": config.base_url, "keys": keys.public_jwks() }))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(format!("{:#}", json!(bodies)))
}

fn offer(args: &Signing) -> anyhow::Result<String> {
    let offer: Offer = read(&args.file)?;
    let keys = keys_of(&args.dir, &offer.provider)?;
    Ok(contract::sign_offer(&offer, &keys)?)
}

fn sign(args: &Statement, now: Timestamp) -> anyhow::Result<String> {
    let mut statement: Federation = read(&args.file)?;
    statement.issued_at = Timestamp::from_second(now.as_second())?;
    statement.expires_at = statement.issued_at + SignedDuration::from_hours(24 * i64::from(args.days));
    let keys = keys_of(&args.dir, &statement.anchor)?;
    Ok(federation::sign(&statement, &keys)?)
}

fn keys_of(dir: &Path, body: &BodyId) -> anyhow::Result<BodyKeys> {
    let config = Config::read(dir)?;
    if config.body(body).is_none() {
        bail!("{body} is not a body of the node in {}", dir.display());
    }
    Ok(BodyKeys::load(dir, body)?)
}

fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let unreadable = || format!("{} could not be read", path.display());
    if std::fs::metadata(path).with_context(unreadable)?.len() > FILE_BYTES_MAX {
        bail!("{} is larger than {FILE_BYTES_MAX} bytes", path.display());
    }
    let text = std::fs::read_to_string(path).with_context(unreadable)?;
    serde_json::from_str(&text).with_context(|| format!("{} is not the JSON that is signed here", path.display()))
}

/// The federation with what its bodies have published, signatures checked: what `samverk check --federation` proves against.
pub fn published_terms(file: &Path, anchor: Option<&str>) -> anyhow::Result<PublishedTerms> {
    let text = folder::read_one(file)?.text;
    let now = jiff::Timestamp::now();
    let view = match anchor {
        Some(anchor) => FederationView::verify(text.trim(), &Anchor::parse(anchor)?, now),
        None => FederationView::unpinned(text.trim(), now),
    }
    .with_context(|| format!("{} is not a federation's statement that holds", file.display()))?;
    for refused in view.refused() {
        eprintln!("samverk: left out of {}: {refused}", file.display());
    }
    Ok(PublishedTerms {
        federation: view.federation().clone(),
        offers: view.offers().map(|(_, offer)| offer.it.clone()).collect(),
        adoptions: view.adoptions().map(|adoption| adoption.it.clone()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::federation::tests::{now, world};
    use crate::trust::federation::{Anchor, FederationView};

    #[test]
    fn an_anchor_signs_what_bodies_have_handed_in() {
        let dir = tempfile::tempdir().unwrap();
        let config = r#"
            name = "ankaret"
            base_url = "https://ankaret.example"
            listen = "127.0.0.1:0"
            [[bodies]]
            id = "ankaret"
            name = "Ankaret"
            name_en = "The anchor"
        "#;
        std::fs::write(dir.path().join("node.toml"), config).unwrap();
        let printed: serde_json::Value = serde_json::from_str(&keys(dir.path()).unwrap()).unwrap();
        let mut statement = world().federation;
        statement.bodies[0].keys = serde_json::from_value(printed[0]["keys"].clone()).unwrap();
        let file = dir.path().join("federation.json");
        std::fs::write(&file, serde_json::to_vec(&statement).unwrap()).unwrap();
        let args = Statement {
            file: file.clone(),
            dir: dir.path().to_owned(),
            days: 2,
        };
        let jws = sign(&args, now()).unwrap();
        let anchor = Anchor::parse(&printed[0]["keys"][0].to_string()).unwrap();
        let view = FederationView::verify(&jws, &anchor, now()).unwrap();
        assert_eq!(view.federation().expires_at, now() + SignedDuration::from_hours(48));
        assert_eq!(view.offers().count(), 1);

        // Another's offer is not ours to sign.
        let offer_file = dir.path().join("offer.json");
        std::fs::write(
            &offer_file,
            serde_json::to_vec(&crate::trust::federation::tests::offer()).unwrap(),
        )
        .unwrap();
        let args = Signing {
            file: offer_file,
            dir: dir.path().to_owned(),
        };
        assert!(offer(&args).unwrap_err().to_string().contains("not a body of the node"));
    }
}
