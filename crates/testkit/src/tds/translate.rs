//! From the Transact-SQL that Oxflow sends to SQLite's SQL: the few shapes that its dialect has, and no
//! more. What has another shape is refused by SQLite, or means something else there; this is no T-SQL.

/// A statement for SQLite, or the number of SQL Server's error and its words.
pub fn translate(sql: &str) -> Result<String, (u32, String)> {
    let mut sql = sql.trim().to_owned();
    for hint in HINTS {
        sql = sql.replace(hint, "");
    }
    sql = sql
        .replace("COLLATE Latin1_General_100_BIN2", "COLLATE BINARY")
        .replace("CAST(@@IDENTITY AS BIGINT)", "last_insert_rowid()")
        .replace("@@VERSION", "'Microsoft SQL Server 2022 (responder)'")
        .replace("@@version", "'Microsoft SQL Server 2022 (responder)'");
    sql = patterns(&sql);
    sql = lists(&sql);
    sql = values(&sql);
    if sql.starts_with("MERGE ") {
        sql = merge(&sql).ok_or_else(|| syntax("MERGE"))?;
    }
    pages(&tops(&first_deleted(&sql)))
}

const HINTS: [&str; 4] = [
    " WITH (XLOCK, ROWLOCK)",
    " WITH (REPEATABLEREAD, ROWLOCK)",
    " WITH (UPDLOCK, HOLDLOCK)",
    " WITH (HOLDLOCK)",
];

fn syntax(near: &str) -> (u32, String) {
    (102, format!("Incorrect syntax near '{near}'."))
}

/// The words between two texts, with what stands before and after.
fn between<'s>(sql: &'s str, begin: &str, end: &str) -> Option<(&'s str, &'s str, &'s str)> {
    let (before, rest) = sql.split_once(begin)?;
    let (inner, after) = rest.split_once(end)?;
    Some((before, inner, after))
}

/// `REPLACE(@P1, N'[', N'[[]')` takes the meaning from a bracket, which it does not have in SQLite.
fn patterns(sql: &str) -> String {
    let mut sql = sql.to_owned();
    while let Some((before, inner, after)) = between(&sql, "REPLACE(", ", N'[', N'[[]')") {
        sql = format!("{before}{inner}{after}");
    }
    for before in [' ', '(', ',', '='] {
        sql = sql.replace(&format!("{before}N'"), &format!("{before}'"));
    }
    sql
}

fn lists(sql: &str) -> String {
    let mut sql = sql.to_owned();
    while let Some((before, inner, after)) = between(&sql, "OPENJSON(", " AS l") {
        let Some((argument, _)) = inner.split_once(')') else { break };
        sql = format!("{before}json_each({argument}) AS l{after}");
    }
    sql
}

/// `(VALUES (…)) AS x (a, b)`: SQLite gives its columns other names.
fn values(sql: &str) -> String {
    let Some((before, rest)) = sql.split_once("FROM (VALUES ") else { return sql.to_owned() };
    let Some((rows, names, after)) = between(rest, ") AS x (", ")") else { return sql.to_owned() };
    let names: Vec<String> = names
        .split(", ")
        .enumerate()
        .map(|(i, name)| format!("column{} AS {name}", i + 1))
        .collect();
    format!("{before}FROM (SELECT {} FROM (VALUES {rows})) AS x{after}", names.join(", "))
}

fn merge(sql: &str) -> Option<String> {
    let (table, rest) = sql.strip_prefix("MERGE INTO ")?.split_once(" AS t USING (VALUES ")?;
    let (rows, rest) = rest.split_once(") AS v (")?;
    let (columns, rest) = rest.split_once(") ON ")?;
    let (keys, rest) = rest.split_once(" WHEN MATCHED")?;
    let (condition, rest) = rest.split_once(" THEN UPDATE SET ")?;
    let (set, _) = rest.split_once(" WHEN NOT MATCHED THEN INSERT ")?;
    let keys: Option<Vec<&str>> = keys
        .split(" AND ")
        .map(|pair| Some(pair.strip_prefix("t.")?.split_once(" = ")?.0))
        .collect();
    let condition = condition.replacen(" AND ", " WHERE ", 1);
    let update = format!("{set}{condition}").replace("v.", "excluded.");
    Some(format!(
        "INSERT INTO {table} AS t ({columns}) VALUES {rows} ON CONFLICT ({}) DO UPDATE SET {update}",
        keys?.join(", ")
    ))
}

