//! The model registry.

use async_trait::async_trait;
use oxflow_api::common::{Empty, all};
use oxflow_api::model_version::{
    CreateModelVersion, DeleteModelVersionTag, GetModelVersion, ModelVersionResponse,
    SearchModelVersions, SearchModelVersionsResponse, SetModelVersionTag, TransitionStage,
    UpdateModelVersion,
};
use oxflow_api::registered_model::{
    CreateRegisteredModel, DeleteRegisteredModelTag, GetLatestVersions, GetLatestVersionsResponse,
    GetRegisteredModel, GetRegisteredModelAlias, RegisteredModelResponse, RenameRegisteredModel,
    SearchRegisteredModels, SearchRegisteredModelsResponse, SetRegisteredModelAlias,
    SetRegisteredModelTag, UpdateRegisteredModel,
};
use oxflow_model::registry::no_such_alias;
use oxflow_model::{
    Millis, ModelName, ModelVersion, NewModelVersion, NewRegisteredModel, Page, RegisteredModel,
    Result, Stage, Stamp, Tag, VersionId, limits,
};
use oxflow_store::{ModelVersionSearch, RegisteredModelSearch, RegistryStore};

use crate::call::Api::V2;
use crate::client::RestStore;
use crate::model_version::version;
use crate::page::{at, gather};
use crate::registered_model::registered;
use crate::{model_version, registered_model};

/// The largest pages.
const MOST_MODELS: u32 = limits::REGISTERED_MODEL_RESULTS as u32;
const MOST_VERSIONS: u32 = limits::MODEL_VERSION_RESULTS as u32;

fn named(name: &ModelName) -> GetRegisteredModel {
    GetRegisteredModel { name: Some(name.to_string()) }
}

fn numbered(id: &VersionId) -> GetModelVersion {
    GetModelVersion { name: Some(id.model.to_string()), version: Some(id.number.to_string()) }
}

fn alias_of(name: &ModelName, alias: &str) -> GetRegisteredModelAlias {
    GetRegisteredModelAlias { name: Some(name.to_string()), alias: Some(alias.to_owned()) }
}

#[async_trait]
impl RegistryStore for RestStore {
    async fn create_registered_model(
        &self,
        new: NewRegisteredModel,
        stamp: Stamp,
    ) -> Result<RegisteredModel> {
        let request = CreateRegisteredModel {
            name: Some(new.name.to_string()),
            tags: all(new.tags),
            description: Some(new.description),
        };
        let call = V2.post("registered-models/create", &request)?.at(stamp.at);
        registered_model::answered(self.send(Ok(call)).await?)
    }

    async fn find_registered_model(&self, name: &ModelName) -> Result<Option<RegisteredModel>> {
        let found: Option<RegisteredModelResponse> =
            self.find(V2.get("registered-models/get", &named(name))).await?;
        found.map(registered_model::answered).transpose()
    }

    async fn update_registered_model(
        &self,
        name: &ModelName,
        description: &str,
        now: Millis,
    ) -> Result<RegisteredModel> {
        let request = UpdateRegisteredModel {
            name: Some(name.to_string()),
            description: Some(description.to_owned()),
        };
        let call = V2.patch("registered-models/update", &request)?.at(now);
        registered_model::answered(self.send(Ok(call)).await?)
    }

    async fn rename_registered_model(
        &self,
        name: &ModelName,
        new_name: &ModelName,
        now: Millis,
    ) -> Result<RegisteredModel> {
        let request = RenameRegisteredModel {
            name: Some(name.to_string()),
            new_name: Some(new_name.to_string()),
        };
        let call = V2.post("registered-models/rename", &request)?.at(now);
        registered_model::answered(self.send(Ok(call)).await?)
    }

    async fn delete_registered_model(&self, name: &ModelName) -> Result<()> {
        self.send::<Empty>(V2.delete("registered-models/delete", &named(name))).await.map(drop)
    }

    async fn set_registered_model_tag(
        &self,
        name: &ModelName,
        tag: Tag,
        stamp: Stamp,
    ) -> Result<()> {
        let request = SetRegisteredModelTag {
            name: Some(name.to_string()),
            key: Some(tag.key),
            value: Some(tag.value),
        };
        let call = V2.post("registered-models/set-tag", &request)?.at(stamp.at);
        self.send::<Empty>(Ok(call)).await.map(drop)
    }

    async fn delete_registered_model_tag(
        &self,
        name: &ModelName,
        key: &str,
        stamp: Stamp,
    ) -> Result<()> {
        let (name, key) = (Some(name.to_string()), Some(key.to_owned()));
        let request = DeleteRegisteredModelTag { name, key };
        let call = V2.delete("registered-models/delete-tag", &request)?.at(stamp.at);
        self.send::<Empty>(Ok(call)).await.map(drop)
    }

    async fn set_model_alias(&self, id: &VersionId, alias: &str, stamp: Stamp) -> Result<()> {
        let request = SetRegisteredModelAlias {
            name: Some(id.model.to_string()),
            alias: Some(alias.to_owned()),
            version: Some(id.number.to_string()),
        };
        let call = V2.post("registered-models/alias", &request)?.at(stamp.at);
        self.send::<Empty>(Ok(call)).await.map(drop)
    }

    async fn delete_model_alias(&self, name: &ModelName, alias: &str, stamp: Stamp) -> Result<()> {
        let call = V2.delete("registered-models/alias", &alias_of(name, alias))?.at(stamp.at);
        self.send::<Empty>(Ok(call)).await.map(drop)
    }

