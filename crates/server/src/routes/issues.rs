//! `issues/…`. Finding issues in traces is not built.

use axum::extract::{Path, State};
use oxflow_api::common::all;
use oxflow_api::issue::{
    CreateIssue, IssueResponse, SearchIssues, SearchIssuesResponse, UpdateIssue,
};
use oxflow_api::token;
use oxflow_model::search::IssueFilter;
use oxflow_model::{
    Error, ExperimentId, Issue, IssueChange, IssueSeverity, IssueStatus, PageRequest, Result,
    validate,
};
use oxflow_store::IssueSearch;

use crate::access::{Access, Level};
use crate::answer::{Answer, Json, Proto};
use crate::app::AppState;
use crate::router::{Routes, Under};

const DEFAULT_RESULTS: i32 = 100;
/// The most that one search shows.
const MOST_RESULTS: i32 = 50_000;

pub fn routes(routes: Routes) -> Routes {
    let one = "/issues/{issue_id}";
    routes
        .post(Under::V3, "/issues", Access::Experiment(Level::Edit), create)
        .post(Under::V3, "/issues/search", Access::Experiment(Level::Read), search)
        .get(Under::V3, one, Access::Issue(Level::Read), get)
        .patch(Under::V3, one, Access::Issue(Level::Edit), update)
}

fn answer(issue: Issue) -> Answer<IssueResponse> {
    Ok(Json(IssueResponse { issue: Some(issue.into()) }))
}

fn named(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn severity(word: Option<String>) -> Result<Option<IssueSeverity>> {
    word.map(|word| IssueSeverity::parse(&word)).transpose()
}

async fn create(
    State(app): State<AppState>,
    Proto(request): Proto<CreateIssue>,
) -> Answer<IssueResponse> {
    let name = request.name.unwrap_or_default();
    validate::check_length("name", &name, 250)?;
    let created_by = named(request.created_by);
    validate::check_length("created_by", created_by.as_deref().unwrap_or(""), 255)?;
    let now = app.clock.now();
    let new = Issue {
        id: format!("iss-{}", app.ids.hex()),
        experiment_id: ExperimentId::parse(&request.experiment_id.unwrap_or_default())?,
        name,
        description: request.description.unwrap_or_default(),
        status: request
            .status
            .map_or(Ok(IssueStatus::Pending), |word| IssueStatus::parse(&word))?,
        severity: severity(request.severity)?,
        root_causes: request.root_causes,
        source_run_id: named(request.source_run_id),
        categories: request.categories,
        created_at: now,
        updated_at: now,
        created_by,
        trace_count: None,
    };
    answer(app.store.create_issue(new).await?)
}

async fn get(State(app): State<AppState>, Path(id): Path<String>) -> Answer<IssueResponse> {
    let missing = || Error::not_found(format!("Issue with ID '{id}' not found"));
    answer(app.store.find_issue(&id).await?.ok_or_else(missing)?)
}

async fn update(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Proto(request): Proto<UpdateIssue>,
) -> Answer<IssueResponse> {
    let change = IssueChange {
        name: named(request.name),
        description: named(request.description),
        status: request.status.map(|word| IssueStatus::parse(&word)).transpose()?,
        severity: severity(request.severity)?,
    };
    validate::check_length("name", change.name.as_deref().unwrap_or(""), 250)?;
    answer(app.store.update_issue(&id, change, app.clock.now()).await?)
}

async fn search(
    State(app): State<AppState>,
    Proto(request): Proto<SearchIssues>,
) -> Answer<SearchIssuesResponse> {
    let asked = request.max_results.unwrap_or(DEFAULT_RESULTS);
    let refused = |why: &str| {
        Error::invalid(format!(
            "Invalid value {asked} for parameter 'max_results' supplied. It must be {why}"
        ))
    };
    let Ok(limit @ 1..) = u64::try_from(asked) else {
        return Err(refused("a positive integer").into());
    };
    if asked > MOST_RESULTS {
        return Err(refused(&format!("at most {MOST_RESULTS}")).into());
    }
    let page = PageRequest { limit, offset: token::decode(request.page_token.as_deref())? };
    let experiment = named(request.experiment_id);
    let search = IssueSearch {
        experiment: experiment.map(|id| ExperimentId::parse(&id)).transpose()?,
        filter: IssueFilter::parse(request.filter_string.as_deref().unwrap_or(""))?.clauses,
        count_traces: request.include_trace_count.unwrap_or(false),
        page,
    };
    let found = app.store.search_issues(search).await?;
    Ok(Json(SearchIssuesResponse {
        issues: all(found.items),
        // Empty on the last page, as in MLflow.
        next_page_token: Some(found.next_offset.map(token::encode).unwrap_or_default()),
    }))
}
