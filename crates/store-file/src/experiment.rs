//! Experiments and their tags.

use std::cmp::Ordering;
use std::sync::Arc;

use async_trait::async_trait;
use oxflow_model::search::{ExperimentClause, ExperimentOrder, ExperimentOrderKey, ExperimentTime};
use oxflow_model::{
    ArtifactLocation, DatasetSummary, Error, ErrorCode, Experiment, ExperimentId, LifecycleStage,
    Millis, NewExperiment, Page, Result, RunStatus, Tag, limits,
};
use oxflow_store::{ExperimentActivity, ExperimentSearch, ExperimentStore};

use crate::changes::Changes;
use crate::folder::unreadable;
use crate::index::{Experiments, TRASH, folders, locked};
use crate::run_state::Needs;
use crate::store::{FileStore, View};
use crate::tree::{Cached, Content, Look, Tree};
use crate::yaml::{Map, Node};
use crate::{dataset, matching, names, run_state};

/// What is known of an experiment.
#[derive(Debug, Default)]
pub struct ExperimentState {
    meta: Cached<Head>,
    tags: Tree<String>,
    shown: Option<Arc<Experiment>>,
    /// The datasets that its runs read, by id.
    pub datasets: dataset::Datasets,
}

/// An experiment's `meta.yaml`.
#[derive(Debug)]
struct Head {
    name: String,
    artifact_location: String,
    created_at: Option<Millis>,
    updated_at: Option<Millis>,
}

impl Content for Head {
    fn read(look: Look<'_>, path: &str, _: Option<Head>) -> Result<Option<Head>, String> {
        let Some(bytes) = look.folder.read(path).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        let map = Map::parse(&bytes)?;
        let id = map.text("experiment_id").unwrap_or_default();
        if id != names::folder_of_meta(path) {
            return Err(format!("it belongs to the experiment '{id}'"));
        }
        Ok(Some(Head {
            name: map.owned("name").ok_or("it has no name")?,
            artifact_location: map.owned("artifact_location").unwrap_or_default(),
            created_at: map.int("creation_time").map(Millis),
            updated_at: map.int("last_update_time").map(Millis),
        }))
    }
}

/// The experiment in a folder; `None` if it is broken.
fn at(view: &View<'_>, id: ExperimentId, path: &str, deleted: bool) -> Option<Arc<Experiment>> {
    let slot = view.index().experiments.at(path);
    view.through_gate(|look| {
        let mut state = locked(&slot);
        let state = &mut *state;
        let mut changed = state.meta.refresh(look, &format!("{path}/meta.yaml"));
        changed |= state.tags.refresh(look, &format!("{path}/tags"));
        if changed || state.shown.is_none() {
            state.shown = state.meta.value().map(|head| {
                Arc::new(Experiment {
                    id,
                    name: head.name.clone(),
                    artifact_location: head.artifact_location.clone(),
                    // Where it is says more than what it says: it is moved last.
                    lifecycle_stage: stage(deleted),
                    created_at: head.created_at,
                    updated_at: head.updated_at,
                    tags: tags(&state.tags),
                    workspace: "default".to_owned(),
                })
            });
        }
        state.shown.clone()
    })
}

fn stage(deleted: bool) -> LifecycleStage {
    if deleted { LifecycleStage::Deleted } else { LifecycleStage::Active }
}

/// The files of a folder of tags.
pub fn tags(tree: &Tree<String>) -> Vec<Tag> {
    tree.iter().map(|(key, value)| Tag::new(key, value)).collect()
}

/// Tags in the order they are read in.
pub fn by_key(mut tags: Vec<Tag>) -> Vec<Tag> {
    tags.sort_by(|a, b| a.key.cmp(&b.key));
    tags
}

fn find(view: &View<'_>, id: ExperimentId) -> Option<Arc<Experiment>> {
    let (path, deleted) = Experiments::of(view).path(id)?;
    at(view, id, &path, deleted)
}

/// All experiments, by number.
pub fn all(view: &View<'_>) -> Vec<Arc<Experiment>> {
    let experiments = Experiments::of(view);
    let find = |id: ExperimentId| {
        let (path, deleted) = experiments.path(id)?;
        at(view, id, &path, deleted)
    };
    experiments.ids().into_iter().filter_map(find).collect()
}

