//! What is said about what stands under the cursor: in the author's words, as Markdown.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

use samverk_domain::check::uses::{self, By};
use samverk_domain::fact::Name;
use samverk_domain::finding::FileId;
use samverk_domain::pack::{Column, Comparison, Operand, Pack, Rule, RuleKind, Source, Test};

use super::names::Symbol;
use super::place::Place;
use super::service::Service;
use super::vocabulary;

/// Names in a list; a reader of more looks in the document.
const LISTED_MAX: usize = 12;

pub fn hover(service: &Service, file: FileId, byte: usize) -> Option<(String, Range<usize>)> {
    let place = Place::of(service, file, byte);
    if let Some(found) = service.names.at(file, byte)
        && let Some(text) = about(service, &found.symbol)
    {
        return Some((text, found.span.start as usize..found.span.end as usize));
    }
    if let Some(cell) = &place.cell {
        if cell.is_head {
            let at = cell.row.cells.get(cell.number)?.clone();
            return Some((column(&place.section, &cell.column, service)?, at));
        }
        let id = cell
            .beside(place.text, "id")
            .filter(|_| matches!(place.section.as_str(), "regel" | "utfallsregel"))?;
        let symbol = Symbol::Row {
            table: place.name.clone(),
            id,
        };
        return Some((about(service, &symbol)?, cell.row.range.clone()));
    }
    let at = place.heading.clone()?;
    let section = vocabulary::section(&place.section)?;
    Some((
        format!(
            "**{}**\n\n{}",
            section.heading.trim_start_matches("## "),
            section.purpose
        ),
        at,
    ))
}

fn column(section: &str, heading: &str, service: &Service) -> Option<String> {
    if let Some(fact) = heading
        .strip_prefix("→ ")
        .or(Some(heading))
        .filter(|name| name.contains('.'))
    {
        return about(service, &Symbol::Fact(fact.to_owned()));
    }
    let columns = vocabulary::section(section).map(|section| section.columns);
    let tables = columns.into_iter().chain(vocabulary::OTHER_TABLES.iter().copied());
    let known = tables
        .flatten()
        .find(|(known, _)| samverk_domain::pack::parse::fold(known) == heading)?;
    Some(format!("**{}**\n\n{}", known.0, known.1))
}

/// What a symbol is; nothing when the document has not been understood yet.
pub fn about(service: &Service, symbol: &Symbol) -> Option<String> {
    let pack = service.pack.as_ref()?;
    let parsed = Name::parse(symbol.name()).ok();
    match symbol {
        Symbol::Fact(_) => fact(pack, &parsed?),
        Symbol::List(_) => {
            let list = pack.list(&parsed?)?;
            let columns: Vec<String> = list
                .columns
                .iter()
                .map(|column| format!("`{}`", column.name.it))
                .collect();
            Some(format!(
                "**{}** · lista med {}–{} rader\n\nKolumner: {}",
                list.name.it,
                list.min,
                list.max,
                columns.join(", ")
            ))
        }
        Symbol::Step(_) => step(pack, &parsed?),
        Symbol::Role(_) => {
            let role = pack.role(&parsed?)?;
            let steps = pack.steps.iter().filter(|step| step.role.it == role.name.it);
            let steps: Vec<String> = steps.map(|step| format!("`{}`", step.name.it)).collect();
            Some(format!(
                "**{}** · roll\n\nUppdrag: {} ({})\n\nSvarar för: {}",
                role.name.it,
                role.task.it,
                role.area.it,
                listed(&steps, "inget steg")
            ))
        }
        Symbol::Outcome { step, name } => {
            let step = Name::parse(step).ok()?;
            let outcome = pack.outcomes_of(&step).find(|outcome| outcome.name.it == *name)?;
            let mut text = format!(
                "**{}** · utfall av `{step}`\n\nSlag: {}\n\nBeslutas av: {}\n\nBrev: {}\n\nÖverklagas: {}",
                outcome.name.it, outcome.kind.it, outcome.decider.it, outcome.letter.it, outcome.appeal.it
            );
            let rule = pack.outcome_rule(&step);
            let rows = rule.into_iter().flat_map(|rule| &rule.rows);
            let rows = rows.filter(|row| row.result.it.to_string() == *name);
            let rows: Vec<String> = rows.map(|row| format!("`{}`", row.id.it)).collect();
            if !rows.is_empty() {
                let _ = write!(text, "\n\nGes av raderna {}", rows.join(", "));
            }
            Some(text)
        }
        Symbol::Row { table, id } => row(service, pack, table, id),
        Symbol::Letter(name) => {
            let letter = pack.letters.get(name)?;
            let used = pack.outcomes.iter().filter(|outcome| outcome.letter.it == *name);
            let used: Vec<String> = used
                .map(|outcome| format!("`{}` {}", outcome.step.it, outcome.name.it))
                .collect();
            Some(format!(
                "**{}** · brev\n\nSkickas vid: {}",
                letter.name,
                listed(&used, "inget utfall")
            ))
        }
        Symbol::Register(name) => {
            let of = |fact: &&samverk_domain::pack::Fact| matches!(&fact.source.it, Source::Register(source) if source.register.as_str() == name);
            let facts: Vec<String> = uses::facts(pack)
                .filter(of)
                .map(|fact| format!("`{}`", fact.name.it))
                .collect();
            Some(format!(
                "**{name}** · register\n\nGer: {}",
                listed(&facts, "ingen uppgift")
            ))
        }
    }
}

