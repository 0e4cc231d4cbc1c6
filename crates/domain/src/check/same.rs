//! Whether two documents mean the same: everything but rules and conditions must be written the same, and those must come out
//! the same in every case.
//!
//! Always true here: `Yes` is proved. What is compared as written is compared without places, with every field that the model
//! has, so that a new part of the language is never overlooked. Rules and conditions are compared over all classes of what
//! they rest on, with what is missing as a case of its own, so that also what is asked and sent is the same; where the cases
//! are more than [`CASES_MAX`] the answer is `Unknown`, which says how many facts there are. Examples are not compared: they
//! say nothing that the rules do not.

use std::cell::RefCell;
use std::fmt::Debug;

use super::search::{self, Case, Outcome as Answer, Question, Search, Verdict};
use super::tables::Table;
use super::uses::{self, By};
use crate::fact::{Facts, Known, Name};
use crate::pack::{CellResult, Expr, Pack, Policy, Row, Rule, RuleKind};
use crate::rules::Setting;

/// Cases tried for one difference.
pub const CASES_MAX: u32 = 400_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Same {
    Yes,
    /// What differs, with a case where it is a rule.
    No {
        shown: String,
    },
    Unknown {
        why: String,
    },
}

/// Compares. Neither document may have errors.
pub fn same(one: &Pack, other: &Pack) -> Same {
    if let Some(part) = written_otherwise(one, other) {
        return Same::No {
            shown: format!("{part} är inte desamma"),
        };
    }
    let (loose_one, loose_other) = (search::loosened(one), search::loosened(other));
    let pair = Pair {
        one: &Search::new(&loose_one),
        other: &Search::new(&loose_other),
        at: RefCell::default(),
    };
    for (rule, with) in loose_one.rules.iter().zip(&loose_other.rules) {
        if plain(rule) == plain(with) {
            continue;
        }
        match pair.rules(rule, with) {
            Answer::None => {}
            Answer::Found(case) => {
                return Same::No {
                    shown: format!("{} blir ett annat om {case}", rule.name.it),
                };
            }
            Answer::TooMany => return unknown(rule.name.it.as_str()),
        }
    }
    let needed = loose_one.steps.iter().zip(&loose_other.steps);
    let needed = needed.map(|(a, b)| (a.name.it.as_str(), &a.needed_when.it, &b.needed_when.it));
    let controls = loose_one.controls.iter().zip(&loose_other.controls);
    let controls = controls.map(|(a, b)| (a.id.it.as_str(), &a.condition.it, &b.condition.it));
    for (name, a, b) in needed.chain(controls) {
        if plain(a) == plain(b) {
            continue;
        }
        match pair.conditions(a, b) {
            Answer::None => {}
            Answer::Found(case) => {
                return Same::No {
                    shown: format!("villkoret för {name} blir ett annat om {case}"),
                };
            }
            Answer::TooMany => return unknown(name),
        }
    }
    Same::Yes
}

/// A rule of both documents that comes out differently, or a condition that does.
#[derive(Clone, Debug)]
pub struct Differs {
    /// The rule's fact or step; of a condition its step or its control.
    pub of: Name,
    pub part: Part,
    /// The case in words and as facts; none where the cases are more than [`CASES_MAX`] and nothing was found in those tried.
    pub case: Option<(String, Facts, Setting)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Rule(RuleKind),
    NeededWhen,
    Control,
}

/// Every rule and condition of both documents that comes out differently in some case, each with one.
pub fn differences(one: &Pack, other: &Pack) -> Vec<Differs> {
    let (loose_one, loose_other) = (search::loosened(one), search::loosened(other));
    let pair = Pair {
        one: &Search::new(&loose_one),
        other: &Search::new(&loose_other),
        at: RefCell::default(),
    };
    let mut all = Vec::new();
    let mut add = |of: &Name, part: Part, answer: Answer| {
        let at = pair.at.take();
        let case = match answer {
            Answer::None => return,
            Answer::Found(words) => at.map(|case| (words, case.facts, case.setting)),
            Answer::TooMany => None,
        };
        all.push(Differs {
            of: of.clone(),
            part,
            case,
        });
    };
    for rule in &loose_one.rules {
        let with = loose_other
            .rules
            .iter()
            .find(|with| with.kind == rule.kind && with.name.it == rule.name.it);
        if let Some(with) = with.filter(|with| plain(*with) != plain(rule)) {
            add(&rule.name.it, Part::Rule(rule.kind), pair.rules(rule, with));
        }
    }
    for step in &loose_one.steps {
        let with = loose_other.step(&step.name.it).map(|with| &with.needed_when.it);
        if let Some(with) = with.filter(|with| plain(*with) != plain(&step.needed_when.it)) {
            add(
                &step.name.it,
                Part::NeededWhen,
                pair.conditions(&step.needed_when.it, with),
            );
        }
    }
    for control in &loose_one.controls {
        let with = loose_other.controls.iter().find(|with| with.id.it == control.id.it);
        let with = with.map(|with| &with.condition.it);
        if let Some(with) = with.filter(|with| plain(*with) != plain(&control.condition.it)) {
            add(
                &control.id.it,
                Part::Control,
                pair.conditions(&control.condition.it, with),
            );
        }
    }
    all
}

