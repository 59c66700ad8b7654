//! `logged-models/…`

use axum::extract::{Path, State};
use oxflow_api::common::{Empty, all};
use oxflow_api::logged_model::{
    CreateLoggedModel, FinalizeLoggedModel, GetLoggedModel, ListLoggedModelArtifacts,
    ListLoggedModelArtifactsResponse, LogLoggedModelParams, LoggedModelResponse,
    SearchLoggedModels, SearchLoggedModelsResponse, SearchOrder, SetLoggedModelTags,
};
use oxflow_model::search::{LoggedModelFilter, LoggedModelOrder, LoggedModelOrderSpec};
use oxflow_model::{
    Error, ExperimentId, ModelId, NewLoggedModel, PageRequest, Param, Result, Tag, limits, validate,
};
use oxflow_store::LoggedModelSearch;

use crate::access::{Access, Level};
use crate::answer::{Answer, Json, Proto};
use crate::app::AppState;
use crate::router::{Routes, Under};
use crate::routes::artifacts;
use crate::routes::experiments::experiment_ids;

pub fn routes(routes: Routes) -> Routes {
    let read = Access::LoggedModel(Level::Read);
    let edit = Access::LoggedModel(Level::Edit);
    let manage = Access::LoggedModel(Level::Manage);
    let within = Access::Experiment(Level::Read);
    let model = "/logged-models/{model_id}";
    routes
        .post(Under::V2, "/logged-models", Access::Experiment(Level::Edit), create)
        .post(Under::V2, "/logged-models/search", within, search)
        .get(Under::V2, model, read, get)
        .patch(Under::V2, model, edit, finalize)
        .delete(Under::V2, model, manage, delete)
        .patch(Under::V2, &format!("{model}/tags"), edit, set_tags)
        .delete(Under::V2, &format!("{model}/tags/{{tag_key}}"), edit, delete_tag)
        .post(Under::V2, &format!("{model}/params"), edit, log_params)
        .get(Under::V2, &format!("{model}/artifacts/directories"), read, list_artifacts)
}

fn not_found(id: &ModelId) -> Error {
    Error::not_found(format!("Logged model with ID '{id}' not found."))
}

async fn create(
    State(app): State<AppState>,
    Proto(request): Proto<CreateLoggedModel>,
) -> Answer<LoggedModelResponse> {
    let name = match request.name.filter(|name| !name.is_empty()) {
        Some(name) => name,
        None => app.ids.run_name(),
    };
    validate::check_logged_model_name(&name)?;
    let new = NewLoggedModel {
        id: app.ids.model_id(),
        experiment_id: ExperimentId::parse(&request.experiment_id.unwrap_or_default())?,
        name,
        model_type: Some(request.model_type.unwrap_or_default()),
        source_run_id: Some(request.source_run_id.unwrap_or_default()),
        params: checked_params(all(request.params))?,
        tags: checked_tags(all(request.tags))?,
    };
    let model = app.store.create_logged_model(new, app.clock.now()).await?;
    Ok(Json(LoggedModelResponse { model: Some(model.into()) }))
}

/// Unlike those of runs, keys may have any characters, and values any length.
fn checked_params(params: Vec<Param>) -> Result<Vec<Param>> {
    params.iter().try_for_each(|param| check_key_length(&param.key))?;
    Ok(params)
}

fn checked_tags(tags: Vec<Tag>) -> Result<Vec<Tag>> {
    tags.iter().try_for_each(|tag| check_key_length(&tag.key))?;
    Ok(tags)
}

fn check_key_length(key: &str) -> Result<()> {
    validate::check_length("key", key, limits::ENTITY_KEY)
}

async fn get(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Proto(request): Proto<GetLoggedModel>,
) -> Answer<LoggedModelResponse> {
    let id = ModelId::new(id);
    let deleted_too = request.allow_deleted.unwrap_or(false);
    let model =
        app.store.find_logged_model(&id, deleted_too).await?.ok_or_else(|| not_found(&id))?;
    Ok(Json(LoggedModelResponse { model: Some(model.into()) }))
}

