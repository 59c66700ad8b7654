//! Moving house: reading all that a store keeps, and writing it to another one with the same ids
//! and times. Only `oxflow migrate` does that; servers use the other traits.

use std::cmp::Ordering;

use async_trait::async_trait;
use oxflow_model::{
    DatasetInput, Experiment, ExperimentId, IdSource, LoggedModel, LoggedModelInput,
    LoggedModelOutput, Metric, Millis, ModelId, ModelVersion, Param, RegisteredModel, Result,
    RunId, RunInfo, Tag,
};

/// Something long, read in parts while it is looked at. Parts are never empty.
pub type Parts<T> = async_channel::Receiver<Result<Vec<T>>>;

/// How many points or rows a part has at most.
pub const PART: usize = 10_000;

/// How many parts are read ahead.
const AHEAD: usize = 2;

/// A pair to hand out something in parts.
pub fn parts<T>() -> (async_channel::Sender<Result<Vec<T>>>, Parts<T>) {
    async_channel::bounded(AHEAD)
}

/// Where a run says that it came from. Old clients filled this in; nobody searches for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOrigin {
    /// `NOTEBOOK`, `JOB`, `PROJECT`, `LOCAL` or `UNKNOWN`.
    pub kind: String,
    /// The script or project.
    pub name: String,
    /// Its commit.
    pub version: String,
    /// The entry point of a project.
    pub entry_point: String,
}

/// A run with all that belongs to it but its points.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// The head.
    pub info: RunInfo,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Millis>,
    /// Where it came from.
    pub origin: RunOrigin,
    /// Params.
    pub params: Vec<Param>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Datasets it read.
    pub dataset_inputs: Vec<DatasetInput>,
    /// Models it read.
    pub model_inputs: Vec<LoggedModelInput>,
    /// Models it wrote.
    pub model_outputs: Vec<LoggedModelOutput>,
}

impl RunRecord {
    /// The same in one order, so that equal ones are equal.
    pub fn sorted(mut self) -> RunRecord {
        self.params.sort_by(|a, b| a.key.cmp(&b.key));
        sort_tags(&mut self.tags);
        for input in &mut self.dataset_inputs {
            sort_tags(&mut input.tags);
        }
        self.dataset_inputs.sort_by(|a, b| {
            let key =
                |input: &DatasetInput| (input.dataset.name.clone(), input.dataset.digest.clone());
            key(a).cmp(&key(b))
        });
        self.model_inputs.sort_by(|a, b| a.model_id.cmp(&b.model_id));
        self.model_outputs.sort_by(|a, b| (&a.model_id, a.step).cmp(&(&b.model_id, b.step)));
        self
    }
}

fn sort_tags(tags: &mut [Tag]) {
    tags.sort_by(|a, b| a.key.cmp(&b.key));
}

/// A logged model with all its points.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelRecord {
    /// The model; its metrics are all points, not the latest ones.
    pub model: LoggedModel,
    /// Whether it was deleted.
    pub deleted: bool,
}

impl ModelRecord {
    /// The same in one order and with the values that databases can hold, so that equal ones are
    /// equal. Of points that a database takes for the same one, the first is kept.
    pub fn sorted(mut self) -> ModelRecord {
        let model = &mut self.model;
        model.params.sort_by(|a, b| a.key.cmp(&b.key));
        sort_tags(&mut model.tags);
        let key =
            |point: &Metric| (point.key.clone(), point.timestamp, point.step, point.run_id.clone());
        model.metrics.sort_by_key(key);
        model.metrics.dedup_by_key(|point| key(point));
        for point in &mut model.metrics {
            point.value = point.stored_value().0;
        }
        self
    }
}

/// A registered model with all its versions.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisteredRecord {
    /// The model with its tags and aliases; its latest versions are left out.
    pub model: RegisteredModel,
    /// Its versions, without aliases.
    pub versions: Vec<VersionRecord>,
}

impl RegisteredRecord {
    /// The same in one order, so that equal ones are equal.
    pub fn sorted(mut self) -> RegisteredRecord {
        sort_tags(&mut self.model.tags);
        self.model.aliases.sort_by(|a, b| a.alias.cmp(&b.alias));
        for version in &mut self.versions {
            sort_tags(&mut version.version.tags);
        }
        self.versions.sort_by_key(|version| version.version.number);
        self
    }
}

/// A version of a registered model.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionRecord {
    /// The version.
    pub version: ModelVersion,
    /// Whether it was deleted: it is kept so that its number is not used again.
    pub deleted: bool,
}

