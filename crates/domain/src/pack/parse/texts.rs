//! `texter.<språk>.md`: tables of keys and texts.

use std::collections::BTreeMap;

use super::document::columns;
use super::markdown::{self, Part};
use super::source::{Reader, Slice, fold, list, shown};
use crate::finding::Finding;
use crate::pack::{Pack, texts};

/// The kinds of keys, for suggestions.
const KINDS: [&str; 11] = [
    "tjänst", "grupp", "namn", "fråga", "hjälp", "val", "steg", "roll", "utfall", "rad", "kontroll",
];

/// Adds a language's texts to the document.
pub(super) fn read(reader: &mut Reader, pack: &mut Pack, language: &str, file: Slice<'_>) {
    // Keys are compared folded; choices may have capitals.
    let keys: BTreeMap<String, String> = texts::keys(pack).into_keys().map(|key| (fold(&key), key)).collect();
    let mut of_language = pack.texts.remove(language).unwrap_or_default();
    let mut tables = 0;
    for part in markdown::parts(reader, file) {
        let Part::Table(table) = part else { continue };
        tables += 1;
        let [key, text] = columns(reader, &table, ["Nyckel", "Text"], 2);
        if key.is_none() || text.is_none() {
            continue;
        }
        for row in &table.rows {
            let (key, text) = (row.cell(key), row.cell(text));
            if key.is_empty() {
                if !row.broken {
                    reader.error("S024", key, "Cellen under Nyckel är tom.", "tom", "Fyll i Nyckel.");
                }
                continue;
            }
            let written = key.fold();
            let Some(known) = keys.get(&written) else {
                unknown(reader, key, &written, &keys);
                continue;
            };
            if language == "sv" && texts::is_in_document(known) {
                reader.error(
                    "S061",
                    key,
                    format!("Den svenska texten {known} står i tjanst.md."),
                    "hör inte hit",
                    "Ta bort raden, och ändra texten i tjanst.md.",
                );
                continue;
            }
            if let Some(first) = of_language.get(known) {
                let finding = Finding::error("S061", key.span(), format!("Texten {known} finns redan."))
                    .label("andra gången")
                    .related(first.span, "första gången")
                    .suggest("Ta bort den ena.");
                reader.report(finding);
                continue;
            }
            if text.is_empty() {
                if !row.broken {
                    reader.error(
                        "S061",
                        text,
                        format!("Texten {known} är tom."),
                        "tom",
                        "Skriv texten, eller ta bort raden.",
                    );
                }
                continue;
            }
            of_language.insert(known.clone(), text.with(text.prose()));
        }
    }
    if tables == 0 {
        reader.error(
            "S017",
            file.first_line(),
            "Filen har ingen tabell med texter.",
            "tabell saknas",
            "Skriv en tabell med kolumnerna Nyckel och Text.",
        );
    }
    pack.texts.insert(language.to_owned(), of_language);
}

fn unknown(reader: &mut Reader, at: Slice<'_>, written: &str, keys: &BTreeMap<String, String>) {
    let kind = written.split('.').next().unwrap_or_default();
    let kinds = KINDS.iter().copied().chain(["register"]);
    if !kinds.clone().any(|known| known == kind) {
        let suggestion = match reader.nearest(kind, kinds.clone()) {
            Some(known) => format!("Menade du {known}.…?"),
            None => format!("En nyckel börjar med {}.", list(&kinds.collect::<Vec<_>>())),
        };
        reader.error(
            "S060",
            at,
            format!("Nyckeln {} har en okänd början.", shown(at)),
            "okänd nyckel",
            suggestion,
        );
        return;
    }
    let same_kind = keys
        .values()
        .map(String::as_str)
        .filter(|key| key.split('.').next() == Some(kind));
    let suggestion = match reader.nearest(at.text, same_kind) {
        Some(known) => format!("Menade du {known}?"),
        None => "Rätta nyckeln, eller ta bort raden.".to_owned(),
    };
    reader.error(
        "S060",
        at,
        format!("Nyckeln {} syftar inte på något i tjanst.md.", shown(at)),
        "syftar inte på något",
        suggestion,
    );
}
