//! A service as its readers will meet it, shown to the one who writes it: pages made of the document alone.
//!
//! Always true here: a page is a function of the documents' files, the chosen example and the answers given by hand; what registers
//! would answer is what the example says. Nothing is kept and nothing is sent. A document that cannot be read shows its findings
//! beside the text; [`Shown`] keeps the last one that could. Reading order: [`Shown`], [`View`], [`page`], then each view;
//! [`graph`] draws what rests on what.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use samverk_domain::check;
use samverk_domain::check::play::{Move, Play, Truth};
use samverk_domain::fact::{Facts, Known, Name, Slot};
use samverk_domain::finding::{Finding, Severity, SourceFile};
use samverk_domain::pack::{self, Block, Column, Letter, Pack, Piece, RuleKind, Source, Type};
use samverk_domain::rules::{self, Evaluation, Fired, Question, Setting, Verdict};
use samverk_domain::words::law::Lagrum;

use crate::coverage;
use crate::paper::escaped;

pub mod graph;

use graph::Graph;

/// Answers given by hand on one page.
const ANSWERS_MAX: usize = 500;

/// What is shown: the files as they are, and the service as it last could be read.
#[derive(Clone, Debug)]
pub struct Shown {
    pub files: Vec<SourceFile>,
    pub found: Vec<Finding>,
    /// The files' own service, or an earlier one's.
    pub pack: Option<Pack>,
    /// `pack` is of these very files.
    pub is_current: bool,
    /// How many times the files have changed.
    pub generation: u64,
}

impl Shown {
    /// Reads the files, and keeps the service of `before` if they cannot be read.
    pub fn of(files: Vec<SourceFile>, before: Option<&Self>) -> Self {
        let (pack, mut found) = pack::parse::pack(files.clone());
        let pack = pack.filter(|_| !found.iter().any(|finding| finding.severity == Severity::Error));
        if let Some(pack) = &pack {
            found.extend(check::check(pack, None));
        }
        found.sort_by_key(|finding| (finding.span, finding.severity));
        Self {
            files,
            found,
            is_current: pack.is_some(),
            generation: before.map_or(0, |before| before.generation + 1),
            pack: pack.or_else(|| before?.pack.clone()),
        }
    }
}

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Service,
    Tables,
    Graph,
    Letters,
    Document,
}

impl View {
    pub const ALL: [Self; 5] = [Self::Service, Self::Tables, Self::Graph, Self::Letters, Self::Document];

    /// Its address under the preview's own.
    pub fn path(self) -> &'static str {
        match self {
            Self::Service => "",
            Self::Tables => "tabeller",
            Self::Graph => "beroenden",
            Self::Letters => "brev",
            Self::Document => "dokument",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Service => "Tjänsten",
            Self::Tables => "Tabellerna",
            Self::Graph => "Vad som bygger på vad",
            Self::Letters => "Breven",
            Self::Document => "Dokumentet och fynden",
        }
    }
}

/// What the author has chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The example, from 0.
    pub example: usize,
    /// Fact → what was written by hand. An empty answer is none.
    pub answers: BTreeMap<String, String>,
}

impl Chosen {
    /// From a page's query: `exempel=2&svar.gas.inne=5`.
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut chosen = Self::default();
        for (key, value) in pairs.into_iter().take(ANSWERS_MAX) {
            if key == "exempel" {
                chosen.example = value.parse().unwrap_or(0);
            } else if let Some(fact) = key.strip_prefix("svar.")
                && !value.trim().is_empty()
            {
                chosen.answers.insert(fact.to_owned(), value.trim().to_owned());
            }
        }
        chosen
    }
}

/// A case to show: the example with the answers by hand laid over it.
struct Case {
    title: String,
    truth: Truth,
    evaluation: Evaluation,
    /// Answers that are not of their fact's type, with why.
    refused: BTreeMap<String, String>,
}

