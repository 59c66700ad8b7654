//! Filters and orders of runs.

use std::fmt::{self, Display, Formatter};

use super::clause::{Clause, Wording, clauses};
use super::field::{Entity, Field, check_is_key, check_key};
use super::value::{self, Value, ValueRules};
use super::{NumberOp, TextOp, TextTest, order, python, spell};
use crate::{Error, Result};

/// What runs must be like to be found: all clauses must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFilter {
    /// None for a filter that every run passes.
    pub clauses: Vec<RunClause>,
}

/// One condition on a run. A run that lacks the metric, param, tag or dataset passes no
/// comparison with it, not even `!=`.
#[derive(Clone, Debug, PartialEq)]
pub enum RunClause {
    /// The latest value of a metric. NaN passes `!=` only.
    Metric {
        /// Its name.
        key: String,
        /// The comparison.
        op: NumberOp,
        /// May be infinite, never NaN.
        value: f64,
    },
    /// A param.
    Param {
        /// Its name.
        key: String,
        /// The comparison.
        op: TextOp,
        /// The text or pattern.
        value: String,
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
    /// Whether the run has a param.
    ParamPresence {
        /// Its name.
        key: String,
        /// True if the run must lack it.
        is_null: bool,
    },
    /// Whether the run has a tag.
    TagPresence {
        /// Its name.
        key: String,
        /// True if the run must lack it.
        is_null: bool,
    },
    /// A text column.
    Text {
        /// Which one.
        attribute: RunText,
        /// The comparison.
        op: TextOp,
        /// The text or pattern.
        value: String,
    },
    /// A time. A run without end time passes no comparison with it.
    Time {
        /// Which one.
        attribute: RunTime,
        /// The comparison.
        op: NumberOp,
        /// Milliseconds since the epoch, possibly with a fraction.
        value: f64,
    },
    /// `run_id IN (...)`.
    IdIn {
        /// Whether it is `NOT IN`.
        negated: bool,
        /// Ids, never empty.
        values: Vec<String>,
    },
    /// Any of the datasets the run read.
    Dataset {
        /// Which property of the dataset.
        field: DatasetField,
        /// Lists are never empty.
        test: TextTest,
    },
}

/// A text attribute of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunText {
    /// The id.
    RunId,
    /// The name. Filters look at the tag `mlflow.runName`, orders at the column.
    RunName,
    /// The status, in capitals.
    Status,
    /// URI of the artifacts.
    ArtifactUri,
    /// The user, as the client said.
    UserId,
}

/// A time attribute of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunTime {
    /// When the run started.
    StartTime,
    /// When it ended.
    EndTime,
}

/// What can be asked of the datasets of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatasetField {
    /// Its name.
    Name,
    /// Its digest.
    Digest,
    /// The tag `mlflow.data.context` of the input.
    Context,
}

/// One column to sort runs by. Runs without a value come last, whatever the direction; NaN comes
/// after all numbers and before those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOrder {
    /// The column.
    pub by: RunOrderKey,
    /// The direction.
    pub ascending: bool,
}

/// What runs can be sorted by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RunOrderKey {
    /// The latest value of the metric.
    Metric(String),
    /// The param, as a text.
    Param(String),
    /// The tag.
    Tag(String),
    /// A text attribute.
    Text(RunText),
    /// A time.
    Time(RunTime),
}

#[derive(Clone, Copy)]
enum Attribute {
    Text(RunText),
    Time(RunTime),
}

/// The attributes; the last three names are for filters only.
const ATTRIBUTES: [(&str, Attribute); 12] = [
    ("run_id", Attribute::Text(RunText::RunId)),
    ("run_name", Attribute::Text(RunText::RunName)),
    ("status", Attribute::Text(RunText::Status)),
    ("artifact_uri", Attribute::Text(RunText::ArtifactUri)),
    ("user_id", Attribute::Text(RunText::UserId)),
    ("start_time", Attribute::Time(RunTime::StartTime)),
    ("end_time", Attribute::Time(RunTime::EndTime)),
    ("created", Attribute::Time(RunTime::StartTime)),
    ("Created", Attribute::Time(RunTime::StartTime)),
    ("run name", Attribute::Text(RunText::RunName)),
    ("Run name", Attribute::Text(RunText::RunName)),
    ("Run Name", Attribute::Text(RunText::RunName)),
];

