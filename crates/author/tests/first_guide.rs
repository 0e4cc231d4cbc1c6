//! `docs/skriv-en-tjanst.md`, the guide for who has never written a service: its pieces are the whole of the service that it
//! builds, in the service's own order, and each slip that it provokes is found as it shows.
//!
//! A piece is a fenced block whose info is `markdown <file>`; a slip is a block `diff <file>` followed by a block `text`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::path::{Path, PathBuf};

use samverk_author::findings::{self, Source};
use samverk_author::folder;
use samverk_domain::check;
use samverk_domain::finding::{Severity, SourceFile};
use samverk_domain::pack;

const SERVICE: &str = "packs/serveringsansvariga";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn service() -> Vec<SourceFile> {
    folder::read(&root().join(SERVICE)).unwrap()
}

/// The guide's fenced blocks in order: what stands after the fence, and the text between.
fn blocks() -> Vec<(String, String)> {
    let guide = std::fs::read_to_string(root().join("docs/skriv-en-tjanst.md")).unwrap();
    let mut blocks = Vec::new();
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((info.to_owned(), text.join("\n")));
        }
    }
    blocks
}

/// Lines that say something, without the look of tables.
fn said(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let Some(row) = line.strip_prefix('|') else {
                return line.to_owned();
            };
            let cells = row.split('|').map(str::trim);
            let is_rule = |cell: &str| !cell.is_empty() && cell.chars().all(|c| c == '-');
            let cells = cells.map(|cell| if is_rule(cell) { "---" } else { cell });
            cells.collect::<Vec<_>>().join("|")
        })
        .collect()
}

#[test]
fn the_guide_s_pieces_are_the_whole_service_and_nothing_else() {
    let service = service();
    let pieces: Vec<(String, String)> = blocks()
        .into_iter()
        .filter_map(|(info, text)| Some((info.strip_prefix("markdown ")?.to_owned(), text)))
        .collect();
    for file in &service {
        let of_file = pieces.iter().filter(|(path, _)| *path == file.path);
        let built: Vec<String> = of_file.flat_map(|(_, text)| said(text)).collect();
        assert_eq!(built, said(&file.text), "{}", file.path);
    }
    for (path, _) in &pieces {
        let is_there = service.iter().any(|file| file.path == *path);
        assert!(is_there, "the guide has a piece of {path}, which the service has not");
    }
}

#[test]
fn each_slip_in_the_guide_is_found_as_it_shows() {
    let blocks = blocks();
    let mut slips = 0;
    for (at, (info, diff)) in blocks.iter().enumerate() {
        let Some(path) = info.strip_prefix("diff ") else {
            continue;
        };
        let (kind, shown) = &blocks[at + 1];
        assert_eq!(kind, "text", "after a slip stands what the checker says");
        let lines = |of: char| -> String {
            let of = diff.lines().filter(|line| line.starts_with([of, ' ']));
            of.map(|line| format!("{}\n", &line[1..])).collect()
        };
        let (from, to) = (lines('-'), lines('+'));
        let mut files = service();
        let file = files.iter_mut().find(|file| file.path == path).unwrap();
        assert_eq!(file.text.matches(&from).count(), 1, "{from} must stand once in {path}");
        file.text = file.text.replace(&from, &to);
        let (pack, mut found) = pack::parse::pack(files.clone());
        if let Some(pack) = pack.filter(|_| found.iter().all(|finding| finding.severity != Severity::Error)) {
            found.extend(check::check(&pack, None));
        }
        let source = Source {
            folder: SERVICE,
            files: &files,
        };
        let said = findings::text(&found, &source, false);
        assert!(
            said.contains(shown.as_str()),
            "the guide shows\n{shown}\n\nbut it says\n{said}"
        );
        slips += 1;
    }
    assert!(slips >= 2, "the guide teaches to read findings");
}
