//! `ftp://user:password@host:port/path`, and `ftps://…` with TLS. Where links on the server lead
//! is its own matter: the protocol has no word for it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};
use oxflow_model::error::Result as Answer;
use suppaftp::{FtpError, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::address::{Address, absolute};
use super::ftp_lines::{Line, Server, Transfer, explain, silent, within};
use super::ftp_listing::{facts, listed};
use super::trouble::Trouble;
use super::upload::Busy;
use super::{Kind, Node, Opened, Pen, Pieces, SILENCE, Tree, TreeStore};
use crate::{ArtifactStore, ArtifactUri};

/// What is read at a time.
const CHUNK: usize = 256 * 1024;
/// How many servers are remembered while nobody uses them.
const SERVERS: usize = 32;

/// Opens stores on FTP servers.
#[derive(Default)]
pub(crate) struct Ftp {
    servers: Mutex<BTreeMap<(Address, bool), Arc<Server>>>,
}

impl Ftp {
    pub(crate) fn open(&self, uri: &ArtifactUri) -> Answer<Arc<dyn ArtifactStore>> {
        let (address, root) = Address::parse(uri)?;
        let secure = uri.scheme() == "ftps";
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if servers.len() > SERVERS {
            servers.retain(|_, server| Arc::strong_count(server) > 1);
        }
        let server = servers
            .entry((address.clone(), secure))
            .or_insert_with(|| Arc::new(Server::new(address, secure)));
        Ok(TreeStore::open(FtpTree { server: server.clone(), root }))
    }
}

/// A folder of a server.
struct FtpTree {
    server: Arc<Server>,
    root: String,
}

impl fmt::Debug for FtpTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {}", self.server, self.root)
    }
}

impl FtpTree {
    fn at(&self, path: &str) -> String {
        absolute(&self.root, path)
    }
}

#[async_trait]
impl Tree for FtpTree {
    fn busy(&self) -> (&Busy, &str) {
        (&self.server.busy, &self.root)
    }

    /// Servers trim what they are sent.
    fn keeps_name(&self, path: &str) -> bool {
        path.trim_end() == path
    }

    async fn look(&self, path: &str, _: bool) -> Result<Option<Node>, Trouble> {
        let mut line = self.server.line().await?;
        let found = look(&mut line, &self.at(path)).await.map(Some);
        none_if_missing(line.settle(found))
    }

    async fn entries(&self, folder: &str) -> Result<Vec<(String, Node)>, Trouble> {
        let mut line = self.server.line().await?;
        let entries = entries(&mut line, &self.at(folder)).await;
        line.settle(entries)
    }

    async fn make_folders(&self, path: &str) -> Result<(), Trouble> {
        let mut line = self.server.line().await?;
        let made = make_folders(&mut line, &self.at(path)).await;
        line.settle(made)
    }

    async fn open(&self, path: &str) -> Result<Box<dyn Opened>, Trouble> {
        let mut line = self.server.line().await?;
        let at = self.at(path);
        let found = look(&mut line, &at).await;
        let node = match found {
            Ok(node) => node,
            Err(error) => {
                return Err(line.settle::<()>(Err(error)).err().unwrap_or(Trouble::NotFound));
            }
        };
        match node.kind {
            Kind::File => Ok(Box::new(Reader { line, at, node })),
            Kind::Folder => {
                line.keep();
                Err(Trouble::IsAFolder)
            }
            Kind::Link | Kind::Other => {
                line.keep();
                Err(Trouble::NotFound)
            }
        }
    }

    async fn create(&self, path: &str) -> Result<Box<dyn Pen>, Trouble> {
        let mut line = self.server.line().await?;
        let at = self.at(path);
        match within(line.ftp.put_with_stream(at.as_str())).await {
            Ok(transfer) => Ok(Box::new(Writer { transfer: Some(transfer), line, at, sent: 0 })),
            Err(error) => Err(line.settle::<()>(Err(error)).err().unwrap_or(Trouble::NotFound)),
        }
    }

    async fn replace(&self, from: &str, to: &str) -> Result<(), Trouble> {
        let mut line = self.server.line().await?;
        let (from, to) = (self.at(from), self.at(to));
        let mut renamed = within(line.ftp.rename(from.as_str(), to.as_str())).await;
        if matches!(renamed, Err(FtpError::UnexpectedResponse(_))) {
            // Some servers do not replace a file by renaming; they cannot do it in one step.
            let removed = within(line.ftp.rm(to.as_str())).await;
            if removed.is_ok() {
                renamed = within(line.ftp.rename(from.as_str(), to.as_str())).await;
            }
        }
        line.settle(renamed)
    }

