//! The download of one file, which goes on where an earlier one stopped.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use md5::{Digest as _, Md5};
use oxflow_artifacts::{ArtifactPath, ArtifactStore, ByteRange, Checksum};
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
    /// The storage has ETags that look like checksums, and are none.
    pub doubtful: Arc<AtomicBool>,
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
    let mut found = None;
    for round in 0.. {
        fetch(&mut file, path, version.as_ref()).await?;
        file.file.flush().await.map_err(|error| unwritable(&partial, &error))?;
        let before = found;
        found = Some(md5_of(&partial, file.checksum.is_some()).await?);
        match file.judge(before, found) {
            Verdict::Fine => break,
            Verdict::Damaged if round < RETRIES => file.forget().await?,
            Verdict::Damaged => {
                return Err(Error::internal(format!(
                    "'{path}' is damaged on its way, again and again: its MD5 is not the one that \
                     the storage tells."
                )));
            }
        }
    }
    drop(file);
    tokio::fs::rename(&partial, target).await.map_err(|error| unwritable(target, &error))?;
    shared.progress.file_done();
    Ok(())
}

/// Downloads what is missing; tries again what fails for a passing reason.
async fn fetch(
    file: &mut Partial<'_>,
    path: &ArtifactPath,
    version: Option<&Version>,
) -> Result<()> {
    let mut attempt = 0;
    loop {
        let before = file.have;
        let got = match version {
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
            got => return got,
        }
    }
}

/// Of a whole file; of none, where nobody wants to know.
async fn md5_of(path: &Path, wanted: bool) -> Result<[u8; 16]> {
    if !wanted {
        return Ok([0; 16]);
    }
    let file = path.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let (mut hash, mut file) = (Md5::new(), std::fs::File::open(file)?);
        std::io::copy(&mut file, &mut hash)?;
        Ok(hash.finalize().into())
    });
    let read = read.await.map_err(|error| Error::internal(error.to_string()))?;
    read.map_err(|error: std::io::Error| {
        Error::invalid(format!("Cannot read {}: {error}.", path.display()))
    })
}

/// Whether a download is what the storage has.
enum Verdict {
    Fine,
    Damaged,
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
    checksum: Option<Checksum>,
}

impl<'a> Partial<'a> {
    async fn open(shared: &'a Shared, path: PathBuf, version: Option<&Version>) -> Result<Self> {
        let fail = |error: std::io::Error| unwritable(&path, &error);
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        let file = options.open(&path).await.map_err(fail)?;
        let have = file.metadata().await.map_err(fail)?.len();
        let mut partial = Partial { shared, file, have: 0, path, checksum: None };
        if version.is_some_and(|version| have <= version.total) {
            partial.note(have);
        } else {
            partial.forget().await?;
        }
        Ok(partial)
    }

    /// What is twice the same was not damaged on its way: the storage's word is no checksum then.
    fn judge(&self, before: Option<[u8; 16]>, found: Option<[u8; 16]>) -> Verdict {
        let doubtful = &self.shared.doubtful;
        match self.checksum {
            None => Verdict::Fine,
            Some(Checksum::Md5(md5) | Checksum::LikelyMd5(md5)) if found == Some(md5) => {
                Verdict::Fine
            }
            Some(Checksum::Md5(_)) => Verdict::Damaged,
            Some(Checksum::LikelyMd5(_)) if doubtful.load(Ordering::Relaxed) => Verdict::Fine,
            Some(Checksum::LikelyMd5(_)) if before == found => {
                doubtful.store(true, Ordering::Relaxed);
                tracing::info!(
                    "This storage tells no checksums of its files: they are not checked."
                );
                Verdict::Fine
            }
            Some(Checksum::LikelyMd5(_)) => Verdict::Damaged,
        }
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
        self.checksum = reader.checksum;
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
                let checksum = reader.checksum;
                let bytes = reader.bytes(PIECE).await?;
                Ok((permit, checksum, bytes))
            })
            .buffered(PIECES_PER_FILE);
        while let Some((permit, checksum, bytes)) = pieces.try_next().await? {
            self.checksum = checksum;
            self.append(&bytes).await?;
            drop(permit);
        }
        Ok(())
    }
}
