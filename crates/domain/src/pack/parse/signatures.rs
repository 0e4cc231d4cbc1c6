//! `## Underskrifter`: who signs what is sent.

use super::document::{Section, columns, exists, filled, twice};
use super::expressions::{self, Names};
use super::source::{Reader, Slice, list, shown};
use super::types;
use crate::fact::Name;
use crate::finding::Spanned;
use crate::pack::{Expr, Signature, SignedBy, Type};

pub(super) fn read(reader: &mut Reader, section: &Section<'_>, names: &Names, signatures: &mut Vec<Signature>) {
    for table in &section.tables {
        let headings = ["Underskrift", "Skrivs under av", "Steg", "Lagrum"];
        let [id, by, steps, law] = columns(reader, table, headings, 4);
        for row in &table.rows {
            let id = filled(reader, row, id, "Underskrift").and_then(|at| reader.plain_name(at, "En underskrift"));
            let by = filled(reader, row, by, "Skrivs under av").and_then(|at| signed_by(reader, at, names));
            let steps = filled(reader, row, steps, "Steg").map(|at| covered(reader, at, names));
            let law = Some(row.cell(law)).filter(|at| !at.is_empty());
            let law = law.and_then(|at| types::lagrum(reader, at));
            let (Some(id), Some((by, when)), Some(steps)) = (id, by, steps) else {
                continue;
            };
            match signatures.iter().find(|other| other.id.it == id.it) {
                Some(first) => twice(reader, id.span, id.as_str(), first.id.span),
                None => signatures.push(Signature {
                    id,
                    by,
                    when,
                    steps,
                    law,
                    span: row.span(),
                }),
            }
        }
    }
}

/// `alla stiftare.pnr när bolag.stiftas = ja`
fn signed_by(reader: &mut Reader, at: Slice<'_>, names: &Names) -> Option<(Spanned<SignedBy>, Option<Spanned<Expr>>)> {
    let words = types::split_words(at);
    let when = words.iter().find(|word| word.is("när"));
    let (who, when) = match when {
        None => (at, None),
        Some(word) => {
            let start = (word.span().start - at.span().start) as usize;
            let condition = at.from(start + word.text.len()).trim();
            // What cannot be read is reported; the signature is then needed always.
            let read = expressions::condition(reader, names, condition).map(|it| condition.with(it));
            (at.range(0, start).trim(), read)
        }
    };
    let by = match who.fold().as_str() {
        "sökanden" => SignedBy::Applicant,
        "firmatecknare" => SignedBy::Signatories,
        _ => match who.strip("alla").filter(|column| !column.is_empty()) {
            Some(column) => SignedBy::Everyone(person(reader, column, names, true)?),
            None if who.text.contains('.') => SignedBy::Person(person(reader, who, names, false)?),
            None => {
                let known = ["sökanden", "firmatecknare", "alla <lista>.<kolumn>", "<uppgift>"];
                let suggestion = match reader.nearest(who.text, known) {
                    Some(word) => format!("Menade du {word}?"),
                    None => format!("Här kan stå {}.", list(&known)),
                };
                reader.error(
                    "S048",
                    who,
                    format!("{} kan inte skriva under.", shown(who)),
                    "okänd underskrivare",
                    suggestion,
                );
                return None;
            }
        },
    };
    Some((who.with(by), when))
}

/// A fact of type personnummer: in a list if `in_list`, else outside.
fn person(reader: &mut Reader, at: Slice<'_>, names: &Names, in_list: bool) -> Option<Name> {
    let name = reader.dotted_name(at, "En uppgift")?;
    if !names.fact(reader, at, &name.it) {
        return None;
    }
    if names.list_of.contains_key(&name.it) != in_list {
        let (message, suggestion) = match in_list {
            true => (
                format!("{} är ingen kolumn i en lista.", name.it),
                format!("Skriv {}.", name.it),
            ),
            false => (
                format!("{} är en kolumn i en lista och har ett värde per rad.", name.it),
                format!("Skriv alla {}.", name.it),
            ),
        };
        reader.error("S034", at, message, "listans kolumn", suggestion);
        return None;
    }
    match names.ty(&name.it) {
        Some(Type::PersonNr) | None => Some(name.it),
        Some(_) => {
            reader.error(
                "S053",
                at,
                format!("{} är inget personnummer.", name.it),
                "ingen person",
                "Den som skriver under pekas ut av en uppgift av typen personnummer.",
            );
            None
        }
    }
}

fn covered(reader: &mut Reader, at: Slice<'_>, names: &Names) -> Vec<Spanned<Name>> {
    if at.is("alla") {
        return Vec::new();
    }
    let steps = at.split(',').into_iter().filter_map(|at| {
        let step = reader.plain_name(at, "Ett steg")?;
        exists(reader, at, &step.it, "Steget", &names.steps).then_some(step)
    });
    steps.collect()
}
