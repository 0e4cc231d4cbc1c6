//! `cargo xtask tidy`: keeps by machine what can be kept by machine. Every complaint names file, line and what to do.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::root;

/// What each crate of ours may depend on among ours.
const ARROWS: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("domain", &[]),
    ("author", &["samverk-domain"]),
    ("store", &["samverk-domain"]),
    (
        "node",
        &["samverk-author", "samverk-domain", "samverk-store", "samverk-wire"],
    ),
];

/// What would make a pure crate impure.
const IMPURE: &[&str] = &["tokio", "axum", "reqwest", "rusqlite", "tower", "tracing", "uuid"];
const PURE: &[&str] = &["wire", "domain", "author"];

/// More packages than this cost every colleague too much trust and build time.
const PACKAGES_MAX: usize = 600;

pub fn run() -> anyhow::Result<()> {
    let mut complaints = Vec::new();
    let files = tracked()?;
    arrows(&mut complaints)?;
    reasons(&mut complaints)?;
    lock(&mut complaints)?;
    for path in &files {
        let Ok(text) = std::fs::read_to_string(root().join(path)) else {
            continue;
        };
        if path.extension().is_some_and(|e| e == "rs") {
            rust(path, &text, &mut complaints);
        }
        if path.extension().is_some_and(|e| e == "md") {
            links(path, &text, &mut complaints);
        }
        words(path, &text, &mut complaints);
    }
    one_owner_per_table(&files, &mut complaints);
    glossary(&files, &mut complaints)?;
    named_tests(&files, &mut complaints)?;
    numbers(&files, &mut complaints)?;
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    anyhow::ensure!(complaints.is_empty(), "tidy: {} complaints", complaints.len());
    println!("tidy: {} files, nothing to complain about", files.len());
    Ok(())
}

/// Files that git knows or would take.
fn tracked() -> anyhow::Result<Vec<PathBuf>> {
    let output = std::process::Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .context("git could not be started")?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text
        .split('\0')
        .filter(|path| !path.is_empty() && root().join(path).is_file())
        .map(PathBuf::from)
        .collect())
}

/// Names under `[dependencies]` of a crate.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut within = false;
    let mut names = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            within = line == "[dependencies]";
        } else if within {
            let name: String = line
                .chars()
                .take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
                .collect();
            if !name.is_empty() {
                names.insert(name);
            }
        }
    }
    names
}

fn arrows(complaints: &mut Vec<String>) -> anyhow::Result<()> {
    for (name, allowed) in ARROWS {
        let path = format!("crates/{name}/Cargo.toml");
        let found = dependencies(&std::fs::read_to_string(root().join(&path)).with_context(|| path.clone())?);
        for dependency in found
            .iter()
            .filter(|d| d.starts_with("samverk") && !allowed.contains(&d.as_str()))
        {
            complaints.push(format!(
                "{path}: {name} must not depend on {dependency}; see ARCHITECTURE.md for the arrows"
            ));
        }
        for dependency in found
            .iter()
            .filter(|d| PURE.contains(name) && IMPURE.contains(&d.as_str()))
        {
            complaints.push(format!("{path}: {name} is pure and must not depend on {dependency}"));
        }
    }
    Ok(())
}

/// Each dependency has one line of why above it.
fn reasons(complaints: &mut Vec<String>) -> anyhow::Result<()> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml"))?;
    let mut within = false;
    let mut before = "";
    for (number, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            within = line == "[workspace.dependencies]";
        } else if within && !line.is_empty() && !line.starts_with('#') {
            let same_group =
                before.starts_with("samverk") || before.starts_with(line.split(['-', ' ']).next().unwrap_or("?"));
            if !before.starts_with('#') && !same_group {
                complaints.push(format!("Cargo.toml:{}: no line of why above `{line}`", number + 1));
            }
        }
        before = line;
    }
    Ok(())
}

fn lock(complaints: &mut Vec<String>) -> anyhow::Result<()> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock"))?;
    let packages = lock.lines().filter(|line| *line == "[[package]]").count();
    if packages > PACKAGES_MAX {
        complaints.push(format!("Cargo.lock: {packages} packages, more than {PACKAGES_MAX}"));
    }
    Ok(())
}

