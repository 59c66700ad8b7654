//! What is delivered, and how often.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use oxflow_server::WebhookSettings;
use oxflow_testkit::{NOW, TestDatabase, TestServer};
use reqwest::Method;
use serde_json::json;
use sha2::Sha256;

use crate::harness::{
    Reaction, Receiver, Seen, a_while, call, clock, eventually, model, open_settings, parts,
    queue_empties, queued, seconds, server, status, webhook,
};

const CREATED: &str = "registered_model.created";

fn signature(secret: &str, seen: &Seen) -> String {
    let (id, time) = (seen.header("x-mlflow-delivery-id"), seen.header("x-mlflow-timestamp"));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{id}.{time}.{}", seen.body).as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_delivery_is_signed_and_says_what_happened() {
    let server = server().await;
    let receiver = Receiver::start(Vec::new()).await;
    webhook(&server, &receiver.url(), &[CREATED], &json!({"secret": "hush ✓"})).await;
    let tags = json!([{"key": "k", "value": "1"}, {"key": "k", "value": "ü"}]);
    let body = json!({"name": "iris", "tags": tags, "description": "d"});
    server.post("registered-models/create", &body).await.ok();
    let seen = &receiver.wait_for(1).await[0];
    assert_eq!(
        seen.body,
        r#"{"entity": "registered_model", "action": "created", "timestamp": "2023-11-14T22:13:20+00:00", "data": {"name": "iris", "tags": {"k": "\u00fc"}, "description": "d"}}"#
    );
    assert_eq!(seen.path, "/hook?x=1");
    assert_eq!(seen.header("content-type"), "application/json");
    assert_eq!(seen.header("host"), format!("127.0.0.1:{}", receiver.port()));
    assert_eq!(seen.header("x-mlflow-timestamp"), (NOW.0 / 1000).to_string());
    assert_eq!(seen.header("x-mlflow-delivery-id").len(), 36);
    assert_eq!(seen.header("x-mlflow-signature"), signature("hush ✓", seen));
    queue_empties(&server.database).await;
}

#[tokio::test]
async fn a_server_with_workspaces_says_which_one_it_was() {
    let settings = WebhookSettings { name_workspace: true, ..open_settings() };
    let server = TestServer::of(TestDatabase::sqlite(), parts(1, settings, &clock())).await;
    let receiver = Receiver::start(Vec::new()).await;
    let more = json!({"secret": "hush"});
    let id = webhook(&server, &receiver.url(), &[CREATED], &more).await;
    model(&server, "m").await;
    receiver.wait_for(1).await;
    let path = format!("webhooks/{id}/test");
    call(&server, Method::POST, &path, &json!({})).await.ok();
    for seen in &receiver.wait_for(2).await {
        assert!(seen.body.ends_with("}, \"workspace\": \"default\"}"), "{}", seen.body);
        assert_eq!(seen.header("x-mlflow-signature"), signature("hush", seen));
    }
}

#[tokio::test]
async fn without_a_secret_nothing_is_signed() {
    let server = server().await;
    let receiver = Receiver::start(Vec::new()).await;
    let id = webhook(&server, &receiver.url(), &[CREATED], &json!({"secret": "s"})).await;
    let path = format!("webhooks/{id}");
    call(&server, Method::PATCH, &path, &json!({"secret": ""})).await.ok();
    model(&server, "m").await;
    let seen = &receiver.wait_for(1).await[0];
    assert!(!seen.headers.contains_key("x-mlflow-signature"));
}

#[tokio::test]
async fn every_change_that_is_asked_for_is_delivered() {
    let server = server().await;
    let receiver = Receiver::start(Vec::new()).await;
    let asks = [
        "model_version.created",
        "model_version_tag.set",
        "model_version_tag.deleted",
        "model_version_alias.created",
        "model_version_alias.deleted",
    ];
    webhook(&server, &receiver.url(), &asks, &json!({})).await;
    model(&server, "m").await;
    let version = json!({"name": "m", "source": "s3://bucket/x"});
    server.post("model-versions/create", &version).await.ok();
    let tag = json!({"name": "m", "version": "1", "key": "k", "value": "v"});
    server.post("model-versions/set-tag", &tag).await.ok();
    call(&server, Method::DELETE, "model-versions/delete-tag", &tag).await.ok();
    let alias = json!({"name": "m", "alias": "a", "version": "1"});
    server.post("registered-models/alias", &alias).await.ok();
    call(&server, Method::DELETE, "registered-models/alias", &alias).await.ok();
    let seen = receiver.wait_for(asks.len()).await;
    let mut told: Vec<String> = seen
        .iter()
        .map(|seen| {
            let json = seen.json();
            format!("{}.{}", json["entity"].as_str().unwrap(), json["action"].as_str().unwrap())
        })
        .collect();
    told.sort();
    let mut asks = asks.map(str::to_owned).to_vec();
    asks.sort();
    assert_eq!(told, asks);
}