    async fn remove_file(&self, path: &str) -> Result<(), Trouble> {
        let mut line = self.server.line().await?;
        let removed = within(line.ftp.rm(self.at(path))).await;
        none_if_missing(line.settle(removed).map(Some)).map(|_| ())
    }

    async fn remove_folder(&self, path: &str) -> Result<(), Trouble> {
        let mut line = self.server.line().await?;
        let at = self.at(path);
        match within(line.ftp.rmdir(at.as_str())).await {
            Ok(()) => {
                line.keep();
                Ok(())
            }
            // One code for all reasons: whether it is still there tells.
            Err(error) => match look(&mut line, &at).await {
                Err(FtpError::UnexpectedResponse(_)) => {
                    line.keep();
                    Ok(())
                }
                _ => match line.settle::<()>(Err(error)) {
                    Err(Trouble::NotFound) => Err(Trouble::Failed(format!("{at} is not empty"))),
                    settled => settled,
                },
            },
        }
    }
}

fn none_if_missing<R>(answer: Result<Option<R>, Trouble>) -> Result<Option<R>, Trouble> {
    match answer {
        Err(Trouble::NotFound | Trouble::NotAFolder) => Ok(None),
        answer => answer,
    }
}

/// What is at a path, links followed. The server's refusal says that nothing is.
async fn look(line: &mut Line, at: &str) -> Result<Node, FtpError> {
    if line.has_facts {
        let answer = within(line.ftp.mlst(Some(at))).await?;
        // The name may begin with a space, the facts do not.
        match facts(answer.trim_start()) {
            Some((_, node)) if node.kind != Kind::Link => return Ok(node),
            _ => {}
        }
    }
    let file =
        |size: usize| Node { kind: Kind::File, size: size as u64, modified: None, etag: None };
    let missing = match within(line.ftp.size(at)).await {
        Ok(size) => return Ok(file(size)),
        Err(error @ (FtpError::UnexpectedResponse(_) | FtpError::BadResponse)) => error,
        Err(error) => return Err(error),
    };
    match within(line.ftp.cwd(at)).await {
        Ok(()) => Ok(Node { kind: Kind::Folder, size: 0, modified: None, etag: None }),
        Err(FtpError::UnexpectedResponse(_)) => Err(missing),
        Err(error) => Err(error),
    }
}

async fn entries(line: &mut Line, at: &str) -> Result<Vec<(String, Node)>, FtpError> {
    // A file has a listing, too, on some servers; and patterns mean something to `LIST`, so it is
    // asked for the folder where it is.
    within(line.ftp.cwd(at)).await?;
    let command = if line.has_facts { "MLSD" } else { "LIST -a" };
    let started = [Status::AboutToSend, Status::AlreadyOpen];
    let (_, mut transfer) = within(line.ftp.custom_data_command(command, &started)).await?;
    let mut text = BytesMut::new();
    loop {
        match timeout(SILENCE, transfer.read_buf(&mut text)).await {
            Ok(Ok(0)) => break,
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(FtpError::ConnectionError(error)),
            Err(_) => return Err(silent()),
        }
    }
    within(transfer.finish()).await?;
    let text = String::from_utf8_lossy(&text);
    let lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let entries = lines.filter_map(if line.has_facts { facts } else { listed });
    Ok(entries.filter(|(name, _)| name != "." && name != "..").collect())
}

