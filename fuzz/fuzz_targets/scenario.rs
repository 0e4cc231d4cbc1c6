//! Scenarios of `--scenario FILE` and examples: any text beside a readable document; what is read is evaluated.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use samverk_domain::finding::SourceFile;
use samverk_domain::pack::{Pack, parse};
use samverk_domain::rules::evaluate;
use samverk_domain::rules::example;

static PACK: LazyLock<Pack> = LazyLock::new(|| {
    let main = include_str!("../../crates/domain/tests/data/kolonilott/tjanst.md");
    let file = SourceFile {
        path: "tjanst.md".to_owned(),
        text: main.to_owned(),
    };
    parse::pack(vec![file]).0.expect("the document of the tests is readable")
});

fuzz_target!(|text: &str| {
    let file = SourceFile {
        path: "scenario.md".to_owned(),
        text: text.to_owned(),
    };
    if let (Some(scenario), _) = parse::scenario(&PACK, file) {
        let (facts, setting) = example::facts(&PACK, &scenario);
        let _ = evaluate(&PACK, &facts, &setting);
        let _ = example::run(&PACK, &scenario);
    }
});
