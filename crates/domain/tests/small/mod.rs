//! The guide's own small service (`packs/serveringsansvariga`), changed by a few words for each test.

use std::path::Path;

use samverk_domain::check;
use samverk_domain::finding::{Finding, SourceFile};
use samverk_domain::pack;

pub struct Small {
    files: Vec<SourceFile>,
}

pub fn service() -> Small {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/serveringsansvariga");
    let names = [
        "brev/kvittens.md",
        "exempel.md",
        "texter.en.md",
        "texter.sv.md",
        "tjanst.md",
    ];
    let read = |name: &str| SourceFile {
        path: name.to_owned(),
        text: std::fs::read_to_string(folder.join(name)).unwrap(),
    };
    Small {
        files: names.into_iter().map(read).collect(),
    }
}

impl Small {
    pub fn with(mut self, path: &str, change: impl Fn(&str) -> String) -> Self {
        let file = self.files.iter_mut().find(|file| file.path == path).unwrap();
        let changed = change(&file.text);
        assert_ne!(changed, file.text, "{path} is as before");
        file.text = changed;
        self
    }

    /// What the check says with codes that begin so. The document must be readable.
    pub fn found(self, code: &str) -> Vec<Finding> {
        let (pack, read) = pack::parse::pack(self.files);
        assert_eq!(read, []);
        let mut found = check::check(&pack.unwrap(), None);
        found.retain(|finding| finding.code.starts_with(code));
        found
    }
}
