//! What MLflow keeps of traces in columns of their own, and what is metadata elsewhere.

use serde_json::Value;

use crate::numbers::{finite, json, object, whole};

/// The tag that is the name of a trace.
pub const NAME_TAG: &str = "mlflow.traceName";
/// The columns for counts of tokens, which are also members of the metadata about them.
pub const TOKENS: [&str; 6] = [
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation_input_tokens_above_1hr",
];
/// The columns for costs, which are also members of the metadata about them.
pub const COSTS: [&str; 3] = ["input_cost", "output_cost", "total_cost"];
/// The keys of metadata that have columns: of sessions, of tokens and of costs.
pub const PROMOTED: [&str; 3] =
    ["mlflow.trace.session", "mlflow.trace.tokenUsage", "mlflow.trace.cost"];

/// Most characters that are kept of a name of a trace, and of a session.
const NAME_LENGTH: usize = 4096;
const SESSION_LENGTH: usize = 250;

/// What the metadata of a trace says, by the columns for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// The session.
    pub session: Option<String>,
    /// Counts of tokens, in the order of [`TOKENS`].
    pub tokens: [Option<i64>; 6],
    /// Costs, in the order of [`COSTS`].
    pub costs: [Option<f64>; 3],
}

/// The beginning of a text, that many characters at most.
pub fn cut(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

/// The name of a trace as it is kept.
pub fn name(name: &str) -> String {
    cut(name, NAME_LENGTH)
}

/// Reads the metadata of a trace; all but [`PROMOTED`] is passed over.
pub fn columns(metadata: &[(String, String)]) -> Columns {
    let value = |key: &str| {
        metadata.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    };
    let [session, usage, cost] = PROMOTED.map(value);
    let (usage, cost) = (object(usage), object(cost));
    Columns {
        session: session.map(|session| cut(session, SESSION_LENGTH)),
        tokens: TOKENS.map(|key| usage.get(key).and_then(whole)),
        costs: COSTS.map(|key| cost.get(key).and_then(finite)),
    }
}

/// What an assessment, whose value is given as JSON, counts as in statistics, and whether it is a
/// number by itself.
pub fn aggregate(value: &str) -> (Option<f64>, bool) {
    let answer = |text: &str| match text.trim().to_lowercase().as_str() {
        "yes" => (Some(1.0), false),
        "no" => (Some(0.0), false),
        _ => (None, false),
    };
    match json(value) {
        Some(Value::Bool(value)) => (Some(f64::from(u8::from(value))), false),
        Some(Value::Number(number)) => match number.as_f64().filter(|number| number.is_finite()) {
            Some(number) => (Some(number), true),
            None => (None, false),
        },
        Some(Value::String(text)) => answer(&text),
        Some(_) => (None, false),
        None => answer(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assessments_count_as_in_mlflow() {
        for (value, expected) in [
            ("1", (Some(1.0), true)),
            ("0.5", (Some(0.5), true)),
            ("true", (Some(1.0), false)),
            ("false", (Some(0.0), false)),
            ("\"yes\"", (Some(1.0), false)),
            (" NO ", (Some(0.0), false)),
            ("\"maybe\"", (None, false)),
            ("NaN", (None, false)),
            ("1e400", (None, false)),
            ("[1]", (None, false)),
            ("null", (None, false)),
        ] {
            assert_eq!(aggregate(value), expected, "{value}");
        }
    }
}
