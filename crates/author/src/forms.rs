//! Today's forms beside the one journey: what people are asked again and again, and what becomes of each asking.
//!
//! A service may have a `blanketter.md` with two tables: the forms there are today, and the facts that they ask for. It decides
//! nothing and is no part of what a body adopts. Always true here: each asking is answered by facts of the service itself, so
//! an asking is crossed out only when the document says what answers it; sums are computed, never written.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use samverk_domain::check::play::Played;
use samverk_domain::fact::Name;
use samverk_domain::finding::{FileId, Finding, SourceFile, Span};
use samverk_domain::pack::{Pack, Source};
use samverk_domain::words::letters::inside;
use serde::Serialize;

/// The file's name in a service's folder.
pub const FILE: &str = "blanketter.md";
/// More rows than this are not today's forms of one matter.
const ROWS_MAX: usize = 500;
/// The same form asks for one thing at most so many times.
const TIMES_MAX: u32 = 20;

/// `blanketter.md` as it was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forms {
    pub forms: Vec<Form>,
    pub askings: Vec<Asking>,
}

/// A form of today. `| Blankett | Organ | Steg | Källa |`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Form {
    pub name: String,
    pub body: String,
    /// The service's steps that stand in for it: whoever needs one of them would have filled it in. None: the service
    /// begins where the form is already done, and no example counts it.
    pub steps: Vec<Name>,
    /// Where it is known from.
    pub source: String,
}

/// Something that today's forms ask for. `| Uppgift | Blanketter | Motsvarar | Inte längre |`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    pub what: String,
    /// Which forms ask, by their place in [`Forms::forms`], and how many times each.
    pub asked_in: Vec<(usize, u32)>,
    /// The service's facts that hold it.
    pub facts: Vec<Name>,
    /// Why nothing in the service asks for it.
    pub no_longer: Option<String>,
}

/// What the page and the command show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Beside {
    pub forms: Vec<Form>,
    pub rows: Vec<Row>,
    /// Askings today, and the things that the service asks for once each.
    pub today: u32,
    pub now: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    pub what: String,
    /// Forms with how many times.
    pub asked_in: Vec<(String, u32)>,
    pub times: u32,
    pub answers: Vec<Answer>,
    /// The person is still asked: once.
    pub still_asked: bool,
}

/// What answers an asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Answer {
    /// A register answers.
    Register { fact: Name, register: Name },
    /// The login, or the choice of whom one represents.
    Login { fact: Name },
    /// The person answers, once.
    Once { fact: Name },
    /// The person answers although somebody has it, because of a law or another reason.
    Obstacle {
        fact: Name,
        held_by: String,
        obstacle: String,
    },
    /// It follows from a rule or from another step, or a body says it.
    Derived { fact: Name },
    /// Nothing asks for it any more.
    NoLonger { why: String },
}

/// Reads the file. `id`: the file's place among those that findings point into.
pub fn read(pack: &Pack, file: &SourceFile, id: FileId) -> (Forms, Vec<Finding>) {
    let mut forms = Forms::default();
    let mut found = Vec::new();
    let rows = rows(file, id);
    if rows.len() > ROWS_MAX {
        let span = rows[ROWS_MAX].span;
        found.push(Finding::error(
            "S801",
            span,
            format!("Fler än {ROWS_MAX} rader i {FILE}."),
        ));
        return (forms, found);
    }
    let mut columns: Vec<String> = Vec::new();
    for row in rows {
        if row.is_heading {
            columns = row.cells.iter().map(|(text, _)| text.to_lowercase()).collect();
            let is_known = columns == FORM_COLUMNS || columns == ASKING_COLUMNS;
            if !is_known {
                found.push(
                    Finding::error("S801", row.span, "Tabellen har andra kolumner än de som läses här.").suggest(
                        "Skriv ”Blankett | Organ | Steg | Källa” eller ”Uppgift | Blanketter | Motsvarar | Inte längre”.",
                    ),
                );
            }
            continue;
        }
        if row.cells.len() != columns.len() {
            found.push(Finding::error(
                "S801",
                row.span,
                "Raden har inte lika många celler som tabellens rubrik.",
            ));
        } else if columns == FORM_COLUMNS {
            form(pack, &row, &mut forms, &mut found);
        } else if columns == ASKING_COLUMNS {
            asking(pack, &row, &mut forms, &mut found);
        }
    }
    (forms, found)
}

