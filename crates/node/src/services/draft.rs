//! A draft: what one person has answered, what registers have said, and what the person thinks of that.
//!
//! Pure. Always true here: an answer is a value of its fact's type; a register's value is never edited, only disputed;
//! nothing is cleared because it became irrelevant. The draft is stored encrypted and opened only in its person's own
//! session (`super::store`), so nothing in this file is called by a job, a case worker's page or a statistic.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use samverk_domain::case::messages::{Origin, SentFact};
use samverk_domain::fact::{Cause, Facts, Known, Name, Slot, Value};
use samverk_domain::pack::{Fact, List, Mode, NoRecord, Pack, RegisterSource, Source, Type, WhenDown};
use samverk_domain::rules::{self, Question, Setting};
use samverk_domain::terms::BodyId;
use serde::{Deserialize, Serialize};

/// What is kept, encrypted, between the person's visits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub id: String,
    pub pack: Name,
    pub version: u32,
    /// 12 digits, from the login.
    pub person: String,
    pub person_name: String,
    pub principal: Principal,
    pub language: String,
    pub started_at: Timestamp,
    /// The person's own answers, also those given instead of a register's.
    pub answers: BTreeMap<String, Answered>,
    /// List → number of items that the person has said there are; 0 is an optional list that was answered with none.
    pub items: BTreeMap<Name, u32>,
    pub fetched: BTreeMap<String, Fetched>,
    /// Slot keys of register values that the person has looked at.
    pub approved: BTreeSet<String>,
    /// Slot key → what the person says is wrong.
    pub disputes: BTreeMap<String, String>,
}

/// For whom the person acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Principal {
    /// The person alone; a sole trader's organisation number is the person number.
    Oneself,
    Company {
        orgnr: String,
        name: String,
        /// Who signs for it, as the register said ([`samverk_domain::words::signing::Signing`]).
        #[serde(default)]
        signing: Option<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    pub slot: Slot,
    pub value: Value,
}

/// What a register said about one slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    pub slot: Slot,
    pub register: Name,
    pub field: Name,
    /// The number or designation that was asked about: another one makes the answer stale.
    pub about: String,
    pub at: Timestamp,
    pub said: Said,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    Value {
        producer: BodyId,
        value: Value,
        recorded_at: Timestamp,
        exchange: String,
    },
    NoRecord {
        producer: BodyId,
        exchange: String,
    },
    /// Asked and not answered: down, too slow, or what it said did not hold.
    Down {
        why: String,
    },
    /// There is no contract that covers the question, or it was revoked.
    NoContract {
        why: String,
    },
}

/// A slot as one word, for forms and maps: `gas.inne`, `ägare.andel[2]` (items counted from 0).
pub fn key(slot: &Slot) -> String {
    match slot.item {
        None => slot.fact.to_string(),
        Some(item) => format!("{}[{item}]", slot.fact),
    }
}

impl Draft {
    /// What the rules may build on now.
    pub fn facts(&self, pack: &Pack) -> Facts {
        let mut facts = Facts::default();
        for fact in &pack.facts {
            let slot = Slot::of(fact.name.it.clone());
            if let Some(known) = self.known(fact, &slot) {
                facts.set(slot.fact, known);
            }
        }
        for list in &pack.lists {
            // A list that must have items is not answered with none.
            let answered = self.items.get(&list.name.it);
            let Some(items) = answered.filter(|items| **items > 0 || list.min == 0) else {
                continue;
            };
            let rows = (0..*items).map(|item| {
                let columns = list.columns.iter().filter_map(|column| {
                    let slot = Slot {
                        fact: column.name.it.clone(),
                        item: Some(item),
                    };
                    self.known(column, &slot).map(|known| (slot.fact, known))
                });
                columns.collect()
            });
            facts.lists.insert(list.name.it.clone(), rows.collect());
        }
        facts
    }

