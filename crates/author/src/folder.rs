//! A service's folder on disk, read into the texts that the parser takes.
//!
//! Only the files that `docs/language.md` names are read; everything else in the folder is for people. Always true: the
//! files come in order of path, so that the same folder gives the same value on every machine.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use samverk_domain::finding::SourceFile;

/// A service that a person can read is far below this; larger is a mistake or an attack.
pub const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// `tjanst.md`, `exempel.md`, texts and letters of one service.
pub const FILES_MAX: usize = 400;

/// Why a folder could not be read. All are for the one who named it to mend.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("{path}: {why}")]
    Io { path: PathBuf, why: std::io::Error },
    #[error("there is no folder {path}{}", near.as_ref().map(|near| format!("; did you mean {}?", near.display())).unwrap_or_default())]
    NotThere { path: PathBuf, near: Option<PathBuf> },
    #[error("{0} is not a service: there is no tjanst.md in it")]
    NotAService(PathBuf),
    #[error("{0} is larger than {FILE_BYTES_MAX} bytes; a service document is text that people read")]
    TooLarge(PathBuf),
    #[error("{0} holds more than {FILES_MAX} documents")]
    TooMany(PathBuf),
    #[error("{0} is not UTF-8; save it as UTF-8 and try again")]
    NotUtf8(PathBuf),
}

/// Whether a file, by its path in the folder, is one of those that the language names.
pub fn is_document(path: &str) -> bool {
    let is_text = path.starts_with("texter.") && path.ends_with(".md");
    let is_letter = path
        .strip_prefix("brev/")
        .is_some_and(|name| !name.contains('/') && name.ends_with(".md"));
    path == "tjanst.md" || path == "exempel.md" || is_text || is_letter
}

/// Reads the folder of a service. The path may also name its `tjanst.md`.
pub fn read(path: &Path) -> Result<Vec<SourceFile>, Unreadable> {
    let folder = of(path);
    if !folder.join("tjanst.md").is_file() {
        match fs::metadata(folder) {
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                // Services usually stand in a folder of their own kind.
                let near = Path::new("packs").join(folder);
                return Err(Unreadable::NotThere {
                    path: folder.to_owned(),
                    near: near.join("tjanst.md").is_file().then_some(near),
                });
            }
            Err(why) => return Err(io(folder, why)),
            Ok(_) => {}
        }
        return Err(Unreadable::NotAService(folder.to_owned()));
    }
    let mut wanted: Vec<String> = Vec::new();
    wanted.extend(names(folder)?);
    let letters = folder.join("brev");
    if letters.is_dir() {
        wanted.extend(names(&letters)?.into_iter().map(|name| format!("brev/{name}")));
    }
    wanted.retain(|path| is_document(path));
    wanted.sort();
    if wanted.len() > FILES_MAX {
        return Err(Unreadable::TooMany(folder.to_owned()));
    }
    wanted.into_iter().map(|name| file(folder, name)).collect()
}

/// Reads a file of a service's folder that is no part of the service, as `blanketter.md`; its path in the result is its name.
pub fn beside(path: &Path, name: &str) -> Result<Option<SourceFile>, Unreadable> {
    let folder = of(path);
    if !folder.join(name).is_file() {
        return Ok(None);
    }
    file(folder, name.to_owned()).map(Some)
}

/// The folder that a path to it or to its `tjanst.md` names.
fn of(path: &Path) -> &Path {
    if path.file_name().is_some_and(|name| name == "tjanst.md") {
        path.parent().unwrap_or(Path::new("."))
    } else {
        path
    }
}

/// Reads one text with the same limits; `path` in the result is as given.
pub fn read_one(path: &Path) -> Result<SourceFile, Unreadable> {
    let text = text(path)?;
    Ok(SourceFile {
        path: path.display().to_string(),
        text,
    })
}

fn file(folder: &Path, name: String) -> Result<SourceFile, Unreadable> {
    let text = text(&folder.join(&name))?;
    Ok(SourceFile { path: name, text })
}

fn text(path: &Path) -> Result<String, Unreadable> {
    let opened = fs::File::open(path).map_err(|why| io(path, why))?;
    let mut bytes = Vec::new();
    opened
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|why| io(path, why))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Unreadable::TooLarge(path.to_owned()));
    }
    String::from_utf8(bytes).map_err(|_| Unreadable::NotUtf8(path.to_owned()))
}

fn names(folder: &Path) -> Result<Vec<String>, Unreadable> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(|why| io(folder, why))? {
        let entry = entry.map_err(|why| io(folder, why))?;
        if let Ok(name) = entry.file_name().into_string()
            && entry.path().is_file()
        {
            names.push(name);
        }
    }
    Ok(names)
}

fn io(path: &Path, why: std::io::Error) -> Unreadable {
    Unreadable::Io {
        path: path.to_owned(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_the_files_of_the_language_in_order_of_path() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("brev")).unwrap();
        for name in [
            "tjanst.md",
            "exempel.md",
            "texter.en.md",
            "notes.md",
            "brev/b.md",
            "brev/a.md",
            "brev/a.txt",
        ] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let paths: Vec<String> = read(folder.path()).unwrap().into_iter().map(|f| f.path).collect();
        assert_eq!(
            paths,
            ["brev/a.md", "brev/b.md", "exempel.md", "texter.en.md", "tjanst.md"]
        );
    }

    #[test]
    fn a_folder_without_a_service_says_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Err(Unreadable::NotAService(_))));
        assert!(matches!(
            read(Path::new("/no/such/place")),
            Err(Unreadable::NotThere { .. })
        ));
    }

    #[test]
    fn a_file_that_is_not_utf8_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("tjanst.md"), [0xff, 0xfe]).unwrap();
        assert!(matches!(read(folder.path()), Err(Unreadable::NotUtf8(_))));
    }
}
