//! The services that a node serves: every version in its packs folder, read once at start.
//!
//! Always true: a document with an error is not served, and a node does not start with one; a version never changes while
//! the node runs. What is started, sent and decided is pinned to version and SHA-256.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use samverk_domain::fact::Name;
use samverk_domain::finding::{Severity, SourceFile};
use samverk_domain::pack::{Pack, parse};

use samverk_author::folder::{self, Unreadable};

/// The services that this node knows, each version read once at start.
#[derive(Debug, Default)]
pub struct Library {
    packs: BTreeMap<(Name, u32), Arc<Known>>,
}

/// A service document and what it is known by.
#[derive(Debug)]
pub struct Known {
    pub pack: Pack,
    /// As in an adoption.
    pub sha256: String,
}

/// Why the services in a folder are not served.
#[derive(Debug, thiserror::Error)]
pub enum NotServed {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// `samverk check` says what is wrong.
    #[error("{folder}: {first}; run `samverk check {folder}` to see what is wrong and where")]
    Faulty { folder: PathBuf, first: String },
    #[error("{0} and version {1} stand in two folders")]
    Twice(Name, u32),
}

impl Library {
    /// Reads every service in `folder`: its subfolders that hold a `tjanst.md`. A folder that is not there holds none.
    pub fn open(folder: &Path) -> Result<Self, NotServed> {
        let mut library = Self::default();
        if !folder.is_dir() {
            return Ok(library);
        }
        let unreadable = |why| Unreadable::Io {
            path: folder.to_owned(),
            why,
        };
        let mut folders = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            folders.push(entry.map_err(unreadable)?.path());
        }
        folders.sort();
        for path in folders.iter().filter(|path| path.join("tjanst.md").is_file()) {
            library.add(path, folder::read(path)?)?;
        }
        Ok(library)
    }

    fn add(&mut self, folder: &Path, files: Vec<SourceFile>) -> Result<(), NotServed> {
        let (pack, findings) = parse::pack(files);
        let faulty = |first: String| NotServed::Faulty {
            folder: folder.to_owned(),
            first,
        };
        if let Some(finding) = findings.iter().find(|finding| finding.severity == Severity::Error) {
            return Err(faulty(format!("{} {}", finding.code, finding.message)));
        }
        let pack = pack.ok_or_else(|| faulty("the document could not be read".to_owned()))?;
        let key = (pack.meta.slug.it.clone(), pack.meta.version.it);
        let known = Arc::new(Known {
            sha256: pack.sha256(),
            pack,
        });
        match self.packs.insert(key.clone(), known) {
            Some(_) => Err(NotServed::Twice(key.0, key.1)),
            None => Ok(()),
        }
    }

    pub fn version(&self, slug: &Name, version: u32) -> Option<&Arc<Known>> {
        self.packs.get(&(slug.clone(), version))
    }

    /// The newest version that is valid on the day.
    pub fn newest(&self, slug: &Name, day: jiff::civil::Date) -> Option<&Arc<Known>> {
        self.packs
            .range((slug.clone(), 0)..=(slug.clone(), u32::MAX))
            .rev()
            .map(|(_, known)| known)
            .find(|known| {
                let meta = &known.pack.meta;
                meta.valid_from.it <= day && meta.valid_to.as_ref().is_none_or(|to| day <= to.it)
            })
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Known>> {
        self.packs.values()
    }
}
