//! What a case holds, and how it is opened and saved.
//!
//! Always true: the box opens only with the content key of the case's own body; a case is read and saved in one transaction,
//! and a save from an older reading is refused; what a fact's value is and who said so travel together.

use std::collections::BTreeMap;
use std::sync::Arc;

use samverk_domain::case::act::Role as CaseRole;
use samverk_domain::case::decision::Authority;
use samverk_domain::case::messages::{Application, Origin, SentFact};
use samverk_domain::case::procedure::PartyId;
use samverk_domain::case::{Case, NotAllowed};
use samverk_domain::fact::{Cause, Facts, Known, Name, Slot, Value};
use samverk_domain::pack::{Pack, Step, carried_setting};
use samverk_domain::rules::{self, Days, Evaluation, Setting, StepResult};
use samverk_domain::terms::{Adoption, Body, BodyId};
use samverk_domain::words::time::Moment;
use samverk_store::cases::{Row, Stands};
use samverk_store::{StoreError, Tx, cases};
use serde::{Deserialize, Serialize};

use super::todo;
use crate::config::BodyConfig;
use crate::ctx::Ctx;
use crate::library;
use crate::node::Node;
use crate::publishing;
use crate::seal::Key;
use crate::services::draft::key as slot_key;

/// A case's contents in one box. Proofs of fifty register answers fit many times.
pub const CONTENTS_BYTES_MAX: usize = 32 << 20;

/// The applicant, as the procedure names parties.
pub fn applicant() -> PartyId {
    PartyId("sökanden".to_owned())
}

/// All that a case holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseFile {
    /// As it came, without its facts: they are below.
    pub application: Application,
    pub facts: Vec<Held>,
    pub case: Case,
    /// Slot → id of the question to a register, chosen once so that asking again is the same question.
    pub asks: BTreeMap<String, String>,
    /// Slot → why the register gave no answer.
    #[serde(default)]
    pub unanswered: BTreeMap<String, String>,
    /// What referred bodies wrote, by place of the referral.
    #[serde(default)]
    pub opinions: BTreeMap<usize, String>,
    /// What the party has written in hearings.
    #[serde(default)]
    pub answers: Vec<(Moment, String)>,
    /// The case worker's proposal: reasons by row where they were edited, and grounds of their own.
    #[serde(default)]
    pub proposal: Option<Proposal>,
    /// The newer version whose tables count at the decision, since the body adopted it (*räknas vid beslut*).
    #[serde(default)]
    pub counted_with: Option<u32>,
    /// What newer versions have changed for this case.
    #[serde(default)]
    pub law_changes: Vec<LawChange>,
    /// When the party was told that simplified service may be used.
    #[serde(default)]
    pub told_of_simplified_service: Option<jiff::civil::Date>,
    /// Letters that have been posted on paper, by what they are: the latest day of each.
    #[serde(default)]
    pub posted: BTreeMap<String, jiff::civil::Date>,
}

/// A newer version that the body adopted while the case was under way, and what came out otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LawChange {
    pub version: u32,
    pub at: Moment,
    /// Sentences in Swedish.
    pub what: Vec<String>,
}

/// One fact with what has happened to it here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Held {
    pub sent: SentFact,
    /// A disputed value that a case worker has looked at.
    pub settled: Option<Settled>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settled {
    pub by: String,
    pub at: Moment,
    pub reasons: String,
}

/// A draft decision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Proposal {
    pub outcome: String,
    pub grounds: Vec<samverk_domain::case::decision::Ground>,
    pub by: String,
}

impl CaseFile {
    /// The facts as the rules take them: what is disputed and not settled counts as missing.
    pub fn facts(&self) -> Facts {
        let facts = self
            .facts
            .iter()
            .map(|held| SentFact {
                disputed: held.sent.disputed.clone().filter(|_| held.settled.is_none()),
                ..held.sent.clone()
            })
            .collect();
        Application {
            facts,
            ..self.application.clone()
        }
        .as_facts()
    }

    pub fn held(&self, slot: &Slot) -> Option<&Held> {
        self.facts.iter().find(|held| held.sent.slot == *slot)
    }

    pub fn held_by_key(&self, key: &str) -> Option<&Held> {
        self.facts.iter().find(|held| slot_key(&held.sent.slot) == key)
    }

