//! `tjanst.md`: front matter, title, intro and the sections in their order.
//!
//! Read in two rounds, since a condition may name what stands further down. The first takes names and types; the second
//! everything, and is the one that reports. Where a part could not be read it is reported and either left out (a row, a
//! step) or given a stand-in (a fact keeps its name and becomes a text), so that one fault gives one finding.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::expressions::{self, Names, Place};
use super::markdown::{self, Part, Table, TableRow};
use super::source::{Reader, Slice, fold, list, shown};
use super::{duties, signatures, sources, types, uncertain};
use crate::fact::{Name, Value};
use crate::finding::{Finding, Span, Spanned};
use crate::pack::*;
use crate::words::letters::capital;

/// A service with more is several services; and evaluation looks at them all.
pub const FACTS_MAX: usize = 2_000;
/// A person is not asked for more.
pub const ITEMS_MAX: u32 = 1_000;
/// One rule per step and derived fact; more is a slip.
pub const SECTIONS_MAX: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Roles,
    Facts,
    List,
    Controls,
    Signatures,
    Steps,
    Rule,
    OutcomeRule,
    Outcomes,
    Duties,
    Parameters,
    Uncertain,
}

const HEADINGS: [(&str, Kind); 12] = [
    ("roller", Kind::Roles),
    ("uppgifter", Kind::Facts),
    ("lista", Kind::List),
    ("kontroller", Kind::Controls),
    ("underskrifter", Kind::Signatures),
    ("steg", Kind::Steps),
    ("regel", Kind::Rule),
    ("utfallsregel", Kind::OutcomeRule),
    ("utfall", Kind::Outcomes),
    ("skyldigheter", Kind::Duties),
    ("parametrar", Kind::Parameters),
    ("osäkert", Kind::Uncertain),
];

impl Kind {
    /// Rules of both kinds may be mixed.
    fn rank(self) -> u8 {
        match self {
            Self::Roles => 0,
            Self::Facts => 1,
            Self::List => 2,
            Self::Controls => 3,
            Self::Signatures => 4,
            Self::Steps => 5,
            Self::Rule | Self::OutcomeRule => 6,
            Self::Outcomes => 7,
            Self::Duties => 8,
            Self::Parameters => 9,
            Self::Uncertain => 10,
        }
    }

    fn has_name(self) -> bool {
        matches!(self, Self::List | Self::Rule | Self::OutcomeRule)
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Roles => "## Roller",
            Self::Facts => "## Uppgifter",
            Self::List => "## Lista: …",
            Self::Controls => "## Kontroller",
            Self::Signatures => "## Underskrifter",
            Self::Steps => "## Steg",
            Self::Rule => "## Regel: …",
            Self::OutcomeRule => "## Utfallsregel: …",
            Self::Outcomes => "## Utfall",
            Self::Duties => "## Skyldigheter",
            Self::Parameters => "## Parametrar",
            Self::Uncertain => "## Osäkert",
        }
    }
}

/// The words that begin a section's heading, folded, in the document's order.
pub fn section_words() -> impl Iterator<Item = &'static str> {
    HEADINGS.iter().map(|(word, _)| *word)
}

/// The place of a section in the document by its heading's text (`Regel: gas.behövs (unik)`); sections of the same rank may be
/// mixed. `None`: no section of the language.
pub fn section_rank(heading: &str) -> Option<u8> {
    let word = fold(heading.split(':').next().unwrap_or(heading));
    let known = HEADINGS.iter().find(|(known, _)| *known == word);
    known.map(|(_, kind)| kind.rank())
}

pub(super) struct Section<'a> {
    kind: Kind,
    heading: Slice<'a>,
    /// What stands after the colon.
    name: Slice<'a>,
    pub tables: Vec<Table<'a>>,
}

/// Whether front matter and title were read; if not, a document with stand-ins lets the other files be read, and is then
/// thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    Yes,
    No,
}

/// Reads the main file. `letters` are the stems of the files under `brev/`.
pub(super) fn read(reader: &mut Reader, file: Slice<'_>, letters: &[String]) -> Option<(Pack, Whole)> {
    let (meta, body) = front_matter(reader, file);
    let (title, intro, sections) = sections(reader, body);
    if !sections
        .iter()
        .any(|section| matches!(section.kind, Kind::Facts | Kind::Steps))
    {
        return None;
    }
    let mut names = Names::default();
    let of = |kind: Kind| sections.iter().filter(move |section| section.kind == kind);

    // First round: names and types.
    let mut unresolved = Vec::new();
    let mut seen = BTreeMap::new();
    let mut facts = Vec::new();
    for section in of(Kind::Facts) {
        facts.extend(fact_rows(reader, section, None, &mut names, &mut seen, &mut unresolved));
    }
    let mut lists: Vec<List> = of(Kind::List)
        .filter_map(|section| read_list(reader, section, &mut names, &mut seen, &mut unresolved))
        .collect();
    let mut parameters = Vec::new();
    for section in of(Kind::Parameters) {
        read_parameters(reader, section, &mut names, &mut parameters);
    }
    for (column, _, row) in of(Kind::Roles).flat_map(|section| quiet_rows(section, "roll")) {
        names.roles.extend(Name::parse(row.cell(Some(column)).text));
    }
    for (column, _, row) in of(Kind::Steps).flat_map(|section| quiet_rows(section, "steg")) {
        names.steps.extend(Name::parse(row.cell(Some(column)).text));
    }
    for (column, table, row) in of(Kind::Outcomes).flat_map(|section| quiet_rows(section, "steg")) {
        let outcome = find_column(table, "utfall").map(|at| row.cell(Some(at)).fold());
        if let (Ok(step), Some(outcome)) = (Name::parse(row.cell(Some(column)).text), outcome) {
            let outcomes = names.outcomes.entry(step).or_default();
            if !outcomes.contains(&outcome) {
                outcomes.push(outcome);
            }
        }
    }
    for parameter in &parameters {
        match &parameter.ty.it {
            ParameterType::Delegation => {}
            ParameterType::Value(ty) if !names.types.contains_key(&parameter.name.it) => {
                names.types.insert(parameter.name.it.clone(), Some(ty.clone()));
                facts.push(derived(&parameter.name, ty.clone(), Source::Parameter));
            }
            ParameterType::Value(_) => {}
        }
    }
    let mut headings = Vec::new();
    for section in sections
        .iter()
        .filter(|section| matches!(section.kind, Kind::Rule | Kind::OutcomeRule))
    {
        let heading = rule_heading(reader, section);
        if let (Some(heading), Kind::Rule, [table, ..]) = (&heading, section.kind, &section.tables[..]) {
            let name = &heading.name;
            if !names.types.contains_key(&name.it) {
                let ty = inferred(table, &name.it);
                names.types.insert(name.it.clone(), ty.clone());
                let row = derived(name, ty.unwrap_or(STAND_IN), Source::Rule);
                // A rule that gives each item of a list a value.
                match lists.iter_mut().find(|list| list.name.it.as_str() == name.it.prefix()) {
                    Some(list) if name.it.as_str().matches('.').count() == 1 => {
                        names.list_of.insert(name.it.clone(), list.name.it.clone());
                        list.columns.push(row);
                    }
                    _ => facts.push(row),
                }
            }
        }
        headings.push((section, heading));
    }

    // Second round: everything that names something else.
    let mut roles = Vec::new();
    for section in of(Kind::Roles) {
        read_roles(reader, section, &names, &mut roles);
    }
    for reference in &unresolved {
        reference.resolve(reader, &names);
    }
    let mut controls = Vec::new();
    for section in of(Kind::Controls) {
        read_controls(reader, section, &names, &mut controls);
    }
    let mut signatures = Vec::new();
    for section in of(Kind::Signatures) {
        signatures::read(reader, section, &names, &mut signatures);
    }
    let mut steps = Vec::new();
    for section in of(Kind::Steps) {
        read_steps(reader, section, &names, &mut steps);
    }
    let mut rules: Vec<Rule> = Vec::new();
    for (section, heading) in headings {
        let Some(heading) = heading else { continue };
        let same = |rule: &&Rule| rule.name.it == heading.name.it && rule.kind == heading.kind;
        if let Some(first) = rules.iter().find(same) {
            twice(reader, heading.name.span, heading.name.as_str(), first.name.span);
            continue;
        }
        rules.extend(read_rule(reader, section, heading, &names));
    }
    let mut outcomes = Vec::new();
    for section in of(Kind::Outcomes) {
        read_outcomes(reader, section, &names, letters, &mut outcomes);
    }
    let mut duties = Vec::new();
    for section in of(Kind::Duties) {
        duties::read(reader, section, &names, &mut duties);
    }

    let whole = if meta.is_some() && title.is_some() {
        Whole::Yes
    } else {
        Whole::No
    };
    let start = body.range(0, 0);
    let mut pack = Pack {
        meta: match meta {
            Some(meta) => meta,
            None => Meta {
                slug: start.with(Name::parse("saknas").ok()?),
                version: start.with(0),
                valid_from: start.with(Date::ZERO),
                valid_to: None,
                publisher: start.with(String::new()),
            },
        },
        title: title.unwrap_or_else(|| start.with(String::new())),
        intro,
        roles,
        facts,
        lists,
        controls,
        signatures,
        steps,
        rules,
        outcomes,
        duties,
        parameters,
        uncertain: Vec::new(),
        texts: BTreeMap::new(),
        letters: BTreeMap::new(),
        examples: Vec::new(),
        files: Vec::new(),
    };
    for section in of(Kind::Uncertain) {
        let doubts = uncertain::read(reader, section, &pack);
        pack.uncertain.extend(doubts);
    }
    let swedish = texts::from_document(&pack);
    pack.texts.insert("sv".to_owned(), swedish);
    Some((pack, whole))
}

