//! The faults that are sown: one operator for each kind of slip that a writer of services makes.
//!
//! Always true here: an operator is a function of the document alone, so the same document gives the same faults; it makes
//! one fault at a time, in one file; it works on every table that has the column it looks for. An operator sows only what
//! is a fault in any document (a missing ground), or what changes the service's meaning and must therefore be noticed by a
//! proof or an example (another boundary). What would be as good a document (another deadline) is no fault and not sown.

use std::collections::BTreeSet;
use std::ops::Range;

use samverk_domain::finding::SourceFile;
use samverk_domain::pack::texts::{self, Need};
use samverk_domain::pack::{OutcomeKind, Pack, RoleKind, Source, Type};

use super::grid::{Row, Table};

/// A document with its tables, ready to be sown in.
pub struct Field<'a> {
    pub files: &'a [SourceFile],
    pub pack: &'a Pack,
    pub tables: Vec<Table>,
}

/// One fault: what is changed in one file, and where it stands.
#[derive(Clone, Debug)]
pub struct Seed {
    pub file: usize,
    /// Replacements, in order of place and apart from each other.
    pub edits: Vec<(Range<usize>, String)>,
    /// What was done, for the one who reads about a miss.
    pub what: String,
    /// The line is gone: then the fault stands at the heading, and where the dropped names are needed.
    pub dropped: bool,
    /// Names whose other lines are places of the fault too.
    pub names: Vec<String>,
    /// The heading of the table.
    pub heading: Option<Range<usize>>,
}

/// How faults of one kind are sown, and the codes that name them.
pub struct Operator {
    pub name: &'static str,
    /// Codes, or beginnings of codes, any of which says what is wrong.
    pub codes: &'static [&'static str],
    pub sow: fn(&Field<'_>) -> Vec<Seed>,
}

/// Codes of a change of what the rules say: a table's proofs, or an example that comes out otherwise.
const OF_RULES: &[&str] = &["S2", "S3", "S40", "S70"];

pub const OPERATORS: &[Operator] = &[
    // ---- rows ----
    Operator {
        name: "drop a row",
        codes: &["S"],
        sow: drop_row,
    },
    Operator {
        name: "drop a needed text",
        codes: &["S501"],
        sow: drop_text,
    },
    Operator {
        name: "drop a section",
        codes: &["S0"],
        sow: drop_section,
    },
    Operator {
        name: "drop a cell's bar",
        codes: &["S023"],
        sow: drop_bar,
    },
    Operator {
        name: "write a row twice",
        codes: &["S032", "S061", "S072", "S303"],
        sow: repeat_row,
    },
    Operator {
        name: "write a rule's row twice under another id",
        codes: &["S303", "S305", "S304"],
        sow: repeat_rule_row,
    },
    Operator {
        name: "give a row the id of the one before",
        codes: &["S032"],
        sow: repeat_id,
    },
    Operator {
        name: "exchange two rows of a rule that takes the first",
        codes: OF_RULES,
        sow: exchange_rows,
    },
    // ---- what a row must say ----
    Operator {
        name: "empty a cell that must be filled",
        codes: &["S024", "S041", "S042", "S043"],
        sow: empty_cell,
    },
    Operator {
        name: "remove the ground for disclosure",
        codes: &["S110"],
        sow: remove_disclosure,
    },
    Operator {
        name: "remove the ground for processing",
        codes: &["S110"],
        sow: remove_processing,
    },
    Operator {
        name: "remove all grounds",
        codes: &["S110", "S111"],
        sow: remove_grounds,
    },
    Operator {
        name: "remove a question",
        codes: &["S117"],
        sow: remove_question,
    },
    Operator {
        name: "remove the reason for a burdensome outcome",
        codes: &["S405"],
        sow: remove_reason,
    },
    Operator {
        name: "remove the reason for another result",
        codes: &["S501"],
        sow: remove_sentence,
    },
    Operator {
        name: "remove a row's lagrum",
        codes: &["S405", "S428"],
        sow: remove_row_law,
    },
    Operator {
        name: "remove a step's lagrum",
        codes: &["S428"],
        sow: remove_step_law,
    },
    Operator {
        name: "remove the deadline of what people decide",
        codes: &["S414"],
        sow: remove_deadline,
    },
    Operator {
        name: "let a deadline be zero",
        codes: &["S414", "S047"],
        sow: zero_deadline,
    },
    Operator {
        name: "remove where a deadline starts",
        codes: &["S047"],
        sow: deadline_without_start,
    },
    Operator {
        name: "hear nobody before a burdensome outcome",
        codes: &["S408"],
        sow: nobody_heard,
    },
    Operator {
        name: "let a burdensome outcome not be appealed",
        codes: &["S409"],
        sow: no_appeal,
    },
    Operator {
        name: "let nobody decide",
        codes: &["S407"],
        sow: nobody_decides,
    },
    Operator {
        name: "let a burdensome outcome be automatic",
        codes: &["S412"],
        sow: automatic_burden,
    },
    Operator {
        name: "say in a letter no reasons",
        codes: &["S422"],
        sow: letter_without_reasons,
    },
    Operator {
        name: "say in a letter no appeal",
        codes: &["S423"],
        sow: letter_without_appeal,
    },
    Operator {
        name: "leave a letter without text",
        codes: &["S425", "S062", "S422"],
        sow: letter_without_text,
    },
    Operator {
        name: "leave a parameter of law without a value",
        codes: &["S418"],
        sow: remove_default,
    },
    Operator {
        name: "let a parameter's value begin too late",
        codes: &["S419", "S70"],
        sow: late_default,
    },
    // ---- references ----
    Operator {
        name: "misspell a name where it is used",
        codes: &["S03", "S052", "S054", "S113", "S114"],
        sow: misspell_use,
    },
    Operator {
        name: "misspell a name where it is defined",
        // Of a rule's heading: its result column and the fact that it was to give.
        codes: &["S03", "S052", "S060", "S020", "S053", "S113"],
        sow: misspell_definition,
    },
    Operator {
        name: "misspell a placeholder in a letter",
        codes: &["S033", "S063"],
        sow: misspell_placeholder,
    },
    Operator {
        name: "misspell a text's key",
        codes: &["S060"],
        sow: misspell_key,
    },
    Operator {
        name: "misspell a letter's name",
        codes: &["S033"],
        sow: misspell_letter,
    },
    Operator {
        name: "misspell a column's heading",
        codes: &["S020", "S021", "S033", "S03"],
        sow: misspell_column,
    },
    Operator {
        name: "misspell a section's heading",
        codes: &["S012", "S014", "S033", "S016"],
        sow: misspell_section,
    },
    Operator {
        name: "misspell a key of the front matter",
        codes: &["S006", "S007"],
        sow: misspell_front_matter,
    },
    Operator {
        name: "misspell a word of a choice",
        codes: &["S052", "S033", "S048"],
        sow: misspell_word,
    },
    Operator {
        name: "let a rule rest on itself",
        codes: &["S201"],
        sow: circle_in_rule,
    },
    Operator {
        name: "let two steps wait for each other",
        codes: &["S201"],
        sow: circle_of_steps,
    },
    Operator {
        name: "add a role that nobody has",
        codes: &["S107"],
        sow: idle_role,
    },
    Operator {
        name: "ask what nothing needs",
        codes: &["S105"],
        sow: idle_question,
    },
    // ---- values and types ----
    Operator {
        name: "write a day that does not exist",
        codes: &["S046", "S009", "S052"],
        sow: bad_day,
    },
    Operator {
        name: "write a wrong unit",
        codes: &["S055", "S321", "S045", "S050", "S053"],
        sow: wrong_unit,
    },
    Operator {
        name: "turn a range round",
        codes: &["S045", "S041", "S016"],
        sow: turned_range,
    },
    Operator {
        name: "narrow a type below what is used",
        codes: &["S306", "S052", "S418"],
        sow: narrowed_type,
    },
    Operator {
        name: "set a boundary outside the type",
        // Of `21–40`: that its ends have changed places.
        codes: &["S306", "S045"],
        sow: boundary_outside,
    },
    Operator {
        name: "rest on a provision out of force",
        codes: &["S120"],
        sow: repealed_law,
    },
    Operator {
        name: "write an unreadable lagrum",
        codes: &["S044"],
        sow: unreadable_law,
    },
    Operator {
        name: "fetch a third person's fact through the applicant",
        codes: &["S109"],
        sow: third_person,
    },
    Operator {
        name: "look a register up for what is no number",
        codes: &["S112"],
        sow: wrong_subject,
    },
    Operator {
        name: "count at a day that does not exist",
        codes: &["S016", "S048", "S417"],
        sow: counted_nonsense,
    },
    Operator {
        name: "count at an event that never comes",
        codes: &["S417"],
        sow: counted_at_event,
    },
    // ---- meaning ----
    Operator {
        name: "shift a boundary up",
        codes: OF_RULES,
        sow: |field| shift(field, 1),
    },
    Operator {
        name: "shift a boundary down",
        codes: OF_RULES,
        sow: |field| shift(field, -1),
    },
    Operator {
        name: "let a boundary count itself, or no longer",
        codes: OF_RULES,
        sow: strict,
    },
    Operator {
        name: "widen a cell",
        codes: OF_RULES_AND_USES,
        sow: widen,
    },
    Operator {
        name: "negate a cell",
        codes: OF_RULES,
        sow: negate,
    },
    Operator {
        name: "drop a part of a condition",
        codes: OF_RULES_AND_USES,
        sow: drop_part,
    },
    Operator {
        name: "swap och and eller",
        codes: OF_RULES,
        sow: swap_connective,
    },
    Operator {
        name: "negate when a step is needed",
        codes: OF_RULES,
        sow: negate_needed,
    },
    Operator {
        name: "negate a control",
        codes: OF_RULES,
        sow: negate_control,
    },
    Operator {
        name: "swap a row's result",
        codes: OF_RULES_AND_USES,
        sow: swap_result,
    },
    Operator {
        name: "change a rule's policy",
        codes: OF_RULES_AND_USES,
        sow: change_policy,
    },
    // ---- examples ----
    Operator {
        name: "expect another outcome in an example",
        codes: &["S70", "S033", "S052"],
        sow: other_expected_outcome,
    },
    Operator {
        name: "expect another ground in an example",
        codes: &["S70", "S033"],
        sow: other_expected_ground,
    },
    Operator {
        name: "remove what an example expects",
        codes: &["S70"],
        sow: remove_expectation,
    },
    // ---- beside the rules ----
    Operator {
        name: "ask for what somebody holds and say no obstacle",
        codes: &["S122"],
        sow: remove_obstacle,
    },
    Operator {
        name: "rest a sensitive fact on a general ground",
        codes: &["S431"],
        sow: general_ground,
    },
    Operator {
        name: "remove a duty's lagrum",
        codes: &["S437"],
        sow: remove_duty_law,
    },
    Operator {
        name: "let a duty begin with what never happens",
        codes: &["S204", "S033", "S048"],
        sow: duty_of_nothing,
    },
    Operator {
        name: "tell no duties in a letter",
        codes: &["S427"],
        sow: letter_without_duties,
    },
    Operator {
        name: "leave a letter's condition open",
        codes: &["S062"],
        sow: open_condition,
    },
    Operator {
        name: "let a private performer decide",
        codes: &["S433"],
        sow: performer_decides,
    },
    Operator {
        name: "let a private performer's answer be appealed",
        codes: &["S435"],
        sow: performer_appealed,
    },
    Operator {
        name: "let an authority agree",
        codes: &["S434"],
        sow: authority_agrees,
    },
    Operator {
        name: "let nobody sign",
        codes: &["S033", "S048"],
        sow: misspell_signer,
    },
    Operator {
        name: "doubt what is not there",
        codes: &["S033"],
        sow: misspell_doubt,
    },
];

