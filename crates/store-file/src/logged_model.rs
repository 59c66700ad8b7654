//! Logged models with their tags and params.

use std::sync::Arc;

use async_trait::async_trait;
use oxflow_model::uri::append_path;
use oxflow_model::{
    Error, ErrorCode, ExperimentId, LifecycleStage, LoggedModel, LoggedModelStatus, Metric, Millis,
    ModelId, NewLoggedModel, Page, Param, Result, Tag, registry,
};
use oxflow_store::{LoggedModelSearch, LoggedModelStore};

use crate::changes::Changes;
use crate::experiment::{self, by_key, tags};
use crate::index::{locate, locked};
use crate::points::ModelPoints;
use crate::store::{FileStore, View};
use crate::tree::{Cached, Content, Look, Tree};
use crate::yaml::{Map, Node};
use crate::{logged_model_search, names};

/// What is known of a logged model.
#[derive(Debug, Default)]
pub struct ModelState {
    meta: Cached<Head>,
    metrics: Tree<ModelPoints>,
    params: Tree<String>,
    tags: Tree<String>,
    shown: Option<Arc<FileModel>>,
}

/// A logged model, and whether it was deleted.
#[derive(Clone, Debug)]
pub struct FileModel {
    pub model: LoggedModel,
    pub deleted: bool,
}

#[derive(Debug)]
struct Head(FileModel);

impl Content for Head {
    fn read(look: Look<'_>, path: &str, _: Option<Head>) -> Result<Option<Head>, String> {
        let Some(bytes) = look.folder.read(path).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        let map = Map::parse(&bytes)?;
        let id = map.text("model_id").unwrap_or_default();
        if id != names::folder_of_meta(path) {
            return Err(format!("it belongs to the model '{id}'"));
        }
        let time = |key: &str| Millis(map.int(key).unwrap_or(0));
        let status = map.int("status").and_then(LoggedModelStatus::from_number);
        let stage = LifecycleStage::from_word(map.text("lifecycle_stage").unwrap_or_default());
        let model = LoggedModel {
            id: ModelId::new(id),
            experiment_id: ExperimentId(map.int("experiment_id").ok_or("it has no experiment_id")?),
            name: map.owned("name").unwrap_or_default(),
            artifact_location: map.owned("artifact_location").unwrap_or_default(),
            created_at: time("creation_timestamp"),
            updated_at: time("last_updated_timestamp"),
            status: status.unwrap_or(LoggedModelStatus::Unspecified),
            status_message: map.owned("status_message"),
            model_type: map.owned("model_type"),
            source_run_id: map.owned("source_run_id"),
            tags: Vec::new(),
            params: Vec::new(),
            metrics: Vec::new(),
        };
        Ok(Some(Head(FileModel { model, deleted: stage == LifecycleStage::Deleted })))
    }
}

/// The message for a logged model that is not there.
pub fn not_found(id: &str) -> Error {
    Error::not_found(format!("Logged model with ID '{id}' not found."))
}

/// The logged model in a folder; `None` if it is none of this experiment, or broken.
pub fn at(view: &View<'_>, experiment: ExperimentId, path: &str) -> Option<Arc<FileModel>> {
    let slot = view.index().logged_models.at(path);
    let found = view.through_gate(|look| {
        let mut state = locked(&slot);
        let state = &mut *state;
        let mut changed = state.meta.refresh(look, &format!("{path}/meta.yaml"));
        changed |= state.metrics.refresh(look, &format!("{path}/metrics"));
        changed |= state.params.refresh(look, &format!("{path}/params"));
        changed |= state.tags.refresh(look, &format!("{path}/tags"));
        if changed || state.shown.is_none() {
            state.shown = state.meta.value().map(|head| Arc::new(show(&head.0, state)));
        }
        state.shown.clone().filter(|shown| shown.model.experiment_id == experiment)
    });
    if found.is_none() && !view.look.folder.exists(path) {
        view.index().logged_models.forget(path);
    }
    found
}

