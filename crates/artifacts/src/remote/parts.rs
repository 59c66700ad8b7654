//! Downloads of large objects: in parts, several at a time, because storages give one connection
//! only so much. What arrives is one version of the object, whoever replaces it meanwhile.

use std::collections::VecDeque;
use std::ops::Range;

use futures::{StreamExt, TryStreamExt, stream};
use opendal::options::ReaderOptions;
use opendal::{Buffer, Operator, Reader};
use oxflow_model::error::{Error, Result};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinHandle;

use super::explain::explain;
use super::from_io;
use crate::{ArtifactPath, ByteStream};

/// What is larger comes in parts of this many bytes.
const PART: u64 = 8 * 1024 * 1024;
/// How many parts of one download are fetched before their turn; as many are in memory.
const AHEAD: usize = 3;
/// How many parts all downloads of the process together may have in memory: 256 MiB. A download
/// that gets no place reads on, over one connection and without keeping anything.
static PLACES: Semaphore = Semaphore::const_new(32);

/// An object that is read.
#[derive(Clone)]
pub(super) struct Object {
    operator: Operator,
    reader: Reader,
    path: ArtifactPath,
    etag: Option<String>,
}

impl Object {
    /// The object at a path, in the version with this ETag.
    pub(super) async fn open(
        operator: &Operator,
        path: &ArtifactPath,
        etag: Option<&str>,
    ) -> Result<Object> {
        let mut options = ReaderOptions::default();
        if operator.info().full_capability().read_with_if_match {
            options.if_match = etag.map(ToOwned::to_owned);
        }
        let reader = operator.reader_options(path.as_str(), options).await;
        let reader = reader.map_err(|error| explain("read", path, &error))?;
        let (operator, path) = (operator.clone(), path.clone());
        Ok(Object { operator, reader, path, etag: etag.map(ToOwned::to_owned) })
    }

    /// Some bytes of it. Without an ETag there is no telling versions apart, so all come in one
    /// answer of the storage.
    pub(super) async fn stream(self, range: Range<u64>) -> Result<ByteStream> {
        if range.end - range.start <= PART || self.etag.is_none() {
            return self.stream_part(range).await;
        }
        let download = Download { object: self, rest: range, ahead: VecDeque::new() };
        let parts = stream::try_unfold(download, |mut download| async move {
            Ok(download.next().await?.map(|part| (part, download)))
        });
        Ok(parts.try_flatten().boxed())
    }

    async fn stream_part(&self, range: Range<u64>) -> Result<ByteStream> {
        let fail = |error: opendal::Error| explain("read", &self.path, &error);
        let bytes = self.reader.clone().into_bytes_stream(range).await.map_err(fail)?;
        let path = self.path.clone();
        Ok(bytes.map_err(move |error| explain("read", &path, &from_io(error))).boxed())
    }

    async fn fetch_part(self, range: Range<u64>) -> Result<Buffer> {
        self.reader.read(range).await.map_err(|error| explain("read", &self.path, &error))
    }

    /// Not all storages heed `If-Match`. When all parts are there and the object is still the same,
    /// they are all of one version.
    async fn check_unchanged(&self) -> Result<()> {
        let now = self.operator.stat(self.path.as_str()).await;
        let now = now.map_err(|error| explain("read", &self.path, &error))?;
        match now.etag() == self.etag.as_deref() {
            true => Ok(()),
            false => Err(Error::unavailable(format!(
                "'{}' was replaced while it was read. Try again.",
                self.path
            ))),
        }
    }
}

/// A download in parts.
struct Download {
    object: Object,
    /// What no request has been sent for.
    rest: Range<u64>,
    ahead: VecDeque<Fetch>,
}

impl Download {
    /// The bytes of the next part.
    async fn next(&mut self) -> Result<Option<ByteStream>> {
        let fetch = self.ahead.pop_front();
        let own = if fetch.is_none() { self.take() } else { None };
        self.fetch_ahead();
        let part = match (fetch, own) {
            (Some(fetch), _) => fetch.part().await?,
            (None, Some(range)) => self.object.stream_part(range).await?,
            (None, None) => return Ok(None),
        };
        match self.ahead.is_empty() && self.rest.is_empty() {
            true => self.last(part).await.map(Some),
            false => Ok(Some(part)),
        }
    }

    fn take(&mut self) -> Option<Range<u64>> {
        let end = self.rest.end.min(self.rest.start.saturating_add(PART));
        let part = self.rest.start..end;
        self.rest.start = end;
        (!part.is_empty()).then_some(part)
    }

    fn fetch_ahead(&mut self) {
        while self.ahead.len() < AHEAD && !self.rest.is_empty() {
            let Ok(place) = PLACES.try_acquire() else { return };
            let Some(range) = self.take() else { return };
            let task = tokio::spawn(self.object.clone().fetch_part(range));
            self.ahead.push_back(Fetch { task, place });
        }
    }

    /// The last part is held back until all answers have begun and the object is still the same.
    async fn last(&self, mut part: ByteStream) -> Result<ByteStream> {
        let first = part.try_next().await?;
        self.object.check_unchanged().await?;
        Ok(stream::iter(first.map(Ok)).chain(part).boxed())
    }
}

/// A part that is fetched before its turn.
struct Fetch {
    task: JoinHandle<Result<Buffer>>,
    place: SemaphorePermit<'static>,
}

impl Fetch {
    async fn part(mut self) -> Result<ByteStream> {
        let fetched = (&mut self.task).await;
        let buffer = fetched.map_err(|error| Error::internal(format!("a download: {error}")))??;
        // The place is given back with the last of the bytes.
        let chunks = Iterator::map(buffer, move |chunk| {
            let _held = &self.place;
            Ok(chunk)
        });
        Ok(stream::iter(chunks).boxed())
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        self.task.abort();
    }
}
