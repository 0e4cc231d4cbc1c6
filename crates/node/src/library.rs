//! The services that a node serves: every version in its store, and those in its packs folder.
//!
//! Always true: a document with an error is not served, and a node does not start with one in its folder; a slug and a number
//! stand for one content for ever: what the store holds goes before what the folder says. What is started, sent and decided is
//! pinned to version and SHA-256. Versions that another process publishes or adopts are read while the node runs
//! ([`keep_fresh`]).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::civil::Date;
use samverk_domain::fact::Name;
use samverk_domain::finding::{Severity, SourceFile};
use samverk_domain::pack::{self, Pack, parse};
use samverk_domain::terms::SignedVersion;
use samverk_domain::terms::adopting::Settable;
use samverk_store::{Store, StoreError, Tx, versions};
use tokio::sync::watch;

use samverk_author::folder::{self, Unreadable};
use samverk_author::forms;

use crate::node::Node;

/// How often a running node looks for versions that a command has put in its store.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// The services that this node knows.
#[derive(Debug, Default)]
pub struct Library {
    shelf: RwLock<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    packs: BTreeMap<(Name, u32), Arc<Known>>,
    /// Older and newer version → the older with what counts of the newer.
    carried: BTreeMap<(Name, u32, u32), Arc<Known>>,
    /// Today's forms beside a service, from its folder.
    forms: BTreeMap<Name, Arc<SourceFile>>,
    /// Up to which change of the store's table this is.
    read_to: i64,
}

/// A service document and what it is known by.
#[derive(Debug)]
pub struct Known {
    pub pack: Pack,
    /// As in an adoption.
    pub sha256: String,
    /// What bodies may set in it.
    pub settable: Settable,
    /// As its publisher gave it out.
    pub signed: Option<SignedVersion>,
    /// Tables of a newer version stand in it, for cases under way.
    pub carried: Option<CarriedFrom>,
}

/// What a document for cases under way has from a newer version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedFrom {
    pub version: u32,
    /// The tables.
    pub taken: Vec<Name>,
    /// Tables of the newer version that ask for more than the older document has a place for.
    pub left: Vec<Name>,
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
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Known {
    /// Reads a document; the error says what is wrong first.
    pub fn of(files: Vec<SourceFile>, signed: Option<SignedVersion>) -> Result<Self, String> {
        let (pack, findings) = parse::pack(files);
        if let Some(finding) = findings.iter().find(|finding| finding.severity == Severity::Error) {
            return Err(format!("{} {}", finding.code, finding.message));
        }
        let pack = pack.ok_or_else(|| "the document could not be read".to_owned())?;
        Ok(Self {
            sha256: pack.sha256(),
            settable: Settable::of(&pack),
            pack,
            signed,
            carried: None,
        })
    }

    /// This version as it decides cases under way when the body has adopted a newer one: same name, number and hash.
    pub fn counted_with(&self, newer: &Self) -> Self {
        let carried = pack::carried(&self.pack, &newer.pack);
        Self {
            sha256: self.sha256.clone(),
            settable: Settable::of(&carried.pack),
            signed: self.signed.clone(),
            carried: Some(CarriedFrom {
                version: newer.pack.meta.version.it,
                taken: carried.taken,
                left: carried.left,
            }),
            pack: carried.pack,
        }
    }

    fn key(&self) -> (Name, u32) {
        (self.pack.meta.slug.it.clone(), self.pack.meta.version.it)
    }

    pub fn is_valid_on(&self, day: Date) -> bool {
        let meta = &self.pack.meta;
        meta.valid_from.it <= day && meta.valid_to.as_ref().is_none_or(|to| day <= to.it)
    }

    /// As the store keeps it.
    pub fn kept(&self) -> versions::Kept {
        let (pack, version) = self.key();
        let files = self.pack.files.iter();
        versions::Kept {
            pack,
            version,
            sha256: self.sha256.clone(),
            files: files.map(|file| (file.path.clone(), file.text.clone())).collect(),
            signed: self.signed.clone(),
        }
    }
}

/// The files of a version in the form that the reader takes.
pub fn source_files(files: &BTreeMap<String, String>) -> Vec<SourceFile> {
    let files = files.iter().map(|(path, text)| SourceFile {
        path: path.clone(),
        text: text.clone(),
    });
    files.collect()
}

