//! Databases that do not open: the user is told why and what to do.

use oxflow_model::{Error, ErrorCode};
use oxflow_store_sql::SqlStore;
use oxflow_store_sql::schema::HEAD;
use oxflow_testkit::TestMsSql;

/// Opening by this URI must fail, with all these words in the message, and none of the password.
#[track_caller]
fn refused(server: &TestMsSql, uri: &str, words: &[&str]) -> Error {
    let Err(error) = SqlStore::open(&server.options_as(uri)) else {
        unreachable!("{uri} should have been refused")
    };
    for word in words {
        assert!(error.message().contains(word), "{error} should say: {word}");
    }
    assert!(!error.message().contains("s3cret"), "{error}");
    assert!(!error.message().contains("p@ss"), "{error}");
    error
}

fn tables(server: &TestMsSql) -> Vec<String> {
    server.sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
}

#[test]
fn wrong_passwords_and_missing_databases_are_told_apart() {
    let server = TestMsSql::new();
    let at = format!("127.0.0.1:{}/mlflow", server.port());
    let wrong = format!("mssql+pymssql://ann:s3cret@{at}");
    refused(&server, &wrong, &["'ann'", "the password", "18456", &format!("ann:***@{at}")]);
    let missing = server.uri().replace("/mlflow?", "/not_there?");
    refused(&server, &missing, &["no database 'not_there'", "CREATE DATABASE [not_there]", "4060"]);
}

#[test]
fn a_server_that_does_not_answer_is_named() {
    let server = TestMsSql::new();
    let uri = "mssql://ann:s3cret@127.0.0.1:9/ml";
    let error = refused(&server, uri, &["ann:***@127.0.0.1:9/ml", "cannot be reached", "refused"]);
    assert_eq!(error.code(), ErrorCode::TemporarilyUnavailable);
}

#[test]
fn a_server_that_cannot_encrypt_is_refused_if_the_uri_asks_for_it() {
    let server = TestMsSql::new();
    let uri = server.uri().replace("Driver+17", "Driver+18");
    refused(&server, &uri, &["cannot encrypt", "Encrypt"]);
}

#[test]
fn certificates_are_checked_unless_the_uri_says_not_to() {
    let server = TestMsSql::with_tls();
    let uri = server.uri().replace("Driver+17", "Driver+18");
    refused(&server, &uri, &["certificate"]);
    let file = server.folder().join("server.crt");
    let known = format!("{uri}&cafile={}", file.display());
    refused(&server, &known, &["certificate"]);
    for good in [
        format!("{uri}&TrustServerCertificate=yes"),
        format!("{known}&HostNameInCertificate=localhost"),
        known.replace("@127.0.0.1", "@localhost"),
        server.uri(),
    ] {
        SqlStore::open(&server.options_as(&good)).map(drop).unwrap();
    }
}

#[test]
fn databases_of_others_are_refused() {
    for script in ["CREATE TABLE t (x int)", "CREATE TABLE experiments (experiment_id int)"] {
        let server = TestMsSql::new();
        server.sql(script);
        let before = tables(&server);
        let words = ["holds tables, but not MLflow's", "Nothing was changed"];
        refused(&server, &server.uri(), &words);
        assert_eq!(tables(&server), before);
    }
}

#[test]
fn older_and_newer_schemas_are_refused() {
    for (revision, words) in [
        ("75868b020152", ["out-of-date schema", "mlflow db upgrade"]),
        ("ffffffffffff", ["newer MLflow", "newer Oxflow"]),
    ] {
        let server = TestMsSql::new();
        server.sql("CREATE TABLE experiments (experiment_id int)");
        server.sql("CREATE TABLE alembic_version (version_num VARCHAR(32))");
        server.sql(&format!("INSERT INTO alembic_version VALUES ('{revision}')"));
        let error = refused(&server, &server.uri(), &words);
        assert!(error.message().contains(revision) && error.message().contains(HEAD), "{error}");
        assert_eq!(tables(&server), ["alembic_version", "experiments"]);
    }
}

#[test]
fn what_the_server_refuses_is_told_with_what_to_do() {
    for (at, number, words) in [
        ("CREATE TABLE experiments", 262, "ALTER ROLE db_owner ADD MEMBER [ann]"),
        ("CREATE TABLE experiments", 3906, "primary server"),
        ("CREATE TABLE experiments", 1105, "cannot be used"),
        ("sp_getapplock", 1222, "locked by another program"),
    ] {
        let server = TestMsSql::new();
        server.refuse(at, number, 1);
        refused(&server, &server.uri(), &[words, &number.to_string()]);
        assert_eq!(tables(&server), [""; 0]);
    }
}

#[test]
fn odd_uris_are_refused() {
    let server = TestMsSql::new();
    for (uri, words) in [
        ("mssql://ann:s3cret@h/d?sslmode=require", "option 'sslmode', which is not known"),
        ("mssql://ann:s3cret@h/d?Encrypt=maybe", "must be yes or no"),
        ("mssql://ann:s3cret@h/d?Encrypt=strict", "TDS 8.0"),
        ("mssql://ann:s3cret@h/d?TrustServerCertificate=perhaps", "must be yes or no"),
        ("mssql://ann:s3cret@h/d?Trusted_Connection=yes", "a user and a password"),
        ("mssql://ann:s3cret@h/d?Authentication=ActiveDirectoryPassword", "must be SqlPassword"),
        ("mssql://ann:s3cret@h/d?cafile=/no/file", "/no/file"),
        ("mssql+pyodbc:///?odbc_connect=Server%3Dh%3BPWD%3D%7Bs3cret", "odbc_connect"),
        ("mssql://ann:s3cret@h%5CSQLEXPRESS/d?Server=h%5CSQLEXPRESS", "Name its port"),
        ("mssql://ann:s3cret@h:x/d", "port is no number"),
        ("mssql://ann:s3cret@h/", "names no database"),
        ("mssql+pyodbc://ann:s3cret@data_source", "names no database"),
        ("mssql://h/d", "names no user"),
        ("mssql://ann@h/d", "names no password"),
        ("mssql://ann:s3cret@/d", "names no host"),
    ] {
        let error = refused(&server, uri, &[words]);
        assert_eq!(error.code(), ErrorCode::InvalidParameterValue, "{uri}");
    }
}
