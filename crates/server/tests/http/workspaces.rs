//! The header that chooses a workspace, and what a server does that has none.

use oxflow_testkit::{Answer, TestServer};
use reqwest::Method;
use serde_json::{Value, json};

use crate::is_error;

const ALL: &str = "/api/3.0/mlflow/workspaces";
const CREATE: &str = "/api/2.0/mlflow/experiments/create";

async fn create_in(server: &TestServer, workspace: &str, name: &str) -> Answer {
    let request = server.request(Method::POST, CREATE).header("X-MLFLOW-WORKSPACE", workspace);
    server.send(request.json(&json!({"name": name}))).await
}

async fn is_missing(server: &TestServer, name: &str) -> bool {
    let path = format!("/api/2.0/mlflow/experiments/get-by-name?experiment_name={name}");
    server.get(&path).await.status == 404
}

#[tokio::test]
async fn without_workspaces_the_header_is_refused() {
    let server = TestServer::start().await;
    let answer = create_in(&server, "default", "e").await;
    is_error(&answer, 400, "FEATURE_DISABLED", "workspaces are not enabled on this server");
    assert!(is_missing(&server, "e").await);
    assert_eq!(create_in(&server, " ", "blank").await.status, 200);
    let list = server.get(ALL).await;
    assert_eq!(list.status, 503);
    assert!(list.text().starts_with("Endpoint: /api/3.0/mlflow/workspaces disabled"));
    assert!(server.get(&format!("{ALL}/x")).await.text().contains("/workspaces/<workspace_name>"));
}

#[tokio::test]
async fn nothing_lands_in_the_wrong_workspace() {
    let server = TestServer::with(|settings| settings.workspaces = true).await;
    let request = server.request(Method::POST, ALL).json(&json!({"name": "team-a"}));
    let created = server.send(request).await;
    assert_eq!((created.status, created.json()), (201, json!({"workspace": {"name": "team-a"}})));
    is_error(&create_in(&server, "team-a", "e").await, 501, "NOT_IMPLEMENTED", "team-a");
    is_error(&create_in(&server, "nobody", "e").await, 404, "RESOURCE_DOES_NOT_EXIST", "nobody");
    is_error(&create_in(&server, "No!", "e").await, 400, "INVALID_PARAMETER_VALUE", "No!");
    assert!(is_missing(&server, "e").await);
    assert_eq!(create_in(&server, "default", "e").await.status, 200);
    let info: Value = server.get("/api/3.0/mlflow/server-info").await.json();
    assert_eq!(info["workspaces_enabled"], true);
}

#[tokio::test]
async fn what_is_in_a_workspace_is_never_lost_with_it() {
    let server = TestServer::with(|settings| settings.workspaces = true).await;
    server.send(server.request(Method::POST, ALL).json(&json!({"name": "team-a"}))).await;
    // As stock MLflow on the same database does.
    server
        .database
        .connect()
        .execute_batch(
            "INSERT INTO experiments (experiment_id, name, lifecycle_stage, workspace, \
         creation_time, last_update_time) VALUES (7, 'Default', 'active', 'team-a', 1, 1)",
        )
        .unwrap();
    for (mode, why) in [
        ("", "table 'experiments' still contains 1 resource(s)"),
        ("?mode=CASCADE", "table 'experiments' still contains 1 resource(s)"),
        ("?mode=SET_DEFAULT", "\n  - experiments: 'Default'\n"),
    ] {
        let answer =
            server.send(server.request(Method::DELETE, &format!("{ALL}/team-a{mode}"))).await;
        is_error(&answer, 400, "INVALID_STATE", why);
    }
    server
        .database
        .connect()
        .execute_batch("UPDATE experiments SET name = 'x' WHERE experiment_id = 7")
        .unwrap();
    let path = format!("{ALL}/team-a?mode=SET_DEFAULT");
    assert_eq!(server.send(server.request(Method::DELETE, &path)).await.status, 204);
    assert!(!is_missing(&server, "x").await);
}
