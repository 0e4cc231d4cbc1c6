//! What follows from facts: values of rules, needed steps, outcomes with their grounds, fees, relevance, questions, reasons.
//!
//! Evaluation is total: it always ends, and every result can be explained row by row. See `docs/language.md`, "Three states".

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::fact::{Cause, Facts, Known, Name, Slot, Value};
use crate::pack::Pack;

mod classes;
mod evaluate;
mod graph;
mod probe;
mod state;

pub use classes::Classes;
pub use evaluate::{EXPRESSION_DEPTH_MAX, evaluate, evaluate_applied};
pub use probe::{Probe, Scope};

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
    /// The row that gave a rule's value, where one certainly did.
    pub fired: BTreeMap<Name, Name>,
    pub steps: BTreeMap<Name, StepResult>,
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
    /// Facts that each step's body gets if everything is submitted now.
    pub sent: BTreeMap<Name, BTreeSet<Name>>,
}

pub fn relevance(pack: &Pack, facts: &Facts, setting: &Setting) -> Relevance {
    let _ = (pack, facts, setting);
    Relevance::default()
}

/// One page's worth of asking: one fact, or one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    Fact(Name),
    List(Name),
}

/// What the applicant is to be asked now, in document order, of facts with source `sökanden`, and register facts that
/// failed with `ur funktion = fråga`. Grouped by prefix, groups in order of first appearance.
pub fn questions(pack: &Pack, facts: &Facts, setting: &Setting) -> Vec<Question> {
    let _ = (pack, facts, setting);
    Vec::new()
}

/// Register facts that are relevant and not known, whose subject is known: what to fetch now.
pub fn to_fetch(pack: &Pack, facts: &Facts, setting: &Setting) -> Vec<Slot> {
    let _ = (pack, facts, setting);
    Vec::new()
}

/// Controls that are *nej*.
pub fn broken_controls(pack: &Pack, facts: &Facts, setting: &Setting) -> Vec<Name> {
    let _ = (pack, facts, setting);
    Vec::new()
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
    /// No row held, so the policy's `annars`.
    Otherwise { rule: Name },
    /// A condition, as written.
    Condition { text: String },
    /// A leaf: where the value came from (`sökanden`, `register skatt`, …).
    Source { source: String },
    /// Missing, with cause.
    Missing { cause: Cause },
}

/// Explains a fact or a step's outcome.
pub fn explain(pack: &Pack, facts: &Facts, setting: &Setting, of: &Name) -> Option<Explanation> {
    let _ = (pack, facts, setting, of);
    None
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests_evaluate;