/// What a fact is taken for when its type could not be read.
const STAND_IN: Type = Type::Text {
    characters_max: types::TEXT_CHARACTERS_MAX,
};

fn derived(name: &Spanned<Name>, ty: Type, source: Source) -> Fact {
    Fact {
        name: name.clone(),
        ty: Spanned {
            it: ty,
            span: name.span,
        },
        source: Spanned {
            it: source,
            span: name.span,
        },
        disclosure: None,
        processing: None,
        question: None,
        sensitive: None,
        held: None,
        span: name.span,
    }
}

pub(super) fn twice(reader: &mut Reader, span: Span, name: &str, first: Span) {
    reader.report(
        Finding::error("S032", span, format!("{name} finns redan."))
            .label("andra gången")
            .related(first, "första gången")
            .suggest("Byt namn på den ena, eller ta bort den."),
    );
}

// Front matter

fn front_matter<'a>(reader: &mut Reader, file: Slice<'a>) -> (Option<Meta>, Slice<'a>) {
    let bom = if file.text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    let file = file.from(bom);
    let lines = markdown::lines(file);
    let start = file.range(0, 0);
    let example =
        "Börja filen med --- och nycklarna tjänst, version, gäller och utgivare, och sluta inledningen med ---.";
    if lines.first().is_none_or(|line| line.text != "---") {
        let at = lines.first().copied().unwrap_or(start);
        reader.error("S005", at, "Inledningen saknas.", "här väntades ---", example);
        return (None, file);
    }
    let Some(end) = lines
        .iter()
        .skip(1)
        .position(|line| line.text == "---")
        .map(|at| at + 1)
    else {
        reader.error("S005", lines[0], "Inledningen avslutas inte.", "börjar här", example);
        return (None, file);
    };
    const KEYS: [&str; 4] = ["tjänst", "version", "gäller", "utgivare"];
    let mut values: [Option<(Slice<'a>, Slice<'a>)>; 4] = [None; 4];
    for line in &lines[1..end] {
        if line.is_empty() {
            continue;
        }
        let Some((key, value)) = line.split_once(":") else {
            reader.error(
                "S006",
                *line,
                format!("{} är ingen nyckel med värde.", shown(*line)),
                "kolon saknas",
                "Skriv nyckel: värde.",
            );
            continue;
        };
        match KEYS.iter().position(|known| key.is(known)) {
            None => {
                let message = format!("Nyckeln {} finns inte.", shown(key));
                reader.unknown("S006", key, message, "okänd nyckel", KEYS);
                // The value is read as if the key had been spelled right.
                let near = reader.nearest(key.text, KEYS);
                if let Some(at) = KEYS.iter().position(|known| near == Some(known)) {
                    values[at] = values[at].or(Some((key, value)));
                }
            }
            Some(at) => match values[at] {
                Some((first, _)) => twice(reader, key.span(), KEYS[at], first.span()),
                None => values[at] = Some((key, value)),
            },
        }
    }
    for (key, value) in KEYS.iter().zip(&values) {
        match value {
            None => reader.error(
                "S007",
                lines[0],
                format!("Nyckeln {key} saknas i inledningen."),
                "här börjar inledningen",
                format!("Skriv en rad {key}: …"),
            ),
            Some((at, value)) if value.is_empty() => {
                reader.error(
                    "S007",
                    *at,
                    format!("Nyckeln {key} har inget värde."),
                    "värde saknas",
                    "Skriv värdet efter kolonet.",
                );
            }
            Some(_) => {}
        }
    }
    let of = |at: usize| {
        values[at]
            .map(|(_, value)| value)
            .filter(|value: &Slice<'a>| !value.is_empty())
    };
    let slug = of(0).and_then(|at| reader.plain_name(at, "En tjänst"));
    let version = of(1).and_then(|at| {
        let version = at.text.parse::<u32>().ok().filter(|n| *n > 0);
        if version.is_none() {
            reader.error(
                "S009",
                at,
                format!("{} är ingen version.", shown(at)),
                "inget helt tal",
                "Skriv 1, 2, 3 …",
            );
        }
        version.map(|n| at.with(n))
    });
    let valid = of(2).and_then(|at| validity(reader, at));
    let publisher = of(3).map(|at| at.with(at.prose()));
    let after = lines[end].span().end - file.span().start;
    let body = file.from(after as usize);
    let meta = (|| {
        let (valid_from, valid_to) = valid?;
        Some(Meta {
            slug: slug?,
            version: version?,
            valid_from,
            valid_to,
            publisher: publisher?,
        })
    })();
    (meta, body)
}

fn validity(reader: &mut Reader, at: Slice<'_>) -> Option<(Spanned<Date>, Option<Spanned<Date>>)> {
    let Some((from, to)) = at.split_once("–") else {
        reader.error(
            "S009",
            at,
            "Giltigheten har inget slut.",
            "– saknas",
            format!(
                "Skriv {} –, eller två dagar med tankstreck mellan.",
                at.text.trim_end_matches([' ', '-'])
            ),
        );
        return None;
    };
    let mut day = |at: Slice<'_>| {
        let date = types::date(at.text);
        if date.is_none() {
            reader.error(
                "S046",
                at,
                format!("{} är ingen dag som finns.", shown(at)),
                "ingen dag",
                "Skriv till exempel 2026-06-01.",
            );
        }
        date.map(|date| at.with(date))
    };
    let first = day(from)?;
    if to.is_empty() {
        return Some((first, None));
    }
    let last = day(to)?;
    if last.it < first.it {
        reader.error(
            "S046",
            to,
            "Giltigheten slutar före sin början.",
            "för tidigt",
            "Skriv den första dagen först.",
        );
        return None;
    }
    Some((first, Some(last)))
}

// Sections

type Sections<'a> = (Option<Spanned<String>>, Spanned<String>, Vec<Section<'a>>);

fn sections<'a>(reader: &mut Reader, body: Slice<'a>) -> Sections<'a> {
    let mut title: Option<Spanned<String>> = None;
    let mut intro: Option<Spanned<String>> = None;
    let mut sections: Vec<Section<'a>> = Vec::new();
    // Under a heading that is not understood nothing is read: one finding is enough.
    let mut skipping = false;
    let unmarked = reader.findings.iter().any(|finding| finding.code == "S005");
    for part in markdown::parts(reader, body) {
        match part {
            Part::Heading { level: 1, text } => match &title {
                None if text.is_empty() => {
                    reader.error(
                        "S010",
                        text,
                        "Tjänstens rubrik är tom.",
                        "tom",
                        "Skriv tjänstens namn efter #.",
                    );
                    title = Some(text.with(String::new()));
                }
                None => title = Some(text.with(text.prose())),
                Some(first) => {
                    let finding = Finding::error("S010", text.span(), "En tjänst har en enda rubrik med #.")
                        .label("andra rubriken")
                        .related(first.span, "första rubriken")
                        .suggest("Skriv ## för ett avsnitt.");
                    reader.report(finding);
                }
            },
            Part::Heading { level: 2, text } => {
                if title.is_none() {
                    reader.error(
                        "S010",
                        text,
                        "Tjänstens rubrik saknas.",
                        "före detta avsnitt",
                        "Skriv # och tjänstens namn efter inledningen.",
                    );
                    title = Some(text.range(0, 0).with(String::new()));
                }
                let section = if sections.len() < SECTIONS_MAX {
                    section(reader, text, &sections)
                } else {
                    reader.error(
                        "S025",
                        text,
                        format!("Ett dokument har högst {SECTIONS_MAX} avsnitt."),
                        "för många",
                        "Dela upp tjänsten.",
                    );
                    None
                };
                skipping = section.is_none();
                sections.extend(section);
            }
            // Deeper headings part long tables for people.
            Part::Heading { .. } => {}
            Part::Table(table) => match sections.last_mut() {
                _ if skipping => {}
                None => reader.error(
                    "S018",
                    table.head.line,
                    "Tabellen hör inte till något avsnitt.",
                    "före första avsnittet",
                    "Flytta den under ett avsnitt.",
                ),
                Some(section)
                    if matches!(section.kind, Kind::Rule | Kind::OutcomeRule) && !section.tables.is_empty() =>
                {
                    reader.error(
                        "S018",
                        table.head.line,
                        "En regel har en enda tabell.",
                        "andra tabellen",
                        "Lägg raderna i den första tabellen, utan tomrad emellan.",
                    )
                }
                Some(section) => section.tables.push(table),
            },
            // Where the front matter is not marked as such, it is no paragraph either.
            Part::Paragraph(_) if title.is_none() && unmarked => {}
            Part::Paragraph(lines) if sections.is_empty() && !skipping => {
                let whole = paragraph(&lines);
                match (&title, &intro) {
                    (None, None) => {
                        reader.error(
                            "S011",
                            lines[0],
                            "Text före tjänstens rubrik.",
                            "före rubriken",
                            "Skriv # och tjänstens namn först.",
                        );
                        intro = Some(whole);
                    }
                    (None, Some(_)) => {}
                    (Some(_), None) => intro = Some(whole),
                    (Some(_), Some(first)) => {
                        let finding = Finding::error("S011", whole.span, "Ingressen är ett enda stycke.")
                            .label("andra stycket")
                            .related(first.span, "ingressen")
                            .suggest("Slå ihop styckena, eller skriv anmärkningar som en kommentar <!-- … -->.");
                        reader.report(finding);
                    }
                }
            }
            Part::Paragraph(_) => {}
        }
    }
    for section in &sections {
        if section.tables.is_empty() {
            reader.error(
                "S017",
                section.heading,
                "Avsnittet har ingen tabell.",
                "tabell saknas",
                "Skriv avsnittets tabell, eller ta bort rubriken om avsnittet får saknas.",
            );
        }
    }
    // A comment that swallows the rest is reported, and all that is missing follows from it.
    let swallowed = reader.findings.iter().any(|finding| finding.code == "S004");
    for kind in [Kind::Roles, Kind::Facts, Kind::Steps, Kind::Outcomes] {
        if !swallowed && !sections.iter().any(|section| section.kind == kind) {
            // Where it should stand: before the section that comes after it.
            let later = sections.iter().find(|section| section.kind.rank() > kind.rank());
            reader.error(
                "S014",
                later.map_or(body.end(), |section| section.heading),
                format!("Avsnittet {} saknas.", kind.heading()),
                "ska stå före detta",
                format!("Lägg till {}.", kind.heading()),
            );
        }
    }
    if title.is_none() && !swallowed {
        reader.error(
            "S010",
            body.range(0, 0),
            "Tjänstens rubrik saknas.",
            "här",
            "Skriv # och tjänstens namn efter inledningen.",
        );
    }
    let intro = intro.unwrap_or_else(|| {
        let at = title.as_ref().map_or(body.range(0, 0).span(), |title| title.span);
        let finding = Finding::error("S011", at, "Ingressen saknas.")
            .label("efter rubriken")
            .suggest("Skriv ett stycke om tjänsten för dem som ska använda den.");
        if !swallowed {
            reader.report(finding);
        }
        Spanned {
            it: String::new(),
            span: at,
        }
    });
    (title, intro, sections)
}

