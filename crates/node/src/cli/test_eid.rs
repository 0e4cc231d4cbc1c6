//! `samverk test-eid`: runs the test e-legitimation until it is asked to stop.

use std::path::PathBuf;
use std::process::ExitCode;

use tokio::sync::watch;

use crate::test_eid::TestEid;

/// Run a test e-legitimation: an OpenID provider for tests and demonstrations, never for real people
#[derive(Debug, clap::Args)]
#[command(after_help = "\
With --dir: DIR holds test-eid.toml (issuer, listen, clients); the key is made beside it at the first start.
With --port: any client whose redirect address is on this machine, and a new key each time.
When it listens, one line with its address is written on standard output.")]
pub struct Args {
    /// Its folder
    #[arg(long, conflicts_with = "port", required_unless_present = "port")]
    dir: Option<PathBuf>,
    /// A port on 127.0.0.1
    #[arg(long)]
    port: Option<u16>,
    /// Stop also when standard input closes: whoever started the process is gone
    #[arg(long, hide = true)]
    until_stdin_closes: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    super::log_to_stderr();
    super::on_runtime(async {
        let eid = TestEid::open(args.dir.as_deref(), args.port.unwrap_or_default())?;
        let (stop, stopped) = watch::channel(false);
        let (address, served) = eid.serve(stopped).await?;
        super::serve::announce(&format!("http://{address}"));
        super::serve::until_stopped(args.until_stdin_closes).await;
        stop.send_replace(true);
        served.await?;
        Ok(ExitCode::SUCCESS)
    })
}