fn fact(pack: &Pack, name: &Name) -> Option<String> {
    let mut text = String::new();
    if let Some(parameter) = pack.parameter(name) {
        let _ = write!(
            text,
            "**{name}** · parameter · {}\n\nSätts av: {}\n\nStandard: {} (räknas vid {})",
            parameter.ty.it, parameter.set_by.it, parameter.default.it, parameter.counted_at
        );
        if let Some(source) = &parameter.source {
            let _ = write!(text, "\n\nKälla: {}", source.it);
        }
    } else {
        let fact = pack.fact(name)?;
        let _ = write!(text, "**{name}** · {}", fact.ty.it);
        if let Some(question) = &fact.question {
            let _ = write!(text, "\n\nFråga: *{}*", question.it);
        }
        match pack.rule(name) {
            Some(rule) => {
                let _ = write!(
                    text,
                    "\n\nKälla: regel med {} rader ({})",
                    rule.rows.len(),
                    rule.policy.it
                );
            }
            None => {
                let _ = write!(text, "\n\nKälla: {}", fact.source.it);
            }
        }
        let grounds = [("Utlämnande", &fact.disclosure), ("Behandling", &fact.processing)];
        for (what, law) in grounds {
            if let Some(law) = law {
                let _ = write!(text, "\n\n{what}: {}", law.it);
            }
        }
    }
    let known = pack.text("sv", &format!("namn.{name}"));
    if let Some(label) = known {
        let _ = write!(text, "\n\nHeter: {label}");
    }
    let mut seen = BTreeSet::new();
    let used = uses::all(pack).into_iter().filter(|it| it.name == *name);
    let used: Vec<String> = used
        .map(|it| user(&it.by))
        .filter(|by| seen.insert(by.clone()))
        .collect();
    let _ = write!(text, "\n\nAnvänds av: {}", listed(&used, "ingen"));
    Some(text)
}

/// Who uses a name.
fn user(by: &By) -> String {
    match by {
        By::Area => "en rolls område".to_owned(),
        By::Subject(fact) => format!("uppslaget av `{fact}`"),
        By::Control => "en kontroll".to_owned(),
        By::NeededWhen(step) => format!("när steget `{step}` behövs"),
        By::Underlag(step) => format!("underlaget till `{step}`"),
        By::Fee(step) => format!("avgiften för `{step}`"),
        By::Rule(RuleKind::Fact, rule) => format!("regeln `{rule}`"),
        By::Rule(RuleKind::Outcome, step) => format!("utfallsregeln `{step}`"),
        By::Delegation => "vem som beslutar".to_owned(),
        By::Letter(letter) => format!("brevet {letter}"),
        _ => "annat i dokumentet".to_owned(),
    }
}

fn step(pack: &Pack, name: &Name) -> Option<String> {
    let step = pack.step(name)?;
    let mut text = format!("**{name}** · steg");
    if let Some(role) = pack.role(&step.role.it) {
        let _ = write!(
            text,
            "\n\nAnsvarig: {} ({}, {})",
            role.name.it, role.task.it, role.area.it
        );
    }
    let _ = write!(text, "\n\nBehövs när: {}", step.needed_when.it);
    if let Some(deadline) = &step.deadline {
        let _ = write!(text, "\n\nFrist: {}", deadline.it);
    }
    if let Some(fee) = &step.fee {
        let _ = write!(text, "\n\nAvgift: `{}`", fee.it);
    }
    if let Some(law) = &step.law {
        let _ = write!(text, "\n\nLagrum: {}", law.it);
    }
    let outcomes: Vec<String> = pack
        .outcomes_of(name)
        .map(|outcome| format!("{} ({})", outcome.name.it, outcome.kind.it))
        .collect();
    let _ = write!(text, "\n\nUtfall: {}", listed(&outcomes, "inget"));
    // What the step brings about for the person, through the rules that it rests on.
    let read = uses::read_by_step(pack, name);
    let facts = || uses::facts(pack).filter(|fact| read.contains(&fact.name.it));
    let questions: Vec<String> = facts()
        .filter(|fact| fact.source.it == Source::Applicant)
        .map(|fact| match &fact.question {
            Some(question) => format!("{} (`{}`)", question.it, fact.name.it),
            None => format!("`{}`", fact.name.it),
        })
        .collect();
    if !questions.is_empty() {
        let _ = write!(text, "\n\nFrågor som steget bygger på ({}):\n", questions.len());
        for question in &questions {
            let _ = write!(text, "\n- {question}");
        }
    }
    let fetched: Vec<String> = facts()
        .filter(|fact| matches!(fact.source.it, Source::Register(_)))
        .map(|fact| format!("`{}`", fact.name.it))
        .collect();
    if !fetched.is_empty() {
        let _ = write!(text, "\n\nHämtas ({}): {}", fetched.len(), fetched.join(", "));
    }
    Some(text)
}

