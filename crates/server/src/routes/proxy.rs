//! `mlflow-artifacts/…`: the storage behind the server, addressed by path.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures::StreamExt as _;
use oxflow_api::artifact::{FileInfo, ListArtifactsResponse, ListProxiedArtifacts};
use oxflow_api::common::Empty;
use oxflow_artifacts::{ArtifactPath, ArtifactStore, ByteStream};
use oxflow_model::{Error, ErrorCode, Result};

use crate::access::{Access, Level};
use crate::answer::{Answer, ApiError, Json, Proto};
use crate::app::AppState;
use crate::download;
use crate::router::{Routes, Under};

/// How long an upload may stand still.
const STALLED: std::time::Duration = std::time::Duration::from_secs(120);

const ARTIFACT: &str = "/artifacts/{*path}";

/// The two routes that move bytes; MLflow serves them without the static prefix as well.
pub fn transfer_routes(routes: Routes) -> Routes {
    routes.get(Under::Artifacts, ARTIFACT, Access::ArtifactPath(Level::Read), get).put(
        Under::Artifacts,
        ARTIFACT,
        Access::ArtifactPath(Level::Edit),
        put,
    )
}

pub fn routes(routes: Routes) -> Routes {
    let read = Access::ArtifactPath(Level::Read);
    let manage = Access::ArtifactPath(Level::Manage);
    routes.get(Under::Artifacts, "/artifacts", read, list).delete(
        Under::Artifacts,
        ARTIFACT,
        manage,
        delete,
    )
}

/// The storage behind the proxy, if the server has one.
pub fn store(app: &AppState) -> Result<Arc<dyn ArtifactStore>> {
    app.artifacts.proxied.clone().ok_or_else(|| {
        Error::new(
            ErrorCode::TemporarilyUnavailable,
            "Artifact serving is disabled: the server runs with `--no-serve-artifacts`. Run it \
             with `--serve-artifacts` to enable it.",
        )
    })
}

/// The part of the path behind `marker`, as the client spelled it: axum's own extractor would
/// decode it once, and the rules for paths must see it whole.
pub fn path_after(uri: &OriginalUri, marker: &str) -> Result<ArtifactPath> {
    let path = uri.path();
    let raw = path.split_once(marker).map_or("", |(_, rest)| rest);
    ArtifactPath::parse(raw)
}

async fn list(
    State(app): State<AppState>,
    Proto(request): Proto<ListProxiedArtifacts>,
) -> Answer<ListArtifactsResponse> {
    let folder = ArtifactPath::parse(&request.path.unwrap_or_default())?;
    let files = store(&app)?.list(&folder).await?;
    // Names only, unlike everywhere else.
    let files = files.into_iter().map(|file| wire_file(file.name().to_owned(), &file)).collect();
    Ok(Json(ListArtifactsResponse { root_uri: None, files }))
}

/// A file on the wire. MLflow leaves the size out when it is 0.
pub fn wire_file(path: String, file: &oxflow_artifacts::FileInfo) -> FileInfo {
    let size = i64::try_from(file.size).unwrap_or(i64::MAX);
    FileInfo {
        path: Some(path),
        is_dir: Some(file.is_dir),
        file_size: Some(size).filter(|size| *size > 0),
    }
}

async fn get(
    State(app): State<AppState>,
    uri: OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let path = path_after(&uri, "/mlflow-artifacts/artifacts/")?;
    Ok(download::send(store(&app)?.as_ref(), &path, &headers).await?)
}

async fn put(
    State(app): State<AppState>,
    uri: OriginalUri,
    request: Request,
) -> Result<StatusCode, ApiError> {
    if uri.path().ends_with('/') {
        return Err(
            Error::invalid("Artifact path must include a filename (cannot end with '/').").into()
        );
    }
    let path = path_after(&uri, "/mlflow-artifacts/artifacts/")?;
    store(&app)?.write(&path, byte_stream(request.into_body())).await?;
    Ok(StatusCode::OK)
}

/// The body of an upload. It may take as long as it likes, but not stand still.
pub fn byte_stream(body: Body) -> ByteStream {
    let stream = body.into_data_stream();
    let stream = futures::stream::unfold(stream, |mut stream| async move {
        match tokio::time::timeout(STALLED, stream.next()).await {
            Ok(Some(Ok(bytes))) => Some((Ok(bytes), stream)),
            Ok(Some(Err(error))) => {
                Some((Err(Error::invalid(format!("The upload broke off: {error}."))), stream))
            }
            Ok(None) => None,
            Err(_) => Some((Err(Error::invalid("The upload stood still for too long.")), stream)),
        }
    });
    stream.boxed()
}

async fn delete(State(app): State<AppState>, uri: OriginalUri) -> Answer<Empty> {
    let path = path_after(&uri, "/mlflow-artifacts/artifacts/")?;
    store(&app)?.delete(&path).await?;
    Ok(Json(Empty {}))
}
