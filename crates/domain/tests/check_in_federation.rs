//! A document in a federation, and tables that a restaurant does not have: a small document, changed by one thing per test.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use jiff::Timestamp;
use samverk_domain::check::{self, Joined};
use samverk_domain::finding::{Finding, Severity, SourceFile};
use samverk_domain::pack::{self, Pack};
use samverk_domain::terms::{Adoption, Body, Federation, Offer};

const DOCUMENT: &str = "\
---
tjänst: vattenprov
version: 1
gäller: 2026-06-01 –
utgivare: Exempelmyndigheten
---
# Vattenprov
Ett prov på brunnsvatten.

## Roller
| Roll | Uppdrag | Område |
| --- | --- | --- |
| vatten | vattenkontroll | kommun för brunn.fastighet |

## Uppgifter
| Uppgift | Typ | Källa | Grund | Fråga |
| --- | --- | --- | --- | --- |
| brunn.fastighet | fastighet | sökanden | 2017:900 19 § | På vilken fastighet ligger brunnen? |
| brunn.kommun | kommunkod | register fastighet.kommunkod för brunn.fastighet, via sökanden | 2009:400 6 kap. 5 §; 2018:218 2 kap. 2 § | |
| brunn.djup | tal 0–500 meter | sökanden | 2017:900 19 § | Hur djup är brunnen? |

## Lista: prov 0–5
| Uppgift | Typ | Källa | Grund | Fråga |
| --- | --- | --- | --- | --- |
| prov.halt | tal 0–100 | sökanden | 2017:900 19 § | Halt |

## Steg
| Steg | Ansvarig | Behövs när | Underlag | Efter | Frist | Avgift | Lagrum |
| --- | --- | --- | --- | --- | --- | --- | --- |
| anmälan | vatten | alltid | brunn.*, prov.* | | | taxa.vatten | 2017:900 19 § |

## Regel: brunn.risk (första)
| id | när | → brunn.risk | → därför att | → lagrum |
| --- | --- | --- | --- | --- |
| w1 | någon(prov: prov.halt > 10) | ja | Ett prov visar för hög halt. | 2017:900 19 § |
| w2 | – | nej | Proven är bra. | 2017:900 19 § |

## Utfallsregel: anmälan (unik)
| id | brunn.risk | brunn.djup | → utfall | → därför att | → lagrum |
| --- | --- | --- | --- | --- | --- |
| u1 | – | ≤ 100 | noterad | Anmälan är noterad. | 2017:900 19 § |
| u2 | ja | > 100 | noterad | Anmälan är noterad. | 2017:900 19 § |
| u3 | nej | > 100 | handläggare | En djup brunn. | 2017:900 19 § |

## Utfall
| Steg | Utfall | Slag | Beslutas av | Hörs före | Brev | Överklagas |
| --- | --- | --- | --- | --- | --- | --- |
| anmälan | noterad | kvittens | ingen | nej | kvittens | överklagas inte, inget beslut fattas |

## Parametrar
| Parameter | Typ | Sätts av | Standard | Räknas vid | Källa |
| --- | --- | --- | --- | --- | --- |
| taxa.vatten | kr 0–5 000 | fullmäktige | saknas | ansökan | 2017:900 19 § |
";

fn findings(document: &str, joined: Option<&World>) -> Vec<Finding> {
    let file = |path: &str, text: &str| SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let (pack, read) = pack::parse::pack(vec![
        file("tjanst.md", document),
        file(
            "brev/kvittens.md",
            "# Noterad\n\nAnmälan om {brunn.fastighet} är noterad.\n",
        ),
    ]);
    let errors: Vec<_> = read
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    let pack: Pack = pack.unwrap();
    let joined = joined.map(|world| Joined {
        federation: &world.federation,
        offers: &world.offers,
        adoptions: &world.adoptions,
    });
    let mut found = check::check(&pack, joined);
    // Neither texts nor examples are the point here.
    found.retain(|finding| !finding.code.starts_with("S5") && !finding.code.starts_with("S7"));
    found
}

fn codes(document: &str, world: Option<&World>) -> Vec<&'static str> {
    findings(document, world).iter().map(|finding| finding.code).collect()
}

/// Code and example of the only finding.
fn only(document: &str) -> (&'static str, String) {
    let found = findings(document, None);
    assert_eq!(found.len(), 1, "{found:?}");
    (found[0].code, found[0].example.clone().unwrap_or_default())
}

struct World {
    federation: Federation,
    offers: Vec<Offer>,
    adoptions: Vec<Adoption>,
}

