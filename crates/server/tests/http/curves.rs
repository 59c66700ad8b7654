//! Histories as pages draw them.

use oxflow_testkit::TestServer;
use serde_json::{Value, json};

use crate::is_error;

const CURVES: &str = "/ajax-api/2.0/oxflow/metrics/curves";

async fn run_with(server: &TestServer, points: &[(i64, Value)]) -> String {
    let run = server.new_run("e").create().await;
    for (step, value) in points {
        let point = json!({
            "run_id": run, "key": "loss", "value": value, "step": step, "timestamp": 1000 + step,
        });
        server.post("runs/log-metric", &point).await.ok();
    }
    run
}

#[tokio::test]
async fn each_run_has_its_points_in_order() {
    let server = TestServer::start().await;
    let mut asked = Vec::new();
    for at in 0..9 {
        let run = run_with(&server, &[(2, json!("NaN")), (0, json!(at)), (1, json!(0.5))]).await;
        asked.push(format!("run_ids={run}"));
    }
    asked.push(format!("run_ids={}", server.new_run("e").create().await));
    let query = format!("{CURVES}?metric_key=loss&{}", asked.join("&"));
    let answer = server.get(&query).await.ok();
    let curves = answer["curves"].as_array().unwrap();
    assert_eq!(curves.len(), 9, "one for each run that has points: {answer}");
    for (at, curve) in curves.iter().enumerate() {
        assert_eq!(format!("run_ids={}", curve["run_id"].as_str().unwrap()), asked[at]);
        assert_eq!(curve["steps"], json!([0, 1, 2]));
        assert_eq!(curve["values"], json!([at as f64, 0.5, "NaN"]));
        assert!(curve.get("timestamps").is_none());
    }
    let timed =
        server.get(&format!("{query}&with_timestamps=true&start_step=1&end_step=1")).await.ok();
    assert_eq!(timed["curves"][8]["timestamps"], json!([1001]));
}

#[tokio::test]
async fn what_cannot_be_drawn_is_refused() {
    let server = TestServer::start().await;
    for (query, message) in [
        ("metric_key=loss", "run_ids"),
        ("run_ids=a", "metric_key"),
        ("run_ids=a&metric_key=loss&max_results=0", "max_results must be between 1 and 2500"),
        ("run_ids=a&metric_key=loss&start_step=1", "both must be specified"),
    ] {
        let answer = server.get(&format!("{CURVES}?{query}")).await;
        is_error(&answer, 400, "INVALID_PARAMETER_VALUE", message);
    }
}

const RANGES: &str = "/ajax-api/2.0/oxflow/metrics/ranges";

#[tokio::test]
async fn a_range_spans_the_numbers_of_a_run() {
    let server = TestServer::start().await;
    let run = run_with(&server, &[(0, json!(2.5)), (1, json!("NaN")), (2, json!(-1))]).await;
    let bare = server.new_run("e").create().await;
    let query = format!("{RANGES}?run_ids={run}&run_ids={bare}&metric_keys=loss&metric_keys=other");
    let answer = server.get(&query).await.ok();
    assert_eq!(
        answer,
        json!({"ranges": [{"run_id": run, "key": "loss", "min": -1.0, "max": 2.5}]})
    );
    let many = "&run_ids=a".repeat(101);
    for query in ["metric_keys=loss", "run_ids=a", &format!("metric_keys=loss{many}")] {
        let answer = server.get(&format!("{RANGES}?{query}")).await;
        is_error(&answer, 400, "INVALID_PARAMETER_VALUE", "");
    }
}

#[tokio::test]
async fn experiments_tell_how_many_runs_they_have() {
    let server = TestServer::start().await;
    let none = server.get("/ajax-api/2.0/oxflow/experiments/activity").await.ok();
    assert_eq!(none, json!({}));
    let run = run_with(&server, &[]).await;
    run_with(&server, &[]).await;
    let ended = json!({"run_id": run, "status": "FINISHED", "end_time": 9_000_000_000_000_i64});
    server.post("runs/update", &ended).await.ok();
    let answer = server.get("/ajax-api/2.0/oxflow/experiments/activity").await.ok();
    let [only] = answer["experiments"].as_array().unwrap().as_slice() else {
        panic!("one experiment has runs: {answer}")
    };
    assert_eq!((&only["runs"], &only["running"]), (&json!(2), &json!(1)));
    assert_eq!(only["last_run_time"], json!(9_000_000_000_000_i64));
}
