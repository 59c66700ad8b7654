//! Messages of `registered-models/…`.

use oxflow_model as model;

use crate::common::{Tag, all, non_empty};
use crate::message;
use crate::model_version::ModelVersion;

message! {
    /// A name that stands for one version.
    pub struct RegisteredModelAlias { alias: Option<String>, version: Option<String> }

    /// A registered model.
    pub struct RegisteredModel {
        name: Option<String>,
        creation_timestamp: Option<i64>,
        last_updated_timestamp: Option<i64>,
        description: Option<String>,
        latest_versions: Vec<ModelVersion>,
        tags: Vec<Tag>,
        aliases: Vec<RegisteredModelAlias>,
    }

    /// An answer that holds one registered model.
    pub struct RegisteredModelResponse { registered_model: Option<RegisteredModel> }

    /// `POST registered-models/create`
    pub struct CreateRegisteredModel {
        [required] name: Option<String>,
        tags: Vec<Tag>,
        description: Option<String>,
    }

    /// `GET registered-models/get`, and the request of `delete`
    pub struct GetRegisteredModel { [required] name: Option<String> }

    /// `PATCH registered-models/update`
    pub struct UpdateRegisteredModel {
        [required] name: Option<String>,
        description: Option<String>,
    }

    /// `POST registered-models/rename`
    pub struct RenameRegisteredModel {
        [required] name: Option<String>,
        [required] new_name: Option<String>,
    }

    /// `GET registered-models/search`
    pub struct SearchRegisteredModels {
        filter: Option<String>,
        max_results: Option<i64>,
        order_by: Vec<String>,
        page_token: Option<String>,
    }

    /// `GET registered-models/list`, which MLflow 3 dropped and 1.x clients still call
    pub struct ListRegisteredModels { max_results: Option<i64>, page_token: Option<String> }

    /// The answer to [`SearchRegisteredModels`] and [`ListRegisteredModels`].
    pub struct SearchRegisteredModelsResponse {
        registered_models: Vec<RegisteredModel>,
        next_page_token: Option<String>,
    }

    /// `GET|POST registered-models/get-latest-versions`
    pub struct GetLatestVersions { [required] name: Option<String>, stages: Vec<String> }

    /// The answer to [`GetLatestVersions`].
    pub struct GetLatestVersionsResponse { model_versions: Vec<ModelVersion> }

    /// `POST registered-models/set-tag`
    pub struct SetRegisteredModelTag {
        [required] name: Option<String>,
        [required] key: Option<String>,
        value: Option<String>,
    }

    /// `DELETE registered-models/delete-tag`
    pub struct DeleteRegisteredModelTag {
        [required] name: Option<String>,
        [required] key: Option<String>,
    }

    /// `POST registered-models/alias`
    pub struct SetRegisteredModelAlias {
        [required] name: Option<String>,
        [required] alias: Option<String>,
        [required] version: Option<String>,
    }

    /// `GET|DELETE registered-models/alias`
    pub struct GetRegisteredModelAlias {
        [required] name: Option<String>,
        [required] alias: Option<String>,
    }
}

impl From<model::ModelAlias> for RegisteredModelAlias {
    fn from(alias: model::ModelAlias) -> Self {
        RegisteredModelAlias { alias: Some(alias.alias), version: Some(alias.version.to_string()) }
    }
}

impl From<model::RegisteredModel> for RegisteredModel {
    fn from(model: model::RegisteredModel) -> Self {
        RegisteredModel {
            name: Some(model.name),
            creation_timestamp: Some(model.created_at.0),
            // Unlike versions, models show neither a time of 0 nor an empty description.
            last_updated_timestamp: model.updated_at.map(|time| time.0).filter(|time| *time != 0),
            description: model.description.and_then(non_empty),
            latest_versions: all(model.latest_versions),
            tags: all(model.tags),
            aliases: all(model.aliases),
        }
    }
}
