//! The operator's pattern for sources of model versions.

use std::fmt;

use fancy_regex::Regex;

/// A regular expression in Python's spelling, look-around included.
#[derive(Clone)]
pub struct SourcePattern(Regex);

impl SourcePattern {
    /// Reads the expression. Fails with a sentence for the user.
    pub fn parse(text: &str) -> Result<SourcePattern, String> {
        match Regex::new(text) {
            Ok(regex) => Ok(SourcePattern(regex)),
            Err(error) => Err(format!("'{text}' is no regular expression: {error}.")),
        }
    }

    /// Whether the expression is found anywhere in `source`. One that takes too long to decide is
    /// not.
    pub fn allows(&self, source: &str) -> bool {
        self.0.is_match(source).unwrap_or(false)
    }
}

impl fmt::Debug for SourcePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourcePattern({:?})", self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_may_look_around() {
        let pattern = SourcePattern::parse(r"^(?!file:)\w+:/+models/").unwrap();
        assert!(pattern.allows("s3://models/a"));
        assert!(!pattern.allows("file://models/a"));
        assert!(!pattern.allows("s3://other/a"));
        assert!(SourcePattern::parse("(").unwrap_err().starts_with("'(' is no regular expression"));
    }

    #[test]
    fn a_pattern_that_never_ends_allows_nothing() {
        let pattern = SourcePattern::parse(r"^(?=(a|aa)+$)b").unwrap();
        assert!(!pattern.allows(&"a".repeat(10_000)));
    }
}
