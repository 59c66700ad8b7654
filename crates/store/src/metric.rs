//! Metric history.

use async_trait::async_trait;
use oxflow_model::{Metric, Page, PageRequest, Result, RunId};

use crate::curve::{self, Curve};

/// Part of the history of one metric of one run.
#[derive(Clone, Debug)]
pub struct HistoryPage {
    /// The run; an unknown one has no history.
    pub run_id: RunId,
    /// The metric.
    pub key: String,
    /// Which part.
    pub page: PageRequest,
}

/// A sample of the histories of one metric of many runs.
#[derive(Clone, Debug)]
pub struct HistoryInterval {
    /// The runs.
    pub run_ids: Vec<RunId>,
    /// The metric.
    pub key: String,
    /// First and last step, both included.
    pub steps: Option<(i64, i64)>,
    /// How many points per run at most; at least 1.
    pub points: u64,
}

/// The lowest and the highest number that a run logged as a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricRange {
    /// The run.
    pub run_id: RunId,
    /// The metric.
    pub key: String,
    /// The lowest value.
    pub lowest: f64,
    /// The highest value.
    pub highest: f64,
}

/// Keeps points.
#[async_trait]
pub trait MetricStore: Send + Sync {
    /// Appends a point; one that is there already is dropped.
    async fn log_metric(&self, id: &RunId, metric: Metric) -> Result<()>;

    /// Points by timestamp, step and value.
    async fn metric_history(&self, history: HistoryPage) -> Result<Page<Metric>>;

    /// The first `limit` points of many runs by run id, timestamp, step and value.
    async fn metric_history_bulk(
        &self,
        run_ids: Vec<RunId>,
        key: &str,
        limit: u64,
    ) -> Result<Vec<Metric>>;

    /// Per run, in the given order: its points by step, timestamp and value are dealt into
    /// `points` buckets of equal size (the first ones get what is left over), and the first of
    /// each bucket is taken; the very last point always is.
    async fn metric_history_interval(&self, interval: HistoryInterval) -> Result<Vec<Metric>>;

    /// Samples for the eye, of the runs that have points, in the given order: what [`thin`](crate::thin) leaves of each
    /// history. Of one that is long, a store may take points at evenly spread steps instead, so that it need not read
    /// all of it. The first and the last step are always there.
    async fn metric_curves(&self, interval: HistoryInterval) -> Result<Vec<Curve>> {
        Ok(curve::by_run(&self.metric_history_interval(interval).await?))
    }

    /// Of each of these runs and metrics that has numbers, the lowest and the highest, in no order. NaN is no
    /// number; infinities are the numbers that they are kept as. All points are read.
    async fn metric_ranges(
        &self,
        run_ids: Vec<RunId>,
        keys: Vec<String>,
    ) -> Result<Vec<MetricRange>>;
}
