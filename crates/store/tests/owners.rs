//! What the owner files promise: jobs, inbox, sealed log, exchanges, terms, events.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use samverk_domain::events::Kind;
use samverk_domain::fact::Name;
use samverk_domain::terms::{Adoption, BodyId, Contract, Mode, Offer, Offered, Revocation, Side, SignedContract};
use samverk_store::inbox::Arrival;
use samverk_store::jobs::{Enqueued, Job, Retried};
use samverk_store::sealed_log::{Checkpoint, Hash};
use samverk_store::{Store, StoreError, Tx, events, exchanges, inbox, jobs, params, sealed_log, terms};
use sha2::{Digest as _, Sha256};

struct World {
    store: Store,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: Store::open(&folder.path().join("node.sqlite")).unwrap(),
            _folder: folder,
        }
    }

    fn run<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.store.run_blocking("test", f)
    }
}

fn at(seconds: i64) -> Timestamp {
    "2026-03-02T08:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

fn body(id: &str) -> BodyId {
    BodyId::parse(id).unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn claim_one(world: &World, now: Timestamp) -> Option<Job> {
    let mut jobs = world.run(move |tx| jobs::claim(tx, now, MINUTE, 1)).unwrap();
    jobs.pop()
}

// --- jobs ---

#[test]
fn a_job_enqueued_twice_is_one_job_even_after_it_is_done() {
    let world = World::new();
    let enqueue = || world.run(|tx| jobs::enqueue(tx, "send", "m1", "{}", at(0))).unwrap();
    assert_eq!(enqueue(), Enqueued::New);
    assert_eq!(enqueue(), Enqueued::Already);
    let job = claim_one(&world, at(0)).unwrap();
    assert!(world.run(move |tx| jobs::done(tx, &job, at(1))).unwrap());
    assert_eq!(enqueue(), Enqueued::Already);
    assert_eq!(claim_one(&world, at(1000)), None);
    assert_eq!(world.run(|tx| jobs::forget_done(tx, at(2))).unwrap(), 1);
    assert_eq!(enqueue(), Enqueued::New);
}

#[test]
fn a_job_is_not_due_before_its_time_and_only_one_worker_gets_it() {
    let world = World::new();
    world
        .run(|tx| jobs::enqueue(tx, "send", "later", "{}", at(60)))
        .unwrap();
    world.run(|tx| jobs::enqueue(tx, "send", "soon", "{}", at(30))).unwrap();
    assert_eq!(world.run(jobs::next_due).unwrap(), Some(at(30)));
    assert_eq!(claim_one(&world, at(29)), None);
    assert_eq!(claim_one(&world, at(60)).unwrap().key, "soon");
    assert_eq!(claim_one(&world, at(60)).unwrap().key, "later");
    assert_eq!(claim_one(&world, at(60)), None);
    assert_eq!(world.run(jobs::next_due).unwrap(), Some(at(120)), "the leases' end");
}

#[test]
fn a_job_whose_lease_ran_out_goes_to_another_and_the_first_can_no_longer_end_it() {
    let world = World::new();
    world.run(|tx| jobs::enqueue(tx, "send", "m", "{}", at(0))).unwrap();
    let slow = claim_one(&world, at(0)).unwrap();
    let quick = claim_one(&world, at(60)).unwrap();
    assert_eq!((slow.attempt, quick.attempt), (1, 2));
    let stale = slow.clone();
    assert!(!world.run(move |tx| jobs::done(tx, &stale, at(61))).unwrap());
    assert_eq!(
        world
            .run(move |tx| jobs::retry(tx, &slow, at(61), at(62), 5, "slow"))
            .unwrap(),
        Retried::NotYours
    );
    assert!(world.run(move |tx| jobs::done(tx, &quick, at(62))).unwrap());
}

#[test]
fn a_job_is_given_up_with_its_reason_after_its_attempts_and_can_start_over() {
    let world = World::new();
    world
        .run(|tx| jobs::enqueue(tx, "send", "m", "{\"a\":1}", at(0)))
        .unwrap();
    for attempt in 1..=3 {
        let job = claim_one(&world, at(i64::from(attempt) * 100)).unwrap();
        let now = at(i64::from(attempt) * 100);
        let retried = world
            .run(move |tx| jobs::retry(tx, &job, now, now, 3, "the peer is down"))
            .unwrap();
        let expected = if attempt < 3 { Retried::Again } else { Retried::GivenUp };
        assert_eq!(retried, expected);
    }
    let failed = world.run(|tx| jobs::failed(tx, 10)).unwrap();
    assert_eq!((failed[0].attempts, failed[0].why.as_str()), (3, "the peer is down"));
    assert_eq!(claim_one(&world, at(10_000)), None);
    assert!(world.run(|tx| jobs::start_over(tx, "send", "m", at(500))).unwrap());
    assert_eq!(claim_one(&world, at(500)).unwrap().payload, "{\"a\":1}");
}

#[test]
fn after_a_crash_every_leased_job_is_due_at_once() {
    let world = World::new();
    world.run(|tx| jobs::enqueue(tx, "send", "m", "{}", at(0))).unwrap();
    claim_one(&world, at(0)).unwrap();
    let again = Store::open(world.store.path()).unwrap();
    assert_eq!(again.run_blocking("recover", |tx| jobs::recover(tx, at(1))), Ok(1));
    assert_eq!(claim_one(&world, at(1)).unwrap().attempt, 2);
}

#[test]
fn a_job_of_a_transaction_that_failed_does_not_exist() {
    let world = World::new();
    let failed: Result<(), _> = world.run(|tx| {
        jobs::enqueue(tx, "send", "m", "{}", at(0))?;
        Err(StoreError::NotOne(0))
    });
    assert_eq!(failed, Err(StoreError::NotOne(0)));
    assert_eq!(world.run(jobs::open), Ok(0));
}

#[tokio::test]
async fn the_worker_is_woken_when_a_job_was_committed() {
    let world = World::new();
    let store = world.store.clone();
    let waiting = tokio::spawn(async move { store.job_enqueued().await });
    world
        .store
        .run("enqueue", |tx| jobs::enqueue(tx, "send", "m", "{}", at(0)))
        .await
        .unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(5), waiting)
        .await
        .expect("woken")
        .unwrap();
}

proptest! {
    #[test]
    fn the_wait_between_attempts_grows_to_its_longest_and_is_never_less_than_half(attempt in 1_u32.., chance: u16) {
        let (first, longest) = (SignedDuration::from_secs(2), SignedDuration::from_mins(30));
        let whole = jobs::backoff(attempt, first, longest, u16::MAX);
        let spread = jobs::backoff(attempt, first, longest, chance);
        prop_assert!(spread >= whole / 2 && spread <= whole && whole <= longest);
        prop_assert!(whole >= first);
        prop_assert!(jobs::backoff(attempt.saturating_add(1), first, longest, u16::MAX) >= whole);
    }
}

// --- inbox ---

#[test]
fn a_message_is_first_once_and_then_answered_with_its_receipt() {
    let world = World::new();
    let arrive = |receiver: &'static str, content: u8| {
        world
            .run(move |tx| inbox::first_time(tx, &body(receiver), "m1", &[content; 32], at(0)))
            .unwrap()
    };
    assert_eq!(arrive("a", 1), Arrival::First);
    assert_eq!(arrive("a", 1), Arrival::Again { receipt: None });
    world
        .run(|tx| inbox::keep_receipt(tx, &body("a"), "m1", "kvitto"))
        .unwrap();
    world
        .run(|tx| inbox::keep_receipt(tx, &body("a"), "m1", "another"))
        .unwrap();
    let receipt = Some("kvitto".to_owned());
    assert_eq!(arrive("a", 1), Arrival::Again { receipt }, "the first receipt stands");
    assert_eq!(arrive("a", 2), Arrival::Conflict);
    assert_eq!(arrive("b", 2), Arrival::First, "another receiver has its own inbox");
    assert_eq!(
        world.run(|tx| inbox::keep_receipt(tx, &body("a"), "never came", "x")),
        Err(StoreError::NotOne(0))
    );
}

