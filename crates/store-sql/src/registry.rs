//! The model registry: which function does what each call asks for.

use async_trait::async_trait;
use oxflow_model::{
    Millis, ModelName, ModelVersion, NewModelVersion, NewRegisteredModel, Page, RegisteredModel,
    RegistryEvent, Result, Stage, Stamp, Tag, VersionId,
};
use oxflow_store::{ModelVersionSearch, RegisteredModelSearch, RegistryStore};

use crate::{SqlStore, model_version, registered_model, registry_search};

#[async_trait]
impl RegistryStore for SqlStore {
    async fn create_registered_model(
        &self,
        new: NewRegisteredModel,
        stamp: Stamp,
    ) -> Result<RegisteredModel> {
        let (sql, now) = (self.sql.clone(), stamp.at);
        self.announce(stamp, move |session| {
            let model = registered_model::create(session, &sql, &new, now)?;
            Ok((model, Some(RegistryEvent::model_created(&new))))
        })
        .await
    }

    async fn find_registered_model(&self, name: &ModelName) -> Result<Option<RegisteredModel>> {
        let name = name.clone();
        self.database.read(move |session| registered_model::find(session, &name)).await
    }

    async fn update_registered_model(
        &self,
        name: &ModelName,
        description: &str,
        now: Millis,
    ) -> Result<RegisteredModel> {
        let (name, description) = (name.clone(), description.to_owned());
        self.database
            .write(move |session| registered_model::describe(session, &name, &description, now))
            .await
    }

    async fn rename_registered_model(
        &self,
        name: &ModelName,
        new_name: &ModelName,
        now: Millis,
    ) -> Result<RegisteredModel> {
        let (name, new_name) = (name.clone(), new_name.clone());
        self.database
            .write(move |session| registered_model::rename(session, &name, &new_name, now))
            .await
    }

    async fn delete_registered_model(&self, name: &ModelName) -> Result<()> {
        let name = name.clone();
        self.database.write(move |session| registered_model::delete(session, &name)).await
    }

    async fn set_registered_model_tag(
        &self,
        name: &ModelName,
        tag: Tag,
        stamp: Stamp,
    ) -> Result<()> {
        let (sql, name) = (self.sql.clone(), name.clone());
        self.announce(stamp, move |session| {
            registered_model::set_tag(session, &sql, &name, &tag)?;
            let prompt = registered_model::is_prompt(session, &name)?;
            Ok(((), prompt.then(|| RegistryEvent::prompt_tag_set(name.as_str(), &tag))))
        })
        .await
    }

    async fn delete_registered_model_tag(
        &self,
        name: &ModelName,
        key: &str,
        stamp: Stamp,
    ) -> Result<()> {
        let (name, key) = (name.clone(), key.to_owned());
        self.announce(stamp, move |session| {
            registered_model::delete_tag(session, &name, &key)?;
            let prompt = registered_model::is_prompt(session, &name)?;
            Ok(((), prompt.then(|| RegistryEvent::prompt_tag_deleted(name.as_str(), &key))))
        })
        .await
    }

    async fn set_model_alias(&self, version: &VersionId, alias: &str, stamp: Stamp) -> Result<()> {
        let (sql, id, alias) = (self.sql.clone(), version.clone(), alias.to_owned());
        self.announce(stamp, move |session| {
            model_version::set_alias(session, &sql, &id, &alias)?;
            let prompt = registered_model::is_prompt(session, &id.model)?;
            let name = id.model.as_str();
            Ok(((), Some(RegistryEvent::alias_set(prompt, name, &alias, id.number))))
        })
        .await
    }

    async fn delete_model_alias(&self, name: &ModelName, alias: &str, stamp: Stamp) -> Result<()> {
        let (name, alias) = (name.clone(), alias.to_owned());
        self.announce(stamp, move |session| {
            registered_model::delete_alias(session, &name, &alias)?;
            let prompt = registered_model::is_prompt(session, &name)?;
            Ok(((), Some(RegistryEvent::alias_deleted(prompt, name.as_str(), &alias))))
        })
        .await
    }

    async fn search_registered_models(
        &self,
        search: RegisteredModelSearch,
    ) -> Result<Page<RegisteredModel>> {
        registry_search::registered_models(self, search).await
    }

    async fn create_model_version(
        &self,
        new: NewModelVersion,
        stamp: Stamp,
    ) -> Result<ModelVersion> {
        let (sql, now) = (self.sql.clone(), stamp.at);
        let mut attempt = 0;
        self.announce(stamp, move |session| {
            attempt += 1;
            let version = model_version::create(session, &sql, &new, now, attempt)?;
            let event = RegistryEvent::version_created(&new, version.number);
            Ok((version, Some(event)))
        })
        .await
    }

    async fn find_model_version(&self, id: &VersionId) -> Result<Option<ModelVersion>> {
        let id = id.clone();
        self.database.read(move |session| Ok(model_version::find(session, &id)?)).await
    }

    async fn find_aliased_version(
        &self,
        name: &ModelName,
        alias: &str,
    ) -> Result<Option<ModelVersion>> {
        let (name, alias) = (name.clone(), alias.to_owned());
        self.database.read(move |session| model_version::find_aliased(session, &name, &alias)).await
    }

    async fn latest_model_versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>> {
        let name = name.clone();
        self.database.read(move |session| model_version::latest_of_model(session, &name)).await
    }

    async fn update_model_version(
        &self,
        id: &VersionId,
        description: Option<&str>,
        now: Millis,
    ) -> Result<ModelVersion> {
        let (id, description) = (id.clone(), description.map(str::to_owned));
        self.database
            .write(move |session| {
                model_version::describe(session, &id, description.as_deref(), now)
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
        self.database
            .write(move |session| {
                model_version::transition(session, &id, stage, archive_others, now)
            })
            .await
    }

    async fn delete_model_version(&self, id: &VersionId, now: Millis) -> Result<()> {
        let id = id.clone();
        self.database.write(move |session| model_version::delete(session, &id, now)).await
    }

    async fn set_model_version_tag(&self, id: &VersionId, tag: Tag, stamp: Stamp) -> Result<()> {
        let (sql, id) = (self.sql.clone(), id.clone());
        self.announce(stamp, move |session| {
            model_version::set_tag(session, &sql, &id, &tag)?;
            let prompt = registered_model::is_prompt(session, &id.model)?;
            let name = id.model.as_str();
            Ok(((), Some(RegistryEvent::version_tag_set(prompt, name, id.number, &tag))))
        })
        .await
    }

    async fn delete_model_version_tag(
        &self,
        id: &VersionId,
        key: &str,
        stamp: Stamp,
    ) -> Result<()> {
        let (id, key) = (id.clone(), key.to_owned());
        self.announce(stamp, move |session| {
            model_version::delete_tag(session, &id, &key)?;
            let prompt = registered_model::is_prompt(session, &id.model)?;
            let name = id.model.as_str();
            Ok(((), Some(RegistryEvent::version_tag_deleted(prompt, name, id.number, &key))))
        })
        .await
    }

    async fn search_model_versions(
        &self,
        search: ModelVersionSearch,
    ) -> Result<Page<ModelVersion>> {
        registry_search::model_versions(self, search).await
    }
}
