//! A request id for every request, and a line in the log for those worth one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

static NEXT: AtomicU64 = AtomicU64::new(1);

/// The middleware. A client or proxy may bring an id of its own.
pub async fn trace(request: Request, next: Next) -> Response {
    let given = request.headers().get(REQUEST_ID).filter(|id| id.len() <= 64).cloned();
    let id = given.unwrap_or_else(|| HeaderValue::from(NEXT.fetch_add(1, Ordering::Relaxed)));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", id = ?id, %method, path);
    let start = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, ms) = (response.status().as_u16(), start.elapsed().as_millis() as u64);
    span.in_scope(|| match status {
        // What is not built is no failure, and pages ask for it again and again.
        501 => tracing::info!(status, ms, "answered"),
        500.. => tracing::error!(status, ms, "answered"),
        400.. => tracing::info!(status, ms, "answered"),
        _ => tracing::debug!(status, ms, "answered"),
    });
    response.headers_mut().insert(REQUEST_ID, id);
    response
}
