//! `sftp://user@host:port/path`

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, FuturesUnordered};
use futures::{FutureExt, StreamExt};
use oxflow_model::error::Result as Answer;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::protocol::{FileAttributes, FileType, OpenFlags, Packet, StatusCode};
use tokio::time::Instant;

use super::address::{Address, absolute};
use super::ssh::{Session, SshSettings, connect};
use super::trouble::Trouble;
use super::upload::Busy;
use super::{Kind, Node, Opened, Pen, Pieces, Tree, TreeStore, above};
use crate::{ArtifactStore, ArtifactUri};

/// How much of one file is on its way at the same time, in bytes.
const IN_FLIGHT: usize = 2 * 1024 * 1024;
/// How many hosts are remembered while nobody uses them.
const HOSTS: usize = 32;
/// Who waited for a connection that failed does not try at once again.
const PAUSE: Duration = Duration::from_secs(2);

/// Opens stores on SFTP servers.
pub(crate) struct Sftp {
    settings: SshSettings,
    hosts: Mutex<BTreeMap<Address, Arc<Host>>>,
}

impl Sftp {
    pub(crate) fn new(settings: SshSettings) -> Sftp {
        Sftp { settings, hosts: Mutex::default() }
    }

    pub(crate) fn open(&self, uri: &ArtifactUri) -> Answer<Arc<dyn ArtifactStore>> {
        let (address, root) = Address::parse(uri)?;
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() > HOSTS {
            hosts.retain(|_, host| Arc::strong_count(host) > 1);
        }
        let host = hosts.entry(address.clone()).or_insert_with(|| {
            let settings = self.settings.clone();
            let line = tokio::sync::Mutex::default();
            Arc::new(Host { settings, address, line, busy: Busy::default() })
        });
        Ok(TreeStore::open(SftpTree { host: host.clone(), root }))
    }
}

/// One connection, which carries any number of requests at a time.
struct Host {
    settings: SshSettings,
    address: Address,
    line: tokio::sync::Mutex<Line>,
    busy: Busy,
}

#[derive(Default)]
struct Line {
    session: Option<Arc<Session>>,
    failed: Option<(Instant, Trouble)>,
}

impl Host {
    /// A session, and whether it was made just now.
    async fn session(&self) -> Result<(Arc<Session>, bool), Trouble> {
        let asked = Instant::now();
        let mut line = self.line.lock().await;
        if let Some(session) = line.session.as_ref().filter(|session| !session.is_closed()) {
            return Ok((session.clone(), false));
        }
        // Somebody else tried while we waited.
        if let Some((at, trouble)) = &line.failed
            && *at + PAUSE > asked
            && *at > asked
        {
            return Err(trouble.clone());
        }
        match connect(&self.settings, &self.address).await {
            Ok(session) => {
                let session = Arc::new(session);
                *line = Line { session: Some(session.clone()), failed: None };
                Ok((session, true))
            }
            Err(trouble) => {
                *line = Line { session: None, failed: Some((Instant::now(), trouble.clone())) };
                Err(trouble)
            }
        }
    }

    /// Makes the next request connect anew.
    async fn forget(&self, session: &Arc<Session>) {
        let mut line = self.line.lock().await;
        line.session.take_if(|current| Arc::ptr_eq(current, session));
    }
}

/// A folder of a host.
struct SftpTree {
    host: Arc<Host>,
    root: String,
}

impl fmt::Debug for SftpTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sftp({:?}, {})", self.host.address, self.root)
    }
}

impl SftpTree {
    fn at(&self, path: &str) -> String {
        absolute(&self.root, path)
    }

    /// Asks the host, again if the connection had broken before.
    async fn ask<'a, R>(
        &self,
        act: impl Fn(Arc<Session>) -> BoxFuture<'a, Result<R, Trouble>>,
    ) -> Result<R, Trouble> {
        let (session, fresh) = self.host.session().await?;
        match act(session.clone()).await {
            Err(Trouble::Unreachable(_)) if !fresh => {
                self.host.forget(&session).await;
                act(self.host.session().await?.0).await
            }
            answer => answer,
        }
    }
}

