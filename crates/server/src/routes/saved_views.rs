//! `oxflow/views`: pages as people arranged them.

use axum::extract::{Path, State};
use oxflow_api::common::{Empty, all};
use oxflow_api::saved_view::{
    CreateSavedView, ListSavedViews, ListSavedViewsResponse, SavedViewResponse, UpdateSavedView,
};
use oxflow_model::saved_view::{check_name, check_state, no_such_view};
use oxflow_model::{Error, ExperimentId, Result, SavedView, SavedViewChange};

use crate::access::{Access, Level};
use crate::answer::{Answer, Json, Proto};
use crate::app::AppState;
use crate::router::{Routes, Under};

pub fn routes(routes: Routes) -> Routes {
    routes
        .get(Under::Oxflow, "/views", Access::Experiment(Level::Read), list)
        .post(Under::Oxflow, "/views", Access::Experiment(Level::Edit), create)
        .get(Under::Oxflow, "/views/{view_id}", Access::SavedView(Level::Read), get)
        .patch(Under::Oxflow, "/views/{view_id}", Access::SavedView(Level::Edit), update)
        .delete(Under::Oxflow, "/views/{view_id}", Access::SavedView(Level::Edit), delete)
}

/// The experiment that a request names, if any.
fn experiment(id: Option<String>) -> Result<Option<ExperimentId>> {
    id.filter(|id| !id.is_empty()).map(|id| ExperimentId::parse(&id)).transpose()
}

async fn list(
    State(app): State<AppState>,
    Proto(request): Proto<ListSavedViews>,
) -> Answer<ListSavedViewsResponse> {
    let views = app.store.list_saved_views(experiment(request.experiment_id)?).await?;
    Ok(Json(ListSavedViewsResponse { views: Some(all(views)) }))
}

async fn create(
    State(app): State<AppState>,
    Proto(request): Proto<CreateSavedView>,
) -> Answer<SavedViewResponse> {
    let experiment_id = experiment(request.experiment_id)?;
    let (name, state) = (request.name.unwrap_or_default(), request.state.unwrap_or_default());
    check_name(&name)?;
    check_state(&state)?;
    if let Some(id) = experiment_id {
        let found = app.store.find_experiment(id).await?;
        found.ok_or_else(|| Error::not_found(format!("No Experiment with id={id} exists")))?;
    }
    let now = app.clock.now();
    let view = SavedView {
        id: app.ids.uuid(),
        experiment_id,
        name,
        // Nobody is known by name until there is authentication.
        owner: String::new(),
        is_default: request.is_default.unwrap_or(false),
        state,
        created_at: now,
        updated_at: now,
    };
    app.store.create_saved_view(view.clone()).await?;
    Ok(Json(SavedViewResponse { view: Some(view.into()) }))
}

async fn get(State(app): State<AppState>, Path(id): Path<String>) -> Answer<SavedViewResponse> {
    let view = app.store.find_saved_view(&id).await?.ok_or_else(|| no_such_view(&id))?;
    Ok(Json(SavedViewResponse { view: Some(view.into()) }))
}

async fn update(
    State(app): State<AppState>,
    Path(id): Path<String>,
    Proto(request): Proto<UpdateSavedView>,
) -> Answer<SavedViewResponse> {
    request.name.as_deref().map_or(Ok(()), check_name)?;
    request.state.as_deref().map_or(Ok(()), check_state)?;
    let change = SavedViewChange {
        name: request.name,
        state: request.state,
        is_default: request.is_default,
    };
    let view = app.store.update_saved_view(&id, change, app.clock.now()).await?;
    Ok(Json(SavedViewResponse { view: Some(view.into()) }))
}

async fn delete(State(app): State<AppState>, Path(id): Path<String>) -> Answer<Empty> {
    app.store.delete_saved_view(&id).await?;
    Ok(Json(Empty {}))
}
