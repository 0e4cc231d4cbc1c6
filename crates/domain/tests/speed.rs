//! How long a check of the restaurant takes: printed with `--nocapture`; the bar is 1 s in a release build.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::path::Path;
use std::time::Instant;

use samverk_domain::finding::SourceFile;
use samverk_domain::{check, pack};

#[test]
fn a_check_of_the_restaurant_is_quick() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/starta-restaurang");
    let mut files = vec![];
    for folder_of in [folder.clone(), folder.join("brev")] {
        for entry in fs::read_dir(folder_of).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                files.push(SourceFile {
                    text: fs::read_to_string(&path).unwrap(),
                    path: path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned(),
                });
            }
        }
    }
    let started = Instant::now();
    let (pack, _) = pack::parse::pack(files);
    let pack = pack.unwrap();
    let read = started.elapsed();
    let found = check::check(&pack, None);
    let checked = started.elapsed();
    let report = check::report(&pack, &found);
    let all = started.elapsed();
    println!(
        "read {read:?}, checked {:?}, report of {} examples {:?}",
        checked - read,
        report.examples.len(),
        all - checked
    );
    // A debug build on a loaded machine is some ten times slower.
    assert!(all.as_secs() < if cfg!(debug_assertions) { 30 } else { 1 });
}
