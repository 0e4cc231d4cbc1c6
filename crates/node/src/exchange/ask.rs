//! The consumer's side of a question: find the contract, ask, believe, log, and only then use.
//!
//! Always true: an answer is handed out only after the record of it and the encrypted messages are on disk; one id has one
//! answer, however often it is asked; an answer that is not signed by the register's keeper, or that answers another
//! question, is no answer.

use std::sync::Arc;

use jiff::Timestamp;
use samverk_domain::fact::Name;
use samverk_domain::terms::{Answer, Ask, BodyId, FieldAnswer, Mode, Refused, Side, Subject, ask_within};
use samverk_store::exchanges::{self, Begun, Ended, State};
use samverk_store::{StoreError, Tx};
use samverk_wire::jcs;

use super::contents::{ExchangeKey, Place, subject_mark};
use super::contracts::{self, Need, NoTerms};
use super::log::{self, Said};
use super::microseconds;
use super::transport::{self, NoResponse};
use crate::ctx::Ctx;
use crate::node::Node;
use crate::trust::contract::VerifiedContract;
use crate::trust::current::NoFederation;
use crate::trust::evidence::check_answer;
use crate::trust::federation::{FederationView, endpoint};
use crate::trust::message::{self, Citation, Fresh, VerifiedResponse, signature_sha256};
use crate::trust::read_payload;

/// An answer is one field.
pub const ANSWER_BYTES_MAX: usize = 256 << 10;

/// One question about one field of one subject (decision 0002). The context says who asks and for which purpose.
#[derive(Clone, Debug)]
pub struct Question {
    /// UUIDv7, chosen by the asker and kept: the same id gives the same answer.
    pub id: String,
    pub register: Name,
    pub field: Name,
    pub subject: Subject,
    pub mode: Mode,
    /// The matter's reference; never an identity number.
    pub matter: String,
    /// For insight: which function asks, `Livsmedelsregistrering, automatiskt`.
    pub by: String,
}

/// A believed and logged answer. Its evidence: [`super::export::evidence`] by `exchange`, on the consumer's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    pub exchange: String,
    pub provider: BodyId,
    pub answered_at: Timestamp,
    pub said: FieldAnswer,
}

