//! A letter as data: what it says, sentence by sentence, and what each sentence rests on.
//!
//! Always true: a decision's letter is built from the letter in the adopted document and the rows that hold, never from free
//! text beside them; every sentence leads to its rows, facts and lagrum, or to the adopted letter it stands in; a fact names
//! its slot, so that the register's signed answer can be found and verified when the letter is read, not when it was written.

use jiff::civil::Date;
use samverk_domain::case::decision::{Authority, DecidedBy, Decision};
use samverk_domain::fact::{Facts, Known, Name, Value};
use samverk_domain::pack::{
    self, Appeal, Block, CellResult, Conditional, Due, DueFrom, Duty, Length, OutcomeKind, Pack, Piece, Regime, Start,
    Test, Unit,
};
use samverk_domain::rules::{self, Evaluation, Explanation, How, Setting};
use samverk_domain::terms::{Adoption, Body, BodyKind};
use samverk_domain::words::law::Lagrum;
use samverk_domain::words::letters::capital;
use samverk_domain::words::time::{swedish_date, swedish_date_in_sentence};
use serde::{Deserialize, Serialize};

/// Facts behind one sentence; more would tell a reader nothing.
const FACTS_MAX: usize = 40;
/// Placeholders that the case fills in, beside facts and parameters (docs/language.md, letters).
const FROM_CASE: [&str; 5] = ["organ", "steg", "diarienummer", "beslutsdatum", "avgift"];

/// How a letter speaks to its party: *du* to a person who acts for themselves, *ni* to a company or an association.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum You {
    Person,
    Company,
}

impl You {
    fn word(self, person: &'static str, company: &'static str) -> &'static str {
        match self {
            Self::Person => person,
            Self::Company => company,
        }
    }

    /// `du`, `ni`
    pub fn you(self) -> &'static str {
        self.word("du", "ni")
    }

    /// `Du`, `Ni`, first in a sentence.
    pub fn you_first(self) -> &'static str {
        self.word("Du", "Ni")
    }

    /// `dig`, `er`
    pub fn to_you(self) -> &'static str {
        self.word("dig", "er")
    }

    /// `din`, `er`: your application, your post.
    pub fn your(self) -> &'static str {
        self.word("din", "er")
    }

    /// `Din`, `Er`
    pub fn your_first(self) -> &'static str {
        self.word("Din", "Er")
    }

    /// `ditt`, `ert`: your case.
    pub fn your_case(self) -> &'static str {
        self.word("ditt", "ert")
    }

    /// `Ditt`, `Ert`
    pub fn your_case_first(self) -> &'static str {
        self.word("Ditt", "Ert")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// States the result.
    pub heading: String,
    /// Lines of the receiver's address.
    pub to: Vec<String>,
    pub stamp: Stamp,
    pub parts: Vec<Part>,
    /// Who stands for it, line by line.
    pub signature: Vec<String>,
    /// How it is appealed, when it is a decision that can be.
    pub appeal: Option<AppealText>,
    /// Says in English what the letter is, for one who used English.
    pub in_english: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// `Socialnämnden`
    pub body: String,
    /// `Beslutat`, `Skickat`
    pub what: String,
    /// `2026-11-18, § 142`
    pub when: String,
    pub diary_number: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Heading(String),
    Sentence(Box<Sentence>),
    /// The end of a paragraph.
    Break,
    /// Where the appeal text stands.
    Appeal,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    pub text: String,
    /// `None`: the body's own words in this letter, written by the one who signs.
    pub why: Option<Why>,
}

/// What a sentence rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    pub rows: Vec<RowTrace>,
    pub facts: Vec<FactTrace>,
    /// Lagrum in full.
    pub law: Vec<String>,
    /// The adopted document that the words stand in.
    pub document: Option<DocumentTrace>,
}

