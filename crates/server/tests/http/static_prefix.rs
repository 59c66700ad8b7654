//! A server behind a prefix such as `/mlflow`.

use oxflow_testkit::TestServer;
use reqwest::Method;
use reqwest::header::{HOST, ORIGIN};
use serde_json::json;

const SEARCH: &str = "/api/2.0/mlflow/experiments/search?max_results=5";

async fn server() -> TestServer {
    TestServer::with(|settings| settings.static_prefix = "/mlflow".to_owned()).await
}

/// The status of a request for exactly this path, without the prefix.
async fn status(server: &TestServer, head: &str) -> u16 {
    let request = format!("{head}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    crate::status_of(&server.raw(request).await)
}

#[tokio::test]
async fn everything_is_below_the_prefix() {
    let server = server().await;
    server.get(SEARCH).await.ok();
    assert_eq!(server.get("/health").await.text(), "OK");
    assert!(server.get("/").await.text().contains("<title>Oxflow</title>"));
    let run = server.new_run("iris").metric("rmse", 0.12).create().await;
    assert_eq!(server.run(&run).await["data"]["metrics"][0]["value"], json!(0.12));
}

#[tokio::test]
async fn only_transfers_of_artifacts_are_beside_it() {
    let server = server().await;
    let file = "/api/2.0/mlflow-artifacts/artifacts/f.txt";
    let put = server.send(server.request(Method::PUT, file).body("x")).await;
    assert_eq!(put.status, 200, "{}", put.text());
    for (path, expected) in [
        (SEARCH, 404),
        ("/health", 404),
        ("/mlflow2/health", 404),
        ("/mlflow/mlflow/health", 404),
        ("/api/2.0/mlflow-artifacts/artifacts", 404),
        ("/mlflow/api/2.0/mlflow-artifacts/artifacts", 200),
        (file, 200),
        (&format!("/mlflow{file}"), 200),
    ] {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost");
        assert_eq!(status(&server, &head).await, expected, "{path}");
    }
}

#[tokio::test]
async fn protection_holds_below_and_beside_it() {
    let server = server().await;
    let path = "/api/2.0/mlflow/experiments/create";
    let request = server.request(Method::POST, path).header(ORIGIN, "https://evil.example");
    assert_eq!(server.send(request.json(&json!({"name": "x"}))).await.status, 403);
    let request = server.request(Method::GET, SEARCH).header(HOST, "evil.example");
    assert_eq!(server.send(request).await.status, 403);
    let artifact = "api/2.0/mlflow-artifacts/artifacts/x";
    for prefix in ["/", "/mlflow/"] {
        for method in ["PUT", "DELETE"] {
            let head = format!("{method} {prefix}{artifact} HTTP/1.1\r\nHost: localhost");
            let foreign = format!("{head}\r\nOrigin: https://evil.example");
            assert_eq!(status(&server, &foreign).await, 403, "{head}");
        }
    }
    assert_eq!(crate::files(&server), []);
}
