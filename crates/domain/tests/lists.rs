//! Rules over lists: what the checker proves of them, held against trying every list.
//!
//! Each document is small enough that all its lists can be tried one by one: the rows' answers over those must be the rows'
//! answers over what the checker tries.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use samverk_domain::check;
use samverk_domain::finding::{Finding, SourceFile};
use samverk_domain::pack;

/// A document with a list of persons, one rule and what a body assesses.
fn document(rows: &[(&str, &str)], policy: &str) -> String {
    let mut table = String::new();
    for (at, (condition, result)) in rows.iter().enumerate() {
        table.push_str(&format!(
            "| r{} | {condition} | {result} | Det är så. | 2005:551 8 kap. 3 § |\n",
            at + 1
        ));
    }
    format!(
        "---
tjänst: styrelse
version: 1
gäller: 2026-06-01 –
utgivare: Exempelmyndigheten
---
# Styrelsen
Anmäl styrelsen.

## Roller
| Roll | Uppdrag | Område |
| --- | --- | --- |
| bolag | bolagsregistrering | riket |

## Uppgifter
| Uppgift | Typ | Källa | Grund | Fråga |
| --- | --- | --- | --- | --- |
| aktier.antal | tal 1–1000000 | sökanden | 2005:551 2 kap. 5 § | Hur många aktier? |
| styrelse.lägst | tal 1–30 | sökanden | 2005:551 3 kap. 1 § | Hur många minst? |
| styrelse.högst | tal 1–30 | sökanden | 2005:551 3 kap. 1 § | Hur många högst? |

## Lista: person 1–30
| Uppgift | Typ | Källa | Grund | Fråga |
| --- | --- | --- | --- | --- |
| person.uppdrag | inget / ledamot / suppleant | sökanden | 2005:551 8 kap. 1 § | Uppdrag |
| person.hemvist | Sverige / EES / utanför | sökanden | 2005:551 8 kap. 9 § | Bosatt |
| person.aktier | tal 0–1000000 | sökanden | 2005:551 2 kap. 5 § | Aktier |
| person.ålder | tal 0–120 | sökanden | 2005:551 8 kap. 11 § | Ålder |

## Steg
| Steg | Ansvarig | Behövs när | Underlag | Efter | Frist | Avgift | Lagrum |
| --- | --- | --- | --- | --- | --- | --- | --- |
| anmälan | bolag | alltid | person.*, aktier.antal, styrelse.* | | | | 2005:551 8 kap. 3 § |

## Regel: styrelse.brist ({policy})
| id | när | → styrelse.brist | → därför att | → lagrum |
| --- | --- | --- | --- | --- |
{table}
## Utfallsregel: anmälan (unik)
| id | styrelse.brist | → utfall | → därför att | → lagrum |
| --- | --- | --- | --- | --- |
| u1 | – | noterad | Anmälan är noterad. | 2005:551 8 kap. 3 § |

## Utfall
| Steg | Utfall | Slag | Beslutas av | Hörs före | Brev | Överklagas |
| --- | --- | --- | --- | --- | --- | --- |
| anmälan | noterad | kvittens | ingen | nej | kvittens | överklagas inte, inget beslut fattas |
"
    )
}

/// The findings about tables (S2xx and S3xx).
fn findings(main: &str) -> Vec<Finding> {
    let file = |path: &str, text: &str| SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let letter = file("brev/kvittens.md", "# Noterad\n\nAnmälan är noterad.\n");
    let (pack, faults) = pack::parse::pack(vec![file("tjanst.md", main), letter]);
    let faults: Vec<String> = faults
        .iter()
        .filter(|it| it.code < "S1")
        .map(|it| format!("{} {}", it.code, it.message))
        .collect();
    assert_eq!(faults, Vec::<String>::new());
    let mut found = check::check(&pack.unwrap(), None);
    found.retain(|it| it.code.starts_with("S3") || it.code.starts_with("S2"));
    found
}

const MEMBERS: &str = "antal(person: person.uppdrag = ledamot)";
const DEPUTIES: &str = "antal(person: person.uppdrag = suppleant)";
const RESIDENT: &str = "antal(person: person.uppdrag = ledamot och person.hemvist ≠ utanför)";

/// The rule's findings; its own rows only.
fn of(rows: &[(&str, &str)], policy: &str) -> Vec<(&'static str, String)> {
    let found = findings(&document(rows, policy)).into_iter();
    found.map(|it| (it.code, it.example.unwrap_or_default())).collect()
}

const NOTHING: &[(&str, String)] = &[];

