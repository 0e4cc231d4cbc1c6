//! The paper form of real services: what it asks, what it leaves out, and when something may be left empty.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use samverk_author::blankett::{self, NoForm};
use samverk_author::folder;
use samverk_domain::check::uses;
use samverk_domain::fact::Name;
use samverk_domain::pack::{Pack, Source, parse};

fn pack(slug: &str) -> Pack {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs").join(slug);
    parse::pack(folder::read(&folder).unwrap()).0.unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn written(pack: &Pack) -> String {
    blankett::write(pack, None).unwrap().html
}

/// From the heading to the next one of the same level.
fn section<'h>(html: &'h str, heading: &str) -> &'h str {
    let (_, after) = html.split_once(&format!("<h2>{heading}</h2>")).unwrap();
    after.split("<h2>").next().unwrap()
}

#[test]
fn every_question_of_the_service_stands_on_the_paper_once() {
    for slug in [
        "starta-restaurang",
        "bilda-aktiebolag",
        "parkeringstillstand",
        "serveringsansvariga",
    ] {
        let pack = pack(slug);
        let html = written(&pack);
        let asked = pack.facts.iter().filter(|fact| fact.source.it == Source::Applicant);
        for fact in asked {
            let question = fact.question.as_ref().unwrap().it.as_str();
            // The two days of a period repeat it for those who cannot see the page.
            let shown = html.matches(question).count() - html.matches(&format!("aria-label=\"{question}")).count();
            assert_eq!(shown, 1, "{slug}: {question}");
        }
    }
}

#[test]
fn what_registers_hold_is_listed_as_fetched_and_never_asked() {
    let pack = pack("starta-restaurang");
    let html = written(&pack);
    let fetched = section(&html, "Det här hämtar myndigheten själv");
    assert!(fetched.contains("Bolagsregistret") && fetched.contains("Företagets namn"));
    assert!(fetched.contains("Genom att skriva under godkänner du det"));
    for fact in uses::facts(&pack).filter(|fact| matches!(fact.source.it, Source::Register(_))) {
        if let Some(question) = &fact.question {
            assert!(!html.contains(&question.it), "{}", question.it);
        }
    }
}

#[test]
fn what_is_not_always_needed_says_when_in_words_and_what_decides_it_is_always_filled_in() {
    let html = written(&pack("starta-restaurang"));
    let serving = section(&html, "Servering av alkohol");
    assert!(serving.contains("Fylls i bara om svaret på fråga"), "{serving}");
    let (deciding, _) = serving.split_once("2. ").unwrap_or((serving, ""));
    assert!(
        !deciding
            .split("Ska ni servera")
            .next()
            .unwrap()
            .contains("Fylls i bara")
    );
    assert!(!section(&html, "Verksamheten").contains("Fylls i bara"));
    let first = section(&html, "Vad som behövs och vem som får det");
    assert!(first.contains("Ni ska ha mer än 2 liter gasol"), "{first}");
}

#[test]
fn a_form_of_one_step_asks_only_for_that_step_and_without_conditions() {
    let pack = pack("starta-restaurang");
    let html = blankett::write(&pack, Some(&name("kassaregister"))).unwrap().html;
    assert!(html.contains("Tillverkningsnummer") && !html.contains("Vad ska ni tillaga"));
    assert!(!html.contains("Fylls i bara om"));
    let why = blankett::write(&pack, Some(&name("bibliotek"))).unwrap_err();
    assert!(matches!(why, NoForm::NoStep(..)) && why.to_string().contains("gasol"));
}

#[test]
fn those_who_must_sign_have_their_lines_and_each_page_says_which_version_it_is() {
    let pack = pack("bilda-aktiebolag");
    let form = blankett::write(&pack, None).unwrap();
    let signing = section(&form.html, "Underskrift");
    assert!(signing.contains("2005:551 2 kap. 3–4 §§") && signing.contains("Namnteckning"));
    assert!(section(&form.html, "När blanketten har kommit in").contains("22 § förvaltningslagen"));
    let foot = format!("bilda-aktiebolag version 1 · {}", &pack.sha256()[..12]);
    assert_eq!(blankett::code(&pack), foot);
    assert!(form.style.contains(&foot) && form.html.contains(&form.style));
}

#[test]
fn every_field_has_a_name_of_its_own() {
    let html = written(&pack("starta-restaurang"));
    let mut ids: Vec<&str> = html
        .split(" id=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    for id in ids {
        let has_label = html.contains(&format!("for=\"{id}\""));
        let (_, field) = html.split_once(&format!(" id=\"{id}\"")).unwrap();
        assert!(
            has_label
                || field.split('>').next().unwrap().contains("aria-label=")
                || html.contains(&format!("aria-labelledby=\"{id}\"")),
            "{id}"
        );
    }
}
