//! What runs read and wrote: datasets and logged models, as edges of the table `inputs`.

use std::collections::HashMap;

use oxflow_model::{
    Dataset, DatasetInput, DatasetSummary, ExperimentId, LoggedModelInput, LoggedModelOutput,
    Result, RunId, Tag,
};

use crate::args;
use crate::error::DbError;
use crate::filter::marks;
use crate::run::RunHead;
use crate::session::Session;
use crate::statements::Statements;
use crate::value::{Row, Value};

/// Kinds of nodes in `inputs`, as MLflow spells them.
mod node {
    pub const DATASET: &str = "DATASET";
    pub const RUN: &str = "RUN";
    pub const RUN_INPUT: &str = "RUN_INPUT";
    pub const MODEL_INPUT: &str = "MODEL_INPUT";
    pub const RUN_OUTPUT: &str = "RUN_OUTPUT";
    pub const MODEL_OUTPUT: &str = "MODEL_OUTPUT";
}

/// The tag of an edge that says what a dataset was used for.
const CONTEXT_TAG: &str = "mlflow.data.context";

/// Fresh ids, drawn beforehand.
type Fresh<'a> = std::slice::Iter<'a, String>;

fn next<'a>(fresh: &mut Fresh<'a>) -> &'a str {
    fresh.next().map_or("", String::as_str)
}

/// Notes the datasets a run read; each once, with the tags it was first noted with.
pub fn log_inputs(
    session: &mut dyn Session,
    sql: &Statements,
    run: &RunHead,
    inputs: &[DatasetInput],
    fresh: &mut Fresh<'_>,
) -> Result<()> {
    for input in inputs {
        let dataset = &input.dataset;
        let (dataset_id, edge_id) = (next(fresh), next(fresh));
        session.execute(
            &sql.insert_dataset,
            args![
                run.experiment_id.0,
                &dataset.name,
                &dataset.digest,
                dataset_id,
                &dataset.source_type,
                &dataset.source,
                dataset.schema.as_deref(),
                dataset.profile.as_deref(),
            ],
        )?;
        let found = session.row(
            "SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?",
            args![run.experiment_id.0, &dataset.name, &dataset.digest],
            |row| row.text_or_empty(0),
        )?;
        let dataset_id = found.unwrap_or_default();
        let edge = args![edge_id, node::DATASET, &dataset_id, node::RUN, run.id.as_str(), 0];
        if session.execute(&sql.insert_input, edge)? > 0 {
            log_edge_tags(session, edge_id, &input.tags)?;
        }
    }
    Ok(())
}

fn log_edge_tags(session: &mut dyn Session, edge: &str, tags: &[Tag]) -> Result<()> {
    for tag in tags {
        session.execute(
            "INSERT INTO input_tags (input_uuid, name, value) VALUES (?, ?, ?)",
            args![edge, &tag.key, &tag.value],
        )?;
    }
    Ok(())
}

/// Notes the logged models a run read; each once.
pub fn log_model_inputs(
    session: &mut dyn Session,
    sql: &Statements,
    run: &RunId,
    models: &[LoggedModelInput],
    fresh: &mut Fresh<'_>,
) -> Result<()> {
    for model in models {
        let id = next(fresh);
        session.execute(
            &sql.insert_input,
            args![id, node::RUN_INPUT, run.as_str(), node::MODEL_INPUT, &model.model_id, 0],
        )?;
    }
    Ok(())
}

/// Notes the logged models a run wrote; the same one twice is refused by the database's key.
pub fn log_model_outputs(
    session: &mut dyn Session,
    run: &RunId,
    models: &[LoggedModelOutput],
    fresh: &[String],
) -> Result<()> {
    for (model, id) in models.iter().zip(fresh) {
        session.execute(
            "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, \
             destination_id, step) VALUES (?, ?, ?, ?, ?, ?)",
            args![
                id,
                node::RUN_OUTPUT,
                run.as_str(),
                node::MODEL_OUTPUT,
                &model.model_id,
                model.step
            ],
        )?;
    }
    Ok(())
}

/// The datasets of one run.
pub fn inputs_of_run(session: &mut dyn Session, run: &RunId) -> Result<Vec<DatasetInput>, DbError> {
    let runs = [Value::from(run.as_str())];
    Ok(inputs_of_runs(session, &runs)?.remove(run.as_str()).unwrap_or_default())
}

