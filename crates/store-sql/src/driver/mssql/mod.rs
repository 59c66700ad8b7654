//! SQL Server through tiberius, driven from the thread that owns the connection.
//!
//! A connection is made when it is first needed, and again after the database was away. What begins
//! a transaction waits for its first statement, so that a connection that broke meanwhile is noticed
//! inside the call, which then runs again.

mod error;
mod odbc;
mod statement;
mod target;
mod value;
mod wire;

use std::sync::Arc;

use futures::TryStreamExt as _;
use tiberius::error::Error;
use tiberius::{Client, Query, QueryItem};
use tokio::io::DuplexStream;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt as _};

pub use target::Target;

use crate::dialect::{Dialect as _, MsSql};
use crate::error::{DbError, DbErrorKind};
use crate::session::{Connection, Lock, Session};
use crate::value::{Row, Value};
use statement::{ARGUMENTS, Rows, spell};
use value::{Argument, MsSqlRow};

type Driver = Client<Compat<DuplexStream>>;

/// How often a server may send us on to another one.
const REDIRECTS: usize = 3;
/// What each connection sets first. Names stand in double quotes; a transaction ends with its first
/// error; long texts come whole; a lock is waited for as long as SQLite waits for another program.
const SETTINGS: &str = "SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, \
                        CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; \
                        SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET NOCOUNT OFF; \
                        SET TEXTSIZE 2147483647; SET LOCK_TIMEOUT 20000";
/// Whether transactions that read may see one moment without holding up those that write.
const SNAPSHOTS: &str = "SELECT CAST(snapshot_isolation_state AS INT) FROM sys.databases WHERE name = \
                         DB_NAME()";
const WRITE: &str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN TRANSACTION";
const READ: &str = "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION";
const ROLLBACK: &str = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION";

/// A connection to SQL Server.
pub struct MsSqlConnection {
    target: Arc<Target>,
    link: Option<Link>,
    /// What begins the transaction, until it is sent before the first statement.
    begin: Option<&'static str>,
    state: State,
}

/// What kind of transaction there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// None, or one that only reads.
    Reads,
    Writes,
    /// One that wrote and met an error: the server has undone it, and would take further statements
    /// each for itself.
    Undone,
}

/// What there is while the database can be reached.
struct Link {
    // Dropped before the runtime that it lives in.
    driver: Driver,
    runtime: Runtime,
    snapshots: bool,
}

impl MsSqlConnection {
    /// A connection that is made when it is first used.
    pub fn new(target: Arc<Target>) -> MsSqlConnection {
        MsSqlConnection { target, link: None, begin: None, state: State::Reads }
    }

    /// Makes sure that there is a connection. Must not be called from asynchronous code.
    pub fn connect(&mut self) -> Result<(), DbError> {
        if self.link.is_none() {
            self.link = Some(Link::open(&self.target)?);
        }
        Ok(())
    }

    /// Runs a script of several statements without arguments.
    pub fn script(&mut self, sql: &str) -> Result<(), DbError> {
        self.using(|link| link.batch(sql))
    }

    /// Does something with the connection, which is given up if it turns out to be broken.
    fn using<T>(
        &mut self,
        work: impl FnOnce(&mut Link) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        if self.state == State::Undone {
            let undone = "a statement failed before, and with it the transaction";
            return Err(DbError::new(DbErrorKind::Other, undone));
        }
        let begin = self.begin.take();
        let Some(link) = &mut self.link else {
            let lost = "the connection to the database was lost";
            return Err(DbError::new(DbErrorKind::Unavailable, lost));
        };
        let begun = begin.map_or(Ok(()), |begin| link.batch(begin));
        let result = begun.and_then(|()| work(link));
        if let Err(error) = &result {
            if self.state == State::Writes {
                self.state = State::Undone;
            }
            if matches!(error.kind, DbErrorKind::Unavailable | DbErrorKind::TooSlow) {
                self.link = None;
            }
        }
        result
    }

    fn start(&mut self, state: State) -> Result<(), DbError> {
        self.connect()?;
        let snapshots = self.link.as_ref().is_some_and(|link| link.snapshots);
        self.begin = Some(if state == State::Reads && snapshots { READ } else { WRITE });
        self.state = state;
        Ok(())
    }

    /// Runs a statement that is no query.
    fn run(&mut self, sql: &str, args: &[Value<'_>]) -> Result<u64, DbError> {
        let spelled = spell(sql, args);
        check_count(spelled.args.len())?;
        self.using(|link| {
            let mut query = Query::new(spelled.sql.as_str());
            query.bind_iter(spelled.args.iter().map(|arg| Argument(arg.as_ref())));
            Ok(link.runtime.block_on(query.execute(&mut link.driver))?.total())
        })
    }
}

fn check_count(args: usize) -> Result<(), DbError> {
    if args > ARGUMENTS {
        let why = format!("more than {ARGUMENTS} values in one statement");
        return Err(DbError::new(DbErrorKind::TooComplex, why));
    }
    Ok(())
}

impl Link {
    fn open(target: &Target) -> Result<Link, DbError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| DbError::new(DbErrorKind::Unavailable, error.to_string()))?;
        let driver = runtime.block_on(connect(target))?;
        let mut link = Link { driver, runtime, snapshots: false };
        link.batch(SETTINGS)?;
        let mut state = None;
        link.rows(Query::new(SNAPSHOTS), &mut |row| {
            state = row.int(0)?;
            Ok(())
        })?;
        link.snapshots = state == Some(1);
        Ok(link)
    }

    /// Runs statements without arguments and passes over what they answer.
    fn batch(&mut self, sql: &str) -> Result<(), DbError> {
        let driver = &mut self.driver;
        self.runtime.block_on(async {
            let mut results = driver.simple_query(sql).await?;
            while results.try_next().await?.is_some() {}
            Ok(())
        })
    }

    fn rows(
        &mut self,
        query: Query<'_>,
        each: &mut dyn FnMut(&dyn Row) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let driver = &mut self.driver;
        self.runtime.block_on(async {
            let mut results = query.query(driver).await?;
            while let Some(item) = results.try_next().await? {
                if let QueryItem::Row(row) = item {
                    each(&MsSqlRow(row))?;
                }
            }
            Ok(())
        })
    }
}

