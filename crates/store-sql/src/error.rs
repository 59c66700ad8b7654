//! What databases answer when they refuse, in the store's own terms.

use std::fmt;
use std::time::Duration;

use oxflow_model::{Error, ErrorCode};

/// What kind of refusal it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DbErrorKind {
    /// A row with this key exists.
    Unique,
    /// A row that is pointed to does not exist.
    ForeignKey,
    /// Another connection is in the way; trying again may help.
    Contention,
    /// No room left.
    Full,
    /// The database or its folder is read-only.
    ReadOnly,
    /// The database cannot be reached (any more), or has been closed.
    Unavailable,
    /// The database does not know the user, or not with this password.
    Login,
    /// The server has no database of this name.
    NoDatabase,
    /// The statement is longer or more complex than the database allows.
    TooComplex,
    /// The statement took longer than it may.
    TooSlow,
    /// The user of the database may not do this.
    Forbidden,
    /// A value is longer, larger or stranger than the database can hold.
    BadValue,
    /// Everything else.
    Other,
}

/// A database's refusal, with the driver's own words.
#[derive(Clone, Debug)]
pub struct DbError {
    /// What kind.
    pub kind: DbErrorKind,
    /// The driver's words.
    pub message: String,
}

impl DbError {
    /// A refusal of this kind.
    pub fn new(kind: DbErrorKind, message: impl Into<String>) -> DbError {
        DbError { kind, message: message.into() }
    }

    /// Nobody waits for the answer any more.
    pub fn given_up() -> DbError {
        DbError::new(DbErrorKind::Other, "nobody waits for the answer any more")
    }

    /// A database took a connection and said nothing for so long.
    pub fn no_answer(limit: Duration) -> DbError {
        let why = format!(
            "something takes connections there, but does not answer as a database does within {} s",
            limit.as_secs_f64()
        );
        DbError::new(DbErrorKind::Unavailable, why)
    }

    /// A column that cannot be NULL was.
    pub fn unexpected_null(column: usize) -> DbError {
        DbError::new(DbErrorKind::Other, format!("column {column} is unexpectedly NULL"))
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DbError {}

impl From<DbError> for Error {
    fn from(error: DbError) -> Error {
        let DbError { kind, message } = error;
        match kind {
            DbErrorKind::Unique | DbErrorKind::ForeignKey => {
                Error::new(ErrorCode::BadRequest, message)
            }
            DbErrorKind::Contention => Error::unavailable(format!(
                "The database is busy with another program's transaction: {message}. Try again."
            )),
            DbErrorKind::Full => Error::unavailable(format!(
                "The disk of the database is full: {message}. Nothing was written; free some space \
                 and try again."
            )),
            DbErrorKind::ReadOnly => Error::unavailable(format!(
                "The database is read-only: {message}. Nothing was written; check the permissions \
                 of the file and its folder."
            )),
            DbErrorKind::Unavailable | DbErrorKind::Login | DbErrorKind::NoDatabase => {
                Error::unavailable(format!("The database does not answer: {message}."))
            }
            DbErrorKind::TooComplex => Error::invalid(format!(
                "The request asks for more at once than the database can do: {message}. Name \
                 fewer things, or use a shorter filter or order."
            )),
            DbErrorKind::TooSlow => Error::unavailable(format!(
                "The database took too long: {message}. Ask for less at once, or try again."
            )),
            DbErrorKind::Forbidden => Error::unavailable(format!(
                "The user of the database lacks a right: {message}. Nothing was written; grant it \
                 and try again."
            )),
            DbErrorKind::BadValue => Error::invalid(format!(
                "The database cannot hold a value of the request: {message}."
            )),
            DbErrorKind::Other => Error::internal(format!("The database refused: {message}.")),
        }
    }
}
