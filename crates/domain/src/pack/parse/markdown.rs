//! The little Markdown that a service document is written in: headings, pipe tables, paragraphs.
//!
//! HTML comments (on lines of their own) and fenced blocks are for people and are skipped. A table's rows begin and end
//! with a bar; `\|` is a bar inside a cell. What looks like a table but would not be read as one is a finding.

use super::source::{Reader, Slice, shown};
use crate::finding::Span;

/// A table that a person is to oversee; more rows belong in a register.
pub const ROWS_MAX: usize = 2_000;
/// A cell is a sentence or a condition, not a document.
pub const CELL_CHARACTERS_MAX: usize = 4_000;
/// No table of the language has as many columns.
pub const COLUMNS_MAX: usize = 64;

#[derive(Debug)]
pub(super) enum Part<'a> {
    Heading {
        level: usize,
        text: Slice<'a>,
    },
    Table(Table<'a>),
    /// The lines, trimmed.
    Paragraph(Vec<Slice<'a>>),
}

#[derive(Debug)]
pub(super) struct Table<'a> {
    pub head: TableRow<'a>,
    pub rows: Vec<TableRow<'a>>,
    /// There is no line of dashes, which is reported; the first row may be no heading.
    pub head_doubtful: bool,
}

#[derive(Debug)]
pub(super) struct TableRow<'a> {
    pub cells: Vec<Slice<'a>>,
    pub line: Slice<'a>,
    /// It had too few or too many cells, and that was reported.
    pub broken: bool,
}

impl<'a> TableRow<'a> {
    /// The cell in a column, or an empty one at the row's end where there is no such column.
    pub fn cell(&self, column: Option<usize>) -> Slice<'a> {
        column
            .and_then(|at| self.cells.get(at).copied())
            .unwrap_or_else(|| self.line.end())
    }

    pub fn span(&self) -> Span {
        self.line.span()
    }
}

/// Cuts a file, or what follows its front matter, into parts.
pub(super) fn parts<'a>(reader: &mut Reader, body: Slice<'a>) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let mut lines = lines(body).into_iter().peekable();
    let mut paragraph: Vec<Slice<'a>> = Vec::new();
    while let Some(line) = lines.next() {
        let ends_paragraph = line.is_empty() || line.text.starts_with(['#', '|', '`', '<', '~']);
        if ends_paragraph && !paragraph.is_empty() {
            parts.push(Part::Paragraph(std::mem::take(&mut paragraph)));
        }
        if line.is_empty() {
            continue;
        }
        if line.text.starts_with("<!--") {
            let mut last = line;
            let mut closed = line.text[4..].contains("-->");
            while !closed {
                let Some(next) = lines.next() else { break };
                closed = next.text.contains("-->");
                last = next;
            }
            if !closed {
                reader.error(
                    "S004",
                    line,
                    "Kommentaren avslutas inte.",
                    "börjar här",
                    "Avsluta den med -->.",
                );
            } else if !last.text.ends_with("-->") || last.text.matches("-->").count() > 1 {
                reader.error(
                    "S004",
                    last,
                    "Efter en kommentar står ingenting på samma rad.",
                    "text efter -->",
                    "Flytta texten till en egen rad.",
                );
            }
        } else if let Some(fence) = ["```", "~~~"].into_iter().find(|fence| line.text.starts_with(fence)) {
            if !lines.by_ref().any(|next| next.text.starts_with(fence)) {
                reader.error(
                    "S004",
                    line,
                    "Blocket avslutas inte.",
                    "börjar här",
                    format!("Avsluta det med {fence} på en egen rad."),
                );
            }
        } else if let Some((level, text)) = heading(line) {
            no_comment_inside(reader, line);
            parts.push(Part::Heading { level, text });
        } else if line.text.starts_with('|') {
            let mut block = vec![line];
            while let Some(next) = lines.next_if(|next| next.text.starts_with('|')) {
                block.push(next);
            }
            if let Some(table) = table(reader, &block) {
                parts.push(Part::Table(table));
            }
        } else {
            no_comment_inside(reader, line);
            if is_delimiter(line) {
                reader.error(
                    "S019",
                    line,
                    "En tabells rader börjar med ett lodstreck.",
                    "lodstreck saknas först",
                    "Skriv | först och sist på varje rad i tabellen.",
                );
            }
            paragraph.push(line);
        }
    }
    if !paragraph.is_empty() {
        parts.push(Part::Paragraph(paragraph));
    }
    parts
}