/// The same, or something that nothing reads any longer.
const OF_RULES_AND_USES: &[&str] = &["S2", "S3", "S40", "S70", "S105", "S106", "S411", "S033", "S501"];

const MAIN: &str = "tjanst.md";

impl<'a> Field<'a> {
    pub fn text(&self, file: usize, range: &Range<usize>) -> &'a str {
        self.files
            .get(file)
            .and_then(|file| file.text.get(range.clone()))
            .unwrap_or("")
    }

    fn is_main(&self, table: &Table) -> bool {
        self.files.get(table.file).is_some_and(|file| file.path == MAIN)
    }

    /// The tables of the main file, with the kind of section.
    fn main(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| self.is_main(table))
    }

    fn of_kind<'t>(&'t self, kinds: &'t [&str]) -> impl Iterator<Item = &'t Table> {
        self.main().filter(move |table| kinds.contains(&table.kind()))
    }

    fn examples(&self) -> impl Iterator<Item = &Table> {
        self.tables
            .iter()
            .filter(|table| self.files.get(table.file).is_some_and(|file| file.path == "exempel.md"))
    }

    /// Every row of the tables of these kinds that have the column, with the cell's place and text.
    fn cells<'t>(
        &'t self,
        kinds: &'t [&'t str],
        column: &'t str,
    ) -> impl Iterator<Item = (&'t Table, &'t Row, Range<usize>, &'a str)> + 't {
        self.of_kind(kinds).flat_map(move |table| {
            let at = table.column(column);
            table.rows.iter().filter_map(move |row| {
                let cell = row.cells.get(at?)?.clone();
                let text = self.text(table.file, &cell);
                Some((table, row, cell, text))
            })
        })
    }

    fn cell(&self, table: &Table, row: &Row, column: &str) -> &'a str {
        let cell = table.column(column).and_then(|at| row.cells.get(at));
        cell.map_or("", |cell| self.text(table.file, cell))
    }

    /// The name that a row defines: its first cell.
    fn first(&self, table: &Table, row: &Row) -> &'a str {
        row.cells.first().map_or("", |cell| self.text(table.file, cell))
    }

    fn change(&self, table: &Table, cell: Range<usize>, to: impl Into<String>) -> Seed {
        let to = to.into();
        Seed {
            file: table.file,
            what: format!("{}: `{}` → `{to}`", table.heading, self.text(table.file, &cell)),
            edits: vec![(cell, to)],
            dropped: false,
            names: Vec::new(),
            heading: Some(table.heading_at.clone()),
        }
    }

    fn dropped(&self, table: &Table, range: Range<usize>, names: Vec<String>) -> Seed {
        Seed {
            file: table.file,
            what: format!("{}: utan `{}`", table.heading, self.text(table.file, &range).trim()),
            edits: vec![(range, String::new())],
            dropped: true,
            names,
            heading: Some(table.heading_at.clone()),
        }
    }

    /// The kind of outcome that a row of `## Utfall` or of an outcome rule gives.
    fn kind_of(&self, step: &str, outcome: &str) -> Option<OutcomeKind> {
        let mut all = self.pack.outcomes.iter();
        all.find(|it| it.step.it.as_str() == step && it.name.it == outcome)
            .map(|it| it.kind.it)
    }

    fn other_lines_of(&self, table: &Table, row: &Row) -> Vec<String> {
        let name = self.first(table, row);
        match table.kind() {
            "Utfall" => vec![name.to_owned(), self.cell(table, row, "Utfall").to_owned()],
            // Underlag may name it by its prefix.
            "Uppgifter" | "Lista" => {
                let pattern = name.split_once('.').map(|(prefix, _)| format!("{prefix}.*"));
                std::iter::once(name.to_owned()).chain(pattern).collect()
            }
            _ => vec![name.to_owned()],
        }
    }
}

impl Seed {
    fn also(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }
}

fn is_empty(cell: &str) -> bool {
    matches!(cell, "" | "–" | "-")
}

/// A word that no document has.
fn misspelt(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    match letters.last().copied() {
        // Twice the last letter; of a digit twice could be another that exists.
        Some(last) if last.is_alphabetic() => letters.push(last),
        _ => letters.push('q'),
    }
    letters.into_iter().collect()
}

// ---- rows ----

fn drop_row(field: &Field<'_>) -> Vec<Seed> {
    let kinds = [
        "Roller",
        "Uppgifter",
        "Lista",
        "Kontroller",
        "Steg",
        "Regel",
        "Utfallsregel",
        "Utfall",
        "Skyldigheter",
        "Parametrar",
    ];
    let mut seeds = Vec::new();
    for table in field.of_kind(&kinds) {
        for row in &table.rows {
            seeds.push(field.dropped(table, row.line.clone(), field.other_lines_of(table, row)));
        }
    }
    seeds
}

fn drop_text(field: &Field<'_>) -> Vec<Seed> {
    let keys = texts::keys(field.pack);
    let mut seeds = Vec::new();
    for table in &field.tables {
        let path = &field.files[table.file].path;
        let Some(language) = path.strip_prefix("texter.").and_then(|rest| rest.strip_suffix(".md")) else {
            continue;
        };
        for row in &table.rows {
            let key = field.first(table, row);
            let is_needed = match keys.get(key) {
                Some(Need::Always) => true,
                Some(Need::NotInSwedish) => language != "sv",
                _ => false,
            };
            if is_needed {
                // The finding stands where the thing is that the text is about.
                let about = key.split_once('.').map_or(key, |(_, about)| about);
                let mut seed = field.dropped(table, row.line.clone(), vec![about.to_owned()]);
                seed.names.extend(about.split('.').map(str::to_owned));
                if key.starts_with("tjänst.") {
                    seed.names.push(field.pack.title.it.clone());
                    seed.names.push(field.pack.intro.it.clone());
                }
                seeds.push(seed);
            }
        }
    }
    seeds
}

fn drop_section(field: &Field<'_>) -> Vec<Seed> {
    // The sections that every document has; of another its rows are missed.
    let kinds = ["Roller", "Uppgifter", "Steg", "Utfall"];
    let mut seeds = Vec::new();
    for table in field.of_kind(&kinds) {
        let text = &field.files[table.file].text;
        let Some(start) = text[..table.heading_at.start].rfind("## ") else {
            continue;
        };
        let rest = &text[table.heading_at.end..];
        let end = rest
            .find("\n## ")
            .map_or(text.len(), |at| table.heading_at.end + at + 1);
        // The section after it now stands where it stood.
        let next = text[end..].lines().next().unwrap_or_default().trim_start_matches("## ");
        let mut seed = field.dropped(table, start..end, vec![next.to_owned()]);
        seed.what = format!("utan avsnittet {}", table.heading);
        seeds.push(seed);
    }
    seeds
}

