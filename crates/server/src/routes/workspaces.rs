//! `workspaces`: switched off, in MLflow's words. Clients ask only when they are told to use one.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Html;

use crate::access::Access;
use crate::router::{Routes, Under, Verb};

const ALL: &str = "/workspaces";
const ONE: &str = "/workspaces/{workspace_name}";

pub fn routes(routes: Routes) -> Routes {
    routes
        .not_built(Verb::Get, Under::V3, ALL, Access::Known, all)
        .not_built(Verb::Post, Under::V3, ALL, Access::Admin, all)
        .not_built(Verb::Get, Under::V3, ONE, Access::Known, one)
        .not_built(Verb::Patch, Under::V3, ONE, Access::Admin, one)
        .not_built(Verb::Delete, Under::V3, ONE, Access::Admin, one)
}

type SwitchedOff = (StatusCode, Html<String>);

async fn all() -> SwitchedOff {
    switched_off("/api/3.0/mlflow/workspaces")
}

async fn one(Path(_): Path<String>) -> SwitchedOff {
    switched_off("/api/3.0/mlflow/workspaces/<workspace_name>")
}

fn switched_off(endpoint: &str) -> SwitchedOff {
    let text = format!(
        "Endpoint: {endpoint} disabled because the server is running without workspaces support. \
         To enable workspace, run `mlflow server` with `--enable-workspaces`"
    );
    (StatusCode::SERVICE_UNAVAILABLE, Html(text))
}
