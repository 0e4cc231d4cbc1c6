//! Today's forms beside the restaurant: what is counted, and what a faulty file is told.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use samverk_author::{folder, forms};
use samverk_domain::finding::{FileId, Finding, SourceFile};
use samverk_domain::pack::{Pack, parse};

fn restaurant() -> (Pack, SourceFile) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/starta-restaurang");
    let pack = parse::pack(folder::read(&path).unwrap()).0.unwrap();
    (pack, folder::read_one(&path.join(forms::FILE)).unwrap())
}

fn found(from: &str, to: &str) -> Vec<Finding> {
    let (pack, mut file) = restaurant();
    assert!(file.text.contains(from), "{from}");
    file.text = file.text.replacen(from, to, 1);
    forms::read(&pack, &file, FileId(0)).1
}

#[test]
fn fifty_two_askings_become_a_handful_of_things_asked_once() {
    let (pack, file) = restaurant();
    let (read, found) = forms::read(&pack, &file, FileId(0));
    assert_eq!(found, []);
    let beside = forms::beside(&pack, &read);
    assert_eq!(beside.today, 52);
    assert!(beside.now <= 8, "{}", beside.now);
    let identity = &beside.rows[0];
    assert!(identity.times == 11 && !identity.still_asked);
    let words = forms::in_words(&pack, &beside);
    assert!(words.contains("hämtas ur bolagsregistret"), "{words}");
}

#[test]
fn an_asking_that_nothing_answers_and_nobody_explains_is_a_fault() {
    let found = found("| företag.firmateckning | |", "| | |");
    assert_eq!(found[0].code, "S801");
}

#[test]
fn a_fact_or_a_form_that_is_not_there_is_named() {
    assert!(
        found("företag.firmateckning", "företag.firma")[0]
            .message
            .contains("företag.firma")
    );
    let found = found(
        "skatteanmälan, serveringstillstånd, tobak |",
        "skattenmälan, serveringstillstånd, tobak |",
    );
    assert_eq!(found[0].suggestion.as_deref(), Some("Menade du skatteanmälan?"));
}

#[test]
fn nonsense_is_told_and_never_panics() {
    let (pack, mut file) = restaurant();
    for text in [
        "",
        "|",
        "||||",
        "| --- |",
        "| å | ä |\n| --- | --- |\n| ö",
        "| Uppgift | Blanketter | Motsvarar | Inte längre |\n| --- | --- | --- | --- |\n| a | b ×9999999999 | c.* | |",
    ] {
        text.clone_into(&mut file.text);
        forms::read(&pack, &file, FileId(0));
    }
}
