//! `samverk case act`: any act of the law's procedure in a case, from a file. For what the pages do not reach: withdrawal and
//! appeal on paper, a request that the case be decided, correction and change, disposal. `samverk case export`: the cases under
//! way of one version, for `samverk check --against OLD --cases FILE`. The node may be running.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use samverk_author::against::Case;
use samverk_domain::case::act::Act;
use samverk_domain::fact::{Facts, Known, Name, Value};
use samverk_domain::terms::BodyId;
use samverk_store::cases as rows;

use crate::cases::act::{Words, act, finish};
use crate::cases::file::{Open, Stopped};
use crate::cases::proceed;
use crate::config::Config;
use crate::node::{Node, Surroundings};
use crate::trust::current;

/// An act is a few kilobytes; the procedure refuses larger ones.
const ACT_BYTES_MAX: u64 = 256 * 1024;

/// Do something in a case that its pages do not reach, or hand out cases under way for a comparison of versions
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Act(ActArgs),
    Export(ExportArgs),
}

/// Do one act of the law's procedure; the diary, letters and the host follow as from a page
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples of FILE:
  {\"act\": \"withdraw\", \"party\": \"sökanden\"}
  {\"act\": \"request_decision\", \"party\": \"sökanden\"}
  {\"act\": \"appeal_received\", \"party\": \"sökanden\", \"at\": \"to_this_body\"}
  {\"act\": \"correct\", \"by\": \"Karin Öberg, ordförande\", \"what\": \"Adressen ska vara Storgatan 4.\"}")]
struct ActArgs {
    /// The node's folder
    #[arg(long)]
    dir: PathBuf,
    /// The body whose case it is
    #[arg(long)]
    body: String,
    /// The diary number
    number: String,
    /// The act as JSON
    file: PathBuf,
    /// What the party is told, where the act makes a letter
    #[arg(long, default_value = "")]
    words: String,
    /// Who signs the letter, by name and post
    #[arg(long)]
    by: Option<String>,
}

/// Write the cases under way of one version of a service, for `samverk check --against OLD --cases FILE`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  samverk case export --dir DIR --body exempelkommun-a.socialnamnden --service starta-restaurang \\
      --of-version 2 --to arenden.json
  samverk check NEW --against OLD --cases arenden.json

The file holds what applicants and registers have said, but no free text and no attachments. Only its owner may read it;
take it away when the comparison is done.")]
struct ExportArgs {
    /// The node's folder
    #[arg(long)]
    dir: PathBuf,
    /// The body whose cases they are
    #[arg(long)]
    body: String,
    /// The service, by its name in `tjänst:`
    #[arg(long)]
    service: String,
    /// The version that the cases began in
    #[arg(long, value_name = "NUMBER")]
    of_version: u32,
    /// Where to write; a file that is there already is left alone
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("the runtime could not be started")?;
    match &args.command {
        Command::Act(args) => runtime.block_on(perform(args)),
        Command::Export(args) => runtime.block_on(export(args)),
    }
}

async fn opened(dir: &Path) -> anyhow::Result<Arc<Node>> {
    let config = Config::read(dir)?;
    let node = Node::open(dir, config, Surroundings::default())?;
    if let Err(why) = current::refresh(&node).await {
        tracing::warn!(%why, "the kept copy of the federation's statement is used");
    }
    Ok(node)
}

async fn export(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let body = BodyId::parse(&args.body)?;
    let service = Name::parse(&args.service).with_context(|| format!("{} is no service's name", args.service))?;
    let node = opened(&args.dir).await?;
    if !node.keys.contains_key(&body) {
        bail!(
            "{body} is not on this node; its bodies stand in {}",
            args.dir.join("node.toml").display()
        );
    }
    if node.library.version(&service, args.of_version).is_none() {
        bail!("{service} version {} is not on this node", args.of_version);
    }
    let (own, version) = (Arc::clone(&node), args.of_version);
    let read: Result<Vec<Case>, Stopped> = node
        .store
        .run("cases.export", move |tx| {
            let mut all = Vec::new();
            for id in rows::under_way_before(tx, &body, service.as_str(), version.saturating_add(1))? {
                let Some(open) = Open::read(tx, &own, &id)?.filter(|open| open.row.version == version) else {
                    continue;
                };
                let day = proceed::system(&own, &body, &open.row.pack).at.day;
                let examined = open.examine(&own, day)?;
                all.push(Case {
                    number: open.diary_number().to_owned(),
                    step: open.step_name().clone(),
                    facts: for_tables(examined.facts),
                    setting: examined.setting,
                });
            }
            Ok(all)
        })
        .await;
    let cases = read.map_err(|why| anyhow::anyhow!("{why}"))?;
    let json = serde_json::to_vec_pretty(&cases)?;
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&args.to).with_context(|| args.to.display().to_string())?;
    file.write_all(&json).with_context(|| args.to.display().to_string())?;
    super::print(&format!("{}: {} cases under way\n", args.to.display(), cases.len()))?;
    Ok(ExitCode::SUCCESS)
}

/// Without what no table reads: free text and files.
fn for_tables(mut facts: Facts) -> Facts {
    let is_read = |known: &Known<Value>| !matches!(known, Known::Value(Value::Text(_) | Value::Attachment(_)));
    facts.known.retain(|_, known| is_read(known));
    for item in facts.lists.values_mut().flatten() {
        item.retain(|_, known| is_read(known));
    }
    facts
}

async fn perform(args: &ActArgs) -> anyhow::Result<ExitCode> {
    let body = BodyId::parse(&args.body)?;
    let size = std::fs::metadata(&args.file).with_context(|| args.file.display().to_string())?;
    if size.len() > ACT_BYTES_MAX {
        bail!("{}: it is larger than {ACT_BYTES_MAX} bytes", args.file.display());
    }
    let text = std::fs::read_to_string(&args.file).with_context(|| args.file.display().to_string())?;
    let doing: Act = serde_json::from_str(&text).with_context(|| format!("{} is not an act", args.file.display()))?;
    let node = opened(&args.dir).await?;
    let (own, number, words, by) = (
        Arc::clone(&node),
        args.number.clone(),
        args.words.clone(),
        args.by.clone(),
    );
    let done: Result<String, Stopped> = node
        .store
        .run("cases.command", move |tx| {
            let row = rows::by_diary_number(tx, &body, &number)?.ok_or(Stopped::NoCase)?;
            let mut open = Open::of(&own, row)?;
            let ctx = proceed::system(&own, &body, &open.row.pack);
            let said = Words {
                text: &words,
                by: by.as_deref(),
                ..Words::default()
            };
            act(&ctx, tx, &own, &mut open, &doing, &said)?;
            finish(&ctx, tx, &own, &mut open)?;
            Ok(open.file.case.state().label().to_owned())
        })
        .await;
    match done {
        Ok(state) => {
            super::print(&format!("{}: {state}\n", args.number))?;
            Ok(ExitCode::SUCCESS)
        }
        // What the law does not allow is an answer and no fault.
        Err(Stopped::NotAllowed(why)) => {
            let law = why.law().map_or_else(String::new, |law| format!(" ({law})"));
            super::print(&format!("{}: {why}{law}\n", args.number))?;
            Ok(ExitCode::FAILURE)
        }
        Err(why) => bail!("{why}"),
    }
}