/// One municipality, its board, and who keeps the property register.
fn world() -> World {
    let body = |id: &str, tasks: serde_json::Value, registers: &[&str]| -> Body {
        serde_json::from_value(serde_json::json!({
            "id": id, "name": id, "name_en": id, "part_of": "Exempel", "kind": "agency", "orgnr": "5599000006",
            "node": "http://127.0.0.1", "hosted_by": null, "keys": [], "tasks": tasks, "registers": registers, "theme": "x",
        }))
        .unwrap()
    };
    let offer = |provider: &str, what: serde_json::Value| -> Offer {
        serde_json::from_value(serde_json::json!({
            "id": provider, "provider": provider, "what": what, "purposes": ["vattenprov"],
            "disclosure_ground": "2009:400 6 kap. 5 §", "valid_from": "2026-01-01T00:00:00Z",
            "valid_to": "2030-01-01T00:00:00Z", "retention_days": 1, "rate_per_minute": 1, "conditions": "",
        }))
        .unwrap()
    };
    let instant: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    World {
        federation: Federation {
            name: "Exempelfederationen".to_owned(),
            anchor: "ankaret".to_owned().try_into().unwrap(),
            issued_at: instant,
            expires_at: instant,
            bodies: vec![
                body(
                    "exempelkommun.miljonamnden",
                    serde_json::json!([{"task": "vattenkontroll", "municipalities": ["0001"]}]),
                    &[],
                ),
                body("fastighetsregistret", serde_json::json!([]), &["fastighet"]),
            ],
            adoptions: vec![],
            offers: vec![],
        },
        offers: vec![
            offer(
                "fastighetsregistret",
                serde_json::json!({"kind": "register", "register": "fastighet", "fields": ["kommunkod"], "modes": ["via_applicant"]}),
            ),
            offer(
                "exempelkommun.miljonamnden",
                serde_json::json!({"kind": "reception", "messages": ["application"]}),
            ),
        ],
        adoptions: vec![
            serde_json::from_value(serde_json::json!({
                "body": "exempelkommun.miljonamnden", "publisher": "exempelmyndigheten", "pack": "vattenprov", "version": 1, "pack_sha256": "",
                "steps": ["anmälan"], "parameters": {"taxa.vatten": [[null, {"typ": "number", "värde": "900"}]]},
                "delegations": {}, "receptions": [], "decided": "2026-05-01, § 1",
                "adopted_at": "2026-05-02T08:00:00Z",
            }))
            .unwrap(),
        ],
    }
}

#[test]
fn the_document_is_clean_alone_and_in_its_federation() {
    assert_eq!(codes(DOCUMENT, None), Vec::<&str>::new());
    assert_eq!(codes(DOCUMENT, Some(&world())), Vec::<&str>::new());
}

#[test]
fn a_task_that_nobody_has_in_a_municipality_is_named() {
    let mut world = world();
    world.federation.bodies[0].tasks[0].task = "vattenkontrol".to_owned();
    let found = findings(DOCUMENT, Some(&world));
    assert_eq!(found[0].code, "S601");
    assert!(found[0].label.contains("0001"), "{}", found[0].label);
    assert_eq!(found[0].suggestion.as_deref(), Some("Menade du `vattenkontrol`?"));
}

#[test]
fn a_task_that_two_have_in_one_place_is_named() {
    let mut world = world();
    let mut twin = world.federation.bodies[0].clone();
    twin.id = "exempelkommun.tekniska".to_owned().try_into().unwrap();
    world.federation.bodies.push(twin);
    assert_eq!(codes(DOCUMENT, Some(&world)), ["S601"]);
}

#[test]
fn a_register_that_nobody_keeps_is_named() {
    let mut world = world();
    world.federation.bodies[1].registers.clear();
    assert_eq!(codes(DOCUMENT, Some(&world)), ["S602"]);
}

#[test]
fn an_offer_without_the_field_the_mode_or_the_purpose_does_not_do() {
    for change in [
        |offer: &mut Offer| offer.purposes = vec!["annat".to_owned()],
        |offer: &mut Offer| {
            offer.what = serde_json::from_value(serde_json::json!(
                {"kind": "register", "register": "fastighet", "fields": ["adress"], "modes": ["via_applicant"]}
            ))
            .unwrap();
        },
        |offer: &mut Offer| {
            offer.what = serde_json::from_value(serde_json::json!(
                {"kind": "register", "register": "fastighet", "fields": ["kommunkod"], "modes": ["direct"]}
            ))
            .unwrap();
        },
    ] {
        let mut world = world();
        change(&mut world.offers[0]);
        assert_eq!(codes(DOCUMENT, Some(&world)), ["S603"]);
    }
}

#[test]
fn a_body_without_reception_or_adoption_or_a_set_fee_is_named() {
    let mut no_reception = world();
    no_reception.offers.pop();
    assert_eq!(codes(DOCUMENT, Some(&no_reception)), ["S604"]);

    let mut no_adoption = world();
    no_adoption.adoptions[0].version = 2;
    let found = findings(DOCUMENT, Some(&no_adoption));
    assert_eq!(found[0].code, "S605");
    assert_eq!(found[0].label, "har antagit version 2");

    let mut no_fee = world();
    no_fee.adoptions[0].parameters.clear();
    assert_eq!(codes(DOCUMENT, Some(&no_fee)), ["S606"]);

    let mut too_dear = world();
    for values in too_dear.adoptions[0].parameters.values_mut() {
        values[0].1 = samverk_domain::fact::Value::Number(9_000.into());
    }
    assert_eq!(codes(DOCUMENT, Some(&too_dear)), ["S607"]);
}

