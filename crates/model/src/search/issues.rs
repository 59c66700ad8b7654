//! Filters of issues: `status` and `source_run_id`, with `=` and `!=`. Quotes around values are
//! optional here.

use std::fmt::{self, Display, Formatter};

use super::clause::{Clause, Wording, clauses};
use super::field::strip_pair;
use super::lexer::Kind;
use super::{python, spell};
use crate::{Error, Result};

/// What issues must be like to be found: all clauses must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssueFilter {
    /// None for a filter that every issue passes.
    pub clauses: Vec<IssueClause>,
}

/// One condition on an issue. What is absent passes no comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueClause {
    /// What is compared.
    pub field: IssueField,
    /// Whether it must differ.
    pub negated: bool,
    /// With what.
    pub value: String,
}

/// What issues can be searched by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueField {
    /// Where it stands.
    Status,
    /// The run that found it.
    SourceRunId,
}

impl IssueField {
    const ALL: [IssueField; 2] = [IssueField::Status, IssueField::SourceRunId];

    /// The name in filters, which is also the column's.
    pub const fn as_str(self) -> &'static str {
        match self {
            IssueField::Status => "status",
            IssueField::SourceRunId => "source_run_id",
        }
    }
}

impl IssueFilter {
    /// Parses a filter; the empty one has no clauses.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE`, with MLflow's message.
    pub fn parse(filter: &str) -> Result<IssueFilter> {
        let clauses = clauses(filter, Wording::Plain)?;
        Ok(IssueFilter { clauses: clauses.iter().map(read).collect::<Result<_>>()? })
    }
}

fn read(clause: &Clause<'_>) -> Result<IssueClause> {
    let Clause::Comparison(compared) = clause else {
        return Err(Error::invalid("Invalid comparison: expected 3 tokens, got 2"));
    };
    if compared.left.kind != Kind::Identifier {
        return Err(Error::invalid(format!(
            "Invalid comparison: left side must be an identifier, got {}",
            compared.left.text
        )));
    }
    let key = unquoted(compared.left.text);
    let field = IssueField::ALL.into_iter().find(|field| field.as_str() == key);
    let field = field.ok_or_else(|| {
        Error::invalid(format!(
            "Invalid filter field '{key}'. Supported fields: {}",
            python::set(&IssueField::ALL.map(IssueField::as_str))
        ))
    })?;
    let negated = match compared.operator {
        "=" => false,
        "!=" => true,
        operator => {
            return Err(Error::invalid(format!(
                "Invalid comparator '{}'. Supported comparators: {}",
                operator.to_uppercase(),
                python::set(&["=", "!="])
            )));
        }
    };
    Ok(IssueClause { field, negated, value: unquoted(compared.right.text).to_owned() })
}

/// A text without the quotes around it, if there are any, and without blanks inside of them.
fn unquoted(text: &str) -> &str {
    strip_pair(text, '\'').or_else(|| strip_pair(text, '"')).unwrap_or(text).trim()
}

impl Display for IssueFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        spell::join(&self.clauses, f)
    }
}

impl Display for IssueClause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let operator = if self.negated { "!=" } else { "=" };
        write!(f, "{} {operator} {}", self.field.as_str(), spell::text(&self.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_optional() {
        let filter = IssueFilter::parse("status = gone AND source_run_id != \" x \"").unwrap();
        assert_eq!(filter.to_string(), "status = 'gone' AND source_run_id != 'x'");
        assert_eq!(IssueFilter::parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn other_comparisons_are_refused() {
        for bad in ["name = 'x'", "status LIKE 'x'", "status IN ('x')", "status IS NULL", "5 = 5"] {
            assert!(IssueFilter::parse(bad).is_err(), "{bad}");
        }
    }
}
