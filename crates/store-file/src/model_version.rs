//! Versions of registered models, with their tags and stages. A deleted version keeps its folder, so
//! that its number is not used again.

use std::collections::HashMap;
use std::sync::Arc;

use oxflow_model::validate::json_text;
use oxflow_model::{
    Millis, ModelId, ModelName, ModelVersion, ModelVersionStatus, NewModelVersion, Result, RunId,
    Stage, Tag, VersionId, registry,
};

use crate::changes::Changes;
use crate::experiment::{by_key, meta, tags};
use crate::index::{folders, locked};
use crate::registered_model::{self, require, touch};
use crate::store::View;
use crate::tree::{Cached, Content, Look, Tree};
use crate::yaml::{Map, Node};
use crate::{logged_model, names, run_log};

/// The stage of deleted versions, which no client sees.
pub const DELETED: &str = "Deleted_Internal";
/// The tag of a logged model that lists the versions which publish it.
const VERSIONS_TAG: &str = "mlflow.modelVersions";
/// What the names of their folders begin with.
const PREFIX: &str = "version-";

/// In which order MLflow shows the latest versions of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatestOrder {
    /// By the oldest version that is in the same stage: where one model is asked for.
    FirstVersion,
    /// By the word of the stage: in searches.
    Stage,
}

/// What is known of a version.
#[derive(Debug, Default)]
pub struct VersionState {
    meta: Cached<Head>,
    tags: Tree<String>,
    shown: Option<Arc<FileVersion>>,
}

/// A version without aliases, and whether it was deleted.
#[derive(Clone, Debug)]
pub struct FileVersion {
    pub version: ModelVersion,
    pub model: ModelName,
    pub deleted: bool,
}

impl FileVersion {
    /// Which one it is.
    pub fn id(&self) -> VersionId {
        VersionId { model: self.model.clone(), number: self.version.number }
    }
}

#[derive(Debug)]
struct Head {
    version: ModelVersion,
    deleted: bool,
}

impl Content for Head {
    fn read(look: Look<'_>, path: &str, _: Option<Head>) -> Result<Option<Head>, String> {
        let Some(bytes) = look.folder.read(path).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        let map = Map::parse(&bytes)?;
        let stage = map.text("current_stage").unwrap_or_default();
        Ok(Some(Head {
            deleted: stage == DELETED,
            version: ModelVersion {
                name: String::new(),
                number: 0,
                created_at: Millis(map.int("creation_timestamp").unwrap_or(0)),
                updated_at: map.int("last_updated_timestamp").map(Millis),
                description: map.owned("description"),
                user_id: map.owned("user_id"),
                stage: Stage::from_word(stage),
                source: map.owned("source"),
                storage_location: map.owned("storage_location"),
                run_id: map.owned("run_id"),
                status: ModelVersionStatus::from_word(map.text("status").unwrap_or_default()),
                status_message: map.owned("status_message"),
                run_link: map.owned("run_link"),
                tags: Vec::new(),
                aliases: Vec::new(),
            },
        }))
    }
}

/// The folder of a version.
pub fn path(id: &VersionId) -> String {
    format!("{}/{PREFIX}{}", registered_model::path(id.model.as_str()), id.number)
}

/// A version, deleted or not; `None` if it is missing or broken.
fn at(view: &View<'_>, id: &VersionId) -> Option<Arc<FileVersion>> {
    if !names::is_name(id.model.as_str()) {
        return None;
    }
    let path = path(id);
    let slot = view.index().versions.at(&path);
    let found = view.through_gate(|look| {
        let mut state = locked(&slot);
        let state = &mut *state;
        let mut changed = state.meta.refresh(look, &format!("{path}/meta.yaml"));
        changed |= state.tags.refresh(look, &format!("{path}/tags"));
        if changed || state.shown.is_none() {
            state.shown = state.meta.value().map(|head| {
                Arc::new(FileVersion {
                    version: ModelVersion {
                        name: id.model.as_str().to_owned(),
                        number: id.number,
                        tags: tags(&state.tags),
                        ..head.version.clone()
                    },
                    model: id.model.clone(),
                    deleted: head.deleted,
                })
            });
        }
        state.shown.clone()
    });
    if found.is_none() && !view.look.folder.exists(&path) {
        view.index().versions.forget(&path);
    }
    found
}

