//! `docs/findings.md` is made from the lists of codes, and every listed code is one that something can say.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::path::{Path, PathBuf};

use samverk_domain::check;
use samverk_domain::words::letters::capital;

const KINDS: &[(char, &str)] = &[
    ('0', "Läsningen"),
    ('1', "Uppgifter och källor"),
    ('2', "Vad som väntar på vad"),
    ('3', "Tabeller"),
    ('4', "Utfall och lag"),
    ('5', "Texter"),
    ('6', "Federationen"),
    ('7', "Exempel"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page() -> String {
    let mut page = String::from(
        "# What `samverk check` can say\n\n\
         Every finding has a stable code with a page of its own. Made from `samverk_domain::check::codes()`; to write it anew after a change: \
         `SAMVERK_WRITE_DOCS=1 cargo test -p samverk-domain --test findings_page`.\n",
    );
    for (digit, kind) in KINDS {
        page.push_str(&format!(
            "\n## S{digit}xx {kind}\n\n| Kod | Vad det är |\n| --- | --- |\n"
        ));
        for (code, meaning) in check::codes().filter(|(code, _)| code[1..].starts_with(*digit)) {
            let meaning = capital(meaning.trim_end_matches('.'));
            page.push_str(&format!("| [{code}](errors/{code}.md) | {meaning} |\n"));
        }
    }
    page
}

#[test]
fn the_page_of_findings_is_made_from_the_codes() {
    let path = root().join("docs/findings.md");
    if std::env::var_os("SAMVERK_WRITE_DOCS").is_some() {
        fs::write(&path, page()).unwrap();
    }
    assert_eq!(
        fs::read_to_string(path).unwrap_or_default(),
        page(),
        "run: SAMVERK_WRITE_DOCS=1 cargo test -p samverk-domain --test findings_page"
    );
}

#[test]
fn codes_are_unique_and_in_order() {
    let codes: Vec<&str> = check::codes().map(|(code, _)| *code).collect();
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{codes:?}");
}

#[test]
fn every_listed_code_is_said_somewhere() {
    let mut said = String::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                said.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    for (code, _) in check::codes() {
        let times = said.matches(&format!("\"{code}\"")).count();
        assert!(times >= 2, "{code} is listed and never said");
    }
}
