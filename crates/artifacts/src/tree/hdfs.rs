//! `hdfs://host:port/path` and `viewfs://…`, by the native protocol of Hadoop. What the settings do
//! not say is taken from Hadoop's own files (`HADOOP_CONF_DIR`).

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use hdfs_native::client::{FileStatus, WriteOptions};
use hdfs_native::file::{FileReader, FileWriter};
use hdfs_native::{Client, ClientBuilder, HdfsError};
use oxflow_model::error::{Error, ErrorCode, Result as Answer};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::address::{Address, absolute};
use super::trouble::Trouble;
use super::upload::Busy;
use super::{Kind, Node, Opened, Pen, Pieces, SILENCE, Tree, TreeStore, walk};
use crate::{ArtifactStore, ArtifactUri};

/// How long the NameNode may take for an answer.
const ANSWER: Duration = Duration::from_secs(60);
/// How many clusters are remembered while nobody uses them.
const CLUSTERS: usize = 32;

/// What the operator's settings say about Hadoop.
#[derive(Clone, Default)]
pub(crate) struct HdfsSettings {
    /// `MLFLOW_KERBEROS_USER`
    user: Option<String>,
    /// `MLFLOW_KERBEROS_TICKET_CACHE`
    tickets: Option<String>,
    /// `MLFLOW_PYARROW_EXTRA_CONF`
    extra: Vec<(String, String)>,
}

impl HdfsSettings {
    /// Fails if what they say cannot be honoured.
    pub(crate) fn read(var: &dyn Fn(&str) -> Option<String>) -> Answer<HdfsSettings> {
        const EXTRA: &str = "MLFLOW_PYARROW_EXTRA_CONF";
        let mut extra = Vec::new();
        for pair in var(EXTRA).unwrap_or_default().split(',').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or_else(|| {
                Error::invalid(format!("{EXTRA}: '{pair}' is not of the form key=value."))
            })?;
            extra.push((key.trim().to_owned(), value.trim().to_owned()));
        }
        let user = var("MLFLOW_KERBEROS_USER");
        let tickets = var("MLFLOW_KERBEROS_TICKET_CACHE");
        if tickets.is_some() && user.is_none() {
            return Err(Error::invalid(
                "MLFLOW_KERBEROS_TICKET_CACHE: set MLFLOW_KERBEROS_USER as well, to say whose \
                 tickets they are.",
            ));
        }
        Ok(HdfsSettings { user, tickets, extra })
    }
}

/// Opens stores on Hadoop clusters.
pub(crate) struct Hdfs {
    settings: HdfsSettings,
    clusters: Mutex<BTreeMap<(&'static str, Address), Arc<Cluster>>>,
}

impl Hdfs {
    pub(crate) fn new(settings: HdfsSettings) -> Hdfs {
        Hdfs { settings, clusters: Mutex::default() }
    }

    pub(crate) fn open(&self, uri: &ArtifactUri) -> Answer<Arc<dyn ArtifactStore>> {
        let (address, root) = Address::parse(uri)?;
        let scheme = if uri.scheme() == "viewfs" { "viewfs" } else { "hdfs" };
        let mut clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        if clusters.len() > CLUSTERS {
            clusters.retain(|_, cluster| Arc::strong_count(cluster) > 1);
        }
        let cluster = clusters.entry((scheme, address.clone())).or_insert_with(|| {
            let settings = self.settings.clone();
            // The name of a cluster in Hadoop's settings is what it is, capitals and all.
            let named = uri.authority().rsplit('@').next().unwrap_or_default().to_owned();
            let client = OnceCell::new();
            Arc::new(Cluster { settings, scheme, address, named, client, busy: Busy::default() })
        });
        Ok(TreeStore::open(HdfsTree { cluster: cluster.clone(), root }))
    }
}

/// A cluster, which is connected to when it is first needed.
struct Cluster {
    settings: HdfsSettings,
    scheme: &'static str,
    address: Address,
    /// Host and port as in the location.
    named: String,
    client: OnceCell<Client>,
    busy: Busy,
}

impl Cluster {
    async fn client(&self) -> Result<&Client, Trouble> {
        self.client.get_or_try_init(|| async { self.build() }).await
    }

