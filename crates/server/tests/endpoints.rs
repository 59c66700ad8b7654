//! The endpoint table and the description of the API say what the router serves.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::Path;

use oxflow_api::message::{Field, Kind};
use oxflow_server::{Content, RouteInfo, Status, Under, table};
use serde_json::Value;

const HEAD: &str = "# Endpoints

What Oxflow serves. Written by `UPDATE=1 cargo test -p oxflow-server --test endpoints`; a test compares it with the router.

";

const NOTES: &str = "
*Access* is what a caller needs: `public` is nothing, `known` is to be somebody the server knows (what is shown depends
on who asks), `admin` is to be an administrator, and the others are a level of access to the thing that the request
names. There are no users yet, so everything is allowed. *Not built* answers 501 `NOT_IMPLEMENTED`, which clients do not
retry. Workspaces answer 503 unless they are enabled, as in MLflow. With `--static-prefix`, the prefix stands before
every path.

The same for programs, with requests and answers: `GET /openapi.json`.

";

fn prefixes() -> String {
    let mut text = "| shown as | also served as |\n|---|---|\n".to_owned();
    for under in [Under::V2, Under::V3, Under::Artifacts, Under::Oxflow] {
        let (first, others) = under.prefixes().split_first().unwrap_or((&"", &[]));
        let others: Vec<String> = others.iter().map(|prefix| format!("`{prefix}`")).collect();
        let _ = writeln!(text, "| `{first}` | {} |", others.join(", "));
    }
    text
}

fn render(table: &[RouteInfo]) -> String {
    let mut rows: Vec<_> = table.iter().map(|route| (route.main_path(), route)).collect();
    rows.sort_by(|a, b| (&a.0, a.1.verb).cmp(&(&b.0, b.1.verb)));
    let mut text = format!(
        "{HEAD}{}{NOTES}| method | path | access | status |\n|---|---|---|---|\n",
        prefixes()
    );
    for (path, route) in rows {
        let status = match route.status {
            Status::Built => "built",
            Status::NotBuilt => "not built",
        };
        let _ = writeln!(text, "| {} | `{path}` | {} | {status} |", route.verb, route.access);
    }
    text
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the switch of this test is in the environment")]
fn the_table_in_the_documentation_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/endpoints.md");
    let fresh = render(&table());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = fresh.lines().zip(written.lines()).find(|(a, b)| a != b);
    assert!(
        fresh == written,
        "docs/endpoints.md is stale, first at {differing:?}: run UPDATE=1 cargo test -p \
         oxflow-server --test endpoints"
    );
}

/// Calls `visit` with each message that `kind` holds, itself included.
fn each_message(kind: Kind, visit: &mut impl FnMut(&'static str, &'static [Field])) {
    if let Kind::Message(name, fields) = kind {
        visit(name, fields);
        for field in fields {
            each_message(field.kind, visit);
        }
    }
}

#[test]
fn a_name_stands_for_one_message() {
    let mut known: HashMap<&str, String> = HashMap::new();
    for route in table() {
        let answer = match route.shape.answer {
            Content::Json(kind) => Some(kind),
            _ => None,
        };
        for kind in [route.shape.message, route.shape.query, answer].into_iter().flatten() {
            each_message(kind, &mut |name, fields| {
                let shown = format!("{fields:?}");
                let first = known.entry(name).or_insert_with(|| shown.clone());
                assert_eq!(*first, shown, "two messages have the name {name}");
            });
        }
    }
    assert!(known.len() > 50, "{}", known.len());
}

/// Every `$ref` below `value`.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|inner| references(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

#[test]
fn the_description_is_whole() {
    let document = oxflow_server::openapi::document("/mlf");
    assert_eq!(document["servers"][0]["url"], "/mlf");
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some_and(Value::is_object), "{reference}");
    }
    assert!(found.len() > 50, "{}", found.len());

    let mut operations = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let earlier = operations.insert(id.to_owned(), format!("{method} {path}"));
            assert_eq!(earlier, None, "{id}");
            let braces = path.matches('{').count();
            let parameters = operation["parameters"].as_array().unwrap();
            let named = parameters.iter().filter(|p| {
                p["in"] == "path" && path.contains(&format!("{{{}}}", p["name"].as_str().unwrap()))
            });
            assert_eq!(named.count(), braces, "{method} {path}");
        }
    }
    assert_eq!(operations.len(), table().len());
}

#[test]
fn an_operation_says_what_its_handler_takes_and_gives() {
    let document = oxflow_server::openapi::document("");
    let operation = |method: &str, path: &str| document["paths"][path][method].clone();

    let log = operation("post", "/api/2.0/mlflow/runs/log-metric");
    let body = &log["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(body, "#/components/schemas/LogMetric");
    assert_eq!(log["x-access"], "run: edit");
    assert_eq!(log["x-also-under"][0], "/ajax-api/2.0/mlflow");
    let message = &document["components"]["schemas"]["LogMetric"];
    assert_eq!(message["required"], serde_json::json!(["key", "value", "timestamp"]));

    let history = operation("get", "/api/2.0/mlflow/metrics/get-history");
    let names: Vec<_> =
        history["parameters"].as_array().unwrap().iter().map(|p| &p["name"]).collect();
    assert!(names.contains(&&Value::from("metric_key")), "{names:?}");
    assert_eq!(
        history["responses"]["200"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/MetricHistoryResponse"
    );

    let traces = operation("post", "/api/3.0/mlflow/traces/search");
    assert_eq!(traces["x-status"], "not built");
    assert!(traces["responses"].get("200").is_none());
}