/// Connects and logs in; also where the server sends us on, as a gateway in Azure does.
async fn connect(target: &Target) -> Result<Driver, DbError> {
    let (mut host, mut port) = (target.host.clone(), target.port);
    for _ in 0..REDIRECTS {
        match connect_to(target, &host, port).await {
            Err(Failed::Sent { to, at }) => (host, port) = (to, at),
            Err(Failed::For(error)) => return Err(error),
            Ok(driver) => return Ok(driver),
        }
    }
    let lost = format!("sent on more than {REDIRECTS} times, at last to {host}:{port}");
    Err(DbError::new(DbErrorKind::Unavailable, lost))
}

/// Why there is no connection.
enum Failed {
    /// Another server is to be asked.
    Sent {
        to: String,
        at: u16,
    },
    For(DbError),
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Failed {
        Failed::For(DbError::new(DbErrorKind::Unavailable, error.to_string()))
    }
}

async fn connect_to(target: &Target, host: &str, port: u16) -> Result<Driver, Failed> {
    let unavailable = |why: String| Failed::For(DbError::new(DbErrorKind::Unavailable, why));
    let name = target.server_name(host).map_err(unavailable)?;
    let opened = tokio::time::timeout(target.connect, async {
        let tcp = TcpStream::connect((host, port)).await?;
        wire::open(tcp, &target.encryption, name).await
    });
    let wire = opened.await.map_err(|_| unavailable("no answer in time".to_owned()))??;
    let mut config = target.config.clone();
    config.host(host);
    config.port(port);
    match Client::connect(config, wire.compat()).await {
        Ok(driver) => Ok(driver),
        Err(Error::Routing { host, port }) => Err(Failed::Sent { to: host, at: port }),
        Err(error) => Err(Failed::For(error.into())),
    }
}

impl Session for MsSqlConnection {
    fn query(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        each: &mut dyn FnMut(&dyn Row) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let spelled = spell(sql, args);
        check_count(spelled.args.len())?;
        self.using(|link| {
            let mut query = Query::new(spelled.sql.as_str());
            query.bind_iter(spelled.args.iter().map(|arg| Argument(arg.as_ref())));
            link.rows(query, each)
        })
    }

    fn execute(&mut self, sql: &str, args: &[Value<'_>]) -> Result<u64, DbError> {
        self.run(sql, args)
    }

    fn execute_many<'v>(
        &mut self,
        sql: &str,
        count: usize,
        row: &mut dyn FnMut(usize, &mut Vec<Value<'v>>),
    ) -> Result<u64, DbError> {
        let (mut done, mut touched) = (0, 0);
        let mut args = Vec::new();
        while done < count {
            args.clear();
            row(done, &mut args);
            let rows = Rows::of(sql, args.len());
            let length = rows.as_ref().map_or(1, |rows| rows.chunk(count - done));
            for i in done + 1..done + length {
                row(i, &mut args);
            }
            touched += match &rows {
                Some(rows) if length > 1 => self.run(&rows.times(length), &args)?,
                _ => self.run(sql, &args)?,
            };
            done += length;
        }
        Ok(touched)
    }

    fn locking(&self, sql: &str, lock: Lock) -> Option<String> {
        Some(MsSql.locking(sql, lock))
    }
}

impl Connection for MsSqlConnection {
    fn begin(&mut self) -> Result<(), DbError> {
        self.start(State::Writes)
    }

    fn commit(&mut self) -> Result<(), DbError> {
        if self.begin.take().is_some() {
            return Ok(());
        }
        self.using(|link| link.batch("COMMIT TRANSACTION"))
    }

    fn rollback(&mut self) {
        self.state = State::Reads;
        if self.begin.take().is_some() || self.is_lost() {
            return;
        }
        if let Err(error) = self.using(|link| link.batch(ROLLBACK)) {
            tracing::debug!(%error, "cannot roll back, so the connection is given up");
            self.link = None;
        }
    }

    fn savepoint(&mut self) -> Result<(), DbError> {
        self.script("SAVE TRANSACTION oxflow")
    }

    fn release(&mut self) -> Result<(), DbError> {
        // There are no words for it; the next mark of this name takes its place.
        Ok(())
    }

    fn rollback_to_savepoint(&mut self) -> Result<(), DbError> {
        self.script("ROLLBACK TRANSACTION oxflow")
    }

    fn begin_read(&mut self) -> Result<(), DbError> {
        self.start(State::Reads)
    }

    fn session(&mut self) -> &mut dyn Session {
        self
    }

    fn shares_commits(&self) -> bool {
        false
    }

    fn is_lost(&self) -> bool {
        self.link.is_none()
    }
}
