//! Issues: problems found in the traces of an experiment.

use crate::{Error, ExperimentId, Millis, Result};

/// An issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Its id: `iss-` and 32 hexadecimal digits when we make it.
    pub id: String,
    /// The experiment it was found in.
    pub experiment_id: ExperimentId,
    /// A short name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Where it stands.
    pub status: IssueStatus,
    /// How bad it is.
    pub severity: Option<IssueSeverity>,
    /// What it comes from.
    pub root_causes: Vec<String>,
    /// The run that found it.
    pub source_run_id: Option<String>,
    /// What kinds of issue it is.
    pub categories: Vec<String>,
    /// When it was created.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
    /// Who created it.
    pub created_by: Option<String>,
    /// How many traces have it, if that was asked for.
    pub trace_count: Option<i32>,
}

/// What an update changes: what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssueChange {
    /// The name.
    pub name: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Where it stands.
    pub status: Option<IssueStatus>,
    /// How bad it is.
    pub severity: Option<IssueSeverity>,
}

/// Where an issue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueStatus {
    /// Nobody has decided.
    Pending,
    /// It is none.
    Rejected,
    /// It is gone.
    Resolved,
}

/// How bad an issue is; the order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IssueSeverity {
    /// Not at all.
    NotAnIssue,
    /// A little.
    Low,
    /// More.
    Medium,
    /// Very.
    High,
}

impl IssueStatus {
    const ALL: [IssueStatus; 3] =
        [IssueStatus::Pending, IssueStatus::Rejected, IssueStatus::Resolved];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            IssueStatus::Pending => "pending",
            IssueStatus::Rejected => "rejected",
            IssueStatus::Resolved => "resolved",
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE` if it is another.
    pub fn parse(word: &str) -> Result<IssueStatus> {
        let found = IssueStatus::ALL.into_iter().find(|status| status.as_str() == word);
        found.ok_or_else(|| unknown("status", word, &IssueStatus::ALL.map(IssueStatus::as_str)))
    }
}

impl IssueSeverity {
    /// All, the least first.
    pub const ALL: [IssueSeverity; 4] =
        [IssueSeverity::NotAnIssue, IssueSeverity::Low, IssueSeverity::Medium, IssueSeverity::High];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            IssueSeverity::NotAnIssue => "not_an_issue",
            IssueSeverity::Low => "low",
            IssueSeverity::Medium => "medium",
            IssueSeverity::High => "high",
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE` if it is another.
    pub fn parse(word: &str) -> Result<IssueSeverity> {
        let found = IssueSeverity::ALL.into_iter().find(|severity| severity.as_str() == word);
        found.ok_or_else(|| {
            unknown("severity", word, &IssueSeverity::ALL.map(IssueSeverity::as_str))
        })
    }
}

fn unknown(what: &str, word: &str, valid: &[&str]) -> Error {
    Error::invalid(format!(
        "Invalid value '{word}' for parameter '{what}' supplied. It must be one of {}.",
        valid.join(", ")
    ))
}
