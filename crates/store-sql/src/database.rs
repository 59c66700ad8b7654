//! A database as a set of threads, each with a connection of its own: writers that share commits,
//! and readers.
//!
//! Calls that arrive while a commit is on its way to the disk join the next transaction, so that
//! the cost of a commit is shared by all that wait for it. Each call runs inside a savepoint: one
//! that fails is undone alone. A call is answered only after the commit that holds its writes.
//! Queues are bounded: when the disk cannot follow, callers wait.

use std::sync::Mutex;
use std::thread::JoinHandle;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use oxflow_model::{Error, ErrorCode, Result};
use oxflow_store::{Parts, parts};
use tokio::sync::oneshot;

use crate::error::{DbError, DbErrorKind};
use crate::session::{Connection, Session};

/// How many calls wait in a queue before callers are held back.
const QUEUE: usize = 4096;
/// How many calls share one commit at most.
const GROUP: usize = 512;
/// How often a call is run again when another connection was in the way.
const ATTEMPTS: usize = 5;
/// The same where several connections write, and a call may meet others again and again.
const ATTEMPTS_ALONE: usize = 10;
/// How long a call that was in the way of others rests before it runs again, times the attempt.
const BACK_OFF: Duration = Duration::from_millis(5);

/// A database that is open.
pub struct Database {
    writes: Sender<Box<dyn WriteJob>>,
    reads: Sender<Box<dyn ReadJob>>,
    writers: Mutex<Vec<JoinHandle<()>>>,
    readers: Mutex<Vec<JoinHandle<()>>>,
}

impl Database {
    /// Starts a thread for each connection.
    pub fn start(
        writers: Vec<Box<dyn Connection + Send>>,
        readers: Vec<Box<dyn Connection + Send>>,
    ) -> Result<Database> {
        let (writes, write_queue) = async_channel::bounded(QUEUE);
        let (reads, read_queue) = async_channel::bounded(QUEUE);
        let writers = writers.into_iter().map(|connection| {
            let queue = write_queue.clone();
            spawn("oxflow-write", move || write_loop(connection, &queue))
        });
        let readers = readers.into_iter().map(|connection| {
            let queue = read_queue.clone();
            spawn("oxflow-read", move || read_loop(connection, &queue))
        });
        Ok(Database {
            writes,
            reads,
            writers: Mutex::new(writers.collect::<Result<_>>()?),
            readers: Mutex::new(readers.collect::<Result<_>>()?),
        })
    }

    /// Runs `work` in a transaction and answers when it is committed. `work` may run more than
    /// once, if another connection was in the way.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn Session) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, result) = oneshot::channel();
        let job = Box::new(Typed { work, outcome: None, answer });
        self.writes.send(job).await.map_err(|_| closed())?;
        result.await.map_err(|_| closed())?
    }

    /// Runs `work` against one moment of the database.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn Session) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, result) = oneshot::channel();
        let job = Box::new(Typed { work, outcome: None, answer });
        self.reads.send(job).await.map_err(|_| closed())?;
        result.await.map_err(|_| closed())?
    }

    /// Runs `work` as [`Database::read`] does, but does not wait: it hands out what it reads in
    /// parts, which keeps a connection busy until the last one is taken.
    pub async fn read_parts<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn Session, &Sender<Result<Vec<T>>>) -> Result<()> + Send + 'static,
    ) -> Result<Parts<T>> {
        let (sender, parts) = parts();
        let failed = sender.clone();
        let mut begun = false;
        let work = move |session: &mut dyn Session| {
            if std::mem::replace(&mut begun, true) {
                // Some of it may have been handed out already.
                return Err(Error::unavailable("The connection broke while much was being read."));
            }
            work(session, &sender)
        };
        let (answer, result) = oneshot::channel();
        self.reads
            .send(Box::new(Typed { work, outcome: None, answer }))
            .await
            .map_err(|_| closed())?;
        tokio::spawn(async move {
            if let Err(error) = result.await.unwrap_or_else(|_| Err(closed())) {
                // Nobody may listen any more.
                drop(failed.send(Err(error)).await);
            }
        });
        Ok(parts)
    }

    /// Takes no more calls, finishes those that were taken, and closes the connections.
    ///
    /// Writers come last, after all readers are gone: SQLite folds its log into the file when the
    /// last connection is closed, and leaves it behind if two are closed in the same moment.
    pub async fn close(&self) -> Result<()> {
        self.reads.close();
        join(&self.readers).await?;
        self.writes.close();
        join(&self.writers).await
    }
}

