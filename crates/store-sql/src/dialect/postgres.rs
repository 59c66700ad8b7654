//! PostgreSQL: truth values are a type of their own, `LIKE` has an escape character unless told
//! otherwise, and rows are locked by name.

use super::Dialect;
use crate::schema;
use crate::session::Lock;

/// PostgreSQL's SQL.
pub struct Postgres;

impl Dialect for Postgres {
    fn delete_points(&self, limit: u64) -> String {
        format!(
            "DELETE FROM metrics WHERE ctid = ANY (ARRAY(SELECT ctid FROM metrics WHERE run_uuid = ? \
             LIMIT {limit}))"
        )
    }

    fn most_conditions(&self) -> usize {
        200
    }

    fn looked_up(&self) -> &'static str {
        " OFFSET 0"
    }

    fn after_given_numbers(&self) -> Option<&'static str> {
        Some(
            "SELECT setval(pg_get_serial_sequence('experiments', 'experiment_id'), \
             (SELECT greatest(max(experiment_id), 1) FROM experiments))",
        )
    }

    fn own_indexes(&self) -> &'static str {
        schema::POSTGRES_EXTRA
    }

    fn index_names(&self) -> &'static str {
        "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
    }

    fn truth(&self, value: bool) -> &'static str {
        if value { "TRUE" } else { "FALSE" }
    }

    fn like(&self, expression: &str) -> String {
        format!("{expression} LIKE ? ESCAPE ''")
    }

    fn ilike(&self, expression: &str) -> String {
        format!("{expression} ILIKE ? ESCAPE ''")
    }

    fn lock_clause(&self, lock: Lock) -> &'static str {
        match lock {
            Lock::Shared => " FOR SHARE",
            // Foreign keys that point to the row need not wait.
            Lock::Exclusive => " FOR NO KEY UPDATE",
        }
    }

    fn new_number(&self) -> Option<&'static str> {
        Some("SELECT lastval()")
    }
}
