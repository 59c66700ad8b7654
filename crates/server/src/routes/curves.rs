//! `oxflow/metrics/…`: what pages draw and list of histories: samples of them, and their lowest and highest values.

use axum::extract::State;
use futures::future::try_join_all;
use oxflow_api::metric::{
    Curve, CurvesResponse, GetCurves, GetMetricHistoryBulkInterval, GetMetricRanges, MetricRange,
    MetricRangesResponse,
};
use oxflow_model::{Error, Result, RunId};
use oxflow_store::{self as store, HistoryInterval};

use crate::access::{Access, Level};
use crate::answer::{Answer, Json, Proto};
use crate::app::AppState;
use crate::router::{Routes, Under};
use crate::routes::metrics;

/// Parts in which the runs of a request are read, at the same time where the store can.
const PARTS: usize = 4;
/// Runs and metrics of which one request asks for the ranges.
const MOST_RANGES: usize = 100;

pub fn routes(routes: Routes) -> Routes {
    let read = Access::Runs(Level::Read);
    routes.get(Under::Oxflow, "/metrics/curves", read, curves).get(
        Under::Oxflow,
        "/metrics/ranges",
        read,
        ranges,
    )
}

async fn curves(
    State(app): State<AppState>,
    Proto(request): Proto<GetCurves>,
) -> Answer<CurvesResponse> {
    let interval = metrics::sampled(GetMetricHistoryBulkInterval {
        run_ids: request.run_ids,
        metric_key: request.metric_key,
        start_step: request.start_step,
        end_step: request.end_step,
        max_results: request.max_results,
    })?;
    let size = interval.run_ids.len().div_ceil(PARTS).max(1);
    let parts = interval.run_ids.chunks(size).map(|runs| {
        let part = HistoryInterval { run_ids: runs.to_vec(), ..interval.clone() };
        app.store.metric_curves(part)
    });
    let parts: Result<Vec<Vec<store::Curve>>> = try_join_all(parts).await;
    let times = request.with_timestamps.unwrap_or(false);
    let curves = parts?.into_iter().flatten().map(|curve| columns(curve, times)).collect();
    Ok(Json(CurvesResponse { curves }))
}

/// The points of a curve, one list for each thing that is known of them.
fn columns(curve: store::Curve, times: bool) -> Curve {
    let points = curve.points;
    Curve {
        run_id: Some(curve.run_id.to_string()),
        steps: points.iter().map(|point| point.step).collect(),
        values: points.iter().map(|point| point.value).collect(),
        timestamps: points.iter().filter(|_| times).map(|point| point.timestamp.0).collect(),
    }
}

async fn ranges(
    State(app): State<AppState>,
    Proto(request): Proto<GetMetricRanges>,
) -> Answer<MetricRangesResponse> {
    let runs = request.run_ids.unwrap_or_default();
    let keys = request.metric_keys.unwrap_or_default();
    if runs.is_empty() || keys.is_empty() || runs.len() > MOST_RANGES || keys.len() > MOST_RANGES {
        return Err(Error::invalid(format!(
            "Name 1 to {MOST_RANGES} runs as run_ids and as many metrics as metric_keys. Received \
             {} and {}.",
            runs.len(),
            keys.len()
        ))
        .into());
    }
    let found = app.store.metric_ranges(runs.into_iter().map(RunId::new).collect(), keys).await?;
    let ranges = found.into_iter().map(|range| MetricRange {
        run_id: Some(range.run_id.to_string()),
        key: Some(range.key),
        min: Some(range.lowest),
        max: Some(range.highest),
    });
    Ok(Json(MetricRangesResponse { ranges: ranges.collect() }))
}
