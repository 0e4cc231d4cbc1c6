//! A document's tables with the place of every cell, as they stand in the text.
//!
//! Always true here: places are byte ranges on character boundaries of the file they were read from. It knows the form of
//! tables and nothing of what they mean, so that a table that the language gets tomorrow is read as well.

use std::ops::Range;

use samverk_domain::finding::SourceFile;

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

/// Every table of a file, in order. Comments are passed over.
pub fn tables(file: usize, source: &SourceFile) -> Vec<Table> {
    let text = source.text.as_str();
    let mut tables: Vec<Table> = Vec::new();
    let (mut heading, mut heading_at) = (String::new(), 0..0);
    let (mut in_table, mut in_comment) = (false, false);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        let trimmed = line.trim();
        if in_comment || trimmed.starts_with("<!--") {
            in_comment = !trimmed.ends_with("-->");
            in_table = false;
            continue;
        }
        if let Some(words) = trimmed.strip_prefix("## ") {
            heading = words.trim().to_owned();
            let start = range.start + line.find(heading.as_str()).unwrap_or_default();
            heading_at = start..start + heading.len();
        }
        if !trimmed.starts_with('|') {
            in_table = false;
            continue;
        }
        let cells = cells(text, range.clone());
        if !in_table {
            in_table = true;
            tables.push(Table {
                file,
                heading: heading.clone(),
                heading_at: heading_at.clone(),
                columns: cells.iter().map(|cell| text[cell.clone()].to_owned()).collect(),
                column_cells: cells,
                rows: Vec::new(),
            });
            continue;
        }
        let is_rule = trimmed.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
        if let Some(table) = tables.last_mut()
            && !(is_rule && table.rows.is_empty())
        {
            table.rows.push(Row { line: range, cells });
        }
    }
    tables
}

/// The cells between the bars of one line.
fn cells(text: &str, line: Range<usize>) -> Vec<Range<usize>> {
    let mut bars = Vec::new();
    let mut escaped = false;
    for (at, c) in text[line.clone()].char_indices() {
        if c == '|' && !escaped {
            bars.push(line.start + at);
        }
        escaped = c == '\\';
    }
    bars.windows(2)
        .map(|pair| {
            let (start, end) = (pair[0] + 1, pair[1]);
            let inner = &text[start..end];
            let body = inner.trim();
            if body.is_empty() {
                let at = start + usize::from(inner.starts_with(' '));
                return at..at;
            }
            let from = start + (inner.len() - inner.trim_start().len());
            from..from + body.len()
        })
        .collect()
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
        assert_eq!((table.kind(), table.subject(), table.policy()), ("Regel", "a.b", "unik"));
        assert_eq!(table.columns, ["id", "a.c", "→ a.b"]);
        assert_eq!(table.tests().collect::<Vec<_>>(), [1]);
        let row = &table.rows[0];
        let cells: Vec<&str> = row.cells.iter().map(|cell| &file.text[cell.clone()]).collect();
        assert_eq!(cells, ["r1", "", "x \\| y"]);
    }
}
