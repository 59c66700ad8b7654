//! MySQL and MariaDB through the `mysql` crate, which works as our threads do: one call at a time.
//!
//! A connection is made when it is first needed, and again after the database was away. What begins
//! a transaction waits for its first statement, so that a connection that broke meanwhile is noticed
//! inside the call, which then runs again.

mod error;
mod statement;
mod target;
mod value;

use std::sync::Arc;

use mysql::prelude::Queryable as _;
use mysql::{Conn, Params};

pub use target::Target;

use crate::dialect::{Dialect as _, MySql};
use crate::error::{DbError, DbErrorKind};
use crate::session::{Connection, Lock, Session};
use crate::value::{Row, Value};
use statement::{Rows, chunk};

/// The protocol counts arguments in 16 bits.
const ARGUMENTS: usize = 65535;
/// The number of the warning that a row was passed over because its key is taken.
const DUPLICATE: u16 = 1062;

/// A connection to MySQL or MariaDB.
pub struct MySqlConnection {
    target: Arc<Target>,
    link: Option<Conn>,
    /// What begins the transaction, until it is sent before the first statement.
    begin: Option<&'static str>,
}

impl MySqlConnection {
    /// A connection that is made when it is first used.
    pub fn new(target: Arc<Target>) -> MySqlConnection {
        MySqlConnection { target, link: None, begin: None }
    }

    /// Makes sure that there is a connection.
    pub fn connect(&mut self) -> Result<(), DbError> {
        if self.link.is_none() {
            let mut link = Conn::new(self.target.options.clone())?;
            let settings = self.target.settings(&mut link)?;
            link.query_drop(settings)?;
            self.link = Some(link);
        }
        Ok(())
    }

    /// Makes sure that there is a connection, to a server that may turn out to be none: something
    /// that takes connections and says nothing is given up in time. Later, a connection waits for
    /// its answers as long as a statement may take.
    pub fn meet(&mut self) -> Result<(), DbError> {
        if self.link.is_none() {
            self.target.try_out()?;
        }
        self.connect()
    }

    /// Runs a script of several statements without arguments.
    pub fn script(&mut self, sql: &str) -> Result<(), DbError> {
        self.using(|link| {
            let mut results = link.query_iter(sql)?;
            while let Some(rows) = results.iter() {
                for row in rows {
                    drop(row?);
                }
            }
            Ok(())
        })
    }

    /// Does something with the connection, which is given up if it turns out to be broken.
    fn using<T>(
        &mut self,
        work: impl FnOnce(&mut Conn) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let begin = self.begin.take();
        let Some(link) = &mut self.link else {
            let lost = "the connection to the database was lost";
            return Err(DbError::new(DbErrorKind::Unavailable, lost));
        };
        let begun = match begin {
            Some(begin) => link.query_drop(begin).map_err(DbError::from),
            None => Ok(()),
        };
        let result = begun.and_then(|()| work(link));
        if matches!(&result, Err(error) if error.kind == DbErrorKind::Unavailable) {
            self.link = None;
        }
        result
    }

    fn start(&mut self, begin: &'static str) -> Result<(), DbError> {
        self.connect()?;
        self.begin = Some(begin);
        Ok(())
    }

    /// Runs a statement that is no query.
    fn run(&mut self, sql: &str, args: Vec<mysql::Value>) -> Result<u64, DbError> {
        self.using(|link| {
            drop(link.exec_iter(sql, Params::Positional(args))?);
            let (touched, warnings) = (link.affected_rows(), link.warnings());
            if warnings > 0 && sql.starts_with("INSERT IGNORE") {
                refuse_other_warnings(link)?;
            }
            Ok(touched)
        })
    }
}

/// `INSERT IGNORE` is meant to pass over rows that are there. It also cuts what is too long and
/// drops what points nowhere, with a warning; that is not wanted.
fn refuse_other_warnings(link: &mut Conn) -> Result<(), DbError> {
    let warnings: Vec<(String, u16, String)> = link.query("SHOW WARNINGS")?;
    match warnings.into_iter().find(|(_, code, _)| *code != DUPLICATE) {
        Some((_, code, message)) => Err(error::refusal(code, message)),
        None => Ok(()),
    }
}

impl Session for MySqlConnection {
    fn query(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        each: &mut dyn FnMut(&dyn Row) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        if args.len() > ARGUMENTS {
            let why = format!("more than {ARGUMENTS} values in one statement");
            return Err(DbError::new(DbErrorKind::TooComplex, why));
        }
        self.using(|link| {
            let args = args.iter().map(value::to_mysql).collect();
            for row in link.exec_iter(sql, Params::Positional(args))? {
                each(&row?)?;
            }
            Ok(())
        })
    }

    fn execute(&mut self, sql: &str, args: &[Value<'_>]) -> Result<u64, DbError> {
        self.run(sql, args.iter().map(value::to_mysql).collect())
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
            // Statements for a few lengths only: each length has to be prepared.
            let mut length = 1;
            args.clear();
            row(done, &mut args);
            let rows = Rows::of(sql, args.len());
            if let Some(rows) = &rows {
                length = chunk(count - done, ARGUMENTS / rows.columns);
            }
            for i in done + 1..done + length {
                row(i, &mut args);
            }
            let values = args.iter().map(value::to_mysql).collect();
            touched += match &rows {
                Some(rows) if length > 1 => self.run(&rows.times(length), values)?,
                _ => self.run(sql, values)?,
            };
            done += length;
        }
        Ok(touched)
    }

    fn locking(&self, sql: &str, lock: Lock) -> Option<String> {
        Some(MySql.locking(sql, lock))
    }
}

impl Connection for MySqlConnection {
    fn begin(&mut self) -> Result<(), DbError> {
        // In the usual level, what is not there is locked too, and writers wait crosswise.
        self.start("SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION READ WRITE")
    }

    fn commit(&mut self) -> Result<(), DbError> {
        if self.begin.take().is_some() {
            return Ok(());
        }
        self.using(|link| Ok(link.query_drop("COMMIT")?))
    }

    fn rollback(&mut self) {
        if self.begin.take().is_some() || self.is_lost() {
            return;
        }
        if let Err(error) = self.using(|link| Ok(link.query_drop("ROLLBACK")?)) {
            tracing::debug!(%error, "cannot roll back, so the connection is given up");
            self.link = None;
        }
    }

    fn savepoint(&mut self) -> Result<(), DbError> {
        self.script("SAVEPOINT oxflow")
    }

    fn release(&mut self) -> Result<(), DbError> {
        self.script("RELEASE SAVEPOINT oxflow")
    }

    fn rollback_to_savepoint(&mut self) -> Result<(), DbError> {
        self.script("ROLLBACK TO SAVEPOINT oxflow; RELEASE SAVEPOINT oxflow")
    }

    fn begin_read(&mut self) -> Result<(), DbError> {
        self.start("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION READ ONLY")
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
