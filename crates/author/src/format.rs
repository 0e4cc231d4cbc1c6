//! One way to write a service down: aligned tables, sections and texts in the language's order.
//!
//! Always true: only the look changes. What is formatted is read again and compared with what was read before, comments and
//! prose are kept word for word, and formatting a second time changes nothing. A document that cannot be read is left alone.
//!
//! Columns are aligned by the width that characters have on a screen, up to the first column that holds sentences (a cell wider
//! than [`COLUMN_WIDTH_MAX`]): from there on a space stands on each side of a cell and nothing more, so that a changed sentence
//! changes one line.

use std::collections::BTreeMap;

use samverk_domain::finding::{Finding, Severity, SourceFile};
use samverk_domain::pack::parse::{self, fold};
use samverk_domain::pack::{Pack, Source, Type};
use unicode_width::UnicodeWidthStr as _;

use crate::layout::{Block, Kind, Layout, Row, Table};

/// Wider cells hold sentences, which are not aligned.
pub const COLUMN_WIDTH_MAX: usize = 60;
/// The one fault that formatting mends: a section stands at the wrong place.
const WRONG_PLACE: &str = "S013";

/// Why a document was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum NotFormatted {
    /// Correct these first.
    #[error("the document has errors; correct them first")]
    Unreadable(Vec<Finding>),
    /// Our fault.
    #[error(
        "formatting {0} would change what the document means, so it was left as it is; please report this document"
    )]
    Meaning(String),
}

/// All files of a service, formatted, in the order given.
pub fn service(files: &[SourceFile]) -> Result<Vec<SourceFile>, NotFormatted> {
    let (pack, found) = parse::pack(files.to_vec());
    let stops = |finding: &Finding| finding.severity == Severity::Error && finding.code != WRONG_PLACE;
    let Some(pack) = pack.filter(|_| !found.iter().any(stops)) else {
        return Err(NotFormatted::Unreadable(found));
    };
    let with = |order: &BTreeMap<String, usize>| -> Vec<SourceFile> {
        let files = files.iter().map(|it| SourceFile {
            path: it.path.clone(),
            text: file(&it.path, &it.text, order),
        });
        files.collect()
    };
    let mut formatted = with(&BTreeMap::new());
    // The texts follow the document as it comes to stand.
    let (in_place, _) = parse::pack(formatted.clone());
    if let Some(in_place) = in_place {
        formatted = with(&order_of_keys(&in_place));
    }
    let (again, found) = parse::pack(formatted.clone());
    let is_same = again.is_some_and(|again| meaning(again) == meaning(pack));
    if !is_same || found.iter().any(|finding| finding.severity == Severity::Error) {
        let changed = files.iter().zip(&formatted).find(|(before, after)| before != after);
        return Err(NotFormatted::Meaning(
            changed.map_or_else(String::new, |(file, _)| file.path.clone()),
        ));
    }
    Ok(formatted)
}

/// What a document says, without places.
fn meaning(mut pack: Pack) -> String {
    pack.files.clear();
    let shown = format!("{pack:?}");
    let mut out = String::with_capacity(shown.len());
    let mut rest = shown.as_str();
    while let Some(at) = rest.find("Span { file: FileId(") {
        out.push_str(&rest[..at]);
        let after = rest[at..].find('}').map_or(rest.len(), |end| at + end + 1);
        rest = &rest[after..];
    }
    out.push_str(rest);
    out
}