/// Lines as one text.
pub(super) fn paragraph(lines: &[Slice<'_>]) -> Spanned<String> {
    let words: Vec<String> = lines.iter().map(|line| line.prose()).collect();
    let first = lines[0].span();
    Spanned {
        it: words.join(" "),
        span: Span {
            end: lines[lines.len() - 1].span().end,
            ..first
        },
    }
}

fn section<'a>(reader: &mut Reader, text: Slice<'a>, before: &[Section<'a>]) -> Option<Section<'a>> {
    let (word, name) = text.split_once(":").unwrap_or((text, text.end()));
    let known = HEADINGS.iter().find(|(known, _)| word.is(known));
    let known = known.or_else(|| {
        let message = format!("Avsnittet {} finns inte.", shown(word));
        let words = HEADINGS.map(|(known, _)| known);
        let near = reader.nearest(word.text, words);
        let suggestion = match near {
            Some(near) => format!("Menade du {}?", capital(near)),
            None => format!(
                "Avsnitten är {}.",
                list(&words.map(capital).each_ref().map(String::as_str))
            ),
        };
        reader.error("S012", word, message, "okänt avsnitt", suggestion);
        // The section is read as if it had been spelled right.
        HEADINGS.iter().find(|(known, _)| near == Some(known))
    });
    let (_, kind) = known?;
    let kind = *kind;
    if kind.has_name() && name.is_empty() {
        reader.error(
            "S016",
            text,
            "Avsnittets rubrik saknar namn.",
            "namn saknas",
            format!(
                "Skriv {} med ett namn efter kolonet.",
                kind.heading().trim_end_matches(" …")
            ),
        );
        return None;
    }
    if !kind.has_name() && word.text.len() < text.text.len() {
        reader.error(
            "S016",
            text,
            "Avsnittets rubrik har inget namn.",
            "för mycket",
            format!("Skriv {}.", kind.heading()),
        );
    }
    if !kind.has_name()
        && let Some(first) = before.iter().find(|section| section.kind == kind)
    {
        let finding = Finding::error("S015", text.span(), "Avsnittet finns redan.")
            .label("andra gången")
            .related(first.heading.span(), "första gången")
            .suggest("Flytta raderna till det första.");
        reader.report(finding);
    } else if let Some(later) = before.last().filter(|section| section.kind.rank() > kind.rank()) {
        let finding = Finding::error(
            "S013",
            text.span(),
            format!("Avsnittet står efter {}.", later.kind.heading()),
        )
        .label("fel plats")
        .related(later.heading.span(), "ska stå efter")
        .suggest(
            "Ordningen är Roller, Uppgifter, Lista, Kontroller, Underskrifter, Steg, Regel och Utfallsregel, Utfall, Skyldigheter, Parametrar, Osäkert.",
        );
        reader.report(finding);
    }
    Some(Section {
        kind,
        heading: text,
        name,
        tables: Vec::new(),
    })
}

fn find_column(table: &Table<'_>, heading: &str) -> Option<usize> {
    table.head.cells.iter().position(|cell| cell.is(heading))
}

/// Rows of a section's tables that have the column, for the first round.
fn quiet_rows<'s, 'a>(
    section: &'s Section<'a>,
    heading: &'static str,
) -> impl Iterator<Item = (usize, &'s Table<'a>, &'s TableRow<'a>)> {
    section
        .tables
        .iter()
        .filter_map(move |table| Some((find_column(table, heading)?, table)))
        .flat_map(|(column, table)| table.rows.iter().map(move |row| (column, table, row)))
}

/// Where each heading stands. Those after `required` may be missing.
pub(super) fn columns<const N: usize>(
    reader: &mut Reader,
    table: &Table<'_>,
    headings: [&str; N],
    required: usize,
) -> [Option<usize>; N] {
    let mut found = [None; N];
    let of = |word: &str| headings.iter().position(|heading| fold(heading) == fold(word));
    if !table.head.cells.iter().any(|cell| of(cell.text).is_some()) {
        // Without a line of dashes, which is reported, this row may be no heading at all.
        if !table.head_doubtful {
            let headings = headings.join(" | ");
            reader.error(
                "S021",
                table.head.line,
                "Tabellen har ingen av avsnittets kolumner.",
                "andra kolumner",
                format!("Kolumnerna är {headings}."),
            );
        }
        return found;
    }
    for (at, cell) in table.head.cells.iter().enumerate() {
        let Some(which) = of(cell.text) else {
            let message = format!("Kolumnen {} finns inte här.", shown(*cell));
            reader.unknown("S020", *cell, message, "okänd kolumn", headings);
            // The rows are read as if it had been spelled right.
            if let Some(near) = reader.nearest(cell.text, headings).and_then(of) {
                found[near] = found[near].or(Some(at));
            }
            continue;
        };
        match found[which] {
            None => found[which] = Some(at),
            Some(first) => column_twice(reader, *cell, table.head.cells[first]),
        }
    }
    for (heading, at) in headings.iter().zip(found).take(required) {
        if at.is_none() {
            column_missing(reader, table, heading);
        }
    }
    found
}

fn column_twice(reader: &mut Reader, cell: Slice<'_>, first: Slice<'_>) {
    let finding = Finding::error("S022", cell.span(), format!("Kolumnen {} finns redan.", shown(cell)))
        .label("andra gången")
        .related(first.span(), "första gången")
        .suggest("Ta bort den ena.");
    reader.report(finding);
}

fn column_missing(reader: &mut Reader, table: &Table<'_>, heading: &str) {
    reader.error(
        "S021",
        table.head.line.end(),
        format!("Kolumnen {heading} saknas."),
        "här saknas en kolumn",
        format!("Lägg till en kolumn {heading}; tomma celler skrivs –."),
    );
}

/// A cell that may not be empty.
pub(super) fn filled<'a>(
    reader: &mut Reader,
    row: &TableRow<'a>,
    column: Option<usize>,
    heading: &str,
) -> Option<Slice<'a>> {
    let cell = row.cell(column);
    if !cell.is_empty() {
        return Some(cell);
    }
    // A missing column or cell is already reported.
    if column.is_some() && !row.broken {
        reader.error(
            "S024",
            cell,
            format!("Cellen under {heading} är tom."),
            "tom",
            format!("Fyll i {heading}."),
        );
    }
    None
}

/// One of a few words.
pub(super) fn word<T: Copy>(reader: &mut Reader, at: Slice<'_>, heading: &str, words: &[(&str, T)]) -> Option<T> {
    let found = words.iter().find(|(known, _)| at.is(known));
    if found.is_none() {
        let known = words.iter().map(|(known, _)| *known);
        reader.unknown(
            "S048",
            at,
            format!("{heading} kan inte vara {}.", shown(at)),
            "okänt ord",
            known,
        );
    }
    found.map(|(_, it)| *it)
}

/// A name that must be among those that exist.
pub(super) fn exists<'n>(
    reader: &mut Reader,
    at: Slice<'_>,
    name: &Name,
    what: &str,
    all: impl IntoIterator<Item = &'n Name>,
) -> bool {
    let all: Vec<&str> = all.into_iter().map(Name::as_str).collect();
    if all.contains(&name.as_str()) {
        return true;
    }
    reader.unknown("S033", at, format!("{what} {name} finns inte."), "finns inte", all);
    false
}

// Roller

fn read_roles(reader: &mut Reader, section: &Section<'_>, names: &Names, roles: &mut Vec<Role>) {
    for table in &section.tables {
        let [name, task, area, kind] = columns(reader, table, ["Roll", "Uppdrag", "Område", "Slag"], 3);
        for row in &table.rows {
            let name = filled(reader, row, name, "Roll").and_then(|at| reader.plain_name(at, "En roll"));
            let task = filled(reader, row, task, "Uppdrag").map(|at| at.with(at.fold()));
            let area = filled(reader, row, area, "Område")
                .map(|at| at.with(read_area(reader, at, names).unwrap_or(Area::Country)));
            let (Some(name), Some(task), Some(area)) = (name, task, area) else {
                continue;
            };
            let kind = Some(row.cell(kind)).filter(|at| !at.is_empty()).map(|at| {
                let kinds = [("myndighet", RoleKind::Authority), ("privat", RoleKind::Private)];
                at.with(word(reader, at, "Slag", &kinds).unwrap_or_default())
            });
            let kind = kind.unwrap_or(Spanned {
                it: RoleKind::Authority,
                span: name.span,
            });
            match roles.iter().find(|role: &&Role| role.name.it == name.it) {
                Some(first) => twice(reader, name.span, name.as_str(), first.name.span),
                None => roles.push(Role { name, task, area, kind }),
            }
        }
    }
}

