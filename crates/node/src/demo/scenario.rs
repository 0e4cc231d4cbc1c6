//! One applicant with a matter: what a scenario file says, as the world and the player need it.
//!
//! Always true: what registers hold is written into them before the journey, what the person answers is typed into the pages,
//! and what is expected is compared afterwards; nothing of the file reaches a node any other way. Format: `docs/scenarios.md`.

use std::collections::{BTreeMap, BTreeSet};

use samverk_domain::fact::{Name, Slot, Value};
use samverk_domain::finding::{Severity, SourceFile};
use samverk_domain::pack::{self, Example, Expected, GivenState, Pack, RegisterSource, SignedBy, Source, parse};
use samverk_domain::rules::example::SUBMISSION;
use samverk_domain::terms::Mode;
use samverk_domain::words::ids::PersonId;
use samverk_domain::words::signing::{MaySign, Signing};

use super::data::{self, FederationData};
use super::world::{Changes, field_of, same_subject};

/// Why a file cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum NotPlayable {
    #[error("{path}, line {line}: {why}")]
    Faulty { path: String, line: usize, why: String },
    #[error("{0}: it holds no example; write a heading `## Exempel: …` and two tables")]
    Empty(String),
    #[error("the scenario names no {0}")]
    Missing(&'static str),
    #[error("nobody is known to sign for the company in the scenario; name the one who applies as person.pnr")]
    Nobody,
}

/// A scenario that fits the service.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub title: String,
    pub given: BTreeMap<Slot, GivenState>,
    /// Step → outcome and rows.
    pub expected: BTreeMap<Name, Ending>,
    /// The person is not let through: the words that say why.
    pub stopped: Option<String>,
    /// Others sign before it is submitted.
    pub all_sign: bool,
    /// 12 digits.
    pub person: String,
    /// 10 digits; none when the person acts for themselves.
    pub company: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// An outcome's name, `behövs inte`, `handläggare` or `väntar`.
    pub outcome: String,
    pub grounds: BTreeSet<Name>,
}

impl Ending {
    /// Whether the body comes to an end with the step.
    pub fn is_final(&self) -> bool {
        !matches!(self.outcome.as_str(), "väntar" | "handläggare" | "behövs inte")
    }
}

impl Scenario {
    pub fn read(pack: &Pack, path: &str, text: &str) -> Result<Self, NotPlayable> {
        let file = SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let (example, findings) = parse::scenario(pack, file.clone());
        if let Some(finding) = findings.iter().find(|finding| finding.severity == Severity::Error) {
            return Err(NotPlayable::Faulty {
                path: path.to_owned(),
                line: file.position(finding.span.start).0,
                why: finding.message.clone(),
            });
        }
        Self::of(pack, &example.ok_or_else(|| NotPlayable::Empty(path.to_owned()))?)
    }

    pub fn of(pack: &Pack, example: &Example) -> Result<Self, NotPlayable> {
        let mut given = BTreeMap::new();
        for row in &example.given {
            let slot = Slot {
                fact: row.fact.it.clone(),
                item: row.item,
            };
            given.insert(slot, row.state.it.clone());
        }
        let mut expected = BTreeMap::new();
        let (mut stopped, mut all_sign) = (None, false);
        for row in &example.expected {
            if row.step.it.as_str() == SUBMISSION {
                if row.outcome.it == Expected::ALL_SIGN {
                    all_sign = true;
                    continue;
                }
                stopped = Some(row.grounds_text.clone());
                continue;
            }
            let ending = Ending {
                outcome: row.outcome.it.clone(),
                grounds: row.grounds.iter().map(|ground| ground.it.clone()).collect(),
            };
            expected.insert(row.step.it.clone(), ending);
        }
        let company = pack.facts.iter().find(|fact| fact.source.it == Source::Represented);
        let company = company.map(|fact| text_of(&given, &fact.name.it).ok_or(NotPlayable::Missing("företag.orgnr")));
        let company = company.transpose()?;
        let login = pack.facts.iter().filter(|fact| fact.source.it == Source::Login);
        let person = login
            .filter_map(|fact| text_of(&given, &fact.name.it))
            .find(|text| PersonId::parse(text).is_ok());
        let person = match (person, &company) {
            (Some(person), _) => person,
            (None, Some(company)) => signatory(company).ok_or(NotPlayable::Nobody)?,
            (None, None) => return Err(NotPlayable::Missing("person.pnr")),
        };
        Ok(Self {
            title: example.title.it.clone(),
            given,
            expected,
            stopped,
            all_sign,
            person,
            company,
        })
    }

