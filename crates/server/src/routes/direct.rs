//! Clients that go to the storage themselves: uploads in parts, and URLs that are good for a while.

use std::time::Duration;

use axum::extract::{OriginalUri, State};
use oxflow_api::artifact::{
    AbortMultipartUpload, CompleteMultipartUpload, CreateMultipartUpload,
    CreateMultipartUploadResponse, MultipartCredential, MultipartPart, PresignDownload,
    PresignDownloadResponse, PresignProxiedResponse, PresignUpload, PresignUploadResponse,
};
use oxflow_api::common::Empty;
use oxflow_artifacts::{ArtifactPath, ArtifactStore, ArtifactUri, UploadedPart};
use oxflow_model::{Error, ErrorCode, ModelId, Result, RunId};
use serde_json::Value;

use crate::access::{Access, Level};
use crate::answer::{Answer, Json, Proto};
use crate::app::AppState;
use crate::router::{Routes, Under};
use crate::routes::artifacts::{artifact_uri, place};
use crate::routes::proxy::{path_after, store};

/// The most parts that S3 puts together.
const MOST_PARTS: i64 = 10_000;
/// The longest time in seconds that S3 signs a URL for.
const LONGEST: i64 = 604_800;

/// Those of the proxy, which a server for artifacts alone has too.
pub fn proxy_routes(routes: Routes) -> Routes {
    let read = Access::ArtifactPath(Level::Read);
    let edit = Access::ArtifactPath(Level::Edit);
    routes
        .post(Under::Artifacts, "/mpu/create/{*path}", edit, create)
        .post(Under::Artifacts, "/mpu/complete/{*path}", edit, complete)
        .post(Under::Artifacts, "/mpu/abort/{*path}", edit, abort)
        .get(Under::Artifacts, "/presigned/{*path}", read, presigned)
}

pub fn routes(routes: Routes) -> Routes {
    let read = Access::Run(Level::Read);
    let edit = Access::Run(Level::Edit);
    routes.post(Under::V2, "/artifacts/presigned-upload-url", edit, presign_upload).post(
        Under::V2,
        "/artifacts/presigned-download-url",
        read,
        presign_download,
    )
}

/// The artifact that an upload in parts is about: the folder is in the URL, its name in the body.
/// Clients send the path of their local file, of which only the name counts.
fn target(uri: &OriginalUri, step: &str, name: Option<String>) -> Result<ArtifactPath> {
    let folder = path_after(uri, &format!("/mlflow-artifacts/mpu/{step}/"))?;
    let name = name.unwrap_or_default();
    let name = ArtifactPath::parse(name.rsplit('/').next().unwrap_or_default())?;
    if name.is_root() {
        return Err(Error::invalid("The path must name a file."));
    }
    folder.join(&name)
}

/// `POST mlflow-artifacts/mpu/create/…`
async fn create(
    State(app): State<AppState>,
    uri: OriginalUri,
    Proto(request): Proto<CreateMultipartUpload>,
) -> Answer<CreateMultipartUploadResponse> {
    let store = store(&app)?;
    refuse_parts_unless(store.capability().multipart)?;
    let path = target(&uri, "create", request.path)?;
    let parts = request.num_parts.unwrap_or(1);
    let parts = u32::try_from(parts).ok().filter(|_| (1..=MOST_PARTS).contains(&parts));
    let parts = parts
        .ok_or_else(|| Error::invalid(format!("num_parts must be between 1 and {MOST_PARTS}.")))?;
    let upload = store.create_multipart(&path, parts).await?;
    let credential = |part: oxflow_artifacts::PartUrl| MultipartCredential {
        url: Some(part.url),
        part_number: Some(part.number.into()),
        headers: Some(Value::Object(serde_json::Map::new())),
    };
    Ok(Json(CreateMultipartUploadResponse {
        upload_id: upload.upload_id,
        credentials: upload.parts.into_iter().map(credential).collect(),
    }))
}

/// `POST mlflow-artifacts/mpu/complete/…`
async fn complete(
    State(app): State<AppState>,
    uri: OriginalUri,
    Proto(request): Proto<CompleteMultipartUpload>,
) -> Answer<Empty> {
    let store = store(&app)?;
    refuse_parts_unless(store.capability().multipart)?;
    let path = target(&uri, "complete", request.path)?;
    let parts = request.parts.unwrap_or_default().into_iter().map(part).collect::<Result<_>>()?;
    let id = request.upload_id.unwrap_or_default();
    store.complete_multipart(&path, &id, parts).await?;
    Ok(Json(Empty {}))
}

fn part(part: MultipartPart) -> Result<UploadedPart> {
    let number = part.part_number.filter(|number| (1..=MOST_PARTS).contains(number));
    let number = number.and_then(|number| u32::try_from(number).ok()).ok_or_else(|| {
        Error::invalid(format!("part_number must be between 1 and {MOST_PARTS}."))
    })?;
    Ok(UploadedPart { number, etag: part.etag.unwrap_or_default(), url: part.url })
}

/// `POST mlflow-artifacts/mpu/abort/…`
async fn abort(
    State(app): State<AppState>,
    uri: OriginalUri,
    Proto(request): Proto<AbortMultipartUpload>,
) -> Answer<Empty> {
    let store = store(&app)?;
    refuse_parts_unless(store.capability().multipart)?;
    let path = target(&uri, "abort", request.path)?;
    store.abort_multipart(&path, &request.upload_id.unwrap_or_default()).await?;
    Ok(Json(Empty {}))
}

