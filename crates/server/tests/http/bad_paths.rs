//! Routes that do not exist, and ways out of the folder of the artifacts.

use oxflow_testkit::TestServer;
use reqwest::Method;

use crate::{files, is_error, status_of};

const API: &str = "/api/2.0/mlflow";

#[tokio::test]
async fn unknown_routes_are_not_found() {
    let server = TestServer::start().await;
    for path in [
        "/nope",
        "/api/2.0/mlflow",
        "/api/2.0/mlflow/",
        "/api/2.0/mlflow/nope",
        "/api/2.0/mlflow/runs/get/",
        "/API/2.0/mlflow/runs/get",
        "/api/4.0/mlflow/runs/get",
        "/ajax-api/2.0/mlflow/runs/nope",
        "/api/2.0/mlflow-artifacts",
        "/api//2.0/mlflow/runs/get",
        "/%2e%2e/etc/passwd",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = server.send(server.request(method, path)).await;
            is_error(&answer, 404, "ENDPOINT_NOT_FOUND", "No such endpoint");
        }
    }
}

#[tokio::test]
async fn other_methods_are_named_in_the_answer() {
    let server = TestServer::start().await;
    for (method, path, allowed) in [
        (Method::GET, "/runs/create", "POST"),
        (Method::DELETE, "/runs/create", "POST"),
        (Method::POST, "/runs/get", "GET,HEAD"),
        (Method::PUT, "/experiments/search", "GET,HEAD,POST"),
        (Method::PATCH, "/runs/update", "POST"),
        (Method::TRACE, "/runs/get", "GET,HEAD"),
    ] {
        let answer = server.send(server.request(method, &format!("{API}{path}"))).await;
        is_error(&answer, 405, "ENDPOINT_NOT_FOUND", "does not answer to");
        assert_eq!(answer.header("allow"), allowed);
    }
}

/// Ways out of a folder, as they stand in a path or, with `%` and the like, in a query.
const WAYS_OUT: [&str; 24] = [
    "..",
    "../secret",
    "a/../../secret",
    "./../secret",
    "..%2fsecret",
    "%2e%2e/secret",
    "%2e%2e%2fsecret",
    "%252e%252e%252fsecret",
    "%25252e%25252e%25252fsecret",
    "..%5csecret",
    "a%5c..%5c..%5csecret",
    "%2fetc/passwd",
    "%252fetc%252fpasswd",
    "/etc/passwd",
    "C:/secret",
    "C%3a%5csecret",
    "file:///etc/passwd",
    "file%3a%2f%2f%2fetc%2fpasswd",
    "%5c%5chost%5cshare",
    "..%00/secret",
    "a%00.txt",
    "a%23b",
    "%20../secret",
    "%09..",
];

/// A server beside whose artifacts lies a file that is nobody's business.
async fn server_with_a_secret() -> TestServer {
    let server = TestServer::start().await;
    std::fs::write(server.database.folder().join("secret"), "the secret").unwrap();
    let put = server.request(Method::PUT, "/api/2.0/mlflow-artifacts/artifacts/a/b.txt");
    assert_eq!(server.send(put.body("hello")).await.status, 200);
    server
}

/// Sends a request line as it is, without any client library to tidy it up.
async fn refused(server: &TestServer, method: &str, target: &str, before: &[(String, Vec<u8>)]) {
    let answer = server
        .raw(format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
        ))
        .await;
    let status = status_of(&answer);
    assert!((400..500).contains(&status), "{method} {target}: {answer}");
    assert!(answer.contains("error_code"), "{method} {target}: {answer}");
    assert!(!answer.contains("the secret") && !answer.contains("root:"), "{target}: {answer}");
    assert!(files(server) == before, "{method} {target} changed a file");
}

#[tokio::test]
async fn no_path_leads_out_of_the_artifacts() {
    let server = server_with_a_secret().await;
    let before = files(&server);
    for way in WAYS_OUT {
        for method in ["GET", "PUT", "DELETE"] {
            for prefix in ["/api", "/ajax-api"] {
                let target = format!("{prefix}/2.0/mlflow-artifacts/artifacts/{way}");
                refused(&server, method, &target, &before).await;
            }
        }
        let target = format!("/api/2.0/mlflow-artifacts/artifacts?path={way}");
        refused(&server, "GET", &target, &before).await;
    }
}

