//! What a server does for itself: the API has no calls for it.

use async_trait::async_trait;
use oxflow_model::{Error, ErrorCode, ExperimentId, ModelId, Result, RunId};
use oxflow_store::{Binned, ChangeStore, GarbageStore, ModelsInBin, RunsInBin, SavedViewStore};

use crate::client::RestStore;

const BIN: &str = "Emptying the bin";

/// Refuses a call.
pub fn only_inside<T>(what: &str) -> Result<T> {
    Err(Error::new(
        ErrorCode::NotImplemented,
        format!("{what} is done by a server itself; its API has no call for it."),
    ))
}

impl SavedViewStore for RestStore {}

impl ChangeStore for RestStore {}

#[async_trait]
impl GarbageStore for RestStore {
    async fn runs_in_bin(&self, _: RunsInBin, _: Option<RunId>, _: u32) -> Result<Vec<Binned>> {
        only_inside(BIN)
    }

    async fn models_in_bin(
        &self,
        _: ModelsInBin,
        _: Option<ModelId>,
        _: u32,
    ) -> Result<Vec<Binned>> {
        only_inside(BIN)
    }

    async fn erase_run(&self, _: &RunId) -> Result<()> {
        only_inside(BIN)
    }

    async fn erase_model(&self, _: &ModelId) -> Result<()> {
        only_inside(BIN)
    }

    async fn erase_experiment(&self, _: ExperimentId) -> Result<()> {
        only_inside(BIN)
    }
}
