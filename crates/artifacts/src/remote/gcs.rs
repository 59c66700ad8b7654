//! `gs://bucket/prefix`

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{Request, Response, Uri};
use opendal::Buffer;
use opendal::raw::{HttpBody, HttpFetch};
use opendal::services::Gcs as Builder;
use oxflow_model::Clock;
use oxflow_model::error::Result;
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use super::RemoteStore;
use super::gcs_signed::{Signed, SigningKey};
use super::gcs_tokens::{Credentials, Missing, Tokens};
use super::http::Http;
use super::location::{bucket, prefix, refuse};
use crate::{ArtifactStore, ArtifactUri};

/// Google's own.
const ENDPOINT: &str = "https://storage.googleapis.com";
/// How long a request without credentials may wait for an answer.
const ANONYMOUS: Duration = Duration::from_secs(5);

/// What the operator's settings say about Google's storage.
#[derive(Clone, Default)]
pub(super) struct GcsSettings {
    credentials: Credentials,
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
            credentials: Credentials {
                named: var("GOOGLE_APPLICATION_CREDENTIALS").map(PathBuf::from),
                of_user: var("CLOUDSDK_CONFIG")
                    .map(PathBuf::from)
                    .or_else(|| Some(PathBuf::from(var("HOME")?).join(".config/gcloud")))
                    .map(|folder| folder.join("application_default_credentials.json")),
            },
            emulator: var("STORAGE_EMULATOR_HOST").map(with_scheme),
        }
    }
}

/// Opens stores on Google Cloud Storage.
pub(super) struct Gcs {
    settings: GcsSettings,
    http: Http,
    tokens: Option<Arc<Tokens>>,
    key: OnceLock<Option<Arc<SigningKey>>>,
    clock: Arc<dyn Clock>,
}

impl Gcs {
    pub(super) fn new(settings: GcsSettings, clock: Arc<dyn Clock>) -> Gcs {
        let tokens = match settings.emulator {
            Some(_) => None,
            None => Some(Arc::new(Tokens::new(settings.credentials.clone()))),
        };
        Gcs { settings, http: Http::default(), tokens, key: OnceLock::new(), clock }
    }

    pub(super) fn open(&self, uri: &ArtifactUri) -> Result<Arc<dyn ArtifactStore>> {
        let prefix = prefix(uri)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()/".contains(c);
        if !prefix.chars().all(plain) {
            return Err(refuse(uri, "this build supports plain letters in such a path only"));
        }
        let bucket = bucket(uri, uri.authority())?;
        // The tokens are our own: OpenDAL would wait for minutes where nobody gives one.
        let mut builder = Builder::default()
            .bucket(bucket)
            .root(&prefix)
            .disable_config_load()
            .disable_vm_metadata()
            .allow_anonymous();
        let mut endpoint = ENDPOINT;
        if let Some(emulator) = &self.settings.emulator {
            builder = builder.endpoint(emulator);
            endpoint = emulator;
        }
        let tokens = self.tokens.clone();
        let sender = |client| Sender { client, tokens };
        let store = RemoteStore::new(self.http.operator_by(builder, sender)?);
        let store = store.with_sizes_in_listings().with_single_deletes();
        let Some(key) = self.key() else { return Ok(Arc::new(store)) };
        let (endpoint, bucket) = (endpoint.to_owned(), bucket.to_owned());
        let (clock, client, tokens) =
            (self.clock.clone(), self.http.client()?, self.tokens.clone());
        let signed = Signed { endpoint, bucket, prefix, key, clock, client, tokens };
        Ok(Arc::new(store.with_direct(Arc::new(signed))))
    }

    /// The key that URLs are signed with, if the credentials are those of a service account.
    fn key(&self) -> Option<Arc<SigningKey>> {
        let read = || SigningKey::parse(&self.settings.credentials.read().ok()??).map(Arc::new);
        self.key.get_or_init(read).clone()
    }
}

/// Sends the requests of OpenDAL with a token; without any, as everybody may read public buckets.
#[derive(Debug)]
struct Sender {
    client: reqwest::Client,
    tokens: Option<Arc<Tokens>>,
}

impl HttpFetch for Sender {
    async fn fetch(&self, mut request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        if let Some(uri) = named_once(request.uri()) {
            *request.uri_mut() = uri;
        }
        let Some(tokens) = &self.tokens else { return self.client.fetch(request).await };
        match tokens.bearer().await {
            Ok(bearer) => {
                request.headers_mut().insert(AUTHORIZATION, bearer);
                self.client.fetch(request).await
            }
            Err(missing @ Missing::Refused(_)) => Err(missing.error()),
            Err(missing) => match timeout(ANONYMOUS, self.client.fetch(request)).await {
                Ok(Ok(answer)) if !matches!(answer.status().as_u16(), 401 | 403) => Ok(answer),
                _ => Err(missing.error()),
            },
        }
    }
}

/// OpenDAL encodes the name of an object twice when it uploads it in one request: `a%b` would be
/// stored as `a%25b`, where no other client finds it.
/// This gives the same request with its name decoded once; `None` if it is no upload.
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
