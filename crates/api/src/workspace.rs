//! Messages of `workspaces…`.

use oxflow_model as model;

use crate::message;

message! {
    /// When old traces go where.
    pub struct TraceArchivalConfig { location: Option<String>, retention: Option<String> }

    /// A workspace.
    pub struct Workspace {
        name: Option<String>,
        description: Option<String>,
        default_artifact_root: Option<String>,
        trace_archival_config: Option<TraceArchivalConfig>,
    }

    /// An answer that holds one workspace.
    pub struct WorkspaceResponse { workspace: Option<Workspace> }

    /// The answer to `GET workspaces`.
    pub struct ListWorkspacesResponse { workspaces: Vec<Workspace> }

    /// `POST workspaces`
    pub struct CreateWorkspace {
        [required] name: Option<String>,
        description: Option<String>,
        default_artifact_root: Option<String>,
        trace_archival_config: Option<TraceArchivalConfig>,
    }

    /// `PATCH workspaces/<workspace_name>`
    pub struct UpdateWorkspace {
        description: Option<String>,
        default_artifact_root: Option<String>,
        trace_archival_config: Option<TraceArchivalConfig>,
    }

    /// `DELETE workspaces/<workspace_name>`, in the query
    pub struct DeleteWorkspace { mode: Option<String> }
}

impl From<model::Workspace> for Workspace {
    fn from(workspace: model::Workspace) -> Self {
        let config = TraceArchivalConfig {
            location: workspace.trace_archival_location,
            retention: workspace.trace_archival_retention,
        };
        Workspace {
            name: Some(workspace.name),
            description: workspace.description,
            default_artifact_root: workspace.default_artifact_root,
            trace_archival_config: (config != TraceArchivalConfig::default()).then_some(config),
        }
    }
}

impl From<Workspace> for model::Workspace {
    fn from(workspace: Workspace) -> Self {
        let config = workspace.trace_archival_config.unwrap_or_default();
        model::Workspace {
            name: workspace.name.unwrap_or_default(),
            description: workspace.description,
            default_artifact_root: workspace.default_artifact_root,
            trace_archival_location: config.location,
            trace_archival_retention: config.retention,
        }
    }
}
