//! Searching logged models.

use oxflow_model::search::{
    LoggedModelClause, LoggedModelOrder, LoggedModelOrderKey, LoggedModelText, LoggedModelTime,
};
use oxflow_model::{LoggedModel, Page, Result};
use oxflow_store::LoggedModelSearch;

use crate::SqlStore;
use crate::dialect::Dialect;
use crate::filter::{Query, direction, marks, text_test};
use crate::logged_model::{COLUMNS, read, with_details};
use crate::value::Value;

/// Models whose details are fetched by one statement.
const CHUNK: usize = 512;

/// Logged models that fit.
pub async fn search(store: &SqlStore, search: LoggedModelSearch) -> Result<Page<LoggedModel>> {
    if search.experiments.is_empty() {
        return Ok(Page { items: Vec::new(), next_offset: None });
    }
    let (sql, args) = query(store.dialect.as_ref(), &search);
    store
        .database
        .read(move |session| {
            let page = Page::cut(session.rows(&sql, &args, read)?, search.page);
            let mut models = Vec::with_capacity(page.items.len());
            let mut heads = page.items.into_iter().peekable();
            while heads.peek().is_some() {
                models.extend(with_details(session, heads.by_ref().take(CHUNK).collect())?);
            }
            Ok(Page { items: models, next_offset: page.next_offset })
        })
        .await
}

fn query(dialect: &dyn Dialect, search: &LoggedModelSearch) -> (String, Vec<Value<'static>>) {
    let mut query = Query::new(format!("SELECT {COLUMNS} FROM logged_models m"));
    let experiments = search.experiments.iter().map(|id| Value::Int(id.0));
    query.and(&format!("m.experiment_id IN ({})", marks(search.experiments.len())), experiments);
    query.and("m.lifecycle_stage <> 'deleted'", []);
    let (datasets, dataset_args) = on_datasets(&search.datasets);
    let mut asks_for_metric = false;
    for clause in &search.filter {
        asks_for_metric |= matches!(clause, LoggedModelClause::Metric { .. });
        add_clause(&mut query, dialect, clause, &datasets, &dataset_args);
    }
    if !asks_for_metric && !search.datasets.is_empty() {
        // Datasets without a metric clause ask for any metric that was measured on them.
        query.and(&metric_exists(&datasets), dataset_args.iter().cloned());
    }
    order_by(&mut query, dialect, &search.order_by);
    query.page(dialect, search.page)
}

/// The condition that a metric `x` was measured on one of the datasets; empty for any.
fn on_datasets(datasets: &[(String, Option<String>)]) -> (String, Vec<Value<'static>>) {
    if datasets.is_empty() {
        return (String::new(), Vec::new());
    }
    let mut args = Vec::new();
    let each: Vec<&str> = datasets
        .iter()
        .map(|(name, digest)| {
            args.push(name.clone().into());
            match digest {
                Some(digest) => {
                    args.push(digest.clone().into());
                    "(x.dataset_name = ? AND x.dataset_digest = ?)"
                }
                None => "x.dataset_name = ?",
            }
        })
        .collect();
    (format!(" AND ({})", each.join(" OR ")), args)
}

fn metric_exists(test: &str) -> String {
    format!("EXISTS (SELECT 1 FROM logged_model_metrics x WHERE x.model_id = m.model_id{test})")
}

