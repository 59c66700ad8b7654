//! Reading everything. Nothing is kept in memory: each thing is looked at once.

use async_trait::async_trait;
use oxflow_model::{
    Experiment, ExperimentId, LoggedModel, Metric, Millis, ModelId, RUN_NAME_TAG, RegisteredModel,
    Result, RunId, RunInfo,
};
use oxflow_store::{
    Cells, ExportStore, ModelRecord, Parts, RegisteredRecord, RunOrigin, RunRecord, Table,
    VersionRecord, parts,
};

use super::{points, traces};
use crate::dataset::Edge;
use crate::index::Experiments;
use crate::store::{FileStore, View};
use crate::tree::{Content, Tree};
use crate::{dataset, experiment, logged_model, model_version, registered_model, run_state};

/// What the numbers of `source_type` mean.
pub const KINDS: [&str; 5] = ["NOTEBOOK", "JOB", "PROJECT", "LOCAL", "UNKNOWN"];

#[async_trait]
impl ExportStore for FileStore {
    async fn export_experiments(&self) -> Result<Vec<Experiment>> {
        self.read(|view| {
            let all = experiment::all(view);
            Ok(all.iter().map(|experiment| Experiment::clone(experiment)).collect())
        })
        .await
    }

    async fn export_run_ids(&self, experiment: ExperimentId) -> Result<Vec<RunId>> {
        self.read(move |view| {
            let Some((path, _)) = Experiments::of(view).path(experiment) else {
                return Ok(Vec::new());
            };
            let mut names = run_state::folders_of(view, &path);
            names.retain(|name| view.look.folder.is_file(&format!("{path}/{name}/meta.yaml")));
            names.sort_unstable();
            Ok(names.into_iter().map(RunId::new).collect())
        })
        .await
    }

    async fn export_runs(&self, runs: Vec<RunId>) -> Result<Vec<RunRecord>> {
        self.read(move |view| Ok(runs.iter().filter_map(|id| run(view, id)).collect())).await
    }

    async fn export_points(&self, run: &RunId) -> Result<Parts<Metric>> {
        let (sender, parts) = parts();
        let (inner, run) = (self.inner.clone(), run.clone());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = inner.read(|view| points::send(view, &run, &sender)) {
                // Nobody may listen any more.
                let _ = sender.send_blocking(Err(error));
            }
        });
        Ok(parts)
    }

    async fn export_model_ids(&self, experiment: ExperimentId) -> Result<Vec<ModelId>> {
        self.read(move |view| {
            let Some((path, _)) = Experiments::of(view).path(experiment) else {
                return Ok(Vec::new());
            };
            let mut names = experiment::model_folders(view, &path);
            let meta = |name: &String| format!("{path}/models/{name}/meta.yaml");
            names.retain(|name| view.look.folder.is_file(&meta(name)));
            names.sort_unstable();
            Ok(names.into_iter().map(ModelId::new).collect())
        })
        .await
    }

    async fn export_model(&self, id: &ModelId) -> Result<Option<ModelRecord>> {
        let id = id.clone();
        self.read(move |view| {
            let Some((experiment, path)) = logged_model::place(view, id.as_str()) else {
                return Ok(None);
            };
            let Some(found) = logged_model::at(view, experiment, &path) else { return Ok(None) };
            let metrics = points::of_model(view, &path, id.as_str())?;
            let model = LoggedModel { metrics, ..found.model.clone() };
            Ok(Some(ModelRecord { model, deleted: found.deleted }.sorted()))
        })
        .await
    }

    async fn export_registered_names(&self) -> Result<Vec<String>> {
        self.read(|view| {
            let heads = registered_model::heads(view);
            Ok(heads.iter().map(|model| model.name.clone()).collect())
        })
        .await
    }

    async fn export_registered(&self, name: &str) -> Result<Option<RegisteredRecord>> {
        let name = name.to_owned();
        self.read(move |view| {
            let Some(head) = registered_model::head(view, &name) else { return Ok(None) };
            let versions = model_version::all_of(view, &name, true);
            let record = |found: &model_version::FileVersion| VersionRecord {
                version: found.version.clone(),
                deleted: found.deleted,
            };
            let versions = versions.iter().map(|found| record(found)).collect();
            Ok(Some(RegisteredRecord { model: RegisteredModel::clone(&head), versions }.sorted()))
        })
        .await
    }

    async fn export_tables(&self) -> Result<Vec<Table>> {
        self.read(traces::tables).await
    }

    async fn export_rows(&self, table: &str) -> Result<Parts<Cells>> {
        let (sender, parts) = parts();
        let (inner, table) = (self.inner.clone(), table.to_owned());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = inner.read(|view| traces::send(view, &table, &sender)) {
                // Nobody may listen any more.
                let _ = sender.send_blocking(Err(error));
            }
        });
        Ok(parts)
    }
}

