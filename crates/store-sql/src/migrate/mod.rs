//! From any MLflow schema since 1.0 to the one this store reads: what Alembic does for stock MLflow.
//!
//! A chain of revisions leads to the head, each a script of portable SQL, a few with a step in Rust.
//! The result is what stock MLflow makes of the same database, to the names of constraints.

pub mod analytics;
mod backup;
pub mod chain;
mod lexer;
mod mysql;
mod mysql_database;
mod plan;
mod postgres;
mod postgres_database;
pub mod script;
mod sqlite;
mod sqlite_file;
mod table;

use std::path::PathBuf;

use oxflow_model::{Error, Millis, Result};

use crate::args;
use crate::error::{DbError, DbErrorKind};
use crate::schema::{self, Found, HEAD};
use crate::session::Session;
use chain::Revision;
use script::{Family, Statement};

pub use plan::{Plan, Step};

/// What an upgrade needs to know.
#[derive(Clone, Debug)]
pub struct UpgradeOptions {
    /// The database, in SQLAlchemy's spelling.
    pub uri: String,
    /// What relative files are relative to.
    pub cwd: PathBuf,
    /// The time, for rows that say when they were changed.
    pub now: Millis,
    /// Whether a SQLite file is copied first.
    pub backup: bool,
}

/// What an upgrade came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The database was empty and has MLflow's tables now.
    Created,
    /// It had this schema before.
    Current,
    /// It had an older schema and was brought up to date.
    Upgraded {
        /// How many revisions it was behind.
        steps: usize,
    },
}

/// What an upgrade has just done.
#[derive(Clone, Debug)]
pub enum Progress<'a> {
    /// A copy of the file is complete.
    BackedUp(&'a std::path::Path),
    /// The database is about to go from one revision to the next.
    Step(&'a str, &'a Revision),
}

/// What an upgrade would do. Changes nothing.
pub fn plan(options: &UpgradeOptions) -> Result<Plan> {
    match family(&options.uri)? {
        Family::Sqlite => sqlite_file::plan(options),
        Family::Postgres => postgres_database::plan(options),
        Family::Mysql => mysql_database::plan(options),
    }
}

/// Brings a database to the schema that this store reads. On SQLite and PostgreSQL it is all done or
/// nothing is; on MySQL and MariaDB, what failed half-way is continued by the next upgrade.
pub fn upgrade(
    options: &UpgradeOptions,
    progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Outcome> {
    match family(&options.uri)? {
        Family::Sqlite => sqlite_file::upgrade(options, progress),
        Family::Postgres => postgres_database::upgrade(options, progress),
        Family::Mysql => mysql_database::upgrade(options, progress),
    }
}

fn family(uri: &str) -> Result<Family> {
    let scheme = uri.split(['+', ':']).next().unwrap_or("");
    match scheme {
        "sqlite" => Ok(Family::Sqlite),
        "postgresql" | "postgres" => Ok(Family::Postgres),
        "mysql" => Ok(Family::Mysql),
        "mssql" => Err(Error::invalid(
            "This build of Oxflow cannot upgrade mssql databases yet. Use MLflow 3.17.2: mlflow db \
             upgrade",
        )),
        _ => Err(Error::invalid(format!(
            "Invalid database engine: '{scheme}'. Supported database engines are postgresql, \
             mysql, sqlite, mssql"
        ))),
    }
}

/// The revision of a database that can be upgraded; `None` if it is empty.
fn upgradable(found: &Found, shown: &str) -> Result<Option<String>> {
    match found {
        Found::Empty => Ok(None),
        Found::Mlflow(revision) if revision == HEAD || chain::is_older(revision) => {
            Ok(Some(revision.clone()))
        }
        // What remains are the cases that nothing can be done about.
        found => schema::check(found, shown, schema::Upgrade::ByUs).map(|_| None),
    }
}

/// The revisions that a database at `found` lacks, with what each of them does to a database of
/// this kind.
fn steps(found: &str, family: Family) -> Result<Vec<(&'static Revision, Vec<Statement>)>, DbError> {
    let at = chain::position(found).map_or(chain::CHAIN.len(), |at| at + 1);
    let missing = chain::CHAIN[at..].iter();
    missing.map(|revision| Ok((revision, script::statements(revision.script, family)?))).collect()
}

/// A step of a migration that is done in Rust.
fn run_step(
    session: &mut dyn Session,
    family: Family,
    step: &str,
    now: Millis,
) -> Result<(), DbError> {
    match step {
        // Where a revision may be cut off, they are all read when the column is gone.
        "check_trace_analytics" | "fill_trace_analytics"
            if family == Family::Mysql
                && !mysql::has_column(session, "spans", "dimension_attributes")? =>
        {
            Ok(())
        }
        "check_trace_analytics" => analytics::check(session, family),
        "fill_trace_analytics" => analytics::fill(session, family),
        "remove_old_trace_analytics" => analytics::remove_old(session),
        "cancel_unfinished_jobs" => cancel_jobs(session, now),
        other => Err(DbError::new(DbErrorKind::Other, format!("there is no step {other}"))),
    }
}

/// Jobs of the executor before have no lease, so that none could ever finish one.
fn cancel_jobs(session: &mut dyn Session, now: Millis) -> Result<(), DbError> {
    let sql = "UPDATE jobs SET status = 5, last_update_time = ? WHERE status IN (0, 1)";
    session.execute(sql, args![now.0]).map(drop)
}

/// Notes how far the database has come.
fn set_revision(session: &mut dyn Session, revision: &str) -> Result<(), DbError> {
    session.execute("UPDATE alembic_version SET version_num = ?", args![revision]).map(drop)
}