fn read_area(reader: &mut Reader, at: Slice<'_>, names: &Names) -> Option<Area> {
    if at.is("riket") {
        return Some(Area::Country);
    }
    let Some(fact) = at.strip("kommun för").filter(|fact| !fact.is_empty()) else {
        reader.error(
            "S048",
            at,
            format!("Området {} finns inte.", shown(at)),
            "okänt område",
            "Skriv riket, eller kommun för och en uppgift av typen fastighet eller personnummer.",
        );
        return None;
    };
    let name = reader.dotted_name(fact, "En uppgift")?;
    names.fact(reader, fact, &name.it);
    Some(Area::MunicipalityOf(name.it))
}

// Uppgifter and Lista

/// A name inside a source, looked up when all names are known.
struct Reference<'a> {
    at: Slice<'a>,
    name: Name,
    to: To,
}

enum To {
    Fact { inside: Option<Name> },
    Role,
    Step,
}

impl Reference<'_> {
    fn resolve(&self, reader: &mut Reader, names: &Names) {
        let (at, name) = (self.at, &self.name);
        match &self.to {
            To::Role => {
                exists(reader, at, name, "Rollen", &names.roles);
            }
            To::Step => {
                exists(reader, at, name, "Steget", &names.steps);
            }
            To::Fact { inside } => {
                if names.fact(reader, at, name)
                    && let Some(list) = names.list_of.get(name)
                    && inside.as_ref() != Some(list)
                {
                    reader.error(
                        "S034",
                        at,
                        format!("{name} är en kolumn i listan {list} och har ett värde per rad."),
                        "listans kolumn",
                        "Hämta uppgiften i samma lista, eller för en uppgift utanför listor.",
                    );
                }
            }
        }
    }
}

fn fact_rows<'a>(
    reader: &mut Reader,
    section: &Section<'a>,
    inside: Option<&Name>,
    names: &mut Names,
    seen: &mut BTreeMap<Name, Span>,
    unresolved: &mut Vec<Reference<'a>>,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    for table in &section.tables {
        let [name, ty, source, ground, question] =
            columns(reader, table, ["Uppgift", "Typ", "Källa", "Grund", "Fråga"], 5);
        for row in &table.rows {
            let Some(name) = filled(reader, row, name, "Uppgift").and_then(|at| reader.dotted_name(at, "En uppgift"))
            else {
                continue;
            };
            if let Some(list) = inside
                && name.prefix() != list.as_str()
            {
                let column = name.as_str().rsplit('.').next().unwrap_or_default();
                reader.report(
                    Finding::error(
                        "S031",
                        name.span,
                        format!("En kolumn i listan {list} börjar med listans namn."),
                    )
                    .label("fel början")
                    .suggest(format!("Skriv {list}.{column}.")),
                );
                continue;
            }
            if let Some(first) = seen.get(&name.it) {
                twice(reader, name.span, name.as_str(), *first);
                // Which of the two types is meant is unknown: nothing is said about values.
                names.types.insert(name.it, None);
                continue;
            }
            if names.types.len() >= FACTS_MAX {
                reader.report(
                    Finding::error("S025", name.span, format!("En tjänst har högst {FACTS_MAX} uppgifter."))
                        .suggest("Dela upp tjänsten."),
                );
                return facts;
            }
            seen.insert(name.it.clone(), name.span);
            let ty_cell = filled(reader, row, ty, "Typ");
            let (ty_cell, sensitive) = match ty_cell {
                Some(at) => {
                    let (ty, sensitive) = sensitive(reader, at);
                    (Some(ty), sensitive)
                }
                None => (None, None),
            };
            let read_type = ty_cell.and_then(|at| types::ty(reader, at));
            let source_cell = filled(reader, row, source, "Källa");
            let read_source = source_cell.and_then(|at| sources::source(reader, at, read_type.as_ref()));
            names.types.insert(name.it.clone(), read_type.clone());
            if let Some(list) = inside {
                names.list_of.insert(name.it.clone(), list.clone());
            }
            let mut held = None;
            let source = match read_source {
                Some(read) => {
                    held = read.held;
                    if let Some((at, refers_to)) = read.refers_to {
                        let to = match &read.source {
                            Source::Referral(_) => To::Role,
                            Source::Step(_) => To::Step,
                            _ => To::Fact {
                                inside: inside.cloned(),
                            },
                        };
                        unresolved.push(Reference {
                            at,
                            name: refers_to,
                            to,
                        });
                    }
                    read.source
                }
                None => Source::Applicant,
            };
            let (disclosure, processing) = grounds(reader, row.cell(ground));
            let question = row.cell(question);
            facts.push(Fact {
                ty: Spanned {
                    it: read_type.unwrap_or(STAND_IN),
                    span: ty_cell.map_or(name.span, Slice::span),
                },
                source: Spanned {
                    it: source,
                    span: source_cell.map_or(name.span, Slice::span),
                },
                name,
                disclosure,
                processing,
                question: (!question.is_empty()).then(|| question.with(question.prose())),
                sensitive,
                held,
                span: row.span(),
            });
        }
    }
    facts
}

/// `ja/nej; känslig hälsa`: the type and the mark behind it.
fn sensitive<'a>(reader: &mut Reader, at: Slice<'a>) -> (Slice<'a>, Option<Spanned<Sensitive>>) {
    let parts = at.split(';');
    let Some(mark) = parts
        .last()
        .filter(|mark| parts.len() > 1 && mark.first_word().0.is("känslig"))
    else {
        return (at, None);
    };
    let end = (mark.span().start - at.span().start) as usize;
    let ty = at.range(0, end).trim();
    let ty = ty.range(0, ty.text.len().saturating_sub(1)).trim();
    let kinds = [("känslig", Sensitive::Other), ("känslig hälsa", Sensitive::Health)];
    (ty, word(reader, *mark, "Känslig", &kinds).map(|it| mark.with(it)))
}

type Ground = Option<Spanned<crate::words::law::Lagrum>>;

fn grounds(reader: &mut Reader, cell: Slice<'_>) -> (Ground, Ground) {
    if cell.is_empty() {
        return (None, None);
    }
    match cell.split(';')[..] {
        [one] => (None, types::lagrum(reader, one)),
        [first, second] => {
            let mut ground = |at: Slice<'_>| {
                if at.is_empty() || at.text == "–" {
                    None
                } else {
                    types::lagrum(reader, at)
                }
            };
            (ground(first), ground(second))
        }
        _ => {
            reader.error(
                "S044",
                cell,
                "Grunden har högst två delar.",
                "för många semikolon",
                "Skriv utlämnande; behandling. Flera lagrum i samma del binds ihop med och.",
            );
            (None, None)
        }
    }
}

fn read_list<'a>(
    reader: &mut Reader,
    section: &Section<'a>,
    names: &mut Names,
    seen: &mut BTreeMap<Name, Span>,
    unresolved: &mut Vec<Reference<'a>>,
) -> Option<List> {
    let (name, size) = section.name.first_word();
    let name = reader.plain_name(name, "En lista")?;
    let size = read_size(reader, section, size).unwrap_or((0, ITEMS_MAX));
    if let Some(first) = seen.get(&name.it) {
        twice(reader, name.span, name.as_str(), *first);
        return None;
    }
    seen.insert(name.it.clone(), name.span);
    names.lists.insert(name.it.clone(), size.1);
    let columns = fact_rows(reader, section, Some(&name.it), names, seen, unresolved);
    Some(List {
        span: section.heading.span(),
        name,
        min: size.0,
        max: size.1,
        columns,
    })
}

fn read_size(reader: &mut Reader, section: &Section<'_>, at: Slice<'_>) -> Option<(u32, u32)> {
    let ends = at
        .split_once("–")
        .and_then(|(min, max)| Some((min.text.parse::<u32>().ok()?, max.text.parse::<u32>().ok()?)));
    let Some((min, max)) = ends else {
        let at = if at.is_empty() { section.heading } else { at };
        reader.error(
            "S016",
            at,
            "Listan säger inte hur många rader den får ha.",
            "antal saknas",
            "Skriv minsta och största antal med tankstreck, till exempel ägare 1–50.",
        );
        return None;
    };
    if min > max || max == 0 {
        reader.error(
            "S045",
            at,
            "Det minsta antalet är större än det största, eller det största är noll.",
            "fel antal",
            "Skriv det minsta antalet först.",
        );
        return None;
    }
    if max > ITEMS_MAX {
        reader.error(
            "S025",
            at,
            format!("En lista har högst {ITEMS_MAX} rader."),
            "för många",
            "Sänk antalet, eller begär en bilaga.",
        );
        return None;
    }
    Some((min, max))
}

// Kontroller

fn read_controls(reader: &mut Reader, section: &Section<'_>, names: &Names, controls: &mut Vec<Control>) {
    for table in &section.tables {
        let [id, condition, message] = columns(reader, table, ["id", "Kontroll", "Meddelande"], 3);
        for row in &table.rows {
            let id = filled(reader, row, id, "id").and_then(|at| reader.plain_name(at, "En kontroll"));
            let condition = filled(reader, row, condition, "Kontroll")
                .map(|at| at.with(expressions::condition(reader, names, at).unwrap_or(Expr::Always)));
            let message = filled(reader, row, message, "Meddelande").map(|at| at.with(at.prose()));
            let (Some(id), Some(condition), Some(message)) = (id, condition, message) else {
                continue;
            };
            match controls.iter().find(|control: &&Control| control.id.it == id.it) {
                Some(first) => twice(reader, id.span, id.as_str(), first.id.span),
                None => controls.push(Control { id, condition, message }),
            }
        }
    }
}

