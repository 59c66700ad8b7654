//! Which entity and key the left side of a comparison names.

use super::clause::Clause;
use super::group::{Compared, Item};
use super::lexer::Kind;
use super::python;
use crate::{Error, Result};

/// What a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entity {
    Metric,
    Param,
    Tag,
    Attribute,
    Dataset,
}

impl Entity {
    /// The name in messages.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Entity::Metric => "metric",
            Entity::Param => "parameter",
            Entity::Tag => "tag",
            Entity::Attribute => "attribute",
            Entity::Dataset => "dataset",
        }
    }
}

/// The left side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) entity: Entity,
    pub(super) key: &'a str,
}

/// When the quotes around an attribute's name go: before it is looked up or, as the model
/// registry has it, only after, so that quoted attributes are unknown there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unquote {
    BeforeLookup,
    AfterLookup,
}

/// Reads a key of all entities but runs: `attribute.` and `tags.` are the only prefixes.
pub(super) fn plain_field<'a>(
    text: &'a str,
    attributes: &[&str],
    unquote: Unquote,
) -> Result<Field<'a>> {
    let (entity, key) = match text.split_once('.') {
        None | Some(("attribute", _)) => (Entity::Attribute, after_dot(text)),
        Some(("tag" | "tags", key)) => (Entity::Tag, key),
        Some((entity, _)) => {
            return Err(Error::invalid(format!(
                "Invalid entity type '{entity}'. Valid entity types are ('attribute', 'tag', \
                 'tags')"
            )));
        }
    };
    let bare = trim_quotes(key);
    let looked_up = if unquote == Unquote::BeforeLookup { bare } else { key };
    if entity == Entity::Attribute {
        check_key("attribute", looked_up, attributes)?;
    }
    Ok(Field { entity, key: bare })
}

/// What follows the first dot, or everything.
fn after_dot(text: &str) -> &str {
    text.split_once('.').map_or(text, |(_, key)| key)
}

/// Fails unless `key` is one of `valid`.
pub(super) fn check_key(what: &str, key: &str, valid: &[&str]) -> Result<()> {
    if valid.contains(&key) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Invalid {what} key '{key}' specified. Valid keys are '{}'",
        python::set(valid)
    )))
}

/// A key without the quotes and, inside of them, backticks around it.
pub(super) fn trim_quotes(key: &str) -> &str {
    trim_backticks(strip_pair(key, '\'').or_else(|| strip_pair(key, '"')).unwrap_or(key))
}

/// A text without the backticks around it.
pub(super) fn trim_backticks(text: &str) -> &str {
    strip_pair(text, '`').unwrap_or(text)
}

/// The text between two `quote`s.
pub(super) fn strip_pair(text: &str, quote: char) -> Option<&str> {
    text.strip_prefix(quote)?.strip_suffix(quote)
}

/// Fails unless the left side of a clause is a key.
pub(super) fn check_is_key(clause: &Clause<'_>) -> Result<()> {
    let (Clause::Comparison(Compared { left, .. }) | Clause::Presence { left, .. }) = clause;
    if left.kind == Kind::Identifier { Ok(()) } else { Err(no_key(left)) }
}

fn no_key(left: &Item<'_>) -> Error {
    Error::invalid(format!(
        "Invalid comparison clause. Expected 'Identifier' found '{}'",
        left.text
    ))
}