fn add_clause(
    query: &mut Query,
    dialect: &dyn Dialect,
    clause: &LoggedModelClause,
    datasets: &str,
    dataset_args: &[Value<'static>],
) {
    match clause {
        LoggedModelClause::Metric { key, op, value } => {
            let test =
                format!(" AND x.metric_name = ? AND x.metric_value {} ?{datasets}", op.as_str());
            let mut args = vec![key.clone().into(), Value::Real(*value)];
            args.extend(dataset_args.iter().cloned());
            query.and(&metric_exists(&test), args);
        }
        LoggedModelClause::Param { key, test } => {
            let (test, args) = text_test(dialect, "x.param_value", test);
            let condition = format!(
                "EXISTS (SELECT 1 FROM logged_model_params x WHERE x.model_id = m.model_id \
                 AND x.param_key = ? AND {test})"
            );
            query.and(&condition, std::iter::once(key.clone().into()).chain(args));
        }
        LoggedModelClause::Tag { key, test } => {
            let (test, args) = text_test(dialect, "x.tag_value", test);
            let condition = format!(
                "EXISTS (SELECT 1 FROM logged_model_tags x WHERE x.model_id = m.model_id \
                 AND x.tag_key = ? AND {test})"
            );
            query.and(&condition, std::iter::once(key.clone().into()).chain(args));
        }
        LoggedModelClause::Text { attribute, test } => {
            let (test, args) = text_test(dialect, &text_column(dialect, *attribute), test);
            query.and(&test, args);
        }
        LoggedModelClause::Time { attribute, op, value } => {
            let test = format!("{} {} ?", time_column(*attribute), op.as_str());
            query.and(&test, [Value::Real(*value)]);
        }
    }
}

fn text_column(dialect: &dyn Dialect, text: LoggedModelText) -> String {
    let column = match text {
        LoggedModelText::ModelId => "m.model_id",
        LoggedModelText::Name => "m.name",
        LoggedModelText::ArtifactLocation => "m.artifact_location",
        LoggedModelText::LifecycleStage => "m.lifecycle_stage",
        LoggedModelText::ModelType => "m.model_type",
        LoggedModelText::SourceRunId => "m.source_run_id",
        LoggedModelText::StatusMessage => "m.status_message",
        // Numbers in the table, texts in the filter.
        LoggedModelText::ExperimentId => return dialect.as_text("m.experiment_id"),
        LoggedModelText::Status => return dialect.as_text("m.status"),
    };
    column.to_owned()
}

fn time_column(time: LoggedModelTime) -> &'static str {
    match time {
        LoggedModelTime::CreationTimestamp => "m.creation_timestamp_ms",
        LoggedModelTime::LastUpdatedTimestamp => "m.last_updated_timestamp_ms",
    }
}

/// Adds the order; models without a value come last, and newest first among equals.
fn order_by(query: &mut Query, dialect: &dyn Dialect, orders: &[LoggedModelOrder]) {
    let mut columns = Vec::new();
    let mut args: Vec<Value<'static>> = Vec::new();
    let mut add = |expression: String, values: Vec<Value<'static>>, ascending: bool| {
        // Twice: once for the place of NULL, once for the value.
        args.extend(values.iter().cloned());
        args.extend(values);
        columns.push(format!("CASE WHEN {expression} IS NULL THEN 1 ELSE 0 END"));
        columns.push(format!("{expression} {}", direction(ascending)));
    };
    for order in orders {
        match &order.by {
            LoggedModelOrderKey::Text(text) => {
                add(order_column(dialect, *text), vec![], order.ascending);
            }
            LoggedModelOrderKey::Time(time) => {
                add(time_column(*time).to_owned(), vec![], order.ascending);
            }
            LoggedModelOrderKey::Metric { key, dataset_name, dataset_digest } => {
                let (expression, values) =
                    latest_metric(dialect, key, dataset_name.as_deref(), dataset_digest.as_deref());
                add(expression, values, order.ascending);
            }
        }
    }
    columns.push("m.creation_timestamp_ms DESC".to_owned());
    columns.push("m.model_id ASC".to_owned());
    query.push_with(&dialect.order_by(&columns), args);
}

/// Numbers sort as numbers.
fn order_column(dialect: &dyn Dialect, text: LoggedModelText) -> String {
    match text {
        LoggedModelText::ExperimentId => "m.experiment_id".to_owned(),
        LoggedModelText::Status => "m.status".to_owned(),
        other => text_column(dialect, other),
    }
}

/// The latest value of a metric, as an expression with arguments.
fn latest_metric(
    dialect: &dyn Dialect,
    key: &str,
    dataset_name: Option<&str>,
    dataset_digest: Option<&str>,
) -> (String, Vec<Value<'static>>) {
    let mut test = String::new();
    let mut args = vec![Value::from(key.to_owned())];
    for (column, value) in [("dataset_name", dataset_name), ("dataset_digest", dataset_digest)] {
        if let Some(value) = value {
            test.push_str(&format!(" AND x.{column} = ?"));
            args.push(value.to_owned().into());
        }
    }
    let expression = format!(
        "(SELECT x.metric_value FROM logged_model_metrics x WHERE x.model_id = m.model_id \
         AND x.metric_name = ?{test} ORDER BY x.metric_timestamp_ms DESC, x.metric_step DESC, \
         x.run_id ASC{})",
        dialect.first(1, true)
    );
    (expression, args)
}
