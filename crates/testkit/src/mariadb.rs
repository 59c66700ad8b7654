//! MariaDB for tests, or MySQL (`make test-mysql`). Making MLflow's tables takes seconds there, so
//! that tests take turns with a few databases instead of making their own: each has one to itself as
//! long as its turn lasts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use mysql::prelude::Queryable as _;
use mysql::{Conn, Opts};
use oxflow_model::Result;
use oxflow_store::Store;
use oxflow_store_sql::{OpenOptions, SqlStore};

use crate::pool::Turn;
use crate::{DatabaseServer, NOW};

/// Names and texts are told apart to the last character, as in the other databases.
fn collation() -> &'static str {
    match kind() {
        "mysql" => "CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin",
        _ => "CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
    }
}

/// Which of the two it is: `mariadb` or `mysql`.
fn kind() -> &'static str {
    #[expect(clippy::disallowed_methods, reason = "the tests' own setting")]
    let mysql = std::env::var_os("OXFLOW_MYSQL").is_some();
    if mysql { "mysql" } else { "mariadb" }
}

/// The administrator's URI of the server that all tests share.
fn shared() -> &'static str {
    static SERVER: OnceLock<(String, Option<DatabaseServer>)> = OnceLock::new();
    let (uri, _) = SERVER.get_or_init(|| {
        #[expect(clippy::disallowed_methods, reason = "the tests' own setting")]
        match std::env::var("OXFLOW_TEST_MARIADB") {
            Ok(uri) => (uri, None),
            Err(_) => {
                let server = DatabaseServer::start(kind());
                (server.uri.clone(), Some(server))
            }
        }
    });
    uri
}

/// A MariaDB database that no other test uses meanwhile. A clone is the same database.
#[derive(Clone, Debug)]
pub struct TestMySql(Arc<Owned>);

#[derive(Debug)]
struct Owned {
    admin: String,
    name: String,
    link: Mutex<Conn>,
    /// Others take it after us; without, it is ours alone and goes with this value.
    turn: Option<Turn>,
}

impl Drop for Owned {
    fn drop(&mut self) {
        if self.turn.is_none()
            && let Ok(link) = self.link.get_mut()
        {
            // The server may be gone already, and the database with it.
            let _ = link.query_drop(format!("DROP DATABASE IF EXISTS {}", self.name));
        }
    }
}

impl TestMySql {
    /// An empty database on the shared server.
    pub fn empty() -> TestMySql {
        TestMySql::made_on(shared())
    }

    /// An empty database on a server of the test's own.
    pub fn on_server(server: &DatabaseServer) -> TestMySql {
        TestMySql::made_on(&server.uri)
    }

    /// A server of the test's own.
    pub fn own_server() -> DatabaseServer {
        DatabaseServer::start(kind())
    }

    fn made_on(admin: &str) -> TestMySql {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let mut link = connect(admin);
        link.query_drop(format!("CREATE DATABASE {name} {}", collation())).unwrap();
        let (admin, link) = (admin.to_owned(), Mutex::new(link));
        TestMySql(Arc::new(Owned { admin, name, link, turn: None }))
    }

    /// A database with MLflow's tables, and nothing in them, on the shared server.
    pub fn new() -> TestMySql {
        let turn = Turn::take("mariadb");
        let name = format!("turn_{}", turn.number);
        let (admin, link) = (shared().to_owned(), Mutex::new(connect(shared())));
        let database = TestMySql(Arc::new(Owned { admin, name, link, turn: Some(turn) }));
        database.clear();
        database
    }

    fn clear(&self) {
        let mut link = self.0.link.lock().unwrap();
        let create = format!("CREATE DATABASE IF NOT EXISTS {} {}", self.0.name, collation());
        link.query_drop(create).unwrap();
        let tables: Vec<String> = link
            .query(format!(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = '{}' AND \
                 table_name NOT IN ('alembic_version', 'workspaces')",
                self.0.name
            ))
            .unwrap();
        let mut script = format!("USE {}; SET foreign_key_checks = 0;", self.0.name);
        for table in &tables {
            script.push_str(&format!("DELETE FROM {table};"));
        }
        if !tables.is_empty() {
            script.push_str("DELETE FROM workspaces WHERE name <> 'default';");
            script.push_str("ALTER TABLE experiments AUTO_INCREMENT = 1;");
        }
        script.push_str("SET foreign_key_checks = 1");
        link.query_drop(script).unwrap();
    }

    /// The name of the database.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The URI of the administrator in this database.
    pub fn uri(&self) -> String {
        let (server, _) = self.0.admin.rsplit_once('/').unwrap();
        format!("{server}/{}", self.0.name)
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
        let mut link = connect(&self.uri());
        let mut rows = Vec::new();
        let mut results = link.query_iter(sql).unwrap();
        while let Some(found) = results.iter() {
            for row in found {
                let values: Vec<String> = row.unwrap().unwrap().into_iter().map(shown).collect();
                rows.push(values.join("|"));
            }
        }
        rows
    }
}

impl Default for TestMySql {
    fn default() -> Self {
        TestMySql::new()
    }
}

fn connect(uri: &str) -> Conn {
    let options = Opts::from_url(&format!("{uri}?prefer_socket=false")).unwrap();
    Conn::new(options).unwrap()
}

fn shown(value: mysql::Value) -> String {
    match value {
        mysql::Value::NULL => String::new(),
        mysql::Value::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        other => other.as_sql(true),
    }
}