/// Lines, trimmed.
pub(super) fn lines(body: Slice<'_>) -> Vec<Slice<'_>> {
    let mut lines = Vec::new();
    let mut from = 0;
    for line in body.text.split_inclusive('\n') {
        lines.push(body.range(from, from + line.len()).trim());
        from += line.len();
    }
    lines
}

fn heading(line: Slice<'_>) -> Option<(usize, Slice<'_>)> {
    let level = line.text.bytes().take_while(|b| *b == b'#').count();
    let rest = line.from(level);
    let is_heading = (1..=6).contains(&level) && (rest.is_empty() || rest.text.starts_with(char::is_whitespace));
    is_heading.then(|| (level, rest.trim()))
}

/// Where a comment begins inside a line, which is reported.
fn no_comment_inside(reader: &mut Reader, line: Slice<'_>) -> Option<usize> {
    let at = line.text.find("<!--")?;
    reader.error(
        "S004",
        line.range(at, at + 4),
        "En kommentar står på egna rader.",
        "kommentar inne i en rad",
        "Flytta kommentaren till en egen rad.",
    );
    Some(at)
}

/// `| --- | :-: |`, with or without bars at the ends, but with at least one bar.
fn is_delimiter(line: Slice<'_>) -> bool {
    line.text.contains('|') && line.text.contains('-') && line.text.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

fn table<'a>(reader: &mut Reader, block: &[Slice<'a>]) -> Option<Table<'a>> {
    let (first, rest) = block.split_first()?;
    let head = row(reader, *first);
    let mut rest = rest;
    let mut head_doubtful = false;
    match rest.split_first() {
        Some((line, after)) if is_delimiter(*line) => {
            let columns = row(reader, *line).cells.len();
            if columns != head.cells.len() {
                reader.error(
                    "S023",
                    *line,
                    format!(
                        "Raden under rubrikerna har {columns} celler, rubrikraden {}.",
                        head.cells.len()
                    ),
                    "fel antal celler",
                    "Skriv ett | --- | för varje rubrik.",
                );
            }
            rest = after;
        }
        _ => {
            head_doubtful = true;
            reader.error(
                "S019",
                *first,
                "Under tabellens rubrikrad ska stå en rad med streck.",
                "strecken saknas under raden",
                "Skriv | --- | --- | med ett streck för varje rubrik under rubrikraden.",
            );
        }
    }
    if head.cells.len() > COLUMNS_MAX {
        reader.error(
            "S025",
            head.line,
            format!("En tabell har högst {COLUMNS_MAX} kolumner."),
            format!("{} kolumner", head.cells.len()),
            "Dela upp tabellen.",
        );
        return None;
    }
    if rest.len() > ROWS_MAX {
        reader.error(
            "S025",
            rest[ROWS_MAX],
            format!("En tabell har högst {ROWS_MAX} rader; resten läses inte."),
            format!("rad {}", ROWS_MAX + 1),
            "Dela upp tabellen, eller lägg uppgifterna i ett register.",
        );
        rest = &rest[..ROWS_MAX];
    }
    let mut rows = Vec::with_capacity(rest.len());
    for line in rest {
        if is_delimiter(*line) {
            reader.error(
                "S019",
                *line,
                "En rad med bara streck står inne i tabellen.",
                "hör inte hit",
                "Ta bort raden.",
            );
            continue;
        }
        let mut row = row(reader, *line);
        if row.cells.len() != head.cells.len() {
            row.broken = true;
            reader.broken_rows.push(line.span());
            let at = match row.cells.get(head.cells.len()) {
                Some(extra) => line.from((extra.span().start - line.span().start) as usize).trim(),
                None => *line,
            };
            reader.error(
                "S023",
                at,
                format!(
                    "Raden har {} celler, men tabellen {} kolumner.",
                    row.cells.len(),
                    head.cells.len()
                ),
                if row.cells.len() > head.cells.len() {
                    "för många celler"
                } else {
                    "för få celler"
                },
                "Skriv – i en tom cell, och \\| för ett lodstreck inne i en cell.",
            );
        }
        rows.push(row);
    }
    Some(Table {
        head,
        rows,
        head_doubtful,
    })
}