fn unknown(what: &str) -> Same {
    Same::Unknown {
        why: format!("{what} har fler fall än de {CASES_MAX} som prövas"),
    }
}

/// A part that stands otherwise in the two, rules and conditions apart.
fn written_otherwise(one: &Pack, other: &Pack) -> Option<&'static str> {
    // What remains when rules, conditions and examples are laid aside must be the same in every field.
    let rest = |pack: &Pack| {
        let mut pack = pack.clone();
        let always = Expr::Always;
        for step in &mut pack.steps {
            step.needed_when.it = always.clone();
        }
        for control in &mut pack.controls {
            control.condition.it = always.clone();
        }
        let heads: Vec<String> = pack
            .rules
            .iter()
            .map(|rule| format!("{:?} {} {:?}", rule.kind, rule.name.it, rule.counted_at))
            .collect();
        pack.rules.clear();
        pack.examples.clear();
        pack.files.clear();
        (plain(&pack), heads)
    };
    let (of_one, of_other) = (rest(one), rest(other));
    match () {
        () if of_one.1 != of_other.1 => Some("reglernas rubriker"),
        () if of_one.0 != of_other.0 => Some("uppgifterna, stegen, utfallen, parametrarna eller texterna"),
        () => None,
    }
}

/// Everything that a part of the model says, without where it stands.
fn plain(it: &impl Debug) -> String {
    let all = format!("{it:?}");
    let mut out = String::with_capacity(all.len() / 2);
    let mut rest = all.as_str();
    // `Span { file: FileId(0), start: 1, end: 2 }`: the only struct with that name.
    while let Some(at) = rest.find("Span { file: FileId(") {
        out.push_str(&rest[..at]);
        rest = rest[at..].find('}').map_or("", |end| &rest[at + end + 1..]);
    }
    out.push_str(rest);
    out
}

/// Two documents, made ready for trying.
pub(super) struct Pair<'s, 'p> {
    pub one: &'s Search<'p>,
    pub other: &'s Search<'p>,
    /// The case that was found last.
    pub at: RefCell<Option<Case>>,
}

impl Pair<'_, '_> {
    /// A case in which two rules of one name come out differently.
    pub fn rules(&self, rule: &Rule, with: &Rule) -> Answer {
        let tables = (Table::new(self.one, rule), Table::new(self.other, with));
        let head = |row: &Row| (plain(&row.id.it), said(row));
        let same_rows = rule.rows.len() == with.rows.len()
            && rule.rows.iter().zip(&with.rows).all(|(a, b)| head(a) == head(b))
            && plain(&rule.policy.it) == plain(&with.policy.it);
        if same_rows {
            // Row by row: if each holds in the same cases, so does the table.
            let mut worst = Answer::None;
            let collects = matches!(rule.policy.it, Policy::Collect { .. });
            let tests = |row: &Row| row.tests.iter().map(|test| plain(&test.it)).collect::<Vec<_>>();
            for at in (0..rule.rows.len()).filter(|at| tests(&rule.rows[*at]) != tests(&with.rows[*at])) {
                let mut question = tables.0.question(&[at], false);
                question.add_other(tables.1.question(&[at], false));
                let answer = self.case(&question, &tables, |one, other| one[at] != other[at]);
                if answer != Answer::None {
                    worst = answer;
                    break;
                }
            }
            if worst == Answer::None || collects {
                return worst;
            }
        }
        let mut question = tables.0.question(&[], true);
        question.add_other(tables.1.question(&[], true));
        self.case(&question, &tables, |one, other| {
            summary(rule, one) != summary(with, other)
        })
    }

