//! Messages of `oxflow/views`: what pages keep on the server. MLflow has nothing like it.

use oxflow_model as model;

use crate::message;

message! {
    /// How somebody arranged a page, under a name.
    pub struct SavedView {
        view_id: Option<String>,
        experiment_id: Option<String>,
        name: Option<String>,
        owner: Option<String>,
        is_default: Option<bool>,
        state: Option<String>,
        creation_timestamp: Option<i64>,
        last_updated_timestamp: Option<i64>,
    }

    /// `GET oxflow/views`
    pub struct ListSavedViews { experiment_id: Option<String> }

    /// The answer to [`ListSavedViews`].
    pub struct ListSavedViewsResponse { views: Option<Vec<SavedView>> }

    /// `POST oxflow/views`
    pub struct CreateSavedView {
        experiment_id: Option<String>,
        [required] name: Option<String>,
        [required] state: Option<String>,
        is_default: Option<bool>,
    }

    /// `PATCH oxflow/views/{view_id}`
    pub struct UpdateSavedView {
        name: Option<String>,
        state: Option<String>,
        is_default: Option<bool>,
    }

    /// An answer that holds one view.
    pub struct SavedViewResponse { view: Option<SavedView> }

    /// `GET oxflow/events`
    pub struct FollowRuns { experiment_ids: Vec<String> }
}

impl From<model::SavedView> for SavedView {
    fn from(view: model::SavedView) -> Self {
        SavedView {
            view_id: Some(view.id),
            experiment_id: view.experiment_id.map(|id| id.to_string()),
            name: Some(view.name),
            owner: Some(view.owner),
            is_default: Some(view.is_default),
            state: Some(view.state),
            creation_timestamp: Some(view.created_at.0),
            last_updated_timestamp: Some(view.updated_at.0),
        }
    }
}
