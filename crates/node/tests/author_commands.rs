//! The author's commands, run as a person runs them: what is printed and which exit code says what.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn samverk(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_samverk"))
        .args(args)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may be done already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

const PACK: &str = "packs/starta-restaurang";
const FULL: &str = "crates/node/demo/scenarios/full.md";

/// A copy of the restaurant with one change.
fn changed(find: &str, replace: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("brev")).unwrap();
    for folder in ["", "brev"] {
        for entry in fs::read_dir(root().join(PACK).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let to = copy.path().join(folder).join(path.file_name().unwrap());
                let text = fs::read_to_string(&path).unwrap().replace(find, replace);
                fs::write(to, text).unwrap();
            }
        }
    }
    copy
}

#[test]
fn check_of_the_restaurant_is_clean_and_ends_with_figures() {
    let output = samverk(&["check", PACK], "");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("0 fel, 0 varningar"), "{said}");
    assert!(said.contains("Beslutas automatiskt"), "{said}");
}

#[test]
fn check_points_at_the_fault_with_an_example_and_advice_and_exits_with_1() {
    let copy = changed("| g2 | ≤ 2 | > 60 |", "| g2 | ≤ 2 | > 61 |");
    let output = samverk(&["check", copy.path().to_str().unwrap()], "");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in [
        "fel[S301]: Tabellen gasol.behövs har en lucka.",
        "tjanst.md:",
        "^^^^^^^^^^^^ ingen rad gäller i exemplet",
        "gas.inne = 0, gas.ute = 61",
        "= förslag:",
    ] {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
}

#[test]
fn check_as_json_names_code_place_and_figures() {
    let copy = changed("| g3 | ≤ 2 | ≤ 60 | nej |", "| g3 | ≤ 2 | ≤ 61 | nej |");
    let output = samverk(&["check", copy.path().to_str().unwrap(), "--format", "json"], "");
    let whole: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let finding = &whole["findings"][0];
    assert_eq!(finding["code"], "S302");
    assert_eq!(finding["severity"], "error");
    assert!(finding["at"]["path"].as_str().unwrap().ends_with("tjanst.md"));
    assert!(finding["at"]["line"].as_u64().unwrap() > 1);
    assert!(finding["example"].as_str().unwrap().contains("gas.ute = 61"));
    assert!(whole["report"]["examples"][0]["questions"].as_u64().unwrap() > 0);
}

#[test]
fn what_cannot_be_read_exits_with_2_and_says_why() {
    for args in [
        &["check", "/no/such/folder"][..],
        &["check", "docs"],
        &["explain", PACK, "--scenario", "/no/such/file"],
        &["explain", PACK, "--scenario", "README.md"],
        &["explain", PACK, "--scenario", FULL, "--step", "bibliotek"],
        &["check", PACK, "--federation", "README.md"],
    ] {
        let output = samverk(args, "");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", said(&output));
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn explain_shows_rows_with_reason_law_and_source() {
    let output = samverk(&["explain", PACK, "--scenario", FULL], "");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for part in [
        "livsmedel: registrerad",
        "rad g1 i gasol.behövs",
        "2010:1011 16 § och MSBFS 2013:3",
        "gas.inne = 12 liter   (sökanden)",
    ] {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
}

#[test]
fn ask_plays_the_questions_and_shows_each_body_its_steps() {
    let output = samverk(&["ask", PACK, "--scenario", FULL], "");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for part in [
        "1. På vilken fastighet ligger lokalen?",
        "hämtat: företag.namn = Matkultur i Exempelstad AB   (register bolag)",
        "serveringstillstånd: bifall",
        "kassaregister: noterad",
    ] {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
}

#[test]
fn ask_reads_what_the_scenario_leaves_out_and_says_what_is_wrong_with_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("min.md");
    let text = "## Exempel: nästan inget\n\n| Uppgift | Värde |\n| --- | --- |\n| lokal.fastighet | EXEMPELSTAD BAGAREN 7 |\n| lokal.kommun | 0001 |\n\n\
        | Steg | Utfall | Grund |\n| --- | --- | --- |\n| livsmedel | väntar | – |\n";
    fs::write(&file, text).unwrap();
    let args = ["ask", PACK, "--scenario", file.to_str().unwrap()];
    // Which question the day is depends on the document; the first two are the property and the address.
    let unanswered = self::said(&samverk(&args, ""));
    let (before, _) = unanswered.split_once(". Vilken dag vill ni öppna?").unwrap();
    let number: usize = before.rsplit('\n').next().unwrap().parse().unwrap();
    let answers = format!("Storgatan 4\n{}i morgon\n2026-12-15\n", "\n".repeat(number - 3));
    let output = samverk(&args, &answers);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("Vilken dag vill ni öppna?"), "{said}");
    assert!(
        said.contains("Skriv en dag som finns, till exempel 2026-06-01."),
        "{said}"
    );
    assert!(said.contains("livsmedel: väntar"), "{said}");
}
