//! `## Osäkert`: what the authors are not sure of, tied to the part of the document that it is about.

use super::document::{Section, columns, filled};
use super::source::{Reader, Slice, shown};
use crate::fact::Name;
use crate::pack::{About, Pack, Rule, Uncertain};

/// Read last: it may name anything in the document.
pub(super) fn read(reader: &mut Reader, section: &Section<'_>, pack: &Pack) -> Vec<Uncertain> {
    let mut all = Vec::new();
    for table in &section.tables {
        let headings = ["Gäller", "Vad är osäkert", "Hur det kontrolleras"];
        let [about, what, check] = columns(reader, table, headings, 3);
        for row in &table.rows {
            let about =
                filled(reader, row, about, "Gäller").and_then(|at| Some(at.with(read_about(reader, at, pack)?)));
            let what = filled(reader, row, what, "Vad är osäkert").map(|at| at.with(at.prose()));
            let check = Some(row.cell(check)).filter(|at| !at.is_empty());
            let (Some(about), Some(what)) = (about, what) else {
                continue;
            };
            all.push(Uncertain {
                about,
                what,
                check: check.map(|at| at.with(at.prose())),
                span: row.span(),
            });
        }
    }
    all
}

fn read_about(reader: &mut Reader, at: Slice<'_>, pack: &Pack) -> Option<About> {
    let (first, rest) = at.first_word();
    let name = reader.name(first)?.it;
    if !rest.is_empty() {
        return row(reader, first, rest, name, pack);
    }
    let found = if pack.fact(&name).is_some() || pack.parameter(&name).is_some() || pack.rule(&name).is_some() {
        Some(About::Named(name.clone()))
    } else if pack.step(&name).is_some() {
        Some(About::Step(name.clone()))
    } else if pack.role(&name).is_some() {
        Some(About::Role(name.clone()))
    } else if pack.list(&name).is_some() {
        Some(About::List(name.clone()))
    } else if pack.controls.iter().any(|control| control.id.it == name) {
        Some(About::Control(name.clone()))
    } else if pack.signatures.iter().any(|signature| signature.id.it == name) {
        Some(About::Signature(name.clone()))
    } else if pack.duties.iter().any(|duty| duty.id.it == name) {
        Some(About::Duty(name.clone()))
    } else {
        None
    };
    if found.is_none() {
        let columns = pack.lists.iter().flat_map(|list| &list.columns);
        let facts = pack.facts.iter().chain(columns).map(|fact| fact.name.as_str());
        let known = facts
            .chain(pack.parameters.iter().map(|parameter| parameter.name.as_str()))
            .chain(pack.steps.iter().map(|step| step.name.as_str()))
            .chain(pack.roles.iter().map(|role| role.name.as_str()))
            .chain(pack.duties.iter().map(|duty| duty.id.as_str()));
        reader.unknown("S033", at, format!("{} finns inte.", shown(at)), "finns inte", known);
    }
    found
}

/// `gasol.behövs g1`: a rule and one of its rows.
fn row(reader: &mut Reader, first: Slice<'_>, rest: Slice<'_>, name: Name, pack: &Pack) -> Option<About> {
    let Some(rule) = pack.rule(&name).or_else(|| pack.outcome_rule(&name)) else {
        let known = pack.rules.iter().map(|rule: &Rule| rule.name.as_str());
        reader.unknown("S033", first, format!("Regeln {name} finns inte."), "finns inte", known);
        return None;
    };
    let id = reader.name(rest)?.it;
    if !rule.rows.iter().any(|row| row.id.it == id) {
        let known = rule.rows.iter().map(|row| row.id.as_str());
        reader.unknown(
            "S033",
            rest,
            format!("Regeln {name} har ingen rad {id}."),
            "finns inte",
            known,
        );
        return None;
    }
    Some(About::Row(name, id))
}
