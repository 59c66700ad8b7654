//! Searching logged models.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use oxflow_model::search::{
    LoggedModelClause, LoggedModelOrder, LoggedModelOrderKey, LoggedModelText, LoggedModelTime,
};
use oxflow_model::{LoggedModel, Metric, Page};
use oxflow_store::LoggedModelSearch;

use crate::logged_model::{self, FileModel};
use crate::store::View;
use crate::{experiment, matching};

/// Logged models that fit.
pub fn search(view: &View<'_>, search: &LoggedModelSearch) -> Page<LoggedModel> {
    let mut found: Vec<Arc<FileModel>> = Vec::new();
    for (id, path) in experiment::paths(view, &search.experiments) {
        for name in experiment::model_folders(view, &path) {
            found.extend(logged_model::at(view, id, &format!("{path}/models/{name}")));
        }
    }
    found.retain(|found| !found.deleted && fits(&found.model, search));
    found.sort_by(|a, b| order(&a.model, &b.model, &search.order_by));
    let page = matching::page(found, search.page);
    let items = page.items.into_iter().map(|found| found.model.clone()).collect();
    Page { items, next_offset: page.next_offset }
}

fn fits(model: &LoggedModel, search: &LoggedModelSearch) -> bool {
    let on_dataset = |metric: &Metric| {
        search.datasets.is_empty()
            || search.datasets.iter().any(|(name, digest)| {
                metric.dataset_name.as_ref() == Some(name)
                    && (digest.is_none() || metric.dataset_digest == *digest)
            })
    };
    let mut asks_for_metric = false;
    let passes = search.filter.iter().all(|clause| match clause {
        LoggedModelClause::Metric { key, op, value } => {
            asks_for_metric = true;
            model.metrics.iter().any(|metric| {
                metric.key == *key
                    && on_dataset(metric)
                    && matching::number(*op, &metric.value, value)
            })
        }
        LoggedModelClause::Param { key, test } => {
            model.params.iter().any(|param| param.key == *key && matching::test(test, &param.value))
        }
        LoggedModelClause::Tag { key, test } => {
            model.tags.iter().any(|tag| tag.key == *key && matching::test(test, &tag.value))
        }
        LoggedModelClause::Text { attribute, test } => {
            matching::test_any(test, text(model, *attribute).as_deref())
        }
        LoggedModelClause::Time { attribute, op, value } => {
            matching::number(*op, &(time(model, *attribute) as f64), value)
        }
    });
    // Datasets without a metric clause ask for any metric that was measured on them.
    let measured = asks_for_metric || search.datasets.is_empty();
    passes && (measured || model.metrics.iter().any(on_dataset))
}

fn text(model: &LoggedModel, text: LoggedModelText) -> Option<Cow<'_, str>> {
    let own = |text: String| Some(Cow::Owned(text));
    match text {
        LoggedModelText::ModelId => Some(model.id.as_str().into()),
        LoggedModelText::ExperimentId => own(model.experiment_id.to_string()),
        LoggedModelText::Name => Some((&model.name).into()),
        LoggedModelText::ArtifactLocation => Some((&model.artifact_location).into()),
        LoggedModelText::Status => own((model.status as i32).to_string()),
        // Deleted ones are never found.
        LoggedModelText::LifecycleStage => Some("active".into()),
        LoggedModelText::ModelType => model.model_type.as_deref().map(Into::into),
        LoggedModelText::SourceRunId => model.source_run_id.as_deref().map(Into::into),
        LoggedModelText::StatusMessage => model.status_message.as_deref().map(Into::into),
    }
}

fn time(model: &LoggedModel, time: LoggedModelTime) -> i64 {
    match time {
        LoggedModelTime::CreationTimestamp => model.created_at.0,
        LoggedModelTime::LastUpdatedTimestamp => model.updated_at.0,
    }
}

fn order(a: &LoggedModel, b: &LoggedModel, orders: &[LoggedModelOrder]) -> Ordering {
    let first = orders.iter().map(|order| compare(a, b, order)).find(|order| order.is_ne());
    first.unwrap_or_else(|| b.created_at.cmp(&a.created_at).then_with(|| a.id.cmp(&b.id)))
}

fn compare(a: &LoggedModel, b: &LoggedModel, order: &LoggedModelOrder) -> Ordering {
    let ascending = order.ascending;
    match &order.by {
        // Numbers sort as numbers.
        LoggedModelOrderKey::Text(LoggedModelText::ExperimentId) => {
            matching::directed(a.experiment_id.cmp(&b.experiment_id), ascending)
        }
        LoggedModelOrderKey::Text(LoggedModelText::Status) => {
            matching::directed((a.status as i32).cmp(&(b.status as i32)), ascending)
        }
        LoggedModelOrderKey::Text(of) => {
            matching::nulls_last(text(a, *of), text(b, *of), ascending)
        }
        LoggedModelOrderKey::Time(of) => {
            matching::directed(time(a, *of).cmp(&time(b, *of)), ascending)
        }
        LoggedModelOrderKey::Metric { key, dataset_name, dataset_digest } => {
            let latest = |model| latest(model, key, dataset_name.as_ref(), dataset_digest.as_ref());
            matching::nulls_last(latest(a), latest(b), ascending)
        }
    }
}

/// The latest value of a metric.
fn latest(
    model: &LoggedModel,
    key: &str,
    dataset: Option<&String>,
    digest: Option<&String>,
) -> Option<f64> {
    let fits = |metric: &&Metric| {
        metric.key == key
            && (dataset.is_none() || metric.dataset_name.as_ref() == dataset)
            && (digest.is_none() || metric.dataset_digest.as_ref() == digest)
    };
    let fitting = model.metrics.iter().filter(fits);
    let latest = fitting.max_by_key(|metric| (metric.timestamp, metric.step))?;
    Some(latest.value).filter(|value| !value.is_nan())
}
