//! A small TDS server, for want of SQL Server, which no package brings. It speaks the protocol as far as
//! drivers need it, and lets SQLite answer the statements that Oxflow sends, in their few shapes. It
//! shows that the driver and the store around it work; it says nothing of SQL Server itself.

mod answer;
mod database;
mod request;
mod translate;
mod wire;

use std::collections::BTreeSet;
use std::io::Result;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use oxflow_store::Store;
use oxflow_store_sql::{OpenOptions, SqlStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

use crate::NOW;
use answer::Answer;
use database::Session;
use request::Request;
use wire::{Login, Stream};

/// The user's password, with all that has to be percent-encoded.
pub const PASSWORD: &str = "p@ss:w/r?d%&é";

/// A server of a test's own. A clone is the same server.
#[derive(Clone)]
pub struct TestMsSql(Arc<Owned>);

struct Owned {
    folder: TempDir,
    shared: Arc<Shared>,
    listening: Mutex<Option<JoinHandle<()>>>,
    address: Mutex<SocketAddr>,
}

/// What all connections share.
struct Shared {
    file: PathBuf,
    tls: Option<Arc<ServerConfig>>,
    faults: Mutex<Vec<Fault>>,
    statements: Mutex<BTreeSet<String>>,
    open: Mutex<Vec<TcpStream>>,
    stopping: AtomicBool,
}

/// A refusal that is to come: to the next statements with this text in them.
struct Fault {
    text: String,
    what: What,
    times: usize,
}

#[derive(Clone, Copy)]
enum What {
    /// An error of this number.
    Error(u32),
    /// The connection breaks.
    Break,
}

impl Drop for Owned {
    fn drop(&mut self) {
        stop(self);
        #[expect(clippy::disallowed_methods, reason = "the tests' own setting")]
        if let Ok(folder) = std::env::var("OXFLOW_TEST_TSQL") {
            record(&folder, &self.shared.statements.lock().unwrap());
        }
    }
}

/// Leaves the statements for another test, which reads them all with a parser of Transact-SQL.
fn record(folder: &str, statements: &BTreeSet<String>) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{}-{number}.json", std::process::id());
    std::fs::create_dir_all(folder).unwrap();
    let texts = serde_json::to_vec(statements).unwrap();
    std::fs::write(PathBuf::from(folder).join(name), texts).unwrap();
}

fn stop(owned: &Owned) {
    let Some(listening) = owned.listening.lock().unwrap().take() else { return };
    // A thread that waits for connections notices nothing else.
    owned.shared.stopping.store(true, Ordering::SeqCst);
    drop(TcpStream::connect(*owned.address.lock().unwrap()));
    listening.join().unwrap();
    for connection in owned.shared.open.lock().unwrap().drain(..) {
        // The client may have closed it.
        let _ = connection.shutdown(Shutdown::Both);
    }
}

impl TestMsSql {
    /// A server with an empty database, without encryption.
    pub fn new() -> TestMsSql {
        TestMsSql::made(None, TempDir::new().unwrap())
    }

    /// The same with TLS. The certificate, which nobody signed but itself, is `server.crt` in the
    /// folder, and for `localhost`.
    pub fn with_tls() -> TestMsSql {
        let folder = TempDir::new().unwrap();
        let status = std::process::Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
            ])
            .args(["-days", "2", "-subj", "/CN=localhost", "-keyout", "server.key"])
            .args(["-addext", "subjectAltName=DNS:localhost"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE", "-out", "server.crt"])
            .current_dir(folder.path())
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "openssl cannot make a certificate");
        let certificate = CertificateDer::from_pem_file(folder.path().join("server.crt")).unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.path().join("server.key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        TestMsSql::made(Some(Arc::new(config)), folder)
    }

    fn made(tls: Option<Arc<ServerConfig>>, folder: TempDir) -> TestMsSql {
        let shared = Arc::new(Shared {
            file: folder.path().join("responder.db"),
            tls,
            faults: Mutex::default(),
            statements: Mutex::default(),
            open: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        database::create(&shared.file);
        let address = Mutex::new(SocketAddr::from(([127, 0, 0, 1], 0)));
        let server =
            TestMsSql(Arc::new(Owned { folder, shared, listening: Mutex::new(None), address }));
        server.start();
        server
    }

    /// Takes connections, on the same port as before.
    pub fn start(&self) {
        let mut address = self.0.address.lock().unwrap();
        let listener = TcpListener::bind(*address).unwrap();
        *address = listener.local_addr().unwrap();
        let shared = self.0.shared.clone();
        shared.stopping.store(false, Ordering::SeqCst);
        let thread = std::thread::spawn(move || accept(&listener, &shared));
        *self.0.listening.lock().unwrap() = Some(thread);
    }

    /// Breaks all connections and takes no more.
    pub fn stop(&self) {
        stop(&self.0);
    }

    /// The folder of its files.
    pub fn folder(&self) -> &std::path::Path {
        self.0.folder.path()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.0.address.lock().unwrap().port()
    }

    /// The URI of its user.
    pub fn uri(&self) -> String {
        format!(
            "mssql+pyodbc://ann:p%40ss%3Aw%2Fr%3Fd%25%26%C3%A9@127.0.0.1:{}/mlflow?\
             driver=ODBC+Driver+17+for+SQL+Server",
            self.port()
        )
    }

    /// How to open it.
    pub fn options_as(&self, uri: &str) -> OpenOptions {
        OpenOptions {
            uri: uri.to_owned(),
            cwd: std::env::temp_dir(),
            artifact_root: "mlflow-artifacts:/".to_owned(),
            readers: 2,
            now: NOW,
        }
    }

    /// Opens the store, or says why that cannot be.
    pub fn try_open(&self) -> oxflow_model::Result<SqlStore> {
        SqlStore::open(&self.options_as(&self.uri()))
    }

    /// Opens the store.
    pub fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.try_open().unwrap())
    }

    /// The next `times` statements with this text in them are answered with this error.
    pub fn refuse(&self, text: &str, number: u32, times: usize) {
        let text = text.to_owned();
        self.faults().push(Fault { text, what: What::Error(number), times });
    }

    /// The connection breaks at the next statement with this text in it.
    pub fn break_at(&self, text: &str) {
        let text = text.to_owned();
        self.faults().push(Fault { text, what: What::Break, times: 1 });
    }

    fn faults(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.0.shared.faults.lock().unwrap()
    }

    /// Whether all that was to go wrong has.
    pub fn is_calm(&self) -> bool {
        self.faults().iter().all(|fault| fault.times == 0)
    }

    /// All statements that were asked, each once.
    pub fn statements(&self) -> BTreeSet<String> {
        self.0.shared.statements.lock().unwrap().clone()
    }

    /// Runs SQLite's SQL past the protocol; gives the rows, columns separated by `|`.
    #[track_caller]
    pub fn sql(&self, sql: &str) -> Vec<String> {
        database::rows(&self.0.shared.file, sql)
    }
}

