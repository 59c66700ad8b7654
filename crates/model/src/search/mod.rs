//! The search grammar: filters and orders of runs, experiments, registered models, model versions
//! and logged models, as typed data.
//!
//! ```text
//! filter     := comparison { [AND] comparison }            an empty filter matches everything
//! comparison := key operator value | key IS [NOT] NULL | key [NOT] IN ( text, ... )
//! key        := [entity .] name                            quoted with ` " or ' if it is no word
//! order      := key [ASC | DESC]
//! ```
//!
//! The rules are those of MLflow 3.17.2, with its error messages, since clients show them. Where
//! MLflow prints a set in random order, the order here is fixed; where it fails with an internal
//! error on bad input, the answer here is `INVALID_PARAMETER_VALUE`.
//!
//! Nothing here knows about SQL: a store turns the clauses into queries. Every filter
//! and order implements `Display`, which spells it so that parsing gives the same again.

mod clause;
mod evaluation_datasets;
mod experiments;
mod field;
mod group;
mod issues;
mod lexer;
mod logged_models;
mod model_versions;
mod order;
mod python;
mod registered_models;
mod runs;
mod spell;
mod value;
mod words;

pub use evaluation_datasets::{
    EvaluationDatasetClause, EvaluationDatasetFilter, EvaluationDatasetOrder,
    EvaluationDatasetOrderKey, EvaluationDatasetText, EvaluationDatasetTime,
};
pub use experiments::{
    ExperimentClause, ExperimentFilter, ExperimentOrder, ExperimentOrderKey, ExperimentTime,
};
pub use issues::{IssueClause, IssueField, IssueFilter};
pub use logged_models::{
    LoggedModelClause, LoggedModelFilter, LoggedModelOrder, LoggedModelOrderKey,
    LoggedModelOrderSpec, LoggedModelText, LoggedModelTime,
};
pub use model_versions::{
    ModelVersionClause, ModelVersionFilter, ModelVersionOrder, ModelVersionOrderKey,
};
pub use registered_models::{
    IS_PROMPT_TAG, RegisteredModelClause, RegisteredModelFilter, RegisteredModelOrder,
    RegisteredModelOrderKey,
};
pub use runs::{DatasetField, RunClause, RunFilter, RunOrder, RunOrderKey, RunText, RunTime};

pub use python::repr_float;

/// The longest filter or order item that is read, in bytes. MLflow has no such limit, but gives up
/// beyond 10 000 tokens, and so do we: a list of 3 300 run ids has as many, in 120 000 bytes.
pub const MAX_SEARCH_BYTES: usize = 200_000;

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberOp {
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `!=`
    Ne,
    /// `=`
    Eq,
    /// `<`
    Lt,
    /// `<=`
    Le,
}

impl NumberOp {
    const ALL: [NumberOp; 6] =
        [NumberOp::Gt, NumberOp::Ge, NumberOp::Ne, NumberOp::Eq, NumberOp::Lt, NumberOp::Le];

    /// The sign in the grammar, which is also the one of SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            NumberOp::Gt => ">",
            NumberOp::Ge => ">=",
            NumberOp::Ne => "!=",
            NumberOp::Eq => "=",
            NumberOp::Lt => "<",
            NumberOp::Le => "<=",
        }
    }

    fn read(sign: &str) -> Option<NumberOp> {
        NumberOp::ALL.into_iter().find(|op| op.as_str() == sign)
    }
}

/// How a text is compared with one other text. `=`, `!=` and `LIKE` tell upper from lower case,
/// on every database; `ILIKE` does not. In patterns, `%` stands for any text and `_` for any
/// character; there is no escape character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextOp {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `LIKE`
    Like,
    /// `ILIKE`
    ILike,
}

impl TextOp {
    const ALL: [TextOp; 4] = [TextOp::Eq, TextOp::Ne, TextOp::Like, TextOp::ILike];

    /// The operator in the grammar.
    pub const fn as_str(self) -> &'static str {
        match self {
            TextOp::Eq => "=",
            TextOp::Ne => "!=",
            TextOp::Like => "LIKE",
            TextOp::ILike => "ILIKE",
        }
    }

    /// Reads the operator, exactly as [`TextOp::as_str`] spells it.
    fn read(operator: &str) -> Option<TextOp> {
        TextOp::ALL.into_iter().find(|op| op.as_str() == operator)
    }
}

/// What a text is tested for, where lists are allowed as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextTest {
    /// Against one text.
    Compare {
        /// How.
        op: TextOp,
        /// With what.
        value: String,
    },
    /// `IN` and `NOT IN`, case-sensitive.
    OneOf {
        /// Whether it is `NOT IN`.
        negated: bool,
        /// The candidates.
        values: Vec<String>,
    },
}

/// Why a filter or an order cannot be cut into parts. Each entity words it differently.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    TooLong,
    TooManyTokens,
    /// Nothing but white space.
    Blank,
    /// More follows after a semicolon.
    SeveralStatements,
}
