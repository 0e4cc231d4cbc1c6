//! Every name in a service's files with its places: where it is given, and where it is used.
//!
//! Read from the look of the files alone ([`crate::layout`]), so that it is right while a document is being written and cannot
//! be parsed. What stands in a cell is found by the column's heading; where the language has conditions, any dotted word that
//! is a name is a use of it, so that new kinds of expressions come along. Always true: every span lies in its file, on the
//! very word, and no two definitions of one symbol come from the same cell.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use samverk_domain::finding::{FileId, SourceFile, Span};
use samverk_domain::pack::parse::fold;

use crate::layout::{Kind, Layout, Row, Table};

/// What a name stands for. Names are folded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Symbol {
    /// A fact, a list's column, a parameter or a delegation.
    Fact(String),
    List(String),
    Step(String),
    Role(String),
    Outcome {
        step: String,
        name: String,
    },
    /// A row with an id; `table` is the rule's name, or the section's word in text keys: `kontroll`, `skyldighet`, `underskrift`.
    Row {
        table: String,
        id: String,
    },
    /// A file under `brev/`.
    Letter(String),
    Register(String),
}

impl Symbol {
    /// As it is written.
    pub fn name(&self) -> &str {
        match self {
            Self::Fact(name) | Self::List(name) | Self::Step(name) | Self::Role(name) => name,
            Self::Letter(name) | Self::Register(name) => name,
            Self::Outcome { name, .. } => name,
            Self::Row { id, .. } => id,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    pub symbol: Symbol,
    pub span: Span,
    pub is_definition: bool,
    /// Only the part behind the list's name stands here: `andel` in `ägare[1].andel`.
    pub is_last_part: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Names {
    pub occurrences: Vec<Occurrence>,
}

/// Cells that hold sentences or law; a word in them is no name.
const PROSE: [&str; 15] = [
    "fråga",
    "→ därför att",
    "meddelande",
    "text",
    "lagrum",
    "→ lagrum",
    "grund",
    "skyldighet",
    "vad är osäkert",
    "hur det kontrolleras",
    "uppdrag",
    "överklagas",
    "kopia till",
    "hörs före",
    "standard",
];

impl Names {
    pub fn of(files: &[SourceFile], layouts: &[Layout]) -> Self {
        let mut reading = Reading::default();
        // The first round only learns what there is; the second knows it when it meets a use.
        for is_second in [false, true] {
            reading.is_second = is_second;
            for (at, (file, layout)) in files.iter().zip(layouts).enumerate() {
                let at = File {
                    id: FileId(at as u16),
                    text: &file.text,
                };
                match file.path.as_str() {
                    "tjanst.md" => reading.main(at, layout),
                    "exempel.md" => reading.examples(at, layout),
                    path if path.starts_with("texter.") => reading.texts(at, layout),
                    path => {
                        let stem = path.strip_prefix("brev/").and_then(|path| path.strip_suffix(".md"));
                        if let Some(stem) = stem {
                            reading.letter(at, layout, &fold(stem));
                        }
                    }
                }
            }
        }
        Self {
            occurrences: reading.occurrences,
        }
    }

    /// The name under a place; a place right behind a word is on it.
    pub fn at(&self, file: FileId, byte: usize) -> Option<&Occurrence> {
        let byte = byte as u32;
        let here = self
            .occurrences
            .iter()
            .filter(|it| it.span.file == file && it.span.start <= byte && byte <= it.span.end);
        here.min_by_key(|it| (it.span.end == byte, it.span.end - it.span.start))
    }

    pub fn of_symbol(&self, symbol: &Symbol) -> impl Iterator<Item = &Occurrence> {
        self.occurrences.iter().filter(move |it| it.symbol == *symbol)
    }

    pub fn definition(&self, symbol: &Symbol) -> Option<&Occurrence> {
        self.of_symbol(symbol).find(|it| it.is_definition)
    }

    pub fn defined(&self) -> impl Iterator<Item = &Occurrence> {
        self.occurrences.iter().filter(|it| it.is_definition)
    }
}

#[derive(Clone, Copy)]
struct File<'t> {
    id: FileId,
    text: &'t str,
}

impl File<'_> {
    fn fold(&self, range: &Range<usize>) -> String {
        fold(&self.text[range.clone()])
    }
}

#[derive(Default)]
struct Reading {
    is_second: bool,
    facts: BTreeSet<String>,
    /// Facts that have a row of their own under Uppgifter, Lista or Parametrar.
    facts_with_row: BTreeSet<String>,
    lists: BTreeSet<String>,
    steps: BTreeSet<String>,
    roles: BTreeSet<String>,
    outcomes: BTreeSet<(String, String)>,
    /// Id → the tables that have it.
    rows: BTreeMap<String, BTreeSet<String>>,
    letters: BTreeSet<String>,
    occurrences: Vec<Occurrence>,
}

impl Reading {
    fn push(&mut self, file: File<'_>, at: Range<usize>, symbol: Symbol, is_definition: bool) {
        if is_definition && !self.is_second {
            match &symbol {
                Symbol::Fact(name) => self.facts.insert(name.clone()),
                Symbol::List(name) => self.lists.insert(name.clone()),
                Symbol::Step(name) => self.steps.insert(name.clone()),
                Symbol::Role(name) => self.roles.insert(name.clone()),
                Symbol::Letter(name) => self.letters.insert(name.clone()),
                Symbol::Outcome { step, name } => self.outcomes.insert((step.clone(), name.clone())),
                Symbol::Row { table, id } => self.rows.entry(id.clone()).or_default().insert(table.clone()),
                Symbol::Register(_) => false,
            };
        }
        if self.is_second {
            self.occurrences.push(Occurrence {
                symbol,
                span: Span {
                    file: file.id,
                    start: at.start as u32,
                    end: at.end as u32,
                },
                is_definition,
                is_last_part: false,
            });
        }
    }