#[async_trait]
impl Tree for SftpTree {
    fn busy(&self) -> (&Busy, &str) {
        (&self.host.busy, &self.root)
    }

    async fn look(&self, path: &str, follow: bool) -> Result<Option<Node>, Trouble> {
        let (root, at) = (self.at(""), self.at(path));
        // A link at the end that is not followed may lead anywhere; those before it must not.
        let inside = if follow { at.clone() } else { self.at(above(path).unwrap_or_default()) };
        self.ask(|session| {
            let (root, at, inside) = (root.clone(), at.clone(), inside.clone());
            async move {
                let raw = &session.raw;
                let (root, inside, attributes) =
                    futures::join!(real(&session, root), real(&session, inside), async {
                        if follow { raw.stat(at).await } else { raw.lstat(at).await }
                    });
                let (Some(root), Some(inside)) = (root?, inside?) else { return Ok(None) };
                if !is_within(&inside, &root) {
                    return Err(Trouble::Outside);
                }
                match attributes.map_err(trouble) {
                    Ok(found) => Ok(Some(node(&found.attrs))),
                    Err(Trouble::NotFound) => Ok(None),
                    Err(trouble) => Err(trouble),
                }
            }
            .boxed()
        })
        .await
    }

    async fn entries(&self, folder: &str) -> Result<Vec<(String, Node)>, Trouble> {
        match self.look(folder, true).await? {
            Some(node) if node.kind == Kind::Folder => {}
            _ => return Err(Trouble::NotFound),
        }
        let at = self.at(folder);
        self.ask(|session| {
            let at = at.clone();
            async move {
                let opened = session.raw.opendir(at).await.map_err(trouble)?.handle;
                let handle = Open { session: session.clone(), handle: opened };
                let mut entries = Vec::new();
                loop {
                    match session.raw.readdir(handle.handle.as_str()).await {
                        Ok(page) => entries.extend(
                            page.files.into_iter().map(|file| (file.filename, node(&file.attrs))),
                        ),
                        Err(SftpError::Status(end)) if end.status_code == StatusCode::Eof => break,
                        Err(error) => return Err(trouble(error)),
                    }
                }
                entries.retain(|(name, _)| name != "." && name != "..");
                Ok(entries)
            }
            .boxed()
        })
        .await
    }

    async fn make_folders(&self, path: &str) -> Result<(), Trouble> {
        let at = self.at(path);
        self.ask(|session| {
            let at = at.clone();
            async move {
                let mut missing = vec![at.as_str()];
                while let Some(folder) = missing.last().copied() {
                    match session.raw.mkdir(folder, FileAttributes::empty()).await {
                        Ok(_) => {
                            missing.pop();
                        }
                        // The folder above may be missing.
                        Err(SftpError::Status(status))
                            if status.status_code == StatusCode::NoSuchFile
                                && missing.len() < 256 =>
                        {
                            match folder.rsplit_once('/') {
                                Some((above, _)) if !above.is_empty() => missing.push(above),
                                _ => return Err(Trouble::NotFound),
                            }
                        }
                        // Some hosts have no better word for what exists.
                        Err(error) => match session.raw.stat(folder).await {
                            Ok(found) if found.attrs.is_dir() => {
                                missing.pop();
                            }
                            Ok(_) => return Err(Trouble::NotAFolder),
                            Err(_) => return Err(trouble(error)),
                        },
                    }
                }
                Ok(())
            }
            .boxed()
        })
        .await
    }

    async fn open(&self, path: &str) -> Result<Box<dyn Opened>, Trouble> {
        // Opening a pipe would wait for its other end.
        match self.look(path, true).await? {
            Some(node) if node.kind == Kind::File => {}
            Some(node) if node.kind == Kind::Folder => return Err(Trouble::IsAFolder),
            _ => return Err(Trouble::NotFound),
        }
        let at = self.at(path);
        self.ask(|session| {
            let at = at.clone();
            async move {
                let attributes = FileAttributes::empty();
                let opened = session.raw.open(at, OpenFlags::READ, attributes).await;
                let handle = opened.map_err(trouble)?.handle;
                let file = Open { session: session.clone(), handle };
                let found = session.raw.fstat(file.handle.as_str()).await.map_err(trouble)?;
                let opened = Reader { file: Arc::new(file), node: node(&found.attrs) };
                Ok(Box::new(opened) as Box<dyn Opened>)
            }
            .boxed()
        })
        .await
    }

