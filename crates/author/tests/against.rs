//! Two versions of a real service compared: one change at a time, and what is said of it.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use samverk_author::against::{self, Comparison, Counted};
use samverk_author::folder;
use samverk_domain::finding::SourceFile;
use samverk_domain::pack::{Pack, parse};

fn files() -> Vec<SourceFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/serveringsansvariga");
    folder::read(&folder).unwrap()
}

fn pack(files: Vec<SourceFile>) -> Pack {
    let (pack, found) = parse::pack(files);
    assert!(found.is_empty(), "{found:#?}");
    pack.unwrap()
}

/// The service as it is, and with `from` written as `to` in one file.
fn changed(file: &str, from: &str, to: &str) -> Comparison {
    let old = pack(files());
    let mut files = files();
    let own = files.iter_mut().find(|own| own.path == file).unwrap();
    assert!(own.text.contains(from), "{from} stands nowhere");
    own.text = own.text.replacen(from, to, 1);
    against::compare(&old, &pack(files), &[], None)
}

#[test]
fn a_document_compared_with_itself_says_that_nothing_changes() {
    let same = against::compare(&pack(files()), &pack(files()), &[], None);
    assert!(same.is_empty());
    assert!(against::in_words(&same).contains("säger detsamma"));
}

#[test]
fn another_alignment_is_no_change() {
    let same = changed("tjanst.md", "| a2 | – | noterad |", "| a2 |  –   | noterad     |");
    assert!(same.is_empty(), "{same:#?}");
}

#[test]
fn a_row_that_decides_otherwise_is_shown_with_a_case_the_step_and_what_is_under_way() {
    let it = changed(
        "tjanst.md",
        "någon(ansvarig: ansvarig.fyllt-20 = nej)",
        "alla(ansvarig: ansvarig.fyllt-20 = ja)",
    );
    assert_eq!(it.written.len(), 1);
    assert_eq!(
        (it.written[0].section.as_str(), it.written[0].key.as_str()),
        ("Utfallsregel anmälan", "a1")
    );
    let rule = &it.rules[0];
    assert_eq!(rule.of, "Utfallsregel anmälan");
    assert!(rule.case.as_ref().unwrap().contains("ansvarig"), "{rule:?}");
    let outcome = it.outcomes.first().unwrap();
    assert_eq!(
        (outcome.old.outcome.as_str(), outcome.new.outcome.as_str()),
        ("noterad", "handläggare")
    );
    assert_eq!(it.touched[0].task, "alkoholtillstånd");
    assert_eq!(it.under_way[0].counted_at, Counted::Decision);
    let words = against::in_words(&it);
    assert!(words.contains("prövas enligt den nya versionen"), "{words}");
}

#[test]
fn a_question_that_goes_and_one_that_is_put_otherwise_are_told_apart() {
    let it = changed(
        "tjanst.md",
        "Från och med vilken dag ansvarar de?",
        "Vilken dag börjar de ansvara?",
    );
    assert!(it.outcomes.is_empty() && it.asked.come.is_empty() && it.asked.gone.is_empty());
    assert_eq!(it.asked.otherwise, ["Vilken dag börjar de ansvara? (anmälan.dag)"]);
}

#[test]
fn a_text_in_another_language_is_a_change_of_its_own() {
    let it = changed(
        "texter.en.md",
        "| steg.anmälan | Notification",
        "| steg.anmälan | Notice",
    );
    assert_eq!(it.written[0].section, "Texter (en)");
    assert!(it.touched.is_empty() && it.outcomes.is_empty());
}
