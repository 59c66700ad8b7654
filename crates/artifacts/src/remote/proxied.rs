//! `http(s)://host/api/2.0/mlflow-artifacts/artifacts/…` and `mlflow-artifacts://host/…`: artifacts
//! behind another MLflow server.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::header;
use oxflow_model::error::{Error, ErrorCode, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, Response};
use serde_json::Value;

use super::content_type;
use super::http::{Http, SILENCE};
use super::location::refuse;
use super::server::{MlflowServer, ServerSettings, check};
use crate::store::{is_a_directory, no_such_artifact, root_is_no_artifact};
use crate::{
    ArtifactPath, ArtifactReader, ArtifactStore, ArtifactUri, ByteRange, ByteStream, Capability,
    FileInfo, LocationPolicy, Stat,
};

/// Where a server has its artifacts.
const ROUTE: &str = "/api/2.0/mlflow-artifacts/artifacts";
/// What may stand in a path as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
/// An upload up to this size is sent with its length, and again when the connection fails.
const SMALL: usize = 1 << 20;

/// Opens stores on other servers.
pub(super) struct Servers {
    settings: ServerSettings,
    policy: LocationPolicy,
    http: Arc<Http>,
    anonymous: Arc<Http>,
}

impl Servers {
    pub(super) fn new(settings: ServerSettings, policy: LocationPolicy) -> Servers {
        let http = Arc::new(Http::unlimited(settings.tls()));
        let anonymous = Arc::new(Http::unlimited(settings.anonymous().tls()));
        let tracking = settings.tracking_uri.as_deref().map(ArtifactUri::parse);
        let policy = match tracking {
            Some(Ok(tracking)) => policy.trust(&tracking),
            _ => policy,
        };
        Servers { settings, policy, http, anonymous }
    }

    pub(super) fn open(&self, uri: &ArtifactUri) -> Result<Arc<dyn ArtifactStore>> {
        if !uri.query().is_empty() || uri.has_fragment_or_params() {
            return Err(refuse(uri, "it has a query, params or a fragment"));
        }
        let at = uri.path().find(ROUTE).map(|at| uri.path().split_at(at));
        let (prefix, below) = at
            .map(|(prefix, rest)| (prefix, &rest[ROUTE.len()..]))
            .filter(|(_, below)| below.is_empty() || below.starts_with('/'))
            .ok_or_else(|| {
                refuse(uri, &format!("behind the host must stand {ROUTE} of an MLflow server"))
            })?;
        let root = ArtifactPath::parse(below.trim_matches('/'))?;
        let address = format!("{}://{}{prefix}", uri.scheme(), uri.authority());
        // Whoever may choose a host must not be told there who this server is elsewhere.
        let server = match self.policy.is_own(uri) {
            true => MlflowServer::new(&address, &self.settings, self.http.clone())?,
            false => {
                MlflowServer::new(&address, &self.settings.anonymous(), self.anonymous.clone())?
            }
        };
        Ok(Arc::new(ProxiedStore { server, root }))
    }

    /// As clients read these locations: on the tracking server, unless they name a host; which of
    /// HTTP and HTTPS is taken from the tracking server, too.
    pub(super) fn open_relative(&self, uri: &ArtifactUri) -> Result<Arc<dyn ArtifactStore>> {
        let tracking = self.settings.tracking_uri.as_deref().unwrap_or_default();
        let tracking = ArtifactUri::parse(tracking)?;
        if !matches!(tracking.scheme(), "http" | "https") {
            return Err(Error::invalid(format!(
                "When an mlflow-artifacts URI was supplied, the tracking URI must be a valid http \
                 or https URI, but it was currently set to '{tracking}'. Set the \
                 MLFLOW_TRACKING_URI environment variable to the address of the MLflow server."
            )));
        }
        let host = match uri.authority() {
            "" => tracking.authority(),
            host if host.parse::<f64>().is_ok() => {
                return Err(refuse(uri, "it has a port but no host"));
            }
            host => host,
        };
        let prefix = tracking.path().trim_end_matches('/');
        let path = uri.path().trim_start_matches('/');
        let path = path.strip_prefix(ROUTE.trim_start_matches('/')).unwrap_or(path);
        let text = format!(
            "{}://{host}{prefix}{ROUTE}/{}",
            tracking.scheme(),
            path.trim_start_matches('/')
        );
        self.open(&ArtifactUri::parse(&text)?)
    }
}

