//! Pages in a real Chromium: accessible at every width, usable with the keyboard alone and without JavaScript.
//!
//! Each test starts nodes as child processes and drives Chromium as a person would. What is true of every page is in
//! [`common::browser::Browser::is_sound`].

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use common::applicant::{self, Blind, Looks, Scenario};
use common::browser::{self, Browser, Scripts};
use common::nodes::{self, Federation, Process};

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
    faults.extend(browser.can_be_walked(name).await);
    faults.extend(browser.is_sound(name).await);
}

/// Looks closely at one page of each kind that the journey comes to.
#[derive(Default)]
struct OneOfEach {
    seen: BTreeSet<String>,
    faults: Vec<String>,
}

impl Looks for OneOfEach {
    async fn look(&mut self, browser: &Browser, kind: &str) {
        if self.seen.insert(kind.to_owned()) {
            self.faults.extend(browser.is_sound(kind).await);
        }
    }
}

#[tokio::test]
async fn the_pages_that_every_node_has_are_accessible() {
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    let node = one_node().await;
    browser
        .goto("data:text/html,<h1>A</h1><h1>B</h1><img src=x><p style=width:999px>C")
        .await;
    assert!(
        browser.is_sound("a-bad-page").await.len() >= 4,
        "the checks find faults where there are some"
    );
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

#[tokio::test]
async fn a_restaurant_is_applied_for_with_the_keyboard_alone_and_every_page_on_the_way_is_accessible() {
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    let federation = Federation::start().await;
    let scenario = Scenario::read(include_str!("../demo/scenarios/full.md"));
    let mut looks = OneOfEach::default();
    let id = applicant::apply(&browser, &federation.service(), &scenario, &mut looks).await;
    assert!(looks.seen.len() >= 12, "{id} came by {:?}", looks.seen);
    browser.close().await;
    none(&looks.faults);
}

#[tokio::test]
async fn a_café_is_applied_for_without_javascript() {
    let Some(browser) = browser::open(Scripts::Off).await else {
        return;
    };
    browser
        .goto("data:text/html,<p>off</p><script>document.querySelector('p').textContent = 'on'</script>")
        .await;
    assert_eq!(browser.text_of("p").await, "off");
    let federation = Federation::start().await;
    let scenario = Scenario::read(include_str!("../demo/scenarios/kafe.md"));
    applicant::apply(&browser, &federation.service(), &scenario, &mut Blind).await;
    browser.close().await;
}
