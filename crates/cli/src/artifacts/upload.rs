//! From this machine to a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use oxflow_artifacts::{ArtifactPath, ArtifactStore, ByteStream};
use oxflow_model::{Error, ErrorCode, Result};
use tokio::io::AsyncReadExt as _;

use super::progress::Progress;
use super::{FILES_AT_ONCE, RETRIES};
use crate::env::Env;

const CHUNK: usize = 256 * 1024;

/// A file of this machine, and where it goes.
struct Upload {
    local: PathBuf,
    target: ArtifactPath,
}

/// Uploads a file into a folder of the store.
pub async fn file(
    store: &Arc<dyn ArtifactStore>,
    local: &str,
    folder: &ArtifactPath,
    env: &Env,
) -> Result<()> {
    let local = PathBuf::from(local);
    let target = folder.join(&name_of(&local)?)?;
    all(store, vec![Upload { local, target }], env).await
}

/// Uploads what is in a directory, and in those below it, into a folder of the store.
pub async fn directory(
    store: &Arc<dyn ArtifactStore>,
    local: &str,
    folder: &ArtifactPath,
    env: &Env,
) -> Result<()> {
    let local = PathBuf::from(local);
    let found = tokio::task::spawn_blocking({
        let (local, folder) = (local.clone(), folder.clone());
        move || {
            let mut found = Vec::new();
            find(&local, &folder, &mut found).map(|()| found)
        }
    });
    let uploads = found.await.map_err(|error| Error::internal(error.to_string()))??;
    all(store, uploads, env).await
}

fn find(local: &Path, folder: &ArtifactPath, found: &mut Vec<Upload>) -> Result<()> {
    let entries = std::fs::read_dir(local).map_err(|error| unreadable(local, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(local, &error))?;
        let (path, kind) = (entry.path(), entry.file_type());
        let kind = kind.map_err(|error| unreadable(&path, &error))?;
        let target = folder.join(&name_of(&path)?)?;
        if kind.is_dir() {
            find(&path, &target, found)?;
        } else if path.is_dir() {
            // It may lead to a folder above.
            tracing::warn!("{} is a link to a directory: left out", path.display());
        } else {
            found.push(Upload { local: path, target });
        }
    }
    Ok(())
}

fn name_of(path: &Path) -> Result<ArtifactPath> {
    let bad =
        || Error::invalid(format!("{}: this cannot be the name of an artifact.", path.display()));
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(bad)?;
    // A name of this machine says what it means; `%41` is no `A`.
    let parsed = ArtifactPath::parse(name).map_err(|_| bad())?;
    if parsed.as_str() == name { Ok(parsed) } else { Err(bad()) }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid(format!("Cannot read {}: {error}.", path.display()))
}

async fn all(store: &Arc<dyn ArtifactStore>, uploads: Vec<Upload>, env: &Env) -> Result<()> {
    let progress = Arc::new(Progress::new("Uploading", env));
    for upload in &uploads {
        let facts = tokio::fs::metadata(&upload.local).await;
        let facts = facts.map_err(|error| unreadable(&upload.local, &error))?;
        if !facts.is_file() {
            return Err(Error::invalid(format!("{} is not a file.", upload.local.display())));
        }
        progress.expect(facts.len());
    }
    let sent = stream::iter(uploads)
        .map(|upload| {
            let (store, progress) = (store.clone(), progress.clone());
            async move { one(store.as_ref(), &upload, &progress).await }
        })
        .buffer_unordered(FILES_AT_ONCE)
        .try_collect::<()>()
        .await;
    progress.end();
    sent
}

async fn one(store: &dyn ArtifactStore, upload: &Upload, progress: &Arc<Progress>) -> Result<()> {
    let mut attempt = 0;
    loop {
        let sent = Arc::new(AtomicI64::new(0));
        let body = content(&upload.local, progress.clone(), sent.clone()).await?;
        match store.write(&upload.target, body).await {
            Err(error)
                if error.code() == ErrorCode::TemporarilyUnavailable && attempt < RETRIES =>
            {
                progress.moved(-sent.load(Ordering::Relaxed));
                tokio::time::sleep(Duration::from_secs(1 << attempt)).await;
                attempt += 1;
            }
            written => {
                progress.file_done();
                return written;
            }
        }
    }
}

async fn content(path: &Path, progress: Arc<Progress>, sent: Arc<AtomicI64>) -> Result<ByteStream> {
    let file = tokio::fs::File::open(path).await.map_err(|error| unreadable(path, &error))?;
    let state = (file, path.to_owned(), progress, sent);
    Ok(stream::try_unfold(state, |(mut file, path, progress, sent)| async move {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = (&mut file).take(CHUNK as u64).read_to_end(&mut chunk).await;
        match read.map_err(|error| unreadable(&path, &error))? {
            0 => Ok(None),
            read => {
                let count = i64::try_from(read).unwrap_or(0);
                progress.moved(count);
                sent.fetch_add(count, Ordering::Relaxed);
                Ok(Some((chunk.into(), (file, path, progress, sent))))
            }
        }
    })
    .boxed())
}
