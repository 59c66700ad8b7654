//! Runs: their life, and the calls that log to them.

use async_trait::async_trait;
use oxflow_model::{
    DatasetInput, Error, ExperimentId, IdSource, LifecycleStage, LogBatch, LoggedModelInput,
    LoggedModelOutput, Millis, NewRun, Page, Param, RUN_NAME_TAG, Result, Run, RunChange, RunId,
    RunInfo, RunStatus, Tag,
};
use oxflow_store::{RunColumns, RunSearch, RunStore};

use crate::args;
use crate::error::DbError;
use crate::session::{Lock, Session};
use crate::statements::Statements;
use crate::value::Row;
use crate::{SqlStore, dataset, experiment, metric, param, run_search, run_table, tag};

/// The columns that [`read_info`] reads, of a table called `r`.
pub const COLUMNS: &str = "r.run_uuid, r.experiment_id, r.name, r.user_id, r.status, r.start_time, \
                           r.end_time, r.artifact_uri, r.lifecycle_stage";

/// The tag that holds the JSON list of the models a run logged.
const MODEL_HISTORY_TAG: &str = "mlflow.log-model.history";

#[async_trait]
impl RunStore for SqlStore {
    async fn create_run(&self, new: NewRun) -> Result<Run> {
        let sql = self.sql.clone();
        self.database.write(move |session| create(session, &sql, &new)).await
    }

    async fn find_run(&self, id: &RunId) -> Result<Option<Run>> {
        let id = id.clone();
        self.database.read(move |session| find(session, &id)).await
    }

    async fn find_run_info(&self, id: &RunId) -> Result<Option<RunInfo>> {
        let id = id.clone();
        self.database.read(move |session| Ok(find_info(session, &id)?)).await
    }

    async fn update_run(&self, id: &RunId, change: RunChange) -> Result<RunInfo> {
        let (sql, id) = (self.sql.clone(), id.clone());
        self.database.write(move |session| update(session, &sql, &id, &change)).await
    }

    async fn delete_run(&self, id: &RunId, now: Millis) -> Result<()> {
        let id = id.clone();
        self.database
            .write(move |session| {
                set_stage(session, &id, LifecycleStage::Deleted, Some(now.0))?;
                forget_assessments(session, &id)
            })
            .await
    }

    async fn restore_run(&self, id: &RunId) -> Result<()> {
        let id = id.clone();
        self.database
            .write(move |session| set_stage(session, &id, LifecycleStage::Active, None))
            .await
    }

    async fn log_param(&self, id: &RunId, param: Param) -> Result<()> {
        let (sql, id) = (self.sql.clone(), id.clone());
        self.database
            .write(move |session| {
                require_active(session, &id, Lock::Shared)?;
                param::log(session, &sql, &id, &param)
            })
            .await
    }

    async fn set_tag(&self, id: &RunId, tag: Tag) -> Result<()> {
        let (sql, id) = (self.sql.clone(), id.clone());
        self.database
            .write(move |session| {
                require_active(session, &id, lock_for(std::slice::from_ref(&tag)))?;
                Ok(tag::set(session, &sql, &id, &tag)?)
            })
            .await
    }

    async fn delete_tag(&self, id: &RunId, key: &str) -> Result<()> {
        let (id, key) = (id.clone(), key.to_owned());
        self.database
            .write(move |session| {
                require_active(session, &id, Lock::Shared)?;
                let deleted = session.execute(
                    "DELETE FROM tags WHERE run_uuid = ? AND \"key\" = ?",
                    args![id.as_str(), &key],
                )?;
                if deleted == 0 {
                    return Err(Error::not_found(format!(
                        "No tag with name: {key} in run with id {id}"
                    )));
                }
                Ok(())
            })
            .await
    }

    async fn log_batch(&self, id: &RunId, batch: LogBatch) -> Result<()> {
        let (sql, id) = (self.sql.clone(), id.clone());
        self.database
            .write(move |session| {
                let head = require_active(session, &id, lock_for(&batch.tags))?;
                param::log_batch(session, &sql, &id, &batch.params)?;
                metric::append(session, &sql, &head, &batch.metrics)?;
                Ok(tag::set_all(session, &sql, &id, &batch.tags)?)
            })
            .await
    }

