//! Saved views of pages.

use async_trait::async_trait;
use oxflow_model::{Error, ErrorCode, ExperimentId, Millis, Result, SavedView, SavedViewChange};

/// Keeps saved views. A store that has no place for them lists none and refuses to save any.
#[async_trait]
pub trait SavedViewStore: Send + Sync {
    /// The views of an experiment, and those that are for any, by name. With `None`, only the
    /// latter.
    async fn list_saved_views(&self, _experiment: Option<ExperimentId>) -> Result<Vec<SavedView>> {
        Ok(Vec::new())
    }

    /// The view with this id.
    async fn find_saved_view(&self, _id: &str) -> Result<Option<SavedView>> {
        Ok(None)
    }

    /// Saves a view; one that is the default takes that from the one that was.
    async fn create_saved_view(&self, _view: SavedView) -> Result<()> {
        Err(no_place())
    }

    /// Changes a view; `RESOURCE_DOES_NOT_EXIST` if it is not there.
    async fn update_saved_view(
        &self,
        _id: &str,
        _change: SavedViewChange,
        _now: Millis,
    ) -> Result<SavedView> {
        Err(no_place())
    }

    /// Deletes a view; `RESOURCE_DOES_NOT_EXIST` if it is not there.
    async fn delete_saved_view(&self, _id: &str) -> Result<()> {
        Err(no_place())
    }
}

fn no_place() -> Error {
    Error::new(
        ErrorCode::NotImplemented,
        "This store has no place for saved views. Use a database to keep them.",
    )
}
