//! Two nodes on this machine's loopback, one federation, a settable clock: what holds between bodies, and what is refused.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};
use samverk_domain::fact::Name;
use samverk_domain::terms::{
    Ask, Body, BodyId, BodyKind, Evidence, Federation, FieldAnswer, FieldError, Message, MessageKind, Mode, Offer,
    Offered, Receipt, Refused, Side, SignedHttp, Subject,
};
use samverk_domain::words::law::Lagrum;
use samverk_store::jobs::{self, Job};
use samverk_store::registers::{self, Entry, SubjectKey};
use samverk_store::{StoreError, exchanges, sealed_log};
use samverk_wire::key::Algorithm;
use samverk_wire::note::{Checkpoint, SignedNote};
use samverk_wire::{base64, jcs, jwk, merkle};
use tokio::task::JoinHandle;

use super::contracts::{self, NotAgreed, Wanted, Wish};
use super::message::{Handler, NotTaken, Outgoing};
use super::transport::{self, NoResponse};
use super::{Answered, NotAnswered, Question, ask, export, http, insight, message};
use crate::chance::Chance;
use crate::clock::{Clock, Moment, Settable};
use crate::config::Config;
use crate::ctx::{Actor, Basis, Ctx, Ground, TraceId};
use crate::jobs::NotDone;
use crate::node::{Node, Surroundings};
use crate::trust::contract::VerifiedContract;
use crate::trust::keys::BodyKeys;
use crate::trust::message::{Citation, Fresh, sign_request, sign_response};
use crate::trust::{contract, current, evidence, federation};

const COMPANY: &str = "5599000006";
/// One of Skatteverket's published test numbers.
const PROTECTED: &str = "198404272380";
const START: &str = "2026-06-15T10:00:00Z";

fn id(text: &str) -> BodyId {
    BodyId::parse(text).unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

static TAKEN: AtomicU32 = AtomicU32::new(0);

/// Takes applications; a payload that says it is bad is not understood.
static HANDLERS: &[Handler] = &[Handler {
    kind: MessageKind::Application,
    subjects: |message| {
        vec![Subject::OrgNr(
            message.payload["company"].as_str().unwrap_or_default().to_owned(),
        )]
    },
    receive: |_, tx, _, message| {
        if message.payload["bad"] == true {
            return Err(NotTaken::Refused(Refused::Contents));
        }
        TAKEN.fetch_add(1, Ordering::SeqCst);
        jobs::enqueue(tx, "test.taken", &message.id, "", message.sent_at)?;
        Ok(())
    },
    delivered: |ctx, tx, _, message, receipt| {
        jobs::enqueue(
            tx,
            "test.delivered",
            &message.id,
            &receipt.message_sha256,
            ctx.at.instant,
        )?;
        Ok(())
    },
}];

/// One node with its doors open.
struct Running {
    node: Arc<Node>,
    _dir: tempfile::TempDir,
    port: u16,
    server: JoinHandle<()>,
}

impl Running {
    async fn open(body: &str, anchor: &BodyKeys, clock: Clock, seed: u64) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let key = jwk::write(anchor.signing().public());
        let dir = tempfile::tempdir().unwrap();
        let config = format!(
            r#"
            name = "{body}"
            base_url = "http://127.0.0.1:{port}"
            listen = "127.0.0.1:{port}"
            [[bodies]]
            id = "{body}"
            name = "{body}"
            name_en = "{body}"
            [federation]
            file = "published.jws"
            anchor_key = {{ kty = "OKP", crv = "Ed25519", x = {} }}
            "#,
            key["x"]
        );
        let config = Config::parse(&config, dir.path()).unwrap();
        let surroundings = Surroundings {
            clock,
            chance: Chance::seeded(seed),
        };
        let node = Node::open(dir.path(), config, surroundings).unwrap();
        let mut running = Self {
            node,
            _dir: dir,
            port,
            server: tokio::spawn(async {}),
        };
        running.serve(listener);
        running
    }

    fn serve(&mut self, listener: tokio::net::TcpListener) {
        let app = http::routes_with(HANDLERS).with_state(Arc::clone(&self.node));
        self.server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    }

    async fn stop(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
    }

    async fn start_again(&mut self) {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.serve(listener);
    }

    fn body(&self) -> BodyId {
        self.node.config.host().id.clone()
    }

    fn keys(&self) -> &BodyKeys {
        &self.node.keys[&self.body()]
    }

    async fn leaves(&self) -> u64 {
        let body = self.body();
        let size: Result<u64, StoreError> = self
            .node
            .store
            .read("test", move |tx| sealed_log::size(tx, &body))
            .await;
        size.unwrap()
    }

    async fn evidence(&self, side: Side, exchange: &str) -> Result<Evidence, export::NoEvidence> {
        export::evidence(&self.node, &self.body(), side, exchange).await
    }
}

