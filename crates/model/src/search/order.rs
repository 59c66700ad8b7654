//! One item of an `order_by` list.

use super::clause::too_long;
use super::field::{Field, trim_backticks, trim_quotes};
use super::group::{Groups, groups};
use super::lexer::Kind;
use super::{MAX_SEARCH_BYTES, Trouble, python};
use crate::{Error, Result};

/// A key, as spelled, and the direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ordering {
    pub(super) key: String,
    pub(super) ascending: bool,
}

/// Reads `key [ASC|DESC]`.
pub(super) fn parse(item: &str) -> Result<Ordering> {
    if item.len() > MAX_SEARCH_BYTES {
        return Err(too_long("order_by clause"));
    }
    let groups = groups(item).map_err(|trouble| match trouble {
        Trouble::TooManyTokens => {
            Error::invalid(format!("Error on parsing order_by clause '{item}'"))
        }
        _ => not_parsed(item),
    })?;
    let spelled = single_key(item, &groups).ok_or_else(|| not_parsed(item))?;
    let words = python::shell_words(&spelled.replace('`', "\""));
    match words.ok_or_else(|| not_parsed(item))?.as_slice() {
        [key, direction] => {
            let ascending = direction.eq_ignore_ascii_case("asc");
            if !ascending && !direction.eq_ignore_ascii_case("desc") {
                return Err(Error::invalid(format!(
                    "Invalid ordering key in order_by clause '{item}'."
                )));
            }
            Ok(Ordering { key: key.trim().to_owned(), ascending })
        }
        [] | [_] => Ok(Ordering { key: spelled.trim().to_owned(), ascending: true }),
        _ => Err(not_parsed(item)),
    }
}

fn not_parsed(item: &str) -> Error {
    Error::invalid(format!("Invalid order_by clause '{item}'. Could not be parsed."))
}

/// The text of the item, if it is one key with at most a direction and nothing around it.
fn single_key(item: &str, groups: &Groups<'_>) -> Option<String> {
    let (first, last) = (groups.items.first()?, groups.items.last()?);
    if first.start() != 0 || last.end() != item.len() {
        return None;
    }
    // `timestamp` is a reserved word, yet a column of the model registry.
    let timestamp = first.kind == Kind::TypeName && first.text == "timestamp";
    match groups.items.as_slice() {
        [key] if key.kind == Kind::Identifier || timestamp => Some(key.text.to_owned()),
        [_, direction] if timestamp && direction.kind == Kind::Order => {
            Some(format!("timestamp {}", direction.text))
        }
        _ => None,
    }
}

/// The error for a field that an order names twice. MLflow calls it internal, a 500 that its clients retry.
pub(super) fn duplicate(order_by: &[String]) -> Error {
    Error::invalid(format!("`order_by` contains duplicate fields: {}", python::list(order_by)))
}

/// The error for ordering by a tag where only attributes can be ordered by.
pub(super) fn not_orderable(field: Field<'_>) -> Error {
    Error::invalid(format!("Invalid order_by entity: {}", field.entity.as_str()))
}

/// Splits a key of runs at its first dot; the entity may stand in backticks.
pub(super) fn entity_and_key(text: &str) -> (Option<&str>, &str) {
    match text.split_once('.') {
        None => (None, trim_quotes(text)),
        Some((entity, key)) => (Some(trim_backticks(entity)), trim_quotes(key)),
    }
}
