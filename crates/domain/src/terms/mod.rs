//! What bodies have agreed: the federation, offers and contracts, adoption, and the messages that stand on them.
//!
//! Everything here is plain values with English JSON keys; canonical form and signatures belong to `samverk-wire`, and
//! binding the two to `node::trust`. Always true: a message names the contract that it stands on by hash; a field that the
//! contract does not name has no place to go ([`answer_within`] drops nothing silently, it refuses).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::fact::{Name, Value};
use crate::rules::{Delegation, Setting};

pub mod adopting;

/// A body in the federation: `exempelkommun-a.miljonamnden`. ASCII, lower case, dots and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BodyId(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a body's id has 1–80 of a–z, 0–9, hyphen and dot, and starts with a letter")]
pub struct NotABodyId;

impl BodyId {
    pub fn parse(text: &str) -> Result<Self, NotABodyId> {
        let fits = (1..=80).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
            && !text.contains("..")
            && !text.ends_with('.');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotABodyId)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BodyId {
    type Error = NotABodyId;
    fn try_from(text: String) -> Result<Self, NotABodyId> {
        Self::parse(&text)
    }
}

impl From<BodyId> for String {
    fn from(id: BodyId) -> String {
        id.0
    }
}

impl fmt::Display for BodyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who is in the federation, signed by its anchor as one JWS. Seam: OpenID Federation replaces how this value is obtained
/// and trusted (`node::trust`), not the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Federation {
    pub name: String,
    /// The anchor's body id.
    pub anchor: BodyId,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    pub bodies: Vec<Body>,
    /// Adoptions signed by their bodies, each a compact JWS over canonical JSON of [`Adoption`].
    pub adoptions: Vec<String>,
    /// Offers signed by their providers, each a compact JWS over canonical JSON of [`Offer`].
    pub offers: Vec<String>,
}

/// One body: a nämnd, förbund, agency or private performer. Independent whoever runs its node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    pub id: BodyId,
    /// `Miljönämnden`
    pub name: String,
    pub name_en: String,
    /// `Exempelkommun A`, `Staten`: what stands under the name.
    pub part_of: String,
    pub kind: BodyKind,
    /// 10 digits; several nämnder share a municipality's.
    pub orgnr: String,
    /// Base address of the node that runs it, without a trailing slash. Its machine endpoint is `{node}/utbyte/{id}`.
    pub node: String,
    /// The body whose node hosts it, when it is a guest.
    pub hosted_by: Option<BodyId>,
    /// Public keys as JWKs (Ed25519 or P-256), each with `kid`.
    pub keys: Vec<serde_json::Value>,
    pub tasks: Vec<Task>,
    /// Registers that it keeps.
    pub registers: Vec<Name>,
    /// Theme name (CSS `data-theme`).
    pub theme: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    MunicipalBoard,
    MunicipalAssociation,
    Agency,
    Private,
}

/// What a reglemente or act gives the body to do, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// As in a pack's `## Roller`: `alkoholtillstånd`.
    pub task: String,
    /// Municipality codes; empty = the whole country.
    pub municipalities: Vec<String>,
}

impl Federation {
    pub fn body(&self, id: &BodyId) -> Option<&Body> {
        self.bodies.iter().find(|body| body.id == *id)
    }

    /// The body that has the task in the municipality (`None` = whole country). More than one is an error of the federation.
    pub fn responsible(&self, task: &str, municipality: Option<&str>) -> Result<&Body, NotResponsible> {
        let mut found = self.bodies.iter().filter(|body| {
            body.tasks.iter().any(|t| {
                t.task == task
                    && (t.municipalities.is_empty()
                        || municipality.is_some_and(|m| t.municipalities.iter().any(|x| x == m)))
            })
        });
        match (found.next(), found.next()) {
            (Some(body), None) => Ok(body),
            (None, _) => Err(NotResponsible::Nobody),
            (Some(a), Some(b)) => Err(NotResponsible::Several(a.id.clone(), b.id.clone())),
        }
    }

