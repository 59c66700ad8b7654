//! Input that no well-behaved client sends: it gets MLflow's error, and changes nothing.

use oxflow_testkit::TestServer;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::is_error;

const API: &str = "/api/2.0/mlflow";
const INVALID: &str = "INVALID_PARAMETER_VALUE";
const MISSING: &str = "RESOURCE_DOES_NOT_EXIST";

/// A server with one run, whose id is `0…0` and some small number.
async fn server_with_a_run() -> (TestServer, String) {
    let server = TestServer::start().await;
    let id = server.new_run("iris").metric("rmse", 0.12).param("lr", "0.1").create().await;
    (server, id)
}

/// Sends bodies as JSON; each must be refused with this status, code and message.
async fn refuses(server: &TestServer, table: &[(&str, &[u8], u16, &str, &str)]) {
    let before = server.database.contents();
    for (call, body, status, code, message) in table {
        let request = server.request(Method::POST, &format!("{API}/{call}"));
        let request = request.header(CONTENT_TYPE, "application/json").body(body.to_vec());
        let answer = server.send(request).await;
        if answer.status != *status {
            unreachable!("{call} {}: {}", String::from_utf8_lossy(body), answer.text());
        }
        is_error(&answer, *status, code, message);
    }
    assert_eq!(server.database.contents(), before);
}

#[tokio::test]
async fn what_is_no_json_object_is_refused() {
    let (server, _) = server_with_a_run().await;
    let deep = "[".repeat(100_000);
    let deep_value = format!("{{\"name\": {}1{}}}", "[".repeat(500), "]".repeat(500));
    let bodies: [&[u8]; 16] = [
        b"{",
        b"nonsense",
        b"{\"name\": }",
        b"{\"name\": \"x\"",
        b"{\"name\": \"x\"} more",
        b"{'name': 'x'}",
        b"{\"name\": \"x\",}",
        b"[]",
        b"[{\"name\": \"x\"}]",
        b"7",
        b"true",
        b"\"text\"",
        b"{\"name\": \"\xff\xfe\"}",
        b"{\"name\": \"\\ud800\"}",
        deep.as_bytes(),
        deep_value.as_bytes(),
    ];
    for call in ["experiments/create", "runs/log-batch", "runs/search", "logged-models/search"] {
        let table: Vec<_> = bodies.iter().map(|body| (call, *body, 400, INVALID, "")).collect();
        // In a call without that field, the odd value is just something unknown.
        let table = if call == "experiments/create" { &table[..] } else { &table[..12] };
        refuses(&server, table).await;
    }
}

#[tokio::test]
async fn values_of_the_wrong_type_are_refused() {
    let (server, _) = server_with_a_run().await;
    let table: [(&str, &[u8], &str); 18] = [
        ("runs/create", b"{\"experiment_id\": \"1\", \"start_time\": true}", "start_time"),
        ("experiments/create", b"{\"name\": 7}", "Invalid value 7 for parameter 'name'"),
        ("experiments/create", b"{\"name\": {}}", "Hint: Value was of type 'dict'"),
        ("experiments/create", b"{\"name\": [\"x\"]}", "Hint: Value was of type 'list'"),
        ("experiments/create", b"{\"name\": \"x\", \"tags\": \"a\"}", "parameter 'tags'"),
        ("experiments/create", b"{\"name\": \"x\", \"tags\": [7]}", "parameter 'tags[0]'"),
        ("experiments/create", b"{\"name\": \"x\", \"tags\": [{\"key\": 7}]}", "'tags[0].key'"),
        ("experiments/create", b"{\"name\": \"x\", \"artifact_location\": 1}", "artifact_location"),
        ("experiments/search", b"{\"max_results\": \"many\"}", "max_results"),
        ("experiments/search", b"{\"max_results\": 1.5}", "max_results"),
        ("experiments/search", b"{\"max_results\": 5, \"order_by\": [1]}", "order_by[0]"),
        ("runs/create", b"{\"experiment_id\": 1}", "experiment_id"),
        ("runs/create", b"{\"experiment_id\": \"1\", \"start_time\": \"soon\"}", "start_time"),
        ("runs/update", b"{\"run_id\": \"x\", \"end_time\": 1e300}", "end_time"),
        ("runs/log-batch", b"{\"run_id\": \"x\", \"metrics\": {}}", "metrics"),
        ("runs/log-batch", b"{\"run_id\": \"x\", \"metrics\": [{\"value\": \"x\"}]}", "value"),
        ("runs/search", b"{\"experiment_ids\": \"1\"}", "experiment_ids"),
        ("runs/search", b"{\"experiment_ids\": [[\"1\"]]}", "experiment_ids[0]"),
    ];
    let table: Vec<_> = table.iter().map(|row| (row.0, row.1, 400, INVALID, row.2)).collect();
    refuses(&server, &table).await;
}

