//! In a real Chromium: the pages about a service, the author's preview of one, and what case workers and the party see when an
//! application is refused.
//!
//! As [`browser.rs`](browser.rs): accessible at every width, walked with the keyboard alone, usable without JavaScript.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::path::Path;

use common::applicant::{self, Scenario};
use common::browser::{self, Browser, Scripts};
use common::looking::{GOES_BADLY, GOES_WELL, fill_in, follow, links, look, none, until};
use common::nodes::Federation;
use common::paper;
use fantoccini::Locator;

mod common;

/// Things to do in one case, one after the other.
const TURNS_MAX: usize = 20;
/// How often an act may be refused because the case has moved on since its page was opened.
const REFUSED_MAX: usize = 3;

#[tokio::test]
async fn the_pages_about_a_service_are_accessible_in_both_languages() {
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    let federation = Federation::start().await;
    let (portal, service) = (federation.world.url(&federation.portal()), federation.service());
    let mut faults = Vec::new();
    for lang in ["sv", "en"] {
        for (name, address) in [
            ("services", format!("{portal}/tjanster")),
            ("service", service.clone()),
            ("versions", format!("{service}/versioner")),
            ("todays-forms", format!("{service}/blanketter")),
            ("rule-of-outcomes", format!("{service}/regler/serveringstillst%C3%A5nd")),
            ("rule-of-a-fact", format!("{service}/regler/gasol.beh%C3%B6vs")),
            ("effects", format!("{portal}/effekter/starta-restaurang")),
        ] {
            look(
                &browser,
                &format!("{name}-{lang}"),
                &format!("{address}?lang={lang}"),
                &mut faults,
            )
            .await;
        }
    }
    // The paper form is in Swedish for everybody.
    for slug in ["starta-restaurang", "parkeringstillstand", "bilda-aktiebolag"] {
        browser.goto(&format!("{portal}/tjanster/{slug}/blankett")).await;
        faults.extend(browser.is_sound_alone(&format!("paper-{slug}")).await);
    }
    // From the start page to the catalogue, a service's versions, today's forms and back to the service.
    browser.goto(&format!("{portal}/?lang=sv")).await;
    for (link, there) in [
        ("main a[href=\"/tjanster\"]", "/tjanster"),
        (
            "main a[href$=\"starta-restaurang/versioner\"]",
            "/tjanster/starta-restaurang/versioner",
        ),
        (
            "main a[href$=\"/blanketter\"]",
            "/tjanster/starta-restaurang/blanketter",
        ),
        (
            "main a[href=\"/tjanster/starta-restaurang\"]",
            "/tjanster/starta-restaurang",
        ),
        ("main a[href$=\"/versioner\"]", "/tjanster/starta-restaurang/versioner"),
    ] {
        follow(&browser, link).await;
        assert_eq!(browser.path().await, there);
    }
    browser.goto(&format!("{portal}/tjanster/finns-inte/versioner")).await;
    faults.extend(browser.is_sound("no-such-service").await);
    browser.close().await;
    none(&faults);
}

/// A copy of a service, to change.
fn copied(slug: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs").join(slug);
    for file in samverk_author::folder::read(&from).unwrap() {
        let to = folder.path().join(&file.path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, file.text).unwrap();
    }
    folder
}