const FORM_COLUMNS: [&str; 4] = ["blankett", "organ", "steg", "källa"];
const ASKING_COLUMNS: [&str; 4] = ["uppgift", "blanketter", "motsvarar", "inte längre"];

fn form(pack: &Pack, row: &Line, forms: &mut Forms, found: &mut Vec<Finding>) {
    let [name, body, source] = [0, 1, 3].map(|at| row.cells[at].0.clone());
    let mut steps = Vec::new();
    for word in words(&row.cells[2].0) {
        match pack.steps.iter().find(|step| step.name.it.as_str() == word) {
            Some(step) => steps.push(step.name.it.clone()),
            None => {
                let known = pack.steps.iter().map(|step| step.name.it.as_str());
                found.push(not_there("steg", word, row.cells[2].1, known));
            }
        }
    }
    if name.is_empty() || source.is_empty() {
        found.push(
            Finding::error("S801", row.span, "En blankett behöver ett namn och en källa.")
                .suggest("Säg var blanketten är sedd."),
        );
    } else if forms.forms.iter().any(|known| known.name == name) {
        found.push(Finding::error(
            "S801",
            row.cells[0].1,
            format!("Blanketten ”{name}” står redan här."),
        ));
    } else {
        forms.forms.push(Form {
            name,
            body,
            steps,
            source,
        });
    }
}

/// What stands in a cell, parted by commas.
fn words(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn not_there<'k>(kind: &str, name: &str, at: Span, known: impl Iterator<Item = &'k str>) -> Finding {
    let one = if kind == "steg" { "Inget" } else { "Ingen" };
    let finding = Finding::error("S802", at, format!("{one} {kind} heter ”{name}”."));
    match known.min_by_key(|known| strsim::levenshtein(known, name)) {
        Some(nearest) => finding.suggest(format!("Menade du {nearest}?")),
        None => finding.suggest("Skriv tabellen över blanketter först."),
    }
}

fn asking(pack: &Pack, row: &Line, forms: &mut Forms, found: &mut Vec<Finding>) {
    let (what, asked, facts, no_longer) = (&row.cells[0], &row.cells[1], &row.cells[2], &row.cells[3]);
    let mut asked_in = Vec::new();
    for word in words(&asked.0) {
        let (name, times) = match word.rsplit_once('×') {
            Some((name, times)) => (name.trim(), times.trim().parse::<u32>().ok()),
            None => (word, Some(1)),
        };
        let at = forms.forms.iter().position(|form| form.name == name);
        match (at, times.filter(|times| (1..=TIMES_MAX).contains(times))) {
            (Some(at), Some(times)) => asked_in.push((at, times)),
            (None, _) => {
                let known = forms.forms.iter().map(|form| form.name.as_str());
                found.push(not_there("blankett", name, asked.1, known));
            }
            (_, None) => found.push(
                Finding::error(
                    "S801",
                    asked.1,
                    format!("”{word}”: antalet gånger ska vara ett tal, högst {TIMES_MAX}."),
                )
                .suggest("Skriv till exempel ”musik ×2”."),
            ),
        }
    }
    let mut own = Vec::new();
    for word in words(&facts.0) {
        let names: Vec<Name> = match word.strip_suffix(".*") {
            Some(prefix) => all_facts(pack)
                .filter(|name| name.prefix() == prefix)
                .cloned()
                .collect(),
            None => all_facts(pack).filter(|name| name.as_str() == word).cloned().collect(),
        };
        if names.is_empty() {
            found.push(
                Finding::error("S802", facts.1, format!("Tjänsten har ingen uppgift ”{word}”.")).suggest(
                    "Skriv uppgiftens namn som det står i tjanst.md, eller säg varför den inte längre frågas.",
                ),
            );
        }
        own.extend(names);
    }
    if facts.0.is_empty() == no_longer.0.is_empty() {
        found.push(
            Finding::error(
                "S801",
                row.span,
                "Raden ska säga antingen vad som svarar eller varför det inte längre frågas.",
            )
            .suggest("Fyll i en av kolumnerna ”Motsvarar” och ”Inte längre”."),
        );
    }
    if asked_in.is_empty() {
        found.push(Finding::error("S801", asked.1, "Ingen blankett frågar efter detta."));
    }
    forms.askings.push(Asking {
        what: what.0.clone(),
        asked_in,
        facts: own,
        no_longer: (!no_longer.0.is_empty()).then(|| no_longer.0.clone()),
    });
}