    fn main(&mut self, file: File<'_>, layout: &Layout) {
        let mut section = (String::new(), String::new());
        for block in &layout.blocks {
            match &block.kind {
                Kind::Heading { level: 2, text } => section = self.heading(file, text.clone()),
                Kind::Table(table) => self.table(file, table, &section.0, &section.1),
                _ => {}
            }
        }
    }

    /// The section's word and name.
    fn heading(&mut self, file: File<'_>, at: Range<usize>) -> (String, String) {
        let text = &file.text[at.clone()];
        let Some(colon) = text.find(':') else {
            return (fold(text), String::new());
        };
        let word = fold(&text[..colon]);
        let words = words(file.text, at.start + colon + 1..at.end);
        let Some(first) = words.first() else {
            return (word, String::new());
        };
        let name = file.fold(first);
        match word.as_str() {
            "lista" => self.push(file, first.clone(), Symbol::List(name.clone()), true),
            "regel" => {
                let is_definition = !self.facts_with_row.contains(&name);
                self.push(file, first.clone(), Symbol::Fact(name.clone()), is_definition);
            }
            "utfallsregel" => self.push(file, first.clone(), Symbol::Step(name.clone()), false),
            _ => {}
        }
        for rest in &words[1..] {
            let word = file.fold(rest);
            if self.outcomes.contains(&(name.clone(), word.clone())) {
                let symbol = Symbol::Outcome {
                    step: name.clone(),
                    name: word,
                };
                self.push(file, rest.clone(), symbol, false);
            } else if self.facts.contains(&word) {
                self.push(file, rest.clone(), Symbol::Fact(word), false);
            }
        }
        (word, name)
    }

    fn table(&mut self, file: File<'_>, table: &Table, section: &str, name: &str) {
        let Some(head) = table.head() else { return };
        let headings: Vec<String> = head.cells.iter().map(|cell| file.fold(cell)).collect();
        let is_rule = matches!(section, "regel" | "utfallsregel");
        if is_rule {
            for cell in &head.cells {
                self.expression(file, cell.clone());
            }
        }
        let step_column = headings.iter().position(|heading| heading == "steg");
        for row in table.body() {
            let step = step_column
                .and_then(|at| row.cells.get(at))
                .map_or_else(String::new, |cell| file.fold(cell));
            for (cell, heading) in row.cells.iter().zip(&headings) {
                if cell.is_empty() || &file.text[cell.clone()] == "–" {
                    continue;
                }
                self.cell(file, cell.clone(), section, name, heading, &step);
            }
        }
    }