async fn make_folders(line: &mut Line, at: &str) -> Result<(), FtpError> {
    let mut missing = vec![at];
    while let Some(folder) = missing.last().copied() {
        let refused = match within(line.ftp.mkdir(folder)).await {
            Ok(()) => {
                missing.pop();
                continue;
            }
            Err(error @ FtpError::UnexpectedResponse(_)) => error,
            Err(error) => return Err(error),
        };
        // It exists, or the folder above does not.
        match within(line.ftp.cwd(folder)).await {
            Ok(()) => {
                missing.pop();
            }
            Err(FtpError::UnexpectedResponse(_)) => match folder.rsplit_once('/') {
                Some((above, _))
                    if !above.is_empty() && within(line.ftp.cwd(above)).await.is_err() =>
                {
                    missing.push(above);
                }
                _ => return Err(refused),
            },
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

struct Reader {
    line: Line,
    at: String,
    node: Node,
}

#[async_trait]
impl Opened for Reader {
    fn node(&self) -> &Node {
        &self.node
    }

    async fn read(self: Box<Self>, range: Range<u64>) -> Result<Pieces, Trouble> {
        let Reader { mut line, at, node } = *self;
        let offset = usize::try_from(range.start).map_err(|_| Trouble::NotFound)?;
        let opened = match within(line.ftp.resume_transfer(offset)).await {
            Ok(()) => within(line.ftp.retr_as_stream(at)).await,
            Err(error) => Err(error),
        };
        let transfer = match opened {
            Ok(transfer) => transfer,
            Err(error) => {
                return Err(line.settle::<()>(Err(error)).err().unwrap_or(Trouble::NotFound));
            }
        };
        let to_the_end = range.end == node.size;
        let download = Download { line, transfer, left: range.end - range.start, to_the_end };
        Ok(stream::try_unfold(Some(download), next_piece).boxed())
    }
}

struct Download {
    line: Line,
    transfer: Transfer,
    left: u64,
    to_the_end: bool,
}

async fn next_piece(
    download: Option<Download>,
) -> Result<Option<(Bytes, Option<Download>)>, Trouble> {
    let Some(mut download) = download else { return Ok(None) };
    let wanted = usize::try_from(download.left).unwrap_or(CHUNK).min(CHUNK);
    let mut buffer = BytesMut::with_capacity(wanted);
    let mut limited = (&mut download.transfer).take(wanted as u64);
    match in_time(limited.read_buf(&mut buffer)).await {
        Ok(0) => return Err(Trouble::Changed),
        Ok(count) => download.left -= count as u64,
        Err(error) => return Err(explain(&error)),
    }
    if download.left > 0 {
        return Ok(Some((buffer.freeze(), Some(download))));
    }
    let Download { line, mut transfer, to_the_end, .. } = download;
    // A connection in the middle of a file is of no use to others: it is closed.
    if to_the_end {
        let mut more = [0; 1];
        match in_time(transfer.read(&mut more)).await {
            Ok(0) => {}
            Ok(_) => return Err(Trouble::Changed),
            Err(error) => return Err(explain(&error)),
        }
        line.settle(within(transfer.finish()).await)?;
    }
    Ok(Some((buffer.freeze(), None)))
}

/// Reading or writing that has to move.
async fn in_time<R>(moving: impl Future<Output = std::io::Result<R>>) -> Result<R, FtpError> {
    match timeout(SILENCE, moving).await {
        Ok(done) => done.map_err(FtpError::ConnectionError),
        Err(_) => Err(silent()),
    }
}

struct Writer {
    // Dropped before the line, so that the server sees the end of the data first.
    transfer: Option<Transfer>,
    line: Line,
    at: String,
    sent: u64,
}

#[async_trait]
impl Pen for Writer {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Trouble> {
        let Some(transfer) = &mut self.transfer else {
            return Err(Trouble::Failed("the transfer has ended already".to_owned()));
        };
        for chunk in bytes.chunks(CHUNK) {
            let Err(error) = in_time(transfer.write_all(chunk)).await else {
                self.sent += chunk.len() as u64;
                continue;
            };
            // The server may have said why before it closed the connection.
            let said = match self.transfer.take() {
                Some(transfer) => within(transfer.finish()).await.err(),
                None => None,
            };
            return Err(explain(&said.unwrap_or(error)));
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<(), Trouble> {
        if let Some(transfer) = self.transfer.take() {
            let done = within(transfer.finish()).await;
            done.map_err(|error| explain(&error))?;
        }
        let Writer { mut line, at, sent, .. } = *self;
        let size = within(line.ftp.size(at)).await;
        match size {
            Ok(size) if size as u64 == sent => {
                line.keep();
                Ok(())
            }
            Ok(size) => Err(Trouble::Unreachable(format!("{size} of {sent} bytes arrived"))),
            // Not every server tells sizes.
            Err(FtpError::UnexpectedResponse(_) | FtpError::BadResponse) => {
                line.keep();
                Ok(())
            }
            Err(error) => Err(explain(&error)),
        }
    }
}
