//! Webhooks are not for reaching what only the server can reach, nor for learning secrets.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use oxflow_server::{Resolve, SecretKey, WebhookSettings};
use oxflow_testkit::{Parts, TestDatabase, TestServer};
use serde_json::json;

use crate::harness::{
    Reaction, Receiver, a_while, clock, model, open_settings, parts, queue_empties, seconds,
    server, webhook,
};

const CREATED: &str = "registered_model.created";

/// A name server in the hands of an attacker: an innocent address for the first look, then what
/// the attacker wants to reach.
struct Rebinding {
    looks: AtomicUsize,
    innocent: usize,
}

impl Rebinding {
    fn after(innocent: usize) -> Arc<Rebinding> {
        Arc::new(Rebinding { looks: AtomicUsize::new(0), innocent })
    }
}

#[async_trait]
impl Resolve for Rebinding {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let look = self.looks.fetch_add(1, Ordering::SeqCst);
        let address = if look < self.innocent { "8.8.8.8" } else { "127.0.0.1" };
        Ok(vec![address.parse().unwrap()])
    }
}

/// A name server that is out of order for the first look.
#[derive(Default)]
struct Flaky(AtomicUsize);

#[async_trait]
impl Resolve for Flaky {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Err(io::Error::other("Temporary failure in name resolution")),
            _ => Ok(vec!["127.0.0.1".parse().unwrap()]),
        }
    }
}

/// Settings that allow plain HTTP, but only to the world.
fn public_only() -> WebhookSettings {
    WebhookSettings { allow_private: false, ..open_settings() }
}

#[tokio::test]
async fn a_name_that_is_bound_anew_leads_nowhere() {
    let receiver = Receiver::start(Vec::new()).await;
    let clock = clock();
    let parts = Parts { resolver: Rebinding::after(1), ..parts(1, public_only(), &clock) };
    let server = TestServer::of(TestDatabase::sqlite(), parts).await;
    let url = format!("http://rebind.example:{}/", receiver.port());
    let id = webhook(&server, &url, &[CREATED], &json!({})).await;
    let result = server.post(&format!("webhooks/{id}/test"), &json!({})).await.ok();
    assert_eq!(
        result["result"]["error_message"],
        "Failed to test webhook: Webhook URL must not resolve to a non-public IP address. \
         'rebind.example' resolves to 127.0.0.1."
    );
    model(&server, "m").await;
    queue_empties(&server.database).await;
    clock.set(seconds(100));
    a_while().await;
    receiver.wait_for(0).await;
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_tried_again() {
    let (receiver, clock) = (Receiver::start(Vec::new()).await, clock());
    let parts = Parts { resolver: Arc::new(Flaky::default()), ..parts(1, open_settings(), &clock) };
    let server = TestServer::of(TestDatabase::sqlite(), parts).await;
    let url = format!("http://flaky.example:{}/", receiver.port());
    webhook(&server, &url, &[CREATED], &json!({})).await;
    model(&server, "m").await;
    a_while().await;
    receiver.wait_for(0).await;
    clock.set(seconds(2));
    receiver.wait_for(1).await;
    queue_empties(&server.database).await;
}

#[tokio::test]
async fn what_was_saved_under_other_settings_is_not_sent_to() {
    let receiver = Receiver::start(Vec::new()).await;
    let server = server().await;
    let by_name = format!("http://localhost:{}/", receiver.port());
    webhook(&server, &receiver.url(), &[CREATED], &json!({})).await;
    webhook(&server, &by_name, &[CREATED], &json!({})).await;
    let (database, stopped) = server.stop();
    stopped.await.unwrap();
    for (n, settings) in
        [public_only(), WebhookSettings { schemes: vec!["https".to_owned()], ..open_settings() }]
            .into_iter()
            .enumerate()
    {
        let parts = parts(10 + n as u64, settings, &clock());
        let server = TestServer::of(database.clone(), parts).await;
        model(&server, &format!("m{n}")).await;
        queue_empties(&database).await;
        let (_, stopped) = server.stop();
        stopped.await.unwrap();
    }
    receiver.wait_for(0).await;
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let inner = Receiver::start(Vec::new()).await;
    let there = Some(("location", inner.url()));
    let outer = Receiver::always(Reaction::Answer(307, there, String::new())).await;
    let server = server().await;
    let id = webhook(&server, &outer.url(), &[CREATED], &json!({})).await;
    let result = server.post(&format!("webhooks/{id}/test"), &json!({})).await.ok();
    let result = &result["result"];
    assert_eq!(
        (result["success"].as_bool(), result["response_status"].as_i64()),
        (Some(false), Some(307))
    );
    model(&server, "m").await;
    outer.wait_for(2).await;
    queue_empties(&server.database).await;
    inner.wait_for(0).await;
}

#[tokio::test]
async fn secrets_stay_secret() {
    let server = server().await;
    let more = json!({"secret": "open sesame"});
    let id = webhook(&server, "http://127.0.0.1:9/", &[CREATED], &more).await;
    let path = format!("/api/2.0/mlflow/webhooks/{id}");
    for answer in [server.get(&path).await, server.get("/api/2.0/mlflow/webhooks").await] {
        assert!(!answer.text().contains("secret") && !answer.text().contains("sesame"));
    }
    let contents = server.database.contents();
    assert!(contents.contains("gAAAA") && !contents.contains("sesame"));
}

#[tokio::test]
async fn without_the_right_key_nothing_is_sent() {
    let (receiver, database) = (Receiver::start(Vec::new()).await, TestDatabase::sqlite());
    let server = TestServer::of(database, parts(1, open_settings(), &clock())).await;
    let id = webhook(&server, &receiver.url(), &[CREATED], &json!({"secret": "s"})).await;
    let (database, stopped) = server.stop();
    stopped.await.unwrap();
    let other = SecretKey::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    for (n, key) in [Some(other), None].into_iter().enumerate() {
        let settings = WebhookSettings { key, ..open_settings() };
        let parts = parts(10 + n as u64, settings, &clock());
        let server = TestServer::of(database.clone(), parts).await;
        let result = server.post(&format!("webhooks/{id}/test"), &json!({})).await.ok();
        let message = result["result"]["error_message"].as_str().unwrap();
        assert!(message.contains("encrypted with another key"), "{message}");
        model(&server, &format!("m{n}")).await;
        queue_empties(&database).await;
        let (_, stopped) = server.stop();
        stopped.await.unwrap();
    }
    receiver.wait_for(0).await;
}

#[tokio::test]
async fn without_any_key_secrets_last_as_long_as_the_server() {
    let receiver = Receiver::start(Vec::new()).await;
    let settings = WebhookSettings { key: None, ..open_settings() };
    let server = TestServer::of(TestDatabase::sqlite(), parts(1, settings, &clock())).await;
    webhook(&server, &receiver.url(), &[CREATED], &json!({"secret": "s"})).await;
    model(&server, "m").await;
    assert!(receiver.wait_for(1).await[0].header("x-mlflow-signature").starts_with("v1,"));
}
