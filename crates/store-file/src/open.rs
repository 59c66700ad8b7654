//! Opening a folder as a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxflow_model::{ArtifactLocation, Clock, Error, ExperimentId, IdSource, NewExperiment, Result};
use percent_encoding::percent_decode_str;

use crate::experiment;
use crate::folder::Folder;
use crate::index::{Experiments, REGISTRY, TRASH};
use crate::store::{FileStore, Inner};

/// How to open a folder.
pub struct OpenOptions {
    /// The folder; created if it is not there.
    pub path: PathBuf,
    /// Where the default experiment keeps its artifacts, if it has to be created.
    pub artifact_root: String,
    /// How new experiments are numbered.
    pub experiment_ids: ExperimentIds,
    /// The time, by which it is judged whether a file was left alone for long enough.
    pub clock: Arc<dyn Clock>,
}

/// How new experiments are numbered.
pub enum ExperimentIds {
    /// At random, with 18 digits, as MLflow does: folders of several machines can be merged.
    Random(Arc<dyn IdSource>),
    /// One more than the highest.
    Counted,
}

impl ExperimentIds {
    /// A number that none of these has.
    pub fn next(&self, taken: &[ExperimentId]) -> ExperimentId {
        match self {
            ExperimentIds::Counted => {
                ExperimentId(taken.iter().map(|id| id.0).max().unwrap_or(-1) + 1)
            }
            ExperimentIds::Random(ids) => loop {
                let random = u128::from_be_bytes(ids.random()) % 900_000_000_000_000_000;
                let id = ExperimentId(100_000_000_000_000_000 + random as i64);
                if !taken.contains(&id) {
                    return id;
                }
            },
        }
    }
}

/// The folder that a store URI names, if it names one: a path, or `file:` with one. Relative ones
/// are relative to `cwd`.
pub fn folder_of(uri: &str, cwd: &Path) -> Option<Result<PathBuf>> {
    let Some(rest) = uri.strip_prefix("file:") else {
        return (!uri.is_empty() && !has_scheme(uri)).then(|| Ok(cwd.join(uri)));
    };
    let path = match rest.strip_prefix("//") {
        Some(with_host) => match with_host.split_once('/') {
            Some(("" | "localhost", path)) => format!("/{path}"),
            _ => {
                return Some(Err(Error::invalid(format!(
                    "The store URI '{uri}' names a folder on another machine. Use file:///path or a \
                     plain path."
                ))));
            }
        },
        None => rest.to_owned(),
    };
    let decoded = percent_decode_str(&path).decode_utf8().map(|path| cwd.join(path.as_ref()));
    Some(decoded.map_err(|_| Error::invalid(format!("The store URI '{uri}' is no UTF-8."))))
}

fn has_scheme(uri: &str) -> bool {
    let in_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(in_scheme)
    })
}

/// Whether a folder holds experiments of a file store.
pub fn looks_like_one(path: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(path) else { return false };
    let is_number = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
    entries.flatten().any(|entry| {
        entry.file_name().to_str().is_some_and(is_number)
            && entry.path().join("meta.yaml").is_file()
    })
}

impl FileStore {
    /// Opens a folder to read what it keeps, without changing anything; calls that write fail.
    pub fn open_to_read(path: &Path, clock: Arc<dyn Clock>) -> Result<FileStore> {
        let has = |folder: &str| path.join(folder).is_dir();
        if !looks_like_one(path) && !has(REGISTRY) && !has(TRASH) {
            return Err(Error::invalid(format!(
                "The folder {} is not there, or holds no experiments of a file store.",
                path.display()
            )));
        }
        FileStore::new(Inner::to_read(Folder::open(path)?, clock))
    }

    /// Opens a folder. An empty one gets the default experiment.
    pub fn open(options: OpenOptions) -> Result<FileStore> {
        let folder = Folder::open(&options.path)?;
        let now = options.clock.now();
        let inner = Inner::new(folder, options.experiment_ids, options.clock);
        let known = [TRASH, REGISTRY].iter().all(|path| inner.folder.exists(path));
        let empty = inner.read(|view| Experiments::of(view).ids().is_empty());
        if !known || empty {
            let (_, dirty) = inner.write(|view, changes| {
                changes.folder(TRASH);
                changes.folder(REGISTRY);
                if Experiments::of(view).ids().is_empty() {
                    let default = NewExperiment {
                        name: "Default".to_owned(),
                        artifact_location: ArtifactLocation::Under(options.artifact_root.clone()),
                        tags: Vec::new(),
                    };
                    experiment::prepare(changes, ExperimentId::DEFAULT, &default, now)?;
                }
                Ok(())
            })?;
            dirty.sync().map_err(|error| {
                let path = options.path.display();
                Error::unavailable(format!("Cannot write to the folder {path}: {error}."))
            })?;
        }
        FileStore::new(inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_told_from_databases() {
        let cwd = Path::new("/work dir");
        let folder =
            |uri: &str| folder_of(uri, cwd).map(|path| path.unwrap().display().to_string());
        for (uri, expected) in [
            ("./mlruns", "/work dir/./mlruns"),
            ("mlruns", "/work dir/mlruns"),
            ("/a/b", "/a/b"),
            ("file:///a%20b/c", "/a b/c"),
            ("file:/a", "/a"),
            ("file:./rel", "/work dir/./rel"),
            ("file://localhost/a", "/a"),
        ] {
            assert_eq!(folder(uri).as_deref(), Some(expected), "{uri}");
        }
        for uri in ["sqlite:///x.db", "postgresql://h/db", "http://h", "sqlite:x", ""] {
            assert!(folder_of(uri, cwd).is_none(), "{uri}");
        }
        assert!(folder_of("file://host/a", cwd).unwrap().is_err());
    }
}
