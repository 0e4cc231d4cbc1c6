//! Payloads of messages between the reception (host) and the bodies that decide. One struct per [`crate::terms::MessageKind`].
//!
//! A fact travels with where it came from; a register fact travels with the register's signed answer as proof, one
//! exchange per fact, so that a step's body gets proofs of its own facts only.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::assisted::{Channel, Entered};
use crate::fact::{Cause, Facts, Known, Name, Slot, Value};
use crate::pack::Pack;
use crate::terms::{BodyId, Evidence};

/// `application`: one step of one submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    pub submission: String,
    pub step: Name,
    pub pack: Name,
    pub version: u32,
    pub pack_sha256: String,
    pub host: BodyId,
    pub applicant: Applicant,
    /// `sv` or `en`: the language that the person used.
    pub language: String,
    pub facts: Vec<SentFact>,
    /// Optional lists that were answered with none. A list without items that is not here is unanswered.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub none_of: BTreeSet<Name>,
    /// Attachments by SHA-256 (hex), base64url: those that the facts name and no others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// The received instant (the host's durable receipt) and its legal day in Sweden (FL 22 §).
    pub received_at: Timestamp,
    pub received_day: Date,
    /// SHA-256 of the canonical answers, base64url, that the person's fresh login was bound to.
    pub answers_sha256: String,
    /// The id token of that login (compact JWS). Empty when an official has entered it.
    pub signed_by_login: String,
    /// The others who had to sign for this step, in the order in which they did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<Signature>,
    /// It came on paper, at the counter or by telephone; then nobody has logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered: Option<Entered>,
}

/// What another person than the applicant has signed: the same answers, bound to a login of their own.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// 12 digits.
    pub person: String,
    pub person_name: String,
    /// Rows under `## Underskrifter`; empty where the document has no such section.
    pub signs: Vec<Name>,
    pub at: Timestamp,
    /// The id token of the login, whose nonce ends with `answers_sha256` (compact JWS).
    pub signed_by_login: String,
}

/// Identity numbers are not for logs.
impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signature({:?}, {})", self.signs, self.at)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applicant {
    /// 12 digits.
    pub person: String,
    pub person_name: String,
    /// The company's number (10 digits), or `None` when the person acts for themselves.
    pub represents: Option<String>,
    pub represents_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentFact {
    pub slot: Slot,
    pub known: Known<Value>,
    pub origin: Origin,
    /// What the person says is wrong; the value is never edited.
    pub disputed: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    Applicant,
    Login,
    Represented,
    Register {
        producer: BodyId,
        register: Name,
        field: Name,
        answered_at: Timestamp,
        recorded_at: Option<Timestamp>,
        exchange: String,
        proof: Option<Box<Evidence>>,
    },
    /// The register was asked and could not answer, or its contract does not hold, so the person answered instead.
    ApplicantInstead {
        register: Name,
        why: String,
    },
    /// An official has entered it from a paper, or from what the person said.
    Entered {
        /// Name and role.
        by: String,
        at: Timestamp,
        channel: Channel,
        /// The register that has it, where the body could not read it under a contract of its own.
        instead_of: Option<Name>,
    },
    CaseWorker {
        by: String,
        at: Timestamp,
    },
    Opinion {
        body: BodyId,
        at: Timestamp,
        document: String,
    },
    Step {
        body: BodyId,
        step: Name,
        at: Timestamp,
    },
}

impl Application {
    /// The facts as the rules take them. What the person disputes counts as missing until somebody has looked at it.
    pub fn as_facts(&self) -> Facts {
        let mut facts = Facts::default();
        let mut items: BTreeMap<(Name, u32), BTreeMap<Name, Known<Value>>> = BTreeMap::new();
        for sent in &self.facts {
            let known = match sent.disputed {
                Some(_) => Known::Missing(Cause::Disputed),
                None => sent.known.clone(),
            };
            match sent.slot.item {
                None => facts.set(sent.slot.fact.clone(), known),
                Some(item) => {
                    let Ok(list) = Name::parse(sent.slot.fact.prefix()) else {
                        continue;
                    };
                    items
                        .entry((list, item))
                        .or_default()
                        .insert(sent.slot.fact.clone(), known);
                }
            }
        }
        for ((list, _), item) in items {
            facts.lists.entry(list).or_default().push(item);
        }
        for list in &self.none_of {
            facts.lists.entry(list.clone()).or_default();
        }
        facts
    }
}

/// Whether each of these lists may be answered with none: it may be empty, and none of its items is among the facts.
pub fn may_be_none<'a>(pack: &Pack, none_of: &BTreeSet<Name>, facts: impl IntoIterator<Item = &'a SentFact>) -> bool {
    let has_items: BTreeSet<&str> = facts
        .into_iter()
        .filter(|sent| sent.slot.item.is_some())
        .map(|sent| sent.slot.fact.prefix())
        .collect();
    none_of
        .iter()
        .all(|list| pack.list(list).is_some_and(|list| list.min == 0) && !has_items.contains(list.as_str()))
}

