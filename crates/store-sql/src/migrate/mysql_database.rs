//! Upgrading a MySQL or MariaDB database: revision by revision, each noted when it is done. One that
//! was cut off is begun again by the next upgrade.

use std::sync::Arc;

use oxflow_model::{Error, Result};

use super::chain::{self, OLDEST_ON_MYSQL};
use super::plan::Plan;
use super::script::{Family, Statement};
use super::{Outcome, Progress, UpgradeOptions, mysql, run_step, set_revision, steps};
use crate::driver::mysql::{MySqlConnection, Target};
use crate::error::DbError;
use crate::open::knock;
use crate::open_mysql::{create, explain, inspect, reserve};
use crate::schema::{Found, HEAD};
use crate::session::{Connection as _, Session};

/// What an upgrade would do.
pub fn plan(options: &UpgradeOptions) -> Result<Plan> {
    let target = Arc::new(Target::parse(&options.uri)?);
    let mut connection = connect(&target)?;
    let refusal = |error: DbError| explain(&target, &error);
    let (_, found) = inspect(&mut connection).map_err(refusal)?;
    let found = upgradable(&found, &target)?;
    super::plan::of(found, Family::Mysql).map_err(refusal)
}

/// Brings the database to the head.
pub fn upgrade(
    options: &UpgradeOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Outcome> {
    let target = Arc::new(Target::parse(&options.uri)?);
    let mut connection = connect(&target)?;
    let refusal = |error: DbError| explain(&target, &error);
    be_patient(&mut connection).map_err(refusal)?;
    reserve(&mut connection, &target)?;
    let (_, found) = inspect(&mut connection).map_err(refusal)?;
    match upgradable(&found, &target)? {
        None => create(&mut connection, &target).map(|()| Outcome::Created),
        Some(found) if found == HEAD => Ok(Outcome::Current),
        Some(found) => run(&mut connection, &found, options, progress).map_err(|(step, error)| {
            let cause = refusal(error);
            Error::new(
                cause.code(),
                format!(
                    "At revision {step}: {} The revisions before it are done and noted; when \
                         the cause is gone, run the same command again, and it goes on from here. \
                         Start no server on this database before.",
                    cause.message()
                ),
            )
        }),
    }
}

/// The revision of a database that can be upgraded; `None` if it is empty.
fn upgradable(found: &Found, target: &Target) -> Result<Option<String>> {
    let found = super::upgradable(found, &target.shown)?;
    let at = found.as_deref().and_then(chain::position);
    if at < chain::position(OLDEST_ON_MYSQL) && found.is_some() {
        return Err(Error::invalid(format!(
            "The database {} was made by an MLflow older than 1.16, whose schema Oxflow cannot \
             upgrade on MySQL. Nothing was changed. Take a backup, then migrate it with MLflow: \
             mlflow db upgrade {}.",
            target.shown, target.shown
        )));
    }
    Ok(found)
}

fn connect(target: &Arc<Target>) -> Result<MySqlConnection> {
    let mut connection = MySqlConnection::new(target.clone());
    knock(|| connection.meet()).map_err(|error| explain(target, &error))?;
    Ok(connection)
}

/// A migration takes the time that it takes.
fn be_patient(connection: &mut MySqlConnection) -> Result<(), DbError> {
    let session: &mut dyn Session = connection;
    let version = session.row("SELECT version()", &[], |row| row.text_or_empty(0))?;
    let limit = match version {
        Some(version) if version.contains("MariaDB") => "max_statement_time",
        _ => "max_execution_time",
    };
    connection.script(&format!("SET SESSION {limit} = 0, SESSION wait_timeout = 28800"))
}

/// Runs what is missing. An error comes with the revision that it happened at.
fn run(
    connection: &mut MySqlConnection,
    found: &str,
    options: &UpgradeOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Outcome, (String, DbError)> {
    let at = |step: &str| {
        let step = step.to_owned();
        |error| (step, error)
    };
    let steps = steps(found, Family::Mysql).map_err(at(found))?;
    let mut from = found;
    for (revision, statements) in &steps {
        progress(Progress::Step(from, revision));
        from = revision.id();
        run_revision(connection, from, statements, options).map_err(at(from))?;
    }
    Ok(Outcome::Upgraded { steps: steps.len() })
}

/// Rows that are written behind the last definition are one with the note that it is all done.
fn run_revision(
    connection: &mut MySqlConnection,
    revision: &str,
    statements: &[Statement],
    options: &UpgradeOptions,
) -> Result<(), DbError> {
    let mut writing = false;
    for statement in statements {
        if mysql::defines(statement) {
            if std::mem::take(&mut writing) {
                connection.commit()?;
            }
            mysql::define(connection, statement)?;
            continue;
        }
        if !std::mem::replace(&mut writing, true) {
            connection.begin()?;
        }
        match statement {
            Statement::Step(name) => run_step(connection, Family::Mysql, name, options.now)?,
            Statement::Run(sql) => drop(connection.execute(sql, &[])?),
            _ => {}
        }
    }
    if !writing {
        connection.begin()?;
    }
    set_revision(connection, revision)?;
    connection.commit()
}
