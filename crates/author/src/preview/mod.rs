//! A service as its readers will meet it, shown to the one who writes it: pages made of the document alone.
//!
//! Always true here: a page is a function of the documents' files, the chosen example and the answers given by hand; what registers
//! would answer is what the example says. Nothing is kept and nothing is sent. A document that cannot be read shows its findings
//! beside the text; [`Shown`] keeps the last one that could. Reading order: [`Shown`], [`View`], [`page`], then each view;
//! [`fields`] are the questions, [`graph`] draws what rests on what.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use samverk_domain::check;
use samverk_domain::check::play::{Move, Play, Truth};
use samverk_domain::fact::{Facts, Known, Name, Slot};
use samverk_domain::finding::{Finding, Severity, SourceFile};
use samverk_domain::pack::{self, Appeal, Block, Column, Letter, Pack, Piece, Regime, RuleKind, Source, Start};
use samverk_domain::rules::{self, Evaluation, Fired, Question, Setting, Verdict};
use samverk_domain::words::law::Lagrum;
use samverk_domain::words::letters::capital;

use crate::coverage;
use crate::paper::escaped;

pub mod fields;
pub mod graph;

use fields::{Answers, Refused};
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
    /// What the form sent; empty fields too, for they are unanswered.
    pub answers: Answers,
}

impl Chosen {
    /// From a page's query: `exempel=2&svar.gas.inne=5`.
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut chosen = Self::default();
        for (key, value) in pairs.into_iter().take(ANSWERS_MAX) {
            if key == "exempel" {
                chosen.example = value.parse().unwrap_or(0);
            } else if let Some(fact) = key.strip_prefix("svar.") {
                chosen.answers.insert(fact.to_owned(), value.trim().to_owned());
            }
        }
        chosen
    }

    /// The query that gives the same again.
    fn query(&self) -> String {
        let mut out = format!("exempel={}", self.example);
        for (field, value) in &self.answers {
            let _ = write!(out, "&svar.{}={}", percent(field), percent(value));
        }
        out
    }
}

/// A case to show: the example with the answers by hand laid over it.
struct Case {
    title: String,
    truth: Truth,
    evaluation: Evaluation,
    /// Answers that are not of their fact's type, with why.
    refused: Refused,
}

