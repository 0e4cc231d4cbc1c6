//! Decision tables of DMN 1.1–1.5 as sections of a service document.
//!
//! Always true: what is read is bounded (bytes, nodes, tables, rows, columns), a DTD is refused, and what was not understood is
//! listed with its element and why; a row of which some part was not understood is left out, never guessed. Types are guessed
//! from what the table says and stand as rows of `## Uppgifter` for the author to complete. Nothing here is evaluated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use roxmltree::{Document, Node, ParsingOptions};
use rust_decimal::Decimal;
use samverk_domain::fact::{Name, Value};
use samverk_domain::pack::CellResult;

/// A model that people have drawn is far below this.
pub const BYTES_MAX: usize = 4 * 1024 * 1024;
const NODES_MAX: u32 = 400_000;
const TABLES_MAX: usize = 200;
const ROWS_MAX: usize = 2_000;
const COLUMNS_MAX: usize = 60;
/// Characters of one cell or expression.
const CELL_MAX: usize = 2_000;

/// DMN 1.1 to 1.5.
const NAMESPACES: [&str; 5] = [
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
];

/// Why nothing could be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the file is larger than {BYTES_MAX} bytes")]
    TooLarge,
    #[error("the file is not XML that can be read here: {0}")]
    NotXml(String),
    #[error("the file is not DMN 1.1–1.5: its root is `{0}`")]
    NotDmn(String),
    #[error("the model has more than {TABLES_MAX} decision tables; import them in parts")]
    TooManyTables,
}

/// Sections of a document, and what did not come along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub text: String,
    pub not_understood: Vec<NotUnderstood>,
}

/// Something that the author must look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotUnderstood {
    /// The element's id, or its name.
    pub element: String,
    /// In Swedish.
    pub why: String,
}

/// Reads a model.
pub fn import(xml: &str) -> Result<Imported, Unreadable> {
    if xml.len() > BYTES_MAX {
        return Err(Unreadable::TooLarge);
    }
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES_MAX,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(xml, options).map_err(|why| Unreadable::NotXml(why.to_string()))?;
    let root = document.root_element();
    let namespace = root.tag_name().namespace().unwrap_or_default();
    if root.tag_name().name() != "definitions" || !NAMESPACES.contains(&namespace) {
        let shown: String = format!("{{{namespace}}}{}", root.tag_name().name())
            .chars()
            .take(200)
            .collect();
        return Err(Unreadable::NotDmn(shown));
    }
    let mut reader = Reader::default();
    for variable in root.children().filter_map(|element| child(element, "variable")) {
        if let Some(name) = variable.attribute("name") {
            let label = variable.attribute("label").filter(|label| Name::parse(label).is_ok());
            let own = label.map_or_else(|| fact_name(name, "uppgift"), str::to_owned);
            reader.variables.insert(name.to_owned(), own);
        }
    }
    let tables = children(root, "decision").filter(|decision| child(*decision, "decisionTable").is_some());
    if tables.count() > TABLES_MAX {
        return Err(Unreadable::TooManyTables);
    }
    let own = root.attribute("exporter") == Some("Samverk");
    for element in root.children().filter(Node::is_element) {
        match element.tag_name().name() {
            "decision" => reader.decision(element, own),
            "businessKnowledgeModel" if !own => {
                reader.note(
                    element,
                    "en funktion har ingen motsvarighet; skriv den som en regel med en uppgift för varje indata",
                );
            }
            "decisionService" => reader.note(element, "en beslutstjänst har ingen motsvarighet"),
            "import" => reader.note(element, "andra filer läses inte; importera dem för sig"),
            _ => {}
        }
    }
    Ok(reader.finish())
}

fn child<'a, 'i>(of: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    of.children()
        .find(|node| node.is_element() && node.tag_name().name() == name)
}

fn children<'a, 'i: 'a>(of: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    of.children()
        .filter(move |node| node.is_element() && node.tag_name().name() == name)
}

