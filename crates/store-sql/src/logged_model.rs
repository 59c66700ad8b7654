//! Logged models with their tags and params.

use std::collections::HashMap;

use async_trait::async_trait;
use oxflow_model::{
    Error, ExperimentId, LoggedModel, LoggedModelStatus, Metric, Millis, ModelId, NewLoggedModel,
    Page, Param, Result, Tag,
};
use oxflow_store::{LoggedModelSearch, LoggedModelStore};

use crate::args;
use crate::error::DbError;
use crate::filter::marks;
use crate::session::{Lock, Session};
use crate::statements::Statements;
use crate::value::{Row, Value};
use crate::{SqlStore, experiment, logged_model_search};

/// The columns that [`read`] reads, of a table called `m`.
pub const COLUMNS: &str = "m.model_id, m.experiment_id, m.name, m.artifact_location, \
                           m.creation_timestamp_ms, m.last_updated_timestamp_ms, m.status, \
                           m.status_message, m.model_type, m.source_run_id";

#[async_trait]
impl LoggedModelStore for SqlStore {
    async fn create_logged_model(&self, new: NewLoggedModel, now: Millis) -> Result<LoggedModel> {
        let sql = self.sql.clone();
        self.database.write(move |session| create(session, &sql, &new, now)).await
    }

    async fn find_logged_model(
        &self,
        id: &ModelId,
        deleted_too: bool,
    ) -> Result<Option<LoggedModel>> {
        let id = id.clone();
        self.database.read(move |session| find(session, &id, deleted_too)).await
    }

    async fn finalize_logged_model(
        &self,
        id: &ModelId,
        status: LoggedModelStatus,
        now: Millis,
    ) -> Result<LoggedModel> {
        let id = id.clone();
        self.database
            .write(move |session| {
                session.execute(
                    "UPDATE logged_models SET status = ?, last_updated_timestamp_ms = ? \
                     WHERE model_id = ?",
                    args![i64::from(status as i32), now.0, id.as_str()],
                )?;
                must_find(session, &id)
            })
            .await
    }

    async fn delete_logged_model(&self, id: &ModelId, now: Millis) -> Result<()> {
        let id = id.clone();
        self.database
            .write(move |session| {
                let changed = session.execute(
                    "UPDATE logged_models SET lifecycle_stage = 'deleted', \
                     last_updated_timestamp_ms = ? WHERE model_id = ?",
                    args![now.0, id.as_str()],
                )?;
                if changed == 0 { Err(not_found(id.as_str())) } else { Ok(()) }
            })
            .await
    }

    async fn set_logged_model_tags(&self, id: &ModelId, tags: Vec<Tag>) -> Result<LoggedModel> {
        let (sql, id) = (self.sql.clone(), id.clone());
        self.database
            .write(move |session| {
                let model = must_find(session, &id)?;
                set_tags(session, &sql, &id, model.experiment_id, &tags)?;
                must_find(session, &id)
            })
            .await
    }

    async fn delete_logged_model_tag(&self, id: &ModelId, key: &str) -> Result<()> {
        let (id, key) = (id.clone(), key.to_owned());
        self.database
            .write(move |session| {
                must_find(session, &id)?;
                let deleted = session.execute(
                    "DELETE FROM logged_model_tags WHERE model_id = ? AND tag_key = ?",
                    args![id.as_str(), &key],
                )?;
                if deleted == 0 {
                    return Err(Error::not_found(format!(
                        "No tag with key '{key}' found for model with ID '{id}'."
                    )));
                }
                Ok(())
            })
            .await
    }

    async fn log_logged_model_params(&self, id: &ModelId, params: Vec<Param>) -> Result<()> {
        let id = id.clone();
        self.database
            .write(move |session| {
                let model = must_find(session, &id)?;
                add_params(session, &id, model.experiment_id, &params)
            })
            .await
    }

    async fn search_logged_models(&self, search: LoggedModelSearch) -> Result<Page<LoggedModel>> {
        logged_model_search::search(self, search).await
    }
}

/// The message for a logged model that is not there.
pub fn not_found(id: &str) -> Error {
    Error::not_found(format!("Logged model with ID '{id}' not found."))
}

/// Whether a logged model is there, be it deleted.
pub fn exists(session: &mut dyn Session, id: &str) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM logged_models WHERE model_id = ?";
    Ok(session.row(sql, args![id], |row| row.must_int(0))?.is_some())
}

fn create(
    session: &mut dyn Session,
    sql: &Statements,
    new: &NewLoggedModel,
    now: Millis,
) -> Result<LoggedModel> {
    let location = experiment::require_active_for(session, new.experiment_id, Lock::Shared)?;
    let suffix = format!("models/{}/artifacts", new.id);
    session.execute(
        "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, \
         creation_timestamp_ms, last_updated_timestamp_ms, status, lifecycle_stage, model_type, \
         source_run_id) VALUES (?, ?, ?, ?, ?, ?, ?, 'active', ?, ?)",
        args![
            new.id.as_str(),
            new.experiment_id.0,
            &new.name,
            oxflow_model::uri::append_path(&location, &suffix),
            now.0,
            now.0,
            i64::from(LoggedModelStatus::Pending as i32),
            new.model_type.as_deref(),
            new.source_run_id.as_deref(),
        ],
    )?;
    add_params(session, &new.id, new.experiment_id, &new.params)?;
    set_tags(session, sql, &new.id, new.experiment_id, &new.tags)?;
    must_find(session, &new.id)
}

