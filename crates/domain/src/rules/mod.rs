//! What follows from facts: values of rules, needed steps, outcomes with their grounds, fees, relevance, questions, reasons.
//!
//! Evaluation is total: it always ends, and every result can be explained row by row. See `docs/language.md`, "Three states".
//! Reading order: [`state`] (the algebra), [`graph`] (what rests on what), [`evaluate`], [`classes`] and [`diagram`] (all
//! completions at once), [`relevance`], [`questions`], [`signers`], [`explain`], [`example`]; [`probe`] tries many cases for the checker, [`look`] looks
//! into one for the author.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::fact::{Cause, Known, Name, Value};
use crate::pack::{CaseDay, Decider, Pack};

mod classes;
mod diagram;
mod evaluate;
pub mod example;
mod explain;
mod graph;
pub mod look;
mod probe;
mod questions;
mod relevance;
mod signers;
mod state;

pub use classes::Classes;
pub use diagram::{VARIABLES_MAX, WORK_MAX};
pub use evaluate::{EXPRESSION_DEPTH_MAX, evaluate, evaluate_applied};
pub use explain::{condition, explain, explain_applied, explain_condition, expression_text};
pub use probe::{Asking, Probe, Scope};
pub use questions::{broken_controls, questions, to_fetch, to_fetch_and_ask};
pub use relevance::relevance;
pub use signers::{Needed, Who, signers, unsigned};
pub use state::{days_apart, shifted};

/// What the adopting bodies have set, and which days count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Parameter → dated values in order of time. A parameter that is absent has the document's default.
    pub parameters: BTreeMap<Name, Vec<(Option<Date>, Value)>>,
    pub delegations: BTreeMap<Name, Delegation>,
    pub days: Days,
}

/// A recorded delegation decision (kommunallagen 6 kap. 37 §, 7 kap. 5 §).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    pub decided_by: String,
    pub decided_on: Date,
    pub paragraph: String,
    pub scope: String,
    /// The function or the post that may decide.
    pub to: String,
}

/// The days on which rules are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    pub application: Date,
    pub decision: Date,
}

/// What a step comes to, in one word for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'r> {
    /// `behövs inte`
    NotNeeded,
    /// `väntar`: something is missing.
    Waiting,
    /// `handläggare`: nothing is missing, a person must look, and nobody would: the rules give no outcome, or one that
    /// is decided automatically.
    CaseWorker,
    /// The rules give this outcome. Where a person decides it, it stands also beside a row that says `handläggare`: the
    /// row then says what that person must take a stand on.
    Outcome(&'r str),
}

impl StepResult {
    pub fn verdict<'r>(&'r self, pack: &Pack, step: &Name) -> Verdict<'r> {
        let must_look = self.holds.iter().any(|(_, result)| result == evaluate::CASE_WORKER);
        match (&self.needed, &self.outcome) {
            (Known::Value(false), _) => Verdict::NotNeeded,
            (Known::Missing(_) | Known::NotApplicable, _) | (_, Known::NotApplicable) => Verdict::Waiting,
            (_, Known::Missing(_)) if must_look && self.waits_for.is_empty() => Verdict::CaseWorker,
            (_, Known::Missing(_)) => Verdict::Waiting,
            (_, Known::Value(outcome)) => {
                let mut outcomes = pack.outcomes_of(step);
                let nobody_looks = outcomes.any(|listed| {
                    let by_itself = matches!(listed.decider.it, Decider::Automatic { .. } | Decider::Nobody);
                    listed.name.it == *outcome && by_itself
                });
                if must_look && nobody_looks {
                    Verdict::CaseWorker
                } else {
                    Verdict::Outcome(outcome)
                }
            }
        }
    }
}

impl Days {
    pub fn of(&self, day: CaseDay) -> Date {
        match day {
            CaseDay::Application => self.application,
            CaseDay::Decision => self.decision,
        }
    }
}

impl Default for Days {
    fn default() -> Self {
        let day = Date::constant(2026, 7, 1);
        Self {
            application: day,
            decision: day,
        }
    }
}

/// A row that holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fired {
    /// The rule's name: a fact, or a step for an outcome rule.
    pub rule: Name,
    pub row: Name,
}

/// Everything that follows from what is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Facts of every source, also derived ones and parameters.
    pub values: BTreeMap<Name, Known<Value>>,
    /// Columns that rules give: one value per item of the list.
    #[serde(default)]
    pub items: BTreeMap<Name, Vec<Known<Value>>>,
    /// The row that gave a rule's value, where one certainly did.
    pub fired: BTreeMap<Name, Name>,
    pub steps: BTreeMap<Name, StepResult>,
}

impl Evaluation {
    /// What a rule gives each item of a list, as a letter's sentence holds it: `ja, nej och ja`. `None` for other facts,
    /// and when something is missing.
    pub fn items_in_a_sentence(&self, column: &Name) -> Option<String> {
        let values: Option<Vec<String>> = self
            .items
            .get(column)?
            .iter()
            .map(|known| known.value().map(Value::to_string))
            .collect();
        crate::fact::listed(&values?)
    }
}

/// What is known of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepResult {
    pub needed: Known<bool>,
    /// The rows behind `needed`, where rules gave it.
    pub needed_because: Vec<Fired>,
    /// The outcome's name; E when the step is not needed; S while open. With policy `samla` it is given only when complete.
    pub outcome: Known<String>,
    /// All rows that certainly hold, in document order, with the cell `→ utfall` as written.
    pub holds: Vec<(Fired, String)>,
    /// The rows that gave the outcome.
    pub grounds: Vec<Fired>,
    /// Rows that say `handläggare`: certainly hold, or may still.
    pub needs_case_worker: bool,
    pub fee: Known<Decimal>,
    /// The missing facts that keep `needed` or `outcome` open.
    pub waits_for: BTreeMap<Name, Cause>,
}

/// What still matters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relevance {
    /// Facts (list columns by name, without item) that may still change a goal, answered or not.
    pub facts: BTreeSet<Name>,
    /// Of these, the ones that may change whether a step is needed, or anything of a step that certainly is. The others
    /// matter only if a step turns out to be needed: they are not asked or fetched while that is open.
    pub now: BTreeSet<Name>,
    /// Facts that each needed step's body gets if everything is submitted now: its Underlag and what its outcome and
    /// fee rest on. Assessments and opinions are not among them: they arise at the body.
    pub sent: BTreeMap<Name, BTreeSet<Name>>,
    /// Some goal was too large to be settled exactly ([`WORK_MAX`]), or reads the same facts through several
    /// calculations: then `facts` may hold more than is relevant, never less.
    pub approximate: bool,
}

/// One page's worth of asking: one fact, or one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    Fact(Name),
    List(Name),
}

/// A result with all that it rests on, down to the leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// What is explained: a fact's or a step's name.
    pub of: Name,
    /// The result as a Swedish reader sees it.
    pub result: String,
    pub how: How,
    pub because: Vec<Explanation>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// A row held.
    Row {
        rule: Name,
        row: Name,
        because: Option<String>,
        law: Option<String>,
    },
    /// Several rows, each below with what it rests on: all grounds of an outcome, or, where it is not known which row
    /// holds, all that may and give the same.
    Rows { rule: Name },
    /// No row held, so the policy's `annars`.
    Otherwise { rule: Name },
    /// A condition, as written.
    Condition { text: String },
    /// A leaf: where the value came from (`sökanden`, `register skatt`, …).
    Source { source: String },
    /// Missing, with cause.
    Missing { cause: Cause },
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests_evaluate;
#[cfg(test)]
mod tests_laws;
#[cfg(test)]
mod tests_relevance;