fn show(head: &FileModel, state: &ModelState) -> FileModel {
    let param = |(key, value): (&str, &String)| Param { key: key.to_owned(), value: value.clone() };
    let id = head.model.id.as_str();
    let points = |(key, points): (&str, &ModelPoints)| -> Vec<Metric> {
        let named = |point: &Metric| Metric {
            key: key.to_owned(),
            model_id: Some(id.to_owned()),
            ..point.clone()
        };
        points.0.iter().map(named).collect()
    };
    FileModel {
        deleted: head.deleted,
        model: LoggedModel {
            tags: tags(&state.tags),
            params: state.params.iter().map(param).collect(),
            metrics: state.metrics.iter().flat_map(points).collect(),
            ..head.model.clone()
        },
    }
}

/// Where the logged model with this id is, deleted or not.
pub fn place(view: &View<'_>, id: &str) -> Option<(ExperimentId, String)> {
    if !names::is_id(id) {
        return None;
    }
    locate(view, id, |experiment| format!("{experiment}/models/{id}"))
}

fn find(view: &View<'_>, id: &ModelId) -> Option<(String, Arc<FileModel>)> {
    let (experiment, path) = place(view, id.as_str())?;
    let found = at(view, experiment, &path)?;
    Some((path, found))
}

/// The model that a call changes. Deleted ones may be: who deletes a model on a page does not mean
/// to stop the training that still logs to it.
fn must_find(view: &View<'_>, id: &ModelId) -> Result<(String, Arc<FileModel>)> {
    find(view, id).ok_or_else(|| not_found(id.as_str()))
}

#[async_trait]
impl LoggedModelStore for FileStore {
    async fn create_logged_model(&self, new: NewLoggedModel, now: Millis) -> Result<LoggedModel> {
        self.write(move |view, changes| create(view, changes, new, now)).await
    }

    async fn find_logged_model(
        &self,
        id: &ModelId,
        deleted_too: bool,
    ) -> Result<Option<LoggedModel>> {
        let id = id.clone();
        self.read(move |view| {
            let found = find(view, &id).map(|(_, found)| found);
            let found = found.filter(|found| deleted_too || !found.deleted);
            Ok(found.map(|found| found.model.clone()))
        })
        .await
    }

    async fn finalize_logged_model(
        &self,
        id: &ModelId,
        status: LoggedModelStatus,
        now: Millis,
    ) -> Result<LoggedModel> {
        let id = id.clone();
        self.write(move |view, changes| {
            let (path, found) = must_find(view, &id)?;
            let mut meta = experiment::meta(view, &path)?;
            meta.set("status", i64::from(status as i32).into());
            meta.set("last_updated_timestamp", now.0.into());
            changes.put_meta(&path, &path, &meta)?;
            Ok(LoggedModel { status, updated_at: now, ..found.model.clone() })
        })
        .await
    }

    async fn delete_logged_model(&self, id: &ModelId, now: Millis) -> Result<()> {
        let id = id.clone();
        self.write(move |view, changes| {
            let (path, _) = must_find(view, &id)?;
            let mut meta = experiment::meta(view, &path)?;
            meta.set("lifecycle_stage", LifecycleStage::Deleted.as_str().into());
            meta.set("last_updated_timestamp", now.0.into());
            changes.put_meta(&path, &path, &meta)
        })
        .await
    }

    async fn set_logged_model_tags(&self, id: &ModelId, tags: Vec<Tag>) -> Result<LoggedModel> {
        let id = id.clone();
        self.write(move |view, changes| {
            let (path, found) = must_find(view, &id)?;
            let mut model = found.model.clone();
            put_tags(changes, &path, &tags)?;
            model.tags.extend(tags);
            model.tags = by_key(registry::last_wins(model.tags));
            Ok(model)
        })
        .await
    }

    async fn delete_logged_model_tag(&self, id: &ModelId, key: &str) -> Result<()> {
        let (id, key) = (id.clone(), key.to_owned());
        self.write(move |view, changes| {
            let (path, _) = must_find(view, &id)?;
            let path = format!("{path}/tags/{key}");
            if !names::is_key(&key) || !view.look.folder.is_file(&path) {
                return Err(Error::not_found(format!(
                    "No tag with key '{key}' found for model with ID '{id}'."
                )));
            }
            changes.remove(&path);
            Ok(())
        })
        .await
    }