    /// Everybody else whose signature may count: those whom the answers name, and those who sign for the company.
    pub fn others(&self, pack: &Pack) -> Vec<String> {
        let mut people: Vec<String> = Vec::new();
        let by: Vec<&SignedBy> = match pack.signatures.is_empty() {
            true => vec![&SignedBy::Signatories],
            false => pack.signatures.iter().map(|signature| &signature.by.it).collect(),
        };
        for by in by {
            match by {
                SignedBy::Applicant => {}
                SignedBy::Everyone(fact) | SignedBy::Person(fact) => {
                    let own = self.given.keys().filter(|slot| slot.fact == *fact);
                    people.extend(own.filter_map(|slot| match self.answer(slot)? {
                        Value::PersonNr(digits) => Some(digits.clone()),
                        _ => None,
                    }));
                }
                SignedBy::Signatories => {
                    let rule = self.company.as_deref().and_then(signing_rule);
                    let signatories = rule.iter().flat_map(Signing::people);
                    people.extend(signatories.map(|person| person.digits().to_owned()));
                }
            }
        }
        let mut seen = BTreeSet::from([self.person.clone()]);
        people.retain(|number| seen.insert(number.clone()));
        people
    }

    /// What the person types where this is asked. A register fact that has to be asked after all has the answer beside the
    /// fault, or else the value that its register would have given.
    pub fn answer(&self, slot: &Slot) -> Option<&Value> {
        match self.given.get(slot)? {
            GivenState::Value(value)
            | GivenState::Down(Some(value))
            | GivenState::Revoked(Some(value))
            | GivenState::Disputed { value, .. } => Some(value),
            GivenState::Down(None) | GivenState::Revoked(None) | GivenState::NoRecord | GivenState::Unanswered => None,
        }
    }

    /// What the demonstration's register holds, for a fact that the scenario leaves out and that has to be asked after all:
    /// the person knows it too.
    pub fn held(&self, pack: &Pack, slot: &Slot) -> Option<Value> {
        let fact = pack.fact(&slot.fact)?;
        let register = register_of(pack, &slot.fact)?;
        let subject = self.subject(pack, slot, register)?;
        let mut reader = csv::Reader::from_reader(data::register(&register.register)?.as_bytes());
        let mut header = reader.headers().ok()?.iter();
        let at = header.position(|column| field_of(column) == register.field.as_str())?;
        let mut rows = reader.records().flatten();
        let row = rows.find(|row| row.get(0).is_some_and(|own| same_subject(own, &subject)))?;
        fact.ty.it.value(row.get(at)?).ok()
    }

    /// What the person says is wrong with a register's value.
    pub fn dispute(&self, slot: &Slot) -> Option<&str> {
        match self.given.get(slot)? {
            GivenState::Disputed { says, .. } => Some(says),
            _ => None,
        }
    }

    /// How many items of a list the person has.
    pub fn items(&self, list: &Name) -> u32 {
        let own = self.given.keys().filter(|slot| slot.fact.prefix() == list.as_str());
        own.filter_map(|slot| slot.item).map(|item| item + 1).max().unwrap_or(0)
    }

