//! Formatting: whatever is done to the look of a real service, formatting it keeps its meaning, and twice is as once.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use samverk_author::{folder, format};
use samverk_domain::finding::SourceFile;
use samverk_domain::pack::{self, Pack};

fn packs() -> Vec<PathBuf> {
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(packs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("tjanst.md").is_file())
        .collect();
    folders.sort();
    folders
}

/// What a document says, every place left out.
fn meaning(files: &[SourceFile]) -> Option<String> {
    let (pack, _): (Option<Pack>, _) = pack::parse::pack(files.to_vec());
    let mut pack = pack?;
    pack.files.clear();
    let shown = format!("{pack:?}");
    let mut parts = shown.split("Span {");
    let first = parts.next().unwrap().to_owned();
    Some(parts.fold(first, |mut all, part| {
        all.push_str(&part[part.find('}').unwrap()..]);
        all
    }))
}

/// Words of prose and comments, in order.
fn loose_words(text: &str) -> Vec<&str> {
    let outside = text.lines().filter(|line| !line.trim().starts_with(['|', '#']));
    outside.flat_map(str::split_whitespace).collect()
}

#[test]
fn every_service_keeps_its_meaning_and_twice_is_as_once() {
    for folder in packs() {
        let files = folder::read(&folder).unwrap();
        let once = format::service(&files).unwrap();
        assert_eq!(meaning(&once), meaning(&files), "{}", folder.display());
        assert_eq!(format::service(&once).unwrap(), once, "{}", folder.display());
        for (before, after) in files.iter().zip(&once) {
            assert_eq!(loose_words(&before.text), loose_words(&after.text), "{}", before.path);
        }
    }
}

/// One change of the look at a line.
fn looked_at(files: &[SourceFile], changes: &[(usize, usize, u8)]) -> Vec<SourceFile> {
    let mut files = files.to_vec();
    for (file, at, kind) in changes {
        let file = file % files.len();
        let file = &mut files[file];
        let mut lines: Vec<String> = file.text.lines().map(str::to_owned).collect();
        // The front matter stays.
        let at = 8 + at % (lines.len().saturating_sub(8).max(1));
        let Some(line) = lines.get_mut(at) else { continue };
        let is_row = line.starts_with('|');
        match kind {
            0 if is_row => *line = line.replace(" | ", "|"),
            1 if is_row => *line = line.replace(" | ", "   |  "),
            2 if is_row => line.insert_str(0, "   "),
            3 => line.push_str("  \t"),
            4 if is_row => *line = line.replace("| --- |", "|:-:|"),
            5 if line.is_empty() => line.push_str("\n\n"),
            6 if line.is_empty() => line.push_str("\n<!-- en anmärkning | å\n  -->\n"),
            7 if line.is_empty() => line.push_str("\n```\n| inget |\n\n\n```\n"),
            8 if line.starts_with("## ") => line.insert(2, ' '),
            _ => {}
        }
        file.text = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    }
    files
}

/// The sections of the main file turned round by some steps; the formatter puts them right.
fn turned(files: &[SourceFile], steps: usize) -> Vec<SourceFile> {
    let mut files = files.to_vec();
    let main = files.iter_mut().find(|file| file.path == "tjanst.md").unwrap();
    let parts: Vec<&str> = main.text.split("\n## ").collect();
    let mut sections = parts[1..].to_vec();
    let is_rule = |section: &str| section.starts_with("Regel") || section.starts_with("Utfallsregel");
    // Lists and rules among themselves have an order of their own, which means something.
    let at = sections.len() - 1 - steps % 2;
    if !is_rule(sections[at]) {
        let section = sections.remove(at);
        sections.insert(steps % at, section);
    }
    main.text = std::iter::once(parts[0].to_owned())
        .chain(sections.iter().map(|section| format!("\n## {}\n", section.trim_end())))
        .collect();
    files
}

/// Line by line, so that a difference can be read.
fn same(left: &[SourceFile], right: &[SourceFile]) -> Result<(), TestCaseError> {
    for (left, right) in left.iter().zip(right) {
        for (a, b) in left.text.lines().zip(right.text.lines()) {
            prop_assert_eq!(a, b, "{}", left.path);
        }
        prop_assert_eq!(left.text.len(), right.text.len(), "{}", left.path);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_the_look_changes_the_meaning(
        changes in prop::collection::vec((0usize..20, 0usize..2_000, 0u8..9), 0..40),
        steps in 0usize..20,
    ) {
        let files = folder::read(&packs()[0].with_file_name("starta-restaurang")).unwrap();
        let changed = turned(&looked_at(&files, &changes), steps);
        let before = meaning(&files);
        let once = format::service(&changed).unwrap();
        prop_assert!(meaning(&once) == before);
        same(&format::service(&once).unwrap(), &once)?;
    }

    #[test]
    fn no_text_makes_it_panic(text in "(\\||-|#| |\n|å|👍|<!--|-->|```|\\\\|:|x){0,60}") {
        let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
        let _ = format::service(&[file("tjanst.md", &text)]);
        let files = folder::read(&packs()[0]).unwrap();
        let files: Vec<SourceFile> = files
            .into_iter()
            .map(|mut it| {
                if it.path == "tjanst.md" {
                    it.text.push_str(&text);
                }
                it
            })
            .collect();
        if let Ok(once) = format::service(&files) {
            prop_assert!(meaning(&once) == meaning(&files));
            same(&format::service(&once).unwrap(), &once)?;
        }
    }
}
