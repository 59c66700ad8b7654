//! Searching runs: the heads of one page first, then what only those runs logged.

use std::collections::HashMap;

use oxflow_model::search::{
    DatasetField, NumberOp, RunClause, RunOrder, RunOrderKey, RunText, RunTime,
};
use oxflow_model::{Page, RUN_NAME_TAG, Result, Run, RunInfo};
use oxflow_store::RunSearch;

use crate::dialect::Dialect;
use crate::error::{DbError, DbErrorKind};
use crate::filter::{Query, direction, marks, one_of, text_op, text_test};
use crate::run_plan::{Plan, source, stages};
use crate::session::Session;
use crate::value::Value;
use crate::{SqlStore, dataset, metric, param, run, tag};

/// Runs whose details are fetched by one statement.
pub const CHUNK: usize = 512;
/// So many conditions are joined in the best order; more are looked up in the given one.
const FEW: usize = 6;

/// Runs that fit.
pub async fn search(store: &SqlStore, search: RunSearch) -> Result<Page<Run>> {
    if search.experiments.is_empty() {
        return Ok(Page { items: Vec::new(), next_offset: None });
    }
    let dialect = store.dialect.clone();
    store
        .database
        .read(move |session| {
            let heads = find(session, dialect.as_ref(), &search)?;
            let page = Page::cut(heads, search.page);
            Ok(Page { items: with_details(session, page.items)?, next_offset: page.next_offset })
        })
        .await
}

/// The heads of a page of runs, and of one more, if there is one.
pub fn find(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    search: &RunSearch,
) -> Result<Vec<RunInfo>> {
    if search.filter.len() + search.order_by.len() > dialect.most_conditions() {
        let why = format!("more than {} conditions and columns", dialect.most_conditions());
        return Err(DbError::new(DbErrorKind::TooComplex, why).into());
    }
    let plan = Plan::choose(session, dialect, search)?;
    if plan.by_metric {
        let (sql, args) = query(dialect, search, &plan);
        let heads = session.rows(&sql, &args, run::read_info)?;
        if heads.len() as u64 > search.page.limit {
            return Ok(heads);
        }
        // The page reaches beyond the runs with a number: to those with NaN or without the metric.
    }
    let (sql, args) = query(dialect, search, &Plan { by_metric: false, ..plan });
    Ok(session.rows(&sql, &args, run::read_info)?)
}

fn query(dialect: &dyn Dialect, search: &RunSearch, plan: &Plan) -> (String, Vec<Value<'static>>) {
    let starts_elsewhere = plan.by_metric || plan.rare.contains(&true);
    let mut query = if plan.by_metric {
        // A CROSS JOIN keeps SQLite from turning the two around.
        Query::new(format!("SELECT {} FROM latest_metrics o0 CROSS JOIN runs r", run::COLUMNS))
    } else {
        Query::new(format!("SELECT {} FROM runs r", run::COLUMNS))
    };
    for (i, order) in search.order_by.iter().enumerate().skip(plan.by_metric.into()) {
        join_order(&mut query, i, order);
    }
    if let (true, Some(RunOrderKey::Metric(key))) =
        (plan.by_metric, search.order_by.first().map(|order| &order.by))
    {
        let condition = "r.run_uuid = o0.run_uuid AND o0.\"key\" = ? AND o0.is_nan IN (0, 1) \
                         AND o0.is_nan = 0";
        query.and(condition, [key.clone().into()]);
    }
    // The sign takes the column out of the sight of SQLite's planner, who would start from it.
    let sign = if starts_elsewhere { "+" } else { "" };
    let experiments = search.experiments.iter().map(|id| Value::Int(id.0));
    let condition = format!("{sign}r.experiment_id IN ({})", marks(search.experiments.len()));
    query.and(&condition, experiments);
    query.and(&format!("{sign}{}", stages(search.view)), []);
    let looked_up = if search.filter.len() > FEW { dialect.looked_up() } else { "" };
    for (clause, rare) in search.filter.iter().zip(&plan.rare) {
        match source(dialect, clause).filter(|_| *rare) {
            Some(source) => {
                let (condition, args) = source.condition();
                query.and(&condition, args);
            }
            None => add_clause(&mut query, dialect, clause, looked_up),
        }
    }
    query.push(&order_by(dialect, &search.order_by, plan.by_metric));
    query.page(dialect, search.page)
}

