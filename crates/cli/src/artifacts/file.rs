//! The download of one file, which goes on where an earlier one stopped.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use oxflow_artifacts::{ArtifactPath, ArtifactStore, ByteRange};
use oxflow_model::{Error, ErrorCode, Result};
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Semaphore;

use super::RETRIES;
use super::progress::Progress;

/// A large file is fetched in pieces of this size, several at a time.
const PIECE: u64 = 8 << 20;
const PIECES_PER_FILE: usize = 4;
/// How many pieces of all files are in memory.
pub const PIECES_AT_ONCE: usize = 8;

/// What the downloads of a command share.
#[derive(Clone)]
pub struct Shared {
    /// From where.
    pub store: Arc<dyn ArtifactStore>,
    /// How far it is.
    pub progress: Arc<Progress>,
    /// Bounds memory.
    pub pieces: Arc<Semaphore>,
}

/// Downloads a file of about this size. It appears at `target` as a whole, or not at all; until
/// then, it lies beside it under a name that holds its ETag, so that it is only continued with
/// bytes of the same content.
pub async fn download(
    shared: &Shared,
    path: &ArtifactPath,
    size: u64,
    target: &Path,
) -> Result<()> {
    if let Some(parent) = target.parent() {
        tokio::fs::create_dir_all(parent).await.map_err(|error| unwritable(parent, &error))?;
    }
    // One stream is the quickest for a small file, and the only way with a storage that does not
    // tell the versions of a file apart.
    let facts = if size > 2 * PIECE { shared.store.stat(path).await? } else { None };
    let version = facts.and_then(|facts| Some(Version { total: facts.size, etag: facts.etag? }));
    let partial = partial(target, version.as_ref());
    let mut file = Partial::open(shared, partial.clone(), version.as_ref()).await?;
    let mut attempt = 0;
    loop {
        let before = file.have;
        let got = match &version {
            Some(version) => file.take_pieces(path, version).await,
            None => file.take_whole(path).await,
        };
        match got {
            Err(error)
                if error.code() == ErrorCode::TemporarilyUnavailable && attempt < RETRIES =>
            {
                attempt = if file.have > before { 0 } else { attempt + 1 };
                tokio::time::sleep(Duration::from_secs(1 << attempt)).await;
            }
            Err(error) => return Err(error),
            Ok(()) => break,
        }
    }
    file.file.flush().await.map_err(|error| unwritable(&partial, &error))?;
    drop(file);
    tokio::fs::rename(&partial, target).await.map_err(|error| unwritable(target, &error))?;
    shared.progress.file_done();
    Ok(())
}

/// Which content of a file is wanted.
struct Version {
    total: u64,
    etag: String,
}

/// Where a file is until it is complete.
fn partial(target: &Path, version: Option<&Version>) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    if let Some(Version { total, etag }) = version {
        let tag: String = etag.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
        name.push(format!(".{total}-{tag}"));
    }
    name.push(".partial");
    target.with_file_name(name)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid(format!("Cannot write {}: {error}.", path.display()))
}

/// A file of which the first bytes are there.
struct Partial<'a> {
    shared: &'a Shared,
    path: PathBuf,
    file: File,
    have: u64,
}

impl<'a> Partial<'a> {
    async fn open(shared: &'a Shared, path: PathBuf, version: Option<&Version>) -> Result<Self> {
        let fail = |error: std::io::Error| unwritable(&path, &error);
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        let file = options.open(&path).await.map_err(fail)?;
        let have = file.metadata().await.map_err(fail)?.len();
        let mut partial = Partial { shared, file, have: 0, path };
        if version.is_some_and(|version| have <= version.total) {
            partial.note(have);
        } else {
            partial.forget().await?;
        }
        Ok(partial)
    }

    fn note(&mut self, bytes: u64) {
        self.have += bytes;
        self.shared.progress.moved(i64::try_from(bytes).unwrap_or(0));
    }

    async fn forget(&mut self) -> Result<()> {
        self.file.set_len(0).await.map_err(|error| unwritable(&self.path, &error))?;
        self.shared.progress.moved(-i64::try_from(self.have).unwrap_or(0));
        self.have = 0;
        Ok(())
    }

    async fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file.write_all(bytes).await;
        written.map_err(|error| unwritable(&self.path, &error))?;
        self.note(bytes.len() as u64);
        Ok(())
    }

    /// All of it, from the start.
    async fn take_whole(&mut self, path: &ArtifactPath) -> Result<()> {
        self.forget().await?;
        let mut reader = self.shared.store.read(path, None).await?;
        while let Some(chunk) = reader.body.next().await {
            self.append(&chunk?).await?;
        }
        match self.have == reader.total {
            true => Ok(()),
            false => Err(Error::unavailable("The download broke off.")),
        }
    }

    /// The rest, in pieces that may arrive in any order but are written in theirs.
    async fn take_pieces(&mut self, path: &ArtifactPath, version: &Version) -> Result<()> {
        let (total, etag) = (version.total, Some(version.etag.as_str()));
        let shared = self.shared;
        let starts = (0..).map(|n| self.have + n * PIECE).take_while(|start| *start < total);
        let mut pieces = stream::iter(starts.collect::<Vec<_>>())
            .map(|start| async move {
                let permit = shared.pieces.acquire().await;
                let end = (start + PIECE).min(total) - 1;
                let range = Some(ByteRange::Between(start, end));
                let reader = shared.store.read(path, range).await?;
                if reader.etag.as_deref() != etag || reader.range != (start..end + 1) {
                    return Err(Error::new(
                        ErrorCode::ResourceConflict,
                        format!("'{path}' was changed while it was downloaded. Try again."),
                    ));
                }
                let bytes = reader.bytes(PIECE).await?;
                Ok((permit, bytes))
            })
            .buffered(PIECES_PER_FILE);
        while let Some((permit, bytes)) = pieces.try_next().await? {
            self.append(&bytes).await?;
            drop(permit);
        }
        Ok(())
    }
}