    fn build(&self) -> Result<Client, Trouble> {
        let mut builder = ClientBuilder::new().with_config(self.settings.extra.iter().cloned());
        // Without a host, Hadoop's own settings name one.
        if !self.named.is_empty() {
            builder = builder.with_url(format!("{}://{}", self.scheme, self.named));
        }
        let user = self.address.user.as_ref().or(self.settings.user.as_ref());
        builder = match (user, &self.settings.tickets) {
            (Some(user), Some(tickets)) => {
                builder.with_kerberos_principal(user).with_kerberos_cache(tickets)
            }
            (Some(user), None) => builder.with_user(user),
            (None, _) => builder,
        };
        builder.build().map_err(|error| {
            Trouble::Refused(
                ErrorCode::InternalError,
                "the address of the Hadoop cluster, or its settings (HADOOP_CONF_DIR), are wrong. \
                 The log of the server says more",
                error.to_string(),
            )
        })
    }
}

/// A folder of a cluster.
struct HdfsTree {
    cluster: Arc<Cluster>,
    root: String,
}

impl fmt::Debug for HdfsTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hdfs({:?}, {})", self.cluster.address, self.root)
    }
}

impl HdfsTree {
    fn at(&self, path: &str) -> String {
        absolute(&self.root, path)
    }
}

#[async_trait]
impl Tree for HdfsTree {
    fn busy(&self) -> (&Busy, &str) {
        (&self.cluster.busy, &self.root)
    }

    /// Hadoop has no names with a colon.
    fn keeps_name(&self, path: &str) -> bool {
        !path.contains(':')
    }