// Steg

fn read_steps(reader: &mut Reader, section: &Section<'_>, names: &Names, steps: &mut Vec<Step>) {
    for table in &section.tables {
        let headings = [
            "Steg",
            "Ansvarig",
            "Behövs när",
            "Underlag",
            "Efter",
            "Frist",
            "Avgift",
            "Lagrum",
        ];
        let [name, role, needed_when, underlag, after, deadline, fee, law] = columns(reader, table, headings, 8);
        for row in &table.rows {
            let name = filled(reader, row, name, "Steg").and_then(|at| reader.plain_name(at, "Ett steg"));
            let role = filled(reader, row, role, "Ansvarig").and_then(|at| {
                let role = reader.plain_name(at, "En roll")?;
                exists(reader, at, &role.it, "Rollen", &names.roles);
                Some(role)
            });
            let needed_when = filled(reader, row, needed_when, "Behövs när")
                .map(|at| at.with(expressions::condition(reader, names, at).unwrap_or(Expr::Always)));
            let underlag = row.cell(underlag);
            let underlag = if underlag.is_empty() {
                Vec::new()
            } else {
                underlag
                    .split(',')
                    .into_iter()
                    .filter_map(|at| read_underlag(reader, at, underlag, names))
                    .collect()
            };
            let optional = |column: Option<usize>| Some(row.cell(column)).filter(|at| !at.is_empty());
            let after = optional(after).and_then(|at| Some(at.with(read_after(reader, at, names)?)));
            let deadline = optional(deadline).and_then(|at| Some(at.with(read_deadline(reader, at)?)));
            let fee = optional(fee).and_then(|at| {
                let fee = reader.dotted_name(at, "En avgift")?;
                names.fact(reader, at, &fee.it).then_some(fee)
            });
            let law = optional(law).and_then(|at| types::lagrum(reader, at));
            let (Some(name), Some(role), Some(needed_when)) = (name, role, needed_when) else {
                continue;
            };
            if matches!(name.as_str(), "inskickning") {
                reader.report(
                    Finding::error(
                        "S048",
                        name.span,
                        "inskickning är språkets eget ord och kan inte vara ett steg.",
                    )
                    .label("upptaget")
                    .suggest("Välj ett annat namn."),
                );
            }
            match steps.iter().find(|step: &&Step| step.name.it == name.it) {
                Some(first) => twice(reader, name.span, name.as_str(), first.name.span),
                None => steps.push(Step {
                    name,
                    role,
                    needed_when,
                    underlag,
                    after,
                    deadline,
                    fee,
                    law,
                    span: row.span(),
                }),
            }
        }
    }
}

fn read_underlag(reader: &mut Reader, at: Slice<'_>, whole: Slice<'_>, names: &Names) -> Option<Spanned<Underlag>> {
    if at.is_empty() {
        reader.error(
            "S051",
            whole,
            "En uppgift saknas i underlaget.",
            "tomt vid kommatecknet",
            "Skriv en uppgift på var sida om kommatecknet.",
        );
        return None;
    }
    if let Some(prefix) = at.text.strip_suffix(".*") {
        let prefix = at.range(0, prefix.len());
        let name = reader.plain_name(prefix, "Ett mönster")?;
        let prefixes = || names.types.keys().map(Name::prefix);
        if !prefixes().any(|prefix| prefix == name.as_str()) {
            let mut prefixes: Vec<&str> = prefixes().collect();
            prefixes.dedup();
            reader.unknown(
                "S033",
                prefix,
                format!("Ingen uppgift börjar med {}.", name.as_str()),
                "passar ingenting",
                prefixes,
            );
            return None;
        }
        return Some(at.with(Underlag::Prefix(name.it.as_str().to_owned())));
    }
    let name = reader.name(at)?;
    if names.lists.contains_key(&name.it) {
        reader.error(
            "S033",
            at,
            format!("{} är en lista.", name.as_str()),
            "en lista",
            format!("Skriv {}.*.", name.as_str()),
        );
        return None;
    }
    names
        .fact(reader, at, &name.it)
        .then(|| at.with(Underlag::Fact(name.it)))
}

pub(super) fn read_after(reader: &mut Reader, at: Slice<'_>, names: &Names) -> Option<After> {
    let (event, step) = at.last_word();
    let event = if event.is_empty() { at } else { event };
    let event = word(
        reader,
        event,
        "Efter",
        &[
            ("inskickad", AfterEvent::Submitted),
            ("beslutad", AfterEvent::Decided),
            ("bifall", AfterEvent::Granted),
            ("laga kraft", AfterEvent::Final),
        ],
    )?;
    let name = reader.plain_name(step, "Ett steg")?;
    exists(reader, step, &name.it, "Steget", &names.steps).then_some(After { event, step: name.it })
}

pub(super) fn read_deadline(reader: &mut Reader, at: Slice<'_>) -> Option<Frist> {
    let mut frist = Frist {
        decide_within: None,
        extension: None,
        may_start: None,
    };
    for (position, part) in at.split(';').into_iter().enumerate() {
        if let Some(wait) = part.strip("start tidigast") {
            let read = types::length_from(reader, wait)?;
            if frist.may_start.replace(read).is_some() {
                reader.error(
                    "S047",
                    part,
                    "Två tider för tidigaste start.",
                    "andra gången",
                    "Ta bort den ena.",
                );
            }
            continue;
        }
        if position > 0 {
            reader.error(
                "S047",
                part,
                format!("{} går inte att läsa i en frist.", shown(part)),
                "okänd del",
                "Efter semikolon kan stå start tidigast 14 dagar från inkommet.",
            );
            return None;
        }
        let (decide, extension) = part
            .split_once(",")
            .map_or((part, None), |(decide, rest)| (decide, Some(rest)));
        frist.decide_within = Some(types::length_from(reader, decide)?);
        if let Some(extension) = extension {
            let Some(length) = extension.strip("förlängs").filter(|length| !length.is_empty()) else {
                let at = if extension.is_empty() { part } else { extension };
                reader.error(
                    "S047",
                    at,
                    format!("{} går inte att läsa i en frist.", shown(at)),
                    "okänd del",
                    "Efter kommatecknet kan stå förlängs 4 månader.",
                );
                return None;
            };
            frist.extension = Some(types::length(reader, length)?);
        }
    }
    Some(frist)
}

// Regler

struct RuleHeading<'a> {
    name: Spanned<Name>,
    kind: RuleKind,
    policy: Spanned<Policy>,
    /// The word after `annars`, to be looked up.
    otherwise: Option<Slice<'a>>,
    counted_at: CountedAt,
    /// Its days, and the fact that chooses, to be looked up.
    transition: Option<(Date, Date, Slice<'a>)>,
}

const COUNTED: [(&str, CountedAt); 3] = [
    ("ansökan", CountedAt::Application),
    ("beslut", CountedAt::Decision),
    ("händelse", CountedAt::Event),
];

fn rule_heading<'a>(reader: &mut Reader, section: &Section<'a>) -> Option<RuleHeading<'a>> {
    let text = section.name;
    let kind = match section.kind {
        Kind::OutcomeRule => RuleKind::Outcome,
        _ => RuleKind::Fact,
    };
    let example = match kind {
        RuleKind::Fact => "Skriv till exempel ## Regel: gasol.behövs (unik).",
        RuleKind::Outcome => "Skriv till exempel ## Utfallsregel: gasol (samla; annars bifall).",
    };
    let (name, policy) = match text.split_once("(") {
        Some((name, rest)) if rest.text.ends_with(')') => (name, Some(rest.range(0, rest.text.len() - 1).trim())),
        Some((name, _)) => {
            reader.error("S016", text, "Parentesen avslutas inte.", ") saknas", example);
            (name, None)
        }
        None => {
            reader.error(
                "S016",
                text,
                "Regeln säger inte hur dess rader ska läsas.",
                "unik, första eller samla saknas",
                example,
            );
            (text, None)
        }
    };
    let name = match kind {
        RuleKind::Fact => reader.dotted_name(name, "En regels uppgift")?,
        RuleKind::Outcome => reader.plain_name(name, "Ett steg")?,
    };
    let mut heading = RuleHeading {
        policy: Spanned {
            it: Policy::First,
            span: policy.unwrap_or(text).span(),
        },
        name,
        kind,
        otherwise: None,
        counted_at: CountedAt::Decision,
        transition: None,
    };
    let Some(policy) = policy else { return Some(heading) };
    let parts = policy.split(';');
    let mut counted = None;
    for part in &parts[1..] {
        if let Some(otherwise) = part.strip("annars").filter(|word| !word.is_empty()) {
            if heading.otherwise.replace(otherwise).is_some() {
                reader.error(
                    "S048",
                    *part,
                    "annars står två gånger.",
                    "andra gången",
                    "Ta bort det ena.",
                );
            }
        } else if let Some(at) = part.strip("räknas vid").filter(|word| !word.is_empty()) {
            if counted.is_some() {
                reader.error(
                    "S048",
                    *part,
                    "räknas vid står två gånger.",
                    "andra gången",
                    "Ta bort det ena.",
                );
            }
            counted = word(reader, at, "Räknas vid", &COUNTED).or(counted);
        } else if let Some(at) = part.strip("övergång").filter(|rest| !rest.is_empty()) {
            if heading.transition.is_some() {
                reader.error(
                    "S048",
                    *part,
                    "övergång står två gånger.",
                    "andra gången",
                    "Ta bort det ena.",
                );
            }
            heading.transition = read_transition(reader, at).or(heading.transition);
        } else {
            reader.unknown(
                "S048",
                *part,
                format!("{} går inte att läsa i regelns rubrik.", shown(*part)),
                "okänd del",
                [
                    "annars bifall",
                    "räknas vid ansökan",
                    "övergång 2025-07-01 – 2026-06-30 enligt val.regler",
                ],
            );
        }
    }
    heading.counted_at = counted.unwrap_or_default();
    let words: &[(&str, u8)] = match kind {
        RuleKind::Fact => &[("unik", 0), ("första", 1)],
        RuleKind::Outcome => &[("unik", 0), ("första", 1), ("samla", 2)],
    };
    let first = if parts[0].is_empty() { policy } else { parts[0] };
    match (word(reader, first, "Regelns läsning", words), &heading.otherwise) {
        (Some(2), Some(otherwise)) => {
            heading.policy.it = Policy::Collect {
                otherwise: otherwise.fold(),
            };
        }
        (Some(2), None) => {
            reader.error(
                "S016",
                policy,
                "samla säger inte vad som gäller när ingen rad håller.",
                "annars … saknas",
                "Skriv till exempel samla; annars bifall.",
            );
        }
        (Some(policy_word), Some(otherwise)) => {
            reader.error(
                "S048",
                *otherwise,
                "annars hör bara till samla.",
                "hör inte hit",
                "Skriv en sista rad med – i alla celler, eller välj samla.",
            );
            heading.policy.it = if policy_word == 0 {
                Policy::Unique
            } else {
                Policy::First
            };
        }
        (Some(0), None) => heading.policy.it = Policy::Unique,
        (Some(_) | None, _) => {}
    }
    Some(heading)
}

