//! SQL Server. Each connection sets its modes so that names may stand in double quotes.

use super::Dialect;
use crate::schema;
use crate::session::Lock;

/// Tells texts apart to the last character, whatever the collation of the database says.
const EXACT: &str = "COLLATE Latin1_General_100_BIN2";
/// `[` begins a set of characters in a pattern, unless it stands in brackets itself.
const PATTERN: &str = "REPLACE(?, N'[', N'[[]')";

/// The SQL of SQL Server.
pub struct MsSql;

impl Dialect for MsSql {
    /// Rows that meet within the statement are made one first. What is not there stays locked, so that
    /// nobody else inserts it meanwhile.
    fn insert_or_ignore(&self, table: &str, keys: &[&str], columns: &[&str]) -> String {
        let statement = format!(
            "INSERT INTO {table} ({}) SELECT {} FROM (SELECT x.*, ROW_NUMBER() OVER (PARTITION BY {} \
             ORDER BY {}) AS oxflow_nth FROM (VALUES ({})) AS x ({})) AS v WHERE v.oxflow_nth = 1 AND \
             NOT EXISTS (SELECT 1 FROM {table} AS t WITH (UPDLOCK, HOLDLOCK) WHERE {})",
            columns.join(", "),
            of("v", columns),
            of("x", keys),
            of("x", keys),
            marks(columns.len()),
            columns.join(", "),
            same(keys),
        );
        self.numbered_by_hand(table, columns, statement)
    }

    fn upsert(&self, table: &str, keys: &[&str], columns: &[&str]) -> String {
        let all: Vec<&str> = keys.iter().chain(columns).copied().collect();
        let statement = merge(table, keys, columns, "");
        self.numbered_by_hand(table, &all, statement)
    }

    /// Rows are not compared as a whole here.
    fn upsert_latest_metric(&self) -> String {
        let newer = " AND (v.step > t.step OR (v.step = t.step AND (v.timestamp > t.timestamp OR \
                     (v.timestamp = t.timestamp AND v.value > t.value))))";
        let columns = ["value", "timestamp", "step", "is_nan"];
        merge("latest_metrics", &["run_uuid", "\"key\""], &columns, newer)
    }

    /// The driver swaps the two arguments, which stand the other way round here.
    fn page(&self) -> &'static str {
        " OFFSET ?2 ROWS FETCH NEXT ?1 ROWS ONLY"
    }

    fn first(&self, count: usize) -> (String, String) {
        (format!(" TOP ({count})"), String::new())
    }

    fn delete_points(&self, limit: u64) -> String {
        format!(
            "WITH points AS (SELECT TOP ({limit}) * FROM metrics WHERE run_uuid = ?) DELETE FROM points"
        )
    }

    fn nulls_last(&self, expression: &str, ascending: bool) -> String {
        let direction = if ascending { "ASC" } else { "DESC" };
        format!("CASE WHEN {expression} IS NULL THEN 1 ELSE 0 END, {expression} {direction}")
    }

    /// A column may be in an order only once; what follows its first place has no effect anyway.
    fn order_by(&self, columns: &[String]) -> String {
        let mut kept: Vec<&str> = Vec::new();
        for column in columns.iter().flat_map(|columns| split(columns)) {
            // Each mark is an argument of its own, so that there is nothing to compare.
            let again = |known: &&str| without_direction(known) == without_direction(column);
            if column.contains('?') || !kept.iter().any(again) {
                kept.push(column);
            }
        }
        format!(" ORDER BY {}", kept.join(", "))
    }

    /// A statement reads from at most 256 tables.
    fn most_conditions(&self) -> usize {
        200
    }

    fn own_indexes(&self) -> &'static str {
        schema::MSSQL_EXTRA
    }

    fn create_index(&self, statement: &str) -> String {
        statement.replacen("IF NOT EXISTS ", "", 1)
    }

    fn index_names(&self) -> &'static str {
        "SELECT i.name FROM sys.indexes i JOIN sys.tables t ON t.object_id = i.object_id \
         WHERE t.schema_id = SCHEMA_ID() AND i.name IS NOT NULL"
    }

    fn equals(&self, expression: &str) -> String {
        format!("{expression} {EXACT} = ?")
    }

    fn like(&self, expression: &str) -> String {
        format!("{expression} {EXACT} LIKE {PATTERN}")
    }

    fn ilike(&self, expression: &str) -> String {
        format!("LOWER({expression}) {EXACT} LIKE LOWER({PATTERN})")
    }

    /// Readers do not get by either: what they rely on would not be true any more when they commit.
    fn lock_clause(&self, lock: Lock) -> &'static str {
        match lock {
            Lock::Shared => " WITH (REPEATABLEREAD, ROWLOCK)",
            Lock::Exclusive => " WITH (XLOCK, ROWLOCK)",
        }
    }

    /// Behind the name of the table.
    fn locking(&self, sql: &str, lock: Lock) -> String {
        sql.replacen(" WHERE ", &format!("{} WHERE ", self.lock_clause(lock)), 1)
    }

    fn new_number(&self) -> Option<&'static str> {
        Some("SELECT CAST(@@IDENTITY AS BIGINT)")
    }

    /// The database has to be told before, and after.
    fn numbered_by_hand(&self, table: &str, columns: &[&str], statement: String) -> String {
        if table != "experiments" || !columns.contains(&"experiment_id") {
            return statement;
        }
        let statement = statement.trim_end_matches(';');
        format!("SET IDENTITY_INSERT {table} ON; {statement}; SET IDENTITY_INSERT {table} OFF")
    }
}

