//! MySQL and MariaDB. Each connection sets its modes so that names may stand in double quotes and a
//! backslash is a character like others.

use super::{Dialect, insert};
use crate::schema;
use crate::session::Lock;

/// There is always a character that takes the meaning from the next one; this one is never written.
const NO_ESCAPE: &str = " ESCAPE X'01'";

/// The SQL of MySQL and MariaDB.
pub struct MySql;

impl Dialect for MySql {
    /// The driver refuses what would be ignored besides.
    fn insert_or_ignore(&self, table: &str, _keys: &[&str], columns: &[&str]) -> String {
        insert(table, columns).replacen("INSERT", "INSERT IGNORE", 1)
    }

    fn upsert(&self, table: &str, keys: &[&str], columns: &[&str]) -> String {
        let all: Vec<&str> = keys.iter().chain(columns).copied().collect();
        let set: Vec<String> =
            columns.iter().map(|column| format!("{column} = VALUES({column})")).collect();
        format!("{} ON DUPLICATE KEY UPDATE {}", insert(table, &all), set.join(", "))
    }

    /// Columns are set from left to right, and each sees those set before it: the condition stays
    /// true for the rest if they are compared in the opposite order.
    fn upsert_latest_metric(&self) -> String {
        let columns = ["value", "timestamp", "step", "is_nan"];
        let all: Vec<&str> = ["run_uuid", "\"key\""].into_iter().chain(columns).collect();
        let newer = "(VALUES(step), VALUES(timestamp), VALUES(value)) > (step, timestamp, value)";
        let set = ["is_nan", "value", "timestamp", "step"]
            .map(|column| format!("{column} = IF({newer}, VALUES({column}), {column})"));
        format!("{} ON DUPLICATE KEY UPDATE {}", insert("latest_metrics", &all), set.join(", "))
    }

    fn delete_points(&self, limit: u64) -> String {
        format!("DELETE FROM metrics WHERE run_uuid = ? LIMIT {limit}")
    }

    fn nulls_last(&self, expression: &str, ascending: bool) -> String {
        let direction = if ascending { "ASC" } else { "DESC" };
        format!("{expression} IS NULL, {expression} {direction}")
    }

    fn most_conditions(&self) -> usize {
        200
    }

    /// A join has at most 61 tables.
    fn looked_up(&self) -> &'static str {
        " LIMIT 1"
    }

    fn own_indexes(&self) -> &'static str {
        schema::MYSQL_EXTRA
    }

    fn create_index(&self, statement: &str) -> String {
        statement.replacen("IF NOT EXISTS ", "", 1)
    }

    fn index_names(&self) -> &'static str {
        "SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = \
         database()"
    }

    /// To the last byte, whatever the collation of the column says.
    fn equals(&self, expression: &str) -> String {
        format!("BINARY {expression} = ?")
    }

    fn like(&self, expression: &str) -> String {
        format!("{expression} LIKE ? COLLATE utf8mb4_bin{NO_ESCAPE}")
    }

    fn ilike(&self, expression: &str) -> String {
        format!("lower({expression}) LIKE lower(?) COLLATE utf8mb4_bin{NO_ESCAPE}")
    }

    fn as_text(&self, expression: &str) -> String {
        format!("CAST({expression} AS CHAR(20))")
    }

    fn lock_clause(&self, lock: Lock) -> &'static str {
        match lock {
            Lock::Shared => " LOCK IN SHARE MODE",
            Lock::Exclusive => " FOR UPDATE",
        }
    }

    fn new_number(&self) -> Option<&'static str> {
        Some("SELECT last_insert_id()")
    }
}
