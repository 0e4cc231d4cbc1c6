//! A person who applies in the browser with the keyboard alone: Tab, Shift, Enter, Space, arrows and letters.
//!
//! Knows the pages only by what they show: it answers the fields that a page has from a scenario, and goes where the page's
//! button leads. Works with and without scripts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fantoccini::Locator;
use fantoccini::key::Key;

use super::browser::Browser;

/// Pages of one journey. A longer one goes in circles.
const PAGES_MAX: usize = 150;

/// What a person knows: values by field name (`gas.inne`, `ägare.pnr[0]`).
pub struct Scenario {
    pub answers: BTreeMap<String, String>,
}

impl Scenario {
    /// Reads the first table of a scenario file.
    pub fn read(text: &str) -> Self {
        let mut answers = BTreeMap::new();
        let rows = text.lines().skip_while(|line| !line.starts_with("| ---")).skip(1);
        for row in rows.take_while(|line| line.starts_with('|')) {
            let mut cells = row.trim_matches('|').splitn(2, '|').map(|cell| cell.trim().to_owned());
            let (Some(name), Some(value)) = (cells.next(), cells.next()) else {
                panic!("{row}")
            };
            answers.insert(field_name(&name), value);
        }
        Self { answers }
    }

    pub fn of(&self, name: &str) -> &str {
        self.answers
            .get(name)
            .unwrap_or_else(|| panic!("the scenario does not answer {name}"))
    }

    /// How many things of a list there are.
    pub fn things(&self, list: &str) -> usize {
        let count = |n: &usize| {
            self.answers
                .keys()
                .any(|key| key.starts_with(&format!("{list}.")) && key.ends_with(&format!("[{n}]")))
        };
        (0..).take_while(count).count()
    }
}

/// `ägare[1].pnr` of a scenario is the field `ägare.pnr[0]`.
fn field_name(name: &str) -> String {
    let parts = name.split_once('[').and_then(|(list, rest)| {
        let (number, column) = rest.split_once("].")?;
        Some((list, number.parse::<usize>().ok()?, column))
    });
    match parts {
        Some((list, number, column)) => format!("{list}.{column}[{}]", number - 1),
        None => name.to_owned(),
    }
}

/// Called on each page before it is answered, with what kind of page it is.
pub trait Looks {
    async fn look(&mut self, browser: &Browser, kind: &str);

    /// Whether to send a question of this kind unanswered first.
    fn tries_mistakes(&mut self, _: &str) -> bool {
        false
    }
}

/// Looks at nothing.
pub struct Blind;

impl Looks for Blind {
    async fn look(&mut self, _: &Browser, _: &str) {}
}

/// From the service's page to the receipt. Gives the receipt's id.
pub async fn apply(browser: &Browser, portal: &str, scenario: &Scenario, looks: &mut impl Looks) -> String {
    let files = tempfile::tempdir().unwrap();
    browser.goto(portal).await;
    looks.look(browser, "service").await;
    browser.tab_to("main a.button").await;
    browser.enter().await;
    for _ in 0..PAGES_MAX {
        let path = browser.path().await;
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["authorize"] => {
                looks.look(browser, "identify").await;
                browser.tab_to("#nummer").await;
                browser.type_in(scenario.of("person.pnr")).await;
                browser.tab_to("button[value=godkann]").await;
            }
            ["foretrad"] => {
                looks.look(browser, "choose").await;
                browser.tab_to("main input[name=orgnr]").await;
                browser.type_in(scenario.of("företag.orgnr")).await;
                browser.tab_to("main button[type=submit]").await;
            }
            ["utkast", _, "uppgifter"] => {
                looks.look(browser, "facts").await;
                let groups = names(browser, "main input[type=radio]").await;
                assert!(!groups.is_empty(), "there are facts to look at");
                for group in groups {
                    choose(browser, &group, "ja").await;
                }
                browser.tab_to("main button[type=submit]").await;
            }
            ["utkast", _, "fraga", _] => {
                answer_question(browser, scenario, files.path().to_owned(), looks).await;
            }
            ["utkast", _] => {
                looks.look(browser, "tasks").await;
                browser.tab_to("main a[href$=kontrollera]").await;
            }
            ["utkast", _, "kontrollera"] => {
                looks.look(browser, "check").await;
                browser.tab_to("main button[type=submit]").await;
            }
            ["inskickat", id] => {
                looks.look(browser, "receipt").await;
                return (*id).to_owned();
            }
            _ => panic!("the journey leads to {path}:\n{}", browser.text_of("main").await),
        }
        browser.enter().await;
        let mistakes = browser
            .client
            .find_all(Locator::Css(".error-summary, .banner--stop"))
            .await
            .unwrap();
        if let Some(mistake) = mistakes.first() {
            panic!("after {path}: {}", mistake.text().await.unwrap());
        }
    }
    panic!("no receipt after {PAGES_MAX} pages");
}

/// Logs in at a node, wherever its address wants it.
pub async fn log_in(browser: &Browser, address: &str, number: &str) {
    browser.goto(address).await;
    assert_eq!(browser.path().await, "/authorize", "{address} asks for a login");
    browser.tab_to("#nummer").await;
    browser.type_in(number).await;
    browser.tab_to("button[value=godkann]").await;
    browser.enter().await;
}

