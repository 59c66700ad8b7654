//! A folder of artifacts as one ZIP archive, made while it is sent. One file is open at a time; what grows is the
//! archive's directory, by about a hundred bytes a file.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt as _;
use oxflow_artifacts::{ArtifactPath, ArtifactStore, ByteStream, FileInfo};
use oxflow_model::{Error, Result};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::download;
use crate::zip::{Entry, ZipWriter};

/// Pieces that wait for a slow client.
const AHEAD: usize = 4;

/// Sends everything in the folder `path`. `root` is the folder of the run or model, `fallback` the name of the archive
/// of all of it.
pub async fn send(
    store: Arc<dyn ArtifactStore>,
    root: &ArtifactPath,
    path: &ArtifactPath,
    fallback: &str,
) -> Result<Response> {
    let folder = root.join(path)?;
    let files = store.list(&folder).await?;
    if files.is_empty() && !path.is_root() {
        return Err(match store.stat(&folder).await? {
            Some(stat) if !stat.is_dir => Error::invalid(format!(
                "'{path}' is a file: it can be downloaded as it is. Archives are made of folders."
            )),
            Some(_) => Error::invalid(format!("The folder '{path}' is empty.")),
            None => Error::not_found(format!("No such artifact: '{path}'")),
        });
    }
    let name = format!("{}.zip", path.file_name().unwrap_or(fallback));
    let mut response = Response::new(Body::from_stream(stream(store, folder, files)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_DISPOSITION, download::disposition(&name)?);
    Ok(response)
}

/// The bytes of the archive. A task writes them; it ends when the client goes away.
fn stream(store: Arc<dyn ArtifactStore>, folder: ArtifactPath, files: Vec<FileInfo>) -> ByteStream {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let task = AbortOnDropHandle::new(tokio::spawn(async move {
        let mut packer = Packer { store, folder, zip: ZipWriter::default(), sender };
        if let Err(error) = packer.pack(files).await {
            // The connection breaks off, so that nobody takes the part for the whole.
            let _gone = packer.sender.send(Err(error)).await;
        }
    }));
    futures::stream::unfold((receiver, task), |(mut receiver, task)| async move {
        receiver.recv().await.map(|piece| (piece, (receiver, task)))
    })
    .boxed()
}

struct Packer {
    store: Arc<dyn ArtifactStore>,
    folder: ArtifactPath,
    zip: ZipWriter,
    sender: mpsc::Sender<Result<Bytes>>,
}

impl Packer {
    async fn pack(&mut self, files: Vec<FileInfo>) -> Result<()> {
        let mut waiting = VecDeque::from(files);
        while let Some(file) = waiting.pop_front() {
            // A store may hold names that nobody can ask for.
            let Ok(path) = ArtifactPath::parse(&file.path) else {
                tracing::warn!(path = file.path, "left out of an archive: not a path");
                continue;
            };
            if file.is_dir {
                for inner in self.store.list(&path).await?.into_iter().rev() {
                    waiting.push_front(inner);
                }
            } else {
                self.add(&path, file.relative_to(&self.folder).path).await?;
            }
        }
        let zip = std::mem::take(&mut self.zip);
        self.send(zip.end().into()).await
    }

    async fn add(&mut self, path: &ArtifactPath, name: String) -> Result<()> {
        let mut reader = self.store.read(path, None).await?;
        let entry = Entry { name, size: reader.total, modified: reader.last_modified };
        let head = self.zip.head(&entry);
        self.send(Bytes::copy_from_slice(&head)).await?;
        let mut sum = crc32fast::Hasher::new();
        while let Some(piece) = reader.body.next().await {
            let piece = piece?;
            sum.update(&piece);
            self.send(piece).await?;
        }
        let tail = self.zip.tail(&entry, &head, sum.finalize());
        self.send(tail.into()).await
    }

    async fn send(&self, piece: Bytes) -> Result<()> {
        let gone = |_| Error::internal("The client went away.");
        self.sender.send(Ok(piece)).await.map_err(gone)
    }
}
