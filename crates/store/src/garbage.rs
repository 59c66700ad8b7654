//! The bin, and what leaves it for good.

use async_trait::async_trait;
use oxflow_model::{ExperimentId, Millis, ModelId, Result, RunId};

/// Something in the bin, with its artifacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binned {
    /// Of the run or logged model.
    pub id: String,
    /// Where its artifacts are.
    pub artifact_location: String,
    /// When it was deleted, as far as is known.
    pub deleted_at: Option<Millis>,
}

/// Which runs of the bin are meant.
#[derive(Clone, Debug)]
pub enum RunsInBin {
    /// All that were deleted at this time or before.
    DeletedBy(Millis),
    /// Those of an experiment.
    Of(ExperimentId),
    /// The one with this id.
    Named(RunId),
}

/// Which logged models of the bin are meant.
#[derive(Clone, Debug)]
pub enum ModelsInBin {
    /// All that were deleted at this time or before.
    DeletedBy(Millis),
    /// The one with this id.
    Named(ModelId),
}

/// Empties the bin. Artifacts are not the business of a store: whoever calls deletes them first, so
/// that what cannot be deleted now is found again later.
#[async_trait]
pub trait GarbageStore: Send + Sync {
    /// Up to `limit` runs, ordered by id, from behind `after` on.
    async fn runs_in_bin(
        &self,
        wanted: RunsInBin,
        after: Option<RunId>,
        limit: u32,
    ) -> Result<Vec<Binned>>;

    /// Up to `limit` logged models, ordered by id, from behind `after` on.
    async fn models_in_bin(
        &self,
        wanted: ModelsInBin,
        after: Option<ModelId>,
        limit: u32,
    ) -> Result<Vec<Binned>>;

    /// Erases a deleted run with what it logged. Large histories go in several steps, so that
    /// others can write in between; a run that was begun to be erased is still in the bin. Fails
    /// with `INVALID_STATE` for a run that is not in the bin, and with `RESOURCE_DOES_NOT_EXIST` if
    /// there is none.
    async fn erase_run(&self, id: &RunId) -> Result<()>;

    /// Erases a deleted logged model with what was logged to it; fails as [`Self::erase_run`] does.
    async fn erase_model(&self, id: &ModelId) -> Result<()>;

    /// Erases a deleted experiment with everything in it; fails as [`Self::erase_run`] does.
    async fn erase_experiment(&self, id: ExperimentId) -> Result<()>;
}
