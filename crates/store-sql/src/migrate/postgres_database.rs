//! Upgrading a PostgreSQL database: all revisions in one transaction, so that whatever goes wrong
//! leaves the database as it was.

use std::sync::Arc;

use oxflow_model::{Error, Result};

use super::plan::Plan;
use super::script::{Family, Statement};
use super::{Outcome, Progress, UpgradeOptions, postgres, run_step, set_revision, steps};
use crate::driver::postgres::{PostgresConnection, Target};
use crate::error::DbError;
use crate::open::knock;
use crate::open_postgres::{PREPARING, apart, explain, inspect};
use crate::schema::{self, HEAD};
use crate::session::{Connection as _, Session};

/// A migration takes the time that it takes; only for locks of others it does not wait for ever.
const PATIENCE: &str =
    "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";

/// What an upgrade would do.
pub fn plan(options: &UpgradeOptions) -> Result<Plan> {
    let target = Arc::new(Target::parse(&options.uri)?);
    let look = || {
        let mut connection = connect(&target)?;
        let refusal = |error: DbError| explain(&target, &error);
        connection.begin_read().map_err(refusal)?;
        let (_, found) = inspect(&mut connection).map_err(refusal)?;
        connection.rollback();
        let found = super::upgradable(&found, &target.shown)?;
        super::plan::of(found, Family::Postgres).map_err(refusal)
    };
    apart(look)
}

/// Brings the database to the head.
pub fn upgrade(
    options: &UpgradeOptions,
    progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Outcome> {
    let target = Arc::new(Target::parse(&options.uri)?);
    apart(|| {
        let mut connection = connect(&target)?;
        let refusal = |error: DbError| explain(&target, &error);
        connection.begin().map_err(refusal)?;
        match upgrade_within(&mut connection, &target, options, progress) {
            Ok(outcome) => connection.commit().map_err(refusal).map(|()| outcome),
            Err(error) => {
                connection.rollback();
                Err(error)
            }
        }
    })
}

fn connect(target: &Arc<Target>) -> Result<PostgresConnection> {
    let mut connection = PostgresConnection::new(target.clone());
    knock(|| connection.connect()).map_err(|error| explain(target, &error))?;
    Ok(connection)
}

fn upgrade_within(
    connection: &mut PostgresConnection,
    target: &Target,
    options: &UpgradeOptions,
    progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Outcome> {
    let refusal = |error: DbError| explain(target, &error);
    let session: &mut dyn Session = connection;
    // Of two upgrades, or an upgrade and a server that starts, the second looks when the first is
    // done.
    session.row(PREPARING, &[], |_| Ok(())).map_err(refusal)?;
    let (_, found) = inspect(session).map_err(refusal)?;
    match super::upgradable(&found, &target.shown)? {
        None => {
            connection.script(schema::POSTGRES).map_err(refusal)?;
            connection.script(schema::POSTGRES_EXTRA).map_err(refusal)?;
            Ok(Outcome::Created)
        }
        Some(found) if found == HEAD => Ok(Outcome::Current),
        Some(found) => {
            connection.script(PATIENCE).map_err(refusal)?;
            run(connection, &found, options, progress).map_err(|(step, error)| {
                let cause = refusal(error);
                Error::new(cause.code(), format!("At revision {step}: {}", cause.message()))
            })
        }
    }
}

/// Runs what is missing. An error comes with the revision that it happened at.
fn run(
    session: &mut dyn Session,
    found: &str,
    options: &UpgradeOptions,
    progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Outcome, (String, DbError)> {
    let at = |step: &str| {
        let step = step.to_owned();
        |error| (step, error)
    };
    let steps = steps(found, Family::Postgres).map_err(at(found))?;
    let mut from = found;
    for (revision, statements) in &steps {
        progress(Progress::Step(from, revision));
        from = revision.id();
        for statement in statements {
            match statement {
                Statement::Step(name) => run_step(session, Family::Postgres, name, options.now),
                statement => postgres::apply(session, statement),
            }
            .map_err(at(from))?;
        }
        set_revision(session, from).map_err(at(from))?;
    }
    Ok(Outcome::Upgraded { steps: steps.len() })
}
