//! `gs://bucket/prefix`

use std::sync::Arc;

use opendal::services::Gcs as Builder;
use oxflow_model::error::Result;

use super::RemoteStore;
use super::http::Http;
use super::location::{bucket, prefix};
use crate::{ArtifactStore, ArtifactUri};

/// What the operator's settings say about Google's storage.
#[derive(Clone, Default)]
pub(super) struct GcsSettings {
    /// A file of credentials (`GOOGLE_APPLICATION_CREDENTIALS`).
    credentials: Option<String>,
    /// An emulator in place of Google (`STORAGE_EMULATOR_HOST`), which wants no credentials.
    emulator: Option<String>,
}

impl GcsSettings {
    pub(super) fn read(var: &dyn Fn(&str) -> Option<String>) -> GcsSettings {
        let with_scheme = |host: String| match host.contains("://") {
            true => host.trim_end_matches('/').to_owned(),
            false => format!("http://{}", host.trim_end_matches('/')),
        };
        GcsSettings {
            credentials: var("GOOGLE_APPLICATION_CREDENTIALS"),
            emulator: var("STORAGE_EMULATOR_HOST").map(with_scheme),
        }
    }
}

/// Opens stores on Google Cloud Storage.
pub(super) struct Gcs {
    settings: GcsSettings,
    http: Http,
}

impl Gcs {
    pub(super) fn new(settings: GcsSettings) -> Gcs {
        Gcs { settings, http: Http::default() }
    }

    pub(super) fn open(&self, uri: &ArtifactUri) -> Result<Arc<dyn ArtifactStore>> {
        let mut builder =
            Builder::default().bucket(bucket(uri, uri.authority())?).root(&prefix(uri)?);
        if let Some(file) = &self.settings.credentials {
            builder = builder.credential_path(file);
        }
        if let Some(endpoint) = &self.settings.emulator {
            builder = builder
                .endpoint(endpoint)
                .disable_config_load()
                .disable_vm_metadata()
                .allow_anonymous();
        }
        let store = RemoteStore::new(self.http.operator(builder)?);
        Ok(Arc::new(store.with_sizes_in_listings().with_single_deletes()))
    }
}
