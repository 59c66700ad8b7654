//! Databases that do not open: the user is told why, and not a byte is changed.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use oxflow_model::{Error, ErrorCode};
use oxflow_store::Store as _;
use oxflow_store_sql::schema::HEAD;
use oxflow_store_sql::{OpenOptions, SqlStore};
use oxflow_testkit::TestDatabase;

/// The files in a folder with what is in them.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let content = if path.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
        files.insert(path.display().to_string(), content);
    }
    files
}

/// Opening must fail, with all these words in the message and no file changed, added or removed.
#[track_caller]
fn refused(database: &TestDatabase, words: &[&str]) -> Error {
    let before = files(database.folder());
    let Err(error) = database.try_open() else { unreachable!("should have been refused") };
    for word in words {
        assert!(error.message().contains(word), "{error} should say: {word}");
    }
    assert!(error.message().contains("Nothing was changed"), "{error}");
    let after = files(database.folder());
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert!(before == after, "a file was changed");
    error
}

/// A database that stock MLflow, or somebody else, made and closed.
fn made_by(script: &str) -> TestDatabase {
    let database = TestDatabase::sqlite();
    fs::write(database.path(), "").unwrap();
    database.connect().execute_batch(script).unwrap();
    database
}

/// A database of ours, closed, and then changed by a script.
async fn changed_by(script: &str) -> TestDatabase {
    let database = TestDatabase::sqlite();
    database.try_open().unwrap().close().await.unwrap();
    database.connect().execute_batch(script).unwrap();
    database
}

#[test]
fn files_that_are_no_databases_are_refused() {
    let odd_files: [&[u8]; 5] =
        [b"x", b"hello, world\n", b"SQLite format 3", b"SQLite format 4\0 and so on", &[0; 4096]];
    for content in odd_files {
        let database = TestDatabase::sqlite();
        fs::write(database.path(), content).unwrap();
        refused(&database, &["is not a SQLite database", "mlflow.db"]);
    }
}

#[test]
fn damaged_databases_are_refused() {
    let database = TestDatabase::sqlite();
    fs::write(database.path(), [b"SQLite format 3\0", &[7; 5000][..]].concat()).unwrap();
    let error = refused(&database, &["restore a backup"]);
    assert_eq!(error.code(), ErrorCode::TemporarilyUnavailable);
}

#[test]
fn databases_of_others_are_refused() {
    for script in [
        "CREATE TABLE t (x); INSERT INTO t VALUES (1)",
        "CREATE TABLE experiments (experiment_id INTEGER)",
        "CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES ('abc')",
        "CREATE TABLE experiments (x); CREATE TABLE alembic_version (version_num)",
        "PRAGMA journal_mode = WAL; CREATE TABLE t (x)",
    ] {
        refused(&made_by(script), &["holds tables, but not MLflow's"]);
    }
}

#[tokio::test]
async fn older_and_newer_schemas_are_refused() {
    for (revision, words) in [
        ("75868b020152", ["out-of-date schema", "oxflow db upgrade"]),
        ("451aebb31d03", ["out-of-date schema", "oxflow db upgrade"]),
        ("ffffffffffff", ["newer MLflow", "newer Oxflow"]),
    ] {
        for mode in ["WAL", "DELETE"] {
            let database = changed_by(&format!(
                "PRAGMA journal_mode = {mode}; \
                 UPDATE alembic_version SET version_num = '{revision}'"
            ))
            .await;
            let error = refused(&database, &words);
            assert!(error.message().contains(revision) && error.message().contains(HEAD));
        }
    }
}

#[tokio::test]
async fn things_in_other_workspaces_are_not_shown_as_if_they_were_in_the_default_one() {
    for script in [
        "UPDATE experiments SET workspace = 'team'",
        "INSERT INTO registered_models (name, workspace) VALUES ('m', 'team')",
        "INSERT INTO webhooks (webhook_id, name, url, status, creation_timestamp, \
         last_updated_timestamp, workspace) VALUES ('w', 'n', 'u', 'ACTIVE', 1, 1, 'team')",
    ] {
        refused(
            &changed_by(script).await,
            &["outside the default workspace", "migrate-to-default"],
        );
    }
}

