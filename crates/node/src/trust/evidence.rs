//! One exchange with all that is needed to check it later, by anyone, offline: `samverk verify FILE`.
//!
//! What is checked, outermost first: the anchor's signature on the federation's statement; both parties' keys in it; the
//! contract's text, hash and signatures and that it held at the time; the request's signature and that it stays within the
//! contract; the response's signature and that it answers this request; that the sealed log's record is of these two; that
//! the record stands at its place in the log; the log's signed head. Always true here: every member of [`Evidence`] is
//! compared with something signed, and a file is accepted only in its canonical form, so no byte of it is without
//! protection. What a file cannot show: that the contract was not revoked in between (ask the parties), and that the head
//! was not shown to this reader only (compare heads: `GET …/logg/checkpoint`).

use jiff::{SignedDuration, Timestamp};
use samverk_domain::terms::{
    Answer, Ask, Body, BodyId, Contract, Evidence, LogRecord, Message, Offered, Receipt, Refused, Side, SignedHttp,
    ask_within,
};
use samverk_wire::jws::JwsError;
use samverk_wire::merkle::{self, Unproven};
use samverk_wire::note::{Checkpoint, NoteError, SignedNote};
use samverk_wire::{base64, digest, jcs};
use serde::Deserialize as _;

use super::contract::{self, NoContract, VerifiedContract};
use super::federation::{Anchor, Statement, Untrusted, endpoint, log_origin};
use super::message::{self, NotBelieved, VerifiedRequest, VerifiedResponse};
use super::read_payload;

pub const VERSION: u32 = 1;
pub const SALT_BYTES: usize = 16;
/// A federation's statement and two bodies of messages.
pub const FILE_BYTES_MAX: usize = 48 << 20;
/// Times that the parties write in their messages may differ this much from the log's.
const SKEW: SignedDuration = SignedDuration::from_secs(samverk_wire::http_signature::SKEW_MAX_S);

