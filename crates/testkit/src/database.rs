//! Databases that live as long as a test.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxflow_model::Result;
use oxflow_store::Store;
use oxflow_store_sql::{OpenOptions, SqlStore};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::NOW;

/// A database of its own, in a folder that goes away with it. A clone is the same database.
#[derive(Clone, Debug)]
pub struct TestDatabase {
    folder: Arc<TempDir>,
    path: PathBuf,
}

impl TestDatabase {
    /// A SQLite database. The file comes into being when the store is opened.
    pub fn sqlite() -> TestDatabase {
        let folder = Arc::new(TempDir::new().unwrap());
        let path = folder.path().join("mlflow.db");
        TestDatabase { folder, path }
    }

    /// The folder around it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How to open it.
    pub fn options(&self) -> OpenOptions {
        OpenOptions {
            uri: format!("sqlite:///{}", self.path.display()),
            cwd: self.folder.path().to_owned(),
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

    /// A connection to the file, past the store.
    pub fn connect(&self) -> Connection {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(&self.path, flags).unwrap()
    }

    /// Every row of every table, as text: equal texts mean that nothing was changed.
    pub fn contents(&self) -> String {
        let connection = self.connect();
        // One transaction, so that all tables are of one moment.
        connection.execute_batch("BEGIN").unwrap();
        // What changed lately is told to other servers a moment after the change.
        let names = "SELECT name FROM sqlite_master WHERE type = 'table' \
                     AND name <> 'oxflow_changes' ORDER BY name";
        let mut statement = connection.prepare(names).unwrap();
        let tables = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let mut contents = String::new();
        for table in tables {
            let table = table.unwrap();
            for row in rows(&connection, &table) {
                contents.push_str(&format!("{table}: {row}\n"));
            }
        }
        contents
    }
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        other => format!("{other:?}"),
    }
}

fn rows(connection: &Connection, table: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let values: rusqlite::Result<Vec<_>> =
            (0..columns).map(|column| row.get_ref(column).map(shown)).collect();
        Ok(values?.join(" | "))
    });
    let mut rows: Vec<String> = rows.unwrap().map(|row| row.unwrap()).collect();
    rows.sort();
    rows
}