impl Case {
    fn of(pack: &Pack, chosen: &Chosen) -> Self {
        let example = pack.examples.get(chosen.example).or_else(|| pack.examples.first());
        let mut truth = example.map_or_else(Truth::default, |example| Truth::of(pack, example));
        let refused = fields::lay(pack, &chosen.answers, &mut truth.facts);
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
    let called = shown.pack.as_ref().map_or("Tjänsten", |pack| pack.title.it.as_str());
    let heading = match view {
        View::Service => called,
        other => other.title(),
    };
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"sv\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{} – {} – förhandsvisning</title>\n\
         <link rel=\"stylesheet\" href=\"{root}tokens.css\">\n<link rel=\"stylesheet\" href=\"{root}base.css\">\n\
         <link rel=\"stylesheet\" href=\"{root}forhandsvisning.css\">\n<script src=\"{root}uppdatera.js\" data-sedan=\"{}\" defer></script>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#innehall\">Till innehållet</a>\n<header class=\"header\">\n<div class=\"band\"></div>\n<div class=\"wrap preview-head\">\n\
         <p><strong>Förhandsvisning</strong> av {}. Bara du ser den.</p>\n<nav aria-label=\"Förhandsvisningens sidor\"><ul class=\"tabs\">\n",
        view.title(),
        escaped(called),
        shown.generation,
        escaped(called)
    );
    for other in View::ALL {
        let current = if other == view { " aria-current=\"page\"" } else { "" };
        let _ = writeln!(
            out,
            "<li><a href=\"{root}{}?{}\"{current}>{}</a></li>",
            other.path(),
            escaped(&chosen.query()),
            other.title()
        );
    }
    let _ = write!(
        out,
        "</ul></nav>\n</div>\n</header>\n<div class=\"page\"><div class=\"wrap\">\n<main class=\"main main--wide\" id=\"innehall\" tabindex=\"-1\">\n\
         <h1>{}</h1>\n",
        escaped(heading)
    );
    state(&mut out, shown, view, root);
    match (&shown.pack, view) {
        (_, View::Document) => document(&mut out, shown),
        (None, _) => out.push_str(
            "<p>Det finns ännu inget som går att visa. När dokumentet går att läsa kommer tjänsten här.</p>\n",
        ),
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
    out.push_str(
        "</main>\n</div></div>\n<footer class=\"footer\"><div class=\"wrap\">\n\
         <p>Sidan är gjord ur filerna som de är sparade. Inget du skriver här sparas eller skickas.</p>\n\
         <noscript><p>Utan JavaScript laddas sidan inte om av sig själv. Ladda om den när du har sparat.</p></noscript>\n\
         <p id=\"lage\" role=\"status\"></p>\n</div></footer>\n</body>\n</html>\n",
    );
    out
}

/// Findings that every page lists; the rest stand beside the text.
const FINDINGS_MAX: usize = 5;

/// What is wrong, first of all.
fn state(out: &mut String, shown: &Shown, view: View, root: &str) {
    let of = |severity: Severity| shown.found.iter().filter(move |finding| finding.severity == severity);
    let errors = of(Severity::Error).count();
    let mut text = match (errors, of(Severity::Warning).count(), of(Severity::Note).count()) {
        (0, 0, 0) => "Inga fel, varningar eller upplysningar.".to_owned(),
        (0, 0, notes) => format!(
            "Inga fel och inga varningar. {}.",
            many(notes, "upplysning", "upplysningar")
        ),
        (errors, warnings, _) => format!(
            "{} och {}.",
            many(errors, "fel", "fel"),
            many(warnings, "varning", "varningar")
        ),
    };
    if !shown.is_current && shown.pack.is_some() && view != View::Document {
        text.push_str(" Dokumentet går inte att läsa som det är nu. Sidan visar det som det senast gick att läsa.");
    }
    let class = if errors > 0 {
        "preview-state preview-state--wrong"
    } else {
        "preview-state"
    };
    let _ = writeln!(
        out,
        "<div class=\"{class}\">\n<p role=\"status\">{}</p>",
        escaped(&text)
    );
    if view == View::Document {
        findings(out, shown, root, usize::MAX);
    } else if errors > 0 {
        findings(out, shown, root, FINDINGS_MAX);
    }
    if view != View::Document && !shown.found.is_empty() {
        let _ = writeln!(out, "<p><a href=\"{root}dokument\">Se fynden vid texten</a></p>");
    }
    out.push_str("</div>\n");
}

/// The gravest first, each leading to its line.
fn findings(out: &mut String, shown: &Shown, root: &str, most: usize) {
    if shown.found.is_empty() {
        return;
    }
    let mut found: Vec<&Finding> = shown.found.iter().collect();
    found.sort_by_key(|finding| finding.severity);
    let only_errors = most != usize::MAX;
    let listed = found
        .iter()
        .filter(|finding| !only_errors || finding.severity == Severity::Error);
    out.push_str("<ul class=\"preview-findings\">\n");
    for finding in listed.take(most) {
        let at = usize::from(finding.span.file.0);
        let (file, line) = shown.files.get(at).map_or(("", 1), |file| {
            (file.path.as_str(), file.position(finding.span.start).0)
        });
        let (_, word) = severity(finding.severity);
        let _ = writeln!(
            out,
            "<li><a href=\"{root}dokument#{}\">{word} {}, {} rad {line}</a>: {}</li>",
            anchor(file, at, line),
            finding.code,
            escaped(file),
            escaped(&finding.message)
        );
    }
    out.push_str("</ul>\n");
}

fn severity(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Error => ("error", "Fel"),
        Severity::Warning => ("warning", "Varning"),
        Severity::Note => ("note", "Upplysning"),
    }
}

