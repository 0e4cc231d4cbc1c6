//! A person who applies by plain HTTP, as a browser without JavaScript does: fast enough to do it many times.

use samverk::demo::browser::{Browser, Filling, Form, Kind, NotShown, Page};

use super::applicant::Scenario;

/// Pages of one journey. A longer one goes in circles.
const PAGES_MAX: usize = 150;

/// Starts a draft at the service's address and answers everything. Gives the draft's id; what is left is to submit.
pub async fn draft(browser: &mut Browser, service: &str, scenario: &Scenario) -> Result<String, NotShown> {
    let mut page = browser.open(&format!("{service}/borja")).await?;
    for _ in 0..PAGES_MAX {
        let path = page.path();
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        page = match parts.as_slice() {
            ["authorize"] => identify(browser, &page, scenario).await?,
            ["utkast", id] => return Ok((*id).to_owned()),
            ["utkast", id, "fraga", list] if !page.has("main form:not([action*=\"/lista/\"])") => {
                let there = page.texts("main tbody tr").len();
                if there < scenario.things(list) {
                    let to = format!("/utkast/{id}/fraga/{list}?post={there}");
                    browser.follow(&page, &to).await?
                } else {
                    browser.follow(&page, &format!("/utkast/{id}/nasta")).await?
                }
            }
            ["foretrad"] | ["utkast", _, "uppgifter"] | ["utkast", _, "fraga", _] => {
                let form = form(&page)?;
                let filling = fill(&form, scenario);
                browser.send(&page, &form, &filling, None).await?
            }
            _ => panic!("{path}: {}", page.heading()),
        };
        if let Some(error) = page.error() {
            panic!("{path} leads to {}: {error}", page.path());
        }
    }
    panic!("{service} asks on and on");
}

/// Submits a draft. Gives the page that came: the receipt, if all went well.
pub async fn submit(browser: &mut Browser, portal: &str, id: &str, scenario: &Scenario) -> Result<Page, NotShown> {
    let page = browser.open(&format!("{portal}/utkast/{id}/kontrollera")).await?;
    let page = match page.path().as_str() {
        "/authorize" => identify(browser, &page, scenario).await?,
        _ => page,
    };
    let form = form(&page)?;
    let page = browser.send(&page, &form, &Filling::default(), None).await?;
    identify(browser, &page, scenario).await
}

/// Opens a page of the person's own, with a login when it is asked for.
pub async fn open(browser: &mut Browser, address: &str, scenario: &Scenario) -> Result<Page, NotShown> {
    let page = browser.open(address).await?;
    match page.path().as_str() {
        "/authorize" => identify(browser, &page, scenario).await,
        _ => Ok(page),
    }
}

async fn identify(browser: &mut Browser, page: &Page, scenario: &Scenario) -> Result<Page, NotShown> {
    let form = form(page)?;
    let mut filling = Filling::default();
    filling.put("nummer", scenario.of("person.pnr"));
    browser.send(page, &form, &filling, Some("godkann")).await
}

/// Changes one answer of a draft.
pub async fn answer(
    browser: &mut Browser,
    portal: &str,
    id: &str,
    fact: &str,
    value: &str,
    scenario: &Scenario,
) -> Result<Page, NotShown> {
    let page = open(browser, &format!("{portal}/utkast/{id}/fraga/{fact}"), scenario).await?;
    let form = form(&page)?;
    let mut filling = Filling::default();
    filling.put(fact, value);
    browser.send(&page, &form, &filling, None).await
}

/// What a draft holds as the answer.
pub async fn answered(
    browser: &mut Browser,
    portal: &str,
    id: &str,
    fact: &str,
    scenario: &Scenario,
) -> Result<String, NotShown> {
    let page = open(browser, &format!("{portal}/utkast/{id}/fraga/{fact}"), scenario).await?;
    let form = form(&page)?;
    Ok(form.field(fact).ok_or_else(|| page.lacks(fact))?.value.clone())
}

fn form(page: &Page) -> Result<Form, NotShown> {
    let forms = page.forms();
    forms.into_iter().last().ok_or_else(|| page.lacks("form"))
}

fn fill(form: &Form, scenario: &Scenario) -> Filling {
    let mut filling = Filling::default();
    for field in form.fields.iter().filter(|field| field.kind != Kind::Hidden) {
        let name = field.name.as_str();
        let date = |suffix: &str, part: usize| {
            let date = name.strip_suffix(suffix)?;
            scenario.answers.get(date)?.split('-').nth(part).map(str::to_owned)
        };
        if name.starts_with("stammer.") {
            filling.put(name, "ja");
        } else if name.starts_with("fel.") {
            continue;
        } else if let Some(fact) = name.strip_suffix("-inga") {
            if scenario.of(fact) == "inga" {
                filling.put(name, &field.value);
            }
        } else if name.rsplit_once("-val").is_some() {
            // Of several choices these scenarios take none.
            continue;
        } else if name == "orgnr" {
            filling.put(name, scenario.of("företag.orgnr"));
        } else if field.kind == Kind::File {
            let file = (scenario.of(name).to_owned(), b"%PDF-1.4\n%%EOF\n".to_vec());
            filling.files.insert(name.to_owned(), file);
        } else if let Some(part) = date("-dag", 2).or_else(|| date("-manad", 1)).or_else(|| date("-ar", 0)) {
            filling.put(name, part);
        } else {
            filling.put(name, scenario.of(name));
        }
    }
    filling
}
