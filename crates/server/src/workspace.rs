//! The header by which clients choose a workspace.
//!
//! Workspaces are managed through their own routes; work is done in the default one. A request
//! that chooses another gets MLflow's error if that is not there, and else hears that this is not
//! built: nothing may land in the wrong workspace.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use oxflow_model::workspace::{DEFAULT, check_name, no_such_workspace};
use oxflow_model::{Error, ErrorCode, Result};

use crate::answer::ApiError;
use crate::app::{App, AppState};

const HEADER: &str = "x-mlflow-workspace";

/// The middleware.
pub async fn choose(State(app): State<AppState>, request: Request, next: Next) -> Response {
    // Clients ask for this before they know whether there are workspaces.
    let info = request.uri().path().trim_end_matches('/').ends_with("/mlflow/server-info");
    match check(&app, request.headers()).await {
        Err(error) if !info => ApiError(error).into_response(),
        _ => next.run(request).await,
    }
}

async fn check(app: &App, headers: &HeaderMap) -> Result<()> {
    let Some(chosen) = headers.get(HEADER) else { return Ok(()) };
    let chosen = String::from_utf8_lossy(chosen.as_bytes());
    let chosen = chosen.trim();
    if chosen.is_empty() {
        return Ok(());
    }
    if !app.settings.workspaces {
        return Err(Error::new(
            ErrorCode::FeatureDisabled,
            "Workspace APIs are not available: workspaces are not enabled on this server",
        ));
    }
    if chosen == DEFAULT {
        return Ok(());
    }
    check_name(chosen)?;
    app.store.find_workspace(chosen).await?.ok_or_else(|| no_such_workspace(chosen))?;
    Err(Error::new(
        ErrorCode::NotImplemented,
        format!(
            "This server keeps the workspace '{chosen}', but cannot work in it yet: only in \
             '{DEFAULT}'. Leave out the header X-MLFLOW-WORKSPACE, or unset MLFLOW_WORKSPACE."
        ),
    ))
}
