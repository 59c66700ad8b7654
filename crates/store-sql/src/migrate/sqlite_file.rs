//! Upgrading a SQLite file: a copy first, then all revisions in one transaction, so that a crash
//! leaves the database as it was.

use std::path::Path;

use oxflow_model::{Error, Result};

use super::plan::{Plan, Step};
use super::script::{Family, Statement};
use super::{Outcome, Progress, UpgradeOptions, backup, run_step, set_revision, sqlite, steps};
use crate::driver::sqlite::{Access, SqliteConnection, path_of};
use crate::error::DbError;
use crate::open::{create_folder, explain_sqlite, inspect, looks_like_sqlite};
use crate::schema::{self, Found, HEAD};
use crate::session::{Connection as _, Session};

/// What an upgrade would do.
pub fn plan(options: &UpgradeOptions) -> Result<Plan> {
    let path = path_of(&options.uri, &options.cwd)?;
    let Some(found) = revision(&path, &options.uri)? else { return Ok(Plan::default()) };
    let mut plan = Plan { found: Some(found.clone()), ..Plan::default() };
    if found == HEAD {
        return Ok(plan);
    }
    if options.backup {
        plan.backup = Some((backup::target(&path, &found), backup::size(&path)));
    }
    plan.steps = planned_steps(&path, &found).map_err(|error| explain_sqlite(&path, &error))?;
    Ok(plan)
}

fn planned_steps(path: &Path, found: &str) -> Result<Vec<Step>, DbError> {
    let mut connection = SqliteConnection::open(path, Access::Inspect)?;
    let mut out = Vec::new();
    for (revision, statements) in steps(found, Family::Sqlite)? {
        let mut rewrites = Vec::new();
        for table in statements.iter().filter_map(sqlite::rewrites) {
            if let Some(rows) = count(&mut connection, table)? {
                rewrites.push((table.to_owned(), rows));
            }
        }
        out.push(Step { revision: revision.id().to_owned(), what: revision.what(), rewrites });
    }
    Ok(out)
}

/// How many rows a table has; `None` if it is not there yet.
fn count(session: &mut dyn Session, table: &str) -> Result<Option<i64>, DbError> {
    let there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?";
    if session.row(there, crate::args![table], |_| Ok(()))?.is_none() {
        return Ok(None);
    }
    session.row(&format!("SELECT count(*) FROM {table}"), &[], |row| row.must_int(0))
}

/// The revision of a database that can be upgraded; `None` if it is empty.
fn revision(path: &Path, shown: &str) -> Result<Option<String>> {
    if !looks_like_sqlite(path)? {
        return Ok(None);
    }
    super::upgradable(&inspect(path).map_err(|error| explain_sqlite(path, &error))?, shown)
}

/// Brings the file to the head.
pub fn upgrade(
    options: &UpgradeOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Outcome> {
    let path = path_of(&options.uri, &options.cwd)?;
    match revision(&path, &options.uri)? {
        None => create(&path),
        Some(found) if found == HEAD => Ok(Outcome::Current),
        Some(_) => migrate(&path, options, progress),
    }
}

fn create(path: &Path) -> Result<Outcome> {
    create_folder(path)?;
    let create = || {
        let mut connection = SqliteConnection::open(path, Access::Migrate)?;
        connection.begin()?;
        connection.script(schema::SQLITE)?;
        connection.script(schema::SQLITE_EXTRA)?;
        connection.commit()
    };
    create().map_err(|error: DbError| explain_sqlite(path, &error))?;
    Ok(Outcome::Created)
}

fn migrate(
    path: &Path,
    options: &UpgradeOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Outcome> {
    backup::check_space(path, options.backup)?;
    let explain = |error: DbError| explain_sqlite(path, &error);
    let mut connection = SqliteConnection::open(path, Access::Migrate).map_err(explain)?;
    // From here on nobody else writes, so that the copy is the state that is migrated.
    connection.begin().map_err(explain)?;
    let found = inspect(path).map_err(explain)?;
    let Found::Mlflow(found) = found else {
        return Err(Error::invalid("The database changed while it was being opened. Try again."));
    };
    if options.backup {
        let target = backup::target(path, &found);
        backup::copy(path, &target)?;
        progress(Progress::BackedUp(&target));
    }
    let done = run(&mut connection, &found, options, progress);
    match done {
        Ok(steps) => {
            connection.commit().map_err(explain)?;
            Ok(Outcome::Upgraded { steps })
        }
        Err((step, error)) => {
            connection.rollback();
            let cause = explain(error);
            Err(Error::new(cause.code(), format!("At revision {step}: {}", cause.message())))
        }
    }
}

/// Runs what is missing. An error comes with the revision that it happened at.
fn run(
    connection: &mut SqliteConnection,
    found: &str,
    options: &UpgradeOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<usize, (String, DbError)> {
    let session: &mut dyn Session = connection;
    let at = |step: &str| {
        let step = step.to_owned();
        |error| (step, error)
    };
    let steps = steps(found, Family::Sqlite).map_err(at(found))?;
    let mut from = found;
    for (revision, statements) in &steps {
        progress(Progress::Step(from, revision));
        from = revision.id();
        for statement in statements {
            match statement {
                Statement::Step(name) => run_step(session, Family::Sqlite, name, options.now),
                statement => sqlite::apply(session, statement),
            }
            .map_err(at(from))?;
        }
        set_revision(session, from).map_err(at(from))?;
    }
    Ok(steps.len())
}
