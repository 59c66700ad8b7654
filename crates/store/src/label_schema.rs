//! Label schemas.

use async_trait::async_trait;
use oxflow_model::{
    ExperimentId, LabelSchema, LabelSchemaChange, Millis, Page, PageRequest, Result,
};

/// Keeps label schemas.
#[async_trait]
pub trait LabelSchemaStore: Send + Sync {
    /// Creates a schema in an active experiment; fails with `RESOURCE_ALREADY_EXISTS` when the name
    /// is taken.
    async fn create_label_schema(&self, new: LabelSchema) -> Result<LabelSchema>;

    /// The schema with this id.
    async fn find_label_schema(&self, id: &str) -> Result<Option<LabelSchema>>;

    /// The schema with this name in an active experiment.
    async fn find_label_schema_by_name(
        &self,
        experiment: ExperimentId,
        name: &str,
    ) -> Result<Option<LabelSchema>>;

    /// The schemas of an active experiment, the newest first. `default` becomes one of them if
    /// there is no default question yet.
    async fn list_label_schemas(
        &self,
        experiment: ExperimentId,
        default: LabelSchema,
        page: PageRequest,
    ) -> Result<Page<LabelSchema>>;

    /// Changes a schema.
    async fn update_label_schema(
        &self,
        id: &str,
        change: LabelSchemaChange,
        now: Millis,
    ) -> Result<LabelSchema>;

    /// Deletes a schema; one that is not there is fine, the default question is refused.
    async fn delete_label_schema(&self, id: &str) -> Result<()>;
}
