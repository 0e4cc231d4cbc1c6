//! What can stand at the cursor.

use std::collections::BTreeSet;

use lsp_types::{CompletionItem, CompletionItemKind, CompletionTextEdit, TextEdit};
use samverk_domain::check::uses;
use samverk_domain::fact::Name;
use samverk_domain::finding::FileId;
use samverk_domain::pack::parse::fold;
use samverk_domain::pack::{FROM_CASE, Fact, Pack, Source, Type, texts};

use super::names::Symbol;
use super::place::{Cell, Place};
use super::position;
use super::service::Service;
use super::vocabulary;

/// An editor shows a handful; more than this is no help.
const ITEMS_MAX: usize = 1_000;

struct Items<'s> {
    place: &'s Place<'s>,
    /// Where what is being written begins.
    start: usize,
    items: Vec<CompletionItem>,
    seen: BTreeSet<String>,
}

impl Items<'_> {
    fn add(&mut self, label: &str, detail: &str, kind: CompletionItemKind) {
        if self.items.len() >= ITEMS_MAX || !self.seen.insert(label.to_owned()) {
            return;
        }
        let range = position::range(self.place.text, self.start..self.place.byte);
        self.items.push(CompletionItem {
            label: label.to_owned(),
            detail: (!detail.is_empty()).then(|| detail.to_owned()),
            kind: Some(kind),
            // As they were added: the likeliest first.
            sort_text: Some(format!("{:04}", self.items.len())),
            filter_text: Some(label.to_owned()),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(range, label.to_owned()))),
            ..CompletionItem::default()
        });
    }

    fn words<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) {
        for word in words {
            self.add(word, "", CompletionItemKind::KEYWORD);
        }
    }

    fn described(&mut self, words: &[(&str, &str)], kind: CompletionItemKind) {
        for (word, what) in words {
            self.add(word, what, kind);
        }
    }
}

pub fn complete(service: &Service, file: FileId, byte: usize) -> Vec<CompletionItem> {
    let place = Place::of(service, file, byte);
    let mut items = Items {
        start: place.word_start(),
        place: &place,
        items: Vec::new(),
        seen: BTreeSet::new(),
    };
    let path = service
        .files
        .get(usize::from(file.0))
        .map_or("", |file| file.path.as_str());
    let line = place.line_before();
    if line.starts_with("##") && path == "tjanst.md" {
        items.start = place.byte - line.len();
        for section in vocabulary::SECTIONS {
            items.add(section.heading, section.purpose, CompletionItemKind::MODULE);
        }
    } else if path.starts_with("brev/") {
        if line.rfind('{') > line.rfind('}') {
            let own = ["grunder", "överklagande", "skyldigheter", "om ", "annars", "slut"];
            facts(service, &mut items);
            items.words(FROM_CASE.into_iter().chain(own));
        }
    } else if let Some(cell) = &place.cell {
        in_cell(service, path, cell, &place, &mut items);
    }
    items.items
}

