//! `exempel.md` and scenario files: what is given, and what is expected.

use std::collections::BTreeMap;

use super::document::{columns, exists};
use super::expressions::Names;
use super::markdown::{self, Part, Table, TableRow};
use super::source::{Reader, Slice, list, shown};
use super::types;
use crate::fact::{NONE_CHOSEN, Name, Value};
use crate::finding::{Finding, Span, Spanned};
use crate::pack::{Derived, Example, Expected, Given, GivenState, Pack, Source, Type};

struct Draft<'a> {
    heading: Slice<'a>,
    title: Slice<'a>,
    tables: Vec<Table<'a>>,
}

const FORM: &str = "Skriv först tabellen Uppgift | Värde och sedan tabellen Steg | Utfall | Grund.";

/// `exempel.md`
pub(super) fn read(reader: &mut Reader, pack: &Pack, names: &Names, file: Slice<'_>) -> Vec<Example> {
    let drafts = drafts(reader, file, false);
    if drafts.is_empty() {
        reader.error(
            "S070",
            file.first_line(),
            "Filen har inga exempel.",
            "exempel saknas",
            "Skriv ## Exempel: och en rubrik, och sedan exemplets två tabeller.",
        );
    }
    let mut examples: Vec<Example> = Vec::new();
    for draft in drafts {
        let Some(example) = example(reader, pack, names, &draft) else {
            continue;
        };
        if let Some(first) = examples.iter().find(|other| other.title.it == example.title.it) {
            let finding = Finding::error("S032", example.title.span, "Exemplet finns redan.")
                .label("andra gången")
                .related(first.title.span, "första gången")
                .suggest("Byt rubrik på det ena.");
            reader.report(finding);
        }
        examples.push(example);
    }
    examples
}

/// A scenario file: one example.
pub(super) fn scenario(reader: &mut Reader, pack: &Pack, names: &Names, file: Slice<'_>) -> Option<Example> {
    let mut drafts = drafts(reader, file, true).into_iter();
    let Some(first) = drafts.next() else {
        reader.error(
            "S070",
            file.first_line(),
            "Scenariot har ingen rubrik.",
            "rubrik saknas",
            "Börja med # och en rubrik.",
        );
        return None;
    };
    if let Some(second) = drafts.next() {
        reader.error(
            "S070",
            second.heading,
            "En scenariofil har ett enda scenario.",
            "andra scenariot",
            "Lägg det i en egen fil.",
        );
    }
    example(reader, pack, names, &first)
}

fn drafts<'a>(reader: &mut Reader, file: Slice<'a>, scenario: bool) -> Vec<Draft<'a>> {
    let mut drafts: Vec<Draft<'a>> = Vec::new();
    // Below a heading that is not understood nothing is read.
    let mut skipping = false;
    for part in markdown::parts(reader, file) {
        match part {
            Part::Heading { level: 1, .. } if !scenario => {
                if !drafts.is_empty() {
                    skipping = true;
                }
            }
            Part::Heading {
                level: level @ (1 | 2),
                text,
            } => {
                let title = match text.split_once(":") {
                    Some((word, title)) if word.is("exempel") => Some(title),
                    _ if level == 1 => Some(text),
                    _ => None,
                };
                match title {
                    Some(title) if !title.is_empty() => {
                        skipping = false;
                        drafts.push(Draft {
                            heading: text,
                            title,
                            tables: Vec::new(),
                        });
                    }
                    Some(_) => {
                        skipping = true;
                        reader.error(
                            "S016",
                            text,
                            "Exemplet har ingen rubrik.",
                            "rubrik saknas",
                            "Skriv ## Exempel: och vad det visar.",
                        );
                    }
                    None => {
                        skipping = true;
                        reader.unknown(
                            "S012",
                            text,
                            format!("Avsnittet {} finns inte här.", shown(text)),
                            "okänt avsnitt",
                            ["Exempel: …"],
                        );
                    }
                }
            }
            Part::Heading { .. } | Part::Paragraph(_) => {}
            Part::Table(table) => match drafts.last_mut() {
                _ if skipping => {}
                Some(draft) => draft.tables.push(table),
                None => reader.error(
                    "S018",
                    table.head.line,
                    "Tabellen hör inte till något exempel.",
                    "före första exemplet",
                    "Skriv ## Exempel: och en rubrik ovanför.",
                ),
            },
        }
    }
    drafts
}

