//! Searching runs: of all of them, what the search is about is looked at; those that pass are sorted,
//! and those of one page are looked at as a whole.

use std::cmp::Ordering;
use std::sync::Arc;

use oxflow_model::search::{
    DatasetField, NumberOp, RunClause, RunOrder, RunOrderKey, RunText, RunTime, TextTest,
};
use oxflow_model::{Metric, Page, RUN_NAME_TAG, Run};
use oxflow_store::RunSearch;

use crate::dataset::{self, ById, CONTEXT_TAG};
use crate::run_state::{self, FileRun, Needs};
use crate::store::View;
use crate::{experiment, matching};

/// A run with the datasets of its experiment, and the folder of that.
struct Candidate {
    run: Arc<FileRun>,
    datasets: Arc<ById>,
    folder: Arc<str>,
}

/// What a search is about.
fn needs(search: &RunSearch) -> Needs {
    let mut needs = Needs::default();
    for clause in &search.filter {
        match clause {
            RunClause::Metric { .. } => needs.metrics = true,
            RunClause::Param { .. } | RunClause::ParamPresence { .. } => needs.params = true,
            RunClause::Tag { .. }
            | RunClause::TagPresence { .. }
            | RunClause::Text { attribute: RunText::RunName, .. } => needs.tags = true,
            RunClause::Dataset { .. } => needs.edges = true,
            RunClause::Text { .. } | RunClause::Time { .. } | RunClause::IdIn { .. } => {}
        }
    }
    for order in &search.order_by {
        match order.by {
            RunOrderKey::Metric(_) => needs.metrics = true,
            RunOrderKey::Param(_) => needs.params = true,
            RunOrderKey::Tag(_) => needs.tags = true,
            RunOrderKey::Text(_) | RunOrderKey::Time(_) => {}
        }
    }
    needs
}

/// Runs that fit.
pub fn search(view: &View<'_>, search: &RunSearch) -> Page<Run> {
    let stage = search.view.stage();
    let needs = needs(search);
    let mut found = Vec::new();
    for (id, path) in experiment::paths(view, &search.experiments) {
        let mut runs = run_state::all(view, id, &path, needs);
        runs.retain(|run| stage.is_none_or(|stage| run.info.lifecycle_stage == stage));
        let datasets = match needs.edges && runs.iter().any(|run| !run.dataset_edges.is_empty()) {
            true => dataset::of_experiment(view, &path),
            false => Arc::default(),
        };
        let folder: Arc<str> = path.into();
        let candidates = runs.into_iter().map(|run| Candidate {
            run,
            datasets: datasets.clone(),
            folder: folder.clone(),
        });
        let fits = |c: &Candidate| search.filter.iter().all(|clause| passes(c, clause));
        found.extend(candidates.filter(fits));
    }
    found.sort_by(|a, b| order(&a.run, &b.run, &search.order_by));
    let page = matching::page(found, search.page);
    let shown = |c: &Candidate| whole(view, c);
    Page { items: page.items.iter().filter_map(shown).collect(), next_offset: page.next_offset }
}

/// A run of a page; `None` if it has gone meanwhile.
fn whole(view: &View<'_>, candidate: &Candidate) -> Option<Run> {
    let (info, folder) = (&candidate.run.info, &candidate.folder);
    let path = format!("{folder}/{}", info.id);
    let run = run_state::at(view, info.experiment_id, &path, Needs::ALL)?;
    let datasets = match run.dataset_edges.is_empty() {
        true => Arc::default(),
        false => dataset::of_experiment(view, folder),
    };
    // As in MLflow's own database search, the models that a run read are left out.
    Some(Run { model_inputs: Vec::new(), ..run.to_run(&datasets) })
}

