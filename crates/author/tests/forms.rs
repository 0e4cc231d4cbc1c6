//! Today's forms beside the restaurant: what is counted, and what a faulty file is told.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use samverk_author::report::{self, Examples};
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
fn an_example_counts_the_forms_of_its_own_steps_and_what_is_still_asked_of_their_things() {
    let (mut pack, file) = restaurant();
    let (read, _) = forms::read(&pack, &file, FileId(0));
    let wanted = [
        "ett kök utan fettavskiljare",
        "bolaget saknar F-skatt, och det fäller ansökan",
    ];
    pack.examples
        .retain(|example| wanted.contains(&example.title.it.as_str()));
    let report = samverk_domain::check::report(&pack, &[]);
    let small = report.examples.iter().find(|it| it.title == wanted[0]).unwrap();
    // The form about food, and nothing else.
    let forms_of = |it: &samverk_domain::check::play::Played| forms::today(&read, it);
    assert_eq!(
        (forms_of(small).forms, forms_of(small).askings),
        (1, 7),
        "{:?}",
        small.needed
    );
    let large = report.examples.iter().find(|it| it.title == wanted[1]).unwrap();
    assert!(forms_of(large).askings > forms_of(small).askings);
    assert!(forms_of(large).still_asked < forms_of(large).things);

    let short = report::in_words(&report, Some(&read), Examples::InShort);
    assert!(short.starts_with("2 exempel: "), "{short}");
    let each = report::in_words(&report, Some(&read), Examples::Each);
    assert!(
        each.lines()
            .any(|line| line.contains(wanted[0]) && line.contains("bolag ")),
        "{each}"
    );
    let json = report::as_json(&report, Some(&read));
    let of_large = json["examples"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["title"] == wanted[1])
        .unwrap();
    assert_eq!(of_large["todays_forms"]["askings"], forms_of(large).askings);
}

#[test]
fn a_service_without_todays_forms_gets_no_figure_and_is_told_how() {
    let (mut pack, _) = restaurant();
    pack.examples.truncate(1);
    let report = samverk_domain::check::report(&pack, &[]);
    let each = report::in_words(&report, None, Examples::Each);
    assert!(
        each.contains("skriv blanketter.md") && !each.contains("i dag"),
        "{each}"
    );
    assert!(report::as_json(&report, None)["examples"][0]["todays_forms"].is_null());
}

#[test]
fn a_form_s_step_that_is_not_there_is_named() {
    let found = found("| räddningstjänsten | gasol |", "| räddningstjänsten | gasoll |");
    assert_eq!(
        (found[0].code, found[0].suggestion.as_deref()),
        ("S802", Some("Menade du gasol?"))
    );
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