    /// What the registers are to hold and to fail with, and which whole nodes are not to run while the person applies.
    pub fn changes(&self, pack: &Pack, federation: &FederationData) -> (Changes, BTreeSet<String>) {
        let mut changes = Changes::default();
        let mut down: BTreeSet<&Name> = BTreeSet::new();
        let mut up: BTreeSet<&Name> = [&federation.representation.register].into();
        for (slot, state) in &self.given {
            let Some(register) = register_of(pack, &slot.fact) else {
                continue;
            };
            let place = (register.register.clone(), register.field.clone());
            let value = match state {
                GivenState::Value(value) | GivenState::Disputed { value, .. } => Some(value.to_string()),
                GivenState::NoRecord => Some(String::new()),
                GivenState::Down(_) => {
                    down.insert(&register.register);
                    changes.unavailable.insert(place);
                    continue;
                }
                GivenState::Revoked(_) => {
                    let mode = match register.mode {
                        pack::Mode::ViaApplicant => Mode::ViaApplicant,
                        pack::Mode::Direct => Mode::Direct,
                    };
                    changes.revoked.insert((place.0, place.1, mode));
                    up.insert(&register.register);
                    continue;
                }
                GivenState::Unanswered => None,
            };
            up.insert(&register.register);
            let subject = self.subject(pack, slot, register);
            if let (Some(value), Some(subject)) = (value, subject) {
                let row = changes.held.entry(register.register.clone()).or_default();
                row.entry(subject).or_default().insert(register.field.clone(), value);
            }
        }
        let keeps = |register: &Name| {
            let mut nodes = federation.nodes.iter();
            nodes.find(|node| node.bodies.iter().any(|body| body.registers.contains(register)))
        };
        // A register of which nothing is said but that it is out of order is a node that does not run. If it answers
        // something else, or its keeper also decides in matters (the tax agency does), only those fields fail.
        let decides =
            |register: &Name| keeps(register).is_some_and(|node| node.bodies.iter().any(|body| !body.tasks.is_empty()));
        let stopped: BTreeSet<&Name> = down
            .difference(&up)
            .copied()
            .filter(|register| !decides(register))
            .collect();
        changes.unavailable.retain(|(register, _)| !stopped.contains(register));
        let nodes = stopped.into_iter().filter_map(keeps).map(|node| node.name.clone());
        (changes, nodes.collect())
    }

    fn subject(&self, pack: &Pack, slot: &Slot, register: &RegisterSource) -> Option<String> {
        let of = Slot {
            fact: register.subject.clone(),
            item: slot.item.filter(|_| pack.list_of_column(&register.subject).is_some()),
        };
        match pack.fact(&register.subject).map(|fact| &fact.source.it) {
            Some(Source::Login) => Some(self.person.clone()),
            Some(Source::Represented) => self.company.clone(),
            _ => self.answer(&of).map(ToString::to_string),
        }
    }
}

pub fn register_of<'p>(pack: &'p Pack, fact: &Name) -> Option<&'p RegisterSource> {
    match &pack.fact(fact)?.source.it {
        Source::Register(register) => Some(register),
        _ => None,
    }
}

fn text_of(given: &BTreeMap<Slot, GivenState>, fact: &Name) -> Option<String> {
    match given.get(&Slot::of(fact.clone()))? {
        GivenState::Value(Value::PersonNr(digits) | Value::OrgNr(digits)) => Some(digits.clone()),
        _ => None,
    }
}

/// Somebody who signs for a company of the demonstration's register: alone, if there is one who may.
fn signatory(company: &str) -> Option<String> {
    let signing = signing_rule(company)?;
    let people = signing.people();
    let alone = people.iter().find(|person| signing.may_sign(person) == MaySign::Alone);
    alone.or(people.iter().next()).map(|person| person.digits().to_owned())
}

/// Who signs for a company of the demonstration's register.
fn signing_rule(company: &str) -> Option<Signing> {
    let table = data::register(&Name::parse("bolag").ok()?)?;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let at = reader
        .headers()
        .ok()?
        .iter()
        .position(|column| column == "firmateckning")?;
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let row = reader
        .records()
        .flatten()
        .find(|row| row.get(0).is_some_and(|own| digits(own) == company))?;
    Signing::parse(row.get(at)?).ok()
}