/// `status`: where a step stands, pushed to the host. Contents stay with the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub submission: String,
    pub step: Name,
    pub diary_number: String,
    /// One of the case states' stable names.
    pub state: String,
    pub at: Timestamp,
    /// The outcome's name when decided.
    pub outcome: Option<String>,
    pub automatic: bool,
    /// Last day of the time limit, if there is one.
    pub decide_by: Option<Date>,
    /// Address of the person's page at the body's node; needs a login there.
    pub page: String,
}

/// `completion_request`: opens exactly these facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletionRequest {
    pub submission: String,
    pub step: Name,
    pub diary_number: String,
    pub facts: Vec<Name>,
    pub words: String,
    pub answer_by: Date,
    /// A föreläggande (FL 20 § 2 st.) says that the application may otherwise not be examined.
    pub order: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    pub submission: String,
    pub step: Name,
    pub facts: Vec<SentFact>,
    /// As in [`Application::none_of`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub none_of: BTreeSet<Name>,
    /// As in [`Application::files`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    pub received_at: Timestamp,
}

/// `hearing`: FL 25 §.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hearing {
    pub submission: String,
    pub step: Name,
    pub diary_number: String,
    pub words: String,
    pub answer_by: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HearingAnswer {
    pub submission: String,
    pub step: Name,
    pub words: String,
    pub received_at: Timestamp,
}

/// `referral`: FL 26 §: a question and a last day, with the facts that it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    pub diary_number: String,
    pub step: Name,
    pub pack: Name,
    /// The fact whose value is the opinion (`polis.yttrande`).
    pub fact: Name,
    pub choices: Vec<String>,
    pub question: String,
    pub answer_by: Date,
    pub facts: Vec<SentFact>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// The asker's diary number.
    pub diary_number: String,
    pub fact: Name,
    pub answer: String,
    pub words: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterNotice {
    pub submission: String,
    pub step: Name,
    pub diary_number: String,
    pub heading: String,
    pub sent_at: Timestamp,
    /// Address of the letter in the person's mailbox at the body's node.
    pub page: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionCopy {
    pub diary_number: String,
    pub step: Name,
    pub outcome: String,
    pub decided_at: Timestamp,
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::SourceFile;
    use crate::pack::parse;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn forming() -> Pack {
        let text = include_str!("../../../../packs/bilda-aktiebolag/tjanst.md");
        let file = SourceFile {
            path: "tjanst.md".to_owned(),
            text: text.to_owned(),
        };
        parse::pack(vec![file]).0.unwrap()
    }

    fn auditor() -> SentFact {
        SentFact {
            slot: Slot {
                fact: name("revisor.pnr"),
                item: Some(0),
            },
            known: Known::Value(Value::PersonNr("196612193273".to_owned())),
            origin: Origin::Applicant,
            disputed: None,
        }
    }

    /// As it was written before lists could be answered with none.
    fn application() -> serde_json::Value {
        serde_json::json!({
            "submission": "s", "step": "registrering", "pack": "bilda-aktiebolag", "version": 1, "pack_sha256": "",
            "host": "foretagsporten",
            "applicant": { "person": "197808292390", "person_name": "Viktor Dahl", "represents": null, "represents_name": null },
            "language": "sv", "facts": [], "received_at": "2026-11-22T10:00:00Z", "received_day": "2026-11-22",
            "answers_sha256": "", "signed_by_login": "",
        })
    }

    #[test]
    fn a_list_that_was_answered_with_none_is_empty_and_one_that_was_not_answered_is_not_there() {
        let mut it: Application = serde_json::from_value(application()).unwrap();
        assert!(it.as_facts().lists.is_empty());
        it.none_of.insert(name("revisor"));
        assert_eq!(it.as_facts().lists, BTreeMap::from([(name("revisor"), vec![])]));
        let read: Application = serde_json::from_value(serde_json::to_value(&it).unwrap()).unwrap();
        assert_eq!(read, it);
        it.facts.push(auditor());
        assert_eq!(it.as_facts().lists[&name("revisor")].len(), 1, "an item is never lost");
    }

    #[test]
    fn a_message_without_such_lists_is_written_as_before() {
        let it: Application = serde_json::from_value(application()).unwrap();
        assert_eq!(serde_json::to_value(&it).unwrap(), application());
    }

    #[test]
    fn only_an_optional_list_without_items_may_be_none() {
        let pack = forming();
        let none_of = |list: &str| BTreeSet::from([name(list)]);
        assert!(may_be_none(&pack, &none_of("revisor"), []));
        assert!(!may_be_none(&pack, &none_of("revisor"), [&auditor()]));
        assert!(!may_be_none(&pack, &none_of("person"), []), "at least one");
        assert!(!may_be_none(&pack, &none_of("bolag"), []), "no list");
        assert!(may_be_none(&pack, &BTreeSet::new(), [&auditor()]));
    }
}