fn file(path: &str, text: &str, order: &BTreeMap<String, usize>) -> String {
    let is_main = path == "tjanst.md";
    let layout = Layout::of(text, is_main);
    let mut out: Vec<String> = Vec::new();
    let mut before: Option<&Block> = None;
    let is_texts = path.starts_with("texter.");
    for block in sections_in_order(text, &layout.blocks, is_main) {
        if let Some(before) = before {
            let loose = |kind: &Kind| matches!(kind, Kind::Comment | Kind::Fence | Kind::Prose);
            let both_loose = loose(&before.kind) && loose(&block.kind);
            // A comment right above a heading or a table speaks of it.
            let belongs = matches!(before.kind, Kind::Comment) || both_loose;
            if block.blank_lines_before > 0 || !belongs {
                out.push(String::new());
            }
        }
        match &block.kind {
            Kind::Table(table) if is_texts => out.extend(aligned(text, &in_order(text, table, order))),
            Kind::Table(table) => out.extend(aligned(text, table)),
            Kind::Heading { level, text: at } => {
                let heading = format!("{} {}", "#".repeat(*level), &text[at.clone()]);
                out.push(heading.trim_end().to_owned());
            }
            Kind::Comment | Kind::Fence | Kind::FrontMatter | Kind::Prose => {
                out.extend(text[block.range.clone()].lines().map(|line| line.trim_end().to_owned()));
            }
        }
        before = Some(block);
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    out.iter().flat_map(|line| [line.as_str(), end]).collect()
}

/// The blocks with the sections of `tjanst.md` where the language wants them; each takes its prose along, and the comment that
/// stands right above its heading.
fn sections_in_order<'b>(text: &str, blocks: &'b [Block], is_main: bool) -> Vec<&'b Block> {
    let mut sections: Vec<(u8, Vec<&Block>)> = vec![(0, Vec::new())];
    for block in blocks {
        if let Kind::Heading { level: 2, text: at } = &block.kind
            && is_main
        {
            let rank = parse::section_rank(&text[at.clone()]);
            let rank = rank.map_or(u8::MAX, |rank| rank.saturating_add(1));
            let above = sections.last_mut().and_then(|(_, blocks)| {
                let is_above = block.blank_lines_before == 0;
                blocks.pop_if(|last| is_above && matches!(last.kind, Kind::Comment))
            });
            sections.push((rank, above.into_iter().collect()));
        }
        if let Some((_, blocks)) = sections.last_mut() {
            blocks.push(block);
        }
    }
    sections.sort_by_key(|(rank, _)| *rank);
    sections.into_iter().flat_map(|(_, blocks)| blocks).collect()
}

/// The table's rows by their keys' places in the document.
fn in_order(text: &str, table: &Table, order: &BTreeMap<String, usize>) -> Table {
    let Some(column) = table.column(text, "nyckel") else {
        return table.clone();
    };
    let first = table.rows.iter().take_while(|row| row.is_dashes).count().max(1);
    let first = first
        + table.rows[first.min(table.rows.len())..]
            .iter()
            .take_while(|row| row.is_dashes)
            .count();
    let mut rows = table.rows.clone();
    let place = |row: &Row| {
        let key = row
            .cells
            .get(column)
            .map_or_else(String::new, |cell| fold(&text[cell.clone()]));
        order.get(&key).copied().unwrap_or(usize::MAX)
    };
    rows[first.min(table.rows.len())..].sort_by_key(place);
    Table { rows }
}

fn aligned(text: &str, table: &Table) -> Vec<String> {
    let columns = table.head().map_or(0, |row| row.cells.len());
    let width = |column: usize| {
        let cells = table.rows.iter().filter(|row| !row.is_dashes);
        let cells = cells.filter_map(|row| row.cells.get(column));
        cells.map(|cell| text[cell.clone()].width()).max().unwrap_or(0).max(3)
    };
    let widths = (0..columns).map(width).take_while(|width| *width <= COLUMN_WIDTH_MAX);
    let widths: Vec<usize> = widths.collect();
    let of_row = |row: &Row| {
        let mut line = String::from("|");
        for (column, cell) in row.cells.iter().enumerate() {
            let cell = &text[cell.clone()];
            let width = widths.get(column).copied();
            if row.is_dashes {
                let (left, right) = (cell.starts_with(':'), cell.len() > 1 && cell.ends_with(':'));
                let dashes = width.unwrap_or(3) - usize::from(left) - usize::from(right);
                let mark = |is: bool| if is { ":" } else { "" };
                line.push_str(&format!(" {}{}{} |", mark(left), "-".repeat(dashes), mark(right)));
            } else {
                let padding = " ".repeat(width.unwrap_or(0).saturating_sub(cell.width()));
                let space = if cell.is_empty() && padding.is_empty() { "" } else { " " };
                line.push_str(&format!("{space}{cell}{padding} |"));
            }
        }
        line
    };
    table.rows.iter().map(of_row).collect()
}

