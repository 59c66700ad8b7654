//! Reading everything.

use async_trait::async_trait;
use oxflow_model::{
    Experiment, ExperimentId, Metric, Millis, ModelId, ModelName, Result, RunId, Tag,
};
use oxflow_store::{
    Cells, ExportStore, ModelRecord, Parts, RegisteredRecord, RunOrigin, RunRecord, Table,
    VersionRecord, parts,
};

use super::{points, tables};
use crate::error::DbError;
use crate::filter::marks;
use crate::registered_model::WORKSPACE;
use crate::session::Session;
use crate::value::{Row, Value};
use crate::{
    SqlStore, args, dataset, experiment, logged_model, model_version, param, registered_model, run,
    tag,
};

/// Runs whose details are fetched by one statement.
const RUNS: usize = 200;

#[async_trait]
impl ExportStore for SqlStore {
    async fn export_experiments(&self) -> Result<Vec<Experiment>> {
        let sql =
            format!("SELECT {} FROM experiments e ORDER BY e.experiment_id", experiment::COLUMNS);
        self.database
            .read(move |session| {
                let mut all = Vec::new();
                let heads = session.rows(&sql, &[], experiment::read)?;
                for heads in heads.chunks(RUNS) {
                    all.extend(experiment::with_tags(session, heads.to_vec())?);
                }
                Ok(all)
            })
            .await
    }

    async fn export_run_ids(&self, experiment: ExperimentId) -> Result<Vec<RunId>> {
        let sql = "SELECT run_uuid FROM runs WHERE experiment_id = ?";
        let ids = self.sorted_texts(sql, vec![experiment.0.into()]).await?;
        Ok(ids.into_iter().map(RunId::new).collect())
    }

    async fn export_runs(&self, runs: Vec<RunId>) -> Result<Vec<RunRecord>> {
        self.database
            .read(move |session| {
                let mut all = Vec::new();
                for runs in runs.chunks(RUNS) {
                    all.extend(run_records(session, runs)?);
                }
                Ok(all)
            })
            .await
    }

    async fn export_points(&self, run: &RunId) -> Result<Parts<Metric>> {
        let (sql, run) = (self.sql.clone(), run.clone());
        self.database.read_parts(move |session, to| points::send(session, &sql, &run, to)).await
    }

    async fn export_model_ids(&self, experiment: ExperimentId) -> Result<Vec<ModelId>> {
        let sql = "SELECT model_id FROM logged_models WHERE experiment_id = ?";
        let ids = self.sorted_texts(sql, vec![experiment.0.into()]).await?;
        Ok(ids.into_iter().map(ModelId::new).collect())
    }

    async fn export_model(&self, id: &ModelId) -> Result<Option<ModelRecord>> {
        let id = id.clone();
        let sql = format!(
            "SELECT {}, m.lifecycle_stage FROM logged_models m WHERE m.model_id = ?",
            logged_model::COLUMNS
        );
        self.database
            .read(move |session| {
                let found = session.row(&sql, args![id.as_str()], |row| {
                    Ok((logged_model::read(row)?, row.text_or_empty(10)?))
                })?;
                let Some((head, stage)) = found else { return Ok(None) };
                let model = logged_model::with_details(session, vec![head])?.pop();
                Ok(model.map(|model| ModelRecord { model, deleted: stage == "deleted" }.sorted()))
            })
            .await
    }

    async fn export_registered_names(&self) -> Result<Vec<String>> {
        let sql = "SELECT name FROM registered_models WHERE workspace = ?";
        self.sorted_texts(sql, vec![WORKSPACE.into()]).await
    }

