//! Issues.

use async_trait::async_trait;
use oxflow_api::common::Empty;
use oxflow_api::issue;
use oxflow_api::issue::{
    CreateIssue, IssueResponse, SearchIssues, SearchIssuesResponse, UpdateIssue,
};
use oxflow_model::search::IssueFilter;
use oxflow_model::{Issue, IssueChange, IssueSeverity, IssueStatus, Millis, Page, Result};
use oxflow_store::{IssueSearch, IssueStore};

use crate::call::Api::V3;
use crate::call::segment;
use crate::client::RestStore;
use crate::page::{at, gather};
use crate::read;

/// The prefix of ids.
const PREFIX: &str = "iss-";
/// The largest page.
const MOST: u32 = 1000;

fn issue(wire: issue::Issue) -> Result<Issue> {
    let severity = wire.severity.map(|word| IssueSeverity::parse(&word)).transpose()?;
    Ok(Issue {
        id: wire.issue_id.unwrap_or_default(),
        experiment_id: read::experiment_id(wire.experiment_id)?,
        name: wire.name.unwrap_or_default(),
        description: wire.description.unwrap_or_default(),
        status: IssueStatus::parse(&wire.status.unwrap_or_default())?,
        severity,
        root_causes: wire.root_causes,
        source_run_id: wire.source_run_id,
        categories: wire.categories,
        created_at: Millis(wire.created_timestamp.unwrap_or_default()),
        updated_at: Millis(wire.last_updated_timestamp.unwrap_or_default()),
        created_by: wire.created_by,
        trace_count: wire.trace_count,
    })
}

fn answered(answer: IssueResponse) -> Result<Issue> {
    issue(read::need(answer.issue, "issue")?)
}

fn path(id: &str) -> String {
    format!("issues/{}", segment(id))
}

#[async_trait]
impl IssueStore for RestStore {
    async fn create_issue(&self, new: Issue) -> Result<Issue> {
        let request = CreateIssue {
            name: Some(new.name),
            description: Some(new.description),
            experiment_id: Some(new.experiment_id.to_string()),
            status: Some(new.status.as_str().to_owned()),
            severity: new.severity.map(|severity| severity.as_str().to_owned()),
            root_causes: new.root_causes,
            source_run_id: new.source_run_id,
            created_by: new.created_by,
            categories: new.categories,
        };
        let call = V3.post("issues", &request)?.at(new.created_at);
        answered(self.send(Ok(call.id_behind(PREFIX, &new.id))).await?)
    }

    async fn find_issue(&self, id: &str) -> Result<Option<Issue>> {
        self.find(V3.get(&path(id), &Empty {})).await?.map(answered).transpose()
    }

    async fn update_issue(&self, id: &str, change: IssueChange, now: Millis) -> Result<Issue> {
        let request = UpdateIssue {
            issue_id: Some(id.to_owned()),
            name: change.name,
            description: change.description,
            status: change.status.map(|status| status.as_str().to_owned()),
            severity: change.severity.map(|severity| severity.as_str().to_owned()),
        };
        answered(self.send(Ok(V3.patch(&path(id), &request)?.at(now))).await?)
    }

    async fn search_issues(&self, search: IssueSearch) -> Result<Page<Issue>> {
        let request = SearchIssues {
            experiment_id: search.experiment.as_ref().map(ToString::to_string),
            filter_string: Some(IssueFilter { clauses: search.filter }.to_string()),
            include_trace_count: Some(search.count_traces),
            ..SearchIssues::default()
        };
        let fetch = async |limit, offset| {
            let (max_results, page_token) = (Some(limit), at(offset));
            let request = SearchIssues { max_results, page_token, ..request.clone() };
            let page: SearchIssuesResponse = self.send(V3.post("issues/search", &request)).await?;
            let found: Result<Vec<_>> = page.issues.into_iter().map(issue).collect();
            Ok((found?, page.next_page_token))
        };
        gather(search.page, MOST, fetch).await
    }
}
