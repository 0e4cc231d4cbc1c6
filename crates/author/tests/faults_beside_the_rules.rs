//! The faults that concern what a document says beside its rules, sown in the language's test service: each is found on its
//! line.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::path::Path;

use samverk_author::faults::operators::Operator;
use samverk_author::faults::{self, Verdict};
use samverk_author::folder;

#[test]
fn what_stands_beside_the_rules_is_guarded_as_the_rules_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/tests/data/ungdomslager");
    let files = folder::read(&path).unwrap();
    let names = [
        "ask for what somebody holds and say no obstacle",
        "rest a sensitive fact on a general ground",
        "remove a duty's lagrum",
        "let a duty begin with what never happens",
        "tell no duties in a letter",
        "leave a letter's condition open",
        "let a private performer decide",
        "let a private performer's answer be appealed",
        "let an authority agree",
        "let nobody sign",
        "doubt what is not there",
    ];
    let operators: Vec<&Operator> = faults::all().iter().filter(|it| names.contains(&it.name)).collect();
    assert_eq!(operators.len(), names.len());
    let trial = faults::trial(&files, &operators).unwrap();
    assert_eq!(trial.alarms, Vec::<String>::new());
    for name in names {
        assert!(
            trial.judged.iter().any(|one| one.operator == name),
            "{name} sows nothing"
        );
    }
    let wrong: Vec<String> = trial
        .judged
        .iter()
        .filter(|one| !matches!(one.verdict, Verdict::Found { .. }))
        .map(|one| format!("{}: {} {:?}", one.operator, one.what, one.verdict))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
