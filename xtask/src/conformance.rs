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
    (
        "bpmn",
        "every process is valid against the OMG's XML Schemas (fetched)",
        bpmn,
    ),
    ("cpsv", "rdflib reads Turtle and JSON-LD, and they say the same", cpsv),
];

pub fn run(arguments: &[String]) -> anyhow::Result<()> {
    let Some(name) = arguments.first() else {
        for (name, what, _) in JUDGES {
            println!("{name:12} {what}");
        }
        return Ok(());
    };
    match JUDGES.iter().find(|(known, ..)| known == name) {
        Some((.., judge)) => judge(),
        None => anyhow::bail!("there is no judge `{name}`; `cargo xtask conformance` lists them"),
    }
}

/// The services of the project, and the made-up one that uses the whole language.
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
    let packs = packs()?;
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

fn python(script: &str, needs: &str, arguments: &[&Path]) -> anyhow::Result<()> {
    let there = Command::new("python3")
        .args(["-c", &format!("import {needs}")])
        .output();
    anyhow::ensure!(
        there.is_ok_and(|there| there.status.success()),
        "this judge is Python's `{needs}`; install it: python3 -m pip install {needs}"
    );
    let script = root().join("conformance").join(script);
    let status = Command::new("python3")
        .arg(script)
        .args(arguments)
        .status()
        .context("could not start python3")?;
    anyhow::ensure!(status.success(), "the judge does not agree");
    Ok(())
}

fn schema() -> anyhow::Result<()> {
    python("schema.py", "jsonschema", &[&exported("json-schema")?])
}

fn cpsv() -> anyhow::Result<()> {
    python("cpsv.py", "rdflib", &[&exported("cpsv-ap")?])
}

/// The schemas are the OMG's and stand under its own terms, so they are fetched, not kept.
const SCHEMAS: [&str; 5] = ["BPMN20.xsd", "BPMNDI.xsd", "DC.xsd", "DI.xsd", "Semantic.xsd"];
const SCHEMAS_AT: &str = "https://www.omg.org/spec/BPMN/20100501/";

fn bpmn() -> anyhow::Result<()> {
    let folder = target_dir().join("conformance/xsd");
    std::fs::create_dir_all(&folder)?;
    for name in SCHEMAS {
        let file = folder.join(name);
        if !file.exists() {
            let (file, from) = (file.display().to_string(), format!("{SCHEMAS_AT}{name}"));
            sh(
                "curl",
                &[
                    "--fail",
                    "--silent",
                    "--show-error",
                    "--location",
                    "--max-time",
                    "60",
                    "--output",
                    &file,
                    &from,
                ],
            )
            .with_context(|| format!("fetch {from} and put it in {}", folder.display()))?;
        }
    }
    python("bpmn.py", "lxml", &[&folder.join("BPMN20.xsd"), &exported("bpmn")?])
}
