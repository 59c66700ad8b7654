//! From requests to messages and from results to responses.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use oxflow_api::error::{ErrorBody, wire};
use oxflow_api::message::{Message, Scalar};
use oxflow_api::request;
use oxflow_model::{Error, ErrorCode, Result};
use serde::Serialize;

use crate::app::AppState;

/// How long the body of a JSON request may take to arrive.
pub const BODY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

/// What a handler of the API gives.
pub type Answer<T> = Result<Json<T>, ApiError>;

/// A message as the JSON body of a response.
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => json_response(StatusCode::OK, body),
            Err(error) => ApiError(Error::internal(format!("Cannot write the answer: {error}.")))
                .into_response(),
        }
    }
}

/// A response with a JSON text.
pub fn json_response(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An error as a response: MLflow's status and body.
pub struct ApiError(pub Error);

impl<E: Into<Error>> From<E> for ApiError {
    fn from(error: E) -> Self {
        ApiError(error.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        error_response(&self.0, None)
    }
}

/// The response for an error, with another status than the table's where HTTP has a better one.
pub fn error_response(error: &Error, status: Option<StatusCode>) -> Response {
    let listed = StatusCode::from_u16(wire(error.code()).status);
    let status = status.or(listed.ok()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    log_fault(error);
    let body = serde_json::to_vec(&ErrorBody::of(error)).unwrap_or_default();
    json_response(status, body)
}

/// Logs an error if the server is at fault. What is not built is nobody's fault, and pages ask for
/// it again and again.
pub fn log_fault(error: &Error) {
    let wire = wire(error.code());
    if wire.status >= 500 && error.code() != ErrorCode::NotImplemented {
        tracing::error!(code = wire.name, message = error.message(), "failed");
    }
}

/// A request as a message: from the query string of a `GET` that has one, else from the body.
pub struct Proto<M>(pub M);

impl<M: Message + Scalar + Send> FromRequest<AppState> for Proto<M> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, ApiError> {
        Ok(Proto(read_message(request, app.settings.max_body).await?))
    }
}

/// As [`Proto`], for messages that hold any JSON: its size in memory is many times that of its
/// text.
pub struct SmallProto<M>(pub M);

/// Largest body of a [`SmallProto`].
const MOST_SMALL: usize = 1 << 20;

impl<M: Message + Scalar + Send> FromRequest<AppState> for SmallProto<M> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, ApiError> {
        let limit = app.settings.max_body.min(MOST_SMALL);
        Ok(SmallProto(read_message(request, limit).await?))
    }
}

/// A message from the query string, whatever the method.
pub struct Query<M>(pub M);

impl<M: Message + Scalar> FromRequestParts<AppState> for Query<M> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        let pairs = query_pairs(parts.uri.query().unwrap_or(""));
        Ok(Query(request::from_query(&pairs)?))
    }
}

async fn read_message<M: Message + Scalar>(request: Request, limit: usize) -> Result<M> {
    if request.method() == Method::GET || request.method() == Method::HEAD {
        let pairs = query_pairs(request.uri().query().unwrap_or(""));
        if !pairs.is_empty() {
            return request::from_query(&pairs);
        }
    } else if request.method() == Method::POST || request.method() == Method::PUT {
        check_content_type(&request)?;
    }
    let body = read_body(request.into_body(), limit).await?;
    request::from_body(&body)
}

/// The decoded pairs of a query string.
fn query_pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn check_content_type(request: &Request) -> Result<()> {
    let Some(value) = request.headers().get(header::CONTENT_TYPE) else {
        return Err(Error::invalid("Bad Request. Content-Type header is missing."));
    };
    let kind = value.to_str().unwrap_or("").split(';').next().unwrap_or("").trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Error::invalid("Bad Request. Content-Type must be one of ['application/json']."))
}

/// The whole body, if it is not too large and arrives in time.
pub async fn read_body(body: Body, limit: usize) -> Result<Bytes> {
    match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(Error::invalid(format!(
            "Cannot read the request body: {error}. The limit is {} MiB.",
            limit >> 20
        ))),
        Err(_) => Err(Error::invalid("The request body did not arrive in time.")),
    }
}
