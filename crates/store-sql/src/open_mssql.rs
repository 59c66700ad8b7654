//! Opening a store on SQL Server.

use std::collections::BTreeSet;
use std::sync::Arc;

use oxflow_model::{Error, Result};

use crate::database::Database;
use crate::dialect::MsSql;
use crate::driver::mssql::{MsSqlConnection, Target};
use crate::error::{DbError, DbErrorKind};
use crate::open::{OpenOptions, add_default_experiment, knock};
use crate::schema::{self, Found};
use crate::session::{Connection, Session};
use crate::{SqlStore, workspace};

/// Connections that write.
const WRITERS: usize = 4;
/// Whoever prepares a database holds this lock until the transaction ends, so that of two servers
/// that start at once one waits for the other.
const PREPARING: &str = "DECLARE @got INT; EXEC @got = sp_getapplock @Resource = N'oxflow', \
                         @LockMode = 'Exclusive', @LockOwner = 'Transaction', \
                         @LockTimeout = 120000; SELECT @got";
/// The tables where ours would be.
const TABLES: &str = "SELECT name FROM sys.tables WHERE schema_id = SCHEMA_ID()";
/// The code page in which the database keeps texts.
const CODE_PAGE: &str = "SELECT CAST(COLLATIONPROPERTY(CAST(DATABASEPROPERTYEX(DB_NAME(), \
                         'Collation') AS NVARCHAR(128)), 'CodePage') AS INT)";
/// UTF-8's number among the code pages.
const UTF8: i64 = 65001;

/// Opens the store; see [`SqlStore::open`].
pub fn open(options: &OpenOptions) -> Result<SqlStore> {
    let target = Arc::new(Target::parse(&options.uri)?);
    for notice in &target.notices {
        tracing::info!("{notice}");
    }
    on_own_thread(|| prepare(&target, options))?;
    let connections = |count: usize| -> Vec<Box<dyn Connection + Send>> {
        (0..count).map(|_| Box::new(MsSqlConnection::new(target.clone())) as _).collect()
    };
    let database = Database::start(connections(WRITERS), connections(options.readers.max(1)))?;
    Ok(SqlStore::on(database, Arc::new(MsSql)))
}

/// Opens the store to read it; see [`SqlStore::open_to_read`].
pub fn open_to_read(options: &OpenOptions) -> Result<SqlStore> {
    let target = Arc::new(Target::parse(&options.uri)?);
    on_own_thread(|| look(&target))?;
    let readers = (0..options.readers.max(1))
        .map(|_| Box::new(MsSqlConnection::new(target.clone())) as Box<dyn Connection + Send>);
    let database = Database::start(Vec::new(), readers.collect())?;
    Ok(SqlStore::on(database, Arc::new(MsSql)))
}

/// A connection drives a runtime of its own, which cannot be done from inside another one.
fn on_own_thread(work: impl FnOnce() -> Result<()> + Send) -> Result<()> {
    std::thread::scope(|scope| {
        let working = scope.spawn(work);
        working.join().unwrap_or_else(|_| Err(Error::internal("Opening the database panicked.")))
    })
}

/// Looks whether the database can be read as it is.
fn look(target: &Arc<Target>) -> Result<()> {
    let refusal = |error: DbError| explain(target, &error);
    let mut connection = MsSqlConnection::new(target.clone());
    knock(|| connection.connect()).map_err(refusal)?;
    connection.begin_read().map_err(refusal)?;
    let (_, found) = inspect(&mut connection).map_err(refusal)?;
    if !schema::check(&found, &target.shown, schema::Upgrade::ByMlflow)? {
        return Err(Error::invalid(format!("The database {} is empty.", target.shown)));
    }
    let alone = workspace::refuse_others(&mut connection).map_err(refusal)?;
    connection.rollback();
    alone
}

/// Looks at the database and makes it ready, in one transaction.
fn prepare(target: &Arc<Target>, options: &OpenOptions) -> Result<()> {
    let mut connection = MsSqlConnection::new(target.clone());
    let refusal = |error: DbError| explain(target, &error);
    knock(|| connection.connect()).map_err(refusal)?;
    connection.begin().map_err(refusal)?;
    let prepared = prepare_within(&mut connection, target, options);
    match prepared {
        Ok(()) => connection.commit().map_err(refusal),
        Err(error) => {
            connection.rollback();
            Err(error)
        }
    }
}