#[tokio::test]
async fn numbers_that_do_not_fit_are_refused() {
    let (server, id) = server_with_a_run().await;
    let metric = |field: &str, value: &str| {
        let mut body = format!("{{\"run_id\": \"{id}\", \"key\": \"m\", \"{field}\": {value}");
        for (other, default) in [("value", "1"), ("timestamp", "1"), ("step", "0")] {
            if other != field {
                body.push_str(&format!(", \"{other}\": {default}"));
            }
        }
        body + "}"
    };
    let bodies = [
        ("runs/log-metric", metric("step", "9223372036854775808")),
        ("runs/log-metric", metric("step", "\"9223372036854775808\"")),
        ("runs/log-metric", metric("step", "1e30")),
        ("runs/log-metric", metric("timestamp", "-1")),
        ("runs/log-metric", metric("timestamp", "99999999999999999999999")),
        ("runs/log-metric", metric("timestamp", "1.5")),
        ("runs/log-metric", metric("value", "1e400")),
        ("runs/log-metric", metric("value", "NaN")),
        ("runs/log-metric", metric("value", "\"one\"")),
        ("runs/search", "{\"experiment_ids\": [\"1\"], \"max_results\": 50001}".to_owned()),
        ("runs/search", "{\"experiment_ids\": [\"1\"], \"max_results\": 2147483648}".to_owned()),
        ("runs/search", "{\"experiment_ids\": [\"1\"], \"max_results\": 0}".to_owned()),
        ("runs/search", "{\"experiment_ids\": [\"1\"], \"max_results\": -1}".to_owned()),
        ("experiments/search", "{}".to_owned()),
        ("experiments/search", "{\"max_results\": 50001}".to_owned()),
        ("experiments/search", "{\"max_results\": 9223372036854775807}".to_owned()),
        ("logged-models/search", "{\"experiment_ids\": [], \"max_results\": 0}".to_owned()),
    ];
    let table: Vec<_> =
        bodies.iter().map(|(call, body)| (*call, body.as_bytes(), 400, INVALID, "")).collect();
    refuses(&server, &table).await;
}

#[tokio::test]
async fn ids_that_are_none_are_refused() {
    let (server, _) = server_with_a_run().await;
    let ids = [
        ("-1", 404, MISSING, "No Experiment with id=-1 exists"),
        ("4711", 404, MISSING, "No Experiment with id=4711 exists"),
        ("9223372036854775807", 404, MISSING, "No Experiment with id=9223372036854775807 exists"),
        ("9223372036854775808", 400, INVALID, "Experiment ID must be a valid integer"),
        ("abc", 400, INVALID, "Invalid experiment ID 'abc'"),
        ("1e3", 400, INVALID, "Experiment ID must be a valid integer"),
        ("0x1", 400, INVALID, "Experiment ID must be a valid integer"),
        ("1; DROP TABLE runs", 400, INVALID, "Experiment ID must be a valid integer"),
    ];
    for (id, status, code, message) in ids {
        let body = json!({"experiment_id": id, "new_name": "x", "key": "k", "value": "v"});
        let body = body.to_string();
        for call in ["delete", "restore", "update", "set-experiment-tag", "delete-experiment-tag"] {
            let call = format!("experiments/{call}");
            refuses(&server, &[(&call, body.as_bytes(), status, code, message)]).await;
        }
        refuses(&server, &[("runs/create", body.as_bytes(), status, code, message)]).await;
        let answer = server.get(&format!("{API}/experiments/get?experiment_id={id}")).await;
        is_error(&answer, status, code, message);
    }
    for id in ["nope", "../x", "' OR ''='", "%", "\\u0000"] {
        let body = format!("{{\"run_id\": \"{id}\", \"key\": \"k\", \"value\": \"v\"}}");
        for call in ["update", "delete", "restore", "log-parameter", "set-tag", "delete-tag"] {
            let call = format!("runs/{call}");
            refuses(&server, &[(&call, body.as_bytes(), 404, MISSING, "not found")]).await;
        }
    }
    let odd = "{\"run_id\": \"../x\"}".as_bytes();
    let message = "Invalid value \"../x\" for parameter 'run_id' supplied.";
    for call in ["runs/log-batch", "runs/log-inputs"] {
        refuses(&server, &[(call, odd, 400, INVALID, message)]).await;
    }
}