fn passes(candidate: &Candidate, clause: &RunClause) -> bool {
    let run = &candidate.run;
    match clause {
        RunClause::Metric { key, op, value } => run.metric(key).is_some_and(|metric| {
            if metric.value.is_nan() {
                return *op == NumberOp::Ne;
            }
            matching::number(*op, &metric.value, value)
        }),
        RunClause::Param { key, op, value } => {
            run.param(key).is_some_and(|found| matching::text(*op, found, value))
        }
        RunClause::Tag { key, op, value } => {
            run.tag(key).is_some_and(|found| matching::text(*op, found, value))
        }
        RunClause::ParamPresence { key, is_null } => run.param(key).is_none() == *is_null,
        RunClause::TagPresence { key, is_null } => run.tag(key).is_none() == *is_null,
        // MLflow looks at the tag, so that a run whose tag was removed is not found by its name.
        RunClause::Text { attribute: RunText::RunName, op, value } => {
            run.tag(RUN_NAME_TAG).is_some_and(|found| matching::text(*op, found, value))
        }
        RunClause::Text { attribute, op, value } => {
            matching::text(*op, text(run, *attribute), value)
        }
        RunClause::Time { attribute, op, value } => {
            time(run, *attribute).is_some_and(|at| matching::number(*op, &(at as f64), value))
        }
        RunClause::IdIn { negated, values } => {
            matching::one_of(*negated, values, run.info.id.as_str())
        }
        RunClause::Dataset { field, test } => dataset_passes(candidate, *field, test),
    }
}

fn text(run: &FileRun, text: RunText) -> &str {
    match text {
        RunText::RunId => run.info.id.as_str(),
        RunText::RunName => &run.info.name,
        RunText::Status => run.info.status.as_str(),
        RunText::ArtifactUri => &run.info.artifact_uri,
        RunText::UserId => &run.info.user_id,
    }
}

fn time(run: &FileRun, time: RunTime) -> Option<i64> {
    match time {
        RunTime::StartTime => run.info.started_at.map(|at| at.0),
        RunTime::EndTime => run.info.ended_at.map(|at| at.0),
    }
}

fn dataset_passes(candidate: &Candidate, field: DatasetField, test: &TextTest) -> bool {
    candidate.run.dataset_edges.iter().any(|(id, tags)| {
        let Some(dataset) = candidate.datasets.get(id) else { return false };
        let found = match field {
            DatasetField::Name => Some(dataset.name.as_str()),
            DatasetField::Digest => Some(dataset.digest.as_str()),
            DatasetField::Context => {
                tags.iter().find(|tag| tag.key == CONTEXT_TAG).map(|tag| tag.value.as_str())
            }
        };
        found.is_some_and(|found| matching::test(test, found))
    })
}

fn order(a: &FileRun, b: &FileRun, orders: &[RunOrder]) -> Ordering {
    let first = orders.iter().map(|order| compare(a, b, order)).find(|order| order.is_ne());
    first.unwrap_or_else(|| {
        let by_start = RunOrderKey::Time(RunTime::StartTime);
        let newest_first = match orders.iter().any(|order| order.by == by_start) {
            true => Ordering::Equal,
            false => b.info.started_at.cmp(&a.info.started_at),
        };
        newest_first.then_with(|| a.info.id.cmp(&b.info.id))
    })
}

fn compare(a: &FileRun, b: &FileRun, order: &RunOrder) -> Ordering {
    let ascending = order.ascending;
    match &order.by {
        RunOrderKey::Metric(key) => compare_metrics(a.metric(key), b.metric(key), ascending),
        RunOrderKey::Param(key) => matching::nulls_last(a.param(key), b.param(key), ascending),
        RunOrderKey::Tag(key) => matching::nulls_last(a.tag(key), b.tag(key), ascending),
        RunOrderKey::Text(of) => matching::directed(text(a, *of).cmp(text(b, *of)), ascending),
        RunOrderKey::Time(of) => matching::nulls_last(time(a, *of), time(b, *of), ascending),
    }
}

/// Numbers, then NaN, then runs without the metric, in both directions.
fn compare_metrics(a: Option<&Metric>, b: Option<&Metric>, ascending: bool) -> Ordering {
    let class = |metric: Option<&Metric>| match metric {
        Some(metric) if metric.value.is_nan() => 1,
        Some(_) => 0,
        None => 2,
    };
    let value = |metric: Option<&Metric>| metric.map(|metric| metric.value);
    class(a).cmp(&class(b)).then_with(|| matching::nulls_last(value(a), value(b), ascending))
}
