//! From a store to this machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use oxflow_artifacts::ArtifactPath;
use oxflow_model::{Error, ErrorCode, IdSource as _, Result};
use tokio::sync::Semaphore;

use super::FILES_AT_ONCE;
use super::file::{self, PIECES_AT_ONCE, Shared};
use super::models::ModelUri;
use super::place::{OfRun, Places, Source};
use super::progress::Progress;
use crate::args::DownloadArgs;
use crate::env::Env;
use crate::system::RandomIds;
use crate::tracking;

/// `oxflow artifacts download`: where the artifact is now.
pub async fn run(places: &Places, args: DownloadArgs, env: &Env) -> Result<PathBuf> {
    let wanted = match (args.artifact_uri, args.run_id) {
        (Some(uri), _) => places.source_of(&uri).await?,
        (None, Some(run)) => match args.artifact_path.filter(|path| !path.is_empty()) {
            Some(path) => places.source_of(&format!("runs:/{run}/{path}")).await?,
            None => {
                let run = tracking::run(&*places.tracking, &run).await?;
                places.source(&run.artifact_uri, ArtifactPath::root())?
            }
        },
        (None, None) => {
            let why = "Exactly one of `run_id` or `artifact_uri` must be specified";
            return Err(Error::invalid(why));
        }
    };
    if let (None, None, Some(local)) = (&args.dst_path, &wanted.run, &wanted.local) {
        // It is on this machine already.
        return here(&wanted, local).await;
    }
    let folder = destination(args.dst_path.as_deref())?;
    let path = match &wanted.run {
        Some(run) => fetch_of_run(places, &wanted, run, &folder, env).await?,
        None => fetch(&wanted, &wanted.path, &folder, env).await?,
    };
    if let Some(model) = &wanted.model {
        note_model(&path, model)?;
    }
    Ok(path)
}

/// Leaves a file in a downloaded model that says which one it is, as MLflow does.
fn note_model(path: &Path, model: &ModelUri) -> Result<()> {
    if !path.join("MLmodel").is_file() {
        return Ok(());
    }
    let file = path.join("registered_model_meta");
    std::fs::write(&file, model.meta_file()).map_err(|error| unwritable(&file, &error))
}

async fn here(wanted: &Source, local: &Path) -> Result<PathBuf> {
    if !wanted.path.is_root() && wanted.store.stat(&wanted.path).await?.is_none() {
        return Err(Error::not_found(format!("No such artifact: '{}'", wanted.path)));
    }
    Ok(if wanted.path.is_root() { local.to_owned() } else { local.join(wanted.path.as_str()) })
}

