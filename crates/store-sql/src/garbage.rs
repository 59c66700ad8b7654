//! The bin, and what leaves it for good: the rows that stock MLflow's `gc` deletes, and no others.

use async_trait::async_trait;
use oxflow_model::{Error, ErrorCode, ExperimentId, Millis, ModelId, PageRequest, Result, RunId};
use oxflow_store::{Binned, GarbageStore, ModelsInBin, RunsInBin};

use crate::args;
use crate::error::DbError;
use crate::filter::Query;
use crate::session::{Lock, Session};
use crate::statements::Statements;
use crate::value::{Row, Value};
use crate::{SqlStore, experiment, logged_model, metric};

const IN_BIN: &str = "lifecycle_stage = 'deleted'";
/// How many points of a history are deleted in one transaction.
pub const CHUNK: u64 = 20_000;

/// What belongs to a run, besides its history.
const OF_RUN: [&str; 3] = ["latest_metrics", "params", "tags"];
/// What belongs to an experiment and does not go with it, or with something in it, by the rules of
/// the foreign keys alone, on every database.
const OF_EXPERIMENT: [&str; 11] = [
    "experiment_tags",
    "online_scoring_configs",
    "logged_model_metrics",
    "logged_model_params",
    "logged_model_tags",
    "spans",
    "trace_info",
    "sql_trace_metric_daily_rollups",
    "sql_span_cost_daily_rollups",
    "sql_assessment_daily_rollups",
    "sql_trace_rollup_rebuild_queue",
];

#[async_trait]
impl GarbageStore for SqlStore {
    async fn runs_in_bin(
        &self,
        wanted: RunsInBin,
        after: Option<RunId>,
        limit: u32,
    ) -> Result<Vec<Binned>> {
        let mut query = Query::new("SELECT run_uuid, artifact_uri, deleted_time FROM runs");
        query.and(IN_BIN, []);
        match wanted {
            RunsInBin::DeletedBy(time) => query.and("deleted_time <= ?", [time.0.into()]),
            RunsInBin::Of(experiment) => query.and("experiment_id = ?", [experiment.0.into()]),
            RunsInBin::Named(id) => query.and("run_uuid = ?", [id.as_str().to_owned().into()]),
        }
        let after = after.map(|id| id.as_str().to_owned());
        self.binned(query, "run_uuid", after, limit).await
    }

    async fn models_in_bin(
        &self,
        wanted: ModelsInBin,
        after: Option<ModelId>,
        limit: u32,
    ) -> Result<Vec<Binned>> {
        let mut query = Query::new(
            "SELECT model_id, artifact_location, last_updated_timestamp_ms FROM logged_models",
        );
        query.and(IN_BIN, []);
        match wanted {
            ModelsInBin::DeletedBy(time) => {
                query.and("last_updated_timestamp_ms <= ?", [time.0.into()]);
            }
            ModelsInBin::Named(id) => query.and("model_id = ?", [id.as_str().to_owned().into()]),
        }
        let after = after.map(|id| id.as_str().to_owned());
        self.binned(query, "model_id", after, limit).await
    }

    async fn erase_run(&self, id: &RunId) -> Result<()> {
        loop {
            let (sql, id) = (self.sql.clone(), id.clone());
            let done = self.database.write(move |session| {
                let stage = "SELECT lifecycle_stage FROM runs WHERE run_uuid = ?";
                let missing = || metric::no_such_run(&id);
                check_stage(session, stage, id.as_str().into(), "Run", missing)?;
                Ok(erase_some(session, &sql, &id)?)
            });
            if done.await? {
                return Ok(());
            }
        }
    }

    async fn erase_model(&self, id: &ModelId) -> Result<()> {
        let id = id.clone();
        self.database
            .write(move |session| {
                let stage = "SELECT lifecycle_stage FROM logged_models WHERE model_id = ?";
                let missing = || logged_model::not_found(id.as_str());
                check_stage(session, stage, id.as_str().into(), "Logged model", missing)?;
                for of in ["logged_model_metrics", "logged_model_params", "logged_model_tags"] {
                    let sql = format!("DELETE FROM {of} WHERE model_id = ?");
                    session.execute(&sql, args![id.as_str()])?;
                }
                let sql = "DELETE FROM logged_models WHERE model_id = ?";
                session.execute(sql, args![id.as_str()])?;
                Ok(())
            })
            .await
    }

    async fn erase_experiment(&self, id: ExperimentId) -> Result<()> {
        loop {
            let sql = self.sql.clone();
            let done = self.database.write(move |session| {
                let stage = "SELECT lifecycle_stage FROM experiments WHERE experiment_id = ?";
                let missing = || experiment::not_found(id);
                check_stage(session, stage, id.0.into(), "Experiment", missing)?;
                // Whatever became of them since: without their experiment, nobody finds them.
                let runs = "SELECT min(run_uuid) FROM runs WHERE experiment_id = ?";
                let run = session.row(runs, args![id.0], |row| row.text(0))?.flatten();
                if let Some(run) = run {
                    erase_some(session, &sql, &RunId::new(run))?;
                    return Ok(false);
                }
                for of in OF_EXPERIMENT.iter().chain(&["experiments"]) {
                    let sql = format!("DELETE FROM {of} WHERE experiment_id = ?");
                    session.execute(&sql, args![id.0])?;
                }
                Ok(true)
            });
            if done.await? {
                return Ok(());
            }
        }
    }
}

impl SqlStore {
    async fn binned(
        &self,
        mut query: Query,
        id: &str,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<Binned>> {
        if let Some(after) = after {
            query.and(&format!("{id} > ?"), [after.into()]);
        }
        query.push(&format!(" ORDER BY {id}"));
        let page = PageRequest { offset: 0, limit: limit.into() };
        let (sql, args) = query.page(self.dialect.as_ref(), page);
        self.database
            .read(move |session| {
                let mut binned = session.rows(&sql, &args, read)?;
                binned.truncate(limit as usize);
                Ok(binned)
            })
            .await
    }
}

fn read(row: &dyn Row) -> Result<Binned, DbError> {
    Ok(Binned {
        id: row.text_or_empty(0)?,
        artifact_location: row.text_or_empty(1)?,
        deleted_at: row.int(2)?.map(Millis),
    })
}

/// Refuses what is not there or not in the bin.
fn check_stage(
    session: &mut dyn Session,
    sql: &str,
    id: Value<'_>,
    kind: &str,
    missing: impl Fn() -> Error,
) -> Result<()> {
    let shown = match &id {
        Value::Text(id) => id.to_string(),
        Value::Int(id) => id.to_string(),
        _ => String::new(),
    };
    let stage = session.locked_row(Lock::Exclusive, sql, &[id], |row| row.text_or_empty(0))?;
    let stage = stage.ok_or_else(missing)?;
    match stage.as_str() {
        "deleted" => Ok(()),
        _ => Err(Error::new(
            ErrorCode::InvalidState,
            format!("{kind} {shown} is not in `deleted` lifecycle stage."),
        )),
    }
}

/// Erases a chunk of the history of a run, or all the rest; then it is done.
fn erase_some(
    session: &mut dyn Session,
    sql: &Statements,
    id: &RunId,
) -> std::result::Result<bool, DbError> {
    if session.execute(&sql.delete_points, args![id.as_str()])? >= CHUNK {
        return Ok(false);
    }
    for of in OF_RUN.iter().chain(&["runs"]) {
        let sql = format!("DELETE FROM {of} WHERE run_uuid = ?");
        session.execute(&sql, args![id.as_str()])?;
    }
    Ok(true)
}
