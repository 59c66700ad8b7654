//! Logged models, as clients that train and people on pages meet at them.

use axum::http::Method;
use oxflow_testkit::TestServer;
use serde_json::{Value, json};

use crate::is_error;

const MODELS: &str = "/api/2.0/mlflow/logged-models";

async fn model(server: &TestServer) -> String {
    let experiment = server.experiment("iris").await;
    let model = server.post("logged-models", &json!({"experiment_id": experiment})).await.ok();
    model["model"]["info"]["model_id"].as_str().unwrap().to_owned()
}

async fn send(
    server: &TestServer,
    method: Method,
    path: &str,
    body: &Value,
) -> oxflow_testkit::Answer {
    server.send(server.request(method, &format!("{MODELS}/{path}")).json(body)).await
}

async fn get(server: &TestServer, id: &str) -> Value {
    server.get(&format!("{MODELS}/{id}?allow_deleted=true")).await.ok()["model"].clone()
}

#[tokio::test]
async fn who_deletes_a_model_does_not_stop_the_training_that_writes_it() {
    let server = TestServer::start().await;
    let (run, id) = (server.new_run("iris").create().await, model(&server).await);
    send(&server, Method::DELETE, &id, &json!({})).await.ok();
    assert_eq!(server.get(&format!("{MODELS}/{id}")).await.status, 404);

    let tags = json!({"model_id": id, "tags": [{"key": "t", "value": "1"}]});
    send(&server, Method::PATCH, &format!("{id}/tags"), &tags).await.ok();
    let params = json!({"model_id": id, "params": [{"key": "p", "value": "1"}]});
    send(&server, Method::POST, &format!("{id}/params"), &params).await.ok();
    let again = send(&server, Method::POST, &format!("{id}/params"), &params).await;
    assert_eq!(again.status, 400);
    let metric = json!({"run_id": run, "key": "m", "value": 1, "timestamp": 1, "model_id": id});
    server.post("runs/log-metric", &metric).await.ok();
    let status = json!({"model_id": id, "status": "LOGGED_MODEL_READY"});
    send(&server, Method::PATCH, &id, &status).await.ok();

    let found = get(&server, &id).await;
    assert_eq!(found["info"]["status"], "LOGGED_MODEL_READY");
    assert_eq!(found["info"]["tags"], json!([{"key": "t", "value": "1"}]));
    assert_eq!(found["data"]["params"], json!([{"key": "p", "value": "1"}]));
    assert_eq!(found["data"]["metrics"][0]["key"], "m");
    assert_eq!(server.get(&format!("{MODELS}/{id}")).await.status, 404, "it stays deleted");
}

#[tokio::test]
async fn keys_may_have_any_characters_but_not_any_length() {
    let server = TestServer::start().await;
    let id = model(&server).await;
    let odd =
        json!([{"key": "a//b", "value": "1"}, {"key": "a\t=b", "value": "2"}, {"value": "3"}]);
    for (path, method, list) in
        [("tags", Method::PATCH, "tags"), ("params", Method::POST, "params")]
    {
        let body = json!({"model_id": id, list: odd});
        send(&server, method.clone(), &format!("{id}/{path}"), &body).await.ok();
        let body = json!({"model_id": id, list: [{"key": "k".repeat(251), "value": "1"}]});
        let answer = send(&server, method, &format!("{id}/{path}"), &body).await;
        is_error(&answer, 400, "INVALID_PARAMETER_VALUE", "exceeds the maximum length of 250");
    }
    let found = get(&server, &id).await;
    assert_eq!(found["info"]["tags"].as_array().unwrap().len(), 3);
    assert_eq!(found["data"]["params"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_history_of_a_run_keeps_what_tells_its_models_apart() {
    let server = TestServer::start().await;
    let run = server.new_run("iris").create().await;
    let model = json!({
        "artifact_path": "m", "run_id": "r", "utc_time_created": "now", "signature": {"inputs": ""},
        "flavors": {"python_function": {"env": "x", "config": {"secret": 1}}, "odd": 7},
    });
    let body = json!({"run_id": run, "model_json": model.to_string()});
    for _ in 0..2 {
        server.post("runs/log-model", &body).await.ok();
    }
    let found = server.run(&run).await;
    let tags = found["data"]["tags"].as_array().unwrap();
    let tag = tags.iter().find(|tag| tag["key"] == "mlflow.log-model.history").unwrap();
    let history: Value = serde_json::from_str(tag["value"].as_str().unwrap()).unwrap();
    let entry = json!({
        "artifact_path": "m", "run_id": "r", "utc_time_created": "now", "model_uuid": null,
        "flavors": {"python_function": {"env": "x"}, "odd": 7},
    });
    assert_eq!(history, json!([entry, entry]));
}
