//! What is tried of lists, against trying every list: the rows' answers are the same.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::search::{self, Case, Outcome, Search, Verdict};
use super::tables::Table;
use crate::fact::{Known, Name, Value};
use crate::finding::SourceFile;
use crate::pack::{self, Pack};

/// A list of at most three small items, a number and a limit that a body sets, and one rule.
fn pack_with(conditions: &[String]) -> Pack {
    let mut rows = String::new();
    for (at, condition) in conditions.iter().enumerate() {
        rows.push_str(&format!(
            "| r{at} | {condition} | ja | Det är så. | 2005:551 8 kap. 3 § |\n"
        ));
    }
    let main = format!(
        "---
tjänst: prov
version: 1
gäller: 2026-06-01 –
utgivare: Exempelmyndigheten
---
# Prov
Ett prov.

## Roller
| Roll | Uppdrag | Område |
| --- | --- | --- |
| bolag | bolagsregistrering | riket |

## Uppgifter
| Uppgift | Typ | Källa | Grund | Fråga |
| --- | --- | --- | --- | --- |
| tal.a | tal 0–4 | sökanden | 2005:551 2 kap. 5 § | Hur många? |

## Lista: p 0–3
| Uppgift | Typ | Källa | Grund | Fråga |
| --- | --- | --- | --- | --- |
| p.slag | x / y | sökanden | 2005:551 8 kap. 1 § | Slag |
| p.n | tal 0–2 | sökanden | 2005:551 8 kap. 9 § | Antal |
| p.m | tal 0–1 | sökanden | 2005:551 8 kap. 9 § | Mer |

## Steg
| Steg | Ansvarig | Behövs när | Underlag | Efter | Frist | Avgift | Lagrum |
| --- | --- | --- | --- | --- | --- | --- | --- |
| anmälan | bolag | alltid | p.*, tal.* | | | | 2005:551 8 kap. 3 § |

## Regel: prov.svar (första)
| id | när | → prov.svar | → därför att | → lagrum |
| --- | --- | --- | --- | --- |
{rows}| sist | – | nej | Annars. | 2005:551 8 kap. 3 § |

## Regel: p.stor (unik)
| id | p.n | p.m | → p.stor | → därför att | → lagrum |
| --- | --- | --- | --- | --- | --- |
| s1 | > 1 | – | ja | Stor. | 2005:551 8 kap. 3 § |
| s2 | ≤ 1 | – | nej | Liten. | 2005:551 8 kap. 3 § |

## Utfall
| Steg | Utfall | Slag | Beslutas av | Hörs före | Brev | Överklagas |
| --- | --- | --- | --- | --- | --- | --- |
| anmälan | noterad | kvittens | ingen | nej | kvittens | överklagas inte, inget beslut fattas |

## Parametrar
| Parameter | Typ | Sätts av | Standard | Räknas vid | Källa |
| --- | --- | --- | --- | --- | --- |
| gräns.g | tal 1–3 | nämnd | saknas | ansökan | 2005:551 8 kap. 3 § |
"
    );
    let file = |path: &str, text: &str| SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let letter = file("brev/kvittens.md", "# Noterad\n\nAnmälan är noterad.\n");
    let (pack, faults) = pack::parse::pack(vec![file("tjanst.md", &main), letter]);
    pack.unwrap_or_else(|| panic!("{faults:?}"))
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn number(of: i64) -> Known<Value> {
    Known::Value(Value::Number(Decimal::from(of)))
}

/// Every list of at most three items, with every number and limit.
fn every_case(search: &Search<'_>) -> Vec<Case> {
    let mut items: Vec<BTreeMap<Name, Known<Value>>> = Vec::new();
    for slag in ["x", "y"] {
        for n in 0..=2 {
            for m in 0..=1 {
                items.push(BTreeMap::from([
                    (name("p.slag"), Known::Value(Value::Choice(slag.to_owned()))),
                    (name("p.n"), number(n)),
                    (name("p.m"), number(m)),
                ]));
            }
        }
    }
    let mut lists: Vec<Vec<usize>> = vec![Vec::new()];
    let mut last = lists.clone();
    for _ in 0..3 {
        let longer = last.iter().flat_map(|list| {
            let from = list.last().copied().unwrap_or(0);
            (from..items.len()).map(|item| [list.as_slice(), &[item]].concat())
        });
        last = longer.collect();
        lists.extend(last.iter().cloned());
    }
    let mut cases = Vec::new();
    let start = RefCell::new(Case::default());
    search.find(&search.question(Vec::new(), Vec::new, None), |case| {
        start.replace(case.clone());
        Verdict::Cut
    });
    for list in &lists {
        for a in 0..=4 {
            for g in 1..=3 {
                let mut case = start.borrow().clone();
                case.facts.known.insert(name("tal.a"), number(a));
                let list = list.iter().map(|item| items[*item].clone()).collect();
                case.facts.lists.insert(name("p"), list);
                let limit = vec![(None, Value::Number(Decimal::from(g)))];
                case.setting.parameters.insert(name("gräns.g"), limit);
                cases.push(case);
            }
        }
    }
    cases
}

type Answers = Vec<Known<bool>>;

fn is_certain(answers: &Answers) -> bool {
    answers.iter().all(|answer| !answer.is_missing())
}

fn item_condition() -> BoxedStrategy<String> {
    let one = prop_oneof![
        Just("p.slag = x".to_owned()),
        Just("p.stor = ja".to_owned()),
        (0i64..=2).prop_map(|n| format!("p.n ≥ {n}")),
        (0i64..=1).prop_map(|n| format!("p.m = {n}")),
        Just("p.n > p.m".to_owned()),
        (
            1i64..=3,
            prop_oneof![Just("tal.a"), Just("gräns.g")],
            prop_oneof![Just(">"), Just("="), Just("≤")]
        )
            .prop_map(|(times, with, how)| format!("p.n * {times} {how} {with}")),
    ]
    .boxed();
    prop_oneof![
        3 => one.clone(),
        1 => (one.clone(), one.clone()).prop_map(|(a, b)| format!("{a} och {b}")),
        1 => (one.clone(), one).prop_map(|(a, b)| format!("{a} eller inte ({b})")),
    ]
    .boxed()
}

fn aggregate() -> BoxedStrategy<String> {
    prop_oneof![
        Just("antal(p)".to_owned()),
        item_condition().prop_map(|of| format!("antal(p: {of})")),
        Just("summa(p.n)".to_owned()),
        Just("summa(p.m)".to_owned()),
        item_condition().prop_map(|of| format!("summa(p.n: {of})")),
    ]
    .boxed()
}

fn condition() -> BoxedStrategy<String> {
    let how = || prop_oneof![Just("<"), Just("≤"), Just("="), Just("≠"), Just("≥"), Just(">")];
    let one = prop_oneof![
        (aggregate(), how(), 0i64..=4).prop_map(|(of, how, n)| format!("{of} {how} {n}")),
        (
            aggregate(),
            how(),
            prop_oneof![Just("tal.a"), Just("gräns.g")],
            1i64..=2
        )
            .prop_map(|(of, how, with, n)| format!("{of} {how} {with} * {n}")),
        (aggregate(), how(), aggregate(), 1i64..=2).prop_map(|(a, how, b, n)| format!("{a} * {n} {how} {b}")),
        item_condition().prop_map(|of| format!("någon(p: {of})")),
        item_condition().prop_map(|of| format!("alla(p: {of})")),
        (how(), 0i64..=4).prop_map(|(how, n)| format!("tal.a {how} {n}")),
        Just("någon(p: p.n * 2 > summa(p.n))".to_owned()),
    ]
    .boxed();
    prop_oneof![
        2 => one.clone(),
        2 => (one.clone(), one.clone()).prop_map(|(a, b)| format!("{a} och {b}")),
        1 => (one.clone(), one).prop_map(|(a, b)| format!("{a} eller {b}")),
    ]
    .boxed()
}

/// The rows' answers over what is tried, and whether anything was left out.
fn tried(search: &Search<'_>, table: &Table<'_, '_>) -> (BTreeSet<String>, Outcome) {
    let mut found = BTreeSet::new();
    let outcome = search.find(&table.question(&[], true), |case| {
        if case.facts.lists.is_empty() {
            return Verdict::Open;
        }
        let answers = table.states(case).unwrap();
        if is_certain(&answers) {
            found.insert(format!("{answers:?}"));
        }
        Verdict::Open
    });
    (found, outcome)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_lists_that_are_tried_show_every_answer_that_some_list_gives(conditions in prop::collection::vec(condition(), 1..4)) {
        // Without a list in it there is nothing to hold against.
        prop_assume!(conditions.iter().any(|it| it.contains("(p")));
        let pack = search::loosened(&pack_with(&conditions));
        let search = Search::new(&pack);
        let table = Table::new(&search, &pack.rules[0]);
        let (found, outcome) = tried(&search, &table);
        let limit = search.limit();
        let every: BTreeSet<String> = every_case(&search)
            .iter()
            .filter_map(|case| table.states(case))
            .filter(is_certain)
            .map(|answers| format!("{answers:?}"))
            .collect();
        prop_assert!(found.is_subset(&every), "{:?}", found.difference(&every).collect::<Vec<_>>());
        if outcome == Outcome::None {
            prop_assert_eq!(found, every);
        } else {
            prop_assert!(limit.is_some(), "{outcome:?}");
        }
    }

    #[test]
    fn two_rules_differ_exactly_when_some_list_tells_them_apart(one in condition(), other in condition()) {
        prop_assume!(one.contains("(p") && other.contains("(p"));
        let packs = (search::loosened(&pack_with(&[one])), search::loosened(&pack_with(&[other])));
        let (first, second) = (Search::new(&packs.0), Search::new(&packs.1));
        let tables = (Table::new(&first, &packs.0.rules[0]), Table::new(&second, &packs.1.rules[0]));
        let differ = |case: &Case| {
            let (one, other) = (tables.0.states(case).unwrap(), tables.1.states(case).unwrap());
            is_certain(&one) && is_certain(&other) && one != other
        };
        let mut question = tables.0.question(&[], true);
        question.add_other(tables.1.question(&[], true));
        let outcome = first.find_in_both(&second, &question, 400_000, |case| match differ(case) {
            true => Verdict::Found,
            false => Verdict::Open,
        });
        let limit = first.limit();
        let differs = every_case(&first).iter().any(differ);
        match outcome {
            Outcome::Found(_) => prop_assert!(differs),
            Outcome::None => prop_assert!(!differs),
            Outcome::TooMany => prop_assert!(limit.is_some()),
        }
    }
}
