//! `workspaces…`: managed with `--enable-workspaces`, else switched off in MLflow's words. Work
//! itself is done in the default workspace only; see [`crate::workspace`].

use axum::extract::{FromRequestParts, MatchedPath, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Html;
use oxflow_api::common::all;
use oxflow_api::workspace::{
    CreateWorkspace, DeleteWorkspace, ListWorkspacesResponse, TraceArchivalConfig, UpdateWorkspace,
    WorkspaceResponse,
};
use oxflow_model::workspace::{DEFAULT, check_name, check_retention, no_such_workspace};
use oxflow_model::{DeletionMode, Error, Result, Workspace, WorkspaceChange};

use crate::access::Access;
use crate::answer::{Answer, ApiError, Json, Proto, Query};
use crate::app::{App, AppState};
use crate::describe::{Shape, Takes};
use crate::router::{Routes, Under};

const ALL: &str = "/workspaces";
const ONE: &str = "/workspaces/{workspace_name}";

pub fn routes(routes: Routes) -> Routes {
    routes
        .get(Under::V3, ALL, Access::Known, list)
        .post(Under::V3, ALL, Access::Admin, create)
        .get(Under::V3, ONE, Access::Known, get)
        .patch(Under::V3, ONE, Access::Admin, update)
        .delete(Under::V3, ONE, Access::Admin, delete)
}

/// That this server has workspaces.
pub struct Enabled;

impl Takes for Enabled {
    fn note(shape: &mut Shape) {
        shape.switched = true;
    }
}

impl FromRequestParts<AppState> for Enabled {
    type Rejection = (StatusCode, Html<String>);

    async fn from_request_parts(
        parts: &mut Parts,
        app: &AppState,
    ) -> Result<Self, Self::Rejection> {
        if app.settings.workspaces {
            return Ok(Enabled);
        }
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        // MLflow's way to write a route.
        let route = route.replace('{', "<").replace('}', ">");
        let text = format!(
            "Endpoint: {route} disabled because the server is running without workspaces support. \
             To enable workspace, run `mlflow server` with `--enable-workspaces`"
        );
        Err((StatusCode::SERVICE_UNAVAILABLE, Html(text)))
    }
}

fn response(workspace: Workspace) -> Json<WorkspaceResponse> {
    Json(WorkspaceResponse { workspace: Some(workspace.into()) })
}

/// The default workspace breaks none of the rules for names.
fn known(name: String) -> Result<String> {
    check_name(&name).map(|()| name)
}

async fn list(State(app): State<AppState>, _: Enabled) -> Answer<ListWorkspacesResponse> {
    Ok(Json(ListWorkspacesResponse { workspaces: all(app.store.list_workspaces().await?) }))
}

async fn create(
    State(app): State<AppState>,
    _: Enabled,
    Proto(request): Proto<CreateWorkspace>,
) -> Result<(StatusCode, Json<WorkspaceResponse>), ApiError> {
    let name = request.name.unwrap_or_default();
    if name == DEFAULT {
        return Err(reserved("created").into());
    }
    check_name(&name)?;
    let description = request.description;
    let (root, config) = (request.default_artifact_root, request.trace_archival_config);
    let mut workspace = Workspace { name, ..Workspace::default() };
    change(&app, description, root, config)?.apply(&mut workspace);
    app.store.create_workspace(workspace.clone()).await?;
    Ok((StatusCode::CREATED, response(workspace)))
}

async fn get(
    State(app): State<AppState>,
    _: Enabled,
    Path(name): Path<String>,
) -> Answer<WorkspaceResponse> {
    let name = known(name)?;
    let found = app.store.find_workspace(&name).await?;
    Ok(response(found.ok_or_else(|| no_such_workspace(&name))?))
}

async fn update(
    State(app): State<AppState>,
    _: Enabled,
    Path(name): Path<String>,
    Proto(request): Proto<UpdateWorkspace>,
) -> Answer<WorkspaceResponse> {
    let name = known(name)?;
    let (root, config) = (request.default_artifact_root, request.trace_archival_config);
    let change = change(&app, request.description, root, config)?;
    if change.is_empty() {
        return Err(Error::invalid("Workspace update must have at least one key").into());
    }
    Ok(response(app.store.update_workspace(&name, change).await?))
}

async fn delete(
    State(app): State<AppState>,
    _: Enabled,
    Path(name): Path<String>,
    Query(request): Query<DeleteWorkspace>,
) -> Result<StatusCode, ApiError> {
    if name == DEFAULT {
        return Err(reserved("deleted").into());
    }
    let name = known(name)?;
    let mode = request.mode.as_deref().map_or(Ok(DeletionMode::Restrict), DeletionMode::parse)?;
    app.store.delete_workspace(&name, mode).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn reserved(what: &str) -> Error {
    Error::invalid(format!("The '{DEFAULT}' workspace is reserved and cannot be {what}"))
}

fn change(
    app: &App,
    description: Option<String>,
    root: Option<String>,
    config: Option<TraceArchivalConfig>,
) -> Result<WorkspaceChange> {
    let config = config.unwrap_or_default();
    let trimmed = |text: Option<String>| text.map(|text| text.trim().to_owned());
    let change = WorkspaceChange {
        description,
        default_artifact_root: trimmed(root),
        trace_archival_location: trimmed(config.location),
        trace_archival_retention: trimmed(config.retention),
    };
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    if let Some(root) = given(&change.default_artifact_root) {
        check_root(app, &root)?;
    }
    if let Some(location) = given(&change.trace_archival_location) {
        check_archive(app, &location)?;
    }
    given(&change.trace_archival_retention).map_or(Ok(()), |text| check_retention(&text))?;
    Ok(change)
}

/// A relative path would mean a folder of whoever asks.
fn check_root(app: &App, text: &str) -> Result<()> {
    let policy = app.artifacts.resolver.policy();
    let uri = policy.parse_location(text, "default_artifact_root")?;
    if uri.scheme().is_empty() && !uri.path().starts_with('/') {
        return Err(Error::invalid(format!(
            "Invalid value for 'default_artifact_root'. Expected a URI (for example \
             's3://bucket/prefix' or 'mlflow-artifacts:/prefix') or an absolute path, got '{text}'."
        )));
    }
    Ok(())
}

fn check_archive(app: &App, text: &str) -> Result<()> {
    let policy = app.artifacts.resolver.policy();
    let uri = policy.parse_location(text, "trace_archival_config.location")?;
    let why = match uri.scheme() {
        "" => "Expected a URI string.",
        "mlflow-artifacts" => {
            "Trace archival location cannot use the proxy-only `mlflow-artifacts:` scheme."
        }
        _ => return Ok(()),
    };
    Err(Error::invalid(format!("Invalid value for 'trace_archival_config.location'. {why}")))
}