/// The text of an expression inside an element.
fn text_of(of: Node<'_, '_>) -> String {
    let text = child(of, "text").and_then(|text| text.text()).unwrap_or_default();
    text.trim().chars().take(CELL_MAX + 1).collect()
}

#[derive(Default)]
struct Reader {
    rules: String,
    facts: BTreeMap<String, Guess>,
    /// In the order in which they were met.
    order: Vec<String>,
    not_understood: Vec<NotUnderstood>,
    /// The model's variables, by the names that they get here.
    variables: BTreeMap<String, String>,
}

/// What is known of a fact's type.
#[derive(Default)]
struct Guess {
    label: String,
    type_ref: String,
    words: BTreeSet<String>,
    numbers: BTreeSet<Decimal>,
    is_yes_no: bool,
    is_date: bool,
}

enum Head {
    Fact(String),
    /// A condition in the document's own notation.
    Condition(String),
    Unknown,
}

impl Reader {
    fn note(&mut self, element: Node<'_, '_>, why: impl Into<String>) {
        let named = element.attribute("id").or_else(|| element.attribute("name"));
        self.not_understood.push(NotUnderstood {
            element: named
                .unwrap_or_else(|| element.tag_name().name())
                .chars()
                .take(200)
                .collect(),
            why: why.into(),
        });
    }

    fn decision(&mut self, decision: Node<'_, '_>, own: bool) {
        let Some(table) = child(decision, "decisionTable") else {
            let name = decision.attribute("name").unwrap_or_default();
            // The helpers of an exported table say nothing that the table does not.
            let label = child(decision, "variable")
                .and_then(|variable| variable.attribute("label"))
                .unwrap_or_default();
            let is_helper = own && !label.contains("behövs när");
            if !is_helper {
                self.note(
                    decision,
                    format!("beslutet {name} är ett uttryck, ingen tabell; skriv det som en regel"),
                );
            }
            return;
        };
        let label = child(decision, "variable")
            .and_then(|variable| variable.attribute("label"))
            .unwrap_or_default();
        let heading = if label.starts_with("Regel: ") || label.starts_with("Utfallsregel: ") {
            let counted = child(decision, "description")
                .and_then(|says| says.text())
                .unwrap_or_default();
            let counted = match counted {
                "Räknas vid ansökan." => "; räknas vid ansökan)",
                "Räknas vid händelse." => "; räknas vid händelse)",
                _ => ")",
            };
            Some(format!("{}{counted}", label.strip_suffix(')').unwrap_or(label)))
        } else {
            None
        };
        let policy = match table.attribute("hitPolicy").unwrap_or("UNIQUE") {
            "UNIQUE" => "unik",
            "FIRST" => "första",
            "ANY" => {
                self.note(table, "ANY blev `unik`: rader som överlappar ger då en varning");
                "unik"
            }
            "RULE ORDER" if heading.is_some() => "",
            other => {
                self.note(
                    table,
                    format!("träffpolicyn {other} finns bara för utfall (`samla`); skriv tabellen som en utfallsregel"),
                );
                return;
            }
        };
        if table.attribute("aggregation").is_some() {
            self.note(table, "en sammanräkning (aggregation) har ingen motsvarighet");
            return;
        }
        let inputs: Vec<Node<'_, '_>> = children(table, "input").collect();
        let outputs: Vec<Node<'_, '_>> = children(table, "output").collect();
        let rows: Vec<Node<'_, '_>> = children(table, "rule").collect();
        if inputs.len() + outputs.len() > COLUMNS_MAX || rows.len() > ROWS_MAX {
            self.note(
                table,
                format!("tabellen har fler än {COLUMNS_MAX} kolumner eller {ROWS_MAX} rader"),
            );
            return;
        }
        let heads: Vec<Head> = inputs.iter().map(|input| self.head(*input, own)).collect();
        let special = |wanted: &str| {
            outputs
                .iter()
                .position(|output| own && output.attribute("name") == Some(wanted))
        };
        let (id, because, law) = (special("rad"), special("därför_att"), special("lagrum"));
        let results = (0..outputs.len()).filter(|at| ![id, because, law].contains(&Some(*at)));
        let base = decision.attribute("name").unwrap_or("beslut");
        for at in results {
            let heading = heading.clone().unwrap_or_else(|| {
                let name = match (outputs.len(), outputs[at].attribute("name")) {
                    (2.., Some(output)) => format!("{base}.{output}"),
                    _ => base.to_owned(),
                };
                format!("Regel: {} ({policy})", fact_name(&name, "beslut"))
            });
            let columns = Columns {
                result: at,
                id,
                because,
                law,
            };
            self.table(&heading, &inputs, &heads, &rows, &columns);
        }
    }

