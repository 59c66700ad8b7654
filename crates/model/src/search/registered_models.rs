//! Filters and orders of registered models.

use std::fmt::{self, Display, Formatter};

use super::clause::{Clause, Wording, clauses};
use super::field::{Entity, Field, Unquote, check_is_key, plain_field};
use super::value::{self, Value, ValueRules};
use super::{TextOp, TextTest, order, python, spell};
use crate::{Error, Result};

/// The tag that makes a registered model (and a version) a prompt.
pub const IS_PROMPT_TAG: &str = "mlflow.prompt.is_prompt";

/// What registered models must be like to be found: all clauses must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisteredModelFilter {
    /// None for a filter that every model passes. See [`RegisteredModelFilter::wants_prompts`].
    pub clauses: Vec<RegisteredModelClause>,
}

/// One condition on a registered model. A model that lacks a tag passes no comparison with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisteredModelClause {
    /// The name; lists are never empty.
    Name(TextTest),
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

/// One column to sort registered models by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisteredModelOrder {
    /// The column.
    pub by: RegisteredModelOrderKey,
    /// The direction.
    pub ascending: bool,
}

/// What registered models can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegisteredModelOrderKey {
    /// The name.
    Name,
    /// When the model was last updated; spelled `timestamp` or `last_updated_timestamp`.
    LastUpdated,
}

const ATTRIBUTES: [&str; 1] = ["name"];
const VALUES: ValueRules = ValueRules { numbers: &[], lists: &["name"] };

impl RegisteredModelFilter {
    /// Parses a filter; the empty one has no clauses.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE`, with MLflow's message.
    pub fn parse(filter: &str) -> Result<RegisteredModelFilter> {
        let clauses = clauses(filter, Wording::Plain)?;
        // MLflow reads all clauses before it looks at the operator of any.
        let read: Vec<Read<'_>> = clauses
            .iter()
            .map(|clause| read(clause, &ATTRIBUTES, &VALUES))
            .collect::<Result<_>>()?;
        let clauses = read.into_iter().map(check).collect::<Result<_>>()?;
        Ok(RegisteredModelFilter { clauses })
    }

    /// Whether prompts are asked for, that is, the first clause on [`IS_PROMPT_TAG`] is
    /// `= 'true'` or `!= 'false'`.
    ///
    /// If not, the search must leave prompts out *and* drop all clauses on that tag (models have
    /// no such tag, so `!= 'true'` would find none): see
    /// [`RegisteredModelFilter::effective_clauses`].
    pub fn wants_prompts(&self) -> bool {
        wants_prompts(self.clauses.iter().filter_map(RegisteredModelClause::tag))
    }

    /// The clauses to apply: all if prompts are wanted, else those on other things than the tag
    /// of prompts.
    pub fn effective_clauses(&self) -> impl Iterator<Item = &RegisteredModelClause> {
        let all = self.wants_prompts();
        let on_prompts =
            |clause: &RegisteredModelClause| matches!(clause.tag(), Some((IS_PROMPT_TAG, ..)));
        self.clauses.iter().filter(move |clause| all || !on_prompts(clause))
    }
}

impl RegisteredModelClause {
    fn tag(&self) -> Option<(&str, TextOp, &str)> {
        match self {
            RegisteredModelClause::Name(_) => None,
            RegisteredModelClause::Tag { key, op, value } => Some((key, *op, value)),
        }
    }
}

/// Whether the first clause on the tag of prompts asks for them.
pub(super) fn wants_prompts<'a>(
    mut tags: impl Iterator<Item = (&'a str, TextOp, &'a str)>,
) -> bool {
    tags.find(|(key, ..)| *key == IS_PROMPT_TAG).is_some_and(|(_, op, value)| match op {
        TextOp::Eq => value.eq_ignore_ascii_case("true"),
        TextOp::Ne => value.eq_ignore_ascii_case("false"),
        TextOp::Like | TextOp::ILike => false,
    })
}

impl RegisteredModelOrder {
    /// Parses the items of `order_by`, each `key [ASC|DESC]`.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE`, also if a column is named twice.
    pub fn parse_all(order_by: &[String]) -> Result<Vec<RegisteredModelOrder>> {
        let mut orders: Vec<RegisteredModelOrder> = Vec::new();
        for item in order_by {
            let order = RegisteredModelOrder::parse(item)?;
            if orders.iter().any(|earlier| earlier.by == order.by) {
                return Err(order::duplicate(order_by));
            }
            orders.push(order);
        }
        Ok(orders)
    }

    fn parse(item: &str) -> Result<RegisteredModelOrder> {
        let parsed = order::parse(item)?;
        let by = match parsed.key.as_str() {
            "name" => RegisteredModelOrderKey::Name,
            "timestamp" | "last_updated_timestamp" => RegisteredModelOrderKey::LastUpdated,
            unknown => {
                return Err(Error::invalid(format!(
                    "Invalid order by key '{unknown}' specified. Valid keys are '{}'",
                    python::set(&["name", "timestamp"])
                )));
            }
        };
        Ok(RegisteredModelOrder { by, ascending: parsed.ascending })
    }
}

/// A clause of the model registry whose key and value are known to fit, but not yet its operator.
pub(super) struct Read<'a> {
    pub(super) field: Field<'a>,
    pub(super) operator: String,
    pub(super) value: Value<'a>,
}

/// Reads a clause on registered models or their versions.
pub(super) fn read<'a>(
    clause: &Clause<'a>,
    attributes: &[&str],
    values: &ValueRules,
) -> Result<Read<'a>> {
    check_is_key(clause)?;
    let Clause::Comparison(compared) = *clause else {
        return Err(Error::invalid(
            "IS NULL / IS NOT NULL is not supported for registered models and model versions.",
        ));
    };
    let field = plain_field(compared.left.text, attributes, Unquote::AfterLookup)?;
    let value = value::registry(field, &compared.right, values)?;
    Ok(Read { field, operator: compared.operator.to_uppercase(), value })
}

/// The text and operator of a clause on a tag.
pub(super) fn read_tag(operator: &str, value: &Value<'_>) -> Result<(TextOp, String)> {
    let op = TextOp::read(operator)
        .ok_or_else(|| Error::invalid(format!("Invalid comparator for tag: {operator}")))?;
    Ok((op, value::single_text(operator, value)?))
}

/// The test of a text attribute of the model registry.
pub(super) fn read_attribute(operator: &str, value: Value<'_>) -> Result<TextTest> {
    value::text_test(operator, value)
        .ok_or_else(|| Error::invalid(format!("Invalid comparator for attribute: {operator}")))?
}

fn check(Read { field, operator, value }: Read<'_>) -> Result<RegisteredModelClause> {
    if field.entity == Entity::Attribute {
        return read_attribute(&operator, value).map(RegisteredModelClause::Name);
    }
    let (op, value) = read_tag(&operator, &value)?;
    Ok(RegisteredModelClause::Tag { key: field.key.to_owned(), op, value })
}

impl Display for RegisteredModelFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        spell::join(&self.clauses, f)
    }
}

impl Display for RegisteredModelOrder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let key = match self.by {
            RegisteredModelOrderKey::Name => "name",
            RegisteredModelOrderKey::LastUpdated => "last_updated_timestamp",
        };
        f.write_str(&spell::order(key, self.ascending))
    }
}

impl Display for RegisteredModelClause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            RegisteredModelClause::Name(test) => spell::text_test("name", test),
            RegisteredModelClause::Tag { key, op, value } => {
                spell::text_comparison(&format!("tags.{}", spell::key(key)), *op, value)
            }
        })
    }
}
