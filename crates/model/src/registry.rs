//! The model registry: registered models, their versions, and what people call them by. Prompts
//! are registered models with a tag that says so.

use std::fmt;

use crate::search::IS_PROMPT_TAG;
use crate::validate::{self, python_repr};
use crate::{Error, Millis, ModelId, Result, RunId, Tag};

/// The tag that holds the text of a prompt version.
pub const PROMPT_TEXT_TAG: &str = "mlflow.prompt.text";
/// What prompt versions have for a source; they have no files.
pub const PROMPT_SOURCES: [&str; 2] = ["dummy-source", "prompt-template"];

/// The name of a registered model.
///
/// Invariant: not blank, without `/` and `:`, and the same when taken for a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelName(String);

impl ModelName {
    /// Reads a name as a client sent it.
    pub fn parse(raw: &str) -> Result<ModelName> {
        validate::check_registered_model_name("name", raw)?;
        Ok(ModelName(raw.to_owned()))
    }

    /// Reads the name that a model is to have from now on.
    pub fn parse_new(raw: &str) -> Result<ModelName> {
        validate::check_registered_model_name("new_name", raw)?;
        Ok(ModelName(raw.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names one version of one registered model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionId {
    /// The model.
    pub model: ModelName,
    /// The number; the first is 1, and none is used twice.
    pub number: i64,
}

impl VersionId {
    /// Reads the wire form: a name and a decimal text. MLflow accepts whatever Python's `int()`
    /// does, blanks around it too.
    pub fn parse(name: &str, version: &str) -> Result<VersionId> {
        VersionId::of(ModelName::parse(name)?, version)
    }

    /// As [`VersionId::parse`], with a name that is known to be good.
    pub fn of(model: ModelName, version: &str) -> Result<VersionId> {
        let number = version.trim().parse().map_err(|_| {
            Error::invalid(format!(
                "Parameter 'version' must be an integer, got {}.",
                python_repr(version)
            ))
        })?;
        Ok(VersionId { model, number })
    }

    /// The error for a version that is not there, or deleted.
    pub fn not_found(&self) -> Error {
        let VersionId { model, number } = self;
        Error::not_found(format!("Model Version (name={model}, version={number}) not found"))
    }
}

/// How far a version has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Nobody said.
    None,
    /// Being tried.
    Staging,
    /// In use.
    Production,
    /// No longer in use.
    Archived,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Stage; 4] = [Stage::None, Stage::Staging, Stage::Production, Stage::Archived];

    /// The word used by the wire and the databases.
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage::None => "None",
            Stage::Staging => "Staging",
            Stage::Production => "Production",
            Stage::Archived => "Archived",
        }
    }

    /// Reads a stage as a client spelled it, in any case of letters.
    pub fn parse(raw: &str) -> Result<Stage> {
        let lower = raw.to_lowercase();
        let found = Stage::ALL.into_iter().find(|stage| stage.as_str().to_lowercase() == lower);
        found.ok_or_else(|| {
            Error::invalid(format!(
                "Invalid Model Version stage: {raw}. Value must be one of {}.",
                Stage::ALL.map(Stage::as_str).join(", ")
            ))
        })
    }

    /// Reads the word of a database; an unknown one counts as none.
    pub fn from_word(word: &str) -> Stage {
        Stage::ALL.into_iter().find(|stage| stage.as_str() == word).unwrap_or(Stage::None)
    }

    /// Whether versions in this stage are in use, so that a new one may replace them.
    pub const fn is_active(self) -> bool {
        matches!(self, Stage::Staging | Stage::Production)
    }
}

/// Whether the files of a version are complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModelVersionStatus {
    /// Being copied. Only databases that something else wrote to have this.
    PendingRegistration,
    /// The copy broke off.
    FailedRegistration,
    /// Complete.
    Ready,
}

impl ModelVersionStatus {
    /// Every status.
    pub const ALL: [ModelVersionStatus; 3] = [
        ModelVersionStatus::PendingRegistration,
        ModelVersionStatus::FailedRegistration,
        ModelVersionStatus::Ready,
    ];

    /// The word used by the wire and the databases.
    pub const fn as_str(self) -> &'static str {
        match self {
            ModelVersionStatus::PendingRegistration => "PENDING_REGISTRATION",
            ModelVersionStatus::FailedRegistration => "FAILED_REGISTRATION",
            ModelVersionStatus::Ready => "READY",
        }
    }

    /// Reads the word of a database; an unknown one counts as ready.
    pub fn from_word(word: &str) -> ModelVersionStatus {
        let found = ModelVersionStatus::ALL.into_iter().find(|status| status.as_str() == word);
        found.unwrap_or(ModelVersionStatus::Ready)
    }
}

/// A registered model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredModel {
    /// Its name, which is also its id.
    pub name: String,
    /// When it was created.
    pub created_at: Millis,
    /// When it, or what versions it has, was last changed.
    pub updated_at: Option<Millis>,
    /// What people wrote about it.
    pub description: Option<String>,
    /// The newest version of each stage, without aliases.
    pub latest_versions: Vec<ModelVersion>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Its aliases.
    pub aliases: Vec<ModelAlias>,
}

impl RegisteredModel {
    /// Whether this is a prompt.
    pub fn is_prompt(&self) -> bool {
        is_prompt(&self.tags)
    }
}

/// A name that stands for one version of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelAlias {
    /// The name.
    pub alias: String,
    /// The number of the version.
    pub version: i64,
}

