//! The right side of a comparison.

use super::field::{Entity, Field, strip_pair};
use super::group::Item;
use super::lexer::Kind;
use super::python::{self, Literal};
use super::{NumberOp, TextOp, TextTest};
use crate::{Error, Result};

/// A value, as far as the grammar knows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Text(&'a str),
    /// As written, without a fraction or an exponent.
    Integer(&'a str),
    Float(f64),
    List(Vec<String>),
}

/// Which attributes take which values.
pub(super) struct ValueRules {
    pub(super) numbers: &'static [&'static str],
    /// Those that can be compared with a list, sorted.
    pub(super) lists: &'static [&'static str],
}

/// Reads the value for a key of runs or experiments.
pub(super) fn tracking<'a>(
    field: Field<'_>,
    item: &Item<'a>,
    rules: &ValueRules,
) -> Result<Value<'a>> {
    match field.entity {
        Entity::Metric => number(item).ok_or_else(|| {
            Error::invalid(format!("Expected numeric value type for metric. Found {}", item.text))
        }),
        Entity::Param | Entity::Tag => key_text(field.entity, item),
        Entity::Attribute if rules.numbers.contains(&field.key) => number(item).ok_or_else(|| {
            Error::invalid(format!(
                "Expected numeric value type for numeric attribute: {}. Found {}",
                field.key, item.text
            ))
        }),
        Entity::Attribute => text_or_list(field.key, item, rules)?.ok_or_else(|| {
            Error::invalid(format!(
                "Expected a quoted string value for attributes. Got value {}",
                item.text
            ))
        }),
        Entity::Dataset => text_or_any_list(item)?.ok_or_else(|| {
            Error::invalid(format!(
                "Expected a quoted string value for dataset attributes. Got value {}",
                item.text
            ))
        }),
    }
}

/// Reads the value for a key of the model registry.
pub(super) fn registry<'a>(
    field: Field<'_>,
    item: &Item<'a>,
    rules: &ValueRules,
) -> Result<Value<'a>> {
    if field.entity == Entity::Tag {
        return key_text(Entity::Tag, item);
    }
    if let Some(value) = text_or_list(field.key, item, rules)? {
        return Ok(value);
    }
    match number(item).filter(|_| !rules.numbers.is_empty()) {
        Some(value) if rules.numbers.contains(&field.key) => Ok(value),
        Some(_) => Err(Error::invalid(format!(
            "Only the '{}' attributes support comparison with numeric values.",
            python::set(rules.numbers)
        ))),
        None => Err(Error::invalid(format!(
            "Expected a quoted string value or a list of quoted string values for attributes. \
             Got value {}",
            item.text
        ))),
    }
}

/// The value of a param or a tag.
fn key_text<'a>(entity: Entity, item: &Item<'a>) -> Result<Value<'a>> {
    text(item)?.ok_or_else(|| {
        Error::invalid(format!(
            "Expected a quoted string value for {} (e.g. 'my-value'). Got value {}",
            entity.as_str(),
            item.text
        ))
    })
}

fn text_or_list<'a>(key: &str, item: &Item<'a>, rules: &ValueRules) -> Result<Option<Value<'a>>> {
    if item.kind == Kind::Round && !rules.lists.contains(&key) {
        return Err(Error::invalid(format!(
            "Only {} attributes support comparison with a list of quoted string values.",
            python::list(rules.lists)
        )));
    }
    text_or_any_list(item)
}

fn text_or_any_list<'a>(item: &Item<'a>) -> Result<Option<Value<'a>>> {
    if item.kind == Kind::Round {
        return list(item.text).map(|values| Some(Value::List(values)));
    }
    text(item)
}

