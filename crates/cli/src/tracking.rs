//! The tracking server that a command works with: one that is reached by HTTP, or a database or
//! folder that is answered for in this process, by the same code that a server runs.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Method, Request, header};
use oxflow_artifacts::{ArtifactUri, MlflowServer, ServerSettings};
use oxflow_model::{Error, ErrorCode, Result};
use oxflow_store::Store;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::args::ServerArgs;
use crate::compose;
use crate::env::Env;
use crate::settings;

/// Longest answer of an API request.
const MOST_JSON: usize = 256 << 20;
const API: &str = "/api/2.0/mlflow";

/// What `MLFLOW_TRACKING_URI` names.
pub enum Tracking {
    /// A server.
    Server(MlflowServer),
    /// A database or folder.
    Store(Router, Arc<dyn Store>),
}

impl Tracking {
    /// Connects, or opens the store.
    pub fn open(env: &Env) -> Result<Tracking> {
        let cwd = cwd()?;
        let uri = match env.get("MLFLOW_TRACKING_URI") {
            Some(uri) => uri.to_owned(),
            None => settings::default_store(&cwd).to_owned(),
        };
        if matches!(ArtifactUri::parse(&uri)?.scheme(), "http" | "https") {
            let var = |name: &str| env.get(name).map(str::to_owned);
            return ServerSettings::read(&var).connect(&uri).map(Tracking::Server);
        }
        let args = ServerArgs {
            backend_store_uri: Some(uri),
            no_serve_artifacts: true,
            ..ServerArgs::default()
        };
        let app = compose::local(settings::resolve(args, env).map_err(Error::invalid)?)?;
        let store = app.store.clone();
        Ok(Tracking::Store(oxflow_server::router(Arc::new(app)), store))
    }

    /// Finishes what was begun.
    pub async fn close(self) -> Result<()> {
        match self {
            Tracking::Server(_) => Ok(()),
            Tracking::Store(router, store) => {
                drop(router);
                store.close().await
            }
        }
    }

    /// `GET` of the API; `path` begins behind `/api/2.0/mlflow`.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value> {
        self.call(Method::GET, path, query, None).await
    }

    /// `POST` of the API.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value> {
        let path = format!("{API}{path}");
        match self {
            Tracking::Server(server) => server.call(method, &path, query, body).await,
            Tracking::Store(router, _) => ask(router.clone(), method, &path, query, body).await,
        }
    }

    /// Where the artifacts of a run are, and its experiment.
    pub async fn run(&self, id: &str) -> Result<RunPlace> {
        let answer = self.get("/runs/get", &[("run_id", id)]).await?;
        let info = &answer["run"]["info"];
        Ok(RunPlace {
            location: text(&info["artifact_uri"])?,
            experiment: text(&info["experiment_id"])?,
        })
    }

    /// Where the logged model of this name that a run made is, if it made one.
    pub async fn model_of_run(
        &self,
        run: &str,
        experiment: &str,
        name: &str,
    ) -> Result<Option<String>> {
        if name.contains('\'') {
            return Ok(None);
        }
        let mut token = Value::Null;
        loop {
            let body = json!({
                "experiment_ids": [experiment], "filter": format!("name = '{name}'"),
                "page_token": token,
            });
            let page = match self.post("/logged-models/search", &body).await {
                // A server of before MLflow 3.
                Err(error) if error.code() == ErrorCode::ResourceDoesNotExist => return Ok(None),
                page => page?,
            };
            let models = page["models"].as_array().map(Vec::as_slice).unwrap_or_default();
            if let Some(model) = models.iter().find(|model| model["info"]["source_run_id"] == run) {
                return text(&model["info"]["artifact_uri"]).map(Some);
            }
            match &page["next_page_token"] {
                Value::String(next) if !next.is_empty() => token = json!(next),
                _ => return Ok(None),
            }
        }
    }
}

/// Where a run keeps its artifacts.
pub struct RunPlace {
    /// The location.
    pub location: String,
    /// Its experiment.
    pub experiment: String,
}

/// The working directory.
pub fn cwd() -> Result<std::path::PathBuf> {
    std::env::current_dir().map_err(|why| Error::invalid(format!("No working directory: {why}.")))
}

/// A text of an answer.
pub fn text(value: &Value) -> Result<String> {
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| Error::internal("The tracking server does not answer as MLflow does."))
}

/// A part of a path or query.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

async fn ask(
    router: Router,
    method: Method,
    path: &str,
    query: &[(&str, &str)],
    body: Option<&Value>,
) -> Result<Value> {
    let pairs: Vec<String> =
        query.iter().map(|(key, value)| format!("{key}={}", encoded(value))).collect();
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let request = Request::builder()
        .method(method)
        .uri(format!("{path}?{}", pairs.join("&")))
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
        .map_err(|error| Error::internal(format!("Cannot make a request: {error}.")))?;
    let response = match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), MOST_JSON).await;
    let bytes =
        bytes.map_err(|error| Error::internal(format!("Cannot read an answer: {error}.")))?;
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    if status == 200 {
        return Ok(answer);
    }
    let code = match status {
        404 => ErrorCode::ResourceDoesNotExist,
        400..500 => ErrorCode::InvalidParameterValue,
        _ => ErrorCode::InternalError,
    };
    Err(Error::new(code, answer["message"].as_str().unwrap_or("The store fails.")))
}
