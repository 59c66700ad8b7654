//! Logged models: models that runs wrote, before or without registration.

use crate::{ExperimentId, Metric, Millis, ModelId, Param, Tag};

/// Where a logged model stands; the numbers are what databases hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum LoggedModelStatus {
    /// Never said.
    Unspecified = 0,
    /// Files are being uploaded.
    Pending = 1,
    /// Complete.
    Ready = 2,
    /// The upload broke off.
    UploadFailed = 3,
}

impl LoggedModelStatus {
    /// Reads the number of a database or a request.
    pub fn from_number(number: i64) -> Option<LoggedModelStatus> {
        match number {
            0 => Some(LoggedModelStatus::Unspecified),
            1 => Some(LoggedModelStatus::Pending),
            2 => Some(LoggedModelStatus::Ready),
            3 => Some(LoggedModelStatus::UploadFailed),
            _ => None,
        }
    }
}

/// A logged model.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedModel {
    /// Its id.
    pub id: ModelId,
    /// The experiment it belongs to.
    pub experiment_id: ExperimentId,
    /// Its name; not unique.
    pub name: String,
    /// URI of its files.
    pub artifact_location: String,
    /// When it was created.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
    /// Where it stands.
    pub status: LoggedModelStatus,
    /// Why it stands there.
    pub status_message: Option<String>,
    /// As the client said; empty if it did not.
    pub model_type: Option<String>,
    /// The run that wrote it; empty if none was said.
    pub source_run_id: Option<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Its params.
    pub params: Vec<Param>,
    /// All metrics logged for it.
    pub metrics: Vec<Metric>,
}

/// What is needed to create a logged model.
#[derive(Clone, Debug)]
pub struct NewLoggedModel {
    /// The fresh id.
    pub id: ModelId,
    /// The experiment; must be active.
    pub experiment_id: ExperimentId,
    /// Its name.
    pub name: String,
    /// Kind of model, e.g. `agent`.
    pub model_type: Option<String>,
    /// The run that writes it.
    pub source_run_id: Option<String>,
    /// Params to start with.
    pub params: Vec<Param>,
    /// Tags to start with.
    pub tags: Vec<Tag>,
}
