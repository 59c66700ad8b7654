//! Databases of older releases are brought up to date, all of it or nothing.
//!
//! conformance/upgrade/ compares the outcome with stock MLflow's on databases that each release
//! filled; here is what needs no Python.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use oxflow_model::Result;
use oxflow_store_sql::migrate::chain::CHAIN;
use oxflow_store_sql::migrate::{self, Outcome, Progress, UpgradeOptions};
use oxflow_store_sql::schema::HEAD;
use oxflow_testkit::{NOW, TestDatabase};
use rusqlite::Connection;

/// The tables that MLflow had before its first migration, with a few rows.
const BEGINNING: &str = include_str!("beginning.sql");

fn options(database: &TestDatabase, backup: bool) -> UpgradeOptions {
    let open = database.options();
    UpgradeOptions { uri: open.uri, cwd: open.cwd, now: NOW, backup }
}

fn upgrade(database: &TestDatabase) -> Result<Outcome> {
    migrate::upgrade(&options(database, false), &mut |_| ())
}

/// A database at one of MLflow's revisions.
fn database_at(script: &str, revision: &str) -> TestDatabase {
    let database = TestDatabase::sqlite();
    fs::write(database.path(), "").unwrap();
    let connection = database.connect();
    connection.execute_batch(script).unwrap();
    connection
        .execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL, \
             CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)); \
             DELETE FROM alembic_version; INSERT INTO alembic_version VALUES ('{revision}')"
        ))
        .unwrap();
    database
}

/// The beginning, after the first revision: only then there is a revision to be seen.
fn old_database() -> TestDatabase {
    let first =
        format!("{BEGINNING}; ALTER TABLE metrics ADD COLUMN step BIGINT DEFAULT '0' NOT NULL");
    database_at(&first, CHAIN[0].id())
}

/// What SQLite knows of each table and index; the order of foreign keys does not matter.
fn schema(connection: &Connection) -> BTreeMap<String, Vec<String>> {
    let list = |sql: &str| {
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            let values = (0..columns).map(|at| row.get_ref(at).map(|value| format!("{value:?}")));
            Ok(values.collect::<rusqlite::Result<Vec<_>>>()?.join(" "))
        });
        rows.unwrap().map(|row| row.unwrap()).collect::<Vec<_>>()
    };
    let mut all = BTreeMap::new();
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'";
    let mut statement = connection.prepare(sql).unwrap();
    let tables = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    for table in tables.map(|name| name.unwrap()) {
        let columns = list(&format!(
            "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo('{table}')"
        ));
        let mut keys = list(&format!(
            "SELECT seq, \"table\", \"from\", \"to\", on_update, on_delete \
             FROM pragma_foreign_key_list('{table}')"
        ));
        keys.sort();
        let mut indexes = list(&format!(
            "SELECT l.name, l.\"unique\", l.origin, i.seqno, i.name, i.desc FROM pragma_index_list('{table}') l, \
             pragma_index_xinfo(l.name) i WHERE l.name NOT LIKE 'oxflow%' AND i.key"
        ));
        indexes.sort();
        let mut names = constraints(connection, &table);
        names.sort();
        all.insert(table, [columns, keys, indexes, names].concat());
    }
    all
}