    /// Sets a fact; what was there before is replaced. A list that gets an item is no longer answered with none.
    pub fn set(&mut self, sent: SentFact) {
        if sent.slot.item.is_some() {
            let list = sent.slot.fact.prefix();
            self.application.none_of.retain(|none| none.as_str() != list);
        }
        let held = Held { sent, settled: None };
        match self.facts.iter_mut().find(|there| there.sent.slot == held.sent.slot) {
            Some(there) => *there = held,
            None => self.facts.push(held),
        }
    }

    /// Values that the applicant says are wrong and that nobody has looked at.
    pub fn open_disputes(&self) -> impl Iterator<Item = &Held> {
        self.facts
            .iter()
            .filter(|held| held.sent.disputed.is_some() && held.settled.is_none())
    }

    /// The company, or the person.
    pub fn party_name(&self) -> &str {
        let applicant = &self.application.applicant;
        applicant.represents_name.as_deref().unwrap_or(&applicant.person_name)
    }
}

/// Why something is not done in a case.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The law's procedure says no: told to the one who tried, with its provision.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// Not here, or not this person's.
    #[error("there is no such case")]
    NoCase,
    /// Somebody saved since it was read: open it again.
    #[error("the case was changed by somebody else; open it again")]
    Stale,
    /// Words or a choice are missing or wrong: told to the one who tried, in Swedish.
    #[error("{0}")]
    Input(String),
    /// What it depends on is not here: try again later.
    #[error("{0}")]
    Later(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Our fault.
    #[error("{0}")]
    Ours(String),
}

/// A case opened in a transaction.
#[derive(Clone)]
pub struct Open {
    pub row: Row,
    pub file: CaseFile,
    /// The document that decides it: the one it was started in, with what counts of a newer one that the body has adopted.
    pub known: Arc<library::Known>,
    /// The document that it was started in.
    pub began: Arc<library::Known>,
    /// What has happened since it was opened and the host has not been told.
    pub tell_host: bool,
}

/// The key that closes one case's box.
pub fn content_key(node: &Node, body: &BodyId, case_id: &str) -> Result<Key, Stopped> {
    let secret = node
        .contents
        .get(body)
        .ok_or_else(|| Stopped::Ours(format!("{body} has no content key on this node")))?;
    Ok(secret.key("case", case_id.as_bytes()))
}

/// Closes something of a case; `part` says what, and nothing else opens as it.
pub fn close(node: &Node, body: &BodyId, case_id: &str, part: &str, plain: &[u8]) -> Result<Vec<u8>, Stopped> {
    Ok(content_key(node, body, case_id)?.close(part.as_bytes(), plain, &node.chance))
}

/// Opens what [`close`] closed.
pub fn open_box<T: serde::de::DeserializeOwned>(
    node: &Node,
    body: &BodyId,
    case_id: &str,
    part: &str,
    closed: &[u8],
) -> Result<T, Stopped> {
    let plain = content_key(node, body, case_id)?
        .open(part.as_bytes(), closed)
        .map_err(|_| Stopped::Ours("a case's box does not open; was the body's content key replaced?".to_owned()))?;
    // The parser's error may quote what it read.
    serde_json::from_slice(&plain)
        .map_err(|why| Stopped::Ours(format!("a case's box holds something else ({:?})", why.classify())))
}

/// JSON of what goes into a box.
pub fn json(it: &impl Serialize) -> Result<Vec<u8>, Stopped> {
    serde_json::to_vec(it).map_err(|why| Stopped::Ours(format!("a box could not be written ({:?})", why.classify())))
}

/// What the queue shows of a case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    pub party: String,
    pub step: String,
    /// What is to be done, as a sentence, and why.
    pub todo: String,
    pub because: String,
}

/// What the rules say of the case now.
#[derive(Clone, Debug)]
pub struct Examined {
    pub setting: Setting,
    pub adoption: Adoption,
    pub facts: Facts,
    pub evaluation: Evaluation,
    pub result: StepResult,
}

impl Open {
    pub fn read(tx: &mut Tx, node: &Node, id: &str) -> Result<Option<Self>, Stopped> {
        match cases::by_id(tx, id)? {
            Some(row) if row.kind == cases::Kind::Application => Self::of(node, row).map(Some),
            _ => Ok(None),
        }
    }

