//! `runs/log-metric` and `metrics/…`

use axum::extract::State;
use oxflow_api::common::{Empty, all};
use oxflow_api::metric::{
    GetMetricHistory, GetMetricHistoryBulk, GetMetricHistoryBulkInterval,
    MetricHistoryBulkResponse, MetricHistoryResponse,
};
use oxflow_api::run::{LogMetric, run_id};
use oxflow_api::{request, token};
use oxflow_model::{Error, Metric, Millis, PageRequest, RunId, validate};
use oxflow_store::{HistoryInterval, HistoryPage};

use crate::access::{Access, Level};
use crate::answer::{Answer, Json, Proto};
use crate::app::AppState;
use crate::router::{Routes, Under};

/// Runs in one request for many histories.
const MOST_RUNS: usize = 100;
/// Points of all runs together in `get-history-bulk`.
const MOST_BULK: i64 = 25_000;
/// Points of each run in `get-history-bulk-interval`.
const MOST_SAMPLED: i32 = 2500;

pub fn routes(routes: Routes) -> Routes {
    let read = Access::Runs(Level::Read);
    routes
        .post(Under::V2, "/runs/log-metric", Access::Run(Level::Edit), log)
        .get(Under::V2, "/metrics/get-history", Access::Run(Level::Read), history)
        .get(Under::V2Ajax, "/metrics/get-history-bulk", read, bulk)
        .get(Under::V2, "/metrics/get-history-bulk-interval", read, interval)
}

async fn log(State(app): State<AppState>, Proto(request): Proto<LogMetric>) -> Answer<Empty> {
    let id = run_id(request.run_id, request.run_uuid)?;
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    let metric = Metric {
        key: request.key.unwrap_or_default(),
        value: request.value.unwrap_or_default(),
        timestamp: Millis(request.timestamp.unwrap_or_default()),
        step: request.step.unwrap_or_default(),
        model_id: text(request.model_id),
        dataset_name: text(request.dataset_name),
        dataset_digest: text(request.dataset_digest),
        run_id: None,
    };
    validate::check_metric(&metric)?;
    if metric.dataset_name.is_some() != metric.dataset_digest.is_some() {
        return Err(Error::invalid(
            "Both dataset_name and dataset_digest must be provided if one is provided",
        )
        .into());
    }
    app.store.log_metric(&id, metric).await?;
    app.live.changed(&id);
    Ok(Json(Empty {}))
}

async fn history(
    State(app): State<AppState>,
    Proto(request): Proto<GetMetricHistory>,
) -> Answer<MetricHistoryResponse> {
    let run_id = run_id(request.run_id, request.run_uuid)?;
    let limit = match request.max_results {
        None => i64::MAX.unsigned_abs(),
        Some(limit) if limit > 0 => limit.unsigned_abs().into(),
        Some(limit) => {
            return Err(Error::invalid(format!(
                "Invalid value {limit} for parameter 'max_results' supplied. It must be a \
                 positive integer."
            ))
            .into());
        }
    };
    let page = PageRequest { limit, offset: token::decode(request.page_token.as_deref())? };
    let history = HistoryPage { run_id, key: request.metric_key.unwrap_or_default(), page };
    let found = app.store.metric_history(history).await?;
    Ok(Json(MetricHistoryResponse {
        metrics: all(found.items),
        next_page_token: found.next_offset.map(token::encode),
    }))
}

/// `GET metrics/get-history-bulk`
async fn bulk(
    State(app): State<AppState>,
    Proto(request): Proto<GetMetricHistoryBulk>,
) -> Answer<MetricHistoryBulkResponse> {
    let count = request.run_id.len();
    if count == 0 {
        return Err(Error::invalid(
            "GetMetricHistoryBulk request must specify at least one run_id.",
        )
        .into());
    }
    if count > MOST_RUNS {
        return Err(Error::invalid(format!(
            "GetMetricHistoryBulk request cannot specify more than {MOST_RUNS} run_ids. Received \
             {count} run_ids."
        ))
        .into());
    }
    let Some(key) = request.metric_key else {
        return Err(
            Error::invalid("GetMetricHistoryBulk request must specify a metric_key.").into()
        );
    };
    let limit = request.max_results.unwrap_or(MOST_BULK).clamp(0, MOST_BULK);
    let runs = request.run_id.into_iter().map(RunId::new).collect();
    let points = app.store.metric_history_bulk(runs, &key, limit.unsigned_abs()).await?;
    Ok(Json(MetricHistoryBulkResponse { metrics: Some(all(points)) }))
}

/// `GET metrics/get-history-bulk-interval`
pub async fn interval(
    State(app): State<AppState>,
    Proto(request): Proto<GetMetricHistoryBulkInterval>,
) -> Answer<MetricHistoryResponse> {
    let points = app.store.metric_history_interval(sampled(request)?).await?;
    Ok(Json(MetricHistoryResponse { metrics: all(points), next_page_token: None }))
}

/// What is asked for, when that is allowed.
pub fn sampled(request: GetMetricHistoryBulkInterval) -> oxflow_model::Result<HistoryInterval> {
    let run_ids = request.run_ids.unwrap_or_default();
    let count = run_ids.len();
    if count > MOST_RUNS {
        return Err(request::invalid_because(&format!(
            "GetMetricHistoryBulkInterval request must specify at most {MOST_RUNS} run_ids. \
             Received {count} run_ids."
        )));
    }
    let points = request.max_results.unwrap_or(MOST_SAMPLED);
    if !(1..=MOST_SAMPLED).contains(&points) {
        return Err(request::invalid_because(&format!(
            "max_results must be between 1 and {MOST_SAMPLED}."
        )));
    }
    Ok(HistoryInterval {
        run_ids: run_ids.into_iter().map(RunId::new).collect(),
        key: request.metric_key.unwrap_or_default(),
        steps: steps(request.start_step, request.end_step)?,
        points: points.unsigned_abs().into(),
    })
}

fn steps(start: Option<i64>, end: Option<i64>) -> oxflow_model::Result<Option<(i64, i64)>> {
    match (start, end) {
        (None, None) => Ok(None),
        (Some(start), Some(end)) if start > end => Err(Error::invalid(format!(
            "end_step must be greater than start_step. Found start_step={start} and \
             end_step={end}."
        ))),
        (Some(start), Some(end)) => Ok(Some((start, end))),
        _ => Err(Error::invalid(
            "If either start step or end step are specified, both must be specified.",
        )),
    }
}
