//! The store: one database, one writer that commits what is waiting together, a few readers.
//!
//! Always true here:
//! - [`Store::run`] answers `Ok` only after the commit that holds its writes is on disk (WAL, `synchronous=FULL`);
//! - each closure runs in its own savepoint: an `Err` or a panic rolls back its own writes and nobody else's;
//! - if the commit fails, everyone in the batch hears it and nothing of the batch is kept;
//! - the queue is bounded ([`QUEUE_MAX`]): who comes when it is full waits, which is how the network side slows down;
//! - a closure may be run again on an engine that detects conflicts, hence `Fn`; it has no effect but through its `Tx`;
//! - dropping the future of a `run` does not stop its closure once it is queued.
//!
//! What an attacker gains who can write to the file: everything the tables hold, save what the owner files say is sealed,
//! signed or encrypted. The file belongs to the node's own user, mode 0600.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};

use crate::migrations::{self, Migration};
use crate::tx::{StoreError, Tx};

/// Closures that may wait for the writer. At 4 ms a commit and full batches it is worked off in some tens of milliseconds.
pub const QUEUE_MAX: usize = 4096;
/// Closures in one commit: enough to hide the fsync, few enough that the first does not wait long for the last.
pub const BATCH_MAX: usize = 512;
/// A batch takes no more closures when it has run for this long: a slow one (an import) does not hold up what came before it.
pub const BATCH_TIME_MAX: Duration = Duration::from_millis(50);
/// Reads at the same time. Two cores do not gain from more; each keeps a page cache of up to 2 MB.
pub const READERS_MAX: usize = 4;
/// How long we wait for another process (a command beside a running node) that holds the database.
pub const BUSY_MAX: Duration = Duration::from_secs(10);
/// Prepared statements kept for each connection; more than there are SQL texts in use at once.
const STATEMENTS_KEPT: usize = 256;

/// One database. Cheap to clone; all clones share the writer.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    /// `None` only while the store is being closed.
    queue: Option<mpsc::Sender<Box<dyn Work>>>,
    writer: Option<JoinHandle<()>>,
    idle_readers: Mutex<Vec<Connection>>,
    readers: Arc<Semaphore>,
    counters: Arc<Mutex<Counters>>,
    job_enqueued: Arc<Notify>,
}

impl Store {
    /// Opens the store in the file, makes it if it is not there, and brings its tables up to this version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, crate::OWNERS)
    }

    /// As [`Store::open`] with other tables than ours.
    pub fn open_with(path: &Path, owners: &[&[Migration]]) -> Result<Self, StoreError> {
        let not_opened = |why: &dyn std::fmt::Display| {
            StoreError::NotOpened(format!(
                "{} cannot be opened as a store: {why}; see that the folder is there and belongs to you",
                path.display()
            ))
        };
        make_private(path).map_err(|e| not_opened(&e))?;
        let writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|e| not_opened(&e))?;
        migrations::apply(&writer, owners)?;

        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let counters = Arc::new(Mutex::new(Counters::default()));
        let job_enqueued = Arc::new(Notify::new());
        let heard = Heard {
            counters: Arc::clone(&counters),
            job_enqueued: Arc::clone(&job_enqueued),
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_what_is_waiting(&writer, waiting, &heard))
            .map_err(|e| not_opened(&e))?;
        Ok(Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                queue: Some(queue),
                writer: Some(thread),
                idle_readers: Mutex::new(Vec::new()),
                readers: Arc::new(Semaphore::new(READERS_MAX)),
                counters,
                job_enqueued,
            }),
        })
    }

    /// Runs the closure in a transaction and answers when its commit is on disk. `name` stands in counters and errors.
    pub async fn run<T, E, F>(&self, name: &'static str, f: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (job, answer) = job(name, f);
        self.shared.queue()?.send(job).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// [`Store::run`] for a command without an async runtime. Blocks; never call it on an async thread.
    pub fn run_blocking<T, E, F>(&self, name: &'static str, f: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (job, answer) = job(name, f);
        self.shared
            .queue()?
            .blocking_send(job)
            .map_err(|_| StoreError::Closed)?;
        answer.blocking_recv().map_err(|_| StoreError::Closed)?
    }

    /// Runs the closure on one unchanging picture of the database, on a thread that may block. Writing is an error.
    pub async fn read<T, E, F>(&self, name: &'static str, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let turn = Arc::clone(&self.shared.readers)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Closed)?;
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            shared.read(name, f)
        })
        .await
        .map_err(|_| StoreError::Closed)?
    }

    /// [`Store::read`] for a command without an async runtime.
    pub fn read_blocking<T, E, F>(&self, name: &'static str, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E>,
        E: From<StoreError>,
    {
        self.shared.read(name, f)
    }

    /// Waits until a job was enqueued and committed by this process since the last call. One worker waits; jobs enqueued by
    /// other processes it finds by [`crate::jobs::next_due`].
    pub async fn job_enqueued(&self) {
        self.shared.job_enqueued.notified().await;
    }

    /// What has been run since the store was opened.
    pub fn counters(&self) -> Counters {
        locked(&self.shared.counters).clone()
    }

    pub fn path(&self) -> &Path {
        &self.shared.path
    }
}

