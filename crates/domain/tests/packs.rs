//! Every service in `packs/` as a whole: it is read without fault, and its examples come out as they say.

use std::path::{Path, PathBuf};

use samverk_domain::finding::{Finding, SourceFile};
use samverk_domain::pack::Pack;
use samverk_domain::pack::parse;
use samverk_domain::rules::example;

fn folders() -> Vec<PathBuf> {
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&packs)
        .expect("the folder packs/")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.join("tjanst.md").is_file())
        .collect();
    folders.sort();
    folders
}

fn read(folder: &Path) -> (Option<Pack>, Vec<Finding>, Vec<SourceFile>) {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.file_name().is_some_and(|name| name == "blanketter.md") {
                continue; // today's forms decide nothing and are read by `samverk forms`
            }
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                files.push(SourceFile {
                    path: path
                        .strip_prefix(folder)
                        .expect("inside")
                        .to_string_lossy()
                        .into_owned(),
                    text: std::fs::read_to_string(&path).expect("a text"),
                });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let (pack, findings) = parse::pack(files.clone());
    let files = pack.as_ref().map_or(files, |pack| pack.files.clone());
    (pack, findings, files)
}

fn told(findings: &[Finding], files: &[SourceFile]) -> String {
    let line = |finding: &Finding| {
        let file = &files[usize::from(finding.span.file.0)];
        let (line, column) = file.position(finding.span.start);
        let example = finding.example.as_deref().unwrap_or_default();
        format!(
            "{}:{line}:{column} {} {} {example}\n",
            file.path, finding.code, finding.message
        )
    };
    findings.iter().map(line).collect()
}

#[test]
fn every_service_is_read_without_fault_and_its_examples_come_out_as_they_say() {
    let folders = folders();
    assert!(!folders.is_empty());
    for folder in folders {
        let (pack, findings, files) = read(&folder);
        assert!(findings.is_empty(), "{}", told(&findings, &files));
        let pack = pack.expect("a document without findings is read");
        assert!(!pack.examples.is_empty(), "{} has examples", folder.display());
        let findings: Vec<Finding> = pack.examples.iter().flat_map(|one| example::run(&pack, one)).collect();
        assert!(findings.is_empty(), "{}", told(&findings, &files));
    }
}
