//! Joins tokens into keys, values and comparisons.
//!
//! Each step scans a row of items once and joins neighbours; the order of the steps is the
//! precedence. No step looks inside parentheses, so there is no recursion.

use super::Trouble;
use super::lexer::{self, Kind, Token};

/// A token or several joined ones. Its text is one slice of the filter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    start: usize,
}

impl<'a> Item<'a> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// Whether this is the reserved word, in any case.
    pub(super) fn is_keyword(&self, word: &str) -> bool {
        self.kind == Kind::Keyword && self.text.eq_ignore_ascii_case(word)
    }
}

/// `left operator right`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compared<'a> {
    pub(super) left: Item<'a>,
    /// As the user wrote it.
    pub(super) operator: &'a str,
    pub(super) right: Item<'a>,
}

/// A filter with its parts joined.
pub(super) struct Groups<'a> {
    pub(super) items: Vec<Item<'a>>,
    pub(super) comparisons: Vec<Compared<'a>>,
}

/// Reads one statement.
pub(super) fn groups(source: &str) -> Result<Groups<'_>, Trouble> {
    let tokens = lexer::tokens(source)?;
    if tokens.is_empty() {
        return Err(Trouble::Blank);
    }
    if is_several_statements(source, &tokens) {
        return Err(Trouble::SeveralStatements);
    }
    let mut joiner = Joiner { source, items: brackets(source, &tokens), comparisons: Vec::new() };
    joiner.join_all();
    Ok(Groups { items: joiner.items, comparisons: joiner.comparisons })
}

/// A semicolon outside of parentheses ends a statement; a comment after it starts no new one.
fn is_several_statements(source: &str, tokens: &[Token]) -> bool {
    let mut depth = 0i64;
    let mut ended = false;
    for token in tokens {
        let line_comment = token.kind == Kind::Comment && !source[token.start..].starts_with("/*");
        if ended && !line_comment {
            return true;
        }
        match token.kind {
            Kind::OpenRound => depth += 1,
            Kind::CloseRound => depth -= 1,
            Kind::Semicolon => ended = depth <= 0,
            _ => {}
        }
    }
    false
}

/// Turns what stands between matching brackets into one item.
fn brackets<'a>(source: &'a str, tokens: &[Token]) -> Vec<Item<'a>> {
    let mut closes = vec![None; tokens.len()];
    for (open, close) in
        [(Kind::OpenSquare, Kind::CloseSquare), (Kind::OpenRound, Kind::CloseRound)]
    {
        let mut opened = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            if token.kind == open {
                opened.push(at);
            } else if token.kind == close
                && let Some(start) = opened.pop()
            {
                closes[start] = Some(at);
            }
        }
    }
    let mut items = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let last = closes[at].unwrap_or(at);
        let kind = match token.kind {
            Kind::OpenRound if last > at => Kind::Round,
            Kind::OpenSquare if last > at => Kind::Square,
            kind => kind,
        };
        let text = &source[token.start..tokens[last].end];
        items.push(Item { kind, text, start: token.start });
        at = last + 1;
    }
    items
}

/// How neighbours with a sign between them are joined.
struct Infix {
    sign: fn(Kind) -> bool,
    left: fn(Kind) -> bool,
    right: fn(Kind) -> bool,
    /// Whether the left side and the sign are joined even if the right side does not fit.
    right_is_optional: bool,
    joined: Kind,
}

const MEMBER: Infix = Infix {
    sign: |kind| matches!(kind, Kind::Dot | Kind::Arrow),
    left: |kind| matches!(kind, Kind::Square | Kind::Identifier | Kind::Name | Kind::Symbol),
    right: |kind| {
        use Kind::{Call, Name, Square, Star, Symbol, Text};
        matches!(kind, Square | Call | Name | Symbol | Star | Text)
    },
    right_is_optional: true,
    joined: Kind::Identifier,
};

const CAST: Infix = Infix {
    sign: |kind| kind == Kind::Cast,
    left: |_| true,
    right: |_| true,
    right_is_optional: false,
    joined: Kind::Identifier,
};

const OPERATION: Infix = Infix {
    sign: |kind| matches!(kind, Kind::Operator | Kind::Arrow | Kind::Star),
    left: |kind| is_value(kind) || kind == Kind::Square,
    right: |kind| is_value(kind) || kind == Kind::Square,
    right_is_optional: false,
    joined: Kind::Operation,
};

const COMPARISON: Infix = Infix {
    sign: |kind| kind == Kind::Compare,
    left: |kind| is_value(kind) || kind == Kind::Null,
    right: |kind| is_value(kind) || kind == Kind::Null,
    right_is_optional: false,
    joined: Kind::Comparison(0),
};

const LIST: Infix = Infix {
    sign: |kind| kind == Kind::Comma,
    left: is_listable,
    right: is_listable,
    right_is_optional: false,
    joined: Kind::List,
};