/// Why there is no answer, by what the asker can do.
#[derive(Debug, thiserror::Error)]
pub enum NotAnswered {
    /// Nobody has agreed to this: ask the person instead.
    #[error("{0}")]
    NoContract(String),
    /// It was agreed and has been ended: ask the person instead, and say why.
    #[error("{0}")]
    Revoked(String),
    /// The register's keeper said no, and signed it.
    #[error("{provider} refused: {why}")]
    Refused { provider: BodyId, why: Refused },
    /// Out of function: try again later, or do as the service says for that.
    #[error("{provider} is out of function: {why}")]
    Down { provider: BodyId, why: String },
    /// What came back does not hold. Treated as out of function; an operator should look.
    #[error("what came from {provider} is not believed: {why}")]
    NotBelieved { provider: BodyId, why: String },
    #[error("nobody in the federation keeps the register {0}")]
    NoKeeper(Name),
    /// The id was used for another question. Our fault.
    #[error("the id was used for another question")]
    IdUsed,
    #[error("{0} is not a body of this node")]
    NotOurs(BodyId),
    #[error(transparent)]
    Federation(#[from] NoFederation),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The node's secret does not open what it once closed.
    #[error("an exchange in the store does not open; was keys/node.secret replaced?")]
    Broken,
}

impl From<NoTerms> for NotAnswered {
    fn from(why: NoTerms) -> Self {
        match why {
            NoTerms::Nothing { .. } => Self::NoContract(why.to_string()),
            NoTerms::Revoked(_) => Self::Revoked(why.to_string()),
            NoTerms::Store(why) => Self::Store(why),
        }
    }
}

/// Asks the keeper of the register, in the name of the context's body.
pub async fn ask(ctx: &Ctx, node: &Arc<Node>, question: &Question) -> Result<Answered, NotAnswered> {
    let now = microseconds(node.clock.now());
    if !node.keys.contains_key(&ctx.body) {
        return Err(NotAnswered::NotOurs(ctx.body.clone()));
    }
    let federation = node.federation.view(now)?;
    let keeper = federation
        .federation()
        .keeper(&question.register)
        .ok_or_else(|| NotAnswered::NoKeeper(question.register.clone()))?;

    let before = {
        let (ctx, node, question) = (ctx.clone(), Arc::clone(node), question.clone());
        let (federation, provider) = (Arc::clone(&federation), keeper.id.clone());
        Arc::clone(&node)
            .store
            .read("exchange.before_asking", move |tx| {
                if let Some(answered) = answered_before(&ctx, tx, &node, &question)? {
                    return Ok(Before::Answered(answered));
                }
                let need = Need::Field {
                    register: &question.register,
                    field: &question.field,
                    mode: question.mode,
                };
                let contract = contracts::find(&ctx, tx, &federation, &provider, &need)?;
                Ok::<_, NotAnswered>(Before::Ask(Box::new(contract)))
            })
            .await?
    };
    let contract = match before {
        Before::Answered(answered) => return Ok(answered),
        Before::Ask(contract) => *contract,
    };

    let asked = Ask {
        id: question.id.clone(),
        consumer: ctx.body.clone(),
        contract_hash: contract.hash().to_owned(),
        register: question.register.clone(),
        fields: [question.field.clone()].into(),
        subject: question.subject.clone(),
        mode: question.mode,
        purpose: ctx.ground.purpose.clone(),
        matter: question.matter.clone(),
        asked_at: now,
        by: question.by.clone(),
    };
    ask_within(contract.contract(), &asked).map_err(|why| NotAnswered::NoContract(why.to_string()))?;
    let response = put(
        node,
        &federation,
        &contract,
        &asked,
        &format!("{}/fraga", endpoint(keeper)),
    )
    .await?;
    use_answer(ctx, node, contract, asked, response).await
}

enum Before {
    Answered(Answered),
    Ask(Box<VerifiedContract>),
}

/// The exchange as it was sent, with what came back.
struct Put {
    request: samverk_domain::terms::SignedHttp,
    response: VerifiedResponse,
    answer: Answer,
}

/// Signs and sends the question, and believes the answer or not.
async fn put(
    node: &Node,
    federation: &FederationView,
    contract: &VerifiedContract,
    asked: &Ask,
    target: &str,
) -> Result<Put, NotAnswered> {
    let provider = contract.provider();
    let not_believed = |why: String| NotAnswered::NotBelieved {
        provider: provider.clone(),
        why,
    };
    let keys = node
        .keys
        .get(&asked.consumer)
        .ok_or_else(|| NotAnswered::NotOurs(asked.consumer.clone()))?;
    let citation = Citation {
        contract_hash: asked.contract_hash.clone(),
        purpose: asked.purpose.clone(),
        matter: asked.matter.clone(),
    };
    let fresh = Fresh {
        now: asked.asked_at,
        nonce: node.chance.token(),
    };
    let body = jcs::canonical_of(asked).map_err(|why| not_believed(why.to_string()))?;
    let request = message::sign_request(keys, target, &citation, &body, &fresh)
        .map_err(|why| NotAnswered::NoContract(format!("the question cannot be signed: {why}")))?;
    let response = transport::send(node, federation, provider, &request, ANSWER_BYTES_MAX)
        .await
        .map_err(|why| match why {
            NoResponse::Down(provider, why) => NotAnswered::Down { provider, why },
            NoResponse::Refused(provider, Refused::Revoked) => {
                NotAnswered::Revoked(format!("{provider} says that the contract was ended"))
            }
            NoResponse::Refused(provider, why) => NotAnswered::Refused { provider, why },
            NoResponse::NotBelieved(provider, why) => NotAnswered::NotBelieved {
                provider,
                why: why.to_string(),
            },
        })?;
    let answer: Answer = read_payload(response.body()).map_err(|why| not_believed(why.to_string()))?;
    check_answer(asked, &answer, contract, response.created()).map_err(|why| not_believed(why.to_owned()))?;
    Ok(Put {
        request,
        response,
        answer,
    })
}

/// Writes the record and the messages, and hands the answer out when they are on disk.
async fn use_answer(
    ctx: &Ctx,
    node: &Arc<Node>,
    contract: VerifiedContract,
    asked: Ask,
    put: Put,
) -> Result<Answered, NotAnswered> {
    let said = put
        .answer
        .fields
        .values()
        .next()
        .cloned()
        .ok_or_else(|| NotAnswered::NotBelieved {
            provider: contract.provider().clone(),
            why: "it holds no field".to_owned(),
        })?;
    let answered = Answered {
        exchange: asked.id.clone(),
        provider: contract.provider().clone(),
        answered_at: put.answer.answered_at,
        said,
    };
    let now = microseconds(node.clock.now());
    let (ctx, node) = (ctx.clone(), Arc::clone(node));
    Arc::clone(&node)
        .store
        .run("exchange.use", move |tx| {
            // Two workers may have asked with one id; the first answer stands.
            if exchanges::exchange(tx, &ctx.body, Side::Consumer, &asked.id)?.is_some() {
                return Ok(());
            }
            let begun = Whole {
                body: &ctx.body,
                side: Side::Consumer,
                peer: contract.provider(),
                ground: &contract.contract().processing_ground,
                asked: &asked,
                request: &put.request,
                response: put.response.http(),
                at: now,
            };
            begun.keep(tx, &node)
        })
        .await
        .map_err(NotAnswered::Store)?;
    Ok(answered)
}

/// A question with its answer, as one side keeps it.
pub(super) struct Whole<'a> {
    pub body: &'a BodyId,
    pub side: Side,
    pub peer: &'a BodyId,
    /// Lagrum, as this side reads it.
    pub ground: &'a str,
    pub asked: &'a Ask,
    pub request: &'a samverk_domain::terms::SignedHttp,
    pub response: &'a samverk_domain::terms::SignedHttp,
    pub at: Timestamp,
}