/// A version of a registered model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelVersion {
    /// The name of the model.
    pub name: String,
    /// The number of the version.
    pub number: i64,
    /// When it was created.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Option<Millis>,
    /// What people wrote about it; absent after an update that said nothing.
    pub description: Option<String>,
    /// Who created it; nobody fills this in.
    pub user_id: Option<String>,
    /// How far it has come.
    pub stage: Stage,
    /// Where its files were said to be.
    pub source: Option<String>,
    /// Where its files are, if `source` is only a reference.
    pub storage_location: Option<String>,
    /// The run that made it; empty if none was said.
    pub run_id: Option<String>,
    /// Whether its files are complete.
    pub status: ModelVersionStatus,
    /// Why they are not.
    pub status_message: Option<String>,
    /// Address of the page of its run; empty if none was said.
    pub run_link: Option<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// What stands for it, where the wire shows it.
    pub aliases: Vec<String>,
}

impl ModelVersion {
    /// Where clients fetch the files from.
    pub fn download_uri(&self) -> &str {
        let stored = self.storage_location.as_ref().filter(|uri| !uri.is_empty());
        stored.or(self.source.as_ref()).map_or("", String::as_str)
    }
}

/// What is needed to register a model.
#[derive(Clone, Debug)]
pub struct NewRegisteredModel {
    /// Its name; must be free.
    pub name: ModelName,
    /// What people wrote about it.
    pub description: String,
    /// Tags to start with, no key twice.
    pub tags: Vec<Tag>,
}

/// What is needed to create a version.
#[derive(Clone, Debug)]
pub struct NewModelVersion {
    /// The model; must exist.
    pub model: ModelName,
    /// Where the files were said to be.
    pub source: String,
    /// Where they are.
    pub storage_location: String,
    /// The run that made them.
    pub run_id: Option<RunId>,
    /// The logged model that this version publishes; it gets to know of the version.
    pub logged_model: Option<ModelId>,
    /// Address of the page of the run.
    pub run_link: String,
    /// What people wrote about it.
    pub description: String,
    /// Tags to start with, no key twice.
    pub tags: Vec<Tag>,
}

/// Whether tags are those of a prompt.
pub fn is_prompt(tags: &[Tag]) -> bool {
    let last = tags.iter().rev().find(|tag| tag.key == IS_PROMPT_TAG);
    last.is_some_and(|tag| tag.value.eq_ignore_ascii_case("true"))
}

/// Keeps the last value of each key, at the place of the first.
pub fn last_wins(tags: Vec<Tag>) -> Vec<Tag> {
    let mut kept: Vec<Tag> = Vec::with_capacity(tags.len());
    let mut places = std::collections::HashMap::new();
    for tag in tags {
        match places.get(&tag.key) {
            Some(&at) => {
                let kept: &mut Tag = &mut kept[at];
                kept.value = tag.value;
            }
            None => {
                places.insert(tag.key.clone(), kept.len());
                kept.push(tag);
            }
        }
    }
    kept
}

/// The error for a registered model that is not there.
pub fn no_such_model(name: &ModelName) -> Error {
    Error::not_found(format!("Registered Model with name={name} not found"))
}

/// The error for an alias that is not there; MLflow does not answer 404 here.
pub fn no_such_alias(alias: &str) -> Error {
    Error::invalid(format!("Registered model alias {alias} not found."))
}

/// The error for a name that is taken. Models and prompts share one space of names.
pub fn name_taken(name: &ModelName, by_prompt: bool, wanted_for_prompt: bool) -> Error {
    let what = |prompt| if prompt { "Prompt" } else { "Registered Model" };
    let (old, new) = (what(by_prompt), what(wanted_for_prompt));
    if old == new {
        return Error::already_exists(format!("{new} (name={name}) already exists."));
    }
    Error::already_exists(format!(
        "Tried to create a {} with name {}, but the name is already taken by a {}. MLflow does not \
         allow creating a model and a prompt with the same name.",
        new.to_lowercase(),
        python_repr(name.as_str()),
        old.to_lowercase()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_numbers_are_read_as_python_does() {
        for (raw, number) in [("1", 1), (" 7 ", 7), ("+3", 3), ("-1", -1), ("007", 7)] {
            assert_eq!(VersionId::parse("m", raw).unwrap().number, number);
        }
        let error = VersionId::parse("m", "abc").unwrap_err();
        assert_eq!(error.message(), "Parameter 'version' must be an integer, got 'abc'.");
        assert!(VersionId::parse("m", "99999999999999999999").is_err());
    }

    #[test]
    fn stages_are_read_in_any_case() {
        assert_eq!(Stage::parse("pRoduction").unwrap(), Stage::Production);
        assert_eq!(
            Stage::parse("Foo").unwrap_err().message(),
            "Invalid Model Version stage: Foo. Value must be one of None, Staging, Production, \
             Archived."
        );
    }

    #[test]
    fn the_last_of_two_tags_counts() {
        let tags = [("a", "1"), ("b", "2"), ("a", "3")].map(|(key, value)| Tag::new(key, value));
        assert_eq!(last_wins(tags.to_vec()), [Tag::new("a", "3"), Tag::new("b", "2")]);
        let prompt = |values: &[&str]| {
            let tags: Vec<Tag> = values.iter().map(|v| Tag::new(IS_PROMPT_TAG, *v)).collect();
            is_prompt(&tags)
        };
        assert!(prompt(&["false", "True"]) && !prompt(&["true", "no"]) && !prompt(&[]));
    }

    #[test]
    fn a_taken_name_says_by_what() {
        let name = ModelName::parse("m").unwrap();
        let message = |old, new| name_taken(&name, old, new).message().to_owned();
        assert_eq!(message(false, false), "Registered Model (name=m) already exists.");
        assert_eq!(message(true, true), "Prompt (name=m) already exists.");
        assert_eq!(
            message(true, false),
            "Tried to create a registered model with name 'm', but the name is already taken by a \
             prompt. MLflow does not allow creating a model and a prompt with the same name."
        );
    }
}
