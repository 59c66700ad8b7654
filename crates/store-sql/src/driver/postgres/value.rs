//! Values on their way to PostgreSQL and back, in its binary format.

use std::error::Error;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::error::{DbError, DbErrorKind};
use crate::value::{Row, Value};

/// What a statement says its argument is. Texts are left to the database to decide, because a JSON
/// column takes no argument that is known to be a text; numbers are not, because then an integer
/// beyond a column's range would be refused where it can simply not be found.
pub fn type_of(value: &Value<'_>) -> Type {
    match value {
        Value::Null | Value::Text(_) => Type::UNKNOWN,
        Value::Bool(_) => Type::BOOL,
        Value::Int(_) => Type::INT8,
        Value::Real(_) => Type::FLOAT8,
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Bool(value) => value.to_sql(ty, out),
            Value::Int(value) => value.to_sql(ty, out),
            Value::Real(value) => value.to_sql(ty, out),
            // Texts and JSON look the same in the binary format.
            Value::Text(text) => text.as_ref().to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A text of whatever type.
struct Text<'a>(&'a str);

impl<'a> FromSql<'a> for Text<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Text(std::str::from_utf8(raw)?))
    }

    fn accepts(ty: &Type) -> bool {
        [Type::VARCHAR, Type::TEXT, Type::JSON, Type::NAME, Type::BPCHAR, Type::UNKNOWN]
            .contains(ty)
    }
}

impl Row for tokio_postgres::Row {
    fn int(&self, column: usize) -> Result<Option<i64>, DbError> {
        match *type_at(self, column) {
            Type::INT8 => get::<i64>(self, column),
            Type::INT4 => Ok(get::<i32>(self, column)?.map(i64::from)),
            Type::INT2 => Ok(get::<i16>(self, column)?.map(i64::from)),
            Type::BOOL => Ok(get::<bool>(self, column)?.map(i64::from)),
            Type::FLOAT8 => Ok(get::<f64>(self, column)?.map(|value| value as i64)),
            ref other => Err(mistyped(column, other, "an integer")),
        }
    }

    fn real(&self, column: usize) -> Result<Option<f64>, DbError> {
        match *type_at(self, column) {
            Type::FLOAT8 => get::<f64>(self, column),
            Type::FLOAT4 => Ok(get::<f32>(self, column)?.map(f64::from)),
            Type::INT8 | Type::INT4 => Ok(self.int(column)?.map(|value| value as f64)),
            ref other => Err(mistyped(column, other, "a number")),
        }
    }

    fn text(&self, column: usize) -> Result<Option<String>, DbError> {
        match *type_at(self, column) {
            Type::INT8 | Type::INT4 | Type::INT2 => {
                Ok(self.int(column)?.map(|value| value.to_string()))
            }
            Type::FLOAT8 => Ok(self.real(column)?.map(|value| value.to_string())),
            _ => Ok(get::<Text<'_>>(self, column)?.map(|text| text.0.to_owned())),
        }
    }

    fn text_is(&self, column: usize, text: &str) -> Result<bool, DbError> {
        match get::<Text<'_>>(self, column) {
            Ok(found) => Ok(found.is_some_and(|found| found.0 == text)),
            Err(_) => Ok(self.text(column)?.as_deref() == Some(text)),
        }
    }
}

fn type_at(row: &tokio_postgres::Row, column: usize) -> &Type {
    row.columns().get(column).map_or(&Type::UNKNOWN, tokio_postgres::Column::type_)
}

fn get<'a, T: FromSql<'a>>(
    row: &'a tokio_postgres::Row,
    column: usize,
) -> Result<Option<T>, DbError> {
    row.try_get(column).map_err(|error| DbError::new(DbErrorKind::Other, error.to_string()))
}

fn mistyped(column: usize, ty: &Type, wanted: &str) -> DbError {
    DbError::new(DbErrorKind::Other, format!("column {column} holds {ty}, not {wanted}"))
}