/// Named constraints and all CHECK clauses of a table, without spaces.
fn constraints(connection: &Connection, table: &str) -> Vec<String> {
    let sql = "SELECT sql FROM sqlite_master WHERE name = ? AND type = 'table'";
    let text: String = connection.query_row(sql, [table], |row| row.get(0)).unwrap();
    let lines = text.lines().map(|line| line.trim().trim_end_matches(',').replace(' ', ""));
    let lines = lines.filter(|line| line.starts_with("CONSTRAINT") || line.starts_with("CHECK"));
    lines.map(|line| line.to_lowercase().split("references").next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_whole_chain_leads_to_the_schema_of_a_new_database() {
    let old = old_database();
    assert_eq!(upgrade(&old).unwrap(), Outcome::Upgraded { steps: CHAIN.len() - 1 });
    let new = TestDatabase::sqlite();
    new.open().close().await.unwrap();
    let (old_schema, mut new_schema) = (schema(&old.connect()), schema(&new.connect()));
    // Our own tables come when the database is opened.
    new_schema.retain(|table, _| !table.starts_with("oxflow_"));
    let tables =
        |schema: &BTreeMap<String, Vec<String>>| schema.keys().cloned().collect::<Vec<_>>();
    assert_eq!(tables(&old_schema), tables(&new_schema));
    for (table, mut expected) in new_schema {
        let mut found = old_schema[&table].clone();
        // Columns that were added later come last; MLflow's own way leads there, too.
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{table}");
    }
    old.open().close().await.unwrap();
}

#[test]
fn rows_of_the_oldest_release_are_carried_over() {
    let database = old_database();
    upgrade(&database).unwrap();
    let connection = database.connect();
    let text = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    // The user becomes a tag, but only where there is none.
    let tags = "SELECT group_concat(run_uuid || '=' || value, ' ') FROM \
                (SELECT * FROM tags WHERE key = 'mlflow.user' ORDER BY run_uuid)";
    assert_eq!(text(tags), "r1=ana r2=somebody else");
    // The latest point is the greatest by step, then time, then value.
    let latest = "SELECT group_concat(key || ':' || value || '@' || timestamp || '/' || step, ' ') \
                  FROM (SELECT * FROM latest_metrics ORDER BY key)";
    assert_eq!(text(latest), "a:3.0@20/0 b:0.5@5/0");
    assert_eq!(
        text("SELECT group_concat(name || ' in ' || workspace) FROM experiments"),
        "first in default"
    );
    assert_eq!(text("SELECT version_num FROM alembic_version"), HEAD);
}

fn backups(database: &TestDatabase) -> Vec<PathBuf> {
    let files = fs::read_dir(database.folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut backups: Vec<PathBuf> =
        files.filter(|path| path.to_string_lossy().contains("backup")).collect();
    backups.sort();
    backups
}

#[test]
fn a_copy_is_made_first_and_never_over_another() {
    let database = old_database();
    let before = database.contents();
    let mut told = Vec::new();
    for n in 1..=2 {
        let outcome = migrate::upgrade(&options(&database, true), &mut |progress| {
            if let Progress::BackedUp(path) = progress {
                told.push(path.to_owned());
            }
        });
        assert!(matches!(outcome, Ok(Outcome::Upgraded { .. })), "{outcome:?}");
        assert_eq!(backups(&database), told);
        assert_eq!(told.len(), n);
        let copy = TestDatabase::sqlite();
        fs::copy(&told[n - 1], copy.path()).unwrap();
        assert_eq!(copy.contents(), before);
        fs::copy(copy.path(), database.path()).unwrap();
    }
}

#[tokio::test]
async fn an_upgrade_that_fails_half_way_changes_nothing() {
    // Not MLflow's, and in the way of a table that comes late.
    let database = old_database();
    database.connect().execute_batch("CREATE TABLE webhooks (mine TEXT)").unwrap();
    let before = (database.contents(), schema(&database.connect()));
    let error = upgrade(&database).unwrap_err();
    let text = error.message();
    assert!(text.contains("At revision 1a0cddfcaa16") && text.contains("webhooks"), "{text}");
    assert!(text.contains("Nothing was changed"), "{text}");
    assert!((database.contents(), schema(&database.connect())) == before);
    // Once it is out of the way, the upgrade goes through.
    database.connect().execute_batch("DROP TABLE webhooks").unwrap();
    upgrade(&database).unwrap();
    database.open().close().await.unwrap();
}

#[test]
fn a_plan_says_what_an_upgrade_would_do_and_changes_nothing() {
    let database = old_database();
    let before = fs::read(database.path()).unwrap();
    let plan = migrate::plan(&options(&database, true)).unwrap();
    assert!(fs::read(database.path()).unwrap() == before && backups(&database).is_empty());
    let text = plan.to_string();
    for words in [
        "Revision found:    451aebb31d03",
        HEAD,
        "66 steps",
        "table metrics anew: 4 rows",
        "backup-451",
    ] {
        assert!(text.contains(words), "{words} in\n{text}");
    }
    upgrade(&database).unwrap();
    let text = migrate::plan(&options(&database, true)).unwrap().to_string();
    assert!(text.contains("There is nothing to do"), "{text}");
}

#[tokio::test]
async fn what_is_current_or_empty_needs_no_migration() {
    let database = TestDatabase::sqlite();
    assert_eq!(upgrade(&database), Ok(Outcome::Created));
    let before = database.contents();
    assert_eq!(upgrade(&database), Ok(Outcome::Current));
    assert_eq!(database.contents(), before);
    database.open().close().await.unwrap();
}

#[test]
fn what_cannot_be_upgraded_is_refused_untouched() {
    let newer = database_at(BEGINNING, "ffffffffffff");
    let foreign = database_at("CREATE TABLE t (x)", "451aebb31d03");
    let held = old_database();
    let holder = held.connect();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    for (database, words) in
        [(newer, "newer Oxflow"), (foreign, "not MLflow's"), (held, "locked by another program")]
    {
        let before = fs::read(database.path()).unwrap();
        let error = migrate::upgrade(&options(&database, true), &mut |_| ()).unwrap_err();
        assert!(error.message().contains(words), "{error}");
        assert!(error.message().contains("Nothing was changed"), "{error}");
        assert!(fs::read(database.path()).unwrap() == before && backups(&database).is_empty());
    }
    drop(holder);
}

#[test]
fn indexes_and_triggers_of_others_stay() {
    let database = old_database();
    let mine = "CREATE INDEX my_index ON params (value); CREATE TABLE my_log (x); \
                CREATE TRIGGER my_trigger AFTER INSERT ON params BEGIN INSERT INTO my_log VALUES (1); END";
    database.connect().execute_batch(mine).unwrap();
    upgrade(&database).unwrap();
    let kept = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'my\\_%' ESCAPE '\\' AND tbl_name <> 'my_log'";
    let count: i64 = database.connect().query_row(kept, [], |row| row.get(0)).unwrap();
    assert_eq!(count, 2);
}
