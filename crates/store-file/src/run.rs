//! Runs: their life.

use std::sync::Arc;

use async_trait::async_trait;
use oxflow_model::uri::append_path;
use oxflow_model::{
    DatasetInput, Error, ErrorCode, IdSource, LifecycleStage, LogBatch, LoggedModelInput,
    LoggedModelOutput, Millis, NewRun, Page, Param, RUN_NAME_TAG, Result, Run, RunChange, RunId,
    RunInfo, RunStatus, Tag, registry,
};
use oxflow_store::{RunSearch, RunStore};

use crate::changes::Changes;
use crate::dataset::{self, no_such_run};
use crate::run_state::{self, find_info, require_active, status_number};
use crate::store::{FileStore, View};
use crate::{experiment, names, run_log, run_search};

#[async_trait]
impl RunStore for FileStore {
    async fn create_run(&self, new: NewRun) -> Result<Run> {
        self.write(move |view, changes| create(view, changes, &new)).await
    }

    async fn find_run(&self, id: &RunId) -> Result<Option<Run>> {
        let id = id.clone();
        self.read(move |view| {
            let Some((place, run)) = run_state::find(view, &id) else { return Ok(None) };
            let datasets = match run.dataset_edges.is_empty() {
                true => Arc::default(),
                false => dataset::of_experiment(view, place.experiment_path()),
            };
            Ok(Some(run.to_run(&datasets)))
        })
        .await
    }

    async fn find_run_info(&self, id: &RunId) -> Result<Option<RunInfo>> {
        let id = id.clone();
        self.read(move |view| {
            let found = find_info(view, &id).map(|(_, info)| info);
            Ok(match found {
                // It may have one in a tag.
                Some(info) if info.name.is_empty() => {
                    run_state::find(view, &id).map(|(_, run)| run.info.clone())
                }
                found => found,
            })
        })
        .await
    }

    async fn update_run(&self, id: &RunId, change: RunChange) -> Result<RunInfo> {
        let id = id.clone();
        self.write(move |view, changes| update(view, changes, &id, &change)).await
    }

    async fn delete_run(&self, id: &RunId, now: Millis) -> Result<()> {
        let id = id.clone();
        self.write(move |view, changes| set_stage(view, changes, &id, Some(now))).await
    }

    async fn restore_run(&self, id: &RunId) -> Result<()> {
        let id = id.clone();
        self.write(move |view, changes| set_stage(view, changes, &id, None)).await
    }

    async fn log_param(&self, id: &RunId, param: Param) -> Result<()> {
        let id = id.clone();
        self.write(move |view, changes| run_log::param(view, changes, &id, &param)).await
    }

    async fn set_tag(&self, id: &RunId, tag: Tag) -> Result<()> {
        let id = id.clone();
        let batch = LogBatch { tags: vec![tag], ..LogBatch::default() };
        self.write(move |view, changes| run_log::batch(view, changes, &id, batch)).await
    }

    async fn delete_tag(&self, id: &RunId, key: &str) -> Result<()> {
        let (id, key) = (id.clone(), key.to_owned());
        self.write(move |view, changes| {
            let (place, _) = require_active(view, &id)?;
            let path = format!("{}/tags/{key}", place.path);
            if !names::is_key(&key) || !view.look.folder.is_file(&path) {
                return Err(Error::not_found(format!(
                    "No tag with name: {key} in run with id {id}"
                )));
            }
            changes.remove(&path);
            Ok(())
        })
        .await
    }

    async fn log_batch(&self, id: &RunId, batch: LogBatch) -> Result<()> {
        let id = id.clone();
        self.write(move |view, changes| run_log::batch(view, changes, &id, batch)).await
    }

    async fn log_inputs(
        &self,
        id: &RunId,
        datasets: Vec<DatasetInput>,
        models: Vec<LoggedModelInput>,
        _ids: &dyn IdSource,
    ) -> Result<()> {
        let id = id.clone();
        self.write(move |view, changes| {
            let (place, _) = require_active(view, &id)?;
            dataset::log_inputs(view, changes, &place, &datasets, &models)
        })
        .await
    }