fn in_cell(service: &Service, path: &str, cell: &Cell<'_>, place: &Place<'_>, items: &mut Items<'_>) {
    let own_columns = vocabulary::section(&place.section).map(|section| section.columns);
    if cell.is_head {
        items.start = first_character(place, cell);
        for columns in own_columns
            .into_iter()
            .chain(vocabulary::OTHER_TABLES.iter().copied().filter(|_| path != "tjanst.md"))
        {
            items.described(columns, CompletionItemKind::FIELD);
        }
        if matches!(place.section.as_str(), "regel" | "utfallsregel") {
            items.add(
                &format!("→ {}", place.name),
                "regelns resultat",
                CompletionItemKind::FIELD,
            );
            facts(service, items);
        }
        return;
    }
    let column = cell.column.as_str();
    match (path, place.section.as_str(), column) {
        ("exempel.md", _, _) => in_example(service, cell, place, items),
        (path, _, "nyckel") if path.starts_with("texter.") => keys(service, path, items),
        (path, ..) if path.starts_with("texter.") => {}
        (_, "uppgifter" | "lista" | "parametrar", "typ") => {
            items.start = first_character(place, cell);
            items.described(vocabulary::TYPES, CompletionItemKind::STRUCT);
            if place.section == "parametrar" {
                items.add("delegation", "vem som får besluta", CompletionItemKind::STRUCT);
            }
        }
        (_, "uppgifter" | "lista", "källa") => source(service, cell, place, items),
        (_, _, "ansvarig" | "till") => symbols(service, items, |symbol| matches!(symbol, Symbol::Role(_))),
        (_, _, "steg") => symbols(service, items, |symbol| matches!(symbol, Symbol::Step(_))),
        (_, "utfall", "brev") => symbols(service, items, |symbol| matches!(symbol, Symbol::Letter(_))),
        (_, "utfallsregel", "→ utfall") => {
            let step = place.name.clone();
            symbols(
                service,
                items,
                |symbol| matches!(symbol, Symbol::Outcome { step: of, .. } if *of == step),
            );
            items.add(
                "handläggare",
                "en människa måste se på det",
                CompletionItemKind::ENUM_MEMBER,
            );
        }
        (_, "regel" | "utfallsregel", "→ därför att") => {}
        (_, _, "→ lagrum" | "lagrum" | "grund") => laws(service, items),
        (_, "regel", column) if column.starts_with("→ ") => {
            values(service, &place.name, items);
            items.add(
                "ej aktuellt",
                "frågan har ingen mening här",
                CompletionItemKind::ENUM_MEMBER,
            );
        }
        (_, "regel" | "utfallsregel", "id" | "gäller") => {}
        (_, "regel" | "utfallsregel", column) if column != "när" => {
            values(service, column, items);
            items.words(["–", "ej aktuellt", "inte "]);
            facts(service, items);
        }
        (_, "steg", "underlag") => {
            facts(service, items);
            for prefix in prefixes(service) {
                items.add(
                    &format!("{prefix}.*"),
                    "alla uppgifter med den början",
                    CompletionItemKind::MODULE,
                );
            }
        }
        (_, "steg", "avgift") => facts(service, items),
        (_, _, "när" | "behövs när" | "kontroll") => condition(service, place, items),
        (_, _, "område" | "skrivs under av" | "beslutas av" | "efter") => {
            few_words(column, items);
            facts(service, items);
            if column == "efter" {
                symbols(service, items, |symbol| matches!(symbol, Symbol::Step(_)));
            }
        }
        (_, "osäkert", "gäller") => {
            facts(service, items);
            symbols(service, items, |symbol| {
                matches!(symbol, Symbol::Step(_) | Symbol::Role(_) | Symbol::Row { .. })
            });
        }
        (_, _, column) => few_words(column, items),
    }
}

fn few_words(column: &str, items: &mut Items<'_>) {
    let words = vocabulary::WORDS.iter().find(|(heading, _)| *heading == column);
    items.words(words.into_iter().flat_map(|(_, words)| words.iter().copied()));
}

/// Behind the spaces at a cell's beginning, but not behind the cursor.
fn first_character(place: &Place<'_>, cell: &Cell<'_>) -> usize {
    let before = &place.text[cell.range.start.min(place.byte)..place.byte];
    place.byte - before.trim_start().len()
}

fn pack(service: &Service) -> Option<&Pack> {
    service.pack.as_ref()
}

fn known_fact<'s>(service: &'s Service, name: &str) -> Option<&'s Fact> {
    pack(service)?.fact(&Name::parse(name).ok()?)
}

/// Facts with their types, also those that the last reading did not know yet.
fn facts(service: &Service, items: &mut Items<'_>) {
    for found in service.names.defined() {
        if let Symbol::Fact(name) = &found.symbol {
            let detail = known_fact(service, name).map_or_else(String::new, |fact| fact.ty.it.to_string());
            items.add(name, &detail, CompletionItemKind::VARIABLE);
        }
    }
}

