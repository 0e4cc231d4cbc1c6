//! What the browser tests do on pages, whoever they are: look, follow, wait, fill in.

use std::time::{Duration, Instant};

use fantoccini::Locator;

use super::applicant;
use super::browser::Browser;

/// An automatic decision takes seconds; a busy machine may need more.
const COMES_WITHIN: Duration = Duration::from_secs(60);
/// What a case worker chooses where all goes well, and where it does not.
pub const GOES_WELL: [&str; 3] = ["ja", "bifall", "ingen erinran"];
pub const GOES_BADLY: [&str; 3] = ["nej", "avslag", "ingen erinran"];

pub fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// What every page must be, and that it can be walked by keyboard.
pub async fn look(browser: &Browser, name: &str, address: &str, faults: &mut Vec<String>) {
    browser.goto(address).await;
    faults.extend(browser.can_be_walked(name).await);
    faults.extend(browser.is_sound(name).await);
}

/// Loads the page again until it has what is wanted.
pub async fn until(browser: &Browser, css: &str) {
    let began = Instant::now();
    while browser.client.find(Locator::Css(css)).await.is_err() {
        assert!(
            began.elapsed() < COMES_WITHIN,
            "{css} does not come on {}",
            browser.path().await
        );
        tokio::time::sleep(Duration::from_millis(250)).await;
        browser.client.refresh().await.unwrap();
    }
}

/// Goes where the first of these links leads, by keyboard.
pub async fn follow(browser: &Browser, css: &str) {
    browser.tab_to(css).await;
    browser.enter().await;
}

/// Addresses of links on the page, each once.
pub async fn links(browser: &Browser, css: &str) -> Vec<String> {
    let mut addresses = Vec::new();
    for link in browser.client.find_all(Locator::Css(css)).await.unwrap() {
        let address = link.attr("href").await.unwrap().unwrap_or_default();
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// Chooses the first of what is liked that is there, else the first, and gives a reason wherever one is wanted.
pub async fn fill_in(browser: &Browser, form: &str, likes: &[&str]) {
    for group in applicant::names(browser, &format!("{form} input[type=radio]")).await {
        let mut value = None;
        for radio in browser
            .client
            .find_all(Locator::Css(&format!("{form} input[name=\"{group}\"]")))
            .await
            .unwrap()
        {
            let own = radio.attr("value").await.unwrap().unwrap_or_default();
            if value.is_none() || likes.contains(&own.as_str()) {
                value = Some(own);
            }
        }
        applicant::choose(browser, &group, &value.unwrap_or_default()).await;
    }
    for area in applicant::names(browser, &format!("{form} textarea")).await {
        let css = format!("{form} textarea[name=\"{area}\"]");
        let there = browser
            .client
            .find(Locator::Css(&css))
            .await
            .unwrap()
            .prop("value")
            .await
            .unwrap();
        if there.unwrap_or_default().is_empty() {
            browser.tab_to(&css).await;
            browser.type_in("Inget talar emot.").await;
        }
    }
}