/// `skatteregistret` keeps the register `skatt` and takes applications; `miljonamnden` asks and sends.
struct World {
    provider: Running,
    consumer: Running,
    anchor: BodyKeys,
    hand: Settable,
}

fn body(running: &Running, registers: &[&str]) -> Body {
    Body {
        id: running.body(),
        name: running.body().to_string(),
        name_en: running.body().to_string(),
        part_of: "Exempel".to_owned(),
        kind: BodyKind::Agency,
        orgnr: "2021005448".to_owned(),
        node: running.node.config.base_url.clone(),
        hosted_by: None,
        keys: running.keys().public_jwks(),
        tasks: vec![],
        registers: registers.iter().map(|r| name(r)).collect(),
        theme: String::new(),
    }
}

fn offer(what: Offered) -> Offer {
    Offer {
        id: "o".to_owned(),
        provider: id("skatteregistret"),
        what,
        purposes: vec!["starta-restaurang".to_owned()],
        disclosure_ground: "2009:400 10 kap. 28 §".to_owned(),
        valid_from: at("2026-01-01T00:00:00Z"),
        valid_to: at("2027-01-01T00:00:00Z"),
        retention_days: 365,
        rate_per_minute: 5,
        conditions: String::new(),
    }
}

fn register_offer() -> Offered {
    Offered::Register {
        register: name("skatt"),
        fields: [name("f-skatt"), name("moms")].into(),
        modes: BTreeSet::from([Mode::Direct]),
    }
}

impl World {
    async fn new() -> Self {
        let (clock, hand) = Clock::settable(at(START));
        let anchor = BodyKeys::generate(&id("ankaret"), Algorithm::Ed25519, |bytes| bytes.fill(1)).unwrap();
        let provider = Running::open("skatteregistret", &anchor, clock.clone(), 1).await;
        let consumer = Running::open("miljonamnden", &anchor, clock, 2).await;
        let world = Self {
            provider,
            consumer,
            anchor,
            hand,
        };
        world.publish().await;
        world.import("f-skatt", Some("ja"), 1).await;
        world
    }

    async fn publish(&self) {
        let mut anchor = body(&self.provider, &[]);
        anchor.id = id("ankaret");
        anchor.keys = self.anchor.public_jwks();
        let sign = |what| contract::sign_offer(&offer(what), self.provider.keys()).unwrap();
        let messages = BTreeSet::from([MessageKind::Application]);
        let statement = Federation {
            name: "Exempelfederationen".to_owned(),
            anchor: anchor.id.clone(),
            issued_at: at("2026-06-15T00:00:00Z"),
            expires_at: at("2026-06-22T00:00:00Z"),
            bodies: vec![anchor, body(&self.provider, &["skatt"]), body(&self.consumer, &[])],
            adoptions: vec![],
            offers: vec![sign(register_offer()), sign(Offered::Reception { messages })],
        };
        let jws = federation::sign(&statement, &self.anchor).unwrap();
        for running in [&self.provider, &self.consumer] {
            std::fs::write(running.node.dir.join("published.jws"), &jws).unwrap();
            current::refresh(&running.node).await.unwrap();
        }
    }

    async fn import(&self, field: &str, value: Option<&str>, number: u8) {
        let (field, value) = (name(field), value.map(str::to_owned));
        let result: Result<(), StoreError> = self
            .provider
            .node
            .store
            .run("test", move |tx| {
                let (body, register) = (id("skatteregistret"), name("skatt"));
                registers::keep_field(tx, &body, &register, &field, "ja/nej")?;
                let then = at("2026-03-01T00:00:00Z") + SignedDuration::from_hours(i64::from(number));
                let import = registers::begin_import(tx, &body, &register, &[number; 32], then)?;
                let entry = |line, subject, protected| Entry {
                    line,
                    subject,
                    protected,
                    producer: body.clone(),
                    valid_from: None,
                    values: vec![(field.clone(), value.clone())],
                };
                let company = SubjectKey {
                    kind: "orgnr",
                    number: COMPANY.to_owned(),
                };
                let person = SubjectKey {
                    kind: "personnr",
                    number: PROTECTED.to_owned(),
                };
                registers::take(tx, &import, &[entry(2, company, false), entry(3, person, true)], then)?;
                Ok(())
            })
            .await;
        result.unwrap();
    }

