//! Values on their way to SQL Server and back.

use tiberius::{ColumnData, IntoSql};

use crate::error::{DbError, DbErrorKind};
use crate::value::{Row, Value};

/// An argument as the driver sends it. NULL goes as a text, which every type takes it from.
pub struct Argument<'a>(pub &'a Value<'a>);

impl<'a> IntoSql<'a> for Argument<'a> {
    fn into_sql(self) -> ColumnData<'a> {
        match self.0 {
            Value::Null => ColumnData::String(None),
            Value::Bool(value) => ColumnData::Bit(Some(*value)),
            Value::Int(value) => ColumnData::I64(Some(*value)),
            Value::Real(value) => ColumnData::F64(Some(*value)),
            Value::Text(text) => ColumnData::String(Some(text.as_ref().into())),
        }
    }
}

/// A row, column by column.
pub struct MsSqlRow(pub tiberius::Row);

impl MsSqlRow {
    fn data(&self, column: usize) -> Result<&ColumnData<'static>, DbError> {
        match self.0.cells().nth(column) {
            Some((_, data)) => Ok(data),
            None => Err(mistyped(column, "anything")),
        }
    }
}

impl Row for MsSqlRow {
    fn int(&self, column: usize) -> Result<Option<i64>, DbError> {
        Ok(match self.data(column)? {
            ColumnData::Bit(value) => value.map(i64::from),
            ColumnData::U8(value) => value.map(i64::from),
            ColumnData::I16(value) => value.map(i64::from),
            ColumnData::I32(value) => value.map(i64::from),
            ColumnData::I64(value) => *value,
            ColumnData::F64(value) => value.map(|value| value as i64),
            // Identity values and sums.
            ColumnData::Numeric(value) => value.map(|value| value.int_part() as i64),
            ColumnData::String(None) => None,
            _ => return Err(mistyped(column, "an integer")),
        })
    }

    fn real(&self, column: usize) -> Result<Option<f64>, DbError> {
        Ok(match self.data(column)? {
            ColumnData::F32(value) => value.map(f64::from),
            ColumnData::F64(value) => *value,
            ColumnData::Numeric(value) => value.map(f64::from),
            ColumnData::String(None) => None,
            _ => return Ok(self.int(column)?.map(|value| value as f64)),
        })
    }

    fn text(&self, column: usize) -> Result<Option<String>, DbError> {
        Ok(match self.data(column)? {
            ColumnData::String(text) => text.as_ref().map(|text| text.clone().into_owned()),
            ColumnData::F64(value) => value.map(|value| value.to_string()),
            _ => return Ok(self.int(column)?.map(|value| value.to_string())),
        })
    }

    fn text_is(&self, column: usize, text: &str) -> Result<bool, DbError> {
        match self.data(column)? {
            ColumnData::String(found) => Ok(found.as_deref() == Some(text)),
            _ => Ok(self.text(column)?.as_deref() == Some(text)),
        }
    }
}

fn mistyped(column: usize, wanted: &str) -> DbError {
    DbError::new(DbErrorKind::Other, format!("column {column} does not hold {wanted}"))
}
