//! A document's tables with the place of every cell, as they stand in the text.
//!
//! Always true here: places are byte ranges on character boundaries of the file they were read from. It knows the form of
//! tables and nothing of what they mean, so that a table that the language gets tomorrow is read as well.

use std::ops::Range;

use samverk_domain::finding::SourceFile;

use crate::layout::{Kind, Layout};

/// One pipe table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Index among the files.
    pub file: usize,
    /// The `##` heading that it stands under, without the marks.
    pub heading: String,
    /// The heading's words in the text; empty where there is none.
    pub heading_at: Range<usize>,
    /// The headings of its columns.
    pub columns: Vec<String>,
    pub column_cells: Vec<Range<usize>>,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug)]
pub struct Row {
    /// The whole line with its end.
    pub line: Range<usize>,
    /// Trimmed; of an empty cell the place where something would be written.
    pub cells: Vec<Range<usize>>,
}

impl Table {
    /// What kind of section: the heading up to a colon.
    pub fn kind(&self) -> &str {
        self.heading.split(':').next().unwrap_or_default().trim()
    }

    /// What the section is about: `gasol.behövs` of `Regel: gasol.behövs (unik)`.
    pub fn subject(&self) -> &str {
        let rest = self.heading.split_once(':').map_or("", |(_, rest)| rest);
        rest.split_whitespace().next().unwrap_or_default()
    }

    /// What stands in the heading's parenthesis.
    pub fn policy(&self) -> &str {
        let inside = self.heading.split_once('(').map_or("", |(_, rest)| rest);
        inside.rsplit_once(')').map_or("", |(inside, _)| inside)
    }

    pub fn is_rule(&self) -> bool {
        matches!(self.kind(), "Regel" | "Utfallsregel")
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The columns that hold a rule's tests.
    pub fn tests(&self) -> impl Iterator<Item = usize> + '_ {
        let is_test = |name: &String| name != "id" && name != "gäller" && !name.starts_with('→');
        self.columns
            .iter()
            .enumerate()
            .filter(move |(_, name)| self.is_rule() && is_test(name))
            .map(|(at, _)| at)
    }
}

/// Every table of a file, in order.
pub fn tables(file: usize, source: &SourceFile) -> Vec<Table> {
    let text = source.text.as_str();
    let mut tables: Vec<Table> = Vec::new();
    let (mut heading, mut heading_at) = (String::new(), 0..0);
    for block in Layout::of(text, source.path == "tjanst.md").blocks {
        match block.kind {
            Kind::Heading { level: 2, text: words } => {
                heading = text[words.clone()].to_owned();
                heading_at = words;
            }
            Kind::Table(table) => {
                let mut rows = table.rows.into_iter();
                let Some(head) = rows.next() else { continue };
                tables.push(Table {
                    file,
                    heading: heading.clone(),
                    heading_at: heading_at.clone(),
                    columns: head.cells.iter().map(|cell| text[cell.clone()].to_owned()).collect(),
                    column_cells: head.cells,
                    rows: rows
                        .filter(|row| !row.is_dashes)
                        .map(|row| Row {
                            line: whole_line(text, row.range),
                            cells: row.cells,
                        })
                        .collect(),
                });
            }
            _ => {}
        }
    }
    tables
}

/// The line with its end.
fn whole_line(text: &str, row: Range<usize>) -> Range<usize> {
    let start = text[..row.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[row.end..].find('\n').map_or(text.len(), |at| row.end + at + 1);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_with_their_places_also_empty_and_with_bars_inside() {
        let file = SourceFile {
            path: "tjanst.md".to_owned(),
            text: "## Regel: a.b (unik)\n<!--\n| x |\n-->\n| id | a.c | → a.b |\n| --- | --- | --- |\n| r1 | | x \\| y |\n".to_owned(),
        };
        let tables = tables(0, &file);
        assert_eq!(tables.len(), 1);
        let table = &tables[0];
        assert_eq!(
            (table.kind(), table.subject(), table.policy()),
            ("Regel", "a.b", "unik")
        );
        assert_eq!(table.columns, ["id", "a.c", "→ a.b"]);
        assert_eq!(table.tests().collect::<Vec<_>>(), [1]);
        let row = &table.rows[0];
        let cells: Vec<&str> = row.cells.iter().map(|cell| &file.text[cell.clone()]).collect();
        assert_eq!(cells, ["r1", "", "x \\| y"]);
    }
}