impl Case {
    fn of(pack: &Pack, chosen: &Chosen) -> Self {
        let example = pack.examples.get(chosen.example).or_else(|| pack.examples.first());
        let mut truth = example.map_or_else(Truth::default, |example| Truth::of(pack, example));
        let mut refused = BTreeMap::new();
        for (key, text) in &chosen.answers {
            let Some(fact) = Name::parse(key).ok().and_then(|name| pack.fact(&name)) else {
                continue;
            };
            match fact.ty.it.value(text) {
                Ok(value) => truth.facts.set(fact.name.it.clone(), Known::Value(value)),
                Err(why) => drop(refused.insert(key.clone(), why.to_string())),
            }
        }
        Self {
            title: example.map_or_else(|| "utan exempel".to_owned(), |example| example.title.it.clone()),
            evaluation: rules::evaluate(pack, &truth.facts, &truth.setting),
            truth,
            refused,
        }
    }
}

/// One page, whole. `root`: the preview's address, which ends with a slash.
pub fn page(shown: &Shown, view: View, chosen: &Chosen, root: &str) -> String {
    let mut out = String::new();
    let title = shown.pack.as_ref().map_or("Tjänsten", |pack| pack.title.it.as_str());
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"sv\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{} – {}</title>\n\
         <link rel=\"stylesheet\" href=\"{root}tokens.css\">\n<link rel=\"stylesheet\" href=\"{root}base.css\">\n\
         <link rel=\"stylesheet\" href=\"{root}forhandsvisning.css\">\n<script src=\"{root}uppdatera.js\" data-sedan=\"{}\"></script>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#innehall\">Till innehållet</a>\n<header class=\"preview-head\">\n\
         <p><strong>Förhandsvisning</strong> av {}. Bara du ser den.</p>\n<nav aria-label=\"Förhandsvisningens sidor\"><ul>\n",
        view.title(),
        escaped(title),
        shown.generation,
        escaped(title)
    );
    for other in View::ALL {
        let current = if other == view { " aria-current=\"page\"" } else { "" };
        let _ = writeln!(
            out,
            "<li><a href=\"{root}{}?exempel={}\"{current}>{}</a></li>",
            other.path(),
            chosen.example,
            other.title()
        );
    }
    let _ = write!(
        out,
        "</ul></nav>\n</header>\n<main id=\"innehall\">\n<h1>{}</h1>\n",
        view.title()
    );
    state(&mut out, shown, root);
    match (&shown.pack, view) {
        (_, View::Document) => document(&mut out, shown),
        (None, _) => out.push_str("<p>Det finns ännu ingen version som går att läsa.</p>\n"),
        (Some(pack), View::Graph) => dependencies(&mut out, pack, root),
        (Some(pack), view) => {
            let case = Case::of(pack, chosen);
            picker(&mut out, pack, view, chosen, root);
            match view {
                View::Tables => tables(&mut out, pack, &case),
                View::Letters => letters(&mut out, pack, &case),
                _ => service(&mut out, pack, &case, chosen, root),
            }
        }
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn state(out: &mut String, shown: &Shown, root: &str) {
    let count = |severity: Severity| {
        shown
            .found
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let mut text = match (errors, warnings) {
        (0, 0) => "Inga fel och inga varningar.".to_owned(),
        (errors, warnings) => format!("{errors} fel och {warnings} varningar."),
    };
    if !shown.is_current && shown.pack.is_some() {
        text.push_str(" Dokumentet går inte att läsa som det är nu. Sidan visar det som det senast gick att läsa.");
    }
    let class = if errors > 0 {
        "preview-state preview-state--wrong"
    } else {
        "preview-state"
    };
    let _ = writeln!(
        out,
        "<p class=\"{class}\" role=\"status\">{} <a href=\"{root}dokument\">Se fynden vid texten</a>.</p>",
        escaped(&text)
    );
}

fn picker(out: &mut String, pack: &Pack, view: View, chosen: &Chosen, root: &str) {
    let _ = write!(
        out,
        "<form method=\"get\" action=\"{root}{}\" class=\"preview-picker\">\n<label for=\"exempel\">Exempel</label>\n\
         <select id=\"exempel\" name=\"exempel\">\n",
        view.path()
    );
    for (at, example) in pack.examples.iter().enumerate() {
        let selected = if at == chosen.example { " selected" } else { "" };
        let _ = writeln!(
            out,
            "<option value=\"{at}\"{selected}>{}</option>",
            escaped(&example.title)
        );
    }
    out.push_str("</select>\n<button type=\"submit\">Visa</button>\n</form>\n");
}

// ---- the service ----

fn service(out: &mut String, pack: &Pack, case: &Case, chosen: &Chosen, root: &str) {
    let _ = writeln!(out, "<p class=\"lead\">{}</p>", escaped(&pack.intro));
    stopped(out, pack, case);
    out.push_str("<h2>Steg och organ</h2>\n");
    out.push_str("<table><thead><tr><th scope=\"col\">Steg</th><th scope=\"col\">Hos</th><th scope=\"col\">Blir</th><th scope=\"col\">Frist</th><th scope=\"col\">Avgift</th></tr></thead><tbody>\n");
    for step in &pack.steps {
        let result = case.evaluation.steps.get(&step.name.it);
        let becomes = match result.map(|it| it.verdict(pack, &step.name.it)) {
            Some(Verdict::NotNeeded) => "behövs inte".to_owned(),
            Some(Verdict::CaseWorker) => "en handläggare måste ta ställning".to_owned(),
            Some(Verdict::Outcome(outcome)) => text(pack, &format!("utfall.{}.{outcome}", step.name.it), outcome),
            Some(Verdict::Waiting) | None => {
                let waits = result.map(|it| it.waits_for.keys().map(|name| name_of(pack, name)).collect::<Vec<_>>());
                match waits.filter(|waits| !waits.is_empty()) {
                    Some(waits) => format!("väntar på {}", waits.join(", ")),
                    None => "väntar".to_owned(),
                }
            }
        };
        let fee = match result.map(|it| &it.fee) {
            Some(Known::Value(kronor)) => format!("{} kr", samverk_domain::words::amount::swedish(*kronor)),
            _ if step.fee.is_some() => "sätts av den som antar".to_owned(),
            _ => String::new(),
        };
        let deadline = step
            .deadline
            .as_ref()
            .map(|it| pack.words_at(it.span))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(&text(pack, &format!("steg.{}", step.name.it), step.name.as_str())),
            escaped(&text(pack, &format!("roll.{}", step.role.it), step.role.it.as_str())),
            escaped(&becomes),
            escaped(&deadline),
            escaped(&fee)
        );
    }
    out.push_str("</tbody></table>\n<h2>Som den sökande möter den</h2>\n");
    let _ = write!(
        out,
        "<p>I ordning, med svaren ur exemplet ”{}”. Ändra ett svar och räkna om: nya frågor kommer och andra försvinner.</p>\n\
         <form method=\"get\" action=\"{root}\">\n<input type=\"hidden\" name=\"exempel\" value=\"{}\">\n<ol class=\"preview-asked\">\n",
        escaped(&case.title),
        chosen.example
    );
    let mut play = Play::new(pack, &case.truth.facts, case.truth.setting.clone());
    while let Some(next) = play.next(pack) {
        match next {
            Move::Fetch(slots) => {
                play.learn(&slots, &case.truth);
                fetched(out, pack, case, &slots);
            }
            Move::Ask(question) => {
                play.answer(pack, &question, &case.truth);
                asked(out, pack, case, chosen, &question);
            }
        }
    }
    out.push_str("</ol>\n<button type=\"submit\">Räkna om</button>\n</form>\n");
}

/// What stops the applicant from going on, in the document's words. Then nothing is sent and no step comes to anything.
fn stopped(out: &mut String, pack: &Pack, case: &Case) -> bool {
    let broken = rules::broken_controls(pack, &case.truth.facts, &case.truth.setting);
    for id in &broken {
        let control = pack.controls.iter().find(|control| control.id.it == *id);
        let message = control.map_or("", |control| control.message.it.as_str());
        let _ = writeln!(
            out,
            "<p class=\"preview-state preview-state--wrong\"><strong>Stoppas av kontrollen {id}.</strong> {} Inget skickas förrän svaret är ett annat.</p>",
            escaped(message)
        );
    }
    !broken.is_empty()
}

fn fetched(out: &mut String, pack: &Pack, case: &Case, slots: &[Slot]) {
    let mut registers: BTreeMap<&Name, Vec<String>> = BTreeMap::new();
    for slot in slots {
        let Some(Source::Register(register)) = pack.fact(&slot.fact).map(|fact| &fact.source.it) else {
            continue;
        };
        let said = match case.truth.register(slot) {
            Some(Known::Value(value)) => value.to_string(),
            Some(Known::NotApplicable) => "ej aktuellt".to_owned(),
            Some(Known::Missing(_)) => "går inte att hämta".to_owned(),
            None => "exemplet säger inget".to_owned(),
        };
        let item = slot.item.map(|item| format!(" {}", item + 1)).unwrap_or_default();
        registers
            .entry(&register.register)
            .or_default()
            .push(format!("{}{item}: {said}", name_of(pack, &slot.fact)));
    }
    for (register, facts) in registers {
        let _ = writeln!(
            out,
            "<li class=\"preview-fetched\"><strong>Hämtas ur {}</strong> {}</li>",
            escaped(&text(pack, &format!("register.{register}"), register.as_str())),
            escaped(&facts.join(" · "))
        );
    }
}

fn asked(out: &mut String, pack: &Pack, case: &Case, chosen: &Chosen, question: &Question) {
    match question {
        Question::Fact(name) => {
            let Some(fact) = pack.fact(name) else { return };
            let written = chosen.answers.get(name.as_str()).cloned();
            let answer = written.or_else(|| case.truth.facts.of(name).value().map(ToString::to_string));
            field(
                out,
                pack,
                fact,
                &answer.unwrap_or_default(),
                case.refused.get(name.as_str()),
            );
        }
        Question::List(name) => {
            let items = case.truth.facts.lists.get(name).map_or(0, Vec::len);
            let columns = pack.list(name).map_or_else(Vec::new, |list| {
                let asked = list.columns.iter().filter(|fact| fact.source.it == Source::Applicant);
                asked.map(|fact| name_of(pack, &fact.name.it)).collect()
            });
            let _ = writeln!(
                out,
                "<li><strong>{}</strong> En i taget: {}. Exemplet har {items}.</li>",
                escaped(&text(pack, &format!("fråga.{name}"), name.as_str())),
                escaped(&columns.join(", "))
            );
        }
    }
}

fn field(out: &mut String, pack: &Pack, fact: &pack::Fact, answer: &str, refused: Option<&String>) {
    let name = fact.name.it.as_str();
    let question = text(pack, &format!("fråga.{name}"), name);
    let help = pack.text("sv", &format!("hjälp.{name}"));
    let _ = writeln!(out, "<li>");
    let error = refused.map_or_else(String::new, |why| {
        format!("<span class=\"preview-error\">{}</span>", escaped(why))
    });
    let described = if help.is_some() {
        format!(" aria-describedby=\"hjalp-{name}\"")
    } else {
        String::new()
    };
    let words: Option<Vec<String>> = match &fact.ty.it {
        Type::YesNo => Some(vec!["ja".to_owned(), "nej".to_owned()]),
        Type::Choice(words) => Some(words.clone()),
        _ => None,
    };
    let _ = write!(out, "<label for=\"svar-{name}\">{}</label>{error}", escaped(&question));
    if let Some(help) = help {
        let _ = write!(out, "<span class=\"hint\" id=\"hjalp-{name}\">{}</span>", escaped(help));
    }
    match words {
        Some(words) => {
            let _ = write!(
                out,
                "<select id=\"svar-{name}\" name=\"svar.{name}\"{described}><option value=\"\">obesvarad</option>"
            );
            for word in words {
                let selected = if word == answer { " selected" } else { "" };
                let shown = pack.text("sv", &format!("val.{name}.{word}")).unwrap_or(&word);
                let _ = write!(
                    out,
                    "<option value=\"{}\"{selected}>{}</option>",
                    escaped(&word),
                    escaped(shown)
                );
            }
            out.push_str("</select>");
        }
        None => {
            let _ = write!(
                out,
                "<input id=\"svar-{name}\" name=\"svar.{name}\" value=\"{}\" autocomplete=\"off\"{described}>",
                escaped(answer)
            );
        }
    }
    out.push_str("</li>\n");
}

// ---- tables ----

fn tables(out: &mut String, pack: &Pack, case: &Case) {
    let tried: Vec<_> = pack
        .examples
        .iter()
        .map(|example| coverage::tried(pack, example))
        .collect();
    let fired = rules::look::Look::new(pack, &case.truth.facts, &case.truth.setting).fired();
    let _ = writeln!(
        out,
        "<p>Rader som gäller i exemplet ”{}” har ordet <strong>gäller</strong>. En rad som inget exempel träffar har orden <strong>inget exempel</strong>.</p>",
        escaped(&case.title)
    );
    for table in coverage::tables(pack, &tried) {
        let rule = table.rule;
        let heading = match rule.kind {
            RuleKind::Fact => format!("Regel: {}", rule.name.it),
            RuleKind::Outcome => format!("Utfallsregel: {}", rule.name.it),
        };
        let _ = write!(
            out,
            "<h2>{}</h2>\n<table><thead><tr><th scope=\"col\">Läge</th>",
            escaped(&heading)
        );
        for column in &rule.columns {
            let label = match &column.it {
                Column::Id => "id".to_owned(),
                _ => pack.words_at(column.span),
            };
            let _ = write!(out, "<th scope=\"col\">{}</th>", escaped(&label));
        }
        out.push_str("</tr></thead><tbody>\n");
        for (row, (_, examples)) in rule.rows.iter().zip(&table.rows) {
            let holds = fired.contains(&Fired {
                rule: rule.name.it.clone(),
                row: row.id.it.clone(),
            });
            let (class, state) = match (holds, examples.is_empty()) {
                (true, _) => (" class=\"preview-holds\"", "gäller"),
                (false, true) => (" class=\"preview-untried\"", "inget exempel"),
                (false, false) => ("", ""),
            };
            let _ = write!(out, "<tr{class}><td>{state}</td>");
            for cell in cells(&pack.words_at(row.span)) {
                let _ = write!(out, "<td>{}</td>", escaped(&cell));
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody></table>\n");
    }
}

fn cells(row: &str) -> Vec<String> {
    let inside = row.trim().trim_start_matches('|');
    let inside = inside.strip_suffix('|').unwrap_or(inside);
    inside
        .replace("\\|", "\u{0}")
        .split('|')
        .map(|cell| cell.trim().replace('\u{0}', "|"))
        .collect()
}

// ---- what rests on what ----

fn dependencies(out: &mut String, pack: &Pack, root: &str) {
    let graph = Graph::of(pack);
    out.push_str("<p>Läs från vänster: uppgifter, regler, steg och utfall. Välj en ruta för att komma till dess plats i dokumentet.</p>\n<div class=\"preview-graph\" tabindex=\"0\" role=\"region\" aria-label=\"Bilden, kan rullas i sidled\">\n");
    out.push_str(&graph.svg(|line| format!("{root}dokument#rad-{line}")));
    out.push_str("</div>\n<h2>Samma sak i ord</h2>\n<table><thead><tr><th scope=\"col\">Vad</th><th scope=\"col\">Bygger på</th></tr></thead><tbody>\n");
    for (what, reads) in graph.rows() {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
            escaped(&what),
            escaped(&reads.join(", "))
        );
    }
    out.push_str("</tbody></table>\n");
}

// ---- letters ----

fn letters(out: &mut String, pack: &Pack, case: &Case) {
    if stopped(out, pack, case) {
        return;
    }
    let mut is_any = false;
    for step in &pack.steps {
        let Some(result) = case.evaluation.steps.get(&step.name.it) else {
            continue;
        };
        let Verdict::Outcome(outcome) = result.verdict(pack, &step.name.it) else {
            continue;
        };
        let listed = pack.outcomes_of(&step.name.it).find(|it| it.name.it == outcome);
        let Some((listed, letter)) = listed.and_then(|it| Some((it, pack.letters.get(&it.letter.it)?))) else {
            continue;
        };
        is_any = true;
        let _ = writeln!(
            out,
            "<section class=\"preview-letter\"><p class=\"caption\">{}: {}</p>",
            escaped(&text(pack, &format!("steg.{}", step.name.it), step.name.as_str())),
            escaped(outcome)
        );
        let reader = Reading {
            pack,
            facts: &case.truth.facts,
            setting: &case.truth.setting,
            case,
            step: &step.name.it,
            outcome: listed,
        };
        reader.letter(out, letter);
        out.push_str("</section>\n");
    }
    if !is_any {
        out.push_str("<p>Inget steg har kommit så långt i exemplet att det finns ett brev.</p>\n");
    }
}

struct Reading<'p> {
    pack: &'p Pack,
    facts: &'p Facts,
    setting: &'p Setting,
    case: &'p Case,
    step: &'p Name,
    outcome: &'p pack::Outcome,
}

impl Reading<'_> {
    fn letter(&self, out: &mut String, letter: &Letter) {
        let _ = writeln!(out, "<h2>{}</h2>", self.pieces(&letter.heading.it));
        self.blocks(out, &letter.blocks);
    }

    fn blocks(&self, out: &mut String, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Heading(heading) => {
                    let _ = writeln!(out, "<h3>{}</h3>", escaped(heading));
                }
                Block::Paragraph(pieces) => {
                    let _ = writeln!(out, "<p>{}</p>", self.pieces(&pieces.it));
                }
                Block::Grounds(_) => self.grounds(out),
                Block::Appeal(_) => {
                    let _ = writeln!(out, "<p>{}</p>", escaped(&self.pack.words_at(self.outcome.appeal.span)));
                }
                Block::Duties(_) => {
                    out.push_str("<ul>");
                    for duty in self.pack.duties_after(self.step, self.outcome.kind.it) {
                        let _ = write!(out, "<li>{}</li>", escaped(&duty.text));
                    }
                    out.push_str("</ul>\n");
                }
                Block::If(conditional) => {
                    let condition = &conditional.condition.it;
                    let holds = rules::condition(self.pack, self.facts, self.setting, Some(self.step), condition);
                    let shown = if holds == Known::Value(true) {
                        &conditional.shown
                    } else {
                        &conditional.otherwise
                    };
                    self.blocks(out, shown);
                }
            }
        }
    }

    /// The sentences of the rows that hold, each with its *Varför?*: the row and its lagrum.
    fn grounds(&self, out: &mut String) {
        let Some(result) = self.case.evaluation.steps.get(self.step) else {
            return;
        };
        for fired in result.grounds.iter().chain(result.needed_because.iter()) {
            let rule = self.pack.rules.iter().find(|rule| rule.name.it == fired.rule);
            let row = rule.and_then(|rule| rule.rows.iter().find(|row| row.id.it == fired.row));
            let Some(because) = row.and_then(|row| Some((row, row.because.as_ref()?))) else {
                continue;
            };
            let (row, because) = because;
            let law = row
                .law
                .as_ref()
                .map(|law| Lagrum::to_string(&law.it))
                .unwrap_or_default();
            let _ = writeln!(
                out,
                "<p>{}</p><details><summary>Varför?</summary><p>Raden {} i {}. {}</p></details>",
                escaped(because),
                escaped(fired.row.as_str()),
                escaped(fired.rule.as_str()),
                escaped(&law)
            );
        }
    }

    fn pieces(&self, pieces: &[Piece]) -> String {
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(&escaped(text)),
                Piece::Placeholder(name) => {
                    let value = self.facts.in_a_sentence(&name.it).or_else(|| {
                        let known = self.case.evaluation.values.get(&name.it)?;
                        known.value().map(ToString::to_string)
                    });
                    let value = value.or_else(|| match name.it.as_str() {
                        "steg" => Some(text(self.pack, &format!("steg.{}", self.step), self.step.as_str())),
                        _ => None,
                    });
                    match value {
                        Some(value) => out.push_str(&escaped(&value)),
                        None => {
                            let _ = write!(out, "<em>[{}]</em>", escaped(name.it.as_str()));
                        }
                    }
                }
            }
        }
        out
    }
}

