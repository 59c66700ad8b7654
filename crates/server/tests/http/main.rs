//! The server through its outer door: real requests on a real port, over a real database.
#![expect(clippy::unwrap_used, reason = "these are tests")]

mod artifact_pages;
mod artifacts;
mod artifacts_only;
mod bad_input;
mod bad_paths;
mod concurrency;
mod curves;
mod fuzz;
mod live;
mod logged_models;
mod pages;
mod random;
mod registry;
mod run_table;
mod saved_views;
mod security;
mod shutdown;
mod static_prefix;
mod workspaces;

use oxflow_testkit::{Answer, TestServer};

/// The answer must be an error with MLflow's body: this status, this code, this in the message.
#[track_caller]
fn is_error(answer: &Answer, status: u16, code: &str, message: &str) {
    let body = answer.json();
    let text = answer.text();
    assert_eq!((answer.status, body["error_code"].as_str()), (status, Some(code)), "{text}");
    assert!(body["message"].as_str().is_some_and(|m| m.contains(message)), "{text}");
    assert_eq!(answer.header("content-type"), "application/json");
}

/// The status in an answer as it came over the wire.
#[track_caller]
fn status_of(raw: &str) -> u16 {
    raw.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or_else(|| {
        unreachable!("no status in: {raw}");
    })
}

/// Every file in the folder of the server with what is in it, but for the database.
fn files(server: &TestServer) -> Vec<(String, Vec<u8>)> {
    fn collect(folder: &std::path::Path, found: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let shown = path.display().to_string();
            if path.is_dir() {
                collect(&path, found);
                found.push((shown, Vec::new()));
            } else if !shown.contains("mlflow.db") {
                found.push((shown, std::fs::read(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    collect(server.database.folder(), &mut found);
    found.sort();
    found
}