    /// There are no links to follow.
    async fn look(&self, path: &str, _: bool) -> Result<Option<Node>, Trouble> {
        if path.contains(':') {
            return Ok(None);
        }
        match answer(self.cluster.client().await?.get_file_info(&self.at(path))).await {
            Ok(status) => Ok(Some(node(&status))),
            Err(Trouble::NotFound | Trouble::NotAFolder) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    async fn entries(&self, folder: &str) -> Result<Vec<(String, Node)>, Trouble> {
        // The listing of a file is the file.
        match self.look(folder, true).await? {
            Some(node) if node.kind == Kind::Folder => {}
            _ => return Err(Trouble::NotFound),
        }
        let at = self.at(folder);
        let mut pages = self.cluster.client().await?.list_status_iter(&at, false).into_stream();
        let mut entries = Vec::new();
        loop {
            let status = match timeout(ANSWER, pages.next()).await {
                Ok(None) => return Ok(entries),
                Ok(Some(status)) => status.map_err(trouble)?,
                Err(_) => return Err(silent()),
            };
            let name = status.path.rsplit('/').next().unwrap_or_default();
            entries.push((name.to_owned(), node(&status)));
        }
    }

    async fn make_folders(&self, path: &str) -> Result<(), Trouble> {
        answer(self.cluster.client().await?.mkdirs(&self.at(path), 0o755, true)).await
    }

    async fn open(&self, path: &str) -> Result<Box<dyn Opened>, Trouble> {
        let node = match self.look(path, true).await? {
            Some(node) if node.kind == Kind::Folder => return Err(Trouble::IsAFolder),
            Some(node) => node,
            None => return Err(Trouble::NotFound),
        };
        let file = answer(self.cluster.client().await?.read(&self.at(path))).await?;
        if file.file_length() as u64 != node.size {
            return Err(Trouble::Changed);
        }
        Ok(Box::new(Reader { file, node }))
    }

    async fn create(&self, path: &str) -> Result<Box<dyn Pen>, Trouble> {
        let options = WriteOptions::default().create_parent(false);
        let file = answer(self.cluster.client().await?.create(&self.at(path), options)).await?;
        Ok(Box::new(Writer(file)))
    }

    async fn replace(&self, from: &str, to: &str) -> Result<(), Trouble> {
        let (from, to) = (self.at(from), self.at(to));
        answer(self.cluster.client().await?.rename(&from, &to, true)).await
    }

    async fn remove_file(&self, path: &str) -> Result<(), Trouble> {
        self.remove(path, false).await
    }

    async fn remove_folder(&self, path: &str) -> Result<(), Trouble> {
        self.remove(path, false).await
    }

    async fn remove_tree(&self, path: &str) -> Result<(), Trouble> {
        if self.at(path) == "/" {
            return walk::remove_tree(self, path).await;
        }
        self.remove(path, true).await
    }
}

impl HdfsTree {
    async fn remove(&self, path: &str, all: bool) -> Result<(), Trouble> {
        let at = self.at(path);
        if at == "/" {
            return Ok(());
        }
        match answer(self.cluster.client().await?.delete(&at, all)).await {
            Ok(_) | Err(Trouble::NotFound) => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }
}

async fn answer<R>(asked: impl Future<Output = Result<R, HdfsError>>) -> Result<R, Trouble> {
    timeout(ANSWER, asked).await.map_err(|_| silent())?.map_err(trouble)
}

fn silent() -> Trouble {
    Trouble::Unreachable("the Hadoop cluster does not answer".to_owned())
}

fn node(status: &FileStatus) -> Node {
    let (size, changed) = (status.length as u64, status.modification_time);
    let kind = if status.isdir { Kind::Folder } else { Kind::File };
    Node {
        kind,
        size: if status.isdir { 0 } else { size },
        modified: UNIX_EPOCH.checked_add(Duration::from_millis(changed)),
        // Writing a file anew takes more than a millisecond.
        etag: (!status.isdir).then(|| format!("\"{changed:x}-{size:x}\"")),
    }
}

fn trouble(error: HdfsError) -> Trouble {
    let text = error.to_string();
    match error {
        HdfsError::FileNotFound(_) => Trouble::NotFound,
        HdfsError::IsADirectoryError(_) => Trouble::IsAFolder,
        HdfsError::RPCError(class, _) | HdfsError::FatalRPCError(class, _) => {
            match class.rsplit('.').next().unwrap_or_default() {
                "FileNotFoundException" => Trouble::NotFound,
                "ParentNotDirectoryException" => Trouble::NotAFolder,
                "AccessControlException" => Trouble::Denied(text),
                "DSQuotaExceededException"
                | "NSQuotaExceededException"
                | "QuotaByStorageTypeExceededException" => Trouble::Full(text),
                "SafeModeException" | "StandbyException" | "RetriableException" => {
                    Trouble::Unreachable(text)
                }
                _ if text.contains("could only be replicated to 0 nodes") => Trouble::Full(text),
                _ => Trouble::Failed(text),
            }
        }
        HdfsError::SASLError(_) | HdfsError::GSSAPIError(..) | HdfsError::NoSASLMechanism => {
            Trouble::Refused(
                ErrorCode::Unauthenticated,
                "the Hadoop cluster does not accept the server's tickets. Kerberos needs \
                 MLFLOW_KERBEROS_USER and MLFLOW_KERBEROS_TICKET_CACHE, and libgssapi_krb5 on the \
                 machine",
                text,
            )
        }
        HdfsError::IOError(_) | HdfsError::DataTransferError(_) | HdfsError::BlocksNotFound(_) => {
            Trouble::Unreachable(text)
        }
        _ => Trouble::Failed(text),
    }
}

struct Reader {
    file: FileReader,
    node: Node,
}

#[async_trait]
impl Opened for Reader {
    fn node(&self) -> &Node {
        &self.node
    }

    async fn read(self: Box<Self>, range: Range<u64>) -> Result<Pieces, Trouble> {
        let bounds = (usize::try_from(range.start), usize::try_from(range.end - range.start));
        let (Ok(start), Ok(length)) = bounds else { return Err(Trouble::Changed) };
        let pieces = Box::pin(self.file.read_range_stream(start, length));
        let pieces = stream::try_unfold(pieces, |mut pieces| async move {
            match timeout(SILENCE, pieces.next()).await {
                Ok(Some(Ok(bytes))) => Ok(Some((bytes, pieces))),
                Ok(Some(Err(error))) => Err(trouble(error)),
                Ok(None) => Ok(None),
                Err(_) => Err(silent()),
            }
        });
        Ok(pieces.boxed())
    }
}

struct Writer(FileWriter);

#[async_trait]
impl Pen for Writer {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Trouble> {
        let written = timeout(SILENCE, self.0.write_bytes(bytes)).await;
        written.map_err(|_| silent())?.map(|_| ()).map_err(trouble)
    }

    async fn finish(mut self: Box<Self>) -> Result<(), Trouble> {
        timeout(SILENCE, self.0.close()).await.map_err(|_| silent())?.map_err(trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_those_of_mlflow() {
        let read = |pairs: &[(&str, &str)]| {
            HdfsSettings::read(&|name| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        let settings = read(&[("MLFLOW_PYARROW_EXTRA_CONF", "a.b=1,c=x=y,")]).unwrap();
        let expected = [("a.b", "1"), ("c", "x=y")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(settings.extra, expected);
        for bad in [("MLFLOW_PYARROW_EXTRA_CONF", "a"), ("MLFLOW_KERBEROS_TICKET_CACHE", "/x")] {
            assert!(read(&[bad]).err().unwrap().message().starts_with(bad.0));
        }
    }
}