// ---- the document ----

fn document(out: &mut String, shown: &Shown) {
    for (at, file) in shown.files.iter().enumerate() {
        let own: Vec<(usize, &Finding)> = shown
            .found
            .iter()
            .filter(|finding| usize::from(finding.span.file.0) == at)
            .map(|finding| (file.position(finding.span.start).0, finding))
            .collect();
        let is_main = file.path == "tjanst.md";
        let _ = write!(
            out,
            "<details{}><summary><h2>{}</h2> {} fynd</summary>\n<ol class=\"preview-text\">\n",
            if is_main || !own.is_empty() { " open" } else { "" },
            escaped(&file.path),
            own.len()
        );
        for (number, line) in file.text.lines().enumerate() {
            let number = number + 1;
            let id = if is_main {
                format!(" id=\"rad-{number}\"")
            } else {
                String::new()
            };
            let _ = write!(out, "<li{id}><code>{}</code>", escaped(line));
            for (_, finding) in own.iter().filter(|(at, _)| *at == number) {
                let (class, word) = match finding.severity {
                    Severity::Error => ("error", "Fel"),
                    Severity::Warning => ("warning", "Varning"),
                    Severity::Note => ("note", "Upplysning"),
                };
                let _ = write!(
                    out,
                    "<p class=\"preview-{class}\"><strong>{word} {}</strong> {}",
                    finding.code,
                    escaped(&finding.message)
                );
                if let Some(example) = &finding.example {
                    let _ = write!(out, " <span>Till exempel: {}.</span>", escaped(example));
                }
                if let Some(suggestion) = &finding.suggestion {
                    let _ = write!(out, " <span>{}</span>", escaped(suggestion));
                }
                out.push_str("</p>");
            }
            out.push_str("</li>\n");
        }
        out.push_str("</ol></details>\n");
    }
}