fn example(reader: &mut Reader, pack: &Pack, names: &Names, draft: &Draft<'_>) -> Option<Example> {
    let first_heading = |table: &Table<'_>| {
        table
            .head
            .cells
            .first()
            .is_some_and(|cell| cell.is("uppgift") || cell.is("värde"))
    };
    let (given, expected) = match &draft.tables[..] {
        [given, expected] if first_heading(given) && !first_heading(expected) => (given, expected),
        [_, _, third, ..] => {
            reader.error(
                "S070",
                third.head.line,
                "Ett exempel har två tabeller.",
                "tredje tabellen",
                FORM,
            );
            return None;
        }
        _ => {
            reader.error(
                "S070",
                draft.heading,
                "Exemplet har inte sina två tabeller.",
                "två tabeller saknas eller är omkastade",
                FORM,
            );
            return None;
        }
    };
    let given = read_given(reader, pack, names, given);
    let (expected, derived) = read_expected(reader, pack, names, expected);
    Some(Example {
        title: draft.title.with(draft.title.prose()),
        given,
        expected,
        derived,
        span: draft.heading.span(),
    })
}

fn read_given(reader: &mut Reader, pack: &Pack, names: &Names, table: &Table<'_>) -> Vec<Given> {
    let [fact, value] = columns(reader, table, ["Uppgift", "Värde"], 2);
    let mut given: Vec<Given> = Vec::new();
    let mut seen: BTreeMap<(Name, Option<u32>), Span> = BTreeMap::new();
    let mut items: BTreeMap<Name, u32> = BTreeMap::new();
    if fact.is_none() || value.is_none() {
        return given;
    }
    for row in &table.rows {
        let (at, value) = (row.cell(fact), row.cell(value));
        if empty(reader, row, at, "Uppgift") {
            continue;
        }
        let day = [Example::APPLICATION_DAY, Example::DECISION_DAY]
            .into_iter()
            .find(|word| at.is(word));
        let empty_list = names
            .lists
            .keys()
            .find(|list| at.is(list.as_str()) && value.is(NONE_CHOSEN));
        let found = match (day, empty_list) {
            (Some(day), _) => Name::parse(day).ok().map(|name| (name, None)),
            (None, Some(list)) => Some((list.clone(), None)),
            (None, None) => slot(reader, names, at, &mut items),
        };
        let Some((name, item)) = found else {
            continue;
        };
        if let Some(first) = seen.insert((name.clone(), item), at.span()) {
            let finding = Finding::error("S032", at.span(), format!("{name} finns redan."))
                .label("andra gången")
                .related(first, "första gången")
                .suggest("Ta bort den ena.");
            reader.report(finding);
            continue;
        }
        if empty(reader, row, value, "Värde") {
            continue;
        }
        if day.is_some() {
            if let Some(value) = types::value(reader, "S046", &Type::Date, value).map(|day| value.with(day)) {
                given.push(Given {
                    fact: at.with(name),
                    item,
                    state: Spanned {
                        it: GivenState::Value(value.it),
                        span: value.span,
                    },
                });
            }
            continue;
        }
        if empty_list.is_some() {
            given.push(Given {
                fact: at.with(name),
                item,
                state: value.with(GivenState::Value(Value::Set(Default::default()))),
            });
            continue;
        }
        let Some(read) = pack.fact(&name) else { continue };
        if let Some(state) = state(reader, &name, &read.ty.it, &read.source.it, value) {
            given.push(Given {
                fact: at.with(name),
                item,
                state: value.with(state),
            });
        }
    }
    given
}

