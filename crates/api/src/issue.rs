//! Messages of `issues/…`.

use oxflow_model as model;

use crate::message;

message! {
    /// An issue.
    pub struct Issue {
        issue_id: Option<String>,
        experiment_id: Option<String>,
        name: Option<String>,
        description: Option<String>,
        status: Option<String>,
        severity: Option<String>,
        root_causes: Vec<String>,
        source_run_id: Option<String>,
        created_timestamp: Option<i64>,
        last_updated_timestamp: Option<i64>,
        created_by: Option<String>,
        categories: Vec<String>,
        trace_count: Option<i32>,
    }

    /// An answer that holds one issue.
    pub struct IssueResponse { issue: Option<Issue> }

    /// `POST issues`. The first field that is missing is the one that MLflow misses first.
    pub struct CreateIssue {
        [required] name: Option<String>,
        [required] description: Option<String>,
        [required] experiment_id: Option<String>,
        status: Option<String>,
        severity: Option<String>,
        root_causes: Vec<String>,
        source_run_id: Option<String>,
        created_by: Option<String>,
        categories: Vec<String>,
    }

    /// `PATCH issues/{issue_id}`
    pub struct UpdateIssue {
        [required] issue_id: Option<String>,
        name: Option<String>,
        description: Option<String>,
        status: Option<String>,
        severity: Option<String>,
    }

    /// `POST issues/search`
    pub struct SearchIssues {
        experiment_id: Option<String>,
        filter_string: Option<String>,
        max_results: Option<i32>,
        page_token: Option<String>,
        include_trace_count: Option<bool>,
    }

    /// The answer to [`SearchIssues`].
    pub struct SearchIssuesResponse { issues: Vec<Issue>, next_page_token: Option<String> }
}

impl From<model::Issue> for Issue {
    fn from(issue: model::Issue) -> Self {
        Issue {
            issue_id: Some(issue.id),
            experiment_id: Some(issue.experiment_id.to_string()),
            name: Some(issue.name),
            description: Some(issue.description),
            status: Some(issue.status.as_str().to_owned()),
            severity: issue.severity.map(|severity| severity.as_str().to_owned()),
            root_causes: issue.root_causes,
            source_run_id: issue.source_run_id,
            created_timestamp: Some(issue.created_at.0),
            last_updated_timestamp: Some(issue.updated_at.0),
            created_by: issue.created_by,
            categories: issue.categories,
            trace_count: issue.trace_count,
        }
    }
}
