//! Keys for S3 that others hand out: roles that a profile takes on, a program that it names, and the
//! service that containers are given (ECS, EKS).

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use reqsign::{AwsConfig, AwsCredential, AwsV4Signer};
use reqwest::{Client, Request, Url};
use serde_json::Value;

use super::aws_profiles::{Profiles, words};
use super::aws_sso::Portal;
use super::explain::shown;
use super::s3_parts::element;

/// How long keys of a role are good for; the most that a role allows which takes on another.
const ROLE: Duration = Duration::from_secs(3600);
/// How long keys of others are used before they are asked again. They renew theirs in time.
const FRESH: Duration = Duration::from_secs(300);
/// How many roles may take on each other.
const LONGEST_CHAIN: usize = 8;
/// How long the agent of a container may take.
const AGENT: Duration = Duration::from_secs(5);
/// What AWS's own agents listen on; other hosts are told the token over TLS only.
const AGENTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];
/// The SHA-256 of nothing: requests to the token service have no body.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What the settings say about these sources.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    files: [PathBuf; 2],
    container: Option<Container>,
    token_service: Option<String>,
    portal: Portal,
}

#[derive(Clone, Debug)]
struct Container {
    url: String,
    token: Option<String>,
    token_file: Option<PathBuf>,
}

/// Keys, and how long to use them.
pub(super) type Lent = (AwsCredential, Duration);

