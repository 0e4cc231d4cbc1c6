//! A file of a service cut into front matter, headings, tables, comments and prose, with the place of every cell.
//!
//! What the parser ([`samverk_domain::pack::parse`]) reads is what a document means; this is how it lies on the page, also
//! while it is being written and means nothing yet. Always true here: no text makes it panic, every range lies on character
//! boundaries of the text that was given, and the blocks come in the text's order and overlap nowhere.

use std::ops::Range;

use samverk_domain::pack::parse::fold;

/// A file's text, cut.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    pub blocks: Vec<Block>,
}

/// Lines that belong together.
#[derive(Clone, Debug)]
pub struct Block {
    pub kind: Kind,
    /// From the first character of its first line to the end of its last one, the line's end not counted.
    pub range: Range<usize>,
    /// Empty lines above it.
    pub blank_lines_before: usize,
}

#[derive(Clone, Debug)]
pub enum Kind {
    /// `---` to `---`, first in the file.
    FrontMatter,
    /// `<!-- … -->` on lines of its own.
    Comment,
    /// Between lines that begin with three backticks or tildes.
    Fence,
    Heading {
        level: usize,
        /// What stands after the number signs, trimmed.
        text: Range<usize>,
    },
    Table(Table),
    Prose,
}

#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The heading first, then the line of dashes if there is one, then the rows.
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug)]
pub struct Row {
    /// Trimmed.
    pub range: Range<usize>,
    /// Trimmed.
    pub cells: Vec<Range<usize>>,
    pub is_dashes: bool,
}

impl Table {
    /// The rows below the heading, without the line of dashes.
    pub fn body(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().skip(1).filter(|row| !row.is_dashes)
    }

    pub fn head(&self) -> Option<&Row> {
        self.rows.first()
    }

    /// The number of a column by its heading, however it was typed.
    pub fn column(&self, text: &str, heading: &str) -> Option<usize> {
        let cells = self.head()?.cells.iter();
        let mut cells = cells.map(|cell| fold(&text[cell.clone()]));
        cells.position(|cell| cell == heading)
    }
}

impl Layout {
    /// `front_matter`: whether the file begins with one; of a service only `tjanst.md` does.
    pub fn of(text: &str, front_matter: bool) -> Self {
        let lines = lines(text);
        let line = |at: usize| &text[lines[at].clone()];
        let mut blocks: Vec<Block> = Vec::new();
        let mut blank_lines = 0;
        let mut at = 0;
        if front_matter && !lines.is_empty() && line(0).trim_start_matches('\u{feff}').trim() == "---" {
            let end = (1..lines.len()).find(|at| line(*at).trim() == "---");
            if let Some(end) = end {
                blocks.push(Block {
                    kind: Kind::FrontMatter,
                    range: lines[0].start..lines[end].end,
                    blank_lines_before: 0,
                });
                at = end + 1;
            }
        }
        while at < lines.len() {
            let first = at;
            let trimmed = line(at).trim();
            if trimmed.is_empty() {
                blank_lines += 1;
                at += 1;
                continue;
            }
            let kind = if trimmed.starts_with("<!--") {
                let is_end = |at: usize| match at == first {
                    true => trimmed[4..].contains("-->"),
                    false => line(at).contains("-->"),
                };
                at = (first..lines.len()).find(|at| is_end(*at)).unwrap_or(lines.len() - 1);
                Kind::Comment
            } else if let Some(fence) = ["```", "~~~"].into_iter().find(|fence| trimmed.starts_with(fence)) {
                let is_end = |at: &usize| line(*at).trim().starts_with(fence);
                at = (first + 1..lines.len()).find(is_end).unwrap_or(lines.len() - 1);
                Kind::Fence
            } else if let Some((level, text)) = heading(text, lines[at].clone()) {
                Kind::Heading { level, text }
            } else if trimmed.starts_with('|') {
                while at + 1 < lines.len() && line(at + 1).trim().starts_with('|') {
                    at += 1;
                }
                let rows = (first..=at).map(|at| row(text, trim(text, lines[at].clone())));
                Kind::Table(Table { rows: rows.collect() })
            } else {
                let goes_on = |next: &str| !next.is_empty() && !next.starts_with(['#', '|', '`', '<', '~']);
                while at + 1 < lines.len() && goes_on(line(at + 1).trim()) {
                    at += 1;
                }
                Kind::Prose
            };
            blocks.push(Block {
                kind,
                range: lines[first].start..lines[at].end,
                blank_lines_before: blank_lines,
            });
            blank_lines = 0;
            at += 1;
        }
        Self { blocks }
    }
}

/// Lines without their ends.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut from = 0;
    let lines = text.split_inclusive('\n').map(|line| {
        let start = from;
        from += line.len();
        let content = line.strip_suffix('\n').unwrap_or(line);
        start..start + content.strip_suffix('\r').unwrap_or(content).len()
    });
    lines.collect()
}

/// The range without white space at its ends.
pub fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    let end = start + part.trim().len();
    start..end
}

fn heading(text: &str, line: Range<usize>) -> Option<(usize, Range<usize>)> {
    let line = trim(text, line);
    let part = &text[line.clone()];
    let level = part.bytes().take_while(|b| *b == b'#').count();
    let rest = &part[level..];
    let is_heading = (1..=6).contains(&level) && (rest.is_empty() || rest.starts_with(char::is_whitespace));
    is_heading.then(|| (level, trim(text, line.start + level..line.end)))
}

fn row(text: &str, line: Range<usize>) -> Row {
    let part = &text[line.clone()];
    let mut cells = Vec::new();
    let mut from = 1;
    let mut escaped = false;
    for (at, c) in part.char_indices().skip(1) {
        if c == '|' && !escaped {
            cells.push(trim(text, line.start + from..line.start + at));
            from = at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    // A row that is being written has no bar at its end yet.
    let behind = trim(text, line.start + from..line.end);
    if !behind.is_empty() || cells.is_empty() {
        cells.push(behind);
    }
    let is_dashes = part.contains('-') && part.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
    Row {
        range: line,
        cells,
        is_dashes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_its_place() {
        let text = "---\nx: y\n---\n# Å\n\n<!-- a\n| b | -->\n| a | b\\|c |\r\n|---|---|\r\n| å | – |\n| gas.in\ntext\n``` \n| x |\n```\n";
        let layout = Layout::of(text, true);
        let kinds: Vec<String> = layout
            .blocks
            .iter()
            .map(|block| match &block.kind {
                Kind::FrontMatter => "front".to_owned(),
                Kind::Comment => "comment".to_owned(),
                Kind::Fence => "fence".to_owned(),
                Kind::Heading { level, text: at } => format!("h{level} {}", &text[at.clone()]),
                Kind::Table(table) => {
                    let cells = |row: &Row| row.cells.iter().map(|c| &text[c.clone()]).collect::<Vec<_>>().join(";");
                    table.rows.iter().map(cells).collect::<Vec<_>>().join("/")
                }
                Kind::Prose => text[block.range.clone()].to_owned(),
            })
            .collect();
        let expected = [
            "front",
            "h1 Å",
            "comment",
            "a;b\\|c/---;---/å;–/gas.in",
            "text",
            "fence",
        ];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn what_is_not_closed_ends_with_the_file() {
        for text in [
            "",
            "|",
            "---",
            "---\n",
            "<!--",
            "```",
            "#",
            "| a",
            "\u{feff}---\n---",
            "|\\",
            "å|",
        ] {
            for front_matter in [true, false] {
                for block in Layout::of(text, front_matter).blocks {
                    assert!(text.get(block.range).is_some());
                }
            }
        }
    }
}
