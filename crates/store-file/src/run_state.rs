//! Runs as they are in the folder.

use std::sync::Arc;

use oxflow_model::{
    Error, ExperimentId, LifecycleStage, LoggedModelInput, LoggedModelOutput, Metric, Millis,
    Param, RUN_NAME_TAG, Result, Run, RunId, RunInfo, RunStatus, Tag,
};

use crate::dataset::{self, ById, Edge, no_such_run};
use crate::experiment::tags;
use crate::index::{folders, locate, locked};
use crate::names;
use crate::points::Latest;
use crate::store::View;
use crate::tree::{Cached, Content, Look, Tree};
use crate::yaml::{Map, Node};

/// The numbers that stand for statuses in `meta.yaml`.
const STATUSES: [(i64, RunStatus); 5] = [
    (1, RunStatus::Running),
    (2, RunStatus::Scheduled),
    (3, RunStatus::Finished),
    (4, RunStatus::Failed),
    (5, RunStatus::Killed),
];

/// What is known of a run.
#[derive(Debug, Default)]
pub struct RunState {
    meta: Cached<RunInfo>,
    metrics: Tree<Latest>,
    params: Tree<String>,
    tags: Tree<String>,
    inputs: Tree<Edge>,
    outputs: Tree<Edge>,
    shown: Option<Arc<FileRun>>,
}

/// A run, but for the datasets it read, which are kept with the experiment. What it logged is
/// sorted by key.
#[derive(Debug)]
pub struct FileRun {
    pub info: RunInfo,
    pub metrics: Vec<Metric>,
    pub params: Vec<Param>,
    pub tags: Vec<Tag>,
    /// The ids of datasets, with the tags of the edges.
    pub dataset_edges: Vec<(String, Vec<Tag>)>,
    pub model_inputs: Vec<LoggedModelInput>,
    pub model_outputs: Vec<LoggedModelOutput>,
}

impl FileRun {
    /// The latest point of a metric.
    pub fn metric(&self, key: &str) -> Option<&Metric> {
        let at = self.metrics.binary_search_by(|metric| metric.key.as_str().cmp(key)).ok()?;
        self.metrics.get(at)
    }

    /// A param.
    pub fn param(&self, key: &str) -> Option<&str> {
        let at = self.params.binary_search_by(|param| param.key.as_str().cmp(key)).ok()?;
        self.params.get(at).map(|param| param.value.as_str())
    }

    /// A tag.
    pub fn tag(&self, key: &str) -> Option<&str> {
        let at = self.tags.binary_search_by(|tag| tag.key.as_str().cmp(key)).ok()?;
        self.tags.get(at).map(|tag| tag.value.as_str())
    }

    /// The run as others know it.
    pub fn to_run(&self, datasets: &ById) -> Run {
        Run {
            info: self.info.clone(),
            metrics: self.metrics.clone(),
            params: self.params.clone(),
            tags: self.tags.clone(),
            dataset_inputs: dataset::resolve(&self.dataset_edges, datasets),
            model_inputs: self.model_inputs.clone(),
            model_outputs: self.model_outputs.clone(),
        }
    }
}

/// The number of a status in `meta.yaml`.
pub fn status_number(status: RunStatus) -> i64 {
    STATUSES.iter().find(|(_, known)| *known == status).map_or(1, |(number, _)| *number)
}

impl Content for RunInfo {
    fn read(look: Look<'_>, path: &str, _: Option<RunInfo>) -> Result<Option<RunInfo>, String> {
        let Some(bytes) = look.folder.read(path).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        let map = Map::parse(&bytes)?;
        let id = map.text("run_id").or(map.text("run_uuid")).ok_or("it has no run_id")?;
        if id != names::folder_of_meta(path) {
            return Err(format!("it belongs to the run '{id}'"));
        }
        let experiment = map.int("experiment_id").ok_or("it has no experiment_id")?;
        let status = match map.int("status") {
            Some(number) => STATUSES.iter().find(|(n, _)| *n == number).map(|(_, status)| *status),
            None => map.text("status").map(RunStatus::from_word),
        };
        Ok(Some(RunInfo {
            id: RunId::new(id),
            experiment_id: ExperimentId(experiment),
            name: map.owned("run_name").or(map.owned("name")).unwrap_or_default(),
            user_id: map.owned("user_id").unwrap_or_default(),
            status: status.unwrap_or(RunStatus::Running),
            started_at: map.int("start_time").map(Millis),
            ended_at: map.int("end_time").map(Millis),
            artifact_uri: map.owned("artifact_uri").unwrap_or_default(),
            lifecycle_stage: LifecycleStage::from_word(
                map.text("lifecycle_stage").unwrap_or_default(),
            ),
        }))
    }
}

