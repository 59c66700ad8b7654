//! A database that goes away and comes back.

use oxflow_model::{ErrorCode, Result};
use oxflow_store::Store;
use oxflow_store::conformance::{get, point, run, run_id};
use oxflow_testkit::TestMySql;

async fn log(store: &dyn Store, step: i64) -> Result<()> {
    store.log_metric(&run_id(1), point("loss", 1.0, 0, step)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_is_noticed_by_nobody_and_an_outage_is_told() {
    let server = TestMySql::own_server();
    let database = TestMySql::on_server(&server);
    let store = database.open();
    let id = run(store.as_ref(), 1).await;
    for step in 0..20 {
        log(store.as_ref(), step).await.unwrap();
    }
    server.tell("restart");
    // All connections are dead now; those that read and those that write.
    for step in 20..40 {
        log(store.as_ref(), step).await.unwrap();
        get(store.as_ref(), &id).await;
    }
    server.tell("stop");
    let errors = [log(store.as_ref(), 99).await, store.find_run(&id).await.map(drop)];
    for result in errors {
        let error = result.unwrap_err();
        assert_eq!(error.code(), ErrorCode::TemporarilyUnavailable, "{error}");
        assert!(error.message().contains("refused"), "{error} should say why");
    }
    server.tell("start");
    log(store.as_ref(), 40).await.unwrap();
    let points = store.metric_history_bulk(vec![id], "loss", 1000).await.unwrap();
    let steps: Vec<i64> = points.iter().map(|point| point.step).collect();
    assert_eq!(steps, (0..=40).collect::<Vec<_>>());
    store.close().await.unwrap();
}

/// What others hold is waited for, and two that wait for each other are told apart and run again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_with_another_program_is_survived() {
    let database = TestMySql::new();
    let store = database.open();
    let id = run(store.as_ref(), 1).await;
    log(store.as_ref(), 1).await.unwrap();
    // The other program holds the latest point and then wants the run, which we hold.
    let other = database.clone();
    let holder = tokio::task::spawn_blocking(move || {
        other.sql(
            "START TRANSACTION; SELECT 1 FROM latest_metrics FOR UPDATE; SELECT sleep(0.5); \
             UPDATE runs SET end_time = 7; COMMIT",
        )
    });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let logged = log(store.as_ref(), 2).await;
    // Whichever of the two was ended: our call must not fail.
    logged.unwrap();
    drop(holder.await);
    assert_eq!(get(store.as_ref(), &id).await.metrics[0].step, 2);
    store.close().await.unwrap();
}