/// The id of a line.
fn anchor(file: &str, at: usize, line: usize) -> String {
    match file {
        MAIN_FILE => format!("rad-{line}"),
        _ => format!("fil-{at}-rad-{line}"),
    }
}

const MAIN_FILE: &str = "tjanst.md";

fn picker(out: &mut String, pack: &Pack, view: View, chosen: &Chosen, root: &str) {
    if pack.examples.is_empty() {
        out.push_str("<p>Det finns inget exempel än. Skriv ett i exempel.md, så visas tjänsten med dess svar.</p>\n");
        return;
    }
    let _ = write!(
        out,
        "<form method=\"get\" action=\"{root}{}\" class=\"preview-picker\">\n<label class=\"label\" for=\"exempel\">Exempel</label>\n\
         <select id=\"exempel\" name=\"exempel\">\n",
        view.path()
    );
    for (at, example) in pack.examples.iter().enumerate() {
        let selected = if at == chosen.example { " selected" } else { "" };
        let _ = writeln!(
            out,
            "<option value=\"{at}\"{selected}>{}</option>",
            escaped(&capital(&example.title))
        );
    }
    out.push_str("</select>\n<button class=\"button button--second button--small\" type=\"submit\">Visa exemplet</button>\n</form>\n");
    if !chosen.answers.is_empty() {
        let _ = writeln!(
            out,
            "<p>Med dina egna svar. <a href=\"{root}{}?exempel={}\">Ta bort dem och visa bara exemplet</a></p>",
            view.path(),
            chosen.example
        );
    }
}

// ---- the service ----