/// `2025-07-01 – 2026-06-30 enligt val.regler`
fn read_transition<'a>(reader: &mut Reader, at: Slice<'a>) -> Option<(Date, Date, Slice<'a>)> {
    let example = "Skriv till exempel övergång 2025-07-01 – 2026-06-30 enligt val.regler.";
    let words = types::split_words(at);
    let according = words.iter().position(|word| word.is("enligt"));
    let (Some(according), true) = (according, words.len() >= 3) else {
        reader.error(
            "S048",
            at,
            "Övergången säger inte vem som väljer.",
            "enligt … saknas",
            example,
        );
        return None;
    };
    let according = words[according];
    let start = (according.span().start - at.span().start) as usize;
    let days = read_validity(reader, at.range(0, start).trim())?;
    let choice = at.from(start + according.text.len()).trim();
    match (days.from, days.to, choice.is_empty()) {
        (Some(from), Some(to), false) => Some((from, to, choice)),
        _ => {
            reader.error(
                "S048",
                at,
                "Övergången är inte hel.",
                "dagar eller uppgift saknas",
                example,
            );
            None
        }
    }
}

/// The column `gäller`: `från 2026-06-01`, `till 2026-05-31`, `2026-01-01 – 2026-05-31`.
fn read_validity(reader: &mut Reader, at: Slice<'_>) -> Option<Validity> {
    let example = "Skriv från 2026-06-01, till 2026-05-31 eller 2026-01-01 – 2026-05-31.";
    let mut day = |part: Slice<'_>| {
        let read = types::date(part.text);
        if read.is_none() {
            let at = if part.is_empty() { at } else { part };
            reader.error(
                "S046",
                at,
                format!("{} är ingen dag som finns.", shown(at)),
                "ingen dag",
                example,
            );
        }
        read
    };
    let days = if let Some(from) = at.strip("från") {
        Validity {
            from: Some(day(from)?),
            to: None,
        }
    } else if let Some(to) = at.strip("till") {
        Validity {
            from: None,
            to: Some(day(to)?),
        }
    } else if let Some((from, to)) = at.split_once("–") {
        let (from, to) = (day(from.trim()), day(to.trim()));
        Validity {
            from: Some(from?),
            to: Some(to?),
        }
    } else {
        day(at);
        return None;
    };
    if let (Some(from), Some(to)) = (days.from, days.to)
        && from > to
    {
        reader.error(
            "S046",
            at,
            "Den första dagen är senare än den sista.",
            "omvänd ordning",
            "Skriv den tidigaste dagen först.",
        );
        return None;
    }
    Some(days)
}

/// The type of a rule without a row under Uppgifter, from its results. `None` if there are none, or mixed.
fn inferred(table: &Table<'_>, rule: &Name) -> Option<Type> {
    let result = |cell: &Slice<'_>| {
        cell.text
            .strip_prefix('→')
            .is_some_and(|name| Name::parse(name).is_ok_and(|name| name == *rule))
    };
    let column = table.head.cells.iter().position(result)?;
    let cells: Vec<Slice<'_>> = table
        .rows
        .iter()
        .map(|row| row.cell(Some(column)))
        .filter(|cell| !cell.is_empty() && !cell.is("ej aktuellt"))
        .collect();
    if cells.is_empty() {
        return None;
    }
    if cells.iter().all(|cell| cell.is("ja") || cell.is("nej")) {
        return Some(Type::YesNo);
    }
    if cells.iter().all(|cell| types::date(cell.text).is_some()) {
        return Some(Type::Date);
    }
    let numbers: Option<Vec<(Decimal, String)>> = cells
        .iter()
        .map(|cell| {
            let end = types::number_end(cell.text);
            Some((types::number(&cell.text[..end])?, cell.from(end).fold()))
        })
        .collect();
    if let Some(numbers) = numbers {
        let unit = &numbers[0].1;
        if numbers.iter().any(|(_, other)| other != unit) {
            return None;
        }
        let min = numbers.iter().map(|(n, _)| *n).min()?;
        let max = numbers.iter().map(|(n, _)| *n).max()?;
        if unit == "kr" {
            return Some(Type::Kronor { min, max });
        }
        return Some(Type::Number {
            min,
            max,
            decimals: numbers.iter().map(|(n, _)| n.scale()).max()?,
            unit: (!unit.is_empty()).then(|| unit.clone()),
        });
    }
    let mut words: Vec<String> = Vec::new();
    for cell in cells {
        let word = cell.unquote().unwrap_or(cell).prose();
        if word.contains(['.', ',', ';']) || types::number_end(&word) > 0 {
            return None;
        }
        if !words.iter().any(|other| fold(other) == fold(&word)) {
            words.push(word);
        }
    }
    (words.len() <= types::CHOICES_MAX).then_some(Type::Choice(words))
}

fn read_rule(reader: &mut Reader, section: &Section<'_>, heading: RuleHeading<'_>, names: &Names) -> Option<Rule> {
    let no_outcomes = Vec::new();
    let outcomes = names.outcomes.get(&heading.name.it).unwrap_or(&no_outcomes);
    if heading.kind == RuleKind::Outcome {
        let at = section.name.range(
            0,
            heading.name.span.end.saturating_sub(section.name.span().start) as usize,
        );
        if !exists(reader, at, &heading.name.it, "Steget", &names.steps) {
            return None;
        }
        if let Some(otherwise) = heading.otherwise
            && !outcomes.contains(&otherwise.fold())
        {
            unknown_outcome(reader, otherwise, &heading.name.it, outcomes, false);
        }
    }
    let transition = heading.transition.and_then(|(from, to, at)| {
        let name = reader.name(at)?.it;
        names
            .fact(reader, at, &name)
            .then(|| at.with(Transition { from, to, choice: name }))
    });
    let place = Place {
        inside: match heading.kind {
            RuleKind::Fact => names.list_of.get(&heading.name.it),
            RuleKind::Outcome => None,
        },
        day: heading.counted_at.into(),
    };
    let table = section.tables.first()?;
    let columns = rule_columns(reader, table, &heading, names);
    let at = |wanted: &Column| {
        columns
            .iter()
            .find(|(_, column)| column.it == *wanted)
            .map(|(at, _)| *at)
    };
    let (id, result, because, law) = (
        at(&Column::Id),
        at(&Column::Result),
        at(&Column::Because),
        at(&Column::Law),
    );
    let result_heading = match heading.kind {
        RuleKind::Fact => format!("→ {}", heading.name.it),
        RuleKind::Outcome => "→ utfall".to_owned(),
    };
    for (column, name) in [
        (id, "id"),
        (result, &result_heading),
        (because, "→ därför att"),
        (law, "→ lagrum"),
    ] {
        if column.is_none() && !(table.head_doubtful && columns.is_empty()) {
            column_missing(reader, table, name);
        }
    }
    let valid = at(&Column::Valid);
    let mut rows: Vec<Row> = Vec::new();
    for line in &table.rows {
        let id = filled(reader, line, id, "id").and_then(|at| reader.plain_name(at, "En rad"));
        let mut tests = Vec::new();
        for (position, column) in &columns {
            let cell = line.cell(Some(*position));
            let test = match &column.it {
                Column::Input(fact) => expressions::test(reader, names, fact, cell, place),
                Column::When if cell.is_empty() => Some(Test::Any),
                Column::When => expressions::condition_in(reader, names, cell, place).map(Test::Condition),
                _ => continue,
            };
            tests.push(cell.with(test.unwrap_or(Test::Any)));
        }
        let value = filled(reader, line, result, &result_heading)
            .and_then(|at| Some(at.with(read_result(reader, at, &heading, names, outcomes, place)?)));
        let because = line.cell(because);
        let valid = line.cell(valid);
        let valid = match valid.is_empty() {
            true => None,
            false => read_validity(reader, valid).map(|days| valid.with(days)),
        };
        let law = line.cell(law);
        let law = if law.is_empty() {
            None
        } else {
            types::lagrum(reader, law)
        };
        let (Some(id), Some(result)) = (id, value) else {
            continue;
        };
        match rows.iter().find(|row: &&Row| row.id.it == id.it) {
            Some(first) => twice(reader, id.span, id.as_str(), first.id.span),
            None => rows.push(Row {
                id,
                tests,
                valid,
                result,
                because: (!because.is_empty()).then(|| because.with(because.prose())),
                law,
                span: line.span(),
            }),
        }
    }
    Some(Rule {
        name: heading.name,
        kind: heading.kind,
        policy: heading.policy,
        counted_at: heading.counted_at,
        transition,
        columns: columns.into_iter().map(|(_, column)| column).collect(),
        rows,
        span: section.heading.span(),
    })
}