    async fn create(&self, path: &str) -> Result<Box<dyn Pen>, Trouble> {
        let at = self.at(path);
        self.ask(|session| {
            let at = at.clone();
            async move {
                let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::EXCLUDE;
                let opened = session.raw.open(at.clone(), flags, FileAttributes::empty()).await;
                let file = Open { handle: opened.map_err(trouble)?.handle, session };
                let (file, pending) = (Arc::new(file), FuturesUnordered::new());
                Ok(Box::new(Writer { file, at, offset: 0, pending }) as Box<dyn Pen>)
            }
            .boxed()
        })
        .await
    }

    async fn replace(&self, from: &str, to: &str) -> Result<(), Trouble> {
        let (from, to) = (self.at(from), self.at(to));
        let (session, _) = self.host.session().await?;
        if session.can_replace {
            let mut request = Vec::new();
            for text in [&from, &to] {
                request.extend(u32::try_from(text.len()).unwrap_or_default().to_be_bytes());
                request.extend(text.as_bytes());
            }
            let answer = session.raw.extended("posix-rename@openssh.com", request).await;
            return match answer.map_err(trouble)? {
                Packet::Status(status) if status.status_code == StatusCode::Ok => Ok(()),
                Packet::Status(status) => Err(trouble(SftpError::Status(status))),
                _ => Err(Trouble::Failed("an odd answer to a renaming".to_owned())),
            };
        }
        if session.raw.rename(from.as_str(), to.as_str()).await.is_ok() {
            return Ok(());
        }
        // Such hosts cannot do it in one step.
        let _ = session.raw.remove(to.as_str()).await;
        session.raw.rename(from, to).await.map(|_| ()).map_err(trouble)
    }

    async fn remove_file(&self, path: &str) -> Result<(), Trouble> {
        let at = self.at(path);
        self.ask(|session| {
            let at = at.clone();
            async move { gone(session.raw.remove(at).await) }.boxed()
        })
        .await
    }

    async fn remove_folder(&self, path: &str) -> Result<(), Trouble> {
        let at = self.at(path);
        self.ask(|session| {
            let at = at.clone();
            async move { gone(session.raw.rmdir(at).await) }.boxed()
        })
        .await
    }
}

