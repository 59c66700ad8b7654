//! What is asked of a server.

use http::Method;
use oxflow_model::{Error, Millis, Result};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The header that carries a [`Wish`].
pub const WISH: &str = "x-oxflow-wish";

/// What callers of a store decide and the API leaves to the server: the time, and new ids. Only a
/// server that is made for tests listens, and only a store that was told so sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// The time, in milliseconds.
    pub at: Option<i64>,
    /// Ids, in the order in which they are needed, without a prefix that the server adds.
    pub ids: Vec<String>,
}

/// One call of the API.
pub struct Call {
    /// The HTTP method.
    pub method: Method,
    /// Everything behind the address of the server, the query included.
    pub path: String,
    /// The body, as JSON.
    pub body: Option<Vec<u8>>,
    /// What the server is to decide as it is told.
    pub wish: Wish,
}

/// Which part of the API a call is in.
#[derive(Clone, Copy)]
pub enum Api {
    /// `/api/2.0/mlflow`
    V2,
    /// `/api/3.0/mlflow`
    V3,
    /// `/ajax-api/2.0/mlflow`: what only MLflow's pages ask for.
    Ajax,
}

impl Api {
    const fn root(self) -> &'static str {
        match self {
            Api::V2 => "/api/2.0/mlflow",
            Api::V3 => "/api/3.0/mlflow",
            Api::Ajax => "/ajax-api/2.0/mlflow",
        }
    }

    /// `GET`, or another method whose arguments are in the query.
    pub fn query(self, method: Method, path: &str, message: &impl Serialize) -> Result<Call> {
        let query = query(&serde_json::to_value(message).map_err(unwritable)?);
        let mark = if query.is_empty() { "" } else { "?" };
        let path = format!("{}/{path}{mark}{query}", self.root());
        Ok(Call { method, path, body: None, wish: Wish::default() })
    }

    /// `GET`
    pub fn get(self, path: &str, message: &impl Serialize) -> Result<Call> {
        self.query(Method::GET, path, message)
    }

    /// A call whose arguments are in the body.
    pub fn call(self, method: Method, path: &str, message: &impl Serialize) -> Result<Call> {
        let body = serde_json::to_vec(message).map_err(unwritable)?;
        let path = format!("{}/{path}", self.root());
        Ok(Call { method, path, body: Some(body), wish: Wish::default() })
    }

    /// `POST`
    pub fn post(self, path: &str, message: &impl Serialize) -> Result<Call> {
        self.call(Method::POST, path, message)
    }

    /// `PATCH`
    pub fn patch(self, path: &str, message: &impl Serialize) -> Result<Call> {
        self.call(Method::PATCH, path, message)
    }

    /// `DELETE`, whose arguments MLflow's clients put into the body.
    pub fn delete(self, path: &str, message: &impl Serialize) -> Result<Call> {
        self.call(Method::DELETE, path, message)
    }
}

impl Call {
    /// It should be this late.
    pub fn at(mut self, now: Millis) -> Call {
        self.wish.at = Some(now.0);
        self
    }

    /// The next new thing should have this id.
    pub fn id(mut self, id: &str) -> Call {
        self.wish.ids.push(id.to_owned());
        self
    }

    /// As [`Call::id`], for ids to which the server adds a prefix such as `d-`.
    pub fn id_behind(self, prefix: &str, id: &str) -> Call {
        let rest = id.strip_prefix(prefix).unwrap_or(id);
        self.id(rest)
    }
}

/// A part of a path.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The members of a message as a query string. Messages in queries hold texts, numbers, truth values
/// and lists of such.
fn query(message: &Value) -> String {
    let mut pairs = Vec::new();
    for (key, value) in message.as_object().into_iter().flatten() {
        let values = match value {
            Value::Array(values) => values.iter().collect(),
            single => vec![single],
        };
        for value in values {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            pairs.push(format!("{}={}", segment(key), segment(&text)));
        }
    }
    pairs.join("&")
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::internal(format!("Cannot write a request: {error}."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_query_holds_what_the_message_does() {
        let message = json!({"name": "a&b = č", "ids": ["1", "2"], "most": 5, "all": true});
        let call = Api::V2.get("x/get", &message).unwrap();
        let expected = "all=true&ids=1&ids=2&most=5&name=a%26b%20%3D%20%C4%8D";
        let pairs: Vec<&str> = call.path.split_once('?').unwrap().1.split('&').collect();
        let mut sorted = pairs.clone();
        sorted.sort_unstable();
        assert_eq!(sorted.join("&"), expected);
        assert_eq!(Api::V3.get("x", &json!({})).unwrap().path, "/api/3.0/mlflow/x");
    }
}
