//! Artifacts of runs: `artifacts/list`, `get-artifact`, `upload-artifact`.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use oxflow_api::artifact::{
    FileInfo, GetArtifact, GetModelArtifact, ListArtifacts, ListArtifactsResponse, UploadArtifact,
};
use oxflow_api::run::run_id;
use oxflow_artifacts::{ArtifactPath, ArtifactStore, ArtifactUri};
use oxflow_model::{Error, ErrorCode, ModelId, Result, RunId};

use crate::access::{Access, Level};
use crate::answer::{Answer, ApiError, Json, Proto, Query, read_body};
use crate::app::AppState;
use crate::download;
use crate::router::{Routes, Under};
use crate::routes::proxy::{self, wire_file};
use crate::routes::runs;

pub fn routes(routes: Routes) -> Routes {
    let read = Access::Run(Level::Read);
    let edit = Access::Run(Level::Edit);
    let model_file = "/logged-models/{model_id}/artifacts/files";
    routes
        .get(Under::V2, "/artifacts/list", read, list)
        .get(Under::Root, "/get-artifact", read, get)
        .post(Under::V2Ajax, "/upload-artifact", edit, upload)
        .get(Under::V2Ajax, model_file, Access::LoggedModel(Level::Read), get_of_model)
}

/// A place in a store.
pub struct Place {
    /// The store.
    pub store: Arc<dyn ArtifactStore>,
    /// The folder in it that belongs to the run or model.
    pub root: ArtifactPath,
}

/// Where a stored artifact location leads: behind our own proxy, or to a store of its own.
pub fn place(app: &AppState, location: &str) -> Result<Place> {
    let uri = ArtifactUri::parse(location)?;
    if app.artifacts.proxied.is_some()
        && let Some(root) = uri.proxied_path()?
    {
        return Ok(Place { store: proxy::store(app)?, root });
    }
    Ok(Place { store: app.artifacts.resolver.open(&uri)?, root: ArtifactPath::root() })
}

/// The files of the folder `path` below a location, with paths from that location on.
pub async fn list_below(app: &AppState, location: &str, path: &str) -> Result<Vec<FileInfo>> {
    let path = ArtifactPath::parse(path)?;
    let place = place(app, location)?;
    let files = place.store.list(&place.root.join(&path)?).await?;
    let shown = files.into_iter().map(|file| {
        let file = file.relative_to(&place.root);
        wire_file(file.path.clone(), &file)
    });
    Ok(shown.collect())
}

/// Where the artifacts of a run are.
pub async fn artifact_uri(app: &AppState, id: &RunId) -> Result<String> {
    let info = app.store.find_run_info(id).await?.ok_or_else(|| runs::not_found(id))?;
    Ok(info.artifact_uri)
}

/// Where the artifacts of a logged model lie.
pub async fn model_location(app: &AppState, id: &ModelId) -> Result<String> {
    let model = app.store.find_logged_model(id, false).await?;
    let missing = || Error::not_found(format!("Logged model with ID '{id}' not found."));
    Ok(model.ok_or_else(missing)?.artifact_location)
}

pub async fn list(
    State(app): State<AppState>,
    Proto(request): Proto<ListArtifacts>,
) -> Answer<ListArtifactsResponse> {
    let id = run_id(request.run_id, request.run_uuid)?;
    let path = request.path.unwrap_or_default();
    ArtifactPath::parse(&path)?;
    let root_uri = artifact_uri(&app, &id).await?;
    let files = list_below(&app, &root_uri, &path).await?;
    Ok(Json(ListArtifactsResponse { root_uri: Some(root_uri), files }))
}

/// `GET get-artifact?run_id=&path=`
async fn get(
    State(app): State<AppState>,
    Query(request): Query<GetArtifact>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let path = request.path.ok_or_else(|| Error::invalid("Request must specify path."))?;
    let path = ArtifactPath::parse(&path)?;
    // MLflow's words for a request that names no run.
    let id = request.run_id.or(request.run_uuid).unwrap_or_else(|| "None".to_owned());
    let id = RunId::new(id);
    let location = artifact_uri(&app, &id).await?;
    send_below(&app, &location, &path, &headers).await
}

/// `GET logged-models/{model_id}/artifacts/files?artifact_file_path=`
async fn get_of_model(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Query(request): Query<GetModelArtifact>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let path = request.artifact_file_path.ok_or_else(|| {
        Error::new(
            ErrorCode::BadRequest,
            "Request must include the \"artifact_file_path\" query parameter.",
        )
    })?;
    let path = ArtifactPath::parse(&path)?;
    let location = model_location(&app, &ModelId::new(id)).await?;
    send_below(&app, &location, &path, &headers).await
}

/// Sends a file below a location; pages must ask again before they show it once more.
pub async fn send_below(
    app: &AppState,
    location: &str,
    path: &ArtifactPath,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let place = place(app, location)?;
    let path = place.root.join(path)?;
    let mut response = download::send(place.store.as_ref(), &path, headers).await?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// `POST upload-artifact?run_uuid=&path=`, which only web pages use.
async fn upload(
    State(app): State<AppState>,
    Query(target): Query<UploadArtifact>,
    request: Request,
) -> Result<Response, ApiError> {
    let wanted = |name: &str, value: Option<String>| {
        value
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Error::invalid(format!("Request must specify {name}.")))
    };
    let id = RunId::new(wanted("run_uuid", target.run_uuid)?);
    let path = wanted("path", target.path)?;
    if path.ends_with('/') {
        return Err(Error::invalid("The path must name a file: it cannot end with '/'.").into());
    }
    let path = ArtifactPath::parse(&path)?;
    if is_form(request.headers()) {
        // Forms are what any page may send without asking; MLflow sees no data in them.
        return Err(Error::invalid("Request must specify data.").into());
    }
    let most = app.settings.max_upload;
    let too_large =
        || Error::invalid(format!("Artifact size is too large. Max size is {}MB.", most >> 20));
    let announced = request.headers().get(header::CONTENT_LENGTH);
    if announced.and_then(|n| n.to_str().ok()?.parse::<usize>().ok()).is_some_and(|n| n > most) {
        return Err(too_large().into());
    }
    let data = read_body(request.into_body(), most).await.map_err(|_| too_large())?;
    if data.is_empty() {
        return Err(Error::invalid("Request must specify data.").into());
    }
    let place = place(&app, &artifact_uri(&app, &id).await?)?;
    let body = futures::stream::once(async { Ok(data) }).boxed();
    place.store.write(&place.root.join(&path)?, body).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], "").into_response())
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    kind.starts_with("application/x-www-form-urlencoded") || kind.starts_with("multipart/form-data")
}