    async fn log_logged_model_params(&self, id: &ModelId, params: Vec<Param>) -> Result<()> {
        let id = id.clone();
        self.write(move |view, changes| {
            let (path, found) = must_find(view, &id)?;
            put_params(changes, &path, &path, &found.model.params, &params)
        })
        .await
    }

    async fn search_logged_models(&self, search: LoggedModelSearch) -> Result<Page<LoggedModel>> {
        self.read(move |view| Ok(logged_model_search::search(view, &search))).await
    }
}

/// Sets tags of a logged model, the last of a key.
pub fn put_tags(changes: &mut Changes<'_>, path: &str, tags: &[Tag]) -> Result<()> {
    put_tags_from(changes, path, path, tags)
}

fn put_tags_from(changes: &mut Changes<'_>, base: &str, path: &str, tags: &[Tag]) -> Result<()> {
    for tag in registry::last_wins(tags.to_vec()) {
        names::check_key(&tag.key)?;
        changes.put(base, &format!("{path}/tags/{}", tag.key), tag.value.as_bytes())?;
    }
    Ok(())
}

fn put_params(
    changes: &mut Changes<'_>,
    base: &str,
    path: &str,
    old: &[Param],
    params: &[Param],
) -> Result<()> {
    for (n, param) in params.iter().enumerate() {
        names::check_key(&param.key)?;
        if old.iter().chain(&params[..n]).any(|other| other.key == param.key) {
            return Err(Error::new(
                ErrorCode::BadRequest,
                format!("The param '{}' was already logged for this model.", param.key),
            ));
        }
        changes.put(base, &format!("{path}/params/{}", param.key), param.value.as_bytes())?;
    }
    Ok(())
}

fn create(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    new: NewLoggedModel,
    now: Millis,
) -> Result<LoggedModel> {
    let experiment = experiment::require_active(view, new.experiment_id)?;
    names::check_id("model id", new.id.as_str())?;
    let base = new.experiment_id.to_string();
    let path = format!("{base}/models/{}", new.id);
    if place(view, new.id.as_str()).is_some() || view.look.folder.exists(&path) {
        return Err(Error::new(
            ErrorCode::BadRequest,
            format!("Logged model with ID '{}' already exists.", new.id),
        ));
    }
    let suffix = format!("models/{}/artifacts", new.id);
    let location = append_path(&experiment.artifact_location, &suffix);
    for folder in ["metrics", "params"] {
        changes.folder(&format!("{path}/{folder}"));
    }
    put_params(changes, &base, &path, &[], &new.params)?;
    put_tags_from(changes, &base, &path, &new.tags)?;
    let status = LoggedModelStatus::Pending;
    let meta = Map::from([
        ("artifact_location", (&location).into()),
        ("creation_timestamp", now.0.into()),
        ("experiment_id", (&base).into()),
        ("last_updated_timestamp", now.0.into()),
        ("lifecycle_stage", "active".into()),
        ("model_id", new.id.as_str().into()),
        ("model_type", new.model_type.as_ref().into()),
        ("name", (&new.name).into()),
        ("source_run_id", new.source_run_id.as_ref().into()),
        ("status", i64::from(status as i32).into()),
        ("status_message", Node::null()),
    ]);
    changes.put_meta(&base, &path, &meta)?;
    Ok(LoggedModel {
        id: new.id,
        experiment_id: new.experiment_id,
        name: new.name,
        artifact_location: location,
        created_at: now,
        updated_at: now,
        status,
        status_message: None,
        model_type: new.model_type,
        source_run_id: new.source_run_id,
        tags: by_key(registry::last_wins(new.tags)),
        params: new.params,
        metrics: Vec::new(),
    })
}

/// The logged model that a version of the registry publishes: with its folder, if it is not
/// deleted.
pub fn published(view: &View<'_>, id: &ModelId) -> Result<(String, LoggedModel)> {
    let (path, found) = must_find(view, id)?;
    if found.deleted { Err(not_found(id.as_str())) } else { Ok((path, found.model.clone())) }
}