impl Library {
    /// Reads every service in `folder`: its subfolders that hold a `tjanst.md`. A folder that is not there holds none.
    pub fn open(folder: &Path) -> Result<Self, NotServed> {
        let library = Self::default();
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
            let known = Known::of(folder::read(path)?, None).map_err(|first| NotServed::Faulty {
                folder: path.clone(),
                first,
            })?;
            let key = known.key();
            let forms = path.join(forms::FILE);
            let forms = forms.is_file().then(|| folder::read_one(&forms)).transpose()?;
            let mut shelf = library.shelf.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(forms) = forms {
                shelf.forms.insert(key.0.clone(), Arc::new(forms));
            }
            if shelf.packs.insert(key.clone(), Arc::new(known)).is_some() {
                return Err(NotServed::Twice(key.0, key.1));
            }
        }
        Ok(library)
    }

    /// [`Library::open`] with what the store holds.
    pub fn open_with(folder: &Path, store: &Store) -> Result<Self, NotServed> {
        let library = Self::open(folder)?;
        let (kept, number) = store.read_blocking("library.open", |tx| versions::since(tx, 0))?;
        library.take(kept, number);
        Ok(library)
    }

    /// Puts what the store holds on the shelf. What stands there under the same number with another content goes.
    fn take(&self, kept: Vec<versions::Kept>, number: i64) {
        for one in kept {
            let (slug, version) = (one.pack, one.version);
            let known = match Known::of(source_files(&one.files), one.signed) {
                Ok(known) if known.sha256 == one.sha256 && known.key() == (slug.clone(), version) => Arc::new(known),
                Ok(_) => {
                    tracing::error!(pack = %slug, version, "a version in the store is not the one that was kept; it is not served");
                    continue;
                }
                Err(why) => {
                    tracing::error!(pack = %slug, version, why, "a version in the store is not understood; it is not served");
                    continue;
                }
            };
            let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(before) = shelf.packs.get(&(slug.clone(), version))
                && before.sha256 != known.sha256
            {
                tracing::warn!(
                    pack = %slug,
                    version,
                    "the packs folder holds another text than the version that was published or used; give it a new number"
                );
            }
            shelf.carried.retain(|(name, ..), _| *name != slug);
            shelf.packs.insert((slug, version), known);
        }
        let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        shelf.read_to = shelf.read_to.max(number);
    }

    pub fn version(&self, slug: &Name, version: u32) -> Option<Arc<Known>> {
        self.shelf().packs.get(&(slug.clone(), version)).cloned()
    }

    /// The newest version that is valid on the day.
    pub fn newest(&self, slug: &Name, day: Date) -> Option<Arc<Known>> {
        self.valid(slug, day).pop()
    }

    /// The versions that are valid on the day, oldest first.
    pub fn valid(&self, slug: &Name, day: Date) -> Vec<Arc<Known>> {
        let mut valid = self.versions(slug);
        valid.retain(|known| known.is_valid_on(day));
        valid
    }

    /// The version as it decides cases under way when `newer` has been adopted.
    pub fn carried(&self, slug: &Name, version: u32, newer: u32) -> Option<Arc<Known>> {
        let key = (slug.clone(), version, newer);
        if let Some(carried) = self.shelf().carried.get(&key) {
            return Some(Arc::clone(carried));
        }
        let carried = Arc::new(self.version(slug, version)?.counted_with(&*self.version(slug, newer)?));
        let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(shelf.carried.entry(key).or_insert(carried)))
    }

    /// Every version of the service, oldest first.
    pub fn versions(&self, slug: &Name) -> Vec<Arc<Known>> {
        let shelf = self.shelf();
        let range = shelf.packs.range((slug.clone(), 0)..=(slug.clone(), u32::MAX));
        range.map(|(_, known)| Arc::clone(known)).collect()
    }

    /// `blanketter.md` of the service's folder.
    pub fn forms(&self, slug: &Name) -> Option<Arc<SourceFile>> {
        self.shelf().forms.get(slug).cloned()
    }

    pub fn all(&self) -> Vec<Arc<Known>> {
        self.shelf().packs.values().cloned().collect()
    }

    pub fn slugs(&self) -> BTreeSet<Name> {
        self.shelf().packs.keys().map(|(slug, _)| slug.clone()).collect()
    }

    fn shelf(&self) -> std::sync::RwLockReadGuard<'_, Shelf> {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads what has come into the store since the last time.
pub async fn refresh(node: &Node) -> Result<(), StoreError> {
    let from = node.library.shelf().read_to;
    let (kept, number) = node
        .store
        .read("library.refresh", move |tx| versions::since(tx, from))
        .await?;
    if !kept.is_empty() {
        node.library.take(kept, number);
    }
    Ok(())
}

/// Looks again and again until the node stops.
pub async fn keep_fresh(node: Arc<Node>, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        if let Err(why) = refresh(&node).await {
            tracing::error!(%why, "could not look for new versions of services");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            _ = stopped.wait_for(|stop| *stop) => {}
        }
    }
}

/// Keeps the version that a draft or a case is in, so that it is here for as long as they are.
pub fn pin(tx: &mut Tx, known: &Known, now: jiff::Timestamp) -> Result<(), StoreError> {
    match versions::keep(tx, &known.kept(), now)? {
        versions::Keeping::New | versions::Keeping::Same => Ok(()),
        versions::Keeping::Another { .. } => Err(StoreError::Engine(format!(
            "{} version {} stands for another content in this node's store",
            known.pack.meta.slug.it, known.pack.meta.version.it
        ))),
    }
}