async fn finalize(
    State(app): State<AppState>,
    Path(_): Path<String>,
    Proto(request): Proto<FinalizeLoggedModel>,
) -> Answer<LoggedModelResponse> {
    // The id in the body counts, as in MLflow; clients send the same in both places.
    let id = ModelId::new(request.model_id.unwrap_or_default());
    let Some(status) = request.status else {
        return Err(oxflow_api::request::missing("status").into());
    };
    let model = app.store.finalize_logged_model(&id, status.into(), app.clock.now()).await?;
    Ok(Json(LoggedModelResponse { model: Some(model.into()) }))
}

async fn delete(State(app): State<AppState>, Path(id): Path<String>) -> Answer<Empty> {
    app.store.delete_logged_model(&ModelId::new(id), app.clock.now()).await?;
    Ok(Json(Empty {}))
}

async fn set_tags(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Proto(request): Proto<SetLoggedModelTags>,
) -> Answer<Empty> {
    let tags = checked_tags(all(request.tags))?;
    app.store.set_logged_model_tags(&ModelId::new(id), tags).await?;
    Ok(Json(Empty {}))
}

async fn delete_tag(
    State(app): State<AppState>,
    Path((id, key)): Path<(String, String)>,
) -> Answer<Empty> {
    app.store.delete_logged_model_tag(&ModelId::new(id), &key).await?;
    Ok(Json(Empty {}))
}

async fn log_params(
    State(app): State<AppState>,
    // The id in the path counts, as in MLflow; it has to be in the body as well.
    Path(id): Path<String>,
    Proto(request): Proto<LogLoggedModelParams>,
) -> Answer<Empty> {
    let params = checked_params(all(request.params))?;
    app.store.log_logged_model_params(&ModelId::new(id), params).await?;
    Ok(Json(Empty {}))
}

async fn search(
    State(app): State<AppState>,
    Proto(request): Proto<SearchLoggedModels>,
) -> Answer<SearchLoggedModelsResponse> {
    const DEFAULT: i32 = 50;
    let limit = request.max_results.unwrap_or(DEFAULT);
    let Ok(limit @ 1..) = u64::try_from(limit) else {
        return Err(Error::invalid(format!(
            "Invalid value {limit} for parameter 'max_results' supplied. It must be a positive \
             integer"
        ))
        .into());
    };
    let offset = request.offset()?;
    let search = LoggedModelSearch {
        experiments: experiment_ids(request.experiment_ids.as_deref().unwrap_or_default())?,
        filter: LoggedModelFilter::parse(request.filter.as_deref().unwrap_or(""))?.clauses,
        datasets: datasets(&request)?,
        order_by: LoggedModelOrder::parse_all(&order_specs(&request.order_by))?,
        page: PageRequest { limit, offset },
    };
    let found = app.store.search_logged_models(search).await?;
    Ok(Json(SearchLoggedModelsResponse {
        models: all(found.items),
        next_page_token: found.next_offset.map(|offset| request.token(offset)),
    }))
}

fn datasets(request: &SearchLoggedModels) -> Result<Vec<(String, Option<String>)>> {
    let named = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    request
        .datasets
        .iter()
        .map(|dataset| match named(&dataset.dataset_name) {
            Some(name) => Ok((name, named(&dataset.dataset_digest))),
            None => {
                Err(Error::invalid("`dataset_name` in the `datasets` clause must be specified."))
            }
        })
        .collect()
}

fn order_specs(order: &[SearchOrder]) -> Vec<LoggedModelOrderSpec> {
    order
        .iter()
        .map(|item| LoggedModelOrderSpec {
            field_name: item.field_name.clone().unwrap_or_default(),
            ascending: item.ascending.unwrap_or(true),
            dataset_name: item.dataset_name.clone().filter(|text| !text.is_empty()),
            dataset_digest: item.dataset_digest.clone().filter(|text| !text.is_empty()),
        })
        .collect()
}

async fn list_artifacts(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Proto(request): Proto<ListLoggedModelArtifacts>,
) -> Answer<ListLoggedModelArtifactsResponse> {
    let id = ModelId::new(id);
    let model = app.store.find_logged_model(&id, false).await?.ok_or_else(|| not_found(&id))?;
    let path = request.artifact_directory_path.unwrap_or_default();
    let files = artifacts::list_below(&app, &model.artifact_location, &path).await?;
    Ok(Json(ListLoggedModelArtifactsResponse { root_uri: Some(model.artifact_location), files }))
}
