//! Which locations a client may choose, and to which hosts the server connects.

use std::collections::BTreeSet;

use oxflow_model::error::{Error, Result};

use crate::ArtifactUri;
use crate::uri::check_query;

/// Longest location that a client may choose, unless the operator says otherwise.
const DEFAULT_MAX_LENGTH: usize = 2048;

/// Schemes that make the server connect to the host in the location. (`wasbs` is not among them:
/// its hosts all belong to one provider.)
const HOST_ADDRESSED: &[&str] = &[
    "ftp",
    "ftps",
    "sftp",
    "hdfs",
    "viewfs",
    "webhdfs",
    "swebhdfs",
    "http",
    "https",
    "mlflow-artifacts",
    "r2",
    "b2",
    "abfss",
];

/// The operator's decisions about locations.
#[derive(Clone, Debug)]
pub struct LocationPolicy {
    allowed_schemes: BTreeSet<String>,
    trusted: BTreeSet<Target>,
    max_length: usize,
}

/// A service the server may end up talking to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    /// A family of schemes, a host, and a port unless only the host's own settings know it.
    Service(&'static str, String, Option<u16>),
    /// A location that libraries may read in different ways: never trusted.
    Ambiguous,
}

impl LocationPolicy {
    /// Trusts the hosts of the server's own storage: the default artifact root and the
    /// destination behind its proxy.
    pub fn new<'a>(own_roots: impl IntoIterator<Item = &'a ArtifactUri>) -> LocationPolicy {
        let nobody = LocationPolicy {
            allowed_schemes: BTreeSet::new(),
            trusted: BTreeSet::new(),
            max_length: DEFAULT_MAX_LENGTH,
        };
        own_roots.into_iter().fold(nobody, LocationPolicy::trust)
    }

    /// Trusts the host of one more location.
    #[must_use]
    pub fn trust(mut self, own: &ArtifactUri) -> Self {
        self.trusted.extend(targets(own).into_iter().flatten());
        self.trusted.remove(&Target::Ambiguous);
        self
    }

    /// Allows any host for these schemes (`MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES`).
    #[must_use]
    pub fn allow_schemes<'a>(mut self, schemes: impl IntoIterator<Item = &'a str>) -> Self {
        self.allowed_schemes.extend(schemes.into_iter().map(|s| s.trim().to_ascii_lowercase()));
        self
    }

    /// Sets the longest location, in characters (`MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH`).
    #[must_use]
    pub fn max_length(mut self, characters: usize) -> Self {
        self.max_length = characters;
        self
    }

    /// Parses and checks a location that a client wants to store in the given field of a request.
    pub fn parse_location(&self, text: &str, field: &str) -> Result<ArtifactUri> {
        let uri = ArtifactUri::parse(text)?;
        if uri.has_fragment_or_params() {
            return Err(Error::invalid(format!(
                "'{field}' URL can't include fragments or params."
            )));
        }
        check_query(uri.query())?;
        self.check_host(&uri, field)?;
        if text.starts_with("runs:") {
            return Err(Error::invalid(format!(
                "Artifact location cannot be a runs:/ URI. Given: '{text}'"
            )));
        }
        self.check_length(text)?;
        Ok(uri)
    }

    /// Refuses a location, given in a field of a request, that chooses a host of its own.
    pub fn check_host(&self, uri: &ArtifactUri, field: &str) -> Result<()> {
        if self.trusts(uri) {
            return Ok(());
        }
        let scheme = uri.scheme();
        Err(refusal(scheme, &format!("'{field}' cannot use the '{scheme}' scheme")))
    }

    /// Checks a stored location before the server connects to it: the policy may have changed.
    pub fn check_stored(&self, uri: &ArtifactUri) -> Result<()> {
        if self.trusts(uri) {
            return Ok(());
        }
        let start = format!("The tracking server does not connect to artifact location '{uri}'");
        Err(refusal(uri.scheme(), &start))
    }

    /// Whether a location is on a host of the server's own storage, which may be told credentials.
    pub(crate) fn is_own(&self, uri: &ArtifactUri) -> bool {
        let targets = targets(uri).unwrap_or_default();
        targets.iter().any(|target| self.trusted.contains(target))
    }

    fn check_length(&self, text: &str) -> Result<()> {
        if text.chars().count() <= self.max_length {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "Invalid artifact path length. The length of the artifact path cannot be greater than \
             {} characters. To configure this limit, please set the \
             MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH environment variable.",
            self.max_length
        )))
    }

    fn trusts(&self, uri: &ArtifactUri) -> bool {
        let Some(targets) = targets(uri) else { return true };
        self.allowed_schemes.contains(uri.scheme())
            || targets.iter().any(|target| self.trusted.contains(target))
    }
}

