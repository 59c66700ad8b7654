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

/// `INSERT … VALUES (?, ?) …` for any number of rows at once: one array for each column, whose items
/// have a type and may have to be cast to the column's. `None` if the statement has another shape.
pub fn of_arrays(sql: &str, columns: &[(&str, Option<String>)]) -> Option<String> {
    let marks = format!(" VALUES ({})", vec!["?"; columns.len()].join(", "));
    let (insert, rest) = sql.split_once(&marks)?;
    let (mut items, mut names, mut arrays) = (Vec::new(), Vec::new(), Vec::new());
    for (i, (item, cast)) in columns.iter().enumerate() {
        let name = format!("c{i}");
        items.push(cast.as_ref().map_or_else(|| name.clone(), |to| format!("{name}::{to}")));
        arrays.push(format!("${}::{item}[]", i + 1));
        names.push(name);
    }
    let (items, names, arrays) = (items.join(", "), names.join(", "), arrays.join(", "));
    Some(format!("{insert} SELECT {items} FROM unnest({arrays}) AS many ({names}){rest}"))
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
                &[("text", Some("json".to_owned())), ("int8", None)]
            )
            .unwrap(),
            "INSERT INTO t (a, b) SELECT c0::json, c1 \
             FROM unnest($1::text[], $2::int8[]) AS many (c0, c1) ON CONFLICT DO NOTHING"
        );
        assert_eq!(of_arrays("UPDATE t SET a = ?", &[("text", None)]), None);
    }
}
