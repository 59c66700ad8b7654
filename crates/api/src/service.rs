//! Messages about the server itself.

use crate::message;

message! {
    /// The answer to `GET server-info`.
    pub struct ServerInfo {
        store_type: Option<String>,
        workspaces_enabled: Option<bool>,
        trace_archival_enabled: Option<bool>,
        multipart_uploads_enabled: Option<bool>,
        multipart_downloads_enabled: Option<bool>,
        presigned_upload_run_id_supported: Option<bool>,
        presigned_upload_model_id_supported: Option<bool>,
        features_enabled: Option<Features>,
    }

    /// Which parts of MLflow are switched on.
    pub struct Features { gateway: Option<bool> }
}
