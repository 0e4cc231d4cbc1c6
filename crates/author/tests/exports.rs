//! Exports of every service in `packs/` and of the made-up one that uses the whole language.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::path::{Path, PathBuf};

use samverk_author::export::{self, Format};
use samverk_author::folder;
use samverk_domain::pack::{self, CellResult, Pack, RuleKind};

/// Every service that the project has.
fn packs() -> Vec<Pack> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root.join("packs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("tjanst.md").is_file())
        .collect();
    folders.push(root.join("crates/domain/tests/data/kolonilott"));
    folders.sort();
    folders.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Pack {
    let (pack, found) = pack::parse::pack(folder::read(path).unwrap());
    pack.unwrap_or_else(|| panic!("{}: {found:?}", path.display()))
}

#[test]
fn every_rule_of_every_service_is_a_decision_table_with_all_its_rows() {
    for pack in packs() {
        let model = export::dmn::export(&pack);
        assert_eq!(model.left_out, [], "{}", *pack.meta.slug);
        let xml = roxmltree::Document::parse(&model.xml).unwrap();
        for rule in &pack.rules {
            let exported = model
                .tables
                .iter()
                .find(|table| table.rule == rule.name.it && table.kind == rule.kind)
                .unwrap();
            let decision = xml
                .descendants()
                .find(|node| node.has_tag_name("decision") && node.attribute("name") == Some(&exported.table))
                .unwrap();
            let rows = decision.descendants().filter(|node| node.has_tag_name("rule")).count();
            assert_eq!(rows, rule.rows.len(), "{}", rule.name.it);
        }
        let outcome_rules = pack.rules.iter().filter(|rule| rule.kind == RuleKind::Outcome).count();
        assert!(model.steps.len() >= outcome_rules);
    }
}

/// Each input of a decision table with its expression, and its cells row by row.
fn columns(model: &export::dmn::Model, table: &str) -> Vec<(String, Vec<String>)> {
    let xml = roxmltree::Document::parse(&model.xml).unwrap();
    let decision = xml
        .descendants()
        .find(|node| node.has_tag_name("decision") && node.attribute("name") == Some(table))
        .unwrap();
    let texts = |name: &str| -> Vec<String> {
        let of = decision.descendants().filter(|node| node.has_tag_name(name));
        of.filter_map(|node| node.descendants().find(|node| node.has_tag_name("text")))
            .map(|text| text.text().unwrap_or_default().to_owned())
            .collect()
    };
    let (inputs, cells) = (texts("inputExpression"), texts("inputEntry"));
    let own = |at: usize| cells.iter().skip(at).step_by(inputs.len()).cloned().collect();
    inputs
        .iter()
        .cloned()
        .enumerate()
        .map(|(at, input)| (input, own(at)))
        .collect()
}

#[test]
fn dated_rows_are_asked_on_the_day_that_their_table_is_counted_at() {
    let model = export::dmn::export(&read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/overgang"),
    ));
    assert_eq!(model.left_out, []);
    let fee = columns(&model, "avgift_prövning_tabell");
    let days = [
        "[date(\"2026-03-01\")..date(\"2026-09-30\")]",
        ">= date(\"2027-01-01\")",
        "-",
    ];
    assert_eq!(
        fee.last().unwrap(),
        &("ansökningsdagen".to_owned(), days.map(str::to_owned).to_vec())
    );
    assert!(model.requires["avgift_prövning_tabell"].contains("ansökningsdagen"));
}

#[test]
fn in_a_transition_the_older_law_is_asked_on_the_day_before_it() {
    let model = export::dmn::export(&read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/overgang"),
    ));
    // The outcome is counted at the day of the decision; who may choose is told by the day of the application.
    let outcome = columns(&model, "steg_prövning_utfall_tabell");
    let (asked, cells) = outcome.last().unwrap();
    assert_eq!(
        asked,
        "if ansökningsdagen >= date(\"2026-06-01\") and ansökningsdagen <= date(\"2026-12-31\") and val_regler = \"äldre\" \
         then date(\"2026-05-31\") else beslutsdagen"
    );
    assert_eq!(cells[1..3], ["<= date(\"2026-05-31\")", ">= date(\"2026-06-01\")"]);
    let required = &model.requires["steg_prövning_utfall_tabell"];
    for variable in ["ansökningsdagen", "beslutsdagen", "val_regler"] {
        assert!(required.contains(variable), "{variable}");
        assert!(
            model.requires["steg_prövning_utfall_lägen"].contains(variable),
            "{variable}"
        );
    }
}

