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
        let [first, second] = [(), ()].map(|()| export::export(&pack, Format::Dmn));
        assert_eq!(first, second);
    }
}
