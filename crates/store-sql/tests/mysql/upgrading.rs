//! Databases of older releases are brought up to date, revision by revision. What comes out is
//! compared with stock MLflow's in tests/e2e/test_upgrade_servers.py.

use oxflow_model::Result;
use oxflow_store_sql::migrate::{self, Outcome, UpgradeOptions};
use oxflow_store_sql::schema::HEAD;
use oxflow_testkit::{NOW, TestMySql};

/// What MLflow 1.24.0 made of conformance/upgrade/fill.py.
const OLD: &str =
    include_str!("../../../../conformance/upgrade/fixtures/mlflow-1.24.0.mariadb.sql");

fn options(database: &TestMySql) -> UpgradeOptions {
    let uri = database.uri();
    UpgradeOptions { uri, cwd: std::env::temp_dir(), now: NOW, backup: true }
}

fn upgrade(database: &TestMySql) -> Result<Outcome> {
    migrate::upgrade(&options(database), &mut |_| ())
}

fn old_database() -> TestMySql {
    let database = TestMySql::empty();
    database.sql(OLD);
    database
}

#[tokio::test]
async fn an_upgrade_that_fails_half_way_goes_on_from_there() {
    // Not MLflow's, and in the way of a table that comes late.
    let database = old_database();
    database.sql("CREATE TABLE webhooks (mine text)");
    let message = upgrade(&database).unwrap_err().to_string();
    for words in ["At revision 1a0cddfcaa16", "webhooks", "run the same command again"] {
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(database.sql("SELECT version_num FROM alembic_version"), ["de4033877273"]);
    assert_eq!(database.sql("SHOW COLUMNS FROM webhooks").len(), 1);
    // Once it is out of the way, the upgrade goes through.
    database.sql("DROP TABLE webhooks");
    assert_eq!(upgrade(&database), Ok(Outcome::Upgraded { steps: 32 }));
    assert_eq!(upgrade(&database), Ok(Outcome::Current));
    let store = database.open();
    assert_eq!(database.sql("SELECT count(*) FROM runs WHERE lifecycle_stage = 'deleted'"), ["2"]);
    store.close().await.unwrap();
}

#[test]
fn a_plan_says_what_an_upgrade_would_do_and_changes_nothing() {
    let database = old_database();
    let plan = migrate::plan(&options(&database)).unwrap().to_string();
    for words in ["Revision found:    c48cb773bb87", HEAD, "52 steps", "Nothing was changed"] {
        assert!(plan.contains(words), "{plan}");
    }
    assert_eq!(database.sql("SELECT version_num FROM alembic_version"), ["c48cb773bb87"]);
    let empty = TestMySql::empty();
    let plan = migrate::plan(&options(&empty)).unwrap().to_string();
    assert!(plan.contains("All tables would be created"), "{plan}");
    assert_eq!(upgrade(&empty), Ok(Outcome::Created));
    assert_eq!(empty.sql("SELECT version_num FROM alembic_version"), [HEAD]);
}

#[test]
fn what_cannot_be_upgraded_is_refused_untouched() {
    let newer = old_database();
    newer.sql("UPDATE alembic_version SET version_num = 'ffffffffffff'");
    let foreign = TestMySql::empty();
    foreign.sql("CREATE TABLE t (x int)");
    let older = old_database();
    older.sql("UPDATE alembic_version SET version_num = '39d1c3be5f05'");
    let cases = [(newer, "newer Oxflow"), (foreign, "not MLflow's"), (older, "older than 1.16")];
    for (database, words) in cases {
        let tables = database.sql("SHOW TABLES");
        let error = upgrade(&database).unwrap_err();
        assert!(error.message().contains(words), "{error}");
        assert!(error.message().contains("Nothing was changed"), "{error}");
        assert_eq!(database.sql("SHOW TABLES"), tables);
    }
}