    async fn search_registered_models(
        &self,
        search: RegisteredModelSearch,
    ) -> Result<Page<RegisteredModel>> {
        let request = SearchRegisteredModels {
            filter: Some(search.filter.to_string()),
            order_by: search.order_by.iter().map(ToString::to_string).collect(),
            ..SearchRegisteredModels::default()
        };
        let fetch = async |limit: i32, offset| {
            let (max_results, page_token) = (Some(limit.into()), at(offset));
            let request = SearchRegisteredModels { max_results, page_token, ..request.clone() };
            let page: SearchRegisteredModelsResponse =
                self.send(V2.get("registered-models/search", &request)).await?;
            let found: Result<Vec<_>> =
                page.registered_models.into_iter().map(registered).collect();
            Ok((found?, page.next_page_token))
        };
        gather(search.page, MOST_MODELS, fetch).await
    }

    /// The server finds out where the files are.
    async fn create_model_version(
        &self,
        new: NewModelVersion,
        stamp: Stamp,
    ) -> Result<ModelVersion> {
        let request = CreateModelVersion {
            name: Some(new.model.to_string()),
            source: Some(new.source),
            run_id: new.run_id.as_ref().map(ToString::to_string),
            tags: all(new.tags),
            run_link: Some(new.run_link),
            description: Some(new.description),
            model_id: new.logged_model.as_ref().map(ToString::to_string),
        };
        let call = V2.post("model-versions/create", &request)?.at(stamp.at);
        let created = model_version::answered(self.send(Ok(call)).await?)?;
        self.located(created).await
    }

    async fn find_model_version(&self, id: &VersionId) -> Result<Option<ModelVersion>> {
        let found: Option<ModelVersionResponse> =
            self.find(V2.get("model-versions/get", &numbered(id))).await?;
        match found {
            Some(found) => self.located(model_version::answered(found)?).await.map(Some),
            None => Ok(None),
        }
    }

    async fn find_aliased_version(
        &self,
        name: &ModelName,
        alias: &str,
    ) -> Result<Option<ModelVersion>> {
        let call = V2.get("registered-models/alias", &alias_of(name, alias));
        let found: Option<ModelVersionResponse> =
            self.find_unless(&no_such_alias(alias), call).await?;
        match found {
            Some(found) => self.located(model_version::answered(found)?).await.map(Some),
            None => Ok(None),
        }
    }

    async fn latest_model_versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>> {
        let request = GetLatestVersions { name: Some(name.to_string()), stages: Vec::new() };
        let call = V2.post("registered-models/get-latest-versions", &request);
        let found: GetLatestVersionsResponse = self.send(call).await?;
        found.model_versions.into_iter().map(version).collect()
    }

    async fn update_model_version(
        &self,
        id: &VersionId,
        description: Option<&str>,
        now: Millis,
    ) -> Result<ModelVersion> {
        let GetModelVersion { name, version } = numbered(id);
        let description = description.map(str::to_owned);
        let request = UpdateModelVersion { name, version, description };
        let call = V2.patch("model-versions/update", &request)?.at(now);
        model_version::answered(self.send(Ok(call)).await?)
    }

    async fn transition_model_version(
        &self,
        id: &VersionId,
        stage: Stage,
        archive_others: bool,
        now: Millis,
    ) -> Result<ModelVersion> {
        let GetModelVersion { name, version } = numbered(id);
        let stage = Some(stage.as_str().to_owned());
        let archive_existing_versions = Some(archive_others);
        let request = TransitionStage { name, version, stage, archive_existing_versions };
        let call = V2.post("model-versions/transition-stage", &request)?.at(now);
        model_version::answered(self.send(Ok(call)).await?)
    }

    async fn delete_model_version(&self, id: &VersionId, now: Millis) -> Result<()> {
        let call = V2.delete("model-versions/delete", &numbered(id))?.at(now);
        self.send::<Empty>(Ok(call)).await.map(drop)
    }

    async fn set_model_version_tag(&self, id: &VersionId, tag: Tag, stamp: Stamp) -> Result<()> {
        let GetModelVersion { name, version } = numbered(id);
        let (key, value) = (Some(tag.key), Some(tag.value));
        let request = SetModelVersionTag { name, version, key, value };
        let call = V2.post("model-versions/set-tag", &request)?.at(stamp.at);
        self.send::<Empty>(Ok(call)).await.map(drop)
    }

    async fn delete_model_version_tag(
        &self,
        id: &VersionId,
        key: &str,
        stamp: Stamp,
    ) -> Result<()> {
        let GetModelVersion { name, version } = numbered(id);
        let request = DeleteModelVersionTag { name, version, key: Some(key.to_owned()) };
        let call = V2.delete("model-versions/delete-tag", &request)?.at(stamp.at);
        self.send::<Empty>(Ok(call)).await.map(drop)
    }

    async fn search_model_versions(
        &self,
        search: ModelVersionSearch,
    ) -> Result<Page<ModelVersion>> {
        let request = SearchModelVersions {
            filter: Some(search.filter.to_string()),
            order_by: search.order_by.iter().map(ToString::to_string).collect(),
            ..SearchModelVersions::default()
        };
        let fetch = async |limit: i32, offset| {
            let (max_results, page_token) = (Some(limit.into()), at(offset));
            let request = SearchModelVersions { max_results, page_token, ..request.clone() };
            let page: SearchModelVersionsResponse =
                self.send(V2.get("model-versions/search", &request)).await?;
            let found: Result<Vec<_>> = page.model_versions.into_iter().map(version).collect();
            Ok((found?, page.next_page_token))
        };
        gather(search.page, MOST_VERSIONS, fetch).await
    }
}
