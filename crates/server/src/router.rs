//! Registering routes: one call gives a route all its prefixes and its access rule.

use std::fmt;

use axum::Router;
use axum::extract::MatchedPath;
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{MethodFilter, on};

use crate::access::Access;
use crate::app::AppState;
use crate::describe::{Described, Shape};

/// The method of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// `GET`, and `HEAD` with it.
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Verb {
    const fn filter(self) -> MethodFilter {
        match self {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
            Verb::Put => MethodFilter::PUT,
            Verb::Patch => MethodFilter::PATCH,
            Verb::Delete => MethodFilter::DELETE,
        }
    }

    /// The method as HTTP spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Put => "PUT",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a route does what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It does.
    Built,
    /// It answers that this part of MLflow is not built yet.
    NotBuilt,
}

/// A route as the endpoint table shows it.
#[derive(Clone, Debug)]
pub struct RouteInfo {
    /// HTTP method.
    pub verb: Verb,
    /// The prefixes it has.
    pub under: Under,
    /// What follows the prefix, with `{name}` for a segment and `{*name}` for the rest.
    pub path: String,
    /// Who may call it.
    pub access: Access,
    /// Whether it does what it is for.
    pub status: Status,
    /// What it takes and gives.
    pub shape: Shape,
}

impl RouteInfo {
    /// Its path under the first of its prefixes, the one that new clients use.
    pub fn main_path(&self) -> String {
        format!("{}{}", self.under.prefixes()[0], self.path)
    }
}

/// Routes under construction.
pub struct Routes {
    prefix: String,
    router: Router<AppState>,
    table: Vec<RouteInfo>,
    /// Routes that are added are switched off.
    off: bool,
}

/// Under which prefixes a route is reachable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Under {
    /// `/api/2.0/mlflow`, its `/ajax-api` twin, and the `preview` forms that 1.x clients use.
    V2,
    /// `/ajax-api/2.0/mlflow` only: calls that only web pages make.
    V2Ajax,
    /// `/api/3.0/mlflow` and its `/ajax-api` twin.
    V3,
    /// `/ajax-api/3.0/mlflow` only: calls that only web pages make.
    V3Ajax,
    /// `/api/2.0/mlflow-artifacts` and its `/ajax-api` twin.
    Artifacts,
    /// `/api/2.0/oxflow` and its `/ajax-api` twin: what MLflow does not have.
    Oxflow,
    /// No prefix.
    Root,
}

impl Under {
    /// The prefixes, the one that new clients use first.
    pub const fn prefixes(self) -> &'static [&'static str] {
        match self {
            Under::V2 => &[
                "/api/2.0/mlflow",
                "/ajax-api/2.0/mlflow",
                "/api/2.0/preview/mlflow",
                "/ajax-api/2.0/preview/mlflow",
            ],
            Under::V2Ajax => &["/ajax-api/2.0/mlflow"],
            Under::V3 => &["/api/3.0/mlflow", "/ajax-api/3.0/mlflow"],
            Under::V3Ajax => &["/ajax-api/3.0/mlflow"],
            Under::Artifacts => &["/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts"],
            Under::Oxflow => &["/api/2.0/oxflow", "/ajax-api/2.0/oxflow"],
            Under::Root => &[""],
        }
    }
}

/// The answer of a route that is switched off, in MLflow's words and with MLflow's way to write a
/// route.
async fn artifacts_only(route: MatchedPath) -> (StatusCode, Html<String>) {
    let route = route.as_str().replace("{*", "<path:").replace('{', "<").replace('}', ">");
    let text = format!(
        "Endpoint: {route} disabled due to the mlflow server running in `--artifacts-only` mode. \
         To enable tracking server functionality, run `mlflow server` without `--artifacts-only`"
    );
    (StatusCode::SERVICE_UNAVAILABLE, Html(text))
}

impl Routes {
    /// No routes yet; `prefix` will stand before all of them.
    pub fn new(prefix: &str) -> Routes {
        Routes { prefix: prefix.to_owned(), router: Router::new(), table: Vec::new(), off: false }
    }

    /// From here on, routes are there but answer that this server has artifacts only, if it has.
    #[must_use]
    pub fn off_if(self, artifacts_only: bool) -> Routes {
        Routes { off: artifacts_only, ..self }
    }

    /// Adds `GET`.
    #[must_use]
    pub fn get<H, T>(self, under: Under, path: &str, access: Access, handler: H) -> Routes
    where
        H: Handler<T, AppState> + Described<T>,
        T: 'static,
    {
        self.add(Verb::Get, under, path, access, &handler)
    }

    /// Adds `POST`.
    #[must_use]
    pub fn post<H, T>(self, under: Under, path: &str, access: Access, handler: H) -> Routes
    where
        H: Handler<T, AppState> + Described<T>,
        T: 'static,
    {
        self.add(Verb::Post, under, path, access, &handler)
    }

    /// Adds `PUT`.
    #[must_use]
    pub fn put<H, T>(self, under: Under, path: &str, access: Access, handler: H) -> Routes
    where
        H: Handler<T, AppState> + Described<T>,
        T: 'static,
    {
        self.add(Verb::Put, under, path, access, &handler)
    }

    /// Adds `PATCH`.
    #[must_use]
    pub fn patch<H, T>(self, under: Under, path: &str, access: Access, handler: H) -> Routes
    where
        H: Handler<T, AppState> + Described<T>,
        T: 'static,
    {
        self.add(Verb::Patch, under, path, access, &handler)
    }

    /// Adds `DELETE`.
    #[must_use]
    pub fn delete<H, T>(self, under: Under, path: &str, access: Access, handler: H) -> Routes
    where
        H: Handler<T, AppState> + Described<T>,
        T: 'static,
    {
        self.add(Verb::Delete, under, path, access, &handler)
    }

    fn add<H, T>(
        mut self,
        verb: Verb,
        under: Under,
        path: &str,
        access: Access,
        handler: &H,
    ) -> Routes
    where
        H: Handler<T, AppState> + Described<T>,
        T: 'static,
    {
        for prefix in under.prefixes() {
            let path = format!("{}{prefix}{path}", self.prefix);
            let handler = match self.off {
                true => on(verb.filter(), artifacts_only),
                false => on(verb.filter(), handler.clone()),
            };
            self.router = self.router.route(&path, handler);
        }
        let (path, status, shape) = (path.to_owned(), Status::Built, H::shape());
        self.table.push(RouteInfo { verb, under, path, access, status, shape });
        self
    }

    /// Adds a route whose handler says that this part is not built.
    #[must_use]
    pub fn not_built<H, T>(
        self,
        verb: Verb,
        under: Under,
        path: &str,
        access: Access,
        handler: H,
    ) -> Routes
    where
        H: Handler<T, AppState> + Described<T>,
        T: 'static,
    {
        let mut routes = self.add(verb, under, path, access, &handler);
        if let Some(added) = routes.table.last_mut() {
            added.status = Status::NotBuilt;
        }
        routes
    }

    /// The router and the table of what it serves.
    pub fn finish(self) -> (Router<AppState>, Vec<RouteInfo>) {
        (self.router, self.table)
    }
}
