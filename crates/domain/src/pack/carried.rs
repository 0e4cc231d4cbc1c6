//! A case that began in one version when its body has adopted a newer: which tables decide it.
//!
//! *Räknas vid* says it. A table or parameter that is counted at the application stays as it was when the person applied; one
//! that is counted at the decision (or an event, which is looked at then) is taken from the newer version. Questions, steps,
//! outcomes and letters stay those of the version that the case began in.
//!
//! Always true: the result reads only what the older document has a place for, so a newer table that asks for more is left out
//! and named ([`Carried::left`]): then a person must look at what the newer law says. The result's files and hash are the older
//! document's; spans in rows that were taken point into the newer one.

use super::{CellResult, CountedAt, Pack, Policy, Rule, RuleKind, Source, Type};
use crate::check::uses::{self, By};
use crate::fact::{Name, Value};
use crate::rules::Setting;

/// The older version with what is counted at the decision from the newer.
#[derive(Clone, Debug)]
pub struct Carried {
    pub pack: Pack,
    /// Tables of the newer version that count: a fact's name or a step's.
    pub taken: Vec<Name>,
    /// Tables of the newer version that would count but do not fit the older document.
    pub left: Vec<Name>,
}

type Table = (RuleKind, Name);

/// Works out which tables decide a case of `older` when `newer` is in force at the decision.
pub fn carried(older: &Pack, newer: &Pack) -> Carried {
    let mut wanted: Vec<&Rule> = newer.rules.iter().filter(|rule| is_wanted(older, rule)).collect();
    let parameters: Vec<&super::Parameter> = newer
        .parameters
        .iter()
        .filter(|parameter| {
            at_decision(parameter.counted_at)
                && match older.parameter(&parameter.name.it) {
                    Some(before) => at_decision(before.counted_at) && before.ty.it == parameter.ty.it,
                    None => older.fact(&parameter.name.it).is_none(),
                }
        })
        .collect();
    let reads = uses::all(newer);
    loop {
        let fits = |rule: &&Rule| {
            let read = reads
                .iter()
                .filter(|used| used.by == By::Rule(rule.kind, rule.name.it.clone()));
            let mut names = read
                .map(|used| &used.name)
                .chain(rule.transition.iter().map(|it| &it.it.choice));
            names.all(|name| has_place(older, newer, &wanted, &parameters, name)) && results_fit(older, newer, rule)
        };
        let before = wanted.len();
        let kept: Vec<&Rule> = wanted.iter().copied().filter(|rule| fits(rule)).collect();
        wanted = kept;
        if wanted.len() == before {
            break;
        }
    }
    let taken: Vec<Table> = wanted.iter().map(|rule| key(rule)).collect();
    let left = newer.rules.iter().filter(|rule| {
        let has_older = older.rules.iter().any(|before| key(before) == key(rule));
        has_older && is_wanted(older, rule) && !taken.contains(&key(rule))
    });
    let left = left.map(|rule| rule.name.it.clone()).collect();
    let mut pack = older.clone();
    for parameter in parameters {
        match pack.parameters.iter_mut().find(|own| own.name.it == parameter.name.it) {
            Some(own) => *own = parameter.clone(),
            None => {
                pack.parameters.push(parameter.clone());
                take_fact(&mut pack, newer, &parameter.name.it);
            }
        }
    }
    for rule in &wanted {
        match pack.rules.iter_mut().find(|own| key(own) == key(rule)) {
            Some(own) => *own = (*rule).clone(),
            None => {
                pack.rules.push((*rule).clone());
                if rule.kind == RuleKind::Fact {
                    take_fact(&mut pack, newer, &rule.name.it);
                }
            }
        }
        take_texts(&mut pack, newer, &rule.name.it);
    }
    Carried {
        pack,
        taken: wanted.iter().map(|rule| rule.name.it.clone()).collect(),
        left,
    }
}

/// The setting for a carried document: what the body set with the newer adoption where that is counted at the decision, and
/// the delegations that are in force then.
pub fn carried_setting(carried: &Pack, newer: &Pack, older_set: &Setting, newer_set: &Setting) -> Setting {
    let mut setting = older_set.clone();
    for parameter in carried.parameters.iter().filter(|own| at_decision(own.counted_at)) {
        let name = &parameter.name.it;
        if newer.parameter(name).is_none_or(|newer| !at_decision(newer.counted_at)) {
            continue;
        }
        match newer_set.parameters.get(name) {
            Some(values) => drop(setting.parameters.insert(name.clone(), values.clone())),
            None => drop(setting.parameters.remove(name)),
        }
    }
    setting.delegations.clone_from(&newer_set.delegations);
    setting.delegations.retain(|name, _| carried.parameter(name).is_some());
    setting
}

