//! Messages of `metrics/…` and the metric itself.

use oxflow_model as model;
use oxflow_model::Millis;

use crate::message;

message! {
    /// One point of a metric.
    pub struct Metric {
        key: Option<String>,
        value: Option<f64>,
        timestamp: Option<i64>,
        step: Option<i64>,
        dataset_name: Option<String>,
        dataset_digest: Option<String>,
        model_id: Option<String>,
        run_id: Option<String>,
    }

    /// `GET metrics/get-history`
    pub struct GetMetricHistory {
        [required or run_uuid] run_id: Option<String>,
        [required] metric_key: Option<String>,
        page_token: Option<String>,
        max_results: Option<i32>,
        run_uuid: Option<String>,
    }

    /// The answer to [`GetMetricHistory`] and [`GetMetricHistoryBulkInterval`].
    pub struct MetricHistoryResponse {
        metrics: Vec<Metric>,
        next_page_token: Option<String>,
    }

    /// `GET metrics/get-history-bulk`, which only web pages use
    pub struct GetMetricHistoryBulk {
        run_id: Vec<String>,
        metric_key: Option<String>,
        max_results: Option<i64>,
    }

    /// The answer to [`GetMetricHistoryBulk`]: unlike elsewhere, the list is there even when it is
    /// empty.
    pub struct MetricHistoryBulkResponse { metrics: Option<Vec<Metric>> }

    /// `GET metrics/get-history-bulk-interval`
    pub struct GetMetricHistoryBulkInterval {
        [required] run_ids: Option<Vec<String>>,
        [required] metric_key: Option<String>,
        start_step: Option<i64>,
        end_step: Option<i64>,
        max_results: Option<i32>,
    }

    /// `GET oxflow/metrics/curves`: points to be drawn, extremes among them, in a fifth of the bytes
    pub struct GetCurves {
        [required] run_ids: Option<Vec<String>>,
        [required] metric_key: Option<String>,
        start_step: Option<i64>,
        end_step: Option<i64>,
        max_results: Option<i32>,
        with_timestamps: Option<bool>,
    }

    /// The points of a run, by their order: steps, values, and timestamps if they were asked for.
    pub struct Curve {
        run_id: Option<String>,
        steps: Vec<i64>,
        values: Vec<f64>,
        timestamps: Vec<i64>,
    }

    /// The answer to [`GetCurves`]: those of the runs that have points.
    pub struct CurvesResponse { curves: Vec<Curve> }

    /// `GET oxflow/metrics/ranges`
    pub struct GetMetricRanges {
        [required] run_ids: Option<Vec<String>>,
        [required] metric_keys: Option<Vec<String>>,
    }

    /// The lowest and the highest value of a metric of a run, NaN aside.
    pub struct MetricRange {
        run_id: Option<String>,
        key: Option<String>,
        min: Option<f64>,
        max: Option<f64>,
    }

    /// The answer to [`GetMetricRanges`]: those that have numbers.
    pub struct MetricRangesResponse { ranges: Vec<MetricRange> }
}

impl From<model::Metric> for Metric {
    fn from(metric: model::Metric) -> Self {
        Metric {
            key: Some(metric.key),
            value: Some(metric.value),
            timestamp: Some(metric.timestamp.0),
            step: Some(metric.step),
            dataset_name: metric.dataset_name,
            dataset_digest: metric.dataset_digest,
            model_id: metric.model_id,
            run_id: metric.run_id,
        }
    }
}

impl From<Metric> for model::Metric {
    fn from(metric: Metric) -> Self {
        let text = |text: Option<String>| text.filter(|text| !text.is_empty());
        model::Metric {
            key: metric.key.unwrap_or_default(),
            value: metric.value.unwrap_or_default(),
            timestamp: Millis(metric.timestamp.unwrap_or_default()),
            step: metric.step.unwrap_or_default(),
            model_id: text(metric.model_id),
            dataset_name: text(metric.dataset_name),
            dataset_digest: text(metric.dataset_digest),
            run_id: None,
        }
    }
}