fn drop_bar(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for table in field.main() {
        for row in &table.rows {
            if let [.., before, last] = row.cells.as_slice() {
                let gap = field.text(table.file, &(before.end..last.start));
                if let Some(at) = gap.find('|') {
                    let at = before.end + at;
                    let mut seed = field.change(table, at..at + 1, " ");
                    seed.what = format!(
                        "{}: ett streck mindre i raden {}",
                        table.heading,
                        field.first(table, row)
                    );
                    seeds.push(seed);
                }
            }
        }
    }
    seeds
}

fn repeat_row(field: &Field<'_>) -> Vec<Seed> {
    let kinds = [
        "Roller",
        "Uppgifter",
        "Lista",
        "Kontroller",
        "Steg",
        "Regel",
        "Utfallsregel",
        "Utfall",
        "Parametrar",
    ];
    let mut seeds = Vec::new();
    let texts = field
        .tables
        .iter()
        .filter(|table| table.columns.first().is_some_and(|first| first == "Nyckel"));
    for table in field.of_kind(&kinds).chain(texts) {
        for row in &table.rows {
            let line = field.text(table.file, &row.line);
            let mut seed = field.change(table, row.line.end..row.line.end, line);
            seed.what = format!("{}: raden {} två gånger", table.heading, field.first(table, row));
            seeds.push(seed);
        }
    }
    seeds
}

fn repeat_rule_row(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for table in field.main().filter(|table| table.is_rule()) {
        for row in &table.rows {
            let (Some(id), line) = (row.cells.first(), field.text(table.file, &row.line)) else {
                continue;
            };
            let copy = line.replacen(field.text(table.file, id), "dubblett", 1);
            let mut seed = field.change(table, row.line.end..row.line.end, copy);
            seed.what = format!(
                "{}: raden {} en gång till som dubblett",
                table.heading,
                field.first(table, row)
            );
            seeds.push(seed);
        }
    }
    seeds
}

fn repeat_id(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    let kinds = [
        "Regel",
        "Utfallsregel",
        "Kontroller",
        "Roller",
        "Parametrar",
        "Uppgifter",
        "Lista",
    ];
    for table in field.of_kind(&kinds) {
        for pair in table.rows.windows(2) {
            if let ([before, _, ..], [id, _, ..]) = (pair[0].cells.as_slice(), pair[1].cells.as_slice()) {
                seeds.push(field.change(table, id.clone(), field.text(table.file, before)));
            }
        }
    }
    seeds
}

fn exchange_rows(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for table in field
        .main()
        .filter(|table| table.is_rule() && table.policy().starts_with("första"))
    {
        for pair in table.rows.windows(2) {
            // Of two rows that give the same either reason is true where both hold.
            let gives = |row: &Row| result_of(field, table, row).map(|(_, text)| text);
            if gives(&pair[0]) == gives(&pair[1]) {
                continue;
            }
            let (above, below) = (pair[0].line.clone(), pair[1].line.clone());
            let mut seed = field.change(table, above.clone(), field.text(table.file, &below));
            seed.edits.push((below, field.text(table.file, &above).to_owned()));
            seed.what = format!("{}: {} efter nästa rad", table.heading, field.first(table, &pair[0]));
            seeds.push(seed);
        }
    }
    seeds
}

// ---- what a row must say ----

fn empty_cell(field: &Field<'_>) -> Vec<Seed> {
    let must: &[(&[&str], &[&str])] = &[
        (&["Roller"], &["Uppdrag", "Område"]),
        (&["Uppgifter", "Lista"], &["Typ", "Källa"]),
        (&["Kontroller"], &["Kontroll", "Meddelande"]),
        (&["Steg"], &["Ansvarig", "Behövs när"]),
        (
            &["Utfall"],
            &["Utfall", "Slag", "Beslutas av", "Hörs före", "Brev", "Överklagas"],
        ),
        (&["Utfallsregel"], &["→ utfall"]),
        (&["Parametrar"], &["Typ", "Sätts av", "Standard"]),
    ];
    let mut seeds = Vec::new();
    for (kinds, columns) in must {
        for column in *columns {
            for (table, row, cell, text) in field.cells(kinds, column) {
                if !is_empty(text) {
                    let mut seed = field.change(table, cell, "");
                    seed.what = format!("{}: {column} tom i raden {}", table.heading, field.first(table, row));
                    seeds.push(seed);
                }
            }
        }
    }
    for (table, row, ..) in field.cells(&["Regel"], "id") {
        let result = format!("→ {}", table.subject());
        if let Some(cell) = table.column(&result).and_then(|at| row.cells.get(at)) {
            seeds.push(field.change(table, cell.clone(), ""));
        }
    }
    seeds
}

/// Rows of facts from registers with both grounds.
fn two_grounds<'t>(field: &'t Field<'_>) -> impl Iterator<Item = (&'t Table, Range<usize>, &'t str, &'t str)> + 't {
    field
        .cells(&["Uppgifter", "Lista"], "Grund")
        .filter_map(|(table, row, cell, text)| {
            let (disclosure, processing) = text.split_once(';')?;
            let is_register = field.cell(table, row, "Källa").starts_with("register");
            is_register.then_some((table, cell, disclosure.trim(), processing.trim()))
        })
}

fn remove_disclosure(field: &Field<'_>) -> Vec<Seed> {
    two_grounds(field)
        .map(|(table, cell, _, processing)| field.change(table, cell, processing))
        .collect()
}

fn remove_processing(field: &Field<'_>) -> Vec<Seed> {
    two_grounds(field)
        .map(|(table, cell, disclosure, _)| field.change(table, cell, format!("{disclosure};")))
        .collect()
}

fn remove_grounds(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Uppgifter", "Lista"], "Grund")
        .filter(|(table, row, _, text)| {
            let source = field.cell(table, row, "Källa");
            let needs = ["register", "handläggare", "remiss"]
                .iter()
                .any(|kind| source.starts_with(kind));
            needs && !is_empty(text)
        })
        .map(|(table, _, cell, _)| field.change(table, cell, ""))
        .collect()
}

fn remove_question(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Uppgifter", "Lista"], "Fråga")
        .filter(|(_, _, _, text)| !is_empty(text))
        .map(|(table, row, cell, _)| field.change(table, cell, "").also(field.first(table, row)))
        .collect()
}

/// The result cell of a rule's row.
fn result_of<'t>(field: &Field<'t>, table: &Table, row: &Row) -> Option<(Range<usize>, &'t str)> {
    let heading = match table.kind() {
        "Regel" => format!("→ {}", table.subject()),
        _ => "→ utfall".to_owned(),
    };
    let cell = row.cells.get(table.column(&heading)?)?.clone();
    let text = field.text(table.file, &cell);
    Some((cell, text))
}

fn burdens(field: &Field<'_>, table: &Table, row: &Row) -> bool {
    table.kind() == "Utfallsregel"
        && result_of(field, table, row)
            .is_some_and(|(_, result)| field.kind_of(table.subject(), result) == Some(OutcomeKind::Burdensome))
}

fn remove_reason(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Utfallsregel"], "→ därför att")
        .filter(|(table, row, _, text)| !is_empty(text) && burdens(field, table, row))
        .map(|(table, _, cell, _)| field.change(table, cell, ""))
        .collect()
}

fn remove_sentence(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Utfallsregel", "Regel"], "→ därför att")
        .filter(|(table, row, _, text)| !is_empty(text) && !burdens(field, table, row))
        .map(|(table, row, cell, _)| field.change(table, cell, "").also(field.first(table, row)))
        .collect()
}

fn remove_row_law(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Utfallsregel", "Regel"], "→ lagrum")
        .filter(|(_, _, _, text)| !is_empty(text))
        .map(|(table, _, cell, _)| field.change(table, cell, ""))
        .collect()
}

fn remove_step_law(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Steg"], "Lagrum")
        .filter(|(_, _, _, text)| !is_empty(text))
        // What a private performer does need not rest on a law.
        .filter(|(table, row, ..)| {
            let step = field
                .pack
                .steps
                .iter()
                .find(|step| step.name.as_str() == field.first(table, row));
            let role = step.and_then(|step| field.pack.role(&step.role.it));
            role.is_none_or(|role| role.kind.it == RoleKind::Authority)
        })
        .map(|(table, _, cell, _)| field.change(table, cell, ""))
        .collect()
}

fn is_decided_by_people(field: &Field<'_>, step: &str) -> bool {
    use samverk_domain::pack::Decider;
    field.pack.outcomes.iter().any(|outcome| {
        outcome.step.it.as_str() == step
            && outcome.kind.it != OutcomeKind::Acknowledgement
            && !matches!(outcome.decider.it, Decider::Nobody | Decider::Automatic { .. })
    })
}

