//! PostgreSQL for tests: a real server in a temporary folder, and a database of its own per test.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use oxflow_model::Result;
use oxflow_store::Store;
use oxflow_store_sql::{OpenOptions, SqlStore};

use crate::NOW;
use crate::pool::Turn;

/// A database with MLflow's tables, which the others are copies of.
const TEMPLATE: &str = "oxflow_template";

/// Deletes all rows but those that a new database has too, if there are any tables.
const CLEAR: &str = "
    DO $$
    DECLARE one text;
    BEGIN
        SET LOCAL session_replication_role = replica;
        FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
                   AND tablename NOT IN ('alembic_version', 'workspaces')
        LOOP EXECUTE format('DELETE FROM %I', one); END LOOP;
        IF to_regclass('workspaces') IS NOT NULL THEN
            DELETE FROM workspaces WHERE name <> 'default';
        END IF;
        FOR one IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'
        LOOP EXECUTE format('ALTER SEQUENCE %I RESTART', one); END LOOP;
    END $$";

/// A database server that lives as long as this value.
#[derive(Debug)]
pub struct DatabaseServer {
    /// The URI of its administrator.
    pub uri: String,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    // Ends by itself when its input does.
    _script: Child,
}

impl DatabaseServer {
    /// Starts a server: `postgres`, `mariadb` or `mysql`.
    pub fn start(kind: &str) -> DatabaseServer {
        let script =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/database-server.sh");
        let mut script = Command::new(script)
            .arg(kind)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pipes = (script.stdin.take().unwrap(), BufReader::new(script.stdout.take().unwrap()));
        let server =
            DatabaseServer { uri: String::new(), pipes: Mutex::new(pipes), _script: script };
        let uri = server.answer();
        assert!(uri.contains("://"), "the {kind} server did not start: {uri}");
        DatabaseServer { uri, ..server }
    }

    /// Says `stop`, `start` or `restart`, and waits until that is done.
    pub fn tell(&self, order: &str) {
        writeln!(self.pipes.lock().unwrap().0, "{order}").unwrap();
        assert_eq!(self.answer(), "done", "{order}");
    }

    fn answer(&self) -> String {
        let mut line = String::new();
        self.pipes.lock().unwrap().1.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

/// The administrator's URI of the server that all tests of this process share. Where each test is a
/// process, a server that is there already may be named, which saves a second per test.
fn shared() -> &'static str {
    static SERVER: OnceLock<(String, Option<DatabaseServer>)> = OnceLock::new();
    let (uri, _) = SERVER.get_or_init(|| {
        #[expect(clippy::disallowed_methods, reason = "the tests' own setting")]
        match std::env::var("OXFLOW_TEST_POSTGRES") {
            Ok(uri) => (uri, None),
            Err(_) => {
                let server = DatabaseServer::start("postgres");
                (server.uri.clone(), Some(server))
            }
        }
    });
    uri
}

/// A PostgreSQL database of its own, which goes away with this value. A clone is the same database.
#[derive(Clone, Debug)]
pub struct TestPostgres(Arc<Owned>);

#[derive(Debug)]
struct Owned {
    admin: String,
    name: String,
    /// Others take it after us; without, it is ours alone and goes with this value.
    turn: Option<Turn>,
}

impl Drop for Owned {
    fn drop(&mut self) {
        if self.turn.is_some() {
            return;
        }
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // The server may be gone already, and the database with it.
        let _ = psql(&self.admin, &drop);
    }
}

impl TestPostgres {
    /// An empty database on the shared server.
    pub fn empty() -> TestPostgres {
        TestPostgres::on(shared(), "template0")
    }

    /// A database with MLflow's tables, and nothing in them, on the shared server. Others use it
    /// after this value is gone: tests that change more than rows want [`TestPostgres::of_its_own`].
    pub fn new() -> TestPostgres {
        let turn = Turn::take("postgres");
        let name = format!("turn_{}", turn.number);
        let exists = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
        if psql(shared(), &exists).unwrap().is_empty() {
            psql(shared(), &format!("CREATE DATABASE {name}")).unwrap();
        }
        let admin = shared().to_owned();
        let database = TestPostgres(Arc::new(Owned { admin, name, turn: Some(turn) }));
        database.sql(CLEAR);
        database
    }

    /// A database of its own with MLflow's tables on the shared server.
    pub fn of_its_own() -> TestPostgres {
        static READY: OnceLock<()> = OnceLock::new();
        READY.get_or_init(make_template);
        TestPostgres::on(shared(), TEMPLATE)
    }

    /// An empty database on a server of the test's own.
    pub fn on_server(server: &DatabaseServer) -> TestPostgres {
        TestPostgres::on(&server.uri, "template0")
    }

    fn on(admin: &str, template: &str) -> TestPostgres {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        // Copying files takes a fifth of the time of the usual way, through the log.
        let create = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
        psql(admin, &create).unwrap();
        TestPostgres(Arc::new(Owned { admin: admin.to_owned(), name, turn: None }))
    }

    /// The name of the database.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The URI of the administrator in this database.
    pub fn uri(&self) -> String {
        let (server, _) = self.0.admin.rsplit_once('/').unwrap();
        format!("{server}/{}?sslmode=disable", self.0.name)
    }

    /// How to open it.
    pub fn options(&self) -> OpenOptions {
        self.options_as(&self.uri())
    }

    /// How to open it by another URI.
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
    pub fn try_open(&self) -> Result<SqlStore> {
        SqlStore::open(&self.options())
    }

    /// Opens the store.
    pub fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.try_open().unwrap())
    }

    /// Runs SQL past the store; gives the rows, columns separated by `|`.
    #[track_caller]
    pub fn sql(&self, sql: &str) -> Vec<String> {
        psql(&self.uri(), sql).unwrap()
    }
}

impl Default for TestPostgres {
    fn default() -> Self {
        TestPostgres::new()
    }
}

/// Makes the template, unless another process was faster.
fn make_template() {
    let exists = format!("SELECT 1 FROM pg_database WHERE datname = '{TEMPLATE}'");
    if !psql(shared(), &exists).unwrap().is_empty() {
        return;
    }
    let first = TestPostgres::empty();
    drop(first.try_open().unwrap());
    // The store's connections are gone before the name changes, or the attempt fails and is
    // repeated.
    for _ in 0..100 {
        let renamed =
            psql(shared(), &format!("ALTER DATABASE {} RENAME TO {TEMPLATE}", first.name()));
        if renamed.is_ok() || !psql(shared(), &exists).unwrap().is_empty() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    unreachable!("the template could not be made");
}

fn psql(uri: &str, sql: &str) -> Result<Vec<String>, String> {
    let done = Command::new("psql")
        .args([uri, "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("psql: {error}; `make databases` installs it"))?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&done.stdout).lines().map(str::to_owned).collect())
}
