//! From the words of a user to a store and a path in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxflow_artifacts::{ArtifactPath, ArtifactStore, ArtifactUri, RemoteSettings};
use oxflow_model::{Error, ExperimentId, Result};
use oxflow_store::Store;

use super::models::ModelUri;
use crate::env::Env;
use crate::tracking::{self, cwd, open_location};

/// Finds artifacts.
pub struct Places {
    /// Who knows where runs and models keep theirs.
    pub tracking: Arc<dyn Store>,
    remote: RemoteSettings,
    cwd: PathBuf,
}

/// Something to download.
pub struct Source {
    /// The store that holds it.
    pub store: Arc<dyn ArtifactStore>,
    /// What of it.
    pub path: ArtifactPath,
    /// The folder of this machine that the store is, if it is one.
    pub local: Option<PathBuf>,
    /// The run that it belongs to, for `runs:/` locations.
    pub run: Option<OfRun>,
    /// The registered model that it belongs to, for `models:/` locations.
    pub model: Option<ModelUri>,
}

/// A path below `runs:/`, where models that the run made are shown as its folders.
pub struct OfRun {
    /// The run.
    pub id: String,
    /// Its experiment.
    pub experiment: ExperimentId,
    /// The path from the root of the run on.
    pub path: ArtifactPath,
}

impl Places {
    /// Artifacts as this store of runs and models knows them.
    pub fn new(tracking: Arc<dyn Store>, env: &Env) -> Result<Places> {
        let remote = RemoteSettings::read(|name| env.get(name).map(str::to_owned))?;
        Ok(Places { tracking, remote, cwd: cwd()? })
    }

    /// The store of a location.
    pub fn open(&self, location: &str) -> Result<Arc<dyn ArtifactStore>> {
        open_location(&self.remote, &self.cwd, &ArtifactUri::parse(location)?)
    }

    /// The artifacts of a run.
    pub async fn of_run(&self, id: &str) -> Result<Arc<dyn ArtifactStore>> {
        self.open(&tracking::run(&*self.tracking, id).await?.artifact_uri)
    }

    /// What is at `path` below a location.
    pub fn source(&self, location: &str, path: ArtifactPath) -> Result<Source> {
        let uri = ArtifactUri::parse(location)?;
        let local = match uri.is_local() {
            true => Some(uri.local_path(&self.cwd)?),
            false => None,
        };
        Ok(Source { store: self.open(location)?, path, local, run: None, model: None })
    }

    /// What `--artifact-uri` means.
    pub async fn source_of(&self, text: &str) -> Result<Source> {
        if Path::new(text).exists() {
            let path = std::path::absolute(text)
                .map_err(|error| Error::invalid(format!("Cannot read '{text}': {error}.")))?;
            return self.local(&path);
        }
        if let Some(rest) = text.strip_prefix("runs:/") {
            return self.source_of_run(text, rest.trim_start_matches('/')).await;
        }
        if text.starts_with("models:/") {
            let (model, path) = ModelUri::parse(text)?;
            let location = model.location(&*self.tracking).await?;
            let mut source = self.source(&location.uri, ArtifactPath::parse(&path)?)?;
            source.model = Some(location.model);
            return Ok(source);
        }
        let end = text.find(['?', '#']).unwrap_or(text.len());
        let (path, rest) = text.split_at(end);
        let start = path.find("://").map_or(0, |at| at + 3);
        let (folder, name) = match path[start..].rfind('/') {
            Some(at) => (&path[..=start + at], &path[start + at + 1..]),
            None => (path, ""),
        };
        self.source(&format!("{folder}{rest}"), ArtifactPath::parse(name)?)
    }

    fn local(&self, path: &Path) -> Result<Source> {
        let not_text = || Error::invalid("The path is not Unicode.");
        let parent = path.parent().unwrap_or(path).to_str().ok_or_else(not_text)?;
        let name = path.file_name().map_or(Some(""), |name| name.to_str()).ok_or_else(not_text)?;
        // A path of this machine says what it means: nothing in it is encoded.
        let location = parent.replace('%', "%25");
        self.source(&location, ArtifactPath::parse(name)?)
    }

    async fn source_of_run(&self, whole: &str, rest: &str) -> Result<Source> {
        let (id, path) = rest.split_once('/').unwrap_or((rest, ""));
        if id.is_empty() {
            return Err(Error::invalid(format!(
                "Not a proper runs:/ URI: {whole}. Runs URIs must be of the form \
                 'runs:/<run_id>/run-relative/path/to/artifact'"
            )));
        }
        let run = tracking::run(&*self.tracking, id).await?;
        let path = ArtifactPath::parse(path.trim_end_matches('/'))?;
        let mut source = self.source(&run.artifact_uri, path.clone())?;
        source.run = Some(OfRun { id: id.to_owned(), experiment: run.experiment_id, path });
        Ok(source)
    }
}
