//! Values on their way to MySQL and back.

use crate::error::{DbError, DbErrorKind};
use crate::value::{Row, Value};

/// An argument as the driver wants it.
pub fn to_mysql(value: &Value<'_>) -> mysql::Value {
    match value {
        Value::Null => mysql::Value::NULL,
        Value::Bool(value) => mysql::Value::Int((*value).into()),
        Value::Int(value) => mysql::Value::Int(*value),
        Value::Real(value) => mysql::Value::Double(*value),
        Value::Text(text) => mysql::Value::Bytes(text.as_bytes().to_vec()),
    }
}

impl Row for mysql::Row {
    fn int(&self, column: usize) -> Result<Option<i64>, DbError> {
        let wrong = || mistyped(column, "an integer");
        match self.as_ref(column) {
            None => Err(wrong()),
            Some(mysql::Value::NULL) => Ok(None),
            Some(mysql::Value::Int(value)) => Ok(Some(*value)),
            Some(mysql::Value::UInt(value)) => i64::try_from(*value).map(Some).map_err(|_| wrong()),
            Some(mysql::Value::Double(value)) => Ok(Some(*value as i64)),
            // Sums are decimal numbers, which come as texts.
            Some(mysql::Value::Bytes(bytes)) => parse(bytes).map(Some).ok_or_else(wrong),
            Some(_) => Err(wrong()),
        }
    }

    fn real(&self, column: usize) -> Result<Option<f64>, DbError> {
        let wrong = || mistyped(column, "a number");
        match self.as_ref(column) {
            None => Err(wrong()),
            Some(mysql::Value::NULL) => Ok(None),
            Some(mysql::Value::Double(value)) => Ok(Some(*value)),
            Some(mysql::Value::Float(value)) => Ok(Some((*value).into())),
            Some(mysql::Value::Int(value)) => Ok(Some(*value as f64)),
            Some(mysql::Value::UInt(value)) => Ok(Some(*value as f64)),
            Some(mysql::Value::Bytes(bytes)) => parse(bytes).map(Some).ok_or_else(wrong),
            Some(_) => Err(wrong()),
        }
    }

    fn text(&self, column: usize) -> Result<Option<String>, DbError> {
        match self.as_ref(column) {
            None => Err(mistyped(column, "a text")),
            Some(mysql::Value::NULL) => Ok(None),
            Some(mysql::Value::Bytes(bytes)) => {
                Ok(Some(String::from_utf8_lossy(bytes).into_owned()))
            }
            Some(mysql::Value::Int(value)) => Ok(Some(value.to_string())),
            Some(mysql::Value::UInt(value)) => Ok(Some(value.to_string())),
            Some(mysql::Value::Double(value)) => Ok(Some(value.to_string())),
            Some(_) => Err(mistyped(column, "a text")),
        }
    }

    fn text_is(&self, column: usize, text: &str) -> Result<bool, DbError> {
        match self.as_ref(column) {
            Some(mysql::Value::Bytes(bytes)) => Ok(bytes == text.as_bytes()),
            _ => Ok(self.text(column)?.as_deref() == Some(text)),
        }
    }
}

fn parse<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn mistyped(column: usize, wanted: &str) -> DbError {
    DbError::new(DbErrorKind::Other, format!("column {column} does not hold {wanted}"))
}
