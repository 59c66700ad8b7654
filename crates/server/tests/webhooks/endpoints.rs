//! What the endpoints answer.

use oxflow_testkit::TestServer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Reaction, Receiver, call, server, status, webhook, wire_event};

const CREATED: &str = "registered_model.created";

#[track_caller]
fn refused(answer: &oxflow_testkit::Answer, message: &str) {
    let body = answer.json();
    assert_eq!((answer.status, body["message"].as_str()), (400, Some(message)), "{body}");
    assert_eq!(body["error_code"], "INVALID_PARAMETER_VALUE");
}

async fn list(server: &TestServer, query: &str) -> oxflow_testkit::Answer {
    server.get(&format!("/api/2.0/mlflow/webhooks?{query}")).await
}

#[tokio::test]
async fn a_webhook_lives() {
    let server = server().await;
    let more = json!({"description": "d", "secret": "hush", "status": "DISABLED"});
    let url = "http://127.0.0.1:9/";
    let id = webhook(&server, url, &[CREATED, "model_version_tag.set", CREATED], &more).await;
    assert_eq!(id.len(), 36);
    let mut expected = json!({
        "webhook_id": id, "name": "w", "description": "d", "url": url,
        "events": [wire_event("model_version_tag.set"), wire_event(CREATED)],
        "status": "DISABLED",
        "creation_timestamp": server.now().0, "last_updated_timestamp": server.now().0,
    });
    let path = format!("webhooks/{id}");
    let get = || async { server.get(&format!("/api/2.0/mlflow/{path}")).await.ok() };
    assert_eq!(get().await, json!({"webhook": expected}));
    let change = json!({"name": "v", "description": "", "status": 1, "events": [], "url": ""});
    let changed = call(&server, Method::PATCH, &path, &change).await.ok();
    expected["name"] = "v".into();
    expected["status"] = "ACTIVE".into();
    expected.as_object_mut().unwrap().remove("description");
    assert_eq!(changed, json!({"webhook": expected}));
    assert_eq!(get().await, changed);
    assert_eq!(list(&server, "max_results=0").await.ok(), json!({"webhooks": [expected]}));
    assert_eq!(call(&server, Method::DELETE, &path, &json!({})).await.ok(), json!({}));
    assert_eq!(list(&server, "").await.ok(), json!({}));
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::PATCH, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/test")),
    ] {
        let gone = call(&server, method, &path, &json!({})).await;
        let message = format!("Webhook with ID {id} not found.");
        assert_eq!((gone.status, gone.json()["message"].as_str()), (404, Some(message.as_str())));
    }
}

#[tokio::test]
async fn bad_webhooks_are_refused_in_mlflows_words() {
    let server = TestServer::start().await;
    let event = wire_event(CREATED);
    let docs = "See the API docs for more information about request parameters.";
    let ip = "https://8.8.8.8/h";
    for (body, message) in [
        (json!({"url": ip}), format!("Missing value for required parameter 'name'. {docs}")),
        (json!({"name": "w"}), format!("Missing value for required parameter 'url'. {docs}")),
        (
            json!({"name": "w", "url": ip}),
            format!("Missing value for required parameter 'events'. {docs}"),
        ),
        (
            json!({"name": "w", "url": ip, "events": []}),
            "Webhook events must be a non-empty list of WebhookEvent objects: [].".to_owned(),
        ),
        (
            json!({"name": "-w", "url": "http://x/", "events": [wire_event("prompt.deleted")]}),
            "Invalid action 'deleted' for entity 'prompt'. Valid actions are: ['created']"
                .to_owned(),
        ),
        (
            json!({"name": "-w", "url": "http://x/", "events": [event]}),
            "Webhook name '-w' is invalid. It must start and end with a letter or digit, be less \
             than 63 characters long, and contain only letters, digits, dots (.), underscores \
             (_), and hyphens (-)."
                .to_owned(),
        ),
        (
            json!({"name": "w", "url": "http://x/", "events": [event]}),
            "Invalid webhook URL scheme: 'http'. Allowed schemes are: https.".to_owned(),
        ),
        (
            json!({"name": "w", "url": "https:///x", "events": [event]}),
            "Webhook URL must include a hostname: 'https:///x'".to_owned(),
        ),
        (
            json!({"name": "w", "url": "https://127.0.0.1/", "events": [event]}),
            "Webhook URL must not resolve to a non-public IP address. '127.0.0.1' resolves to \
             127.0.0.1."
                .to_owned(),
        ),
    ] {
        refused(&server.post("webhooks", &body).await, &message);
    }
    let good = json!({"name": "w", "url": ip, "events": [event]});
    let created = server.post("webhooks", &good).await.ok();
    let path = format!("webhooks/{}", created["webhook"]["webhook_id"].as_str().unwrap());
    for change in [
        json!({"name": "w-"}),
        json!({"url": "https://10.0.0.1/"}),
        json!({"events": [wire_event("prompt.set")]}),
        json!({"description": "x".repeat(1001)}),
        json!({"secret": "x".repeat(700)}),
        json!({"status": "PAUSED"}),
    ] {
        assert_eq!(call(&server, Method::PATCH, &path, &change).await.status, 400, "{change}");
    }
    assert_eq!(server.get(&format!("/api/2.0/mlflow/{path}")).await.ok(), created);
}