/// The services a location may lead to; `None` if it does not choose its host.
fn targets(uri: &ArtifactUri) -> Option<Vec<Target>> {
    let scheme = *HOST_ADDRESSED.iter().find(|scheme| **scheme == uri.scheme())?;
    if scheme == "mlflow-artifacts" && uri.authority().is_empty() {
        return None;
    }
    // Some clients end the host at a backslash, so they would connect to another one.
    if uri.authority().contains(|c: char| c == '\\' || c.is_whitespace()) {
        return Some(vec![Target::Ambiguous]);
    }
    let ports = match uri.port() {
        "" => default_ports(scheme),
        port => match port.parse() {
            Ok(port) if !uri.port().starts_with('+') => vec![Some(port)],
            _ => return Some(vec![Target::Ambiguous]),
        },
    };
    let service = |port| Target::Service(family(scheme), uri.host(), port);
    Some(ports.into_iter().map(service).collect())
}

/// Schemes that reach the same service count as one.
fn family(scheme: &'static str) -> &'static str {
    match scheme {
        "viewfs" => "hdfs",
        "https" | "mlflow-artifacts" => "http",
        other => other,
    }
}

fn default_ports(scheme: &str) -> Vec<Option<u16>> {
    match scheme {
        "ftp" | "ftps" => vec![Some(21)],
        "sftp" => vec![Some(22)],
        "http" => vec![Some(80)],
        // Clients use whichever of the two they reach the tracking server by.
        "mlflow-artifacts" => vec![Some(80), Some(443)],
        // Hadoop's own settings know the port.
        "hdfs" | "viewfs" => vec![None],
        "webhdfs" => vec![Some(9870)],
        "swebhdfs" => vec![Some(9871)],
        _ => vec![Some(443)],
    }
}

fn refusal(scheme: &str, start: &str) -> Error {
    Error::invalid(format!(
        "{start}: the '{scheme}' scheme addresses a host other than the tracking server's \
         configured artifact storage, so the server would connect to the host named in the URI. \
         Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on the server \
         to allow it."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(roots: &[&str]) -> LocationPolicy {
        let roots: Vec<_> = roots.iter().map(|root| ArtifactUri::parse(root).unwrap()).collect();
        LocationPolicy::new(&roots)
    }

    #[track_caller]
    fn refused(policy: &LocationPolicy, text: &str) -> String {
        let error = policy.parse_location(text, "artifact_location").expect_err(text);
        error.message().to_owned()
    }

    #[test]
    fn locations_that_choose_no_host_are_fine() {
        let policy = policy(&["mlflow-artifacts:/"]);
        for text in ["s3://b/x", "s3://b/x;y", "gs://b", "wasbs://c@h/x", "dbfs:/x", "oci://x"] {
            assert_eq!(policy.parse_location(text, "f").unwrap().as_str(), text);
        }
        for text in ["/x", "x", "./x", "file:///x", "mlflow-artifacts:/x", "a#", "s3://b/x;"] {
            assert_eq!(policy.parse_location(text, "f").unwrap().as_str(), text);
        }
    }

    #[test]
    fn fragments_params_and_traversal_in_the_query_are_refused() {
        let policy = policy(&[]);
        for text in ["s3://b/x#f", "/a;b", "ftp://h/x;type=a", "//h/x#y", "/x#/../../etc"] {
            let message = "'artifact_location' URL can't include fragments or params.";
            assert_eq!(refused(&policy, text), message);
        }
        for text in ["s3://b?x=..", "s3://b/x?a=%2e%2e/", "http://h/x?/%252e%252e/%252e%252e/etc"] {
            assert_eq!(refused(&policy, text), "Invalid query string");
        }
        let message = "Artifact location cannot be a runs:/ URI. Given: 'runs:/a/b'";
        assert_eq!(refused(&policy, "runs:/a/b"), message);
    }

    #[test]
    fn length_is_counted_in_characters() {
        let policy = policy(&[]);
        policy.parse_location(&format!("s3://b/{}", "ф".repeat(2041)), "f").unwrap();
        let message = refused(&policy, &format!("s3://b/{}", "x".repeat(2042)));
        assert!(message.contains("cannot be greater than 2048 characters. To configure"));
        policy.max_length(3000).parse_location(&"x".repeat(3000), "f").unwrap();
    }

    #[test]
    fn other_hosts_are_refused() {
        let policy = policy(&["mlflow-artifacts:/", "/srv/artifacts"]);
        assert_eq!(
            refused(&policy, "FTP://h/x"),
            "'artifact_location' cannot use the 'ftp' scheme: the 'ftp' scheme addresses a host \
             other than the tracking server's configured artifact storage, so the server would \
             connect to the host named in the URI. Set the \
             MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on the server to \
             allow it."
        );
        for text in [
            "sftp://h/x",
            "ftps://h/x",
            "hdfs:/x",
            "viewfs:/x",
            "webhdfs://h/x",
            "swebhdfs://h/x",
            "https:x",
            "mlflow-artifacts://h/x",
        ] {
            refused(&policy, text);
        }
        for text in ["ftp:///x", "r2://b@h/x", "b2://b@h/x", "abfss://c@h/x", "http://h/x"] {
            refused(&policy, text);
        }
        let error = policy.check_stored(&ArtifactUri::parse("ftp://u:p@h/x").unwrap()).unwrap_err();
        let start = "The tracking server does not connect to artifact location 'ftp://u:****@h/x': \
                     the 'ftp' scheme addresses";
        assert!(error.message().starts_with(start), "{error}");
    }

    #[test]
    fn the_hosts_of_the_own_storage_are_trusted() {
        let policy = policy(&["sftp://u@Files/x", "http://proxy/x", "hdfs://nn:8020/a"]);
        for text in ["sftp://files:22/other", "http://PROXY:80/y", "mlflow-artifacts://proxy/z"] {
            policy.parse_location(text, "f").unwrap();
        }
        policy.parse_location("viewfs://nn:8020/b", "f").unwrap();
        for text in ["sftp://files:23/x", "https://proxy/x", "ftp://files/x", "hdfs://nn/a"] {
            refused(&policy, text);
        }
        // Different clients see different hosts in these.
        for text in ["http://proxy\\@evil/x", "http://evil\\.proxy/x", "http://proxy:99999/x"] {
            refused(&policy, text);
        }
        for text in ["http://evil\\@proxy/x", "http://evil @proxy/x"] {
            refused(&policy, text);
        }
        for text in ["http://proxy:+80/x", "http://proxy :80/x", "http://proxy@evil/x"] {
            refused(&policy, text);
        }
    }

    #[test]
    fn an_ambiguous_root_makes_nothing_else_trusted() {
        refused(&policy(&["http://a\\b/x"]), "http://c\\d/x");
    }

    #[test]
    fn allowed_schemes_may_name_any_host() {
        let policy = policy(&[]).allow_schemes(["FTP", " hdfs "]);
        policy.parse_location("ftp://h/x", "f").unwrap();
        policy.parse_location("hdfs://h/x", "f").unwrap();
        refused(&policy, "viewfs://h/x");
    }
}