fn at_decision(counted: CountedAt) -> bool {
    counted != CountedAt::Application
}

fn key(rule: &Rule) -> Table {
    (rule.kind, rule.name.it.clone())
}

/// A table of the newer version that counts at the decision in both, or is new there.
fn is_wanted(older: &Pack, rule: &Rule) -> bool {
    at_decision(rule.counted_at)
        && match older.rules.iter().find(|before| key(before) == key(rule)) {
            Some(before) => at_decision(before.counted_at),
            None => match rule.kind {
                RuleKind::Fact => older.fact(&rule.name.it).is_none(),
                RuleKind::Outcome => older.step(&rule.name.it).is_some(),
            },
        }
}

/// Whether what a newer table reads is in the older document with the same type, or comes with the tables that are taken.
fn has_place(older: &Pack, newer: &Pack, wanted: &[&Rule], parameters: &[&super::Parameter], name: &Name) -> bool {
    if older.list(name).is_some() {
        return newer.list(name).is_some();
    }
    match (older.fact(name), newer.fact(name)) {
        (Some(before), Some(now)) => before.ty.it == now.ty.it,
        (Some(_), None) => true,
        (None, _) => {
            let comes = |rule: &&Rule| rule.kind == RuleKind::Fact && rule.name.it == *name;
            newer.list_of_column(name).is_none()
                && (wanted.iter().any(comes) || parameters.iter().any(|parameter| parameter.name.it == *name))
        }
    }
}

/// Whether what the table gives is something that the older document knows.
fn results_fit(older: &Pack, newer: &Pack, rule: &Rule) -> bool {
    let name = &rule.name.it;
    match rule.kind {
        RuleKind::Outcome => {
            let knows = |outcome: &str| older.outcomes_of(name).any(|known| known.name.it == outcome);
            let mut rows = rule.rows.iter();
            let rows_fit = rows.all(|row| match &row.result.it {
                CellResult::Value(Value::Choice(outcome) | Value::Text(outcome)) => knows(outcome),
                CellResult::Value(_) | CellResult::Calculated(_) => false,
                CellResult::NotApplicable | CellResult::CaseWorker => true,
            });
            rows_fit
                && match &rule.policy.it {
                    Policy::Collect { otherwise } => knows(otherwise),
                    Policy::Unique | Policy::First => true,
                }
        }
        RuleKind::Fact => {
            let ty = |pack: &Pack| -> Option<Type> { pack.fact(name).map(|fact| fact.ty.it.clone()) };
            match ty(older) {
                Some(before) => Some(before) == ty(newer),
                // Columns of lists stay as they were.
                None => newer.list_of_column(name).is_none(),
            }
        }
    }
}

/// A rule's or parameter's own fact, with its names.
fn take_fact(pack: &mut Pack, newer: &Pack, name: &Name) {
    if let Some(fact) = newer.facts.iter().find(|fact| fact.name.it == *name)
        && matches!(fact.source.it, Source::Rule | Source::Parameter)
    {
        pack.facts.push(fact.clone());
    }
    for (language, texts) in &newer.texts {
        let own = pack.texts.entry(language.clone()).or_default();
        for (key, text) in texts {
            if key.strip_prefix("namn.") == Some(name.as_str()) {
                own.entry(key.clone()).or_insert_with(|| text.clone());
            }
        }
    }
}

