//! Nodes killed in the middle of things: what was acknowledged is there afterwards, once.
//!
//! Always true after `kill -9` and a restart: a submission with a receipt has exactly one case for each of its steps, at the
//! body that is responsible; one without is still a draft or has its receipt after all; an answer that was taken is there.
//! Each run prints its seed; `SAMVERK_SEED` repeats one.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use common::applicant::Scenario;
use common::nodes::Federation;
use common::paper;
use samverk::demo::browser::Browser;
use samverk_store::{Store, StoreError};

mod common;

/// `kill -9` during submission and delivery.
const KILLS: usize = 24;
/// `kill -9` while answers are saved.
const KILLS_OF_SAVES: usize = 8;
/// Longest from a submission's first page to the last message's delivery, when nobody is killed, on a busy machine.
const DELIVERY: Duration = Duration::from_millis(1_500);
/// All messages have come when the last restart is this long ago.
const DELIVERED_WITHIN: Duration = Duration::from_secs(90);
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Chance that can be repeated: SplitMix64.
struct Dice(u64);

impl Dice {
    fn from_env() -> Self {
        let seed = std::env::var("SAMVERK_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            now.map_or(1, |since| u64::from(since.subsec_nanos()))
        });
        println!("SAMVERK_SEED={seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn within(&mut self, longest: Duration) -> Duration {
        let micros = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX).max(1);
        Duration::from_micros(self.next() % micros)
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let n = u64::try_from(all.len()).unwrap_or(1);
        &all[usize::try_from(self.next() % n).unwrap_or(0)]
    }
}

/// Three steps at three nodes: a food business, gas and cash registers, without alcohol.
fn scenario() -> Scenario {
    let mut scenario = Scenario::read(include_str!("../demo/scenarios/full.md"));
    scenario
        .answers
        .insert("servering.alkohol".to_owned(), "nej".to_owned());
    scenario
}

