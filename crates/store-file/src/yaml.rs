//! The YAML of `meta.yaml` files: maps of texts, numbers and nothing, seldom with a map or a list
//! inside.
//!
//! It is read as the events of a parser of the whole language and not as typed values, because
//! PyYAML and newer parsers disagree about what `12:30`, `yes` or `2024-01-01` are. Here a value
//! is the text that was written, and who asks for it knows whether it is a number. It is written so
//! that no parser can disagree: what could be anything but a text is quoted.

use std::fmt::Write as _;

use oxflow_model::Json;
use saphyr_parser::{Event, Parser, ScalarStyle};

/// Maps in maps deeper than this are not MLflow's.
const MAX_DEPTH: usize = 32;
/// Nor are documents with more keys and values than this.
const MAX_NODES: usize = 4_096;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A text, a number or nothing: what was written, and whether without quotes.
    Scalar {
        /// What was written.
        text: String,
        /// Whether it had no quotes, so that it may be a number or nothing.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Map),
}

/// A map, in the order it was read in. It is written sorted by key, as MLflow does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(Vec<(String, Node)>);

impl Map {
    /// Reads a document that is a map.
    pub fn parse(bytes: &[u8]) -> Result<Map, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let mut events = Events { parser: Parser::new_from_str(text), nodes: 0 };
        loop {
            match events.parser.next() {
                Some(Ok((Event::MappingStart(..), _))) => return read_map(&mut events, 0),
                Some(Ok((Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _))) => {}
                Some(Ok(_)) | None => return Err("it is empty, or not a map".to_owned()),
                Some(Err(error)) => return Err(error.to_string()),
            }
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, node)| node)
    }

    /// A text; `None` if the key is missing or nothing.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Node::Scalar { text, plain } if !(*plain && is_null(text)) => Some(text),
            _ => None,
        }
    }

    /// The same as a text of its own.
    pub fn owned(&self, key: &str) -> Option<String> {
        self.text(key).map(str::to_owned)
    }

    /// A whole number; `None` if the key is missing, nothing or no number.
    pub fn int(&self, key: &str) -> Option<i64> {
        let text = self.text(key)?.trim();
        // Old clients of some languages wrote times as floating-point numbers.
        text.parse().ok().or_else(|| text.parse::<f64>().ok().map(|number| number as i64))
    }

    /// A map inside; empty if there is none.
    pub fn texts(&self, key: &str) -> Vec<(String, String)> {
        let Some(Node::Map(Map(inside))) = self.get(key) else { return Vec::new() };
        let texts = inside.iter().filter_map(|(key, node)| match node {
            Node::Scalar { text, .. } => Some((key.clone(), text.clone())),
            _ => None,
        });
        texts.collect()
    }

    /// Sets a value.
    pub fn set(&mut self, key: &str, node: Node) {
        match self.0.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = node,
            None => self.0.push((key.to_owned(), node)),
        }
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|(known, _)| known != key);
    }

    /// The document.
    pub fn to_yaml(&self) -> String {
        let mut out = String::new();
        write_map(self, 0, &mut out);
        if out.is_empty() { "{}\n".to_owned() } else { out }
    }
}

impl<const N: usize> From<[(&str, Node); N]> for Map {
    fn from(items: [(&str, Node); N]) -> Map {
        Map(items.into_iter().map(|(key, node)| (key.to_owned(), node)).collect())
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Node {
        Node::Scalar { text: text.to_owned(), plain: false }
    }
}

impl From<&String> for Node {
    fn from(text: &String) -> Node {
        text.as_str().into()
    }
}

impl From<i64> for Node {
    fn from(number: i64) -> Node {
        Node::Scalar { text: number.to_string(), plain: true }
    }
}

impl<T: Into<Node>> From<Option<T>> for Node {
    fn from(value: Option<T>) -> Node {
        value.map_or_else(|| Node::Scalar { text: "null".to_owned(), plain: true }, Into::into)
    }
}

impl Node {
    /// Nothing.
    pub fn null() -> Node {
        None::<i64>.into()
    }

