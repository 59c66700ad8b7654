//! Every store that OpenDAL can reach as artifact store: S3, Google Cloud Storage, Azure.

mod aws_profiles;
mod aws_sources;
mod aws_sso;
mod azure;
mod azure_parts;
mod credentials;
mod explain;
mod gcs;
mod gcs_signed;
mod gcs_tokens;
mod http;
pub(crate) mod location;
mod parts;
mod proxied;
mod s3;
mod s3_owner;
mod s3_parts;
mod server;
mod settings;
mod via;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt, TryStreamExt, stream};
use opendal::{EntryMode, ErrorKind, Metadata, Operator, Writer};
use oxflow_model::error::{Error, Result};

pub use self::server::{MlflowServer, Reply, ServerSettings};
pub use self::settings::RemoteSettings;
pub use self::via::{VIA, passed};

pub(crate) use self::http::Http;

use self::explain::{explain, shown};
use self::parts::Object;
use crate::store::{
    MultipartUpload, Presigned, UploadedPart, is_a_directory, no_such_artifact,
    root_is_no_artifact, unsupported,
};
use crate::{
    ArtifactPath, ArtifactReader, ArtifactStore, ByteRange, ByteStream, Capability, Checksum,
    FileInfo, Stat,
};

/// Size of one part of an upload. Amazon's limit of 10,000 parts makes 160 GB with it.
const WRITE_PART: usize = 16 * 1024 * 1024;
/// How many parts of one upload are on their way at the same time; as many are in memory.
const PARTS_AT_ONCE: usize = 2;
/// How many artifacts are deleted at the same time, where each takes a request.
const DELETES_AT_ONCE: usize = 16;
/// How many sizes are asked for at the same time, where a listing does not tell them.
const STATS_AT_ONCE: usize = 16;

/// Artifacts behind an [`Operator`], whose root is the root of the store.
#[derive(Clone, Debug)]
pub struct RemoteStore {
    operator: Operator,
    direct: Option<Arc<dyn Direct>>,
    sizes_in_listings: bool,
    single_deletes: bool,
    no_backslash: bool,
}

/// What clients can do with a storage past the server, by URLs that the server signs.
#[async_trait]
trait Direct: Send + Sync + fmt::Debug {
    async fn presign_read(&self, path: &ArtifactPath, expires: Duration) -> Result<Presigned>;

    async fn presign_write(&self, path: &ArtifactPath, expires: Duration) -> Result<Presigned>;

    async fn create_multipart(&self, path: &ArtifactPath, parts: u32) -> Result<MultipartUpload>;

    async fn complete_multipart(
        &self,
        path: &ArtifactPath,
        upload_id: &str,
        parts: Vec<UploadedPart>,
    ) -> Result<()>;

    async fn abort_multipart(&self, path: &ArtifactPath, upload_id: &str) -> Result<()>;
}

impl RemoteStore {
    /// A store that keeps everything below the operator's root.
    pub fn new(operator: Operator) -> RemoteStore {
        RemoteStore {
            operator,
            direct: None,
            sizes_in_listings: false,
            single_deletes: false,
            no_backslash: false,
        }
    }

    /// Lets clients go to the storage themselves.
    fn with_direct(mut self, direct: Arc<dyn Direct>) -> RemoteStore {
        self.direct = Some(direct);
        self
    }

    /// A size of 0 in a listing means that a file is empty, not that its size is unknown.
    fn with_sizes_in_listings(mut self) -> RemoteStore {
        self.sizes_in_listings = true;
        self
    }

    /// Folders are deleted one file at a time: the storage has no other way that all of its
    /// implementations know.
    fn with_single_deletes(mut self) -> RemoteStore {
        self.single_deletes = true;
        self
    }

    /// The storage takes a backslash for a slash, so a name with one would be another artifact.
    fn without_backslash(mut self) -> RemoteStore {
        self.no_backslash = true;
        self
    }

    /// OpenDAL trims a key, so two names that differ only there would be one artifact.
    fn check_name(&self, path: &ArtifactPath) -> Result<()> {
        if path.as_str().trim() != path.as_str() {
            return Err(Error::invalid("Invalid path: it starts or ends with a space"));
        }
        if self.no_backslash && path.as_str().contains('\\') {
            return Err(Error::invalid("Invalid path: this storage has no names with a backslash"));
        }
        Ok(())
    }