    fn cell(&mut self, file: File<'_>, cell: Range<usize>, section: &str, name: &str, heading: &str, step: &str) {
        let whole = file.fold(&cell);
        let row_of = |table: &str| Symbol::Row {
            table: table.to_owned(),
            id: whole.clone(),
        };
        match (section, heading) {
            ("roller", "roll") => self.push(file, cell, Symbol::Role(whole), true),
            ("uppgifter" | "lista", "uppgift") | ("parametrar", "parameter") => {
                // A parameter may have a row under Uppgifter too, which states its type.
                let is_first = self.is_second || self.facts_with_row.insert(whole.clone());
                let has_other = self.is_second && self.defined_already(&whole);
                self.push(file, cell, Symbol::Fact(whole), is_first && !has_other);
            }
            ("steg", "steg") => self.push(file, cell, Symbol::Step(whole), true),
            ("utfall", "utfall") => {
                let symbol = Symbol::Outcome {
                    step: step.to_owned(),
                    name: whole,
                };
                self.push(file, cell, symbol, true);
            }
            ("kontroller", "id") => self.push(file, cell, row_of("kontroll"), true),
            ("skyldigheter", "id") => self.push(file, cell, row_of("skyldighet"), true),
            ("underskrifter", "underskrift") => self.push(file, cell, row_of("underskrift"), true),
            ("regel" | "utfallsregel", "id") => self.push(file, cell, row_of(name), true),
            ("utfallsregel", "→ utfall") => {
                if self.outcomes.contains(&(name.to_owned(), whole.clone())) {
                    let symbol = Symbol::Outcome {
                        step: name.to_owned(),
                        name: whole,
                    };
                    self.push(file, cell, symbol, false);
                }
            }
            (_, "brev") => {
                if self.letters.contains(&whole) {
                    self.push(file, cell, Symbol::Letter(whole), false);
                }
            }
            (_, "steg") => self.known(file, cell, |it, word| {
                it.steps.contains(word).then(|| Symbol::Step(word.to_owned()))
            }),
            (_, "efter") => {
                let last = words(file.text, cell).pop();
                if let Some(last) = last {
                    self.known(file, last, |it, word| {
                        it.steps.contains(word).then(|| Symbol::Step(word.to_owned()))
                    });
                }
            }
            (_, "ansvarig" | "till") => {
                self.known(file, cell, |it, word| {
                    it.roles.contains(word).then(|| Symbol::Role(word.to_owned()))
                });
            }
            ("uppgifter" | "lista", "källa") => self.source(file, cell),
            ("parametrar", "källa") => {}
            ("osäkert", "gäller") => self.about(file, cell),
            (_, prose) if PROSE.contains(&prose) => {}
            _ => self.expression(file, cell),
        }
    }

    fn defined_already(&self, fact: &str) -> bool {
        self.occurrences
            .iter()
            .any(|it| it.is_definition && matches!(&it.symbol, Symbol::Fact(name) if name == fact))
    }

    /// The words of a cell that are names of a kind.
    fn known(&mut self, file: File<'_>, cell: Range<usize>, symbol: impl Fn(&Self, &str) -> Option<Symbol>) {
        for at in words(file.text, cell) {
            if let Some(symbol) = symbol(self, &file.fold(&at)) {
                self.push(file, at, symbol, false);
            }
        }
    }

    fn source(&mut self, file: File<'_>, cell: Range<usize>) {
        let all = words(file.text, cell.clone());
        let Some(first) = all.first() else { return };
        match (file.fold(first).as_str(), all.get(1)) {
            ("register", Some(field)) => {
                let register = file.text[field.clone()]
                    .find('.')
                    .map_or(field.clone(), |dot| field.start..field.start + dot);
                self.push(file, register.clone(), Symbol::Register(file.fold(&register)), false);
                self.expression(file, field.end..cell.end);
            }
            ("remiss", Some(role)) => {
                self.known(file, role.clone(), |it, word| {
                    it.roles.contains(word).then(|| Symbol::Role(word.to_owned()))
                });
            }
            ("steg", Some(step)) => {
                self.known(file, step.clone(), |it, word| {
                    it.steps.contains(word).then(|| Symbol::Step(word.to_owned()))
                });
            }
            _ => self.expression(file, cell),
        }
    }

    /// The kind of the control, signature or duty that has this id.
    fn beside(&self, id: &str) -> Option<&'static str> {
        let tables = self.rows.get(id)?;
        ["kontroll", "underskrift", "skyldighet"]
            .into_iter()
            .find(|kind| tables.iter().any(|table| table == kind))
    }

