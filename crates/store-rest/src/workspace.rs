//! Workspaces.

use async_trait::async_trait;
use http::Method;
use oxflow_api::common::{Empty, all};
use oxflow_api::workspace::{
    CreateWorkspace, DeleteWorkspace, ListWorkspacesResponse, TraceArchivalConfig, UpdateWorkspace,
    WorkspaceResponse,
};
use oxflow_model::{DeletionMode, Result, Workspace, WorkspaceChange};
use oxflow_store::WorkspaceStore;

use crate::call::Api::V3;
use crate::call::segment;
use crate::client::RestStore;
use crate::read;

fn answered(answer: WorkspaceResponse) -> Result<Workspace> {
    Ok(read::need(answer.workspace, "workspace")?.into())
}

fn path(name: &str) -> String {
    format!("workspaces/{}", segment(name))
}

fn archival(location: Option<String>, retention: Option<String>) -> Option<TraceArchivalConfig> {
    let config = TraceArchivalConfig { location, retention };
    (config != TraceArchivalConfig::default()).then_some(config)
}

#[async_trait]
impl WorkspaceStore for RestStore {
    async fn list_workspaces(&self) -> Result<Vec<Workspace>> {
        let answer: ListWorkspacesResponse = self.send(V3.get("workspaces", &Empty {})).await?;
        Ok(all(answer.workspaces))
    }

    async fn find_workspace(&self, name: &str) -> Result<Option<Workspace>> {
        self.find(V3.get(&path(name), &Empty {})).await?.map(answered).transpose()
    }

    async fn create_workspace(&self, new: Workspace) -> Result<()> {
        let request = CreateWorkspace {
            name: Some(new.name),
            description: new.description,
            default_artifact_root: new.default_artifact_root,
            trace_archival_config: archival(
                new.trace_archival_location,
                new.trace_archival_retention,
            ),
        };
        self.send::<WorkspaceResponse>(V3.post("workspaces", &request)).await.map(drop)
    }

    async fn update_workspace(&self, name: &str, change: WorkspaceChange) -> Result<Workspace> {
        let request = UpdateWorkspace {
            description: change.description,
            default_artifact_root: change.default_artifact_root,
            trace_archival_config: archival(
                change.trace_archival_location,
                change.trace_archival_retention,
            ),
        };
        answered(self.send(V3.patch(&path(name), &request)).await?)
    }

    async fn delete_workspace(&self, name: &str, mode: DeletionMode) -> Result<()> {
        let request = DeleteWorkspace { mode: Some(mode.as_str().to_owned()) };
        self.send::<Empty>(V3.query(Method::DELETE, &path(name), &request)).await.map(drop)
    }
}