#[tokio::test]
async fn what_is_required_is_missed() {
    let (server, _) = server_with_a_run().await;
    let table: [(&str, &[u8], &str); 19] = [
        ("experiments/create", b"{}", "'name'"),
        ("experiments/create", b"", "'name'"),
        ("experiments/create", b"null", "'name'"),
        ("experiments/create", b"{\"name\": \"\"}", "'name'"),
        ("experiments/create", b"{\"name\": null}", "'name'"),
        ("experiments/delete", b"{}", "'experiment_id'"),
        ("experiments/update", b"{\"experiment_id\": \"1\"}", "'new_name'"),
        ("experiments/set-experiment-tag", b"{\"experiment_id\": \"1\"}", "'key'"),
        ("runs/log-metric", b"{\"run_id\": \"x\"}", "'key'"),
        ("runs/log-parameter", b"{\"run_id\": \"x\"}", "'key'"),
        ("runs/set-tag", b"{\"run_id\": \"x\"}", "'key'"),
        ("runs/log-batch", b"{}", "'run_id'"),
        ("logged-models", b"{}", "'experiment_id'"),
        // The run first, as in MLflow.
        ("runs/log-metric", b"{}", "'run_id'"),
        ("runs/log-parameter", b"{\"run_uuid\": \"\"}", "'run_id'"),
        ("runs/delete-tag", b"null", "'run_id'"),
        ("runs/outputs", b"{}", "'run_id'"),
        ("runs/outputs", b"{\"run_id\": \"x\", \"models\": null}", "'models'"),
        ("logged-models/search", b"{\"experiment_ids\": null}", "'experiment_ids'"),
    ];
    let table: Vec<_> = table.iter().map(|row| (row.0, row.1, 400, INVALID, row.2)).collect();
    refuses(&server, &table).await;
}

#[tokio::test]
async fn names_and_sizes_out_of_bounds_are_refused() {
    let (server, id) = server_with_a_run().await;
    let metric = json!({"key": "m", "value": 1, "timestamp": 1, "step": 0});
    let pair = |key: &str| json!({"key": key, "value": "v"});
    let many = |n: usize| (0..n).map(|n| pair(&n.to_string())).collect::<Vec<_>>();
    let batch = |field: &str, items: Value| json!({"run_id": id, field: items});
    let tag = |key: &str| json!({"run_id": id, "key": key, "value": "v"});
    let bodies: [(&str, Value, &str); 14] = [
        ("experiments/create", json!({"name": "x".repeat(501)}), "maximum length of 500"),
        ("experiments/create", json!({"name": "x", "tags": [pair("a//b")]}), "resolve to 'a/b'"),
        ("experiments/create", json!({"name": "x", "artifact_location": "runs:/a"}), "runs:/"),
        ("experiments/create", json!({"name": "x", "artifact_location": "ftp://h/x"}), "'ftp'"),
        ("experiments/create", json!({"name": "x", "artifact_location": "/x#y"}), "fragments"),
        ("runs/set-tag", tag("../up"), "resolve to '../up'"),
        ("runs/set-tag", tag("/root"), "resolve to '/root'"),
        ("runs/set-tag", tag("a\u{0}b"), "Names may only contain"),
        ("runs/set-tag", tag("<script>"), "Names may only contain"),
        ("runs/set-tag", tag(&"k".repeat(251)), "maximum length of 250"),
        ("runs/log-batch", batch("metrics", vec![metric; 1001].into()), "at most 1000 metrics"),
        ("runs/log-batch", batch("params", many(101).into()), "at most 100 params"),
        ("runs/log-batch", batch("tags", many(101).into()), "at most 100 tags"),
        ("runs/log-batch", batch("params", json!([pair("p"), pair("p")])), "Duplicate parameter"),
    ];
    let bodies = bodies.map(|(call, body, message)| (call, body.to_string(), message));
    let table: Vec<_> =
        bodies.iter().map(|(call, body, m)| (*call, body.as_bytes(), 400, INVALID, *m)).collect();
    refuses(&server, &table).await;
}