    /// What is known of one slot, or nothing where the source is not the person's or a register's.
    fn known(&self, fact: &Fact, slot: &Slot) -> Option<Known<Value>> {
        let answer = self.answers.get(&key(slot)).map(|answered| answered.value.clone());
        match &fact.source.it {
            Source::Login => Some(Known::Value(match fact.ty.it {
                Type::PersonNr => Value::PersonNr(self.person.clone()),
                _ => Value::Text(self.person_name.clone()),
            })),
            Source::Represented => Some(Known::Value(match &self.principal {
                Principal::Company { orgnr, .. } => Value::OrgNr(orgnr.clone()),
                Principal::Oneself => Value::PersonNr(self.person.clone()),
            })),
            Source::Applicant => answer.map(Known::Value),
            Source::Register(register) => {
                if self.disputes.contains_key(&key(slot)) {
                    return Some(Known::Missing(Cause::Disputed));
                }
                let fetched = self.fetched.get(&key(slot))?;
                Some(match &fetched.said {
                    Said::Value { value, .. } => Known::Value(value.clone()),
                    Said::NoRecord { .. } => match &register.no_record {
                        NoRecord::Value(value) => Known::Value(value.clone()),
                        NoRecord::NotApplicable => Known::NotApplicable,
                        NoRecord::Missing => Known::Missing(Cause::Failed),
                    },
                    Said::Down { .. } | Said::NoContract { .. } => {
                        let instead = answer.filter(|_| register.when_down == WhenDown::Ask);
                        instead.map_or(Known::Missing(Cause::Failed), Known::Value)
                    }
                })
            }
            _ => None,
        }
    }

    /// What the host may fetch now for the person: seen and approved before it goes anywhere. What is asked body to body
    /// is fetched by the responsible body, after submission.
    pub fn to_fetch(&self, pack: &Pack, setting: &Setting) -> Vec<Slot> {
        let wanted = rules::to_fetch(pack, &self.facts(pack), setting);
        let by_person = |slot: &Slot| match pack.fact(&slot.fact).map(|fact| &fact.source.it) {
            Some(Source::Register(register)) => register.mode == Mode::ViaApplicant,
            _ => false,
        };
        wanted
            .into_iter()
            .filter(|slot| by_person(slot) && !self.fetched.contains_key(&key(slot)))
            .collect()
    }

    /// The company's name, or the person's own.
    pub fn principal_name(&self) -> String {
        match &self.principal {
            Principal::Oneself => self.person_name.clone(),
            Principal::Company { name, .. } => name.clone(),
        }
    }

    /// The questions that remain, in order.
    pub fn questions(&self, pack: &Pack, setting: &Setting) -> Vec<Question> {
        rules::questions(pack, &self.facts(pack), setting)
    }

    /// Registers with values that the person has not yet looked at.
    pub fn unseen_registers(&self) -> Vec<Name> {
        let mut registers: Vec<Name> = Vec::new();
        for (key, fetched) in &self.fetched {
            let has = matches!(fetched.said, Said::Value { .. } | Said::NoRecord { .. });
            if has && !self.approved.contains(key) && !registers.contains(&fetched.register) {
                registers.push(fetched.register.clone());
            }
        }
        registers
    }

    /// Takes an answer. What is asked is decided by [`Draft::questions`]; here only that it is the person's to answer.
    pub fn answer(&mut self, pack: &Pack, slot: Slot, value: Value) -> Result<(), NotTaken> {
        let fact = pack.fact(&slot.fact).ok_or(NotTaken::NoSuchFact)?;
        let theirs = match &fact.source.it {
            Source::Applicant => true,
            Source::Register(register) => register.when_down == WhenDown::Ask && self.failed(&slot),
            _ => false,
        };
        if !theirs {
            return Err(NotTaken::NotTheirs);
        }
        self.answers.insert(key(&slot), Answered { slot, value });
        // A changed answer may be the subject of what was fetched: that must be asked anew.
        self.forget_stale(pack);
        Ok(())
    }

    fn failed(&self, slot: &Slot) -> bool {
        matches!(
            self.fetched.get(&key(slot)).map(|f| &f.said),
            Some(Said::Down { .. } | Said::NoContract { .. })
        )
    }

    /// Says what was fetched about a subject that is no longer the one asked about.
    fn forget_stale(&mut self, pack: &Pack) {
        loop {
            let facts = self.facts(pack);
            let stale: Vec<String> = self
                .fetched
                .iter()
                .filter(|(_, fetched)| {
                    let Some(Source::Register(register)) = pack.fact(&fetched.slot.fact).map(|f| &f.source.it) else {
                        return true;
                    };
                    let subject = match (fetched.slot.item, pack.list_of_column(&register.subject)) {
                        (Some(item), Some(list)) => facts
                            .lists
                            .get(&list.name.it)
                            .and_then(|rows| rows.get(item as usize))
                            .and_then(|row| row.get(&register.subject).cloned())
                            .unwrap_or(Known::UNANSWERED),
                        _ => facts.of(&register.subject),
                    };
                    subject.value().is_none_or(|value| subject_text(value) != fetched.about)
                })
                .map(|(key, _)| key.clone())
                .collect();
            if stale.is_empty() {
                return;
            }
            for key in stale {
                self.fetched.remove(&key);
                self.approved.remove(&key);
                self.disputes.remove(&key);
            }
        }
    }

