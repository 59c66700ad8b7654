//! A server for artifacts alone: files come and go, everything else is switched off.

use axum::http::Method;
use oxflow_server::{Under, table};
use oxflow_testkit::TestServer;
use serde_json::json;

const FILE: &str = "/api/2.0/mlflow-artifacts/artifacts/a/b.txt";

/// What such a server answers to besides artifacts.
const OPEN: [&str; 6] =
    ["/health", "/version", "/", "/openapi.json", "/graphql", "/api/3.0/mlflow/server-info"];

fn is_open(under: Under, path: &str) -> bool {
    let for_pages = path.ends_with("/ui-telemetry") || path.ends_with("/gateway-proxy");
    let of_pages = path == "/icon.svg" || path.starts_with("/assets/");
    under == Under::Artifacts || OPEN.contains(&path) || for_pages || of_pages
}

#[tokio::test]
async fn everything_but_artifacts_is_switched_off() {
    let server = TestServer::with(|settings| settings.artifacts_only = true).await;
    let before = server.database.contents();
    let mut off = 0;
    for route in table() {
        let path = route.main_path();
        if is_open(route.under, &path) {
            continue;
        }
        let method: Method = route.verb.as_str().parse().unwrap();
        let asked = path.replace(['{', '}', '*'], "");
        let answer = server.send(server.request(method, &asked).json(&json!({}))).await;
        let shown = path.replace("{*", "<path:").replace('{', "<").replace('}', ">");
        let text = format!("Endpoint: {shown} disabled due to the mlflow server running in");
        assert_eq!(answer.status, 503, "{} {path}", route.verb);
        assert!(answer.text().starts_with(&text), "{}", answer.text());
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        off += 1;
    }
    assert!(off > 100, "{off}");
    assert_eq!(server.database.contents(), before);
}

#[tokio::test]
async fn artifacts_come_and_go() {
    let server = TestServer::with(|settings| settings.artifacts_only = true).await;
    server.send(server.request(Method::PUT, FILE).body("x")).await.ok();
    assert_eq!(server.get(FILE).await.text(), "x");
    let list = server.get("/api/2.0/mlflow-artifacts/artifacts?path=a").await.ok();
    assert_eq!(list["files"][0]["path"], "b.txt");
    server.send(server.request(Method::DELETE, FILE)).await.ok();
    assert_eq!(server.get(FILE).await.status, 404);
    for path in ["/health", "/version", "/api/3.0/mlflow/server-info"] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
    let query = json!({"query": "{ __typename }"});
    let answer = server.send(server.request(Method::POST, "/graphql").json(&query)).await.ok();
    assert_eq!(answer["data"]["__typename"], "Query");
}

#[tokio::test]
async fn its_page_says_what_it_is() {
    let server = TestServer::with(|settings| settings.artifacts_only = true).await;
    let page = server.get("/").await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-cache"));
    assert!(page.text().contains("carries artifacts, and nothing else"), "{}", page.text());
}

#[tokio::test]
async fn a_route_below_a_prefix_is_named_with_it() {
    let server = TestServer::with(|settings| {
        settings.artifacts_only = true;
        settings.static_prefix = "/mlf".to_owned();
    })
    .await;
    let answer = server.get("/ajax-api/2.0/mlflow/runs/get").await;
    assert!(answer.text().starts_with("Endpoint: /mlf/ajax-api/2.0/mlflow/runs/get disabled"));
}