/// The sentences of a table's rows.
fn take_texts(pack: &mut Pack, newer: &Pack, rule: &Name) {
    let of_rule = |key: &str| {
        let row = key
            .strip_prefix("rad.")
            .and_then(|rest| rest.strip_prefix(rule.as_str()));
        row.is_some_and(|row| row.starts_with('.') && !row[1..].contains('.'))
    };
    for (language, texts) in &newer.texts {
        let own = pack.texts.entry(language.clone()).or_default();
        own.retain(|key, _| !of_rule(key));
        let rows = texts.iter().filter(|(key, _)| of_rule(key));
        own.extend(rows.map(|(key, text)| (key.clone(), text.clone())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::{Facts, Known};
    use crate::finding::SourceFile;
    use crate::pack::parse;
    use crate::rules::{self, Days};

    const OLDER: &str = "\
---
tjänst: prov
version: 1
gäller: 2026-01-01 –
utgivare: Exempelmyndigheten
---
# Prov
Ett prov.

## Roller
| Roll | Uppdrag | Område |
| --- | --- | --- |
| a | uppdrag | riket |

## Uppgifter
| Uppgift | Typ | Källa | Grund | Fråga |
| --- | --- | --- | --- | --- |
| lokal.kök | ja/nej | sökanden | 2017:900 19 § | Finns det ett kök? |
| lokal.yta | tal 0–500 m² | sökanden | 2017:900 19 § | Hur stor är lokalen? |

## Steg
| Steg | Ansvarig | Behövs när | Underlag | Efter | Frist | Avgift | Lagrum |
| --- | --- | --- | --- | --- | --- | --- | --- |
| tillstånd | a | alltid | lokal.* | | | avgift.prövning | 2017:900 19 § |

## Regel: avgift.prövning (unik; räknas vid ansökan)
| id | lokal.yta | → avgift.prövning | → därför att | → lagrum |
| --- | --- | --- | --- | --- |
| v1 | – | 1 000 kr | Prövningen kostar. | 2017:900 19 § |

## Utfallsregel: tillstånd (samla; annars bifall)
| id | lokal.kök | lokal.yta | → utfall | → därför att | → lagrum |
| --- | --- | --- | --- | --- | --- |
| a1 | nej | – | avslag | Det finns inget kök. | 2010:1622 8 kap. 15 § |
| a2 | – | < gräns.yta | avslag | Lokalen är för liten. | 2010:1622 8 kap. 14 § |

## Utfall
| Steg | Utfall | Slag | Beslutas av | Hörs före | Brev | Överklagas |
| --- | --- | --- | --- | --- | --- | --- |
| tillstånd | avslag | betungande | nämnd | 14 dagar | a | förvaltningsbesvär, förvaltningsrätten, 3 veckor från del |
| tillstånd | bifall | gynnande | nämnd | nej | a | förvaltningsbesvär, förvaltningsrätten, 3 veckor från del |

## Parametrar
| Parameter | Typ | Sätts av | Standard | Räknas vid | Källa |
| --- | --- | --- | --- | --- | --- |
| gräns.yta | tal 0–500 m² | nämnd | 20 | beslut | 2017:900 23 § |
";

    fn pack(text: &str) -> Pack {
        let file = |path: &str, text: &str| SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let (pack, found) = parse::pack(vec![
            file("tjanst.md", text),
            file("brev/a.md", "# Beslut\n\n{grunder}\n"),
        ]);
        pack.unwrap_or_else(|| panic!("{found:?}"))
    }

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn no_kitchen() -> Facts {
        let mut facts = Facts::default();
        facts.set(name("lokal.kök"), Known::Value(Value::YesNo(false)));
        facts.set(name("lokal.yta"), Known::Value(Value::Number(40.into())));
        facts
    }

    /// Outcome, rows and fee of a case without a kitchen.
    fn comes_to(pack: &Pack, setting: &Setting) -> (Option<String>, Vec<String>, Option<String>) {
        let result = &rules::evaluate(pack, &no_kitchen(), setting).steps[&name("tillstånd")];
        (
            result.outcome.value().cloned(),
            result.grounds.iter().map(|fired| fired.row.to_string()).collect(),
            result.fee.value().map(ToString::to_string),
        )
    }

    fn newer() -> String {
        OLDER
            .replace("version: 1", "version: 2")
            .replace(
                "| a1 | nej | – | avslag | Det finns inget kök. | 2010:1622 8 kap. 15 § |\n",
                "",
            )
            .replace("1 000 kr", "3 000 kr")
    }

    #[test]
    fn a_table_counted_at_the_decision_is_the_newer_and_one_counted_at_the_application_stays() {
        let (older, newer) = (pack(OLDER), pack(&newer()));
        let setting = Setting::default();
        let refused = (
            Some("avslag".to_owned()),
            vec!["a1".to_owned()],
            Some("1000".to_owned()),
        );
        assert_eq!(comes_to(&older, &setting), refused);
        let carried = carried(&older, &newer);
        let granted = (Some("bifall".to_owned()), vec![], Some("1000".to_owned()));
        assert_eq!(
            comes_to(&carried.pack, &setting),
            granted,
            "the fee stays what it was at the application"
        );
        assert_eq!(carried.taken, [name("tillstånd")]);
        assert_eq!(carried.left, []);
        assert_eq!(carried.pack.meta.version.it, 1);
        assert_eq!(
            carried.pack.sha256(),
            older.sha256(),
            "the case is still in the document it began in"
        );
    }

    #[test]
    fn the_newer_rows_bring_their_own_sentences() {
        let older = pack(OLDER);
        let reworded = newer().replace("Lokalen är för liten.", "Lokalen är mindre än gränsen.");
        let carried = carried(&older, &pack(&reworded)).pack;
        assert_eq!(
            carried.text("sv", "rad.tillstånd.a2"),
            Some("Lokalen är mindre än gränsen.")
        );
        assert_eq!(carried.text("sv", "rad.tillstånd.a1"), None);
        assert_eq!(carried.text("sv", "rad.avgift.prövning.v1"), Some("Prövningen kostar."));
    }

    #[test]
    fn a_newer_table_that_asks_for_more_is_left_for_a_person() {
        let asks_more = newer()
            .replace(
                "| lokal.yta | tal 0–500 m² | sökanden | 2017:900 19 § | Hur stor är lokalen? |\n",
                "| lokal.yta | tal 0–500 m² | sökanden | 2017:900 19 § | Hur stor är lokalen? |\n\
                 | lokal.utgång | ja/nej | sökanden | 2017:900 19 § | Finns det en nödutgång? |\n",
            )
            .replace("| id | lokal.kök | lokal.yta |", "| id | lokal.utgång | lokal.yta |");
        let (older, newer) = (pack(OLDER), pack(&asks_more));
        let carried = carried(&older, &newer);
        assert_eq!(carried.left, [name("tillstånd")]);
        assert_eq!(
            comes_to(&carried.pack, &Setting::default()),
            comes_to(&older, &Setting::default())
        );
    }

    #[test]
    fn a_table_that_a_newer_table_needs_comes_with_it() {
        let helped = newer()
            .replace("| id | lokal.kök | lokal.yta |", "| id | lokal.liten | lokal.yta |")
            .replace("| a2 | – | < gräns.yta |", "| a2 | ja | – |")
            .replace(
                "## Utfallsregel",
                "## Regel: lokal.liten (unik)\n\
                 | id | lokal.yta | → lokal.liten | → därför att | → lagrum |\n\
                 | --- | --- | --- | --- | --- |\n\
                 | l1 | < gräns.minst | ja | Liten. | 2017:900 19 § |\n\
                 | l2 | ≥ gräns.minst | nej | Stor. | 2017:900 19 § |\n\n## Utfallsregel",
            )
            .replace(
                "| gräns.yta | tal 0–500 m² | nämnd | 20 | beslut | 2017:900 23 § |",
                "| gräns.minst | tal 0–500 m² | nämnd | 60 | beslut | 2017:900 23 § |",
            );
        let carried = carried(&pack(OLDER), &pack(&helped));
        assert_eq!(carried.left, []);
        let (outcome, rows, _) = comes_to(&carried.pack, &Setting::default());
        assert_eq!((outcome.as_deref(), rows), (Some("avslag"), vec!["a2".to_owned()]));
    }

    #[test]
    fn an_outcome_that_the_older_document_does_not_have_is_left_for_a_person() {
        let other = newer()
            .replace("| – | < gräns.yta | avslag |", "| – | < gräns.yta | avvisning |")
            .replace(
                "| tillstånd | avslag | betungande",
                "| tillstånd | avvisning | betungande",
            );
        assert_eq!(carried(&pack(OLDER), &pack(&other)).left, [name("tillstånd")]);
    }

    #[test]
    fn what_the_body_set_with_the_newer_adoption_counts_at_the_decision() {
        let (older, newer) = (pack(OLDER), pack(&newer()));
        let set = |number: i64| Setting {
            parameters: [(name("gräns.yta"), vec![(None, Value::Number(number.into()))])].into(),
            days: Days::default(),
            ..Setting::default()
        };
        let carried = carried(&older, &newer).pack;
        let setting = carried_setting(&carried, &newer, &set(10), &set(100));
        assert_eq!(comes_to(&carried, &setting).1, ["a2"], "40 m² is below the newer limit");
        let unset = carried_setting(&carried, &newer, &set(100), &Setting::default());
        assert_eq!(
            comes_to(&carried, &unset).0.as_deref(),
            Some("bifall"),
            "the document's own limit counts"
        );
    }
}