#[tokio::test]
async fn webhooks_are_listed_in_pages() {
    let server = server().await;
    for _ in 0..3 {
        webhook(&server, "http://127.0.0.1:9/", &[CREATED], &json!({})).await;
    }
    let first = list(&server, "max_results=2").await.ok();
    assert_eq!(first["webhooks"].as_array().unwrap().len(), 2);
    let token = first["next_page_token"].as_str().unwrap();
    let second = list(&server, &format!("max_results=2&page_token={token}")).await.ok();
    assert_eq!(second["webhooks"].as_array().unwrap().len(), 1);
    assert_eq!(second["next_page_token"], Value::Null);
    for bad in ["-1", "1001"] {
        let answer = list(&server, &format!("max_results={bad}")).await;
        refused(&answer, "max_results must be between 1 and 1000.");
    }
}

#[tokio::test]
async fn a_test_sends_an_example_once() {
    let server = server().await;
    let receiver = Receiver::start(vec![
        Reaction::Answer(201, None, "fine".to_owned()),
        Reaction::Answer(503, None, "busy".to_owned()),
        Reaction::Answer(200, None, "x".repeat(1_000_000)),
        status(404),
    ])
    .await;
    let asks = [CREATED, "prompt_tag.set"];
    let id = webhook(&server, &receiver.url(), &asks, &json!({"status": "DISABLED"})).await;
    let path = format!("webhooks/{id}/test");
    let test = |body: Value| {
        let (server, path) = (&server, &path);
        async move { server.post(path, &body).await.ok()["result"].clone() }
    };
    let first = test(json!({})).await;
    let expected = json!({"success": true, "response_status": 201, "response_body": "fine"});
    assert_eq!(first, expected);
    let second = test(json!({"event": wire_event("budget_policy.exceeded")})).await;
    let expected = json!({"success": false, "response_status": 503, "response_body": "busy"});
    assert_eq!(second, expected);
    let third = test(json!({})).await;
    assert_eq!(third["response_body"].as_str().unwrap().len(), 64 << 10);
    assert_eq!(test(json!({})).await["response_body"], "");
    let seen = receiver.wait_for(4).await;
    assert_eq!(seen[0].path, "/hook?x=1");
    assert_eq!(seen[0].json()["entity"], "prompt_tag", "the first one by word");
    assert_eq!(seen[1].json()["data"]["current_spend"], 105.5);
    assert_ne!(seen[0].header("x-mlflow-delivery-id"), seen[1].header("x-mlflow-delivery-id"));
    let bad = server.post(&path, &json!({"event": wire_event("prompt.set")})).await;
    refused(&bad, "Invalid action 'set' for entity 'prompt'. Valid actions are: ['created']");
}

#[tokio::test]
async fn a_test_tells_why_it_failed() {
    let server = server().await;
    let id = webhook(&server, "http://127.0.0.1:1/", &[CREATED], &json!({})).await;
    let result = server.post(&format!("webhooks/{id}/test"), &json!({})).await.ok();
    let message = result["result"]["error_message"].as_str().unwrap();
    assert!(message.starts_with("Failed to test webhook: Cannot connect to 127.0.0.1:1: "));
    assert_eq!(result["result"]["success"], false);
}