    fn direct(&self, path: &ArtifactPath) -> Result<Option<&dyn Direct>> {
        if path.is_root() {
            return Err(root_is_no_artifact());
        }
        self.check_name(path)?;
        Ok(self.direct.as_deref())
    }

    /// Deletes everything whose key starts with `folder`, which ends in a slash.
    async fn delete_below(&self, folder: &str) -> opendal::Result<()> {
        if !self.single_deletes {
            return self.operator.remove_all(folder).await;
        }
        let entries = match self.operator.lister_with(folder).recursive(true).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            lister => lister?,
        };
        let delete =
            |entry: opendal::Entry| async move { self.operator.delete(entry.path()).await };
        entries.try_for_each_concurrent(DELETES_AT_ONCE, delete).await
    }

    /// Object stores have no folders: one is there as long as a key starts with its name.
    async fn is_folder(&self, path: &ArtifactPath) -> Result<bool> {
        let fail = |error: opendal::Error| explain("read", path, &error);
        let mut lister =
            self.operator.lister_with(&folder_key(path)).limit(1).await.map_err(fail)?;
        match lister.try_next().await {
            Ok(entry) => Ok(entry.is_some()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(fail(error)),
        }
    }

    async fn metadata(&self, path: &ArtifactPath) -> Result<Option<Metadata>> {
        match self.operator.stat(path.as_str()).await {
            Ok(metadata) => Ok(Some(metadata)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(explain("read", path, &error)),
        }
    }

    /// `None` for the marker of the listed folder itself.
    async fn info(&self, folder: &ArtifactPath, entry: opendal::Entry) -> Result<Option<FileInfo>> {
        let (key, metadata) = entry.into_parts();
        let is_dir = metadata.mode() == EntryMode::DIR || key.ends_with('/');
        let path = key.trim_matches('/').to_owned();
        if path == folder.as_str() {
            return Ok(None);
        }
        let mut size = if is_dir { 0 } else { metadata.content_length() };
        if !is_dir && size == 0 && !self.sizes_in_listings {
            // Either it is empty or this kind of store lists names only.
            match self.operator.stat(&key).await {
                Ok(metadata) => size = metadata.content_length(),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(explain("list", folder, &error)),
            }
        }
        Ok(Some(FileInfo { path, is_dir, size }))
    }

    async fn body(
        &self,
        path: &ArtifactPath,
        range: Range<u64>,
        etag: Option<&str>,
    ) -> Result<ByteStream> {
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        Object::open(&self.operator, path, etag).await?.stream(range).await
    }
}

#[async_trait]
impl ArtifactStore for RemoteStore {
    fn capability(&self) -> Capability {
        let direct = self.direct.is_some();
        Capability { folders: false, presign: direct, multipart: direct }
    }

    async fn list(&self, folder: &ArtifactPath) -> Result<Vec<FileInfo>> {
        self.check_name(folder)?;
        let fail = |error: opendal::Error| explain("list", folder, &error);
        let entries = match self.operator.list(&folder_key(folder)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed.map_err(fail)?,
        };
        let infos = stream::iter(entries).map(|entry| self.info(folder, entry));
        let infos: Vec<_> = infos.buffered(STATS_AT_ONCE).try_collect().await?;
        let mut infos: Vec<FileInfo> = infos.into_iter().flatten().collect();
        infos.sort_unstable_by(|a, b| a.path.cmp(&b.path).then(b.is_dir.cmp(&a.is_dir)));
        // A data lake has an empty file for each folder.
        infos.dedup_by(|next, first| first.is_dir && next.path == first.path && next.size == 0);
        Ok(infos)
    }

    async fn stat(&self, path: &ArtifactPath) -> Result<Option<Stat>> {
        self.check_name(path)?;
        let folder = Stat { is_dir: true, size: 0, last_modified: None, etag: None };
        match self.metadata(path).await? {
            Some(metadata) if metadata.is_dir() => Ok(Some(folder)),
            Some(metadata) => Ok(Some(Stat {
                is_dir: false,
                size: metadata.content_length(),
                last_modified: last_modified(&metadata),
                etag: etag(&metadata),
            })),
            None if self.is_folder(path).await? => Ok(Some(folder)),
            None => Ok(None),
        }
    }

    async fn read(&self, path: &ArtifactPath, range: Option<ByteRange>) -> Result<ArtifactReader> {
        self.check_name(path)?;
        let metadata = match self.metadata(path).await? {
            Some(metadata) if !metadata.is_dir() => metadata,
            Some(_) => return Err(is_a_directory(path)),
            None if self.is_folder(path).await? => return Err(is_a_directory(path)),
            None => return Err(no_such_artifact(path)),
        };
        let total = metadata.content_length();
        let range = range.map_or(0..total, |range| range.resolve(total));
        let body = self.body(path, range.clone(), metadata.etag()).await?;
        Ok(ArtifactReader {
            total,
            range,
            last_modified: last_modified(&metadata),
            etag: etag(&metadata),
            checksum: checksum(&metadata),
            body,
        })
    }

    async fn write(&self, path: &ArtifactPath, mut body: ByteStream) -> Result<()> {
        if path.is_root() {
            return Err(root_is_no_artifact());
        }
        self.check_name(path)?;
        let fail = |error: opendal::Error| explain("write", path, &error);
        let mut options = opendal::options::WriteOptions {
            chunk: Some(WRITE_PART),
            concurrent: PARTS_AT_ONCE,
            ..Default::default()
        };
        if self.operator.info().full_capability().write_with_content_type {
            options.content_type = Some(content_type(path));
        }
        let writer = self.operator.writer_options(path.as_str(), options).await;
        let mut upload = AbortOnDrop(Some(writer.map_err(fail)?));
        while let Some(chunk) = body.next().await {
            let chunk = chunk?;
            upload.writer()?.write(chunk).await.map_err(fail)?;
        }
        upload.writer()?.close().await.map_err(fail)?;
        upload.0 = None;
        Ok(())
    }

    async fn delete(&self, path: &ArtifactPath) -> Result<()> {
        if path.is_root() {
            return Err(root_is_no_artifact());
        }
        self.check_name(path)?;
        let fail = |error: opendal::Error| explain("delete", path, &error);
        self.operator.delete(path.as_str()).await.map_err(fail)?;
        // With its slash: deleting `model` must not take `model-2` with it.
        self.delete_below(&folder_key(path)).await.map_err(fail)
    }

    async fn delete_all(&self) -> Result<()> {
        let root = ArtifactPath::root();
        self.delete_below("/").await.map_err(|error| explain("delete", &root, &error))
    }

    async fn presign_read(&self, path: &ArtifactPath, expires: Duration) -> Result<Presigned> {
        match self.direct(path)? {
            Some(direct) => direct.presign_read(path, expires).await,
            None => Err(unsupported("Presigned download")),
        }
    }

    async fn presign_write(&self, path: &ArtifactPath, expires: Duration) -> Result<Presigned> {
        match self.direct(path)? {
            Some(direct) => direct.presign_write(path, expires).await,
            None => Err(unsupported("Presigned upload")),
        }
    }

    async fn create_multipart(&self, path: &ArtifactPath, parts: u32) -> Result<MultipartUpload> {
        match self.direct(path)? {
            Some(direct) => direct.create_multipart(path, parts).await,
            None => Err(unsupported("Multipart upload")),
        }
    }

    async fn complete_multipart(
        &self,
        path: &ArtifactPath,
        upload_id: &str,
        parts: Vec<UploadedPart>,
    ) -> Result<()> {
        match self.direct(path)? {
            Some(direct) => direct.complete_multipart(path, upload_id, parts).await,
            None => Err(unsupported("Multipart upload")),
        }
    }

    async fn abort_multipart(&self, path: &ArtifactPath, upload_id: &str) -> Result<()> {
        match self.direct(path)? {
            Some(direct) => direct.abort_multipart(path, upload_id).await,
            None => Err(unsupported("Multipart upload")),
        }
    }
}

/// An upload in parts occupies paid storage until it is completed or aborted.
struct AbortOnDrop(Option<Writer>);

impl AbortOnDrop {
    fn writer(&mut self) -> Result<&mut Writer> {
        self.0.as_mut().ok_or_else(|| Error::internal("the upload is finished already"))
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        let (Some(mut writer), Ok(runtime)) =
            (self.0.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        runtime.spawn(async move {
            if let Err(error) = writer.abort().await {
                let error = shown(&error);
                tracing::warn!(%error, "cannot abort an upload; its parts stay in the storage");
            }
        });
    }
}

/// What the name of a file says about its content.
pub(crate) fn content_type(path: &ArtifactPath) -> String {
    let guess = mime_guess::from_path(path.as_str());
    guess.first_raw().unwrap_or("application/octet-stream").to_owned()
}

fn folder_key(path: &ArtifactPath) -> String {
    format!("{path}/")
}

fn etag(metadata: &Metadata) -> Option<String> {
    let etag = metadata.etag()?;
    Some(if etag.ends_with('"') { etag.to_owned() } else { format!("\"{etag}\"") })
}

/// Google and Azure tell the MD5 of what came in one piece; on S3, the ETag usually is it.
fn checksum(metadata: &Metadata) -> Option<Checksum> {
    if let Some(md5) = metadata.content_md5().filter(|md5| !md5.is_empty()) {
        return Some(Checksum::Md5(STANDARD.decode(md5).ok()?.try_into().ok()?));
    }
    let hex = metadata.etag()?.trim_matches('"');
    if hex.len() != 32 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    Some(Checksum::LikelyMd5(u128::from_str_radix(hex, 16).ok()?.to_be_bytes()))
}

fn from_io(error: std::io::Error) -> opendal::Error {
    match error.downcast::<opendal::Error>() {
        Ok(error) => error,
        Err(error) => opendal::Error::new(ErrorKind::Unexpected, error.to_string()),
    }
}

fn last_modified(metadata: &Metadata) -> Option<SystemTime> {
    metadata.last_modified().map(SystemTime::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{get, ls, path, put};

    fn operator() -> Operator {
        Operator::new(opendal::services::Memory::default()).unwrap().finish()
    }

    crate::conformance_suite!((RemoteStore::new(operator()), ()));

    #[test]
    fn checksums_are_those_that_storages_tell() {
        let text = "d41d8cd98f00b204e9800998ecf8427e";
        let md5 = 0xd41d_8cd9_8f00_b204_e980_0998_ecf8_427e_u128.to_be_bytes();
        let file = || Metadata::new(EntryMode::FILE);
        let quoted = format!("\"{text}\"");
        assert_eq!(checksum(&file().with_etag(quoted)), Some(Checksum::LikelyMd5(md5)));
        let told = file().with_content_md5("1B2M2Y8AsgTpgAmY7PhCfg==".to_owned());
        assert_eq!(checksum(&told.with_etag("x".to_owned())), Some(Checksum::Md5(md5)));
        for etag in ["\"d41d8cd98f00b204e9800998ecf8427e-2\"", "0x8D4BCC2E4835CD0", ""] {
            assert_eq!(checksum(&file().with_etag(etag.to_owned())), None);
        }
    }

    #[tokio::test]
    async fn markers_of_folders_are_hidden() {
        let operator = operator();
        operator.create_dir("d/").await.unwrap();
        operator.create_dir("d/e/").await.unwrap();
        let store = RemoteStore::new(operator);
        put(&store, "d/f", "x").await;
        assert_eq!(ls(&store, "d").await, ["d/e/", "d/f=1"]);
        assert!(store.stat(&path("d/e")).await.unwrap().unwrap().is_dir);
    }

    #[tokio::test]
    async fn names_that_the_storage_would_change_are_refused() {
        let store = RemoteStore::new(operator());
        put(&store, "d/f", "x").await;
        for name in ["d/f ", " d/f", "\u{3000}d/f"] {
            let name = path(name);
            store.read(&name, None).await.unwrap_err();
            store.stat(&name).await.unwrap_err();
            store.list(&name).await.unwrap_err();
            store.write(&name, crate::conformance::body(["y"])).await.unwrap_err();
            store.delete(&name).await.unwrap_err();
        }
        assert_eq!(get(&store, "d/f").await, "x");
    }
}
