//! Cuts a filter into tokens.
//!
//! MLflow reads filters with a general SQL lexer, so what users may type was decided by that lexer:
//! which bare keys need no quotes, where a number ends, which words are reserved. The rules here
//! give the same tokens for everything that can become part of an accepted filter. What cannot
//! (comments, commands, stray characters) comes out as a token that nothing accepts.

use super::{Trouble, words};

/// What a token, or a group of tokens, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bare word or `` `quoted` `` name.
    Name,
    /// `"..."`: a name or a text, whatever the place wants.
    Symbol,
    /// `'...'`.
    Text,
    Integer,
    Float,
    /// `?`, `%s`, `:name`: accepted as a value by the grammar, refused by every column.
    Placeholder,
    /// A reserved word, also `NOT NULL`.
    Keyword,
    /// The reserved word that may stand where a value stands.
    Null,
    /// A word that names a SQL type: reserved, but may be called like a function.
    TypeName,
    /// `ASC`, `DESC`, with `NULLS FIRST` and the like.
    Order,
    /// `=`, `!=`, `LIKE`, `NOT LIKE` and every run of comparison signs.
    Compare,
    Operator,
    /// `->` and `->>`.
    Arrow,
    Star,
    Dot,
    /// `::`.
    Cast,
    Comma,
    Semicolon,
    OpenRound,
    CloseRound,
    OpenSquare,
    CloseSquare,
    Comment,
    /// Nothing that any clause may hold.
    Stray,
    /// A key, as a clause spells it. From here on: groups.
    Identifier,
    /// `( ... )`.
    Round,
    /// `[ ... ]`.
    Square,
    /// `name( ... )`.
    Call,
    /// Operands joined by an operator, such as `a - b`.
    Operation,
    /// Index into [`super::group::Groups::comparisons`].
    Comparison(usize),
    /// Things joined by commas.
    List,
}

/// A slice of the filter and what it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Byte offsets.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// MLflow's lexer gives up beyond this.
const MAX_TOKENS: usize = 10_000;

/// The tokens of `source`, without the white space. Time is linear in the length of `source`.
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, Trouble> {
    let mut lexer = Lexer { source, at: 0, comments_close: true };
    let mut tokens = Vec::new();
    let mut pieces = 0;
    while lexer.at < source.len() {
        pieces += 1;
        if pieces > MAX_TOKENS {
            return Err(Trouble::TooManyTokens);
        }
        let start = lexer.at;
        let (kind, length) = lexer.next();
        lexer.at = start + length.max(1);
        if let Some(kind) = kind {
            tokens.push(Token { kind, start, end: lexer.at });
        }
    }
    Ok(tokens)
}

/// Where a quoted piece at the start of a text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quoted {
    /// Bytes, with both quotes.
    pub(super) length: usize,
    /// False if it ends there only because no later quote closes it.
    pub(super) clean: bool,
}

/// Measures the quoted piece that `text` starts with. Doubled quotes and, for `'` and `"`,
/// escaped ones belong to the piece, unless it would then have no end.
pub(super) fn quoted(text: &str) -> Option<Quoted> {
    let quote = text.chars().next()?;
    let width = quote.len_utf8();
    let escapes = quote == '\'' || quote == '"';
    let mut fallback = None;
    let mut at = width;
    while let Some(char) = text[at..].chars().next() {
        let after = at + char.len_utf8();
        let doubled = text[after..].starts_with(quote);
        if char == quote && !doubled {
            return Some(Quoted { length: after, clean: true });
        }
        if char == quote {
            fallback = Some(after);
            at = after + width;
        } else if char == '\\' && escapes && doubled {
            at = after + width;
            fallback = Some(at);
        } else {
            at = after;
        }
    }
    fallback.map(|length| Quoted { length, clean: false })
}

/// White space as Python's `\s` has it.
pub(super) fn is_space(char: char) -> bool {
    char.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&char)
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// The letters that may start a name after a dot, or before a dot or a parenthesis.
fn is_letter(char: char) -> bool {
    char.is_ascii_alphabetic()
        || ('\u{c0}'..='\u{dc}').contains(&char)
        || (('\u{e0}'..='\u{fc}').contains(&char) && char != '\u{f7}')
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    /// Whether a `*/` may still follow; keeps many unclosed comments from costing quadratic time.
    comments_close: bool,
}

