//! What has been promised of the services in `packs/`: their size, how much they ask, and that examples try every row.
//! `cargo test -p samverk-author --test figures -- --nocapture` prints the figures.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use samverk_author::figures::{self, Figures};
use samverk_author::folder;
use samverk_domain::check::uses;
use samverk_domain::finding::SourceFile;
use samverk_domain::pack::{self, Pack};

fn services() -> Vec<(Pack, Vec<SourceFile>)> {
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(packs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("tjanst.md").is_file())
        .collect();
    folders.sort();
    let of = |folder: &PathBuf| {
        let files = folder::read(folder).unwrap();
        let (pack, _) = pack::parse::pack(files.clone());
        let pack = pack.unwrap_or_else(|| panic!("{} is not understood", folder.display()));
        (pack, files)
    };
    folders.iter().map(of).collect()
}

fn all() -> BTreeMap<String, Figures> {
    let of = |(pack, files): &(Pack, Vec<SourceFile>)| {
        let figures = Figures::of(pack, files);
        (figures.service.clone(), figures)
    };
    services().iter().map(of).collect()
}

/// What has been promised of a service.
struct Promise {
    service: &'static str,
    bytes_max: usize,
    lines_max: usize,
    /// Answers in any of its examples.
    asked_max: usize,
    /// Rows that hold in no example.
    untried_max: usize,
    /// Attachments that are asked although somebody holds them.
    held_max: usize,
}

const PROMISES: [Promise; 4] = [
    Promise {
        service: "bilda-aktiebolag",
        bytes_max: 12_000,
        lines_max: 150,
        asked_max: 40,
        untried_max: 0,
        // The bank's certificate: a bank is no public body.
        held_max: 1,
    },
    Promise {
        service: "parkeringstillstand",
        bytes_max: 12_000,
        lines_max: 150,
        asked_max: 12,
        untried_max: 0,
        // The medical certificate: secrecy stands in the way.
        held_max: 1,
    },
    Promise {
        service: "serveringsansvariga",
        bytes_max: 4_000,
        lines_max: 80,
        asked_max: 6,
        untried_max: 0,
        held_max: 0,
    },
    Promise {
        service: "starta-restaurang",
        bytes_max: 80_000,
        lines_max: 700,
        asked_max: 60,
        untried_max: 0,
        held_max: 0,
    },
];

#[test]
fn the_services_keep_what_has_been_promised_of_them() {
    let all = all();
    let listed: Vec<Figures> = all.values().cloned().collect();
    println!("{}", figures::in_words(&listed));
    for promise in PROMISES {
        let it = &all[promise.service];
        assert!(it.bytes <= promise.bytes_max, "{it:?}");
        assert!(it.lines <= promise.lines_max, "{it:?}");
        assert!(it.asked_max <= promise.asked_max, "{it:?}");
        assert!(it.untried.len() <= promise.untried_max, "{it:?}");
        assert!(it.attachments_held.len() <= promise.held_max, "{it:?}");
    }
}

#[test]
fn no_service_asks_the_same_thing_under_two_names() {
    for (pack, _) in services() {
        let mut asked = BTreeSet::new();
        for fact in uses::facts(&pack) {
            let name = &fact.name.it;
            // A column's question is one of its list's.
            let within = pack.list_of_column(name).map(|list| list.name.it.clone());
            if let Some(question) = pack.text("sv", &format!("fråga.{name}")) {
                assert!(asked.insert((within, question.to_lowercase())), "{name}: {question}");
            }
        }
        assert!(!asked.is_empty(), "{}", pack.meta.slug.it);
    }
}
