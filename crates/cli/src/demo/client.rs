//! A client of a router in this process.

use axum::Router;
use axum::body::{Body, Bytes};
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use oxflow_model::{Error, Result};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// Points in one call, as MLflow allows.
const MOST_POINTS: usize = 1000;

/// A point of a metric.
#[derive(Clone, Debug)]
pub struct Point {
    /// The metric.
    pub key: String,
    /// Its value.
    pub value: f64,
    /// When, in milliseconds.
    pub timestamp: i64,
    /// At which step.
    pub step: usize,
}

/// Speaks to a router without a network between.
pub struct Client {
    router: Router,
}

impl Client {
    pub fn new(router: Router) -> Client {
        Client { router }
    }

    pub async fn post(&self, call: &str, body: Value) -> Result<Value> {
        self.send(Method::POST, &format!("/api/2.0/mlflow/{call}"), body.to_string().into()).await
    }

    pub async fn patch(&self, call: &str, body: Value) -> Result<Value> {
        self.send(Method::PATCH, &format!("/api/2.0/mlflow/{call}"), body.to_string().into()).await
    }

    /// Logs params, and points in as many calls as they need.
    pub async fn log(&self, run: &str, points: Vec<Point>, params: Value) -> Result<()> {
        self.post("runs/log-batch", json!({"run_id": run, "params": params})).await?;
        for part in points.chunks(MOST_POINTS) {
            let metrics: Vec<Value> = part
                .iter()
                .map(|Point { key, value, timestamp, step }| {
                    json!({"key": key, "value": value, "timestamp": timestamp, "step": step})
                })
                .collect();
            self.post("runs/log-batch", json!({"run_id": run, "metrics": metrics})).await?;
        }
        Ok(())
    }

    /// Stores a file with a run.
    pub async fn upload(&self, run: &str, path: &str, data: Vec<u8>) -> Result<()> {
        let path = format!("/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path={path}");
        self.send(Method::POST, &path, data.into()).await.map(drop)
    }

    async fn send(&self, method: Method, path: &str, body: Bytes) -> Result<Value> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .map_err(|error| Error::internal(format!("Cannot ask for {path}: {error}.")))?;
        let Ok(response) = self.router.clone().oneshot(request).await;
        let status = response.status();
        let bytes = response.into_body().collect().await;
        let bytes = bytes.map_err(|error| Error::internal(format!("{path}: {error}.")))?.to_bytes();
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if status != StatusCode::OK {
            let said = String::from_utf8_lossy(&bytes).into_owned();
            return Err(Error::invalid(answer["message"].as_str().unwrap_or(&said)));
        }
        Ok(answer)
    }
}

/// A text of an answer.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
