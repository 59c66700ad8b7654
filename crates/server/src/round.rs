//! Requests that come round: a server whose artifact destination leads back to itself would ask
//! itself without end.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use oxflow_artifacts::{VIA, passed};

use crate::answer::error_response;

/// Refuses a request that this server has sent itself, through however many others.
pub async fn refuse(request: Request, next: Next) -> Response {
    let header = request.headers().get(VIA).and_then(|value| value.to_str().ok());
    let header = header.unwrap_or_default().to_owned();
    match passed(&header, next.run(request)).await {
        Ok(response) => response,
        Err(error) => error_response(&error, None),
    }
}