/// Artifacts below a folder of another server.
struct ProxiedStore {
    server: MlflowServer,
    root: ArtifactPath,
}

impl fmt::Debug for ProxiedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxiedStore({:?}, {:?})", self.server, self.root)
    }
}

impl ProxiedStore {
    fn route(&self, path: &ArtifactPath) -> Result<String> {
        let whole = self.root.join(path)?;
        Ok(format!("{ROUTE}/{}", utf8_percent_encode(whole.as_str(), PLAIN)))
    }

    /// What the other server says may be told; that it cannot be reached is for the log.
    fn refused(&self, verb: &str, path: &ArtifactPath, error: &Error) -> Error {
        if error.code() == ErrorCode::TemporarilyUnavailable {
            tracing::warn!(%error, %path, verb, "the MLflow server that keeps artifacts fails");
            return Error::unavailable(format!(
                "Cannot {verb} '{path}' right now: the MLflow server that keeps the artifacts does \
                 not answer, or is too busy. Try again."
            ));
        }
        Error::new(error.code(), format!("Cannot {verb} '{path}': {}", error.message()))
    }

    /// The names in a folder, as the other server lists them.
    async fn entries(&self, folder: &ArtifactPath) -> Result<Vec<FileInfo>> {
        let whole = self.root.join(folder)?;
        let query = [("path", whole.as_str())];
        let query = if whole.is_root() { &[] } else { &query[..] };
        let listed = match self.server.call(Method::GET, ROUTE, query, None).await {
            Ok(listed) => listed,
            Err(error) if error.code() == ErrorCode::ResourceDoesNotExist => return Ok(Vec::new()),
            Err(error) => return Err(self.refused("list", folder, &error)),
        };
        let files = listed["files"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(files.iter().filter_map(|file| entry(folder, file)).collect())
    }

    /// What the folder above says of a path.
    async fn entry(&self, path: &ArtifactPath) -> Result<Option<FileInfo>> {
        let Some(parent) = path.parent() else { return Ok(None) };
        Ok(self.entries(&parent).await?.into_iter().find(|info| info.path == path.as_str()))
    }

    async fn why_not(&self, path: &ArtifactPath, error: Error) -> Error {
        match error.code() {
            ErrorCode::ResourceDoesNotExist => no_such_artifact(path),
            ErrorCode::InvalidParameterValue | ErrorCode::InternalError => {
                match self.entry(path).await {
                    Ok(Some(info)) if info.is_dir => is_a_directory(path),
                    _ => self.refused("read", path, &error),
                }
            }
            _ => self.refused("read", path, &error),
        }
    }

    async fn get(&self, path: &ArtifactPath, range: Option<&str>) -> Result<Response> {
        let ask = |request: reqwest::RequestBuilder| match range {
            Some(range) => request.header(header::RANGE, range),
            None => request,
        };
        let answer = self.server.send(Method::GET, &self.route(path)?, ask).await;
        answer.map_err(|error| self.refused("read", path, &error))
    }
}

/// An entry of a listing; names that are no names of files are left out.
fn entry(folder: &ArtifactPath, file: &Value) -> Option<FileInfo> {
    let name = file["path"].as_str()?.rsplit('/').next()?;
    let path = folder.join(&ArtifactPath::parse(name).ok()?).ok()?;
    if path == *folder {
        return None;
    }
    let size = &file["file_size"];
    let size = size.as_u64().or_else(|| size.as_str()?.parse().ok()).unwrap_or(0);
    let is_dir = file["is_dir"].as_bool().unwrap_or(false);
    Some(FileInfo { path: path.as_str().to_owned(), is_dir, size: if is_dir { 0 } else { size } })
}

fn text<'a>(response: &'a Response, name: &header::HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// By which a part of a file is known to belong to another one; so it says nothing where the
/// server sends no parts.
fn etag(response: &Response) -> Option<String> {
    let parts = response.status().as_u16() == 206
        || text(response, &header::ACCEPT_RANGES).is_some_and(|unit| unit == "bytes");
    text(response, &header::ETAG).filter(|_| parts).map(ToOwned::to_owned)
}

fn last_modified(response: &Response) -> Option<SystemTime> {
    httpdate::parse_http_date(text(response, &header::LAST_MODIFIED)?).ok()
}

/// `bytes 5-9/20`, or `bytes */20` of a range that lies outside.
fn content_range(response: &Response) -> Option<(u64, u64)> {
    let (range, total) =
        text(response, &header::CONTENT_RANGE)?.strip_prefix("bytes ")?.split_once('/')?;
    let total = total.parse().ok()?;
    let start = range.split_once('-').and_then(|(start, _)| start.parse().ok()).unwrap_or(total);
    Some((start, total))
}

fn wanted(range: ByteRange) -> String {
    match range {
        ByteRange::From(first) => format!("bytes={first}-"),
        ByteRange::Between(first, last) => format!("bytes={first}-{last}"),
        ByteRange::Last(count) => format!("bytes=-{count}"),
    }
}

/// The bytes of an answer from `skip` on, exactly `len` of them.
fn body(response: Response, skip: u64, len: u64) -> ByteStream {
    let broke_off = || Error::unavailable("The download broke off.");
    let state = (response, skip, len);
    stream::try_unfold(
        state,
        move |(mut response, mut skip, left): (Response, u64, u64)| async move {
            loop {
                if left == 0 {
                    return Ok(None);
                }
                let chunk = tokio::time::timeout(SILENCE, response.chunk()).await;
                let chunk = chunk.map_err(|_| broke_off())?.map_err(|_| broke_off())?;
                let mut chunk = chunk.ok_or_else(broke_off)?;
                let skipped = skip.min(chunk.len() as u64);
                skip -= skipped;
                chunk = chunk.slice(usize::try_from(skipped).unwrap_or(0)..);
                chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                if !chunk.is_empty() {
                    let left = left - chunk.len() as u64;
                    return Ok(Some((chunk, (response, skip, left))));
                }
            }
        },
    )
    .boxed()
}

#[async_trait]
impl ArtifactStore for ProxiedStore {
    fn capability(&self) -> Capability {
        Capability::default()
    }

