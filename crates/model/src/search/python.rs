//! The little of Python that shows through MLflow's search: literals in lists, numbers, the
//! splitting of shell words, and how values look in messages.

use std::fmt::Write as _;

/// A member of a list in a filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Integer(i64),
    /// Anything else, as Python shows it.
    Other(String),
}

impl Literal {
    pub(super) fn as_text(&self) -> Option<String> {
        match self {
            Literal::Text(text) => Some(text.clone()),
            Literal::Integer(_) | Literal::Other(_) => None,
        }
    }

    fn repr(&self) -> String {
        match self {
            Literal::Text(text) => repr(text),
            Literal::Integer(number) => number.to_string(),
            Literal::Other(shown) => shown.clone(),
        }
    }
}

/// How Python shows a text: in single quotes, unless only those occur in it.
pub(super) fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::from(quote);
    for char in text.chars() {
        match char {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            '\\' => shown.push_str("\\\\"),
            _ if char == quote => shown.extend(['\\', char]),
            // Writing to a String cannot fail.
            _ if char.is_control() || matches!(char, '\u{a0}' | '\u{ad}') => {
                let _ = write!(shown, "\\x{:02x}", u32::from(char));
            }
            _ => shown.push(char),
        }
    }
    shown.push(quote);
    shown
}

/// How Python shows a set of texts, in the order given.
pub(super) fn set(texts: &[&str]) -> String {
    format!("{{{}}}", shown(texts))
}

/// How Python shows a list of texts.
pub(super) fn list<T: AsRef<str>>(texts: &[T]) -> String {
    format!("[{}]", shown(texts))
}

/// How Python shows a tuple of texts.
pub(super) fn tuple_of(texts: &[&str]) -> String {
    format!("({})", shown(texts))
}

fn shown<T: AsRef<str>>(texts: &[T]) -> String {
    texts.iter().map(|text| repr(text.as_ref())).collect::<Vec<_>>().join(", ")
}

/// How Python shows a tuple.
pub(super) fn repr_tuple(literals: &[Literal]) -> String {
    let shown: Vec<String> = literals.iter().map(Literal::repr).collect();
    let comma = if shown.len() == 1 { "," } else { "" };
    format!("({}{comma})", shown.join(", "))
}

/// How Python shows a floating point number.
pub fn repr_float(number: f64) -> String {
    if !number.is_finite() {
        return format!("{number}").to_lowercase();
    }
    let size = number.abs();
    if size == 0.0 || (1e-4..1e16).contains(&size) {
        return format!("{number:?}");
    }
    let scientific = format!("{number:e}");
    match scientific.split_once('e') {
        Some((mantissa, exponent)) => match exponent.strip_prefix('-') {
            Some(digits) => format!("{mantissa}e-{digits:0>2}"),
            None => format!("{mantissa}e+{exponent:0>2}"),
        },
        None => scientific,
    }
}

/// Reads a whole number as `int()` does: with blanks around it and underscores between digits.
pub(super) fn integer(text: &str) -> Option<i64> {
    without_underscores(text)?.parse().ok()
}

/// Reads a number as `float()` does, so that `inf` and `nan` are numbers.
pub(super) fn float(text: &str) -> Option<f64> {
    without_underscores(text)?.parse().ok()
}

fn without_underscores(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let bytes = trimmed.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let between = |(at, byte): (usize, &u8)| {
        *byte != b'_' || (digit(at.checked_sub(1)) && digit(Some(at + 1)))
    };
    bytes.iter().enumerate().all(between).then(|| trimmed.replace('_', ""))
}

/// Splits like a POSIX shell; `None` for an open quote or a dangling backslash.
pub(super) fn shell_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\\' => word.get_or_insert_default().push(chars.next()?),
            '\'' | '"' => shell_quoted(char, &mut chars, word.get_or_insert_default())?,
            _ => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    Some(words)
}

fn shell_quoted(quote: char, chars: &mut std::str::Chars<'_>, word: &mut String) -> Option<()> {
    loop {
        match chars.next()? {
            char if char == quote => return Some(()),
            '\\' if quote == '"' => {
                let escaped = chars.next()?;
                if escaped != '"' && escaped != '\\' {
                    word.push('\\');
                }
                word.push(escaped);
            }
            char => word.push(char),
        }
    }
}