fn empty(reader: &mut Reader, row: &TableRow<'_>, cell: Slice<'_>, heading: &str) -> bool {
    if cell.is_empty() && !row.broken {
        reader.error(
            "S024",
            cell,
            format!("Cellen under {heading} är tom."),
            "tom",
            format!("Fyll i {heading}."),
        );
    }
    cell.is_empty()
}

/// `gas.inne` or `ägare[1].andel`. Rows of a list are counted from 1 without gaps.
fn slot(
    reader: &mut Reader,
    names: &Names,
    at: Slice<'_>,
    items: &mut BTreeMap<Name, u32>,
) -> Option<(Name, Option<u32>)> {
    let Some((list_part, rest)) = at.split_once("[") else {
        let name = reader.name(at)?.it;
        if names.lists.contains_key(&name) {
            reader.error(
                "S072",
                at,
                format!("{name} är en lista."),
                "rad och kolumn saknas",
                format!("Skriv {name}[1].<kolumn>, eller {name} | {NONE_CHOSEN} för en tom lista."),
            );
            return None;
        }
        if !names.fact(reader, at, &name) {
            return None;
        }
        if let Some(list) = names.list_of.get(&name) {
            let column = name.as_str().split_once('.').map_or("", |(_, column)| column);
            reader.error(
                "S072",
                at,
                format!("{name} är en kolumn i listan {list}."),
                "rad saknas",
                format!("Skriv {list}[1].{column}."),
            );
            return None;
        }
        return Some((name, None));
    };
    let list = reader.name(list_part)?.it;
    let Some(max) = names.lists.get(&list).copied() else {
        reader.unknown(
            "S033",
            list_part,
            format!("Listan {list} finns inte."),
            "okänd lista",
            names.lists.keys().map(Name::as_str),
        );
        return None;
    };
    let example = format!("Skriv till exempel {list}[1].<kolumn>; rader räknas från 1.");
    let Some((number_part, column)) = rest.split_once("].") else {
        reader.error("S072", at, "Listans rad går inte att läsa.", "fel skrivet", example);
        return None;
    };
    let Some(number) = number_part.text.parse::<u32>().ok().filter(|n| (1..=max).contains(n)) else {
        reader.error(
            "S072",
            number_part,
            format!("Listan {list} har raderna 1–{max}."),
            "ingen sådan rad",
            example,
        );
        return None;
    };
    let Ok(name) = Name::parse(&format!("{list}.{}", column.text)) else {
        reader.name(column);
        return None;
    };
    if names.list_of.get(&name) != Some(&list) {
        let columns = names
            .list_of
            .iter()
            .filter(|(_, of)| **of == list)
            .filter_map(|(column, _)| Some(column.as_str().split_once('.')?.1));
        reader.unknown(
            "S033",
            column,
            format!("Listan {list} har ingen kolumn {}.", column.text),
            "okänd kolumn",
            columns,
        );
        return None;
    }
    let last = items.entry(list.clone()).or_default();
    if number > *last + 1 {
        reader.error(
            "S072",
            number_part,
            format!("Rad {} i listan {list} saknas.", *last + 1),
            "hoppar över en rad",
            "Räkna raderna från 1 i ordning.",
        );
        return None;
    }
    *last = number.max(*last);
    Some((name, Some(number - 1)))
}

