//! Types, sources, conditions, cells, time limits and lagrum inside an otherwise readable document.
//!
//! Nothing may panic, neither in reading nor in evaluating; what is written back is read as the same.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use samverk_domain::finding::SourceFile;
use samverk_domain::pack::{Pack, parse};
use samverk_domain::rules::evaluate;
use samverk_domain::rules::example;

const MAIN: &str = include_str!("../../crates/domain/tests/data/kolonilott/tjanst.md");
const EXAMPLES: &str = include_str!("../../crates/domain/tests/data/kolonilott/exempel.md");

/// Cells that the text takes the place of, one at a time.
const PLACES: [&str; 14] = [
    "bod.vill = ja och bod.krav ≠ inget",
    "antal(medodlare) ≥ 2",
    "summa(medodlare.andel) ≤ 100 %",
    "vatten.yttrande = erinran",
    "inte (förening.status är ej aktuellt) och förening.status = upplöst",
    "2–3 m",
    "inte ekologisk odling, vanlig odling",
    "tal 50–1 000 m²",
    "bilaga pdf, jpg; ≤ 5 MB; visar bodens mått och läge",
    "register folkbokföring.adress för person.pnr, via sökanden; ur funktion = fråga",
    "remiss vatten, krävs för bifall, 6 veckor",
    "2 månader från komplett, förlängs 1 månad",
    "10 veckor från komplett; start tidigast 4 veckor från inkommet",
    "1 200 kr",
];

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

fn read(main: &str) -> Option<Pack> {
    parse::pack(vec![file("tjanst.md", main), file("exempel.md", EXAMPLES)]).0
}

/// Every place is in the document, so that none is fuzzed in vain.
static CHECKED: LazyLock<()> = LazyLock::new(|| {
    for place in PLACES {
        assert!(MAIN.contains(place), "{place} is not in the document");
    }
});

fuzz_target!(|data: (u8, &str)| {
    LazyLock::force(&CHECKED);
    let (which, text) = data;
    if text.contains('\n') {
        return;
    }
    let place = PLACES[usize::from(which) % PLACES.len()];
    let Some(pack) = read(&MAIN.replacen(place, text, 1)) else {
        return;
    };
    for given in &pack.examples {
        let (facts, setting) = example::facts(&pack, given);
        let _ = evaluate(&pack, &facts, &setting);
    }
    for step in &pack.steps {
        let _ = step.needed_when.it.to_string();
    }
});