    fn head(&mut self, input: Node<'_, '_>, own: bool) -> Head {
        let Some(expression) = child(input, "inputExpression") else {
            self.note(input, "kolumnen har inget uttryck");
            return Head::Unknown;
        };
        let text = text_of(expression);
        let label = input.attribute("label").unwrap_or_default();
        if own && !matches!(Name::parse(label), Ok(name) if name.as_str() == label && label.contains('.')) {
            if label == "gäller" {
                return Head::Fact(String::from("gäller"));
            }
            return Head::Condition(label.to_owned());
        }
        let simple = !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ' ' | '-'));
        if !simple || text.chars().count() > CELL_MAX {
            self.note(
                input,
                format!("indata `{text}` är ett uttryck; skriv villkoren i en kolumn `när`"),
            );
            return Head::Unknown;
        }
        let name = if own {
            label.to_owned()
        } else {
            fact_name(&text, "uppgift")
        };
        if !self.facts.contains_key(&name) {
            self.order.push(name.clone());
        }
        let guess = self.facts.entry(name.clone()).or_default();
        guess.label = label.to_owned();
        guess.type_ref = expression.attribute("typeRef").unwrap_or_default().to_owned();
        if let Some(values) = child(input, "inputValues") {
            for literal in split(&text_of(values)).iter().filter_map(|part| literal(part)) {
                guess.see(&literal);
            }
        }
        Head::Fact(name)
    }

    fn table(
        &mut self,
        heading: &str,
        inputs: &[Node<'_, '_>],
        heads: &[Head],
        rows: &[Node<'_, '_>],
        columns: &Columns,
    ) {
        let has_conditions = heads
            .iter()
            .any(|head| matches!(head, Head::Condition(label) if label != "alltid"));
        let only_always = heads
            .iter()
            .all(|head| matches!(head, Head::Condition(label) if label == "alltid"));
        let mut out = format!("## {}\n\n| id |", one_line(heading));
        let mut line = String::from("| --- |");
        for head in heads {
            if let Head::Fact(name) = head {
                let _ = write!(out, " {name} |");
                line.push_str(" --- |");
            }
        }
        if has_conditions || only_always {
            out.push_str(" när |");
            line.push_str(" --- |");
        }
        let result = match heading.strip_prefix("Regel: ") {
            Some(rest) => rest.split(" (").next().unwrap_or(rest).to_owned(),
            None => String::from("utfall"),
        };
        let _ = writeln!(out, " → {result} | → därför att | → lagrum |\n{line} --- | --- | --- |");
        for (number, row) in rows.iter().enumerate() {
            match self.row(*row, number, inputs, heads, columns, has_conditions || only_always) {
                Ok(text) => out.push_str(&text),
                Err(why) => self.note(*row, why),
            }
        }
        out.push('\n');
        self.rules.push_str(&out);
    }

    fn row(
        &mut self,
        row: Node<'_, '_>,
        number: usize,
        inputs: &[Node<'_, '_>],
        heads: &[Head],
        columns: &Columns,
        with_conditions: bool,
    ) -> Result<String, String> {
        let entries: Vec<String> = children(row, "inputEntry").map(text_of).collect();
        let outputs: Vec<String> = children(row, "outputEntry").map(text_of).collect();
        if entries.len() != inputs.len() {
            return Err(String::from(
                "raden har inte lika många rutor som tabellen har kolumner",
            ));
        }
        let mut cells = Vec::new();
        let mut conditions: Vec<String> = Vec::new();
        for (entry, head) in entries.iter().zip(heads) {
            if entry.chars().count() > CELL_MAX {
                return Err(format!("en ruta är längre än {CELL_MAX} tecken"));
            }
            match head {
                Head::Fact(name) if name == "gäller" => cells.push(validity(entry)?),
                Head::Fact(name) => {
                    let (cell, literals) = test(entry, &self.variables)?;
                    if let Some(guess) = self.facts.get_mut(name) {
                        literals.iter().for_each(|literal| guess.see(literal));
                    }
                    cells.push(cell);
                }
                Head::Condition(label) => match entry.as_str() {
                    "true" => conditions.push(label.clone()),
                    "-" | "" => {}
                    other => return Err(format!("rutan `{other}` under ett villkor är varken true eller -")),
                },
                Head::Unknown if matches!(entry.as_str(), "-" | "") => {}
                Head::Unknown => return Err(format!("rutan `{entry}` prövar ett uttryck som inte gick att läsa")),
            }
        }
        if with_conditions {
            cells.push(match conditions.as_slice() {
                [] => String::from("–"),
                [only] => only.clone(),
                several => several
                    .iter()
                    .map(|one| format!("({one})"))
                    .collect::<Vec<_>>()
                    .join(" och "),
            });
        }
        let string_at = |at: Option<usize>| match at.and_then(|at| outputs.get(at)).and_then(|text| literal(text)) {
            Some(Literal::Word(word)) => word,
            _ => String::new(),
        };
        let written = outputs.get(columns.result).map_or("", String::as_str);
        let result = match literal(written) {
            Some(literal) => literal.to_cell(),
            None => return Err(format!("resultatet `{written}` är ett uttryck")),
        };
        let annotation = children(row, "annotationEntry")
            .map(text_of)
            .find(|text| !text.is_empty());
        let because = match columns.because {
            Some(_) => string_at(columns.because),
            None => annotation.unwrap_or_default(),
        };
        let id = match columns.id {
            Some(_) => string_at(columns.id),
            None => format!("r{}", number + 1),
        };
        let mut out = format!("| {} |", one_line(&id));
        for cell in cells.iter().chain([&result, &because, &string_at(columns.law)]) {
            let _ = write!(out, " {} |", one_line(cell));
        }
        out.push('\n');
        Ok(out)
    }

    fn finish(self) -> Imported {
        let mut text = String::new();
        if !self.order.is_empty() {
            text.push_str(
                "## Uppgifter\n\n| Uppgift | Typ | Källa | Grund | Fråga |\n| --- | --- | --- | --- | --- |\n",
            );
            for name in &self.order {
                if let Some(guess) = self.facts.get(name) {
                    let question = if guess.label.is_empty() { name } else { &guess.label };
                    let _ = writeln!(
                        text,
                        "| {name} | {} | sökanden | | {}? |",
                        one_line(&guess.ty()),
                        one_line(question)
                    );
                }
            }
            text.push('\n');
        }
        text.push_str(&self.rules);
        Imported {
            text,
            not_understood: self.not_understood,
        }
    }
}

