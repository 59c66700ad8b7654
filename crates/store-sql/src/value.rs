//! Values that go into statements and come out of rows.

use std::borrow::Cow;

use crate::error::DbError;

/// An argument of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// SQL NULL.
    Null,
    /// A truth value; a number where the database has no such type.
    Bool(bool),
    /// Any integer.
    Int(i64),
    /// A double.
    Real(f64),
    /// Text.
    Text(Cow<'a, str>),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Value::Real(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Value::Text(Cow::Borrowed(value))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Value::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Value::Text(Cow::Owned(value))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// One row of a result. Columns are counted from 0.
pub trait Row {
    /// An integer or a truth value; `None` for NULL.
    fn int(&self, column: usize) -> Result<Option<i64>, DbError>;
    /// A double; `None` for NULL.
    fn real(&self, column: usize) -> Result<Option<f64>, DbError>;
    /// A text; `None` for NULL.
    fn text(&self, column: usize) -> Result<Option<String>, DbError>;

    /// An integer that may not be NULL.
    fn must_int(&self, column: usize) -> Result<i64, DbError> {
        self.int(column)?.ok_or_else(|| DbError::unexpected_null(column))
    }

    /// A double that may not be NULL.
    fn must_real(&self, column: usize) -> Result<f64, DbError> {
        self.real(column)?.ok_or_else(|| DbError::unexpected_null(column))
    }

    /// Whether a column holds this text; cheaper than reading it where a driver can compare in place.
    fn text_is(&self, column: usize, text: &str) -> Result<bool, DbError> {
        Ok(self.text(column)?.as_deref() == Some(text))
    }

    /// A text; NULL reads as empty.
    fn text_or_empty(&self, column: usize) -> Result<String, DbError> {
        Ok(self.text(column)?.unwrap_or_default())
    }
}

/// Arguments in short: `args![run_id, 5, "x"]`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::value::Value::from($value)),*] };
}