    async fn list(&self, folder: &ArtifactPath) -> Result<Vec<FileInfo>> {
        let mut infos = self.entries(folder).await?;
        if let [only] = &infos[..]
            && !only.is_dir
            && folder.file_name() == Some(only.name())
        {
            // Some servers list a file as a folder that holds it.
            let itself = self.entry(folder).await?;
            if itself.is_none_or(|info| !info.is_dir) {
                return Ok(Vec::new());
            }
        }
        infos.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(infos)
    }

    async fn stat(&self, path: &ArtifactPath) -> Result<Option<Stat>> {
        let folder = Stat { is_dir: true, size: 0, last_modified: None, etag: None };
        if path.is_root() {
            return Ok(Some(folder));
        }
        let Some(info) = self.entry(path).await? else { return Ok(None) };
        if info.is_dir {
            return Ok(Some(folder));
        }
        let head = self.server.send(Method::HEAD, &self.route(path)?, |request| request).await;
        let head = head.map_err(|error| self.refused("read", path, &error))?;
        let head = Some(head).filter(|head| head.status().is_success());
        Ok(Some(Stat {
            is_dir: false,
            size: info.size,
            last_modified: head.as_ref().and_then(last_modified),
            etag: head.as_ref().and_then(etag),
        }))
    }

    async fn read(&self, path: &ArtifactPath, range: Option<ByteRange>) -> Result<ArtifactReader> {
        if path.is_root() {
            return Err(is_a_directory(path));
        }
        let response = self.get(path, range.map(wanted).as_deref()).await?;
        let (etag, last_modified) = (etag(&response), last_modified(&response));
        let part = content_range(&response);
        let reader = |total, range: Range<u64>, body| ArtifactReader {
            // Another server makes its ETags as it likes.
            checksum: None,
            total,
            range,
            last_modified,
            etag,
            body,
        };
        if let (416, Some((_, total))) = (response.status().as_u16(), part) {
            return Ok(reader(total, total..total, stream::empty().boxed()));
        }
        let response = match check(response).await {
            Ok(response) => response,
            Err(error) => return Err(self.why_not(path, error).await),
        };
        let partial = Some(response.status().as_u16() == 206).filter(|partial| *partial);
        if let (Some(wanted), Some((start, total))) = (range, partial.and(part)) {
            let range = wanted.resolve(total);
            let skip = range.start.checked_sub(start).ok_or_else(|| {
                Error::internal("The MLflow server sends other bytes than it was asked for.")
            })?;
            let body = body(response, skip, range.end - range.start);
            return Ok(reader(total, range, body));
        }
        // Stock MLflow sends no length, and the whole file whatever the range.
        let announced = text(&response, &header::CONTENT_LENGTH).and_then(|n| n.parse().ok());
        let total = match announced {
            Some(total) => total,
            None => self.entry(path).await?.map_or(0, |info| info.size),
        };
        let range = range.map_or(0..total, |range| range.resolve(total));
        let body = body(response, range.start, range.end - range.start);
        Ok(reader(total, range, body))
    }

