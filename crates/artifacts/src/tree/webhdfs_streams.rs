//! The bytes of files on their way from and to Hadoop's HTTP interface.

use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Body, Url};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::SILENCE;
use super::trouble::Trouble;
use super::webhdfs_requests::{Gateway, accepted, silent, unreachable};

/// How many pieces of an upload may wait for the network.
const WAITING: usize = 2;

type Piece = reqwest::Result<Bytes>;

/// A body that must have this length, and not fall silent.
pub(super) fn exactly(
    length: u64,
    body: impl Stream<Item = Piece> + Send + 'static,
) -> impl Stream<Item = Result<Bytes, Trouble>> + Send + 'static {
    stream::try_unfold((Box::pin(body), length), |(mut body, left)| async move {
        match timeout(SILENCE, body.next()).await {
            Err(_) => Err(silent()),
            Ok(Some(Err(error))) => Err(unreachable(error)),
            Ok(None) if left == 0 => Ok(None),
            Ok(None) => Err(Trouble::Unreachable(format!("{left} bytes of a file are missing"))),
            Ok(Some(Ok(bytes))) => match left.checked_sub(bytes.len() as u64) {
                Some(left) => Ok(Some((bytes, (body, left)))),
                None => Err(Trouble::Changed),
            },
        }
    })
}

/// A new file, sent by a task of its own.
pub(super) struct Writer {
    gateway: Arc<Gateway>,
    at: String,
    pieces: Option<mpsc::Sender<Bytes>>,
    sending: JoinHandle<Result<(), Trouble>>,
    sent: u64,
}

impl Writer {
    pub(super) async fn begin(gateway: Arc<Gateway>, at: String) -> Result<Writer, Trouble> {
        let target = gateway.create(&at).await?;
        let (pieces, waiting) = mpsc::channel(WAITING);
        let sending = tokio::spawn(send(gateway.clone(), target, waiting));
        Ok(Writer { gateway, at, pieces: Some(pieces), sending, sent: 0 })
    }

    pub(super) async fn send(&mut self, bytes: Bytes) -> Result<(), Trouble> {
        let (length, Some(pieces)) = (bytes.len() as u64, &self.pieces) else {
            return Err(Trouble::Failed("the upload has ended already".to_owned()));
        };
        if length == 0 {
            return Ok(());
        }
        match timeout(SILENCE, pieces.send(bytes)).await {
            Err(_) => Err(silent()),
            Ok(Ok(())) => {
                self.sent += length;
                Ok(())
            }
            // It has ended before its end: the cluster has said why.
            Ok(Err(_)) => {
                self.outcome().await?;
                Err(Trouble::Failed("the cluster took a file before its end".to_owned()))
            }
        }
    }

    /// Returns when the cluster has everything.
    pub(super) async fn end(mut self) -> Result<(), Trouble> {
        self.outcome().await?;
        match self.gateway.look(&self.at).await? {
            Some(node) if node.size == self.sent => Ok(()),
            found => {
                let size = found.map_or(0, |node| node.size);
                Err(Trouble::Unreachable(format!("{size} of {} bytes arrived", self.sent)))
            }
        }
    }

    async fn outcome(&mut self) -> Result<(), Trouble> {
        self.pieces = None;
        match timeout(SILENCE, &mut self.sending).await {
            Err(_) => Err(silent()),
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Err(Trouble::Failed(error.to_string())),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.sending.abort();
    }
}

async fn send(
    gateway: Arc<Gateway>,
    target: Url,
    waiting: mpsc::Receiver<Bytes>,
) -> Result<(), Trouble> {
    let pieces = stream::unfold(waiting, |mut waiting| async move {
        let bytes = waiting.recv().await?;
        Some((Ok::<_, std::io::Error>(bytes), waiting))
    });
    let request = gateway.client.put(target).body(Body::wrap_stream(pieces));
    // HttpFS wants to be told that there are bytes.
    let request = request.header(CONTENT_TYPE, "application/octet-stream");
    let answer = request.send().await.map_err(unreachable)?;
    accepted(answer).await.map(|_| ())
}
