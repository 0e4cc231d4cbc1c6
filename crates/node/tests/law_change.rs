//! The law is changed while people apply: `samverk demo --lagandring`, as anybody would run it.

#![allow(clippy::unwrap_used, reason = "a helper that cannot go on stops its test")]

use std::process::Command;

#[test]
fn the_next_applicant_meets_the_new_law_and_the_case_under_way_follows_it() {
    let dir = tempfile::tempdir().unwrap();
    // A stretch of ports for this process; taken ones are passed over.
    let port = 12_000 + std::process::id() % 8_000;
    let out = Command::new(env!("CARGO_BIN_EXE_samverk"))
        .args(["demo", "--lagandring", "--port-base", &port.to_string(), "--dir"])
        .arg(dir.path())
        .output()
        .unwrap();
    let (said, errors) = (
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr),
    );
    assert!(out.status.success(), "{said}\n{errors}");
    for expected in [
        "- | a1 | lokal.kök = nej | avslag |",
        "Frågor, borta: Finns det ett eget kök",
        "servering-av-alkohol version 2, hash ",
        "Antaget, och publicerat i federationen.",
        "Nästa sökande möter version 2: 2 frågor, ingen om kök.",
        "Reglerna gav tidigare avslag och ger nu bifall.",
        "Gäller inte längre (a1): Serveringsstället har inget eget kök.",
    ] {
        assert!(said.contains(expected), "{expected}\nis not in\n{said}");
    }
}
