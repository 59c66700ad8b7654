//! Whose a bucket must be (`MLFLOW_S3_EXPECTED_BUCKET_OWNER`): S3 refuses every request that names
//! another account. A bucket that was deleted, and made again by somebody else, gets nothing so.

use http::header::{AUTHORIZATION, HOST};
use http::{HeaderValue, Request, Response};
use opendal::Buffer;
use opendal::raw::{HttpBody, HttpFetch};
use oxflow_model::error::{Error, Result};
use reqsign::AwsV4Signer;

use super::credentials::Credentials;
use super::explain::shown;

/// The header, or, in URLs that others use, the part of the query, that names the account.
pub(super) const OWNER: &str = "x-amz-expected-bucket-owner";

/// The account that a bucket must belong to.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    account: String,
    header: HeaderValue,
}

impl Owner {
    pub(super) fn parse(account: String) -> Result<Owner> {
        match HeaderValue::from_str(&account) {
            Ok(header) if account.bytes().all(|c| c.is_ascii_graphic()) => {
                Ok(Owner { account, header })
            }
            _ => Err(Error::invalid(
                "MLFLOW_S3_EXPECTED_BUCKET_OWNER must be the number of an account.",
            )),
        }
    }

    pub(super) fn account(&self) -> &str {
        &self.account
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.header.clone()
    }
}

/// Sends the requests of OpenDAL, which does not know owners, with one.
pub(super) struct Sender {
    pub client: reqwest::Client,
    pub owner: Option<Owner>,
    pub region: String,
    pub credentials: Credentials,
}

impl HttpFetch for Sender {
    async fn fetch(&self, mut request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        if let Some(owner) = &self.owner {
            self.name(owner, &mut request).await?;
        }
        self.client.fetch(request).await
    }
}

impl Sender {
    /// All headers of Amazon's have to be signed, so what was signed without this one is so anew.
    async fn name(&self, owner: &Owner, request: &mut Request<Buffer>) -> opendal::Result<()> {
        let headers = request.headers_mut();
        headers.insert(OWNER, owner.header());
        if headers.remove(AUTHORIZATION).is_none() {
            return Ok(()); // a public bucket
        }
        for made in ["x-amz-date", "x-amz-security-token"] {
            headers.remove(made);
        }
        let keys = self.credentials.get().await.ok().flatten().ok_or_else(|| {
            opendal::Error::new(opendal::ErrorKind::PermissionDenied, "no valid credential found")
        })?;
        AwsV4Signer::new("s3", &self.region)
            .sign(request, &keys)
            .map_err(|error| opendal::Error::new(opendal::ErrorKind::Unexpected, shown(&error)))?;
        // The client names the host, as the version of HTTP wants it.
        request.headers_mut().remove(HOST);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_can_stand_in_a_header_and_in_a_url() {
        assert_eq!(Owner::parse("111122223333".into()).unwrap().account(), "111122223333");
        for bad in ["1 2", "1\n2", "é", "1\t"] {
            Owner::parse(bad.into()).unwrap_err();
        }
    }
}