#[tokio::test]
async fn no_query_leads_out_of_a_run() {
    let server = server_with_a_secret().await;
    let run = server.new_run("iris").create().await;
    let model = serde_json::json!({"experiment_id": "1", "name": "m"});
    let model = server.post("logged-models", &model).await.ok();
    let model = model["model"]["info"]["model_id"].as_str().unwrap().to_owned();
    let before = files(&server);
    for way in WAYS_OUT {
        let file = format!("{API}/logged-models/{model}/artifacts/files?artifact_file_path={way}");
        let folder = format!(
            "{API}/logged-models/{model}/artifacts/directories?artifact_directory_path={way}"
        );
        for (method, target) in [
            ("GET", format!("/get-artifact?run_id={run}&path={way}")),
            ("GET", format!("{API}/artifacts/list?run_id={run}&path={way}")),
            ("POST", format!("/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path={way}")),
            ("GET", file.replace("/api/", "/ajax-api/")),
            ("GET", folder),
        ] {
            refused(&server, method, &target, &before).await;
        }
    }
}

#[tokio::test]
async fn no_id_leads_out_of_the_artifacts() {
    let server = server_with_a_secret().await;
    let before = files(&server);
    for id in ["..", "%2e%2e", "..%2f..", "a%2f..", "%00", "1%2f..%2f..", "*"] {
        for (method, target) in [
            ("GET", format!("/get-artifact?run_id={id}&path=secret")),
            ("GET", format!("{API}/artifacts/list?run_id={id}")),
            ("POST", format!("/ajax-api/2.0/mlflow/upload-artifact?run_uuid={id}&path=x")),
            ("GET", format!("{API}/logged-models/{id}/artifacts/directories")),
            ("DELETE", format!("{API}/logged-models/{id}")),
        ] {
            refused(&server, method, &target, &before).await;
        }
    }
}

#[tokio::test]
async fn a_link_inside_the_artifacts_leads_nowhere() {
    let server = server_with_a_secret().await;
    let root = server.database.folder().join("mlartifacts");
    std::os::unix::fs::symlink(server.database.folder(), root.join("out")).unwrap();
    std::os::unix::fs::symlink("../secret", root.join("link")).unwrap();
    let secret = || std::fs::read(server.database.folder().join("secret")).unwrap();
    for path in ["out/secret", "link", "out/mlflow.db"] {
        for method in [Method::GET, Method::PUT] {
            let path = format!("/api/2.0/mlflow-artifacts/artifacts/{path}");
            let answer = server.send(server.request(method.clone(), &path).body("x")).await;
            assert!(!answer.text().contains("the secret"), "{method} {path}");
            assert!(answer.status < 500, "{method} {path}: {}", answer.text());
            assert_eq!(secret(), b"the secret", "{method} {path}");
        }
    }
    let listed = server.get("/api/2.0/mlflow-artifacts/artifacts?path=out").await;
    assert!(!listed.text().contains("secret"), "{}", listed.text());
    let delete = server.request(Method::DELETE, "/api/2.0/mlflow-artifacts/artifacts/out/secret");
    server.send(delete).await;
    assert_eq!(secret(), b"the secret");
}

#[tokio::test]
async fn lines_that_are_no_http_end_the_connection() {
    let server = TestServer::start().await;
    for request in [
        "nonsense\r\n\r\n",
        "GET\r\n\r\n",
        "GET /health HTTP/9.9\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n",
        "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ] {
        let answer = server.raw(request).await;
        assert!(answer.is_empty() || status_of(&answer) == 400, "{request}: {answer}");
    }
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(100_000));
    let answer = server.raw(long).await;
    assert!(answer.is_empty() || (400..500).contains(&status_of(&answer)), "{answer}");
    assert_eq!(server.get("/health").await.text(), "OK");
}
