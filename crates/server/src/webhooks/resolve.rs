//! From host names to addresses that may be connected to.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use oxflow_model::validate::python_repr;
use oxflow_model::{Error, Result};
use tokio::sync::Semaphore;
use url::Host;

use super::address::is_public;
use super::target::Target;

/// How long a name may take to resolve.
const PATIENCE: Duration = Duration::from_secs(5);
/// Names that are being resolved at once; a name server that is silent holds a thread for each.
const AT_ONCE: usize = 8;

/// Finds the addresses of hosts. The real one asks the system; tests bring their own.
#[async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// All addresses of a host name.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the system.
#[derive(Debug)]
pub struct SystemResolver {
    permits: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        SystemResolver { permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let permit = self.permits.clone().acquire_owned().await.map_err(io::Error::other)?;
        let name = name.to_owned();
        let looked_up = tokio::task::spawn_blocking(move || {
            let found = (name.as_str(), 0).to_socket_addrs();
            // Whoever asked may have lost patience; the thread is busy until here all the same.
            drop(permit);
            found.map(|addresses| addresses.map(|address| address.ip()).collect())
        });
        looked_up.await.map_err(io::Error::other)?
    }
}

/// Why there is no address to connect to.
#[derive(Debug)]
pub enum LookupError {
    /// The target leads where requests must not go.
    Forbidden(Error),
    /// No address was found; another time, one may be.
    Unknown(Error),
}

impl LookupError {
    /// What to answer who asked for this target.
    pub fn into_error(self) -> Error {
        match self {
            LookupError::Forbidden(error) | LookupError::Unknown(error) => error,
        }
    }
}

/// The addresses of a target. Fails when it has none or, unless `allow_private`, when one of them
/// is not public: whoever controls the name would choose which one is connected to.
///
/// Connections are made to what this returns and to nothing else. A name that resolves to something
/// else a moment later has no second chance.
pub async fn addresses(
    resolver: &dyn Resolve,
    target: &Target,
    allow_private: bool,
) -> Result<Vec<SocketAddr>, LookupError> {
    let found = match &target.host {
        Host::Ipv4(address) => vec![IpAddr::V4(*address)],
        Host::Ipv6(address) => vec![IpAddr::V6(*address)],
        Host::Domain(name) => look_up(resolver, name).await.map_err(LookupError::Unknown)?,
    };
    let host = python_repr(&target.shown_host());
    if let Some(address) = found.iter().find(|address| !allow_private && !is_public(**address)) {
        return Err(LookupError::Forbidden(Error::invalid(format!(
            "Webhook URL must not resolve to a non-public IP address. {host} resolves to {address}."
        ))));
    }
    if found.is_empty() {
        let why = "[Errno -5] No address associated with hostname";
        return Err(LookupError::Unknown(unresolved(&host, why)));
    }
    Ok(found.into_iter().map(|address| SocketAddr::new(address, target.port)).collect())
}

async fn look_up(resolver: &dyn Resolve, name: &str) -> Result<Vec<IpAddr>> {
    let host = python_repr(name);
    match tokio::time::timeout(PATIENCE, resolver.resolve(name)).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(unresolved(&host, &in_pythons_words(&error))),
        Err(_) => Err(Error::invalid(format!(
            "Timed out resolving Webhook URL hostname {host} after {} seconds",
            PATIENCE.as_secs()
        ))),
    }
}

fn unresolved(host: &str, why: &str) -> Error {
    Error::invalid(format!("Cannot resolve Webhook URL hostname {host}: {why}"))
}

/// The resolver's error with its number, which Rust leaves out.
fn in_pythons_words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once("address information: ").map_or(text.as_str(), |(_, text)| text);
    let number = match text {
        "Name or service not known" | "Name does not resolve" => -2,
        "Temporary failure in name resolution" | "Try again" => -3,
        "No address associated with hostname" => -5,
        other => return other.to_owned(),
    };
    format!("[Errno {number}] {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(&'static [&'static str]);

    #[async_trait]
    impl Resolve for Fixed {
        async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            Ok(self.0.iter().map(|address| address.parse().unwrap()).collect())
        }
    }

    async fn check(url: &str, found: &'static [&'static str]) -> String {
        let target = Target::parse(url, &["https".to_owned()]).unwrap();
        match addresses(&Fixed(found), &target, false).await {
            Ok(found) => format!("{found:?}"),
            Err(error) => error.into_error().message().to_owned(),
        }
    }

    #[tokio::test]
    async fn one_address_that_is_not_public_spoils_all() {
        assert_eq!(check("https://h/", &["1.1.1.1"]).await, "[1.1.1.1:443]");
        assert_eq!(
            check("https://h/", &["1.1.1.1", "::ffff:10.0.0.1"]).await,
            "Webhook URL must not resolve to a non-public IP address. 'h' resolves to \
             ::ffff:10.0.0.1."
        );
        assert_eq!(
            check("https://[::1]/", &[]).await,
            "Webhook URL must not resolve to a non-public IP address. '::1' resolves to ::1."
        );
        assert_eq!(
            check("https://h/", &[]).await,
            "Cannot resolve Webhook URL hostname 'h': [Errno -5] No address associated with \
             hostname"
        );
    }

    #[tokio::test]
    async fn the_system_says_why_a_name_has_no_address() {
        let target = Target::parse("https://nonexistent.invalid", &["https".to_owned()]).unwrap();
        let error = addresses(&SystemResolver::default(), &target, false).await.unwrap_err();
        assert!(matches!(error, LookupError::Unknown(_)), "worth another try");
        let error = error.into_error();
        let start = "Cannot resolve Webhook URL hostname 'nonexistent.invalid': [Errno -";
        assert!(error.message().starts_with(start), "{error}");
    }
}