/// What is wrong with a piece of evidence. The first fault found.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    #[error("the file is not evidence of an exchange: {0}")]
    Form(String),
    #[error("{0}")]
    Federation(#[from] Untrusted),
    #[error("{0} is not in the federation")]
    NotAMember(BodyId),
    #[error("{0}")]
    Contract(#[from] NoContract),
    #[error("the contract did not hold when the question was asked")]
    NotValidThen,
    #[error("the request: {0}")]
    Request(NotBelieved),
    #[error("the request is not within the contract: {0}")]
    Beyond(Refused),
    #[error("the request contradicts itself or its contract: {0}")]
    RequestText(&'static str),
    #[error("the response: {0}")]
    Response(NotBelieved),
    #[error("the response does not answer the request: {0}")]
    ResponseText(&'static str),
    #[error("a message's body is not what it should be: {0}")]
    Body(JwsError),
    #[error("the log's record is not of this exchange: {0}")]
    Record(&'static str),
    #[error("the record's place in the log is not proven: {0}")]
    Place(#[from] Unproven),
    #[error("the log's signed head: {0}")]
    Checkpoint(#[from] NoteError),
    #[error("the log's signed head is of another log")]
    OtherLog,
}

/// What a piece of evidence proves.
#[derive(Clone, Debug)]
pub struct Report {
    pub federation: String,
    /// RFC 7638 thumbprint of the key that everything rests on.
    pub anchor_kid: String,
    /// Whether that key was known beforehand. If not, somebody must compare it.
    pub anchor_was_pinned: bool,
    pub requester: Body,
    pub responder: Body,
    pub what: What,
    pub contract: Contract,
    pub contract_hash: String,
    pub record: LogRecord,
    pub log_origin: String,
    pub leaf_index: u64,
    pub checkpoint: Checkpoint,
}

#[derive(Clone, Debug)]
pub enum What {
    Question(Ask, Answer),
    Message(Message, Receipt),
}

/// A fact about one exchange that the exporting side's sealed log holds.
#[derive(Clone, Debug)]
pub struct LogPlace {
    pub record: LogRecord,
    pub salt: [u8; SALT_BYTES],
    pub leaf_index: u64,
    /// Leaf to root.
    pub inclusion: Vec<merkle::Hash>,
    /// Signed note.
    pub checkpoint: String,
}

/// Puts evidence together, and checks it: what does not hold is never handed out.
pub fn build(
    request: &SignedHttp,
    response: &SignedHttp,
    contract: &VerifiedContract,
    federation: &Statement,
    place: LogPlace,
) -> Result<Evidence, Invalid> {
    let evidence = Evidence {
        version: VERSION,
        request: request.clone(),
        response: response.clone(),
        contract: contract.signed().clone(),
        federation: federation.jws().to_owned(),
        record: place.record,
        salt: base64::url(&place.salt),
        leaf_index: place.leaf_index,
        inclusion: place.inclusion.iter().map(|hash| base64::url(hash)).collect(),
        checkpoint: place.checkpoint,
    };
    verify(&evidence, Some(&Anchor::Thumbprint(federation.anchor_kid().to_owned())))?;
    Ok(evidence)
}

/// The evidence as a file: canonical JSON.
pub fn to_file(evidence: &Evidence) -> Result<Vec<u8>, Invalid> {
    jcs::canonical_of(evidence).map_err(|e| Invalid::Form(e.to_string()))
}

/// Reads and checks a file.
pub fn verify_file(bytes: &[u8], anchor: Option<&Anchor>) -> Result<Report, Invalid> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Invalid::Form(format!("it is larger than {FILE_BYTES_MAX} bytes")));
    }
    let value = jcs::parse(bytes).map_err(|e| Invalid::Form(e.to_string()))?;
    let evidence = Evidence::deserialize(&value).map_err(|e| Invalid::Form(e.to_string()))?;
    // What we do not know, or know in another form, is not checked and therefore not accepted.
    if serde_json::to_value(&evidence).ok() != Some(value) {
        return Err(Invalid::Form("it holds more than evidence does".to_owned()));
    }
    verify(&evidence, anchor)
}

/// The data of a record's leaf: SHA-256(salt ‖ canonical JSON).
pub fn leaf_data(salt: &[u8], canonical_record: &[u8]) -> [u8; 32] {
    digest::sha256_of_parts(&[salt, canonical_record])
}

/// Checks evidence. Without an anchor, everything rests on the key in [`Report::anchor_kid`], which somebody must compare.
pub fn verify(evidence: &Evidence, anchor: Option<&Anchor>) -> Result<Report, Invalid> {
    if evidence.version != VERSION {
        return Err(Invalid::Form(format!("version {} is not known", evidence.version)));
    }
    let record = &evidence.record;
    let at = record.at;
    let statement = match anchor {
        Some(anchor) => Statement::verify(&evidence.federation, anchor, at)?,
        None => Statement::of_unpinned(&evidence.federation, at)?,
    };
    let contract = contract::verify(evidence.contract.clone(), &statement)?;
    let member = |id: &BodyId| {
        statement
            .body(id)
            .cloned()
            .ok_or_else(|| Invalid::NotAMember(id.clone()))
    };
    let (requester, responder) = (member(contract.consumer())?, member(contract.provider())?);

    let (request, response) = check_messages(evidence, &contract, &responder, &statement)?;
    let what = match &contract.contract().offer.what {
        Offered::Register { .. } => question(&request, &response, &contract)?,
        Offered::Reception { .. } => message(&request, &response, &contract)?,
    };
    let (id, asked_at) = match &what {
        What::Question(ask, _) => (&ask.id, ask.asked_at),
        What::Message(message, _) => (&message.id, message.sent_at),
    };
    if !contract.holds_at(asked_at) || !contract.holds_at(at) {
        return Err(Invalid::NotValidThen);
    }

    check_record(record, id, &request, &response, &contract)?;
    let logged_by = match record.side {
        Side::Provider => &responder,
        Side::Consumer => &requester,
    };
    let (log_origin, checkpoint) = check_place(evidence, logged_by, &statement)?;
    Ok(Report {
        federation: statement.federation().name.clone(),
        anchor_kid: statement.anchor_kid().to_owned(),
        anchor_was_pinned: anchor.is_some(),
        requester,
        responder,
        what,
        contract_hash: contract.hash().to_owned(),
        contract: contract.contract().clone(),
        record: record.clone(),
        log_origin,
        leaf_index: evidence.leaf_index,
        checkpoint,
    })
}

fn check_messages(
    evidence: &Evidence,
    contract: &VerifiedContract,
    responder: &Body,
    statement: &Statement,
) -> Result<(VerifiedRequest, VerifiedResponse), Invalid> {
    let at = evidence.record.at;
    let door = match contract.contract().offer.what {
        Offered::Register { .. } => "fraga",
        Offered::Reception { .. } => "meddelande",
    };
    let target = format!("{}/{door}", endpoint(responder));
    let request =
        message::verify_request(evidence.request.clone(), &target, statement, at).map_err(Invalid::Request)?;
    if request.signer() != contract.consumer() {
        return Err(Invalid::RequestText(
            "it is signed by another body than the contract's consumer",
        ));
    }
    let citation = request.citation();
    if citation.contract_hash != contract.hash() || citation.purpose != contract.contract().purpose {
        return Err(Invalid::RequestText("it cites another contract or purpose"));
    }
    let response = message::verify_response(
        evidence.response.clone(),
        request.http(),
        contract.provider(),
        statement,
        at,
    )
    .map_err(Invalid::Response)?;
    if response.status() != 200 {
        return Err(Invalid::ResponseText("it is a refusal"));
    }
    Ok((request, response))
}

/// Reads question and answer, and checks that one is within the contract and the other answers it.
fn question(
    request: &VerifiedRequest,
    response: &VerifiedResponse,
    contract: &VerifiedContract,
) -> Result<What, Invalid> {
    let ask: Ask = read_payload(request.body()).map_err(Invalid::Body)?;
    if ask.contract_hash != contract.hash() || ask.matter != request.citation().matter {
        return Err(Invalid::RequestText("body and headers differ"));
    }
    if !near(ask.asked_at, request.created()) {
        return Err(Invalid::RequestText("it is dated long before or after its signature"));
    }
    ask_within(contract.contract(), &ask).map_err(Invalid::Beyond)?;
    let answer: Answer = read_payload(response.body()).map_err(Invalid::Body)?;
    check_answer(&ask, &answer, contract, response.created()).map_err(Invalid::ResponseText)?;
    Ok(What::Question(ask, answer))
}

/// That an answer is one to this question: the same id and contract, the fields asked for and no other.
pub(crate) fn check_answer(
    ask: &Ask,
    answer: &Answer,
    contract: &VerifiedContract,
    signed_s: i64,
) -> Result<(), &'static str> {
    if answer.id != ask.id {
        return Err("it is the answer to another question");
    }
    if answer.provider != *contract.provider() || answer.contract_hash != contract.hash() {
        return Err("it is given by another body or under another contract");
    }
    if !answer.fields.keys().eq(&ask.fields) {
        return Err("it holds other fields than those asked for");
    }
    if !near(answer.answered_at, signed_s) {
        return Err("it is dated long before or after its signature");
    }
    Ok(())
}

fn message(
    request: &VerifiedRequest,
    response: &VerifiedResponse,
    contract: &VerifiedContract,
) -> Result<What, Invalid> {
    let sent: Message = read_payload(request.body()).map_err(Invalid::Body)?;
    check_message(&sent, request, contract).map_err(Invalid::Beyond)?;
    let receipt: Receipt = read_payload(response.body()).map_err(Invalid::Body)?;
    check_receipt(&sent, &receipt, request.body()).map_err(Invalid::ResponseText)?;
    Ok(What::Message(sent, receipt))
}

/// That a message stands on this contract: kind, parties, purpose and headers.
pub(crate) fn check_message(
    sent: &Message,
    request: &VerifiedRequest,
    contract: &VerifiedContract,
) -> Result<(), Refused> {
    let Offered::Reception { messages } = &contract.contract().offer.what else {
        return Err(Refused::WrongContract);
    };
    if !messages.contains(&sent.kind)
        || sent.from != *contract.consumer()
        || sent.to != *contract.provider()
        || sent.contract_hash != contract.hash()
    {
        return Err(Refused::WrongContract);
    }
    if sent.purpose != contract.contract().purpose {
        return Err(Refused::Purpose);
    }
    if sent.matter != request.citation().matter || sent.from != *request.signer() {
        return Err(Refused::Signature);
    }
    Ok(())
}

pub(crate) fn check_receipt(sent: &Message, receipt: &Receipt, body: &[u8]) -> Result<(), &'static str> {
    if receipt.message_id != sent.id || receipt.by != sent.to {
        return Err("it is the receipt of another message");
    }
    if receipt.message_sha256 != base64::url(&digest::sha256(body)) {
        return Err("it is the receipt of other contents");
    }
    Ok(())
}

fn check_record(
    record: &LogRecord,
    id: &str,
    request: &VerifiedRequest,
    response: &VerifiedResponse,
    contract: &VerifiedContract,
) -> Result<(), Invalid> {
    let (body, peer) = match record.side {
        Side::Provider => (contract.provider(), contract.consumer()),
        Side::Consumer => (contract.consumer(), contract.provider()),
    };
    if record.exchange != id {
        return Err(Invalid::Record("another exchange"));
    }
    if record.body != *body || record.peer != *peer {
        return Err(Invalid::Record("other bodies"));
    }
    if record.contract_hash != contract.hash() {
        return Err(Invalid::Record("another contract"));
    }
    if record.request_signature_sha256 != base64::url(&message::signature_sha256(request.http()))
        || record.response_signature_sha256 != base64::url(&message::signature_sha256(response.http()))
    {
        return Err(Invalid::Record("other signatures"));
    }
    Ok(())
}

fn check_place(evidence: &Evidence, logged_by: &Body, statement: &Statement) -> Result<(String, Checkpoint), Invalid> {
    let form = |why: &str| Invalid::Form(why.to_owned());
    let salt: [u8; SALT_BYTES] =
        base64::array_from_url(&evidence.salt).map_err(|_| form("the salt is not 16 bytes of base64url"))?;
    if evidence.inclusion.len() > merkle::PROOF_HASHES_MAX {
        return Err(form("the proof is too long"));
    }
    let inclusion = evidence
        .inclusion
        .iter()
        .map(|hash| base64::array_from_url::<32>(hash))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| form("the proof is not made of hashes"))?;
    let canonical = jcs::canonical_of(&evidence.record).map_err(|e| Invalid::Form(e.to_string()))?;
    let leaf = merkle::leaf_hash(&leaf_data(&salt, &canonical));

    let origin = log_origin(logged_by);
    let note = SignedNote::parse(&evidence.checkpoint)?;
    let text = statement
        .log_keys_of(&logged_by.id)
        .find_map(|key| note.sole_signature_by(&origin, key).ok())
        .ok_or(NoteError::NotSigned)?;
    let checkpoint = Checkpoint::parse(&text)?;
    if checkpoint.origin != origin {
        return Err(Invalid::OtherLog);
    }
    merkle::check_inclusion(
        evidence.leaf_index,
        checkpoint.size,
        &leaf,
        &inclusion,
        &checkpoint.root,
    )?;
    Ok((origin, checkpoint))
}