#[tokio::test]
async fn what_a_crash_left_in_the_log_stays_there() {
    let database = changed_by("PRAGMA journal_mode = WAL").await;
    let other = database.connect();
    other.execute_batch("UPDATE alembic_version SET version_num = '75868b020152'").unwrap();
    let copy = TestDatabase::sqlite();
    let log = |database: &TestDatabase| format!("{}-wal", database.path().display());
    fs::copy(database.path(), copy.path()).unwrap();
    fs::copy(log(&database), log(&copy)).unwrap();
    let before = (fs::read(copy.path()).unwrap(), fs::read(log(&copy)).unwrap());
    assert!(!before.1.is_empty());
    let error = copy.try_open().err().unwrap();
    assert!(error.message().contains("out-of-date schema"), "{error}");
    let after = (fs::read(copy.path()).unwrap(), fs::read(log(&copy)).unwrap());
    assert!(before == after, "a file was changed");
}

#[tokio::test]
async fn a_database_that_another_program_holds_is_refused() {
    for mode in ["WAL", "DELETE"] {
        let database = changed_by(&format!("PRAGMA journal_mode = {mode}")).await;
        let holder = database.connect();
        holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
        let error = refused(&database, &["is locked by another program"]);
        assert_eq!(error.code(), ErrorCode::TemporarilyUnavailable);
        drop(holder);
        database.try_open().unwrap().close().await.unwrap();
    }
}

#[test]
fn a_folder_is_no_database() {
    let database = TestDatabase::sqlite();
    fs::create_dir(database.path()).unwrap();
    let error = database.try_open().err().unwrap();
    assert!(error.message().starts_with("Cannot read the database file"), "{error}");
}

#[test]
fn a_file_is_no_folder() {
    let database = TestDatabase::sqlite();
    fs::write(database.folder().join("file"), "x").unwrap();
    let uri = "sqlite:///file/mlflow.db".to_owned();
    let error = SqlStore::open(&OpenOptions { uri, ..database.options() }).err().unwrap();
    assert_eq!(error.code(), ErrorCode::InvalidParameterValue, "{error}");
    assert_eq!(files(database.folder()).len(), 1);
}

#[test]
fn odd_uris_are_refused() {
    let database = TestDatabase::sqlite();
    for (uri, words) in [
        ("sqlite://", "would forget everything"),
        ("sqlite:///", "would forget everything"),
        ("sqlite:///:memory:", "would forget everything"),
        ("sqlite:relative.db", "names no file"),
        ("sqlite://host/x.db", "three slashes"),
        ("mssql://h/db", "names no user"),
        ("oracle://h/db", "Invalid database engine: 'oracle'"),
        ("", "Invalid database engine: ''"),
    ] {
        let options = OpenOptions { uri: uri.to_owned(), ..database.options() };
        let error = SqlStore::open(&options).err().unwrap();
        assert_eq!(error.code(), ErrorCode::InvalidParameterValue, "{uri}");
        assert!(error.message().contains(words), "{uri}: {error}");
    }
    assert_eq!(files(database.folder()).len(), 0);
}

/// Takes the right to write away; `false` if that does not stop this user.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn make_read_only(path: &Path, probe: &Path) -> bool {
    fs::set_permissions(path, Permissions::from_mode(0o555)).unwrap();
    let existed = probe.exists();
    let stopped = File::options().append(true).create(!existed).open(probe).is_err();
    if !stopped {
        eprintln!("skipped: this user, like root, writes to read-only files all the same");
    }
    stopped
}

#[tokio::test]
async fn a_read_only_file_is_refused() {
    let database = changed_by("PRAGMA journal_mode = DELETE").await;
    if make_read_only(database.path(), database.path()) {
        let error = refused(&database, &["cannot be opened for writing", "permissions"]);
        assert_eq!(error.code(), ErrorCode::TemporarilyUnavailable);
    }
}

#[tokio::test]
async fn a_file_in_a_read_only_folder_is_refused() {
    let database = changed_by("PRAGMA journal_mode = DELETE").await;
    if make_read_only(database.folder(), &database.folder().join("probe")) {
        refused(&database, &["cannot be opened for writing", "permissions"]);
    }
    fs::set_permissions(database.folder(), Permissions::from_mode(0o755)).unwrap();
}