impl Default for TestMsSql {
    fn default() -> Self {
        TestMsSql::new()
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for tcp in listener.incoming() {
        let Ok(tcp) = tcp else { return };
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let (Ok(copy), Ok(end)) = (tcp.try_clone(), tcp.try_clone()) else { return };
        shared.open.lock().unwrap().push(copy);
        let shared = shared.clone();
        std::thread::spawn(move || {
            // How a client goes is its own affair.
            let _ = converse(tcp, &shared);
            // There are copies of it.
            let _ = end.shutdown(Shutdown::Both);
        });
    }
}

fn converse(tcp: TcpStream, shared: &Shared) -> Result<()> {
    tcp.set_nodelay(true)?;
    let mut stream = wire::begin(tcp, shared.tls.as_ref())?;
    if !let_in(stream.as_mut())? {
        return Ok(());
    }
    let mut session = Session::open(&shared.file);
    while let Some((kind, message)) = wire::read_message(stream.as_mut())? {
        let request = match kind {
            wire::BATCH => Request::batch(&message),
            wire::RPC => Request::call(&message),
            wire::ATTENTION => {
                let mut answer = Answer::default();
                answer.attention();
                wire::write_message(stream.as_mut(), wire::ANSWER, &answer.0)?;
                continue;
            }
            _ => None,
        };
        let answer = match &request {
            None => {
                let mut answer = Answer::default();
                session.refuse(
                    &(2812, "Could not find stored procedure.".to_owned()),
                    true,
                    &mut answer,
                );
                answer
            }
            Some(request) => {
                shared.statements.lock().unwrap().insert(request.sql.clone());
                match fault(shared, &request.sql) {
                    Some(What::Break) => return Ok(()),
                    Some(What::Error(number)) => {
                        let mut answer = Answer::default();
                        let why = format!("This is error {number}.");
                        session.refuse(&(number, why), request.is_call, &mut answer);
                        answer
                    }
                    None => session.answer(request),
                }
            }
        };
        wire::write_message(stream.as_mut(), wire::ANSWER, &answer.0)?;
    }
    Ok(())
}

/// What is to go wrong at this statement.
fn fault(shared: &Shared, sql: &str) -> Option<What> {
    let mut faults = shared.faults.lock().unwrap();
    let fault = faults.iter_mut().find(|fault| fault.times > 0 && sql.contains(&fault.text))?;
    fault.times -= 1;
    Some(fault.what)
}

/// Whether the user, the password and the database are right.
fn let_in(stream: &mut dyn Stream) -> Result<bool> {
    let Some((wire::LOGIN, message)) = wire::read_message(stream)? else { return Ok(false) };
    let mut answer = Answer::default();
    let login = Login::read(&message);
    let refusal = match &login {
        Some(login) if login.user != "ann" || login.password != PASSWORD => {
            Some((18456, format!("Login failed for user '{}'.", login.user)))
        }
        Some(login) if !["", "mlflow", "master"].contains(&login.database.as_str()) => {
            let name = &login.database;
            Some((4060, format!("Cannot open database \"{name}\" requested by the login.")))
        }
        Some(login) => {
            answer.login(login.version, &login.database);
            None
        }
        None => Some((17832, "The login packet is structurally invalid.".to_owned())),
    };
    if let Some((number, message)) = &refusal {
        answer.error(*number, message);
        answer.failed(false);
    }
    wire::write_message(stream, wire::ANSWER, &answer.0)?;
    Ok(refusal.is_none())
}