fn set_tags(
    session: &mut dyn Session,
    sql: &Statements,
    id: &ModelId,
    experiment: ExperimentId,
    tags: &[Tag],
) -> Result<()> {
    for tag in tags {
        session.execute(
            &sql.upsert_model_tag,
            args![id.as_str(), &tag.key, experiment.0, &tag.value],
        )?;
    }
    Ok(())
}

fn add_params(
    session: &mut dyn Session,
    id: &ModelId,
    experiment: ExperimentId,
    params: &[Param],
) -> Result<()> {
    for param in params {
        session.execute(
            "INSERT INTO logged_model_params (model_id, experiment_id, param_key, param_value) \
             VALUES (?, ?, ?, ?)",
            args![id.as_str(), experiment.0, &param.key, &param.value],
        )?;
    }
    Ok(())
}

fn find(session: &mut dyn Session, id: &ModelId, deleted_too: bool) -> Result<Option<LoggedModel>> {
    let stage = if deleted_too { "" } else { " AND m.lifecycle_stage <> 'deleted'" };
    let sql = format!("SELECT {COLUMNS} FROM logged_models m WHERE m.model_id = ?{stage}");
    let found = session.rows(&sql, args![id.as_str()], read)?;
    Ok(with_details(session, found)?.pop())
}

/// The model that a call changes. Deleted ones may be: who deletes a model on a page does not mean
/// to stop the training that still logs to it.
fn must_find(session: &mut dyn Session, id: &ModelId) -> Result<LoggedModel> {
    find(session, id, true)?.ok_or_else(|| not_found(id.as_str()))
}

/// Reads the head of a logged model from [`COLUMNS`].
pub fn read(row: &dyn Row) -> Result<LoggedModel, DbError> {
    Ok(LoggedModel {
        id: ModelId::new(row.text_or_empty(0)?),
        experiment_id: ExperimentId(row.must_int(1)?),
        name: row.text_or_empty(2)?,
        artifact_location: row.text_or_empty(3)?,
        created_at: Millis(row.must_int(4)?),
        updated_at: Millis(row.must_int(5)?),
        status: LoggedModelStatus::from_number(row.must_int(6)?)
            .unwrap_or(LoggedModelStatus::Unspecified),
        status_message: row.text(7)?,
        model_type: row.text(8)?,
        source_run_id: row.text(9)?,
        tags: Vec::new(),
        params: Vec::new(),
        metrics: Vec::new(),
    })
}

/// Adds tags, params and metrics to the heads of some models.
pub fn with_details(
    session: &mut dyn Session,
    models: Vec<LoggedModel>,
) -> Result<Vec<LoggedModel>, DbError> {
    let ids: Vec<Value<'_>> = models.iter().map(|model| model.id.as_str().into()).collect();
    let mut tags = pairs(session, "tag_key, tag_value", "logged_model_tags", &ids)?;
    let mut params = pairs(session, "param_key, param_value", "logged_model_params", &ids)?;
    let mut metrics = metrics_of(session, &ids)?;
    drop(ids);
    Ok(models
        .into_iter()
        .map(|model| {
            let of_model = |pairs: &mut HashMap<String, Vec<(String, String)>>| {
                pairs.remove(model.id.as_str()).unwrap_or_default().into_iter()
            };
            let tags = of_model(&mut tags).map(|(key, value)| Tag { key, value }).collect();
            let params = of_model(&mut params).map(|(key, value)| Param { key, value }).collect();
            let metrics = metrics.remove(model.id.as_str()).unwrap_or_default();
            LoggedModel { tags, params, metrics, ..model }
        })
        .collect())
}

fn pairs(
    session: &mut dyn Session,
    columns: &str,
    table: &str,
    ids: &[Value<'_>],
) -> Result<HashMap<String, Vec<(String, String)>>, DbError> {
    let sql =
        format!("SELECT {columns}, model_id FROM {table} WHERE model_id IN ({})", marks(ids.len()));
    session.rows_by_owner(&sql, ids, 2, |row| Ok((row.text_or_empty(0)?, row.text_or_empty(1)?)))
}

fn metrics_of(
    session: &mut dyn Session,
    ids: &[Value<'_>],
) -> Result<HashMap<String, Vec<Metric>>, DbError> {
    let sql = format!(
        "SELECT metric_name, metric_value, metric_timestamp_ms, metric_step, model_id, run_id, \
         dataset_name, dataset_digest FROM logged_model_metrics WHERE model_id IN ({})",
        marks(ids.len())
    );
    let mut found: HashMap<String, Vec<Metric>> = HashMap::new();
    session.query(&sql, ids, &mut |row| {
        let model = row.text_or_empty(4)?;
        let metric = Metric {
            key: row.text_or_empty(0)?,
            value: row.real(1)?.unwrap_or(f64::NAN),
            timestamp: Millis(row.must_int(2)?),
            step: row.must_int(3)?,
            model_id: Some(model.clone()),
            run_id: row.text(5)?,
            dataset_name: row.text(6)?,
            dataset_digest: row.text(7)?,
        };
        found.entry(model).or_default().push(metric);
        Ok(())
    })?;
    Ok(found)
}