/// The columns of many rows, each as an array.
#[derive(Debug)]
pub enum Array<'v> {
    /// Truth values.
    Bools(Vec<Option<bool>>),
    /// Integers.
    Ints(Vec<Option<i64>>),
    /// Doubles.
    Reals(Vec<Option<f64>>),
    /// Texts, or nothing but NULL.
    Texts(Vec<Option<std::borrow::Cow<'v, str>>>),
}

impl<'v> Array<'v> {
    /// An empty array that takes this value.
    fn like(value: &Value<'_>, count: usize) -> Array<'v> {
        match value {
            Value::Bool(_) => Array::Bools(Vec::with_capacity(count)),
            Value::Int(_) => Array::Ints(Vec::with_capacity(count)),
            Value::Real(_) => Array::Reals(Vec::with_capacity(count)),
            Value::Null | Value::Text(_) => Array::Texts(Vec::with_capacity(count)),
        }
    }

    fn is_all_null(&self) -> bool {
        matches!(self, Array::Texts(items) if items.iter().all(Option::is_none))
    }

    /// What an item has to be cast to for a column of this type: texts are taken by columns of
    /// texts only.
    pub fn cast_for(&self, column: &Type) -> Option<String> {
        let is_text = [Type::TEXT, Type::VARCHAR, Type::BPCHAR].contains(column);
        (matches!(self, Array::Texts(_)) && !is_text).then(|| column.name().to_owned())
    }

    /// PostgreSQL's name of an item's type.
    pub fn item_type(&self) -> &'static str {
        match self {
            Array::Bools(_) => "bool",
            Array::Ints(_) => "int8",
            Array::Reals(_) => "float8",
            Array::Texts(_) => "text",
        }
    }

    /// The type of the array.
    pub fn ty(&self) -> Type {
        match self {
            Array::Bools(_) => Type::BOOL_ARRAY,
            Array::Ints(_) => Type::INT8_ARRAY,
            Array::Reals(_) => Type::FLOAT8_ARRAY,
            Array::Texts(_) => Type::TEXT_ARRAY,
        }
    }

    /// As an argument.
    pub fn as_sql(&self) -> &(dyn ToSql + Sync) {
        match self {
            Array::Bools(items) => items,
            Array::Ints(items) => items,
            Array::Reals(items) => items,
            Array::Texts(items) => items,
        }
    }

    fn push(&mut self, value: Value<'v>) -> Result<(), DbError> {
        match (self, value) {
            (Array::Bools(items), Value::Bool(value)) => items.push(Some(value)),
            (Array::Bools(items), Value::Null) => items.push(None),
            (Array::Ints(items), Value::Int(value)) => items.push(Some(value)),
            (Array::Ints(items), Value::Null) => items.push(None),
            (Array::Reals(items), Value::Real(value)) => items.push(Some(value)),
            (Array::Reals(items), Value::Null) => items.push(None),
            (Array::Texts(items), Value::Text(text)) => items.push(Some(text)),
            (Array::Texts(items), Value::Null) => items.push(None),
            (array, value) => {
                let why = format!("{value:?} among values of type {}", array.item_type());
                return Err(DbError::new(DbErrorKind::Other, why));
            }
        }
        Ok(())
    }
}

/// The columns of `count` rows. The types are those of the first value that is not NULL.
pub fn arrays<'v>(
    count: usize,
    row: &mut dyn FnMut(usize, &mut Vec<Value<'v>>),
) -> Result<Vec<Array<'v>>, DbError> {
    let mut arrays: Vec<Array<'v>> = Vec::new();
    let mut args = Vec::new();
    for i in 0..count {
        row(i, &mut args);
        if arrays.is_empty() {
            arrays = args.iter().map(|value| Array::like(value, count)).collect();
        }
        for (array, value) in arrays.iter_mut().zip(args.drain(..)) {
            if !matches!(value, Value::Null | Value::Text(_)) && array.is_all_null() {
                *array = Array::like(&value, count);
                for _ in 0..i {
                    array.push(Value::Null)?;
                }
            }
            array.push(value)?;
        }
    }
    Ok(arrays)
}
