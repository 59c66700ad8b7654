//! Databases that open: empty ones, ours, and what the URI may say.

use std::sync::{Arc, Barrier};

use oxflow_store::conformance::{NOW, get, new_experiment, point, run};
use oxflow_store::{ExperimentStore as _, Store as _};
use oxflow_store_sql::SqlStore;
use oxflow_store_sql::schema::HEAD;
use oxflow_testkit::TestPostgres;

#[tokio::test]
async fn an_empty_database_gets_mlflows_tables_once() {
    let database = TestPostgres::empty();
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
    let database = TestPostgres::empty();
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
    let database = TestPostgres::of_its_own();
    let user = format!("{}_writer", database.name());
    database.sql(&format!(
        "CREATE ROLE {user} LOGIN PASSWORD 'p@ss:w/r?d%'; REVOKE CREATE ON SCHEMA public FROM \
         PUBLIC; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {user}; \
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {user}"
    ));
    let uri = database.uri().replace("postgresql://postgres", "postgresql+psycopg2://USER");
    let uri = uri.replace("USER", &format!("{user}:p%40ss%3Aw%2Fr%3Fd%25"));
    let store = SqlStore::open(&database.options_as(&uri)).unwrap();
    let id = run(&store, 1).await;
    store.create_experiment(new_experiment("x"), NOW).await.unwrap();
    assert_eq!(get(&store, &id).await.info.name, "run-1");
    store.close().await.unwrap();
    database.sql(&format!("DROP OWNED BY {user}; DROP ROLE {user}"));
}

#[tokio::test]
async fn missing_indexes_are_added_while_the_server_works() {
    let database = TestPostgres::of_its_own();
    database.sql("DROP INDEX oxflow_runs_page, oxflow_model_versions_run");
    let store = database.try_open().unwrap();
    store.add_missing_indexes().await.unwrap();
    let count = "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'oxflow%page'";
    assert_eq!(database.sql(count), ["2"]);
    store.close().await.unwrap();
}

/// As after a migration that copied rows with their numbers.
#[tokio::test]
async fn a_number_that_is_taken_is_passed_over() {
    let database = TestPostgres::of_its_own();
    let store = database.open();
    for number in [1, 2] {
        database.sql(&format!(
            "INSERT INTO experiments (experiment_id, name, lifecycle_stage) \
             VALUES ({number}, 'theirs-{number}', 'active')"
        ));
    }
    let id = store.create_experiment(new_experiment("ours"), NOW).await.unwrap();
    assert_eq!(id.0, 3);
    // And the sequence has moved on, so that stock MLflow gets the next one.
    let next = "INSERT INTO experiments (name, lifecycle_stage) VALUES ('stock', 'active') \
                RETURNING experiment_id";
    assert_eq!(database.sql(next), ["4"]);
    store.close().await.unwrap();
}

#[tokio::test]
async fn options_of_the_uri_are_heard() {
    let database = TestPostgres::of_its_own();
    for (n, options, query, expected) in [
        (1, "sslmode=require", "ssl", "t"),
        (2, "sslmode=disable", "ssl", "f"),
        (3, "application_name=my%20app&connect_timeout=5", "application_name", "my app"),
    ] {
        let plain = database.uri().replace("?sslmode=disable", "");
        let uri = format!("{plain}?{options}");
        let store = SqlStore::open(&database.options_as(&uri)).unwrap();
        let id = run(&store, n).await;
        let sql = format!(
            "SELECT DISTINCT {query} FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) \
             WHERE a.datname = current_database() AND a.query NOT LIKE '%pg_stat_ssl%'"
        );
        assert_eq!(database.sql(&sql), [expected], "{options}");
        assert!(get(&store, &id).await.metrics.is_empty());
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn points_have_a_flag_for_nan_and_no_infinities() {
    let database = TestPostgres::of_its_own();
    let store = database.open();
    let id = run(store.as_ref(), 1).await;
    let points =
        [point("a", f64::NAN, 0, 0), point("b", f64::INFINITY, 0, 0), point("c", 2.0, 0, 0)];
    let batch = oxflow_store::conformance::batch(&points, &[], &[]);
    store.log_batch(&id, batch).await.unwrap();
    for table in ["metrics", "latest_metrics"] {
        let found = database.sql(&format!("SELECT key, value, is_nan FROM {table} ORDER BY key"));
        assert_eq!(found, ["a|0|t", "b|1.7976931348623157e+308|f", "c|2|f"], "{table}");
    }
    store.close().await.unwrap();
}
