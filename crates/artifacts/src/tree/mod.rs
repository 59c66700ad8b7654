//! Storages that keep files in folders at the end of a line: SFTP, FTP, HDFS. Each of them is a
//! [`Tree`]; [`TreeStore`] is the artifact store on top.

mod address;
mod ftp;
mod ftp_lines;
mod ftp_listing;
mod ftp_tls;
mod hdfs;
mod known_hosts;
mod sftp;
mod ssh;
mod ssh_config;
mod trouble;
mod upload;
mod walk;
mod webhdfs;
mod webhdfs_requests;
mod webhdfs_streams;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use oxflow_model::error::{Error, Result};

pub(crate) use self::ftp::Ftp;
pub(crate) use self::hdfs::{Hdfs, HdfsSettings};
pub(crate) use self::sftp::Sftp;
pub(crate) use self::ssh::SshSettings;
pub(crate) use self::webhdfs::WebHdfs;

use self::trouble::Trouble;
use self::upload::{Busy, Upload};
use crate::reserved::{check_name, is_hidden, is_reserved};
use crate::store::{is_a_directory, no_such_artifact};
use crate::{
    ArtifactPath, ArtifactReader, ArtifactStore, ByteRange, ByteStream, Capability, FileInfo, Stat,
};

/// How long a storage may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long it may take until it has accepted a user.
const LOGIN: Duration = Duration::from_secs(30);
/// How long a storage may stay silent in the middle of its work.
const SILENCE: Duration = Duration::from_secs(300);
/// How many links of one folder are followed at the same time.
const LOOKS_AT_ONCE: usize = 16;

/// Bytes of a file, or why they do not come.
type Pieces = BoxStream<'static, Result<Bytes, Trouble>>;

/// Files and folders. Paths are relative to the root of the tree; the empty one is the root.
#[async_trait]
trait Tree: Send + Sync + fmt::Debug + 'static {
    /// The uploads in progress on the same storage, and the root of this tree among them.
    fn busy(&self) -> (&Busy, &str);

    /// Whether a file of this name would be found under it again.
    fn keeps_name(&self, _path: &str) -> bool {
        true
    }

    /// What is there; `None` if nothing is. A link is followed if that is asked for.
    async fn look(&self, path: &str, follow: bool) -> Result<Option<Node>, Trouble>;

    /// What is in a folder, in any order; [`Trouble::NotFound`] if it is none.
    async fn entries(&self, folder: &str) -> Result<Vec<(String, Node)>, Trouble>;

    /// Makes a folder and all above it. It may exist already.
    async fn make_folders(&self, path: &str) -> Result<(), Trouble>;

    /// Opens a file for reading.
    async fn open(&self, path: &str) -> Result<Box<dyn Opened>, Trouble>;

    /// Makes a new file, in a folder that exists.
    async fn create(&self, path: &str) -> Result<Box<dyn Pen>, Trouble>;

    /// Gives a file another name, in place of a file that may have it.
    async fn replace(&self, from: &str, to: &str) -> Result<(), Trouble>;

    /// Removes a file, or a link. Fine if there is none.
    async fn remove_file(&self, path: &str) -> Result<(), Trouble>;

    /// Removes an empty folder. Fine if there is none.
    async fn remove_folder(&self, path: &str) -> Result<(), Trouble>;

    /// Removes a folder and everything below.
    async fn remove_tree(&self, path: &str) -> Result<(), Trouble> {
        walk::remove_tree(self, path).await
    }
}

/// An open file.
#[async_trait]
trait Opened: Send {
    /// What it is at this moment.
    fn node(&self) -> &Node;

    /// Its bytes; the range lies within it and is not empty.
    async fn read(self: Box<Self>, range: Range<u64>) -> Result<Pieces, Trouble>;
}

/// A new file. One that is dropped before its end may stay, incomplete.
#[async_trait]
trait Pen: Send {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Trouble>;

    /// Returns when the storage has everything.
    async fn finish(self: Box<Self>) -> Result<(), Trouble>;
}

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    kind: Kind,
    /// In bytes; 0 for folders.
    size: u64,
    modified: Option<SystemTime>,
    /// Differs for different contents, where the storage knows so much; with quotes.
    etag: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    /// A link that was not followed.
    Link,
    /// Nothing that holds artifacts: a device, a pipe.
    Other,
}

/// A tree as artifact store.
#[derive(Debug)]
struct TreeStore<T> {
    tree: Arc<T>,
}

impl<T: Tree> TreeStore<T> {
    fn open(tree: T) -> Arc<dyn ArtifactStore> {
        Arc::new(TreeStore { tree: Arc::new(tree) })
    }

    /// `None` for what cannot be an artifact: it is gone, leads out, or has an odd name.
    async fn info(
        &self,
        folder: &ArtifactPath,
        name: String,
        node: Node,
    ) -> Result<Option<FileInfo>, Trouble> {
        if is_reserved(&name) || name.contains('/') || matches!(name.as_str(), "" | "." | "..") {
            return Ok(None);
        }
        let path = below(folder.as_str(), &name);
        let node = match node.kind {
            Kind::Link => match self.tree.look(&path, true).await {
                Ok(Some(node)) => node,
                Ok(None) | Err(Trouble::Outside | Trouble::Denied(_)) => return Ok(None),
                Err(trouble) => return Err(trouble),
            },
            _ => node,
        };
        Ok(match node.kind {
            Kind::File => Some(FileInfo { path, is_dir: false, size: node.size }),
            Kind::Folder => Some(FileInfo { path, is_dir: true, size: 0 }),
            Kind::Link | Kind::Other => None,
        })
    }