impl Why {
    /// Rests on this too.
    fn add(&mut self, other: &Self) {
        for row in &other.rows {
            if !self.rows.contains(row) {
                self.rows.push(row.clone());
            }
        }
        for fact in &other.facts {
            if self.facts.len() < FACTS_MAX && !self.facts.contains(fact) {
                self.facts.push(fact.clone());
            }
        }
        for law in &other.law {
            if !self.law.contains(law) {
                self.law.push(law.clone());
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentTrace {
    pub slug: String,
    pub title: String,
    pub version: u32,
    /// `Socialnämnden, 2026-05-26, § 61`
    pub adopted: String,
}

/// A row as it stands in the adopted document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowTrace {
    pub rule: String,
    /// `utfall` or `regel`: as in the address of the rule's page.
    pub is_outcome: bool,
    pub row: String,
    /// Column heading and cell.
    pub cells: Vec<(String, String)>,
    pub result: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactTrace {
    pub name: String,
    /// `Skulder för indrivning`
    pub label: String,
    pub value: String,
    /// An assessment's reasons.
    pub reasons: Option<String>,
    /// A parameter: who set it.
    pub set_by: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppealText {
    pub instance: String,
    /// `tre veckor`
    pub within: String,
    pub lines: Vec<String>,
}

/// All that a decision's letter is built from.
pub struct Material<'a> {
    pub pack: &'a Pack,
    pub step: &'a Name,
    pub facts: &'a Facts,
    pub setting: &'a Setting,
    pub evaluation: &'a Evaluation,
    pub adoption: &'a Adoption,
    pub body: &'a Body,
    pub to: Vec<String>,
    pub you: You,
    pub diary_number: &'a str,
    pub language: &'a str,
}

impl Material<'_> {
    /// `Socialnämnden i Exempelkommun A`
    pub fn organ(&self) -> String {
        organ(self.body)
    }

    fn document(&self) -> DocumentTrace {
        DocumentTrace {
            slug: self.pack.meta.slug.it.to_string(),
            title: self.pack.title.it.clone(),
            version: self.pack.meta.version.it,
            adopted: format!("{}, {}", self.body.name, self.adoption.decided),
        }
    }

    pub fn label(&self, fact: &Name) -> String {
        let text = self.pack.text("sv", &format!("namn.{fact}"));
        text.map_or_else(|| fact.to_string(), str::to_owned)
    }

    /// A value as a sentence holds it: choices in words, numbers with their unit where the fact has one and `unit` is asked.
    pub fn shown(&self, fact: &Name, value: &Value, with_unit: bool) -> String {
        self.pack.shown(fact, value, with_unit)
    }

    fn of(&self, name: &Name) -> Option<String> {
        if let Some(known) = self.facts.known.get(name) {
            return known.value().map(|value| self.shown(name, value, false));
        }
        if let Some(text) = self.facts.in_a_sentence(name) {
            return Some(text);
        }
        if let Some(text) = self.evaluation.items_in_a_sentence(name) {
            return Some(text);
        }
        let value = self.evaluation.values.get(name)?.value()?;
        Some(self.shown(name, value, false))
    }

    fn trace(&self, name: &Name) -> Option<FactTrace> {
        if FROM_CASE.contains(&name.as_str()) {
            let fee = self.pack.step(self.step)?.fee.as_ref()?;
            return (name.as_str() == "avgift").then(|| self.trace(&fee.it)).flatten();
        }
        let known = self
            .facts
            .known
            .get(name)
            .cloned()
            .or_else(|| self.evaluation.values.get(name).cloned());
        let value = match &known {
            Some(Known::Value(value)) => self.shown(name, value, true),
            Some(Known::NotApplicable) => "ej aktuellt".to_owned(),
            Some(Known::Missing(_)) => return None,
            None => self
                .column(name)
                .or_else(|| self.evaluation.items_in_a_sentence(name))?,
        };
        let reasons = match &known {
            Some(Known::Value(Value::Assessment { reasons, .. })) => Some(reasons.clone()),
            _ => None,
        };
        let set_by = self.pack.parameter(name).map(|parameter| {
            let source = parameter
                .source
                .as_ref()
                .map(|source| format!("; {}", law_in_full(&source.it)));
            match self.setting.parameters.contains_key(name) {
                true => format!("Satt av {}{}", self.document().adopted, source.unwrap_or_default()),
                false => format!("Står i dokumentet{}", source.unwrap_or_default()),
            }
        });
        Some(FactTrace {
            name: name.to_string(),
            label: self.label(name),
            value,
            reasons,
            set_by,
        })
    }

    /// A list's column: every item's value.
    fn column(&self, name: &Name) -> Option<String> {
        let list = self.pack.list_of_column(name)?;
        let items = self.facts.lists.get(&list.name.it)?;
        let values: Vec<String> = items
            .iter()
            .filter_map(|item| item.get(name)?.value().map(|value| self.shown(name, value, true)))
            .collect();
        (!values.is_empty()).then(|| values.join("; "))
    }

    /// What a conditional shows now, and why: what is not certainly true is not shown.
    fn chosen<'b>(&self, conditional: &'b Conditional) -> (&'b [Block], Why) {
        let condition = &conditional.condition;
        let explained = rules::explain_condition(self.pack, self.facts, self.setting, self.step, condition);
        let mut why = Why::default();
        self.collect(&explained, &mut why);
        let step = Some(self.step);
        let holds = rules::condition(self.pack, self.facts, self.setting, step, &condition.it);
        match holds {
            Known::Value(true) => (&conditional.shown, why),
            _ => (&conditional.otherwise, why),
        }
    }

    /// Rows and facts behind a row that holds, found in the explanation of the step's outcome.
    fn behind(&self, rule: &Name, row: &Name) -> Why {
        let explained = rules::explain_applied(self.pack, self.facts, self.setting, self.step, self.step);
        let mut why = Why::default();
        if let Some(found) = explained.as_ref().and_then(|whole| find(whole, rule, row)) {
            self.collect(found, &mut why);
        } else {
            self.add_row(rule, row, &mut why);
        }
        why
    }

    fn collect(&self, part: &Explanation, why: &mut Why) {
        match &part.how {
            How::Row { rule, row, .. } => self.add_row(rule, row, why),
            How::Source { .. } | How::Condition { .. } | How::Rows { .. } | How::Otherwise { .. } => {}
            How::Missing { .. } => return,
        }
        if matches!(part.how, How::Source { .. })
            && why.facts.len() < FACTS_MAX
            && !why.facts.iter().any(|fact| fact.name == part.of.as_str())
        {
            why.facts.extend(self.trace(&part.of));
        }
        for below in &part.because {
            self.collect(below, why);
        }
    }

    fn add_row(&self, rule: &Name, row: &Name, why: &mut Why) {
        let is_outcome = self.pack.step(rule).is_some();
        let table = if is_outcome {
            self.pack.outcome_rule(rule)
        } else {
            self.pack.rule(rule)
        };
        let Some(table) = table else { return };
        let Some(found) = table.rows.iter().find(|found| found.id.it == *row) else {
            return;
        };
        if let Some(law) = &found.law {
            let law = law.it.in_full();
            if !why.law.contains(&law) {
                why.law.push(law);
            }
        }
        why.rows.push(RowTrace {
            rule: rule.to_string(),
            is_outcome,
            row: row.to_string(),
            cells: cells(self.pack, table, found),
            result: result_text(self.pack, rule, is_outcome, &found.result.it),
        });
    }
}

fn find<'e>(part: &'e Explanation, rule: &Name, row: &Name) -> Option<&'e Explanation> {
    match &part.how {
        How::Row { rule: r, row: w, .. } if r == rule && w == row => Some(part),
        _ => part.because.iter().find_map(|below| find(below, rule, row)),
    }
}

