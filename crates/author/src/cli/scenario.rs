//! What `explain` and `ask` share: a service that can be read, and a scenario to try it with.

use std::io::IsTerminal as _;
use std::path::Path;

use samverk_domain::finding::Finding;
use samverk_domain::pack::{self, Example, Pack};

use super::check::is_wrong;
use crate::findings::{self, Source};
use crate::folder;

/// Reads the service; what is wrong in it is said on standard error.
pub fn service(path: &Path) -> anyhow::Result<Pack> {
    let files = folder::read(path)?;
    let (pack, found) = pack::parse::pack(files.clone());
    say(&found, &path.display().to_string(), &files);
    match pack {
        Some(pack) if !is_wrong(&found) => Ok(pack),
        _ => anyhow::bail!("{} has errors; `samverk check` shows them", path.display()),
    }
}

/// Reads a scenario: one `## Exempel: …` with its two tables.
pub fn scenario(pack: &Pack, path: &Path) -> anyhow::Result<Example> {
    let file = folder::read_one(path)?;
    let (example, found) = pack::parse::scenario(pack, file.clone());
    // The scenario's place is after the service's own files.
    let mut files = pack.files.clone();
    files.push(file);
    say(&found, "", &files);
    match example {
        Some(example) if !is_wrong(&found) => Ok(example),
        _ => anyhow::bail!("{} is not a scenario of {}", path.display(), *pack.meta.slug),
    }
}

fn say(found: &[Finding], folder: &str, files: &[samverk_domain::finding::SourceFile]) {
    if !found.is_empty() {
        let source = Source { folder, files };
        eprint!("{}", findings::text(found, &source, std::io::stderr().is_terminal()));
    }
}
