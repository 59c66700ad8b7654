//! Messages of `logged-models/…`.

use oxflow_model as model;
use oxflow_model::{Error, Result};
use serde_json::{Value, json};

use crate::artifact::FileInfo;
use crate::common::{Param, Tag, all};
use crate::metric::Metric;
use crate::{message, token, wire_enum};

wire_enum! {
    /// Where a logged model stands.
    pub enum LoggedModelStatus {
        /// Never said.
        Unspecified = 0 => "LOGGED_MODEL_STATUS_UNSPECIFIED",
        /// Files are being uploaded.
        Pending = 1 => "LOGGED_MODEL_PENDING",
        /// Complete.
        Ready = 2 => "LOGGED_MODEL_READY",
        /// The upload broke off.
        UploadFailed = 3 => "LOGGED_MODEL_UPLOAD_FAILED",
    }
}

message! {
    /// The head of a logged model.
    pub struct LoggedModelInfo {
        model_id: Option<String>,
        experiment_id: Option<String>,
        name: Option<String>,
        creation_timestamp_ms: Option<i64>,
        last_updated_timestamp_ms: Option<i64>,
        artifact_uri: Option<String>,
        status: Option<LoggedModelStatus>,
        model_type: Option<String>,
        source_run_id: Option<String>,
        status_message: Option<String>,
        tags: Vec<Tag>,
    }

    /// What belongs to a logged model.
    pub struct LoggedModelData { params: Vec<Param>, metrics: Vec<Metric> }

    /// A logged model.
    pub struct LoggedModel { info: Option<LoggedModelInfo>, data: Option<LoggedModelData> }

    /// An answer that holds one logged model.
    pub struct LoggedModelResponse { model: Option<LoggedModel> }

    /// `POST logged-models`
    pub struct CreateLoggedModel {
        [required] experiment_id: Option<String>,
        name: Option<String>,
        model_type: Option<String>,
        source_run_id: Option<String>,
        params: Vec<Param>,
        tags: Vec<Tag>,
    }

    /// `GET logged-models/{model_id}`
    pub struct GetLoggedModel { allow_deleted: Option<bool> }

    /// `PATCH logged-models/{model_id}`
    pub struct FinalizeLoggedModel {
        [required] model_id: Option<String>,
        [required] status: Option<LoggedModelStatus>,
    }

    /// `PATCH logged-models/{model_id}/tags`. The path says which model; clients send its id as well.
    pub struct SetLoggedModelTags { model_id: Option<String>, tags: Vec<Tag> }

    /// `POST logged-models/{model_id}/params`
    pub struct LogLoggedModelParams {
        [required] model_id: Option<String>,
        params: Vec<Param>,
    }

    /// A dataset that metrics of a search must be measured on.
    pub struct SearchDataset { dataset_name: Option<String>, dataset_digest: Option<String> }

    /// One key to sort by.
    pub struct SearchOrder {
        field_name: Option<String>,
        ascending: Option<bool>,
        dataset_name: Option<String>,
        dataset_digest: Option<String>,
    }

    /// `POST logged-models/search`
    pub struct SearchLoggedModels {
        [required] experiment_ids: Option<Vec<String>>,
        filter: Option<String>,
        datasets: Vec<SearchDataset>,
        max_results: Option<i32>,
        order_by: Vec<SearchOrder>,
        page_token: Option<String>,
    }

    /// The answer to [`SearchLoggedModels`].
    pub struct SearchLoggedModelsResponse {
        models: Vec<LoggedModel>,
        next_page_token: Option<String>,
    }

    /// `GET logged-models/{model_id}/artifacts/directories`
    pub struct ListLoggedModelArtifacts { artifact_directory_path: Option<String> }

    /// The answer to [`ListLoggedModelArtifacts`].
    pub struct ListLoggedModelArtifactsResponse { root_uri: Option<String>, files: Vec<FileInfo> }
}

/// What a page token of a search remembers: the next page must be of the same search.
struct PageKey {
    experiment_ids: Value,
    filter_string: Value,
    order_by: Value,
}