fn row<'a>(reader: &mut Reader, line: Slice<'a>) -> TableRow<'a> {
    let mut cells = Vec::new();
    let mut from = 1;
    let mut escaped = false;
    for (at, c) in line.text.char_indices().skip(1) {
        if c == '|' && !escaped {
            cells.push(line.range(from, at).trim());
            from = at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    let behind = line.from(from).trim();
    if !behind.is_empty() {
        reader.error(
            "S019",
            behind.end(),
            "En tabells rad slutar med ett lodstreck.",
            "lodstreck saknas",
            "Skriv | sist på raden.",
        );
        cells.push(behind);
    } else if line.text.len() == from && cells.is_empty() {
        cells.push(line.end());
    }
    let mut broken = false;
    for cell in &mut cells {
        if let Some(at) = no_comment_inside(reader, *cell) {
            *cell = cell.range(0, at).trim();
        }
        if let Some((at, _)) = cell.text.char_indices().nth(CELL_CHARACTERS_MAX) {
            reader.error(
                "S025",
                cell.range(0, at),
                format!("En cell har högst {CELL_CHARACTERS_MAX} tecken; resten läses inte."),
                "för lång",
                "Korta texten.",
            );
            *cell = cell.range(0, at);
        }
        if matches!(cell.text, "-" | "—" | "--" | "---") && !is_delimiter(line) {
            reader.error(
                "S026",
                *cell,
                format!("{} betyder ingenting i en cell.", shown(*cell)),
                "inget tankstreck",
                "Skriv – (tankstreck) eller ingenting i en tom cell.",
            );
            // What it should have been is unknown; that it is empty is not said as well.
            broken = true;
            *cell = cell.end();
        } else if cell.text == "–" {
            *cell = cell.end();
        }
    }
    TableRow { cells, line, broken }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::FileId;

    fn read(text: &str) -> (String, Vec<&'static str>) {
        let mut reader = Reader::default();
        let mut seen = String::new();
        for part in parts(&mut reader, Slice::of(FileId(0), text)) {
            match part {
                Part::Heading { level, text } => seen.push_str(&format!("h{level}({}) ", text.text)),
                Part::Paragraph(lines) => seen.push_str(&format!("p{} ", lines.len())),
                Part::Table(table) => {
                    let cells = |row: &TableRow<'_>| row.cells.iter().map(|c| c.prose()).collect::<Vec<_>>().join(";");
                    seen.push_str(&format!("t({})", cells(&table.head)));
                    for row in &table.rows {
                        seen.push_str(&format!("[{}]", cells(row)));
                    }
                    seen.push(' ');
                }
            }
        }
        (seen.trim().to_owned(), reader.findings.iter().map(|f| f.code).collect())
    }

    #[test]
    fn headings_paragraphs_and_tables_are_parted_and_comments_skipped() {
        let text = "# A\r\n\r\nett\r\ntvå\r\n<!-- | x |\r\n -->\r\n| a | b |\r\n|---|:-:|\r\n| 1 | – |\r\n| c\\|d | |\r\n```\n| x |\n```\n#nej\n";
        assert_eq!(read(text), ("h1(A) p2 t(a;b)[1;][c|d;] p1".to_owned(), vec![]));
    }

    #[test]
    fn a_table_that_is_none_is_found() {
        assert_eq!(read("| a | b |\n| 1 | 2 |").1, ["S019"]);
        assert_eq!(read("a | b\n--|--\n1 | 2").1, ["S019"]);
        assert_eq!(
            read("| a | b |\n|---|---|\n| 1 |\n| 1 | 2 | 3 |\n| 1 | 2").1,
            ["S023", "S023", "S019"]
        );
        assert_eq!(read("| a | b |\n|---|---|\n| - | x |").1, ["S026"]);
        assert_eq!(read("<!-- a").1, ["S004"]);
        assert_eq!(read("|").1, ["S019"]);
    }
}
