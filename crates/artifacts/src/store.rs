//! What every artifact store can do.

use std::fmt;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::BoxStream;
use oxflow_model::error::{Error, ErrorCode, Result};

use crate::ArtifactPath;

/// Bytes on their way into or out of a store.
pub type ByteStream = BoxStream<'static, Result<Bytes>>;

/// A place that holds artifacts: a folder, a bucket.
///
/// Implementations stream: whatever the size of an artifact, memory stays constant.
#[async_trait]
pub trait ArtifactStore: Send + Sync + fmt::Debug {
    /// Callers ask before they try.
    fn capability(&self) -> Capability;

    /// The files and folders directly inside a folder, ordered by path. Their paths are relative to
    /// the root of the store. A missing folder, or a file, has nothing inside.
    async fn list(&self, folder: &ArtifactPath) -> Result<Vec<FileInfo>>;

    /// Facts about a file or folder; `None` when there is neither.
    async fn stat(&self, path: &ArtifactPath) -> Result<Option<Stat>>;

    /// Opens a file. A range that lies behind the end gives a reader of length 0.
    async fn read(&self, path: &ArtifactPath, range: Option<ByteRange>) -> Result<ArtifactReader>;

    /// Stores a file, with its parent folders, in place of an older one. It becomes visible as a
    /// whole, after the last byte is safe; if the stream fails, or the caller goes away (drops the
    /// future), nothing of it remains.
    async fn write(&self, path: &ArtifactPath, body: ByteStream) -> Result<()>;

    /// Deletes a file, or a folder and everything below. Deleting nothing is fine; the root is
    /// refused, because one stray empty path would erase every artifact there is.
    async fn delete(&self, path: &ArtifactPath) -> Result<()>;

    /// Deletes everything in the store. For garbage collection of a location that belongs to one
    /// run, never on behalf of a client.
    async fn delete_all(&self) -> Result<()>;

    /// A URL by which anybody reads this artifact until it expires. Whether the artifact exists is
    /// not looked at.
    async fn presign_read(&self, _path: &ArtifactPath, _expires: Duration) -> Result<Presigned> {
        Err(unsupported("Presigned download"))
    }

    /// A URL by which anybody writes this artifact until it expires.
    async fn presign_write(&self, _path: &ArtifactPath, _expires: Duration) -> Result<Presigned> {
        Err(unsupported("Presigned upload"))
    }

    /// Begins an upload whose parts the client sends to the storage itself.
    async fn create_multipart(&self, _path: &ArtifactPath, _parts: u32) -> Result<MultipartUpload> {
        Err(unsupported("Multipart upload"))
    }

    /// Puts the parts together: from now on, the artifact is there.
    async fn complete_multipart(
        &self,
        _path: &ArtifactPath,
        _upload_id: &str,
        _parts: Vec<UploadedPart>,
    ) -> Result<()> {
        Err(unsupported("Multipart upload"))
    }

    /// Gives the parts up.
    async fn abort_multipart(&self, _path: &ArtifactPath, _upload_id: &str) -> Result<()> {
        Err(unsupported("Multipart upload"))
    }
}

/// A URL that gives temporary access.
#[derive(Clone, PartialEq, Eq)]
pub struct Presigned {
    /// With its signature: a secret until it expires.
    pub url: String,
    /// To be sent along.
    pub headers: Vec<(String, String)>,
}

/// An upload in parts that has begun.
#[derive(Clone, PartialEq, Eq)]
pub struct MultipartUpload {
    /// By which the storage knows it, if it has such a thing.
    pub upload_id: Option<String>,
    /// Where each part goes.
    pub parts: Vec<PartUrl>,
}

/// Where a part of an upload goes.
#[derive(Clone, PartialEq, Eq)]
pub struct PartUrl {
    /// From 1 on.
    pub number: u32,
    /// With its signature: a secret until it expires.
    pub url: String,
}

/// A part that a client has uploaded.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadedPart {
    /// From 1 on.
    pub number: u32,
    /// What the storage answered.
    pub etag: String,
    /// Where it went.
    pub url: Option<String>,
}

/// What a store can do beyond the basics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capability {
    /// Folders are real: a name is a file or a folder, never both. (Object stores only know keys.)
    pub folders: bool,
    /// The store can hand out URLs that give temporary access to one artifact.
    pub presign: bool,
    /// The store accepts parts of one artifact that are uploaded separately.
    pub multipart: bool,
}

/// One entry of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// Relative to the root of the store. Text, not an [`ArtifactPath`]: a store may hold names
    /// that no client can ask for.
    pub path: String,
    /// Whether this is a folder.
    pub is_dir: bool,
    /// In bytes; 0 for folders.
    pub size: u64,
}

