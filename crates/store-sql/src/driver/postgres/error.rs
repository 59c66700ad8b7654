//! PostgreSQL's refusals in the store's terms.

use tokio_postgres::error::SqlState;

use crate::error::{DbError, DbErrorKind};

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> DbError {
        let Some(refusal) = error.as_db_error() else {
            // Not the database's words: the way to it broke. Only the cause says how.
            let kind = match std::error::Error::source(&error) {
                _ if error.is_closed() => DbErrorKind::Unavailable,
                Some(cause) if is_conversion(cause) => DbErrorKind::Other,
                _ => DbErrorKind::Unavailable,
            };
            return DbError::new(kind, with_causes(&error));
        };
        let message = match refusal.detail() {
            Some(detail) => format!("{}: {detail}", refusal.message()),
            None => refusal.message().to_owned(),
        };
        DbError::new(kind(refusal.code()), message.trim_end_matches('.'))
    }
}

fn kind(state: &SqlState) -> DbErrorKind {
    match state.code() {
        "23505" => DbErrorKind::Unique,
        "23503" => DbErrorKind::ForeignKey,
        // Serialisation failure, deadlock, lock not available.
        "40001" | "40P01" | "55P03" => DbErrorKind::Contention,
        "53100" => DbErrorKind::Full,
        // Read-only transaction: a standby took over, or the database is set so.
        "25006" => DbErrorKind::ReadOnly,
        "42501" => DbErrorKind::Forbidden,
        // Program limits: too many columns, arguments, too deep a stack.
        "54000" | "54001" | "54011" | "54023" => DbErrorKind::TooComplex,
        // Too long, out of range, not representable.
        "22001" | "22003" | "22021" | "22P02" | "22P05" => DbErrorKind::BadValue,
        "28000" | "28P01" => DbErrorKind::Login,
        "3D000" => DbErrorKind::NoDatabase,
        "57014" => DbErrorKind::TooSlow,
        // Shutting down, starting up, too many connections, connection lost.
        "57P01" | "57P02" | "57P03" | "53300" | "08000" | "08001" | "08003" | "08004" | "08006" => {
            DbErrorKind::Unavailable
        }
        _ => DbErrorKind::Other,
    }
}

/// Whether the driver could not turn a value into what the database wants.
fn is_conversion(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<std::io::Error>().is_none()
        && cause.downcast_ref::<tokio_postgres::types::WrongType>().is_some()
}

/// The error with all that caused it, each said once.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        next = cause.source();
    }
    message
}
