//! Keys for S3 of who has logged in at AWS's identity center (`aws sso login`): the tools of AWS leave
//! a token in the home folder, and the portal gives keys of a role for it.

use std::collections::HashMap;
use std::path::PathBuf;

use reqsign::AwsCredential;
use reqwest::{Client, Method, Request, Url};
use serde_json::Value;
use sha1::{Digest, Sha1};

use super::aws_profiles::Profiles;
use super::aws_sources::answer;
use super::gcs_signed::hex;

/// The header in which the portal wants the token.
const TOKEN: &str = "x-amz-sso_bearer_token";

/// Where tokens lie, and who gives keys for them.
#[derive(Clone, Debug, Default)]
pub(super) struct Portal {
    cache: PathBuf,
    endpoint: Option<String>,
}

impl Portal {
    /// Reads the variables that boto reads.
    pub(super) fn read(var: &dyn Fn(&str) -> Option<String>) -> Portal {
        Portal {
            cache: PathBuf::from(var("HOME").unwrap_or_default()).join(".aws/sso/cache"),
            endpoint: var("AWS_ENDPOINT_URL_SSO").or_else(|| var("AWS_ENDPOINT_URL")),
        }
    }

    /// Keys of the account and role that a profile names; `None` if it names none.
    pub(super) async fn keys(
        &self,
        client: &Client,
        profiles: &Profiles,
        profile: &HashMap<String, String>,
    ) -> Result<Option<AwsCredential>, String> {
        if !["sso_account_id", "sso_role_name"].iter().any(|name| profile.contains_key(*name)) {
            return Ok(None);
        }
        let session = profile.get("sso_session");
        let login = match session {
            Some(name) => profiles
                .session(name)
                .ok_or_else(|| format!("the section [sso-session {name}] does not exist"))?,
            None => profile,
        };
        let value = |of: &HashMap<String, String>, name: &str| {
            of.get(name).cloned().ok_or_else(|| format!("the profile lacks {name}"))
        };
        let start = value(login, "sso_start_url")?;
        let token = self.token(session.unwrap_or(&start))?;
        let region = value(login, "sso_region")?;
        let (account, role) = (value(profile, "sso_account_id")?, value(profile, "sso_role_name")?);
        let text = answer(client, self.request(&region, &account, &role, &token)?).await;
        let text = text.map_err(|error| {
            format!("the portal gives no keys; `aws sso login` may be needed again: {error}")
        })?;
        keys_in(&text).map(Some)
    }

    /// The token that the last login has left.
    fn token(&self, login: &str) -> Result<String, String> {
        let name = hex(&Sha1::digest(login.as_bytes()));
        let text = std::fs::read_to_string(self.cache.join(format!("{name}.json")));
        let text = text.map_err(|_| {
            format!("nobody has logged in at '{login}': there is no token. Run `aws sso login`")
        })?;
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        let token = json["accessToken"].as_str().map(ToOwned::to_owned);
        token.ok_or_else(|| format!("the file of the login at '{login}' holds no token"))
    }

    fn request(
        &self,
        region: &str,
        account: &str,
        role: &str,
        token: &str,
    ) -> Result<Request, String> {
        let china = if region.starts_with("cn-") { ".cn" } else { "" };
        let own = || format!("https://portal.sso.{region}.amazonaws.com{china}");
        let portal = self.endpoint.clone().unwrap_or_else(own);
        let url = format!("{}/federation/credentials", portal.trim_end_matches('/'));
        let mut url = Url::parse(&url).map_err(|error| format!("AWS_ENDPOINT_URL_SSO: {error}"))?;
        url.query_pairs_mut().append_pair("role_name", role).append_pair("account_id", account);
        let mut request = Request::new(Method::GET, url);
        let token = token.parse().map_err(|_| "the token of the login is none".to_owned())?;
        request.headers_mut().insert(TOKEN, token);
        Ok(request)
    }
}

fn keys_in(text: &str) -> Result<AwsCredential, String> {
    let json: Value = serde_json::from_str(text).unwrap_or_default();
    let part = |name: &str| {
        let text = json["roleCredentials"][name].as_str().map(ToOwned::to_owned);
        text.ok_or_else(|| format!("the portal gives no {name}"))
    };
    Ok(AwsCredential {
        access_key_id: part("accessKeyId")?,
        secret_access_key: part("secretAccessKey")?,
        session_token: Some(part("sessionToken")?),
        expires_in: None,
    })
}
