//! Some columns of very many runs.

use std::collections::HashMap;

use oxflow_model::{Page, RUN_NAME_TAG, Result, Run, RunInfo};
use oxflow_store::{RunColumns, RunSearch};

use crate::error::DbError;
use crate::filter::marks;
use crate::run_search::{CHUNK, find};
use crate::session::Session;
use crate::value::{Row, Value};
use crate::{SqlStore, dataset, metric, param, run, tag};

/// Runs that fit, with no more than these columns.
pub async fn table(store: &SqlStore, search: RunSearch, columns: RunColumns) -> Result<Page<Run>> {
    if search.experiments.is_empty() {
        return Ok(Page { items: Vec::new(), next_offset: None });
    }
    let dialect = store.dialect.clone();
    store
        .database
        .read(move |session| {
            let heads = find(session, dialect.as_ref(), &search)?;
            let page = Page::cut(heads, search.page);
            let mut runs: Vec<Run> = page.items.into_iter().map(bare).collect();
            for part in runs.chunks_mut(CHUNK) {
                add_columns(session, &columns, part)?;
            }
            Ok(Page { items: runs, next_offset: page.next_offset })
        })
        .await
}

fn bare(info: RunInfo) -> Run {
    Run {
        info,
        metrics: Vec::new(),
        params: Vec::new(),
        tags: Vec::new(),
        dataset_inputs: Vec::new(),
        model_inputs: Vec::new(),
        model_outputs: Vec::new(),
    }
}

fn add_columns(session: &mut dyn Session, columns: &RunColumns, runs: &mut [Run]) -> Result<()> {
    let ids: Vec<String> = runs.iter().map(|run| run.info.id.to_string()).collect();
    let mut metrics = of_runs(
        session,
        ("latest_metrics", metric::COLUMNS),
        &ids,
        &columns.metrics,
        metric::read,
    )?;
    let texts = "\"key\", value";
    let mut params = of_runs(session, ("params", texts), &ids, &columns.params, param::read)?;
    let mut keys = columns.tags.clone();
    if runs.iter().any(|run| run.info.name.is_empty()) {
        keys.push(RUN_NAME_TAG.to_owned());
    }
    let mut tags = of_runs(session, ("tags", texts), &ids, &keys, tag::read)?;
    let mut datasets = match columns.datasets {
        true => dataset::inputs_of_runs(session, &arguments(&ids))?,
        false => HashMap::new(),
    };
    for (id, run) in ids.iter().zip(runs) {
        run.metrics = metrics.remove(id).unwrap_or_default();
        run.params = params.remove(id).unwrap_or_default();
        run.tags = tags.remove(id).unwrap_or_default();
        run.dataset_inputs = datasets.remove(id).unwrap_or_default();
        run::name_by_tag(&mut run.info, &run.tags);
    }
    Ok(())
}

/// The ids as arguments: a few lengths only, so that the statements stay prepared. NULL is in no list.
fn arguments(ids: &[String]) -> Vec<Value<'_>> {
    let mut args: Vec<Value<'_>> = ids.iter().map(Value::from).collect();
    args.resize(ids.len().next_power_of_two(), Value::Null);
    args
}

/// What a table holds of some runs under some keys, by run. The columns begin with those that `read` reads.
fn of_runs<T>(
    session: &mut dyn Session,
    (table, columns): (&str, &str),
    ids: &[String],
    keys: &[String],
    read: impl Fn(&dyn Row) -> Result<T, DbError>,
) -> Result<HashMap<String, Vec<T>>, DbError> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let mut args = arguments(ids);
    let sql = format!(
        "SELECT {columns}, run_uuid FROM {table} WHERE run_uuid IN ({}) AND \"key\" IN ({})",
        marks(args.len()),
        marks(keys.len())
    );
    args.extend(keys.iter().map(Value::from));
    session.rows_by_owner(&sql, &args, columns.split(", ").count(), read)
}