    /// A case in which the rows of two tables differ. Only where the step is, or may be, needed.
    fn case(
        &self,
        question: &Question,
        (of_one, of_other): &(Table<'_, '_>, Table<'_, '_>),
        differ: impl Fn(&[State], &[State]) -> bool,
    ) -> Answer {
        self.one.find_in_both(self.other, question, CASES_MAX, |case: &Case| {
            match (of_one.states(case), of_other.states(case)) {
                (Some(one), Some(other)) => {
                    let one: Vec<State> = one.iter().map(State::of).collect();
                    let other: Vec<State> = other.iter().map(State::of).collect();
                    match differ(&one, &other) {
                        true => self.found(case),
                        false => Verdict::Open,
                    }
                }
                // Not needed here; conditions that differ are compared for themselves.
                _ => Verdict::Cut,
            }
        })
    }

    /// A case in which two conditions have different answers.
    pub fn conditions(&self, one: &Expr, other: &Expr) -> Answer {
        let uses_of = |expr: &Expr| {
            let mut own = Vec::new();
            uses::expr(expr, &By::Control, &mut own);
            own
        };
        let (own, with) = (uses_of(one), uses_of(other));
        let mut question = self.one.question_of(one, &By::Control);
        question.add_other(self.other.question_of(other, &By::Control));
        let scope = self.one.probe.scope(own.iter().map(|it| &it.name));
        let other_scope = self.other.probe.scope(with.iter().map(|it| &it.name));
        self.one.find_in_both(self.other, &question, CASES_MAX, |case| {
            let a = self.one.probe.condition(&scope, one, &case.facts, &case.setting);
            let b = self
                .other
                .probe
                .condition(&other_scope, other, &case.facts, &case.setting);
            match answer(&a) != answer(&b) {
                true => self.found(case),
                false => Verdict::Open,
            }
        })
    }

    fn found(&self, case: &Case) -> Verdict {
        self.at.replace(Some(case.clone()));
        Verdict::Found
    }
}

/// Of a condition *ej aktuellt* is an answer of its own.
fn answer(known: &Known<bool>) -> Option<Option<bool>> {
    match known {
        Known::Value(answer) => Some(Some(*answer)),
        Known::NotApplicable => Some(None),
        Known::Missing(_) => None,
    }
}

/// How a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Holds,
    May,
    Fails,
}

impl State {
    fn of(known: &Known<bool>) -> Self {
        match known {
            Known::Value(true) => Self::Holds,
            Known::Missing(_) => Self::May,
            Known::Value(false) | Known::NotApplicable => Self::Fails,
        }
    }
}

/// What a row gives and says.
fn said(row: &Row) -> (String, String) {
    (
        plain(&row.result.it),
        format!("{} {}", plain(&row.because), plain(&row.law)),
    )
}

/// What a table gives in a case: see `docs/language.md`, "Three states".
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    /// `None` while it is open.
    result: Option<String>,
    /// What the row that gave it says.
    row: Option<(String, String)>,
    /// Rows that hold, and rows that may.
    holds: Vec<(String, String)>,
    may: Vec<(String, String)>,
    needs_case_worker: bool,
}

fn summary(rule: &Rule, states: &[State]) -> Summary {
    let standing = || {
        rule.rows
            .iter()
            .zip(states)
            .filter(|(_, state)| **state != State::Fails)
    };
    if let Policy::Collect { otherwise } = &rule.policy.it {
        let of = |wanted: State| {
            let mut rows: Vec<_> = standing()
                .filter(|(_, state)| **state == wanted)
                .map(|(row, _)| said(row))
                .collect();
            rows.sort();
            rows
        };
        return Summary {
            result: Some(otherwise.clone()),
            row: None,
            holds: of(State::Holds),
            may: of(State::May),
            needs_case_worker: false,
        };
    }
    let first = rule.policy.it == Policy::First;
    let (mut shared, mut conflict, mut certain, mut open, mut needs_case_worker) = (None, false, None, false, false);
    for (row, state) in standing() {
        let result = plain(&row.result.it);
        conflict |= shared.as_ref().is_some_and(|shared| *shared != result);
        shared.get_or_insert(result);
        needs_case_worker |= row.result.it == CellResult::CaseWorker;
        match state {
            State::Holds => {
                certain = certain.or(Some(row));
                if first {
                    break;
                }
            }
            _ => open = true,
        }
    }
    let row = certain.filter(|_| !conflict && (!first || !open)).map(said);
    Summary {
        result: shared.filter(|_| !conflict),
        holds: row.clone().into_iter().collect(),
        row,
        may: Vec::new(),
        needs_case_worker,
    }
}
