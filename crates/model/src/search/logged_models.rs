//! Filters and orders of logged models.
//!
//! MLflow has a parser of its own for these, with looser rules: texts need no quotes, only single
//! quotes are taken off, and keys can be quoted with backticks only.

use std::fmt::{self, Display, Formatter};

use super::clause::{Clause, Part, split, too_long};
use super::python::{self, Literal};
use super::value;
use super::{NumberOp, TextOp, TextTest, Trouble, spell};
use crate::{Error, Result};

/// What logged models must be like to be found: all clauses must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoggedModelFilter {
    /// None for a filter that every model passes.
    pub clauses: Vec<LoggedModelClause>,
}

/// One condition on a logged model. A model that lacks the metric, param or tag passes no
/// comparison with it. Lists may be empty, and then hold nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum LoggedModelClause {
    /// Any logged value of a metric, not only the latest.
    Metric {
        /// Its name.
        key: String,
        /// The comparison.
        op: NumberOp,
        /// May be infinite or NaN.
        value: f64,
    },
    /// A param.
    Param {
        /// Its name.
        key: String,
        /// The condition.
        test: TextTest,
    },
    /// A tag.
    Tag {
        /// Its name.
        key: String,
        /// The condition.
        test: TextTest,
    },
    /// A column that is no time. The experiment and the status are numbers in the databases, but
    /// come as texts.
    Text {
        /// Which one.
        attribute: LoggedModelText,
        /// The condition.
        test: TextTest,
    },
    /// A time.
    Time {
        /// Which one.
        attribute: LoggedModelTime,
        /// The comparison.
        op: NumberOp,
        /// Milliseconds since the epoch, possibly with a fraction; may be infinite or NaN.
        value: f64,
    },
}

/// A column of logged models that is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoggedModelText {
    /// The id.
    ModelId,
    /// The number of the experiment.
    ExperimentId,
    /// The name.
    Name,
    /// URI of the files.
    ArtifactLocation,
    /// The number of the status, such as `2` for ready.
    Status,
    /// `active` or `deleted`; deleted models are never found.
    LifecycleStage,
    /// The kind of model.
    ModelType,
    /// The run that wrote it.
    SourceRunId,
    /// Why the status is what it is.
    StatusMessage,
}

/// A time of a logged model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoggedModelTime {
    /// When it was created.
    CreationTimestamp,
    /// When it was last changed.
    LastUpdatedTimestamp,
}

/// An item of `order_by`, as the wire has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedModelOrderSpec {
    /// An attribute or `metrics.<name>`.
    pub field_name: String,
    /// The direction; true if the client does not say.
    pub ascending: bool,
    /// Only metrics measured on this dataset.
    pub dataset_name: Option<String>,
    /// Only metrics measured on the dataset with this digest.
    pub dataset_digest: Option<String>,
}

/// One column to sort logged models by. Models without a value come last, whatever the direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedModelOrder {
    /// The column.
    pub by: LoggedModelOrderKey,
    /// The direction.
    pub ascending: bool,
}

/// What logged models can be sorted by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LoggedModelOrderKey {
    /// A column that is no time.
    Text(LoggedModelText),
    /// A time.
    Time(LoggedModelTime),
    /// The latest value of a metric.
    Metric {
        /// Its name.
        key: String,
        /// Only values measured on this dataset.
        dataset_name: Option<String>,
        /// Only values measured on the dataset with this digest.
        dataset_digest: Option<String>,
    },
}

#[derive(Clone, Copy)]
enum Attribute {
    Text(LoggedModelText),
    Time(LoggedModelTime),
}