fn all_facts(pack: &Pack) -> impl Iterator<Item = &Name> {
    samverk_domain::check::facts(pack).map(|fact| &fact.name.it)
}

/// Lays the forms beside the service.
pub fn beside(pack: &Pack, forms: &Forms) -> Beside {
    let rows: Vec<Row> = forms.askings.iter().map(|asking| row(pack, forms, asking)).collect();
    Beside {
        forms: forms.forms.clone(),
        today: rows.iter().map(|row| row.times).sum(),
        now: u32::try_from(rows.iter().filter(|row| row.still_asked).count()).unwrap_or(u32::MAX),
        rows,
    }
}

/// What today's forms would have asked in one example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Today {
    /// Forms to fill in.
    pub forms: usize,
    /// Askings on them. A name with its address is one asking, so they are fewer than the answers.
    pub askings: u32,
    /// The different things that these are about, and how many of the things the person is still asked for here.
    pub things: u32,
    pub still_asked: u32,
}

/// Counts the forms whose steps an example needs. An asking that fell away with a law is counted: today's forms have it.
pub fn today(forms: &Forms, played: &Played) -> Today {
    let is_filled_in = |at: usize| forms.forms[at].steps.iter().any(|step| played.needed.contains(step));
    let mut today = Today {
        forms: (0..forms.forms.len()).filter(|at| is_filled_in(*at)).count(),
        ..Today::default()
    };
    for asking in &forms.askings {
        let own = asking.asked_in.iter().filter(|(at, _)| is_filled_in(*at));
        let times: u32 = own.map(|(_, times)| times).sum();
        today.askings += times;
        if times > 0 {
            today.things += 1;
            let is_asked = asking.facts.iter().any(|fact| played.asked_facts.contains(fact));
            today.still_asked += u32::from(is_asked);
        }
    }
    today
}

fn row(pack: &Pack, forms: &Forms, asking: &Asking) -> Row {
    let mut answers: Vec<Answer> = asking.facts.iter().filter_map(|fact| answer(pack, fact)).collect();
    if let Some(why) = &asking.no_longer {
        answers.push(Answer::NoLonger { why: why.clone() });
    }
    let asked_in = asking
        .asked_in
        .iter()
        .map(|(at, times)| (forms.forms[*at].name.clone(), *times));
    Row {
        what: asking.what.clone(),
        asked_in: asked_in.collect(),
        times: asking.asked_in.iter().map(|(_, times)| times).sum(),
        still_asked: answers
            .iter()
            .any(|answer| matches!(answer, Answer::Once { .. } | Answer::Obstacle { .. })),
        answers,
    }
}

fn answer(pack: &Pack, name: &Name) -> Option<Answer> {
    let fact = pack.fact(name)?;
    let fact_name = name.clone();
    Some(match (&fact.source.it, &fact.held) {
        (Source::Register(register), _) => Answer::Register {
            fact: fact_name,
            register: register.register.clone(),
        },
        (Source::Login | Source::Represented, _) => Answer::Login { fact: fact_name },
        (Source::Applicant, Some(held)) => Answer::Obstacle {
            fact: fact_name,
            held_by: held.by.it.clone(),
            obstacle: held.obstacle.as_ref().map(|it| it.it.clone()).unwrap_or_default(),
        },
        (Source::Applicant, None) => Answer::Once { fact: fact_name },
        _ => Answer::Derived { fact: fact_name },
    })
}