fn is_value(kind: Kind) -> bool {
    use Kind::{Call, Float, Identifier, Integer, Operation, Placeholder, Round, Text};
    matches!(kind, Round | Call | Identifier | Operation | Integer | Float | Text | Placeholder)
}

fn is_listable(kind: Kind) -> bool {
    use Kind::{Comment, Comparison, Keyword, List, Null, Round, Star};
    (is_value(kind) && kind != Round)
        || matches!(kind, Comparison(_) | List | Keyword | Null | Star | Comment)
}

/// How an item and the one right behind it are joined.
struct Suffix {
    left: fn(Kind) -> bool,
    right: fn(Kind) -> bool,
    /// Whether the result takes a further suffix.
    repeats: bool,
    joined: Kind,
}

const CALL: Suffix = Suffix {
    left: |kind| matches!(kind, Kind::Name | Kind::TypeName | Kind::Placeholder),
    right: |kind| kind == Kind::Round,
    repeats: false,
    joined: Kind::Call,
};

const INDEX: Suffix = Suffix {
    left: |kind| {
        use Kind::{Call, Identifier, Name, Square, Symbol};
        matches!(kind, Square | Identifier | Call | Name | Symbol)
    },
    right: |kind| kind == Kind::Square,
    repeats: true,
    joined: Kind::Identifier,
};

const ORDER: Suffix = Suffix {
    left: |kind| matches!(kind, Kind::Identifier | Kind::Integer | Kind::Float),
    right: |kind| kind == Kind::Order,
    repeats: true,
    joined: Kind::Identifier,
};

/// `date '2020-01-01'`.
const TYPED: Suffix = Suffix {
    left: |kind| kind == Kind::TypeName,
    right: |kind| kind == Kind::Text,
    repeats: false,
    joined: Kind::Operation,
};

const ALIAS: Suffix = Suffix {
    left: |kind| {
        use Kind::{Call, Comparison, Float, Identifier, Integer, Operation, Round};
        matches!(kind, Round | Call | Identifier | Operation | Comparison(_) | Integer | Float)
    },
    right: |kind| kind == Kind::Identifier,
    repeats: false,
    joined: Kind::Identifier,
};

struct Joiner<'a> {
    source: &'a str,
    items: Vec<Item<'a>>,
    comparisons: Vec<Compared<'a>>,
}

impl<'a> Joiner<'a> {
    fn join_all(&mut self) {
        self.suffix(&CALL);
        self.infix(&MEMBER);
        self.suffix(&INDEX);
        for item in &mut self.items {
            if matches!(item.kind, Kind::Name | Kind::Symbol) {
                item.kind = Kind::Identifier;
            }
        }
        self.suffix(&ORDER);
        self.infix(&CAST);
        self.suffix(&TYPED);
        self.infix(&OPERATION);
        self.infix(&COMPARISON);
        self.suffix(&ALIAS);
        self.infix(&LIST);
    }

    fn infix(&mut self, rule: &Infix) {
        let items = std::mem::take(&mut self.items);
        // In a chain, what counts as the left side is the part that was joined last.
        let mut left_kind = None;
        let mut at = 0;
        while let Some(&item) = items.get(at) {
            at += 1;
            let fits = (rule.sign)(item.kind) && left_kind.is_some_and(rule.left);
            let right = items.get(at).copied().filter(|right| (rule.right)(right.kind));
            match (fits, right) {
                (true, Some(right)) => {
                    at += 1;
                    self.join_infix(rule, item, right);
                    left_kind = Some(right.kind);
                }
                (true, None) if rule.right_is_optional => {
                    self.join_last(item, rule.joined);
                    left_kind = Some(rule.joined);
                }
                _ => {
                    self.items.push(item);
                    left_kind = Some(item.kind);
                }
            }
        }
    }

    fn join_infix(&mut self, rule: &Infix, sign: Item<'a>, right: Item<'a>) {
        let mut joined = rule.joined;
        if let (Kind::Comparison(_), Some(&left)) = (rule.joined, self.items.last()) {
            joined = Kind::Comparison(self.comparisons.len());
            self.comparisons.push(Compared { left, operator: sign.text, right });
        }
        self.join_last(right, joined);
    }

    fn suffix(&mut self, rule: &Suffix) {
        let items = std::mem::take(&mut self.items);
        let mut open = false;
        for item in items {
            let left = self.items.last().filter(|_| open).map(|left| left.kind);
            if left.is_some_and(rule.left) && (rule.right)(item.kind) {
                self.join_last(item, rule.joined);
                open = rule.repeats;
            } else {
                self.items.push(item);
                open = true;
            }
        }
    }

    /// Makes the last item reach to the end of `item`.
    fn join_last(&mut self, item: Item<'a>, kind: Kind) {
        if let Some(last) = self.items.last_mut() {
            last.text = &self.source[last.start..item.end()];
            last.kind = kind;
        }
    }
}
