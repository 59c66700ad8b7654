//! Where the keys for S3 come from: settings, profiles, roles, web identity, programs, and the
//! services of containers and machines, in boto's order.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqsign::{AwsConfig, AwsCredential, AwsCredentialLoad, AwsDefaultLoader};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::aws_sources::Sources;

/// How long the machine's metadata service may take: elsewhere there is none.
const METADATA: Duration = Duration::from_secs(2);
/// How long whoever gives keys may take to answer.
const ANSWER: Duration = Duration::from_secs(30);

/// Keys in use, shared by everything that talks to S3.
#[derive(Clone)]
pub(super) struct Credentials(Arc<Inner>);

struct Inner {
    source: Source,
    known: Mutex<Option<Known>>,
}

/// Keys in use. What others lend has to be fetched again after a while.
struct Known {
    keys: AwsCredential,
    until: Option<Instant>,
}

impl Known {
    fn is_valid(&self) -> bool {
        self.keys.is_valid() && self.until.is_none_or(|until| Instant::now() < until)
    }
}

/// What the settings say about keys.
#[derive(Clone)]
pub(super) enum Source {
    /// Requests are not signed (`MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION=unsigned`).
    Unsigned,
    /// As the settings say, or the profile, or the machine.
    Settings(Box<(AwsConfig, Sources)>),
}

impl Credentials {
    pub(super) fn new(source: Source) -> Credentials {
        Credentials(Arc::new(Inner { source, known: Mutex::new(None) }))
    }

    pub(super) fn is_unsigned(&self) -> bool {
        matches!(self.0.source, Source::Unsigned)
    }

    /// Valid keys; `None` when there are none at all.
    pub(super) async fn get(&self) -> Result<Option<AwsCredential>, String> {
        let Source::Settings(settings) = &self.0.source else { return Ok(None) };
        let (config, sources) = &**settings;
        let mut known = self.0.known.lock().await;
        if let Some(known) = known.as_ref().filter(|known| known.is_valid()) {
            return Ok(Some(known.keys.clone()));
        }
        let client = reqwest::Client::builder()
            .connect_timeout(METADATA)
            .timeout(ANSWER)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| error.to_string())?;
        // A file of keys may have changed since the last time.
        let found = load(&client, &with_profile(config), has_keys(config), sources).await?;
        *known = found.map(|(keys, fresh)| {
            let until = fresh.map(|fresh| Instant::now() + fresh);
            Known { keys, until }
        });
        Ok(known.as_ref().map(|known| known.keys.clone()))
    }
}

async fn load(
    client: &reqwest::Client,
    config: &AwsConfig,
    own_keys: bool,
    sources: &Sources,
) -> Result<Option<(AwsCredential, Option<Duration>)>, String> {
    let by_identity = config.web_identity_token_file.is_some();
    if !own_keys {
        let mut lent = sources.role(client, config).await;
        if matches!(lent, Ok(None)) && !by_identity {
            lent = sources.login(client, config).await;
        }
        if matches!(lent, Ok(None)) && !by_identity && !has_keys(config) {
            lent = sources.others(config).await;
        }
        match lent {
            Ok(None) => {}
            Ok(Some((keys, fresh))) => return Ok(Some((keys, Some(fresh)))),
            // Whoever is named there is meant: keys of the machine would be somebody else's.
            Err(error) => {
                tracing::warn!(
                    error,
                    "the profile, its login or the container gives no keys for S3"
                );
                return Ok(None);
            }
        }
    }
    match AwsDefaultLoader::new(client.clone(), config.clone()).load().await {
        Ok(keys) => Ok(keys.map(|keys| (keys, None))),
        Err(error) if by_identity => Err(super::explain::shown(&error)),
        // The last place that was asked is the machine's metadata service; most have none.
        Err(error) => {
            let error = super::explain::shown(&error);
            tracing::debug!(error, "the metadata service of the machine gives no keys for S3");
            Ok(None)
        }
    }
}

fn has_keys(config: &AwsConfig) -> bool {
    config.access_key_id.is_some() && config.secret_access_key.is_some()
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(****)")
    }
}

/// The settings, and what the profile adds to them.
pub(super) fn with_profile(settings: &AwsConfig) -> AwsConfig {
    let own = settings.clone();
    let file = settings.clone().from_profile();
    let keys_set = has_keys(&own);
    AwsConfig {
        region: own.region.or(file.region),
        endpoint_url: own.endpoint_url.or(file.endpoint_url),
        role_arn: own.role_arn.or(file.role_arn),
        web_identity_token_file: own.web_identity_token_file.or(file.web_identity_token_file),
        access_key_id: if keys_set { own.access_key_id } else { file.access_key_id },
        secret_access_key: if keys_set { own.secret_access_key } else { file.secret_access_key },
        session_token: if keys_set { own.session_token } else { file.session_token },
        ..own
    }
}

#[async_trait]
impl AwsCredentialLoad for Credentials {
    async fn load_credential(
        &self,
        _: reqwest::Client,
    ) -> Result<Option<AwsCredential>, anyhow::Error> {
        self.get().await.map_err(anyhow::Error::msg)
    }
}
