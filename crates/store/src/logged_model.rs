//! Logged models.

use async_trait::async_trait;
use oxflow_model::search::{LoggedModelClause, LoggedModelOrder};
use oxflow_model::{
    ExperimentId, LoggedModel, LoggedModelStatus, Millis, ModelId, NewLoggedModel, Page,
    PageRequest, Param, Result, Tag,
};

/// A search of logged models: all clauses must hold.
#[derive(Clone, Debug)]
pub struct LoggedModelSearch {
    /// In these experiments.
    pub experiments: Vec<ExperimentId>,
    /// What must hold.
    pub filter: Vec<LoggedModelClause>,
    /// Metrics count only if measured on one of these datasets (name, digest).
    pub datasets: Vec<(String, Option<String>)>,
    /// How to sort; empty for newest first.
    pub order_by: Vec<LoggedModelOrder>,
    /// Which part.
    pub page: PageRequest,
}

/// Keeps logged models. Deleted ones are not found, but can be logged to: who deletes a model on a
/// page does not mean to stop the training that still writes it.
#[async_trait]
pub trait LoggedModelStore: Send + Sync {
    /// Creates a logged model in an active experiment.
    async fn create_logged_model(&self, new: NewLoggedModel, now: Millis) -> Result<LoggedModel>;

    /// The logged model with this id; deleted ones only if `deleted_too`.
    async fn find_logged_model(
        &self,
        id: &ModelId,
        deleted_too: bool,
    ) -> Result<Option<LoggedModel>>;

    /// Sets the status.
    async fn finalize_logged_model(
        &self,
        id: &ModelId,
        status: LoggedModelStatus,
        now: Millis,
    ) -> Result<LoggedModel>;

    /// Deletes it, softly; again is fine.
    async fn delete_logged_model(&self, id: &ModelId, now: Millis) -> Result<()>;

    /// Sets tags.
    async fn set_logged_model_tags(&self, id: &ModelId, tags: Vec<Tag>) -> Result<LoggedModel>;

    /// Removes a tag; fails with `RESOURCE_DOES_NOT_EXIST` without one.
    async fn delete_logged_model_tag(&self, id: &ModelId, key: &str) -> Result<()>;

    /// Adds params; one that is there already is refused.
    async fn log_logged_model_params(&self, id: &ModelId, params: Vec<Param>) -> Result<()>;

    /// Logged models that fit.
    async fn search_logged_models(&self, search: LoggedModelSearch) -> Result<Page<LoggedModel>>;
}
