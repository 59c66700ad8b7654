//! Spells keys and values so that the parser reads them back.

use std::fmt::{self, Display, Formatter};

use super::field::trim_quotes;
use super::lexer::quoted;
use super::{NumberOp, TextOp, TextTest};

/// Clauses with `AND` between them.
pub(super) fn join<T: Display>(clauses: &[T], f: &mut Formatter<'_>) -> fmt::Result {
    for (at, clause) in clauses.iter().enumerate() {
        f.write_str(if at == 0 { "" } else { " AND " })?;
        clause.fmt(f)?;
    }
    Ok(())
}

/// A quoted key. There are keys that no quotes fit (they mix all kinds of quotes); they are
/// spelled as they are.
pub(super) fn key(key: &str) -> String {
    let spellings =
        [format!("`{key}`"), format!("\"{key}\""), format!("'{key}'"), format!("\"`{key}`\"")];
    let fits = |spelling: &String| trim_quotes(spelling) == key && closes_cleanly(spelling);
    spellings.into_iter().find(fits).unwrap_or_else(|| key.to_owned())
}

/// A key of logged models, which only backticks quote. A key that cannot stand between them was
/// spelled without.
pub(super) fn loose_key(key: &str) -> String {
    let quoted = format!("`{key}`");
    if closes_cleanly(&quoted) { quoted } else { key.to_owned() }
}

/// A quoted text. A text that mixes quotes, or ends in a backslash, may have no spelling that is
/// safe in front of other clauses.
pub(super) fn text(text: &str) -> String {
    let spellings = [format!("'{text}'"), format!("\"{text}\"")];
    let single = spellings[0].clone();
    spellings.into_iter().find(|spelling| closes_cleanly(spelling)).unwrap_or(single)
}

/// Whether the quotes enclose everything, whatever follows.
fn closes_cleanly(spelling: &str) -> bool {
    quoted(spelling).is_some_and(|quoted| quoted.clean && quoted.length == spelling.len())
}

/// A number. Infinity has no name in the grammar, but is what overflows.
pub(super) fn number(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "1e999" } else { "-1e999" }.to_owned();
    }
    format!("{number:?}")
}

/// `key operator value`, for texts.
pub(super) fn text_comparison(key: &str, op: TextOp, value: &str) -> String {
    format!("{key} {} {}", op.as_str(), text(value))
}

/// `key operator value`, for numbers.
pub(super) fn number_comparison(key: &str, op: NumberOp, value: impl Display) -> String {
    format!("{key} {} {value}", op.as_str())
}

/// `key operator value` or `key [NOT] IN (...)`.
pub(super) fn text_test(key: &str, test: &TextTest) -> String {
    match test {
        TextTest::Compare { op, value } => text_comparison(key, *op, value),
        TextTest::OneOf { negated, values } => membership(key, *negated, values),
    }
}

/// [`text_test`] for logged models, where only `'` counts as a quote: what stands in others is
/// its own spelling.
pub(super) fn loose_test(key: &str, test: &TextTest) -> String {
    match test {
        TextTest::Compare { op, value }
            if !closes_cleanly(&format!("'{value}'")) && closes_cleanly(value) =>
        {
            format!("{key} {} {value}", op.as_str())
        }
        _ => text_test(key, test),
    }
}

/// `key ASC` or `key DESC`.
pub(super) fn order(key: &str, ascending: bool) -> String {
    format!("{key} {}", if ascending { "ASC" } else { "DESC" })
}

/// `key [NOT] IN (...)`.
pub(super) fn membership<T: AsRef<str>>(key: &str, negated: bool, values: &[T]) -> String {
    let values: Vec<String> = values.iter().map(|value| literal(value.as_ref())).collect();
    let operator = if negated { "NOT IN" } else { "IN" };
    format!("{key} {operator} ({})", values.join(", "))
}

/// `key IS [NOT] NULL`.
pub(super) fn presence(key: &str, is_null: bool) -> String {
    format!("{key} IS {}", if is_null { "NULL" } else { "NOT NULL" })
}

/// A member of a list. Unlike single values they know escapes, so that any text can be spelled;
/// quotes and backslashes are written as numbers, to mean nothing to the lexer.
fn literal(text: &str) -> String {
    let mut spelled = String::from("'");
    for char in text.chars() {
        if char.is_control() || matches!(char, '\'' | '"' | '\\') {
            spelled.push_str(&format!("\\x{:02x}", u32::from(char)));
        } else {
            spelled.push(char);
        }
    }
    spelled.push('\'');
    spelled
}
