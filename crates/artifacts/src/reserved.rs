//! Names of files that are not finished: nobody but the server sees them.

use oxflow_model::error::{Error, Result};

use crate::ArtifactPath;
use crate::store::root_is_no_artifact;

/// MLflow's prefix for unfinished files. Its listings hide such names, so ours use it as well.
pub(crate) const HIDDEN_PREFIX: &str = ".artifact.uploading.";
/// The folder that holds the unfinished files of one store.
pub(crate) const STAGING: &str = ".artifact.uploading.oxflow";

/// Names that clients may not write.
pub(crate) fn check_name(path: &ArtifactPath) -> Result<()> {
    if path.is_root() {
        return Err(root_is_no_artifact());
    }
    match path.segments().find(|name| is_reserved(name)) {
        None => Ok(()),
        Some(name) => Err(Error::invalid(format!(
            "Invalid artifact file name: '{name}'. \
             Artifact names starting with '{HIDDEN_PREFIX}' are reserved."
        ))),
    }
}

/// Unfinished files do not exist, as far as clients can tell.
pub(crate) fn is_hidden(path: &ArtifactPath) -> bool {
    path.segments().any(is_reserved)
}

/// Whether a name is reserved for unfinished files, ours or MLflow's.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.starts_with(HIDDEN_PREFIX)
}
