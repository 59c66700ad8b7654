//! `model-versions/…`

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use oxflow_api::common::{Empty, all};
use oxflow_api::model_version::{
    CreateModelVersion, DeleteModelVersionTag, GetDownloadUri, GetDownloadUriResponse,
    GetModelVersion, GetVersionArtifact, ModelVersionResponse, SearchModelVersions,
    SearchModelVersionsResponse, SetModelVersionTag, TransitionStage, UpdateModelVersion,
};
use oxflow_api::token;
use oxflow_artifacts::ArtifactPath;
use oxflow_model::registry::{is_prompt, last_wins};
use oxflow_model::search::{ModelVersionFilter, ModelVersionOrder};
use oxflow_model::{
    Error, ModelName, ModelVersion, NewModelVersion, PageRequest, Result, RunId, Stage, Tag,
    VersionId, limits, validate,
};
use oxflow_store::ModelVersionSearch;

use crate::access::{Access, Level};
use crate::answer::{Answer, ApiError, Json, Proto, Query};
use crate::app::AppState;
use crate::router::{Routes, Under};
use crate::routes::artifacts::send_below;
use crate::routes::registered_models::{check_page_size, not_a_size};
use crate::version_source::{self, Claim};

pub fn routes(routes: Routes) -> Routes {
    let read = Access::RegisteredModel(Level::Read);
    let edit = Access::RegisteredModel(Level::Edit);
    let manage = Access::RegisteredModel(Level::Manage);
    routes
        .post(Under::V2, "/model-versions/create", edit, create)
        .get(Under::V2, "/model-versions/get", read, get)
        .patch(Under::V2, "/model-versions/update", edit, update)
        .post(Under::V2, "/model-versions/transition-stage", edit, transition)
        .delete(Under::V2, "/model-versions/delete", manage, delete)
        .get(Under::V2, "/model-versions/search", Access::Known, search)
        .get(Under::V2, "/model-versions/get-download-uri", read, download_uri)
        .post(Under::V2, "/model-versions/set-tag", edit, set_tag)
        .delete(Under::V2, "/model-versions/delete-tag", edit, delete_tag)
        .get(Under::Root, "/model-versions/get-artifact", read, get_artifact)
}

fn id(name: Option<String>, version: Option<String>) -> Result<VersionId> {
    VersionId::parse(&name.unwrap_or_default(), &version.unwrap_or_default())
}

async fn find(app: &AppState, id: &VersionId) -> Result<ModelVersion> {
    app.store.find_model_version(id).await?.ok_or_else(|| id.not_found())
}

fn answer(version: ModelVersion) -> Json<ModelVersionResponse> {
    Json(ModelVersionResponse { model_version: Some(version.into()) })
}

async fn create(
    State(app): State<AppState>,
    Proto(request): Proto<CreateModelVersion>,
) -> Answer<ModelVersionResponse> {
    let tags: Vec<Tag> = all(request.tags);
    let claim = Claim {
        source: request.source.unwrap_or_default(),
        run_id: request.run_id,
        model_id: request.model_id,
    };
    let allowed = if is_prompt(&tags) {
        version_source::check_prompt(&app, claim)?
    } else {
        version_source::check(&app, claim).await?
    };
    let model = ModelName::parse(&request.name.unwrap_or_default())?;
    for tag in &tags {
        validate::check_model_version_tag(tag)?;
    }
    let source = allowed.locate(&app).await?;
    let new = NewModelVersion {
        model,
        source: source.source,
        storage_location: source.storage_location,
        run_id: source.run_id.map(RunId::new),
        logged_model: source.model_id,
        run_link: request.run_link.unwrap_or_default(),
        description: request.description.unwrap_or_default(),
        tags: last_wins(tags),
    };
    Ok(answer(app.store.create_model_version(new, app.stamp()).await?))
}

async fn get(
    State(app): State<AppState>,
    Proto(request): Proto<GetModelVersion>,
) -> Answer<ModelVersionResponse> {
    Ok(answer(find(&app, &id(request.name, request.version)?).await?))
}

