//! TLS for connections to an FTP server, over which every command is sent in full.
//!
//! The FTP library writes a command and then reads the answer, without a flush in between. If the
//! socket takes nothing in that moment, the encrypted command waits in memory, reading does not
//! send it, and both sides wait for each other. (A socket takes nothing, too, when its task has
//! used up its turn.) So whoever reads sends what is left as well.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls_pki_types::ServerName;
use suppaftp::tokio::{AsyncTlsConnector, TokioTlsStream};
use suppaftp::{FtpError, FtpResult};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;

/// Opens TLS on the connections of one line.
#[derive(Debug)]
pub(super) struct Connector(pub Arc<ClientConfig>);

#[async_trait::async_trait]
impl AsyncTlsConnector for Connector {
    type Stream = Stream;

    async fn connect(&self, host: &str, socket: TcpStream) -> FtpResult<Stream> {
        let insecure = |error: &dyn std::fmt::Display| FtpError::SecureError(error.to_string());
        let host = ServerName::try_from(host.to_owned()).map_err(|error| insecure(&error))?;
        let stream = TlsConnector::from(self.0.clone()).connect(host, socket).await;
        Ok(Stream(stream.map_err(|error| insecure(&error))?))
    }
}

/// A connection with TLS.
#[derive(Debug)]
pub(super) struct Stream(TlsStream<TcpStream>);

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.0.get_ref().1.wants_write()
            && let Poll::Ready(Err(error)) = Pin::new(&mut self.0).poll_flush(cx)
        {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl TokioTlsStream for Stream {
    type InnerStream = TlsStream<TcpStream>;

    fn tcp_stream(self) -> FtpResult<TcpStream> {
        Ok(self.0.into_inner().0)
    }

    fn get_ref(&self) -> &TcpStream {
        self.0.get_ref().0
    }

    fn mut_ref(&mut self) -> &mut Self::InnerStream {
        &mut self.0
    }
}
