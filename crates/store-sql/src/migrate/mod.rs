//! From any MLflow schema since 1.0 to the one this store reads: what Alembic does for stock MLflow.
//!
//! A chain of revisions leads to the head, each a script of portable SQL, a few with a step in Rust.
//! The result is what stock MLflow makes of the same database, to the names of constraints.

pub mod analytics;
mod backup;
pub mod chain;
mod lexer;
mod plan;
pub mod script;
mod sqlite;
mod sqlite_file;
mod table;

use std::path::PathBuf;

use oxflow_model::{Error, Millis, Result};

use crate::args;
use crate::error::{DbError, DbErrorKind};
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
    only_sqlite(&options.uri)?;
    sqlite_file::plan(options)
}

/// Brings a database to the schema that this store reads. On SQLite it is all done or nothing is.
pub fn upgrade(
    options: &UpgradeOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Outcome> {
    only_sqlite(&options.uri)?;
    sqlite_file::upgrade(options, progress)
}

fn only_sqlite(uri: &str) -> Result<()> {
    let scheme = uri.split(['+', ':']).next().unwrap_or("");
    match scheme {
        "sqlite" => Ok(()),
        "postgresql" | "postgres" | "mysql" | "mssql" => Err(Error::invalid(format!(
            "This build of Oxflow cannot upgrade {scheme} databases yet. Use MLflow 3.17.2: mlflow \
             db upgrade"
        ))),
        _ => Err(Error::invalid(format!(
            "Invalid database engine: '{scheme}'. Supported database engines are postgresql, \
             mysql, sqlite, mssql"
        ))),
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