fn rust(path: &Path, text: &str, complaints: &mut Vec<String>) {
    let path = path.display().to_string();
    if !text.starts_with("//!") && !text.starts_with("#![no_main]") {
        complaints.push(format!("{path}:1: a file is a chapter: open it with `//!`"));
    }
    // The words are put together here so that this file does not accuse itself.
    let forbidden = [
        (
            concat!("#[", "ignore"),
            "assert today's behaviour instead of ignoring a test",
        ),
        (concat!("todo", "!("), "nothing is left to do in what has landed"),
        (
            concat!("unimplemented", "!("),
            "nothing is left to do in what has landed",
        ),
        (concat!("dbg", "!("), "a leftover"),
        (concat!("allow(", "dead_code"), "delete dead code"),
    ];
    for (number, line) in text.lines().enumerate() {
        for (word, why) in forbidden {
            // Each test binary uses its part of what they share; to the others the rest is dead.
            let shared = word.contains("dead_code") && path.contains("/tests/common/");
            if line.contains(word) && !shared {
                complaints.push(format!("{path}:{}: `{word}`: {why}", number + 1));
            }
        }
        for mark in [concat!("TO", "DO"), concat!("FIX", "ME")] {
            if line.contains(mark) && !line.contains('#') {
                complaints.push(format!("{path}:{}: {mark} without an issue number", number + 1));
            }
        }
    }
}

/// Relative links in documents lead somewhere.
fn links(path: &Path, text: &str, complaints: &mut Vec<String>) {
    let dir = root().join(path).parent().map_or_else(root, Path::to_path_buf);
    for (number, line) in text.lines().enumerate() {
        for part in line.split("](").skip(1) {
            let Some(target) = part.split([')', ' ']).next() else {
                continue;
            };
            let file = target.split('#').next().unwrap_or("");
            if file.is_empty() || target.contains("://") || target.starts_with("mailto:") || target.contains('{') {
                continue;
            }
            if !dir.join(file).exists() {
                complaints.push(format!(
                    "{}:{}: the link to {file} leads nowhere",
                    path.display(),
                    number + 1
                ));
            }
        }
    }
}

/// The product speaks of itself, not of the machines it was made on.
fn words(path: &Path, text: &str, complaints: &mut Vec<String>) {
    let machine = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("bash", "_jobs"),
        concat!("arti", "factory"),
    ];
    for (number, line) in text.lines().enumerate() {
        if let Some(word) = machine.iter().find(|word| line.contains(**word)) {
            complaints.push(format!(
                "{}:{}: a machine's own path or host: {word}",
                path.display(),
                number + 1
            ));
        }
    }
}

/// Every table is created, and so owned, in one file.
fn one_owner_per_table(files: &[PathBuf], complaints: &mut Vec<String>) {
    let mut owners: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in files.iter().filter(|path| path.starts_with("crates/store/src")) {
        let text = std::fs::read_to_string(root().join(path)).unwrap_or_default();
        let product = text.split("#[cfg(test)]").next().unwrap_or("");
        for part in product.split("create table ").skip(1) {
            let name: String = part
                .trim_start_matches("if not exists ")
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if name.is_empty() {
                continue;
            }
            if let Some(first) = owners.insert(name.clone(), path.clone()).filter(|first| first != path) {
                complaints.push(format!(
                    "{}: the table {name} already belongs to {}",
                    path.display(),
                    first.display()
                ));
            }
        }
    }
}

/// The English names that the glossary gives exist in code.
fn glossary(files: &[PathBuf], complaints: &mut Vec<String>) -> anyhow::Result<()> {
    let Ok(glossary) = std::fs::read_to_string(root().join("GLOSSARY.md")) else {
        complaints.push("GLOSSARY.md is missing".to_owned());
        return Ok(());
    };
    let mut code = String::new();
    for path in files
        .iter()
        .filter(|path| path.starts_with("crates") && path.extension().is_some_and(|e| e == "rs"))
    {
        code.push_str(&std::fs::read_to_string(root().join(path)).unwrap_or_default());
    }
    for (number, line) in glossary.lines().enumerate() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let Some(english) = cells.get(1).filter(|_| line.starts_with('|')) else {
            continue;
        };
        for name in english.split('`').skip(1).step_by(2) {
            let last = name.rsplit("::").next().unwrap_or(name);
            if !code.contains(last) {
                complaints.push(format!("GLOSSARY.md:{}: no `{name}` in the code", number + 1));
            }
        }
    }
    Ok(())
}