const DATASET_FIELDS: [(&str, DatasetField); 3] = [
    ("name", DatasetField::Name),
    ("digest", DatasetField::Digest),
    ("context", DatasetField::Context),
];

const VALUES: ValueRules =
    ValueRules { numbers: &["start_time", "end_time", "created", "Created"], lists: &["run_id"] };

const ENTITIES: [(&str, Entity); 12] = [
    ("metric", Entity::Metric),
    ("metrics", Entity::Metric),
    ("parameter", Entity::Param),
    ("parameters", Entity::Param),
    ("param", Entity::Param),
    ("params", Entity::Param),
    ("tag", Entity::Tag),
    ("tags", Entity::Tag),
    ("attribute", Entity::Attribute),
    ("attr", Entity::Attribute),
    ("attributes", Entity::Attribute),
    ("run", Entity::Attribute),
];

impl RunFilter {
    /// Parses a filter; the empty one has no clauses.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE`, with MLflow's message.
    pub fn parse(filter: &str) -> Result<RunFilter> {
        let clauses = clauses(filter, Wording::Quoted)?;
        // MLflow reads all clauses before it looks at the operator of any.
        let read: Vec<Read<'_>> = clauses.iter().map(Read::new).collect::<Result<_>>()?;
        let clauses = read.into_iter().map(Read::check).collect::<Result<_>>()?;
        Ok(RunFilter { clauses })
    }
}

impl RunOrder {
    /// Parses the items of `order_by`, each `key [ASC|DESC]`.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE`, also if a column is named twice.
    pub fn parse_all(order_by: &[String]) -> Result<Vec<RunOrder>> {
        let mut orders: Vec<RunOrder> = Vec::with_capacity(order_by.len());
        let mut seen = std::collections::HashSet::new();
        for item in order_by {
            let order = RunOrder::parse(item)?;
            if !seen.insert(order.by.clone()) {
                return Err(order::duplicate(order_by));
            }
            orders.push(order);
        }
        Ok(orders)
    }

    fn parse(item: &str) -> Result<RunOrder> {
        let parsed = order::parse(item)?;
        let field = read_field(&parsed.key, &attribute_names()[..9])?;
        let key = field.key.to_owned();
        let by = match field.entity {
            Entity::Metric => RunOrderKey::Metric(key),
            Entity::Param => RunOrderKey::Param(key),
            Entity::Tag => RunOrderKey::Tag(key),
            Entity::Attribute => match attribute(field.key)? {
                Attribute::Text(attribute) => RunOrderKey::Text(attribute),
                Attribute::Time(attribute) => RunOrderKey::Time(attribute),
            },
            Entity::Dataset => {
                return Err(Error::invalid("Invalid identifier type 'dataset'"));
            }
        };
        Ok(RunOrder { by, ascending: parsed.ascending })
    }
}

fn attribute_names() -> [&'static str; 12] {
    ATTRIBUTES.map(|(name, _)| name)
}

fn attribute(key: &str) -> Result<Attribute> {
    let found = ATTRIBUTES.iter().find(|(name, _)| *name == key);
    found.map(|(_, attribute)| *attribute).ok_or_else(|| unknown(key))
}

fn dataset_field(key: &str) -> Result<DatasetField> {
    let found = DATASET_FIELDS.iter().find(|(name, _)| *name == key);
    found.map(|(_, field)| *field).ok_or_else(|| unknown(key))
}

/// Unreachable after [`read_field`], which knows the same names.
fn unknown(key: &str) -> Error {
    Error::invalid(format!("Invalid attribute key '{key}' specified."))
}