fn refuse_parts_unless(capable: bool) -> Result<()> {
    // Clients fall back to a plain upload when they read this very message.
    if capable { Ok(()) } else { Err(unsupported("Multipart upload")) }
}

/// `GET mlflow-artifacts/presigned/…`
async fn presigned(
    State(app): State<AppState>,
    uri: OriginalUri,
) -> Answer<PresignProxiedResponse> {
    let store = store(&app)?;
    if !store.capability().presign {
        return Err(unsupported("Multipart download").into());
    }
    let path = path_after(&uri, "/mlflow-artifacts/presigned/")?;
    let size = file_size(store.as_ref(), &path).await?;
    let signed = store.presign_read(&path, app.settings.presigned_for).await?;
    Ok(Json(PresignProxiedResponse {
        url: Some(signed.url),
        headers: Some(headers(signed.headers)),
        file_size: Some(size),
    }))
}

/// `POST artifacts/presigned-upload-url`
async fn presign_upload(
    State(app): State<AppState>,
    Proto(request): Proto<PresignUpload>,
) -> Answer<PresignUploadResponse> {
    let named = |id: Option<String>| id.filter(|id| !id.is_empty());
    let location = match (named(request.run_id), named(request.model_id)) {
        (Some(run), None) => artifact_uri(&app, &RunId::new(run)).await?,
        (None, Some(id)) => {
            let model = app.store.find_logged_model(&ModelId::new(&id), false).await?;
            let missing = || Error::not_found(format!("Logged model with ID '{id}' not found."));
            model.ok_or_else(missing)?.artifact_location
        }
        _ => {
            let why = "Exactly one of run_id and model_id must be provided.";
            return Err(Error::invalid(why).into());
        }
    };
    let path = ArtifactPath::parse(&request.path.unwrap_or_default())?;
    refuse_proxied(
        &location,
        "Presigned upload is not supported for proxied artifact storage (artifact URI scheme: \
         {scheme}). This endpoint requires a direct cloud storage artifact URI.",
    )?;
    let expires = expiration(request.expiration)?;
    let place = place(&app, &location)?;
    if !place.store.capability().presign {
        return Err(unsupported("Presigned upload").into());
    }
    let signed = place.store.presign_write(&place.root.join(&path)?, expires).await?;
    Ok(Json(PresignUploadResponse {
        presigned_url: Some(signed.url),
        headers: Some(headers(signed.headers)),
    }))
}

/// `POST artifacts/presigned-download-url`
async fn presign_download(
    State(app): State<AppState>,
    Proto(request): Proto<PresignDownload>,
) -> Answer<PresignDownloadResponse> {
    let expires = expiration(request.expiration)?;
    let location = artifact_uri(&app, &RunId::new(request.run_id.unwrap_or_default())).await?;
    let path = ArtifactPath::parse(&request.path.unwrap_or_default())?;
    refuse_proxied(
        &location,
        "Presigned download is not supported for runs with proxied artifact storage (artifact URI \
         scheme: {scheme}). This endpoint requires a run with a direct cloud storage artifact URI.",
    )?;
    let place = place(&app, &location)?;
    if !place.store.capability().presign {
        return Err(unsupported("Presigned download").into());
    }
    let path = place.root.join(&path)?;
    let size = file_size(place.store.as_ref(), &path).await?;
    let signed = place.store.presign_read(&path, expires).await?;
    Ok(Json(PresignDownloadResponse {
        presigned_url: Some(signed.url),
        headers: Some(headers(signed.headers)),
        file_size: Some(size),
    }))
}

fn expiration(seconds: Option<i64>) -> Result<Duration> {
    let seconds = seconds.unwrap_or(900);
    let fine = u64::try_from(seconds).ok().filter(|_| (1..=LONGEST).contains(&seconds));
    fine.map(Duration::from_secs).ok_or_else(|| {
        Error::invalid(format!(
            "expiration must be between 1 and {LONGEST} seconds (got {seconds})."
        ))
    })
}

/// The size of a file that is there, so that nobody gets a URL that leads nowhere.
async fn file_size(store: &dyn ArtifactStore, path: &ArtifactPath) -> Result<i64> {
    match store.stat(path).await? {
        Some(stat) if stat.is_dir => Err(Error::invalid(format!(
            "Artifact path refers to a directory, not a file: '{path}'"
        ))),
        Some(stat) => Ok(i64::try_from(stat.size).unwrap_or(i64::MAX)),
        None => Err(Error::not_found(format!("No such artifact: '{path}'"))),
    }
}

fn headers(headers: Vec<(String, String)>) -> Value {
    Value::Object(headers.into_iter().map(|(name, value)| (name, Value::String(value))).collect())
}

fn refuse_proxied(location: &str, message: &str) -> Result<()> {
    let uri = ArtifactUri::parse(location)?;
    if uri.is_proxied() {
        return Err(Error::invalid(message.replace("{scheme}", uri.scheme())));
    }
    Ok(())
}

fn unsupported(what: &str) -> Error {
    let why = format!("{what} is not supported for the current artifact repository");
    Error::new(ErrorCode::NotImplemented, why)
}
