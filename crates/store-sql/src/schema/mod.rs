//! MLflow's schema: which revision a database has, and how an empty one gets it.

use std::collections::BTreeSet;

use oxflow_model::{Error, Result};

use crate::migrate::chain;

/// The Alembic revision of MLflow 3.17.2, the one this store reads and writes.
pub const HEAD: &str = "dc11669786a5";

/// All tables of MLflow 3.17.2 for SQLite, with the row that says so in `alembic_version`.
pub const SQLITE: &str = include_str!("sqlite.sql");

/// Our own indexes on MLflow's tables for SQLite, created if missing; MLflow never notices them.
pub const SQLITE_EXTRA: &str = include_str!("sqlite_extra.sql");

/// Our own tables for SQLite, created if missing before anything else is done.
pub const SQLITE_TABLES: &str = include_str!("sqlite_tables.sql");

/// All tables of MLflow 3.17.2 for PostgreSQL, with the rows that it begins with.
pub const POSTGRES: &str = include_str!("postgres.sql");

/// Our own indexes on MLflow's tables for PostgreSQL.
pub const POSTGRES_EXTRA: &str = include_str!("postgres_extra.sql");

/// Our own tables for PostgreSQL, created if missing.
pub const POSTGRES_TABLES: &str = include_str!("postgres_tables.sql");

/// All tables of MLflow 3.17.2 for MySQL and MariaDB, with the rows that it begins with.
pub const MYSQL: &str = include_str!("mysql.sql");

/// Our own indexes on MLflow's tables for MySQL and MariaDB.
pub const MYSQL_EXTRA: &str = include_str!("mysql_extra.sql");

/// Our own tables for MySQL and MariaDB, created if missing.
pub const MYSQL_TABLES: &str = include_str!("mysql_tables.sql");

/// All tables of MLflow 3.17.2 for SQL Server, with the rows that it begins with.
pub const MSSQL: &str = include_str!("mssql.sql");

/// Our own indexes on MLflow's tables for SQL Server.
pub const MSSQL_EXTRA: &str = include_str!("mssql_extra.sql");

/// Our own tables for SQL Server, created if missing.
pub const MSSQL_TABLES: &str = include_str!("mssql_tables.sql");

/// The names of our own tables.
pub const OWN_TABLES: [&str; 3] = ["oxflow_changes", "oxflow_views", "oxflow_webhook_deliveries"];

/// Who can bring an older schema up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// `oxflow db upgrade`, which copies the file first.
    ByUs,
    /// `oxflow db upgrade`, but a backup is for the owner of the database server to take.
    OnServer,
    /// Only stock MLflow, so far.
    ByMlflow,
}

/// What a database holds before it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No tables.
    Empty,
    /// MLflow's, at this revision.
    Mlflow(String),
    /// Tables, but not MLflow's.
    Foreign,
}

impl Found {
    /// Decides from the names of the tables and the content of `alembic_version`.
    pub fn from_tables(tables: &BTreeSet<String>, revision: Option<String>) -> Found {
        match revision {
            _ if tables.is_empty() => Found::Empty,
            Some(revision) if tables.contains("experiments") => Found::Mlflow(revision),
            _ => Found::Foreign,
        }
    }
}

impl Upgrade {
    fn command(self, shown: &str) -> String {
        match self {
            Upgrade::ByUs => format!(
                "To migrate it, with a backup first, run: oxflow db upgrade {shown} (add --plan to \
                 see what that would do), or start the server with --upgrade."
            ),
            Upgrade::OnServer => format!(
                "Take a backup, then run: oxflow db upgrade {shown} (add --plan to see what that \
                 would do), or start the server with --upgrade."
            ),
            Upgrade::ByMlflow => format!(
                "Take a backup, then migrate it with stock MLflow 3.17.2: mlflow db upgrade \
                 {shown}. oxflow db upgrade does not work on this kind of database yet."
            ),
        }
    }
}

/// Whether a database can be used as it is (`false`: it must be created first), or why not.
pub fn check(found: &Found, shown: &str, upgrade: Upgrade) -> Result<bool> {
    match found {
        Found::Empty => Ok(false),
        Found::Mlflow(revision) if revision == HEAD => Ok(true),
        Found::Mlflow(revision) if chain::is_older(revision) => Err(Error::invalid(format!(
            "The database {shown} has an out-of-date schema (found revision {revision}, but \
             expected {HEAD}). Nothing was changed. {}",
            upgrade.command(shown)
        ))),
        Found::Mlflow(revision) => Err(Error::invalid(format!(
            "The database {shown} has the schema of a newer MLflow (found revision {revision}, but \
             expected {HEAD}). Nothing was changed. Use a newer Oxflow, or another database."
        ))),
        Found::Foreign => Err(Error::invalid(format!(
            "The database {shown} holds tables, but not MLflow's. Nothing was changed. Name an \
             MLflow database, or one that does not exist yet."
        ))),
    }
}

/// The statements of a script of `CREATE INDEX`, each with the name of its index.
pub fn statements(script: &str) -> Vec<(String, String)> {
    let lines = script.lines().filter(|line| !line.trim_start().starts_with("--"));
    let code: String = lines.flat_map(|line| [line, "\n"]).collect();
    let named = |statement: &str| {
        let (_, rest) = statement.split_once("IF NOT EXISTS ")?;
        Some((rest.split_whitespace().next()?.to_owned(), statement.trim().to_owned()))
    };
    code.split(';').filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_of_ours_is_found_in_its_script() {
        let found = statements(SQLITE_EXTRA);
        assert_eq!(found.len(), SQLITE_EXTRA.matches("\nCREATE INDEX").count());
        for (name, sql) in found {
            assert!(
                name.starts_with("oxflow_") && sql.starts_with("CREATE INDEX"),
                "{name}: {sql}"
            );
        }
    }
}