    /// What is uncertain: a name of any kind, or a table and its row.
    fn about(&mut self, file: File<'_>, cell: Range<usize>) {
        let all = words(file.text, cell);
        let table = all
            .iter()
            .map(|at| file.fold(at))
            .find(|word| self.facts.contains(word) || self.steps.contains(word));
        for at in all {
            let word = file.fold(&at);
            let row = table
                .as_ref()
                .filter(|table| self.rows.get(&word).is_some_and(|tables| tables.contains(*table)));
            let symbol = if let Some(table) = row {
                Symbol::Row {
                    table: table.clone(),
                    id: word,
                }
            } else if self.facts.contains(&word) {
                Symbol::Fact(word)
            } else if self.steps.contains(&word) {
                Symbol::Step(word)
            } else if self.roles.contains(&word) {
                Symbol::Role(word)
            } else if self.lists.contains(&word) {
                Symbol::List(word)
            } else if let Some(kind) = self.beside(&word) {
                Symbol::Row {
                    table: kind.to_owned(),
                    id: word,
                }
            } else {
                continue;
            };
            self.push(file, at, symbol, false);
        }
    }

    /// Dotted names, and lists where one is asked for: `antal(ägare)`, `ägare.*`.
    fn expression(&mut self, file: File<'_>, cell: Range<usize>) {
        for at in words(file.text, cell.clone()) {
            let word = file.fold(&at);
            if word.contains('.') && self.facts.contains(&word) {
                self.push(file, at, Symbol::Fact(word), false);
            } else if self.lists.contains(&word) {
                let before = file.text[cell.start..at.start].trim_end();
                let after = &file.text[at.end..cell.end];
                let is_asked = before.ends_with('(') || after.starts_with(".*");
                if is_asked {
                    self.push(file, at, Symbol::List(word), false);
                }
            }
        }
    }

    fn texts(&mut self, file: File<'_>, layout: &Layout) {
        for block in &layout.blocks {
            let Kind::Table(table) = &block.kind else { continue };
            let Some(column) = table.column(file.text, "nyckel") else {
                continue;
            };
            for row in table.body() {
                if let Some(cell) = row.cells.get(column) {
                    self.key(file, cell.clone());
                }
            }
        }
    }

    fn key(&mut self, file: File<'_>, cell: Range<usize>) {
        let text = &file.text[cell.clone()];
        let Some(dot) = text.find('.') else { return };
        let kind = fold(&text[..dot]);
        let rest = cell.start + dot + 1..cell.end;
        // The longest known beginning of the rest, and what follows its dot.
        let split = |known: &dyn Fn(&str) -> bool| -> Option<(Range<usize>, Range<usize>)> {
            let text = &file.text[rest.clone()];
            let dots = text.match_indices('.').map(|(at, _)| at);
            let ends: Vec<usize> = dots.chain([text.len()]).collect();
            let end = ends.into_iter().rev().find(|end| known(&fold(&text[..*end])))?;
            let behind = (end + 1).min(text.len());
            Some((rest.start..rest.start + end, rest.start + behind..rest.end))
        };
        let whole = file.fold(&rest);
        match kind.as_str() {
            "namn" | "fråga" | "hjälp" | "grupp" if self.lists.contains(&whole) => {
                self.push(file, rest, Symbol::List(whole), false);
            }
            "namn" | "fråga" | "hjälp" if self.facts.contains(&whole) => {
                self.push(file, rest, Symbol::Fact(whole), false);
            }
            "val" => {
                if let Some((fact, _)) = split(&|word| self.facts.contains(word)) {
                    let name = file.fold(&fact);
                    self.push(file, fact, Symbol::Fact(name), false);
                }
            }
            "steg" if self.steps.contains(&whole) => self.push(file, rest, Symbol::Step(whole), false),
            "roll" if self.roles.contains(&whole) => self.push(file, rest, Symbol::Role(whole), false),
            "utfall" => {
                if let Some((step, outcome)) = split(&|word| self.steps.contains(word)) {
                    let (of, name) = (file.fold(&step), file.fold(&outcome));
                    self.push(file, step, Symbol::Step(of.clone()), false);
                    if self.outcomes.contains(&(of.clone(), name.clone())) {
                        self.push(file, outcome, Symbol::Outcome { step: of, name }, false);
                    }
                }
            }
            "rad" => {
                let is_table = |word: &str| self.rows.values().any(|tables| tables.contains(word));
                if let Some((table, row)) = split(&is_table) {
                    let (of, id) = (file.fold(&table), file.fold(&row));
                    let symbol = match self.steps.contains(&of) {
                        true => Symbol::Step(of.clone()),
                        false => Symbol::Fact(of.clone()),
                    };
                    self.push(file, table, symbol, false);
                    if !id.is_empty() {
                        self.push(file, row, Symbol::Row { table: of, id }, false);
                    }
                }
            }
            "kontroll" | "skyldighet" | "underskrift" => {
                self.push(file, rest, Symbol::Row { table: kind, id: whole }, false);
            }
            "register" => self.push(file, rest, Symbol::Register(whole), false),
            _ => {}
        }
    }

