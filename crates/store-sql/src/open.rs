//! Opening a store: look first, change only what is ours to change.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use oxflow_model::{Error, Millis, Result};

use crate::SqlStore;
use crate::args;
use crate::database::Database;
use crate::dialect::{Dialect, Sqlite};
use crate::driver::sqlite::{Access, SqliteConnection, path_of};
use crate::error::{DbError, DbErrorKind};
use crate::schema::{self, Found};
use crate::session::{Connection, Session};
use crate::statements::Statements;
use crate::workspace;
use crate::{open_mssql, open_mysql, open_postgres};

/// What a store needs to know to open.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The database, in SQLAlchemy's spelling.
    pub uri: String,
    /// What relative files are relative to.
    pub cwd: std::path::PathBuf,
    /// Root of artifact locations, for the default experiment of a new database.
    pub artifact_root: String,
    /// How many connections read.
    pub readers: usize,
    /// The time, for the default experiment of a new database.
    pub now: Millis,
}

impl SqlStore {
    /// Opens the store, creating the schema in an empty database. Fails, with nothing changed, when
    /// the database is not MLflow's, has another revision, cannot be reached or written.
    pub fn open(options: &OpenOptions) -> Result<SqlStore> {
        let scheme = options.uri.split(['+', ':']).next().unwrap_or("");
        match scheme {
            "sqlite" => open_sqlite(options),
            "postgresql" | "postgres" => open_postgres::open(options),
            "mysql" => open_mysql::open(options),
            "mssql" => open_mssql::open(options),
            _ => Err(Error::invalid(format!(
                "Invalid database engine: '{scheme}'. Supported database engines are postgresql, \
                 mysql, sqlite, mssql"
            ))),
        }
    }
}

impl SqlStore {
    /// Opens a database to read what it keeps, without changing a byte of it; calls that write
    /// fail.
    pub fn open_to_read(options: &OpenOptions) -> Result<SqlStore> {
        match options.uri.split(['+', ':']).next().unwrap_or("") {
            "sqlite" => open_sqlite_to_read(options),
            "postgresql" | "postgres" => open_postgres::open_to_read(options),
            "mysql" => open_mysql::open_to_read(options),
            "mssql" => open_mssql::open_to_read(options),
            // Refused.
            _ => SqlStore::open(options),
        }
    }

    /// A store on a database that is ready.
    pub(crate) fn on(database: Database, dialect: Arc<dyn Dialect>) -> SqlStore {
        let sql = Arc::new(Statements::new(dialect.as_ref()));
        SqlStore { database, sql, dialect, queued: tokio::sync::Notify::new() }
    }

    /// Adds our own indexes to a database that MLflow made. That takes seconds where there are
    /// hundreds of thousands of runs, so it is done one index at a time while the server works;
    /// until then some searches are slower.
    pub async fn add_missing_indexes(&self) -> Result<()> {
        let dialect = self.dialect.clone();
        let missing: Vec<(String, String)> = self
            .database
            .read(move |session| {
                let present: BTreeSet<String> = session
                    .rows(dialect.index_names(), &[], |row| row.text_or_empty(0))?
                    .into_iter()
                    .collect();
                let wanted = schema::statements(dialect.own_indexes());
                Ok(wanted.into_iter().filter(|(name, _)| !present.contains(name)).collect())
            })
            .await?;
        for (name, sql) in missing {
            let sql = self.dialect.create_index(&sql);
            tracing::info!(index = name, "adding an index for faster searches");
            self.database.write(move |session| Ok(session.execute(&sql, &[]).map(drop)?)).await?;
        }
        Ok(())
    }
}

/// How long a database that cannot be reached is asked again at the start; it may be starting too.
const KNOCKING: Duration = Duration::from_secs(5);
/// How long between two knocks.
const BETWEEN_KNOCKS: Duration = Duration::from_millis(500);

/// Connects to a database server, again for a while if it cannot be reached.
pub(crate) fn knock(mut connect: impl FnMut() -> Result<(), DbError>) -> Result<(), DbError> {
    let until = Instant::now() + KNOCKING;
    let mut is_first = true;
    loop {
        match connect() {
            Err(error) if error.kind == DbErrorKind::Unavailable && Instant::now() < until => {
                if std::mem::take(&mut is_first) {
                    tracing::warn!(%error, "waiting for the database");
                }
                std::thread::sleep(BETWEEN_KNOCKS);
            }
            result => return result,
        }
    }
}

fn open_sqlite(options: &OpenOptions) -> Result<SqlStore> {
    let path = path_of(&options.uri, &options.cwd)?;
    let explain = |error: DbError| explain_sqlite(&path, &error);
    let existed = looks_like_sqlite(&path)?;
    let ready = if existed {
        let found = inspect(&path).map_err(explain)?;
        let ready = schema::check(&found, &options.uri, schema::Upgrade::ByUs)?;
        if ready {
            let mut look = SqliteConnection::open(&path, Access::Inspect).map_err(explain)?;
            workspace::refuse_others(&mut look).map_err(explain)??;
        }
        ready
    } else {
        create_folder(&path)?;
        false
    };
    let new = !path.exists();
    let writer = open_writer(&path, ready, options).inspect_err(|_| {
        if new {
            remove_new(&path);
        }
    });
    let writer = writer.map_err(explain)?;
    let mut readers: Vec<Box<dyn Connection + Send>> = Vec::new();
    for _ in 0..options.readers.max(1) {
        let reader = SqliteConnection::open(&path, Access::Read).map_err(explain)?;
        readers.push(Box::new(reader));
    }
    Ok(SqlStore::on(Database::start(vec![Box::new(writer)], readers)?, Arc::new(Sqlite)))
}