/// Changes the stage in a `meta.yaml`: deleted at a time, or active.
pub fn set_stage(meta: &mut Map, deleted_at: Option<Millis>) {
    match deleted_at {
        Some(at) => {
            meta.set("lifecycle_stage", LifecycleStage::Deleted.as_str().into());
            meta.set("deleted_time", at.0.into());
        }
        None => {
            meta.set("lifecycle_stage", LifecycleStage::Active.as_str().into());
            meta.remove("deleted_time");
        }
    }
}

/// The `meta.yaml` of a new run.
pub fn new_meta(info: &RunInfo) -> Map {
    Map::from([
        ("artifact_uri", (&info.artifact_uri).into()),
        ("deleted_time", Node::null()),
        ("end_time", Node::null()),
        ("entry_point_name", "".into()),
        ("experiment_id", (&info.experiment_id.to_string()).into()),
        ("lifecycle_stage", "active".into()),
        ("run_id", info.id.as_str().into()),
        ("run_name", (&info.name).into()),
        ("source_name", "".into()),
        // What MLflow calls local.
        ("source_type", 4.into()),
        ("source_version", "".into()),
        ("start_time", info.started_at.map(|at| at.0).into()),
        ("status", status_number(info.status).into()),
        ("tags", Node::List(Vec::new())),
        ("user_id", (&info.user_id).into()),
    ])
}

/// The folders in an experiment that may be runs.
pub fn folders_of(view: &View<'_>, experiment_path: &str) -> Vec<String> {
    let names = folders(view, experiment_path);
    names.iter().filter(|name| names::is_id(name)).cloned().collect()
}

/// What of a run has to be looked at. To look at a file costs a call of the system, and 10,000 runs
/// have hundreds of thousands of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs {
    pub metrics: bool,
    pub params: bool,
    pub tags: bool,
    pub edges: bool,
}

impl Needs {
    /// All of it.
    pub const ALL: Needs = Needs { metrics: true, params: true, tags: true, edges: true };
}

/// The run in a folder; `None` if it is no run of this experiment, or broken. What was not asked
/// for may be as it was at an earlier look.
pub fn at(
    view: &View<'_>,
    experiment: ExperimentId,
    path: &str,
    needs: Needs,
) -> Option<Arc<FileRun>> {
    let slot = view.index().runs.at(path);
    let found = view.through_gate(|look| {
        let mut state = locked(&slot);
        let state = &mut *state;
        let mut changed = state.meta.refresh(look, &format!("{path}/meta.yaml"));
        if state.meta.value().is_none_or(|info| info.experiment_id != experiment) {
            *state = RunState { meta: std::mem::take(&mut state.meta), ..RunState::default() };
            return None;
        }
        // Runs of MLflow before 1.30 have their name in a tag only.
        let nameless = state.meta.value().is_some_and(|info| info.name.is_empty());
        if needs.metrics {
            changed |= state.metrics.refresh(look, &format!("{path}/metrics"));
        }
        if needs.params {
            changed |= state.params.refresh(look, &format!("{path}/params"));
        }
        if needs.tags || nameless {
            changed |= state.tags.refresh(look, &format!("{path}/tags"));
        }
        if needs.edges {
            changed |= state.inputs.refresh(look, &format!("{path}/inputs"));
            changed |= state.outputs.refresh(look, &format!("{path}/outputs"));
        }
        if changed || state.shown.is_none() {
            state.shown = state.meta.value().map(|info| Arc::new(show(info, state)));
        }
        state.shown.clone()
    });
    if found.is_none() && !view.look.folder.exists(path) {
        view.index().runs.forget(path);
    }
    found
}

