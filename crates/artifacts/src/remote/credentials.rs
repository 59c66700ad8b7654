//! Where the keys for S3 come from: settings, profiles, web identity, and the machine's own
//! services, in boto's order.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqsign::{AwsConfig, AwsCredential, AwsCredentialLoad, AwsDefaultLoader};
use tokio::sync::Mutex;

/// How long the machine's metadata service may take: elsewhere there is none.
const METADATA: Duration = Duration::from_secs(2);

/// Keys in use, shared by everything that talks to S3.
#[derive(Clone)]
pub(super) struct Credentials(Arc<Inner>);

struct Inner {
    source: Source,
    known: Mutex<Option<AwsCredential>>,
}

/// What the settings say about keys.
#[derive(Clone)]
pub(super) enum Source {
    /// Requests are not signed (`MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION=unsigned`).
    Unsigned,
    /// As the settings say, or the profile, or the machine.
    Settings(Box<AwsConfig>),
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
        let Source::Settings(config) = &self.0.source else { return Ok(None) };
        let mut known = self.0.known.lock().await;
        if let Some(keys) = known.as_ref().filter(|keys| keys.is_valid()) {
            return Ok(Some(keys.clone()));
        }
        let client = reqwest::Client::builder()
            .connect_timeout(METADATA)
            .build()
            .map_err(|error| error.to_string())?;
        // A file of keys may have changed since the last time.
        let config = with_profile(config);
        let by_identity = config.web_identity_token_file.is_some();
        match AwsDefaultLoader::new(client, config).load().await {
            Ok(keys) => {
                known.clone_from(&keys);
                Ok(keys)
            }
            Err(error) if by_identity => Err(super::explain::shown(&error)),
            // The last place that was asked is the machine's metadata service; most have none.
            Err(error) => {
                let error = super::explain::shown(&error);
                tracing::debug!(error, "the metadata service of the machine gives no keys for S3");
                Ok(None)
            }
        }
    }
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
    let keys_set = own.access_key_id.is_some() && own.secret_access_key.is_some();
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
