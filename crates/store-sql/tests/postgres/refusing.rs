//! Databases that do not open: the user is told why and what to do, and nothing is changed.

use oxflow_model::{Error, ErrorCode};
use oxflow_store_sql::SqlStore;
use oxflow_store_sql::schema::HEAD;
use oxflow_testkit::TestPostgres;

/// Opening by this URI must fail, with all these words in the message, and none of the password.
#[track_caller]
fn refused(database: &TestPostgres, uri: &str, words: &[&str]) -> Error {
    let Err(error) = SqlStore::open(&database.options_as(uri)) else {
        unreachable!("{uri} should have been refused")
    };
    for word in words {
        assert!(error.message().contains(word), "{error} should say: {word}");
    }
    assert!(!error.message().contains("s3cret"), "{error}");
    error
}

fn everything(database: &TestPostgres) -> Vec<String> {
    database.sql(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' UNION ALL \
         SELECT indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    )
}

#[test]
fn wrong_passwords_and_missing_databases_are_told_apart() {
    let database = TestPostgres::empty();
    let uri = database.uri();
    let wrong = uri.replace("postgres@", "nobody:s3cret@");
    refused(&database, &wrong, &["'nobody'", "the password", "nobody:***@127.0.0.1"]);
    let missing = uri.replace(database.name(), "not_there");
    refused(&database, &missing, &["no database 'not_there'", "CREATE DATABASE"]);
}

#[test]
fn a_server_that_does_not_answer_is_named() {
    let database = TestPostgres::empty();
    let uri = "postgresql://ann:s3cret@127.0.0.1:9/ml";
    let error =
        refused(&database, uri, &["ann:***@127.0.0.1:9/ml", "cannot be reached", "refused"]);
    assert_eq!(error.code(), ErrorCode::TemporarilyUnavailable);
}

#[test]
fn databases_of_others_are_refused() {
    for script in [
        "CREATE TABLE t (x int)",
        "CREATE TABLE experiments (experiment_id int)",
        "CREATE TABLE alembic_version (version_num text); \
         INSERT INTO alembic_version VALUES ('abc')",
    ] {
        let database = TestPostgres::empty();
        database.sql(script);
        let before = everything(&database);
        refused(
            &database,
            &database.uri(),
            &["holds tables, but not MLflow's", "Nothing was changed"],
        );
        assert_eq!(everything(&database), before);
    }
}

#[test]
fn older_and_newer_schemas_are_refused() {
    for (revision, words) in [
        ("75868b020152", ["out-of-date schema", "oxflow db upgrade"]),
        ("ffffffffffff", ["newer MLflow", "newer Oxflow"]),
    ] {
        let database = TestPostgres::of_its_own();
        database.sql(&format!("UPDATE alembic_version SET version_num = '{revision}'"));
        let before = everything(&database);
        let error = refused(&database, &database.uri(), &words);
        assert!(error.message().contains(revision) && error.message().contains(HEAD), "{error}");
        assert_eq!(everything(&database), before);
    }
}

#[test]
fn a_user_who_may_not_create_tables_is_told_what_to_grant() {
    let database = TestPostgres::empty();
    let user = format!("{}_reader", database.name());
    database.sql(&format!("CREATE ROLE {user} LOGIN PASSWORD 's3cret'"));
    let uri = database.uri().replace("postgres@", &format!("{user}:s3cret@"));
    refused(&database, &uri, &["lacks a right", "permission denied", "GRANT", &user]);
    assert_eq!(everything(&database), [""; 0]);
    database.sql(&format!("DROP ROLE {user}"));
}

#[test]
fn certificates_are_checked_if_asked_for() {
    let database = TestPostgres::empty();
    let uri = database.uri().replace("?sslmode=disable", "");
    let strict = format!("{uri}?sslmode=verify-full");
    refused(&database, &strict, &["cannot be reached", "certificate"]);
    // Its certificate is for `localhost`, signed by the authority beside its data.
    let data = database.sql("SHOW data_directory").concat();
    let authority = format!("{}root.crt", data.trim_end_matches("data"));
    let by_name = uri.replace("127.0.0.1", "localhost");
    let by_address = format!("{uri}?sslmode=verify-full&sslrootcert={authority}");
    refused(&database, &by_address, &["cannot be reached", "certificate"]);
    for uri in [
        format!("{uri}?sslmode=verify-ca&sslrootcert={authority}"),
        format!("{by_name}?sslmode=verify-full&sslrootcert={authority}"),
    ] {
        let opened = SqlStore::open(&database.options_as(&uri));
        assert!(opened.is_ok(), "{uri}: {:?}", opened.err());
    }
}

#[test]
fn odd_uris_are_refused() {
    let database = TestPostgres::empty();
    for (uri, words) in [
        ("postgresql://ann:s3cret@h/d?sslmod=require", "option 'sslmod', which is not known"),
        ("postgresql://ann:s3cret@h/d?sslmode=s", "must be one of disable"),
        ("postgresql://ann:s3cret@h/d?sslrootcert=/no/file&sslmode=verify-ca", "/no/file"),
        ("postgresql://ann:s3cret@h/d?sslcert=/no/file", "both sslcert and sslkey"),
        ("postgresql://ann:s3cret@h/d?connect_timeout=x", "must be a number"),
        ("postgresql://ann:s3cret@h:x/d", "port is no number"),
        ("postgresql://ann:s3cret@h/", "names no database"),
        ("postgresql://h/d", "names no user"),
        ("postgresql://ann:s3cret@/d", "names no host"),
        ("postgresql:ann:s3cret@h", "no '://'"),
    ] {
        let error = refused(&database, uri, &[words]);
        assert_eq!(error.code(), ErrorCode::InvalidParameterValue, "{uri}");
    }
}