    pub fn of(node: &Node, row: Row) -> Result<Self, Stopped> {
        let file: CaseFile = open_box(node, &row.body, &row.id, "contents", &row.contents)?;
        let began = pack_of(node, &row.pack, row.version)?;
        let known = match file.counted_with {
            None => Arc::clone(&began),
            Some(newer) => carried(node, &began, newer)?,
        };
        let open = Self {
            row,
            file,
            known,
            began,
            tell_host: false,
        };
        // The number stands for one content; another would decide the case by rules that nobody applied under.
        if open.known.sha256 != open.file.application.pack_sha256 {
            return Err(Stopped::Ours(format!(
                "{} version {} on this node is not the document that the case was started in",
                open.row.pack, open.row.version
            )));
        }
        Ok(open)
    }

    pub fn pack(&self) -> &Pack {
        &self.known.pack
    }

    pub fn step_name(&self) -> &Name {
        &self.file.application.step
    }

    pub fn step(&self) -> Result<&Step, Stopped> {
        self.pack()
            .step(self.step_name())
            .ok_or_else(|| Stopped::Ours("the case's step is not in its document".to_owned()))
    }

    pub fn diary_number(&self) -> &str {
        &self.row.diary_number
    }

    /// The instant to act at: never before the latest thing in the case.
    pub fn moment(&self, ctx: &Ctx) -> Moment {
        let case = &self.file.case;
        let last = case
            .entries()
            .last()
            .map_or(case.opening().received.instant, |entry| entry.when.instant);
        Moment::at(last.max(ctx.at.instant))
    }

    /// Saves the case with what the queue shows of it.
    pub fn save(&mut self, ctx: &Ctx, tx: &mut Tx, node: &Node) -> Result<(), Stopped> {
        self.refresh(ctx, node)?;
        if !cases::save(tx, &self.row)? {
            return Err(Stopped::Stale);
        }
        self.row.revision += 1;
        Ok(())
    }

    /// Brings the row to what the file says.
    pub fn refresh(&mut self, ctx: &Ctx, node: &Node) -> Result<(), Stopped> {
        let examined = self.examine(node, ctx.at.day)?;
        let todo = todo::todo(self, &examined, ctx.at.day);
        self.row.stands = Stands {
            state: self.file.case.state().name().to_owned(),
            todo: todo.key.to_owned(),
            waits: todo.waits.word().to_owned(),
            due: todo.due,
        };
        let summary = Summary {
            party: self.file.party_name().to_owned(),
            step: crate::post::letter::step_text(self.pack(), "sv", self.step_name()),
            todo: todo.what,
            because: match self.file.law_changes.last() {
                Some(change) if self.file.case.decided().is_none() => {
                    let first = change.what.first().map(String::as_str).unwrap_or_default();
                    format!("Ändrat av version {}: {first} {}", change.version, todo.because)
                }
                _ => todo.because,
            },
        };
        let contents = json(&self.file)?;
        if contents.len() > CONTENTS_BYTES_MAX {
            return Err(Stopped::Input(
                "Ärendet har blivit för stort. Lägg handlingen i ett nytt ärende.".to_owned(),
            ));
        }
        self.row.contents = close(node, &self.row.body, &self.row.id, "contents", &contents)?;
        self.row.summary = close(node, &self.row.body, &self.row.id, "summary", &json(&summary)?)?;
        self.row.changed_at = ctx.at.instant;
        Ok(())
    }

    /// Evaluates the case with the body's adopted setting.
    pub fn examine(&self, node: &Node, day: jiff::civil::Date) -> Result<Examined, Stopped> {
        let adoption = adoption(node, &self.row.body, &self.began)?;
        let mut setting = Setting {
            days: Days {
                application: self.file.application.received_day,
                decision: self.file.case.decided().map_or(day, |decided| decided.at.day),
            },
            ..Setting::default()
        };
        adoption.apply(&mut setting);
        if let Some(newer) = self.file.counted_with {
            let newer = pack_of(node, &self.row.pack, newer)?;
            let mut set = Setting::default();
            self::adoption(node, &self.row.body, &newer)?.apply(&mut set);
            setting = carried_setting(self.pack(), &newer.pack, &setting, &set);
        }
        let facts = self.file.facts();
        let evaluation = rules::evaluate_applied(self.pack(), &facts, &setting, self.step_name());
        let result = evaluation
            .steps
            .get(self.step_name())
            .cloned()
            .ok_or_else(|| Stopped::Ours("the case's step is not in its document".to_owned()))?;
        Ok(Examined {
            setting,
            adoption,
            facts,
            evaluation,
            result,
        })
    }