#[test]
fn what_a_decision_model_cannot_say_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/overgang");
    let mut files = folder::read(&folder).unwrap();
    for file in &mut files {
        file.text = file
            .text
            .replace("gas.volym > 2000 och kök.krävs = ja", "ålder(person.pnr) < 18");
    }
    let exported = export::export(&pack::parse::pack(files).0.unwrap(), Format::Dmn);
    assert_eq!(exported.left_out.len(), 1);
    assert!(
        exported.left_out[0].starts_with("prövning: "),
        "{}",
        exported.left_out[0]
    );
    assert!(exported.left_out[0].contains("ålder"), "{}", exported.left_out[0]);
}

#[test]
fn every_reference_in_an_exported_model_leads_somewhere_and_no_id_stands_twice() {
    for pack in packs() {
        let model = export::dmn::export(&pack);
        let xml = roxmltree::Document::parse(&model.xml).unwrap();
        let mut ids = std::collections::BTreeSet::new();
        for id in xml.descendants().filter_map(|node| node.attribute("id")) {
            assert!(ids.insert(id), "{id} twice");
        }
        for node in xml.descendants() {
            if let Some(href) = node.attribute("href") {
                assert!(ids.contains(href.trim_start_matches('#')), "{href}");
            }
            if let Some(element) = node.attribute("dmnElementRef") {
                assert!(ids.contains(element), "{element}");
            }
        }
    }
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    for pack in packs() {
        for format in [Format::Dmn, Format::Bpmn, Format::JsonSchema, Format::CpsvAp] {
            let [first, second] = [(), ()].map(|()| export::export(&pack, format));
            assert_eq!(first, second);
        }
    }
}

#[test]
fn in_a_process_every_node_has_its_place_lies_between_a_start_and_an_end_and_every_flow_joins_two() {
    for pack in packs() {
        let text = export::bpmn::export(&pack);
        let xml = roxmltree::Document::parse(&text).unwrap();
        let mut ids = std::collections::BTreeSet::new();
        for id in xml.descendants().filter_map(|node| node.attribute("id")) {
            assert!(ids.insert(id), "{id} twice");
        }
        let drawn: std::collections::BTreeSet<&str> = xml
            .descendants()
            .filter_map(|node| node.attribute("bpmnElement"))
            .collect();
        for process in xml.descendants().filter(|node| node.has_tag_name("process")) {
            for node in process.children().filter(roxmltree::Node::is_element) {
                let id = node.attribute("id").unwrap();
                assert!(drawn.contains(id), "{id} is not drawn");
                if node.has_tag_name("sequenceFlow") {
                    for end in ["sourceRef", "targetRef"] {
                        assert!(ids.contains(node.attribute(end).unwrap()), "{id}");
                    }
                    continue;
                }
                let has = |name: &str| node.children().any(|child| child.has_tag_name(name));
                let begins = node.has_tag_name("startEvent") || node.has_tag_name("boundaryEvent");
                assert!(begins || has("incoming"), "nothing leads to {id}");
                assert!(
                    node.has_tag_name("endEvent") || has("outgoing"),
                    "nothing leads from {id}"
                );
            }
        }
        for flow in xml.descendants().filter(|node| node.has_tag_name("messageFlow")) {
            for end in ["sourceRef", "targetRef"] {
                let end = flow.attribute(end).unwrap();
                assert!(ids.contains(end) && drawn.contains(end), "{end}");
            }
        }
    }
}

#[test]
fn a_steps_schema_holds_what_its_body_gets_and_nothing_that_arises_there() {
    let packs = packs();
    let restaurant = packs
        .iter()
        .find(|pack| pack.meta.slug.as_str() == "starta-restaurang")
        .unwrap();
    let schemas = export::json_schema::export(restaurant);
    let of = |step: &str| schemas.iter().find(|schema| schema.step.as_str() == step).unwrap();
    let facts = &of("serveringstillstånd").schema["properties"]["uppgifter"];
    assert!(facts["properties"]["servering.sluttid"].is_object());
    assert!(facts["properties"]["bedömning.lämplig"].is_null());
    assert!(facts["properties"]["polis.yttrande"].is_null());
    assert!(facts["properties"]["kassa"].is_null());
    assert_eq!(facts["properties"]["ägare"]["maxItems"], 50);
    assert_eq!(
        of("gasol").schema["properties"]["uppgifter"]["properties"]["gas.inne"]["maximum"],
        5000
    );
    assert!(schemas.iter().all(|schema| !schema.examples.is_empty()));
}

