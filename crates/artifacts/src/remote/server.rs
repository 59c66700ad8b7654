//! Requests to another MLflow server.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use oxflow_model::error::{Error, ErrorCode, Result};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, header};
use serde_json::Value;

use super::http::{Http, SILENCE, Tls};
use super::via::{self, VIA};

/// How often a request that failed for a passing reason is sent again, and after which time first.
const RETRIES: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause that a server can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Longest answer that is read as one piece.
const MOST_JSON: usize = 256 << 20;

/// How other MLflow servers are reached, by the variables that MLflow's clients read.
#[derive(Clone, Default)]
pub struct ServerSettings {
    /// The server that `mlflow-artifacts:` locations mean (`MLFLOW_TRACKING_URI`).
    pub(super) tracking_uri: Option<String>,
    credentials: Credentials,
    workspace: Option<String>,
    tls: Tls,
}

#[derive(Clone, Default)]
enum Credentials {
    #[default]
    None,
    Password(String, String),
    Token(String),
}

impl ServerSettings {
    /// Takes what it needs from variables.
    pub fn read(var: &dyn Fn(&str) -> Option<String>) -> ServerSettings {
        const CERTIFICATES: &str = "MLFLOW_TRACKING_SERVER_CERT_PATH";
        const IDENTITY: &str = "MLFLOW_TRACKING_CLIENT_CERT_PATH";
        let user = var("MLFLOW_TRACKING_USERNAME").zip(var("MLFLOW_TRACKING_PASSWORD"));
        let credentials = match (user, var("MLFLOW_TRACKING_TOKEN")) {
            (Some((name, password)), _) => Credentials::Password(name, password),
            (None, Some(token)) => Credentials::Token(token),
            (None, None) => Credentials::None,
        };
        let insecure = var("MLFLOW_TRACKING_INSECURE_TLS");
        let yes = |text: String| matches!(text.to_ascii_lowercase().as_str(), "true" | "1");
        ServerSettings {
            tracking_uri: var("MLFLOW_TRACKING_URI"),
            credentials,
            workspace: var("MLFLOW_WORKSPACE"),
            tls: Tls {
                ca_bundle: var(CERTIFICATES).map(|file| (CERTIFICATES, file)),
                believe_all: insecure.is_some_and(yes),
                identity: var(IDENTITY).map(|file| (IDENTITY, file)),
            },
        }
    }

    /// A server that is told who asks. `address` is everything before `/api/2.0`.
    pub fn connect(&self, address: &str) -> Result<MlflowServer> {
        MlflowServer::new(address, self, Arc::new(Http::unlimited(self.tls.clone())))
    }

    pub(super) fn tls(&self) -> Tls {
        self.tls.clone()
    }

    /// The same, without anything that says who asks.
    pub(super) fn anonymous(&self) -> ServerSettings {
        let tls = Tls { identity: None, ..self.tls.clone() };
        ServerSettings { credentials: Credentials::None, tls, ..self.clone() }
    }
}

/// Shows none of it: most of it is secret.
impl fmt::Debug for ServerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerSettings(****)")
    }
}

/// What a server answered.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// An MLflow server that requests are sent to.
#[derive(Clone)]
pub struct MlflowServer {
    address: String,
    credentials: Credentials,
    workspace: Option<String>,
    http: Arc<Http>,
}

/// Shows the address without a password that it may hold.
impl fmt::Debug for MlflowServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MlflowServer({})", self.shown())
    }
}