fn symbols(service: &Service, items: &mut Items<'_>, wanted: impl Fn(&Symbol) -> bool) {
    for found in service.names.defined().filter(|found| wanted(&found.symbol)) {
        items.add(found.symbol.name(), "", CompletionItemKind::REFERENCE);
    }
}

fn prefixes(service: &Service) -> BTreeSet<String> {
    let names = service.names.defined().filter_map(|found| match &found.symbol {
        Symbol::Fact(name) => name.split_once('.').map(|(prefix, _)| prefix.to_owned()),
        _ => None,
    });
    names.collect()
}

/// What a fact can be.
fn values(service: &Service, name: &str, items: &mut Items<'_>) {
    let Some(fact) = known_fact(service, name) else { return };
    match &fact.ty.it {
        Type::YesNo | Type::Assessment => items.words(["ja", "nej"]),
        Type::Choice(words) => items.words(words.iter().map(String::as_str)),
        Type::Several(words) => {
            items.words(words.iter().map(String::as_str));
            for word in words {
                items.add(&format!("har {word}"), "", CompletionItemKind::ENUM_MEMBER);
                items.add(&format!("saknar {word}"), "", CompletionItemKind::ENUM_MEMBER);
            }
            items.words(["inga"]);
        }
        _ => {}
    }
}

fn condition(service: &Service, place: &Place<'_>, items: &mut Items<'_>) {
    // `gas.behövs = |`: the words of that fact first.
    let before = place.text[..place.word_start()].trim_end();
    let operator = ["=", "≠", "har", "saknar"]
        .into_iter()
        .find(|operator| before.ends_with(operator));
    if let Some(operator) = operator {
        let before = before[..before.len() - operator.len()].trim_end_matches(['!', '<', '>', ' ']);
        let name = before.rsplit([' ', '(', '|', ':']).next().unwrap_or("");
        if let Some(fact) = known_fact(service, name) {
            match &fact.ty.it {
                Type::Choice(words) => {
                    // A word with spaces stands in quotes in a condition.
                    let quoted = words.iter().map(|word| match word.contains(' ') {
                        true => format!("\"{word}\""),
                        false => word.clone(),
                    });
                    for word in quoted {
                        items.add(&word, "", CompletionItemKind::ENUM_MEMBER);
                    }
                }
                _ => values(service, name, items),
            }
        }
    }
    facts(service, items);
    symbols(service, items, |symbol| matches!(symbol, Symbol::List(_)));
    items.words(vocabulary::CONDITION_WORDS.iter().copied());
}

fn source(service: &Service, cell: &Cell<'_>, place: &Place<'_>, items: &mut Items<'_>) {
    let before = fold(&place.text[cell.range.start.min(place.byte)..place.byte]);
    if before.starts_with("register") {
        // As others in the document ask it.
        for fact in pack(service).into_iter().flat_map(uses::facts) {
            if let Source::Register(register) = &fact.source.it {
                let field = format!("{}.{}", register.register, register.field);
                items.add(&field, "registrets fält", CompletionItemKind::FIELD);
            }
        }
        facts(service, items);
        items.words([
            "för",
            "via sökanden",
            "direkt",
            "ingen post =",
            "ur funktion = fråga",
            "ur funktion = vänta",
        ]);
        return;
    }
    if before.starts_with("remiss") {
        symbols(service, items, |symbol| matches!(symbol, Symbol::Role(_)));
    }
    if before.starts_with("steg") {
        symbols(service, items, |symbol| matches!(symbol, Symbol::Step(_)));
    }
    items.start = first_character(place, cell);
    items.described(vocabulary::SOURCES, CompletionItemKind::KEYWORD);
    let mut lookups = BTreeSet::new();
    for fact in pack(service).into_iter().flat_map(uses::facts) {
        if matches!(fact.source.it, Source::Register(_)) {
            lookups.insert(fact.source.it.to_string());
        }
    }
    for lookup in lookups {
        items.add(&lookup, "", CompletionItemKind::KEYWORD);
    }
}

