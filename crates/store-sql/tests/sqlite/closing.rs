//! Closing a store.

use std::sync::Arc;

use oxflow_model::{ErrorCode, ExperimentId};
use oxflow_store::conformance::{NOW, batch, get, new_experiment, param, point, run, run_id};
use oxflow_testkit::TestDatabase;
use tokio::sync::Barrier;

#[tokio::test]
async fn a_closed_store_takes_no_more_work() {
    let database = TestDatabase::sqlite();
    let store = database.open();
    store.close().await.unwrap();
    let read = store.find_experiment(ExperimentId::DEFAULT).await.map(drop);
    let write = store.create_experiment(new_experiment("x"), NOW).await.map(drop);
    for result in [read, write] {
        assert_eq!(result.unwrap_err().code(), ErrorCode::TemporarilyUnavailable);
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_closed_store_leaves_one_file() {
    let database = TestDatabase::sqlite();
    let store = database.open();
    run(store.as_ref(), 1).await;
    store.close().await.unwrap();
    let names: Vec<_> =
        std::fs::read_dir(database.folder()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(names, ["mlflow.db"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn closing_finishes_what_was_accepted_and_refuses_the_rest() {
    const MANY: usize = 100;
    let database = TestDatabase::sqlite();
    let store = database.open();
    let id = run(store.as_ref(), 1).await;
    let start = Arc::new(Barrier::new(MANY + 1));
    let tasks: Vec<_> = (0..MANY)
        .map(|n| {
            let (store, start) = (store.clone(), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                let points: Vec<_> = (0..50).map(|i| point("m", 1.0, n as i64, i)).collect();
                let params = [param(&n.to_string(), "1")];
                store.log_batch(&run_id(1), batch(&points, &params, &[])).await
            })
        })
        .collect();
    start.wait().await;
    store.close().await.unwrap();
    let mut accepted = Vec::new();
    for (n, task) in tasks.into_iter().enumerate() {
        match task.await.unwrap() {
            Ok(()) => accepted.push(n.to_string()),
            Err(error) => assert_eq!(error.code(), ErrorCode::TemporarilyUnavailable),
        }
    }
    let store = database.open();
    let mut params: Vec<usize> =
        get(store.as_ref(), &id).await.params.iter().map(|p| p.key.parse().unwrap()).collect();
    params.sort_unstable();
    let written: Vec<String> = params.iter().map(ToString::to_string).collect();
    assert_eq!(written, accepted);
    let points = store.metric_history_bulk(vec![id], "m", 100_000).await.unwrap();
    assert_eq!(points.len(), accepted.len() * 50);
    store.close().await.unwrap();
}
