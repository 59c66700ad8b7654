//! The description of the API for programs: OpenAPI 3.1, made from the route table and the fields
//! of the messages. Nothing in it is written by hand twice.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use oxflow_api::message::{Field, Kind};
use serde_json::{Map, Value, json};

use crate::describe::Content;
use crate::router::{RouteInfo, Status, Under, Verb};

const ABOUT: &str = "Oxflow speaks the REST API of MLflow. Each path is also served under the \
     prefixes in `x-also-under`. `x-access` says what a caller needs: a level of access to a thing \
     that the request names, or to be known. `x-status` says what is not built yet.";

/// The document, for a server whose paths all start with `prefix`.
pub fn document(prefix: &str) -> Value {
    static COMMON: OnceLock<Value> = OnceLock::new();
    let mut document = COMMON.get_or_init(|| describe(&crate::routes::table())).clone();
    document["servers"] = json!([{ "url": if prefix.is_empty() { "/" } else { prefix } }]);
    document
}

/// Messages by name, as they are met.
type Schemas = BTreeMap<&'static str, Value>;

fn describe(table: &[RouteInfo]) -> Value {
    let mut schemas = Schemas::new();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for route in table {
        let path = route.main_path().replace("{*", "{");
        let verb = route.verb.as_str().to_ascii_lowercase();
        paths.entry(path).or_default().insert(verb, operation(route, &mut schemas));
    }
    schemas.insert("Double", double());
    schemas.insert("Error", error());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Oxflow",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": ABOUT,
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {
                "Error": {
                    "description": "It did not work; the message says why.",
                    "content": { "application/json": { "schema": reference("Error") } },
                },
            },
        },
    })
}

fn operation(route: &RouteInfo, schemas: &mut Schemas) -> Value {
    let error = json!({ "$ref": "#/components/responses/Error" });
    let built = route.status == Status::Built;
    let mut responses = Map::new();
    match route.shape.answer {
        content if built => {
            responses.insert("200".to_owned(), answer(content, schemas));
        }
        // What is switched off says so on a page, as in MLflow.
        Content::Html => {
            responses.insert("503".to_owned(), answer(Content::Html, schemas));
        }
        _ => {}
    }
    if route.shape.switched {
        responses.insert("503".to_owned(), answer(Content::Html, schemas));
    }
    responses.insert("default".to_owned(), error);
    let mut operation = json!({
        "operationId": operation_id(route),
        "tags": [tag(route)],
        "parameters": parameters(route),
        "responses": responses,
        "x-access": route.access.to_string(),
        "x-status": if built { "built" } else { "not built" },
    });
    if let [_, others @ ..] = route.under.prefixes()
        && !others.is_empty()
    {
        operation["x-also-under"] = json!(others);
    }
    if let Some(body) = request_body(route, schemas) {
        operation["requestBody"] = body;
    }
    operation
}

/// Method and path in lowerCamelCase, with the family where it is not the usual one.
fn operation_id(route: &RouteInfo) -> String {
    let family = match route.under {
        Under::V3 | Under::V3Ajax => "V3",
        Under::Artifacts => "Proxied",
        Under::Oxflow => "Oxflow",
        Under::V2 | Under::V2Ajax | Under::Root => "",
    };
    let mut id = format!("{}{family}", route.verb.as_str().to_ascii_lowercase());
    let words = route.path.split(|c: char| !c.is_ascii_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        let (first, rest) = word.split_at(1);
        id.push_str(&first.to_ascii_uppercase());
        id.push_str(rest);
    }
    id
}

/// The resource: the first word behind the prefix.
fn tag(route: &RouteInfo) -> &str {
    let word = |path: &str| path.split('/').find(|word| !word.is_empty()).map(str::len);
    match word(&route.path) {
        Some(length) => &route.path[1..=length],
        None => "pages",
    }
}

fn fields(kind: Option<Kind>) -> &'static [Field] {
    match kind {
        Some(Kind::Message(_, fields)) => fields,
        _ => &[],
    }
}

/// The names in braces, and whether each stands for the rest of the path.
fn path_names(path: &str) -> impl Iterator<Item = (&str, bool)> {
    path.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        Some(name.strip_prefix('*').map_or((name, false), |rest| (rest, true)))
    })
}

fn parameters(route: &RouteInfo) -> Vec<Value> {
    let in_path = path_names(&route.path).map(|(name, rest)| {
        let mut parameter = json!({
            "name": name, "in": "path", "required": true, "schema": { "type": "string" },
        });
        if rest {
            parameter["description"] = json!("May hold slashes.");
        }
        parameter
    });
    let message = route.shape.message.filter(|_| route.verb == Verb::Get);
    let in_query = fields(message).iter().chain(fields(route.shape.query)).map(|field| {
        json!({
            "name": field.name,
            "in": "query",
            "required": field.required,
            "schema": field_schema(field, &mut Schemas::new()),
        })
    });
    in_path.chain(in_query).collect()
}

fn request_body(route: &RouteInfo, schemas: &mut Schemas) -> Option<Value> {
    if route.verb == Verb::Get || route.status == Status::NotBuilt {
        return None;
    }
    if let Some(message) = route.shape.message {
        let schema = schema(message, schemas);
        let needed = fields(Some(message)).iter().any(|field| field.required);
        let content = json!({ "application/json": { "schema": schema } });
        return Some(json!({ "required": needed, "content": content }));
    }
    let bytes = json!({ "application/octet-stream": { "schema": {} } });
    route.shape.bytes.then(|| json!({ "required": true, "content": bytes }))
}

fn answer(content: Content, schemas: &mut Schemas) -> Value {
    let kind = match content {
        Content::Nothing => return json!({ "description": "Done." }),
        Content::Json(kind) => {
            let schema = schema(kind, schemas);
            return json!({
                "description": "Done.",
                "content": { "application/json": { "schema": schema } },
            });
        }
        Content::Text => "text/plain",
        Content::Html => "text/html",
        Content::Bytes => "*/*",
    };
    json!({ "description": "A text or a file.", "content": { kind: { "schema": {} } } })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn schema(kind: Kind, schemas: &mut Schemas) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Int(bits) => json!({ "type": "integer", "format": format!("int{bits}") }),
        Kind::Double => reference("Double"),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Enum(words) => {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            json!({ "type": "string", "enum": words })
        }
        Kind::Message(name, fields) => {
            if !schemas.contains_key(name) {
                // Its place is taken first, for a message that holds its own kind.
                schemas.insert(name, Value::Null);
                let message = message(fields, schemas);
                schemas.insert(name, message);
            }
            reference(name)
        }
        Kind::Any => json!({}),
    }
}

fn field_schema(field: &Field, schemas: &mut Schemas) -> Value {
    let one = schema(field.kind, schemas);
    if field.repeated { json!({ "type": "array", "items": one }) } else { one }
}

fn message(fields: &[Field], schemas: &mut Schemas) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.to_owned(), field_schema(field, schemas))).collect();
    let required: Vec<&str> =
        fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let mut message = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        message["required"] = json!(required);
    }
    message
}

fn double() -> Value {
    json!({
        "description": "A number, or the name of one that JSON cannot write.",
        "oneOf": [
            { "type": "number", "format": "double" },
            { "type": "string", "enum": ["NaN", "Infinity", "-Infinity"] },
        ],
    })
}

fn error() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "required": ["error_code", "message"],
        "properties": {
            "error_code": text, "message": text, "sqlstate": text, "error_class": text,
        },
    })
}
