//! `samverk explain`: why each step ends as it does, row by row, down to who said it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use samverk_domain::fact::{Cause, Known, Name};
use samverk_domain::pack::{Pack, Step};
use samverk_domain::rules::{self, Evaluation, Explanation, How, Setting, Verdict};
use samverk_domain::{check::play::Truth, fact::Facts};

/// Show why each step ends as it does in a scenario, row by row
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  samverk explain packs/starta-restaurang --scenario crates/node/demo/scenarios/full.md
  samverk explain packs/starta-restaurang --scenario min.md --step gasol

A scenario is one example in the form of exempel.md (docs/scenarios.md). For each step: its outcome,
the rows that hold with reason and law, the facts they rest on with their source, and what is
waited for. Fees and other parameters come from the scenario, else from the document.
Exit code: 0 every step ends as the scenario says, 1 some step does not, 2 not readable.")]
pub struct Args {
    /// The service's folder (the one with tjanst.md)
    path: PathBuf,
    /// The scenario file
    #[arg(long, value_name = "FILE")]
    scenario: PathBuf,
    /// Only this step
    #[arg(long, value_name = "STEP")]
    step: Option<String>,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let pack = super::scenario::service(&args.path)?;
    let example = super::scenario::scenario(&pack, &args.scenario)?;
    let truth = Truth::of(&pack, &example);
    let evaluation = rules::evaluate(&pack, &truth.facts, &truth.setting);
    let mut out = format!("{}\n\n", example.title.it);
    let mut is_shown = false;
    for step in &pack.steps {
        if args.step.as_deref().is_none_or(|wanted| step.name.as_str() == wanted) {
            is_shown = true;
            out.push_str(&explained(&pack, step, &truth.facts, &truth.setting, &evaluation));
            out.push('\n');
        }
    }
    if !is_shown {
        let steps: Vec<&str> = pack.steps.iter().map(|step| step.name.as_str()).collect();
        anyhow::bail!("there is no such step; {} has {}", *pack.meta.slug, steps.join(", "));
    }
    let mut differs = false;
    for finding in rules::example::run(&pack, &example) {
        let _ = writeln!(out, "Stämmer inte: {}", finding.message);
        differs = true;
    }
    super::print(&out)?;
    Ok(ExitCode::from(u8::from(differs)))
}

/// A step's outcome in a word.
pub fn verdict(pack: &Pack, step: &Name, evaluation: &Evaluation) -> String {
    match evaluation.steps.get(step).map(|result| result.verdict(pack, step)) {
        Some(Verdict::NotNeeded) => "behövs inte".to_owned(),
        Some(Verdict::CaseWorker) => "handläggare".to_owned(),
        Some(Verdict::Outcome(outcome)) => outcome.to_owned(),
        Some(Verdict::Waiting) | None => "väntar".to_owned(),
    }
}

/// What is missing, with why: `polis.yttrande (obesvarad)`.
pub fn waits_for(step: &Name, evaluation: &Evaluation) -> Vec<String> {
    let of = |cause: Cause| match cause {
        Cause::Unanswered => "obesvarad",
        Cause::Pending => "hämtas",
        Cause::Failed => "kunde inte hämtas",
        Cause::Disputed => "bestrids",
    };
    let result = evaluation.steps.get(step);
    result
        .into_iter()
        .flat_map(|result| &result.waits_for)
        .map(|(name, cause)| format!("{name} ({})", of(*cause)))
        .collect()
}

fn explained(pack: &Pack, step: &Step, facts: &Facts, setting: &Setting, evaluation: &Evaluation) -> String {
    let name = &step.name.it;
    let mut out = String::new();
    let _ = writeln!(out, "{name}: {}", verdict(pack, name, evaluation));
    let Some(result) = evaluation.steps.get(name) else {
        return out;
    };
    let outcome = result.outcome.value();
    if let Some(outcome) = outcome.and_then(|word| pack.outcomes_of(name).find(|outcome| outcome.name.it == *word)) {
        let _ = writeln!(out, "  beslutas av: {}", outcome.decider.it);
    }
    if let (Known::Value(fee), Known::Value(true)) = (&result.fee, &result.needed) {
        let _ = writeln!(out, "  avgift: {} kr", samverk_domain::words::amount::swedish(*fee));
    }
    let waits = waits_for(name, evaluation);
    if !waits.is_empty() {
        let _ = writeln!(out, "  väntar på: {}", waits.join(", "));
    }
    let mut leaves: Vec<String> = Vec::new();
    if let Some(explanation) = rules::explain(pack, facts, setting, name) {
        let mut rows = BTreeSet::new();
        walk(&explanation, &mut rows, &mut out, &mut leaves);
    }
    if !leaves.is_empty() {
        let _ = writeln!(out, "  vilar på:");
        for leaf in leaves {
            let _ = writeln!(out, "    {leaf}");
        }
    }
    out
}

/// Rows into `out` where they first occur; the facts at the bottom into `leaves`.
fn walk(part: &Explanation, rows: &mut BTreeSet<(Name, Name)>, out: &mut String, leaves: &mut Vec<String>) {
    match &part.how {
        How::Row {
            rule,
            row,
            because,
            law,
        } => {
            if rows.insert((rule.clone(), row.clone())) {
                let _ = writeln!(out, "  rad {row} i {rule}");
                if let Some(because) = because {
                    let _ = writeln!(out, "      {because}");
                }
                if let Some(law) = law {
                    let _ = writeln!(out, "      {law}");
                }
            }
        }
        How::Otherwise { rule } => {
            let _ = writeln!(out, "  ingen rad i {rule} gäller, så det blir {}", part.result);
        }
        How::Source { source } => {
            let leaf = format!("{} = {}   ({source})", part.of, part.result);
            if !leaves.contains(&leaf) {
                leaves.push(leaf);
            }
        }
        How::Rows { .. } | How::Condition { .. } | How::Missing { .. } => {}
    }
    for below in &part.because {
        walk(below, rows, out, leaves);
    }
}
