//! What clients do with Azure themselves: blocks, and URLs with a signature (SAS).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use oxflow_model::error::{Error, Result};
use oxflow_model::{Clock, Millis};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

use super::explain::{explain, refusal, shown};
use super::s3::PARTS_FOR;
use super::s3_parts::encode;
use super::{Direct, content_type};
use crate::ArtifactPath;
use crate::store::{MultipartUpload, PartUrl, Presigned, UploadedPart};

/// The version of the rules for signatures.
const VERSION: &str = "2020-12-06";

/// A container whose account's key we know.
pub(super) struct AzureParts {
    /// The container's URL.
    pub container: String,
    /// The container's name in signatures: `/blob/<account>/<container>`.
    pub resource: String,
    pub prefix: String,
    pub key: Vec<u8>,
    pub client: reqwest::Client,
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for AzureParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AzureParts").field("container", &self.container).finish_non_exhaustive()
    }
}

impl AzureParts {
    fn name(&self, path: &ArtifactPath) -> String {
        match self.prefix.is_empty() {
            true => path.to_string(),
            false => format!("{}/{path}", self.prefix),
        }
    }

    /// The query that lets whoever has it do `permissions` with one blob, for a while.
    fn signature(
        &self,
        path: &ArtifactPath,
        permissions: &str,
        disposition: &str,
        expires: Duration,
    ) -> Result<String> {
        let millis = i64::try_from(expires.as_millis()).unwrap_or(i64::MAX);
        let end = Millis(self.clock.now().0.saturating_add(millis)).iso8601();
        let end = format!("{}Z", end.get(..19).unwrap_or_default());
        let resource = format!("{}/{}", self.resource, self.name(path));
        // In the order that the service puts them in: start, policy, addresses, protocols,
        // snapshot, encryption, and headers of answers stay empty.
        let text = format!(
            "{permissions}\n\n{end}\n{resource}\n\n\n\n{VERSION}\nb\n\n\n\n{disposition}\n\n\n"
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key)
            .map_err(|_| Error::internal("Cannot sign a URL for the artifact storage."))?;
        mac.update(text.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let quote = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let disposition = match disposition {
            "" => String::new(),
            text => format!("&rscd={}", quote(text)),
        };
        Ok(format!(
            "sp={permissions}&se={}&sv={VERSION}&sr=b{disposition}&sig={}",
            quote(&end),
            quote(&signature)
        ))
    }

    fn url(&self, path: &ArtifactPath) -> String {
        format!("{}/{}", self.container, encode(&self.name(path)))
    }
}

#[async_trait]
impl Direct for AzureParts {
    async fn presign_read(&self, path: &ArtifactPath, expires: Duration) -> Result<Presigned> {
        let signature = self.signature(path, "r", "attachment", expires)?;
        Ok(Presigned { url: format!("{}?{signature}", self.url(path)), headers: Vec::new() })
    }

    async fn presign_write(&self, path: &ArtifactPath, expires: Duration) -> Result<Presigned> {
        let signature = self.signature(path, "cw", "", expires)?;
        let kind = ("x-ms-blob-type".to_owned(), "BlockBlob".to_owned());
        Ok(Presigned { url: format!("{}?{signature}", self.url(path)), headers: vec![kind] })
    }

    async fn create_multipart(&self, path: &ArtifactPath, parts: u32) -> Result<MultipartUpload> {
        let signature = self.signature(path, "cw", "", PARTS_FOR)?;
        let url = self.url(path);
        let part = |number: u32| {
            // All ids of a blob must have the same length.
            let id = STANDARD.encode(format!("oxflow-block-{number:06}"));
            let id = utf8_percent_encode(&id, NON_ALPHANUMERIC);
            PartUrl { number, url: format!("{url}?comp=block&blockid={id}&{signature}") }
        };
        Ok(MultipartUpload { upload_id: None, parts: (1..=parts).map(part).collect() })
    }

    async fn complete_multipart(
        &self,
        path: &ArtifactPath,
        _upload_id: &str,
        mut parts: Vec<UploadedPart>,
    ) -> Result<()> {
        parts.sort_by_key(|part| part.number);
        let mut body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>".to_owned();
        for part in &parts {
            body.push_str(&format!("<Latest>{}</Latest>", block_id(part)?));
        }
        body.push_str("</BlockList>");
        let signature = self.signature(path, "cw", "", PARTS_FOR)?;
        let url = format!("{}?comp=blocklist&{signature}", self.url(path));
        let kind = content_type(path);
        let request = self.client.put(url).header("x-ms-blob-content-type", kind).body(body);
        let fail = |error: opendal::Error| explain("write", path, &error);
        let unexpected = |text: String| opendal::Error::new(opendal::ErrorKind::Unexpected, text);
        let unreachable = |error: reqwest::Error| fail(unexpected(shown(&error)).set_temporary());
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let text = answer.text().await.map_err(unreachable)?;
        if matches!(refusal(&text), Some("InvalidBlockList" | "InvalidBlockId")) {
            return Err(Error::invalid(format!("Cannot write '{path}': a part is missing.")));
        }
        let error = match status.as_u16() {
            403 => opendal::Error::new(opendal::ErrorKind::PermissionDenied, text),
            404 => opendal::Error::new(opendal::ErrorKind::NotFound, text),
            _ => unexpected(format!("{status}: {text}")).with_temporary(status.is_server_error()),
        };
        Err(fail(error))
    }

    /// Blocks that were never put together are forgotten by Azure after a week; there is no way
    /// to do it earlier.
    async fn abort_multipart(&self, _: &ArtifactPath, _: &str) -> Result<()> {
        Ok(())
    }
}

/// The block that a part was uploaded as, from the URL it was uploaded to.
fn block_id(part: &UploadedPart) -> Result<String> {
    let bad =
        || Error::invalid(format!("Part {} has no URL with the id of its block.", part.number));
    let url = reqwest::Url::parse(part.url.as_deref().unwrap_or_default()).map_err(|_| bad())?;
    let id = url.query_pairs().find(|(name, _)| name == "blockid").map(|(_, id)| id.into_owned());
    // It goes into XML: only what is base64 does.
    id.filter(|id| !id.is_empty() && STANDARD.decode(id).is_ok()).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_in_their_urls() {
        let part =
            |url: &str| UploadedPart { number: 1, etag: String::new(), url: Some(url.into()) };
        let id = block_id(&part("https://h/c/b?comp=block&blockid=YQ%3D%3D&sig=x")).unwrap();
        assert_eq!(id, "YQ==");
        for bad in ["", "https://h/c/b", "https://h/?blockid=%3C/Latest%3E", "https://h/?blockid="]
        {
            block_id(&part(bad)).unwrap_err();
        }
    }
}
