//! The model registry: registered models, prompts among them, and their versions.

use async_trait::async_trait;
use oxflow_model::search::{
    ModelVersionFilter, ModelVersionOrder, RegisteredModelFilter, RegisteredModelOrder,
};
use oxflow_model::{
    Millis, ModelName, ModelVersion, NewModelVersion, NewRegisteredModel, Page, PageRequest,
    RegisteredModel, Result, Stage, Stamp, Tag, VersionId,
};

/// A search of registered models: all clauses must hold. Prompts are only found if the filter
/// asks for them.
#[derive(Clone, Debug)]
pub struct RegisteredModelSearch {
    /// What must hold.
    pub filter: RegisteredModelFilter,
    /// How to sort; by name among equals.
    pub order_by: Vec<RegisteredModelOrder>,
    /// Which part. A limit of 0 tells whether there is anything.
    pub page: PageRequest,
}

/// A search of model versions: all clauses must hold. Versions of prompts are only found if the
/// filter asks for them.
#[derive(Clone, Debug)]
pub struct ModelVersionSearch {
    /// What must hold.
    pub filter: ModelVersionFilter,
    /// How to sort; empty for last updated first. By name, newest first, among equals.
    pub order_by: Vec<ModelVersionOrder>,
    /// Which part.
    pub page: PageRequest,
}

/// Keeps registered models and their versions. Unless said otherwise, calls fail with
/// `RESOURCE_DOES_NOT_EXIST` when what they name is not there; deleted versions are not.
///
/// A call with a [`Stamp`] makes a change that webhooks ask for: with the change, and in one step
/// with it, it queues a delivery for each active one that does (see [`WebhookStore`]).
///
/// [`WebhookStore`]: crate::WebhookStore
#[async_trait]
pub trait RegistryStore: Send + Sync {
    /// Registers a model; fails with `RESOURCE_ALREADY_EXISTS` when the name is taken.
    async fn create_registered_model(
        &self,
        new: NewRegisteredModel,
        stamp: Stamp,
    ) -> Result<RegisteredModel>;

    /// The model with this name.
    async fn find_registered_model(&self, name: &ModelName) -> Result<Option<RegisteredModel>>;

    /// Sets the description of a model.
    async fn update_registered_model(
        &self,
        name: &ModelName,
        description: &str,
        now: Millis,
    ) -> Result<RegisteredModel>;

    /// Renames a model with all it has; fails with `RESOURCE_ALREADY_EXISTS` when the new name is
    /// taken.
    async fn rename_registered_model(
        &self,
        name: &ModelName,
        new_name: &ModelName,
        now: Millis,
    ) -> Result<RegisteredModel>;

    /// Deletes a model with all it has, for good.
    async fn delete_registered_model(&self, name: &ModelName) -> Result<()>;

    /// Sets a tag of a model.
    async fn set_registered_model_tag(
        &self,
        name: &ModelName,
        tag: Tag,
        stamp: Stamp,
    ) -> Result<()>;

    /// Removes a tag of a model; one that is not there is fine.
    async fn delete_registered_model_tag(
        &self,
        name: &ModelName,
        key: &str,
        stamp: Stamp,
    ) -> Result<()>;

    /// Makes an alias stand for this version, whatever it stood for before.
    async fn set_model_alias(&self, version: &VersionId, alias: &str, stamp: Stamp) -> Result<()>;

    /// Removes an alias; one that is not there is fine.
    async fn delete_model_alias(&self, name: &ModelName, alias: &str, stamp: Stamp) -> Result<()>;

    /// Registered models that fit, with their latest versions sorted by the word of their stage.
    async fn search_registered_models(
        &self,
        search: RegisteredModelSearch,
    ) -> Result<Page<RegisteredModel>>;

    /// Creates a version with the next number, and notes it in the tags of its logged model.
    async fn create_model_version(
        &self,
        new: NewModelVersion,
        stamp: Stamp,
    ) -> Result<ModelVersion>;

    /// This version.
    async fn find_model_version(&self, id: &VersionId) -> Result<Option<ModelVersion>>;

    /// The version that an alias stands for; `None` if the model has no such alias.
    async fn find_aliased_version(
        &self,
        name: &ModelName,
        alias: &str,
    ) -> Result<Option<ModelVersion>>;

    /// The newest version of each stage, with aliases.
    async fn latest_model_versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>>;

    /// Sets or removes the description of a version.
    async fn update_model_version(
        &self,
        id: &VersionId,
        description: Option<&str>,
        now: Millis,
    ) -> Result<ModelVersion>;

    /// Moves a version to a stage and, if wanted, all others in that stage to the archive.
    async fn transition_model_version(
        &self,
        id: &VersionId,
        stage: Stage,
        archive_others: bool,
        now: Millis,
    ) -> Result<ModelVersion>;

    /// Deletes a version; its number is not used again.
    async fn delete_model_version(&self, id: &VersionId, now: Millis) -> Result<()>;

    /// Sets a tag of a version.
    async fn set_model_version_tag(&self, id: &VersionId, tag: Tag, stamp: Stamp) -> Result<()>;

    /// Removes a tag of a version; one that is not there is fine.
    async fn delete_model_version_tag(&self, id: &VersionId, key: &str, stamp: Stamp)
    -> Result<()>;

    /// Versions that fit, without aliases.
    async fn search_model_versions(&self, search: ModelVersionSearch)
    -> Result<Page<ModelVersion>>;
}
