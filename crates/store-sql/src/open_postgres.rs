//! Opening a store on PostgreSQL.

use std::collections::BTreeSet;
use std::sync::Arc;

use oxflow_model::{Error, Result};

use crate::database::Database;
use crate::dialect::Postgres;
use crate::driver::postgres::{PostgresConnection, Target};
use crate::error::{DbError, DbErrorKind};
use crate::open::{OpenOptions, add_default_experiment, knock};
use crate::schema::{self, Found};
use crate::session::{Connection, Session};
use crate::{SqlStore, workspace};

/// Connections that write. More would not be faster: the database's disk is shared.
const WRITERS: usize = 4;
/// Whoever prepares a database holds this lock of PostgreSQL, so that of two servers that start at
/// once one waits for the other. The number is arbitrary.
pub(crate) const PREPARING: &str = "SELECT pg_advisory_xact_lock(7306930284593)";
/// The tables where ours would be.
const TABLES: &str = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()";

/// Opens the store; see [`SqlStore::open`].
pub fn open(options: &OpenOptions) -> Result<SqlStore> {
    let target = Arc::new(Target::parse(&options.uri)?);
    for notice in &target.notices {
        tracing::info!("{notice}");
    }
    apart(|| prepare(&target, options))?;
    let connections = |count: usize| -> Vec<Box<dyn Connection + Send>> {
        (0..count).map(|_| Box::new(PostgresConnection::new(target.clone())) as _).collect()
    };
    let database = Database::start(connections(WRITERS), connections(options.readers.max(1)))?;
    Ok(SqlStore::on(database, Arc::new(Postgres)))
}

/// Opens the store to read it; see [`SqlStore::open_to_read`].
pub fn open_to_read(options: &OpenOptions) -> Result<SqlStore> {
    let target = Arc::new(Target::parse(&options.uri)?);
    apart(|| look(&target))?;
    let readers = (0..options.readers.max(1))
        .map(|_| Box::new(PostgresConnection::new(target.clone())) as Box<dyn Connection + Send>);
    let database = Database::start(Vec::new(), readers.collect())?;
    Ok(SqlStore::on(database, Arc::new(Postgres)))
}

/// Works in a thread of its own: a connection drives a runtime, which cannot be done from inside
/// another one.
pub(crate) fn apart<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let panicked = |_| Err(Error::internal("Opening the database panicked."));
        scope.spawn(work).join().unwrap_or_else(panicked)
    })
}

/// Looks whether the database can be read as it is.
fn look(target: &Arc<Target>) -> Result<()> {
    let refusal = |error: DbError| explain(target, &error);
    let mut connection = PostgresConnection::new(target.clone());
    knock(|| connection.connect()).map_err(refusal)?;
    connection.begin_read().map_err(refusal)?;
    let (_, found) = inspect(&mut connection).map_err(refusal)?;
    if !schema::check(&found, &target.shown, schema::Upgrade::OnServer)? {
        return Err(Error::invalid(format!("The database {} is empty.", target.shown)));
    }
    let alone = workspace::refuse_others(&mut connection).map_err(refusal)?;
    connection.rollback();
    alone
}

/// Looks at the database and makes it ready, in one transaction.
fn prepare(target: &Arc<Target>, options: &OpenOptions) -> Result<()> {
    let mut connection = PostgresConnection::new(target.clone());
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
    connection: &mut PostgresConnection,
    target: &Target,
    options: &OpenOptions,
) -> Result<()> {
    let refusal = |error: DbError| explain(target, &error);
    let session: &mut dyn Session = connection;
    session.row(PREPARING, &[], |_| Ok(())).map_err(refusal)?;
    let (tables, found) = inspect(session).map_err(refusal)?;
    let ready = schema::check(&found, &target.shown, schema::Upgrade::OnServer)?;
    if ready {
        workspace::refuse_others(connection).map_err(refusal)??;
    } else {
        connection.script(schema::POSTGRES).map_err(refusal)?;
        connection.script(schema::POSTGRES_EXTRA).map_err(refusal)?;
    }
    // Even where they are there already, creating them would ask for the right to create.
    if schema::OWN_TABLES.iter().any(|table| !tables.contains(*table)) {
        connection.script(schema::POSTGRES_TABLES).map_err(refusal)?;
    }
    add_default_experiment(connection, &Postgres, options).map_err(refusal)
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
             the password of the URI (special characters percent-encoded), and the server's \
             pg_hba.conf."
        ),
        DbErrorKind::NoDatabase => format!(
            "There is no database '{database}' on the server of {shown}: {error}. Create it first: \
             CREATE DATABASE \"{database}\"."
        ),
        DbErrorKind::Forbidden => format!(
            "The user '{user}' lacks a right in the database {shown}: {error}. Nothing was \
             changed. Grant it: GRANT USAGE, CREATE ON SCHEMA public TO \"{user}\", and SELECT, \
             INSERT, UPDATE and DELETE on all tables and sequences that others own."
        ),
        DbErrorKind::ReadOnly => format!(
            "The database {shown} is read-only: {error}. Nothing was changed. Name the primary \
             server, not a standby."
        ),
        DbErrorKind::Contention => format!(
            "The database {shown} is locked by another program: {error}. Nothing was changed. Wait \
             until it is done, and start again."
        ),
        _ => format!("The database {shown} cannot be used: {error}. Nothing was changed."),
    })
}