/// Whether an instant that was written is near the one when it was signed (Unix seconds).
pub(crate) fn near(written: Timestamp, signed_s: i64) -> bool {
    written.as_second().abs_diff(signed_s) <= SKEW.as_secs().unsigned_abs()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    use samverk_domain::terms::{FieldAnswer, MessageKind, Mode, Offer, Subject};
    use samverk_wire::key::Algorithm;
    use serde_json::Value;

    use super::*;
    use crate::trust::contract::tests::{acceptance, contract_in};
    use crate::trust::federation::tests::{World, at, id, name, now, offer, world};
    use crate::trust::federation::{self, FederationView};
    use crate::trust::keys::BodyKeys;
    use crate::trust::message::Citation;
    use crate::trust::message::tests::{TARGET, fresh};

    const NOW: &str = "2026-06-15T10:00:00Z";

    fn ask(contract: &VerifiedContract) -> Ask {
        Ask {
            id: "018f0000-0000-7000-8000-000000000010".to_owned(),
            consumer: id("miljonamnden"),
            contract_hash: contract.hash().to_owned(),
            register: name("skatt"),
            fields: [name("f-skatt")].into(),
            subject: Subject::OrgNr("5599000006".to_owned()),
            mode: Mode::ViaApplicant,
            purpose: "starta-restaurang".to_owned(),
            matter: "018f0000/livsmedel".to_owned(),
            asked_at: now(),
            by: "Livsmedelsregistrering, automatiskt".to_owned(),
        }
    }

    fn answer(ask: &Ask) -> Answer {
        Answer {
            id: ask.id.clone(),
            provider: id("skatteregistret"),
            contract_hash: ask.contract_hash.clone(),
            answered_at: now(),
            fields: BTreeMap::from([(
                name("f-skatt"),
                FieldAnswer::Value {
                    value: "ja".to_owned(),
                    valid_from: None,
                    recorded_at: at("2026-01-15T00:00:00Z"),
                },
            )]),
        }
    }

    fn citation(ask: &Ask) -> Citation {
        Citation {
            contract_hash: ask.contract_hash.clone(),
            purpose: ask.purpose.clone(),
            matter: ask.matter.clone(),
        }
    }

    /// A log of 13 leaves in which ours is the eighth.
    fn logged(record: LogRecord, keys: &BodyKeys, origin: &str) -> LogPlace {
        let salt = [5; SALT_BYTES];
        let canonical = jcs::canonical_of(&record).unwrap();
        let mut nodes = BTreeMap::new();
        for i in 0..13_u8 {
            let leaf = if i == 7 {
                merkle::leaf_hash(&leaf_data(&salt, &canonical))
            } else {
                [i; 32]
            };
            let new = merkle::append(u64::from(i), leaf, |p| Ok::<_, Infallible>(nodes[&p])).unwrap();
            nodes.extend(new);
        }
        let read = |p| Ok::<_, Infallible>(nodes[&p]);
        let checkpoint = Checkpoint {
            origin: origin.to_owned(),
            size: 13,
            root: merkle::root(13, read).unwrap(),
        };
        LogPlace {
            record,
            salt,
            leaf_index: 7,
            inclusion: merkle::inclusion(7, 13, read).unwrap(),
            checkpoint: checkpoint.sign(keys.log()).unwrap(),
        }
    }

    fn record(
        side: Side,
        contract: &VerifiedContract,
        id: &str,
        request: &SignedHttp,
        response: &SignedHttp,
    ) -> LogRecord {
        let (body, peer) = match side {
            Side::Provider => (contract.provider(), contract.consumer()),
            Side::Consumer => (contract.consumer(), contract.provider()),
        };
        LogRecord {
            exchange: id.to_owned(),
            side,
            body: body.clone(),
            peer: peer.clone(),
            contract_hash: contract.hash().to_owned(),
            request_signature_sha256: base64::url(&message::signature_sha256(request)),
            response_signature_sha256: base64::url(&message::signature_sha256(response)),
            at: at(NOW),
        }
    }

    struct Case {
        world: World,
        view: FederationView,
        contract: VerifiedContract,
    }

    fn case() -> Case {
        let world = world();
        Case {
            view: world.view(),
            contract: contract_in(&world),
            world,
        }
    }

    impl Case {
        fn of(&self, side: Side, ask: &Ask, answer: &Answer) -> Result<Evidence, Invalid> {
            let bytes = jcs::canonical_of(ask).unwrap();
            let request =
                message::sign_request(&self.world.consumer, TARGET, &citation(ask), &bytes, &fresh(now())).unwrap();
            let bytes = jcs::canonical_of(answer).unwrap();
            let response = message::sign_response(&self.world.provider, &request, 200, &bytes, &fresh(now())).unwrap();
            self.build(side, &ask.id, &request, &response)
        }

        fn build(
            &self,
            side: Side,
            id: &str,
            request: &SignedHttp,
            response: &SignedHttp,
        ) -> Result<Evidence, Invalid> {
            let record = record(side, &self.contract, id, request, response);
            let (keys, origin) = match side {
                Side::Provider => (
                    &self.world.provider,
                    "https://skatteregistret.example/utbyte/skatteregistret/logg",
                ),
                Side::Consumer => (
                    &self.world.consumer,
                    "https://miljonamnden.example/utbyte/miljonamnden/logg",
                ),
            };
            build(
                request,
                response,
                &self.contract,
                &self.view,
                logged(record, keys, origin),
            )
        }

        fn evidence(&self) -> Evidence {
            let ask = ask(&self.contract);
            self.of(Side::Provider, &ask, &answer(&ask)).unwrap()
        }
    }

    /// A file that holds, and its anchor's thumbprint.
    pub(crate) fn sample() -> (Vec<u8>, String) {
        let case = case();
        let kid = case.world.anchor.signing().public().kid().to_owned();
        (to_file(&case.evidence()).unwrap(), kid)
    }

    #[test]
    fn either_sides_evidence_is_accepted_and_says_who_what_when_and_where() {
        let case = case();
        let ask = ask(&case.contract);
        for side in [Side::Provider, Side::Consumer] {
            let evidence = case.of(side, &ask, &answer(&ask)).unwrap();
            let file = to_file(&evidence).unwrap();
            let report = verify_file(&file, Some(&case.world.pinned())).unwrap();
            assert!(report.anchor_was_pinned);
            assert_eq!(report.requester.name, "Miljönämnden");
            assert_eq!(report.responder.name, "Skattemyndigheten");
            assert_eq!((report.leaf_index, report.checkpoint.size), (7, 13));
            assert!(matches!(&report.what, What::Question(read, _) if *read == ask));
        }
        let report = verify_file(&to_file(&case.evidence()).unwrap(), None).unwrap();
        assert!(!report.anchor_was_pinned);
        assert_eq!(report.anchor_kid, case.world.anchor.signing().public().kid());
    }

    #[test]
    fn every_changed_byte_of_the_file_is_noticed() {
        let case = case();
        let file = to_file(&case.evidence()).unwrap();
        assert!(verify_file(&file, None).is_ok());
        for i in 0..file.len() {
            let mut changed = file.clone();
            changed[i] ^= 1;
            assert!(
                verify_file(&changed, None).is_err(),
                "byte {i} of {}",
                String::from_utf8_lossy(&file)
            );
        }
        for cut in [0, 1, file.len() / 2, file.len() - 1] {
            assert!(verify_file(&file[..cut], None).is_err());
        }
        assert!(verify_file(&[file.as_slice(), b"\n"].concat(), None).is_err());
    }

    /// As above, but the file is put into canonical form again, so that nothing is refused for its form alone.
    #[test]
    fn every_changed_character_of_every_value_is_noticed() {
        let case = case();
        let evidence = serde_json::to_value(case.evidence()).unwrap();
        let mut changes = vec![];
        for_each_change(&evidence, &mut vec![], &mut |path, to| {
            changes.push((path.to_vec(), to))
        });
        let threads = std::thread::available_parallelism().unwrap().get();
        std::thread::scope(|scope| {
            for part in changes.chunks(changes.len().div_ceil(threads)) {
                let evidence = &evidence;
                scope.spawn(move || {
                    for (path, to) in part {
                        let mut changed = evidence.clone();
                        *at_path(&mut changed, path) = to.clone();
                        let file = jcs::canonical(&changed).unwrap();
                        assert!(verify_file(&file, None).is_err(), "{path:?}");
                    }
                });
            }
        });
        assert!(changes.len() > 5_000, "{}", changes.len());
    }

    fn at_path<'a>(value: &'a mut Value, path: &[String]) -> &'a mut Value {
        path.iter().fold(value, |value, step| match value {
            Value::Array(items) => &mut items[step.parse::<usize>().unwrap()],
            _ => &mut value[step.as_str()],
        })
    }

    /// One change for every character of every text, and some for every other value.
    fn for_each_change(value: &Value, path: &mut Vec<String>, change: &mut impl FnMut(&[String], Value)) {
        match value {
            Value::String(text) => {
                for (i, c) in text.char_indices() {
                    let other = if c == 'A' { 'B' } else { 'A' };
                    change(
                        path,
                        Value::String(format!("{}{other}{}", &text[..i], &text[i + c.len_utf8()..])),
                    );
                }
                change(path, Value::String(format!("{text}A")));
                change(path, Value::Null);
            }
            Value::Number(number) => {
                let number = number.as_u64().unwrap();
                change(path, Value::from(number + 1));
                change(path, Value::from(number.wrapping_sub(1) & 0xff));
            }
            Value::Bool(b) => change(path, Value::Bool(!b)),
            Value::Null => change(path, Value::from(1)),
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    path.push(i.to_string());
                    for_each_change(item, path, change);
                    path.pop();
                    let mut fewer = items.clone();
                    fewer.remove(i);
                    change(path, Value::Array(fewer));
                }
                let mut more = items.clone();
                more.push(items.first().cloned().unwrap_or(Value::from("A")));
                change(path, Value::Array(more));
            }
            Value::Object(members) => {
                for (key, member) in members {
                    path.push(key.clone());
                    for_each_change(member, path, change);
                    path.pop();
                    let mut fewer = members.clone();
                    fewer.remove(key);
                    change(path, Value::Object(fewer));
                }
                let mut more = members.clone();
                more.insert("okänt".to_owned(), Value::Null);
                change(path, Value::Object(more));
            }
        }
    }

    #[test]
    fn evidence_under_another_anchor_is_refused() {
        let case = case();
        let evidence = case.evidence();
        let stranger = Anchor::Key(case.world.consumer.signing().public().clone());
        assert!(matches!(
            verify(&evidence, Some(&stranger)),
            Err(Invalid::Federation(Untrusted::AnotherAnchor { .. }))
        ));
        let mut expired = case.world.federation.clone();
        expired.expires_at = at("2026-06-15T09:00:00Z");
        let mut evidence = evidence;
        evidence.federation = federation::sign(&expired, &case.world.anchor).unwrap();
        assert!(matches!(
            verify(&evidence, None),
            Err(Invalid::Federation(Untrusted::Expired(_)))
        ));
    }

    #[test]
    fn a_question_outside_its_contract_makes_no_evidence() {
        let case = case();
        let why = |change: &dyn Fn(&mut Ask)| {
            let mut wrong = ask(&case.contract);
            change(&mut wrong);
            let answer = Answer {
                fields: wrong
                    .fields
                    .iter()
                    .map(|f| (f.clone(), FieldAnswer::NoRecord))
                    .collect(),
                ..answer(&wrong)
            };
            case.of(Side::Provider, &wrong, &answer).unwrap_err()
        };
        assert!(matches!(
            why(&|a| a.fields = [name("moms")].into()),
            Invalid::Beyond(Refused::Field(_))
        ));
        assert!(matches!(
            why(&|a| a.register = name("bolag")),
            Invalid::Beyond(Refused::WrongContract)
        ));
        assert!(matches!(
            why(&|a| a.purpose = "annat".to_owned()),
            Invalid::RequestText(_)
        ));
        assert!(matches!(why(&|a| a.consumer = id("ankaret")), Invalid::Beyond(_)));
        assert!(matches!(
            why(&|a| a.contract_hash = "x".to_owned()),
            Invalid::RequestText(_)
        ));
        assert!(matches!(
            why(&|a| a.asked_at = at("2026-06-15T09:00:00Z")),
            Invalid::RequestText(_)
        ));
    }

    #[test]
    fn an_answer_to_something_else_makes_no_evidence() {
        let case = case();
        let ask = ask(&case.contract);
        let why = |change: &dyn Fn(&mut Answer)| {
            let mut wrong = answer(&ask);
            change(&mut wrong);
            case.of(Side::Provider, &ask, &wrong).unwrap_err()
        };
        assert!(matches!(why(&|a| a.id = "x".to_owned()), Invalid::ResponseText(_)));
        assert!(matches!(why(&|a| a.fields.clear()), Invalid::ResponseText(_)));
        assert!(matches!(
            why(&|a| drop(a.fields.insert(name("moms"), FieldAnswer::NoRecord))),
            Invalid::ResponseText(_)
        ));
        assert!(matches!(why(&|a| a.provider = id("ankaret")), Invalid::ResponseText(_)));
        assert!(matches!(
            why(&|a| a.contract_hash = "x".to_owned()),
            Invalid::ResponseText(_)
        ));
        assert!(matches!(
            why(&|a| a.answered_at = at("2026-06-15T09:00:00Z")),
            Invalid::ResponseText(_)
        ));
    }

    #[test]
    fn a_head_by_another_log_or_key_is_refused() {
        let case = case();
        let ask = ask(&case.contract);
        let provider = case.of(Side::Provider, &ask, &answer(&ask)).unwrap();
        let consumer = case.of(Side::Consumer, &ask, &answer(&ask)).unwrap();
        let mut mixed = provider.clone();
        mixed.checkpoint = consumer.checkpoint;
        assert!(matches!(
            verify(&mixed, None),
            Err(Invalid::Checkpoint(NoteError::NotSigned))
        ));
        let mut mixed = provider;
        mixed.record = consumer.record;
        assert!(verify(&mixed, None).is_err());
    }

    #[test]
    fn a_message_and_its_receipt_are_evidence_too() {
        let mut case = case();
        let reception = Offer {
            what: Offered::Reception {
                messages: [MessageKind::Application].into(),
            },
            ..offer()
        };
        let wish = contract::Acceptance {
            fields: Default::default(),
            ..acceptance()
        };
        let accepted = contract::accept(&reception, wish, &case.world.consumer).unwrap();
        let signed_offer = contract::sign_offer(&reception, &case.world.provider).unwrap();
        case.contract = contract::countersign(accepted, &signed_offer, &case.world.provider, &case.view).unwrap();

        let sent = Message {
            id: "018f0000-0000-7000-8000-000000000020".to_owned(),
            kind: MessageKind::Application,
            from: id("miljonamnden"),
            to: id("skatteregistret"),
            contract_hash: case.contract.hash().to_owned(),
            purpose: "starta-restaurang".to_owned(),
            matter: "m".to_owned(),
            sent_at: now(),
            payload: serde_json::json!({"n": 1}),
        };
        let target = "https://skatteregistret.example/utbyte/skatteregistret/meddelande";
        let of = |sent: &Message, receipt_of: &str| {
            let bytes = jcs::canonical_of(sent).unwrap();
            let citation = Citation {
                contract_hash: sent.contract_hash.clone(),
                purpose: sent.purpose.clone(),
                matter: sent.matter.clone(),
            };
            let request =
                message::sign_request(&case.world.consumer, target, &citation, &bytes, &fresh(now())).unwrap();
            let receipt = Receipt {
                message_id: receipt_of.to_owned(),
                by: id("skatteregistret"),
                received_at: now(),
                message_sha256: base64::url(&digest::sha256(&bytes)),
            };
            let bytes = jcs::canonical_of(&receipt).unwrap();
            let response = message::sign_response(&case.world.provider, &request, 200, &bytes, &fresh(now())).unwrap();
            case.build(Side::Consumer, &sent.id, &request, &response)
        };
        let report = verify(&of(&sent, &sent.id).unwrap(), None).unwrap();
        assert!(matches!(report.what, What::Message(..)));
        assert!(matches!(of(&sent, "another"), Err(Invalid::ResponseText(_))));
        let other_kind = Message {
            kind: MessageKind::Referral,
            ..sent
        };
        assert!(matches!(
            of(&other_kind, &other_kind.id),
            Err(Invalid::Beyond(Refused::WrongContract))
        ));
    }

    #[test]
    fn bodies_with_p_256_keys_are_believed_as_well() {
        let mut world = world();
        world.provider = BodyKeys::generate(&id("skatteregistret"), Algorithm::P256, |bytes| {
            bytes.fill(0x21);
            bytes[0] = bytes.len() as u8;
        })
        .unwrap();
        world.federation.bodies[1].keys = world.provider.public_jwks();
        world.federation.offers.clear();
        let case = Case {
            view: world.view(),
            contract: contract_in(&world),
            world,
        };
        assert!(verify(&case.evidence(), Some(&case.world.pinned())).is_ok());
    }
}
