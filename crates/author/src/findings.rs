//! Findings as a reader of compilers expects them: place, caret, related places, example, suggestion; or as JSON.

use std::collections::BTreeMap;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use samverk_domain::finding::{FileId, Finding, Severity, SourceFile, Span};

/// How a command writes what it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people: Swedish text with the place in the document
    Text,
    /// For programs: one JSON object
    Json,
}

/// How many of a finding's other places are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    /// The first of each kind, and how many more there are.
    First,
    All,
}

/// Other places of one kind (`faller på detta`) that are written when not all are.
const PLACES_MAX: usize = 3;

/// Columns of a rendered finding; rows of tables are longer and are cut around the caret.
const WIDTH: usize = 140;

/// Where the document's files are, so that places are written as the reader's editor can open them.
pub struct Source<'a> {
    /// Prefix of every path: the folder as the command got it.
    pub folder: &'a str,
    pub files: &'a [SourceFile],
}

impl Source<'_> {
    fn path(&self, file: FileId) -> String {
        let name = self
            .files
            .get(usize::from(file.0))
            .map_or("?", |file| file.path.as_str());
        match self.folder.trim_end_matches('/') {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        }
    }

    /// `path`, line and column, both from 1.
    fn place(&self, span: Span) -> (String, usize, usize) {
        let (line, column) = self
            .files
            .get(usize::from(span.file.0))
            .map_or((1, 1), |file| file.position(span.start));
        (self.path(span.file), line, column)
    }
}

/// The page that tells more about a code, from the project's root.
pub fn page(code: &str) -> String {
    format!("docs/errors/{code}.md")
}

/// All findings, most serious first within the order of the document, as text.
pub fn text(findings: &[Finding], source: &Source, styled: bool) -> String {
    text_with(findings, source, styled, Places::First)
}

pub fn text_with(findings: &[Finding], source: &Source, styled: bool, places: Places) -> String {
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() }.term_width(WIDTH);
    let mut out = String::new();
    for finding in findings {
        out.push_str(&renderer.render(&groups(finding, source, places)));
        out.push_str("\n\n");
    }
    out
}

fn groups<'a>(finding: &'a Finding, source: &Source<'a>, places: Places) -> Vec<Group<'a>> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR.with_name("fel"),
        Severity::Warning => Level::WARNING.with_name("varning"),
        Severity::Note => Level::NOTE.with_name("upplysning"),
    };
    let mut by_file: BTreeMap<FileId, Vec<Annotation<'a>>> = BTreeMap::new();
    let mut of_kind: BTreeMap<&str, usize> = BTreeMap::new();
    let mut left_out = 0;
    for (span, label) in &finding.related {
        let count = of_kind.entry(label).or_default();
        *count += 1;
        if places == Places::First && *count > PLACES_MAX {
            left_out += 1;
            continue;
        }
        by_file
            .entry(span.file)
            .or_default()
            .push(AnnotationKind::Context.span(bytes(*span, source)).label(label.as_str()));
    }
    let mut own = by_file.remove(&finding.span.file).unwrap_or_default();
    let caret = AnnotationKind::Primary.span(bytes(finding.span, source));
    own.push(match finding.label.as_str() {
        "" => caret,
        label => caret.label(label),
    });
    let mut group = level
        .primary_title(finding.message.as_str())
        .id(finding.code)
        .element(snippet(finding.span.file, own, source));
    for (file, annotations) in by_file {
        group = group.element(snippet(file, annotations, source));
    }
    if left_out > 0 {
        let more = if left_out == 1 {
            "1 ställe".to_owned()
        } else {
            format!("{left_out} ställen")
        };
        let more = format!("{more} till; samverk check --alla visar dem");
        group = group.element(Level::INFO.with_name("fler").message(more));
    }
    if let Some(example) = &finding.example {
        group = group.element(Level::INFO.with_name("exempel").message(example.as_str()));
    }
    if let Some(suggestion) = &finding.suggestion {
        group = group.element(Level::HELP.with_name("förslag").message(suggestion.as_str()));
    }
    vec![group.element(Level::NOTE.with_name("mer").message(page(finding.code)))]
}

fn snippet<'a>(file: FileId, annotations: Vec<Annotation<'a>>, source: &Source<'a>) -> Snippet<'a, Annotation<'a>> {
    let text = source
        .files
        .get(usize::from(file.0))
        .map_or("", |file| file.text.as_str());
    Snippet::source(text).path(source.path(file)).annotations(annotations)
}

