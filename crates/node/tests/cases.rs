//! The case at the deciding body, over the demo's made-up federation in one process with a settable clock.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use samverk::cases::desk::{self, Doing};
use samverk::cases::file::{Open, Stopped};
use samverk::cases::referrals;
use samverk::chance::Chance;
use samverk::clock::{Clock, Moment, Settable};
use samverk::config::Config;
use samverk::ctx::{Actor, Basis, Ctx, Ground, TraceId};
use samverk::demo::world::{self, Changes, Laying, World};
use samverk::exchange::{self, Outgoing, Question, export};
use samverk::node::{Node, Running, Surroundings};
use samverk::post::letter::Letter;
use samverk::web::form::Fields;
use samverk_domain::case::NotAllowed;
use samverk_domain::case::messages::{Applicant, Application, HearingAnswer, Origin, SentFact};
use samverk_domain::fact::{Facts, Known, Name, Slot, Value};
use samverk_domain::finding::SourceFile;
use samverk_domain::pack::{Mode as PackMode, Pack, Source, parse};
use samverk_domain::rules;
use samverk_domain::terms::{BodyId, FieldAnswer, MessageKind, Mode, Side};
use samverk_domain::words::time::legal_day;
use samverk_store::{StoreError, cases, diary, documents, letters};

const NOW: &str = "2026-11-18T09:00:00Z";
const AMINA: &str = "198404272380";

