//! Faults sown in a service document, one at a time: does the checker find each, on the right line?
//!
//! Always true here: the same document gives the same faults; a fault counts as found only by an error or a warning that the
//! unchanged document does not give; what is not found is either proved to mean the same ([`samverk_domain::check::same`])
//! or missed. Reading order: [`operators`] (what is sown), [`grid`] (where), then how it is judged, below.

pub mod grid;
pub mod operators;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use samverk_domain::check::{self, same};
use samverk_domain::finding::{Finding, Severity, SourceFile};
use samverk_domain::pack::{self, Pack};

use operators::{Field, OPERATORS, Operator, Seed};

/// Faults of one kind in one document; of more, these are taken evenly.
pub const PER_OPERATOR_MAX: usize = 30;

/// What the checker says of a document: its findings, and the document if it could be read.
pub fn examine(files: &[SourceFile]) -> (Option<Pack>, Vec<Finding>) {
    let (pack, mut found) = pack::parse::pack(files.to_vec());
    let is_wrong = found.iter().any(|finding| finding.severity == Severity::Error);
    let pack = pack.filter(|_| !is_wrong);
    if let Some(pack) = &pack {
        found.extend(check::check(pack, None));
    }
    (pack, found)
}

/// What became of one sown fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Named by one of its codes at one of its places.
    Found { codes: BTreeSet<&'static str> },
    /// Something is said, but not at its places or not in its codes.
    Elsewhere { said: Vec<String> },
    /// Nothing is said, and the document means the same.
    Equivalent,
    /// Nothing is said.
    Missed { why: String },
}

/// One fault and what became of it.
#[derive(Clone, Debug)]
pub struct Judged {
    pub operator: &'static str,
    /// File and line, from 1.
    pub at: (String, usize),
    pub what: String,
    pub verdict: Verdict,
}

/// All faults of one document.
#[derive(Debug)]
pub struct Trial {
    /// Errors and warnings of the unchanged document: false alarms, if the document is right.
    pub alarms: Vec<String>,
    pub judged: Vec<Judged>,
    pub took: Duration,
}

/// Why nothing could be sown.
#[derive(Debug, thiserror::Error)]
#[error("tjänsten går inte att läsa; rätta felen som `samverk check` visar")]
pub struct Unreadable;

/// Sows every operator's faults in a document and judges each.
pub fn trial(files: &[SourceFile], operators: &[&Operator]) -> Result<Trial, Unreadable> {
    let started = Instant::now();
    let (pack, before) = examine(files);
    let pack = pack.ok_or(Unreadable)?;
    let alarms: Vec<String> = before
        .iter()
        .filter(|finding| finding.severity != Severity::Note)
        .map(|finding| told(finding, files))
        .collect();
    let known: BTreeSet<(&str, &str)> = before
        .iter()
        .map(|finding| (finding.code, finding.message.as_str()))
        .collect();
    let field = Field {
        files,
        pack: &pack,
        tables: files
            .iter()
            .enumerate()
            .flat_map(|(at, file)| grid::tables(at, file))
            .collect(),
    };
    let mut sown: Vec<(&Operator, Seed)> = Vec::new();
    for &operator in operators {
        let seeds = evenly((operator.sow)(&field)).into_iter();
        sown.extend(seeds.map(|seed| (operator, seed)));
    }
    Ok(Trial {
        alarms,
        judged: judge_all(&field, &known, &sown),
        took: started.elapsed(),
    })
}

/// Judges every fault, in order. They say nothing to each other, so each core takes the next one.
fn judge_all(field: &Field<'_>, known: &BTreeSet<(&str, &str)>, sown: &[(&Operator, Seed)]) -> Vec<Judged> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut own: Vec<(usize, Judged)> = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((operator, seed)) = sown.get(at) else {
                return own;
            };
            own.push((at, judge(field, known, operator, seed)));
        }
    };
    let mut judged: Vec<(usize, Judged)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..cores).map(|_| scope.spawn(work)).collect();
        let mut judged = work();
        for other in others {
            match other.join() {
                Ok(own) => judged.extend(own),
                Err(why) => std::panic::resume_unwind(why),
            }
        }
        judged
    });
    judged.sort_by_key(|(at, _)| *at);
    judged.into_iter().map(|(_, judged)| judged).collect()
}

/// All operators.
pub fn all() -> &'static [Operator] {
    OPERATORS
}

/// At most [`PER_OPERATOR_MAX`], spread over the whole.
fn evenly(seeds: Vec<Seed>) -> Vec<Seed> {
    let count = seeds.len();
    if count <= PER_OPERATOR_MAX {
        return seeds;
    }
    let chosen: BTreeSet<usize> = (0..PER_OPERATOR_MAX).map(|n| n * count / PER_OPERATOR_MAX).collect();
    seeds
        .into_iter()
        .enumerate()
        .filter(|(at, _)| chosen.contains(at))
        .map(|(_, seed)| seed)
        .collect()
}

/// The document with the fault in it.
pub fn sown(files: &[SourceFile], seed: &Seed) -> Vec<SourceFile> {
    let mut files = files.to_vec();
    if let Some(file) = files.get_mut(seed.file) {
        for (range, to) in seed.edits.iter().rev() {
            file.text.replace_range(range.clone(), to);
        }
    }
    files
}

