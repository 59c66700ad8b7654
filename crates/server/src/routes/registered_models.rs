//! `registered-models/…`

use axum::extract::State;
use oxflow_api::common::{Empty, all};
use oxflow_api::model_version::ModelVersionResponse;
use oxflow_api::registered_model::{
    CreateRegisteredModel, DeleteRegisteredModelTag, GetLatestVersions, GetLatestVersionsResponse,
    GetRegisteredModel, GetRegisteredModelAlias, ListRegisteredModels, RegisteredModelResponse,
    RenameRegisteredModel, SearchRegisteredModels, SearchRegisteredModelsResponse,
    SetRegisteredModelAlias, SetRegisteredModelTag, UpdateRegisteredModel,
};
use oxflow_api::{request, token};
use oxflow_model::registry::{last_wins, no_such_model};
use oxflow_model::search::{RegisteredModelFilter, RegisteredModelOrder};
use oxflow_model::{
    Error, ModelName, NewRegisteredModel, PageRequest, Result, Stage, Tag, VersionId, limits,
    validate,
};
use oxflow_store::RegisteredModelSearch;
use serde_json::Value;

use crate::access::{Access, Level};
use crate::answer::{Answer, Json, Proto};
use crate::app::AppState;
use crate::router::{Routes, Under};
use crate::version_source;

pub fn routes(routes: Routes) -> Routes {
    let read = Access::RegisteredModel(Level::Read);
    let edit = Access::RegisteredModel(Level::Edit);
    let manage = Access::RegisteredModel(Level::Manage);
    let latest = "/registered-models/get-latest-versions";
    let alias = "/registered-models/alias";
    routes
        .post(Under::V2, "/registered-models/create", Access::Known, create)
        .get(Under::V2, "/registered-models/get", read, get)
        .patch(Under::V2, "/registered-models/update", edit, update)
        .post(Under::V2, "/registered-models/rename", edit, rename)
        .delete(Under::V2, "/registered-models/delete", manage, delete)
        .get(Under::V2, "/registered-models/search", Access::Known, search)
        .get(Under::V2, "/registered-models/list", Access::Known, list)
        .get(Under::V2, latest, read, latest_versions)
        .post(Under::V2, latest, read, latest_versions)
        .post(Under::V2, "/registered-models/set-tag", edit, set_tag)
        .delete(Under::V2, "/registered-models/delete-tag", edit, delete_tag)
        .post(Under::V2, alias, edit, set_alias)
        .get(Under::V2, alias, read, get_alias)
        .delete(Under::V2, alias, edit, delete_alias)
}

fn name(raw: Option<String>) -> Result<ModelName> {
    ModelName::parse(&raw.unwrap_or_default())
}

fn answer(model: oxflow_model::RegisteredModel) -> Json<RegisteredModelResponse> {
    Json(RegisteredModelResponse { registered_model: Some(model.into()) })
}

async fn create(
    State(app): State<AppState>,
    Proto(request): Proto<CreateRegisteredModel>,
) -> Answer<RegisteredModelResponse> {
    let name = name(request.name)?;
    let tags: Vec<Tag> = all(request.tags);
    for tag in &tags {
        validate::check_registered_model_tag(tag)?;
    }
    let description = request.description.unwrap_or_default();
    let new = NewRegisteredModel { name, description, tags: last_wins(tags) };
    Ok(answer(app.store.create_registered_model(new, app.stamp()).await?))
}

async fn get(
    State(app): State<AppState>,
    Proto(request): Proto<GetRegisteredModel>,
) -> Answer<RegisteredModelResponse> {
    let name = name(request.name)?;
    let found = app.store.find_registered_model(&name).await?;
    Ok(answer(found.ok_or_else(|| no_such_model(&name))?))
}

async fn update(
    State(app): State<AppState>,
    Proto(request): Proto<UpdateRegisteredModel>,
) -> Answer<RegisteredModelResponse> {
    let name = name(request.name)?;
    let description = request.description.unwrap_or_default();
    let now = app.clock.now();
    Ok(answer(app.store.update_registered_model(&name, &description, now).await?))
}

async fn rename(
    State(app): State<AppState>,
    Proto(request): Proto<RenameRegisteredModel>,
) -> Answer<RegisteredModelResponse> {
    let new_name = ModelName::parse_new(&request.new_name.unwrap_or_default())?;
    let name = name(request.name)?;
    Ok(answer(app.store.rename_registered_model(&name, &new_name, app.clock.now()).await?))
}

async fn delete(
    State(app): State<AppState>,
    Proto(request): Proto<GetRegisteredModel>,
) -> Answer<Empty> {
    app.store.delete_registered_model(&name(request.name)?).await?;
    Ok(Json(Empty {}))
}