/// A table row's tests under their columns' headings, in words that a reader of the document knows.
pub fn cells(pack: &Pack, table: &pack::Rule, row: &pack::Row) -> Vec<(String, String)> {
    let inputs = table.columns.iter().filter_map(|column| match &column.it {
        pack::Column::Input(name) => Some(
            pack.text("sv", &format!("namn.{name}"))
                .unwrap_or(name.as_str())
                .to_owned(),
        ),
        pack::Column::When => Some("När".to_owned()),
        _ => None,
    });
    inputs
        .zip(&row.tests)
        .map(|(heading, test)| {
            let file = pack.files.get(usize::from(test.span.file.0));
            let written = file.and_then(|file| file.text.get(test.span.start as usize..test.span.end as usize));
            let text = match (&test.it, written) {
                (Test::Any, _) => "alla".to_owned(),
                (Test::NotApplicable, _) => "ej aktuellt".to_owned(),
                (Test::Condition(condition), None | Some("")) => rules::expression_text(condition),
                (_, Some(text)) => text.trim().to_owned(),
                (_, None) => String::new(),
            };
            (heading, text)
        })
        .collect()
}

pub fn result_text(pack: &Pack, rule: &Name, is_outcome: bool, result: &CellResult) -> String {
    match result {
        CellResult::CaseWorker => "en handläggare bedömer".to_owned(),
        CellResult::Calculated(calculation) => format!("= {}", rules::expression_text(calculation)),
        CellResult::NotApplicable => "ej aktuellt".to_owned(),
        CellResult::Value(value) if is_outcome => outcome_text(pack, rule, &value.to_string()),
        CellResult::Value(value) => pack.shown(rule, value, true),
    }
}