// ---- words ----

fn text(pack: &Pack, key: &str, otherwise: &str) -> String {
    pack.text("sv", key).unwrap_or(otherwise).to_owned()
}

fn name_of(pack: &Pack, fact: &Name) -> String {
    text(pack, &format!("namn.{fact}"), fact.as_str())
}

/// What the pages need beside a node's own stylesheets.
pub const STYLE: &str = "\
body{max-width:72rem;margin:0 auto;padding:0 1rem 4rem}\
.preview-head{border-bottom:2px solid var(--color-neutral-border-strong);margin-bottom:1rem}\
.preview-head ul{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;list-style:none;padding:0;margin:.5rem 0}\
.preview-head a[aria-current]{font-weight:700;text-decoration-thickness:3px}\
.preview-state{padding:.5rem .75rem;border-left:6px solid var(--color-success-base-default);background:var(--color-success-surface-tinted)}\
.preview-state--wrong{border-color:var(--color-danger-base-default);background:var(--color-danger-surface-tinted)}\
.preview-picker{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;margin:1rem 0}\
.preview-picker select{max-width:100%}\
main table{border-collapse:collapse;width:100%;margin:1rem 0;font-size:.95rem}\
main th,main td{border-bottom:1px solid var(--color-neutral-border-default);padding:.4rem .6rem .4rem 0;text-align:left;vertical-align:top;overflow-wrap:break-word;hyphens:auto}\
.preview-asked>li{margin:0 0 1rem;padding-left:.25rem}.preview-asked label{display:block;font-weight:600}\
.preview-asked .hint{display:block;color:var(--color-neutral-text-subtle)}\
.preview-asked input,.preview-asked select{font:inherit;padding:.35rem;border:2px solid var(--color-neutral-border-default);max-width:100%;width:24rem}\
.preview-fetched{background:var(--color-thread-surface-tinted);padding:.5rem .75rem}\
.preview-error{display:block;color:var(--color-danger-text-default);font-weight:600}\
.preview-holds{background:var(--color-success-surface-tinted)}.preview-holds td:first-child{font-weight:700}\
.preview-untried{background:var(--color-warning-surface-tinted)}.preview-untried td:first-child{font-weight:700}\
.preview-graph{overflow:auto;border:1px solid var(--color-neutral-border-default);max-height:80vh}\
.graph text{font:600 14px system-ui,sans-serif;fill:var(--color-neutral-text-default)}.graph .note{font-weight:400;font-size:12px;fill:var(--color-neutral-text-subtle)}\
.graph rect{fill:var(--color-neutral-surface-default);stroke:var(--color-neutral-border-default);stroke-width:1.5}\
.graph .rule rect{fill:var(--color-thread-surface-tinted);stroke:var(--color-thread-base-default)}\
.graph .step rect{fill:var(--color-accent-surface-tinted);stroke:var(--color-accent-base-default)}\
.graph .outcome rect{stroke-width:3;stroke:var(--color-accent-base-default)}\
.graph .edge{fill:none;stroke:var(--color-neutral-border-default);stroke-width:1;opacity:.55}\
.graph a:focus rect,.graph a:hover rect{stroke-width:4}\
.preview-letter{border:1px solid var(--color-neutral-border-default);padding:1rem 1.5rem;margin:1.5rem 0;max-width:46rem}\
.preview-text{font-size:.85rem;padding-left:3.5rem}.preview-text code{white-space:pre-wrap;overflow-wrap:anywhere;font-size:inherit}\
.preview-text li:target{background:var(--color-thread-surface-tinted)}\
.preview-text p{margin:.25rem 0 .5rem;padding:.4rem .6rem;border-left:5px solid}\
.preview-error,.preview-text .preview-error{border-color:var(--color-danger-base-default);background:var(--color-danger-surface-tinted)}\
.preview-warning{border-color:var(--color-warning-base-default);background:var(--color-warning-surface-tinted)}\
.preview-note{border-color:var(--color-neutral-border-default);background:var(--color-neutral-surface-tinted)}\
details>summary h2{display:inline}";

/// Loads the page anew when the server says that a file has changed: a request is answered then, or after a while with nothing.
pub const SCRIPT: &str = "\
'use strict';\n\
const own = document.currentScript;\n\
const changed = new URL('andrad?sedan=' + own.dataset.sedan, own.src);\n\
(async () => {\n\
  for (;;) {\n\
    try {\n\
      const answer = await fetch(changed, { cache: 'no-store' });\n\
      if (answer.status === 200) { location.reload(); return; }\n\
      if (answer.status !== 204) { return; }\n\
    } catch {\n\
      await new Promise((later) => setTimeout(later, 2000));\n\
    }\n\
  }\n\
})();\n";