/// Waits for threads to end.
async fn join(threads: &Mutex<Vec<JoinHandle<()>>>) -> Result<()> {
    let panicked = || Error::internal("A database thread panicked.");
    let threads = std::mem::take(&mut *threads.lock().map_err(|_| panicked())?);
    let joined = tokio::task::spawn_blocking(move || {
        threads.into_iter().all(|thread| thread.join().is_ok())
    });
    if joined.await.unwrap_or(false) { Ok(()) } else { Err(panicked()) }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(|error| Error::internal(format!("Cannot start a database thread: {error}.")))
}

fn closed() -> Error {
    Error::unavailable("The server is shutting down and takes no more work.")
}

/// A call that writes.
trait WriteJob: Send {
    /// Runs it inside the current transaction; `false` if its writes must be undone.
    fn run(&mut self, session: &mut dyn Session) -> bool;
    /// Whether the last run failed only because another connection was in the way.
    fn was_in_the_way(&self) -> bool;
    /// Forgets how the last run ended.
    fn forget(&mut self);
    /// Sends the answer, after the commit (or its failure).
    fn finish(self: Box<Self>, committed: Result<(), DbError>);
}

/// A call that only reads.
trait ReadJob: Send {
    /// Runs it and sends the answer.
    fn run(self: Box<Self>, connection: &mut dyn Connection);
}

struct Typed<T, F> {
    work: F,
    outcome: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: FnMut(&mut dyn Session) -> Result<T> + Send> WriteJob for Typed<T, F> {
    fn run(&mut self, session: &mut dyn Session) -> bool {
        let outcome = guarded(|| (self.work)(session));
        let ok = outcome.is_ok();
        self.outcome = Some(outcome);
        ok
    }

    fn was_in_the_way(&self) -> bool {
        // Clients retry this code; a call inside a transaction only fails so through contention.
        matches!(&self.outcome, Some(Err(error))
            if error.code() == ErrorCode::TemporarilyUnavailable)
    }

    fn forget(&mut self) {
        self.outcome = None;
    }

    fn finish(self: Box<Self>, committed: Result<(), DbError>) {
        let outcome = match (self.outcome, committed) {
            (Some(Ok(_)) | None, Err(error)) => Err(error.into()),
            (Some(outcome), _) => outcome,
            (None, Ok(())) => Err(closed()),
        };
        // Whoever asked may be gone; the write stands all the same.
        drop(self.answer.send(outcome));
    }
}

impl<T: Send, F: FnMut(&mut dyn Session) -> Result<T> + Send> ReadJob for Typed<T, F> {
    fn run(mut self: Box<Self>, connection: &mut dyn Connection) {
        if self.answer.is_closed() {
            return;
        }
        let mut outcome = read_once(connection, &mut self.work);
        for _ in 1..ATTEMPTS {
            // The database was restarted, or closed a connection that had rested for long. A
            // rollback that fails tells.
            let away = matches!(&outcome, Err(error)
                if error.code() == ErrorCode::TemporarilyUnavailable);
            if !away {
                break;
            }
            connection.rollback();
            if !connection.is_lost() {
                break;
            }
            outcome = read_once(connection, &mut self.work);
        }
        drop(self.answer.send(outcome));
        connection.rollback();
    }
}

/// The transaction stays open for the caller to end.
fn read_once<T>(
    connection: &mut dyn Connection,
    work: &mut impl FnMut(&mut dyn Session) -> Result<T>,
) -> Result<T> {
    connection.begin_read()?;
    guarded(|| work(connection.session()))
}

/// One call that panics must not take the thread along, and with it the calls of all others.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::internal("The store failed at this call; the server's log says where."))
    })
}

fn read_loop(mut connection: Box<dyn Connection + Send>, queue: &Receiver<Box<dyn ReadJob>>) {
    while let Ok(job) = queue.recv_blocking() {
        job.run(connection.as_mut());
    }
}

fn write_loop(mut connection: Box<dyn Connection + Send>, queue: &Receiver<Box<dyn WriteJob>>) {
    while let Ok(first) = queue.recv_blocking() {
        if !connection.shares_commits() {
            run_alone(connection.as_mut(), first);
            continue;
        }
        let mut group = Vec::new();
        let committed = run_group(connection.as_mut(), first, queue, &mut group);
        if let Err(error) = &committed {
            tracing::warn!(%error, calls = group.len(), "a transaction failed");
            connection.rollback();
        }
        for job in group {
            job.finish(committed.clone());
        }
    }
}