/// Reads a key such as `metrics.acc`; without prefix it is an attribute.
fn read_field<'a>(text: &'a str, attributes: &[&str]) -> Result<Field<'a>> {
    let (entity, key) = order::entity_and_key(text);
    let entity = entity.map_or(Ok(Entity::Attribute), read_entity)?;
    match entity {
        Entity::Attribute => check_key("attribute", key, attributes)?,
        Entity::Dataset => check_key("dataset", key, &DATASET_FIELDS.map(|(name, _)| name))?,
        Entity::Metric | Entity::Param | Entity::Tag => {}
    }
    Ok(Field { entity, key })
}

fn read_entity(name: &str) -> Result<Entity> {
    if matches!(name, "dataset" | "datasets") {
        return Ok(Entity::Dataset);
    }
    let found = ENTITIES.iter().find(|(alias, _)| *alias == name);
    found.map(|(_, entity)| *entity).ok_or_else(|| {
        Error::invalid(format!(
            "Invalid entity type '{name}'. Valid values are ['metric', 'parameter', 'tag', \
             'attribute', 'dataset']"
        ))
    })
}

/// A clause whose key and value are known to fit, but not yet its operator.
enum Read<'a> {
    Comparison { field: Field<'a>, operator: String, value: Value<'a> },
    Presence { field: Field<'a>, is_null: bool },
}

