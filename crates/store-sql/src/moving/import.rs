//! Writing what another store kept.

use async_trait::async_trait;
use oxflow_model::{Experiment, ExperimentId, IdSource, LoggedModel, Metric, Result, RunId, Tag};
use oxflow_store::{Cells, ImportStore, ModelRecord, RegisteredRecord, RunRecord, VersionRecord};

use super::export::by_key;
use super::tables;
use crate::registered_model::WORKSPACE;
use crate::run::RunHead;
use crate::session::Session;
use crate::statements::Statements;
use crate::value::Value;
use crate::{SqlStore, args, dataset, dialect, metric, model_version};

#[async_trait]
impl ImportStore for SqlStore {
    fn keeps_table(&self, _: &str) -> bool {
        true
    }

    fn largest_experiment(&self) -> i64 {
        self.dialect.largest_experiment()
    }

    async fn import_experiment(&self, experiment: Experiment) -> Result<()> {
        let upsert = self.dialect.upsert(
            "experiments",
            &["experiment_id"],
            &[
                "name",
                "artifact_location",
                "lifecycle_stage",
                "creation_time",
                "last_update_time",
                "workspace",
            ],
        );
        let sql = self.sql.clone();
        let advance = self.dialect.after_given_numbers();
        self.database
            .write(move |session| {
                session.execute(
                    &upsert,
                    args![
                        experiment.id.0,
                        &experiment.name,
                        &experiment.artifact_location,
                        experiment.lifecycle_stage.as_str(),
                        experiment.created_at.map(|at| at.0),
                        experiment.updated_at.map(|at| at.0),
                        WORKSPACE,
                    ],
                )?;
                let id = experiment.id.0;
                for tag in by_key(&experiment.tags) {
                    session.execute(&sql.upsert_experiment_tag, args![id, &tag.key, &tag.value])?;
                }
                if let Some(advance) = advance {
                    session.row(advance, &[], |_| Ok(()))?;
                }
                Ok(())
            })
            .await
    }

    async fn import_runs(&self, runs: Vec<RunRecord>, ids: &dyn IdSource) -> Result<()> {
        let insert = dialect::insert("runs", &RUN);
        let sql = self.sql.clone();
        // Drawn beforehand: the call may run more than once.
        let fresh: Vec<Vec<String>> = runs
            .iter()
            .map(|run| {
                let edges =
                    run.dataset_inputs.len() * 2 + run.model_inputs.len() + run.model_outputs.len();
                (0..edges).map(|_| ids.hex()).collect()
            })
            .collect();
        self.database
            .write(move |session| {
                for (run, fresh) in runs.iter().zip(&fresh) {
                    write_run(session, &sql, &insert, run, fresh)?;
                }
                Ok(())
            })
            .await
    }

    async fn import_points(&self, points: Vec<(RunId, Vec<Metric>)>) -> Result<()> {
        let sql = self.sql.clone();
        let heads: Vec<(RunHead, Vec<Metric>)> = points
            .into_iter()
            // The experiment is that of models, and these are points of runs alone.
            .map(|(id, points)| (RunHead { id, experiment_id: ExperimentId::DEFAULT }, points))
            .collect();
        self.database
            .write(move |session| {
                for (run, points) in &heads {
                    metric::append(session, &sql, run, points)?;
                }
                Ok(())
            })
            .await
    }

    async fn import_model(&self, model: ModelRecord) -> Result<()> {
        let sql = self.sql.clone();
        let insert = dialect::insert("logged_models", &MODEL);
        self.database
            .write(move |session| {
                let stage = if model.deleted { "deleted" } else { "active" };
                let head = &model.model;
                session.execute(
                    &insert,
                    args![
                        head.id.as_str(),
                        head.experiment_id.0,
                        &head.name,
                        &head.artifact_location,
                        head.created_at.0,
                        head.updated_at.0,
                        i64::from(head.status as i32),
                        stage,
                        head.model_type.as_deref(),
                        head.source_run_id.as_deref(),
                        head.status_message.as_deref(),
                    ],
                )?;
                write_model_details(session, &sql, head)
            })
            .await
    }

    async fn import_registered(&self, model: RegisteredRecord) -> Result<()> {
        let sql = self.sql.clone();
        self.database.write(move |session| write_registered(session, &sql, &model)).await
    }

    async fn import_rows(&self, table: &str, rows: Vec<Cells>) -> Result<()> {
        let Some(table) = tables::find(table) else { return Ok(()) };
        let insert = self.dialect.insert_or_ignore(&table.name, &table.key(), &table.quoted());
        self.database.write(move |session| tables::write(session, &insert, &table, &rows)).await
    }
}

const RUN: [&str; 14] = [
    "run_uuid",
    "name",
    "source_type",
    "source_name",
    "entry_point_name",
    "user_id",
    "status",
    "start_time",
    "end_time",
    "source_version",
    "lifecycle_stage",
    "artifact_uri",
    "experiment_id",
    "deleted_time",
];

const MODEL: [&str; 11] = [
    "model_id",
    "experiment_id",
    "name",
    "artifact_location",
    "creation_timestamp_ms",
    "last_updated_timestamp_ms",
    "status",
    "lifecycle_stage",
    "model_type",
    "source_run_id",
    "status_message",
];

