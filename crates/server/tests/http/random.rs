//! Whatever is sent to whatever route: never a fault of the server, and never a panic, which
//! would end the connection without an answer.

use axum::http::Method;
use oxflow_server::{RouteInfo, Status, table};
use oxflow_testkit::TestServer;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Map, Value};

/// Faults that MLflow has and clients know: `501` for what is not built, `503` for what is off,
/// and one whose code says that the client is to blame.
fn is_allowed(status: u16, body: &Value) -> bool {
    status < 500 || matches!(status, 501 | 503) || body["error_code"] == "INVALID_STATE"
}

/// The routes of one method that are built, each with a path that can be asked for.
fn routes(method: &Method) -> Vec<String> {
    let wanted =
        |route: &RouteInfo| route.verb.as_str() == method.as_str() && route.status == Status::Built;
    let filled = |path: String| {
        path.replace("{model_id}", "m-1").replace("{tag_key}", "t").replace("{*path}", "a/b")
    };
    table().iter().filter(|route| wanted(route)).map(|route| filled(route.main_path())).collect()
}

/// Sends bodies to all routes of the methods that have one.
fn check(cases: u32, bodies: impl Strategy<Value = Vec<u8>>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(async {
        let server = TestServer::start().await;
        server.new_run("iris").metric("a", 0.12).param("a", "0").tag("a", "1").create().await;
        server
    });
    let routes: Vec<(Method, String)> = [Method::POST, Method::PATCH]
        .into_iter()
        .flat_map(|method| routes(&method).into_iter().map(move |path| (method.clone(), path)))
        .collect();
    assert!(routes.len() > 25, "{routes:?}");
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    runner
        .run(&bodies, |body| {
            runtime.block_on(async {
                for (method, path) in &routes {
                    let request = server.request(method.clone(), path);
                    let request = request.header(CONTENT_TYPE, "application/json");
                    let answer = server.send(request.body(body.clone())).await;
                    let ok = is_allowed(answer.status, &answer.json());
                    prop_assert!(ok, "{method} {path}: {}", answer.text());
                }
                Ok(())
            })
        })
        .unwrap();
    // And it still works.
    runtime.block_on(async { server.new_run("still here").create().await });
}

#[test]
fn random_bytes_are_the_clients_fault() {
    check(40, proptest::collection::vec(any::<u8>(), 0..200));
}

#[test]
fn random_json_is_the_clients_fault() {
    check(120, message().prop_map(|message| message.to_string().into_bytes()));
}

/// Objects with the fields of MLflow's messages and, most of the time, values that fit.
fn message() -> impl Strategy<Value = Value> {
    const LISTS: [&str; 6] = ["tags", "metrics", "params", "models", "datasets", "order_by"];
    const OBJECTS: [&str; 1] = ["dataset"];
    let inner = object(prop_oneof![6 => texts(), 6 => numbers()].boxed());
    let item = prop_oneof![3 => inner, 1 => text()];
    let lists = (proptest::sample::select(LISTS.to_vec()), proptest::collection::vec(item, 0..4));
    let lists = lists.prop_map(|(key, items)| (key, Value::from(items)));
    let ids = proptest::collection::vec(proptest::sample::select(IDS.to_vec()), 0..4);
    let ids = ids.prop_map(|ids| ("experiment_ids", Value::from(ids)));
    let nested = object(texts().boxed());
    let nested = (proptest::sample::select(OBJECTS.to_vec()), nested);
    let odd = (proptest::sample::select([&TEXTS[..], &NUMBERS, &LISTS].concat()), odd());
    object(
        prop_oneof![12 => texts(), 6 => numbers(), 4 => lists, 2 => ids, 1 => nested, 1 => odd]
            .boxed(),
    )
}

/// A field and its value.
type Member = (&'static str, Value);

/// A run and some experiments, most of which are there.
const IDS: [&str; 5] = ["00000000000040008000000000000001", "0", "1", "2", "4711"];
const TEXTS: [&str; 24] = [
    "run_id",
    "run_id",
    "run_id",
    "run_uuid",
    "experiment_id",
    "experiment_id",
    "name",
    "new_name",
    "key",
    "key",
    "value",
    "run_name",
    "filter",
    "page_token",
    "model_id",
    "model_json",
    "artifact_location",
    "source_run_id",
    "digest",
    "source",
    "field_name",
    "dataset_name",
    "path",
    "status",
];
const NUMBERS: [&str; 9] = [
    "timestamp",
    "step",
    "end_time",
    "start_time",
    "max_results",
    "max_results",
    "view_type",
    "run_view_type",
    "value",
];

fn object(members: BoxedStrategy<Member>) -> impl Strategy<Value = Value> {
    proptest::collection::vec(members, 0..10).prop_map(|members| {
        let members = members.into_iter().map(|(key, value)| (key.to_owned(), value));
        Value::Object(members.collect::<Map<_, _>>())
    })
}

fn texts() -> impl Strategy<Value = Member> {
    let ids = proptest::sample::select(IDS.to_vec()).prop_map(Value::from);
    let texts = (proptest::sample::select(TEXTS.to_vec()), ids, text());
    texts.prop_map(|(key, id, text)| match key {
        "run_id" | "experiment_id" => (key, id),
        key => (key, text),
    })
}

fn text() -> impl Strategy<Value = Value> {
    let texts = [
        "a",
        "b",
        "",
        "m-1",
        "RUNNING",
        "metrics.a > 0",
        "params.a = '0'",
        "tags.a LIKE '%'",
        "metrics.a",
        "name DESC",
        "a\u{0}b",
        "eyJvZmZzZXQiOiAyfQ==",
        "s3://b/x",
        "../x",
        "{}",
        "{\"artifact_path\":1,\"flavors\":1,\"utc_time_created\":1,\"run_id\":1}",
        "\u{1f40e}",
        "attributes.start_time >= 1e300",
        "dataset.name IN ('a')",
        "mlflow.runName",
        "file:///x",
    ];
    prop_oneof![
        5 => proptest::sample::select(texts.to_vec()).prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
    ]
}

fn numbers() -> impl Strategy<Value = Member> {
    let number = prop_oneof![
        2 => (0_i64..6).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<i32>().prop_map(|number| Value::from(number.to_string())),
    ];
    (proptest::sample::select(NUMBERS.to_vec()), number)
}

/// Values that fit hardly anywhere.
fn odd() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 20, 4, |value| {
        proptest::collection::vec(value, 0..4).prop_map(Value::from)
    })
}
