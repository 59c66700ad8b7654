//! Connections to an FTP server: each carries one command or transfer at a time, so there is a
//! small pool of them for every server.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use oxflow_model::error::ErrorCode;
use suppaftp::tokio::{ImplAsyncFtpStream, TransferStream};
use suppaftp::types::FileType;
use suppaftp::{FtpError, Mode, Status};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::version::TLS12;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::address::Address;
use super::ftp_tls::{Connector, Stream};
use super::trouble::Trouble;
use super::upload::Busy;
use super::{CONNECT, LOGIN, SILENCE};

/// How many connections a server gets at most: many allow a user no more than ten.
const LINES: usize = 8;
/// Servers hang up on users who are idle, some after a minute.
const IDLE: Duration = Duration::from_secs(30);
/// How long a request waits for a connection while others transfer.
const QUEUE: Duration = Duration::from_secs(120);

/// A transfer in progress.
pub(super) type Transfer = TransferStream<Stream>;

type Connection = ImplAsyncFtpStream<Stream>;

/// A server, and the connections to it.
pub(super) struct Server {
    address: Address,
    secure: bool,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
    tls: OnceLock<ClientConfig>,
    /// The uploads in progress.
    pub busy: Busy,
}

struct Idle {
    ftp: Connection,
    has_facts: bool,
    since: Instant,
}

/// A connection in use. It is closed when it is dropped, and kept when it is settled.
pub(super) struct Line {
    pub ftp: Connection,
    /// The server knows `MLSD` and `MLST`.
    pub has_facts: bool,
    server: Arc<Server>,
    _permit: OwnedSemaphorePermit,
}

impl Server {
    /// A server that is asked for TLS if `secure`, and not to be talked to without.
    pub(super) fn new(address: Address, secure: bool) -> Server {
        Server {
            address,
            secure,
            permits: Arc::new(Semaphore::new(LINES)),
            idle: Mutex::default(),
            tls: OnceLock::new(),
            busy: Busy::default(),
        }
    }

    /// A connection that is logged in.
    pub(super) async fn line(self: &Arc<Server>) -> Result<Line, Trouble> {
        let permit = match timeout(QUEUE, self.permits.clone().acquire_owned()).await {
            Ok(Ok(permit)) => permit,
            _ => return Err(self.unreachable(&"all connections are in use for minutes")),
        };
        while let Some(idle) = self.pop() {
            let Idle { mut ftp, has_facts, since } = idle;
            // The server may have hung up meanwhile.
            if since.elapsed() < IDLE && matches!(timeout(CONNECT, ftp.noop()).await, Ok(Ok(()))) {
                return Ok(Line { ftp, has_facts, server: self.clone(), _permit: permit });
            }
        }
        let (ftp, has_facts) = match timeout(LOGIN, self.connect()).await {
            Ok(connected) => connected?,
            Err(_) => return Err(self.unreachable(&"logging in takes too long")),
        };
        Ok(Line { ftp, has_facts, server: self.clone(), _permit: permit })
    }

    fn pop(&self) -> Option<Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    async fn connect(&self) -> Result<(Connection, bool), Trouble> {
        let host = match self.address.host.as_str() {
            "" => "localhost",
            host => host,
        };
        let port = self.address.port.unwrap_or(21);
        let socket = match timeout(CONNECT, TcpStream::connect((host, port))).await {
            Ok(Ok(socket)) => socket,
            Ok(Err(error)) => return Err(self.unreachable(&error)),
            Err(_) => return Err(self.unreachable(&"it does not accept the connection")),
        };
        let _ = socket.set_nodelay(true);
        let ftp = Connection::connect_with_stream(socket).await;
        let mut ftp = ftp.map_err(|error| self.unreachable(&error))?;
        if self.secure {
            let secured = ftp.into_secure(Connector(self.tls()?), host).await;
            ftp = secured.map_err(|error| self.insecure(&error))?;
        }
        self.log_in(&mut ftp).await?;
        let fail = |error: FtpError| self.unreachable(&error);
        ftp.transfer_type(FileType::Binary).await.map_err(fail)?;
        let features = ftp.feat().await.unwrap_or_default();
        let has = |name: &str| features.keys().any(|known| known.eq_ignore_ascii_case(name));
        // The host of a data connection is never taken from the server's words: it could name
        // any other.
        if has("EPSV") {
            ftp.set_mode(Mode::ExtendedPassive);
        } else {
            ftp.set_mode(Mode::Passive);
            ftp.set_passive_nat_workaround(true);
        }
        if has("UTF8") {
            // Servers that always use it may refuse.
            let _ = ftp.opts("UTF8", Some("ON")).await;
        }
        Ok((ftp, has("MLST")))
    }