/// The numbers of all versions of a model, deleted ones too.
fn numbers(view: &View<'_>, model: &str) -> Vec<i64> {
    let folders = folders(view, &registered_model::path(model));
    let number = |name: &String| {
        let number: i64 = name.strip_prefix(PREFIX)?.parse().ok()?;
        (format!("{PREFIX}{number}") == *name).then_some(number)
    };
    let mut numbers: Vec<i64> = folders.iter().filter_map(number).collect();
    numbers.sort_unstable();
    numbers
}

/// The versions of a model by number, without aliases.
pub fn all_of(view: &View<'_>, model: &str, deleted_too: bool) -> Vec<Arc<FileVersion>> {
    let Ok(model) = ModelName::parse(model) else { return Vec::new() };
    let numbers = numbers(view, model.as_str());
    let version = |number| at(view, &VersionId { model: model.clone(), number });
    let found = numbers.into_iter().filter_map(version);
    found.filter(|version| deleted_too || !version.deleted).collect()
}

fn must_be_there(view: &View<'_>, id: &VersionId) -> Result<Arc<FileVersion>> {
    at(view, id).filter(|version| !version.deleted).ok_or_else(|| id.not_found())
}

/// This version, with aliases.
pub fn find(view: &View<'_>, id: &VersionId) -> Option<ModelVersion> {
    let found = at(view, id).filter(|version| !version.deleted)?;
    // What is left behind without its model is not there.
    registered_model::head(view, id.model.as_str())?;
    Some(with_aliases(view, &found.version))
}

fn with_aliases(view: &View<'_>, version: &ModelVersion) -> ModelVersion {
    let model = registered_model::head(view, &version.name);
    let aliases = model.iter().flat_map(|model| &model.aliases);
    let own = aliases.filter(|alias| alias.version == version.number);
    ModelVersion { aliases: own.map(|alias| alias.alias.clone()).collect(), ..version.clone() }
}

/// The newest version of each stage of a model, without aliases.
pub fn latest_of(view: &View<'_>, model: &str, order: LatestOrder) -> Vec<ModelVersion> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut latest: HashMap<Stage, Arc<FileVersion>> = HashMap::new();
    for version in all_of(view, model, false) {
        let stage = version.version.stage;
        if latest.insert(stage, version).is_none() {
            stages.push(stage);
        }
    }
    if order == LatestOrder::Stage {
        stages.sort_by_key(|stage| stage.as_str());
    }
    stages.iter().filter_map(|stage| Some(latest.get(stage)?.version.clone())).collect()
}

/// The newest version of each stage of a model, with aliases.
pub fn latest_with_aliases(view: &View<'_>, name: &ModelName) -> Result<Vec<ModelVersion>> {
    require(view, name)?;
    let latest = latest_of(view, name.as_str(), LatestOrder::FirstVersion);
    Ok(latest.iter().map(|version| with_aliases(view, version)).collect())
}

/// Creates the next version.
pub fn create(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    new: &NewModelVersion,
    now: Millis,
) -> Result<ModelVersion> {
    touch(view, changes, &new.model, now)?;
    let number = numbers(view, new.model.as_str()).last().map_or(1, |last| last + 1);
    let id = VersionId { model: new.model.clone(), number };
    if let Some(model) = &new.logged_model {
        note_in_logged_model(view, changes, model, &id)?;
    }
    let (base, path) = (registered_model::path(new.model.as_str()), path(&id));
    let tags = by_key(registry::last_wins(new.tags.clone()));
    for tag in &tags {
        names::check_key(&tag.key)?;
        changes.put(&base, &format!("{path}/tags/{}", tag.key), tag.value.as_bytes())?;
    }
    let run_id = new.run_id.as_ref().map(RunId::as_str);
    let meta = Map::from([
        ("creation_timestamp", now.0.into()),
        ("current_stage", Stage::None.as_str().into()),
        ("deployment_job_state", Node::null()),
        ("description", (&new.description).into()),
        ("last_updated_timestamp", now.0.into()),
        ("model_id", new.logged_model.as_ref().map(ModelId::as_str).into()),
        ("name", new.model.as_str().into()),
        ("run_id", run_id.into()),
        ("run_link", (&new.run_link).into()),
        ("source", (&new.source).into()),
        ("status", ModelVersionStatus::Ready.as_str().into()),
        ("status_message", Node::null()),
        ("storage_location", (&new.storage_location).into()),
        ("user_id", Node::null()),
        ("version", number.into()),
        ("workspace", "default".into()),
    ]);
    changes.put_meta(&base, &path, &meta)?;
    Ok(ModelVersion {
        name: new.model.as_str().to_owned(),
        number,
        created_at: now,
        updated_at: Some(now),
        description: Some(new.description.clone()),
        user_id: None,
        stage: Stage::None,
        source: Some(new.source.clone()),
        storage_location: Some(new.storage_location.clone()),
        run_id: run_id.map(str::to_owned),
        status: ModelVersionStatus::Ready,
        status_message: None,
        run_link: Some(new.run_link.clone()),
        tags,
        aliases: Vec::new(),
    })
}

