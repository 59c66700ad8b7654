//! What MLflow serves and Oxflow does not yet. Each of these routes says so, with a status that
//! clients neither take for a fault of theirs nor try again: 501 `NOT_IMPLEMENTED`.

use axum::extract::Request;
use axum::response::Response;
use futures::StreamExt as _;
use oxflow_model::{Error, ErrorCode};

use crate::access::Access;
use crate::answer::{BODY_TIMEOUT, error_response};
use crate::router::Routes;
use crate::router::Under::{self, Root, V2, V2Ajax, V3, V3Ajax};
use crate::router::Verb::{self, Delete, Get, Patch, Post, Put};

/// Bytes of a request that are read and thrown away.
const MOST_IGNORED: usize = 64 << 20;

/// These routes show nothing and change nothing, so whoever may talk to the server at all may hear
/// it. A route gets the rule of its resource when it is built; what only administrators may do
/// keeps to that from the start.
const KNOWN: Access = Access::Known;

const TRACES: &str = "traces";
/// Clients that read these very words send no more spans and keep the trace as an artifact.
const SPANS: &str = "trace ingestion (REST OTLP span logging is not supported)";
const ASSESSMENTS: &str = "assessments of traces";
const SCORERS: &str = "running scorers";
const ISSUES: &str = "finding issues";
const JOBS: &str = "jobs";
const PROMPT_JOBS: &str = "prompt optimization";
const GATEWAY: &str = "the AI gateway";
const MCP: &str = "the registry of MCP servers";
const ASSISTANT: &str = "the assistant";
const PROMPTLAB: &str = "prompt engineering runs";
const DEMO: &str = "demo data";