impl MlflowServer {
    pub(super) fn new(
        address: &str,
        settings: &ServerSettings,
        http: Arc<Http>,
    ) -> Result<MlflowServer> {
        let refuse = |why: &str| Error::invalid(format!("Invalid address of a server: {why}."));
        let url = Url::parse(address).map_err(|error| refuse(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("it must begin with http:// or https://"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it has a query or a fragment"));
        }
        Ok(MlflowServer {
            address: url.as_str().trim_end_matches('/').to_owned(),
            credentials: settings.credentials.clone(),
            workspace: settings.workspace.clone(),
            http,
        })
    }

    /// One request whose answer is JSON, such as `GET /api/2.0/mlflow/runs/get`. `path` is what
    /// follows the address; the body is left out of a `GET`.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value> {
        let response = self
            .send(method, path, |request| match body {
                Some(body) => request.query(query).json(body),
                None => request.query(query),
            })
            .await?;
        let text = text_of(check(response).await?).await?;
        serde_json::from_slice(&text).map_err(|error| {
            tracing::debug!(%error, "an answer is not JSON");
            Error::internal(format!("{} does not answer as an MLflow server does.", self.shown()))
        })
    }

    /// One request with a JSON body or none, and the answer, whatever it is. `path` is what follows
    /// the address, the query included. Redirections are not followed.
    pub async fn exchange(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, Vec<u8>)],
        body: Option<&[u8]>,
    ) -> Result<Reply> {
        let fill = |mut request: RequestBuilder| {
            for (name, value) in headers {
                request = request.header(*name, value.as_slice());
            }
            match body {
                Some(body) => {
                    request.header(header::CONTENT_TYPE, "application/json").body(body.to_vec())
                }
                None => request,
            }
        };
        let response = self.send(method, path, fill).await?;
        if response.status().is_redirection() {
            return Err(redirected());
        }
        Ok(Reply { status: response.status().as_u16(), body: text_of(response).await? })
    }

    /// Sends a request, again if that may help; the answer may be an error.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response> {
        let mut pause = FIRST_PAUSE;
        for attempt in 0.. {
            let sent = self.request(method.clone(), path, &fill)?.send();
            let mut wait = pause;
            let answer = match tokio::time::timeout(SILENCE, sent).await {
                Ok(Ok(response)) if passing(response.status()) => {
                    wait = wanted_pause(&response).map_or(pause, |wanted| wanted.max(pause));
                    Ok(response)
                }
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(error)) => Err(self.explain(&error)),
                Err(_) => return Err(self.silent()),
            };
            if attempt == RETRIES {
                return answer;
            }
            tokio::time::sleep(wait).await;
            pause *= 2;
        }
        Err(self.silent())
    }

    /// A request that carries who asks.
    pub(super) fn request(
        &self,
        method: Method,
        path: &str,
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<RequestBuilder> {
        let request = self.http.client()?.request(method, format!("{}{path}", self.address));
        let request = match via::header() {
            Some(via) => request.header(VIA, via),
            None => request,
        };
        let request = match &self.credentials {
            Credentials::None => request,
            Credentials::Password(name, password) => request.basic_auth(name, Some(password)),
            Credentials::Token(token) => request.bearer_auth(token),
        };
        let request = match &self.workspace {
            Some(workspace) => request.header("X-MLFLOW-WORKSPACE", workspace),
            None => request,
        };
        Ok(fill(request))
    }

    /// The address without a password that it may hold.
    pub fn shown(&self) -> String {
        match self.address.split_once("://") {
            Some((scheme, rest)) => {
                let host = rest.split_once('@').map_or(rest, |(_, host)| host);
                format!("{scheme}://{host}")
            }
            None => self.address.clone(),
        }
    }

    pub(super) fn silent(&self) -> Error {
        Error::unavailable(format!("{} does not answer.", self.shown()))
    }

    pub(super) fn explain(&self, error: &reqwest::Error) -> Error {
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        Error::unavailable(format!("Cannot reach {}: {cause}.", self.shown()))
    }
}

/// How long an overloaded server asks to be left alone.
fn wanted_pause(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

fn passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

fn redirected() -> Error {
    Error::internal(
        "The MLflow server answers with a redirection, which is not followed. Give the address \
         that it leads to.",
    )
}

/// The error that an answer holds, if it is one.
pub(super) async fn check(response: Response) -> Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    if status.is_redirection() {
        return Err(redirected());
    }
    let text = text_of(response).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&text).unwrap_or(Value::Null);
    let said = body["message"].as_str().or(body["detail"].as_str()).unwrap_or_default();
    let code = match (status.as_u16(), body["error_code"].as_str()) {
        (400, Some("RESOURCE_ALREADY_EXISTS")) => ErrorCode::ResourceAlreadyExists,
        (400, Some("INVALID_STATE")) => ErrorCode::InvalidState,
        (401, _) => ErrorCode::Unauthenticated,
        (403, _) => ErrorCode::PermissionDenied,
        (404, _) => ErrorCode::ResourceDoesNotExist,
        (409, _) => ErrorCode::ResourceConflict,
        (501, _) => ErrorCode::NotImplemented,
        (429 | 502 | 503 | 504, _) => ErrorCode::TemporarilyUnavailable,
        (400..=499, _) => ErrorCode::InvalidParameterValue,
        _ => ErrorCode::InternalError,
    };
    let said = match said {
        "" => format!("The MLflow server answers with status {}.", status.as_u16()),
        said => said.to_owned(),
    };
    Err(Error::new(code, said))
}

async fn text_of(mut response: Response) -> Result<Vec<u8>> {
    let broke_off = || Error::unavailable("The answer of the MLflow server broke off.");
    let mut text = Vec::new();
    loop {
        let chunk = tokio::time::timeout(SILENCE, response.chunk()).await;
        match chunk.map_err(|_| broke_off())?.map_err(|_| broke_off())? {
            Some(chunk) if text.len() + chunk.len() > MOST_JSON => {
                return Err(Error::internal("The answer of the MLflow server is too long."));
            }
            Some(chunk) => text.extend_from_slice(&chunk),
            None => return Ok(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let server = ServerSettings::default().connect("https://ana:pw@h:5000/x/").unwrap();
        assert_eq!(format!("{server:?}"), "MlflowServer(https://h:5000/x)");
        for bad in ["ftp://h", "h:5000", "http://h/?a=b", "http://h/#x"] {
            ServerSettings::default().connect(bad).unwrap_err();
        }
    }
}
