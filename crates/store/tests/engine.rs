//! The promises of the engine, seen from outside: what is acknowledged stays, who fails falls alone.

#![allow(clippy::unwrap_used)] // a test's helper functions stop the test

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use samverk_store::migrations::Migration;
use samverk_store::{Store, StoreError, params};

const TABLES: &[&[Migration]] = &[&[Migration {
    owner: "test",
    number: 1,
    name: "numbers",
    sql: "create table numbers (
        n    bigint primary key, -- the number
        word text                -- anything
    );",
}]];

fn open(folder: &tempfile::TempDir) -> Store {
    Store::open_with(&folder.path().join("node.sqlite"), TABLES).unwrap()
}

async fn insert(store: &Store, n: i64) -> Result<usize, StoreError> {
    store
        .run("insert", move |tx| {
            tx.execute("insert into numbers (n) values ($1)", params![n])
        })
        .await
}

async fn all(store: &Store) -> Vec<i64> {
    store
        .read("all", |tx| {
            let rows = tx.query("select n from numbers order by n", params![])?;
            rows.iter()
                .map(|row| row.int("n"))
                .collect::<Result<Vec<_>, StoreError>>()
        })
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_closures_share_commits() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let writers: Vec<_> = (0..400)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { insert(&store, n).await })
        })
        .collect();
    for writer in writers {
        assert_eq!(writer.await.unwrap(), Ok(1));
    }
    let counters = store.counters();
    assert_eq!(counters.runs["insert"].times, 400);
    assert!(counters.commits < 200, "{} commits for 400 closures", counters.commits);
    assert!(counters.batch_max > 1);
    assert_eq!(all(&store).await, (0..400).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_or_a_panic_rolls_back_only_its_own_closure() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let writers: Vec<_> = (0..90_i64)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .run("mixed", move |tx| {
                        tx.execute("insert into numbers (n) values ($1)", params![n])?;
                        assert!(n % 3 != 1, "a panic that the test wants");
                        if n % 3 == 2 {
                            return Err(StoreError::NotOne(2));
                        }
                        Ok(n)
                    })
                    .await
            })
        })
        .collect();
    for (n, writer) in (0..).zip(writers) {
        let expected = match n % 3 {
            0 => Ok(n),
            1 => Err(StoreError::Panicked("mixed")),
            _ => Err(StoreError::NotOne(2)),
        };
        assert_eq!(writer.await.unwrap(), expected);
    }
    assert_eq!(all(&store).await, (0..90).step_by(3).collect::<Vec<_>>());
    assert_eq!(store.counters().runs["mixed"].failed, 60);
    assert_eq!(insert(&store, 1000).await, Ok(1), "the writer lives on");
}

#[tokio::test]
async fn a_broken_rule_of_the_table_is_named_without_its_value() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    insert(&store, 198_001).await.unwrap();
    let Err(StoreError::Constraint(why)) = insert(&store, 198_001).await else {
        panic!("a duplicate is refused");
    };
    assert!(why.contains("numbers.n") && !why.contains("198001"), "{why}");
}

#[tokio::test]
async fn a_reading_transaction_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let wrote: Result<usize, StoreError> = store
        .read("sly", |tx| {
            tx.execute("insert into numbers (n) values ($1)", params![1_i64])
        })
        .await;
    assert_eq!(wrote, Err(StoreError::ReadOnly));
    let panicked: Result<(), StoreError> = store.read("wild", |_| panic!("a panic that the test wants")).await;
    assert_eq!(panicked, Err(StoreError::Panicked("wild")));
    assert_eq!(all(&store).await, Vec::<i64>::new());
}