/// Joins the table that holds what a column of the order sorts by.
fn join_order(query: &mut Query, i: usize, order: &RunOrder) {
    let (table, key) = match &order.by {
        RunOrderKey::Metric(key) => ("latest_metrics", key),
        RunOrderKey::Param(key) => ("params", key),
        RunOrderKey::Tag(key) => ("tags", key),
        RunOrderKey::Text(_) | RunOrderKey::Time(_) => return,
    };
    let join =
        format!(" LEFT JOIN {table} o{i} ON o{i}.run_uuid = r.run_uuid AND o{i}.\"key\" = ?");
    query.push_with(&join, [key.clone().into()]);
}

fn order_by(dialect: &dyn Dialect, orders: &[RunOrder], numbers_only: bool) -> String {
    let mut columns = Vec::new();
    for (i, order) in orders.iter().enumerate() {
        let column = match &order.by {
            RunOrderKey::Metric(_) => {
                if !(numbers_only && i == 0) {
                    // Numbers, then NaN, then runs without the metric, in both directions.
                    columns.push(format!(
                        "CASE WHEN o{i}.is_nan IS NULL THEN 2 WHEN o{i}.is_nan = {} THEN 0 ELSE 1 \
                         END",
                        dialect.truth(false)
                    ));
                }
                columns.push(format!("o{i}.value {}", direction(order.ascending)));
                continue;
            }
            RunOrderKey::Param(_) | RunOrderKey::Tag(_) => format!("o{i}.value"),
            RunOrderKey::Text(RunText::RunName) => "r.name".to_owned(),
            RunOrderKey::Text(text) => text_column(*text).to_owned(),
            RunOrderKey::Time(time) => time_column(*time).to_owned(),
        };
        columns.push(dialect.nulls_last(&column, order.ascending));
    }
    let by_start = RunOrderKey::Time(RunTime::StartTime);
    if !orders.iter().any(|order| order.by == by_start) {
        columns.push("r.start_time DESC".to_owned());
    }
    columns.push("r.run_uuid ASC".to_owned());
    dialect.order_by(&columns)
}

fn text_column(text: RunText) -> &'static str {
    match text {
        RunText::RunId => "r.run_uuid",
        RunText::RunName => "r.name",
        RunText::Status => "r.status",
        RunText::ArtifactUri => "r.artifact_uri",
        RunText::UserId => "r.user_id",
    }
}

fn time_column(time: RunTime) -> &'static str {
    match time {
        RunTime::StartTime => "r.start_time",
        RunTime::EndTime => "r.end_time",
    }
}