/// The folder to download into, absolute as the shell has it: links are not followed.
fn destination(given: Option<&str>) -> Result<PathBuf> {
    let folder = match given {
        Some(given) => PathBuf::from(given),
        None => std::env::temp_dir().join(format!("tmp{}", RandomIds.run_id())),
    };
    std::fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
    std::path::absolute(&folder).map_err(|error| unwritable(&folder, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid(format!("Cannot write {}: {error}.", path.display()))
}

/// What the run keeps at a path, and what a model of this name that the run made keeps there.
async fn fetch_of_run(
    places: &Places,
    wanted: &Source,
    run: &OfRun,
    folder: &Path,
    env: &Env,
) -> Result<PathBuf> {
    let above = run.path.parent().unwrap_or_default();
    // MLflow leaves the folders above an artifact out.
    let own = fetch_below(wanted, &run.path, &above, folder, env).await;
    let own = match own {
        Ok(path) => Some(path),
        Err(error) if error.code() == ErrorCode::ResourceDoesNotExist => None,
        Err(error) => return Err(error),
    };
    let model = of_model(places, run, folder, env).await?;
    own.or(model).ok_or_else(|| {
        Error::not_found(format!(
            "Failed to download artifacts from path '{}', please ensure that the path is correct.",
            run.path
        ))
    })
}

async fn of_model(
    places: &Places,
    run: &OfRun,
    folder: &Path,
    env: &Env,
) -> Result<Option<PathBuf>> {
    let Some(name) = run.path.segments().next() else { return Ok(None) };
    let found = tracking::model_of_run(&*places.tracking, &run.id, run.experiment, name);
    let Some(location) = found.await? else { return Ok(None) };
    let rest = run.path.as_str().strip_prefix(name).unwrap_or_default();
    let path = ArtifactPath::parse(rest.trim_start_matches('/'))?;
    let model = places.source(&location, path.clone())?;
    match fetch(&model, &path, &folder.join(name), env).await {
        Err(error) if error.code() == ErrorCode::ResourceDoesNotExist => Ok(None),
        fetched => {
            let path = fetched?;
            note_model(&path, &ModelUri::Logged(String::new()))?;
            Ok(Some(path))
        }
    }
}

async fn fetch(source: &Source, path: &ArtifactPath, folder: &Path, env: &Env) -> Result<PathBuf> {
    fetch_below(source, path, &ArtifactPath::root(), folder, env).await
}

/// Downloads a file or folder; what is `above` it in the store is left out of its local path.
async fn fetch_below(
    source: &Source,
    path: &ArtifactPath,
    above: &ArtifactPath,
    folder: &Path,
    env: &Env,
) -> Result<PathBuf> {
    let below = |path: &str| {
        let rest = path.strip_prefix(above.as_str()).unwrap_or(path);
        folder.join(rest.trim_start_matches('/'))
    };
    let stat = source.store.stat(path).await?;
    let files = match stat {
        _ if path.is_root() => walk(source, path, &below).await?,
        Some(stat) if stat.is_dir => walk(source, path, &below).await?,
        Some(stat) => vec![(path.clone(), stat.size)],
        None => return Err(Error::not_found(format!("No such artifact: '{path}'"))),
    };
    if files.is_empty() && path.is_root() {
        tracing::info!("No artifacts found to download. Returning destination path.");
    }
    let shared = Shared {
        store: source.store.clone(),
        progress: Arc::new(Progress::new("Downloading", env)),
        pieces: Arc::new(Semaphore::new(PIECES_AT_ONCE)),
        doubtful: Arc::default(),
    };
    files.iter().for_each(|(_, size)| shared.progress.expect(*size));
    let fetched: Result<()> = stream::iter(files)
        .map(|(path, size)| {
            let (target, shared) = (below(path.as_str()), &shared);
            async move { file::download(shared, &path, size, &target).await }
        })
        .buffer_unordered(FILES_AT_ONCE)
        .try_collect()
        .await;
    shared.progress.end();
    fetched?;
    Ok(if path.is_root() { folder.to_owned() } else { below(path.as_str()) })
}

/// The files below a folder, with their sizes. Folders without any are made at once.
async fn walk(
    source: &Source,
    root: &ArtifactPath,
    local: &(impl Fn(&str) -> PathBuf + Sync),
) -> Result<Vec<(ArtifactPath, u64)>> {
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while !folders.is_empty() {
        let listed: Vec<_> = stream::iter(std::mem::take(&mut folders))
            .map(|folder| async move {
                let infos = source.store.list(&folder).await?;
                Ok::<_, Error>((folder, infos))
            })
            .buffered(FILES_AT_ONCE)
            .try_collect()
            .await?;
        for (folder, infos) in listed {
            if infos.is_empty() {
                let made = local(folder.as_str());
                std::fs::create_dir_all(&made).map_err(|error| unwritable(&made, &error))?;
            }
            for info in infos {
                // A storage must not choose where on this machine a file ends up.
                let path = ArtifactPath::parse(&info.path)?;
                if path.as_str() != info.path || path.parent().as_ref() != Some(&folder) {
                    return Err(Error::invalid(format!(
                        "'{}' is not downloaded: its name is none.",
                        info.path
                    )));
                }
                match info.is_dir {
                    true => folders.push(path),
                    false => files.push((path, info.size)),
                }
            }
        }
    }
    Ok(files)
}
