//! The restaurant as a person meets it: what is asked and fetched, in which order, and what never is.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use samverk_domain::fact::{Facts, Known, Name, Value};
use samverk_domain::finding::SourceFile;
use samverk_domain::pack::{Example, GivenState, Pack, RuleKind, Source, Type, parse};
use samverk_domain::rules::{Question, Setting, evaluate, example, questions, to_fetch};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path, name: &str) -> SourceFile {
    SourceFile {
        path: name.to_owned(),
        text: std::fs::read_to_string(path.join(name)).unwrap(),
    }
}

fn restaurant() -> Pack {
    let folder = root().join("packs/starta-restaurang");
    let mut files: Vec<SourceFile> = ["tjanst.md", "texter.sv.md", "texter.en.md", "exempel.md"]
        .map(|name| read(&folder, name))
        .into();
    for letter in std::fs::read_dir(folder.join("brev")).unwrap() {
        let name = letter.unwrap().file_name().into_string().unwrap();
        files.push(read(&folder, &format!("brev/{name}")));
    }
    let (pack, findings) = parse::pack(files);
    assert!(findings.is_empty(), "{findings:?}");
    pack.unwrap()
}

fn scenario(pack: &Pack, name: &str) -> Example {
    let (example, findings) = parse::scenario(pack, read(&root().join("crates/node/demo/scenarios"), name));
    assert!(findings.is_empty(), "{findings:?}");
    example.unwrap()
}

/// Plays the questions to the end: what was asked, and what was fetched, in order. A register that the scenario does not
/// speak of must not be needed.
fn play(pack: &Pack, example: &Example) -> (Vec<String>, Vec<String>) {
    let setting = Setting::default();
    let said: BTreeMap<(Name, Option<u32>), Value> = example
        .given
        .iter()
        .filter_map(|given| match &given.state.it {
            GivenState::Value(value) => Some(((given.fact.it.clone(), given.item), value.clone())),
            _ => None,
        })
        .collect();
    let mut facts = Facts::default();
    for fact in &pack.facts {
        if matches!(fact.source.it, Source::Login | Source::Represented) {
            let value = said[&(fact.name.it.clone(), None)].clone();
            facts.set(fact.name.it.clone(), Known::Value(value));
        }
    }
    let (mut asked, mut fetched) = (Vec::new(), Vec::new());
    loop {
        let slots = to_fetch(pack, &facts, &setting);
        if !slots.is_empty() {
            for slot in slots {
                let value = said
                    .get(&(slot.fact.clone(), slot.item))
                    .unwrap_or_else(|| panic!("{} is fetched", slot.fact));
                fetched.push(match slot.item {
                    None => slot.fact.to_string(),
                    Some(item) => format!("{}[{item}]", slot.fact),
                });
                match slot.item {
                    None => facts.set(slot.fact, Known::Value(value.clone())),
                    Some(item) => {
                        let list = Name::parse(slot.fact.prefix()).unwrap();
                        let items = facts.lists.get_mut(&list).unwrap();
                        items[item as usize].insert(slot.fact, Known::Value(value.clone()));
                    }
                }
            }
            continue;
        }
        let Some(question) = questions(pack, &facts, &setting).into_iter().next() else {
            return (asked, fetched);
        };
        match question {
            Question::Fact(name) => {
                asked.push(name.to_string());
                let value = said
                    .get(&(name.clone(), None))
                    .unwrap_or_else(|| panic!("{name} is asked"));
                facts.set(name, Known::Value(value.clone()));
            }
            Question::List(list) => {
                asked.push(list.to_string());
                let columns = &pack.list(&list).unwrap().columns;
                let items = (0..)
                    .map(|item| {
                        let answered = columns
                            .iter()
                            .filter(|column| column.source.it == Source::Applicant)
                            .filter_map(|column| {
                                let name = column.name.it.clone();
                                let value = said.get(&(name.clone(), Some(item)))?;
                                Some((name, Known::Value(value.clone())))
                            });
                        answered.collect::<BTreeMap<_, _>>()
                    })
                    .take_while(|item| !item.is_empty())
                    .collect::<Vec<_>>();
                assert!(!items.is_empty(), "{list} is asked");
                facts.lists.insert(list, items);
            }
        }
    }
}