type Row = (Verb, Under, &'static str, Access, &'static str);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    (Post, V2, "/traces", KNOWN, TRACES),
    (Get, V2, "/traces", KNOWN, TRACES),
    (Patch, V2, "/traces/{request_id}", KNOWN, TRACES),
    (Get, V2, "/traces/{request_id}/info", KNOWN, TRACES),
    (Patch, V2, "/traces/{request_id}/tags", KNOWN, TRACES),
    (Delete, V2, "/traces/{request_id}/tags", KNOWN, TRACES),
    (Post, V2, "/traces/delete-traces", KNOWN, TRACES),
    (Post, V2, "/traces/link-to-run", KNOWN, TRACES),
    (Post, V2, "/traces/link-prompts", KNOWN, TRACES),
    (Get, V2Ajax, "/get-trace-artifact", KNOWN, TRACES),
    (Post, V3, "/traces", KNOWN, TRACES),
    (Get, V3, "/traces/{trace_id}", KNOWN, TRACES),
    (Patch, V3, "/traces/{trace_id}/tags", KNOWN, TRACES),
    (Delete, V3, "/traces/{trace_id}/tags", KNOWN, TRACES),
    (Get, V3, "/traces/get", KNOWN, TRACES),
    (Get, V3, "/traces/batchGet", KNOWN, TRACES),
    (Post, V3, "/traces/batchGetInfos", KNOWN, TRACES),
    (Post, V3, "/traces/search", KNOWN, TRACES),
    (Post, V3, "/traces/delete-traces", KNOWN, TRACES),
    (Post, V3, "/traces/calculate-filter-correlation", KNOWN, TRACES),
    (Post, V3, "/traces/metrics", KNOWN, TRACES),
    (Get, V3Ajax, "/get-trace-artifact", KNOWN, TRACES),
    (Post, Root, "/v1/traces", KNOWN, SPANS),

    (Post, V3, "/traces/{trace_id}/assessments", KNOWN, ASSESSMENTS),
    (Get, V3, "/traces/{trace_id}/assessments/{assessment_id}", KNOWN, ASSESSMENTS),
    (Patch, V3, "/traces/{trace_id}/assessments/{assessment_id}", KNOWN, ASSESSMENTS),
    (Delete, V3, "/traces/{trace_id}/assessments/{assessment_id}", KNOWN, ASSESSMENTS),

    (Put, V3, "/scorers/online-config", KNOWN, SCORERS),
    (Post, V3Ajax, "/scorer/invoke", KNOWN, SCORERS),
    (Post, V3Ajax, "/genai/evaluate/invoke", KNOWN, SCORERS),

    (Post, V3Ajax, "/issues/invoke", KNOWN, ISSUES),

    (Get, V3Ajax, "/jobs/{job_id}", KNOWN, JOBS),
    (Patch, V3Ajax, "/jobs/cancel/{job_id}", KNOWN, JOBS),
    (Post, Root, "/ajax-api/3.0/jobs/", KNOWN, JOBS),
    (Get, Root, "/ajax-api/3.0/jobs/{job_id}", KNOWN, JOBS),
    (Patch, Root, "/ajax-api/3.0/jobs/cancel/{job_id}", KNOWN, JOBS),
    (Post, Root, "/ajax-api/3.0/jobs/search", KNOWN, JOBS),

    (Post, V3, "/prompt-optimization/jobs", KNOWN, PROMPT_JOBS),
    (Get, V3, "/prompt-optimization/jobs/search", KNOWN, PROMPT_JOBS),
    (Post, V3, "/prompt-optimization/jobs/search", KNOWN, PROMPT_JOBS),
    (Get, V3, "/prompt-optimization/jobs/{job_id}", KNOWN, PROMPT_JOBS),
    (Delete, V3, "/prompt-optimization/jobs/{job_id}", KNOWN, PROMPT_JOBS),
    (Post, V3, "/prompt-optimization/jobs/{job_id}/cancel", KNOWN, PROMPT_JOBS),

    (Get, Root, "/gateway/{*path}", KNOWN, GATEWAY),
    (Post, Root, "/gateway/{*path}", KNOWN, GATEWAY),
    (Get, V3Ajax, "/gateway/supported-providers", KNOWN, GATEWAY),
    (Get, V3Ajax, "/gateway/supported-models", KNOWN, GATEWAY),
    (Get, V3Ajax, "/gateway/provider-config", KNOWN, GATEWAY),
    (Get, V3Ajax, "/gateway/secrets/config", KNOWN, GATEWAY),
    (Post, V3, "/gateway/secrets/create", KNOWN, GATEWAY),
    (Get, V3, "/gateway/secrets/get", KNOWN, GATEWAY),
    (Post, V3, "/gateway/secrets/update", KNOWN, GATEWAY),
    (Delete, V3, "/gateway/secrets/delete", KNOWN, GATEWAY),
    (Get, V3, "/gateway/secrets/list", KNOWN, GATEWAY),
    (Post, V3, "/gateway/endpoints/create", KNOWN, GATEWAY),
    (Get, V3, "/gateway/endpoints/get", KNOWN, GATEWAY),
    (Post, V3, "/gateway/endpoints/update", KNOWN, GATEWAY),
    (Delete, V3, "/gateway/endpoints/delete", KNOWN, GATEWAY),
    (Get, V3, "/gateway/endpoints/list", KNOWN, GATEWAY),
    (Post, V3, "/gateway/endpoints/set-tag", KNOWN, GATEWAY),
    (Delete, V3, "/gateway/endpoints/delete-tag", KNOWN, GATEWAY),
    (Post, V3, "/gateway/endpoints/models/attach", KNOWN, GATEWAY),
    (Post, V3, "/gateway/endpoints/models/detach", KNOWN, GATEWAY),
    (Post, V3, "/gateway/endpoints/bindings/create", KNOWN, GATEWAY),
    (Delete, V3, "/gateway/endpoints/bindings/delete", KNOWN, GATEWAY),
    (Get, V3, "/gateway/endpoints/bindings/list", KNOWN, GATEWAY),
    (Post, V3, "/gateway/model-definitions/create", KNOWN, GATEWAY),
    (Get, V3, "/gateway/model-definitions/get", KNOWN, GATEWAY),
    (Post, V3, "/gateway/model-definitions/update", KNOWN, GATEWAY),
    (Delete, V3, "/gateway/model-definitions/delete", KNOWN, GATEWAY),
    (Get, V3, "/gateway/model-definitions/list", KNOWN, GATEWAY),
    (Post, V3, "/gateway/budgets/create", KNOWN, GATEWAY),
    (Get, V3, "/gateway/budgets/get", KNOWN, GATEWAY),
    (Post, V3, "/gateway/budgets/update", KNOWN, GATEWAY),
    (Delete, V3, "/gateway/budgets/delete", KNOWN, GATEWAY),
    (Get, V3, "/gateway/budgets/list", KNOWN, GATEWAY),
    (Get, V3, "/gateway/budgets/windows", KNOWN, GATEWAY),
    (Post, V3, "/gateway/guardrails/create", KNOWN, GATEWAY),
    (Get, V3, "/gateway/guardrails/get", KNOWN, GATEWAY),
    (Delete, V3, "/gateway/guardrails/delete", KNOWN, GATEWAY),
    (Get, V3, "/gateway/guardrails/list", KNOWN, GATEWAY),
    (Post, V3, "/gateway/guardrails/add-to-endpoint", KNOWN, GATEWAY),
    (Delete, V3, "/gateway/guardrails/remove-from-endpoint", KNOWN, GATEWAY),
    (Get, V3, "/gateway/guardrails/list-for-endpoint", KNOWN, GATEWAY),
    (Patch, V3, "/gateway/guardrails/update-config", KNOWN, GATEWAY),

    // Names of MCP servers have slashes, so the rest of the path is one thing.
    (Get, V3, "/mcp-servers", KNOWN, MCP),
    (Post, V3, "/mcp-servers", KNOWN, MCP),
    (Get, V3, "/mcp-servers/{*path}", KNOWN, MCP),
    (Post, V3, "/mcp-servers/{*path}", KNOWN, MCP),
    (Patch, V3, "/mcp-servers/{*path}", KNOWN, MCP),
    (Delete, V3, "/mcp-servers/{*path}", KNOWN, MCP),

    (Get, V3Ajax, "/assistant/{*path}", KNOWN, ASSISTANT),
    (Post, V3Ajax, "/assistant/{*path}", KNOWN, ASSISTANT),
    (Put, V3Ajax, "/assistant/{*path}", KNOWN, ASSISTANT),
    (Patch, V3Ajax, "/assistant/{*path}", KNOWN, ASSISTANT),

    (Post, V2Ajax, "/runs/create-promptlab-run", KNOWN, PROMPTLAB),
    (Post, V3Ajax, "/demo/generate", KNOWN, DEMO),
    (Post, V3Ajax, "/demo/delete", KNOWN, DEMO),

];