impl FileInfo {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The same entry as seen from a folder above it: a run shows paths from its own root.
    #[must_use]
    pub fn relative_to(mut self, folder: &ArtifactPath) -> FileInfo {
        let below = if folder.is_root() {
            None
        } else {
            self.path.strip_prefix(folder.as_str()).and_then(|rest| rest.strip_prefix('/'))
        };
        if let Some(below) = below.map(ToOwned::to_owned) {
            self.path = below;
        }
        self
    }
}

/// Facts about a file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Whether this is a folder.
    pub is_dir: bool,
    /// In bytes; 0 for folders.
    pub size: u64,
    /// When the content last changed, where the store knows.
    pub last_modified: Option<SystemTime>,
    /// Differs for different contents; with the quotes that HTTP wants.
    pub etag: Option<String>,
}

/// A part of a file, as HTTP's `Range` header says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// `5-`
    From(u64),
    /// `5-9`, both included
    Between(u64, u64),
    /// `-5`
    Last(u64),
}

impl ByteRange {
    /// The bytes it means in a file of the given size: empty (at the end) if it lies outside.
    pub fn resolve(self, total: u64) -> Range<u64> {
        let (start, end) = match self {
            ByteRange::From(first) => (first, total),
            ByteRange::Between(first, last) => (first, last.saturating_add(1).min(total)),
            ByteRange::Last(count) => (total.saturating_sub(count), total),
        };
        if start < end { start..end } else { total..total }
    }
}

/// An open file.
pub struct ArtifactReader {
    /// Size of the whole file.
    pub total: u64,
    /// Which bytes of it are coming.
    pub range: Range<u64>,
    /// When the content last changed, where the store knows.
    pub last_modified: Option<SystemTime>,
    /// Differs for different contents; with the quotes that HTTP wants.
    pub etag: Option<String>,
    /// By which the whole file can be checked, where the store knows.
    pub checksum: Option<Checksum>,
    /// Exactly the bytes of `range`, or an error.
    pub body: ByteStream,
}

/// What a storage says about the bytes of a whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// Their MD5.
    Md5([u8; 16]),
    /// What is their MD5 on most storages, but not on those that encrypt them.
    LikelyMd5([u8; 16]),
}

impl ArtifactReader {
    /// How many bytes are coming.
    pub fn len(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// Whether nothing is coming: the file is empty, or the range lies outside.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// Everything at once, for files that are known to be small.
    pub async fn bytes(mut self, limit: u64) -> Result<Bytes> {
        if self.len() > limit {
            return Err(Error::invalid(format!(
                "The artifact has {} bytes; at most {limit} can be read at once",
                self.len()
            )));
        }
        let mut all = BytesMut::new();
        while let Some(chunk) = self.body.next().await {
            all.extend_from_slice(&chunk?);
        }
        Ok(all.freeze())
    }
}

impl fmt::Debug for ArtifactReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArtifactReader")
            .field("total", &self.total)
            .field("range", &self.range)
            .field("etag", &self.etag)
            .finish_non_exhaustive()
    }
}

/// `RESOURCE_DOES_NOT_EXIST`, as MLflow words it.
pub(crate) fn no_such_artifact(path: &ArtifactPath) -> Error {
    Error::not_found(format!("No such artifact: '{path}'"))
}

/// Someone treats a folder as a file.
pub(crate) fn is_a_directory(path: &ArtifactPath) -> Error {
    Error::invalid(format!("Artifact path refers to a directory, not a file: '{path}'"))
}

/// What a store cannot do, in MLflow's words: its clients then do it in another way.
pub(crate) fn unsupported(what: &str) -> Error {
    let why = format!("{what} is not supported for the current artifact repository");
    Error::new(ErrorCode::NotImplemented, why)
}

/// Someone writes to, or deletes, the root.
pub(crate) fn root_is_no_artifact() -> Error {
    Error::invalid("Invalid path: it must name an artifact, not the root of the storage")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_resolve_as_in_http() {
        let table = [
            (ByteRange::From(0), 10, 0..10),
            (ByteRange::From(9), 10, 9..10),
            (ByteRange::From(10), 10, 10..10),
            (ByteRange::Between(2, 4), 10, 2..5),
            (ByteRange::Between(2, 400), 10, 2..10),
            (ByteRange::Between(4, 2), 10, 10..10),
            (ByteRange::Between(0, u64::MAX), 10, 0..10),
            (ByteRange::Last(3), 10, 7..10),
            (ByteRange::Last(30), 10, 0..10),
            (ByteRange::Last(0), 10, 10..10),
            (ByteRange::From(0), 0, 0..0),
        ];
        for (range, total, expected) in table {
            assert_eq!(range.resolve(total), expected, "{range:?} of {total}");
        }
    }

    #[test]
    fn entries_are_shown_from_the_root_of_their_run() {
        let info = FileInfo { path: "1/r/artifacts/dir/b.json".into(), is_dir: false, size: 1 };
        let root = ArtifactPath::parse("1/r/artifacts").unwrap();
        assert_eq!(info.name(), "b.json");
        assert_eq!(info.relative_to(&root).path, "dir/b.json");
    }
}
