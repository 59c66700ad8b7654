//! JSON as Python's `json` module reads and writes it. What is stored has to look the same whoever
//! wrote it, because MLflow compares hashes of these texts: members keep their order, integers may
//! be of any size, and `NaN` and `Infinity` are numbers.

use std::fmt::{self, Display, Formatter};

use crate::search::repr_float;
use crate::validate::json_text;
use crate::{Error, Result};

/// How deep lists and objects may be nested.
const MAX_DEPTH: usize = 200;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number, by its decimal digits.
    Int(String),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object; no key comes twice.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE` if it is not JSON, is nested more than 200 levels deep, or holds
    /// half a surrogate pair. `what` is the name of the parameter, for the message.
    pub fn parse(what: &str, text: &str) -> Result<Json> {
        let mut reader = Reader { rest: text, depth: 0 };
        let value = reader.value();
        reader.skip_blanks();
        match value {
            Some(value) if reader.rest.is_empty() => Ok(value),
            _ => Err(Error::invalid(format!(
                "Invalid value for parameter '{what}' supplied: not valid JSON (at byte {} of {}).",
                text.len() - reader.rest.len(),
                text.len()
            ))),
        }
    }

    /// An empty object.
    pub const fn empty() -> Json {
        Json::Object(Vec::new())
    }

    /// The member of an object.
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.members().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The members of an object; of anything else, none.
    pub fn members(&self) -> &[(String, Json)] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    /// Sets a member of an object: in its old place, or at the end. Anything else stays as it is.
    pub fn set(&mut self, key: &str, value: Json) {
        let Json::Object(members) = self else { return };
        match members.iter_mut().find(|(name, _)| name == key) {
            Some(member) => member.1 = value,
            None => members.push((key.to_owned(), value)),
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text with the members of all objects sorted by key.
    pub fn to_sorted_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, true);
        out
    }

    /// What Python calls the type.
    pub const fn python_type(&self) -> &'static str {
        match self {
            Json::Null => "NoneType",
            Json::Bool(_) => "bool",
            Json::Int(_) => "int",
            Json::Float(_) => "float",
            Json::Text(_) => "str",
            Json::List(_) => "list",
            Json::Object(_) => "dict",
        }
    }

    fn write(&self, out: &mut String, sorted: bool) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Json::Int(digits) => out.push_str(digits),
            Json::Float(value) => out.push_str(&float_text(*value)),
            Json::Text(text) => out.push_str(&json_text(text)),
            Json::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ", " });
                    item.write(out, sorted);
                }
                out.push(']');
            }
            Json::Object(members) => write_object(members, out, sorted),
        }
    }
}

fn write_object(members: &[(String, Json)], out: &mut String, sorted: bool) {
    let mut members: Vec<&(String, Json)> = members.iter().collect();
    if sorted {
        members.sort_by_key(|(key, _)| key.as_str());
    }
    out.push('{');
    for (at, (key, value)) in members.into_iter().enumerate() {
        out.push_str(if at == 0 { "" } else { ", " });
        out.push_str(&json_text(key));
        out.push_str(": ");
        value.write(out, sorted);
    }
    out.push('}');
}

fn float_text(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        repr_float(value)
    }
}

impl Display for Json {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write(&mut out, false);
        f.write_str(&out)
    }
}

/// Reads from the start of `rest`; `None` means that it is not JSON.
struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Option<Json> {
        self.skip_blanks();
        match self.rest.as_bytes().first()? {
            b'"' => self.text().map(Json::Text),
            b'[' => self.nested(Reader::list),
            b'{' => self.nested(Reader::object),
            _ => self.word().or_else(|| self.number()),
        }
    }

    fn nested(&mut self, read: impl Fn(&mut Self) -> Option<Json>) -> Option<Json> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn word(&mut self) -> Option<Json> {
        let words = [
            ("null", Json::Null),
            ("true", Json::Bool(true)),
            ("false", Json::Bool(false)),
            ("NaN", Json::Float(f64::NAN)),
            ("Infinity", Json::Float(f64::INFINITY)),
            ("-Infinity", Json::Float(f64::NEG_INFINITY)),
        ];
        words.into_iter().find(|(word, _)| self.take(word)).map(|(_, value)| value)
    }

    fn number(&mut self) -> Option<Json> {
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        let number = read_number(text)?;
        self.rest = rest;
        Some(number)
    }

    fn list(&mut self) -> Option<Json> {
        self.rest = &self.rest[1..];
        let mut items = Vec::new();
        self.skip_blanks();
        if self.take("]") {
            return Some(Json::List(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_blanks();
            if self.take("]") {
                return Some(Json::List(items));
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    fn object(&mut self) -> Option<Json> {
        self.rest = &self.rest[1..];
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        self.skip_blanks();
        if self.take("}") {
            return Some(Json::Object(members));
        }
        loop {
            self.skip_blanks();
            let key = self.text()?;
            self.skip_blanks();
            if !self.take(":") {
                return None;
            }
            let value = self.value()?;
            // Of a key that comes twice, the last value counts, in the place of the first.
            let place = *places.entry(key.clone()).or_insert(members.len());
            match members.get_mut(place) {
                Some(member) => member.1 = value,
                None => members.push((key, value)),
            }
            self.skip_blanks();
            if self.take("}") {
                return Some(Json::Object(members));
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    fn text(&mut self) -> Option<String> {
        self.rest = self.rest.strip_prefix('"')?;
        let mut out = String::new();
        loop {
            let plain = self.rest.find(|c: char| c == '"' || c == '\\' || c < ' ')?;
            out.push_str(&self.rest[..plain]);
            self.rest = &self.rest[plain..];
            if self.take("\"") {
                return Some(out);
            }
            self.rest = self.rest.strip_prefix('\\')?;
            out.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Option<char> {
        let letter = self.rest.chars().next()?;
        self.rest = &self.rest[letter.len_utf8()..];
        Some(match letter {
            '"' | '\\' | '/' => letter,
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => return self.coded(),
            _ => return None,
        })
    }

    /// A character by its number; those beyond 16 bits come as two.
    fn coded(&mut self) -> Option<char> {
        let first = self.unit()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first.into());
        }
        if !self.take("\\u") {
            return None;
        }
        char::decode_utf16([first, self.unit()?]).next()?.ok()
    }

    fn unit(&mut self) -> Option<u16> {
        let digits = self.rest.get(..4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.rest = &self.rest[4..];
        u16::from_str_radix(digits, 16).ok()
    }
}

/// Reads `[-]digits[.digits][e[+-]digits]`.
fn read_number(text: &str) -> Option<Json> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
    if whole == 0 || (whole > 1 && digits.starts_with('0')) {
        return None;
    }
    if whole == digits.len() {
        let text = if digits == "0" { "0" } else { text };
        return Some(Json::Int(text.to_owned()));
    }
    let last = text.as_bytes().last()?;
    let dot = digits.find('.');
    let dot_is_fine = dot.is_none_or(|at| {
        at == whole && digits.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit)
    });
    if !last.is_ascii_digit() || !dot_is_fine {
        return None;
    }
    // Rust reads what is left of the grammar the same way; too large becomes infinite, as in Python.
    text.parse().ok().map(Json::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str) -> String {
        Json::parse("x", text).map_or_else(|error| error.to_string(), |json| json.to_string())
    }

    #[test]
    fn texts_come_back_as_python_writes_them() {
        for (text, written) in [
            (r#" {"b":1,"a":[true,false,null],"b":2} "#, r#"{"b": 2, "a": [true, false, null]}"#),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            (
                "[-0, -0.0, 1.0, 1e5, 1E400, 1e-5, 1e16]",
                "[0, -0.0, 1.0, 100000.0, Infinity, 1e-05, 1e+16]",
            ),
            ("[NaN, Infinity, -Infinity]", "[NaN, Infinity, -Infinity]"),
            (r#""é\u00e9\ud83d\ude00\"\/""#, r#""\u00e9\u00e9\ud83d\ude00\"/""#),
            ("[]", "[]"),
            ("{ }", "{}"),
        ] {
            assert_eq!(again(text), written, "{text}");
        }
    }

    #[test]
    fn members_are_sorted_at_every_depth() {
        let json = Json::parse("x", r#"{"b": [{"z": 1, "a": 2}], "a": 1}"#).unwrap();
        assert_eq!(json.to_sorted_text(), r#"{"a": 1, "b": [{"a": 2, "z": 1}]}"#);
    }

    #[test]
    fn what_is_not_json_is_refused() {
        let deep = "[".repeat(100_000);
        for bad in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "'a'",
            "01",
            "1.",
            ".5",
            "1e",
            "+1",
            "--1",
            "1 2",
            "\"\\ud800\"",
            "\"\\x\"",
            "\"\n\"",
            "nul",
            "\"\\u12\"",
            "\"\\u+123\"",
            "1.e5",
            &deep,
        ] {
            assert!(Json::parse("x", bad).is_err(), "{bad:.20}");
        }
    }
}