#[test]
fn every_address_that_a_catalogue_description_names_is_described_in_it() {
    for pack in packs() {
        let (_, json_ld) = export::cpsv::export(&pack);
        let whole: serde_json::Value = serde_json::from_str(&json_ld).unwrap();
        let described: Vec<&str> = whole["@graph"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|resource| resource["@id"].as_str())
            .collect();
        for resource in whole["@graph"].as_array().unwrap() {
            for values in resource
                .as_object()
                .unwrap()
                .values()
                .filter_map(|values| values.as_array())
            {
                for named in values.iter().filter_map(|value| value["@id"].as_str()) {
                    let is_ours = named.starts_with("urn:samverk:");
                    assert!(!is_ours || described.contains(&named), "{named}");
                }
            }
        }
    }
}

/// A rule as far as it is the same however its columns are ordered: each row's id, cells by column, and what it gives.
fn as_rows(rule: &samverk_domain::pack::Rule) -> Vec<String> {
    use samverk_domain::pack::Column;
    let columns: Vec<String> = rule
        .columns
        .iter()
        .filter(|column| matches!(column.it, Column::Input(_) | Column::When))
        .map(|column| column.it.to_string())
        .collect();
    rule.rows
        .iter()
        .map(|row| {
            let mut cells: Vec<String> = columns
                .iter()
                .zip(&row.tests)
                .filter(|(_, test)| test.it.to_string() != "–")
                .map(|(column, test)| format!("{column}: {}", test.it))
                .collect();
            cells.sort();
            let valid = row.valid.as_ref().map(|valid| format!("{:?}", valid.it));
            let because = row.because.as_ref().map(|because| because.it.clone());
            let law = row.law.as_ref().map(|law| law.it.to_string());
            format!(
                "{} {cells:?} {valid:?} {} {because:?} {law:?}",
                row.id.it, row.result.it
            )
        })
        .collect()
}

#[test]
fn what_is_exported_as_dmn_and_imported_again_is_the_same_tables() {
    for pack in packs() {
        let model = export::dmn::export(&pack);
        let imported = samverk_author::import::dmn::import(&model.xml).unwrap();
        let document = pack.files.iter().find(|file| file.path == "tjanst.md").unwrap();
        // A calculated result is a formula there, which the import lists and leaves out.
        let is_calculated = |rule: &&pack::Rule| {
            rule.rows
                .iter()
                .any(|row| matches!(row.result.it, CellResult::Calculated(_)))
        };
        for rule in pack.rules.iter().filter(|rule| !is_calculated(rule)) {
            let heading = match rule.kind {
                RuleKind::Fact => format!("## Regel: {} (", rule.name.it),
                RuleKind::Outcome => format!("## Utfallsregel: {} (", rule.name.it),
            };
            // The imported section in the place of the document's own.
            let section = |text: &str| -> std::ops::Range<usize> {
                let start = text
                    .find(&heading)
                    .unwrap_or_else(|| panic!("{heading} is not in\n{text}"));
                let end = text[start + 3..]
                    .find("\n## ")
                    .map_or(text.len(), |end| start + 3 + end + 1);
                start..end
            };
            let mut files = pack.files.clone();
            for file in files.iter_mut().filter(|file| file.path == "tjanst.md") {
                let mut text = document.text.clone();
                text.replace_range(section(&text), &imported.text[section(&imported.text)]);
                file.text = text;
            }
            let (again, found) = pack::parse::pack(files);
            let again = again.unwrap_or_else(|| panic!("{heading} {found:?}\n{}", imported.text));
            let again = again
                .rules
                .iter()
                .find(|own| own.kind == rule.kind && own.name.it == rule.name.it)
                .unwrap();
            assert_eq!(
                as_rows(again),
                as_rows(rule),
                "{heading}\n{:?}",
                imported.not_understood
            );
            assert_eq!(again.policy.it, rule.policy.it);
            assert_eq!(again.counted_at, rule.counted_at);
        }
    }
}

