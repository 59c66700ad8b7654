//! Metric history.

use async_trait::async_trait;
use oxflow_api::common::Empty;
use oxflow_api::metric;
use oxflow_api::metric::{
    GetMetricHistory, GetMetricHistoryBulk, GetMetricHistoryBulkInterval,
    MetricHistoryBulkResponse, MetricHistoryResponse,
};
use oxflow_api::run::LogMetric;
use oxflow_model::{Metric, Page, Result, RunId};
use oxflow_store::{HistoryInterval, HistoryPage, MetricRange, MetricStore};

use crate::call::Api::{Ajax, V2};
use crate::client::RestStore;
use crate::inside::only_inside;
use crate::page::{at, gather};
use crate::read;

/// How many points a page has, as MLflow's clients ask for them.
pub const POINTS: u32 = 25_000;

/// A point that says of which run it is.
pub fn point_of_run(wire: metric::Metric) -> Metric {
    let run_id = read::text(wire.run_id.clone());
    Metric { run_id, ..Metric::from(wire) }
}

fn texts(runs: &[RunId]) -> Vec<String> {
    runs.iter().map(ToString::to_string).collect()
}

#[async_trait]
impl MetricStore for RestStore {
    async fn log_metric(&self, id: &RunId, metric: Metric) -> Result<()> {
        let request = LogMetric {
            run_id: Some(id.to_string()),
            run_uuid: None,
            key: Some(metric.key),
            value: Some(metric.value),
            timestamp: Some(metric.timestamp.0),
            step: Some(metric.step),
            model_id: metric.model_id,
            dataset_name: metric.dataset_name,
            dataset_digest: metric.dataset_digest,
        };
        self.send::<Empty>(V2.post("runs/log-metric", &request)).await.map(drop)
    }

    async fn metric_history(&self, history: HistoryPage) -> Result<Page<Metric>> {
        let HistoryPage { run_id, key, page } = history;
        let fetch = async |limit, offset| {
            let request = GetMetricHistory {
                run_id: Some(run_id.to_string()),
                metric_key: Some(key.clone()),
                page_token: at(offset),
                max_results: Some(limit),
                run_uuid: None,
            };
            let page: MetricHistoryResponse =
                self.send(V2.get("metrics/get-history", &request)).await?;
            Ok((page.metrics.into_iter().map(point_of_run).collect(), page.next_page_token))
        };
        gather(page, POINTS, fetch).await
    }

    /// The server gives up to 25,000 points of up to 100 runs.
    async fn metric_history_bulk(
        &self,
        run_ids: Vec<RunId>,
        key: &str,
        limit: u64,
    ) -> Result<Vec<Metric>> {
        let request = GetMetricHistoryBulk {
            run_id: texts(&run_ids),
            metric_key: Some(key.to_owned()),
            max_results: Some(i64::try_from(limit).unwrap_or(i64::MAX)),
        };
        let found: MetricHistoryBulkResponse =
            self.send(Ajax.get("metrics/get-history-bulk", &request)).await?;
        Ok(found.metrics.unwrap_or_default().into_iter().map(point_of_run).collect())
    }

    /// The server samples up to 2,500 points of up to 100 runs.
    async fn metric_history_interval(&self, interval: HistoryInterval) -> Result<Vec<Metric>> {
        let request = GetMetricHistoryBulkInterval {
            run_ids: Some(texts(&interval.run_ids)),
            metric_key: Some(interval.key),
            start_step: interval.steps.map(|(start, _)| start),
            end_step: interval.steps.map(|(_, end)| end),
            max_results: Some(i32::try_from(interval.points).unwrap_or(i32::MAX)),
        };
        let found: MetricHistoryResponse =
            self.send(V2.get("metrics/get-history-bulk-interval", &request)).await?;
        Ok(found.metrics.into_iter().map(point_of_run).collect())
    }

    async fn metric_ranges(&self, _: Vec<RunId>, _: Vec<String>) -> Result<Vec<MetricRange>> {
        only_inside("Finding the ranges of metrics")
    }
}
