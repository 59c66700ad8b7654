//! The routes: one file per resource.

mod artifact_pages;
pub mod artifacts;
mod curves;
mod direct;
mod evaluation_datasets;
mod events;
pub mod experiments;
mod graphql;
mod issues;
mod label_schemas;
mod logged_models;
pub mod metrics;
pub mod model_versions;
pub mod not_built;
mod pages;
mod proxy;
mod registered_models;
mod review_queues;
mod run_table;
pub mod runs;
mod saved_views;
mod scorers;
mod service;
mod ui;
mod webhooks;
mod workspaces;

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use oxflow_model::{Error, ErrorCode};

use crate::answer::error_response;
use crate::app::AppState;
use crate::router::{RouteInfo, Routes};
use crate::{round, security, trace, workspace};

pub use service::MLFLOW_VERSION;

/// All routes, without middleware.
fn routes(prefix: &str, artifacts_only: bool) -> Routes {
    let routes = Routes::new(prefix);
    let routes = pages::routes(service::routes(routes));
    let routes = proxy::routes(proxy::transfer_routes(routes));
    let routes = direct::proxy_routes(routes);
    let routes = graphql::routes(routes);
    let routes = ui::routes(routes);
    let routes = routes.off_if(artifacts_only);
    let routes = experiments::routes(routes);
    let routes = runs::routes(routes);
    let routes = run_table::routes(curves::routes(metrics::routes(routes)));
    let routes = logged_models::routes(routes);
    let routes = registered_models::routes(routes);
    let routes = model_versions::routes(routes);
    let routes = webhooks::routes(routes);
    let routes = evaluation_datasets::routes(routes);
    let routes = scorers::routes(routes);
    let routes = label_schemas::routes(routes);
    let routes = issues::routes(routes);
    let routes = review_queues::routes(routes);
    let routes = artifact_pages::routes(artifacts::routes(routes));
    let routes = direct::routes(routes);
    let routes = events::routes(saved_views::routes(routes));
    let routes = workspaces::routes(routes);
    not_built::routes(routes)
}

/// What is served, for the endpoint table.
pub fn table() -> Vec<RouteInfo> {
    routes("", false).finish().1
}

/// The router of a server.
pub fn router(app: AppState) -> Router {
    let prefix = app.settings.static_prefix.as_str();
    let (mut router, _) = routes(prefix, app.settings.artifacts_only).finish();
    if !prefix.is_empty() {
        let page = format!("{prefix}/");
        router = router.route(prefix, get(async move || Redirect::permanent(&page)));
        // Clients that were given only a host transfer artifacts without the prefix.
        router = router.merge(proxy::transfer_routes(Routes::new("")).finish().0);
    }
    router
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
        .layer(middleware::from_fn_with_state(app.clone(), workspace::choose))
        .layer(middleware::from_fn(round::refuse))
        .layer(middleware::from_fn_with_state(app.clone(), security::protect))
        .layer(middleware::from_fn(trace::trace))
        .with_state(app)
}

async fn no_such_route(request: Request) -> Response {
    let path = request.uri().path();
    let error = Error::new(
        ErrorCode::EndpointNotFound,
        format!("No such endpoint: {} {path}.", request.method()),
    );
    error_response(&error, None)
}

async fn no_such_method(request: Request) -> Response {
    if request.method() == Method::OPTIONS {
        // The router adds the header Allow.
        return StatusCode::NO_CONTENT.into_response();
    }
    let path = request.uri().path();
    let error = Error::new(
        ErrorCode::EndpointNotFound,
        format!("{path} does not answer to {}; the header Allow says to what.", request.method()),
    );
    error_response(&error, Some(StatusCode::METHOD_NOT_ALLOWED))
}
