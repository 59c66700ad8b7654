//! Databases that open: empty ones, ours, and what is written there.

use std::sync::{Arc, Barrier};

use oxflow_store::conformance::{NOW, get, new_experiment, point, run};
use oxflow_store::{ExperimentStore as _, Store as _};
use oxflow_store_sql::SqlStore;
use oxflow_store_sql::schema::HEAD;
use oxflow_testkit::TestMySql;

#[tokio::test]
async fn an_empty_database_gets_mlflows_tables_once() {
    let database = TestMySql::empty();
    for _ in 0..2 {
        let store = database.open();
        assert_eq!(database.sql("SELECT version_num FROM alembic_version"), [HEAD]);
        let experiments = "SELECT experiment_id, name, artifact_location FROM experiments";
        assert_eq!(database.sql(experiments), ["0|Default|mlflow-artifacts:/0"]);
        store.close().await.unwrap();
    }
}

#[test]
fn two_servers_may_start_on_an_empty_database_at_once() {
    let database = TestMySql::empty();
    let start = Arc::new(Barrier::new(3));
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (database, start) = (database.clone(), start.clone());
            std::thread::spawn(move || {
                start.wait();
                database.try_open().map(drop)
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap().unwrap();
    }
    assert_eq!(database.sql("SELECT count(*) FROM experiments"), ["1"]);
}

/// A user who may not create tables needs none of that where everything is there.
#[tokio::test]
async fn a_user_who_may_only_read_and_write_is_enough() {
    let database = TestMySql::new();
    drop(database.open());
    let user = format!("{}_writer", database.name());
    database.sql(&format!(
        "DROP USER IF EXISTS '{user}'; CREATE USER '{user}' IDENTIFIED BY 'p@ss:w/r?d%'; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON {}.* TO '{user}'",
        database.name()
    ));
    let uri = database.uri().replace("mysql://root", "mysql+pymysql://USER");
    let uri = uri.replace("USER", &format!("{user}:p%40ss%3Aw%2Fr%3Fd%25"));
    let store = SqlStore::open(&database.options_as(&uri)).unwrap();
    let id = run(&store, 1).await;
    store.create_experiment(new_experiment("x"), NOW).await.unwrap();
    assert_eq!(get(&store, &id).await.info.name, "run-1");
    store.close().await.unwrap();
    database.sql(&format!("DROP USER '{user}'"));
}

#[tokio::test]
async fn missing_indexes_are_added_while_the_server_works() {
    let database = TestMySql::new();
    drop(database.open());
    database.sql("DROP INDEX oxflow_runs_page ON runs");
    let store = database.try_open().unwrap();
    store.add_missing_indexes().await.unwrap();
    let count = "SELECT count(DISTINCT index_name) FROM information_schema.statistics WHERE \
                 table_schema = database() AND index_name LIKE 'oxflow%page'";
    assert_eq!(database.sql(count), ["2"]);
    store.close().await.unwrap();
}

#[tokio::test]
async fn points_have_a_flag_for_nan_and_no_infinities() {
    let database = TestMySql::new();
    let store = database.open();
    let id = run(store.as_ref(), 1).await;
    let points =
        [point("a", f64::NAN, 0, 0), point("b", f64::INFINITY, 0, 0), point("c", 2.0, 0, 0)];
    let batch = oxflow_store::conformance::batch(&points, &[], &[]);
    store.log_batch(&id, batch).await.unwrap();
    for table in ["metrics", "latest_metrics"] {
        let found =
            database.sql(&format!("SELECT `key`, value, is_nan FROM {table} ORDER BY `key`"));
        assert_eq!(found, ["a|0|1", "b|1.7976931348623157e308|0", "c|2|0"], "{table}");
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn tls_is_used_if_asked_for_and_certificates_are_checked() {
    let database = TestMySql::new();
    drop(database.open());
    let user = format!("{}_tls", database.name());
    database.sql(&format!(
        "DROP USER IF EXISTS '{user}'; CREATE USER '{user}' REQUIRE SSL; \
         GRANT ALL PRIVILEGES ON {}.* TO '{user}'",
        database.name()
    ));
    let uri = database.uri().replace("root@", &format!("{user}@"));
    let open = |options: &str| SqlStore::open(&database.options_as(&format!("{uri}{options}")));
    let refused = |options: &str| open(options).map(drop).unwrap_err().to_string();
    assert!(refused("").contains("Access denied"), "{}", refused(""));
    let strict = refused("?ssl_mode=VERIFY_CA");
    assert!(strict.to_lowercase().contains("certificate"), "{strict}");
    let store = open("?ssl_mode=REQUIRED").unwrap();
    let id = run(&store, 1).await;
    assert!(get(&store, &id).await.metrics.is_empty());
    store.close().await.unwrap();
    database.sql(&format!("DROP USER '{user}'"));
}