async fn update(
    State(app): State<AppState>,
    Proto(request): Proto<UpdateModelVersion>,
) -> Answer<ModelVersionResponse> {
    let id = id(request.name, request.version)?;
    let description = request.description.as_deref();
    Ok(answer(app.store.update_model_version(&id, description, app.clock.now()).await?))
}

async fn transition(
    State(app): State<AppState>,
    Proto(request): Proto<TransitionStage>,
) -> Answer<ModelVersionResponse> {
    let word = request.stage.unwrap_or_default();
    let stage = Stage::parse(&word)?;
    let archive = request.archive_existing_versions.unwrap_or(false);
    if archive && !stage.is_active() {
        return Err(Error::invalid(format!(
            "Model version transition cannot archive existing model versions because '{word}' is \
             not an Active stage. Valid stages are ['Staging', 'Production']"
        ))
        .into());
    }
    let id = id(request.name, request.version)?;
    let now = app.clock.now();
    Ok(answer(app.store.transition_model_version(&id, stage, archive, now).await?))
}

async fn delete(
    State(app): State<AppState>,
    Proto(request): Proto<GetModelVersion>,
) -> Answer<Empty> {
    let id = id(request.name, request.version)?;
    app.store.delete_model_version(&id, app.clock.now()).await?;
    Ok(Json(Empty {}))
}

pub async fn search(
    State(app): State<AppState>,
    Proto(request): Proto<SearchModelVersions>,
) -> Answer<SearchModelVersionsResponse> {
    let most = limits::MODEL_VERSION_RESULTS;
    let max_results = request.max_results.unwrap_or(most);
    check_page_size(max_results, most)?;
    let Ok(limit @ 1..) = u64::try_from(max_results) else {
        return Err(not_a_size(max_results, "a positive integer").into());
    };
    let filter = ModelVersionFilter::parse(request.filter.as_deref().unwrap_or(""))?;
    let order_by = ModelVersionOrder::parse_all(&request.order_by)?;
    let offset = token::decode(request.page_token.as_deref())?;
    let search = ModelVersionSearch { filter, order_by, page: PageRequest { limit, offset } };
    let found = app.store.search_model_versions(search).await?;
    Ok(Json(SearchModelVersionsResponse {
        model_versions: all(found.items),
        next_page_token: found.next_offset.map(token::encode),
    }))
}

async fn download_uri(
    State(app): State<AppState>,
    Proto(request): Proto<GetDownloadUri>,
) -> Answer<GetDownloadUriResponse> {
    let version = find(&app, &id(request.name, request.version)?).await?;
    Ok(Json(GetDownloadUriResponse { artifact_uri: Some(version.download_uri().to_owned()) }))
}

async fn set_tag(
    State(app): State<AppState>,
    Proto(request): Proto<SetModelVersionTag>,
) -> Answer<Empty> {
    let id = id(request.name, request.version)?;
    let tag = Tag::new(request.key.unwrap_or_default(), request.value.unwrap_or_default());
    validate::check_model_version_tag(&tag)?;
    app.store.set_model_version_tag(&id, tag, app.stamp()).await?;
    Ok(Json(Empty {}))
}

async fn delete_tag(
    State(app): State<AppState>,
    Proto(request): Proto<DeleteModelVersionTag>,
) -> Answer<Empty> {
    let id = id(request.name, request.version)?;
    let key = request.key.unwrap_or_default();
    validate::check_key("key", &key)?;
    app.store.delete_model_version_tag(&id, &key, app.stamp()).await?;
    Ok(Json(Empty {}))
}

/// `GET model-versions/get-artifact?name=&version=&path=`
async fn get_artifact(
    State(app): State<AppState>,
    Query(request): Query<GetVersionArtifact>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let path = request.path.ok_or_else(|| Error::invalid("Request must specify path."))?;
    let path = ArtifactPath::parse(&path)?;
    let version = find(&app, &id(request.name, request.version)?).await?;
    let location = version_source::location(&app, &version).await?;
    send_below(&app, &location, &path, &headers).await
}