/// Steps that people decide and that have a deadline.
fn deadlines<'t>(field: &'t Field<'_>) -> impl Iterator<Item = (&'t Table, Range<usize>, &'t str)> + 't {
    field
        .cells(&["Steg"], "Frist")
        .filter(|(table, row, _, text)| {
            let within = text.split(';').next().unwrap_or_default();
            within.contains(" från ")
                && !within.trim().starts_with("start")
                && is_decided_by_people(field, field.first(table, row))
        })
        .map(|(table, _, cell, text)| (table, cell, text))
}

fn remove_deadline(field: &Field<'_>) -> Vec<Seed> {
    deadlines(field)
        .map(|(table, cell, _)| field.change(table, cell, ""))
        .collect()
}

fn zero_deadline(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds: Vec<Seed> = deadlines(field)
        .filter_map(|(table, cell, text)| {
            let digits = text.chars().take_while(char::is_ascii_digit).count();
            (digits > 0).then(|| field.change(table, cell.start..cell.start + digits, "0"))
        })
        .collect();
    for (table, _, cell, text) in field.cells(&["Uppgifter"], "Källa") {
        if let (true, Some(comma)) = (text.starts_with("remiss"), text.rfind(", ")) {
            let weeks = cell.start + comma + 2;
            let digits = text[comma + 2..].chars().take_while(char::is_ascii_digit).count();
            seeds.push(field.change(table, weeks..weeks + digits, "0"));
        }
    }
    seeds
}

fn deadline_without_start(field: &Field<'_>) -> Vec<Seed> {
    deadlines(field)
        .filter_map(|(table, cell, text)| {
            let from = text.find(" från ")?;
            let end = text[from + 1..].find([',', ';']).map_or(text.len(), |at| from + 1 + at);
            Some(field.change(table, cell.start + from..cell.start + end, ""))
        })
        .collect()
}

/// A cell of the rows of `## Utfall` of this kind.
fn outcome_cells<'t>(
    field: &'t Field<'_>,
    column: &'t str,
    of: impl Fn(OutcomeKind) -> bool + 't,
) -> impl Iterator<Item = (&'t Table, &'t Row, Range<usize>, &'t str)> + 't {
    field.cells(&["Utfall"], column).filter(move |(table, row, _, _)| {
        field
            .kind_of(field.cell(table, row, "Steg"), field.cell(table, row, "Utfall"))
            .is_some_and(&of)
    })
}

fn nobody_heard(field: &Field<'_>) -> Vec<Seed> {
    outcome_cells(field, "Hörs före", |kind| kind == OutcomeKind::Burdensome)
        .filter(|(_, _, _, text)| *text != "nej")
        .map(|(table, _, cell, _)| field.change(table, cell, "nej"))
        .collect()
}

fn no_appeal(field: &Field<'_>) -> Vec<Seed> {
    outcome_cells(field, "Överklagas", |kind| kind == OutcomeKind::Burdensome)
        .filter(|(_, _, _, text)| !text.starts_with("överklagas inte"))
        .map(|(table, _, cell, _)| field.change(table, cell, "överklagas inte, det är inte avsett"))
        .collect()
}

fn nobody_decides(field: &Field<'_>) -> Vec<Seed> {
    let decided = [
        OutcomeKind::Registration,
        OutcomeKind::Favourable,
        OutcomeKind::Burdensome,
    ];
    outcome_cells(field, "Beslutas av", move |kind| decided.contains(&kind))
        .map(|(table, _, cell, _)| field.change(table, cell, "ingen"))
        .collect()
}

fn automatic_burden(field: &Field<'_>) -> Vec<Seed> {
    use samverk_domain::pack::ParameterType;
    let mut delegations = field.pack.parameters.iter();
    let Some(delegation) = delegations.find(|it| it.ty.it == ParameterType::Delegation) else {
        return Vec::new();
    };
    let to = format!("automatiskt enligt {}", delegation.name.it);
    outcome_cells(field, "Beslutas av", |kind| kind == OutcomeKind::Burdensome)
        .map(|(table, _, cell, _)| field.change(table, cell, to.clone()))
        .collect()
}

/// Lines of letters: file, place of the line with its end, text.
fn letter_lines<'t>(field: &'t Field<'_>) -> impl Iterator<Item = (usize, Range<usize>, &'t str)> + 't {
    let letters = field.files.iter().enumerate();
    letters
        .filter(|(_, file)| file.path.starts_with("brev/"))
        .flat_map(|(file, source)| {
            let mut at = 0;
            source.text.split_inclusive('\n').map(move |line| {
                at += line.len();
                (file, at - line.len()..at, line)
            })
        })
}

/// Letters to burdensome outcomes.
fn is_burdensome_letter(field: &Field<'_>, file: usize) -> bool {
    let stem = field.files[file]
        .path
        .trim_start_matches("brev/")
        .trim_end_matches(".md");
    field
        .pack
        .outcomes
        .iter()
        .any(|outcome| outcome.letter.it == stem && outcome.kind.it == OutcomeKind::Burdensome)
}

fn without_line(field: &Field<'_>, word: &str) -> Vec<Seed> {
    letter_lines(field)
        .filter(|(file, _, line)| line.trim() == word && is_burdensome_letter(field, *file))
        .map(|(file, line, text)| of_letter(field, file, line, text, String::new()))
        .collect()
}

/// A fault in a letter stands at its heading when a line is gone.
fn of_letter(field: &Field<'_>, file: usize, range: Range<usize>, was: &str, to: String) -> Seed {
    let text = &field.files[file].text;
    let heading = text
        .find("# ")
        .map(|at| at..text[at..].find('\n').map_or(text.len(), |end| at + end));
    Seed {
        file,
        what: format!("{}: `{}` → `{}`", field.files[file].path, was.trim(), to.trim()),
        dropped: to.is_empty(),
        edits: vec![(range, to)],
        names: Vec::new(),
        heading,
    }
}

fn letter_without_reasons(field: &Field<'_>) -> Vec<Seed> {
    without_line(field, "{grunder}")
}

fn letter_without_appeal(field: &Field<'_>) -> Vec<Seed> {
    without_line(field, "{överklagande}")
}

fn letter_without_text(field: &Field<'_>) -> Vec<Seed> {
    let letters = field
        .files
        .iter()
        .enumerate()
        .filter(|(_, file)| file.path.starts_with("brev/"));
    letters
        .filter_map(|(file, source)| {
            let first = source.text.find('\n')? + 1;
            let seed = of_letter(field, file, first..source.text.len(), "all text", String::new());
            Some(seed)
        })
        .collect()
}

fn remove_default(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Parametrar"], "Standard")
        .filter(|(table, row, _, text)| field.cell(table, row, "Sätts av") == "lag" && *text != "saknas")
        .map(|(table, _, cell, _)| field.change(table, cell, "saknas"))
        .collect()
}

fn late_default(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (table, _, cell, text) in field.cells(&["Parametrar"], "Standard") {
        // Of several dated values only the earliest gone leaves a hole.
        if text.matches(" från ").count() == 1
            && !text.contains(';')
            && let Some(at) = text.find(" från ")
        {
            let day = cell.start + at + " från ".len();
            seeds.push(field.change(table, day..cell.end, "2098-01-01"));
        }
    }
    seeds
}

// ---- references ----

/// Columns whose cells hold names, and no sentences.
const NAMES_IN: &[(&[&str], &[&str])] = &[
    (&["Roller"], &["Område"]),
    (&["Uppgifter", "Lista"], &["Källa"]),
    (&["Kontroller"], &["Kontroll"]),
    (&["Steg"], &["Behövs när", "Underlag", "Efter", "Avgift", "Ansvarig"]),
    (&["Utfall"], &["Steg", "Beslutas av"]),
];

/// Places where a name of a fact, list, parameter, role or step stands whole in a cell.
fn uses(field: &Field<'_>) -> Vec<(usize, Range<usize>, String)> {
    let pack = field.pack;
    let mut dotted: BTreeSet<&str> = BTreeSet::new();
    let lists = pack.lists.iter().flat_map(|list| &list.columns);
    dotted.extend(pack.facts.iter().chain(lists).map(|fact| fact.name.it.as_str()));
    dotted.extend(pack.parameters.iter().map(|parameter| parameter.name.it.as_str()));
    dotted.extend(pack.rules.iter().map(|rule| rule.name.it.as_str()));
    let mut plain: BTreeSet<&str> = pack.roles.iter().map(|role| role.name.it.as_str()).collect();
    plain.extend(pack.steps.iter().map(|step| step.name.it.as_str()));
    let mut found = Vec::new();
    let mut look = |table: usize, cell: &Range<usize>, all: bool| {
        let file = field.tables[table].file;
        let text = field.text(file, cell);
        for name in dotted.iter().chain(plain.iter().filter(|_| all)) {
            for (at, _) in text.match_indices(name) {
                if stands_alone(text, at..at + name.len()) && (name.contains('.') || !text[..at].ends_with('.')) {
                    let start = cell.start + at;
                    found.push((table, start..start + name.len(), (*name).to_owned()));
                }
            }
        }
    };
    for (at, table) in field
        .tables
        .iter()
        .enumerate()
        .filter(|(_, table)| field.is_main(table))
    {
        for (kinds, columns) in NAMES_IN {
            if !kinds.contains(&table.kind()) {
                continue;
            }
            for column in columns
                .iter()
                .filter_map(|column| table.column(column).map(|n| (n, *column)))
            {
                let all = matches!(column.1, "Efter" | "Ansvarig" | "Steg");
                for row in &table.rows {
                    if let Some(cell) = row.cells.get(column.0) {
                        look(at, cell, all);
                    }
                }
            }
        }
        for column in table.tests() {
            if let Some(cell) = table.column_cells.get(column) {
                look(at, cell, false);
            }
            for row in &table.rows {
                if let Some(cell) = row.cells.get(column) {
                    look(at, cell, false);
                }
            }
        }
    }
    found
}