/// The same in Swedish for a terminal.
pub fn in_words(pack: &Pack, beside: &Beside) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{text}");
    };
    line(format!("{}: dagens blanketter bredvid den enda ansökan\n", *pack.title));
    for row in &beside.rows {
        let forms: Vec<String> = row
            .asked_in
            .iter()
            .map(|(form, times)| match times {
                1 => form.clone(),
                times => format!("{form} ×{times}"),
            })
            .collect();
        line(format!(
            "{} – frågas {} gånger: {}",
            row.what,
            row.times,
            forms.join(", ")
        ));
        for text in said(pack, &row.answers) {
            line(format!("    {text}"));
        }
    }
    line(format!(
        "\nI dag: {} gånger på {} blanketter. Här: {} saker, en gång var.",
        beside.today,
        beside.forms.len(),
        beside.now
    ));
    out
}

/// What answers an asking, one sentence for each kind and place.
pub fn said(pack: &Pack, answers: &[Answer]) -> Vec<String> {
    let mut registers: BTreeMap<&Name, Vec<String>> = BTreeMap::new();
    let (mut login, mut once, mut derived) = (Vec::new(), Vec::new(), Vec::new());
    let mut all = Vec::new();
    let named = |fact: &Name| {
        let text = pack.text("sv", &format!("namn.{fact}")).unwrap_or(fact.as_str());
        inside(text)
    };
    let mut last = Vec::new();
    for answer in answers {
        match answer {
            Answer::Register { fact, register } => registers.entry(register).or_default().push(named(fact)),
            Answer::Login { fact } => login.push(named(fact)),
            Answer::Once { fact } => once.push(named(fact)),
            Answer::Derived { fact } => derived.push(named(fact)),
            Answer::Obstacle {
                fact,
                held_by,
                obstacle,
            } => last.push(format!(
                "frågas fast det finns hos {held_by}: {} – {obstacle}",
                named(fact)
            )),
            Answer::NoLonger { why } => last.push(format!("frågas inte längre: {why}")),
        }
    }
    for (register, facts) in registers {
        let register = pack
            .text("sv", &format!("register.{register}"))
            .unwrap_or(register.as_str());
        all.push(format!("hämtas ur {}: {}", inside(register), facts.join(", ")));
    }
    for (how, facts) in [
        ("inloggningen visar", login),
        ("följer av annat", derived),
        ("frågas en gång", once),
    ] {
        if !facts.is_empty() {
            all.push(format!("{how}: {}", facts.join(", ")));
        }
    }
    all.extend(last);
    all
}

/// A row of a pipe table.
struct Line {
    is_heading: bool,
    cells: Vec<(String, Span)>,
    span: Span,
}

/// Every table row; the row before `| --- |` is a heading.
fn rows(file: &SourceFile, id: FileId) -> Vec<Line> {
    let mut all: Vec<Line> = Vec::new();
    let mut at = 0_usize;
    for line in file.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let text = line.trim_end();
        if !text.starts_with('|') {
            continue;
        }
        let inside = text.trim_start_matches('|');
        let offset = start + (text.len() - inside.len());
        let inside = inside.strip_suffix('|').unwrap_or(inside);
        let mut cells = Vec::new();
        let mut from = offset;
        for cell in inside.split('|') {
            let words = match cell.trim() {
                "–" => "",
                words => words,
            };
            cells.push((words.to_owned(), span(id, from, from + cell.len())));
            from += cell.len() + 1;
        }
        if cells
            .iter()
            .all(|(text, _)| !text.is_empty() && text.chars().all(|c| matches!(c, '-' | ':')))
        {
            if let Some(before) = all.last_mut() {
                before.is_heading = true;
            }
            continue;
        }
        all.push(Line {
            is_heading: false,
            cells,
            span: span(id, start, start + text.len()),
        });
    }
    all
}

fn span(file: FileId, start: usize, end: usize) -> Span {
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        file,
        start: byte(start),
        end: byte(end),
    }
}