    /// Refuses at once what would fail only after the last byte.
    async fn check_target(&self, path: &ArtifactPath) -> Result<()> {
        let fail = |trouble: Trouble| trouble.explain("write", path);
        if let Some(node) = self.tree.look(path.as_str(), true).await.map_err(fail)? {
            return match node.kind {
                Kind::Folder => Err(is_a_directory(path)),
                _ => Ok(()),
            };
        }
        let mut above = path.parent();
        while let Some(folder) = above {
            match self.tree.look(folder.as_str(), true).await.map_err(fail)? {
                Some(node) if node.kind == Kind::Folder => return Ok(()),
                Some(_) => return Err(fail(Trouble::NotAFolder)),
                None => above = folder.parent(),
            }
        }
        Ok(())
    }
}

#[async_trait]
impl<T: Tree> ArtifactStore for TreeStore<T> {
    fn capability(&self) -> Capability {
        Capability { folders: true, presign: false, multipart: false }
    }

    async fn list(&self, folder: &ArtifactPath) -> Result<Vec<FileInfo>> {
        if is_hidden(folder) {
            return Ok(Vec::new());
        }
        let fail = |trouble: Trouble| trouble.explain("list", folder);
        let entries = match self.tree.entries(folder.as_str()).await {
            Err(Trouble::NotFound | Trouble::NotAFolder) => return Ok(Vec::new()),
            entries => entries.map_err(fail)?,
        };
        let infos = stream::iter(entries).map(|(name, node)| self.info(folder, name, node));
        let infos: Vec<_> = infos.buffered(LOOKS_AT_ONCE).try_collect().await.map_err(fail)?;
        let mut infos: Vec<FileInfo> = infos.into_iter().flatten().collect();
        infos.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(infos)
    }

    async fn stat(&self, path: &ArtifactPath) -> Result<Option<Stat>> {
        if is_hidden(path) {
            return Ok(None);
        }
        let node = self.tree.look(path.as_str(), true).await;
        let node = node.map_err(|trouble| trouble.explain("read", path))?;
        Ok(node.and_then(|node| match node.kind {
            Kind::Folder => Some(Stat { is_dir: true, size: 0, last_modified: None, etag: None }),
            Kind::File => Some(Stat {
                is_dir: false,
                size: node.size,
                last_modified: node.modified,
                etag: node.etag,
            }),
            Kind::Link | Kind::Other => None,
        }))
    }

    async fn read(&self, path: &ArtifactPath, range: Option<ByteRange>) -> Result<ArtifactReader> {
        if is_hidden(path) {
            return Err(no_such_artifact(path));
        }
        if path.is_root() {
            return Err(is_a_directory(path));
        }
        let fail = |trouble: Trouble| trouble.explain("read", path);
        let file = self.tree.open(path.as_str()).await.map_err(fail)?;
        let node = file.node().clone();
        let total = node.size;
        let range = range.map_or(0..total, |range| range.resolve(total));
        let body: ByteStream = if range.is_empty() {
            stream::empty().boxed()
        } else {
            let pieces = file.read(range.clone()).await.map_err(fail)?;
            let path = path.clone();
            pieces.map_err(move |trouble| trouble.explain("read", &path)).boxed()
        };
        Ok(ArtifactReader {
            total,
            range,
            last_modified: node.modified,
            etag: node.etag,
            checksum: None,
            body,
        })
    }

    async fn write(&self, path: &ArtifactPath, mut body: ByteStream) -> Result<()> {
        check_name(path)?;
        if !self.tree.keeps_name(path.as_str()) {
            return Err(Error::invalid("Invalid path: this storage does not keep such a name"));
        }
        self.check_target(path).await?;
        let fail = |trouble: Trouble| trouble.explain("write", path);
        let mut upload = Upload::begin(self.tree.clone()).await.map_err(fail)?;
        while let Some(chunk) = body.next().await {
            upload.append(chunk?).await.map_err(fail)?;
        }
        upload.publish(path).await.map_err(fail)
    }

    async fn delete(&self, path: &ArtifactPath) -> Result<()> {
        if path.is_root() {
            return Err(crate::store::root_is_no_artifact());
        }
        if is_hidden(path) {
            return Ok(());
        }
        let removed = async {
            match self.tree.look(path.as_str(), false).await? {
                None => Ok(()),
                Some(node) if node.kind == Kind::Folder => {
                    self.tree.remove_tree(path.as_str()).await
                }
                Some(_) => self.tree.remove_file(path.as_str()).await,
            }
        };
        match removed.await {
            Err(Trouble::NotFound | Trouble::NotAFolder) => Ok(()),
            removed => removed.map_err(|trouble| trouble.explain("delete", path)),
        }
    }

    async fn delete_all(&self) -> Result<()> {
        match self.tree.remove_tree("").await {
            Err(Trouble::NotFound) => Ok(()),
            removed => removed.map_err(|trouble| trouble.explain("delete", &ArtifactPath::root())),
        }
    }
}

/// A name inside a folder.
fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The folder that holds a path; `None` for what stands at the top.
fn above(path: &str) -> Option<&str> {
    if path.is_empty() { None } else { Some(path.rsplit_once('/').map_or("", |(above, _)| above)) }
}