pub fn outcome_text(pack: &Pack, step: &Name, outcome: &str) -> String {
    let text = pack.text("sv", &format!("utfall.{step}.{outcome}"));
    text.unwrap_or(outcome).to_owned()
}

pub fn step_text(pack: &Pack, language: &str, step: &Name) -> String {
    let text = pack.text(language, &format!("steg.{step}"));
    text.map_or_else(|| step.to_string(), str::to_owned)
}

/// `Socialnämnden i Exempelkommun A`; others by their own name.
pub fn organ(body: &Body) -> String {
    match body.kind {
        BodyKind::MunicipalBoard if !body.part_of.is_empty() => format!("{} i {}", body.name, body.part_of),
        _ => body.name.clone(),
    }
}

/// A parameter's source is a lagrum or words.
pub fn law_in_full(text: &str) -> String {
    Lagrum::parse(text).map_or_else(|_| text.to_owned(), |law| law.in_full())
}

/// The letter of a decision.
pub fn of_decision(material: &Material<'_>, decision: &Decision, decided: Date, names: &NamesShown) -> Letter {
    let template = material.pack.letters.get(&decision.letter);
    let mut parts = Vec::new();
    let mut heading = outcome_text(material.pack, material.step, &decision.outcome);
    if let Some(template) = template {
        heading = filled(material, &template.heading.it, decided)
            .into_iter()
            .map(|sentence| sentence.text)
            .collect::<Vec<_>>()
            .join(" ");
        for block in &template.blocks {
            let Block::If(conditional) = block else {
                written(material, block, decision, decided, None, &mut parts);
                continue;
            };
            let (blocks, because) = material.chosen(conditional);
            for block in blocks {
                written(material, block, decision, decided, Some(&because), &mut parts);
            }
        }
    }
    let appeal = appeal_text(material, &decision.appeal);
    if appeal.is_some() && !parts.contains(&Part::Appeal) {
        parts.push(Part::Heading(format!("Hur {} överklagar", material.you.you())));
        parts.push(Part::Appeal);
    }
    let paragraph = match &decision.by {
        DecidedBy::Board { paragraph, .. } => format!(", {paragraph}"),
        _ => String::new(),
    };
    let in_english = (material.language == "en").then(|| {
        let step = step_text(material.pack, "en", material.step);
        let key = format!("utfall.{}.{}", material.step, decision.outcome);
        let outcome = material.pack.text("en", &key).unwrap_or(&decision.outcome);
        match decision.by {
            DecidedBy::Performer { .. } => format!("{step}: {outcome}. The letter itself is in Swedish."),
            _ => {
                format!("{step}: {outcome}. The decision itself is in Swedish, which is the language of the authority.")
            }
        }
    });
    Letter {
        heading,
        to: material.to.clone(),
        stamp: Stamp {
            body: material.body.name.clone(),
            what: match decision.kind {
                OutcomeKind::Agreement => "Avtalat",
                OutcomeKind::Acknowledgement => "Noterat",
                _ if decision.by == DecidedBy::Nobody => "Noterat",
                _ => "Beslutat",
            }
            .to_owned(),
            when: format!("{decided}{paragraph}"),
            diary_number: material.diary_number.to_owned(),
        },
        parts,
        signature: signature(material, decision, names),
        appeal,
        in_english,
    }
}

/// One block of a letter. `because`: why it is shown, where a condition says so.
fn written(
    material: &Material<'_>,
    block: &Block,
    decision: &Decision,
    decided: Date,
    because: Option<&Why>,
    parts: &mut Vec<Part>,
) {
    let from = parts.len();
    match block {
        Block::Heading(text) => parts.push(Part::Heading(text.it.clone())),
        Block::Paragraph(pieces) => {
            let sentences = filled(material, &pieces.it, decided);
            parts.extend(sentences.into_iter().map(|sentence| Part::Sentence(Box::new(sentence))));
            parts.push(Part::Break);
        }
        Block::Grounds(_) => {
            parts.extend(grounds(material, decision));
            parts.push(Part::Break);
        }
        Block::Appeal(_) => parts.push(Part::Appeal),
        Block::Duties(_) => {
            for duty in material.pack.duties_after(material.step, decision.kind) {
                parts.push(Part::Sentence(Box::new(self::duty(material, duty))));
                parts.push(Part::Break);
            }
        }
        // Conditionals are not nested: the reader sees to it.
        Block::If(_) => {}
    }
    let Some(because) = because else { return };
    for part in &mut parts[from..] {
        if let Part::Sentence(sentence) = part
            && let Some(why) = &mut sentence.why
        {
            why.add(because);
        }
    }
}