    fn letter(&mut self, file: File<'_>, layout: &Layout, stem: &str) {
        let first = layout.blocks.iter().find_map(|block| match &block.kind {
            Kind::Heading { level: 1, text } => Some(text.clone()),
            _ => None,
        });
        self.push(file, first.unwrap_or(0..0), Symbol::Letter(stem.to_owned()), true);
        for block in &layout.blocks {
            if !matches!(block.kind, Kind::Heading { .. } | Kind::Prose) {
                continue;
            }
            let mut from = block.range.start;
            while let Some(open) = file.text[from..block.range.end].find('{') {
                let start = from + open + 1;
                let Some(length) = file.text[start..block.range.end].find('}') else {
                    break;
                };
                self.expression(file, start..start + length);
                from = start + length;
            }
        }
    }

    fn examples(&mut self, file: File<'_>, layout: &Layout) {
        for block in &layout.blocks {
            let Kind::Table(table) = &block.kind else { continue };
            if let Some(column) = table.column(file.text, "uppgift") {
                for cell in table.body().filter_map(|row| row.cells.get(column)) {
                    self.slot(file, cell.clone());
                }
            } else if let Some(step) = table.column(file.text, "steg") {
                let outcome = table.column(file.text, "utfall");
                let grounds = table.column(file.text, "grund");
                for row in table.body() {
                    self.expected(file, row, step, outcome, grounds);
                }
            }
        }
    }

    /// `gas.inne` or `ägare[1].andel`
    fn slot(&mut self, file: File<'_>, cell: Range<usize>) {
        let text = &file.text[cell.clone()];
        let name = fold(text);
        if self.facts.contains(&name) {
            self.push(file, cell, Symbol::Fact(name), false);
            return;
        }
        let (Some(open), Some(close)) = (text.find('['), text.find("].")) else {
            if self.lists.contains(&name) {
                self.push(file, cell, Symbol::List(name), false);
            }
            return;
        };
        let list = fold(text.get(..open).unwrap_or(""));
        let column = fold(&text[close + 2..]);
        let fact = format!("{list}.{column}");
        self.push(file, cell.start..cell.start + open, Symbol::List(list), false);
        if self.facts.contains(&fact) {
            self.push(file, cell.start + close + 2..cell.end, Symbol::Fact(fact), false);
            if let Some(last) = self.occurrences.last_mut().filter(|_| self.is_second) {
                last.is_last_part = true;
            }
        }
    }

    fn expected(&mut self, file: File<'_>, row: &Row, step: usize, outcome: Option<usize>, grounds: Option<usize>) {
        let Some(cell) = row.cells.get(step) else { return };
        let name = file.fold(cell);
        if name == samverk_domain::rules::example::SUBMISSION {
            // The ground is a control, or words about who may sign.
            if let Some(cell) = grounds.and_then(|at| row.cells.get(at)) {
                self.known(file, cell.clone(), |it, word| {
                    let is_control = it.rows.get(word).is_some_and(|tables| tables.contains("kontroll"));
                    is_control.then(|| Symbol::Row {
                        table: "kontroll".to_owned(),
                        id: word.to_owned(),
                    })
                });
            }
            return;
        }
        let symbol = match () {
            () if self.steps.contains(&name) => Symbol::Step(name.clone()),
            // What a rule gives.
            () if self.facts.contains(&name) => Symbol::Fact(name.clone()),
            () => return,
        };
        self.push(file, cell.clone(), symbol, false);
        if let Some(cell) = outcome.and_then(|at| row.cells.get(at)) {
            let word = file.fold(cell);
            if self.outcomes.contains(&(name.clone(), word.clone())) {
                let symbol = Symbol::Outcome {
                    step: name.clone(),
                    name: word,
                };
                self.push(file, cell.clone(), symbol, false);
            }
        }
        for at in grounds
            .and_then(|at| row.cells.get(at))
            .into_iter()
            .flat_map(|cell| words(file.text, cell.clone()))
        {
            let word = file.fold(&at);
            if self.facts.contains(&word) {
                self.push(file, at, Symbol::Fact(word), false);
                continue;
            }
            // The step's own table first: ids are unique in a table only.
            let tables = self.rows.get(&word);
            let own = tables.and_then(|tables| tables.get(&name));
            if let Some(table) = own.or_else(|| tables.and_then(|tables| tables.first())).cloned() {
                self.push(file, at, Symbol::Row { table, id: word }, false);
            }
        }
    }
}