/// Grounds that the document has already: most rows rest on the same few.
fn laws(service: &Service, items: &mut Items<'_>) {
    items.start = items
        .place
        .cell
        .as_ref()
        .map_or(items.start, |cell| first_character(items.place, cell));
    let mut laws = BTreeSet::new();
    for fact in pack(service).into_iter().flat_map(uses::facts) {
        laws.extend(
            fact.disclosure
                .iter()
                .chain(&fact.processing)
                .map(|law| law.it.to_string()),
        );
    }
    for rule in pack(service).into_iter().flat_map(|pack| &pack.rules) {
        laws.extend(
            rule.rows
                .iter()
                .filter_map(|row| row.law.as_ref())
                .map(|law| law.it.to_string()),
        );
    }
    for law in laws {
        items.add(&law, "", CompletionItemKind::CONSTANT);
    }
}

/// Keys of texts, those that are missing first.
fn keys(service: &Service, path: &str, items: &mut Items<'_>) {
    let Some(pack) = pack(service) else { return };
    let language = path.trim_start_matches("texter.").trim_end_matches(".md");
    let there = pack.texts.get(language);
    let is_there = |key: &str| there.is_some_and(|texts| texts.contains_key(key));
    let keys = texts::keys(pack);
    let is_needed = |need: texts::Need| match need {
        texts::Need::Always => true,
        texts::Need::NotInSwedish => language != "sv",
        texts::Need::Optional => false,
    };
    let rank = |key: &str, need| match (is_there(key), is_needed(need)) {
        (false, true) => (0, "saknas"),
        (false, false) => (1, "får finnas"),
        (true, _) => (2, "finns redan"),
    };
    let wanted = keys
        .iter()
        .filter(|(key, _)| language != "sv" || !texts::is_in_document(key));
    let mut ranked: Vec<_> = wanted.map(|(key, need)| (rank(key, *need), key)).collect();
    ranked.sort();
    for ((_, what), key) in ranked {
        items.add(key, what, CompletionItemKind::TEXT);
    }
}

fn in_example(service: &Service, cell: &Cell<'_>, place: &Place<'_>, items: &mut Items<'_>) {
    match cell.column.as_str() {
        "uppgift" => {
            items.start = first_character(place, cell);
            for found in service.names.defined() {
                let Symbol::Fact(name) = &found.symbol else { continue };
                let list = name
                    .split_once('.')
                    .filter(|(list, _)| service.names.definition(&Symbol::List((*list).to_owned())).is_some());
                match list {
                    Some((list, column)) => items.add(&format!("{list}[1].{column}"), "", CompletionItemKind::VARIABLE),
                    None => items.add(name, "", CompletionItemKind::VARIABLE),
                }
            }
        }
        "värde" => {
            let fact = cell.beside(place.text, "uppgift").unwrap_or_default();
            let fact = match (fact.find('['), fact.find(']')) {
                (Some(open), Some(close)) if open < close => format!("{}{}", &fact[..open], &fact[close + 1..]),
                _ => fact,
            };
            values(service, &fact, items);
            if known_fact(service, &fact).is_some_and(|fact| matches!(fact.source.it, Source::Register(_))) {
                items.words(["ingen post", "ur funktion", "avtalet återkallat"]);
            }
            items.words(["obesvarad"]);
        }
        "steg" => symbols(service, items, |symbol| matches!(symbol, Symbol::Step(_))),
        "utfall" => {
            let step = cell.beside(place.text, "steg").unwrap_or_default();
            symbols(
                service,
                items,
                |symbol| matches!(symbol, Symbol::Outcome { step: of, .. } if *of == step),
            );
            items.words(["behövs inte", "handläggare", "väntar", "stoppas", "alla skriver under"]);
        }
        "grund" => {
            let step = cell.beside(place.text, "steg").unwrap_or_default();
            symbols(
                service,
                items,
                |symbol| matches!(symbol, Symbol::Row { table, .. } if *table == step),
            );
            symbols(
                service,
                items,
                |symbol| matches!(symbol, Symbol::Row { table, .. } if table.contains('.')),
            );
        }
        _ => {}
    }
}