/// The tests and fuzz targets that SECURITY.md names exist.
fn named_tests(files: &[PathBuf], complaints: &mut Vec<String>) -> anyhow::Result<()> {
    let security = std::fs::read_to_string(root().join("SECURITY.md")).context("SECURITY.md")?;
    let mut code = String::new();
    for path in files.iter().filter(|path| path.extension().is_some_and(|e| e == "rs")) {
        code.push_str(&std::fs::read_to_string(root().join(path)).unwrap_or_default());
    }
    for (number, line) in security.lines().enumerate().filter(|(_, line)| line.starts_with('|')) {
        let Some(cell) = line.trim_end_matches('|').rsplit('|').next() else {
            continue;
        };
        let (tests, targets) = cell.split_once("fuzz").unwrap_or((cell, ""));
        for name in tests.split('`').skip(1).step_by(2) {
            if !code.contains(&format!("fn {name}(")) {
                complaints.push(format!("SECURITY.md:{}: there is no test `{name}`", number + 1));
            }
        }
        for name in targets.split('`').skip(1).step_by(2) {
            if !root().join(format!("fuzz/fuzz_targets/{name}.rs")).is_file() {
                complaints.push(format!("SECURITY.md:{}: there is no fuzz target `{name}`", number + 1));
            }
        }
    }
    Ok(())
}

/// Folders with committed official lists; each says in its `SOURCE.md` where they come from. A number in them belongs to
/// nobody: Skatteverket's open data sets of test numbers, and published vectors. A list is taken as it is; what it holds may
/// stand anywhere.
const OFFICIAL: &[&str] = &["crates/domain/tests/data", "crates/node/src/test_eid/numbers"];

/// No person numbers but Skatteverket's official test numbers and the published vectors.
fn numbers(files: &[PathBuf], complaints: &mut Vec<String>) -> anyhow::Result<()> {
    let mut known = HashSet::new();
    for folder in OFFICIAL {
        let source = format!("{folder}/SOURCE.md");
        if !root().join(&source).is_file() {
            complaints.push(format!(
                "{source}: missing; say where the official lists beside it come from"
            ));
        }
    }
    let (lists, others): (Vec<&PathBuf>, Vec<&PathBuf>) = files
        .iter()
        .partition(|path| OFFICIAL.iter().any(|folder| path.starts_with(folder)));
    for path in lists {
        let text = std::fs::read_to_string(root().join(path)).unwrap_or_default();
        known.extend(digits(&text).into_iter().map(|(_, number)| number));
    }
    for path in others.into_iter().filter(|path| !path.ends_with("Cargo.lock")) {
        let Ok(text) = std::fs::read_to_string(root().join(path)) else {
            continue;
        };
        for (line, number) in digits(&text) {
            if is_person_number(&number) && !known.contains(&number) {
                complaints.push(format!(
                    "{}:{line}: what looks like a person number is not among the official test numbers in {}",
                    path.display(),
                    OFFICIAL.join(" or ")
                ));
            }
        }
    }
    Ok(())
}

/// Runs of exactly twelve digits, with their lines.
fn digits(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for run in line.split(|c: char| !c.is_ascii_alphanumeric()) {
            if run.len() == 12 && run.bytes().all(|b| b.is_ascii_digit()) {
                found.push((number + 1, run.to_owned()));
            }
        }
    }
    found
}

fn is_person_number(twelve: &str) -> bool {
    let digit = |at: usize| u32::from(twelve.as_bytes()[at] - b'0');
    let month = digit(4) * 10 + digit(5);
    let day = (digit(6) * 10 + digit(7)) % 60;
    let century = digit(0) * 10 + digit(1);
    let sum: u32 = (2..12)
        .map(|at| {
            let doubled = digit(at) * if at % 2 == 0 { 2 } else { 1 };
            doubled / 10 + doubled % 10
        })
        .sum();
    (18..=20).contains(&century) && (1..=12).contains(&month) && (1..=31).contains(&day) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::{dependencies, digits};

    #[test]
    fn reads_the_dependencies_of_a_manifest() {
        let manifest = "[package]\nname = \"x\"\n\n[dependencies]\nserde.workspace = true\na-b = \"1\"\n\n[dev-dependencies]\nzz = \"1\"\n";
        assert_eq!(dependencies(manifest).into_iter().collect::<Vec<_>>(), ["a-b", "serde"]);
    }

    #[test]
    fn finds_twelve_digits_alone() {
        assert_eq!(digits("a 123456789012 b1234567890123\n").len(), 1);
    }
}