const ATTRIBUTES: [(&str, Attribute); 14] = [
    ("model_id", Attribute::Text(LoggedModelText::ModelId)),
    ("experiment_id", Attribute::Text(LoggedModelText::ExperimentId)),
    ("name", Attribute::Text(LoggedModelText::Name)),
    ("artifact_location", Attribute::Text(LoggedModelText::ArtifactLocation)),
    ("status", Attribute::Text(LoggedModelText::Status)),
    ("lifecycle_stage", Attribute::Text(LoggedModelText::LifecycleStage)),
    ("model_type", Attribute::Text(LoggedModelText::ModelType)),
    ("source_run_id", Attribute::Text(LoggedModelText::SourceRunId)),
    ("status_message", Attribute::Text(LoggedModelText::StatusMessage)),
    ("creation_timestamp_ms", Attribute::Time(LoggedModelTime::CreationTimestamp)),
    ("creation_timestamp", Attribute::Time(LoggedModelTime::CreationTimestamp)),
    ("creation_time", Attribute::Time(LoggedModelTime::CreationTimestamp)),
    ("last_updated_timestamp_ms", Attribute::Time(LoggedModelTime::LastUpdatedTimestamp)),
    ("last_updated_timestamp", Attribute::Time(LoggedModelTime::LastUpdatedTimestamp)),
];

fn attribute(name: &str) -> Option<Attribute> {
    ATTRIBUTES.iter().find(|(known, _)| *known == name).map(|(_, attribute)| *attribute)
}

impl LoggedModelFilter {
    /// Parses a filter; the empty one has no clauses.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE`, with MLflow's message.
    pub fn parse(filter: &str) -> Result<LoggedModelFilter> {
        let parts = split(filter).map_err(|trouble| explain(filter, trouble))?;
        let read = parts.iter().map(|part| match part {
            Part::Clause(clause) => read(clause),
            Part::Stray(_) => Err(invalid(
                filter,
                "Expected a list of comparisons separated by 'AND' (e.g. 'metrics.loss > 0.1 AND \
                 params.lr = 0.01').",
            )),
        });
        let read: Vec<Result<LoggedModelClause>> = read.collect::<Result<_>>()?;
        Ok(LoggedModelFilter { clauses: read.into_iter().collect::<Result<_>>()? })
    }

    /// Whether a clause is on a metric. If there is none, a search with datasets finds the models
    /// that have any metric on one of them.
    pub fn has_metrics(&self) -> bool {
        self.clauses.iter().any(|clause| matches!(clause, LoggedModelClause::Metric { .. }))
    }
}

fn explain(filter: &str, trouble: Trouble) -> Error {
    match trouble {
        Trouble::TooLong => too_long("filter"),
        Trouble::TooManyTokens => invalid(filter, "Maximum number of tokens exceeded."),
        Trouble::Blank | Trouble::SeveralStatements => {
            invalid(filter, "Expected a single SQL expression.")
        }
    }
}

fn invalid(filter: &str, why: &str) -> Error {
    Error::invalid(format!("Invalid filter string: {}. {why}", python::repr(filter)))
}

/// What the left side of a comparison names.
enum Column {
    Metric,
    Param,
    Tag,
    Attribute(Option<Attribute>),
}

struct Named<'a> {
    column: Column,
    key: &'a str,
}

/// Reads a key such as `metrics.acc`; without prefix it is an attribute.
fn read_name(text: &str) -> Result<Named<'_>> {
    let attributes = |text: &str| attribute(text.trim_matches('`'));
    let Some((entity, key)) = split_name(text) else {
        let column = attributes(text);
        // In messages, an alias without prefix goes by the name of its column.
        let key = match column {
            Some(Attribute::Time(time)) => time.as_str(),
            _ => text.trim_matches('`'),
        };
        return Ok(Named { column: Column::Attribute(column), key });
    };
    let column = match entity {
        "metrics" => Column::Metric,
        "params" => Column::Param,
        "tags" => Column::Tag,
        "attributes" => Column::Attribute(attributes(key)),
        _ => {
            return Err(Error::invalid(format!(
                "Invalid entity type: '{entity}'. Expected one of ['attributes', 'metrics', \
                 'params', 'tags']."
            )));
        }
    };
    Ok(Named { column, key: key.trim_matches('`') })
}

/// Splits at the first dot, if what stands before it is a word of lower-case letters.
fn split_name(text: &str) -> Option<(&str, &str)> {
    let (entity, key) = text.split_once('.')?;
    let word = !entity.is_empty() && entity.bytes().all(|byte| byte.is_ascii_lowercase());
    (word && !key.is_empty() && !key.contains('\n')).then_some((entity, key))
}