#[test]
fn a_fact_that_a_register_offers_about_the_same_subject_is_a_legal_obstacle() {
    let mut world = world();
    world.offers[0].what = serde_json::from_value(serde_json::json!(
        {"kind": "register", "register": "fastighet", "fields": ["kommunkod", "djup"], "modes": ["via_applicant"]}
    ))
    .unwrap();
    let found = findings(DOCUMENT, Some(&world));
    assert_eq!((found[0].code, found[0].severity), ("S104", Severity::Note));
}

#[test]
fn a_gap_behind_a_rule_is_shown_by_what_the_person_answers() {
    let gaping = DOCUMENT.replace("| u3 | nej | > 100 |", "| u3 | nej | > 200 |");
    assert_eq!(only(&gaping), ("S301", "brunn.djup = 101, antal(prov) = 0".to_owned()));
}

#[test]
fn rows_that_no_joint_case_reaches_are_no_gap() {
    // `brunn.risk = ja` needs a sample; the row for no samples and a risk is never missed.
    let joint = DOCUMENT.replace(
        "| w1 | någon(prov: prov.halt > 10) |",
        "| w1 | någon(prov: prov.halt > 10) och antal(prov) ≥ 1 |",
    );
    assert_eq!(codes(&joint, None), Vec::<&str>::new());
}

#[test]
fn a_sum_over_a_list_has_its_boundary_found() {
    let summed = DOCUMENT
        .replace("| w1 | någon(prov: prov.halt > 10) |", "| w1 | summa(prov.halt) > 42 |")
        .replace("| w2 | – | nej |", "| w2 | summa(prov.halt) < 42 | nej |");
    let (code, example) = only(&summed);
    assert_eq!(code, "S301");
    assert_eq!(example, "prov[1].halt = 42");
}

#[test]
fn two_facts_compared_with_each_other_are_tried_in_every_order() {
    let compared = DOCUMENT
        .replace(
            "| brunn.djup | tal 0–500 meter |",
            "| brunn.borrad | tal 0–500 meter | sökanden | 2017:900 19 § | Hur djupt har ni borrat? |\n| brunn.djup | tal 0–500 meter |",
        )
        .replace(
            "| w1 | någon(prov: prov.halt > 10) |",
            "| w1 | någon(prov: prov.halt > 10) och brunn.borrad > brunn.djup |",
        )
        .replace("| w2 | – | nej |", "| w2 | brunn.borrad < brunn.djup | nej |");
    let (code, example) = only(&compared);
    assert_eq!(code, "S301");
    assert!(
        example.contains("brunn.borrad = ") && example.contains("brunn.djup = "),
        "{example}"
    );
}

/// The document with a rule over so many numbers from 0 to 1.
fn sum_of(count: usize) -> String {
    let names: Vec<String> = (0..count).map(|n| format!("mått.f{n:02}")).collect();
    let facts: String = names
        .iter()
        .map(|name| format!("| {name} | tal 0–1 | sökanden | 2017:900 19 § | Hur många? |\n"))
        .collect();
    let sum = names.join(" + ");
    DOCUMENT
        .replace("| brunn.djup | tal", &format!("{facts}| brunn.djup | tal"))
        .replace("| w1 | någon(prov: prov.halt > 10) |", &format!("| w1 | {sum} > 4 |"))
        .replace("| w2 | – | nej |", &format!("| w2 | {sum} ≤ 4 | nej |"))
}

#[test]
fn a_calculation_with_several_numbers_is_proved() {
    assert_eq!(codes(&sum_of(6), None), Vec::<&str>::new());
}

#[test]
fn a_calculation_with_too_many_numbers_is_said_to_be_unproved() {
    let found = codes(&sum_of(18), None);
    assert!(
        !found.is_empty() && found.iter().all(|code| *code == "S309"),
        "{found:?}"
    );
}

#[test]
fn a_table_with_too_many_cases_is_said_to_be_unproved() {
    let names: Vec<String> = (0..18).map(|n| format!("mått.f{n:02}")).collect();
    let facts: String = names
        .iter()
        .map(|name| format!("| {name} | ja/nej | sökanden | 2017:900 19 § | Är det så? |\n"))
        .collect();
    // Each two must agree, or else they must not: nothing is certain before the last is known.
    let agree: Vec<String> = names.chunks(2).map(|two| format!("{} = {}", two[0], two[1])).collect();
    let differ: Vec<String> = names.chunks(2).map(|two| format!("{} ≠ {}", two[0], two[1])).collect();
    let half = names.len() / 4;
    let large = DOCUMENT
        .replace("| brunn.djup | tal", &format!("{facts}| brunn.djup | tal"))
        .replace(
            "| w1 | någon(prov: prov.halt > 10) |",
            &format!(
                "| w1 | ({}) och ({}) |",
                agree[..half].join(" eller "),
                agree[half..].join(" eller ")
            ),
        )
        .replace(
            "| w2 | – | nej |",
            &format!(
                "| w2 | ({}) eller ({}) | nej |",
                differ[..half].join(" och "),
                differ[half..].join(" och ")
            ),
        );
    let found = codes(&large, None);
    assert!(found.iter().all(|code| *code == "S309"), "{found:?}");
}