#[cfg(test)]
mod tests {
    use super::super::world::embedded_packs;
    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn read(text: &str) -> Scenario {
        let packs = embedded_packs().unwrap();
        Scenario::read(&packs[0], "x.md", text).unwrap()
    }

    fn changes(rows: &str) -> (Changes, BTreeSet<String>) {
        let text = format!(
            "## Exempel: x\n\n| Uppgift | Värde |\n| --- | --- |\n| företag.orgnr | 559900-0006 |\n{rows}\n| Steg | Utfall | Grund |\n| --- | --- | --- |\n| livsmedel | registrerad | r1 |\n"
        );
        let packs = embedded_packs().unwrap();
        read(&text).changes(&packs[0], &data::federation().unwrap())
    }

    #[test]
    fn the_demonstrations_own_scenarios_can_be_played() {
        let packs = embedded_packs().unwrap();
        for file in data::SCENARIOS {
            let (pack, scenario) = packs
                .iter()
                .find_map(|pack| Some((pack, Scenario::read(pack, file.path, file.text).ok()?)))
                .unwrap_or_else(|| panic!("{} is of no service", file.path));
            assert_eq!(scenario.expected.len(), pack.steps.len(), "{}", file.path);
        }
    }

    #[test]
    fn what_registers_hold_is_written_about_the_right_subject() {
        let scenario = read(data::FIRST_SCENARIO.text);
        let packs = embedded_packs().unwrap();
        let (changes, stopped) = scenario.changes(&packs[0], &data::federation().unwrap());
        assert!(stopped.is_empty() && changes.unavailable.is_empty() && changes.revoked.is_empty());
        let tax = &changes.held[&name("skatt")];
        assert_eq!(tax["559900-0006".replace('-', "").as_str()][&name("f-skatt")], "ja");
        assert_eq!(
            changes.held[&name("fastighet")]["EXEMPELSTAD BAGAREN 7"][&name("kommunkod")],
            "0001"
        );
        assert_eq!(changes.held[&name("indrivning")]["198404272380"][&name("skuld")], "0");
    }

    #[test]
    fn a_register_that_answers_nothing_is_a_node_that_does_not_run() {
        let (changes, stopped) = changes("| lokal.kommun | ur funktion; 0001 |\n");
        assert_eq!(stopped, ["fastighetsregistret".to_owned()].into());
        assert!(changes.unavailable.is_empty());
    }

    #[test]
    fn a_keeper_that_also_decides_goes_on_deciding_when_its_register_is_out_of_order() {
        let (changes, stopped) = changes("| företag.f-skatt | ur funktion; ja |\n| företag.moms | ur funktion; ja |\n");
        assert_eq!(stopped, BTreeSet::new());
        assert_eq!(changes.unavailable.len(), 2);
    }

    #[test]
    fn a_register_that_answers_something_fails_for_single_fields() {
        let (changes, stopped) = changes("| företag.f-skatt | ur funktion; ja |\n| företag.moms | ja |\n");
        assert_eq!(stopped, BTreeSet::new());
        assert_eq!(changes.unavailable, [(name("skatt"), name("f-skatt"))].into());
    }

    #[test]
    fn a_fact_that_is_left_out_is_what_its_register_says() {
        let scenario = read(data::FIRST_SCENARIO.text);
        let packs = embedded_packs().unwrap();
        let held = |fact| scenario.held(&packs[0], &Slot::of(name(fact)));
        assert_eq!(held("företag.moms"), Some(Value::YesNo(true)));
        assert_eq!(held("gas.inne"), None, "no register has it");
    }

    #[test]
    fn who_signs_is_found_when_the_scenario_does_not_say() {
        assert_eq!(signatory("5599000030").as_deref(), Some("199007112387"));
        assert!(signatory("5599000022").is_some(), "one of the two who must sign");
    }
}