/// Names of fields, each once, in the page's order.
pub async fn names(browser: &Browser, css: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for field in browser.client.find_all(Locator::Css(css)).await.unwrap() {
        if let Some(name) = field.attr("name").await.unwrap()
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// Chooses one of a group of radio buttons as a keyboard does: Tab to the group, arrows within it.
pub async fn choose(browser: &Browser, group: &str, value: &str) {
    let options = format!("main input[type=radio][name=\"{group}\"]");
    let count = browser.client.find_all(Locator::Css(&options)).await.unwrap().len();
    let mut focused = browser.tab_to(&options).await;
    browser.press(' ').await;
    for _ in 0..=count {
        if focused.attr("value").await.unwrap().as_deref() == Some(value) {
            assert!(
                focused.is_selected().await.unwrap(),
                "{group} = {value} has been chosen"
            );
            return;
        }
        browser.press_key(Key::Down).await;
        focused = browser.client.active_element().await.unwrap();
    }
    panic!("{group} has no choice {value}");
}

async fn write(browser: &Browser, css: &str, text: &str) {
    let field = browser.tab_to(css).await;
    if field
        .prop("value")
        .await
        .unwrap()
        .is_some_and(|value| !value.is_empty())
    {
        browser.select_all().await;
    }
    browser.type_in(text).await;
}

/// A page with one question, with a thing of a list, or with the things of a list so far. Ends on the button.
async fn answer_question(browser: &Browser, scenario: &Scenario, files: PathBuf, looks: &mut impl Looks) {
    let own = "main form:not([action*=\"/lista/\"])";
    let fields = names(
        browser,
        &format!("{own} input:not([type=hidden]), {own} textarea, {own} select"),
    )
    .await;
    if fields.is_empty() {
        looks.look(browser, "list").await;
        let path = browser.path().await;
        let list = path.rsplit('/').next().unwrap_or_default();
        let list = percent_decoded(list);
        let there = browser
            .client
            .find_all(Locator::Css("main tbody tr"))
            .await
            .unwrap()
            .len();
        if there < scenario.things(&list) {
            browser.tab_to("main .actions a[href*=\"?post=\"]").await;
        } else {
            browser.tab_to("main .actions a[href$=nasta]").await;
        }
        return;
    }
    let kind = kind_of_question(browser, own, fields.len()).await;
    if looks.tries_mistakes(&kind) {
        browser.tab_to(&format!("{own} button[type=submit]")).await;
        browser.enter().await;
        let title = browser.client.title().await.unwrap();
        assert!(title.starts_with("Fel:"), "{title} says that something is to be mended");
        looks.look(browser, &format!("{kind}-mistake")).await;
        browser.tab_to(".error-summary a").await;
        browser.press_key(Key::Return).await;
        let focused = browser
            .client
            .active_element()
            .await
            .unwrap()
            .attr("name")
            .await
            .unwrap();
        let leads = focused.as_ref().is_some_and(|name| fields.contains(name));
        assert!(leads, "the summary leads to the field and not to {focused:?}");
    }
    looks.look(browser, &kind).await;
    let mut dates: Vec<&str> = Vec::new();
    for name in &fields {
        let css = format!("{own} [name=\"{name}\"]");
        let field = browser.client.find(Locator::Css(&css)).await.unwrap();
        let ty = field.attr("type").await.unwrap().unwrap_or_default();
        if let Some(date) = name.strip_suffix("-dag") {
            dates.push(date);
        }
        match ty.as_str() {
            "checkbox" => {
                let (fact, _) = name.rsplit_once('-').unwrap();
                let is_none = !name.rsplit('-').next().unwrap().starts_with("val");
                let answer = scenario.of(fact);
                let label = browser
                    .text_of(&format!(
                        "{own} label[for=\"{}\"]",
                        field.attr("id").await.unwrap().unwrap()
                    ))
                    .await;
                let is_chosen = match is_none {
                    true => answer == "inga",
                    false => answer
                        .split(", ")
                        .any(|word| label.trim().to_lowercase() == word.to_lowercase()),
                };
                if is_chosen {
                    browser.tab_to(&css).await;
                    browser.press(' ').await;
                }
            }
            "radio" => choose(browser, name, scenario.of(name).split(';').next().unwrap_or_default()).await,
            "file" => {
                browser.tab_to(&css).await;
                let path = files.join(scenario.of(name));
                std::fs::write(&path, b"%PDF-1.4\n%%EOF\n").unwrap();
                // The window that Space opens belongs to the system; WebDriver chooses the file in its place.
                field.send_keys(&path.display().to_string()).await.unwrap();
            }
            _ => match name.rsplit_once('-') {
                Some((date, part @ ("dag" | "manad" | "ar"))) if dates.contains(&date) => {
                    let written: Vec<&str> = scenario.of(date).split('-').collect();
                    let part = match part {
                        "ar" => written[0],
                        "manad" => written[1],
                        _ => written[2],
                    };
                    write(browser, &css, part).await;
                }
                _ => write(browser, &css, scenario.of(name)).await,
            },
        }
    }
    browser.tab_to(&format!("{own} button[type=submit]")).await;
}

/// `question-radio`, `question-file`, `question-item`, …
async fn kind_of_question(browser: &Browser, form: &str, fields: usize) -> String {
    if browser.path().await.contains("fraga")
        && !browser
            .client
            .find_all(Locator::Css("main input[name=post]"))
            .await
            .unwrap()
            .is_empty()
    {
        return "question-item".to_owned();
    }
    let has = async |css: &str| {
        let found = browser.client.find_all(Locator::Css(&format!("{form} {css}"))).await;
        found.is_ok_and(|found| !found.is_empty())
    };
    let kind = if has("input[type=radio]").await {
        "radio"
    } else if has("input[type=checkbox]").await {
        "boxes"
    } else if has("input[type=file]").await {
        "file"
    } else if has("textarea").await {
        "area"
    } else if fields == 3 {
        "date"
    } else {
        "line"
    };
    format!("question-{kind}")
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}