/// A run; `None` if it is not there, or broken.
fn run(view: &View<'_>, id: &RunId) -> Option<RunRecord> {
    let place = run_state::place(view, id)?;
    let (path, look) = (&place.path, view.look);
    let info = match RunInfo::read(look, &format!("{path}/meta.yaml"), None) {
        Ok(info) => info.filter(|info| info.experiment_id == place.experiment)?,
        Err(error) => {
            tracing::warn!(path, %error, "a run of the file store is broken and is skipped");
            return None;
        }
    };
    let meta = experiment::meta(view, path).ok()?;
    let text = |key: &str| meta.owned(key).unwrap_or_default();
    let kind = meta.int("source_type").and_then(|number| usize::try_from(number - 1).ok());
    let kind = match (kind.and_then(|at| KINDS.get(at)), meta.text("source_type")) {
        (Some(word), _) => word,
        (None, Some(word)) => KINDS.into_iter().find(|known| *known == word).unwrap_or("LOCAL"),
        (None, None) => "LOCAL",
    };
    let mut record = RunRecord {
        info,
        deleted_at: meta.int("deleted_time").map(Millis),
        origin: RunOrigin {
            kind: kind.to_owned(),
            name: text("source_name"),
            version: text("source_version"),
            entry_point: text("entry_point_name"),
        },
        params: all(view, &format!("{path}/params"), |key, value| oxflow_model::Param {
            key,
            value,
        }),
        tags: all(view, &format!("{path}/tags"), oxflow_model::Tag::new),
        dataset_inputs: Vec::new(),
        model_inputs: Vec::new(),
        model_outputs: Vec::new(),
    };
    read_edges(view, &mut record, path, place.experiment_path());
    if record.info.name.is_empty()
        && let Some(tag) = record.tags.iter().find(|tag| tag.key == RUN_NAME_TAG)
    {
        record.info.name.clone_from(&tag.value);
    }
    Some(record.sorted())
}

/// The files below a folder, each a key with its value.
pub(super) fn all<T>(view: &View<'_>, path: &str, make: impl Fn(String, String) -> T) -> Vec<T> {
    let mut tree = Tree::<String>::default();
    tree.refresh(view.look, path);
    tree.iter().map(|(key, value)| make(key.to_owned(), value.clone())).collect()
}

fn read_edges(view: &View<'_>, record: &mut RunRecord, path: &str, experiment: &str) {
    let mut datasets = Vec::new();
    for folder in ["inputs", "outputs"] {
        let mut tree = Tree::<Edge>::default();
        tree.refresh(view.look, &format!("{path}/{folder}"));
        for (_, edge) in tree.iter() {
            match edge.clone() {
                Edge::Dataset { id, tags } => datasets.push((id, tags)),
                Edge::ModelRead(model) => record.model_inputs.push(model),
                Edge::ModelWritten(model) => record.model_outputs.push(model),
            }
        }
    }
    if !datasets.is_empty() {
        let known = dataset::of_experiment(view, experiment);
        record.dataset_inputs = dataset::resolve(&datasets, &known);
    }
}
