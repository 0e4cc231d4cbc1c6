//! One service as it stands in the editor: files on disk with unsaved buffers in their place.
//!
//! Always true: what is answered rests on all files of the service as the editor has them. While the document cannot be read,
//! names come from its look ([`super::names`]) and meanings from the last time it could.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use samverk_domain::check;
use samverk_domain::finding::{FileId, Finding, Severity, SourceFile, Span};
use samverk_domain::pack::{self, Pack};

use super::names::Names;
use crate::coverage::{self, Tried};
use crate::folder;
use crate::layout::Layout;

pub struct Service {
    pub root: PathBuf,
    pub files: Vec<SourceFile>,
    pub layouts: Vec<Layout>,
    pub names: Names,
    /// As it was last understood. Its spans are those of `files` only if `is_current`.
    pub pack: Option<Pack>,
    pub is_current: bool,
    /// What the reader found.
    pub read: Vec<Finding>,
    /// The folder could not be read; in words.
    pub unreadable: Option<String>,
    fired: OnceCell<BTreeMap<(String, String), Vec<String>>>,
}

/// The folder of the service that a file belongs to, and the file's path inside it.
pub fn root(file: &Path) -> Option<(PathBuf, String)> {
    let name = file.file_name()?.to_str()?;
    let folder = file.parent()?;
    if folder.file_name().is_some_and(|folder| folder == "brev") && name.ends_with(".md") {
        return Some((folder.parent()?.to_owned(), format!("brev/{name}")));
    }
    let is_part = name == "tjanst.md" || name == "exempel.md" || (name.starts_with("texter.") && name.ends_with(".md"));
    is_part.then(|| (folder.to_owned(), name.to_owned()))
}

impl Service {
    /// Reads the folder, with `buffers` (path inside the folder → text) in place of what is on disk.
    pub fn read(root: PathBuf, buffers: &BTreeMap<String, String>, last: Option<Pack>) -> Self {
        let (mut files, unreadable) = match folder::read(&root) {
            Ok(files) => (files, None),
            // A service that has not been saved yet.
            Err(
                folder::Unreadable::NotAService(_)
                | folder::Unreadable::NotThere { .. }
                | folder::Unreadable::Io { .. },
            ) => (Vec::new(), None),
            Err(why) => (Vec::new(), Some(why.to_string())),
        };
        for (path, text) in buffers {
            match files.iter_mut().find(|file| file.path == *path) {
                Some(file) => file.text.clone_from(text),
                None => files.push(SourceFile {
                    path: path.clone(),
                    text: text.clone(),
                }),
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let layouts: Vec<Layout> = files
            .iter()
            .map(|file| Layout::of(&file.text, file.path == "tjanst.md"))
            .collect();
        let (pack, read) = pack::parse::pack(files.clone());
        Self {
            names: Names::of(&files, &layouts),
            is_current: pack.is_some(),
            pack: pack.or(last),
            root,
            files,
            layouts,
            read,
            unreadable,
            fired: OnceCell::new(),
        }
    }

    /// What can be proved, if the reader found nothing wrong.
    pub fn provable(&self) -> Option<&Pack> {
        self.pack.as_ref().filter(|_| self.is_current && !is_wrong(&self.read))
    }

    /// What the reader found and, if it could be read, what the checker finds.
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = self.read.clone();
        found.extend(self.provable().into_iter().flat_map(|pack| check::check(pack, None)));
        found
    }

    pub fn file(&self, path: &str) -> Option<FileId> {
        let at = self.files.iter().position(|file| file.path == path)?;
        Some(FileId(at as u16))
    }

    pub fn text(&self, file: FileId) -> &str {
        self.files
            .get(usize::from(file.0))
            .map_or("", |file| file.text.as_str())
    }

    pub fn layout(&self, file: FileId) -> Option<&Layout> {
        self.layouts.get(usize::from(file.0))
    }

    /// What stands at a span.
    pub fn written(&self, span: Span) -> &str {
        self.text(span.file)
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }

    /// The examples in which a row holds, by title.
    pub fn examples_of(&self, table: &str, row: &str) -> &[String] {
        let fired = self.fired.get_or_init(|| self.fired());
        fired
            .get(&(table.to_owned(), row.to_owned()))
            .map_or(&[], Vec::as_slice)
    }

    fn fired(&self) -> BTreeMap<(String, String), Vec<String>> {
        let mut fired: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        // Rules that go in a circle or refer to nothing have no values.
        let Some(pack) = self.pack.as_ref().filter(|_| !is_wrong(&self.read)) else {
            return fired;
        };
        for example in &pack.examples {
            let tried: Tried<'_> = coverage::tried(pack, example);
            for it in tried.fired {
                let key = (it.rule.to_string(), it.row.to_string());
                fired.entry(key).or_default().push(example.title.it.clone());
            }
        }
        fired
    }
}

pub fn is_wrong(found: &[Finding]) -> bool {
    found.iter().any(|finding| finding.severity == Severity::Error)
}