/// Reads a parenthesised list of literals. Parentheses around all or around single members are
/// redundant, a trailing comma is fine, neighbouring texts are joined. `None` if it is none of
/// that, among others for tuples in tuples.
pub(super) fn tuple(text: &str) -> Option<Vec<Literal>> {
    let mut reader = TupleReader { rest: text, open: Vec::new() };
    let done = loop {
        if let Some(done) = reader.step()? {
            break done;
        }
    };
    reader.skip_blanks();
    reader.rest.is_empty().then_some(done.members)
}

/// An open parenthesis and what was read behind it.
#[derive(Default)]
struct Open {
    members: Vec<Literal>,
    /// Whether a comma was seen: the difference between a tuple and a mere parenthesis.
    comma: bool,
    /// What the next token may be.
    after: After,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum After {
    /// The parenthesis or a comma: a member may follow.
    #[default]
    Gap,
    /// A text, which another text may continue.
    Text,
    /// Some other member.
    Member,
}

struct TupleReader<'a> {
    rest: &'a str,
    open: Vec<Open>,
}

/// Python's parser allows no more.
const MAX_DEPTH: usize = 200;

impl TupleReader<'_> {
    /// Reads one token. `Some(Some(..))` when the outermost parenthesis closes.
    fn step(&mut self) -> Option<Option<Open>> {
        self.skip_blanks();
        match self.rest.chars().next()? {
            '(' if self.open.len() < MAX_DEPTH && self.at_gap() => {
                self.rest = &self.rest[1..];
                self.open.push(Open::default());
                Some(None)
            }
            ')' => {
                self.rest = &self.rest[1..];
                self.close()
            }
            ',' => {
                self.rest = &self.rest[1..];
                let open = self.open.last_mut()?;
                let member = open.after != After::Gap;
                open.after = After::Gap;
                open.comma = true;
                member.then_some(None)
            }
            _ => self.member().map(|()| None),
        }
    }

    fn at_gap(&self) -> bool {
        self.open.last().is_none_or(|open| open.after == After::Gap)
    }

    fn close(&mut self) -> Option<Option<Open>> {
        let closed = self.open.pop()?;
        let Some(outer) = self.open.last_mut() else { return Some(Some(closed)) };
        if closed.comma || closed.members.len() != 1 {
            // A tuple: fine if it is all there is, which only the closing of `outer` can tell.
            let alone = outer.members.is_empty() && self.rest.trim_start().starts_with(')');
            if !alone {
                return None;
            }
            outer.comma = true;
        }
        outer.members.extend(closed.members);
        outer.after = After::Member;
        Some(None)
    }

    fn member(&mut self) -> Option<()> {
        let (literal, length) = literal(self.rest)?;
        self.rest = &self.rest[length..];
        let open = self.open.last_mut()?;
        match (open.after, literal) {
            (After::Gap, literal) => {
                let text = matches!(literal, Literal::Text(_));
                open.after = if text { After::Text } else { After::Member };
                open.members.push(literal);
            }
            (After::Text, Literal::Text(more)) => match open.members.last_mut()? {
                Literal::Text(text) => text.push_str(&more),
                Literal::Integer(_) | Literal::Other(_) => return None,
            },
            _ => return None,
        }
        Some(())
    }

    /// Skips blanks and `#` comments.
    fn skip_blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            if !self.rest.starts_with('#') {
                return;
            }
            let end = self.rest.find(['\n', '\r']).unwrap_or(self.rest.len());
            self.rest = &self.rest[end..];
        }
    }
}

/// The literal at the start of `text` and its length in bytes.
fn literal(text: &str) -> Option<(Literal, usize)> {
    let prefix = text.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(text.len());
    if text[prefix..].starts_with(['\'', '"']) {
        return string(text, prefix);
    }
    let end = |char: char| !char.is_ascii_alphanumeric() && !matches!(char, '.' | '_' | '+' | '-');
    let word = &text[..text.find(end).unwrap_or(text.len())];
    let literal = match word {
        "None" | "True" | "False" => Literal::Other(word.to_owned()),
        _ if !word.ends_with(|char: char| char.is_ascii_digit() || char == '.') => return None,
        _ => match integer(word) {
            Some(number) => Literal::Integer(number),
            None => Literal::Other(repr_float(float(word)?)),
        },
    };
    Some((literal, word.len()))
}

