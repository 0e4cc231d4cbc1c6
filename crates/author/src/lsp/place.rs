//! Where in a file the cursor stands, in the language's terms: which section, which table, which cell.

use std::ops::Range;

use samverk_domain::finding::FileId;
use samverk_domain::pack::parse::fold;

use super::names::is_name_character;
use super::service::Service;
use crate::layout::{Kind, Row, Table};

pub struct Place<'s> {
    pub text: &'s str,
    pub byte: usize,
    /// The section's heading above, if any: its word, folded, and its name.
    pub section: String,
    pub name: String,
    pub heading: Option<Range<usize>>,
    pub cell: Option<Cell<'s>>,
}

pub struct Cell<'s> {
    pub table: &'s Table,
    pub row: &'s Row,
    pub is_head: bool,
    pub number: usize,
    /// From behind the bar on the left to before the bar on the right; the cell's text is trimmed inside it.
    pub range: Range<usize>,
    /// The column's heading, folded.
    pub column: String,
}

impl Cell<'_> {
    /// The text of the cell in the same row under another heading, folded.
    pub fn beside(&self, text: &str, heading: &str) -> Option<String> {
        let column = self.table.column(text, heading)?;
        self.row.cells.get(column).map(|cell| fold(&text[cell.clone()]))
    }
}

impl<'s> Place<'s> {
    pub fn of(service: &'s Service, file: FileId, byte: usize) -> Self {
        let text = service.text(file);
        let mut place = Self {
            text,
            byte: byte.min(text.len()),
            section: String::new(),
            name: String::new(),
            heading: None,
            cell: None,
        };
        let is_main = service
            .files
            .get(usize::from(file.0))
            .is_some_and(|file| file.path == "tjanst.md");
        for block in service.layout(file).into_iter().flat_map(|layout| &layout.blocks) {
            if block.range.start > place.byte {
                break;
            }
            match &block.kind {
                Kind::Heading { level: 2, text: at } => {
                    let heading = &text[at.clone()];
                    let (word, name) = heading.split_once(':').unwrap_or((heading, ""));
                    place.section = if is_main { fold(word) } else { String::new() };
                    place.name = fold(name.split(['(', ' ']).find(|part| !part.is_empty()).unwrap_or(""));
                    place.heading = (place.byte <= block.range.end).then(|| at.clone());
                }
                Kind::Table(table) if place.byte <= block.range.end => place.cell = cell(text, table, place.byte),
                _ => {}
            }
        }
        place
    }

    /// The part of a name before the cursor.
    pub fn word_start(&self) -> usize {
        let before = &self.text[..self.byte];
        let mut start = self.byte;
        for (at, c) in before.char_indices().rev() {
            if !is_name_character(c) {
                break;
            }
            start = at;
        }
        start
    }

    /// What stands on the line before the cursor.
    pub fn line_before(&self) -> &'s str {
        let before = &self.text[..self.byte];
        &before[before.rfind('\n').map_or(0, |at| at + 1)..]
    }
}

fn cell<'s>(text: &'s str, table: &'s Table, byte: usize) -> Option<Cell<'s>> {
    let at = table
        .rows
        .iter()
        .position(|row| row.range.start <= byte && byte <= row.range.end)?;
    let row = &table.rows[at];
    let line = &text[row.range.clone()];
    let mut bars = Vec::new();
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        if c == '|' && !escaped {
            bars.push(row.range.start + at);
        }
        escaped = c == '\\' && !escaped;
    }
    let number = bars.iter().filter(|bar| **bar < byte).count().checked_sub(1)?;
    let end = bars.get(number + 1).copied().unwrap_or(row.range.end);
    let heading = table.head().and_then(|head| head.cells.get(number));
    Some(Cell {
        table,
        row,
        is_head: at == 0,
        number,
        range: bars[number] + 1..end,
        column: heading.map_or_else(String::new, |heading| fold(&text[heading.clone()])),
    })
}