fn state(reader: &mut Reader, fact: &Name, ty: &Type, source: &Source, at: Slice<'_>) -> Option<GivenState> {
    let from_register = matches!(source, Source::Register(_));
    if matches!(source, Source::Rule | Source::Step(_)) {
        reader.error(
            "S071",
            at,
            format!("{fact} räknas fram och kan inte anges."),
            "räknas fram",
            "Ta bort raden, och ange det som den räknas fram ur.",
        );
        return None;
    }
    let (first, rest) = at
        .split_once(";")
        .map_or((at, None), |(first, rest)| (first, Some(rest)));
    let word = first.fold();
    let register_only = |reader: &mut Reader, at: Slice<'_>| {
        if !from_register {
            reader.error(
                "S071",
                at,
                format!("{fact} kommer inte ur ett register."),
                "bara för register",
                "Skriv ett värde, eller obesvarad.",
            );
        }
        from_register
    };
    match word.as_str() {
        "obesvarad" | "ingen post" => {
            if let Some(rest) = rest {
                reader.error(
                    "S071",
                    rest,
                    format!("Efter {word} står ingenting."),
                    "hör inte hit",
                    "Ta bort det.",
                );
                return None;
            }
            if word == "obesvarad" {
                return Some(GivenState::Unanswered);
            }
            return register_only(reader, first).then_some(GivenState::NoRecord);
        }
        "ur funktion" | "avtalet återkallat" => {
            if !register_only(reader, first) {
                return None;
            }
            let answer = match rest {
                None => None,
                Some(answer) => Some(types::value(reader, "S052", ty, answer)?),
            };
            return Some(if word == "ur funktion" {
                GivenState::Down(answer)
            } else {
                GivenState::Revoked(answer)
            });
        }
        "ej aktuellt" => {
            reader.error(
                "S071",
                at,
                "Ett exempel kan inte säga att en uppgift är ej aktuell; det följer av regler och register.",
                "kan inte anges",
                "Ta bort raden, eller skriv ingen post.",
            );
            return None;
        }
        _ => {}
    }
    // `bestrids:` after the last semicolon that has it, since a text may hold semicolons.
    let disputed = at.text.match_indices(';').find_map(|(semicolon, _)| {
        let after = at.from(semicolon + 1).trim();
        let (word, says) = after.split_once(":")?;
        word.is("bestrids")
            .then(|| (at.range(0, semicolon).trim(), after, says))
    });
    if let Some((value, dispute, says)) = disputed {
        if !register_only(reader, dispute) {
            return None;
        }
        if says.is_empty() {
            reader.error(
                "S071",
                dispute,
                "Vad som är fel saknas.",
                "tomt",
                "Skriv bestrids: och vad sökanden säger är fel.",
            );
            return None;
        }
        return Some(GivenState::Disputed {
            value: types::value(reader, "S052", ty, value)?,
            says: says.prose(),
        });
    }
    types::value(reader, "S052", ty, at).map(GivenState::Value)
}

fn read_expected(reader: &mut Reader, pack: &Pack, names: &Names, table: &Table<'_>) -> (Vec<Expected>, Vec<Derived>) {
    let [step, outcome, grounds] = columns(reader, table, ["Steg", "Utfall", "Grund"], 3);
    let mut expected: Vec<Expected> = Vec::new();
    let mut derived: Vec<Derived> = Vec::new();
    if step.is_none() || outcome.is_none() {
        return (expected, derived);
    }
    for row in &table.rows {
        let (at, outcome, grounds_cell) = (row.cell(step), row.cell(outcome), row.cell(grounds));
        if empty(reader, row, at, "Steg") {
            continue;
        }
        // Steps have names without a dot.
        if at.text.contains('.') {
            let Some(read) = read_derived(reader, pack, names, row, [at, outcome, grounds_cell]) else {
                continue;
            };
            match derived.iter().find(|other| other.fact.it == read.fact.it) {
                Some(first) => twice(reader, &read.fact, first.fact.span),
                None => derived.push(read),
            }
            continue;
        }
        let Some(step) = reader.plain_name(at, "Ett steg") else {
            continue;
        };
        let submission = step.as_str() == "inskickning";
        if !submission && !exists(reader, at, &step.it, "Steget", &names.steps) {
            continue;
        }
        if let Some(first) = expected.iter().find(|other| other.step.it == step.it) {
            let first = first.step.span;
            twice(reader, &step, first);
            continue;
        }
        if empty(reader, row, outcome, "Utfall") {
            continue;
        }
        let word = outcome.fold();
        let own = names.outcomes.get(&step.it).into_iter().flatten().map(String::as_str);
        let allowed: Vec<&str> = match submission {
            true => vec!["stoppas", Expected::ALL_SIGN],
            false => own.chain(["behövs inte", "handläggare", "väntar"]).collect(),
        };
        if !allowed.contains(&word.as_str()) {
            reader.unknown(
                "S033",
                outcome,
                format!("{} har inget utfall {}.", step.as_str(), shown(outcome)),
                "okänt utfall",
                allowed,
            );
            continue;
        }
        let grounds = match submission || grounds_cell.is_empty() {
            true => Vec::new(),
            false => grounds_cell
                .split(',')
                .into_iter()
                .filter_map(|at| ground(reader, pack, at, grounds_cell))
                .collect(),
        };
        if submission && word != Expected::ALL_SIGN {
            empty(reader, row, grounds_cell, "Grund");
        }
        expected.push(Expected {
            step,
            outcome: outcome.with(word),
            grounds,
            grounds_text: grounds_cell.prose(),
        });
    }
    (expected, derived)
}

