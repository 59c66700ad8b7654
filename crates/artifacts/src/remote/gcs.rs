//! `gs://bucket/prefix`

use std::sync::Arc;

use http::{Request, Response, Uri};
use opendal::Buffer;
use opendal::raw::{HttpBody, HttpFetch};
use opendal::services::Gcs as Builder;
use oxflow_model::error::Result;
use percent_encoding::percent_decode_str;

use super::RemoteStore;
use super::http::Http;
use super::location::{bucket, prefix, refuse};
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
        let prefix = prefix(uri)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()/".contains(c);
        if !prefix.chars().all(plain) {
            return Err(refuse(uri, "this build supports plain letters in such a path only"));
        }
        let mut builder = Builder::default().bucket(bucket(uri, uri.authority())?).root(&prefix);
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
        let store = RemoteStore::new(self.http.operator_by(builder, EncodedOnce)?);
        Ok(Arc::new(store.with_sizes_in_listings().with_single_deletes()))
    }
}

/// OpenDAL encodes the name of an object twice when it uploads it in one request: `a%b` would be
/// stored as `a%25b`, where no other client finds it.
#[derive(Debug)]
struct EncodedOnce(reqwest::Client);

impl HttpFetch for EncodedOnce {
    async fn fetch(&self, mut request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        if let Some(uri) = named_once(request.uri()) {
            *request.uri_mut() = uri;
        }
        self.0.fetch(request).await
    }
}

/// The same request with its name decoded once; `None` if it is no upload.
fn named_once(uri: &Uri) -> Option<Uri> {
    let text = uri.to_string();
    if !uri.path().starts_with("/upload/storage/v1/b/") {
        return None;
    }
    let (start, rest) = text.split_once("&name=")?;
    let (name, end) = rest.find('&').map_or((rest, ""), |at| rest.split_at(at));
    let name = percent_decode_str(name).decode_utf8().ok()?;
    format!("{start}&name={name}{end}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_once() {
        let once = |text: &str| named_once(&text.parse().unwrap()).map(|uri| uri.to_string());
        let url = "https://h/upload/storage/v1/b/x/o?uploadType=media&name=r%2Fa%2525%2526.txt&y=1";
        let expected = "https://h/upload/storage/v1/b/x/o?uploadType=media&name=r/a%25%26.txt&y=1";
        assert_eq!(once(url).as_deref(), Some(expected));
        assert_eq!(once("https://h/storage/v1/b/x/o?prefix=a&name=%2525"), None);
    }
}
