//! Issues.

use async_trait::async_trait;
use oxflow_model::search::IssueClause;
use oxflow_model::{ExperimentId, Issue, IssueChange, Millis, Page, PageRequest, Result};

/// A search of issues: all clauses must hold. The worst come first, then the newest.
#[derive(Clone, Debug)]
pub struct IssueSearch {
    /// In this experiment; `None` for all.
    pub experiment: Option<ExperimentId>,
    /// What must hold.
    pub filter: Vec<IssueClause>,
    /// Whether to count the traces that have the issue, and to sort by that after the severity.
    pub count_traces: bool,
    /// Which part.
    pub page: PageRequest,
}

/// Keeps issues.
#[async_trait]
pub trait IssueStore: Send + Sync {
    /// Creates an issue in an active experiment; fails with `BAD_REQUEST` when it names a run that
    /// is not there.
    async fn create_issue(&self, new: Issue) -> Result<Issue>;

    /// The issue with this id.
    async fn find_issue(&self, id: &str) -> Result<Option<Issue>>;

    /// Changes an issue; without it, `RESOURCE_DOES_NOT_EXIST`.
    async fn update_issue(&self, id: &str, change: IssueChange, now: Millis) -> Result<Issue>;

    /// Issues that fit.
    async fn search_issues(&self, search: IssueSearch) -> Result<Page<Issue>>;
}