    pub fn keeper(&self, register: &Name) -> Option<&Body> {
        self.bodies.iter().find(|body| body.registers.contains(register))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotResponsible {
    #[error("no body in the federation has this task there")]
    Nobody,
    #[error("both {0} and {1} have this task there")]
    Several(BodyId, BodyId),
}

/// What a provider offers, to anyone who signs within it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub id: String,
    pub provider: BodyId,
    pub what: Offered,
    /// Purposes that it may be used for, as pack slug or `*`.
    pub purposes: Vec<String>,
    /// Lagrum for the disclosure.
    pub disclosure_ground: String,
    pub valid_from: Timestamp,
    pub valid_to: Timestamp,
    /// How long the consumer may keep the answer, days.
    pub retention_days: u32,
    /// Questions a minute for each consumer.
    pub rate_per_minute: u32,
    /// Conditions in words.
    pub conditions: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Offered {
    /// Answers about one subject at a time.
    Register {
        register: Name,
        fields: BTreeSet<Name>,
        modes: BTreeSet<Mode>,
    },
    /// Takes messages of these kinds: applications, referrals, status …
    Reception { messages: BTreeSet<MessageKind> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The person's own request.
    ViaApplicant,
    /// Body to body.
    Direct,
}

/// A consumer's acceptance within an offer. Signed by the consumer and then by the provider; the hash of its canonical form
/// is cited in every message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    pub id: String,
    /// SHA-256 of the offer's canonical JSON, base64url without padding.
    pub offer_hash: String,
    pub offer: Offer,
    pub consumer: BodyId,
    /// Fields asked for: a subset of the offer's. Empty for a reception.
    pub fields: BTreeSet<Name>,
    pub purpose: String,
    /// Lagrum for the consumer's processing.
    pub processing_ground: String,
    pub valid_from: Timestamp,
    pub valid_to: Timestamp,
    /// Another body in whose name the consumer acts, with its signature in [`SignedContract::signatures`].
    pub on_behalf_of: Option<BodyId>,
}

/// A contract with both parties' signatures, each a compact JWS (typ `samverk-contract+jwt`) over the canonical JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedContract {
    pub contract: Contract,
    /// SHA-256 of the canonical JSON, base64url without padding.
    pub hash: String,
    pub signatures: BTreeMap<BodyId, String>,
}

/// Either party's end of a contract, signed (typ `samverk-revocation+jwt`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    pub contract_hash: String,
    pub by: BodyId,
    pub at: Timestamp,
    pub reason: String,
}

/// One version of a service document as its publisher gives it out: signed, and never another content under the same name
/// and number. `sha256` is what bodies adopt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackVersion {
    pub publisher: BodyId,
    pub pack: Name,
    pub version: u32,
    /// SHA-256 of the canonical JSON (RFC 8785) of `files`, hex: [`crate::pack::Pack::sha256`].
    pub sha256: String,
    pub published_at: Timestamp,
    /// Path in the service's folder → text.
    pub files: BTreeMap<String, String>,
}

/// A version with its publisher's signature: a compact JWS (typ `samverk-pack+jwt`) over the canonical JSON of `version`,
/// with the payload left out (RFC 7515 appendix F), so that the document can be read where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedVersion {
    pub version: PackVersion,
    pub signature: String,
}

/// A body's adoption of one version of a pack for its own steps, signed (typ `samverk-adoption+jwt`). A body may have adopted
/// several versions: cases under way are decided by the one they were started in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adoption {
    pub body: BodyId,
    /// Who gives the document out: where it is fetched.
    pub publisher: BodyId,
    pub pack: Name,
    pub version: u32,
    /// SHA-256 of the canonical JSON (RFC 8785) of the document's files (path → text), hex.
    pub pack_sha256: String,
    pub steps: Vec<Name>,
    pub parameters: BTreeMap<Name, Vec<(Option<Date>, Value)>>,
    /// The decision that set a parameter, where it is another than `decided`: `fullmäktige 2026-05-20, § 31`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameter_decisions: BTreeMap<Name, String>,
    pub delegations: BTreeMap<Name, Delegation>,
    /// Hosts that are the body's reception: a receipt there is receipt here (TF 2 kap. 9 §).
    pub receptions: BTreeSet<BodyId>,
    /// The decision to adopt: `2026-03-10, § 27`.
    pub decided: String,
    /// When it was signed. Of two for one version the later one counts.
    pub adopted_at: Timestamp,
}

impl Adoption {
    /// Adds what this body has set to a setting.
    pub fn apply(&self, setting: &mut Setting) {
        setting.parameters.extend(self.parameters.clone());
        setting.delegations.extend(self.delegations.clone());
    }
}

/// Which version a host runs: the newest that every body in question has adopted. `versions` are those that hold today;
/// `bodies` are all that may answer for a step. A body that has adopted none of them holds nobody back, for its steps go by
/// print; where the others have none in common, the newest that most of them have adopted. Without any adoption: the newest.
pub fn version_to_run(
    versions: &BTreeSet<u32>,
    bodies: &BTreeSet<BodyId>,
    adopted: &BTreeSet<(BodyId, u32)>,
) -> Option<u32> {
    let adopters = |version: u32| {
        let has = |body: &&BodyId| adopted.contains(&((*body).clone(), version));
        bodies.iter().filter(has).count()
    };
    // The newest among those with the most adopters: one that all have adopted has the most there can be.
    versions
        .iter()
        .copied()
        .max_by_key(|version| (adopters(*version), *version))
}

