//! Decision models of others, as `samverk import dmn` reads them: any text as a file, and as the cells of a table.
//!
//! What comes out is text that a document can hold: reading it panics nowhere, and what was left out has an element and a reason.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samverk_author::import::dmn::{Imported, import};
use samverk_domain::finding::SourceFile;
use samverk_domain::pack::parse;

fn readable(imported: &Imported) {
    assert!(!imported.text.contains('\r'));
    for missed in &imported.not_understood {
        assert!(!missed.element.is_empty() && !missed.why.is_empty());
    }
    let text = format!(
        "---\ntjänst: prov\nversion: 1\ngäller: 2026-01-01 –\nutgivare: Prov\n---\n\n# Prov\n\nProv.\n\n{}",
        imported.text
    );
    let file = SourceFile {
        path: String::from("tjanst.md"),
        text,
    };
    let _ = parse::pack(vec![file]);
}

fn escaped(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fuzz_target!(|data: (bool, u8, &str)| {
    let (is_whole, policy, text) = data;
    if is_whole {
        if let Ok(imported) = import(text) {
            readable(&imported);
        }
        return;
    }
    let policies = ["UNIQUE", "FIRST", "PRIORITY", "ANY", "COLLECT", "RULE ORDER", "OUTPUT ORDER"];
    let policy = policies[usize::from(policy) % policies.len()];
    // Each line is a cell; four make a row.
    let lines: Vec<String> = text.lines().map(escaped).collect();
    let line = |at: usize| lines.get(at).map_or("", String::as_str);
    let mut rules = String::new();
    for row in lines.chunks(4).skip(1) {
        let cell = |at: usize| row.get(at).map_or("", String::as_str);
        rules.push_str(&format!(
            "<rule><inputEntry><text>{}</text></inputEntry><inputEntry><text>{}</text></inputEntry>\
             <outputEntry><text>{}</text></outputEntry><outputEntry><text>{}</text></outputEntry></rule>",
            cell(0),
            cell(1),
            cell(2),
            cell(3)
        ));
    }
    let xml = format!(
        "<definitions xmlns=\"https://www.omg.org/spec/DMN/20230324/MODEL/\"><decision name=\"{0}\"><decisionTable hitPolicy=\"{policy}\">\
         <input label=\"{1}\"><inputExpression typeRef=\"number\"><text>{1}</text></inputExpression></input>\
         <input><inputExpression><text>{2}</text></inputExpression><inputValues><text>{3}</text></inputValues></input>\
         <output name=\"{0}\"/><output name=\"{3}\"/>{rules}</decisionTable></decision></definitions>",
        line(0),
        line(1),
        line(2),
        line(3)
    );
    match import(&xml) {
        Ok(imported) => readable(&imported),
        Err(why) => panic!("a model was refused: {why}"),
    }
});