/// A table that only databases keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// Whether its rows can be taken along.
    pub movable: bool,
    /// Which of its columns holds the number of an experiment, if one does.
    pub experiment: Option<usize>,
}

/// What a row of such a table holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// An integer or a truth value.
    Int(i64),
    /// A double.
    Real(f64),
    /// A text.
    Text(String),
}

/// A row of such a table, in the order of MLflow's columns.
pub type Cells = Vec<Cell>;

/// The order in which points are handed out within a metric: step, time, value; NaN counts as 0
/// and comes after it.
pub fn by_step(a: &Metric, b: &Metric) -> Ordering {
    let key = |point: &Metric| (point.step, point.timestamp);
    key(a)
        .cmp(&key(b))
        .then_with(|| a.stored_value().partial_cmp(&b.stored_value()).unwrap_or(Ordering::Equal))
}

/// The order in which the points of a run are handed out: by key, and within one as in [`by_step`].
/// Points that are equal here are the same point.
pub fn by_key_and_step(a: &Metric, b: &Metric) -> Ordering {
    a.key.cmp(&b.key).then_with(|| by_step(a, b))
}

/// Reads all that a store keeps, deleted things too.
#[async_trait]
pub trait ExportStore: Send + Sync {
    /// All experiments.
    async fn export_experiments(&self) -> Result<Vec<Experiment>>;

    /// The ids of all runs of an experiment, sorted.
    async fn export_run_ids(&self, experiment: ExperimentId) -> Result<Vec<RunId>>;

    /// These runs, as far as they are there, in any order.
    async fn export_runs(&self, runs: Vec<RunId>) -> Result<Vec<RunRecord>>;

    /// All points of a run, each once, in the order of [`by_key_and_step`]. A run that is not there
    /// has none.
    async fn export_points(&self, run: &RunId) -> Result<Parts<Metric>>;

    /// The ids of all logged models of an experiment, sorted.
    async fn export_model_ids(&self, experiment: ExperimentId) -> Result<Vec<ModelId>>;

    /// A logged model.
    async fn export_model(&self, id: &ModelId) -> Result<Option<ModelRecord>>;

    /// The names of all registered models and prompts, sorted.
    async fn export_registered_names(&self) -> Result<Vec<String>>;

    /// A registered model or prompt.
    async fn export_registered(&self, name: &str) -> Result<Option<RegisteredRecord>>;

    /// What only databases keep, each table after those that it needs.
    async fn export_tables(&self) -> Result<Vec<Table>> {
        Ok(Vec::new())
    }

    /// The rows of such a table, in any order.
    async fn export_rows(&self, _table: &str) -> Result<Parts<Cells>> {
        Ok(parts().1)
    }
}

/// Writes what another store kept, with the ids and times it had. Every call is atomic but
/// `import_points`, and all are on disk when they return.
///
/// Nothing is checked that the other store has checked before; only what this one cannot keep is
/// refused, with `INVALID_PARAMETER_VALUE`. The caller sees to it that what it imports is not there.
#[async_trait]
pub trait ImportStore: ExportStore {
    /// The largest number that an experiment can have here.
    fn largest_experiment(&self) -> i64 {
        i64::MAX
    }

    /// Whether it has a place for what only databases keep.
    fn keeps_tables(&self) -> bool {
        false
    }

    /// Writes an experiment, in place of the one with its id if there is one.
    async fn import_experiment(&self, experiment: Experiment) -> Result<()>;

    /// Writes runs, all or none.
    async fn import_runs(&self, runs: Vec<RunRecord>, ids: &dyn IdSource) -> Result<()>;

    /// Adds points to runs, those of a run in the order of [`by_key_and_step`]. What it was
    /// interrupted in can be done again.
    async fn import_points(&self, points: Vec<(RunId, Vec<Metric>)>) -> Result<()>;

    /// Writes a logged model with all its points; the runs that logged them are there.
    async fn import_model(&self, model: ModelRecord) -> Result<()>;

    /// Writes a registered model with its versions.
    async fn import_registered(&self, model: RegisteredRecord) -> Result<()>;

    /// A row of such a table as this store gives it back: less what it derives from other things.
    /// `None` for rows that are part of others here.
    fn as_kept(&self, _table: &str, row: Cells) -> Option<Cells> {
        Some(row)
    }

    /// Adds rows to a table that only databases keep; those whose keys are there already stay as
    /// they are.
    async fn import_rows(&self, table: &str, rows: Vec<Cells>) -> Result<()>;
}