    async fn log_outputs(
        &self,
        id: &RunId,
        models: Vec<LoggedModelOutput>,
        _ids: &dyn IdSource,
    ) -> Result<()> {
        let id = id.clone();
        self.write(move |view, changes| {
            let (place, _) = require_active(view, &id)?;
            dataset::log_outputs(view, changes, &place, &models)
        })
        .await
    }

    async fn append_model_history(&self, id: &RunId, model: String) -> Result<()> {
        let id = id.clone();
        self.write(move |view, changes| run_log::model_history(view, changes, &id, &model)).await
    }

    async fn search_runs(&self, search: RunSearch) -> Result<Page<Run>> {
        self.read(move |view| Ok(run_search::search(view, &search))).await
    }
}

fn create(view: &View<'_>, changes: &mut Changes<'_>, new: &NewRun) -> Result<Run> {
    let experiment = experiment::require_active(view, new.experiment_id)?;
    names::check_id("run id", new.id.as_str())?;
    let base = new.experiment_id.to_string();
    let path = format!("{base}/{}", new.id);
    if run_state::place(view, &new.id).is_some() || view.look.folder.exists(&path) {
        return Err(Error::new(
            ErrorCode::BadRequest,
            format!("Run with id={} already exists.", new.id),
        ));
    }
    let suffix = format!("{}/artifacts", new.id);
    let info = RunInfo {
        id: new.id.clone(),
        experiment_id: new.experiment_id,
        name: new.name.clone(),
        user_id: new.user_id.clone(),
        status: RunStatus::Running,
        started_at: Some(new.started_at),
        ended_at: None,
        artifact_uri: append_path(&experiment.artifact_location, &suffix),
        lifecycle_stage: LifecycleStage::Active,
    };
    // Stock MLflow finds a run only if it has these.
    for folder in ["metrics", "params", "artifacts"] {
        changes.folder(&format!("{path}/{folder}"));
    }
    let tags = experiment::by_key(registry::last_wins(new.tags.clone()));
    for tag in &tags {
        names::check_key(&tag.key)?;
        changes.put(&base, &format!("{path}/tags/{}", tag.key), tag.value.as_bytes())?;
    }
    // The last one: a folder without it is no run.
    changes.put_meta(&base, &path, &run_state::new_meta(&info))?;
    Ok(Run {
        info,
        metrics: Vec::new(),
        params: Vec::new(),
        tags,
        dataset_inputs: Vec::new(),
        model_inputs: Vec::new(),
        model_outputs: Vec::new(),
    })
}

fn update(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    id: &RunId,
    change: &RunChange,
) -> Result<RunInfo> {
    let (place, mut info) = require_active(view, id)?;
    let mut meta = experiment::meta(view, &place.path)?;
    if let Some(status) = change.status {
        meta.set("status", status_number(status).into());
        info.status = status;
    }
    if let Some(ended_at) = change.ended_at {
        meta.set("end_time", ended_at.0.into());
        info.ended_at = Some(ended_at);
    }
    if let Some(name) = change.name.as_ref().filter(|name| !name.is_empty()) {
        meta.set("run_name", name.into());
        let tag = format!("{}/tags/{RUN_NAME_TAG}", place.path);
        changes.put(&place.path, &tag, name.as_bytes())?;
        info.name.clone_from(name);
    }
    changes.put_meta(&place.path, &place.path, &meta)?;
    Ok(info)
}

fn set_stage(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    id: &RunId,
    deleted_at: Option<Millis>,
) -> Result<()> {
    let (place, info) = find_info(view, id).ok_or_else(|| no_such_run(id))?;
    if deleted_at.is_none() && info.lifecycle_stage == LifecycleStage::Active {
        return Ok(());
    }
    let mut meta = experiment::meta(view, &place.path)?;
    run_state::set_stage(&mut meta, deleted_at);
    changes.put_meta(&place.path, &place.path, &meta)
}