    async fn export_registered(&self, name: &str) -> Result<Option<RegisteredRecord>> {
        let Ok(name) = ModelName::parse(name) else { return Ok(None) };
        let sql = format!(
            "SELECT {} FROM model_versions v WHERE v.workspace = ? AND v.name = ?",
            model_version::COLUMNS
        );
        self.database
            .read(move |session| {
                let Some(mut model) = registered_model::find(session, &name)? else {
                    return Ok(None);
                };
                model.latest_versions.clear();
                let heads = session.rows(&sql, args![WORKSPACE, name.as_str()], |row| {
                    let stage = row.text_or_empty(6)?;
                    Ok((model_version::read(row)?, stage == model_version::DELETED))
                })?;
                let (heads, deleted): (Vec<_>, Vec<bool>) = heads.into_iter().unzip();
                let versions = model_version::with_tags(session, heads)?.into_iter().zip(deleted);
                let versions =
                    versions.map(|(version, deleted)| VersionRecord { version, deleted });
                Ok(Some(RegisteredRecord { model, versions: versions.collect() }.sorted()))
            })
            .await
    }

    async fn export_tables(&self) -> Result<Vec<Table>> {
        self.database.read(|session| Ok(tables::sizes(session)?)).await
    }

    async fn export_rows(&self, table: &str) -> Result<Parts<Cells>> {
        let Some(table) = tables::find(table) else { return Ok(parts().1) };
        self.database.read_parts(move |session, to| tables::send(session, &table, to)).await
    }
}

impl SqlStore {
    /// The texts of a query, sorted as bytes: databases have orders of their own.
    async fn sorted_texts(
        &self,
        sql: &'static str,
        args: Vec<Value<'static>>,
    ) -> Result<Vec<String>> {
        self.database
            .read(move |session| {
                let mut texts = session.rows(sql, &args, |row| row.text_or_empty(0))?;
                texts.sort_unstable();
                Ok(texts)
            })
            .await
    }
}

fn read_run(row: &dyn Row) -> Result<RunRecord, DbError> {
    let kind = row.text_or_empty(10)?;
    Ok(RunRecord {
        info: run::read_info(row)?,
        deleted_at: row.int(9)?.map(Millis),
        origin: RunOrigin {
            kind: if kind.is_empty() { "UNKNOWN".to_owned() } else { kind },
            name: row.text_or_empty(11)?,
            version: row.text_or_empty(12)?,
            entry_point: row.text_or_empty(13)?,
        },
        params: Vec::new(),
        tags: Vec::new(),
        dataset_inputs: Vec::new(),
        model_inputs: Vec::new(),
        model_outputs: Vec::new(),
    })
}

fn run_records(session: &mut dyn Session, runs: &[RunId]) -> Result<Vec<RunRecord>, DbError> {
    let ids: Vec<Value<'_>> = runs.iter().map(|run| run.as_str().into()).collect();
    let sql = format!(
        "SELECT {}, r.deleted_time, r.source_type, r.source_name, r.source_version, \
         r.entry_point_name FROM runs r WHERE r.run_uuid IN ({})",
        run::COLUMNS,
        marks(ids.len())
    );
    let heads = session.rows(&sql, &ids, read_run)?;
    let mut params = param::of_runs(session, &ids)?;
    let mut tags = tag::of_runs(session, &ids)?;
    let mut datasets = dataset::inputs_of_runs(session, &ids)?;
    let mut outputs = dataset::model_outputs_of_runs(session, &ids)?;
    let mut records = Vec::with_capacity(heads.len());
    for mut record in heads {
        let id = record.info.id.as_str().to_owned();
        record.tags = tags.remove(&id).unwrap_or_default();
        run::name_by_tag(&mut record.info, &record.tags);
        record.params = params.remove(&id).unwrap_or_default();
        record.dataset_inputs = datasets.remove(&id).unwrap_or_default();
        record.model_inputs = dataset::model_inputs_of_run(session, &record.info.id)?;
        record.model_outputs = outputs.remove(&id).unwrap_or_default();
        records.push(record.sorted());
    }
    Ok(records)
}

/// Tags in the order they are compared in.
pub(super) fn by_key(tags: &[Tag]) -> Vec<&Tag> {
    let mut tags: Vec<&Tag> = tags.iter().collect();
    tags.sort_by(|a, b| a.key.cmp(&b.key));
    tags
}
