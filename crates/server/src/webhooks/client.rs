//! Sending a request to an address, and nowhere else: no proxies, no redirects, no second look-up.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::task::AbortOnDropHandle;

use super::target::Target;

/// How long one of several addresses may take to answer.
const CONNECT: Duration = Duration::from_secs(10);
/// Largest head of an answer, in bytes.
const MAX_HEAD: usize = 64 << 10;
/// How much of the body of an answer is read, in bytes.
const MAX_BODY: usize = 64 << 10;

/// What an address answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The header `Retry-After`.
    pub retry_after: Option<HeaderValue>,
    /// The beginning of the body.
    pub body: String,
}

/// Sends requests.
#[derive(Default)]
pub struct Client {
    /// Made when the first encrypted connection is: reading the roots of trust takes a while.
    tls: OnceCell<TlsConnector>,
}

impl Client {
    /// Sends a `POST`; fails with a sentence.
    pub async fn post(
        &self,
        target: &Target,
        addresses: &[SocketAddr],
        headers: HeaderMap,
        body: String,
    ) -> Result<Reply, String> {
        let request = request(target, headers, body)?;
        let stream = connect(addresses).await?;
        if !target.encrypted {
            return exchange(stream, request).await;
        }
        let name = ServerName::try_from(target.shown_host())
            .map_err(|error| format!("No certificate can be for that name: {error}"))?;
        let tls = self.tls.get_or_try_init(connector).await?;
        let stream = tls
            .connect(name, stream)
            .await
            .map_err(|error| format!("Cannot set up an encrypted connection: {error}"))?;
        exchange(stream, request).await
    }
}

fn request(
    target: &Target,
    mut headers: HeaderMap,
    body: String,
) -> Result<Request<Full<Bytes>>, String> {
    let host = HeaderValue::try_from(target.host_header());
    headers.insert(header::HOST, host.map_err(|error| format!("Bad host name: {error}"))?);
    headers.extend(target.authorization().map(|value| (header::AUTHORIZATION, value)));
    let mut request = Request::post(target.path())
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| format!("Bad address: {error}"))?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// Connects to the first address that answers.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, String> {
    let mut why = "There is no address to connect to".to_owned();
    for address in addresses {
        match tokio::time::timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => why = format!("Cannot connect to {address}: {error}"),
            Err(_) => why = format!("Cannot connect to {address}: it does not answer"),
        }
    }
    Err(why)
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Reply, String>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let broken = |error: hyper::Error| format!("The connection broke: {error}");
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_HEAD);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let _driver = AbortOnDropHandle::new(tokio::spawn(connection));
    let response = sender.send_request(request).await.map_err(broken)?;
    Ok(Reply {
        status: response.status(),
        retry_after: response.headers().get(header::RETRY_AFTER).cloned(),
        body: beginning(response).await,
    })
}

/// As much of the body as is wanted; the status counts even if the rest never comes.
async fn beginning(response: Response<Incoming>) -> String {
    let mut body = response.into_body();
    let mut read = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        if let Some(data) = frame.data_ref() {
            let room = MAX_BODY - read.len();
            read.extend_from_slice(&data[..data.len().min(room)]);
        }
        if read.len() == MAX_BODY {
            break;
        }
    }
    String::from_utf8_lossy(&read).into_owned()
}

async fn connector() -> Result<TlsConnector, String> {
    let roots = tokio::task::spawn_blocking(roots).await.map_err(|error| error.to_string())?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("Cannot set up encryption: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Whom to trust: whom the system trusts. Where the system knows nobody, as in an empty container,
/// Mozilla's list.
fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}
