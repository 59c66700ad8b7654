//! Servers that end, and servers that share a database.

use std::collections::BTreeSet;
use std::time::Duration;

use oxflow_server::WebhookSettings;
use oxflow_testkit::{TestDatabase, TestServer};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::harness::{
    Reaction, Receiver, a_while, clock, eventually, model, open_settings, parts, queue_empties,
    queued, seconds, webhook,
};

const CREATED: &str = "registered_model.created";

/// A server on a runtime of its own, which can be torn down with all it is doing.
fn doomed_server(database: &TestDatabase, url: String) -> Runtime {
    let runtime = Runtime::new().unwrap();
    let (database, clock) = (database.clone(), clock());
    runtime.spawn(async move {
        let server = TestServer::of(database, parts(1, open_settings(), &clock)).await;
        webhook(&server, &url, &[CREATED], &json!({})).await;
        model(&server, "m").await;
        std::future::pending::<()>().await;
    });
    runtime
}

#[tokio::test]
async fn what_a_server_was_sending_when_it_died_is_sent_again() {
    let database = TestDatabase::sqlite();
    let receiver = Receiver::start(vec![Reaction::Silence]).await;
    let doomed = doomed_server(&database, receiver.url());
    let first = receiver.wait_for(1).await.remove(0);
    doomed.shutdown_background();
    let clock = clock();
    let server = TestServer::of(database, parts(2, open_settings(), &clock)).await;
    // Another server might still be sending it.
    a_while().await;
    receiver.wait_for(1).await;
    clock.set(seconds(61));
    let second = receiver.wait_for(2).await.remove(1);
    let id = "x-mlflow-delivery-id";
    assert_eq!((second.header(id), &second.body), (first.header(id), &first.body));
    queue_empties(&server.database).await;
}

#[tokio::test]
async fn what_was_queued_is_delivered_after_a_restart() {
    let database = TestDatabase::sqlite();
    let receiver = Receiver::start(vec![Reaction::Answer(503, None, String::new())]).await;
    let clock = clock();
    let server = TestServer::of(database, parts(1, open_settings(), &clock)).await;
    webhook(&server, &receiver.url(), &[CREATED], &json!({})).await;
    model(&server, "m").await;
    receiver.wait_for(1).await;
    let (database, stopped) = server.stop();
    stopped.await.unwrap();
    assert_eq!(queued(&database), 1);
    clock.set(seconds(10));
    let server = TestServer::of(database, parts(2, open_settings(), &clock)).await;
    receiver.wait_for(2).await;
    queue_empties(&server.database).await;
}

#[tokio::test]
async fn a_server_that_ends_finishes_what_it_is_sending() {
    let receiver = Receiver::start(vec![Reaction::Slowly(Duration::from_millis(500), 200)]).await;
    let database = TestDatabase::sqlite();
    let server = TestServer::of(database, parts(1, open_settings(), &clock())).await;
    webhook(&server, &receiver.url(), &[CREATED], &json!({})).await;
    model(&server, "m").await;
    receiver.wait_for(1).await;
    let (database, stopped) = server.stop();
    stopped.await.unwrap();
    assert_eq!(queued(&database), 0);
}

#[tokio::test]
async fn a_server_that_ends_gives_back_what_takes_too_long() {
    let receiver = Receiver::start(vec![Reaction::Silence]).await;
    let clock = clock();
    let database = TestDatabase::sqlite();
    let server = TestServer::of(database, parts(1, open_settings(), &clock)).await;
    webhook(&server, &receiver.url(), &[CREATED], &json!({})).await;
    model(&server, "m").await;
    receiver.wait_for(1).await;
    let (database, stopped) = server.stop();
    stopped.await.unwrap();
    let _server = TestServer::of(database, parts(2, open_settings(), &clock)).await;
    receiver.wait_for(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_servers_on_one_database_deliver_once() {
    const EACH: usize = 40;
    let (database, clock) = (TestDatabase::sqlite(), clock());
    let receiver = Receiver::always(Reaction::Slowly(Duration::from_millis(10), 200)).await;
    // As eager as can be, so that they get in each other's way.
    let eager = || WebhookSettings { poll: Duration::from_millis(1), ..open_settings() };
    let one = TestServer::of(database.clone(), parts(1, eager(), &clock)).await;
    let two = TestServer::of(database.clone(), parts(2, eager(), &clock)).await;
    webhook(&one, &receiver.url(), &[CREATED], &json!({})).await;
    webhook(&two, &receiver.url(), &[CREATED], &json!({})).await;
    for n in 0..EACH {
        let (first, second) = (format!("a{n}"), format!("b{n}"));
        tokio::join!(model(&one, &first), model(&two, &second));
    }
    eventually(|| async { receiver.seen().len() >= EACH * 4 }).await;
    queue_empties(&database).await;
    a_while().await;
    let seen = receiver.wait_for(EACH * 4).await;
    let ids: BTreeSet<&str> = seen.iter().map(|seen| seen.header("x-mlflow-delivery-id")).collect();
    assert_eq!(ids.len(), EACH * 4, "two webhooks, each told once of each model");
}
