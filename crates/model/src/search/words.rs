//! The reserved words of the search grammar.
//!
//! A bare word matters in two ways only. The connectives (`AND`, `IN`, `IS`, `LIKE`, ...) make up
//! clauses. Other words of SQL cannot be used as bare attribute names or values; the list holds
//! those that users are likely to type, and serves to name the offending word in the error.

use super::lexer::{Kind, is_space};

/// Reserved even after a dot: `params.case` is refused, ``params.`case` `` is not.
const NEVER_NAMES: [&str; 6] = ["AS", "CASE", "FROM", "IN", "USING", "VALUES"];

/// Names of SQL types, which sort as reserved words too.
const TYPE_NAMES: [&str; 11] = [
    "BOOLEAN",
    "DATE",
    "FLOAT",
    "INT",
    "INTEGER",
    "INTERVAL",
    "MAP",
    "NUMBER",
    "STRING",
    "TEXT",
    "TIMESTAMP",
];

/// Sorted, for the binary search.
#[rustfmt::skip]
const RESERVED: [&str; 156] = [
    "ABORT", "ACCESS", "ADD", "AFTER", "ALIAS", "ALL", "AND", "ANY", "ARCHIVE", "AT", "AVG",
    "BEFORE", "BEGIN", "BETWEEN", "BOTH", "BY", "CACHE", "CAST", "CATALOG", "CHECK", "CLASS",
    "CLOSE", "COLLATE", "COLUMN", "COMMENT", "COMMIT", "CONSTRAINT", "CONTAINS", "COUNT", "CREATE",
    "CROSS", "CURRENT", "CURSOR", "DATA", "DATABASE", "DAY", "DEFAULT", "DELETE", "DISTINCT", "DO",
    "DOMAIN", "DOUBLE", "DROP", "EACH", "ELSE", "ENABLE", "END", "ESCAPE", "EXCEPT", "EXCLUDE",
    "EXECUTE", "EXISTS", "EXPLAIN", "EXTERNAL", "FALSE", "FETCH", "FILE", "FIRST", "FOR", "FULL",
    "FUNCTION", "GENERAL", "GLOBAL", "GO", "GRANT", "GROUP", "HAVING", "HOLD", "HOST", "HOUR",
    "IDENTITY", "IF", "INCLUDE", "INDEX", "INITIAL", "INNER", "INPUT", "INSERT", "INTERSECT",
    "INTO", "IS", "ISNULL", "JOIN", "KEY", "KEY_TYPE", "LANGUAGE", "LARGE", "LAST", "LEFT",
    "LENGTH", "LEVEL", "LIMIT", "LOCAL", "LOCATION", "LOCK", "LOOP", "MATCH", "MAX", "METHOD",
    "MIN", "MINUTE", "MOD", "MODE", "MODULE", "MONTH", "NATURAL", "NEW", "NEXT", "NO", "NOT",
    "NOTNULL", "OBJECT", "OF", "OFF", "OFFSET", "OLD", "ON", "ONLY", "OPEN", "OPTION", "OR",
    "ORDER", "OUTER", "OVER", "OWNER", "PARAMETER", "PARAMETERS", "PATH", "PLAN", "POSITION",
    "PUBLIC", "RESULT", "RIGHT", "ROLE", "ROW", "ROWS", "SCALE", "SCHEMA", "SEARCH", "SECOND",
    "SELECT", "SESSION", "SET", "SHARE", "SIZE", "SOURCE", "TABLE", "THEN", "TIME", "TRUE", "TYPE",
    "UNION", "UPDATE", "USER", "VERSION", "WHERE",
];

/// Whether the word is reserved wherever it stands.
pub(super) fn is_never_a_name(word: &str) -> bool {
    is_among(&NEVER_NAMES, word)
}

/// What a bare word is.
pub(super) fn kind(word: &str) -> Kind {
    if word.eq_ignore_ascii_case("NULL") {
        Kind::Null
    } else if is_among(&RESERVED, word) || is_never_a_name(word) {
        Kind::Keyword
    } else if is_among(&TYPE_NAMES, word) {
        Kind::TypeName
    } else {
        Kind::Name
    }
}

/// The comparison words and the phrases of two words or more. `rest` starts with a word of
/// `length` bytes.
pub(super) fn phrase(rest: &str, length: usize) -> Option<(Kind, usize)> {
    let (word, after) = rest.split_at(length);
    match word.to_ascii_uppercase().as_str() {
        "LIKE" | "ILIKE" | "RLIKE" => Some((Kind::Compare, length)),
        "REGEXP" => {
            Some((Kind::Compare, length + next_word(after, &["BINARY"]).unwrap_or_default()))
        }
        "NOT" => negated(after).map(|(kind, more)| (kind, length + more)),
        "ASC" | "DESC" => Some((Kind::Order, length + nulls(after).unwrap_or_default())),
        "ORDER" | "GROUP" => next_word(after, &["BY"]).map(|more| (Kind::Keyword, length + more)),
        "NULLS" => next_word(after, &["FIRST", "LAST"]).map(|more| (Kind::Order, length + more)),
        _ => None,
    }
}

/// What `NOT` makes with the word after it.
fn negated(after: &str) -> Option<(Kind, usize)> {
    if let Some(length) = next_word(after, &["NULL"]) {
        return Some((Kind::Keyword, length));
    }
    let length = next_word(after, &["LIKE", "ILIKE", "RLIKE"]);
    let length = length.or_else(|| {
        let length = next_word(after, &["REGEXP"])?;
        Some(length + next_word(&after[length..], &["BINARY"]).unwrap_or_default())
    });
    length.map(|length| (Kind::Compare, length))
}

/// Bytes of ` NULLS FIRST` or ` NULLS LAST`.
fn nulls(after: &str) -> Option<usize> {
    let first = next_word(after, &["NULLS"])?;
    next_word(&after[first..], &["FIRST", "LAST"]).map(|second| first + second)
}

/// Bytes of the white space and the word at the start of `after`, if it is one of `wanted`.
fn next_word(after: &str, wanted: &[&str]) -> Option<usize> {
    let word = after.trim_start_matches(is_space);
    let space = after.len() - word.len();
    let end = word.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(word.len());
    let found = wanted.iter().any(|wanted| word[..end].eq_ignore_ascii_case(wanted));
    (space > 0 && found).then_some(space + end)
}

fn is_among(sorted: &[&str], word: &str) -> bool {
    // Longer than any reserved word: spares the copy.
    word.len() <= 16 && sorted.binary_search(&word.to_ascii_uppercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(RESERVED.is_sorted() && TYPE_NAMES.is_sorted() && NEVER_NAMES.is_sorted());
    }
}
