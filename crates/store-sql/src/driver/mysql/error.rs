//! Refusals of MySQL and MariaDB in the store's terms.

use mysql::error::DriverError;

use crate::error::{DbError, DbErrorKind};

impl From<mysql::Error> for DbError {
    fn from(error: mysql::Error) -> DbError {
        match error {
            mysql::Error::MySqlError(refused) => refusal(refused.code, refused.message),
            mysql::Error::DriverError(DriverError::MismatchedStmtParams(..)) => {
                DbError::new(DbErrorKind::TooComplex, error.to_string())
            }
            mysql::Error::IoError(error) => {
                DbError::new(DbErrorKind::Unavailable, error.to_string())
            }
            mysql::Error::DriverError(DriverError::CouldNotConnect(Some((address, why, _)))) => {
                DbError::new(DbErrorKind::Unavailable, format!("{address}: {why}"))
            }
            error if error.is_connectivity_error() => {
                DbError::new(DbErrorKind::Unavailable, error.to_string())
            }
            error => DbError::new(DbErrorKind::Other, error.to_string()),
        }
    }
}

/// A refusal by its number.
pub fn refusal(code: u16, message: String) -> DbError {
    let kind = match code {
        1062 | 1586 => DbErrorKind::Unique,
        1216 | 1217 | 1451 | 1452 => DbErrorKind::ForeignKey,
        // Lock wait timeout, deadlock, changed since the last read, interrupted by a deadlock.
        1205 | 1213 | 1020 | 1614 => DbErrorKind::Contention,
        1021 | 1114 => DbErrorKind::Full,
        1290 | 1792 | 1836 => DbErrorKind::ReadOnly,
        1044 | 1142 | 1143 | 1227 | 1370 | 1419 => DbErrorKind::Forbidden,
        1045 | 1251 | 1698 => DbErrorKind::Login,
        1049 => DbErrorKind::NoDatabase,
        // Too many tables, too large a packet, too many arguments, too deep a stack, too long a key.
        1116 | 1118 | 1153 | 1390 | 1436 | 1473 => DbErrorKind::TooComplex,
        // Too long, out of range, not representable, no JSON.
        1264 | 1292 | 1366 | 1406 | 3140 | 4025 => DbErrorKind::BadValue,
        1969 | 3024 => DbErrorKind::TooSlow,
        // Too many connections, shutting down, killed, broken.
        1040 | 1053 | 1077 | 1152 | 1158..=1161 | 1203 | 1226 | 1927 | 4031 => {
            DbErrorKind::Unavailable
        }
        _ => DbErrorKind::Other,
    };
    DbError::new(kind, message.trim_end_matches('.'))
}
