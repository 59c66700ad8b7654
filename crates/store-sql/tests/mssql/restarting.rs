//! A server that goes away and comes back, and one where others are in the way.

use oxflow_model::{ErrorCode, Result};
use oxflow_store::Store;
use oxflow_store::conformance::{get, point, run, run_id};
use oxflow_testkit::TestMsSql;

async fn log(store: &dyn Store, step: i64) -> Result<()> {
    store.log_metric(&run_id(1), point("loss", 1.0, 0, step)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_is_noticed_by_nobody_and_an_outage_is_told() {
    let server = TestMsSql::new();
    let store = server.open();
    let id = run(store.as_ref(), 1).await;
    for step in 0..20 {
        log(store.as_ref(), step).await.unwrap();
    }
    server.stop();
    server.start();
    // All connections are dead now; those that read and those that write.
    for step in 20..40 {
        log(store.as_ref(), step).await.unwrap();
        get(store.as_ref(), &id).await;
    }
    server.stop();
    let errors = [log(store.as_ref(), 99).await, store.find_run(&id).await.map(drop)];
    for result in errors {
        let error = result.unwrap_err();
        assert_eq!(error.code(), ErrorCode::TemporarilyUnavailable, "{error}");
        assert!(error.message().contains("refused"), "{error} should say why");
    }
    server.start();
    log(store.as_ref(), 40).await.unwrap();
    let points = store.metric_history_bulk(vec![id], "loss", 1000).await.unwrap();
    let steps: Vec<i64> = points.iter().map(|point| point.step).collect();
    assert_eq!(steps, (0..=40).collect::<Vec<_>>());
    store.close().await.unwrap();
}

/// Deadlocks, locks that were waited for too long and snapshots that are too old end the transaction, and
/// the call runs again; wherever in the call it happens.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_was_in_the_way_runs_again() {
    let server = TestMsSql::new();
    let store = server.open();
    let id = run(store.as_ref(), 1).await;
    let mut step = 0;
    for number in [1205, 1222, 3960] {
        for text in ["FROM runs", "INSERT INTO metrics", "MERGE INTO latest_metrics"] {
            server.refuse(text, number, 3);
            step += 1;
            log(store.as_ref(), step).await.unwrap();
            assert!(server.is_calm(), "{number} at {text}");
        }
    }
    assert_eq!(get(store.as_ref(), &id).await.metrics[0].step, step);
    assert_eq!(server.sql("SELECT count(*) FROM metrics"), [step.to_string()]);
    // What does not end is told.
    server.refuse("MERGE INTO latest_metrics", 1205, 1000);
    let error = log(store.as_ref(), 99).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::TemporarilyUnavailable, "{error}");
    assert_eq!(server.sql("SELECT count(*) FROM metrics"), [step.to_string()]);
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_breaks_in_a_call_costs_only_time() {
    let server = TestMsSql::new();
    let store = server.open();
    run(store.as_ref(), 1).await;
    for (step, text) in (0..).zip(["BEGIN", "FROM runs", "INSERT INTO metrics", "MERGE INTO"]) {
        server.break_at(text);
        log(store.as_ref(), step).await.unwrap();
        assert!(server.is_calm(), "{text}");
    }
    // Nobody can know whether it was written.
    server.break_at("COMMIT");
    let error = log(store.as_ref(), 4).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::TemporarilyUnavailable, "{error}");
    log(store.as_ref(), 4).await.unwrap();
    assert_eq!(server.sql("SELECT count(*) FROM metrics"), ["5"]);
    store.close().await.unwrap();
}
