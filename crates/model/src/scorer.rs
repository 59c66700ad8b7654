//! Scorers: judges of what models answer, registered in an experiment by name. Their content is a
//! JSON text that only clients understand; here it is looked at for what a server must not store.

use crate::json::Json;
use crate::validate::{check_length, python_repr};
use crate::{Error, ExperimentId, Millis, Result};

/// One version of a scorer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScorerVersion {
    /// The experiment it is registered in.
    pub experiment_id: ExperimentId,
    /// The id that all versions share.
    pub id: String,
    /// Its name, unique within the experiment.
    pub name: String,
    /// Counted from 1.
    pub version: i32,
    /// The scorer, as JSON.
    pub serialized: String,
    /// When this version was registered.
    pub created_at: Millis,
}

/// How many of the new traces a scorer looks at by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct OnlineScoringConfig {
    /// Its id.
    pub id: String,
    /// The scorer.
    pub scorer_id: String,
    /// Which share of the traces, from 0 to 1.
    pub sample_rate: f64,
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// Which traces.
    pub filter: Option<String>,
}

/// What it takes to register a version of a scorer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewScorerVersion {
    /// The id, if the name is new.
    pub id: String,
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// The name.
    pub name: String,
    /// The scorer, as JSON; see [`check`].
    pub serialized: String,
}

/// Names of options by which a scorer could choose whom the server talks to.
const DESTINATIONS: [&str; 5] =
    ["api_base", "base_url", "custom_llm_provider", "fallbacks", "model_list"];

const THIRD_PARTY: &str = "third_party_scorer_data";

/// Fails unless the name is one.
pub fn check_name(name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(Error::invalid("Scorer name cannot be empty or contain only whitespace."));
    }
    check_length("name", name, 256)
}

/// Fails if the scorer cannot be read, holds code (unless `code_is_fine`), or would choose whom the
/// server talks to.
pub fn check(serialized: &str, code_is_fine: bool) -> Result<()> {
    let scorer = Json::parse("serialized_scorer", serialized)
        .map_err(|_| Error::invalid("serialized_scorer must be valid JSON"))?;
    if !code_is_fine && holds_code(&scorer) {
        return Err(Error::invalid(
            "Custom scorer registration (using @scorer decorator) is disabled by default: whoever \
             loads such a scorer runs its code. Keep the code in a repository and import it, use \
             built-in or make_judge() scorers, or, on a server whose users you trust, set the \
             environment variable MLFLOW_SERVER_ENABLE_CUSTOM_SCORERS to true.",
        ));
    }
    check_third_party(&scorer)?;
    if !matches!(scorer, Json::Object(_)) {
        return Err(Error::invalid(format!(
            "serialized_scorer must be a JSON object, not {}.",
            scorer.python_type()
        )));
    }
    check_model(model(&scorer))
}

fn check_model(model: Option<&Json>) -> Result<()> {
    match model {
        None | Some(Json::Null) => Ok(()),
        Some(Json::Text(text)) if text.trim().is_empty() => {
            Err(Error::invalid("Scorer model cannot be empty or contain only whitespace."))
        }
        Some(Json::Text(_)) => Ok(()),
        Some(other) => Err(Error::invalid(format!(
            "Scorer model must be a string, got {}.",
            other.python_type()
        ))),
    }
}

fn holds_code(json: &Json) -> bool {
    match json {
        Json::List(items) => items.iter().any(holds_code),
        Json::Object(members) => members.iter().any(|(key, value)| {
            (key == "call_source" && *value != Json::Null) || holds_code(value)
        }),
        _ => false,
    }
}

fn check_third_party(json: &Json) -> Result<()> {
    match json {
        Json::List(items) => items.iter().try_for_each(check_third_party),
        Json::Object(members) => members.iter().try_for_each(|(key, value)| {
            if key == THIRD_PARTY {
                check_options(value)?;
            }
            check_third_party(value)
        }),
        _ => Ok(()),
    }
}

fn check_options(data: &Json) -> Result<()> {
    let options = match data.get("kwargs") {
        None | Some(Json::Null) => return Ok(()),
        Some(options @ Json::Object(_)) => options,
        Some(other) => {
            return Err(Error::invalid(format!(
                "third_party_scorer_data.kwargs must be a JSON object, got {}.",
                other.python_type()
            )));
        }
    };
    let found: Vec<String> = DESTINATIONS
        .into_iter()
        .filter(|name| names_option(options, name))
        .map(python_repr)
        .collect();
    if found.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "third_party_scorer_data.kwargs must not contain {}: these options choose where the \
         scorer's LLM client sends requests. Configure the judge endpoint on the server instead, \
         for example through a gateway endpoint ('gateway:/<name>') or the provider's environment \
         variables.",
        found.join(", ")
    )))
}