/// Whether a character can stand in a name.
pub fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '.')
}

/// The words of a stretch, as names are written; dots and hyphens at their ends not counted.
pub fn words(text: &str, within: Range<usize>) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let part = &text[within.clone()];
    let mut rest = 0;
    while let Some(start) = part[rest..].find(is_name_character).map(|at| rest + at) {
        let length = part[start..]
            .find(|c| !is_name_character(c))
            .unwrap_or(part.len() - start);
        let word = &part[start..start + length];
        let trimmed = word.trim_matches(['.', '-']);
        if !trimmed.is_empty() {
            let from = within.start + start + (word.len() - word.trim_start_matches(['.', '-']).len());
            words.push(from..from + trimmed.len());
        }
        rest = start + length;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_as_names_are_written() {
        let text = "någon(ägare: ägare.skuld > 0) och gas.* – fri.";
        let cut: Vec<&str> = words(text, 0..text.len()).into_iter().map(|at| &text[at]).collect();
        assert_eq!(cut, ["någon", "ägare", "ägare.skuld", "0", "och", "gas", "fri"]);
    }

    #[test]
    fn the_less_usual_parts_of_the_language_are_read_too() {
        let files = crate::testing::with_everything();
        let (pack, found) = samverk_domain::pack::parse::pack(files.clone());
        let source = crate::findings::Source {
            folder: "",
            files: &files,
        };
        assert_eq!(crate::findings::text(&found, &source, false), "");
        every_use_is_found(&files, &pack.unwrap());
        let layouts: Vec<Layout> = files
            .iter()
            .map(|file| Layout::of(&file.text, file.path == "tjanst.md"))
            .collect();
        let names = Names::of(&files, &layouts);
        let count = |symbol: Symbol| names.of_symbol(&symbol).count();
        assert_eq!(count(Symbol::Fact("stiftare.andel".to_owned())), 6);
        assert_eq!(count(Symbol::Fact("stiftare.stor".to_owned())), 4);
        assert_eq!(count(Symbol::List("stiftare".to_owned())), 6);
        assert_eq!(
            count(Symbol::Row {
                table: "avgift.stor".to_owned(),
                id: "v1".to_owned(),
            }),
            2
        );
        assert!(count(Symbol::Step("registrering".to_owned())) >= 8);
    }

    /// Whatever the engine looks up is found here too, on the very word.
    #[test]
    fn every_use_that_the_checker_knows_is_found() {
        let packs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
        let folders = std::fs::read_dir(packs).unwrap().map(|entry| entry.unwrap().path());
        for folder in folders.filter(|path| path.join("tjanst.md").is_file()) {
            let files = crate::folder::read(&folder).unwrap();
            let pack = samverk_domain::pack::parse::pack(files.clone()).0.unwrap();
            every_use_is_found(&files, &pack);
        }
    }

    fn every_use_is_found(files: &[SourceFile], pack: &samverk_domain::pack::Pack) {
        let layouts: Vec<Layout> = files
            .iter()
            .map(|file| Layout::of(&file.text, file.path == "tjanst.md"))
            .collect();
        let names = Names::of(files, &layouts);
        for it in samverk_domain::check::uses::all(pack) {
            let text = &files[usize::from(it.span.file.0)].text;
            let written = &text[it.span.start as usize..it.span.end as usize];
            // A pattern (`gas.*`) stands for names that are not written.
            if !fold(written).contains(it.name.as_str()) {
                continue;
            }
            let symbols = [Symbol::Fact(it.name.to_string()), Symbol::List(it.name.to_string())];
            let found = names.occurrences.iter().any(|found| {
                symbols.contains(&found.symbol)
                    && found.span.file == it.span.file
                    && it.span.start <= found.span.start
                    && found.span.end <= it.span.end
            });
            assert!(found || written.ends_with(".*"), "{} in `{written}`", it.name);
        }
        for fact in samverk_domain::check::uses::facts(pack) {
            let symbol = Symbol::Fact(fact.name.to_string());
            let definition = names.definition(&symbol).unwrap_or_else(|| panic!("{}", fact.name.it));
            assert!(!definition.is_last_part);
            assert_eq!(
                names.of_symbol(&symbol).filter(|it| it.is_definition).count(),
                1,
                "{}",
                fact.name.it
            );
        }
    }
}