/// Whether no letter, digit, dot or dash joins it to a longer name.
pub fn stands_alone(text: &str, range: Range<usize>) -> bool {
    let joins = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.');
    !text[..range.start].ends_with(joins)
        && !text[range.end..].starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '.')
}

fn misspell_use(field: &Field<'_>) -> Vec<Seed> {
    uses(field)
        .into_iter()
        .map(|(table, range, name)| field.change(&field.tables[table], range, misspelt(&name)))
        .collect()
}

fn misspell_definition(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for table in field.of_kind(&[
        "Roller",
        "Uppgifter",
        "Lista",
        "Steg",
        "Parametrar",
        "Regel",
        "Utfallsregel",
    ]) {
        if table.is_rule() {
            let subject = table.subject();
            if let Some(at) = table.heading.find(subject) {
                let start = table.heading_at.start + at;
                seeds.push(
                    field
                        .change(table, start..start + subject.len(), misspelt(subject))
                        .also(subject),
                );
            }
            continue;
        }
        for row in &table.rows {
            if let Some(cell) = row.cells.first() {
                let name = field.text(table.file, cell);
                seeds.push(field.change(table, cell.clone(), misspelt(name)).also(name));
            }
        }
    }
    seeds
}

fn misspell_placeholder(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (file, line, text) in letter_lines(field) {
        for (open, _) in text.match_indices('{') {
            let Some(close) = text[open..].find('}') else { continue };
            let name = &text[open + 1..open + close];
            if name.contains(' ') {
                continue; // A condition; its names are another operator's.
            }
            let start = line.start + open + 1;
            seeds.push(of_letter(field, file, start..start + name.len(), name, misspelt(name)));
        }
    }
    seeds
}

fn misspell_key(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for table in field
        .tables
        .iter()
        .filter(|table| table.columns.first().is_some_and(|first| first == "Nyckel"))
    {
        for row in &table.rows {
            if let Some(cell) = row.cells.first() {
                seeds.push(field.change(table, cell.clone(), misspelt(field.text(table.file, cell))));
            }
        }
    }
    seeds
}

fn misspell_letter(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Utfall"], "Brev")
        .map(|(table, _, cell, text)| field.change(table, cell, misspelt(text)))
        .collect()
}

fn misspell_column(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for table in field.main() {
        for (name, cell) in table.columns.iter().zip(&table.column_cells) {
            seeds.push(field.change(table, cell.clone(), misspelt(name)));
        }
    }
    seeds
}

fn misspell_section(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for table in field.main().filter(|table| !table.heading.is_empty()) {
        let kind = table.kind();
        let start = table.heading_at.start;
        seeds.push(field.change(table, start..start + kind.len(), misspelt(kind)));
    }
    seeds
}

/// The lines `nyckel: värde` at the top of the main file: place of the key and of the value.
fn front_matter(field: &Field<'_>) -> Vec<(usize, Range<usize>, Range<usize>)> {
    let Some(file) = field.files.iter().position(|file| file.path == MAIN) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let (mut at, mut fences) = (0, 0);
    for line in field.files[file].text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if line.trim() == "---" {
            fences += 1;
        } else if fences == 1
            && let Some(colon) = line.find(':')
        {
            let value = start + colon + 1..start + line.trim_end().len();
            found.push((file, start..start + colon, value));
        }
        if fences == 2 {
            break;
        }
    }
    found
}

fn of_file(field: &Field<'_>, file: usize, range: Range<usize>, to: String) -> Seed {
    Seed {
        file,
        what: format!("{}: `{}` → `{to}`", field.files[file].path, field.text(file, &range)),
        edits: vec![(range, to)],
        dropped: false,
        names: Vec::new(),
        heading: None,
    }
}

fn misspell_front_matter(field: &Field<'_>) -> Vec<Seed> {
    front_matter(field)
        .into_iter()
        .map(|(file, key, _)| {
            let to = misspelt(field.text(file, &key));
            of_file(field, file, key, to)
        })
        .collect()
}

/// Words of choices in the tests and results of rules, and in conditions.
fn misspell_word(field: &Field<'_>) -> Vec<Seed> {
    let mut words: BTreeSet<&str> = BTreeSet::new();
    let columns = field.pack.lists.iter().flat_map(|list| &list.columns);
    for fact in field.pack.facts.iter().chain(columns) {
        if let Type::Choice(all) = &fact.ty.it {
            words.extend(all.iter().map(String::as_str).filter(|word| !word.contains(' ')));
        }
    }
    let mut seeds = Vec::new();
    let mut look = |table: &Table, cell: &Range<usize>| {
        let text = field.text(table.file, cell);
        for word in &words {
            for (at, _) in text.match_indices(word) {
                let is_constant = text[..at].trim_end().ends_with(['=', '≠', ',']) || at == 0;
                if is_constant && stands_alone(text, at..at + word.len()) {
                    let start = cell.start + at;
                    seeds.push(field.change(table, start..start + word.len(), misspelt(word)));
                }
            }
        }
    };
    for table in field.main().filter(|table| table.is_rule()) {
        for row in &table.rows {
            for column in table.tests() {
                if let Some(cell) = row.cells.get(column) {
                    look(table, cell);
                }
            }
        }
    }
    for (kinds, column) in [(&["Steg"], "Behövs när"), (&["Kontroller"], "Kontroll")] {
        for (table, _, cell, _) in field.cells(kinds, column) {
            look(table, &cell);
        }
    }
    for (table, _, cell, text) in field.cells(&["Utfall"], "Utfall") {
        seeds.push(field.change(table, cell, misspelt(text)).also(text));
    }
    seeds
}

fn circle_in_rule(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for table in field.main().filter(|table| table.kind() == "Regel") {
        let Some(when) = table.column("när") else { continue };
        for row in &table.rows {
            let (Some(cell), Some((_, result))) = (row.cells.get(when), result_of(field, table, row)) else {
                continue;
            };
            let text = field.text(table.file, cell);
            if is_empty(text) || result.starts_with('=') || result == "ej aktuellt" || result.contains(' ') {
                continue;
            }
            let to = format!("({text}) och {} = {result}", table.subject());
            seeds.push(field.change(table, cell.clone(), to));
        }
    }
    seeds
}

fn circle_of_steps(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for table in field.of_kind(&["Steg"]) {
        let Some(after) = table.column("Efter") else { continue };
        for pair in table.rows.windows(2) {
            let (Some(first), Some(second)) = (pair[0].cells.get(after), pair[1].cells.get(after)) else {
                continue;
            };
            let wait = |row: &Row| format!("beslutad {}", field.first(table, row));
            let mut seed = field.change(table, first.clone(), wait(&pair[1]));
            seed.edits.push((second.clone(), wait(&pair[0])));
            seeds.push(seed);
        }
    }
    seeds
}

fn idle_role(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for table in field.of_kind(&["Roller"]) {
        if let Some(last) = table.rows.last() {
            let mut cells = vec!["överflödig", "överflödigt uppdrag", "riket"];
            cells.resize(table.columns.len(), "");
            let line = format!("| {} |\n", cells.join(" | "));
            seeds.push(field.change(table, last.line.end..last.line.end, line));
        }
    }
    seeds
}

fn idle_question(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for table in field.of_kind(&["Uppgifter"]) {
        for row in table.rows.iter().step_by(9) {
            let line = table.columns.iter().map(|column| match column.as_str() {
                "Uppgift" => "överflödig.uppgift",
                "Typ" => "ja/nej",
                "Källa" => "sökanden",
                "Grund" => "2017:900 19 §",
                "Fråga" => "Vad vill ni svara på i onödan?",
                _ => "",
            });
            let line = format!("| {} |\n", line.collect::<Vec<_>>().join(" | "));
            seeds.push(field.change(table, row.line.end..row.line.end, line));
        }
    }
    seeds
}

// ---- values and types ----

/// Days as `2026-06-01`.
fn days(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let is_day = |at: usize| {
        bytes.get(at..at + 10).is_some_and(|day| {
            day.iter().enumerate().all(|(n, byte)| {
                if n == 4 || n == 7 {
                    *byte == b'-'
                } else {
                    byte.is_ascii_digit()
                }
            })
        })
    };
    (0..text.len())
        .filter(|at| is_day(*at))
        .filter(|at| {
            let joined = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
            !joined(at.checked_sub(1).and_then(|before| bytes.get(before))) && !joined(bytes.get(at + 10))
        })
        .map(|at| at..at + 10)
        .collect()
}