async fn search(
    State(app): State<AppState>,
    Proto(request): Proto<SearchRegisteredModels>,
) -> Answer<SearchRegisteredModelsResponse> {
    const DEFAULT: i64 = 100;
    let max_results = request.max_results.unwrap_or(DEFAULT);
    check_page_size(max_results, limits::REGISTERED_MODEL_RESULTS)?;
    let filter = RegisteredModelFilter::parse(request.filter.as_deref().unwrap_or(""))?;
    let order_by = RegisteredModelOrder::parse_all(&request.order_by)?;
    let offset = token::decode(request.page_token.as_deref())?;
    // 0 tells whether there is anything, as in MLflow.
    let limit = u64::try_from(max_results)
        .map_err(|_| not_a_size(max_results, "a non-negative integer"))?;
    let search = RegisteredModelSearch { filter, order_by, page: PageRequest { limit, offset } };
    let found = app.store.search_registered_models(search).await?;
    Ok(Json(SearchRegisteredModelsResponse {
        registered_models: all(found.items),
        next_page_token: found.next_offset.map(token::encode),
    }))
}

/// Refuses pages that are larger than searches in the registry give.
pub fn check_page_size(max_results: i64, most: i64) -> Result<()> {
    if max_results > most {
        // In a query, as here, all values are texts.
        return Err(request::invalid("max_results", &Value::String(max_results.to_string())));
    }
    Ok(())
}

/// The error for a page size that is too small.
pub fn not_a_size(max_results: i64, wanted: &str) -> Error {
    Error::invalid(format!(
        "Invalid value for max_results. It must be {wanted}, but got {max_results}"
    ))
}

/// `GET registered-models/list`, which MLflow 3 dropped and 1.x clients still call.
async fn list(
    app: State<AppState>,
    Proto(request): Proto<ListRegisteredModels>,
) -> Answer<SearchRegisteredModelsResponse> {
    let search_all = SearchRegisteredModels {
        max_results: request.max_results,
        page_token: request.page_token,
        ..SearchRegisteredModels::default()
    };
    search(app, Proto(search_all)).await
}

async fn latest_versions(
    State(app): State<AppState>,
    Proto(request): Proto<GetLatestVersions>,
) -> Answer<GetLatestVersionsResponse> {
    let mut versions = app.store.latest_model_versions(&name(request.name)?).await?;
    let stages: Vec<Stage> =
        request.stages.iter().map(|stage| Stage::parse(stage)).collect::<Result<_>>()?;
    if !stages.is_empty() {
        versions.retain(|version| stages.contains(&version.stage));
    }
    Ok(Json(GetLatestVersionsResponse { model_versions: all(versions) }))
}

async fn set_tag(
    State(app): State<AppState>,
    Proto(request): Proto<SetRegisteredModelTag>,
) -> Answer<Empty> {
    let name = name(request.name)?;
    let tag = Tag::new(request.key.unwrap_or_default(), request.value.unwrap_or_default());
    validate::check_registered_model_tag(&tag)?;
    app.store.set_registered_model_tag(&name, tag, app.stamp()).await?;
    Ok(Json(Empty {}))
}

async fn delete_tag(
    State(app): State<AppState>,
    Proto(request): Proto<DeleteRegisteredModelTag>,
) -> Answer<Empty> {
    let name = name(request.name)?;
    let key = request.key.unwrap_or_default();
    validate::check_key("key", &key)?;
    app.store.delete_registered_model_tag(&name, &key, app.stamp()).await?;
    Ok(Json(Empty {}))
}

async fn set_alias(
    State(app): State<AppState>,
    Proto(request): Proto<SetRegisteredModelAlias>,
) -> Answer<Empty> {
    let name = name(request.name)?;
    let alias = request.alias.unwrap_or_default();
    validate::check_alias(&alias)?;
    validate::check_alias_is_free(&alias)?;
    let version = VersionId::of(name, &request.version.unwrap_or_default())?;
    app.store.set_model_alias(&version, &alias, app.stamp()).await?;
    Ok(Json(Empty {}))
}

async fn get_alias(
    State(app): State<AppState>,
    Proto(request): Proto<GetRegisteredModelAlias>,
) -> Answer<ModelVersionResponse> {
    let name = name(request.name)?;
    let alias = request.alias.unwrap_or_default();
    let version = version_source::by_alias(&app, &name, &alias).await?;
    Ok(Json(ModelVersionResponse { model_version: Some(version.into()) }))
}

async fn delete_alias(
    State(app): State<AppState>,
    Proto(request): Proto<GetRegisteredModelAlias>,
) -> Answer<Empty> {
    let name = name(request.name)?;
    let alias = request.alias.unwrap_or_default();
    validate::check_alias(&alias)?;
    app.store.delete_model_alias(&name, &alias, app.stamp()).await?;
    Ok(Json(Empty {}))
}
