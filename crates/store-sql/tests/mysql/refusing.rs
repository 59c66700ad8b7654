//! Databases that do not open: the user is told why and what to do.

use oxflow_model::{Error, ErrorCode};
use oxflow_store_sql::SqlStore;
use oxflow_store_sql::schema::HEAD;
use oxflow_testkit::TestMySql;

/// Opening by this URI must fail, with all these words in the message, and none of the password.
#[track_caller]
fn refused(database: &TestMySql, uri: &str, words: &[&str]) -> Error {
    let Err(error) = SqlStore::open(&database.options_as(uri)) else {
        unreachable!("{uri} should have been refused")
    };
    for word in words {
        assert!(error.message().contains(word), "{error} should say: {word}");
    }
    assert!(!error.message().contains("s3cret"), "{error}");
    error
}

fn tables(database: &TestMySql) -> Vec<String> {
    database.sql(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = database() \
         ORDER BY 1",
    )
}

#[test]
fn wrong_passwords_and_missing_databases_are_told_apart() {
    let database = TestMySql::empty();
    let uri = database.uri();
    let wrong = uri.replace("root@", "nobody:s3cret@");
    refused(&database, &wrong, &["'nobody'", "the password", "nobody:***@127.0.0.1"]);
    let missing = uri.replace(database.name(), "not_there");
    refused(&database, &missing, &["no database 'not_there'", "CREATE DATABASE"]);
}

#[test]
fn a_server_that_does_not_answer_is_named() {
    let database = TestMySql::empty();
    let uri = "mysql://ann:s3cret@127.0.0.1:9/ml";
    let error =
        refused(&database, uri, &["ann:***@127.0.0.1:9/ml", "cannot be reached", "refused"]);
    assert_eq!(error.code(), ErrorCode::TemporarilyUnavailable);
}

#[test]
fn databases_of_others_are_refused() {
    for script in ["CREATE TABLE t (x int)", "CREATE TABLE experiments (experiment_id int)"] {
        let database = TestMySql::empty();
        database.sql(script);
        let before = tables(&database);
        let words = ["holds tables, but not MLflow's", "Nothing was changed"];
        refused(&database, &database.uri(), &words);
        assert_eq!(tables(&database), before);
    }
}

#[test]
fn older_and_newer_schemas_are_refused() {
    for (revision, words) in [
        ("75868b020152", ["out-of-date schema", "oxflow db upgrade"]),
        ("ffffffffffff", ["newer MLflow", "newer Oxflow"]),
    ] {
        let database = TestMySql::empty();
        database.sql(&format!(
            "CREATE TABLE experiments (experiment_id int); \
             CREATE TABLE alembic_version (version_num VARCHAR(32)); \
             INSERT INTO alembic_version VALUES ('{revision}')"
        ));
        let error = refused(&database, &database.uri(), &words);
        assert!(error.message().contains(revision) && error.message().contains(HEAD), "{error}");
        assert_eq!(tables(&database), ["alembic_version", "experiments"]);
    }
}

#[test]
fn a_user_who_may_not_create_tables_is_told_what_to_grant() {
    let database = TestMySql::empty();
    let user = format!("{}_reader", database.name());
    database.sql(&format!(
        "CREATE USER '{user}' IDENTIFIED BY 's3cret'; GRANT SELECT ON {}.* TO '{user}'",
        database.name()
    ));
    let uri = database.uri().replace("root@", &format!("{user}:s3cret@"));
    refused(&database, &uri, &["lacks a right", "denied", "GRANT", &user]);
    assert_eq!(tables(&database), [""; 0]);
    database.sql(&format!("DROP USER '{user}'"));
}

#[test]
fn certificates_are_checked_if_asked_for() {
    let database = TestMySql::empty();
    let uri = database.uri();
    let strict = format!("{uri}?ssl_mode=VERIFY_IDENTITY");
    refused(&database, &strict, &["cannot be reached", "certificate"]);
    // Its certificate is for `localhost`, signed by the authority beside its data.
    let data = database.sql("SELECT @@datadir").concat();
    let authority = format!("{}root.crt", data.trim_end_matches("data/"));
    let by_name = uri.replace("127.0.0.1", "localhost");
    let by_address = format!("{uri}?ssl_mode=VERIFY_IDENTITY&ssl_ca={authority}");
    refused(&database, &by_address, &["cannot be reached", "certificate"]);
    for uri in [
        format!("{uri}?ssl_mode=VERIFY_CA&ssl_ca={authority}"),
        format!("{by_name}?ssl_mode=VERIFY_IDENTITY&ssl_ca={authority}"),
    ] {
        let opened = SqlStore::open(&database.options_as(&uri));
        assert!(opened.is_ok(), "{uri}: {:?}", opened.err());
    }
}

#[test]
fn odd_uris_are_refused() {
    let database = TestMySql::empty();
    for (uri, words) in [
        ("mysql://ann:s3cret@h/d?sslmode=require", "option 'sslmode', which is not known"),
        ("mysql://ann:s3cret@h/d?ssl_mode=s", "must be DISABLED"),
        ("mysql://ann:s3cret@h/d?ssl_ca=/no/file", "/no/file"),
        ("mysql://ann:s3cret@h/d?ssl_cert=/no/file", "both ssl_cert and ssl_key"),
        ("mysql://ann:s3cret@h/d?charset=latin1", "must be utf8mb4"),
        ("mysql://ann:s3cret@h:x/d", "port is no number"),
        ("mysql://ann:s3cret@h/", "names no database"),
        ("mysql://h/d", "names no user"),
        ("mysql://ann:s3cret@/d", "names no host"),
    ] {
        let error = refused(&database, uri, &[words]);
        assert_eq!(error.code(), ErrorCode::InvalidParameterValue, "{uri}");
    }
}