    /// From now on the tables of a newer version that are counted at the decision decide the case.
    pub fn count_with(&mut self, node: &Node, newer: u32) -> Result<(), Stopped> {
        self.known = carried(node, &self.began, newer)?;
        self.file.counted_with = Some(newer);
        Ok(())
    }

    /// Signatures that should stand on the paper and do not.
    pub fn lacks_signatures(&self) -> bool {
        let entered = self.file.application.entered.as_ref();
        entered.is_some_and(|entered| entered.unsigned().next().is_some())
    }

    /// What the applicant has left unanswered of what the step needs from them.
    pub fn incomplete(&self, examined: &Examined) -> Vec<Name> {
        use samverk_domain::pack::Source;
        let Ok(step) = self.step() else { return vec![] };
        let is_missing = |known: Option<&Known<Value>>| match known {
            None | Some(Known::Missing(Cause::Unanswered)) => true,
            Some(_) => false,
        };
        let mut missing = Vec::new();
        for name in self.pack().underlag(step) {
            let Some(fact) = self.pack().fact(&name) else { continue };
            if !matches!(fact.source.it, Source::Applicant | Source::Login | Source::Represented) {
                continue;
            }
            let lacks = match self.pack().list_of_column(&name) {
                None => is_missing(examined.facts.known.get(&name)),
                Some(list) => match examined.facts.lists.get(&list.name.it) {
                    // Also an optional list is to be answered, if only with none.
                    None => true,
                    Some(items) => items.iter().any(|item| is_missing(item.get(&name))),
                },
            };
            if lacks {
                missing.push(name);
            }
        }
        missing
    }
}

/// The document that a case is pinned to.
pub fn pack_of(node: &Node, slug: &str, version: u32) -> Result<Arc<library::Known>, Stopped> {
    let slug = Name::parse(slug).map_err(|why| Stopped::Ours(why.to_string()))?;
    node.library
        .version(&slug, version)
        .ok_or_else(|| Stopped::Later(format!("{slug} version {version} is not on this node")))
}

/// The document for a case under way when a newer one counts at the decision.
fn carried(node: &Node, began: &library::Known, newer: u32) -> Result<Arc<library::Known>, Stopped> {
    let meta = &began.pack.meta;
    node.library
        .carried(&meta.slug.it, meta.version.it, newer)
        .ok_or_else(|| Stopped::Later(format!("{} version {newer} is not on this node", meta.slug.it)))
}

/// The body's adoption of exactly this document.
pub fn adoption(node: &Node, body: &BodyId, known: &library::Known) -> Result<Adoption, Stopped> {
    let view = node
        .federation
        .view(node.clock.now())
        .map_err(|why| Stopped::Later(why.to_string()))?;
    let slug = &known.pack.meta.slug.it;
    let version = known.pack.meta.version.it;
    publishing::adoption_that_counts(&view, body, known)
        .cloned()
        .ok_or_else(|| Stopped::Later(format!("{body} has not adopted {slug} version {version}")))
}

/// The body as the federation states it.
pub fn body_in_federation(node: &Node, body: &BodyId) -> Result<Body, Stopped> {
    let view = node
        .federation
        .view(node.clock.now())
        .map_err(|why| Stopped::Later(why.to_string()))?;
    view.body(body)
        .cloned()
        .ok_or_else(|| Stopped::Later(format!("{body} is not in the federation")))
}

pub fn body_config<'n>(node: &'n Node, body: &BodyId) -> Result<&'n BodyConfig, Stopped> {
    node.config
        .body(body)
        .ok_or_else(|| Stopped::Ours(format!("{body} is not on this node")))
}

pub fn authority(body: &BodyConfig) -> Authority {
    Authority::from(body.kind)
}

/// The keyed hash under which a person finds their cases and letters on this node.
pub fn owner_mark(node: &Node, person: &str) -> String {
    node.secret.mark("cases-of", person.as_bytes())
}

/// A fact that a case worker, a body or a register has given.
pub fn given(slot: Slot, value: Value, origin: Origin) -> SentFact {
    SentFact {
        slot,
        known: Known::Value(value),
        origin,
        disputed: None,
    }
}

/// Roles of the procedure that a node's staff role stands for.
pub fn case_role(role: crate::config::Role) -> CaseRole {
    use crate::config::Role as R;
    match role {
        R::Registrar | R::CaseWorker | R::Operator => CaseRole::CaseWorker,
        R::Delegate | R::Secretary => CaseRole::Decider,
    }
}
