//! Ending a server: what is under way is finished, and nothing new begins.

use std::time::Duration;

use oxflow_testkit::TestServer;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Far longer than any step takes; whoever waits for it has failed.
const TOO_LONG: Duration = Duration::from_secs(20);

/// Sends the head of a request and waits until the server asks for the body: from then on the
/// request is under way.
async fn begin(server: &TestServer, method_and_path: &str, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "{method_and_path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 25];
    timeout(TOO_LONG, stream.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

/// Waits until the server takes no more connections.
async fn closed_to_others(address: std::net::SocketAddr) {
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(TOO_LONG, refused).await.unwrap();
}

async fn finish(mut stream: TcpStream, body: &[u8]) -> String {
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    timeout(TOO_LONG, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_under_way_are_finished() {
    let server = TestServer::start().await;
    let run = server.new_run("iris").create().await;
    let batch = json!({
        "run_id": run,
        "metrics": [{"key": "m", "value": 1, "timestamp": 1, "step": 0}],
        "params": [{"key": "late", "value": "but in time"}],
    })
    .to_string();
    let call = "POST /api/2.0/mlflow/runs/log-batch";
    let logging = begin(&server, call, batch.len()).await;
    let path = "PUT /api/2.0/mlflow-artifacts/artifacts/late.txt";
    let uploading = begin(&server, path, 5).await;
    let address = server.address();
    let (database, ended) = server.stop();
    closed_to_others(address).await;
    assert!(!ended.is_finished());
    let answer = finish(logging, batch.as_bytes()).await;
    assert_eq!(crate::status_of(&answer), 200, "{answer}");
    let answer = finish(uploading, b"hello").await;
    assert_eq!(crate::status_of(&answer), 200, "{answer}");
    timeout(TOO_LONG, ended).await.unwrap().unwrap();
    assert!(database.contents().contains("but in time"));
    let uploaded = database.folder().join("mlartifacts/late.txt");
    assert_eq!(std::fs::read_to_string(uploaded).unwrap(), "hello");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_do_not_hold_it_up() {
    let server = TestServer::start().await;
    let mut idle = TcpStream::connect(server.address()).await.unwrap();
    idle.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    timeout(TOO_LONG, idle.read_exact(&mut answer)).await.unwrap().unwrap();
    let (_database, ended) = server.stop();
    timeout(TOO_LONG, ended).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_breaks_off_changes_nothing() {
    let server = TestServer::start().await;
    let before = server.database.contents();
    let body = b"{\"name\": \"half\"}";
    let creating = begin(&server, "POST /api/2.0/mlflow/experiments/create", body.len() + 1).await;
    let path = "PUT /api/2.0/mlflow-artifacts/artifacts/half.txt";
    let uploading = begin(&server, path, 10).await;
    for (mut stream, sent) in [(creating, &body[..]), (uploading, b"hello")] {
        stream.write_all(sent).await.unwrap();
        drop(stream);
    }
    let (database, ended) = server.stop();
    timeout(TOO_LONG, ended).await.unwrap().unwrap();
    assert_eq!(database.contents(), before);
    assert!(!database.folder().join("mlartifacts/half.txt").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_there_after_a_restart() {
    let server = TestServer::start().await;
    let run = server.new_run("iris").metric("rmse", 0.12).param("p", "1").tag("t", "x").create();
    let run = run.await;
    let before = server.run(&run).await;
    let (database, ended) = server.stop();
    timeout(TOO_LONG, ended).await.unwrap().unwrap();
    let server = TestServer::on(database, |_| {}).await;
    assert_eq!(server.run(&run).await, before);
}
