//! The bin, and what leaves it for good.

use std::sync::Arc;

use async_trait::async_trait;
use oxflow_model::{
    Error, ErrorCode, ExperimentId, LifecycleStage, Millis, ModelId, Result, RunId,
};
use oxflow_store::{Binned, GarbageStore, ModelsInBin, RunsInBin};

use crate::dataset::no_such_run;
use crate::experiment::{self, meta};
use crate::index::{Experiments, folders};
use crate::store::{FileStore, View};
use crate::{logged_model, names, run_state};

#[async_trait]
impl GarbageStore for FileStore {
    async fn runs_in_bin(
        &self,
        wanted: RunsInBin,
        after: Option<RunId>,
        limit: u32,
    ) -> Result<Vec<Binned>> {
        self.read(move |view| {
            let ids = match &wanted {
                RunsInBin::Named(id) => vec![id.as_str().to_owned()],
                RunsInBin::Of(id) => runs_of(view, &Experiments::of(view), *id),
                RunsInBin::DeletedBy(_) => {
                    let experiments = Experiments::of(view);
                    let ids = experiments.ids();
                    ids.into_iter().flat_map(|id| runs_of(view, &experiments, id)).collect()
                }
            };
            let by = match wanted {
                RunsInBin::DeletedBy(time) => Some(time),
                _ => None,
            };
            let after = after.as_ref().map(RunId::as_str);
            page(ids, after, limit, |id| binned_run(view, id, by))
        })
        .await
    }

    async fn models_in_bin(
        &self,
        wanted: ModelsInBin,
        after: Option<ModelId>,
        limit: u32,
    ) -> Result<Vec<Binned>> {
        self.read(move |view| {
            let (ids, by) = match wanted {
                ModelsInBin::Named(id) => (vec![id.as_str().to_owned()], None),
                ModelsInBin::DeletedBy(time) => (all_models(view), Some(time)),
            };
            let after = after.as_ref().map(ModelId::as_str);
            page(ids, after, limit, |id| Ok(binned_model(view, id, by)))
        })
        .await
    }

    async fn erase_run(&self, id: &RunId) -> Result<()> {
        let id = id.clone();
        self.write(move |view, changes| {
            let (place, info) = run_state::find_info(view, &id).ok_or_else(|| no_such_run(&id))?;
            if info.lifecycle_stage != LifecycleStage::Deleted {
                return Err(not_in_bin("Run", id.as_str()));
            }
            changes.remove_tree(&place.path);
            Ok(())
        })
        .await
    }

    async fn erase_model(&self, id: &ModelId) -> Result<()> {
        let id = id.clone();
        self.write(move |view, changes| {
            let place = logged_model::place(view, id.as_str());
            let found = place.and_then(|(experiment, path)| {
                let model = logged_model::at(view, experiment, &path)?;
                Some((path, model))
            });
            let (path, model) = found.ok_or_else(|| logged_model::not_found(id.as_str()))?;
            if !model.deleted {
                return Err(not_in_bin("Logged model", id.as_str()));
            }
            changes.remove_tree(&path);
            Ok(())
        })
        .await
    }

    async fn erase_experiment(&self, id: ExperimentId) -> Result<()> {
        self.write(move |view, changes| {
            let place = Experiments::of(view).path(id);
            let (path, deleted) = place.ok_or_else(|| experiment::not_found(id))?;
            if !deleted {
                return Err(not_in_bin("Experiment", &id.to_string()));
            }
            changes.remove_tree(&path);
            Ok(())
        })
        .await
    }
}

fn not_in_bin(kind: &str, id: &str) -> Error {
    let why = format!("{kind} {id} is not in `deleted` lifecycle stage.");
    Error::new(ErrorCode::InvalidState, why)
}

/// The first of these, by id, that are in the bin.
fn page(
    mut ids: Vec<String>,
    after: Option<&str>,
    limit: u32,
    find: impl Fn(&str) -> Result<Option<Binned>>,
) -> Result<Vec<Binned>> {
    ids.sort_unstable();
    let mut found = Vec::new();
    for id in ids.iter().filter(|id| after.is_none_or(|after| id.as_str() > after)) {
        if found.len() >= limit as usize {
            break;
        }
        found.extend(find(id)?);
    }
    Ok(found)
}

fn runs_of(view: &View<'_>, experiments: &Experiments, id: ExperimentId) -> Vec<String> {
    let path = experiments.path(id);
    path.map(|(path, _)| run_state::folders_of(view, &path)).unwrap_or_default()
}

fn binned_run(view: &View<'_>, id: &str, by: Option<Millis>) -> Result<Option<Binned>> {
    let Some((place, info)) = run_state::find_info(view, &RunId::new(id)) else { return Ok(None) };
    if info.lifecycle_stage != LifecycleStage::Deleted {
        return Ok(None);
    }
    // A run that does not say when it was deleted was deleted long ago, by an older MLflow.
    let deleted_at = meta(view, &place.path)?.int("deleted_time").map(Millis);
    let in_time = by.is_none_or(|by| deleted_at.is_none_or(|at| at <= by));
    let binned = Binned { id: id.to_owned(), artifact_location: info.artifact_uri, deleted_at };
    Ok(in_time.then_some(binned))
}

fn all_models(view: &View<'_>) -> Vec<String> {
    let experiments = Experiments::of(view);
    let of = |id: ExperimentId| {
        let (path, _) = experiments.path(id)?;
        let found: Arc<Vec<String>> = folders(view, &format!("{path}/models"));
        Some(found.iter().filter(|name| names::is_id(name)).cloned().collect::<Vec<_>>())
    };
    experiments.ids().into_iter().filter_map(of).flatten().collect()
}

fn binned_model(view: &View<'_>, id: &str, by: Option<Millis>) -> Option<Binned> {
    let (experiment, path) = logged_model::place(view, id)?;
    let found = logged_model::at(view, experiment, &path)?;
    let deleted_at = found.model.updated_at;
    let wanted = found.deleted && by.is_none_or(|by| deleted_at <= by);
    wanted.then(|| Binned {
        id: id.to_owned(),
        artifact_location: found.model.artifact_location.clone(),
        deleted_at: Some(deleted_at),
    })
}