/// The subject of a question. Never in an address or a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "number", rename_all = "snake_case")]
pub enum Subject {
    OrgNr(String),
    PersonNr(String),
    Property(String),
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OrgNr(_) => "OrgNr(…)",
            Self::PersonNr(_) => "PersonNr(…)",
            Self::Property(_) => "Property(…)",
        })
    }
}

/// `POST {node}/utbyte/{provider}/fraga`. Signed by the consumer (RFC 9421) with headers as in [`header`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// UUIDv7; the same id asked again is answered from the log, not read again.
    pub id: String,
    pub consumer: BodyId,
    pub contract_hash: String,
    pub register: Name,
    pub fields: BTreeSet<Name>,
    pub subject: Subject,
    pub mode: Mode,
    /// Pack slug.
    pub purpose: String,
    /// The matter it is asked in: draft or case reference, no identity number.
    pub matter: String,
    pub asked_at: Timestamp,
    /// For the insight page: who asked, as a function (`Livsmedelsregistrering, automatiskt`), and the person if one did.
    pub by: String,
}

/// The provider's signed answer; the signature also covers the request's signature (`;req`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub id: String,
    pub provider: BodyId,
    pub contract_hash: String,
    pub answered_at: Timestamp,
    pub fields: BTreeMap<Name, FieldAnswer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum FieldAnswer {
    /// As text in the register's own notation; the asker parses it by the fact's type. `valid_from`: since when it holds.
    Value {
        value: String,
        valid_from: Option<Timestamp>,
        recorded_at: Timestamp,
    },
    NoRecord,
    Error {
        code: FieldError,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldError {
    NotInContract,
    Protected,
    Unavailable,
}

/// What is asked beyond the contract is refused whole.
pub fn ask_within(contract: &Contract, ask: &Ask) -> Result<(), Refused> {
    let Offered::Register { register, modes, .. } = &contract.offer.what else {
        return Err(Refused::WrongContract);
    };
    if ask.register != *register || ask.consumer != contract.consumer || ask.contract_hash.is_empty() {
        return Err(Refused::WrongContract);
    }
    if !modes.contains(&ask.mode) {
        return Err(Refused::Mode);
    }
    if ask.purpose != contract.purpose {
        return Err(Refused::Purpose);
    }
    if ask.asked_at < contract.valid_from || ask.asked_at > contract.valid_to {
        return Err(Refused::NotValidNow);
    }
    match ask.fields.iter().find(|field| !contract.fields.contains(*field)) {
        Some(field) => Err(Refused::Field(field.clone())),
        None => Ok(()),
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "refused", content = "detail", rename_all = "snake_case")]
pub enum Refused {
    #[error("there is no contract with that hash here")]
    NoContract,
    #[error("the contract is for something else")]
    WrongContract,
    #[error("the contract was revoked")]
    Revoked,
    #[error("the contract does not hold at that time")]
    NotValidNow,
    #[error("the contract does not name the field {0}")]
    Field(Name),
    #[error("the contract does not allow this mode")]
    Mode,
    #[error("the contract is for another purpose")]
    Purpose,
    #[error("too many questions; the contract's rate is exceeded")]
    Rate,
    #[error("the message is signed by another body or not at all")]
    Signature,
    #[error("the message is too old, too new or was seen before with other contents")]
    Replay,
    #[error("the contents are not what such a message holds")]
    Contents,
    /// Try again when it has been adopted, or tell the person that this body cannot be reached this way.
    #[error("the service document in that version is not adopted here, or the sender is not our reception")]
    NotAdopted,
}

/// Kinds of messages between bodies other than questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Host → body: a step's application.
    Application,
    /// Body → host: where the case stands.
    Status,
    /// Body → host: the applicant is asked to complete; host → body: the answer.
    CompletionRequest,
    Completion,
    /// Body → host: the party is heard (FL 25 §); host → body: what they say.
    Hearing,
    HearingAnswer,
    /// Body → body: referral and opinion (FL 26 §).
    Referral,
    Opinion,
    /// Body → host: a letter is in the person's mailbox.
    LetterNotice,
    /// Host → body: the person opened the letter (del).
    LetterOpened,
    /// Body → body: a copy of a decision.
    DecisionCopy,
}

/// `POST {node}/utbyte/{receiver}/meddelande`. Signed as an [`Ask`]; answered with a signed [`Receipt`]. May arrive twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// UUIDv7; the same id is handled once.
    pub id: String,
    pub kind: MessageKind,
    pub from: BodyId,
    pub to: BodyId,
    pub contract_hash: String,
    pub purpose: String,
    /// The matter at the sender: submission + step, or diary number.
    pub matter: String,
    pub sent_at: Timestamp,
    /// Its form depends on the kind; see [`crate::case`] and `node`.
    pub payload: serde_json::Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub message_id: String,
    pub by: BodyId,
    pub received_at: Timestamp,
    /// SHA-256 of the message body, base64url.
    pub message_sha256: String,
}

