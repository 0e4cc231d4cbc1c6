//! `samverk test`: runs a service's examples, and says what they leave untried.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use samverk_domain::fact::Name;
use samverk_domain::pack::{Example, Pack, RuleKind};

use crate::coverage::{self, Limit, Table, Tried};

/// Run a service's examples; show which rows and limits they leave untried
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk test packs/starta-restaurang
  samverk test packs/starta-restaurang --all-rows
  samverk test packs/starta-restaurang --scenario crates/node/demo/scenarios/full.md

For each example, step by step: what was expected and what came out. Then each table's rows that hold in no
example, and each limit (gas.inne > 2) with the nearest value tried on either side of it, and whether
one stands exactly on it (without that, check says S706).
Exit code: 0 all came out as expected, 1 some did not or, with --all-rows, a row holds in no example,
2 not readable.")]
pub struct Args {
    /// The service's folder (the one with tjanst.md)
    path: PathBuf,
    /// Run this scenario instead of exempel.md
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// A row that holds in no example is a failure too
    #[arg(long)]
    all_rows: bool,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let pack = super::scenario::service(&args.path)?;
    let examples: Vec<Example> = match &args.scenario {
        Some(file) => vec![super::scenario::scenario(&pack, file)?],
        None => pack.examples.clone(),
    };
    anyhow::ensure!(
        !examples.is_empty(),
        "{} has no examples; write some in exempel.md",
        args.path.display()
    );
    let (text, outcome) = report(&pack, &examples);
    super::print(&text)?;
    let is_wrong = outcome.wrong > 0 || (args.all_rows && outcome.rows_untried > 0);
    Ok(ExitCode::from(u8::from(is_wrong)))
}

struct Outcome {
    wrong: usize,
    rows_untried: usize,
}

fn report(pack: &Pack, examples: &[Example]) -> (String, Outcome) {
    let tried: Vec<Tried<'_>> = examples.iter().map(|example| coverage::tried(pack, example)).collect();
    let mut out = String::new();
    for tried in &tried {
        let _ = writeln!(
            out,
            "{} {}",
            if tried.is_right() { "ok " } else { "FEL" },
            tried.example.title.it
        );
        for wrong in &tried.wrong {
            let _ = writeln!(out, "      {wrong}");
        }
        for step in &tried.steps {
            let _ = writeln!(out, "      {}", in_words(step));
        }
    }
    let tables = coverage::tables(pack, &tried);
    let _ = writeln!(out, "\nRader som gäller i något exempel:");
    for table in &tables {
        let _ = writeln!(out, "  {}", covered(table));
    }
    let limits = coverage::limits(pack, &tried);
    if !limits.is_empty() {
        let _ = writeln!(out, "Gränser, med närmaste värde på var sida:");
    }
    for limit in &limits {
        let _ = writeln!(out, "  {}", nearest(limit, &tried));
    }

    let wrong = tried.iter().filter(|tried| !tried.is_right()).count();
    let rows = tables.iter().map(|table| table.rows.len()).sum::<usize>();
    let untried = tables
        .iter()
        .flat_map(|table| &table.rows)
        .filter(|(_, examples)| examples.is_empty());
    let rows_untried = untried.count();
    let both = limits.iter().filter(|limit| is_tried(limit)).count();
    let exactly = limits.iter().filter(|limit| is_tried(limit) && limit.exactly.is_some());
    let exactly = exactly.count();
    let _ = writeln!(
        out,
        "\n{}: {} av {} exempel stämmer, {} av {rows} rader prövade, {both} av {} gränser prövade på båda sidor, {exactly} av dem \
         också exakt på gränsen",
        *pack.meta.slug,
        tried.len() - wrong,
        tried.len(),
        rows - rows_untried,
        limits.len(),
    );
    (out, Outcome { wrong, rows_untried })
}

fn in_words(step: &coverage::Step<'_>) -> String {
    let listed = |names: &[Name]| names.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
    let name = &step.expected.step.it;
    if step.is_elsewhere {
        let how = match &step.wrong {
            Some(wrong) => wrong.clone(),
            None => format!("{} {}", step.expected.outcome.it, step.expected.grounds_text),
        };
        return format!("{name}: {}", how.trim());
    }
    let because = match (step.grounds.as_slice(), step.waits_for.as_slice()) {
        ([], []) => String::new(),
        ([], waits_for) if step.outcome == "väntar" => format!(" på {}", listed(waits_for)),
        ([], _) => String::new(),
        (grounds, _) => format!(" ({})", listed(grounds)),
    };
    match &step.wrong {
        None => format!("{name}: {}{because}", step.outcome),
        Some(_) => {
            let grounds: Vec<Name> = step.expected.grounds.iter().map(|ground| ground.it.clone()).collect();
            let expected = match grounds.as_slice() {
                [] => step.expected.outcome.it.clone(),
                grounds => format!("{} ({})", step.expected.outcome.it, listed(grounds)),
            };
            format!("{name}: väntat {expected}, blev {}{because}", step.outcome)
        }
    }
}