impl<'a> Read<'a> {
    fn new(clause: &Clause<'a>) -> Result<Read<'a>> {
        check_is_key(clause)?;
        match *clause {
            Clause::Presence { left, is_null } => {
                let field = read_field(left.text, &attribute_names())?;
                if matches!(field.entity, Entity::Param | Entity::Tag) {
                    return Ok(Read::Presence { field, is_null });
                }
                Err(Error::invalid(format!(
                    "IS NULL / IS NOT NULL is only supported for tags and params, not for '{}' \
                     '{}'",
                    field.entity.as_str(),
                    field.key
                )))
            }
            Clause::Comparison(compared) => {
                let field = read_field(compared.left.text, &attribute_names())?;
                let value = value::tracking(field, &compared.right, &VALUES)?;
                Ok(Read::Comparison { field, operator: compared.operator.to_uppercase(), value })
            }
        }
    }

    fn check(self) -> Result<RunClause> {
        match self {
            Read::Comparison { field, operator, value } => compare(field, &operator, value),
            Read::Presence { field, is_null } => {
                let key = field.key.to_owned();
                Ok(match field.entity {
                    Entity::Param => RunClause::ParamPresence { key, is_null },
                    _ => RunClause::TagPresence { key, is_null },
                })
            }
        }
    }
}

fn compare(field: Field<'_>, operator: &str, value: Value<'_>) -> Result<RunClause> {
    let refused = || comparator_error(field, operator);
    let key = field.key.to_owned();
    match field.entity {
        Entity::Metric => {
            let op = value::number_op(operator).ok_or_else(refused)?;
            let value = value::as_float(&value).ok_or_else(refused)?;
            Ok(RunClause::Metric { key, op, value })
        }
        Entity::Param => {
            let op = TextOp::read(operator).ok_or_else(refused)?;
            Ok(RunClause::Param { key, op, value: value::single_text(operator, &value)? })
        }
        Entity::Tag => {
            let op = TextOp::read(operator).ok_or_else(refused)?;
            Ok(RunClause::Tag { key, op, value: value::single_text(operator, &value)? })
        }
        Entity::Dataset => {
            let field = dataset_field(field.key)?;
            let test = value::text_test(operator, value).ok_or_else(refused)??;
            Ok(RunClause::Dataset { field, test })
        }
        Entity::Attribute => compare_attribute(field, operator, value),
    }
}

fn compare_attribute(field: Field<'_>, operator: &str, value: Value<'_>) -> Result<RunClause> {
    let refused = || comparator_error(field, operator);
    match attribute(field.key)? {
        Attribute::Time(attribute) => {
            let op = value::number_op(operator).ok_or_else(refused)?;
            let value = value::as_float(&value).ok_or_else(refused)?;
            Ok(RunClause::Time { attribute, op, value })
        }
        Attribute::Text(attribute) => {
            match value::text_test(operator, value).ok_or_else(refused)?? {
                TextTest::Compare { op, value } => Ok(RunClause::Text { attribute, op, value }),
                TextTest::OneOf { negated, values } => Ok(RunClause::IdIn { negated, values }),
            }
        }
    }
}

/// MLflow forgets the closing quote in all but two of these messages, and shows the operators of
/// texts for times.
fn comparator_error(field: Field<'_>, operator: &str) -> Error {
    let time = VALUES.numbers.contains(&field.key) && field.entity == Entity::Attribute;
    let (allowed, end): (&[&str], _) = match field.entity {
        Entity::Metric => (&[">", ">=", "!=", "=", "<", "<="], ""),
        Entity::Param => (&["!=", "=", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL"], "'"),
        Entity::Tag => (&["!=", "=", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL"], ""),
        Entity::Attribute if !time => (&["!=", "=", "LIKE", "ILIKE", "IN", "NOT IN"], "'"),
        Entity::Attribute | Entity::Dataset => (&["!=", "=", "LIKE", "ILIKE", "IN", "NOT IN"], ""),
    };
    Error::invalid(format!(
        "Invalid comparator '{operator}' not one of '{}{end}",
        python::set(allowed)
    ))
}

impl Display for RunFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        spell::join(&self.clauses, f)
    }
}

impl Display for RunClause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let spelled = match self {
            RunClause::Metric { key, op, value } => {
                spell::number_comparison(&prefixed("metrics", key), *op, spell::number(*value))
            }
            RunClause::Param { key, op, value } => {
                spell::text_comparison(&prefixed("params", key), *op, value)
            }
            RunClause::Tag { key, op, value } => {
                spell::text_comparison(&prefixed("tags", key), *op, value)
            }
            RunClause::ParamPresence { key, is_null } => {
                spell::presence(&prefixed("params", key), *is_null)
            }
            RunClause::TagPresence { key, is_null } => {
                spell::presence(&prefixed("tags", key), *is_null)
            }
            RunClause::Text { attribute, op, value } => {
                spell::text_comparison(attribute.as_str(), *op, value)
            }
            RunClause::Time { attribute, op, value } => {
                spell::number_comparison(attribute.as_str(), *op, spell::number(*value))
            }
            RunClause::IdIn { negated, values } => spell::membership("run_id", *negated, values),
            RunClause::Dataset { field, test } => {
                spell::text_test(&format!("dataset.{}", field.as_str()), test)
            }
        };
        f.write_str(&spelled)
    }
}

impl Display for RunOrder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let key = match &self.by {
            RunOrderKey::Metric(key) => prefixed("metrics", key),
            RunOrderKey::Param(key) => prefixed("params", key),
            RunOrderKey::Tag(key) => prefixed("tags", key),
            RunOrderKey::Text(attribute) => attribute.as_str().to_owned(),
            RunOrderKey::Time(attribute) => attribute.as_str().to_owned(),
        };
        f.write_str(&spell::order(&key, self.ascending))
    }
}

fn prefixed(entity: &str, key: &str) -> String {
    format!("{entity}.{}", spell::key(key))
}

impl RunText {
    /// The name in filters.
    pub const fn as_str(self) -> &'static str {
        match self {
            RunText::RunId => "run_id",
            RunText::RunName => "run_name",
            RunText::Status => "status",
            RunText::ArtifactUri => "artifact_uri",
            RunText::UserId => "user_id",
        }
    }
}

impl RunTime {
    /// The name in filters.
    pub const fn as_str(self) -> &'static str {
        match self {
            RunTime::StartTime => "start_time",
            RunTime::EndTime => "end_time",
        }
    }
}

impl DatasetField {
    /// The name in filters.
    pub const fn as_str(self) -> &'static str {
        match self {
            DatasetField::Name => "name",
            DatasetField::Digest => "digest",
            DatasetField::Context => "context",
        }
    }
}