#[tokio::test]
async fn an_author_sees_every_page_of_the_preview_and_it_follows_the_files() {
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    let folder = copied("starta-restaurang");
    let preview = samverk::preview::start(folder.path(), 0).await.unwrap();
    let mut faults = Vec::new();
    for view in samverk_author::preview::View::ALL {
        let (name, address) = (
            format!("preview-{view:?}"),
            format!("{}{}", preview.address, view.path()),
        );
        browser.goto(&address).await;
        faults.extend(browser.is_sound(&name).await);
    }
    // By keyboard: another answer, and the question that it brings.
    browser.goto(&format!("{}?exempel=0", preview.address)).await;
    let tobacco = "main input[name=\"svar.verksamhet.även-val1\"]";
    assert!(
        browser.client.find(Locator::Css(tobacco)).await.is_ok(),
        "several choices are boxes"
    );
    browser.tab_to("main input[name=\"svar.gas.inne\"]").await;
    browser.select_all().await;
    browser.type_in("två").await;
    browser.enter().await;
    assert!(
        browser.text_of("main .preview-error").await.contains("tal"),
        "what is wrong is said at the field"
    );
    faults.extend(browser.is_sound("preview-with-a-mistake").await);
    // A slip in the file: the page comes anew by itself, says what is wrong, and shows the service as it last could be read.
    let file = folder.path().join("tjanst.md");
    let good = std::fs::read_to_string(&file).unwrap();
    let page = browser.client.find(Locator::Css("html")).await.unwrap();
    std::fs::write(&file, good.replace("## Steg", "## Stegg")).unwrap();
    browser.until_gone(page).await;
    assert!(browser.text_of(".preview-state").await.contains("senast gick att läsa"));
    assert!(
        browser
            .client
            .find(Locator::Css("main input[name=\"svar.gas.inne\"]"))
            .await
            .is_ok()
    );
    faults.extend(browser.is_sound("preview-broken").await);
    follow(&browser, ".preview-findings a").await;
    assert!(
        browser.client.find(Locator::Css("main li:target")).await.is_ok(),
        "the finding leads to its line"
    );
    faults.extend(browser.is_sound("preview-broken-document").await);
    browser.close().await;

    // Without JavaScript it is the same page, which says that it must be loaded by hand.
    let Some(plain) = browser::open(Scripts::Off).await else {
        return;
    };
    plain.goto(&preview.address).await;
    assert!(plain.text_of("noscript").await.contains("Ladda om den"));
    std::fs::write(&file, good).unwrap();
    until(&plain, ".preview-state:not(.preview-state--wrong)").await;
    plain.tab_to("main form.preview-picker button").await;
    plain.enter().await;
    plain.close().await;
    none(&faults);
}