    async fn write(&self, path: &ArtifactPath, mut content: ByteStream) -> Result<()> {
        if path.is_root() {
            return Err(root_is_no_artifact());
        }
        let mut start: Vec<Bytes> = Vec::new();
        let mut size = 0;
        let mut ended = false;
        while size <= SMALL && !ended {
            match content.next().await {
                Some(chunk) => start.push(chunk?),
                None => ended = true,
            }
            size = start.iter().map(Bytes::len).sum();
        }
        let route = self.route(path)?;
        let kind = content_type(path);
        let answer = if ended {
            let whole = start.concat();
            let fill = |request: reqwest::RequestBuilder| {
                request.header(header::CONTENT_TYPE, &kind).body(whole.clone())
            };
            self.server.send(Method::PUT, &route, fill).await
        } else {
            let whole = stream::iter(start.into_iter().map(Ok)).chain(content).boxed();
            self.upload(&route, &kind, whole).await?
        };
        let answer = answer.map_err(|error| self.refused("write", path, &error))?;
        match check(answer).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.refused("write", path, &error)),
        }
    }

    async fn delete(&self, path: &ArtifactPath) -> Result<()> {
        if path.is_root() {
            return Err(root_is_no_artifact());
        }
        let answer = self.server.send(Method::DELETE, &self.route(path)?, |request| request).await;
        let answer = answer.map_err(|error| self.refused("delete", path, &error))?;
        match check(answer).await {
            Err(error) if error.code() != ErrorCode::ResourceDoesNotExist => {
                Err(self.refused("delete", path, &error))
            }
            _ => Ok(()),
        }
    }

    async fn delete_all(&self) -> Result<()> {
        if let (Some(parent), Some(name)) = (self.root.parent(), self.root.file_name()) {
            let above = ProxiedStore { server: self.server.clone(), root: parent };
            return above.delete(&ArtifactPath::parse(name)?).await;
        }
        for info in self.entries(&ArtifactPath::root()).await? {
            self.delete(&ArtifactPath::parse(&info.path)?).await?;
        }
        Ok(())
    }
}

impl ProxiedStore {
    /// Sends a body of any length, as long as it moves. The outer error is that of the body.
    async fn upload(
        &self,
        route: &str,
        kind: &str,
        content: ByteStream,
    ) -> Result<Result<Response>> {
        let failure = Arc::new(Mutex::new(None));
        let moved = Arc::new(AtomicU64::new(0));
        let (broken, counter) = (failure.clone(), moved.clone());
        let content = content.map(move |chunk| {
            counter.fetch_add(1, Ordering::Relaxed);
            chunk.map_err(|error| {
                let why = error.to_string();
                *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                std::io::Error::other(why)
            })
        });
        let request = self
            .server
            .request(Method::PUT, route, |request| request.header(header::CONTENT_TYPE, kind))?;
        let sending = request.body(reqwest::Body::wrap_stream(content)).send();
        tokio::pin!(sending);
        loop {
            let before = moved.load(Ordering::Relaxed);
            match tokio::time::timeout(SILENCE, &mut sending).await {
                Ok(Ok(response)) => return Ok(Ok(response)),
                Ok(Err(error)) => {
                    let own = failure.lock().unwrap_or_else(PoisonError::into_inner).take();
                    return own.map_or_else(|| Ok(Err(self.server.explain(&error))), Err);
                }
                Err(_) if moved.load(Ordering::Relaxed) == before => {
                    return Ok(Err(self.server.silent()));
                }
                Err(_) => {}
            }
        }
    }
}
