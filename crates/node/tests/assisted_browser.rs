//! The assisted and the paper channel in a real Chromium: with the keyboard alone, with and without JavaScript, judged by axe.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use common::applicant;
use common::browser::{self, Browser, Scripts};
use common::nodes::Federation;
use fantoccini::Locator;

mod common;

/// Case worker for parking permits in the planning committee of Exempelkommun A.
const SARA: &str = "197808252386";
/// One of Skatteverket's test numbers, whom nobody in the demonstration has.
const APPLICANT: &str = "195103181870";
/// Questions of one entry. More go in circles.
const QUESTIONS_MAX: usize = 40;

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Looks closely at a page, where scripts may run.
async fn look(browser: &Browser, scripts: Scripts, name: &str, faults: &mut Vec<String>) {
    if scripts == Scripts::On {
        faults.extend(browser.can_be_walked(name).await);
        faults.extend(browser.is_sound(name).await);
    }
}

async fn write(browser: &Browser, name: &str, text: &str) {
    browser.tab_to(&format!("main [name=\"{name}\"]")).await;
    browser.select_all().await;
    browser.type_in(text).await;
}

/// From the queue to the case, with nothing but keys.
async fn enter_a_paper(browser: &Browser, base: &str, scripts: Scripts, faults: &mut Vec<String>) {
    applicant::log_in(browser, &format!("{base}/handlaggning"), SARA).await;
    browser.tab_to("main a[href=\"/handlaggning/papper\"]").await;
    browser.enter().await;
    look(browser, scripts, "paper-start", faults).await;
    browser
        .tab_to("main a[href*=\"samhallsbyggnadsnamnden\"][href*=\"parkeringstillstand\"]")
        .await;
    browser.enter().await;
    look(browser, scripts, "paper-how", faults).await;

    // Nothing is filled in: the summary leads to the fields.
    browser.tab_to("main button[type=submit]").await;
    browser.enter().await;
    let title = browser.client.title().await.unwrap();
    assert!(title.starts_with("Fel:"), "{title}");
    look(browser, scripts, "paper-how-mistake", faults).await;

    let today = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::get("Europe/Stockholm").unwrap());
    applicant::choose(browser, "kanal", "papper").await;
    write(browser, "dag-dag", &today.day().to_string()).await;
    write(browser, "dag-manad", &today.month().to_string()).await;
    write(browser, "dag-ar", &today.year().to_string()).await;
    applicant::choose(browser, "hur", "natt").await;
    let dir = tempfile::tempdir().unwrap();
    let scan = dir.path().join("skannad.pdf");
    std::fs::write(&scan, b"%PDF-1.4\n%%EOF\n").unwrap();
    browser.tab_to("main [name=papper]").await;
    // The window that Space opens belongs to the system; WebDriver chooses the file in its place.
    let file = browser.client.find(Locator::Css("main [name=papper]")).await.unwrap();
    file.send_keys(&scan.display().to_string()).await.unwrap();
    write(browser, "pnr", APPLICANT).await;
    write(browser, "namn", "Test Testsson").await;
    write(browser, "adress", "Exempelgatan 1, 000 01 Exempelstad").await;
    let ticked = browser.client.find(Locator::Css("main [name=steg-0]")).await.unwrap();
    assert!(
        ticked.is_selected().await.unwrap(),
        "the body's only step is ticked beforehand"
    );
    browser.tab_to("main button[type=submit]").await;
    browser.enter().await;

    for turn in 0..=QUESTIONS_MAX {
        let path = browser.path().await;
        if path.ends_with("/kontrollera") {
            break;
        }
        assert!(
            path.contains("/fraga/") && turn < QUESTIONS_MAX,
            "{path}: {}",
            browser.text_of("main").await
        );
        if turn < 3 {
            look(browser, scripts, &format!("paper-question-{turn}"), faults).await;
        }
        if path.ends_with("kontakt.telefon") {
            write(browser, "kontakt.telefon", "0000-12 34 56").await;
            browser.tab_to("main button[type=submit]:not([name])").await;
        } else {
            browser.tab_to("main button[name=oppen]").await;
        }
        browser.enter().await;
    }
    look(browser, scripts, "paper-check", faults).await;
    browser
        .tab_to("main a[href^=\"/handlaggning/papper/\"]:not([href*=fraga])")
        .await;
    browser.enter().await;
    look(browser, scripts, "paper-overview", faults).await;
    browser.tab_to("main a[href$=kontrollera]").await;
    browser.enter().await;
    browser.tab_to("main input[type=checkbox]").await;
    browser.press(' ').await;
    browser.tab_to("main button[type=submit]").await;
    browser.enter().await;
    let page = browser.text_of("main").await;
    assert!(
        page.contains("Hur ansökan kom in") && page.contains("Begär komplettering"),
        "{page}"
    );
    look(browser, scripts, "paper-case", faults).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_is_entered_with_the_keyboard_alone_and_the_pages_are_accessible() {
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    let federation = Federation::start().await;
    let base = federation.world.url("exempelkommun-a");
    let mut faults = Vec::new();
    enter_a_paper(&browser, &base, Scripts::On, &mut faults).await;

    // The completion is asked for; its letter waits to be posted, and its answer to be entered.
    let case = browser.path().await;
    browser.tab_to("main .needs textarea[name=text]").await;
    browser.type_in("Vi behöver resten.").await;
    browser.tab_to("main .needs button[type=submit]").await;
    browser.enter().await;
    browser.tab_to("aside a[href$=inkommet]").await;
    browser.enter().await;
    look(&browser, Scripts::On, "paper-answer", &mut faults).await;
    browser.goto(&format!("{base}/handlaggning/brev")).await;
    look(&browser, Scripts::On, "paper-letters", &mut faults).await;
    browser.tab_to("main form button[type=submit]").await;
    browser.enter().await;
    let page = browser.text_of("main").await;
    assert!(page.contains("Inget brev väntar"), "{page}");
    browser.goto(&format!("{base}{case}")).await;
    assert!(browser.text_of("main").await.contains("Brev postat"));
    browser.close().await;
    none(&faults);

    let Some(browser) = browser::open(Scripts::Off).await else {
        return;
    };
    enter_a_paper(&browser, &base, Scripts::Off, &mut faults).await;
    browser.close().await;
}
