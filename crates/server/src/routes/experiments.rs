//! `experiments/…`

use axum::extract::State;
use oxflow_api::common::{Empty, ViewType, all};
use oxflow_api::dataset::{SearchDatasets, SearchDatasetsResponse};
use oxflow_api::experiment::{
    CreateExperiment, CreateExperimentResponse, DeleteExperimentTag, ExperimentActivity,
    ExperimentActivityResponse, ExperimentResponse, GetExperiment, GetExperimentByName,
    ListExperiments, SearchExperiments, SearchExperimentsResponse, SetExperimentTag,
    UpdateExperiment,
};
use oxflow_api::token;
use oxflow_model::search::{ExperimentFilter, ExperimentOrder};
use oxflow_model::{
    ArtifactLocation, Error, ExperimentId, NewExperiment, PageRequest, Result, Tag, limits,
    validate,
};
use oxflow_store::ExperimentSearch;

use crate::access::{Access, Level};
use crate::answer::{Answer, Json, Proto};
use crate::app::AppState;
use crate::router::{Routes, Under};

pub fn routes(routes: Routes) -> Routes {
    let read = Access::Experiment(Level::Read);
    let edit = Access::Experiment(Level::Edit);
    let manage = Access::Experiment(Level::Manage);
    routes
        .post(Under::V2, "/experiments/create", Access::Known, create)
        .get(Under::V2, "/experiments/get", read, get)
        .get(Under::V2, "/experiments/get-by-name", read, get_by_name)
        .post(Under::V2, "/experiments/delete", manage, delete)
        .post(Under::V2, "/experiments/restore", manage, restore)
        .post(Under::V2, "/experiments/update", edit, update)
        .post(Under::V2, "/experiments/set-experiment-tag", edit, set_tag)
        .post(Under::V2, "/experiments/delete-experiment-tag", edit, delete_tag)
        .get(Under::V2, "/experiments/search", Access::Known, search)
        .post(Under::V2, "/experiments/search", Access::Known, search)
        .get(Under::V2, "/experiments/list", Access::Known, list)
        .post(Under::V2Ajax, "/experiments/search-datasets", read, search_datasets)
        .get(Under::Oxflow, "/experiments/activity", Access::Known, activity)
}

/// The error for an experiment that is not there.
pub fn not_found(id: ExperimentId) -> Error {
    Error::not_found(format!("No Experiment with id={id} exists"))
}

fn id(raw: Option<String>) -> Result<ExperimentId> {
    ExperimentId::parse(&raw.unwrap_or_default())
}

async fn create(
    State(app): State<AppState>,
    Proto(request): Proto<CreateExperiment>,
) -> Answer<CreateExperimentResponse> {
    let name = request.name.unwrap_or_default();
    validate::check_experiment_name(&name)?;
    let tags: Vec<Tag> = all(request.tags);
    for tag in &tags {
        validate::check_experiment_tag(tag)?;
    }
    let artifact_location = match request.artifact_location.filter(|text| !text.is_empty()) {
        Some(location) => ArtifactLocation::Given(checked_location(&app, &location)?),
        None => ArtifactLocation::Under(app.artifacts.default_root.clone()),
    };
    let new = NewExperiment { name, artifact_location, tags };
    let id = app.store.create_experiment(new, app.clock.now()).await?;
    Ok(Json(CreateExperimentResponse { experiment_id: Some(id.to_string()) }))
}

fn checked_location(app: &AppState, location: &str) -> Result<String> {
    let policy = app.artifacts.resolver.policy();
    let uri = policy.parse_location(location, "artifact_location")?;
    let absolute = uri.absolute(&app.artifacts.cwd)?;
    // Making it absolute may have made it too long.
    Ok(policy.parse_location(absolute.as_str(), "artifact_location")?.as_str().to_owned())
}

pub async fn get(
    State(app): State<AppState>,
    Proto(request): Proto<GetExperiment>,
) -> Answer<ExperimentResponse> {
    let id = id(request.experiment_id)?;
    let experiment = app.store.find_experiment(id).await?.ok_or_else(|| not_found(id))?;
    Ok(Json(ExperimentResponse { experiment: Some(experiment.into()) }))
}

async fn get_by_name(
    State(app): State<AppState>,
    Proto(request): Proto<GetExperimentByName>,
) -> Answer<ExperimentResponse> {
    let name = request.experiment_name.unwrap_or_default();
    let experiment =
        app.store.find_experiment_by_name(&name).await?.ok_or_else(|| {
            Error::not_found(format!("Could not find experiment with name '{name}'"))
        })?;
    Ok(Json(ExperimentResponse { experiment: Some(experiment.into()) }))
}

async fn delete(
    State(app): State<AppState>,
    Proto(request): Proto<GetExperiment>,
) -> Answer<Empty> {
    app.store.delete_experiment(id(request.experiment_id)?, app.clock.now()).await?;
    Ok(Json(Empty {}))
}

