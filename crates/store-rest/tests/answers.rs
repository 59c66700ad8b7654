//! Servers that are overloaded, want to know who asks, or are none: what the client makes of it.
#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use oxflow_artifacts::ServerSettings;
use oxflow_model::{ErrorCode, ExperimentId};
use oxflow_store::ExperimentStore as _;
use oxflow_store_rest::RestStore;
use tokio::net::TcpListener;

const EXPERIMENT: &str = r#"{"experiment": {"experiment_id": "0", "name": "Default",
    "lifecycle_stage": "active", "a_field_of_tomorrow": {"x": [1]}}}"#;

/// A server that answers in this way, and how often it was asked.
async fn serving<A: IntoResponse + 'static>(
    answer: impl Fn(usize, &HeaderMap) -> A + Clone + Send + Sync + 'static,
    variables: &'static [(&str, &str)],
) -> (RestStore, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let router = Router::new().fallback(move |headers: HeaderMap| {
        let answer = answer(count.fetch_add(1, Ordering::SeqCst), &headers).into_response();
        async move { answer }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/prefix/", listener.local_addr().unwrap());
    tokio::spawn(
        async move { oxflow_server::serve(listener, router, std::future::pending()).await },
    );
    let variable = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    (RestStore::new(ServerSettings::read(&variable).connect(&address).unwrap()), asked)
}

#[tokio::test]
async fn an_overloaded_server_is_asked_again() {
    let (store, asked) = serving(
        |n, _| match n {
            0 => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "0")], "later"),
            1 => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "x")], "later"),
            _ => (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], EXPERIMENT),
        },
        &[],
    )
    .await;
    let found = store.find_experiment(ExperimentId::DEFAULT).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), asked.load(Ordering::SeqCst)), ("Default", 3));
}

#[tokio::test]
async fn refusals_are_not_repeated_and_keep_code_and_words() {
    let body = r#"{"error_code": "INVALID_STATE", "message": "no"}"#;
    let (store, asked) = serving(move |_, _| (StatusCode::BAD_REQUEST, body), &[]).await;
    let error = store.find_experiment(ExperimentId::DEFAULT).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (ErrorCode::InvalidState, "no"));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_server_is_told_who_asks() {
    let guarded = |_: usize, headers: &HeaderMap| {
        let said = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap());
        match said {
            Some("Basic YW5uOnB3" | "Bearer t") => (StatusCode::OK, EXPERIMENT),
            _ => (StatusCode::UNAUTHORIZED, "who?"),
        }
    };
    for variables in [
        &[("MLFLOW_TRACKING_USERNAME", "ann"), ("MLFLOW_TRACKING_PASSWORD", "pw")][..],
        &[("MLFLOW_TRACKING_TOKEN", "t")],
    ] {
        let (store, _) = serving(guarded, variables).await;
        assert!(store.find_experiment(ExperimentId::DEFAULT).await.unwrap().is_some());
    }
    let (store, _) = serving(guarded, &[]).await;
    let error = store.find_experiment(ExperimentId::DEFAULT).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unauthenticated);
    assert!(error.message().contains("MLFLOW_TRACKING_USERNAME"), "{error}");
}

#[tokio::test]
async fn what_is_no_mlflow_is_not_taken_for_one() {
    for (status, page) in
        [(StatusCode::OK, "<html>hello</html>"), (StatusCode::NOT_FOUND, "no such page")]
    {
        let (store, _) = serving(move |_, _| (status, page), &[]).await;
        let error = store.find_experiment(ExperimentId::DEFAULT).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::EndpointNotFound, "{error}");
    }
    let (store, _) = serving(|_, _| (StatusCode::FOUND, [(header::LOCATION, "/other")]), &[]).await;
    let error = store.find_experiment(ExperimentId::DEFAULT).await.unwrap_err();
    assert!(error.message().contains("redirection"), "{error}");
}