/// Where a path leads, all links followed; `None` if nowhere.
async fn real(session: &Session, path: String) -> Result<Option<String>, Trouble> {
    match session.raw.realpath(path).await.map_err(trouble) {
        Ok(names) => Ok(names.files.into_iter().next().map(|file| file.filename)),
        Err(Trouble::NotFound) => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

fn is_within(path: &str, root: &str) -> bool {
    let root = root.trim_end_matches('/');
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn gone<R>(answer: Result<R, SftpError>) -> Result<(), Trouble> {
    match answer.map_err(trouble) {
        Ok(_) | Err(Trouble::NotFound) => Ok(()),
        Err(trouble) => Err(trouble),
    }
}

fn node(attributes: &FileAttributes) -> Node {
    let kind = match attributes.file_type() {
        FileType::Dir => Kind::Folder,
        FileType::File => Kind::File,
        FileType::Symlink => Kind::Link,
        FileType::Other => Kind::Other,
    };
    let size = if kind == Kind::File { attributes.size.unwrap_or(0) } else { 0 };
    let seconds = attributes.mtime.map(u64::from);
    // Whole seconds and a size do not tell two contents apart, so there is no etag.
    let modified = seconds.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
    Node { kind, size, modified, etag: None }
}

fn trouble(error: SftpError) -> Trouble {
    let text = error.to_string();
    match error {
        SftpError::Status(status) => match status.status_code {
            StatusCode::NoSuchFile => Trouble::NotFound,
            StatusCode::PermissionDenied => Trouble::Denied(text),
            StatusCode::NoConnection | StatusCode::ConnectionLost => Trouble::Unreachable(text),
            _ => Trouble::Failed(text),
        },
        SftpError::Limited(_) => Trouble::Failed(text),
        // The session ended, or does not answer: there are no others.
        _ => Trouble::Unreachable(text),
    }
}

/// A handle, which is given back when it is dropped.
struct Open {
    session: Arc<Session>,
    handle: String,
}

impl Drop for Open {
    fn drop(&mut self) {
        let (session, handle) = (self.session.clone(), std::mem::take(&mut self.handle));
        if handle.is_empty() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { session.raw.close(handle).await });
        }
    }
}

struct Reader {
    file: Arc<Open>,
    node: Node,
}

#[async_trait]
impl Opened for Reader {
    fn node(&self) -> &Node {
        &self.node
    }

    async fn read(self: Box<Self>, range: Range<u64>) -> Result<Pieces, Trouble> {
        let (file, piece) = (self.file.clone(), self.file.session.piece);
        let pieces = range.clone().step_by(piece).map(move |start| {
            let length = usize::try_from(range.end - start).unwrap_or(piece).min(piece);
            read_exactly(file.clone(), start, length)
        });
        Ok(stream::iter(pieces).buffered((IN_FLIGHT / piece).max(1)).boxed())
    }
}

async fn read_exactly(file: Arc<Open>, start: u64, length: usize) -> Result<Bytes, Trouble> {
    let mut whole = Vec::new();
    loop {
        let at = start + whole.len() as u64;
        let wanted = u32::try_from(length - whole.len()).unwrap_or(u32::MAX);
        match file.session.raw.read(file.handle.as_str(), at, wanted).await {
            Ok(data) if data.data.is_empty() => return Err(Trouble::Changed),
            Ok(data) if whole.is_empty() => whole = data.data,
            Ok(data) => whole.extend(data.data),
            Err(SftpError::Status(end)) if end.status_code == StatusCode::Eof => {
                return Err(Trouble::Changed);
            }
            Err(error) => return Err(trouble(error)),
        }
        if whole.len() >= length {
            whole.truncate(length);
            return Ok(whole.into());
        }
    }
}

struct Writer {
    file: Arc<Open>,
    at: String,
    offset: u64,
    pending: FuturesUnordered<BoxFuture<'static, Result<(), SftpError>>>,
}

/// Why a piece was refused; a host has but one word for most reasons.
async fn explain(session: &Session, at: &str, error: SftpError) -> Trouble {
    let vague = matches!(&error, SftpError::Status(s) if s.status_code == StatusCode::Failure);
    if vague
        && session.can_tell_space
        && let Ok(space) = session.raw.statvfs(at).await
        && space.blocks_avail == 0
    {
        return Trouble::Full(error.to_string());
    }
    trouble(error)
}

impl Writer {
    async fn settle(&mut self, at_most: usize) -> Result<(), Trouble> {
        while self.pending.len() > at_most {
            if let Some(Err(error)) = self.pending.next().await {
                return Err(explain(&self.file.session, &self.at, error).await);
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Pen for Writer {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Trouble> {
        let piece = self.file.session.piece;
        for chunk in bytes.chunks(piece) {
            let (file, offset, data) = (self.file.clone(), self.offset, chunk.to_vec());
            self.offset += chunk.len() as u64;
            let write = async move {
                file.session.raw.write(file.handle.as_str(), offset, data).await.map(|_| ())
            };
            self.pending.push(write.boxed());
            // Requests go out when they are first asked for their answer.
            while let Some(Some(done)) = self.pending.next().now_or_never() {
                if let Err(error) = done {
                    return Err(explain(&self.file.session, &self.at, error).await);
                }
            }
            self.settle((IN_FLIGHT / piece).max(1)).await?;
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<(), Trouble> {
        self.settle(0).await?;
        let session = self.file.session.clone();
        if session.can_sync
            && let Err(error) = session.raw.fsync(self.file.handle.as_str()).await
        {
            return Err(explain(&self.file.session, &self.at, error).await);
        }
        let handle = match Arc::get_mut(&mut self.file) {
            Some(file) => std::mem::take(&mut file.handle),
            None => return Err(Trouble::Failed("a piece is still being written".to_owned())),
        };
        match session.raw.close(handle).await {
            Ok(_) => Ok(()),
            Err(error) => Err(explain(&session, &self.at, error).await),
        }
    }
}