async fn restart(federation: &mut Federation, node: &str) {
    federation.processes.start(&federation.world, node).unwrap();
    federation
        .processes
        .until_healthy(&federation.world, node)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_killed_during_submission_and_delivery_lose_nothing_and_double_nothing() {
    let mut dice = Dice::from_env();
    let mut federation = Federation::start().await;
    let scenario = scenario();
    let portal = federation.portal();
    let portal_url = federation.world.url(&portal);
    let bodies = ["exempelkommun-a", "exempelkommun-b", "skatteregistret"];
    let mut browser = Browser::new().unwrap();

    // One in peace, to know how long it takes.
    let service = federation.service();
    let id = paper::draft(&mut browser, &service, &scenario).await.unwrap();
    let began = Instant::now();
    let receipt = paper::submit(&mut browser, &portal_url, &id, &scenario).await.unwrap();
    let in_peace = began.elapsed();
    assert_eq!(receipt.path(), format!("/inskickat/{id}"), "{:?}", receipt.error());
    let mut submitted = vec![id];
    let mut unacknowledged = 0;

    for round in 0..KILLS {
        let id = paper::draft(&mut browser, &service, &scenario).await.unwrap();
        let (victim, longest) = match round % 2 {
            0 => (portal.as_str(), in_peace.mul_f64(1.2)),
            // Also the portal after the receipt, while it delivers.
            _ => (*dice.one_of(&[&bodies[..], &[&portal]].concat()), in_peace + DELIVERY),
        };
        let delay = dice.within(longest);
        let (sent, ()) = tokio::join!(paper::submit(&mut browser, &portal_url, &id, &scenario), async {
            tokio::time::sleep(delay).await;
            federation.processes.kill(victim).await;
        });
        restart(&mut federation, victim).await;
        let acknowledged = sent.is_ok_and(|page| page.status == 200 && page.path() == format!("/inskickat/{id}"));
        println!("{round}: {victim} after {delay:?}: receipt seen: {acknowledged}");
        let address = format!("{portal_url}/inskickat/{id}");
        let there = paper::open(&mut browser, &address, &scenario).await.unwrap();
        if acknowledged {
            assert_eq!(there.status, 200, "{id} had its receipt: {:?}", there.error());
        } else if there.status != 200 {
            unacknowledged += 1;
            let draft = paper::open(&mut browser, &format!("{portal_url}/utkast/{id}"), &scenario)
                .await
                .unwrap();
            assert_eq!(
                draft.status,
                200,
                "{id} was not submitted, so its draft is there: {:?}",
                draft.error()
            );
            let page = paper::submit(&mut browser, &portal_url, &id, &scenario).await.unwrap();
            assert_eq!(page.path(), format!("/inskickat/{id}"), "{:?}", page.error());
        }
        submitted.push(id);
    }
    println!("{unacknowledged} of {KILLS} were stopped before they were submitted");

    let steps = until_delivered(&federation, &portal, submitted.len() * 3).await;
    federation.processes.stop_all().await;
    for id in &submitted {
        let own: Vec<_> = steps.keys().filter(|(submission, _)| submission == id).collect();
        assert_eq!(own.len(), 3, "{id} has three steps");
    }
    let mut cases: BTreeMap<(String, String), u32> = BTreeMap::new();
    for node in bodies {
        for case in cases_at(&federation, node) {
            *cases.entry(case).or_default() += 1;
        }
    }
    for step in steps.keys() {
        assert_eq!(cases.get(step), Some(&1), "{step:?} has exactly one case");
    }
    assert_eq!(cases.len(), steps.len(), "there is no case that nobody applied for");
}

/// Waits until every step has been delivered. Gives them: submission and step, with the body.
async fn until_delivered(federation: &Federation, portal: &str, wanted: usize) -> BTreeMap<(String, String), String> {
    let began = Instant::now();
    loop {
        let rows = read(
            federation,
            portal,
            "select submission, step, body, state from submission_steps",
        );
        let left = rows.iter().filter(|row| row[3] != "delivered").count();
        if left == 0 && rows.len() == wanted {
            let steps = rows.into_iter().map(|row| {
                let [submission, step, body, _] = <[String; 4]>::try_from(row).unwrap();
                ((submission, step), body)
            });
            return steps.collect();
        }
        let late = began.elapsed() > DELIVERED_WITHIN;
        assert!(
            !late,
            "{left} of {} steps (wanted: {wanted}) are not delivered",
            rows.len()
        );
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Submission and step of each case that came of an application.
fn cases_at(federation: &Federation, node: &str) -> Vec<(String, String)> {
    let rows = read(
        federation,
        node,
        "select reference, step from cases where kind = 'application'",
    );
    rows.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect()
}

/// Reads a node's store as it lies on the disk.
fn read(federation: &Federation, node: &str, sql: &'static str) -> Vec<Vec<String>> {
    let path = federation.world.node_dir(node).join("node.sqlite");
    let columns: Vec<&str> = sql["select ".len()..sql.find(" from").unwrap()].split(", ").collect();
    std::thread::spawn(move || {
        let store = Store::open(&path).unwrap();
        let rows = store.read_blocking("tests.read", move |tx| {
            let rows = tx.query(sql, &[])?;
            rows.iter()
                .map(|row| columns.iter().map(|column| row.text(column)).collect())
                .collect()
        });
        rows.unwrap_or_else(|why: StoreError| panic!("{sql}: {why}"))
    })
    .join()
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_taken_is_there_after_the_portal_was_killed() {
    let mut dice = Dice::from_env();
    let mut federation = Federation::start().await;
    let scenario = scenario();
    let portal = federation.portal();
    let portal_url = federation.world.url(&portal);
    let mut browser = Browser::new().unwrap();
    let id = paper::draft(&mut browser, &federation.service(), &scenario)
        .await
        .unwrap();
    let mut last = 100;
    // The first kill may come before anything is answered, and then this is what must be there.
    paper::answer(&mut browser, &portal_url, &id, "gas.inne", &last.to_string(), &scenario)
        .await
        .unwrap();
    for round in 0..KILLS_OF_SAVES {
        let delay = dice.within(Duration::from_millis(600));
        let mut taken = last;
        let saving = async {
            while let Ok(page) = paper::answer(
                &mut browser,
                &portal_url,
                &id,
                "gas.inne",
                &(taken + 1).to_string(),
                &scenario,
            )
            .await
            {
                assert_eq!(page.error(), None);
                taken += 1;
            }
            taken
        };
        let (taken, ()) = tokio::join!(saving, async {
            tokio::time::sleep(delay).await;
            federation.processes.kill(&portal).await;
        });
        restart(&mut federation, &portal).await;
        let there = paper::answered(&mut browser, &portal_url, &id, "gas.inne", &scenario)
            .await
            .unwrap();
        println!("{round}: killed after {delay:?}: {taken} was taken, {there} is there");
        let there: u32 = there.parse().unwrap();
        assert!(
            there == taken || there == taken + 1,
            "{taken} was taken, {there} is there"
        );
        last = there;
    }
}
