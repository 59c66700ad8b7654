//! Writing what another store kept.
//!
//! The `meta.yaml` of a thing is written last: what an interrupted import leaves behind without it
//! is not there for anybody, and is written over by the next try.

use std::collections::BTreeMap;

use async_trait::async_trait;
use oxflow_model::{
    Error, Experiment, IdSource, LifecycleStage, Metric, ModelName, Param, Result, RunId, Tag,
    VersionId,
};
use oxflow_store::{Cells, ImportStore, ModelRecord, RegisteredRecord, RunRecord, VersionRecord};

use super::export::KINDS;
use super::trace_files;
use crate::changes::Changes;
use crate::dataset::no_such_run;
use crate::index::{Experiments, REGISTRY, TRASH};
use crate::run_state::RunPlace;
use crate::store::{FileStore, View};
use crate::yaml::{Map, Node};
use crate::{dataset, experiment, model_version, names, points, registered_model, run_state};

/// How many files are written at a time: those that are appended to stay open meanwhile.
const FILES: usize = 200;

#[async_trait]
impl ImportStore for FileStore {
    async fn import_experiment(&self, experiment: Experiment) -> Result<()> {
        self.write(move |_, changes| write_experiment(changes, &experiment)).await
    }

    async fn import_runs(&self, runs: Vec<RunRecord>, _: &dyn IdSource) -> Result<()> {
        self.write(move |view, changes| {
            runs.iter().try_for_each(|run| write_run(view, changes, run))
        })
        .await
    }

    async fn import_points(&self, points: Vec<(RunId, Vec<Metric>)>) -> Result<()> {
        let lines = self.read(move |view| lines(view, &points)).await?;
        let mut lines = lines.into_iter().peekable();
        while lines.peek().is_some() {
            let some: Vec<_> = lines.by_ref().take(FILES).collect();
            self.write(move |view, changes| {
                some.into_iter().try_for_each(|(path, lines)| {
                    view.look.folder.drop_unfinished_line(&path)?;
                    changes.append(&path, lines)
                })
            })
            .await?;
        }
        Ok(())
    }

    async fn import_model(&self, model: ModelRecord) -> Result<()> {
        self.write(move |view, changes| write_model(view, changes, &model)).await
    }

    async fn import_registered(&self, model: RegisteredRecord) -> Result<()> {
        self.write(move |_, changes| write_registered(changes, &model)).await
    }

    fn keeps_table(&self, name: &str) -> bool {
        trace_files::keeps(name)
    }

    fn as_kept(&self, table: &str, row: Cells) -> Option<Cells> {
        trace_files::as_kept(table, row)
    }

    async fn import_rows(&self, table: &str, rows: Vec<Cells>) -> Result<()> {
        if !trace_files::keeps(table) {
            let why = format!("The file store has no place for the table '{table}'.");
            return Err(Error::invalid(why));
        }
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let some: Vec<_> = rows.by_ref().take(FILES).collect();
            let table = table.to_owned();
            self.write(move |view, changes| trace_files::write(view, changes, &table, &some))
                .await?;
        }
        Ok(())
    }
}

fn put_tags(changes: &mut Changes<'_>, base: &str, path: &str, tags: &[Tag]) -> Result<()> {
    tags.iter().try_for_each(|tag| {
        names::check_key(&tag.key)?;
        changes.put(base, &format!("{path}/tags/{}", tag.key), tag.value.as_bytes())
    })
}

fn put_params(changes: &mut Changes<'_>, base: &str, path: &str, params: &[Param]) -> Result<()> {
    params.iter().try_for_each(|param| {
        names::check_key(&param.key)?;
        changes.put(base, &format!("{path}/params/{}", param.key), param.value.as_bytes())
    })
}