    /// A map of texts.
    pub fn map<'a>(items: impl IntoIterator<Item = (&'a str, &'a str)>) -> Node {
        let items = items.into_iter().map(|(key, value)| (key.to_owned(), value.into()));
        Node::Map(Map(items.collect()))
    }
}

impl Node {
    /// JSON, so that [`to_json`](Node::to_json) gives the same back. Members are sorted when they
    /// are written.
    pub fn from_json(value: &Json) -> Node {
        let plain = |text: &str| Node::Scalar { text: text.to_owned(), plain: true };
        match value {
            Json::Null => Node::null(),
            Json::Bool(value) => plain(if *value { "true" } else { "false" }),
            Json::Int(digits) => plain(digits),
            Json::Float(number) => plain(&float(*number)),
            Json::Text(text) => text.into(),
            Json::List(items) => Node::List(items.iter().map(Node::from_json).collect()),
            Json::Object(members) => Node::Map(Map(members
                .iter()
                .map(|(key, value)| (key.clone(), Node::from_json(value)))
                .collect())),
        }
    }

    /// What PyYAML takes the value for, as JSON.
    pub fn to_json(&self) -> Json {
        match self {
            Node::Scalar { text, plain: true } => plain(text),
            Node::Scalar { text, plain: false } => Json::Text(text.clone()),
            Node::List(items) => Json::List(items.iter().map(Node::to_json).collect()),
            Node::Map(Map(members)) => Json::Object(
                members.iter().map(|(key, node)| (key.clone(), node.to_json())).collect(),
            ),
        }
    }
}

/// A number as PyYAML takes it for one, which is not without a dot.
fn float(number: f64) -> String {
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = Json::Float(number).to_string();
    match text.split_once('e') {
        Some((digits, power)) if !digits.contains('.') => format!("{digits}.0e{power}"),
        _ => text,
    }
}

/// A value without quotes. Numbers are only read in the forms in which they are written.
fn plain(text: &str) -> Json {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_whole = !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    match text.to_ascii_lowercase().as_str() {
        _ if is_null(text) => Json::Null,
        "true" | "yes" | "on" => Json::Bool(true),
        "false" | "no" | "off" => Json::Bool(false),
        ".nan" => Json::Float(f64::NAN),
        ".inf" => Json::Float(f64::INFINITY),
        "-.inf" => Json::Float(f64::NEG_INFINITY),
        _ if is_whole => Json::Int(text.to_owned()),
        _ => match text.parse::<f64>() {
            Ok(number)
                if digits.starts_with(|c: char| c.is_ascii_digit()) && text.contains('.') =>
            {
                Json::Float(number)
            }
            _ => Json::Text(text.to_owned()),
        },
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

struct Events<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    nodes: usize,
}

fn next<'a>(events: &mut Events<'a>) -> Result<Event<'a>, String> {
    events.nodes += 1;
    if events.nodes > MAX_NODES {
        return Err("it has far more in it than anything MLflow writes".to_owned());
    }
    match events.parser.next() {
        Some(Ok((event, _))) => Ok(event),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("it breaks off".to_owned()),
    }
}

fn read_map(events: &mut Events<'_>, depth: usize) -> Result<Map, String> {
    let mut map = Map::default();
    loop {
        let key = match next(events)? {
            Event::MappingEnd => return Ok(map),
            Event::Scalar(text, ..) => text.into_owned(),
            _ => return Err("a key is no text".to_owned()),
        };
        let event = next(events)?;
        map.set(&key, read_node(event, events, depth + 1)?);
    }
}