fn rule_columns(
    reader: &mut Reader,
    table: &Table<'_>,
    heading: &RuleHeading<'_>,
    names: &Names,
) -> Vec<(usize, Spanned<Column>)> {
    let mut columns: Vec<(usize, Spanned<Column>)> = Vec::new();
    if table.head_doubtful && find_column(table, "id").is_none() {
        // The missing line of dashes is reported, and with it that this row is no heading.
        return columns;
    }
    let result = match heading.kind {
        RuleKind::Fact => heading.name.as_str(),
        RuleKind::Outcome => "utfall",
    };
    let outputs = [
        (result, Column::Result),
        ("därför att", Column::Because),
        ("lagrum", Column::Law),
    ];
    for (at, cell) in table.head.cells.iter().enumerate() {
        let arrow = ["→", "->"].into_iter().find(|arrow| cell.text.starts_with(arrow));
        let word = cell.from(arrow.map_or(0, str::len)).trim();
        let output = outputs.iter().find(|(known, _)| word.is(known));
        let column = match (arrow, output) {
            (Some("→"), Some((_, column))) => Some(column.clone()),
            (_, Some((known, column))) if arrow.is_some() || !known.contains('.') => {
                reader.error(
                    "S020",
                    *cell,
                    "En kolumn med resultat börjar med en pil.",
                    "pil saknas",
                    format!("Skriv → {known}."),
                );
                Some(column.clone())
            }
            (Some(_), _) => {
                let known: Vec<String> = outputs.iter().map(|(known, _)| format!("→ {known}")).collect();
                let message = format!("Kolumnen {} finns inte här.", shown(*cell));
                reader.unknown("S020", *cell, message, "okänd kolumn", known.iter().map(String::as_str));
                // The rows are read as if it had been spelled right.
                let near = reader.nearest(word.text, outputs.iter().map(|(known, _)| *known));
                outputs
                    .iter()
                    .find(|(known, _)| near == Some(known))
                    .map(|(_, column)| column.clone())
            }
            (None, _) if cell.is("id") => Some(Column::Id),
            (None, _) if cell.is("när") => Some(Column::When),
            (None, _) if cell.is("gäller") => Some(Column::Valid),
            (None, _) => input_column(reader, *cell, names, heading),
        };
        let Some(column) = column else { continue };
        match columns.iter().find(|(_, other)| other.it == column) {
            Some((first, _)) => column_twice(reader, *cell, table.head.cells[*first]),
            None => columns.push((at, cell.with(column))),
        }
    }
    columns
}

fn input_column(reader: &mut Reader, cell: Slice<'_>, names: &Names, heading: &RuleHeading<'_>) -> Option<Column> {
    if !cell.text.contains('.') {
        let near = reader
            .nearest(cell.text, ["id", "när", "gäller"])
            .or_else(|| names.meant(reader, cell.text));
        let suggestion = match near {
            Some(word) => format!("Menade du {word}?"),
            None => "Här kan stå id, när, gäller, en uppgift, eller → och ett resultat.".to_owned(),
        };
        reader.error(
            "S020",
            cell,
            format!("Kolumnen {} finns inte här.", shown(cell)),
            "okänd kolumn",
            suggestion,
        );
        return None;
    }
    let name = reader.name(cell)?;
    if !names.fact(reader, cell, &name.it) {
        return None;
    }
    let inside = (heading.kind == RuleKind::Fact)
        .then(|| names.list_of.get(&heading.name.it))
        .flatten();
    if let Some(list) = names.list_of.get(&name.it)
        && inside != Some(list)
    {
        reader.error(
            "S034",
            cell,
            format!(
                "{} är en kolumn i listan {list} och har ett värde per rad.",
                name.as_str()
            ),
            "listans kolumn",
            format!("Skriv en kolumn när med någon({list}: …) eller alla({list}: …)."),
        );
        return None;
    }
    Some(Column::Input(name.it))
}

fn read_result(
    reader: &mut Reader,
    at: Slice<'_>,
    heading: &RuleHeading<'_>,
    names: &Names,
    outcomes: &[String],
    place: Place<'_>,
) -> Option<CellResult> {
    match heading.kind {
        RuleKind::Outcome => {
            let word = at.fold();
            if word == "handläggare" {
                return Some(CellResult::CaseWorker);
            }
            if outcomes.contains(&word) {
                return Some(CellResult::Value(Value::Choice(word)));
            }
            unknown_outcome(reader, at, &heading.name.it, outcomes, true);
            None
        }
        RuleKind::Fact if at.is("ej aktuellt") => Some(CellResult::NotApplicable),
        RuleKind::Fact if at.text.starts_with('=') => match names.ty(&heading.name.it) {
            Some(ty) => {
                let calculation = at.from(1).trim();
                expressions::calculation(reader, names, calculation, ty, place).map(CellResult::Calculated)
            }
            None => {
                reader.error(
                    "S053",
                    at,
                    format!("{} räknas fram men har ingen läsbar typ.", heading.name.it),
                    "typ saknas",
                    "Ange typen på en rad under ## Uppgifter med källan regel.",
                );
                None
            }
        },
        RuleKind::Fact => match names.ty(&heading.name.it) {
            // An assessment's answer alone; its reasons are the row's.
            Some(Type::Assessment) => types::value(reader, "S052", &Type::YesNo, at).map(CellResult::Value),
            Some(ty) => types::value(reader, "S052", ty, at.unquote().unwrap_or(at)).map(CellResult::Value),
            None => {
                // A declared type that cannot be read is reported at its row; what cannot be inferred is reported here.
                reader.error(
                    "S053",
                    at,
                    format!(
                        "Regelns resultat är av olika slag, och {} har ingen läsbar typ.",
                        heading.name.it
                    ),
                    "oklart slag",
                    "Ange typen på en rad under ## Uppgifter med källan regel.",
                );
                None
            }
        },
    }
}

fn unknown_outcome(reader: &mut Reader, at: Slice<'_>, step: &Name, outcomes: &[String], case_worker: bool) {
    let allowed = outcomes
        .iter()
        .map(String::as_str)
        .chain(case_worker.then_some("handläggare"));
    reader.unknown(
        "S033",
        at,
        format!("Steget {step} har inget utfall {}.", shown(at)),
        "okänt utfall",
        allowed,
    );
}

// Utfall

fn read_outcomes(
    reader: &mut Reader,
    section: &Section<'_>,
    names: &Names,
    letters: &[String],
    outcomes: &mut Vec<Outcome>,
) {
    for table in &section.tables {
        let headings = [
            "Steg",
            "Utfall",
            "Slag",
            "Beslutas av",
            "Hörs före",
            "Brev",
            "Överklagas",
            "Kopia till",
        ];
        let [step, name, kind, decider, heard, letter, appeal, copies] = columns(reader, table, headings, 7);
        for row in &table.rows {
            let step = filled(reader, row, step, "Steg").and_then(|at| {
                let step = reader.plain_name(at, "Ett steg")?;
                exists(reader, at, &step.it, "Steget", &names.steps).then_some(step)
            });
            let name = filled(reader, row, name, "Utfall").and_then(|at| {
                let name = reader.plain_name(at, "Ett utfall")?;
                if matches!(name.as_str(), "handläggare" | "väntar" | "stoppas") {
                    reader.error(
                        "S048",
                        at,
                        format!("{} är språkets eget ord och kan inte vara ett utfall.", name.as_str()),
                        "upptaget",
                        "Välj ett annat ord.",
                    );
                    return None;
                }
                Some(at.with(name.it.as_str().to_owned()))
            });
            let kind = filled(reader, row, kind, "Slag").map(|at| {
                let kinds = [
                    ("registrering", OutcomeKind::Registration),
                    ("gynnande", OutcomeKind::Favourable),
                    ("betungande", OutcomeKind::Burdensome),
                    ("kvittens", OutcomeKind::Acknowledgement),
                    ("avtal", OutcomeKind::Agreement),
                ];
                at.with(word(reader, at, "Slag", &kinds).unwrap_or(OutcomeKind::Favourable))
            });
            let decider = filled(reader, row, decider, "Beslutas av")
                .map(|at| at.with(read_decider(reader, at, names).unwrap_or(Decider::Board)));
            let heard_for = filled(reader, row, heard, "Hörs före").map(|at| match at.is("nej") {
                true => at.with(None),
                false => at.with(types::length(reader, at)),
            });
            let letter = filled(reader, row, letter, "Brev").and_then(|at| {
                let name = reader.plain_name(at, "Ett brev")?.it.as_str().to_owned();
                if !letters.contains(&name) {
                    reader.unknown(
                        "S033",
                        at,
                        format!("Brevet brev/{name}.md finns inte."),
                        "fil saknas",
                        letters.iter().map(String::as_str),
                    );
                }
                Some(at.with(name))
            });
            let appeal = filled(reader, row, appeal, "Överklagas")
                .map(|at| at.with(read_appeal(reader, at).unwrap_or_else(|| Appeal::No { reason: String::new() })));
            let copies = row.cell(copies);
            let copies_to = match copies.is_empty() {
                true => Vec::new(),
                false => copies
                    .split(',')
                    .into_iter()
                    .filter(|at| !at.is_empty())
                    .map(|at| at.with(at.prose()))
                    .collect(),
            };
            let (Some(step), Some(name), Some(kind), Some(decider), Some(heard_for), Some(letter), Some(appeal)) =
                (step, name, kind, decider, heard_for, letter, appeal)
            else {
                continue;
            };
            match outcomes
                .iter()
                .find(|other: &&Outcome| other.step.it == step.it && other.name.it == name.it)
            {
                Some(first) => twice(reader, name.span, &name.it, first.name.span),
                None => outcomes.push(Outcome {
                    step,
                    name,
                    kind,
                    decider,
                    heard_for,
                    letter,
                    appeal,
                    copies_to,
                    span: row.span(),
                }),
            }
        }
    }
}

