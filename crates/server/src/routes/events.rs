//! `oxflow/events`: a stream of what changes, for pages that follow runs.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use oxflow_api::saved_view::FollowRuns;
use oxflow_model::Error;
use serde_json::json;

use crate::access::{Access, Level};
use crate::answer::{ApiError, Proto};
use crate::app::AppState;
use crate::live::{Follower, Heard};
use crate::router::{Routes, Under};
use crate::routes::experiments::experiment_ids;

/// Proxies close connections on which nothing is said for a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Experiments that one page can follow.
const MOST_EXPERIMENTS: usize = 100;

pub fn routes(routes: Routes) -> Routes {
    routes.get(Under::Oxflow, "/events", Access::Experiment(Level::Read), follow)
}

/// Server-sent events: `runs` with `{"experiment_id", "run_ids"}`, where no ids stand for any, and
/// `missed` when the page has to look at everything anew.
async fn follow(
    State(app): State<AppState>,
    Proto(request): Proto<FollowRuns>,
) -> Result<Response, ApiError> {
    let experiments = experiment_ids(&request.experiment_ids)?;
    if experiments.is_empty() || experiments.len() > MOST_EXPERIMENTS {
        return Err(Error::invalid(format!(
            "Name 1 to {MOST_EXPERIMENTS} experiments to follow as experiment_ids."
        ))
        .into());
    }
    let follower = app.live.follow(experiments)?;
    let events = stream::unfold(follower, next);
    let mut response = Sse::new(events)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT).text("still here"))
        .into_response();
    // nginx would hold events back until it has a few kilobytes of them.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

async fn next(mut follower: Follower) -> Option<(Result<Event, Infallible>, Follower)> {
    let event = match follower.next().await? {
        Heard::Runs(experiment, runs) => {
            let runs: Vec<&str> = runs.iter().map(oxflow_model::RunId::as_str).collect();
            let data = json!({ "experiment_id": experiment.to_string(), "run_ids": runs });
            Event::default().event("runs").data(data.to_string())
        }
        Heard::Missed => Event::default().event("missed").data("{}"),
    };
    Some((Ok(event), follower))
}
