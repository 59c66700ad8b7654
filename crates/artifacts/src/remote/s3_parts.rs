//! What clients do with S3 themselves: uploads in parts, and URLs that are good for a while.

use std::time::Duration;

use async_trait::async_trait;
use oxflow_model::error::{Error, ErrorCode, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqsign::AwsV4Signer;
use reqwest::{Method, Request, StatusCode, Url};

use super::credentials::Credentials;
use super::explain::{explain, refusal, shown};
use super::s3::PARTS_FOR;
use super::s3_owner::{OWNER, Owner};
use super::{Direct, content_type};
use crate::ArtifactPath;
use crate::store::{MultipartUpload, PartUrl, Presigned, UploadedPart};

/// What stands in a key's URL as it is; the signature is made of the same spelling.
const KEY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A key as part of a URL.
pub(super) fn encode(key: &str) -> String {
    utf8_percent_encode(key, KEY).to_string()
}

/// A bucket whose keys clients may write and read with URLs that we sign.
#[derive(Debug)]
pub(super) struct S3Parts {
    /// The URL below which the keys lie, with a slash at its end.
    pub base: Url,
    pub region: String,
    pub client: reqwest::Client,
    pub credentials: Credentials,
    /// What every new object is to have.
    pub headers: Vec<(&'static str, String)>,
    /// Whose the bucket must be.
    pub owner: Option<Owner>,
}

impl S3Parts {
    fn url(&self, path: &ArtifactPath, query: &[(&str, &str)]) -> Result<Url> {
        let text = format!("{}{}", self.base, encode(path.as_str()));
        let mut url = Url::parse(&text)
            .map_err(|_| Error::invalid("Invalid path: it cannot be part of a URL"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    async fn keys(&self, path: &ArtifactPath) -> Result<reqsign::AwsCredential> {
        let none = || {
            opendal::Error::new(opendal::ErrorKind::PermissionDenied, "no valid credential found")
        };
        match self.credentials.get().await {
            Ok(Some(keys)) => Ok(keys),
            Ok(None) => Err(explain("sign URLs for", path, &none())),
            Err(error) => {
                tracing::warn!(error, "cannot get keys for S3");
                Err(explain("sign URLs for", path, &none()))
            }
        }
    }

    /// Sends a signed request; returns the body of its answer.
    async fn send(
        &self,
        path: &ArtifactPath,
        method: Method,
        query: &[(&str, &str)],
        body: String,
        with_headers: bool,
    ) -> Result<String> {
        let mut request = Request::new(method, self.url(path, query)?);
        if with_headers {
            self.describe(&mut request)?;
            set(&mut request, "content-type", &content_type(path))?;
        }
        if let Some(owner) = &self.owner {
            request.headers_mut().insert(OWNER, owner.header());
        }
        let signer = AwsV4Signer::new("s3", &self.region);
        signer.sign(&mut request, &self.keys(path).await?).map_err(unsigned)?;
        *request.body_mut() = Some(body.into());
        execute(&self.client, path, request).await
    }

    /// Says what a new object is to have.
    fn describe(&self, request: &mut Request) -> Result<()> {
        self.headers.iter().try_for_each(|(name, value)| set(request, name, value))
    }

    /// A request that is signed for others to send. The owner stands in its URL, since browsers that
    /// follow a link add no headers.
    fn for_others(
        &self,
        path: &ArtifactPath,
        method: Method,
        query: &[(&str, &str)],
    ) -> Result<Request> {
        let owner = self.owner.as_ref().map(|owner| (OWNER, owner.account()));
        let query: Vec<_> = query.iter().copied().chain(owner).collect();
        Ok(Request::new(method, self.url(path, &query)?))
    }

    async fn presign(
        &self,
        path: &ArtifactPath,
        mut request: Request,
        expires: Duration,
    ) -> Result<Presigned> {
        let keys = self.keys(path).await?;
        let signer = AwsV4Signer::new("s3", &self.region);
        signer.sign_query(&mut request, expires, &keys).map_err(unsigned)?;
        Ok(presigned(&request))
    }
}

#[async_trait]
impl Direct for S3Parts {
    async fn presign_read(&self, path: &ArtifactPath, expires: Duration) -> Result<Presigned> {
        let query = [("response-content-disposition", "attachment")];
        self.presign(path, self.for_others(path, Method::GET, &query)?, expires).await
    }

    async fn presign_write(&self, path: &ArtifactPath, expires: Duration) -> Result<Presigned> {
        let mut request = self.for_others(path, Method::PUT, &[])?;
        self.describe(&mut request)?;
        self.presign(path, request, expires).await
    }

    async fn create_multipart(&self, path: &ArtifactPath, parts: u32) -> Result<MultipartUpload> {
        let answer = self.send(path, Method::POST, &[("uploads", "")], String::new(), true).await?;
        let id = upload_id(path, &answer)?;
        let keys = self.keys(path).await?;
        let signer = AwsV4Signer::new("s3", &self.region);
        let sign = |number: u32| {
            let query = [("partNumber", &*number.to_string()), ("uploadId", &*id)];
            let mut request = self.for_others(path, Method::PUT, &query)?;
            signer.sign_query(&mut request, PARTS_FOR, &keys).map_err(unsigned)?;
            Ok(PartUrl { number, url: request.url().to_string() })
        };
        let parts = (1..=parts).map(sign).collect::<Result<_>>()?;
        Ok(MultipartUpload { upload_id: Some(id), parts })
    }

    async fn complete_multipart(
        &self,
        path: &ArtifactPath,
        upload_id: &str,
        parts: Vec<UploadedPart>,
    ) -> Result<()> {
        let query = [("uploadId", upload_id)];
        self.send(path, Method::POST, &query, completion(parts), false).await.map(|_| ())
    }

    async fn abort_multipart(&self, path: &ArtifactPath, upload_id: &str) -> Result<()> {
        let query = [("uploadId", upload_id)];
        self.send(path, Method::DELETE, &query, String::new(), false).await.map(|_| ())
    }
}

fn set(request: &mut Request, name: &'static str, value: &str) -> Result<()> {
    let value = value
        .parse()
        .map_err(|_| Error::internal(format!("'{value}' cannot stand in a header.")))?;
    request.headers_mut().insert(name, value);
    Ok(())
}

fn presigned(request: &Request) -> Presigned {
    let headers = request.headers().iter().filter_map(|(name, value)| {
        // Every client sends its own.
        let kept = name != "host";
        kept.then(|| Some((name.to_string(), value.to_str().ok()?.to_owned())))?
    });
    Presigned { url: request.url().to_string(), headers: headers.collect() }
}

fn unsigned(error: anyhow::Error) -> Error {
    tracing::warn!(error = shown(&error), "cannot sign a request to S3");
    Error::internal("Cannot sign a request to the artifact storage.")
}

/// Sends a request that belongs to an upload in parts; returns the body of its answer.
pub(super) async fn execute(
    client: &reqwest::Client,
    path: &ArtifactPath,
    request: Request,
) -> Result<String> {
    let answer = client.execute(request).await.map_err(|error| unreachable(path, &error))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| unreachable(path, &error))?;
    // Completing an upload may fail after its status was sent.
    if status.is_success() && !text.contains("<Error>") {
        return Ok(text);
    }
    Err(refused(path, status, &text))
}

/// What puts the parts of an upload together.
pub(super) fn completion(mut parts: Vec<UploadedPart>) -> String {
    parts.sort_by_key(|part| part.number);
    let mut body = "<CompleteMultipartUpload>".to_owned();
    for part in parts {
        body.push_str(&format!(
            "<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>",
            part.number,
            escape(&part.etag)
        ));
    }
    body.push_str("</CompleteMultipartUpload>");
    body
}

/// The id of an upload that has begun.
pub(super) fn upload_id(path: &ArtifactPath, answer: &str) -> Result<String> {
    element(answer, "UploadId").ok_or_else(|| {
        Error::internal(format!("Cannot write '{path}': the artifact storage gave no upload id."))
    })
}

fn unreachable(path: &ArtifactPath, error: &reqwest::Error) -> Error {
    let error = opendal::Error::new(opendal::ErrorKind::Unexpected, shown(error)).set_temporary();
    explain("write", path, &error)
}

fn refused(path: &ArtifactPath, status: StatusCode, text: &str) -> Error {
    let invalid = |why: &str| Error::invalid(format!("Cannot write '{path}': {why}"));
    match refusal(text) {
        Some("NoSuchUpload") => Error::new(
            ErrorCode::ResourceDoesNotExist,
            format!("The upload of '{path}' does not exist: it is finished or was aborted."),
        ),
        Some("InvalidPart") => invalid("a part is missing, or has another ETag."),
        Some("InvalidPartOrder") => invalid("a part is named twice."),
        Some("EntityTooSmall") => invalid("a part before the last is smaller than 5 MiB."),
        _ => {
            let kind = match status.as_u16() {
                403 => opendal::ErrorKind::PermissionDenied,
                404 => opendal::ErrorKind::NotFound,
                _ => opendal::ErrorKind::Unexpected,
            };
            let error = opendal::Error::new(kind, format!("{status}: {text}"));
            let busy = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
            explain("write", path, &error.with_temporary(busy))
        }
    }
}

/// The text of the first element of this name.
pub(super) fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    Some(entities.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to)))
        .filter(|text| !text.is_empty())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_and_written() {
        let xml = "<?xml?><R><Key>k</Key><UploadId>a&amp;b</UploadId></R>";
        assert_eq!(element(xml, "UploadId").as_deref(), Some("a&b"));
        assert_eq!(element(xml, "Other"), None);
        assert_eq!(element("<A></A>", "A"), None);
        assert_eq!(escape("\"<&>\""), "&quot;&lt;&amp;&gt;&quot;");
    }

    #[test]
    fn keys_are_spelled_as_they_are_signed() {
        assert_eq!(encode("a b/c+d=é~-_."), "a%20b/c%2Bd%3D%C3%A9~-_.");
    }
}