fn write_experiment(changes: &mut Changes<'_>, experiment: &Experiment) -> Result<()> {
    let id = experiment.id.to_string();
    let path = match experiment.lifecycle_stage {
        LifecycleStage::Active => id.clone(),
        LifecycleStage::Deleted => format!("{TRASH}/{id}"),
    };
    put_tags(changes, "", &path, &experiment.tags)?;
    let meta = Map::from([
        ("artifact_location", (&experiment.artifact_location).into()),
        ("creation_time", experiment.created_at.map(|at| at.0).into()),
        ("effective_trace_archival_retention", Node::null()),
        ("experiment_id", (&id).into()),
        ("last_update_time", experiment.updated_at.map(|at| at.0).into()),
        ("lifecycle_stage", experiment.lifecycle_stage.as_str().into()),
        ("name", (&experiment.name).into()),
        ("trace_location", Node::null()),
        ("workspace", "default".into()),
    ]);
    changes.put_meta("", &path, &meta)
}

/// The folder of an experiment that things are written to.
fn experiment_path(view: &View<'_>, id: oxflow_model::ExperimentId) -> Result<String> {
    let found = Experiments::of(view).path(id);
    found.map(|(path, _)| path).ok_or_else(|| experiment::not_found(id))
}

fn write_run(view: &View<'_>, changes: &mut Changes<'_>, run: &RunRecord) -> Result<()> {
    let info = &run.info;
    names::check_id("run id", info.id.as_str())?;
    let base = experiment_path(view, info.experiment_id)?;
    let path = format!("{base}/{}", info.id);
    for folder in ["metrics", "params", "artifacts"] {
        changes.folder(&format!("{path}/{folder}"));
    }
    put_params(changes, &base, &path, &run.params)?;
    put_tags(changes, &base, &path, &run.tags)?;
    let place = RunPlace { id: info.id.clone(), experiment: info.experiment_id, path };
    dataset::log_inputs_from(view, changes, &base, &place, &run.dataset_inputs, &run.model_inputs)?;
    for model in &run.model_outputs {
        names::check_id("model id", &model.model_id)?;
        dataset::put_output(changes, &base, &place, model)?;
    }
    let mut meta = run_state::new_meta(info);
    meta.set("end_time", info.ended_at.map(|at| at.0).into());
    meta.set("lifecycle_stage", info.lifecycle_stage.as_str().into());
    meta.set("deleted_time", run.deleted_at.map(|at| at.0).into());
    let kind = KINDS.iter().position(|kind| *kind == run.origin.kind).unwrap_or(3);
    meta.set("source_type", (kind as i64 + 1).into());
    meta.set("source_name", (&run.origin.name).into());
    meta.set("source_version", (&run.origin.version).into());
    meta.set("entry_point_name", (&run.origin.entry_point).into());
    changes.put_meta(&base, &place.path, &meta)
}

/// The lines of points by the files they go to.
fn lines(view: &View<'_>, points: &[(RunId, Vec<Metric>)]) -> Result<BTreeMap<String, String>> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for (id, points) in points {
        let place = run_state::place(view, id).ok_or_else(|| no_such_run(id))?;
        for points in points.chunk_by(|a, b| a.key == b.key) {
            let key = points.first().map(|point| point.key.as_str()).unwrap_or_default();
            names::check_key(key)?;
            let lines = files.entry(format!("{}/metrics/{key}", place.path)).or_default();
            lines.extend(points.iter().map(|point| points::line(point, None)));
        }
    }
    Ok(files)
}

