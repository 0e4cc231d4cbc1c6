//! Exports of every service in `packs/` and of the made-up one that uses the whole language.

use std::path::{Path, PathBuf};

use samverk_author::export::{self, Format};
use samverk_author::folder;
use samverk_domain::pack::{self, Pack, RuleKind};

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