#[tokio::test]
async fn a_refusal_is_prepared_answered_decided_and_read_with_the_keyboard_alone() {
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    let federation = Federation::start().await;
    let scenario = Scenario::read(include_str!("scenarios/avslag-tva-grunder.md"));
    let mut quick = samverk::demo::browser::Browser::new().unwrap();
    let draft = paper::draft(&mut quick, &federation.service(), &scenario)
        .await
        .unwrap();
    let portal = federation.world.url(&federation.portal());
    let receipt = paper::submit(&mut quick, &portal, &draft, &scenario).await.unwrap();
    let id = receipt.path().rsplit('/').next().unwrap().to_owned();
    let (board, police) = (
        federation.world.url("exempelkommun-a"),
        federation.world.url("polisdistriktet"),
    );
    let (case_worker, secretary, officer) = ("198504092381", "197307109293", "198109162399");
    let mut faults = Vec::new();

    // The case worker asks the police, who has nothing against it.
    to_case(&browser, &board, case_worker).await;
    let case = browser.path().await;
    work(&browser, "refer", Some("remiss"), &GOES_WELL, &mut faults).await;
    browser.close().await;
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    to_case(&browser, &police, officer).await;
    faults.extend(browser.is_sound("opinion").await);
    fill_in(&browser, "main form", &GOES_WELL).await;
    browser.tab_to("main form button[type=submit]").await;
    browser.enter().await;
    browser.close().await;

    // Nothing speaks for it: assessed, drafted, and the party is heard.
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    applicant::log_in(&browser, &format!("{board}{case}"), case_worker).await;
    until(&browser, "main .needs form").await;
    work(&browser, "refuse", None, &GOES_BADLY, &mut faults).await;
    for act in links(&browser, "main a[href*=\"/gor/\"], aside a[href*=\"/gor/\"]").await {
        let doing = act.rsplit('/').next().unwrap_or_default().to_owned();
        look(
            &browser,
            &format!("refuse-{doing}"),
            &format!("{board}{act}"),
            &mut faults,
        )
        .await;
    }
    browser.close().await;

    // The party answers.
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    let person = scenario.of("person.pnr");
    applicant::log_in(&browser, &format!("{portal}/mina/{id}"), person).await;
    until(&browser, "main a[href*=\"/svara/\"]").await;
    faults.extend(browser.is_sound("matter-with-a-question").await);
    follow(&browser, "main a[href*=\"/svara/\"]").await;
    faults.extend(browser.can_be_walked("reply").await);
    faults.extend(browser.is_sound("reply").await);
    browser.tab_to("main form button[type=submit]").await;
    browser.enter().await;
    faults.extend(browser.is_sound("reply-with-a-mistake").await);
    browser.tab_to("#ord").await;
    browser.type_in("Skulden betalas i januari.").await;
    browser.tab_to("main form button[type=submit]").await;
    browser.enter().await;
    faults.extend(browser.is_sound("reply-sent").await);
    browser.close().await;

    // The board has decided: its secretary writes it down.
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    applicant::log_in(&browser, &format!("{board}{case}"), secretary).await;
    until(&browser, "main .needs input[name=\"paragraf\"]").await;
    faults.extend(browser.is_sound("board").await);
    browser.tab_to("main .needs button[type=submit]").await;
    browser.enter().await;
    faults.extend(browser.is_sound("board-with-a-mistake").await);
    browser.tab_to("main input[name=\"paragraf\"]").await;
    browser.type_in("§ 142").await;
    browser.tab_to("main form button[type=submit]").await;
    browser.enter().await;
    faults.extend(browser.is_sound("board-decided").await);
    browser.close().await;

    // Who applied reads why, and how to appeal.
    let Some(browser) = browser::open(Scripts::On).await else {
        return;
    };
    applicant::log_in(&browser, &format!("{board}/post"), person).await;
    until(&browser, "main a[href^=\"/post/\"]").await;
    let mut appeals = 0;
    for (n, letter) in links(&browser, "main a[href^=\"/post/\"]").await.iter().enumerate() {
        look(
            &browser,
            &format!("refused-letter-{n}"),
            &format!("{board}{letter}"),
            &mut faults,
        )
        .await;
        appeals += usize::from(browser.text_of("main").await.contains("§ 142"));
    }
    assert_eq!(appeals, 1, "the refusal has come");
    browser
        .goto(&format!(
            "{board}/tjanster/starta-restaurang/regler/serveringstillst%C3%A5nd"
        ))
        .await;
    faults.extend(browser.is_sound("rule-behind-the-refusal").await);
    browser.close().await;
    none(&faults);
}

/// Logs in at a body and opens the first case of its queue.
async fn to_case(browser: &Browser, base: &str, number: &str) {
    applicant::log_in(browser, &format!("{base}/handlaggning"), number).await;
    until(browser, "main tbody a[href^=\"/handlaggning/\"]").await;
    follow(browser, "main tbody a[href^=\"/handlaggning/\"]").await;
}

/// Does the one thing to do until nothing is to be done, or until the acts named have been done. A case may move on by itself
/// after its page was opened; then what was tried is told, and the page is opened again.
async fn work(browser: &Browser, name: &str, until_done: Option<&str>, likes: &[&str], faults: &mut Vec<String>) {
    let mut refused = 0;
    for turn in 0..TURNS_MAX {
        let form = "main .needs form";
        let Ok(found) = browser.client.find(Locator::Css(form)).await else {
            return;
        };
        let act = found.attr("action").await.unwrap().unwrap_or_default();
        let (case, doing) = act.split_once("/gor/").unwrap_or((&act, ""));
        fill_in(browser, form, likes).await;
        browser.tab_to(&format!("{form} button[type=submit]")).await;
        browser.enter().await;
        faults.extend(browser.is_sound(&format!("work-{name}-{turn}")).await);
        let mistakes = browser.client.find_all(Locator::Css(".error-summary")).await.unwrap();
        if let Some(mistake) = mistakes.first() {
            refused += 1;
            assert!(
                refused <= REFUSED_MAX,
                "{name}, {doing}: {}",
                mistake.text().await.unwrap()
            );
            let here = browser.client.current_url().await.unwrap();
            browser.goto(here.join(case).unwrap().as_str()).await;
        } else if until_done == Some(doing) {
            return;
        }
    }
    panic!("{name} has not come to an end after {TURNS_MAX} turns");
}
