//! Label schemas: the questions that reviewers of traces answer.

use crate::json::Json;
use crate::search::repr_float;
use crate::validate::python_repr;
use crate::{Error, ExperimentId, Millis, Result};

/// The question that every experiment has: its name, which no other schema may have in any
/// spelling.
pub const DEFAULT_NAME: &str = "Feedback";
/// What the default question asks. MLflow stores the same words, and clients show them.
pub const DEFAULT_INSTRUCTION: &str = "Share any feedback on this trace.";

const LONGEST_NAME: usize = 250;
const LONGEST_INSTRUCTION: usize = 1000;
const LONGEST_LABEL: usize = 64;
const MOST_OPTIONS: usize = 10;

/// What answers are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelSchemaType {
    /// To judge what a model did.
    Feedback,
    /// To say what it should have done.
    Expectation,
}

/// How a question is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum LabelInput {
    /// One of two.
    PassFail {
        /// The good one.
        positive: String,
        /// The bad one.
        negative: String,
    },
    /// One or some of several.
    Categorical {
        /// What can be chosen.
        options: Vec<String>,
        /// Whether more than one can be.
        multi_select: bool,
    },
    /// A number.
    Numeric {
        /// The least.
        min: Option<f64>,
        /// The greatest.
        max: Option<f64>,
    },
    /// A text.
    Text {
        /// How many characters it may have.
        max_length: Option<i64>,
    },
}

/// A label schema.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelSchema {
    /// Its id: `ls-` and 32 hexadecimal digits when we make it.
    pub id: String,
    /// The experiment it belongs to.
    pub experiment_id: ExperimentId,
    /// Its name, unique within the experiment.
    pub name: String,
    /// What answers are for.
    pub kind: LabelSchemaType,
    /// How it is answered.
    pub input: LabelInput,
    /// More about the question.
    pub instruction: Option<String>,
    /// Whether a comment may be added.
    pub enable_comment: bool,
    /// Who created it.
    pub created_by: Option<String>,
    /// When it was created.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
    /// Whether it is the question that every experiment has.
    pub is_default: bool,
}

/// What an update changes: what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelSchemaChange {
    /// The name.
    pub name: Option<String>,
    /// More about the question.
    pub instruction: Option<String>,
    /// Whether a comment may be added.
    pub enable_comment: Option<bool>,
    /// How it is answered; the kind of input stays.
    pub input: Option<LabelInput>,
}

impl LabelSchemaType {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            LabelSchemaType::Feedback => "feedback",
            LabelSchemaType::Expectation => "expectation",
        }
    }

    /// Reads the word of the database.
    pub fn from_word(word: &str) -> LabelSchemaType {
        if word == "expectation" { LabelSchemaType::Expectation } else { LabelSchemaType::Feedback }
    }
}

impl LabelSchema {
    /// The question that every experiment has.
    pub fn default_of(experiment_id: ExperimentId, id: String, now: Millis) -> LabelSchema {
        LabelSchema {
            id,
            experiment_id,
            name: DEFAULT_NAME.to_owned(),
            kind: LabelSchemaType::Feedback,
            input: LabelInput::Text { max_length: None },
            instruction: Some(DEFAULT_INSTRUCTION.to_owned()),
            enable_comment: false,
            created_by: None,
            created_at: now,
            updated_at: now,
            is_default: true,
        }
    }

    /// Fails unless everything in a new schema is within the rules.
    pub fn check(&self) -> Result<()> {
        check_name(&self.name)?;
        check_instruction(self.instruction.as_deref())?;
        self.input.check()
    }

    /// The schema with a change.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE` for the default question, for values outside the rules, and for an
    /// input that would make answers unreadable.
    pub fn with(self, change: LabelSchemaChange) -> Result<LabelSchema> {
        if self.is_default {
            return Err(Error::invalid("The experiment's default question cannot be edited."));
        }
        if let Some(name) = &change.name {
            check_name(name)?;
        }
        check_instruction(change.instruction.as_deref())?;
        if let Some(input) = &change.input {
            input.check()?;
            self.input.check_successor(input)?;
        }
        Ok(LabelSchema {
            name: change.name.unwrap_or(self.name),
            instruction: change.instruction.or(self.instruction),
            enable_comment: change.enable_comment.unwrap_or(self.enable_comment),
            input: change.input.unwrap_or(self.input),
            ..self
        })
    }
}

/// The error for a name that no label schema of an experiment has.
pub fn no_such_name(experiment: ExperimentId, name: &str) -> Error {
    Error::not_found(format!(
        "Label schema with name '{name}' not found for experiment '{experiment}'."
    ))
}

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::invalid("Label schema `name` must be a non-empty string; got ''."));
    }
    let length = name.chars().count();
    if length > LONGEST_NAME {
        return Err(Error::invalid(format!(
            "Label schema `name` must be at most {LONGEST_NAME} characters; got {length}."
        )));
    }
    if name.trim().to_lowercase() == DEFAULT_NAME.to_lowercase() {
        return Err(Error::invalid(format!(
            "`{name}` is reserved for the experiment's default question and cannot be used for \
             another label schema."
        )));
    }
    Ok(())
}

fn check_instruction(instruction: Option<&str>) -> Result<()> {
    let length = instruction.map_or(0, |text| text.chars().count());
    if length > LONGEST_INSTRUCTION {
        return Err(Error::invalid(format!(
            "Label schema `instruction` must be at most {LONGEST_INSTRUCTION} characters; got \
             {length}."
        )));
    }
    Ok(())
}

