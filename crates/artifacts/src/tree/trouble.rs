//! What goes wrong with a tree, and what clients are told. Details may name hosts and users, so
//! they go to the log.

use oxflow_model::error::{Error, ErrorCode};

use crate::ArtifactPath;
use crate::store::{is_a_directory, no_such_artifact};

/// Why something did not work. The texts are for the log.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// There is no such file or folder.
    NotFound,
    /// A file is where a folder should be.
    NotAFolder,
    /// A folder is where a file should be.
    IsAFolder,
    /// A link leads out of the tree.
    Outside,
    /// The storage does not allow it.
    Denied(String),
    /// There is no space left.
    Full(String),
    /// The storage does not let us in: what clients are told, and what the log.
    Refused(ErrorCode, &'static str, String),
    /// The connection cannot be made, or broke.
    Unreachable(String),
    /// The file changed while it was read.
    Changed,
    /// Something else.
    Failed(String),
}

impl Trouble {
    /// What the log is told.
    pub(super) fn detail(&self) -> &str {
        match self {
            Trouble::Denied(text)
            | Trouble::Full(text)
            | Trouble::Refused(_, _, text)
            | Trouble::Unreachable(text)
            | Trouble::Failed(text) => text,
            Trouble::NotFound => "there is no such file",
            Trouble::NotAFolder => "a file is where a folder should be",
            Trouble::IsAFolder => "a folder is where a file should be",
            Trouble::Outside => "a link leads out of the artifact storage",
            Trouble::Changed => "the file changed while it was read",
        }
    }

    /// The one table from troubles to errors.
    pub(super) fn explain(self, verb: &str, path: &ArtifactPath) -> Error {
        if !matches!(self, Trouble::NotFound | Trouble::NotAFolder | Trouble::IsAFolder) {
            let error = self.detail();
            tracing::warn!(error, %path, verb, "the artifact storage reports an error");
        }
        let (code, why) = match self {
            Trouble::NotFound if verb == "write" => {
                (ErrorCode::TemporarilyUnavailable, "its folder was deleted meanwhile. Try again")
            }
            Trouble::NotFound => return no_such_artifact(path),
            Trouble::NotAFolder if verb == "write" => {
                (ErrorCode::InvalidParameterValue, "a folder in this path is a file")
            }
            Trouble::NotAFolder => return no_such_artifact(path),
            Trouble::IsAFolder => return is_a_directory(path),
            Trouble::Outside => {
                let why = "Invalid path: resolved path is outside the artifact directory";
                return Error::invalid(why);
            }
            Trouble::Denied(_) => (
                ErrorCode::PermissionDenied,
                "the artifact storage does not allow it. Check what the user of the server may do \
                 there",
            ),
            Trouble::Full(_) => (ErrorCode::TemporarilyUnavailable, "the artifact storage is full"),
            Trouble::Refused(code, why, _) => (code, why),
            Trouble::Unreachable(_) => {
                return Error::unavailable(format!(
                    "Cannot {verb} '{path}' right now: the artifact storage does not answer, or is \
                     too busy. Try again; if it stays so, check the storage and its address in the \
                     settings of the server, whose log says more."
                ));
            }
            Trouble::Changed => {
                (ErrorCode::ResourceConflict, "it was changed at the same time. Try again")
            }
            Trouble::Failed(_) => (
                ErrorCode::InternalError,
                "the artifact storage reports an error. The log of the server says more",
            ),
        };
        Error::new(code, format!("Cannot {verb} '{path}': {why}."))
    }
}