/// The datasets of many runs, by run.
pub fn inputs_of_runs(
    session: &mut dyn Session,
    runs: &[Value<'_>],
) -> Result<HashMap<String, Vec<DatasetInput>>, DbError> {
    let sql = format!(
        "SELECT i.destination_id, i.input_uuid, d.name, d.digest, d.dataset_source_type, \
         d.dataset_source, d.dataset_schema, d.dataset_profile FROM inputs i \
         JOIN datasets d ON d.dataset_uuid = i.source_id \
         WHERE i.destination_type = 'RUN' AND i.source_type = 'DATASET' \
         AND i.destination_id IN ({})",
        marks(runs.len())
    );
    let found = session.rows(&sql, runs, |row| {
        Ok((row.text_or_empty(0)?, row.text_or_empty(1)?, read_dataset(row)?))
    })?;
    let mut inputs: HashMap<String, Vec<DatasetInput>> = HashMap::new();
    for (run, edge, dataset) in found {
        let tags = session.rows(
            "SELECT name, value FROM input_tags WHERE input_uuid = ?",
            args![&edge],
            |row| Ok(Tag { key: row.text_or_empty(0)?, value: row.text_or_empty(1)? }),
        )?;
        inputs.entry(run).or_default().push(DatasetInput { tags, dataset });
    }
    Ok(inputs)
}

fn read_dataset(row: &dyn Row) -> Result<Dataset, DbError> {
    Ok(Dataset {
        name: row.text_or_empty(2)?,
        digest: row.text_or_empty(3)?,
        source_type: row.text_or_empty(4)?,
        source: row.text_or_empty(5)?,
        schema: row.text(6)?,
        profile: row.text(7)?,
    })
}

/// The logged models one run read.
pub fn model_inputs_of_run(
    session: &mut dyn Session,
    run: &RunId,
) -> Result<Vec<LoggedModelInput>, DbError> {
    session.rows(
        "SELECT destination_id FROM inputs WHERE source_type = ? AND source_id = ? \
         AND destination_type = ?",
        args![node::RUN_INPUT, run.as_str(), node::MODEL_INPUT],
        |row| Ok(LoggedModelInput { model_id: row.text_or_empty(0)? }),
    )
}

/// The logged models one run wrote.
pub fn model_outputs_of_run(
    session: &mut dyn Session,
    run: &RunId,
) -> Result<Vec<LoggedModelOutput>, DbError> {
    let runs = [Value::from(run.as_str())];
    Ok(model_outputs_of_runs(session, &runs)?.remove(run.as_str()).unwrap_or_default())
}

/// The logged models many runs wrote, by run.
pub fn model_outputs_of_runs(
    session: &mut dyn Session,
    runs: &[Value<'_>],
) -> Result<HashMap<String, Vec<LoggedModelOutput>>, DbError> {
    let sql = format!(
        "SELECT source_id, destination_id, step FROM inputs WHERE source_type = 'RUN_OUTPUT' \
         AND destination_type = 'MODEL_OUTPUT' AND source_id IN ({})",
        marks(runs.len())
    );
    session.rows_by_owner(&sql, runs, 0, |row| {
        Ok(LoggedModelOutput { model_id: row.text_or_empty(1)?, step: row.int(2)?.unwrap_or(0) })
    })
}

/// How many summaries of datasets are told at most.
pub const MOST_SUMMARIES: usize = 1000;

/// Up to 1,000 distinct datasets with the contexts they were used in.
pub fn summaries(
    session: &mut dyn Session,
    sql: &Statements,
    experiments: &[ExperimentId],
) -> Result<Vec<DatasetSummary>> {
    let query = format!(
        "SELECT s.* FROM (SELECT DISTINCT d.experiment_id, d.name, d.digest, t.value FROM datasets d \
         JOIN inputs i ON i.source_id = d.dataset_uuid AND i.source_type = 'DATASET' \
         LEFT JOIN input_tags t ON t.input_uuid = i.input_uuid AND t.name = ? \
         WHERE d.experiment_id IN ({})) s{}",
        marks(experiments.len()),
        sql.first_summaries
    );
    let mut args = vec![Value::from(CONTEXT_TAG)];
    args.extend(experiments.iter().map(|id| Value::Int(id.0)));
    Ok(session.rows(&query, &args, |row| {
        Ok(DatasetSummary {
            experiment_id: ExperimentId(row.must_int(0)?),
            name: row.text_or_empty(1)?,
            digest: row.text_or_empty(2)?,
            context: row.text(3)?.filter(|context| !context.is_empty()),
        })
    })?)
}
