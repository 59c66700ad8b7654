//! Requests and their answers.

use std::time::Duration;

use oxflow_model::{Error, ErrorCode, Result};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

/// How often a request is sent when the server is overloaded or gone for a moment.
const TRIES: u32 = 5;
/// How long a server may take to accept a connection, and to answer.
const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(300);

/// Who asks, as MLflow's clients are told by their variables.
#[derive(Clone, Default)]
pub struct Access {
    /// `MLFLOW_TRACKING_USERNAME`.
    pub user: Option<String>,
    /// `MLFLOW_TRACKING_PASSWORD`.
    pub password: Option<String>,
    /// `MLFLOW_TRACKING_TOKEN`.
    pub token: Option<String>,
    /// `MLFLOW_TRACKING_INSECURE_TLS`: any certificate will do.
    pub insecure: bool,
}

/// A server.
#[derive(Clone)]
pub struct RestStore {
    client: reqwest::Client,
    base: String,
    access: Access,
}

/// What a server said no with.
#[derive(Debug, Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    error_code: String,
    #[serde(default)]
    message: String,
}

/// An answer.
pub enum Answer<T> {
    /// It is this.
    Found(T),
    /// There is no such thing.
    Missing,
    /// The server cannot answer that: it is older, or keeps no such things.
    Unknown,
}

impl<T> Answer<T> {
    /// What was found.
    pub fn found(self) -> Option<T> {
        match self {
            Answer::Found(found) => Some(found),
            Answer::Missing | Answer::Unknown => None,
        }
    }
}

impl RestStore {
    /// A server by its URI. Asks it whether it is there.
    pub async fn connect(uri: &str, mut access: Access) -> Result<RestStore> {
        let mut url = Url::parse(uri)
            .map_err(|error| Error::invalid(format!("The URI of the server is none: {error}.")))?;
        if !url.username().is_empty() {
            access.user = Some(url.username().to_owned());
            access.password = url.password().map(str::to_owned);
            let _ = (url.set_username(""), url.set_password(None));
        }
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .danger_accept_invalid_certs(access.insecure)
            .build()
            .map_err(|error| Error::internal(format!("Cannot make requests: {error}.")))?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        let store = RestStore { client, base, access };
        store.must_answer().await?;
        Ok(store)
    }

    async fn must_answer(&self) -> Result<()> {
        let query = [("experiment_id", "0")];
        let answer: Answer<Value> = self.get("experiments/get", &query).await?;
        match answer {
            Answer::Unknown => Err(Error::unavailable(format!(
                "{} answers, but not as MLflow does. Name the address that clients have as \
                 MLFLOW_TRACKING_URI.",
                self.base
            ))),
            _ => Ok(()),
        }
    }

    /// A call with its arguments in the query.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Answer<T>> {
        self.call(Method::GET, path, query, None).await
    }

    /// A call with its arguments in the body.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<Answer<T>> {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer<T>> {
        let answer = self.patiently(&method, "mlflow", path, query, body).await?;
        // Where MLflow 1 has its registry.
        let registry =
            path.starts_with("registered-models/") || path.starts_with("model-versions/");
        if registry && matches!(answer, Answer::Unknown) {
            return self.patiently(&method, "preview/mlflow", path, query, body).await;
        }
        Ok(answer)
    }

    async fn patiently<T: DeserializeOwned>(
        &self,
        method: &Method,
        prefix: &str,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer<T>> {
        let path = format!("{prefix}/{path}");
        let mut pause = Duration::from_millis(500);
        let mut outcome = self.once(method, &path, query, body).await;
        for _ in 1..TRIES {
            match &outcome {
                Err(error) if error.code() == ErrorCode::TemporarilyUnavailable => {}
                _ => break,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            outcome = self.once(method, &path, query, body).await;
        }
        outcome
    }

    async fn once<T: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer<T>> {
        let url = format!("{}/api/2.0/{path}", self.base);
        let mut request = self.client.request(method.clone(), url).query(query);
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(user) = &self.access.user {
            request = request.basic_auth(user, self.access.password.as_deref());
        } else if let Some(token) = &self.access.token {
            request = request.bearer_auth(token);
        }
        let gone = |error: reqwest::Error| {
            let why = innermost(&error);
            Error::unavailable(format!("The server {} does not answer: {why}.", self.base))
        };
        let answer = request.send().await.map_err(gone)?;
        let status = answer.status();
        let text = answer.text().await.map_err(gone)?;
        if status.is_success() {
            return match serde_json::from_str(&text) {
                Ok(found) => Ok(Answer::Found(found)),
                // A page for people.
                Err(_) if !text.trim_start().starts_with('{') => Ok(Answer::Unknown),
                Err(error) => Err(self.refused(path, status, &error.to_string())),
            };
        }
        let refusal: Refusal = serde_json::from_str(&text).unwrap_or_default();
        match (status, refusal.error_code.as_str()) {
            (_, "RESOURCE_DOES_NOT_EXIST") => Ok(Answer::Missing),
            (StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED, _)
            | (StatusCode::NOT_IMPLEMENTED, _)
            | (_, "ENDPOINT_NOT_FOUND" | "NOT_IMPLEMENTED" | "FEATURE_DISABLED") => {
                Ok(Answer::Unknown)
            }
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => Err(Error::invalid(format!(
                "The server {} does not let us in ({status}). Set MLFLOW_TRACKING_USERNAME and \
                 MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, of somebody who may read \
                 everything.",
                self.base
            ))),
            (status, _) if status == StatusCode::TOO_MANY_REQUESTS || status.as_u16() > 500 => {
                Err(Error::unavailable(format!("The server {} answered {status}.", self.base)))
            }
            _ => Err(self.refused(path, status, &refusal.message)),
        }
    }

    fn refused(&self, path: &str, status: StatusCode, why: &str) -> Error {
        let base = &self.base;
        Error::invalid(format!("The server {base} answered {status} to {path}: {why}"))
    }
}

/// What is at the bottom of an error, which tells most.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
