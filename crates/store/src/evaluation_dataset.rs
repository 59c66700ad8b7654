//! Evaluation datasets.

use async_trait::async_trait;
use oxflow_model::search::{EvaluationDatasetClause, EvaluationDatasetOrder};
use oxflow_model::{
    Association, DatasetTag, EvaluationDataset, EvaluationDatasetId, Millis, NewEvaluationDataset,
    Page, PageRequest, RecordChange, RecordCounts, RecordCursor, RecordPage, Result,
};

/// A search of evaluation datasets: all clauses must hold.
#[derive(Clone, Debug)]
pub struct EvaluationDatasetSearch {
    /// In at least one of these experiments; empty for everywhere.
    pub experiments: Vec<String>,
    /// What must hold.
    pub filter: Vec<EvaluationDatasetClause>,
    /// How to sort; empty for newest first.
    pub order_by: Vec<EvaluationDatasetOrder>,
    /// Which part.
    pub page: PageRequest,
}

/// Keeps evaluation datasets and their records.
#[async_trait]
pub trait EvaluationDatasetStore: Send + Sync {
    /// Creates a dataset without records.
    async fn create_evaluation_dataset(
        &self,
        new: NewEvaluationDataset,
        now: Millis,
    ) -> Result<EvaluationDataset>;

    /// The dataset with this id.
    async fn find_evaluation_dataset(
        &self,
        id: &EvaluationDatasetId,
    ) -> Result<Option<EvaluationDataset>>;

    /// Deletes a dataset with everything in it; one that is not there is fine.
    async fn delete_evaluation_dataset(&self, id: &EvaluationDatasetId) -> Result<()>;

    /// Datasets that fit.
    async fn search_evaluation_datasets(
        &self,
        search: EvaluationDatasetSearch,
    ) -> Result<Page<EvaluationDataset>>;

    /// Sets tags; those without a value are skipped. Fails with `RESOURCE_DOES_NOT_EXIST` without
    /// the dataset.
    async fn set_evaluation_dataset_tags(
        &self,
        id: &EvaluationDatasetId,
        tags: Vec<DatasetTag>,
    ) -> Result<()>;

    /// Removes a tag; one that is not there is fine.
    async fn delete_evaluation_dataset_tag(
        &self,
        id: &EvaluationDatasetId,
        key: &str,
    ) -> Result<()>;

    /// Adds records, or merges them into those with the same inputs. Fails with `BAD_REQUEST` when
    /// there are records but no dataset.
    async fn upsert_dataset_records(
        &self,
        id: &EvaluationDatasetId,
        records: Vec<RecordChange>,
        now: Millis,
    ) -> Result<RecordCounts>;

    /// At most `limit` records, the oldest first. A missing dataset has none.
    async fn dataset_records(
        &self,
        id: &EvaluationDatasetId,
        from: RecordCursor,
        limit: u64,
    ) -> Result<RecordPage>;

    /// Deletes records and says how many there were.
    async fn delete_dataset_records(
        &self,
        id: &EvaluationDatasetId,
        records: Vec<String>,
    ) -> Result<u64>;

    /// The experiments a dataset belongs to. A missing dataset has none.
    async fn experiments_of_dataset(&self, id: &EvaluationDatasetId) -> Result<Vec<String>>;

    /// Adds a dataset to experiments, which must be there; again is fine.
    async fn add_dataset_to_experiments(
        &self,
        id: &EvaluationDatasetId,
        experiments: Vec<Association>,
        now: Millis,
    ) -> Result<EvaluationDataset>;

    /// Takes a dataset out of experiments; those it is not in are fine.
    async fn remove_dataset_from_experiments(
        &self,
        id: &EvaluationDatasetId,
        experiments: Vec<String>,
        now: Millis,
    ) -> Result<EvaluationDataset>;
}