fn bad_day(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (file, _, value) in front_matter(field) {
        for day in days(field.text(file, &value)) {
            let start = value.start + day.start;
            seeds.push(of_file(field, file, start + 5..start + 7, "13".to_owned()));
        }
    }
    for (table, _, cell, text) in field.cells(&["Parametrar"], "Standard") {
        for day in days(text) {
            let start = cell.start + day.start;
            seeds.push(field.change(table, start + 8..start + 10, "32"));
        }
    }
    let dates: BTreeSet<&str> = field
        .pack
        .facts
        .iter()
        .filter(|fact| fact.ty.it == Type::Date)
        .map(|fact| fact.name.it.as_str())
        .collect();
    for table in field
        .examples()
        .filter(|table| table.columns.first().is_some_and(|first| first == "Uppgift"))
    {
        for row in &table.rows {
            if let [name, value, ..] = row.cells.as_slice()
                && dates.contains(field.text(table.file, name))
            {
                for day in days(field.text(table.file, value)) {
                    let start = value.start + day.start;
                    seeds.push(field.change(table, start + 5..start + 7, "13"));
                }
            }
        }
    }
    seeds
}

/// Numbers that stand as constants in a test or condition: not in a name, a day or a clock time.
fn numbers(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let skipped = days(text);
    let mut rest = 0;
    while let Some(at) = text[rest..].find(|c: char| c.is_ascii_digit()) {
        let start = rest + at;
        let mut end = start;
        for (n, c) in text[start..].char_indices() {
            let after = text[start + n + c.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
            let goes_on = c.is_ascii_digit() || (matches!(c, ' ' | '\u{a0}' | ',') && after);
            if !goes_on {
                break;
            }
            end = start + n + c.len_utf8();
        }
        let joined_before =
            text[..start].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | ':' | ','));
        let joined_after = text[end..].starts_with(|c: char| c.is_alphabetic() || matches!(c, ':' | '.'));
        let in_day = skipped.iter().any(|day| day.start <= start && start < day.end);
        if !joined_before && !joined_after && !in_day {
            found.push(start..end);
        }
        rest = end.max(start + 1);
    }
    found
}

/// Test cells of rules, conditions of steps and controls: table, place, text, the column's fact if it has one.
fn conditions<'t>(field: &'t Field<'_>) -> Vec<(&'t Table, &'t Row, Range<usize>, &'t str, &'t str)> {
    let mut found = Vec::new();
    for table in field.main().filter(|table| table.is_rule()) {
        for row in &table.rows {
            for column in table.tests() {
                if let Some(cell) = row.cells.get(column) {
                    let text = field.text(table.file, cell);
                    if !is_empty(text) {
                        found.push((table, row, cell.clone(), text, table.columns[column].as_str()));
                    }
                }
            }
        }
    }
    for (kinds, column) in [(&["Steg"], "Behövs när"), (&["Kontroller"], "Kontroll")] {
        for (table, row, cell, text) in field.cells(kinds, column) {
            if text != "alltid" {
                found.push((table, row, cell, text, "när"));
            }
        }
    }
    found
}

fn wrong_unit(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (table, _, cell, text, column) in conditions(field) {
        let with_unit = |name: &str| {
            let of = field
                .pack
                .facts
                .iter()
                .chain(field.pack.lists.iter().flat_map(|list| &list.columns));
            of.filter(|fact| fact.name.it.as_str() == name)
                .any(|fact| matches!(&fact.ty.it, Type::Number { unit: Some(_), .. }))
        };
        if column == "när" || !with_unit(column) {
            continue;
        }
        for number in numbers(text) {
            let at = cell.start + number.end;
            let rest = text[number.end..].trim_start();
            let end = at + (text[number.end..].len() - rest.len());
            // In place of the unit that may stand there.
            let unit = rest.find([' ', ',', '–']).unwrap_or(rest.len());
            let until = if rest.starts_with(char::is_alphabetic) || rest.starts_with('%') {
                end + unit
            } else {
                at
            };
            seeds.push(field.change(table, at..until, " hektar"));
        }
    }
    seeds
}

fn turned_range(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (table, _, cell, text) in field.cells(&["Uppgifter", "Lista", "Parametrar"], "Typ") {
        let words: Vec<&str> = text.split(' ').collect();
        let is_range = matches!(words.first(), Some(&"tal" | &"kr"));
        if let (true, Some((low, high))) = (is_range, text.split_once('–')) {
            let low_at = low.find(' ').map_or(0, |at| at + 1);
            let high_len = high
                .char_indices()
                .find(|(_, c)| !(c.is_ascii_digit() || matches!(c, ' ' | ',' | '\u{a0}')))
                .map_or(high.len(), |(at, _)| at);
            let (low, high) = (low[low_at..].trim(), high[..high_len].trim());
            if low == high {
                continue;
            }
            let start = cell.start + low_at;
            let to = text[low_at..].replacen(&format!("{low}–{high}"), &format!("{high}–{low}"), 1);
            seeds.push(field.change(table, start..cell.end, to));
        }
    }
    for table in field.of_kind(&["Lista"]) {
        if let Some((before, high)) = table.heading.rsplit_once('–')
            && let Some(space) = before.rfind(' ')
        {
            let start = table.heading_at.start + space + 1;
            let low = &before[space + 1..];
            if low != high {
                seeds.push(field.change(table, start..table.heading_at.end, format!("{high}–{low}")));
            }
        }
    }
    seeds
}

/// The largest number that an example gives a fact.
fn largest_given(field: &Field<'_>, fact: &str) -> Option<samverk_domain::fact::Value> {
    use samverk_domain::fact::Value;
    use samverk_domain::pack::GivenState;
    let given = field.pack.examples.iter().flat_map(|example| &example.given);
    given
        .filter(|given| given.fact.it.as_str() == fact)
        .filter_map(|given| match &given.state.it {
            GivenState::Value(value @ Value::Number(_)) => Some(value.clone()),
            _ => None,
        })
        .max()
}

fn narrowed_type(field: &Field<'_>) -> Vec<Seed> {
    use samverk_domain::fact::Value;
    let mut seeds = Vec::new();
    for (table, row, cell, text) in field.cells(&["Uppgifter", "Lista"], "Typ") {
        let name = field.first(table, row);
        let Some(Value::Number(largest)) = largest_given(field, name) else {
            continue;
        };
        let Some(dash) = text.find('–') else { continue };
        let from = dash + '–'.len_utf8();
        let length = numbers(&text[from..]).first().map_or(0, |number| number.end);
        let below = largest.floor().to_string().parse::<i64>().map_or(-1, |whole| whole - 1);
        let least = numbers(&text[..dash])
            .last()
            .map_or("0", |number| &text[number.clone()]);
        let least: i64 = least
            .split(',')
            .next()
            .unwrap_or_default()
            .replace(' ', "")
            .parse()
            .unwrap_or(0);
        if length > 0 && below > least {
            let decimals = if text[from..from + length].contains(',') {
                ",0"
            } else {
                ""
            };
            let range = cell.start + from..cell.start + from + length;
            let mut seed = field.change(table, range, format!("{below}{decimals}")).also(name);
            // `ägare[1].andel` in an example.
            let column = name.rsplit('.').next().unwrap_or_default();
            seed.names.push(format!(".{column}"));
            seeds.push(seed);
        }
    }
    seeds
}

fn boundary_outside(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (table, _, cell, text, column) in conditions(field) {
        if column == "när" {
            continue;
        }
        for number in numbers(text) {
            let range = cell.start + number.start..cell.start + number.end;
            seeds.push(field.change(table, range, "99999999999"));
        }
    }
    seeds
}

/// Columns with lagrum.
const LAW_IN: &[(&[&str], &str)] = &[
    (&["Uppgifter", "Lista"], "Grund"),
    (&["Steg"], "Lagrum"),
    (&["Regel", "Utfallsregel"], "→ lagrum"),
    (&["Skyldigheter"], "Lagrum"),
];

fn law_cells(field: &Field<'_>, to: &str) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (kinds, column) in LAW_IN {
        for (table, _, cell, text) in field.cells(kinds, column) {
            if is_empty(text) {
                continue;
            }
            // The last of several: what the body itself rests on.
            let from = text.rfind("; ").map_or(0, |at| at + 2);
            seeds.push(field.change(table, cell.start + from..cell.end, to));
        }
    }
    seeds
}

fn repealed_law(field: &Field<'_>) -> Vec<Seed> {
    // The kitchen requirement, repealed 2026-06-01 by 2026:511.
    let from = jiff_day(field);
    if from.as_str() < "2026-06-01" {
        return Vec::new();
    }
    law_cells(field, "2010:1622 8 kap. 15 §")
}

fn jiff_day(field: &Field<'_>) -> String {
    field.pack.meta.valid_from.it.to_string()
}

fn unreadable_law(field: &Field<'_>) -> Vec<Seed> {
    law_cells(field, "enligt lagen")
}

