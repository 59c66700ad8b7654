//! PostgreSQL's spelling of our statements, made once for each text.

/// `?` as `$1`, `$2`, … Question marks inside quotes stay.
pub fn numbered(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 16);
    let (mut quote, mut number) = (None, 0);
    for character in sql.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '?') => {
                number += 1;
                out.push_str(&format!("${number}"));
                continue;
            }
            _ => {}
        }
        out.push(character);
    }
    out
}

/// `INSERT … VALUES (?, ?) …` for any number of rows at once: one array for each column. `None` if
/// the statement has another shape.
pub fn of_arrays(sql: &str, types: &[&str]) -> Option<String> {
    let marks = format!(" VALUES ({})", vec!["?"; types.len()].join(", "));
    let (insert, rest) = sql.split_once(&marks)?;
    let arrays: Vec<String> =
        types.iter().enumerate().map(|(i, name)| format!("${}::{name}[]", i + 1)).collect();
    Some(format!("{insert} SELECT * FROM unnest({}){rest}", arrays.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_numbered_outside_quotes() {
        assert_eq!(
            numbered("SELECT '?', \"a?\" FROM t WHERE x = ? AND y IN (?, ?) AND z = 'it''s ?'"),
            "SELECT '?', \"a?\" FROM t WHERE x = $1 AND y IN ($2, $3) AND z = 'it''s ?'"
        );
    }

    #[test]
    fn rows_become_arrays() {
        assert_eq!(
            of_arrays(
                "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING",
                &["text", "int8"]
            )
            .unwrap(),
            "INSERT INTO t (a, b) SELECT * FROM unnest($1::text[], $2::int8[]) ON CONFLICT DO NOTHING"
        );
        assert_eq!(of_arrays("UPDATE t SET a = ?", &["text"]), None);
    }
}
