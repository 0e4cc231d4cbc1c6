//! What a check says at its end: what each example asks, what registers spare people, what today's forms would have asked.
//!
//! Always true: every figure is counted from the examples as the engine plays them and from `blanketter.md`; a service without
//! that file gets no figure for today, and is told how to add one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use samverk_domain::check::Report;
use samverk_domain::check::play::Played;
use samverk_domain::fact::{Name, listed};

use crate::forms::{self, Forms, Today};

/// What is shown of the examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Examples {
    /// One line for all of them.
    InShort,
    /// A row for each.
    Each,
}

/// For a terminal. `todays`: `blanketter.md`, when the service has one that could be read.
pub fn in_words(report: &Report, todays: Option<&Forms>, examples: Examples) -> String {
    let mut out = String::new();
    let today: Option<Vec<Today>> =
        todays.map(|forms| report.examples.iter().map(|it| forms::today(forms, it)).collect());
    if !report.examples.is_empty() {
        match examples {
            Examples::InShort => in_short(&report.examples, today.as_deref(), &mut out),
            Examples::Each => each(&report.examples, today.as_deref(), &mut out),
        }
        if today.is_none() {
            let _ = writeln!(
                out,
                "Dagens blanketter är inte räknade: skriv {}, så står det också hur ofta de frågar (docs/language.md).",
                forms::FILE
            );
        }
    }
    if !report.registers.is_empty() {
        let _ = writeln!(out, "Uppgifter som hämtas, per register:");
    }
    for (register, facts) in &report.registers {
        let names: Vec<&str> = facts.iter().map(|(name, _)| name.as_str()).collect();
        let _ = writeln!(out, "  {register} ({}): {}", facts.len(), names.join(", "));
    }
    let automatic: Vec<String> = report
        .automatic
        .iter()
        .map(|(step, outcome)| format!("{step}: {outcome}"))
        .collect();
    let _ = writeln!(
        out,
        "Beslutas automatiskt, om nämnden har delegerat det: {}",
        if automatic.is_empty() {
            "inget".to_owned()
        } else {
            automatic.join(", ")
        }
    );
    let _ = writeln!(out, "Rättsliga hinder: {}", report.obstacles.len());
    for obstacle in &report.obstacles {
        let _ = writeln!(out, "  {obstacle}");
    }
    out
}

/// `66 exempel: 10–27 frågor, 11–17 uppgifter hämtade ur bolag och skatt; på dagens blanketter 9–45 frågor.`
fn in_short(played: &[Played], today: Option<&[Today]>, out: &mut String) {
    let _ = write!(
        out,
        "{} exempel: {} frågor, {} uppgifter hämtade",
        played.len(),
        span(played.iter().map(|it| it.asked)),
        span(played.iter().map(|it| it.fetched))
    );
    let registers: std::collections::BTreeSet<&Name> = played.iter().flat_map(|it| it.fetched_from.keys()).collect();
    let registers: Vec<String> = registers.into_iter().map(Name::to_string).collect();
    if let Some(registers) = listed(&registers) {
        let _ = write!(out, " ur {registers}");
    }
    if let Some(today) = today {
        let askings = today.iter().map(|it| it.askings as usize);
        let _ = write!(out, "; på dagens blanketter {} frågor", span(askings));
    }
    out.push_str(". Vart och ett: --scenarier.\n");
}

/// `10–27`, or `4` when all are the same.
fn span(numbers: impl Iterator<Item = usize> + Clone) -> String {
    match (numbers.clone().min(), numbers.max()) {
        (Some(least), Some(most)) if least < most => format!("{least}–{most}"),
        (_, most) => most.unwrap_or(0).to_string(),
    }
}

fn each(played: &[Played], today: Option<&[Today]>, out: &mut String) {
    let width = played.iter().map(|it| it.title.chars().count()).max().unwrap_or(0);
    let width = width.max("Exempel".len());
    let _ = write!(out, "{:width$}  frågor  hämtas", "Exempel");
    let _ = writeln!(out, "{}  ur", if today.is_some() { "  i dag     här" } else { "" });
    for (at, it) in played.iter().enumerate() {
        let padding = " ".repeat(width - it.title.chars().count());
        let _ = write!(out, "{}{padding}  {:>6}  {:>6}", it.title, it.asked, it.fetched);
        if let Some(today) = today.and_then(|today| today.get(at)) {
            let here = format!("{} av {}", today.still_asked, today.things);
            let _ = write!(out, "  {:>5} {here:>7}", today.askings);
        }
        let from: Vec<String> = it
            .fetched_from
            .iter()
            .map(|(register, count)| format!("{register} {count}"))
            .collect();
        let _ = write!(
            out,
            "  {}",
            if from.is_empty() {
                "–".to_owned()
            } else {
                from.join(", ")
            }
        );
        if !it.automatic.is_empty() {
            let steps: Vec<&str> = it.automatic.iter().map(Name::as_str).collect();
            let _ = write!(out, "; automatiskt: {}", steps.join(", "));
        }
        out.push('\n');
    }
    out.push_str("frågor: svar som personen ger. hämtas: uppgifter som register ger, och som annars hade frågats.\n");
    if today.is_some() {
        out.push_str(
            "i dag: gånger som dagens blanketter för exemplets steg frågar. här: hur många av de saker som de frågar om som\n\
             personen ändå får svara på, en gång. En sak på en blankett (namn och adress) kan vara flera svar här.\n",
        );
    }
}

/// For programs.
pub fn as_json(report: &Report, todays: Option<&Forms>) -> serde_json::Value {
    let registers: BTreeMap<String, Vec<&str>> = report
        .registers
        .iter()
        .map(|(register, facts)| {
            let names = facts.iter().map(|(name, _)| name.as_str()).collect();
            (register.to_string(), names)
        })
        .collect();
    serde_json::json!({
        "examples": report.examples.iter().map(|played| serde_json::json!({
            "title": played.title,
            "questions": played.asked,
            "fetched": played.fetched,
            "fetched_from": played.fetched_from,
            "questions_without_registers": played.asked + played.fetched,
            "decided_automatically": played.automatic,
            "steps_needed": played.needed,
            "todays_forms": todays.map(|forms| forms::today(forms, played)),
        })).collect::<Vec<_>>(),
        "registers": registers,
        "automatic_outcomes": report.automatic.iter()
            .map(|(step, outcome)| serde_json::json!({"step": step, "outcome": outcome}))
            .collect::<Vec<_>>(),
        "legal_obstacles": report.obstacles,
    })
}
