//! What differs between the databases' SQL. The default is the common case; the doc comment says
//! who differs.

mod mssql;
mod mysql;
mod postgres;
mod sqlite;

pub use mssql::MsSql;
pub use mysql::MySql;
pub use postgres::Postgres;
pub use sqlite::Sqlite;

use crate::session::Lock;

/// The SQL of one database.
pub trait Dialect: Send + Sync {
    /// Inserts a row unless one with its key exists. MySQL says `INSERT IGNORE`; only SQL Server has
    /// to be told the `keys`, and looks for them in the table.
    fn insert_or_ignore(&self, table: &str, _keys: &[&str], columns: &[&str]) -> String {
        format!("{} ON CONFLICT DO NOTHING", insert(table, columns))
    }

    /// Inserts a row, or sets `columns` of the one with the same `keys`. MySQL says
    /// `ON DUPLICATE KEY UPDATE`, SQL Server needs `MERGE`.
    fn upsert(&self, table: &str, keys: &[&str], columns: &[&str]) -> String {
        let all: Vec<&str> = keys.iter().chain(columns).copied().collect();
        let set: Vec<String> =
            columns.iter().map(|column| format!("{column} = excluded.{column}")).collect();
        format!(
            "{} ON CONFLICT ({}) DO UPDATE SET {}",
            insert(table, &all),
            keys.join(", "),
            set.join(", ")
        )
    }

    /// Inserts or replaces the latest point of a metric, if the new one is greater by (step,
    /// timestamp, value), which is MLflow's rule. Arguments: run, key, value, timestamp, step,
    /// is_nan.
    fn upsert_latest_metric(&self) -> String {
        let columns = ["value", "timestamp", "step", "is_nan"];
        format!(
            "{} WHERE (excluded.step, excluded.timestamp, excluded.value) \
             > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)",
            self.upsert("latest_metrics", &["run_uuid", "\"key\""], &columns)
        )
    }

    /// The end of a query for one page; two arguments: limit and offset. SQL Server wants
    /// `OFFSET ? ROWS FETCH NEXT ? ROWS ONLY`.
    fn page(&self) -> &'static str {
        " LIMIT ? OFFSET ?"
    }

    /// What makes a query stop after so many rows: a word behind its `SELECT [DISTINCT]`, and one at
    /// its end. SQL Server has the former, all others the latter.
    fn first(&self, count: usize) -> (String, String) {
        (String::new(), format!(" LIMIT {count}"))
    }

    /// The order of a query. SQL Server refuses a column that is there already.
    fn order_by(&self, columns: &[String]) -> String {
        format!(" ORDER BY {}", columns.join(", "))
    }

    /// What a condition on the key and value of `table` (called `x`) must also say, so that the
    /// planner may start from our index on them; `None` where the planner knows the data well
    /// enough to find its own way. `table` is one of `latest_metrics`, `params` and `tags`.
    fn start_from(&self, _table: &str) -> Option<&'static str> {
        None
    }

    /// Behind the name of a table: use this index and no other. Empty where the planner knows
    /// better; MySQL says `FORCE INDEX`.
    fn use_index(&self, _index: &str) -> String {
        String::new()
    }

    /// Deletes at most so many points of a run, whichever; the argument is its id.
    fn delete_points(&self, limit: u64) -> String;

    /// A query to run after experiments were given numbers by hand, so that the database, by which
    /// stock MLflow numbers them, does not give them out again. PostgreSQL counts apart.
    fn after_given_numbers(&self) -> Option<&'static str> {
        None
    }

    /// The largest number of an experiment, which is an `INTEGER`. SQLite's have 64 bits.
    fn largest_experiment(&self) -> i64 {
        i32::MAX.into()
    }

    /// Sorts by `expression`, NULL last in both directions. MySQL and SQL Server have no
    /// `NULLS LAST`; they sort on a CASE expression first.
    fn nulls_last(&self, expression: &str, ascending: bool) -> String {
        let direction = if ascending { "ASC" } else { "DESC" };
        format!("{expression} {direction} NULLS LAST")
    }

    /// How many conditions and columns of an order a search may have. PostgreSQL plans for many
    /// seconds beyond that.
    fn most_conditions(&self) -> usize {
        usize::MAX
    }

    /// The end of a subquery that is looked up for each row instead of being joined. PostgreSQL
    /// takes too long to decide how to join dozens of them.
    fn looked_up(&self) -> &'static str {
        ""
    }

    /// Our own indexes on MLflow's tables, as a script of `CREATE INDEX`.
    fn own_indexes(&self) -> &'static str;

    /// One of its statements, for a database that lacks the index. MySQL knows no `IF NOT EXISTS`
    /// there.
    fn create_index(&self, statement: &str) -> String {
        statement.to_owned()
    }

    /// Asks for the names of all indexes.
    fn index_names(&self) -> &'static str;

    /// `expression = ?`, told apart by case. MySQL needs `BINARY`, SQL Server a collation.
    fn equals(&self, expression: &str) -> String {
        format!("{expression} = ?")
    }

    /// `expression LIKE ?`, told apart by case.
    fn like(&self, expression: &str) -> String {
        format!("{expression} LIKE ?")
    }

    /// `expression LIKE ?`, not told apart by case.
    fn ilike(&self, expression: &str) -> String {
        format!("lower({expression}) LIKE lower(?)")
    }

    /// A number or text as text. MySQL says `CHAR`.
    fn as_text(&self, expression: &str) -> String {
        format!("CAST({expression} AS VARCHAR(20))")
    }

    /// A truth value, to compare a column with. PostgreSQL does not take numbers for it.
    fn truth(&self, value: bool) -> &'static str {
        if value { "1" } else { "0" }
    }

    /// The end of a query whose rows are to stay locked until the transaction ends. SQLite has one
    /// writer at a time and needs none.
    fn lock_clause(&self, _lock: Lock) -> &'static str {
        ""
    }

    /// A query whose rows are to stay locked until the transaction ends. SQL Server says so behind
    /// the name of the table, not at the end.
    fn locking(&self, sql: &str, lock: Lock) -> String {
        format!("{sql}{}", self.lock_clause(lock))
    }

    /// An insert of these columns, where the number of an experiment may be among them, which the
    /// database otherwise gives. SQL Server takes none unless it is told to.
    fn numbered_by_hand(&self, _table: &str, _columns: &[&str], statement: String) -> String {
        statement
    }

    /// Asks for the number that the database gave the row inserted last; `None` where numbers are
    /// given by hand, as in SQLite, which has one writer at a time.
    fn new_number(&self) -> Option<&'static str> {
        None
    }
}

/// `INSERT INTO table (columns) VALUES (?, …)`.
pub fn insert(table: &str, columns: &[&str]) -> String {
    let marks = vec!["?"; columns.len()].join(", ");
    format!("INSERT INTO {table} ({}) VALUES ({marks})", columns.join(", "))
}