/// A text in quotes, behind `prefix` bytes of letters such as `r`.
fn string(text: &str, prefix: usize) -> Option<(Literal, usize)> {
    let (letters, quoted) = text.split_at(prefix);
    let raw = match letters {
        "" | "u" | "U" => false,
        "r" | "R" => true,
        "b" | "B" => return bytes(quoted, prefix),
        _ => return None,
    };
    let (inside, length) = string_body(quoted)?;
    let content = if raw { inside.to_owned() } else { unescape(inside)? };
    Some((Literal::Text(content), prefix + length))
}

/// Bytes are no text; they are read only to say so.
fn bytes(quoted: &str, prefix: usize) -> Option<(Literal, usize)> {
    let (inside, length) = string_body(quoted)?;
    Some((Literal::Other(format!("b{}", repr(inside))), prefix + length))
}

/// What stands between the quotes, and the length with them.
fn string_body(quoted: &str) -> Option<(&str, usize)> {
    let triple = ["'''", "\"\"\""].into_iter().find(|quotes| quoted.starts_with(quotes));
    let quotes = triple.unwrap_or(&quoted[..1]);
    let body = &quoted[quotes.len()..];
    let mut escaped = false;
    for (at, char) in body.char_indices() {
        if escaped {
            escaped = false;
        } else if body[at..].starts_with(quotes) {
            return Some((&body[..at], at + 2 * quotes.len()));
        } else if char == '\\' {
            escaped = true;
        } else if matches!(char, '\n' | '\r') && triple.is_none() {
            return None;
        }
    }
    None
}

/// Replaces the escapes of a Python text.
fn unescape(inside: &str) -> Option<String> {
    let mut text = String::with_capacity(inside.len());
    let mut chars = inside.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            text.push(char);
            continue;
        }
        match chars.next()? {
            '\n' => {}
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'a' => text.push('\u{7}'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'v' => text.push('\u{b}'),
            'x' => text.push(coded(&mut chars, 16, 2, 2)?),
            'u' => text.push(coded(&mut chars, 16, 4, 4)?),
            'U' => text.push(coded(&mut chars, 16, 8, 8)?),
            'N' => return None,
            first @ '0'..='7' => {
                let mut octal = first.to_string();
                let more = chars.as_str().chars().take(2).take_while(|char| char.is_digit(8));
                octal.extend(more);
                text.push(coded(&mut octal.chars(), 8, 1, 3)?);
                for _ in 1..octal.len() {
                    chars.next();
                }
            }
            same @ ('\\' | '\'' | '"') => text.push(same),
            unknown => text.extend(['\\', unknown]),
        }
    }
    Some(text)
}

/// The character whose number comes next, with so many digits.
fn coded(chars: &mut std::str::Chars<'_>, base: u32, least: usize, most: usize) -> Option<char> {
    let digits: String = chars.as_str().chars().take(most).collect();
    if digits.len() < least || !digits.chars().all(|digit| digit.is_digit(base)) {
        return None;
    }
    for _ in digits.chars() {
        chars.next();
    }
    char::from_u32(u32::from_str_radix(&digits, base).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_in_python() {
        for (number, shown) in
            [(1.5, "1.5"), (1e5, "100000.0"), (1e16, "1e+16"), (1e-5, "1e-05"), (-0.25, "-0.25")]
        {
            assert_eq!(repr_float(number), shown);
        }
    }

    #[test]
    fn lists_are_read_as_python_does() {
        let texts = |text: &str| tuple(text).map(|all| repr_tuple(&all));
        for (text, expected) in [
            ("('a','b')", Some("('a', 'b')")),
            ("('a')", Some("('a',)")),
            ("('a' \"b\",)", Some("('ab',)")),
            ("(('a','b'))", Some("('a', 'b')")),
            ("(('a'),('b'))", Some("('a', 'b')")),
            ("(('a',),'b')", None),
            (r"('a\x41\n\101\q')", Some(r"('aA\nA\\q',)")),
            (r"(r'a\n')", Some(r"('a\\n',)")),
            ("(1, 2.5, None)", Some("(1, 2.5, None)")),
            ("()", Some("()")),
            ("(,)", None),
            ("('a',,)", None),
            ("(a)", None),
            ("('a'", None),
        ] {
            assert_eq!(texts(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn words_are_split_as_a_shell_does() {
        let words = |text| shell_words(text).map(|words| words.join("|"));
        assert_eq!(words("metrics.\"a b\" DESC").as_deref(), Some("metrics.a b|DESC"));
        assert_eq!(words(r#"a\b "c\d" 'e\f'"#).as_deref(), Some(r"ab|c\d|e\f"));
        assert_eq!(words("a \"b"), None);
    }
}
