//! `webhdfs://host:port/path`, and `swebhdfs://…` with TLS: Hadoop by its HTTP interface, for clusters
//! of which only that is open. It is that of the NameNode, or of HttpFS in front of it:
//! <https://hadoop.apache.org/docs/stable/hadoop-project-dist/hadoop-hdfs/WebHDFS.html>

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use oxflow_model::error::Result as Answer;
use reqwest::Method;
use serde_json::Value;

use super::address::{Address, absolute};
use super::trouble::Trouble;
use super::upload::Busy;
use super::webhdfs_requests::{Gateway, node, text};
use super::webhdfs_streams::{Writer, exactly};
use super::{Kind, Node, Opened, Pen, Pieces, Tree, TreeStore, walk};
use crate::remote::Http;
use crate::remote::location::refuse;
use crate::{ArtifactStore, ArtifactUri};

/// Where Hadoop 3 listens, if nothing else is said, without TLS and with it.
const PORTS: [u16; 2] = [9870, 9871];
/// How many clusters are remembered while nobody uses them.
const CLUSTERS: usize = 32;

/// Opens stores on Hadoop clusters, by HTTP.
pub(crate) struct WebHdfs {
    /// Who asks, if the location does not say it (`MLFLOW_KERBEROS_USER`, else `HADOOP_USER_NAME`).
    user: Option<String>,
    http: Http,
    clusters: Mutex<BTreeMap<(bool, Address), Arc<Cluster>>>,
}

/// A cluster, and the uploads in progress there.
struct Cluster {
    gateway: Arc<Gateway>,
    busy: Busy,
}

impl WebHdfs {
    pub(crate) fn new(user: Option<String>, http: Http) -> WebHdfs {
        WebHdfs { user, http, clusters: Mutex::default() }
    }

    pub(crate) fn open(&self, uri: &ArtifactUri) -> Answer<Arc<dyn ArtifactStore>> {
        let (address, root) = Address::parse(uri)?;
        if address.host.is_empty() {
            return Err(refuse(uri, "it names no host"));
        }
        if address.password.is_some() {
            return Err(refuse(uri, "this interface of Hadoop knows no passwords"));
        }
        let secure = uri.scheme() == "swebhdfs";
        let mut clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        if clusters.len() > CLUSTERS {
            clusters.retain(|_, cluster| Arc::strong_count(cluster) > 1);
        }
        let key = (secure, address);
        let cluster = match clusters.get(&key) {
            Some(cluster) => cluster.clone(),
            None => {
                let port = key.1.port.unwrap_or(PORTS[usize::from(secure)]);
                let user = key.1.user.clone().or_else(|| self.user.clone());
                let gateway = Gateway::new(secure, &key.1.host, port, user, self.http.client()?)
                    .ok_or_else(|| refuse(uri, "its host is no name of a host"))?;
                let gateway = Arc::new(gateway);
                let cluster = Arc::new(Cluster { gateway, busy: Busy::default() });
                clusters.insert(key, cluster.clone());
                cluster
            }
        };
        Ok(TreeStore::open(WebHdfsTree { cluster, root }))
    }
}

/// A folder of a cluster.
struct WebHdfsTree {
    cluster: Arc<Cluster>,
    root: String,
}

impl fmt::Debug for WebHdfsTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebHdfs({:?}, {})", self.cluster.gateway, self.root)
    }
}

impl WebHdfsTree {
    fn at(&self, path: &str) -> String {
        absolute(&self.root, path)
    }

    fn gateway(&self) -> &Arc<Gateway> {
        &self.cluster.gateway
    }

    async fn remove(&self, path: &str, all: bool) -> Result<(), Trouble> {
        let at = self.at(path);
        if at == "/" {
            return Ok(());
        }
        let all = [("recursive", if all { "true" } else { "false" })];
        match self.gateway().ask(Method::DELETE, &at, "DELETE", &all).await {
            // False says that there was nothing.
            Ok(_) | Err(Trouble::NotFound) => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }

    async fn rename(&self, from: &str, to: &str) -> Result<bool, Trouble> {
        let how = [("destination", to), ("renameoptions", "OVERWRITE")];
        let done = self.gateway().ask(Method::PUT, from, "RENAME", &how).await?;
        // The NameNode says nothing when it has done what the options ask for.
        Ok(done.is_null() || done["boolean"] == true)
    }
}

#[async_trait]
impl Tree for WebHdfsTree {
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
        self.gateway().look(&self.at(path)).await
    }