fn show(info: &RunInfo, state: &RunState) -> FileRun {
    let keyed = |(key, latest): (&str, &Latest)| {
        let point = latest.point()?.clone();
        Some(Metric { key: key.to_owned(), ..point })
    };
    let param = |(key, value): (&str, &String)| Param { key: key.to_owned(), value: value.clone() };
    let mut run = FileRun {
        info: info.clone(),
        metrics: state.metrics.iter().filter_map(keyed).collect(),
        params: state.params.iter().map(param).collect(),
        tags: tags(&state.tags),
        dataset_edges: Vec::new(),
        model_inputs: Vec::new(),
        model_outputs: Vec::new(),
    };
    for (_, edge) in state.inputs.iter().chain(state.outputs.iter()) {
        match edge.clone() {
            Edge::Dataset { id, tags } => run.dataset_edges.push((id, tags)),
            Edge::ModelRead(model) => run.model_inputs.push(model),
            Edge::ModelWritten(model) => run.model_outputs.push(model),
        }
    }
    // Runs of MLflow before 1.30 have their name in a tag only.
    if run.info.name.is_empty() {
        run.info.name = run.tag(RUN_NAME_TAG).unwrap_or_default().to_owned();
    }
    run
}

/// Fewer runs than this are looked at by one thread.
const WORTH_A_THREAD: usize = 256;

/// All runs of an experiment, in no order.
pub fn all(
    view: &View<'_>,
    experiment: ExperimentId,
    path: &str,
    needs: Needs,
) -> Vec<Arc<FileRun>> {
    let names = folders_of(view, path);
    let look = |names: &[String]| -> Vec<Arc<FileRun>> {
        let path = |name: &String| format!("{path}/{name}");
        names.iter().filter_map(|name| at(view, experiment, &path(name), needs)).collect()
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    if threads == 1 || names.len() < 2 * WORTH_A_THREAD {
        return look(&names);
    }
    let share = names.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let parts: Vec<_> = names.chunks(share).map(|names| scope.spawn(|| look(names))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
    })
}

/// Where a run is.
pub struct RunPlace {
    pub id: RunId,
    pub experiment: ExperimentId,
    pub path: String,
}

impl RunPlace {
    /// The folder of its experiment.
    pub fn experiment_path(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(experiment, _)| experiment)
    }
}

/// Where the run with this id is, if there is a folder for it.
pub fn place(view: &View<'_>, id: &RunId) -> Option<RunPlace> {
    if !names::is_id(id.as_str()) {
        return None;
    }
    let within = |experiment: &str| format!("{experiment}/{id}");
    let (experiment, path) = locate(view, id.as_str(), within)?;
    Some(RunPlace { id: id.clone(), experiment, path })
}

/// The run with this id.
pub fn find(view: &View<'_>, id: &RunId) -> Option<(RunPlace, Arc<FileRun>)> {
    let place = place(view, id)?;
    let run = at(view, place.experiment, &place.path, Needs::ALL)?;
    Some((place, run))
}

/// The head of the run with this id; looks at nothing else of it.
pub fn find_info(view: &View<'_>, id: &RunId) -> Option<(RunPlace, RunInfo)> {
    let place = place(view, id)?;
    let slot = view.index().runs.at(&place.path);
    let info = view.through_gate(|look| {
        let mut state = locked(&slot);
        if state.meta.refresh(look, &format!("{}/meta.yaml", place.path)) {
            state.shown = None;
        }
        state.meta.value().filter(|info| info.experiment_id == place.experiment).cloned()
    })?;
    Some((place, info))
}

/// Refuses runs that are missing or deleted.
pub fn require_active(view: &View<'_>, id: &RunId) -> Result<(RunPlace, RunInfo)> {
    let (place, info) = find_info(view, id).ok_or_else(|| no_such_run(id))?;
    if info.lifecycle_stage != LifecycleStage::Active {
        return Err(Error::invalid(format!(
            "The run {id} must be in the 'active' state. Current state is deleted."
        )));
    }
    Ok((place, info))
}