impl Whole<'_> {
    /// Seals the record in the log and keeps both messages, encrypted.
    pub fn keep(&self, tx: &mut Tx, node: &Node) -> Result<(), StoreError> {
        let asked = self.asked;
        let log_index = log::seal(
            tx,
            node,
            &Said {
                exchange: &asked.id,
                side: self.side,
                body: self.body,
                peer: self.peer,
                contract_hash: &asked.contract_hash,
                request: self.request,
                response: self.response,
                at: self.at,
            },
        )?;
        let place = Place {
            body: self.body,
            side: self.side,
            id: &asked.id,
        };
        let key = ExchangeKey::new(node, place);
        let bytes = jcs::canonical_of(asked).expect("a question holds texts only");
        exchanges::begin(
            tx,
            &Begun {
                body: self.body.clone(),
                side: self.side,
                id: asked.id.clone(),
                peer: self.peer.clone(),
                contract_hash: asked.contract_hash.clone(),
                what: asked.register.to_string(),
                fields: asked.fields.iter().map(Name::to_string).collect(),
                purpose: asked.purpose.clone(),
                ground: self.ground.to_owned(),
                matter: asked.matter.clone(),
                asked_by: asked.by.clone(),
                request_signature_sha256: Some(signature_sha256(self.request)),
                request: key.close_request(node, place, &bytes),
                wrapped_key: key.wrapped.clone(),
                subjects: subject_mark(node, self.body, &asked.subject).into_iter().collect(),
                at: asked.asked_at,
            },
        )?;
        exchanges::end(
            tx,
            self.body,
            self.side,
            &asked.id,
            &Ended {
                state: State::Answered,
                response_signature_sha256: Some(signature_sha256(self.response)),
                response: Some(key.close_signed(node, place, self.request, self.response)),
                log_index: Some(log_index),
                at: self.at,
            },
        )?;
        Ok(())
    }
}

/// The answer that this id was given before. Another question under the same id is an error.
fn answered_before(ctx: &Ctx, tx: &mut Tx, node: &Node, question: &Question) -> Result<Option<Answered>, NotAnswered> {
    if exchanges::exchange(tx, &ctx.body, Side::Consumer, &question.id)?.is_none() {
        return Ok(None);
    }
    let sealed = exchanges::sealed(tx, &ctx.body, Side::Consumer, &question.id)?.ok_or(NotAnswered::IdUsed)?;
    let place = Place {
        body: &ctx.body,
        side: Side::Consumer,
        id: &question.id,
    };
    let key = ExchangeKey::unwrap(node, place, &sealed).map_err(|_| NotAnswered::Broken)?;
    let asked = key.open_request(place, &sealed).map_err(|_| NotAnswered::Broken)?;
    let asked: Ask = read_payload(&asked).map_err(|_| NotAnswered::Broken)?;
    let same = asked.register == question.register
        && asked.fields.iter().eq([&question.field])
        && asked.subject == question.subject
        && asked.mode == question.mode
        && asked.purpose == ctx.ground.purpose;
    if !same {
        return Err(NotAnswered::IdUsed);
    }
    let signed = key.open_signed(place, &sealed).map_err(|_| NotAnswered::Broken)?;
    let bytes = samverk_wire::base64::from_url(&signed.response.body).map_err(|_| NotAnswered::Broken)?;
    let answer: Answer = read_payload(&bytes).map_err(|_| NotAnswered::Broken)?;
    let said = answer.fields.get(&question.field).cloned().ok_or(NotAnswered::Broken)?;
    Ok(Some(Answered {
        exchange: question.id.clone(),
        provider: answer.provider,
        answered_at: answer.answered_at,
        said,
    }))
}
