//! Words of SQL: as much of its grammar as definitions of tables need.

use crate::error::{DbError, DbErrorKind};

/// A word of SQL and where it stands in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
}

/// Kinds of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A keyword, a bare name or a number.
    Word(String),
    /// A name in quotes, without them.
    Quoted(String),
    /// A literal in single quotes, without them.
    Text(String),
    /// Any other character.
    Symbol(char),
}

/// A text that cannot be understood.
pub fn confused(what: &str, sql: &str) -> DbError {
    let shown: String = sql.chars().take(300).collect();
    DbError::new(DbErrorKind::Other, format!("cannot read this definition ({what}): {shown}"))
}

/// Takes a text apart. Comments are left out.
pub fn tokens(sql: &str) -> Result<Vec<Token>, DbError> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(next) = sql[at..].chars().next() {
        let start = at;
        let kind = if next.is_whitespace() {
            at += next.len_utf8();
            continue;
        } else if sql[at..].starts_with("--") {
            at += sql[at..].find('\n').unwrap_or(sql.len() - at);
            continue;
        } else if next.is_alphanumeric() || next == '_' {
            let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
            at += sql[at..].find(|c| !word(c)).unwrap_or(sql.len() - at);
            Kind::Word(sql[start..at].to_owned())
        } else if let Some(close) = closing_quote(next) {
            let (content, length) = quoted(&sql[at + 1..], close)
                .ok_or_else(|| confused("a quote is not closed", sql))?;
            at += 1 + length;
            if next == '\'' { Kind::Text(content) } else { Kind::Quoted(content) }
        } else {
            at += next.len_utf8();
            Kind::Symbol(next)
        };
        out.push(Token { kind, start, end: at });
    }
    Ok(out)
}

fn closing_quote(open: char) -> Option<char> {
    match open {
        '\'' | '"' | '`' => Some(open),
        '[' => Some(']'),
        _ => None,
    }
}

/// What stands before the closing quote, and how long that is with the quote.
fn quoted(rest: &str, close: char) -> Option<(String, usize)> {
    let mut content = String::new();
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c != close {
            content.push(c);
        } else if close != ']' && chars.peek().is_some_and(|(_, next)| *next == close) {
            content.push(c);
            chars.next();
        } else {
            return Some((content, at + c.len_utf8()));
        }
    }
    None
}

/// A reader of words, one after the other.
pub struct Reader<'a> {
    sql: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Begins at the first word.
    pub fn new(sql: &'a str, tokens: &'a [Token]) -> Reader<'a> {
        Reader { sql, tokens, at: 0 }
    }

    /// Whether no word is left.
    pub fn done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The next word as a keyword in capitals; empty if it is none.
    pub fn peek(&self) -> String {
        match self.tokens.get(self.at).map(|token| &token.kind) {
            Some(Kind::Word(word)) => word.to_uppercase(),
            _ => String::new(),
        }
    }

    /// Whether the next word is this character.
    pub fn at_symbol(&self, symbol: char) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.kind == Kind::Symbol(symbol))
    }

    /// Takes these keywords if they are next.
    pub fn take(&mut self, words: &str) -> bool {
        let words: Vec<&str> = words.split(' ').collect();
        let next = self.tokens.iter().skip(self.at);
        let fits = next.zip(&words).filter(
            |(token, word)| matches!(&token.kind, Kind::Word(text) if text.eq_ignore_ascii_case(word)),
        );
        let found = fits.count() == words.len();
        if found {
            self.at += words.len();
        }
        found
    }

    /// Takes this character if it is next.
    pub fn take_symbol(&mut self, symbol: char) -> bool {
        let found = self.at_symbol(symbol);
        self.at += usize::from(found);
        found
    }

    /// Takes these keywords, which must be next.
    pub fn must(&mut self, words: &str) -> Result<(), DbError> {
        if self.take(words) { Ok(()) } else { Err(self.confused(&format!("{words} expected"))) }
    }

    /// Takes a name, which must be next.
    pub fn name(&mut self) -> Result<String, DbError> {
        match self.tokens.get(self.at).map(|token| &token.kind) {
            Some(Kind::Word(name) | Kind::Quoted(name)) => {
                self.at += 1;
                Ok(name.clone())
            }
            _ => Err(self.confused("a name expected")),
        }
    }

    /// Takes what is in brackets, brackets included, as it was written.
    pub fn brackets(&mut self) -> Result<&'a str, DbError> {
        let first = self.at;
        let mut depth = 0;
        while let Some(token) = self.tokens.get(self.at) {
            self.at += 1;
            match token.kind {
                Kind::Symbol('(') => depth += 1,
                Kind::Symbol(')') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                let text = &self.sql[self.tokens[first].start..token.end];
                return if text.starts_with('(') {
                    Ok(text)
                } else {
                    Err(self.confused("( expected"))
                };
            }
        }
        Err(self.confused("a bracket is not closed"))
    }

    /// Takes a list of names in brackets.
    pub fn names(&mut self) -> Result<Vec<String>, DbError> {
        if !self.take_symbol('(') {
            return Err(self.confused("( expected"));
        }
        let mut names = vec![self.name()?];
        while self.take_symbol(',') {
            names.push(self.name()?);
        }
        if self.take_symbol(')') { Ok(names) } else { Err(self.confused(") expected")) }
    }

    /// Takes one word, whatever it is, as it was written.
    pub fn any(&mut self) -> Result<&'a str, DbError> {
        let token = self.tokens.get(self.at).ok_or_else(|| self.confused("it ends too early"))?;
        self.at += 1;
        Ok(&self.sql[token.start..token.end])
    }

    /// What is left, as it was written.
    pub fn rest(&mut self) -> &'a str {
        let rest = self.tokens.get(self.at).map_or("", |token| &self.sql[token.start..]);
        self.at = self.tokens.len();
        rest.trim().trim_end_matches(';').trim_end()
    }

    /// An error about this text.
    pub fn confused(&self, what: &str) -> DbError {
        confused(what, self.sql)
    }
}
