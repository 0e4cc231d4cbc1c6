//! Texts (codes S5xx): every key in every language. Keys that belong to nothing and empty texts are the reader's to find.

use std::collections::BTreeMap;

use super::uses;
use crate::finding::{FileId, Finding, Span};
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
            let missing: Vec<&str> = keys
                .iter()
                .filter(|(_, need)| is_needed(**need, code))
                .map(|(key, _)| key.as_str())
                .collect();
            let path = format!("texter.{code}.md");
            let finding = match file(pack, code) {
                Some(_) => Finding::error(
                    "S503",
                    pack.title.span,
                    format!("Filen {path} har inga texter på {language}."),
                )
                .label("tabellen är tom"),
                None => Finding::error(
                    "S503",
                    pack.title.span,
                    format!("Tjänsten har inga texter på {language}."),
                )
                .label(format!("filen {path} saknas")),
            };
            found.push(finding.suggest(format!(
                "Skriv {path}, och en text i stället för varje …:\n| Nyckel | Text |\n| --- | --- |{}",
                block(&missing)
            )));
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
        let is_missing = |key: &str| texts.get(key).is_none_or(|text| text.it == UNWRITTEN);
        let missing: Vec<&str> = keys
            .iter()
            .filter(|(key, need)| is_needed(**need, code) && is_missing(key))
            .map(|(key, _)| key.as_str())
            .collect();
        let place = |key: &str| places.get(key).copied().unwrap_or(pack.title.span);
        match missing.as_slice() {
            [] => {}
            [key] => found.push(
                Finding::error("S501", place(key), format!("Texten `{key}` saknas på {language}."))
                    .label(format!("behöver `{key}`"))
                    .suggest(format!("Lägg till raden `| {key} | {UNWRITTEN} |` i texter.{code}.md.")),
            ),
            // Forty findings that say the same thing hide the others.
            [first, ..] => {
                let span = file(pack, code).unwrap_or(place(first));
                let message = format!("{} texter saknas på {language}.", missing.len());
                let mut finding = Finding::error("S501", span, message).label("här saknas de");
                for key in missing.iter().take(PLACES_MAX) {
                    finding = finding.related(place(key), format!("behöver `{key}`"));
                }
                found.push(finding.suggest(format!(
                    "Lägg till raderna i texter.{code}.md, och skriv en text i stället för varje …:{}",
                    block(&missing)
                )));
            }
        }
    }
}

/// What stands in a row that waits for its text.
const UNWRITTEN: &str = "…";
/// Places in the document that one finding about many texts shows.
const PLACES_MAX: usize = 2;

fn is_needed(need: Need, language: &str) -> bool {
    match need {
        Need::Always => true,
        Need::NotInSwedish => language != "sv",
        Need::Optional => false,
    }
}

/// The beginning of a language's file, where there is one.
fn file(pack: &Pack, language: &str) -> Option<Span> {
    let path = format!("texter.{language}.md");
    let at = pack.files.iter().position(|file| file.path == path)?;
    let end = pack.files[at].text.lines().next().map_or(0, str::len);
    Some(Span {
        file: FileId(u16::try_from(at).ok()?),
        start: 0,
        end: u32::try_from(end).ok()?,
    })
}

/// Rows to paste, each on a line of its own.
fn block(keys: &[&str]) -> String {
    keys.iter().map(|key| format!("\n| {key} | {UNWRITTEN} |")).collect()
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
