//! Nodes killed in the middle of things: what was acknowledged is there afterwards, once.
//!
//! Always true after `kill -9` and a restart: a submission with a receipt has exactly one case for each of its steps, and a
//! saved draft is there. Each run prints its seed.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::process::{Command, Stdio};

use common::nodes::{self, Process};

mod common;

#[tokio::test]
async fn a_provider_that_was_killed_serves_again_on_its_port() {
    let address = nodes::free_address();
    let dir = tempfile::tempdir().unwrap();
    let base = format!("http://{address}");
    for _ in 0..2 {
        let mut provider = Command::new(env!("CARGO_BIN_EXE_samverk"));
        provider
            .args(["test-eid", "--port", &address.port().to_string()])
            .stdout(Stdio::null());
        let provider = Process::start(&mut provider);
        nodes::until_healthy(&base, dir.path()).await;
        provider.kill();
    }
}
