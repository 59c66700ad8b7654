//! Databases that open: empty ones, ours, and what is written there.

use std::sync::{Arc, Barrier};

use oxflow_store::conformance::{NOW, batch, get, new_experiment, param, point, run};
use oxflow_store::{ExperimentStore as _, Store as _};
use oxflow_store_sql::SqlStore;
use oxflow_store_sql::schema::HEAD;
use oxflow_testkit::TestMsSql;

#[tokio::test]
async fn an_empty_database_gets_mlflows_tables_once() {
    let server = TestMsSql::new();
    for _ in 0..2 {
        let store = server.open();
        assert_eq!(server.sql("SELECT version_num FROM alembic_version"), [HEAD]);
        let experiments = "SELECT experiment_id, name, artifact_location FROM experiments";
        assert_eq!(server.sql(experiments), ["0|Default|mlflow-artifacts:/0"]);
        store.close().await.unwrap();
    }
}

#[test]
fn two_servers_may_start_on_an_empty_database_at_once() {
    let server = TestMsSql::new();
    let start = Arc::new(Barrier::new(3));
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (server, start) = (server.clone(), start.clone());
            std::thread::spawn(move || {
                start.wait();
                server.try_open().map(drop)
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap().unwrap();
    }
    assert_eq!(server.sql("SELECT count(*) FROM experiments"), ["1"]);
}

#[tokio::test]
async fn every_spelling_of_the_uri_opens_the_same_database() {
    let server = TestMsSql::new();
    drop(server.open());
    let (host, password) =
        (format!("127.0.0.1:{}", server.port()), "p%40ss%3Aw%2Fr%3Fd%25%26%C3%A9");
    let odbc = format!(
        "Driver%3D%7BODBC+Driver+17+for+SQL+Server%7D%3BServer%3Dtcp%3A127.0.0.1%2C{}%3B\
         Database%3Dmlflow%3BUid%3Dann%3BPwd%3D%7B{password}%7D",
        server.port()
    );
    for uri in [
        format!("mssql+pymssql://ann:{password}@{host}/mlflow?charset=utf8&tds_version=7.4"),
        format!("mssql://ann:{password}@{host}/mlflow?Encrypt=no"),
        format!("mssql+pyodbc:///?odbc_connect={odbc}"),
    ] {
        let store = SqlStore::open(&server.options_as(&uri)).unwrap();
        assert!(store.find_experiment_by_name("Default").await.unwrap().is_some(), "{uri}");
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn missing_indexes_are_added_while_the_server_works() {
    let server = TestMsSql::new();
    drop(server.open());
    server.sql("DROP INDEX oxflow_runs_page");
    let store = server.try_open().unwrap();
    store.add_missing_indexes().await.unwrap();
    let count = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'oxflow%page'";
    assert_eq!(server.sql(count), ["2"]);
    store.close().await.unwrap();
}

#[tokio::test]
async fn texts_and_numbers_come_back_to_the_last_bit() {
    for server in [TestMsSql::new(), TestMsSql::with_tls()] {
        let store = server.open();
        let id = run(store.as_ref(), 1).await;
        let long = "žluťoučký kůň 🐎 '] [ % ? \u{1} ".repeat(200);
        let numbers = [f64::MIN_POSITIVE, 0.1, -1e300, 1e-310, 3.0];
        let points: Vec<_> =
            (0..).zip(numbers).map(|(step, value)| point("x", value, 0, step)).collect();
        let params = [param("long", &long), param("short", "ä'?"), param("empty", "")];
        store.log_batch(&id, batch(&points, &params, &[])).await.unwrap();
        let found = get(store.as_ref(), &id).await;
        let value =
            |key: &str| found.params.iter().find(|param| param.key == key).unwrap().value.clone();
        assert_eq!((value("long"), value("short")), (long.clone(), "ä'?".to_owned()));
        assert_eq!(value("empty"), "");
        let history = store.metric_history_bulk(vec![id], "x", 100).await.unwrap();
        let values: Vec<f64> = history.iter().map(|point| point.value).collect();
        assert_eq!(values, numbers);
        store.close().await.unwrap();
    }
}

/// More than SQL Server takes arguments in one statement.
#[tokio::test]
async fn large_requests_are_taken_apart() {
    let server = TestMsSql::new();
    let store = server.open();
    let experiment = store.create_experiment(new_experiment("x"), NOW).await.unwrap();
    assert_eq!(experiment.0, 1);
    let id = run(store.as_ref(), 1).await;
    let points: Vec<_> = (0..1000).map(|step| point("x", step as f64, step, step)).collect();
    store.log_batch(&id, batch(&points, &[], &[])).await.unwrap();
    assert_eq!(server.sql("SELECT count(*) FROM metrics"), ["1000"]);
    // The same once more writes nothing.
    store.log_batch(&id, batch(&points, &[], &[])).await.unwrap();
    assert_eq!(server.sql("SELECT count(*) FROM metrics"), ["1000"]);
    let ids: Vec<_> = (0..5000).map(oxflow_store::conformance::run_id).collect();
    let found = store.metric_history_bulk(ids, "x", 10_000).await.unwrap();
    assert_eq!(found.len(), 1000);
    store.close().await.unwrap();
}
