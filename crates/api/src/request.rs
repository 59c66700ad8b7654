//! From the bytes of a request to a message, or to the error that MLflow's clients expect.

use oxflow_model::validate::json_text;
use oxflow_model::{Error, Result};
use serde_json::{Map, Value};

use crate::case::camel_case;
use crate::message::{Field, Kind, Message, Scalar};

/// Behind every message about a bad or missing parameter.
const SEE_DOCS: &str = " See the API docs for more information about request parameters.";

/// Reads a message from a JSON body. An empty body is an empty message; old clients encode their
/// JSON twice.
///
/// Fails with `INVALID_PARAMETER_VALUE` when the body is not JSON, not an object, has a value of
/// the wrong type, or misses a required one.
pub fn from_body<M: Message + Scalar>(body: &[u8]) -> Result<M> {
    // Some clients begin their text with a byte order mark.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return checked(M::default());
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    match M::read(&mut json).and_then(|message| json.end().map(|()| message)) {
        Ok(message) => checked(message),
        Err(_) => from_difficult_body(body),
    }
}

/// The slow path: says what is wrong, and decodes what old clients encoded twice.
fn from_difficult_body<M: Message + Scalar>(body: &[u8]) -> Result<M> {
    let mut value: Value = parse_json(body)?;
    if let Value::String(inner) = &value {
        value = parse_json(inner.as_bytes())?;
    }
    match value {
        Value::Null => checked(M::default()),
        Value::Object(object) => from_object(object),
        other => Err(Error::invalid(format!(
            "The request body must be a JSON object, not {}.",
            python_type(&other)
        ))),
    }
}

fn parse_json(bytes: &[u8]) -> Result<Value> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::invalid(format!("The request body is not valid JSON: {error}.")))
}

/// Reads a message from parsed JSON.
pub fn from_object<M: Message + Scalar>(object: Map<String, Value>) -> Result<M> {
    refuse_conflicts(&object, M::FIELDS)?;
    let value = Value::Object(object);
    match M::read(&value) {
        Ok(message) => checked(message),
        Err(error) => Err(find_bad_value(&value, M::FIELDS, "")
            .unwrap_or_else(|| Error::invalid(format!("Invalid request: {error}.")))),
    }
}

/// Reads a message from a query string, given as decoded pairs. Only snake_case names count;
/// unknown ones are ignored.
pub fn from_query<M: Message + Scalar>(pairs: &[(String, String)]) -> Result<M> {
    let mut object = Map::new();
    for field in M::FIELDS {
        let mut values = pairs.iter().filter(|(name, _)| name == field.name).map(|(_, v)| v);
        if field.repeated {
            let values: Vec<Value> = values.map(|v| Value::String(v.clone())).collect();
            if !values.is_empty() {
                object.insert(field.name.to_owned(), Value::Array(values));
            }
        } else if let Some(value) = values.next() {
            object.insert(field.name.to_owned(), query_value(field, value)?);
        }
    }
    from_object(object)
}

fn query_value(field: &Field, text: &str) -> Result<Value> {
    match field.kind {
        Kind::Bool => match text.to_ascii_lowercase().as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(Error::invalid(format!(
                "Invalid boolean value: {text}, must be 'true' or 'false'."
            ))),
        },
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn checked<M: Message>(message: M) -> Result<M> {
    match message.missing() {
        Some(name) => Err(missing(name)),
        None => Ok(message),
    }
}

/// A required parameter is not there.
pub fn missing(path: &str) -> Error {
    Error::invalid(format!("Missing value for required parameter '{path}'.{SEE_DOCS}"))
}

/// A parameter has a value it cannot have.
pub fn invalid(path: &str, value: &Value) -> Error {
    Error::invalid(format!(
        "Invalid value {} for parameter '{path}' supplied:  Hint: Value was of type '{}'.{SEE_DOCS}",
        python_json(value),
        python_type(value)
    ))
}

/// As [`invalid`], with MLflow's own words instead of the hint.
pub fn invalid_because(why: &str) -> Error {
    Error::invalid(format!("{why}{SEE_DOCS}"))
}

/// One field may not be spelled in both ways, at any depth.
fn refuse_conflicts(object: &Map<String, Value>, fields: &[Field]) -> Result<()> {
    for field in fields {
        let camel = camel_case(field.name);
        let snake_value = object.get(field.name);
        let camel_value = if camel == field.name { None } else { object.get(&camel) };
        if snake_value.is_some() && camel_value.is_some() {
            return Err(Error::invalid(format!(
                "Request specifies both '{}' and '{camel}'; provide only one of them.",
                field.name
            )));
        }
        let Kind::Message(_, inner) = field.kind else { continue };
        match snake_value.or(camel_value) {
            Some(Value::Object(object)) => refuse_conflicts(object, inner)?,
            Some(Value::Array(items)) => {
                for item in items.iter().filter_map(Value::as_object) {
                    refuse_conflicts(item, inner)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The first value that does not fit its field.
fn find_bad_value(value: &Value, fields: &[Field], path: &str) -> Option<Error> {
    let Some(object) = value.as_object() else { return Some(invalid(path, value)) };
    for field in fields {
        let Some(value) = object.get(field.name).or_else(|| object.get(&camel_case(field.name)))
        else {
            continue;
        };
        let path =
            if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        let bad = match (field.repeated, value) {
            (_, Value::Null) => None,
            (true, Value::Array(items)) => items
                .iter()
                .enumerate()
                .find_map(|(i, item)| bad_item(item, field.kind, &format!("{path}[{i}]"))),
            (true, other) => Some(invalid(&path, other)),
            (false, value) => bad_item(value, field.kind, &path),
        };
        if bad.is_some() {
            return bad;
        }
    }
    None
}

fn bad_item(value: &Value, kind: Kind, path: &str) -> Option<Error> {
    let fits = match kind {
        Kind::Text => value.is_string(),
        Kind::Bool => value.is_boolean(),
        Kind::Int(32) => i32::read(value).is_ok(),
        Kind::Int(_) => i64::read(value).is_ok(),
        Kind::Double => f64::read(value).is_ok(),
        Kind::Enum(words) => {
            crate::wire_enum::read_enum(value, words).is_ok_and(|n| words.iter().any(|w| w.1 == n))
        }
        Kind::Message(_, fields) => return find_bad_value(value, fields, path),
        Kind::Any => true,
    };
    if fits { None } else { Some(invalid(path, value)) }
}

/// What Python calls the type of a JSON value; clients know the hint by these names.
fn python_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// Compact JSON with sorted keys and non-ASCII escaped, as Python's `json.dumps` writes it.
fn python_json(value: &Value) -> String {
    match value {
        Value::String(text) => json_text(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(python_json).collect::<Vec<_>>().join(","))
        }
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            members.sort_by_key(|(key, _)| key.as_str());
            let member = |(key, value): (&String, &Value)| {
                format!("{}:{}", json_text(key), python_json(value))
            };
            format!("{{{}}}", members.into_iter().map(member).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}