fn write_model(view: &View<'_>, changes: &mut Changes<'_>, record: &ModelRecord) -> Result<()> {
    let model = &record.model;
    names::check_id("model id", model.id.as_str())?;
    let base = experiment_path(view, model.experiment_id)?;
    let path = format!("{base}/models/{}", model.id);
    for folder in ["metrics", "params"] {
        changes.folder(&format!("{path}/{folder}"));
    }
    put_params(changes, &base, &path, &model.params)?;
    put_tags(changes, &base, &path, &model.tags)?;
    for points in model.metrics.chunk_by(|a, b| a.key == b.key) {
        let key = points.first().map(|point| point.key.as_str()).unwrap_or_default();
        names::check_key(key)?;
        let line = |point: &Metric| points::line(point, point.run_id.as_deref().or(Some("")));
        let lines: String = points.iter().map(line).collect();
        changes.put(&base, &format!("{path}/metrics/{key}"), lines.as_bytes())?;
    }
    let stage = if record.deleted { LifecycleStage::Deleted } else { LifecycleStage::Active };
    let meta = Map::from([
        ("artifact_location", (&model.artifact_location).into()),
        ("creation_timestamp", model.created_at.0.into()),
        ("experiment_id", (&model.experiment_id.to_string()).into()),
        ("last_updated_timestamp", model.updated_at.0.into()),
        ("lifecycle_stage", stage.as_str().into()),
        ("model_id", model.id.as_str().into()),
        ("model_type", model.model_type.as_ref().into()),
        ("name", (&model.name).into()),
        ("source_run_id", model.source_run_id.as_ref().into()),
        ("status", i64::from(model.status as i32).into()),
        ("status_message", model.status_message.as_ref().into()),
    ]);
    changes.put_meta(&base, &path, &meta)
}

fn write_registered(changes: &mut Changes<'_>, record: &RegisteredRecord) -> Result<()> {
    let model = &record.model;
    names::check_model(&model.name)?;
    let name = ModelName::parse(&model.name)?;
    let path = registered_model::path(&model.name);
    for version in &record.versions {
        write_version(changes, &name, version)?;
    }
    for alias in &model.aliases {
        names::check_key(&alias.alias)?;
        let target = format!("{path}/aliases/{}", alias.alias);
        changes.put(REGISTRY, &target, alias.version.to_string().as_bytes())?;
    }
    put_tags(changes, REGISTRY, &path, &model.tags)?;
    let meta = Map::from([
        ("aliases", Node::map([])),
        ("creation_timestamp", model.created_at.0.into()),
        ("deployment_job_id", Node::null()),
        ("deployment_job_state", Node::null()),
        ("description", model.description.as_ref().into()),
        ("last_updated_timestamp", model.updated_at.map(|at| at.0).into()),
        ("name", (&model.name).into()),
        ("workspace", "default".into()),
    ]);
    changes.put_meta(REGISTRY, &path, &meta)
}

fn write_version(
    changes: &mut Changes<'_>,
    model: &ModelName,
    record: &VersionRecord,
) -> Result<()> {
    let version = &record.version;
    let path = model_version::path(&VersionId { model: model.clone(), number: version.number });
    put_tags(changes, REGISTRY, &path, &version.tags)?;
    let stage = if record.deleted { model_version::DELETED } else { version.stage.as_str() };
    // Databases do not keep it; the source tells it.
    let logged_model = version.source.as_deref().and_then(|uri| uri.strip_prefix("models:/m-"));
    let meta = Map::from([
        ("creation_timestamp", version.created_at.0.into()),
        ("current_stage", stage.into()),
        ("deployment_job_state", Node::null()),
        ("description", version.description.as_ref().into()),
        ("last_updated_timestamp", version.updated_at.map(|at| at.0).into()),
        ("model_id", logged_model.map(|id| format!("m-{id}")).as_ref().into()),
        ("name", model.as_str().into()),
        ("run_id", version.run_id.as_ref().into()),
        ("run_link", version.run_link.as_ref().into()),
        ("source", version.source.as_ref().into()),
        ("status", version.status.as_str().into()),
        ("status_message", version.status_message.as_ref().into()),
        ("storage_location", version.storage_location.as_ref().into()),
        ("user_id", version.user_id.as_ref().into()),
        ("version", version.number.into()),
        ("workspace", "default".into()),
    ]);
    changes.put_meta(REGISTRY, &path, &meta)
}
