//! Runs: one execution of some code, with what it logged.

use crate::{
    DatasetInput, ExperimentId, LifecycleStage, LoggedModelInput, LoggedModelOutput, Metric,
    Millis, Param, RunId, Tag,
};

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunStatus {
    /// Going on.
    Running,
    /// Waiting for a machine.
    Scheduled,
    /// Ended well.
    Finished,
    /// Ended badly.
    Failed,
    /// Ended by somebody.
    Killed,
}

impl RunStatus {
    /// Every status.
    pub const ALL: [RunStatus; 5] = [
        RunStatus::Running,
        RunStatus::Scheduled,
        RunStatus::Finished,
        RunStatus::Failed,
        RunStatus::Killed,
    ];

    /// The word used by the wire and the databases.
    pub const fn as_str(self) -> &'static str {
        match self {
            RunStatus::Running => "RUNNING",
            RunStatus::Scheduled => "SCHEDULED",
            RunStatus::Finished => "FINISHED",
            RunStatus::Failed => "FAILED",
            RunStatus::Killed => "KILLED",
        }
    }

    /// Reads the word of a database; an unknown one counts as running.
    pub fn from_word(word: &str) -> RunStatus {
        RunStatus::ALL.into_iter().find(|s| s.as_str() == word).unwrap_or(RunStatus::Running)
    }
}

/// The head of a run: everything but what it logged.
#[derive(Clone, Debug, PartialEq)]
pub struct RunInfo {
    /// Its id.
    pub id: RunId,
    /// The experiment it belongs to.
    pub experiment_id: ExperimentId,
    /// Its name; empty in databases older than MLflow 1.30.
    pub name: String,
    /// As the client said, not who was authenticated.
    pub user_id: String,
    /// Where it stands.
    pub status: RunStatus,
    /// As the client said; 0 if it did not.
    pub started_at: Option<Millis>,
    /// Absent while the run goes on.
    pub ended_at: Option<Millis>,
    /// URI of its artifacts.
    pub artifact_uri: String,
    /// In use or in the bin.
    pub lifecycle_stage: LifecycleStage,
}

/// A run with what it logged.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The head.
    pub info: RunInfo,
    /// The latest value of each metric.
    pub metrics: Vec<Metric>,
    /// Its params.
    pub params: Vec<Param>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// The datasets it read.
    pub dataset_inputs: Vec<DatasetInput>,
    /// The models it read.
    pub model_inputs: Vec<LoggedModelInput>,
    /// The models it wrote.
    pub model_outputs: Vec<LoggedModelOutput>,
}

/// What is needed to create a run.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// The fresh id.
    pub id: RunId,
    /// The experiment it goes to; must be active.
    pub experiment_id: ExperimentId,
    /// Its name, never empty. The tag `mlflow.runName` is among `tags`.
    pub name: String,
    /// As the client said.
    pub user_id: String,
    /// As the client said.
    pub started_at: Millis,
    /// Tags to start with.
    pub tags: Vec<Tag>,
}

/// What `runs/update` changes; absent fields stay.
#[derive(Clone, Debug, Default)]
pub struct RunChange {
    /// New status.
    pub status: Option<RunStatus>,
    /// New end time.
    pub ended_at: Option<Millis>,
    /// New name; also stored as tag `mlflow.runName`.
    pub name: Option<String>,
}

/// One call's worth of logging. It is written as a whole or not at all.
#[derive(Clone, Debug, Default)]
pub struct LogBatch {
    /// Points to append.
    pub metrics: Vec<Metric>,
    /// Params to set; a param never changes its value.
    pub params: Vec<Param>,
    /// Tags to set.
    pub tags: Vec<Tag>,
}

/// The tag that mirrors the name of a run.
pub const RUN_NAME_TAG: &str = "mlflow.runName";
