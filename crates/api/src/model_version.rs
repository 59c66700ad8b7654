//! Messages of `model-versions/…`.

use oxflow_model as model;

use crate::common::{Tag, all, non_empty};
use crate::{message, wire_enum};

wire_enum! {
    /// Whether the files of a version are complete.
    pub enum ModelVersionStatus {
        /// Being copied.
        PendingRegistration = 1 => "PENDING_REGISTRATION",
        /// The copy broke off.
        FailedRegistration = 2 => "FAILED_REGISTRATION",
        /// Complete.
        Ready = 3 => "READY",
    }
}

message! {
    /// A version of a registered model. MLflow has fields for the logged model, its params and its
    /// metrics too, but never fills them in.
    pub struct ModelVersion {
        name: Option<String>,
        version: Option<String>,
        creation_timestamp: Option<i64>,
        last_updated_timestamp: Option<i64>,
        user_id: Option<String>,
        current_stage: Option<String>,
        description: Option<String>,
        source: Option<String>,
        run_id: Option<String>,
        status: Option<ModelVersionStatus>,
        status_message: Option<String>,
        tags: Vec<Tag>,
        run_link: Option<String>,
        aliases: Vec<String>,
    }

    /// An answer that holds one version.
    pub struct ModelVersionResponse { model_version: Option<ModelVersion> }

    /// `POST model-versions/create`
    pub struct CreateModelVersion {
        [required] name: Option<String>,
        [required] source: Option<String>,
        run_id: Option<String>,
        tags: Vec<Tag>,
        run_link: Option<String>,
        description: Option<String>,
        model_id: Option<String>,
    }

    /// `GET model-versions/get`, and the request of `delete`
    pub struct GetModelVersion {
        [required] name: Option<String>,
        [required] version: Option<String>,
    }

    /// `PATCH model-versions/update`
    pub struct UpdateModelVersion {
        [required] name: Option<String>,
        [required] version: Option<String>,
        description: Option<String>,
    }

    /// `POST model-versions/transition-stage`
    pub struct TransitionStage {
        [required] name: Option<String>,
        [required] version: Option<String>,
        [required] stage: Option<String>,
        archive_existing_versions: Option<bool>,
    }

    /// `GET model-versions/search`
    pub struct SearchModelVersions {
        filter: Option<String>,
        max_results: Option<i64>,
        order_by: Vec<String>,
        page_token: Option<String>,
    }

    /// The answer to [`SearchModelVersions`].
    pub struct SearchModelVersionsResponse {
        model_versions: Vec<ModelVersion>,
        next_page_token: Option<String>,
    }

    /// `GET model-versions/get-artifact`
    pub struct GetVersionArtifact {
        name: Option<String>,
        version: Option<String>,
        path: Option<String>,
    }

    /// `GET model-versions/get-download-uri`
    pub struct GetDownloadUri { name: Option<String>, version: Option<String> }

    /// The answer to [`GetDownloadUri`].
    pub struct GetDownloadUriResponse { artifact_uri: Option<String> }

    /// `POST model-versions/set-tag`
    pub struct SetModelVersionTag {
        [required] name: Option<String>,
        [required] version: Option<String>,
        [required] key: Option<String>,
        value: Option<String>,
    }

    /// `DELETE model-versions/delete-tag`
    pub struct DeleteModelVersionTag {
        [required] name: Option<String>,
        [required] version: Option<String>,
        [required] key: Option<String>,
    }
}

impl From<model::ModelVersionStatus> for ModelVersionStatus {
    fn from(status: model::ModelVersionStatus) -> Self {
        match status {
            model::ModelVersionStatus::PendingRegistration => {
                ModelVersionStatus::PendingRegistration
            }
            model::ModelVersionStatus::FailedRegistration => ModelVersionStatus::FailedRegistration,
            model::ModelVersionStatus::Ready => ModelVersionStatus::Ready,
        }
    }
}

impl From<model::ModelVersion> for ModelVersion {
    fn from(version: model::ModelVersion) -> Self {
        ModelVersion {
            name: Some(version.name),
            version: Some(version.number.to_string()),
            creation_timestamp: Some(version.created_at.0),
            last_updated_timestamp: version.updated_at.map(|time| time.0),
            user_id: version.user_id,
            current_stage: Some(version.stage.as_str().to_owned()),
            description: version.description,
            source: version.source,
            run_id: version.run_id,
            status: Some(version.status.into()),
            status_message: version.status_message.and_then(non_empty),
            tags: all(version.tags),
            run_link: version.run_link,
            aliases: version.aliases,
        }
    }
}
