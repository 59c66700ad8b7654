//! SQLite through rusqlite: one writer, several readers, write-ahead log, full durability.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection as Raw, ErrorCode, OpenFlags, Statement, ToSql};

use crate::error::{DbError, DbErrorKind};
use crate::session::{Connection, Session};
use crate::value::{Row, Value};

/// Statements each connection keeps prepared.
const STATEMENTS: usize = 256;
/// How long a call waits for another program's transaction, as stock MLflow waits.
const BUSY: Duration = Duration::from_secs(20);

/// A SQLite connection.
pub struct SqliteConnection {
    raw: Raw,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Looks without changing a byte, not even the journal mode. Only a transaction that a crash
    /// left half done is undone, as every reader has to.
    Inspect,
    /// Reads committed data.
    Read,
    /// Reads and writes.
    Write,
    /// Changes tables: foreign keys rest meanwhile, and the journal stays as the file has it.
    Migrate,
}

impl SqliteConnection {
    /// Opens the file; creates it only for [`Access::Write`].
    pub fn open(path: &Path, access: Access) -> Result<SqliteConnection, DbError> {
        let flags = match access {
            Access::Inspect | Access::Read => OpenFlags::SQLITE_OPEN_READ_WRITE,
            Access::Write | Access::Migrate => {
                OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
            }
        };
        let log_exists = log_of(path).exists();
        let raw = Raw::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        raw.set_prepared_statement_cache_capacity(STATEMENTS);
        raw.busy_timeout(if access == Access::Inspect { Duration::from_secs(2) } else { BUSY })?;
        let mut connection = SqliteConnection { raw };
        // MLflow's LIKE minds the case on every database.
        connection.pragma("case_sensitive_like = ON")?;
        match access {
            Access::Inspect => {
                connection.pragma("query_only = ON")?;
                // A log that is there stays there; one that the look made goes with it.
                connection
                    .raw
                    .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, log_exists)?;
            }
            Access::Read => connection.pragma("query_only = ON")?,
            Access::Migrate => {
                connection.must_be_writable()?;
                connection.pragma("synchronous = FULL")?;
                connection.pragma("foreign_keys = OFF")?;
                // Most of the time goes into indexes: sort them in two threads.
                connection.pragma("cache_size = -65536")?;
                connection.pragma("threads = 2")?;
            }
            Access::Write => {
                connection.must_be_writable()?;
                connection.pragma("journal_mode = WAL")?;
                connection.pragma("synchronous = FULL")?;
                connection.pragma("foreign_keys = ON")?;
                connection.pragma("cache_size = -8000")?;
            }
        }
        Ok(connection)
    }

    /// SQLite opens what it may not write all the same, and fails at the first write.
    fn must_be_writable(&self) -> Result<(), DbError> {
        if self.raw.is_readonly("main")? {
            let why = "the file may be read, but not written";
            return Err(DbError::new(DbErrorKind::ReadOnly, why));
        }
        Ok(())
    }

    fn pragma(&mut self, text: &str) -> Result<(), DbError> {
        self.raw.execute_batch(&format!("PRAGMA {text}")).map_err(DbError::from)
    }

    /// Runs a script of several statements.
    pub fn script(&mut self, sql: &str) -> Result<(), DbError> {
        self.raw.execute_batch(sql).map_err(DbError::from)
    }
}

/// The write-ahead log of a database file.
fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> DbError {
        use rusqlite::ffi;
        let kind = match error.sqlite_error() {
            Some(code) => match (code.code, code.extended_code) {
                (
                    _,
                    ffi::SQLITE_CONSTRAINT_UNIQUE
                    | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                    | ffi::SQLITE_CONSTRAINT_ROWID,
                ) => DbErrorKind::Unique,
                (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => DbErrorKind::ForeignKey,
                (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => DbErrorKind::Contention,
                (ErrorCode::DiskFull, _) => DbErrorKind::Full,
                (ErrorCode::ReadOnly, _) => DbErrorKind::ReadOnly,
                (ErrorCode::CannotOpen | ErrorCode::SystemIoFailure, _) => DbErrorKind::Unavailable,
                (ErrorCode::TooBig, _) => DbErrorKind::TooComplex,
                _ => DbErrorKind::Other,
            },
            None => DbErrorKind::Other,
        };
        let message = match error {
            // Without the statement, which says nothing to a user and may be very long.
            rusqlite::Error::SqlInputError { msg, .. } => msg,
            error => error.to_string(),
        };
        match kind {
            DbErrorKind::Other if is_limit(&message) => {
                DbError::new(DbErrorKind::TooComplex, message)
            }
            kind => DbError::new(kind, message),
        }
    }
}

/// Whether SQLite's message says that a statement asks for too much. There is no code for that.
fn is_limit(message: &str) -> bool {
    const LIMITS: [&str; 7] = [
        "too many SQL variables",
        "tables in a join",
        "Expression tree is too large",
        "pattern too complex",
        "too many FROM clause terms",
        "too many terms in ORDER BY clause",
        "parser stack overflow",
    ];
    LIMITS.iter().any(|limit| message.contains(limit))
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Bool(value) => ValueRef::Integer((*value).into()),
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Real(value) => ValueRef::Real(*value),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl Row for rusqlite::Row<'_> {
    fn int(&self, column: usize) -> Result<Option<i64>, DbError> {
        match self.get_ref(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(value) => Ok(Some(value)),
            ValueRef::Real(value) => Ok(Some(value as i64)),
            other => Err(mistyped(column, other, "an integer")),
        }
    }

    fn real(&self, column: usize) -> Result<Option<f64>, DbError> {
        match self.get_ref(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(value) => Ok(Some(value as f64)),
            ValueRef::Real(value) => Ok(Some(value)),
            other => Err(mistyped(column, other, "a number")),
        }
    }

    fn text(&self, column: usize) -> Result<Option<String>, DbError> {
        match self.get_ref(column)? {
            ValueRef::Null => Ok(None),
            // Columns are typed loosely: a text column of a foreign program may hold numbers.
            ValueRef::Integer(value) => Ok(Some(value.to_string())),
            ValueRef::Real(value) => Ok(Some(value.to_string())),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                // The check of `str` is much quicker than that of `from_utf8_lossy`.
                Ok(Some(match std::str::from_utf8(bytes) {
                    Ok(text) => text.to_owned(),
                    Err(_) => String::from_utf8_lossy(bytes).into_owned(),
                }))
            }
        }
    }

    fn text_is(&self, column: usize, text: &str) -> Result<bool, DbError> {
        match self.get_ref(column)? {
            ValueRef::Text(bytes) => Ok(bytes == text.as_bytes()),
            _ => Ok(self.text(column)?.as_deref() == Some(text)),
        }
    }
}

