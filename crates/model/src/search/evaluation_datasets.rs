//! Filters and orders of evaluation datasets. Keys are taken as they are written: quotes and
//! backticks around them are part of them, and the only prefix is `tags.`.

use std::fmt::{self, Display, Formatter};

use super::clause::{Clause, Wording, clauses};
use super::field::{Entity, Field, check_is_key};
use super::value::{self, Value, ValueRules};
use super::{NumberOp, TextOp, TextTest, order, python, spell};
use crate::{Error, Result};

/// What evaluation datasets must be like to be found: all clauses must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvaluationDatasetFilter {
    /// None for a filter that every dataset passes.
    pub clauses: Vec<EvaluationDatasetClause>,
}

/// One condition on an evaluation dataset. One that lacks a tag passes no comparison with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvaluationDatasetClause {
    /// A text.
    Text {
        /// Which one.
        attribute: EvaluationDatasetText,
        /// What it is tested for.
        test: TextTest,
    },
    /// A text, by its place in the alphabet.
    Ordered {
        /// Which one.
        attribute: EvaluationDatasetText,
        /// The comparison.
        op: NumberOp,
        /// The other text.
        value: String,
    },
    /// A time.
    Time {
        /// Which one.
        attribute: EvaluationDatasetTime,
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
}

/// A text attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationDatasetText {
    /// The name.
    Name,
    /// Who created it.
    CreatedBy,
    /// Who changed it last.
    LastUpdatedBy,
}

/// A time attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationDatasetTime {
    /// When it was created.
    CreatedTime,
    /// When it was last changed.
    LastUpdateTime,
}

/// One column to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvaluationDatasetOrder {
    /// The column.
    pub by: EvaluationDatasetOrderKey,
    /// The direction.
    pub ascending: bool,
}

/// What evaluation datasets can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationDatasetOrderKey {
    /// The name.
    Name,
    /// A time.
    Time(EvaluationDatasetTime),
}

const ATTRIBUTES: [&str; 5] =
    ["name", "created_time", "last_update_time", "created_by", "last_updated_by"];
const SORTABLE: [&str; 3] = ["name", "created_time", "last_update_time"];
const VALUES: ValueRules =
    ValueRules { numbers: &["created_time", "last_update_time"], lists: &["name"] };

impl EvaluationDatasetText {
    /// The name in filters, which is also the column's.
    pub const fn as_str(self) -> &'static str {
        match self {
            EvaluationDatasetText::Name => "name",
            EvaluationDatasetText::CreatedBy => "created_by",
            EvaluationDatasetText::LastUpdatedBy => "last_updated_by",
        }
    }
}

impl EvaluationDatasetTime {
    /// The name in filters, which is also the column's.
    pub const fn as_str(self) -> &'static str {
        match self {
            EvaluationDatasetTime::CreatedTime => "created_time",
            EvaluationDatasetTime::LastUpdateTime => "last_update_time",
        }
    }

    fn read(key: &str) -> Option<EvaluationDatasetTime> {
        let all = [EvaluationDatasetTime::CreatedTime, EvaluationDatasetTime::LastUpdateTime];
        all.into_iter().find(|time| time.as_str() == key)
    }
}

impl EvaluationDatasetFilter {
    /// Parses a filter; the empty one has no clauses.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE`, with MLflow's message.
    pub fn parse(filter: &str) -> Result<EvaluationDatasetFilter> {
        let clauses = clauses(filter, Wording::Plain)?;
        // MLflow reads all clauses before it looks at the operator of any.
        let read: Vec<Read<'_>> = clauses.iter().map(read).collect::<Result<_>>()?;
        let clauses = read.into_iter().map(check).collect::<Result<_>>()?;
        Ok(EvaluationDatasetFilter { clauses })
    }
}

impl EvaluationDatasetOrder {
    /// Parses the items of `order_by`, each `key [ASC|DESC]`.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE`, with MLflow's message.
    pub fn parse_all(order_by: &[String]) -> Result<Vec<EvaluationDatasetOrder>> {
        order_by.iter().map(|item| EvaluationDatasetOrder::parse(item)).collect()
    }

    fn parse(item: &str) -> Result<EvaluationDatasetOrder> {
        let parsed = order::parse(item)?;
        let field = field(&parsed.key, &SORTABLE)?;
        if field.entity != Entity::Attribute {
            return Err(order::not_orderable(field));
        }
        let by = match EvaluationDatasetTime::read(field.key) {
            Some(time) => EvaluationDatasetOrderKey::Time(time),
            None => EvaluationDatasetOrderKey::Name,
        };
        Ok(EvaluationDatasetOrder { by, ascending: parsed.ascending })
    }
}

fn field<'a>(text: &'a str, attributes: &[&str]) -> Result<Field<'a>> {
    match text.split_once('.') {
        Some(("tags", key)) => Ok(Field { entity: Entity::Tag, key }),
        Some((entity, _)) => {
            Err(Error::invalid(format!("Invalid identifier token '{entity}' specified")))
        }
        None if attributes.contains(&text) => Ok(Field { entity: Entity::Attribute, key: text }),
        None => Err(Error::invalid(format!(
            "Invalid attribute key '{text}' specified. Valid keys are: {}",
            python::set(attributes)
        ))),
    }
}

/// A clause whose key and value are known to fit, but not yet its operator.
struct Read<'a> {
    field: Field<'a>,
    operator: &'a str,
    value: Value<'a>,
}