fn read_decider(reader: &mut Reader, at: Slice<'_>, names: &Names) -> Option<Decider> {
    let mut delegation = |at: Slice<'_>| {
        let name = reader.dotted_name(at, "En delegation")?;
        exists(reader, at, &name.it, "Delegationen", &names.delegations).then_some(name.it)
    };
    if let Some(rest) = at.strip("automatiskt enligt").filter(|rest| !rest.is_empty()) {
        return Some(Decider::Automatic {
            delegation: delegation(rest)?,
        });
    }
    if let Some(rest) = at.strip("delegat enligt").filter(|rest| !rest.is_empty()) {
        let (named, condition) = rest.first_word();
        return Some(Decider::Delegate {
            delegation: delegation(named)?,
            when: match condition.is_empty() {
                true => None,
                false => Some(Box::new(delegated_when(reader, condition, names)?)),
            },
        });
    }
    match at.fold().as_str() {
        "nämnd" => Some(Decider::Board),
        "myndighet" => Some(Decider::Agency),
        "ingen" => Some(Decider::Nobody),
        "utföraren" => Some(Decider::Performer),
        _ => {
            let known = [
                "automatiskt enligt <delegation>",
                "delegat enligt <delegation>",
                "nämnd",
                "myndighet",
                "ingen",
                "utföraren",
            ];
            let suggestion = match reader.nearest(at.text, known) {
                Some(word) => format!("Menade du {word}?"),
                None => format!("Här kan stå {}.", list(&known)),
            };
            reader.error(
                "S048",
                at,
                format!("Beslutas av kan inte vara {}.", shown(at)),
                "okänd beslutare",
                suggestion,
            );
            None
        }
    }
}

/// `när servering.till = allmänheten, annars nämnd`
fn delegated_when(reader: &mut Reader, at: Slice<'_>, names: &Names) -> Option<Expr> {
    let parts = at.text.rsplit_once(',').map(|(before, _)| before.len());
    let (condition, otherwise) = match parts {
        Some(comma) => (at.range(0, comma).trim(), at.from(comma + 1).trim()),
        None => (at, at.end()),
    };
    let condition = condition.strip("när").filter(|condition| !condition.is_empty());
    let (Some(condition), true) = (condition, otherwise.is("annars nämnd")) else {
        reader.error(
            "S043",
            at,
            "Beslutanderättens gräns går inte att läsa.",
            "när … eller annars nämnd saknas",
            "Skriv till exempel delegat enligt delegation.alkohol när servering.till = allmänheten, annars nämnd.",
        );
        return None;
    };
    expressions::condition(reader, names, condition)
}

fn read_appeal(reader: &mut Reader, at: Slice<'_>) -> Option<Appeal> {
    let example = "Skriv till exempel förvaltningsbesvär, länsstyrelsen, 3 veckor från del, eller överklagas inte och skälet efter ett kommatecken.";
    let (first, rest) = at.split_once(",").unwrap_or((at, at.end()));
    if first.is("överklagas inte") {
        if rest.is_empty() {
            reader.error(
                "S043",
                at,
                "Skälet till att beslutet inte överklagas saknas.",
                "skäl saknas",
                "Skriv överklagas inte, och skälet efter kommatecknet.",
            );
            return None;
        }
        return Some(Appeal::No { reason: rest.prose() });
    }
    let regimes = [
        ("förvaltningsbesvär", Regime::Administrative),
        ("laglighetsprövning", Regime::LegalityReview),
    ];
    let Some((_, regime)) = regimes.iter().find(|(known, _)| first.is(known)) else {
        let known = ["förvaltningsbesvär", "laglighetsprövning", "överklagas inte"];
        reader.unknown(
            "S048",
            first,
            format!("{} är inget sätt att överklaga.", shown(first)),
            "okänt ord",
            known,
        );
        return None;
    };
    let Some((instance, within)) = rest.split_once(",").filter(|(instance, _)| !instance.is_empty()) else {
        reader.error(
            "S043",
            at,
            "Det står inte var eller hur länge beslutet kan överklagas.",
            "ofullständig",
            example,
        );
        return None;
    };
    let (within, from) = types::length_from(reader, within)?;
    Some(Appeal::To {
        regime: *regime,
        instance: instance.prose(),
        within,
        from,
    })
}

// Parametrar

fn read_parameters(reader: &mut Reader, section: &Section<'_>, names: &mut Names, parameters: &mut Vec<Parameter>) {
    for table in &section.tables {
        let headings = ["Parameter", "Typ", "Sätts av", "Standard", "Räknas vid", "Källa"];
        let [name, ty, set_by, default, counted, source] = columns(reader, table, headings, 6);
        for row in &table.rows {
            let Some(name) =
                filled(reader, row, name, "Parameter").and_then(|at| reader.dotted_name(at, "En parameter"))
            else {
                continue;
            };
            if let Some(first) = parameters
                .iter()
                .find(|parameter: &&Parameter| parameter.name.it == name.it)
            {
                twice(reader, name.span, name.as_str(), first.name.span);
                continue;
            }
            let ty_cell = filled(reader, row, ty, "Typ");
            let ty = ty_cell.and_then(|at| {
                if at.is("delegation") {
                    names.delegations.insert(name.it.clone());
                    return Some(ParameterType::Delegation);
                }
                types::ty(reader, at).map(ParameterType::Value)
            });
            if ty.is_none() {
                names.types.entry(name.it.clone()).or_insert(None);
            }
            let set_by = filled(reader, row, set_by, "Sätts av").and_then(|at| {
                let words = [
                    ("lag", SetBy::Law),
                    ("fullmäktige", SetBy::Council),
                    ("nämnd", SetBy::Board),
                    ("myndighet", SetBy::Agency),
                ];
                Some(at.with(word(reader, at, "Sätts av", &words)?))
            });
            let default = filled(reader, row, default, "Standard").map(|at| {
                let read = ty.as_ref().and_then(|ty| read_default(reader, at, ty));
                at.with(read.unwrap_or(ParameterDefault::None))
            });
            let counted = row.cell(counted);
            let counted_at = match counted.is_empty() {
                true => CountedAt::Decision,
                false => word(reader, counted, "Räknas vid", &COUNTED).unwrap_or_default(),
            };
            let source = row.cell(source);
            let stand_in = name.span;
            let (Some(ty), Some(ty_cell)) = (ty, ty_cell) else {
                continue;
            };
            parameters.push(Parameter {
                ty: ty_cell.with(ty),
                set_by: set_by.unwrap_or(Spanned {
                    it: SetBy::Board,
                    span: stand_in,
                }),
                default: default.unwrap_or(Spanned {
                    it: ParameterDefault::None,
                    span: stand_in,
                }),
                counted_at,
                source: (!source.is_empty()).then(|| source.with(source.prose())),
                span: row.span(),
                name,
            });
        }
    }
}

fn read_default(reader: &mut Reader, at: Slice<'_>, ty: &ParameterType) -> Option<ParameterDefault> {
    if at.is("saknas") {
        return Some(ParameterDefault::None);
    }
    let ty = match ty {
        ParameterType::Delegation if at.is("handläggare") => return Some(ParameterDefault::CaseWorker),
        ParameterType::Delegation => {
            reader.unknown(
                "S048",
                at,
                "En delegation har inget sådant värde.",
                "okänt ord",
                ["saknas", "handläggare"],
            );
            return None;
        }
        ParameterType::Value(ty) => ty,
    };
    let mut dated: Vec<(Option<Date>, Value)> = Vec::new();
    let parts = at.split(';');
    for part in &parts {
        let words = types::split_words(*part);
        let from = words.iter().rposition(|word| word.is("från"));
        let (value, day) = match from {
            None => (*part, None),
            Some(from) => {
                let start = (words[from].span().start - part.span().start) as usize;
                let day = part.from(start + words[from].text.len()).trim();
                let Some(date) = types::date(day.text) else {
                    let at = if day.is_empty() { words[from] } else { day };
                    reader.error(
                        "S046",
                        at,
                        format!("{} är ingen dag som finns.", shown(at)),
                        "ingen dag",
                        "Skriv till exempel 59 200 från 2026-01-01.",
                    );
                    return None;
                };
                (part.range(0, start).trim(), Some(date))
            }
        };
        if parts.len() > 1 && day.is_none() {
            reader.error(
                "S046",
                *part,
                "Värdet säger inte från vilken dag det gäller.",
                "från … saknas",
                "Skriv till exempel 59 200 från 2026-01-01.",
            );
            return None;
        }
        if dated.iter().any(|(other, _)| *other == day) {
            reader.error(
                "S032",
                *part,
                "Två värden gäller från samma dag.",
                "andra gången",
                "Ta bort det ena.",
            );
            return None;
        }
        dated.push((day, types::value(reader, "S052", ty, value)?));
    }
    dated.sort_by_key(|(day, _)| *day);
    Some(ParameterDefault::Dated(dated))
}