/// Runs a job in a transaction of its own; again, if others were in the way or the connection broke.
fn run_alone(connection: &mut dyn Connection, mut job: Box<dyn WriteJob>) {
    let mut attempt = 1;
    let committed = loop {
        if let Err(error) = connection.begin() {
            // What went wrong before was only that the connection broke; this says why it stays so.
            job.forget();
            break Err(error);
        }
        if job.run(connection.session()) {
            break connection.commit();
        }
        connection.rollback();
        if attempt == ATTEMPTS_ALONE || !job.was_in_the_way() {
            break Ok(());
        }
        // Those who were in each other's way should not meet again at once.
        std::thread::sleep(BACK_OFF * attempt as u32);
        attempt += 1;
    };
    if let Err(error) = &committed {
        tracing::warn!(%error, "a transaction failed");
        connection.rollback();
    }
    job.finish(committed);
}

/// Runs `first` and whatever waits behind it in one transaction; all jobs taken end up in `group`.
fn run_group(
    connection: &mut dyn Connection,
    first: Box<dyn WriteJob>,
    queue: &Receiver<Box<dyn WriteJob>>,
    group: &mut Vec<Box<dyn WriteJob>>,
) -> Result<(), DbError> {
    let mut next = Some(first);
    let begun = begin(connection);
    while let Some(mut job) = next.take() {
        let ran = match &begun {
            Ok(()) => run_job(connection, job.as_mut()),
            Err(error) => Err(error.clone()),
        };
        group.push(job);
        ran?;
        if group.len() < GROUP {
            next = queue.try_recv().ok();
        }
    }
    connection.commit()
}

/// Another program may hold the database for longer than the driver waits by itself.
fn begin(connection: &mut dyn Connection) -> Result<(), DbError> {
    let mut result = connection.begin();
    for _ in 1..ATTEMPTS {
        match &result {
            Err(error) if error.kind == DbErrorKind::Contention => result = connection.begin(),
            _ => break,
        }
    }
    result
}

fn run_job(connection: &mut dyn Connection, job: &mut dyn WriteJob) -> Result<(), DbError> {
    for _ in 0..ATTEMPTS {
        connection.savepoint()?;
        if job.run(connection.session()) {
            return connection.release();
        }
        connection.rollback_to_savepoint()?;
        if !job.was_in_the_way() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::driver::sqlite::{Access, SqliteConnection};

    /// A database in `file` with one writer and some readers.
    fn start(file: &Path) -> Database {
        let open = |access| {
            let connection = SqliteConnection::open(file, access).unwrap();
            Box::new(connection) as Box<dyn Connection + Send>
        };
        let readers = (0..4).map(|_| open(Access::Read));
        Database::start(vec![open(Access::Write)], readers.collect()).unwrap()
    }

    fn create(session: &mut dyn Session) -> Result<()> {
        Ok(session.execute("CREATE TABLE IF NOT EXISTS t (x INTEGER)", &[]).map(drop)?)
    }

    #[tokio::test]
    async fn the_file_is_whole_when_the_database_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let mut left = 0;
        for i in 0..200 {
            let file = folder.path().join(format!("{i}.db"));
            let database = start(&file);
            database.write(create).await.unwrap();
            // A connection that never read holds no lock and is in nobody's way.
            let count = |s: &mut dyn Session| Ok(s.row("SELECT count(*) FROM t", &[], |_| Ok(()))?);
            tokio::try_join!(
                database.read(count),
                database.read(count),
                database.read(count),
                database.read(count)
            )
            .unwrap();
            database.close().await.unwrap();
            left += usize::from(folder.path().join(format!("{i}.db-wal")).exists());
        }
        assert_eq!(left, 0, "databases with a log beside them");
    }

    #[tokio::test]
    async fn a_call_that_panics_fails_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = start(&folder.path().join("x.db"));
        let panics = |session: &mut dyn Session| -> Result<()> {
            session.execute("CREATE TABLE half_done (x INTEGER)", &[])?;
            panic!("as if by mistake")
        };
        let (first, second, third) =
            tokio::join!(database.write(create), database.write(panics), database.write(create));
        assert!(first.is_ok() && second.is_err() && third.is_ok());
        assert!(database.read(|_| -> Result<()> { panic!("again") }).await.is_err());
        let tables = "SELECT count(*) FROM sqlite_master";
        let count = database.read(move |s| Ok(s.row(tables, &[], |row| row.must_int(0))?)).await;
        assert_eq!(count, Ok(Some(1)));
        database.close().await.unwrap();
    }
}