    /// The facts that a step's body gets, with origin and proof. `sent` comes from [`rules::relevance`].
    pub fn sent(&self, pack: &Pack, sent: &BTreeSet<Name>) -> Vec<SentFact> {
        let mut out = Vec::new();
        for fact in &pack.facts {
            if sent.contains(&fact.name.it) {
                out.extend(self.sent_fact(fact, Slot::of(fact.name.it.clone())));
            }
        }
        for list in &pack.lists {
            for item in 0..self.items.get(&list.name.it).copied().unwrap_or(0) {
                for column in list.columns.iter().filter(|column| sent.contains(&column.name.it)) {
                    out.extend(self.sent_fact(
                        column,
                        Slot {
                            fact: column.name.it.clone(),
                            item: Some(item),
                        },
                    ));
                }
            }
        }
        out
    }

    /// The lists that were answered with none, of those that a step's body gets. `sent` as in [`Draft::sent`].
    pub fn none_of(&self, pack: &Pack, sent: &BTreeSet<Name>) -> BTreeSet<Name> {
        let is_sent = |list: &List| list.columns.iter().any(|column| sent.contains(&column.name.it));
        let lists = pack.lists.iter().filter(|list| self.is_none(list) && is_sent(list));
        lists.map(|list| list.name.it.clone()).collect()
    }

    /// Whether the person has said that there are none.
    pub fn is_none(&self, list: &List) -> bool {
        list.min == 0 && self.items.get(&list.name.it) == Some(&0)
    }

    /// Says that an optional list has no items, where it has none; an item that is added takes it back. Whether it was so.
    pub fn answer_none(&mut self, list: &List) -> bool {
        let may = list.min == 0 && self.items.get(&list.name.it).is_none_or(|count| *count == 0);
        if may {
            self.items.insert(list.name.it.clone(), 0);
        }
        may
    }

    /// Takes back that there are none.
    pub fn forget_none(&mut self, list: &Name) {
        if self.items.get(list) == Some(&0) {
            self.items.remove(list);
        }
    }

    fn sent_fact(&self, fact: &Fact, slot: Slot) -> Option<SentFact> {
        let disputed = self.disputes.get(&key(&slot)).cloned();
        let fetched = self.fetched.get(&key(&slot));
        let origin = match &fact.source.it {
            Source::Login => Origin::Login,
            Source::Represented => Origin::Represented,
            Source::Applicant => Origin::Applicant,
            Source::Register(source) => match &fetched?.said {
                Said::Value {
                    producer,
                    exchange,
                    recorded_at,
                    ..
                } => from_register(producer, source, fetched?.at, Some(*recorded_at), exchange),
                Said::NoRecord { producer, exchange } => from_register(producer, source, fetched?.at, None, exchange),
                // With no answer of the person's own there is nothing to send: the body asks the register again.
                Said::Down { why } | Said::NoContract { why } => {
                    self.answers.get(&key(&slot))?;
                    Origin::ApplicantInstead {
                        register: source.register.clone(),
                        why: why.clone(),
                    }
                }
            },
            _ => return None,
        };
        // The register's own value goes with the dispute; the receiver counts it as missing until somebody has looked.
        let known = match (&disputed, fetched.map(|f| &f.said)) {
            (Some(_), Some(Said::Value { value, .. })) => Known::Value(value.clone()),
            _ => self.known(fact, &slot)?,
        };
        Some(SentFact {
            slot,
            known,
            origin,
            disputed,
        })
    }

    /// Says how many items a list has; items that are no longer there go with their answers.
    pub fn set_items(&mut self, pack: &Pack, list: &Name, count: u32) {
        self.items.insert(list.clone(), count);
        let beyond = |slot: &Slot| {
            slot.item.is_some_and(|item| item >= count)
                && pack.list_of_column(&slot.fact).is_some_and(|l| l.name.it == *list)
        };
        self.answers.retain(|_, answered| !beyond(&answered.slot));
        self.fetched.retain(|_, fetched| !beyond(&fetched.slot));
        let live: BTreeSet<String> = self.fetched.keys().cloned().collect();
        self.disputes.retain(|key, _| live.contains(key));
    }

