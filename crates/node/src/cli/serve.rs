//! `samverk serve`: runs one node until it is asked to stop.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::node::Node;

/// Run a node from its folder
#[derive(Debug, clap::Args)]
#[command(after_help = "\
DIR holds node.toml; keys, store and federation statement are made beside it at the first start.
The log goes to standard error; RUST_LOG=samverk=debug says more. Stops at ctrl-c or SIGTERM.
When the node listens, one line with its address is written on standard output.")]
pub struct Args {
    /// The node's folder
    #[arg(long)]
    dir: PathBuf,
    /// Stop also when standard input closes: whoever started the process is gone
    #[arg(long, hide = true)]
    until_stdin_closes: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    super::log_to_stderr();
    super::on_runtime(async {
        let running = Node::start(&args.dir).await?;
        announce(&format!("http://{}", running.address));
        until_stopped(args.until_stdin_closes).await;
        running.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// One line for whoever started the process and waits for it to listen.
pub fn announce(address: &str) {
    let mut out = std::io::stdout();
    // Nobody may be reading; the node runs on.
    let _ = writeln!(out, "{address}");
    let _ = out.flush();
}

/// Returns when the process is asked to stop or, if that is wanted, when its standard input closes.
pub async fn until_stopped(until_stdin_closes: bool) {
    let asked = crate::node::asked_to_stop();
    if !until_stdin_closes {
        return asked.await;
    }
    let (closed, is_closed) = tokio::sync::oneshot::channel::<()>();
    // A thread of its own: a read from standard input cannot be given up, and would hold the runtime back.
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        drop(closed);
    });
    tokio::select! {
        () = asked => {}
        _ = is_closed => {}
    }
}