fn third_person(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Lista"], "Källa")
        .filter_map(|(table, _, cell, text)| {
            let at = text.find(", direkt")? + 2;
            Some(field.change(table, cell.start + at..cell.start + at + "direkt".len(), "via sökanden"))
        })
        .collect()
}

fn wrong_subject(field: &Field<'_>) -> Vec<Seed> {
    let mut facts = field.pack.facts.iter();
    let Some(text_fact) = facts.find(|fact| matches!(fact.ty.it, Type::YesNo) && fact.source.it == Source::Applicant)
    else {
        return Vec::new();
    };
    field
        .cells(&["Uppgifter"], "Källa")
        .filter(|(_, _, _, text)| text.starts_with("register"))
        .filter_map(|(table, _, cell, text)| {
            let at = text.find(" för ")? + " för ".len();
            let end = text[at..].find([',', ';']).map_or(text.len(), |end| at + end);
            let range = cell.start + at..cell.start + end;
            Some(field.change(table, range, text_fact.name.it.as_str()))
        })
        .collect()
}

fn counted_nonsense(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = counted(field, "fullmåne");
    for (table, _, cell, _) in field.cells(&["Parametrar"], "Räknas vid") {
        seeds.push(field.change(table, cell, "fullmåne"));
    }
    seeds
}

fn counted_at_event(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = counted(field, "händelse");
    for (table, _, cell, text) in field.cells(&["Parametrar"], "Räknas vid") {
        if text != "händelse" {
            seeds.push(field.change(table, cell, "händelse"));
        }
    }
    seeds
}

/// Every rule with another day in its heading.
fn counted(field: &Field<'_>, day: &str) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for table in field.main().filter(|table| table.is_rule()) {
        let policy = table.policy();
        let Some(at) = table.heading.find(policy).filter(|_| !policy.is_empty()) else {
            continue;
        };
        let start = table.heading_at.start + at;
        let parts: Vec<&str> = policy
            .split(';')
            .map(str::trim)
            .filter(|part| !part.starts_with("räknas"))
            .collect();
        let to = format!("{}; räknas vid {day}", parts.join("; "));
        seeds.push(field.change(table, start..start + policy.len(), to));
    }
    seeds
}

// ---- meaning ----

fn shift(field: &Field<'_>, by: i64) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (table, row, cell, text, _) in conditions(field) {
        for number in numbers(text) {
            let written = &text[number.clone()];
            let Some(to) = shifted(written, by) else { continue };
            let range = cell.start + number.start..cell.start + number.end;
            seeds.push(field.change(table, range, to).also(field.first(table, row)));
        }
    }
    seeds
}

/// The number one step up or down, in the decimals that it was written with.
fn shifted(written: &str, by: i64) -> Option<String> {
    let plain: String = written.chars().filter(|c| !matches!(c, ' ' | '\u{a0}')).collect();
    let (whole, part) = plain.split_once(',').unwrap_or((&plain, ""));
    let digits: i64 = format!("{whole}{part}").parse().ok()?;
    let to = digits.checked_add(by).filter(|to| *to >= 0)?;
    if part.is_empty() {
        return Some(to.to_string());
    }
    let text = format!("{to:0>width$}", width = part.len() + 1);
    let (whole, part) = text.split_at(text.len() - part.len());
    Some(format!("{whole},{part}"))
}

fn strict(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (table, row, cell, text, _) in conditions(field) {
        for (sign, other) in [("<=", "<"), (">=", ">"), ("≤", "<"), ("≥", ">"), ("<", "≤"), (">", "≥")] {
            for (at, _) in text.match_indices(sign) {
                if sign.len() == 1 && text[at + 1..].starts_with('=') {
                    continue;
                }
                let range = cell.start + at..cell.start + at + sign.len();
                seeds.push(field.change(table, range, other).also(field.first(table, row)));
            }
        }
    }
    seeds
}

fn widen(field: &Field<'_>) -> Vec<Seed> {
    conditions(field)
        .into_iter()
        .filter(|(table, ..)| table.is_rule())
        .map(|(table, row, cell, text, column)| {
            let mut seed = field.change(table, cell, "–").also(field.first(table, row));
            seed.names.extend(names(text));
            seed.names.extend(names(column));
            seed
        })
        .collect()
}

fn negate(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (table, row, cell, text, column) in conditions(field).into_iter().filter(|(table, ..)| table.is_rule()) {
        let to = match text {
            _ if column == "när" => format!("inte ({text})"),
            "ja" => "nej".to_owned(),
            "nej" => "ja".to_owned(),
            _ => {
                let signs = [("≤", ">"), ("≥", "<"), ("<=", ">"), (">=", "<"), (">", "≤"), ("<", "≥")];
                let turned = signs
                    .iter()
                    .find_map(|(sign, other)| text.strip_prefix(sign).map(|rest| format!("{other}{rest}")));
                match (turned, text.strip_prefix("inte ")) {
                    (Some(turned), _) => turned,
                    (None, Some(words)) => words.to_owned(),
                    (None, None)
                        if text.starts_with(|c: char| c.is_alphabetic())
                            && text != "ej aktuellt"
                            && !text.starts_with("har ")
                            && !text.starts_with("saknar ") =>
                    {
                        format!("inte {text}")
                    }
                    _ => continue,
                }
            }
        };
        seeds.push(field.change(table, cell, to).also(field.first(table, row)));
    }
    seeds
}

/// The names with a dot in a condition: what nothing reads any longer when it is gone.
fn names(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-')))
        .filter(|word| word.contains('.') && word.starts_with(char::is_alphabetic))
        .map(str::to_owned)
}

/// Places of ` och ` and ` eller ` outside parentheses.
fn connectives(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let mut found = Vec::new();
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        for word in [" och ", " eller "] {
            if depth == 0 && text[at..].starts_with(word) {
                found.push((at..at + word.len(), word));
            }
        }
    }
    found
}

fn drop_part(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (table, row, cell, text, column) in conditions(field) {
        if column != "när" {
            // Words of a list in a cell.
            if text.contains(", ") && !text.starts_with("inte ") {
                let end = text.rfind(", ").unwrap_or(text.len());
                seeds.push(
                    field
                        .change(table, cell.start + end..cell.end, "")
                        .also(field.first(table, row)),
                );
            }
            continue;
        }
        let joins = connectives(text);
        // With both words outside parentheses a dropped part would bind otherwise.
        let same = joins.windows(2).all(|pair| pair[0].1 == pair[1].1);
        if joins.is_empty() || !same {
            continue;
        }
        let mut starts = vec![0];
        starts.extend(joins.iter().map(|(range, _)| range.end));
        for part in 0..starts.len() {
            let range = match part {
                0 => 0..joins[0].0.end,
                _ => joins[part - 1].0.start..joins.get(part).map_or(text.len(), |(range, _)| range.start),
            };
            let mut seed = field.change(table, cell.start + range.start..cell.start + range.end, "");
            seed.names.extend(names(&text[range]));
            seed = seed.also(field.first(table, row));
            seeds.push(seed);
        }
    }
    seeds
}

fn swap_connective(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (table, row, cell, text, column) in conditions(field) {
        if column != "när" {
            continue;
        }
        for (range, word) in connectives(text) {
            let other = if word == " och " { " eller " } else { " och " };
            let range = cell.start + range.start..cell.start + range.end;
            seeds.push(field.change(table, range, other).also(field.first(table, row)));
        }
    }
    seeds
}

fn negate_condition(field: &Field<'_>, kind: &str) -> Vec<Seed> {
    conditions(field)
        .into_iter()
        .filter(|(table, ..)| table.kind() == kind)
        .map(|(table, row, cell, text, _)| {
            field
                .change(table, cell, format!("inte ({text})"))
                .also(field.first(table, row))
        })
        .collect()
}

fn negate_needed(field: &Field<'_>) -> Vec<Seed> {
    negate_condition(field, "Steg")
}

fn negate_control(field: &Field<'_>) -> Vec<Seed> {
    negate_condition(field, "Kontroller")
}

fn swap_result(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for table in field.main().filter(|table| table.is_rule()) {
        let results: Vec<&str> = table
            .rows
            .iter()
            .filter_map(|row| result_of(field, table, row))
            .map(|(_, text)| text)
            .collect();
        let mut others: Vec<&str> = match table.kind() {
            "Utfallsregel" => field
                .pack
                .outcomes
                .iter()
                .filter(|outcome| outcome.step.it.as_str() == table.subject())
                .map(|outcome| outcome.name.it.as_str())
                .collect(),
            _ => Vec::new(),
        };
        others.extend(results.iter().copied());
        for row in &table.rows {
            let Some((cell, text)) = result_of(field, table, row) else {
                continue;
            };
            if let Some(other) = others.iter().find(|other| **other != text && !is_empty(other)) {
                seeds.push(field.change(table, cell, *other).also(field.first(table, row)));
            }
        }
    }
    seeds
}