#[tokio::test]
async fn one_field_in_two_spellings_is_refused() {
    let (server, id) = server_with_a_run().await;
    let tables = [
        ("experiments/delete", "{\"experiment_id\": \"1\", \"experimentId\": \"1\"}".to_owned()),
        (
            "experiments/create",
            "{\"name\": \"x\", \"artifact_location\": \"/a\", \
          \"artifactLocation\": \"/a\"}"
                .to_owned(),
        ),
        ("runs/set-tag", format!("{{\"run_id\": \"{id}\", \"runId\": \"{id}\", \"key\": \"k\"}}")),
        ("runs/search", "{\"experiment_ids\": [\"1\"], \"experimentIds\": [\"1\"]}".to_owned()),
    ];
    for (call, body) in tables {
        let message = "provide only one of them";
        refuses(&server, &[(call, body.as_bytes(), 400, INVALID, message)]).await;
    }
}

#[tokio::test]
async fn unknown_fields_and_the_other_spelling_are_fine() {
    let server = TestServer::start().await;
    let body = json!({"name": "x", "artifactLocation": "s3://b/x", "bogus": {"a": [1, null]}});
    let id = server.post("experiments/create", &body).await.ok()["experiment_id"].clone();
    let found = server.get(&format!("{API}/experiments/get?experiment_id=1&bogus=1")).await.ok();
    assert_eq!((&found["experiment"]["artifact_location"], id), (&json!("s3://b/x"), json!("1")));
    // 64-bit numbers may come as text, and old clients encode their JSON twice.
    let twice = json!("{\"experimentId\": \"1\", \"startTime\": \"123\"}");
    let run = server.post("runs/create", &twice).await.ok();
    assert_eq!(run["run"]["info"]["start_time"], json!(123));
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused() {
    let server = TestServer::with(|settings| settings.max_body = 1 << 20).await;
    let fits = format!("{{\"name\": \"x\"}}{}", " ".repeat((1 << 20) - 13));
    let too_large = format!("{fits} ");
    let table = [("experiments/create", too_large.as_bytes(), 400, INVALID, "limit is 1 MiB")];
    refuses(&server, &table).await;
    let request = server.request(Method::POST, &format!("{API}/experiments/create"));
    let request = request.header(CONTENT_TYPE, "application/json").body(fits);
    server.send(request).await.ok();
}

#[tokio::test]
async fn other_kinds_of_content_are_refused() {
    let server = TestServer::start().await;
    let before = server.database.contents();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "é"]
    {
        let request = server.request(Method::POST, &format!("{API}/experiments/create"));
        let request = request.header(CONTENT_TYPE, kind.as_bytes()).body("{\"name\": \"x\"}");
        let message = "Content-Type must be one of ['application/json']";
        is_error(&server.send(request).await, 400, INVALID, message);
    }
    let request = server.request(Method::POST, &format!("{API}/experiments/create"));
    let answer = server.send(request.body("{\"name\": \"x\"}")).await;
    is_error(&answer, 400, INVALID, "Content-Type header is missing");
    assert_eq!(server.database.contents(), before);
    let request = server.request(Method::POST, &format!("{API}/experiments/create"));
    let request = request.header(CONTENT_TYPE, "Application/JSON; charset=utf-8");
    server.send(request.body("{\"name\": \"x\"}")).await.ok();
}

