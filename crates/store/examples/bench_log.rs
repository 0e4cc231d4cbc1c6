//! `cargo xtask bench log`: how fast the sealed log grows, and what a root and a proof's hashes cost to read.

use std::time::Instant;

use samverk_domain::terms::BodyId;
use samverk_store::{Store, StoreError, sealed_log};

const LEAVES: u64 = 100_000;
const WAITING: u64 = 256;
const READS: u64 = 500;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir_in(std::env::current_exe()?.parent().ok_or("no folder")?)?;
    let store = Store::open(&folder.path().join("bench.sqlite"))?;
    let body = BodyId::parse("bolagsregistret")?;
    // As long as a real record: ids, three hashes and a time.
    let record = format!("{{\"record\":\"{}\"}}", "x".repeat(420));

    let started = Instant::now();
    let lanes: Vec<_> = (0..WAITING)
        .map(|lane| {
            let (store, body, record) = (store.clone(), body.clone(), record.clone());
            tokio::spawn(async move {
                for n in (lane..LEAVES).step_by(WAITING as usize) {
                    let (body, record) = (body.clone(), record.clone());
                    store
                        .run("append", move |tx| {
                            sealed_log::append(tx, &body, &format!("exchange {n}"), &[9; 16], &record)
                        })
                        .await?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .collect();
    for lane in lanes {
        lane.await??;
    }
    let whole = started.elapsed();
    let counters = store.counters();
    println!(
        "append: {:.0} leaves/s to {LEAVES} leaves, {WAITING} at once ({:.0} a commit)",
        LEAVES as f64 / whole.as_secs_f64(),
        LEAVES as f64 / counters.commits as f64
    );

    for (what, levels) in [("root", 0), ("root and the hashes of one inclusion proof", 17)] {
        let mut took = Vec::new();
        for n in 0..READS {
            let body = body.clone();
            let started = Instant::now();
            store
                .read("read", move |tx| {
                    let index = n * 191 % LEAVES;
                    for level in 0..levels {
                        // The sibling at each level, where it is complete.
                        let sibling = (index >> level) ^ 1;
                        if (sibling + 1) << level <= LEAVES {
                            sealed_log::hash_at(tx, &body, level, sibling)?;
                        }
                    }
                    sealed_log::root(tx, &body, LEAVES)
                })
                .await
                .map_err(|e: StoreError| e)?;
            took.push(started.elapsed());
        }
        took.sort();
        println!(
            "{what}: p50 {:.3} ms, p99 {:.3} ms",
            took[took.len() / 2].as_secs_f64() * 1000.0,
            took[took.len() * 99 / 100].as_secs_f64() * 1000.0
        );
    }
    let bytes = std::fs::metadata(store.path())?.len();
    println!("on disk: {} bytes a leaf", bytes / LEAVES);
    Ok(())
}
