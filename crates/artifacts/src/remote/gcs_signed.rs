//! What clients do with Google's storage themselves: URLs that are good for a while (version 4
//! signatures), made with the key of a service account, and uploads in parts, which are S3's with
//! such URLs.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::HeaderValue;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use oxflow_model::Clock;
use oxflow_model::error::{Error, Result};
use reqwest::{Method, Request, Url};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::explain::explain;
use super::gcs_tokens::Tokens;
use super::s3::PARTS_FOR;
use super::s3_parts::{completion, encode, execute, upload_id};
use super::{Direct, content_type};
use crate::ArtifactPath;
use crate::store::{MultipartUpload, PartUrl, Presigned, UploadedPart};

/// The longest that Google accepts.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A key of a service account.
pub(super) struct SigningKey {
    email: String,
    pair: RsaKeyPair,
}

impl SigningKey {
    /// The key in a file of credentials; `None` if that is of another kind.
    pub(super) fn parse(file: &str) -> Option<SigningKey> {
        let file: Value = serde_json::from_str(file).ok()?;
        let email = file["client_email"].as_str()?.to_owned();
        let der = PrivatePkcs8KeyDer::from_pem_slice(file["private_key"].as_str()?.as_bytes());
        let pair = RsaKeyPair::from_pkcs8(der.ok()?.secret_pkcs8_der()).ok()?;
        Some(SigningKey { email, pair })
    }

    fn sign(&self, text: &str) -> Result<String> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| Error::internal("Cannot sign a URL for the artifact storage."))?;
        Ok(hex(&signature))
    }
}

/// A bucket whose objects clients may read and write with URLs that we sign.
#[derive(Clone)]
pub(super) struct Signed {
    /// `https://storage.googleapis.com`
    pub endpoint: String,
    pub bucket: String,
    pub prefix: String,
    pub key: Arc<SigningKey>,
    pub clock: Arc<dyn Clock>,
    pub client: reqwest::Client,
    /// None where nobody asks for them: on an emulator.
    pub tokens: Option<Arc<Tokens>>,
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signed").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

impl Signed {
    /// The path of an object's URL.
    fn resource(&self, path: &ArtifactPath) -> String {
        let object = match self.prefix.is_empty() {
            true => encode(path.as_str()),
            false => encode(&format!("{}/{path}", self.prefix)),
        };
        format!("/{}/{object}", self.bucket)
    }

    /// A request about an upload in parts, which the server sends itself.
    async fn request(&self, path: &ArtifactPath, method: Method, query: &str) -> Result<Request> {
        let url = format!("{}{}?{query}", self.endpoint, self.resource(path));
        let url = Url::parse(&url)
            .map_err(|_| Error::invalid("Invalid path: it cannot be part of a URL"))?;
        let mut request = Request::new(method, url);
        if let Some(tokens) = &self.tokens {
            let bearer = tokens.bearer().await;
            let bearer = bearer.map_err(|missing| explain("write", path, &missing.error()))?;
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        Ok(request)
    }

    /// Where the parts go. Each takes a signature of RSA, so many take seconds.
    fn parts(&self, path: &ArtifactPath, upload_id: &str, count: u32) -> Result<Vec<PartUrl>> {
        let sign = |number: u32| {
            let query = [("partNumber", &*number.to_string()), ("uploadId", upload_id)];
            Ok(PartUrl { number, url: self.url("PUT", path, &query, PARTS_FOR)? })
        };
        (1..=count).map(sign).collect()
    }

    fn url(
        &self,
        method: &str,
        path: &ArtifactPath,
        extra: &[(&str, &str)],
        expires: Duration,
    ) -> Result<String> {
        let host = self.endpoint.split_once("://").map_or(&*self.endpoint, |(_, host)| host);
        let resource = self.resource(path);
        // 2024-05-06T07:08:09.123Z, without what is between the numbers.
        let now = self.clock.now().iso8601();
        let digits: String = now.chars().filter(char::is_ascii_digit).take(14).collect();
        let (date, time) = digits.split_at(8);
        let (scope, moment) =
            (format!("{date}/auto/storage/goog4_request"), format!("{date}T{time}Z"));
        let seconds = expires.min(LONGEST).as_secs().to_string();
        let credential = format!("{}/{scope}", self.key.email);
        let mut query: Vec<(&str, &str)> = vec![
            ("X-Goog-Algorithm", "GOOG4-RSA-SHA256"),
            ("X-Goog-Credential", &credential),
            ("X-Goog-Date", &moment),
            ("X-Goog-Expires", &seconds),
            ("X-Goog-SignedHeaders", "host"),
        ];
        query.extend(extra);
        query.sort_unstable();
        let pairs: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={}", quote(value))).collect();
        let query = pairs.join("&");
        let request =
            format!("{method}\n{resource}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD");
        let digest = hex(&Sha256::digest(request.as_bytes()));
        let text = format!("GOOG4-RSA-SHA256\n{moment}\n{scope}\n{digest}");
        let signature = self.key.sign(&text)?;
        Ok(format!("{}{resource}?{query}&X-Goog-Signature={signature}", self.endpoint))
    }
}

#[async_trait]
impl Direct for Signed {
    async fn presign_read(&self, path: &ArtifactPath, expires: Duration) -> Result<Presigned> {
        let extra = [("response-content-disposition", "attachment")];
        Ok(Presigned { url: self.url("GET", path, &extra, expires)?, headers: Vec::new() })
    }

    async fn presign_write(&self, path: &ArtifactPath, expires: Duration) -> Result<Presigned> {
        Ok(Presigned { url: self.url("PUT", path, &[], expires)?, headers: Vec::new() })
    }

    async fn create_multipart(&self, path: &ArtifactPath, parts: u32) -> Result<MultipartUpload> {
        let mut request = self.request(path, Method::POST, "uploads").await?;
        if let Ok(kind) = HeaderValue::from_str(&content_type(path)) {
            request.headers_mut().insert(CONTENT_TYPE, kind);
        }
        // Google insists on a length, which nobody else writes when there is no body.
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        let id = upload_id(path, &execute(&self.client, path, request).await?)?;
        let (this, target, upload) = (self.clone(), path.clone(), id.clone());
        let signed = tokio::task::spawn_blocking(move || this.parts(&target, &upload, parts)).await;
        let parts = signed.map_err(|error| Error::internal(format!("signing URLs: {error}")))??;
        Ok(MultipartUpload { upload_id: Some(id), parts })
    }

    async fn complete_multipart(
        &self,
        path: &ArtifactPath,
        upload_id: &str,
        parts: Vec<UploadedPart>,
    ) -> Result<()> {
        let mut request = self.request(path, Method::POST, &about(upload_id)).await?;
        *request.body_mut() = Some(completion(parts).into());
        execute(&self.client, path, request).await.map(|_| ())
    }

    async fn abort_multipart(&self, path: &ArtifactPath, upload_id: &str) -> Result<()> {
        let request = self.request(path, Method::DELETE, &about(upload_id)).await?;
        execute(&self.client, path, request).await.map(|_| ())
    }
}

/// The query that names an upload in parts.
fn about(upload_id: &str) -> String {
    format!("uploadId={}", quote(upload_id))
}

/// A value in a query.
fn quote(text: &str) -> String {
    encode(text).replace('/', "%2F")
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
