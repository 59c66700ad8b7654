//! Every store that OpenDAL can reach as artifact store.

use std::ops::Range;
use std::time::SystemTime;

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use opendal::{EntryMode, ErrorKind, Metadata, Operator, Writer};
use oxflow_model::error::{Error, Result};

use crate::store::{is_a_directory, no_such_artifact, root_is_no_artifact};
use crate::{
    ArtifactPath, ArtifactReader, ArtifactStore, ByteRange, ByteStream, Capability, FileInfo, Stat,
};

/// Size of one part of an upload. Amazon's limit of 10,000 parts makes 160 GB with it.
const WRITE_PART: usize = 16 * 1024 * 1024;
/// How many sizes are asked for at the same time, where a listing does not tell them.
const STATS_AT_ONCE: usize = 16;

/// Artifacts behind an [`Operator`], whose root is the root of the store.
#[derive(Clone, Debug)]
pub struct RemoteStore {
    operator: Operator,
}

impl RemoteStore {
    /// A store that keeps everything below the operator's root.
    pub fn new(operator: Operator) -> RemoteStore {
        RemoteStore { operator }
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
        if !is_dir && size == 0 {
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
        let mut options = opendal::options::ReaderOptions::default();
        if self.operator.info().full_capability().read_with_if_match {
            // A replacement meanwhile is an error then, not a mix of two versions.
            options.if_match = etag.map(ToOwned::to_owned);
        }
        let fail = |error: opendal::Error| explain("read", path, &error);
        let reader = self.operator.reader_options(path.as_str(), options).await.map_err(fail)?;
        let bytes = reader.into_bytes_stream(range).await.map_err(fail)?;
        let path = path.clone();
        Ok(bytes.map_err(move |error| explain("read", &path, &from_io(error))).boxed())
    }
}

#[async_trait]
impl ArtifactStore for RemoteStore {
    fn capability(&self) -> Capability {
        let presign = self.operator.info().full_capability().presign_read;
        Capability { folders: false, presign, multipart: false }
    }

    async fn list(&self, folder: &ArtifactPath) -> Result<Vec<FileInfo>> {
        check_name(folder)?;
        let fail = |error: opendal::Error| explain("list", folder, &error);
        let entries = match self.operator.list(&folder_key(folder)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed.map_err(fail)?,
        };
        let infos = stream::iter(entries).map(|entry| self.info(folder, entry));
        let infos: Vec<_> = infos.buffered(STATS_AT_ONCE).try_collect().await?;
        let mut infos: Vec<FileInfo> = infos.into_iter().flatten().collect();
        infos.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(infos)
    }

    async fn stat(&self, path: &ArtifactPath) -> Result<Option<Stat>> {
        check_name(path)?;
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
        check_name(path)?;
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
            body,
        })
    }

    async fn write(&self, path: &ArtifactPath, mut body: ByteStream) -> Result<()> {
        if path.is_root() {
            return Err(root_is_no_artifact());
        }
        check_name(path)?;
        let fail = |error: opendal::Error| explain("write", path, &error);
        let writer = self.operator.writer_with(path.as_str()).chunk(WRITE_PART).await;
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
        check_name(path)?;
        let fail = |error: opendal::Error| explain("delete", path, &error);
        self.operator.delete(path.as_str()).await.map_err(fail)?;
        // With its slash: deleting `model` must not take `model-2` with it.
        self.operator.remove_all(&folder_key(path)).await.map_err(fail)
    }

    async fn delete_all(&self) -> Result<()> {
        let root = ArtifactPath::root();
        self.operator.remove_all("/").await.map_err(|error| explain("delete", &root, &error))
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
                tracing::warn!(%error, "cannot abort an upload; its parts stay in the storage");
            }
        });
    }
}

/// OpenDAL trims a key, so two names that differ only there would be one artifact.
fn check_name(path: &ArtifactPath) -> Result<()> {
    if path.as_str().trim() == path.as_str() {
        return Ok(());
    }
    Err(Error::invalid("Invalid path: it starts or ends with a space"))
}

fn folder_key(path: &ArtifactPath) -> String {
    format!("{path}/")
}

fn etag(metadata: &Metadata) -> Option<String> {
    let etag = metadata.etag()?;
    Some(if etag.ends_with('"') { etag.to_owned() } else { format!("\"{etag}\"") })
}

fn last_modified(metadata: &Metadata) -> Option<SystemTime> {
    metadata.last_modified().map(SystemTime::from)
}

fn from_io(error: std::io::Error) -> opendal::Error {
    match error.downcast::<opendal::Error>() {
        Ok(error) => error,
        Err(error) => opendal::Error::new(ErrorKind::Unexpected, error.to_string()),
    }
}

/// The one table from OpenDAL's errors to ours. Details may name hosts and keys, so they go to the
/// log and not to the client.
fn explain(verb: &str, path: &ArtifactPath, error: &opendal::Error) -> Error {
    match error.kind() {
        // Of a write, it is the bucket that is missing.
        ErrorKind::NotFound if verb != "write" => return no_such_artifact(path),
        ErrorKind::IsADirectory => return is_a_directory(path),
        _ => tracing::warn!(%error, %path, verb, "the artifact storage reports an error"),
    }
    let kind = error.kind();
    if error.is_temporary() || kind == ErrorKind::RateLimited {
        return Error::unavailable(format!(
            "Cannot {verb} '{path}' right now: the artifact storage is not available ({kind})"
        ));
    }
    Error::internal(format!("Cannot {verb} '{path}': the artifact storage reports {kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{get, ls, path, put};

    fn operator() -> Operator {
        Operator::new(opendal::services::Memory::default()).unwrap().finish()
    }

    crate::conformance_suite!((RemoteStore::new(operator()), ()));

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