    fn ctx(&self, of: &Running) -> Ctx {
        Ctx {
            who: Actor::System,
            body: of.body(),
            ground: Ground {
                basis: Basis::Law(Lagrum::parse("2006:804 22 §").unwrap()),
                purpose: "starta-restaurang".to_owned(),
            },
            at: Moment::at(of.node.clock.now()),
            trace: TraceId::new(&of.node.chance),
        }
    }

    async fn agree(&self, what: Wanted) -> VerifiedContract {
        let wish = Wish {
            provider: self.provider.body(),
            what,
            purpose: "starta-restaurang".to_owned(),
            processing_ground: "2006:804 22 §".to_owned(),
        };
        contracts::agree(&self.ctx(&self.consumer), &self.consumer.node, &wish)
            .await
            .unwrap()
    }

    async fn agree_on_f_skatt(&self) -> VerifiedContract {
        self.agree(Wanted::Fields {
            register: name("skatt"),
            fields: [name("f-skatt")].into(),
        })
        .await
    }

    async fn agree_on_applications(&self) -> VerifiedContract {
        self.agree(Wanted::Reception([MessageKind::Application].into())).await
    }

    fn question(&self, number: u8) -> Question {
        Question {
            id: format!("018f0000-0000-7000-8000-0000000000{number:02}"),
            register: name("skatt"),
            field: name("f-skatt"),
            subject: Subject::OrgNr(COMPANY.to_owned()),
            mode: Mode::Direct,
            matter: "MN-2026-1".to_owned(),
            by: "Livsmedelsregistrering, automatiskt".to_owned(),
        }
    }

    async fn ask(&self, question: &Question) -> Result<Answered, NotAnswered> {
        ask(&self.ctx(&self.consumer), &self.consumer.node, question).await
    }

    /// A question as the consumer's node would never send it.
    fn raw(&self, contract: &VerifiedContract, change: impl FnOnce(&mut Ask)) -> Ask {
        let question = self.question(90);
        let mut asked = Ask {
            id: question.id,
            consumer: self.consumer.body(),
            contract_hash: contract.hash().to_owned(),
            register: question.register,
            fields: [question.field].into(),
            subject: question.subject,
            mode: question.mode,
            purpose: "starta-restaurang".to_owned(),
            matter: question.matter,
            asked_at: self.consumer.node.clock.now(),
            by: question.by,
        };
        change(&mut asked);
        asked
    }

    fn signed(&self, keys: &BodyKeys, asked: &Ask) -> SignedHttp {
        let target = format!("{}/utbyte/skatteregistret/fraga", self.provider.node.config.base_url);
        let citation = Citation {
            contract_hash: asked.contract_hash.clone(),
            purpose: asked.purpose.clone(),
            matter: asked.matter.clone(),
        };
        let fresh = Fresh {
            now: asked.asked_at,
            nonce: self.consumer.node.chance.token(),
        };
        sign_request(keys, &target, &citation, &jcs::canonical_of(asked).unwrap(), &fresh).unwrap()
    }

    async fn send(&self, request: &SignedHttp) -> Result<samverk_domain::terms::Answer, NoResponse> {
        let node = &self.consumer.node;
        let view = node.federation.view(node.clock.now()).unwrap();
        let response = transport::send(node, &view, &self.provider.body(), request, 1 << 20).await?;
        Ok(serde_json::from_slice(response.body()).unwrap())
    }

    async fn refusal(&self, keys: &BodyKeys, asked: &Ask) -> Refused {
        match self.send(&self.signed(keys, asked)).await {
            Err(NoResponse::Refused(_, why)) => why,
            other => panic!("{other:?}"),
        }
    }
}