/// Updates the row of the same keys, under a condition, or inserts it. Whoever looks for the row
/// meanwhile waits.
fn merge(table: &str, keys: &[&str], columns: &[&str], condition: &str) -> String {
    let all: Vec<&str> = keys.iter().chain(columns).copied().collect();
    let set: Vec<String> = columns.iter().map(|column| format!("{column} = v.{column}")).collect();
    format!(
        "MERGE INTO {table} WITH (HOLDLOCK) AS t USING (VALUES ({})) AS v ({}) ON {} WHEN MATCHED\
         {condition} THEN UPDATE SET {} WHEN NOT MATCHED THEN INSERT ({}) VALUES ({});",
        marks(all.len()),
        all.join(", "),
        same(keys),
        set.join(", "),
        all.join(", "),
        of("v", &all),
    )
}

fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}

/// The columns of a table that is called so.
fn of(table: &str, columns: &[&str]) -> String {
    columns.iter().map(|column| format!("{table}.{column}")).collect::<Vec<_>>().join(", ")
}

/// That the table, `t`, and the values, `v`, have the same in these columns.
fn same(columns: &[&str]) -> String {
    let pairs: Vec<String> =
        columns.iter().map(|column| format!("t.{column} = v.{column}")).collect();
    pairs.join(" AND ")
}

/// The parts of a list, whose commas may also stand in brackets.
fn split(list: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut depth) = (Vec::new(), 0, 0);
    for (at, byte) in list.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(list[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(list[begin..].trim());
    parts
}

fn without_direction(column: &str) -> &str {
    column.trim_end_matches(" ASC").trim_end_matches(" DESC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_in_an_order_once() {
        let order = |columns: &[&str]| {
            MsSql.order_by(&columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(order(&["a ASC", "b DESC", "a DESC"]), " ORDER BY a ASC, b DESC");
        let by_null = MsSql.nulls_last("coalesce(a, b)", true);
        assert_eq!(order(&[&by_null, &by_null, "c ASC"]), format!(" ORDER BY {by_null}, c ASC"));
        assert_eq!(order(&["f(?) ASC", "f(?) ASC"]), " ORDER BY f(?) ASC, f(?) ASC");
    }

    #[test]
    fn locks_stand_behind_the_table() {
        let sql = "SELECT a FROM runs r WHERE r.a = ? AND EXISTS (SELECT 1 FROM t WHERE x = 1)";
        assert_eq!(
            MsSql.locking(sql, Lock::Exclusive),
            sql.replacen("runs r", "runs r WITH (XLOCK, ROWLOCK)", 1)
        );
    }

    #[test]
    fn only_numbers_of_experiments_are_announced() {
        let upsert = MsSql.upsert("experiments", &["experiment_id"], &["name"]);
        assert!(upsert.starts_with("SET IDENTITY_INSERT experiments ON; MERGE INTO experiments"));
        assert!(upsert.ends_with("; SET IDENTITY_INSERT experiments OFF"), "{upsert}");
        assert!(
            MsSql.upsert("experiment_tags", &["experiment_id"], &["value"]).starts_with("MERGE")
        );
    }
}
