//! `cargo xtask bench store`: what a durable commit costs, alone and shared. Figures only, no pass or fail.

use std::time::{Duration, Instant};

use samverk_store::migrations::Migration;
use samverk_store::{Store, StoreError, params};

const TABLES: &[&[Migration]] = &[&[Migration {
    owner: "bench",
    number: 1,
    name: "rows of one kilobyte",
    sql: "create table rows_written (
        n       bigint primary key, -- the row's number
        payload bytea not null      -- one kilobyte
    );",
}]];

const ALONE: i64 = 500;
const SHARED: i64 = 40_000;
const WAITING: [i64; 3] = [16, 64, 256];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir_in(std::env::current_exe()?.parent().ok_or("no folder")?)?;
    println!("fsync of 4 kB: {:.2} ms (median of 100)", fsync_ms(folder.path())?);

    let store = Store::open_with(&folder.path().join("bench.sqlite"), TABLES)?;
    let mut took = Vec::new();
    let started = Instant::now();
    for n in 0..ALONE {
        let one = Instant::now();
        write(&store, n).await?;
        took.push(one.elapsed());
    }
    report("one by one", ALONE, ALONE as u64, started.elapsed(), took);

    let mut next = ALONE;
    for waiting in WAITING {
        let commits = store.counters().commits;
        let started = Instant::now();
        let lanes: Vec<_> = (0..waiting)
            .map(|lane| {
                let store = store.clone();
                tokio::spawn(async move {
                    let mut took = Vec::new();
                    for n in (next + lane..next + SHARED).step_by(waiting as usize) {
                        let one = Instant::now();
                        write(&store, n).await?;
                        took.push(one.elapsed());
                    }
                    Ok::<_, StoreError>(took)
                })
            })
            .collect();
        let mut took = Vec::new();
        for lane in lanes {
            took.extend(lane.await??);
        }
        let commits = store.counters().commits - commits;
        report(&format!("{waiting} at once"), SHARED, commits, started.elapsed(), took);
        next += SHARED;
    }
    Ok(())
}

async fn write(store: &Store, n: i64) -> Result<usize, StoreError> {
    store
        .run("write", move |tx| {
            tx.execute(
                "insert into rows_written (n, payload) values ($1, $2)",
                params![n, [7_u8; 1024]],
            )
        })
        .await
}

fn report(what: &str, rows: i64, commits: u64, whole: Duration, mut took: Vec<Duration>) {
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    println!(
        "{what:>12}: {:>7.0} durable writes/s, {:>5.0} commits/s, {:>4.0} writes a commit, p50 {:.1} ms, p99 {:.1} ms",
        rows as f64 / whole.as_secs_f64(),
        commits as f64 / whole.as_secs_f64(),
        rows as f64 / commits as f64,
        at(0.5),
        at(0.99),
    );
}

fn fsync_ms(folder: &std::path::Path) -> std::io::Result<f64> {
    use std::io::Write as _;
    let mut file = std::fs::File::create(folder.join("fsync"))?;
    let mut took = Vec::new();
    for _ in 0..100 {
        file.write_all(&[1; 4096])?;
        let started = Instant::now();
        file.sync_data()?;
        took.push(started.elapsed());
    }
    took.sort();
    Ok(took[50].as_secs_f64() * 1000.0)
}