const NUMBER_OPS: [&str; 6] = ["<", "<=", ">", ">=", "=", "!="];
const TEXT_OPS: [&str; 6] = ["=", "!=", "LIKE", "ILIKE", "IN", "NOT IN"];

impl Named<'_> {
    fn refuse(&self, operator: &str, allowed: &[&str]) -> Error {
        let entity = match self.column {
            Column::Metric => "metrics",
            Column::Param => "params",
            Column::Tag => "tags",
            Column::Attribute(_) => "attributes",
        };
        Error::invalid(format!(
            "Invalid comparison operator for {entity}.{}: {}. Expected one of {}.",
            self.key,
            python::repr(operator),
            python::tuple_of(allowed)
        ))
    }

    fn number(&self, operator: &str, value: &str) -> Result<(NumberOp, f64)> {
        let op = value::number_op(operator).ok_or_else(|| self.refuse(operator, &NUMBER_OPS))?;
        let number = python::float(value).ok_or_else(|| {
            Error::invalid(format!("Expected a numeric value for '{}'. Found {value}", self.key))
        })?;
        Ok((op, number))
    }

    fn test(&self, operator: &str, value: &str) -> Result<Result<TextTest>> {
        match (value::list_operator(operator), TextOp::read(operator)) {
            (Some(negated), _) => {
                read_list(value).map(|values| Ok(TextTest::OneOf { negated, values }))
            }
            (None, Some(op)) if !is_list(value) => {
                Ok(Ok(TextTest::Compare { op, value: value.trim_matches('\'').to_owned() }))
            }
            (None, Some(_)) => Ok(Err(value::list_behind(operator))),
            (None, None) => Err(self.refuse(operator, &TEXT_OPS)),
        }
    }
}

fn is_list(value: &str) -> bool {
    value.starts_with('(') && value.ends_with(')')
}

/// Members may be texts or whole numbers.
fn read_list(value: &str) -> Result<Vec<String>> {
    let member = |literal: Literal| match literal {
        Literal::Text(text) => Some(text),
        Literal::Integer(number) => Some(number.to_string()),
        Literal::Other(_) => None,
    };
    let literals = python::tuple(value);
    literals.and_then(|all| all.into_iter().map(member).collect()).ok_or_else(|| {
        Error::invalid(format!(
            "Expected a list of quoted strings, such as ('a', 'b'). Found {value}"
        ))
    })
}

/// Reads a clause. The outer result holds what MLflow's parser refuses, which it does before its
/// store refuses any clause: that is in the inner one.
fn read(clause: &Clause<'_>) -> Result<Result<LoggedModelClause>> {
    let compared = match clause {
        Clause::Comparison(compared) => compared,
        Clause::Presence { left, is_null } => {
            let operator = if *is_null { "IS NULL" } else { "IS NOT NULL" };
            return Err(Error::invalid(format!(
                "Invalid comparison: {}{operator}. Expected a comparison with 3 tokens.",
                left.text
            )));
        }
    };
    let named = read_name(compared.left.text)?;
    let (operator, value) = (compared.operator.to_uppercase(), compared.right.text);
    let key = named.key.to_owned();
    let number = || named.number(&operator, value);
    let test = || named.test(&operator, value);
    Ok(match named.column {
        Column::Metric => {
            number().map(|(op, value)| Ok(LoggedModelClause::Metric { key, op, value }))?
        }
        Column::Param => test()?.map(|test| LoggedModelClause::Param { key, test }),
        Column::Tag => test()?.map(|test| LoggedModelClause::Tag { key, test }),
        Column::Attribute(Some(Attribute::Time(attribute))) => {
            number().map(|(op, value)| Ok(LoggedModelClause::Time { attribute, op, value }))?
        }
        Column::Attribute(Some(Attribute::Text(attribute))) => {
            test()?.map(|test| LoggedModelClause::Text { attribute, test })
        }
        Column::Attribute(None) => test()?
            .and_then(|_| Err(Error::invalid(format!("Invalid logged model search key '{key}'")))),
    })
}

