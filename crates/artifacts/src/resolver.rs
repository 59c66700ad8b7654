//! From a location to the store that serves it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use oxflow_model::Clock;
use oxflow_model::error::{Error, ErrorCode, Result};

use crate::{ArtifactStore, ArtifactUri, LocalStore, LocationPolicy, RemoteSettings};

/// The schemes that MLflow knows, in the order in which its error message names them.
const KNOWN: &[&str] = &[
    "",
    "file",
    "s3",
    "r2",
    "b2",
    "gs",
    "wasbs",
    "ftp",
    "sftp",
    "dbfs",
    "hdfs",
    "viewfs",
    "runs",
    "models",
    "http",
    "https",
    "mlflow-artifacts",
    "abfss",
];

pub(crate) type Opener = Arc<dyn Fn(&ArtifactUri) -> Result<Arc<dyn ArtifactStore>> + Send + Sync>;

/// Opens the store of a location. Local folders always work; whoever composes the server adds
/// the other schemes that this build supports.
#[derive(Clone)]
pub struct Resolver {
    policy: LocationPolicy,
    openers: BTreeMap<&'static str, Opener>,
}

impl Resolver {
    /// Knows local folders; relative ones are taken from `cwd`.
    pub fn new(policy: LocationPolicy, cwd: impl Into<PathBuf>) -> Resolver {
        let cwd = cwd.into();
        let open: Opener = Arc::new(move |uri: &ArtifactUri| {
            Ok(Arc::new(LocalStore::new(uri.local_path(&cwd)?)) as Arc<dyn ArtifactStore>)
        });
        let openers = BTreeMap::from([("", open.clone()), ("file", open)]);
        Resolver { policy, openers }
    }

    /// Adds a scheme, or replaces what is known about it.
    #[must_use]
    pub fn with_scheme(
        mut self,
        scheme: &'static str,
        open: impl Fn(&ArtifactUri) -> Result<Arc<dyn ArtifactStore>> + Send + Sync + 'static,
    ) -> Resolver {
        self.openers.insert(scheme, Arc::new(open));
        self
    }

    /// Adds the storages that this build supports.
    #[must_use]
    pub fn with_remote(self, settings: RemoteSettings, clock: Arc<dyn Clock>) -> Resolver {
        settings.openers(clock, self.policy.clone()).into_iter().fold(
            self,
            |mut resolver, (scheme, open)| {
                resolver.openers.insert(scheme, open);
                resolver
            },
        )
    }

    /// The rules for locations that clients choose.
    pub fn policy(&self) -> &LocationPolicy {
        &self.policy
    }

    /// The store of a location. A location behind the server's own proxy does not belong here:
    /// see [`ArtifactUri::proxied_path`].
    pub fn open(&self, uri: &ArtifactUri) -> Result<Arc<dyn ArtifactStore>> {
        self.policy.check_stored(uri)?;
        match self.openers.get(uri.scheme()) {
            Some(open) => open(uri),
            None if KNOWN.contains(&uri.scheme()) => Err(self.not_built_in(uri.scheme())),
            None => Err(unknown(uri)),
        }
    }

    fn not_built_in(&self, scheme: &str) -> Error {
        let others = self.openers.keys().filter(|scheme| !matches!(**scheme, "" | "file"));
        let supported: Vec<String> = ["local folders".to_owned()]
            .into_iter()
            .chain(others.map(|scheme| format!("'{scheme}'")))
            .collect();
        Error::new(
            ErrorCode::NotImplemented,
            format!(
                "This build has no support for '{scheme}' artifact locations. It supports: {}",
                supported.join(", ")
            ),
        )
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("policy", &self.policy)
            .field("schemes", &self.openers.keys())
            .finish()
    }
}

fn unknown(uri: &ArtifactUri) -> Error {
    let known: Vec<String> = KNOWN.iter().map(|scheme| format!("'{scheme}'")).collect();
    Error::internal(format!(
        "Could not find a registered artifact repository for: {uri}. \
         Currently registered schemes are: [{}]",
        known.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolver() -> Resolver {
        Resolver::new(LocationPolicy::new([]), "/srv")
    }

    #[track_caller]
    fn error(uri: &str) -> Error {
        resolver().open(&ArtifactUri::parse(uri).unwrap()).unwrap_err()
    }

    #[test]
    fn local_folders_open() {
        for (uri, folder) in [("/a/b", "/a/b"), ("file:///a%20b", "/a b"), ("x", "/srv/x")] {
            let store = resolver().open(&ArtifactUri::parse(uri).unwrap()).unwrap();
            assert!(format!("{store:?}").contains(&format!("\"{folder}\"")), "{store:?}");
        }
    }

    #[test]
    fn a_scheme_of_another_build_says_what_this_one_has() {
        let error = error("s3://b/x");
        assert_eq!(error.code(), ErrorCode::NotImplemented);
        assert_eq!(
            error.message(),
            "This build has no support for 's3' artifact locations. It supports: local folders"
        );
    }

    #[test]
    fn an_unknown_scheme_gets_the_answer_of_mlflow() {
        assert_eq!(
            error("oci://x/y").message(),
            "Could not find a registered artifact repository for: oci://x/y. Currently registered \
             schemes are: ['', 'file', 's3', 'r2', 'b2', 'gs', 'wasbs', 'ftp', 'sftp', 'dbfs', \
             'hdfs', 'viewfs', 'runs', 'models', 'http', 'https', 'mlflow-artifacts', 'abfss']"
        );
    }

    #[test]
    fn stored_locations_on_other_hosts_are_not_opened() {
        assert!(error("ftp://h/x").message().starts_with("The tracking server does not connect"));
        assert!(error("file://host/x").message().contains("not a valid remote uri"));
    }

    #[test]
    fn another_scheme_is_one_more_entry() {
        let resolver = resolver().with_scheme("s3", |_| Ok(Arc::new(LocalStore::new("/bucket"))));
        resolver.open(&ArtifactUri::parse("s3://b/x").unwrap()).unwrap();
        let error = resolver.open(&ArtifactUri::parse("gs://b/x").unwrap()).unwrap_err();
        assert!(error.message().ends_with("It supports: local folders, 's3'"), "{error}");
    }
}
