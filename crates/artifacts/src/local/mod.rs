//! A folder as artifact store. It can be shared with other servers, stock MLflow among them.

#[cfg(test)]
mod tests;
mod upload;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use oxflow_beneath as beneath;
use oxflow_model::error::{Error, ErrorCode, Result};
use rustix::fs::{AtFlags, FileType, OFlags};
use rustix::io::Errno;

use crate::reserved::{check_name, is_hidden, is_reserved};
use crate::store::{is_a_directory, no_such_artifact, root_is_no_artifact};
use crate::{
    ArtifactPath, ArtifactReader, ArtifactStore, ByteRange, ByteStream, Capability, FileInfo, Stat,
};
use upload::Upload;

/// Files up to this size are read while they are being opened.
const SMALL: u64 = 64 * 1024;
/// What one trip to the blocking pool reads.
const READ_CHUNK: usize = 512 * 1024;
/// What one trip to the blocking pool writes.
const WRITE_BATCH: usize = 1024 * 1024;

/// The folder. It is created by the first upload; until then the store is empty.
#[derive(Clone, Debug)]
pub struct LocalStore {
    root: Arc<Path>,
    swept: Arc<AtomicBool>,
}

impl LocalStore {
    /// A store in the given folder, which should be absolute. This touches no disk: what a killed
    /// server left behind is removed with the first upload.
    pub fn new(root: impl Into<PathBuf>) -> LocalStore {
        LocalStore { root: root.into().into(), swept: Arc::default() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn begin_upload(&self, path: &ArtifactPath) -> Result<Upload> {
        let root = beneath::create_root(&self.root).map_err(|e| explain("write", path, e))?;
        if !self.swept.swap(true, Ordering::Relaxed) {
            match upload::remove_abandoned(&root) {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "removed unfinished uploads of a killed server"),
                Err(error) => tracing::warn!(%error, "cannot remove unfinished uploads"),
            }
        }
        Upload::create(root, path)
    }
}

#[async_trait]
impl ArtifactStore for LocalStore {
    fn capability(&self) -> Capability {
        Capability { folders: true, presign: false, multipart: false }
    }

    async fn list(&self, folder: &ArtifactPath) -> Result<Vec<FileInfo>> {
        let (root, folder) = (self.root.clone(), folder.clone());
        blocking(move || list(&root, &folder)).await
    }

    async fn stat(&self, path: &ArtifactPath) -> Result<Option<Stat>> {
        let (root, path) = (self.root.clone(), path.clone());
        blocking(move || stat(&root, &path)).await
    }

    async fn read(&self, path: &ArtifactPath, range: Option<ByteRange>) -> Result<ArtifactReader> {
        let (root, path) = (self.root.clone(), path.clone());
        blocking(move || read(&root, &path, range)).await
    }

    async fn write(&self, path: &ArtifactPath, mut body: ByteStream) -> Result<()> {
        check_name(path)?;
        let mut batch = Batch::fill(&mut body).await?;
        let (store, target, first) = (self.clone(), path.clone(), batch.take());
        let finished = batch.last;
        // A small file needs this one trip only.
        let mut upload = blocking(move || {
            let mut upload = store.begin_upload(&target)?;
            upload.append(&first)?;
            if finished { upload.publish().map(|()| None) } else { Ok(Some(upload)) }
        })
        .await?;
        while let Some(mut current) = upload.take() {
            batch = Batch::fill(&mut body).await?;
            let (chunks, finished) = (batch.take(), batch.last);
            upload = blocking(move || {
                current.append(&chunks)?;
                if finished { current.publish().map(|()| None) } else { Ok(Some(current)) }
            })
            .await?;
        }
        Ok(())
    }

    async fn delete(&self, path: &ArtifactPath) -> Result<()> {
        let (root, path) = (self.root.clone(), path.clone());
        blocking(move || delete(&root, &path)).await
    }

    async fn delete_all(&self) -> Result<()> {
        let root = self.root.clone();
        blocking(move || delete_all(&root)).await
    }
}

/// Some chunks of an upload, to be written in one go.
#[derive(Default)]
struct Batch {
    chunks: Vec<Bytes>,
    last: bool,
}

impl Batch {
    async fn fill(body: &mut ByteStream) -> Result<Batch> {
        let mut batch = Batch::default();
        let mut size = 0;
        while size < WRITE_BATCH {
            let Some(chunk) = body.next().await else {
                batch.last = true;
                break;
            };
            let chunk = chunk?;
            size += chunk.len();
            batch.chunks.push(chunk);
        }
        Ok(batch)
    }