fn value(said: &FieldAnswer) -> &str {
    match said {
        FieldAnswer::Value { value, .. } => value,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_is_in_both_logs_and_either_side_can_prove_it() {
    let world = World::new().await;
    world.agree_on_f_skatt().await;
    let question = world.question(1);
    let answered = world.ask(&question).await.unwrap();
    assert_eq!(value(&answered.said), "ja");
    assert_eq!((world.provider.leaves().await, world.consumer.leaves().await), (1, 1));
    let anchor = federation::Anchor::Key(world.anchor.signing().public().clone());
    for (running, side) in [(&world.provider, Side::Provider), (&world.consumer, Side::Consumer)] {
        let proof = running.evidence(side, &question.id).await.unwrap();
        let file = evidence::to_file(&proof).unwrap();
        let report = evidence::verify_file(&file, Some(&anchor)).unwrap();
        assert_eq!(report.requester.id, id("miljonamnden"));
        assert!(matches!(report.what, evidence::What::Question(..)));
    }
}

#[tokio::test]
async fn one_id_has_one_answer_however_often_it_is_asked() {
    let mut world = World::new().await;
    let contract = world.agree_on_f_skatt().await;
    let question = world.question(1);
    let first = world.ask(&question).await.unwrap();
    world.provider.stop().await;
    assert_eq!(world.ask(&question).await.unwrap(), first, "the provider is not needed");
    let other = Question {
        subject: Subject::OrgNr("5599000014".to_owned()),
        ..question
    };
    assert!(matches!(world.ask(&other).await, Err(NotAnswered::IdUsed)));

    // The consumer crashed before it could keep the answer, and asks again with a new signature: the register has changed,
    // the answer has not.
    world.provider.start_again().await;
    let asked = world.raw(&contract, |_| ());
    let one = world.send(&world.signed(world.consumer.keys(), &asked)).await.unwrap();
    world.import("f-skatt", Some("nej"), 2).await;
    world.hand.advance(SignedDuration::from_secs(10));
    let again = Ask {
        asked_at: world.consumer.node.clock.now(),
        ..asked.clone()
    };
    let two = world.send(&world.signed(world.consumer.keys(), &again)).await.unwrap();
    assert_eq!(one.fields, two.fields);
    assert_eq!(world.provider.leaves().await, 3, "each signed answer has its record");
    let fresh = world.ask(&world.question(2)).await.unwrap();
    assert_eq!(value(&fresh.said), "nej");
}

#[tokio::test]
async fn without_a_contract_nothing_is_asked_and_nothing_is_said() {
    let world = World::new().await;
    assert!(matches!(
        world.ask(&world.question(1)).await,
        Err(NotAnswered::NoContract(_))
    ));
    let contract = world.agree_on_f_skatt().await;
    let unknown = world.raw(&contract, |ask| ask.contract_hash = "unknown".to_owned());
    assert_eq!(
        world.refusal(world.consumer.keys(), &unknown).await,
        Refused::NoContract
    );
    assert_eq!((world.provider.leaves().await, world.consumer.leaves().await), (0, 0));
}

#[tokio::test]
async fn a_field_outside_the_contract_does_not_leave() {
    let world = World::new().await;
    world.import("moms", Some("ja"), 2).await;
    let contract = world.agree_on_f_skatt().await;
    let wider = Question {
        field: name("moms"),
        ..world.question(1)
    };
    assert!(matches!(world.ask(&wider).await, Err(NotAnswered::NoContract(_))));
    let keys = world.consumer.keys();
    let asked = world.raw(&contract, |ask| ask.fields = [name("f-skatt"), name("moms")].into());
    assert_eq!(world.refusal(keys, &asked).await, Refused::Field(name("moms")));
    let asked = world.raw(&contract, |ask| ask.mode = Mode::ViaApplicant);
    assert_eq!(world.refusal(keys, &asked).await, Refused::Mode);
    let asked = world.raw(&contract, |ask| ask.purpose = "annat".to_owned());
    assert_eq!(world.refusal(keys, &asked).await, Refused::Purpose);
    let asked = world.raw(&contract, |ask| ask.register = name("bolag"));
    assert_eq!(world.refusal(keys, &asked).await, Refused::WrongContract);
    assert_eq!(world.provider.leaves().await, 0);
}

#[tokio::test]
async fn nobody_asks_in_anothers_name_or_on_anothers_contract() {
    let world = World::new().await;
    let contract = world.agree_on_f_skatt().await;
    // A member of the federation, with its own key, on the board's contract.
    let asked = world.raw(&contract, |ask| ask.consumer = id("ankaret"));
    assert_eq!(world.refusal(&world.anchor, &asked).await, Refused::WrongContract);
    // As above, and the question says that it comes from the board.
    let asked = world.raw(&contract, |_| ());
    assert_eq!(world.refusal(&world.anchor, &asked).await, Refused::Signature);
    // Somebody with the board's id and another key.
    let stranger = BodyKeys::generate(&id("miljonamnden"), Algorithm::Ed25519, |bytes| bytes.fill(99)).unwrap();
    assert_eq!(world.refusal(&stranger, &asked).await, Refused::Signature);
    // A changed body.
    let mut changed = world.signed(world.consumer.keys(), &asked);
    changed.body = base64::url(b"{}");
    assert!(matches!(
        world.send(&changed).await,
        Err(NoResponse::Refused(_, Refused::Signature))
    ));
    assert_eq!(world.provider.leaves().await, 0);
}

#[tokio::test]
async fn a_replay_says_nothing_new() {
    let world = World::new().await;
    let contract = world.agree_on_f_skatt().await;
    let asked = world.raw(&contract, |_| ());
    let request = world.signed(world.consumer.keys(), &asked);
    world.send(&request).await.unwrap();
    let other = world.raw(&contract, |ask| ask.subject = Subject::OrgNr("5599000014".to_owned()));
    assert_eq!(world.refusal(world.consumer.keys(), &other).await, Refused::Replay);
    world.hand.advance(SignedDuration::from_secs(301));
    assert!(matches!(
        world.send(&request).await,
        Err(NoResponse::Refused(_, Refused::Replay))
    ));
}

#[tokio::test]
async fn a_revoked_contract_is_refused_at_once_and_known_on_both_sides() {
    let world = World::new().await;
    let contract = world.agree_on_f_skatt().await;
    world.ask(&world.question(1)).await.unwrap();
    let (ctx, node, hash) = (
        world.ctx(&world.provider),
        Arc::clone(&world.provider.node),
        contract.hash().to_owned(),
    );
    let ended: Result<_, NotAgreed> = world
        .provider
        .node
        .store
        .run("test", move |tx| {
            let view = node.federation.view(ctx.at.instant)?;
            contracts::end(&ctx, tx, &node, &view, &hash, "Ny lag.")
        })
        .await;
    ended.unwrap();
    // The consumer has not heard of it; the provider says so, signed.
    assert!(matches!(
        world.ask(&world.question(2)).await,
        Err(NotAnswered::Revoked(_))
    ));
    // Then it has.
    let job = claim(&world.provider.node, contracts::TELL_END).await.unwrap();
    contracts::tell_end(Arc::clone(&world.provider.node), job)
        .await
        .unwrap();
    match world.ask(&world.question(3)).await {
        Err(NotAnswered::Revoked(why)) => assert!(why.contains("Ny lag."), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.provider.leaves().await, 1);
    // What was exchanged before can still be shown.
    assert!(
        world
            .consumer
            .evidence(Side::Consumer, &world.question(1).id)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_peer_that_is_down_is_out_of_function_and_comes_back() {
    let mut world = World::new().await;
    world.agree_on_f_skatt().await;
    world.provider.stop().await;
    let question = world.question(1);
    assert!(matches!(world.ask(&question).await, Err(NotAnswered::Down { .. })));
    assert_eq!(world.consumer.leaves().await, 0);
    world.provider.start_again().await;
    assert_eq!(value(&world.ask(&question).await.unwrap().said), "ja");
}

#[tokio::test]
async fn the_answer_to_another_question_or_by_another_body_is_not_believed() {
    let mut world = World::new().await;
    let contract = world.agree_on_f_skatt().await;
    // Somebody in between hands out the answer to an earlier question.
    let earlier = world.signed(world.consumer.keys(), &world.raw(&contract, |_| ()));
    let fresh = Fresh {
        now: at(START),
        nonce: "0123456789abcdefghij".to_owned(),
    };
    let old = sign_response(world.provider.keys(), &earlier, 200, b"{}", &fresh).unwrap();
    world.provider.stop().await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", world.provider.port))
        .await
        .unwrap();
    let body = base64::from_url(&old.body).unwrap();
    let app = axum::Router::new().fallback(move || {
        let (headers, body) = (old.headers.clone(), body.clone());
        async move {
            let mut response = axum::response::Response::builder();
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(axum::body::Body::from(body)).unwrap()
        }
    });
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    assert!(matches!(
        world.ask(&world.question(1)).await,
        Err(NotAnswered::NotBelieved { .. })
    ));
    assert_eq!(world.consumer.leaves().await, 0);
    server.abort();
}

#[tokio::test]
async fn a_protected_person_is_not_told_of() {
    let world = World::new().await;
    world.agree_on_f_skatt().await;
    let question = Question {
        subject: Subject::PersonNr(PROTECTED.to_owned()),
        ..world.question(1)
    };
    let answered = world.ask(&question).await.unwrap();
    assert_eq!(
        answered.said,
        FieldAnswer::Error {
            code: FieldError::Protected
        }
    );
    let nobody = Question {
        subject: Subject::OrgNr("5599000014".to_owned()),
        ..world.question(2)
    };
    assert_eq!(world.ask(&nobody).await.unwrap().said, FieldAnswer::NoRecord);
}

#[tokio::test]
async fn more_questions_in_a_minute_than_agreed_are_refused() {
    let world = World::new().await;
    world.agree_on_f_skatt().await;
    for number in 1..=5 {
        world.ask(&world.question(number)).await.unwrap();
    }
    assert!(matches!(
        world.ask(&world.question(6)).await,
        Err(NotAnswered::Refused { why: Refused::Rate, .. })
    ));
    world.hand.advance(SignedDuration::from_secs(60));
    world.ask(&world.question(6)).await.unwrap();
}

#[tokio::test]
async fn a_person_sees_who_asked_what_when_why_and_on_which_law() {
    let world = World::new().await;
    world.agree_on_f_skatt().await;
    let question = world.question(1);
    world.ask(&question).await.unwrap();
    for (running, usage_type, ground) in [
        (
            &world.provider,
            insight::UsageType::DataResponse,
            "2009:400 10 kap. 28 §",
        ),
        (&world.consumer, insight::UsageType::DataRequest, "2006:804 22 §"),
    ] {
        let of = |subject: Subject, ctx: Ctx| {
            let node = Arc::clone(&running.node);
            async move {
                let own = Arc::clone(&node);
                let seen: Result<_, StoreError> = node
                    .store
                    .read("test", move |tx| {
                        let view = own.federation.view(ctx.at.instant).unwrap();
                        insight::about_everywhere(&ctx, tx, &own, Some(&view), &subject, Timestamp::MAX)
                    })
                    .await;
                seen.unwrap()
            }
        };
        let company = Subject::OrgNr(COMPANY.to_owned());
        let seen = of(company.clone(), world.ctx(running)).await;
        assert_eq!(seen.len(), 1);
        let usage = &seen[0];
        assert_eq!((usage.usage_type, usage.legal_basis.as_str()), (usage_type, ground));
        assert_eq!(
            (usage.initiator.id.as_str(), usage.receiver.id.as_str()),
            ("miljonamnden", "skatteregistret")
        );
        assert_eq!(usage.fields, ["f-skatt"]);
        assert_eq!(usage.initiated_by, "Livsmedelsregistrering, automatiskt");
        assert_eq!((usage.query_id.as_str(), usage.answered), (question.id.as_str(), true));
        let json = serde_json::to_value(usage).unwrap();
        assert!(json["legalBasis"].is_string() && json["type"].as_str().unwrap().starts_with("DATA_RE"));
        assert!(
            of(Subject::OrgNr("5599000014".to_owned()), world.ctx(running))
                .await
                .is_empty()
        );

        // Hidden until a day, then shown with the reason.
        let (body, exchange, side) = (
            running.body(),
            question.id.clone(),
            match usage_type {
                insight::UsageType::DataResponse => Side::Provider,
                insight::UsageType::DataRequest => Side::Consumer,
            },
        );
        let hidden: Result<bool, StoreError> = running
            .node
            .store
            .run("test", move |tx| {
                exchanges::hide(tx, &body, side, &exchange, "2026-06-17".parse().unwrap(), "Tillsyn.")
            })
            .await;
        assert!(hidden.unwrap());
        assert!(of(company.clone(), world.ctx(running)).await.is_empty());
        let mut later = world.ctx(running);
        later.at = Moment::at(at("2026-06-17T08:00:00Z"));
        assert_eq!(of(company, later).await[0].was_hidden.as_deref(), Some("Tillsyn."));
    }
}

#[tokio::test]
async fn what_was_disposed_of_is_gone_while_the_log_holds() {
    let world = World::new().await;
    world.agree_on_f_skatt().await;
    let question = world.question(1);
    world.ask(&question).await.unwrap();
    let exchange = question.id.clone();
    let gone: Result<bool, StoreError> = world
        .provider
        .node
        .store
        .run("test", move |tx| {
            exchanges::dispose(
                tx,
                &id("skatteregistret"),
                Side::Provider,
                &exchange,
                "Gallringsbeslut 1",
                at(START),
            )
        })
        .await;
    assert!(gone.unwrap());
    assert!(matches!(
        world.provider.evidence(Side::Provider, &question.id).await,
        Err(export::NoEvidence::Disposed)
    ));
    assert!(matches!(
        world.provider.evidence(Side::Provider, "unknown").await,
        Err(export::NoEvidence::Unknown(_))
    ));
    assert_eq!(world.provider.leaves().await, 1);
}

#[tokio::test]
async fn anyone_can_see_that_a_log_only_grows() {
    let world = World::new().await;
    world.agree_on_f_skatt().await;
    let base = format!("{}/utbyte/skatteregistret/logg", world.provider.node.config.base_url);
    let http = &world.consumer.node.http;
    let mut heads = vec![];
    for number in 1..=3 {
        world.ask(&world.question(number)).await.unwrap();
        let note = http
            .get(format!("{base}/checkpoint"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let key = world.provider.keys().log().public();
        let text = SignedNote::parse(&note).unwrap().sole_signature_by(&base, key).unwrap();
        heads.push(Checkpoint::parse(&text).unwrap());
    }
    assert_eq!(heads.iter().map(|head| head.size).collect::<Vec<_>>(), [1, 2, 3]);
    let proof: serde_json::Value = http
        .get(format!("{base}/consistency?from=1&to=3"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let hashes: Vec<merkle::Hash> = proof["consistency"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hash| {
            base64::from_standard(hash.as_str().unwrap())
                .unwrap()
                .try_into()
                .unwrap()
        })
        .collect();
    assert_eq!(
        merkle::check_consistency(1, &heads[0].root, 3, &heads[2].root, &hashes),
        Ok(())
    );
    for bad in ["from=2&to=9", "from=3&to=1", "from=x&to=1"] {
        let answer = http.get(format!("{base}/consistency?{bad}")).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{bad}");
    }
    let jws = http
        .get(format!("{}/federation", world.provider.node.config.base_url))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert_eq!(jws, world.consumer.node.federation.view(at(START)).unwrap().jws());
    let elsewhere = format!("{}/utbyte/annan/logg/checkpoint", world.provider.node.config.base_url);
    assert_eq!(http.get(elsewhere).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn nothing_is_agreed_beyond_what_is_offered() {
    let world = World::new().await;
    let wish = Wish {
        provider: world.provider.body(),
        what: Wanted::Fields {
            register: name("skatt"),
            fields: [name("skuld")].into(),
        },
        purpose: "starta-restaurang".to_owned(),
        processing_ground: "2006:804 22 §".to_owned(),
    };
    let ctx = world.ctx(&world.consumer);
    let agreed = contracts::agree(&ctx, &world.consumer.node, &wish).await;
    assert!(matches!(agreed, Err(NotAgreed::NoOffer(_))));
    // A half contract on an offer that the provider never published is not signed.
    let generous = Offer {
        rate_per_minute: 1_000_000,
        ..offer(register_offer())
    };
    let acceptance = contract::Acceptance {
        id: "c".to_owned(),
        fields: [name("f-skatt")].into(),
        purpose: wish.purpose,
        processing_ground: wish.processing_ground,
        valid_from: at(START),
        valid_to: at("2026-12-31T00:00:00Z"),
        on_behalf_of: None,
    };
    let half = contract::accept(&generous, acceptance, world.consumer.keys()).unwrap();
    let address = format!("{}/utbyte/skatteregistret/avtal", world.provider.node.config.base_url);
    let answer = world.consumer.node.http.post(address).json(&half).send().await.unwrap();
    assert_eq!(answer.status(), 403);
}

// --- messages ---

fn outgoing(number: u8, payload: serde_json::Value) -> Outgoing {
    Outgoing {
        id: format!("018f0000-0000-7000-8000-0000000001{number:02}"),
        kind: MessageKind::Application,
        to: id("skatteregistret"),
        matter: "018f/livsmedel".to_owned(),
        payload,
        subjects: vec![Subject::OrgNr(COMPANY.to_owned())],
        by: "Företagsporten".to_owned(),
    }
}

async fn hand_over(world: &World, outgoing: &Outgoing) -> Result<(), message::NotSent> {
    let (ctx, node, outgoing) = (
        world.ctx(&world.consumer),
        Arc::clone(&world.consumer.node),
        outgoing.clone(),
    );
    Arc::clone(&node)
        .store
        .run("test", move |tx| message::send(&ctx, tx, &node, &outgoing))
        .await
}

async fn claim(node: &Arc<Node>, kind: &'static str) -> Option<Job> {
    let now = node.clock.now();
    let jobs: Result<Vec<Job>, StoreError> = node
        .store
        .run("test", move |tx| {
            jobs::claim(tx, now, SignedDuration::from_secs(60), 100)
        })
        .await;
    jobs.unwrap().into_iter().find(|job| job.kind == kind)
}

#[tokio::test]
async fn a_message_arrives_once_whatever_happens_on_the_way() {
    let mut world = World::new().await;
    let company = serde_json::json!({ "company": COMPANY });
    assert!(matches!(
        hand_over(&world, &outgoing(1, company.clone())).await,
        Err(message::NotSent::NoTerms(_))
    ));
    let contract = world.agree_on_applications().await;
    let sent = outgoing(1, company);
    hand_over(&world, &sent).await.unwrap();
    hand_over(&world, &sent).await.unwrap();

    world.provider.stop().await;
    let node = Arc::clone(&world.consumer.node);
    let job = claim(&node, message::DELIVER).await.unwrap();
    let down = message::deliver_with(HANDLERS, Arc::clone(&node), job.clone()).await;
    assert!(matches!(down, Err(NotDone::Later(_))), "{down:?}");
    world.provider.start_again().await;

    // The receipt is lost on the way: the receiver has the message, the sender does not know.
    let taken_before = TAKEN.load(Ordering::SeqCst);
    {
        let view = node.federation.view(at(START)).unwrap();
        let message = Message {
            id: sent.id.clone(),
            kind: sent.kind,
            from: world.consumer.body(),
            to: sent.to.clone(),
            contract_hash: contract.hash().to_owned(),
            purpose: "starta-restaurang".to_owned(),
            matter: sent.matter.clone(),
            sent_at: at(START),
            payload: sent.payload.clone(),
        };
        let citation = Citation {
            contract_hash: message.contract_hash.clone(),
            purpose: message.purpose.clone(),
            matter: message.matter.clone(),
        };
        let fresh = Fresh {
            now: at(START),
            nonce: node.chance.token(),
        };
        let target = format!(
            "{}/utbyte/skatteregistret/meddelande",
            world.provider.node.config.base_url
        );
        let sign = |message: &Message| {
            let bytes = jcs::canonical_of(message).unwrap();
            sign_request(world.consumer.keys(), &target, &citation, &bytes, &fresh).unwrap()
        };
        transport::send(&node, &view, &sent.to, &sign(&message), 1 << 16)
            .await
            .unwrap();
        // The same id with other contents is refused.
        let other = Message {
            payload: serde_json::json!({ "company": "5599000014" }),
            ..message
        };
        let refused = transport::send(&node, &view, &sent.to, &sign(&other), 1 << 16).await;
        assert!(matches!(refused, Err(NoResponse::Refused(_, Refused::Replay))));
    }
    message::deliver_with(HANDLERS, Arc::clone(&node), job.clone())
        .await
        .unwrap();
    message::deliver_with(HANDLERS, Arc::clone(&node), job).await.unwrap();
    assert_eq!(TAKEN.load(Ordering::SeqCst) - taken_before, 1);

    // The sender holds the receipt, and knows it once.
    let delivered = claim(&node, "test.delivered").await.unwrap();
    assert_eq!(delivered.key, sent.id);
    assert_eq!(world.consumer.leaves().await, 1);
    assert_eq!(world.provider.leaves().await, 2, "each signed receipt has its record");
    let proof = world.consumer.evidence(Side::Consumer, &sent.id).await.unwrap();
    let report = evidence::verify(&proof, None).unwrap();
    assert!(matches!(report.what, evidence::What::Message(_, Receipt { .. })));
    assert!(world.provider.evidence(Side::Provider, &sent.id).await.is_ok());
}

#[tokio::test]
async fn a_message_that_is_not_understood_is_refused_and_given_up() {
    let world = World::new().await;
    world.agree_on_applications().await;
    let sent = outgoing(2, serde_json::json!({ "bad": true }));
    hand_over(&world, &sent).await.unwrap();
    let node = Arc::clone(&world.consumer.node);
    let job = claim(&node, message::DELIVER).await.unwrap();
    let done = message::deliver_with(HANDLERS, Arc::clone(&node), job).await;
    assert!(matches!(done, Err(NotDone::Never(_))), "{done:?}");
    let body = world.consumer.body();
    let exchange: Result<_, StoreError> = node
        .store
        .read("test", move |tx| {
            exchanges::exchange(tx, &body, Side::Consumer, &sent.id)
        })
        .await;
    assert_eq!(exchange.unwrap().unwrap().state, exchanges::State::Refused);
    assert_eq!(world.provider.leaves().await, 0);
}

#[tokio::test]
async fn a_kind_that_the_contract_does_not_name_is_not_queued() {
    let world = World::new().await;
    world.agree_on_applications().await;
    let sent = Outgoing {
        kind: MessageKind::Referral,
        ..outgoing(3, serde_json::json!({}))
    };
    assert!(matches!(
        hand_over(&world, &sent).await,
        Err(message::NotSent::NoTerms(_))
    ));
}

#[tokio::test]
async fn a_node_without_a_federation_believes_nobody() {
    let world = World::new().await;
    world.agree_on_f_skatt().await;
    world.hand.set(at("2026-06-22T00:00:00Z"));
    assert!(matches!(
        world.ask(&world.question(1)).await,
        Err(NotAnswered::Federation(_))
    ));
    let http = &world.consumer.node.http;
    let address = format!("{}/utbyte/skatteregistret/fraga", world.provider.node.config.base_url);
    assert_eq!(http.post(address).body("{}").send().await.unwrap().status(), 503);
}