/// What has been run, by name, and how well commits are shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub runs: BTreeMap<&'static str, Counted>,
    pub reads: BTreeMap<&'static str, Counted>,
    pub commits: u64,
    pub commits_failed: u64,
    /// Closures in the largest commit.
    pub batch_max: u64,
    /// Time in `commit` alone.
    pub commit_time: Duration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub times: u64,
    /// Ended with an error or a panic, or the commit failed.
    pub failed: u64,
    /// In the closure alone, without waiting and commit.
    pub time: Duration,
    pub time_max: Duration,
}

impl Counted {
    fn add(&mut self, took: Duration, failed: bool) {
        self.times += 1;
        self.failed += u64::from(failed);
        self.time += took;
        self.time_max = self.time_max.max(took);
    }
}

/// A panic while counting leaves a number wrong, no more: the lock is used on.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The file is made with mode 0600 before SQLite sees it; SQLite gives its side files the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_MAX)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // secure_delete: a destroyed key is overwritten, not only unlinked.
    // FULL: a commit in the WAL is synced before it is acknowledged. NORMAL would lose the last commits with the power.
    connection.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma trusted_schema = off; \
         pragma secure_delete = on;",
    )?;
    Ok(connection)
}

/// The last clone that goes waits until what is queued is committed and the write-ahead log is folded into the file.
impl Drop for Shared {
    fn drop(&mut self) {
        locked(&self.idle_readers).clear();
        self.queue = None;
        if let Some(writer) = self.writer.take()
            // A closure may hold the last clone, and then this *is* the writer: it ends by itself.
            && writer.thread().id() != std::thread::current().id()
            && writer.join().is_err()
        {
            tracing::error!("the store's writer ended with a panic");
        }
    }
}

impl Shared {
    fn queue(&self) -> Result<&mpsc::Sender<Box<dyn Work>>, StoreError> {
        self.queue.as_ref().ok_or(StoreError::Closed)
    }

    fn read<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        f: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let engine = |e: rusqlite::Error| StoreError::from_sqlite(&e);
        let idle = locked(&self.idle_readers).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let connection = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(engine)?;
                connection.execute_batch("pragma query_only = on").map_err(engine)?;
                connection
            }
        };
        connection.execute_batch("begin deferred").map_err(engine)?;
        let started = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| f(&mut Tx::on(&connection))))
            .unwrap_or_else(|_| Err(E::from(StoreError::Panicked(name))));
        locked(&self.counters)
            .reads
            .entry(name)
            .or_default()
            .add(started.elapsed(), result.is_err());
        // A connection that cannot end its transaction is not used again.
        if connection.execute_batch("rollback").is_ok() {
            let mut idle = locked(&self.idle_readers);
            if idle.len() < READERS_MAX {
                idle.push(connection);
            }
        }
        result
    }
}

/// A closure in the queue, whatever it gives.
trait Work: Send {
    fn name(&self) -> &'static str;
    /// Runs the closure; `true` if its writes are to be kept.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Tells the one who waits. `failed` replaces the closure's own result.
    fn answer(self: Box<Self>, failed: Option<StoreError>);
}