/// A duty as a sentence: what, when at the latest, to whom.
fn duty(material: &Material<'_>, duty: &Duty) -> Sentence {
    let key = format!("skyldighet.{}", duty.id.it);
    let text = material.pack.text("sv", &key).unwrap_or(&duty.text.it);
    let mut said = ended(text);
    let due = due_text(&duty.due.it);
    let to = duty.to.as_ref().map(|role| {
        let name = material.pack.text("sv", &format!("roll.{}", role.it));
        name.unwrap_or(role.it.as_str()).to_owned()
    });
    let to = to.map(|to| format!("Till: {to}."));
    for more in [due, to].into_iter().flatten() {
        said.push(' ');
        said.push_str(&more);
    }
    Sentence {
        text: said,
        why: Some(Why {
            law: duty.law.iter().map(|law| law.it.in_full()).collect(),
            document: Some(material.document()),
            ..Why::default()
        }),
    }
}

/// `Senast: två månader från händelsen.`; nothing for what is owed all the time.
pub fn due_text(due: &Due) -> Option<String> {
    Some(match due {
        Due::Within(length, from) => {
            let from = match from {
                DueFrom::Event => "från händelsen",
                DueFrom::Start(Start::Received) => "från det att ansökan kom in",
                DueFrom::Start(Start::Complete) => "från det att ansökan var komplett",
                DueFrom::Start(Start::Served) => "från den dag då beslutet delgavs",
                DueFrom::Start(Start::Decision) => "från dagen för beslutet",
            };
            format!("Senast: {} {from}.", length_text(*length))
        }
        Due::Yearly { .. } => format!("Senast: {due}."),
        Due::Before => "När: i förväg.".to_owned(),
        Due::AtOnce => "När: genast.".to_owned(),
        Due::Always => return None,
    })
}

/// FL 33 § last paragraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamesShown {
    Yes,
    Withheld,
}

/// Each row that holds, its sentence with its thread, and after it the assessments that it rests on, in the assessor's words.
fn grounds(material: &Material<'_>, decision: &Decision) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut said = Vec::new();
    for ground in &decision.grounds {
        let mut why = match &ground.row {
            Some(row) => material.behind(&ground.rule, row),
            None => Why {
                document: Some(material.document()),
                ..Why::default()
            },
        };
        if let Some(law) = &ground.law {
            let law = law.in_full();
            if !why.law.contains(&law) {
                why.law.push(law);
            }
        }
        why.document = Some(material.document());
        let assessed: Vec<FactTrace> = why
            .facts
            .iter()
            .filter(|fact| fact.reasons.is_some())
            .cloned()
            .collect();
        parts.push(Part::Sentence(Box::new(Sentence {
            text: ground.because.clone(),
            why: Some(why),
        })));
        for fact in assessed {
            let Some(reasons) = fact.reasons.clone() else { continue };
            if said.contains(&fact.name) {
                continue;
            }
            said.push(fact.name.clone());
            parts.push(Part::Sentence(Box::new(Sentence {
                text: ended(&reasons),
                why: Some(Why {
                    facts: vec![fact],
                    law: ground.law.iter().map(Lagrum::in_full).collect(),
                    ..Why::default()
                }),
            })));
        }
    }
    parts
}

/// A sentence begins with a capital and ends with a full stop.
fn ended(text: &str) -> String {
    let text = text.trim();
    let stop = if text.ends_with(['.', '?']) { "" } else { "." };
    capital(text) + stop
}

