//! Texts (codes S5xx): every key in every language. Keys that belong to nothing and empty texts are the reader's to find.

use std::collections::BTreeMap;

use super::uses;
use crate::finding::{Finding, Span};
use crate::pack::Pack;
use crate::pack::texts::{Need, keys};

/// Every service is offered in these; other languages may be added and fall back to Swedish.
pub const LANGUAGES: &[(&str, &str)] = &[("sv", "svenska"), ("en", "engelska")];

pub fn check(pack: &Pack, found: &mut Vec<Finding>) {
    let keys = keys(pack);
    let places = places(pack);
    for (code, language) in LANGUAGES {
        let texts = pack.texts.get(*code);
        let Some(texts) = texts.filter(|texts| !texts.is_empty()) else {
            let path = format!("texter.{code}.md");
            if pack.files.iter().any(|file| file.path == path) {
                let missing: Vec<&str> = keys
                    .iter()
                    .filter(|(_, need)| matches!(need, Need::Always) || (**need == Need::NotInSwedish && *code != "sv"))
                    .map(|(key, _)| key.as_str())
                    .collect();
                found.push(
                    Finding::error(
                        "S503",
                        pack.title.span,
                        format!("Filen {path} har inga texter på {language}."),
                    )
                    .label("tabellen är tom")
                    .suggest(format!(
                        "Skriv en rad `| nyckel | text |` för var och en av dessa: {}.",
                        missing.join(", ")
                    )),
                );
                continue;
            }
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
        // A sentence in another language that the Swedish reader never sees says something else than the document.
        let swedish = pack.texts.get("sv");
        for (key, text) in texts.iter().filter(|_| *code != "sv") {
            let is_said = swedish.is_some_and(|texts| texts.contains_key(key));
            let is_sentence = ["rad.", "hjälp."].iter().any(|kind| key.starts_with(kind));
            if is_sentence && keys.contains_key(key) && !is_said {
                found.push(
                    Finding::error("S501", text.span, format!("Texten `{key}` saknas på svenska."))
                        .label(format!("finns bara på {language}"))
                        .suggest("Skriv texten på svenska också, eller ta bort den här."),
                );
            }
        }
        for (key, need) in &keys {
            let is_needed = match need {
                Need::Always => true,
                Need::NotInSwedish => *code != "sv",
                Need::Optional => false,
            };
            if is_needed && !texts.contains_key(key) {
                let span = places.get(key.as_str()).copied().unwrap_or(pack.title.span);
                found.push(
                    Finding::error("S501", span, format!("Texten `{key}` saknas på {language}."))
                        .label(format!("behöver `{key}`"))
                        .suggest(format!("Lägg till raden `| {key} | … |` i texter.{code}.md.")),
                );
            }
        }
    }
}

/// The row that each text belongs to.
fn places(pack: &Pack) -> BTreeMap<String, Span> {
    let mut places = BTreeMap::new();
    let mut at = |key: String, span: Span| {
        places.entry(key).or_insert(span);
    };
    at("tjänst.ingress".to_owned(), pack.intro.span);
    for fact in uses::facts(pack) {
        let name = &fact.name.it;
        at(format!("grupp.{}", name.prefix()), fact.name.span);
        at(format!("namn.{name}"), fact.name.span);
        at(
            format!("fråga.{name}"),
            fact.question.as_ref().map_or(fact.name.span, |question| question.span),
        );
        if let crate::pack::Type::Choice(words) | crate::pack::Type::Several(words) = &fact.ty.it {
            for word in words {
                at(format!("val.{name}.{word}"), fact.ty.span);
            }
        }
        if let crate::pack::Source::Register(register) = &fact.source.it {
            at(format!("register.{}", register.register), fact.source.span);
        }
    }
    for rule in &pack.rules {
        for row in &rule.rows {
            let span = row.because.as_ref().map_or(row.id.span, |because| because.span);
            at(format!("rad.{}.{}", rule.name.it, row.id.it), span);
        }
    }
    for control in &pack.controls {
        at(format!("kontroll.{}", control.id.it), control.message.span);
    }
    for signature in &pack.signatures {
        at(format!("underskrift.{}", signature.id.it), signature.id.span);
    }
    for duty in &pack.duties {
        at(format!("skyldighet.{}", duty.id.it), duty.text.span);
    }
    for step in &pack.steps {
        at(format!("steg.{}", step.name.it), step.name.span);
    }
    for role in &pack.roles {
        at(format!("roll.{}", role.name.it), role.name.span);
    }
    for outcome in &pack.outcomes {
        at(
            format!("utfall.{}.{}", outcome.step.it, outcome.name.it),
            outcome.name.span,
        );
    }
    places
}
