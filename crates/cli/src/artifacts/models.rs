//! `models:/…`: the versions of registered models, and logged models.

use oxflow_model::{Error, Result};
use serde_json::{Value, json};

use crate::tracking::{Tracking, encoded, text};

/// What a `models:/` location names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelUri {
    /// `models:/m-…`
    Logged(String),
    /// `models:/name/3`
    Version(String, String),
    /// `models:/name/latest`
    Latest(String),
    /// `models:/name/Production`
    Stage(String, String),
    /// `models:/name@champion`
    Alias(String, String),
}

/// Where a model is.
pub struct ModelPlace {
    /// The location of its files.
    pub uri: String,
    /// The model, with the number of its version in place of words.
    pub model: ModelUri,
}

impl ModelUri {
    /// The model, and a path in it.
    pub fn parse(whole: &str) -> Result<(ModelUri, String)> {
        let improper = || {
            Error::invalid(format!(
                "Not a proper models:/ URI: {whole}. Models URIs must be of the form \
                 'models:/name/suffix' or 'models:/name@alias' where suffix is a version, stage, \
                 or the string 'latest' and where alias is a registered model alias. Only one of \
                 suffix or alias can be defined at a time."
            ))
        };
        let rest = whole.strip_prefix("models:/").ok_or_else(improper)?.trim_end_matches('/');
        let (first, more) = rest.split_once('/').map_or((rest, None), |(a, b)| (a, Some(b)));
        if first.trim().is_empty() {
            return Err(improper());
        }
        if let Some((name, alias)) = first.rsplit_once('@') {
            if name.is_empty() || alias.trim().is_empty() {
                return Err(improper());
            }
            let model = ModelUri::Alias(name.to_owned(), alias.to_owned());
            return Ok((model, more.unwrap_or_default().to_owned()));
        }
        let Some(more) = more else {
            return Ok((ModelUri::Logged(first.to_owned()), String::new()));
        };
        let (suffix, path) = more.split_once('/').unwrap_or((more, ""));
        let name = first.to_owned();
        let model = if suffix.trim().is_empty() {
            return Err(improper());
        } else if suffix.bytes().all(|b| b.is_ascii_digit()) {
            ModelUri::Version(name, suffix.to_owned())
        } else if suffix.eq_ignore_ascii_case("latest") {
            ModelUri::Latest(name)
        } else {
            ModelUri::Stage(name, suffix.to_owned())
        };
        Ok((model, path.to_owned()))
    }

    /// Asks the tracking server where the files are.
    pub async fn location(self, tracking: &Tracking) -> Result<ModelPlace> {
        let (name, version) = match self {
            ModelUri::Logged(id) => {
                let path = format!("/logged-models/{}", encoded(&id));
                let answer = tracking.get(&path, &[]).await?;
                let uri = text(&answer["model"]["info"]["artifact_uri"])?;
                return Ok(ModelPlace { uri, model: ModelUri::Logged(id) });
            }
            ModelUri::Version(name, version) => (name, version),
            ModelUri::Alias(name, alias) => {
                let query = [("name", name.as_str()), ("alias", alias.as_str())];
                let answer = tracking.get("/registered-models/alias", &query).await?;
                let version = text(&answer["model_version"]["version"])?;
                (name, version)
            }
            ModelUri::Latest(name) => {
                let version = latest(tracking, &name, None).await?;
                (name, version)
            }
            ModelUri::Stage(name, stage) => {
                let version = latest(tracking, &name, Some(&stage)).await?;
                (name, version)
            }
        };
        let query = [("name", name.as_str()), ("version", version.as_str())];
        let answer = tracking.get("/model-versions/get-download-uri", &query).await?;
        let uri = text(&answer["artifact_uri"])?;
        Ok(ModelPlace { uri, model: ModelUri::Version(name, version) })
    }

    /// The file that says which registered model was downloaded, in MLflow's form.
    pub fn meta_file(&self) -> String {
        let (name, version) = match self {
            ModelUri::Version(name, version) => (yaml(name), format!("'{version}'")),
            _ => ("null".to_owned(), "null".to_owned()),
        };
        format!("model_name: {name}\nmodel_version: {version}\n")
    }
}

async fn latest(tracking: &Tracking, name: &str, stage: Option<&str>) -> Result<String> {
    let stages = stage.map(|stage| json!([stage])).unwrap_or_else(|| json!([]));
    let body = json!({"name": name, "stages": stages});
    let answer = tracking.post("/registered-models/get-latest-versions", &body).await?;
    let versions = answer["model_versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let number = |version: &Value| version["version"].as_str()?.parse::<u64>().ok();
    let newest = versions.iter().filter_map(number).max();
    newest.map(|number| number.to_string()).ok_or_else(|| {
        let stage = stage.map(|stage| format!(" and stage '{stage}'")).unwrap_or_default();
        Error::not_found(format!("No versions of model with name '{name}'{stage} found"))
    })
}

/// A text that YAML takes for nothing else.
fn yaml(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with(' ')
        && text.chars().all(plain)
        && !words.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_of_models_are_read_as_mlflow_does() {
        let parse = |text: &str| ModelUri::parse(text).unwrap();
        let own = str::to_owned;
        for (text, model, path) in [
            ("models:/m-1", ModelUri::Logged(own("m-1")), ""),
            ("models:/a/2", ModelUri::Version(own("a"), own("2")), ""),
            ("models:/a/2/x/y", ModelUri::Version(own("a"), own("2")), "x/y"),
            ("models:/a@b/x/", ModelUri::Alias(own("a"), own("b")), "x"),
            ("models:/a/LATEST", ModelUri::Latest(own("a")), ""),
            ("models:/a/Prod/x", ModelUri::Stage(own("a"), own("Prod")), "x"),
        ] {
            assert_eq!(parse(text), (model, path.to_owned()), "{text}");
        }
        for bad in ["models:/", "models:/@b", "models:/a@ ", "models://2"] {
            ModelUri::parse(bad).unwrap_err();
        }
    }

    #[test]
    fn names_that_look_like_something_else_are_quoted() {
        for (name, expected) in [("a-b c", "a-b c"), ("1", "'1'"), ("no", "'no'"), ("a ", "'a '")] {
            assert_eq!(yaml(name), expected);
        }
    }
}