fn covered(table: &Table<'_>) -> String {
    let untried: Vec<&str> = table
        .rows
        .iter()
        .filter(|(_, examples)| examples.is_empty())
        .map(|(row, _)| row.as_str())
        .chain(
            table
                .otherwise
                .as_ref()
                .filter(|examples| examples.is_empty())
                .map(|_| "annars"),
        )
        .collect();
    let kind = match table.rule.kind {
        RuleKind::Fact => "regel",
        RuleKind::Outcome => "utfallsregel",
    };
    let tried = table.rows.iter().filter(|(_, examples)| !examples.is_empty()).count();
    let mut line = format!("{kind} {}: {tried} av {}", table.rule.name.it, table.rows.len());
    if !untried.is_empty() {
        let _ = write!(line, "; utan exempel: {}", untried.join(", "));
    }
    line
}

/// On both sides.
fn is_tried(limit: &Limit) -> bool {
    limit.below.is_some() && limit.above.is_some()
}

fn nearest(limit: &Limit, tried: &[Tried<'_>]) -> String {
    let (below, above) = limit.sides();
    let side = |side: &str, value: &Option<(String, usize)>| match value {
        Some((value, example)) => {
            let title = tried.get(*example).map_or("", |tried| tried.example.title.it.as_str());
            format!("{side}: {value} (”{title}”)")
        }
        None => format!("{side}: inget exempel"),
    };
    // Without it nothing would notice if `<` became `≤`, and the check says so (S706).
    let exactly = match limit.exactly {
        None if is_tried(limit) => "; exakt på gränsen: inget exempel",
        _ => "",
    };
    format!(
        "{}; {}{exactly}",
        side(&below, &limit.below),
        side(&above, &limit.above)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use samverk_domain::finding::SourceFile;

    fn service() -> Vec<SourceFile> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/new");
        let mut files = crate::folder::read(&path).unwrap();
        for file in &mut files {
            file.text = file.text.replace("SLUG", "prov").replace(
                "| verksamhet.start       | datum ",
                "| verksamhet.gäster      | tal 0–100 | sökanden | (EG) 852/2004 art. 6.2 | Hur många? |\n| verksamhet.start       | datum ",
            );
        }
        files
    }

    fn reported(change: (&str, &str, &str)) -> (String, Outcome) {
        let (path, from, to) = change;
        let mut files = service();
        let file = files.iter_mut().find(|file| file.path == path).unwrap();
        assert!(file.text.contains(from));
        file.text = file.text.replace(from, to);
        let (pack, found) = samverk_domain::pack::parse::pack(files);
        assert_eq!(found, []);
        let pack = pack.unwrap();
        report(&pack, &pack.examples)
    }

    #[test]
    fn a_step_that_comes_out_otherwise_is_shown_with_both_outcomes() {
        let (text, outcome) = reported((
            "exempel.md",
            "| registrering | handläggare | r2 |",
            "| registrering | registrerad | r1 |",
        ));
        assert_eq!((outcome.wrong, outcome.rows_untried), (1, 0));
        assert!(
            text.contains("FEL ett bolag i konkurs måste någon se på\n      registrering: väntat registrerad (r1), blev handläggare (r2)"),
            "{text}"
        );
        assert!(text.contains("registrering: väntar på företag.status"), "{text}");
    }

    #[test]
    fn a_row_that_holds_in_no_example_is_named() {
        let (text, outcome) = reported((
            "exempel.md",
            "| företag.status | konkurs |",
            "| företag.status | registrerat |",
        ));
        assert_eq!(outcome.rows_untried, 1);
        assert!(
            text.contains("utfallsregel registrering: 1 av 2; utan exempel: r2"),
            "{text}"
        );
    }

    #[test]
    fn a_limit_that_no_example_stands_on_is_not_said_to_be_held() {
        let limit = |exactly| Limit {
            left: "start.dag".to_owned(),
            right: "ansökningsdagen".to_owned(),
            belongs_below: false,
            at: samverk_domain::finding::Span {
                file: samverk_domain::finding::FileId(0),
                start: 0,
                end: 0,
            },
            below: Some(("2026-05-01".to_owned(), 0)),
            above: Some(("2026-06-30".to_owned(), 0)),
            exactly,
        };
        assert!(nearest(&limit(None), &[]).ends_with("; exakt på gränsen: inget exempel"));
        assert!(!nearest(&limit(Some(0)), &[]).contains("exakt"));
    }

    #[test]
    fn a_limit_is_tried_when_there_is_a_value_on_either_side() {
        let (text, _) = reported(("tjanst.md", "| alltid     |", "| verksamhet.gäster > 10 |"));
        assert!(
            text.contains("verksamhet.gäster ≤ 10: inget exempel; verksamhet.gäster > 10: inget exempel"),
            "{text}"
        );
        assert!(text.contains("0 av 1 gränser"), "{text}");
    }
}
