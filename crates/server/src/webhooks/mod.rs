//! Webhooks: what is sent, where to, and when.
//!
//! Changes of the registry queue deliveries in the transaction that makes them; [`deliver`] takes
//! them from there. Whoever may create webhooks chooses where requests go, so that every address is
//! checked by [`resolve`] when a webhook is saved and each time before a connection is made.

mod address;
mod client;
pub mod deliver;
pub mod resolve;
mod secret;
mod target;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac as _;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use oxflow_model::{Error, IdSource, Millis, Result, SealedSecret, workspace};

use client::Client;
pub use client::Reply;
use resolve::{LookupError, Resolve};
pub use secret::SecretKey;
use target::Target;

const DELIVERY_ID: HeaderName = HeaderName::from_static("x-mlflow-delivery-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-mlflow-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("x-mlflow-signature");

/// What can be set about webhooks.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Schemes that URLs may have, out of `https` and `http`.
    pub schemes: Vec<String>,
    /// Send to private addresses too.
    pub allow_private: bool,
    /// What secrets are encrypted with; without it, a key that ends with the process.
    pub key: Option<SecretKey>,
    /// How long a request may take.
    pub timeout: Duration,
    /// How often a request that failed is repeated.
    pub retries: u32,
    /// Requests that are sent at once.
    pub workers: usize,
    /// How often the queue is looked at for what other servers left there.
    pub poll: Duration,
    /// How many deliveries may wait for one webhook; of more, the oldest are given up.
    pub most_queued: u64,
    /// Say which workspace it happened in, as servers with workspaces do.
    pub name_workspace: bool,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        WebhookSettings {
            schemes: vec!["https".to_owned()],
            allow_private: false,
            key: None,
            timeout: Duration::from_secs(30),
            retries: 3,
            workers: 10,
            poll: Duration::from_secs(5),
            most_queued: 100_000,
            name_workspace: false,
        }
    }
}

/// The part of a server that knows where webhooks are and talks to them.
pub struct Webhooks {
    settings: WebhookSettings,
    resolver: Arc<dyn Resolve>,
    client: Client,
    /// The key of this process, if none was set and one was needed.
    own_key: OnceLock<SecretKey>,
}

/// A message to a webhook.
#[derive(Debug)]
pub struct Parcel<'a> {
    /// Where to.
    pub url: &'a str,
    /// What it is signed with.
    pub secret: Option<&'a SealedSecret>,
    /// The id under which the receiver recognises a repetition.
    pub id: &'a str,
    /// What it says.
    pub body: &'a str,
    /// The time.
    pub now: Millis,
}

/// Why a message did not get there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// It must not or cannot be sent.
    Refused(String),
    /// It may go better another time.
    Failed(String),
}

impl SendError {
    /// The sentence that says why.
    pub fn message(&self) -> &str {
        match self {
            SendError::Refused(why) | SendError::Failed(why) => why,
        }
    }
}

impl Webhooks {
    /// Nothing is sent or read yet.
    pub fn new(settings: WebhookSettings, resolver: Arc<dyn Resolve>) -> Webhooks {
        Webhooks { settings, resolver, client: Client::default(), own_key: OnceLock::new() }
    }

    /// What was set.
    pub fn settings(&self) -> &WebhookSettings {
        &self.settings
    }

    /// Refuses a URL that could not or must not be sent to.
    pub async fn check_url(&self, url: &str) -> Result<()> {
        let target = Target::parse(url, &self.settings.schemes)?;
        if !self.settings.allow_private {
            let found = resolve::addresses(self.resolver.as_ref(), &target, false).await;
            found.map_err(LookupError::into_error)?;
        }
        Ok(())
    }

    /// Encrypts a secret for the store; nothing for an empty one.
    pub fn seal(
        &self,
        secret: &str,
        ids: &dyn IdSource,
        now: Millis,
    ) -> Result<Option<SealedSecret>> {
        if secret.is_empty() {
            return Ok(None);
        }
        let key = self.settings.key.as_ref().unwrap_or_else(|| {
            tracing::warn!(
                "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY is not set: the secret of this webhook can \
                 only be read until this server ends, and by no other server. Set the key and save \
                 the secret again."
            );
            self.own_key.get_or_init(|| SecretKey::random(ids))
        });
        key.seal(secret, ids.random(), now).map(Some)
    }

    fn open(&self, sealed: &SealedSecret) -> Option<String> {
        self.settings.key.as_ref().or_else(|| self.own_key.get())?.open(sealed)
    }

    /// Sends a message, once.
    pub async fn send(&self, parcel: Parcel<'_>) -> Result<Reply, SendError> {
        let refused = |error: Error| SendError::Refused(error.message().to_owned());
        let target = Target::parse(parcel.url, &self.settings.schemes).map_err(refused)?;
        let body = self.body(parcel.body);
        let headers = self.headers(&parcel, &body)?;
        let allow_private = self.settings.allow_private;
        let attempt = async {
            let addresses = resolve::addresses(self.resolver.as_ref(), &target, allow_private);
            let addresses = addresses.await.map_err(|error| match error {
                LookupError::Forbidden(error) => refused(error),
                LookupError::Unknown(error) => SendError::Failed(error.message().to_owned()),
            })?;
            let sent = self.client.post(&target, &addresses, headers, body).await;
            sent.map_err(SendError::Failed)
        };
        match tokio::time::timeout(self.settings.timeout, attempt).await {
            Ok(outcome) => outcome,
            Err(_) => Err(SendError::Failed(format!(
                "No answer within {} seconds",
                self.settings.timeout.as_secs_f32()
            ))),
        }
    }

    /// What is sent. All work is done in the default workspace.
    fn body(&self, what: &str) -> String {
        match what.strip_suffix('}') {
            Some(head) if self.settings.name_workspace => {
                format!("{head}, \"workspace\": \"{}\"}}", workspace::DEFAULT)
            }
            _ => what.to_owned(),
        }
    }

    fn headers(&self, parcel: &Parcel<'_>, body: &str) -> Result<HeaderMap, SendError> {
        let value = |text: String| {
            HeaderValue::try_from(text).map_err(|error| SendError::Refused(error.to_string()))
        };
        let timestamp = (parcel.now.0 / 1000).to_string();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let agent = concat!("Oxflow/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        headers.insert(DELIVERY_ID, value(parcel.id.to_owned())?);
        if let Some(sealed) = parcel.secret {
            // Unsigned instead would be what an attacker wants receivers to get used to.
            let secret = self.open(sealed).ok_or_else(|| SendError::Refused(UNREADABLE.into()))?;
            if !secret.is_empty() {
                let signed = format!("{}.{timestamp}.{body}", parcel.id);
                headers.insert(SIGNATURE, value(signature(&secret, &signed)?)?);
            }
        }
        headers.insert(TIMESTAMP, value(timestamp)?);
        Ok(headers)
    }
}

const UNREADABLE: &str = "The secret of the webhook was encrypted with another key. Start the \
                          server with the right MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY, or save the \
                          secret again";

/// The signature of a text, with the version of how it is made.
fn signature(secret: &str, signed: &str) -> Result<String, SendError> {
    let mac = secret::keyed(secret.as_bytes(), signed.as_bytes())
        .map_err(|error| SendError::Refused(error.message().to_owned()))?;
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}