    /// Takes one item out of a list; those after it move up. Without the last one the list is unanswered.
    pub fn remove_item(&mut self, pack: &Pack, list: &Name, item: u32) {
        let count = self.items.get(list).copied().unwrap_or(0);
        let Some(columns) = pack.list(list).map(|list| &list.columns) else {
            return;
        };
        if item >= count {
            return;
        }
        for column in columns {
            for to in item..count {
                let at = |item| Slot {
                    fact: column.name.it.clone(),
                    item: Some(item),
                };
                let moved = self.answers.remove(&key(&at(to + 1)));
                self.answers.remove(&key(&at(to)));
                if let Some(answered) = moved {
                    let slot = at(to);
                    self.answers.insert(key(&slot), Answered { slot, ..answered });
                }
                self.fetched.remove(&key(&at(to)));
            }
        }
        self.set_items(pack, list, count - 1);
        self.forget_none(list);
    }

    /// SHA-256 of every attachment that an answer points at.
    pub fn files(&self) -> Vec<String> {
        let hash = |answered: &Answered| match &answered.value {
            Value::Attachment(file) => Some(file.sha256.clone()),
            _ => None,
        };
        self.answers.values().filter_map(hash).collect()
    }
}

fn from_register(
    producer: &BodyId,
    source: &RegisterSource,
    at: Timestamp,
    recorded_at: Option<Timestamp>,
    exchange: &str,
) -> Origin {
    Origin::Register {
        producer: producer.clone(),
        register: source.register.clone(),
        field: source.field.clone(),
        answered_at: at,
        recorded_at,
        exchange: exchange.to_owned(),
        // Put in when it is submitted.
        proof: None,
    }
}

/// A value as the subject of a question.
pub fn subject_text(value: &Value) -> String {
    match value {
        Value::OrgNr(text)
        | Value::PersonNr(text)
        | Value::Property(text)
        | Value::Text(text)
        | Value::Choice(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Why an answer was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    #[error("the service has no such question")]
    NoSuchFact,
    #[error("a register or a body answers this, not the person")]
    NotTheirs,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::world::embedded_packs;
    use crate::services::prepare::gets;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn forming() -> Pack {
        let packs = embedded_packs().unwrap();
        packs
            .into_iter()
            .find(|pack| pack.meta.slug.it.as_str() == "bilda-aktiebolag")
            .unwrap()
    }

    fn draft() -> Draft {
        Draft {
            id: "d1".to_owned(),
            pack: name("bilda-aktiebolag"),
            version: 1,
            person: "197808292390".to_owned(),
            person_name: "Viktor Dahl".to_owned(),
            principal: Principal::Oneself,
            language: "sv".to_owned(),
            started_at: Timestamp::UNIX_EPOCH,
            answers: BTreeMap::new(),
            items: BTreeMap::new(),
            fetched: BTreeMap::new(),
            approved: BTreeSet::new(),
            disputes: BTreeMap::new(),
        }
    }

    #[test]
    fn an_optional_list_is_answered_with_none_until_an_item_is_added() {
        let (pack, mut draft) = (forming(), draft());
        let (auditor, person) = (
            pack.list(&name("revisor")).unwrap(),
            pack.list(&name("person")).unwrap(),
        );
        assert!(!draft.answer_none(person), "it must have items");
        assert!(draft.answer_none(auditor));
        assert_eq!(draft.facts(&pack).lists, BTreeMap::from([(name("revisor"), vec![])]));
        draft.set_items(&pack, &name("revisor"), 1);
        assert!(!draft.is_none(auditor) && !draft.answer_none(auditor), "it has an item");
        draft.remove_item(&pack, &name("revisor"), 0);
        assert!(
            draft.facts(&pack).lists.is_empty(),
            "without the last item it is asked again"
        );
    }

    #[test]
    fn none_goes_to_those_alone_whose_step_reads_the_list_and_changes_what_is_signed() {
        let (pack, mut draft) = (forming(), draft());
        assert!(draft.answer_none(pack.list(&name("revisor")).unwrap()));
        let none_of = |step: &str| {
            let step = pack.step(&name(step)).unwrap();
            draft.none_of(&pack, &pack.underlag(step).into_iter().collect())
        };
        assert_eq!(none_of("registrering"), [name("revisor")].into());
        assert_eq!(none_of("huvudmän"), BTreeSet::new());
        let before = serde_json::json!({ "body": "b", "facts": [] });
        assert_eq!(gets("b", &[], &none_of("huvudmän")), before, "older hashes stay");
        assert_ne!(gets("b", &[], &none_of("registrering")), before);
    }
}