#[test]
fn few_members_and_no_deputy_is_proved() {
    let few = format!("{MEMBERS} < 3 och {DEPUTIES} = 0");
    let enough = format!("{MEMBERS} ≥ 3 eller {DEPUTIES} > 0");
    assert_eq!(of(&[(&few, "ja"), (&enough, "nej")], "unik"), NOTHING);
}

#[test]
fn half_of_the_members_is_proved_and_its_gap_is_shown() {
    let less = format!("{RESIDENT} * 2 < {MEMBERS}");
    let half = format!("{RESIDENT} * 2 ≥ {MEMBERS}");
    let more = format!("{RESIDENT} * 2 > {MEMBERS}");
    assert_eq!(of(&[(&less, "ja"), (&half, "nej")], "unik"), NOTHING);
    let gap = of(&[(&less, "ja"), (&more, "nej")], "unik");
    assert_eq!(gap.len(), 1, "{gap:?}");
    assert_eq!(gap[0].0, "S301");
    assert!(gap[0].1.contains("person[1].uppdrag = "), "{gap:?}");
}

#[test]
fn a_sum_that_is_to_be_a_number_outside_the_list_is_proved_and_its_overlap_is_shown() {
    let (other, same) = (
        "summa(person.aktier) ≠ aktier.antal",
        "summa(person.aktier) = aktier.antal",
    );
    assert_eq!(of(&[(other, "ja"), (same, "nej")], "unik"), NOTHING);
    let (most, least) = (
        "summa(person.aktier) ≤ aktier.antal",
        "summa(person.aktier) ≥ aktier.antal",
    );
    let overlap = of(&[(most, "ja"), (least, "nej")], "unik");
    assert_eq!(overlap.len(), 1, "{overlap:?}");
    assert_eq!(overlap[0].0, "S302");
    assert!(overlap[0].1.contains("aktier.antal = "), "{overlap:?}");
}

#[test]
fn an_owner_of_more_than_a_quarter_is_proved_and_exactly_a_quarter_is_told_apart() {
    let more = "någon(person: person.aktier * 4 > aktier.antal)";
    let none = "alla(person: person.aktier * 4 ≤ aktier.antal)";
    assert_eq!(of(&[(more, "ja"), (none, "nej")], "unik"), NOTHING);
    let less = "alla(person: person.aktier * 4 < aktier.antal)";
    let gap = of(&[(more, "ja"), (less, "nej")], "unik");
    assert_eq!(gap.iter().map(|it| it.0).collect::<Vec<_>>(), ["S301"], "{gap:?}");
}

#[test]
fn a_count_between_two_numbers_is_proved() {
    let outside = format!("{MEMBERS} < styrelse.lägst eller {MEMBERS} > styrelse.högst");
    let within = format!("{MEMBERS} ≥ styrelse.lägst och {MEMBERS} ≤ styrelse.högst");
    assert_eq!(of(&[(&outside, "ja"), (&within, "nej")], "unik"), NOTHING);
}

#[test]
fn a_row_that_no_list_can_come_to_is_found() {
    // Some of the members cannot be more than all of them.
    let never = format!("{RESIDENT} > {MEMBERS}");
    let found = of(&[(&never, "ja"), ("–", "nej")], "första");
    assert_eq!(found.iter().map(|it| it.0).collect::<Vec<_>>(), ["S304"], "{found:?}");
}

#[test]
fn many_questions_of_one_list_are_proved_together() {
    let rows = [
        format!("{MEMBERS} < styrelse.lägst eller {MEMBERS} > styrelse.högst"),
        format!("{MEMBERS} < 3 och {DEPUTIES} = 0"),
        format!("{RESIDENT} * 2 < {MEMBERS}"),
        "summa(person.aktier) ≠ aktier.antal".to_owned(),
        "någon(person: person.ålder < 18)".to_owned(),
    ];
    let mut rows: Vec<(&str, &str)> = rows.iter().map(|row| (row.as_str(), "ja")).collect();
    rows.push(("–", "nej"));
    assert_eq!(of(&rows, "första"), NOTHING);
}

#[test]
fn what_is_not_a_sum_is_said_to_be_unproved() {
    let product = "summa(person.aktier) * styrelse.lägst > aktier.antal";
    let other = "summa(person.aktier) * styrelse.lägst ≤ aktier.antal";
    let found = findings(&document(&[(product, "ja"), (other, "nej")], "unik"));
    assert!(
        !found.is_empty() && found.iter().all(|it| it.code == "S309"),
        "{found:?}"
    );
    assert!(found[0].message.contains("`person`"), "{found:?}");
}