fn row(service: &Service, pack: &Pack, table: &str, id: &str) -> Option<String> {
    if table == "kontroll" {
        let control = pack.controls.iter().find(|control| control.id.it.as_str() == id)?;
        return Some(format!(
            "**{id}** · kontroll\n\n{}\n\nAnnars: {}",
            control.condition.it, control.message.it
        ));
    }
    let rule = pack.rules.iter().find(|rule| rule.name.it.as_str() == table)?;
    let row = rule.rows.iter().find(|row| row.id.it.as_str() == id)?;
    let result = match rule.kind {
        RuleKind::Fact => format!("`{}` blir **{}**", rule.name.it, row.result.it),
        RuleKind::Outcome if row.result.it.to_string() == "handläggare" => {
            "en **handläggare** måste se på det".to_owned()
        }
        RuleKind::Outcome => format!("`{}` blir **{}**", rule.name.it, row.result.it),
    };
    let conditions = conditions(rule, row);
    let mut text = format!("**{id}** · rad i `{}`\n\n", rule.name.it);
    let _ = match conditions.as_slice() {
        [] => write!(text, "I alla fall: {result}."),
        conditions => write!(text, "Om {}: {result}.", conditions.join(" och ")),
    };
    if let Some(because) = &row.because {
        let _ = write!(text, "\n\nDärför att: {}", because.it);
    }
    if let Some(law) = &row.law {
        let _ = write!(text, "\n\nLagrum: {}", law.it);
    }
    let examples: Vec<String> = service
        .examples_of(table, id)
        .iter()
        .map(|title| format!("”{title}”"))
        .collect();
    let _ = match examples.as_slice() {
        [] => write!(text, "\n\nGäller inte i något exempel."),
        examples => write!(text, "\n\nGäller i {}: {}", count(examples.len()), listed(examples, "")),
    };
    Some(text)
}

fn count(examples: usize) -> String {
    match examples {
        1 => "ett exempel".to_owned(),
        number => format!("{number} exempel"),
    }
}

/// A row's tests as a person says them; those that match everything are left out.
fn conditions(rule: &Rule, row: &samverk_domain::pack::Row) -> Vec<String> {
    let inputs = rule.columns.iter().filter_map(|column| match &column.it {
        Column::Input(name) => Some(name.as_str()),
        Column::When => Some(""),
        _ => None,
    });
    let any = |operands: &[Operand]| {
        let words: Vec<String> = operands.iter().map(Operand::to_string).collect();
        words.join(" eller ")
    };
    let said = row.tests.iter().zip(inputs).filter_map(|(test, input)| match &test.it {
        Test::Any => None,
        Test::Compare(comparison, operand) => {
            let how = match comparison {
                Comparison::Equal => "är",
                Comparison::NotEqual => "inte är",
                Comparison::Less => "är mindre än",
                Comparison::LessOrEqual => "är högst",
                Comparison::Greater => "är mer än",
                Comparison::GreaterOrEqual => "är minst",
            };
            Some(format!("`{input}` {how} {operand}"))
        }
        Test::OneOf(operands) => Some(format!("`{input}` är {}", any(operands))),
        Test::NotOneOf(operands) => Some(format!("`{input}` inte är {}", any(operands))),
        Test::NotApplicable => Some(format!("`{input}` är ej aktuellt")),
        other if input.is_empty() => Some(other.to_string()),
        other => Some(format!("`{input}` är {other}")),
    });
    said.collect()
}

fn listed(all: &[String], none: &str) -> String {
    match all {
        [] => none.to_owned(),
        all if all.len() > LISTED_MAX => {
            let rest = all.len() - LISTED_MAX;
            format!("{} och {rest} till", all[..LISTED_MAX].join(", "))
        }
        all => all.join(", "),
    }
}
