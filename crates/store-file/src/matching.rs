//! Search clauses, evaluated: what texts and numbers must be like.

use std::cmp::Ordering;

use oxflow_model::search::{NumberOp, TextOp, TextTest};
use oxflow_model::{Page, PageRequest};

/// Whether a text passes.
pub fn text(op: TextOp, found: &str, wanted: &str) -> bool {
    match op {
        TextOp::Eq => found == wanted,
        TextOp::Ne => found != wanted,
        TextOp::Like => like(found, wanted),
        TextOp::ILike => like(&found.to_lowercase(), &wanted.to_lowercase()),
    }
}

/// Whether a text passes, where lists are allowed too.
pub fn test(test: &TextTest, found: &str) -> bool {
    match test {
        TextTest::Compare { op, value } => text(*op, found, value),
        TextTest::OneOf { negated, values } => one_of(*negated, values, found),
    }
}

/// Whether a text that may be missing passes. What is missing passes nothing, but is outside of an
/// empty list.
pub fn test_any(wanted: &TextTest, found: Option<&str>) -> bool {
    match (wanted, found) {
        (TextTest::OneOf { negated: true, values }, None) => values.is_empty(),
        (_, found) => found.is_some_and(|found| test(wanted, found)),
    }
}

/// Whether a text is in a list, or not.
pub fn one_of(negated: bool, values: &[String], found: &str) -> bool {
    values.iter().any(|value| value == found) != negated
}

/// Whether a number passes. NaN differs from every number and compares with none.
pub fn number<T: PartialOrd>(op: NumberOp, found: &T, wanted: &T) -> bool {
    let order = found.partial_cmp(wanted);
    match op {
        NumberOp::Gt => order.is_some_and(Ordering::is_gt),
        NumberOp::Ge => order.is_some_and(Ordering::is_ge),
        NumberOp::Lt => order.is_some_and(Ordering::is_lt),
        NumberOp::Le => order.is_some_and(Ordering::is_le),
        NumberOp::Eq => order.is_some_and(Ordering::is_eq),
        NumberOp::Ne => order.is_none_or(Ordering::is_ne),
    }
}

/// `LIKE`: `%` stands for any text, `_` for any character, nothing escapes. Takes time in
/// proportion to the product of the lengths at most.
fn like(found: &str, pattern: &str) -> bool {
    let found: Vec<char> = found.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    let (mut at, mut in_pattern) = (0, 0);
    // Where to go on when the text after the last `%` did not fit: one character further.
    let mut retry: Option<(usize, usize)> = None;
    while at < found.len() {
        match pattern.get(in_pattern) {
            Some('%') => {
                in_pattern += 1;
                retry = Some((in_pattern, at));
            }
            Some(&c) if c == '_' || c == found[at] => {
                at += 1;
                in_pattern += 1;
            }
            _ => match retry {
                Some((after, from)) => {
                    in_pattern = after;
                    at = from + 1;
                    retry = Some((after, at));
                }
                None => return false,
            },
        }
    }
    pattern[in_pattern..].iter().all(|c| *c == '%')
}

/// The order of two values where what has none comes last in both directions.
pub fn nulls_last<T: PartialOrd>(a: Option<T>, b: Option<T>, ascending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => directed(a.partial_cmp(&b).unwrap_or(Ordering::Equal), ascending),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// The order in a direction.
pub fn directed(order: Ordering, ascending: bool) -> Ordering {
    if ascending { order } else { order.reverse() }
}

/// A page of what was found.
pub fn page<T>(found: Vec<T>, request: PageRequest) -> Page<T> {
    let offset = usize::try_from(request.offset).unwrap_or(usize::MAX);
    let most = usize::try_from(request.limit.saturating_add(1)).unwrap_or(usize::MAX);
    Page::cut(found.into_iter().skip(offset).take(most).collect(), request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_sql() {
        for (found, pattern, fits) in [
            ("", "", true),
            ("", "%", true),
            ("a", "", false),
            ("abc", "a%", true),
            ("abc", "%c", true),
            ("abc", "%b%", true),
            ("abc", "a_c", true),
            ("abc", "a_", false),
            ("aXbXc", "a%X_", true),
            ("abab", "%ab", true),
            ("a%b", r"a\%b", false),
            ("ž", "_", true),
            ("A", "a", false),
        ] {
            assert_eq!(like(found, pattern), fits, "{found} LIKE {pattern}");
        }
        assert!(text(TextOp::ILike, "ŽLUŤ", "žl%"));
        let long = "%a_".repeat(5_000);
        assert!(!like(&"b".repeat(5_000), &long));
    }

    #[test]
    fn nan_differs_and_compares_with_nothing() {
        for op in [NumberOp::Gt, NumberOp::Ge, NumberOp::Eq, NumberOp::Le, NumberOp::Lt] {
            assert!(!number(op, &f64::NAN, &0.0));
        }
        assert!(number(NumberOp::Ne, &f64::NAN, &0.0));
    }
}