    fn take(&mut self) -> Vec<Bytes> {
        std::mem::take(&mut self.chunks)
    }
}

fn open(root: &Path, path: &ArtifactPath, flags: OFlags) -> Result<OwnedFd, Errno> {
    if is_hidden(path) {
        return Err(Errno::NOENT);
    }
    let root = beneath::open_root(root)?;
    beneath::open(root.as_fd(), path.as_str(), flags)
}

fn list(root: &Path, folder: &ArtifactPath) -> Result<Vec<FileInfo>> {
    let fail = |error: Errno| explain("list", folder, error);
    if is_hidden(folder) {
        return Ok(Vec::new());
    }
    let root = match beneath::open_root(root) {
        Err(Errno::NOENT) => return Ok(Vec::new()),
        opened => opened.map_err(fail)?,
    };
    let opened = match beneath::open(root.as_fd(), folder.as_str(), beneath::FOLDER) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Vec::new()),
        opened => opened.map_err(fail)?,
    };
    let mut infos = Vec::new();
    for name in beneath::names(opened.as_fd()).map_err(fail)? {
        let Ok(name) = name.into_string() else { continue };
        if !is_reserved(&name) {
            infos.extend(info(root.as_fd(), opened.as_fd(), folder, &name));
        }
    }
    infos.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(infos)
}

/// `None` for what is neither file nor folder, has vanished, or is a link that leads out.
fn info(
    root: BorrowedFd<'_>,
    opened: BorrowedFd<'_>,
    folder: &ArtifactPath,
    name: &str,
) -> Option<FileInfo> {
    let path = if folder.is_root() { name.to_owned() } else { format!("{folder}/{name}") };
    let mut stat = rustix::fs::statat(opened, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
        stat = rustix::fs::fstat(beneath::open(root, &path, beneath::PROBE).ok()?).ok()?;
    }
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => Some(FileInfo { path, is_dir: true, size: 0 }),
        FileType::RegularFile => {
            Some(FileInfo { path, is_dir: false, size: u64::try_from(stat.st_size).ok()? })
        }
        _ => None,
    }
}

fn stat(root: &Path, path: &ArtifactPath) -> Result<Option<Stat>> {
    let file = match open(root, path, beneath::PROBE) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        opened => File::from(opened.map_err(|error| explain("read", path, error))?),
    };
    let metadata = file.metadata().map_err(|error| explain("read", path, error))?;
    let is_dir = metadata.is_dir();
    if !is_dir && !metadata.is_file() {
        return Ok(None);
    }
    Ok(Some(Stat {
        is_dir,
        size: if is_dir { 0 } else { metadata.len() },
        last_modified: metadata.modified().ok(),
        etag: (!is_dir).then(|| etag(&metadata)),
    }))
}

/// Every upload makes a new file, so the inode tells two versions apart even when they have the
/// same size and come within one tick of the file system's clock.
fn etag(metadata: &std::fs::Metadata) -> String {
    let (seconds, nanos) = (metadata.mtime(), metadata.mtime_nsec());
    format!("\"{seconds:x}.{nanos:x}-{:x}-{:x}\"", metadata.len(), metadata.ino())
}

fn read(root: &Path, path: &ArtifactPath, range: Option<ByteRange>) -> Result<ArtifactReader> {
    let fail = |error: io::Error| explain("read", path, error);
    // Without NONBLOCK, opening a named pipe would wait for its other end.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = open(root, path, flags);
    let file = File::from(opened.map_err(|error| fail(error.into()))?);
    let metadata = file.metadata().map_err(fail)?;
    if metadata.is_dir() {
        return Err(is_a_directory(path));
    }
    if !metadata.is_file() {
        return Err(no_such_artifact(path));
    }
    let total = metadata.len();
    let range = range.map_or(0..total, |range| range.resolve(total));
    let etag = Some(etag(&metadata));
    let last_modified = metadata.modified().ok();
    let body = body(file, path, range.clone())?;
    Ok(ArtifactReader { total, range, last_modified, etag, checksum: None, body })
}