fn add_clause(query: &mut Query, dialect: &dyn Dialect, clause: &RunClause, looked_up: &str) {
    let exists = |table: &str, test: &str| exists(table, test, looked_up);
    match clause {
        RunClause::Metric { key, op, value } => {
            let test = match op {
                // NaN differs from every number, and compares with none.
                NumberOp::Ne => {
                    format!("(x.is_nan <> {} OR x.value <> ?)", dialect.truth(false))
                }
                op => {
                    format!("x.is_nan = {} AND x.value {} ?", dialect.truth(false), op.as_str())
                }
            };
            let args = [key.clone().into(), Value::Real(*value)];
            query.and(&exists("latest_metrics", &test), args);
        }
        RunClause::Param { key, op, value } => {
            let test = text_op(dialect, "x.value", *op);
            query.and(&exists("params", &test), [key.clone().into(), value.clone().into()]);
        }
        RunClause::Tag { key, op, value } => {
            let test = text_op(dialect, "x.value", *op);
            query.and(&exists("tags", &test), [key.clone().into(), value.clone().into()]);
        }
        RunClause::ParamPresence { key, is_null } => {
            presence(query, "params", key, *is_null, looked_up);
        }
        RunClause::TagPresence { key, is_null } => {
            presence(query, "tags", key, *is_null, looked_up);
        }
        // MLflow looks at the tag, so that a run whose tag was removed is not found by its name.
        RunClause::Text { attribute: RunText::RunName, op, value } => {
            let test = text_op(dialect, "x.value", *op);
            query.and(&exists("tags", &test), [RUN_NAME_TAG.into(), value.clone().into()]);
        }
        RunClause::Text { attribute, op, value } => {
            let test = text_op(dialect, text_column(*attribute), *op);
            query.and(&test, [value.clone().into()]);
        }
        RunClause::Time { attribute, op, value } => {
            let test = format!("{} {} ?", time_column(*attribute), op.as_str());
            query.and(&test, [Value::Real(*value)]);
        }
        RunClause::IdIn { negated, values } => {
            let (test, args) = one_of("r.run_uuid", *negated, values);
            query.and(&test, args);
        }
        RunClause::Dataset { field, test } => {
            let (column, join) = match field {
                DatasetField::Name => ("d.name", ""),
                DatasetField::Digest => ("d.digest", ""),
                DatasetField::Context => (
                    "t.value",
                    " JOIN input_tags t ON t.input_uuid = i.input_uuid \
                     AND t.name = 'mlflow.data.context'",
                ),
            };
            let (test, args) = text_test(dialect, column, test);
            let condition = format!(
                "EXISTS (SELECT 1 FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id\
                 {join} WHERE i.destination_type = 'RUN' AND i.destination_id = r.run_uuid \
                 AND i.source_type = 'DATASET' AND {test})"
            );
            query.and(&condition, args);
        }
    }
}

/// The run has a row with this key that passes the test.
fn exists(table: &str, test: &str, looked_up: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM {table} x WHERE x.run_uuid = r.run_uuid AND x.\"key\" = ? AND \
         {test}{looked_up})"
    )
}

fn presence(query: &mut Query, table: &str, key: &str, is_null: bool, looked_up: &str) {
    let not = if is_null { "NOT " } else { "" };
    let condition = format!(
        "{not}EXISTS (SELECT 1 FROM {table} x WHERE x.run_uuid = r.run_uuid AND x.\"key\" = \
         ?{looked_up})"
    );
    query.and(&condition, [key.to_owned().into()]);
}

/// Adds what they logged to the heads of some runs.
fn with_details(session: &mut dyn Session, heads: Vec<RunInfo>) -> Result<Vec<Run>> {
    let mut runs = Vec::with_capacity(heads.len());
    let mut heads = heads.into_iter();
    loop {
        let chunk: Vec<RunInfo> = heads.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            return Ok(runs);
        }
        add_details(session, chunk, &mut runs)?;
    }
}

fn add_details(session: &mut dyn Session, heads: Vec<RunInfo>, runs: &mut Vec<Run>) -> Result<()> {
    let mut ids: Vec<Value<'static>> =
        heads.iter().map(|head| head.id.as_str().to_owned().into()).collect();
    // A few lengths only, so that the statements stay prepared; NULL is in no list.
    ids.resize(ids.len().next_power_of_two(), Value::Null);
    let mut metrics = metric::latest_of_runs(session, &ids)?;
    let mut params = param::of_runs(session, &ids)?;
    let mut tags = tag::of_runs(session, &ids)?;
    let mut datasets = dataset::inputs_of_runs(session, &ids)?;
    let mut outputs = dataset::model_outputs_of_runs(session, &ids)?;
    fn take<T>(from: &mut HashMap<String, Vec<T>>, id: &str) -> Vec<T> {
        from.remove(id).unwrap_or_default()
    }
    runs.extend(heads.into_iter().map(|mut info| {
        let own_tags = take(&mut tags, info.id.as_str());
        run::name_by_tag(&mut info, &own_tags);
        let id = info.id.as_str();
        Run {
            metrics: take(&mut metrics, id),
            params: take(&mut params, id),
            tags: own_tags,
            dataset_inputs: take(&mut datasets, id),
            model_inputs: Vec::new(),
            model_outputs: take(&mut outputs, id),
            info,
        }
    }));
    Ok(())
}