/// The sentences of a paragraph, filled in. A sentence without a placeholder rests on the adopted letter itself.
fn filled(material: &Material<'_>, pieces: &[Piece], decided: Date) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut text = String::new();
    let mut why = Why::default();
    let finish = |text: &mut String, why: &mut Why, sentences: &mut Vec<Sentence>| {
        let said = text.trim().to_owned();
        text.clear();
        let mut why = std::mem::take(why);
        if said.is_empty() {
            return;
        }
        why.document = Some(material.document());
        if let Some(law) = material.pack.step(material.step).and_then(|step| step.law.as_ref()) {
            why.law.push(law.it.in_full());
        }
        sentences.push(Sentence {
            text: said,
            why: Some(why),
        });
    };
    for piece in pieces {
        match piece {
            Piece::Placeholder(name) => {
                let name = &name.it;
                match name.as_str() {
                    "organ" => text.push_str(&material.organ()),
                    "steg" => text.push_str(&step_text(material.pack, "sv", material.step)),
                    "diarienummer" => text.push_str(material.diary_number),
                    "beslutsdatum" => text.push_str(&swedish_date(decided)),
                    "avgift" => match material.evaluation.steps.get(material.step).map(|step| &step.fee) {
                        Some(Known::Value(fee)) => text.push_str(&samverk_domain::words::amount::swedish(*fee)),
                        _ => text.push_str("(ej fastställd)"),
                    },
                    _ => text.push_str(&material.of(name).unwrap_or_else(|| "(uppgift saknas)".to_owned())),
                }
                if why.facts.len() < FACTS_MAX {
                    why.facts.extend(material.trace(name));
                }
            }
            Piece::Text(words) => {
                let mut rest = words.as_str();
                while let Some(end) = sentence_end(rest) {
                    text.push_str(&rest[..end]);
                    finish(&mut text, &mut why, &mut sentences);
                    rest = rest[end..].trim_start();
                }
                text.push_str(rest);
            }
        }
    }
    finish(&mut text, &mut why, &mut sentences);
    sentences
}

/// Where the first sentence of a template's text ends: after a full stop that a capital, or a placeholder, follows.
fn sentence_end(text: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find(". ") {
        let end = from + at + 1;
        let next = text[end..].trim_start().chars().next();
        if next.is_none_or(char::is_uppercase) {
            return Some(end);
        }
        from = end;
    }
    None
}

pub fn length_text(length: Length) -> String {
    let number = match length.number {
        1 => "en".to_owned(),
        2 => "två".to_owned(),
        3 => "tre".to_owned(),
        4 => "fyra".to_owned(),
        other => other.to_string(),
    };
    let unit = match (length.unit, length.number) {
        (Unit::Days, 1) => "dag",
        (Unit::Days, _) => "dagar",
        (Unit::WorkingDays, 1) => "arbetsdag",
        (Unit::WorkingDays, _) => "arbetsdagar",
        (Unit::Weeks, 1) => "vecka",
        (Unit::Weeks, _) => "veckor",
        (Unit::Months, 1) => "månad",
        (Unit::Months, _) => "månader",
    };
    format!("{number} {unit}")
}

fn appeal_text(material: &Material<'_>, appeal: &Appeal) -> Option<AppealText> {
    let Appeal::To {
        regime,
        instance,
        within,
        from,
    } = appeal
    else {
        return None;
    };
    let organ = material.organ();
    let within = length_text(*within);
    let you = material.you.you();
    let counted = match (regime, from) {
        (Regime::LegalityReview, _) => "från den dag då protokollet tillkännagavs på anslagstavlan".to_owned(),
        (_, Start::Decision) => "från dagen för beslutet".to_owned(),
        _ => format!("från den dag då {you} fick del av beslutet"),
    };
    // FL 43–44 §§: addressed to the higher instance, handed in to the deciding body.
    let lines = match regime {
        Regime::Administrative => vec![
            format!("Skriv till {instance}, men lämna skrivelsen till {organ}."),
            format!(
                "Ange diarienummer {}, vilket beslut {you} överklagar, hur {you} vill att det ändras och varför.",
                material.diary_number
            ),
            format!("Skrivelsen ska ha kommit in till {organ} inom {within} {counted}."),
        ],
        Regime::LegalityReview => vec![
            format!("Skriv till {instance} och lämna skrivelsen dit."),
            format!(
                "Ange diarienummer {} och varför {you} anser att beslutet är olagligt.",
                material.diary_number
            ),
            format!("Skrivelsen ska ha kommit in inom {within} {counted}."),
        ],
    };
    Some(AppealText {
        instance: instance.clone(),
        within,
        lines,
    })
}

