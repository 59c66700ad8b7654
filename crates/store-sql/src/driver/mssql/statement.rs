//! From our spelling of statements to Transact-SQL's: numbered arguments, long lists as one argument,
//! and inserts of many rows.

use crate::value::Value;

/// What SQL Server takes in one statement: 2,100, of which the statement itself is two.
pub const ARGUMENTS: usize = 2098;
/// From how many values on a list becomes one argument. Shorter ones are planned better as they are.
const LONG_LIST: usize = 200;
/// The most rows of one `VALUES`. Lengths are powers of two, so that few texts have to be planned.
const MOST_ROWS: usize = 512;

/// A statement as it is sent.
#[derive(Debug, PartialEq)]
pub struct Spelled<'a> {
    /// Its text, with `@P1`, `@P2` and so on.
    pub sql: String,
    /// Its arguments.
    pub args: Vec<std::borrow::Cow<'a, Value<'a>>>,
}

/// Numbers the arguments. `?2` and `?1` swap a pair: the page's offset comes first in the text, but
/// second in the arguments. A long `IN (?, ?, …)` becomes one argument that the server takes apart.
pub fn spell<'a>(sql: &str, args: &'a [Value<'a>]) -> Spelled<'a> {
    let mut spelled =
        Spelled { sql: String::with_capacity(sql.len() + 3 * args.len()), args: Vec::new() };
    let mut rest = sql;
    let mut next = 0;
    while let Some(at) = rest.find(['?', '\'', '"']) {
        let (before, found) = rest.split_at(at);
        spelled.sql.push_str(before);
        let quote = found.as_bytes()[0];
        if quote != b'?' {
            let length = found[1..].find(quote as char).map_or(found.len(), |end| end + 2);
            spelled.sql.push_str(&found[..length]);
            rest = &found[length..];
            continue;
        }
        let list = list_length(found);
        let values = args.get(next..next + list).unwrap_or_default();
        if list > LONG_LIST && before.ends_with("IN (") && values.len() == list {
            spelled.args.push(std::borrow::Cow::Owned(Value::from(json(values))));
            let kind =
                if matches!(values[0], Value::Text(_)) { "NVARCHAR(4000)" } else { "BIGINT" };
            let number = spelled.args.len();
            spelled.sql.push_str(&format!(
                "SELECT l.value FROM OPENJSON(@P{number}) WITH (value {kind} '$') AS l"
            ));
            next += list;
            rest = &found[3 * list - 2..];
            continue;
        }
        let (skip, ahead) = match found.as_bytes().get(1) {
            Some(b'2') => (2, 1),
            Some(b'1') => (2, -1),
            _ => (1, 0),
        };
        // Arguments are given in the order of the text, so that a pair is swapped here.
        let index = next.saturating_add_signed(ahead);
        if let Some(value) = args.get(index) {
            spelled.args.push(std::borrow::Cow::Borrowed(value));
        }
        spelled.sql.push_str(&format!("@P{}", spelled.args.len()));
        next += 1;
        rest = &found[skip..];
    }
    spelled.sql.push_str(rest);
    spelled
}

/// How many marks follow each other, separated by `, `.
fn list_length(sql: &str) -> usize {
    1 + sql.as_bytes()[1..].chunks_exact(3).take_while(|next| *next == b", ?").count()
}

/// Texts and numbers as a JSON array.
fn json(values: &[Value<'_>]) -> String {
    let items: Vec<serde_json::Value> = values
        .iter()
        .map(|value| match value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => i64::from(*value).into(),
            Value::Int(value) => (*value).into(),
            Value::Real(value) => (*value).into(),
            Value::Text(text) => text.as_ref().into(),
        })
        .collect();
    serde_json::Value::from(items).to_string()
}

/// A statement with `VALUES (?, …)` in it, in parts.
pub struct Rows<'s> {
    insert: &'s str,
    rest: &'s str,
    columns: usize,
}

impl<'s> Rows<'s> {
    /// The parts, or `None` if the statement has another shape.
    pub fn of(sql: &'s str, columns: usize) -> Option<Rows<'s>> {
        let (insert, rest) = sql.split_once(&format!("VALUES {}", marks(columns)))?;
        Some(Rows { insert, rest, columns })
    }

    /// The statement for so many rows.
    pub fn times(&self, count: usize) -> String {
        let rows = vec![marks(self.columns); count].join(", ");
        format!("{}VALUES {rows}{}", self.insert, self.rest)
    }

    /// How many of the remaining rows go into the next statement.
    pub fn chunk(&self, remaining: usize) -> usize {
        let most = remaining.min(ARGUMENTS / self.columns.max(1)).clamp(1, MOST_ROWS);
        1 << most.ilog2()
    }
}

fn marks(columns: usize) -> String {
    format!("({})", vec!["?"; columns].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(sql: &str, count: i64) -> (String, Vec<String>) {
        let args: Vec<Value<'_>> = (1..=count).map(Value::Int).collect();
        let Spelled { sql, args } = spell(sql, &args);
        (sql, args.iter().map(|arg| format!("{arg:?}")).collect())
    }

    #[test]
    fn arguments_are_numbered_outside_of_quotes() {
        let (sql, args) = spelled("SELECT '?' AS \"?\" WHERE a = ? AND b = ?", 2);
        assert_eq!(sql, "SELECT '?' AS \"?\" WHERE a = @P1 AND b = @P2");
        assert_eq!(args, ["Int(1)", "Int(2)"]);
    }

    #[test]
    fn a_page_takes_its_arguments_the_other_way_round() {
        let (sql, args) = spelled("WHERE a = ? OFFSET ?2 ROWS FETCH NEXT ?1 ROWS ONLY", 3);
        assert_eq!(sql, "WHERE a = @P1 OFFSET @P2 ROWS FETCH NEXT @P3 ROWS ONLY");
        assert_eq!(args, ["Int(1)", "Int(3)", "Int(2)"]);
    }

    #[test]
    fn a_long_list_is_one_argument() {
        let list =
            |count: usize| format!("a = ? AND b IN ({}) AND c = ?", crate::filter::marks(count));
        let (sql, args) = spelled(&list(3), 5);
        assert_eq!((sql.matches("@P").count(), args.len()), (5, 5));
        let (sql, args) = spelled(&list(5000), 5002);
        assert_eq!(
            sql,
            "a = @P1 AND b IN (SELECT l.value FROM OPENJSON(@P2) WITH (value BIGINT '$') AS l) AND \
             c = @P3"
        );
        assert_eq!((args.len(), args[2].as_str()), (3, "Int(5002)"));
        assert!(args[1].contains("[2,3,4,"), "{}", &args[1][..40]);
    }

    #[test]
    fn rows_are_repeated_up_to_the_limit_of_arguments() {
        let rows = Rows::of("MERGE t USING (VALUES (?, ?)) AS v", 2).unwrap();
        assert_eq!(rows.times(2), "MERGE t USING (VALUES (?, ?), (?, ?)) AS v");
        assert_eq!((rows.chunk(1), rows.chunk(700), rows.chunk(9999)), (1, 512, 512));
        let wide = Rows::of("VALUES (?, ?, ?, ?, ?, ?)", 6).unwrap();
        assert_eq!((wide.chunk(5), wide.chunk(9999)), (4, 256));
        assert!(Rows::of("UPDATE t SET a = ?", 1).is_none());
    }
}