fn body(file: File, path: &ArtifactPath, range: std::ops::Range<u64>) -> Result<ByteStream> {
    if range.end - range.start <= SMALL {
        let length = usize::try_from(range.end - range.start).unwrap_or_default();
        let bytes = read_exactly(&file, path, range.start, length)?;
        return Ok(stream::iter([Ok(bytes)]).boxed());
    }
    let (file, path) = (Arc::new(file), path.clone());
    let chunks = range.clone().step_by(READ_CHUNK).map(move |start| {
        let (file, path) = (file.clone(), path.clone());
        let length = usize::try_from(range.end - start).unwrap_or(READ_CHUNK).min(READ_CHUNK);
        blocking(move || read_exactly(&file, &path, start, length))
    });
    // Two at a time: the disk reads one chunk while the network sends the other.
    Ok(stream::iter(chunks).buffered(2).boxed())
}

fn read_exactly(file: &File, path: &ArtifactPath, start: u64, length: usize) -> Result<Bytes> {
    let mut buffer = Vec::with_capacity(length);
    while buffer.len() < length {
        let at = start + buffer.len() as u64;
        let spare = rustix::buffer::spare_capacity(&mut buffer);
        match rustix::io::pread(file, spare, at) {
            Err(Errno::INTR) => {}
            Err(error) => return Err(explain("read", path, error)),
            Ok(0) => return Err(Error::internal(format!("'{path}' was cut off while reading it"))),
            Ok(_) => {}
        }
    }
    buffer.truncate(length);
    Ok(Bytes::from(buffer))
}

fn delete(root: &Path, path: &ArtifactPath) -> Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(root_is_no_artifact());
    };
    let opened = match open(root, &folder, beneath::FOLDER) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
        opened => opened.map_err(|error| explain("delete", path, error))?,
    };
    if is_reserved(name) {
        return Ok(());
    }
    remove(&opened, name).map_err(|error| explain("delete", path, error))
}

fn delete_all(root: &Path) -> Result<()> {
    let fail = |error| explain("delete", &ArtifactPath::root(), error);
    let opened = match beneath::open_root(root) {
        Err(Errno::NOENT) => return Ok(()),
        opened => opened.map_err(|error| fail(error.into()))?,
    };
    for name in beneath::names(opened.as_fd()).map_err(|error| fail(error.into()))? {
        beneath::remove_tree(opened.as_fd(), &name).map_err(|error| fail(error.into()))?;
    }
    std::fs::remove_dir(root).map_err(fail)
}

fn remove(folder: &OwnedFd, name: &str) -> Result<(), Errno> {
    let name = std::ffi::CString::new(name).map_err(|_| Errno::INVAL)?;
    beneath::remove_tree(folder.as_fd(), &name)?;
    rustix::fs::fsync(folder)
}

/// Runs file IO where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::internal(format!("the file access was aborted: {error}"))),
    }
}

/// The one table from the system's errors to ours.
fn explain(verb: &str, path: &ArtifactPath, error: impl Into<io::Error>) -> Error {
    let error = error.into();
    match Errno::from_io_error(&error) {
        Some(Errno::NOENT) if verb == "write" => {
            Error::unavailable(format!("Cannot write '{path}': its folder was deleted meanwhile"))
        }
        Some(Errno::NOENT) => no_such_artifact(path),
        Some(Errno::NOTDIR) if verb == "write" => {
            Error::invalid(format!("Cannot write '{path}': a folder in this path is a file"))
        }
        Some(Errno::NOTDIR) => no_such_artifact(path),
        Some(Errno::ISDIR | Errno::NOTEMPTY) if verb == "write" => is_a_directory(path),
        Some(beneath::ESCAPES) => {
            Error::invalid("Invalid path: resolved path is outside the artifact directory")
        }
        Some(Errno::NAMETOOLONG) => {
            Error::invalid("Invalid path: it is too long for the artifact storage")
        }
        Some(Errno::NOSPC | Errno::DQUOT) => {
            Error::unavailable(format!("Cannot {verb} '{path}': the artifact storage is full"))
        }
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN | Errno::TIMEDOUT) => {
            Error::unavailable(format!("Cannot {verb} '{path}' right now: {error}"))
        }
        _ => Error::new(ErrorCode::InternalError, format!("Cannot {verb} '{path}': {error}")),
    }
}