fn open_sqlite_to_read(options: &OpenOptions) -> Result<SqlStore> {
    let path = path_of(&options.uri, &options.cwd)?;
    let explain = |error: DbError| explain_sqlite(&path, &error);
    let ready = || {
        let found = inspect(&path).map_err(explain)?;
        schema::check(&found, &options.uri, schema::Upgrade::ByUs)
    };
    if !looks_like_sqlite(&path)? || !ready()? {
        return Err(Error::invalid(format!("There is no database in {}.", path.display())));
    }
    let mut readers: Vec<Box<dyn Connection + Send>> = Vec::new();
    for _ in 0..options.readers.max(1) {
        let mut reader = SqliteConnection::open(&path, Access::Inspect).map_err(explain)?;
        workspace::refuse_others(&mut reader).map_err(explain)??;
        readers.push(Box::new(reader));
    }
    Ok(SqlStore::on(Database::start(Vec::new(), readers)?, Arc::new(Sqlite)))
}

/// Whether a database file is there. An empty file counts as none, like one that is missing.
pub(crate) fn looks_like_sqlite(path: &Path) -> Result<bool> {
    let shown = path.display();
    let mut head = Vec::new();
    match File::open(path) {
        Ok(file) => {
            file.take(16).read_to_end(&mut head).map_err(|error| {
                Error::invalid(format!("Cannot read the database file {shown}: {error}."))
            })?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => {
            return Err(Error::invalid(format!(
                "Cannot open the database file {shown}: {error}. Check the path and its \
                 permissions."
            )));
        }
    }
    match head.as_slice() {
        [] => Ok(false),
        b"SQLite format 3\0" => Ok(true),
        _ => Err(Error::invalid(format!(
            "{shown} is not a SQLite database. Nothing was changed. Name another file."
        ))),
    }
}

/// Looks at a database without changing a byte of it.
pub(crate) fn inspect(path: &Path) -> Result<Found, DbError> {
    let mut connection = SqliteConnection::open(path, Access::Inspect)?;
    let session: &mut dyn Session = &mut connection;
    let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' \
                 ESCAPE '\\'";
    let tables: BTreeSet<String> =
        session.rows(names, &[], |row| row.text_or_empty(0))?.into_iter().collect();
    let revision = if tables.contains("alembic_version") {
        session.row("SELECT version_num FROM alembic_version", &[], |row| row.text_or_empty(0))?
    } else {
        None
    };
    Ok(Found::from_tables(&tables, revision))
}

pub(crate) fn create_folder(path: &Path) -> Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|error| {
        Error::invalid(format!("Cannot create the folder {}: {error}.", folder.display()))
    })
}

fn open_writer(
    path: &Path,
    ready: bool,
    options: &OpenOptions,
) -> Result<SqliteConnection, DbError> {
    let mut connection = SqliteConnection::open(path, Access::Write)?;
    connection.begin()?;
    let prepared = prepare(&mut connection, ready, options);
    match prepared.and_then(|()| connection.commit()) {
        Ok(()) => Ok(connection),
        Err(error) => {
            connection.rollback();
            Err(error)
        }
    }
}

/// Creates the schema with our own indexes if it is not there, our own tables, and the default
/// experiment, without which stock clients do not start.
fn prepare(
    connection: &mut SqliteConnection,
    ready: bool,
    options: &OpenOptions,
) -> Result<(), DbError> {
    if !ready {
        connection.script(schema::SQLITE)?;
        connection.script(schema::SQLITE_EXTRA)?;
    }
    connection.script(schema::SQLITE_TABLES)?;
    add_default_experiment(connection, &Sqlite, options)
}

/// Adds the default experiment, if it is missing.
pub(crate) fn add_default_experiment(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    options: &OpenOptions,
) -> Result<(), DbError> {
    let count =
        session.row("SELECT count(*) FROM experiments WHERE experiment_id = 0", &[], |r| {
            r.must_int(0)
        })?;
    if count == Some(0) {
        let location = format!("{}/0", options.artifact_root.trim_end_matches('/'));
        let insert = "INSERT INTO experiments (experiment_id, name, artifact_location, \
                      lifecycle_stage, creation_time, last_update_time, workspace) \
                      VALUES (0, 'Default', ?, 'active', ?, ?, 'default')";
        session.execute(
            &dialect.numbered_by_hand("experiments", &["experiment_id"], insert.to_owned()),
            args![location, options.now.0, options.now.0],
        )?;
    }
    Ok(())
}

/// Takes away what a failed creation left behind.
fn remove_new(path: &Path) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        // It may never have come into being.
        drop(std::fs::remove_file(Path::new(&name)));
    }
}

pub(crate) fn explain_sqlite(path: &Path, error: &DbError) -> Error {
    let shown = path.display();
    Error::unavailable(match error.kind {
        DbErrorKind::Contention => format!(
            "The database {shown} is locked by another program. Nothing was changed. Close the \
             other program, or wait until it is done, and start again. ({error})"
        ),
        DbErrorKind::ReadOnly | DbErrorKind::Unavailable => format!(
            "The database {shown} cannot be opened for writing. Nothing was changed. Check the \
             permissions of the file and of its folder. ({error})"
        ),
        DbErrorKind::Full => format!(
            "The disk of the database {shown} is full. Nothing was changed. Free some space and \
             start again. ({error})"
        ),
        _ => format!(
            "The database {shown} cannot be used: {error}. Nothing was changed. If the file is \
             damaged, restore a backup."
        ),
    })
}