#[tokio::test]
async fn what_fails_for_now_is_repeated_after_a_pause() {
    let server = server().await;
    let receiver = Receiver::start(vec![status(503), status(500), status(429)]).await;
    webhook(&server, &receiver.url(), &[CREATED], &json!({"secret": "s"})).await;
    model(&server, "m").await;
    // Each pause is a second longer than its share of chance can make it.
    for (count, second) in [(1, 2), (2, 5), (3, 10)] {
        receiver.wait_for(count).await;
        a_while().await;
        receiver.wait_for(count).await;
        server.clock.set(seconds(second));
    }
    let seen = receiver.wait_for(4).await;
    queue_empties(&server.database).await;
    let times: Vec<&str> = seen.iter().map(|seen| seen.header("x-mlflow-timestamp")).collect();
    let expected = [0, 2, 5, 10].map(|second| (seconds(second).0 / 1000).to_string());
    assert_eq!(times, expected);
    for seen in &seen[1..] {
        assert_eq!(seen.body, receiver.seen()[0].body);
        let id = "x-mlflow-delivery-id";
        assert_eq!(seen.header(id), receiver.seen()[0].header(id));
        assert_eq!(seen.header("x-mlflow-signature"), signature("s", seen));
    }
}

#[tokio::test]
async fn a_receiver_that_keeps_failing_is_given_up() {
    let server = server().await;
    let receiver = Receiver::always(status(502)).await;
    webhook(&server, &receiver.url(), &[CREATED], &json!({})).await;
    model(&server, "m").await;
    for count in 1..=4 {
        receiver.wait_for(count).await;
        server.clock.set(seconds(100 * i64::try_from(count).unwrap()));
    }
    queue_empties(&server.database).await;
    a_while().await;
    receiver.wait_for(4).await;
}

#[tokio::test]
async fn a_refusal_is_final() {
    let server = server().await;
    let receiver = Receiver::always(status(400)).await;
    webhook(&server, &receiver.url(), &[CREATED], &json!({})).await;
    model(&server, "m").await;
    receiver.wait_for(1).await;
    queue_empties(&server.database).await;
}

#[tokio::test]
async fn a_receiver_may_ask_for_time() {
    let server = server().await;
    let wish = Some(("retry-after", "120".to_owned()));
    let receiver = Receiver::start(vec![Reaction::Answer(429, wish, String::new())]).await;
    webhook(&server, &receiver.url(), &[CREATED], &json!({})).await;
    model(&server, "m").await;
    receiver.wait_for(1).await;
    server.clock.set(seconds(119));
    a_while().await;
    receiver.wait_for(1).await;
    server.clock.set(seconds(120));
    receiver.wait_for(2).await;
}

#[tokio::test]
async fn who_does_not_answer_does_not_hold_up_the_others() {
    let server = server().await;
    let silent = Receiver::always(Reaction::Silence).await;
    let other = Receiver::start(Vec::new()).await;
    webhook(&server, &silent.url(), &[CREATED], &json!({})).await;
    for n in 0..30 {
        model(&server, &format!("a{n}")).await;
    }
    eventually(|| async { silent.seen().len() >= 5 }).await;
    webhook(&server, &other.url(), &[CREATED], &json!({})).await;
    for n in 0..5 {
        model(&server, &format!("b{n}")).await;
    }
    other.wait_for(5).await;
    assert!(silent.seen().len() < 10, "half of all hands, more or less");
    assert!(queued(&server.database) >= 30);
}

#[tokio::test]
async fn what_is_not_wanted_any_more_is_not_delivered() {
    let server = server().await;
    let receiver = Receiver::start(vec![status(503), status(503)]).await;
    let disabled = webhook(&server, &receiver.url(), &[CREATED], &json!({})).await;
    let deleted = webhook(&server, &receiver.url(), &[CREATED], &json!({})).await;
    model(&server, "m").await;
    receiver.wait_for(2).await;
    let path = format!("webhooks/{disabled}");
    call(&server, Method::PATCH, &path, &json!({"status": "DISABLED"})).await.ok();
    call(&server, Method::DELETE, &format!("webhooks/{deleted}"), &json!({})).await.ok();
    server.clock.set(seconds(60));
    queue_empties(&server.database).await;
    model(&server, "n").await;
    a_while().await;
    receiver.wait_for(2).await;
}

#[tokio::test]
async fn a_queue_that_grows_too_long_loses_its_oldest() {
    const MOST: i64 = 5;
    let (receiver, clock) = (Receiver::always(Reaction::Silence).await, clock());
    let settings = WebhookSettings { most_queued: MOST as u64, ..open_settings() };
    let server = TestServer::of(TestDatabase::sqlite(), parts(1, settings, &clock)).await;
    webhook(&server, &receiver.url(), &[CREATED], &json!({})).await;
    for n in 0..20 {
        clock.set(oxflow_model::Millis(NOW.0 + n));
        model(&server, &format!("m{n}")).await;
    }
    assert_eq!(queued(&server.database), 20);
    clock.set(seconds(61));
    eventually(|| async { queued(&server.database) == MOST }).await;
    let kept = "SELECT body FROM oxflow_webhook_deliveries ORDER BY queued_at LIMIT 1";
    let body: String = server.database.connect().query_row(kept, [], |row| row.get(0)).unwrap();
    assert!(body.contains("\"m15\""), "{body}");
}
