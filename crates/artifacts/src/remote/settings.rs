//! What the operator's settings say about remote storages.

use std::fmt;
use std::sync::Arc;

use oxflow_model::Clock;
use oxflow_model::error::Result;

use super::azure::{Azure, AzureSettings};
use super::gcs::{Gcs, GcsSettings};
use super::http::{Http, Tls};
use super::proxied::Servers;
use super::s3::{S3, S3Settings};
use super::server::ServerSettings;
use crate::resolver::Opener;
use crate::tree::{Ftp, Hdfs, HdfsSettings, Sftp, SshSettings, WebHdfs};
use crate::{ArtifactUri, LocationPolicy};

/// How remote storages are reached, and with which credentials.
#[derive(Clone)]
pub struct RemoteSettings {
    s3: S3Settings,
    gcs: GcsSettings,
    azure: AzureSettings,
    servers: ServerSettings,
    ssh: SshSettings,
    hdfs: HdfsSettings,
    /// Who asks Hadoop's HTTP interface, unless a location says it.
    hadoop_user: Option<String>,
}

impl RemoteSettings {
    /// Takes what it needs from variables, under the names that MLflow, boto and the libraries of
    /// Google and Azure give them. Fails, naming the variable, if one cannot be honoured.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<RemoteSettings> {
        Ok(RemoteSettings {
            s3: S3Settings::read(&var)?,
            gcs: GcsSettings::read(&var),
            azure: AzureSettings::read(&var)?,
            servers: ServerSettings::read(&var),
            ssh: SshSettings::read(&var),
            hdfs: HdfsSettings::read(&var)?,
            hadoop_user: var("MLFLOW_KERBEROS_USER").or_else(|| var("HADOOP_USER_NAME")),
        })
    }

    pub(crate) fn openers(
        self,
        clock: Arc<dyn Clock>,
        policy: LocationPolicy,
    ) -> Vec<(&'static str, Opener)> {
        let s3 = Arc::new(S3::new(self.s3));
        let gcs = Gcs::new(self.gcs, clock.clone());
        let azure = Arc::new(Azure::new(self.azure, clock));
        let servers = Arc::new(Servers::new(self.servers, policy));
        let (secure, relative) = (servers.clone(), servers.clone());
        let sftp = Sftp::new(self.ssh);
        let ftp = Arc::new(Ftp::default());
        let ftps = ftp.clone();
        let hdfs = Arc::new(Hdfs::new(self.hdfs));
        let viewfs = hdfs.clone();
        // Its own code watches the progress of requests.
        let webhdfs = WebHdfs::new(self.hadoop_user, Http::unlimited(Tls::default()));
        let webhdfs = Arc::new(webhdfs);
        let swebhdfs = webhdfs.clone();
        let (r2, b2, lake) = (s3.clone(), s3.clone(), azure.clone());
        vec![
            ("s3", Arc::new(move |uri: &ArtifactUri| s3.open(uri))),
            ("r2", Arc::new(move |uri: &ArtifactUri| r2.open_r2(uri))),
            ("b2", Arc::new(move |uri: &ArtifactUri| b2.open_b2(uri))),
            ("gs", Arc::new(move |uri: &ArtifactUri| gcs.open(uri))),
            ("wasbs", Arc::new(move |uri: &ArtifactUri| azure.open_blobs(uri))),
            ("abfss", Arc::new(move |uri: &ArtifactUri| lake.open_lake(uri))),
            ("ftp", Arc::new(move |uri: &ArtifactUri| ftp.open(uri))),
            ("ftps", Arc::new(move |uri: &ArtifactUri| ftps.open(uri))),
            ("sftp", Arc::new(move |uri: &ArtifactUri| sftp.open(uri))),
            ("hdfs", Arc::new(move |uri: &ArtifactUri| hdfs.open(uri))),
            ("viewfs", Arc::new(move |uri: &ArtifactUri| viewfs.open(uri))),
            ("webhdfs", Arc::new(move |uri: &ArtifactUri| webhdfs.open(uri))),
            ("swebhdfs", Arc::new(move |uri: &ArtifactUri| swebhdfs.open(uri))),
            ("http", Arc::new(move |uri: &ArtifactUri| servers.open(uri))),
            ("https", Arc::new(move |uri: &ArtifactUri| secure.open(uri))),
            ("mlflow-artifacts", Arc::new(move |uri: &ArtifactUri| relative.open_relative(uri))),
        ]
    }
}

/// Shows none of it: most of it is secret.
impl fmt::Debug for RemoteSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RemoteSettings(****)")
    }
}
