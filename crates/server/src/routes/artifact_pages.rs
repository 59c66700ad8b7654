//! `oxflow/…/artifacts/…`: artifacts as pages need them. Folders come as archives, and documents in a form that a frame
//! may show.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use oxflow_api::artifact::NameArtifact;
use oxflow_artifacts::ArtifactPath;
use oxflow_model::{Error, ModelId, Result, RunId};

use crate::access::{Access, Level};
use crate::answer::{ApiError, Query};
use crate::app::AppState;
use crate::archive;
use crate::router::{Routes, Under};
use crate::routes::artifacts::{artifact_uri, model_location, place, send_below};

/// A document of somebody else: whatever it does, it does without the origin of this server (`sandbox`), and reaches
/// nobody. `frame-ancestors` stands instead of `X-Frame-Options`.
const ALONE: &str = "sandbox allow-scripts; default-src 'none'; \
    script-src 'unsafe-inline' 'unsafe-eval' data: blob:; style-src 'unsafe-inline' data: blob:; \
    img-src data: blob:; font-src data: blob:; media-src data: blob:; worker-src blob:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// Viewers of PDF run apart from the page that holds them, and do not start in a sandbox.
const FRAMED: &str = "frame-ancestors 'self'";

pub fn routes(routes: Routes) -> Routes {
    let of_run = Access::Run(Level::Read);
    let of_model = Access::LoggedModel(Level::Read);
    let model = "/logged-models/{model_id}/artifacts";
    routes
        .get(Under::Oxflow, "/runs/{run_id}/artifacts/archive", of_run, run_archive)
        .get(Under::Oxflow, "/runs/{run_id}/artifacts/document", of_run, run_document)
        .get(Under::Oxflow, &format!("{model}/archive"), of_model, model_archive)
        .get(Under::Oxflow, &format!("{model}/document"), of_model, model_document)
}

async fn run_archive(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Query(request): Query<NameArtifact>,
) -> Result<Response, ApiError> {
    let location = artifact_uri(&app, &RunId::new(&id)).await?;
    archive_below(&app, &location, request, &id).await
}

async fn model_archive(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Query(request): Query<NameArtifact>,
) -> Result<Response, ApiError> {
    let location = model_location(&app, &ModelId::new(&id)).await?;
    archive_below(&app, &location, request, &id).await
}

async fn archive_below(
    app: &AppState,
    location: &str,
    request: NameArtifact,
    id: &str,
) -> Result<Response, ApiError> {
    let path = ArtifactPath::parse(&request.path.unwrap_or_default())?;
    let place = place(app, location)?;
    Ok(archive::send(place.store, &place.root, &path, id).await?)
}

async fn run_document(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Query(request): Query<NameArtifact>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let location = artifact_uri(&app, &RunId::new(id)).await?;
    document_below(&app, &location, request, &headers).await
}

async fn model_document(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Query(request): Query<NameArtifact>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let location = model_location(&app, &ModelId::new(id)).await?;
    document_below(&app, &location, request, &headers).await
}

async fn document_below(
    app: &AppState,
    location: &str,
    request: NameArtifact,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let path = ArtifactPath::parse(&request.path.unwrap_or_default())?;
    let (kind, policy) = document_kind(path.file_name().unwrap_or("")).ok_or_else(|| {
        Error::invalid(format!(
            "'{path}' is no document: its name ends neither with .html nor with .pdf."
        ))
    })?;
    let mut response = send_below(app, location, &path, headers).await?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    if headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    Ok(response)
}

/// How a document is named to browsers, and what it may do. With `nosniff`, they take it for nothing else.
fn document_kind(name: &str) -> Option<(&'static str, &'static str)> {
    let (_, ending) = name.rsplit_once('.')?;
    match ending.to_ascii_lowercase().as_str() {
        "html" | "htm" => Some(("text/html; charset=utf-8", ALONE)),
        "pdf" => Some(("application/pdf", FRAMED)),
        _ => None,
    }
}
