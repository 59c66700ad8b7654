//! Workspaces.

use async_trait::async_trait;
use oxflow_model::{DeletionMode, Error, Result, Workspace, WorkspaceChange};

/// Keeps workspaces. A store that knows only the default one keeps the methods as they are: all of
/// them fail.
#[async_trait]
pub trait WorkspaceStore: Send + Sync {
    /// All workspaces by name.
    async fn list_workspaces(&self) -> Result<Vec<Workspace>> {
        Err(unsupported())
    }

    /// The workspace with this name.
    async fn find_workspace(&self, name: &str) -> Result<Option<Workspace>> {
        let _ = name;
        Err(unsupported())
    }

    /// Creates a workspace; fails with `RESOURCE_ALREADY_EXISTS` when the name is taken.
    async fn create_workspace(&self, new: Workspace) -> Result<()> {
        let _ = new;
        Err(unsupported())
    }

    /// Changes a workspace; gives what it is then.
    async fn update_workspace(&self, name: &str, change: WorkspaceChange) -> Result<Workspace> {
        let _ = (name, change);
        Err(unsupported())
    }

    /// Deletes a workspace. Fails with `INVALID_STATE` when what is in it is in the way.
    async fn delete_workspace(&self, name: &str, mode: DeletionMode) -> Result<()> {
        let _ = (name, mode);
        Err(unsupported())
    }
}

fn unsupported() -> Error {
    Error::new(
        oxflow_model::ErrorCode::FeatureDisabled,
        "The configured tracking store does not support workspace-aware operations.",
    )
}
