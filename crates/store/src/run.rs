//! Runs and what they log.

use async_trait::async_trait;
use oxflow_model::search::{RunClause, RunOrder};
use oxflow_model::{
    DatasetInput, ExperimentId, IdSource, LogBatch, LoggedModelInput, LoggedModelOutput, Millis,
    NewRun, Page, PageRequest, Param, Result, Run, RunChange, RunId, RunInfo, Tag, ViewType,
};

/// A search of runs: all clauses must hold.
#[derive(Clone, Debug)]
pub struct RunSearch {
    /// In these experiments.
    pub experiments: Vec<ExperimentId>,
    /// What must hold.
    pub filter: Vec<RunClause>,
    /// How to sort; empty for newest first.
    pub order_by: Vec<RunOrder>,
    /// Which life-cycle stages.
    pub view: ViewType,
    /// Which part.
    pub page: PageRequest,
}

/// What is wanted of what runs logged.
#[derive(Clone, Debug, Default)]
pub struct RunColumns {
    /// The latest values of these metrics.
    pub metrics: Vec<String>,
    /// These params.
    pub params: Vec<String>,
    /// These tags.
    pub tags: Vec<String>,
    /// The datasets.
    pub datasets: bool,
}

/// Keeps runs. All calls that log refuse a deleted run with `INVALID_PARAMETER_VALUE` and an
/// unknown one with `RESOURCE_DOES_NOT_EXIST`.
#[async_trait]
pub trait RunStore: Send + Sync {
    /// Creates a run in an active experiment.
    async fn create_run(&self, new: NewRun) -> Result<Run>;

    /// The run with this id, whatever its life-cycle stage.
    async fn find_run(&self, id: &RunId) -> Result<Option<Run>>;

    /// The head of the run with this id, without what it logged.
    async fn find_run_info(&self, id: &RunId) -> Result<Option<RunInfo>>;

    /// Changes an active run.
    async fn update_run(&self, id: &RunId, change: RunChange) -> Result<RunInfo>;

    /// Moves a run to the bin; again is fine.
    async fn delete_run(&self, id: &RunId, now: Millis) -> Result<()>;

    /// Takes a run out of the bin; again is fine.
    async fn restore_run(&self, id: &RunId) -> Result<()>;

    /// Sets a param once; the same value again is fine, another one is refused.
    async fn log_param(&self, id: &RunId, param: Param) -> Result<()>;

    /// Sets a tag; `mlflow.runName` also renames the run.
    async fn set_tag(&self, id: &RunId, tag: Tag) -> Result<()>;

    /// Removes a tag; fails with `RESOURCE_DOES_NOT_EXIST` without one.
    async fn delete_tag(&self, id: &RunId, key: &str) -> Result<()>;

    /// Writes a batch, as a whole or not at all.
    async fn log_batch(&self, id: &RunId, batch: LogBatch) -> Result<()>;

    /// Notes what the run read. A dataset that the run has already keeps its first tags.
    async fn log_inputs(
        &self,
        id: &RunId,
        datasets: Vec<DatasetInput>,
        models: Vec<LoggedModelInput>,
        ids: &dyn IdSource,
    ) -> Result<()>;

    /// Notes the models that the run wrote.
    async fn log_outputs(
        &self,
        id: &RunId,
        models: Vec<LoggedModelOutput>,
        ids: &dyn IdSource,
    ) -> Result<()>;

    /// Appends the JSON object `model` to the list in the tag `mlflow.log-model.history`.
    async fn append_model_history(&self, id: &RunId, model: String) -> Result<()>;

    /// Runs that fit.
    async fn search_runs(&self, search: RunSearch) -> Result<Page<Run>>;

    /// Runs that fit, of which only some columns are wanted; a store may leave out the others.
    async fn run_table(&self, search: RunSearch, columns: RunColumns) -> Result<Page<Run>> {
        // One that reads whole runs anyway has no use for them.
        drop(columns);
        self.search_runs(search).await
    }
}