fn service(out: &mut String, pack: &Pack, case: &Case, chosen: &Chosen, root: &str) {
    let _ = writeln!(out, "<p class=\"lead\">{}</p>", escaped(&pack.intro));
    stopped(out, pack, case);
    out.push_str("<h2>Steg och organ</h2>\n");
    let headings = ["Steg", "Hos", "Utfall", "Frist", "Avgift"];
    open_table(out, "Steg och organ", &headings);
    for step in &pack.steps {
        let result = case.evaluation.steps.get(&step.name.it);
        let becomes = match result.map(|it| it.verdict(pack, &step.name.it)) {
            Some(Verdict::NotNeeded) => "Behövs inte".to_owned(),
            Some(Verdict::CaseWorker) => "En handläggare måste ta ställning".to_owned(),
            Some(Verdict::Outcome(outcome)) => {
                capital(&text(pack, &format!("utfall.{}.{outcome}", step.name.it), outcome))
            }
            Some(Verdict::Waiting) | None => {
                let waits = result.map(|it| it.waits_for.keys().map(|name| name_of(pack, name)).collect::<Vec<_>>());
                match waits.filter(|waits| !waits.is_empty()) {
                    Some(waits) => format!("Väntar på {}", waits.join(", ")),
                    None => "Väntar".to_owned(),
                }
            }
        };
        let fee = match (result.map(|it| &it.fee), step.fee.is_some()) {
            (Some(Known::Value(kronor)), _) => format!("{} kronor", samverk_domain::words::amount::swedish(*kronor)),
            (Some(Known::NotApplicable), true) => "Ingen här".to_owned(),
            (_, true) => "Sätts av organet".to_owned(),
            (_, false) => "Ingen".to_owned(),
        };
        let deadline = step.deadline.as_ref().map(|it| capital(&pack.words_at(it.span)));
        let role = text(pack, &format!("roll.{}", step.role.it), step.role.it.as_str());
        row(
            out,
            "",
            &text(pack, &format!("steg.{}", step.name.it), step.name.as_str()),
            &headings[1..],
            &[role, becomes, deadline.unwrap_or_else(|| "Ingen".to_owned()), fee],
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
    out.push_str(
        "</ol>\n<div class=\"actions\"><button class=\"button\" type=\"submit\">Räkna om</button></div>\n</form>\n",
    );
}

/// A table that becomes cards on a phone.
fn open_table(out: &mut String, caption: &str, headings: &[&str]) {
    let _ = write!(
        out,
        "<table role=\"table\" class=\"table table--cards\"><caption class=\"hidden-visually\">{}</caption>\n<thead role=\"rowgroup\"><tr role=\"row\">",
        escaped(caption)
    );
    for heading in headings {
        let _ = write!(out, "<th role=\"columnheader\" scope=\"col\">{}</th>", escaped(heading));
    }
    out.push_str("</tr></thead>\n<tbody role=\"rowgroup\">\n");
}

fn row(out: &mut String, class: &str, head: &str, headings: &[&str], cells: &[String]) {
    let _ = write!(
        out,
        "<tr role=\"row\"{class}><th role=\"rowheader\" scope=\"row\">{}</th>",
        escaped(head)
    );
    for (heading, cell) in headings.iter().zip(cells) {
        let _ = write!(
            out,
            "<td role=\"cell\" data-label=\"{}:\">{}</td>",
            escaped(heading),
            escaped(cell)
        );
    }
    out.push_str("</tr>\n");
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
    let mut registers: BTreeMap<&Name, Vec<(String, String)>> = BTreeMap::new();
    for slot in slots {
        let Some(Source::Register(register)) = pack.fact(&slot.fact).map(|fact| &fact.source.it) else {
            continue;
        };
        let said = match case.truth.register(slot) {
            Some(Known::Value(value)) => capital(&pack.shown(&slot.fact, &value, true)),
            Some(Known::NotApplicable) => "Ej aktuellt".to_owned(),
            Some(Known::Missing(_)) => "Går inte att hämta".to_owned(),
            None => "Exemplet säger inget".to_owned(),
        };
        let item = slot
            .item
            .map(|item| format!(", nummer {}", item + 1))
            .unwrap_or_default();
        registers
            .entry(&register.register)
            .or_default()
            .push((format!("{}{item}", name_of(pack, &slot.fact)), said));
    }
    for (register, facts) in registers {
        let _ = writeln!(
            out,
            "<li class=\"preview-fetched\"><p><strong>Hämtas ur {}</strong></p>\n<dl>",
            escaped(&text(pack, &format!("register.{register}"), register.as_str()))
        );
        for (label, said) in facts {
            let _ = writeln!(
                out,
                "<div><dt>{}</dt><dd>{}</dd></div>",
                escaped(&label),
                escaped(&said)
            );
        }
        out.push_str("</dl></li>\n");
    }
}

fn asked(out: &mut String, pack: &Pack, case: &Case, chosen: &Chosen, question: &Question) {
    let (facts, answers) = (&case.truth.facts, &chosen.answers);
    match question {
        Question::Fact(name) => {
            let Some(fact) = pack.fact(name) else { return };
            let known = facts.of(name);
            fields::question(out, pack, fact, known.value(), answers, &case.refused);
        }
        Question::List(name) => {
            let Some(list) = pack.list(name) else { return };
            fields::list(out, pack, list, facts, answers, &case.refused);
        }
    }
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
            "<h2>{}</h2>\n<table role=\"table\" class=\"table rule table--cards\"><caption class=\"hidden-visually\">{}</caption>\n\
             <thead role=\"rowgroup\"><tr role=\"row\">",
            escaped(&heading),
            escaped(&heading)
        );
        let labels: Vec<String> = rule
            .columns
            .iter()
            .map(|column| match &column.it {
                Column::Id => "Rad".to_owned(),
                _ => pack.words_at(column.span),
            })
            .collect();
        for label in &labels {
            // A name may be broken after its dots.
            let label = escaped(label).replace('.', ".<wbr>").replace("→ ", "→&nbsp;");
            let _ = write!(out, "<th role=\"columnheader\" scope=\"col\">{label}</th>");
        }
        out.push_str("</tr></thead>\n<tbody role=\"rowgroup\">\n");
        for (row, (_, examples)) in rule.rows.iter().zip(&table.rows) {
            let holds = fired.contains(&Fired {
                rule: rule.name.it.clone(),
                row: row.id.it.clone(),
            });
            let (class, state) = match (holds, examples.is_empty()) {
                (true, _) => (" class=\"is-firing\"", "gäller"),
                (false, true) => (" class=\"preview-untried\"", "inget exempel"),
                (false, false) => ("", ""),
            };
            let _ = write!(out, "<tr role=\"row\"{class}>");
            let cells = cells(&pack.words_at(row.span));
            for ((column, label), cell) in rule.columns.iter().zip(&labels).zip(&cells) {
                let _ = match &column.it {
                    Column::Id => write!(
                        out,
                        "<th role=\"rowheader\" scope=\"row\" class=\"rule__id\">{}{}</th>",
                        escaped(cell),
                        match state {
                            "" => String::new(),
                            state => format!(" <span class=\"fires\">{state}</span>"),
                        }
                    ),
                    _ => write!(
                        out,
                        "<td role=\"cell\" data-label=\"{}:\">{}</td>",
                        escaped(label),
                        escaped(cell)
                    ),
                };
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
    out.push_str("</div>\n<h2>Samma sak i ord</h2>\n");
    let headings = ["Vad", "Bygger på"];
    open_table(out, "Vad som bygger på vad", &headings);
    for (what, reads) in graph.rows() {
        row(out, "", &capital(&what), &headings[1..], &[reads.join(", ")]);
    }
    out.push_str("</tbody></table>\n");
}

// ---- letters ----

fn letters(out: &mut String, pack: &Pack, case: &Case) {
    if stopped(out, pack, case) {
        return;
    }
    out.push_str("<p>Det som står inom hakparentes fylls i när beslutet fattas.</p>\n");
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
            escaped(&text(pack, &format!("utfall.{}.{outcome}", step.name.it), outcome).to_lowercase())
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
                    let _ = writeln!(out, "<p>{}</p>", escaped(&appealed(&self.outcome.appeal.it)));
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
                    let known = self.facts.known.get(&name.it);
                    let known = known.or_else(|| self.case.evaluation.values.get(&name.it));
                    let value = known
                        .and_then(Known::value)
                        .map(|value| self.pack.shown(&name.it, value, false))
                        .or_else(|| self.facts.in_a_sentence(&name.it));
                    let fee = || match self.case.evaluation.steps.get(self.step).map(|result| &result.fee) {
                        Some(Known::Value(kronor)) => Some(samverk_domain::words::amount::swedish(*kronor)),
                        _ => None,
                    };
                    let value = value.or_else(|| match name.it.as_str() {
                        "steg" => Some(text(self.pack, &format!("steg.{}", self.step), self.step.as_str())),
                        "avgift" => fee(),
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
    // The service itself first, then what has findings, then the rest as the folder has them.
    let mut files = Vec::new();
    for (at, file) in shown.files.iter().enumerate() {
        let own = shown
            .found
            .iter()
            .filter(|finding| usize::from(finding.span.file.0) == at);
        let own = own.map(|finding| (file.position(finding.span.start).0, finding));
        files.push((at, file, own.collect::<Vec<_>>()));
    }
    files.sort_by_key(|(at, file, own)| (file.path != MAIN_FILE, own.is_empty(), *at));
    for (at, file, own) in files {
        let _ = write!(
            out,
            "<details class=\"preview-file\"{}><summary><h2>{}</h2> {}</summary>\n<ol class=\"preview-text\">\n",
            if file.path == MAIN_FILE || !own.is_empty() {
                " open"
            } else {
                ""
            },
            escaped(&file.path),
            match own.len() {
                0 => "inga fynd".to_owned(),
                some => many(some, "fynd", "fynd"),
            }
        );
        for (number, line) in file.text.lines().enumerate() {
            let number = number + 1;
            let _ = write!(
                out,
                "<li id=\"{}\"><code>{}</code>",
                anchor(&file.path, at, number),
                escaped(line)
            );
            for (_, finding) in own.iter().filter(|(at, _)| *at == number) {
                let (class, word) = severity(finding.severity);
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

/// `1 fynd`, `2 varningar`; `Inga fel`.
fn many(number: usize, one: &str, several: &str) -> String {
    match number {
        0 => format!("inga {several}"),
        1 => format!("1 {one}"),
        number => format!("{number} {several}"),
    }
}

/// How a decision is appealed, as a reader needs it.
fn appealed(appeal: &Appeal) -> String {
    match appeal {
        Appeal::To {
            regime,
            instance,
            within,
            from,
        } => {
            let to = match regime {
                Regime::Administrative => format!("Skriv till {instance}, men lämna skrivelsen till [organ]."),
                Regime::LegalityReview => format!("Skriv till {instance} och lämna skrivelsen dit."),
            };
            let counted = match (regime, from) {
                (Regime::LegalityReview, _) => "från den dag då protokollet tillkännagavs på anslagstavlan",
                (_, Start::Decision) => "från dagen för beslutet",
                _ => "från den dag då beslutet kom den sökande till del",
            };
            format!("{to} Skrivelsen ska ha kommit in inom {within} {counted}.")
        }
        Appeal::No { reason } => format!("Beslutet kan inte överklagas: {reason}."),
    }
}

/// Percent-encoded for a query (RFC 3986 §2.1).
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// What the pages need beside a node's own stylesheets.
pub const STYLE: &str = "\
.preview-head{padding-top:var(--size-4)}.preview-head p{margin:0 0 var(--size-2)}.preview-head .tabs{border:0;margin:0}\
.preview-state{padding:var(--size-3) var(--size-4);margin-bottom:var(--size-6);border-left:6px solid var(--color-success-base-default);background:var(--color-success-surface-tinted)}\
.preview-state p{margin:0}.preview-state--wrong{border-color:var(--color-danger-base-default);background:var(--color-danger-surface-tinted)}\
.preview-findings{margin:var(--size-2) 0;font-size:var(--font-size-sm)}\
.preview-picker{display:flex;flex-wrap:wrap;gap:var(--size-2) var(--size-4);align-items:center;margin:0 0 var(--size-6)}.preview-picker .label{margin:0}\
.preview-picker select{width:auto;max-width:100%;flex:0 1 auto;min-width:0}\
.preview-asked{padding-left:2.5rem;max-width:46rem;list-style:none;counter-reset:asked}.preview-asked>li{position:relative;margin:0 0 var(--size-6);counter-increment:asked}\
.preview-asked>li::before{content:counter(asked) '.';position:absolute;left:-2.5rem;font-weight:650;color:var(--color-neutral-text-subtle)}.preview-asked .field{margin:0}\
.preview-asked .choices--row .choice{flex:0 1 auto;max-width:100%;padding:var(--size-1) var(--size-3)}.preview-asked .hint{margin-bottom:var(--size-2);font-size:var(--font-size-sm)}\
.preview-asked .choice label{overflow-wrap:anywhere}.preview-asked .unit{flex-wrap:wrap}.preview-item{padding:0 var(--size-4) var(--size-3);margin:0 0 var(--size-3);border-left:3px solid var(--color-accent-border-subtle)}.preview-item .field{margin-bottom:var(--size-3)}\
.preview-fetched{background:var(--color-accent-surface-tinted);border-left:5px solid var(--color-accent-base-default);padding:var(--size-3) var(--size-4)!important}\
.preview-fetched p,.preview-fetched dl{margin:0;font-size:var(--font-size-sm)}.preview-fetched dl>div{display:flex;flex-wrap:wrap;gap:0 var(--size-2)}\
.preview-fetched dt{color:var(--color-neutral-text-subtle)}.preview-fetched dt::after{content:':'}.preview-fetched dd{margin:0}\
.table.rule{margin-bottom:var(--size-6)}@media(max-width:59.99em){.table.rule td,.table.rule th{overflow-wrap:anywhere}.table.rule th.rule__id{overflow-wrap:normal}}\
.preview-untried>*{background:var(--color-warning-surface-tinted)}.preview-untried .fires{color:var(--color-warning-text-default)}\
.preview-graph{overflow:auto;border:1px solid var(--color-neutral-border-default);max-height:80vh}.preview-graph svg{max-width:none}\
.graph text{font:600 14px system-ui,sans-serif;fill:var(--color-neutral-text-default)}.graph .note{font-weight:400;font-size:12px;fill:var(--color-neutral-text-subtle)}\
.graph rect{fill:var(--color-neutral-surface-default);stroke:var(--color-neutral-border-default);stroke-width:1.5}\
.graph .rule rect{fill:var(--color-thread-surface-tinted);stroke:var(--color-thread-base-default)}\
.graph .step rect{fill:var(--color-accent-surface-tinted);stroke:var(--color-accent-base-default)}\
.graph .outcome rect{stroke-width:3;stroke:var(--color-accent-base-default)}\
.graph .edge{fill:none;stroke:var(--color-neutral-border-default);stroke-width:1;opacity:.55}\
.graph a:hover rect{stroke-width:4}.graph a:focus-visible{outline:3px solid var(--color-focus-inner);outline-offset:3px}.graph a:focus-visible rect{fill:var(--color-focus-outer);stroke-width:4}\
.preview-letter{border:1px solid var(--color-neutral-border-default);padding:var(--size-5) clamp(1rem,4vw,2rem);margin:var(--size-6) 0;max-width:46rem}.preview-letter h2{margin-top:0}\
.preview-file{margin-bottom:var(--size-4)}.preview-file>summary{cursor:pointer}.preview-file h2{display:inline;font-size:var(--font-size-lg)}\
.preview-text{font-size:.85rem;padding-left:3.5rem;margin-top:var(--size-3)}.preview-text code{white-space:pre-wrap;overflow-wrap:anywhere;font-size:inherit}\
.preview-text li:target{background:var(--color-focus-outer)}\
.preview-text p{margin:var(--size-1) 0 var(--size-2);padding:var(--size-2) var(--size-3);border-left:5px solid;font-size:var(--font-size-sm)}\
.preview-text .preview-error{border-color:var(--color-danger-base-default);background:var(--color-danger-surface-tinted)}\
.preview-text .preview-warning{border-color:var(--color-warning-base-default);background:var(--color-warning-surface-tinted)}\
.preview-text .preview-note{border-color:var(--color-neutral-border-default);background:var(--color-neutral-surface-tinted)}\
@media(max-width:39.99em){.preview-text{padding-left:2.25rem}.preview-asked{padding-left:0}.preview-asked>li::before{position:static}}";

/// Loads the page anew when the server says that a file has changed: a request is answered then, or after a while with nothing.
pub const SCRIPT: &str = "\
'use strict';\n\
const own = document.querySelector('script[data-sedan]');\n\
const changed = new URL('andrad?sedan=' + own.dataset.sedan, own.src);\n\
const say = (text) => { document.getElementById('lage').textContent = text; };\n\
const closed = 'Förhandsvisningen är stängd. Starta samverk preview igen och öppna adressen som den skriver ut.';\n\
(async () => {\n\
  for (;;) {\n\
    try {\n\
      const answer = await fetch(changed, { cache: 'no-store' });\n\
      if (answer.status === 200) { location.reload(); return; }\n\
      if (answer.status !== 204) { say(closed); return; }\n\
      say('');\n\
    } catch {\n\
      say(closed);\n\
      await new Promise((later) => setTimeout(later, 2000));\n\
    }\n\
  }\n\
})();\n";
