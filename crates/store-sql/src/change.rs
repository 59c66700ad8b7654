//! What changed lately, in a table of our own beside MLflow's.

use async_trait::async_trait;
use oxflow_model::{ExperimentId, Millis, Result, RunId};
use oxflow_store::{ChangeStore, ChangedRun, Pulse};

use crate::error::DbError;
use crate::filter::marks;
use crate::registered_model::run_again;
use crate::session::Session;
use crate::value::{Row, Value};
use crate::{SqlStore, args};

/// Runs that one statement names.
const CHUNK: usize = 500;

#[async_trait]
impl ChangeStore for SqlStore {
    async fn note_changes(&self, runs: Vec<RunId>, now: Millis) -> Result<()> {
        self.database
            .write(move |session| {
                for runs in runs.chunks(CHUNK) {
                    note(session, runs, now)?;
                }
                Ok(())
            })
            .await
    }

    async fn changes_since(&self, since: Millis) -> Result<Vec<ChangedRun>> {
        self.database
            .read(move |session| {
                let sql = "SELECT run_uuid, experiment_id, changed_at FROM oxflow_changes \
                           WHERE changed_at >= ? ORDER BY changed_at";
                Ok(session.rows(sql, args![since.0], read)?)
            })
            .await
    }

    async fn forget_changes(&self, before: Millis) -> Result<()> {
        self.database
            .write(move |session| {
                session
                    .execute("DELETE FROM oxflow_changes WHERE changed_at < ?", args![before.0])?;
                Ok(())
            })
            .await
    }

    async fn pulse(&self, experiment: ExperimentId) -> Result<Pulse> {
        self.database.read(move |session| Ok(pulse(session, experiment)?)).await
    }
}

fn read(row: &dyn Row) -> Result<ChangedRun, DbError> {
    Ok(ChangedRun {
        run: RunId::new(row.text_or_empty(0)?),
        experiment: ExperimentId(row.must_int(1)?),
        at: Millis(row.must_int(2)?),
    })
}

fn note(session: &mut dyn Session, runs: &[RunId], now: Millis) -> Result<()> {
    let named: Vec<Value<'_>> = runs.iter().map(|run| run.as_str().into()).collect();
    let marks = marks(runs.len());
    let delete = format!("DELETE FROM oxflow_changes WHERE run_uuid IN ({marks})");
    session.execute(&delete, &named)?;
    let insert = format!(
        "INSERT INTO oxflow_changes (run_uuid, experiment_id, changed_at) \
         SELECT run_uuid, experiment_id, ? FROM runs WHERE run_uuid IN ({marks})"
    );
    let args: Vec<Value<'_>> = std::iter::once(now.0.into()).chain(named).collect();
    // Another server may note the same run at this moment: run again, the call replaces its row.
    session.execute(&insert, &args).map_err(run_again)?;
    Ok(())
}

/// How many runs there are, when the last began and ended, and how far those that are running got.
fn pulse(session: &mut dyn Session, experiment: ExperimentId) -> Result<Pulse, DbError> {
    let mut numbers = Vec::new();
    for sql in [
        "SELECT COUNT(*), MAX(start_time), MAX(end_time) FROM runs \
         WHERE experiment_id = ? AND lifecycle_stage = 'active'",
        "SELECT COUNT(*), MAX(m.timestamp), MAX(m.step) FROM runs r \
         JOIN latest_metrics m ON m.run_uuid = r.run_uuid \
         WHERE r.experiment_id = ? AND r.lifecycle_stage = 'active' AND r.status = 'RUNNING'",
    ] {
        let found = session
            .row(sql, args![experiment.0], |row| Ok([row.int(0)?, row.int(1)?, row.int(2)?]))?;
        numbers.extend(found.into_iter().flatten());
    }
    Ok(Pulse(numbers))
}