/// Every key of a language's texts, folded, with its place: kinds in the order of the reference, names in the document's.
pub fn order_of_keys(pack: &Pack) -> BTreeMap<String, usize> {
    let mut facts: Vec<_> = samverk_domain::check::uses::facts(pack).collect();
    facts.sort_by_key(|fact| fact.name.span);
    let lists = pack.lists.iter().map(|list| (&list.name.it, list.name.span));
    let mut names: Vec<_> = facts
        .iter()
        .map(|fact| (&fact.name.it, fact.name.span))
        .chain(lists)
        .collect();
    names.extend(
        pack.parameters
            .iter()
            .map(|parameter| (&parameter.name.it, parameter.name.span)),
    );
    names.sort_by_key(|(_, span)| *span);

    let mut keys: Vec<String> = vec!["tjänst.titel".to_owned(), "tjänst.ingress".to_owned()];
    keys.extend(facts.iter().map(|fact| format!("grupp.{}", fact.name.prefix())));
    for kind in ["namn", "fråga", "hjälp"] {
        keys.extend(names.iter().map(|(name, _)| format!("{kind}.{name}")));
    }
    for fact in &facts {
        let words: Vec<String> = match &fact.ty.it {
            Type::Choice(words) | Type::Several(words) => words.clone(),
            Type::YesNo | Type::Assessment => vec!["ja".to_owned(), "nej".to_owned()],
            _ => Vec::new(),
        };
        keys.extend(words.iter().map(|word| format!("val.{}.{word}", fact.name.it)));
    }
    keys.extend(pack.steps.iter().map(|step| format!("steg.{}", step.name.it)));
    keys.extend(pack.roles.iter().map(|role| format!("roll.{}", role.name.it)));
    let outcomes = pack.outcomes.iter();
    keys.extend(outcomes.map(|outcome| format!("utfall.{}.{}", outcome.step.it, outcome.name.it)));
    for rule in &pack.rules {
        keys.extend(
            rule.rows
                .iter()
                .map(|row| format!("rad.{}.{}", rule.name.it, row.id.it)),
        );
    }
    keys.extend(
        pack.controls
            .iter()
            .map(|control| format!("kontroll.{}", control.id.it)),
    );
    keys.extend(pack.signatures.iter().map(|it| format!("underskrift.{}", it.id.it)));
    keys.extend(pack.duties.iter().map(|duty| format!("skyldighet.{}", duty.id.it)));
    for fact in &facts {
        if let Source::Register(source) = &fact.source.it {
            keys.push(format!("register.{}", source.register));
        }
    }
    // Kinds that this list does not know yet come last, by their names.
    keys.extend(samverk_domain::pack::texts::keys(pack).into_keys());
    let mut order = BTreeMap::new();
    for (at, key) in keys.iter().enumerate() {
        order.entry(fold(key)).or_insert(at);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(path: &str, text: &str) -> String {
        file(
            path,
            text,
            &BTreeMap::from([("namn.a.b".to_owned(), 0), ("namn.a.c".to_owned(), 1)]),
        )
    }

    #[test]
    fn tables_are_aligned_by_what_the_eye_sees() {
        let text = "| id|gas.inne |→ å|\n|---|:-:|--:|\n|g1|>  2|👍 |\n| g10|–||\n";
        insta::assert_snapshot!(formatted("exempel.md", text), @r"
        | id  | gas.inne | → å |
        | --- | :------: | --: |
        | g1  | >  2     | 👍  |
        | g10 | –        |     |
        ");
    }

    #[test]
    fn columns_from_the_first_with_sentences_on_are_not_padded() {
        let long = "en mening som är så lång att ingen vill se tomrum efter den i raderna";
        let text = format!("| a | b | c |\n|-|-|-|\n| x | {long} | y |\n| xyzw | kort ||\n");
        let expected = format!("| a    | b | c |\n| ---- | --- | --- |\n| x    | {long} | y |\n| xyzw | kort | |\n");
        assert_eq!(formatted("exempel.md", &text), expected);
    }

    #[test]
    fn sections_take_their_prose_and_their_comments_along() {
        let text = "---\nx: y\n---\n# T\n\nIngress.\n<!-- om stegen -->\n## Steg\nText om steg.\n| a |\n|---|\n\n\n\n## Roller\n<!-- inne -->\n| b |\n|---|\n";
        insta::assert_snapshot!(formatted("tjanst.md", text), @r"
        ---
        x: y
        ---

        # T

        Ingress.

        ## Roller

        <!-- inne -->
        | b   |
        | --- |

        <!-- om stegen -->
        ## Steg

        Text om steg.

        | a   |
        | --- |
        ");
    }

    #[test]
    fn texts_stand_in_the_order_of_the_document_within_each_table() {
        let text = "| Nyckel | Text |\n| --- | --- |\n| okänd | z |\n| namn.a.c | y |\n| Namn.a.b | x |\n";
        let keys: Vec<String> = formatted("texter.sv.md", text)
            .lines()
            .skip(2)
            .map(|line| line.split('|').nth(1).unwrap().trim().to_owned())
            .collect();
        assert_eq!(keys, ["Namn.a.b", "namn.a.c", "okänd"]);
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_are_kept() {
        let text = "\u{feff}---\r\na: b\r\n---\r\n# T\r\n";
        assert_eq!(
            formatted("tjanst.md", text),
            "\u{feff}---\r\na: b\r\n---\r\n\r\n# T\r\n"
        );
    }

    #[test]
    fn the_less_usual_parts_of_the_language_are_formatted_too() {
        let once = service(&crate::testing::with_everything()).unwrap();
        assert_eq!(service(&once).unwrap(), once);
    }
}