#[test]
fn a_table_drawn_elsewhere_becomes_a_rule_and_what_is_not_understood_is_named() {
    let xml = r#"<?xml version="1.0"?>
<definitions xmlns="http://www.omg.org/spec/DMN/20180521/MODEL/" id="d" name="rabatt" namespace="x">
  <decision id="rabatt" name="Discount">
    <decisionTable id="t" hitPolicy="FIRST">
      <input id="i1" label="Customer type"><inputExpression typeRef="string"><text>customer type</text></inputExpression></input>
      <input id="i2" label="Order size"><inputExpression typeRef="number"><text>order.size</text></inputExpression></input>
      <output id="o" name="discount" typeRef="number"/>
      <rule id="r1"><inputEntry><text>"Business","Private"</text></inputEntry><inputEntry><text>[10..100]</text></inputEntry><outputEntry><text>0.10</text></outputEntry></rule>
      <rule id="r2"><inputEntry><text>not("Business")</text></inputEntry><inputEntry><text>-</text></inputEntry><outputEntry><text>0</text></outputEntry></rule>
      <rule id="r3"><inputEntry><text>-</text></inputEntry><inputEntry><text>]10..20[</text></inputEntry><outputEntry><text>0</text></outputEntry></rule>
      <rule id="r4"><inputEntry><text>-</text></inputEntry><inputEntry><text>-</text></inputEntry><outputEntry><text>order.size * 2</text></outputEntry></rule>
    </decisionTable>
  </decision>
  <decision id="summa" name="Total"><literalExpression><text>1 + 1</text></literalExpression></decision>
</definitions>"#;
    let imported = samverk_author::import::dmn::import(xml).unwrap();
    assert!(
        imported.text.contains("## Regel: beslut.discount (första)"),
        "{}",
        imported.text
    );
    assert!(
        imported.text.contains("| r1 | Business, Private | 10–100 | 0,1 |"),
        "{}",
        imported.text
    );
    assert!(
        imported.text.contains("| r2 | inte Business | – | 0 |"),
        "{}",
        imported.text
    );
    assert!(
        imported
            .text
            .contains("| uppgift.customer-type | Business / Private | sökanden |"),
        "{}",
        imported.text
    );
    assert!(
        imported.text.contains("| order.size | tal 0–1 000 | sökanden |"),
        "{}",
        imported.text
    );
    let not_understood: Vec<&str> = imported.not_understood.iter().map(|it| it.element.as_str()).collect();
    assert_eq!(not_understood, ["r3", "r4", "summa"]);
}

#[test]
fn a_document_type_with_entities_is_refused_and_so_is_what_is_not_dmn() {
    use samverk_author::import::dmn::{Unreadable, import};
    let bomb = "<!DOCTYPE d [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><definitions>&b;</definitions>";
    assert!(matches!(import(bomb), Err(Unreadable::NotXml(_))));
    assert!(matches!(import("<definitions/>"), Err(Unreadable::NotDmn(_))));
    assert!(matches!(
        import(&" ".repeat(samverk_author::import::dmn::BYTES_MAX + 1)),
        Err(Unreadable::TooLarge)
    ));
}

#[test]
fn a_model_nested_ever_deeper_is_read_or_refused_and_ends_nothing() {
    use samverk_author::import::dmn::import;
    for depth in [100, 10_000, 150_000] {
        let open = "<definitions xmlns=\"https://www.omg.org/spec/DMN/20230324/MODEL/\">";
        let (down, up) = ("<decision>".repeat(depth), "</decision>".repeat(depth));
        let _ = import(&format!("{open}{down}{up}</definitions>"));
        let _ = import(&format!("{open}{down}"));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_stands_in_a_cell_the_reader_ends_without_a_panic(cell in ".{0,60}", output in "[-\\[\\]().,\"<>a-zåäö0-9 \\\\]{0,40}") {
        let escape = |text: &str| {
            let plain: String = text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
            plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
        };
        let xml = format!(
            "<definitions xmlns=\"https://www.omg.org/spec/DMN/20230324/MODEL/\"><decision name=\"b\"><decisionTable><input><inputExpression>\
             <text>{0}</text></inputExpression></input><output name=\"x\"/><rule><inputEntry><text>{0}</text></inputEntry><outputEntry>\
             <text>{1}</text></outputEntry></rule></decisionTable></decision></definitions>",
            escape(&cell),
            escape(&output),
        );
        let imported = samverk_author::import::dmn::import(&xml).unwrap();
        proptest::prop_assert!(!imported.text.contains('\r'));
        proptest::prop_assert!(imported.not_understood.iter().all(|it| !it.element.is_empty() && !it.why.is_empty()));
        let _ = samverk_author::import::dmn::import(&cell);
    }
}
