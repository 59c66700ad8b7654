//! Health, version, and what this server can do.

use axum::extract::State;
use axum::response::Html;
use oxflow_api::service::{Features, ServerInfo};
use serde_json::Value;

use crate::access::Access;
use crate::answer::Json;
use crate::app::AppState;
use crate::openapi;
use crate::router::{Routes, Under};

/// The MLflow release whose protocol this is. Clients compare it with their own.
pub const MLFLOW_VERSION: &str = "3.17.2";

pub fn routes(routes: Routes) -> Routes {
    routes
        .get(Under::Root, "/health", Access::Public, health)
        .get(Under::Root, "/version", Access::Known, version)
        .get(Under::V3, "/server-info", Access::Public, server_info)
        .get(Under::Root, "/openapi.json", Access::Known, describe)
}

/// `GET /health`
async fn health() -> &'static str {
    "OK"
}

/// `GET /version`
async fn version() -> Html<&'static str> {
    Html(MLFLOW_VERSION)
}

/// `GET server-info`, which MLflow 3 clients ask before they upload.
async fn server_info(State(app): State<AppState>) -> Json<ServerInfo> {
    let capability =
        app.artifacts.proxied.as_ref().map(|store| store.capability()).unwrap_or_default();
    Json(ServerInfo {
        store_type: Some(app.store.kind().to_owned()),
        workspaces_enabled: Some(app.settings.workspaces),
        trace_archival_enabled: Some(false),
        multipart_uploads_enabled: Some(capability.multipart),
        multipart_downloads_enabled: Some(capability.presign),
        presigned_upload_run_id_supported: Some(true),
        presigned_upload_model_id_supported: Some(true),
        features_enabled: Some(Features { gateway: Some(false) }),
    })
}

/// `GET openapi.json`: what this server serves, for programs.
async fn describe(State(app): State<AppState>) -> Json<Value> {
    Json(openapi::document(&app.settings.static_prefix))
}
