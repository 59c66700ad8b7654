//! What only other programs see: the columns that MLflow and its tools read from the file.

use oxflow_model::Millis;
use oxflow_store::conformance::{after, batch, experiment, param, point, run, run_id, run_in};
use oxflow_testkit::TestDatabase;
use rusqlite::Connection;

/// The rows of a query, values separated by blanks.
fn rows(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let values = (0..columns).map(|column| row.get::<_, rusqlite::types::Value>(column));
        let shown = values.map(|value| {
            Ok(match value? {
                rusqlite::types::Value::Null => "NULL".to_owned(),
                rusqlite::types::Value::Integer(value) => value.to_string(),
                rusqlite::types::Value::Real(value) => format!("{value:?}"),
                rusqlite::types::Value::Text(text) => format!("'{text}'"),
                rusqlite::types::Value::Blob(_) => "BLOB".to_owned(),
            })
        });
        Ok(shown.collect::<rusqlite::Result<Vec<_>>>()?.join(" "))
    });
    rows.unwrap().map(|row| row.unwrap()).collect()
}

#[tokio::test]
async fn runs_have_the_columns_of_mlflow() {
    let database = TestDatabase::sqlite();
    let store = database.open();
    run(store.as_ref(), 1).await;
    let columns = "source_type, source_name, entry_point_name, source_version, status, end_time, \
                   lifecycle_stage, deleted_time";
    let found = rows(&database.connect(), &format!("SELECT {columns} FROM runs"));
    assert_eq!(found, ["'UNKNOWN' '' '' '' 'RUNNING' NULL 'active' NULL"]);
    store.close().await.unwrap();
}

#[tokio::test]
async fn points_have_a_flag_for_nan_and_no_infinities() {
    let database = TestDatabase::sqlite();
    let store = database.open();
    let id = run(store.as_ref(), 1).await;
    let points = [
        point("a", f64::NAN, 0, 0),
        point("b", f64::INFINITY, 0, 0),
        point("c", f64::NEG_INFINITY, 0, 0),
        point("d", 2.0, 0, 0),
    ];
    store.log_batch(&id, batch(&points, &[], &[])).await.unwrap();
    for table in ["metrics", "latest_metrics"] {
        let found = rows(
            &database.connect(),
            &format!("SELECT key, value, is_nan, typeof(value) FROM {table} ORDER BY key"),
        );
        let max = f64::MAX;
        let expected = [
            "'a' 0.0 1 'real'".to_owned(),
            format!("'b' {max:?} 0 'real'"),
            format!("'c' {:?} 0 'real'", -max),
            "'d' 2.0 0 'real'".to_owned(),
        ];
        assert_eq!(found, expected, "{table}");
    }
    store.close().await.unwrap();
}

/// Garbage collection goes by the time of deletion.
#[tokio::test]
async fn deleted_runs_know_since_when() {
    let database = TestDatabase::sqlite();
    let store = database.open();
    let experiment = experiment(store.as_ref(), "iris").await;
    for n in [1, 2] {
        run_in(store.as_ref(), experiment, n).await;
    }
    let times = || {
        let sql = "SELECT coalesce(deleted_time, 0) FROM runs ORDER BY run_uuid";
        rows(&database.connect(), sql)
    };
    let ms = |ms: i64| after(ms).0.to_string();
    store.delete_run(&run_id(1), after(1)).await.unwrap();
    assert_eq!(times(), [ms(1), "0".to_owned()]);
    store.delete_run(&run_id(1), after(2)).await.unwrap();
    assert_eq!(times(), [ms(2), "0".to_owned()]);
    store.delete_experiment(experiment, after(3)).await.unwrap();
    assert_eq!(times(), [ms(3), ms(3)]);
    store.restore_run(&run_id(1)).await.unwrap();
    assert_eq!(times(), ["0".to_owned(), ms(3)]);
    store.restore_experiment(experiment, Millis(0)).await.unwrap();
    assert_eq!(times(), ["0", "0"]);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_deleted_run_takes_its_assessments_along() {
    let database = TestDatabase::sqlite();
    let store = database.open();
    let id = run(store.as_ref(), 1).await;
    store.log_param(&id, param("p", "1")).await.unwrap();
    let columns = rows(
        &database.connect(),
        "SELECT name, type FROM pragma_table_info('assessments') WHERE \"notnull\" = 1",
    );
    let mut names = vec!["assessment_metadata".to_owned()];
    let quoted = |text: &str| text.split('\'').nth(1).map(str::to_owned);
    names.extend(columns.iter().filter_map(|column| quoted(column)));
    for (n, run) in [(1, id.as_str()), (2, "another")] {
        let metadata = format!("'{{\"mlflow.assessment.sourceRunId\": \"{run}\"}}'");
        let mut values = vec![metadata];
        values.resize(names.len(), n.to_string());
        let connection = database.connect();
        connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        let (names, values) = (names.join(", "), values.join(", "));
        let sql = format!("INSERT INTO assessments ({names}) VALUES ({values})");
        connection.execute(&sql, []).unwrap();
    }
    store.delete_run(&id, after(1)).await.unwrap();
    let left = rows(&database.connect(), "SELECT assessment_metadata FROM assessments");
    assert_eq!(left, ["'{\"mlflow.assessment.sourceRunId\": \"another\"}'"]);
    store.close().await.unwrap();
}
