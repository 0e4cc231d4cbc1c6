//! Pages in a real Chromium: accessible at every width, usable with the keyboard alone and without JavaScript.
//!
//! Each test starts nodes as child processes and drives Chromium as a person would. What is true of every page is in
//! [`common::browser::Browser::is_sound`].

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use common::applicant::{self, Blind, Looks, Scenario};
use common::browser::{self, Browser, Scripts};
use common::looking::{GOES_WELL, fill_in, follow, links, look, none, until};
use common::nodes::{self, Federation, Process};
use common::paper;
use fantoccini::Locator;
use fantoccini::key::Key;
use samverk::demo::player::{Applied, Person, Player};

mod common;

/// One node with two bodies, and its e-legitimation: enough for the pages that every node has.
struct OneNode {
    base: String,
    eid: String,
    _processes: [Process; 2],
    _dir: tempfile::TempDir,
}

/// Things to do in one case, one after the other.
const TURNS_MAX: usize = 12;
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

    fn tries_mistakes(&mut self, kind: &str) -> bool {
        !self.seen.contains(kind)
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
    // Two of our own checks, and what axe finds where it is there.
    let wanted = if std::env::var_os("SAMVERK_AXE").is_some() {
        4
    } else {
        2
    };
    assert!(
        browser.is_sound("a-bad-page").await.len() >= wanted,
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
    let portal = federation.world.url(&federation.portal());
    let id = applicant::apply(&browser, &federation.service(), &scenario, &mut looks).await;
    assert!(looks.seen.len() >= 18, "{:?}", looks.seen);
    let mut faults = looks.faults;

    for (name, path) in [
        ("portal-start", "/".to_owned()),
        ("mine", "/mina".to_owned()),
        ("matter", format!("/mina/{id}")),
        ("insight", "/insyn".to_owned()),
        ("log-out", "/logga-ut".to_owned()),
    ] {
        look(&browser, name, &format!("{portal}{path}"), &mut faults).await;
    }
    let person = scenario.of("person.pnr");
    let register = federation.world.url("bolagsregistret");
    applicant::log_in(&browser, &format!("{register}/insyn"), person).await;
    look(&browser, "insight-register", &format!("{register}/insyn"), &mut faults).await;

    // The food business is registered by itself; its letter explains every sentence.
    let municipality = federation.world.url("exempelkommun-a");
    applicant::log_in(&browser, &format!("{municipality}/post"), person).await;
    until(&browser, "main a[href^=\"/post/\"]").await;
    look(&browser, "mailbox", &format!("{municipality}/post"), &mut faults).await;
    follow(&browser, "main a[href^=\"/post/\"]").await;
    browser.tab_to("main details > summary").await;
    browser.press_key(Key::Return).await;
    assert!(
        browser.client.find(Locator::Css("main details[open]")).await.is_ok(),
        "Varför? opens with Enter"
    );
    faults.extend(browser.is_sound("letter").await);
    look(&browser, "own-cases", &format!("{municipality}/arenden"), &mut faults).await;
    follow(&browser, "main a[href^=\"/arenden/\"]").await;
    faults.extend(browser.is_sound("own-case").await);
    browser.goto(&format!("{portal}/mina/{id}")).await;
    faults.extend(browser.is_sound("matter-decided").await);
    browser.close().await;

    // What staff sees: the queue, one case of each step, and each thing that may be done with it.
    for (number, base, body) in [
        ("198504092381", &municipality, "alcohol"),
        ("198711242399", &federation.world.url("exempelkommun-b"), "gas"),
        ("198008232384", &municipality, "food"),
        ("196805229272", &municipality, "registrar"),
    ] {
        let Some(browser) = browser::open(Scripts::On).await else {
            return;
        };
        applicant::log_in(&browser, &format!("{base}/handlaggning"), number).await;
        look(
            &browser,
            &format!("queue-{body}"),
            &format!("{base}/handlaggning"),
            &mut faults,
        )
        .await;
        let Some(case) = links(&browser, "main a[href^=\"/handlaggning/\"]")
            .await
            .into_iter()
            .next()
        else {
            continue;
        };
        look(&browser, &format!("case-{body}"), &format!("{base}{case}"), &mut faults).await;
        for act in links(&browser, "main a[href*=\"/gor/\"], aside a[href*=\"/gor/\"]").await {
            let doing = act.rsplit('/').next().unwrap_or_default();
            look(
                &browser,
                &format!("case-{body}-{doing}"),
                &format!("{base}{act}"),
                &mut faults,
            )
            .await;
        }
        browser.goto(&format!("{base}{case}")).await;
        if let Some(document) = links(&browser, "main a[href*=\"/handling/\"]").await.into_iter().next() {
            look(
                &browser,
                &format!("case-{body}-document"),
                &format!("{base}{document}"),
                &mut faults,
            )
            .await;
        }
        browser.close().await;
    }
    none(&faults);
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

#[tokio::test]
async fn cases_are_worked_on_and_decided_with_the_keyboard_alone() {
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    let federation = Federation::start().await;
    let scenario = Scenario::read(include_str!("../demo/scenarios/full.md"));
    let mut quick = samverk::demo::browser::Browser::new().unwrap();
    let id = paper::draft(&mut quick, &federation.service(), &scenario)
        .await
        .unwrap();
    let portal = federation.world.url(&federation.portal());
    paper::submit(&mut quick, &portal, &id, &scenario).await.unwrap();
    let mut faults = Vec::new();

    // Gas: assessed and decided by one who may.
    let association = federation.world.url("exempelkommun-b");
    applicant::log_in(&browser, &format!("{association}/handlaggning"), "198711242399").await;
    until(&browser, "main a[href^=\"/handlaggning/\"]").await;
    follow(&browser, "main tbody a[href^=\"/handlaggning/\"]").await;
    work(&browser, "gas", &mut faults).await;
    browser.close().await;

    // Alcohol: the police is asked, and answers.
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    let municipality = federation.world.url("exempelkommun-a");
    applicant::log_in(&browser, &format!("{municipality}/handlaggning"), "198504092381").await;
    until(&browser, "main tbody a[href^=\"/handlaggning/\"]").await;
    follow(&browser, "main tbody a[href^=\"/handlaggning/\"]").await;
    browser.tab_to("main .needs button[type=submit]").await;
    browser.enter().await;
    faults.extend(browser.is_sound("case-referred").await);
    browser.close().await;
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    let police = federation.world.url("polisdistriktet");
    applicant::log_in(&browser, &format!("{police}/handlaggning"), "198109162399").await;
    until(&browser, "main tbody a[href^=\"/handlaggning/\"]").await;
    follow(&browser, "main tbody a[href^=\"/handlaggning/\"]").await;
    faults.extend(browser.is_sound("referral").await);
    fill_in(&browser, "main form", &GOES_WELL).await;
    browser.tab_to("main form button[type=submit]").await;
    browser.enter().await;
    faults.extend(browser.is_sound("referral-answered").await);
    browser.close().await;

    // The person reads the decision.
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    applicant::log_in(&browser, &format!("{association}/post"), scenario.of("person.pnr")).await;
    until(&browser, "main a[href^=\"/post/\"]").await;
    let letters = links(&browser, "main a[href^=\"/post/\"]").await;
    assert!(letters.len() >= 2, "a receipt and a decision: {letters:?}");
    for (n, letter) in letters.iter().enumerate() {
        look(
            &browser,
            &format!("letter-{n}"),
            &format!("{association}{letter}"),
            &mut faults,
        )
        .await;
    }
    browser.close().await;
    none(&faults);
}

/// Does the one thing to do in a case, as long as there is one.
async fn work(browser: &Browser, name: &str, faults: &mut Vec<String>) {
    for turn in 0..TURNS_MAX {
        faults.extend(browser.is_sound(&format!("work-{name}-{turn}")).await);
        let form = "main .needs form";
        if browser.client.find(Locator::Css(form)).await.is_err() {
            let state = browser.text_of(".case-head .tag").await;
            assert_eq!(
                state, "Underrättad om beslutet",
                "nothing is to be done, so the case has been decided"
            );
            return;
        }
        fill_in(browser, form, &GOES_WELL).await;
        browser.tab_to(&format!("{form} button[type=submit]")).await;
        browser.enter().await;
        let mistakes = browser.client.find_all(Locator::Css(".error-summary")).await.unwrap();
        if let Some(mistake) = mistakes.first() {
            panic!("{}", mistake.text().await.unwrap());
        }
    }
    panic!(
        "{name} has not been decided after {TURNS_MAX} turns: {}",
        browser.text_of("main").await
    );
}

#[tokio::test]
async fn several_sign_with_the_keyboard_alone_and_every_page_on_the_way_is_accessible() {
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    let federation = Federation::start().await;
    let text = include_str!("../demo/scenarios/bilda-aktiebolag.md");
    let mut packs = federation.world.packs.iter();
    let pack = packs
        .find(|pack| pack.meta.slug.as_str() == "bilda-aktiebolag")
        .unwrap();
    let scenario = samverk::demo::scenario::Scenario::read(pack, "bilda-aktiebolag.md", text).unwrap();
    let player = Player {
        world: &federation.world,
        pack,
        scenario: &scenario,
    };
    let mut person = Person::new(&scenario.person).unwrap();
    let page = player
        .apply_alone(&mut person, &mut Applied::default(), &mut |_| {})
        .await
        .unwrap();
    let portal = page.url.origin().ascii_serialization();
    let address = format!("{portal}{}", page.path());
    let mut faults = Vec::new();

    applicant::log_in(&browser, &address, &scenario.person).await;
    for (name, path) in [
        ("signing-applicant", address.clone()),
        ("signing-applicant-en", format!("{address}?lang=en")),
        ("signing-take-back", format!("{address}/ta-tillbaka?lang=sv")),
        ("mine-sealed", format!("{portal}/mina")),
    ] {
        look(&browser, name, &path, &mut faults).await;
    }
    browser.close().await;

    let others = scenario.others(pack);
    assert_eq!(others.len(), 2);
    for (n, number) in others.iter().enumerate() {
        let Some(browser) = browser::open(Scripts::On).await else {
            return;
        };
        applicant::log_in(&browser, &format!("{portal}/post"), number).await;
        faults.extend(browser.is_sound(&format!("signing-post-{n}")).await);
        follow(&browser, "main tbody a[href^=\"/post/\"]").await;
        faults.extend(browser.is_sound(&format!("signing-letter-{n}")).await);
        follow(&browser, "main a.button[href^=\"/underskrift/\"]").await;
        faults.extend(browser.is_sound(&format!("signing-{n}")).await);
        if n == 0 {
            look(&browser, "mine-to-sign", &format!("{portal}/mina"), &mut faults).await;
            look(&browser, "signing-decline", &format!("{address}/avsta"), &mut faults).await;
            browser.tab_to("main form button[type=submit]").await;
            browser.enter().await;
            faults.extend(browser.is_sound("signing-decline-mistake").await);
            browser.tab_to(".error-summary a").await;
            browser.press_key(Key::Return).await;
            let focused = browser.client.active_element().await.unwrap();
            assert_eq!(focused.attr("name").await.unwrap().as_deref(), Some("skal"));
            follow(&browser, "main .actions a[href^=\"/underskrift/\"]").await;
        }
        browser.tab_to("main form[action$=\"/skriv-under\"] button").await;
        browser.enter().await;
        assert_eq!(browser.path().await, "/authorize");
        faults.extend(browser.is_sound(&format!("signing-identify-{n}")).await);
        browser.tab_to("#nummer").await;
        browser.type_in(number).await;
        browser.tab_to("button[value=godkann]").await;
        browser.enter().await;
        faults.extend(browser.is_sound(&format!("signing-signed-{n}")).await);
        let heading = browser.text_of("h1").await;
        let wanted = ["Läs och skriv under", "Alla har skrivit under"][n];
        assert_eq!(heading, wanted);
        browser.close().await;
    }
    none(&faults);
}
