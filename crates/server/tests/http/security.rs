//! Foreign hosts and foreign pages.

use oxflow_testkit::{Answer, TestServer};
use reqwest::Method;
use reqwest::header::{HOST, ORIGIN};
use serde_json::json;

const CREATE: &str = "/api/2.0/mlflow/experiments/create";
const SEARCH: &str = "/api/2.0/mlflow/experiments/search?max_results=5";
const REQUEST_METHOD: &str = "Access-Control-Request-Method";

async fn get_as(server: &TestServer, host: &str, path: &str) -> Answer {
    server.send(server.request(Method::GET, path).header(HOST, host)).await
}

async fn create_from(server: &TestServer, origin: &str, name: &str) -> Answer {
    let request = server.request(Method::POST, CREATE).header(ORIGIN, origin);
    server.send(request.json(&json!({ "name": name }))).await
}

#[tokio::test]
async fn only_known_hosts_are_served() {
    let server = TestServer::start().await;
    for (host, status) in [
        ("localhost", 200),
        ("localhost:5000", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:5000", 200),
        ("192.168.1.7:5000", 200),
        ("172.16.0.1", 200),
        ("172.32.0.1", 403),
        ("evil.example", 403),
        ("10.evil.example", 403),
        ("localhost.evil.example", 403),
        ("evil.example:5000", 403),
        ("", 403),
    ] {
        let answer = get_as(&server, host, SEARCH).await;
        assert_eq!(answer.status, status, "{host}");
        if status == 403 {
            assert!(answer.text().contains("Invalid Host header"), "{host}");
            assert!(answer.text().contains("--allowed-hosts"), "{host}");
        }
        assert_eq!(get_as(&server, host, "/health").await.status, 200, "{host}");
        assert_eq!(get_as(&server, host, "/version").await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn a_request_without_a_host_is_refused() {
    let server = TestServer::start().await;
    for request in [
        format!("GET {SEARCH} HTTP/1.0\r\n\r\n"),
        format!("GET {SEARCH} HTTP/1.1\r\nConnection: close\r\n\r\n"),
    ] {
        let answer = server.raw(request).await;
        assert!((400..404).contains(&crate::status_of(&answer)), "{answer}");
    }
}

#[tokio::test]
async fn foreign_pages_do_not_write() {
    let server = TestServer::start().await;
    let before = server.database.contents();
    for origin in [
        "https://evil.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example:5000",
        "null",
        "",
        "file://",
    ] {
        let answer = create_from(&server, origin, "x").await;
        assert_eq!(answer.status, 403, "{origin}");
        assert!(answer.text().contains("--cors-allowed-origins"), "{origin}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        let artifact = "/api/2.0/mlflow-artifacts/artifacts/x";
        for method in [Method::PUT, Method::DELETE] {
            let request = server.request(method, artifact).header(ORIGIN, origin).body("x");
            assert_eq!(server.send(request).await.status, 403, "{origin}");
        }
    }
    assert_eq!(server.database.contents(), before);
    assert_eq!(crate::files(&server), []);
    for (n, origin) in
        ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:9"].into_iter().enumerate()
    {
        let answer = create_from(&server, origin, &n.to_string()).await;
        answer.ok();
        assert_eq!(answer.header("access-control-allow-origin"), origin);
    }
}

#[tokio::test]
async fn foreign_pages_do_not_read_answers() {
    let server = TestServer::start().await;
    let request = server.request(Method::GET, SEARCH).header(ORIGIN, "https://evil.example");
    let answer = server.send(request).await;
    // The browser keeps it from the page, for want of this header.
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, ""));
    assert_eq!(answer.header("vary"), "Origin");
}

#[tokio::test]
async fn preflights_are_answered() {
    let server = TestServer::start().await;
    for (origin, status) in [("http://localhost:3000", 200), ("https://evil.example", 400)] {
        let request = server.request(Method::OPTIONS, CREATE).header(ORIGIN, origin);
        let request = request
            .header(REQUEST_METHOD, "POST")
            .header("Access-Control-Request-Headers", "content-type");
        let answer = server.send(request).await;
        assert_eq!(answer.status, status, "{origin}");
        let allowed = if status == 200 { origin } else { "" };
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
        if status == 200 {
            assert_eq!(answer.header("access-control-allow-headers"), "content-type");
            assert!(answer.header("access-control-allow-methods").contains("POST"));
        }
    }
}

#[tokio::test]
async fn hosts_and_origins_can_be_allowed() {
    let server = TestServer::with(|settings| {
        settings.security.allowed_hosts = vec!["ml.example".to_owned(), "*.corp".to_owned()];
        settings.security.allowed_origins = vec!["https://ui.example".to_owned()];
        settings.security.frame_options = None;
    })
    .await;
    for (host, status) in [("ml.example", 200), ("a.corp", 200), ("localhost", 403)] {
        assert_eq!(get_as(&server, host, SEARCH).await.status, status, "{host}");
    }
    for (origin, status) in [("https://ui.example", 200), ("https://other.example", 403)] {
        let request = server.request(Method::POST, CREATE).header(HOST, "ml.example");
        let request = request.header(ORIGIN, origin).json(&json!({"name": "x"}));
        let answer = server.send(request).await;
        assert_eq!(answer.status, status, "{origin}");
        assert_eq!(answer.header("x-frame-options"), "");
    }
}

#[tokio::test]
async fn protection_can_be_switched_off() {
    let server = TestServer::with(|settings| settings.security.enabled = false).await;
    assert_eq!(get_as(&server, "evil.example", SEARCH).await.status, 200);
    create_from(&server, "https://evil.example", "x").await.ok();
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful() {
    let server = TestServer::start().await;
    for path in ["/", "/health", "/nope", SEARCH, "/api/2.0/mlflow/runs/get?run_id=x"] {
        let answer = server.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "SAMEORIGIN", "{path}");
        assert_ne!(answer.header("x-request-id"), "", "{path}");
    }
    let refused = get_as(&server, "evil.example", SEARCH).await;
    assert_ne!(refused.header("x-request-id"), "");
}
