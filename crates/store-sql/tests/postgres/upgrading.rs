//! Databases of older releases are brought up to date, all of it or nothing. What comes out is
//! compared with stock MLflow's in tests/e2e/test_upgrade_servers.py.

use oxflow_model::{Error, Result};
use oxflow_store_sql::migrate::{self, Outcome, UpgradeOptions};
use oxflow_store_sql::schema::HEAD;
use oxflow_testkit::{NOW, TestPostgres};

/// What MLflow 1.24.0 made of conformance/upgrade/fill.py.
const OLD: &str =
    include_str!("../../../../conformance/upgrade/fixtures/mlflow-1.24.0.postgres.sql");

fn options(uri: &str) -> UpgradeOptions {
    UpgradeOptions { uri: uri.to_owned(), cwd: std::env::temp_dir(), now: NOW, backup: true }
}

fn upgrade(database: &TestPostgres) -> Result<Outcome> {
    migrate::upgrade(&options(&database.uri()), &mut |_| ())
}

fn old_database() -> TestPostgres {
    let database = TestPostgres::empty();
    database.sql(OLD);
    database
}

fn columns(database: &TestPostgres) -> Vec<String> {
    database.sql(
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns \
         WHERE table_schema = 'public' ORDER BY 1, 2",
    )
}

/// Called where a runtime is at work, as the server's start is.
#[tokio::test]
async fn an_upgrade_that_fails_half_way_changes_nothing() {
    // Not MLflow's, and in the way of a table that comes late.
    let database = old_database();
    database.sql("CREATE TABLE webhooks (mine text)");
    let before = columns(&database);
    let message = upgrade(&database).unwrap_err().to_string();
    for words in ["At revision 1a0cddfcaa16", "webhooks", "Nothing was changed"] {
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(columns(&database), before);
    // Once it is out of the way, the upgrade goes through.
    database.sql("DROP TABLE webhooks");
    assert_eq!(upgrade(&database), Ok(Outcome::Upgraded { steps: 52 }));
    assert_eq!(upgrade(&database), Ok(Outcome::Current));
    let store = database.open();
    assert_eq!(database.sql("SELECT count(*) FROM runs WHERE lifecycle_stage = 'deleted'"), ["2"]);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_plan_says_what_an_upgrade_would_do_and_changes_nothing() {
    let database = old_database();
    let before = columns(&database);
    let plan = migrate::plan(&options(&database.uri())).unwrap().to_string();
    for words in ["Revision found:    c48cb773bb87", HEAD, "52 steps", "Nothing was changed"] {
        assert!(plan.contains(words), "{plan}");
    }
    assert_eq!(columns(&database), before);
    let empty = TestPostgres::empty();
    let plan = migrate::plan(&options(&empty.uri())).unwrap().to_string();
    assert!(plan.contains("All tables would be created"), "{plan}");
    assert_eq!(upgrade(&empty), Ok(Outcome::Created));
    assert_eq!(empty.sql("SELECT version_num FROM alembic_version"), [HEAD]);
}

#[test]
fn what_cannot_be_upgraded_is_refused_untouched() {
    let newer = old_database();
    newer.sql("UPDATE alembic_version SET version_num = 'ffffffffffff'");
    let foreign = TestPostgres::empty();
    foreign.sql("CREATE TABLE t (x int)");
    for (database, words) in [(newer, "newer Oxflow"), (foreign, "not MLflow's")] {
        let before = columns(&database);
        let error: Error = upgrade(&database).unwrap_err();
        assert!(error.message().contains(words), "{error}");
        assert!(error.message().contains("Nothing was changed"), "{error}");
        assert_eq!(columns(&database), before);
    }
}

#[test]
fn a_missing_right_is_named() {
    let database = old_database();
    let user = format!("{}_reader", database.name());
    database.sql(&format!(
        "CREATE ROLE {user} LOGIN PASSWORD 's3cret'; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {user}"
    ));
    let uri = database.uri().replace("postgres@", &format!("{user}:s3cret@"));
    let before = columns(&database);
    let error = migrate::upgrade(&options(&uri), &mut |_| ()).unwrap_err().to_string();
    for words in ["At revision bd07f7e963c5", &user, "lacks a right", "Nothing was changed"] {
        assert!(error.contains(words) && !error.contains("s3cret"), "{error}");
    }
    assert_eq!(columns(&database), before);
    database.sql(&format!("DROP OWNED BY {user}; DROP ROLE {user}"));
}