/// The span inside its file, on character boundaries and never empty where there is something to point at.
fn bytes(span: Span, source: &Source) -> std::ops::Range<usize> {
    let text = source
        .files
        .get(usize::from(span.file.0))
        .map_or("", |file| file.text.as_str());
    let boundary = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = boundary((span.start as usize).min(text.len()));
    let end = boundary((span.end as usize).min(text.len())).max(start);
    start..end
}

/// Findings as values for `--format json`: what the text says, with places resolved.
pub fn json(findings: &[Finding], source: &Source) -> serde_json::Value {
    let place = |span: Span| {
        let (path, line, column) = source.place(span);
        serde_json::json!({"path": path, "line": line, "column": column, "start": span.start, "end": span.end})
    };
    findings
        .iter()
        .map(|finding| {
            serde_json::json!({
                "code": finding.code,
                "severity": finding.severity,
                "message": finding.message,
                "label": finding.label,
                "at": place(finding.span),
                "related": finding.related.iter()
                    .map(|(span, label)| serde_json::json!({"at": place(*span), "label": label}))
                    .collect::<Vec<_>>(),
                "example": finding.example,
                "suggestion": finding.suggestion,
                "page": page(finding.code),
            })
        })
        .collect()
}

/// `2 fel, 1 varning, 3 upplysningar`
pub fn tally(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings, notes) = (count(Severity::Error), count(Severity::Warning), count(Severity::Note));
    format!(
        "{errors} fel, {warnings} {}, {notes} {}",
        if warnings == 1 { "varning" } else { "varningar" },
        if notes == 1 { "upplysning" } else { "upplysningar" },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_shows_place_caret_related_place_example_and_suggestion() {
        let files = [SourceFile {
            path: "tjanst.md".to_owned(),
            text: "| id | gas.inne |\n| g1 | > 2 |\n| g2 | > 3 |\n".to_owned(),
        }];
        let span = |start, end| Span {
            file: FileId(0),
            start,
            end,
        };
        let finding = Finding::error("S301", span(36, 39), "Raden g2 kan aldrig gälla.")
            .label("täcks av g1")
            .related(span(23, 26), "den här raden tar allt")
            .example("gas.inne = 5")
            .suggest("Ta bort raden.");
        let source = Source {
            folder: "packs/x/",
            files: &files,
        };
        insta::assert_snapshot!(text(&[finding], &source, false), @r"
        fel[S301]: Raden g2 kan aldrig gälla.
         --> packs/x/tjanst.md:3:6
          |
        2 | | g1 | > 2 |
          |      --- den här raden tar allt
        3 | | g2 | > 3 |
          |      ^^^ täcks av g1
          |
          = exempel: gas.inne = 5
          = förslag: Ta bort raden.
          = mer: docs/errors/S301.md
        ");
    }

    #[test]
    fn more_than_three_places_of_a_kind_are_counted_and_shown_when_asked_for() {
        let text: String = (1..=6).map(|n| format!("| g{n} |\n")).collect();
        let files = [SourceFile {
            path: "tjanst.md".to_owned(),
            text,
        }];
        let row = |n: u32| Span {
            file: FileId(0),
            start: n * 7 + 2,
            end: n * 7 + 4,
        };
        let gap = (1..6).fold(Finding::error("S301", row(0), "En lucka."), |gap, n| {
            gap.related(row(n), "faller på detta")
        });
        let source = Source {
            folder: "",
            files: &files,
        };
        let short = super::text(std::slice::from_ref(&gap), &source, false);
        assert_eq!(short.matches("faller på detta").count(), 3);
        assert!(
            short.contains("= fler: 2 ställen till; samverk check --alla visar dem"),
            "{short}"
        );
        let all = text_with(&[gap], &source, false, Places::All);
        assert_eq!(all.matches("faller på detta").count(), 5);
        assert!(!all.contains("fler"), "{all}");
    }

    #[test]
    fn a_span_outside_the_file_is_drawn_at_its_end_and_never_panics() {
        let files = [SourceFile {
            path: "tjanst.md".to_owned(),
            text: "å".to_owned(),
        }];
        let source = Source {
            folder: "",
            files: &files,
        };
        for (file, start, end) in [(0, 1, 9), (0, 7, 9), (3, 0, 1)] {
            let span = Span {
                file: FileId(file),
                start,
                end,
            };
            assert!(text(&[Finding::note("S000", span, "x")], &source, true).contains("S000"));
        }
    }
}
