//! `brev/<namn>.md`: one heading, subheadings and paragraphs with placeholders in braces. A list's column stands for its
//! values in every row.

use super::expressions::{self, Names};
use super::markdown::{self, Part};
use super::source::{Reader, Slice, list, shown};
use crate::fact::Name;
use crate::finding::{Finding, Spanned};
use crate::pack::{Block, Conditional, Expr, FROM_CASE, Letter, Piece};

/// Stand alone on their line.
const BLOCKS: [&str; 3] = ["grunder", "överklagande", "skyldigheter"];

/// What is read so far: the letter's blocks, and a conditional that has not ended.
#[derive(Default)]
struct Building<'a> {
    blocks: Vec<Block>,
    open: Option<Open<'a>>,
}

struct Open<'a> {
    at: Slice<'a>,
    conditional: Conditional,
    in_otherwise: bool,
}

impl Building<'_> {
    fn push(&mut self, block: Block) {
        match &mut self.open {
            None => self.blocks.push(block),
            Some(open) if open.in_otherwise => open.conditional.otherwise.push(block),
            Some(open) => open.conditional.shown.push(block),
        }
    }

    fn end(&mut self) {
        if let Some(open) = self.open.take() {
            self.blocks.push(Block::If(open.conditional));
        }
    }
}

pub(super) fn read(reader: &mut Reader, names: &Names, name: &str, file: Slice<'_>) -> Option<Letter> {
    let mut heading: Option<Spanned<Vec<Piece>>> = None;
    let mut building = Building::default();
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
                building.push(Block::Heading(text.with(text.prose())));
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
                    let inner = line
                        .text
                        .strip_prefix('{')
                        .and_then(|t| t.strip_suffix('}'))
                        .filter(|inner| !inner.contains(['{', '}']))
                        .map(|inner| line.range(1, 1 + inner.len()).trim());
                    let Some(inner) = inner.filter(|inner| is_block(*inner)) else {
                        rest.push(line);
                        continue;
                    };
                    push_paragraph(reader, names, &mut rest, &mut building);
                    match inner.fold().as_str() {
                        "grunder" => building.push(Block::Grounds(line.span())),
                        "överklagande" => building.push(Block::Appeal(line.span())),
                        "skyldigheter" => building.push(Block::Duties(line.span())),
                        "annars" => otherwise(reader, &mut building, line),
                        "slut" => match building.open.is_some() {
                            true => building.end(),
                            false => not_open(reader, line),
                        },
                        _ => begin(reader, names, &mut building, line, inner),
                    }
                }
                push_paragraph(reader, names, &mut rest, &mut building);
            }
        }
    }
    if let Some(open) = &building.open {
        reader.error(
            "S062",
            open.at,
            "Villkoret i brevet avslutas inte.",
            "börjar här",
            "Skriv {slut} på en egen rad efter det som villkoret gäller.",
        );
        building.end();
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
        blocks: building.blocks,
    })
}

/// Whether what stands alone within braces is a block or part of a conditional, not a placeholder.
fn is_block(inner: Slice<'_>) -> bool {
    let word = inner.fold();
    BLOCKS.contains(&word.as_str()) || word == "annars" || word == "slut" || inner.first_word().0.is("om")
}

/// `{om servering.till = allmänheten}`
fn begin<'a>(reader: &mut Reader, names: &Names, building: &mut Building<'a>, line: Slice<'a>, inner: Slice<'_>) {
    if let Some(open) = &building.open {
        let finding = Finding::error(
            "S062",
            line.span(),
            "Ett villkor i ett brev står inte inne i ett annat.",
        )
        .label("andra villkoret")
        .related(open.at.span(), "det första är inte avslutat")
        .suggest("Skriv {slut} före, eller bind ihop villkoren med och.");
        reader.report(finding);
        building.end();
    }
    let condition = inner.from("om".len()).trim();
    let read = expressions::condition(reader, names, condition);
    building.open = Some(Open {
        at: line,
        conditional: Conditional {
            condition: condition.with(read.unwrap_or(Expr::Always)),
            shown: Vec::new(),
            otherwise: Vec::new(),
        },
        in_otherwise: false,
    });
}

fn otherwise(reader: &mut Reader, building: &mut Building<'_>, line: Slice<'_>) {
    match &mut building.open {
        Some(open) if !open.in_otherwise => open.in_otherwise = true,
        Some(_) => reader.error(
            "S062",
            line,
            "{annars} står två gånger i samma villkor.",
            "andra gången",
            "Ta bort det ena.",
        ),
        None => not_open(reader, line),
    }
}

fn not_open(reader: &mut Reader, line: Slice<'_>) {
    reader.error(
        "S062",
        line,
        "Det finns inget villkor här.",
        "utan {om …}",
        "Skriv {om <villkor>} på en egen rad före, eller ta bort raden.",
    );
}

fn is_numbered(line: &str) -> bool {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    (1..=3).contains(&digits) && (line[digits..].starts_with(". ") || line[digits..].starts_with(") "))
}

fn push_paragraph(reader: &mut Reader, names: &Names, lines: &mut Vec<Slice<'_>>, building: &mut Building<'_>) {
    if lines.is_empty() {
        return;
    }
    let span = super::document::paragraph(lines).span;
    let it = pieces(reader, names, lines);
    building.push(Block::Paragraph(Spanned { it, span }));
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