impl LoggedModelOrder {
    /// Checks the items of `order_by`. The same column may come twice.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE`, of the class `ATTRIBUTE_NOT_FOUND` for an unknown attribute.
    pub fn parse_all(order_by: &[LoggedModelOrderSpec]) -> Result<Vec<LoggedModelOrder>> {
        order_by.iter().map(LoggedModelOrder::parse).collect()
    }

    fn parse(spec: &LoggedModelOrderSpec) -> Result<LoggedModelOrder> {
        let name = &spec.field_name;
        let by = match name.split_once('.') {
            Some(("metrics", key)) => LoggedModelOrderKey::Metric {
                key: key.to_owned(),
                dataset_name: spec.dataset_name.clone().filter(|name| !name.is_empty()),
                dataset_digest: spec.dataset_digest.clone().filter(|digest| !digest.is_empty()),
            },
            Some(_) => {
                return Err(Error::invalid(format!(
                    "Invalid order by field name: {name}. Only metrics are supported."
                )));
            }
            None => match attribute(name) {
                Some(Attribute::Text(attribute)) => LoggedModelOrderKey::Text(attribute),
                Some(Attribute::Time(attribute)) => LoggedModelOrderKey::Time(attribute),
                None => return Err(unknown_column(name)),
            },
        };
        Ok(LoggedModelOrder { by, ascending: spec.ascending })
    }
}

fn unknown_column(name: &str) -> Error {
    Error::invalid(format!("Invalid order by field name: {name}"))
        .with_class("KAM04", "ATTRIBUTE_NOT_FOUND")
}

impl Display for LoggedModelFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        spell::join(&self.clauses, f)
    }
}

impl Display for LoggedModelClause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let spelled = match self {
            LoggedModelClause::Metric { key, op, value } => {
                spell::number_comparison(&prefixed("metrics", key), *op, spell::number(*value))
            }
            LoggedModelClause::Param { key, test } => {
                spell::loose_test(&prefixed("params", key), test)
            }
            LoggedModelClause::Tag { key, test } => spell::loose_test(&prefixed("tags", key), test),
            LoggedModelClause::Text { attribute, test } => {
                spell::loose_test(attribute.as_str(), test)
            }
            LoggedModelClause::Time { attribute, op, value } => {
                spell::number_comparison(attribute.as_str(), *op, spell::number(*value))
            }
        };
        f.write_str(&spelled)
    }
}

fn prefixed(entity: &str, key: &str) -> String {
    format!("{entity}.{}", spell::loose_key(key))
}

impl From<LoggedModelOrder> for LoggedModelOrderSpec {
    fn from(order: LoggedModelOrder) -> Self {
        let LoggedModelOrder { by, ascending } = order;
        let plain = |name: &str| LoggedModelOrderSpec {
            field_name: name.to_owned(),
            ascending,
            dataset_name: None,
            dataset_digest: None,
        };
        match by {
            LoggedModelOrderKey::Text(attribute) => plain(attribute.as_str()),
            LoggedModelOrderKey::Time(attribute) => plain(attribute.as_str()),
            LoggedModelOrderKey::Metric { key, dataset_name, dataset_digest } => {
                let field_name = format!("metrics.{key}");
                LoggedModelOrderSpec { field_name, ascending, dataset_name, dataset_digest }
            }
        }
    }
}

impl LoggedModelText {
    /// The name in filters and orders, which is also the one of the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            LoggedModelText::ModelId => "model_id",
            LoggedModelText::ExperimentId => "experiment_id",
            LoggedModelText::Name => "name",
            LoggedModelText::ArtifactLocation => "artifact_location",
            LoggedModelText::Status => "status",
            LoggedModelText::LifecycleStage => "lifecycle_stage",
            LoggedModelText::ModelType => "model_type",
            LoggedModelText::SourceRunId => "source_run_id",
            LoggedModelText::StatusMessage => "status_message",
        }
    }
}

impl LoggedModelTime {
    /// The name in filters and orders, which is also the one of the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            LoggedModelTime::CreationTimestamp => "creation_timestamp_ms",
            LoggedModelTime::LastUpdatedTimestamp => "last_updated_timestamp_ms",
        }
    }
}
