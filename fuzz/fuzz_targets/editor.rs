//! What an editor sends, and what an author has typed so far: any bytes as messages of the language server, any text as a file
//! that is cut into blocks and formatted.
//!
//! Blocks lie in order on whole characters, names stand where they say, and formatting twice is as once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samverk_author::layout::{Kind, Layout};
use samverk_author::lsp::{self, Frame, names::Names, position};
use samverk_author::format;
use samverk_domain::finding::SourceFile;

const MAIN: &str = include_str!("../../crates/domain/tests/data/kolonilott/tjanst.md");
const PATHS: [&str; 5] = ["tjanst.md", "texter.sv.md", "brev/avslag.md", "exempel.md", "texter.en.md"];

fn in_order(text: &str, layout: &Layout) {
    let mut end = 0;
    for block in &layout.blocks {
        assert!(end <= block.range.start && block.range.start <= block.range.end);
        assert!(text.get(block.range.clone()).is_some());
        end = block.range.end;
        match &block.kind {
            Kind::Heading { text: heading, .. } => assert!(text.get(heading.clone()).is_some()),
            Kind::Table(table) => {
                for cell in table.rows.iter().flat_map(|row| &row.cells) {
                    assert!(text.get(cell.clone()).is_some());
                }
            }
            _ => {}
        }
    }
}

fuzz_target!(|data: (u8, &[u8])| {
    let (which, bytes) = data;
    if which & 128 != 0 {
        let mut input = bytes;
        while let Ok(Frame::Message(_) | Frame::Bad(_)) = lsp::read(&mut input) {}
        return;
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let path = PATHS[usize::from(which) % PATHS.len()];
    let file = |path: &str, text: &str| SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let mut files = vec![file(path, text)];
    if path != "tjanst.md" {
        files.insert(0, file("tjanst.md", MAIN));
    }
    let layouts: Vec<Layout> =
        files.iter().map(|file| Layout::of(&file.text, file.path == "tjanst.md")).collect();
    for (file, layout) in files.iter().zip(&layouts) {
        in_order(&file.text, layout);
    }
    let names = Names::of(&files, &layouts);
    for occurrence in &names.occurrences {
        let text = &files[usize::from(occurrence.span.file.0)].text;
        assert!(text.get(occurrence.span.start as usize..occurrence.span.end as usize).is_some());
        let place = position::position(text, occurrence.span.start as usize);
        assert_eq!(position::byte(text, place), occurrence.span.start as usize);
    }
    if let Ok(once) = format::service(&files) {
        assert_eq!(format::service(&once).ok().as_ref(), Some(&once), "twice is not as once");
    }
});