fn read_node(event: Event<'_>, events: &mut Events<'_>, depth: usize) -> Result<Node, String> {
    if depth > MAX_DEPTH {
        return Err("it is nested too deeply".to_owned());
    }
    match event {
        Event::Scalar(text, style, ..) => {
            // What has several words is a text, and is written with quotes.
            let plain = style == ScalarStyle::Plain && !text.contains(char::is_whitespace);
            Ok(Node::Scalar { text: text.into_owned(), plain })
        }
        Event::MappingStart(..) => read_map(events, depth).map(Node::Map),
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            loop {
                match next(events)? {
                    Event::SequenceEnd => return Ok(Node::List(items)),
                    event => items.push(read_node(event, events, depth + 1)?),
                }
            }
        }
        _ => Err("it has something that MLflow does not write".to_owned()),
    }
}

fn write_map(map: &Map, indent: usize, out: &mut String) {
    let mut items: Vec<&(String, Node)> = map.0.iter().collect();
    items.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (key, node) in items {
        let _ = write!(out, "{:indent$}{}:", "", spelled(key));
        write_node(node, indent, out);
    }
}

fn write_node(node: &Node, indent: usize, out: &mut String) {
    match node {
        Node::Scalar { text, plain: true } => {
            let _ = writeln!(out, " {text}");
        }
        Node::Scalar { text, plain: false } => {
            let _ = writeln!(out, " {}", spelled(text));
        }
        Node::Map(map) if map.0.is_empty() => out.push_str(" {}\n"),
        Node::Map(map) => {
            out.push('\n');
            write_map(map, indent + 2, out);
        }
        Node::List(items) if items.is_empty() => out.push_str(" []\n"),
        Node::List(items) => {
            out.push('\n');
            for item in items {
                let _ = write!(out, "{:indent$}-", "");
                write_node(item, indent + 2, out);
            }
        }
    }
}

/// A text so that it is read as this text by every parser.
fn spelled(text: &str) -> String {
    if is_plainly_text(text) {
        text.to_owned()
    } else if text.chars().all(stands_for_itself) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        escaped(text)
    }
}

/// Whether no quotes are needed: a word or a path that cannot be taken for anything else.
fn is_plainly_text(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "true", "false", "on", "off", "null"];
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '-' | ':');
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.chars().all(inside)
        && !text.ends_with(':')
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether a character may stand between single quotes: neither a break of a line nor invisible.
fn stands_for_itself(c: char) -> bool {
    !(c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        || c > '\u{ffff}')
}

