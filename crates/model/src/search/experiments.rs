//! Filters and orders of experiments.

use std::fmt::{self, Display, Formatter};

use super::clause::{Clause, Wording, clauses};
use super::field::{Entity, Field, Unquote, check_is_key, plain_field};
use super::value::{self, Value, ValueRules};
use super::{NumberOp, TextOp, order, python, spell};
use crate::{Error, ExperimentId, Result};

/// What experiments must be like to be found: all clauses must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExperimentFilter {
    /// None for a filter that every experiment passes.
    pub clauses: Vec<ExperimentClause>,
}

/// One condition on an experiment. One that lacks a tag passes no comparison with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExperimentClause {
    /// The name.
    Name {
        /// The comparison.
        op: TextOp,
        /// The text or pattern.
        value: String,
    },
    /// The id; `=` and `!=` come as lists of one.
    Id {
        /// Whether the id must not be among these.
        negated: bool,
        /// Never empty.
        ids: Vec<ExperimentId>,
    },
    /// A time; it may be absent in the store and then passes no comparison.
    Time {
        /// Which one.
        attribute: ExperimentTime,
        /// The comparison.
        op: NumberOp,
        /// Milliseconds since the epoch.
        value: i64,
    },
    /// A tag.
    Tag {
        /// Its name.
        key: String,
        /// The comparison.
        op: TextOp,
        /// The text or pattern.
        value: String,
    },
    /// Whether the experiment has a tag.
    TagPresence {
        /// Its name.
        key: String,
        /// True if the experiment must lack it.
        is_null: bool,
    },
}

/// A time attribute of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExperimentTime {
    /// When it was created.
    CreationTime,
    /// When it was last changed.
    LastUpdateTime,
}

/// One column to sort experiments by. The same column may come twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExperimentOrder {
    /// The column.
    pub by: ExperimentOrderKey,
    /// The direction.
    pub ascending: bool,
}

/// What experiments can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExperimentOrderKey {
    /// The name.
    Name,
    /// The id, as a number.
    Id,
    /// A time.
    Time(ExperimentTime),
}

const ATTRIBUTES: [&str; 4] = ["name", "experiment_id", "creation_time", "last_update_time"];
const VALUES: ValueRules =
    ValueRules { numbers: &["creation_time", "last_update_time"], lists: &["experiment_id"] };

impl ExperimentFilter {
    /// Parses a filter; the empty one has no clauses. `LIKE`, `ILIKE` and `IN` must be written in
    /// capitals here.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE`, with MLflow's message.
    pub fn parse(filter: &str) -> Result<ExperimentFilter> {
        let clauses = clauses(filter, Wording::Plain)?;
        // MLflow reads all clauses before it looks at the operator of any.
        let read: Vec<Read<'_>> = clauses.iter().map(read).collect::<Result<_>>()?;
        let clauses = read.into_iter().map(check).collect::<Result<_>>()?;
        Ok(ExperimentFilter { clauses })
    }
}

impl ExperimentOrder {
    /// Parses the items of `order_by`, each `key [ASC|DESC]`.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE`, with MLflow's message.
    pub fn parse_all(order_by: &[String]) -> Result<Vec<ExperimentOrder>> {
        order_by.iter().map(|item| ExperimentOrder::parse(item)).collect()
    }

    fn parse(item: &str) -> Result<ExperimentOrder> {
        let parsed = order::parse(item)?;
        let field = plain_field(&parsed.key, &ATTRIBUTES, Unquote::BeforeLookup)?;
        if field.entity != Entity::Attribute {
            return Err(order::not_orderable(field));
        }
        let by = match (field.key, time(field.key)) {
            (_, Some(attribute)) => ExperimentOrderKey::Time(attribute),
            ("experiment_id", _) => ExperimentOrderKey::Id,
            _ => ExperimentOrderKey::Name,
        };
        Ok(ExperimentOrder { by, ascending: parsed.ascending })
    }
}

fn time(key: &str) -> Option<ExperimentTime> {
    match key {
        "creation_time" => Some(ExperimentTime::CreationTime),
        "last_update_time" => Some(ExperimentTime::LastUpdateTime),
        _ => None,
    }
}

/// A clause whose key and value are known to fit, but not yet its operator.
enum Read<'a> {
    Comparison { field: Field<'a>, operator: &'a str, value: Value<'a> },
    Presence { key: &'a str, is_null: bool },
}

fn read<'a>(clause: &Clause<'a>) -> Result<Read<'a>> {
    check_is_key(clause)?;
    match *clause {
        Clause::Presence { left, is_null } => {
            let field = plain_field(left.text, &ATTRIBUTES, Unquote::BeforeLookup)?;
            if field.entity == Entity::Tag {
                return Ok(Read::Presence { key: field.key, is_null });
            }
            Err(Error::invalid(format!(
                "IS NULL / IS NOT NULL is only supported for tags, not for attribute '{}'",
                field.key
            )))
        }
        Clause::Comparison(compared) => {
            let field = plain_field(compared.left.text, &ATTRIBUTES, Unquote::BeforeLookup)?;
            let value = value::tracking(field, &compared.right, &VALUES)?;
            Ok(Read::Comparison { field, operator: compared.operator, value })
        }
    }
}

