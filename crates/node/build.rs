//! Puts every service of `packs/` inside the binary, so that an installed one plays the same journeys as its source tree.
//!
//! Writes one list of files with their texts; the compiler reads them (`demo::data::PACKS`).

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let variable = |name: &str| std::env::var(name).map_err(std::io::Error::other);
    let packs = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../../packs");
    println!("cargo::rerun-if-changed={}", packs.display());
    let mut paths = Vec::new();
    listed(&packs, &mut paths)?;
    paths.sort();
    let mut list = String::from("&[\n");
    for path in paths {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.strip_prefix(&packs).map_err(std::io::Error::other)?;
        // A README beside the folders is for people.
        if name.components().count() > 1 {
            let name = name.to_string_lossy().replace('\\', "/");
            let _ = writeln!(
                list,
                "    Embedded {{ path: {name:?}, text: include_str!({:?}) }},",
                path.display().to_string()
            );
        }
    }
    list.push(']');
    std::fs::write(Path::new(&variable("OUT_DIR")?).join("packs.rs"), list)
}

fn listed(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            listed(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    Ok(())
}
