//! Databases that open.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use oxflow_model::{ErrorCode, ExperimentId};
use oxflow_store::Store;
use oxflow_store::conformance::registry::new_model;
use oxflow_store::conformance::webhook::{new_webhook, webhook_id};
use oxflow_store::conformance::{
    experiment, get, new_experiment, param, point, run, shown_points, stamp,
};
use oxflow_store_sql::{OpenOptions, SqlStore};
use oxflow_testkit::{NOW, TestDatabase};

/// Opens the store for good and closes it again.
async fn open_and_close(database: &TestDatabase) {
    let store = database.open();
    assert!(store.find_experiment(ExperimentId::DEFAULT).await.unwrap().is_some());
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_missing_file_is_created_with_its_folders() {
    let database = TestDatabase::sqlite();
    let uri = "sqlite:///some/new folder/mlflow.db".to_owned();
    let store = SqlStore::open(&OpenOptions { uri, ..database.options() }).unwrap();
    store.close().await.unwrap();
    assert!(database.folder().join("some/new folder/mlflow.db").is_file());
}

#[tokio::test]
async fn an_empty_file_becomes_a_database() {
    let database = TestDatabase::sqlite();
    fs::write(database.path(), "").unwrap();
    open_and_close(&database).await;
}

#[tokio::test]
async fn a_database_without_tables_is_filled() {
    let database = TestDatabase::sqlite();
    fs::write(database.path(), "").unwrap();
    database.connect().execute_batch("CREATE TABLE t (x); DROP TABLE t; VACUUM").unwrap();
    assert_ne!(fs::metadata(database.path()).unwrap().len(), 0);
    open_and_close(&database).await;
}

#[tokio::test]
async fn reopening_changes_nothing() {
    let database = TestDatabase::sqlite();
    let store = database.open();
    let id = run(store.as_ref(), 1).await;
    store.log_param(&id, param("p", "1")).await.unwrap();
    store.log_metric(&id, point("m", f64::NAN, 1, 2)).await.unwrap();
    store.close().await.unwrap();
    let before = database.contents();
    for _ in 0..2 {
        let store = database.open();
        let run = get(store.as_ref(), &id).await;
        assert_eq!(run.params, [param("p", "1")]);
        assert_eq!(shown_points(&run.metrics), ["m=NaN@1/2"]);
        store.close().await.unwrap();
        assert_eq!(database.contents(), before);
    }
}

#[tokio::test]
async fn a_lost_default_experiment_comes_back() {
    let database = TestDatabase::sqlite();
    open_and_close(&database).await;
    let statement = "DELETE FROM experiments WHERE experiment_id = 0";
    assert_eq!(database.connect().execute(statement, []).unwrap(), 1);
    open_and_close(&database).await;
}

#[tokio::test]
async fn a_database_that_only_mlflow_has_used_gets_our_own_table() {
    let database = TestDatabase::sqlite();
    open_and_close(&database).await;
    database.connect().execute_batch("DROP TABLE oxflow_webhook_deliveries").unwrap();
    let store = database.open();
    let new = new_webhook("w", &["registered_model.created"]);
    store.create_webhook(webhook_id("w"), new, NOW).await.unwrap();
    store.create_registered_model(new_model("m", &[]), stamp(NOW)).await.unwrap();
    assert_eq!(store.next_delivery(&[]).await.unwrap(), Some(NOW));
    store.close().await.unwrap();
}

#[tokio::test]
async fn rows_of_older_releases_are_read() {
    let database = TestDatabase::sqlite();
    open_and_close(&database).await;
    database
        .connect()
        .execute_batch(
            "INSERT INTO experiments (experiment_id, name, lifecycle_stage) \
             VALUES (7, 'old', 'active'); \
             INSERT INTO runs (run_uuid, experiment_id, status, lifecycle_stage) \
             VALUES ('abc', 7, 'FINISHED', 'active'); \
             INSERT INTO tags (run_uuid, key, value) VALUES ('abc', 'mlflow.runName', 'n'), \
             ('abc', 'none', NULL)",
        )
        .unwrap();
    let store = database.open();
    let old = store.find_experiment(ExperimentId(7)).await.unwrap().unwrap();
    assert_eq!((old.created_at, old.artifact_location.as_str()), (None, ""));
    let run = store.find_run(&oxflow_model::RunId::new("abc")).await.unwrap().unwrap();
    assert_eq!((run.info.name.as_str(), run.info.started_at), ("n", None));
    assert_eq!(experiment(store.as_ref(), "new").await, ExperimentId(8));
    store.close().await.unwrap();
}

/// Copies the files of a database that is in use, as a crash would leave them.
fn crash(database: &TestDatabase, suffixes: &[&str]) -> TestDatabase {
    let copy = TestDatabase::sqlite();
    for suffix in suffixes {
        let with_suffix = |path: &Path| format!("{}{suffix}", path.display());
        let (from, to) = (with_suffix(database.path()), with_suffix(copy.path()));
        assert_ne!(fs::copy(from, to).unwrap(), 0, "{suffix}");
    }
    copy
}

#[tokio::test]
async fn what_was_committed_survives_a_crash() {
    let database = TestDatabase::sqlite();
    let store = database.open();
    let id = run(store.as_ref(), 1).await;
    store.log_param(&id, param("p", "1")).await.unwrap();
    let copy = crash(&database, &["", "-wal"]);
    let reopened = copy.open();
    assert_eq!(get(reopened.as_ref(), &id).await.params, [param("p", "1")]);
    reopened.close().await.unwrap();
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_stock_mlflow_left_half_done_is_undone() {
    let database = TestDatabase::sqlite();
    open_and_close(&database).await;
    let other = database.connect();
    // MLflow keeps a rollback journal. With next to no cache, the pages go to the file early.
    other.query_row("PRAGMA journal_mode = delete", [], |_| Ok(())).unwrap();
    other
        .execute_batch(
            "PRAGMA cache_size = 1; BEGIN; \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) \
             INSERT INTO experiments (experiment_id, name, lifecycle_stage) \
             SELECT i, 'half done ' || i, 'active' FROM n",
        )
        .unwrap();
    let copy = crash(&database, &["", "-journal"]);
    let store = copy.open();
    assert_eq!(experiment(store.as_ref(), "first").await, ExperimentId(1));
    store.close().await.unwrap();
}

/// Writes experiments and runs; gives the ids of the experiments.
async fn write_some(store: Arc<dyn Store>, who: &str) -> Vec<ExperimentId> {
    let mut ids = Vec::new();
    for n in 0..30 {
        ids.push(experiment(store.as_ref(), &format!("{who}-{n}")).await);
        let id = oxflow_store::conformance::run_id(1);
        store.log_param(&id, param(&format!("{who}-{n}"), "1")).await.unwrap();
        store.log_param(&id, param(&format!("common-{n}"), "1")).await.unwrap();
    }
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_share_a_file() {
    let database = TestDatabase::sqlite();
    let (one, two) = (database.open(), database.open());
    let id = run(one.as_ref(), 1).await;
    let tasks = [(one.clone(), "one"), (two.clone(), "two")]
        .map(|(store, who)| tokio::spawn(write_some(store, who)));
    let mut ids = Vec::new();
    for task in tasks {
        ids.extend(task.await.unwrap());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 60);
    for (store, other) in [(&one, &two), (&two, &one)] {
        assert_eq!(get(store.as_ref(), &id).await.params.len(), 90);
        let taken = store.create_experiment(new_experiment("one-0"), NOW).await.unwrap_err();
        assert_eq!(taken.code(), ErrorCode::ResourceAlreadyExists);
        let new = experiment(store.as_ref(), &format!("last-{}", ids.len())).await;
        assert!(other.find_experiment(new).await.unwrap().is_some(), "seen at once");
        ids.push(new);
    }
    one.close().await.unwrap();
    assert_eq!(get(two.as_ref(), &id).await.params.len(), 90);
    two.close().await.unwrap();
}
