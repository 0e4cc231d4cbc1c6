//! `samverk case act`: any act of the law's procedure in a case, from a file. For what the pages do not reach: withdrawal and
//! appeal on paper, a request that the case be decided, correction and change, disposal. The node may be running.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use samverk_domain::case::act::Act;
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

/// Do something in a case that its pages do not reach
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Act(ActArgs),
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

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Command::Act(args) = &args.command;
    let runtime = tokio::runtime::Runtime::new().context("the runtime could not be started")?;
    runtime.block_on(perform(args))
}

async fn perform(args: &ActArgs) -> anyhow::Result<ExitCode> {
    let body = BodyId::parse(&args.body)?;
    let size = std::fs::metadata(&args.file).with_context(|| args.file.display().to_string())?;
    if size.len() > ACT_BYTES_MAX {
        bail!("{}: it is larger than {ACT_BYTES_MAX} bytes", args.file.display());
    }
    let text = std::fs::read_to_string(&args.file).with_context(|| args.file.display().to_string())?;
    let doing: Act = serde_json::from_str(&text).with_context(|| format!("{} is not an act", args.file.display()))?;
    let config = Config::read(&args.dir)?;
    let node = Node::open(&args.dir, config, Surroundings::default())?;
    if let Err(why) = current::refresh(&node).await {
        tracing::warn!(%why, "the kept copy of the federation's statement is used");
    }
    let (own, number, words, by) = (
        std::sync::Arc::clone(&node),
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
