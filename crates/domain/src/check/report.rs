//! The figures at the end of a check: what the service asks, what registers spare people, what is decided automatically.

use std::collections::BTreeMap;

use super::play::{self, Played};
use super::uses;
use crate::fact::Name;
use crate::pack::{Decider, Mode, Pack, Source};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub examples: Vec<Played>,
    /// Register → facts that it gives, each with whether the person's own request fetches it.
    pub registers: BTreeMap<Name, Vec<(Name, Mode)>>,
    /// Outcomes that are decided automatically: step and outcome.
    pub automatic: Vec<(Name, String)>,
    /// Facts that the person is asked for in the document, register facts apart.
    pub asked_facts: usize,
    /// Facts that are asked although a register has them (S104), as found.
    pub obstacles: Vec<String>,
}

/// Counts. `found`: what the check found.
pub fn report(pack: &Pack, found: &[crate::finding::Finding]) -> Report {
    let mut registers: BTreeMap<Name, Vec<(Name, Mode)>> = BTreeMap::new();
    let mut asked_facts = 0;
    for fact in uses::facts(pack) {
        match &fact.source.it {
            Source::Register(register) => registers
                .entry(register.register.clone())
                .or_default()
                .push((fact.name.it.clone(), register.mode)),
            Source::Applicant => asked_facts += 1,
            _ => {}
        }
    }
    let automatic = pack
        .outcomes
        .iter()
        .filter(|outcome| matches!(outcome.decider.it, Decider::Automatic { .. }))
        .map(|outcome| (outcome.step.it.clone(), outcome.name.it.clone()))
        .collect();
    Report {
        examples: play::examples(pack),
        registers,
        automatic,
        asked_facts,
        obstacles: found
            .iter()
            .filter(|finding| finding.code == "S104")
            .map(|finding| finding.message.clone())
            .collect(),
    }
}
