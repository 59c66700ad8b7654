//! Versions of registered models, as the server says.

use oxflow_api::model_version::{
    self, GetDownloadUri, GetDownloadUriResponse, ModelVersionResponse,
};
use oxflow_model::{Error, Millis, ModelVersion, ModelVersionStatus, Result, Stage};

use crate::call::Api::V2;
use crate::client::RestStore;
use crate::read;

/// A version. Where its files are is only said when one version is asked for: see
/// [`RestStore::located`].
pub fn version(wire: model_version::ModelVersion) -> Result<ModelVersion> {
    let none = |_| Error::internal("The server sent a model version without a number.");
    Ok(ModelVersion {
        name: wire.name.unwrap_or_default(),
        number: wire.version.unwrap_or_default().parse().map_err(none)?,
        created_at: Millis(wire.creation_timestamp.unwrap_or_default()),
        updated_at: wire.last_updated_timestamp.map(Millis),
        description: wire.description,
        user_id: wire.user_id,
        stage: Stage::from_word(&wire.current_stage.unwrap_or_default()),
        storage_location: wire.source.clone(),
        source: wire.source,
        run_id: wire.run_id,
        status: wire.status.map_or(ModelVersionStatus::Ready, |status| {
            ModelVersionStatus::from_word(status.as_str())
        }),
        status_message: wire.status_message,
        run_link: wire.run_link,
        tags: read::tags(wire.tags),
        aliases: wire.aliases,
    })
}

/// The version of an answer.
pub fn answered(answer: ModelVersionResponse) -> Result<ModelVersion> {
    version(read::need(answer.model_version, "model version")?)
}

impl RestStore {
    /// The version, with where its files are.
    pub(crate) async fn located(&self, version: ModelVersion) -> Result<ModelVersion> {
        let request = GetDownloadUri {
            name: Some(version.name.clone()),
            version: Some(version.number.to_string()),
        };
        let found = self.find(V2.get("model-versions/get-download-uri", &request)).await?;
        let found = found.and_then(|found: GetDownloadUriResponse| read::text(found.artifact_uri));
        let storage_location = found.or(version.storage_location);
        Ok(ModelVersion { storage_location, ..version })
    }
}