fn by_name(view: &View<'_>, name: &str) -> Option<Arc<Experiment>> {
    all(view).into_iter().find(|experiment| experiment.name == name)
}

/// The message for an experiment that is not there.
pub fn not_found(id: ExperimentId) -> Error {
    Error::not_found(format!("No Experiment with id={id} exists"))
}

fn must_find(view: &View<'_>, id: ExperimentId) -> Result<Arc<Experiment>> {
    find(view, id).ok_or_else(|| not_found(id))
}

/// Refuses experiments that are missing or deleted.
pub fn require_active(view: &View<'_>, id: ExperimentId) -> Result<Arc<Experiment>> {
    let experiment = must_find(view, id)?;
    if experiment.lifecycle_stage != LifecycleStage::Active {
        return Err(Error::invalid(format!(
            "The experiment {id} must be in the 'active' state. Current state is deleted."
        )));
    }
    Ok(experiment)
}

/// A `meta.yaml` as it is, to be changed in places.
pub fn meta(view: &View<'_>, of: &str) -> Result<Map> {
    let path = format!("{of}/meta.yaml");
    let bytes = view.look.folder.read(&path).map_err(|error| unreadable(&path, &error))?;
    let broken = |error| {
        Error::new(ErrorCode::InvalidState, format!("The file '{path}' is broken: {error}."))
    };
    Map::parse(&bytes.unwrap_or_default()).map_err(broken)
}

#[async_trait]
impl ExperimentStore for FileStore {
    async fn create_experiment(&self, new: NewExperiment, now: Millis) -> Result<ExperimentId> {
        self.write(move |view, changes| create(view, changes, &new, now)).await
    }

    async fn find_experiment(&self, id: ExperimentId) -> Result<Option<Experiment>> {
        self.read(move |view| Ok(find(view, id).map(Arc::unwrap_or_clone))).await
    }

    async fn find_experiment_by_name(&self, name: &str) -> Result<Option<Experiment>> {
        let name = name.to_owned();
        self.read(move |view| Ok(by_name(view, &name).map(Arc::unwrap_or_clone))).await
    }

    async fn rename_experiment(&self, id: ExperimentId, name: &str, now: Millis) -> Result<()> {
        let name = name.to_owned();
        self.write(move |view, changes| rename(view, changes, id, &name, now)).await
    }

    async fn delete_experiment(&self, id: ExperimentId, now: Millis) -> Result<()> {
        self.write(move |view, changes| change_stage(view, changes, id, true, now)).await
    }

    async fn restore_experiment(&self, id: ExperimentId, now: Millis) -> Result<()> {
        self.write(move |view, changes| change_stage(view, changes, id, false, now)).await
    }

    async fn set_experiment_tag(&self, id: ExperimentId, tag: Tag) -> Result<()> {
        self.write(move |view, changes| {
            let experiment = require_active(view, id)?;
            refuse_too_many_views(&experiment, &tag)?;
            names::check_key(&tag.key)?;
            changes.put(&id.to_string(), &format!("{id}/tags/{}", tag.key), tag.value.as_bytes())
        })
        .await
    }

    async fn delete_experiment_tag(&self, id: ExperimentId, key: &str) -> Result<()> {
        let key = key.to_owned();
        self.write(move |view, changes| {
            let experiment = require_active(view, id)?;
            if !experiment.tags.iter().any(|tag| tag.key == key) {
                return Err(Error::not_found(format!(
                    "No tag with name: {key} in experiment with id {id}"
                )));
            }
            changes.remove(&format!("{id}/tags/{key}"));
            Ok(())
        })
        .await
    }

    async fn experiment_activity(&self) -> Result<Vec<ExperimentActivity>> {
        self.read(move |view| {
            let ids: Vec<ExperimentId> = all(view).iter().map(|experiment| experiment.id).collect();
            let paths = paths(view, &ids);
            Ok(paths.iter().filter_map(|(id, path)| activity(view, *id, path)).collect())
        })
        .await
    }

