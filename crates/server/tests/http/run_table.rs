//! Columns of very many runs.

use oxflow_testkit::{Answer, TestServer};
use reqwest::Method;
use serde_json::{Value, json};

use crate::is_error;

const TABLE: &str = "/ajax-api/2.0/oxflow/runs/table";

async fn table(server: &TestServer, asked: &Value) -> Answer {
    server.send(server.request(Method::POST, TABLE).json(asked)).await
}

async fn experiment(server: &TestServer, name: &str) -> String {
    let answer = server.post("experiments/create", &json!({"name": name})).await.ok();
    answer["experiment_id"].as_str().unwrap().to_owned()
}

/// A run that logged a metric twice, a param and a tag, unless told otherwise.
async fn run(server: &TestServer, experiment: &str, at: i64, bare: bool) -> String {
    let new = json!({"experiment_id": experiment, "run_name": format!("r{at}"), "start_time": at});
    let answer = server.post("runs/create", &new).await.ok();
    let id = answer["run"]["info"]["run_id"].as_str().unwrap().to_owned();
    if !bare {
        let point = |value: Value, step: i64| json!({"key": "loss", "value": value, "step": step, "timestamp": step});
        let batch = json!({
            "run_id": id,
            "metrics": [point(json!(10 * at), 0), point(json!(at), 1), point(json!("NaN"), 2)],
            "params": [{"key": "lr", "value": format!("0.{at}")}, {"key": "seed", "value": "7"}],
            "tags": [{"key": "team", "value": "vision"}],
        });
        server.post("runs/log-batch", &batch).await.ok();
    }
    id
}

#[tokio::test]
async fn columns_say_which_runs_have_what() {
    let server = TestServer::start().await;
    let experiment = experiment(&server, "table").await;
    let mut ids = Vec::new();
    for at in 1..=3 {
        ids.push(run(&server, &experiment, at, at == 2).await);
    }
    let ended = json!({"run_id": ids[0], "status": "FINISHED", "end_time": 99});
    server.post("runs/update", &ended).await.ok();
    let asked = json!({
        "experiment_ids": [experiment], "order_by": ["attributes.start_time ASC"],
        "metric_keys": ["loss", "none"], "range_keys": ["loss"], "param_keys": ["lr"],
        "tag_keys": ["team"], "with_datasets": true,
    });
    let answer = table(&server, &asked).await.ok();
    assert_eq!(answer["run_ids"], json!(ids));
    assert_eq!(answer["experiment_ids"], json!([experiment, experiment, experiment]));
    assert_eq!(answer["run_names"], json!(["r1", "r2", "r3"]));
    assert_eq!(answer["statuses"], json!(["FINISHED", "RUNNING", "RUNNING"]));
    assert_eq!(answer["start_times"], json!([1, 2, 3]));
    assert_eq!(answer["end_times"], json!([99, 0, 0]));
    assert_eq!(
        answer["metrics"],
        json!([{"key": "loss", "rows": [0, 2], "values": ["NaN", "NaN"]}, {"key": "none"}])
    );
    assert_eq!(answer["lowest"], json!([{"key": "loss", "rows": [0, 2], "values": [1.0, 3.0]}]));
    assert_eq!(answer["highest"], json!([{"key": "loss", "rows": [0, 2], "values": [10.0, 30.0]}]));
    assert_eq!(answer["params"], json!([{"key": "lr", "rows": [0, 2], "values": ["0.1", "0.3"]}]));
    assert_eq!(
        answer["tags"],
        json!([{"key": "team", "rows": [0, 2], "values": ["vision", "vision"]}])
    );
    assert_eq!(answer["datasets"], json!({}));
    assert!(answer.get("next_page_token").is_none());
}

#[tokio::test]
async fn a_table_is_filtered_and_comes_in_pages() {
    let server = TestServer::start().await;
    let experiment = experiment(&server, "table").await;
    let mut ids = Vec::new();
    for at in 1..=4 {
        ids.push(run(&server, &experiment, at, at == 4).await);
    }
    let mut asked = json!({
        "experiment_ids": [experiment], "filter": "params.seed = '7'", "max_results": 2,
        "order_by": ["attributes.start_time DESC"],
    });
    let first = table(&server, &asked).await.ok();
    assert_eq!(first["run_ids"], json!([ids[2], ids[1]]));
    asked["page_token"] = first["next_page_token"].clone();
    let rest = table(&server, &asked).await.ok();
    assert_eq!((&rest["run_ids"], rest.get("next_page_token")), (&json!([ids[0]]), None));
    asked["experiment_ids"] = json!([]);
    assert_eq!(table(&server, &asked).await.ok(), json!({}));
}

#[tokio::test]
async fn what_a_table_cannot_show_is_refused() {
    let server = TestServer::start().await;
    let many: Vec<String> = (0..101).map(|at| format!("m{at}")).collect();
    for (asked, message) in [
        (json!({"experiment_ids": ["0"], "metric_keys": many}), "at most 100 columns"),
        (json!({"experiment_ids": ["0"], "filter": "loss <"}), ""),
        (json!({"experiment_ids": ["0"], "max_results": 0}), "max_results"),
        (json!({"experiment_ids": ["x"]}), ""),
    ] {
        let answer = table(&server, &asked).await;
        is_error(&answer, 400, "INVALID_PARAMETER_VALUE", message);
    }
}
