//! What others say of our exports: engines, validators and parsers that we did not write. None is part of the product.
//!
//! Always true: a judge that is not there is said to be missing and fails the command; nothing is passed over.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::{root, sh, target_dir};

/// Name, what it does, and how.
type Judge = (&'static str, &'static str, fn() -> anyhow::Result<()>);

const JUDGES: &[Judge] = &[
    (
        "dmn",
        "an independent engine evaluates every table of every service on every class of cases",
        dmn,
    ),
    (
        "schema",
        "Python's jsonschema takes every example and refuses every mutated one",
        schema,
    ),
    ("bpmn", "every process is valid against the OMG's XML Schemas", bpmn),
    (
        "modeller",
        "bpmn.io's modeller opens and draws every process, and its reader every decision model, without a warning",
        modeller,
    ),
    (
        "cpsv",
        "every description holds by the shapes of CPSV-AP 3.2, and Turtle and JSON-LD say the same",
        cpsv,
    ),
];

pub fn run(arguments: &[String]) -> anyhow::Result<()> {
    let Some(name) = arguments.first() else {
        for (name, what, _) in JUDGES {
            println!("{name:12} {what}");
        }
        println!("{:12} all of them, one after the other", "all");
        return Ok(());
    };
    if name == "all" {
        let mut against = Vec::new();
        for (name, _, judge) in JUDGES {
            println!("== {name}");
            if let Err(why) = judge() {
                eprintln!("{name}: {why:#}");
                against.push(*name);
            }
        }
        anyhow::ensure!(against.is_empty(), "not passed: {}", against.join(", "));
        return Ok(());
    }
    match JUDGES.iter().find(|(known, ..)| known == name) {
        Some((.., judge)) => judge(),
        None => anyhow::bail!("there is no judge `{name}`; `cargo xtask conformance` lists them"),
    }
}

/// The services of the project, and the made-up ones that use the whole language.
fn packs() -> anyhow::Result<Vec<String>> {
    let mut packs = Vec::new();
    for entry in std::fs::read_dir(root().join("packs"))? {
        let path = entry?.path();
        if path.join("tjanst.md").is_file() {
            packs.push(path.display().to_string());
        }
    }
    packs.push(root().join("crates/domain/tests/data/kolonilott").display().to_string());
    packs.sort();
    Ok(packs)
}

fn dmn() -> anyhow::Result<()> {
    let mut packs = packs()?;
    // Dated rows and a transition, which no service has today.
    packs.push(root().join("crates/author/tests/data/overgang").display().to_string());
    let mut arguments = vec![
        "run",
        "--quiet",
        "--locked",
        "--manifest-path",
        "conformance/dmn/Cargo.toml",
        "--",
    ];
    arguments.extend(packs.iter().map(String::as_str));
    sh("cargo", &arguments)
}

/// Writes one notation of every service to a folder of its own.
fn exported(format: &str) -> anyhow::Result<PathBuf> {
    let folder = target_dir().join("conformance").join(format);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("{} could not be emptied", folder.display()))?;
    }
    for pack in packs()? {
        let run = [
            "run",
            "--quiet",
            "--package",
            "samverk-author",
            "--example",
            "forfattare",
            "--",
        ];
        let out = folder.display().to_string();
        sh(
            "cargo",
            &[&run[..], &["export", &pack, "--format", format, "--out", &out]].concat(),
        )?;
    }
    Ok(folder)
}

/// A Python that has every judge of `conformance/requirements.txt`: the machine's own, else one of our own under target/.
fn python() -> anyhow::Result<PathBuf> {
    const MODULES: &str = "import jsonschema, lxml, pyshacl, rdflib";
    let has_all = |python: &Path| {
        let there = Command::new(python).args(["-c", MODULES]).output();
        there.is_ok_and(|there| there.status.success())
    };
    let folder = target_dir().join("conformance/python");
    let own = folder.join("bin/python3");
    for python in [PathBuf::from("python3"), own.clone()] {
        if has_all(&python) {
            return Ok(python);
        }
    }
    let needed = root().join("conformance/requirements.txt");
    let (folder, needed) = (folder.display().to_string(), needed.display().to_string());
    sh("python3", &["-m", "venv", &folder])
        .context("Python 3 with venv is needed: sudo apt-get install -y python3-venv")?;
    sh(
        &own.display().to_string(),
        &["-m", "pip", "install", "--quiet", "--requirement", &needed],
    )
    .with_context(|| format!("the judges come from PyPI; install them by hand where it cannot be reached: {needed}"))?;
    anyhow::ensure!(
        has_all(&own),
        "{folder} lacks what {needed} lists; remove the folder and try again"
    );
    Ok(own)
}

fn judge_in_python(script: &str, arguments: &[&Path]) -> anyhow::Result<()> {
    let status = Command::new(python()?)
        .arg(root().join("conformance").join(script))
        .args(arguments)
        .status()
        .context("could not start python3")?;
    anyhow::ensure!(status.success(), "the judge does not agree ({status})");
    Ok(())
}

fn schema() -> anyhow::Result<()> {
    judge_in_python("schema.py", &[&exported("json-schema")?])
}

fn cpsv() -> anyhow::Result<()> {
    let shapes = root().join("conformance/cpsv-ap-3.2.0-shacl.ttl");
    judge_in_python("cpsv.py", &[&shapes, &exported("cpsv-ap")?])
}

/// The modeller's packages, by their lock file, in a folder under target/. With them come the OMG's schemas of BPMN, which
/// stand under its own terms and are not kept here.
fn packages() -> anyhow::Result<PathBuf> {
    let folder = target_dir().join("conformance/modeller");
    std::fs::create_dir_all(&folder)?;
    let mut is_new = !folder.join("node_modules").is_dir();
    for name in ["package.json", "package-lock.json", "open.mjs"] {
        let text = std::fs::read(root().join("conformance/modeller").join(name))?;
        let there = folder.join(name);
        if std::fs::read(&there).ok().as_ref() != Some(&text) {
            is_new |= name != "open.mjs";
            std::fs::write(there, text)?;
        }
    }
    if is_new {
        let prefix = folder.display().to_string();
        let install = [
            "ci",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--prefix",
            &prefix,
        ];
        sh("npm", &install)
            .context("Node and npm are needed (sudo apt-get install -y nodejs npm), and npm's registry")?;
    }
    Ok(folder)
}

fn bpmn() -> anyhow::Result<()> {
    let schema = packages()?.join("node_modules/bpmn-moddle/resources/bpmn/xsd/BPMN20.xsd");
    judge_in_python("bpmn.py", &[&schema, &exported("bpmn")?])
}

fn modeller() -> anyhow::Result<()> {
    let folder = packages()?;
    let browsers = ["chromium", "chromium-browser", "google-chrome"];
    let mut browsers = browsers.into_iter().filter(|name| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|version| version.status.success())
    });
    let browser = browsers
        .next()
        .context("a browser is needed to draw in: sudo apt-get install -y chromium")?;
    for format in ["bpmn", "dmn"] {
        let status = Command::new("node")
            .arg(folder.join("open.mjs"))
            .arg(browser)
            .arg(exported(format)?)
            .status()
            .context("Node is needed: sudo apt-get install -y nodejs")?;
        anyhow::ensure!(status.success(), "the modeller does not agree ({status})");
    }
    Ok(())
}