fn write_run(
    session: &mut dyn Session,
    sql: &Statements,
    insert: &str,
    run: &RunRecord,
    fresh: &[String],
) -> Result<()> {
    let (info, origin) = (&run.info, &run.origin);
    let id = info.id.as_str();
    session.execute(
        insert,
        args![
            id,
            &info.name,
            &origin.kind,
            &origin.name,
            &origin.entry_point,
            &info.user_id,
            info.status.as_str(),
            info.started_at.map(|at| at.0),
            info.ended_at.map(|at| at.0),
            &origin.version,
            info.lifecycle_stage.as_str(),
            &info.artifact_uri,
            info.experiment_id.0,
            run.deleted_at.map(|at| at.0),
        ],
    )?;
    let params = &run.params;
    session.execute_many(&dialect::insert("params", &PAIR), params.len(), &mut |i, args| {
        args.extend([Value::from(id), (&params[i].key).into(), (&params[i].value).into()]);
    })?;
    let tags = by_key(&run.tags);
    session.execute_many(&sql.upsert_tag, tags.len(), &mut |i, args| {
        args.extend([Value::from(id), (&tags[i].key).into(), (&tags[i].value).into()]);
    })?;
    let (outputs, inputs) = fresh.split_at(run.model_outputs.len());
    let head = RunHead { id: info.id.clone(), experiment_id: info.experiment_id };
    let mut inputs = inputs.iter();
    dataset::log_inputs(session, sql, &head, &run.dataset_inputs, &mut inputs)?;
    dataset::log_model_inputs(session, sql, &info.id, &run.model_inputs, &mut inputs)?;
    dataset::log_model_outputs(session, &info.id, &run.model_outputs, outputs)
}

const PAIR: [&str; 3] = ["run_uuid", "\"key\"", "value"];

fn write_model_details(
    session: &mut dyn Session,
    sql: &Statements,
    model: &LoggedModel,
) -> Result<()> {
    let (id, experiment) = (model.id.as_str(), model.experiment_id.0);
    let columns = ["model_id", "experiment_id", "param_key", "param_value"];
    let insert = dialect::insert("logged_model_params", &columns);
    for param in &model.params {
        session.execute(&insert, args![id, experiment, &param.key, &param.value])?;
    }
    for tag in by_key(&model.tags) {
        session.execute(&sql.upsert_model_tag, args![id, &tag.key, experiment, &tag.value])?;
    }
    let points = &model.metrics;
    session.execute_many(&sql.insert_model_metric, points.len(), &mut |i, args| {
        let point = &points[i];
        args.extend([
            Value::from(id),
            experiment.into(),
            point.run_id.as_deref().into(),
            (&point.key).into(),
            point.timestamp.0.into(),
            point.step.into(),
            point.stored_value().0.into(),
            point.dataset_name.as_deref().into(),
            point.dataset_digest.as_deref().into(),
        ]);
    })?;
    Ok(())
}

fn write_registered(
    session: &mut dyn Session,
    sql: &Statements,
    record: &RegisteredRecord,
) -> Result<()> {
    let model = &record.model;
    let name = &model.name;
    session.execute(
        "INSERT INTO registered_models (workspace, name, creation_time, last_updated_time, \
         description) VALUES (?, ?, ?, ?, ?)",
        args![
            WORKSPACE,
            name,
            model.created_at.0,
            model.updated_at.map(|at| at.0),
            model.description.as_deref(),
        ],
    )?;
    for tag in by_key(&model.tags) {
        let args = args![WORKSPACE, &tag.key, name, &tag.value];
        session.execute(&sql.upsert_registered_model_tag, args)?;
    }
    for version in &record.versions {
        write_version(session, sql, version)?;
    }
    for alias in &model.aliases {
        session.execute(&sql.upsert_alias, args![WORKSPACE, name, &alias.alias, alias.version])?;
    }
    Ok(())
}

fn write_version(
    session: &mut dyn Session,
    sql: &Statements,
    record: &VersionRecord,
) -> Result<()> {
    let version = &record.version;
    let stage = if record.deleted { model_version::DELETED } else { version.stage.as_str() };
    session.execute(
        "INSERT INTO model_versions (workspace, name, version, creation_time, last_updated_time, \
         description, user_id, current_stage, source, run_id, status, status_message, run_link, \
         storage_location) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        args![
            WORKSPACE,
            &version.name,
            version.number,
            version.created_at.0,
            version.updated_at.map(|at| at.0),
            version.description.as_deref(),
            version.user_id.as_deref(),
            stage,
            version.source.as_deref(),
            version.run_id.as_deref(),
            version.status.as_str(),
            version.status_message.as_deref(),
            version.run_link.as_deref(),
            version.storage_location.as_deref(),
        ],
    )?;
    let tags: Vec<&Tag> = by_key(&version.tags);
    for tag in tags {
        let args = args![WORKSPACE, &tag.key, &version.name, version.number, &tag.value];
        session.execute(&sql.upsert_version_tag, args)?;
    }
    Ok(())
}
