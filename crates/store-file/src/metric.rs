//! The history of metrics: read from the files when it is asked for.

use std::cmp::Ordering;
use std::io;

use async_trait::async_trait;
use oxflow_model::{LogBatch, Metric, Page, Result, RunId};
use oxflow_store::{
    Curve, CurvePoint, HistoryInterval, HistoryPage, MetricRange, MetricStore, thin,
};

use crate::folder::unreadable;
use crate::points::{self, Owner};
use crate::store::{FileStore, View};
use crate::{matching, names, run_log, run_state};

#[async_trait]
impl MetricStore for FileStore {
    async fn log_metric(&self, id: &RunId, metric: Metric) -> Result<()> {
        let id = id.clone();
        let batch = LogBatch { metrics: vec![metric], ..LogBatch::default() };
        self.write(move |view, changes| run_log::batch(view, changes, &id, batch)).await
    }

    async fn metric_history(&self, history: HistoryPage) -> Result<Page<Metric>> {
        self.read(move |view| {
            let mut points = of_run(view, &history.run_id, &history.key)?;
            points.sort_by(by_time);
            Ok(matching::page(points, history.page))
        })
        .await
    }

    async fn metric_history_bulk(
        &self,
        run_ids: Vec<RunId>,
        key: &str,
        limit: u64,
    ) -> Result<Vec<Metric>> {
        let key = key.to_owned();
        self.read(move |view| {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let mut run_ids = run_ids;
            run_ids.sort_unstable();
            run_ids.dedup();
            let mut all = Vec::new();
            for id in run_ids {
                if all.len() >= limit {
                    break;
                }
                let mut points = of_run(view, &id, &key)?;
                points.sort_by(by_time);
                all.extend(points.into_iter().map(|point| with_run(point, &id)));
            }
            all.truncate(limit);
            Ok(all)
        })
        .await
    }

    async fn metric_history_interval(&self, interval: HistoryInterval) -> Result<Vec<Metric>> {
        self.read(move |view| {
            let mut all = Vec::new();
            for id in &interval.run_ids {
                let points = asked(view, id, &interval)?;
                let starts = bucket_starts(points.len(), interval.points);
                let chosen = starts.into_iter().filter_map(|at| points.get(at).cloned());
                all.extend(chosen.map(|point| with_run(point, id)));
            }
            Ok(all)
        })
        .await
    }

    async fn metric_curves(&self, interval: HistoryInterval) -> Result<Vec<Curve>> {
        self.read(move |view| {
            let mut curves = Vec::new();
            for id in &interval.run_ids {
                let points: Vec<CurvePoint> =
                    asked(view, id, &interval)?.iter().map(CurvePoint::from).collect();
                if !points.is_empty() {
                    curves
                        .push(Curve { run_id: id.clone(), points: thin(points, interval.points) });
                }
            }
            Ok(curves)
        })
        .await
    }

    async fn metric_ranges(
        &self,
        run_ids: Vec<RunId>,
        keys: Vec<String>,
    ) -> Result<Vec<MetricRange>> {
        self.read(move |view| {
            let mut ranges = Vec::new();
            for id in &run_ids {
                for key in &keys {
                    ranges.extend(range(of_run(view, id, key)?, id, key));
                }
            }
            Ok(ranges)
        })
        .await
    }
}

/// The lowest and the highest number among points; none among none.
fn range(points: Vec<Metric>, run: &RunId, key: &str) -> Option<MetricRange> {
    let numbers = points.iter().map(|point| point.value).filter(|value| !value.is_nan());
    let (lowest, highest) = numbers.fold(None, |range: Option<(f64, f64)>, value| {
        let (lowest, highest) = range.unwrap_or((value, value));
        Some((lowest.min(value), highest.max(value)))
    })?;
    Some(MetricRange { run_id: run.clone(), key: key.to_owned(), lowest, highest })
}

/// The points of a run that an interval is about, in order.
fn asked(view: &View<'_>, id: &RunId, interval: &HistoryInterval) -> Result<Vec<Metric>> {
    let mut points = of_run(view, id, &interval.key)?;
    if let Some((first, last)) = interval.steps {
        points.retain(|point| (first..=last).contains(&point.step));
    }
    points.sort_by(by_step);
    Ok(points)
}

fn with_run(point: Metric, run: &RunId) -> Metric {
    Metric { run_id: Some(run.to_string()), ..point }
}

/// All points of a metric of a run; none if the run or the metric is not there.
fn of_run(view: &View<'_>, id: &RunId, key: &str) -> Result<Vec<Metric>> {
    let Some((place, _)) = run_state::find_info(view, id).filter(|_| names::is_key(key)) else {
        return Ok(Vec::new());
    };
    let path = format!("{}/metrics/{key}", place.path);
    let read = || {
        if !view.look.folder.is_file(&path) {
            return Ok(Vec::new());
        }
        points::all(view.look.folder.open_file(&path)?, &path, key, Owner::Run)
    };
    view.through_gate(|_| read()).map_err(|error: io::Error| unreadable(&path, &error))
}

fn by_time(a: &Metric, b: &Metric) -> Ordering {
    let key = |point: &Metric| (point.timestamp, point.step);
    key(a).cmp(&key(b)).then_with(|| by_value(a, b))
}

fn by_step(a: &Metric, b: &Metric) -> Ordering {
    let key = |point: &Metric| (point.step, point.timestamp);
    key(a).cmp(&key(b)).then_with(|| by_value(a, b))
}

/// NaN counts as 0, as in the databases.
fn by_value(a: &Metric, b: &Metric) -> Ordering {
    a.stored_value().partial_cmp(&b.stored_value()).unwrap_or(Ordering::Equal)
}

/// Which of `total` points begin one of `buckets` buckets of equal size, the first ones one longer;
/// the last point takes the place of the last of them.
fn bucket_starts(total: usize, buckets: u64) -> Vec<usize> {
    let buckets = usize::try_from(buckets).unwrap_or(usize::MAX);
    if total <= buckets {
        return (0..total).collect();
    }
    let (size, longer) = (total / buckets, total % buckets);
    let mut starts: Vec<usize> = (0..buckets).map(|i| i * size + i.min(longer)).collect();
    if let Some(last) = starts.last_mut() {
        *last = total - 1;
    }
    starts
}