    async fn log_inputs(
        &self,
        id: &RunId,
        datasets: Vec<DatasetInput>,
        models: Vec<LoggedModelInput>,
        ids: &dyn IdSource,
    ) -> Result<()> {
        let (sql, id) = (self.sql.clone(), id.clone());
        // Two per dataset (its own and its edge's) and one per model, drawn before the call goes
        // to the writer, who may run it more than once.
        let fresh: Vec<String> =
            (0..datasets.len() * 2 + models.len()).map(|_| ids.hex()).collect();
        self.database
            .write(move |session| {
                let head = require_active(session, &id, Lock::Shared)?;
                let mut fresh = fresh.iter();
                dataset::log_inputs(session, &sql, &head, &datasets, &mut fresh)?;
                dataset::log_model_inputs(session, &sql, &id, &models, &mut fresh)
            })
            .await
    }

    async fn log_outputs(
        &self,
        id: &RunId,
        models: Vec<LoggedModelOutput>,
        ids: &dyn IdSource,
    ) -> Result<()> {
        let id = id.clone();
        let fresh: Vec<String> = models.iter().map(|_| ids.hex()).collect();
        self.database
            .write(move |session| {
                require_active(session, &id, Lock::Shared)?;
                dataset::log_model_outputs(session, &id, &models, &fresh)
            })
            .await
    }

    async fn append_model_history(&self, id: &RunId, model: String) -> Result<()> {
        let (sql, id) = (self.sql.clone(), id.clone());
        self.database.write(move |session| append_model_history(session, &sql, &id, &model)).await
    }

    async fn search_runs(&self, search: RunSearch) -> Result<Page<Run>> {
        run_search::search(self, search).await
    }

    async fn run_table(&self, search: RunSearch, columns: RunColumns) -> Result<Page<Run>> {
        run_table::table(self, search, columns).await
    }
}

/// What a call that logs needs to know of its run.
pub struct RunHead {
    /// The run.
    pub id: RunId,
    /// Its experiment.
    pub experiment_id: ExperimentId,
}

/// Refuses runs that are missing or deleted. The run stays locked: exclusively, if it is about to be
/// changed itself.
pub fn require_active(session: &mut dyn Session, id: &RunId, lock: Lock) -> Result<RunHead> {
    let sql = "SELECT experiment_id, lifecycle_stage FROM runs WHERE run_uuid = ?";
    let found = session.locked_row(lock, sql, args![id.as_str()], |row| {
        Ok((row.must_int(0)?, row.text_or_empty(1)?))
    })?;
    let (experiment, stage) = found.ok_or_else(|| metric::no_such_run(id))?;
    if LifecycleStage::from_word(&stage) != LifecycleStage::Active {
        return Err(Error::invalid(format!(
            "The run {id} must be in the 'active' state. Current state is {stage}."
        )));
    }
    Ok(RunHead { id: id.clone(), experiment_id: ExperimentId(experiment) })
}

/// How to lock a run that is about to get these tags: one of them renames it.
fn lock_for(tags: &[Tag]) -> Lock {
    if tags.iter().any(|tag| tag.key == RUN_NAME_TAG) { Lock::Exclusive } else { Lock::Shared }
}

/// Reads the head of a run from [`COLUMNS`].
pub fn read_info(row: &dyn Row) -> Result<RunInfo, DbError> {
    Ok(RunInfo {
        id: RunId::new(row.text_or_empty(0)?),
        experiment_id: ExperimentId(row.must_int(1)?),
        name: row.text_or_empty(2)?,
        user_id: row.text_or_empty(3)?,
        status: RunStatus::from_word(&row.text_or_empty(4)?),
        started_at: row.int(5)?.map(Millis),
        ended_at: row.int(6)?.map(Millis),
        artifact_uri: row.text_or_empty(7)?,
        lifecycle_stage: LifecycleStage::from_word(&row.text_or_empty(8)?),
    })
}

fn find_info(session: &mut dyn Session, id: &RunId) -> Result<Option<RunInfo>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM runs r WHERE r.run_uuid = ?");
    session.row(&sql, args![id.as_str()], read_info)
}

/// Runs of MLflow before 1.30 have their name in a tag only.
pub fn name_by_tag(info: &mut RunInfo, tags: &[Tag]) {
    if info.name.is_empty()
        && let Some(tag) = tags.iter().find(|tag| tag.key == RUN_NAME_TAG)
    {
        info.name.clone_from(&tag.value);
    }
}

fn find(session: &mut dyn Session, id: &RunId) -> Result<Option<Run>> {
    let Some(mut info) = find_info(session, id)? else { return Ok(None) };
    let tags = tag::of_run(session, id)?;
    name_by_tag(&mut info, &tags);
    Ok(Some(Run {
        info,
        metrics: metric::latest_of_run(session, id)?,
        params: param::of_run(session, id)?,
        tags,
        dataset_inputs: dataset::inputs_of_run(session, id)?,
        model_inputs: dataset::model_inputs_of_run(session, id)?,
        model_outputs: dataset::model_outputs_of_run(session, id)?,
    }))
}