fn twice(reader: &mut Reader, name: &Spanned<Name>, first: Span) {
    let finding = Finding::error("S032", name.span, format!("{} finns redan.", name.it))
        .label("andra gången")
        .related(first, "första gången")
        .suggest("Ta bort den ena.");
    reader.report(finding);
}

/// `| avgift.registrering | 2 400 | ab |`
fn read_derived(
    reader: &mut Reader,
    pack: &Pack,
    names: &Names,
    row: &TableRow<'_>,
    [at, value, grounds]: [Slice<'_>; 3],
) -> Option<Derived> {
    let fact = reader.name(at)?;
    if !names.fact(reader, at, &fact.it) {
        return None;
    }
    let rule = pack.rule(&fact.it).filter(|_| !names.list_of.contains_key(&fact.it));
    let (Some(rule), Some(Some(ty))) = (rule, names.types.get(&fact.it)) else {
        reader.error(
            "S071",
            at,
            format!("{} är ingen uppgift som en regel ger ett värde.", fact.it),
            "räknas inte fram",
            "Skriv ett steg, eller en uppgift som en regel ger; det som anges står i den första tabellen.",
        );
        return None;
    };
    if empty(reader, row, value, "Utfall") {
        return None;
    }
    let state = match value.is("ej aktuellt") {
        true => value.with(None),
        false => value.with(Some(types::value(reader, "S052", ty, value)?)),
    };
    let ground = match grounds.is_empty() {
        true => None,
        false => Some(ground(reader, pack, grounds, grounds)?),
    };
    if let Some(ground) = &ground
        && !rule.rows.iter().any(|row| row.id.it == ground.it)
    {
        let rows: Vec<&str> = rule.rows.iter().map(|row| row.id.as_str()).collect();
        reader.error(
            "S033",
            grounds,
            format!("Regeln {} har ingen rad {}.", fact.it, ground.it),
            "en annan regels rad",
            format!("Här kan stå {}.", list(&rows)),
        );
        return None;
    }
    Some(Derived {
        fact,
        value: state,
        row: ground,
    })
}

fn ground(reader: &mut Reader, pack: &Pack, at: Slice<'_>, whole: Slice<'_>) -> Option<Spanned<Name>> {
    if at.is_empty() {
        reader.error(
            "S051",
            whole,
            "En grund saknas.",
            "tomt vid kommatecknet",
            "Skriv en rads id på var sida om kommatecknet.",
        );
        return None;
    }
    let id = reader.plain_name(at, "En rad")?;
    let rows = || pack.rules.iter().flat_map(|rule| &rule.rows).map(|row| row.id.as_str());
    if rows().any(|row| row == id.as_str()) {
        return Some(id);
    }
    let suggestion = match reader.nearest(at.text, rows()) {
        Some(row) => format!("Menade du {row}?"),
        None => match rows().collect::<Vec<_>>() {
            few if few.len() <= 12 => format!("Här kan stå {}.", list(&few)),
            _ => "Skriv id på raderna i tjänstens regler.".to_owned(),
        },
    };
    reader.error(
        "S033",
        at,
        format!("Ingen regel har raden {}.", shown(at)),
        "okänd rad",
        suggestion,
    );
    None
}