impl Lexer<'_> {
    /// Kind (`None` for white space) and length in bytes of what comes next.
    fn next(&mut self) -> (Option<Kind>, usize) {
        let rest = &self.source[self.at..];
        let Some(first) = rest.chars().next() else { return (None, 0) };
        if is_space(first) {
            return (None, first.len_utf8());
        }
        let (kind, length) = self
            .comment(rest)
            .or_else(|| fixed(rest))
            .or_else(|| self.placeholder(rest))
            .or_else(|| special_name(rest))
            .or_else(|| self.letters(rest))
            .or_else(|| number(rest))
            .or_else(|| self.quoted_piece(rest))
            .or_else(|| word(rest))
            .or_else(|| signs(rest))
            .unwrap_or((Kind::Stray, first.len_utf8()));
        (Some(kind), length)
    }

    fn before(&self) -> Option<char> {
        self.source[..self.at].chars().next_back()
    }

    fn comment(&mut self, rest: &str) -> Option<(Kind, usize)> {
        if rest.starts_with("--") || rest.starts_with("# ") {
            return Some((Kind::Comment, rest.find(['\r', '\n']).unwrap_or(rest.len())));
        }
        let body = rest.strip_prefix("/*").filter(|_| self.comments_close)?;
        let length = body.find("*/").map(|at| at + 4);
        self.comments_close = length.is_some();
        length.map(|length| (Kind::Comment, length))
    }

    fn placeholder(&self, rest: &str) -> Option<(Kind, usize)> {
        let mut chars = rest.chars();
        let first = chars.next()?;
        if first == '%' {
            return percent_placeholder(rest).map(|length| (Kind::Placeholder, length));
        }
        let length = word_length(chars.as_str());
        let named = matches!(first, '$' | ':') && length > 0 && !self.before().is_some_and(is_word);
        named.then_some((Kind::Placeholder, 1 + length))
    }

    /// Words that start with a letter, where the neighbours decide what they are.
    fn letters(&self, rest: &str) -> Option<(Kind, usize)> {
        let length = word_length(rest);
        let (word, after) = rest.split_at(length);
        if !word.chars().next().is_some_and(is_letter) {
            return None;
        }
        if words::is_never_a_name(word) {
            return Some((Kind::Keyword, length));
        }
        let a_name = self.before() == Some('.') || after.starts_with('(') || member_follows(after);
        a_name.then_some((Kind::Name, length)).or_else(|| words::phrase(rest, length))
    }

    fn quoted_piece(&self, rest: &str) -> Option<(Kind, usize)> {
        let kind = match rest.chars().next()? {
            '`' | '\u{b4}' => Kind::Name,
            '\'' => Kind::Text,
            '"' => Kind::Symbol,
            '[' => return self.square_name(rest).map(|length| (Kind::Name, length)),
            _ => return None,
        };
        quoted(rest).map(|quoted| (kind, quoted.length))
    }

    /// `[a name]`, unless it looks like an index.
    fn square_name(&self, rest: &str) -> Option<usize> {
        if self.before().is_some_and(|char| is_word(char) || char == ']' || char == ')') {
            return None;
        }
        let inside = rest[1..].find(['[', ']']).filter(|&length| length > 0)?;
        rest[1 + inside..].starts_with(']').then_some(inside + 2)
    }
}

/// Signs that win over everything but comments.
fn fixed(rest: &str) -> Option<(Kind, usize)> {
    let table = [(":=", Kind::Stray), ("::", Kind::Cast), ("*", Kind::Star)];
    let found = table.iter().find(|(sign, _)| rest.starts_with(sign));
    let found = found.map(|(sign, kind)| (*kind, sign.len()));
    found.or_else(|| rest.starts_with('?').then_some((Kind::Placeholder, 1)))
}

/// `%s` and `%(name)s`.
fn percent_placeholder(rest: &str) -> Option<usize> {
    let after = &rest[1..];
    let inner = match after.strip_prefix('(') {
        None => 0,
        Some(name) => {
            let length = word_length(name);
            if length == 0 || !name[length..].starts_with(')') {
                return None;
            }
            length + 2
        }
    };
    after[inner..].starts_with(['s', 'S']).then_some(inner + 2)
}

/// `@name` and `#name`; also `\command`, which nothing accepts.
fn special_name(rest: &str) -> Option<(Kind, usize)> {
    if let Some(command) = rest.strip_prefix('\\') {
        let length = word_length(command);
        return (length > 0).then_some((Kind::Stray, 1 + length));
    }
    let prefix = ["@", "##", "#"]
        .into_iter()
        .find(|prefix| rest.strip_prefix(prefix).is_some_and(|name| name.starts_with(is_letter)))?;
    let name = &rest[prefix.len()..];
    let length = word_length(name);
    (name.chars().take(2).filter(|&char| is_word(char)).count() == 2)
        .then_some((Kind::Name, prefix.len() + length))
}

