//! `samverk preview`: the service as its readers will meet it, on a page of one's own.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::preview;

/// Show a service on a local page that changes at each save
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk preview packs/starta-restaurang
  samverk preview min-tjanst --port 7070

Shows the service as the applicant meets it in any example, with answers by hand; the steps with bodies and
deadlines; every table with the rows that hold; a drawing of what rests on what; the letters; the text with
the findings beside it. Only this machine can reach it, at the address that is printed. Stops at ctrl-c.")]
pub struct Args {
    /// The service's folder (the one with tjanst.md)
    path: PathBuf,
    /// The port to listen on; without it one that is free
    #[arg(long, default_value_t = 0)]
    port: u16,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    super::on_runtime(async {
        let preview = preview::start(&args.path, args.port).await?;
        super::serve::announce(&preview.address);
        eprintln!("Öppna adressen i en webbläsare. Sidan laddas om när du sparar. Stäng med ctrl-c.");
        crate::node::asked_to_stop().await;
        let _ = preview.stop.send(true);
        preview.task.abort();
        Ok(ExitCode::SUCCESS)
    })
}