impl LabelInput {
    /// What messages call it.
    const fn class(&self) -> &'static str {
        match self {
            LabelInput::PassFail { .. } => "InputPassFail",
            LabelInput::Categorical { .. } => "InputCategorical",
            LabelInput::Numeric { .. } => "InputNumeric",
            LabelInput::Text { .. } => "InputText",
        }
    }

    fn check(&self) -> Result<()> {
        match self {
            LabelInput::PassFail { positive, negative } => check_labels(positive, negative),
            LabelInput::Categorical { options, .. } => check_options(options),
            LabelInput::Numeric { min: Some(min), max: Some(max) } if min >= max => {
                Err(Error::invalid(format!(
                    "`InputNumeric.min_value` must be strictly less than `max_value`; got \
                     min={}, max={}.",
                    repr_float(*min),
                    repr_float(*max)
                )))
            }
            LabelInput::Text { max_length: Some(length) } if *length < 1 => Err(Error::invalid(
                format!("`InputText.max_length` must be at least 1; got {length}."),
            )),
            LabelInput::Numeric { .. } | LabelInput::Text { .. } => Ok(()),
        }
    }

    /// Answers that were given must stay readable.
    fn check_successor(&self, new: &LabelInput) -> Result<()> {
        match (self, new) {
            (
                LabelInput::Categorical { multi_select: before, .. },
                LabelInput::Categorical { multi_select: after, .. },
            ) if before != after => Err(Error::invalid(
                "`InputCategorical.multi_select` cannot be changed after creation.",
            )),
            _ if self.class() != new.class() => Err(Error::invalid(format!(
                "A label schema's input type cannot be changed after creation (existing: {}, got: \
                 {}).",
                self.class(),
                new.class()
            ))),
            _ => Ok(()),
        }
    }

    /// The two columns of the database that hold it: a word, and JSON.
    pub fn to_columns(&self) -> (&'static str, String) {
        let text = |text: &String| Json::Text(text.clone());
        let number = |number: &Option<f64>| number.map_or(Json::Null, Json::Float);
        let (word, members) = match self {
            LabelInput::PassFail { positive, negative } => (
                "pass_fail",
                vec![("positive_label", text(positive)), ("negative_label", text(negative))],
            ),
            LabelInput::Categorical { options, multi_select } => {
                let options = Json::List(options.iter().map(text).collect());
                (
                    "categorical",
                    vec![("options", options), ("multi_select", Json::Bool(*multi_select))],
                )
            }
            LabelInput::Numeric { min, max } => {
                ("numeric", vec![("min_value", number(min)), ("max_value", number(max))])
            }
            LabelInput::Text { max_length } => {
                let length = max_length.map_or(Json::Null, |length| Json::Int(length.to_string()));
                ("text", vec![("max_length", length)])
            }
        };
        let members = members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        (word, Json::Object(members).to_string())
    }

    /// Reads the two columns of the database.
    ///
    /// # Errors
    /// `INTERNAL_ERROR` if they hold something else.
    pub fn from_columns(word: &str, config: &str) -> Result<LabelInput> {
        let unknown = || Error::internal(format!("A label schema has an unknown input: {word}."));
        let json = Json::parse("input", config).map_err(|_| unknown())?;
        let text = |key: &str| json.get(key).and_then(Json::as_text).unwrap_or_default().to_owned();
        let number = |key: &str| match json.get(key) {
            Some(Json::Float(number)) => Some(*number),
            Some(Json::Int(digits)) => digits.parse().ok(),
            _ => None,
        };
        Ok(match word {
            "pass_fail" => LabelInput::PassFail {
                positive: text("positive_label"),
                negative: text("negative_label"),
            },
            "categorical" => LabelInput::Categorical {
                options: texts(json.get("options")),
                multi_select: json.get("multi_select") == Some(&Json::Bool(true)),
            },
            "numeric" => LabelInput::Numeric { min: number("min_value"), max: number("max_value") },
            "text" => {
                LabelInput::Text { max_length: number("max_length").map(|length| length as i64) }
            }
            _ => return Err(unknown()),
        })
    }
}

/// The texts of a list.
fn texts(list: Option<&Json>) -> Vec<String> {
    let Some(Json::List(items)) = list else { return Vec::new() };
    items.iter().filter_map(Json::as_text).map(ToOwned::to_owned).collect()
}

fn check_labels(positive: &str, negative: &str) -> Result<()> {
    for (field, label) in [("positive_label", positive), ("negative_label", negative)] {
        if label.is_empty() {
            return Err(Error::invalid(format!(
                "`InputPassFail.{field}` must be a non-empty string; got ''."
            )));
        }
        let length = label.chars().count();
        if length > LONGEST_LABEL {
            return Err(Error::invalid(format!(
                "`InputPassFail.{field}` must be at most {LONGEST_LABEL} characters; got {length}."
            )));
        }
    }
    if positive == negative {
        return Err(Error::invalid(format!(
            "`InputPassFail.positive_label` and `negative_label` must be distinct; got {} for both.",
            python_repr(positive)
        )));
    }
    Ok(())
}

fn check_options(options: &[String]) -> Result<()> {
    let refused = |why: String| Err(Error::invalid(format!("`InputCategorical.options` {why}")));
    if options.is_empty() {
        return refused("must be a non-empty list; got [].".to_owned());
    }
    if options.len() > MOST_OPTIONS {
        let count = options.len();
        return refused(format!("must have at most {MOST_OPTIONS} entries; got {count}."));
    }
    for (at, option) in options.iter().enumerate() {
        if option.is_empty() {
            return refused("entries must be non-empty strings; got ''.".to_owned());
        }
        let length = option.chars().count();
        let shown = python_repr(option);
        if length > LONGEST_LABEL {
            return refused(format!(
                "entries must be at most {LONGEST_LABEL} characters; got {length} for {shown}."
            ));
        }
        if options[..at].contains(option) {
            return refused(format!("must be deduplicated; {shown} appears twice."));
        }
    }
    Ok(())
}
