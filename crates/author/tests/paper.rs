//! The nämnd's paper of real services: what it must say, and what it refuses.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;

use samverk_author::folder;
use samverk_author::paper::{self, NoPaper, Order};
use samverk_domain::check;
use samverk_domain::fact::Name;
use samverk_domain::pack::{Pack, parse};

fn pack(slug: &str) -> Pack {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs").join(slug);
    parse::pack(folder::read(&folder).unwrap()).0.unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn order(role: &str) -> Order {
    Order {
        body: "Miljönämnden i Exempelkommun A".to_owned(),
        roles: vec![name(role)],
        values: BTreeMap::new(),
        host: None,
    }
}

fn written(order: &Order) -> Result<String, NoPaper> {
    let pack = pack("starta-restaurang");
    paper::write(&pack, &check::check(&pack, None), order)
}

#[test]
fn it_names_the_version_by_its_hash_the_steps_of_the_role_and_what_may_not_be_delegated() {
    let html = written(&order("livsmedel")).unwrap();
    assert!(html.contains(&pack("starta-restaurang").sha256()));
    assert!(html.contains("Registrering av livsmedelsanläggning") && !html.contains("avslag-alkohol"));
    for said in [
        "6 kap. 38 §",
        "6 kap. 37 §",
        "artikel 35",
        "2 kap. 9 § tryckfrihetsförordningen",
    ] {
        assert!(html.contains(said), "{said}");
    }
}

#[test]
fn a_proposed_parameter_stands_in_its_table_and_one_outside_its_bounds_is_refused() {
    let mut order = order("livsmedel");
    order.values.insert(name("taxa.livsmedel"), "1 240".to_owned());
    assert!(written(&order).unwrap().contains("<td>1 240</td>"));
    order.values.insert(name("taxa.livsmedel"), "900 000".to_owned());
    assert!(matches!(written(&order), Err(NoPaper::NotAllowed(..))));
    order.values = [(name("taxa.okänd"), "1".to_owned())].into();
    assert_eq!(written(&order), Err(NoPaper::NoParameter(name("taxa.okänd"))));
}

#[test]
fn a_role_that_the_service_lacks_is_refused_with_those_that_it_has() {
    let why = written(&order("bibliotek")).unwrap_err().to_string();
    assert!(why.contains("livsmedel"), "{why}");
}

#[test]
fn what_somebody_writes_in_a_name_is_text_and_never_markup() {
    let mut order = order("livsmedel");
    order.body = "<script>alert(1)</script>".to_owned();
    let html = written(&order).unwrap();
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;"));
}
