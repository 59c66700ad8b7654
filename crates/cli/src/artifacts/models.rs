//! `models:/…`: the versions of registered models, and logged models.

use oxflow_model::registry::no_such_alias;
use oxflow_model::{Error, ModelId, ModelName, ModelVersion, Result, Stage, VersionId};
use oxflow_store::Store;

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

    /// Asks the tracking store where the files are.
    pub async fn location(self, tracking: &dyn Store) -> Result<ModelPlace> {
        let version = match self {
            ModelUri::Logged(id) => {
                let found = tracking.find_logged_model(&ModelId::new(&id), false).await?;
                let missing =
                    || Error::not_found(format!("Logged model with ID '{id}' not found."));
                let uri = found.ok_or_else(missing)?.artifact_location;
                return Ok(ModelPlace { uri, model: ModelUri::Logged(id) });
            }
            ModelUri::Version(name, version) => {
                let id = VersionId::parse(&name, &version)?;
                tracking.find_model_version(&id).await?.ok_or_else(|| id.not_found())?
            }
            ModelUri::Alias(name, alias) if alias.eq_ignore_ascii_case("latest") => {
                latest(tracking, &name, None).await?
            }
            ModelUri::Alias(name, alias) => {
                let found =
                    tracking.find_aliased_version(&ModelName::parse(&name)?, &alias).await?;
                found.ok_or_else(|| no_such_alias(&alias))?
            }
            ModelUri::Latest(name) => latest(tracking, &name, None).await?,
            ModelUri::Stage(name, stage) => latest(tracking, &name, Some(&stage)).await?,
        };
        let uri = version.download_uri().to_owned();
        Ok(ModelPlace { uri, model: ModelUri::Version(version.name, version.number.to_string()) })
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

async fn latest(tracking: &dyn Store, name: &str, stage: Option<&str>) -> Result<ModelVersion> {
    let wanted = stage.map(Stage::parse).transpose()?;
    let versions = tracking.latest_model_versions(&ModelName::parse(name)?).await?;
    let fits = |version: &ModelVersion| wanted.is_none_or(|wanted| version.stage == wanted);
    let newest = versions.into_iter().filter(fits).max_by_key(|version| version.number);
    let newest = newest.ok_or_else(|| {
        let stage = stage.map(|stage| format!(" and stage '{stage}'")).unwrap_or_default();
        Error::not_found(format!("No versions of model with name '{name}'{stage} found"))
    })?;
    // Lists of versions need not say where their files are.
    let id = VersionId::parse(name, &newest.number.to_string())?;
    Ok(tracking.find_model_version(&id).await?.unwrap_or(newest))
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