impl Sources {
    /// Reads the variables that boto reads.
    pub(super) fn read(var: &dyn Fn(&str) -> Option<String>, config: &AwsConfig) -> Sources {
        let home = var("HOME").unwrap_or_default();
        let file = |name: &str| match name.strip_prefix("~/") {
            Some(rest) => PathBuf::from(&home).join(rest),
            None => PathBuf::from(name),
        };
        let relative = var("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
        let relative = relative.map(|path| format!("http://{}{path}", AGENTS[0]));
        let url = relative.or_else(|| var("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
        Sources {
            files: [file(&config.config_file), file(&config.shared_credentials_file)],
            container: url.map(|url| Container {
                url,
                token: var("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
                token_file: var("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").map(PathBuf::from),
            }),
            token_service: var("AWS_ENDPOINT_URL_STS").or_else(|| var("AWS_ENDPOINT_URL")),
            portal: Portal::read(var),
        }
    }

    /// Keys of the role that the profile takes on; `None` if it takes on none.
    pub(super) async fn role(
        &self,
        client: &Client,
        config: &AwsConfig,
    ) -> Result<Option<Lent>, String> {
        let profiles = Profiles::read(&self.files);
        let mut chain = Vec::new();
        let mut name = config.profile.clone();
        let mut keys = loop {
            let Some(profile) = profiles.get(&name) else {
                return match chain.is_empty() {
                    true => Ok(None),
                    false => Err(format!("the source_profile '{name}' does not exist")),
                };
            };
            // Twice the same: it has keys of its own to take its role on with.
            let again = chain.last() == Some(&name);
            let role = profile.get("role_arn").filter(|_| !again);
            if role.is_none() || profile.contains_key("web_identity_token_file") {
                if chain.is_empty() {
                    return Ok(None);
                }
                break self.of_profile(client, &profiles, profile).await?;
            }
            chain.push(name.clone());
            if chain.len() > LONGEST_CHAIN {
                return Err("the roles of the profiles go round in a circle".to_owned());
            }
            match (profile.get("source_profile"), profile.get("credential_source")) {
                (Some(source), _) => name.clone_from(source),
                (None, Some(source)) => break self.named(client, config, source).await?,
                (None, None) => {
                    return Err(format!("the profile '{name}' names a role and no source_profile"));
                }
            }
        };
        for name in chain.iter().rev() {
            let profile = profiles.get(name).cloned().unwrap_or_default();
            keys = self.assume(client, config, &profile, &keys).await?;
        }
        Ok(Some((keys, ROLE * 3 / 4)))
    }

    /// Keys of who has logged in; `None` if the profile names no login.
    pub(super) async fn login(
        &self,
        client: &Client,
        config: &AwsConfig,
    ) -> Result<Option<Lent>, String> {
        let profiles = Profiles::read(&self.files);
        let Some(profile) = profiles.get(&config.profile) else { return Ok(None) };
        let keys = self.portal.keys(client, &profiles, profile).await?;
        Ok(keys.map(|keys| (keys, FRESH)))
    }

    /// Keys of a program that the profile names, or of the service of a container.
    pub(super) async fn others(&self, config: &AwsConfig) -> Result<Option<Lent>, String> {
        let profiles = Profiles::read(&self.files);
        if let Some(command) =
            profiles.get(&config.profile).and_then(|profile| profile.get("credential_process"))
        {
            return Ok(Some((by_process(command.clone()).await?, FRESH)));
        }
        match &self.container {
            Some(container) => Ok(Some((container.keys().await?, FRESH))),
            None => Ok(None),
        }
    }

    /// What a source profile holds itself.
    async fn of_profile(
        &self,
        client: &Client,
        profiles: &Profiles,
        profile: &HashMap<String, String>,
    ) -> Result<AwsCredential, String> {
        if let Some(keys) = self.portal.keys(client, profiles, profile).await? {
            return Ok(keys);
        }
        if let Some(command) = profile.get("credential_process") {
            return by_process(command.clone()).await;
        }
        let value = |name: &str| profile.get(name).cloned();
        match (value("aws_access_key_id"), value("aws_secret_access_key")) {
            (Some(access_key_id), Some(secret_access_key)) => Ok(AwsCredential {
                access_key_id,
                secret_access_key,
                session_token: value("aws_session_token"),
                expires_in: None,
            }),
            _ => Err("the source_profile has no keys".to_owned()),
        }
    }

    /// What `credential_source` names.
    async fn named(
        &self,
        client: &Client,
        config: &AwsConfig,
        source: &str,
    ) -> Result<AwsCredential, String> {
        match (source, &self.container) {
            ("EcsContainer", Some(container)) => container.keys().await,
            ("Environment" | "Ec2InstanceMetadata", _) => {
                let keys = reqsign::AwsDefaultLoader::new(client.clone(), config.clone());
                let keys = keys.load().await.map_err(|error| shown(&error))?;
                keys.ok_or_else(|| format!("credential_source={source} gives no keys"))
            }
            _ => Err(format!("credential_source={source} gives no keys")),
        }
    }

    /// `AssumeRole` of the token service.
    async fn assume(
        &self,
        client: &Client,
        config: &AwsConfig,
        profile: &HashMap<String, String>,
        keys: &AwsCredential,
    ) -> Result<AwsCredential, String> {
        if profile.contains_key("mfa_serial") {
            return Err("a role that wants a second factor (mfa_serial) needs somebody to type \
                        it in"
                .to_owned());
        }
        let region = config.region.clone().or_else(|| profile.get("region").cloned());
        let region = region.unwrap_or_else(|| "us-east-1".to_owned());
        let china = if region.starts_with("cn-") { ".cn" } else { "" };
        let service = self.token_service.clone();
        let service =
            service.unwrap_or_else(|| format!("https://sts.{region}.amazonaws.com{china}"));
        let mut url =
            Url::parse(&service).map_err(|error| format!("AWS_ENDPOINT_URL_STS: {error}"))?;
        let session = profile.get("role_session_name").unwrap_or(&config.role_session_name);
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("Action", "AssumeRole").append_pair("Version", "2011-06-15");
            query.append_pair("RoleArn", profile.get("role_arn").map_or("", String::as_str));
            query.append_pair("RoleSessionName", session);
            query.append_pair("DurationSeconds", &ROLE.as_secs().to_string());
            if let Some(id) = profile.get("external_id") {
                query.append_pair("ExternalId", id);
            }
        }
        let mut request = Request::new(reqwest::Method::GET, url);
        let digest = reqwest::header::HeaderValue::from_static(EMPTY);
        request.headers_mut().insert("x-amz-content-sha256", digest);
        let signer = AwsV4Signer::new("sts", &region);
        signer.sign(&mut request, keys).map_err(|error| shown(&error))?;
        let text = answer(client, request).await?;
        let part = |name: &str| {
            element(&text, name).ok_or_else(|| format!("the token service gives no {name}"))
        };
        Ok(AwsCredential {
            access_key_id: part("AccessKeyId")?,
            secret_access_key: part("SecretAccessKey")?,
            session_token: Some(part("SessionToken")?),
            expires_in: None,
        })
    }
}

impl Container {
    async fn keys(&self) -> Result<AwsCredential, String> {
        let bad = |why: &str| format!("AWS_CONTAINER_CREDENTIALS_FULL_URI: {why}");
        let url = Url::parse(&self.url).map_err(|error| bad(&error.to_string()))?;
        let host = url.host_str().unwrap_or_default();
        let loopback = host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
        let near = loopback || matches!(host, "localhost" | "[::1]") || AGENTS.contains(&host);
        if url.scheme() != "https" && !near {
            return Err(bad("the host is neither this machine nor AWS's agent, and not by TLS"));
        }
        let mut request = Request::new(reqwest::Method::GET, url);
        let token = match &self.token_file {
            Some(file) => {
                let read = std::fs::read_to_string(file);
                let refused = |error| format!("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: {error}");
                Some(read.map_err(refused)?.trim().to_owned())
            }
            None => self.token.clone(),
        };
        if let Some(token) = token {
            let value = token.parse().map_err(|_| bad("the token is none"))?;
            request.headers_mut().insert(reqwest::header::AUTHORIZATION, value);
        }
        // The token is for the agent alone, and no proxy knows where that is.
        let client = Client::builder().timeout(AGENT).no_proxy().build();
        let client = client.map_err(|error| shown(&error))?;
        keys_in(&answer(&client, request).await?)
    }
}

pub(super) async fn answer(client: &Client, request: Request) -> Result<String, String> {
    let answer = client.execute(request).await.map_err(|error| shown(&error))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| shown(&error))?;
    match status.is_success() {
        true => Ok(text),
        false => Err(format!("{status}: {}", shown(&text))),
    }
}

async fn by_process(command: String) -> Result<AwsCredential, String> {
    let run = move || {
        let words = words(&command);
        let (program, arguments) =
            words.split_first().ok_or("credential_process names no program")?;
        let done = std::process::Command::new(program)
            .args(arguments)
            .stdin(std::process::Stdio::null())
            .output()
            .map_err(|error| format!("credential_process '{program}': {error}"))?;
        match done.status.success() {
            true => keys_in(&String::from_utf8_lossy(&done.stdout)),
            false => Err(format!("credential_process '{program}' fails: {}", done.status)),
        }
    };
    tokio::task::spawn_blocking(run).await.map_err(|error| error.to_string())?
}

/// What a program and the service of containers answer, apart from the name of the token.
fn keys_in(text: &str) -> Result<AwsCredential, String> {
    let json: Value = serde_json::from_str(text).map_err(|_| "the keys are no JSON".to_owned())?;
    let part = |name: &str| json[name].as_str().map(ToOwned::to_owned);
    match (part("AccessKeyId"), part("SecretAccessKey")) {
        (Some(access_key_id), Some(secret_access_key)) => Ok(AwsCredential {
            access_key_id,
            secret_access_key,
            session_token: part("SessionToken").or_else(|| part("Token")),
            expires_in: None,
        }),
        _ => Err("AccessKeyId or SecretAccessKey is missing".to_owned()),
    }
}