/// Adds a version to the list in a tag of the logged model that it publishes. What is no list is
/// replaced: people can write to that tag.
fn note_in_logged_model(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    model: &ModelId,
    id: &VersionId,
) -> Result<()> {
    let (path, found) = logged_model::published(view, model)?;
    let entry =
        format!("{{\"name\": {}, \"version\": {}}}", json_text(id.model.as_str()), id.number);
    let old = found.tags.iter().find(|tag| tag.key == VERSIONS_TAG);
    let list = old.and_then(|old| run_log::with_item(&old.value, &entry));
    let list = list.unwrap_or_else(|| format!("[{entry}]"));
    logged_model::put_tags(changes, &path, &[Tag::new(VERSIONS_TAG, list)])
}

/// Changes the `meta.yaml` of a version.
fn change(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    id: &VersionId,
    now: Millis,
    set: impl FnOnce(&mut Map),
) -> Result<()> {
    let path = path(id);
    let mut meta = meta(view, &path)?;
    set(&mut meta);
    meta.set("last_updated_timestamp", now.0.into());
    changes.put_meta(&registered_model::path(id.model.as_str()), &path, &meta)
}

/// Sets or removes the description.
pub fn describe(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    id: &VersionId,
    description: Option<&str>,
    now: Millis,
) -> Result<ModelVersion> {
    let mut version = find(view, id).ok_or_else(|| id.not_found())?;
    change(view, changes, id, now, |meta| meta.set("description", description.into()))?;
    version.description = description.map(str::to_owned);
    version.updated_at = Some(now);
    Ok(version)
}

/// Moves a version to a stage and, if wanted, all others in that stage to the archive.
pub fn transition(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    id: &VersionId,
    stage: Stage,
    archive_others: bool,
    now: Millis,
) -> Result<ModelVersion> {
    let mut version = find(view, id).ok_or_else(|| id.not_found())?;
    let to = |stage: Stage| move |meta: &mut Map| meta.set("current_stage", stage.as_str().into());
    change(view, changes, id, now, to(stage))?;
    if archive_others {
        for other in all_of(view, id.model.as_str(), false) {
            if other.version.stage == stage && other.version.number != id.number {
                change(view, changes, &other.id(), now, to(Stage::Archived))?;
            }
        }
    }
    touch(view, changes, &id.model, now)?;
    version.stage = stage;
    version.updated_at = Some(now);
    Ok(version)
}

/// Deletes a version: it and its aliases are not found any more, its folder stays, as in MLflow.
pub fn delete(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    id: &VersionId,
    now: Millis,
) -> Result<()> {
    must_be_there(view, id)?;
    change(view, changes, id, now, |meta| meta.set("current_stage", DELETED.into()))?;
    let model = require(view, &id.model)?;
    for alias in model.aliases.iter().filter(|alias| alias.version == id.number) {
        changes.remove(&format!("{}/aliases/{}", registered_model::path(&model.name), alias.alias));
    }
    touch(view, changes, &id.model, now)
}

/// Sets a tag.
pub fn set_tag(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    id: &VersionId,
    tag: &Tag,
) -> Result<()> {
    must_be_there(view, id)?;
    names::check_key(&tag.key)?;
    let target = format!("{}/tags/{}", path(id), tag.key);
    changes.put(&registered_model::path(id.model.as_str()), &target, tag.value.as_bytes())
}

/// Removes a tag, if it is there.
pub fn delete_tag(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    id: &VersionId,
    key: &str,
) -> Result<()> {
    let found = must_be_there(view, id)?;
    if found.version.tags.iter().any(|tag| tag.key == key) {
        changes.remove(&format!("{}/tags/{key}", path(id)));
    }
    Ok(())
}