/// Header names of an exchange.
pub mod header {
    /// The contract's hash.
    pub const CONTRACT: &str = "samverk-contract";
    /// The purpose (pack slug).
    pub const PURPOSE: &str = "samverk-purpose";
    /// The matter's reference.
    pub const MATTER: &str = "samverk-matter";
    /// The signing body's id; `keyid` in the signature is `<body>#<kid>`.
    pub const BODY: &str = "samverk-body";
}

/// What both sides write in their sealed logs before disclosing and before using. No personal data: hashes and times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRecord {
    /// Exchange id (the ask's or the message's).
    pub exchange: String,
    pub side: Side,
    pub body: BodyId,
    pub peer: BodyId,
    pub contract_hash: String,
    /// SHA-256 of the request's and the response's Signature header values, base64url.
    pub request_signature_sha256: String,
    pub response_signature_sha256: String,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Provider,
    Consumer,
}

/// One exchange with all that is needed to check it offline: `samverk verify FILE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub version: u32,
    pub request: SignedHttp,
    pub response: SignedHttp,
    pub contract: SignedContract,
    /// The federation statement (compact JWS by the anchor) under which the keys held.
    pub federation: String,
    /// The exporting side's record with its salt, and its place in the sealed log.
    pub record: LogRecord,
    /// base64url, 16 bytes.
    pub salt: String,
    pub leaf_index: u64,
    /// base64url hashes, leaf to root.
    pub inclusion: Vec<String>,
    /// Signed note (C2SP checkpoint) by the exporting body.
    pub checkpoint: String,
}

/// What was signed, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHttp {
    pub method: String,
    pub target_uri: String,
    /// Status of a response.
    pub status: Option<u16>,
    /// Lower-case names with values, in order, those that are covered plus the signature's own.
    pub headers: Vec<(String, String)>,
    /// base64url.
    pub body: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which version runs, of those that hold, when these bodies have adopted these.
    fn runs(versions: &[u32], bodies: &[&str], adopted: &[(&str, u32)]) -> Option<u32> {
        let body = |text: &str| BodyId::parse(text).unwrap();
        version_to_run(
            &versions.iter().copied().collect(),
            &bodies.iter().map(|text| body(text)).collect(),
            &adopted.iter().map(|(text, version)| (body(text), *version)).collect(),
        )
    }

    #[test]
    fn a_host_runs_the_newest_version_that_all_bodies_have_adopted() {
        let both = [("a", 1), ("b", 1), ("a", 2), ("b", 2)];
        assert_eq!(runs(&[1, 2], &["a", "b"], &both), Some(2));
        assert_eq!(runs(&[1, 2], &["a", "b"], &both[..3]), Some(1), "b is not there yet");
        assert_eq!(runs(&[1], &["a", "b"], &both), Some(1), "version 2 does not hold today");
    }

    #[test]
    fn a_body_that_has_adopted_nothing_holds_nobody_back() {
        assert_eq!(runs(&[1, 2], &["a", "b"], &[("a", 1), ("a", 2)]), Some(2));
        assert_eq!(
            runs(&[1, 2], &["a", "b"], &[]),
            Some(2),
            "without any adoption the newest"
        );
        assert_eq!(runs(&[], &["a"], &[("a", 1)]), None);
    }

    #[test]
    fn where_they_have_none_in_common_most_bodies_decide_and_then_the_newest() {
        let bodies = ["a", "b", "c"];
        assert_eq!(runs(&[1, 2], &bodies, &[("a", 1), ("b", 1), ("c", 2)]), Some(1));
        assert_eq!(runs(&[1, 2, 3], &bodies, &[("a", 1), ("b", 2), ("c", 3)]), Some(3));
    }

    #[test]
    fn an_adoption_by_a_body_that_answers_for_nothing_here_does_not_count() {
        assert_eq!(runs(&[1, 2], &["a"], &[("a", 1), ("x", 2), ("y", 2)]), Some(1));
    }
}