/// SQLite deletes rows of tables only, so the first ones are named by their numbers.
fn first_deleted(sql: &str) -> String {
    let query = between(sql, "WITH points AS (SELECT TOP (", ") DELETE FROM points");
    let parts = query.and_then(|(_, query, _)| query.split_once(") * FROM "));
    let parts = parts.and_then(|(count, rest)| Some((count, rest.split_once(" WHERE ")?)));
    match parts {
        Some((count, (table, condition))) => format!(
            "DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE {condition} LIMIT {count})"
        ),
        None => sql.to_owned(),
    }
}

/// `SELECT TOP (5) …` ends with its bracket, if it stands in one.
fn tops(sql: &str) -> String {
    let mut sql = sql.to_owned();
    while let Some((before, count, after)) = between(&sql, " TOP (", ")") {
        let mut depth = 0;
        let end = after.find(|c| {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth < 0
        });
        let (query, rest) = after.split_at(end.unwrap_or(after.len()));
        sql = format!("{before}{query} LIMIT {count}{rest}");
    }
    sql
}

/// Only what is ordered has pages.
fn pages(sql: &str) -> Result<String, (u32, String)> {
    let mut sql = sql.to_owned();
    while let Some((before, offset, rest)) = between(&sql, " OFFSET ", " ROWS FETCH NEXT ") {
        let Some((count, after)) = rest.split_once(" ROWS ONLY") else {
            return Err(syntax("FETCH"));
        };
        if !before.contains(" ORDER BY ") {
            return Err(syntax("OFFSET"));
        }
        // The line break keeps it from being found again.
        sql = format!("{before} LIMIT {count} OFFSET\n{offset}{after}");
    }
    Ok(sql)
}

/// The statements of a batch: texts and names may hold semicolons.
pub fn statements(batch: &str) -> Vec<&str> {
    let (mut found, mut begin, mut quote) = (Vec::new(), 0, None);
    for (at, byte) in batch.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b';') => {
                found.push(batch[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
    }
    found.push(batch[begin..].trim());
    found.retain(|statement| !statement.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_dialect_writes_is_understood() {
        for (sql, wanted) in [
            (
                "MERGE INTO tags WITH (HOLDLOCK) AS t USING (VALUES (@P1, @P2)) AS v (\"key\", value) \
                 ON t.\"key\" = v.\"key\" WHEN MATCHED AND (v.value > t.value) THEN UPDATE SET value = \
                 v.value WHEN NOT MATCHED THEN INSERT (\"key\", value) VALUES (v.\"key\", v.value)",
                "INSERT INTO tags AS t (\"key\", value) VALUES (@P1, @P2) ON CONFLICT (\"key\") DO \
                 UPDATE SET value = excluded.value WHERE (excluded.value > t.value)",
            ),
            (
                "SELECT 'ON', N'x' WHERE a COLLATE Latin1_General_100_BIN2 LIKE REPLACE(@P1, N'[', N'[[]')",
                "SELECT 'ON', 'x' WHERE a COLLATE BINARY LIKE @P1",
            ),
            (
                "SELECT TOP (5) a, (SELECT TOP (1) max(b) FROM u) FROM t",
                "SELECT a, (SELECT max(b) FROM u LIMIT 1) FROM t LIMIT 5",
            ),
            (
                "WITH points AS (SELECT TOP (5) * FROM t WHERE a = @P1) DELETE FROM points",
                "DELETE FROM t WHERE rowid IN (SELECT rowid FROM t WHERE a = @P1 LIMIT 5)",
            ),
            (
                "SELECT a FROM t ORDER BY a OFFSET @P1 ROWS FETCH NEXT @P2 ROWS ONLY",
                "SELECT a FROM t ORDER BY a LIMIT @P2 OFFSET\n@P1",
            ),
        ] {
            assert_eq!(translate(sql), Ok(wanted.to_owned()));
        }
        let unordered = "SELECT a FROM t OFFSET @P1 ROWS FETCH NEXT @P2 ROWS ONLY";
        assert!(translate(unordered).is_err());
        assert_eq!(statements("a; b 'x;y';;"), ["a", "b 'x;y'"]);
    }
}
