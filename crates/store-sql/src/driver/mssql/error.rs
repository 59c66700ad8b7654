//! SQL Server's refusals in the store's terms.

use std::io::ErrorKind;

use tiberius::error::Error;

use crate::error::{DbError, DbErrorKind};

impl From<Error> for DbError {
    fn from(error: Error) -> DbError {
        match error {
            Error::Server(refused) => refusal(refused.code(), refused.message()),
            Error::Io { kind: ErrorKind::TimedOut, .. } => {
                DbError::new(DbErrorKind::TooSlow, "no answer in time")
            }
            Error::Io { kind: ErrorKind::UnexpectedEof, .. } => {
                DbError::new(DbErrorKind::Unavailable, "the server closed the connection")
            }
            Error::Io { message, .. } => DbError::new(DbErrorKind::Unavailable, message),
            Error::Tls(message) => DbError::new(DbErrorKind::Unavailable, message),
            // What came could not be understood; the connection is of no more use.
            Error::Protocol(message) => DbError::new(DbErrorKind::Unavailable, message),
            Error::Conversion(message) => DbError::new(DbErrorKind::BadValue, message),
            error => DbError::new(DbErrorKind::Other, error.to_string()),
        }
    }
}

/// A refusal by its number.
fn refusal(code: u32, message: &str) -> DbError {
    let kind = match code {
        2601 | 2627 => DbErrorKind::Unique,
        547 => DbErrorKind::ForeignKey,
        // Deadlock, lock timeout, a row that changed since the snapshot, and what stands in the way
        // of one.
        1205 | 1222 | 3960 | 3961 | 3966 => DbErrorKind::Contention,
        // Disk, file group or log full, out of version store.
        1101 | 1105 | 3967 | 9002 | 40544 => DbErrorKind::Full,
        // A read-only database, a secondary.
        3906 | 3908 | 976 | 978 | 979 => DbErrorKind::ReadOnly,
        229 | 230 | 262 | 297 | 300 | 1088 | 2760 | 4613 | 10330 | 15247 => DbErrorKind::Forbidden,
        18452 | 18456 | 18470 | 18486 | 18487 | 18488 => DbErrorKind::Login,
        911 | 4060 | 4063 => DbErrorKind::NoDatabase,
        // Too many arguments, tables or nested levels, no plan, no stack.
        103 | 106 | 191 | 8003 | 8010 | 8621 | 8623 | 8631 | 8632 | 10738 => {
            DbErrorKind::TooComplex
        }
        // Too long, out of range, not representable.
        2628 | 8115 | 8152 | 220 | 245 | 8114 | 1946 => DbErrorKind::BadValue,
        // Memory or time ran out; Azure's own limits.
        701 | 8645 | 8651 | 10928 | 10929 => DbErrorKind::TooSlow,
        // Shutting down, too many connections, not available at the moment.
        596 | 4221 | 6005 | 17142 | 17809 | 18401 | 40197 | 40501 | 40613 | 49918 | 49919
        | 49920 => DbErrorKind::Unavailable,
        _ => DbErrorKind::Other,
    };
    DbError::new(kind, format!("{} ({code})", message.trim_end_matches('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_again_is_known_by_its_number() {
        for code in [1205, 1222, 3960] {
            assert_eq!(refusal(code, "Somebody was in the way.").kind, DbErrorKind::Contention);
        }
        assert_eq!(refusal(2627, "x").kind, DbErrorKind::Unique);
        assert_eq!(refusal(4060, "x").kind, DbErrorKind::NoDatabase);
        assert_eq!(refusal(2627, "Taken.").message, "Taken (2627)");
    }
}
