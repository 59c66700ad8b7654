//! Filters and orders of model versions.

use std::fmt::{self, Display, Formatter};

use super::clause::{Wording, clauses};
use super::field::{Entity, Unquote, plain_field};
use super::registered_models::{
    IS_PROMPT_TAG, Read, read, read_attribute, read_tag, wants_prompts,
};
use super::value::{self, ValueRules};
use super::{NumberOp, TextOp, TextTest, order, python, spell};
use crate::{Error, Result};

/// What model versions must be like to be found: all clauses must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelVersionFilter {
    /// None for a filter that every version passes. See [`ModelVersionFilter::wants_prompts`].
    pub clauses: Vec<ModelVersionClause>,
}

/// One condition on a model version. One that lacks a tag passes no comparison with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelVersionClause {
    /// The name of the model; lists are never empty.
    Name(TextTest),
    /// The run that wrote the version; lists are never empty.
    RunId(TextTest),
    /// The source: never a list.
    SourcePath {
        /// The comparison.
        op: TextOp,
        /// The text or pattern.
        value: String,
    },
    /// The number of the version.
    VersionNumber {
        /// The comparison.
        op: NumberOp,
        /// With what.
        value: i64,
    },
    /// A tag of the version.
    Tag {
        /// Its name.
        key: String,
        /// The comparison.
        op: TextOp,
        /// The text or pattern.
        value: String,
    },
}

/// One column to sort model versions by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelVersionOrder {
    /// The column.
    pub by: ModelVersionOrderKey,
    /// The direction.
    pub ascending: bool,
}

/// What model versions can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModelVersionOrderKey {
    /// The name of the model.
    Name,
    /// The number of the version.
    VersionNumber,
    /// When the version was created.
    CreationTimestamp,
    /// When it was last updated.
    LastUpdatedTimestamp,
}

const ATTRIBUTES: [&str; 4] = ["name", "version_number", "run_id", "source_path"];
const VALUES: ValueRules = ValueRules {
    numbers: &["version_number", "creation_timestamp", "last_updated_timestamp"],
    lists: &["name", "run_id"],
};

const ORDER_KEYS: [(&str, ModelVersionOrderKey); 4] = [
    ("name", ModelVersionOrderKey::Name),
    ("version_number", ModelVersionOrderKey::VersionNumber),
    ("creation_timestamp", ModelVersionOrderKey::CreationTimestamp),
    ("last_updated_timestamp", ModelVersionOrderKey::LastUpdatedTimestamp),
];

impl ModelVersionFilter {
    /// Parses a filter; the empty one has no clauses.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE`, with MLflow's message.
    pub fn parse(filter: &str) -> Result<ModelVersionFilter> {
        let clauses = clauses(filter, Wording::Plain)?;
        // MLflow reads all clauses before it looks at the operator of any.
        let read: Vec<Read<'_>> = clauses
            .iter()
            .map(|clause| read(clause, &ATTRIBUTES, &VALUES))
            .collect::<Result<_>>()?;
        let clauses = read.into_iter().map(check).collect::<Result<_>>()?;
        Ok(ModelVersionFilter { clauses })
    }

    /// Whether versions of prompts are asked for; the same rule, and the same duty of the search,
    /// as [`super::RegisteredModelFilter::wants_prompts`].
    pub fn wants_prompts(&self) -> bool {
        wants_prompts(self.clauses.iter().filter_map(ModelVersionClause::tag))
    }

    /// The clauses to apply: all if prompts are wanted, else those on other things than the tag
    /// of prompts.
    pub fn effective_clauses(&self) -> impl Iterator<Item = &ModelVersionClause> {
        let all = self.wants_prompts();
        let on_prompts =
            |clause: &ModelVersionClause| matches!(clause.tag(), Some((IS_PROMPT_TAG, ..)));
        self.clauses.iter().filter(move |clause| all || !on_prompts(clause))
    }
}

impl ModelVersionClause {
    fn tag(&self) -> Option<(&str, TextOp, &str)> {
        match self {
            ModelVersionClause::Tag { key, op, value } => Some((key, *op, value)),
            _ => None,
        }
    }
}

impl ModelVersionOrder {
    /// Parses the items of `order_by`, each `key [ASC|DESC]`.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE`, also if a column is named twice.
    pub fn parse_all(order_by: &[String]) -> Result<Vec<ModelVersionOrder>> {
        let mut orders: Vec<ModelVersionOrder> = Vec::new();
        for item in order_by {
            let order = ModelVersionOrder::parse(item)?;
            if orders.iter().any(|earlier| earlier.by == order.by) {
                return Err(order::duplicate(order_by));
            }
            orders.push(order);
        }
        Ok(orders)
    }

    fn parse(item: &str) -> Result<ModelVersionOrder> {
        let parsed = order::parse(item)?;
        let names = ORDER_KEYS.map(|(name, _)| name);
        // A tag may be named, and counts as the attribute of that name: MLflow does not look.
        let field = plain_field(&parsed.key, &names, Unquote::BeforeLookup)?;
        let by = ORDER_KEYS.iter().find(|(name, _)| *name == field.key).ok_or_else(|| {
            Error::invalid(format!(
                "Invalid order by key '{}' specified. Valid keys are {}",
                field.key,
                python::set(&names)
            ))
        })?;
        Ok(ModelVersionOrder { by: by.1, ascending: parsed.ascending })
    }
}

fn check(Read { field, operator, value }: Read<'_>) -> Result<ModelVersionClause> {
    if field.entity == Entity::Tag {
        let (op, value) = read_tag(&operator, &value)?;
        return Ok(ModelVersionClause::Tag { key: field.key.to_owned(), op, value });
    }
    match field.key {
        "version_number" => {
            let op = value::number_op(&operator).ok_or_else(|| {
                Error::invalid(format!(
                    "Invalid comparator for attribute version_number: {operator}"
                ))
            })?;
            let value = value::as_integer(field.key, &value)?;
            Ok(ModelVersionClause::VersionNumber { op, value })
        }
        "run_id" => read_attribute(&operator, value).map(ModelVersionClause::RunId),
        "source_path" => match read_attribute(&operator, value)? {
            TextTest::Compare { op, value } => Ok(ModelVersionClause::SourcePath { op, value }),
            TextTest::OneOf { .. } => Err(value::list_behind(&operator)),
        },
        _ => read_attribute(&operator, value).map(ModelVersionClause::Name),
    }
}

impl Display for ModelVersionFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        spell::join(&self.clauses, f)
    }
}

impl Display for ModelVersionOrder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let spelled = ORDER_KEYS.iter().find(|(_, key)| *key == self.by);
        let key = spelled.map_or("", |(name, _)| *name);
        f.write_str(&spell::order(key, self.ascending))
    }
}

impl Display for ModelVersionClause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            ModelVersionClause::Name(test) => spell::text_test("name", test),
            ModelVersionClause::RunId(test) => spell::text_test("run_id", test),
            ModelVersionClause::SourcePath { op, value } => {
                spell::text_comparison("source_path", *op, value)
            }
            ModelVersionClause::VersionNumber { op, value } => {
                spell::number_comparison("version_number", *op, value)
            }
            ModelVersionClause::Tag { key, op, value } => {
                spell::text_comparison(&format!("tags.{}", spell::key(key)), *op, value)
            }
        })
    }
}
