//! The HTTP connections to artifact storages.

use std::sync::OnceLock;
use std::time::Duration;

use opendal::Operator;
use opendal::layers::{HttpClientLayer, RetryLayer};
use opendal::raw::{HttpClient, HttpFetch};
use oxflow_model::error::{Error, Result};

/// How long a storage may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a storage may stay silent. A part of an upload has to be through by then as well.
pub(super) const SILENCE: Duration = Duration::from_secs(300);
/// How long a storage may be out of reach in the middle of a request: nobody acknowledges what is sent,
/// or that the connection still is. Storages that are slow, but there, have until [`SILENCE`].
const GONE: Duration = Duration::from_secs(60);
/// How often a silent connection is looked after.
const PROBES: Duration = Duration::from_secs(15);
/// How often a request that failed for a passing reason is sent again.
const RETRIES: usize = 3;

/// Which certificates are believed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls {
    /// A file of certificates in place of the machine's, and the variable that named it.
    pub ca_bundle: Option<(&'static str, String)>,
    /// Believe any (`MLFLOW_S3_IGNORE_TLS`).
    pub believe_all: bool,
    /// A file with the certificate and key by which the storage knows this server, and its variable.
    pub identity: Option<(&'static str, String)>,
}

/// A pool of connections, made when it is first needed: reading the machine's certificates takes
/// longer than all else that happens at a start.
#[derive(Debug)]
pub(crate) struct Http {
    tls: Tls,
    silence: Option<Duration>,
    client: OnceLock<reqwest::Client>,
}

impl Default for Http {
    fn default() -> Http {
        Http::new(Tls::default())
    }
}

impl Http {
    pub(super) fn new(tls: Tls) -> Http {
        Http { tls, silence: Some(SILENCE), client: OnceLock::new() }
    }

    /// For who watches the progress of requests: the limit on silence would be one on the length
    /// of an upload as well.
    pub(crate) fn unlimited(tls: Tls) -> Http {
        Http { tls, silence: None, client: OnceLock::new() }
    }

    pub(crate) fn client(&self) -> Result<reqwest::Client> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = build(&self.tls, self.silence)?;
        Ok(self.client.get_or_init(|| client).clone())
    }

    /// An operator that uses these connections, and tries again where that helps.
    pub(super) fn operator(&self, builder: impl opendal::Builder) -> Result<Operator> {
        self.operator_by(builder, |client| client)
    }

    /// The same, with something in between that sends the requests.
    pub(super) fn operator_by<F: HttpFetch>(
        &self,
        builder: impl opendal::Builder,
        by: impl FnOnce(reqwest::Client) -> F,
    ) -> Result<Operator> {
        let operator = Operator::new(builder).map_err(|error| {
            tracing::warn!(error = %super::explain::shown(&error), "an artifact storage cannot be opened");
            Error::invalid(
                "Cannot open the artifact storage: its settings are wrong. The log of the server \
                 says more.",
            )
        })?;
        let client = HttpClientLayer::new(HttpClient::with(by(self.client()?)));
        let retry = RetryLayer::new()
            .with_max_times(RETRIES)
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(2))
            .with_jitter()
            .with_notify(Quiet);
        Ok(operator.layer(client).layer(retry).finish())
    }
}

/// What fails in the end is reported once, by whoever asked.
struct Quiet;

impl opendal::layers::RetryInterceptor for Quiet {
    fn intercept(&self, error: &opendal::Error, delay: Duration) {
        tracing::debug!(error = %super::explain::shown(error), ?delay, "asking the artifact storage again");
    }
}

/// Redirects are not followed: a storage must not send the server elsewhere.
fn build(tls: &Tls, silence: Option<Duration>) -> Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .tcp_keepalive(PROBES)
        .tcp_keepalive_interval(PROBES)
        .tcp_user_timeout(GONE)
        .redirect(reqwest::redirect::Policy::none())
        .danger_accept_invalid_certs(tls.believe_all);
    if let Some(silence) = silence {
        builder = builder.read_timeout(silence);
    }
    let refused = |name: &str, file: &str, why: &dyn std::fmt::Display| {
        Error::invalid(format!("{name}: cannot use the certificates in '{file}': {why}"))
    };
    if let Some((name, file)) = &tls.ca_bundle {
        let refuse = |why: &dyn std::fmt::Display| refused(name, file, why);
        let text = std::fs::read(file).map_err(|error| refuse(&error))?;
        let bundle = reqwest::Certificate::from_pem_bundle(&text).map_err(|e| refuse(&e))?;
        if bundle.is_empty() {
            return Err(refuse(&"there are none"));
        }
        builder = builder.tls_built_in_root_certs(false);
        for certificate in bundle {
            builder = builder.add_root_certificate(certificate);
        }
    }
    if let Some((name, file)) = &tls.identity {
        let refuse = |why: &dyn std::fmt::Display| refused(name, file, why);
        let text = std::fs::read(file).map_err(|error| refuse(&error))?;
        let identity = reqwest::Identity::from_pem(&text).map_err(|error| refuse(&error))?;
        builder = builder.identity(identity);
    }
    builder.build().map_err(|error| Error::internal(format!("Cannot set up TLS: {error}")))
}
