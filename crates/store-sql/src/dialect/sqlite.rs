//! SQLite: the common case. `LIKE` minds the case because the driver sets
//! `PRAGMA case_sensitive_like`, as MLflow does.

use super::Dialect;
use crate::schema;

/// SQLite's SQL.
pub struct Sqlite;

impl Dialect for Sqlite {
    fn use_index(&self, index: &str) -> String {
        format!(" INDEXED BY {index}")
    }

    /// The index has the rows of a run in the order of the table, in which they were logged: each
    /// page is changed once.
    fn delete_points(&self, limit: u64) -> String {
        format!(
            "DELETE FROM metrics WHERE rowid IN (SELECT rowid FROM metrics INDEXED BY \
             index_metrics_run_uuid WHERE run_uuid = ? LIMIT {limit})"
        )
    }

    fn largest_experiment(&self) -> i64 {
        i64::MAX
    }

    /// The conditions of the partial indexes in `schema/sqlite_extra.sql`, word for word.
    fn start_from(&self, table: &str) -> Option<&'static str> {
        match table {
            "latest_metrics" => Some("x.is_nan IN (0, 1)"),
            "params" => Some("length(x.value) <= 128"),
            "tags" => Some("length(x.value) <= 128 AND substr(x.\"key\", 1, 7) <> 'mlflow.'"),
            _ => None,
        }
    }

    fn own_indexes(&self) -> &'static str {
        schema::SQLITE_EXTRA
    }

    fn index_names(&self) -> &'static str {
        "SELECT name FROM sqlite_master WHERE type = 'index'"
    }

    /// NULL counts as smallest here, so that downwards needs no word, which would keep the planner
    /// from using an index.
    fn nulls_last(&self, expression: &str, ascending: bool) -> String {
        if ascending {
            format!("{expression} ASC NULLS LAST")
        } else {
            format!("{expression} DESC")
        }
    }
}
