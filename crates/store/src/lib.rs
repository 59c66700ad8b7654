//! What a store can do, one trait per resource. Ids and times come in as arguments, so that tests
//! can fix them; a lookup returns `Option`, and the caller decides whether absence is an error.
//!
//! Every call is atomic: it changes all it names or nothing, and when it returns `Ok` the change
//! is on disk.

mod change;
#[cfg(feature = "conformance")]
pub mod conformance;
mod curve;
mod evaluation_dataset;
mod experiment;
mod garbage;
mod issue;
mod label_schema;
mod logged_model;
mod metric;
mod moving;
pub mod numbers;
mod registry;
mod review_queue;
mod run;
mod saved_view;
mod scorer;
pub mod trace;
mod webhook;
mod workspace;

use async_trait::async_trait;
use oxflow_model::Result;

pub use change::{ChangeStore, ChangedRun, Pulse};
pub use curve::{Curve, CurvePoint, by_run, thin};
pub use evaluation_dataset::{EvaluationDatasetSearch, EvaluationDatasetStore};
pub use experiment::{ExperimentActivity, ExperimentSearch, ExperimentStore};
pub use garbage::{Binned, GarbageStore, ModelsInBin, RunsInBin};
pub use issue::{IssueSearch, IssueStore};
pub use label_schema::LabelSchemaStore;
pub use logged_model::{LoggedModelSearch, LoggedModelStore};
pub use metric::{HistoryInterval, HistoryPage, MetricRange, MetricStore};
pub use moving::{
    Cell, Cells, ExportStore, ImportStore, ModelRecord, PART, Parts, RegisteredRecord, RunOrigin,
    RunRecord, Table, VersionRecord, by_key_and_step, by_step, parts,
};
pub use registry::{ModelVersionSearch, RegisteredModelSearch, RegistryStore};
pub use review_queue::{ReviewQueueList, ReviewQueueStore};
pub use run::{RunColumns, RunSearch, RunStore};
pub use saved_view::SavedViewStore;
pub use scorer::ScorerStore;
pub use webhook::{Claim, Delivery, WebhookStore};
pub use workspace::WorkspaceStore;

/// Everything a store does.
#[async_trait]
pub trait Store:
    ExperimentStore
    + RunStore
    + MetricStore
    + LoggedModelStore
    + RegistryStore
    + EvaluationDatasetStore
    + ScorerStore
    + LabelSchemaStore
    + IssueStore
    + ReviewQueueStore
    + WebhookStore
    + WorkspaceStore
    + SavedViewStore
    + ChangeStore
    + GarbageStore
{
    /// What `server-info` calls this store, e.g. `SqlStore`.
    fn kind(&self) -> &'static str;

    /// Finishes the writes that were accepted and closes the store. Later calls fail with
    /// `TEMPORARILY_UNAVAILABLE`.
    async fn close(&self) -> Result<()>;
}