fn escaped(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if stands_for_itself(c) => out.push(c),
            c => {
                let code = u32::from(c);
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02X}"),
                    0x100..=0xffff => write!(out, "\\u{code:04X}"),
                    _ => write!(out, "\\U{code:08X}"),
                };
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_json_that_pyyaml_sees() {
        for (yaml, json) in [
            ("4", "4"),
            ("-4", "-4"),
            ("4.50", "4.5"),
            ("1.0e+16", "1e+16"),
            ("007", "\"007\""),
            ("'4'", "\"4\""),
            ("true", "true"),
            ("'yes'", "\"yes\""),
            ("null", "null"),
            (".nan", "NaN"),
            ("12:30", "\"12:30\""),
            ("1e3", "\"1e3\""),
            ("[a, {b: [1, ž]}]", "[\"a\", {\"b\": [1, \"\\u017e\"]}]"),
        ] {
            let map = Map::parse(format!("a: {yaml}\n").as_bytes()).unwrap();
            assert_eq!(map.get("a").unwrap().to_json().to_string(), json, "{yaml}");
        }
    }

    #[test]
    fn what_stock_writes_is_read() {
        let text = "artifact_uri: /a b/c\nend_time: null\nentry_point_name: ''\n\
                    experiment_id: '0'\nname: \"a\\U0001F40E\\n\"\nlong: 'one\n  two\n\n  three'\n\
                    folded: a b\n  c\nstatus: 3\nstart_time: 1.5e12\ntags: []\nnested:\n  a.b: 'x'\n  c: 1\n";
        let map = Map::parse(text.as_bytes()).unwrap();
        assert_eq!(map.text("artifact_uri"), Some("/a b/c"));
        assert_eq!((map.text("end_time"), map.text("missing")), (None, None));
        assert_eq!(map.text("entry_point_name"), Some(""));
        assert_eq!((map.text("experiment_id"), map.int("experiment_id")), (Some("0"), Some(0)));
        assert_eq!(map.text("name"), Some("a🐎\n"));
        assert_eq!(map.text("long"), Some("one two\nthree"));
        assert_eq!(map.text("folded"), Some("a b c"));
        assert_eq!((map.int("status"), map.int("start_time")), (Some(3), Some(1_500_000_000_000)));
        let own = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(map.texts("nested"), [own("a.b", "x"), own("c", "1")]);
    }

    #[test]
    fn what_is_broken_is_refused() {
        for text in ["", "\n", "a: 'b", "- a", "just text", "a: [", "a: *b", "{", "a: b: c"] {
            assert!(Map::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(Map::parse(b"a: \xff").is_err());
    }

    #[test]
    fn what_is_meant_to_harm_is_refused_at_once() {
        let many = 2_000_000;
        let laughs = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n".to_owned();
        let keys: String = (0..many / 4).map(|n| format!("k{n}: 1\n")).collect();
        let steps: String = (0..1000).map(|n| format!("{:n$}a:\n", "")).collect();
        for (what, text) in [
            ("aliases", laughs),
            ("keys", keys),
            ("items", format!("a: [{}]", "1,".repeat(many))),
            ("lists in lists", format!("a: {}{}", "[".repeat(many), "]".repeat(many))),
            ("maps in maps", format!("a: {}", "{a: ".repeat(many))),
            ("lists in lines", format!("a:\n {}", "- ".repeat(many))),
            ("maps in lines", steps),
            ("keys that are keys", format!("{}a: b", "? ".repeat(many))),
            ("anchors", format!("a: {}", "&a ".repeat(many))),
            ("tags", format!("a: {}", "!a ".repeat(many))),
            ("documents", "---\n".repeat(many)),
            ("a text without end", format!("a: \"{}", "\\".repeat(many))),
        ] {
            assert!(Map::parse(text.as_bytes()).is_err(), "{what}");
        }
        // Large is not harmful: profiles of datasets are.
        let profile = "x".repeat(many);
        let map = Map::parse(format!("a: '{profile}'\nb: |\n  {profile}\n").as_bytes()).unwrap();
        assert_eq!(map.text("a"), Some(profile.as_str()));
    }

    #[test]
    fn every_text_comes_back() {
        let texts = [
            "",
            " ",
            "a",
            "yes",
            "No",
            "ON",
            "~",
            "null",
            "None",
            "12",
            "0x1f",
            "1e3",
            "12:30",
            "2024-01-01",
            "a: b",
            "a:",
            "a #b",
            "#a",
            "- a",
            "? a",
            "'",
            "''",
            "\"",
            "a'b\"c\\",
            "line\nbreak",
            "tab\t",
            "cr\r",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "\u{0}",
            "🐎",
            "ž",
            "\u{202e}x",
            "{a}",
            "[a]",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a`",
            "=",
            "<<",
            "-",
            ".inf",
            "s3://b/x?y=1",
            "/tmp/x",
            "x ",
            " x",
            "|",
            ">",
            "---",
            "...",
        ];
        let mut map = Map::default();
        for (n, text) in texts.iter().enumerate() {
            map.set(&format!("k{n}"), (*text).into());
            map.set(text, Node::map([(*text, *text)]));
        }
        map.set("number", 7.into());
        map.set("nothing", Node::null());
        map.set("list", Node::List(vec!["a".into(), 1.into(), Node::List(vec![])]));
        let written = map.to_yaml();
        let read = Map::parse(written.as_bytes()).unwrap();
        for (n, text) in texts.iter().enumerate() {
            assert_eq!(read.text(&format!("k{n}")), Some(*text), "{written}");
            assert_eq!(read.texts(text), [((*text).to_owned(), (*text).to_owned())]);
        }
        assert_eq!((read.int("number"), read.text("nothing")), (Some(7), None));
        assert_eq!(read.to_yaml(), written);
    }
}