#[tokio::test]
async fn placeholders_are_bound_by_their_number_and_all_must_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    store
        .run("order", |tx| {
            let row = tx.query_one(
                "select $2 as second, $1 as first, $2 as again",
                params!["one", None::<i64>],
            )?;
            assert_eq!(row.text("first")?, "one");
            assert_eq!(row.maybe_text("second")?, None);
            assert!(matches!(row.text("again"), Err(StoreError::Column { .. })));
            assert!(matches!(row.int("first"), Err(StoreError::Column { .. })));
            assert!(matches!(row.int("absent"), Err(StoreError::Column { .. })));
            for wrong in [
                tx.query("select $1 as a", params![]),
                tx.query("select $2 as a", params![1_i64]),
                tx.query("select $2 as a", params![1_i64, 2_i64, 3_i64]),
                tx.query("select ? as a", params![1_i64]),
            ] {
                assert!(matches!(wrong, Err(StoreError::Engine(_))), "{wrong:?}");
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn an_instant_keeps_its_microseconds_and_sorts_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let early: jiff::Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
    let late: jiff::Timestamp = "2026-03-01T09:00:00.000001Z".parse().unwrap();
    store
        .run("times", move |tx| {
            let row = tx.query_one(
                "select $1 as early, $2 as late, case when $1 < $2 then 1 else 0 end as sorted",
                params![early, late],
            )?;
            assert_eq!(row.instant("early")?, early);
            assert_eq!(row.instant("late")?, late);
            assert!(row.flag("sorted")?);
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

#[test]
fn an_edited_migration_and_a_newer_store_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.sqlite");
    let first = TABLES[0][0];
    let second = Migration {
        number: 2,
        name: "more",
        sql: "create table more (a text);",
        ..first
    };
    drop(Store::open_with(&path, &[&[first]]).unwrap());
    drop(Store::open_with(&path, &[&[first, second]]).unwrap());
    drop(Store::open_with(&path, &[&[first, second]]).unwrap());

    let refusal = |tables: &[&[Migration]]| match Store::open_with(&path, tables) {
        Err(StoreError::NotOpened(why)) => why,
        Err(other) => panic!("refused for another reason: {other}"),
        Ok(_) => panic!("opened"),
    };
    assert!(refusal(&[&[first]]).contains("newer version"));
    let edited = Migration {
        sql: "create table numbers (n text);",
        ..first
    };
    assert!(refusal(&[&[edited, second]]).contains("never edited"));
    let broken = Migration {
        number: 3,
        name: "broken",
        sql: "create table third (a text); create tabel x;",
        ..first
    };
    assert!(refusal(&[&[first, second, broken]]).contains("broken"));
    drop(Store::open_with(&path, &[&[first, second]]).expect("a failed migration leaves the store as it was"));
}

#[test]
fn the_store_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    store
        .run_blocking("one", |tx| tx.execute("insert into numbers (n) values (1)", params![]))
        .unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            file.file_name()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_commits_what_is_queued_and_folds_the_log_into_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let own = store.clone();
    let waiting: Vec<_> = (0..50)
        .map(|n| {
            // The closure itself holds a clone: the last one may go in the writer's own thread.
            let (store, held) = (store.clone(), own.clone());
            tokio::spawn(async move {
                store
                    .run("insert", move |tx| {
                        let _held = &held;
                        tx.execute("insert into numbers (n) values ($1)", params![n])
                    })
                    .await
            })
        })
        .collect();
    drop((store, own));
    for one in waiting {
        assert_eq!(one.await.unwrap(), Ok(1));
    }
    let wal = folder.path().join("node.sqlite-wal");
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while wal.exists() && std::time::Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    assert!(!wal.exists(), "the write-ahead log is folded in");
    assert_eq!(all(&open(&folder)).await.len(), 50);
}

/// The other half of the next test: run as its own process, it writes rows and prints each once it is acknowledged.
#[test]
fn writes_until_killed_when_started_by_the_kill_test() {
    let Ok(path) = std::env::var("SAMVERK_STORE_KILL_TEST") else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open_with(path.as_ref(), TABLES).unwrap();
        let first: i64 = all(&store).await.last().map_or(0, |n| n + 1);
        let lanes: Vec<_> = (0..8)
            .map(|lane| {
                let store = store.clone();
                tokio::spawn(async move {
                    for n in (first + lane..).step_by(8) {
                        insert(&store, n).await.unwrap();
                        println!("acknowledged {n}");
                    }
                })
            })
            .collect();
        for lane in lanes {
            lane.await.unwrap();
        }
    });
}

#[test]
fn every_acknowledged_row_is_there_after_kill_9_at_random_points() {
    const ROUNDS: u64 = 24;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.sqlite");
    drop(open(&folder));
    let mut acknowledged = std::collections::BTreeSet::new();
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "writes_until_killed_when_started_by_the_kill_test",
                "--nocapture",
            ])
            .env("SAMVERK_STORE_KILL_TEST", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut killer = None;
        for line in lines.lines() {
            let line = line.unwrap();
            let Some((_, n)) = line.split_once("acknowledged ") else {
                continue;
            };
            acknowledged.insert(n.parse::<i64>().unwrap());
            // The delay runs from the first row, at another length each round.
            killer.get_or_insert_with(|| {
                let id = child.id().to_string();
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_micros(700 + round * 2_113));
                    Command::new("kill").args(["-9", &id]).status().unwrap();
                })
            });
        }
        killer.expect("at least one row was acknowledged").join().unwrap();
        child.wait().unwrap();
        let store = open(&folder);
        let held: std::collections::BTreeSet<i64> = store
            .read_blocking("all", |tx| {
                let rows = tx.query("select n from numbers", params![])?;
                rows.iter().map(|row| row.int("n")).collect::<Result<_, StoreError>>()
            })
            .unwrap();
        let lost: Vec<_> = acknowledged.difference(&held).collect();
        assert!(lost.is_empty(), "round {round}: lost {lost:?}");
    }
    assert!(acknowledged.len() as u64 > ROUNDS);
}
