//! `oxflow/runs/table`: what pages group and sort by themselves, of very many runs.

use std::collections::HashMap;

use axum::extract::State;
use oxflow_api::common::ViewType;
use oxflow_api::run::RunInfo;
use oxflow_api::run_table::{GetRunTable, NumberColumn, RunTableResponse, TextColumn};
use oxflow_api::token;
use oxflow_model::search::{RunFilter, RunOrder};
use oxflow_model::{Error, PageRequest, Result, Run, RunId};
use oxflow_store::{RunColumns, RunSearch};

use crate::access::{Access, Level};
use crate::answer::{Answer, Json, Proto};
use crate::app::AppState;
use crate::router::{Routes, Under};
use crate::routes::experiments::{experiment_ids, page_size};

/// Runs of one answer, if nothing is said.
const DEFAULT: i32 = 1000;
/// Columns of one answer: a database takes so many arguments.
const MOST_COLUMNS: usize = 100;
/// Runs whose ranges are read by one statement.
const RANGES_AT_ONCE: usize = 100;

pub fn routes(routes: Routes) -> Routes {
    routes.post(Under::Oxflow, "/runs/table", Access::Experiment(Level::Read), table)
}

async fn table(
    State(app): State<AppState>,
    Proto(request): Proto<GetRunTable>,
) -> Answer<RunTableResponse> {
    let columns = RunColumns {
        metrics: request.metric_keys,
        params: request.param_keys,
        tags: request.tag_keys,
        datasets: request.with_datasets.unwrap_or(false),
    };
    let ranges = request.range_keys;
    let count = columns.metrics.len() + columns.params.len() + columns.tags.len() + ranges.len();
    if count > MOST_COLUMNS {
        let why = format!("Ask for at most {MOST_COLUMNS} columns. Received {count}.");
        return Err(Error::invalid(why).into());
    }
    let search = RunSearch {
        experiments: experiment_ids(&request.experiment_ids)?,
        filter: RunFilter::parse(request.filter.as_deref().unwrap_or(""))?.clauses,
        order_by: RunOrder::parse_all(&request.order_by)?,
        view: request.run_view_type.unwrap_or(ViewType::ActiveOnly).into(),
        page: PageRequest {
            limit: page_size(request.max_results.unwrap_or(DEFAULT).into())?,
            offset: token::decode(request.page_token.as_deref())?,
        },
    };
    let found = app.store.run_table(search, columns.clone()).await?;
    let mut answer = RunTableResponse {
        next_page_token: found.next_offset.map(token::encode),
        ..logged(&found.items, &columns)
    };
    for key in &ranges {
        let (lowest, highest) = range(&app, &found.items, key).await?;
        answer.lowest.push(lowest);
        answer.highest.push(highest);
    }
    for run in found.items {
        push_head(&mut answer, run.info.into());
    }
    Ok(Json(answer))
}

fn push_head(answer: &mut RunTableResponse, head: RunInfo) {
    answer.run_ids.push(head.run_id.unwrap_or_default());
    answer.experiment_ids.push(head.experiment_id.unwrap_or_default());
    answer.run_names.push(head.run_name.unwrap_or_default());
    answer.user_ids.push(head.user_id.unwrap_or_default());
    answer.statuses.extend(head.status);
    answer.start_times.push(head.start_time.unwrap_or_default());
    answer.end_times.push(head.end_time.unwrap_or_default());
}

/// The columns of what runs logged.
fn logged(runs: &[Run], columns: &RunColumns) -> RunTableResponse {
    let metrics = column_by_key(runs, &columns.metrics, |run, push| {
        run.metrics.iter().for_each(|metric| push(&metric.key, &metric.value));
    });
    let params = column_by_key(runs, &columns.params, |run, push| {
        run.params.iter().for_each(|param| push(&param.key, &param.value));
    });
    let tags = column_by_key(runs, &columns.tags, |run, push| {
        run.tags.iter().for_each(|tag| push(&tag.key, &tag.value));
    });
    let texts = |(key, rows, values)| TextColumn { key: Some(key), rows, values };
    let numbers = |(key, rows, values)| NumberColumn { key: Some(key), rows, values };
    RunTableResponse {
        metrics: metrics.into_iter().map(numbers).collect(),
        params: params.into_iter().map(texts).collect(),
        tags: tags.into_iter().map(texts).collect(),
        datasets: columns.datasets.then(|| datasets(runs)),
        ..RunTableResponse::default()
    }
}

/// A column under construction: its key, places of runs, and what they have.
type Column<T> = (String, Vec<i32>, Vec<T>);

/// For each key, what runs have there; `each` tells all that a run has.
fn column_by_key<T: Clone>(
    runs: &[Run],
    keys: &[String],
    each: impl Fn(&Run, &mut dyn FnMut(&str, &T)),
) -> Vec<Column<T>> {
    let mut columns: Vec<Column<T>> =
        keys.iter().map(|key| (key.clone(), Vec::new(), Vec::new())).collect();
    let places: HashMap<&str, usize> =
        keys.iter().enumerate().map(|(at, key)| (key.as_str(), at)).collect();
    for (row, run) in (0_i32..).zip(runs) {
        each(run, &mut |key, value| {
            let column = places.get(key).and_then(|at| columns.get_mut(*at));
            if let Some((_, rows, values)) = column {
                rows.push(row);
                values.push(value.clone());
            }
        });
    }
    columns
}

/// The names of what runs read.
fn datasets(runs: &[Run]) -> TextColumn {
    let mut column = TextColumn::default();
    for (row, run) in (0_i32..).zip(runs).filter(|(_, run)| !run.dataset_inputs.is_empty()) {
        let names: Vec<&str> =
            run.dataset_inputs.iter().map(|input| input.dataset.name.as_str()).collect();
        column.rows.push(row);
        column.values.push(names.join(", "));
    }
    column
}

/// The lowest and the highest values of a metric.
async fn range(app: &AppState, runs: &[Run], key: &str) -> Result<(NumberColumn, NumberColumn)> {
    let ids: Vec<RunId> = runs.iter().map(|run| run.info.id.clone()).collect();
    let mut found = HashMap::new();
    for ids in ids.chunks(RANGES_AT_ONCE) {
        let ranges = app.store.metric_ranges(ids.to_vec(), vec![key.to_owned()]).await?;
        found.extend(ranges.into_iter().map(|range| (range.run_id.clone(), range)));
    }
    let mut lowest = NumberColumn { key: Some(key.to_owned()), ..NumberColumn::default() };
    let mut highest = lowest.clone();
    for (row, id) in (0_i32..).zip(&ids) {
        if let Some(range) = found.get(id) {
            lowest.rows.push(row);
            lowest.values.push(range.lowest);
            highest.rows.push(row);
            highest.values.push(range.highest);
        }
    }
    Ok((lowest, highest))
}