fn id(text: &str) -> BodyId {
    BodyId::parse(text).unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// Several nodes of the demo's world, running.
struct Town {
    _dir: tempfile::TempDir,
    nodes: BTreeMap<String, Running>,
    hand: Settable,
    clock: Clock,
}

impl Town {
    async fn of(names: &[&str], changes: Changes) -> Self {
        Self::with(names, changes, world::embedded_packs().unwrap()).await
    }

    /// With other services than the demo's own.
    async fn with(names: &[&str], changes: Changes, packs: Vec<Pack>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let now: Timestamp = NOW.parse().unwrap();
        let folder = dir.path().to_owned();
        let wanted: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let (world, mut listeners) = tokio::task::spawn_blocking(move || {
            let mut addresses = world::places(&folder, Some(0)).unwrap().addresses;
            // Held until their nodes serve, so that nobody else is given the port; those of nodes that do not run refuse.
            let mut listeners = BTreeMap::new();
            for (name, address) in &mut addresses {
                let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
                *address = listener.local_addr().unwrap();
                listeners.insert(name.clone(), listener);
            }
            listeners.retain(|name, _| wanted.contains(name));
            let world = World::lay(&Laying {
                packs,
                dir: folder,
                addresses,
                now,
                chance: Chance::System,
                changes,
            })
            .unwrap();
            (world, listeners)
        })
        .await
        .unwrap();
        let (clock, hand) = Clock::settable(now);
        let mut nodes = BTreeMap::new();
        for node in names {
            let dir = world.node_dir(node);
            let config = Config::read(&dir).unwrap();
            let surroundings = Surroundings {
                clock: clock.clone(),
                chance: Chance::System,
            };
            let node_ = Node::open(&dir, config, surroundings).unwrap();
            samverk::trust::current::refresh(&node_).await.ok();
            let listener = listeners.remove(*node).unwrap();
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            nodes.insert((*node).to_owned(), node_.serve_on(listener).unwrap());
        }
        Self {
            _dir: dir,
            nodes,
            hand,
            clock,
        }
    }

    fn node(&self, name: &str) -> &Arc<Node> {
        &self.nodes[name].node
    }

    fn ctx(&self, body: &str) -> Ctx {
        Ctx {
            who: Actor::System,
            body: id(body),
            ground: Ground {
                basis: Basis::Operation,
                purpose: "starta-restaurang".to_owned(),
            },
            at: Moment::at(self.clock.now()),
            trace: TraceId::new(&Chance::System),
        }
    }

    fn pack(&self) -> Arc<samverk::library::Known> {
        let known = self
            .node("foretagsporten")
            .library
            .version(&name("starta-restaurang"), 2);
        known.unwrap()
    }

    /// The example in which everything is granted, as the applicant and the registers said it.
    fn example(&self) -> Facts {
        let known = self.pack();
        rules::example::facts(&known.pack, &known.pack.examples[0]).0
    }

    /// An application as the host sends it: the person's answers, and each register's signed answer.
    async fn application(&self, step: &str, facts: &Facts) -> Application {
        let known = self.pack();
        let pack = &known.pack;
        let step_name = name(step);
        let listed = pack.step(&step_name).unwrap();
        let mut wanted: BTreeSet<Name> = pack.underlag(listed).into_iter().collect();
        for extra in ["företag.status", "företag.f-skatt", "företag.moms", "företag.skulder"] {
            if step == "serveringstillstånd" || extra == "företag.status" && step == "livsmedel" {
                wanted.insert(name(extra));
            }
        }
        if step == "kassaregister" {
            wanted.insert(name("personal.familj"));
        }
        let mut sent = Vec::new();
        let slots = pack
            .facts
            .iter()
            .filter(|fact| wanted.contains(&fact.name.it))
            .map(|fact| (fact, Slot::of(fact.name.it.clone())));
        let mut slots: Vec<_> = slots.collect();
        for list in &pack.lists {
            let items = facts.lists.get(&list.name.it).map_or(0, Vec::len);
            for item in 0..u32::try_from(items).unwrap() {
                for column in list.columns.iter().filter(|column| wanted.contains(&column.name.it)) {
                    slots.push((
                        column,
                        Slot {
                            fact: column.name.it.clone(),
                            item: Some(item),
                        },
                    ));
                }
            }
        }
        for (fact, slot) in slots {
            let known = match slot.item {
                None => facts.of(&slot.fact),
                Some(item) => facts.lists[&name(slot.fact.prefix())][item as usize][&slot.fact].clone(),
            };
            let (known, origin) = match &fact.source.it {
                Source::Applicant => (known, Origin::Applicant),
                Source::Login => (known, Origin::Login),
                Source::Represented => (known, Origin::Represented),
                Source::Register(source) if source.mode == PackMode::ViaApplicant => {
                    let subject = samverk::cases::proceed::subject_of(pack, facts, source, &slot).unwrap();
                    let question = Question {
                        id: Chance::System.id(self.clock.now()).to_string(),
                        register: source.register.clone(),
                        field: source.field.clone(),
                        subject,
                        mode: Mode::ViaApplicant,
                        matter: "utkast".to_owned(),
                        by: "Starta restaurang".to_owned(),
                    };
                    let host = self.node("foretagsporten");
                    let answered = exchange::ask(&self.ctx("foretagsporten"), host, &question)
                        .await
                        .unwrap();
                    let portal = id("foretagsporten");
                    let proof = export::evidence(host, &portal, Side::Consumer, &answered.exchange)
                        .await
                        .unwrap();
                    let recorded_at = match &answered.said {
                        FieldAnswer::Value { recorded_at, .. } => Some(*recorded_at),
                        _ => None,
                    };
                    let known = samverk::cases::proceed::value_of(fact, source, &answered.said).unwrap();
                    (
                        known,
                        Origin::Register {
                            producer: answered.provider,
                            register: source.register.clone(),
                            field: source.field.clone(),
                            answered_at: answered.answered_at,
                            recorded_at,
                            exchange: answered.exchange,
                            proof: Some(Box::new(proof)),
                        },
                    )
                }
                _ => continue,
            };
            sent.push(SentFact {
                slot,
                known,
                origin,
                disputed: None,
            });
        }
        let now = self.clock.now();
        Application {
            submission: Chance::System.token(),
            step: step_name,
            pack: name("starta-restaurang"),
            version: 2,
            pack_sha256: known.sha256.clone(),
            host: id("foretagsporten"),
            applicant: Applicant {
                person: AMINA.to_owned(),
                person_name: "Amina Lindqvist".to_owned(),
                represents: Some("5599000006".to_owned()),
                represents_name: Some("Matkultur i Exempelstad AB".to_owned()),
            },
            language: "sv".to_owned(),
            facts: sent,
            none_of: BTreeSet::new(),
            files: BTreeMap::new(),
            received_at: now,
            received_day: legal_day(now),
            answers_sha256: String::new(),
            signed_by_login: String::new(),
            signatures: vec![],
            entered: None,
        }
    }

    async fn apply_for(&self, body: &str, application: &Application) {
        let node = Arc::clone(self.node("foretagsporten"));
        let mut ctx = self.ctx("foretagsporten");
        ctx.ground.purpose = application.pack.to_string();
        let message = Chance::System.id(self.clock.now()).to_string();
        let outgoing = Outgoing {
            id: message.clone(),
            kind: MessageKind::Application,
            to: id(body),
            matter: message,
            payload: serde_json::to_value(application).unwrap(),
            subjects: vec![],
            by: "test".to_owned(),
        };
        let own = Arc::clone(&node);
        node.store
            .run("test.send", move |tx| exchange::send(&ctx, tx, &own, &outgoing))
            .await
            .unwrap();
    }

    /// Sends a message from a body and waits until nothing is due any more at its receiver.
    async fn send(&self, from: (&str, &str), to: &str, kind: MessageKind, payload: serde_json::Value) -> String {
        let node = Arc::clone(self.node(from.0));
        let ctx = self.ctx(from.1);
        let message = Chance::System.id(self.clock.now()).to_string();
        let outgoing = Outgoing {
            id: message.clone(),
            kind,
            to: id(to),
            matter: message.clone(),
            payload,
            subjects: vec![],
            by: "test".to_owned(),
        };
        let own = Arc::clone(&node);
        node.store
            .run("test.send", move |tx| exchange::send(&ctx, tx, &own, &outgoing))
            .await
            .unwrap();
        message
    }

    async fn apply(&self, body: &str, application: &Application) {
        let payload = serde_json::to_value(application).unwrap();
        self.send(
            ("foretagsporten", "foretagsporten"),
            body,
            MessageKind::Application,
            payload,
        )
        .await;
    }

    async fn case(&self, node: &str, body: &str, application: &Application) -> Option<Open> {
        let (own, body) = (Arc::clone(self.node(node)), id(body));
        let (submission, step) = (application.submission.clone(), application.step.to_string());
        self.node(node)
            .store
            .read("test.case", move |tx| {
                let host = id("foretagsporten");
                match cases::by_origin(tx, &body, cases::Kind::Application, &host, &submission, &step)? {
                    Some(row) => Open::of(&own, row).map(Some),
                    None => Ok::<_, samverk::cases::file::Stopped>(None),
                }
            })
            .await
            .unwrap()
    }

    /// Waits until the case is as wanted.
    async fn until(
        &self,
        node: &str,
        body: &str,
        application: &Application,
        what: &str,
        wanted: impl Fn(&Open) -> bool,
    ) -> Open {
        let started = Instant::now();
        loop {
            if let Some(open) = self.case(node, body, application).await {
                if wanted(&open) {
                    return open;
                }
                if started.elapsed() > Duration::from_secs(20) {
                    let failed = self
                        .node(node)
                        .store
                        .read("test.failed", |tx| samverk_store::jobs::failed(tx, 10))
                        .await
                        .map_err(|why: StoreError| why);
                    panic!(
                        "{what} did not happen: {:?} {:?} {failed:?}",
                        open.row.stands, open.file.unanswered
                    );
                }
            }
            assert!(started.elapsed() < Duration::from_secs(30), "{what}: there is no case");
            tokio::time::sleep(Duration::from_millis(20)).await;
            // What is tried again is due later on the clock.
            self.hand.advance(SignedDuration::from_millis(100));
        }
    }
}

const FOOD_TOWN: [&str; 8] = [
    "ankaret",
    "foretagsporten",
    "bolagsregistret",
    "skatteregistret",
    "folkbokforingen",
    "fastighetsregistret",
    "exempelkommun-a",
    "exempelkommun-b",
];

async fn posted(town: &Town, node: &str, open: &Open) -> Vec<(letters::Letter, Letter)> {
    let (own, case) = (Arc::clone(town.node(node)), open.row.id.clone());
    let rows: Vec<letters::Letter> = town
        .node(node)
        .store
        .read("test.letters", move |tx| letters::of_case(tx, &case))
        .await
        .map_err(|why: StoreError| why)
        .unwrap();
    rows.into_iter()
        .map(|row| {
            let part = format!("letter/{}", row.id);
            let letter = samverk::cases::file::open_box(&own, &row.body, &row.case_id, &part, &row.contents).unwrap();
            (row, letter)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_food_registration_is_decided_at_once_by_the_delegated_function_and_the_letter_explains_it() {
    let town = Town::of(&FOOD_TOWN, Changes::default()).await;
    let facts = town.example();
    let application = town.application("livsmedel", &facts).await;
    let started = Instant::now();
    town.apply("exempelkommun-a.miljonamnden", &application).await;
    let open = town
        .until(
            "exempelkommun-a",
            "exempelkommun-a.miljonamnden",
            &application,
            "the decision",
            |open| open.file.case.decided().is_some(),
        )
        .await;
    println!("signed to registered with letter: {} ms", started.elapsed().as_millis());
    assert_eq!(open.diary_number(), "MN 2026-0001");
    let decided = open.file.case.decided().unwrap();
    assert_eq!(decided.decision.outcome, "registrerad");
    assert!(decided.decision.by.is_automatic());
    let letters = posted(&town, "exempelkommun-a", &open).await;
    let [(row, letter)] = letters.as_slice() else {
        panic!("one letter: {}", letters.len())
    };
    assert_eq!(row.name, "decision");
    assert_eq!(letter.heading, "Er livsmedelsanläggning är registrerad");
    let sentences: Vec<_> = letter
        .parts
        .iter()
        .filter_map(|part| match part {
            samverk::post::letter::Part::Sentence(sentence) => Some(sentence),
            _ => None,
        })
        .collect();
    assert!(
        sentences.iter().all(|sentence| sentence.why.is_some()),
        "every sentence has its ground"
    );
    assert!(
        sentences.iter().all(|sentence| !sentence.text.contains("saknas)")),
        "{sentences:?}"
    );
    let ground = sentences
        .iter()
        .find(|sentence| sentence.text.starts_with("Ni har anmält"))
        .unwrap();
    let why = ground.why.as_ref().unwrap();
    assert_eq!(why.rows[0].row, "r1");
    assert_eq!(why.facts[0].name, "företag.status");
    assert!(!why.law.is_empty());
    let checked = samverk::post::why::check(town.node("exempelkommun-a"), &open, letter).await;
    assert!(
        matches!(
            checked.get("företag.status"),
            Some(samverk::post::why::Checked::Holds(_))
        ),
        "the register's own answer is verified when the letter is read"
    );
    // The host knows where the step stands.
    let host = Arc::clone(town.node("foretagsporten"));
    drop(host);
    town.hand.advance(SignedDuration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_must_have_items_is_not_taken_as_answered_with_none() {
    let town = Town::of(&FOOD_TOWN, Changes::default()).await;
    let right = town.application("livsmedel", &town.example()).await;
    let wrong = Application {
        submission: Chance::System.token(),
        none_of: [name("ägare")].into(),
        ..right.clone()
    };
    let (node, body) = ("exempelkommun-a", "exempelkommun-a.miljonamnden");
    for application in [&wrong, &right] {
        town.apply(body, application).await;
    }
    town.until(node, body, &right, "the decision", |open| {
        open.file.case.decided().is_some()
    })
    .await;
    assert!(town.case(node, body, &wrong).await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_application_twice_is_one_case_and_numbers_have_no_gaps() {
    let town = Town::of(&FOOD_TOWN, Changes::default()).await;
    let application = town.application("livsmedel", &town.example()).await;
    for _ in 0..2 {
        town.apply("exempelkommun-a.miljonamnden", &application).await;
    }
    town.until(
        "exempelkommun-a",
        "exempelkommun-a.miljonamnden",
        &application,
        "the decision",
        |open| open.file.case.decided().is_some(),
    )
    .await;
    let other = Application {
        submission: Chance::System.token(),
        ..application.clone()
    };
    town.apply("exempelkommun-a.miljonamnden", &other).await;
    let second = town
        .until(
            "exempelkommun-a",
            "exempelkommun-a.miljonamnden",
            &other,
            "the decision",
            |open| open.file.case.decided().is_some(),
        )
        .await;
    assert_eq!(second.diary_number(), "MN 2026-0002");
    let case = second.row.id.clone();
    let (entries, papers) = town
        .node("exempelkommun-a")
        .store
        .read("test.diary", move |tx| {
            Ok::<_, StoreError>((diary::of_case(tx, &case)?, documents::of_case(tx, &case)?))
        })
        .await
        .unwrap();
    let what: Vec<&str> = entries.iter().map(|entry| entry.what.as_str()).collect();
    assert_eq!(
        what,
        [
            "Ansökan eller anmälan",
            "Ansökan är komplett",
            "Beslut: registrerad",
            "Underrättelse om beslutet"
        ]
    );
    let kinds: Vec<(&str, &str)> = papers
        .iter()
        .map(|paper| (paper.name.as_str(), paper.kind.as_str()))
        .collect();
    assert!(kinds.contains(&("application", "received")) && kinds.contains(&("decision", "dispatched")));
    assert!(
        kinds.contains(&("receipt", "dispatched")),
        "a receipt is drawn up when it is complete"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_decided_automatically_when_a_value_is_disputed_or_nothing_is_delegated() {
    let town = Town::of(&FOOD_TOWN, Changes::default()).await;
    let mut disputed = town.application("livsmedel", &town.example()).await;
    for fact in &mut disputed.facts {
        if fact.slot.fact == name("företag.säte") {
            fact.disputed = Some("Bolaget har flyttat.".to_owned());
        }
    }
    town.apply("exempelkommun-a.miljonamnden", &disputed).await;
    let open = town
        .until(
            "exempelkommun-a",
            "exempelkommun-a.miljonamnden",
            &disputed,
            "completeness",
            |open| open.file.case.complete().is_some(),
        )
        .await;
    assert!(open.file.case.decided().is_none());
    assert_eq!(open.row.stands.todo, "dispute");
    // In municipality B nobody has delegated registration to a function.
    let mut facts = town.example();
    facts.set(
        name("lokal.fastighet"),
        Known::Value(Value::Property("EXEMPELSTAD BAGAREN 7".to_owned())),
    );
    let application = town.application("livsmedel", &facts).await;
    town.apply("exempelkommun-b.miljonamnden", &application).await;
    let open = town
        .until(
            "exempelkommun-b",
            "exempelkommun-b.miljonamnden",
            &application,
            "completeness",
            |open| open.file.case.complete().is_some(),
        )
        .await;
    assert!(open.file.case.decided().is_none());
    assert_eq!(open.row.stands.todo, "decide");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_register_fact_with_another_value_than_the_register_signed_is_refused() {
    let town = Town::of(&FOOD_TOWN, Changes::default()).await;
    let mut application = town.application("livsmedel", &town.example()).await;
    for fact in &mut application.facts {
        if fact.slot.fact == name("företag.namn") {
            fact.known = Known::Value(Value::Text("Ett annat bolag AB".to_owned()));
        }
    }
    town.apply("exempelkommun-a.miljonamnden", &application).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(
        town.case("exempelkommun-a", "exempelkommun-a.miljonamnden", &application)
            .await
            .is_none()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guests_case_does_not_open_with_its_hosts_key() {
    let town = Town::of(&FOOD_TOWN, Changes::default()).await;
    let application = town.application("gasol", &town.example()).await;
    town.apply("raddningsforbundet", &application).await;
    let open = town
        .until(
            "exempelkommun-b",
            "raddningsforbundet",
            &application,
            "completeness",
            |open| open.file.case.complete().is_some(),
        )
        .await;
    let node = town.node("exempelkommun-b");
    let as_host: Result<samverk::cases::file::CaseFile, _> = samverk::cases::file::open_box(
        node,
        &id("exempelkommun-b.miljonamnden"),
        &open.row.id,
        "contents",
        &open.row.contents,
    );
    assert!(as_host.is_err());
    assert!(!open.row.contents.windows(12).any(|bytes| bytes == AMINA.as_bytes()));
}

const ALCOHOL_TOWN: [&str; 8] = [
    "ankaret",
    "foretagsporten",
    "bolagsregistret",
    "skatteregistret",
    "folkbokforingen",
    "fastighetsregistret",
    "exempelkommun-a",
    "polisdistriktet",
];
const BOARD: &str = "exempelkommun-a.socialnamnden";

impl Town {
    /// Does something at the desk; gives what stood in the way.
    async fn at_desk(&self, application: &Application, doing: Doing, fields: &[(&str, &str)]) -> Result<(), Stopped> {
        self.at_desk_of(("exempelkommun-a", BOARD), application, doing, fields)
            .await
    }

    async fn at_desk_of(
        &self,
        (at, body): (&str, &str),
        application: &Application,
        doing: Doing,
        fields: &[(&str, &str)],
    ) -> Result<(), Stopped> {
        let open = self.case(at, body, application).await.unwrap();
        let mut ctx = self.ctx(body);
        ctx.ground.purpose = application.pack.to_string();
        let node = Arc::clone(self.node(at));
        let fields = Fields(fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
        self.node(at)
            .store
            .run("test.desk", move |tx| {
                let mut open = Open::read(tx, &node, &open.row.id)?.unwrap();
                desk::perform(&ctx, tx, &node, &mut open, doing, &fields, "Olga Persson, handläggare")
            })
            .await
    }

    /// An alcohol application that is complete, whose registers have answered, and which the police have an opinion on.
    async fn alcohol_with_opinion(&self) -> Application {
        let application = self.application("serveringstillstånd", &self.example()).await;
        self.apply(BOARD, &application).await;
        self.until(
            "exempelkommun-a",
            BOARD,
            &application,
            "the need of a referral",
            |open| open.row.stands.todo == "refer",
        )
        .await;
        let refer = [
            ("uppgift", "polis.yttrande"),
            ("fraga", "Har ni något att erinra?"),
            ("senast", "2026-12-30"),
        ];
        self.at_desk(&application, Doing::Refer, &refer).await.unwrap();
        let police = Arc::clone(self.node("polisdistriktet"));
        let started = Instant::now();
        let line = loop {
            let lines: Vec<cases::Line> = police
                .store
                .read("test.queue", |tx| cases::queue(tx, &id("polisdistriktet"), "staff"))
                .await
                .map_err(|why: StoreError| why)
                .unwrap();
            if let Some(line) = lines.into_iter().next() {
                break line;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "the referral did not come");
            tokio::time::sleep(Duration::from_millis(20)).await;
            self.hand.advance(SignedDuration::from_millis(100));
        };
        let ctx = self.ctx("polisdistriktet");
        police
            .store
            .run("test.opinion", {
                let police = Arc::clone(&police);
                move |tx| {
                    let row = cases::by_id(tx, &line.id)?.unwrap();
                    let mut open = referrals::Open::of(&police, row)?;
                    referrals::answer(
                        &ctx,
                        tx,
                        &police,
                        &mut open,
                        "ingen erinran",
                        "Inget att anmärka.",
                        "Johan Myhr",
                    )
                }
            })
            .await
            .map_err(|why: Stopped| why)
            .unwrap();
        self.until("exempelkommun-a", BOARD, &application, "the opinion", |open| {
            open.file
                .case
                .referrals()
                .iter()
                .all(|referral| referral.answered.is_some())
        })
        .await;
        application
    }

    async fn assess(&self, application: &Application, answers: &[(&str, &str, &str)]) {
        let mut fields: Vec<(String, String)> = Vec::new();
        for (fact, answer, reasons) in answers {
            fields.push(("uppgift".to_owned(), format!("bedömning.{fact}")));
            fields.push((format!("svar-bedömning.{fact}"), (*answer).to_owned()));
            fields.push((format!("skal-bedömning.{fact}"), (*reasons).to_owned()));
        }
        let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        self.at_desk(application, Doing::Assess, &fields).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permit_is_granted_by_the_board_after_the_polices_opinion_and_the_assessments() {
    let town = Town::of(&[&ALCOHOL_TOWN[..], &["indrivning"]].concat(), Changes::default()).await;
    let application = town.alcohol_with_opinion().await;
    let too_early = [("sammantrade", "2026-11-18"), ("paragraf", "§ 142")];
    assert!(town.at_desk(&application, Doing::Board, &too_early).await.is_err());
    town.assess(
        &application,
        &[
            ("lämplig", "ja", "inget talar emot"),
            ("kunskapsprov", "ja", "godkänt prov"),
            ("utrymme", "ja", "avgränsat"),
            ("brandsäkerhet", "ja", "två utgångar"),
            ("olägenhet", "nej", "inga bostäder"),
        ],
    )
    .await;
    let open = town.case("exempelkommun-a", BOARD, &application).await.unwrap();
    assert_eq!(open.row.stands.todo, "board", "{:?}", open.row.stands);
    // Only the board decides.
    assert!(matches!(
        town.at_desk(&application, Doing::Decide, &[]).await,
        Err(Stopped::Input(_))
    ));
    town.at_desk(&application, Doing::Board, &too_early).await.unwrap();
    let open = town.case("exempelkommun-a", BOARD, &application).await.unwrap();
    assert_eq!(open.file.case.decided().unwrap().decision.outcome, "bifall");
    let letters = posted(&town, "exempelkommun-a", &open).await;
    let (_, letter) = letters.iter().find(|(row, _)| row.name == "decision").unwrap();
    assert_eq!(letter.heading, "Ni får serveringstillstånd");
    assert_eq!(letter.stamp.when, "2026-11-18, § 142");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_states_both_grounds_and_waits_until_the_party_has_been_heard() {
    let town = Town::of(&[&ALCOHOL_TOWN[..], &["indrivning"]].concat(), Changes::default()).await;
    let application = town.alcohol_with_opinion().await;
    town.assess(
        &application,
        &[
            ("lämplig", "ja", "inget talar emot"),
            ("kunskapsprov", "nej", "provet är underkänt"),
            ("utrymme", "nej", "lokalen delas med grannen"),
            ("brandsäkerhet", "ja", "två utgångar"),
            ("olägenhet", "nej", "inga bostäder"),
        ],
    )
    .await;
    let open = town.case("exempelkommun-a", BOARD, &application).await.unwrap();
    assert_eq!(open.row.stands.todo, "communicate");
    let board = [("sammantrade", "2026-11-18"), ("paragraf", "§ 143")];
    assert!(matches!(
        town.at_desk(&application, Doing::Board, &board).await,
        Err(Stopped::NotAllowed(NotAllowed::NotHeard))
    ));
    let hear = [("text", "Vi överväger att avslå."), ("senast", "2026-12-02")];
    town.at_desk(&application, Doing::Communicate, &hear).await.unwrap();
    assert!(matches!(
        town.at_desk(&application, Doing::Board, &board).await,
        Err(Stopped::NotAllowed(NotAllowed::HearingOpen { .. }))
    ));
    let answer = HearingAnswer {
        submission: application.submission.clone(),
        step: application.step.clone(),
        words: "Vi gör om provet.".to_owned(),
        received_at: town.clock.now(),
    };
    let payload = serde_json::to_value(&answer).unwrap();
    town.send(
        ("foretagsporten", "foretagsporten"),
        BOARD,
        MessageKind::HearingAnswer,
        payload,
    )
    .await;
    town.until("exempelkommun-a", BOARD, &application, "the party's answer", |open| {
        !open.file.answers.is_empty()
    })
    .await;
    town.at_desk(&application, Doing::Board, &board).await.unwrap();
    let open = town.case("exempelkommun-a", BOARD, &application).await.unwrap();
    let rows: Vec<&str> = open
        .file
        .case
        .decided()
        .unwrap()
        .decision
        .grounds
        .iter()
        .filter_map(|ground| ground.row.as_ref().map(Name::as_str))
        .collect();
    assert_eq!(rows, ["a3", "a4"]);
    let letters = posted(&town, "exempelkommun-a", &open).await;
    let (_, letter) = letters.iter().find(|(row, _)| row.name == "decision").unwrap();
    assert_eq!(letter.heading, "Ni får inte serveringstillstånd");
    let said = serde_json::to_string(letter).unwrap();
    assert!(said.contains("Provet är underkänt.") && said.contains("Lokalen delas med grannen."));
    assert!(letter.appeal.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_limit_is_extended_once_and_only_with_reasons() {
    let town = Town::of(&[&ALCOHOL_TOWN[..], &["indrivning"]].concat(), Changes::default()).await;
    let application = town.application("serveringstillstånd", &town.example()).await;
    town.apply(BOARD, &application).await;
    town.until("exempelkommun-a", BOARD, &application, "completeness", |open| {
        open.file.case.decide_by().is_some()
    })
    .await;
    let extend = [
        ("skal", "Vi väntar på polisens yttrande."),
        ("delegation-dag", "2026-01-10"),
        ("delegation-paragraf", "§ 4"),
    ];
    assert!(matches!(
        town.at_desk(&application, Doing::Extend, &extend[1..]).await,
        Err(Stopped::Input(_))
    ));
    let before = town
        .case("exempelkommun-a", BOARD, &application)
        .await
        .unwrap()
        .file
        .case
        .decide_by();
    town.at_desk(&application, Doing::Extend, &extend).await.unwrap();
    let after = town
        .case("exempelkommun-a", BOARD, &application)
        .await
        .unwrap()
        .file
        .case
        .decide_by();
    assert!(after > before);
    assert!(matches!(
        town.at_desk(&application, Doing::Extend, &extend).await,
        Err(Stopped::NotAllowed(NotAllowed::AlreadyExtended))
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_is_found_by_its_receiver_only() {
    let town = Town::of(&FOOD_TOWN, Changes::default()).await;
    let application = town.application("livsmedel", &town.example()).await;
    town.apply("exempelkommun-a.miljonamnden", &application).await;
    let open = town
        .until(
            "exempelkommun-a",
            "exempelkommun-a.miljonamnden",
            &application,
            "the decision",
            |open| open.file.case.decided().is_some(),
        )
        .await;
    let (row, _) = posted(&town, "exempelkommun-a", &open).await.remove(0);
    let node = Arc::clone(town.node("exempelkommun-a"));
    let found = town
        .node("exempelkommun-a")
        .store
        .read("test.letter", move |tx| {
            let mark = |person| samverk::cases::file::owner_mark(&node, person);
            Ok::<_, StoreError>((
                letters::of(tx, &mark(AMINA), &row.id)?.is_some(),
                letters::of(tx, &mark("197110089294"), &row.id)?.is_some(),
            ))
        })
        .await
        .unwrap();
    assert_eq!(found, (true, false));
    // Nobody is logged in: the page leads to the login, and shows nothing.
    let node = town.node("exempelkommun-a");
    for path in ["/post", "/arenden", "/handlaggning"] {
        let answer = node.http.get(node.address(path)).send().await.unwrap();
        assert_eq!(answer.status(), 303, "{path}");
    }
    // The rule that the letter leads to is public.
    let rule = node.address("/tjanster/starta-restaurang/regler/livsmedel");
    let page = node.http.get(rule).send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("id=\"r1\"") && page.contains("2026-05-19, § 47"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawn_case_is_written_off_and_nothing_more_can_be_done_in_it() {
    let town = Town::of(&[&ALCOHOL_TOWN[..], &["indrivning"]].concat(), Changes::default()).await;
    let application = town.application("serveringstillstånd", &town.example()).await;
    town.apply(BOARD, &application).await;
    let open = town
        .until("exempelkommun-a", BOARD, &application, "completeness", |open| {
            open.file.case.complete().is_some() && open.row.stands.todo == "refer"
        })
        .await;
    let (node, ctx) = (Arc::clone(town.node("exempelkommun-a")), town.ctx(BOARD));
    town.node("exempelkommun-a")
        .store
        .run("test.withdraw", move |tx| {
            let mut open = Open::read(tx, &node, &open.row.id)?.unwrap();
            let withdraw: samverk_domain::case::Act =
                serde_json::from_str(r#"{"act": "withdraw", "party": "sökanden"}"#).unwrap();
            let words = samverk::cases::act::Words::default();
            samverk::cases::act::act(&ctx, tx, &node, &mut open, &withdraw, &words)?;
            samverk::cases::act::finish(&ctx, tx, &node, &mut open)
        })
        .await
        .map_err(|why: Stopped| why)
        .unwrap();
    let refer = [
        ("uppgift", "polis.yttrande"),
        ("fraga", "Något?"),
        ("senast", "2026-12-30"),
    ];
    assert!(matches!(
        town.at_desk(&application, Doing::Refer, &refer).await,
        Err(Stopped::NotAllowed(NotAllowed::Withdrawn))
    ));
    let open = town.case("exempelkommun-a", BOARD, &application).await.unwrap();
    let letters = posted(&town, "exempelkommun-a", &open).await;
    assert!(
        letters
            .iter()
            .any(|(_, letter)| letter.heading == "Ärendet är avskrivet")
    );
}

/// The made-up service of the language's tests: a permit whose delegation has an end, and a bank that opens an account.
fn camp() -> Pack {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/tests/data/ungdomslager");
    let mut files = Vec::new();
    for inside in [folder.clone(), folder.join("brev")] {
        for entry in std::fs::read_dir(inside).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                files.push(SourceFile {
                    text: std::fs::read_to_string(&path).unwrap(),
                    path: path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned(),
                });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    // Without the certificate, which would be a file.
    let main = files.iter_mut().find(|file| file.path == "tjanst.md").unwrap();
    main.text = main.text.replace(", intyg.*", "");
    parse::pack(files).0.unwrap()
}

const CAMP_TOWN: [&str; 5] = [
    "ankaret",
    "foretagsporten",
    "fastighetsregistret",
    "exempelkommun-a",
    "banken",
];
const BANK: (&str, &str) = ("banken", "banken");

/// What the applicant says to one step of the camp.
fn camp_application(town: &Town, step: &str, answers: &[(&str, Value)]) -> Application {
    let known = town
        .node("foretagsporten")
        .library
        .version(&name("ungdomsläger"), 1)
        .unwrap();
    let now = town.clock.now();
    let facts = answers.iter().map(|(fact, value)| {
        let fact = name(fact);
        let listed = known.pack.fact(&fact).unwrap();
        SentFact {
            slot: Slot {
                item: known.pack.list_of_column(&fact).map(|_| 0),
                fact,
            },
            known: Known::Value(value.clone()),
            origin: match listed.source.it {
                Source::Login => Origin::Login,
                Source::Represented => Origin::Represented,
                _ => Origin::Applicant,
            },
            disputed: None,
        }
    });
    Application {
        submission: Chance::System.token(),
        step: name(step),
        pack: name("ungdomsläger"),
        version: 1,
        pack_sha256: known.sha256.clone(),
        host: id("foretagsporten"),
        applicant: Applicant {
            person: AMINA.to_owned(),
            person_name: "Amina Lindqvist".to_owned(),
            represents: Some("5599000006".to_owned()),
            represents_name: Some("Exempelföreningen".to_owned()),
        },
        language: "sv".to_owned(),
        facts: facts.collect(),
        none_of: BTreeSet::new(),
        files: BTreeMap::new(),
        received_at: now,
        received_day: legal_day(now),
        answers_sha256: String::new(),
        signed_by_login: String::new(),
        signatures: vec![],
        entered: None,
    }
}

fn said_in(letter: &Letter) -> Vec<&samverk::post::letter::Sentence> {
    let sentences = letter.parts.iter().filter_map(|part| match part {
        samverk::post::letter::Part::Sentence(sentence) => Some(&**sentence),
        _ => None,
    });
    sentences.collect()
}

const CAMP_BOARD: (&str, &str) = ("exempelkommun-a", BOARD);

/// A permit for a camp that the case worker has found well planned.
async fn planned_camp(town: &Town, young: u32, bathes: bool) -> Application {
    let answers = [
        ("person.pnr", Value::PersonNr(AMINA.to_owned())),
        ("förening.orgnr", Value::OrgNr("5599000006".to_owned())),
        ("läger.plats", Value::Property("EXEMPELSTAD TALLEN 4".to_owned())),
        ("läger.unga", Value::Number(young.into())),
        ("läger.natt", Value::YesNo(false)),
        ("läger.bad", Value::YesNo(bathes)),
        ("läger.allergi", Value::YesNo(false)),
        ("ledare.pnr", Value::PersonNr(AMINA.to_owned())),
    ];
    let application = camp_application(town, "tillstånd", &answers);
    town.apply_for(BOARD, &application).await;
    town.until("exempelkommun-a", BOARD, &application, "the case", |open| {
        !open.row.stands.todo.is_empty()
    })
    .await;
    let assessed = [
        ("uppgift", "bedömning.plan"),
        ("svar-bedömning.plan", "ja"),
        ("skal-bedömning.plan", "planen är noga"),
    ];
    town.at_desk_of(CAMP_BOARD, &application, Doing::Assess, &assessed)
        .await
        .unwrap();
    application
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_board_decides_where_the_delegation_ends_and_the_letter_says_what_holds_and_what_must_be_done() {
    let town = Town::with(&CAMP_TOWN, Changes::default(), with_camp()).await;
    let application = planned_camp(&town, 30, true).await;
    let open = town.case("exempelkommun-a", BOARD, &application).await.unwrap();
    assert_eq!(open.row.stands.todo, "board", "{:?}", open.row.stands);
    assert!(matches!(
        town.at_desk_of(CAMP_BOARD, &application, Doing::Decide, &[]).await,
        Err(Stopped::Input(_))
    ));
    let board = [("sammantrade", "2026-11-18"), ("paragraf", "§ 12")];
    town.at_desk_of(CAMP_BOARD, &application, Doing::Board, &board)
        .await
        .unwrap();
    let open = town.case("exempelkommun-a", BOARD, &application).await.unwrap();
    let letters = posted(&town, "exempelkommun-a", &open).await;
    let (_, letter) = letters.iter().find(|(row, _)| row.name == "decision").unwrap();
    let said = said_in(letter);
    let bathing = said
        .iter()
        .find(|sentence| sentence.text.contains("livräddare"))
        .unwrap();
    let facts: Vec<&str> = bathing
        .why
        .as_ref()
        .unwrap()
        .facts
        .iter()
        .map(|fact| fact.name.as_str())
        .collect();
    assert!(
        facts.contains(&"läger.bad") && facts.contains(&"läger.unga"),
        "{facts:?}"
    );
    assert!(!said.iter().any(|sentence| sentence.text.contains("ingen livräddare")));
    let duties: Vec<&str> = said
        .iter()
        .map(|sentence| sentence.text.as_str())
        .filter(|text| text.contains("Till: ") || text.contains("ren."))
        .collect();
    assert_eq!(
        duties,
        [
            "Tala om när lägret flyttar. Senast: två veckor från händelsen. Till: Fritidsnämnden.",
            "Redovisa hur många som var med. Senast: 1 mars varje år. Till: Fritidsnämnden.",
            "Håll platsen ren.",
        ]
    );
    let clean = said
        .iter()
        .find(|sentence| sentence.text == "Håll platsen ren.")
        .unwrap();
    assert!(clean.why.as_ref().unwrap().law[0].contains("26"));

    // Within the delegation the delegate decides, and nobody needs a lifeguard.
    let application = planned_camp(&town, 20, false).await;
    let open = town.case("exempelkommun-a", BOARD, &application).await.unwrap();
    assert_eq!(open.row.stands.todo, "decide", "{:?}", open.row.stands);
    town.at_desk_of(CAMP_BOARD, &application, Doing::Decide, &[])
        .await
        .unwrap();
    let open = town.case("exempelkommun-a", BOARD, &application).await.unwrap();
    let letters = posted(&town, "exempelkommun-a", &open).await;
    let (_, letter) = letters.iter().find(|(row, _)| row.name == "decision").unwrap();
    assert!(
        said_in(letter)
            .iter()
            .any(|sentence| sentence.text == "Ni behöver ingen livräddare.")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_performer_agrees_by_its_own_staff_and_its_letter_says_nothing_of_appeal() {
    let town = Town::with(&CAMP_TOWN, Changes::default(), with_camp()).await;
    let answers = [
        ("förening.orgnr", Value::OrgNr("5599000006".to_owned())),
        ("konto.syfte", Value::Text("mat och buss".to_owned())),
        ("revisor.pnr", Value::PersonNr(AMINA.to_owned())),
    ];
    let application = camp_application(&town, "konto", &answers);
    town.apply_for("banken", &application).await;
    town.until("banken", "banken", &application, "the case", |open| {
        open.row.stands.todo == "assess"
    })
    .await;
    let assessed = [
        ("uppgift", "bedömning.konto"),
        ("svar-bedömning.konto", "ja"),
        ("skal-bedömning.konto", "syftet är klart"),
    ];
    town.at_desk_of(BANK, &application, Doing::Assess, &assessed)
        .await
        .unwrap();
    let board = [("sammantrade", "2026-11-18"), ("paragraf", "§ 1")];
    assert!(matches!(
        town.at_desk_of(BANK, &application, Doing::Board, &board).await,
        Err(Stopped::NotAllowed(NotAllowed::PrivateDecides))
    ));
    town.at_desk_of(BANK, &application, Doing::Decide, &[]).await.unwrap();
    let open = town.case("banken", "banken", &application).await.unwrap();
    assert_eq!(open.file.case.decided().unwrap().decision.outcome, "öppnat");
    let letters = posted(&town, "banken", &open).await;
    let (_, letter) = letters.iter().find(|(row, _)| row.name == "decision").unwrap();
    assert_eq!(
        (letter.heading.as_str(), letter.stamp.what.as_str()),
        ("Kontot är öppnat", "Avtalat")
    );
    assert!(letter.appeal.is_none());
    let said: Vec<&str> = said_in(letter).iter().map(|sentence| sentence.text.as_str()).collect();
    assert!(
        said.contains(&"Säg upp kontot när lägret är slut. När: genast. Till: Banken."),
        "{said:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_without_the_signature_of_somebody_named_in_it_is_refused() {
    let town = Town::with(&CAMP_TOWN, Changes::default(), with_camp()).await;
    let auditor = "199007112387";
    let answers = [
        ("förening.orgnr", Value::OrgNr("5599000006".to_owned())),
        ("konto.syfte", Value::Text("mat och buss".to_owned())),
        ("revisor.pnr", Value::PersonNr(auditor.to_owned())),
    ];
    let unsigned = camp_application(&town, "konto", &answers);
    let signed = Application {
        submission: Chance::System.token(),
        answers_sha256: "hash-of-the-answers".to_owned(),
        signatures: vec![samverk_domain::case::messages::Signature {
            person: auditor.to_owned(),
            person_name: "Elsa Test".to_owned(),
            signs: vec![name("kontoavtal")],
            at: unsigned.received_at,
            signed_by_login: format!(
                "a.{}.c",
                samverk_wire::base64::url(br#"{"nonce":"n.hash-of-the-answers"}"#)
            ),
        }],
        ..unsigned.clone()
    };
    town.apply_for("banken", &unsigned).await;
    town.apply_for("banken", &signed).await;
    town.until("banken", "banken", &signed, "the case", |_| true).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(town.case("banken", "banken", &unsigned).await.is_none());
}

fn with_camp() -> Vec<Pack> {
    let mut packs = world::embedded_packs().unwrap();
    packs.push(camp());
    packs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entered_application_that_claims_a_login_or_another_day_is_refused() {
    use samverk_domain::case::assisted::{Arrival, Channel, Entered};

    let town = Town::of(&FOOD_TOWN, Changes::default()).await;
    let facts = town.example();
    let body = "exempelkommun-a.miljonamnden";
    let from_session = town.application("livsmedel", &facts).await;
    let entered = Entered {
        body: id("foretagsporten"),
        by: "Nils Forsberg, registrator".to_owned(),
        at: from_session.received_at,
        channel: Channel::Paper,
        arrival: Arrival::Reached,
        arrived: from_session.received_day,
        address: "Exempelgatan 1, 000 01 Exempelstad".to_owned(),
        paper_sha256: None,
        left_open: vec![],
        signatures: vec![],
    };
    let right = || {
        let mut application = from_session.clone();
        application.submission = Chance::System.token();
        for fact in &mut application.facts {
            if matches!(fact.origin, Origin::Applicant | Origin::Login | Origin::Represented) {
                fact.origin = Origin::Entered {
                    by: entered.by.clone(),
                    at: entered.at,
                    channel: entered.channel,
                    instead_of: None,
                };
            }
        }
        application.entered = Some(entered.clone());
        application
    };
    let wrong = [
        // Facts of a login beside the official's word, and the other way about.
        Application {
            facts: from_session.facts.clone(),
            ..right()
        },
        Application {
            entered: None,
            ..right()
        },
        Application {
            signed_by_login: "a.b.c".to_owned(),
            ..right()
        },
        Application {
            received_day: from_session.received_day.yesterday().unwrap(),
            ..right()
        },
        Application {
            entered: Some(Entered {
                body: id("skatteregistret"),
                ..entered.clone()
            }),
            ..right()
        },
    ];
    for application in &wrong {
        town.apply(body, application).await;
    }
    let right = right();
    town.apply(body, &right).await;
    town.until("exempelkommun-a", body, &right, "the case", |_| true).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    for application in &wrong {
        assert!(town.case("exempelkommun-a", body, application).await.is_none());
    }
}