#[tokio::test]
async fn odd_queries_are_refused() {
    let (server, id) = server_with_a_run().await;
    for (query, status, code, message) in [
        ("experiments/get", 400, INVALID, "'experiment_id'"),
        ("experiments/get?experiment_id=", 400, INVALID, "'experiment_id'"),
        ("experiments/get?experimentId=1", 400, INVALID, "'experiment_id'"),
        ("experiments/get?experiment_id=%ff", 400, INVALID, "Invalid experiment ID"),
        ("experiments/get-by-name?experiment_name=nope", 404, MISSING, "with name 'nope'"),
        ("runs/get?run_id=nope", 404, MISSING, "Run with id=nope not found"),
        ("runs/get?run_id=%00", 404, MISSING, "not found"),
        ("experiments/search?max_results=x", 400, INVALID, "max_results"),
        ("experiments/search?max_results=1&page_token=x", 400, INVALID, "Invalid page token"),
        ("experiments/search?max_results=1&filter=bogus", 400, INVALID, ""),
        ("metrics/get-history?run_id={id}&metric_key=m&max_results=0", 400, INVALID, "positive"),
        ("metrics/get-history?run_id={id}&metric_key=m&page_token=e30=", 400, INVALID, "token"),
        (
            "metrics/get-history-bulk-interval?run_ids={id}&metric_key=m&max_results=0",
            400,
            INVALID,
            "between 1 and 2500",
        ),
        (
            "metrics/get-history-bulk-interval?run_ids={id}&metric_key=m&max_results=2501",
            400,
            INVALID,
            "between 1 and 2500",
        ),
        (
            "metrics/get-history-bulk-interval?run_ids={id}&metric_key=m&start_step=1",
            400,
            INVALID,
            "both must be specified",
        ),
        (
            "metrics/get-history-bulk-interval?run_ids={id}&metric_key=m&start_step=5&end_step=1",
            400,
            INVALID,
            "Found start_step=5 and end_step=1",
        ),
        (
            "metrics/get-history-bulk-interval?run_ids={id}&metric_key=m&start_step=99999999999&end_step=1",
            400,
            INVALID,
            "start_step",
        ),
        ("logged-models/nope", 404, MISSING, "Logged model with ID 'nope' not found."),
        ("logged-models/m%2F..%2Fx", 404, MISSING, "not found"),
        ("logged-models/m-x?allow_deleted=maybe", 400, INVALID, "Invalid boolean value: maybe"),
    ] {
        let query = query.replace("{id}", &id);
        is_error(&server.get(&format!("{API}/{query}")).await, status, code, message);
    }
    let runs = "run_id=x&".repeat(101);
    for (query, message) in [
        ("metric_key=m", "at least one run_id"),
        ("run_id=x", "must specify a metric_key"),
        (&format!("{runs}metric_key=m"), "more than 100 run_ids. Received 101"),
    ] {
        let path = format!("/ajax-api/2.0/mlflow/metrics/get-history-bulk?{query}");
        is_error(&server.get(&path).await, 400, INVALID, message);
    }
}

#[tokio::test]
async fn searches_too_much_for_the_database_are_refused() {
    let (server, _) = server_with_a_run().await;
    let ids: Vec<String> = (0..50_000).map(|n| n.to_string()).collect();
    let metrics: Vec<String> = (0..300).map(|n| format!("metrics.m{n}")).collect();
    let pattern = format!("params.lr LIKE '{}'", "%a_".repeat(60_000));
    for search in [
        json!({"experiment_ids": ids}),
        json!({"experiment_ids": ["1"], "order_by": metrics}),
        json!({"experiment_ids": ["1"], "filter": pattern}),
    ] {
        let answer = server.post("runs/search", &search).await;
        is_error(&answer, 400, INVALID, "more at once than the database can do");
        assert!(answer.body.len() < 1000, "{}", answer.text());
    }
}