fn change_policy(field: &Field<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for table in field.main().filter(|table| table.is_rule()) {
        let policy = table.policy();
        let first = policy.split(';').next().unwrap_or_default().trim();
        let Some(at) = table.heading.find(policy).filter(|_| !policy.is_empty()) else {
            continue;
        };
        let start = table.heading_at.start + at;
        let range = start..start + first.len();
        match first {
            "unik" | "första" => {
                let to = if first == "unik" { "första" } else { "unik" };
                let mut seed = field.change(table, range, to);
                seed.names
                    .extend(table.rows.iter().map(|row| field.first(table, row).to_owned()));
                seeds.push(seed);
            }
            "samla" => {
                let otherwise = policy.split("annars ").nth(1).unwrap_or_default();
                let otherwise = otherwise.split(';').next().unwrap_or_default().trim();
                let mut others = field
                    .pack
                    .outcomes
                    .iter()
                    .filter(|it| it.step.it.as_str() == table.subject());
                if let Some(other) = others.find(|other| other.name.it != otherwise)
                    && let Some(at) = table.heading.find(&format!("annars {otherwise}"))
                {
                    let start = table.heading_at.start + at + "annars ".len();
                    let range = start..start + otherwise.len();
                    seeds.push(field.change(table, range, other.name.it.as_str()));
                }
            }
            _ => {}
        }
    }
    seeds
}

// ---- examples ----

fn expectations<'t>(field: &'t Field<'_>) -> impl Iterator<Item = (&'t Table, &'t Row)> + 't {
    let tables = field
        .examples()
        .filter(|table| table.columns.first().is_some_and(|first| first == "Steg"));
    tables.flat_map(|table| table.rows.iter().map(move |row| (table, row)))
}

fn other_expected_outcome(field: &Field<'_>) -> Vec<Seed> {
    expectations(field)
        .filter_map(|(table, row)| {
            let (step, cell) = (field.first(table, row), row.cells.get(1)?);
            let text = field.text(table.file, cell);
            let mut outcomes = field
                .pack
                .outcomes
                .iter()
                .filter(|outcome| outcome.step.it.as_str() == step);
            let other = outcomes.find(|outcome| outcome.name.it != text).map_or(
                if text == "behövs inte" {
                    "väntar"
                } else {
                    "behövs inte"
                },
                |outcome| outcome.name.it.as_str(),
            );
            Some(field.change(table, cell.clone(), other))
        })
        .collect()
}

fn other_expected_ground(field: &Field<'_>) -> Vec<Seed> {
    expectations(field)
        .filter_map(|(table, row)| {
            let (step, cell) = (field.first(table, row), row.cells.get(2)?);
            let text = field.text(table.file, cell);
            let rule = field.pack.rules.iter().find(|rule| rule.name.it.as_str() == step)?;
            let mut rows = rule.rows.iter().map(|row| row.id.it.as_str());
            let other = rows.find(|id| !text.split(", ").any(|named| named == *id))?;
            let outcome = field.text(table.file, row.cells.get(1)?);
            // What an open step waits for is facts, and a step that is not needed has the rows that say so.
            (!matches!(outcome, "väntar" | "behövs inte" | "stoppas" | "alla skriver under"))
                .then(|| field.change(table, cell.clone(), other))
        })
        .collect()
}

fn remove_expectation(field: &Field<'_>) -> Vec<Seed> {
    expectations(field)
        .filter(|(table, _)| table.rows.len() > 1)
        .map(|(table, row)| {
            let names = vec![
                field.first(table, row).to_owned(),
                field.text(table.file, &row.cells[1]).to_owned(),
            ];
            field.dropped(table, row.line.clone(), names)
        })
        .collect()
}

// ---- beside the rules ----

fn remove_obstacle(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Uppgifter", "Lista"], "Källa")
        .filter_map(|(table, _, cell, text)| {
            let (before, _) = text.split_once("; hinder ")?;
            Some(field.change(table, cell, before))
        })
        .collect()
}

fn general_ground(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Uppgifter", "Lista"], "Grund")
        .filter(|(table, row, _, _)| field.cell(table, row, "Typ").contains("; känslig"))
        .map(|(table, row, cell, text)| {
            let disclosure = text.split_once(';').map(|(disclosure, _)| format!("{disclosure}; "));
            let to = format!("{}2018:218 2 kap. 2 §", disclosure.unwrap_or_default());
            field.change(table, cell, to).also(field.first(table, row))
        })
        .collect()
}

fn remove_duty_law(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Skyldigheter"], "Lagrum")
        .filter(|(table, row, _, text)| {
            let id = field.first(table, row);
            let owed = field.pack.duties.iter().find(|duty| duty.id.it.as_str() == id);
            let step = owed.and_then(|duty| field.pack.step(&duty.after.it.step));
            !is_empty(text) && step.is_some_and(|step| !field.pack.is_private(step))
        })
        .map(|(table, _, cell, _)| field.change(table, cell, ""))
        .collect()
}

fn duty_of_nothing(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Skyldigheter"], "Efter")
        .map(|(table, _, cell, text)| field.change(table, cell, misspelt(text)))
        .collect()
}

/// Letters that alone tell of a duty.
fn letter_without_duties(field: &Field<'_>) -> Vec<Seed> {
    letter_lines(field)
        .filter(|(file, _, line)| {
            let stem = field.files[*file]
                .path
                .trim_start_matches("brev/")
                .trim_end_matches(".md");
            let begins = field.pack.duties.iter().any(|duty| {
                let outcomes = field.pack.outcomes.iter().filter(|outcome| {
                    let mut begun = field.pack.duties_after(&outcome.step.it, outcome.kind.it);
                    begun.any(|other| other.id.it == duty.id.it)
                });
                let letters: BTreeSet<&str> = outcomes.map(|outcome| outcome.letter.as_str()).collect();
                letters.len() == 1 && letters.contains(stem)
            });
            line.trim() == "{skyldigheter}" && begins
        })
        .map(|(file, line, text)| {
            let mut seed = of_letter(field, file, line, text, String::new());
            let duties = field.pack.duties.iter().map(|duty| duty.id.it.to_string());
            seed.names.extend(duties);
            seed
        })
        .collect()
}

fn open_condition(field: &Field<'_>) -> Vec<Seed> {
    let opening = |file: usize, before: usize| {
        let text = &field.files[file].text[..before];
        text.rfind("{om ")
            .map(|at| text[at..].lines().next().unwrap_or_default().to_owned())
    };
    letter_lines(field)
        .filter(|(_, _, line)| line.trim() == "{slut}")
        .map(|(file, line, text)| {
            let opening = opening(file, line.start);
            let mut seed = of_letter(field, file, line, text, String::new());
            seed.names
                .extend(opening.map(|line| line.trim_matches(['{', '}']).to_owned()));
            seed
        })
        .collect()
}

fn is_performed(field: &Field<'_>, table: &Table, row: &Row) -> bool {
    let mut steps = field.pack.steps.iter();
    steps.any(|step| step.name.it.as_str() == field.cell(table, row, "Steg") && field.pack.is_private(step))
}

fn performer_decides(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Utfall"], "Slag")
        .filter(|(table, row, _, _)| is_performed(field, table, row))
        .map(|(table, _, cell, _)| field.change(table, cell, "gynnande"))
        .collect()
}

fn performer_appealed(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Utfall"], "Överklagas")
        .filter(|(table, row, _, _)| is_performed(field, table, row))
        .map(|(table, _, cell, _)| field.change(table, cell, "förvaltningsbesvär, länsstyrelsen, 3 veckor från del"))
        .collect()
}

fn authority_agrees(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Utfall"], "Slag")
        .filter(|(table, row, _, _)| !is_performed(field, table, row))
        .map(|(table, _, cell, _)| field.change(table, cell, "avtal"))
        .collect()
}

fn misspell_signer(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Underskrifter"], "Skrivs under av")
        .map(|(table, _, cell, text)| {
            let who = text.split_once(" när ").map_or(text, |(who, _)| who);
            let end = cell.start + who.len();
            field.change(table, cell.start..end, misspelt(who))
        })
        .collect()
}

fn misspell_doubt(field: &Field<'_>) -> Vec<Seed> {
    field
        .cells(&["Osäkert"], "Gäller")
        .map(|(table, _, cell, text)| field.change(table, cell, misspelt(text)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_constants_and_not_parts_of_names_days_or_clock_times() {
        let found = |text: &'static str| numbers(text).into_iter().map(|at| &text[at]).collect::<Vec<_>>();
        assert_eq!(found("> 1 250,50 liter"), ["1 250,50"]);
        assert_eq!(found("2–60"), ["2", "60"]);
        assert_eq!(found("ägare.fyllt-20 = nej och gas.inne > 2"), ["2"]);
        assert_eq!(found("dag > 2026-06-01 och tid < 01:00"), Vec::<&str>::new());
    }

    #[test]
    fn a_number_is_shifted_by_its_last_written_digit() {
        assert_eq!(shifted("236 800", 1).as_deref(), Some("236801"));
        assert_eq!(shifted("0,5", -1).as_deref(), Some("0,4"));
        assert_eq!(shifted("0", -1), None);
    }

    #[test]
    fn connectives_inside_parentheses_belong_to_their_part() {
        let text = "(a.b = ja eller a.c = ja) och a.d = nej";
        assert_eq!(connectives(text).len(), 1);
    }
}