    async fn search_experiments(&self, search: ExperimentSearch) -> Result<Page<Experiment>> {
        self.read(move |view| {
            let stage = search.view.stage();
            let mut found = all(view);
            found.retain(|experiment| {
                stage.is_none_or(|stage| experiment.lifecycle_stage == stage)
                    && search.filter.iter().all(|clause| passes(experiment, clause))
            });
            found.sort_by(|a, b| order(a, b, &search.order_by));
            let page = matching::page(found, search.page);
            let items = page.items.into_iter().map(Arc::unwrap_or_clone).collect();
            Ok(Page { items, next_offset: page.next_offset })
        })
        .await
    }

    async fn search_datasets(&self, experiments: &[ExperimentId]) -> Result<Vec<DatasetSummary>> {
        let experiments = experiments.to_vec();
        self.read(move |view| Ok(dataset::summaries(view, &experiments))).await
    }
}

fn create(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    new: &NewExperiment,
    now: Millis,
) -> Result<ExperimentId> {
    if by_name(view, &new.name).is_some() {
        return Err(Error::already_exists(format!(
            "Experiment(name={}) already exists.",
            new.name
        )));
    }
    let experiments = Experiments::of(view);
    let id = view.inner.ids.next(&experiments.ids());
    prepare(changes, id, new, now)?;
    Ok(id)
}

/// Prepares the files of a new experiment.
pub fn prepare(
    changes: &mut Changes<'_>,
    id: ExperimentId,
    new: &NewExperiment,
    now: Millis,
) -> Result<()> {
    let location = match &new.artifact_location {
        ArtifactLocation::Given(uri) => uri.clone(),
        ArtifactLocation::Under(root) => format!("{}/{id}", root.trim_end_matches('/')),
    };
    let path = id.to_string();
    for tag in &new.tags {
        names::check_key(&tag.key)?;
        changes.put("", &format!("{path}/tags/{}", tag.key), tag.value.as_bytes())?;
    }
    let meta = Map::from([
        ("artifact_location", (&location).into()),
        ("creation_time", now.0.into()),
        ("effective_trace_archival_retention", Node::null()),
        ("experiment_id", (&path).into()),
        ("last_update_time", now.0.into()),
        ("lifecycle_stage", "active".into()),
        ("name", (&new.name).into()),
        ("trace_location", Node::null()),
        ("workspace", "default".into()),
    ]);
    changes.put_meta("", &path, &meta)
}

fn rename(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    id: ExperimentId,
    name: &str,
    now: Millis,
) -> Result<()> {
    if must_find(view, id)?.lifecycle_stage != LifecycleStage::Active {
        return Err(Error::new(ErrorCode::InvalidState, "Cannot rename a non-active experiment."));
    }
    if by_name(view, name).is_some_and(|other| other.id != id) {
        return Err(Error::new(
            ErrorCode::BadRequest,
            format!("Experiment(name={name}) already exists."),
        ));
    }
    let path = id.to_string();
    let mut meta = meta(view, &path)?;
    meta.set("name", name.into());
    meta.set("last_update_time", now.0.into());
    changes.put_meta(&path, &path, &meta)
}

/// Moves an experiment with all its runs, those that were deleted one by one too, as MLflow does.
fn change_stage(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    id: ExperimentId,
    delete: bool,
    now: Millis,
) -> Result<()> {
    if must_find(view, id)?.lifecycle_stage != stage(!delete) {
        return Err(not_found(id));
    }
    if delete && id == ExperimentId::DEFAULT {
        return Err(Error::invalid(
            "Cannot delete the default experiment '0'. This is an internally reserved experiment.",
        ));
    }
    let (active, deleted) = (id.to_string(), format!("{TRASH}/{id}"));
    let (from, to) = if delete { (active, deleted) } else { (deleted, active) };
    for run in run_state::folders_of(view, &from) {
        let path = format!("{from}/{run}");
        if run_state::at(view, id, &path, Needs::default()).is_some() {
            let mut meta = meta(view, &path)?;
            run_state::set_stage(&mut meta, delete.then_some(now));
            changes.put_meta(&from, &path, &meta)?;
        }
    }
    let mut meta = meta(view, &from)?;
    meta.set("lifecycle_stage", stage(delete).as_str().into());
    meta.set("last_update_time", now.0.into());
    changes.put_meta(&from, &from, &meta)?;
    if view.look.folder.exists(&to) {
        return Err(Error::already_exists(format!(
            "Cannot move the experiment {id}: the folder '{to}' is there already."
        )));
    }
    changes.move_folder(&from, &to);
    Ok(())
}