fn mistyped(column: usize, value: ValueRef<'_>, wanted: &str) -> DbError {
    let message = format!("column {column} holds {}, not {wanted}", value.data_type());
    DbError::new(DbErrorKind::Other, message)
}

fn bind(statement: &mut Statement<'_>, args: &[Value<'_>]) -> rusqlite::Result<()> {
    for (i, arg) in args.iter().enumerate() {
        statement.raw_bind_parameter(i + 1, arg)?;
    }
    Ok(())
}

impl Session for SqliteConnection {
    fn query(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        each: &mut dyn FnMut(&dyn Row) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let mut statement = self.raw.prepare_cached(sql)?;
        bind(&mut statement, args)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            each(row)?;
        }
        Ok(())
    }

    fn execute(&mut self, sql: &str, args: &[Value<'_>]) -> Result<u64, DbError> {
        let mut statement = self.raw.prepare_cached(sql)?;
        bind(&mut statement, args)?;
        Ok(statement.raw_execute()? as u64)
    }

    fn execute_many<'v>(
        &mut self,
        sql: &str,
        count: usize,
        row: &mut dyn FnMut(usize, &mut Vec<Value<'v>>),
    ) -> Result<u64, DbError> {
        let mut statement = self.raw.prepare_cached(sql)?;
        let (mut args, mut touched) = (Vec::new(), 0);
        for i in 0..count {
            args.clear();
            row(i, &mut args);
            bind(&mut statement, &args)?;
            touched += statement.raw_execute()? as u64;
        }
        Ok(touched)
    }
}

impl Connection for SqliteConnection {
    fn begin(&mut self) -> Result<(), DbError> {
        // Taking the write lock at once keeps a transaction from failing half-way.
        self.execute("BEGIN IMMEDIATE", &[]).map(drop)
    }

    fn commit(&mut self) -> Result<(), DbError> {
        self.execute("COMMIT", &[]).map(drop)
    }

    fn rollback(&mut self) {
        if !self.raw.is_autocommit()
            && let Err(error) = self.execute("ROLLBACK", &[])
        {
            tracing::error!(%error, "cannot roll back");
        }
    }

    fn savepoint(&mut self) -> Result<(), DbError> {
        self.execute("SAVEPOINT call", &[]).map(drop)
    }

    fn release(&mut self) -> Result<(), DbError> {
        self.execute("RELEASE call", &[]).map(drop)
    }

    fn rollback_to_savepoint(&mut self) -> Result<(), DbError> {
        self.execute("ROLLBACK TO call", &[])?;
        self.release()
    }

    fn begin_read(&mut self) -> Result<(), DbError> {
        self.execute("BEGIN", &[]).map(drop)
    }

    fn session(&mut self) -> &mut dyn Session {
        self
    }
}

/// The file that a `sqlite:` URI in SQLAlchemy's spelling names.
///
/// `sqlite:///rel.db` is relative to `cwd`, `sqlite:////abs.db` is absolute.
pub fn path_of(uri: &str, cwd: &Path) -> oxflow_model::Result<PathBuf> {
    let bad = |why: &str| {
        oxflow_model::Error::invalid(format!(
            "Cannot use the database URI '{uri}': {why}. Write sqlite:///relative.db or \
             sqlite:////absolute/path.db."
        ))
    };
    let rest = uri.split_once("://").map_or("", |(_, rest)| rest);
    let rest = rest.split('?').next().unwrap_or("");
    let Some(file) = rest.strip_prefix('/') else {
        return Err(bad(if rest.is_empty() {
            "it names no file, and a database in memory would forget everything at the end"
        } else {
            "the file must follow three slashes"
        }));
    };
    match file {
        "" | ":memory:" => Err(bad("a database in memory would forget everything at the end")),
        file => Ok(cwd.join(file)),
    }
}