fn signature(material: &Material<'_>, decision: &Decision, names: &NamesShown) -> Vec<String> {
    let name = |official: &str| match names {
        NamesShown::Yes => official.to_owned(),
        NamesShown::Withheld => "Namnet är utelämnat enligt 33 § tredje stycket förvaltningslagen.".to_owned(),
    };
    let mut lines = vec![format!("För {}", material.organ())];
    let is_state = Authority::from(material.body.kind) == Authority::State;
    match &decision.by {
        DecidedBy::Function {
            name,
            version,
            delegation,
        } => {
            // A state agency delegates nothing: it decides who and what may decide in its own order (2007:515 4 §).
            let ground = match is_state {
                true => "enligt myndighetens beslut",
                false => "enligt delegation",
            };
            lines.push(format!(
                "Beslutet är fattat automatiskt av funktionen {name}, {version}, {ground}: {}, {}, {}.",
                delegation.decided_by,
                swedish_date(delegation.decided_on),
                delegation.paragraph
            ));
            lines.push(format!(
                "{} kan alltid få beslutet förklarat och granskat av en människa. Hör av {} till {}.",
                material.you.you_first(),
                material.you.to_you(),
                material.organ()
            ));
        }
        DecidedBy::Delegate { official, delegation } => {
            lines.push(name(&official.0));
            lines.push(format!(
                "Enligt delegation: {}, {}, {}.",
                delegation.decided_by,
                swedish_date(delegation.decided_on),
                delegation.paragraph
            ));
        }
        DecidedBy::Board { meeting, paragraph, .. } => lines.push(format!(
            "Beslutat vid sammanträdet {}, {paragraph}.",
            swedish_date_in_sentence(*meeting)
        )),
        DecidedBy::Agency { official } => {
            lines.push(name(&official.0));
            lines.push("Enligt myndighetens arbetsordning.".to_owned());
        }
        DecidedBy::Performer { official } => lines.push(name(&official.0)),
        DecidedBy::Nobody => lines.push("Anmälan är noterad. Inget beslut har fattats.".to_owned()),
    }
    lines
}

/// A letter in the body's own words: a receipt, a request, a notice.
pub struct Plain<'a> {
    pub body: &'a Body,
    pub to: Vec<String>,
    pub heading: String,
    pub sentences: Vec<Sentence>,
    pub diary_number: &'a str,
    pub sent: Date,
    pub signed_by: Option<String>,
}

pub fn plain(it: Plain<'_>) -> Letter {
    let mut parts: Vec<Part> = Vec::new();
    for sentence in it.sentences {
        parts.push(Part::Sentence(Box::new(sentence)));
    }
    let mut signature = vec![format!("För {}", organ(it.body))];
    signature.extend(it.signed_by);
    Letter {
        heading: it.heading,
        to: it.to,
        stamp: Stamp {
            body: it.body.name.clone(),
            what: "Skickat".to_owned(),
            when: it.sent.to_string(),
            diary_number: it.diary_number.to_owned(),
        },
        parts,
        signature,
        appeal: None,
        in_english: None,
    }
}

/// A sentence that rests on a provision.
pub fn by_law(text: impl Into<String>, law: &str) -> Sentence {
    Sentence {
        text: text.into(),
        why: Some(Why {
            law: vec![law_in_full(law)],
            ..Why::default()
        }),
    }
}

/// The body's own words.
pub fn own(text: impl Into<String>) -> Sentence {
    Sentence {
        text: text.into(),
        why: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_ends_at_a_full_stop_that_a_capital_follows() {
        assert_eq!(sentence_end("Enligt 8 kap. alkohollagen. Ni får"), Some(27));
        assert_eq!(sentence_end("Enligt 8 kap. alkohollagen"), None);
        assert_eq!(sentence_end("Det är klart. "), Some("Det är klart.".len()));
    }

    #[test]
    fn a_person_is_du_and_a_company_is_ni() {
        assert_eq!((You::Person.you(), You::Person.your_case()), ("du", "ditt"));
        assert_eq!((You::Company.you(), You::Company.your_case()), ("ni", "ert"));
    }

    #[test]
    fn reasons_become_a_sentence() {
        assert_eq!(ended("skulderna är stora"), "Skulderna är stora.");
        assert_eq!(ended("Klart."), "Klart.");
    }
}