struct Job<T, E, F> {
    name: &'static str,
    f: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

fn job<T, E, F>(name: &'static str, f: F) -> (Box<dyn Work>, oneshot::Receiver<Result<T, E>>)
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let result = None;
    (Box::new(Job { name, f, result, reply }), answer)
}

impl<T, E, F> Work for Job<T, E, F>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let result = catch_unwind(AssertUnwindSafe(|| (self.f)(tx)))
            .unwrap_or_else(|_| Err(E::from(StoreError::Panicked(self.name))));
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, failed: Option<StoreError>) {
        let result = match (failed, self.result) {
            // A closure that failed by itself keeps its own reason.
            (_, Some(Err(own))) => Err(own),
            (Some(failed), _) => Err(E::from(failed)),
            (None, Some(ok)) => ok,
            (None, None) => Err(E::from(StoreError::Closed)),
        };
        // Who no longer waits does not hear it; the writes stand.
        let _ = self.reply.send(result);
    }
}

/// Whom the writer tells.
struct Heard {
    counters: Arc<Mutex<Counters>>,
    job_enqueued: Arc<Notify>,
}

fn write_what_is_waiting(connection: &Connection, mut waiting: mpsc::Receiver<Box<dyn Work>>, heard: &Heard) {
    while let Some(first) = waiting.blocking_recv() {
        let mut batch = Vec::new();
        let mut job_enqueued = false;
        let failed = run_batch(connection, first, &mut waiting, &mut batch, &mut job_enqueued, heard).err();
        if let Some(why) = &failed {
            tracing::error!(batch.size = batch.len(), "the store could not commit: {why}");
            // After a failed commit SQLite may still be inside the transaction.
            if !connection.is_autocommit() && connection.execute_batch("rollback").is_err() {
                tracing::error!("the store could not roll back; the next commit will be refused");
            }
        }
        {
            let mut counters = locked(&heard.counters);
            counters.commits += 1;
            counters.commits_failed += u64::from(failed.is_some());
            counters.batch_max = counters.batch_max.max(batch.len() as u64);
        }
        if job_enqueued && failed.is_none() {
            heard.job_enqueued.notify_one();
        }
        for job in batch {
            job.answer(failed.clone());
        }
    }
}

fn run_batch(
    connection: &Connection,
    first: Box<dyn Work>,
    waiting: &mut mpsc::Receiver<Box<dyn Work>>,
    batch: &mut Vec<Box<dyn Work>>,
    job_enqueued: &mut bool,
    heard: &Heard,
) -> Result<(), StoreError> {
    let sql = |text: &'static str| {
        connection
            .prepare_cached(text)
            .and_then(|mut statement| statement.raw_execute())
            .map_err(|e| match StoreError::from_sqlite(&e) {
                StoreError::Busy => StoreError::Busy,
                _ => StoreError::NotCommitted(e.to_string()),
            })
    };
    let started = Instant::now();
    let mut next = Some(first);
    let mut begun = Ok(());
    while let Some(mut job) = next {
        if batch.is_empty() {
            begun = sql("begin immediate").map(drop);
        }
        if begun.is_ok() {
            begun = run_one(connection, &sql, job.as_mut(), heard).map(|enqueued| *job_enqueued |= enqueued);
        }
        batch.push(job);
        let room = batch.len() < BATCH_MAX && started.elapsed() < BATCH_TIME_MAX && begun.is_ok();
        next = if room { waiting.try_recv().ok() } else { None };
    }
    begun?;
    let committing = Instant::now();
    let committed = sql("commit");
    locked(&heard.counters).commit_time += committing.elapsed();
    committed.map(drop)
}

/// Runs one closure in its savepoint; says whether it enqueued a job. An error here means that the whole batch is lost, not that the closure failed.
fn run_one(
    connection: &Connection,
    sql: &dyn Fn(&'static str) -> Result<usize, StoreError>,
    job: &mut dyn Work,
    heard: &Heard,
) -> Result<bool, StoreError> {
    sql("savepoint one")?;
    let started = Instant::now();
    let mut tx = Tx::on(connection);
    let keep = job.run(&mut tx);
    let job_enqueued = keep && tx.job_enqueued();
    locked(&heard.counters)
        .runs
        .entry(job.name())
        .or_default()
        .add(started.elapsed(), !keep);
    // A full disk or an I/O error makes SQLite end the whole transaction by itself.
    if connection.is_autocommit() {
        return Err(StoreError::NotCommitted(
            "the database ended the transaction by itself".to_owned(),
        ));
    }
    if !keep {
        sql("rollback to one")?;
    }
    sql("release one")?;
    Ok(job_enqueued)
}