pub fn routes(mut routes: Routes) -> Routes {
    for &(verb, under, path, access, what) in TABLE {
        let handler = async move |request: Request| answer(what, request).await;
        routes = routes.not_built(verb, under, path, access, handler);
    }
    routes
}

/// Says that `what` is not built yet.
async fn answer(what: &str, request: Request) -> Response {
    let error = Error::new(
        ErrorCode::NotImplemented,
        format!(
            "Not built into Oxflow yet: {what}; {} {} does nothing.",
            request.method(),
            request.uri().path()
        ),
    );
    ignore_body(request).await;
    error_response(&error, None)
}

/// Reads what the client sends. A client that is still sending when the connection closes would
/// take the answer for a broken connection, and try again for minutes.
async fn ignore_body(request: Request) {
    let mut left = MOST_IGNORED;
    let mut body = request.into_body().into_data_stream();
    let read = async {
        while let Some(Ok(bytes)) = body.next().await
            && let Some(rest) = left.checked_sub(bytes.len())
        {
            left = rest;
        }
    };
    // A body that does not arrive in time is one more that nobody reads.
    let _ = tokio::time::timeout(BODY_TIMEOUT, read).await;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::body::{Body, Bytes, to_bytes};
    use axum::http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn the_answer_names_what_is_not_there_and_comes_after_the_request() {
        let read = Arc::new(AtomicUsize::new(0));
        let counted = read.clone();
        let pieces = futures::stream::iter(0..100).map(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(Bytes::from_static(b"spans"))
        });
        let request = Request::post("/v1/traces").body(Body::from_stream(pieces)).unwrap();
        let response = answer(SPANS, request).await;
        assert_eq!(response.status(), StatusCode::NOT_IMPLEMENTED);
        assert_eq!(read.load(Ordering::Relaxed), 100);
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error_code"], "NOT_IMPLEMENTED");
        let message = body["message"].as_str().unwrap();
        // The words by which clients know to stop sending.
        assert!(message.contains("REST OTLP span logging is not supported"), "{message}");
        assert!(message.contains("POST /v1/traces"), "{message}");
    }
}