// --- sealed log ---

/// RFC 6962 §2.1, word by word.
fn merkle_tree_hash(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        more => {
            let k = more.len().next_power_of_two() / 2;
            sealed_log::node_hash(&merkle_tree_hash(&more[..k]), &merkle_tree_hash(&more[k..]))
        }
    }
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_hashes_are_those_of_certificate_transparency() {
    // Published with RFC 6962's reference implementation (google/certificate-transparency, merkle_tree_test.cc).
    let leaves: Vec<Hash> = [
        &b""[..],
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[
            0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f,
        ],
    ]
    .iter()
    .map(|data| sealed_log::leaf_hash(data))
    .collect();
    assert_eq!(
        hex(&merkle_tree_hash(&leaves[..1])),
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    );
    assert_eq!(
        hex(&merkle_tree_hash(&leaves)),
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn the_root_at_every_size_is_the_merkle_tree_hash_and_two_bodies_do_not_mix(records in prop::collection::vec(".{0,20}", 0..70)) {
        let world = World::new();
        let count = records.len();
        world.run(move |tx| {
            let (ours, theirs) = (body("a"), body("b"));
            let mut leaves = Vec::new();
            assert_eq!(sealed_log::root(tx, &ours, 0)?, merkle_tree_hash(&[]));
            for (index, record) in (0..).zip(&records) {
                assert_eq!(sealed_log::append(tx, &ours, "x", &[7; 16], record)?, index);
                sealed_log::append(tx, &theirs, "x", &[8; 16], record)?;
                leaves.push(sealed_log::leaf_hash(&sealed_log::leaf_data(&[7; 16], record)));
                assert_eq!(sealed_log::root(tx, &ours, index + 1)?, merkle_tree_hash(&leaves));
            }
            for size in 0..=count {
                assert_eq!(sealed_log::root(tx, &ours, size as u64)?, merkle_tree_hash(&leaves[..size]));
            }
            for level in 0..7_u8 {
                for (index, covered) in leaves.chunks_exact(1 << level).enumerate() {
                    assert_eq!(sealed_log::hash_at(tx, &ours, level, index as u64)?, merkle_tree_hash(covered));
                }
                let incomplete = (count >> level) as u64;
                assert_eq!(sealed_log::hash_at(tx, &ours, level, incomplete), Err(StoreError::NotOne(0)));
            }
            Ok(())
        }).unwrap();
    }
}

#[test]
fn a_second_history_is_refused_and_a_witness_may_sign_the_first() {
    let world = World::new();
    let a = body("a");
    let first = Checkpoint {
        size: 3,
        root: [1; 32],
        note: "signed".to_owned(),
        signed_at: at(0),
    };
    let witnessed = Checkpoint {
        note: "signed twice".to_owned(),
        ..first.clone()
    };
    let forked = Checkpoint {
        root: [2; 32],
        ..first.clone()
    };
    let keep = |checkpoint: &Checkpoint| {
        let (a, checkpoint) = (a.clone(), checkpoint.clone());
        world.run(move |tx| sealed_log::keep_checkpoint(tx, &a, &checkpoint))
    };
    assert_eq!(keep(&first), Ok(()));
    assert_eq!(keep(&witnessed), Ok(()));
    assert!(matches!(keep(&forked), Err(StoreError::Constraint(_))));
    world
        .run(move |tx| {
            assert_eq!(
                sealed_log::checkpoint_over(tx, &body("a"), 2)?.unwrap().note,
                "signed twice"
            );
            assert_eq!(sealed_log::checkpoint_over(tx, &body("a"), 3)?, None);
            assert_eq!(sealed_log::checkpoint(tx, &body("a"))?.unwrap().size, 3);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_leaf_is_found_by_its_exchange() {
    let world = World::new();
    world
        .run(|tx| {
            sealed_log::append(tx, &body("a"), "e1", &[1; 16], "{}")?;
            let index = sealed_log::append(tx, &body("a"), "e2", &[2; 16], "{\"b\":1}")?;
            let leaves = sealed_log::leaves_about(tx, &body("a"), "e2")?;
            assert_eq!(leaves, vec![sealed_log::leaf(tx, &body("a"), index)?.unwrap()]);
            assert_eq!(leaves[0].record, "{\"b\":1}");
            Ok(())
        })
        .unwrap();
}

// --- exchanges ---

fn begun(id: &str) -> exchanges::Begun {
    exchanges::Begun {
        body: body("skatteregistret"),
        side: Side::Provider,
        id: id.to_owned(),
        peer: body("foretagsporten"),
        contract_hash: "hash".to_owned(),
        what: "skatt".to_owned(),
        fields: vec!["f-skatt".to_owned()],
        purpose: "starta-restaurang".to_owned(),
        ground: "1 kap. 1 §".to_owned(),
        matter: "utkast 1".to_owned(),
        asked_by: "Ansökan, automatiskt".to_owned(),
        request_signature_sha256: Some([1; 32]),
        request: b"sealed request".to_vec(),
        wrapped_key: b"wrapped key".to_vec(),
        subjects: vec![[9; 32], [8; 32]],
        at: at(0),
    }
}

#[test]
fn an_exchange_is_found_by_whom_it_is_about_and_ends_once() {
    let world = World::new();
    let answered = exchanges::Ended {
        state: exchanges::State::Answered,
        response_signature_sha256: Some([2; 32]),
        response: Some(b"sealed response".to_vec()),
        log_index: Some(4),
        at: at(1),
    };
    world
        .run(move |tx| {
            let ours = body("skatteregistret");
            exchanges::begin(tx, &begun("e1"))?;
            assert_eq!(exchanges::unfinished(tx, &ours, Side::Provider, at(1))?, ["e1"]);
            assert!(exchanges::end(tx, &ours, Side::Provider, "e1", &answered)?);
            assert!(!exchanges::end(tx, &ours, Side::Provider, "e1", &answered)?);
            for subject in [[9; 32], [8; 32]] {
                let about = exchanges::about(tx, &ours, &subject, at(10))?;
                assert_eq!(about.len(), 1);
                assert_eq!(about[0].fields, ["f-skatt"]);
                assert_eq!(about[0].log_index, Some(4));
                assert_eq!(about[0].state, exchanges::State::Answered);
            }
            assert_eq!(exchanges::about(tx, &ours, &[7; 32], at(10))?, []);
            assert_eq!(exchanges::about(tx, &body("foretagsporten"), &[9; 32], at(10))?, []);
            Ok(())
        })
        .unwrap();
    let again = world.run(|tx| exchanges::begin(tx, &begun("e1")));
    assert!(matches!(again, Err(StoreError::Constraint(_))));
}

#[test]
fn disposal_leaves_neither_key_nor_contents_in_the_file() {
    let world = World::new();
    world
        .run(|tx| {
            let ours = body("skatteregistret");
            exchanges::begin(tx, &begun("e1"))?;
            assert_eq!(
                exchanges::sealed(tx, &ours, Side::Provider, "e1")?.unwrap().wrapped_key,
                b"wrapped key"
            );
            assert!(exchanges::dispose(
                tx,
                &ours,
                Side::Provider,
                "e1",
                "Beslut 2026:4",
                at(5)
            )?);
            assert!(!exchanges::dispose(tx, &ours, Side::Provider, "e1", "again", at(6))?);
            assert_eq!(exchanges::sealed(tx, &ours, Side::Provider, "e1")?, None);
            let kept = exchanges::exchange(tx, &ours, Side::Provider, "e1")?.unwrap();
            assert_eq!(kept.disposed_at, Some(at(5)), "that it took place is kept");
            Ok(())
        })
        .unwrap();
    let path = world.store.path().to_owned();
    drop(world.store);
    // The last connection that closes folds the write-ahead log into the file.
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))
        .unwrap();
    let file = std::fs::read(&path).unwrap();
    for gone in [&b"wrapped key"[..], b"sealed request"] {
        assert!(!file.windows(gone.len()).any(|window| window == gone));
    }
}

// --- terms ---

fn contract(hash: &str, signer: &str) -> SignedContract {
    SignedContract {
        contract: Contract {
            id: "c1".to_owned(),
            offer_hash: "offer".to_owned(),
            offer: Offer {
                id: "o1".to_owned(),
                provider: body("skatteregistret"),
                what: Offered::Register {
                    register: name("skatt"),
                    fields: BTreeSet::from([name("f-skatt")]),
                    modes: BTreeSet::from([Mode::Direct]),
                },
                purposes: vec!["*".to_owned()],
                disclosure_ground: "x".to_owned(),
                valid_from: at(0),
                valid_to: at(1000),
                retention_days: 30,
                rate_per_minute: 60,
                conditions: String::new(),
            },
            consumer: body("foretagsporten"),
            fields: BTreeSet::from([name("f-skatt")]),
            purpose: "starta-restaurang".to_owned(),
            processing_ground: "y".to_owned(),
            valid_from: at(0),
            valid_to: at(1000),
            on_behalf_of: None,
        },
        hash: hash.to_owned(),
        signatures: BTreeMap::from([(body(signer), format!("jws of {signer}"))]),
    }
}

#[test]
fn a_contract_gains_the_other_partys_signature_and_ends_when_revoked_or_past() {
    let world = World::new();
    world
        .run(|tx| {
            terms::keep_contract(tx, &contract("h", "foretagsporten"), at(0))?;
            terms::keep_contract(tx, &contract("h", "skatteregistret"), at(1))?;
            let kept = terms::contract(tx, "h")?.unwrap();
            assert_eq!(kept.signatures.len(), 2);
            let (consumer, provider) = (body("foretagsporten"), body("skatteregistret"));
            let between = |tx: &mut Tx, register: Option<&Name>, when| {
                terms::contracts_between(tx, &consumer, &provider, register, when).map(|found| found.len())
            };
            let skatt = name("skatt");
            assert_eq!(between(tx, Some(&skatt), at(5))?, 1);
            assert_eq!(between(tx, Some(&name("bolag")), at(5))?, 0);
            assert_eq!(between(tx, None, at(5))?, 0);
            assert_eq!(between(tx, Some(&skatt), at(1001))?, 0);
            let revocation = Revocation {
                contract_hash: "h".to_owned(),
                by: provider.clone(),
                at: at(10),
                reason: "skäl".to_owned(),
            };
            terms::keep_revocation(tx, &revocation, "jws")?;
            terms::keep_revocation(tx, &revocation, "jws")?;
            assert_eq!(terms::revocation(tx, "h")?, Some(revocation));
            assert_eq!(between(tx, Some(&skatt), at(9))?, 1);
            assert_eq!(between(tx, Some(&skatt), at(10))?, 0);
            assert_eq!(
                terms::contracts_of(tx, &provider)?.len(),
                1,
                "what has ended is still cited"
            );
            let offer = contract("h", "x").contract.offer;
            terms::keep_offer(tx, "offer", &offer, "offer jws", at(0))?;
            terms::keep_offer(tx, "offer", &offer, "other jws", at(0))?;
            assert_eq!(terms::offer(tx, "offer")?.as_deref(), Some("offer jws"));
            assert_eq!(terms::offers(tx, &provider, at(5))?, ["offer jws"]);
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_adoption_kept_last_counts() {
    let world = World::new();
    let adoption = |version| Adoption {
        body: body("exempelkommun-a.miljonamnden"),
        publisher: body("foretagsporten"),
        pack: name("starta-restaurang"),
        version,
        pack_sha256: "ab".to_owned(),
        steps: vec![],
        parameters: BTreeMap::new(),
        parameter_decisions: BTreeMap::new(),
        delegations: BTreeMap::new(),
        receptions: BTreeSet::new(),
        decided: "2026-03-10, § 27".to_owned(),
        adopted_at: at(0),
    };
    world
        .run(move |tx| {
            terms::keep_adoption(tx, &adoption(1), "one", at(0))?;
            terms::keep_adoption(tx, &adoption(2), "two", at(1))?;
            terms::keep_adoption(tx, &adoption(1), "one", at(2))?;
            let pack = name("starta-restaurang");
            let counts = terms::adoption(tx, &body("exempelkommun-a.miljonamnden"), &pack)?.unwrap();
            assert_eq!((counts.version, counts.signed.as_str()), (2, "two"));
            assert_eq!(terms::adoptions_of(tx, &pack)?, [counts]);
            Ok(())
        })
        .unwrap();
}

// --- events ---

#[test]
fn events_are_counted_once_and_added_up_by_source() {
    let world = World::new();
    let event = |id: &str, case: &str, source: Option<&str>, count| events::Event {
        id: id.to_owned(),
        at: at(0),
        node: "foretagsporten".to_owned(),
        body: body("foretagsporten"),
        service: "starta-restaurang".to_owned(),
        version: 1,
        case_pseudonym: case.to_owned(),
        kind: Kind::FieldPrefilled,
        about: Some("ägare.pnr[2]".to_owned()),
        source_body: source.map(body),
        channel: "web".to_owned(),
        count,
        active_ms: source.map(|_| 250),
    };
    world
        .run(move |tx| {
            for it in [
                event("1", "c1", Some("skatteregistret"), 2),
                event("2", "c2", Some("skatteregistret"), 3),
                event("2", "c2", Some("skatteregistret"), 3),
                event("3", "c1", None, 1),
            ] {
                events::append(tx, &it)?;
            }
            let totals = events::totals(tx, Some("starta-restaurang"), at(0), at(1))?;
            assert_eq!(totals.len(), 2);
            let tax = &totals[1];
            assert_eq!(
                (tax.events, tax.count, tax.cases, tax.active_ms, tax.measured),
                (2, 5, 2, 500, 2)
            );
            assert_eq!(events::totals(tx, None, at(0), at(1))?, totals);
            assert_eq!(events::totals(tx, Some("another"), at(0), at(1))?, []);
            assert_eq!(
                events::of_case(tx, "c1")?[0],
                event("1", "c1", Some("skatteregistret"), 2)
            );
            assert_eq!(events::of_case(tx, "c1")?.len(), 2);
            assert_eq!(events::services(tx)?, ["starta-restaurang"]);
            assert_eq!(events::of_service(tx, "starta-restaurang", at(0), at(1), 2)?.len(), 2);
            Ok(())
        })
        .unwrap();
}

#[test]
fn every_table_column_has_a_comment_and_a_portable_type() {
    for migration in samverk_store::OWNERS.iter().flat_map(|list| list.iter()) {
        for line in migration.sql.lines().filter(|line| line.starts_with("    ")) {
            let words: Vec<_> = line.split_whitespace().collect();
            if matches!(words[0], "primary" | "foreign" | "unique" | "check" | "--") {
                continue;
            }
            let place = format!("{} {}: {line}", migration.owner, migration.number);
            let kind = words[1].trim_end_matches(',');
            assert!(matches!(kind, "text" | "bigint" | "bytea"), "{place}");
            assert!(line.contains("-- "), "{place}");
        }
    }
}

#[test]
fn all_tables_are_made_and_made_once() {
    let world = World::new();
    let count = |store: &Store| {
        store
            .read_blocking("count", |tx| {
                tx.query_one("select count(*) as taken from migrations", params![])?
                    .count("taken")
            })
            .map_err(|e: StoreError| e)
            .unwrap()
    };
    let expected = samverk_store::OWNERS.iter().map(|list| list.len() as u64).sum::<u64>();
    assert_eq!(count(&world.store), expected);
    assert_eq!(count(&Store::open(world.store.path()).unwrap()), expected);
}

#[test]
fn a_version_of_a_service_never_changes_and_may_get_its_signature_later() {
    use samverk_domain::terms::{PackVersion, SignedVersion};
    use samverk_store::versions::{self, Keeping, Kept};
    let world = World::new();
    let kept = |sha256: &str, signed: bool| {
        let files = BTreeMap::from([("tjanst.md".to_owned(), sha256.to_owned())]);
        Kept {
            pack: name("starta-restaurang"),
            version: 1,
            sha256: sha256.to_owned(),
            signed: signed.then(|| SignedVersion {
                version: PackVersion {
                    publisher: body("foretagsporten"),
                    pack: name("starta-restaurang"),
                    version: 1,
                    sha256: sha256.to_owned(),
                    published_at: at(0),
                    files: files.clone(),
                },
                signature: "a..b".to_owned(),
            }),
            files,
        }
    };
    let keep = |it: Kept| world.run(move |tx| versions::keep(tx, &it, at(1))).unwrap();
    assert_eq!(keep(kept("aa", false)), Keeping::New);
    assert_eq!(keep(kept("aa", false)), Keeping::Same);
    let another = Keeping::Another {
        sha256: "aa".to_owned(),
    };
    assert_eq!(keep(kept("bb", true)), another);
    let read = || world.run(|tx| versions::since(tx, 0)).unwrap();
    let (all, before) = read();
    assert_eq!(all, [kept("aa", false)]);
    assert_eq!(keep(kept("aa", true)), Keeping::Same);
    let (all, after) = read();
    assert_eq!(all, [kept("aa", true)]);
    assert!(after > before, "a running node sees the signature");
    assert_eq!(keep(kept("aa", false)), Keeping::Same);
    assert_eq!(read().0, [kept("aa", true)], "a signature is never lost");
    let none = world.run(move |tx| versions::since(tx, after)).unwrap();
    assert_eq!(none, (vec![], after));
}
