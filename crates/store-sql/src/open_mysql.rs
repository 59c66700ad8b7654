//! Opening a store on MySQL or MariaDB.

use std::collections::BTreeSet;
use std::sync::Arc;

use oxflow_model::{Error, Result};

use crate::database::Database;
use crate::dialect::MySql;
use crate::driver::mysql::{MySqlConnection, Target};
use crate::error::{DbError, DbErrorKind};
use crate::open::{OpenOptions, add_default_experiment, knock};
use crate::schema::{self, Found};
use crate::session::{Connection, Session};
use crate::{SqlStore, workspace};

/// Connections that write.
const WRITERS: usize = 4;
/// Whoever prepares a database holds this lock, so that of two servers that start at once one waits
/// for the other: statements that create something commit at once. Given up with the connection.
const PREPARING: &str = "SELECT get_lock(left(concat('oxflow:', database()), 64), 120)";
/// The tables of the database.
const TABLES: &str =
    "SELECT table_name FROM information_schema.tables WHERE table_schema = database()";

/// Opens the store; see [`SqlStore::open`].
pub fn open(options: &OpenOptions) -> Result<SqlStore> {
    let target = Arc::new(Target::parse(&options.uri)?);
    for notice in &target.notices {
        tracing::info!("{notice}");
    }
    prepare(&target, options)?;
    let connections = |count: usize| -> Vec<Box<dyn Connection + Send>> {
        (0..count).map(|_| Box::new(MySqlConnection::new(target.clone())) as _).collect()
    };
    let database = Database::start(connections(WRITERS), connections(options.readers.max(1)))?;
    Ok(SqlStore::on(database, Arc::new(MySql)))
}

/// Opens the store to read it; see [`SqlStore::open_to_read`].
pub fn open_to_read(options: &OpenOptions) -> Result<SqlStore> {
    let target = Arc::new(Target::parse(&options.uri)?);
    look(&target)?;
    let readers = (0..options.readers.max(1))
        .map(|_| Box::new(MySqlConnection::new(target.clone())) as Box<dyn Connection + Send>);
    let database = Database::start(Vec::new(), readers.collect())?;
    Ok(SqlStore::on(database, Arc::new(MySql)))
}

/// Looks whether the database can be read as it is.
fn look(target: &Arc<Target>) -> Result<()> {
    let refusal = |error: DbError| explain(target, &error);
    let mut connection = MySqlConnection::new(target.clone());
    knock(|| connection.meet()).map_err(refusal)?;
    connection.begin_read().map_err(refusal)?;
    let (_, found) = inspect(&mut connection).map_err(refusal)?;
    if !schema::check(&found, &target.shown, schema::Upgrade::OnServer)? {
        return Err(Error::invalid(format!("The database {} is empty.", target.shown)));
    }
    workspace::refuse_others(&mut connection).map_err(refusal)?
}

/// Looks at the database and makes it ready.
fn prepare(target: &Arc<Target>, options: &OpenOptions) -> Result<()> {
    let mut connection = MySqlConnection::new(target.clone());
    let refusal = |error: DbError| explain(target, &error);
    knock(|| connection.meet()).map_err(refusal)?;
    reserve(&mut connection, target)?;
    let session: &mut dyn Session = &mut connection;
    let (tables, found) = inspect(session).map_err(refusal)?;
    let ready = schema::check(&found, &target.shown, schema::Upgrade::OnServer)?;
    if ready {
        workspace::refuse_others(session).map_err(refusal)??;
    } else {
        create(&mut connection, target)?;
    }
    if schema::OWN_TABLES.iter().any(|table| !tables.contains(*table)) {
        connection.script(schema::MYSQL_TABLES).map_err(refusal)?;
    }
    connection.begin().map_err(refusal)?;
    add_default_experiment(&mut connection, &MySql, options).map_err(refusal)?;
    connection.commit().map_err(refusal)
}

/// Waits until nobody else prepares or upgrades the database, and keeps others from it until the
/// connection ends.
pub(crate) fn reserve(connection: &mut MySqlConnection, target: &Target) -> Result<()> {
    let session: &mut dyn Session = connection;
    let ours = session.row(PREPARING, &[], |row| row.int(0));
    if ours.map_err(|error| explain(target, &error))?.flatten() == Some(1) {
        return Ok(());
    }
    Err(Error::unavailable(format!(
        "Another server or upgrade has been preparing the database {} for two minutes. Wait until \
         it is done, and start again.",
        target.shown
    )))
}

/// Creates MLflow's tables with our indexes. What was created stays if the rest fails.
pub(crate) fn create(connection: &mut MySqlConnection, target: &Target) -> Result<()> {
    let indexes = schema::MYSQL_EXTRA.replace("IF NOT EXISTS ", "");
    for script in [schema::MYSQL, &indexes] {
        connection.script(script).map_err(|error| {
            let why = explain(target, &error);
            Error::unavailable(format!(
                "{} What was created so far is of no use: drop the database and create it again \
                 before the next start.",
                why.message()
            ))
        })?;
    }
    Ok(())
}

/// The tables of the database, and what they are.
pub(crate) fn inspect(session: &mut dyn Session) -> Result<(BTreeSet<String>, Found), DbError> {
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
pub(crate) fn explain(target: &Target, error: &DbError) -> Error {
    let Target { shown, user, database, .. } = target;
    Error::unavailable(match error.kind {
        DbErrorKind::Unavailable | DbErrorKind::TooSlow => format!(
            "The database {shown} cannot be reached: {error}. Check that the server runs, and the \
             host, the port and the TLS options of the URI."
        ),
        DbErrorKind::Login => format!(
            "The database {shown} does not let the user '{user}' in: {error}. Check the user and \
             the password of the URI (special characters percent-encoded)."
        ),
        DbErrorKind::NoDatabase => format!(
            "There is no database '{database}' on the server of {shown}: {error}. Create it first: \
             CREATE DATABASE `{database}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin."
        ),
        DbErrorKind::Forbidden => format!(
            "The user '{user}' lacks a right in the database {shown}: {error}. Grant it: GRANT ALL \
             PRIVILEGES ON `{database}`.* TO '{user}', and check that the database exists."
        ),
        DbErrorKind::ReadOnly => format!(
            "The database {shown} is read-only: {error}. Name the primary server, not a replica."
        ),
        DbErrorKind::Contention => format!(
            "The database {shown} is locked by another program: {error}. Wait until it is done, \
             and start again."
        ),
        _ => format!("The database {shown} cannot be used: {error}."),
    })
}