    async fn entries(&self, folder: &str) -> Result<Vec<(String, Node)>, Trouble> {
        let listed = self.gateway().ask(Method::GET, &self.at(folder), "LISTSTATUS", &[]).await?;
        let Value::Array(listed) = &listed["FileStatuses"]["FileStatus"] else {
            return Err(Trouble::Failed("a listing without entries".to_owned()));
        };
        let entries =
            listed.iter().map(|status| Some((text(status, "pathSuffix")?, node(status)?)));
        let entries: Option<Vec<(String, Node)>> = entries.collect();
        let entries =
            entries.ok_or_else(|| Trouble::Failed("an entry without a name or kind".to_owned()))?;
        // The listing of a file is the file.
        match entries.first() {
            Some((name, _)) if name.is_empty() => Err(Trouble::NotFound),
            _ => Ok(entries),
        }
    }

    async fn make_folders(&self, path: &str) -> Result<(), Trouble> {
        let at = self.at(path);
        let how = [("permission", "755")];
        let made = self.gateway().ask(Method::PUT, &at, "MKDIRS", &how).await?;
        match made["boolean"] == true {
            true => Ok(()),
            false => Err(Trouble::Failed(format!("{at} cannot be made"))),
        }
    }

    async fn open(&self, path: &str) -> Result<Box<dyn Opened>, Trouble> {
        match self.look(path, true).await? {
            Some(node) if node.kind == Kind::Folder => Err(Trouble::IsAFolder),
            Some(node) if node.kind == Kind::File => {
                let gateway = self.gateway().clone();
                Ok(Box::new(Reader { gateway, at: self.at(path), node }))
            }
            _ => Err(Trouble::NotFound),
        }
    }

    async fn create(&self, path: &str) -> Result<Box<dyn Pen>, Trouble> {
        Ok(Box::new(Writer::begin(self.gateway().clone(), self.at(path)).await?))
    }

    async fn replace(&self, from: &str, to: &str) -> Result<(), Trouble> {
        let (from, to) = (self.at(from), self.at(to));
        if self.rename(&from, &to).await? {
            return Ok(());
        }
        // HttpFS knows no options, so it cannot do it in one step.
        match self.gateway().look(&to).await? {
            Some(node) if node.kind == Kind::Folder => return Err(Trouble::IsAFolder),
            Some(_) => {
                let one = [("recursive", "false")];
                self.gateway().ask(Method::DELETE, &to, "DELETE", &one).await?;
            }
            None => {}
        }
        match self.rename(&from, &to).await? {
            true => Ok(()),
            false => Err(Trouble::Failed(format!("{from} cannot be renamed"))),
        }
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

struct Reader {
    gateway: Arc<Gateway>,
    at: String,
    node: Node,
}

#[async_trait]
impl Opened for Reader {
    fn node(&self) -> &Node {
        &self.node
    }

    async fn read(self: Box<Self>, range: Range<u64>) -> Result<Pieces, Trouble> {
        let length = range.end - range.start;
        let how = [("offset", &*range.start.to_string()), ("length", &*length.to_string())];
        let opened = self.gateway.open(&self.at, &how).await?;
        // Files are opened by name: only if it is still the same now, it was when it was opened.
        if self.gateway.look(&self.at).await?.as_ref() != Some(&self.node) {
            return Err(Trouble::Changed);
        }
        Ok(exactly(length, opened.bytes_stream()).boxed())
    }
}

#[async_trait]
impl Pen for Writer {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Trouble> {
        self.send(bytes).await
    }

    async fn finish(self: Box<Self>) -> Result<(), Trouble> {
        self.end().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_that_cannot_be_honoured_are_refused() {
        let hadoop = WebHdfs::new(Some("ana".to_owned()), Http::default());
        let open = |text: &str| hadoop.open(&ArtifactUri::parse(text).unwrap());
        let shown = format!("{:?}", open("webhdfs://bob@Nn:50070/a").unwrap());
        assert!(shown.contains("http://nn:50070/webhdfs/v1") && shown.contains("/a"), "{shown}");
        let shown = format!("{:?}", open("swebhdfs://[::1]/a").unwrap());
        assert!(shown.contains("https://[::1]:9871/webhdfs/v1"), "{shown}");
        for bad in ["webhdfs:///a", "webhdfs://u:secret@h/a", "webhdfs://h/a?op=DELETE"] {
            let error = open(bad).unwrap_err();
            assert!(!error.message().contains("secret"), "{error}");
        }
    }
}
