//! `oxflow/metrics/curves`: sampled histories of many runs, as pages draw them.

use axum::extract::State;
use futures::future::try_join_all;
use oxflow_api::metric::{Curve, CurvesResponse, GetCurves, GetMetricHistoryBulkInterval};
use oxflow_model::{Metric, Result};
use oxflow_store::HistoryInterval;

use crate::access::{Access, Level};
use crate::answer::{Answer, Json, Proto};
use crate::app::AppState;
use crate::router::{Routes, Under};
use crate::routes::metrics;

/// Parts in which the runs of a request are read, at the same time where the store can.
const PARTS: usize = 4;

pub fn routes(routes: Routes) -> Routes {
    routes.get(Under::Oxflow, "/metrics/curves", Access::Runs(Level::Read), curves)
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
        app.store.metric_history_interval(part)
    });
    let points: Result<Vec<Vec<Metric>>> = try_join_all(parts).await;
    let times = request.with_timestamps.unwrap_or(false);
    Ok(Json(CurvesResponse { curves: by_run(points?.concat(), times) }))
}

/// Points that stand run by run.
fn by_run(points: Vec<Metric>, times: bool) -> Vec<Curve> {
    let mut curves: Vec<Curve> = Vec::new();
    for point in points {
        if curves.last().is_none_or(|curve| curve.run_id.as_deref() != point.run_id.as_deref()) {
            curves.push(Curve { run_id: point.run_id.clone(), ..Curve::default() });
        }
        if let Some(curve) = curves.last_mut() {
            curve.steps.push(point.step);
            curve.values.push(point.value);
            if times {
                curve.timestamps.push(point.timestamp.0);
            }
        }
    }
    curves
}
