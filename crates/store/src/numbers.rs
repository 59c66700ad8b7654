//! What Python reads from JSON and text as a number. Clients of all kinds wrote these values, and
//! they have to mean to us what they mean to stock MLflow.

use serde_json::Value;

/// The most places that matter to a number that fits 64 bits.
const PLACES: i64 = 400;

/// Reads JSON as Python does: `NaN` and infinities are allowed, and come out as null here, since
/// nobody counts with them.
pub fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text)
        .ok()
        .or_else(|| serde_json::from_str(&without_odd_numbers(text)).ok())
}

/// The text with null for what JSON has no numbers for.
fn without_odd_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut rest) = (false, text);
    while let Some(next) = rest.chars().next() {
        let odd = ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| rest.starts_with(word));
        let (taken, written) = match odd {
            Some(word) if !in_string => (word.len(), "null"),
            _ if in_string && next == '\\' => {
                let escape = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                (escape, &rest[..escape])
            }
            _ => (next.len_utf8(), &rest[..next.len_utf8()]),
        };
        in_string ^= next == '"';
        out.push_str(written);
        rest = &rest[taken..];
    }
    out
}

/// The members of a JSON object; none if it is no object.
pub fn object(text: Option<&str>) -> serde_json::Map<String, Value> {
    match text.and_then(json) {
        Some(Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    }
}

/// A finite number, or text that reads as one.
pub fn finite(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => digits(text)?.parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// A whole number of 64 bits, or text that reads as one.
pub fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(number) => Some(number),
            None => whole_double(number.as_f64()?),
        },
        Value::String(text) => whole_text(&digits(text)?),
        _ => None,
    }
}

/// A double without a fraction that fits 64 bits.
pub fn whole_double(value: f64) -> Option<i64> {
    // What does not fit is found when the digits are read.
    let fits = value.is_finite() && value.fract() == 0.0;
    // Python counts with the shortest decimal text of a double, not with its exact value.
    if fits { whole_text(&format!("{value:e}")) } else { None }
}

/// Text without the spaces around and the underscores between digits that Python allows.
fn digits(text: &str) -> Option<String> {
    let text = text.trim();
    let chars: Vec<char> = text.chars().collect();
    let digit =
        |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
    let mut out = String::with_capacity(text.len());
    for (at, &c) in chars.iter().enumerate() {
        match c {
            '_' if digit(at.checked_sub(1)) && digit(Some(at + 1)) => {}
            '0'..='9' | '+' | '-' | '.' | 'e' | 'E' => out.push(c),
            _ => return None,
        }
    }
    if out.is_empty() { None } else { Some(out) }
}

/// Reads `-12.50e3` exactly.
fn whole_text(text: &str) -> Option<i64> {
    let (negative, text) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{before}{after}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = all.trim_start_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let zeros = significant.len() - significant.trim_end_matches('0').len();
    let significant = significant.trim_end_matches('0');
    let power = exponent - after.len() as i64 + zeros as i64;
    if !(0..=PLACES).contains(&power) {
        return None;
    }
    let number: i128 = significant.parse().ok()?;
    let number = number.checked_mul(10_i128.checked_pow(power as u32)?)?;
    i64::try_from(if negative { -number } else { number }).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_are_read_as_python_reads_them() {
        for (value, expected) in [
            (json!(5), Some(5)),
            (json!(5.0), Some(5)),
            (json!(5.5), None),
            (json!("5"), Some(5)),
            (json!(" 1_000 "), Some(1000)),
            (json!("1e3"), Some(1000)),
            (json!("1.5e1"), Some(15)),
            (json!("1.5"), None),
            (json!("nan"), None),
            (json!(""), None),
            (json!("_1"), None),
            (json!(true), None),
            (json!(null), None),
            (json!([1]), None),
            (json!(i64::MIN), Some(i64::MIN)),
            (json!(u64::MAX), None),
            (json!(9.3e18), None),
            (json!(9.2e18), Some(9_200_000_000_000_000_000)),
            (json!("9223372036854775807"), Some(i64::MAX)),
            (json!("9223372036854775808"), None),
            (json!("1e400"), None),
            (json!("-0"), Some(0)),
        ] {
            assert_eq!(whole(&value), expected, "{value}");
        }
    }

    #[test]
    fn finite_numbers_are_read_from_numbers_and_text() {
        for (value, expected) in [
            (json!(0.1), Some(0.1)),
            (json!("0.1"), Some(0.1)),
            (json!("1_0.5"), Some(10.5)),
            (json!("1e999"), None),
            (json!("x"), None),
            (json!(false), None),
        ] {
            assert_eq!(finite(&value), expected, "{value}");
        }
    }

    #[test]
    fn what_json_has_no_numbers_for_is_null() {
        let text = r#"{"a": NaN, "b": [-Infinity, 1], "c": "NaN \" Infinity"}"#;
        let expected = json!({"a": null, "b": [null, 1], "c": "NaN \" Infinity"});
        assert_eq!(super::json(text), Some(expected));
        assert_eq!(super::json("nope"), None);
    }
}
