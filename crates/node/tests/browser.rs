//! Pages in a real Chromium: accessible at every width, usable with the keyboard alone and without JavaScript.
//!
//! Each test starts nodes as child processes and drives Chromium as a person would. What is true of every page is in
//! [`common::browser::Browser::is_sound`].

use std::process::{Command, Stdio};

use common::browser::{self, Browser, Scripts};
use common::nodes::{self, Process};

mod common;

/// One node with two bodies, and its e-legitimation: enough for the pages that every node has.
struct OneNode {
    base: String,
    eid: String,
    _processes: [Process; 2],
    _dir: tempfile::TempDir,
}

/// One of Skatteverket's test numbers.
const STAFF: &str = "198711242399";

async fn one_node() -> OneNode {
    let dir = tempfile::tempdir().unwrap();
    let (listen, eid_listen) = (nodes::free_address(), nodes::free_address());
    let (base, eid) = (format!("http://{listen}"), format!("http://{eid_listen}"));
    let config = format!(
        r#"
        name = "exempelkommun-b"
        base_url = "{base}"
        listen = "{listen}"
        made_up = true
        [eid]
        issuer = "{eid}"
        client_id = "exempelkommun-b"
        [[bodies]]
        id = "exempelkommun-b.miljonamnden"
        name = "Miljönämnden"
        name_en = "The Environmental Committee"
        part_of = "Exempelkommun B"
        kind = "municipal_board"
        theme = "exempelkommun-b"
        [[bodies]]
        id = "raddningsforbundet"
        name = "Räddningsförbundet Exempelbygden"
        name_en = "Exempelbygden Fire and Rescue Association"
        guest = true
        theme = "raddningsforbundet"
        [[bodies.staff]]
        person = "{STAFF}"
        name = "Tor Vikström"
        roles = ["handläggare"]
        "#
    );
    std::fs::write(dir.path().join("node.toml"), config).unwrap();
    let mut provider = Command::new(env!("CARGO_BIN_EXE_samverk"));
    provider
        .args(["test-eid", "--port", &eid_listen.port().to_string()])
        .stdout(Stdio::null());
    let processes = [Process::start(&mut provider), nodes::samverk("serve", dir.path())];
    nodes::until_healthy(&eid, dir.path()).await;
    nodes::until_healthy(&base, dir.path()).await;
    OneNode {
        base,
        eid,
        _processes: processes,
        _dir: dir,
    }
}

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

async fn look(browser: &Browser, name: &str, address: &str, faults: &mut Vec<String>) {
    browser.goto(address).await;
    faults.extend(browser.is_sound(name).await);
}

#[tokio::test]
async fn the_pages_that_every_node_has_are_accessible() {
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    let node = one_node().await;
    let mut faults = Vec::new();
    for (name, path) in [
        ("start", "/"),
        ("start-en", "/?lang=en"),
        ("accessibility", "/tillganglighet?lang=sv"),
        ("personal-data", "/personuppgifter"),
        ("not-found", "/finns-inte"),
        ("log-in", "/logga-in"),
    ] {
        look(&browser, name, &format!("{}{path}", node.base), &mut faults).await;
    }
    look(&browser, "test-eid-about", &node.eid, &mut faults).await;
    browser.close().await;
    none(&faults);
}