    async fn log_in(&self, ftp: &mut Connection) -> Result<(), Trouble> {
        let user = self.address.user.as_deref().unwrap_or("anonymous");
        let password = self.address.password.as_deref().unwrap_or_default();
        match ftp.login(user, password).await {
            Ok(()) => Ok(()),
            Err(FtpError::UnexpectedResponse(answer)) if answer.status == Status::NotAvailable => {
                Err(self.unreachable(&answer))
            }
            Err(FtpError::UnexpectedResponse(answer)) => Err(Trouble::Refused(
                ErrorCode::Unauthenticated,
                "the artifact storage does not accept the user and password in the location, or \
                 wants TLS (ftps:// instead of ftp://). Check them in the settings of the server",
                format!("{:?}: {answer}", self.address),
            )),
            Err(error) => Err(self.unreachable(&error)),
        }
    }

    /// Servers want a data connection to resume the session of the commands that it belongs to, so
    /// each line has sessions of its own. It is TLS 1.2, because sessions of 1.3 resume only once.
    fn tls(&self) -> Result<Arc<ClientConfig>, Trouble> {
        let mut config = match self.tls.get() {
            Some(config) => config.clone(),
            None => {
                let config = tls_config()?;
                self.tls.get_or_init(|| config).clone()
            }
        };
        config.resumption = Resumption::in_memory_sessions(1);
        Ok(Arc::new(config))
    }

    fn unreachable(&self, why: &dyn std::fmt::Display) -> Trouble {
        Trouble::Unreachable(format!("{:?}: {why}", self.address))
    }

    fn insecure(&self, error: &FtpError) -> Trouble {
        Trouble::Refused(
            ErrorCode::InternalError,
            "the artifact storage offers no TLS, or has a certificate that the server does not \
             believe. Add it to the machine's certificates, or name a file of certificates with \
             SSL_CERT_FILE; the log says more",
            format!("{:?}: {error}", self.address),
        )
    }
}

fn tls_config() -> Result<ClientConfig, Trouble> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS12])
        .map_err(|error| Trouble::Failed(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ftp({:?})", self.address)
    }
}

impl Line {
    /// Keeps the connection for the next user.
    pub(super) fn keep(self) {
        let idle = Idle { ftp: self.ftp, has_facts: self.has_facts, since: Instant::now() };
        self.server.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
    }

    /// Keeps the connection if the server answered, whatever that was.
    pub(super) fn settle<R>(self, answer: Result<R, FtpError>) -> Result<R, Trouble> {
        let trouble = match answer {
            Ok(answer) => {
                self.keep();
                return Ok(answer);
            }
            Err(error) => explain(&error),
        };
        if !matches!(trouble, Trouble::Unreachable(_)) {
            self.keep();
        }
        Err(trouble)
    }
}

/// An answer, if it comes in time.
pub(super) async fn within<R>(
    answer: impl Future<Output = Result<R, FtpError>>,
) -> Result<R, FtpError> {
    timeout(SILENCE, answer).await.unwrap_or_else(|_| Err(silent()))
}

pub(super) fn silent() -> FtpError {
    FtpError::ConnectionError(std::io::Error::from(std::io::ErrorKind::TimedOut))
}

/// What an answer means. Servers have one code for much, so their words have to help.
pub(super) fn explain(error: &FtpError) -> Trouble {
    let text = error.to_string();
    let FtpError::UnexpectedResponse(answer) = error else { return Trouble::Unreachable(text) };
    let words = String::from_utf8_lossy(&answer.body).to_ascii_lowercase();
    let says = |some: &[&str]| some.iter().any(|word| words.contains(word));
    match answer.status {
        Status::RequestedActionNotTaken | Status::ExceededStorage => Trouble::Full(text),
        _ if says(&["no space", "quota", "disk full"]) => Trouble::Full(text),
        Status::NotAvailable
        | Status::CannotOpenDataConnection
        | Status::TransferAborted
        | Status::HostUnavailable => Trouble::Unreachable(text),
        Status::FileUnavailable | Status::RequestFileActionIgnored | Status::BadFilename
            if says(&["denied", "not permitted", "not allowed", "forbidden", "read-only"]) =>
        {
            Trouble::Denied(text)
        }
        Status::FileUnavailable if says(&["not a directory"]) => Trouble::NotAFolder,
        Status::FileUnavailable => Trouble::NotFound,
        _ => Trouble::Failed(text),
    }
}
