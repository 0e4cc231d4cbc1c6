//! Texts that are missing: one finding for each language, with rows to paste.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod small;

use samverk_domain::finding::Finding;

/// What is said of the service's texts when its English is this.
fn found(english: impl Fn(&str) -> String) -> Vec<Finding> {
    small::service().with("texter.en.md", english).found("S5")
}

fn without(keys: &str, english: &str) -> String {
    let kept = english.lines().filter(|line| !line.starts_with(&format!("| {keys}")));
    kept.collect::<Vec<_>>().join("\n")
}

#[test]
fn many_texts_that_are_missing_are_one_finding_at_the_file_with_rows_to_paste() {
    let found = found(|english| without("fråga.", english));
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(one.message, "5 texter saknas på engelska.");
    assert_eq!((one.span.file.0, one.span.start), (2, 0));
    let rows = one.suggestion.as_ref().unwrap().lines().skip(1);
    assert_eq!(rows.count(), 5);
}

#[test]
fn rows_that_are_pasted_and_not_yet_written_are_still_missing() {
    let block = found(|english| without("fråga.", english))[0]
        .suggestion
        .clone()
        .unwrap();
    let pasted = |english: &str| {
        let rows = block.lines().skip(1).map(|row| format!("\n             {row}"));
        without("fråga.", english) + &rows.collect::<String>()
    };
    let again = found(pasted);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].message, "5 texter saknas på engelska.");
    assert_eq!(found(|english| pasted(english).replace("…", "Which?")), []);
}

#[test]
fn one_text_that_is_missing_is_shown_where_it_is_needed() {
    let found = found(|english| without("roll.alkohol ", english));
    assert_eq!(found[0].message, "Texten `roll.alkohol` saknas på engelska.");
    assert_eq!(found[0].label, "behöver `roll.alkohol`");
}