fn prepare_within(
    connection: &mut MsSqlConnection,
    target: &Target,
    options: &OpenOptions,
) -> Result<()> {
    let refusal = |error: DbError| explain(target, &error);
    let session: &mut dyn Session = connection;
    let got = session.row(PREPARING, &[], |row| row.int(0)).map_err(refusal)?.flatten();
    if got.is_none_or(|got| got < 0) {
        return Err(Error::unavailable(format!(
            "Another server has been preparing the database {} for two minutes. Wait until it is \
             done, and start again.",
            target.shown
        )));
    }
    let (tables, found) = inspect(session).map_err(refusal)?;
    let ready = schema::check(&found, &target.shown, schema::Upgrade::ByMlflow)?;
    if ready {
        workspace::refuse_others(session).map_err(refusal)??;
    }
    warn_of_code_page(session, target).map_err(refusal)?;
    if !ready {
        let indexes = schema::MSSQL_EXTRA.replace("IF NOT EXISTS ", "");
        for script in [schema::MSSQL, &indexes] {
            connection.script(script).map_err(refusal)?;
        }
    }
    // Even where they are there already, creating them would ask for the right to create.
    if schema::OWN_TABLES.iter().any(|table| !tables.contains(*table)) {
        connection.script(schema::MSSQL_TABLES).map_err(refusal)?;
    }
    add_default_experiment(connection, &MsSql, options).map_err(refusal)
}

/// MLflow's tables have columns of the database's code page; what that lacks becomes `?`.
fn warn_of_code_page(session: &mut dyn Session, target: &Target) -> Result<(), DbError> {
    let page = session.row(CODE_PAGE, &[], |row| row.int(0))?.flatten();
    if page != Some(UTF8) {
        tracing::warn!(
            code_page = page,
            "the database {} does not keep texts in UTF-8: characters that its collation lacks are \
             stored as '?'. Create databases with COLLATE Latin1_General_100_CS_AS_SC_UTF8.",
            target.shown
        );
    }
    Ok(())
}

fn inspect(session: &mut dyn Session) -> Result<(BTreeSet<String>, Found), DbError> {
    let tables: BTreeSet<String> =
        session.rows(TABLES, &[], |row| row.text_or_empty(0))?.into_iter().collect();
    let revision = if tables.contains("alembic_version") {
        session.row("SELECT version_num FROM alembic_version", &[], |row| row.text_or_empty(0))?
    } else {
        None
    };
    let found = Found::from_tables(&tables, revision);
    Ok((tables, found))
}

/// What to do about it, in a sentence.
fn explain(target: &Target, error: &DbError) -> Error {
    let Target { shown, user, database, .. } = target;
    Error::unavailable(match error.kind {
        DbErrorKind::Unavailable | DbErrorKind::TooSlow => format!(
            "The database {shown} cannot be reached: {error}. Check that the server runs, and the \
             host, the port and the options Encrypt and TrustServerCertificate of the URI."
        ),
        DbErrorKind::Login => format!(
            "The database {shown} does not let the user '{user}' in: {error}. Check the user and \
             the password of the URI (special characters percent-encoded), and that the server \
             allows logins with a password."
        ),
        DbErrorKind::NoDatabase => format!(
            "There is no database '{database}' on the server of {shown}, or the user '{user}' may \
             not use it: {error}. Create it first: CREATE DATABASE [{database}] COLLATE \
             Latin1_General_100_CS_AS_SC_UTF8."
        ),
        DbErrorKind::Forbidden => format!(
            "The user '{user}' lacks a right in the database {shown}: {error}. Nothing was \
             changed. Grant it: ALTER ROLE db_owner ADD MEMBER [{user}]; where the tables are \
             there, db_datareader and db_datawriter are enough."
        ),
        DbErrorKind::ReadOnly => format!(
            "The database {shown} is read-only: {error}. Nothing was changed. Name the primary \
             server, not a secondary one."
        ),
        DbErrorKind::Contention => format!(
            "The database {shown} is locked by another program: {error}. Nothing was changed. Wait \
             until it is done, and start again."
        ),
        _ => format!("The database {shown} cannot be used: {error}. Nothing was changed."),
    })
}
