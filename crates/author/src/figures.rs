//! A service in figures: how large its document is, what it asks, what registers spare people, and what its examples try.
//!
//! Always true: every figure is counted from the document and its examples as the engine plays them; nothing is estimated.

use std::fmt::Write as _;

use samverk_domain::check::{self, uses};
use samverk_domain::finding::SourceFile;
use samverk_domain::pack::{Pack, Type};

use crate::coverage;

/// The file that decides; the figures of size are about it alone.
const DOCUMENT: &str = "tjanst.md";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    pub service: String,
    /// Of `tjanst.md`.
    pub bytes: usize,
    pub lines: usize,
    pub examples: usize,
    /// Answers that the person gives in the example that asks most, and what registers give in the same example.
    pub asked_max: usize,
    pub fetched: usize,
    /// The example that asks most.
    pub asks_most: String,
    pub rows: usize,
    /// `rule row` of each row that holds in no example.
    pub untried: Vec<String>,
    /// Attachments that are asked although somebody already holds them, with who holds them.
    pub attachments_held: Vec<(String, String)>,
    /// What stands under `## Osäkert`.
    pub uncertain: usize,
}

impl Figures {
    /// `files`: the service's folder, as read.
    pub fn of(pack: &Pack, files: &[SourceFile]) -> Self {
        let document = files.iter().find(|file| file.path == DOCUMENT);
        let text = document.map_or("", |file| file.text.as_str());
        let tried: Vec<_> = pack
            .examples
            .iter()
            .map(|example| coverage::tried(pack, example))
            .collect();
        let tables = coverage::tables(pack, &tried);
        let untried = tables.iter().flat_map(|table| {
            let empty = table.rows.iter().filter(|(_, examples)| examples.is_empty());
            empty.map(|(row, _)| format!("{} {row}", table.rule.name.it))
        });
        let played = check::play::examples(pack);
        // Of several that ask as much, the first.
        let most = played.iter().rev().max_by_key(|played| played.asked);
        let attachments = uses::facts(pack).filter(|fact| matches!(fact.ty.it, Type::Attachment { .. }));
        Self {
            service: pack.meta.slug.it.to_string(),
            bytes: text.len(),
            lines: text.lines().count(),
            examples: pack.examples.len(),
            asked_max: most.map_or(0, |played| played.asked),
            fetched: most.map_or(0, |played| played.fetched),
            asks_most: most.map_or_else(String::new, |played| played.title.clone()),
            rows: tables.iter().map(|table| table.rows.len()).sum(),
            untried: untried.collect(),
            attachments_held: attachments
                .filter_map(|fact| Some((fact.name.it.to_string(), fact.held.as_ref()?.by.it.clone())))
                .collect(),
            uncertain: pack.uncertain.len(),
        }
    }
}

/// A table for a terminal, one service a line, and beneath it what the figures do not say by themselves.
pub fn in_words(all: &[Figures]) -> String {
    let wide = all
        .iter()
        .map(|it| it.service.chars().count())
        .max()
        .unwrap_or(0)
        .max("tjänst".len());
    let mut out = format!(
        "{:wide$}  {:>7} {:>6} {:>8} {:>6} {:>7} {:>11} {:>7}\n",
        "tjänst", "byte", "rader", "exempel", "frågor", "hämtas", "tabellrader", "osäkert"
    );
    for it in all {
        let rows = format!("{}/{}", it.rows - it.untried.len(), it.rows);
        let _ = writeln!(
            out,
            "{:wide$}  {:>7} {:>6} {:>8} {:>6} {:>7} {rows:>11} {:>7}",
            it.service, it.bytes, it.lines, it.examples, it.asked_max, it.fetched, it.uncertain
        );
    }
    out.push_str(
        "\nbyte och rader: tjanst.md. frågor och hämtas: svar och registeruppgifter i det exempel som frågar mest. \
         tabellrader: de som gäller i något exempel, av alla.\n",
    );
    for it in all {
        let _ = writeln!(out, "{}: frågar mest i ”{}”", it.service, it.asks_most);
        for row in &it.untried {
            let _ = writeln!(out, "{}: raden {row} gäller inte i något exempel", it.service);
        }
        for (fact, by) in &it.attachments_held {
            let _ = writeln!(out, "{}: bilagan {fact} finns redan hos {by}", it.service);
        }
    }
    out
}