/// Which outputs are what.
struct Columns {
    result: usize,
    id: Option<usize>,
    because: Option<usize>,
    law: Option<usize>,
}

impl Guess {
    fn see(&mut self, literal: &Literal) {
        match literal {
            Literal::Word(word) => {
                self.words.insert(word.clone());
            }
            Literal::Number(number) => {
                self.numbers.insert(*number);
            }
            Literal::YesNo(_) => self.is_yes_no = true,
            Literal::Date(_) => self.is_date = true,
            Literal::NotApplicable => {}
        }
    }

    /// In the document's notation. Bounds of numbers are wide on purpose: the author knows them.
    fn ty(&self) -> String {
        if self.is_yes_no || self.type_ref == "boolean" {
            return String::from("ja/nej");
        }
        if self.is_date || self.type_ref == "date" {
            return String::from("datum");
        }
        if !self.words.is_empty() {
            let mut words: Vec<&str> = self.words.iter().map(String::as_str).collect();
            if words.len() == 1 {
                words.push("annat");
            }
            return words.join(" / ");
        }
        if let (Some(least), Some(most)) = (self.numbers.first(), self.numbers.last()) {
            let decimals = self
                .numbers
                .iter()
                .map(|number| number.normalize().scale())
                .max()
                .unwrap_or(0);
            let zero = if decimals == 0 {
                String::from("0")
            } else {
                format!("0,{}", "0".repeat(decimals as usize))
            };
            let low = if *least < Decimal::ZERO {
                Value::Number(*least).to_string()
            } else {
                zero
            };
            let high = most
                .checked_mul(Decimal::TEN)
                .unwrap_or(*most)
                .max(Decimal::ONE_HUNDRED);
            let mut high = Value::Number(high.trunc()).to_string();
            if decimals > 0 {
                high = format!("{high},{}", "0".repeat(decimals as usize));
            }
            return format!("tal {low}–{high}");
        }
        match self.type_ref.as_str() {
            "number" => String::from("tal 0–1 000 000"),
            _ => String::from("text ≤ 200"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Literal {
    Word(String),
    Number(Decimal),
    YesNo(bool),
    Date(String),
    NotApplicable,
}

impl Literal {
    fn to_cell(&self) -> String {
        match self {
            Self::Word(word) if word == crate::export::dmn::CASE_WORKER => word.clone(),
            Self::Word(word) => CellResult::Value(Value::Choice(word.clone())).to_string(),
            Self::Number(number) => Value::Number(*number).to_string(),
            Self::YesNo(answer) => Value::YesNo(*answer).to_string(),
            Self::Date(date) => date.clone(),
            Self::NotApplicable => String::from("ej aktuellt"),
        }
    }
}

/// A FEEL literal.
fn literal(text: &str) -> Option<Literal> {
    let text = text.trim();
    match text {
        "true" => return Some(Literal::YesNo(true)),
        "false" => return Some(Literal::YesNo(false)),
        _ => {}
    }
    if let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        let mut word = String::new();
        let mut characters = inner.chars();
        while let Some(character) = characters.next() {
            match character {
                '"' => return None,
                '\\' => match characters.next()? {
                    'n' | 'r' | 't' => word.push(' '),
                    other => word.push(other),
                },
                other => word.push(other),
            }
        }
        return Some(if word == crate::export::feel::NOT_APPLICABLE {
            Literal::NotApplicable
        } else {
            Literal::Word(word)
        });
    }
    if let Some(date) = text.strip_prefix("date(\"").and_then(|text| text.strip_suffix("\")")) {
        return date
            .parse::<jiff::civil::Date>()
            .ok()
            .map(|date| Literal::Date(date.to_string()));
    }
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-') && text.len() <= 30;
    is_number.then(|| text.parse().ok().map(Literal::Number)).flatten()
}

/// Parts between commas that stand outside quotes and brackets.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, 0_usize, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// A cell's S-FEEL in the document's notation, with the literals in it.
fn test(text: &str, variables: &BTreeMap<String, String>) -> Result<(String, Vec<Literal>), String> {
    let text = text.trim();
    if matches!(text, "" | "-") {
        return Ok((String::from("–"), Vec::new()));
    }
    let unknown = || format!("rutan `{text}` går inte att skriva som en ruta");
    if let Some(inner) = text.strip_prefix("not(").and_then(|text| text.strip_suffix(')')) {
        let literals: Option<Vec<Literal>> = split(inner).into_iter().map(literal).collect();
        // What does not apply is never matched by another cell, so it need not be said.
        let literals: Vec<Literal> = literals
            .ok_or_else(unknown)?
            .into_iter()
            .filter(|literal| *literal != Literal::NotApplicable)
            .collect();
        let words: Vec<String> = literals.iter().map(Literal::to_cell).collect();
        return match words.as_slice() {
            [] => Err(unknown()),
            words => Ok((format!("inte {}", words.join(", ")), literals)),
        };
    }
    for (feel, ours) in [("<=", "≤"), (">=", "≥"), ("<", "<"), (">", ">")] {
        if let Some(limit) = text.strip_prefix(feel) {
            if let Some(name) = variables.get(limit.trim()) {
                return Ok((format!("{ours} {name}"), Vec::new()));
            }
            let literal = literal(limit).ok_or_else(unknown)?;
            if !matches!(literal, Literal::Number(_) | Literal::Date(_)) {
                return Err(unknown());
            }
            return Ok((format!("{ours} {}", literal.to_cell()), vec![literal]));
        }
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'))
        && let Some((low, high)) = inner.split_once("..")
    {
        return match (literal(low), literal(high)) {
            (Some(Literal::Number(low)), Some(Literal::Number(high))) => {
                let [a, b] = [low, high].map(|end| Value::Number(end).to_string());
                Ok((format!("{a}–{b}"), vec![Literal::Number(low), Literal::Number(high)]))
            }
            _ => Err(unknown()),
        };
    }
    let literals: Option<Vec<Literal>> = split(text).into_iter().map(literal).collect();
    let literals = literals.ok_or_else(unknown)?;
    let words: Vec<String> = literals.iter().map(Literal::to_cell).collect();
    Ok((words.join(", "), literals))
}

/// A cell of the column `gäller`.
fn validity(text: &str) -> Result<String, String> {
    let date = |text: &str| match literal(text) {
        Some(Literal::Date(date)) => Ok(date),
        _ => Err(format!("rutan `{text}` är ingen dag")),
    };
    match text.trim() {
        "" | "-" => Ok(String::from("–")),
        text => {
            if let Some(from) = text.strip_prefix(">=") {
                return Ok(format!("från {}", date(from)?));
            }
            if let Some(to) = text.strip_prefix("<=") {
                return Ok(format!("till {}", date(to)?));
            }
            let inner = text.trim_start_matches('[').trim_end_matches(']');
            let (from, to) = inner
                .split_once("..")
                .ok_or_else(|| format!("rutan `{text}` är ingen tid"))?;
            Ok(format!("{} – {}", date(from)?, date(to)?))
        }
    }
}

/// A name of ours made of another's: `Applicant Age` → `uppgift.applicant-age`.
fn fact_name(text: &str, prefix: &str) -> String {
    let mut name = String::new();
    for character in text
        .trim()
        .chars()
        .flat_map(char::to_lowercase)
        .take(Name::CHARACTERS_MAX - 20)
    {
        match character {
            'a'..='z' | 'å' | 'ä' | 'ö' | 'é' | 'ü' | '0'..='9' => name.push(character),
            '.' if !name.is_empty() && !name.ends_with('.') => name.push('.'),
            _ if name.is_empty() || name.ends_with(['-', '.']) => {}
            _ => name.push('-'),
        }
    }
    let name = name.trim_end_matches(['-', '.']);
    match name {
        "" => format!("{prefix}.namnlös"),
        name if name.contains('.') => name.to_owned(),
        name => format!("{prefix}.{name}"),
    }
}

/// A cell's text on one line.
fn one_line(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}
