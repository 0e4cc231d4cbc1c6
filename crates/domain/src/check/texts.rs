//! Texts (codes S5xx): every key in every language, none empty, none that belongs to nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::near;
use super::uses;
use crate::finding::{Finding, Span};
use crate::pack::{Pack, Source, Type};

/// Every service is offered in these.
pub const LANGUAGES: &[(&str, &str)] = &[("sv", "svenska"), ("en", "engelska")];

/// A key that may stand in the texts.
struct Key {
    /// The row that the text belongs to.
    span: Span,
    /// Whether each language must have it.
    needed: bool,
}

pub fn check(pack: &Pack, found: &mut Vec<Finding>) {
    let keys = keys(pack);
    for (code, language) in LANGUAGES {
        let texts = pack.texts.get(*code);
        let Some(texts) = texts.filter(|texts| !texts.is_empty()) else {
            found.push(
                Finding::error(
                    "S503",
                    pack.title.span,
                    format!("Tjänsten har inga texter på {language}."),
                )
                .label(format!("filen texter.{code}.md saknas"))
                .suggest(format!("Skriv texter.{code}.md med en tabell `| Nyckel | Text |`.")),
            );
            continue;
        };
        for (key, of) in &keys {
            match texts.get(key) {
                None if of.needed => found.push(
                    Finding::error("S501", of.span, format!("Texten `{key}` saknas på {language}."))
                        .label(format!("behöver `{key}`"))
                        .suggest(format!("Lägg till raden `| {key} | … |` i texter.{code}.md.")),
                ),
                Some(text) if text.it.trim().is_empty() => found.push(
                    Finding::error("S502", text.span, format!("Texten `{key}` är tom på {language}."))
                        .related(of.span, "hör till den här raden")
                        .suggest("Skriv texten."),
                ),
                _ => {}
            }
        }
        for (key, text) in texts {
            if !keys.contains_key(key) {
                let finding = Finding::warning("S504", text.span, format!("Texten `{key}` hör inte till något."))
                    .label("ingen rad i tjanst.md har den här nyckeln");
                found.push(match near(key, keys.keys().map(String::as_str)) {
                    Some(name) => finding.suggest(format!("Menade du `{name}`?")),
                    None => finding.suggest("Ta bort raden."),
                });
            }
        }
    }
    for code in pack.texts.keys() {
        if !LANGUAGES.iter().any(|(known, _)| known == code)
            && let Some(text) = pack.texts[code].values().next()
        {
            let missing = keys
                .iter()
                .filter(|(key, of)| of.needed && !pack.texts[code].contains_key(*key))
                .count();
            if missing > 0 {
                found.push(
                    Finding::warning(
                        "S501",
                        text.span,
                        format!("Språket {code} saknar {missing} texter; svenska visas i stället."),
                    )
                    .suggest("Översätt resten, eller ta bort språket."),
                );
            }
        }
    }
}

fn keys(pack: &Pack) -> BTreeMap<String, Key> {
    let mut keys = BTreeMap::new();
    let mut key = |name: String, span: Span, needed: bool| {
        keys.entry(name).or_insert(Key { span, needed });
    };
    key("tjänst.titel".to_owned(), pack.title.span, true);
    key("tjänst.ingress".to_owned(), pack.intro.span, true);
    let mut prefixes = BTreeSet::new();
    for fact in uses::facts(pack) {
        let name = &fact.name.it;
        let span = fact.name.span;
        let is_question = fact.question.is_some();
        if prefixes.insert(name.prefix().to_owned()) {
            key(format!("grupp.{}", name.prefix()), span, is_question);
        }
        if let Type::Choice(words) = &fact.ty.it {
            for word in words {
                key(format!("val.{name}.{word}"), fact.ty.span, false);
            }
        }
        // What nobody meets by name needs none: rules and parameters without a row of their own.
        let has_row = !matches!(fact.source.it, Source::Rule | Source::Parameter);
        key(format!("namn.{name}"), span, has_row);
        key(format!("fråga.{name}"), span, is_question);
        key(format!("hjälp.{name}"), span, false);
        if let Source::Register(register) = &fact.source.it {
            key(format!("register.{}", register.register), fact.source.span, true);
        }
    }
    for list in &pack.lists {
        // The list is asked as one page with one question.
        for kind in ["fråga", "namn", "hjälp"] {
            key(format!("{kind}.{}", list.name.it), list.name.span, false);
        }
    }
    for parameter in &pack.parameters {
        key(format!("namn.{}", parameter.name.it), parameter.name.span, false);
    }
    for rule in &pack.rules {
        key(format!("namn.{}", rule.name.it), rule.name.span, false);
        for row in &rule.rows {
            key(
                format!("rad.{}.{}", rule.name.it, row.id.it),
                row.id.span,
                row.because.is_some(),
            );
        }
    }
    for control in &pack.controls {
        key(format!("kontroll.{}", control.id.it), control.id.span, true);
    }
    for step in &pack.steps {
        key(format!("steg.{}", step.name.it), step.name.span, true);
    }
    for role in &pack.roles {
        key(format!("roll.{}", role.name.it), role.name.span, true);
    }
    for outcome in &pack.outcomes {
        key(
            format!("utfall.{}.{}", outcome.step.it, outcome.name.it),
            outcome.name.span,
            true,
        );
    }
    keys
}
