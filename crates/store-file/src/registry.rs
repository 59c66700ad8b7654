//! The model registry. A file store has no webhooks, so that nobody is told of changes.

use async_trait::async_trait;
use oxflow_model::{
    Millis, ModelName, ModelVersion, NewModelVersion, NewRegisteredModel, Page, RegisteredModel,
    Result, Stage, Stamp, Tag, VersionId,
};
use oxflow_store::{ModelVersionSearch, RegisteredModelSearch, RegistryStore};

use crate::store::FileStore;
use crate::{model_version, registered_model, registry_search};

#[async_trait]
impl RegistryStore for FileStore {
    async fn create_registered_model(
        &self,
        new: NewRegisteredModel,
        stamp: Stamp,
    ) -> Result<RegisteredModel> {
        self.write(move |view, changes| registered_model::create(view, changes, &new, stamp.at))
            .await
    }

    async fn find_registered_model(&self, name: &ModelName) -> Result<Option<RegisteredModel>> {
        let name = name.clone();
        self.read(move |view| Ok(registered_model::find(view, &name))).await
    }

    async fn update_registered_model(
        &self,
        name: &ModelName,
        description: &str,
        now: Millis,
    ) -> Result<RegisteredModel> {
        let (name, text) = (name.clone(), description.to_owned());
        self.write(move |view, changes| {
            registered_model::describe(view, changes, &name, &text, now)
        })
        .await
    }

    async fn rename_registered_model(
        &self,
        name: &ModelName,
        new_name: &ModelName,
        now: Millis,
    ) -> Result<RegisteredModel> {
        let (name, new_name) = (name.clone(), new_name.clone());
        self.write(move |view, changes| {
            registered_model::rename(view, changes, &name, &new_name, now)
        })
        .await
    }

    async fn delete_registered_model(&self, name: &ModelName) -> Result<()> {
        let name = name.clone();
        self.write(move |view, changes| registered_model::delete(view, changes, &name)).await
    }

    async fn set_registered_model_tag(&self, name: &ModelName, tag: Tag, _: Stamp) -> Result<()> {
        let name = name.clone();
        self.write(move |view, changes| registered_model::set_tag(view, changes, &name, &tag)).await
    }

    async fn delete_registered_model_tag(
        &self,
        name: &ModelName,
        key: &str,
        _: Stamp,
    ) -> Result<()> {
        let (name, key) = (name.clone(), key.to_owned());
        self.write(move |view, changes| registered_model::delete_tag(view, changes, &name, &key))
            .await
    }

    async fn set_model_alias(&self, version: &VersionId, alias: &str, _: Stamp) -> Result<()> {
        let (id, alias) = (version.clone(), alias.to_owned());
        self.write(move |view, changes| registered_model::set_alias(view, changes, &id, &alias))
            .await
    }

    async fn delete_model_alias(&self, name: &ModelName, alias: &str, _: Stamp) -> Result<()> {
        let (name, alias) = (name.clone(), alias.to_owned());
        self.write(move |view, changes| {
            registered_model::delete_alias(view, changes, &name, &alias)
        })
        .await
    }

    async fn search_registered_models(
        &self,
        search: RegisteredModelSearch,
    ) -> Result<Page<RegisteredModel>> {
        self.read(move |view| Ok(registry_search::registered_models(view, &search))).await
    }

    async fn create_model_version(
        &self,
        new: NewModelVersion,
        stamp: Stamp,
    ) -> Result<ModelVersion> {
        self.write(move |view, changes| model_version::create(view, changes, &new, stamp.at)).await
    }

    async fn find_model_version(&self, id: &VersionId) -> Result<Option<ModelVersion>> {
        let id = id.clone();
        self.read(move |view| Ok(model_version::find(view, &id))).await
    }

    async fn find_aliased_version(
        &self,
        name: &ModelName,
        alias: &str,
    ) -> Result<Option<ModelVersion>> {
        let (name, alias) = (name.clone(), alias.to_owned());
        self.read(move |view| registered_model::find_aliased(view, &name, &alias)).await
    }

    async fn latest_model_versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>> {
        let name = name.clone();
        self.read(move |view| model_version::latest_with_aliases(view, &name)).await
    }

    async fn update_model_version(
        &self,
        id: &VersionId,
        description: Option<&str>,
        now: Millis,
    ) -> Result<ModelVersion> {
        let (id, text) = (id.clone(), description.map(str::to_owned));
        self.write(move |view, changes| {
            model_version::describe(view, changes, &id, text.as_deref(), now)
        })
        .await
    }

    async fn transition_model_version(
        &self,
        id: &VersionId,
        stage: Stage,
        archive_others: bool,
        now: Millis,
    ) -> Result<ModelVersion> {
        let id = id.clone();
        self.write(move |view, changes| {
            model_version::transition(view, changes, &id, stage, archive_others, now)
        })
        .await
    }

    async fn delete_model_version(&self, id: &VersionId, now: Millis) -> Result<()> {
        let id = id.clone();
        self.write(move |view, changes| model_version::delete(view, changes, &id, now)).await
    }

    async fn set_model_version_tag(&self, id: &VersionId, tag: Tag, _: Stamp) -> Result<()> {
        let id = id.clone();
        self.write(move |view, changes| model_version::set_tag(view, changes, &id, &tag)).await
    }

    async fn delete_model_version_tag(&self, id: &VersionId, key: &str, _: Stamp) -> Result<()> {
        let (id, key) = (id.clone(), key.to_owned());
        self.write(move |view, changes| model_version::delete_tag(view, changes, &id, &key)).await
    }

    async fn search_model_versions(
        &self,
        search: ModelVersionSearch,
    ) -> Result<Page<ModelVersion>> {
        self.read(move |view| Ok(registry_search::model_versions(view, &search))).await
    }
}
