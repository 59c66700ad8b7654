//! Messages of `artifacts/…` and `mlflow-artifacts/…`.

use serde_json::Value;

use crate::message;

message! {
    /// A file or a folder.
    pub struct FileInfo { path: Option<String>, is_dir: Option<bool>, file_size: Option<i64> }

    /// `GET artifacts/list`
    pub struct ListArtifacts {
        run_id: Option<String>,
        run_uuid: Option<String>,
        path: Option<String>,
        page_token: Option<String>,
    }

    /// The answer to [`ListArtifacts`].
    pub struct ListArtifactsResponse { root_uri: Option<String>, files: Vec<FileInfo> }

    /// `GET get-artifact`
    pub struct GetArtifact { run_id: Option<String>, run_uuid: Option<String>, path: Option<String> }

    /// `GET logged-models/{model_id}/artifacts/files`
    pub struct GetModelArtifact { artifact_file_path: Option<String> }

    /// `GET oxflow/…/artifacts/…`; no path means the root.
    pub struct NameArtifact { path: Option<String> }

    /// `POST upload-artifact`
    pub struct UploadArtifact { run_uuid: Option<String>, path: Option<String> }

    /// `GET mlflow-artifacts/artifacts`
    pub struct ListProxiedArtifacts { path: Option<String> }

    /// `POST artifacts/presigned-upload-url`
    pub struct PresignUpload {
        run_id: Option<String>,
        [required] path: Option<String>,
        expiration: Option<i64>,
        model_id: Option<String>,
    }

    /// `POST artifacts/presigned-download-url`
    pub struct PresignDownload {
        [required] run_id: Option<String>,
        [required] path: Option<String>,
        expiration: Option<i64>,
    }

    /// The answer to [`PresignUpload`].
    pub struct PresignUploadResponse { presigned_url: Option<String>, headers: Option<Value> }

    /// The answer to [`PresignDownload`].
    pub struct PresignDownloadResponse {
        presigned_url: Option<String>,
        headers: Option<Value>,
        file_size: Option<i64>,
    }

    /// The answer to `GET mlflow-artifacts/presigned/…`.
    pub struct PresignProxiedResponse {
        url: Option<String>,
        headers: Option<Value>,
        file_size: Option<i64>,
    }

    /// `POST mlflow-artifacts/mpu/create/…`
    pub struct CreateMultipartUpload { [required] path: Option<String>, num_parts: Option<i64> }

    /// Where a part of an upload goes.
    pub struct MultipartCredential {
        url: Option<String>,
        part_number: Option<i64>,
        headers: Option<Value>,
    }

    /// The answer to [`CreateMultipartUpload`].
    pub struct CreateMultipartUploadResponse {
        upload_id: Option<String>,
        credentials: Vec<MultipartCredential>,
    }

    /// A part that was uploaded.
    pub struct MultipartPart {
        part_number: Option<i64>,
        etag: Option<String>,
        url: Option<String>,
    }

    /// `POST mlflow-artifacts/mpu/complete/…`
    pub struct CompleteMultipartUpload {
        [required] path: Option<String>,
        upload_id: Option<String>,
        [required] parts: Option<Vec<MultipartPart>>,
    }

    /// `POST mlflow-artifacts/mpu/abort/…`
    pub struct AbortMultipartUpload { [required] path: Option<String>, upload_id: Option<String> }
}
