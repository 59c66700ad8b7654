//! Saved views.

use oxflow_testkit::{Answer, TestServer};
use reqwest::Method;
use serde_json::{Value, json};

use super::is_error;

const VIEWS: &str = "/ajax-api/2.0/oxflow/views";

async fn send(server: &TestServer, method: Method, path: &str, body: &Value) -> Answer {
    server.send(server.request(method, &format!("{VIEWS}{path}")).json(body)).await
}

async fn save(server: &TestServer, body: Value) -> Value {
    send(server, Method::POST, "", &body).await.ok()["view"].clone()
}

async fn names(server: &TestServer, query: &str) -> Vec<String> {
    let views = server.get(&format!("{VIEWS}{query}")).await.ok()["views"].clone();
    let names = views.as_array().unwrap().iter().map(|view| view["name"].as_str().unwrap());
    names.map(str::to_owned).collect()
}

#[tokio::test]
async fn views_are_listed_for_their_experiment() {
    let server = TestServer::start().await;
    let experiment = server.experiment("e").await;
    let view =
        save(&server, json!({"experiment_id": experiment, "name": "b", "state": "{\"x\":1}"}))
            .await;
    let expected = json!({
        "view_id": view["view_id"], "experiment_id": experiment, "name": "b", "owner": "",
        "is_default": false, "state": "{\"x\":1}",
        "creation_timestamp": server.now().0, "last_updated_timestamp": server.now().0,
    });
    assert_eq!(view, expected);
    save(&server, json!({"name": "a", "state": "{}"})).await;
    save(&server, json!({"experiment_id": "0", "name": "c", "state": "{}"})).await;
    assert_eq!(names(&server, &format!("?experiment_id={experiment}")).await, ["a", "b"]);
    assert_eq!(names(&server, "").await, ["a"]);
    let id = view["view_id"].as_str().unwrap();
    assert_eq!(server.get(&format!("{VIEWS}/{id}")).await.ok()["view"], view);
}

#[tokio::test]
async fn one_view_of_an_experiment_is_the_default() {
    let server = TestServer::start().await;
    let new = |name| json!({"experiment_id": "0", "name": name, "state": "{}", "is_default": true});
    let a = save(&server, new("a")).await;
    let b = save(&server, new("b")).await;
    let defaults = async || {
        let views = server.get(&format!("{VIEWS}?experiment_id=0")).await.ok()["views"].clone();
        let of = |view: &Value| view["is_default"].as_bool().unwrap();
        views.as_array().unwrap().iter().map(of).collect::<Vec<bool>>()
    };
    assert_eq!(defaults().await, [false, true]);
    let path = format!("/{}", a["view_id"].as_str().unwrap());
    let changed = send(&server, Method::PATCH, &path, &json!({"is_default": true})).await.ok();
    assert_eq!(changed["view"]["is_default"], true);
    assert_eq!(defaults().await, [true, false]);
    let path = format!("/{}", b["view_id"].as_str().unwrap());
    let change = json!({"name": "c", "state": "s"});
    let changed = send(&server, Method::PATCH, &path, &change).await.ok();
    assert_eq!((&changed["view"]["name"], &changed["view"]["state"]), (&json!("c"), &json!("s")));
    send(&server, Method::DELETE, &path, &json!({})).await.ok();
    assert_eq!(names(&server, "?experiment_id=0").await, ["a"]);
}

#[tokio::test]
async fn bad_views_are_refused_and_change_nothing() {
    let server = TestServer::start().await;
    let before = server.database.contents();
    let (long, huge) = ("n".repeat(251), "s".repeat(256 * 1024 + 1));
    for (body, message) in [
        (json!({"state": "{}"}), "name"),
        (json!({"name": "a"}), "state"),
        (json!({"name": " ", "state": "{}"}), "needs a name"),
        (json!({"name": long, "state": "{}"}), "maximum length"),
        (json!({"name": "a", "state": huge}), "bytes"),
        (json!({"name": "a", "state": "{}", "experiment_id": "x"}), "experiment"),
    ] {
        let answer = send(&server, Method::POST, "", &body).await;
        is_error(&answer, 400, "INVALID_PARAMETER_VALUE", message);
    }
    let body = json!({"name": "a", "state": "{}", "experiment_id": "77"});
    let answer = send(&server, Method::POST, "", &body).await;
    is_error(&answer, 404, "RESOURCE_DOES_NOT_EXIST", "77");
    for method in [Method::PATCH, Method::DELETE, Method::GET] {
        let answer = send(&server, method, "/gone", &json!({})).await;
        is_error(&answer, 404, "RESOURCE_DOES_NOT_EXIST", "gone");
    }
    assert_eq!(server.database.contents(), before);
}