fn check(read: Read<'_>) -> Result<ExperimentClause> {
    match read {
        Read::Presence { key, is_null } => {
            Ok(ExperimentClause::TagPresence { key: key.to_owned(), is_null })
        }
        Read::Comparison { field, operator, value } => match (field.entity, field.key) {
            (Entity::Tag, key) => tag(key, operator, &value),
            (_, "experiment_id") => id(operator, value),
            (_, key) => match time(key) {
                Some(attribute) => compare_time(attribute, operator, &value),
                None => name(operator, &value),
            },
        },
    }
}

fn tag(key: &str, operator: &str, value: &Value<'_>) -> Result<ExperimentClause> {
    let op = TextOp::read(operator)
        .ok_or_else(|| Error::invalid(format!("Invalid comparator for tag: {operator}")))?;
    let value = value::single_text(operator, value)?;
    Ok(ExperimentClause::Tag { key: key.to_owned(), op, value })
}

fn name(operator: &str, value: &Value<'_>) -> Result<ExperimentClause> {
    let op = TextOp::read(operator).ok_or_else(|| {
        // The closing quote is there for texts and missing for times, as in MLflow.
        Error::invalid(format!("{}'", not_one_of(operator)))
    })?;
    Ok(ExperimentClause::Name { op, value: value::single_text(operator, value)? })
}

fn not_one_of(operator: &str) -> String {
    let allowed = python::set(&["!=", "=", "LIKE", "ILIKE", "IN", "NOT IN"]);
    format!("Invalid comparator '{operator}' not one of '{allowed}")
}

fn compare_time(
    attribute: ExperimentTime,
    operator: &str,
    value: &Value<'_>,
) -> Result<ExperimentClause> {
    let op = value::number_op(operator).ok_or_else(|| Error::invalid(not_one_of(operator)))?;
    if let Value::Float(number) = value {
        return Err(Error::invalid(format!(
            "Invalid value for numeric attribute '{}': '{}'",
            attribute.as_str(),
            python::repr_float(*number)
        )));
    }
    let value = value::as_integer(attribute.as_str(), value)?;
    Ok(ExperimentClause::Time { attribute, op, value })
}

fn id(operator: &str, value: Value<'_>) -> Result<ExperimentClause> {
    let negated = match operator {
        "=" | "IN" => false,
        "!=" | "NOT IN" => true,
        _ => {
            return Err(Error::invalid(format!(
                "Invalid comparator for experiment_id: {operator}"
            )));
        }
    };
    let ids = match value {
        Value::List(values) => {
            let ids = values.iter().map(|id| read_id(id)).collect::<Result<_>>()?;
            if value::list_operator(operator).is_none() {
                return Err(value::list_behind(operator));
            }
            ids
        }
        single => vec![read_id(&value::single_text(operator, &single)?)?],
    };
    Ok(ExperimentClause::Id { negated, ids })
}

/// Filters take whatever `int()` does, such as `1_000`.
fn read_id(text: &str) -> Result<ExperimentId> {
    python::integer(text).map_or_else(|| ExperimentId::parse(text), |id| Ok(ExperimentId(id)))
}

impl Display for ExperimentFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        spell::join(&self.clauses, f)
    }
}

impl Display for ExperimentClause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let tag = |key: &str| format!("tags.{}", spell::key(key));
        let spelled = match self {
            ExperimentClause::Name { op, value } => spell::text_comparison("name", *op, value),
            ExperimentClause::Id { negated, ids } => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                spell::membership("experiment_id", *negated, &ids)
            }
            ExperimentClause::Time { attribute, op, value } => {
                spell::number_comparison(attribute.as_str(), *op, value)
            }
            ExperimentClause::Tag { key, op, value } => {
                spell::text_comparison(&tag(key), *op, value)
            }
            ExperimentClause::TagPresence { key, is_null } => spell::presence(&tag(key), *is_null),
        };
        f.write_str(&spelled)
    }
}

impl Display for ExperimentOrder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let key = match self.by {
            ExperimentOrderKey::Name => "name",
            ExperimentOrderKey::Id => "experiment_id",
            ExperimentOrderKey::Time(attribute) => attribute.as_str(),
        };
        f.write_str(&spell::order(key, self.ascending))
    }
}

impl ExperimentTime {
    /// The name in filters.
    pub const fn as_str(self) -> &'static str {
        match self {
            ExperimentTime::CreationTime => "creation_time",
            ExperimentTime::LastUpdateTime => "last_update_time",
        }
    }
}