/// Whether the option is set anywhere inside. A list of pairs is as good as an object.
fn names_option(json: &Json, name: &str) -> bool {
    match json {
        Json::Object(members) => {
            members.iter().any(|(key, value)| key == name || names_option(value, name))
        }
        Json::List(items) => items.iter().any(|item| {
            let pair = matches!(item, Json::List(pair)
                if pair.len() == 2 && pair[0].as_text() == Some(name));
            pair || names_option(item, name)
        }),
        _ => false,
    }
}

/// Where a scorer keeps the name of its model; the first that is not empty counts.
const HOLDERS: [&str; 4] = [
    "instructions_judge_pydantic_data",
    "builtin_scorer_pydantic_data",
    "memory_augmented_judge_data",
    THIRD_PARTY,
];
const NESTED: (&str, &str) = ("memory_augmented_judge_data", "base_judge");

fn holder(scorer: &Json) -> Option<(&'static str, &Json)> {
    let held = |name: &'static str| Some((name, scorer.get(name)?));
    HOLDERS.into_iter().filter_map(held).find(|(_, data)| !data.members().is_empty())
}

fn model(scorer: &Json) -> Option<&Json> {
    let (name, data) = holder(scorer)?;
    if name == NESTED.0 { model(data.get(NESTED.1)?) } else { data.get("model") }
}

fn set_model(scorer: &mut Json, value: &Json) {
    let Some((name, data)) = holder(scorer) else { return };
    let mut data = data.clone();
    if name == NESTED.0 {
        let mut judge = data.get(NESTED.1).cloned().unwrap_or(Json::empty());
        set_model(&mut judge, value);
        data.set(NESTED.1, judge);
    } else if name != THIRD_PARTY || data.get("model").is_some_and(|model| *model != Json::Null) {
        data.set("model", value.clone());
    }
    scorer.set(name, data);
}

/// The endpoint of the AI gateway that a serialized scorer asks: a name as clients write it, an id
/// as it is stored.
pub fn gateway_endpoint(serialized: &str) -> Option<String> {
    let scorer = Json::parse("serialized_scorer", serialized).ok()?;
    let path = model(&scorer)?.as_text()?.strip_prefix("gateway:/")?.trim_start_matches('/');
    Some(path.to_owned()).filter(|path| !path.is_empty())
}

/// The serialized scorer with another endpoint of the AI gateway, or with no model at all.
pub fn with_gateway_endpoint(serialized: &str, endpoint: Option<&str>) -> String {
    let Ok(mut scorer) = Json::parse("serialized_scorer", serialized) else {
        return serialized.to_owned();
    };
    let model = endpoint.map_or(Json::Null, |name| Json::Text(format!("gateway:/{name}")));
    set_model(&mut scorer, &model);
    scorer.to_string()
}

/// The serialized scorer as lists of scorers show it.
pub fn respelled(serialized: &str) -> String {
    Json::parse("serialized_scorer", serialized)
        .map_or_else(|_| serialized.to_owned(), |scorer| scorer.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scorers_that_steer_the_server_are_refused_at_any_depth() {
        for bad in [
            r#"{"a": [{"call_source": "x"}]}"#,
            r#"{"third_party_scorer_data": {"kwargs": 5}}"#,
            r#"{"s": [{"third_party_scorer_data": {"kwargs": {"o": {"api_base": "x"}}}}]}"#,
            r#"{"third_party_scorer_data": {"kwargs": {"o": [["base_url", "x"]]}}}"#,
            r#"{"instructions_judge_pydantic_data": {"model": " "}}"#,
            r#"{"builtin_scorer_pydantic_data": {"model": 5}}"#,
            "[]",
            "5",
            "{",
        ] {
            assert!(check(bad, false).is_err(), "{bad}");
        }
        for fine in [
            r#"{"call_source": null}"#,
            r#"{"third_party_scorer_data": {"kwargs": {"o": ["api_base", "x", "y"]}}}"#,
            r#"{"builtin_scorer_pydantic_data": {"model": null}}"#,
        ] {
            assert_eq!(check(fine, false), Ok(()), "{fine}");
        }
        assert_eq!(check(r#"{"call_source": "x"}"#, true), Ok(()));
    }

    #[test]
    fn the_endpoint_of_the_gateway_is_found_and_replaced() {
        let nested = r#"{"memory_augmented_judge_data": {"base_judge": {"builtin_scorer_pydantic_data": {"model": "gateway:/a"}}}}"#;
        for scorer in
            [r#"{"instructions_judge_pydantic_data": {"model": "gateway:/a", "x": 1}}"#, nested]
        {
            assert_eq!(gateway_endpoint(scorer).as_deref(), Some("a"));
            assert_eq!(with_gateway_endpoint(scorer, Some("b")), scorer.replace("/a", "/b"));
        }
        assert_eq!(
            gateway_endpoint(r#"{"builtin_scorer_pydantic_data": {"model": "openai:/a"}}"#),
            None
        );
    }
}
