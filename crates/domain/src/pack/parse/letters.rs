//! `brev/<namn>.md`: one heading, subheadings and paragraphs with placeholders in braces. A list's column stands for its
//! values in every row.

use super::expressions::Names;
use super::markdown::{self, Part};
use super::source::{Reader, Slice, list, shown};
use crate::fact::Name;
use crate::finding::{Finding, Spanned};
use crate::pack::{Block, FROM_CASE, Letter, Piece};

/// Stand alone on their line.
const BLOCKS: [&str; 2] = ["grunder", "överklagande"];

pub(super) fn read(reader: &mut Reader, names: &Names, name: &str, file: Slice<'_>) -> Option<Letter> {
    let mut heading: Option<Spanned<Vec<Piece>>> = None;
    let mut blocks = Vec::new();
    for part in markdown::parts(reader, file) {
        match part {
            Part::Heading { level: 1, text } => match &heading {
                None => heading = Some(text.with(pieces(reader, names, &[text]))),
                Some(first) => {
                    let finding = Finding::error("S062", text.span(), "Ett brev har en enda rubrik med #.")
                        .label("andra rubriken")
                        .related(first.span, "första rubriken")
                        .suggest("Skriv ## för en underrubrik.");
                    reader.report(finding);
                }
            },
            Part::Heading { level: 2, text } => {
                if let Some(at) = text.text.find(['{', '}']) {
                    reader.error(
                        "S063",
                        text.from(at),
                        "En underrubrik fylls inte i.",
                        "platshållare",
                        "Flytta den till ett stycke.",
                    );
                }
                blocks.push(Block::Heading(text.with(text.prose())));
            }
            Part::Heading { text, .. } => {
                reader.error(
                    "S062",
                    text,
                    "Ett brev har bara rubriker med # och ##.",
                    "för djup",
                    "Skriv ##.",
                );
            }
            Part::Table(table) => {
                reader.error(
                    "S062",
                    table.head.line,
                    "Ett brev har inga tabeller.",
                    "tabell",
                    "Skriv innehållet som stycken.",
                );
            }
            Part::Paragraph(lines) => {
                if let Some(line) = lines
                    .iter()
                    .find(|line| line.text.starts_with(['-', '*', '>']) || is_numbered(line.text))
                {
                    reader.error(
                        "S062",
                        *line,
                        "Ett brev har bara rubriker och stycken.",
                        "lista eller citat",
                        "Skriv innehållet som stycken.",
                    );
                }
                // `{grunder}` may stand on a line between others: it parts the paragraph.
                let mut rest: Vec<Slice<'_>> = Vec::new();
                for line in lines {
                    let block = line
                        .text
                        .strip_prefix('{')
                        .and_then(|t| t.strip_suffix('}'))
                        .map(super::source::fold);
                    let block = block.filter(|word| BLOCKS.contains(&word.as_str()));
                    match block {
                        None => rest.push(line),
                        Some(word) => {
                            push_paragraph(reader, names, &mut rest, &mut blocks);
                            blocks.push(if word == "grunder" {
                                Block::Grounds(line.span())
                            } else {
                                Block::Appeal(line.span())
                            });
                        }
                    }
                }
                push_paragraph(reader, names, &mut rest, &mut blocks);
            }
        }
    }
    let Some(heading) = heading else {
        reader.error(
            "S062",
            file.first_line(),
            "Brevets rubrik saknas.",
            "före detta",
            "Börja brevet med # och rubriken.",
        );
        return None;
    };
    Some(Letter {
        name: name.to_owned(),
        span: heading.span,
        heading,
        blocks,
    })
}

fn is_numbered(line: &str) -> bool {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    (1..=3).contains(&digits) && (line[digits..].starts_with(". ") || line[digits..].starts_with(") "))
}

fn push_paragraph(reader: &mut Reader, names: &Names, lines: &mut Vec<Slice<'_>>, blocks: &mut Vec<Block>) {
    if lines.is_empty() {
        return;
    }
    let span = super::document::paragraph(lines).span;
    let it = pieces(reader, names, lines);
    blocks.push(Block::Paragraph(Spanned { it, span }));
    lines.clear();
}

/// Text and placeholders; lines are joined by a space.
fn pieces(reader: &mut Reader, names: &Names, lines: &[Slice<'_>]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            text.push(' ');
        }
        let mut rest = *line;
        while let Some(open) = rest.text.find(['{', '}']) {
            text.push_str(&rest.range(0, open).prose());
            let at = rest.from(open);
            let close = at.text.find('}');
            let (true, Some(close)) = (at.text.starts_with('{'), close) else {
                let at = at.range(0, 1);
                reader.error(
                    "S063",
                    at,
                    "Klammern har ingen motsvarighet.",
                    "ensam klammer",
                    "Skriv {uppgift} med klammer på båda sidor.",
                );
                rest = rest.from(open + 1);
                continue;
            };
            let word = at.range(1, close).trim();
            if let Some(name) = placeholder(reader, names, word) {
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(Piece::Placeholder(word.with(name)));
            }
            rest = at.from(close + 1);
        }
        text.push_str(&rest.prose());
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    pieces
}

fn placeholder(reader: &mut Reader, names: &Names, at: Slice<'_>) -> Option<Name> {
    let name = match Name::parse(at.text) {
        Ok(name) => name,
        Err(_) => {
            reader.error(
                "S063",
                at,
                format!("{} går inte att fylla i.", shown(at)),
                "inget namn",
                format!("Skriv en uppgift, eller {}.", list(&FROM_CASE)),
            );
            return None;
        }
    };
    if BLOCKS.contains(&name.as_str()) {
        reader.error(
            "S063",
            at,
            format!("{{{name}}} står ensam på sin rad."),
            "inne i ett stycke",
            "Flytta den till en egen rad.",
        );
        return None;
    }
    if FROM_CASE.contains(&name.as_str()) {
        return Some(name);
    }
    // A list's column too: its values are filled in one after the other ([`crate::fact::Facts::in_a_sentence`]).
    if names.types.contains_key(&name) {
        return Some(name);
    }
    let known = names.types.keys().map(Name::as_str).chain(FROM_CASE).chain(BLOCKS);
    reader.unknown(
        "S033",
        at,
        format!("{{{name}}} finns inte."),
        "okänd platshållare",
        known,
    );
    None
}