/// Where the fault stands in the changed document: its own lines (of what is dropped the table's heading, and the file's
/// first line where there is none), its table's heading, and every line that has the names that it concerns.
fn places(files: &[SourceFile], seed: &Seed) -> (usize, BTreeSet<(usize, usize)>) {
    let file = &files[seed.file];
    let line = |byte: usize| file.position(byte as u32).0;
    let mut places = BTreeSet::new();
    let heading = seed.heading.as_ref().map(|heading| line(heading.start));
    places.extend(heading.map(|line| (seed.file, line)));
    let mut own = heading.unwrap_or(1);
    let mut moved: isize = 0;
    for (at, (range, to)) in seed.edits.iter().enumerate() {
        let start = range.start.saturating_add_signed(moved);
        moved += to.len() as isize - range.len() as isize;
        if seed.dropped {
            continue;
        }
        let (first, last) = (line(start), line(start + to.trim_end().len()));
        if at == 0 {
            own = first;
        }
        places.extend((first..=last).map(|line| (seed.file, line)));
    }
    for name in seed.names.iter().filter(|name| !name.is_empty()) {
        for (at, file) in files.iter().enumerate() {
            for (line, text) in file.text.lines().enumerate() {
                let stands = text.match_indices(name.as_str()).any(|(start, _)| {
                    let joins = |c: char| c.is_alphanumeric() || c == '-';
                    !text[..start].ends_with(joins) && !text[start + name.len()..].starts_with(joins)
                });
                if stands {
                    places.insert((at, line + 1));
                }
            }
        }
    }
    if places.is_empty() {
        places.insert((seed.file, 1));
    }
    (own, places)
}

fn judge(field: &Field<'_>, known: &BTreeSet<(&str, &str)>, operator: &Operator, seed: &Seed) -> Judged {
    let files = sown(field.files, seed);
    let (own, places) = places(&files, seed);
    let (pack, found) = examine(&files);
    let new: Vec<&Finding> = found
        .iter()
        .filter(|finding| finding.severity != Severity::Note)
        .filter(|finding| !known.contains(&(finding.code, finding.message.as_str())))
        .collect();
    let line = |span: samverk_domain::finding::Span| {
        let file = usize::from(span.file.0);
        let line = files.get(file).map_or(0, |source| source.position(span.start).0);
        (file, line)
    };
    let is_right = |finding: &&&Finding| {
        let names_it = operator.codes.iter().any(|code| finding.code.starts_with(code));
        let related = finding.related.iter().map(|(span, _)| *span);
        names_it
            && std::iter::once(finding.span)
                .chain(related)
                .any(|span| places.contains(&line(span)))
    };
    let right: BTreeSet<&'static str> = new.iter().filter(is_right).map(|finding| finding.code).collect();
    let verdict = if !right.is_empty() {
        Verdict::Found { codes: right }
    } else if !new.is_empty() {
        Verdict::Elsewhere {
            said: new.iter().map(|finding| told(finding, &files)).collect(),
        }
    } else {
        match pack.map(|pack| same::same(field.pack, &pack)) {
            Some(same::Same::Yes) => Verdict::Equivalent,
            Some(same::Same::No { shown }) => Verdict::Missed { why: shown },
            Some(same::Same::Unknown { why }) => Verdict::Missed { why },
            None => Verdict::Missed {
                why: "dokumentet går inte att läsa, men inget sägs".to_owned(),
            },
        }
    };
    Judged {
        operator: operator.name,
        at: (files[seed.file].path.clone(), own),
        what: seed.what.clone(),
        verdict,
    }
}

/// A finding on one line.
pub fn told(finding: &Finding, files: &[SourceFile]) -> String {
    let file = files.get(usize::from(finding.span.file.0));
    let path = file.map_or("?", |file| file.path.as_str());
    let line = file.map_or(0, |file| file.position(finding.span.start).0);
    let example = finding
        .example
        .as_ref()
        .map_or(String::new(), |example| format!(" [{example}]"));
    format!("{path}:{line} {} {}{example}", finding.code, finding.message)
}

/// How an operator's faults went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub sown: usize,
    /// Something is said of it.
    pub found: usize,
    /// It is named in its codes on its line.
    pub right: usize,
    pub equivalent: usize,
    pub missed: usize,
}

impl Tally {
    pub fn add(&mut self, verdict: &Verdict) {
        self.sown += 1;
        match verdict {
            Verdict::Found { .. } => {
                self.found += 1;
                self.right += 1;
            }
            Verdict::Elsewhere { .. } => self.found += 1,
            Verdict::Equivalent => self.equivalent += 1,
            Verdict::Missed { .. } => self.missed += 1,
        }
    }
}

/// By operator, in the operators' order of name.
pub fn tally<'j>(judged: impl IntoIterator<Item = &'j Judged>) -> BTreeMap<&'static str, Tally> {
    let mut by: BTreeMap<&'static str, Tally> = BTreeMap::new();
    for one in judged {
        by.entry(one.operator).or_default().add(&one.verdict);
    }
    by
}