fn create(session: &mut dyn Session, sql: &Statements, new: &NewRun) -> Result<Run> {
    let location = experiment::require_active_for(session, new.experiment_id, Lock::Shared)?;
    let artifact_uri = oxflow_model::uri::append_path(&location, &format!("{}/artifacts", new.id));
    session.execute(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, \
         status, start_time, source_version, lifecycle_stage, artifact_uri, experiment_id) \
         VALUES (?, ?, 'UNKNOWN', '', '', ?, 'RUNNING', ?, '', 'active', ?, ?)",
        args![
            new.id.as_str(),
            &new.name,
            &new.user_id,
            new.started_at.0,
            &artifact_uri,
            new.experiment_id.0,
        ],
    )?;
    tag::upsert_all(session, sql, &new.id, &new.tags)?;
    Ok(Run {
        info: RunInfo {
            id: new.id.clone(),
            experiment_id: new.experiment_id,
            name: new.name.clone(),
            user_id: new.user_id.clone(),
            status: RunStatus::Running,
            started_at: Some(new.started_at),
            ended_at: None,
            artifact_uri,
            lifecycle_stage: LifecycleStage::Active,
        },
        metrics: Vec::new(),
        params: Vec::new(),
        tags: new.tags.clone(),
        dataset_inputs: Vec::new(),
        model_inputs: Vec::new(),
        model_outputs: Vec::new(),
    })
}

fn update(
    session: &mut dyn Session,
    sql: &Statements,
    id: &RunId,
    change: &RunChange,
) -> Result<RunInfo> {
    require_active(session, id, Lock::Exclusive)?;
    if let Some(status) = change.status {
        let set = "UPDATE runs SET status = ? WHERE run_uuid = ?";
        session.execute(set, args![status.as_str(), id.as_str()])?;
    }
    if let Some(ended_at) = change.ended_at {
        let set = "UPDATE runs SET end_time = ? WHERE run_uuid = ?";
        session.execute(set, args![ended_at.0, id.as_str()])?;
    }
    if let Some(name) = change.name.as_ref().filter(|name| !name.is_empty()) {
        tag::set(session, sql, id, &Tag::new(RUN_NAME_TAG, name))?;
    }
    find_info(session, id)?.ok_or_else(|| metric::no_such_run(id))
}

fn set_stage(
    session: &mut dyn Session,
    id: &RunId,
    stage: LifecycleStage,
    deleted_at: Option<i64>,
) -> Result<()> {
    let changed = session.execute(
        "UPDATE runs SET lifecycle_stage = ?, deleted_time = ? WHERE run_uuid = ?",
        args![stage.as_str(), deleted_at, id.as_str()],
    )?;
    if changed == 0 { Err(metric::no_such_run(id)) } else { Ok(()) }
}

/// Assessments that a run made of traces go with it, as MLflow has it.
fn forget_assessments(session: &mut dyn Session, id: &RunId) -> Result<()> {
    // The metadata is JSON text; the id is hexadecimal, so that a plain search finds it exactly.
    let needle = format!("%\"mlflow.assessment.sourceRunId\": \"{id}\"%");
    session.execute("DELETE FROM assessments WHERE assessment_metadata LIKE ?", args![needle])?;
    Ok(())
}

fn append_model_history(
    session: &mut dyn Session,
    sql: &Statements,
    id: &RunId,
    model: &str,
) -> Result<()> {
    require_active(session, id, Lock::Exclusive)?;
    let old = session.row(
        "SELECT value FROM tags WHERE run_uuid = ? AND \"key\" = ?",
        args![id.as_str(), MODEL_HISTORY_TAG],
        |row| row.text_or_empty(0),
    )?;
    let value = match &old {
        Some(old) => with_item(old, model).ok_or_else(|| {
            Error::invalid(format!("The tag {MODEL_HISTORY_TAG} of run {id} is not a JSON list."))
        })?,
        None => format!("[{model}]"),
    };
    session.execute(&sql.upsert_tag, args![id.as_str(), MODEL_HISTORY_TAG, &value])?;
    Ok(())
}

/// The text of a JSON list with one more item; `None` if it is none.
fn with_item(list: &str, item: &str) -> Option<String> {
    let items: Vec<serde::de::IgnoredAny> = serde_json::from_str(list).ok()?;
    let head = list.trim_end().strip_suffix(']')?;
    Some(if items.is_empty() { format!("[{item}]") } else { format!("{head}, {item}]") })
}
