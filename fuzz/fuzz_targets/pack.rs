//! Service documents: any text as any of the files, alone and together with a readable main file, and as a scenario.
//!
//! Nothing may panic, every finding must point at whole characters of a given file, and what is written back must be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samverk_domain::finding::{Finding, SourceFile};
use samverk_domain::pack::parse;

const MAIN: &str = include_str!("../../crates/domain/tests/data/kolonilott/tjanst.md");
const PATHS: [&str; 5] = ["tjanst.md", "texter.sv.md", "texter.en.md", "brev/avslag.md", "exempel.md"];

fn spans_are_whole(files: &[SourceFile], findings: &[Finding]) {
    for finding in findings {
        for span in std::iter::once(finding.span).chain(finding.related.iter().map(|(span, _)| *span)) {
            match files.get(usize::from(span.file.0)) {
                Some(file) => assert!(file.text.get(span.start as usize..span.end as usize).is_some()),
                None => assert_eq!((span.start, span.end), (0, 0)),
            }
        }
    }
}

fuzz_target!(|data: (u8, &str)| {
    let (which, text) = data;
    let file = |path: &str, text: &str| SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let path = PATHS[usize::from(which) % PATHS.len()];
    let alone = vec![file(path, text)];
    spans_are_whole(&alone, &parse::pack(alone.clone()).1);
    let together = match path {
        "tjanst.md" => alone,
        _ => vec![file("tjanst.md", MAIN), file(path, text)],
    };
    let (pack, findings) = parse::pack(together.clone());
    spans_are_whole(&together, &findings);
    if let Some(pack) = pack {
        for step in &pack.steps {
            let _ = step.needed_when.it.to_string();
        }
        let mut files = pack.files.clone();
        files.push(file("scenario.md", text));
        let (_, findings) = parse::scenario(&pack, file("scenario.md", text));
        spans_are_whole(&files, &findings);
    }
});