/// Bytes of the word that `text` starts with.
fn word_length(text: &str) -> usize {
    text.find(|char| !is_word(char)).unwrap_or(text.len())
}

/// Whether `.key` follows, but not `.5`.
fn member_follows(after: &str) -> bool {
    let after = after.trim_start_matches(is_space);
    after.strip_prefix('.').is_some_and(|key| !key.starts_with(|char: char| char.is_ascii_digit()))
}

/// Any word: reserved ones are told from names. `$` and `#` may follow the first character.
fn word(rest: &str) -> Option<(Kind, usize)> {
    if !rest.starts_with(is_word) {
        return None;
    }
    let end = |char| !is_word(char) && char != '$' && char != '#';
    let length = rest.find(end).unwrap_or(rest.len());
    Some((words::kind(&rest[..length]), length))
}

/// Digits that `text` starts with.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// A number, negative ones with their sign. `1E+5` and `+1` are none.
fn number(rest: &str) -> Option<(Kind, usize)> {
    let sign = usize::from(rest.starts_with('-'));
    let body = &rest[sign..];
    let whole = digits(body);
    let fraction = body[whole..].strip_prefix('.').map(digits);
    let found = hexadecimal(body)
        .or_else(|| exponential(body, whole, fraction))
        .or_else(|| decimal(body, whole, fraction))
        .or_else(|| shortened(body, 0, whole, 1).map(|length| (Kind::Integer, length)));
    found.map(|(kind, length)| (kind, sign + length))
}

/// `0x1F`: a number to the lexer, but no column takes it.
fn hexadecimal(body: &str) -> Option<(Kind, usize)> {
    let hex = body.strip_prefix("0x").or_else(|| body.strip_prefix("0X"))?;
    let length = hex.bytes().take_while(u8::is_ascii_hexdigit).count();
    (length > 0).then_some((Kind::Stray, 2 + length))
}

fn exponential(body: &str, whole: usize, fraction: Option<usize>) -> Option<(Kind, usize)> {
    let mantissa = whole + fraction.filter(|&length| length > 0).map_or(0, |length| 1 + length);
    let exponent = body[mantissa..].strip_prefix(['e', 'E']).filter(|_| whole > 0)?;
    let sign = usize::from(exponent.starts_with('-'));
    let length = digits(&exponent[sign..]);
    (length > 0).then_some((Kind::Float, mantissa + 1 + sign + length))
}

fn decimal(body: &str, whole: usize, fraction: Option<usize>) -> Option<(Kind, usize)> {
    let least = usize::from(whole == 0);
    shortened(body, whole + 1, fraction?, least).map(|length| (Kind::Float, length))
}

/// A number may not touch a letter: if it does, its last digit is left for the next token, so
/// that `10ab` becomes `1` and `0ab`. `least` is how many digits must remain.
fn shortened(body: &str, before: usize, digits: usize, least: usize) -> Option<usize> {
    let touches = body[before + digits..].starts_with(|char| is_letter(char) || char == '_');
    let left = if touches { digits.checked_sub(1)? } else { digits };
    (left >= least).then_some(before + left)
}

/// Punctuation, comparison signs and operators.
fn signs(rest: &str) -> Option<(Kind, usize)> {
    const FIRST: [(&str, Kind); 16] = [
        (";", Kind::Semicolon),
        (":", Kind::Stray),
        ("(", Kind::OpenRound),
        (")", Kind::CloseRound),
        ("[", Kind::OpenSquare),
        ("]", Kind::CloseSquare),
        (",", Kind::Comma),
        (".", Kind::Dot),
        ("->>", Kind::Arrow),
        ("->", Kind::Arrow),
        ("#>>", Kind::Operator),
        ("#>", Kind::Operator),
        ("@>", Kind::Operator),
        ("<@", Kind::Operator),
        ("-", Kind::Operator),
        ("#-", Kind::Operator),
    ];
    if let Some((sign, kind)) = FIRST.iter().find(|(sign, _)| rest.starts_with(sign)) {
        return Some((*kind, sign.len()));
    }
    let run = |set: &str| rest.find(|char| !set.contains(char)).unwrap_or(rest.len());
    let comparison = run("<>=~!");
    let operator = run("+/@#%^&|-");
    match (comparison, operator) {
        (0, 0) => None,
        (0, length) => Some((Kind::Operator, length)),
        (length, _) => Some((Kind::Compare, length)),
    }
}