impl PageKey {
    fn of(request: &SearchLoggedModels) -> PageKey {
        let filter = request.filter.clone().filter(|filter| !filter.is_empty());
        let order_by: Vec<Value> = request
            .order_by
            .iter()
            .map(|item| {
                json!({
                    "field_name": item.field_name,
                    "ascending": item.ascending.unwrap_or(true),
                    "dataset_name": item.dataset_name,
                    "dataset_digest": item.dataset_digest,
                })
            })
            .collect();
        PageKey {
            experiment_ids: json!(request.experiment_ids),
            filter_string: json!(filter),
            order_by: if order_by.is_empty() { Value::Null } else { json!(order_by) },
        }
    }
}

impl SearchLoggedModels {
    /// The token of the page of this search that starts at `offset`.
    pub fn token(&self, offset: u64) -> String {
        let PageKey { experiment_ids, filter_string, order_by } = PageKey::of(self);
        token::encode_json(&json!({
            "experiment_ids": experiment_ids,
            "filter_string": filter_string,
            "order_by": order_by,
            "offset": offset,
        }))
    }

    /// Where the page that is asked for starts; its token must be one of the same search.
    pub fn offset(&self) -> Result<u64> {
        let token = self.page_token.as_deref().filter(|token| !token.is_empty());
        let Some(token) = token else { return Ok(0) };
        let token = token::decode_json(token)?;
        let same = PageKey::of(self);
        for (key, wanted, what) in [
            ("experiment_ids", &same.experiment_ids, "Experiment IDs"),
            ("filter_string", &same.filter_string, "Filter string"),
            ("order_by", &same.order_by, "Order by"),
        ] {
            if token.get(key) != Some(wanted) {
                return Err(Error::invalid(format!(
                    "{what} in the page token do not match the requested ones. Expected: {wanted}. \
                     Found: {}",
                    token.get(key).unwrap_or(&Value::Null)
                )));
            }
        }
        token
            .get("offset")
            .and_then(Value::as_u64)
            .ok_or_else(|| Error::invalid("Invalid page token: it names no offset."))
    }
}

impl From<model::LoggedModelStatus> for LoggedModelStatus {
    fn from(status: model::LoggedModelStatus) -> Self {
        match status {
            model::LoggedModelStatus::Unspecified => LoggedModelStatus::Unspecified,
            model::LoggedModelStatus::Pending => LoggedModelStatus::Pending,
            model::LoggedModelStatus::Ready => LoggedModelStatus::Ready,
            model::LoggedModelStatus::UploadFailed => LoggedModelStatus::UploadFailed,
        }
    }
}

impl From<LoggedModelStatus> for model::LoggedModelStatus {
    fn from(status: LoggedModelStatus) -> Self {
        match status {
            LoggedModelStatus::Unspecified => model::LoggedModelStatus::Unspecified,
            LoggedModelStatus::Pending => model::LoggedModelStatus::Pending,
            LoggedModelStatus::Ready => model::LoggedModelStatus::Ready,
            LoggedModelStatus::UploadFailed => model::LoggedModelStatus::UploadFailed,
        }
    }
}

impl From<model::LoggedModel> for LoggedModel {
    fn from(model: model::LoggedModel) -> Self {
        LoggedModel {
            info: Some(LoggedModelInfo {
                model_id: Some(model.id.as_str().to_owned()),
                experiment_id: Some(model.experiment_id.to_string()),
                name: Some(model.name),
                creation_timestamp_ms: Some(model.created_at.0),
                last_updated_timestamp_ms: Some(model.updated_at.0),
                artifact_uri: Some(model.artifact_location),
                status: Some(model.status.into()),
                model_type: model.model_type,
                source_run_id: model.source_run_id,
                status_message: model.status_message,
                tags: all(model.tags),
            }),
            data: Some(LoggedModelData { params: all(model.params), metrics: all(model.metrics) }),
        }
    }
}