fn refuse_too_many_views(experiment: &Experiment, tag: &Tag) -> Result<()> {
    let is_view = |tag: &Tag| tag.key.starts_with(limits::CUSTOM_VIEW_TAG_PREFIX);
    let others = experiment.tags.iter().filter(|other| is_view(other) && other.key != tag.key);
    let most = limits::CUSTOM_VIEWS_PER_EXPERIMENT;
    if is_view(tag) && others.count() >= most {
        return Err(Error::invalid(format!(
            "Unable to create another custom view. The maximum number of custom views per \
             experiment is {most}."
        )));
    }
    Ok(())
}

fn passes(experiment: &Experiment, clause: &ExperimentClause) -> bool {
    let tag = |key: &str| experiment.tags.iter().find(|tag| tag.key == key);
    match clause {
        ExperimentClause::Name { op, value } => matching::text(*op, &experiment.name, value),
        ExperimentClause::Id { negated, ids } => ids.contains(&experiment.id) != *negated,
        ExperimentClause::Time { attribute, op, value } => {
            time(experiment, *attribute).is_some_and(|t| matching::number(*op, &t.0, value))
        }
        ExperimentClause::Tag { key, op, value } => {
            tag(key).is_some_and(|tag| matching::text(*op, &tag.value, value))
        }
        ExperimentClause::TagPresence { key, is_null } => tag(key).is_none() == *is_null,
    }
}

fn time(experiment: &Experiment, time: ExperimentTime) -> Option<Millis> {
    match time {
        ExperimentTime::CreationTime => experiment.created_at,
        ExperimentTime::LastUpdateTime => experiment.updated_at,
    }
}

/// MLflow breaks ties by number: downwards in an order that the user chose, upwards in its own.
fn order(a: &Experiment, b: &Experiment, orders: &[ExperimentOrder]) -> Ordering {
    if orders.is_empty() {
        return b.created_at.cmp(&a.created_at).then(a.id.cmp(&b.id));
    }
    let by = |order: &ExperimentOrder| match order.by {
        ExperimentOrderKey::Name => matching::directed(a.name.cmp(&b.name), order.ascending),
        ExperimentOrderKey::Id => matching::directed(a.id.cmp(&b.id), order.ascending),
        ExperimentOrderKey::Time(t) => {
            matching::directed(time(a, t).cmp(&time(b, t)), order.ascending)
        }
    };
    let first = orders.iter().map(by).find(|order| order.is_ne());
    first.unwrap_or(Ordering::Equal).then(b.id.cmp(&a.id))
}

/// The experiments of a view with their folders, each once; those that are missing are left out.
pub fn paths(view: &View<'_>, ids: &[ExperimentId]) -> Vec<(ExperimentId, String)> {
    let experiments = Experiments::of(view);
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().filter_map(|id| Some((id, experiments.path(id)?.0))).collect()
}

/// What happens in an experiment; `None` if it has no active run.
fn activity(view: &View<'_>, id: ExperimentId, path: &str) -> Option<ExperimentActivity> {
    let mut runs = run_state::all(view, id, path, Needs::default());
    runs.retain(|run| run.info.lifecycle_stage == LifecycleStage::Active);
    let running = runs.iter().filter(|run| run.info.status == RunStatus::Running).count();
    let times = runs.iter().flat_map(|run| [run.info.started_at, run.info.ended_at]);
    let last = times.flatten().max();
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let activity =
        ExperimentActivity { id, runs: count(runs.len()), running: count(running), last };
    (!runs.is_empty()).then_some(activity)
}

/// The folders of logged models of an experiment.
pub fn model_folders(view: &View<'_>, path: &str) -> Vec<String> {
    let path = format!("{path}/models");
    folders(view, &path).iter().filter(|name| names::is_id(name)).cloned().collect()
}
