//! Texts by key: which keys a document has, and which of them its main file gives in Swedish.

use std::collections::BTreeMap;

use crate::finding::Spanned;

use super::{Fact, Pack, Source, Type};

/// Whether a language must have a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// In every language.
    Always,
    /// In every language but Swedish, where the word itself stands.
    NotInSwedish,
    /// Where it helps.
    Optional,
}

/// Keys whose Swedish text stands in `tjanst.md`. A list's own question (`fråga.ägare`) does not: its table has no place for
/// it.
pub fn is_in_document(key: &str) -> bool {
    ["tjänst.", "rad.", "kontroll.", "skyldighet."]
        .iter()
        .any(|kind| key.starts_with(kind))
        || key.strip_prefix("fråga.").is_some_and(|of| of.contains('.'))
}

/// Every key that refers to something in the document.
pub fn keys(pack: &Pack) -> BTreeMap<String, Need> {
    use Need::*;
    let mut keys = BTreeMap::new();
    let mut add = |key: String, need: Need| {
        let there = keys.entry(key).or_insert(need);
        if need == Always {
            *there = Always;
        }
    };
    add("tjänst.titel".to_owned(), Always);
    add("tjänst.ingress".to_owned(), Always);
    let columns = pack.lists.iter().flat_map(|list| &list.columns);
    for fact in pack.facts.iter().chain(columns) {
        let name = &fact.name.it;
        let need = if is_derived(fact) { Optional } else { Always };
        add(format!("grupp.{}", name.prefix()), need);
        add(format!("namn.{name}"), need);
        add(
            format!("fråga.{name}"),
            if fact.question.is_some() { Always } else { Optional },
        );
        add(format!("hjälp.{name}"), Optional);
        match &fact.ty.it {
            Type::Choice(words) | Type::Several(words) => {
                for word in words {
                    add(format!("val.{name}.{word}"), NotInSwedish);
                }
            }
            Type::YesNo | Type::Assessment => {
                for word in ["ja", "nej"] {
                    add(format!("val.{name}.{word}"), Optional);
                }
            }
            _ => {}
        }
        if let Source::Register(source) = &fact.source.it {
            add(format!("register.{}", source.register), Always);
        }
    }
    for list in &pack.lists {
        for kind in ["namn", "fråga", "hjälp"] {
            add(format!("{kind}.{}", list.name.it), Optional);
        }
    }
    for parameter in &pack.parameters {
        add(format!("namn.{}", parameter.name.it), Optional);
    }
    for step in &pack.steps {
        add(format!("steg.{}", step.name.it), Always);
    }
    for role in &pack.roles {
        add(format!("roll.{}", role.name.it), Always);
    }
    for outcome in &pack.outcomes {
        add(format!("utfall.{}.{}", outcome.step.it, outcome.name.it), Always);
    }
    for rule in &pack.rules {
        for row in &rule.rows {
            add(
                format!("rad.{}.{}", rule.name.it, row.id.it),
                if row.because.is_some() { Always } else { Optional },
            );
        }
    }
    for control in &pack.controls {
        add(format!("kontroll.{}", control.id.it), Always);
    }
    for signature in &pack.signatures {
        add(format!("underskrift.{}", signature.id.it), Always);
    }
    for duty in &pack.duties {
        add(format!("skyldighet.{}", duty.id.it), Always);
    }
    keys
}

fn is_derived(fact: &Fact) -> bool {
    matches!(fact.source.it, Source::Rule | Source::Parameter)
}

/// The Swedish texts that stand in `tjanst.md`.
pub(super) fn from_document(pack: &Pack) -> BTreeMap<String, Spanned<String>> {
    let mut texts = BTreeMap::new();
    texts.insert("tjänst.titel".to_owned(), pack.title.clone());
    texts.insert("tjänst.ingress".to_owned(), pack.intro.clone());
    let columns = pack.lists.iter().flat_map(|list| &list.columns);
    for fact in pack.facts.iter().chain(columns) {
        if let Some(question) = &fact.question {
            texts.insert(format!("fråga.{}", fact.name.it), question.clone());
        }
    }
    for rule in &pack.rules {
        for row in &rule.rows {
            if let Some(because) = &row.because {
                texts.insert(format!("rad.{}.{}", rule.name.it, row.id.it), because.clone());
            }
        }
    }
    for control in &pack.controls {
        texts.insert(format!("kontroll.{}", control.id.it), control.message.clone());
    }
    for duty in &pack.duties {
        texts.insert(format!("skyldighet.{}", duty.id.it), duty.text.clone());
    }
    texts
}