fn read<'a>(clause: &Clause<'a>) -> Result<Read<'a>> {
    check_is_key(clause)?;
    match *clause {
        Clause::Presence { left, is_null } => {
            let field = field(left.text, &ATTRIBUTES)?;
            if field.entity == Entity::Tag {
                let operator = if is_null { "IS NULL" } else { "IS NOT NULL" };
                return Ok(Read { field, operator, value: Value::Text("") });
            }
            Err(Error::invalid(format!(
                "IS NULL / IS NOT NULL is only supported for tags and params, not for 'attribute' \
                 '{}'",
                field.key
            )))
        }
        Clause::Comparison(compared) => {
            let field = field(compared.left.text, &ATTRIBUTES)?;
            let value = value::tracking(field, &compared.right, &VALUES)?;
            if matches!(value, Value::List(_)) && compared.operator != "IN" {
                return Err(Error::invalid(
                    "List values for 'name' are only supported with the IN comparator.",
                ));
            }
            Ok(Read { field, operator: compared.operator, value })
        }
    }
}

fn check(read: Read<'_>) -> Result<EvaluationDatasetClause> {
    let Read { field, operator, value } = read;
    if field.entity == Entity::Tag {
        let op = TextOp::read(operator)
            .ok_or_else(|| Error::invalid(format!("Invalid comparator for tag: {operator}")))?;
        let value = value::single_text(operator, &value)?;
        return Ok(EvaluationDatasetClause::Tag { key: field.key.to_owned(), op, value });
    }
    match EvaluationDatasetTime::read(field.key) {
        Some(attribute) => compare_time(attribute, operator, &value),
        None => compare_text(field.key, operator, value),
    }
}

fn compare_text(key: &str, operator: &str, value: Value<'_>) -> Result<EvaluationDatasetClause> {
    let attribute = match key {
        "created_by" => EvaluationDatasetText::CreatedBy,
        "last_updated_by" => EvaluationDatasetText::LastUpdatedBy,
        _ => EvaluationDatasetText::Name,
    };
    if let Some(test) = value::text_test(operator, value.clone()) {
        return Ok(EvaluationDatasetClause::Text { attribute, test: test? });
    }
    let op = value::number_op(operator).ok_or_else(|| {
        Error::invalid(format!("Invalid comparator for string attribute: {operator}"))
    })?;
    let value = value::single_text(operator, &value)?;
    Ok(EvaluationDatasetClause::Ordered { attribute, op, value })
}

fn compare_time(
    attribute: EvaluationDatasetTime,
    operator: &str,
    value: &Value<'_>,
) -> Result<EvaluationDatasetClause> {
    let op = value::number_op(operator).ok_or_else(|| {
        Error::invalid(format!("Invalid comparator for numeric attribute: {operator}"))
    })?;
    if let Value::Float(number) = value {
        return Err(Error::invalid(format!(
            "Invalid value for numeric attribute '{}': '{}'",
            attribute.as_str(),
            python::repr_float(*number)
        )));
    }
    let value = value::as_integer(attribute.as_str(), value)?;
    Ok(EvaluationDatasetClause::Time { attribute, op, value })
}

impl Display for EvaluationDatasetFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        spell::join(&self.clauses, f)
    }
}

impl Display for EvaluationDatasetClause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let spelled = match self {
            EvaluationDatasetClause::Text { attribute, test } => {
                spell::text_test(attribute.as_str(), test)
            }
            EvaluationDatasetClause::Ordered { attribute, op, value } => {
                spell::number_comparison(attribute.as_str(), *op, spell::text(value))
            }
            EvaluationDatasetClause::Time { attribute, op, value } => {
                spell::number_comparison(attribute.as_str(), *op, value)
            }
            EvaluationDatasetClause::Tag { key, op, value } => {
                spell::text_comparison(&format!("tags.{key}"), *op, value)
            }
        };
        f.write_str(&spelled)
    }
}

impl Display for EvaluationDatasetOrder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let key = match self.by {
            EvaluationDatasetOrderKey::Name => "name",
            EvaluationDatasetOrderKey::Time(attribute) => attribute.as_str(),
        };
        f.write_str(&spell::order(key, self.ascending))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(filter: &str, expected: &str) {
        let shown = match EvaluationDatasetFilter::parse(filter) {
            Ok(parsed) => {
                assert_eq!(EvaluationDatasetFilter::parse(&parsed.to_string()), Ok(parsed.clone()));
                parsed.to_string()
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected, "{filter}");
    }

    #[test]
    fn filters_are_read_as_mlflow_does() {
        check("", "");
        check("name = \"a\" AND created_time > 5", "name = 'a' AND created_time > 5");
        check("name > 'a'", "name > 'a'");
        check("name IN ('a','b')", "name IN ('a', 'b')");
        check("tags.`x` = '1'", "tags.`x` = '1'");
        check("tags.mlflow.user LIKE 'a%'", "tags.mlflow.user LIKE 'a%'");
    }

    #[test]
    fn filters_are_refused_as_mlflow_does() {
        check("foo.name = 'a'", "Invalid identifier token 'foo' specified");
        check("tag.x = 'a'", "Invalid identifier token 'tag' specified");
        let only_in = "List values for 'name' are only supported with the IN comparator.";
        check("name NOT IN ('a')", only_in);
        check("name in ('a')", only_in);
        check(
            "created_by IN ('a')",
            "Only ['name'] attributes support comparison with a list of quoted string values.",
        );
        check("name like 'a'", "Invalid comparator for string attribute: like");
        check("tags.x > '1'", "Invalid comparator for tag: >");
        check("tags.x IS NOT NULL", "Invalid comparator for tag: IS NOT NULL");
        check("created_time LIKE 1", "Invalid comparator for numeric attribute: LIKE");
        check("created_time > 1.5", "Invalid value for numeric attribute 'created_time': '1.5'");
    }
}
