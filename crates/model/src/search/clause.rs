//! From joined items to clauses: `IN`, `IS NULL`, `AND`, and what belongs nowhere.

use super::group::{Compared, Groups, Item, groups};
use super::lexer::Kind;
use super::{MAX_SEARCH_BYTES, Trouble, python};
use crate::{Error, Result};

/// One clause, not yet checked against any entity.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clause<'a> {
    /// `left operator right`; `IN` as the user wrote it, `NOT IN` in capitals.
    Comparison(Compared<'a>),
    /// `left IS NULL`, `left IS NOT NULL`.
    Presence { left: Item<'a>, is_null: bool },
}

/// A piece of a filter; `AND` is left out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    Clause(Clause<'a>),
    /// Belongs to no clause.
    Stray(&'a str),
}

/// Splits a filter into its parts; none for an empty filter.
pub(super) fn split(filter: &str) -> Result<Vec<Part<'_>>, Trouble> {
    if filter.is_empty() {
        return Ok(Vec::new());
    }
    if filter.len() > MAX_SEARCH_BYTES {
        return Err(Trouble::TooLong);
    }
    let mut reader = Reader { groups: groups(filter)?, parts: Vec::new() };
    reader.read();
    Ok(reader.parts)
}

struct Reader<'a> {
    groups: Groups<'a>,
    parts: Vec<Part<'a>>,
}

impl<'a> Reader<'a> {
    fn read(&mut self) {
        let all = std::mem::take(&mut self.groups.items);
        let mut items = all.as_slice();
        while let Some(first) = items.first() {
            let used = match (first.kind, membership(items)) {
                (Kind::Identifier, Some((clause, used))) => {
                    self.parts.push(Part::Clause(clause));
                    used
                }
                // A key that starts no clause is stray. It takes what could have been its clause
                // along: MLflow resumes behind that.
                (Kind::Identifier, None) => self.take(&items[..items.len().min(4)]),
                _ => self.take(&items[..1]),
            };
            items = &items[used..];
        }
    }

    /// Reads items that are clauses on their own, or stray. Tells how many they were.
    fn take(&mut self, items: &[Item<'a>]) -> usize {
        for item in items {
            let compared = match item.kind {
                Kind::Comparison(index) => self.groups.comparisons.get(index).copied(),
                _ => None,
            };
            if let Some(compared) = compared {
                self.parts.push(Part::Clause(Clause::Comparison(compared)));
            } else if !item.is_keyword("AND") {
                self.parts.push(Part::Stray(item.text));
            }
        }
        items.len()
    }
}

/// Reads a clause that takes several items, and tells how many they are.
fn membership<'a>(items: &[Item<'a>]) -> Option<(Clause<'a>, usize)> {
    let is_in = |operator: &Item<'_>, right: &Item<'_>| {
        operator.is_keyword("IN") && right.kind == Kind::Round
    };
    match *items {
        [left, is, null, ..] if is.is_keyword("IS") && null.kind == Kind::Null => {
            Some((Clause::Presence { left, is_null: true }, 3))
        }
        [left, is, null, ..] if is.is_keyword("IS") && null.is_keyword("NOT NULL") => {
            Some((Clause::Presence { left, is_null: false }, 3))
        }
        [left, operator, right, ..] if is_in(&operator, &right) => {
            let compared = Compared { left, operator: operator.text, right };
            Some((Clause::Comparison(compared), 3))
        }
        [left, not, operator, right, ..] if not.is_keyword("NOT") && is_in(&operator, &right) => {
            Some((Clause::Comparison(Compared { left, operator: "NOT IN", right }), 4))
        }
        _ => None,
    }
}

/// How the parts are shown that belong to no clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wording {
    /// Each in quotes.
    Quoted,
    Plain,
}

/// The clauses of a filter for all entities but logged models.
pub(super) fn clauses(filter: &str, wording: Wording) -> Result<Vec<Clause<'_>>> {
    let parts = split(filter).map_err(|trouble| explain(filter, trouble))?;
    let stray = |part: &Part<'_>| match (part, wording) {
        (Part::Clause(_), _) => None,
        (Part::Stray(text), Wording::Quoted) => Some(format!("'{text}'")),
        (Part::Stray(text), Wording::Plain) => Some((*text).to_owned()),
    };
    let stray: Vec<String> = parts.iter().filter_map(stray).collect();
    if !stray.is_empty() {
        let stray = stray.join(", ");
        return Err(Error::invalid(format!("Invalid clause(s) in filter string: {stray}")));
    }
    let clause = |part| match part {
        Part::Clause(clause) => Some(clause),
        Part::Stray(_) => None,
    };
    Ok(parts.into_iter().filter_map(clause).collect())
}

fn explain(filter: &str, trouble: Trouble) -> Error {
    match trouble {
        Trouble::TooLong => too_long("filter"),
        Trouble::TooManyTokens => Error::invalid(format!("Error on parsing filter '{filter}'")),
        Trouble::Blank => {
            Error::invalid(format!("Invalid filter '{filter}'. Could not be parsed."))
        }
        Trouble::SeveralStatements => Error::invalid(format!(
            "Search filter contained multiple expression {}. Provide AND-ed expression list.",
            python::repr(filter)
        )),
    }
}

/// The error for input beyond [`MAX_SEARCH_BYTES`].
pub(super) fn too_long(what: &str) -> Error {
    Error::invalid(format!("The {what} is too long. It may have at most {MAX_SEARCH_BYTES} bytes."))
}
