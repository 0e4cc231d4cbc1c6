//! `## Skyldigheter`: what the person must do after a decision.

use super::document::{Section, columns, exists, filled, read_after, twice};
use super::expressions::Names;
use super::source::{Reader, Slice, list, shown};
use super::types;
use crate::pack::{Due, DueFrom, Duty};
use crate::words::time::MONTHS;

pub(super) fn read(reader: &mut Reader, section: &Section<'_>, names: &Names, duties: &mut Vec<Duty>) {
    for table in &section.tables {
        let headings = ["id", "Efter", "Skyldighet", "Senast", "Till", "Lagrum"];
        let [id, after, text, due, to, law] = columns(reader, table, headings, 6);
        for row in &table.rows {
            let id = filled(reader, row, id, "id").and_then(|at| reader.plain_name(at, "En skyldighet"));
            let after =
                filled(reader, row, after, "Efter").and_then(|at| Some(at.with(read_after(reader, at, names)?)));
            let text = filled(reader, row, text, "Skyldighet").map(|at| at.with(at.prose()));
            let due = filled(reader, row, due, "Senast").and_then(|at| Some(at.with(read_due(reader, at)?)));
            let optional = |column: Option<usize>| Some(row.cell(column)).filter(|at| !at.is_empty());
            let to = optional(to).and_then(|at| {
                let role = reader.plain_name(at, "En roll")?;
                exists(reader, at, &role.it, "Rollen", &names.roles).then_some(role)
            });
            let law = optional(law).and_then(|at| types::lagrum(reader, at));
            let (Some(id), Some(after), Some(text), Some(due)) = (id, after, text, due) else {
                continue;
            };
            match duties.iter().find(|other| other.id.it == id.it) {
                Some(first) => twice(reader, id.span, id.as_str(), first.id.span),
                None => duties.push(Duty {
                    id,
                    after,
                    text,
                    due,
                    to,
                    law,
                    span: row.span(),
                }),
            }
        }
    }
}

/// `2 månader från händelse`, `1 mars varje år`, `i förväg`, `genast`, `löpande`
fn read_due(reader: &mut Reader, at: Slice<'_>) -> Option<Due> {
    match at.fold().as_str() {
        "i förväg" => return Some(Due::Before),
        "genast" => return Some(Due::AtOnce),
        "löpande" => return Some(Due::Always),
        _ => {}
    }
    let words = types::split_words(at);
    if let [day, month, each, year] = words[..]
        && each.is("varje")
        && year.is("år")
    {
        return yearly(reader, at, day, month);
    }
    if let Some((from, event)) = words.iter().zip(words.iter().skip(1)).find(|(from, _)| from.is("från"))
        && event.is("händelse")
    {
        let end = (from.span().start - at.span().start) as usize;
        return Some(Due::Within(
            types::length(reader, at.range(0, end).trim())?,
            DueFrom::Event,
        ));
    }
    if words.iter().any(|word| word.is("från")) {
        let (length, start) = types::length_from(reader, at)?;
        return Some(Due::Within(length, DueFrom::Start(start)));
    }
    let known = [
        "2 månader från händelse",
        "1 mars varje år",
        "i förväg",
        "genast",
        "löpande",
    ];
    let suggestion = match reader.nearest(at.text, known) {
        Some(known) => format!("Menade du {known}?"),
        None => format!("Här kan stå {}.", list(&known)),
    };
    reader.error(
        "S047",
        at,
        format!("{} går inte att läsa som en tid.", shown(at)),
        "ingen tid",
        suggestion,
    );
    None
}

fn yearly(reader: &mut Reader, at: Slice<'_>, day: Slice<'_>, month: Slice<'_>) -> Option<Due> {
    let Some(number) = MONTHS.iter().position(|known| month.is(known)) else {
        reader.unknown(
            "S046",
            month,
            format!("{} är ingen månad.", shown(month)),
            "ingen månad",
            MONTHS,
        );
        return None;
    };
    let month = number as i8 + 1;
    // A year that is no leap year: the day must exist every year.
    let day = day.text.parse::<i8>().ok();
    let day = day.filter(|day| jiff::civil::Date::new(2027, month, *day).is_ok());
    if day.is_none() {
        reader.error(
            "S046",
            at,
            "Dagen finns inte varje år.",
            "ingen dag",
            "Skriv till exempel 1 mars varje år.",
        );
    }
    Some(Due::Yearly { month, day: day? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::FileId;
    use crate::pack::{Length, Start, Unit};

    #[test]
    fn the_time_of_a_duty_is_read_and_written_back() {
        let months = |number| Length {
            number,
            unit: Unit::Months,
        };
        for (text, due) in [
            ("2 månader från händelse", Due::Within(months(2), DueFrom::Event)),
            (
                "1 månad från beslut",
                Due::Within(months(1), DueFrom::Start(Start::Decision)),
            ),
            ("1 mars varje år", Due::Yearly { month: 3, day: 1 }),
            ("i förväg", Due::Before),
            ("genast", Due::AtOnce),
            ("löpande", Due::Always),
        ] {
            let mut reader = Reader::default();
            let read = read_due(&mut reader, Slice::of(FileId(0), text));
            assert_eq!(read.as_ref(), Some(&due), "{:?}", reader.findings);
            assert_eq!(due.to_string(), text);
        }
        for text in ["30 februari varje år", "1 måndag varje år", "snart", "2 från händelse"] {
            let mut reader = Reader::default();
            assert_eq!(read_due(&mut reader, Slice::of(FileId(0), text)), None, "{text}");
            assert_eq!(reader.findings.len(), 1, "{text}");
        }
    }
}