async fn restore(
    State(app): State<AppState>,
    Proto(request): Proto<GetExperiment>,
) -> Answer<Empty> {
    app.store.restore_experiment(id(request.experiment_id)?, app.clock.now()).await?;
    Ok(Json(Empty {}))
}

async fn update(
    State(app): State<AppState>,
    Proto(request): Proto<UpdateExperiment>,
) -> Answer<Empty> {
    let name = request.new_name.unwrap_or_default();
    let id = id(request.experiment_id)?;
    validate::check_experiment_name(&name)?;
    app.store.rename_experiment(id, &name, app.clock.now()).await?;
    Ok(Json(Empty {}))
}

async fn set_tag(
    State(app): State<AppState>,
    Proto(request): Proto<SetExperimentTag>,
) -> Answer<Empty> {
    let tag = Tag::new(request.key.unwrap_or_default(), request.value.unwrap_or_default());
    validate::check_experiment_tag(&tag)?;
    app.store.set_experiment_tag(id(request.experiment_id)?, tag).await?;
    Ok(Json(Empty {}))
}

async fn delete_tag(
    State(app): State<AppState>,
    Proto(request): Proto<DeleteExperimentTag>,
) -> Answer<Empty> {
    let key = request.key.unwrap_or_default();
    app.store.delete_experiment_tag(id(request.experiment_id)?, &key).await?;
    Ok(Json(Empty {}))
}

async fn search(
    State(app): State<AppState>,
    Proto(request): Proto<SearchExperiments>,
) -> Answer<SearchExperimentsResponse> {
    let limit = request.max_results.unwrap_or(0);
    find(&app, request, limit).await
}

async fn find(
    app: &AppState,
    request: SearchExperiments,
    limit: i64,
) -> Answer<SearchExperimentsResponse> {
    let limit = page_size(limit)?;
    let search = ExperimentSearch {
        filter: ExperimentFilter::parse(request.filter.as_deref().unwrap_or(""))?.clauses,
        order_by: ExperimentOrder::parse_all(&request.order_by)?,
        view: request.view_type.unwrap_or(ViewType::ActiveOnly).into(),
        page: PageRequest { limit, offset: token::decode(request.page_token.as_deref())? },
    };
    let found = app.store.search_experiments(search).await?;
    Ok(Json(SearchExperimentsResponse {
        experiments: all(found.items),
        next_page_token: found.next_offset.map(token::encode),
    }))
}

/// The page size of searches of experiments and runs.
pub fn page_size(max_results: i64) -> Result<u64> {
    let wrong = |why: &str| {
        Err(Error::invalid(format!(
            "Invalid value {max_results} for parameter 'max_results' supplied. It must be {why}"
        )))
    };
    match u64::try_from(max_results) {
        Ok(0) | Err(_) => wrong("a positive integer"),
        Ok(_) if max_results > limits::SEARCH_RESULTS => {
            wrong(&format!("at most {}", limits::SEARCH_RESULTS))
        }
        Ok(size) => Ok(size),
    }
}

/// `GET experiments/list`, which MLflow 3 dropped and 1.x clients still call. Without a limit it
/// gives everything.
async fn list(
    State(app): State<AppState>,
    Proto(request): Proto<ListExperiments>,
) -> Answer<SearchExperimentsResponse> {
    let limit = request.max_results.unwrap_or(limits::SEARCH_RESULTS);
    let search = SearchExperiments {
        page_token: request.page_token,
        view_type: request.view_type,
        ..SearchExperiments::default()
    };
    find(&app, search, limit).await
}

/// `GET oxflow/experiments/activity`: what the list of experiments says about runs.
async fn activity(State(app): State<AppState>) -> Answer<ExperimentActivityResponse> {
    let found = app.store.experiment_activity().await?;
    let experiments = found.into_iter().map(|activity| ExperimentActivity {
        experiment_id: Some(activity.id.to_string()),
        runs: i64::try_from(activity.runs).ok(),
        running: i64::try_from(activity.running).ok(),
        last_run_time: activity.last.map(|at| at.0),
    });
    Ok(Json(ExperimentActivityResponse { experiments: experiments.collect() }))
}

pub async fn search_datasets(
    State(app): State<AppState>,
    Proto(request): Proto<SearchDatasets>,
) -> Answer<SearchDatasetsResponse> {
    const MOST: usize = 20;
    let count = request.experiment_ids.len();
    if count == 0 {
        return Err(Error::invalid(
            "SearchDatasets request must specify at least one experiment_id.",
        )
        .into());
    }
    if count > MOST {
        return Err(Error::invalid(format!(
            "SearchDatasets request cannot specify more than {MOST} experiment_ids. Received \
             {count} experiment_ids."
        ))
        .into());
    }
    let experiments = experiment_ids(&request.experiment_ids)?;
    let found = app.store.search_datasets(&experiments).await?;
    Ok(Json(SearchDatasetsResponse { dataset_summaries: all(found) }))
}

/// Parses a list of ids.
pub fn experiment_ids(raw: &[String]) -> Result<Vec<ExperimentId>> {
    raw.iter().map(|id| ExperimentId::parse(id)).collect()
}
