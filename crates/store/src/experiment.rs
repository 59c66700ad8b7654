//! Experiments.

use async_trait::async_trait;
use oxflow_model::search::{ExperimentClause, ExperimentOrder};
use oxflow_model::{
    DatasetSummary, Experiment, ExperimentId, Millis, NewExperiment, Page, PageRequest, Result,
    Tag, ViewType,
};

/// A search of experiments: all clauses must hold.
#[derive(Clone, Debug)]
pub struct ExperimentSearch {
    /// What must hold.
    pub filter: Vec<ExperimentClause>,
    /// How to sort; empty for newest first.
    pub order_by: Vec<ExperimentOrder>,
    /// Which life-cycle stages.
    pub view: ViewType,
    /// Which part.
    pub page: PageRequest,
}

/// What happens in an experiment; deleted runs do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentActivity {
    /// The experiment.
    pub id: ExperimentId,
    /// How many runs it has.
    pub runs: u64,
    /// How many of them are running.
    pub running: u64,
    /// When the last of them began or ended, whichever was later.
    pub last: Option<Millis>,
}

/// Keeps experiments.
#[async_trait]
pub trait ExperimentStore: Send + Sync {
    /// Creates an experiment; fails with `RESOURCE_ALREADY_EXISTS` when the name is taken, by a
    /// deleted one too.
    async fn create_experiment(&self, new: NewExperiment, now: Millis) -> Result<ExperimentId>;

    /// The experiment with this id, whatever its life-cycle stage.
    async fn find_experiment(&self, id: ExperimentId) -> Result<Option<Experiment>>;

    /// The experiment with this name, whatever its life-cycle stage.
    async fn find_experiment_by_name(&self, name: &str) -> Result<Option<Experiment>>;

    /// Renames an active experiment.
    async fn rename_experiment(&self, id: ExperimentId, name: &str, now: Millis) -> Result<()>;

    /// Moves an active experiment and all its runs to the bin.
    async fn delete_experiment(&self, id: ExperimentId, now: Millis) -> Result<()>;

    /// Takes a deleted experiment and all its runs out of the bin.
    async fn restore_experiment(&self, id: ExperimentId, now: Millis) -> Result<()>;

    /// Sets a tag of an active experiment.
    async fn set_experiment_tag(&self, id: ExperimentId, tag: Tag) -> Result<()>;

    /// Removes a tag of an active experiment; fails with `RESOURCE_DOES_NOT_EXIST` without one.
    async fn delete_experiment_tag(&self, id: ExperimentId, key: &str) -> Result<()>;

    /// Experiments that fit.
    async fn search_experiments(&self, search: ExperimentSearch) -> Result<Page<Experiment>>;

    /// What happens in the experiments that have runs, in no order.
    async fn experiment_activity(&self) -> Result<Vec<ExperimentActivity>>;

    /// Up to 1,000 distinct datasets that runs of these experiments read.
    async fn search_datasets(&self, experiments: &[ExperimentId]) -> Result<Vec<DatasetSummary>>;
}