/// The text of a quoted value. Quotes go at the ends only; nothing inside is unescaped.
fn text<'a>(item: &Item<'a>) -> Result<Option<Value<'a>>> {
    if !matches!(item.kind, Kind::Text | Kind::Identifier) {
        return Ok(None);
    }
    let inside = strip_pair(item.text, '\'').or_else(|| strip_pair(item.text, '"'));
    let inside = inside.ok_or_else(|| {
        Error::invalid(format!(
            "Parameter value is either not quoted or unidentified quote types used for string \
             value {}. Use either single or double quotes.",
            item.text
        ))
    })?;
    Ok(Some(Value::Text(inside)))
}

fn number<'a>(item: &Item<'a>) -> Option<Value<'a>> {
    match item.kind {
        Kind::Integer => Some(Value::Integer(item.text)),
        Kind::Float => item.text.parse().ok().map(Value::Float),
        _ => None,
    }
}

/// A list of texts, in the syntax of Python.
fn list(text: &str) -> Result<Vec<String>> {
    let Some(literals) = python::tuple(text) else {
        return Err(Error::invalid(
            "While parsing a list in the query, expected a non-empty list of string values, but \
             got ill-formed list.",
        ));
    };
    if literals.is_empty() {
        return Err(Error::invalid(
            "While parsing a list in the query, expected a non-empty list of string values, but \
             got empty list",
        ));
    }
    let texts: Option<Vec<String>> = literals.iter().map(Literal::as_text).collect();
    texts.ok_or_else(|| {
        Error::invalid(format!(
            "While parsing a list in the query, expected string value, punctuation, or \
             whitespace, but got different type in list: {}",
            python::repr_tuple(&literals)
        ))
    })
}

/// Whether the operator, in capitals, takes a list; `Some(true)` for `NOT IN`.
pub(super) fn list_operator(operator: &str) -> Option<bool> {
    match operator {
        "IN" => Some(false),
        "NOT IN" => Some(true),
        _ => None,
    }
}

/// The test of a text with a single operator and value.
///
/// `operator` must be one the caller allows for texts, else `None`; a list behind `=` is an error.
pub(super) fn text_test(operator: &str, value: Value<'_>) -> Option<Result<TextTest>> {
    if let Some(negated) = list_operator(operator) {
        let Value::List(values) = value else { return None };
        return Some(Ok(TextTest::OneOf { negated, values }));
    }
    let op = TextOp::read(operator)?;
    Some(single_text(operator, &value).map(|value| TextTest::Compare { op, value }))
}

/// The text that a comparison with `operator` needs.
pub(super) fn single_text(operator: &str, value: &Value<'_>) -> Result<String> {
    match value {
        Value::Text(text) | Value::Integer(text) => Ok((*text).to_owned()),
        Value::Float(number) => Ok(python::repr_float(*number)),
        Value::List(_) => Err(list_behind(operator)),
    }
}

/// A list behind an operator that takes none. MLflow fails in the database.
pub(super) fn list_behind(operator: &str) -> Error {
    Error::invalid(format!(
        "Comparator '{operator}' cannot be used with a list of values. Use IN or NOT IN."
    ))
}

/// The number that a metric or a time is compared with.
pub(super) fn as_float(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Integer(text) => text.parse().ok(),
        Value::Float(number) => Some(*number),
        Value::Text(_) | Value::List(_) => None,
    }
}

/// A whole number, read as Python's `int()` does. `key` is the attribute it is for.
pub(super) fn as_integer(key: &str, value: &Value<'_>) -> Result<i64> {
    let (found, shown) = match value {
        Value::Integer(text) => (python::integer(text), (*text).to_owned()),
        Value::Text(text) => (python::integer(text), python::repr(text)),
        Value::Float(number) => (None, python::repr_float(*number)),
        Value::List(_) => (None, "a list".to_owned()),
    };
    found.ok_or_else(|| {
        Error::invalid(format!("Invalid value for numeric attribute '{key}': {shown}"))
    })
}

/// `None` if the operator does not compare numbers.
pub(super) fn number_op(operator: &str) -> Option<NumberOp> {
    NumberOp::read(operator)
}