#[test]
fn a_cafe_is_asked_twelve_things_and_nothing_is_looked_up_that_it_does_not_need() {
    let pack = restaurant();
    let (asked, fetched) = play(&pack, &scenario(&pack, "kafe.md"));
    assert_eq!(
        asked,
        [
            "lokal.fastighet",
            "verksamhet.beskrivning",
            "verksamhet.start",
            "verksamhet.årsarbetskrafter",
            "verksamhet.omsättning",
            "verksamhet.även",
            "servering.alkohol",
            "gas.inne",
            "gas.ute",
            "skatt.anmäl",
            "bygg.åtgärder",
            "kontakt.telefon",
        ]
    );
    for name in &fetched {
        assert!(!name.contains("skuld") && !name.contains("ägare"), "{name}");
    }
}

#[test]
fn a_whole_restaurant_is_asked_each_thing_once() {
    let pack = restaurant();
    let (asked, fetched) = play(&pack, &scenario(&pack, "full.md"));
    each_thing_once(&asked, &fetched);
    assert!(asked.len() <= 35, "{}: {asked:?}", asked.len());
    // The debts are looked up only after the answer that makes the licence needed.
    assert!(fetched.contains(&"företag.skulder".to_owned()));
    let plan = asked.iter().position(|name| name == "lokal.ritning");
    assert!(
        plan > asked.iter().position(|name| name == "servering.alkohol"),
        "{asked:?}"
    );
}

#[test]
fn alcohol_outdoor_seating_gas_and_forty_seats_take_at_most_sixty_questions() {
    let pack = restaurant();
    let title = "restaurang med alkohol, uteservering, gasol och 40 platser";
    let big = pack.examples.iter().find(|one| one.title.it == title).unwrap();
    let (asked, fetched) = play(&pack, big);
    each_thing_once(&asked, &fetched);
    assert!(asked.len() <= 60, "{}: {asked:?}", asked.len());
    let needed = big.expected.iter().filter(|one| one.outcome.it != "behövs inte");
    assert_eq!(needed.count(), 9, "steps that the example goes through");
}

fn each_thing_once(asked: &[String], fetched: &[String]) {
    for list in [asked, fetched] {
        let once: BTreeSet<&String> = list.iter().collect();
        assert_eq!(once.len(), list.len(), "{list:?}");
    }
    assert!(!asked.iter().any(|name| fetched.contains(name)));
}

#[test]
fn nobody_uploads_what_a_public_body_holds() {
    let pack = restaurant();
    let columns = pack.lists.iter().flat_map(|list| &list.columns);
    for fact in pack.facts.iter().chain(columns) {
        let is_attachment = matches!(fact.ty.it, Type::Attachment { .. });
        assert!(
            !is_attachment || fact.held.is_none(),
            "{} is held by somebody",
            fact.name.it
        );
    }
}

#[test]
fn every_row_of_every_table_holds_in_some_example() {
    let pack = restaurant();
    let mut held = BTreeSet::new();
    for one in &pack.examples {
        let (facts, setting) = example::facts(&pack, one);
        let evaluation = evaluate(&pack, &facts, &setting);
        held.extend(evaluation.fired.clone());
        let rows = evaluation.steps.values().flat_map(|step| &step.holds);
        held.extend(rows.map(|(fired, _)| (fired.rule.clone(), fired.row.clone())));
    }
    let mut never = Vec::new();
    for rule in &pack.rules {
        for row in &rule.rows {
            if !held.contains(&(rule.name.it.clone(), row.id.it.clone())) {
                let kind = match rule.kind {
                    RuleKind::Fact => "Regel",
                    RuleKind::Outcome => "Utfallsregel",
                };
                never.push(format!("{kind} {} {}", rule.name.it, row.id.it));
            }
        }
    }
    assert!(never.is_empty(), "{never:?}");
}
